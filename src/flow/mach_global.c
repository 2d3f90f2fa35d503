/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Global functions by their BTF signature: what a caller must pass is what the function
 * may assume, so each side is verified alone. Numbers may be anything, the context is the
 * context, a pointer to data is memory of its type's size or NULL (unless it is declared
 * to be never NULL).
 */
#include "flow/mach_impl.h"

enum arg_kind { ARG_NUM, ARG_CTX, ARG_MEM, ARG_DYNPTR, ARG_ARENA, ARG_BTF, ARG_BAD };
struct arg {
	enum arg_kind kind;
	u32 size;
	bool nonnull, trusted, nullable;
	const char *name;
};

static bool signature(const struct skep_mach *m, u32 func, struct skep_btf_type *proto)
{
	const struct skep_func *f = m->func[func].func;
	struct skep_btf_type t;

	if (!m->obj->btf || !f->type || !skep_btf_get(m->obj->btf, f->type, &t) ||
	    t.kind != SKEP_BTF_FUNC)
		return false;
	return skep_btf_get(m->obj->btf, t.ref, proto) && proto->kind == SKEP_BTF_FUNC_PROTO;
}

/* "arg:nonnull" and the like: declaration tags on a parameter. */
static bool has_tag(const struct skep_mach *m, u32 func, u32 arg, const char *tag)
{
	const struct skep_btf *btf = m->obj->btf;
	struct skep_btf_type t;

	for (u32 id = 1; id < btf->ntypes; id++) {
		if (!skep_btf_get(btf, id, &t) || t.kind != SKEP_BTF_DECL_TAG ||
		    t.ref != m->func[func].func->type)
			continue;
		if (strcmp(t.name, tag) == 0 && skep_get32(t.more, btf->big) == arg)
			return true;
	}
	return false;
}

bool skep_is_context(const struct skep_mach *m, const char *name)
{
	static const struct {
		u32 type;
		const char *name;
	} also[] = {
		{SKEP_PROG_KPROBE, "bpf_user_pt_regs_t"},
		{SKEP_PROG_KPROBE, "user_pt_regs"},
		{SKEP_PROG_RAW_TRACEPOINT, "bpf_raw_tracepoint_args"},
		{SKEP_PROG_RAW_TRACEPOINT_WRITABLE, "bpf_raw_tracepoint_args"},
		{SKEP_PROG_NETFILTER, "bpf_nf_ctx"},
		/* what the kernel itself calls them */
		{SKEP_PROG_XDP, "xdp_buff"},
		{SKEP_PROG_XDP, "xdp_md"},
		{SKEP_PROG_SCHED_CLS, "sk_buff"},
		{SKEP_PROG_SCHED_ACT, "sk_buff"},
		{SKEP_PROG_CGROUP_SKB, "sk_buff"},
		{SKEP_PROG_SOCKET_FILTER, "sk_buff"},
		{SKEP_PROG_SK_SKB, "sk_buff"},
		{SKEP_PROG_LWT_IN, "sk_buff"},
		{SKEP_PROG_LWT_OUT, "sk_buff"},
		{SKEP_PROG_LWT_XMIT, "sk_buff"},
		{SKEP_PROG_SOCK_OPS, "bpf_sock_ops_kern"},
		{SKEP_PROG_CGROUP_SOCK_ADDR, "bpf_sock_addr_kern"},
		{SKEP_PROG_SK_LOOKUP, "bpf_sk_lookup_kern"},
	};

	if (m->type->ctx_name && strcmp(m->type->ctx_name, name) == 0)
		return true;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(also); k++)
		if (also[k].type == m->opt.prog_type && strcmp(also[k].name, name) == 0)
			return true;
	return false;
}

/* A type's name without what a program puts behind it to tell versions apart ("___old"). */
static const char *plain_name(const struct skep_mach *m, const char *name)
{
	const char *end = strstr(name, "___");

	return end && end != name ? skep_arena_printf(m->arena, "%.*s", (int)(end - name), name)
				  : name;
}

static struct arg classify(const struct skep_mach *m, u32 func, u32 n, u32 type)
{
	const struct skep_btf *btf = m->obj->btf;
	struct arg a = {.kind = ARG_BAD};
	struct skep_btf_type t, to;
	s64 size;

