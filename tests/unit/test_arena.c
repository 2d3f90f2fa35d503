/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to an arena in every engine: a model in C says what memory and registers are afterwards.
 * Pages that are there and are not, both ends of the window, operations that no kernel would take
 * but engines must survive.
 */
#include "vmtest.h"

#include "jit/jit.h"

enum { PAGE = 4096, NPAGE = 4, MAX_CODE = 128 };

static u8 table[NPAGE];
static u8 memory[NPAGE * PAGE];
static u32 asked;
static u32 found; /* a page that is there when somebody asks */

static bool find(const struct skep_eng_arena *a, u32 page)
{
	asked++;
	if (page != found)
		return false;
	table[page] = 1;
	return true;
}

static struct skep_eng_arena arena = {
	.bytes = sizeof(memory), .mem = memory, .page = table, .find = find};

/* The arena's place; its second page is not there. */
static void place(u64 user)
{
	arena.user = user;
	for (u32 k = 0; k < NPAGE; k++)
		table[k] = k != 1;
	found = NPAGE;
	asked = 0;
}

/* Everything that is not the stack is the arena. */
static u32 code_of(const char *text, u8 *code, u8 *use)
{
	u32 n = vt_asm(text, code, MAX_CODE);
	const char *why;

	memset(use, 0, MAX_CODE);
	for (u32 i = 0; i < n;) {
		struct skep_memop m;
		struct skep_ins in;
		u32 slots = skep_isa_decode(code + i * 8, (n - i) * 8, false, &in, &why);

		assert_true(slots > 0);
		if (skep_isa_memop(&in, &m) && m.base != 10)
			use[i] = SKEP_ENG_ARENA_ACCESS;
		else if (skep_op_class(in.op) == SKEP_CLASS_ALU && in.dst == 9)
			use[i] = SKEP_ENG_ARENA_NARROW;
		i += slots;
	}
	return n;
}

static u64 run_in(const struct skep_engine *e, struct skep_eng_options opt, const char *text,
		  u64 r1, u64 r2)
{
	u8 code[8 * MAX_CODE], use[MAX_CODE];
	struct skep_eng_env env = {.size = sizeof(env), .arena = &arena, .arena_use = use};
	u32 n = code_of(text, code, use);
	struct skep_eng_prog *p = NULL;
	struct skep_eng_run run;
	struct skep_diags ds;
	u64 r0;

	skep_diags_init(&ds);
	opt.size = sizeof(opt);
	if (e->compile(code, n, &env, &opt, &p, &ds))
		fail_msg("%s: %s", text, ds.list.n ? ds.list.v[0].msg : "not compiled");
	for (u32 i = 0; i < n; i++)
		assert_true(!(use[i] & SKEP_ENG_ARENA_ACCESS) || !p->plain);
	skep_eng_run_init(&run);
	r0 = skep_eng_run(p, r1, r2, &run);
	assert_int_equal(run.stop, 0);
	skep_eng_free(p);
	skep_diags_fini(&ds);
	return r0;
}

enum { NKIND = 6 };
static const struct skep_eng_options kinds[NKIND] = {{0},
						     {.budget = true},
						     {0},
						     {.budget = true},
						     {.blind = true, .seed = 7},
						     {.generic = true}};

static const struct skep_engine *engine(u32 kind)
{
	return kind < 2 ? &skep_engine_interp : skep_jit_engine();
}

/* The same in all of them, from the same memory; then the memory is as `after` in 8 bytes at `at`.
 */
static void expect(const char *text, u64 r1, u64 r2, u64 want, u32 at, u64 after)
{
	for (u32 k = 0; k < NKIND; k++) {
		u64 r0, is;

		if (!engine(k))
			continue;
		for (u32 b = 0; b < sizeof(memory); b++)
			memory[b] = (u8)(b + b / 256);
		r0 = run_in(engine(k), kinds[k], text, r1, r2);
		memcpy(&is, memory + at, 8);
		if (r0 != want || is != after)
			print_message("%s in %u: %llx, memory %llx\n", text, k,
				      (unsigned long long)r0, (unsigned long long)is);
		assert_int_equal(r0, want);
		assert_int_equal(is, after);
	}
}

