/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody who may write the store writes anything into the contents of maps while a process works
 * with them: results are anything, too, but the process neither dies nor hangs. Heads of files,
 * where locks are, are left alone: see docs/maps.md.
 *
 *	tamper [SECONDS]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "sys/sys.h"

enum { KEYS = 64, HEAD = 4096, STALL = 8 };
static char store[] = "/dev/shm/skep-tamper-XXXXXX";

static const struct {
	const char *name;
	u32 type, key, value, entries, flags;
} kinds[] = {
	{"array", BPF_MAP_TYPE_ARRAY, 4, 16, KEYS, 0},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, KEYS, 0},
	{"hash", BPF_MAP_TYPE_HASH, 4, 16, KEYS, 0},
	{"hash_lazy", BPF_MAP_TYPE_HASH, 8, 24, KEYS, BPF_F_NO_PREALLOC},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, KEYS, 0},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 16, KEYS / 2, 0},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, 8, KEYS, BPF_F_NO_PREALLOC},
	{"queue", BPF_MAP_TYPE_QUEUE, 0, 16, KEYS, 0},
	{"stack", BPF_MAP_TYPE_STACK, 0, 16, KEYS, 0},
	{"bloom", BPF_MAP_TYPE_BLOOM_FILTER, 0, 16, KEYS, 0},
	{"stack_trace", BPF_MAP_TYPE_STACK_TRACE, 4, 64, KEYS, 0},
	{"prog_array", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, KEYS, 0},
	{"perf_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, KEYS, 0},
	{"devmap_hash", BPF_MAP_TYPE_DEVMAP_HASH, 4, 8, KEYS, 0},
	{"ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
	{"array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, KEYS, 0},
	{"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, KEYS, 0},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, KEYS / 2, 0},
	{"user_ringbuf", BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0},
	{"devmap", BPF_MAP_TYPE_DEVMAP, 4, 8, KEYS, 0},
	{"cpumap", BPF_MAP_TYPE_CPUMAP, 4, 8, KEYS, 0},
	{"sockmap", BPF_MAP_TYPE_SOCKMAP, 4, 4, KEYS, 0},
	{"sockhash", BPF_MAP_TYPE_SOCKHASH, 4, 4, KEYS, 0},
	{"cgroup_array", BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, KEYS, 0},
};
static int fd[SKEP_ARRAY_SIZE(kinds)], prog[SKEP_ARRAY_SIZE(kinds)];

/* --- who tampers -------------------------------------------------------------------------------
 */

static u64 value_of(struct skep_rng *r)
{
	static const u64 odd[] = {0,	 1,	     0x7fffffff, 0x80000000, 0xffffffff,
				  ~0ull, 1ull << 63, 4096,	 0xfffffff0};

	switch (skep_rng_below(r, 4)) {
	case 0: return odd[skep_rng_below(r, SKEP_ARRAY_SIZE(odd))];
	case 1: return skep_rng_below(r, 256);
	default: return skep_rng_next(r);
	}
}

/* Sometimes where positions, lists and chains begin, of rings on their second page, sometimes
 * anywhere. */
static void scribble(int file, u64 payload, struct skep_rng *r)
{
	u64 where = skep_rng_below(r, 4), at, v = value_of(r);

	at = where == 0 ? skep_rng_below(r, SKEP_MIN(payload, 1024)) : skep_rng_below(r, payload);
	if (where == 1 && payload > HEAD + 64)
		at = HEAD + skep_rng_below(r, 16);
	if (pwrite(file, &v, 4u << skep_rng_below(r, 2), (off_t)(at & ~3ull)) < 0)
		_exit(3);
}

static int tamper(u64 seed)
{
	struct skep_rng r;
	int file[64];
	u64 payload[64];
	u32 n = 0;
	char path[128];
	struct dirent *e;
	DIR *d;

	skep_rng_init(&r, seed);
	snprintf(path, sizeof(path), "%s/bpf-map", store);
	d = opendir(path);
	while (d && n < SKEP_ARRAY_SIZE(file) && (e = readdir(d))) {
		struct stat st;

		file[n] = openat(dirfd(d), e->d_name, O_RDWR);
		if (file[n] >= 0 && fstat(file[n], &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size > HEAD)
			payload[n++] = (u64)st.st_size - HEAD;
	}
	for (u32 k = 0; n; k++) {
		u32 which = (u32)skep_rng_below(&r, n);

		scribble(file[which], payload[which], &r);
		if (k % 64 == 0)
			usleep(50);
	}
	return 4;
}

/* --- who works ---------------------------------------------------------------------------------
 */

static int element(int cmd, u32 kind, u32 key, void *next)
{
	static u8 value[65536];
	u64 words[2] = {kinds[kind].type == BPF_MAP_TYPE_LPM_TRIE ? 32 | (u64)key << 32 : key, 0};
	union bpf_attr a = {0};

	a.map_fd = (u32)fd[kind];
	a.key = kinds[kind].key ? (u64)(uintptr_t)words : 0;
	a.value = (u64)(uintptr_t)(next ? next : value);
	return skep_sys_bpf(cmd, &a, sizeof(a));
}

static void walk(u32 kind)
{
	u8 key[64] = {0}, next[64];
	union bpf_attr a = {0};

	a.map_fd = (u32)fd[kind];
	a.next_key = (u64)(uintptr_t)next;
	for (u32 k = 0; k < 4 * KEYS && skep_sys_bpf(BPF_MAP_GET_NEXT_KEY, &a, sizeof(a)) == 0;
	     k++) {
		memcpy(key, next, sizeof(key));
		a.key = (u64)(uintptr_t)key;
	}
}

/* A lookup and what is there changed; or a record reserved and submitted. */
static int new_prog(u32 kind)
{
	struct bpf_insn look[] = {
		{BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 5},
		{BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8},
		{BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, fd[kind]},
		{0},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1},
		{BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	struct bpf_insn ring[] = {
		{BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, fd[kind]},
		{0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 16},
		{BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4, 0},
		{BPF_ST | BPF_MEM | BPF_DW, 0, 0, 0, 7},
		{BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_submit},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	bool is_ring = kinds[kind].type == BPF_MAP_TYPE_RINGBUF;
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_XDP};

	a.insns = (u64)(uintptr_t)(is_ring ? ring : look);
	a.insn_cnt = is_ring ? SKEP_ARRAY_SIZE(ring) : SKEP_ARRAY_SIZE(look);
	a.license = (u64)(uintptr_t) "GPL";
	return skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static void run(int p)
{
	u8 in[64] = {0};
	union bpf_attr a = {0};

	a.test.prog_fd = (u32)p;
	a.test.data_in = (u64)(uintptr_t)in;
	a.test.data_size_in = sizeof(in);
	a.test.repeat = 10;
	skep_sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));
}

static int make(u32 k)
{
	union bpf_attr a = {0};

	a.map_type = kinds[k].type;
	a.key_size = kinds[k].key;
	a.value_size = kinds[k].value;
	a.max_entries = kinds[k].entries;
	a.map_flags = kinds[k].flags;
	if (kinds[k].type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	    kinds[k].type == BPF_MAP_TYPE_HASH_OF_MAPS)
		a.inner_map_fd = (u32)fd[0];
	memcpy(a.map_name, kinds[k].name, SKEP_MIN(strlen(kinds[k].name), (size_t)15));
	return skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static const char *doing = "";
static u32 doing_op;

static void stalled(int sig)
{
	char text[96];
	int n = snprintf(text, sizeof(text), "it hangs: %s, operation %u\n", doing, doing_op);

	_exit(write(STDOUT_FILENO, text, (size_t)n) == n ? 5 : 6);
}

static void crashed(int sig)
{
	char text[96];
	int n = snprintf(text, sizeof(text), "signal %d: %s, operation %u\n", sig, doing, doing_op);

	_exit(write(STDOUT_FILENO, text, (size_t)n) == n ? 7 : 8);
}

static void operate(u32 k, u32 op, struct skep_rng *r)
{
	u32 key = (u32)skep_rng_below(r, KEYS + 4);

	doing = kinds[k].name;
	doing_op = op;
	switch (op) {
	case 0: element(BPF_MAP_LOOKUP_ELEM, k, key, NULL); break;
	case 1: element(BPF_MAP_DELETE_ELEM, k, key, NULL); break;
	case 2: element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, k, key, NULL); break;
	case 3: walk(k); break;
	case 4:
		if (prog[k] >= 0)
			run(prog[k]);
		break;
	case 5: skep_sys_ring_ready(fd[k]); break;
	default:
		if (kinds[k].type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
		    kinds[k].type == BPF_MAP_TYPE_HASH_OF_MAPS)
			element(BPF_MAP_UPDATE_ELEM, k, key, &fd[0]);
		else
			element(BPF_MAP_UPDATE_ELEM, k, key, NULL);
	}
}

static int work(u32 seconds, u64 seed)
{
	time_t until = time(NULL) + seconds;
	struct skep_rng r;
	u64 n = 0;

	skep_rng_init(&r, seed);
	signal(SIGALRM, stalled);
	signal(SIGSEGV, crashed);
	signal(SIGBUS, crashed);
	signal(SIGFPE, crashed);
	for (; time(NULL) < until; n++) {
		if (n % 256 == 0)
			alarm(STALL);
		operate((u32)skep_rng_below(&r, SKEP_ARRAY_SIZE(kinds)), (u32)skep_rng_below(&r, 9),
			&r);
	}
	printf("%llu operations on %zu kinds of maps whose contents somebody changed\n",
	       (unsigned long long)n, SKEP_ARRAY_SIZE(kinds));
	return n < 1000;
}

int main(int argc, char **argv)
{
	u32 seconds = argc > 1 ? (u32)strtoul(argv[1], NULL, 10) : 4;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (u64)time(NULL);
	char cmd[64];
	int bad = 0;
	pid_t evil;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(store) || setenv("SKEP_STORE", store, 1))
		return 1;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(kinds); k++) {
		fd[k] = make(k);
		if (fd[k] < 0) {
			printf("%s: %d\n", kinds[k].name, fd[k]);
			bad = 1;
		}
		prog[k] = kinds[k].value == 16 || kinds[k].value == 24 ||
					  kinds[k].type == BPF_MAP_TYPE_RINGBUF
				  ? new_prog(k)
				  : -1;
	}
	printf("seed %llu\n", (unsigned long long)seed);
	evil = fork();
	if (evil == 0)
		_exit(prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() == 1 ? 9 : tamper(seed));
	bad = bad || work(seconds, seed + 1);
	if (kill(evil, SIGKILL) || waitpid(evil, NULL, 0) != evil)
		bad = 1;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", store);
	return system(cmd) || bad;
}
