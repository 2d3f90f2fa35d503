/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values that are there already: an operation that leaves its register as it
 * was goes; a 16-byte load of what another register holds becomes a move, of a
 * small constant a move of that; copy + add of what another register holds
 * becomes one copy; so does an operation on operands on which it was done
 * before, while a register holds the result. By facts.
 *
 * Right because: registers with equal (name, offset) hold equal values, so the
 * destination gets the same 64 bits.
 */
#include "opt/opt_impl.h"

static bool remove_insn(struct skep_opt *o, struct skep_insn *i, const char *why)
{
	if (!skep_opt_begin(o, why, i, i))
		return false;
	skep_edit_remove(o->obj, i);
	skep_opt_end(o);
	return true;
}

static bool set_insn(struct skep_opt *o, struct skep_insn *i, const struct skep_ins *in, const char *why)
{
	if (!skep_opt_begin(o, why, i, i))
		return false;
	skep_edit_set(i, in);
	skep_opt_end(o);
	return true;
}

/* Another register that holds `v` before `i`, or -1. */
static int other_holder(const struct skep_opt *o, const struct skep_insn *i, const struct skep_val *v)
{
	for (int r = 0; r < 10; r++) {
		const struct skep_val *w = &o->fa->in[i->num][r];

		if (r != i->in.dst && w->kind != SKEP_K_UNINIT && w->kind == v->kind && skep_val_eq(w, v))
			return r;
	}
	return -1;
}

static bool narrow_load(struct skep_opt *o, struct skep_insn *i, const struct skep_val *v)
{
	struct skep_ins in = skep_mk_movi(i->in.dst, v->off);

	if (!skep_insn_const(i))
		return false;
	if (!skep_fits_s32(v->off)) {
		if ((u64)v->off > UINT32_MAX)
			return false;
		in.size = 4;
		in.imm = (s32)(u32)(u64)v->off;
	}
	return set_insn(o, i, &in, "constant fits in 32 bits");
}

static bool load_wide(struct skep_opt *o, struct skep_insn *i, const struct skep_val *v)
{
	int r;

	if (narrow_load(o, i, v))
		return true;
	if (v->vn >= 0x40000000u || skep_insn_frozen(i))
		return false;
	r = other_holder(o, i, v);
	if (r >= 0) {
		struct skep_ins in = skep_mk_mov(i->in.dst, (u8)r);

		return set_insn(o, i, &in, "a register holds this address or constant");
	}
	return false;
}

/* "x = y; x += c" where z holds y + c: the addition becomes "x = z", the copy is dead. */
static bool add_known(struct skep_opt *o, struct skep_insn *i, const struct skep_val *v)
{
	const struct skep_insn *p = i->prev;
	struct skep_ins in;
	int r;

	if (i->in.op != SKEP_ADD || i->in.size != 8 || i->in.form != SKEP_IMM || !p || i->njumps)
		return false;
	if (p->in.op != SKEP_MOV || p->in.size != 8 || p->in.form != SKEP_REG || p->in.dst != i->in.dst)
		return false;
	r = other_holder(o, i, v);
	if (r < 0)
		return false;
	in = skep_mk_mov(i->in.dst, (u8)r);
	return set_insn(o, i, &in, "a register holds this address");
}

/* An operation whose result another register holds: a copy of that. */
static bool computed(struct skep_opt *o, struct skep_insn *i, const struct skep_val *v)
{
	struct skep_ins in;
	int r;

	if (i->in.op == SKEP_MOV || !skep_insn_const(i))
		return false;
	r = other_holder(o, i, v);
	if (r < 0)
		return false;
	in = skep_mk_mov(i->in.dst, (u8)r);
	return set_insn(o, i, &in, "a register holds this result");
}

static bool visit(struct skep_opt *o, struct skep_insn *i)
{
	u8 cls = skep_op_class(i->in.op);
	const struct skep_val *v, *old;

	if (cls != SKEP_CLASS_ALU && cls != SKEP_CLASS_UNARY && i->in.op != SKEP_LDDW)
		return false;
	if (i->in.op == SKEP_CAST || skep_insn_frozen(i) || !i->next || i == skep_opt_block_last(o, i))
		return false;
	v = &o->fa->in[i->num + 1][i->in.dst];
	old = &o->fa->in[i->num][i->in.dst];
	if (old->kind != SKEP_K_UNINIT && old->kind == v->kind && skep_val_eq(old, v))
		return remove_insn(o, i, "the register holds this value");
	if (i->in.op == SKEP_LDDW)
		return load_wide(o, i, v);
	return add_known(o, i, v) || computed(o, i, v);
}

bool skep_pass_reuse(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k])
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
