/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores of a register that holds a constant become stores of an immediate; a
 * 64-bit constant that needs a 16-byte load just for a store to the stack
 * becomes two stores.
 *
 * Right because: the immediate form stores the low bytes of the sign-extended
 * immediate, compared here with the low bytes of the register. Not for the
 * context: old kernels refuse it there; nor through pointers of unknown kind.
 * Two halves are not one atomic store, so only for this program's own stack.
 */
#include "opt/opt_impl.h"

static bool good_place(const struct skep_place *p)
{
	return p->kind == SKEP_K_PKT || p->kind == SKEP_K_MAPVAL ||
	       (p->kind == SKEP_K_STACK && p->vn == SKEP_VN_FP);
}

/* The 16-byte load whose only use is the store `i`, or NULL. */
static struct skep_insn *only_for(const struct skep_opt *o, const struct skep_insn *i)
{
	u8 r = i->in.src;

	if (o->lv->out[i->num] >> r & 1 || i->in.dst == r)
		return NULL;
	for (struct skep_insn *p = i->prev; p && p->next->num > skep_opt_block_first(o, i)->num; p = p->prev) {
		if (p->in.op == SKEP_LDDW && p->in.dst == r)
			return p;
		if (skep_opt_touches(o, p, (u16)(1u << r)))
			return NULL;
	}
	return NULL;
}

static bool split(struct skep_opt *o, struct skep_insn *i, s64 value, const struct skep_place *p)
{
	struct skep_insn *ld = only_for(o, i), *second;
	struct skep_ins lo = {.op = SKEP_ST, .size = 4, .form = SKEP_IMM, .dst = i->in.dst, .off = i->in.off};
	struct skep_ins hi = lo;

	if (!ld || p->kind != SKEP_K_STACK || o->obj->big || !skep_insn_const(ld) || !skep_opt_clean(o, ld, i) ||
	    !skep_fits_off(i->in.off + 4))
		return false;
	lo.imm = (s32)(u32)(u64)value;
	hi.imm = (s32)(u32)((u64)value >> 32);
	hi.off += 4;
	if (!skep_opt_begin(o, "constant stored in two halves", ld, i))
		return false;
	second = skep_insn_new(o->obj, &hi, i);
	skep_edit_insert_after(i, second);
	skep_edit_set(i, &lo);
	skep_opt_touch(o, ld, i);
	skep_edit_remove(o->obj, ld);
	skep_opt_end(o);
	return true;
}

static bool visit(struct skep_opt *o, struct skep_insn *i)
{
	const struct skep_val *v = &o->fa->in[i->num][i->in.src];
	struct skep_ins in = i->in;
	struct skep_place p;

	if (!skep_val_const(v) || skep_insn_frozen(i) || !skep_opt_clean(o, i, i))
		return false;
	if (!skep_place_get(o->fa, i, &p) || !good_place(&p))
		return false;
	in.op = SKEP_ST;
	in.form = SKEP_IMM;
	in.src = 0;
	switch (in.size) {
	case 8:
		if (!skep_fits_s32(v->off))
			return split(o, i, v->off, &p);
		in.imm = v->off;
		break;
	case 4:
		in.imm = (s32)(u32)(u64)v->off;
		break;
	default:
		in.imm = v->off & ((1 << in.size * 8) - 1);
	}
	if (!skep_opt_begin(o, "stored value is a constant", i, i))
		return false;
	skep_edit_set(i, &in);
	skep_opt_end(o);
	return true;
}

bool skep_pass_stimm(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->in.op == SKEP_STX)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
