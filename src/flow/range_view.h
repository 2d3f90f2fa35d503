/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges at one width, a template: included with BITS, U, S (the unsigned and the
 * signed type of that many bits) and N(name) defined, by range_impl.h for 64 and 32
 * bits. Besides it needs N(fill) and N(ctz) of these numbers. It means the same at any
 * width and for other kinds of numbers, so tests include it with numbers so small that
 * all can be gone through, and with a solver's terms.
 *
 * A view holds three descriptions of one set of values x; x belongs to the view when
 * all three hold:
 *	bits	  x & ~mask == val		(val & mask == 0)
 *	unsigned  umin <= x <= umax
 *	signed	  smin <= (S)x <= smax
 *
 * Every bounds function writes the four bounds of *r and relies on r's bits being
 * set (to what holds of the result) where its comment says so. "Sound" below means:
 * for x in a and y in b, the instruction's result on x and y is in r.
 */
#define V struct N(view)
#define UMAX ((U) ~(U)0)
#define SIGN ((U)((U)1 << (BITS - 1)))
#define SMAX ((S)(SIGN - 1))
#define SMIN ((S)SIGN)

struct N(view) {
	U val, mask;
	U umin, umax;
	S smin, smax;
};

static inline U N(lo)(U a, U b)
{
	return PICK(a < b, a, b);
}

static inline U N(hi)(U a, U b)
{
	return PICK(a < b, b, a);
}

static inline S N(slo)(S a, S b)
{
	return PICK(a < b, a, b);
}

static inline S N(shi)(S a, S b)
{
	return PICK(a < b, b, a);
}

/* All bits below the lowest set one (all, when there is none). */
static inline U N(below)(U x)
{
	return (U)(~x & (U)(x - 1));
}

static inline void N(any_signed)(V *r)
{
	r->smin = SMIN;
	r->smax = SMAX;
}

static inline void N(any_bounds)(V *r)
{
	r->umin = 0;
	r->umax = UMAX;
	N(any_signed)(r);
}

/* --- the three descriptions sharpen each other ---------------------------- */

/*
 * The smallest y >= *x with y & ~mask == val; false: there is none. When x disagrees
 * with val and `top` is the highest bit where it does, y keeps x above some bit that is
 * 0 in x and 1 in y. If val has `top` set, that bit is top itself; else it must be an
 * unknown bit above top, and the lowest one gives the smallest y. Below it y is minimal.
 */
static inline bool N(next)(U val, U mask, U *x)
{
	U bad = (U)((*x ^ val) & ~mask), under, bit;

	if (bad == 0)
		return true;
	under = N(fill)(bad);
	if ((U)(val & under) > (U)(under >> 1)) {
		*x = (U)((*x & ~under) | (val & under));
		return true;
	}
	bit = (U)(mask & ~*x & ~under);
	if (bit == 0)
		return false;
	under = N(below)(bit);
	bit = (U)(under + 1);
	*x = (U)((*x & ~under) | bit | (val & under));
	return true;
}

/* The largest y <= *x of these: complement turns the order around. */
static inline bool N(prev)(U val, U mask, U *x)
{
	U c = (U)~*x;
	bool ok = N(next)((U)(~val & ~mask), mask, &c);

	*x = (U)~c;
	return ok;
}

/* Bounds become members of the bits. Signed order is unsigned order with the sign flipped. */
static inline bool N(clip_unsigned)(V *v)
{
	return N(next)(v->val, v->mask, &v->umin) && N(prev)(v->val, v->mask, &v->umax);
}

static inline bool N(clip_signed)(V *v)
{
	U val = (U)(v->val ^ (SIGN & ~v->mask)), a = (U)((U)v->smin ^ SIGN), b = (U)((U)v->smax ^ SIGN);
	bool ok = N(next)(val, v->mask, &a) && N(prev)(val, v->mask, &b);

	v->smin = (S)(a ^ SIGN);
	v->smax = (S)(b ^ SIGN);
	return ok;
}

