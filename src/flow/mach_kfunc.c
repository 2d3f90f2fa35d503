/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of kernel functions: what the arguments must be follows from the prototype in the
 * kernel's BTF, from the ends of the parameters' names, and from the table of flags.
 */
#include "flow/mach_impl.h"

#include <stdio.h>

struct kcall {
	const struct skep_kfunc *k;
	const char *name;
	const struct skep_btf *btf;
	struct skep_btf_type proto;
	u32 ref;	 /* released */
	u32 release_dyn; /* register of a dynptr that is released, 0: none */
	u32 iter;	 /* register of the iterator, 0: none */
	u32 iter_slots;
	u32 iter_type;
	u64 size; /* of the __szk argument */
	bool sized;
	u32 made[5], nmade; /* registers of dynptrs that the call makes */
	u32 dyn;	    /* register of the dynptr that is read, 0: none */
	const struct skep_map *map;
	u64 constant; /* of the __k argument */
	const struct skep_critical *critical;
	u32 lock, flag; /* registers of its arguments */
	const struct skep_graph *graph;
	struct skep_vfield head; /* its list */
};

struct param {
	u32 reg, ks;
	struct skep_btf_type t, to; /* type, and what it points to */
	const char *name;
	bool next_size, next_const;
};

static const char *called(const struct skep_mach *m, const struct skep_insn *i)
{
	return i->ref == SKEP_REF_EXTERN ? m->obj->sym[i->sym].name : NULL;
}

bool skep_mach_throws(const struct skep_mach *m, const struct skep_insn *i)
{
	const char *name = i->in.op == SKEP_CALL ? called(m, i) : NULL;

	return name && strcmp(name, "bpf_throw") == 0;
}

bool skep_mach_iter_next(const struct skep_mach *m, const struct skep_insn *i)
{
	const char *name = called(m, i);
	const struct skep_kfunc *k = name ? skep_kfunc_find(name) : NULL;

	return k && (k->flags & SKEP_KF_ITER_NEXT);
}

static int wrong(struct skep_mach *m, struct skep_vstate *st, const struct kcall *c, u32 reg,
		 const char *need)
{
	return skep_fault(m, st, SKEP_RULE_KFUNC, REG(reg),
			  "argument %u of %s() is %s; %s is needed", reg, c->name,
			  skep_vreg_what(skep_vreg(st, reg)), need);
}

/* --- iterators ---------------------------------------------------------------------------- */

enum { ITER_ACTIVE = 1, ITER_DRAINED = 2 };

static int check_iter(struct skep_mach *m, struct skep_vstate *st, struct kcall *c,
		      const struct param *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	struct skep_vframe *fr;
	u32 n = (p->to.ref + 7) / 8, k;

	if (r->type != SKEP_VT_STACK || !skep_vreg_fixed(r) || r->off % 8 ||
	    r->off > -(s32)(8 * n) || r->off < -SKEP_STACK)
		return wrong(m, st, c, p->reg, "an iterator on the stack");
	c->iter = p->reg;
	c->iter_slots = n;
	c->iter_type = p->to.id;
	fr = st->frame[r->frame];
	k = skep_slot_of(r->off);
	skep_vslot(m, fr, k);
	m->func[fr->func].depth = SKEP_MAX(m->func[fr->func].depth, (u32)-r->off);
	for (u32 s = 0; s < n; s++) {
		const struct skep_vslot *v = &fr->slot[k - s];
		bool is = v->byte[0] == SKEP_VB_ITER;

		if (!(c->k->flags & SKEP_KF_ITER_NEW))
			skep_vstate_mark_read(st, r->frame, k - s);
		if ((c->k->flags & SKEP_KF_ITER_NEW) &&
		    (is || v->byte[0] == SKEP_VB_DYNPTR || v->byte[0] == SKEP_VB_IRQ))
			return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(p->reg),
					  "the iterator is in use: destroy it first");
		if (!(c->k->flags & SKEP_KF_ITER_NEW) &&
		    (!is || v->reg->btf != p->to.id || v->reg->off != (s32)s))
			return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(p->reg),
					  "argument %u of %s() is no initialised iterator", p->reg,
					  c->name);
	}
	if (!(c->k->flags & SKEP_KF_ITER_NEW) && (c->k->flags & SKEP_KF_RCU_PROTECTED) &&
	    (fr->slot[k].reg->flags & SKEP_VF_UNTRUSTED))
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(p->reg),
				  "the RCU section in which the iterator was made is over");
	return 0;
}

