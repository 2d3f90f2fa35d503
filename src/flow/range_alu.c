/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What instructions do to ranges. Each width's arithmetic is in range_view.h; here it
 * is chosen by the instruction and both widths are brought together: the low half of
 * a 64-bit sum, product or bit operation depends on low halves only, so the 32-bit
 * arithmetic gives the low view of a 64-bit result too.
 */
#include "flow/range_impl.h"

/* --- low bits ----------------------------------------------------------------- */

/*
 * The low `bits` bits (8 or 16) of numbers from lo to hi, zero-extended into z and
 * sign-extended into x: when the numbers are no more than 2^bits, their low bits go up
 * from lo's to hi's, so they are between those unless they wrap.
 */
static void arc(u64 lo, u64 hi, unsigned bits, struct view64 *z, struct view64 *x)
{
	unsigned up = 64 - bits;
	u64 a = lo << up >> up, b = hi << up >> up;
	s64 c = (s64)(lo << up) >> up, d = (s64)(hi << up) >> up;

	if (hi - lo >= (u64)1 << bits)
		return;
	if (a <= b) {
		z->umin = hi64(z->umin, a);
		z->umax = lo64(z->umax, b);
	}
	if (c <= d) {
		x->smin = shi64(x->smin, c);
		x->smax = slo64(x->smax, d);
	}
}

/* The low `bits` bits (below 32), zero- or sign-extended. */
static struct skep_range low_bits(const struct skep_range *r, unsigned bits, bool sign)
{
	unsigned up = 64 - bits;
	struct view64 z, x;
	struct skep_range out = skep_range_any();

	any_bounds64(&z);
	any_bounds64(&x);
	z.umax = ((u64)1 << bits) - 1;
	x.smax = (s64)1 << (bits - 1);
	x.smin = -x.smax;
	x.smax--;
	arc(r->umin, r->umax, bits, &z, &x);
	arc((u64)r->smin, (u64)r->smax, bits, &z, &x);
	arc(r->umin32, r->umax32, bits, &z, &x);
	arc((u64)r->smin32, (u64)r->smax32, bits, &z, &x);
	if (sign) {
		out.bits.value = (u64)((s64)(r->bits.value << up) >> up);
		out.bits.mask = (u64)((s64)(r->bits.mask << up) >> up);
		out.smin = x.smin;
		out.smax = x.smax;
	} else {
		out.bits.value = r->bits.value << up >> up;
		out.bits.mask = r->bits.mask << up >> up;
		out.umin = z.umin;
		out.umax = z.umax;
	}
	skep_range_sync(&out);
	return out;
}

static struct skep_range zext_low(const struct skep_range *r, s64 bits)
{
	struct view32 w;

	if (bits >= 64)
		return *r;
	if (bits < 32)
		return low_bits(r, (unsigned)bits, false);
	w = range_low(r);
	return skep_range_widened(&w);
}

/* The low 32 bits, sign-extended. */
static struct skep_range sext_low32(const struct skep_range *r)
{
	struct skep_range out = *r;

	if (r->smin >= INT32_MIN && r->smax <= INT32_MAX)
		return out;
	out.bits.value = (u64)(s64)(s32)r->bits.value;
	out.bits.mask = (u64)(s64)(s32)r->bits.mask;
	out.umin = 0;
	out.umax = UINT64_MAX;
	out.smin = r->smin32;
	out.smax = r->smax32;
	skep_range_sync(&out);
	return out;
}

static struct skep_range shifted_right(const struct skep_range *r, unsigned n)
{
	struct view64 a = range_wide(r), v;
	struct view32 w;

	rsh64(&a, n, n, &v);
	any_bounds32(&w);
	struct skep_range out = range_of(&v, &w);
	skep_range_sync(&out);
	return out;
}

struct skep_range skep_range_part(const struct skep_range *r, u32 at, u32 size)
{
	struct skep_range v = at ? shifted_right(r, at * 8) : *r;

	return zext_low(&v, (s64)size * 8);
}

/* --- one width ------------------------------------------------------------------ */

static struct skep_range finish(const struct view64 *v, const struct view32 *w)
{
	struct skep_range r = range_of(v, w);

	/* Only what was made of an empty range can be empty. */
	return skep_range_sync(&r) ? r : skep_range_any();
}

