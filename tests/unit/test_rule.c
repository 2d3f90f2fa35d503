/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language of rules: values of expressions, what is refused and why, and that a
 * rule that is printed and read again is the same rule (all rules of the build).
 */
#include "opt/opt.h"

#include <stdio.h>

static u32 failed, passed;

static void check(bool ok, const char *what, const char *detail)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("FAIL %s: %s\n", what, detail);
}

/* --- expressions ------------------------------------------------------------------- */

static const struct {
	const char *text;
	u64 value; /* with K = 12, S = -3, bits(A) = 8 */
} values[] = {
	{"1 + 2 * 3", 7},
	{"(1 + 2) * 3", 9},
	{"1 + 4 & 6", 4},  /* sums bind tighter */
	{"6 & 3 == 2", 1}, /* comparisons bind less than bits */
	{"1 | 2 ^ 3 & 2", 1 | (2 ^ (3 & 2))},
	{"10 - 4 - 3", 3},
	{"K - S", 15},
	{"-K", (u64)-12},
	{"~0", UINT64_MAX},
	{"!K", 0},
	{"S < K", 1},
	{"ult(S, K)", 0},
	{"ule(K, K)", 1},
	{"K >= 12 && S <= -3", 1},
	{"K > 12 || S != -3", 0},
	{"1 << 63", (u64)1 << 63},
	{"1 << 64", 0},
	{"1 << 65", 0},
	{"S >> 60", 15},
	{"S >> 64", 0},
	{"S s>> 1", (u64)-2},
	{"S s>> 99", UINT64_MAX},
	{"popcount(S)", 63},
	{"popcount(0)", 0},
	{"ctz(K)", 2},
	{"ctz(0)", 64},
	{"pow2(K)", 0},
	{"pow2(0x8000000000000000)", 1},
	{"pow2(0)", 0},
	{"mask(7)", 1},
	{"mask(0)", 0},
	{"mask(S)", 0},
	{"mask(-1)", 1},
	{"ones(0)", 0},
	{"ones(12)", 0xfff},
	{"ones(64)", UINT64_MAX},
	{"s8(127) && !s8(128) && s8(-128)", 1},
	{"s16(-32768) && !s16(32768)", 1},
	{"s32(S) && !s32(0x80000000)", 1},
	{"u32(0xffffffff) && !u32(S)", 1},
	{"low32(S)", 0xfffffffd},
	{"sext8(0x80)", (u64)-128},
	{"sext16(0x18000)", (u64)-32768},
	{"sext32(0xffffffff)", UINT64_MAX},
	{"swap16(0x1234)", 0x3412},
	{"swap32(0x12345678)", 0x78563412},
	{"bits(A)", 8},
};

static void expressions(struct skep_arena *a)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(values); i++) {
		struct skep_rule_env env = {.param = {12, -3}, .bits = {8}};
		const char *text = skep_arena_printf(
			a, "rule x\nsummary x\n\trA &= [K]\n\trA &= [S]\n=>\n\trA &= [%s]\n",
			values[i].text);
		struct skep_rules r;
		char is[64];

		if (skep_rules_parse(text, strlen(text), a, NULL, &r) || r.n != 1) {
			check(false, values[i].text, "is not understood");
			continue;
		}
		snprintf(is, sizeof(is), "is 0x%llx",
			 (unsigned long long)skep_rule_eval(r.rule->after->imm, &env));
		check(skep_rule_eval(r.rule->after->imm, &env) == values[i].value, values[i].text,
		      is);
	}
}

/* --- what is refused ----------------------------------------------------------------- */

static const struct {
	const char *text, *why; /* a part of the message */
} bad[] = {
	{"\trA += 1\n", "outside a rule"},
	{"rule x\nsummary x\n\trA += [K]\n\trA += [S]\n", "there is no =>"},
	{"rule x\n\trA += [K]\n\trA += [S]\n=>\n\trA += [K + S]\n", "there is no summary"},
	{"rule x\nsummary x\n\trA += [K]\n\trA += [S]\n=>\n\trA += [K + T]\n", "no parameter"},
	{"rule x\nsummary x\n\trA += [K + 1]\n\trA += [S]\n=>\n\trA += [K]\n", "stands alone"},
	{"rule x\nsummary x\n\trA += [K]\n\trA += [S]\n=>\n\trA += [(K + S]\n", "')' is missing"},
	{"rule x\nsummary x\n\trA += [K]\n\trA += [S\n=>\n\trA += [K]\n", "']' is missing"},
	{"rule x\nsummary x\n\trA += [K]\n=>\n\trA += [K]\n", "not cheaper"},
	{"rule x\nsummary x\n\trA /= [K]\n=>\n\trA *= [K]\n\trA += 1\n", "not cheaper"},
	{"rule x\nsummary x\n\trA += [K]\n\trB += 1\n=>\n\trB += 1\n", "writes nothing"},
	{"rule x\nsummary x\n\trA = 1\n\trA += 2\n=>\n\trA = rB\n", "reads a register"},
	{"rule x\nsummary x\n\trA += rB\n\trA += 2\n=>\n\trB = 2\n", "writes a register"},
	{"rule x\nsummary x\n\trA += 1\n\trA += 2\n=>\n\trA += 3\ndead C\n", "does not have"},
	{"rule x\nsummary x\n\trA += 1\n\trA += 2\n=>\n\trA += 3\ncpu 4\n", "another level"},
	{"rule x\nsummary x\n\trA = *(u8 *)(rB + 0)\n\trA &= 255\n=>\n\trA = 0\n", "load as often"},
	{"rule x\nsummary x\n\trA += 1\n\tcall 5\n=>\n\trA += 1\n", "of a kind"},
	{"rule x\nsummary x\n\trA += 1\n\t*(u64 *)(rB + 0) = 7\n=>\n\trA += 1\n", "of a kind"},
	{"rule x\nsummary x\n\tif rA == 0 goto L\n\trA += 1\n=>\n\trA += 1\n", "must be the last"},
	{"rule x\nsummary x\n\trA += 0\n\tif rA == 0 goto L\n=>\n\trA += 0\n",
	 "the other does not"},
	{"rule x\nsummary x\n\trA frob 1\n\trA += 1\n=>\n\trA += 1\n", "unknown operation"},
	{"rule x\nsummary x\neach {a}: 1, 2 3\n\trA += {a}\n\trA += 1\n=>\n\trA += 1\n",
	 "too few or too many"},
	{"rule x\nsummary x\n\trA += 1\n\trA += 1\n=>\n\trA += 2\nsplit K = n for n in 0..3\n",
	 "split is"},
	{"rule x\nsummary x\n\trA += 1\n\trA += 1\n=>\n\trA += 2\nfrob\n", "not understood"},
	{"rule x\nsummary x\n=>\n", "left side is empty"},
};

