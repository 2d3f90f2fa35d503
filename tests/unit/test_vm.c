/* SPDX-License-Identifier: BSD-2-Clause */
/* The interpreter: traps, calls, the packet and the context, events. */
#include <errno.h>

#include "vmtest.h"

static void test_traps(void **state)
{
	assert_int_equal(vt_trap("r1 = 0\nr0 = *(u64 *)(r1 + 8)\nexit\n"), SKEP_TRAP_NULL);
	assert_int_equal(vt_trap("r1 = 0\n*(u8 *)(r1 + 0) = 1\nexit\n"), SKEP_TRAP_NULL);
	assert_int_equal(vt_trap("*(u64 *)(r10 - 520) = 1\nr0 = 0\nexit\n"), SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_trap("*(u64 *)(r10 - 4) = 1\nr0 = 0\nexit\n"), SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_trap("*(u64 *)(r10 + 0) = 1\nr0 = 0\nexit\n"), SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_trap("r1 = -1\nr0 = *(u64 *)(r1 + 0)\nexit\n"), SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_trap("r1 = -8\nr0 = *(u64 *)(r1 + 4)\nexit\n"), SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_trap("r0 = *(u64 *)(r10 - 8)\nexit\n"), SKEP_TRAP_UNINIT);
	assert_int_equal(vt_trap("*(u32 *)(r10 - 8) = 1\nr0 = *(u64 *)(r10 - 8)\nexit\n"),
			 SKEP_TRAP_UNINIT);
	assert_int_equal(vt_trap("r0 = r3\nexit\n"), SKEP_TRAP_UNINIT);
	assert_int_equal(vt_trap("exit\n"), SKEP_TRAP_UNINIT);
	assert_int_equal(vt_trap("call 5\nr0 = r1\nexit\n"), SKEP_TRAP_UNINIT);
	assert_int_equal(vt_trap("r0 = 0\ngoto -1\n"), SKEP_TRAP_BUDGET);
	assert_int_equal(vt_trap("call pc+1\nexit\ncall pc-1\nexit\n"), SKEP_TRAP_DEPTH);
	assert_int_equal(
	    vt_trap("r3 = 1\n*(u64 *)(r10 - 8) = 1\nlock *(u32 *)(r10 - 6) += r3\nexit\n"),
	    SKEP_TRAP_ALIGN);
	assert_int_equal(vt_trap("r1 = 7\ncallx r1\nexit\n"), SKEP_TRAP_CALL);
	assert_int_equal(vt_trap("r1 = 7\nr2 = r10\ncall 1\nr0 = 0\nexit\n"), SKEP_TRAP_ARG);
	assert_int_equal(vt_trap("*(u32 *)(r1 + 0) = 1\nr0 = 0\nexit\n"), SKEP_TRAP_PERM);
	assert_int_equal(vt_trap("r0 = *(u16 *)(r1 + 0)\nexit\n"), SKEP_TRAP_CTX);
	assert_int_equal(vt_trap("r0 = *(u64 *)(r1 + 0)\nexit\n"), SKEP_TRAP_CTX);
	assert_int_equal(vt_trap("r0 = *(u32 *)(r1 + 24)\nexit\n"), SKEP_TRAP_BOUNDS);
	/* a frame is gone after its return */
	assert_int_equal(vt_trap("call pc+2\nr0 = *(u64 *)(r0 - 8)\nexit\nr1 = 1\n"
				 "*(u64 *)(r10 - 8) = r1\nr0 = r10\nexit\n"),
			 SKEP_TRAP_BOUNDS);
}

static void test_trap_place(void **state)
{
	struct skep_vm *vm = vt_new(false);
	struct skep_vm_result res =
	    vt_run(vm, SKEP_PROG_XDP, "r1 = 0x10 ll\nr0 = 0\n*(u8 *)(r1 + 1) = 2\nexit\n");

	assert_int_equal(res.trap, SKEP_TRAP_NULL);
	assert_int_equal(res.trap_slot, 3);
	assert_int_equal(res.trap_addr, 0x11);
	assert_int_equal(res.executed, 3);
	skep_vm_free(vm);
}

