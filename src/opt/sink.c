/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores to the stack that only one way of a branch needs are moved there: the
 * other way overwrites the bytes or never reads them. By liveness, over the end
 * of one block.
 *
 * Right because: the bytes are not live where the other way begins (liveness says
 * so; what a call may read counts as read), so what they hold there is not seen.
 * The block that gets the store is reached by this branch alone, so the store runs
 * as often as that way is taken, and never more often than before. Between the old
 * place and the end of the block nothing accesses the bytes (a call that may reach
 * the frame does), and nothing writes the stored register; r10 never changes. So
 * the same value goes to the same bytes, before anybody looks. A store with a
 * CO-RE record stays. Where a subprogram may end the program by a legacy packet
 * load, stores stay (see dce). The kernel sees the same bytes initialised wherever
 * they are read.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 64 };

static bool any_live(const u64 *bits, const struct skep_place *at)
{
	for (s64 k = at->off; k < at->off + (s64)at->size; k++)
		if (skep_bit_get(bits, (size_t)(k + SKEP_STACK)))
			return true;
	return false;
}

static bool frame_store(const struct skep_opt *o, const struct skep_insn *i, struct skep_place *at)
{
	return (i->in.op == SKEP_ST || i->in.op == SKEP_STX) && i->in.dst == 10 &&
	       !skep_insn_frozen(i) && skep_place_get(o->fa, i, at) && at->kind == SKEP_K_STACK &&
	       at->vn == SKEP_VN_FP && at->off >= -SKEP_STACK && at->off + (s64)at->size <= 0;
}

/* The way that needs the bytes, when the other does not and nobody else comes there; or -1. */
static int one_way(const struct skep_opt *o, const struct skep_block *b,
		   const struct skep_place *at)
{
	for (u32 e = 0; e < 2; e++) {
		u32 to = b->succ[e], other = b->succ[!e];

		if (any_live(o->lv->stack_in[to], at) && !any_live(o->lv->stack_in[other], at))
			return o->cfg->block[to].npred == 1 ? (int)e : -1;
	}
	return -1;
}

static bool keeps_value(const struct skep_opt *o, const struct skep_insn *st,
			const struct skep_insn *last)
{
	for (u32 n = st->num + 1; n <= last->num && st->in.op == SKEP_STX; n++)
		if (o->cfg->insn[n]->func &&
		    skep_isa_writes(&o->cfg->insn[n]->in) >> st->in.src & 1)
			return false;
	return true;
}

/* `front`: by way, the store that was moved there last (the one that stood behind this one), or
 * NULL. */
static bool visit(struct skep_opt *o, const struct skep_block *b, struct skep_insn *st,
		  struct skep_insn **front)
{
	struct skep_insn *to, *copy;
	struct skep_place at;
	int e;

	if (!frame_store(o, st, &at) || !keeps_value(o, st, b->last) ||
	    skep_opt_meets(o, st, b->last, &at, OPT_READS | OPT_WRITES))
		return false;
	e = one_way(o, b, &at);
	if (e < 0)
		return false;
	to = o->cfg->block[b->succ[e]].first;
	if (!to->func || to->num < st->num ||
	    !skep_opt_begin(o, "only one way of the branch needs the store", st, to))
		return false;
	copy = skep_insn_copy(o->obj, st);
	/* What stood behind it stays behind it. */
	skep_edit_insert_before(front[e] ? front[e] : to, copy, true);
	front[e] = copy;
	skep_edit_remove(o->obj, st);
	skep_opt_end(o);
	return true;
}

bool skep_pass_sink(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (o->legacy_subprog || skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	/* Last block first: what is moved into a block is not looked at again in this run. */
	for (u32 k = o->cfg->norder; k-- > 0;) {
		const struct skep_block *b = &o->cfg->block[o->cfg->order[k]];
		struct skep_insn *front[2] = {NULL, NULL};
		u32 low = b->last->num - SKEP_MIN(b->last->num - b->first->num, (u32)WINDOW);

		if (b->nsucc != 2 || b->succ[0] == b->succ[1] || !skep_is_cond(b->last->in.op))
			continue;
		for (u32 n = b->last->num; n-- > low;)
			if (o->cfg->insn[n]->func)
				changed |= visit(o, b, o->cfg->insn[n], front);
	}
	return changed;
}
