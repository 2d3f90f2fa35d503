/* SPDX-License-Identifier: BSD-2-Clause */
/* Random parameters, what both sides make of them, and the weakest conditions under which none
 * fails. */
#include "search/general.h"

static s64 sample_param(struct general *g, u32 k, const s64 *so_far)
{
	u64 r = skep_rng_next(&g->rng), v = skep_rng_next(&g->rng);

	switch (r % 12) {
	case 0: return g->val[k];
	case 1: return k ? so_far[v % k] : g->val[k];
	case 2:
	case 3: return (s64)(v % 65);
	case 4: return (s64)(s32)((u32)1 << (v & 31));
	case 5: return (s64)(s32)(((u64)1 << (v & 31)) - 1);
	case 6: return -(s64)((u64)1 << (v & 31));
	case 7: return (s64)(s32)((((u32)1 << (v & 15)) - 1) << (v >> 8 & 15));
	case 8: return (s64)(v % 9) - 4;
	case 9: return k ? so_far[v % k] + (s64)(v >> 32 & 7) - 3 : (s64)(v & 0xffff);
	case 10: return (s64)(s32)(v >> (r >> 8 & 31));
	default: return (s64)(s32)v;
	}
}

/* A number of 64 bits: of 32 most often, or such a one with ones above it, or shifted. */
static s64 sample_wide(struct general *g, s64 small)
{
	u64 r = skep_rng_next(&g->rng), v = skep_rng_next(&g->rng);

	switch (r & 7) {
	case 0:
	case 1: return small;
	case 2:
	case 3:
	case 4: return (s64)(u32)small;
	case 5: return (s64)(u32)v;
	case 6: return (s64)((u64)small << (v & 63));
	default: return (s64)v;
	}
}

void skep_learn_sample(struct general *g, struct skep_rule_env *env)
{
	skep_learn_own_env(g, env);
	for (u32 k = 0; k < g->nparam; k++) {
		env->param[k] = sample_param(g, k, env->param);
		if (env->param[k] != (s32)env->param[k])
			env->param[k] = (s32)env->param[k];
		if (g->wide >> k & 1)
			env->param[k] = sample_wide(g, env->param[k]);
	}
	for (u32 r = 0; r < g->w->nin; r++)
		if (skep_rng_below(&g->rng, 3))
			env->bits[r] = (u8)skep_rng_below(&g->rng, 65);
}

bool skep_learn_fill(const struct skep_rule_insn *side, u32 n, const struct skep_rule_env *env,
		     struct skep_ins *out)
{
	for (u32 k = 0; k < n; k++) {
		out[k] = skep_rule_fill(&side[k], env);
		if (skep_isa_check(&out[k]) || skep_isa_refused(&out[k]))
			return false;
	}
	return true;
}

static u64 random_below(struct general *g, u8 bits)
{
	u64 r = skep_rng_next(&g->rng), v = skep_rng_next(&g->rng);

	v = r & 1 ? v >> (r >> 8 & 63) : r & 2 ? (u64)(s64)(s8)v : v;
	return bits < 64 ? v & (((u64)1 << bits) - 1) : v;
}

static bool agree(struct general *g, const struct skep_rule_env *env, const struct skep_ins *a,
		  u32 na, const struct skep_ins *b, u32 nb)
{
	u64 x[SKEP_WIN_REGS], y[SKEP_WIN_REGS], sx, sy, mask = ~(u64)0;
	u16 written = 0;

	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		x[r] = y[r] = random_below(g, r < g->w->nin ? env->bits[r] : 64);
	skep_window_run(g->w, a, na, x, &sx);
	skep_window_run(g->w, b, nb, y, &sy);
	for (u32 k = 0; k < na; k++)
		written |= skep_isa_writes(&a[k]);
	for (u32 k = 0; k < nb; k++)
		written |= skep_isa_writes(&b[k]);
	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		if ((written & ~g->dead) >> r & 1 &&
		    (g->low >> r & 1 ? (u32)x[r] != (u32)y[r] : x[r] != y[r]))
			return false;
	if (g->w->sink == SKEP_SINK_STORE && a[na - 1].size < 8)
		mask = ((u64)1 << (a[na - 1].size * 8)) - 1;
	return g->w->sink == SKEP_SINK_NONE || !((sx ^ sy) & mask);
}