static void test_load_errors(void **state)
{
	struct skep_vm *vm = vt_new(false);

	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, "r0 = 0\n"), SKEP_EINPUT);
	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, "goto +4\nexit\n"), SKEP_EINPUT);
	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, "goto +1\nr1 = 0x1 ll\nexit\n"), SKEP_EINPUT);
	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, "call 166\nexit\n"), SKEP_EUNSUP);
	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, "call 9999\nexit\n"), SKEP_EUNSUP);
	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, "r1 = map_fd 0x3 ll\nexit\n"), SKEP_EINPUT);
	assert_int_equal(vt_load(vm, 999, "r0 = 0\nexit\n"), SKEP_EINPUT);
	assert_int_equal(vt_load(vm, SKEP_PROG_XDP, ""), SKEP_EINPUT);
	assert_true(skep_vm_helper_known(SKEP_FN_map_lookup_elem));
	assert_false(skep_vm_helper_known(SKEP_FN_sys_bpf));
	skep_vm_free(vm);
}

static void test_calls(void **state)
{
	/* r6 survives, arguments arrive, a callee writes the caller's stack */
	assert_int_equal(
	    vt_value("r6 = 40\nr1 = r10\nr1 += -8\nr2 = 2\ncall pc+3\nr0 = *(u64 *)(r10 - 8)\n"
		     "r0 += r6\nexit\nr6 = 9\n*(u64 *)(r1 + 0) = r2\nr0 = 0\nexit\n"),
	    42);
	/* through a register */
	assert_int_equal(vt_value("r2 = func 0x3 ll\ncallx r2\nexit\nr0 = 7\nexit\n"), 7);
	/* bpf_loop sums its index into the caller's stack */
	assert_int_equal(
	    vt_value("*(u64 *)(r10 - 8) = 0\nr1 = 10\nr2 = func 0x8 ll\nr3 = r10\nr3 += -8\n"
		     "r4 = 0\ncall 181\nr1 = *(u64 *)(r10 - 8)\nr0 += r1\nexit\n"
		     "r3 = *(u64 *)(r2 + 0)\nr3 += r1\n*(u64 *)(r2 + 0) = r3\nr0 = 0\nexit\n"),
	    55);
	/* and stops when the callback says so */
	assert_int_equal(vt_value("r1 = 10\nr2 = func 0x5 ll\nr3 = 0\nr4 = 0\ncall 181\nexit\n"
				  "r0 = 0\nif r1 != 4 goto +1\nr0 = 1\nexit\n"),
			 5);
}

static void test_may_goto(void **state)
{
	struct skep_vm_options opt = {.size = sizeof(opt), .loop_limit = 100};
	struct skep_vm *vm = skep_vm_new(&opt);
	struct skep_vm_result res =
	    vt_run(vm, SKEP_PROG_XDP, "r0 = 0\nmay_goto +2\nr0 += 1\ngoto -3\nexit\n");

	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 100);
	skep_vm_free(vm);
}

static void test_tail_calls(void **state)
{
	struct skep_vm *vm = vt_new(true);
	int map = vt_map(vm, SKEP_MAP_PROG_ARRAY, 4, 4, 4);
	u32 key = 1, prog = 0;
	struct skep_vm_result res;
	/* counts its own runs in a map, then calls itself */
	const char *self = "r6 = r1\nr1 = map_value 0x1 ll\nr2 = *(u64 *)(r1 + 0)\nr2 += 1\n"
			   "*(u64 *)(r1 + 0) = r2\nr1 = r6\nr2 = map_fd 0x0 ll\nr3 = 1\ncall 12\n"
			   "r1 = map_value 0x1 ll\nr0 = *(u64 *)(r1 + 0)\nexit\n";

	vt_map(vm, SKEP_MAP_ARRAY, 4, 8, 1);
	assert_int_equal(skep_vm_map_update(vm, (u32)map, &key, &prog, 0), 0);
	res = vt_run(vm, SKEP_PROG_XDP, self);
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 34);
	skep_vm_free(vm);
}

