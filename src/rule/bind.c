/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the variables of a rule stand for: a register each, no two the same one, and a number for
 * each parameter. Rules are proved for such, so whoever looks for a left side binds by this.
 */
#include "rule/rule.h"

static bool bind_reg(struct skep_rule_binding *b, u8 var, u8 reg)
{
	if (b->bound >> var & 1)
		return b->reg[var] == reg;
	if (b->used >> reg & 1)
		return false;
	b->bound |= (u16)(1u << var);
	b->used |= (u16)(1u << reg);
	b->reg[var] = reg;
	return true;
}

/* A number where the rule has a parameter (`e`) or `is`. */
static bool bind_number(struct skep_rule_binding *b, const struct skep_rule_expr *e, s64 is,
			s64 number)
{
	u32 k;

	if (!e)
		return is == number;
	k = (u32)e->tok[0].k;
	if (b->known >> k & 1)
		return b->env.param[k] == number;
	b->known |= (u16)(1u << k);
	b->env.param[k] = number;
	return true;
}

bool skep_rule_bind(struct skep_rule_binding *b, const struct skep_rule_insn *t,
		    const struct skep_ins *in)
{
	if (in->op != t->in.op || in->size != t->in.size || in->form != t->in.form)
		return false;
	if (in->form == SKEP_IMM && !bind_number(b, t->imm, t->in.imm, in->imm))
		return false;
	/* Where a branch goes is no part of a rule. */
	if (!skep_is_cond(in->op) && !bind_number(b, t->off, t->in.off, in->off))
		return false;
	return bind_reg(b, t->in.dst, in->dst) &&
	       (in->form == SKEP_IMM || !(skep_isa_reads(&t->in) >> t->in.src & 1) ||
		bind_reg(b, t->in.src, in->src));
}
