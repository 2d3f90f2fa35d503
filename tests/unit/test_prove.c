/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Terms against numbers: rows of random arithmetic are followed over terms and
 * over numbers (the reference meaning); the term's value at those numbers must be
 * the number, and the solver must agree. "test_prove [SEED]"; the seed is printed.
 */
#include "prove/prove_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 1200, LENGTH = 8, REGS = 4, SOLVED = 60 };

struct point {
	u64 val[REGS];
};

static u64 value(void *user, u32 var)
{
	/* The first variables of the manager are the registers. */
	return ((struct point *)user)->val[var - 1];
}

static u64 number(struct skep_rng *g)
{
	static const u64 odd[] = {
		0, 1, ~(u64)0, 0x80000000, 0x7fffffff, 0xffffffff, (u64)1 << 63, 0xff00, 8};
	u64 r = skep_rng_next(g);

	return r & 1 ? odd[(r >> 1) % SKEP_ARRAY_SIZE(odd)] : r & 2 ? r >> 40 : skep_rng_next(g);
}

static struct skep_ins random_ins(struct skep_rng *g)
{
	static const u16 op[] = {SKEP_ADD,   SKEP_SUB,	SKEP_MUL, SKEP_DIV,  SKEP_OR,	SKEP_AND,
				 SKEP_LSH,   SKEP_RSH,	SKEP_MOD, SKEP_XOR,  SKEP_MOV,	SKEP_ARSH,
				 SKEP_SDIV,  SKEP_SMOD, SKEP_NEG, SKEP_TOLE, SKEP_TOBE, SKEP_BSWAP,
				 SKEP_MOVSX, SKEP_AND,	SKEP_LSH, SKEP_RSH,  SKEP_OR};
	struct skep_ins in = {0};

	in.op = op[skep_rng_below(g, SKEP_ARRAY_SIZE(op))];
	in.size = skep_rng_below(g, 2) ? 8 : 4;
	in.dst = (u8)skep_rng_below(g, REGS);
	in.src = (u8)skep_rng_below(g, REGS);
	in.form = skep_rng_below(g, 2) ? SKEP_REG : SKEP_IMM;
	in.imm = (s32)number(g);
	if (in.op == SKEP_LSH || in.op == SKEP_RSH || in.op == SKEP_ARSH)
		in.imm &= in.size * 8 - 1;
	if (in.op == SKEP_TOLE || in.op == SKEP_TOBE || in.op == SKEP_BSWAP) {
		in.imm = 16 << skep_rng_below(g, 3);
		in.size = 8;
		in.form = SKEP_IMM;
	}
	if (in.op == SKEP_MOVSX) {
		in.form = SKEP_REG;
		in.off = 8 << skep_rng_below(g, in.size == 8 ? 3 : 2);
	}
	if (in.op == SKEP_NEG)
		in.form = SKEP_IMM;
	return in;
}

static void report(const struct skep_ins *in, u32 n, const struct point *p, u64 want, u64 got,
		   const char *who)
{
	struct skep_buf b = {0};

	printf("FAIL: %s: 0x%llx, not 0x%llx, from", who, (unsigned long long)got,
	       (unsigned long long)want);
	for (u32 r = 0; r < REGS; r++)
		printf(" 0x%llx", (unsigned long long)p->val[r]);
	printf("\n");
	for (u32 k = 0; k < n; k++) {
		b.n = 0;
		skep_isa_print(&in[k], NULL, &b);
		printf("\t%s\n", b.p);
	}
	skep_buf_fini(&b);
}

