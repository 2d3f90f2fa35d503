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
	struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
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
		if (sscanf(line, "%llx %x %127s", &at, &size, name) == 3 && at && size && strncmp(name, "bpf_prog_", 9) == 0 &&
		    strcmp(name + 25, "_observed") == 0)
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
	if (skep_jit_engine()) {
		perf_map();
		gdb();
	} else {
		printf("SKIP names of native code: there is no compiler for this processor\n");
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) || failed ? 1 : 0;
}
