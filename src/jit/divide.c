/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Division and remainder. By zero: 0 and the dividend; the most negative number
 * by -1 wraps. By constants: shifts, or a multiplication by the reciprocal
 * (Granlund and Montgomery, "Division by invariant integers using
 * multiplication", 1994). The processor's instruction wants rax and rdx, which
 * are r0 and r3; they are saved only when somebody reads them later.
 */
#include "jit/emit.h"

struct division {
	const struct skep_ins *in;
	u32 w; /* operand size flag */
	u8 dst;
	bool mod, sgn;
	bool keep_rax, keep_rdx;
};

static bool live_after(const struct jit *j, u32 slot, u8 bpf)
{
	return j->live[slot] >> bpf & 1;
}

/* --- by a register (or a constant in R9) ------------------------------------------ */

/* dst = dst / R9 or dst % R9; R9 is neither zero nor, when signed, -1. */
static void divide_r9(struct jit *j, const struct division *d)
{
	u8 result = d->mod ? RDX : RAX;

	if (d->keep_rax)
		mov_rr(j, W, R11, RAX);
	if (d->keep_rdx)
		mov_rr(j, W, R10, RDX);
	skep_jit_mov(j, W, RAX, d->dst);
	if (d->sgn) { /* cdq, cqo */
		prefixes(j, d->w, 0, false, MAP_1, 0x99);
	} else {
		alu_rr(j, 0, ALU_XOR, RDX, RDX);
	}
	enc_rr(j, d->w, MAP_1, 0xf7, d->sgn ? 7 : 6, R9);
	if (d->dst != result)
		mov_rr(j, d->w, d->dst, result);
	if (d->keep_rax)
		mov_rr(j, W, RAX, R11);
	if (d->keep_rdx)
		mov_rr(j, W, RDX, R10);
}

/* What division by zero gives. */
static void by_zero(struct jit *j, const struct division *d)
{
	if (!d->mod)
		alu_rr(j, 0, ALU_XOR, d->dst, d->dst);
	else if (!d->w)
		mov_rr(j, 0, d->dst, d->dst);
}

static void by_minus_one(struct jit *j, const struct division *d)
{
	if (d->mod)
		alu_rr(j, 0, ALU_XOR, d->dst, d->dst);
	else
		enc_rr(j, d->w, MAP_1, 0xf7, 3, d->dst);
}

static void by_register(struct jit *j, const struct division *d)
{
	u32 nonzero, not_minus, end0, end1 = 0;

	mov_rr(j, d->w, R9, skep_jit_reg[d->in->src]);
	enc_rr(j, d->w, MAP_1, 0x85, R9, R9);
	nonzero = jump_short(j, CC_NE);
	by_zero(j, d);
	end0 = jump_short(j, CC_ALWAYS);
	jump_here(j, nonzero);
	if (d->sgn) {
		alu_ri(j, d->w, ALU_CMP, R9, -1);
		not_minus = jump_short(j, CC_NE);
		by_minus_one(j, d);
		end1 = jump_short(j, CC_ALWAYS);
		jump_here(j, not_minus);
	}
	divide_r9(j, d);
	jump_here(j, end0);
	if (d->sgn)
		jump_here(j, end1);
}

/* --- by a constant ------------------------------------------------------------------- */

/*
 * q = floor(n * m / 2^(bits + shift)) for every n of `bits` bits, where m has
 * bits + 1 bits when `add` (the top one is not in m).
 */
struct magic {
	u64 m;
	u32 shift;
	bool add;
};

/* d is no power of two and above 2. */
static struct magic magic_for(u64 d, u32 bits)
{
	u32 log = 63 - (u32)__builtin_clzll(d);
	unsigned __int128 power = (unsigned __int128)1 << (log + bits);
	u64 m = (u64)(power / d), rem = (u64)(power - (unsigned __int128)m * d);
	u64 e = d - rem, mask = bits == 64 ? ~(u64)0 : ((u64)1 << bits) - 1;

	if (e < (u64)1 << log)
		return (struct magic){.m = (m + 1) & mask, .shift = log};
	/* One bit more of precision. */
	m += m;
	if (rem + rem >= d || rem + rem < rem)
		m++;
	return (struct magic){.m = (m + 1) & mask, .shift = log, .add = true};
}

/* R11 = quotient of dst (32 bits, zero-extended first into R11 or RDX) */
static void quotient32(struct jit *j, const struct division *d, u32 by)
{
	struct magic g = magic_for(by, 32);

	mov_rr(j, 0, R11, d->dst);
	skep_jit_const(j, R10, g.m);
	enc_rr(j, W, MAP_0F, 0xaf, R11, R10); /* n * m fits 64 bits */
	if (!g.add) {
		shift_ri(j, W, 5, R11, (u8)(32 + g.shift));
		return;
	}
	/* ((n - hi) / 2 + hi) >> shift */
	shift_ri(j, W, 5, R11, 32);
	mov_rr(j, 0, R10, d->dst);
	alu_rr(j, 0, ALU_SUB, R10, R11);
	shift_ri(j, 0, 5, R10, 1);
	alu_rr(j, 0, ALU_ADD, R11, R10);
	if (g.shift)
		shift_ri(j, 0, 5, R11, (u8)g.shift);
}

/* The same with 64 bits; rdx is saved by the caller. */
static void quotient64(struct jit *j, const struct division *d, u64 by)
{
	struct magic g = magic_for(by, 64);

	skep_jit_const(j, R11, g.m);
	skep_jit_mov(j, W, RDX, d->dst);
	enc_vex(j, W, 2, 3, 0xf6, R11, R10, R11); /* mulx r11, r10, r11 */
	if (g.add) {
		skep_jit_mov(j, W, R10, d->dst);
		alu_rr(j, W, ALU_SUB, R10, R11);
		shift_ri(j, W, 5, R10, 1);
		alu_rr(j, W, ALU_ADD, R11, R10);
	}
	if (g.shift)
		shift_ri(j, W, 5, R11, (u8)g.shift);
}

/* From the quotient in R11 to the result in dst. */
static void finish(struct jit *j, const struct division *d, s32 by)
{
	if (!d->mod) {
		mov_rr(j, d->w, d->dst, R11);
		return;
	}
	enc_rr(j, d->w, MAP_1, fits8(by) ? 0x6b : 0x69, R11, R11);
	if (fits8(by))
		e1(j, (u32)by);
	else
		e4(j, (u32)by);
	alu_rr(j, d->w, ALU_SUB, d->dst, R11);
}

static void by_power(struct jit *j, const struct division *d, u32 log)
{
	u64 mask = ((u64)1 << log) - 1;

	if (!d->mod) {
		if (log)
			shift_ri(j, d->w, 5, d->dst, (u8)log);
		else if (!d->w)
			mov_rr(j, 0, d->dst, d->dst);
	} else if (!log) {
		alu_rr(j, 0, ALU_XOR, d->dst, d->dst);
	} else if (log <= 31) {
		alu_ri(j, 0, ALU_AND, d->dst, (s32)mask);
	}
}

/* Unsigned. False: no short form. */
static bool by_constant(struct jit *j, const struct division *d)
{
	u64 by = d->w ? (u64)d->in->imm : (u32)d->in->imm;

	if (!(by & (by - 1)) && by <= (u64)1 << 31) {
		by_power(j, d, (u32)__builtin_ctzll(by));
		return true;
	}
	if (by > INT32_MAX) /* negative immediates; too rare */
		return false;
	if (!d->w) {
		quotient32(j, d, (u32)by);
		finish(j, d, (s32)by);
		return true;
	}
	if (!(j->cpu & CPU_BMI2))
		return false;
	if (d->keep_rdx)
		mov_rr(j, W, R9, RDX);
	quotient64(j, d, by);
	if (d->keep_rdx)
		mov_rr(j, W, RDX, R9);
	finish(j, d, (s32)by);
	return true;
}

void skep_jit_divide(struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];
	struct division d = {
		.in = in,
		.w = in->size == 8 ? W : 0,
		.dst = skep_jit_reg[in->dst],
		.mod = in->op == SKEP_MOD || in->op == SKEP_SMOD,
		.sgn = in->op == SKEP_SDIV || in->op == SKEP_SMOD,
		.keep_rax = in->dst != 0 && live_after(j, slot, 0),
		.keep_rdx = in->dst != 3 && live_after(j, slot, 3),
	};

	if (in->form == SKEP_REG) {
		by_register(j, &d);
		return;
	}
	if (!in->imm) {
		by_zero(j, &d);
		return;
	}
	if (d.sgn && in->imm == -1) {
		by_minus_one(j, &d);
		return;
	}
	if (!d.sgn && !j->blind && by_constant(j, &d))
		return;
	skep_jit_program_const(j, R9, (u64)in->imm);
	divide_r9(j, &d);
}
