/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The builders' normal form, for arithmetic: sums of multiples with the
 * constant apart, so that addresses compare; other operations.
 *
 * What has the same normal form has the same value; the converse is the
 * solver's business. Bits (slices and masks) are in bits.c.
 */
#include "smt/smt_impl.h"

enum { MAX_ATOMS = 64 };

struct sum {
	u32 atom[2 * MAX_ATOMS];
	u64 coef[2 * MAX_ATOMS];
	u32 n;
	u64 k;
};

static bool is(const struct skep_smt *s, u32 t, u32 op)
{
	return s->t.v[t].op == op;
}

static void sum_of(const struct skep_smt *s, u32 t, u64 scale, struct sum *out)
{
	const struct skep_term *x = &s->t.v[t];

	if (x->op == SKEP_T_CONST) {
		out->k += scale * x->k;
		return;
	}
	if (x->op != SKEP_T_SUM) {
		out->atom[out->n] = t;
		out->coef[out->n++] = scale;
		return;
	}
	out->k += scale * x->k;
	for (u32 i = 0; i < x->nargs; i++) {
		out->atom[out->n] = x->arg[i];
		out->coef[out->n++] = scale * x->coef[i];
	}
}

/* Sorted by atom, equal atoms joined, zeros gone. */
static void sum_tidy(struct sum *m, u64 mask)
{
	u32 n = 0;

	for (u32 i = 1; i < m->n; i++)
		for (u32 j = i; j && m->atom[j - 1] > m->atom[j]; j--) {
			u32 a = m->atom[j];
			u64 c = m->coef[j];

			m->atom[j] = m->atom[j - 1];
			m->coef[j] = m->coef[j - 1];
			m->atom[j - 1] = a;
			m->coef[j - 1] = c;
		}
	for (u32 i = 0; i < m->n; i++) {
		if (n && m->atom[n - 1] == m->atom[i]) {
			m->coef[n - 1] = (m->coef[n - 1] + m->coef[i]) & mask;
		} else {
			if (n && !m->coef[n - 1])
				n--;
			m->atom[n] = m->atom[i];
			m->coef[n++] = m->coef[i] & mask;
		}
		if (!m->coef[n - 1])
			n--;
	}
	m->n = n;
	m->k &= mask;
}

static u32 sum_make(struct skep_smt *s, u32 width, struct sum *m)
{
	struct skep_term t = {
		.op = SKEP_T_SUM, .width = (u8)width, .arg = m->atom, .coef = m->coef};

	sum_tidy(m, skep_smt_mask(width));
	if (!m->n)
		return skep_smt_const(s, width, m->k);
	if (m->n == 1 && m->coef[0] == 1 && !m->k)
		return m->atom[0];
	t.nargs = (u8)m->n;
	t.k = m->k;
	return skep_smt_make(s, &t);
}

static u32 combine(struct skep_smt *s, u32 a, u64 ca, u32 b, u64 cb, u64 k)
{
	u32 width = skep_smt_width(s, a);
	struct sum m = {.k = k};
	u32 na = is(s, a, SKEP_T_SUM) ? s->t.v[a].nargs : 1,
	    nb = is(s, b, SKEP_T_SUM) ? s->t.v[b].nargs : 1;

	if (na + nb > 2 * MAX_ATOMS - 2 || na > MAX_ATOMS || nb > MAX_ATOMS) {
		/* Too long: what is there already becomes one piece. */
		m.atom[0] = a, m.coef[0] = ca;
		m.atom[1] = b, m.coef[1] = cb;
		m.n = 2;
	} else {
		sum_of(s, a, ca, &m);
		sum_of(s, b, cb, &m);
	}
	return sum_make(s, width, &m);
}

/* Two values that share no bit: their sum is their union. */
static bool disjoint(struct skep_smt *s, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a), z = skep_smt_zeros(s, b);
	const struct skep_term *x = &s->t.v[a];

	return z && z < w && x->op == SKEP_T_CONCAT && skep_smt_is(s, x->arg[0], 0) &&
	       skep_smt_width(s, x->arg[0]) >= w - z;
}

u32 skep_smt_add(struct skep_smt *s, u32 a, u32 b)
{
	if (s->plain)
		return skep_smt_plain_sum(s, a, 1, b, 1, 0);
	if (disjoint(s, a, b) || disjoint(s, b, a))
		return skep_smt_or(s, a, b);
	return combine(s, a, 1, b, 1, 0);
}

u32 skep_smt_sub(struct skep_smt *s, u32 a, u32 b)
{
	if (s->plain)
		return skep_smt_plain_sum(s, a, 1, b, ~(u64)0, 0);
	return combine(s, a, 1, b, ~(u64)0, 0);
}

