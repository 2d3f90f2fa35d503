/* SPDX-License-Identifier: BSD-2-Clause */
/* The engines' interface: maps, tail calls, helpers, callbacks, throwing, packets, stops, memory.
 */
#include <pthread.h>

#include "vmtest.h"

#include "jit/jit.h"

/* There is native code on x86-64 only. */
#define skip_without_jit()                                                                         \
	do {                                                                                       \
		print_message("SKIP: there is no compiler for this processor\n");                  \
		skip();                                                                            \
	} while (0)

enum { MAX_CODE = 128 };

static u64 values[3 * 8];
static struct skep_eng_prog *progs[4];
static struct skep_eng_map array = {
	.kind = SKEP_ENG_MAP_ARRAY, .max_entries = 8, .stride = 24, .values = (u8 *)values};
static struct skep_eng_map pairs = {
	.kind = SKEP_ENG_MAP_ARRAY, .max_entries = 12, .stride = 16, .values = (u8 *)values};
static struct skep_eng_map single = {
	.kind = SKEP_ENG_MAP_ARRAY, .max_entries = 1, .stride = 8, .values = (u8 *)values};
static struct skep_eng_map calls = {.kind = SKEP_ENG_MAP_PROGS, .max_entries = 4, .progs = progs};
static struct skep_eng_map *const maps[] = {&array, &pairs, &single, &calls};
static __thread u64 thread_value;

static u64 add5(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return r1 + 10 * r2 + 100 * r3 + 1000 * r4 + 10000 * r5;
}

static u64 lookup(u64 map, u64 key, u64 r3, u64 r4, u64 r5)
{
	return 0xdead;
}

static u64 twice(u64 func, u64 a, u64 b, u64 c, u64 r5)
{
	u64 first = skep_eng_callback(func, a, b, c, 4, 5);

	return skep_eng_current()->stop ? 0 : first + skep_eng_callback(func, a, b, c, 4, 5);
}

static s64 packet(u64 ctx, s64 off, u64 size)
{
	return off < 0 || off > 100 ? -1 : (s64)((u64)off << 8 | size | (ctx & 0));
}

static bool value(void *user, const struct skep_ins *in, u64 *v, const struct skep_eng_map **map)
{
	if ((u32)in->imm >= SKEP_ARRAY_SIZE(maps))
		return false;
	*map = maps[(u32)in->imm];
	*v = (u64)*map;
	if (in->src == SKEP_LD_MAP_VALUE) {
		*v = (u64)(*map)->values + (u64)(in->imm >> 32);
		*map = NULL;
	}
	return true;
}

static const struct skep_eng_helper *helper(void *user, s64 id)
{
	static struct skep_eng_helper h[] = {
		{.fn = add5},
		{.kind = SKEP_ENG_LOOKUP, .fn = lookup},
		{.kind = SKEP_ENG_TAIL_CALL},
		{.kind = SKEP_ENG_CONST, .value = 0x123456789abcdefull},
		{.kind = SKEP_ENG_THROW},
		{.kind = SKEP_ENG_TLS64},
		{.kind = SKEP_ENG_TLS32},
		{.fn = twice},
		{.kind = SKEP_ENG_CALL_WITH, .fn = add5, .value = 0x100000000000ull},
	};

	h[5].value = h[6].value = (u64)&thread_value - (u64)__builtin_thread_pointer();
	return id >= 0 && (u64)id < SKEP_ARRAY_SIZE(h) ? &h[id] : NULL;
}

static const struct skep_eng_helper *kfunc(void *user, const struct skep_ins *in)
{
	return in->imm == 5 ? helper(NULL, 0) : NULL;
}

static const struct skep_eng_arena no_arena = {.user = (u64)1 << 44};
static const struct skep_eng_env env = {.size = sizeof(env),
					.value = value,
					.helper = helper,
					.kfunc = kfunc,
					.packet = packet,
					.arena = &no_arena};