/*
 * Signed and unsigned bounds: the numbers below the sign bit that both allow are
 * [p0, p1], those from it on are [n0, n1]; the tightest bounds of both orders follow.
 * False: both parts are empty.
 */
static inline bool N(halves)(V *v)
{
	U p0 = N(hi)(v->umin, PICK(v->smin < 0, (U)0, (U)v->smin));
	U p1 = N(lo)(v->umax, (U)v->smax);
	U n0 = N(hi)(v->umin, (U)v->smin);
	U n1 = N(lo)(v->umax, PICK(v->smax < 0, (U)v->smax, UMAX));
	TRUTH pos = BOTH(v->smax >= 0, p0 <= p1), neg = BOTH(v->smin < 0, n0 <= n1);

	if (NEITHER(pos, neg))
		return false;
	v->umin = PICK(pos, p0, n0);
	v->umax = PICK(neg, n1, p1);
	v->smin = (S)PICK(neg, n0, p0);
	v->smax = (S)PICK(pos, p1, n1);
	return true;
}

/* The bits that umin and umax have in common from the top are x's. False: bits say otherwise. */
static inline bool N(prefix)(V *v)
{
	U m = N(fill)((U)(v->umin ^ v->umax));

	if ((U)((v->val ^ v->umin) & ~v->mask & ~m))
		return false;
	v->val |= (U)(v->umin & ~m);
	v->mask &= m;
	return true;
}

/*
 * x goes up from lo to hi, maybe through the end of the unsigned or of the signed order:
 * then what lies behind the one end and before the other is excluded.
 */
static inline void N(meet_arc)(V *v, U lo, U hi)
{
	if (lo <= hi) {
		v->umin = N(hi)(v->umin, lo);
		v->umax = N(lo)(v->umax, hi);
	} else {
		v->umin = PICK(v->umin > hi, N(hi)(v->umin, lo), v->umin);
		v->umax = PICK(v->umax < lo, N(lo)(v->umax, hi), v->umax);
	}
	if ((S)lo <= (S)hi) {
		v->smin = N(shi)(v->smin, (S)lo);
		v->smax = N(slo)(v->smax, (S)hi);
	} else {
		v->smin = PICK(v->smin > (S)hi, N(shi)(v->smin, (S)lo), v->smin);
		v->smax = PICK(v->smax < (S)lo, N(slo)(v->smax, (S)hi), v->smax);
	}
}

/* Are all members of one sign? Then both orders are one. */
static inline bool N(one_sign)(const V *v)
{
	return (v->umin >> (BITS - 1)) == (v->umax >> (BITS - 1));
}

/*
 * One round of sharpening at this width; *done: another one would change nothing. It is
 * so with one sign: the bounds become members of the bits, and the bits that prefix()
 * then learns are the bounds' own.
 */
static inline bool N(round)(V *v, bool *done)
{
	if (!N(halves)(v))
		return false;
	*done = N(one_sign)(v);
	if (*done) {
		if (!N(clip_unsigned)(v) || v->umin > v->umax || !N(prefix)(v))
			return false;
		v->smin = (S)v->umin;
		v->smax = (S)v->umax;
		return true;
	}
	return N(clip_unsigned)(v) && N(clip_signed)(v) && N(halves)(v) && N(prefix)(v);
}

static inline bool N(equal)(const V *a, const V *b)
{
	return (U)((a->val ^ b->val) | (a->mask ^ b->mask) | (a->umin ^ b->umin) | (a->umax ^ b->umax) |
		   ((U)a->smin ^ (U)b->smin) | ((U)a->smax ^ (U)b->smax)) == 0;
}

/* --- bits of results ------------------------------------------------------- */

/*
 * Addition and subtraction: Vishwanathan, Shachnai, Narayana, Nagarakatte: Sound, Precise,
 * and Fast Abstract Interpretation with Tristate Numbers, CGO 2022 (optimal, theorems 6
 * and 22). A result bit is unknown when an operand's is, or the carry into it differs
 * between the sum of the smallest and the sum of the largest operands.
 */
