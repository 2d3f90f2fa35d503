/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The builders' normal form, for bits: a value is a row of slices (CONCAT), a
 * slice a constant, a whole term or an EXTRACT of one. Shifts by constants,
 * masks, zero-extensions and byte swaps become slices, so that a value put
 * together from bytes is the value that it came from.
 */
#include "smt/smt_impl.h"

enum { MAX_CUTS = 24 };

static bool is(const struct skep_smt *s, u32 t, u32 op)
{
	return s->t.v[t].op == op;
}

/* --- slices ------------------------------------------------------------------------ */

static u32 plain_extract(struct skep_smt *s, u32 a, u32 lo, u32 width)
{
	struct skep_term t = {
		.op = SKEP_T_EXTRACT, .width = (u8)width, .k = lo, .nargs = 1, .arg = &a};

	return skep_smt_make(s, &t);
}

static u32 extract_concat(struct skep_smt *s, u32 a, u32 lo, u32 width)
{
	u32 at = 0, r = 0, n = s->t.v[a].nargs;

	for (u32 i = 0; i < n && at < lo + width; i++) {
		u32 part = s->t.v[a].arg[i], w = skep_smt_width(s, part);

		if (at + w > lo) {
			u32 from = lo > at ? lo - at : 0, to = SKEP_MIN(w, lo + width - at);
			u32 x = skep_smt_extract(s, part, from, to - from);

			r = r ? skep_smt_concat(s, r, x) : x;
		}
		at += w;
	}
	return r;
}

static u32 extract_sext(struct skep_smt *s, u32 a, u32 lo, u32 width)
{
	u32 in = s->t.v[a].arg[0], w = skep_smt_width(s, in);

	if (lo + width <= w)
		return skep_smt_extract(s, in, lo, width);
	if (lo >= w)
		lo = w - 1;
	return skep_smt_sext(s, skep_smt_extract(s, in, lo, w - lo), width);
}

/* The low half of a sum is the sum of the low halves. */
static u32 extract_low(struct skep_smt *s, u32 a, u32 width)
{
	const struct skep_term x = s->t.v[a];
	u32 r;

	if (x.op == SKEP_T_MUL)
		return skep_smt_mul(s, skep_smt_extract(s, x.arg[0], 0, width),
				    skep_smt_extract(s, x.arg[1], 0, width));
	r = skep_smt_const(s, width, x.k);
	for (u32 i = 0; i < x.nargs; i++)
		r = skep_smt_add(s, r,
				 skep_smt_mul(s, skep_smt_extract(s, x.arg[i], 0, width),
					      skep_smt_const(s, width, x.coef[i])));
	return r;
}

u32 skep_smt_extract(struct skep_smt *s, u32 a, u32 lo, u32 width)
{
	const struct skep_term x = s->t.v[a];

	if (s->plain && (lo || width != x.width))
		return plain_extract(s, a, lo, width);
	if (lo == 0 && width == x.width)
		return a;
	switch (x.op) {
	case SKEP_T_CONST: return skep_smt_const(s, width, x.k >> lo);
	case SKEP_T_EXTRACT: return skep_smt_extract(s, x.arg[0], lo + (u32)x.k, width);
	case SKEP_T_CONCAT: return extract_concat(s, a, lo, width);
	case SKEP_T_SEXT: return extract_sext(s, a, lo, width);
	case SKEP_T_SUM:
	case SKEP_T_MUL:
		if (lo == 0 && width == 32)
			return extract_low(s, a, width);
		/* What lies in the low half is of the sum of the low halves. */
		if (x.width == 64 && lo + width <= 32)
			return skep_smt_extract(s, extract_low(s, a, 32), lo, width);
		return plain_extract(s, a, lo, width);
	case SKEP_T_NOT: return skep_smt_not(s, skep_smt_extract(s, x.arg[0], lo, width));
	case SKEP_T_AND:
		return skep_smt_and(s, skep_smt_extract(s, x.arg[0], lo, width),
				    skep_smt_extract(s, x.arg[1], lo, width));
	case SKEP_T_OR:
		return skep_smt_or(s, skep_smt_extract(s, x.arg[0], lo, width),
				   skep_smt_extract(s, x.arg[1], lo, width));
	case SKEP_T_XOR:
		return skep_smt_xor(s, skep_smt_extract(s, x.arg[0], lo, width),
				    skep_smt_extract(s, x.arg[1], lo, width));
	case SKEP_T_ITE:
		if (!skep_smt_is_const(s, x.arg[1]) && !skep_smt_is_const(s, x.arg[2]))
			return plain_extract(s, a, lo, width);
		return skep_smt_ite(s, x.arg[0], skep_smt_extract(s, x.arg[1], lo, width),
				    skep_smt_extract(s, x.arg[2], lo, width));
	default: return plain_extract(s, a, lo, width);
	}
}

