/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a window a case of a rule? */
#include "search/general.h"

/* What the rule's variables stand for in the window. */
struct cover {
	struct skep_rule_env env;
	u16 known; /* parameters that have a value */
	u16 bound; /* variables that have a register */
	u16 used;  /* registers that have a variable */
	u8 reg[SKEP_RW_REGS];
};

static bool bind(struct cover *c, u8 var, u8 reg)
{
	if (c->bound >> var & 1)
		return c->reg[var] == reg;
	if (c->used >> reg & 1)
		return false;
	c->bound |= (u16)(1u << var);
	c->used |= (u16)(1u << reg);
	c->reg[var] = reg;
	return true;
}

static bool like_number(struct cover *c, const struct skep_rule_expr *e, s64 is, s64 number)
{
	u32 k;

	if (!e)
		return is == number;
	k = (u32)e->tok[0].k;
	if (c->known >> k & 1)
		return c->env.param[k] == number;
	c->known |= (u16)(1u << k);
	c->env.param[k] = number;
	return true;
}

static bool like(struct cover *c, const struct skep_rule_insn *t, const struct skep_ins *in)
{
	bool imm = in->form == SKEP_IMM || in->op == SKEP_LDDW;

	return t->in.op == in->op && t->in.size == in->size && t->in.form == in->form &&
	       bind(c, t->in.dst, in->dst) &&
	       (in->form != SKEP_REG || bind(c, t->in.src, in->src)) &&
	       (skep_is_cond(in->op) || like_number(c, t->off, t->in.off, in->off)) &&
	       (!imm || like_number(c, t->imm, t->in.imm, in->imm));
}

/* The registers of the window that these variables stand for. */
static u16 regs_of(const struct cover *c, u16 vars)
{
	u16 regs = 0;

	for (u32 v = 0; v < SKEP_RW_REGS; v++)
		if (vars & c->bound & (1u << v))
			regs |= (u16)(1u << c->reg[v]);
	return regs;
}

bool skep_rule_covers(const struct skep_rule *r, const struct skep_window *w)
{
	struct cover c = {.known = 0};
	struct skep_ins to[SKEP_RW_INSNS];
	u16 dead, low;

	if (r->nbefore != w->n || r->cpu > w->level || !(r->goals >> w->mode & 1) ||
	    (r->little && w->big))
		return false;
	for (u32 k = 0; k < w->n; k++)
		if (!like(&c, &r->before[k], &w->in[k]))
			return false;
	dead = regs_of(&c, r->dead);
	low = regs_of(&c, r->low);
	if ((dead & (w->out | w->keep)) || (low & w->out & ~w->half) || (low & w->keep))
		return false;
	for (u32 v = 0; v < SKEP_RW_REGS; v++)
		c.env.bits[v] = c.bound >> v & 1 && c.reg[v] < w->nin ? w->bits[c.reg[v]] : 64;
	for (u32 k = 0; k < r->nwhen; k++)
		if (!skep_rule_eval(&r->when[k], &c.env))
			return false;
	return skep_learn_fill(r->after, r->nafter, &c.env, to);
}
