/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges against the reference meaning of instructions: whatever members two ranges
 * have, the result of each instruction on them is in the instruction's result range,
 * comparisons that are decided are so for all members, and what a branch leaves still
 * has the members that take it. Ranges are random (SKEP_SEED sets the seed, SKEP_CASES
 * the number of cases) and all intervals between numbers at the edges of types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/range.h"

static struct skep_rng rng;
static u64 ncases = 40000, seed = 1;

/* --- random numbers and ranges ------------------------------------------------ */

static const u64 edges[] = {
	0, 1, 2, 7, 8, 31, 32, 63, 64, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7ffffffe, 0x7fffffff,
	0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x17fffffff, 0x180000000,
	0x1ffffffff, 0x7ffffffeffffffff, 0x7fffffff00000000, 0x7fffffff7fffffff, 0x7ffffffffffffffe,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0x800000007fffffff, 0x80000000ffffffff,
	0xfffffffeffffffff, 0xffffffff00000000, 0xffffffff00000001, 0xffffffff7fffffff, 0xffffffff80000000,
	0xffffffff80000001, 0xffffffffffff8000, 0xffffffffffffff80, 0xffffffffffffffc0, 0xfffffffffffffffe,
	0xffffffffffffffff,
};
enum { NEDGES = SKEP_ARRAY_SIZE(edges) };

static u64 random_number(void)
{
	u64 v = skep_rng_next(&rng);

	switch (skep_rng_below(&rng, 8)) {
	case 0:
		return v;
	case 1:
		return v >> skep_rng_below(&rng, 64);
	case 2:
		return 0 - (v >> skep_rng_below(&rng, 64));
	case 3:
		return skep_rng_below(&rng, 70);
	case 4:
		return (u32)v;
	case 5:
		return (u64)(s64)(s32)v;
	default:
		return edges[skep_rng_below(&rng, NEDGES)] + skep_rng_below(&rng, 5) - 2;
	}
}

/* A number near another one in some sense: little added, some bits other, or one half other. */
static u64 random_near(u64 x)
{
	u64 v = skep_rng_next(&rng);

	switch (skep_rng_below(&rng, 6)) {
	case 0:
		return x + (v >> skep_rng_below(&rng, 64));
	case 1:
		return x ^ (v & skep_rng_next(&rng) & skep_rng_next(&rng));
	case 2:
		return x ^ ((u64)1 << skep_rng_below(&rng, 64));
	case 3:
		return (x & ~(u64)UINT32_MAX) | (u32)random_number();
	case 4:
		return (x & UINT32_MAX) | (random_number() << 32);
	default:
		return random_number();
	}
}

enum { NMEMBERS = 6 };

struct sample {
	struct skep_range r;
	u64 v[NMEMBERS];
};

/* Some views of it are forgotten, so that the others must say them again. */
static void forget(struct skep_range *r)
{
	struct skep_range any = skep_range_any();
	u64 what = skep_rng_next(&rng);

	if (what & 1)
		r->bits = any.bits;
	if (what & 2) {
		r->umin = any.umin;
		r->umax = any.umax;
	}
	if (what & 4) {
		r->smin = any.smin;
		r->smax = any.smax;
	}
	if (what & 8) {
		r->umin32 = any.umin32;
		r->umax32 = any.umax32;
	}
	if (what & 16) {
		r->smin32 = any.smin32;
		r->smax32 = any.smax32;
	}
	if (what & 32)
		r->bits.mask |= UINT32_MAX, r->bits.value &= ~r->bits.mask;
	if (what & 64)
		r->bits.mask |= ~(u64)UINT32_MAX, r->bits.value &= ~r->bits.mask;
}

static void fail_range(const char *what, const struct skep_range *r)
{
	struct skep_buf b = {0};

	skep_range_print(r, &b);
	printf("  %s: %s\n   bits %llx|%llx u %llx..%llx s %llx..%llx u32 %x..%x s32 %x..%x\n", what, b.p,
	       (unsigned long long)r->bits.value, (unsigned long long)r->bits.mask,
	       (unsigned long long)r->umin, (unsigned long long)r->umax, (unsigned long long)r->smin,
	       (unsigned long long)r->smax, r->umin32, r->umax32, (u32)r->smin32, (u32)r->smax32);
	skep_buf_fini(&b);
}