	if (!skep_btf_resolve(btf, type, &t))
		return a;
	a.nonnull = has_tag(m, func, n, "arg:nonnull");
	a.trusted = has_tag(m, func, n, "arg:trusted");
	a.nullable = has_tag(m, func, n, "arg:nullable");
	if (t.kind != SKEP_BTF_PTR) {
		a.kind = t.kind == SKEP_BTF_INT || t.kind == SKEP_BTF_ENUM ||
					 t.kind == SKEP_BTF_ENUM64
				 ? ARG_NUM
				 : ARG_BAD;
		return a;
	}
	if (has_tag(m, func, n, "arg:ctx")) {
		a.kind = ARG_CTX;
		return a;
	}
	if (has_tag(m, func, n, "arg:arena")) {
		a.kind = ARG_ARENA;
		return a;
	}
	if (!skep_btf_resolve(btf, t.ref, &to))
		return a;
	a.name = plain_name(m, to.name);
	{
		struct skep_btf_type named = to;

		/* The name of a typedef counts too (bpf_user_pt_regs_t). */
		for (u32 id = t.ref; skep_btf_get(btf, id, &named) && named.kind != SKEP_BTF_STRUCT;
		     id = named.ref) {
			if (named.kind == SKEP_BTF_TYPEDEF && skep_is_context(m, named.name))
				a.kind = ARG_CTX;
			if (named.kind != SKEP_BTF_TYPEDEF && named.kind != SKEP_BTF_CONST &&
			    named.kind != SKEP_BTF_VOLATILE)
				break;
		}
	}
	if (a.kind == ARG_CTX || skep_is_context(m, to.name)) {
		a.kind = ARG_CTX;
		return a;
	}
	if (to.kind == SKEP_BTF_STRUCT && strcmp(to.name, "bpf_dynptr") == 0) {
		a.kind = ARG_DYNPTR;
		return a;
	}
	if (a.trusted) {
		a.kind = ARG_BTF;
		return a;
	}
	size = skep_btf_size(btf, to.id);
	if (size > 0 && to.kind != SKEP_BTF_FUNC_PROTO) {
		a.kind = ARG_MEM;
		a.size = (u32)size;
	}
	return a;
}

static int check_global_arg(struct skep_mach *m, struct skep_vstate *st, u32 func, u32 n,
			    const struct arg *a)
{
	u32 reg = n + 1;
	const struct skep_vreg *r = skep_vreg(st, reg);
	const char *name = m->func[func].func->name;
	struct skep_vreg copy;
	int err = skep_mach_use(m, st, reg);

	if (err)
		return err;
	switch (a->kind) {
	case ARG_NUM:
		if (r->type == SKEP_VT_NUM)
			return 0;
		return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, REG(reg),
				  "argument %u of global function '%s' is %s, a number is needed",
				  reg, name, skep_vreg_what(r));
	case ARG_CTX:
		if (r->type == SKEP_VT_CTX && !r->off && skep_vreg_fixed(r))
			return 0;
		return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, REG(reg),
				  "argument %u of global function '%s' must be the context", reg,
				  name);
	case ARG_ARENA: return 0;
	case ARG_DYNPTR: return skep_dynptr_arg(m, st, reg, 0, 0);
	case ARG_MEM:
		if (!a->nonnull && skep_mach_null(m, r))
			return 0;
		if (a->nonnull && (r->flags & SKEP_VF_NULL))
			return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, REG(reg),
					  "argument %u of global function '%s' may be NULL", reg,
					  name);
		if (r->type == SKEP_VT_NUM)
			return skep_fault(
				m, st, SKEP_RULE_GLOBAL_FUNC, REG(reg),
				"argument %u of global function '%s' is a number, %u bytes of memory are needed",
				reg, name, a->size);
		/* May be NULL: then what lies behind it must do when it is not. */
		copy = *r;
		skep_vreg(st, reg)->flags &= (u16)~SKEP_VF_NULL;
		err = skep_access_region(m, st, reg, a->size, SKEP_USE_READ | SKEP_USE_WRITE);
		skep_vreg(st, reg)->flags = copy.flags;
		return err;
	case ARG_BTF:
		if (a->nullable && skep_mach_null(m, r))
			return 0;
		if (!m->opt.kernel)
			return skep_fault(
				m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
				"the kernel's types are not known, argument %u of '%s' is "
				"one of them",
				reg, name);
		/* Objects that are followed count as alive, as the kernel has it. */
		if (r->type == SKEP_VT_BTF && skep_vreg_fixed(r) && skep_btf_is(m, r, a->name) &&
		    !(r->flags & (SKEP_VF_UNTRUSTED | SKEP_VF_USER | SKEP_VF_PERCPU)) &&
		    (a->nullable || !(r->flags & SKEP_VF_NULL)))
			return 0;
		return skep_fault(
			m, st, SKEP_RULE_GLOBAL_FUNC, REG(reg),
			"argument %u of global function '%s' must be a pointer to struct %s that is alive",
			reg, name, a->name);
	default:
		return skep_fault(
			m, st, SKEP_RULE_GLOBAL_FUNC, REG(reg),
			"argument %u of global function '%s' has a type that is not possible", reg,
			name);
	}
}

