/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks whole objects, many in one process: read, write, remake, move all code
 * and move it back, optimize for size and for speed, read the result again, and
 * run both versions of every program on the same inputs. Prints one JSON object
 * a line; run.py adds up.
 *
 * usage: check [-k] [-n INPUTS] [-s SEED] [-p PASSES] [-o DIR] OBJECT...
 * -k asks the running kernel's verifier, too. -n 0 leaves the inputs out. -o
 * writes the optimized objects, as DIR/N-size.o and DIR/N-speed.o for the N-th
 * object, from 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "opt/opt.h"
#include "run/run.h"
#include "../slurp.h"

struct settings {
	u32 inputs;
	u64 seed;
	const char *passes, *dir;
	bool kernel;
	struct skep_arena arena; /* of the types */
	struct skep_btf *types;	 /* or NULL */
	bool types_read;
};

/* One version of an object with all that it needs. */
struct version {
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_objfile *file;
	struct skep_buf bytes;		   /* of a version that was made here */
	struct skep_kernel_report *kernel; /* or NULL */
};

static void version_init(struct version *v)
{
	memset(v, 0, sizeof(*v));
	skep_arena_init(&v->arena);
	skep_diags_init(&v->ds);
}

static void version_fini(struct version *v)
{
	skep_buf_fini(&v->bytes);
	skep_diags_fini(&v->ds);
	skep_arena_fini(&v->arena);
}

static void spill(const char *dir, u32 number, const char *mode, const struct skep_buf *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%u-%s.o", dir, number, mode);
	f = fopen(path, "wb");
	if (!f || fwrite(b->p, 1, b->n, f) != b->n)
		perror(path);
	if (f)
		fclose(f);
}

static const char *last_message(const struct version *v)
{
	return v->ds.list.n ? v->ds.list.v[v->ds.list.n - 1].msg : "no diagnostic";
}

static void ask_kernel(struct version *v, const void *image, size_t len, const struct settings *set)
{
	const struct skep_kernel_opts ko = {.sz = sizeof(ko)};

	if (set->kernel && skep_run_kernel(v->file->obj, image, len, &ko, &v->arena, &v->kernel))
		v->kernel = NULL;
}

/* Bytes that DWARF takes in the file, with its relocations. */
static s64 debug_bytes(const struct version *v)
{
	const struct skep_elf *e = v->file->elf;
	s64 n = 0;

	for (u32 i = 1; i < e->nsec; i++)
		if (e->sec[i].type != SKEP_SHT_NOBITS && strstr(e->sec[i].name, ".debug_"))
			n += (s64)e->sec[i].size;
	return n;
}

/* Does writing give back the image? */
static bool writes(const struct version *v, u32 flags, const void *image, size_t len)
{
	struct skep_buf b = {0};
	bool same = skep_obj_write(v->file, flags, NULL, &b) == 0 && b.n == len &&
		    !memcmp(b.p, image, len);

	skep_buf_fini(&b);
	return same;
}

/* --- moving ----------------------------------------------------------------------- */

/* An instruction more at the start of every function. */
static void push_code(struct skep_obj *o)
{
	const struct skep_ins zero = {.op = SKEP_MOV, .size = 8, .form = SKEP_IMM};

	for (u32 i = 0; i < o->nfunc; i++) {
		struct skep_func *f = o->func[i];

		if (f->first)
			skep_edit_insert_before(f->first, skep_insn_new(o, &zero, f->first), false);
	}
}

/* Is every program of b what it is in a, line by line? */
static const char *compare_code(const struct skep_obj *a, const struct skep_obj *b,
				struct skep_arena *arena)
{
	if (a->nfunc != b->nfunc)
		return "functions are gone";
	for (u32 i = 0; i < a->nfunc; i++) {
		struct skep_image *x, *y;

		if (skep_obj_join(a, a->func[i], arena, &x) ||
		    skep_obj_join(b, b->func[i], arena, &y))
			return "out of memory";
		if (x->slots != y->slots || memcmp(x->code, y->code, (size_t)x->slots * 8))
			return "instructions differ";
		for (u32 k = 0; k < x->slots; k++) {
			const struct skep_insn *m = x->insn[k], *n = y->insn[k];

			if (!m != !n || (m && (m->ref != n->ref || !m->line != !n->line ||
					       !m->core != !n->core)))
				return "references or records differ";
			if (m && m->line && m->line->line_col != n->line->line_col)
				return "lines differ";
			if (m && m->core &&
			    (m->core->type != n->core->type || m->core->kind != n->core->kind))
				return "CO-RE records differ";
		}
		if (a->func[i]->type != b->func[i]->type)
			return "types of functions differ";
	}
	return NULL;
}