static void check_has(const struct skep_range *r, u64 v, const char *what)
{
	if (skep_range_has(r, v))
		return;
	fail_range(what, r);
	fail_msg("%s: lost %llx (seed %llu)", what, (unsigned long long)v, (unsigned long long)seed);
}

static void random_sample(struct sample *s)
{
	u32 n = 1 + (u32)skep_rng_below(&rng, 3);

	s->v[0] = random_number();
	s->r = skep_range_const(s->v[0]);
	for (u32 i = 1; i < NMEMBERS; i++) {
		if (i < n) {
			struct skep_range c;

			s->v[i] = random_near(s->v[i - 1]);
			c = skep_range_const(s->v[i]);
			s->r = skep_range_join(&s->r, &c);
		}
	}
	if (n > 1 && skep_rng_below(&rng, 2))
		forget(&s->r);
	if (!skep_range_sync(&s->r))
		fail_msg("a range with members is empty (seed %llu)", (unsigned long long)seed);
	for (u32 i = 0; i < n; i++)
		check_has(&s->r, s->v[i], "sync");
	/* The bounds themselves are often members, and numbers near members. */
	for (u32 i = n; i < NMEMBERS; i++) {
		u64 c[] = {s->r.umin, s->r.umax, (u64)s->r.smin, (u64)s->r.smax, random_near(s->v[0]),
			   s->r.bits.value | (skep_rng_next(&rng) & s->r.bits.mask),
			   s->r.umin + skep_rng_next(&rng) % (s->r.umax - s->r.umin ? s->r.umax - s->r.umin : 1)};
		u64 v = c[skep_rng_below(&rng, SKEP_ARRAY_SIZE(c))];

		s->v[i] = skep_range_has(&s->r, v) ? v : s->v[0];
	}
}

/* --- instructions --------------------------------------------------------------- */

static struct skep_ins insns[128];
static u32 ninsns;

static void add_insn(u16 op, u8 size, s32 off, s64 imm)
{
	insns[ninsns++] = (struct skep_ins){
		.op = op, .size = size, .form = SKEP_REG, .dst = 1, .src = 2, .off = off, .imm = imm};
}

static void list_insns(void)
{
	for (u16 op = SKEP_ADD; op <= SKEP_SMOD; op++) {
		add_insn(op, 8, 0, 0);
		add_insn(op, 4, 0, 0);
	}
	add_insn(SKEP_NEG, 8, 0, 0);
	add_insn(SKEP_NEG, 4, 0, 0);
	for (s32 bits = 8; bits <= 32; bits *= 2) {
		add_insn(SKEP_MOVSX, 8, bits, 0);
		if (bits < 32)
			add_insn(SKEP_MOVSX, 4, bits, 0);
	}
	for (s64 bits = 16; bits <= 64; bits *= 2) {
		add_insn(SKEP_TOLE, 4, 0, bits);
		add_insn(SKEP_TOBE, 4, 0, bits);
		add_insn(SKEP_BSWAP, 8, 0, bits);
	}
}

static void check_alu(const struct skep_ins *in, const struct sample *a, const struct sample *b)
{
	struct skep_range r = skep_range_alu(in, &a->r, &b->r), again = r;

	for (u32 i = 0; i < NMEMBERS; i++)
		for (u32 k = 0; k < NMEMBERS; k++) {
			u64 v = skep_isa_eval(in, a->v[i], b->v[k]);

			if (skep_range_has(&r, v))
				continue;
			fail_range("dst", &a->r);
			fail_range("src", &b->r);
			fail_range("result", &r);
			fail_msg("%s, %d bytes (off %d imm %lld): %llx, %llx gives %llx (seed %llu)",
				 skep_ops[in->op].name, in->size, in->off, (long long)in->imm,
				 (unsigned long long)a->v[i], (unsigned long long)b->v[k],
				 (unsigned long long)v, (unsigned long long)seed);
		}
	/* What comes out is sharpened already, and constants make a constant. */
	if (!skep_range_sync(&again) || !skep_range_eq(&again, &r)) {
		fail_range("result", &r);
		fail_range("sharpened", &again);
		fail_msg("%s, %d bytes: not sharpened (seed %llu)", skep_ops[in->op].name, in->size,
			 (unsigned long long)seed);
	}
	if (skep_range_is_const(&a->r) && skep_range_is_const(&b->r) && !skep_range_is_const(&r))
		fail_msg("%s of constants is none", skep_ops[in->op].name);
}

