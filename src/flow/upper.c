/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose upper halves count: registers of which some path reads the high 32 bits before
 * it writes them, backward over the graph. What reads the low half alone are
 * instructions of 32 bits, narrow stores, extensions, amounts of shifts; sums,
 * products, bits and shifts up have low halves that come of low halves, so that they
 * read the upper half only if their result's counts. All else reads the whole.
 */
#include "flow/flow_impl.h"

/* Of a 64-bit operation: what its operands' upper halves matter for, `wide` if its result's does.
 */
static u16 of_alu(const struct skep_insn *i, bool wide)
{
	const struct skep_ins *in = &i->in;
	u16 dst = (u16)(1u << in->dst), src = in->form == SKEP_REG ? (u16)(1u << in->src) : 0;
	bool known = in->form == SKEP_IMM && skep_insn_const(i);

	switch (in->op) {
	case SKEP_MOV: return wide ? src : 0;
	case SKEP_MOVSX: return 0;
	case SKEP_NEG: return wide ? dst : 0;
	case SKEP_AND:
		if (known && in->imm >= 0)
			return 0;
		return wide ? dst | src : 0;
	case SKEP_LSH:
		/* All of the upper half comes from the lower one. */
		if (known && in->imm >= 32)
			return 0;
		return wide ? dst : 0;
	case SKEP_ADD:
	case SKEP_SUB:
	case SKEP_MUL:
	case SKEP_OR:
	case SKEP_XOR: return wide ? dst | src : 0;
	case SKEP_RSH:
	case SKEP_ARSH: return dst;
	default: return dst | src;
	}
}

/* Registers whose upper half the instruction reads, given those that count behind it. */
static u16 reads_upper(const struct skep_obj *obj, const struct skep_insn *i, u16 behind)
{
	const struct skep_ins *in = &i->in;
	u16 reads = skep_reads(obj, i);

	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
		if (in->op == SKEP_CAST)
			return reads;
		if (in->op == SKEP_TOBE || in->op == SKEP_TOLE || in->op == SKEP_BSWAP)
			return in->imm == 64 ? reads : 0;
		return in->size == 8 ? of_alu(i, behind >> in->dst & 1) & reads : 0;
	case SKEP_CLASS_JMP:
		if (in->op == SKEP_JSET && in->form == SKEP_IMM && in->imm >= 0 &&
		    skep_insn_const(i))
			return 0;
		return in->size == 8 ? reads : 0;
	case SKEP_CLASS_MEM:
		return in->op == SKEP_STX && in->size < 8 ? (u16)(1u << in->dst) : reads;
	default: return reads;
	}
}

void skep_live_upper(const struct skep_obj *obj, const struct skep_cfg *c, struct skep_live *lv,
		     struct skep_arena *arena)
{
	u16 *in = SKEP_NEW_N(arena, u16, c->nblock);
	bool more = true;

	lv->upper = SKEP_NEW_N(arena, u16, c->ninsn);
	lv->upper_in = SKEP_NEW_N(arena, u16, c->ninsn);
	while (more) {
		more = false;
		for (u32 k = c->norder; k-- > 0;) {
			const struct skep_block *b = &c->block[c->order[k]];
			u16 set = 0;

			for (u32 e = 0; e < b->nsucc; e++)
				set |= in[b->succ[e]];
			for (const struct skep_insn *i = b->last;; i = i->prev) {
				lv->upper[i->num] = set & lv->out[i->num];
				set = (u16)((set & ~skep_isa_writes(&i->in)) |
					    reads_upper(obj, i, set));
				lv->upper_in[i->num] = set;
				if (i == b->first)
					break;
			}
			more |= in[c->order[k]] != set;
			in[c->order[k]] = set;
		}
	}
}
