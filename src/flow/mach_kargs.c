/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of kernel functions: what they must be follows from the prototype in the kernel's
 * BTF and from the ends of the parameters' names.
 */
#include "flow/mach_kfunc.h"

int skep_kcall_wrong(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
		     u32 reg, const char *need)
{
	return skep_fault(m, st, SKEP_RULE_KFUNC, REG(reg),
			  "argument %u of %s() is %s; %s is needed", reg, c->name,
			  skep_vreg_what(skep_vreg(st, reg)), need);
}

static bool type_is(const struct skep_btf_type *t, const char *name)
{
	return (t->kind == SKEP_BTF_STRUCT || t->kind == SKEP_BTF_FWD) &&
	       strcmp(t->name, name) == 0;
}

static int check_number(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
			const struct skep_kparam *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);

	if (r->type != SKEP_VT_NUM)
		return skep_kcall_wrong(m, st, c, p->reg, "a number");
	if (!(p->ks & (SKEP_KS_CONST | SKEP_KS_CONST_SIZE)))
		return 0;
	if (!skep_vreg_is_const(r))
		return skep_kcall_wrong(m, st, c, p->reg, "a constant");
	skep_mach_precise(m, r);
	if (p->ks & SKEP_KS_CONST) {
		c->constant = r->r.bits.value;
	} else {
		c->size = r->r.bits.value;
		c->sized = true;
	}
	return 0;
}

/* Memory whose size the next argument states. */
static int check_sized(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
		       const struct skep_kparam *p)
{
	const struct skep_vreg *n = skep_vreg(st, p->reg + 1);
	int err = skep_mach_use(m, st, p->reg + 1);

	if (err)
		return err;
	if (n->type != SKEP_VT_NUM)
		return skep_kcall_wrong(m, st, c, p->reg + 1, "a number of bytes");
	if (n->r.smin < 0 || n->r.umax >= 1 << 29)
		return skep_fault(m, st, SKEP_RULE_HELPER_SIZE, REG(p->reg + 1),
				  "the size of %s() is not bounded", c->name);
	skep_mach_precise(m, n);
	if (((p->ks & SKEP_KS_NULL) || n->r.umax == 0) && skep_mach_null(m, skep_vreg(st, p->reg)))
		return 0;
	return skep_access_region(m, st, p->reg, n->r.umax, SKEP_USE_READ | SKEP_USE_WRITE);
}

/*
 * What is released must be of the very type; and a type that is only being initialised does
 * not pass for the finished one.
 */
static bool same_object(const struct skep_mach *m, const struct skep_kcall *c,
			const struct skep_vreg *r, const struct skep_kparam *p)
{
	struct skep_btf_type t;
	size_t n = strlen(p->to.name);

	if (!skep_btf_resolve(c->btf, r->btf, &t))
		return false;
	if ((c->k->flags & SKEP_KF_RELEASE) && r->ref && strcmp(t.name, p->to.name) != 0)
		return false;
	return !(strncmp(t.name, p->to.name, n) == 0 && strcmp(t.name + n, "___init") == 0);
}

/* The kernel's own object, where the view of it that programs get is asked for. */
static bool projected(const struct skep_kcall *c, const struct skep_vreg *r,
		      const struct skep_kparam *p)
{
	static const char *const view[][2] = {{"__sk_buff", "sk_buff"}, {"xdp_md", "xdp_buff"}};
	struct skep_btf_type t;

	if (r->type != SKEP_VT_BTF || !skep_btf_resolve(c->btf, r->btf, &t))
		return false;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(view); k++)
		if (strcmp(p->to.name, view[k][0]) == 0 && strcmp(t.name, view[k][1]) == 0)
			return true;
	return false;
}

/* A map that the program names is a struct bpf_map, alive as long as the program. */
static bool named_map(const struct skep_vreg *r, const struct skep_kparam *p)
{
	return r->type == SKEP_VT_MAP && !r->off && strcmp(p->to.name, "bpf_map") == 0;
}

