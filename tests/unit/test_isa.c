/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction set: decode and encode are inverse; the interpreter means what isa says. */
#include "vmtest.h"

static void test_round_trip(void **state)
{
	static const s32 imms[] = {0,	 1,    2,    16,    32,	   64,	      -1,
				   0xf1, 0xe1, 0x41, 0x100, 0x110, 0x7fffffff};
	static const s16 offs[] = {0, 1, 8, 16, 32, -1, 0x7fff, -0x8000};
	u8 code[16], back[16];
	struct skep_ins in;
	struct skep_rng rng;
	const char *why;
	u32 valid = 0;

	skep_rng_init(&rng, 1);
	for (u32 round = 0; round < 2000 * 256; round++) {
		u32 n;

		memset(code, 0, sizeof(code));
		code[0] = (u8)round;
		code[1] =
		    (u8)(skep_rng_below(&rng, 3) ? skep_rng_next(&rng) : skep_rng_below(&rng, 11));
		if (skep_rng_below(&rng, 4) == 0)
			code[1] &= 0x0f;
		if (skep_rng_below(&rng, 2))
			skep_put16(code + 2, (u16)offs[skep_rng_below(&rng, SKEP_ARRAY_SIZE(offs))],
				   false);
		if (skep_rng_below(&rng, 2))
			skep_put32(code + 4, (u32)imms[skep_rng_below(&rng, SKEP_ARRAY_SIZE(imms))],
				   false);
		if (code[0] == 0x18)
			skep_put32(code + 12, (u32)skep_rng_next(&rng), false);
		n = skep_isa_decode(code, sizeof(code), false, &in, &why);
		if (!n)
			continue;
		valid++;
		assert_null(skep_isa_check(&in));
		assert_int_equal(skep_isa_encode(&in, back, false), n);
		assert_memory_equal(code, back, n * 8);
		assert_int_equal(skep_isa_encode(&in, back, true), n);
		struct skep_ins big;
		assert_int_equal(skep_isa_decode(back, sizeof(back), true, &big, &why), n);
		assert_memory_equal(&in, &big, sizeof(in));
	}
	assert_true(valid > 50000);
}

static u64 operand(struct skep_rng *rng)
{
	static const u64 edge[] = {0,		1,	   2,	       31,	   32,
				   63,		64,	   0x7fffffff, 0x80000000, 0xffffffff,
				   0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 1};

	if (skep_rng_below(rng, 2))
		return edge[skep_rng_below(rng, SKEP_ARRAY_SIZE(edge))];
	return skep_rng_next(rng) >> skep_rng_below(rng, 64);
}

static void emit_lddw(u8 *p, u8 reg, u64 v)
{
	struct skep_ins in = {.op = SKEP_LDDW, .size = 8, .dst = reg, .imm = (s64)v};

	skep_isa_encode(&in, p, false);
}

/* r3 = d, r4 = s, the instruction, what `tail` says; returns r0. */
static u64 run_one(struct skep_vm *vm, const struct skep_ins *in, u64 d, u64 s, const char *tail)
{
	struct skep_vm_input input = {0};
	struct skep_vm_result res;
	u8 code[8 * 32];
	u32 n = 4;
	int id;

	emit_lddw(code, 3, d);
	emit_lddw(code + 16, 4, s);
	n += skep_isa_encode(in, code + n * 8, false);
	n += vt_asm(tail, code + n * 8, 32 - n);
	id = skep_vm_prog_load(vm, code, n, SKEP_PROG_XDP, NULL);
	assert_int_equal(id, 0);
	assert_int_equal(skep_vm_run(vm, 0, &input, &res), 0);
	assert_int_equal(res.trap, 0);
	skep_vm_prog_clear(vm);
	return res.ret;
}

static void test_alu(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_rng rng;

	skep_rng_init(&rng, 2);
	for (u32 op = SKEP_ADD; op <= SKEP_SMOD; op++)
		for (u32 round = 0; round < 4 * 300; round++) {
			struct skep_ins in = {.op = (u16)op,
					      .size = round & 1 ? 8 : 4,
					      .form = round & 2 ? SKEP_REG : SKEP_IMM,
					      .dst = 3};
			u64 d = operand(&rng), s = operand(&rng), src, got;

			in.src = in.form == SKEP_REG ? 4 : 0;
			in.imm = in.form == SKEP_IMM ? (s64)(s32)s : 0;
			src = in.form == SKEP_REG ? s : (u64)in.imm;
			got = run_one(vm, &in, d, s, "r0 = r3\nexit\n");
			if (got != skep_isa_eval(&in, d, src))
				fail_msg("%s/%u %llx %llx: %llx", skep_ops[op].name, in.size,
					 (unsigned long long)d, (unsigned long long)src,
					 (unsigned long long)got);
		}
	skep_vm_free(vm);
}

