/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls inside the program. Static functions are followed, their frames are real. A
 * global function is a wall: its arguments must fit its BTF signature, nothing is known
 * of what it returns, and it is verified alone.
 */
#include "flow/mach_impl.h"

void skep_call_clobber(struct skep_vstate *st)
{
	for (u32 k = 0; k <= 5; k++) {
		struct skep_vreg *r = skep_vreg(st, k);

		memset(r, 0, sizeof(*r));
	}
}

int skep_enter(struct skep_mach *m, struct skep_vstate *st, u32 func, u32 call)
{
	struct skep_vframe *fr;

	if (st->nframe == SKEP_VFRAMES)
		return skep_fault(m, st, SKEP_RULE_CALL_DEPTH, 0,
				  "the call would be the 9th frame");
	for (u32 k = 0; k < st->nframe; k++)
		if (st->frame[k]->func == func && !st->frame[k]->callback)
			return skep_fault(m, st, SKEP_RULE_FLOW, 0, "function '%s' calls itself",
					  m->func[func].func->name);
	fr = skep_vframe_push(m, st, func, call);
	fr->nref = st->nref;
	st->at = m->func[func].first;
	return 0;
}

static int call_static(struct skep_mach *m, struct skep_vstate *st, u32 func)
{
	struct skep_vframe *caller = skep_vtop(st);
	int err = skep_enter(m, st, func, st->at);

	if (err)
		return err;
	for (u32 k = 1; k <= 5; k++)
		skep_vtop(st)->reg[k] = caller->reg[k];
	for (u32 k = 0; k <= 5; k++)
		memset(&caller->reg[k], 0, sizeof(caller->reg[k]));
	return 0;
}

int skep_step_call(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	u32 func;

	if (i->in.op == SKEP_CALLX)
		return skep_fault(m, st, SKEP_RULE_ENCODING, 0,
				  "calls through a register are not possible");
	if (i->in.off && i->in.src != SKEP_CALL_KFUNC)
		return skep_fault(m, st, SKEP_RULE_ENCODING, 0,
				  "the offset of a call must be zero");
	if (i->ref == SKEP_REF_FUNC) {
		func = m->func_of[i->callee->index];
		m->func[func].called = true;
		return m->func[func].global ? skep_call_global(m, st, i, func)
					    : call_static(m, st, func);
	}
	if (i->ref == SKEP_REF_EXTERN || i->in.src == SKEP_CALL_KFUNC)
		return skep_call_kfunc(m, st, i);
	return skep_call_helper(m, st, i);
}

/* --- the end of a function --------------------------------------------------------------- */

/* `last`: the program ends here. */
/* `lock`: a lock, or a reference. */
static int still_held(struct skep_mach *m, struct skep_vstate *st, bool lock, u32 insn)
{
	int err = skep_fault(m, st, lock ? SKEP_RULE_LOCK : SKEP_RULE_REF_LEAK, 0,
			     lock ? "the lock taken at instruction %u is still held"
				  : "what was acquired at instruction %u is not released",
			     m->insn[insn].insn->slot);

	m->fault.held = insn + 1;
	return err;
}

static int check_held(struct skep_mach *m, struct skep_vstate *st, u32 from, bool last)
{
	if (skep_ref_lock(st) && last)
		return still_held(m, st, true, skep_ref_lock(st)->insn);
	if (skep_irqs_off(st) && last)
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "interrupts are still off");
	if (st->nref > from)
		return still_held(m, st, false, st->ref[st->nref - 1].insn);
	if (st->rcu && last)
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "an RCU read section is still open");
	if (st->preempt && last)
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "preemption is still disabled");
	return 0;
}

int skep_throw(struct skep_mach *m, struct skep_vstate *st)
{
	int err = skep_mach_use(m, st, 1);

	/* The frames of all callers go at once: nothing may be held in any of them. */
	if (!err)
		err = check_held(m, st, 0, true);
	if (!err)
		err = skep_check_thrown(m, st);
	st->at = SKEP_VNONE;
	return err;
}

static int callback_exit(struct skep_mach *m, struct skep_vstate *st)
{
	struct skep_vframe *fr = skep_vtop(st);
	const struct skep_vstate *before;
	u32 call = fr->call;
	int err = skep_mach_use(m, st, 0);

	if (err)
		return err;
	if (fr->reg[0].type != SKEP_VT_NUM)
		return skep_fault(m, st, SKEP_RULE_CALLBACK, REG(0),
				  "the callback returns %s, a number is needed",
				  skep_vreg_what(&fr->reg[0]));
	skep_mach_precise(m, &fr->reg[0]);
	if (fr->reg[0].r.smin < fr->ret_min || fr->reg[0].r.smax > fr->ret_max)
		return skep_fault(m, st, SKEP_RULE_CALLBACK, REG(0),
				  "the callback must return %d to %d", fr->ret_min, fr->ret_max);
	err = check_held(m, st, fr->nref, st->nframe == 1);
	if (err)
		return err;
	if (fr->callback == SKEP_CB_ASYNC) {
		st->at = SKEP_VNONE;
		return 0;
	}
	skep_vframe_pop(m, st);
	st->at = call;
	before = skep_vstate_earlier(st, call);
	if (!before && st->parent && st->parent->first == call &&
	    skep_vstate_same_place(st->parent, st))
		before = st->parent;
	if (before)
		skep_vstate_widen(m, before, st);
	return 0;
}

int skep_step_exit(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_vframe *fr = skep_vtop(st), *caller;
	struct skep_vreg r0;
	u32 next;
	int err;

	if (st->nframe > 1)
		skep_slots_solve(m, st);
	if (fr->callback)
		return callback_exit(m, st);
	if (st->nframe == 1) {
		err = check_held(m, st, 0, true);
		if (!err)
			err = skep_check_return(m, st);
		if (!err)
			st->at = SKEP_VNONE;
		return err;
	}
	r0 = fr->reg[0];
	if (r0.type == SKEP_VT_STACK && r0.frame + 1u == st->nframe)
		return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(0),
				  "the function returns a pointer into its own stack");
	next = m->insn[fr->call].next;
	skep_vframe_pop(m, st);
	caller = skep_vtop(st);
	caller->reg[0] = r0;
	st->at = next;
	return 0;
}

int skep_leave(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i, bool tail)
{
	struct skep_vstate *on;
	int err;

	if (st->nframe == 1) {
		st->at = m->insn[st->at].next;
		return 0;
	}
	on = skep_vstate_copy(m, st);
	on->at = m->insn[st->at].next;
	if (tail) {
		skep_forget_packet(m, st);
		skep_vreg_unknown(skep_vreg(st, 0), st->at);
	} else {
		skep_vreg_const(skep_vreg(st, 0), 0, st->at);
		skep_vreg(st, 0)->node = skep_node_untraced(m);
	}
	err = skep_step_exit(m, st, i);
	if (err)
		skep_vstate_free(m, on);
	else
		m->other = on;
	return err;
}
