/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same random calls of bpf(2) to skep and to the running kernel: results, errors and
 * contents must be the same. Without a kernel that lets us, only skep is driven (and must not
 * crash or contradict itself).
 *
 *	differ [CALLS [SEED]]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/abi.h"
#include "sys/sys.h"

enum { KEYS = 24, VALUE_MAX = 4096 };

static bool kernel;
static u64 calls, failures;

static int to_kernel(int cmd, union bpf_attr *attr, unsigned size)
{
	long r = syscall(SYS_bpf, cmd, attr, size);

	return r < 0 ? -errno : (int)r;
}

struct kind {
	const char *name;
	u32 type, key, value, entries, flags;
	bool order; /* the order of keys is the kernel's */
	bool evicts;
	bool locked; /* values are struct value, see make_types() */
	bool typed;  /* not without BTF */
	u32 small;   /* the first word of a value is below this, the second is 0 */
	const int *fds; /* its keys, or the values of an array, are these descriptors */
};
/* What owns elements: of each kind two that there are, or one that is gone, and what is none. */
static int task_fds[4], socket_fds[4], inode_fds[4], cgroup_fds[4];
static const struct kind kinds[] = {
	{"array", BPF_MAP_TYPE_ARRAY, 4, 12, 10, 0, true},
	{"array, mmapable", BPF_MAP_TYPE_ARRAY, 4, 8, 10, BPF_F_MMAPABLE, true},
	{"hash", BPF_MAP_TYPE_HASH, 4, 8, 10, 0, false},
	{"hash, not preallocated", BPF_MAP_TYPE_HASH, 8, 20, 10, BPF_F_NO_PREALLOC, false},
	{"hash, read only", BPF_MAP_TYPE_HASH, 4, 8, 10, BPF_F_RDONLY, false},
	{"hash, write only", BPF_MAP_TYPE_HASH, 4, 8, 10, BPF_F_WRONLY, false},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 10, 0, true},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 12, 10, 0, false},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 2000, 0, false},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, 4, 30, BPF_F_NO_PREALLOC, false},
	{"queue", BPF_MAP_TYPE_QUEUE, 0, 8, 5, 0, true},
	{"stack", BPF_MAP_TYPE_STACK, 0, 8, 5, 0, true},
	{"ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, true},
	{"user_ringbuf", BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, true},
	{"devmap", BPF_MAP_TYPE_DEVMAP, 4, 8, 10, 0, true, .small = 2},
	{"devmap, interfaces only", BPF_MAP_TYPE_DEVMAP, 4, 4, 30, 0, true, .small = 2},
	{"devmap_hash", BPF_MAP_TYPE_DEVMAP_HASH, 4, 8, 10, 0, false, .small = 2},
	{"cpumap", BPF_MAP_TYPE_CPUMAP, 4, 8, 10, 0, true, .small = 20000},
	{"xskmap", BPF_MAP_TYPE_XSKMAP, 4, 4, 10, 0, true, .small = 3},
	{"sockmap", BPF_MAP_TYPE_SOCKMAP, 4, 4, 10, 0, true, .small = 3},
	{"sockmap, cookies", BPF_MAP_TYPE_SOCKMAP, 4, 8, 10, 0, true, .small = 3},
	{"sockhash", BPF_MAP_TYPE_SOCKHASH, 8, 8, 10, 0, true, .small = 3},
	{"reuseport_sockarray", BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 10, 0, true, .small = 3},
	{"sockmap of sockets", BPF_MAP_TYPE_SOCKMAP, 4, 8, 10, 0, true, .small = 8},
	{"cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE, 8, 12, 0, 0, true},
	{"percpu_cgroup_storage", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 12, 0, 0, true},
	{"task_storage", BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, true, .typed = true, .fds = task_fds},
	{"task_storage, locked", BPF_MAP_TYPE_TASK_STORAGE, 4, 24, 0, BPF_F_NO_PREALLOC, true, .locked = true, .typed = true,
	 .fds = task_fds},
	{"sk_storage", BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, true, .typed = true, .fds = socket_fds},
	{"sk_storage, cloned, locked", BPF_MAP_TYPE_SK_STORAGE, 4, 24, 0, BPF_F_NO_PREALLOC | BPF_F_CLONE, true, .locked = true,
	 .typed = true, .fds = socket_fds},
	{"inode_storage", BPF_MAP_TYPE_INODE_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, true, .typed = true, .fds = inode_fds},
	{"inode_storage, locked", BPF_MAP_TYPE_INODE_STORAGE, 4, 24, 0, BPF_F_NO_PREALLOC, true, .locked = true, .typed = true,
	 .fds = inode_fds},
	{"cgrp_storage", SKEP_MAP_CGRP_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, true, .typed = true, .fds = cgroup_fds},
	{"cgroup_array", BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 10, 0, true, .small = 1, .fds = cgroup_fds},
	{"array, locked", BPF_MAP_TYPE_ARRAY, 4, 24, 10, 0, true, false, true},
	{"hash, locked", BPF_MAP_TYPE_HASH, 4, 24, 10, 0, false, false, true},
};

struct pair {
	int skep, kernel;
};

static void bad(const struct kind *k, const char *what, int got, int want)
{
	printf("%s: %s: skep says %d, the kernel %d\n", k->name, what, got, want);
	failures++;
}

/* A call to both; -1000: they disagreed. */
static int both(const struct kind *k, const char *what, int cmd, union bpf_attr *a, union bpf_attr *b)
{
	int got = skep_sys_bpf(cmd, a, sizeof(*a)), want;

	calls++;
	if (!kernel)
		return got;
	want = to_kernel(cmd, b, sizeof(*b));
	if (got != want && !(got >= 0 && want >= 0)) {
		bad(k, what, got, want);
		return -1000;
	}
	return got;
}

/*
 * BTF of: 1 u32, 2 u64, 3 struct bpf_spin_lock { u32 val; }, 4 struct value { u32 a;
 * struct bpf_spin_lock l; u64 b, c; }. The descriptor is of skep or of the kernel.
 */
static int make_types(int (*call)(int, union bpf_attr *, unsigned))
{
	static const char text[] = "\0u32\0u64\0bpf_spin_lock\0val\0value\0a\0l\0b\0c";
	enum { U32 = 1, U64 = 5, LOCK = 9, VAL = 23, VALUE = 27, A = 33, L = 35, B = 37, C = 39 };
	u32 types[] = {U32, 1u << 24, 4, 32, U64, 1u << 24, 8, 64, LOCK, 4u << 24 | 1, 4, VAL, 1, 0,
		       VALUE, 4u << 24 | 4, 24, A, 1, 0, L, 3, 32, B, 2, 64, C, 2, 128};
	struct btf_header h = {0xeb9f, 1, 0, sizeof(h), 0, sizeof(types), sizeof(types), sizeof(text)};
	static u8 data[sizeof(h) + sizeof(types) + sizeof(text)];
	union bpf_attr a = {0};

	memcpy(data, &h, sizeof(h));
	memcpy(data + sizeof(h), types, sizeof(types));
	memcpy(data + sizeof(h) + sizeof(types), text, sizeof(text));
	a.btf = (u64)(uintptr_t)data;
	a.btf_size = sizeof(data);
	return call(BPF_BTF_LOAD, &a, sizeof(a));
}

static void random_key(const struct kind *k, struct skep_rng *r, u8 *key)
{
	u32 n = (u32)skep_rng_below(r, KEYS);

	memset(key, 0, 16);
	if (k->fds && !k->small)
		n = n < 8 ? (u32)k->fds[0] : (u32)k->fds[n % 4];
	memcpy(key, &n, 4);
	if (k->type == BPF_MAP_TYPE_LPM_TRIE) {
		n = (u32)skep_rng_below(r, 34);
		memcpy(key, &n, 4);
		n = (u32)skep_rng_below(r, 4) * 0x01010101;
		memcpy(key + 4, &n, 4);
		key[4] = 10;
		key[5] = (u8)skep_rng_below(r, 3);
		/* The kernel keeps the bits behind the prefix as they were given; here they are 0. */
		for (u32 bit = key[0]; bit < 32; bit++)
			key[4 + bit / 8] &= (u8)~(0x80 >> bit % 8);
	}
}

static u64 random_flags(struct skep_rng *r)
{
	static const u64 flags[] = {0, 0, 0, BPF_NOEXIST, BPF_EXIST, 3, 4, 1u << 20};

	return flags[skep_rng_below(r, SKEP_ARRAY_SIZE(flags))];
}

static u32 value_size(const struct kind *k)
{
	bool percpu = k->type == BPF_MAP_TYPE_PERCPU_ARRAY || k->type == BPF_MAP_TYPE_PERCPU_HASH;

	return percpu ? ((k->value + 7) & ~7u) * 64 : k->value;
}

static void step(const struct kind *k, const struct pair *p, struct skep_rng *r)
{
	static const struct {
		const char *name;
		int cmd;
	} op[] = {{"update", BPF_MAP_UPDATE_ELEM}, {"update", BPF_MAP_UPDATE_ELEM}, {"lookup", BPF_MAP_LOOKUP_ELEM},
		  {"delete", BPF_MAP_DELETE_ELEM}, {"next", BPF_MAP_GET_NEXT_KEY}, {"take", BPF_MAP_LOOKUP_AND_DELETE_ELEM}};
	u32 o = (u32)skep_rng_below(r, SKEP_ARRAY_SIZE(op));
	static u8 in[VALUE_MAX], va[VALUE_MAX], vb[VALUE_MAX];
	union bpf_attr a = {0}, b;
	u8 key[16], na[16] = {0}, nb[16] = {0};
	int got;

	random_key(k, r, key);
	for (u32 n = 0; n < value_size(k); n += 8) {
		u64 v = skep_rng_next(r);

		memcpy(in + n, &v, 8);
	}
	if (k->small) {
		memset(in, 0, 8);
		in[0] = (u8)skep_rng_below(r, SKEP_MIN(k->small, 256u));
		in[1] = (u8)(skep_rng_below(r, k->small) >> 8);
		if (k->fds)
			memcpy(in, &k->fds[skep_rng_below(r, 4)], 4);
	}
	memset(va, 0, sizeof(va));
	memset(vb, 0, sizeof(vb));
	a.map_fd = (u32)p->skep;
	a.key = k->key || skep_rng_below(r, 10) == 0 ? (u64)(uintptr_t)key : 0;
	if (k->key && skep_rng_below(r, 50) == 0)
		a.key = skep_rng_below(r, 2) ? 0 : 8;
	if (op[o].cmd == BPF_MAP_UPDATE_ELEM) {
		a.value = (u64)(uintptr_t)in;
		a.flags = random_flags(r);
		if (k->locked && skep_rng_below(r, 2))
			a.flags |= BPF_F_LOCK;
	} else if (op[o].cmd != BPF_MAP_DELETE_ELEM) {
		a.value = (u64)(uintptr_t)(op[o].cmd == BPF_MAP_GET_NEXT_KEY ? na : va);
	}
	if (op[o].cmd == BPF_MAP_LOOKUP_ELEM || op[o].cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM)
		a.flags = skep_rng_below(r, 4) ? 0 : skep_rng_below(r, 4) ? BPF_F_LOCK : 1;
	b = a;
	b.map_fd = (u32)p->kernel;
	if (op[o].cmd == BPF_MAP_GET_NEXT_KEY)
		b.next_key = (u64)(uintptr_t)nb;
	else if (b.value == (u64)(uintptr_t)va)
		b.value = (u64)(uintptr_t)vb;
	if (op[o].cmd == BPF_MAP_GET_NEXT_KEY && !k->order && kernel)
		return; /* compared as a set at the end */
	got = both(k, op[o].name, op[o].cmd, &a, &b);
	if (got >= 0 && kernel && (memcmp(va, vb, sizeof(va)) != 0 || memcmp(na, nb, sizeof(na)) != 0)) {
		printf("%s: %s gives other bytes\n", k->name, op[o].name);
		failures++;
	}
}

/* Every key that skep lists is in the kernel's map with the same value, and there are as many. */
static u32 count(int (*call)(int, union bpf_attr *, unsigned), int fd)
{
	u8 key[16] = {0}, next[16];
	union bpf_attr a = {0};
	u32 n = 0;

	a.map_fd = (u32)fd;
	a.next_key = (u64)(uintptr_t)next;
	while (n < 100000 && call(BPF_MAP_GET_NEXT_KEY, &a, sizeof(a)) >= 0) {
		memcpy(key, next, sizeof(key));
		a.key = (u64)(uintptr_t)key;
		n++;
	}
	return n;
}

static void contents(const struct kind *k, const struct pair *p)
{
	u8 key[16] = {0}, next[16] = {0};
	static u8 va[VALUE_MAX], vb[VALUE_MAX];
	union bpf_attr a = {0}, v;
	u32 n = count(skep_sys_bpf, p->skep), m = kernel ? count(to_kernel, p->kernel) : n;

	if (n != m)
		bad(k, "number of keys", (int)n, (int)m);
	if (!kernel || (k->flags & BPF_F_WRONLY))
		return;
	a.map_fd = (u32)p->skep;
	a.next_key = (u64)(uintptr_t)next;
	while (skep_sys_bpf(BPF_MAP_GET_NEXT_KEY, &a, sizeof(a)) >= 0) {
		memcpy(key, next, sizeof(key));
		a.key = (u64)(uintptr_t)key;
		memset(&v, 0, sizeof(v));
		v.map_fd = (u32)p->skep;
		v.key = (u64)(uintptr_t)key;
		v.value = (u64)(uintptr_t)va;
		if (skep_sys_bpf(BPF_MAP_LOOKUP_ELEM, &v, sizeof(v)))
			bad(k, "lookup of a listed key", -1, 0);
		v.map_fd = (u32)p->kernel;
		v.value = (u64)(uintptr_t)vb;
		if (to_kernel(BPF_MAP_LOOKUP_ELEM, &v, sizeof(v)))
			bad(k, "a listed key", 0, -errno);
		else if (memcmp(va, vb, k->value) != 0)
			bad(k, "the value of a listed key", 0, 1);
	}
}

static void create_attr(const struct kind *k, union bpf_attr *a)
{
	memset(a, 0, sizeof(*a));
	a->map_type = k->type;
	a->key_size = k->key;
	a->value_size = k->value;
	a->max_entries = k->entries;
	a->map_flags = k->flags;
}

static void run_kind(const struct kind *k, struct skep_rng *r, u64 n)
{
	union bpf_attr a, b;
	struct pair p;

	create_attr(k, &a);
	b = a;
	if (k->locked || k->typed) {
		a.btf_key_type_id = b.btf_key_type_id = 1;
		a.btf_value_type_id = b.btf_value_type_id = k->locked ? 4 : 2;
		a.btf_fd = (u32)make_types(skep_sys_bpf);
		b.btf_fd = kernel ? (u32)make_types(to_kernel) : 0;
	}
	p.skep = skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	p.kernel = kernel ? to_kernel(BPF_MAP_CREATE, &b, sizeof(b)) : -1;
	if (k->locked) { /* not every map may have locks */
		a.map_type = b.map_type = BPF_MAP_TYPE_LRU_HASH;
		both(k, "create another type", BPF_MAP_CREATE, &a, &b);
	}
	if (p.skep < 0 || (kernel && p.kernel < 0)) {
		bad(k, "create", p.skep, p.kernel);
		return;
	}
	for (u64 i = 0; i < n; i++)
		step(k, &p, r);
	if (k->key && !(k->small && k->order)) /* there not every key has an element */
		contents(k, &p);
	close(p.skep);
	if (kernel)
		close(p.kernel);
}

/* Attributes that are nearly right. */
static void creations(struct skep_rng *r, u64 n)
{
	static const u32 sizes[] = {0, 1, 4, 4, 4, 8, 8, 12, 513, 4096}, entries[] = {0, 1, 4, 8, 4096, 8192};

	for (u64 i = 0; i < n; i++) {
		struct kind k = {"create", (u32)skep_rng_below(r, 34), sizes[skep_rng_below(r, SKEP_ARRAY_SIZE(sizes))],
				 sizes[skep_rng_below(r, SKEP_ARRAY_SIZE(sizes))],
				 entries[skep_rng_below(r, SKEP_ARRAY_SIZE(entries))],
				 skep_rng_below(r, 2) ? 0 : 1u << skep_rng_below(r, 14)};
		union bpf_attr a, b;
		int got, want;

		switch (k.type) { /* what this port has not, or leaves to other rules */
		case SKEP_MAP_ARENA:
			continue;
		}
		create_attr(&k, &a);
		b = a;
		got = skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
		want = kernel ? to_kernel(BPF_MAP_CREATE, &b, sizeof(b)) : got;
		calls++;
		if ((got < 0 || want < 0) && got != want) {
			printf("type %u key %u value %u entries %u flags %#x: ", k.type, k.key, k.value, k.entries, k.flags);
			bad(&k, "create", got, want);
		}
		if (got >= 0)
			close(got);
		if (want >= 0 && kernel)
			close(want);
	}
}

/* Loads a program, puts it into the map, and ends. */
static int hand_over(int (*call)(int, union bpf_attr *, unsigned), int map)
{
	struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS}, {.code = BPF_JMP | BPF_EXIT}};
	struct bpf_devmap_val value = {.ifindex = 1};
	union bpf_attr a = {0};
	int status = -1;
	u32 key = 2;
	pid_t pid = fork();

	if (pid == 0) {
		a.prog_type = BPF_PROG_TYPE_XDP;
		a.expected_attach_type = BPF_XDP_DEVMAP;
		a.insns = (u64)(uintptr_t)code;
		a.insn_cnt = SKEP_ARRAY_SIZE(code);
		a.license = (u64)(uintptr_t) "GPL";
		value.bpf_prog.fd = call(BPF_PROG_LOAD, &a, sizeof(a));
		memset(&a, 0, sizeof(a));
		a.map_fd = (u32)map;
		a.key = (u64)(uintptr_t)&key;
		a.value = (u64)(uintptr_t)&value;
		_exit(value.bpf_prog.fd < 0 ? 1 : call(BPF_MAP_UPDATE_ELEM, &a, sizeof(a)) ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* A program that only a map of interfaces names stays. 0, or which step failed. */
static int held(int (*call)(int, union bpf_attr *, unsigned))
{
	struct kind k = {"devmap", BPF_MAP_TYPE_DEVMAP, 4, 8, 4, 0}, other = {"array", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0};
	struct bpf_devmap_val value = {0};
	union bpf_attr a;
	u32 key = 2;
	int map, fd;

	create_attr(&k, &a);
	map = call(BPF_MAP_CREATE, &a, sizeof(a));
	if (map < 0 || hand_over(call, map))
		return 1;
	for (u32 n = 0; n < 64; n++) { /* so many new objects are an occasion to tidy up */
		create_attr(&other, &a);
		close(call(BPF_MAP_CREATE, &a, sizeof(a)));
	}
	memset(&a, 0, sizeof(a));
	a.map_fd = (u32)map;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)&value;
	if (call(BPF_MAP_LOOKUP_ELEM, &a, sizeof(a)) || !value.bpf_prog.id)
		return 2;
	memset(&a, 0, sizeof(a));
	a.prog_id = value.bpf_prog.id;
	fd = call(BPF_PROG_GET_FD_BY_ID, &a, sizeof(a));
	close(map);
	if (fd < 0)
		return 3;
	close(fd);
	return 0;
}

static void holdings(void)
{
	static const struct kind k = {.name = "a program in a map"};
	int got = held(skep_sys_bpf), want = kernel ? held(to_kernel) : 0;

	if (got != want || got)
		bad(&k, "held", got, want);
}

/* The kernel and skep get the same descriptors. */
static void make_tasks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	task_fds[0] = (int)syscall(SYS_pidfd_open, getpid(), 0);
	task_fds[1] = (int)syscall(SYS_pidfd_open, pid, 0);
	task_fds[2] = open("/dev/null", O_RDONLY);
	task_fds[3] = -1;
	waitpid(pid, NULL, 0);
}