static struct skep_eng_prog *compile(const struct skep_engine *e, const char *text,
				     struct skep_eng_options opt, int want)
{
	u8 code[8 * MAX_CODE];
	u32 n = vt_asm(text, code, MAX_CODE);
	struct skep_eng_prog *p = NULL;
	struct skep_diags ds;
	int err;

	skep_diags_init(&ds);
	opt.size = sizeof(opt);
	err = e->compile(code, n, &env, &opt, &p, &ds);
	if (err != want)
		print_message("%s: %d %s\n", text, err, ds.list.n ? ds.list.v[0].msg : "");
	assert_int_equal(err, want);
	skep_diags_fini(&ds);
	return p;
}

/* Both engines, plain and with a budget (which has another entry), give `want`. */
static void expect(const char *text, u64 r1, u64 want)
{
	const struct skep_engine *e[2] = {&skep_engine_interp, skep_jit_engine()};

	for (u32 i = 0; i < 4; i++) {
		struct skep_eng_options opt = {.budget = i & 2};
		struct skep_eng_prog *p;
		struct skep_eng_run run;
		u64 r0;

		if (!e[i & 1])
			continue;
		p = compile(e[i & 1], text, opt, 0);
		skep_eng_run_init(&run);
		r0 = skep_eng_run(p, r1, 0, &run);
		if (r0 != want)
			print_message("%s (%s): %llx\n", text, e[i & 1]->name,
				      (unsigned long long)r0);
		assert_int_equal(run.stop, 0);
		assert_int_equal(r0, want);
		assert_null(skep_eng_current());
		skep_eng_free(p);
	}
}

static void test_helpers(void **state)
{
	expect("r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall 0\nexit\n", 0, 54321);
	expect("r6 = 7\nr1 = 1\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0\ncall 0\nr0 += r6\nexit\n", 0, 8);
	expect("r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall kfunc#5@0\nexit\n", 0, 54321);
	expect("call 3\nexit\n", 0, 0x123456789abcdefull);
	/* The fifth argument is the helper's own, whatever the program has there, or nothing. */
	expect("r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall 8\nexit\n", 0,
	       4321 + 10000 * 0x100000000000ull);
	expect("*(u64 *)(r10 - 8) = r1\ncall 3\nr0 = *(u64 *)(r10 - 8)\nexit\n", 77, 77);
}

static void test_thread(void **state)
{
	const struct skep_engine *e = skep_jit_engine();
	struct skep_eng_prog *p;
	struct skep_eng_run run;

	if (!e)
		skip_without_jit();
	thread_value = 0x1122334455667788ull;
	p = compile(e, "call 5\nr6 = r0\ncall 6\nr6 ^= r0\nr0 = r6\nexit\n",
		    (struct skep_eng_options){0}, 0);
	skep_eng_run_init(&run);
	assert_int_equal(skep_eng_run(p, 0, 0, &run), 0x1122334400000000ull);
	skep_eng_free(p);
}

static void test_lookup(void **state)
{
	static const char *const text =
		"*(u32 *)(r10 - 4) = r1\nr2 = r10\nr2 += -4\nr1 = map_fd %d ll\ncall 1\n"
		"if r0 == 0 goto +1\nr0 = *(u64 *)(r0 + 0)\nexit\n";
	char buf[256];

	for (u32 i = 0; i < 24; i++)
		values[i] = 1000 + i;
	snprintf(buf, sizeof(buf), text, 0);
	expect(buf, 0, 1000);
	expect(buf, 7, 1021);
	expect(buf, 8, 0);
	expect(buf, 0xffffffff, 0);
	snprintf(buf, sizeof(buf), text, 1);
	expect(buf, 11, 1022);
	expect(buf, 12, 0);
	snprintf(buf, sizeof(buf), text, 2);
	expect(buf, 0, 1000);
	expect(buf, 1, 0);
	/* a map that is not known where the call is: the function */
	expect("r6 = r1\nr1 = map_fd 0x0 ll\nif r6 == 0 goto +2\nr1 = map_fd 0x1 ll\nr2 = r10\nr2 += -4\ncall 1\nexit\n",
	       1, 0xdead);
	expect("r1 = map_value 0x800000000 ll\nr0 = *(u64 *)(r1 + 0)\nexit\n", 0, 1001);
}

