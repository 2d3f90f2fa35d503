/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's word on objects that skep wrote: kernel-moving [-o] ORIGINAL WRITTEN [...]
 * Both are loaded. The verdicts must be equal, and for each program the kernel
 * must report the same functions and the same sequence of source lines; XDP and
 * tc programs must answer packets alike. With -o, for optimized objects: an
 * object that was refused may be accepted, and lines are only those that the
 * original has, in the kernel or in its file, because the kernel drops the lines
 * of code that it finds dead. Exit status 77 when bpf(2) is not allowed.
 */
#include "obj/obj.h"
#include "../slurp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKET = 128, PACKETS = 16 };

struct kinfo {
	struct bpf_prog_info info;
	struct bpf_func_info *func;
	struct bpf_line_info *line;
};

static unsigned loaded, refused, gained, compared, runs, lines;
/* The object that is compared, as skep reads it; with -o. */
static const struct skep_obj *source;
static bool optimized;

static int quiet_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static bool get_info(int fd, struct kinfo *k)
{
	__u32 len = sizeof(k->info), nf, nl;

	memset(k, 0, sizeof(*k));
	if (bpf_obj_get_info_by_fd(fd, &k->info, &len))
		return false;
	nf = k->info.nr_func_info;
	nl = k->info.nr_line_info;
	k->func = calloc(nf + 1, sizeof(*k->func));
	k->line = calloc(nl + 1, sizeof(*k->line));
	memset(&k->info, 0, sizeof(k->info));
	k->info.nr_func_info = nf;
	k->info.func_info_rec_size = sizeof(*k->func);
	k->info.func_info = (unsigned long)k->func;
	k->info.nr_line_info = nl;
	k->info.line_info_rec_size = sizeof(*k->line);
	k->info.line_info = (unsigned long)k->line;
	len = sizeof(k->info);
	return !bpf_obj_get_info_by_fd(fd, &k->info, &len);
}

static bool same_line(const struct bpf_line_info *x, const struct bpf_line_info *y)
{
	return x->line_col == y->line_col && x->file_name_off == y->file_name_off && x->line_off == y->line_off;
}

/* Does the file of the original have the line? */
static bool in_file(const struct bpf_line_info *x)
{
	for (u32 i = 0; source && i < source->nfunc; i++)
		SKEP_FOR_INSN(n, source->func[i])
			if (n->line && n->line->line_col == x->line_col && n->line->file == x->file_name_off &&
			    n->line->text == x->line_off)
				return true;
	return false;
}

/* Every line of b is one of a. */
static const char *compare_lines(const struct kinfo *a, const struct kinfo *b)
{
	for (__u32 i = 0; i < b->info.nr_line_info; i++, lines++) {
		__u32 k = 0;

		while (k < a->info.nr_line_info && !same_line(&a->line[k], &b->line[i]))
			k++;
		if (k == a->info.nr_line_info && !in_file(&b->line[i]))
			return "a source line that the original does not have";
	}
	if (a->info.nr_line_info && !b->info.nr_line_info)
		return "no source lines any more";
	return NULL;
}

/* The loader puts functions behind a program in the order in which it calls them, which may have changed. */
static bool has_func(const struct kinfo *a, __u32 type_id)
{
	for (__u32 i = 0; i < a->info.nr_func_info; i++)
		if (a->func[i].type_id == type_id)
			return true;
	return false;
}

static const char *compare_info(const struct kinfo *a, const struct kinfo *b)
{
	if (a->info.nr_func_info != b->info.nr_func_info)
		return "another number of functions";
	for (__u32 i = 0; i < a->info.nr_func_info; i++)
		if (!has_func(a, b->func[i].type_id) || !has_func(b, a->func[i].type_id) ||
		    a->func[0].type_id != b->func[0].type_id ||
		    (i && b->func[i].insn_off <= b->func[i - 1].insn_off))
			return "another function";
	if (optimized)
		return compare_lines(a, b);
	if (a->info.nr_line_info != b->info.nr_line_info)
		return "another number of source lines";
	for (__u32 i = 0; i < a->info.nr_line_info; i++, lines++) {
		const struct bpf_line_info *x = &a->line[i], *y = &b->line[i];

		if (x->line_col != y->line_col || x->file_name_off != y->file_name_off ||
		    x->line_off != y->line_off)
			return "another source line";
		if (y->insn_off < x->insn_off)
			return "a source line went back although instructions were only put in";
	}
	return NULL;
}

/* The same packets through both; maps start equal and stay so as long as the programs do the same.
 */
