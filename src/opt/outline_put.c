/* SPDX-License-Identifier: BSD-2-Clause */
/* What the plan of pass outline (outline.c, which has the argument) comes to: functions and calls.
 */
#include "opt/outline.h"

#include <stdlib.h>

static int by_gain(const void *a, const void *b)
{
	const struct outline_group *x = a, *y = b;

	if (x->gain != y->gain)
		return x->gain > y->gain ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return x->all[0] < y->all[0] ? -1 : x->all[0] > y->all[0];
}

/* The best first; what it takes is not there for the others. */
static bool choose(struct outline *w)
{
	u32 n = 0;

	if (w->group.n)
		qsort(w->group.v, w->group.n, sizeof(*w->group.v), by_gain);
	for (u32 k = 0; k < w->group.n; k++) {
		struct outline_group *g = &w->group.v[k];

		if (!skep_outline_weigh(w, g->all, g->nall, g))
			continue;
		for (u32 j = 0; j < g->n; j++)
			memset(w->taken + g->at[j], 1, g->len);
		w->group.v[n++] = *g;
	}
	w->group.n = n;
	return n > 0;
}

bool skep_plan_outline(struct skep_opt *o, const u8 *allowed)
{
	struct outline *w;

	o->outline = NULL;
	if (o->opts->mode != SKEP_OPT_SIZE || !o->obj->text)
		return false;
	w = o->outline = SKEP_NEW(o->whole, struct outline);
	w->o = o;
	w->arena = o->whole;
	skep_outline_plan(w, allowed);
	return choose(w);
}

/* --- the function ------------------------------------------------------------------- */

static const char *free_name(const struct skep_obj *obj, struct skep_arena *arena)
{
	for (u32 n = 1;; n++) {
		const char *name = skep_arena_printf(arena, "outlined_%u", n);
		bool used = false;

		for (u32 k = 1; k < obj->nsym && !used; k++)
			used = strcmp(obj->sym[k].name, name) == 0;
		if (!used)
			return name;
	}
}

/* The body's own registers instead of those that the row was read with. */
static void rename_fields(struct skep_insn *i, const struct outline_shape *s)
{
	bool dst, src;

	skep_opt_fields(&i->in, &dst, &src);
	if (dst && s->in >> i->in.dst & 1)
		i->in.dst = (u8)s->body_reg[i->in.dst];
	if (src && s->in >> i->in.src & 1)
		i->in.src = (u8)s->body_reg[i->in.src];
}

static void append(struct skep_obj *obj, struct skep_func *f, struct skep_ins in,
		   const struct skep_insn *from)
{
	skep_edit_append(f, skep_insn_new(obj, &in, from));
}

static struct skep_func *make_func(struct outline *w, const struct outline_group *g)
{
	struct skep_obj *obj = w->o->obj;
	const struct outline_shape *s = &g->shape;
	const struct skep_insn *last = w->insn[g->at[0] + g->len - 1];
	struct skep_func *f = skep_edit_add_func(obj, free_name(obj, obj->arena));
	struct skep_ins end = {.op = SKEP_EXIT, .size = 8};

	for (int r = 0; r < 11; r++)
		if (s->in >> r & 1 && s->body_reg[r] != s->arg[r])
			append(obj, f, skep_mk_mov((u8)s->body_reg[r], (u8)s->arg[r]),
			       w->insn[g->at[0]]);
	for (u32 k = 0; k < g->len; k++) {
		struct skep_insn *i = skep_insn_copy(obj, w->insn[g->at[0] + k]);

		rename_fields(i, s);
		if (k == s->direct)
			i->in.dst = 0;
		skep_edit_append(f, i);
	}
	if (s->out > 0 && s->direct == OUTLINE_NOWHERE)
		append(obj, f, skep_mk_mov(0, (u8)s->out), last);
	append(obj, f, end, last);
	return f;
}

/* --- the calls ------------------------------------------------------------------------ */

static void put_before(struct skep_insn *at, struct skep_insn *i, bool *first)
{
	skep_edit_insert_before(at, i, *first);
	*first = false;
}

static bool put_call(struct outline *w, struct outline_group *g, u32 at)
{
	struct skep_opt *o = w->o;
	const struct outline_shape *s = &g->shape;
	struct skep_insn *from = w->insn[at], *last = w->insn[at + g->len - 1];
	bool first = true;

	if (!skep_opt_begin(o, "row that occurs more than once", from, last))
		return false;
	if (!g->func)
		g->func = make_func(w, g);
	for (int r = 0; r < 11; r++)
		if (s->in >> r & 1 && s->arg[r] != r) {
			struct skep_ins mv = skep_mk_mov((u8)s->arg[r], (u8)r);

			put_before(from, skep_insn_new(o->obj, &mv, from), &first);
		}
	put_before(from, skep_insn_new_call(o->obj, g->func, from), &first);
	if (s->out > 0) {
		struct skep_ins mv = skep_mk_mov((u8)s->out, 0);

		put_before(from, skep_insn_new(o->obj, &mv, from), &first);
	}
	for (u32 k = 0; k < g->len; k++)
		skep_edit_remove(o->obj, w->insn[at + k]);
	skep_opt_end(o);
	return true;
}

bool skep_pass_outline(struct skep_opt *o, struct skep_func *f)
{
	struct outline *w = o->outline;
	const struct outline_func *me = &w->func[f->index];
	bool changed = false;

	o->cfg = me->cfg;
	o->fa = me->fa;
	o->lv = me->lv;
	for (u32 k = 0; k < w->group.n; k++)
		for (u32 j = 0; j < w->group.v[k].n; j++)
			if (w->insn[w->group.v[k].at[j]]->func == f)
				changed |= put_call(w, &w->group.v[k], w->group.v[k].at[j]);
	return changed;
}
