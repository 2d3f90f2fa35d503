/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What skep's verifier says of every program of many objects, with its time: one
 * JSON object a line for each program, with the same keys as verdicts.c prints.
 *
 * usage: verify [-b BTF] [-n BUDGET] [-p PROGRAM] [-f FLAGS] OBJECT...
 * -b is the kernel's types (default: those of the running kernel, if it shows them)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "obj/obj.h"
#include "verify/verify.h"
#include "../slurp.h"

static struct skep_btf *kernel;
static struct skep_verify_opts opts = {.sz = sizeof(opts)};
static const char *only;

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static const char *verdict_name(int err, const struct skep_verify_result *r)
{
	static const char *const names[] = {"safe", "unsafe", "undecided"};

	return err ? "failed" : names[r->verdict];
}

/* All that was said, the error first. */
static void put_messages(struct skep_json *j, const struct skep_diags *ds)
{
	struct skep_buf b = {0};

	skep_diags_print(ds, "", &b);
	skep_json_kstr(j, "log", b.p);
	skep_buf_fini(&b);
}

static void check(const char *path, const struct skep_obj *obj, const struct skep_func *f)
{
	struct skep_verify_result r = {0};
	struct skep_arena arena;
	struct skep_buf text = {0};
	struct skep_diags ds;
	struct skep_json j;
	u64 start;
	int err;

	skep_arena_init(&arena);
	skep_diags_init(&ds);
	start = now_ns();
	err = skep_verify_prog(obj, f, &opts, &arena, &ds, &r);
	start = now_ns() - start;
	skep_json_init(&j, &text, false);
	skep_json_open(&j, '{');
	skep_json_kstr(&j, "object", path);
	skep_json_kstr(&j, "program", f->name);
	skep_json_kstr(&j, "section", f->sec->name);
	skep_json_kint(&j, "type", f->prog_type);
	skep_json_kstr(&j, "verdict", verdict_name(err, &r));
	skep_json_kint(&j, "err", err);
	skep_json_kint(&j, "code", r.code);
	skep_json_kint(&j, "insns", r.insns);
	skep_json_kint(&j, "usec", (s64)(start / 1000));
	skep_json_kint(&j, "processed", (s64)r.processed);
	skep_json_kint(&j, "states", r.states);
	skep_json_kint(&j, "peak_states", r.peak_states);
	skep_json_kint(&j, "peak_bytes", (s64)r.peak_bytes);
	if (err || r.verdict != SKEP_SAFE)
		put_messages(&j, &ds);
	skep_json_close(&j, '}');
	printf("%s", text.failed ? "" : text.p);
	fflush(stdout);
	skep_buf_fini(&text);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
}

static void check_object(const char *path)
{
	struct skep_objfile *file;
	struct skep_arena arena;
	struct skep_diags ds;
	size_t len;
	void *image = slurp(path, &len);

	skep_arena_init(&arena);
	skep_diags_init(&ds);
	if (image && skep_obj_read(image, len, &arena, &ds, &file) == 0) {
		/* Records that cannot be resolved stay; the program tells when it meets them. */
		if (kernel)
			skep_core_resolve(file->obj, kernel, &arena, &ds, NULL);
		for (u32 i = 0; i < file->obj->nfunc; i++)
			if ((file->obj->func[i]->flags & SKEP_FF_PROG) &&
			    (!only || strcmp(only, file->obj->func[i]->name) == 0))
				check(path, file->obj, file->obj->func[i]);
	}
	free(image);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const char *btf = "/sys/kernel/btf/vmlinux";
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_btf *types;
	size_t len;
	void *image;
	int opt;

	while ((opt = getopt(argc, argv, "b:n:p:f:")) != -1) {
		switch (opt) {
		case 'b': btf = optarg; break;
		case 'n': opts.budget = strtoull(optarg, NULL, 0); break;
		case 'p': only = optarg; break;
		case 'f': opts.flags = (u32)strtoul(optarg, NULL, 0); break;
		default: return 2;
		}
	}
	skep_arena_init(&arena);
	skep_diags_init(&ds);
	image = slurp(btf, &len);
	if (image && len && skep_btf_read(image, len, false, &arena, &ds, &types) == 0)
		skep_btf_index(kernel = types, &arena);
	opts.kernel = kernel;
	for (int i = optind; i < argc; i++)
		check_object(argv[i]);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
	free(image);
	return 0;
}