/* Push all code by a slot, write, read, pull it back: NULL when nothing was lost. */
static const char *move(struct version *a, const void *image, size_t len)
{
	struct version in, out;
	const char *why = NULL;

	version_init(&in);
	version_init(&out);
	if (skep_obj_read(image, len, &in.arena, &in.ds, &in.file))
		why = last_message(&in);
	if (!why) {
		push_code(in.file->obj);
		if (skep_obj_write(in.file, 0, &in.ds, &out.bytes))
			why = last_message(&in);
	}
	if (!why && skep_obj_read(out.bytes.p, out.bytes.n, &out.arena, &out.ds, &out.file))
		why = last_message(&out);
	for (u32 i = 0; !why && i < out.file->obj->nfunc; i++)
		if (out.file->obj->func[i]->first)
			skep_edit_remove(out.file->obj, out.file->obj->func[i]->first);
	if (!why)
		why = compare_code(a->file->obj, out.file->obj, &out.arena);
	/* The text may lie in an arena that goes now. */
	why = why ? skep_arena_strdup(&a->arena, why) : NULL;
	version_fini(&in);
	version_fini(&out);
	return why;
}

/* --- optimizing --------------------------------------------------------------------- */

/* The running kernel's types; for struct skep_cost_opts, whose `user` are the settings. */
static struct skep_btf *target_types(void *user)
{
	struct settings *set = user;
	size_t len = 0;
	void *image = set->types_read ? NULL : slurp("/sys/kernel/btf/vmlinux", &len);

	set->types_read = true;
	if (image && skep_btf_read(image, len, false, &set->arena, NULL, &set->types) == 0)
		skep_btf_index(set->types, &set->arena);
	return set->types;
}

/* As the command does it: `in` holds what is needed meanwhile, `out` is the result; NULL or what failed. */
static const char *optimize(const void *image, size_t len, struct version *in, struct version *out,
			    enum skep_opt_mode mode, struct settings *set)
{
	const struct skep_opt_opts oo = {.sz = sizeof(oo), .mode = mode, .passes = set->passes, .check = true};
	const struct skep_cost_opts co = {.sz = sizeof(co), .dearer = 5, .types = target_types, .types_user = set};
	struct skep_optimized res;
	const char *broken;

	if (skep_run_optimize(image, len, &oo, NULL, &co, &in->arena, &in->ds, &res, &out->bytes))
		return last_message(in);
	broken = skep_ir_check(res.after->obj);
	if (broken)
		return broken;
	if (skep_obj_read(out->bytes.p, out->bytes.n, &out->arena, &out->ds, &out->file))
		return last_message(out);
	return NULL;
}

static void put_difference(struct skep_json *j, const struct skep_run_differ_result *r)
{
	char hex[2 * 256 + 1] = "";

	for (u32 i = 0; i < r->input->pkt_len && i < 256; i++)
		snprintf(hex + 2 * i, 3, "%02x", r->input->pkt[i]);
	skep_json_kint(j, "input", r->at);
	skep_json_kstr(j, "packet", hex);
}

/* What the kernel said of a program. */
static void put_kernel(struct skep_json *j, const char *key, const struct skep_kernel_report *r,
		       const char *name)
{
	for (u32 i = 0; r && i < r->n; i++) {
		if (strcmp(r->prog[i].name, name))
			continue;
		skep_json_key(j, key);
		skep_json_open(j, '{');
		skep_json_kint(j, "err", r->prog[i].err);
		skep_json_kint(j, "processed", r->prog[i].processed);
		skep_json_kstr(j, "log", r->prog[i].err ? r->prog[i].log : NULL);
		skep_json_close(j, '}');
		return;
	}
}

static void put_program(struct skep_json *j, const struct skep_func *f, const struct version *a,
			const struct version *b, const struct settings *set,
			struct skep_arena *arena)
{
	static const char *const verdicts[] = {"equal", "differs", "unknown"};
	struct skep_run_differ_opts opts = {.inputs = set->inputs, .seed = set->seed};
	struct skep_func *g = skep_func_find(b->file->obj, f->name);
	struct skep_run_differ_result r;
	struct skep_diags ds;
	int err = 0;