static inline void N(bits_add)(const V *a, const V *b, V *r)
{
	U sv = (U)(a->val + b->val);
	U all = (U)(sv + (U)(a->mask + b->mask));

	r->mask = (U)((all ^ sv) | a->mask | b->mask);
	r->val = (U)(sv & ~r->mask);
}

static inline void N(bits_sub)(const V *a, const V *b, V *r)
{
	U dv = (U)(a->val - b->val);
	U most = (U)(dv + a->mask), least = (U)(dv - b->mask);

	r->mask = (U)((most ^ least) | a->mask | b->mask);
	r->val = (U)(dv & ~r->mask);
}

/* Is it one constant, 0 or a power of two? */
static inline bool N(one_bit)(const V *a)
{
	return a->mask == 0 && (U)(a->val & (U)(a->val - 1)) == 0;
}

/* One step of long multiplication: acc plus b, or acc alone when the multiplier's bit may be 0. */
static inline void N(bits_acc)(V *acc, const V *b, bool maybe)
{
	V sum;

	N(bits_add)(acc, b, &sum);
	if (maybe) {
		sum.mask |= (U)(acc->mask | (acc->val ^ sum.val));
		sum.val &= (U)~sum.mask;
	}
	acc->val = sum.val;
	acc->mask = sum.mask;
}

/*
 * Long multiplication with a as the multiplier: a certain bit adds b shifted, an
 * uncertain one adds it or not, so both accumulators are joined (sound: add and join
 * are). When all bits of a that are left are uncertain up to the top, what they add is
 * some multiple of b's lowest possible bit there, and no less is known in one step.
 */
static inline void N(bits_long_mul)(const V *a, const V *b, V *r)
{
	U left = (U)(a->val | a->mask);
	V t;

	r->val = r->mask = 0;
	while (left) {
		unsigned n = N(ctz)(left);

		t.val = (U)(b->val << n);
		t.mask = (U)(b->mask << n);
		if ((U)(a->mask >> n) == (U)(UMAX >> n)) {
			t.mask = (U)~N(below)((U)(t.val | t.mask));
			t.val = 0;
			N(bits_acc)(r, &t, false);
			return;
		}
		N(bits_acc)(r, &t, (U)(a->mask >> n & 1) != 0);
		left &= (U)(left - 1);
	}
}

/* One bit: one step. Else either operand may be the multiplier, and what both ways know holds. */
static inline void N(bits_mul)(const V *a, const V *b, V *r)
{
	V other;

	if (N(one_bit)(a)) {
		N(bits_long_mul)(a, b, r);
		return;
	}
	N(bits_long_mul)(b, a, r);
	if (N(one_bit)(b))
		return;
	N(bits_long_mul)(a, b, &other);
	r->mask &= other.mask;
	r->val = (U)((r->val | other.val) & ~r->mask);
}

static inline void N(bits_and)(const V *a, const V *b, V *r)
{
	U v = (U)(a->val & b->val);

	r->mask = (U)((a->val | a->mask) & (b->val | b->mask) & ~v);
	r->val = v;
}

static inline void N(bits_or)(const V *a, const V *b, V *r)
{
	r->val = (U)(a->val | b->val);
	r->mask = (U)((a->mask | b->mask) & ~r->val);
}

static inline void N(bits_xor)(const V *a, const V *b, V *r)
{
	r->mask = (U)(a->mask | b->mask);
	r->val = (U)((a->val ^ b->val) & ~r->mask);
}

/* --- bounds of results ----------------------------------------------------- */

/*
 * Sums lie, as integers, between the sum of the minima and that of the maxima; modulo
 * 2^BITS this order stays when both wrapped alike. The direction of a signed overflow
 * shows in the sign of the wrapped sum: too large becomes negative.
 */
