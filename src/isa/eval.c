/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference meaning: the table's meaning column read over numbers, once at
 * 32 and once at 64 bits. Slow and plain; interpreters and compilers are tested
 * against it.
 */
#include "isa/isa.h"

#define M_K(n) ((UW)(n))
#define M_W ((UW)(sizeof(UW) * 8))
#define M_ADD(a, b) ((UW)((a) + (b)))
#define M_SUB(a, b) ((UW)((a) - (b)))
#define M_MUL(a, b) ((UW)((a) * (b)))
#define M_AND(a, b) ((UW)((a) & (b)))
#define M_OR(a, b) ((UW)((a) | (b)))
#define M_XOR(a, b) ((UW)((a) ^ (b)))
#define M_UDIV(a, b) ((UW)((a) / (b)))
#define M_UREM(a, b) ((UW)((a) % (b)))
/* By -1 is negation: the minimum wraps, where C would trap. */
#define M_SDIV(a, b) ((SW)(b) == -1 ? (UW)(0 - (a)) : (UW)((SW)(a) / (SW)(b)))
#define M_SREM(a, b) ((SW)(b) == -1 ? (UW)0 : (UW)((SW)(a) % (SW)(b)))
#define M_SHL(a, b) ((UW)((a) << (b)))
#define M_SHR(a, b) ((UW)((a) >> (b)))
#define M_SAR(a, b) ((UW)((SW)(a) >> (b)))
#define M_EQ(a, b) ((a) == (b))
#define M_NE(a, b) ((a) != (b))
#define M_ULT(a, b) ((a) < (b))
#define M_ULE(a, b) ((a) <= (b))
#define M_SLT(a, b) ((SW)(a) < (SW)(b))
#define M_SLE(a, b) ((SW)(a) <= (SW)(b))
#define M_ITE(c, a, b) ((c) ? (a) : (b))

#define UW u32
#define SW s32
static u32 alu32(u16 op, u32 D, u32 S)
{
	switch (op) {
#define ALU(name, code, text, since, meaning) case SKEP_##name: return meaning;
#define ALUOFF(name, code, off, text, since, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return D;
	}
}

static bool cond32(u16 op, u32 D, u32 S)
{
	switch (op) {
#define JMP(name, code, text, since, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return false;
	}
}

static u32 atomic32(u16 op, u32 D, u32 S, u32 R0)
{
	switch (op) {
#define ATOMIC(name, imm, text, since, flags, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return D;
	}
}
#undef UW
#undef SW

#define UW u64
#define SW s64
static u64 alu64(u16 op, u64 D, u64 S)
{
	switch (op) {
#define ALU(name, code, text, since, meaning) case SKEP_##name: return meaning;
#define ALUOFF(name, code, off, text, since, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return D;
	}
}

static bool cond64(u16 op, u64 D, u64 S)
{
	switch (op) {
#define JMP(name, code, text, since, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return false;
	}
}

static u64 atomic64(u16 op, u64 D, u64 S, u64 R0)
{
	switch (op) {
#define ATOMIC(name, imm, text, since, flags, meaning) case SKEP_##name: return meaning;
#include "isa/insn.def"
	default: return D;
	}
}
#undef UW
#undef SW

static u64 swap_bytes(u64 v, s64 bits)
{
	if (bits == 16)
		return __builtin_bswap16((u16)v);
	return bits == 32 ? __builtin_bswap32((u32)v) : __builtin_bswap64(v);
}

static u64 truncate_bits(u64 v, s64 bits)
{
	return bits == 64 ? v : v & (((u64)1 << bits) - 1);
}

static u64 eval_unary(const struct skep_ins *in, u64 dst, u64 src)
{
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	u64 v;

	switch (in->op) {
	case SKEP_NEG:
		v = 0 - dst;
		break;
	case SKEP_MOVSX:
		v = in->off == 8 ? (u64)(s64)(s8)src : in->off == 16 ? (u64)(s64)(s16)src : (u64)(s64)(s32)src;
		break;
	case SKEP_TOLE:
		return big ? swap_bytes(dst, in->imm) : truncate_bits(dst, in->imm);
	case SKEP_TOBE:
		return big ? truncate_bits(dst, in->imm) : swap_bytes(dst, in->imm);
	case SKEP_BSWAP:
		return swap_bytes(dst, in->imm);
	default:
		return src;
	}
	return in->size == 8 ? v : (u32)v;
}

u64 skep_isa_eval(const struct skep_ins *in, u64 dst, u64 src)
{
	if (skep_op_class(in->op) == SKEP_CLASS_UNARY)
		return eval_unary(in, dst, src);
	if (in->form == SKEP_IMM)
		src = (u64)in->imm;
	return in->size == 8 ? alu64(in->op, dst, src) : alu32(in->op, (u32)dst, (u32)src);
}

/* The same rows of the table with the loop inside. */
#define UW u32
#define SW s32
static void alu32_n(u16 op, const u64 *d, const u64 *s, u64 *out, u32 n)
{
	switch (op) {
#define EACH(meaning)                                                                              \
	for (u32 k = 0; k < n; k++) {                                                              \
		const u32 D = (u32)d[k], S = (u32)s[k];                                            \
		(void)D;                                                                           \
		out[k] = meaning;                                                                  \
	}                                                                                          \
	break;
#define ALU(name, code, text, since, meaning) case SKEP_##name: EACH(meaning)
#define ALUOFF(name, code, off, text, since, meaning) case SKEP_##name: EACH(meaning)
#include "isa/insn.def"
#undef EACH
	default: break;
	}
}
#undef UW
#undef SW

#define UW u64
#define SW s64
static void alu64_n(u16 op, const u64 *d, const u64 *s, u64 *out, u32 n)
{
	switch (op) {
#define EACH(meaning)                                                                              \
	for (u32 k = 0; k < n; k++) {                                                              \
		const u64 D = d[k], S = s[k];                                                      \
		(void)D;                                                                           \
		out[k] = meaning;                                                                  \
	}                                                                                          \
	break;
#define ALU(name, code, text, since, meaning) case SKEP_##name: EACH(meaning)
#define ALUOFF(name, code, off, text, since, meaning) case SKEP_##name: EACH(meaning)
#include "isa/insn.def"
#undef EACH
	default: break;
	}
}
#undef UW
#undef SW

void skep_isa_eval_n(const struct skep_ins *in, const u64 *dst, const u64 *src, u64 *out, u32 n)
{
	if (skep_op_class(in->op) == SKEP_CLASS_UNARY) {
		for (u32 k = 0; k < n; k++)
			out[k] = eval_unary(in, dst[k], src[k]);
	} else if (in->size == 8) {
		alu64_n(in->op, dst, src, out, n);
	} else {
		alu32_n(in->op, dst, src, out, n);
	}
}

bool skep_isa_cond(const struct skep_ins *in, u64 dst, u64 src)
{
	if (in->form == SKEP_IMM)
		src = (u64)in->imm;
	return in->size == 8 ? cond64(in->op, dst, src) : cond32(in->op, (u32)dst, (u32)src);
}

u64 skep_isa_atomic(const struct skep_ins *in, u64 old, u64 src, u64 r0)
{
	u64 v;

	if (in->size >= 8)
		return atomic64(in->op, old, src, r0);
	v = atomic32(in->op, (u32)old, (u32)src, (u32)r0);
	return truncate_bits(v, in->size * 8);
}
