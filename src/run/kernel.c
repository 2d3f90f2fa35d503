/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running kernel as judge: programs are loaded through libbpf, all at once
 * or, when one is refused, one by one, with the verifier's statistics;
 * networking programs are run. Reports are
 * in the caller's arena; all descriptors are closed before return.
 */
#include "run/run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { LOG_SIZE = 1 << 20, SMALL_LOG = 4096, LOG_STATS = 4, DEFAULT_SAMPLES = 5, DEFAULT_ENTRIES = 64 };

struct loader {
	const struct skep_obj *obj;
	const void *image;
	size_t len;
	const struct skep_kernel_opts *opts;
	struct skep_arena *arena;
	char *log;
};

static int no_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* libbpf's maps may lack what the program's own loader sets. */
static void complete_maps(struct bpf_object *bo, bool pins)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, bo) {
		const struct skep_map_type *t = skep_map_type_find(bpf_map__type(m));

		if (t && !(t->flags & SKEP_MF_UNSIZED) && !bpf_map__max_entries(m))
			bpf_map__set_max_entries(m, DEFAULT_ENTRIES);
		if (!pins)
			bpf_map__set_pin_path(m, NULL);
	}
}

/*
 * A place of so many bytes, at most 4 GiB, that is free here and may be free elsewhere: away from
 * where programs and their libraries lie, and each time another one, since a process may want
 * several arenas. 0: there is none.
 */
static u64 free_place(u64 bytes)
{
	enum { TRIES = 64, WINDOWS = 1 << 14 };
	const u64 window = (u64)1 << 32, lowest = (u64)1 << 44;
	struct timespec now;
	struct skep_rng rng;

	clock_gettime(CLOCK_MONOTONIC, &now);
	skep_rng_init(&rng, (u64)now.tv_nsec << 32 ^ (u64)now.tv_sec ^ (u64)getpid() << 16);
	for (u32 k = 0; k < TRIES; k++) {
		u64 at = lowest + skep_rng_next(&rng) % WINDOWS * window;
		void *p = mmap((void *)(uintptr_t)at, bytes, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p != MAP_FAILED)
			munmap(p, bytes);
		if (p == (void *)(uintptr_t)at)
			return at;
	}
	return 0;
}

/* With numbers where the object refers to variables in its arena, which is at `place` then. */
static struct bpf_object *open_placed(const void *image, size_t len, u64 place,
				      const struct bpf_object_open_opts *oo)
{
	struct skep_arena arena;
	struct skep_objfile *file;
	struct bpf_object *bo = NULL;
	struct skep_buf out = {0};
	struct skep_diags ds;
	int err;

	skep_arena_init(&arena);
	skep_diags_init(&ds);
	err = skep_obj_read(image, len, &arena, &ds, &file);
	if (!err)
		err = skep_obj_place_arena(file, place);
	if (!err)
		err = skep_obj_write(file, SKEP_WRITE_REMAKE, &ds, &out);
	if (!err)
		bo = bpf_object__open_mem(out.p, out.n, oo);
	else
		errno = err == SKEP_ENOMEM ? ENOMEM : EINVAL;
	skep_buf_fini(&out);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
	return bo;
}

static struct bpf_object *open_any(const struct skep_obj *obj, const void *image, size_t len,
				   u64 place, const struct bpf_object_open_opts *oo)
{
	const struct skep_map *arena = skep_obj_arena(obj);
	struct bpf_object *bo;

	if (!arena)
		return bpf_object__open_mem(image, len, oo);
	place = place		   ? place
		: arena->map_extra ? arena->map_extra
				   : free_place((u64)arena->max_entries * 4096);
	if (!place) {
		errno = ENOMEM;
		return NULL;
	}
	bo = open_placed(image, len, place, oo);
	if (bo)
		bpf_map__set_map_extra(bpf_object__find_map_by_name(bo, arena->name), place);
	return bo;
}