#define TAIL "r2 = map_fd 0x3 ll\nr3 = r6\ncall 2\n"

static void tail_with(const struct skep_engine *e)
{
	struct skep_eng_options opt = {0};
	struct skep_eng_run run;
	u64 count = 0;

	/* [0] counts and calls itself; [1] leaves; [2] from a function */
	progs[0] = compile(
		e,
		"r7 = r1\nr6 = *(u64 *)(r7 + 0)\nr6 += 1\n*(u64 *)(r7 + 0) = r6\nr6 = 0\n" TAIL
		"r0 = 99\nexit\n",
		opt, 0);
	progs[1] = compile(e, "r8 = 3\nr0 = *(u64 *)(r1 + 0)\nr0 += 5\nexit\n", opt, 0);
	progs[2] = compile(
		e, "r8 = 40\ncall pc+2\nr0 += r8\nexit\nr0 = 7\nr8 = 1\nr6 = 1\n" TAIL "exit\n",
		opt, 0);
	skep_eng_run_init(&run);
	assert_int_equal(skep_eng_run(progs[0], (u64)&count, 0, &run), 99);
	assert_int_equal(count, 34);
	assert_int_equal(run.tails, 33);
	skep_eng_run_init(&run);
	assert_int_equal(skep_eng_run(progs[2], (u64)&count, 0, &run), 34 + 5 + 40);
	/* [3] calls a function that leaves to [3]: each turn returns to the one before */
	progs[3] = compile(
		e, "r9 = 2\ncall pc+2\nr0 += r9\nexit\nr6 = 3\nr9 = 5\n" TAIL "r0 = 1\nexit\n", opt,
		0);
	skep_eng_run_init(&run);
	assert_int_equal(skep_eng_run(progs[3], 0, 0, &run), 1 + 34 * 2);
	assert_int_equal(run.stop, 0);
	for (u32 i = 0; i < 4; i++) {
		struct skep_eng_prog *p = progs[i];

		progs[i] = NULL;
		skep_eng_free(p);
	}
}

/* What a program throws that was left for returns from there, not from who left. */
static void tail_throw_with(const struct skep_engine *e)
{
	for (u32 budget = 0; budget < 2; budget++) {
		struct skep_eng_options opt = {.budget = budget};
		struct skep_eng_run run;

		progs[0] = compile(
			e,
			"r6 = 5\nr9 = 6\ncall pc+2\nr0 = 0\nexit\nr7 = 6\nr1 = 16\ncall 4\nexit\n",
			opt, 0);
		/* [1] throws nothing itself, [2] what comes back */
		progs[1] = compile(
			e,
			"r8 = 40\nr9 = 2\ncall pc+3\nr0 += r8\nr0 += r9\nexit\nr8 = 1\nr6 = 0\n" TAIL
			"exit\n",
			opt, 0);
		progs[2] = compile(
			e,
			"r8 = 7\ncall pc+4\nr1 = r0\nr1 += r8\ncall 4\nexit\nr8 = 1\nr6 = 1\n" TAIL
			"exit\n",
			opt, 0);
		for (u32 round = 0; round < 2; round++) {
			skep_eng_run_init(&run);
			assert_int_equal(skep_eng_run(progs[1], 0, 0, &run), 16 + 40 + 2);
			skep_eng_run_init(&run);
			assert_int_equal(skep_eng_run(progs[2], 0, 0, &run), 16 + 40 + 2 + 7);
			assert_int_equal(run.stop, 0);
		}
		for (u32 i = 0; i < 3; i++) {
			skep_eng_free(progs[i]);
			progs[i] = NULL;
		}
	}
}