/* Two neighbours as one slice, or 0. */
static u32 merge(struct skep_smt *s, u32 lo, u32 hi)
{
	const struct skep_term *l = &s->t.v[lo], *h = &s->t.v[hi];
	u32 w = (u32)l->width + h->width;

	if (l->op == SKEP_T_CONST && h->op == SKEP_T_CONST)
		return skep_smt_const(s, w, l->k | h->k << l->width);
	if (h->op == SKEP_T_EXTRACT && l->op == SKEP_T_EXTRACT && l->arg[0] == h->arg[0] &&
	    l->k + l->width == h->k)
		return skep_smt_extract(s, l->arg[0], (u32)l->k, w);
	/* The low half of a sum is no EXTRACT any more. */
	if (h->op == SKEP_T_EXTRACT && h->k == l->width &&
	    skep_smt_extract(s, h->arg[0], 0, (u32)h->k) == lo)
		return skep_smt_extract(s, s->t.v[hi].arg[0], 0, w);
	return 0;
}

u32 skep_smt_concat(struct skep_smt *s, u32 lo, u32 hi)
{
	u32 part[130], n = 0;
	u32 side[2] = {lo, hi};
	struct skep_term t = {.op = SKEP_T_CONCAT,
			      .width = (u8)(skep_smt_width(s, lo) + skep_smt_width(s, hi))};

	if (s->plain)
		return skep_smt_make2(s, SKEP_T_CONCAT, t.width, lo, hi);
	for (u32 k = 0; k < 2; k++) {
		bool row = is(s, side[k], SKEP_T_CONCAT);
		u32 cnt = row ? s->t.v[side[k]].nargs : 1;

		for (u32 i = 0; i < cnt; i++) {
			u32 p = row ? s->t.v[side[k]].arg[i] : side[k],
			    m = n ? merge(s, part[n - 1], p) : 0;

			if (m)
				part[n - 1] = m;
			else
				part[n++] = p;
		}
	}
	if (n == 1)
		return part[0];
	t.nargs = (u8)n;
	t.arg = part;
	return skep_smt_make(s, &t);
}

u32 skep_smt_zext(struct skep_smt *s, u32 a, u32 width)
{
	u32 w = skep_smt_width(s, a);

	return w == width ? a : skep_smt_concat(s, a, skep_smt_const(s, width - w, 0));
}

u32 skep_smt_sext(struct skep_smt *s, u32 a, u32 width)
{
	struct skep_term t = {.op = SKEP_T_SEXT, .width = (u8)width, .nargs = 1};
	u32 w = skep_smt_width(s, a);

	if (w == width)
		return a;
	if (s->plain)
		return skep_smt_plain1(s, SKEP_T_SEXT, width, a, 0);
	if (skep_smt_is_const(s, a))
		return skep_smt_const(s, width, (u64)skep_smt_signed(s->t.v[a].k, w));
	if (skep_smt_zeros(s, a))
		return skep_smt_zext(s, a, width);
	if (is(s, a, SKEP_T_SEXT))
		a = s->t.v[a].arg[0];
	t.arg = &a;
	return skep_smt_make(s, &t);
}

u32 skep_smt_bswap(struct skep_smt *s, u32 a)
{
	u32 w = skep_smt_width(s, a), r = skep_smt_extract(s, a, w - 8, 8);

	for (u32 b = w - 8; b; b -= 8)
		r = skep_smt_concat(s, r, skep_smt_extract(s, a, b - 8, 8));
	return r;
}

u32 skep_smt_zeros(const struct skep_smt *s, u32 t)
{
	const struct skep_term *x = &s->t.v[t];
	u32 n = 0;

	switch (x->op) {
	case SKEP_T_CONST: return x->k ? (u32)__builtin_clzll(x->k) - (64 - x->width) : x->width;
	case SKEP_T_CONCAT:
		for (u32 i = x->nargs; i-- > 0;) {
			u32 z = skep_smt_zeros(s, x->arg[i]);

			n += z;
			if (z < s->t.v[x->arg[i]].width)
				break;
		}
		return n;
	case SKEP_T_ITE:
		return SKEP_MIN(skep_smt_zeros(s, x->arg[1]), skep_smt_zeros(s, x->arg[2]));
	case SKEP_T_AND:
		return SKEP_MAX(skep_smt_zeros(s, x->arg[0]), skep_smt_zeros(s, x->arg[1]));
	case SKEP_T_OR:
	case SKEP_T_XOR:
		return SKEP_MIN(skep_smt_zeros(s, x->arg[0]), skep_smt_zeros(s, x->arg[1]));
	case SKEP_T_UDIV:
	case SKEP_T_UREM:
	case SKEP_T_SHR: return skep_smt_zeros(s, x->arg[0]);
	default: return 0;
	}
}

/* --- and, or, xor ------------------------------------------------------------------------ */

