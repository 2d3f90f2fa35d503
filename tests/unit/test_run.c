/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading into the interpreter, generated inputs, and comparing two versions of a program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/run_impl.h"
#include "verify/verify.h"

#define HEAD ".object little\n.license \"GPL\"\n"
#define XDP HEAD ".section \"xdp\"\n.func f\n"
/* A program that goes on only with 14 bytes of packet, r7 and r6 as data and data_end. */
#define GUARD                                                                                      \
	"r6 = *(u32 *)(r1 + 4)\nr7 = *(u32 *)(r1 + 0)\nr2 = r7\nr2 += 14\nr0 = 1\nif r2 > r6 goto L9\n"

struct fixture {
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_objfile *a, *b;
};

static struct skep_objfile *parse(struct fixture *x, const char *text)
{
	struct skep_objfile *file;

	if (skep_obj_parse(text, strlen(text), &x->arena, &x->ds, &file))
		fail_msg("%s\n%s", text, x->ds.list.n ? x->ds.list.v[0].msg : "?");
	return file;
}

static void fixture_init(struct fixture *x, const char *a, const char *b)
{
	skep_arena_init(&x->arena);
	skep_diags_init(&x->ds);
	x->a = parse(x, a);
	x->b = parse(x, b);
}

static void fixture_fini(struct fixture *x)
{
	skep_diags_fini(&x->ds);
	skep_arena_fini(&x->arena);
}

static void expect(const char *a, const char *b, enum skep_run_verdict verdict, const char *reason)
{
	struct skep_run_differ_opts opts = {.inputs = 500, .seed = 7};
	struct skep_run_differ_result r;
	struct fixture x;

	fixture_init(&x, a, b);
	assert_int_equal(skep_run_differ(x.a, x.b, "f", &opts, &x.arena, &x.ds, &r), 0);
	if (r.verdict != verdict)
		fail_msg("verdict %d (%s), not %d, for\n%s", r.verdict, r.reason ? r.reason : "",
			 verdict, b);
	if (reason)
		assert_non_null(strstr(r.reason, reason));
	fixture_fini(&x);
}

static void equal(void **state)
{
	expect(XDP "r0 = 2\nexit\n", XDP "r0 = 2\nexit\n", SKEP_RUN_EQUAL, NULL);
	expect(XDP "r0 = 2\nexit\n", XDP "r0 = 1\nr0 += 1\nexit\n", SKEP_RUN_EQUAL, NULL);
	/* The kernel sees 32 bits of what a packet program returns. */
	expect(XDP "r0 = 2\nexit\n", XDP "r0 = 4294967298 ll\nexit\n", SKEP_RUN_EQUAL, NULL);
}

static void returns(void **state)
{
	expect(XDP "r0 = 2\nexit\n", XDP "r0 = 1\nexit\n", SKEP_RUN_DIFFERS, "return value");
	/* Only for one value of 32 bits in the packet. */
	expect(XDP GUARD
	       "r0 = 1\nr2 = *(u32 *)(r7 + 2)\nif w2 != 305419896 goto L9\nr0 = 2\nL9:\nexit\n",
	       XDP GUARD "r0 = 1\nL9:\nexit\n", SKEP_RUN_DIFFERS, "return value");
	/* In the packet's byte order, and computed with. */
	expect(XDP GUARD
	       "r0 = 1\nr2 = *(u32 *)(r7 + 6)\nr2 = be32 r2\nif w2 != 99887766 goto L9\nr0 = 2\nL9:\nexit\n",
	       XDP GUARD "r0 = 1\nL9:\nexit\n", SKEP_RUN_DIFFERS, "return value");
}

static void packets(void **state)
{
	expect(XDP GUARD "r0 = 2\n*(u8 *)(r7 + 5) = 7\nL9:\nexit\n",
	       XDP GUARD "r0 = 2\n*(u8 *)(r7 + 5) = 6\nL9:\nexit\n", SKEP_RUN_DIFFERS,
	       "packet, at byte 5");
	/* A read behind the packet's end that A does not do. */
	expect(XDP GUARD "r0 = 2\nL9:\nexit\n",
	       XDP GUARD "r2 = *(u64 *)(r6 + 0)\nr0 = 2\nL9:\nexit\n", SKEP_RUN_DIFFERS, "B traps");
}

#define MAPS                                                                                               \
	HEAD ".map m type=hash key=4 value=8 max=16\n.section \"xdp\"\n.func f\n"                          \
	     "r2 = 5\n*(u32 *)(r10 - 4) = r2\nr2 = r10\nr2 += -4\nr1 = m ll\ncall bpf_map_lookup_elem#1\n" \
	     "if r0 == 0 goto L9\n"