/* 32 bits: the operation on the low halves, zero-extended. */
static struct skep_range alu32(u16 op, const struct skep_range *d, const struct skep_range *s)
{
	struct view32 a = range_low(d), b = range_low(s), r = a;
	unsigned n, m;

	switch (op) {
	case SKEP_ADD:
		bits_add32(&a, &b, &r);
		add32(&a, &b, &r);
		break;
	case SKEP_SUB:
		bits_sub32(&a, &b, &r);
		sub32(&a, &b, &r);
		break;
	case SKEP_MUL:
		bits_mul32(&a, &b, &r);
		mul32(&a, &b, &r);
		break;
	case SKEP_AND:
		bits_and32(&a, &b, &r);
		and32(&a, &b, &r);
		break;
	case SKEP_OR:
		bits_or32(&a, &b, &r);
		or32(&a, &b, &r);
		break;
	case SKEP_XOR:
		bits_xor32(&a, &b, &r);
		xor32(&a, &b, &r);
		break;
	case SKEP_DIV:
		div32(&a, &b, &r);
		break;
	case SKEP_MOD:
		mod32(&a, &b, &r);
		break;
	case SKEP_SDIV:
		sdiv32(&a, &b, &r);
		break;
	case SKEP_SMOD:
		smod32(&a, &b, &r);
		break;
	case SKEP_LSH:
		amount32(&b, &n, &m);
		lsh32(&a, n, m, &r);
		break;
	case SKEP_RSH:
		amount32(&b, &n, &m);
		rsh32(&a, n, m, &r);
		break;
	default: /* SKEP_ARSH */
		amount32(&b, &n, &m);
		arsh32(&a, n, m, &r);
		break;
	}
	return skep_range_widened(&r);
}

/* 64 bits, operations whose result's low half depends on low halves only. */
static struct skep_range ring64(u16 op, const struct skep_range *d, const struct skep_range *s)
{
	struct view64 a = range_wide(d), b = range_wide(s), r = a;
	struct view32 x = range_low(d), y = range_low(s), w = x;

	switch (op) {
	case SKEP_ADD:
		bits_add64(&a, &b, &r);
		add64(&a, &b, &r);
		add32(&x, &y, &w);
		break;
	case SKEP_SUB:
		bits_sub64(&a, &b, &r);
		sub64(&a, &b, &r);
		sub32(&x, &y, &w);
		break;
	case SKEP_MUL:
		bits_mul64(&a, &b, &r);
		mul64(&a, &b, &r);
		mul32(&x, &y, &w);
		break;
	case SKEP_AND:
		bits_and64(&a, &b, &r);
		and64(&a, &b, &r);
		and32(&x, &y, &w);
		break;
	case SKEP_OR:
		bits_or64(&a, &b, &r);
		or64(&a, &b, &r);
		or32(&x, &y, &w);
		break;
	default: /* SKEP_XOR */
		bits_xor64(&a, &b, &r);
		xor64(&a, &b, &r);
		xor32(&x, &y, &w);
		break;
	}
	return finish(&r, &w);
}

/*
 * Left by n to m. By 32 or more the result is the low half, shifted by 32 less at 32
 * bits, as the upper half. By less its low half is the low half's shift.
 */
static struct skep_range lsh(const struct skep_range *d, unsigned n, unsigned m)
{
	struct view64 a = range_wide(d), r;
	struct view32 x = range_low(d), w;

	lsh64(&a, n, m, &r);
	any_bounds32(&w);
	if (m < 32) {
		lsh32(&x, n, m, &w);
	} else if (n >= 32) {
		lsh32(&x, n - 32, m - 32, &w);
		r.umin = hi64(r.umin, (u64)w.umin << 32);
		r.umax = lo64(r.umax, (u64)w.umax << 32);
		r.smin = shi64(r.smin, (s64)((u64)w.smin << 32));
		r.smax = slo64(r.smax, (s64)((u64)w.smax << 32));
		any_bounds32(&w);
	}
	return finish(&r, &w);
}

/* 64 bits, the others: the low view follows from the wide one. */
static struct skep_range other64(u16 op, const struct skep_range *d, const struct skep_range *s)
{
	struct view64 a = range_wide(d), b = range_wide(s), r = a;
	struct view32 w;
	unsigned n, m;

