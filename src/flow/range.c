/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges as sets: constructors, join, meet, widening, text. How the views sharpen each
 * other is in range_sync.c, arithmetic in range_alu.c, comparisons in range_cond.c, and
 * what happens within one width in range_view.h. Values only, nothing is owned.
 */
#include "flow/range_impl.h"

struct skep_range skep_range_any(void)
{
	struct skep_range r;
	struct view64 v;
	struct view32 w;

	v.val = 0;
	v.mask = (u64) ~(u64)0;
	w.val = 0;
	w.mask = (u32) ~(u32)0;
	any_bounds64(&v);
	any_bounds32(&w);
	r = range_of(&v, &w);
	return r;
}

struct skep_range skep_range_const(u64 v)
{
	struct skep_range r;

	r.bits.value = v;
	r.bits.mask = 0;
	r.umin = r.umax = v;
	r.smin = r.smax = (s64)v;
	r.umin32 = r.umax32 = (u32)v;
	r.smin32 = r.smax32 = (s32)v;
	return r;
}

struct skep_range skep_range_zext(u32 size)
{
	if (size >= 8)
		return skep_range_any();
	return skep_range_unsigned(0, ((u64)1 << (size * 8)) - 1);
}

struct skep_range skep_range_sext(u32 size)
{
	s64 top;

	if (size >= 8)
		return skep_range_any();
	top = (s64)1 << (size * 8 - 1);
	return skep_range_signed(-top, top - 1);
}

struct skep_range skep_range_unsigned(u64 min, u64 max)
{
	struct skep_range r = skep_range_any();

	r.umin = min;
	r.umax = max;
	skep_range_sync(&r);
	return r;
}

struct skep_range skep_range_signed(s64 min, s64 max)
{
	struct skep_range r = skep_range_any();

	r.smin = min;
	r.smax = max;
	skep_range_sync(&r);
	return r;
}

bool skep_range_has(const struct skep_range *r, u64 v)
{
	u32 w = (u32)v;

	return (v & ~r->bits.mask) == r->bits.value && v >= r->umin && v <= r->umax && (s64)v >= r->smin &&
	       (s64)v <= r->smax && w >= r->umin32 && w <= r->umax32 && (s32)w >= r->smin32 &&
	       (s32)w <= r->smax32;
}

/* --- sets ------------------------------------------------------------------- */

bool skep_range_includes(const struct skep_range *a, const struct skep_range *b)
{
	return (b->bits.mask & ~a->bits.mask) == 0 && (b->bits.value & ~a->bits.mask) == a->bits.value &&
	       a->umin <= b->umin && a->umax >= b->umax && a->smin <= b->smin && a->smax >= b->smax &&
	       a->umin32 <= b->umin32 && a->umax32 >= b->umax32 && a->smin32 <= b->smin32 &&
	       a->smax32 >= b->smax32;
}

bool skep_range_eq(const struct skep_range *a, const struct skep_range *b)
{
	return a->bits.value == b->bits.value && a->bits.mask == b->bits.mask && a->umin == b->umin &&
	       a->umax == b->umax && a->smin == b->smin && a->smax == b->smax && a->umin32 == b->umin32 &&
	       a->umax32 == b->umax32 && a->smin32 == b->smin32 && a->smax32 == b->smax32;
}

/* A bit stays known when both know the same. */
static struct skep_tnum join_bits(struct skep_tnum a, struct skep_tnum b)
{
	struct skep_tnum t;

	t.mask = a.mask | b.mask | (a.value ^ b.value);
	t.value = a.value & ~t.mask;
	return t;
}

struct skep_range skep_range_join(const struct skep_range *a, const struct skep_range *b)
{
	struct skep_range r;

	r.bits = join_bits(a->bits, b->bits);
	r.umin = lo64(a->umin, b->umin);
	r.umax = hi64(a->umax, b->umax);
	r.smin = slo64(a->smin, b->smin);
	r.smax = shi64(a->smax, b->smax);
	r.umin32 = lo32(a->umin32, b->umin32);
	r.umax32 = hi32(a->umax32, b->umax32);
	r.smin32 = slo32(a->smin32, b->smin32);
	r.smax32 = shi32(a->smax32, b->smax32);
	return r;
}

bool skep_range_meet(const struct skep_range *a, const struct skep_range *b, struct skep_range *out)
{
	struct skep_range r;

	if ((a->bits.value ^ b->bits.value) & ~a->bits.mask & ~b->bits.mask)
		return false;
	r.bits.value = a->bits.value | b->bits.value;
	r.bits.mask = a->bits.mask & b->bits.mask;
	r.umin = hi64(a->umin, b->umin);
	r.umax = lo64(a->umax, b->umax);
	r.smin = shi64(a->smin, b->smin);
	r.smax = slo64(a->smax, b->smax);
	r.umin32 = hi32(a->umin32, b->umin32);
	r.umax32 = lo32(a->umax32, b->umax32);
	r.smin32 = shi32(a->smin32, b->smin32);
	r.smax32 = slo32(a->smax32, b->smax32);
	if (!skep_range_sync(&r))
		return false;
	*out = r;
	return true;
}

/* --- widening --------------------------------------------------------------- */

/*
 * Where growing bounds stop: sizes that loops run to. Any list is sound; the result is
 * never below what was asked for, as the last element is the largest number there is.
 */
