/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches that an earlier branch on the same operands decides: a branch that
 * leads straight to another one goes on to where that leads, and a branch whose
 * only way in passes another one is replaced by what that leaves. Changes no
 * register.
 *
 * Right because: on the edge of the earlier branch its condition (or the
 * opposite) holds, nothing between writes its operands, and the later condition
 * is the same, the opposite, or a comparison of the same register with another
 * constant after it was found equal to one.
 */
#include "opt/opt_impl.h"

enum { CHAIN = 8 };

static bool same_operands(const struct skep_ins *a, const struct skep_ins *b)
{
	return a->dst == b->dst && a->size == b->size && a->form == b->form &&
	       (a->form == SKEP_REG ? a->src == b->src : a->imm == b->imm);
}

/* Given that condition `a` is `holds`: is `b` true (1), false (0) or open (-1)? */
static int implied(const struct skep_insn *a, bool holds, const struct skep_insn *b)
{
	bool equal = holds ? a->in.op == SKEP_JEQ : a->in.op == SKEP_JNE;

	if (!skep_is_cond(b->in.op) || skep_insn_frozen(a) || skep_insn_frozen(b))
		return -1;
	if (same_operands(&a->in, &b->in)) {
		if (b->in.op == a->in.op)
			return holds;
		if (b->in.op == skep_op_negate(a->in.op))
			return !holds;
	}
	if (equal && a->in.form == SKEP_IMM && b->in.form == SKEP_IMM && a->in.dst == b->in.dst &&
	    (a->in.size == b->in.size || a->in.size == 8))
		return skep_isa_cond(&b->in, (u64)a->in.imm, 0);
	return -1;
}

/* A branch straight to a branch that it decides. */
static bool thread(struct skep_opt *o, struct skep_insn *br)
{
	struct skep_insn *t = br->target, *to;
	int out;

	if (!skep_is_cond(br->in.op) || t == br || br->target == br->next)
		return false;
	out = implied(br, true, t);
	to = out == 1 ? t->target : t->next;
	if (out < 0 || !to || to == br || !skep_opt_begin(o, "leads to a branch that it decides", br, br))
		return false;
	skep_edit_set_target(br, to);
	skep_opt_end(o);
	return true;
}

static u16 operands(const struct skep_insn *br)
{
	return (u16)(1u << br->in.dst | (br->in.form == SKEP_REG ? 1u << br->in.src : 0));
}

static bool written(const struct skep_opt *o, const struct skep_block *b, u16 regs)
{
	for (u32 n = b->first->num; n <= b->last->num; n++)
		if (skep_isa_writes(&o->cfg->insn[n]->in) & regs)
			return true;
	return false;
}

/* The outcome of `br` by the branches that every path to it has passed, or -1. */
static int known(const struct skep_opt *o, const struct skep_insn *br)
{
	u32 bi = o->cfg->block_of[br->num];
	u16 regs = operands(br);

	for (int depth = 0; depth < CHAIN; depth++) {
		const struct skep_block *b = &o->cfg->block[bi], *p;
		const struct skep_insn *a;
		int out;

		/* The first block is also entered from outside. */
		if (bi == 0 || b->npred != 1 || written(o, b, regs))
			return -1;
		p = &o->cfg->block[b->pred[0]];
		a = p->last;
		if (p == b)
			return -1;
		if (skep_is_cond(a->in.op) && p->nsucc == 2 && p->succ[0] != p->succ[1]) {
			out = implied(a, p->succ[1] == bi, br);
			if (out >= 0)
				return out;
		}
		bi = b->pred[0];
	}
	return -1;
}

static bool decide(struct skep_opt *o, struct skep_insn *br)
{
	struct skep_ins ja = {.op = SKEP_JA, .size = 8};
	struct skep_insn *to = br->target;
	int out;

	if (!skep_is_cond(br->in.op) || !br->next)
		return false;
	out = known(o, br);
	if (out < 0 || !skep_opt_begin(o, "an earlier branch decides", br, br))
		return false;
	if (out) {
		skep_edit_set(br, &ja);
		skep_edit_set_target(br, to);
	} else {
		skep_edit_remove(o->obj, br);
	}
	skep_opt_end(o);
	return true;
}

bool skep_pass_imply(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false, decided = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k])
			changed |= thread(o, o->cfg->insn[k]);
	/* The graph is stale once a branch was threaded; taking edges away only makes more true. */
	for (u32 k = 0; k < o->cfg->ninsn && !changed; k++)
		if (o->fa->reached[k])
			decided |= decide(o, o->cfg->insn[k]);
	return changed || decided;
}
