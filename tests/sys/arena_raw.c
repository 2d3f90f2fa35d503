/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas instruction by instruction: what bpf(2) and mmap(2) say of odd attributes, which programs
 * are taken, and what those leave in their context and in the arena. Over the kernel and over skep
 * it must be the same.
 */
#include "arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define START (1ull << 45) /* where AddressSanitizer keeps nothing */
#define PAGES 4

/* --- attributes
 * ------------------------------------------------------------------------------------ */

static int create(__u32 key, __u32 value, __u32 pages, __u32 flags, __u64 extra)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = flags, .map_extra = extra);

	return bpf_map_create((enum bpf_map_type)ARENA, "odd", key, value, pages, &o);
}

static void attributes(void)
{
	static const struct {
		__u32 key, value, pages, flags;
		__u64 extra;
	} row[] = {
		{0, 0, 1, MMAPABLE, 0},
		{0, 0, 1, 0, 0},
		{4, 0, 1, MMAPABLE, 0},
		{0, 4, 1, MMAPABLE, 0},
		{0, 0, 0, MMAPABLE, 0},
		{0, 0, 1, MMAPABLE | BPF_F_RDONLY, 0},
		{0, 0, 1, MMAPABLE | BPF_F_WRONLY, 0},
		{0, 0, 1, MMAPABLE | BPF_F_RDONLY_PROG, 0},
		{0, 0, 1, MMAPABLE | BPF_F_NUMA_NODE, 0},
		{0, 0, 1, MMAPABLE | BPF_F_NO_PREALLOC, 0},
		{0, 0, 1, MMAPABLE | NO_USER_CONV, 0},
		{0, 0, 1, MMAPABLE | SEGV_ON_FAULT, 0},
		{0, 0, 1, MMAPABLE | NO_USER_CONV | SEGV_ON_FAULT, 0},
		{0, 0, 1, MMAPABLE, 4095},
		{0, 0, 1, MMAPABLE, 4096},
		{0, 0, 1, MMAPABLE, 1},
		{0, 0, 1 << 20, MMAPABLE, 0},
		{0, 0, (1 << 20) + 1, MMAPABLE, 0},
		{0, 0, 1 << 20, MMAPABLE, START},
		{0, 0, 1 << 20, MMAPABLE, START + 4096},
		{0, 0, 2, MMAPABLE, START - 4096},
		{0, 0, 2, MMAPABLE, START - 8192},
		{0, 0, 1, MMAPABLE, -4096ull},
		{0, 0, ~0u, MMAPABLE, 0},
	};

	for (unsigned k = 0; k < ARRAY_SIZE(row); k++) {
		int fd = create(row[k].key, row[k].value, row[k].pages, row[k].flags, row[k].extra);

		printf("create %u: %d\n", k, fd < 0 ? fd : 0);
		if (fd >= 0)
			close(fd);
	}
}

static void elements(void)
{
	int fd = create(0, 0, PAGES, MMAPABLE, START), by_id;
	struct bpf_map_info i = {0};
	__u32 len = sizeof(i), n = 1;
	__u64 v = 0, w = 0;

	printf("lookup %d", bpf_map_lookup_elem(fd, &v, &w));
	printf(" without key %d", bpf_map_lookup_elem(fd, NULL, &w));
	printf(" update %d", bpf_map_update_elem(fd, &v, &w, 0));
	printf(" without key %d", bpf_map_update_elem(fd, NULL, &w, 0));
	printf(" delete %d", bpf_map_delete_elem(fd, &v));
	printf(" without key %d", bpf_map_delete_elem(fd, NULL));
	printf(" next %d", bpf_map_get_next_key(fd, NULL, &v));
	printf(" take %d", bpf_map_lookup_and_delete_elem(fd, NULL, &w));
	printf(" batch %d", bpf_map_lookup_batch(fd, NULL, &v, &v, &w, &n, NULL));
	n = 1;
	printf(" batch update %d\n", bpf_map_update_batch(fd, &v, &w, &n, NULL));
	printf("info %d", bpf_obj_get_info_by_fd(fd, &i, &len));
	printf(" type %u key %u value %u entries %u flags %x extra %llx name %s\n", i.type,
	       i.key_size, i.value_size, i.max_entries, i.map_flags,
	       (unsigned long long)i.map_extra, i.name);
	by_id = bpf_map_get_fd_by_id(i.id);
	printf("by id %d\n", by_id < 0 ? by_id : 0);
	printf("freeze %d", bpf_map_freeze(fd));
	printf(" again %d", bpf_map_freeze(fd));
	printf(" mmap then %s\n", mmap((void *)START, PAGES * 4096, PROT_READ | PROT_WRITE,
				       MAP_SHARED, fd, 0) == MAP_FAILED
					  ? strerror(errno)
					  : "works");
	munmap((void *)START, PAGES * 4096);
	close(by_id);
	close(fd);
}