static void maps(void **state)
{
	/* The key has to be found, which only what was missed before tells. */
	expect(MAPS "r1 = 1\n*(u64 *)(r0 + 0) = r1\nL9:\nr0 = 2\nexit\n",
	       MAPS "L9:\nr0 = 2\nexit\n", SKEP_RUN_DIFFERS, "contents of map 'm'");
	expect(MAPS "r1 = 1\n*(u64 *)(r0 + 0) = r1\nL9:\nr0 = 2\nexit\n",
	       MAPS "*(u64 *)(r0 + 0) = 1\nL9:\nr0 = 2\nexit\n", SKEP_RUN_EQUAL, NULL);
}

static void events(void **state)
{
	expect(XDP "r1 = 3\nr2 = 0\ncall bpf_redirect#23\nexit\n",
	       XDP "r1 = 4\nr2 = 0\ncall bpf_redirect#23\nexit\n", SKEP_RUN_DIFFERS, "event 1");
	expect(XDP "r1 = 3\nr2 = 0\ncall bpf_redirect#23\nexit\n", XDP "r0 = 4\nexit\n",
	       SKEP_RUN_DIFFERS, "number of events");
}

static void unknown(void **state)
{
	/* A reads what it may not: nothing follows for B. */
	expect(XDP "r1 = 1\nr0 = *(u64 *)(r1 + 0)\nexit\n", XDP "r0 = 1\nexit\n", SKEP_RUN_UNKNOWN,
	       "null pointer");
	/* A returns what its stack held before. */
	expect(XDP "r0 = *(u8 *)(r10 - 8)\nexit\n", XDP "r0 = 7\nexit\n", SKEP_RUN_UNKNOWN,
	       "stack");
	expect(XDP "L1:\ngoto L1\nexit\n", XDP "r0 = 7\nexit\n", SKEP_RUN_UNKNOWN, "budget");
	expect(HEAD
	       ".map s type=sk_storage key=4 value=8 max=0\n.section \"tc\"\n.func f\nr1 = s ll\nr0 = 0\nexit\n",
	       HEAD
	       ".map s type=sk_storage key=4 value=8 max=0\n.section \"tc\"\n.func f\nr1 = s ll\nr0 = 0\nexit\n",
	       SKEP_RUN_UNKNOWN, "sk_storage");
	expect(HEAD ".section \"nothing\"\n.func f\nr0 = 0\nexit\n",
	       HEAD ".section \"nothing\"\n.func f\nr0 = 0\nexit\n", SKEP_RUN_UNKNOWN,
	       "does not follow");
}

static void other_maps(void **state)
{
	expect(HEAD
	       ".map m type=hash key=4 value=8 max=16\n.section \"xdp\"\n.func f\nr1 = m ll\nr0 = 2\nexit\n",
	       HEAD
	       ".map m type=hash key=4 value=4 max=16\n.section \"xdp\"\n.func f\nr1 = m ll\nr0 = 2\nexit\n",
	       SKEP_RUN_UNKNOWN, "map 'm'");
}

/* The same seed gives the same inputs, and inputs are what the vm takes. */
static void inputs(void **state)
{
	struct skep_run_load_opts lo = {0};
	struct skep_run_input i, k;
	struct skep_run_gen *g[2];
	struct skep_vm_result res;
	struct skep_vm_input in;
	struct skep_run_vm r;
	struct fixture x;
	u32 ipv4 = 0, n = 3000;

	fixture_init(&x, XDP "r0 = 2\nexit\n", XDP "r0 = 2\nexit\n");
	assert_int_equal(skep_run_load(x.a, x.a->obj->func[0], &lo, &x.arena, &x.ds, &r), 0);
	g[0] = skep_run_gen_new(&r, 5);
	g[1] = skep_run_gen_new(&r, 5);
	for (u32 t = 0; t < n; t++) {
		skep_run_gen_next(g[0], &i);
		skep_run_gen_next(g[1], &k);
		assert_int_equal(i.pkt_len, k.pkt_len);
		assert_memory_equal(i.pkt, k.pkt, i.pkt_len);
		assert_memory_equal(i.ctx, k.ctx, i.ctx_len);
		skep_run_input_vm(&i, &in);
		assert_int_equal(skep_vm_run(r.vm, 0, &in, &res), 0);
		ipv4 += i.pkt_len >= 14 && i.pkt[12] == 8 && i.pkt[13] == 0;
	}
	assert_in_range(ipv4, n / 4, n * 3 / 4);
	skep_run_gen_free(g[0]);
	skep_run_gen_free(g[1]);
	skep_run_fini(&r);
	fixture_fini(&x);
}