static int one_row(struct skep_rng *g, bool ask)
{
	struct skep_arena arena;
	struct skep_smt s;
	struct skep_ins in[LENGTH];
	struct point p;
	u32 term[REGS];
	u64 num[REGS];
	int bad = 0;

	skep_arena_init(&arena);
	skep_smt_init(&s, &arena);
	s.timeout_ms = 2000;
	for (u32 r = 0; r < REGS; r++) {
		num[r] = p.val[r] = number(g);
		term[r] = skep_smt_var(&s, 64, 100 + r, 0);
	}
	for (u32 k = 0; k < LENGTH && !bad; k++) {
		struct skep_smt_point at = {.seed = 1, .value = value, .user = &p};
		const struct skep_ins *i = &in[k];
		u32 src;
		u64 v;

		in[k] = random_ins(g);
		src = i->form == SKEP_REG ? term[i->src] : skep_smt_const(&s, 64, (u64)i->imm);
		term[i->dst] = skep_prove_alu(&s, i, term[i->dst], src, false);
		num[i->dst] = skep_isa_eval(i, num[i->dst], num[i->src]);
		skep_smt_eval_begin(&s);
		v = skep_smt_eval(&s, &at, term[i->dst]);
		if (v != num[i->dst]) {
			report(in, k + 1, &p, num[i->dst], v, "the term's value");
			bad = 1;
		}
	}
	if (ask && !bad && skep_smt_solver()) {
		u32 assume[REGS];
		u32 last = in[LENGTH - 1].dst;

		for (u32 r = 0; r < REGS; r++)
			assume[r] = skep_smt_eq(&s, skep_smt_var(&s, 64, 100 + r, 0),
						skep_smt_const(&s, 64, p.val[r]));
		if (skep_smt_follows(&s, assume, REGS,
				     skep_smt_eq(&s, term[last], skep_smt_const(&s, 64, num[last])),
				     NULL) == SKEP_SMT_NO) {
			report(in, LENGTH, &p, num[last], 0, "the solver disagrees");
			bad = 1;
		}
		if (skep_smt_follows(
			    &s, assume, REGS,
			    skep_smt_eq(&s, term[last], skep_smt_const(&s, 64, num[last] ^ 1)),
			    NULL) == SKEP_SMT_YES) {
			report(in, LENGTH, &p, num[last], num[last] ^ 1,
			       "the solver proves what is wrong");
			bad = 1;
		}
	}
	skep_smt_fini(&s);
	skep_arena_fini(&arena);
	return bad;
}

/* Conditions at both widths, against the reference. */
static int conditions(struct skep_rng *g)
{
	int bad = 0;

	for (u32 k = 0; k < 4000 && bad < 5; k++) {
		struct skep_arena arena;
		struct skep_smt s;
		struct skep_ins in = {
			.op = (u16)(SKEP_JEQ + skep_rng_below(g, SKEP_JSET - SKEP_JEQ + 1)),
			.form = SKEP_REG,
			.src = 1};
		struct point p = {{number(g), number(g)}};
		struct skep_smt_point at = {.seed = 1, .value = value, .user = &p};
		u32 a, b, c;

		in.size = k & 1 ? 8 : 4;
		skep_arena_init(&arena);
		skep_smt_init(&s, &arena);
		a = skep_smt_var(&s, 64, 1, 0);
		b = skep_smt_var(&s, 64, 2, 0);
		if (k & 2)
			b = skep_smt_const(&s, 64, p.val[1]);
		if (k & 4) {
			a = skep_smt_zext(&s, skep_smt_extract(&s, a, 0, 16), 64);
			p.val[0] &= 0xffff;
		}
		c = skep_prove_cond(&s, &in, a, b);
		skep_smt_eval_begin(&s);
		if (skep_smt_eval(&s, &at, c) != skep_isa_cond(&in, p.val[0], p.val[1])) {
			printf("FAIL: condition %s of %u bytes of 0x%llx and 0x%llx\n",
			       skep_ops[in.op].name, in.size, (unsigned long long)p.val[0],
			       (unsigned long long)p.val[1]);
			bad++;
		}
		skep_smt_fini(&s);
		skep_arena_fini(&arena);
	}
	return bad;
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (u64)time(NULL);
	struct skep_rng g;
	int bad = 0;

	printf("seed %llu, solver %s\n", (unsigned long long)seed,
	       skep_smt_solver() ? skep_smt_solver() : "none");
	skep_rng_init(&g, seed);
	for (u32 k = 0; k < ROWS && bad < 5; k++)
		bad += one_row(&g, k < SOLVED);
	bad += conditions(&g);
	printf("%s\n", bad ? "FAILED" : "passed");
	return bad != 0;
}
