/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows of many objects, counted. For learning the entry facts are made coarse
 * (a few widths in bits), constants that only this program has in a
 * register are forgotten, and there is no spare register: rules have none. So
 * windows that one rule covers meet under one key.
 */
#include "search/search_impl.h"

#include <stdlib.h>

enum { MAX_RULE = SKEP_RW_INSNS }; /* instructions of a window that is worth a rule */

struct skep_harvest {
	struct skep_arena *arena;
	struct skep_hmap by_key;
	SKEP_VEC(row_vec, struct skep_harvest_row *) row;
	u32 seen;
};

struct skep_harvest *skep_harvest_new(struct skep_arena *arena)
{
	struct skep_harvest *h = SKEP_NEW(arena, struct skep_harvest);

	h->arena = arena;
	skep_hmap_init(&h->by_key, arena);
	return h;
}

static u8 coarse(u8 bits)
{
	static const u8 step[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(step); k++)
		if (bits <= step[k])
			return step[k];
	return 64;
}

static u16 mentioned(const struct skep_window *w)
{
	u16 m = 0;

	for (u32 k = 0; k < w->n; k++) {
		if (w->in[k].op != SKEP_STX)
			m |= (u16)(1u << w->in[k].dst);
		if (w->in[k].form == SKEP_REG)
			m |= (u16)(1u << w->in[k].src);
	}
	return m;
}

void skep_window_generalize(struct skep_window *w)
{
	for (u32 r = 0; r < w->nin; r++) {
		u8 bits = w->fixed[r] ? (u8)(w->value[r] ? 64 - __builtin_clzll(w->value[r]) : 0)
				      : w->bits[r];

		w->bits[r] = coarse(bits);
		w->fixed[r] = false;
		w->value[r] = 0;
	}
	while (w->nreg && !(mentioned(w) >> (w->nreg - 1) & 1))
		w->nreg--;
	w->out &= (u16)((1u << w->nreg) - 1);
	w->half &= w->out;
	w->keep &= (u16)((1u << w->nreg) - 1);
}

static void count(struct skep_harvest *h, const struct skep_window *w)
{
	u8 key[SKEP_WIN_KEY];
	u32 len = skep_window_key(w, key);
	struct skep_harvest_row *r = skep_hmap_find(&h->by_key, key, len);

	if (!r) {
		r = SKEP_NEW(h->arena, struct skep_harvest_row);
		r->w = *w;
		r->order = h->row.n;
		*SKEP_VEC_PUSH(h->arena, &h->row) = r;
		skep_hmap_put(&h->by_key, skep_arena_memdup(h->arena, key, len), len, r);
	}
	r->hits++;
	h->seen++;
}

/* A matcher goes from the last instruction back to what wrote its operands. */
static bool connected(const struct skep_window *w)
{
	u16 known = 0;

	for (u32 k = w->n; k-- > 0;) {
		const struct skep_ins *in = &w->in[k];

		if (k + 1u < w->n && !(known >> in->dst & 1))
			return false;
		if (in->op != SKEP_STX)
			known |= (u16)(1u << in->dst);
		if (in->form == SKEP_REG)
			known |= (u16)(1u << in->src);
	}
	return true;
}

void skep_harvest_add(struct skep_harvest *h, const struct skep_obj *obj, struct skep_func *f,
		      u32 level, enum skep_opt_mode mode, struct skep_arena *scratch)
{
	struct skep_cfg *cfg;
	struct skep_facts *fa;
	struct skep_opt_view v;
	struct skep_windows it;
	struct skep_site site;

	if (!f->first)
		return;
	cfg = skep_cfg_compute(f, scratch);
	fa = skep_facts_compute(obj, cfg, scratch);
	v = (struct skep_opt_view){.obj = obj,
				   .cfg = cfg,
				   .fa = fa,
				   .lv = skep_live_compute(obj, fa, scratch),
				   .touched = SKEP_NEW_N(scratch, u8, cfg->ninsn),
				   .level = level,
				   .mode = mode};
	skep_windows_init(&it, &v);
	while (skep_windows_next(&it, &site)) {
		if (site.w.n > MAX_RULE || site.w.n < 2)
			continue;
		skep_window_generalize(&site.w);
		if (connected(&site.w))
			count(h, &site.w);
	}
}

static int commonest(const void *a, const void *b)
{
	const struct skep_harvest_row *x = *(const struct skep_harvest_row *const *)a,
				      *y = *(const struct skep_harvest_row *const *)b;

	if (x->hits != y->hits)
		return x->hits > y->hits ? -1 : 1;
	/* What is a part of another one comes first. */
	if (x->w.n != y->w.n)
		return x->w.n < y->w.n ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

struct skep_harvest_row **skep_harvest_sort(struct skep_harvest *h, u32 *n)
{
	if (h->row.n)
		qsort(h->row.v, h->row.n, sizeof(h->row.v[0]), commonest);
	*n = h->row.n;
	return h->row.v;
}
