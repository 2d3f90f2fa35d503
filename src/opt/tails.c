/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Equal ends of paths merged: where two runs of instructions lead to the same
 * place (an exit, or one target) and their last instructions are equal, one of
 * them jumps into the other.
 *
 * Right because: both run the same instructions to the same place. The kernel
 * refuses one instruction that works on pointers of different kinds, so the
 * kinds of addresses and of map arguments must agree as well.
 */
#include "opt/opt_impl.h"

enum { MAX_GROUP = 96, MAX_SUFFIX = 64 };

struct tail {
	struct skep_insn *end;	/* EXIT or jump; or the last instruction before the target (falls through) */
	struct skep_insn *body; /* last instruction before the end proper */
	bool falls;
};

static bool is_jump(const struct skep_insn *i)
{
	return i->in.op == SKEP_JA;
}

bool skep_opt_same_kinds(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *a,
			 const struct skep_facts *fb, const struct skep_insn *b)
{
	const struct skep_val *x = fa->in[a->num], *y = fb->in[b->num];
	struct skep_memop m;

	if (skep_isa_memop(&a->in, &m))
		return x[m.base].kind == y[m.base].kind && x[m.base].kind != SKEP_K_NONSTACK &&
		       x[m.base].kind != SKEP_K_ANY;
	if (a->in.op != SKEP_CALL)
		return true;
	for (int r = 1; r <= 5; r++)
		if (skep_reads(obj, a) >> r & 1 &&
		    (x[r].kind != y[r].kind || (x[r].kind == SKEP_K_MAP && x[r].vn != y[r].vn)))
			return false;
	return true;
}

static bool equal(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b)
{
	const struct skep_ins *x = &a->in, *y = &b->in;

	if (a == b || a->target || b->target || x->op == SKEP_EXIT || a->core || b->core)
		return false;
	if (x->op != y->op || x->size != y->size || x->form != y->form || x->dst != y->dst || x->src != y->src ||
	    x->off != y->off || x->imm != y->imm || a->ref != b->ref || a->callee != b->callee || a->sym != b->sym)
		return false;
	if (!o->fa->reached[a->num] || !o->fa->reached[b->num])
		return false;
	return skep_opt_same_kinds(o->obj, o->fa, a, o->fa, b);
}

/* Length of the common end of two bodies, without the instructions at which they meet. */
static u32 common(const struct skep_opt *o, const struct tail *a, const struct tail *b, struct skep_insn **fa,
		  struct skep_insn **fb)
{
	struct skep_insn *x = a->body, *y = b->body;
	u32 n = 0;

	while (x && y && x != b->end && y != a->end && n < MAX_SUFFIX && equal(o, x, y)) {
		*fa = x;
		*fb = y;
		n++;
		x = x->prev;
		y = y->prev;
	}
	return n;
}

/* Replace the run from `first` to the end of `a` by a jump to `into`. */
static bool merge(struct skep_opt *o, const struct tail *a, struct skep_insn *first, struct skep_insn *into, u32 n)
{
	struct skep_ins ja = {.op = SKEP_JA, .size = 8};
	struct skep_insn *j, *x = first, *y = into;

	for (struct skep_insn *k = first;; k = k->next) {
		if (o->touched[k->num])
			return false;
		if (k == a->end)
			break;
	}
	for (u32 k = 0; k < n; k++, y = y->next)
		if (o->touched[y->num])
			return false;
	if (!skep_opt_begin(o, "equal end of another path", first, a->end))
		return false;
	skep_opt_touch(o, first, a->end);
	y = into;
	for (u32 k = 0; k < n; k++, y = y->next)
		o->touched[y->num] = 1;
	j = skep_insn_new(o->obj, &ja, first);
	skep_edit_insert_before(first, j, false);
	y = into;
	for (u32 k = 0; k < n; k++) {
		struct skep_insn *next = x->next;

		/* Whoever jumped into the middle goes to the same place of the other run. */
		skep_edit_redirect(x, y);
		skep_edit_remove(o->obj, x);
		x = next;
		y = y->next;
	}
	if (!a->falls) {
		/* y is the end of the other run, or its target when that falls through. */
		skep_edit_redirect(a->end, y);
		skep_edit_remove(o->obj, a->end);
	}
	skep_edit_set_target(j, into);
	skep_opt_end(o);
	return true;
}

static bool merge_group(struct skep_opt *o, struct tail *g, u32 n)
{
	bool changed = false;

	for (u32 a = 0; a < n; a++) {
		struct skep_insn *best_first = NULL, *best_into = NULL;
		u32 best = 0;

		if (!g[a].end->func || !g[a].body)
			continue;
		for (u32 b = 0; b < n; b++) {
			struct skep_insn *x = NULL, *y = NULL;
			u32 len;

			if (b == a || !g[b].end->func || !g[b].body || !g[b].body->func || !g[a].body->func)
				continue;
			len = common(o, &g[a], &g[b], &x, &y);
			if (len > best) {
				best = len;
				best_first = x;
				best_into = y;
			}
		}
		/* One jump comes in; a run that fell through had no end of its own. */
		if (best >= (g[a].falls ? 2u : 1u) && merge(o, &g[a], best_first, best_into, best))
			changed = true;
	}
	return changed;
}

/* Ends by what they lead to: chains of numbers + 1 through `next`; exits at [ninsn]. */
struct ends {
	u32 *head, *next;
};

static struct ends sort_ends(const struct skep_opt *o)
{
	u32 n = o->cfg->ninsn;
	struct ends e = {SKEP_NEW_N(o->scratch, u32, n + 1), SKEP_NEW_N(o->scratch, u32, n + 1)};

	for (u32 k = n; k-- > 1;) {
		const struct skep_insn *i = o->cfg->insn[k];
		u32 to = is_jump(i) ? i->target->num : n;

		if ((is_jump(i) || i->in.op == SKEP_EXIT) && o->fa->reached[k]) {
			e.next[k] = e.head[to];
			e.head[to] = k + 1;
		}
	}
	return e;
}

/* The runs that lead to instruction `to`, or to an exit (to = ninsn). */
static u32 collect(const struct skep_opt *o, const struct ends *e, u32 to, struct tail *g)
{
	const struct skep_insn *t = to < o->cfg->ninsn ? o->cfg->insn[to] : NULL;
	u32 n = 0;

	for (u32 k = e->head[to]; k && n < MAX_GROUP - 1; k = e->next[k - 1]) {
		struct skep_insn *i = o->cfg->insn[k - 1];

		if (i->func && !i->njumps && (!t || i->target == t))
			g[n++] = (struct tail){i, i->prev, false};
	}
	if (t && t->prev && !skep_is_end(t->prev->in.op) && !t->prev->target)
		g[n++] = (struct tail){t->prev, t->prev, true};
	return n;
}

bool skep_pass_tails(struct skep_opt *o, struct skep_func *f)
{
	struct tail *g;
	struct ends e;
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, false);
	g = SKEP_NEW_N(o->scratch, struct tail, MAX_GROUP);
	e = sort_ends(o);
	for (u32 k = 0; k <= o->cfg->ninsn; k++) {
		u32 n;

		if (!e.head[k] || (k < o->cfg->ninsn && !o->cfg->insn[k]->func))
			continue;
		n = collect(o, &e, k, g);
		if (n > 1)
			changed |= merge_group(o, g, n);
	}
	return changed;
}
