/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both ways of a branch do first is done before it: a constant, an address
 * or arithmetic that both make in the same register is made once. Where the two
 * registers differ, one of them is renamed when it can be. By webs.
 *
 * Right because: both ways begin in blocks that nothing else enters, and there
 * nothing before the instruction touches its result or writes its operands, so
 * it may stand at the end of the block before; the branch does not touch the
 * result either. The register is not live into either way (each writes it before
 * it is read). The instruction has no other effect than its result. What depends
 * on a value that the branch compares stays behind it: there the kernel's
 * verifier knows more of that value.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 24, MAX_SPAN = 1024 };

static bool movable(const struct skep_insn *i)
{
	u8 cls = skep_op_class(i->in.op);

	if (!i->func || skep_insn_frozen(i) || i->target || !i->next || i->flags & SKEP_IF_NEW)
		return false;
	return i->in.op == SKEP_LDDW || ((cls == SKEP_CLASS_ALU || cls == SKEP_CLASS_UNARY) && i->in.op != SKEP_CAST);
}

/* Nothing from the block's beginning to the instruction touches its result or writes what it reads. */
static bool first_of_its_kind(const struct skep_opt *o, const struct skep_insn *i, u8 dst)
{
	u16 d = (u16)(1u << dst), r = skep_reads(o->obj, i);

	for (u32 n = skep_opt_block_first(o, i)->num; n < i->num; n++) {
		const struct skep_insn *k = o->cfg->insn[n];

		if (k->func && (skep_opt_touches(o, k, d) || skep_isa_writes(&k->in) & r))
			return false;
	}
	return true;
}

/* Does the instruction read a value that the branch compares? */
static bool depends(const struct skep_opt *o, const struct skep_insn *br, const struct skep_insn *i)
{
	const struct skep_val *in = o->fa->in[br->num];
	u16 r = skep_reads(o->obj, i), c = skep_reads(o->obj, br);

	for (u8 x = 0; x < 10; x++)
		for (u8 y = 0; y < 10; y++)
			if (r >> x & 1 && c >> y & 1 && (x == y || in[x].vn == in[y].vn))
				return true;
	return false;
}

/* The same but for the register of the result. */
static bool same(const struct skep_insn *a, const struct skep_insn *b)
{
	const struct skep_ins *x = &a->in, *y = &b->in;

	if (x->op != y->op || x->size != y->size || x->form != y->form || x->off != y->off || x->imm != y->imm ||
	    a->ref != b->ref || a->callee != b->callee || a->sym != b->sym)
		return false;
	if (x->op == SKEP_LDDW)
		return x->src == y->src;
	if (x->op != SKEP_MOV && x->op != SKEP_MOVSX && x->dst != y->dst)
		return false;
	return x->form == SKEP_IMM || x->src == y->src;
}

/* Which register both can have: 1: that of a, 2: that of b, 0: none. */
static int common_reg(const struct skep_opt *o, const struct skep_webs *w, const struct skep_insn *br,
		      const struct skep_insn *a, const struct skep_insn *b)
{
	u8 x = a->in.dst, y = b->in.dst;
	const struct skep_insn *fa = skep_opt_block_first(o, a), *fb = skep_opt_block_first(o, b);

	for (int pick = 1; pick <= 2; pick++) {
		const struct skep_insn *other = pick == 1 ? b : a;
		u8 z = pick == 1 ? x : y, from = pick == 1 ? y : x;
		u32 web = skep_web_after(w, other, from), lo = UINT32_MAX, hi = 0;

		if (skep_opt_touches(o, br, (u16)(1u << z)) || o->lv->in[fa->num] >> z & 1 || o->lv->in[fb->num] >> z & 1 ||
		    !first_of_its_kind(o, a, z) || !first_of_its_kind(o, b, z))
			continue;
		if (x == y)
			return pick;
		skep_web_span(w, web, &lo, &hi);
		if (hi - lo <= MAX_SPAN && !skep_web_pinned(w, web) && skep_web_fits(w, web, from, z, UINT32_MAX))
			return pick;
	}
	return 0;
}

static bool hoist(struct skep_opt *o, struct skep_webs *w, struct skep_insn *br, struct skep_insn *a, struct skep_insn *b)
{
	int pick = common_reg(o, w, br, a, b);
	struct skep_insn *keep = pick == 1 ? a : b, *other = pick == 1 ? b : a, *lo, *hi, *c;
	u32 web, first = br->num, last = SKEP_MAX(a->num, b->num);

	if (!pick)
		return false;
	first = SKEP_MIN(first, SKEP_MIN(a->num, b->num));
	last = SKEP_MAX(last, br->num);
	web = skep_web_after(w, other, other->in.dst);
	if (keep->in.dst != other->in.dst)
		skep_web_span(w, web, &first, &last);
	while (!o->cfg->insn[first]->func)
		first++;
	while (!o->cfg->insn[last]->func)
		last--;
	lo = o->cfg->insn[first];
	hi = o->cfg->insn[last];
	if (last - first > MAX_SPAN || !skep_opt_clean(o, lo, hi) || !skep_opt_begin(o, "done on both ways: before the branch", lo, hi))
		return false;
	skep_opt_touch(o, lo, hi);
	if (keep->in.dst != other->in.dst)
		skep_web_rename(w, web, other->in.dst, keep->in.dst);
	c = skep_insn_copy(o->obj, keep);
	skep_edit_insert_before(br, c, true);
	skep_edit_remove(o->obj, a);
	skep_edit_remove(o->obj, b);
	skep_opt_end(o);
	return true;
}

/* A block that only this one leads to. */
static const struct skep_block *own(const struct skep_opt *o, const struct skep_block *p, u32 s)
{
	const struct skep_block *b = &o->cfg->block[p->succ[s]];

	return b->npred == 1 && p->succ[s] != 0 ? b : NULL;
}

static bool visit(struct skep_opt *o, struct skep_webs **w, const struct skep_block *p)
{
	const struct skep_block *f, *t;

	if (!skep_is_cond(p->last->in.op) || p->nsucc != 2 || p->succ[0] == p->succ[1])
		return false;
	f = own(o, p, 0);
	t = own(o, p, 1);
	if (!f || !t || !o->fa->reached[f->first->num] || !o->fa->reached[t->first->num])
		return false;
	for (u32 n = f->first->num; n <= f->last->num && n < f->first->num + WINDOW; n++) {
		struct skep_insn *a = o->cfg->insn[n];

		if (!movable(a))
			continue;
		for (u32 m = t->first->num; m <= t->last->num && m < t->first->num + WINDOW; m++) {
			struct skep_insn *b = o->cfg->insn[m];

			if (!movable(b) || !same(a, b) || depends(o, p->last, a))
				continue;
			if (!*w)
				*w = skep_webs_compute(o);
			if (hoist(o, *w, p->last, a, b))
				return true;
		}
	}
	return false;
}

bool skep_pass_common(struct skep_opt *o, struct skep_func *f)
{
	struct skep_webs *w = NULL;
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	for (u32 b = 0; b < o->cfg->nblock; b++)
		if (o->cfg->block[b].rpo != UINT32_MAX && o->fa->reached[o->cfg->block[b].first->num])
			changed |= visit(o, &w, &o->cfg->block[b]);
	return changed;
}