#define BYTES8(b) (0x0101010101010101ull * ((b)&0xff) + 0x0706050403020100ull)

static void test_loads(void **state)
{
	static const u64 places[] = {1ull << 44, (1ull << 44) + 0xffffc000, 0x10000};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(places); k++) {
		u64 p = places[k];

		place(p);
		expect("r0 = *(u64 *)(r1 + 0)\nexit\n", p + 16, 0, BYTES8(16), 0, BYTES8(0));
		expect("r0 = *(u32 *)(r1 + 0)\nexit\n", p + 16, 0, (u32)BYTES8(16), 0, BYTES8(0));
		expect("r0 = *(u16 *)(r1 + 0)\nexit\n", p + 16, 0, (u16)BYTES8(16), 0, BYTES8(0));
		expect("r0 = *(u8 *)(r1 + 0)\nexit\n", p + 16, 0, 16, 0, BYTES8(0));
		expect("r0 = *(s8 *)(r1 + 0)\nexit\n", p + 200, 0, (u64)(s64)(s8)200, 0, BYTES8(0));
		expect("r0 = load_acquire(*(u64 *)(r1 + 8))\nexit\n", p + 16, 0, BYTES8(24), 0,
		       BYTES8(0));
		/* The upper half is nobody's business. */
		expect("r0 = *(u64 *)(r1 + 0)\nexit\n", (u32)p + 16, 0, BYTES8(16), 0, BYTES8(0));
		expect("r0 = *(u64 *)(r1 + 0)\nexit\n", p + 16 + (77ull << 32), 0, BYTES8(16), 0,
		       BYTES8(0));
		/* Where no page is, wholly or in part; beside the arena. */
		expect("r0 = 5\nr0 = *(u64 *)(r1 + 0)\nexit\n", p + PAGE, 0, 0, 0, BYTES8(0));
		expect("r0 = 5\nr0 = *(u64 *)(r1 + 0)\nexit\n", p + PAGE - 1, 0, 0, 0, BYTES8(0));
		expect("r0 = 5\nr0 = *(u64 *)(r1 + 0)\nexit\n", p + 2 * PAGE - 7, 0, 0, 0,
		       BYTES8(0));
		expect("r0 = *(u64 *)(r1 + 0)\nexit\n", p + 2 * PAGE, 0, BYTES8(32), 0, BYTES8(0));
		expect("r0 = *(u64 *)(r1 + 8192)\nexit\n", p, 0, BYTES8(32), 0, BYTES8(0));
		expect("r0 = *(u64 *)(r1 - 8192)\nexit\n", p + 8192 + 16, 0, BYTES8(16), 0,
		       BYTES8(0));
		expect("r0 = 5\nr0 = *(u64 *)(r1 - 8)\nexit\n", p, 0, 0, 0, BYTES8(0));
		expect("r0 = 5\nr0 = *(u64 *)(r1 - 4)\nexit\n", p, 0, 0, 0, BYTES8(0));
		expect("r0 = 5\nr0 = *(s16 *)(r1 + 0)\nexit\n", p + sizeof(memory), 0, 0, 0,
		       BYTES8(0));
		expect("r0 = 5\nr0 = load_acquire(*(u32 *)(r1 + 0))\nexit\n", p + sizeof(memory), 0,
		       0, 0, BYTES8(0));
		expect("r0 = 5\nr0 = *(u32 *)(r1 + 32767)\nexit\n", ~0ull, 0, 0, 0, BYTES8(0));
		expect("r0 = 5\nr0 = *(u64 *)(r1 - 32768)\nexit\n", 0, 0, 0, 0, BYTES8(0));
	}
}

