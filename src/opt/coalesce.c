/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves between registers that one register for both makes needless, over the
 * whole graph. By webs: a run renames many and keeps graph, facts and liveness
 * of what is live true as it goes.
 *
 * Right because: renaming a web to a register that is free wherever the web is
 * live changes no value, only where it stands; wherever the two webs of the
 * move are both live they hold the same value (flow says so by name), and
 * neither is written while the other is live, so one register serves both.
 * A move of the low half counts only when the upper half is zero anyway.
 * Registers that convention fixes (arguments, results, r0 of compare and
 * exchange, the frame pointer) stay where they are. Instructions with a CO-RE
 * record keep operation, constant and shape. The kernel tracks registers by
 * path, so it sees the same values under another name.
 */
#include "opt/opt_impl.h"

enum { MAX_SPAN = 1024 };

/* Does the move give its destination all 64 bits of its source? */
static bool whole_move(const struct skep_opt *o, const struct skep_insn *i)
{
	const struct skep_val *s = &o->fa->in[i->num][i->in.src];

	if (i->in.op != SKEP_MOV || i->in.form != SKEP_REG || skep_insn_frozen(i) || i->in.src == 10 || !i->next)
		return false;
	return i->in.size == 8 || (s->kind == SKEP_K_SCALAR && s->bits <= 32);
}

/* The register that both webs can have, or -1. */
static int common_reg(const struct skep_webs *w, const struct skep_insn *mv, u32 a, u32 b)
{
	u8 x = mv->in.src, y = mv->in.dst;
	bool pa = skep_web_pinned(w, a), pb = skep_web_pinned(w, b);

	if ((pa && pb) || !skep_webs_agree(w, a, x, b, y, mv))
		return -1;
	if (!pa && skep_web_fits(w, a, x, y, b))
		return y;
	if (!pb && skep_web_fits(w, b, y, x, a))
		return x;
	for (u8 z = 0; z < 10 && !pa && !pb; z++)
		if (z != x && z != y && skep_web_fits(w, a, x, z, b) && skep_web_fits(w, b, y, z, a))
			return z;
	return -1;
}

static struct skep_insn *alive(const struct skep_opt *o, u32 from, u32 to)
{
	for (u32 n = from;; n = from < to ? n + 1 : n - 1)
		if (o->cfg->insn[n]->func || n == to)
			return o->cfg->insn[n];
}

static bool visit(struct skep_opt *o, struct skep_webs *w, struct skep_insn *mv)
{
	u32 a, b, lo = mv->num, hi = mv->num;
	struct skep_insn *first, *last;
	int z;

	if (mv->in.src == mv->in.dst) {
		if (!skep_opt_begin(o, "move to itself", mv, mv))
			return false;
		/* Without the move, what it gave is what it took. */
		skep_web_join(w, skep_web_before(w, mv, mv->in.src), skep_web_after(w, mv, mv->in.dst));
		skep_edit_remove(o->obj, mv);
		skep_opt_end(o);
		return true;
	}
	a = skep_web_before(w, mv, mv->in.src);
	b = skep_web_after(w, mv, mv->in.dst);
	if (a == b)
		return false;
	skep_web_span(w, a, &lo, &hi);
	skep_web_span(w, b, &lo, &hi);
	if (hi - lo > MAX_SPAN)
		return false;
	z = common_reg(w, mv, a, b);
	if (z < 0)
		return false;
	first = alive(o, lo, mv->num);
	last = alive(o, hi, mv->num);
	if (!skep_opt_begin(o, "one register for both sides of a move", first, last))
		return false;
	if (z != mv->in.src) {
		u8 x = mv->in.src;

		skep_web_rename(w, a, x, (u8)z);
		/* The move itself is a mention of both. */
		mv->in.src = (u8)z;
	}
	if (z != mv->in.dst) {
		u8 y = mv->in.dst;

		skep_web_rename(w, b, y, (u8)z);
		mv->in.dst = (u8)z;
	}
	skep_web_join(w, a, b);
	skep_edit_remove(o->obj, mv);
	skep_opt_end(o);
	return true;
}

bool skep_pass_coalesce(struct skep_opt *o, struct skep_func *f)
{
	struct skep_webs *w = NULL;
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (!o->fa->reached[k] || !i->func || !whole_move(o, i))
			continue;
		if (!w)
			w = skep_webs_compute(o);
		changed |= visit(o, w, i);
	}
	return changed;
}
