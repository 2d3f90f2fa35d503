/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extensions (freplace): a function that takes the place of a global one of another program. Its
 * rights, its context and what it may return are those of that program's type; its
 * arguments are what its signature says, for it is called as the other was.
 *
 * Where the program is known (given, or part of the same object), it is verified by each type of
 * program that has the function. Else by every type whose context it takes, or by all types if it
 * takes none: it is safe when it is so in all of them, and unsafe when it is in none.
 */
#include "verify/verify_impl.h"

struct as {
	u32 type, attach;
	const char *attach_to;
	bool moves; /* what is replaced may move packets, or it is not known */
};
enum { AS_MAX = 128 };

struct extension {
	struct engine *e;
	const struct skep_obj *obj;
	const struct skep_func *prog;
	struct skep_mach_opts mo;
	struct skep_arena *arena;
	const struct skep_obj *target; /* NULL: not known */
	const struct skep_func *func;  /* what is replaced */
	struct as as[AS_MAX];
	u32 n;
};

static int refuse(struct extension *x, u32 rule, const char *text)
{
	x->e->m.fault = (struct skep_fault){.rule = (u16)rule, .text = text};
	x->e->at = NULL;
	return SKEP_EINPUT;
}

/* --- does it fit? ------------------------------------------------------------------------- */

static bool proto_of(const struct skep_obj *o, const struct skep_func *f, struct skep_btf_type *out)
{
	struct skep_btf_type t;

	return o->btf && f->type && skep_btf_get(o->btf, f->type, &t) && t.kind == SKEP_BTF_FUNC &&
	       skep_btf_get(o->btf, t.ref, out) && out->kind == SKEP_BTF_FUNC_PROTO;
}

/* Of the same kind and size, or pointers to structs of one name, or to the same otherwise. */
static bool same_type(const struct skep_btf *a, u32 ia, const struct skep_btf *b, u32 ib, u32 depth)
{
	struct skep_btf_type x, y;
	bool some = skep_btf_resolve(a, ia, &x) && x.id;

	if (some != (skep_btf_resolve(b, ib, &y) && y.id))
		return false;
	if (!some)
		return true;
	if (x.kind != y.kind || depth > 8)
		return false;
	if (x.kind == SKEP_BTF_PTR)
		return same_type(a, x.ref, b, y.ref, depth + 1);
	if (x.kind == SKEP_BTF_STRUCT || x.kind == SKEP_BTF_UNION || x.kind == SKEP_BTF_FWD)
		return strcmp(x.name, y.name) == 0 &&
		       skep_btf_size(a, x.id) == skep_btf_size(b, y.id);
	return skep_btf_size(a, x.id) == skep_btf_size(b, y.id);
}

static bool same_signature(const struct extension *x)
{
	const struct skep_btf *a = x->obj->btf, *b = x->target->btf;
	struct skep_btf_type p, q;
	struct skep_btf_member mp, mq;

	if (!proto_of(x->obj, x->prog, &p) || !proto_of(x->target, x->func, &q) ||
	    p.vlen != q.vlen || !same_type(a, p.ref, b, q.ref, 0))
		return false;
	for (u32 k = 0; k < p.vlen; k++)
		if (!skep_btf_member(a, &p, k, &mp) || !skep_btf_member(b, &q, k, &mq) ||
		    !same_type(a, mp.type, b, mq.type, 0))
			return false;
	return true;
}

/* --- as which types of programs? ------------------------------------------------------------ */

static void add(struct extension *x, const struct as *as)
{
	for (u32 k = 0; k < x->n; k++)
		if (x->as[k].type == as->type && x->as[k].attach == as->attach &&
		    x->as[k].moves == as->moves)
			return;
	if (x->n < AS_MAX)
		x->as[x->n++] = *as;
}

static bool traced(const struct skep_func *p)
{
	return p->prog_type == SKEP_PROG_TRACING && (p->attach_type == SKEP_ATTACH_TRACE_FENTRY ||
						     p->attach_type == SKEP_ATTACH_TRACE_FEXIT ||
						     p->attach_type == SKEP_ATTACH_MODIFY_RETURN);
}

/* One program that has the function. */
static int add_program(struct extension *x, const struct skep_func *p)
{
	struct skep_mach_opts mo = skep_mach_opts_of(x->target, p);
	struct skep_mach *m = &x->e->m;
	struct as as = {mo.prog_type, mo.attach_type, mo.attach_to, false};

	if (mo.prog_type == SKEP_PROG_EXT || traced(p))
		return refuse(x, SKEP_RULE_EXTENSION,
			      skep_arena_printf(x->arena, "program '%s' cannot be extended: %s",
						p->name,
						traced(p) ? "it traces another function"
							  : "it is an extension itself"));
	if (skep_func_exception(x->target, p) == x->func)
		return refuse(x, SKEP_RULE_EXTENSION,
			      skep_arena_printf(x->arena,
						"'%s' gets exceptions, and cannot be replaced",
						x->func->name));
	mo.kernel = x->mo.kernel;
	if (skep_mach_init(m, x->target, p, &mo, x->arena))
		return refuse(
			x, SKEP_RULE_UNSUPPORTED,
			skep_arena_printf(x->arena,
					  "program '%s', which is extended, is not understood",
					  p->name));
	as.moves = m->func[m->func_of[x->func->index]].pkt;
	add(x, &as);
	return 0;
}