static void test_tail_calls(void **state)
{
	tail_throw_with(&skep_engine_interp);
	if (skep_jit_engine())
		tail_throw_with(skep_jit_engine());
	tail_with(&skep_engine_interp);
	if (skep_jit_engine())
		tail_with(skep_jit_engine());
	expect("r6 = 4\n" TAIL "r0 = 3\nexit\n", 0, 3); /* out of bounds */
	expect("r6 = 2\n" TAIL "r0 = 3\nexit\n", 0, 3); /* nothing there */
	expect("r6 = -1\n" TAIL "exit\n", 0, (u64)-2);
}

static void test_callbacks(void **state)
{
	/* f(a, b, c) = a + 2b + r6 of its own; r6 to r9 of the caller stay */
	expect("r6 = 9\nr7 = 8\nr1 = func 0x8 ll\nr2 = 1\nr3 = 2\nr4 = 3\ncall 7\nr0 += r6\nr0 += r7\nexit\n"
	       "r6 = r3\nr7 = 1000\nr0 = r1\nr2 *= 2\nr0 += r2\nr0 += r6\nexit\n",
	       0, 2 * (1 + 4 + 3) + 17);
	/* a callback that calls back, by another function */
	expect("r1 = func 0x5 ll\nr2 = 1\nr3 = 2\ncall 7\nexit\nr1 = func 0x5 ll\nr2 = 5\ncall 7\nr0 += 1\nexit\nr0 = r1\nexit\n",
	       0, 22);
}

static void test_throw(void **state)
{
	expect("r6 = 5\nr1 = 3\ncall 4\nr0 = 0\nexit\n", 0, 3);
	expect("r6 = 5\ncall pc+2\nr0 = 0\nexit\nr7 = 6\nr1 = 4\ncall 4\nexit\n", 0, 4);
	/* out of a callback, to who called it */
	expect("r1 = func 0x3 ll\ncall 7\nexit\ncall pc+1\nexit\nr1 = 11\ncall 4\nexit\n", 0, 22);
}

static void test_packet(void **state)
{
	expect("r6 = r1\nr0 = *(u16 *)skb[14]\nexit\n", 0, 14 << 8 | 2);
	expect("r6 = r1\nr2 = 3\nr0 = *(u32 *)skb[r2 + 12]\nexit\n", 0, 15 << 8 | 4);
	expect("r6 = r1\nr7 = 5\nr0 = *(u8 *)skb[101]\nr0 = 5\nexit\n", 0, 0);
	expect("r6 = r1\nr2 = -20\nr0 = *(u8 *)skb[r2 + 12]\nr0 = 5\nexit\n", 0, 0);
	expect("r1 = addr_space_cast(r1, 0, 1)\nr0 = r1\nexit\n", 5, 5);
}

static void test_refused(void **state)
{
	const struct skep_engine *e[2] = {&skep_engine_interp, skep_jit_engine()};
	struct skep_eng_options opt = {0};

	for (u32 i = 0; i < 2 && e[i]; i++) {
		compile(e[i], "call 99\nexit\n", opt, SKEP_EUNSUP);
		compile(e[i], "call kfunc#6@0\nexit\n", opt, SKEP_EUNSUP);
		compile(e[i], "r1 = 5\ncallx r1\nexit\n", opt, SKEP_EUNSUP);
		compile(e[i], "r1 = map_fd 0x9 ll\nr0 = 0\nexit\n", opt, SKEP_EUNSUP);
		compile(e[i], "r1 = btf_id 0x9 ll\nr0 = 0\nexit\n", opt, SKEP_EUNSUP);
		compile(e[i], "r0 = 0\n", opt, SKEP_EINPUT);
		compile(e[i], "w10 += 8\nr0 = 0\nexit\n", opt, SKEP_EINPUT);
		compile(e[i], "r10 = *(u64 *)(r1 + 0)\nr0 = 0\nexit\n", opt, SKEP_EINPUT);
		compile(e[i], "goto +5\nexit\n", opt, SKEP_EINPUT);
		/* out of one function into another, by a jump and by falling */
		compile(e[i], "call pc+2\ngoto +2\nexit\nr0 = 0\nexit\n", opt, SKEP_EINPUT);
		compile(e[i], "call pc+1\nr0 = 0\nr0 = 1\nexit\n", opt, SKEP_EINPUT);
	}
}

