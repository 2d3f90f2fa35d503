/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place of the stack that is cleared and then gets a narrower number at its
 * start gets both by one wide store: keys and structs are made so. By liveness.
 *
 * Right because: the register's bits above the narrow store are zero (flow bounds
 * the value), and what the wide constant has above them is zero, so the wide store of the
 * register gives each byte what the two stores gave, in little-endian order. Between
 * the two, in one block, nothing reads or writes the place (a call that may see the
 * stack counts as both), so nobody sees that its bytes change later. The wide
 * store was aligned, and stays. It is a number that is stored, no pointer, so the
 * kernel's verifier takes any access to the bytes afterwards.
 */
#include "opt/opt_impl.h"

/* Is it a number below 2^bits, and no address? */
static bool below(const struct skep_val *v, u32 bits)
{
	return (v->kind == SKEP_K_SCALAR || v->kind == SKEP_K_CONST) && v->bits <= bits;
}

/* A store of a constant to the frame of which the part above `size` bytes is zero. */
static bool clears_above(const struct skep_insn *i, u32 size)
{
	u64 v = (u64)i->in.imm;

	if (i->in.size < 8)
		v &= ((u64)1 << i->in.size * 8) - 1;
	return v >> size * 8 == 0;
}

static bool clearing(const struct skep_opt *o, const struct skep_insn *i, struct skep_place *at)
{
	return i->in.op == SKEP_ST && i->in.size > 1 && !skep_insn_frozen(i) &&
	       i->ref == SKEP_REF_NONE && skep_place_get(o->fa, i, at) &&
	       at->kind == SKEP_K_STACK && at->vn == SKEP_VN_FP;
}

/* The narrower store of a number that begins where `z` does, next after it in its block; or NULL.
 */
static struct skep_insn *narrow_store(const struct skep_opt *o, const struct skep_insn *z,
				      const struct skep_place *at)
{
	const struct skep_insn *last = skep_opt_block_last(o, z);

	for (u32 k = z->num + 1; k <= last->num; k++) {
		struct skep_insn *i = o->cfg->insn[k];
		struct skep_place p;

		if (!i->func || i->in.op != SKEP_STX || !skep_place_get(o->fa, i, &p) ||
		    p.kind != at->kind || p.vn != at->vn || p.off != at->off)
			continue;
		if (i->in.size >= z->in.size || skep_insn_frozen(i) ||
		    !clears_above(z, i->in.size) ||
		    !below(&o->fa->in[k][i->in.src], i->in.size * 8u) ||
		    skep_opt_meets(o, z, i, at, OPT_READS | OPT_WRITES))
			return NULL;
		return i;
	}
	return NULL;
}

static bool visit(struct skep_opt *o, struct skep_insn *z)
{
	struct skep_place at;
	struct skep_insn *n;
	struct skep_ins in;

	if (!clearing(o, z, &at))
		return false;
	n = narrow_store(o, z, &at);
	if (!n || !skep_opt_clean(o, z, n) || !skep_opt_begin(o, "narrow store over zeros", z, n))
		return false;
	skep_opt_touch(o, z, n);
	in = n->in;
	in.size = z->in.size;
	skep_edit_set(n, &in);
	skep_edit_remove(o->obj, z);
	skep_opt_end(o);
	return true;
}

bool skep_pass_widen(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	/* The number is where the bytes of low value are. */
	if (o->obj->big || o->legacy_subprog)
		return false;
	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
