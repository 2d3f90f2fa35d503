/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What optimizing for speed does to the time that networking programs take in the
 * running kernel.
 *
 * usage: kernel-time [-q] OBJECT...
 * Each program runs on the same packets before and after, in turns: those of many
 * generated ones on which it goes through most instructions while its maps are
 * empty (the interpreter counts), for what it throws away at once says little. Through
 * BPF_PROG_TEST_RUN; of each packet the median of the processor time of either
 * counts (what the kernel returns is rounded to nanoseconds), and the program's
 * time is their sum. Noise is what two runs of the unchanged program, taken in the
 * same turns, differ by. A program that does nothing runs in the same turns, too:
 * what it takes is the kernel's, and the last column but one leaves it out of both
 * times. The table is Markdown; programs that take under 2 ns a packet more than
 * that one stand in it but not in the mean. -q measures once (so that the
 * benchmark itself is tested).
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "obj/obj.h"
#include "opt/opt.h"
#include "run/run.h"
#include "../tests/slurp.h"

enum { TRIED = 3000 };
enum { PACKETS = 8, TURNS = 9, REPEAT = 20000, PACKET_MAX = 256, SHORT = 2 };
enum { BEFORE, AFTER, AGAIN, NOTHING, SIDES };

struct totals {
	u32 programs, shorter, slower;
	double change, inner, noise;
};

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

/* The object, optimized for speed, as a file; false when skep cannot read it. */
static bool optimized(const void *image, size_t len, struct skep_buf *out)
{
	struct skep_opt_opts opts = {.sz = sizeof(opts), .mode = SKEP_OPT_SPEED};
	struct skep_opt_result res = {0};
	struct skep_arena arena;
	struct skep_objfile *file;
	bool ok;

	skep_arena_init(&arena);
	res.arena = &arena;
	ok = skep_obj_read(image, len, &arena, NULL, &file) == 0 &&
	     skep_opt_run(file->obj, &opts, NULL, &res) == 0 && res.nedit &&
	     skep_obj_write(file, 0, NULL, out) == 0;
	skep_arena_fini(&arena);
	return ok;
}

/* Loaded, all of it, or with `only` that program alone; NULL: the kernel refuses. */
static struct bpf_object *load(const void *image, size_t len, const char *only)
{
	LIBBPF_OPTS(bpf_object_open_opts, oo, .object_name = "bench");
	struct bpf_object *o = bpf_object__open_mem(image, len, &oo);
	struct bpf_program *p;

	if (!o)
		return NULL;
	bpf_object__for_each_program(p, o)
		bpf_program__set_autoload(p, strcmp(bpf_program__name(p), only) == 0);
	if (bpf_object__load(o)) {
		bpf_object__close(o);
		return NULL;
	}
	return o;
}

/* A program of the type that does nothing, or a negative number. */
static int nothing(enum bpf_prog_type type)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = BPF_REG_0,
		 .imm = type == BPF_PROG_TYPE_XDP ? XDP_PASS : 0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(type, "nothing", "GPL", code, SKEP_ARRAY_SIZE(code), NULL);
}

