/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies into their uses, and address arithmetic into offsets: where x = y + c
 * and y is unchanged, a use of x (c = 0) becomes a use of y, and an access at
 * x + d one at y + c + d. By facts: no register changes its value.
 *
 * Right because: `copy` records x = y + c at the definition and forgets it when
 * either is written; it is handed on only along an edge to a block with a single
 * predecessor. An instruction with a CO-RE record is no known constant and is
 * left as it is.
 */
#include "opt/opt_impl.h"

struct copy {
	u8 reg; /* 0xff: none */
	s64 add;
};

static void forget(struct copy *c, u16 written)
{
	for (u32 r = 0; r < 11; r++)
		if (c[r].reg != 0xff && (written >> r & 1 || written >> c[r].reg & 1))
			c[r].reg = 0xff;
}

static void learn(struct copy *c, const struct skep_insn *i)
{
	const struct skep_ins *in = &i->in;
	u16 w = skep_isa_writes(in);
	struct copy old = c[in->dst & 15];
	bool wide = in->size == 8 && skep_insn_const(i);

	forget(c, w);
	if (wide && in->op == SKEP_MOV && in->form == SKEP_REG && in->dst != in->src) {
		c[in->dst] = c[in->src].reg != 0xff && c[in->src].reg != in->dst ? c[in->src] : (struct copy){in->src, 0};
	} else if (wide && (in->op == SKEP_ADD || in->op == SKEP_SUB) && in->form == SKEP_IMM && old.reg != 0xff) {
		old.add = in->op == SKEP_ADD ? old.add + in->imm : old.add - in->imm;
		c[in->dst] = old;
	}
}

/* A plain use of a copied register as source. */
static bool plain(const struct copy *c, u8 r)
{
	return c[r].reg != 0xff && c[r].add == 0;
}

static bool rewrite(struct skep_opt *o, struct skep_insn *i, const struct copy *c)
{
	struct skep_ins in = i->in;
	struct skep_memop m;
	struct skep_insn *to = i->target;
	const char *why = "use the original of a copy";

	if (skep_insn_frozen(i))
		return false;
	if (skep_isa_memop(&in, &m)) {
		bool load = in.op == SKEP_LDX || in.op == SKEP_LDXS || in.op == SKEP_LDACQ;
		const struct copy *b = &c[m.base];

		if (b->reg != 0xff && skep_fits_off(in.off + b->add)) {
			if (load)
				in.src = b->reg;
			else
				in.dst = b->reg;
			in.off += (s32)b->add;
			if (b->add)
				why = "address arithmetic into the offset";
		}
		if (in.op == SKEP_STX && plain(c, in.src))
			in.src = c[in.src].reg;
	} else if (skep_op_class(in.op) == SKEP_CLASS_ALU || in.op == SKEP_MOVSX) {
		if (in.form == SKEP_REG && plain(c, in.src))
			in.src = c[in.src].reg;
	} else if (skep_op_class(in.op) == SKEP_CLASS_JMP) {
		if (plain(c, in.dst))
			in.dst = c[in.dst].reg;
		if (in.form == SKEP_REG && plain(c, in.src))
			in.src = c[in.src].reg;
	}
	if ((in.dst == i->in.dst && in.src == i->in.src && in.off == i->in.off) || !skep_opt_begin(o, why, i, i))
		return false;
	skep_edit_set(i, &in);
	if (to)
		skep_edit_set_target(i, to);
	skep_opt_end(o);
	return true;
}

bool skep_pass_forward(struct skep_opt *o, struct skep_func *f)
{
	struct copy(*out)[16];
	bool changed = false;

	skep_opt_look(o, f, false);
	out = skep_arena_calloc(o->scratch, o->cfg->nblock, sizeof(*out));
	for (u32 k = 0; k < o->cfg->norder; k++) {
		u32 bi = o->cfg->order[k];
		const struct skep_block *b = &o->cfg->block[bi];
		struct copy *c = out[bi];

		for (u32 r = 0; r < 16; r++)
			c[r] = (struct copy){0xff, 0};
		if (b->npred == 1 && o->cfg->block[b->pred[0]].rpo < b->rpo)
			memcpy(c, out[b->pred[0]], sizeof(*out));
		for (u32 n = b->first->num; n <= b->last->num; n++) {
			struct skep_insn *i = o->cfg->insn[n];

			if (o->fa->reached[n])
				changed |= rewrite(o, i, c);
			learn(c, i);
		}
	}
	return changed;
}
