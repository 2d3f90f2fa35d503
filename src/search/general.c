/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a window and its row to a rule. Immediates of the left side become
 * parameters; for each of the right side expressions over them are looked for that
 * give its number (family.def). Which of these hold under which condition is asked
 * of random parameters first: the weakest condition under which no sample fails is
 * proved, then the next weakest. Facts about the width of registers are conditions
 * like others. A condition that fixes a parameter is among them, so in the end the
 * numbers themselves make a rule.
 */
#include "search/general.h"

#include <stdlib.h>

static bool proved(const struct general *g, const struct skep_rule *r)
{
	struct skep_prove_rule_opts o = {.sz = sizeof(o), .timeout_ms = g->opts->timeout_ms};
	struct skep_prove_rule_result out;
	volatile bool yes = false;
	struct skep_arena arena;
	int oom = 0;

	skep_arena_init(&arena);
	SKEP_GUARD(&arena, oom, {
		skep_prove_rule(r, &o, &arena, &out);
		yes = out.verdict == SKEP_PROVE_EQUAL;
	});
	skep_arena_fini(&arena);
	return !oom && yes;
}

static bool swaps(const struct skep_found *f)
{
	for (u32 k = 0; k < f->n; k++)
		if (f->in[k].op == SKEP_TOBE || f->in[k].op == SKEP_TOLE)
			return true;
	return false;
}

/* Parameters that a condition of the form "K == number" fixes. */
static void pin(struct general *g, const char *const *cond, u32 n)
{
	g->pinned = 0;
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < g->nparam; k++)
			if (strcmp(cond[i], skep_learn_fill_in(g, "a == c", k, k, 0, g->val[k])) ==
			    0)
				g->pinned |= (u16)(1u << k);
}

static const struct skep_rule *prove_sets(struct general *g, const u8 *combo,
					  const struct sets *all)
{
	for (u32 k = 0; k < all->n && k < MAX_PROOFS; k++) {
		const char *cond[SET];
		const struct skep_rule *r;

		for (u32 i = 0; i < all->set[k].n; i++)
			cond[i] = g->cond[all->set[k].cond[i]];
		pin(g, cond, all->set[k].n);
		r = skep_learn_make(g, combo, cond, all->set[k].n, swaps(g->f));
		g->pinned = 0;
		if (r && proved(g, r))
			return r;
	}
	return NULL;
}

/* --- combinations of expressions
 * ------------------------------------------------------------------------------ */

struct combo {
	u8 pick[SKEP_WIN_MAX];
	u32 holds;
};

static bool next_combo(const struct general *g, u8 *pick)
{
	for (u32 k = 0; k < g->f->n; k++) {
		if (++pick[k] < g->nchoice[k])
			return true;
		pick[k] = 0;
	}
	return false;
}

/* The combinations that hold for most parameters, without any condition. */
static u32 best_combos(struct general *g, struct combo *best)
{
	u8 pick[SKEP_WIN_MAX] = {0};
	struct skep_rng same = g->rng;
	u32 n = 0, tried = 0;

	do {
		struct skep_arena_mark m = skep_arena_mark(g->arena);
		const struct skep_rule *r = skep_learn_make(g, pick, NULL, 0, false);
		struct combo c = {.holds = 0};
		u32 k;

		/* The same samples for all, so that of equals the simplest stays first. */
		g->rng = same;
		memcpy(c.pick, pick, sizeof(pick));
		for (u32 i = 0; i < SAMPLES / 8 && r; i++) {
			struct skep_rule_env env;

			skep_learn_sample(g, &env);
			c.holds += skep_learn_try(g, r, &env) == HOLDS;
		}
		skep_arena_release(g->arena, m);
		if (!r)
			continue;
		k = n < TRIED_COMBOS ? n++ : TRIED_COMBOS;
		if (k == TRIED_COMBOS && best[--k].holds >= c.holds)
			continue;
		for (; k > 0 && best[k - 1].holds < c.holds; k--)
			best[k] = best[k - 1];
		best[k] = c;
	} while (++tried < MAX_COMBOS && next_combo(g, pick));
	return n;
}

