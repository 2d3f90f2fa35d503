/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load, add, store of one map value to an atomic addition: fewer instructions,
 * though not faster, so only for size. By liveness, within one block.
 *
 * Right because: the sum is used by the store alone, nothing between writes the
 * place, and an atomic addition is one of the outcomes that the three plain
 * instructions allow. The kernel demands alignment for atomics, so the offset
 * must be aligned to the width.
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
	if (at.kind != SKEP_K_MAPVAL || at.off % size || !add || add->in.op != SKEP_ADD || add->in.dst != x ||
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