/* Processor time of this thread in nanoseconds. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of a run, or a negative number. */
static double run(int fd, const u8 *packet, u32 len)
{
	u8 reply[PACKET_MAX * 4];
	LIBBPF_OPTS(bpf_test_run_opts, to, .data_in = packet, .data_size_in = len,
		    .data_out = reply, .data_size_out = sizeof(reply), .repeat = REPEAT);
	double start = now();

	return bpf_prog_test_run_opts(fd, &to) ? -1 : (now() - start) / REPEAT;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct packet {
	u8 data[PACKET_MAX];
	u32 len;
	u64 executed;
};

/* Put it among the longest, one for each number of instructions. */
static void keep(struct packet *best, const struct skep_run_input *in, u64 executed)
{
	u32 least = 0;

	for (u32 k = 0; k < PACKETS; k++) {
		if (best[k].executed == executed)
			return;
		if (best[k].executed < best[least].executed)
			least = k;
	}
	if (in->pkt_len < 64 || in->pkt_len > PACKET_MAX || in->meta_len ||
	    executed <= best[least].executed)
		return;
	memcpy(best[least].data, in->pkt, in->pkt_len);
	best[least].len = in->pkt_len;
	best[least].executed = executed;
}

/* Packets on which the program has most to do; those that are missing are any. */
static void choose(const void *image, size_t len, const char *name, struct packet *out)
{
	const struct skep_run_load_opts lo = {.budget = 100000};
	struct skep_run_vm r = {0};
	struct skep_run_input in;
	struct skep_vm_input vin;
	struct skep_vm_result res;
	struct skep_objfile *file;
	struct skep_run_gen *gen = NULL;
	struct skep_arena arena;
	struct skep_rng rng;

	memset(out, 0, PACKETS * sizeof(*out));
	skep_arena_init(&arena);
	if (skep_obj_read(image, len, &arena, NULL, &file) == 0 &&
	    skep_func_find(file->obj, name) &&
	    skep_run_load(file, skep_func_find(file->obj, name), &lo, &arena, NULL, &r) == 0)
		gen = skep_run_gen_new(&r, 1);
	if (gen)
		skep_vm_watch(r.vm, skep_run_gen_watch(gen));
	for (u32 k = 0; gen && k < TRIED; k++) {
		skep_run_gen_next(gen, &in);
		skep_run_input_vm(&in, &vin);
		if (skep_vm_run(r.vm, 0, &vin, &res))
			break;
		skep_run_gen_learn(gen, &in);
		if (!res.trap)
			keep(out, &in, res.executed);
	}
	skep_run_gen_free(gen);
	skep_run_fini(&r);
	skep_arena_fini(&arena);
	skep_rng_init(&rng, 1);
	for (u32 k = 0; k < PACKETS; k++)
		if (!out[k].len)
			out[k].len = SKEP_MAX(skep_run_packet(&rng, out[k].data, PACKET_MAX), 64u);
}

/* Sums over the packets of the medians; false when a run fails. */
static bool measure(const int fd[SIDES], const struct packet *packet, u32 turns, double sum[SIDES])
{
	double ns[SIDES][TURNS];

	memset(sum, 0, SIDES * sizeof(*sum));
	for (u32 k = 0; k < PACKETS; k++) {

		for (u32 t = 0; t < turns; t++)
			for (u32 s = 0; s < SIDES; s++) {
				u32 side = (s + t) % SIDES;

				ns[side][t] = run(fd[side], packet[k].data, packet[k].len);
				if (ns[side][t] < 0)
					return false;
			}
		for (u32 s = 0; s < SIDES; s++) {
			qsort(ns[s], turns, sizeof(ns[s][0]), by_value);
			sum[s] += ns[s][turns / 2];
		}
	}
	return true;
}

static void measure_program(const char *path, const char *name, const void *image, size_t len,
			    const struct skep_buf *better, u32 turns, struct totals *t)
{
	struct bpf_object *o[] = {load(image, len, name), load(better->p, better->n, name),
				  load(image, len, name)};
	const char *base = strrchr(path, '/');
	struct packet packet[PACKETS];
	double sum[SIDES];
	int fd[SIDES];
	bool ok = true;

	for (u32 s = 0; s < NOTHING; s++) {
		ok = ok && o[s];
		fd[s] = ok ? bpf_program__fd(bpf_object__find_program_by_name(o[s], name)) : -1;
	}
	fd[NOTHING] =
		ok ? nothing(bpf_program__type(bpf_object__find_program_by_name(o[BEFORE], name)))
		   : -1;
	if (fd[NOTHING] >= 0)
		choose(image, len, name, packet);
	if (fd[NOTHING] >= 0 && measure(fd, packet, turns, sum) && sum[BEFORE] > 0) {
		double own = (sum[BEFORE] + sum[AGAIN]) / 2;
		double change = 100 * (sum[AFTER] - own) / own,
		       noise = 100 * (sum[AGAIN] - sum[BEFORE]) / own;
		double inner = 100 * (sum[AFTER] - own) / SKEP_MAX(own - sum[NOTHING], 1.0);
		bool counts = own - sum[NOTHING] >= SHORT * PACKETS;

		printf("| %s | %s | %.1f | %.1f | %.1f | %+.1f %% | %+.1f %% | %+.1f %% |\n",
		       base ? base + 1 : path, name, sum[NOTHING] / PACKETS, own / PACKETS,
		       sum[AFTER] / PACKETS, change, inner, noise);
		fflush(stdout);
		t->programs += counts;
		t->shorter += !counts;
		t->change += counts ? change : 0;
		t->inner += counts ? inner : 0;
		t->noise += counts ? fabs(noise) : 0;
		t->slower += counts && change > 5 && change > 2 * fabs(noise);
	}
	for (u32 s = 0; s < NOTHING; s++)
		bpf_object__close(o[s]);
	if (fd[NOTHING] >= 0)
		close(fd[NOTHING]);
}

static void measure_object(const char *path, u32 turns, struct totals *t)
{
	struct skep_buf better = {0};
	struct bpf_object *o;
	struct bpf_program *p;
	size_t len;
	void *image = slurp(path, &len);

	o = image && optimized(image, len, &better) ? bpf_object__open_mem(image, len, NULL) : NULL;
	if (o)
		bpf_object__for_each_program(p, o)
			if (skep_run_takes_packets(bpf_program__type(p)))
				measure_program(path, bpf_program__name(p), image, len, &better,
						turns, t);
	bpf_object__close(o);
	skep_buf_fini(&better);
	free(image);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "-q") == 0;
	struct totals t = {0};

	libbpf_set_print(silent);
	if (bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4, 1, NULL) < 0) {
		printf("SKIP kernel-time: the kernel does not let this user load programs (%s)\n",
		       strerror(errno));
		return 77;
	}
	printf("| object | program | ns of nothing | ns before | ns after | | without nothing | noise |\n"
	       "|---|---|---|---|---|---|---|---|\n");
	for (int k = 1 + quick; k < argc; k++)
		measure_object(argv[k], quick ? 1 : TURNS, &t);
	if (t.programs)
		printf("\n%u programs: %+.1f %% in the mean, %+.1f %% without what nothing takes, noise %.1f %%; %u slower by "
		       "more than 5 %% and twice their noise; %u under %d ns left out\n",
		       t.programs, t.change / t.programs, t.inner / t.programs,
		       t.noise / t.programs, t.slower, t.shorter, SHORT);
	return t.programs + t.shorter ? 0 : 1;
}