/* A stopped run says where, and the next one is not disturbed. */
static void test_stops(void **state)
{
	const struct skep_engine *e[2] = {&skep_engine_interp, skep_jit_engine()};
	struct skep_eng_options opt = {.checked = true, .budget = true};

	for (u32 i = 0; i < 2 && e[i]; i++) {
		struct skep_eng_prog *p =
			compile(e[i],
				"r0 = 1\nr6 = 0x123456789000 ll\ncall pc+1\nexit\nr7 = 5\n"
				"if r1 == 0 goto +1\nr0 = *(u64 *)(r6 + 8)\nexit\n",
				opt, 0);
		struct skep_eng_run run;

		for (u32 k = 0; k < 3; k++) {
			skep_eng_run_init(&run);
			skep_eng_run(p, 1, 0, &run);
			assert_int_equal(run.stop, SKEP_TRAP_BOUNDS);
			assert_int_equal(run.stop_slot, 7);
			assert_int_equal(run.stop_addr, 0x123456789008);
			skep_eng_run_init(&run);
			assert_int_equal(skep_eng_run(p, 0, 0, &run), 1);
			assert_int_equal(run.stop, 0);
		}
		skep_eng_free(p);
		p = compile(e[i], "r0 = 0\nr0 += 1\nif r0 != 1000000 goto -2\nexit\n", opt, 0);
		skep_eng_run_init(&run);
		run.left = 1000;
		skep_eng_run(p, 0, 0, &run);
		assert_int_equal(run.stop, SKEP_TRAP_BUDGET);
		skep_eng_free(p);
	}
}

static bool contains(const struct skep_eng_prog *p, u32 v)
{
	for (u32 i = 0; i + 4 <= p->image; i++)
		if (!memcmp(p->code + i, &v, 4))
			return true;
	return false;
}

enum { CHOSEN = 0x11223344, FAR = 0x3344 };