static void make_iter(struct skep_mach *m, struct skep_vstate *st, const struct kcall *c)
{
	const struct skep_vreg r = *skep_vreg(st, c->iter);
	struct skep_vframe *fr = st->frame[r.frame];
	u32 k = skep_slot_of(r.off), ref = ++m->ids;

	skep_ref_add(m, st, ref, SKEP_REFK_PTR);
	for (u32 s = 0; s < c->iter_slots; s++) {
		struct skep_vslot *v = &fr->slot[k - s];
		struct skep_vreg *to = skep_vslot_reg(m, v);

		memset(v->byte, SKEP_VB_ITER, 8);
		skep_vreg_pointer(to, SKEP_VT_BTF, st->at);
		to->btf = c->iter_type;
		to->ref = s ? 0 : ref;
		to->off = (s32)s;
		to->aux = ITER_ACTIVE;
		fr->written |= (u64)1 << (k - s);
	}
}

static void destroy_iter(struct skep_mach *m, struct skep_vstate *st, const struct kcall *c)
{
	const struct skep_vreg r = *skep_vreg(st, c->iter);
	struct skep_vframe *fr = st->frame[r.frame];
	u32 k = skep_slot_of(r.off), ref = fr->slot[k].reg->ref;

	skep_ref_drop(st, ref);
	skep_ref_forget(m, st, ref);
	for (u32 s = 0; s < c->iter_slots; s++)
		memset(fr->slot[k - s].byte, SKEP_VB_NONE, 8);
}

/* --- arguments -------------------------------------------------------------------------------- */

static bool type_is(const struct skep_btf_type *t, const char *name)
{
	return (t->kind == SKEP_BTF_STRUCT || t->kind == SKEP_BTF_FWD) &&
	       strcmp(t->name, name) == 0;
}

/* Numbers only, so that any bytes will do. */
static bool plain_struct(const struct skep_btf *btf, u32 id, u32 depth)
{
	struct skep_btf_type t;
	struct skep_btf_member mb;
	u32 elem, n;

	if (depth > 4 || !skep_btf_resolve(btf, id, &t))
		return false;
	if (t.kind == SKEP_BTF_ARRAY) {
		skep_btf_array(btf, &t, &elem, &n);
		return plain_struct(btf, elem, depth + 1);
	}
	if (t.kind != SKEP_BTF_STRUCT && t.kind != SKEP_BTF_UNION)
		return t.kind == SKEP_BTF_INT || t.kind == SKEP_BTF_ENUM ||
		       t.kind == SKEP_BTF_ENUM64 || t.kind == SKEP_BTF_FLOAT;
	for (u32 k = 0; k < t.vlen; k++)
		if (!skep_btf_member(btf, &t, k, &mb) || !plain_struct(btf, mb.type, depth + 1))
			return false;
	return true;
}

static int check_number(struct skep_mach *m, struct skep_vstate *st, struct kcall *c,
			const struct param *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);

	if (r->type != SKEP_VT_NUM)
		return wrong(m, st, c, p->reg, "a number");
	if (!(p->ks & (SKEP_KS_CONST | SKEP_KS_CONST_SIZE)))
		return 0;
	if (!skep_vreg_is_const(r))
		return wrong(m, st, c, p->reg, "a constant");
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
static int check_sized(struct skep_mach *m, struct skep_vstate *st, struct kcall *c,
		       const struct param *p)
{
	const struct skep_vreg *n = skep_vreg(st, p->reg + 1);
	int err = skep_mach_use(m, st, p->reg + 1);

	if (err)
		return err;
	if (n->type != SKEP_VT_NUM)
		return wrong(m, st, c, p->reg + 1, "a number of bytes");
	if (n->r.smin < 0 || n->r.umax >= 1 << 29)
		return skep_fault(m, st, SKEP_RULE_HELPER_SIZE, REG(p->reg + 1),
				  "the size of %s() is not bounded", c->name);
	skep_mach_precise(m, n);
	if (((p->ks & SKEP_KS_NULL) || n->r.umax == 0) && skep_mach_null(m, skep_vreg(st, p->reg)))
		return 0;
	return skep_access_region(m, st, p->reg, n->r.umax,
				  SKEP_USE_READ | SKEP_USE_WRITE |
					  (skep_range_is_const(&n->r) ? 0 : SKEP_USE_MAYBE));
}

/*
 * What is released must be of the very type; and a type that is only being initialised does
 * not pass for the finished one.
 */