enum outcome skep_learn_try(struct general *g, const struct skep_rule *r,
			    const struct skep_rule_env *env)
{
	struct skep_ins a[SKEP_RW_INSNS], b[SKEP_RW_INSNS];

	if (!skep_learn_fill(r->before, r->nbefore, env, a) ||
	    !skep_learn_fill(r->after, r->nafter, env, b))
		return NO_CASE;
	for (u32 k = 0; k < REGS_PER_SAMPLE; k++)
		if (!agree(g, env, a, r->nbefore, b, r->nafter))
			return FAILS;
	return HOLDS;
}

static void weigh(const struct table *t, struct set *s, u32 *fails)
{
	*fails = s->covers = 0;
	for (u32 k = 0; k < t->n; k++) {
		bool in = true;

		for (u32 i = 0; i < s->n && in; i++)
			in = skep_bit_get(t->meets[k], s->cond[i]);
		if (in && t->fail[k])
			(*fails)++;
		else if (in)
			s->covers++;
	}
}

/* Keep the weakest. */
static void keep(struct sets *all, const struct set *s)
{
	u32 k = all->n < MAX_SETS ? all->n++ : MAX_SETS;

	if (k == MAX_SETS) {
		if (all->set[MAX_SETS - 1].covers >= s->covers)
			return;
		k--;
	}
	for (; k > 0 && all->set[k - 1].covers < s->covers; k--)
		all->set[k] = all->set[k - 1];
	all->set[k] = *s;
}

/* Add conditions until nothing fails: each time the one that leaves the fewest failures to what it
 * covers. */
static void greedy(const struct table *t, u32 nconds, struct sets *all)
{
	struct set s = {.n = 0};
	u32 fails = 1;

	while (s.n < SET && fails) {
		struct set best = s;
		double score = -1;

		for (u32 c = 0; c < nconds; c++) {
			struct set one = s;
			u32 left;
			double x;

			one.cond[one.n++] = (u16)c;
			weigh(t, &one, &left);
			x = (double)one.covers / (1.0 + (double)left);
			if (one.covers >= FEW / 2 && x > score) {
				score = x;
				best = one;
				fails = left;
			}
		}
		if (best.n == s.n)
			return;
		s = best;
	}
	if (!fails)
		keep(all, &s);
}

void skep_learn_sets(const struct table *t, u32 nconds, struct sets *all)
{
	struct set s = {.n = 0};
	u32 fails, useful[48], n = 0;

	all->n = 0;
	weigh(t, &s, &fails);
	if (!fails) {
		keep(all, &s);
		return;
	}
	for (u32 c = 0; c < nconds; c++) {
		s = (struct set){{(u16)c}, 1, 0};
		weigh(t, &s, &fails);
		if (!fails && s.covers >= FEW)
			keep(all, &s);
		else if (fails < t->fails / 2 && s.covers >= FEW && n < SKEP_ARRAY_SIZE(useful))
			useful[n++] = c;
	}
	for (u32 i = 0; i < n; i++)
		for (u32 k = i + 1; k < n; k++) {
			s = (struct set){{(u16)useful[i], (u16)useful[k]}, 2, 0};
			weigh(t, &s, &fails);
			if (!fails && s.covers >= FEW)
				keep(all, &s);
		}
	greedy(t, nconds, all);
}

void skep_learn_table(struct general *g, const struct skep_rule *r, const struct skep_rule *conds,
		      struct table *t)
{
	struct skep_rule_env env;

	t->n = t->fails = 0;
	for (u32 k = 0; k < SAMPLES; k++) {
		enum outcome o;

		skep_learn_sample(g, &env);
		if (k % 32 == 0)
			skep_learn_own_env(g, &env);
		o = skep_learn_try(g, r, &env);
		if (o == NO_CASE)
			continue;
		t->fail[t->n] = o == FAILS;
		t->fails += o == FAILS;
		memset(t->meets[t->n], 0, sizeof(t->meets[0]));
		for (u32 c = 0; c < g->ncond; c++)
			if (skep_rule_eval(conds[c].when, &env))
				skep_bit_set(t->meets[t->n], c);
		t->n++;
	}
}
