/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All windows of a function: from each instruction back along the data dependence,
 * then rows as they stand. What makes a window is build.c's matter.
 */
#include "search/search_impl.h"

enum { LOOK_BACK = 64, ROW_MAX = 5 };

static bool root(const struct skep_insn *i)
{
	return skep_window_plain(i) ||
	       (skep_window_sink(i) != SKEP_SINK_NONE && skep_insn_const(i));
}

/* --- all windows of a function ------------------------------------------------------------- */

void skep_windows_init(struct skep_windows *it, const struct skep_opt_view *view)
{
	*it = (struct skep_windows){.view = view};
}

static bool known(const struct skep_windows *it, u32 num)
{
	for (u32 k = 0; k < it->n; k++)
		if (it->insn[k]->num == num)
			return true;
	for (u32 k = 0; k < it->nrejected; k++)
		if (it->rejected[k] == num)
			return true;
	return false;
}

/* The instruction that gives `reg` its value before `i`, whichever way control came, or NULL. */
static struct skep_insn *producer(const struct skep_windows *it, const struct skep_insn *i, u8 reg)
{
	const struct skep_cfg *g = it->view->cfg;
	u32 n = i->num;

	for (u32 k = 0; k < LOOK_BACK && (n = skep_cfg_before(g, n)) != SKEP_CFG_NONE; k++)
		if (skep_isa_writes(&g->insn[n]->in) >> reg & 1)
			return skep_window_plain(g->insn[n]) ||
					       (it->loads && is_load(&g->insn[n]->in))
				       ? g->insn[n]
				       : NULL;
	return NULL;
}

/* The nearest producer of what the window reads that was not tried yet. */
static struct skep_insn *nearest(const struct skep_windows *it)
{
	struct skep_insn *best = NULL;
	u16 made = 0;

	for (u32 k = 0; k < it->n; k++) {
		u16 in = (u16)(skep_window_operands(it->insn[k]) & ~made);

		for (u8 r = 0; r < 10; r++) {
			struct skep_insn *p = in >> r & 1 ? producer(it, it->insn[k], r) : NULL;

			if (p && !known(it, p->num) && (!best || p->num > best->num))
				best = p;
		}
		made |= skep_isa_writes(&it->insn[k]->in);
	}
	return best;
}

static void insert(struct skep_windows *it, struct skep_insn *i)
{
	u32 k = it->n++;

	for (; k > 0 && it->insn[k - 1]->num > i->num; k--)
		it->insn[k] = it->insn[k - 1];
	it->insn[k] = i;
}

static void take_out(struct skep_windows *it, const struct skep_insn *i)
{
	u32 n = 0;

	for (u32 k = 0; k < it->n; k++)
		if (it->insn[k] != i)
			it->insn[n++] = it->insn[k];
	it->n = n;
}

/* The window with a branch inside, between two of its instructions. */
static bool with_side(const struct skep_windows *it, struct skep_site *out)
{
	const struct skep_cfg *g = it->view->cfg;
	struct skep_insn *row[SKEP_WIN_MAX];
	u32 num[WAY_MAX], len = skep_window_way(g, it->insn[0]->num, it->insn[it->n - 1]->num, num);

	if (!it->sides || it->n == SKEP_WIN_MAX)
		return false;
	for (u32 i = len; i-- > 1;) {
		struct skep_insn *x = g->insn[num[i]];
		u32 k = 0;

		if (i + 1 >= len || !skep_is_cond(x->in.op) || !skep_insn_const(x) ||
		    g->block_of[num[i]] == g->block_of[num[i + 1]])
			continue;
		for (; k < it->n && it->insn[k]->num < x->num; k++)
			row[k] = it->insn[k];
		row[k] = x;
		memcpy(row + k + 1, it->insn + k, (it->n - k) * sizeof(*row));
		if (skep_window_build(it->view, row, it->n + 1, out))
			return true;
	}
	return false;
}

/* Add producers until a window comes out. */
static bool grow(struct skep_windows *it, struct skep_site *out)
{
	struct skep_insn *p;

	while (it->n < SKEP_WIN_MAX && it->nrejected < SKEP_WIN_MAX && (p = nearest(it))) {
		insert(it, p);
		if (skep_window_build(it->view, it->insn, it->n, out) || with_side(it, out))
			return true;
		/* It may be in the way, or lack one of its own producers: then those come with
		 * another root. */
		take_out(it, p);
		it->rejected[it->nrejected++] = p->num;
	}
	return false;
}

/* Add the next instruction as they stand. */
static bool extend(struct skep_windows *it, struct skep_site *out)
{
	const struct skep_cfg *g = it->view->cfg;

	while (it->n && it->n < ROW_MAX) {
		u32 num = it->insn[it->n - 1]->num + 1;

		if (num >= g->ninsn || g->block_of[num] != g->block_of[it->insn[0]->num] ||
		    !skep_window_plain(g->insn[num]))
			return false;
		it->insn[it->n++] = g->insn[num];
		if (skep_window_build(it->view, it->insn, it->n, out))
			return true;
	}
	return false;
}

bool skep_windows_next(struct skep_windows *it, struct skep_site *out)
{
	const struct skep_opt_view *v = it->view;

	for (;;) {
		if (it->n && (it->rows ? extend(it, out) : grow(it, out)))
			return true;
		it->n = it->nrejected = 0;
		if (it->num == v->cfg->ninsn) {
			if (it->rows)
				return false;
			it->rows = true;
			it->num = 0;
			continue;
		}
		it->insn[0] = v->cfg->insn[it->num++];
		if (v->touched[it->insn[0]->num] || !v->fa->reached[it->insn[0]->num] ||
		    !(it->rows ? skep_window_plain(it->insn[0]) : root(it->insn[0])))
			continue;
		it->n = 1;
		if (!it->rows && skep_window_build(v, it->insn, 1, out))
			return true;
	}
}