/* --- mappings
 * -------------------------------------------------------------------------------------------- */

static void try_map(const char *what, int fd, __u64 at, __u64 len, int prot, int flags, __u64 off)
{
	void *p = mmap((void *)(unsigned long)at, len, prot, flags, fd, off);

	printf("mmap %s: %s\n", what,
	       p == MAP_FAILED	 ? strerror(errno)
	       : !at		 ? "somewhere"
	       : p == (void *)at ? "there"
				 : "elsewhere");
	if (p != MAP_FAILED)
		munmap(p, len);
}

static void mappings(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	int fixed = create(0, 0, PAGES, MMAPABLE, START), open = create(0, 0, PAGES, MMAPABLE, 0),
	    short_one = create(0, 0, PAGES, MMAPABLE, 0);
	const __u64 all = PAGES * 4096;

	try_map("at its place", fixed, START, all, rw, MAP_SHARED, 0);
	try_map("at its place, fixed", fixed, START, all, rw, MAP_SHARED | MAP_FIXED, 0);
	try_map("to read", fixed, START, all, PROT_READ, MAP_SHARED, 0);
	try_map("to execute", fixed, START, all, PROT_READ | PROT_EXEC, MAP_SHARED, 0);
	try_map("anywhere", fixed, 0, all, rw, MAP_SHARED, 0);
	try_map("elsewhere", fixed, START + all, all, rw, MAP_SHARED, 0);
	try_map("elsewhere, fixed", fixed, START + all, all, rw, MAP_SHARED | MAP_FIXED, 0);
	try_map("private", fixed, START, all, rw, MAP_PRIVATE, 0);
	try_map("a part", fixed, START, all - 4096, rw, MAP_SHARED, 0);
	try_map("part, fixed", fixed, START, all - 4096, rw, MAP_SHARED | MAP_FIXED, 0);
	try_map("more", fixed, START, all + 4096, rw, MAP_SHARED, 0);
	try_map("less than pages", fixed, START, all - 100, rw, MAP_SHARED, 0);
	try_map("behind its start", fixed, START, all - 4096, rw, MAP_SHARED, 4096);
	try_map("behind its start, fixed", fixed, START, all - 4096, rw, MAP_SHARED | MAP_FIXED,
		4096);
	try_map("nothing", fixed, START, 0, rw, MAP_SHARED, 0);
	try_map("too much", open, START, (1ull << 32) + 4096, rw, MAP_SHARED, 0);
	try_map("first", open, START + 65536, all, rw, MAP_SHARED, 0);
	try_map("second, elsewhere", open, START, all, rw, MAP_SHARED, 0);
	try_map("second, anywhere", open, 0, all, rw, MAP_SHARED, 0);
	try_map("second", open, START + 65536, all, rw, MAP_SHARED, 0);
	try_map("short", short_one, START, 2 * 4096, rw, MAP_SHARED, 0);
	try_map("all of it", short_one, START, all, rw, MAP_SHARED, 0);
	try_map("short again", short_one, START, 2 * 4096, rw, MAP_SHARED, 0);
	close(fixed);
	close(open);
	close(short_one);
}

/* --- programs
 * -------------------------------------------------------------------------------------------------
 */

#define I(c, d, s, o, i)                                                                           \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define LDX(size, d, s, o) I(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define LDXS(size, d, s, o) I(BPF_LDX | 0x80 | (size), d, s, o, 0)
#define STX(size, d, s, o) I(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define ST(size, d, o, i) I(BPF_ST | BPF_MEM | (size), d, 0, o, i)
#define ATOMIC(size, d, s, o, i) I(BPF_STX | BPF_ATOMIC | (size), d, s, o, i)
#define ALU(op, d, s) I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define ALUI(op, d, i) I(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define ALU32(op, d, s) I(BPF_ALU | (op) | BPF_X, d, s, 0, 0)
#define JMP(op, d, i, o) I(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define JMPX(op, d, s, o) I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define KERN(d, s) I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 1, 1)
#define USER(d, s) I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 1, 1 << 16)
#define OUT(n, s) STX(BPF_DW, 6, s, 16 + 8 * (n))
#define ACQUIRE 0x100
#define RELEASE 0x110
enum { B = BPF_B, H = BPF_H, W = BPF_W, D = BPF_DW };

