/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies by parts: two loads of adjacent memory, each stored once to adjacent
 * memory in the same order, become one load and one store of double width.
 * By liveness, within one block.
 *
 * Right because: each loaded value is used by its store alone; between the two
 * loads nothing writes the source of the one that travels, between the two
 * stores nothing reads or writes where it is stored; all bytes were accessed by
 * the program anyway.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 48 };

struct copy {
	struct skep_insn *ld, *st;
	struct skep_place from, to;
};

/* The load whose only use is the store `st`. */
static bool find_copy(const struct skep_opt *o, struct skep_insn *st, struct copy *c)
{
	const struct skep_insn *blk = skep_opt_block_first(o, st);
	u16 reg = (u16)(1u << st->in.src);

	if (!st->func || st->in.op != SKEP_STX || st->in.size > 4 || skep_insn_frozen(st) || st->in.dst == st->in.src ||
	    !o->fa->reached[st->num] || o->lv->out[st->num] & reg)
		return false;
	for (u32 n = st->num; n-- > blk->num;) {
		struct skep_insn *i = o->cfg->insn[n];

		if (!i->func || !skep_opt_touches(o, i, reg))
			continue;
		if (i->in.op != SKEP_LDX || i->in.dst != st->in.src || i->in.size != st->in.size || skep_insn_frozen(i))
			return false;
		c->ld = i;
		c->st = st;
		return skep_place_get(o->fa, i, &c->from) && skep_place_get(o->fa, st, &c->to);
	}
	return false;
}

static bool adjacent(const struct skep_place *a, const struct skep_place *b)
{
	return a->kind == b->kind && a->vn == b->vn && a->off + (s64)a->size == b->off;
}

/* meets() between two instructions whatever their order. */
static bool between(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b,
		    const struct skep_place *at, int what)
{
	return a->num < b->num ? skep_opt_meets(o, a, b, at, what) : skep_opt_meets(o, b, a, at, what);
}

/* Join the copies at the place of `keep`; `other` travels. `lo` is the one with the lower addresses. */
static bool join_at(struct skep_opt *o, const struct copy *lo, const struct copy *keep, const struct copy *other)
{
	struct skep_insn *first, *last;
	struct skep_ins ld = keep->ld->in, st = keep->st->in;
	struct skep_place from = lo->from, to = lo->to;
	s32 down = keep == lo ? 0 : (s32)lo->from.size;

	first = keep->ld->num < other->ld->num ? keep->ld : other->ld;
	last = keep->st->num > other->st->num ? keep->st : other->st;
	from.size *= 2;
	to.size *= 2;
	if (!skep_opt_widenable(&from, from.size, false) || !skep_opt_widenable(&to, to.size, true))
		return false;
	ld.off -= down;
	st.off -= down;
	ld.size = st.size = (u8)from.size;
	if (!skep_fits_off(ld.off) || !skep_fits_off(st.off) || !skep_opt_clean(o, first, last) ||
	    between(o, keep->ld, other->ld, &other->from, OPT_WRITES) ||
	    between(o, keep->st, other->st, &other->to, OPT_READS | OPT_WRITES))
		return false;
	if (!skep_opt_begin(o, "copy in one piece", first, last))
		return false;
	skep_edit_set(keep->ld, &ld);
	skep_edit_set(keep->st, &st);
	skep_edit_remove(o->obj, other->ld);
	skep_edit_remove(o->obj, other->st);
	skep_opt_touch(o, first, last);
	skep_opt_end(o);
	return true;
}

static bool join(struct skep_opt *o, const struct copy *lo, const struct copy *hi)
{
	return join_at(o, lo, lo, hi) || join_at(o, lo, hi, lo);
}

static bool visit(struct skep_opt *o, struct skep_insn *st)
{
	u32 end = skep_opt_block_last(o, st)->num;
	struct copy a, b;

	if (!find_copy(o, st, &a))
		return false;
	for (u32 n = st->num + 1; n <= end && n <= st->num + WINDOW; n++) {
		struct skep_insn *j = o->cfg->insn[n];

		if (!j->func || j->in.op != SKEP_STX || j->in.size != st->in.size || !find_copy(o, j, &b))
			continue;
		if (adjacent(&a.from, &b.from) && adjacent(&a.to, &b.to)) {
			if (join(o, &a, &b))
				return true;
		} else if (adjacent(&b.from, &a.from) && adjacent(&b.to, &a.to)) {
			if (join(o, &b, &a))
				return true;
		}
	}
	return false;
}

bool skep_pass_pairs(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->cfg->insn[k]->in.op == SKEP_STX)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