static bool same_object(const struct skep_mach *m, const struct kcall *c, const struct skep_vreg *r,
			const struct param *p)
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
static bool projected(const struct kcall *c, const struct skep_vreg *r, const struct param *p)
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

static int check_object(struct skep_mach *m, struct skep_vstate *st, struct kcall *c,
			const struct param *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	bool sock = r->type == SKEP_VT_SOCK || r->type == SKEP_VT_SOCK_COMMON ||
		    r->type == SKEP_VT_TCP_SOCK;
	bool trusted = r->ref || (r->flags & SKEP_VF_TRUSTED) || sock;

	if (r->flags & SKEP_VF_NULL && !(p->ks & SKEP_KS_NULL))
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(p->reg),
				  "argument %u of %s(), %s, may be NULL: test it first", p->reg,
				  c->name, skep_vreg_what(r));
	if (!sock && !projected(c, r, p) &&
	    (!skep_btf_is(m, r, p->to.name) || !same_object(m, c, r, p)))
		return wrong(m, st, c, p->reg, p->to.name);
	if (sock && strcmp(p->to.name, "sock") != 0 && strcmp(p->to.name, "sock_common") != 0)
		return wrong(m, st, c, p->reg, p->to.name);
	if (r->flags & SKEP_VF_UNTRUSTED)
		return wrong(m, st, c, p->reg, "a pointer that is known to be alive");
	if ((c->k->flags & (SKEP_KF_TRUSTED | SKEP_KF_RELEASE)) && !trusted)
		if (!((c->k->flags & SKEP_KF_RCU) && (r->flags & SKEP_VF_RCU)))
			return wrong(m, st, c, p->reg,
				     "a trusted pointer, or one that was acquired");
	if ((c->k->flags & SKEP_KF_RCU) && !trusted && !(r->flags & SKEP_VF_RCU))
		return wrong(m, st, c, p->reg, "a trusted pointer, or one that RCU protects");
	if ((c->k->flags & SKEP_KF_RELEASE) && r->ref && !c->ref) {
		if (r->off || !skep_ref_find(st, r->ref))
			return wrong(m, st, c, p->reg, "the reference as it was acquired");
		c->ref = r->ref;
	}
	return 0;
}

static int check_dynptr(struct skep_mach *m, struct skep_vstate *st, struct kcall *c,
			const struct param *p)
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

static bool is(const struct kcall *c, const char *name)
{
	return strcmp(c->name, name) == 0;
}

static int check_pointer(struct skep_mach *m, struct skep_vstate *st, struct kcall *c,
			 const struct param *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	s64 size;

	if ((p->ks & SKEP_KS_NULL) && !p->next_size && skep_mach_null(m, r))
		return 0;
	if (p->ks & SKEP_KS_MAP) {
		if (r->type != SKEP_VT_MAP)
			return wrong(m, st, c, p->reg, "a map");
		c->map = r->map;
		return 0;
	}
	if (type_is(&p->to, "bpf_dynptr_kern") || type_is(&p->to, "bpf_dynptr"))
		return check_dynptr(m, st, c, p);
	if ((c->k->flags & (SKEP_KF_ITER_NEW | SKEP_KF_ITER_NEXT | SKEP_KF_ITER_DESTROY)) &&
	    p->reg == 1)
		return check_iter(m, st, c, p);
	if (p->ks & SKEP_KS_STR) {
		if (r->type == SKEP_VT_VALUE && r->map &&
		    (r->map->map_flags & SKEP_MAPFL_RDONLY_PROG))
			return 0;
		return wrong(m, st, c, p->reg, "a constant string");
	}
	if (r->type == SKEP_VT_CTX && p->to.name[0] && skep_is_context(m, p->to.name))
		return r->off || !skep_vreg_fixed(r)
			       ? wrong(m, st, c, p->reg, "the context, unmoved")
			       : 0;
	if (p->ks & SKEP_KS_ALLOC && is(c, "bpf_obj_drop_impl")) {
		if (!skep_alloc_owned(st, r))
			return wrong(m, st, c, p->reg, "an object that the program made");
		c->ref = r->ref;
		return 0;
	}
	if (p->ks & SKEP_KS_REFCOUNTED && is(c, "bpf_refcount_acquire_impl") &&
	    (r->ref || r->type != SKEP_VT_BTF))
		return skep_alloc_counted(m, st, r)
			       ? 0
			       : wrong(m, st, c, p->reg,
				       "an object that the program holds and that counts references");
	if (c->graph && type_is(&p->to, "bpf_list_head"))
		return skep_list_head_arg(m, st, p->reg, &c->head);
	if (c->graph && type_is(&p->to, "bpf_list_node"))
		return skep_list_node_arg(m, st, p->reg, &c->head);
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
	    type_is(&p->to, "bpf_wq") || type_is(&p->to, "bpf_timer") ||
	    type_is(&p->to, "bpf_task_work"))
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(p->reg),
				  "argument %u of %s() is of a kind that is not followed", p->reg,
				  c->name);
	if (p->next_size)
		return check_sized(m, st, c, p);
	if (skep_btf_struct(&p->to) &&
	    (r->type == SKEP_VT_BTF || r->type == SKEP_VT_SOCK || r->type == SKEP_VT_SOCK_COMMON ||
	     r->type == SKEP_VT_TCP_SOCK))
		return check_object(m, st, c, p);
	size = skep_btf_size(c->btf, p->to.id);
	if (p->to.id == 0 || size <= 0)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(p->reg),
				  "what argument %u of %s() points to is not known", p->reg,
				  c->name);
	if (!plain_struct(c->btf, p->to.id, 0))
		return wrong(m, st, c, p->reg, p->to.name[0] ? p->to.name : "a kernel object");
	if (skep_vreg_is_zero(r))
		return wrong(m, st, c, p->reg, "memory");
	return skep_access_region(m, st, p->reg, (u64)size, SKEP_USE_READ | SKEP_USE_WRITE);
}

