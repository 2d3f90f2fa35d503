/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the running kernel says of every program of many objects: one JSON object
 * a line for each program, with the verifier's own statistics. verdicts.py sets
 * this beside what `skep check` says. Programs are loaded all at once where the
 * kernel takes them all, else one by one; nothing stays loaded.
 *
 * usage: verdicts [-t TYPE] [-u] OBJECT...
 * -t is the program type, as a number, of programs whose section does not tell
 * -u asks as a user: without CAP_PERFMON and CAP_SYS_ADMIN, and without CAP_BPF if the system
 * lets such users load programs
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "obj/obj.h"
#include "../slurp.h"
#include "../lower.h"
#include "exceptions.h"

enum { LOG_SIZE = 1 << 18, SMALL_LOG = 8192, LOG_STATS = 4, TAIL_LINES = 12, DEFAULT_ENTRIES = 64 };

struct object {
	const char *path;
	void *image;
	size_t len;
	struct skep_arena arena;
	struct skep_objfile *file; /* or NULL: skep cannot read it */
};

static u32 fallback_type;
static bool cap_bpf = true;
static char log_buf[LOG_SIZE], why[1024];

/* The last thing that libbpf complained of: a reason when there is no log. */
static int keep_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[1024];

	if (level > LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	/* What follows from an earlier complaint says less than that one. */
	if (!why[0] && !strstr(line, "-- BEGIN PROG LOAD LOG --") && !strstr(line, "Retrying"))
		snprintf(why, sizeof(why), "%s", line);
	return 0;
}

/* libbpf's maps may lack what the program's own loader sets. */
static void complete_maps(struct bpf_object *bo)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, bo)
	{
		const struct skep_map_type *t = skep_map_type_find(bpf_map__type(m));

		if (t && !(t->flags & SKEP_MF_UNSIZED) && !bpf_map__max_entries(m))
			bpf_map__set_max_entries(m, DEFAULT_ENTRIES);
		bpf_map__set_pin_path(m, NULL);
	}
}

static struct bpf_object *open_object(const struct object *o)
{
	LIBBPF_OPTS(bpf_object_open_opts, oo, .object_name = "skep");
	struct bpf_object *bo = bpf_object__open_mem(o->image, o->len, &oo);
	struct bpf_program *p;

	if (!bo)
		return NULL;
	bpf_object__for_each_program(p, bo)
	{
		const struct skep_func *f =
			o->file ? skep_func_find(o->file->obj, bpf_program__name(p)) : NULL;

		bpf_program__set_autoload(p, false);
		if (bpf_program__type(p) != BPF_PROG_TYPE_UNSPEC || (!f && !fallback_type))
			continue;
		/* A section that this libbpf does not know. */
		bpf_program__set_type(p, (enum bpf_prog_type)(f && f->prog_type ? f->prog_type
										: fallback_type));
		if (f && f->prog_type)
			bpf_program__set_expected_attach_type(p, (enum bpf_attach_type)f->attach_type);
	}
	complete_maps(bo);
	return bo;
}

/* The number behind a word of the statistics, the last time that it stands there, or -1. */
static s64 statistic(const char *log, const char *word)
{
	const char *p = NULL, *q = log;

	while ((q = strstr(q, word))) {
		p = q;
		q++;
	}
	return p ? strtoll(p + strlen(word), NULL, 10) : -1;
}

/* The end of the log without the statistics. */
static char *tail(char *log)
{
	char *end = strncmp(log, "processed ", 10) == 0 ? log : strstr(log, "\nprocessed ");
	char *more = strstr(log, "\nverification time ");
	char *p;
	int lines = 0;

	if (more && (!end || more < end))
		end = more;
	if (strncmp(log, "verification time ", 18) == 0)
		end = log;
	if (end)
		*end = 0;
	p = log + strlen(log);
	while (p > log && lines < TAIL_LINES)
		if (*--p == '\n')
			lines++;
	return *p == '\n' ? p + 1 : p;
}

static void put(const struct object *o, const struct bpf_program *p, int err, char *log,
		const char *stage)
{
	struct skep_buf text = {0};
	struct skep_json j;

	skep_json_init(&j, &text, false);
	skep_json_open(&j, '{');
	skep_json_kstr(&j, "object", o->path);
	skep_json_kstr(&j, "program", bpf_program__name(p));
	skep_json_kstr(&j, "section", bpf_program__section_name(p));
	skep_json_kint(&j, "type", bpf_program__type(p));
	skep_json_kint(&j, "attach", bpf_program__expected_attach_type(p));
	skep_json_kint(&j, "insns", (s64)bpf_program__insn_cnt(p));
	skep_json_kbool(&j, "cap_bpf", cap_bpf);
	skep_json_kint(&j, "err", err);
	skep_json_kstr(&j, "stage", stage);
	skep_json_kint(&j, "usec", statistic(log, "verification time "));
	skep_json_kint(&j, "processed", statistic(log, "processed "));
	skep_json_kint(&j, "states", statistic(log, "total_states "));
	skep_json_kint(&j, "peak_states", statistic(log, "peak_states "));
	if (err)
		skep_json_kstr(&j, "log", tail(log));
	skep_json_close(&j, '}');
	/* The writer ends the outermost value with a line feed. */
	printf("%s", text.failed ? "" : text.p);
	fflush(stdout);
	skep_buf_fini(&text);
}

