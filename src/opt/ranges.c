/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the joined facts of the whole program decide: branches, packet guards that an
 * earlier guard covers, masks and extensions that change nothing, results that are always
 * the same.
 *
 * Right because: facts hold before the instruction on every path of a safe program. Each
 * rewrite leaves every register with the same value at every place, so facts of the version
 * that the pass began with stay true while it edits. It runs before any other pass has
 * changed the function, once; afterwards the facts are of another version. A guard that goes
 * is one that the kernel's verifier does not need either: it proved the same bytes, by the
 * same rule, at the guard before.
 */
#include "opt/opt_impl.h"

/* Facts of the object as it was, computed when the first function asks. */
static const struct skep_vfact *facts_of(struct skep_opt *o, const struct skep_insn *i)
{
	const struct skep_vfact *f;

	if (i->id >= o->nvfact)
		return NULL;
	f = &o->vfact[i->id];
	return f->reached ? f : NULL;
}

static const struct skep_range *number(const struct skep_vfact *f, u32 reg)
{
	return reg < 10 && f->reg[reg].type == SKEP_VT_NUM ? &f->reg[reg].r : NULL;
}

/* p > end where the bytes up to p are proven: never; and the other ways to say it. */
static int guard(const struct skep_ins *in, const struct skep_vreg *d, const struct skep_vreg *s)
{
	int swapped = skep_op_swap(in->op);

	if (in->size != 8 || in->form != SKEP_REG)
		return -1;
	if (d->type == SKEP_VT_PKT_END && s->type == SKEP_VT_PKT && swapped >= 0) {
		struct skep_ins other = *in;

		other.op = (u16)swapped;
		return guard(&other, s, d);
	}
	/* No bytes proven is no proof that the pointer, with what was added to it, is before the
	 * end. */
	if (d->type != SKEP_VT_PKT || s->type != SKEP_VT_PKT_END || !d->aux || d->off < 0 ||
	    (u32)d->off > d->aux)
		return -1;
	return in->op == SKEP_JGT ? 0 : in->op == SKEP_JLE ? 1 : -1;
}

static int decided(const struct skep_insn *i, const struct skep_vfact *f)
{
	const struct skep_range *d = number(f, i->in.dst), *s = NULL;
	struct skep_range imm;

	if (i->in.form == SKEP_IMM) {
		imm = skep_range_const((u64)i->in.imm);
		s = &imm;
	} else {
		if (i->in.src == i->in.dst)
			return -1;
		s = number(f, i->in.src);
	}
	if (d && s)
		return skep_range_cond(i->in.op, i->in.size, d, s);
	if (i->in.form == SKEP_REG && i->in.src < 10 && i->in.dst < 10)
		return guard(&i->in, &f->reg[i->in.dst], &f->reg[i->in.src]);
	return -1;
}

static bool settle(struct skep_opt *o, struct skep_insn *i, bool taken)
{
	struct skep_ins ja = {.op = SKEP_JA, .size = 8};
	struct skep_insn *to = i->target;

	if (!skep_opt_begin(o, taken ? "branch always taken" : "branch never taken", i, i))
		return false;
	if (taken) {
		skep_edit_set(i, &ja);
		skep_edit_set_target(i, to);
	} else {
		skep_edit_remove(o->obj, i);
	}
	skep_opt_end(o);
	return true;
}

/* Does the instruction leave its register as it is? */
static bool idle(const struct skep_insn *i, const struct skep_range *d)
{
	u64 keep;

	if (i->in.size == 4 && d->umax > UINT32_MAX)
		return false;
	if (i->in.op == SKEP_MOV)
		return i->in.size == 4 && i->in.form == SKEP_REG && i->in.src == i->in.dst;
	if (i->in.form != SKEP_IMM || !skep_insn_const(i))
		return false;
	keep = i->in.size == 4 ? (u32)i->in.imm : (u64)i->in.imm;
	switch (i->in.op) {
	case SKEP_AND: return ((d->bits.value | d->bits.mask) & ~keep) == 0;
	case SKEP_OR: return (d->bits.value & keep) == keep;
	case SKEP_MOD: return keep && d->umax < keep;
	default: return false;
	}
}

/* r <<= n; r >>= n of a number that both leave as it is. */
static bool idle_pair(const struct skep_insn *i, const struct skep_range *d)
{
	const struct skep_insn *n = i->next;
	u64 amount = (u64)i->in.imm;

	if (i->in.op != SKEP_LSH || i->in.size != 8 || i->in.form != SKEP_IMM || amount >= 64 ||
	    !n || n->njumps || n->in.size != 8 || n->in.form != SKEP_IMM ||
	    n->in.dst != i->in.dst || n->in.imm != i->in.imm || skep_insn_frozen(n))
		return false;
	if (n->in.op == SKEP_RSH)
		return amount == 0 || d->umax >> (64 - amount) == 0;
	if (n->in.op == SKEP_ARSH)
		return d->smin >= INT64_MIN >> amount && d->smax <= INT64_MAX >> amount;
	return false;
}

static bool drop(struct skep_opt *o, struct skep_insn *i, struct skep_insn *last, const char *why)
{
	if (!last->next || !skep_opt_begin(o, why, i, last))
		return false;
	if (last != i)
		skep_edit_remove(o->obj, last);
	skep_edit_remove(o->obj, i);
	skep_opt_end(o);
	return true;
}

static bool arithmetic(struct skep_opt *o, struct skep_insn *i, const struct skep_vfact *f)
{
	const struct skep_range *d = number(f, i->in.dst);
	struct skep_range s, r;
	struct skep_ins mov;

	if (!d)
		return false;
	if (idle(i, d))
		return drop(o, i, i, "changes nothing: known bits and bounds");
	if (idle_pair(i, d))
		return drop(o, i, i->next, "shifts that change nothing: known bounds");
	if (i->in.op == SKEP_MOV || i->in.form != SKEP_IMM || !skep_insn_const(i) ||
	    skep_range_is_const(d))
		return false;
	s = skep_range_const((u64)i->in.imm);
	r = skep_range_alu(&i->in, d, &s);
	if (!skep_range_is_const(&r) || !skep_fits_s32((s64)r.bits.value))
		return false;
	mov = skep_mk_movi(i->in.dst, (s64)r.bits.value);
	if (!skep_opt_begin(o, "always the same result: known bits and bounds", i, i))
		return false;
	skep_edit_set(i, &mov);
	skep_opt_end(o);
	return true;
}

bool skep_pass_ranges(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (o->began[f->index])
		return false;
	if (!o->ranged) {
		o->ranged = SKEP_NEW_N(o->keep, u8, o->obj->nfunc + 1);
		o->vfact = skep_vfacts_of(o->obj, o->keep);
		o->nvfact = o->obj->next_id;
	}
	if (o->ranged[f->index])
		return false;
	o->ranged[f->index] = 1;
	skep_opt_look(o, f, false);
	SKEP_FOR_INSN_SAFE(i, f) {
		const struct skep_vfact *fact = facts_of(o, i);

		if (!fact || skep_insn_frozen(i))
			continue;
		if (skep_is_cond(i->in.op) && i->next) {
			int way = decided(i, fact);

			if (way >= 0)
				changed |= settle(o, i, way);
		} else if (skep_op_class(i->in.op) == SKEP_CLASS_ALU) {
			/* A pair goes whole: go on behind what is left. */
			struct skep_insn *before = i->prev;

			if (arithmetic(o, i, fact)) {
				changed = true;
				i_next = before ? before->next : f->first;
			}
		}
	}
	return changed;
}
