/* SPDX-License-Identifier: BSD-2-Clause */
/* One instruction: to the file that knows its class. */
#include "flow/mach_impl.h"

static int advance(struct skep_mach *m, struct skep_vstate *st, int err)
{
	if (!err)
		st->at = m->insn[st->at].next;
	return err;
}

static bool writes_fp(const struct skep_insn *i)
{
	return skep_isa_writes(&i->in) & REG(10);
}

static int step(struct skep_mach *m, struct skep_vstate *st)
{
	const struct skep_insn *i = m->insn[st->at].insn;
	int err;

	m->other = NULL;
	if (writes_fp(i))
		return skep_fault(m, st, SKEP_RULE_ENCODING, REG(10), "r10 cannot be written");
	switch (skep_op_class(i->in.op)) {
	case SKEP_CLASS_ALU: return advance(m, st, skep_step_alu(m, st, i));
	case SKEP_CLASS_UNARY: return advance(m, st, skep_step_unary(m, st, i));
	case SKEP_CLASS_MEM:
		err = skep_step_mem(m, st, i);
		if (!err && (i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND))
			return skep_leave(m, st, i, false);
		return advance(m, st, err);
	case SKEP_CLASS_ATOMIC: return advance(m, st, skep_step_atomic(m, st, i));
	case SKEP_CLASS_JMP: return skep_step_jump(m, st, i);
	default: break;
	}
	switch (i->in.op) {
	case SKEP_LDDW: return advance(m, st, skep_step_lddw(m, st, i));
	case SKEP_CALL:
	case SKEP_CALLX: return skep_step_call(m, st, i);
	case SKEP_EXIT: return skep_step_exit(m, st, i);
	default: return skep_step_jump(m, st, i);
	}
}

int skep_mach_step(struct skep_mach *m, struct skep_vstate *st)
{
	struct skep_vchain *chain = skep_vtop(st)->chain;
	u32 at = st->at;
	int err = step(m, st);

	/* What a call writes is known when the function that it calls returns. */
	if (!err && chain && st->at != SKEP_VNONE && skep_vtop(st)->chain == chain)
		skep_slots_visited(m, chain, at);
	if (m->wrote_any) {
		memset(m->wrote, 0, sizeof(m->wrote));
		m->wrote_any = false;
	}
	if (err || st->nref < SKEP_VREFS)
		return err;
	st->at = at;
	return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0, "more than %d references and locks are held at once",
			  SKEP_VREFS - 1);
}