u32 skep_smt_addk(struct skep_smt *s, u32 a, u64 k)
{
	struct sum m = {.k = k};

	if (s->plain)
		return skep_smt_plain_sum(s, a, 1, 0, 0, k);
	if (!k)
		return a;
	sum_of(s, a, 1, &m);
	return sum_make(s, skep_smt_width(s, a), &m);
}

u32 skep_smt_neg(struct skep_smt *s, u32 a)
{
	struct sum m = {0};

	if (s->plain)
		return skep_smt_plain_sum(s, a, ~(u64)0, 0, 0, 0);
	sum_of(s, a, ~(u64)0, &m);
	return sum_make(s, skep_smt_width(s, a), &m);
}

void skep_smt_split(struct skep_smt *s, u32 t, u32 *base, u64 *k)
{
	*k = s->t.v[t].op == SKEP_T_SUM || s->t.v[t].op == SKEP_T_CONST ? s->t.v[t].k : 0;
	*base = *k ? skep_smt_addk(s, t, 0 - *k) : t;
}

u32 skep_smt_mul(struct skep_smt *s, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a);
	struct sum m = {0};
	u64 k;

	if (s->plain)
		return skep_smt_make2(s, SKEP_T_MUL, w, a, b);
	if (skep_smt_is_const(s, a)) {
		u32 t = a;

		a = b;
		b = t;
	}
	if (!skep_smt_is_const(s, b))
		return a < b ? skep_smt_make2(s, SKEP_T_MUL, w, a, b)
			     : skep_smt_make2(s, SKEP_T_MUL, w, b, a);
	k = s->t.v[b].k;
	if (k && !(k & (k - 1)))
		return skep_smt_shift(s, SKEP_T_SHL, a,
				      skep_smt_const(s, w, (u64)__builtin_ctzll(k)));
	sum_of(s, a, k, &m);
	return sum_make(s, w, &m);
}

static u64 div_const(enum skep_smt_op op, u64 a, u64 b, u32 w)
{
	s64 x = skep_smt_signed(a, w), y = skep_smt_signed(b, w);

	switch (op) {
	case SKEP_T_UDIV: return a / b;
	case SKEP_T_UREM: return a % b;
	case SKEP_T_SDIV: return y == -1 ? 0 - a : (u64)(x / y);
	default: return y == -1 ? 0 : (u64)(x % y);
	}
}

u32 skep_smt_div(struct skep_smt *s, enum skep_smt_op op, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a);
	u64 k;

	if (s->plain)
		return skep_smt_make2(s, op, w, a, b);
	if (!skep_smt_is_const(s, b) || skep_smt_is(s, b, 0))
		return skep_smt_make2(s, op, w, a, b);
	k = s->t.v[b].k;
	if (skep_smt_is_const(s, a))
		return skep_smt_const(s, w, div_const(op, s->t.v[a].k, k, w));
	if (!(k & (k - 1)) && op == SKEP_T_UDIV)
		return skep_smt_shift(s, SKEP_T_SHR, a,
				      skep_smt_const(s, w, (u64)__builtin_ctzll(k)));
	if (!(k & (k - 1)) && op == SKEP_T_UREM)
		return skep_smt_and(s, a, skep_smt_const(s, w, k - 1));
	return skep_smt_make2(s, op, w, a, b);
}

/* --- comparisons ------------------------------------------------------------------- */

/* Constants at the high or low end that both sides share, or that differ. */
static u32 eq_concat(struct skep_smt *s, u32 a, u32 b)
{
	const struct skep_term *x = &s->t.v[a];
	u32 n = x->nargs, w = x->width, low = x->arg[0], high = x->arg[n - 1], wl, wh;

	wl = skep_smt_width(s, low);
	wh = skep_smt_width(s, high);
	if (skep_smt_is_const(s, high)) {
		u32 other = skep_smt_extract(s, b, w - wh, wh);

		if (skep_smt_is_const(s, other))
			return other != high ? skep_smt_const(s, 1, 0)
					     : skep_smt_eq(s, skep_smt_extract(s, a, 0, w - wh),
							   skep_smt_extract(s, b, 0, w - wh));
	}
	if (skep_smt_is_const(s, low)) {
		u32 other = skep_smt_extract(s, b, 0, wl);

		if (skep_smt_is_const(s, other))
			return other != low ? skep_smt_const(s, 1, 0)
					    : skep_smt_eq(s, skep_smt_extract(s, a, wl, w - wl),
							  skep_smt_extract(s, b, wl, w - wl));
	}
	return 0;
}