/* Every place for a constant; offsets have 16 bits, and after them what extends their sign. */
static const char *const with_constants[] = {
	"r0 = 0x11223344\nexit\n",
	"w0 = 0x11223344\nexit\n",
	"r0 = 0x1122334411223344 ll\nexit\n",
	"r0 = 1\nr0 += 0x11223344\nexit\n",
	"r0 = 1\nr0 ^= 0x11223344\nexit\n",
	"r0 = 1\nr0 *= 0x11223344\nexit\n",
	"r0 = 1\nr0 /= 0x11223344\nexit\n",
	"r0 = 1\nw0 %= 0x11223344\nexit\n",
	"r0 = r1\nr0 += 0x11223344\nexit\n",
	"r0 = r1\nw0 *= 0x11223344\nexit\n",
	"*(u32 *)(r10 - 8) = 0x11223344\nr0 = 0\nexit\n",
	"*(u64 *)(r10 - 8) = 0x11223344\nr0 = 0\nexit\n",
	"r2 = r10\nr2 += r1\n*(u32 *)(r2 - 8) = 0x11223344\nr0 = 0\nexit\n",
	"r0 = 1\nif r0 == 0x11223344 goto +0\nexit\n",
	"r0 = 1\nif w0 & 0x11223344 goto +0\nexit\n",
	"r0 = r1\nr0 &= 0x11223344\nif r0 == 0 goto +1\nr0 = 1\nexit\n",
	"r0 = *(u32 *)(r10 - 4)\nif r0 == 0x11223344 goto +1\nr0 = 1\nexit\n",
	"r6 = r1\nr0 = *(u8 *)skb[287454020]\nexit\n",
	"r1 += 0x11223344\nr0 = *(u32 *)(r1 + 0)\nexit\n",
	"r2 = r1\nr2 += 0x11220000\nr0 = *(u32 *)(r2 + 0x3344)\nexit\n",
	"r2 = r1\nr2 += r3\nr0 = *(u32 *)(r2 + 0x3344)\nexit\n",
	"r2 = r1\nr2 += r3\n*(u32 *)(r2 + 0x3344) = r3\nr0 = 0\nexit\n",
	"r0 = *(u8 *)(r1 + 0x3344)\nexit\n",
	"r0 = *(s16 *)(r1 - 0x3344)\nexit\n",
	"r0 = *(u64 *)(r1 + 0x3344)\nr0 = be64 r0\nexit\n",
	"r0 = 1\nr2 = *(u64 *)(r1 + 0x3344)\nr0 += r2\nexit\n",
	"*(u16 *)(r1 + 0x3344) = r2\nr0 = 0\nexit\n",
	"*(u64 *)(r1 - 0x3344) = 0x11223344\nr0 = 0\nexit\n",
	"lock *(u64 *)(r1 + 0x3344) += r2\nr0 = 0\nexit\n",
	"r2 = atomic_fetch_xor(*(u32 *)(r1 - 0x3344), r2)\nr0 = r2\nexit\n",
	"r0 = cmpxchg(*(u64 *)(r1 + 0x3344), r0, r2)\nexit\n",
};

static bool chosen_in(const struct skep_eng_prog *p)
{
	return contains(p, CHOSEN) || contains(p, FAR) || contains(p, (u32)-FAR);
}

static void test_blinding(void **state)
{
	const struct skep_engine *e = skep_jit_engine();
	u32 seen = 0;

	if (!e)
		skip_without_jit();
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(with_constants); i++)
		for (u32 v = 0; v < 8; v++) {
			struct skep_eng_options opt = {.blind = v & 1,
						       .checked = v >> 1 & 1,
						       .budget = v >> 2,
						       .seed = i + 1};
			struct skep_eng_prog *p = compile(e, with_constants[i], opt, 0);

			seen += !opt.blind && chosen_in(p);
			if (opt.blind && chosen_in(p))
				print_message("%s", with_constants[i]);
			if (opt.blind)
				assert_false(chosen_in(p));
			skep_eng_free(p);
		}
	/* The search finds them where they are not hidden; division multiplies by something else.
	 */
	assert_true(seen > 4 * (SKEP_ARRAY_SIZE(with_constants) - 4));
}

/* How many bits of the code are another's in some of many compilations. */
static u32 moving_bits(const struct skep_engine *e, const char *text)
{
	u8 ones[256] = {0}, all[256];
	u32 n = 0, image = 0;

	memset(all, 0xff, sizeof(all));
	for (u32 seed = 1; seed <= 200; seed++) {
		struct skep_eng_prog *p =
			compile(e, text, (struct skep_eng_options){.blind = true, .seed = seed}, 0);

		assert_true(p->image <= sizeof(all) && (seed == 1 || p->image == image));
		image = p->image;
		for (u32 k = 0; k < image; k++) {
			ones[k] |= p->code[k];
			all[k] &= p->code[k];
		}
		skep_eng_free(p);
	}
	for (u32 k = 0; k < image; k++)
		n += (u32)__builtin_popcount((u8)(ones[k] & ~all[k]));
	return n;
}

