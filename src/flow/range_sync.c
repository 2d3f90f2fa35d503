/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the views of a range sharpen each other. Every step replaces a description by one
 * that follows from the others, so no value is lost, in any order and after any number
 * of steps; tests prove each step. The steps are monotone and only sharpen: what they
 * leave alone, a larger range keeps too, so a join of sharpened ranges is sharpened.
 */
#include "flow/range_impl.h"

/* Enough for a fixed point but in rare cases, where one more round would gain a little. */
#ifndef RANGE_ROUNDS
#define RANGE_ROUNDS 8
#endif

#define WIDE_SIGN ((u64)((u64)1 << (RANGE_WIDE - 1)))

/*
 * The low half of numbers from lo to hi. When they are fewer than 2^32, their low halves
 * go up from lo's to hi's once, maybe through the end of an order (see meet_arc).
 */
static inline void to_low(u64 lo, u64 hi, struct view32 *w)
{
	if ((u64)(hi - lo) <= HALF_ALL)
		meet_arc32(w, (u32)lo, (u32)hi);
}

/*
 * The smallest y >= *x whose low half is in w. Low halves in w are from umin to umax and,
 * when the signed bounds are of both signs, not between smax and smin. So a low half that
 * is too small goes up to umin, one in the gap up to smin, and one that is too large to
 * umin of the next upper half; there may be none: false.
 */
static inline bool up_to_low(const struct view32 *w, u64 *x)
{
	u32 lo = (u32)*x;
	u64 top = (u64)(*x - lo);

	if (lo < w->umin) {
		*x = (u64)(top + w->umin);
	} else if (lo > w->umax) {
		if (top == (u64)~HALF_ALL)
			return false;
		*x = (u64)(top + HALF_ALL + 1 + w->umin);
	} else if (w->smin < 0 && w->smax >= 0 && lo > (u32)w->smax && lo < (u32)w->smin) {
		*x = (u64)(top + (u32)w->smin);
	}
	return true;
}

/* The largest y <= *x of these. */
static inline bool down_to_low(const struct view32 *w, u64 *x)
{
	u32 lo = (u32)*x;
	u64 top = (u64)(*x - lo);

	if (lo > w->umax) {
		*x = (u64)(top + w->umax);
	} else if (lo < w->umin) {
		if (top == 0)
			return false;
		*x = (u64)(top - (u64)(HALF_ALL + 1) + w->umax);
	} else if (w->smin < 0 && w->smax >= 0 && lo > (u32)w->smax && lo < (u32)w->smin) {
		*x = (u64)(top + (u32)w->smax);
	}
	return true;
}

/* Bounds whose low half is not in w move. Signed order: with the sign flipped, low halves stay. */
static inline bool from_low(const struct view32 *w, struct view64 *v)
{
	u64 a = (u64)((u64)v->smin ^ WIDE_SIGN), b = (u64)((u64)v->smax ^ WIDE_SIGN);
	bool ok = up_to_low(w, &v->umin) && down_to_low(w, &v->umax) && up_to_low(w, &a) && down_to_low(w, &b);

	v->smin = (s64)(a ^ WIDE_SIGN);
	v->smax = (s64)(b ^ WIDE_SIGN);
	return ok;
}

/* The bits of w, which are v's low ones and maybe more, become v's. */
static inline void bits_from_low(const struct view32 *w, struct view64 *v)
{
	v->mask &= (u64)((u64)~HALF_ALL | w->mask);
	v->val |= w->val;
}

bool skep_range_sync32(struct view32 *w)
{
	bool done = false;

	for (int i = 0; !done && i < RANGE_ROUNDS; i++) {
		struct view32 before = *w;

		if (!round32(w, &done))
			return false;
		if (equal32(&before, w))
			break;
	}
	return true;
}

/* One round of both: false when nothing is left. */
static inline bool round_both(struct view64 *v, struct view32 *w)
{
	bool done;

	if (!round64(v, &done))
		return false;
	to_low(v->umin, v->umax, w);
	to_low((u64)v->smin, (u64)v->smax, w);
	w->val = (u32)v->val;
	w->mask = (u32)v->mask;
	if (!round32(w, &done))
		return false;
	bits_from_low(w, v);
	return from_low(w, v);
}

/* With one upper half for all members the low view says the rest: the wide one is it, put behind. */
static bool sync_one_upper(struct view64 *v, struct view32 *w)
{
	u64 top = (u64)(v->umin & ~HALF_ALL);

	if ((u64)((v->val ^ top) & ~v->mask & ~HALF_ALL))
		return false;
	w->val = (u32)v->val;
	w->mask = (u32)v->mask;
	w->umin = hi32(w->umin, (u32)v->umin);
	w->umax = lo32(w->umax, (u32)v->umax);
	if (!skep_range_sync32(w))
		return false;
	v->val = (u64)(top | w->val);
	v->mask = w->mask;
	v->umin = (u64)(top | w->umin);
	v->umax = (u64)(top | w->umax);
	v->smin = (s64)v->umin;
	v->smax = (s64)v->umax;
	return true;
}

static bool sync_views(struct view64 *v, struct view32 *w)
{
	for (int i = 0; i < RANGE_ROUNDS; i++) {
		struct view64 v0 = *v;
		struct view32 w0 = *w;

		if (!halves64(v))
			return false;
		if ((u64)((v->umin ^ v->umax) & ~HALF_ALL) == 0)
			return sync_one_upper(v, w);
		if (!round_both(v, w))
			return false;
		if (equal64(&v0, v) && equal32(&w0, w))
			break;
	}
	return true;
}

bool skep_range_sync(struct skep_range *r)
{
	struct view64 v = range_wide(r);
	struct view32 w = range_low(r);
	bool ok = sync_views(&v, &w);

	*r = range_of(&v, &w);
	return ok;
}

struct skep_range skep_range_widened(struct view32 *w)
{
	struct view64 v;

	skep_range_sync32(w);
	v.val = w->val;
	v.mask = w->mask;
	v.umin = w->umin;
	v.umax = w->umax;
	v.smin = (s64)(u64)w->umin;
	v.smax = (s64)(u64)w->umax;
	return range_of(&v, w);
}