static void test_stores(void **state)
{
	u64 p = 1ull << 44;

	place(p);
	expect("*(u64 *)(r1 + 8) = r2\nr0 = 1\nexit\n", p, 0x1122334455667788, 1, 8,
	       0x1122334455667788);
	expect("*(u32 *)(r1 + 8) = r2\nr0 = 1\nexit\n", p, 0x1122334455667788, 1, 8,
	       (BYTES8(8) & ~0xffffffffull) | 0x55667788);
	expect("*(u16 *)(r1 + 8) = -2\nr0 = 1\nexit\n", p, 0, 1, 8,
	       (BYTES8(8) & ~0xffffull) | 0xfffe);
	expect("*(u8 *)(r1 + 8) = r2\nr0 = 1\nexit\n", p, 0x88, 1, 8,
	       (BYTES8(8) & ~0xffull) | 0x88);
	expect("*(u64 *)(r1 + 8) = 287454020\nr0 = 1\nexit\n", p, 0, 1, 8, 0x11223344);
	expect("*(u64 *)(r1 + 0) = r1\nr0 = 1\nexit\n", p + 8, 0, 1, 8, p + 8);
	expect("store_release(*(u64 *)(r1 + 8), r2)\nr0 = 1\nexit\n", p, 7, 1, 8, 7);
	/* Nothing is stored where a part of the place is not there. */
	expect("*(u64 *)(r1 + 0) = r2\nr0 = 1\nexit\n", p + PAGE - 4, 7, 1, PAGE - 8,
	       BYTES8((PAGE - 8) + (PAGE - 8) / 256));
	expect("*(u64 *)(r1 + 0) = 7\nr0 = 1\nexit\n", p + 2 * PAGE - 4, 7, 1, 2 * PAGE,
	       BYTES8(32));
	expect("store_release(*(u32 *)(r1 + 0), r2)\nr0 = r2\nexit\n", p + PAGE, 7, 7, PAGE,
	       BYTES8(16));
}

static void test_atomics(void **state)
{
	u64 p = 1ull << 44, big = 0x1122334455667788;

	place(p);
	expect("r2 = atomic_fetch_add(*(u64 *)(r1 + 8), r2)\nr0 = r2\nexit\n", p, 3, BYTES8(8), 8,
	       BYTES8(8) + 3);
	expect("r2 = atomic_fetch_add(*(u32 *)(r1 + 8), r2)\nr0 = r2\nexit\n", p, 3 + (9ull << 32),
	       (u32)BYTES8(8), 8, BYTES8(8) + 3);
	expect("r2 = atomic_fetch_xor(*(u64 *)(r1 + 8), r2)\nr0 = r2\nexit\n", p, 3, BYTES8(8), 8,
	       BYTES8(8) ^ 3);
	expect("r2 = xchg(*(u64 *)(r1 + 8), r2)\nr0 = r2\nexit\n", p, big, BYTES8(8), 8, big);
	expect("r0 = 1\nr0 = cmpxchg(*(u64 *)(r1 + 8), r0, r2)\nexit\n", p, 3, BYTES8(8), 8,
	       BYTES8(8));
	expect("lock *(u64 *)(r1 + 8) |= r2\nr0 = r2\nexit\n", p, big, big, 8, BYTES8(8) | big);
	/* Without a page all registers keep what they had, but for the upper half of what is of 32
	 * bits. */
	expect("r2 = atomic_fetch_add(*(u64 *)(r1 + 0), r2)\nr0 = r2\nexit\n", p + PAGE, big, big,
	       PAGE, BYTES8(16));
	expect("r2 = atomic_fetch_add(*(u32 *)(r1 + 0), r2)\nr0 = r2\nexit\n", p + PAGE, big,
	       (u32)big, PAGE, BYTES8(16));
	expect("r2 = atomic_fetch_or(*(u32 *)(r1 + 0), r2)\nr0 = r2\nexit\n", p + PAGE, big,
	       (u32)big, PAGE, BYTES8(16));
	expect("r2 = xchg(*(u32 *)(r1 + 0), r2)\nr0 = r2\nexit\n", p + PAGE, big, (u32)big, PAGE,
	       BYTES8(16));
	expect("r0 = r2\nr0 = cmpxchg(*(u64 *)(r1 + 0), r0, r2)\nexit\n", p + PAGE, big, big, PAGE,
	       BYTES8(16));
	expect("r0 = r2\nr0 = cmpxchg(*(u32 *)(r1 + 0), r0, r2)\nexit\n", p + PAGE, big, (u32)big,
	       PAGE, BYTES8(16));
	expect("lock *(u32 *)(r1 + 0) &= r2\nr0 = r2\nexit\n", p + PAGE, big, big, PAGE,
	       BYTES8(16));
}

