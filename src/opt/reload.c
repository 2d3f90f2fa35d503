/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads from the stack, the context or the packet of a value that a register
 * holds, or that is a known constant. By facts: the destination gets the value
 * that the load would give.
 *
 * Right because: the analysis forgets contents at every write that may meet
 * them and at every call that may change them. Map values are never taken
 * from: another CPU may write them.
 */
#include "opt/opt_impl.h"

/* A register that holds the value before `i`, or -1; the destination first. */
static int holder(const struct skep_opt *o, const struct skep_insn *i, const struct skep_val *v)
{
	const struct skep_val *in = o->fa->in[i->num];

	if (in[i->in.dst].kind != SKEP_K_UNINIT && skep_val_eq(&in[i->in.dst], v))
		return i->in.dst;
	for (int r = 0; r < 10; r++)
		if (in[r].kind != SKEP_K_UNINIT && skep_val_eq(&in[r], v))
			return r;
	return -1;
}

static bool replace(struct skep_opt *o, struct skep_insn *i)
{
	const struct skep_val *v = &o->fa->loaded[i->num];
	struct skep_ins in;
	int r;

	if (v->kind == SKEP_K_UNINIT || skep_insn_frozen(i) || !i->next)
		return false;
	r = holder(o, i, v);
	if (r == i->in.dst) {
		if (!skep_opt_begin(o, "loads what the register holds", i, i))
			return false;
		skep_edit_remove(o->obj, i);
		skep_opt_end(o);
		return true;
	}
	if (skep_val_const(v) && skep_fits_s32(v->off))
		in = skep_mk_movi(i->in.dst, v->off);
	else if (r >= 0)
		in = skep_mk_mov(i->in.dst, (u8)r);
	else
		return false;
	if (!skep_opt_begin(o, "loads a known value", i, i))
		return false;
	skep_edit_set(i, &in);
	skep_opt_end(o);
	return true;
}

bool skep_pass_reload(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (o->fa->reached[k] && (i->in.op == SKEP_LDX || i->in.op == SKEP_LDXS))
			changed |= replace(o, i);
	}
	return changed;
}
