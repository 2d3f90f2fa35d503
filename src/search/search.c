/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One window: rows by length until one is found, then, for long windows and with
 * the highest effort, the random walk. All limits are counts, so that the answer
 * does not depend on the machine, but for proofs that run out of time.
 */
#include "search/search_impl.h"

#include <stdlib.h>

static const struct {
	u64 nodes;
	u32 proofs, steps, seen;
} effort[SKEP_EFFORTS] = {
	{6000, 8, 0, 1 << 12},
	{150000, 24, 0, 1 << 15},
	{3000000, 48, 300000, 1 << 18},
};

enum { LONG = 5 }; /* instructions from which on the random walk is tried */

/* Can another row of the same length be cheaper? */
static bool dear(const struct skep_window *w)
{
	if (w->mode == SKEP_OPT_SPEED)
		return true;
	for (u32 k = 0; k < w->n; k++)
		switch (w->in[k].op) {
		case SKEP_LDDW:
		case SKEP_LDX:
		case SKEP_MUL:
		case SKEP_DIV:
		case SKEP_MOD: return true;
		default: break;
		}
	return false;
}

static void run(struct search *s, u32 e)
{
	const struct skep_window *w = s->w;
	u32 n = w->n - (w->sink != SKEP_SINK_NONE) - (w->side != 0), max = dear(w) ? n
									   : n	   ? n - 1
										   : 0;

	skep_search_prepare(s);
	if (s->lost)
		return;
	/* A sink alone may be another one. */
	for (u32 len = 0; len <= max && !skep_search_stopped(s); len++) {
		skep_search_enumerate(s, len);
		if (s->found && w->mode != SKEP_OPT_SPEED)
			return;
	}
	if (s->found || w->n < LONG || w->side || w->mem || !effort[e].steps || n < 2)
		return;
	s->over = false;
	s->budget = UINT64_MAX;
	s->max_proofs += effort[e].proofs;
	skep_search_stochastic(s, n - 1, effort[e].steps);
}

enum skep_search_result skep_search_window(const struct skep_window *w,
					   const struct skep_search_opts *opts,
					   struct skep_found *out, struct skep_search_stats *stats)
{
	struct skep_search_stats none = {0};
	u32 e = SKEP_MIN(opts->effort, (u32)SKEP_EFFORTS - 1);
	struct search *s = calloc(1, sizeof(*s));
	enum skep_search_result r;

	if (!s)
		return SKEP_SEARCH_STOPPED;
	s->w = w;
	s->opts = opts;
	s->stats = stats ? stats : &none;
	s->budget = effort[e].nodes;
	s->max_proofs = effort[e].proofs;
	s->nseen = effort[e].seen;
	s->seen = calloc(s->nseen, sizeof(*s->seen));
	skep_rng_init(&s->rng, opts->seed ^ w->n);
	if (s->seen)
		run(s, e);
	s->stats->nodes += s->nodes;
	*out = s->best;
	r = s->found						 ? SKEP_SEARCH_FOUND
	    : !s->seen || (opts->stop && opts->stop(opts->user)) ? SKEP_SEARCH_STOPPED
								 : SKEP_SEARCH_NOTHING;
	free(s->seen);
	free(s);
	return r;
}
