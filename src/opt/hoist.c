/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants of one arm moved before the branch: in
 *     if c goto A; ...; goto E; A: r = k; E:
 * r = k goes before the branch, which then goes to E, and the jump around A
 * with it. By liveness.
 *
 * Right because: r is not used by the condition and not live on the other arm
 * (it is written there before it is read), so setting it early is not seen; A
 * is reached by this branch alone.
 */
#include "opt/opt_impl.h"

static bool is_jump(const struct skep_insn *i)
{
	return i->in.op == SKEP_JA;
}

static bool visit(struct skep_opt *o, struct skep_insn *br)
{
	struct skep_insn *a = br->target, *e, *around, *mv;
	struct skep_insn *lo, *hi;
	u8 r;

	if (!skep_is_cond(br->in.op) || a->in.op != SKEP_MOV || a->in.form != SKEP_IMM || skep_insn_frozen(a) ||
	    a->njumps != 1 || !a->prev || a->num <= br->num || !a->next || !br->next)
		return false;
	if (o->cfg->insn[br->next->num] != br->next) /* put there in this run: its liveness is not known */
		return false;
	around = a->prev;
	e = is_jump(a->next) && !a->next->njumps ? a->next->target : a->next;
	/* Something must be saved: a jump around A, or the jump behind it. */
	if (is_jump(around) ? around->target != e : !(skep_is_end(around->in.op) && e != a->next))
		return false;
	r = a->in.dst;
	if (skep_opt_touches(o, br, (u16)(1u << r)) || o->lv->in[br->next->num] >> r & 1)
		return false;
	lo = br;
	hi = e != a->next ? a->next : a;
	if (!skep_opt_clean(o, lo, hi) || !skep_opt_begin(o, "constant set before the branch", lo, hi))
		return false;
	skep_opt_touch(o, lo, hi);
	mv = skep_insn_copy(o->obj, a);
	skep_edit_insert_before(br, mv, true);
	skep_edit_set_target(br, e);
	if (hi != a)
		skep_edit_remove(o->obj, hi);
	skep_edit_remove(o->obj, a);
	skep_opt_end(o);
	return true;
}

bool skep_pass_hoist(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