static int check_param(struct skep_mach *m, struct skep_vstate *st, struct kcall *c, u32 n)
{
	struct skep_btf_member mb, next;
	struct param p = {.reg = n + 1};
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

/* --- results ------------------------------------------------------------------------------------
 */

/* Memory of a dynptr: what bpf_dynptr_slice() and its kin give. */
static bool gives_slice(struct skep_mach *m, struct skep_vstate *st, const struct kcall *c,
			const struct skep_vreg *dyn, struct skep_vreg *r0)
{
	if (strncmp(c->name, "bpf_dynptr_slice", 16) != 0 || !c->sized)
		return false;
	skep_vreg_pointer(r0, SKEP_VT_MEM, st->at);
	r0->aux = (u32)SKEP_MIN(c->size, (u64)UINT32_MAX);
	r0->flags = SKEP_VF_NULL | (strcmp(c->name, "bpf_dynptr_slice") == 0 ? SKEP_VF_RDONLY : 0);
	r0->id = ++m->ids;
	skep_dynptr_slice(m, st, c->dyn, r0, dyn);
	r0->ref = 0;
	return true;
}

static int give_result(struct skep_mach *m, struct skep_vstate *st, const struct kcall *c,
		       const struct skep_vreg *args)
{
	struct skep_vreg *r0 = skep_vreg(st, 0);
	struct skep_btf_type t, to;
	s64 size;

	if (!c->proto.ref || !skep_btf_resolve(c->btf, c->proto.ref, &t) || !t.id)
		return 0;
	if (t.kind != SKEP_BTF_PTR) {
		skep_vreg_num(r0, skep_range_any(), st->at);
		return 0;
	}
	if (is(c, "bpf_obj_new_impl"))
		return skep_alloc_new(m, st, c->constant);
	if (is(c, "bpf_refcount_acquire_impl")) {
		/* Of an object that is held it never fails. */
		skep_alloc_ref(m, st, r0, args[1].btf, false);
		return 0;
	}
	if (c->k->flags & SKEP_KF_ARENA_RET) {
		skep_vreg_pointer(r0, SKEP_VT_ARENA, st->at);
		return 0;
	}
	if (gives_slice(m, st, c, c->dyn ? &args[c->dyn] : &args[1], r0))
		return 0;
	if (!skep_btf_resolve(c->btf, t.ref, &to) || !to.id) {
		if (!c->sized)
			return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
					  "what %s() returns is not followed", c->name);
		skep_vreg_pointer(r0, SKEP_VT_MEM, st->at);
		r0->aux = (u32)SKEP_MIN(c->size, (u64)UINT32_MAX);
	} else if (to.kind == SKEP_BTF_STRUCT) {
		skep_vreg_pointer(r0, SKEP_VT_BTF, st->at);
		r0->btf = to.id;
		r0->flags = c->k->flags & (SKEP_KF_ACQUIRE | SKEP_KF_RCU_PROTECTED)
				    ? SKEP_VF_TRUSTED
				    : 0;
		if (c->k->flags & SKEP_KF_RCU_PROTECTED)
			r0->flags = SKEP_VF_RCU;
		if (c->iter && !(c->k->flags & SKEP_KF_RCU_PROTECTED))
			r0->flags |= SKEP_VF_TRUSTED;
	} else {
		size = skep_btf_size(c->btf, to.id);
		skep_vreg_pointer(r0, SKEP_VT_MEM, st->at);
		r0->aux = c->sized ? (u32)SKEP_MIN(c->size, (u64)UINT32_MAX)
				   : (u32)SKEP_MAX(size, (s64)0);
		if (!c->sized)
			r0->flags |= SKEP_VF_RDONLY;
	}
	if (c->k->flags & SKEP_KF_RET_NULL) {
		r0->flags |= SKEP_VF_NULL;
		r0->id = ++m->ids;
	}
	if (c->k->flags & SKEP_KF_ACQUIRE) {
		r0->ref = r0->id ? r0->id : ++m->ids;
		skep_ref_add(m, st, r0->ref, SKEP_REFK_PTR);
	}
	return 0;
}