static void test_casts(void **state)
{
	u64 p = (0x123ull << 32) + 0x7000;

	place(p);
	expect("r0 = addr_space_cast(r1, 0, 1)\nexit\n", p + 8, 0, 0x7008, 0, BYTES8(0));
	expect("r0 = addr_space_cast(r1, 1, 0)\nexit\n", 0x7008, 0, p + 8, 0, BYTES8(0));
	expect("r0 = addr_space_cast(r1, 1, 0)\nexit\n", 0x7008 + (9ull << 32), 0, p + 8, 0,
	       BYTES8(0));
	expect("r0 = addr_space_cast(r1, 1, 0)\nexit\n", 9ull << 32, 0, 0, 0, BYTES8(0));
	expect("r1 = addr_space_cast(r1, 1, 0)\nr0 = r1\nexit\n", 0x7008, 0, p + 8, 0, BYTES8(0));
	expect("r9 = r1\nr9 += r2\nr0 = r9\nexit\n", p, 1ull << 40 | 8, 0x7008, 0, BYTES8(0));
	expect("r9 = r1\nr9 <<= 40\nr0 = r9\nexit\n", 1, 0, 0x100, 0, BYTES8(0));
	expect("r9 = r1\nr9 += r2\nr0 = *(u64 *)(r9 + 8)\nexit\n", p, 8, BYTES8(16), 0, BYTES8(0));
	arena.raw = true;
	expect("r0 = addr_space_cast(r1, 1, 0)\nexit\n", p + 8, 0, 0x7008, 0, BYTES8(0));
	arena.raw = false;
}

/* Values that a call might lose: on the stack of a function that calls nothing, in all registers.
 */
static void test_around(void **state)
{
	u64 p = 1ull << 44;

	place(p);
	expect("*(u64 *)(r10 - 8) = r2\n*(u64 *)(r10 - 120) = r1\nr3 = *(u64 *)(r1 + 0)\nr0 = *(u64 *)(r10 - 8)\n"
	       "r4 = *(u64 *)(r10 - 120)\nr0 += r3\nr0 += r4\nexit\n",
	       p + PAGE, 77, 77 + p + PAGE, 0, BYTES8(0));
	expect("r0 = 1\nr3 = 2\nr4 = 3\nr5 = 4\nr6 = 5\nr7 = 6\nr8 = 7\nr9 = *(u64 *)(r1 + 0)\n*(u32 *)(r1 + 0) = r2\n"
	       "r0 += r2\nr0 += r3\nr0 += r4\nr0 += r5\nr0 += r6\nr0 += r7\nr0 += r8\nr0 += r9\nexit\n",
	       p + PAGE, 100, 128, 0, BYTES8(0));
	expect("r6 = r1\ncall pc+3\nr1 = *(u8 *)(r6 + 1)\nr0 += r1\nexit\nr0 = *(u8 *)(r1 + 0)\n*(u64 *)(r10 - 512) = r0\n"
	       "r0 = *(u8 *)(r10 - 512)\nexit\n",
	       p + 40, 0, 81, 0, BYTES8(0));
	expect("r0 = 0\nr3 = 0\nr2 = r1\nr2 += r3\nr4 = *(u8 *)(r2 + 0)\nr0 += r4\nr3 += 1\nif r3 != 16 goto -6\nexit\n",
	       p, 0, 120, 0, BYTES8(0));
}

