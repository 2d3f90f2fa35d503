/* SPDX-License-Identifier: BSD-2-Clause */
/* What immediates may be, and conditions, from family.def: those that hold for the window at hand.
 */
#include "search/general.h"

void skep_learn_own_env(const struct general *g, struct skep_rule_env *env)
{
	memset(env, 0, sizeof(*env));
	memcpy(env->param, g->val, sizeof(g->val));
	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		env->bits[r] = r < g->w->nin ? g->bits[r] : 64;
}

static const char *const one_param[] = {
#define VALUE1(text) text,
#include "search/family.def"
};
static const char *const two_params[] = {
#define VALUE2(text) text,
#include "search/family.def"
};
static const char *const cond_one[] = {
#define COND1(text) text,
#include "search/family.def"
};
static const char *const cond_two[] = {
#define COND2(text) text,
#include "search/family.def"
};
static const char *const cond_bits[] = {
#define BITS(text) text,
#include "search/family.def"
};
static const char *const cond_bits_one[] = {
#define BITS1(text) text,
#include "search/family.def"
};

/* Does it matter to the instruction only what the low half of its immediate is? */
static bool same_imm(const struct skep_ins *in, s64 a, s64 b)
{
	return in->size == 8 || in->op == SKEP_LDDW ? a == b : (u32)a == (u32)b;
}

bool skep_learn_values(struct general *g)
{
	const char *expr[512] = {0};
	struct skep_rule_env env;
	const struct skep_rule *r;
	u32 n = 0;

	for (u32 a = 0; a < g->nparam; a++)
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(one_param) && n < 512; k++)
			expr[n++] = skep_learn_fill_in(g, one_param[k], a, a, 0, 0);
	for (u32 a = 0; a < g->nparam; a++)
		for (u32 b = 0; b < g->nparam; b++)
			for (u32 k = 0; k < SKEP_ARRAY_SIZE(two_params) && n < 512 && a != b; k++)
				expr[n++] = skep_learn_fill_in(g, two_params[k], a, b, 0, 0);
	r = skep_learn_parse(g, expr, n);
	if (!r && n)
		return false;
	skep_learn_own_env(g, &env);
	for (u32 i = 0; i < g->f->n; i++) {
		const struct skep_ins *in = &g->f->in[i];

		for (u32 k = 0; k < n && skep_learn_has_imm(in) && g->nchoice[i] + 1 < MAX_CHOICES;
		     k++)
			if (same_imm(in, (s64)skep_rule_eval(r[k].when, &env), in->imm))
				g->choice[i][g->nchoice[i]++] = expr[k];
		if (skep_learn_has_imm(in))
			g->choice[i][g->nchoice[i]++] =
				skep_learn_fill_in(g, "c", 0, 0, 0, in->imm);
	}
	return true;
}

static void add_cond(struct general *g, const char *text)
{
	if (g->ncond < MAX_CONDS)
		g->cond[g->ncond++] = text;
}

/* The conditions of the family that hold for this window. */
bool skep_learn_conds(struct general *g)
{
	const struct skep_rule *r;
	struct skep_rule_env env;
	u32 n = 0;

	for (u32 a = 0; a < g->nparam; a++) {
		add_cond(g, skep_learn_fill_in(g, "a == c", a, a, 0, g->val[a]));
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(cond_one); k++)
			add_cond(g, skep_learn_fill_in(g, cond_one[k], a, a, 0, 0));
	}
	for (u32 i = 0; i < g->w->nin; i++) {
		if (!(g->inputs >> i & 1) || g->bits[i] == 64)
			continue;
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(cond_bits); k++)
			add_cond(g, skep_learn_fill_in(g, cond_bits[k], 0, 0, i, g->bits[i]));
		for (u32 a = 0; a < g->nparam; a++)
			for (u32 k = 0; k < SKEP_ARRAY_SIZE(cond_bits_one); k++)
				add_cond(g, skep_learn_fill_in(g, cond_bits_one[k], a, a, i, 0));
	}
	for (u32 a = 0; a < g->nparam; a++)
		for (u32 b = 0; b < g->nparam; b++)
			for (u32 k = 0; k < SKEP_ARRAY_SIZE(cond_two) && a != b; k++)
				add_cond(g, skep_learn_fill_in(g, cond_two[k], a, b, 0, 0));
	r = skep_learn_parse(g, g->cond, g->ncond);
	if (!r && g->ncond)
		return false;
	skep_learn_own_env(g, &env);
	for (u32 k = 0; k < g->ncond; k++)
		if (skep_rule_eval(r[k].when, &env))
			g->cond[n++] = g->cond[k];
	g->ncond = n;
	return true;
}