static inline void N(add)(const V *a, const V *b, V *r)
{
	bool o = ADD_OVER(a->umin, b->umin, &r->umin), p = ADD_OVER(a->umax, b->umax, &r->umax);

	if (o != p) {
		r->umin = 0;
		r->umax = UMAX;
	}
	o = ADD_OVER(a->smin, b->smin, &r->smin);
	p = ADD_OVER(a->smax, b->smax, &r->smax);
	if (o != p || (o && (r->smin < 0) != (r->smax < 0)))
		N(any_signed)(r);
}

static inline void N(sub)(const V *a, const V *b, V *r)
{
	bool o = SUB_OVER(a->umin, b->umax, &r->umin), p = SUB_OVER(a->umax, b->umin, &r->umax);

	if (o != p) {
		r->umin = 0;
		r->umax = UMAX;
	}
	o = SUB_OVER(a->smin, b->smax, &r->smin);
	p = SUB_OVER(a->smax, b->smin, &r->smax);
	if (o != p || (o && (r->smin < 0) != (r->smax < 0)))
		N(any_signed)(r);
}

/* A product is monotone in each factor, rising or falling, so its extremes are at corners. */
static inline void N(mul_signed)(const V *a, const V *b, V *r)
{
	S p, q, s, t;

	if (MUL_OVER(a->smin, b->smin, &p) || MUL_OVER(a->smin, b->smax, &q) ||
	    MUL_OVER(a->smax, b->smin, &s) || MUL_OVER(a->smax, b->smax, &t)) {
		N(any_signed)(r);
		return;
	}
	r->smin = N(slo)(N(slo)(p, q), N(slo)(s, t));
	r->smax = N(shi)(N(shi)(p, q), N(shi)(s, t));
}

static inline void N(mul)(const V *a, const V *b, V *r)
{
	if (MUL_OVER(a->umax, b->umax, &r->umax)) {
		r->umin = 0;
		r->umax = UMAX;
	} else {
		r->umin = (U)(a->umin * b->umin);
	}
	N(mul_signed)(a, b, r);
}

/* A power of two shifts; else bounds are all we know. By 0 gives 0. */
static inline void N(div)(const V *a, const V *b, V *r)
{
	N(any_signed)(r);
	r->val = 0;
	r->mask = UMAX;
	if (b->umax == 0 || (U)(b->val | b->mask) == 0) {
		r->umin = r->umax = 0;
		return;
	}
	r->umin = b->umin ? (U)(a->umin / b->umax) : (U)0;
	r->umax = (U)(a->umax / N(hi)(b->umin, 1));
	if (N(one_bit)(b)) {
		r->val = (U)(a->val / b->val);
		r->mask = (U)(a->mask / b->val);
	}
}

/*
 * x mod y is congruent to x modulo every power of two that divides y, and by 0 gives
 * x, so the low bits stay. It is never above x and, unless y is 0, below y.
 */
static inline void N(mod)(const V *a, const V *b, V *r)
{
	U stay = N(below)((U)(b->val | b->mask));

	N(any_signed)(r);
	r->val = (U)(a->val & stay);
	r->mask = (U)(a->mask | ~stay);
	r->umin = 0;
	r->umax = a->umax;
	if (b->umin > a->umax || b->umax == 0) {
		*r = *a;
	} else if (b->umin && b->umin == b->umax && a->umin / b->umin == a->umax / b->umin) {
		r->umin = (U)(a->umin % b->umin);
		r->umax = (U)(a->umax % b->umin);
	} else if (b->umin) {
		r->umax = N(lo)(a->umax, (U)(b->umax - 1));
	}
}

/* Extends [smin, smax] of r by the quotients of a by divisors from p to q, all of one sign. */
static inline void N(sdiv_part)(const V *a, S p, S q, V *r)
{
	S c[4];

	if (a->smin == SMIN && q == (S)-1) { /* its negation is itself */
		N(any_signed)(r);
		return;
	}
	c[0] = (S)(a->smin / p);
	c[1] = (S)(a->smin / q);
	c[2] = (S)(a->smax / p);
	c[3] = (S)(a->smax / q);
	for (int i = 0; i < 4; i++) {
		r->smin = N(slo)(r->smin, c[i]);
		r->smax = N(shi)(r->smax, c[i]);
	}
}

