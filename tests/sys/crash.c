/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that are killed at random moments while they work on one pinned map. What was
 * acknowledged must be there, no lock may stay, nothing may be torn, and all slots must still
 * be usable.
 *
 *	crash [KILLS [SEED [MICROSECONDS]]]	at most so long between two kills (3000)
 *
 * A worker owns the keys k with k % WORKERS = its number, and writes in a shared page what it
 * is about to do and that it is done. After its death the parent compares: the last finished
 * operation on a key must show, an unfinished one may.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/sys.h"

enum { WORKERS = 2, KEYS = 256, WORDS = 8, PIN_LEN = 64 };

/* What a worker says about a key: version that is being written, version that is done; 0: deleted. */
struct told {
	volatile u64 begun[KEYS], done[KEYS];
	volatile u64 ops;
};
static struct told *told; /* one for each worker, shared */
static char pin[] = "/sys/fs/bpf/crash";

static int map_call(int cmd, int fd, u32 key, void *value)
{
	union bpf_attr a = {0};

	a.map_fd = (u32)fd;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)value;
	return skep_sys_bpf(cmd, &a, sizeof(a));
}

static int open_pin(void)
{
	union bpf_attr a = {0};

	a.pathname = (u64)(uintptr_t)pin;
	return skep_sys_bpf(BPF_OBJ_GET, &a, sizeof(a));
}

/* All words are made from the version, so that a torn value shows. */
static void fill(u64 *v, u32 key, u64 version)
{
	for (u32 k = 0; k < WORDS; k++)
		v[k] = version * 0x9e3779b97f4a7c15u ^ ((u64)key << 32) ^ k;
	v[0] = version;
}

static bool whole(const u64 *v, u32 key)
{
	u64 want[WORDS];

	fill(want, key, v[0]);
	return memcmp(v, want, sizeof(want)) == 0;
}

static const struct kind {
	const char *name;
	u32 type, flags, entries;
} kinds[] = {
	{"preallocated", BPF_MAP_TYPE_HASH, 0, KEYS},
	{"not preallocated", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, KEYS},
	{"full", BPF_MAP_TYPE_HASH, 0, KEYS / 4},
	{"with eviction", BPF_MAP_TYPE_LRU_HASH, 0, KEYS / 4},
};

static void work(const struct kind *kind, u32 me, u64 seed)
{
	bool small = kind->entries < KEYS;
	struct told *t = &told[me];
	struct skep_rng r;
	u64 v[WORDS];
	int fd = open_pin();

	skep_rng_init(&r, seed);
	if (fd < 0)
		_exit(3);
	for (;;) {
		u32 key = (u32)skep_rng_below(&r, KEYS / WORKERS) * WORKERS + me;
		u64 version = skep_rng_next(&r) | 1;
		int err;

		if (skep_rng_below(&r, 4) == 0) {
			t->begun[key] = 0;
			err = map_call(BPF_MAP_DELETE_ELEM, fd, key, NULL);
			if (err && err != -ENOENT)
				_exit(4);
			t->done[key] = 0;
		} else {
			fill(v, key, version);
			t->begun[key] = version;
			err = map_call(BPF_MAP_UPDATE_ELEM, fd, key, v);
			if (err && !(small && err == -E2BIG))
				_exit(5);
			if (!err)
				t->done[key] = version;
		}
		/* Someone else's value is whole, too. */
		key = (u32)skep_rng_below(&r, KEYS);
		if (map_call(BPF_MAP_LOOKUP_ELEM, fd, key, v) == 0 && !whole(v, key))
			_exit(6);
		t->ops++;
	}
}

static u32 check(const struct kind *kind, int fd, u32 me)
{
	bool evicts = kind->type == BPF_MAP_TYPE_LRU_HASH;
	u32 wrong = 0;
	u64 v[WORDS];

	for (u32 key = me; key < KEYS; key += WORKERS) {
		int err = map_call(BPF_MAP_LOOKUP_ELEM, fd, key, v);
		u64 is = err ? 0 : v[0];

		if (err && err != -ENOENT) {
			printf("key %u: lookup gives %d\n", key, err);
			wrong++;
		} else if (!err && !whole(v, key)) {
			printf("key %u: the value is torn\n", key);
			wrong++;
		} else if (is != told[me].done[key] && is != told[me].begun[key] && !(evicts && !is)) {
			printf("key %u: has version %llx, finished was %llx, begun %llx\n", key, (unsigned long long)is,
			       (unsigned long long)told[me].done[key], (unsigned long long)told[me].begun[key]);
			wrong++;
		}
		told[me].done[key] = told[me].begun[key] = is;
	}
	return wrong;
}

