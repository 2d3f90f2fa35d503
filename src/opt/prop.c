/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants into operands: a register operand that holds a constant becomes an
 * immediate. By facts.
 *
 * Right because: the register holds that constant on every path, and the
 * immediate form sign-extends to the same operand. Forms that the kernel
 * refuses (division by an immediate zero, shifts by the width or more) are left.
 */
#include "opt/opt_impl.h"

static bool legal_imm(u16 op, u8 size, s64 imm)
{
	switch (op) {
	case SKEP_DIV:
	case SKEP_MOD:
	case SKEP_SDIV:
	case SKEP_SMOD:
		return imm != 0;
	case SKEP_LSH:
	case SKEP_RSH:
	case SKEP_ARSH:
		return imm >= 0 && imm < size * 8;
	default:
		return true;
	}
}

static bool fold_operand(struct skep_opt *o, struct skep_insn *i)
{
	const struct skep_val *s = &o->fa->in[i->num][i->in.src];
	struct skep_ins in = i->in;
	struct skep_insn *to = i->target;

	if (in.form != SKEP_REG || !skep_val_const(s) || skep_insn_frozen(i))
		return false;
	in.imm = in.size == 4 ? (s32)(u32)(u64)s->off : s->off;
	if (!skep_fits_s32(in.imm) || !legal_imm(in.op, in.size, in.imm))
		return false;
	in.form = SKEP_IMM;
	in.src = 0;
	if (!skep_opt_begin(o, "operand is a constant", i, i))
		return false;
	skep_edit_set(i, &in);
	if (to)
		skep_edit_set_target(i, to);
	skep_opt_end(o);
	return true;
}

/* A result that is a constant, where the operation is not a plain move already. */
static bool fold_result(struct skep_opt *o, struct skep_insn *i)
{
	const struct skep_val *v;
	struct skep_ins in;

	if (!i->next || i == skep_opt_block_last(o, i) || skep_insn_frozen(i))
		return false;
	if (i->in.op == SKEP_MOV && i->in.form == SKEP_IMM)
		return false;
	v = &o->fa->in[i->num + 1][i->in.dst];
	if (!skep_val_const(v) || !skep_fits_s32(v->off))
		return false;
	in = skep_mk_movi(i->in.dst, v->off);
	if (!skep_opt_begin(o, "result is a constant", i, i))
		return false;
	skep_edit_set(i, &in);
	skep_opt_end(o);
	return true;
}

bool skep_pass_prop(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];
		u8 cls = skep_op_class(i->in.op);

		if (!o->fa->reached[k])
			continue;
		if (cls == SKEP_CLASS_ALU || cls == SKEP_CLASS_UNARY)
			changed |= fold_result(o, i) || (cls == SKEP_CLASS_ALU && fold_operand(o, i));
		else if (cls == SKEP_CLASS_JMP)
			changed |= fold_operand(o, i);
	}
	return changed;
}
