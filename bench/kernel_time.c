/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What optimizing for speed does to the time that networking programs take in the
 * running kernel.
 *
 * usage: kernel-time [-q] OBJECT...
 * Each program runs on the same packets before and after, in turns, through
 * BPF_PROG_TEST_RUN; of each packet the median time of either counts, and the
 * program's time is their sum. Noise is what two runs of the unchanged program,
 * taken in the same turns, differ by. The table is Markdown; programs that take
 * under 2 ns a packet, most of it the call, stand in it but not in the mean.
 * -q measures once (so that the benchmark itself is tested).
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "obj/obj.h"
#include "opt/opt.h"
#include "run/run.h"
#include "../tests/slurp.h"

enum { PACKETS = 8, TURNS = 15, REPEAT = 20000, PACKET_MAX = 256, SHORT = 2 };
enum { BEFORE, AFTER, AGAIN, SIDES };

struct totals {
	u32 programs, shorter, slower;
	double change, noise;
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
	ok = skep_obj_read(image, len, &arena, NULL, &file) == 0 && skep_opt_run(file->obj, &opts, NULL, &res) == 0 &&
	     res.nedit && skep_obj_write(file, 0, NULL, out) == 0;
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

/* Nanoseconds of a run, or a negative number. */
static double run(int fd, const u8 *packet, u32 len)
{
	u8 reply[PACKET_MAX * 4];
	LIBBPF_OPTS(bpf_test_run_opts, to, .data_in = packet, .data_size_in = len, .data_out = reply,
		    .data_size_out = sizeof(reply), .repeat = REPEAT);

	return bpf_prog_test_run_opts(fd, &to) ? -1 : (double)to.duration;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Sums over the packets of the medians; false when a run fails. */
static bool measure(const int fd[SIDES], u32 turns, double sum[SIDES])
{
	struct skep_rng rng;
	u8 packet[PACKET_MAX];
	double ns[SIDES][TURNS];

	skep_rng_init(&rng, 1);
	memset(sum, 0, SIDES * sizeof(*sum));
	for (u32 k = 0; k < PACKETS; k++) {
		u32 len = SKEP_MAX(skep_run_packet(&rng, packet, sizeof(packet)), 64u);

		for (u32 t = 0; t < turns; t++)
			for (u32 s = 0; s < SIDES; s++) {
				u32 side = (s + t) % SIDES;

				ns[side][t] = run(fd[side], packet, len);
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
	struct bpf_object *o[SIDES] = {load(image, len, name), load(better->p, better->n, name),
				       load(image, len, name)};
	const char *base = strrchr(path, '/');
	double sum[SIDES];
	int fd[SIDES];
	bool ok = true;

	for (u32 s = 0; s < SIDES; s++) {
		ok = ok && o[s];
		fd[s] = ok ? bpf_program__fd(bpf_object__find_program_by_name(o[s], name)) : -1;
	}
	if (ok && measure(fd, turns, sum) && sum[BEFORE] > 0) {
		double own = (sum[BEFORE] + sum[AGAIN]) / 2;
		double change = 100 * (sum[AFTER] - own) / own, noise = 100 * (sum[AGAIN] - sum[BEFORE]) / own;
		bool counts = own >= SHORT * PACKETS;

		printf("| %s | %s | %.1f | %.1f | %+.1f %% | %+.1f %% |\n", base ? base + 1 : path, name, own / PACKETS,
		       sum[AFTER] / PACKETS, change, noise);
		fflush(stdout);
		t->programs += counts;
		t->shorter += !counts;
		t->change += counts ? change : 0;
		t->noise += counts ? fabs(noise) : 0;
		t->slower += counts && change > 5 && change > 2 * fabs(noise);
	}
	for (u32 s = 0; s < SIDES; s++)
		bpf_object__close(o[s]);
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
				measure_program(path, bpf_program__name(p), image, len, &better, turns, t);
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
		printf("SKIP kernel-time: the kernel does not let this user load programs (%s)\n", strerror(errno));
		return 77;
	}
	printf("| object | program | ns before | ns after | | noise |\n|---|---|---|---|---|---|\n");
	for (int k = 1 + quick; k < argc; k++)
		measure_object(argv[k], quick ? 1 : TURNS, &t);
	if (t.programs)
		printf("\n%u programs: %+.1f %% in the mean, noise %.1f %%; %u slower by more than 5 %% and twice their noise; "
		       "%u under %d ns left out\n",
		       t.programs, t.change / t.programs, t.noise / t.programs, t.slower, t.shorter, SHORT);
	return t.programs + t.shorter ? 0 : 1;
}