static void refused(struct skep_arena *a)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(bad); i++) {
		struct skep_diags ds;
		struct skep_rules r;
		int err;

		skep_diags_init(&ds);
		err = skep_rules_parse(bad[i].text, strlen(bad[i].text), a, &ds, &r);
		check(err == SKEP_EINPUT && ds.list.n && strstr(ds.list.v[0].msg, bad[i].why),
		      bad[i].text, ds.list.n ? ds.list.v[0].msg : "was accepted");
		skep_diags_fini(&ds);
	}
}

/* --- what is a case of a left side ----------------------------------------------------- */

static const char bind_rule[] = "rB = rA\n\trB <<= [K]\n\trA += rB\n\trA += [K]\n=>\n\trA += [K]";

static const struct {
	const char *row; /* with a right side, as a rule has it */
	bool fits;
} rows[] = {
	{"rB = rA\n\trB <<= 3\n\trA += rB\n\trA += 3\n=>\n\trA += 3", true},
	{"rD = rC\n\trD <<= 5\n\trC += rD\n\trC += 5\n=>\n\trC += 3", true},
	/* A parameter is one number, */
	{"rB = rA\n\trB <<= 3\n\trA += rB\n\trA += 4\n=>\n\trA += 3", false},
	/* a variable one register, */
	{"rB = rA\n\trB <<= 3\n\trC += rB\n\trC += 3\n=>\n\trC += 3", false},
	/* and no other variable is the same. */
	{"rA = rA\n\trA <<= 3\n\trA += rA\n\trA += 3\n=>\n\trA += 3", false},
	{"wB = wA\n\trB <<= 3\n\trA += rB\n\trA += 3\n=>\n\trA += 3", false},
	{"rB = rA\n\trB >>= 3\n\trA += rB\n\trA += 3\n=>\n\trA += 3", false},
};

static const struct skep_rule *rule_of(struct skep_arena *a, const char *body)
{
	const char *text = skep_arena_printf(a, "rule x\nsummary x\n\t%s\n", body);
	struct skep_rules r;

	if (skep_rules_parse(text, strlen(text), a, NULL, &r) || r.n != 1) {
		check(false, body, "is not understood");
		return NULL;
	}
	return r.rule;
}

static void binding(struct skep_arena *a)
{
	const struct skep_rule *r = rule_of(a, bind_rule);

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(rows) && r; i++) {
		const struct skep_rule *row = rule_of(a, rows[i].row);
		struct skep_rule_binding b = {.bound = 0};
		bool fits = row && row->nbefore == r->nbefore;

		for (u32 k = 0; fits && k < r->nbefore; k++)
			fits = skep_rule_bind(&b, &r->before[k], &row->before[k].in);
		check(fits == rows[i].fits, rows[i].row, fits ? "fits" : "does not fit");
		if (fits && rows[i].fits)
			check(b.reg[0] == row->before[0].in.src &&
				      b.reg[1] == row->before[0].in.dst && b.known == 1 &&
				      b.env.param[0] == row->before[1].in.imm,
			      rows[i].row, "is bound otherwise");
	}
}

/* --- printed and read again ------------------------------------------------------------ */

static void again(struct skep_arena *a, const struct skep_rule *r)
{
	struct skep_buf one = {0}, two = {0};
	struct skep_rules back;

	skep_rule_print(r, &one);
	if (skep_rules_parse(one.p, one.n, a, NULL, &back) || back.n != 1) {
		check(false, r->name, "the printed rule is not understood");
	} else {
		skep_rule_print(back.rule, &two);
		check(two.n == one.n && memcmp(one.p, two.p, one.n) == 0, r->name,
		      "printed otherwise the second time");
		check(back.rule->inputs == r->inputs && back.rule->writes == r->writes &&
			      back.rule->dead == r->dead,
		      r->name, "other registers");
	}
	skep_buf_fini(&one);
	skep_buf_fini(&two);
}

int main(void)
{
	struct skep_arena a;

	skep_arena_init(&a);
	expressions(&a);
	refused(&a);
	binding(&a);
	for (u32 i = 0; i < skep_opt_rules.n; i++)
		again(&a, &skep_opt_rules.rule[i]);
	check(skep_opt_rules.n > 0, "rules", "there are none");
	skep_arena_fini(&a);
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