static void check_cond(u16 op, u32 size, const struct sample *a, const struct sample *b)
{
	struct skep_ins in = {.op = op, .size = (u8)size, .form = SKEP_REG};
	int holds = skep_range_cond(op, size, &a->r, &b->r);

	for (int taken = 0; taken < 2; taken++) {
		struct skep_range d = a->r, s = b->r;
		bool possible = skep_range_refine(op, size, taken, &d, &s);

		for (u32 i = 0; i < NMEMBERS; i++)
			for (u32 k = 0; k < NMEMBERS; k++) {
				if (skep_isa_cond(&in, a->v[i], b->v[k]) != taken)
					continue;
				if (holds != !taken && possible && skep_range_has(&d, a->v[i]) &&
				    skep_range_has(&s, b->v[k]))
					continue;
				fail_range("dst", &a->r);
				fail_range("src", &b->r);
				fail_range("dst after", &d);
				fail_range("src after", &s);
				fail_msg("%s, %u bytes, %d: decided %d, possible %d, lost %llx, %llx (seed %llu)",
					 skep_ops[op].name, size, taken, holds, possible,
					 (unsigned long long)a->v[i], (unsigned long long)b->v[k],
					 (unsigned long long)seed);
			}
		/* Refining never forgets. */
		if (possible && (!skep_range_includes(&a->r, &d) || !skep_range_includes(&b->r, &s)))
			fail_msg("%s, %u bytes: refining forgets (seed %llu)", skep_ops[op].name, size,
				 (unsigned long long)seed);
	}
}

static void check_pair(const struct sample *a, const struct sample *b)
{
	for (u32 i = 0; i < ninsns; i++)
		check_alu(&insns[i], a, b);
	for (u16 op = SKEP_JEQ; op <= SKEP_JSET; op++) {
		check_cond(op, 8, a, b);
		check_cond(op, 4, a, b);
	}
}

static void test_random(void **state)
{
	struct sample a, b;

	for (u64 i = 0; i < ncases; i++) {
		random_sample(&a);
		random_sample(&b);
		check_pair(&a, &b);
	}
}

/* All intervals, in both orders, between numbers at the edges of types and their neighbours. */
static const u64 corners[] = {
	0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffeffffffff, 0xffffffff7fffffff, 0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff,
};
enum { NCORNERS = SKEP_ARRAY_SIZE(corners), NINTERVALS = NCORNERS * (NCORNERS + 1) };

static void interval(struct sample *s, u64 lo, u64 hi, bool sign)
{
	u64 mid = lo + (hi - lo) / 2;
	u64 v[NMEMBERS] = {lo, hi, lo + (lo != hi), hi - (lo != hi), mid, sign && lo > hi ? 0 : mid};

	s->r = sign ? skep_range_signed((s64)lo, (s64)hi) : skep_range_unsigned(lo, hi);
	for (u32 i = 0; i < NMEMBERS; i++) {
		s->v[i] = v[i];
		check_has(&s->r, v[i], "interval");
	}
}

static void test_intervals(void **state)
{
	static struct sample all[NINTERVALS];
	u32 n = 0;

	for (u32 i = 0; i < NCORNERS; i++)
		for (u32 k = 0; k < NCORNERS; k++) {
			if (corners[i] <= corners[k])
				interval(&all[n++], corners[i], corners[k], false);
			if ((s64)corners[i] <= (s64)corners[k])
				interval(&all[n++], corners[i], corners[k], true);
		}
	assert_int_equal(n, NINTERVALS);
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < n; k++)
			check_pair(&all[i], &all[k]);
}