static const struct skep_rule *literal(struct general *g, const u8 *combo)
{
	const char *cond[SKEP_RW_PARAMS + SKEP_WIN_IN];
	const struct skep_rule *r;
	u32 n = 0;

	for (u32 k = 0; k < g->nparam; k++)
		cond[n++] = skep_learn_fill_in(g, "a == c", k, k, 0, g->val[k]);
	for (u32 i = 0; i < g->w->nin; i++)
		if (g->bits[i] < 64)
			cond[n++] = skep_learn_fill_in(g, "bits(R) <= c", 0, 0, i, g->bits[i]);
	pin(g, cond, n);
	r = skep_learn_make(g, combo, cond, n, swaps(g->f));
	return r && proved(g, r) ? r : NULL;
}

static const struct skep_rule *generalize(struct general *g)
{
	struct combo best[TRIED_COMBOS];
	const struct skep_rule *conds, *r = NULL;
	struct table *t;
	struct sets all;
	u32 n;

	if (!skep_learn_values(g) || !skep_learn_conds(g))
		return NULL;
	conds = skep_learn_parse(g, g->cond, g->ncond);
	if (!conds && g->ncond)
		return NULL;
	n = best_combos(g, best);
	t = malloc(sizeof(*t));
	for (u32 k = 0; k < n && !r && t; k++) {
		const struct skep_rule *plain = skep_learn_make(g, best[k].pick, NULL, 0, false);

		if (!plain)
			continue;
		skep_learn_table(g, plain, conds, t);
		skep_learn_sets(t, g->ncond, &all);
		r = prove_sets(g, best[k].pick, &all);
	}
	free(t);
	return r || !n ? r : literal(g, best[0].pick);
}

/* --- what the row needs
 * ----------------------------------------------------------------------------------------- */

static bool holds(const struct skep_window *w, const struct skep_found *f)
{
	return skep_found_prove(w, f, 1000, NULL) == SKEP_FOUND_YES;
}

/* The widest inputs with which it still holds. */
static void relax(struct general *g)
{
	static const u8 step[] = {64, 63, 48, 33, 32, 31, 16};
	struct skep_window w = *g->w;

	w.half = g->low;
	for (u32 i = 0; i < w.nin; i++) {
		u8 own = w.bits[i];

		for (u32 k = 0; k < SKEP_ARRAY_SIZE(step) && step[k] > own; k++) {
			w.bits[i] = step[k];
			if (holds(&w, g->f))
				break;
			w.bits[i] = own;
		}
		g->bits[i] = w.bits[i];
	}
}

static void look_at_registers(struct general *g)
{
	u16 written = 0, number = 0, made = 0;

	for (u32 k = 0; k < g->w->n; k++) {
		const struct skep_ins *in = &g->w->in[k];
		u16 reads = in->op == SKEP_STX ? (u16)(1u << in->src) : skep_isa_reads(in);

		g->inputs |= (u16)(reads & ~made);
		if (skep_for_numbers(in))
			number |= (u16)(reads & ~made);
		made |= skep_isa_writes(in);
	}
	written = made;
	for (u32 k = 0; k < g->f->n; k++)
		written |= skep_isa_writes(&g->f->in[k]);
	g->scalar = (u16)(g->inputs & ~number);
	for (u32 r = 0; r < g->w->nreg; r++) {
		struct skep_window w = *g->w;

		w.half &= (u16)~(1u << r);
		if (g->w->half >> r & 1 && !holds(&w, g->f))
			g->low |= (u16)(1u << r);
		w.out |= (u16)(1u << r);
		if ((written & ~g->w->out) >> r & 1 && !holds(&w, g->f))
			g->dead |= (u16)(1u << r);
	}
}

const struct skep_rule *skep_learn_rule(const struct skep_window *w, const struct skep_found *f,
					const char *name, const struct skep_learn_opts *opts,
					struct skep_arena *arena)
{
	struct general *g = SKEP_NEW(arena, struct general);

	g->w = w;
	g->f = f;
	g->opts = opts;
	g->name = name;
	g->arena = arena;
	skep_rng_init(&g->rng, opts->seed);
	for (u32 k = 0; k < w->n; k++)
		if (skep_learn_has_imm(&w->in[k])) {
			if (g->nparam == SKEP_RW_PARAMS - 1)
				return NULL;
			g->wide |= (u16)((w->in[k].op == SKEP_LDDW) << g->nparam);
			g->val[g->nparam++] = w->in[k].imm;
		}
	for (u32 k = 0; k < f->n; k++)
		g->nchoice[k] = 0;
	look_at_registers(g);
	relax(g);
	return generalize(g);
}