/* No bit of a constant is always where it was: each of both parts has all of its bits by chance. */
static void test_blinding_keys(void **state)
{
	const struct skep_engine *e = skep_jit_engine();

	if (!e)
		skip_without_jit();
	assert_int_equal(moving_bits(e, "w0 = 0x91223344\nexit\n"), 64);
	assert_int_equal(moving_bits(e, "w0 = 0x11223344\nexit\n"), 64);
	assert_int_equal(moving_bits(e, "r0 = 1\nr0 /= 0x11223344\nexit\n"), 64);
	assert_int_equal(moving_bits(e, "r0 = 0x9122334491223344 ll\nexit\n"), 128);
	assert_int_equal(moving_bits(e, "r0 = *(u64 *)(r1 + 0x3344)\nexit\n"), 64);
}

/* Hidden offsets are the same places: every kind of access, far in front of the memory and behind.
 */
static void test_blinding_offsets(void **state)
{
	static const char text[] =
		"r6 = r1\nr6 += -0x3344\nr7 = r1\nr7 += 0x3344\nr3 = 0x1122334455667788 ll\nr0 = 0\n"
		"*(u64 *)(r6 + 0x3344) = r3\n*(u32 *)(r7 - 0x333c) = 0x44332211\n*(u32 *)(r7 - 0x3338) = r3\n"
		"*(u8 *)(r6 + 0x3354) = r3\n*(u16 *)(r7 - 0x3332) = r3\n"
		"lock *(u64 *)(r6 + 0x335c) += r3\nlock *(u32 *)(r7 - 0x332c) |= r3\n"
		"r4 = r3\nr4 = atomic_fetch_xor(*(u64 *)(r6 + 0x3344), r4)\nr0 += r4\n"
		"r4 = r3\nr4 = atomic_fetch_and(*(u32 *)(r7 - 0x333c), r4)\nr0 += r4\n"
		"r4 = r3\nr4 = xchg(*(u64 *)(r6 + 0x3364), r4)\nr0 += r4\n"
		"r4 = r3\nr4 = atomic_fetch_add(*(u64 *)(r7 - 0x3324), r4)\nr0 += r4\n"
		"r5 = r0\nr0 = *(u64 *)(r6 + 0x3344)\nr0 = cmpxchg(*(u64 *)(r7 - 0x3344), r0, r5)\n"
		"r4 = *(s8 *)(r6 + 0x3354)\nr0 += r4\nr4 = *(s32 *)(r7 - 0x3338)\nr0 ^= r4\n"
		"r4 = *(u64 *)(r6 + 0x3364)\nr4 = be64 r4\nr0 += r4\nr4 = *(u16 *)(r7 - 0x3332)\nr0 += r4\n"
		"r2 = r6\nr2 += 0x3300\nr4 = *(u64 *)(r2 + 0x54)\nr0 += r4\nr2 = r6\nr5 = 4\nr2 += r5\n"
		"r4 = *(u64 *)(r2 + 0x3350)\nr0 += r4\n*(u64 *)(r2 + 0x3350) = r0\nexit\n";
	u64 want_mem[8] = {0}, want = 0;

	for (u32 v = 0; v < 16; v++) {
		const struct skep_engine *e = v ? skep_jit_engine() : &skep_engine_interp;
		struct skep_eng_options opt = {.blind = v > 1, .generic = v & 1, .seed = v};
		u64 mem[8] = {0}, got;
		struct skep_eng_prog *p;
		struct skep_eng_run run;

		if (!e)
			skip_without_jit();
		p = compile(e, text, opt, 0);
		skep_eng_run_init(&run);
		got = skep_eng_run(p, (u64)(uintptr_t)mem, 0, &run);
		skep_eng_free(p);
		if (!v) {
			want = got;
			memcpy(want_mem, mem, sizeof(mem));
		}
		assert_true(got == want);
		assert_memory_equal(mem, want_mem, sizeof(mem));
	}
}

