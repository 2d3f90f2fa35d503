/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dynptrs: 16 bytes of stack that only helpers touch. Both slots carry the kind, the id
 * of the dynptr (slices know it) and the reference it holds.
 */
#include "flow/mach_impl.h"

enum dynptr_kind { DYN_LOCAL = 1, DYN_RINGBUF, DYN_SKB, DYN_XDP, DYN_OTHER };

/* Slices of a dynptr that is no more point to nothing that is known. */
static void forget_slices(const struct skep_mach *m, struct skep_vstate *st, u32 id)
{
	FOR_EACH_VREG(st, r, {
		if (r->type == SKEP_VT_MEM && (r->flags & SKEP_VF_SLICE) && r->btf == id)
			skep_vreg_stale(m, r, st->at);
	});
}

void skep_dynptr_destroy(struct skep_mach *m, struct skep_vstate *st, struct skep_vframe *fr,
			 u32 slot)
{
	struct skep_vslot *s = &fr->slot[slot];
	u32 id;

	if (s->byte[0] != SKEP_VB_DYNPTR) {
		memset(s->byte, SKEP_VB_MISC, 8);
		return;
	}
	id = s->reg->id;
	for (u32 k = 0; k < fr->nslot; k++)
		if (fr->slot[k].byte[0] == SKEP_VB_DYNPTR && fr->slot[k].reg->id == id)
			memset(fr->slot[k].byte, SKEP_VB_NONE, 8);
	forget_slices(m, st, id);
}

static struct skep_vslot *slots_at(struct skep_mach *m, struct skep_vstate *st,
				   const struct skep_vreg *p, struct skep_vslot **second)
{
	struct skep_vframe *fr;
	u32 k;

	if (p->type != SKEP_VT_STACK || !skep_vreg_fixed(p) || p->off % 8 || p->off > -16 ||
	    p->off < -SKEP_STACK)
		return NULL;
	fr = st->frame[p->frame];
	k = skep_slot_of(p->off);
	skep_vslot(m, fr, k);
	m->func[fr->func].depth = SKEP_MAX(m->func[fr->func].depth, (u32)-p->off);
	*second = &fr->slot[k - 1];
	return &fr->slot[k];
}

static void touch(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p)
{
	u32 k = skep_slot_of(p->off);

	skep_slot_read(m, st, p->frame, k);
	skep_slot_read(m, st, p->frame, k - 1);
}

int skep_dynptr_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg, u16 flags, s64 helper)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	struct skep_vslot *a, *b;

	if (p->type == SKEP_VT_DYNPTR) {
		if (flags & SKEP_AF_UNINIT)
			return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
					  "a new dynptr must lie on the stack");
		if (flags & SKEP_AF_RELEASE)
			return skep_fault(m, st, SKEP_RULE_REF_RELEASE, REG(reg),
					  "the dynptr belongs to the caller");
		return 0;
	}
	a = slots_at(m, st, p, &b);
	if (!a)
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
				  "argument %u must be an aligned dynptr on the stack", reg);
	if (flags & SKEP_AF_UNINIT) {
		if ((a->byte[0] == SKEP_VB_DYNPTR && a->reg->ref) ||
		    (b->byte[0] == SKEP_VB_DYNPTR && b->reg->ref))
			return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
					  "the dynptr holds a reference: release it first");
		return 0;
	}
	touch(m, st, p);
	if (a->byte[0] != SKEP_VB_DYNPTR || b->byte[0] != SKEP_VB_DYNPTR ||
	    a->reg->id != b->reg->id || a->reg->off != 0)
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
				  "argument %u is no initialised dynptr", reg);
	if (((flags & SKEP_AF_RINGBUF) && a->reg->aux != DYN_RINGBUF) ||
	    ((flags & SKEP_AF_LOCAL) && a->reg->aux != DYN_LOCAL))
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
				  "argument %u is a dynptr of another kind", reg);
	if ((flags & SKEP_AF_RELEASE) && !a->reg->ref)
		return skep_fault(m, st, SKEP_RULE_REF_RELEASE, REG(reg),
				  "the dynptr holds no reference");
	return 0;
}

