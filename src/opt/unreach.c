/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unreachable code, branches whose outcome is known, jumps to the next
 * instruction.
 *
 * Right because: an instruction that no path reaches is never executed; a
 * branch between two constants goes one way; a branch to the instruction behind
 * it does nothing. Needs facts. Changes no register.
 */
#include "opt/opt_impl.h"

static bool drop(struct skep_opt *o, struct skep_insn *i, const char *why)
{
	if (!skep_opt_begin(o, why, i, i))
		return false;
	skep_edit_remove(o->obj, i);
	skep_opt_end(o);
	return true;
}

static bool fix_branch(struct skep_opt *o, struct skep_insn *i)
{
	struct skep_ins ja = {.op = SKEP_JA, .size = 8};
	struct skep_insn *to = i->target;
	s8 d = o->fa->decided[i->num];

	if (to == i->next && i->in.op != SKEP_JCOND)
		return drop(o, i, "jump to the next instruction");
	if (d == 0)
		return drop(o, i, "branch never taken");
	if (d != 1 || !skep_opt_begin(o, "branch always taken", i, i))
		return false;
	skep_edit_set(i, &ja);
	skep_edit_set_target(i, to);
	skep_opt_end(o);
	return true;
}

/* Marks by number what control reaches in the code as it stands now. */
static void mark(const struct skep_opt *o, const struct skep_func *f, u8 *seen)
{
	struct skep_insn **work = SKEP_NEW_N(o->scratch, struct skep_insn *, 2 * (size_t)o->cfg->ninsn + 1);
	u32 n = 0;

	work[n++] = f->first;
	while (n) {
		struct skep_insn *i = work[--n];

		if (seen[i->num])
			continue;
		seen[i->num] = 1;
		if (i->target)
			work[n++] = i->target;
		if (i->next && !skep_is_end(i->in.op))
			work[n++] = i->next;
	}
}

/*
 * Branches first, so that dead code to which only dead code jumps (a loop) goes as well. A branch
 * whose edit was denied still counts as going both ways.
 */
static bool drop_dead(struct skep_opt *o, struct skep_func *f)
{
	u8 *seen = SKEP_NEW_N(o->scratch, u8, o->cfg->ninsn);
	bool changed = false;

	mark(o, f, seen);
	for (int branches = 1; branches >= 0; branches--)
		for (u32 k = 0; k < o->cfg->ninsn; k++) {
			struct skep_insn *i = o->cfg->insn[k];

			if (seen[k] || !i->func || (branches && (!i->target || !i->next)))
				continue;
			if (branches || (!i->njumps && !(i->prev && !skep_is_end(i->prev->in.op))))
				changed |= drop(o, i, "unreachable");
		}
	return changed;
}

bool skep_pass_unreach(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (o->fa->reached[k] && i->target && i->next)
			changed |= fix_branch(o, i);
	}
	return drop_dead(o, f) || changed;
}
