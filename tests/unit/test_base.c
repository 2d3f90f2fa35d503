/* SPDX-License-Identifier: BSD-2-Clause */
/* base: arenas and their limit, arrays, hash maps, bits, byte orders, buffers, JSON, diagnostics, random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/base.h"

static void arenas(void **state)
{
	struct skep_arena a;
	struct skep_arena_mark m;
	u8 *p, *q, *r;
	size_t used;

	skep_arena_init(&a);
	p = skep_arena_alloc(&a, 3);
	q = skep_arena_alloc(&a, 100000);
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_int_equal((uintptr_t)q % 16, 0);
	memset(p, 0xff, 3);
	memset(q, 0xff, 100000);
	m = skep_arena_mark(&a);
	used = a.used;
	for (int i = 0; i < 50; i++) {
		r = skep_arena_alloc(&a, 5000);
		for (int k = 0; k < 5000; k++)
			assert_int_equal(r[k], 0);
		memset(r, 0xaa, 5000);
		if (i % 10 == 9) {
			skep_arena_release(&a, m);
			assert_int_equal(a.used, used);
		}
	}
	assert_int_equal(p[2], 0xff);
	assert_int_equal(q[99999], 0xff);
	/* Growing keeps the bytes, in place and by copying. */
	r = skep_arena_alloc(&a, 8);
	memcpy(r, "12345678", 8);
	r = skep_arena_grow(&a, r, 8, 16);
	skep_arena_alloc(&a, 1);
	r = skep_arena_grow(&a, r, 16, 200000);
	assert_memory_equal(r, "12345678\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(r[199999], 0);
	/* What is new is zeroed, also where a copy ended and there was something before. */
	m = skep_arena_mark(&a);
	memset(skep_arena_alloc(&a, 64), 0xaa, 64);
	skep_arena_release(&a, m);
	r = skep_arena_memdup(&a, "12345", 5);
	r = skep_arena_grow(&a, r, 5, 40);
	for (int k = 5; k < 40; k++)
		assert_int_equal(r[k], 0);
	assert_string_equal(skep_arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(skep_arena_printf(&a, "%s-%d", "x", 7), "x-7");
	skep_arena_fini(&a);
}

static int guarded_failure(struct skep_arena *a)
{
	int err = 0;

	SKEP_GUARD(a, err, { skep_arena_fail(a); });
	return err;
}

static void limits(void **state)
{
	struct skep_arena a;
	volatile int reached = 0;
	int err = 0;

	skep_arena_init(&a);
	a.limit = 1 << 20;
	SKEP_GUARD(&a, err, {
		for (int i = 0; i < 100; i++, reached++)
			skep_arena_alloc(&a, 1 << 16);
	});
	assert_int_equal(err, SKEP_ENOMEM);
	assert_true(reached >= 8 && reached <= 16);
	err = 0;
	SKEP_GUARD(&a, err, { skep_arena_calloc(&a, SIZE_MAX / 4, 8); });
	assert_int_equal(err, SKEP_ENOMEM);
	/* The inner guard catches, the outer one is in force again behind it. */
	err = 0;
	SKEP_GUARD(&a, err, {
		assert_int_equal(guarded_failure(&a), SKEP_ENOMEM);
		skep_arena_fail(&a);
	});
	assert_int_equal(err, SKEP_ENOMEM);
	assert_null(a.on_oom);
	skep_arena_fini(&a);
}

static void vectors_and_bits(void **state)
{
	SKEP_VEC(vec, u32) v = {0};
	struct skep_arena a;
	u64 bits[3] = {0};

	skep_arena_init(&a);
	for (u32 i = 0; i < 1000; i++)
		*SKEP_VEC_PUSH(&a, &v) = i * 3;
	assert_int_equal(v.n, 1000);
	for (u32 i = 0; i < 1000; i++)
		assert_int_equal(v.v[i], i * 3);
	assert_int_equal(skep_bits_words(128), 2);
	assert_int_equal(skep_bits_words(129), 3);
	skep_bit_set(bits, 63);
	skep_bit_set(bits, 64);
	skep_bit_set(bits, 130);
	skep_bit_clear(bits, 64);
	assert_true(skep_bit_get(bits, 63) && !skep_bit_get(bits, 64) && skep_bit_get(bits, 130));
	skep_arena_fini(&a);
}

static void hash_maps(void **state)
{
	struct skep_arena a;
	struct skep_hmap m;
	u64 keys[2000];

	skep_arena_init(&a);
	skep_hmap_init(&m, &a);
	assert_null(skep_hmap_find(&m, "x", 1));
	for (u32 i = 0; i < 2000; i++) {
		keys[i] = (u64)i << 32 | i % 7;
		skep_hmap_put(&m, &keys[i], 8, &keys[i]);
	}
	assert_int_equal(m.n, 2000);
	skep_hmap_put(&m, &keys[5], 8, &keys[6]);
	assert_int_equal(m.n, 2000);
	for (u32 i = 0; i < 2000; i++)
		assert_ptr_equal(skep_hmap_find(&m, &keys[i], 8), &keys[i == 5 ? 6 : i]);
	/* A key is its bytes and its length. */
	assert_null(skep_hmap_find(&m, &keys[1], 7));
	skep_arena_fini(&a);
}

static void byte_orders(void **state)
{
	u8 b[8];

	skep_put16(b, 0x1234, true);
	assert_memory_equal(b, "\x12\x34", 2);
	skep_put32(b, 0x12345678, false);
	assert_memory_equal(b, "\x78\x56\x34\x12", 4);
	skep_put64(b, 0x0102030405060708, true);
	assert_memory_equal(b, "\1\2\3\4\5\6\7\10", 8);
	assert_int_equal(skep_get16(b, true), 0x0102);
	assert_int_equal(skep_get32(b + 1, false), 0x05040302);
	assert_int_equal(skep_get64(b, false), 0x0807060504030201);
	assert_int_equal(skep_get64(b, true), 0x0102030405060708);
}

static void json(void **state)
{
	static const struct {
		const char *in, *out;
	} strings[] = {
		{"a\"b\\c\n\t\x01\x7f", "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\""},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d\""},
		/* Alone, cut, too long, a surrogate, behind the last character. */
		{"\x80x", "\"\\ufffdx\""},
		{"\xe2\x82", "\"\\ufffd\\ufffd\""},
		{"\xc0\xaf", "\"\\ufffd\\ufffd\""},
		{"\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\""},
		{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
		{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	};
	struct skep_buf out = {0};
	struct skep_json j;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(strings); i++) {
		out.n = 0;
		skep_json_init(&j, &out, false);
		skep_json_str(&j, strings[i].in);
		assert_string_equal(out.p, strings[i].out);
	}
	out.n = 0;
	skep_json_init(&j, &out, false);
	skep_json_open(&j, '{');
	skep_json_key(&j, "a");
	skep_json_open(&j, '[');
	skep_json_int(&j, -1);
	skep_json_uint(&j, UINT64_MAX);
	skep_json_real(&j, 0.5);
	skep_json_real(&j, 1.0 / 0.0);
	skep_json_str(&j, NULL);
	skep_json_open(&j, '[');
	skep_json_close(&j, ']');
	skep_json_close(&j, ']');
	skep_json_kbool(&j, "b", true);
	skep_json_close(&j, '}');
	assert_string_equal(out.p, "{\"a\":[-1,18446744073709551615,0.5,null,null,[]],\"b\":true}\n");
	out.n = 0;
	skep_json_init(&j, &out, true);
	skep_json_open(&j, '{');
	skep_json_kint(&j, "a", 1);
	skep_json_key(&j, "b");
	skep_json_open(&j, '[');
	skep_json_close(&j, ']');
	skep_json_close(&j, '}');
	assert_string_equal(out.p, "{\n  \"a\": 1,\n  \"b\": []\n}\n");
	skep_buf_fini(&out);
}

static void diagnostics(void **state)
{
	static const struct skep_diag_def bad = {1234, SKEP_ERROR, "bad %s", ""};
	static const struct skep_diag_def odd = {1235, SKEP_WARNING, "odd", ""};
	const struct skep_diag_place code = {.section = "xdp", .prog = "f", .insn = 7, .offset = -1};
	struct skep_buf out = {0};
	struct skep_diags ds;

	skep_diags_init(&ds);
	assert_int_equal(skep_diag(&ds, &bad, code, "\033[1m"), SKEP_EINPUT);
	skep_diag_hint(&ds, "try\033 again");
	skep_diag(&ds, &odd, SKEP_NOWHERE);
	assert_int_equal(ds.errors, 1);
	skep_diags_print(&ds, "a.o", &out);
	assert_string_equal(out.p, "a.o:xdp+7: error: bad \\x1b[1m (in f) [SKEP1234]\n"
				   "  hint: try\\x1b again\na.o: warning: odd [SKEP1235]\n");
	for (u32 i = 0; i < 2 * SKEP_DIAG_MAX; i++)
		skep_diag(&ds, &bad, SKEP_NOWHERE, "x");
	assert_int_equal(ds.list.n, SKEP_DIAG_MAX);
	assert_int_equal(ds.dropped, SKEP_DIAG_MAX + 2);
	assert_int_equal(ds.errors, 2 * SKEP_DIAG_MAX + 1);
	/* Nobody listens: that is no error of its own. */
	assert_int_equal(skep_diag(NULL, &bad, code, "x"), SKEP_EINPUT);
	skep_buf_fini(&out);
	skep_diags_fini(&ds);
}

/* What was taken does not depend on where it came from. */
static void taken_diagnostics(void **state)
{
	static const struct skep_diag_def bad = {1234, SKEP_ERROR, "bad %s", ""};
	char section[] = "xdp", prog[] = "f", src[] = "a.c:1: x";
	const struct skep_diag_place at = {.section = section, .prog = prog, .src = src, .insn = 7, .offset = -1};
	struct skep_diags from, to;
	struct skep_buf out = {0};

	skep_diags_init(&to);
	skep_diags_init(&from);
	skep_diag(&to, &bad, SKEP_NOWHERE, "first");
	skep_diag(&from, &bad, at, "second");
	skep_diag_hint(&from, "try again");
	skep_diags_take(&to, &from);
	memset(from.list.v, 0x55, sizeof(from.list.v[0]));
	skep_diags_fini(&from);
	memset(section, 'z', 3);
	skep_diags_print(&to, "a.o", &out);
	assert_string_equal(out.p, "a.o: error: bad first [SKEP1234]\na.o:xdp+7: error: bad second (in f) "
				   "[SKEP1234]\n  a.c:1: x\n  hint: try again\n");
	assert_int_equal(to.errors, 2);
	skep_diags_init(&from);
	for (u32 i = 0; i < SKEP_DIAG_MAX; i++)
		skep_diag(&from, &bad, at, "x");
	skep_diags_take(&to, &from);
	assert_int_equal(to.list.n, SKEP_DIAG_MAX);
	assert_int_equal(to.dropped, 2);
	assert_int_equal(to.errors, SKEP_DIAG_MAX + 2);
	skep_buf_fini(&out);
	skep_diags_fini(&from);
	skep_diags_fini(&to);
}

static void random_numbers(void **state)
{
	struct skep_rng a, b;
	u32 seen[10] = {0};

	skep_rng_init(&a, 1);
	skep_rng_init(&b, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(skep_rng_next(&a), skep_rng_next(&b));
	skep_rng_init(&b, 2);
	assert_int_not_equal(skep_rng_next(&a), skep_rng_next(&b));
	for (int i = 0; i < 10000; i++)
		seen[skep_rng_below(&a, 10)]++;
	for (int i = 0; i < 10; i++)
		assert_true(seen[i] > 800 && seen[i] < 1200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arenas),      cmocka_unit_test(limits),      cmocka_unit_test(vectors_and_bits),
		cmocka_unit_test(hash_maps),   cmocka_unit_test(byte_orders), cmocka_unit_test(json),
		cmocka_unit_test(diagnostics), cmocka_unit_test(taken_diagnostics), cmocka_unit_test(random_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