static pid_t start(const struct kind *kind, u32 me, u64 seed)
{
	pid_t pid = fork();

	if (pid == 0)
		work(kind, me, seed);
	return pid;
}

static int create_map(u32 type, u32 key, u32 value, u32 entries, u32 flags)
{
	union bpf_attr a = {0};
	int fd;

	a.map_type = type;
	a.key_size = key;
	a.value_size = value;
	a.max_entries = entries;
	a.map_flags = flags;
	fd = skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	if (fd < 0)
		return fd;
	memset(&a, 0, sizeof(a));
	a.bpf_fd = (u32)fd;
	a.pathname = (u64)(uintptr_t)pin;
	return skep_sys_bpf(BPF_OBJ_PIN, &a, sizeof(a)) ? -1 : fd;
}

/* Every place of the map can be used: nothing leaked, and nothing was counted twice. */
static u32 fill_up(const struct kind *kind, int fd)
{
	bool evicts = kind->type == BPF_MAP_TYPE_LRU_HASH;
	u32 wrong = 0, there = 0;
	u64 v[WORDS];

	for (u32 key = 0; key < KEYS; key++) {
		int err;

		fill(v, key, 1);
		err = map_call(BPF_MAP_UPDATE_ELEM, fd, key, v);
		if (err && !(kind->entries < KEYS && err == -E2BIG)) {
			printf("key %u does not fit any more: %d\n", key, err);
			wrong++;
		}
	}
	for (u32 key = 0; key < KEYS; key++)
		there += map_call(BPF_MAP_LOOKUP_ELEM, fd, key, v) == 0;
	if (there != kind->entries) {
		printf("%u elements instead of %u\n", there, kind->entries);
		wrong++;
	}
	if (map_call(BPF_MAP_UPDATE_ELEM, fd, KEYS, v) != (evicts ? 0 : -E2BIG)) {
		printf("more fits than may, or nothing is evicted\n");
		wrong++;
	}
	return wrong;
}

static u32 run(const struct kind *kind, u64 kills, u64 seed, u64 pause)
{
	struct skep_rng r;
	pid_t pid[WORKERS];
	u64 ops = 0;
	u32 wrong = 0;
	int fd = create_map(kind->type, 4, WORDS * 8, kind->entries, kind->flags);

	if (fd < 0) {
		printf("cannot create the map: %d\n", fd);
		return 1;
	}
	skep_rng_init(&r, seed);
	memset(told, 0, WORKERS * sizeof(*told));
	for (u32 k = 0; k < WORKERS; k++)
		pid[k] = start(kind, k, skep_rng_next(&r));
	for (u64 n = 0; n < kills && wrong < 10; n++) {
		u32 me = (u32)skep_rng_below(&r, WORKERS);
		struct timespec nap = {0, (long)skep_rng_below(&r, pause * 1000)};
		int status;

		nanosleep(&nap, NULL);
		kill(pid[me], SIGKILL);
		waitpid(pid[me], &status, 0);
		if (!WIFSIGNALED(status)) {
			printf("worker %u ended by itself with status %d\n", me, WEXITSTATUS(status));
			wrong++;
		}
		wrong += check(kind, fd, me);
		pid[me] = start(kind, me, skep_rng_next(&r));
	}
	for (u32 k = 0; k < WORKERS; k++) {
		kill(pid[k], SIGKILL);
		waitpid(pid[k], NULL, 0);
		wrong += check(kind, fd, k);
		ops += told[k].ops;
	}
	wrong += fill_up(kind, fd);
	printf("%s: %llu kills, %llu operations, %u wrong\n", kind->name, (unsigned long long)kills,
	       (unsigned long long)ops, wrong);
	close(fd);
	return wrong;
}

/* --- ring buffers ------------------------------------------------------------------------- */

enum { RING = 1 << 16 };