static int make(struct skep_mach *m, struct skep_vstate *st, u32 reg, u32 kind, u32 ref)
{
	const struct skep_vreg p = *skep_vreg(st, reg);
	struct skep_vslot *a, *b;
	u32 id = ++m->ids;

	a = slots_at(m, st, &p, &b);
	if (!a)
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
				  "argument %u must be an aligned dynptr on the stack", reg);
	if (a->byte[0] == SKEP_VB_DYNPTR)
		skep_dynptr_destroy(m, st, st->frame[p.frame], skep_slot_of(p.off));
	if (b->byte[0] == SKEP_VB_DYNPTR)
		skep_dynptr_destroy(m, st, st->frame[p.frame], skep_slot_of(p.off) - 1);
	for (u32 k = 0; k < 2; k++) {
		struct skep_vslot *s = k ? b : a;

		memset(s->byte, SKEP_VB_DYNPTR, 8);
		skep_vreg_pointer(skep_vslot_reg(m, s), SKEP_VT_DYNPTR, st->at);
		s->reg->aux = kind;
		s->reg->id = id;
		s->reg->ref = ref;
		s->reg->off = (s32)k;
	}
	skep_slot_written(m, p.frame, skep_slot_of(p.off));
	skep_slot_written(m, p.frame, skep_slot_of(p.off) - 1);
	return 0;
}

/* The first slot of the dynptr that the register points to; NULL: it is an argument. */
static const struct skep_vreg *dynptr_at(struct skep_vstate *st, u32 reg)
{
	const struct skep_vreg *p = skep_vreg(st, reg);

	return p->type == SKEP_VT_STACK ? st->frame[p->frame]->slot[skep_slot_of(p->off)].reg
					: NULL;
}

static u32 made_by(const char *kfunc)
{
	if (strstr(kfunc, "_from_skb"))
		return DYN_SKB;
	if (strstr(kfunc, "_from_xdp"))
		return DYN_XDP;
	return DYN_OTHER;
}

int skep_dynptr_make(struct skep_mach *m, struct skep_vstate *st, u32 reg, const char *kfunc,
		     u32 from)
{
	const struct skep_vreg *d;

	if (!from || strcmp(kfunc, "bpf_dynptr_clone") != 0)
		return make(m, st, reg, made_by(kfunc), 0);
	/* A clone is of the same memory: it ends with it, and so do its slices. Arguments are of
	   memory that outlives the function. */
	d = dynptr_at(st, from);
	return make(m, st, reg, d ? d->aux : DYN_LOCAL, d ? d->ref : 0);
}

bool skep_dynptr_of_skb(struct skep_vstate *st, u32 reg)
{
	const struct skep_vreg *d = dynptr_at(st, reg);

	return d && d->aux == DYN_SKB;
}

void skep_dynptr_release(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	const struct skep_vreg p = *skep_vreg(st, reg);
	struct skep_vframe *fr;
	u32 ref, k;

	if (p.type != SKEP_VT_STACK)
		return;
	fr = st->frame[p.frame];
	k = skep_slot_of(p.off);
	ref = fr->slot[k].reg->ref;
	skep_ref_drop(st, ref);
	/* Clones share the reference: they go too. */
	for (u32 f = 0; f < st->nframe; f++)
		for (u32 s = 0; s < st->frame[f]->nslot; s++)
			if (st->frame[f]->slot[s].byte[0] == SKEP_VB_DYNPTR &&
			    st->frame[f]->slot[s].reg->ref == ref)
				skep_dynptr_destroy(m, st, st->frame[f], s);
}

static int make_record(struct skep_mach *m, struct skep_vstate *st)
{
	u32 ref = ++m->ids;

	skep_ref_add(m, st, ref, SKEP_REFK_PTR);
	return make(m, st, 4, DYN_RINGBUF, ref);
}

int skep_dynptr_call(struct skep_mach *m, struct skep_vstate *st, s64 helper, u64 alloc)
{
	switch (helper) {
	case SKEP_FN_dynptr_from_mem: return make(m, st, 4, DYN_LOCAL, 0);
	case SKEP_FN_ringbuf_reserve_dynptr: return make_record(m, st);
	case SKEP_FN_ringbuf_submit_dynptr:
	case SKEP_FN_ringbuf_discard_dynptr: skep_dynptr_release(m, st, 1); return 0;
	default: return 0;
	}
}

void skep_dynptr_slice(struct skep_mach *m, struct skep_vstate *st, u32 reg, struct skep_vreg *r0,
		       const struct skep_vreg *dyn)
{
	struct skep_vslot *a, *b;

	r0->flags |= SKEP_VF_SLICE;
	if (dyn->type == SKEP_VT_DYNPTR) {
		r0->btf = dyn->id;
		r0->flags |= dyn->flags & SKEP_VF_RDONLY;
		return;
	}
	a = slots_at(m, st, dyn, &b);
	if (!a)
		return;
	r0->btf = a->reg->id;
	if (a->reg->aux == DYN_SKB || a->reg->aux == DYN_XDP)
		r0->flags |= SKEP_VF_PKT_SLICE;
	r0->ref = a->reg->ref;
}
