/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a cut to the next ones, both sides: each path of P, and for it each path
 * of Q that the same inputs may take. Where both have stopped at places that
 * belong together they arrive at a cut; where not, the one that is behind goes
 * on.
 */
#include "prove/prove_impl.h"

enum { MAX_PATH_STEPS = 40000, MAX_DEPTH = 96, FAR = 0x7fffffff };

/* --- what the path says ----------------------------------------------------------------- */

/* What a literal makes a constant: x == k, or a bit that is set or clear; 0: nothing. */
static u32 subject(struct prover *p, u32 lit, u32 *value)
{
	const struct skep_term *x = skep_smt_get(&p->smt, lit);
	u32 t = x->op == SKEP_T_NOT ? x->arg[0] : lit;

	if (x->op == SKEP_T_EQ && skep_smt_is_const(&p->smt, x->arg[1])) {
		*value = x->arg[1];
		return x->arg[0];
	}
	*value = skep_smt_const(&p->smt, 1, x->op != SKEP_T_NOT);
	switch (skep_smt_get(&p->smt, t)->op) {
	case SKEP_T_EXTRACT:
	case SKEP_T_VAR:
	case SKEP_T_APP: return t;
	default: return 0;
	}
}

struct constants {
	u32 from[MAX_LITS], to[MAX_LITS], n;
};

static u32 known_constant(void *user, u32 t)
{
	const struct constants *c = user;

	for (u32 k = 0; k < c->n; k++)
		if (c->from[k] == t)
			return c->to[k];
	return 0;
}

u32 skep_prove_current(struct prover *p, u32 t)
{
	struct constants c;

	if (skep_smt_is_const(&p->smt, t))
		return t;
	c.n = 0;
	for (u32 k = 0; k < p->nlit; k++) {
		c.from[c.n] = subject(p, p->lit[k], &c.to[c.n]);
		c.n += c.from[c.n] != 0;
	}
	return c.n ? skep_smt_subst(&p->smt, t, known_constant, &c) : t;
}

static enum skep_smt_answer holds(struct prover *p, u32 goal)
{
	return skep_smt_follows(&p->smt, p->lit, p->nlit, goal, NULL);
}

enum skep_smt_answer skep_prove_equal(struct prover *p, u32 a, u32 b)
{
	if (a == b)
		return SKEP_SMT_YES;
	a = skep_prove_current(p, a);
	b = skep_prove_current(p, b);
	if (a == b)
		return SKEP_SMT_YES;
	p->goal = skep_smt_eq(&p->smt, a, b);
	return holds(p, p->goal);
}

int skep_prove_decided(struct prover *p, u32 c, bool ask)
{
	u32 not_c = skep_smt_not(&p->smt, c);

	for (u32 k = 0; k < p->nlit; k++) {
		if (p->lit[k] == c)
			return 1;
		if (p->lit[k] == not_c)
			return 0;
	}
	c = skep_prove_current(p, c);
	if (skep_smt_is_const(&p->smt, c))
		return (int)skep_smt_get(&p->smt, c)->k;
	if (!ask)
		return -1;
	if (holds(p, c) == SKEP_SMT_YES)
		return 1;
	return holds(p, skep_smt_not(&p->smt, c)) == SKEP_SMT_YES ? 0 : -1;
}

static bool impossible(struct prover *p)
{
	return p->nlit && skep_smt_follows(&p->smt, p->lit, p->nlit, skep_smt_const(&p->smt, 1, 0),
					   NULL) == SKEP_SMT_YES;
}

/* --- failures ------------------------------------------------------------------------------- */

