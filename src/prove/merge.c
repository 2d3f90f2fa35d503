/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that part and meet again, followed as one. Where a branch is open, and what stands between
 * it and the place where all its ways meet (its immediate postdominator) does nothing but compute,
 * load and store, both ways are followed up to there, and the state behind is, for each register,
 * stack byte and byte of memory that differ: what the one way gives if the condition holds, else
 * what the other one gives. That is the state that each path has there, under its own condition, so
 * whatever is proved from it is proved for all of them. What the ways took for granted on the way
 * is forgotten behind.
 *
 * Only for functions without loops, compared from beginning to end: there are no cuts at which the
 * two versions would have to meet, so they need not have a common order. Calls, atomics and exits
 * on the way keep their paths apart.
 */
#include "prove/prove_impl.h"

enum { EXIT_BLOCK = UINT32_MAX };

/* --- where ways meet ------------------------------------------------------------------------- */

bool skep_prove_loop_free(const struct side *sd)
{
	const struct skep_cfg *c = sd->cfg;

	for (u32 k = 0; k < c->norder; k++) {
		const struct skep_block *b = &c->block[c->order[k]];

		for (u32 s = 0; s < b->nsucc; s++)
			if (c->block[b->succ[s]].rpo <= b->rpo)
				return false;
	}
	return true;
}

/* The nearest block that is on all ways from both; blocks that are further down have larger
 * numbers. */
static u32 meet(const struct skep_cfg *c, const u32 *pdom, u32 a, u32 b)
{
	while (a != b && a != EXIT_BLOCK && b != EXIT_BLOCK) {
		if (c->block[a].rpo < c->block[b].rpo)
			a = pdom[a];
		else
			b = pdom[b];
	}
	return a == b ? a : EXIT_BLOCK;
}

/* Immediate postdominators: against the order each block's successors are known (Cooper et al.
 * 2001). */
void skep_prove_find_joins(struct prover *p, struct side *sd)
{
	const struct skep_cfg *c = sd->cfg;

	sd->pdom = SKEP_NEW_N(p->arena, u32, c->nblock);
	for (u32 k = c->norder; k-- > 0;) {
		u32 n = c->order[k];
		const struct skep_block *b = &c->block[n];

		sd->pdom[n] = b->nsucc ? b->succ[0] : EXIT_BLOCK;
		for (u32 s = 1; s < b->nsucc; s++)
			sd->pdom[n] = meet(c, sd->pdom, sd->pdom[n], b->succ[s]);
	}
}

/* --- what may be followed -----------------------------------------------------------------------
 */

static bool computes(const struct skep_insn *i)
{
	struct skep_memop m;

	switch (skep_op_class(i->in.op)) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
	case SKEP_CLASS_JMP: return true;
	case SKEP_CLASS_MEM: return skep_isa_memop(&i->in, &m);
	default: return i->in.op == SKEP_LDDW || i->in.op == SKEP_JA || i->in.op == SKEP_GOTOL;
	}
}

/* Do all blocks from `from` on, up to the join, compute only? */
static bool all_compute(struct prover *p, const struct skep_cfg *c, u32 from, u32 join)
{
	struct skep_arena_mark m = skep_arena_mark(p->arena);
	u32 *todo = SKEP_NEW_N(p->arena, u32, c->nblock), n = 0;
	u8 *seen = SKEP_NEW_N(p->arena, u8, c->nblock);
	bool quiet = true;

	for (u32 s = 0; s < c->block[from].nsucc; s++)
		todo[n++] = c->block[from].succ[s];
	while (n && quiet) {
		const struct skep_block *b = &c->block[todo[--n]];

		if (todo[n] == join || seen[todo[n]])
			continue;
		seen[todo[n]] = 1;
		for (const struct skep_insn *i = b->first; quiet; i = i->next) {
			quiet = computes(i);
			if (i == b->last)
				break;
		}
		for (u32 s = 0; s < b->nsucc && n < c->nblock; s++)
			if (!seen[b->succ[s]])
				todo[n++] = b->succ[s];
	}
	skep_arena_release(p->arena, m);
	return quiet;
}

