/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When one state covers another: every concrete run that the second describes is among
 * those of the first, as far as what follows reads it. Then what was found safe from the
 * first is safe from the second.
 *
 * What follows reads: live registers (computed before), live stack slots (by data flow over the
 * paths from the first state, mach_slots.c), and bounds of numbers that a check depended on (marked
 * while those paths were explored). Ids are names: a covering needs a function from
 * the old names to the new ones, since facts that the old state ties together must be tied
 * in the new one; references must also stay distinct.
 */
#include "flow/mach_impl.h"

enum { NMAP = 256 };
struct idmap {
	struct {
		u32 old, now;
	} v[NMAP];
	u32 n;
};

struct cmp {
	struct skep_mach *m;
	enum skep_vcmp how;
	struct idmap ids, refs;
};

static bool map_id(struct idmap *im, u32 old, u32 now, bool distinct)
{
	for (u32 k = 0; k < im->n; k++) {
		if (im->v[k].old == old)
			return im->v[k].now == now;
		if (distinct && im->v[k].now == now)
			return false;
	}
	if (im->n == NMAP)
		return false;
	im->v[im->n].old = old;
	im->v[im->n++].now = now;
	return true;
}

static bool same_id(struct cmp *c, u32 old, u32 now)
{
	return old ? now && map_id(&c->ids, old, now, c->how == SKEP_CMP_EXACT) : !now;
}

/* Ids of inner maps. */
static bool same_inner(struct cmp *c, u32 old, u32 now)
{
	return old ? now && map_id(&c->ids, old, now, true) : !now;
}

static bool same_ref(struct cmp *c, u32 old, u32 now)
{
	return old ? now && map_id(&c->refs, old, now, true) : !now;
}

static bool precise(const struct cmp *c, const struct skep_vreg *old)
{
	return c->how != SKEP_CMP_COVER || c->m->node_precise[old->node];
}

static bool num_covers(struct cmp *c, const struct skep_vreg *old, const struct skep_vreg *now)
{
	if (now->type != SKEP_VT_NUM)
		return false;
	if (!precise(c, old))
		return true;
	if (c->how == SKEP_CMP_EXACT)
		return skep_range_eq(&old->r, &now->r);
	if (!skep_range_includes(&old->r, &now->r) ||
	    (c->m->alu_limits && !skep_range_eq(&old->r, &now->r)))
		return false;
	if ((old->flags ^ now->flags) & (SKEP_VF_LINKED | SKEP_VF_LINKED32) ||
	    (old->flags & SKEP_VF_LINKED && old->off != now->off))
		return false;
	/* One that is tied to no other has a name of its own. */
	return !old->id || map_id(&c->ids, old->id, now->id ? now->id : ++c->m->ids, true);
}

static bool part_covers(const struct cmp *c, const struct skep_vreg *old,
			const struct skep_vreg *now)
{
	return c->how == SKEP_CMP_EXACT ? skep_range_eq(&old->r, &now->r)
					: skep_range_includes(&old->r, &now->r);
}

static bool reg_covers(struct cmp *c, const struct skep_vreg *old, const struct skep_vreg *now)
{
	if (old->type == SKEP_VT_NONE)
		return c->how != SKEP_CMP_EXACT || now->type == SKEP_VT_NONE;
	if (old->type == SKEP_VT_NUM)
		return num_covers(c, old, now);
	if (old->type != now->type || old->flags != now->flags || old->off != now->off ||
	    old->map != now->map || (old->type != SKEP_VT_VALUE && old->btf != now->btf) ||
	    old->frame != now->frame || !part_covers(c, old, now))
		return false;
	if (!same_ref(c, old->ref, now->ref))
		return false;
	switch (old->type) {
	case SKEP_VT_PKT:
	case SKEP_VT_META:
		if (c->how == SKEP_CMP_EXACT ? old->aux != now->aux : old->aux > now->aux)
			return false;
		return same_id(c, old->id, now->id);
	case SKEP_VT_VALUE:
		return same_id(c, old->id, now->id) &&
		       (!old->aux || map_id(&c->ids, old->aux, now->aux, true)) &&
		       same_inner(c, old->btf, now->btf);
	case SKEP_VT_MAP: return same_inner(c, old->aux, now->aux) && same_id(c, old->id, now->id);
	default: return old->aux == now->aux && same_id(c, old->id, now->id);
	}
}

