/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was seen of a function: graph, facts, liveness. Most runs of a pass find nothing, so it
 * serves the next pass too; and a pass that found nothing finds nothing in the same function.
 *
 * Right because all of it is computed from the function, from the object around it that no
 * pass over a function changes, and from how other functions begin, of which only one is worked
 * on at a time: while it is the same function and its count of changes, both are what they were.
 * Every edit raises that count, and going back to an older version does; what writes into what
 * was seen (webs.c, unspill.c) says so. Where the model is checked, so is this.
 */
#include "opt/opt_impl.h"

static bool same_facts(const struct skep_facts *a, const struct skep_facts *b)
{
	for (u32 k = 0; k < a->cfg->ninsn; k++) {
		if (a->cfg->insn[k] != b->cfg->insn[k] || a->reached[k] != b->reached[k] ||
		    a->decided[k] != b->decided[k])
			return false;
		for (u32 r = 0; r < SKEP_ARRAY_SIZE(a->in[k]); r++) {
			const struct skep_val *x = &a->in[k][r], *y = &b->in[k][r];

			if (!skep_val_eq(x, y) || x->kind != y->kind || x->bits != y->bits)
				return false;
		}
	}
	return true;
}

static bool same_live(const struct skep_live *a, const struct skep_live *b, u32 n)
{
	for (u32 k = 0; k < n; k++)
		if (a->out[k] != b->out[k] || a->in[k] != b->in[k] || a->upper[k] != b->upper[k] ||
		    a->dead_store[k] != b->dead_store[k] ||
		    memcmp(a->stack_out[k], b->stack_out[k], sizeof(a->stack_out[k])) != 0)
			return false;
	return a->entry == b->entry;
}

/* Is it what would be seen now? */
static bool still_true(struct skep_opt *o, struct skep_func *f)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	const struct skep_cfg *cfg = skep_cfg_compute(f, o->scratch);
	const struct skep_facts *fa = skep_facts_compute(o->obj, cfg, o->scratch);
	bool same = cfg->ninsn == o->cfg->ninsn && same_facts(fa, o->fa);

	if (same && o->seen_live)
		same = same_live(skep_live_compute(o->obj, fa, o->scratch), o->seen_live,
				 cfg->ninsn);
	skep_arena_release(o->scratch, m);
	return same;
}

void skep_opt_look(struct skep_opt *o, struct skep_func *f, bool live)
{
	if (o->seen_func != f || o->seen_at != f->changes) {
		o->cfg = skep_cfg_compute(f, o->seen);
		o->fa = skep_facts_compute(o->obj, o->cfg, o->seen);
		o->seen_live = NULL;
		o->seen_func = f;
		o->seen_at = f->changes;
	} else if (o->opts->check && !still_true(o, f)) {
		o->seen_stale = true;
	}
	/* Others number instructions in their own ways. */
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		o->cfg->insn[k]->num = k;
	if (live && !o->seen_live)
		o->seen_live = skep_live_compute(o->obj, o->fa, o->seen);
	o->lv = live ? o->seen_live : NULL;
	o->touched = SKEP_NEW_N(o->scratch, u8, o->cfg->ninsn);
}

void skep_opt_forget_seen(struct skep_opt *o, struct skep_func *f)
{
	if (o->seen_func == f && o->seen_at == f->changes)
		return;
	skep_arena_release(o->seen, (struct skep_arena_mark){0});
	o->seen_func = NULL;
}