struct bpf_object *skep_run_libbpf(const struct skep_obj *obj, const void *image, size_t len,
				   const char *name, bool pins, u64 place)
{
	LIBBPF_OPTS(bpf_object_open_opts, oo, .object_name = name);
	struct bpf_object *bo = open_any(obj, image, len, place, &oo);
	struct bpf_program *p;

	if (!bo)
		return NULL;
	bpf_object__for_each_program(p, bo) {
		const struct skep_func *f = skep_func_find(obj, bpf_program__name(p));

		bpf_program__set_autoload(p, false);
		if (bpf_program__type(p) == BPF_PROG_TYPE_UNSPEC && f && f->prog_type)
			bpf_program__set_type(p, (enum bpf_prog_type)f->prog_type);
	}
	complete_maps(bo, pins);
	return bo;
}

/* Pins belong to the loader of the program. */
static struct bpf_object *open_object(const struct loader *l)
{
	return skep_run_libbpf(l->obj, l->image, l->len, "skep", false, 0);
}

static u32 parse_processed(const char *log)
{
	const char *p = NULL, *q = log;
	unsigned n = 0;

	while ((q = strstr(q, "processed "))) {
		p = q;
		q++;
	}
	return p && sscanf(p, "processed %u insns", &n) == 1 ? n : 0;
}

/* The end of the log without the statistics: what was wrong. */
static const char *log_tail(struct skep_arena *arena, char *log)
{
	char *end = strncmp(log, "processed ", 10) == 0 ? log : strstr(log, "\nprocessed ");
	char *p;
	int lines = 0;

	if (end)
		*end = 0;
	p = log + strlen(log);
	while (p > log && lines < 6)
		if (*--p == '\n')
			lines++;
	return skep_arena_strdup(arena, *p == '\n' ? p + 1 : p);
}

/* A frame that most parsers like: Ethernet, IPv4, TCP to port 80. */
static void make_frame(u8 *p, size_t n)
{
	static const u8 head[] = {0x02, 0, 0, 0, 0, 1,	  0x02, 0,   0, 0,   0, 2,   8, 0,  0x45, 0,
				  0,	110, 0x12, 0x34, 0, 0, 64, 6, 0, 0, 10, 0,   0, 1,  10,	  0,
				  0,	2, 0x30, 0x39, 0,	80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 2};

	for (size_t i = 0; i < n; i++)
		p[i] = i < sizeof(head) ? head[i] : (u8)i;
}

bool skep_run_takes_packets(u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
		return true;
	default:
		return false;
	}
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void measure(const struct loader *l, int fd, struct skep_kernel_prog *out)
{
	u32 samples = l->opts->samples ? l->opts->samples : DEFAULT_SAMPLES;
	u8 in[124], reply[1024];
	double ns[64] = {0};
	u32 n = 0;

	make_frame(in, sizeof(in));
	samples = SKEP_MIN(samples, (u32)SKEP_ARRAY_SIZE(ns));
	for (u32 k = 0; k < samples; k++) {
		LIBBPF_OPTS(bpf_test_run_opts, to, .data_in = in, .data_size_in = sizeof(in), .data_out = reply,
			    .data_size_out = sizeof(reply), .repeat = (int)l->opts->repeat);

		if (bpf_prog_test_run_opts(fd, &to))
			return;
		ns[n++] = to.duration;
		out->retval = to.retval;
	}
	qsort(ns, n, sizeof(ns[0]), by_value);
	out->ns = ns[n / 2];
}

static void ask_sizes(int fd, struct skep_kernel_prog *out)
{
	struct bpf_prog_info info = {0};
	u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	out->xlated = info.xlated_prog_len;
	out->jited = info.jited_prog_len;
}