static bool all_are(const struct skep_vslot *s, u8 kind)
{
	u64 all;

	memcpy(&all, s->byte, sizeof(all));
	return all == kind * 0x0101010101010101u;
}

/* Is the slot one number, as the kernel sees it: stored whole, or bytes of which nothing is known? */
static bool is_number(const struct cmp *c, const struct skep_vslot *s)
{
	bool stored = s->byte[0] == SKEP_VB_SPILL && s->reg->type == SKEP_VT_NUM;

	for (u32 k = 0; k < 8; k++)
		if (stored ? s->byte[k] != SKEP_VB_SPILL
			   : s->byte[k] != SKEP_VB_MISC &&
				     (c->m->opt.unpriv || s->byte[k] != SKEP_VB_NONE))
			return false;
	return true;
}

static bool special_covers(struct cmp *c, const struct skep_vslot *old,
			   const struct skep_vslot *now)
{
	const struct skep_vreg *a = old->reg, *b = now->reg;

	return memcmp(old->byte, now->byte, 8) == 0 && a->aux == b->aux && a->off == b->off &&
	       a->btf == b->btf && a->flags == b->flags && same_ref(c, a->ref, b->ref) &&
	       (!a->id || map_id(&c->ids, a->id, b->id, true));
}

/*
 * Byte by byte; more would be right (bytes that are part of a number are among those of which nothing is known
 * when the number did not matter, and zeros among stored zeros), but the kernel goes on there, and what it costs
 * the kernel is to be told.
 */
static bool slot_covers(struct cmp *c, const struct skep_vslot *old, const struct skep_vslot *now)
{
	static const struct skep_vslot blank;

	if (!now)
		now = &blank;
	if (c->how == SKEP_CMP_EXACT && memcmp(old->byte, now->byte, 8) != 0)
		return false;
	if (skep_vbyte_special(old->byte[0]))
		return special_covers(c, old, now);
	/* Most are bytes that nobody wrote, or that are the same. */
	if (c->how != SKEP_CMP_EXACT && all_are(old, SKEP_VB_NONE))
		return true;
	if (old->byte[0] != SKEP_VB_SPILL && memcmp(old->byte, now->byte, 8) == 0)
		return true;
	if (all_are(old, SKEP_VB_SPILL) && all_are(now, SKEP_VB_SPILL))
		return reg_covers(c, old->reg, now->reg);
	/* Any number covers bytes of which nothing is known; they are tied to no other. */
	if (c->how != SKEP_CMP_EXACT && old->byte[0] == SKEP_VB_SPILL &&
	    now->byte[0] != SKEP_VB_SPILL && is_number(c, old) && is_number(c, now)) {
		struct skep_vreg any = {.type = SKEP_VT_NUM, .r = skep_range_any()};

		return num_covers(c, old->reg, &any);
	}
	for (u32 k = 0; k < 8; k++) {
		u8 a = old->byte[k], b = now->byte[k];

		if (a == SKEP_VB_NONE && c->how != SKEP_CMP_EXACT)
			continue;
		if (skep_vbyte_special(b))
			return false;
		if (a == SKEP_VB_ZERO && b != SKEP_VB_ZERO)
			return false;
		if (a == SKEP_VB_MISC && c->m->opt.unpriv &&
		    (b == SKEP_VB_NONE || (b == SKEP_VB_SPILL && now->reg->type != SKEP_VT_NUM)))
			return false;
		if (a == SKEP_VB_SPILL && b != SKEP_VB_SPILL)
			return false;
	}
	/*
	 * Of a number that is wider than the old one was stored: if its value mattered, it lies
	 * within the old one's limits, so that its low bytes are all of it.
	 */
	if (old->byte[0] == SKEP_VB_SPILL && now->byte[0] == SKEP_VB_SPILL)
		return reg_covers(c, old->reg, now->reg);
	return true;
}

