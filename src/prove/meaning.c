/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's meaning column read over terms: arithmetic, conditions, atomics. */
#include "prove/prove_impl.h"
#include "prove/terms.h"

#define M_K(n) skep_smt_const(s, W, (u64)(n))
#define M_W M_K(W)

static u32 binary(struct skep_smt *s, u16 op, u32 W, u32 D, u32 S)
{
	switch (op) {
#define ALU(name, code, text, since, meaning) case SKEP_##name: return meaning;
#define ALUOFF(name, code, off, text, since, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return D;
	}
}

static u32 condition(struct skep_smt *s, u16 op, u32 W, u32 D, u32 S)
{
	switch (op) {
#define JMP(name, code, text, since, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return skep_smt_const(s, 1, 0);
	}
}

static u32 atomic(struct skep_smt *s, u16 op, u32 W, u32 D, u32 S, u32 R0)
{
	(void)W;
	switch (op) {
#define ATOMIC(name, imm, text, since, flags, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return D;
	}
}

static u32 low(struct skep_smt *s, u32 t, u32 bits)
{
	return skep_smt_extract(s, t, 0, bits);
}

static u32 unary(struct skep_smt *s, const struct skep_ins *in, u32 dst, u32 src, bool big)
{
	u32 w = in->size * 8u, bits = (u32)in->imm, v;
	bool swap = in->op == SKEP_BSWAP || (in->op == SKEP_TOBE) != big;

	switch (in->op) {
	case SKEP_NEG:
		return skep_smt_zext(s, skep_smt_neg(s, low(s, dst, w)), 64);
	case SKEP_MOVSX:
		return skep_smt_zext(s, skep_smt_sext(s, low(s, src, (u32)in->off), w), 64);
	case SKEP_TOLE:
	case SKEP_TOBE:
	case SKEP_BSWAP:
		v = low(s, dst, bits);
		return skep_smt_zext(s, swap ? skep_smt_bswap(s, v) : v, 64);
	default:
		return skep_smt_app(s, 64, FN(FN_CAST, (u64)in->imm), &src, 1, 0);
	}
}

u32 skep_prove_alu(struct skep_smt *s, const struct skep_ins *in, u32 dst, u32 src, bool big)
{
	if (skep_op_class(in->op) == SKEP_CLASS_UNARY)
		return unary(s, in, dst, src, big);
	if (in->size == 8)
		return binary(s, in->op, 64, dst, src);
	return skep_smt_zext(s, binary(s, in->op, 32, low(s, dst, 32), low(s, src, 32)), 64);
}

u32 skep_prove_cond(struct skep_smt *s, const struct skep_ins *in, u32 dst, u32 src)
{
	u32 w = in->size * 8u;

	return condition(s, in->op, w, low(s, dst, w), low(s, src, w));
}

u32 skep_prove_atomic(struct skep_smt *s, const struct skep_ins *in, u32 old, u32 src, u32 r0)
{
	u32 w = in->size * 8u;

	return atomic(s, in->op, w, old, low(s, src, w), low(s, r0, w));
}
