/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two ways of a branch change places: the kernel's verifier follows what
 * stands behind a branch first and the target later, and when it comes to code
 * that it has seen, it stops there only if the earlier state allowed at least as
 * much. So it does less where the way with the wider state is gone first. Which
 * that is nobody can tell beforehand, but a verifier can count: each branch is
 * tried, and what lowers the number of instructions stays. Runs when all other
 * passes are done, and only with a verifier to ask.
 *
 * Two forms. What only jumps reach moves behind the branch, which is inverted and
 * goes to what stood there; nothing gets longer. And what stands between a branch
 * and its target moves to the end of the function with a jump back (an exit, where
 * that is the target): one slot more, so only with the verifier as the goal, or where
 * a program would cost too much.
 *
 * Right because: the branch goes to the same instruction under the same
 * condition, each conditional having an exact opposite; what moves is closed by
 * an instruction that does not fall through, and what stood before it does not
 * fall into it. So every path has the same instructions in the same order, but
 * for the jump; facts stay true at each of them.
 */
#include "opt/opt_impl.h"

enum { SWEEPS = 3 };

/* A branch, and what would change. */
struct arms {
	struct skep_insn *branch, *first, *last; /* the run that moves */
	struct skep_insn *lo, *hi;		 /* all that is touched, in list order */
	struct skep_ins in;			 /* the branch afterwards */
	bool jump; /* the run moves to the end, and a jump back is needed */
};

static struct skep_insn *run_end(struct skep_insn *t, const struct skep_insn *branch)
{
	for (; t && t != branch; t = t->next)
		if (skep_is_end(t->in.op))
			return t;
	return NULL;
}

static bool stands_before(const struct skep_insn *a, const struct skep_insn *b)
{
	while (a && a != b)
		a = a->next;
	return a != NULL;
}

static enum skep_opt_order allowed(const struct skep_opt *o, const struct skep_func *f)
{
	if (o->opts->order)
		return o->opts->order(o->opts->without_user, f);
	return o->opts->mode == SKEP_OPT_VERIFIER ? SKEP_ORDER_ANY : SKEP_ORDER_FREE;
}

static bool look_at(const struct skep_opt *o, struct skep_insn *i, struct arms *a)
{
	struct skep_insn *t = i->target, *n = i->next;

	if (!n || t == n || skep_insn_frozen(i) || !t->prev ||
	    !skep_opt_opposite(o, &i->in, &a->in))
		return false;
	a->branch = i;
	a->jump = !skep_is_end(t->prev->in.op);
	if (!a->jump) {
		a->first = t;
		a->last = run_end(t, i);
		a->lo = a->last && stands_before(a->last, i) ? t : i;
		a->hi = a->lo == i ? a->last : i;
		return a->last;
	}
	if (allowed(o, i->func) != SKEP_ORDER_ANY || !stands_before(n, t))
		return false;
	a->first = n;
	a->last = t->prev;
	a->lo = i;
	a->hi = i->func->last;
	return true;
}

static void exchange(struct skep_opt *o, const struct arms *a)
{
	struct skep_insn *n = a->branch->next, *t = a->branch->target;

	if (a->jump) {
		const bool exits = t->in.op == SKEP_EXIT;
		const struct skep_ins in = {.op = exits ? SKEP_EXIT : SKEP_JA, .size = 8};
		struct skep_insn *back = skep_insn_new(o->obj, &in, a->last);

		skep_edit_append(n->func, back);
		if (!exits)
			skep_edit_set_target(back, t);
		skep_edit_move_run(n, a->last, back);
	} else {
		skep_edit_move_run(t, a->last, n);
	}
	skep_edit_set(a->branch, &a->in);
	skep_edit_set_target(a->branch, n);
}

/* Try one branch; *best is what the function costs now. */
static bool try_branch(struct skep_opt *o, struct skep_insn *i, u64 *best)
{
	const struct skep_func_saved *saved;
	struct skep_func *f = i->func;
	struct arms a;
	u64 cost;

	if (!look_at(o, i, &a))
		return false;
	saved = skep_func_save(o->obj, f, o->scratch);
	exchange(o, &a);
	/* A slot more must be worth more than the jump that is gone through. */
	cost = *best > 1 ? o->opts->cost(o->opts->cost_user, f, *best - 1 - (a.jump && *best > 2))
			 : 0;
	skep_func_restore(o->obj, saved);
	if (!cost ||
	    !skep_opt_begin(o, a.jump ? "skipped code to the end" : "ways of a branch exchanged",
			    a.lo, a.hi))
		return false;
	exchange(o, &a);
	skep_opt_end(o);
	*best = cost;
	return true;
}

bool skep_pass_order(struct skep_opt *o, struct skep_func *f)
{
	struct skep_insn **branch;
	bool changed = false;
	u32 n = 0;
	u64 best;

	/* Where subprograms have legacy packet loads, verifiers up to Linux 6.18 can lose their way (see dce.c). */
	if (!o->opts->cost || skep_opt_huge(f) || o->legacy_subprog)
		return false;
	branch = SKEP_NEW_N(o->scratch, struct skep_insn *, f->ninsns);
	SKEP_FOR_INSN(i, f)
		if (skep_is_cond(i->in.op))
			branch[n++] = i;
	best = n ? o->opts->cost(o->opts->cost_user, f, 0) : 0;
	if (!best)
		return false;
	skep_opt_look(o, f, false);
	for (u32 sweep = 0, more = 1; sweep < SWEEPS && more; sweep++) {
		more = 0;
		for (u32 k = 0; k < n; k++) {
			struct skep_arena_mark m = skep_arena_mark(o->scratch);

			more |= try_branch(o, branch[k], &best);
			skep_arena_release(o->scratch, m);
		}
		changed |= more;
	}
	return changed;
}