/* Join and widening describe both, meeting keeps what is common, parts are parts. */
static void check_sets(const struct sample *a, const struct sample *b)
{
	struct skep_range j = skep_range_join(&a->r, &b->r), w = skep_range_widen(&a->r, &b->r), m, p, s = j;
	bool common = skep_range_meet(&a->r, &b->r, &m);

	if (!skep_range_includes(&j, &a->r) || !skep_range_includes(&j, &b->r) ||
	    !skep_range_includes(&w, &j) || !skep_range_sync(&s) || !skep_range_eq(&s, &j)) {
		fail_range("a", &a->r);
		fail_range("b", &b->r);
		fail_range("join", &j);
		fail_range("widened", &w);
		fail_msg("join or widening (seed %llu)", (unsigned long long)seed);
	}
	for (u32 i = 0; i < NMEMBERS; i++) {
		check_has(&j, a->v[i], "join");
		check_has(&j, b->v[i], "join");
		if (skep_range_has(&b->r, a->v[i])) {
			assert_true(common);
			check_has(&m, a->v[i], "meet");
		}
		for (u32 size = 1; size <= 8; size *= 2)
			for (u32 at = 0; at + size <= 8; at++) {
				u64 v = a->v[i] >> (at * 8);

				p = skep_range_part(&a->r, at, size);
				check_has(&p, size == 8 ? v : v & (((u64)1 << (size * 8)) - 1), "part");
			}
	}
	assert_true(!common || (skep_range_includes(&a->r, &m) && skep_range_includes(&b->r, &m)));
	if (skep_range_includes(&a->r, &b->r))
		assert_true(skep_range_eq(&j, &a->r) && skep_range_eq(&w, &a->r));
}

static void test_sets(void **state)
{
	struct sample a, b;

	for (u64 i = 0; i < ncases; i++) {
		random_sample(&a);
		random_sample(&b);
		check_sets(&a, &b);
	}
}

/* However a sequence grows, widening makes it end soon. */
static void test_widening_ends(void **state)
{
	u32 worst = 0;

	for (u64 i = 0; i < ncases / 10; i++) {
		struct skep_range r = skep_range_const(random_number());
		u64 x = r.umin, step = random_number();
		u32 n = 0;

		for (u32 k = 0; k < 3000; k++) {
			struct skep_range c, next;

			x = skep_rng_below(&rng, 4) ? x + step : random_near(x);
			c = skep_range_const(x);
			if (skep_range_includes(&r, &c))
				continue;
			next = skep_range_widen(&r, &c);
			check_has(&next, x, "widened");
			assert_true(skep_range_includes(&next, &r) && !skep_range_eq(&next, &r));
			r = next;
			n++;
		}
		worst = SKEP_MAX(worst, n);
	}
	printf("longest sequence of widenings: %u\n", worst);
	assert_true(worst < 200);
}

static void test_print(void **state)
{
	static const struct {
		s64 min, max;
		const char *text;
	} rows[] = {
		{5, 5, "5"}, {-1, -1, "-1"}, {0, 255, "0..255"}, {-4095, 0, "-4095..0"}, {-7, -3, "-7..-3"},
		{INT64_MIN, INT64_MAX, "any"}, {0, UINT32_MAX, "0..0xffffffff"}, {0, INT64_MAX, "0..0x7fffffffffffffff"},
	};
	struct skep_ins shift = {.op = SKEP_LSH, .size = 8, .form = SKEP_REG};
	struct skep_range r, three = skep_range_const(3);
	struct skep_buf b = {0};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(rows); i++) {
		b.n = 0;
		r = skep_range_signed(rows[i].min, rows[i].max);
		skep_range_print(&r, &b);
		assert_string_equal(b.p, rows[i].text);
	}
	b.n = 0;
	r = skep_range_unsigned(0, 31);
	r = skep_range_alu(&shift, &r, &three);
	skep_range_print(&r, &b);
	assert_string_equal(b.p, "0..248 (bits 0x0|0xf8)");
	skep_buf_fini(&b);
}