/* A page that is there although its byte does not say so yet. */
static void test_found(void **state)
{
	u64 p = 1ull << 44;

	for (u32 k = 0; k < NKIND; k++) {
		if (!engine(k))
			continue;
		place(p);
		found = 1;
		memory[PAGE] = 9;
		assert_int_equal(
			run_in(engine(k), kinds[k], "r0 = *(u8 *)(r1 + 0)\nexit\n", p + PAGE, 0),
			9);
		assert_int_equal(asked, 1);
		assert_int_equal(
			run_in(engine(k), kinds[k], "r0 = *(u8 *)(r1 + 0)\nexit\n", p + PAGE, 0),
			9);
		assert_int_equal(asked, 1);
		assert_int_equal(run_in(engine(k), kinds[k], "r0 = *(u8 *)(r1 + 0)\nexit\n",
					p + NPAGE * PAGE, 0),
				 0);
		assert_int_equal(asked, 1); /* beyond its end nobody asks */
	}
}

/* Rows of random accesses: every engine leaves the same. */
static void random_text(struct skep_rng *r, char *text, size_t size)
{
	static const char *const form[] = {
		"r0 = *(u%u *)(r1 %+d)",
		"*(u%u *)(r1 %+d) = r2",
		"*(u%u *)(r3 %+d) = 1234567",
		"r4 = *(u%u *)(r3 %+d)",
		"r2 = atomic_fetch_add(*(u%u *)(r1 %+d), r2)",
		"r5 = xchg(*(u%u *)(r3 %+d), r5)",
		"r0 = cmpxchg(*(u%u *)(r1 %+d), r0, r4)",
		"r4 = load_acquire(*(u%u *)(r1 %+d))",
	};
	size_t n = (size_t)snprintf(text, size, "r0 = 3\nr3 = r1\nr3 += 4000\nr4 = 4\nr5 = 5\n");

	for (u32 k = 0; k < 12; k++) {
		u32 f = (u32)skep_rng_next(r) % SKEP_ARRAY_SIZE(form),
		    bits = 8u << (skep_rng_next(r) & 3);
		int off = (int)(skep_rng_next(r) % 12000) - 1000;

		if (f >= 4 && f != 7)
			bits = bits < 32 ? 32 : bits;
		if (f >= 4)
			off &= ~7;
		n += (size_t)snprintf(text + n, size - n, form[f], bits, off);
		n += (size_t)snprintf(text + n, size - n, "\nr0 ^= r2\nr2 += r4\nr2 ^= r5\n");
	}
	snprintf(text + n, size - n, "exit\n");
}

static void test_random(void **state)
{
	static u8 want[sizeof(memory)];
	struct skep_rng r;
	char text[4096];

	skep_rng_init(&r, 42);
	for (u32 n = 0; n < 2000; n++) {
		u64 p = n & 1 ? (1ull << 44) + 0xffffc000 : 1ull << 44, first = 0;

		place(p);
		random_text(&r, text, sizeof(text));
		for (u32 k = 0; k < NKIND; k++) {
			u64 r0;

			if (!engine(k))
				continue;
			for (u32 b = 0; b < sizeof(memory); b++)
				memory[b] = (u8)(b * 7 + n);
			r0 = run_in(engine(k), kinds[k], text, p + 96, n);
			if (!k) {
				first = r0;
				memcpy(want, memory, sizeof(want));
			} else if (r0 != first || memcmp(want, memory, sizeof(want)) != 0) {
				fail_msg("%s: %llx and in %u %llx\n", text,
					 (unsigned long long)first, k, (unsigned long long)r0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads),	cmocka_unit_test(test_stores),
		cmocka_unit_test(test_atomics), cmocka_unit_test(test_casts),
		cmocka_unit_test(test_around),	cmocka_unit_test(test_found),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