/* The pages of a program can be executed and not written. */
static void test_pages(void **state)
{
	const struct skep_engine *e = skep_jit_engine();
	struct skep_eng_prog *p;
	unsigned long lo, hi;
	char line[512], perm[5];
	bool found = false;
	FILE *f;

	if (!e)
		skip_without_jit();
	p = compile(e, "r0 = 1\nexit\n", (struct skep_eng_options){0}, 0);
	f = fopen("/proc/self/maps", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %4s", &lo, &hi, perm) == 3 && (u64)p->code >= lo &&
		    (u64)p->code < hi) {
			found = true;
			assert_string_equal(perm, "r-xp");
		}
	if (f)
		fclose(f);
	assert_true(found);
	assert_int_equal(p->native[0], 0);
	assert_true(p->native[1] > p->native[0] && p->native[2] == p->image);
	skep_eng_free(p);
}

/* Threads compile, run and free at the same time, each its own constant. */
static void *work(void *arg)
{
	const struct skep_engine *e = skep_jit_engine();
	struct skep_eng_prog *p[8] = {0};
	u8 code[8 * 4];
	u64 bad = 0;

	for (u32 i = 0; i < 3000; i++) {
		struct skep_ins in[2] = {
			{.op = SKEP_MOV, .size = 8, .imm = (s32)(i * 2 + (u64)arg)},
			{.op = SKEP_EXIT, .size = 8}};
		struct skep_eng_run run;
		u32 k = i & 7;

		skep_eng_free(p[k]);
		skep_isa_encode(&in[0], code, false);
		skep_isa_encode(&in[1], code + 8, false);
		if (e->compile(code, 2, NULL, NULL, &p[k], NULL))
			return (void *)1;
		for (u32 n = 0; n < 8 && n <= i; n++) {
			skep_eng_run_init(&run);
			bad += skep_eng_run(p[(i - n) & 7], 0, 0, &run) != (i - n) * 2 + (u64)arg;
		}
	}
	for (u32 k = 0; k < 8; k++)
		skep_eng_free(p[k]);
	return (void *)bad;
}

static void test_threads(void **state)
{
	pthread_t t[3];
	void *bad;

	if (!skep_jit_engine())
		skip_without_jit();
	for (u64 i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, (void *)(i * 100000)), 0);
	for (u64 i = 0; i < 3; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
}

static void test_tools(void **state)
{
	const struct skep_engine *e = skep_jit_engine();
	struct skep_jit_symbols *a, *b;
	struct skep_eng_prog *p;
	struct skep_buf buf = {0};
	char want[64];

	if (!e)
		skip_without_jit();
	p = compile(e, "r0 = 1\nexit\n", (struct skep_eng_options){0}, 0);
	skep_jit_perf_map(p, "bpf_prog_one", &buf);
	snprintf(want, sizeof(want), "%lx %x bpf_prog_one\n", (unsigned long)p->code, p->image);
	assert_string_equal(buf.p, want);
	skep_buf_fini(&buf);
	a = skep_jit_gdb_add(p, "one");
	b = skep_jit_gdb_add(p, "two");
	assert_non_null(a);
	assert_non_null(b);
	skep_jit_gdb_remove(a);
	skep_jit_gdb_remove(b);
	skep_jit_gdb_remove(NULL);
	skep_eng_free(p);
	p = compile(&skep_engine_interp, "r0 = 1\nexit\n", (struct skep_eng_options){0}, 0);
	assert_null(skep_jit_gdb_add(p, "none"));
	skep_eng_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_helpers),	      cmocka_unit_test(test_thread),
		cmocka_unit_test(test_lookup),	      cmocka_unit_test(test_tail_calls),
		cmocka_unit_test(test_callbacks),     cmocka_unit_test(test_throw),
		cmocka_unit_test(test_packet),	      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stops),	      cmocka_unit_test(test_blinding),
		cmocka_unit_test(test_blinding_keys), cmocka_unit_test(test_blinding_offsets),
		cmocka_unit_test(test_pages),	      cmocka_unit_test(test_threads),
		cmocka_unit_test(test_tools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
