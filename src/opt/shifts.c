/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Left-right shift pairs of one register become a 32-bit move, a mask or a
 * sign-extending move; a 32-bit move right after a copy joins it; masks and
 * zero-extensions of values that are small anyway go.
 *
 * Right because: (x << n) >> n keeps the low 64 - n bits; both shifts must name
 * the same register and amount. Pairs stand next to each other among the
 * instructions that touch the register, so nobody sees the value between. A
 * value below 2^bits is not changed by a mask of at least that many ones.
 */
#include "opt/opt_impl.h"

/* The next instruction of the block that touches the register, or NULL. */
static struct skep_insn *next_touch(const struct skep_opt *o, const struct skep_insn *i, u8 reg)
{
	u32 end = skep_opt_block_last(o, i)->num;

	/* By number: an edit of this run may have taken the last one. */
	for (u32 n = i->num + 1; n <= end; n++)
		if (o->cfg->insn[n]->func && skep_opt_touches(o, o->cfg->insn[n], (u16)(1u << reg)))
			return o->cfg->insn[n];
	return NULL;
}

static bool const_shift(const struct skep_insn *i, u16 op)
{
	return i->in.op == op && i->in.size == 8 && i->in.form == SKEP_IMM && skep_insn_const(i);
}

/* What the pair amounts to: *in, or nothing at all when *in keeps op NR. */
static bool pair_result(const struct skep_opt *o, const struct skep_insn *i, const struct skep_insn *j,
			struct skep_ins *in)
{
	u32 width = 64 - (u32)i->in.imm;
	u8 bits = o->fa->in[i->num][i->in.dst].bits;

	in->op = SKEP_OP_NR;
	in->dst = i->in.dst;
	in->size = 8;
	if (j->in.op == SKEP_ARSH) {
		if (bits < width)
			return true;
		in->op = SKEP_MOVSX;
		in->form = SKEP_REG;
		in->src = in->dst;
		in->off = (s32)width;
		return (width == 8 || width == 16 || width == 32) && skep_opt_allowed(o, in);
	}
	if (bits <= width)
		return true;
	if (width == 32) {
		in->op = SKEP_MOV;
		in->size = 4;
		in->form = SKEP_REG;
		in->src = in->dst;
		return true;
	}
	in->op = SKEP_AND;
	in->form = SKEP_IMM;
	in->imm = width < 32 ? (s64)(((u64)1 << width) - 1) : -1;
	return width < 32;
}

static bool shift_pair(struct skep_opt *o, struct skep_insn *i)
{
	struct skep_insn *j;
	struct skep_ins in = {0};

	if (!const_shift(i, SKEP_LSH) || i->in.imm < 1 || i->in.imm > 63)
		return false;
	j = next_touch(o, i, i->in.dst);
	if (!j || (!const_shift(j, SKEP_RSH) && !const_shift(j, SKEP_ARSH)) || j->in.dst != i->in.dst ||
	    j->in.imm != i->in.imm || !skep_opt_clean(o, i, j) || !j->next)
		return false;
	if (!pair_result(o, i, j, &in) || !skep_opt_begin(o, "shift pair", i, j))
		return false;
	skep_opt_touch(o, i, j);
	if (in.op == SKEP_OP_NR) {
		skep_edit_remove(o->obj, j);
	} else {
		skep_edit_set(j, &in);
	}
	skep_edit_remove(o->obj, i);
	skep_opt_end(o);
	return true;
}

/* "d = s; wd = wd" and "d = s; d = (sN)d": one instruction. */
static bool copy_then_extend(struct skep_opt *o, struct skep_insn *i)
{
	struct skep_insn *j;
	struct skep_ins in;

	if (i->in.op != SKEP_MOV || i->in.size != 8 || i->in.form != SKEP_REG || skep_insn_frozen(i))
		return false;
	j = next_touch(o, i, i->in.dst);
	if (!j || j->in.form != SKEP_REG || j->in.dst != i->in.dst || j->in.src != i->in.dst || skep_insn_frozen(j))
		return false;
	if (!(j->in.op == SKEP_MOV && j->in.size == 4) && j->in.op != SKEP_MOVSX)
		return false;
	for (const struct skep_insn *k = i->next; k != j; k = k->next)
		if (skep_isa_writes(&k->in) >> i->in.src & 1)
			return false;
	in = j->in;
	in.src = i->in.src;
	if (!skep_opt_clean(o, i, j) || !skep_opt_begin(o, "copy and extension at once", i, j))
		return false;
	skep_opt_touch(o, i, j);
	skep_edit_set(j, &in);
	skep_edit_remove(o->obj, i);
	skep_opt_end(o);
	return true;
}

/* An instruction that only cuts off bits that are zero. */
static bool cuts_nothing(const struct skep_opt *o, const struct skep_insn *i)
{
	const struct skep_val *d = &o->fa->in[i->num][i->in.dst];
	s64 m = i->in.imm;

	if (d->kind != SKEP_K_SCALAR || skep_insn_frozen(i))
		return false;
	if (i->in.op == SKEP_MOV && i->in.size == 4 && i->in.form == SKEP_REG && i->in.src == i->in.dst)
		return d->bits <= 32;
	if (i->in.op == SKEP_AND && i->in.form == SKEP_IMM && m > 0 && (m & (m + 1)) == 0)
		return d->bits <= 64 - __builtin_clzll((u64)m);
	if (i->in.op == SKEP_TOLE && !o->obj->big)
		return d->bits <= i->in.imm;
	return false;
}

/* "x &= y" where y holds 0xffffffff. */
static bool mask_32(struct skep_opt *o, struct skep_insn *i)
{
	const struct skep_val *s = &o->fa->in[i->num][i->in.src];
	struct skep_ins in = {.op = SKEP_MOV, .size = 4, .form = SKEP_REG, .dst = i->in.dst, .src = i->in.dst};

	if (i->in.op != SKEP_AND || i->in.size != 8 || i->in.form != SKEP_REG || !skep_val_const(s) ||
	    (u64)s->off != UINT32_MAX || !skep_opt_clean(o, i, i))
		return false;
	if (!skep_opt_begin(o, "mask of 32 ones", i, i))
		return false;
	skep_opt_touch(o, i, i);
	skep_edit_set(i, &in);
	skep_opt_end(o);
	return true;
}

static bool visit(struct skep_opt *o, struct skep_insn *i)
{
	if (cuts_nothing(o, i) && i->next && skep_opt_clean(o, i, i)) {
		if (!skep_opt_begin(o, "cuts off nothing", i, i))
			return false;
		skep_opt_touch(o, i, i);
		skep_edit_remove(o->obj, i);
		skep_opt_end(o);
		return true;
	}
	return shift_pair(o, i) || copy_then_extend(o, i) || mask_32(o, i);
}

bool skep_pass_shifts(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