/* clang-format off */
/*
 * Each begins with r6 the context, r1 what was its first word, cast to the kernel's view, r2 its second word; ends with
 * r0 = 0. in: what these words are, the first counted from the arena's start.
 */
static const struct {
	const char *name;
	__u64 in[2];
	struct bpf_insn body[12];
} program[] = {
	{"nothing", {0, 0}, {OUT(0, 1), OUT(1, 2)}},
	{"user view", {4, 0}, {USER(3, 1), OUT(0, 3), KERN(3, 3), OUT(1, 3)}},
	{"user view of nothing", {0, 0}, {ALUI(BPF_MOV, 1, 0), USER(3, 1), OUT(0, 3), I(BPF_LD | D | BPF_IMM, 1, 0, 0, 0), I(0, 0, 0, 0, 7), USER(1, 1), OUT(1, 1)}},
	{"user view of a number", {0, 0x1234567890ull}, {USER(2, 2), OUT(0, 2)}},
	{"view into itself", {0x18, 0}, {USER(1, 1), OUT(0, 1), KERN(1, 1), OUT(1, 1)}},
	{"no such view", {0, 0}, {I(BPF_ALU64 | BPF_MOV | BPF_X, 3, 1, 1, 2)}},
	{"no such view, either", {0, 0}, {I(BPF_ALU64 | BPF_MOV | BPF_X, 3, 1, 1, 1 << 16 | 1)}},
	{"view, 32 bits", {0, 0}, {I(BPF_ALU | BPF_MOV | BPF_X, 3, 1, 1, 1)}},
	{"a number is no pointer", {0, 0}, {USER(3, 1), LDX(D, 4, 3, 0)}},
	{"kernel's view of the stack", {0, 0}, {KERN(3, 10), LDX(D, 4, 3, -8), OUT(0, 4)}},
	{"kernel's view of the context", {0, 0}, {KERN(3, 6), LDX(D, 4, 3, 8), OUT(0, 4)}},
	{"user's view of the context", {0, 0}, {USER(3, 6), LDX(D, 4, 3, 8), OUT(0, 4)}},
	{"of what nobody set", {0, 0}, {KERN(3, 8), OUT(0, 3)}},

	{"loads", {0x10, 0}, {LDX(B, 3, 1, 0), OUT(0, 3), LDX(H, 3, 1, 0), OUT(1, 3), LDX(W, 3, 1, 0), OUT(2, 3), LDX(D, 3, 1, 0), OUT(3, 3)}},
	{"signed loads", {0x11, 0}, {LDXS(B, 3, 1, 0), OUT(0, 3), LDXS(H, 3, 1, 0), OUT(1, 3), LDXS(W, 3, 1, 0), OUT(2, 3)}},
	{"loads with their own base", {0x10, 0}, {ALU(BPF_MOV, 3, 1), LDX(B, 3, 3, 1), OUT(0, 3), LDX(D, 1, 1, 8), OUT(1, 1)}},
	{"stores", {0x100, 0x1122334455667788}, {STX(B, 1, 2, 0), STX(H, 1, 2, 2), STX(W, 1, 2, 4), STX(D, 1, 2, 8), LDX(D, 3, 1, 0), OUT(0, 3), LDX(D, 3, 1, 8), OUT(1, 3)}},
	{"stores of constants", {0x100, 0}, {ST(B, 1, 0, 0x11), ST(H, 1, 2, 0x2233), ST(W, 1, 4, 0x44556677), ST(D, 1, 8, -2), LDX(D, 3, 1, 0), OUT(0, 3), LDX(D, 3, 1, 8), OUT(1, 3)}},
	{"stores itself", {0x100, 0}, {STX(D, 1, 1, 0), LDX(D, 3, 1, 0), OUT(0, 3)}},
	{"across pages", {4092, 0x1122334455667788}, {STX(D, 1, 2, 0), LDX(D, 3, 1, 0), OUT(0, 3), LDX(W, 3, 1, 4), OUT(1, 3)}},
	{"across the last page that is there", {8188, 0x1122334455667788}, {STX(D, 1, 2, 0), LDX(D, 3, 1, 0), OUT(0, 3), LDX(W, 3, 1, 0), OUT(1, 3), STX(W, 1, 2, 0), LDX(W, 3, 1, 0), OUT(2, 3)}},
	{"into a page that is not there", {8192, 5}, {LDX(D, 3, 1, -4), OUT(0, 3), LDX(D, 3, 1, 0), OUT(1, 3), STX(D, 1, 2, 8), LDX(D, 3, 1, 8), OUT(2, 3)}},
	{"in front of it", {-8ull, 5}, {ST(D, 1, 0, 1), LDX(D, 3, 1, 0), OUT(0, 3), LDX(D, 3, 1, 8), OUT(1, 3), LDX(D, 3, 1, 4), OUT(2, 3)}},
	{"behind it", {PAGES * 4096, 5}, {ST(D, 1, 0, 1), LDX(D, 3, 1, 0), OUT(0, 3), LDX(D, 3, 1, -8192 - 4096), OUT(1, 3)}},
	{"displacements", {0x7000, 5}, {LDX(D, 3, 1, -0x6ff0), OUT(0, 3), ALUI(BPF_SUB, 1, 0x7000), LDX(D, 3, 1, 0x7ff8), OUT(1, 3), LDX(D, 3, 1, 4096), OUT(2, 3)}},
	{"beyond 32 bits", {0x10 + (3ull << 32), 0}, {LDX(D, 3, 1, 0), OUT(0, 3), OUT(1, 1)}},
	{"low end of the window", {0, 0}, {ALUI(BPF_MOV, 1, 0), KERN(1, 1), LDX(D, 3, 1, 0), OUT(0, 3), LDX(D, 3, 1, -8), OUT(1, 3), ST(D, 1, -16, 1), ALUI(BPF_MOV, 1, -1), KERN(1, 1), LDX(D, 3, 1, 4), OUT(2, 3)}},

	{"adds a number", {0x10, 8}, {ALU(BPF_ADD, 1, 2), OUT(0, 1), LDX(D, 3, 1, 0), OUT(1, 3)}},
	{"adds a large number", {0x10, 1ull << 33 | 8}, {ALU(BPF_ADD, 1, 2), OUT(0, 1), LDX(D, 3, 1, 0), OUT(1, 3)}},
	{"subtracts", {0x10, 0x20}, {ALU(BPF_SUB, 1, 2), OUT(0, 1), LDX(D, 3, 1, 0x20), OUT(1, 3)}},
	{"is added", {0x10, 8}, {ALU(BPF_ADD, 2, 1), OUT(0, 2), LDX(D, 3, 2, 0), OUT(1, 3)}},
	{"is added to a large number", {0x10, 1ull << 33 | 8}, {ALU(BPF_ADD, 2, 1), OUT(0, 2)}},
	{"is added to a large number and used", {0x10, 1 << 20 | 8}, {ALUI(BPF_LSH, 2, 13), ALU(BPF_ADD, 2, 1), OUT(0, 2), LDX(D, 3, 2, 0), OUT(1, 3)}},
	{"is subtracted", {0x10, 8}, {ALU(BPF_SUB, 2, 1), OUT(0, 2)}},
	{"is subtracted from itself", {0x10, 8}, {ALU(BPF_MOV, 2, 1), ALUI(BPF_ADD, 2, 40), ALU(BPF_SUB, 2, 1), OUT(0, 2)}},
	{"of 32 bits is subtracted", {0x10, 8}, {ALU(BPF_MOV, 2, 1), ALUI(BPF_ADD, 2, 40), ALU32(BPF_SUB, 2, 1), OUT(0, 2)}},
	{"multiplies", {0x10, 8}, {ALUI(BPF_MUL, 1, 3), OUT(0, 1), LDX(D, 3, 1, 0), OUT(1, 3)}},
	{"shifts", {0x10, 8}, {ALUI(BPF_LSH, 1, 28), OUT(0, 1), ALUI(BPF_RSH, 1, 28), OUT(1, 1), LDX(D, 3, 1, 0x10), OUT(2, 3)}},
	{"shifts far", {0x10, 8}, {ALUI(BPF_LSH, 1, 40), OUT(0, 1)}},
	{"shifts by a register", {0x10, 36}, {ALU(BPF_LSH, 1, 2), OUT(0, 1)}},
	{"ands", {0x1f, 8}, {ALUI(BPF_AND, 1, -16), OUT(0, 1), LDX(D, 3, 1, 0), OUT(1, 3), ALUI(BPF_OR, 1, 8), OUT(2, 1)}},
	{"shifts with the sign", {0x1f, 8}, {ALUI(BPF_SUB, 1, 0x7f), OUT(0, 1), ALUI(BPF_ARSH, 1, 1), OUT(1, 1)}},
	{"divides", {0x30, 3}, {ALU(BPF_DIV, 1, 2), OUT(0, 1), ALUI(BPF_ADD, 1, 7), ALUI(BPF_MOD, 1, 5), OUT(1, 1)}},
	{"negates", {0x10, 8}, {I(BPF_ALU64 | BPF_NEG, 1, 0, 0, 0), OUT(0, 1)}},
	{"swaps", {0x10, 8}, {I(BPF_ALU64 | BPF_END, 1, 0, 0, 64), OUT(0, 1)}},
	{"extends", {0x10, 8}, {I(BPF_ALU64 | BPF_MOV | BPF_X, 3, 1, 8, 0), OUT(0, 3)}},
	{"of 32 bits", {0x10, 8}, {ALU32(BPF_ADD, 1, 2), OUT(0, 1), LDX(D, 3, 1, 0), OUT(1, 3)}},
	{"moved by 32 bits", {0x10, 8}, {ALU32(BPF_MOV, 3, 1), OUT(0, 3)}},
	{"moved by 32 bits and used", {0x10, 8}, {ALU32(BPF_MOV, 3, 1), LDX(D, 3, 3, 0), OUT(0, 3)}},
	{"one access, two kinds", {0x10, 8}, {ST(D, 10, -8, 0), JMP(BPF_JGT, 2, 5, 2), ALU(BPF_MOV, 1, 10), ALUI(BPF_ADD, 1, -8), LDX(D, 3, 1, 0), OUT(0, 3)}},

	{"compares", {0x10, 8}, {ALUI(BPF_MOV, 3, 1), JMP(BPF_JEQ, 1, 0, 1), ALUI(BPF_MOV, 3, 2), OUT(0, 3), JMPX(BPF_JGT, 1, 2, 1), ALUI(BPF_MOV, 3, 4), OUT(1, 3), JMPX(BPF_JSGT, 2, 1, 1), ALUI(BPF_MOV, 3, 5), OUT(2, 3)}},
	{"keeps it on the stack", {0x10, 8}, {STX(D, 10, 1, -8), LDX(D, 3, 10, -8), LDX(D, 3, 3, 0), OUT(0, 3)}},
	{"keeps half of it on the stack", {0x10, 8}, {STX(D, 10, 1, -8), LDX(W, 3, 10, -8), OUT(0, 3)}},
	{"returns it", {0x10, 8}, {ALU(BPF_MOV, 0, 1), I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)}},
	{"stores the context", {0x100, 8}, {STX(D, 1, 6, 0), LDX(D, 3, 1, 0), ALU(BPF_SUB, 3, 6)}},
	{"gives it to a helper", {0x100, 8}, {ALUI(BPF_MOV, 2, 8), ALU(BPF_MOV, 3, 6), I(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_kernel)}},
	{"reads it with a helper", {0x10, 8}, {ALU(BPF_MOV, 3, 1), ALU(BPF_MOV, 1, 10), ALUI(BPF_ADD, 1, -8), ALUI(BPF_MOV, 2, 8), I(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_kernel), ALUI(BPF_MOV, 0, 0)}},

	{"add", {0x200, 3}, {ATOMIC(D, 1, 2, 0, BPF_ADD), ATOMIC(W, 1, 2, 8, BPF_ADD)}},
	{"or", {0x200, 5}, {ATOMIC(D, 1, 2, 0, BPF_OR), ATOMIC(W, 1, 2, 8, BPF_OR)}},
	{"and", {0x200, 9}, {ATOMIC(D, 1, 2, 0, BPF_AND), ATOMIC(W, 1, 2, 8, BPF_AND)}},
	{"xor", {0x200, 33}, {ATOMIC(D, 1, 2, 0, BPF_XOR), ATOMIC(W, 1, 2, 8, BPF_XOR)}},
	{"fetch add", {0x200, 3}, {ALU(BPF_MOV, 3, 2), ATOMIC(D, 1, 2, 0, BPF_ADD | BPF_FETCH), ATOMIC(W, 1, 3, 8, BPF_ADD | BPF_FETCH), OUT(0, 2), OUT(1, 3)}},
	{"fetch or", {0x200, 3}, {ATOMIC(D, 1, 2, 0, BPF_OR | BPF_FETCH), OUT(0, 2)}},
	{"fetch and", {0x200, 3}, {ATOMIC(D, 1, 2, 0, BPF_AND | BPF_FETCH), OUT(0, 2)}},
	{"fetch xor", {0x200, 3}, {ATOMIC(D, 1, 2, 0, BPF_XOR | BPF_FETCH), OUT(0, 2)}},
	{"fetch or, 32 bits", {0x200, 3}, {ATOMIC(W, 1, 2, 0, BPF_OR | BPF_FETCH), OUT(0, 2)}},
	{"exchange", {0x200, 3}, {ALU(BPF_MOV, 3, 2), ATOMIC(D, 1, 2, 0, BPF_XCHG), ATOMIC(W, 1, 3, 8, BPF_XCHG), OUT(0, 2), OUT(1, 3)}},
	{"compare and exchange", {0x200, 77}, {ALUI(BPF_MOV, 0, 3), ATOMIC(D, 1, 2, 0, BPF_CMPXCHG), OUT(0, 0), ALUI(BPF_MOV, 0, 1), ATOMIC(W, 1, 2, 8, BPF_CMPXCHG), OUT(1, 0)}},
	{"fetch add of the pointer", {0x200, 3}, {ATOMIC(D, 1, 1, 0, BPF_ADD | BPF_FETCH), OUT(0, 1)}},
	{"acquire", {0x10, 3}, {ATOMIC(B, 3, 1, 0, ACQUIRE), OUT(0, 3), ATOMIC(H, 3, 1, 0, ACQUIRE), OUT(1, 3), ATOMIC(W, 3, 1, 0, ACQUIRE), OUT(2, 3), ATOMIC(D, 3, 1, 0, ACQUIRE), OUT(3, 3)}},
	{"release", {0x300, 0x1122334455667788}, {ATOMIC(B, 1, 2, 0, RELEASE), ATOMIC(H, 1, 2, 2, RELEASE), ATOMIC(W, 1, 2, 4, RELEASE), ATOMIC(D, 1, 2, 8, RELEASE), LDX(D, 3, 1, 0), OUT(0, 3), LDX(D, 3, 1, 8), OUT(1, 3)}},
	{"atomics where no page is", {8192, 3}, {ALU(BPF_MOV, 3, 2), ATOMIC(D, 1, 2, 0, BPF_ADD | BPF_FETCH), OUT(0, 2), ATOMIC(D, 1, 3, 0, BPF_XCHG), OUT(1, 3), ALUI(BPF_MOV, 0, 9), ATOMIC(D, 1, 2, 0, BPF_CMPXCHG), OUT(2, 0), ATOMIC(D, 1, 2, 0, BPF_ADD), ATOMIC(D, 1, 2, 0, RELEASE)}},
};
/* clang-format on */