/* --- sections
 * --------------------------------------------------------------------------------------- */

static void leave_rcu(struct skep_vstate *st)
{
	FOR_EACH_VREG(st, r, {
		if (skep_vreg_is_ptr(r) && (r->flags & SKEP_VF_RCU))
			r->flags = (u16)((r->flags & ~(SKEP_VF_RCU | SKEP_VF_NULL)) |
					 SKEP_VF_UNTRUSTED);
	});
	for (u32 f = 0; f < st->nframe; f++)
		for (u32 k = 0; k < st->frame[f]->nslot; k++)
			if (st->frame[f]->slot[k].byte[0] == SKEP_VB_ITER)
				st->frame[f]->slot[k].reg->flags |= SKEP_VF_UNTRUSTED;
}

/* Functions that open and close sections. 1: done, 0: another function, negative: a rule is broken.
 */
static int section(struct skep_mach *m, struct skep_vstate *st, const char *name)
{
	if (strcmp(name, "bpf_rcu_read_lock") == 0) {
		st->rcu++;
		return 1;
	}
	if (strcmp(name, "bpf_rcu_read_unlock") == 0) {
		if (!st->rcu)
			return skep_fault(m, st, SKEP_RULE_LOCK, 0, "no RCU read section is open");
		if (!--st->rcu)
			leave_rcu(st);
		return 1;
	}
	if (strcmp(name, "bpf_preempt_disable") == 0) {
		st->preempt++;
		return 1;
	}
	if (strcmp(name, "bpf_preempt_enable") == 0) {
		if (!st->preempt)
			return skep_fault(m, st, SKEP_RULE_LOCK, 0, "preemption is not disabled");
		st->preempt--;
		return 1;
	}
	return 0;
}

/* --- the call
 * ------------------------------------------------------------------------------------------ */

/* May it be called while a lock is held? */
static bool with_lock(const struct kcall *c)
{
	return (c->critical && c->critical->lock) || c->graph ||
	       is(c, "bpf_refcount_acquire_impl") || strncmp(c->name, "bpf_iter_num_", 13) == 0;
}

static int find(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		struct kcall *c)
{
	struct skep_btf_type f;
	u32 id;

	c->name = called(m, i);
	if (!c->name)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "a kernel function by its number only");
	c->btf = m->opt.kernel;
	if (!c->btf)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "the kernel's types are not known, %s() is one of its functions",
				  c->name);
	c->k = skep_kfunc_find(c->name);
	id = skep_btf_find(c->btf, SKEP_BTF_FUNC, c->name);
	if (!c->k || !id || !skep_btf_get(c->btf, id, &f) ||
	    !skep_btf_get(c->btf, f.ref, &c->proto) || c->proto.kind != SKEP_BTF_FUNC_PROTO)
		return skep_fault(m, st, c->k ? SKEP_RULE_UNSUPPORTED : SKEP_RULE_KFUNC, 0,
				  "%s() is no function that programs may call on this kernel",
				  c->name);
	if (!skep_kfunc_allowed(m->opt.prog_type, c->k))
		return skep_fault(m, st, SKEP_RULE_KFUNC, 0, "programs of type %s cannot call %s()",
				  m->type->name, c->name);
	if (!m->opt.gpl)
		return skep_fault(m, st, SKEP_RULE_GPL, 0, "%s() is for GPL-compatible programs",
				  c->name);
	c->critical = skep_critical_find(c->name);
	c->graph = skep_graph_find(c->name);
	if ((c->k->flags & SKEP_KF_SLEEPS) && (!m->opt.sleepable || st->rcu || st->preempt ||
					       skep_irqs_off(st) || skep_ref_lock(st)))
		return skep_fault(m, st, SKEP_RULE_SLEEP, 0,
				  "%s() may sleep, which is not possible here", c->name);
	if (skep_ref_lock(st) && !with_lock(c))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "%s() is called while a lock is held",
				  c->name);
	if ((c->k->flags & SKEP_KF_RCU_PROTECTED) && !skep_mach_in_rcu(m, st))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0,
				  "%s() must be called in an RCU read section", c->name);
	if (c->k->flags & SKEP_KF_CALLBACK)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "callbacks of %s() are not followed", c->name);
	return 0;
}

