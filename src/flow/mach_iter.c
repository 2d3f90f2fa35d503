/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open-coded iterators: slots of stack that only their functions touch, and a reference until
 * they are destroyed. The next element is there or not: two ways, and what differs between two
 * rounds of the loop is widened, so that loops over them end.
 */
#include "flow/mach_kfunc.h"

enum { ITER_ACTIVE = 1, ITER_DRAINED = 2 };

int skep_iter_arg(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
		  const struct skep_kparam *p)
{
	const struct skep_vreg *r = skep_vreg(st, p->reg);
	struct skep_vframe *fr;
	u32 n = (p->to.ref + 7) / 8, k;

	if (r->type != SKEP_VT_STACK || !skep_vreg_fixed(r) || r->off % 8 ||
	    r->off > -(s32)(8 * n) || r->off < -SKEP_STACK)
		return skep_kcall_wrong(m, st, c, p->reg, "an iterator on the stack");
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
			skep_slot_read(m, st, r->frame, k - s);
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

void skep_iter_make(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c)
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
		skep_slot_written(m, r.frame, k - s);
	}
}

void skep_iter_destroy(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c)
{
	const struct skep_vreg r = *skep_vreg(st, c->iter);
	struct skep_vframe *fr = st->frame[r.frame];
	u32 k = skep_slot_of(r.off), ref = fr->slot[k].reg->ref;

	skep_ref_drop(st, ref);
	skep_ref_forget(m, st, ref);
	for (u32 s = 0; s < c->iter_slots; s++) {
		memset(fr->slot[k - s].byte, SKEP_VB_NONE, 8);
		skep_slot_written(m, r.frame, k - s);
	}
}

int skep_iter_advance(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
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
	err = skep_kcall_result(m, more, c, args);
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