	skep_diags_init(&ds);
	skep_json_open(j, '{');
	skep_json_kstr(j, "name", f->name);
	skep_json_kstr(j, "section", f->sec->name);
	skep_json_kint(j, "before", skep_prog_slots(a->file->obj, f));
	skep_json_kint(j, "after", g ? (s64)skep_prog_slots(b->file->obj, g) : -1);
	if (g && set->inputs)
		err = skep_run_differ(a->file, b->file, f->name, &opts, arena, &ds, &r);
	if (!g || err) {
		skep_json_kstr(j, "verdict", "failed");
		skep_json_kstr(j, "reason",
			       g ? skep_arena_printf(arena, "error %d", err)
				 : "the program is gone");
	} else if (set->inputs) {
		skep_json_kstr(j, "verdict", verdicts[r.verdict]);
		skep_json_kstr(j, "reason", r.reason);
		skep_json_kint(j, "inputs", r.inputs);
		skep_json_kint(j, "good", r.good);
		skep_json_kint(j, "unstable", r.unstable);
		skep_json_kint(j, "reached", r.reached);
		skep_json_kint(j, "slots", r.slots);
		skep_json_kint(j, "executed", (s64)r.executed);
		if (r.verdict == SKEP_RUN_DIFFERS)
			put_difference(j, &r);
	}
	put_kernel(j, "kernel_before", a->kernel, f->name);
	put_kernel(j, "kernel_after", b->kernel, f->name);
	skep_json_close(j, '}');
	skep_diags_fini(&ds);
}

static void put_programs(struct skep_json *j, const struct version *a, const struct version *b,
			 const struct settings *set)
{
	const struct skep_obj *o = a->file->obj;
	struct skep_arena scratch;

	skep_arena_init(&scratch);
	skep_json_key(j, "programs");
	skep_json_open(j, '[');
	for (u32 i = 0; i < o->nfunc; i++) {
		struct skep_arena_mark m = skep_arena_mark(&scratch);

		if (o->func[i]->flags & SKEP_FF_PROG)
			put_program(j, o->func[i], a, b, set, &scratch);
		skep_arena_release(&scratch, m);
	}
	skep_json_close(j, ']');
	skep_arena_fini(&scratch);
}

static void put_mode(struct skep_json *j, enum skep_opt_mode mode, const struct version *a,
		     const void *image, size_t len, u32 number, struct settings *set)
{
	const char *name = mode == SKEP_OPT_SIZE ? "size" : "speed", *why;
	struct version in, out;

	version_init(&in);
	version_init(&out);
	skep_json_key(j, name);
	skep_json_open(j, '{');
	why = optimize(image, len, &in, &out, mode, set);
	skep_json_kstr(j, "error", why);
	if (!why) {
		ask_kernel(&out, out.bytes.p, out.bytes.n, set);
		skep_json_kint(j, "bytes", (s64)out.bytes.n);
		skep_json_kint(j, "debug", debug_bytes(&out));
		put_programs(j, a, &out, set);
		if (set->dir)
			spill(set->dir, number, name, &out.bytes);
	}
	skep_json_close(j, '}');
	version_fini(&in);
	version_fini(&out);
}

static void check(const char *path, u32 number, struct settings *set)
{
	struct skep_buf text = {0};
	struct skep_json j;
	struct version a;
	size_t len = 0;
	void *image = slurp(path, &len);

	version_init(&a);
	skep_json_init(&j, &text, false);
	skep_json_open(&j, '{');
	skep_json_kstr(&j, "object", path);
	skep_json_kint(&j, "bytes", (s64)len);
	if (!image || skep_obj_read(image, len, &a.arena, &a.ds, &a.file)) {
		skep_json_kstr(&j, "error", last_message(&a));
	} else {
		skep_json_kstr(&j, "error", NULL);
		skep_json_kint(&j, "debug", debug_bytes(&a));
		skep_json_kbool(&j, "write", writes(&a, 0, image, len));
		skep_json_kbool(&j, "remake",
				writes(&a, SKEP_WRITE_REMAKE | SKEP_WRITE_KEEP_ALL, image, len));
		skep_json_kstr(&j, "move", move(&a, image, len));
		ask_kernel(&a, image, len, set);
		skep_json_kstr(&j, "no_kernel", a.kernel ? a.kernel->unavailable : NULL);
		put_mode(&j, SKEP_OPT_SIZE, &a, image, len, number, set);
		put_mode(&j, SKEP_OPT_SPEED, &a, image, len, number, set);
	}
	skep_json_close(&j, '}');
	printf("%s", text.failed ? "{}\n" : text.p);
	fflush(stdout);
	skep_buf_fini(&text);
	version_fini(&a);
	free(image);
}

int main(int argc, char **argv)
{
	struct settings set = {.inputs = 200};
	int opt;

	skep_arena_init(&set.arena);
	while ((opt = getopt(argc, argv, "kn:s:p:o:")) != -1) {
		switch (opt) {
		case 'k': set.kernel = true; break;
		case 'n': set.inputs = (u32)strtoul(optarg, NULL, 0); break;
		case 's': set.seed = strtoull(optarg, NULL, 0); break;
		case 'p': set.passes = optarg; break;
		case 'o': set.dir = optarg; break;
		default: return 2;
		}
	}
	for (int i = optind; i < argc; i++)
		check(argv[i], (u32)(i - optind), &set);
	skep_arena_fini(&set.arena);
	return 0;
}
