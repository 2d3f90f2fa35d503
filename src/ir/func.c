/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that no file had: made by a pass, in .text, where loaders look for
 * what programs call. The writer gives them a symbol, a type and records. And: functions
 * that are the same. All memory is the object's arena.
 */
#include "ir/ir.h"

static const char TEXT[] = ".text";

static struct skep_csec *text_section(struct skep_obj *obj)
{
	struct skep_csec *c, **all;

	if (!obj->text)
		return NULL;
	for (u32 k = 0; k < obj->ncsec; k++)
		if (obj->csec[k]->elf == obj->text)
			return obj->csec[k];
	/* It was empty. */
	c = SKEP_NEW(obj->arena, struct skep_csec);
	c->name = TEXT;
	c->elf = obj->text;
	all = SKEP_NEW_N(obj->arena, struct skep_csec *, obj->ncsec + 1);
	if (obj->ncsec)
		memcpy(all, obj->csec, obj->ncsec * sizeof(*all));
	all[obj->ncsec++] = c;
	obj->csec = all;
	return c;
}

static struct skep_func **with_one_more(struct skep_obj *obj, struct skep_func **list, u32 n,
					struct skep_func *f)
{
	struct skep_func **out = SKEP_NEW_N(obj->arena, struct skep_func *, n + 1);

	if (n)
		memcpy(out, list, n * sizeof(*out));
	out[n] = f;
	return out;
}

struct skep_func *skep_edit_add_func(struct skep_obj *obj, const char *name)
{
	struct skep_csec *c = text_section(obj);
	struct skep_func *f;
	struct skep_sym *sym;

	if (!c)
		return NULL;
	f = SKEP_NEW(obj->arena, struct skep_func);
	f->name = name;
	f->sec = c;
	f->flags = SKEP_FF_MADE | SKEP_FF_EDITED;
	f->index = obj->nfunc;
	f->sym = obj->nsym ? obj->nsym : 1;
	sym = SKEP_NEW_N(obj->arena, struct skep_sym, f->sym + 1);
	if (obj->nsym)
		memcpy(sym, obj->sym, obj->nsym * sizeof(*sym));
	sym[f->sym] =
		(struct skep_sym){.name = name, .kind = SKEP_SYM_FUNC, .sec = obj->text, .func = f};
	obj->sym = sym;
	obj->nsym = f->sym + 1;
	obj->func = with_one_more(obj, obj->func, obj->nfunc++, f);
	c->func = with_one_more(obj, c->func, c->nfunc++, f);
	return f;
}

struct skep_insn *skep_insn_new_call(struct skep_obj *obj, struct skep_func *callee,
				     const struct skep_insn *at)
{
	struct skep_ins in = {.op = SKEP_CALL, .size = 8, .src = SKEP_CALL_SUBPROG};
	struct skep_insn *i = skep_insn_new(obj, &in, at);

	i->ref = SKEP_REF_FUNC;
	i->callee = callee;
	i->sym = callee->sym;
	if (at->func->sec != callee->sec)
		i->flags |= SKEP_IF_RELOC;
	return i;
}

void skep_edit_drop_funcs(struct skep_obj *obj, u32 nfunc)
{
	while (obj->nfunc > nfunc) {
		struct skep_func *f = obj->func[--obj->nfunc];

		f->sec->nfunc--;
		obj->nsym--;
		if (!f->sec->nfunc && !f->sec->slots_read)
			obj->ncsec--;
	}
}

/* --- the same ------------------------------------------------------------------------ */

enum { MAX_DEPTH = 8 };

static bool same_func(const struct skep_func *a, const struct skep_func *b, u32 depth);

static bool same_core(const struct skep_core_rec *x, const struct skep_core_rec *y)
{
	return x == y ||
	       (x && y && x->type == y->type && x->access == y->access && x->kind == y->kind);
}

/* Symbols are compared by number, so what two symbols of one address name counts as different. */
static bool same_insn(const struct skep_insn *a, const struct skep_insn *b, u32 depth)
{
	const struct skep_ins *x = &a->in, *y = &b->in;

	if (x->op != y->op || x->size != y->size || x->form != y->form || x->dst != y->dst ||
	    x->src != y->src || x->imm != y->imm || (!a->target && x->off != y->off) ||
	    a->ref != b->ref || !a->target != !b->target)
		return false;
	if (a->ref == SKEP_REF_FUNC)
		return a->callee == b->callee || same_func(a->callee, b->callee, depth + 1);
	return (a->ref == SKEP_REF_NONE || a->sym == b->sym) && same_core(a->core, b->core);
}

/* Walked in step: branches must go as far in both. */
static bool same_targets(const struct skep_func *a, const struct skep_func *b)
{
	const struct skep_insn *y = b->first;

	for (const struct skep_insn *x = a->first; x; x = x->next, y = y->next) {
		const struct skep_insn *p = a->first, *q = b->first;

		while (p && q && x->target && p != x->target && q != y->target) {
			p = p->next;
			q = q->next;
		}
		if (x->target && (p != x->target || q != y->target))
			return false;
	}
	return true;
}

static bool same_func(const struct skep_func *a, const struct skep_func *b, u32 depth)
{
	const struct skep_insn *y = b->first;

	if (a == b)
		return true;
	if (a->ninsns != b->ninsns || depth > MAX_DEPTH || a->sec != b->sec ||
	    (a->flags | b->flags) & (SKEP_FF_PROG | SKEP_FF_GLOBAL | SKEP_FF_ANON))
		return false;
	for (const struct skep_insn *x = a->first; x; x = x->next, y = y->next)
		if (!same_insn(x, y, depth))
			return false;
	return same_targets(a, b);
}

bool skep_func_same(const struct skep_func *a, const struct skep_func *b)
{
	return same_func(a, b, 0);
}