static void test_unary(void **state)
{
	static const struct skep_ins list[] = {
	    {SKEP_NEG, 8, SKEP_IMM, 3, 0, 0, 0},    {SKEP_NEG, 4, SKEP_IMM, 3, 0, 0, 0},
	    {SKEP_TOLE, 8, SKEP_IMM, 3, 0, 0, 16},  {SKEP_TOBE, 8, SKEP_IMM, 3, 0, 0, 32},
	    {SKEP_BSWAP, 8, SKEP_IMM, 3, 0, 0, 64}, {SKEP_BSWAP, 8, SKEP_IMM, 3, 0, 0, 16},
	    {SKEP_MOVSX, 8, SKEP_REG, 3, 4, 8, 0},  {SKEP_MOVSX, 8, SKEP_REG, 3, 4, 32, 0},
	    {SKEP_MOVSX, 4, SKEP_REG, 3, 4, 16, 0},
	};
	static const u64 want[] = {-0x1122334455667788ull,
				   (u32)-0x55667788,
				   0x7788,
				   0x88776655,
				   0x8877665544332211,
				   0x8877,
				   (u64)-1,
				   0xffffffff80000080 | 0x7f,
				   0xffff80ff};
	struct skep_vm *vm = vt_new(true);

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(list); i++) {
		u64 d = 0x1122334455667788, s = 0xff808080ff;

		if (i == 7)
			s = 0xff800000ff;
		assert_true(run_one(vm, &list[i], d, s, "r0 = r3\nexit\n") == want[i]);
	}
	skep_vm_free(vm);
}

static void test_jumps(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_rng rng;

	skep_rng_init(&rng, 3);
	for (u32 op = SKEP_JEQ; op <= SKEP_JSET; op++)
		for (u32 round = 0; round < 4 * 300; round++) {
			struct skep_ins in = {.op = (u16)op,
					      .size = round & 1 ? 8 : 4,
					      .form = round & 2 ? SKEP_REG : SKEP_IMM,
					      .dst = 3,
					      .off = 2};
			u64 d = operand(&rng), s = skep_rng_below(&rng, 3) ? operand(&rng) : d, src;

			in.src = in.form == SKEP_REG ? 4 : 0;
			in.imm = in.form == SKEP_IMM ? (s64)(s32)s : 0;
			src = in.form == SKEP_REG ? s : (u64)in.imm;
			assert_int_equal(run_one(vm, &in, d, s, "r0 = 0\nexit\nr0 = 1\nexit\n"),
					 skep_isa_cond(&in, d, src));
		}
	skep_vm_free(vm);
}

static void test_atomics(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_rng rng;

	skep_rng_init(&rng, 4);
	for (u32 op = SKEP_AADD; op <= SKEP_CMPXCHG; op++)
		for (u32 round = 0; round < 200; round++) {
			struct skep_ins in = {.op = (u16)op,
					      .size = round & 1 ? 8 : 4,
					      .form = SKEP_REG,
					      .dst = 10,
					      .src = 4,
					      .off = -8};
			struct skep_ins st = {.op = SKEP_STX,
					      .size = 8,
					      .form = SKEP_REG,
					      .dst = 10,
					      .src = 3,
					      .off = -8};
			u64 d = operand(&rng), s = operand(&rng), zx = in.size == 8 ? d : (u32)d,
			    want;
			struct skep_vm_input input = {0};
			struct skep_vm_result res;
			u8 code[8 * 32];
			u32 n = 4;

			emit_lddw(code, 3, d);
			emit_lddw(code + 16, 4, s);
			n += vt_asm("r0 = r3\n", code + n * 8, 20);
			n += skep_isa_encode(&st, code + n * 8, false);
			n += skep_isa_encode(&in, code + n * 8, false);
			/* the stored value, then what the register got */
			n += vt_asm("r1 = *(u64 *)(r10 - 8)\n", code + n * 8, 20);
			n += vt_asm(round & 2 ? (op == SKEP_CMPXCHG ? "exit\n" : "r0 = r4\nexit\n")
					      : "r0 = r1\nexit\n",
				    code + n * 8, 20);
			assert_int_equal(skep_vm_prog_load(vm, code, n, SKEP_PROG_XDP, NULL), 0);
			assert_int_equal(skep_vm_run(vm, 0, &input, &res), 0);
			assert_int_equal(res.trap, 0);
			skep_vm_prog_clear(vm);
			want = skep_isa_atomic(&in, zx, s, d);
			if (in.size == 4)
				want = (d >> 32 << 32) | (u32)want;
			if (round & 2)
				want = skep_ops[op].flags ? zx : s;
			assert_true(res.ret == want);
		}
	skep_vm_free(vm);
}

/* What can be encoded and is refused all the same, by its constant. */
static void test_refused(void **state)
{
	static const struct {
		const char *text;
		bool refused;
	} t[] = {
		{"r0 <<= 63", false}, {"r0 <<= 64", true},  {"w0 >>= 31", false}, {"w0 >>= 32", true}, {"r0 s>>= -1", true},
		{"r0 /= 0", true},    {"r0 %= 0", true},    {"w0 /= 1", false},   {"r0 *= 0", false},  {"r0 <<= r1", false},
	};

	(void)state;
	for (size_t k = 0; k < SKEP_ARRAY_SIZE(t); k++) {
		struct skep_isa_names names;
		const char *why, *where;
		struct skep_ins in;

		assert_true(skep_isa_parse(t[k].text, strlen(t[k].text), &in, &names, &why, &where));
		assert_null(skep_isa_check(&in));
		assert_int_equal(skep_isa_refused(&in), t[k].refused);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip), cmocka_unit_test(test_alu),
	    cmocka_unit_test(test_unary),      cmocka_unit_test(test_jumps),
	    cmocka_unit_test(test_atomics),    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