/* Loads the program of the object that has function `func`; its object, or NULL. */
static struct bpf_object *load_target(const struct object *o, const char *func,
				      struct bpf_program **target)
{
	const struct skep_obj *obj = o->file ? o->file->obj : NULL;
	const struct skep_func *f = obj && func ? skep_func_find(obj, func) : NULL;

	for (u32 k = 0; f && k < obj->nfunc; k++) {
		const struct skep_func *p = obj->func[k];
		struct bpf_object *bo;
		u8 *seen;

		if (!(p->flags & SKEP_FF_PROG) || p->prog_type == BPF_PROG_TYPE_EXT)
			continue;
		seen = SKEP_NEW_N(obj->arena, u8, obj->nfunc);
		skep_prog_reach(obj, p, seen);
		bo = seen[f->index] ? open_object(o) : NULL;
		*target = bo ? bpf_object__find_program_by_name(bo, p->name) : NULL;
		if (*target) {
			bpf_program__set_autoload(*target, true);
			if (bpf_object__load(bo) == 0)
				return bo;
		}
		bpf_object__close(bo);
	}
	return NULL;
}

static int load(const struct object *o, const char *name, u32 level, struct bpf_object **bo,
		struct bpf_program **p)
{
	struct bpf_object *extended = NULL;
	struct bpf_program *target;
	int err;

	*bo = open_object(o);
	*p = *bo ? bpf_object__find_program_by_name(*bo, name) : NULL;
	if (*p && bpf_program__type(*p) == BPF_PROG_TYPE_EXT) {
		const char *func = skep_section_attach_to(bpf_program__section_name(*p));

		extended = load_target(o, func, &target);
		if (extended)
			bpf_program__set_attach_target(*p, bpf_program__fd(target), func);
	}
	why[0] = log_buf[0] = 0;
	adding.loading = *bo;
	adding.prog = adding.obj ? skep_func_find(adding.obj, name) : NULL;
	if (adding.prog && !skep_func_exception(adding.obj, adding.prog))
		adding.prog = NULL;
	if (!*p)
		return -ENOENT;
	bpf_program__set_autoload(*p, true);
	bpf_program__set_log_level(*p, level);
	bpf_program__set_log_buf(*p, log_buf, sizeof(log_buf));
	err = bpf_object__load(*bo);
	bpf_object__close(extended);
	return err;
}

/* One program alone; a second time with the verifier's words when it is refused. */
static void ask_one(const struct object *o, const char *name)
{
	struct bpf_object *bo;
	struct bpf_program *p;
	int err = load(o, name, LOG_STATS, &bo, &p);
	bool judged = strstr(log_buf, "processed ") != NULL;

	if (err && judged) {
		bpf_object__close(bo);
		err = load(o, name, LOG_STATS | 1, &bo, &p);
	}
	if (err && !log_buf[0])
		snprintf(log_buf, sizeof(log_buf), "%s", why);
	if (p)
		put(o, p, err, log_buf, !err || judged ? "verifier" : "loader");
	bpf_object__close(bo);
}

/* All programs in one go; false when any of them is refused. */
static bool ask_all(const struct object *o)
{
	struct bpf_object *bo = open_object(o);
	struct bpf_program *p;
	char *logs = NULL;
	u32 n = 0;
	bool ok = false;

	adding.obj = o->file ? o->file->obj : NULL;
	adding.prog = NULL;
	for (u32 k = 0; adding.obj && k < adding.obj->nfunc; k++)
		if (skep_func_exception(adding.obj, adding.obj->func[k])) {
			bpf_object__close(bo);
			return false;
		}
	if (!bo)
		return false;
	bpf_object__for_each_program(p, bo) n++;
	logs = calloc(n ? n : 1, SMALL_LOG);
	n = 0;
	bpf_object__for_each_program(p, bo)
	{
		bpf_program__set_autoload(p, true);
		bpf_program__set_log_level(p, LOG_STATS);
		bpf_program__set_log_buf(p, logs + (size_t)n++ * SMALL_LOG, SMALL_LOG);
	}
	ok = logs && bpf_object__load(bo) == 0;
	n = 0;
	bpf_object__for_each_program(p, bo)
	{
		char *log = logs + (size_t)n++ * SMALL_LOG;

		if (ok)
			put(o, p, 0, log, "verifier");
	}
	free(logs);
	bpf_object__close(bo);
	return ok;
}

static void ask(const char *path)
{
	struct object o = {.path = path};
	struct skep_diags ds;
	struct bpf_object *bo;
	struct bpf_program *p;

	skep_diags_init(&ds);
	skep_arena_init(&o.arena);
	o.image = slurp(path, &o.len);
	if (o.image && skep_obj_read(o.image, o.len, &o.arena, &ds, &o.file))
		o.file = NULL;
	bo = o.image ? open_object(&o) : NULL;
	if (bo && !ask_all(&o))
		bpf_object__for_each_program(p, bo) ask_one(&o, bpf_program__name(p));
	bpf_object__close(bo);
	free(o.image);
	skep_arena_fini(&o.arena);
	skep_diags_fini(&ds);
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "t:u")) != -1) {
		switch (opt) {
		case 't': fallback_type = (u32)strtoul(optarg, NULL, 0); break;
		case 'u':
			if (!lower_capabilities(&cap_bpf))
				return 1;
			break;
		default: return 2;
		}
	}
	libbpf_set_print(keep_print);
	for (int i = optind; i < argc; i++)
		ask(argv[i]);
	return 0;
}
