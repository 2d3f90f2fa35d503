/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A value computed in one register and then moved to another, where the first
 * dies, is computed in the second. By liveness, within one block.
 *
 * Right because: from its definition to the move the value is renamed in every
 * instruction that touches it; the new register is neither read nor written in
 * between (so nothing live is overwritten), and the old one is not live behind.
 * Instructions with operands fixed by the calling convention are not renamed.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 64 };

/* Can every mention of a register in the instruction be renamed? */
static bool renamable(const struct skep_insn *i)
{
	switch (i->in.op) {
	case SKEP_CALL:
	case SKEP_CALLX:
	case SKEP_EXIT:
	case SKEP_LDABS:
	case SKEP_LDIND:
	case SKEP_CMPXCHG:
		return false;
	default:
		return !skep_insn_frozen(i);
	}
}

/* Names of registers that the instruction really has in its fields. */
static void rename_fields(struct skep_insn *i, u8 from, u8 to)
{
	u16 all = skep_isa_reads(&i->in) | skep_isa_writes(&i->in);
	struct skep_ins in = i->in;
	u8 cls = skep_op_class(in.op);
	bool has_src = in.form == SKEP_REG && in.op != SKEP_LDDW && cls != SKEP_CLASS_CTRL;

	if (!(all >> from & 1))
		return;
	if (in.dst == from)
		in.dst = to;
	if (has_src && in.src == from)
		in.src = to;
	i->in = in; /* same operation: references, targets and lines stay */
	i->func->flags |= SKEP_FF_EDITED;
}

/* The definition from which `x` can be renamed to `y` down to the move, or NULL. */
static struct skep_insn *find_def(const struct skep_opt *o, const struct skep_insn *mv, u8 x, u8 y)
{
	u32 first = skep_opt_block_first(o, mv)->num;

	for (u32 n = mv->num; n-- > first && mv->num - n < WINDOW;) {
		struct skep_insn *i = o->cfg->insn[n];
		u16 w, r;

		if (!i->func)
			continue;
		w = skep_isa_writes(&i->in);
		r = skep_reads(o->obj, i);
		if (w >> x & 1 && !(r >> x & 1))
			return renamable(i) && (w >> y & 1) == 0 ? i : NULL;
		if ((w | r) >> y & 1)
			return NULL;
		if ((w | r) >> x & 1 && !renamable(i))
			return NULL;
	}
	return NULL;
}

static bool visit(struct skep_opt *o, struct skep_insn *mv)
{
	u8 x = mv->in.src, y = mv->in.dst;
	struct skep_insn *def;

	if (mv->in.op != SKEP_MOV || mv->in.size != 8 || mv->in.form != SKEP_REG || x == y || x == 10 ||
	    skep_insn_frozen(mv) || !mv->next || o->lv->out[mv->num] >> x & 1)
		return false;
	def = find_def(o, mv, x, y);
	if (!def || !skep_opt_clean(o, def, mv) || !skep_opt_begin(o, "computed where it is wanted", def, mv))
		return false;
	for (u32 n = def->num; n < mv->num; n++) {
		struct skep_insn *i = o->cfg->insn[n];

		if (!i->func)
			continue;
		if (i == def) {
			/* Its sources are other values, even if they stand in x. */
			if (skep_op_class(i->in.op) == SKEP_CLASS_ATOMIC && i->in.op != SKEP_LDACQ)
				i->in.src = y;
			else
				i->in.dst = y;
			i->func->flags |= SKEP_FF_EDITED;
		} else {
			rename_fields(i, x, y);
		}
	}
	skep_edit_remove(o->obj, mv);
	skep_opt_touch(o, def, mv);
	skep_opt_end(o);
	return true;
}

bool skep_pass_coalesce(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