static void name_var(struct prover *p, u32 var, struct skep_buf *out)
{
	u64 k = skep_smt_get(&p->smt, var)->k;

	if (k >= VAR_ARG && k < VAR_ARG + NREG)
		skep_buf_printf(out, "r%u", (u32)k - VAR_ARG);
	else if (k == VAR_CTX)
		skep_buf_puts(out, "context");
	else if (k == VAR_FP)
		skep_buf_puts(out, "r10");
	else if (k >= VAR_CUT && k < VAR_CORE && p->now && (u32)(k & 0xfff) < p->now->nloc) {
		const struct loc *l = &p->now->loc[k & 0xfff];

		if (l->reg != 0xff)
			skep_buf_printf(out, "%s%u", l->side == Q ? "B's r" : "r", l->reg);
		else
			skep_buf_printf(out, "%sstack%d", l->side == Q ? "B's " : "",
					(int)l->at - STK);
	} else
		skep_buf_puts(out, k & VAR_SYM ? "an address" : "another value");
}

/* Values of the path for which the comparison that failed last is false. */
static const char *model_text(struct prover *p)
{
	struct skep_smt_model m = {0};
	struct skep_buf b = {0};
	const char *r;

	if (p->goal)
		skep_smt_follows(&p->smt, p->lit, p->nlit, p->goal, &m);
	for (u32 k = 0; k < m.n && k < 12; k++) {
		skep_buf_puts(&b, k ? ", " : "");
		name_var(p, m.var[k], &b);
		skep_buf_printf(&b, " = 0x%llx", (unsigned long long)m.val[k]);
	}
	r = b.p && !b.failed ? skep_arena_strdup(p->arena, b.p) : "";
	skep_buf_fini(&b);
	return r;
}

void skep_prove_fail(struct prover *p, enum skep_smt_answer a, const char *reason)
{
	if (p->hunt) {
		if (a == SKEP_SMT_NO && !p->failed)
			skep_prove_try(p);
		return;
	}
	if (p->failed || impossible(p))
		return;
	p->failed = true;
	p->why = a;
	p->reason = reason;
	p->values = a == SKEP_SMT_NO ? model_text(p) : NULL;
}

void skep_prove_lag(struct prover *p)
{
	p->goal = 0;
	if (!p->at_insn)
		skep_prove_fail(p, SKEP_SMT_NO, "a call that the other version does not make");
	else
		p->lag = true;
}

bool skep_prove_known_atomic(const struct prover *p, const struct skep_insn *i)
{
	u32 t = p->side[Q].twin[i->num];

	return p->at_insn && t != NONE &&
	       skep_op_class(p->side[P].cfg->insn[t]->in.op) == SKEP_CLASS_ATOMIC;
}

/* --- who is behind -------------------------------------------------------------------------------
 */

/* Instructions from one to another along the graph, by whole blocks. */
static u32 distance(struct prover *p, const struct side *sd, u32 from, u32 to)
{
	const struct skep_cfg *c = sd->cfg;
	struct skep_arena_mark m = skep_arena_mark(p->arena);
	u32 *dist, *queue, head = 0, tail = 0, b, r = FAR;

	if (to == NONE)
		return FAR;
	if (from < to && c->block_of[from] == c->block_of[to])
		return to - from;
	dist = SKEP_NEW_N(p->arena, u32, c->nblock);
	queue = SKEP_NEW_N(p->arena, u32, c->nblock);
	queue[tail++] = c->block_of[from];
	dist[c->block_of[from]] = 1;
	while (head < tail && r == FAR) {
		b = queue[head++];
		for (u32 k = 0; k < c->block[b].nsucc; k++) {
			u32 s = c->block[b].succ[k];

			if (s == c->block_of[to]) {
				r = dist[b] + (to - c->block[s].first->num) + 1;
				break;
			}
			if (!dist[s]) {
				dist[s] = dist[b] +
					  (c->block[s].last->num - c->block[s].first->num) + 1;
				queue[tail++] = s;
			}
		}
	}
	skep_arena_release(p->arena, m);
	return r;
}

/* --- Q
 * ------------------------------------------------------------------------------------------------
 */

static void run_q(struct prover *p, struct state *s, struct skep_insn *i, bool pass);

