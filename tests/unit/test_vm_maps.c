/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps: each kind's own rules, from user space and from programs; snapshots and comparing. */
#include <errno.h>

#include "vmtest.h"

static void test_array(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_ARRAY, 4, 12, 3), key = 2;
	u8 v[12] = "hello world", out[12];
	struct skep_vm_result res;

	assert_int_equal(skep_vm_map_update(vm, m, &key, v, 0), 0);
	assert_int_equal(skep_vm_map_lookup(vm, m, &key, out), 0);
	assert_memory_equal(v, out, 12);
	assert_int_equal(skep_vm_map_update(vm, m, &key, v, 1), -EEXIST);
	assert_int_equal(skep_vm_map_delete(vm, m, &key), -EINVAL);
	key = 3;
	assert_int_equal(skep_vm_map_update(vm, m, &key, v, 0), -E2BIG);
	assert_int_equal(skep_vm_map_lookup(vm, m, &key, out), -ENOENT);
	/* a value ends where it ends, not where the next one starts */
	res = vt_run(vm, SKEP_PROG_XDP,
		     "*(u32 *)(r10 - 4) = 1\nr1 = map_fd 0x0 ll\nr2 = r10\nr2 += -4\ncall 1\nif r0 "
		     "== 0 goto +2\n"
		     "*(u32 *)(r0 + 8) = 5\n*(u32 *)(r0 + 12) = 5\nexit\n");
	assert_int_equal(res.trap, SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_map(vm, SKEP_MAP_ARRAY, 8, 8, 1), SKEP_EUSAGE);
	assert_int_equal(vt_map(vm, SKEP_MAP_ARRAY, 4, 0, 1), SKEP_EUSAGE);
	assert_int_equal(vt_map(vm, SKEP_MAP_ARRAY, 4, 1 << 20, 1 << 20), SKEP_ENOMEM);
	assert_int_equal(vt_map(vm, SKEP_MAP_BLOOM_FILTER, 0, 4, 4), SKEP_EUNSUP);
	skep_vm_free(vm);
}

static void test_hash(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_HASH, 4, 8, 100);
	u64 v = 1;
	u32 key;

	for (key = 0; key < 100; key++, v++)
		assert_int_equal(skep_vm_map_update(vm, m, &key, &v, 1), 0);
	assert_int_equal(skep_vm_map_update(vm, m, &key, &v, 0), -E2BIG);
	key = 5;
	assert_int_equal(skep_vm_map_update(vm, m, &key, &v, 1), -EEXIST);
	assert_int_equal(skep_vm_map_lookup(vm, m, &key, &v), 0);
	assert_int_equal(v, 6);
	assert_int_equal(skep_vm_map_delete(vm, m, &key), 0);
	assert_int_equal(skep_vm_map_delete(vm, m, &key), -ENOENT);
	assert_int_equal(skep_vm_map_update(vm, m, &key, &v, 2), -ENOENT);
	assert_int_equal(skep_vm_map_used(vm, m), 99);
	u32 n = 0, *prev = NULL;
	while (!skep_vm_map_next(vm, m, prev, &key)) {
		prev = &key;
		n++;
	}
	assert_int_equal(n, 99);
	skep_vm_free(vm);
}

/* A hash against a plain table of answers. */
static void test_hash_random(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_HASH, 4, 8, 64);
	u64 model[200] = {0}, v;
	struct skep_rng rng;
	u32 used = 0;

	skep_rng_init(&rng, 6);
	for (u32 round = 0; round < 20000; round++) {
		u32 key = (u32)skep_rng_below(&rng, 200);
		u64 val = skep_rng_next(&rng) | 1;
		int err;

		switch (skep_rng_below(&rng, 3)) {
		case 0:
			err = skep_vm_map_update(vm, m, &key, &val, 0);
			assert_int_equal(err, model[key] || used < 64 ? 0 : -E2BIG);
			used += !err && !model[key];
			model[key] = err ? model[key] : val;
			break;
		case 1:
			assert_int_equal(skep_vm_map_delete(vm, m, &key), model[key] ? 0 : -ENOENT);
			used -= model[key] != 0;
			model[key] = 0;
			break;
		default:
			err = skep_vm_map_lookup(vm, m, &key, &v);
			assert_int_equal(err, model[key] ? 0 : -ENOENT);
			if (!err)
				assert_true(v == model[key]);
		}
		assert_int_equal(skep_vm_map_used(vm, m), used);
	}
	skep_vm_free(vm);
}

static void test_lru(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_LRU_HASH, 4, 8, 4), key;
	u64 v = 0;
	struct skep_vm_result res;

	for (key = 1; key <= 4; key++)
		skep_vm_map_update(vm, m, &key, &v, 0);
	/* the program uses key 1, so key 2 is the oldest */
	res = vt_run(vm, SKEP_PROG_XDP,
		     "*(u32 *)(r10 - 4) = 1\nr1 = map_fd 0x0 ll\nr2 = r10\nr2 += -4\ncall 1\n"
		     "if r0 == 0 goto +1\nr0 = 1\nexit\n");
	assert_int_equal(res.ret, 1);
	key = 5;
	assert_int_equal(skep_vm_map_update(vm, m, &key, &v, 0), 0);
	key = 2;
	assert_int_equal(skep_vm_map_lookup(vm, m, &key, &v), -ENOENT);
	key = 1;
	assert_int_equal(skep_vm_map_lookup(vm, m, &key, &v), 0);
	assert_int_equal(skep_vm_map_used(vm, m), 4);
	skep_vm_free(vm);
}

