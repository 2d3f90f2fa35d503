/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions move, and all that speaks of them moves along. In each function
 * harmless instructions ("rN = rN" behind one that sets rN) are put in at
 * random places and some are taken out again; then the object is written, read
 * and compared: the same instructions with the same operands, targets, source
 * lines and CO-RE records, and libbpf opens it as it opened the original.
 * Putting in and taking out everything gives what remaking alone gives.
 *
 *	moving [-s SEED] [-q] FILE...
 *	moving -o OUT [-s SEED] FILE	writes a moved object and ends
 */
#include "obj/obj.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_LIBBPF
#include <bpf/libbpf.h>
#endif

static u64 seed = 1;
static u32 nputs, nopened, nfuncs;

struct run {
	const char *path;
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_rng rng;
	struct skep_buf moved;
	char *image;
	size_t len;
};

static int fail(const struct run *r, const char *what, const char *where)
{
	struct skep_buf out = {0};

	skep_diags_print(&r->ds, r->path, &out);
	printf("FAIL %s: %s%s%s (seed %llu)\n%s", r->path, what, *where ? ": " : "", where,
	       (unsigned long long)seed, out.p ? out.p : "");
	skep_buf_fini(&out);
	return 1;
}

/* A 64-bit register that the instruction sets, or -1: behind it "rN = rN" changes nothing. */
static int sets(const struct skep_insn *i)
{
	u8 c = skep_op_class(i->in.op);

	if (!i->next || i->in.dst == 10)
		return -1;
	if (c == SKEP_CLASS_ALU && i->in.size == 8)
		return i->in.dst;
	return i->in.op == SKEP_LDX || i->in.op == SKEP_LDDW ? i->in.dst : -1;
}

/* Put one in behind a random instruction of the function; NULL when there is no place. */
static struct skep_insn *put_in(struct run *r, struct skep_obj *o, struct skep_func *f)
{
	struct skep_insn *at = NULL, *n;
	struct skep_ins in = {.op = SKEP_MOV, .size = 8, .form = SKEP_REG};
	u32 seen = 0;

	SKEP_FOR_INSN(i, f)
		if (sets(i) >= 0 && skep_rng_below(&r->rng, ++seen) == 0)
			at = i;
	if (!at)
		return NULL;
	in.dst = in.src = (u8)sets(at);
	n = skep_insn_new(o, &in, at);
	skep_edit_insert_after(at, n);
	nputs++;
	return n;
}

/* Three in, one of them out; or all out again. */
static void edit(struct run *r, struct skep_obj *o, bool undo)
{
	for (u32 k = 0; k < o->nfunc; k++) {
		struct skep_insn *in[3];

		for (u32 i = 0; i < 3; i++)
			in[i] = put_in(r, o, o->func[k]);
		if (in[0])
			skep_edit_remove(o, in[0]);
		for (u32 i = 1; undo && i < 3; i++)
			if (in[i])
				skep_edit_remove(o, in[i]);
	}
}

static bool same_str(const struct skep_obj *a, u32 x, const struct skep_obj *b, u32 y)
{
	return strcmp(skep_btf_str(a->btf, x), skep_btf_str(b->btf, y)) == 0;
}

static const char *compare_records(const struct skep_obj *a, const struct skep_insn *x,
				   const struct skep_obj *b, const struct skep_insn *y)
{
	if (!x->line != !y->line || !x->core != !y->core)
		return "a record is lost or new";
	if (x->line && (x->line->line_col != y->line->line_col ||
			!same_str(a, x->line->file, b, y->line->file) ||
			!same_str(a, x->line->text, b, y->line->text)))
		return "another source line";
	if (x->core && (x->core->type != y->core->type || x->core->kind != y->core->kind ||
			!same_str(a, x->core->access, b, y->core->access)))
		return "another CO-RE record";
	return NULL;
}

static const char *compare_insn(const struct skep_obj *a, const struct skep_insn *x,
				const struct skep_obj *b, const struct skep_insn *y)
{
	if (x->in.op != y->in.op || x->in.size != y->in.size || x->in.form != y->in.form ||
	    x->in.dst != y->in.dst)
		return "another instruction";
	if (x->ref != y->ref || !x->target != !y->target || !x->callee != !y->callee)
		return "another kind of operand";
	if (x->target && x->target->num != y->target->num)
		return "a branch goes elsewhere";
	if (x->callee && strcmp(x->callee->name, y->callee->name) != 0)
		return "a call goes elsewhere";
	if (x->ref != SKEP_REF_NONE && x->flags & SKEP_IF_RELOC &&
	    strcmp(a->sym[x->sym].name, b->sym[y->sym].name) != 0)
		return "another symbol";
	if (x->ref != SKEP_REF_FUNC && (x->in.imm != y->in.imm || x->in.src != y->in.src))
		return "another constant";
	if (!x->target && x->in.off != y->in.off)
		return "another offset";
	return compare_records(a, x, b, y);
}