static int check_object(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
			const struct skep_kparam *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	bool sock = r->type == SKEP_VT_SOCK || r->type == SKEP_VT_SOCK_COMMON ||
		    r->type == SKEP_VT_TCP_SOCK;
	bool map = named_map(r, p);
	bool trusted = r->ref || (r->flags & SKEP_VF_TRUSTED) || sock || map;

	if (r->flags & SKEP_VF_NULL && !(p->ks & SKEP_KS_NULL))
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(p->reg),
				  "argument %u of %s(), %s, may be NULL: test it first", p->reg,
				  c->name, skep_vreg_what(r));
	if (!sock && !map && !projected(c, r, p) &&
	    (!skep_btf_is(m, r, p->to.name) || !same_object(m, c, r, p)))
		return skep_kcall_wrong(m, st, c, p->reg, p->to.name);
	if (sock && strcmp(p->to.name, "sock") != 0 && strcmp(p->to.name, "sock_common") != 0)
		return skep_kcall_wrong(m, st, c, p->reg, p->to.name);
	if (r->flags & SKEP_VF_UNTRUSTED)
		return skep_kcall_wrong(m, st, c, p->reg, "a pointer that is known to be alive");
	if ((c->k->flags & (SKEP_KF_TRUSTED | SKEP_KF_RELEASE)) && !trusted)
		if (!((c->k->flags & SKEP_KF_RCU) && (r->flags & SKEP_VF_RCU)))
			return skep_kcall_wrong(m, st, c, p->reg,
						"a trusted pointer, or one that was acquired");
	if ((c->k->flags & SKEP_KF_RCU) && !trusted && !(r->flags & SKEP_VF_RCU))
		return skep_kcall_wrong(m, st, c, p->reg,
					"a trusted pointer, or one that RCU protects");
	if ((c->k->flags & SKEP_KF_RELEASE) && r->ref && !c->ref) {
		if (r->off || !skep_ref_find(st, r->ref))
			return skep_kcall_wrong(m, st, c, p->reg,
						"the reference as it was acquired");
		c->ref = r->ref;
	}
	return 0;
}

static int check_dynptr(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
			const struct skep_kparam *p)
{
	u16 flags = p->ks & SKEP_KS_UNINIT ? SKEP_AF_UNINIT : 0;

	if (c->k->flags & SKEP_KF_RELEASE)
		flags |= SKEP_AF_RELEASE;
	if (p->ks & SKEP_KS_UNINIT)
		c->made[c->nmade++] = p->reg;
	else if (!c->dyn)
		c->dyn = p->reg;
	return skep_dynptr_arg(m, st, p->reg, flags, 0);
}

/* The map beside a field of a value is the one in which the field lies. */
static int check_map(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c, u32 reg)
{
	const struct skep_vreg *r = skep_vreg(st, reg);

	if (r->type != SKEP_VT_MAP)
		return skep_kcall_wrong(m, st, c, reg, "a map");
	if (c->field && (c->map != r->map || c->inner != r->aux))
		return skep_fault(
			m, st, SKEP_RULE_KFUNC, REG(c->field) | REG(reg),
			"argument %u of %s() lies in another map than the one that is given",
			c->field, c->name);
	c->map = r->map;
	return 0;
}

/* A field of a map's value that this function is made for. */
static const struct {
	const char *type;
	u8 kind;
	const char *need;
} fields[] = {
	{"bpf_wq", SKEP_FIELD_WQ, "a bpf_wq in a map's value"},
	{"bpf_task_work", SKEP_FIELD_TASK_WORK, "a bpf_task_work in a map's value"},
};

/* 1: it is one, 0: another argument, negative: a rule is broken. */
static int check_field(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
		       const struct skep_kparam *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	int err;

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(fields); k++) {
		if (!type_is(&p->to, fields[k].type))
			continue;
		err = skep_field_arg(m, st, p->reg, fields[k].kind, fields[k].need);
		if (!err && r->type != SKEP_VT_VALUE)
			err = skep_kcall_wrong(m, st, c, p->reg, fields[k].need);
		c->field = p->reg;
		c->map = r->map;
		c->inner = r->btf;
		return err ? err : 1;
	}
	return 0;
}

