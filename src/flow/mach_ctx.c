/* SPDX-License-Identifier: BSD-2-Clause */
/* The context: its fields by program type, its arguments by the kernel's BTF; what a program may
 * return. */
#include "flow/mach_impl.h"

static int no_field(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a,
		    s64 off)
{
	const struct skep_ctx_field *f = skep_ctx_find(m->type, off, a->size);

	return skep_fault(
		m, st, SKEP_RULE_CTX_ACCESS, REG(a->reg),
		"programs of type %s may not %s %u bytes at offset %lld of the context%s%s%s",
		m->type->name, a->write ? "write" : "read", a->size, (long long)off, f ? " (" : "",
		f ? f->name : "", f ? ")" : "");
}

static void give(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a,
		 const struct skep_ctx_answer *ans)
{
	static const u8 type[] = {
		[SKEP_CV_PKT] = SKEP_VT_PKT,
		[SKEP_CV_PKT_END] = SKEP_VT_PKT_END,
		[SKEP_CV_PKT_META] = SKEP_VT_META,
		[SKEP_CV_FLOW_KEYS] = SKEP_VT_FLOW_KEYS,
		[SKEP_CV_SOCK_COMMON] = SKEP_VT_SOCK_COMMON,
		[SKEP_CV_SOCKET] = SKEP_VT_SOCK,
		[SKEP_CV_TP_BUFFER] = SKEP_VT_BUF,
	};

	if (ans->value == SKEP_CV_SCALAR) {
		skep_vreg_num(a->to, a->sext ? skep_range_sext(a->size) : skep_range_zext(a->size),
			      st->at);
		return;
	}
	if (ans->value == SKEP_CV_BTF) {
		skep_btf_object(m, a->to, ans->btf,
				SKEP_VF_TRUSTED | (ans->null ? SKEP_VF_NULL : 0), st->at);
	} else {
		skep_vreg_pointer(a->to, type[ans->value], st->at);
		a->to->flags = ans->null ? SKEP_VF_NULL : 0;
	}
	if (ans->null)
		a->to->id = ++m->ids;
}

int skep_ctx_load(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	s64 off = (s64)p->off + a->off;
	struct skep_ctx_answer ans = {0};

	if (p->off || !skep_vreg_fixed(p))
		return skep_fault(m, st, SKEP_RULE_CTX_POINTER, REG(a->reg),
				  "r%u is the context moved by %s: access it with constant offsets",
				  a->reg, skep_vreg_fixed(p) ? "a constant" : "a variable");
	if (a->write && a->from && skep_vreg_is_ptr(a->from) && m->opt.unpriv)
		return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(a->reg),
				  "a pointer is stored in the context");
	if (skep_ctx_by_btf(m->opt.prog_type))
		return skep_ctx_btf(m, st, a, off);
	if (!skep_ctx_access(m->opt.prog_type, m->opt.attach_type, off, a->size, a->write, &ans))
		return no_field(m, st, a, off);
	if (ans.priv && m->opt.unpriv)
		return skep_fault(m, st, SKEP_RULE_PRIVILEGE, REG(a->reg),
				  "the context's field at offset %lld needs CAP_BPF",
				  (long long)off);
	if (a->sext && ans.value != SKEP_CV_SCALAR)
		return skep_fault(m, st, SKEP_RULE_CTX_ACCESS, REG(a->reg),
				  "a pointer in the context cannot be loaded with its sign");
	if (a->to && !a->write)
		give(m, st, a, &ans);
	return 0;
}

/* A range that the program's type demands of what it returns. */
static bool demands(const struct skep_mach *m, struct skep_ret_range *r)
{
	return skep_return_range(m->opt.prog_type, m->opt.attach_type, m->opt.attach_to, false, r);
}

/* Is the number among those that the program may return? */
static int check_demand(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	const struct skep_vreg *r = skep_vreg(st, reg);
	struct skep_ret_range need;
	s64 min, max;

	if (!demands(m, &need))
		return 0;
	skep_mach_precise(m, r);
	min = need.word ? r->r.smin32 : r->r.smin;
	max = need.word ? r->r.smax32 : r->r.smax;
	if (min >= need.min && max <= need.max)
		return 0;
	return skep_fault(m, st, SKEP_RULE_RETURN, REG(reg),
			  "the return value may be %lld to %lld, allowed are %d to %d",
			  (long long)min, (long long)max, need.min, need.max);
}

int skep_check_thrown(struct skep_mach *m, struct skep_vstate *st)
{
	const struct skep_vreg *r = skep_vreg(st, 1);

	return r->type == SKEP_VT_NUM
		       ? (m->catches ? 0 : check_demand(m, st, 1))
		       : skep_fault(m, st, SKEP_RULE_KFUNC, REG(1),
				    "%s is thrown, a number is needed", skep_vreg_what(r));
}

int skep_check_return(struct skep_mach *m, struct skep_vstate *st)
{
	struct skep_vreg *r0 = skep_vreg(st, 0);
	const struct skep_vfunc *f = &m->func[skep_vtop(st)->func];
	bool global = f->global && !f->catches;
	struct skep_ret_range need;
	int err;

	if (global && !skep_returns_number(m, st))
		return 0;
	if (!global && skep_prog_returns_void(m))
		return 0;
	if (m->opt.prog_type == SKEP_PROG_STRUCT_OPS && skep_vreg_is_ptr(r0))
		return 0;
	err = skep_mach_use(m, st, 0);
	if (err)
		return err;
	if (r0->type != SKEP_VT_NUM) {
		if (m->opt.unpriv)
			return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(0),
					  "the program returns %s", skep_vreg_what(r0));
		if (!global && !demands(m, &need))
			return 0;
		return skep_fault(m, st, SKEP_RULE_RETURN, REG(0),
				  "the program returns %s, a number is needed", skep_vreg_what(r0));
	}
	return global ? 0 : check_demand(m, st, 0);
}