static int lpm_put(struct skep_vm *vm, u32 m, u32 bits, u32 addr, u32 value)
{
	u8 key[8];

	skep_put32(key, bits, false);
	skep_put32(key + 4, addr, true);
	return skep_vm_map_update(vm, m, key, &value, 0);
}

static u32 lpm_get(struct skep_vm *vm, u32 m, u32 addr)
{
	u8 key[8];
	u32 v = 0;

	skep_put32(key, 32, false);
	skep_put32(key + 4, addr, true);
	return skep_vm_map_lookup(vm, m, key, &v) ? 0 : v;
}

static void test_lpm(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_LPM_TRIE, 8, 4, 8);
	u8 key[8] = {16, 0, 0, 0, 10, 1, 77, 77};

	assert_int_equal(lpm_put(vm, m, 8, 0x0a000000, 1), 0);
	assert_int_equal(lpm_put(vm, m, 16, 0x0a01ffff, 2),
			 0); /* bits behind the prefix do not count */
	assert_int_equal(lpm_put(vm, m, 31, 0x0a010203, 3), 0);
	assert_int_equal(lpm_put(vm, m, 33, 0, 3), -EINVAL);
	assert_int_equal(lpm_get(vm, m, 0x0a020000), 1);
	assert_int_equal(lpm_get(vm, m, 0x0a010000), 2);
	assert_int_equal(lpm_get(vm, m, 0x0a010202), 3);
	assert_int_equal(lpm_get(vm, m, 0x0a010204), 2);
	assert_int_equal(lpm_get(vm, m, 0x0b000000), 0);
	assert_int_equal(skep_vm_map_delete(vm, m, key), 0);
	assert_int_equal(lpm_get(vm, m, 0x0a010000), 1);
	assert_int_equal(lpm_put(vm, m, 0, 0, 9), 0);
	assert_int_equal(lpm_get(vm, m, 0x0b000000), 9);
	skep_vm_free(vm);
}

static void test_queues(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 q = (u32)vt_map(vm, SKEP_MAP_QUEUE, 0, 4, 3),
	    s = (u32)vt_map(vm, SKEP_MAP_STACK, 0, 4, 3);
	struct skep_vm_result res;

	for (u32 i = 1; i <= 3; i++) {
		assert_int_equal(skep_vm_map_update(vm, q, NULL, &i, 0), 0);
		assert_int_equal(skep_vm_map_update(vm, s, NULL, &i, 0), 0);
	}
	u32 v = 4;
	assert_int_equal(skep_vm_map_update(vm, q, NULL, &v, 0), -E2BIG);
	assert_int_equal(skep_vm_map_update(vm, q, NULL, &v, 2), 0); /* the oldest goes */
	assert_int_equal(skep_vm_map_lookup(vm, q, NULL, &v), 0);
	assert_int_equal(v, 2);
	assert_int_equal(skep_vm_map_lookup(vm, s, NULL, &v), 0);
	assert_int_equal(v, 3);
	res =
	    vt_run(vm, SKEP_PROG_XDP,
		   "r1 = map_fd 0x0 ll\nr2 = r10\nr2 += -4\ncall 88\nr1 = map_fd 0x1 ll\nr2 = r10\n"
		   "r2 += -8\ncall 88\nr0 = *(u32 *)(r10 - 4)\nr0 *= 10\nr1 = *(u32 *)(r10 - 8)\n"
		   "r0 += r1\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 23);
	skep_vm_free(vm);
}

static void test_percpu(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_PERCPU_ARRAY, 4, 4, 2), key = 0;
	const char *count =
	    "*(u32 *)(r10 - 4) = 0\nr1 = map_fd 0x0 ll\nr2 = r10\nr2 += -4\ncall 1\n"
	    "if r0 == 0 goto +3\nr1 = *(u32 *)(r0 + 0)\nr1 += 1\n*(u32 *)(r0 + 0) = r1\nr0 = "
	    "0\nexit\n";
	int id = vt_load(vm, SKEP_PROG_XDP, count);
	struct skep_vm_input in = {.cpu = 1};
	struct skep_vm_result res;
	u32 v[4];

	skep_vm_run(vm, (u32)id, &in, &res);
	skep_vm_run(vm, (u32)id, &in, &res);
	in.cpu = 0;
	skep_vm_run(vm, (u32)id, &in, &res);
	in.cpu = 2;
	assert_int_equal(skep_vm_run(vm, (u32)id, &in, &res), SKEP_EUSAGE);
	assert_int_equal(skep_vm_map_lookup(vm, m, &key, v), 0);
	assert_int_equal(v[0], 1);
	assert_int_equal(v[2], 2);
	skep_vm_free(vm);
}

