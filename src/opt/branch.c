/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches to branches go to the end of the chain, a jump to exit is an exit, a
 * conditional branch over a jump is inverted, and a block that only one jump
 * reaches moves behind it. Changes no register; needs only the graph.
 *
 * Right because: each conditional has an exact opposite; what moves is closed by
 * an instruction that does not fall through, before and after.
 */
#include "opt/opt_impl.h"

enum { CHAIN = 32 };

/* A long jump stays as it is: what it reaches may be too far for any other form. */
static bool is_jump(const struct skep_insn *i)
{
	return i->in.op == SKEP_JA;
}

static bool thread(struct skep_opt *o, struct skep_insn *i)
{
	struct skep_insn *t = i->target;
	int n = 0;

	while (is_jump(t) && t->target != t && n++ < CHAIN)
		t = t->target;
	if (t == i->target || n >= CHAIN || t == i || !skep_opt_begin(o, "branch to a branch", i, i))
		return false;
	skep_edit_set_target(i, t);
	skep_opt_end(o);
	return true;
}

static bool jump_to_exit(struct skep_opt *o, struct skep_insn *i)
{
	struct skep_ins ex = {.op = SKEP_EXIT, .size = 8};

	if (!is_jump(i) || i->target->in.op != SKEP_EXIT || !skep_opt_begin(o, "jump to exit", i, i))
		return false;
	skep_edit_set(i, &ex);
	skep_opt_end(o);
	return true;
}

bool skep_opt_opposite(const struct skep_opt *o, const struct skep_ins *in, struct skep_ins *out)
{
	int op = skep_op_negate(in->op);

	*out = *in;
	if (op < 0)
		return false;
	out->op = (u16)op;
	if (skep_opt_allowed(o, out))
		return true;
	if (in->form != SKEP_REG)
		return false;
	out->op = (u16)skep_op_swap(out->op);
	out->dst = in->src;
	out->src = in->dst;
	return skep_opt_allowed(o, out);
}

/* "if c goto L; goto M; L:" becomes "if !c goto M; L:". */
static bool invert(struct skep_opt *o, struct skep_insn *i)
{
	struct skep_insn *ja = i->next, *to;
	struct skep_ins in;

	if (!skep_is_cond(i->in.op) || skep_insn_frozen(i) || !ja || !is_jump(ja) || ja->njumps || !ja->next ||
	    i->target != ja->next || !skep_opt_opposite(o, &i->in, &in))
		return false;
	to = ja->target;
	/*
	 * The kernel's verifier goes on with the next instruction first. Inside a loop that order
	 * decides how early states are pruned (measured: 170,000 instructions became more than a
	 * million), so there the compiler's choice stays.
	 */
	if (to == ja || o->cfg->block[o->cfg->block_of[i->num]].loop || !skep_opt_begin(o, "inverted branch", i, ja))
		return false;
	skep_edit_set(i, &in);
	skep_edit_set_target(i, to);
	skep_edit_remove(o->obj, ja);
	skep_opt_end(o);
	return true;
}

/* The last instruction of the straight run from `t` that does not fall through, or NULL. */
static struct skep_insn *run_end(struct skep_insn *t, const struct skep_insn *not_here)
{
	for (; t; t = t->next) {
		if (t == not_here)
			return NULL;
		if (skep_is_end(t->in.op))
			return t;
	}
	return NULL;
}

/* A jump that alone reaches its target: the target's run moves here, the jump goes. */
static bool pull(struct skep_opt *o, struct skep_insn *ja)
{
	struct skep_insn *t = ja->target, *end, *at = ja->next, *lo, *hi;

	if (!is_jump(ja) || !at || t == at || t->njumps != 1 || !t->prev || !skep_is_end(t->prev->in.op))
		return false;
	end = run_end(t, ja);
	if (!end || end == ja)
		return false;
	lo = ja->num < t->num ? ja : t;
	hi = ja->num < t->num ? end : ja;
	if (!skep_opt_clean(o, lo, hi) || !skep_opt_begin(o, "block behind its only jump", lo, hi))
		return false;
	skep_opt_touch(o, lo, hi);
	skep_edit_move_run(t, end, at);
	skep_edit_remove(o->obj, ja);
	skep_opt_end(o);
	return true;
}

bool skep_pass_branch(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, false);
	skep_cfg_loops(o->cfg, o->scratch);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (!i->func || !i->target || i->in.op == SKEP_JCOND || !o->fa->reached[k])
			continue;
		changed |= thread(o, i);
		changed |= jump_to_exit(o, i) || invert(o, i) || pull(o, i);
	}
	return changed;
}