static void test_packet(void **state)
{
	const char *sum = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr0 = r3\nr0 -= r2\n"
			  "r4 = *(u8 *)(r2 + 63)\nr0 += r4\nexit\n";
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res;

	assert_int_equal(vt_value(sum), 64 + 63);
	assert_int_equal(vt_trap("r2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 + 64)\nexit\n"),
			 SKEP_TRAP_BOUNDS);
	assert_int_equal(vt_trap("r2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 - 1)\nexit\n"),
			 SKEP_TRAP_BOUNDS);
	/* 14 bytes more in front, written to, 10 less behind */
	res = vt_run(vm, SKEP_PROG_XDP,
		     "r6 = r1\nr2 = -14\ncall 44\nr1 = r6\nr2 = -10\ncall 65\n"
		     "r2 = *(u32 *)(r6 + 0)\n*(u8 *)(r2 + 0) = 99\nr0 = 3\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.pkt_len, 64 + 14 - 10);
	assert_int_equal(res.pkt_shift, -14);
	assert_int_equal(res.pkt[0], 99);
	assert_int_equal(res.pkt[14 + 5], 5);
	/* metadata */
	res = vt_run(vm, SKEP_PROG_XDP,
		     "r6 = r1\nr2 = -8\ncall 54\nr2 = *(u32 *)(r6 + 8)\n"
		     "*(u64 *)(r2 + 0) = 5\nr0 = 2\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.meta_len, 8);
	assert_int_equal(res.pkt_len, 72);
	assert_int_equal(res.pkt[0], 5);
	skep_vm_free(vm);
}

static void test_packet_loads(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res;

	res = vt_run(vm, SKEP_PROG_SOCKET_FILTER, "r6 = r1\nr0 = *(u32 *)skb[12]\nexit\n");
	assert_int_equal(res.ret, 0x0c0d0e0f);
	res = vt_run(vm, SKEP_PROG_SOCKET_FILTER,
		     "r6 = r1\nr2 = 4\nr0 = *(u16 *)skb[r2 + 3]\nexit\n");
	assert_int_equal(res.ret, 0x0708);
	/* past the end: the program returns 0 at once */
	res = vt_run(vm, SKEP_PROG_SOCKET_FILTER, "r6 = r1\nr0 = *(u32 *)skb[62]\nr0 = 9\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 0);
	skep_vm_free(vm);
}

static void test_skb(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res;
	u32 ctx[48] = {0};
	struct skep_vm_input in = {
	    .pkt = "abcdefghijklmnopqrstuvwxyz", .pkt_len = 26, .ctx = ctx, .ctx_len = sizeof(ctx)};
	int id;

	ctx[2] = 7; /* mark */
	ctx[4] = 8; /* protocol: IPv4 in network order */
	id = vt_load(vm, SKEP_PROG_SCHED_CLS,
		     "r6 = r1\nr0 = *(u32 *)(r1 + 0)\nr2 = *(u32 *)(r1 + 8)\nr0 += r2\n"
		     "*(u32 *)(r1 + 8) = 9\n*(u32 *)(r1 + 48) = r0\nexit\n");
	assert_int_equal(skep_vm_run(vm, (u32)id, &in, &res), 0);
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 33);
	assert_int_equal(skep_get32(res.ctx + 8, false), 9);
	assert_int_equal(skep_get32(res.ctx + 48, false), 33);
	/* a VLAN tag beside, a second one: the first goes into the packet; pop both */
	id = vt_load(vm, SKEP_PROG_SCHED_CLS,
		     "r6 = r1\nr2 = 0x81\nr3 = 5\ncall 18\nr1 = r6\nr2 = 0x81\nr3 = 6\ncall 18\n"
		     "r0 = *(u32 *)(r6 + 0)\nexit\n");
	assert_int_equal(skep_vm_run(vm, (u32)id, &in, &res), 0);
	assert_int_equal(res.ret, 30);
	assert_memory_equal(res.pkt, "abcdefghijkl\x81\x00\x00\x05mnop", 20);
	/* room behind the MAC header */
	id = vt_load(vm, SKEP_PROG_SCHED_CLS, "r2 = 8\nr3 = 1\nr4 = 0\ncall 50\nexit\n");
	assert_int_equal(skep_vm_run(vm, (u32)id, &in, &res), 0);
	assert_int_equal(res.ret, 0);
	assert_memory_equal(res.pkt, "abcdefghijklmn\0\0\0\0\0\0\0\0op", 24);
	skep_vm_free(vm);
}

static u16 checksum(const u8 *p, u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i += 2)
		s += skep_get16(p + i, false);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (u16)~s;
}

/* Change a word of a header and its checksum through the helpers; it must still sum up. */
static void test_checksum(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res;
	u8 pkt[40];
	struct skep_vm_input in = {.pkt = pkt, .pkt_len = sizeof(pkt)};
	int id;

	for (u32 i = 0; i < 40; i++)
		pkt[i] = (u8)(i * 37);
	skep_put16(pkt + 10, 0, false);
	skep_put16(pkt + 10, checksum(pkt, 40), false);
	id = vt_load(
	    vm, SKEP_PROG_SCHED_CLS,
	    "r6 = r1\nr2 = 16\nr3 = r10\nr3 += -4\nr4 = 4\n*(u32 *)(r10 - 4) = 0\ncall 26\n"
	    "r7 = *(u32 *)(r10 - 4)\nw8 = 0x11223344\n*(u32 *)(r10 - 4) = r8\nr1 = r6\nr2 = 10\n"
	    "r3 = r7\nr4 = r8\nr5 = 4\ncall 10\nr1 = r6\nr2 = 16\nr3 = r10\nr3 += -4\nr4 = 4\nr5 = "
	    "0\n"
	    "call 9\nexit\n");
	assert_int_equal(skep_vm_run(vm, (u32)id, &in, &res), 0);
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 0);
	assert_int_equal(res.pkt[16], 0x44);
	assert_int_equal(checksum(res.pkt, 40), 0);
	skep_vm_free(vm);
}