int skep_call_global(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		     u32 func)
{
	struct skep_btf_type proto;
	struct skep_btf_member mb;
	int err;

	if (!signature(m, func, &proto))
		return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, 0,
				  "global function '%s' has no BTF signature",
				  m->func[func].func->name);
	if (!proto.ref)
		return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, 0,
				  "global function '%s' returns nothing, it must return a number",
				  m->func[func].func->name);
	if (skep_ref_lock(st))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0,
				  "a global function is called while a lock is held");
	if (m->func[func].sleep && (!st->sleeps || st->rcu || st->preempt || skep_irqs_off(st)))
		return skep_fault(m, st, SKEP_RULE_SLEEP, 0,
				  "global function '%s' may sleep, which is not possible here",
				  m->func[func].func->name);
	for (u32 k = 0; k < proto.vlen && k < 5; k++) {
		struct arg a;

		if (!skep_btf_member(m->obj->btf, &proto, k, &mb))
			return SKEP_EINPUT;
		a = classify(m, func, k, mb.type);
		err = check_global_arg(m, st, func, k, &a);
		if (err)
			return err;
	}
	skep_call_clobber(st);
	if (m->func[func].pkt)
		skep_forget_packet(m, st);
	skep_vreg_unknown(skep_vreg(st, 0), st->at);
	st->at = m->insn[st->at].next;
	return 0;
}

static int entry_args(struct skep_mach *m, struct skep_vstate *st, u32 func)
{
	struct skep_btf_type proto;
	struct skep_btf_member mb;

	if (!signature(m, func, &proto))
		return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, 0,
				  "global function '%s' has no BTF signature",
				  m->func[func].func->name);
	if (proto.vlen > 5)
		return skep_fault(m, st, SKEP_RULE_GLOBAL_FUNC, 0,
				  "global function '%s' has more than 5 arguments",
				  m->func[func].func->name);
	for (u32 k = 0; k < proto.vlen; k++) {
		struct skep_vreg *r = skep_vreg(st, k + 1);
		struct arg a;

		if (!skep_btf_member(m->obj->btf, &proto, k, &mb))
			return SKEP_EINPUT;
		a = classify(m, func, k, mb.type);
		switch (a.kind) {
		case ARG_NUM: skep_vreg_unknown(r, SKEP_VNONE); break;
		case ARG_CTX: skep_vreg_pointer(r, SKEP_VT_CTX, SKEP_VNONE); break;
		case ARG_DYNPTR:
			skep_vreg_pointer(r, SKEP_VT_DYNPTR, SKEP_VNONE);
			r->id = ++m->ids;
			break;
		case ARG_ARENA: skep_vreg_pointer(r, SKEP_VT_ARENA, SKEP_VNONE); break;
		case ARG_BTF:
			skep_btf_object(m, r, a.name,
					(u16)(SKEP_VF_TRUSTED | (a.nullable ? SKEP_VF_NULL : 0)),
					SKEP_VNONE);
			r->id = a.nullable ? ++m->ids : 0;
			break;
		case ARG_MEM:
			skep_vreg_pointer(r, SKEP_VT_MEM, SKEP_VNONE);
			r->aux = a.size;
			if (!a.nonnull) {
				r->flags = SKEP_VF_NULL;
				r->id = ++m->ids;
			}
			break;
		default:
			return skep_fault(
				m, st, SKEP_RULE_GLOBAL_FUNC, 0,
				"argument %u of global function '%s' has a type that is not possible",
				k + 1, m->func[func].func->name);
		}
	}
	return 0;
}