static void test_inner(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 outer = (u32)vt_map(vm, SKEP_MAP_ARRAY_OF_MAPS, 4, 4, 2);
	u32 inner = (u32)vt_map(vm, SKEP_MAP_ARRAY, 4, 8, 1), key = 1;
	u64 v = 77;
	struct skep_vm_result res;

	assert_int_equal(skep_vm_map_update(vm, outer, &key, &inner, 0), 0);
	key = 0;
	skep_vm_map_update(vm, inner, &key, &v, 0);
	res = vt_run(
	    vm, SKEP_PROG_XDP,
	    "*(u32 *)(r10 - 4) = 1\nr1 = map_fd 0x0 ll\nr2 = r10\nr2 += -4\ncall 1\nif r0 == 0 "
	    "goto +7\n"
	    "*(u32 *)(r10 - 4) = 0\nr1 = r0\nr2 = r10\nr2 += -4\ncall 1\nif r0 == 0 goto +1\n"
	    "r0 = *(u64 *)(r0 + 0)\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 77);
	skep_vm_free(vm);
}

static void test_for_each(void **state)
{
	struct skep_vm *vm = vt_new(true);
	u32 m = (u32)vt_map(vm, SKEP_MAP_HASH, 4, 8, 8);
	struct skep_vm_result res;

	for (u32 key = 1; key <= 3; key++) {
		u64 v = key * 100;

		skep_vm_map_update(vm, m, &key, &v, 0);
	}
	res = vt_run(vm, SKEP_PROG_XDP,
		     "*(u64 *)(r10 - 8) = 0\nr1 = map_fd 0x0 ll\nr2 = func 0x8 ll\nr3 = r10\nr3 += "
		     "-8\nr4 = 0\n"
		     "call 164\nr1 = *(u64 *)(r10 - 8)\nr0 += r1\nexit\n"
		     "r2 = *(u32 *)(r2 + 0)\nr3 = *(u64 *)(r3 + 0)\nr3 += r2\nr2 = *(u64 *)(r4 + "
		     "0)\nr3 += r2\n"
		     "*(u64 *)(r4 + 0) = r3\nr0 = 0\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 3 + 6 + 600);
	skep_vm_free(vm);
}

static void test_snapshot(void **state)
{
	struct skep_vm *a = vt_new(true), *b = vt_new(true);
	u32 types[] = {SKEP_MAP_ARRAY, SKEP_MAP_HASH, SKEP_MAP_LRU_HASH, SKEP_MAP_LPM_TRIE,
		       SKEP_MAP_PERCPU_HASH};
	u64 digest[5], v[2] = {1, 2};
	struct skep_rng rng;

	for (u32 i = 0; i < 5; i++) {
		u32 ks = types[i] == SKEP_MAP_LPM_TRIE ? 8 : 4;
		u64 key = 5 + ((u64)1 << 32);

		vt_map(a, types[i], ks, 8, 16);
		vt_map(b, types[i], ks, 8, 16);
		assert_int_equal(skep_vm_map_update(a, i, &key, v, 0), 0);
		assert_int_equal(skep_vm_map_update(b, i, &key, v, 0), 0);
		digest[i] = skep_vm_map_digest(a, i);
	}
	assert_int_equal(skep_vm_restore(a), SKEP_EUSAGE);
	assert_int_equal(skep_vm_snapshot(a), 0);
	skep_rng_init(&rng, 7);
	for (u32 round = 0; round < 200; round++) {
		for (u32 i = 0; i < 5; i++)
			for (u32 k = 0; k < skep_rng_below(&rng, 30); k++) {
				u64 key = skep_rng_below(&rng, 16) | skep_rng_next(&rng) << 32;

				v[0] = skep_rng_next(&rng);
				if (skep_rng_below(&rng, 3))
					skep_vm_map_update(a, i, &key, v, 0);
				else
					skep_vm_map_delete(a, i, &key);
			}
		assert_int_equal(skep_vm_restore(a), 0);
		for (u32 i = 0; i < 5; i++) {
			assert_true(skep_vm_map_digest(a, i) == digest[i]);
			assert_true(skep_vm_map_equal(a, i, b, i));
		}
	}
	/* a store through a pointer to a value is undone too */
	vt_run(a, SKEP_PROG_XDP,
	       "r1 = map_value 0x800000000 ll\nr1 = map_value 0x0 ll\n*(u64 *)(r1 + 0) = 9\nr0 = "
	       "0\nexit\n");
	assert_false(skep_vm_map_equal(a, 0, b, 0));
	assert_true(skep_vm_map_digest(a, 0) != digest[0]);
	skep_vm_restore(a);
	assert_true(skep_vm_map_equal(a, 0, b, 0));
	skep_vm_free(a);
	skep_vm_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_array),	cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_hash_random), cmocka_unit_test(test_lru),
	    cmocka_unit_test(test_lpm),		cmocka_unit_test(test_queues),
	    cmocka_unit_test(test_percpu),	cmocka_unit_test(test_inner),
	    cmocka_unit_test(test_for_each),	cmocka_unit_test(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
