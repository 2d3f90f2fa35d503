/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a window a case of a rule? */
#include "search/general.h"

/* The registers of the window that these variables stand for. */
static u16 regs_of(const struct skep_rule_binding *b, u16 vars)
{
	u16 regs = 0;

	for (u32 v = 0; v < SKEP_RW_REGS; v++)
		if (vars & b->bound & (1u << v))
			regs |= (u16)(1u << b->reg[v]);
	return regs;
}

bool skep_rule_covers(const struct skep_rule *r, const struct skep_window *w)
{
	struct skep_rule_binding b = {.bound = 0};
	struct skep_ins to[SKEP_RW_INSNS];
	u16 dead, low;

	if (r->nbefore != w->n || r->cpu > w->level || !(r->goals >> w->mode & 1) ||
	    (r->little && w->big))
		return false;
	for (u32 k = 0; k < w->n; k++)
		if (!skep_rule_bind(&b, &r->before[k], &w->in[k]))
			return false;
	dead = regs_of(&b, r->dead);
	low = regs_of(&b, r->low);
	if ((dead & (w->out | w->keep)) || (low & w->out & ~w->half) || (low & w->keep))
		return false;
	for (u32 v = 0; v < SKEP_RW_REGS; v++)
		b.env.bits[v] = b.bound >> v & 1 && b.reg[v] < w->nin ? w->bits[b.reg[v]] : 64;
	for (u32 k = 0; k < r->nwhen; k++)
		if (!skep_rule_eval(&r->when[k], &b.env))
			return false;
	return skep_learn_fill(r->after, r->nafter, &b.env, to);
}
