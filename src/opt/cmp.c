/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Comparisons: a constant on the left goes to the right (the less-than forms);
 * a byte swap whose result is only compared with constants goes into the
 * constants; a zero-extension whose result is only compared goes into 32-bit
 * jumps, where the level has them.
 *
 * Right because: c > r is r < c; swapping bytes is one to one, so equality with
 * a constant is equality of the unswapped value with the swapped constant; a
 * 64-bit comparison of a zero-extended value with a constant that is not
 * negative is the unsigned comparison of the low halves. All uses of the
 * definition are found by walking forward until it is overwritten, and each is
 * reached by this definition alone (its name is the one that was defined).
 */
#include "opt/opt_impl.h"

enum { MAX_USES = 16 };

/* --- constants on the left ------------------------------------------------------- */

static bool swap_sides(struct skep_opt *o, struct skep_insn *i)
{
	const struct skep_val *d = &o->fa->in[i->num][i->in.dst], *s = &o->fa->in[i->num][i->in.src];
	struct skep_ins in = i->in;
	struct skep_insn *to = i->target;
	s64 c;

	if (in.form != SKEP_REG || !skep_val_const(d) || skep_val_const(s) || skep_insn_frozen(i))
		return false;
	c = in.size == 4 ? (s32)(u32)(u64)d->off : d->off;
	in.op = (u16)skep_op_swap(in.op);
	in.form = SKEP_IMM;
	in.dst = in.src;
	in.src = 0;
	in.imm = c;
	if (!skep_fits_s32(c) || !skep_opt_allowed(o, &in) || !skep_opt_begin(o, "constant on the right", i, i))
		return false;
	skep_edit_set(i, &in);
	skep_edit_set_target(i, to);
	skep_opt_end(o);
	return true;
}

/* --- uses of a definition ---------------------------------------------------------- */

struct uses {
	struct skep_insn *v[MAX_USES];
	u32 n;
};

/*
 * All uses of what `def` puts into `reg`; false when there are too many or one
 * may see another definition.
 */
static bool find_uses(const struct skep_opt *o, const struct skep_insn *def, u8 reg, struct uses *u)
{
	const struct skep_cfg *c = o->cfg;
	u8 *seen = SKEP_NEW_N(o->scratch, u8, c->nblock);
	u32 *stack = SKEP_NEW_N(o->scratch, u32, c->nblock + 1), depth = 0;
	u32 from = def->num + 1, blk = c->block_of[def->num];
	const struct skep_val *first = NULL;
	u16 mask = (u16)(1u << reg);

	u->n = 0;
	for (;;) {
		const struct skep_block *b = &c->block[blk];
		bool over = false;

		for (u32 n = from; n <= b->last->num && !over; n++) {
			struct skep_insn *i = c->insn[n];

			if (!i->func)
				continue;
			if (skep_reads(o->obj, i) & mask) {
				const struct skep_val *v = &o->fa->in[n][reg];

				if (u->n == MAX_USES || i == def || o->touched[n])
					return false;
				if (first && !skep_val_eq(first, v))
					return false;
				if (v->vn != 16 + 2 * def->num)
					return false;
				first = v;
				u->v[u->n++] = i;
			}
			over = (skep_isa_writes(&i->in) & mask) != 0;
		}
		for (u32 e = 0; e < b->nsucc && !over; e++) {
			u32 s = b->succ[e];

			if (!seen[s] && o->lv->in[c->block[s].first->num] & mask) {
				seen[s] = 1;
				stack[depth++] = s;
			}
		}
		if (!depth)
			return u->n > 0;
		blk = stack[--depth];
		from = c->block[blk].first->num;
	}
}

/* A comparison of `reg` with a known constant. */
static bool const_compare(const struct skep_insn *i, u8 reg)
{
	return skep_is_cond(i->in.op) && i->in.form == SKEP_IMM && i->in.dst == reg && !skep_insn_frozen(i);
}

static void set_compare(struct skep_insn *i, const struct skep_ins *in)
{
	struct skep_insn *to = i->target;

	skep_edit_set(i, in);
	skep_edit_set_target(i, to);
}