/* Two jumps deep: both constants have to be found. */
static void coverage(void **state)
{
	static const char text[] = XDP GUARD
		"r2 = *(u16 *)(r7 + 0)\nif w2 != 4660 goto L8\nr2 = *(u32 *)(r7 + 2)\nif w2 > 7 goto L8\n"
		"r2 = *(u32 *)(r7 + 6)\nr3 = *(u32 *)(r7 + 10)\nif w2 != w3 goto L8\nr0 = 3\ngoto L9\n"
		"L8:\nr0 = 2\nL9:\nexit\n";
	struct skep_run_differ_opts opts = {.inputs = 500, .seed = 1};
	struct skep_run_differ_result r;
	struct fixture x;

	fixture_init(&x, text, text);
	assert_int_equal(skep_run_differ(x.a, x.b, "f", &opts, &x.arena, &x.ds, &r), 0);
	assert_int_equal(r.reached, r.slots);
	assert_int_equal(r.good, r.inputs);
	fixture_fini(&x);
}

/* --- counting ------------------------------------------------------------------------- */

/* They differ in one thing each, and in what a verifier has to do, or says. */
#define COUNTED(number, reg, to)                                                                   \
	XDP "r6 = " number "\ncall bpf_get_prandom_u32\nif r0 == 0 goto a\nr6 = 1\na:\nif " reg    \
	    " > 3 goto " to "\nr0 = 1\nr0 += 1\nb:\nr9 = 2\nc:\nr0 = r9\nexit\n"
static const char *const counted_text[] = {
	COUNTED("2", "r6", "b"),
	COUNTED("5", "r6", "b"),
	COUNTED("5", "r6", "c"),
	COUNTED("5", "r0", "c"),
	COUNTED("5", "r7", "c"), /* r7 holds nothing */
	COUNTED("2", "r6", "b") ".func g local\nr0 = 1\nexit\n",
	XDP "call g\nexit\n.func g local\nr0 = 1\nexit\n",
	XDP "call g\nexit\n.func g local\nr0 = 1\nr0 += 1\nexit\n",
};

/* What was counted before changes no answer, and nothing of what is left to count with. */
static void counted(void **state)
{
	struct skep_cost_opts opts = {.sz = sizeof(opts)};
	struct skep_counter plain = {.opts = &opts}, knows = {.opts = &opts};
	struct skep_objfile *file[SKEP_ARRAY_SIZE(counted_text)];
	struct skep_verify_result r;
	struct fixture x;
	struct skep_rng g;
	u64 sum = 0, safe = 0, key[2];

	(void)state;
	fixture_init(&x, counted_text[0], counted_text[1]);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(file); k++)
		file[k] = parse(&x, counted_text[k]);
	knows.counted = skep_counted_new(&x.arena);
	skep_rng_init(&g, 1);
	for (u32 turn = 0; turn < 2000; turn++) {
		struct skep_obj *obj = file[skep_rng_below(&g, SKEP_ARRAY_SIZE(file))]->obj;
		u64 left = 1 + skep_rng_below(&g, 40), limit = skep_rng_below(&g, 30), n;

		skep_counter_begin(&plain, obj, left, &x.arena);
		skep_counter_begin(&knows, obj, left, &x.arena);
		n = skep_counter_prog(&plain, obj->func[0], limit);
		assert_int_equal(n, skep_counter_prog(&knows, obj->func[0], limit));
		assert_int_equal(plain.left, knows.left);
		assert_int_equal(plain.spent, knows.spent);
		sum += n;
		safe += n != 0;
	}
	assert_true(sum > 0 && safe > 200 && safe < 1800);
	/* And it is known: nothing was verified a thousand times. */
	assert_true(
		skep_counted_key(file[0]->obj, (const u8[]){1}, file[0]->obj->func[0], NULL, key));
	assert_true(skep_counted_find(knows.counted, key, 1, &r));
	fixture_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal),      cmocka_unit_test(returns), cmocka_unit_test(packets),
		cmocka_unit_test(maps),	      cmocka_unit_test(events),	 cmocka_unit_test(unknown),
		cmocka_unit_test(other_maps), cmocka_unit_test(inputs),	 cmocka_unit_test(coverage),
		cmocka_unit_test(counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