/* a == k */
static u32 eq_const(struct skep_smt *s, u32 a, u32 b)
{
	const struct skep_term x = s->t.v[a];
	u64 k = s->t.v[b].k;
	u32 in, w;

	switch (x.op) {
	case SKEP_T_SUM:
		if (x.k)
			return skep_smt_eq(s, skep_smt_addk(s, a, 0 - x.k),
					   skep_smt_const(s, x.width, k - x.k));
		if (x.nargs == 1 && (x.coef[0] & 1) && x.coef[0] == skep_smt_mask(x.width))
			return skep_smt_eq(s, x.arg[0], skep_smt_const(s, x.width, 0 - k));
		return 0;
	case SKEP_T_SEXT:
		in = x.arg[0];
		w = skep_smt_width(s, in);
		if (((u64)skep_smt_signed(k & skep_smt_mask(w), w) & skep_smt_mask(x.width)) != k)
			return skep_smt_const(s, 1, 0);
		return skep_smt_eq(s, in, skep_smt_const(s, w, k));
	case SKEP_T_NOT: return skep_smt_eq(s, x.arg[0], skep_smt_const(s, x.width, ~k));
	case SKEP_T_ITE:
		if (!skep_smt_is_const(s, x.arg[1]) && !skep_smt_is_const(s, x.arg[2]))
			return 0;
		return skep_smt_ite(s, x.arg[0], skep_smt_eq(s, x.arg[1], b),
				    skep_smt_eq(s, x.arg[2], b));
	case SKEP_T_VAR:
	case SKEP_T_APP: return x.flags & SKEP_TF_NONNULL && !k ? skep_smt_const(s, 1, 0) : 0;
	default: return 0;
	}
}

u32 skep_smt_eq(struct skep_smt *s, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a), r = 0;

	if (s->plain)
		return skep_smt_make2(s, SKEP_T_EQ, 1, a, b);
	if (a == b)
		return skep_smt_const(s, 1, 1);
	if (skep_smt_is_const(s, a) || (!skep_smt_is_const(s, b) && a > b)) {
		u32 t = a;

		a = b;
		b = t;
	}
	if (skep_smt_is_const(s, a))
		return skep_smt_const(s, 1, 0);
	if (w == 0)
		return skep_smt_make2(s, SKEP_T_EQ, 1, a, b);
	if (w == 1 && skep_smt_is_const(s, b))
		return s->t.v[b].k ? a : skep_smt_not(s, a);
	if (skep_smt_is_const(s, b))
		r = eq_const(s, a, b);
	else if (is(s, a, SKEP_T_SUM) || is(s, b, SKEP_T_SUM)) {
		u32 d = skep_smt_sub(s, a, b);

		if (skep_smt_is_const(s, d))
			return skep_smt_const(s, 1, skep_smt_is(s, d, 0));
		if (is(s, d, SKEP_T_SUM) && s->t.v[d].nargs == 1)
			return skep_smt_eq(s, d, skep_smt_const(s, w, 0));
	}
	if (r)
		return r;
	if (is(s, a, SKEP_T_CONCAT))
		r = eq_concat(s, a, b);
	else if (is(s, b, SKEP_T_CONCAT))
		r = eq_concat(s, b, a);
	return r ? r : skep_smt_make2(s, SKEP_T_EQ, 1, a, b);
}

u32 skep_smt_ult(struct skep_smt *s, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a), z;

	if (s->plain)
		return skep_smt_make2(s, SKEP_T_ULT, 1, a, b);
	if (a == b || skep_smt_is(s, b, 0) || skep_smt_is(s, a, skep_smt_mask(w)))
		return skep_smt_const(s, 1, 0);
	if (skep_smt_is_const(s, a) && skep_smt_is_const(s, b))
		return skep_smt_const(s, 1, s->t.v[a].k < s->t.v[b].k);
	z = SKEP_MIN(skep_smt_zeros(s, a), skep_smt_zeros(s, b));
	if (skep_smt_is_const(s, b) && skep_smt_zeros(s, a) > z)
		return skep_smt_const(s, 1, 1);
	if (skep_smt_is_const(s, a) && skep_smt_zeros(s, b) > z)
		return skep_smt_const(s, 1, 0);
	if (z && z < w)
		return skep_smt_ult(s, skep_smt_extract(s, a, 0, w - z),
				    skep_smt_extract(s, b, 0, w - z));
	if (skep_smt_is(s, b, 1))
		return skep_smt_eq(s, a, skep_smt_const(s, w, 0));
	if (skep_smt_is(s, b, skep_smt_mask(w)))
		return skep_smt_not(s, skep_smt_eq(s, a, b));
	if (skep_smt_is_const(s, a))
		return skep_smt_not(s, skep_smt_ult(s, b, skep_smt_const(s, w, s->t.v[a].k + 1)));
	return skep_smt_make2(s, SKEP_T_ULT, 1, a, b);
}