/* Where no map of descriptors takes it for one of its values. */
static int high(int fd)
{
	int to = fd < 0 ? -1 : fcntl(fd, F_DUPFD, 100);

	if (fd >= 0)
		close(fd);
	return to;
}

/* Nothing is where no cgroups are mounted. */
static void make_owners(void)
{
	static const char *const where[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char gone[64];
	struct statfs fs;
	int ends[2];

	socket_fds[0] = high(socket(AF_INET, SOCK_STREAM, 0));
	socket_fds[1] = high(socket(AF_UNIX, SOCK_DGRAM, 0));
	socket_fds[2] = cgroup_fds[2] = high(open("/dev/null", O_RDONLY));
	inode_fds[0] = high(open("/proc/self/exe", O_RDONLY));
	inode_fds[1] = pipe(ends) ? -1 : high(ends[0]);
	inode_fds[2] = high(open("/dev/null", O_PATH));
	socket_fds[3] = inode_fds[3] = cgroup_fds[3] = -1;
	cgroup_fds[0] = cgroup_fds[1] = -1;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(where); k++) {
		if (statfs(where[k], &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		cgroup_fds[0] = high(open(where[k], O_RDONLY));
		snprintf(gone, sizeof(gone), "%s/skep-differ-%d", where[k], getpid());
		if (mkdir(gone, 0700) == 0) {
			cgroup_fds[1] = high(open(gone, O_RDONLY));
			if (rmdir(gone))
				perror(gone);
		}
	}
	if (cgroup_fds[0] < 0)
		printf("SKIP cgroups: none are mounted\n");
}

int main(int argc, char **argv)
{
	u64 n = argc > 1 ? strtoull(argv[1], NULL, 0) : 3000, seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	struct kind probe = {"probe", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0};
	char dir[] = "/tmp/skep-differ-XXXXXX", cmd[64];
	union bpf_attr a;
	struct skep_rng r;
	int fd;

	if (!mkdtemp(dir) || setenv("SKEP_STORE", dir, 1))
		return 1;
	create_attr(&probe, &a);
	fd = to_kernel(BPF_MAP_CREATE, &a, sizeof(a));
	kernel = fd >= 0;
	if (kernel)
		close(fd);
	skep_rng_init(&r, seed);
	make_tasks();
	make_owners();
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(kinds); k++)
		run_kind(&kinds[k], &r, n);
	creations(&r, n);
	holdings();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd))
		return 1;
	printf("%llu calls%s, %llu differences\n", (unsigned long long)calls, kernel ? "" : " (no kernel to compare with)",
	       (unsigned long long)failures);
	return failures != 0;
}