static const u64 steps[] = {
	0,	  1,	  7,	  15,	  16,	      31,	  32,	      63,	    64,
	127,	  128,	  255,	  256,	  511,	      512,	  1023,	      1024,	    1500,
	4095,	  4096,	  0x7fff, 0xffff, 0x10000,    0xfffff,	  0x1fffffff, INT32_MAX, 0x80000000,
	UINT32_MAX, 0x100000000, INT64_MAX, (u64)INT64_MAX + 1, UINT64_MAX - UINT32_MAX, UINT64_MAX,
};

static u64 step_up(u64 x)
{
	u32 i = 0;

	while (steps[i] < x)
		i++;
	return steps[i];
}

static u64 step_down(u64 x)
{
	u32 i = 0;

	while (i + 1 < SKEP_ARRAY_SIZE(steps) && steps[i + 1] <= x)
		i++;
	return steps[i];
}

/* Signed: the same to both sides of zero, negative ones as ~x; 64 bits, clipped to the width by min and max. */
static s64 step_up_signed(s64 x)
{
	return x >= 0 ? (s64)SKEP_MIN(step_up((u64)x), (u64)INT64_MAX) : (s64)~step_down(~(u64)x);
}

static s64 step_down_signed(s64 x)
{
	return x >= 0 ? (s64)step_down((u64)x) : (s64)~SKEP_MIN(step_up(~(u64)x), (u64)INT64_MAX);
}

static void widen_low(const struct skep_range *old, struct skep_range *r)
{
	if (r->umin32 < old->umin32)
		r->umin32 = (u32)step_down(r->umin32);
	if (r->umax32 > old->umax32)
		r->umax32 = (u32)SKEP_MIN(step_up(r->umax32), (u64)UINT32_MAX);
	if (r->smin32 < old->smin32)
		r->smin32 = (s32)SKEP_MAX(step_down_signed(r->smin32), (s64)INT32_MIN);
	if (r->smax32 > old->smax32)
		r->smax32 = (s32)SKEP_MIN(step_up_signed(r->smax32), (s64)INT32_MAX);
}

/*
 * Bounds that grew go on to the next step. When bits became unknown, all up to the highest
 * that the new bounds let change become so, but trailing ones that are still known: the
 * alignment of a counter. A sequence of widened ranges is finite: each new one crosses a
 * step, or knows fewer bits, and bits go by ever shorter alignments or ever higher steps.
 */
struct skep_range skep_range_widen(const struct skep_range *old, const struct skep_range *now)
{
	struct skep_range r = skep_range_join(old, now);
	u64 changed = r.bits.mask & ~old->bits.mask;

	if (r.umin < old->umin)
		r.umin = step_down(r.umin);
	if (r.umax > old->umax)
		r.umax = step_up(r.umax);
	if (r.smin < old->smin)
		r.smin = step_down_signed(r.smin);
	if (r.smax > old->smax)
		r.smax = step_up_signed(r.smax);
	widen_low(old, &r);
	if (changed) {
		u64 low = below64(r.bits.mask);

		r.bits.mask |= fill64(r.bits.mask | (r.umin ^ r.umax)) & ~low;
		r.bits.value &= ~r.bits.mask;
	}
	skep_range_sync(&r);
	return r;
}

/* --- text ------------------------------------------------------------------- */

static void print_unsigned(u64 v, struct skep_buf *out)
{
	skep_buf_printf(out, v < 1000000 ? "%llu" : "0x%llx", (unsigned long long)v);
}

static void print_signed(s64 v, struct skep_buf *out)
{
	if (v < 0) {
		skep_buf_puts(out, "-");
		print_unsigned(0 - (u64)v, out);
	} else {
		print_unsigned((u64)v, out);
	}
}

/* Are all bits unknown that the unsigned bounds leave open? */
static bool bits_follow(const struct skep_range *r)
{
	return (fill64(r->umin ^ r->umax) & ~r->bits.mask) == 0;
}

/* Bounds in the order in which fewer numbers lie between them. */
static void print_bounds(const struct skep_range *r, struct skep_buf *out)
{
	if (r->umin == 0 && r->umax == UINT64_MAX && r->smin == INT64_MIN && r->smax == INT64_MAX) {
		skep_buf_puts(out, "any");
	} else if ((u64)r->smax - (u64)r->smin < r->umax - r->umin || r->smax < 0) {
		print_signed(r->smin, out);
		skep_buf_puts(out, "..");
		print_signed(r->smax, out);
	} else {
		print_unsigned(r->umin, out);
		skep_buf_puts(out, "..");
		print_unsigned(r->umax, out);
	}
}

void skep_range_print(const struct skep_range *r, struct skep_buf *out)
{
	bool low = r->umin32 != 0 || r->umax32 != UINT32_MAX || r->smin32 != INT32_MIN ||
		   r->smax32 != INT32_MAX;

	if (skep_range_is_const(r)) {
		print_signed((s64)r->bits.value, out);
		return;
	}
	print_bounds(r, out);
	if (!bits_follow(r))
		skep_buf_printf(out, " (bits 0x%llx|0x%llx)", (unsigned long long)r->bits.value,
				(unsigned long long)r->bits.mask);
	/* The low half, when the whole does not say it. */
	if (low && (r->umax >> 32) != (r->umin >> 32) && (r->smin < INT32_MIN || r->smax > INT32_MAX)) {
		skep_buf_puts(out, " (low half ");
		if ((u32)r->smax32 - (u32)r->smin32 < r->umax32 - r->umin32)
			skep_buf_printf(out, "%d..%d)", r->smin32, r->smax32);
		else
			skep_buf_printf(out, "%u..%u)", r->umin32, r->umax32);
	}
}