static int check_pointer(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
			 const struct skep_kparam *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	s64 size;
	int field = check_field(m, st, c, p);

	if (field)
		return SKEP_MIN(field, 0);
	if ((p->ks & SKEP_KS_NULL) && !p->next_size && skep_mach_null(m, r))
		return 0;
	if (p->ks & SKEP_KS_MAP) {
		return check_map(m, st, c, p->reg);
	}
	if (type_is(&p->to, "bpf_dynptr_kern") || type_is(&p->to, "bpf_dynptr"))
		return check_dynptr(m, st, c, p);
	if ((c->k->flags & (SKEP_KF_ITER_NEW | SKEP_KF_ITER_NEXT | SKEP_KF_ITER_DESTROY)) &&
	    p->reg == 1)
		return skep_iter_arg(m, st, c, p);
	if (p->ks & SKEP_KS_STR) {
		if (r->type == SKEP_VT_VALUE && r->map &&
		    (r->map->map_flags & SKEP_MAPFL_RDONLY_PROG))
			return 0;
		return skep_kcall_wrong(m, st, c, p->reg, "a constant string");
	}
	if (skep_cast_is_ctx(c) ||
	    (r->type == SKEP_VT_CTX && p->to.name[0] && skep_is_context(m, p->to.name)))
		return r->type != SKEP_VT_CTX || r->off || !skep_vreg_fixed(r)
			       ? skep_kcall_wrong(m, st, c, p->reg, "the context, unmoved")
			       : 0;
	if (p->ks & SKEP_KS_ALLOC && skep_kcall_is(c, "bpf_obj_drop_impl")) {
		if (!skep_alloc_owned(st, r))
			return skep_kcall_wrong(m, st, c, p->reg,
						"an object that the program made");
		c->ref = r->ref;
		return 0;
	}
	if (p->ks & SKEP_KS_ALLOC && skep_kcall_is(c, "bpf_percpu_obj_drop_impl")) {
		if (!skep_alloc_percpu_owned(st, r))
			return skep_kcall_wrong(
				m, st, c, p->reg,
				"an object for each processor that the program made");
		c->ref = r->ref;
		return 0;
	}
	if (p->ks & SKEP_KS_REFCOUNTED && skep_kcall_is(c, "bpf_refcount_acquire_impl"))
		return skep_alloc_counted(m, st, r)
			       ? 0
			       : skep_kcall_wrong(
					 m, st, c, p->reg,
					 "an object that the program holds and that counts references");
	if (c->graph && (type_is(&p->to, "bpf_list_head") || type_is(&p->to, "bpf_rb_root")))
		return skep_graph_root_arg(m, st, p->reg, c->graph, &c->root);
	if (c->graph && (type_is(&p->to, "bpf_list_node") || type_is(&p->to, "bpf_rb_node")))
		return skep_graph_node_arg(m, st, p->reg, c->graph, &c->root);
	if (p->to.kind == SKEP_BTF_FUNC_PROTO && skep_callback_kfunc(c->name)) {
		if (r->type != SKEP_VT_FUNC)
			return skep_kcall_wrong(m, st, c, p->reg, "a function of the program");
		c->func = r->aux;
		return 0;
	}
	if ((p->ks & SKEP_KS_IRQ) && c->critical) {
		c->flag = p->reg;
		return skep_irq_arg(m, st, p->reg, c->critical);
	}
	if (type_is(&p->to, "bpf_res_spin_lock") && c->critical) {
		c->lock = p->reg;
		return skep_res_lock_arg(m, st, p->reg, c->critical);
	}
	if ((p->ks & (SKEP_KS_IRQ | SKEP_KS_ALLOC | SKEP_KS_REFCOUNTED)) ||
	    p->to.kind == SKEP_BTF_FUNC_PROTO || type_is(&p->to, "bpf_list_head") ||
	    type_is(&p->to, "bpf_list_node") || type_is(&p->to, "bpf_rb_root") ||
	    type_is(&p->to, "bpf_rb_node") || type_is(&p->to, "bpf_res_spin_lock") ||
	    type_is(&p->to, "bpf_timer"))
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(p->reg),
				  "argument %u of %s() is of a kind that is not followed", p->reg,
				  c->name);
	if (p->next_size)
		return check_sized(m, st, c, p);
	if (skep_btf_struct(&p->to) &&
	    (r->type == SKEP_VT_BTF || r->type == SKEP_VT_SOCK || r->type == SKEP_VT_SOCK_COMMON ||
	     r->type == SKEP_VT_TCP_SOCK || named_map(r, p)))
		return check_object(m, st, c, p);
	size = skep_btf_size(c->btf, p->to.id);
	if (p->to.id == 0 || size <= 0)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(p->reg),
				  "what argument %u of %s() points to is not known", p->reg,
				  c->name);
	if (!skep_btf_numbers(c->btf, p->to.id))
		return skep_kcall_wrong(m, st, c, p->reg,
					p->to.name[0] ? p->to.name : "a kernel object");
	if (skep_vreg_is_zero(r))
		return skep_kcall_wrong(m, st, c, p->reg, "memory");
	return skep_access_region(m, st, p->reg, (u64)size, SKEP_USE_READ | SKEP_USE_WRITE);
}

int skep_kcall_arg(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c, u32 n)
{
	struct skep_btf_member mb, next;
	struct skep_kparam p = {.reg = n + 1};
	int err;

	if (!skep_btf_member(c->btf, &c->proto, n, &mb) || !skep_btf_resolve(c->btf, mb.type, &p.t))
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "the prototype of %s() cannot be read", c->name);
	p.name = mb.name;
	p.ks = skep_kfunc_suffix(mb.name);
	if (p.ks & (SKEP_KS_IGNORE | SKEP_KS_PROG))
		return 0;
	if (n + 1 < c->proto.vlen && skep_btf_member(c->btf, &c->proto, n + 1, &next)) {
		u32 ks = skep_kfunc_suffix(next.name);

		p.next_size = ks & (SKEP_KS_SIZE | SKEP_KS_CONST_SIZE);
		p.next_const = ks & SKEP_KS_CONST_SIZE;
	}
	err = skep_mach_use(m, st, p.reg);
	if (err)
		return err;
	if (p.t.kind != SKEP_BTF_PTR)
		return check_number(m, st, c, &p);
	memset(&p.to, 0, sizeof(p.to));
	p.to.name = "";
	skep_btf_resolve(c->btf, p.t.ref, &p.to);
	if (!p.to.name)
		p.to.name = "";
	return check_pointer(m, st, c, &p);
}
