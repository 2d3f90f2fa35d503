/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast objects are read, written and optimized.
 *
 * usage: speed [-q] OBJECT...
 * For each object: MB/s of reading and of making everything anew, and
 * milliseconds (of processor time, one thread) of optimizing (reading, counting what a verifier has to do, and writing
 * are in it), each the median of several runs; then the same
 * over all objects. -q measures once (so that the benchmark itself is tested).
 */
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "obj/obj.h"
#include "run/run.h"
#include "../tests/slurp.h"

enum { RUNS = 7 };

struct figures {
	double read_s, write_s, opt_s;
	u32 insns;
	size_t bytes;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The running kernel's types, read each time that somebody asks; the arena is the user. */
static struct skep_btf *target_types(void *user)
{
	struct skep_btf *btf = NULL;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	size_t len = fd >= 0 && fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
	void *image = len ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (image == MAP_FAILED)
		image = slurp("/sys/kernel/btf/vmlinux", &len);
	if (image && skep_btf_read(image, len, false, user, NULL, &btf) == 0)
		skep_btf_index(btf, user);
	return btf;
}

/* One run over one object; false when it cannot be read. */
static bool run_once(const void *image, size_t len, struct figures *out)
{
	struct skep_opt_opts opts = {.sz = sizeof(opts), .mode = SKEP_OPT_SIZE};
	struct skep_cost_opts cost = {.sz = sizeof(cost), .dearer = 5, .types = target_types};
	struct skep_optimized res;
	struct skep_arena arena;
	struct skep_objfile *file;
	struct skep_buf buf = {0}, made = {0};
	double t0, t1, t2, t3;
	bool ok;

	skep_arena_init(&arena);
	cost.types_user = &arena;
	t0 = now();
	ok = skep_obj_read(image, len, &arena, NULL, &file) == 0;
	t1 = now();
	if (ok) {
		ok = skep_obj_write(file, SKEP_WRITE_REMAKE | SKEP_WRITE_KEEP_ALL, NULL, &buf) == 0;
		t2 = now();
		out->insns = 0;
		for (u32 k = 0; k < file->obj->nfunc; k++)
			out->insns += file->obj->func[k]->ninsns;
		t3 = now();
		ok = ok && skep_run_optimize(image, len, &opts, NULL, &cost, &arena, NULL, &res,
					     &made) == 0;
		out->opt_s = now() - t3;
		out->read_s = t1 - t0;
		out->write_s = t2 - t1;
		out->bytes = len;
	}
	skep_buf_fini(&made);
	skep_buf_fini(&buf);
	skep_arena_fini(&arena);
	return ok;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median(double *v, u32 n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static bool measure(const char *path, u32 runs, struct figures *out)
{
	double r[RUNS], w[RUNS], o[RUNS];
	size_t len = 0;
	void *image = slurp(path, &len);
	bool ok = image != NULL;

	for (u32 k = 0; k < runs && ok; k++) {
		ok = run_once(image, len, out);
		r[k] = out->read_s;
		w[k] = out->write_s;
		o[k] = out->opt_s;
	}
	free(image);
	if (!ok)
		return false;
	out->read_s = median(r, runs);
	out->write_s = median(w, runs);
	out->opt_s = median(o, runs);
	return true;
}

int main(int argc, char **argv)
{
	struct figures all = {0};
	bool quick = argc > 1 && argv[1][0] == '-';
	u32 runs = quick ? 1 : RUNS;

	printf("%-40s %9s %9s %9s %9s %9s\n", "object", "bytes", "insns", "read MB/s", "write MB/s",
	       "opt ms");
	for (int i = quick ? 2 : 1; i < argc; i++) {
		const char *base = argv[i];
		struct figures f;

		for (const char *p = argv[i]; *p; p++)
			if (*p == '/')
				base = p + 1;
		if (!measure(argv[i], runs, &f)) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
		printf("%-40s %9zu %9u %9.0f %9.0f %9.2f\n", base, f.bytes, f.insns,
		       (double)f.bytes / f.read_s / 1e6, (double)f.bytes / f.write_s / 1e6,
		       f.opt_s * 1e3);
		all.bytes += f.bytes;
		all.insns += f.insns;
		all.read_s += f.read_s;
		all.write_s += f.write_s;
		all.opt_s += f.opt_s;
	}
	if (all.bytes)
		printf("%-40s %9zu %9u %9.0f %9.0f %9.2f\n", "all", all.bytes, all.insns,
		       (double)all.bytes / all.read_s / 1e6, (double)all.bytes / all.write_s / 1e6,
		       all.opt_s * 1e3);
	return 0;
}
