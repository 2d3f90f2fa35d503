/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Relations of two views at one width: a template of range_cond.c, included with U, S
 * and N(name) as range_view.h is, and with enum rel.
 */
#define V struct N(view)

/* Can no member of a be one of b? */
static inline bool N(apart)(const V *a, const V *b)
{
	return a->umax < b->umin || b->umax < a->umin || a->smax < b->smin || b->smax < a->smin ||
	       (U)((a->val ^ b->val) & ~a->mask & ~b->mask) != 0;
}

static inline bool N(same)(const V *a, const V *b)
{
	return a->mask == 0 && b->mask == 0 && a->val == b->val;
}

/* x & y: 1 never zero, 0 always. Never when a bit is certain in both, or one has all that the other may. */
static inline int N(decide_set)(const V *a, const V *b)
{
	U p = (U)(a->val | a->mask), q = (U)(b->val | b->mask);

	if ((U)(a->val & b->val))
		return 1;
	if ((U)(p & q) == 0)
		return 0;
	if ((a->umin > 0 && (U)(p & ~b->val) == 0) || (b->umin > 0 && (U)(q & ~a->val) == 0))
		return 1;
	return -1;
}

static inline int N(not)(int holds)
{
	return holds < 0 ? -1 : !holds;
}

/* Does the relation hold for all (1), for none (0) of a's and b's members, or is that open (-1)? */
static inline int N(decide)(enum rel rel, const V *a, const V *b)
{
	switch (rel) {
	case EQ:
		return N(apart)(a, b) ? 0 : N(same)(a, b) ? 1 : -1;
	case NE:
		return N(apart)(a, b) ? 1 : N(same)(a, b) ? 0 : -1;
	case ULT:
		return a->umax < b->umin ? 1 : a->umin >= b->umax ? 0 : -1;
	case ULE:
		return a->umax <= b->umin ? 1 : a->umin > b->umax ? 0 : -1;
	case SLT:
		return a->smax < b->smin ? 1 : a->smin >= b->smax ? 0 : -1;
	case SLE:
		return a->smax <= b->smin ? 1 : a->smin > b->smax ? 0 : -1;
	case SET:
		return N(decide_set)(a, b);
	default: /* CLEAR */
		return N(not)(N(decide_set)(a, b));
	}
}

/* a == b: both are what both say. */
static inline bool N(narrow_eq)(V *a, V *b)
{
	if ((U)((a->val ^ b->val) & ~a->mask & ~b->mask))
		return false;
	a->val |= b->val;
	a->mask &= b->mask;
	a->umin = N(hi)(a->umin, b->umin);
	a->umax = N(lo)(a->umax, b->umax);
	a->smin = N(shi)(a->smin, b->smin);
	a->smax = N(slo)(a->smax, b->smax);
	*b = *a;
	return a->umin <= a->umax && a->smin <= a->smax;
}

/* a != c: a bound that is c moves by one. */
static inline bool N(without)(V *a, U c)
{
	if (a->umin == a->umax)
		return a->umin != c;
	if (a->smin == a->smax)
		return (U)a->smin != c;
	if (a->umin == c)
		a->umin++;
	if (a->umax == c)
		a->umax--;
	if (a->smin == (S)c)
		a->smin++;
	if (a->smax == (S)c)
		a->smax--;
	return true;
}

static inline bool N(narrow_ne)(V *a, V *b)
{
	if (b->mask == 0 && !N(without)(a, b->val))
		return false;
	return a->mask || N(without)(b, a->val);
}

/* a < b + slack, slack 0 or 1: the smaller one is below b's maximum, the larger one above a's minimum. */
static inline bool N(narrow_unsigned)(V *a, V *b, bool strict)
{
	U one = strict ? 1 : 0;

	if (strict && (b->umax == 0 || a->umin == (U) ~(U)0))
		return false;
	a->umax = N(lo)(a->umax, (U)(b->umax - one));
	b->umin = N(hi)(b->umin, (U)(a->umin + one));
	return a->umin <= a->umax && b->umin <= b->umax;
}

static inline bool N(narrow_signed)(V *a, V *b, bool strict)
{
	S one = strict ? 1 : 0;
	S max = (S)((U) ~(U)0 >> 1), min = (S)~max;

	if (strict && (b->smax == min || a->smin == max))
		return false;
	a->smax = N(slo)(a->smax, (S)(b->smax - one));
	b->smin = N(shi)(b->smin, (S)(a->smin + one));
	return a->smin <= a->smax && b->smin <= b->smax;
}

/*
 * a & b is not zero: the bit that both have is among those both may have. If there is
 * just one such, it is that; in any case neither is below the lowest.
 */
static inline bool N(narrow_set)(V *a, V *b)
{
	U p = (U)((a->val | a->mask) & (b->val | b->mask)), lowest = (U)(p & (U)(0 - p));

	if (p == 0)
		return false;
	a->umin = N(hi)(a->umin, lowest);
	b->umin = N(hi)(b->umin, lowest);
	if (p == lowest) {
		a->val |= p;
		a->mask &= (U)~p;
		b->val |= p;
		b->mask &= (U)~p;
	}
	return true;
}

/* a & b is zero: what one has for certain, the other one has not. */
static inline bool N(narrow_clear)(V *a, V *b)
{
	if ((U)(a->val & b->val))
		return false;
	a->mask &= (U)~b->val;
	b->mask &= (U)~a->val;
	return true;
}

/* Both views where the relation holds. False: it holds nowhere. */
static inline bool N(narrow)(enum rel rel, V *a, V *b)
{
	switch (rel) {
	case EQ:
		return N(narrow_eq)(a, b);
	case NE:
		return N(narrow_ne)(a, b);
	case ULT:
	case ULE:
		return N(narrow_unsigned)(a, b, rel == ULT);
	case SLT:
	case SLE:
		return N(narrow_signed)(a, b, rel == SLT);
	case SET:
		return N(narrow_set)(a, b);
	default: /* CLEAR */
		return N(narrow_clear)(a, b);
	}
}

#undef V