/*
 * The quotient, rounded to zero, is monotone in the dividend for a fixed divisor and,
 * among divisors of one sign, in the divisor for a fixed dividend: extremes at corners.
 */
static inline void N(sdiv)(const V *a, const V *b, V *r)
{
	r->val = 0;
	r->mask = UMAX;
	r->umin = 0;
	r->umax = UMAX;
	r->smin = SMAX;
	r->smax = SMIN;
	if (b->smin <= 0 && b->smax >= 0)
		r->smin = r->smax = 0;
	if (b->smin < 0)
		N(sdiv_part)(a, b->smin, N(slo)(b->smax, (S)-1), r);
	if (b->smax > 0)
		N(sdiv_part)(a, N(shi)(b->smin, 1), b->smax, r);
}

/* |x|; of the minimum it is 2^(BITS - 1). */
static inline U N(abs)(S x)
{
	return PICK(x < 0, (U)((U)0 - (U)x), (U)x);
}

/*
 * The remainder has the dividend's sign or is 0, is not farther from 0 than it, and,
 * unless the divisor is 0, nearer than the divisor. Low bits as with mod.
 */
static inline void N(smod)(const V *a, const V *b, V *r)
{
	U stay = N(below)((U)(b->val | b->mask));
	U far = N(hi)(N(abs)(a->smin), N(abs)(a->smax));
	U big = N(hi)(N(abs)(b->smin), N(abs)(b->smax));
	bool zero = b->smin <= 0 && b->smax >= 0;
	U near = b->smin > 0 ? (U)b->smin : N(abs)(b->smax);
	S most = zero ? SMAX : (S)(big - 1);

	if (big == 0 || (!zero && near > far)) {
		*r = *a;
		return;
	}
	r->val = (U)(a->val & stay);
	r->mask = (U)(a->mask | ~stay);
	r->umin = 0;
	r->umax = UMAX;
	r->smin = N(slo)(0, zero ? a->smin : N(shi)(a->smin, (S)-most));
	r->smax = N(shi)(0, N(slo)(a->smax, most));
}

/* The smallest 2^n - 1 such that a lies in [-2^n, 2^n - 1]. */
static inline U N(reach)(const V *a)
{
	return N(fill)((U)((U)a->smin ^ (U)(a->smin >> (BITS - 1))) |
		       (U)((U)a->smax ^ (U)(a->smax >> (BITS - 1))));
}

/*
 * Largest x & y: with both negative or both not, it is at most each of them. With one
 * of each it is at most the other one, which is not negative.
 */
static inline S N(and_smax)(S amin, S amax, S bmin, S bmax)
{
	if (amin >= 0)
		return bmin >= 0 ? N(slo)(amax, bmax) : amax;
	if (bmin >= 0)
		return bmax;
	if (amax < 0)
		return bmax < 0 ? N(slo)(amax, bmax) : bmax;
	return bmax < 0 ? amax : N(shi)(amax, bmax);
}

/*
 * With both operands in [-2^n, 2^n - 1], all bits from n on are copies of the sign, and
 * so they are in what AND, OR and XOR make of them. These use r's bits for nothing;
 * sync does.
 */
static inline void N(and)(const V *a, const V *b, V *r)
{
	U m = (U)(N(reach)(a) | N(reach)(b));

	r->umin = 0;
	r->umax = N(lo)(a->umax, b->umax);
	r->smin = a->smin >= 0 || b->smin >= 0 ? (S)0 : (S)~m;
	r->smax = N(and_smax)(a->smin, a->smax, b->smin, b->smax);
}