static const char *compare_runs(const struct bpf_program *p, int a, int b)
{
	enum bpf_prog_type type = bpf_program__type(p);
	unsigned state = 12345;

	if (type != BPF_PROG_TYPE_XDP && type != BPF_PROG_TYPE_SCHED_CLS)
		return NULL;
	for (int n = 0; n < PACKETS; n++) {
		unsigned char in[PACKET], out[2][PACKET * 4];
		LIBBPF_OPTS(bpf_test_run_opts, x, .data_in = in, .data_size_in = PACKET,
			    .data_out = out[0], .data_size_out = sizeof(out[0]), .repeat = 1);
		LIBBPF_OPTS(bpf_test_run_opts, y, .data_in = in, .data_size_in = PACKET,
			    .data_out = out[1], .data_size_out = sizeof(out[1]), .repeat = 1);
		int ex, ey;

		for (int i = 0; i < PACKET; i++)
			in[i] = (unsigned char)((state = state * 1103515245 + 12345) >> 16);
		/* Every other one is IPv4 with a TCP or UDP header. */
		if (n & 1) {
			memcpy(in + 12, "\x08\x00\x45\x00\x00\x72", 6);
			in[23] = n & 2 ? 6 : 17;
		}
		memset(out, 0, sizeof(out));
		ex = bpf_prog_test_run_opts(a, &x);
		ey = bpf_prog_test_run_opts(b, &y);
		if (ex != ey ||
		    (!ex && (x.retval != y.retval || x.data_size_out != y.data_size_out ||
			     memcmp(out[0], out[1], x.data_size_out))))
			return "another answer to a packet";
		runs++;
	}
	return NULL;
}

static int compare_objects(const char *path, struct bpf_object *a, struct bpf_object *b)
{
	struct bpf_program *p;
	int bad = 0;

	bpf_object__for_each_program(p, a)
	{
		struct bpf_program *q = bpf_object__find_program_by_name(b, bpf_program__name(p));
		const char *why = "a program is lost";
		struct kinfo x, y;

		/* Programs that are not to be loaded by default. */
		if (q && bpf_program__fd(p) < 0 && bpf_program__fd(q) < 0)
			continue;
		if (q && get_info(bpf_program__fd(p), &x) && get_info(bpf_program__fd(q), &y)) {
			why = compare_info(&x, &y);
			if (!why)
				why = compare_runs(p, bpf_program__fd(p), bpf_program__fd(q));
			free(x.func);
			free(x.line);
			free(y.func);
			free(y.line);
		}
		compared++;
		if (why) {
			printf("FAIL %s: %s: %s\n", path, bpf_program__name(p), why);
			bad = 1;
		}
	}
	return bad;
}

static int check(const char *original, const char *moved)
{
	struct bpf_object *a = bpf_object__open_file(original, NULL),
			  *b = bpf_object__open_file(moved, NULL);
	int ea = -1, eb = -1, bad = 0;

	if (!a != !b) {
		printf("FAIL %s: libbpf opens only one\n", original);
		bad = 1;
	}
	if (a && b) {
		ea = bpf_object__load(a);
		eb = bpf_object__load(b);
		if (!ea && !eb)
			loaded++;
		else if (optimized && !eb)
			gained++;
		else
			refused++;
		if (!ea != !eb && !(optimized && !eb)) {
			printf("FAIL %s: loading says %d, moved %d\n", original, ea, eb);
			bad = 1;
		} else if (!ea) {
			bad = compare_objects(original, a, b);
		}
	}
	bpf_object__close(a);
	bpf_object__close(b);
	return bad;
}

static int check_optimized(const char *original, const char *written)
{
	struct skep_objfile *file = NULL;
	struct skep_arena arena;
	size_t len;
	void *image = slurp(original, &len);
	int bad;

	skep_arena_init(&arena);
	if (image && skep_obj_read(image, len, &arena, NULL, &file) == 0)
		source = file->obj;
	bad = check(original, written);
	source = NULL;
	skep_arena_fini(&arena);
	free(image);
	return bad;
}

int main(int argc, char **argv)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 4, 1, NULL), bad = 0;

	if (fd < 0) {
		printf("SKIP: bpf(2) says %s\n0 passed, 0 failed, 1 skipped\n", strerror(errno));
		return 77;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(quiet_print);
	optimized = argc > 1 && strcmp(argv[1], "-o") == 0;
	argv += optimized;
	argc -= optimized;
	for (int i = 1; i + 1 < argc; i += 2)
		bad += optimized ? check_optimized(argv[i], argv[i + 1]) : check(argv[i], argv[i + 1]);
	printf("%u pairs loaded, %u refused both, %u accepted now, %u programs, %u source lines, %u packets\n",
	       loaded, refused, gained, compared, lines, runs);
	printf("%d passed, %d failed, 0 skipped\n", argc / 2 - bad, bad);
	return bad ? 1 : 0;
}