/* The edited model against what was read from its file. */
static const char *compare(const struct skep_obj *a, const struct skep_obj *b)
{
	if (a->nfunc != b->nfunc || a->nmap != b->nmap || a->ndsec != b->ndsec)
		return "functions, maps or data are lost";
	for (u32 k = 0; k < a->nfunc; k++) {
		struct skep_func *f = a->func[k], *g = b->func[k];
		const struct skep_insn *y = g->first;

		nfuncs++;
		if (strcmp(f->name, g->name) != 0 || f->type != g->type || f->ninsns != g->ninsns)
			return "a function is another one";
		skep_func_number(f);
		skep_func_number(g);
		SKEP_FOR_INSN(x, f) {
			const char *bad = compare_insn(a, x, b, y);

			if (bad)
				return bad;
			y = y->next;
		}
	}
	return NULL;
}

#ifdef HAVE_LIBBPF
static int quiet_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

/* Number of programs and their instructions, or -1 when libbpf refuses the file. */
static long open_with_libbpf(const void *p, size_t n, long *insns)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "moving");
	struct bpf_object *o = bpf_object__open_mem(p, n, &opts);
	struct bpf_program *prog;
	long count = 0;

	*insns = 0;
	if (!o)
		return -1;
	bpf_object__for_each_program(prog, o)
	{
		count++;
		*insns += (long)bpf_program__insn_cnt(prog);
	}
	bpf_object__close(o);
	return count;
}

static int check_libbpf(struct run *r)
{
	long before, after, n, m;

	libbpf_set_print(quiet_print);
	before = open_with_libbpf(r->image, r->len, &n);
	after = open_with_libbpf(r->moved.p, r->moved.n, &m);
	nopened += after >= 0;
	if (before != after)
		return fail(r, "libbpf opened the original only", "");
	if (after > 0 && m < n)
		return fail(r, "libbpf sees fewer instructions", "");
	return 0;
}
#else
static int check_libbpf(struct run *r)
{
	return 0;
}
#endif

static int move(struct run *r, const char *out_path)
{
	struct skep_objfile *o, *back;
	const char *bad;

	if (skep_obj_read(r->image, r->len, &r->arena, &r->ds, &o))
		return fail(r, "read", "");
	edit(r, o->obj, false);
	bad = skep_ir_check(o->obj);
	if (bad)
		return fail(r, "edited", bad);
	if (skep_obj_write(o, 0, &r->ds, &r->moved))
		return fail(r, "write", "");
	if (out_path) {
		FILE *f = fopen(out_path, "wb");

		if (!f || fwrite(r->moved.p, 1, r->moved.n, f) != r->moved.n || fclose(f))
			return fail(r, "cannot write", out_path);
		return 0;
	}
	if (skep_obj_read(r->moved.p, r->moved.n, &r->arena, &r->ds, &back))
		return fail(r, "read what was written", "");
	bad = compare(o->obj, back->obj);
	if (bad)
		return fail(r, "moved", bad);
	return check_libbpf(r);
}

/* In and out again is what remaking without an edit gives. */
static int undo(struct run *r)
{
	struct skep_buf a = {0}, b = {0};
	struct skep_objfile *o, *p;
	int bad = 0;

	if (skep_obj_read(r->image, r->len, &r->arena, &r->ds, &o) ||
	    skep_obj_read(r->image, r->len, &r->arena, &r->ds, &p))
		return fail(r, "read", "");
	edit(r, o->obj, true);
	if (skep_obj_write(o, SKEP_WRITE_REMAKE, &r->ds, &a) ||
	    skep_obj_write(p, SKEP_WRITE_REMAKE, &r->ds, &b))
		bad = fail(r, "write", "");
	else if (a.n != b.n || memcmp(a.p, b.p, a.n))
		bad = fail(r, "taking out again leaves traces", "");
	skep_buf_fini(&a);
	skep_buf_fini(&b);
	return bad;
}

static int check(const char *path, const char *out_path, bool quiet)
{
	struct run r = {.path = path};
	FILE *f = fopen(path, "rb");
	int bad;

	skep_arena_init(&r.arena);
	skep_diags_init(&r.ds);
	skep_rng_init(&r.rng, seed);
	if (!f)
		return fail(&r, "cannot open", "");
	fseek(f, 0, SEEK_END);
	r.len = (size_t)ftell(f);
	rewind(f);
	r.image = malloc(r.len + 1);
	if (!r.image || fread(r.image, 1, r.len, f) != r.len)
		r.len = 0;
	fclose(f);
	bad = move(&r, out_path);
	if (!bad && !out_path)
		bad = undo(&r);
	if (!bad && !quiet)
		printf("%s: ok\n", path);
	skep_buf_fini(&r.moved);
	skep_diags_fini(&r.ds);
	skep_arena_fini(&r.arena);
	free(r.image);
	return bad;
}

int main(int argc, char **argv)
{
	const char *out_path = NULL;
	bool quiet = false;
	int bad = 0, n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-q") == 0) {
			quiet = true;
		} else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc) {
			seed = strtoull(argv[++i], NULL, 0);
		} else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
			out_path = argv[++i];
		} else {
			bad += check(argv[i], out_path, quiet || out_path);
			n++;
		}
	}
	if (!out_path)
		printf("seed %llu: %u put in, %u functions compared, libbpf opened %u\n%d passed, %d failed, 0 skipped\n",
		       (unsigned long long)seed, nputs, nfuncs, nopened, n - bad, bad);
	return bad ? 1 : 0;
}
