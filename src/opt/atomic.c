/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load, add, store of one map value to an atomic addition: fewer instructions,
 * though not faster, so only for size. By liveness, within one block.
 *
 * Right because: the sum is used by the store alone, nothing between writes the
 * place, and an atomic addition is one of the outcomes that the three plain
 * instructions allow. The kernel demands alignment for atomics, so the place
 * must be a multiple of the width behind the beginning of a value.
 */
#include "opt/opt_impl.h"

/* The next instruction of the block that touches the register, up to `end`. */
static struct skep_insn *next_touch(const struct skep_opt *o, const struct skep_insn *i, u8 reg)
{
	u32 end = skep_opt_block_last(o, i)->num;

	for (u32 n = i->num + 1; n <= end; n++)
		if (o->cfg->insn[n]->func && skep_opt_touches(o, o->cfg->insn[n], (u16)(1u << reg)))
			return o->cfg->insn[n];
	return NULL;
}

static bool writes_between(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b, u8 reg)
{
	for (u32 n = a->num + 1; n < b->num; n++)
		if (skep_isa_writes(&o->cfg->insn[n]->in) >> reg & 1)
			return true;
	return false;
}

/* Does the register hold a multiple of `size` at `i`, as far as the block shows? */
static bool multiple(const struct skep_opt *o, const struct skep_insn *i, u8 reg, u32 size)
{
	u32 first = skep_opt_block_first(o, i)->num;

	for (u32 n = i->num; n-- > first;) {
		const struct skep_insn *d = o->cfg->insn[n];

		if (!d->func)
			return false;
		if (!(skep_isa_writes(&d->in) >> reg & 1))
			continue;
		if (d->in.form != SKEP_IMM || !skep_insn_const(d))
			return false;
		return (d->in.op == SKEP_LSH && d->in.imm < 32 && (1u << d->in.imm) % size == 0) ||
		       ((d->in.op == SKEP_MUL || d->in.op == SKEP_AND) && d->in.imm % (s64)size == 0);
	}
	return false;
}

enum { DEPTH = 4 };

static bool aligned(const struct skep_opt *o, u32 vn, u32 size, int depth);

/* A name that joins others in a register: each of them, or NULL. */
static bool join_aligned(const struct skep_opt *o, u32 vn, u32 size, int depth)
{
	const struct skep_block *b;
	u32 block;
	int reg = skep_facts_joined(o->fa, vn, &block);

	if (reg < 0 || depth > DEPTH || block == 0)
		return false;
	b = &o->cfg->block[block];
	for (u32 e = 0; e < b->npred; e++) {
		const struct skep_insn *l = o->cfg->block[b->pred[e]].last;
		const struct skep_val *v = &o->fa->in[l->num][reg];

		if (!o->fa->reached[l->num])
			continue;
		if (skep_isa_writes(&l->in) >> reg & 1 && l->in.op != SKEP_CALL)
			v = &o->fa->made[l->num];
		else if (l->in.op == SKEP_CALL && reg < 6)
			return false;
		if (skep_val_const(v) && v->off == 0)
			continue;
		if (v->vn == vn ? v->off != 0 : (v->kind != SKEP_K_MAPVAL && v->kind != SKEP_K_MAPVAL_OR_NULL) ||
							 v->off % (s64)size || !aligned(o, v->vn, size, depth + 1))
			return false;
	}
	return true;
}

/* Is the name of a map value that of its beginning, or of a multiple of `size` behind it? */
static bool aligned(const struct skep_opt *o, u32 vn, u32 size, int depth)
{
	const struct skep_insn *d = skep_facts_def(o->fa, vn);
	const struct skep_val *x, *y;

	if (skep_facts_symbol(vn) || (d && d->in.op == SKEP_CALL))
		return true;
	if (!d)
		return join_aligned(o, vn, size, depth);
	if (!d->func || d->in.op != SKEP_ADD || d->in.size != 8 || d->in.form != SKEP_REG || depth > DEPTH)
		return false;
	x = &o->fa->in[d->num][d->in.dst];
	y = &o->fa->in[d->num][d->in.src];
	if (x->kind == SKEP_K_MAPVAL)
		return x->off % (s64)size == 0 && aligned(o, x->vn, size, depth + 1) && multiple(o, d, d->in.src, size);
	return y->kind == SKEP_K_MAPVAL && y->off % (s64)size == 0 && aligned(o, y->vn, size, depth + 1) &&
	       multiple(o, d, d->in.dst, size);
}

static bool visit(struct skep_opt *o, struct skep_insn *ld)
{
	u8 x = ld->in.dst, base = ld->in.src, size = ld->in.size;
	struct skep_insn *add, *st;
	struct skep_ins in = {.op = SKEP_AADD, .size = size, .form = SKEP_REG, .dst = base, .off = ld->in.off};
	struct skep_place at;

	if ((size != 4 && size != 8) || x == base || skep_insn_frozen(ld))
		return false;
	skep_place_get(o->fa, ld, &at);
	add = next_touch(o, ld, x);
	if (at.kind != SKEP_K_MAPVAL || at.off % (s64)size || !aligned(o, at.vn, size, 0) || !add || add->in.op != SKEP_ADD || add->in.dst != x ||
	    add->in.size < size || skep_insn_frozen(add) || (add->in.form == SKEP_REG && add->in.src == x))
		return false;
	st = next_touch(o, add, x);
	if (!st || st->in.op != SKEP_STX || st->in.src != x || st->in.dst != base || st->in.size != size ||
	    st->in.off != ld->in.off || skep_insn_frozen(st) || o->lv->out[st->num] >> x & 1)
		return false;
	if (writes_between(o, ld, st, base) || !skep_opt_clean(o, ld, st) ||
	    skep_opt_meets(o, ld, st, &at, OPT_WRITES))
		return false;
	if (add->in.form == SKEP_REG && writes_between(o, add, st, add->in.src))
		return false;
	in.src = add->in.form == SKEP_REG ? add->in.src : x;
	if (!skep_opt_begin(o, "load, add, store as one atomic addition", ld, st))
		return false;
	skep_edit_set(st, &in);
	if (add->in.form == SKEP_REG) {
		skep_edit_remove(o->obj, add);
	} else {
		struct skep_ins mv = skep_mk_movi(x, add->in.imm);

		skep_edit_set(add, &mv);
	}
	skep_edit_remove(o->obj, ld);
	skep_opt_touch(o, ld, st);
	skep_opt_end(o);
	return true;
}

bool skep_pass_atomic(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func && o->cfg->insn[k]->in.op == SKEP_LDX)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
