/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of numbers: known bits and bounds of a 64-bit value, unsigned and signed,
 * and of its low 32 bits. A set of values is over-approximated; every function here
 * is sound: each concrete result lies in the abstract one. Pure; values, no memory.
 */
#ifndef SKEP_FLOW_RANGE_H
#define SKEP_FLOW_RANGE_H

#include "isa/isa.h"

/* Known bits: bit i is unknown where mask has it, else it is value's. value & mask == 0. */
struct skep_tnum {
	u64 value, mask;
};

/*
 * All views hold at once: bits, umin <= x <= umax, smin <= (s64)x <= smax, and the
 * same of (u32)x. skep_range_sync() lets each view sharpen the others.
 */
struct skep_range {
	struct skep_tnum bits;
	u64 umin, umax;
	s64 smin, smax;
	u32 umin32, umax32;
	s32 smin32, smax32;
};

struct skep_range skep_range_any(void);
struct skep_range skep_range_const(u64 v);
/* Values that fit `size` bytes (1, 2, 4, 8), zero-extended; or sign-extended. */
struct skep_range skep_range_zext(u32 size);
struct skep_range skep_range_sext(u32 size);
struct skep_range skep_range_unsigned(u64 min, u64 max);
struct skep_range skep_range_signed(s64 min, s64 max);
static inline bool skep_range_is_const(const struct skep_range *r)
{
	return r->bits.mask == 0;
}
/* Is the value among those that r describes? */
bool skep_range_has(const struct skep_range *r, u64 v);
/* Sharpen every view by the others, to a fixed point; false: no value is possible. */
bool skep_range_sync(struct skep_range *r);
/* Does `a` describe every value that `b` does (by each view)? */
bool skep_range_includes(const struct skep_range *a, const struct skep_range *b);
bool skep_range_eq(const struct skep_range *a, const struct skep_range *b);
/* The smallest range that describes both; and what both describe (false: nothing). */
struct skep_range skep_range_join(const struct skep_range *a, const struct skep_range *b);
bool skep_range_meet(const struct skep_range *a, const struct skep_range *b, struct skep_range *out);
/* Of a growing sequence: bounds of `now` that are beyond `old` jump to the next threshold. */
struct skep_range skep_range_widen(const struct skep_range *old, const struct skep_range *now);
/* The value of a load of `size` bytes from a place that holds a value of r, at byte `at` (little-endian). */
struct skep_range skep_range_part(const struct skep_range *r, u32 at, u32 size);

/*
 * The new value of dst by an ALU or UNARY instruction (in->size 4 or 8; MOV, MOVSX,
 * NEG, byte swaps included). `s` is the range of the source operand: register, or
 * the immediate as a constant.
 */
struct skep_range skep_range_alu(const struct skep_ins *in, const struct skep_range *d,
				 const struct skep_range *s);
/*
 * `x s>>= 31; x &= C` and the like: AND or OR of a mask that is 0 or -1 with a constant has
 * two results, and what lies between them says little. True for such an instruction: go on
 * with dst as *ones and, another way, with dst as *zero, which together are d. Kernels do
 * so from 6.18 on.
 */
bool skep_range_fork(const struct skep_ins *in, const struct skep_range *d, const struct skep_range *s,
		     struct skep_range *ones, struct skep_range *zero);
/* A conditional jump: 1 always taken, 0 never, -1 it depends. `size` 4 compares the low halves. */
int skep_range_cond(u16 op, u32 size, const struct skep_range *d, const struct skep_range *s);
/*
 * What is known of both operands once the jump was taken (or was not). False: this
 * way is impossible. The operands may not alias.
 */
bool skep_range_refine(u16 op, u32 size, bool taken, struct skep_range *d, struct skep_range *s);
/* "0..255", "-1", "0x10..0x1f (bits 0x0010|..f)": for people. */
void skep_range_print(const struct skep_range *r, struct skep_buf *out);

#endif
