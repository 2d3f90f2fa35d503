/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nanoseconds of a map's operation from a program, by test runs: in the kernel when started by
 * itself, in skep when started through skep exec.
 *
 *	bench-maps [REPEAT [ROUNDS]]
 *
 * A loop of operations, less the same loop without one, for as many threads; of each the best of
 * ROUNDS turns of REPEAT runs, which alternate, so that what else the machine does disturbs both.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TURNS = 64, ENTRIES = 1024, THREADS = 2 };

static int repeat = 2000, rounds = 20;

static int load(int map, int helper)
{
	struct bpf_insn code[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 6},
	    {.code = BPF_ST | BPF_DW | BPF_MEM, .dst_reg = 10, .off = -16, .imm = 7},
	    {.code = BPF_STX | BPF_W | BPF_MEM, .dst_reg = 10, .src_reg = 6, .off = -4},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
	    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 3, .src_reg = 10},
	    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 3, .imm = -16},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4},
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = map >= 0 ? BPF_PSEUDO_MAP_FD : 0, .imm = map},
	    {0},
	    helper ? (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = helper}
		   : (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 6, .imm = 1},
	    {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 6, .off = -11, .imm = TURNS},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2},
	    {.code = BPF_JMP | BPF_EXIT}};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "bench", "GPL", code, sizeof(code) / sizeof(*code), NULL);
}

static double run(int prog)
{
	unsigned char in[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = sizeof(in), .repeat = repeat);

	if (prog < 0 || bpf_prog_test_run_opts(prog, &o))
		return -1;
	return (double)o.duration / TURNS;
}

static void *thread(void *arg)
{
	double *ns = arg;

	*ns = run((int)*ns);
	return NULL;
}

/* The slowest of several threads that do the same at once; less than 0: it failed. */
static double run_threads(int prog, int n)
{
	pthread_t t[THREADS];
	double ns[THREADS], worst = 0;
	bool failed = false;

	for (int k = 0; k < n; k++) {
		ns[k] = prog;
		pthread_create(&t[k], NULL, thread, &ns[k]);
	}
	for (int k = 0; k < n; k++) {
		pthread_join(t[k], NULL);
		worst = ns[k] > worst ? ns[k] : worst;
		failed |= ns[k] < 0;
	}
	return failed ? -1 : worst;
}

/* ns[k]: of an operation by k + 1 threads. */
static bool measure(int prog, int loop, double ns[THREADS])
{
	for (int k = 0; k < THREADS; k++) {
		double with = 1e9, without = 1e9;

		for (int turn = 0; turn < rounds; turn++) {
			double x = run_threads(prog, k + 1), y = run_threads(loop, k + 1);

			if (x < 0 || y < 0)
				return false;
			with = x < with ? x : with;
			without = y < without ? y : without;
		}
		ns[k] = with - without;
	}
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum bpf_map_type type;
		int helper;
	} row[] = {{"array lookup", BPF_MAP_TYPE_ARRAY, BPF_FUNC_map_lookup_elem},
		   {"percpu_array lookup", BPF_MAP_TYPE_PERCPU_ARRAY, BPF_FUNC_map_lookup_elem},
		   {"hash lookup", BPF_MAP_TYPE_HASH, BPF_FUNC_map_lookup_elem},
		   {"lru_hash lookup", BPF_MAP_TYPE_LRU_HASH, BPF_FUNC_map_lookup_elem},
		   {"array update", BPF_MAP_TYPE_ARRAY, BPF_FUNC_map_update_elem},
		   {"hash update", BPF_MAP_TYPE_HASH, BPF_FUNC_map_update_elem},
		   {"percpu_hash update", BPF_MAP_TYPE_PERCPU_HASH, BPF_FUNC_map_update_elem}};
	int failed = 0, loop = load(-1, 0);

	if (argc > 1)
		repeat = atoi(argv[1]);
	if (argc > 2)
		rounds = atoi(argv[2]);
	printf("%-22s %10s %10s   ns\n", "", "1 thread", "2 threads");
	for (unsigned k = 0; k < sizeof(row) / sizeof(*row); k++) {
		int map = bpf_map_create(row[k].type, "bench", 4, 8, ENTRIES, NULL);
		unsigned long long values[256] = {0};
		double ns[THREADS];

		for (int key = 0; key < TURNS; key++)
			bpf_map_update_elem(map, &key, values, 0);
		if (measure(load(map, row[k].helper), loop, ns))
			printf("%-22s %10.2f %10.2f\n", row[k].name, ns[0], ns[1]);
		else
			failed = 1;
		close(map);
	}
	return failed;
}