/* Puts records of 24 bytes, a number and twice its complement, from a program. */
static void produce(void)
{
	int map = open_pin();
	struct bpf_insn code[] = {
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns},
	    {.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = 10, .src_reg = 0, .off = -24},
	    {.code = BPF_ALU64 | BPF_XOR | BPF_K, .dst_reg = 0, .imm = -1},
	    {.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = 10, .src_reg = 0, .off = -16},
	    {.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = 10, .src_reg = 0, .off = -8},
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
	    {0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
	    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -24},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 24},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2},
	    {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {0};
	u8 packet[64] = {0};
	int prog;

	a.prog_type = BPF_PROG_TYPE_XDP;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = SKEP_ARRAY_SIZE(code);
	a.license = (u64)(uintptr_t) "GPL";
	prog = skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	if (prog < 0)
		_exit(3);
	for (;;) {
		memset(&a, 0, sizeof(a));
		a.test.prog_fd = (u32)prog;
		a.test.data_in = (u64)(uintptr_t)packet;
		a.test.data_size_in = sizeof(packet);
		a.test.repeat = 1000;
		if (skep_sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)))
			_exit(4);
	}
}

/* As libbpf consumes; how many records, and how many of them are wrong. */
static u64 consume(int fd, volatile u64 *cons, const u8 *prod, u32 *wrong)
{
	u64 n = 0;

	while (n < 100000 && skep_sys_ring_ready(fd)) {
		const u32 *h = (const u32 *)(prod + 4096 + (*cons & (RING - 1)));
		u32 len = __atomic_load_n(h, __ATOMIC_ACQUIRE);
		const u64 *v = (const u64 *)(h + 2);

		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			*wrong += len != 24 || v[0] != ~v[1] || v[1] != v[2];
			n++;
		}
		__atomic_store_n(cons, *cons + (((len & 0x3fffffff) + 8 + 7) & ~7u), __ATOMIC_RELEASE);
	}
	return n;
}

static pid_t start_producer(void)
{
	pid_t pid = fork();

	if (pid == 0)
		produce();
	return pid;
}

static u32 run_ring(u64 kills, u64 seed)
{
	int fd = create_map(BPF_MAP_TYPE_RINGBUF, 0, 0, RING, 0);
	void *cons, *prod;
	struct skep_rng r;
	u64 all = 0;
	u32 wrong = 0;

	if (fd < 0 || !skep_sys_mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &cons) || cons == MAP_FAILED ||
	    !skep_sys_mmap(NULL, 4096 + 2 * RING, PROT_READ, MAP_SHARED, fd, 4096, &prod) || prod == MAP_FAILED) {
		printf("cannot map the ring\n");
		return 1;
	}
	skep_rng_init(&r, seed);
	for (u64 n = 0; n < kills && wrong < 10; n++) {
		u64 before = all, until = skep_rng_below(&r, 3000), spins = 0;
		pid_t pid = start_producer();

		/* Whatever the one before left, records of this one come through. */
		while (all <= before + until && spins++ < 20000) {
			struct timespec nap = {0, 100000};

			all += consume(fd, cons, prod, &wrong);
			if (all == before)
				nanosleep(&nap, NULL);
		}
		if (all == before) {
			printf("no record comes through\n");
			wrong++;
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	printf("ring buffer: %llu kills, %llu records, %u wrong\n", (unsigned long long)kills, (unsigned long long)all, wrong);
	close(fd);
	return wrong;
}

/* --- rings that user space writes --------------------------------------------------------- */

enum { NUMBERS = 1 << 20 };

/* Drains records, numbers, and marks in another map which it saw. */
static void drain(int ring, int seen)
{
	struct bpf_insn code[] = {
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = ring},
	    {0},
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 2, .src_reg = BPF_PSEUDO_FUNC, .imm = 6},
	    {0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_user_ringbuf_drain},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2},
	    {.code = BPF_JMP | BPF_EXIT},
	    /* the callback */
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 3, .src_reg = 1},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10},
	    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = -8},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 8},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 5},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_dynptr_read},
	    {.code = BPF_LDX | BPF_DW | BPF_MEM, .dst_reg = 1, .src_reg = 10, .off = -8},
	    {.code = BPF_STX | BPF_W | BPF_MEM, .dst_reg = 10, .src_reg = 1, .off = -16},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
	    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -16},
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = seen},
	    {0},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
	    {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 1},
	    {.code = BPF_ST | BPF_DW | BPF_MEM, .dst_reg = 0, .imm = 1},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	    {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {0};
	u8 packet[64] = {0};
	int prog;

	a.prog_type = BPF_PROG_TYPE_XDP;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = SKEP_ARRAY_SIZE(code);
	a.license = (u64)(uintptr_t) "GPL";
	prog = skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	if (prog < 0)
		_exit(3);
	for (;;) {
		memset(&a, 0, sizeof(a));
		a.test.prog_fd = (u32)prog;
		a.test.data_in = (u64)(uintptr_t)packet;
		a.test.data_size_in = sizeof(packet);
		if (skep_sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)))
			_exit(4);
	}
}