/* What programs rely on: the bounds of results. */
static void test_precision(void **state)
{
	static const struct {
		u16 op;
		u8 size;
		s32 off;
		s64 imm, dmin, dmax, smin, smax; /* signed bounds of the operands */
		u64 umin, umax;			 /* of the result */
		s64 min, max;
	} rows[] = {
		{SKEP_AND, 8, 0, 0, INT64_MIN, INT64_MAX, 0xff, 0xff, 0, 0xff, 0, 0xff},
		{SKEP_AND, 8, 0, 0, -64, -1, -16, -16, -64, -16, -64, -16},
		{SKEP_OR, 8, 0, 0, 16, 31, 3, 3, 19, 31, 19, 31},
		{SKEP_OR, 8, 0, 0, 0, 4, 0, 1, 0, 5, 0, 5},
		{SKEP_XOR, 4, 0, 0, 0, 15, 16, 31, 16, 31, 16, 31},
		{SKEP_ADD, 8, 0, 0, 0, 10, -3, 5, 0, UINT64_MAX, -3, 15},
		{SKEP_ADD, 4, 0, 0, -4, -1, 4, 4, 0, 3, 0, 3},
		{SKEP_SUB, 8, 0, 0, 10, 20, 0, 10, 0, 20, 0, 20},
		{SKEP_MUL, 8, 0, 0, 2, 3, 4, 5, 8, 15, 8, 15},
		{SKEP_MUL, 8, 0, 0, -2, 3, -4, 5, 0, UINT64_MAX, -12, 15},
		{SKEP_MUL, 4, 0, 0, 0, 100, 14, 14, 0, 1400, 0, 1400},
		{SKEP_DIV, 8, 0, 0, 10, 100, 2, 5, 2, 50, 2, 50},
		{SKEP_DIV, 4, 0, 0, 10, 100, 0, 5, 0, 100, 0, 100},
		{SKEP_MOD, 8, 0, 0, INT64_MIN, INT64_MAX, 10, 10, 0, 9, 0, 9},
		{SKEP_MOD, 8, 0, 0, 13, 17, 10, 10, 3, 7, 3, 7},
		{SKEP_SDIV, 8, 0, 0, -100, 10, -3, -3, 0, UINT64_MAX, -3, 33},
		{SKEP_SMOD, 8, 0, 0, -100, 100, 7, 7, 0, UINT64_MAX, -6, 6},
		{SKEP_LSH, 8, 0, 0, 0, 7, 3, 3, 0, 56, 0, 56},
		{SKEP_LSH, 8, 0, 0, 1, 1, 0, 7, 1, 128, 1, 128},
		{SKEP_RSH, 8, 0, 0, INT64_MIN, INT64_MAX, 60, 60, 0, 15, 0, 15},
		{SKEP_ARSH, 8, 0, 0, INT64_MIN, INT64_MAX, 60, 60, 0, UINT64_MAX, -8, 7},
		{SKEP_ARSH, 4, 0, 0, -16, -8, 2, 2, 0xfffffffc, 0xfffffffe, 0xfffffffc, 0xfffffffe},
		{SKEP_MOV, 4, 0, 0, 0, 0, -16, -8, 0xfffffff0, 0xfffffff8, 0xfffffff0, 0xfffffff8},
		{SKEP_MOVSX, 8, 8, 0, 0, 0, INT64_MIN, INT64_MAX, 0, UINT64_MAX, -128, 127},
		{SKEP_MOVSX, 8, 32, 0, 0, 0, 0xfffffff0, 0xffffffff, -16, -1, -16, -1},
		{SKEP_MOVSX, 4, 16, 0, 0, 0, 0xfff0, 0x10010, 0, UINT32_MAX, 0, UINT32_MAX},
		{SKEP_NEG, 8, 0, 0, -5, 7, 0, 0, 0, UINT64_MAX, -7, 5},
		{SKEP_TOLE, 4, 0, 16, 0x10005, 0x10010, 0, 0, 5, 0x10, 5, 0x10},
		{SKEP_TOBE, 4, 0, 16, 0, 255, 0, 0, 0, 0xff00, 0, 0xff00},
	};
	struct skep_ins in = {.form = SKEP_REG};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(rows); i++) {
		struct skep_range d = skep_range_signed(rows[i].dmin, rows[i].dmax);
		struct skep_range s = skep_range_signed(rows[i].smin, rows[i].smax), r;

		in.op = rows[i].op;
		in.size = rows[i].size;
		in.off = rows[i].off;
		in.imm = rows[i].imm;
		r = skep_range_alu(&in, &d, &s);
		if (r.umin == rows[i].umin && r.umax == rows[i].umax && r.smin == rows[i].min && r.smax == rows[i].max)
			continue;
		fail_range("result", &r);
		fail_msg("row %u, %s", i, skep_ops[in.op].name);
	}
}