/* What a program returns has 32 bits, for most types. */
static u32 returned(struct prover *p, const struct state *s)
{
	const struct skep_func *f = p->side[P].func;

	if (!p->hunt || f->prog_type == SKEP_PROG_STRUCT_OPS || f->prog_type == SKEP_PROG_EXT)
		return s->reg[0];
	return skep_smt_extract(&p->smt, s->reg[0], 0, 32);
}

static void both_ended(struct prover *p, const struct state *s)
{
	const struct state *a = p->at_state;
	enum skep_smt_answer r;

	p->goal = 0;
	if (a->trace != s->trace)
		skep_prove_fail(p, SKEP_SMT_NO, "a call is missing");
	r = skep_prove_same_mem(p, a->mem, s->mem);
	if (r != SKEP_SMT_YES)
		skep_prove_fail(p, r, "memory differs at the end");
	r = skep_prove_equal(p, returned(p, a), returned(p, s));
	if (r != SKEP_SMT_YES)
		skep_prove_fail(p, r, "the value that is returned differs");
}

/* Q stopped at `i` (NULL: the end). */
static void at_q(struct prover *p, struct state *s, struct skep_insn *i)
{
	struct skep_insn *a = p->at_insn;
	struct cut *c;
	u32 dp, dq;

	if (!a && !i) {
		both_ended(p, s);
		return;
	}
	if (a && i && p->side[P].twin[a->num] == i->num) {
		c = skep_prove_cut(p, a, i);
		if (!c->through) {
			skep_prove_arrive(p, c, p->at_state, s);
			return;
		}
		p->lag = true;
		return;
	}
	/* Going on costs less than asking whether anybody ever gets here. */
	dp = a && i ? distance(p, &p->side[P], a->num, p->side[Q].twin[i->num]) : a ? 1 : FAR;
	dq = a && i ? distance(p, &p->side[Q], i->num, p->side[P].twin[a->num]) : i ? 1 : FAR;
	if (dq < dp || !a)
		run_q(p, s, i, true);
	else
		p->lag = true;
}

static void fork_q(struct prover *p, const struct state *s, struct skep_insn *target, u32 lit)
{
	struct state copy = *s;
	u32 n = p->nlit;

	if (p->nlit == MAX_LITS) {
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many branches between two cuts");
		return;
	}
	p->lit[p->nlit++] = lit;
	run_q(p, &copy, target, false);
	p->nlit = n;
}

/* No more paths: a proof fails, a hunt ends. */
static void enough(struct prover *p)
{
	skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many paths between two cuts");
	p->failed |= p->hunt != NULL;
}

bool skep_prove_spend(struct prover *p)
{
	bool stop = p->opts.stop && atomic_load_explicit(p->opts.stop, memory_order_relaxed);

	const char *why = "too many instructions between two cuts";

	if (!p->hunt && p->smt.solved > p->opts.max_solved)
		why = "too many questions for the solver";
	else if (!stop && (p->hunt || ++p->path_steps <= MAX_PATH_STEPS) &&
		 ++p->res->steps <= p->opts.max_steps)
		return true;
	skep_prove_fail(p, SKEP_SMT_UNKNOWN, why);
	p->failed = true;
	if (!p->reason)
		p->reason = why, p->why = SKEP_SMT_UNKNOWN;
	return false;
}

static void run_q(struct prover *p, struct state *s, struct skep_insn *i, bool pass)
{
	u32 c = 0;

	if (++p->depth > MAX_DEPTH)
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many branches between two cuts");
	while (!p->failed && !p->lag && p->depth <= MAX_DEPTH) {
		struct skep_insn *join;
		enum step r;
		int taken;

		if (!i) {
			skep_prove_fail(p, SKEP_SMT_UNKNOWN,
					"control runs off the end of the function");
			break;
		}
		if (!pass && p->side[Q].stop[i->num]) {
			at_q(p, s, i);
			break;
		}
		pass = false;
		if (!skep_prove_spend(p))
			break;
		r = skep_prove_step(p, Q, s, i, &c);
		if (r == STEP_EXIT)
			at_q(p, s, NULL);
		if (r == STEP_EXIT || r == STEP_FAIL)
			break;
		taken = r == STEP_ON ? 0 : skep_prove_decided(p, c, true);
		if (taken < 0 && (join = skep_prove_merge(p, Q, s, i, c))) {
			i = join;
			continue;
		}
		if (taken < 0) {
			if (++p->paths > p->opts.max_paths) {
				enough(p);
				break;
			}
			fork_q(p, s, i->target, c);
			if (p->failed || p->lag)
				break;
			fork_q(p, s, i->next, skep_smt_not(&p->smt, c));
			break;
		}
		i = taken ? i->target : i->next;
	}
	p->depth--;
}