static u16 live_of(const struct skep_mach *m, const struct skep_vstate *st, u32 f)
{
	const struct skep_vframe *below;

	if (f + 1 == st->nframe)
		return m->insn[st->at].live;
	below = st->frame[f + 1];
	if (below->call == SKEP_VNONE)
		return 0;
	if (below->callback) /* comes back to the call itself */
		return m->insn[below->call].live | REG(0) | 0x3c0;
	if (m->insn[below->call].next == SKEP_VNONE)
		return 0;
	return (u16)(m->insn[m->insn[below->call].next].live & ~0x3f);
}

/* Register k of a frame, or slot k - 10: as far as it matters. */
static bool part_is_covered(struct cmp *c, const struct skep_vframe *a, const struct skep_vframe *b,
			    u32 k)
{
	if (k < 10)
		return reg_covers(c, &a->reg[k], &b->reg[k]);
	k -= 10;
	return slot_covers(c, &a->slot[k], k < b->nslot ? &b->slot[k] : NULL);
}

static u64 parts_of(const struct cmp *c, const struct skep_vstate *old,
		    const struct skep_vstate *now, u32 f, u16 *live)
{
	const struct skep_vframe *a = old->frame[f];
	u64 slots = c->how == SKEP_CMP_COVER ? a->live : UINT64_MAX;

	*live = c->how == SKEP_CMP_EXACT ? 0x3ff : live_of(c->m, now, f) & 0x3ff;
	return a->nslot < 64 ? slots & (((u64)1 << a->nslot) - 1) : slots;
}

/*
 * What told the state from the last one that came most often tells it from the next one, too. All
 * parts must be covered, so the first that is not decides; names are tied in any order.
 */
static bool told_apart(struct cmp *c, const struct skep_vstate *old, const struct skep_vstate *now)
{
	u32 f = old->apart_frame, k = old->apart;
	u16 live;
	u64 slots;
	bool apart;

	if (f >= old->nframe)
		return false;
	slots = parts_of(c, old, now, f, &live);
	if (k < 10 ? !(live >> k & 1) : !(slots >> (k - 10) & 1))
		return false;
	apart = !part_is_covered(c, old->frame[f], now->frame[f], k);
	c->ids.n = c->refs.n = 0;
	return apart;
}

static bool frame_covers(struct cmp *c, struct skep_vstate *old, const struct skep_vstate *now,
			 u32 f)
{
	const struct skep_vframe *a = old->frame[f], *b = now->frame[f];
	u16 live;
	u64 slots = parts_of(c, old, now, f, &live);

	/* Where the old one was out of the loop, another round may be left for the new one. */
	if (a->cb_depth > b->cb_depth)
		return false;
	old->apart_frame = (u8)f;
	for (; live; live &= (u16)(live - 1)) {
		old->apart = (u8)__builtin_ctz(live);
		if (!part_is_covered(c, a, b, old->apart))
			return false;
	}
	for (; slots; slots &= slots - 1) {
		old->apart = (u8)(10 + __builtin_ctzll(slots));
		if (!part_is_covered(c, a, b, old->apart))
			return false;
	}
	/* Special objects must not appear out of nothing. */
	for (u32 k = a->nslot; k < b->nslot; k++)
		if (skep_vbyte_special(b->slot[k].byte[0]) ||
		    (c->how == SKEP_CMP_EXACT && b->slot[k].byte[0] != SKEP_VB_NONE))
			return false;
	return true;
}

static bool refs_cover(struct cmp *c, const struct skep_vstate *old, const struct skep_vstate *now)
{
	if (old->nref != now->nref || old->rcu != now->rcu || old->preempt != now->preempt ||
	    old->sleeps != now->sleeps)
		return false;
	for (u32 k = 0; k < old->nref; k++) {
		const struct skep_vrefs *a = &old->ref[k], *b = &now->ref[k];

		if (a->kind != b->kind || a->map != b->map || !same_ref(c, a->id, b->id))
			return false;
		if (a->lock && !map_id(&c->ids, a->lock, b->lock, true))
			return false;
	}
	return true;
}