/* --- states
 * ---------------------------------------------------------------------------------------- */

/* What differs by a constant keeps what it has in common: sums of such terms compare in any order.
 */
static u32 choose(struct prover *p, u32 cond, u32 a, u32 b)
{
	struct skep_smt *s = &p->smt;
	u32 d = a == b ? 0 : skep_smt_sub(s, a, b);

	if (!d || !skep_smt_is_const(s, d) || skep_smt_is_const(s, b))
		return skep_smt_ite(s, cond, a, b);
	return skep_smt_add(s, b,
			    skep_smt_ite(s, cond, d, skep_smt_const(s, skep_smt_width(s, d), 0)));
}

static void merge_stack(struct prover *p, u32 cond, struct state *a, const struct state *b, u32 at,
			u32 size, bool big)
{
	u32 differ = 0;

	for (u32 k = 0; k < size; k++)
		differ += a->stk[at + k] != b->stk[at + k];
	if (!differ)
		return;
	if (differ < size) {
		merge_stack(p, cond, a, b, at, size / 2, big);
		merge_stack(p, cond, a, b, at + size / 2, size / 2, big);
		return;
	}
	skep_prove_store_stack(p, a, (s64)at - STK, size,
			       choose(p, cond,
				      skep_prove_load_stack(p, a, (s64)at - STK, size, big),
				      skep_prove_load_stack(p, b, (s64)at - STK, size, big)),
			       big);
}

/* `a` becomes what both are: itself where the condition holds, else `b`. */
static bool merge_states(struct prover *p, int side, u32 cond, struct state *a,
			 const struct state *b)
{
	bool big = p->side[side].obj->big;
	u32 mem = a->mem == b->mem ? a->mem : skep_prove_merge_mem(p, cond, a->mem, b->mem);

	if (!mem)
		return false;
	a->mem = mem;
	for (u32 r = 0; r < NREG; r++)
		a->reg[r] = choose(p, cond, a->reg[r], b->reg[r]);
	for (u32 o = 0; o < STK; o += 8)
		merge_stack(p, cond, a, b, o, 8, big);
	return true;
}

/* --- ways
 * -------------------------------------------------------------------------------------------- */

/* Follow one way, under the literal, up to the join. */
static bool follow(struct prover *p, int side, struct state *s, struct skep_insn *i,
		   const struct skep_insn *join, u32 lit)
{
	u32 n = p->nlit, c = 0;
	bool there = p->nlit < MAX_LITS;

	if (there)
		p->lit[p->nlit++] = lit;
	while (there && i != join) {
		enum step r = STEP_FAIL;
		int taken = 0;

		if (i && skep_prove_spend(p))
			r = skep_prove_step(p, side, s, i, &c);
		if (r == STEP_BRANCH)
			taken = skep_prove_decided(p, c, false);
		if (r != STEP_ON && r != STEP_BRANCH)
			there = false;
		else if (taken < 0)
			there = (i = skep_prove_merge(p, side, s, i, c)) != NULL;
		else
			i = taken ? i->target : i->next;
	}
	p->nlit = n;
	return there;
}

struct skep_insn *skep_prove_merge(struct prover *p, int side, struct state *s,
				   const struct skep_insn *branch, u32 cond)
{
	const struct side *sd = &p->side[side];
	u32 from = sd->cfg->block_of[branch->num], to = sd->pdom ? sd->pdom[from] : EXIT_BLOCK;
	struct skep_insn *join;
	struct state other = *s, one = *s;

	if (to == EXIT_BLOCK || !all_compute(p, sd->cfg, from, to) || p->depth >= MAX_MERGES)
		return NULL;
	join = sd->cfg->block[to].first;
	p->depth++;
	if (!follow(p, side, &one, branch->target, join, cond) ||
	    !follow(p, side, &other, branch->next, join, skep_smt_not(&p->smt, cond)) ||
	    !merge_states(p, side, cond, &one, &other))
		join = NULL;
	p->depth--;
	if (join)
		*s = one;
	return join;
}
