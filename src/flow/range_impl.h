/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to the ranges: the view of one width (range_view.h) made for 64 and for 32
 * bits, and what joins both to a struct skep_range. Tests may include this with other
 * words: RANGE_WIDE bits in u64, RANGE_HALF in u32.
 */
#ifndef SKEP_FLOW_RANGE_IMPL_H
#define SKEP_FLOW_RANGE_IMPL_H

#include "flow/range.h"

#ifndef RANGE_WIDE
#define RANGE_WIDE 64
#define RANGE_HALF 32
#endif

/* The low half's bits. */
#define HALF_ALL ((u64)(u32) ~(u32)0)

/* What a solver sees as a term, not as a choice of ways, when it reads this code. */
#ifndef PICK
#define PICK(c, a, b) ((c) ? (a) : (b))
#define TRUTH bool
#define AMOUNT unsigned
#define BOTH(a, b) ((a) && (b))
#define NEITHER(a, b) (!(a) && !(b))
#define ADD_OVER(a, b, r) __builtin_add_overflow(a, b, r)
#define SUB_OVER(a, b, r) __builtin_sub_overflow(a, b, r)
#define MUL_OVER(a, b, r) __builtin_mul_overflow(a, b, r)

/* All bits from the highest set one down. */
static inline u64 fill64(u64 x)
{
	return x ? (u64) ~(u64)0 >> __builtin_clzll(x) : 0;
}

static inline u32 fill32(u32 x)
{
	return x ? (u32) ~(u32)0 >> __builtin_clz(x) : 0;
}

/* Zeros below the lowest set bit of a number that is not zero. */
static inline unsigned ctz64(u64 x)
{
	return (unsigned)__builtin_ctzll(x);
}

static inline unsigned ctz32(u32 x)
{
	return (unsigned)__builtin_ctz(x);
}
#endif

#define N(name) name##64
#define BITS RANGE_WIDE
#define U u64
#define S s64
#include "flow/range_view.h"
#undef N
#undef BITS
#undef U
#undef S

#define N(name) name##32
#define BITS RANGE_HALF
#define U u32
#define S s32
#include "flow/range_view.h"
#undef N
#undef BITS
#undef U
#undef S

static inline struct view64 range_wide(const struct skep_range *r)
{
	struct view64 v;

	v.val = r->bits.value;
	v.mask = r->bits.mask;
	v.umin = r->umin;
	v.umax = r->umax;
	v.smin = r->smin;
	v.smax = r->smax;
	return v;
}

static inline struct view32 range_low(const struct skep_range *r)
{
	struct view32 v;

	v.val = (u32)r->bits.value;
	v.mask = (u32)r->bits.mask;
	v.umin = r->umin32;
	v.umax = r->umax32;
	v.smin = r->smin32;
	v.smax = r->smax32;
	return v;
}

/* The views together; the bits are the wide one's. */
static inline struct skep_range range_of(const struct view64 *v, const struct view32 *w)
{
	struct skep_range r;

	r.bits.value = v->val;
	r.bits.mask = v->mask;
	r.umin = v->umin;
	r.umax = v->umax;
	r.smin = v->smin;
	r.smax = v->smax;
	r.umin32 = w->umin;
	r.umax32 = w->umax;
	r.smin32 = w->smin;
	r.smax32 = w->smax;
	return r;
}

/* A view of 32 bits sharpened by itself; false: it is empty. */
bool skep_range_sync32(struct view32 *v);
/* The zero-extended value of a view of 32 bits, sharpened. */
struct skep_range skep_range_widened(struct view32 *v);

#endif