/* --- P
 * -------------------------------------------------------------------------------------------------
 */

static void run_p(struct prover *p, const struct state *from, struct skep_insn *i, bool pass);

/* P stopped at `i` (NULL: the end). */
static void at_p(struct prover *p, const struct state *s, struct skep_insn *i)
{
	struct state q = p->q0;
	u32 n = p->nlit;

	if (++p->paths > p->opts.max_paths) {
		enough(p);
		return;
	}
	p->res->paths++;
	p->lag = false;
	p->at_state = s;
	p->at_insn = i;
	run_q(p, &q, p->now->q, true);
	p->nlit = n;
	if (!p->lag || p->failed)
		return;
	p->lag = false;
	run_p(p, s, i, true);
}

static void fork_p(struct prover *p, const struct state *s, struct skep_insn *target, u32 lit)
{
	u32 n = p->nlit;

	if (p->nlit == MAX_LITS) {
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many branches between two cuts");
		return;
	}
	p->nevent = s->nevent;
	p->nrandom = s->nrandom;
	p->lit[p->nlit++] = lit;
	run_p(p, s, target, false);
	p->nlit = n;
}

static void run_p(struct prover *p, const struct state *from, struct skep_insn *i, bool pass)
{
	struct state s = *from;
	u32 c = 0;

	if (++p->depth > MAX_DEPTH)
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many branches between two cuts");
	while (!p->failed && p->depth <= MAX_DEPTH) {
		struct skep_insn *join;
		enum step r;
		int taken;

		if (!i) {
			skep_prove_fail(p, SKEP_SMT_UNKNOWN,
					"control runs off the end of the function");
			break;
		}
		if (!pass && p->side[P].stop[i->num]) {
			at_p(p, &s, i);
			break;
		}
		pass = false;
		if (!skep_prove_spend(p))
			break;
		r = skep_prove_step(p, P, &s, i, &c);
		if (r == STEP_EXIT)
			at_p(p, &s, NULL);
		if (r == STEP_EXIT || r == STEP_FAIL)
			break;
		if (r == STEP_ON && p->opts.facts && skep_prove_opaque(i))
			skep_prove_assume(p, i->next, &s, skep_prove_opaque(i));
		taken = r == STEP_ON
				? 0
				: skep_prove_decided(p, c, p->hunt || skep_prove_decides(p, i));
		if (taken < 0 && (join = skep_prove_merge(p, P, &s, i, c))) {
			i = join;
			continue;
		}
		if (taken < 0 && p->hunt && skep_prove_hunt_over(p))
			p->failed = true;
		else if (taken < 0) {
			fork_p(p, &s, i->target, c);
			if (!p->failed)
				fork_p(p, &s, i->next, skep_smt_not(&p->smt, c));
			break;
		}
		i = taken ? i->target : i->next;
	}
	p->depth--;
}

bool skep_prove_walk(struct prover *p, struct cut *c)
{
	struct state a = {0};

	p->now = c;
	p->failed = p->lag = false;
	p->reason = p->values = NULL;
	p->fail_cut = NULL;
	p->paths = p->path_steps = p->depth = 0;
	p->nevent = p->nrandom = p->nassumed = 0;
	memset(p->regions_key, 0, sizeof(p->regions_key));
	skep_prove_enter(p, c, &a, &p->q0);
	p->res->walks++;
	run_p(p, &a, c->p, true);
	return !p->failed;
}