	any_bounds32(&w);
	switch (op) {
	case SKEP_DIV:
		div64(&a, &b, &r);
		break;
	case SKEP_MOD:
		mod64(&a, &b, &r);
		break;
	case SKEP_SDIV:
		sdiv64(&a, &b, &r);
		break;
	case SKEP_SMOD:
		smod64(&a, &b, &r);
		break;
	case SKEP_LSH:
		amount64(&b, &n, &m);
		return lsh(d, n, m);
	case SKEP_RSH:
		amount64(&b, &n, &m);
		rsh64(&a, n, m, &r);
		break;
	default: /* SKEP_ARSH */
		amount64(&b, &n, &m);
		arsh64(&a, n, m, &r);
		break;
	}
	return finish(&r, &w);
}

static struct skep_range alu64(u16 op, const struct skep_range *d, const struct skep_range *s)
{
	switch (op) {
	case SKEP_ADD:
	case SKEP_SUB:
	case SKEP_MUL:
	case SKEP_AND:
	case SKEP_OR:
	case SKEP_XOR:
		return ring64(op, d, s);
	default:
		return other64(op, d, s);
	}
}

/* --- unary ------------------------------------------------------------------------ */

static struct skep_range swapped(const struct skep_range *d, s64 bits)
{
	struct skep_range low = zext_low(d, bits), out = skep_range_any();
	unsigned down = 64 - (unsigned)bits;

	out.bits.value = __builtin_bswap64(low.bits.value) >> down;
	out.bits.mask = __builtin_bswap64(low.bits.mask) >> down;
	skep_range_sync(&out);
	return out;
}

static struct skep_range movsx(const struct skep_ins *in, const struct skep_range *s)
{
	struct skep_range r = in->off == 32 ? sext_low32(s) : low_bits(s, (unsigned)in->off, true);

	return in->size == 8 ? r : zext_low(&r, 32);
}

static struct skep_range unary(const struct skep_ins *in, const struct skep_range *d,
			       const struct skep_range *s)
{
	struct skep_range zero;

	switch (in->op) {
	case SKEP_NEG:
		zero = skep_range_const(0);
		return in->size == 8 ? alu64(SKEP_SUB, &zero, d) : alu32(SKEP_SUB, &zero, d);
	case SKEP_TOLE:
		return zext_low(d, in->imm);
	case SKEP_TOBE:
	case SKEP_BSWAP:
		return swapped(d, in->imm);
	case SKEP_MOVSX:
		return movsx(in, s);
	default: /* CAST: not a number's business */
		return *s;
	}
}

/* Everything known: the instruction itself. */
static struct skep_range constant(const struct skep_ins *in, u64 d, u64 s)
{
	struct skep_ins reg = *in;

	reg.form = SKEP_REG;
	return skep_range_const(skep_isa_eval(&reg, d, s));
}

struct skep_range skep_range_alu(const struct skep_ins *in, const struct skep_range *d,
				 const struct skep_range *s)
{
	u64 care = in->size == 8 ? UINT64_MAX : UINT32_MAX;

	if (in->op == SKEP_MOV)
		return in->size == 8 ? *s : zext_low(s, 32);
	if (skep_op_class(in->op) == SKEP_CLASS_UNARY)
		return unary(in, d, s);
	if (((d->bits.mask | s->bits.mask) & care) == 0)
		return constant(in, d->bits.value, s->bits.value);
	return in->size == 8 ? alu64(in->op, d, s) : alu32(in->op, d, s);
}

/* Of a range whose low half is 0 or -1: where it is v. */
static struct skep_range with_low(const struct skep_range *d, u32 v)
{
	struct skep_range r = *d;

	r.bits.mask &= ~(u64)UINT32_MAX;
	r.bits.value = (r.bits.value & ~(u64)UINT32_MAX) | v;
	r.umin32 = r.umax32 = v;
	r.smin32 = r.smax32 = (s32)v;
	skep_range_sync(&r);
	return r;
}

bool skep_range_fork(const struct skep_ins *in, const struct skep_range *d, const struct skep_range *s,
		     struct skep_range *ones, struct skep_range *zero)
{
	if ((in->op != SKEP_AND && in->op != SKEP_OR) || !skep_range_is_const(s))
		return false;
	if (d->smin == -1 && d->smax == 0) {
		*ones = skep_range_const(UINT64_MAX);
		*zero = skep_range_const(0);
	} else if (d->smin32 == -1 && d->smax32 == 0) {
		*ones = with_low(d, UINT32_MAX);
		*zero = with_low(d, 0);
	} else {
		return false;
	}
	return true;
}
