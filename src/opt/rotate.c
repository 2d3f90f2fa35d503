/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rotations of 32 bits, as hashes are made of, in four instructions instead of
 * five: x << S | x >> K with S + K = 32 is the low half of (x << 32 | x) >> K. By
 * liveness, in one block.
 *
 * Right because: x is below 2^32 (flow bounds it), so (x << 32 | x) holds it twice,
 * and bits K to K + 31 of that are x rotated to the left by 32 - K. Above them the
 * new register has other bits than the old one, which were zero; so every use of it up
 * to where it is written anew, in the same block, must look at its low half
 * only: 32-bit arithmetic, stores of at most four bytes. The region ends with the last
 * of these uses. The other register of the row is not live behind it, nothing else
 * touches the two between the instructions of the row, and x is not written.
 */
#include "opt/opt_impl.h"

/* A register made as `dst = x; dst <<= n` or `>>=`. */
struct half {
	struct skep_insn *shift, *mov;
};
struct row {
	struct half up, down;
	struct skep_insn * or ; /* puts them together, in `dst` */
	struct skep_insn *end;	/* the last use of the result */
	u8 x, dst, other;
};

/* The instruction before `i` in its block that touches the register, or NULL. */
static struct skep_insn *toucher(const struct skep_opt *o, const struct skep_insn *i, u8 reg)
{
	const struct skep_insn *first = skep_opt_block_first(o, i);

	for (u32 k = i->num; k-- > first->num;) {
		struct skep_insn *p = o->cfg->insn[k];

		if (p->func && skep_opt_touches(o, p, (u16)(1u << reg)))
			return p;
	}
	return NULL;
}

static bool find_half(const struct skep_opt *o, const struct skep_insn * or, u8 reg, struct half *h)
{
	h->shift = toucher(o, or, reg);
	if (!h->shift || (h->shift->in.op != SKEP_LSH && h->shift->in.op != SKEP_RSH) ||
	    h->shift->in.size != 4 || h->shift->in.form != SKEP_IMM || h->shift->in.dst != reg ||
	    skep_insn_frozen(h->shift))
		return false;
	h->mov = toucher(o, h->shift, reg);
	return h->mov && h->mov->in.op == SKEP_MOV && h->mov->in.form == SKEP_REG &&
	       h->mov->in.dst == reg && h->mov->in.src != reg && !skep_insn_frozen(h->mov);
}

/* Does the instruction look at no more than the low half of the register, and not write it? */
static bool looks_low(const struct skep_insn *i, u8 reg)
{
	u8 cls = skep_op_class(i->in.op);

	if (skep_isa_writes(&i->in) >> reg & 1)
		return false;
	if (i->in.op == SKEP_STX)
		return i->in.size <= 4 && i->in.dst != reg;
	return cls == SKEP_CLASS_ALU && i->in.size == 4;
}

/* The last use of the register behind `or`; NULL: some use may need the upper half. */
static struct skep_insn *last_use(const struct skep_opt *o, struct skep_insn * or, u8 reg)
{
	const struct skep_insn *last = skep_opt_block_last(o, or);
	struct skep_insn *end = or ;

	for (u32 k = or->num + 1; k <= last->num; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (!i->func || !skep_opt_touches(o, i, (u16)(1u << reg)))
			continue;
		/* 32-bit arithmetic in place looks at the low half and makes the register anew. */
		if (skep_op_class(i->in.op) == SKEP_CLASS_ALU && i->in.size == 4 &&
		    i->in.dst == reg)
			return i;
		if (!(skep_reads(o->obj, i) >> reg & 1))
			return end;
		if (!looks_low(i, reg))
			return NULL;
		end = i;
	}
	return o->lv->out[last->num] >> reg & 1 ? NULL : end;
}

static bool kept(const struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to,
		 u8 reg)
{
	for (u32 k = from->num; k < to->num; k++)
		if (o->cfg->insn[k]->func && skep_isa_writes(&o->cfg->insn[k]->in) >> reg & 1)
			return false;
	return true;
}

static bool match(const struct skep_opt *o, struct skep_insn * or, struct row *r)
{
	const struct skep_val *x;
	const struct skep_insn *first;
	struct half h[2];
	bool swap;

	if ((or->in.op != SKEP_OR && or->in.op != SKEP_XOR && or->in.op != SKEP_ADD) ||
	    or->in.size != 4 || or->in.form != SKEP_REG || or->in.dst == or->in.src ||
	    skep_insn_frozen(or))
		return false;
	*r = (struct row){.or = or, .dst = or->in.dst, .other = or->in.src};
	if (!find_half(o, or, r->dst, &h[0]) || !find_half(o, or, r->other, &h[1]))
		return false;
	swap = h[0].shift->in.op == SKEP_RSH;
	r->up = h[swap];
	r->down = h[!swap];
	r->x = h[0].mov->in.src;
	if (r->up.shift->in.op != SKEP_LSH || r->down.shift->in.op != SKEP_RSH ||
	    r->up.shift->in.imm + r->down.shift->in.imm != 32 || h[1].mov->in.src != r->x ||
	    r->x == r->dst || r->x == r->other)
		return false;
	first = h[0].mov->num < h[1].mov->num ? h[0].mov : h[1].mov;
	x = &o->fa->in[first->num][r->x];
	if (x->kind != SKEP_K_SCALAR || x->bits > 32 || !kept(o, first, or, r->x) ||
	    o->lv->out[or->num] >> r->other & 1)
		return false;
	r->end = last_use(o, or, r->dst);
	return r->end && skep_opt_clean(o, first, r->end);
}

static bool visit(struct skep_opt *o, struct skep_insn * or)
{
	struct skep_insn *first;
	struct row r;

	if (!match(o, or, &r))
		return false;
	first = r.up.mov->num < r.down.mov->num ? r.up.mov : r.down.mov;
	if (!skep_opt_begin(o, "rotation of 32 bits", first, r.end))
		return false;
	skep_opt_touch(o, first, r.end);
	{
		const struct skep_ins to[] = {
			skep_mk_mov(r.dst, r.x),
			{.op = SKEP_LSH, .size = 8, .form = SKEP_IMM, .dst = r.dst, .imm = 32},
			{.op = SKEP_OR, .size = 8, .form = SKEP_REG, .dst = r.dst, .src = r.x},
			{.op = SKEP_RSH,
			 .size = 8,
			 .form = SKEP_IMM,
			 .dst = r.dst,
			 .imm = r.down.shift->in.imm},
		};

		for (u32 k = 0; k < SKEP_ARRAY_SIZE(to); k++)
			skep_edit_insert_before(or, skep_insn_new(o->obj, &to[k], or), k == 0);
	}
	skep_edit_remove(o->obj, r.up.mov);
	skep_edit_remove(o->obj, r.up.shift);
	skep_edit_remove(o->obj, r.down.mov);
	skep_edit_remove(o->obj, r.down.shift);
	skep_edit_remove(o->obj, or);
	skep_opt_end(o);
	return true;
}

bool skep_pass_rotate(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