static int arena, second;
static unsigned char *at;

/* r6 = context, r1 = its first word in the kernel's view, r2 its second word; the body; r0 = 0. */
static int load(const struct bpf_insn *body, unsigned n, int map, int type)
{
	struct bpf_insn code[32] = {ALU(BPF_MOV, 6, 1),
				    I(BPF_LD | D | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map),
				    I(0, 0, 0, 0, 0),
				    LDX(D, 1, 6, 0),
				    KERN(1, 1),
				    LDX(D, 2, 6, 8),
				    I(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0)};
	unsigned k = 7;
	LIBBPF_OPTS(bpf_prog_load_opts, o,
		    .prog_flags = type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0);

	if (n)
		memcpy(code + k, body, n * sizeof(*body));
	k += n;
	code[k++] = I(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	code[k++] = I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return bpf_prog_load(type, NULL, "GPL", code, k, &o);
}

static void fill(void)
{
	for (unsigned k = 0; k < 8192; k++)
		at[k] = (unsigned char)(k * 37 + (k >> 8) + 0x80);
	memset(at + 0x100, 0, 0x300);
	memcpy(at + 0x200, &(__u64){0x1100000003}, 8);
	memcpy(at + 0x208, &(__u64){0x2200000001}, 8);
}

static unsigned sum(void)
{
	unsigned s = 0;

	for (unsigned k = 0; k < 8192; k++)
		s = s * 31 + at[k];
	return s;
}

static void programs(void)
{
	for (unsigned k = 0; k < ARRAY_SIZE(program); k++) {
		__u64 ctx[6] = {START + program[k].in[0], program[k].in[1], -1, -1, -1, -1};
		LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = ctx, .ctx_size_in = sizeof(ctx));
		unsigned n = ARRAY_SIZE(program[k].body);
		int fd, err;

		while (n && !program[k].body[n - 1].code &&
		       !(n > 1 && program[k].body[n - 2].code == (BPF_LD | D | BPF_IMM)))
			n--;
		fd = load(program[k].body, n, arena, BPF_PROG_TYPE_SYSCALL);
		if (fd < 0) {
			printf("%s: refused\n", program[k].name);
			continue;
		}
		fill();
		err = bpf_prog_test_run_opts(fd, &o);
		printf("%s: %d, returns %x, %llx %llx %llx %llx, arena %x\n", program[k].name, err,
		       o.retval, ctx[2], ctx[3], ctx[4], ctx[5], sum());
		close(fd);
	}
}