u32 skep_smt_slt(struct skep_smt *s, u32 a, u32 b)
{
	u32 w = skep_smt_width(s, a);
	u64 max = skep_smt_mask(w) >> 1;

	if (s->plain)
		return skep_smt_make2(s, SKEP_T_SLT, 1, a, b);
	if (a == b || skep_smt_is(s, a, max) || skep_smt_is(s, b, max + 1))
		return skep_smt_const(s, 1, 0);
	if (skep_smt_is_const(s, a) && skep_smt_is_const(s, b))
		return skep_smt_const(
			s, 1, skep_smt_signed(s->t.v[a].k, w) < skep_smt_signed(s->t.v[b].k, w));
	if (skep_smt_zeros(s, a) && skep_smt_zeros(s, b))
		return skep_smt_ult(s, a, b);
	if (skep_smt_is_const(s, a))
		return skep_smt_not(s, skep_smt_slt(s, b, skep_smt_const(s, w, s->t.v[a].k + 1)));
	return skep_smt_make2(s, SKEP_T_SLT, 1, a, b);
}

u32 skep_smt_ite(struct skep_smt *s, u32 c, u32 a, u32 b)
{
	u32 arg[3] = {c, a, b};
	struct skep_term t = {
		.op = SKEP_T_ITE, .width = (u8)skep_smt_width(s, a), .nargs = 3, .arg = arg};

	if (s->plain)
		return skep_smt_make(s, &t);
	if (a == b || skep_smt_is(s, c, 1))
		return a;
	if (skep_smt_is(s, c, 0))
		return b;
	if (is(s, c, SKEP_T_NOT))
		return skep_smt_ite(s, s->t.v[c].arg[0], b, a);
	if (t.width == 1 && skep_smt_is_const(s, a))
		return s->t.v[a].k ? skep_smt_or(s, c, b) : skep_smt_and(s, skep_smt_not(s, c), b);
	if (t.width == 1 && skep_smt_is_const(s, b))
		return s->t.v[b].k ? skep_smt_or(s, skep_smt_not(s, c), a) : skep_smt_and(s, c, a);
	return skep_smt_make(s, &t);
}

u32 skep_smt_rebuild(struct skep_smt *s, u32 t, const u32 *arg)
{
	const struct skep_term x = s->t.v[t];
	u32 r;

	switch (x.op) {
	case SKEP_T_APP: return skep_smt_app(s, x.width, x.k, arg, x.nargs, x.flags);
	case SKEP_T_SUM:
		r = skep_smt_const(s, x.width, x.k);
		for (u32 i = 0; i < x.nargs; i++)
			r = combine(s, r, 1, arg[i], x.coef[i], 0);
		return r;
	case SKEP_T_MUL: return skep_smt_mul(s, arg[0], arg[1]);
	case SKEP_T_UDIV:
	case SKEP_T_UREM:
	case SKEP_T_SDIV:
	case SKEP_T_SREM: return skep_smt_div(s, x.op, arg[0], arg[1]);
	case SKEP_T_AND: return skep_smt_and(s, arg[0], arg[1]);
	case SKEP_T_OR: return skep_smt_or(s, arg[0], arg[1]);
	case SKEP_T_XOR: return skep_smt_xor(s, arg[0], arg[1]);
	case SKEP_T_NOT: return skep_smt_not(s, arg[0]);
	case SKEP_T_SHL:
	case SKEP_T_SHR:
	case SKEP_T_SAR: return skep_smt_shift(s, x.op, arg[0], arg[1]);
	case SKEP_T_EQ: return skep_smt_eq(s, arg[0], arg[1]);
	case SKEP_T_ULT: return skep_smt_ult(s, arg[0], arg[1]);
	case SKEP_T_SLT: return skep_smt_slt(s, arg[0], arg[1]);
	case SKEP_T_ITE: return skep_smt_ite(s, arg[0], arg[1], arg[2]);
	case SKEP_T_EXTRACT: return skep_smt_extract(s, arg[0], (u32)x.k, x.width);
	case SKEP_T_SEXT: return skep_smt_sext(s, arg[0], x.width);
	case SKEP_T_CONCAT:
		r = arg[0];
		for (u32 i = 1; i < x.nargs; i++)
			r = skep_smt_concat(s, r, arg[i]);
		return r;
	default: return t;
	}
}
