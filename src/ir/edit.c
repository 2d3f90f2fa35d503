/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits. One rule a column of metadata: lines stay with the place, CO-RE
 * records with the instruction, branches with what follows a removed one.
 * All memory is the object's arena.
 */
#include "ir/ir.h"

struct skep_insn *skep_insn_new(struct skep_obj *obj, const struct skep_ins *in, const struct skep_insn *from)
{
	struct skep_insn *i = SKEP_NEW(obj->arena, struct skep_insn);

	i->in = *in;
	i->id = obj->next_id++;
	i->origin = from ? from->origin : i->id;
	i->line = from ? from->line : NULL;
	i->slot = from ? from->slot : 0;
	i->flags = SKEP_IF_NEW;
	return i;
}

struct skep_insn *skep_insn_copy(struct skep_obj *obj, const struct skep_insn *from)
{
	struct skep_insn *i = skep_insn_new(obj, &from->in, from);

	i->ref = from->ref;
	i->sym = from->sym;
	i->callee = from->callee;
	i->core = from->core;
	i->flags |= from->flags & (SKEP_IF_SECSYM | SKEP_IF_RELOC);
	if (from->target)
		skep_edit_set_target(i, from->target);
	return i;
}

static void touch(struct skep_func *f)
{
	f->flags |= SKEP_FF_EDITED;
	f->changes++;
}

void skep_edit_append(struct skep_func *f, struct skep_insn *i)
{
	i->func = f;
	i->prev = f->last;
	i->next = NULL;
	if (f->last)
		f->last->next = i;
	else
		f->first = i;
	f->last = i;
	f->ninsns++;
	touch(f);
}

void skep_edit_redirect(struct skep_insn *from, struct skep_insn *to)
{
	struct skep_func *f = from->func;

	if (!from->njumps || from == to)
		return;
	for (struct skep_insn *i = f->first; i && from->njumps; i = i->next)
		if (i->target == from)
			skep_edit_set_target(i, to);
	touch(f);
}

void skep_edit_insert_before(struct skep_insn *at, struct skep_insn *i, bool catch_jumps)
{
	struct skep_func *f = at->func;

	i->func = f;
	i->prev = at->prev;
	i->next = at;
	if (at->prev)
		at->prev->next = i;
	else
		f->first = i;
	at->prev = i;
	f->ninsns++;
	touch(f);
	if (catch_jumps)
		skep_edit_redirect(at, i);
}

void skep_edit_insert_after(struct skep_insn *at, struct skep_insn *i)
{
	if (at->next)
		skep_edit_insert_before(at->next, i, false);
	else
		skep_edit_append(at->func, i);
}

/* Labels of the symbol table that stand at a leaving instruction move on. */
static void move_labels(struct skep_obj *obj, struct skep_insn *i)
{
	if (!(i->flags & SKEP_IF_LABEL))
		return;
	for (u32 k = 1; k < obj->nsym; k++)
		if (obj->sym[k].kind == SKEP_SYM_LABEL && obj->sym[k].at == i)
			obj->sym[k].at = i->next;
	if (i->next)
		i->next->flags |= SKEP_IF_LABEL;
}

static void unlink_insn(struct skep_insn *i)
{
	struct skep_func *f = i->func;

	if (i->prev)
		i->prev->next = i->next;
	else
		f->first = i->next;
	if (i->next)
		i->next->prev = i->prev;
	else
		f->last = i->prev;
	f->ninsns--;
	touch(f);
}

void skep_edit_remove(struct skep_obj *obj, struct skep_insn *i)
{
	struct skep_insn *n = i->next;

	move_labels(obj, i);
	if (i->target)
		skep_edit_set_target(i, NULL);
	if (n) {
		skep_edit_redirect(i, n);
		if ((i->flags & SKEP_IF_LINE) && n->line == i->line)
			n->flags |= SKEP_IF_LINE;
	}
	unlink_insn(i);
	i->func = NULL;
}

void skep_edit_set(struct skep_insn *i, const struct skep_ins *in)
{
	i->in = *in;
	i->ref = SKEP_REF_NONE;
	i->callee = NULL;
	i->core = NULL;
	i->flags &= (u8)~(SKEP_IF_SECSYM | SKEP_IF_RELOC);
	if (i->target && !skep_is_branch(in->op))
		skep_edit_set_target(i, NULL);
	touch(i->func);
}

void skep_edit_set_target(struct skep_insn *i, struct skep_insn *target)
{
	if (i->target)
		i->target->njumps--;
	i->target = target;
	if (target)
		target->njumps++;
	if (i->func)
		touch(i->func);
}

void skep_edit_set_callee(struct skep_insn *i, struct skep_func *callee)
{
	i->callee = callee;
	if (!(i->flags & SKEP_IF_SECSYM))
		i->sym = callee->sym;
	touch(i->func);
}

void skep_edit_move_run(struct skep_insn *first, struct skep_insn *last, struct skep_insn *at)
{
	for (struct skep_insn *i = first, *next; i; i = next) {
		next = i == last ? NULL : i->next;
		unlink_insn(i);
		skep_edit_insert_before(at, i, false);
	}
}

u32 skep_func_number(struct skep_func *f)
{
	u32 n = 0;

	SKEP_FOR_INSN(i, f)
		i->num = n++;
	return n;
}

u32 skep_func_slots(const struct skep_func *f)
{
	u32 n = 0;

	SKEP_FOR_INSN(i, f)
		n += skep_ins_slots(&i->in);
	return n;
}