static int find_programs(struct extension *x)
{
	u8 *seen = SKEP_NEW_N(x->arena, u8, x->target->nfunc + 1);
	int err = 0;

	for (u32 k = 0; k < x->target->nfunc && !err; k++) {
		const struct skep_func *p = x->target->func[k];

		if (!(p->flags & SKEP_FF_PROG) || p == x->prog)
			continue;
		memset(seen, 0, x->target->nfunc);
		skep_prog_reach(x->target, p, seen);
		if (seen[x->func->index])
			err = add_program(x, p);
	}
	return err;
}

/* The types of programs with each attach type that a section may name. */
static const struct {
	u32 type, attach;
} sections[] = {
#define SECTION(name, type, attach, loose) {SKEP_PROG_##type, attach},
#include "abi/section.def"
#undef SECTION
};

static bool takes_context(struct extension *x, u32 type, int *err)
{
	struct skep_mach_opts mo = x->mo;

	mo.prog_type = type;
	*err = skep_mach_init(&x->e->m, x->obj, x->prog, &mo, x->arena);
	return !*err && skep_mach_takes_ctx(&x->e->m);
}

/* Types of programs that have its context; all that can be extended, if it takes none. */
static int guess(struct extension *x)
{
	for (u32 all = 0; all < 2 && !x->n; all++)
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(sections); k++) {
			struct as as = {sections[k].type, sections[k].attach, NULL, true};
			int err = 0;

			if (as.type == SKEP_PROG_EXT || as.type == SKEP_PROG_TRACING)
				continue;
			if (all || takes_context(x, as.type, &err))
				add(x, &as);
			if (err)
				return err;
		}
	return 0;
}

static int find_target(struct extension *x)
{
	const char *name = x->mo.attach_to;
	int err;

	x->target = x->e->opts->target ? x->e->opts->target : x->obj;
	x->func = name ? skep_func_find(x->target, name) : NULL;
	if (!x->func && !x->e->opts->target) {
		x->target = NULL;
		return guess(x);
	}
	if (!x->func)
		return refuse(x, SKEP_RULE_EXTENSION,
			      name ? skep_arena_printf(x->arena,
						       "there is no function '%s' to replace", name)
				   : "the section does not say what is replaced");
	if (!(x->func->flags & (SKEP_FF_GLOBAL | SKEP_FF_PROG)))
		return refuse(x, SKEP_RULE_EXTENSION,
			      skep_arena_printf(x->arena,
						"function '%s' is static, and cannot be replaced",
						name));
	if (!same_signature(x))
		return refuse(x, SKEP_RULE_EXTENSION,
			      skep_arena_printf(x->arena,
						"the signature is not the one of function '%s'",
						name));
	err = find_programs(x);
	if (!err && !x->n)
		err = refuse(x, SKEP_RULE_EXTENSION,
			     skep_arena_printf(x->arena, "no program has function '%s'", name));
	return err;
}

/* --- the verdict ------------------------------------------------------------------------- */

static int verify_as(struct extension *x, const struct as *as)
{
	struct skep_mach_opts mo = x->mo;
	int err;

	mo.prog_type = as->type;
	mo.attach_type = as->attach;
	mo.attach_to = as->attach_to;
	mo.sleepable = false;
	mo.extends = true;
	err = skep_verify_run(x->e, x->obj, x->prog, &mo, x->arena);
	if (!err && x->e->m.func[0].pkt && !as->moves)
		err = refuse(
			x, SKEP_RULE_EXTENSION,
			"it may move the packet, which the function that it replaces does not");
	return err;
}

/* Without a target: safe in all, unsafe in all, or who knows. */
static int verify_guessed(struct extension *x)
{
	const char *good = NULL, *bad = NULL;
	u32 first = 0, unknown = 0;
	int err = 0;

	for (u32 k = 0; k < x->n; k++) {
		const char *name = skep_prog_type_find(x->as[k].type)->name;

		err = verify_as(x, &x->as[k]);
		if (!err) {
			good = good ? good : name;
			continue;
		}
		unknown += skep_verify_undecided(x->e);
		first = bad ? first : k;
		bad = bad ? bad : name;
	}
	if (!bad)
		return 0;
	if (good && strcmp(good, bad) == 0)
		return refuse(x, SKEP_RULE_UNSUPPORTED,
			      skep_arena_printf(x->arena,
						"whether it is safe depends on where the program of type %s "
						"that it extends is attached: name its object with --target",
						good));
	if (good)
		return refuse(x, SKEP_RULE_UNSUPPORTED,
			      skep_arena_printf(x->arena,
						"as part of a program of type %s it is safe, of type %s "
						"it is not: name the object of what it extends with --target",
						good, bad));
	err = verify_as(x, &x->as[first]);
	if (unknown && !skep_verify_undecided(x->e))
		return refuse(x, SKEP_RULE_UNSUPPORTED, "what it extends must be known: name its object with --target");
	return err;
}

int skep_verify_extension(struct engine *e, const struct skep_obj *obj,
			  const struct skep_func *prog, const struct skep_mach_opts *mo,
			  struct skep_arena *arena)
{
	struct extension *x = SKEP_NEW(arena, struct extension);
	int err;

	x->e = e;
	x->obj = obj;
	x->prog = prog;
	x->mo = *mo;
	x->arena = arena;
	err = find_target(x);
	if (err)
		return err;
	if (!x->target)
		return verify_guessed(x);
	for (u32 k = 0; k < x->n && !err; k++)
		err = verify_as(x, &x->as[k]);
	return err;
}