static int load_one(const struct loader *l, const char *name, struct skep_kernel_prog *out)
{
	struct bpf_object *bo = open_object(l);
	struct bpf_program *p;
	int err;

	out->name = skep_arena_strdup(l->arena, name);
	if (!bo) {
		out->err = -errno;
		return 0;
	}
	p = bpf_object__find_program_by_name(bo, name);
	if (!p) {
		out->err = -ENOENT;
		goto done;
	}
	l->log[0] = 0;
	bpf_program__set_autoload(p, true);
	bpf_program__set_log_level(p, LOG_STATS);
	bpf_program__set_log_buf(p, l->log, LOG_SIZE);
	err = bpf_object__load(bo);
	out->err = err < 0 ? err : 0;
	out->processed = parse_processed(l->log);
	if (err) {
		/* Once more with the verifier's words. */
		bpf_object__close(bo);
		bo = open_object(l);
		p = bo ? bpf_object__find_program_by_name(bo, name) : NULL;
		if (p) {
			bpf_program__set_autoload(p, true);
			bpf_program__set_log_level(p, 1);
			bpf_program__set_log_buf(p, l->log, LOG_SIZE);
			l->log[0] = 0;
			bpf_object__load(bo);
			out->log = log_tail(l->arena, l->log);
		}
		goto done;
	}
	ask_sizes(bpf_program__fd(p), out);
	if (l->opts->repeat && skep_run_takes_packets(bpf_program__type(p)))
		measure(l, bpf_program__fd(p), out);
done:
	if (bo)
		bpf_object__close(bo);
	return 0;
}

/*
 * All programs in one go: quick, and the only way for objects whose prog arrays
 * name their programs. False when any of them is refused.
 */
static bool load_all(const struct loader *l, struct skep_kernel_report *r, u32 n)
{
	struct bpf_object *bo = open_object(l);
	char *logs = calloc(n ? n : 1, SMALL_LOG);
	struct bpf_program *p;
	bool ok = bo && logs;
	u32 k = 0;

	if (ok) {
		bpf_object__for_each_program(p, bo) {
			bpf_program__set_autoload(p, true);
			bpf_program__set_log_level(p, LOG_STATS);
			bpf_program__set_log_buf(p, logs + (size_t)k++ * SMALL_LOG, SMALL_LOG);
		}
		ok = bpf_object__load(bo) == 0;
	}
	k = 0;
	if (ok)
		bpf_object__for_each_program(p, bo) {
			struct skep_kernel_prog *out = &r->prog[k];

			out->name = skep_arena_strdup(l->arena, bpf_program__name(p));
			out->processed = parse_processed(logs + (size_t)k++ * SMALL_LOG);
			ask_sizes(bpf_program__fd(p), out);
			if (l->opts->repeat && skep_run_takes_packets(bpf_program__type(p)))
				measure(l, bpf_program__fd(p), out);
		}
	if (bo)
		bpf_object__close(bo);
	free(logs);
	r->n = k;
	return ok;
}

/* Can this process load programs at all? NULL when it can. */
static const char *probe(void)
{
	struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "skep_probe", "GPL", code, 2, NULL);

	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	return errno == EPERM ? "no permission to load programs" : "this kernel loads no programs";
}

int skep_run_kernel(const struct skep_obj *obj, const void *image, size_t len,
		    const struct skep_kernel_opts *opts, struct skep_arena *arena, struct skep_kernel_report **out)
{
	struct skep_kernel_report *r = SKEP_NEW(arena, struct skep_kernel_report);
	struct loader l = {obj, image, len, opts, arena, NULL};
	struct bpf_object *bo;
	struct bpf_program *p;
	u32 n = 0;

	*out = r;
	libbpf_set_print(no_print);
	r->unavailable = probe();
	r->no_access = r->unavailable != NULL;
	if (r->unavailable)
		return 0;
	bo = open_object(&l);
	if (!bo) {
		r->unavailable = errno == EOPNOTSUPP || errno == ENOTSUP
					 ? "libbpf does not take this object (an old map section?)"
					 : "libbpf cannot open this object";
		return 0;
	}
	l.log = malloc(LOG_SIZE);
	bpf_object__for_each_program(p, bo)
		n++;
	r->prog = SKEP_NEW_N(arena, struct skep_kernel_prog, n);
	if (l.log && !load_all(&l, r, n))
		bpf_object__for_each_program(p, bo)
			load_one(&l, bpf_program__name(p), &r->prog[r->n++]);
	bpf_object__close(bo);
	free(l.log);
	return l.log ? 0 : SKEP_ENOMEM;
}