bool skep_mach_takes_ctx(const struct skep_mach *m)
{
	struct skep_btf_type proto;
	struct skep_btf_member mb;

	if (!signature(m, 0, &proto))
		return false;
	for (u32 k = 0; k < proto.vlen; k++)
		if (skep_btf_member(m->obj->btf, &proto, k, &mb) &&
		    classify(m, 0, k, mb.type).kind == ARG_CTX)
			return true;
	return false;
}

/* --- what is thrown --------------------------------------------------------------------- */

static int bad_exception(struct skep_mach *m, const char *text, const char *name)
{
	m->fault = (struct skep_fault){.rule = SKEP_RULE_CALLBACK};
	m->fault.text = skep_arena_printf(m->arena, text, name);
	return SKEP_EINPUT;
}

/*
 * It is called when the frames of the program are gone, as a global function would be: with
 * nothing known but its signature, which takes one number. What it returns is what the program
 * returns. No call may lead to it, and it may not throw.
 */
int skep_exception_shape(struct skep_mach *m)
{
	const struct skep_func *f = skep_func_exception(m->obj, m->prog);
	const char *name = skep_func_tag(m->obj, m->prog, "exception_callback:", 0);
	struct skep_btf_type proto;
	struct skep_btf_member mb;
	struct skep_vfunc *v;

	if (!name)
		return 0;
	if (skep_func_tag(m->obj, m->prog, "exception_callback:", 1))
		return bad_exception(
			m, "more than one function for exceptions is declared, '%s' first", name);
	if (!f || m->func_of[f->index] == SKEP_VNONE)
		return bad_exception(m, "the function '%s' for exceptions is not there", name);
	v = &m->func[m->func_of[f->index]];
	if (!v->global)
		return bad_exception(m, "the function '%s' for exceptions must be global", name);
	if (!signature(m, m->func_of[f->index], &proto) || !proto.ref || proto.vlen != 1 ||
	    !skep_btf_member(m->obj->btf, &proto, 0, &mb) ||
	    classify(m, m->func_of[f->index], 0, mb.type).kind != ARG_NUM)
		return bad_exception(
			m, "the function '%s' for exceptions must take one number and return one",
			name);
	v->catches = m->catches = true;
	v->called = true;
	for (u32 k = 0; k < m->ninsn; k++)
		if (m->insn[k].insn->callee == f)
			return bad_exception(m, "'%s' is for exceptions, and is called", name);
	return 0;
}

int skep_mach_entry(struct skep_mach *m, u32 func, struct skep_vstate **out)
{
	struct skep_vstate *st = skep_vstate_new(m, func);

	*out = st;
	if (func || m->opt.extends)
		return entry_args(m, st, func);
	skep_vreg_pointer(skep_vreg(st, 1), SKEP_VT_CTX, SKEP_VNONE);
	return 0;
}

bool skep_returns_number(struct skep_mach *m, const struct skep_vstate *st)
{
	struct skep_btf_type proto;

	return !signature(m, skep_vtop(st)->func, &proto) || proto.ref != 0;
}

bool skep_extern_kconfig(struct skep_mach *m, const struct skep_sym *sym, struct skep_vreg *d,
			 u32 at)
{
	const struct skep_btf *btf = m->obj->btf;
	u32 id = btf ? skep_btf_find(btf, SKEP_BTF_DATASEC, ".kconfig") : 0;
	struct skep_btf_type sec, var;
	struct skep_btf_member mb;

	if (!id || !skep_btf_get(btf, id, &sec))
		return false;
	for (u32 k = 0; k < sec.vlen; k++) {
		s64 size;

		if (!skep_btf_member(btf, &sec, k, &mb) || !skep_btf_get(btf, mb.type, &var) ||
		    strcmp(var.name, sym->name))
			continue;
		size = skep_btf_size(btf, var.ref);
		skep_vreg_pointer(d, SKEP_VT_MEM, at);
		d->aux = (u32)SKEP_MAX(size, (s64)0);
		d->flags = SKEP_VF_RDONLY;
		return true;
	}
	return false;
}
