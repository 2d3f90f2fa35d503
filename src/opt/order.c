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
 * that is the target): one slot more. That is for the verifier as the goal, or where a
 * program would cost too much. With size as the goal it is done last and where it is
 * clearly worth the slot (see most()), in functions from which other passes took more slots.
 *
 * Right because: the branch goes to the same instruction under the same
 * condition, each conditional having an exact opposite; what moves is closed by
 * an instruction that does not fall through, and what stood before it does not
 * fall into it. So every path has the same instructions in the same order, but
 * for the jump; facts stay true at each of them.
 */
#include "opt/opt_impl.h"

enum { SWEEPS = 3, LEAST_SHARE = 50 };

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
	switch (o->opts->mode) {
	case SKEP_OPT_SIZE: return SKEP_ORDER_WORTH;
	case SKEP_OPT_VERIFIER: return SKEP_ORDER_ANY;
	default: return SKEP_ORDER_FREE;
	}
}

static bool look_at(const struct skep_opt *o, struct skep_insn *i, enum skep_opt_order how,
		    struct arms *a)
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
	if (how == SKEP_ORDER_FREE || !stands_before(n, t))
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

/* What the function may cost at most with that, if it costs `best` now; 0: it is not worth it. */
static u64 most(const struct skep_opt *o, const struct skep_func *f, const struct arms *a,
		enum skep_opt_order how, u64 best)
{
	u32 slots;
	u64 gain;

	if (!a->jump)
		return best - 1;
	/* A slot more must be worth more than the jump that is gone through. */
	if (how == SKEP_ORDER_ANY)
		return best - 1 - (best > 2);
	slots = skep_func_slots(f);
	if (slots >= o->slots[f->index])
		return 0;
	gain = best * SKEP_OPT_WORTH / slots;
	gain = SKEP_MAX(gain, best / LEAST_SHARE) + 1;
	return best > gain ? best - gain : 0;
}

/* Try one branch; *best is what the function costs now, 1 when nothing more can come of it. */
static bool try_branch(struct skep_opt *o, struct skep_insn *i, enum skep_opt_order how, u64 *best)
{
	const struct skep_func_saved *saved;
	struct skep_func *f = i->func;
	struct arms a;
	u64 limit, cost;

	if (!look_at(o, i, how, &a))
		return false;
	limit = most(o, f, &a, how, *best);
	if (!limit)
		return false;
	saved = skep_func_save(o->obj, f, o->scratch);
	exchange(o, &a);
	cost = o->opts->cost(o->opts->cost_user, f, limit);
	skep_func_restore(o->obj, saved);
	if (cost == SKEP_COST_OVER) {
		*best = 1;
		return false;
	}
	if (!cost ||
	    !skep_opt_begin(o, a.jump ? "skipped code to the end" : "ways of a branch exchanged",
			    a.lo, a.hi))
		return false;
	exchange(o, &a);
	skep_opt_end(o);
	*best = cost;
	return true;
}

/* The branches in turn, until none of them lowers what the function costs. */
static bool sweep(struct skep_opt *o, struct skep_insn **branch, u32 n, enum skep_opt_order how,
		  u64 *best)
{
	bool changed = false;

	/* Since the last change all others were tried once. */
	for (u32 k = 0, since = 0; k < SWEEPS * n && since < n; k++, since++) {
		struct skep_arena_mark m = skep_arena_mark(o->scratch);

		if (try_branch(o, branch[k % n], how, best)) {
			since = 0;
			changed = true;
		}
		skep_arena_release(o->scratch, m);
	}
	return changed;
}

bool skep_pass_order(struct skep_opt *o, struct skep_func *f)
{
	struct skep_insn **branch;
	enum skep_opt_order how;
	bool changed;
	u32 n = 0;
	u64 best;

	/* Where subprograms have legacy packet loads, verifiers up to Linux 6.18 can lose their way
	 * (see dce.c). */
	if (!o->opts->cost || skep_opt_huge(f) || o->legacy_subprog)
		return false;
	branch = SKEP_NEW_N(o->scratch, struct skep_insn *, f->ninsns);
	SKEP_FOR_INSN(i, f)
		if (skep_is_cond(i->in.op))
			branch[n++] = i;
	best = n ? o->opts->cost(o->opts->cost_user, f, 0) : 0;
	if (best < 2)
		return false;
	how = allowed(o, f);
	skep_opt_look(o, f, false);
	changed = sweep(o, branch, n, how == SKEP_ORDER_WORTH ? SKEP_ORDER_FREE : how, &best);
	if (how == SKEP_ORDER_WORTH)
		changed |= sweep(o, branch, n, how, &best);
	return changed;
}
