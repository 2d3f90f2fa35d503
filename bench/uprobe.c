/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nanoseconds that a probe adds to a call of a function of this program: in the kernel when
 * started by itself (as root), in skep when started through skep exec. The same programs and
 * the same function.
 *
 *	bench-uprobe [CALLS]
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 25 };

__attribute__((noinline, noclone)) long probed(long x);
long probed(long x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}
static long (*volatile call)(long) = probed;

/* --- programs -------------------------------------------------------------------------- */

#define INSN(c, d, s, o, i) {.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)}

static int load(const struct bpf_insn *code, size_t n)
{
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, o, .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "bench", "GPL", code, n, &o);

	if (fd < 0)
		fprintf(stderr, "the program is refused: %s\n%s", strerror(errno), log);
	return fd;
}

static int nothing(void)
{
	struct bpf_insn code[] = {INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};

	return load(code, 2);
}

/* Adds the first argument to an element that is looked up. */
static int adds(enum bpf_map_type type)
{
	int map = bpf_map_create(type, "bench", 4, 8, 64, NULL);
	struct bpf_insn code[] = {
	    INSN(BPF_LDX | BPF_DW | BPF_MEM, 6, 1, 112, 0), /* di */
	    INSN(BPF_ST | BPF_W | BPF_MEM, 10, 0, -4, 7),
	    INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
	    INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
	    INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map),
	    INSN(0, 0, 0, 0, 0),
	    INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
	    INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0),
	    INSN(BPF_STX | BPF_DW | BPF_ATOMIC, 0, 6, 0, BPF_ADD),
	    INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
	    INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
	__u32 key = 7;
	__u64 zero = 0;

	if (map < 0 || (type == BPF_MAP_TYPE_HASH && bpf_map_update_elem(map, &key, &zero, 0)))
		return -1;
	return load(code, sizeof(code) / sizeof(*code));
}

/* --- attaching ---------------------------------------------------------------------------- */

static unsigned long offset_of(const void *f)
{
	unsigned long lo, hi, off, found = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &lo, &hi, &off) == 3 && (unsigned long)f >= lo && (unsigned long)f < hi)
			found = (unsigned long)f - lo + off;
	if (maps)
		fclose(maps);
	return found;
}

static int attach(int prog, int on_return, int *event)
{
	struct perf_event_attr a = {.size = sizeof(a), .type = 9, .config = (unsigned)on_return,
				    .config1 = (unsigned long)"/proc/self/exe", .config2 = offset_of((void *)probed)};
	FILE *type = fopen("/sys/bus/event_source/devices/uprobe/type", "r");

	if (type) {
		if (fscanf(type, "%u", &a.type) != 1)
			a.type = 9;
		fclose(type);
	}
	*event = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
	return *event < 0 ? -1 : bpf_link_create(prog, *event, BPF_PERF_EVENT, NULL);
}

/* --- measuring ------------------------------------------------------------------------------ */

/* The fastest of several rounds: others use the processor, too. */
static double ns_per_call(long calls)
{
	double best = 1e18;

	for (int r = 0; r < ROUNDS; r++) {
		struct timespec from, to;
		double ns;

		clock_gettime(CLOCK_MONOTONIC, &from);
		for (long k = 0; k < calls; k++)
			if (call(k) != k + 1)
				abort();
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / (double)calls;
		best = ns < best ? ns : best;
	}
	return best;
}

static int measure(const char *what, int prog, int on_return, long calls)
{
	double plain = ns_per_call(calls), with;
	int event = -1, link = prog < 0 ? -1 : attach(prog, on_return, &event);

	if (link < 0) {
		fprintf(stderr, "%s: cannot attach: %s\n", what, strerror(errno));
		return errno == EPERM || errno == EACCES || errno == ENOENT ? 77 : 1;
	}
	with = ns_per_call(calls);
	close(link);
	close(event);
	printf("%-28s %8.1f ns\n", what, with - plain);
	return 0;
}

int main(int argc, char **argv)
{
	long calls = argc > 1 ? atol(argv[1]) : 100000;
	static const char *const name[] = {"nothing", "array lookup and add", "hash lookup and add"};
	int prog[] = {nothing(), adds(BPF_MAP_TYPE_ARRAY), adds(BPF_MAP_TYPE_HASH)};

	for (int on_return = 0; on_return < 2; on_return++)
		for (int k = 0; k < 3; k++) {
			char what[64];
			int err;

			snprintf(what, sizeof(what), "%s, %s", on_return ? "return" : "entry", name[k]);
			err = measure(what, prog[k], on_return, calls);
			if (err)
				return err;
		}
	return 0;
}
