/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a loop computes anew in each round though nothing of it changes is computed
 * once, before the loop. By liveness, over the blocks of an innermost loop.
 *
 * Right because: control enters the loop at its header only, from one block outside;
 * the instructions are put on that edge. They compute with constants, addresses and
 * registers that nothing in the loop writes, so they give in each round what they give
 * before the first. Their register is written by nothing else in the loop (a call writes
 * r0 to r5) and is not live where the loop begins, so nobody reads it before they stood,
 * and what it held when the loop was entered is not needed. The first of them does not
 * read the register, and nobody else reads it between them. They have no effect and do
 * not fail, so it does not matter when a round would have left them out. What the
 * verifier refuses before a test (sums of a pointer that may be NULL) stays behind it:
 * outside of the header only numbers and the frame pointer are computed with.
 * Instructions with a CO-RE record stay.
 */
#include "opt/opt_impl.h"

enum { MAX_RUN = 8 };

struct loop {
	const struct skep_block *head;
	u32 label;	      /* of its blocks */
	struct skep_insn *at; /* what is hoisted goes before this one */
	bool jump; /* which is a jump into the loop; else the loop's first, which keeps its jumps */
	u16 writes; /* registers written in it */
};

/* The instructions that write a register in a loop. */
struct writers {
	struct skep_insn *v[MAX_RUN];
	u32 n;
	bool pure; /* all of them only compute, in one block */
};

static bool member(const struct loop *l, const struct skep_block *b)
{
	return b->loop == l->label;
}

/* Where the loop is entered from its only block outside: what to put things before, or NULL. */
static struct skep_insn *entrance(const struct skep_opt *o, const struct loop *l)
{
	const struct skep_block *from = NULL;

	for (u32 k = 0; k < l->head->npred; k++) {
		const struct skep_block *p = &o->cfg->block[l->head->pred[k]];

		if (member(l, p))
			continue;
		if (from || p->rpo >= l->head->rpo)
			return NULL;
		from = p;
	}
	if (!from)
		return NULL;
	if (from->last->in.op == SKEP_JA || from->last->in.op == SKEP_GOTOL)
		return from->last;
	return from->last->next == l->head->first && from->last->target != l->head->first
		       ? l->head->first
		       : NULL;
}

/* Does control come into the loop elsewhere, or is there another one in it? */
static bool simple(const struct skep_opt *o, const struct loop *l)
{
	for (u32 k = 0; k < o->cfg->norder; k++) {
		const struct skep_block *b = &o->cfg->block[o->cfg->order[k]];

		for (u32 e = 0; e < b->npred && member(l, b) && b != l->head; e++)
			if (!member(l, &o->cfg->block[b->pred[e]]))
				return false;
	}
	return true;
}

static bool computes(const struct skep_insn *i)
{
	u8 class_ = skep_op_class(i->in.op);

	return (class_ == SKEP_CLASS_ALU || class_ == SKEP_CLASS_UNARY || i->in.op == SKEP_LDDW) &&
	       i->in.op != SKEP_CAST && !skep_insn_frozen(i);
}

static void collect(const struct skep_opt *o, struct loop *l, struct writers *w)
{
	memset(w, 0, 10 * sizeof(*w));
	l->writes = 0;
	for (u32 k = 0; k < o->cfg->norder; k++) {
		const struct skep_block *b = &o->cfg->block[o->cfg->order[k]];

		for (u32 n = b->first->num; n <= b->last->num && member(l, b); n++) {
			struct skep_insn *i = o->cfg->insn[n];
			u16 regs = i->func ? skep_isa_writes(&i->in) : 0;

			l->writes |= regs;
			for (u32 r = 0; r < 10; r++) {
				if (!(regs >> r & 1))
					continue;
				w[r].pure = (!w[r].n ||
					     (w[r].pure && o->cfg->block_of[w[r].v[0]->num] ==
								   o->cfg->block_of[n])) &&
					    computes(i) && w[r].n < MAX_RUN;
				if (w[r].n < MAX_RUN)
					w[r].v[w[r].n++] = i;
			}
		}
	}
}

/* Operands that are the same in each round, of kinds that may be computed with before any test. */
static bool operands_stay(const struct skep_opt *o, const struct loop *l, const struct skep_insn *i,
			  u8 reg, bool first)
{
	u16 regs = skep_isa_reads(&i->in);
	bool in_head = o->cfg->block_of[i->num] == o->cfg->block_of[l->head->first->num];

	if (first && regs >> reg & 1)
		return false;
	regs &= (u16) ~(1u << reg);
	if (regs & l->writes)
		return false;
	for (u32 r = 0; r < 10 && !in_head; r++) {
		u8 kind = o->fa->in[i->num][r].kind;

		if (regs >> r & 1 && kind != SKEP_K_SCALAR && kind != SKEP_K_CONST &&
		    kind != SKEP_K_STACK)
			return false;
	}
	return true;
}

static bool invariant(const struct skep_opt *o, const struct loop *l, const struct writers *w,
		      u8 reg)
{
	u32 k = 0;

	if (!w->n || !w->pure || o->lv->in[l->head->first->num] >> reg & 1)
		return false;
	for (u32 j = 0; j < w->n; j++)
		if (!operands_stay(o, l, w->v[j], reg, j == 0))
			return false;
	/* Nobody reads the register between them. */
	for (u32 n = w->v[0]->num; n < w->v[w->n - 1]->num; n++) {
		if (o->cfg->insn[n] == w->v[k])
			k++;
		else if (o->cfg->insn[n]->func && skep_reads(o->obj, o->cfg->insn[n]) >> reg & 1)
			return false;
	}
	return true;
}

static bool hoist(struct skep_opt *o, struct loop *l, const struct writers *w)
{
	struct skep_insn *last = w->v[w->n - 1], *first = l->at;

	if (!last || !last->next || first->num > w->v[0]->num ||
	    !skep_opt_begin(o, "the same in each round: computed before the loop", first, last))
		return false;
	for (u32 k = 0; k < w->n; k++) {
		skep_edit_insert_before(l->at, skep_insn_copy(o->obj, w->v[k]), l->jump);
		if (l->at == w->v[k])
			l->at = l->at->next;
		skep_edit_remove(o->obj, w->v[k]);
	}
	skep_opt_end(o);
	return true;
}

static bool visit(struct skep_opt *o, u32 head)
{
	struct loop l = {.head = &o->cfg->block[head], .label = head + 1};
	struct writers w[10];
	bool changed = false;

	l.at = member(&l, l.head) ? entrance(o, &l) : NULL;
	if (!l.at || !l.at->func || !simple(o, &l))
		return false;
	l.jump = l.at != l.head->first;
	collect(o, &l, w);
	for (u8 r = 0; r < 10; r++)
		if (invariant(o, &l, &w[r], r))
			changed |= hoist(o, &l, &w[r]);
	return changed;
}

bool skep_pass_invariant(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	skep_cfg_loops(o->cfg, o->scratch);
	for (u32 k = 0; k < o->cfg->nblock; k++)
		if (o->cfg->block[k].header)
			changed |= visit(o, k);
	return changed;
}
