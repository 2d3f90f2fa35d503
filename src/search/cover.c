/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a window a case of a rule? */
#include "search/general.h"

static bool like(const struct skep_rule_insn *t, const struct skep_ins *in,
		 struct skep_rule_env *env, u16 *known)
{
	bool imm = in->form == SKEP_IMM || in->op == SKEP_LDDW;
	u32 k;

	if (t->in.op != in->op || t->in.size != in->size || t->in.form != in->form ||
	    (in->op != SKEP_STX && t->in.dst != in->dst) ||
	    (in->form == SKEP_REG && t->in.src != in->src) ||
	    (in->op == SKEP_MOVSX && t->in.off != in->off))
		return false;
	if (!imm)
		return true;
	if (!t->imm)
		return t->in.imm == in->imm;
	k = (u32)t->imm->tok[0].k;
	if (*known >> k & 1)
		return env->param[k] == in->imm;
	*known |= (u16)(1u << k);
	env->param[k] = in->imm;
	return true;
}

bool skep_rule_covers(const struct skep_rule *r, const struct skep_window *w)
{
	struct skep_rule_env env = {.each = 0};
	struct skep_ins to[SKEP_RW_INSNS];
	u16 known = 0;

	if (r->nbefore != w->n || (r->dead & (w->out | w->keep)) || (r->low & w->out & ~w->half) ||
	    (r->low & w->keep) || r->cpu > w->level)
		return false;
	for (u32 k = 0; k < SKEP_RW_REGS; k++)
		env.bits[k] = k < w->nin ? w->bits[k] : 64;
	for (u32 k = 0; k < w->n; k++)
		if (!like(&r->before[k], &w->in[k], &env, &known))
			return false;
	for (u32 k = 0; k < r->nwhen; k++)
		if (!skep_rule_eval(&r->when[k], &env))
			return false;
	return skep_learn_fill(r->after, r->nafter, &env, to);
}