static void test_helpers(void **state)
{
	/* a failed probe read clears the buffer */
	assert_int_equal(
	    vt_value("*(u64 *)(r10 - 8) = 7\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0x123 ll\ncall 113\n"
		     "r1 = *(u64 *)(r10 - 8)\nr0 += r1\nexit\n"),
	    (u64)-EFAULT);
	/* strtol of "-12" */
	assert_int_equal(
	    vt_value("*(u32 *)(r10 - 8) = 0x32312d\nr1 = r10\nr1 += -8\nr2 = 4\nr3 = 10\nr4 = r10\n"
		     "r4 += -16\ncall 105\nr6 = *(u64 *)(r10 - 16)\nr0 *= 1000\nr0 -= r6\nexit\n"),
	    3012);
	/* the clock stands still unless told otherwise */
	assert_int_equal(vt_value("call 5\nr6 = r0\ncall 5\nr0 -= r6\nexit\n"), 0);
	/* dynptr over... the ring buffer is in the maps' tests; strncmp here */
	assert_int_equal(
	    vt_value(
		"*(u32 *)(r10 - 8) = 0x636261\n*(u32 *)(r10 - 16) = 0x646261\nr1 = r10\nr1 += -8\n"
		"r2 = 4\nr3 = r10\nr3 += -16\ncall 182\nexit\n"),
	    (u64)-1);
}

static void test_events(void **state)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res;
	u64 first;

	vt_map(vm, SKEP_MAP_RINGBUF, 0, 0, 4096);
	vt_map(vm, SKEP_MAP_PERF_EVENT_ARRAY, 4, 4, 2);
	res = vt_run(
	    vm, SKEP_PROG_XDP,
	    "r6 = r1\nr1 = map_fd 0x0 ll\nr2 = 16\nr3 = 0\ncall 131\nif r0 == 0 goto +5\nr7 = r0\n"
	    "*(u64 *)(r7 + 8) = 3\nr1 = r7\nr2 = 0\ncall 132\n"
	    "*(u64 *)(r10 - 8) = 0x6425\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 42\ncall 6\n"
	    "r1 = r6\nr2 = map_fd 0x1 ll\nw3 = -1\nr4 = r10\nr4 += -8\nr5 = 8\ncall 25\n"
	    "r1 = 3\nr2 = 0\ncall 23\nexit\n");
	assert_int_equal(res.trap, 0);
	assert_int_equal(res.ret, 4);
	assert_int_equal(res.nevents, 4);
	assert_int_equal(res.events[0].kind, SKEP_EV_RINGBUF);
	assert_int_equal(res.events[0].len, 16);
	assert_int_equal(res.events[0].data[8], 3);
	assert_int_equal(res.events[1].kind, SKEP_EV_PRINT);
	assert_memory_equal(res.events[1].data, "42", 2);
	assert_int_equal(res.events[2].kind, SKEP_EV_PERF);
	assert_int_equal(res.events[3].kind, SKEP_EV_REDIRECT);
	assert_int_equal(res.events[3].a, 3);
	first = skep_vm_result_digest(&res, true);
	res = vt_run(vm, SKEP_PROG_XDP, "r1 = 3\nr2 = 0\ncall 23\nexit\n");
	assert_true(first != skep_vm_result_digest(&res, true));
	assert_true(skep_vm_result_equal(&res, &res, false));
	/* a record that was handed over is gone */
	res = vt_run(vm, SKEP_PROG_XDP,
		     "r1 = map_fd 0x0 ll\nr2 = 16\nr3 = 0\ncall 131\nr7 = r0\nr1 = r7\nr2 = 0\n"
		     "call 133\nr0 = *(u64 *)(r7 + 0)\nexit\n");
	assert_int_equal(res.trap, SKEP_TRAP_BOUNDS);
	skep_vm_free(vm);
}

