/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function as it is now: to look at after it was edited, and to go back to.
 * Instructions are kept by value beside the pointers to them; an edit never
 * frees one, so going back is putting the values where they were.
 */
#include "ir/ir.h"

struct skep_func_saved *skep_func_save(const struct skep_obj *obj, struct skep_func *f,
				       struct skep_arena *arena)
{
	struct skep_func_saved *s = SKEP_NEW(arena, struct skep_func_saved);
	u32 n = 0;

	s->func = f;
	s->value = *f;
	s->insn = SKEP_NEW_N(arena, struct skep_insn *, f->ninsns);
	s->insn_value = SKEP_NEW_N(arena, struct skep_insn, f->ninsns);
	s->target = SKEP_NEW_N(arena, u32, f->ninsns);
	SKEP_FOR_INSN(i, f) {
		/* The scratch number leads from a branch to where its target stands. */
		i->num = n;
		s->insn[n] = i;
		s->insn_value[n++] = *i;
	}
	for (u32 k = 0; k < n; k++)
		if (s->insn[k]->target)
			s->target[k] = s->insn[k]->target->num;
	for (u32 k = 1; k < obj->nsym; k++)
		s->nlabel += obj->sym[k].kind == SKEP_SYM_LABEL && obj->sym[k].func == f;
	s->label = SKEP_NEW_N(arena, struct skep_insn *, s->nlabel);
	n = 0;
	for (u32 k = 1; k < obj->nsym; k++)
		if (obj->sym[k].kind == SKEP_SYM_LABEL && obj->sym[k].func == f)
			s->label[n++] = obj->sym[k].at;
	return s;
}

struct skep_func *skep_func_view(const struct skep_func_saved *s, struct skep_arena *arena)
{
	u32 n = s->value.ninsns;
	struct skep_insn *copy = SKEP_NEW_N(arena, struct skep_insn, n);
	struct skep_func *view = skep_arena_memdup(arena, &s->value, sizeof(s->value));

	for (u32 k = 0; k < n; k++) {
		copy[k] = s->insn_value[k];
		copy[k].func = view;
		copy[k].prev = k ? &copy[k - 1] : NULL;
		copy[k].next = k + 1 < n ? &copy[k + 1] : NULL;
		if (copy[k].target)
			copy[k].target = &copy[s->target[k]];
	}
	view->first = n ? copy : NULL;
	view->last = n ? &copy[n - 1] : NULL;
	return view;
}

struct skep_func *skep_func_head(const struct skep_func *f, struct skep_arena *arena)
{
	struct skep_func *head = skep_arena_memdup(arena, f, sizeof(*f));
	struct skep_insn *last = NULL;

	head->first = NULL;
	for (const struct skep_insn *i = f->first; i; i = i->target ? NULL : i->next) {
		struct skep_insn *c = skep_arena_memdup(arena, i, sizeof(*i));

		c->prev = last;
		c->next = NULL;
		if (last)
			last->next = c;
		else
			head->first = c;
		last = c;
	}
	head->last = last;
	return head;
}

void skep_func_restore(struct skep_obj *obj, const struct skep_func_saved *s)
{
	u32 n = 0, changes = s->func->changes;

	/* Instructions that came since belong to nobody. */
	for (struct skep_insn *i = s->func->first; i; i = i->next)
		i->func = NULL;
	*s->func = s->value;
	s->func->changes = changes + 1;
	for (u32 k = 0; k < s->value.ninsns; k++)
		*s->insn[k] = s->insn_value[k];
	for (u32 k = 1; k < obj->nsym; k++)
		if (obj->sym[k].kind == SKEP_SYM_LABEL && obj->sym[k].func == s->func)
			obj->sym[k].at = s->label[n++];
}