/* Where slices of `t` begin and end; false when there are too many. */
static bool cuts_of(const struct skep_smt *s, u32 t, u64 *cuts)
{
	const struct skep_term *x = &s->t.v[t];
	u32 at = 0;

	if (x->op == SKEP_T_CONST) {
		*cuts |= (x->k ^ x->k << 1) & skep_smt_mask(x->width);
	} else if (x->op == SKEP_T_CONCAT) {
		for (u32 i = 0; i < x->nargs; i++) {
			*cuts |= (u64)1 << at;
			at += s->t.v[x->arg[i]].width;
		}
	} else {
		return false;
	}
	return true;
}

static u32 piece(struct skep_smt *s, enum skep_smt_op op, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a);
	u64 m = skep_smt_mask(w);

	if (skep_smt_is_const(s, a)) {
		u32 t = a;

		a = b;
		b = t;
	}
	if (skep_smt_is_const(s, b)) {
		u64 k = s->t.v[b].k;

		if (skep_smt_is_const(s, a)) {
			u64 l = s->t.v[a].k;

			return skep_smt_const(s, w,
					      op == SKEP_T_AND	? l & k
					      : op == SKEP_T_OR ? l | k
								: l ^ k);
		}
		if (!k)
			return op == SKEP_T_AND ? b : a;
		if (k == m)
			return op == SKEP_T_AND ? a : op == SKEP_T_OR ? b : skep_smt_not(s, a);
	}
	if (a == b)
		return op == SKEP_T_XOR ? skep_smt_const(s, w, 0) : a;
	if (op != SKEP_T_XOR && ((is(s, a, SKEP_T_NOT) && s->t.v[a].arg[0] == b) ||
				 (is(s, b, SKEP_T_NOT) && s->t.v[b].arg[0] == a)))
		return skep_smt_const(s, w, op == SKEP_T_AND ? 0 : m);
	return a < b ? skep_smt_make2(s, op, w, a, b) : skep_smt_make2(s, op, w, b, a);
}

static u32 bitwise(struct skep_smt *s, enum skep_smt_op op, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a), r = 0;
	u64 cuts = 1;
	bool any = cuts_of(s, a, &cuts);

	if (s->plain)
		return skep_smt_make2(s, op, w, a, b);
	any |= cuts_of(s, b, &cuts);
	if (!any || __builtin_popcountll(cuts) > MAX_CUTS || __builtin_popcountll(cuts) == 1)
		return piece(s, op, a, b);
	for (u32 lo = 0; lo < w;) {
		u64 rest = lo >= 63 ? 0 : cuts >> (lo + 1);
		u32 hi = rest ? lo + 1 + (u32)__builtin_ctzll(rest) : w, p;

		p = piece(s, op, skep_smt_extract(s, a, lo, hi - lo),
			  skep_smt_extract(s, b, lo, hi - lo));
		r = r ? skep_smt_concat(s, r, p) : p;
		lo = hi;
	}
	return r;
}

u32 skep_smt_and(struct skep_smt *s, u32 a, u32 b)
{
	return bitwise(s, SKEP_T_AND, a, b);
}

u32 skep_smt_or(struct skep_smt *s, u32 a, u32 b)
{
	return bitwise(s, SKEP_T_OR, a, b);
}

u32 skep_smt_xor(struct skep_smt *s, u32 a, u32 b)
{
	return bitwise(s, SKEP_T_XOR, a, b);
}

u32 skep_smt_not(struct skep_smt *s, u32 a)
{
	const struct skep_term x = s->t.v[a];
	struct skep_term t = {.op = SKEP_T_NOT, .width = x.width, .nargs = 1, .arg = &a};
	u32 r;

	if (s->plain)
		return skep_smt_plain1(s, SKEP_T_NOT, x.width, a, 0);
	if (x.op == SKEP_T_CONST)
		return skep_smt_const(s, x.width, ~x.k);
	if (x.op == SKEP_T_NOT)
		return x.arg[0];
	if (x.op == SKEP_T_CONCAT) {
		r = skep_smt_not(s, x.arg[0]);
		for (u32 i = 1; i < x.nargs; i++)
			r = skep_smt_concat(s, r, skep_smt_not(s, x.arg[i]));
		return r;
	}
	return skep_smt_make(s, &t);
}

u32 skep_smt_shift(struct skep_smt *s, enum skep_smt_op op, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a), k;

	if (s->plain)
		return skep_smt_make2(s, op, w, a, b);
	if (!skep_smt_is_const(s, b))
		return skep_smt_is(s, a, 0) ? a : skep_smt_make2(s, op, w, a, b);
	if (!s->t.v[b].k)
		return a;
	k = (u32)s->t.v[b].k;
	if (op == SKEP_T_SHL)
		return skep_smt_concat(s, skep_smt_const(s, k, 0),
				       skep_smt_extract(s, a, 0, w - k));
	if (op == SKEP_T_SHR)
		return skep_smt_zext(s, skep_smt_extract(s, a, k, w - k), w);
	return skep_smt_sext(s, skep_smt_extract(s, a, k, w - k), w);
}