bool skep_vstate_same_place(const struct skep_vstate *old, const struct skep_vstate *now)
{
	if (old->nframe != now->nframe)
		return false;
	for (u32 f = 0; f < old->nframe; f++)
		if (old->frame[f]->call != now->frame[f]->call ||
		    old->frame[f]->func != now->frame[f]->func ||
		    old->frame[f]->callback != now->frame[f]->callback)
			return false;
	return true;
}

bool skep_vstate_covers(struct skep_mach *m, struct skep_vstate *old,
			const struct skep_vstate *now, enum skep_vcmp how)
{
	struct cmp c;

	if (!skep_vstate_same_place(old, now))
		return false;
	c.m = m;
	c.how = how;
	c.ids.n = c.refs.n = 0;
	if (told_apart(&c, old, now) || !refs_cover(&c, old, now))
		return false;
	/* The newest frame differs most often. */
	for (u32 f = old->nframe; f--;)
		if (!frame_covers(&c, old, now, f))
			return false;
	return true;
}

/* --- what matters behind a state ------------------------------------------------------ */

static void tie(struct skep_mach *m, const struct skep_vreg *old, const struct skep_vreg *now,
		bool unfinished)
{
	if (old->type != SKEP_VT_NUM || now->type != SKEP_VT_NUM || !now->node)
		return;
	if (m->node_precise[old->node])
		skep_node_precise(m, now->node);
	else if (unfinished)
		skep_node_edge(m, old->node, now->node);
}

void skep_vstate_inherit(struct skep_mach *m, struct skep_vstate *old, struct skep_vstate *now)
{
	bool unfinished = old->branches > 0;

	for (u32 f = 0; f < old->nframe; f++) {
		const struct skep_vframe *a = old->frame[f], *b = now->frame[f];

		for (u32 k = 0; k < 10; k++)
			tie(m, &a->reg[k], &b->reg[k], unfinished);
		for (u32 k = 0; k < b->nslot; k++) {
			if (!unfinished && (k >= a->nslot || !(a->live >> k & 1)))
				continue;
			if (k < a->nslot && a->slot[k].byte[0] == SKEP_VB_SPILL && b->slot[k].byte[0] == SKEP_VB_SPILL)
				tie(m, a->slot[k].reg, b->slot[k].reg, unfinished);
		}
	}
}

void skep_vstate_renew(struct skep_mach *m, struct skep_vstate *st)
{
	FOR_EACH_VREG(st, r, {
		if (r->type == SKEP_VT_NUM)
			r->node = skep_node_new(m, r->node, 0);
	});
}

void skep_vstate_fall_back(struct skep_mach *m, const struct skep_vstate *st)
{
	if (!m->fell_back)
		return;
	for (struct skep_vstate *p = st->parent; p && !p->all_precise; p = p->parent) {
		p->all_precise = true;
		FOR_EACH_VREG(p, r, {
			if (r->type == SKEP_VT_NUM)
				skep_node_precise(m, r->node);
		});
	}
	m->fell_back = false;
}

static void widen_reg(struct skep_mach *m, const struct skep_vreg *old, struct skep_vreg *now)
{
	if (old->type != SKEP_VT_NUM || now->type != SKEP_VT_NUM)
		return;
	if (m->node_precise[old->node] || m->node_precise[now->node] ||
	    skep_range_eq(&old->r, &now->r))
		return;
	skep_vreg_unknown(now, now->def);
}

void skep_vstate_widen(struct skep_mach *m, const struct skep_vstate *old, struct skep_vstate *now)
{
	for (u32 f = 0; f < old->nframe && f < now->nframe; f++) {
		const struct skep_vframe *a = old->frame[f];
		struct skep_vframe *b = now->frame[f];

		for (u32 k = 0; k < 10; k++)
			widen_reg(m, &a->reg[k], &b->reg[k]);
		for (u32 k = 0; k < a->nslot && k < b->nslot; k++)
			if (a->slot[k].byte[0] == SKEP_VB_SPILL &&
			    b->slot[k].byte[0] == SKEP_VB_SPILL)
				widen_reg(m, a->slot[k].reg, b->slot[k].reg);
	}
}
