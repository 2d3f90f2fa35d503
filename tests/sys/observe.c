/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What others can see of programs that run: counts, times while someone wants them, and the
 * names of native code for perf and gdb.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/jit.h"
#include "sys/sys.h"

static unsigned failed;

static void check(const char *what, bool ok)
{
	if (ok)
		return;
	printf("FAIL %s\n", what);
	failed++;
}

static int load(void)
{
	struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
				  {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {0};

	a.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = SKEP_ARRAY_SIZE(code);
	a.license = (u64)(uintptr_t) "GPL";
	memcpy(a.prog_name, "observed", 9);
	return skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static int attach(int prog)
{
	union bpf_attr a = {0};

	a.raw_tracepoint.prog_fd = (u32)prog;
	a.raw_tracepoint.name = (u64)(uintptr_t) "event";
	return skep_sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
}

static struct bpf_prog_info info(int prog)
{
	struct bpf_prog_info i = {0};
	union bpf_attr a = {0};

	a.info.bpf_fd = (u32)prog;
	a.info.info_len = sizeof(i);
	a.info.info = (u64)(uintptr_t)&i;
	check("OBJ_GET_INFO_BY_FD", skep_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) == 0);
	return i;
}

static int enable(u32 type)
{
	union bpf_attr a = {0};

	a.enable_stats.type = type;
	return skep_sys_bpf(BPF_ENABLE_STATS, &a, sizeof(a));
}

static void raise_times(u32 n)
{
	u64 arg = 1;

	for (u32 k = 0; k < n; k++)
		if (skep_sys_raise("event", &arg, 1) != 1)
			check("skep_sys_raise", false);
}

/* A thread asks every 1,024 runs: so many are enough for it to know. */
static void counts(int prog)
{
	u64 ns;
	int fd, copy;

	raise_times(3000);
	check("runs are counted", info(prog).run_cnt == 3000);
	check("and not timed", info(prog).run_time_ns == 0);
	check("another kind of statistics", enable(7) == -EINVAL);
	fd = enable(BPF_STATS_RUN_TIME);
	copy = dup(fd);
	check("ENABLE_STATS", fd >= 0 && copy >= 0);
	close(fd);
	raise_times(3000);
	ns = info(prog).run_time_ns;
	check("runs are timed while a copy is open", ns > 0);
	check("runs are still counted", info(prog).run_cnt == 6000);
	close(copy);
	raise_times(1100);
	ns = info(prog).run_time_ns;
	raise_times(3000);
	check("runs are timed no more", info(prog).run_time_ns == ns);
}

/* --- stacks --------------------------------------------------------------------------------- */

/* r0 = get_stackid(ctx, map, 0), and the stack itself into an array. */
static int load_stacks(u32 type, int stacks, int array)
{
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = 2,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = stacks},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_stackid},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 7, .src_reg = 0},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = 1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = array},
		{0},
		{.code = BPF_ST | BPF_W | BPF_MEM, .dst_reg = 10, .off = -4, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
		{.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 0, .off = 2, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
		{.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = 0, .src_reg = 7, .off = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 7, .src_reg = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 0},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = 16},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 64},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_stack},
		{.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = 7, .src_reg = 0, .off = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr a = {0};

	a.prog_type = type;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = SKEP_ARRAY_SIZE(code);
	a.license = (u64)(uintptr_t) "GPL";
	return skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static int make_map(u32 type, u32 value, u32 entries)
{
	union bpf_attr a = {0};

	a.map_type = type;
	a.key_size = 4;
	a.value_size = value;
	a.max_entries = entries;
	return skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static int element(int cmd, int fd, u32 key, void *value)
{
	union bpf_attr a = {0};

	a.map_fd = (u32)fd;
	a.key = (u64)(uintptr_t)&key;
	a.value = (u64)(uintptr_t)value;
	return skep_sys_bpf(cmd, &a, sizeof(a));
}

/* Is there a return address in this function (of less than 8000 bytes) among the frames? */
static bool through(const u64 *ip, u32 n, void (*fn)(void))
{
	for (u32 k = 0; k < n; k++)
		if (ip[k] > (u64)(uintptr_t)fn && ip[k] < (u64)(uintptr_t)fn + 8000)
			return true;
	return false;
}

static struct skep_sys_prog *walker;
__attribute__((noinline)) static void inner(void)
{
	u64 ctx[12] = {0};

	skep_sys_prog_run(walker, ctx);
	__asm__ volatile("" ::: "memory");
}
__attribute__((noinline)) static void outer(void)
{
	inner();
	__asm__ volatile("" ::: "memory");
}

static void stacks(void)
{
	int map = make_map(BPF_MAP_TYPE_STACK_TRACE, 64, 16),
	    array = make_map(BPF_MAP_TYPE_ARRAY, 80, 1),
	    prog = load_stacks(BPF_PROG_TYPE_RAW_TRACEPOINT, map, array);
	u64 v[10] = {0}, trace[8] = {0}, again[10] = {0};

	check("a program that walks its stack", map >= 0 && array >= 0 && prog >= 0);
	walker = skep_sys_prog_get(prog);
	if (!walker)
		return;
	for (volatile u32 k = 0; k < 2; k++) { /* from one place */
		outer();
		element(BPF_MAP_LOOKUP_ELEM, array, 0, k ? again : v);
	}
	check("get_stack gives frames", (s64)v[1] > 0 && v[1] % 8 == 0);
	check("those of the callers",
	      through(v + 2, (u32)v[1] / 8, inner) && through(v + 2, (u32)v[1] / 8, outer));
	check("get_stackid gives an id", v[0] < 16 && v[0] == again[0]);
	check("of the same stack", element(BPF_MAP_LOOKUP_ELEM, map, (u32)v[0], trace) == 0 &&
					   memcmp(trace, v + 2, v[1]) == 0);
	check("which can be deleted",
	      element(BPF_MAP_DELETE_ELEM, map, (u32)v[0], NULL) == 0 &&
		      element(BPF_MAP_LOOKUP_ELEM, map, (u32)v[0], trace) == -ENOENT);
	skep_sys_prog_put(walker);
}

/* A function with a probe at its entry, where its own frame is not there yet. */
__attribute__((noinline)) static void probed(void)
{
	static volatile u64 sum;

	for (u32 k = 0; k < 3; k++)
		sum += k;
}
__attribute__((noinline)) static void caller(void)
{
	probed();
	__asm__ volatile("" ::: "memory");
}

static void stack_at_probe(void)
{
	int map = make_map(BPF_MAP_TYPE_STACK_TRACE, 64, 16),
	    array = make_map(BPF_MAP_TYPE_ARRAY, 80, 1);
	int prog = load_stacks(BPF_PROG_TYPE_KPROBE, map, array), err;
	struct skep_sys_attachment *a;
	char why[128] = "";
	u64 v[10] = {0};

	check("a program for a probe that walks the stack", prog >= 0);
	err = skep_sys_attach(prog, (const void *)probed, false, 0, &a, why, sizeof(why));
	if (err) {
		printf("SKIP the stack at a probe: %s\n", why);
		return;
	}
	caller();
	skep_sys_detach(a);
	element(BPF_MAP_LOOKUP_ELEM, array, 0, v);
	check("the stack at a probe begins with the function",
	      v[1] >= 24 && v[2] == (u64)(uintptr_t)probed);
	check("and its callers follow",
	      through(v + 3, 1, caller) && through(v + 4, (u32)v[1] / 8 - 2, stack_at_probe));
}

static void perf_map(void)
{
	char path[64], line[256];
	unsigned long long at;
	unsigned size, found = 0;
	char name[128];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %x %127s", &at, &size, name) == 3 && at && size &&
		    strncmp(name, "bpf_prog_", 9) == 0 && strcmp(name + 25, "_observed") == 0)
			found++;
	check("a line in the file for perf", found == 1);
	if (f)
		fclose(f);
	unlink(path);
}

/* The layouts are gdb's. */
struct entry {
	struct entry *next, *prev;
	const char *file;
	u64 size;
};
extern struct {
	u32 version, action;
	struct entry *relevant, *first;
} __jit_debug_descriptor;

static void gdb(void)
{
	u32 found = 0;

	for (struct entry *e = __jit_debug_descriptor.first; e; e = e->next)
		for (u64 k = 0; k + 9 < e->size; k++)
			found += memcmp(e->file + k, "_observed", 10) == 0;
	check("a symbol for gdb", found == 1);
}

int main(void)
{
	char dir[] = "/tmp/skep-observe-XXXXXX", cmd[64];
	int prog, link;

	if (!mkdtemp(dir) || setenv("SKEP_STORE", dir, 1) || setenv("SKEP_PERF_MAP", "1", 1))
		return 1;
	prog = load();
	link = attach(prog);
	check("loading and attaching", prog >= 0 && link >= 0);
	counts(prog);
	stacks();
	stack_at_probe();
	if (skep_jit_engine()) {
		perf_map();
		gdb();
	} else {
		printf("SKIP names of native code: there is no compiler for this processor\n");
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) || failed ? 1 : 0;
}