/* The address of a place in the arena as an instruction has it; which programs have one. */
static void references(void)
{
	static const __s32 off[] = {0, 8, 4096, PAGES * 4096 - 8, PAGES * 4096, PAGES * 4096 + 8,
				    -8};
	static const int type[] = {BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SOCKET_FILTER,
				   BPF_PROG_TYPE_SCHED_CLS};
	int no_place = create(0, 0, PAGES, MMAPABLE, 0), fd;

	for (unsigned k = 0; k < ARRAY_SIZE(off); k++) {
		struct bpf_insn body[] = {
			I(BPF_LD | D | BPF_IMM, 3, BPF_PSEUDO_MAP_VALUE, 0, arena),
			I(0, 0, 0, 0, off[k]),
			OUT(0, 3),
			KERN(3, 3),
			LDX(D, 3, 3, 0),
			OUT(1, 3)};
		__u64 ctx[6] = {0};
		LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = ctx, .ctx_size_in = sizeof(ctx));

		fd = load(body, ARRAY_SIZE(body), arena, BPF_PROG_TYPE_SYSCALL);
		if (fd >= 0)
			bpf_prog_test_run_opts(fd, &o);
		printf("place %d: %s %llx %llx\n", off[k], fd < 0 ? "refused" : "taken", ctx[2],
		       ctx[3]);
		close(fd);
	}
	{
		struct bpf_insn uncast[] = {
			I(BPF_LD | D | BPF_IMM, 3, BPF_PSEUDO_MAP_VALUE, 0, arena),
			I(0, 0, 0, 0, 0), LDX(D, 3, 3, 0)};
		struct bpf_insn two[] = {I(BPF_LD | D | BPF_IMM, 3, BPF_PSEUDO_MAP_FD, 0, second),
					 I(0, 0, 0, 0, 0)};
		struct bpf_insn lookup[] = {
			I(BPF_LD | D | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, arena),
			I(0, 0, 0, 0, 0),
			ALU(BPF_MOV, 2, 10),
			ALUI(BPF_ADD, 2, -8),
			ST(D, 10, -8, 0),
			I(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem)};

		printf("place without a view: %d\n",
		       load(uncast, 3, arena, BPF_PROG_TYPE_SYSCALL) < 0);
		printf("two arenas: %d\n", load(two, 2, arena, BPF_PROG_TYPE_SYSCALL) < 0);
		printf("lookup in it: %d\n", load(lookup, 6, arena, BPF_PROG_TYPE_SYSCALL) < 0);
	}
	printf("an arena without a place: %d\n",
	       load(NULL, 0, no_place, BPF_PROG_TYPE_SYSCALL) < 0);
	close(no_place);
	no_place = bpf_map_create(BPF_MAP_TYPE_ARRAY, "none", 4, 8, 1, NULL);
	printf("no arena: %d\n", load(NULL, 0, no_place, BPF_PROG_TYPE_SYSCALL) < 0);
	for (unsigned k = 0; k < ARRAY_SIZE(type); k++) {
		struct bpf_insn code[] = {I(BPF_LD | D | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, arena),
					  I(0, 0, 0, 0, 0),
					  ALUI(BPF_MOV, 1, 64),
					  KERN(1, 1),
					  LDX(W, 0, 1, 0),
					  ALUI(BPF_MOV, 0, 0),
					  I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};

		fd = bpf_prog_load(type[k], NULL, "GPL", code, ARRAY_SIZE(code), NULL);
		printf("type %d: %s\n", type[k], fd < 0 ? "refused" : "taken");
		close(fd);
	}
	close(no_place);
}

