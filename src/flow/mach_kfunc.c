/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of kernel functions by their prototype in the kernel's BTF and the table of flags: may
 * it be called here, what does it do, what does it return.
 */
#include "flow/mach_kfunc.h"

static const char *called(const struct skep_mach *m, const struct skep_insn *i)
{
	return i->ref == SKEP_REF_EXTERN ? m->obj->sym[i->sym].name : NULL;
}

bool skep_mach_throws(const struct skep_mach *m, const struct skep_insn *i)
{
	const char *name = i->in.op == SKEP_CALL ? called(m, i) : NULL;

	return name && strcmp(name, "bpf_throw") == 0;
}

static bool kfunc_flagged(const struct skep_mach *m, const struct skep_insn *i, u32 flag)
{
	const char *name = i->in.op == SKEP_CALL ? called(m, i) : NULL;
	const struct skep_kfunc *k = name ? skep_kfunc_find(name) : NULL;

	return k && (k->flags & flag);
}

bool skep_mach_moves_packet(const struct skep_mach *m, const struct skep_insn *i)
{
	return kfunc_flagged(m, i, SKEP_KF_CHANGES_PKT);
}

bool skep_mach_sleeps(const struct skep_mach *m, const struct skep_insn *i)
{
	return kfunc_flagged(m, i, SKEP_KF_SLEEPS);
}

bool skep_mach_iter_next(const struct skep_mach *m, const struct skep_insn *i)
{
	return kfunc_flagged(m, i, SKEP_KF_ITER_NEXT);
}

/* --- results ------------------------------------------------------------------------------------
 */

/* Memory of a dynptr: what bpf_dynptr_slice() and its kin give. */
static bool gives_slice(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
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

int skep_kcall_result(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
		      const struct skep_vreg *args)
{
	struct skep_vreg *r0 = skep_vreg(st, 0);
	struct skep_btf_type t, to;
	s64 size;
	int cast = skep_cast_result(m, st, c);

	if (cast)
		return SKEP_MIN(cast, 0);
	if (!c->proto.ref || !skep_btf_resolve(c->btf, c->proto.ref, &t) || !t.id)
		return 0;
	if (t.kind != SKEP_BTF_PTR) {
		skep_vreg_num(r0, skep_range_any(), st->at);
		return 0;
	}
	if (skep_kcall_is(c, "bpf_obj_new_impl") || skep_kcall_is(c, "bpf_percpu_obj_new_impl"))
		return skep_alloc_new(m, st, c->constant,
				      skep_kcall_is(c, "bpf_percpu_obj_new_impl"));
	if (skep_kcall_is(c, "bpf_refcount_acquire_impl")) {
		/* Of an object that is held it never fails. */
		skep_alloc_ref(m, st, r0, args[1].btf, !args[1].ref);
		return 0;
	}
	if (c->k->flags & SKEP_KF_ARENA_RET) { /* an address as user space has it */
		skep_vreg_num(r0, skep_range_any(), st->at);
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

/* --- the call
 * ------------------------------------------------------------------------------------------ */

/* May it be called while a lock is held? */
static bool with_lock(const struct skep_kcall *c)
{
	return (c->critical && c->critical->lock) || c->graph ||
	       skep_kcall_is(c, "bpf_refcount_acquire_impl") ||
	       strncmp(c->name, "bpf_iter_num_", 13) == 0;
}

/* The kernel, or a module, says that programs may call it. */
static bool is_kfunc(const struct skep_btf *btf, u32 func)
{
	struct skep_btf_type t;

	for (u32 id = 1; func && id < btf->ntypes; id++)
		if (skep_btf_get(btf, id, &t) && t.kind == SKEP_BTF_DECL_TAG && t.ref == func &&
		    strcmp(t.name, "bpf_kfunc") == 0)
			return true;
	return false;
}

static int find(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		struct skep_kcall *c)
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
	if (!c->k && is_kfunc(c->btf, id))
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "what %s() takes and does is not known", c->name);
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
	if ((c->k->flags & SKEP_KF_SLEEPS) &&
	    (!st->sleeps || st->rcu || st->preempt || skep_irqs_off(st) || skep_ref_lock(st)))
		return skep_fault(m, st, SKEP_RULE_SLEEP, 0,
				  "%s() may sleep, which is not possible here", c->name);
	if (skep_ref_lock(st) && !with_lock(c))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "%s() is called while a lock is held",
				  c->name);
	if ((c->k->flags & SKEP_KF_RCU_PROTECTED) && !skep_mach_in_rcu(st))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0,
				  "%s() must be called in an RCU read section", c->name);
	if ((c->k->flags & SKEP_KF_CALLBACK) && !skep_callback_kfunc(c->name))
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "callbacks of %s() are not followed", c->name);
	return 0;
}

int skep_call_kfunc(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_kcall c = {.func = SKEP_VNONE};
	struct skep_vreg args[6];
	u32 at = st->at;
	int err = find(m, st, i, &c), sect;

	for (u32 n = 0; n < c.proto.vlen && n < 5 && !err; n++)
		err = skep_kcall_arg(m, st, &c, n);
	if (err || !c.k)
		return err ? err : SKEP_EBUG;
	if (skep_mach_throws(m, i))
		return skep_throw(m, st);
	if (c.func != SKEP_VNONE)
		err = skep_push_callback(
			m, st,
			&(struct skep_callback){.kind = skep_callback_kfunc(c.name),
						.func = c.func,
						.map = c.map,
						.inner = c.inner,
						.root = c.root});
	if (err)
		return err;
	if (c.graph) {
		skep_graph_apply(m, st, c.graph, &c.root);
		return 0;
	}
	if (strcmp(c.name, "bpf_dynptr_slice_rdwr") == 0 && !skep_may_write_packet(m))
		return skep_pkt_readonly(m, st, 1);
	if (c.critical) {
		skep_critical_apply(m, st, c.critical, c.lock, c.flag);
		return 0;
	}
	sect = skep_section(m, st, c.name);
	if (sect < 0)
		return sect;
	memcpy(args, skep_vtop(st)->reg, sizeof(args));
	if (c.k->flags & SKEP_KF_ITER_NEXT)
		return skep_iter_advance(m, st, &c, args, at);
	if (c.k->flags & SKEP_KF_ITER_NEW)
		skep_iter_make(m, st, &c);
	if (c.k->flags & SKEP_KF_ITER_DESTROY)
		skep_iter_destroy(m, st, &c);
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
	err = skep_kcall_result(m, st, &c, args);
	st->at = m->insn[at].next;
	return err;
}