/* x | y is ~(~x & ~y), at least each of them unsigned, and x + y less what both have. */
static inline void N(or)(const V *a, const V *b, V *r)
{
	U m = (U)(N(reach)(a) | N(reach)(b));

	r->umin = N(hi)(a->umin, b->umin);
	if (ADD_OVER(a->umax, b->umax, &r->umax))
		r->umax = UMAX;
	r->smax = a->smax < 0 || b->smax < 0 ? (S)-1 : (S)m;
	r->smin = (S) ~N(and_smax)((S)~a->smax, (S)~a->smin, (S)~b->smax, (S)~b->smin);
}

static inline void N(xor)(const V *a, const V *b, V *r)
{
	U m = (U)(N(reach)(a) | N(reach)(b));

	r->umin = 0;
	if (ADD_OVER(a->umax, b->umax, &r->umax))
		r->umax = UMAX;
	r->smin = (S)~m;
	r->smax = (S)m;
}

/* --- shifts: amounts from n to m, below BITS -------------------------------- */

/* Which amounts a shift by b uses. */
static inline void N(amount)(const V *b, AMOUNT *n, AMOUNT *m)
{
	if (b->umax <= (U)(BITS - 1)) {
		*n = (AMOUNT)b->umin;
		*m = (AMOUNT)b->umax;
	} else {
		*n = (AMOUNT)(b->val & (U)(BITS - 1));
		*m = (AMOUNT)((b->val | b->mask) & (U)(BITS - 1));
	}
}

/*
 * Left. Unsigned order stays when nothing is lost, or when what is lost is the same for
 * all (one amount, and the minimum and the maximum agree above); signed likewise, with
 * the bit that becomes the sign among those that must agree.
 */
static inline void N(lsh)(const V *a, AMOUNT n, AMOUNT m, V *r)
{
	U low = N(below)((U)(a->val | a->mask));

	r->val = n == m ? (U)(a->val << n) : (U)0;
	r->mask = n == m ? (U)(a->mask << n) : (U) ~(U)((U)(low << n) | (U)((U)((U)1 << n) - 1));
	N(any_bounds)(r);
	if (a->umax <= (U)(UMAX >> m) ||
	    (n == m && (U)(a->umin >> (BITS - n)) == (U)(a->umax >> (BITS - n)))) {
		r->umin = (U)(a->umin << n);
		r->umax = (U)(a->umax << m);
	}
	if (N(reach)(a) <= (U)((U)SMAX >> m)) {
		r->smin = (S)N(slo)((S)((U)a->smin << n), (S)((U)a->smin << m));
		r->smax = (S)N(shi)((S)((U)a->smax << n), (S)((U)a->smax << m));
	} else if (n == m && (S)(a->smin >> (BITS - 1 - n)) == (S)(a->smax >> (BITS - 1 - n))) {
		r->smin = (S)((U)a->smin << n);
		r->smax = (S)((U)a->smax << n);
	}
}

/* Right: monotone in both operands, rising in x and falling in the amount. */
static inline void N(rsh)(const V *a, AMOUNT n, AMOUNT m, V *r)
{
	r->val = n == m ? (U)(a->val >> n) : (U)0;
	r->mask = n == m ? (U)(a->mask >> n) : UMAX;
	r->umin = (U)(a->umin >> m);
	r->umax = (U)(a->umax >> n);
	N(any_signed)(r);
	if (n)
		r->smin = 0;
}

/* Arithmetic right: rising in x; towards 0 or -1 with the amount. */
static inline void N(arsh)(const V *a, AMOUNT n, AMOUNT m, V *r)
{
	r->val = n == m ? (U)((S)a->val >> n) : (U)0;
	r->mask = n == m ? (U)((S)a->mask >> n) : UMAX;
	r->umin = 0;
	r->umax = UMAX;
	r->smin = (S)(a->smin >> (a->smin < 0 ? n : m));
	r->smax = (S)(a->smax >> (a->smax < 0 ? m : n));
}

#undef V
#undef UMAX
#undef SIGN
#undef SMAX
#undef SMIN