/* A random instruction that has a chance to load. */
static struct skep_ins random_ins(struct skep_rng *rng, u32 left)
{
	struct skep_ins ins = {0};
	const char *why;
	u8 p[16] = {0};

	do {
		p[0] = (u8)skep_rng_next(rng);
		p[1] = (u8)(skep_rng_below(rng, 11) << 4 | skep_rng_below(rng, 11));
		skep_put16(p + 2, (u16)(0 - skep_rng_below(rng, 4) * skep_rng_below(rng, 20)),
			   false);
		skep_put32(p + 4, (u32)skep_rng_below(rng, 220), false);
	} while (!skep_isa_decode(p, 16, false, &ins, &why));
	if (skep_is_branch(ins.op))
		ins.off = (s32)skep_rng_below(rng, left);
	if (ins.op == SKEP_CALL) {
		ins.src = skep_rng_below(rng, 8) ? 0 : 2;
		while (ins.src == 0 && !skep_vm_helper_known(ins.imm))
			ins.imm = (s64)skep_rng_below(rng, 220);
	}
	if (ins.op == SKEP_LDDW) {
		ins.src = (u8)skep_rng_below(rng, 3);
		ins.imm = ins.src == 2 ? 1 : skep_rng_below(rng, 2);
	}
	return ins;
}

/* Random programs that load are run: whatever they do, the host survives. */
static void test_random_programs(void **state)
{
	struct skep_vm_options opt = {.size = sizeof(opt), .budget = 2000};
	struct skep_vm *vm = skep_vm_new(&opt);
	struct skep_vm_input in = {.pkt = "0123456789abcdef", .pkt_len = 16};
	struct skep_vm_result res;
	struct skep_rng rng;
	u32 ran = 0, ended = 0;

	skep_rng_init(&rng, 5);
	vt_map(vm, SKEP_MAP_HASH, 4, 8, 8);
	vt_map(vm, SKEP_MAP_ARRAY, 4, 12, 3);
	for (u32 round = 0; round < 30000; round++) {
		u8 code[8 * 40];
		u32 n = vt_asm(
		    "r9 = r1\nr8 = map_fd 0x0 ll\nr7 = map_value 0x1 ll\nr6 = *(u32 *)(r1 + 76)\n"
		    "r5 = 4\nr4 = 2\nr3 = r10\nr3 += -16\nr2 = r10\nr2 += -8\nr1 = r8\nr0 = 0\n",
		    code, 40);

		while (n < 28) {
			struct skep_ins ins = random_ins(&rng, 28 - n);

			n += skep_isa_encode(&ins, code + n * 8, false);
		}
		n += vt_asm("exit\n", code + n * 8, 40 - n);
		if (skep_vm_prog_load(vm, code, n, SKEP_PROG_SCHED_CLS, NULL) < 0)
			continue;
		assert_int_equal(skep_vm_run(vm, 0, &in, &res), 0);
		ran++;
		ended += !res.trap;
		skep_vm_prog_clear(vm);
	}
	assert_true(ran > 10000 && ended > 100);
	skep_vm_free(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_traps),
	    cmocka_unit_test(test_trap_place),
	    cmocka_unit_test(test_load_errors),
	    cmocka_unit_test(test_calls),
	    cmocka_unit_test(test_may_goto),
	    cmocka_unit_test(test_tail_calls),
	    cmocka_unit_test(test_packet),
	    cmocka_unit_test(test_packet_loads),
	    cmocka_unit_test(test_skb),
	    cmocka_unit_test(test_checksum),
	    cmocka_unit_test(test_helpers),
	    cmocka_unit_test(test_events),
	    cmocka_unit_test(test_random_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