/* The next element, or the end: two ways. */
static int advance_iter(struct skep_mach *m, struct skep_vstate *st, const struct kcall *c,
			const struct skep_vreg *args, u32 at)
{
	struct skep_vstate *more = skep_vstate_copy(m, st);
	const struct skep_vstate *before;
	const struct skep_vreg it = args[c->iter];
	u32 k = skep_slot_of(it.off);
	struct skep_vreg *r0;
	int err;

	skep_call_clobber(more);
	skep_call_clobber(st);
	err = give_result(m, more, c, args);
	if (err) {
		skep_vstate_free(m, more);
		return err;
	}
	r0 = skep_vreg(more, 0);
	r0->flags &= (u16)~SKEP_VF_NULL;
	r0->id = 0;
	before = skep_vstate_earlier(st, at);
	if (before)
		skep_vstate_widen(m, before, more);
	more->frame[it.frame]->slot[k].reg->r.umin++; /* depth: not compared */
	for (u32 s = 0; s < c->iter_slots; s++)
		st->frame[it.frame]->slot[k - s].reg->aux = ITER_DRAINED;
	skep_vreg_const(skep_vreg(st, 0), 0, at);
	more->at = st->at = m->insn[at].next;
	m->other = more;
	return 0;
}

int skep_call_kfunc(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct kcall c = {0};
	struct skep_vreg args[6];
	u32 at = st->at;
	int err = find(m, st, i, &c), sect;

	for (u32 n = 0; n < c.proto.vlen && n < 5 && !err; n++)
		err = check_param(m, st, &c, n);
	if (err || !c.k)
		return err ? err : SKEP_EBUG;
	if (skep_mach_throws(m, i))
		return skep_throw(m, st);
	if (c.graph) {
		skep_graph_apply(m, st, c.graph, &c.head);
		return 0;
	}
	if (strcmp(c.name, "bpf_dynptr_slice_rdwr") == 0 && !skep_may_write_packet(m))
		return skep_pkt_readonly(m, st, 1);
	if (c.critical) {
		skep_critical_apply(m, st, c.critical, c.lock, c.flag);
		return 0;
	}
	sect = section(m, st, c.name);
	if (sect < 0)
		return sect;
	memcpy(args, skep_vtop(st)->reg, sizeof(args));
	if (c.k->flags & SKEP_KF_ITER_NEXT)
		return advance_iter(m, st, &c, args, at);
	if (c.k->flags & SKEP_KF_ITER_NEW)
		make_iter(m, st, &c);
	if (c.k->flags & SKEP_KF_ITER_DESTROY)
		destroy_iter(m, st, &c);
	for (u32 k = 0; k < c.nmade; k++) {
		err = skep_dynptr_make(m, st, c.made[k], c.name, c.dyn);
		if (err)
			return err;
	}
	if (c.ref) {
		skep_ref_drop(st, c.ref);
		skep_ref_forget(m, st, c.ref);
	} else if ((c.k->flags & SKEP_KF_RELEASE) && c.dyn) {
		skep_dynptr_release(m, st, c.dyn);
	} else if (c.k->flags & SKEP_KF_RELEASE) {
		return skep_fault(m, st, SKEP_RULE_REF_RELEASE, 0x3e,
				  "%s() releases nothing that was acquired", c.name);
	}
	skep_call_clobber(st);
	if (c.k->flags & SKEP_KF_CHANGES_PKT)
		skep_forget_packet(m, st);
	err = give_result(m, st, &c, args);
	st->at = m->insn[at].next;
	return err;
}