/* The region of an edit that spans definition and uses: first to last in list order. */
static bool begin_span(struct skep_opt *o, const char *why, struct skep_insn *def, const struct uses *u)
{
	struct skep_insn *lo = def, *hi = def;

	for (u32 k = 0; k < u->n; k++) {
		if (u->v[k]->num < lo->num)
			lo = u->v[k];
		if (u->v[k]->num > hi->num)
			hi = u->v[k];
	}
	if (!skep_opt_clean(o, lo, hi) || !skep_opt_begin(o, why, lo, hi))
		return false;
	skep_opt_touch(o, lo, hi);
	return true;
}

/* --- byte swaps ------------------------------------------------------------------------ */

static bool swap_in_constant(struct skep_opt *o, struct skep_insn *def)
{
	bool swaps = def->in.op == SKEP_BSWAP || def->in.op == (o->obj->big ? SKEP_TOLE : SKEP_TOBE);
	const struct skep_val *d = &o->fa->in[def->num][def->in.dst];
	struct skep_ins unswap = {.op = SKEP_BSWAP, .size = 8, .imm = def->in.imm};
	s64 imm[MAX_USES];
	struct uses u;

	/* The unswapped value must have nothing above the swapped bytes. */
	if (!swaps || skep_insn_frozen(def) || def->in.imm == 64 || d->bits > def->in.imm ||
	    !find_uses(o, def, def->in.dst, &u))
		return false;
	for (u32 k = 0; k < u.n; k++) {
		const struct skep_insn *i = u.v[k];

		if (!const_compare(i, def->in.dst) || (i->in.op != SKEP_JEQ && i->in.op != SKEP_JNE) || i->in.imm < 0 ||
		    (def->in.imm == 16 && i->in.imm > 0xffff))
			return false;
		imm[k] = (s64)skep_isa_eval(&unswap, (u64)i->in.imm, 0);
		if (imm[k] > INT32_MAX && i->in.size == 8)
			return false;
	}
	if (!begin_span(o, "byte swap into the constant", def, &u))
		return false;
	for (u32 k = 0; k < u.n; k++) {
		struct skep_ins in = u.v[k]->in;

		in.imm = in.size == 4 ? (s32)(u32)imm[k] : imm[k];
		set_compare(u.v[k], &in);
	}
	skep_edit_remove(o->obj, def);
	skep_opt_end(o);
	return true;
}

/* --- 32-bit jumps ------------------------------------------------------------------------ */

static u16 unsigned_form(u16 op)
{
	switch (op) {
	case SKEP_JSGT: return SKEP_JGT;
	case SKEP_JSGE: return SKEP_JGE;
	case SKEP_JSLT: return SKEP_JLT;
	case SKEP_JSLE: return SKEP_JLE;
	default: return op;
	}
}

static bool jump32(struct skep_opt *o, struct skep_insn *def)
{
	const struct skep_val *src = &o->fa->in[def->num][def->in.src];
	struct skep_ins in[MAX_USES];
	struct uses u;

	if (def->in.op != SKEP_MOV || def->in.size != 4 || def->in.form != SKEP_REG || o->level < 3 ||
	    src->kind != SKEP_K_SCALAR || !find_uses(o, def, def->in.dst, &u))
		return false;
	for (u32 k = 0; k < u.n; k++) {
		const struct skep_insn *i = u.v[k];

		if (!const_compare(i, def->in.dst) || (i->in.size == 8 && i->in.imm < 0))
			return false;
		/* The source must hold the value still. */
		if (def->in.src != def->in.dst && !skep_val_eq(&o->fa->in[i->num][def->in.src], src))
			return false;
		in[k] = i->in;
		in[k].dst = def->in.src;
		if (i->in.size == 8)
			in[k].op = unsigned_form(i->in.op);
		in[k].size = 4;
		if (!skep_opt_allowed(o, &in[k]))
			return false;
	}
	if (!begin_span(o, "zero-extension into 32-bit jumps", def, &u))
		return false;
	for (u32 k = 0; k < u.n; k++)
		set_compare(u.v[k], &in[k]);
	skep_edit_remove(o->obj, def);
	skep_opt_end(o);
	return true;
}

bool skep_pass_cmp(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (!o->fa->reached[k] || !i->func || o->touched[k])
			continue;
		if (skep_is_cond(i->in.op))
			changed |= swap_sides(o, i);
		else if (i->next && i != skep_opt_block_last(o, i))
			changed |= swap_in_constant(o, i) || jump32(o, i);
	}
	return changed;
}