/* Which view user space has of a pointer that is stored: none with NO_USER_CONV. */
static void unconverted(void)
{
	int map = create(0, 0, PAGES, MMAPABLE | NO_USER_CONV, START + (1ull << 33)), fd;
	struct bpf_insn body[] = {USER(3, 1), OUT(0, 3), USER(2, 2), OUT(1, 2)};
	__u64 ctx[6] = {START + 0x10, 0x1234567890};
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = ctx, .ctx_size_in = sizeof(ctx));

	fd = load(body, ARRAY_SIZE(body), map, BPF_PROG_TYPE_SYSCALL);
	printf("unconverted: %d", fd < 0 ? fd : bpf_prog_test_run_opts(fd, &o));
	printf(", %llx %llx\n", ctx[2], ctx[3]);
	close(fd);
	close(map);
}

/*
 * Where kernel 6.18 leaves more in registers than its verifier believes, or does other arithmetic
 * than it believes: here it is what is believed.
 */
static int believed(void)
{
	/* clang-format off */
	static const struct {
		const char *name;
		__u64 in[2];
		struct bpf_insn body[12];
		__u64 out[4];
	} row[] = {
		{"a pointer on one path, a number on this one", {0x10, 4}, {JMP(BPF_JGT, 2, 5, 1), ALUI(BPF_MOV, 1, 64), ALUI(BPF_LSH, 1, 30), OUT(0, 1)}, {1ull << 36, -1, -1, -1}},
		{"a number on one path, a pointer on this one", {0x10, 8}, {JMP(BPF_JGT, 2, 5, 1), ALUI(BPF_MOV, 1, 64), ALUI(BPF_ADD, 1, 8), OUT(0, 1)}, {0x18, -1, -1, -1}},
		{"load-acquire without a page", {8192, -1}, {ATOMIC(W, 2, 1, 0, ACQUIRE), OUT(0, 2)}, {0, -1, -1, -1}},
		{"fetch add of 32 bits without a page", {8192, 5ull << 32 | 6}, {ATOMIC(W, 1, 2, 0, BPF_ADD | BPF_FETCH), OUT(0, 2)}, {6, -1, -1, -1}},
		{"cmpxchg of 32 bits without a page", {8192, 5ull << 32 | 6}, {ALU(BPF_MOV, 0, 2), ATOMIC(W, 1, 2, 0, BPF_CMPXCHG), OUT(0, 0)}, {6, -1, -1, -1}},
	};
	/* clang-format on */
	int bad = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(row); k++) {
		__u64 ctx[6] = {START + row[k].in[0], row[k].in[1], -1, -1, -1, -1};
		LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = ctx, .ctx_size_in = sizeof(ctx));
		unsigned n = ARRAY_SIZE(row[k].body);
		int fd;

		while (n && !row[k].body[n - 1].code)
			n--;
		fd = load(row[k].body, n, arena, BPF_PROG_TYPE_SYSCALL);
		if (fd < 0 || bpf_prog_test_run_opts(fd, &o) ||
		    memcmp(ctx + 2, row[k].out, sizeof(row[k].out)) != 0) {
			printf("%s: %d, %llx\n", row[k].name, fd, ctx[2]);
			bad++;
		}
		close(fd);
	}
	return bad != 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (argc < 3) {
		attributes();
		elements();
		mappings();
	}
	arena = create(0, 0, PAGES, MMAPABLE, START);
	second = create(0, 0, PAGES, MMAPABLE, START + (1ull << 40));
	at = mmap((void *)START, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, arena, 0);
	if (at == MAP_FAILED) {
		printf("no mapping: %s\n", strerror(errno));
		return 1;
	}
	if (argc > 2)
		return believed();
	programs();
	references();
	unconverted();
	return 0;
}