static void refined(u16 op, u32 size, bool taken, struct skep_range d, u64 imm, struct skep_range expect)
{
	struct skep_range s = skep_range_const(imm);

	if (skep_range_refine(op, size, taken, &d, &s) && skep_range_includes(&expect, &d))
		return;
	fail_range("refined", &d);
	fail_range("expected", &expect);
	fail_msg("%s, %u bytes, %llx", skep_ops[op].name, size, (unsigned long long)imm);
}

/* What branches leave: edges of ranges, bits, low halves under a known upper half. */
static void test_precise_branches(void **state)
{
	struct skep_range any = skep_range_any(), low = skep_range_zext(4), small = skep_range_unsigned(0, 4);
	struct skep_range d = any, s = skep_range_const(5), expect;

	refined(SKEP_JEQ, 8, false, small, 0, skep_range_unsigned(1, 4));
	refined(SKEP_JNE, 4, true, small, 4, skep_range_unsigned(0, 3));
	refined(SKEP_JEQ, 8, true, any, 77, skep_range_const(77));
	refined(SKEP_JEQ, 4, true, low, 77, skep_range_const(77));
	refined(SKEP_JLT, 4, true, low, 16, skep_range_unsigned(0, 15));
	refined(SKEP_JSGT, 4, true, low, 7, skep_range_unsigned(8, INT32_MAX));
	refined(SKEP_JGE, 8, false, any, 100, skep_range_unsigned(0, 99));
	refined(SKEP_JSLE, 8, true, skep_range_signed(-9, 99), (u64)-1, skep_range_signed(-9, -1));
	refined(SKEP_JSET, 8, false, low, 0xfffffff0, skep_range_unsigned(0, 15));
	refined(SKEP_JSET, 8, true, skep_range_unsigned(0, 15), 8, skep_range_unsigned(8, 15));
	/* The low half alone: it is 0..15, the upper half still any. */
	expect = any;
	expect.umax32 = 15;
	assert_true(skep_range_sync(&expect));
	refined(SKEP_JLT, 4, true, any, 16, expect);
	assert_true(expect.umax == 0xffffffff0000000f && expect.bits.mask == 0xffffffff0000000f);
	/* Halves that differ. */
	d.umin32 = 6;
	assert_true(skep_range_sync(&d));
	assert_int_equal(skep_range_cond(SKEP_JEQ, 8, &d, &s), 0);
	assert_int_equal(skep_range_cond(SKEP_JGT, 4, &d, &s), 1);
	assert_int_equal(skep_range_cond(SKEP_JGT, 8, &d, &s), 1);
	assert_int_equal(skep_range_cond(SKEP_JSGT, 8, &d, &s), -1);
}

/* A mask of zeros or ones: both ways together have all members. */
static void test_fork(void **state)
{
	struct skep_ins and = {.op = SKEP_AND, .size = 8, .form = SKEP_REG}, add = {.op = SKEP_ADD, .size = 8};
	struct skep_range d = skep_range_signed(-1, 0), c = skep_range_const(12), ones, zero;

	assert_true(skep_range_fork(&and, &d, &c, &ones, &zero));
	assert_true(ones.umin == UINT64_MAX && skep_range_is_const(&ones) && zero.umax == 0);
	assert_false(skep_range_fork(&add, &d, &c, &ones, &zero));
	assert_false(skep_range_fork(&and, &d, &d, &ones, &zero));
	d = skep_range_any();
	assert_false(skep_range_fork(&and, &d, &c, &ones, &zero));
	d.smin32 = -1;
	d.smax32 = 0;
	assert_true(skep_range_sync(&d));
	assert_true(skep_range_fork(&and, &d, &c, &ones, &zero));
	assert_true(skep_range_has(&ones, 0xabcdffffffff) && !skep_range_has(&ones, 0xabcd00000000));
	assert_true(skep_range_has(&zero, 0xabcd00000000) && !skep_range_has(&zero, 0xabcdffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_widening_ends),
		cmocka_unit_test(test_precision),
		cmocka_unit_test(test_precise_branches),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_fork),
	};

	if (getenv("SKEP_SEED"))
		seed = strtoull(getenv("SKEP_SEED"), NULL, 0);
	if (getenv("SKEP_CASES"))
		ncases = strtoull(getenv("SKEP_CASES"), NULL, 0);
	printf("seed %llu, %llu pairs of random ranges\n", (unsigned long long)seed, (unsigned long long)ncases);
	skep_rng_init(&rng, seed);
	list_insns();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