/* As many numbers as there is room for; the next one. */
static u64 put_numbers(volatile const u64 *cons, volatile u64 *prod, u64 number)
{
	while (number < NUMBERS && *prod - __atomic_load_n(cons, __ATOMIC_ACQUIRE) + 16 <= RING) {
		volatile u8 *at = (volatile u8 *)prod + 4096 + (*prod & (RING - 1));

		*(volatile u64 *)(at + 8) = number++;
		*(volatile u32 *)at = 8;
		__atomic_store_n(prod, *prod + 16, __ATOMIC_RELEASE);
	}
	return number;
}

static pid_t start_drain(int ring, int seen)
{
	pid_t pid = fork();

	if (pid == 0)
		drain(ring, seen);
	return pid;
}

static u32 run_user_ring(u64 kills, u64 seed)
{
	int ring = create_map(BPF_MAP_TYPE_USER_RINGBUF, 0, 0, RING, 0), seen;
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = NUMBERS,
			    .map_flags = BPF_F_MMAPABLE};
	void *cons, *prod, *marks;
	u64 number = 0, waits = 0;
	struct skep_rng r;
	u32 wrong = 0;
	pid_t pid;

	seen = skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	if (ring < 0 || seen < 0 || !skep_sys_mmap(NULL, 4096, PROT_READ, MAP_SHARED, ring, 0, &cons) || cons == MAP_FAILED ||
	    !skep_sys_mmap(NULL, 4096 + 2 * RING, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 4096, &prod) || prod == MAP_FAILED ||
	    !skep_sys_mmap(NULL, 8 * NUMBERS, PROT_READ, MAP_SHARED, seen, 0, &marks) || marks == MAP_FAILED) {
		printf("cannot map the ring\n");
		return 1;
	}
	skep_rng_init(&r, seed);
	pid = start_drain(ring, seen);
	for (u64 n = 0; n < kills; n++) {
		u64 until = number + skep_rng_below(&r, 20000) % (NUMBERS / (kills + 1)), before = number;

		for (u32 k = 0; number < until && k < 20000; k++) {
			struct timespec nap = {0, 20000};

			number = put_numbers(cons, prod, number);
			nanosleep(&nap, NULL);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = start_drain(ring, seen);
		if (number == before && number < until)
			break;
	}
	while (*(volatile u64 *)cons != *(volatile u64 *)prod && waits++ < 10000)
		usleep(1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (u64 n = 0; n < number; n++)
		wrong += !((volatile u64 *)marks)[n];
	if (*(volatile u64 *)cons != *(volatile u64 *)prod) {
		printf("nobody drains any more\n");
		wrong++;
	}
	printf("user ring buffer: %llu kills, %llu records, %u wrong\n", (unsigned long long)kills, (unsigned long long)number, wrong);
	close(ring);
	close(seen);
	return wrong;
}

int main(int argc, char **argv)
{
	u64 kills = argc > 1 ? strtoull(argv[1], NULL, 0) : 200, seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	u64 pause = argc > 3 ? SKEP_MIN(strtoull(argv[3], NULL, 0), 900000ull) : 3000;
	char dir[] = "/tmp/skep-crash-XXXXXX", cmd[64], at[256];
	u32 wrong = 0;

	if (!mkdtemp(dir) || setenv("SKEP_STORE", dir, 1))
		return 1;
	told = mmap(NULL, WORKERS * sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return 1;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(kinds); k++) {
		wrong += run(&kinds[k], kills, seed + k, pause);
		if (skep_sys_path(pin, at, sizeof(at)))
			unlink(at);
	}
	wrong += run_ring(kills, seed + SKEP_ARRAY_SIZE(kinds));
	if (skep_sys_path(pin, at, sizeof(at)))
		unlink(at);
	wrong += run_user_ring(kills, seed + SKEP_ARRAY_SIZE(kinds) + 1);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) || wrong ? 1 : 0;
}
