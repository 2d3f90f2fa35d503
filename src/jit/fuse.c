/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peephole: several BPF instructions that one native instruction does.
 * Addresses that are added up, moves that only prepare an addition, rotations,
 * extensions by pairs of shifts, loads that are compared or swapped at once.
 *
 * All of a group but its first must not be a jump target. An instruction whose
 * result is left out must have no reader behind the group (jit->live).
 */
#include "jit/emit.h"

static const struct skep_ins *ins(const struct jit *j, u32 slot)
{
	return &j->code.in[slot];
}

/* `slot` exists, is in this function, and control comes to it from above only. */
static bool follows(const struct jit *j, u32 slot)
{
	return slot < j->func->end && !(j->code.flags[slot] & SKEP_EC_LEADER);
}

static bool dead(const struct jit *j, u32 slot, u8 reg)
{
	return !(j->live[slot] >> reg & 1);
}

static bool is_alu(const struct skep_ins *in, u16 op, u8 size, u8 form)
{
	return in->op == op && in->size == size && in->form == form;
}

static bool plain_mem(const struct skep_ins *in)
{
	return in->op == SKEP_LDX || in->op == SKEP_LDXS || in->op == SKEP_ST || in->op == SKEP_STX;
}

/* --- addresses ---------------------------------------------------------------------- */

/* A sum that is being built in BPF register `reg`, in native registers. */
struct sum {
	u8 reg;
	bool started;
	struct mem m;
};

static bool sum_shift(struct sum *s, const struct skep_ins *in)
{
	if (!is_alu(in, SKEP_LSH, 8, SKEP_IMM) || in->imm < 1 || in->imm > 3)
		return false;
	if (s->m.index != NOREG || s->m.disp)
		return false;
	s->m.index = s->m.base;
	s->m.base = NOREG;
	s->m.scale = (u8)in->imm;
	return true;
}

static bool sum_add(struct sum *s, const struct skep_ins *in)
{
	u8 src;

	if (in->op != SKEP_ADD || in->size != 8)
		return false;
	if (in->form == SKEP_IMM) {
		s64 disp = s->m.disp + in->imm;

		if ((s64)(s32)disp != disp)
			return false;
		s->m.disp = (s32)disp;
		return true;
	}
	src = skep_jit_reg[in->src];
	if (in->src == s->reg) /* doubled; its value is not in a register any more */
		return false;
	if (s->m.base == NOREG)
		s->m.base = src;
	else if (s->m.index == NOREG)
		s->m.index = src;
	else
		return false;
	return true;
}

/* Does the access use the sum as its address, and nobody afterwards? */
static bool sum_used(const struct jit *j, const struct sum *s, u32 slot)
{
	const struct skep_ins *in = ins(j, slot);
	struct skep_memop op;

	if (!plain_mem(in) || !skep_isa_memop(in, &op) || op.base != s->reg)
		return false;
	if (in->op == SKEP_STX && in->src == s->reg)
		return false;
	if (j->blind && in->op == SKEP_ST)
		return false;
	return (op.load && in->dst == s->reg) || dead(j, slot, s->reg);
}

static void emit_access(struct jit *j, const struct skep_ins *in, struct mem m)
{
	u8 dst = skep_jit_reg[in->dst], src = skep_jit_reg[in->src];
	bool sx = in->op == SKEP_LDXS;
	u32 size = in->size;

	if (in->op == SKEP_LDX || in->op == SKEP_LDXS) {
		u8 op1 = sx ? 0xbe : 0xb6, op4 = sx ? 0x63 : 0x8b;

		if (size <= 2)
			enc_rm(j, sx ? W : 0, MAP_0F, (u8)(op1 + (size == 2)), dst, m);
		else
			enc_rm(j, sx || size == 8 ? W : 0, MAP_1, op4, dst, m);
		return;
	}
	if (in->op == SKEP_STX) {
		enc_rm(j,
		       size == 8   ? W
		       : size == 2 ? P66
		       : size == 1 ? BYTE
				   : 0,
		       MAP_1, size == 1 ? 0x88 : 0x89, src, m);
		return;
	}
	enc_rm(j, size == 8 ? W : size == 2 ? P66 : 0, MAP_1, size == 1 ? 0xc6 : 0xc7, 0, m);
	for (u32 k = 0; k < SKEP_MIN(size, 4u); k++)
		e1(j, (u32)in->imm >> 8 * k);
}

static u32 sum_access(struct jit *j, struct sum *s, u32 first, u32 slot)
{
	const struct skep_ins *in = ins(j, slot);
	s64 disp = (s64)s->m.disp + in->off;

	if ((s64)(s32)disp != disp || skep_jit_hidden_off(j, disp))
		return 0;
	s->m.disp = (s32)disp;
	emit_access(j, in, s->m);
	for (u32 i = first; i <= slot; i++)
		skep_jit_facts_after(j, i);
	return slot + 1 - first;
}

/*
 * [r = s] [r <<= 1..3] [r += t] [r += imm] and an access through r. Without the
 * access, r = s and one or two additions are a lea.
 */
static u32 fuse_address(struct jit *j, u32 slot)
{
	const struct skep_ins *in = ins(j, slot);
	struct sum s = {.reg = in->dst}, good;
	bool copied = is_alu(in, SKEP_MOV, 8, SKEP_REG) && in->dst != in->src;
	u32 i = slot + copied, end = 0;

	s.m = at(skep_jit_reg[copied ? in->src : in->dst], 0);
	for (; i == slot || follows(j, i); i++) {
		const struct skep_ins *next = ins(j, i);

		if (i != slot && s.m.base != NOREG && sum_used(j, &s, i)) {
			u32 done = sum_access(j, &s, slot, i);

			if (done)
				return done;
			break;
		}
		if (next->dst != s.reg ||
		    (j->blind && next->form == SKEP_IMM && next->op == SKEP_ADD))
			break;
		if (!sum_shift(&s, next) && !sum_add(&s, next))
			break;
		/* Without the access: two parts, since three are slower than an addition. */
		if (i > slot && s.m.base != NOREG && (copied || s.m.index != NOREG) &&
		    (s.m.index == NOREG || !s.m.disp)) {
			good = s;
			end = i + 1;
		}
	}
	if (!end)
		return 0;
	lea(j, W, skep_jit_reg[s.reg], good.m);
	for (u32 k = slot; k < end; k++)
		skep_jit_facts_after(j, k);
	return end - slot;
}

/* r = s; r += imm|t in 32 bits */
static u32 fuse_lea32(struct jit *j, u32 slot)
{
	const struct skep_ins *mov = ins(j, slot), *add = ins(j, slot + 1);
	u8 src = skep_jit_reg[mov->src];

	if (mov->dst == mov->src || add->op != SKEP_ADD || add->size != 4 || add->dst != mov->dst)
		return 0;
	if (add->form == SKEP_REG)
		lea(j, 0, skep_jit_reg[mov->dst],
		    (struct mem){.base = src,
				 .index = add->src == mov->dst ? src : skep_jit_reg[add->src]});
	else if (j->blind)
		return 0;
	else
		lea(j, 0, skep_jit_reg[mov->dst], at(src, (s32)add->imm));
	skep_jit_facts_after(j, slot);
	skep_jit_facts_after(j, slot + 1);
	return 2;
}

/* --- shifts -------------------------------------------------------------------------- */

/* r <<= n; r >>= n, in 64 bits, perhaps after r = s: an extension. */
static u32 fuse_extend(struct jit *j, u32 slot)
{
	const struct skep_ins *a = ins(j, slot), *b;
	u8 src = skep_jit_reg[a->dst], dst = src;
	u32 i = slot;
	bool sx;

	if (is_alu(a, SKEP_MOV, 8, SKEP_REG)) {
		src = skep_jit_reg[a->src];
		if (!follows(j, ++i))
			return 0;
		if (ins(j, i)->dst != a->dst)
			return 0;
		a = ins(j, i);
	}
	if (!is_alu(a, SKEP_LSH, 8, SKEP_IMM) || !follows(j, i + 1))
		return 0;
	b = ins(j, i + 1);
	sx = is_alu(b, SKEP_ARSH, 8, SKEP_IMM);
	if (b->dst != a->dst || b->imm != a->imm || (!sx && !is_alu(b, SKEP_RSH, 8, SKEP_IMM)))
		return 0;
	switch (a->imm) {
	case 32: enc_rr(j, sx ? W : 0, MAP_1, sx ? 0x63 : 0x8b, dst, src); break;
	case 48: enc_rr(j, sx ? W : 0, MAP_0F, sx ? 0xbf : 0xb7, dst, src); break;
	case 56: enc_rr(j, sx ? W | BYTE : BYTE, MAP_0F, sx ? 0xbe : 0xb6, dst, src); break;
	default: return 0;
	}
	for (u32 k = slot; k <= i + 1; k++)
		skep_jit_facts_after(j, k);
	if (!sx) /* more is known than from the shifts alone */
		j->fact[b->dst].width = (u8)(64 - a->imm);
	return i + 2 - slot;
}

/* A rotation being recognized: two shifted values of one, and what joins them. */
struct rotation {
	const struct skep_ins *a, *b, *join; /* the shifts */
	u8 x;				     /* the register that is rotated, as it is before */
	u8 size;
	u32 n; /* instructions */
};

/* t = x; t <<= n (or >>=); then x >>= W - n (or <<=), or the same in a second copy; t |= x. */
static bool find_rotation(const struct jit *j, u32 slot, struct rotation *r)
{
	const struct skep_ins *mov = ins(j, slot), *copy = ins(j, slot + 2);
	u32 second = slot + 2;

	*r = (struct rotation){.x = mov->src, .size = mov->size};
	if (mov->dst == mov->src)
		return false;
	if (copy->op == SKEP_MOV && copy->form == SKEP_REG) {
		if (copy->size != mov->size || copy->src != mov->src || copy->dst == mov->dst ||
		    copy->dst == mov->src)
			return false;
		second++;
	}
	r->n = second + 2 - slot;
	for (u32 k = 1; k < r->n; k++)
		if (!follows(j, slot + k))
			return false;
	r->a = ins(j, slot + 1);
	r->b = ins(j, second);
	r->join = ins(j, second + 1);
	if (second == slot + 3)
		return r->a->dst == mov->dst && r->b->dst == copy->dst;
	return (r->a->dst == mov->dst && r->b->dst == mov->src) ||
	       (r->a->dst == mov->src && r->b->dst == mov->dst);
}

static u32 fuse_rotate(struct jit *j, u32 slot)
{
	const struct skep_ins *shl, *shr, *c;
	struct rotation r;
	u32 bits, left;

	if (!(j->cpu & CPU_BMI2) || !follows(j, slot + 2) || !find_rotation(j, slot, &r))
		return 0;
	shl = r.a->op == SKEP_LSH ? r.a : r.b;
	shr = r.a->op == SKEP_LSH ? r.b : r.a;
	if (!is_alu(shl, SKEP_LSH, r.size, SKEP_IMM) || !is_alu(shr, SKEP_RSH, r.size, SKEP_IMM))
		return 0;
	c = r.join;
	if (c->op != SKEP_OR && c->op != SKEP_XOR && c->op != SKEP_ADD)
		return 0;
	/* Both halves of a 32-bit rotation are zero-extended, so they may be joined in 64 bits. */
	if (c->form != SKEP_REG || (c->size != r.size && r.size == 8))
		return 0;
	if (!((c->dst == r.a->dst && c->src == r.b->dst) ||
	      (c->dst == r.b->dst && c->src == r.a->dst)))
		return 0;
	bits = r.size * 8u;
	left = (u32)shl->imm & (bits - 1);
	if (!left || (((u32)shr->imm & (bits - 1)) + left) != bits)
		return 0;
	/* The other one holds a shifted value that nobody may want. */
	if (!dead(j, slot + r.n - 1, c->src))
		return 0;
	enc_vex(j, r.size == 8 ? W : 0, 3, 3, 0xf0, skep_jit_reg[c->dst], 0, skep_jit_reg[r.x]);
	e1(j, bits - left);
	for (u32 k = slot; k < slot + r.n; k++)
		skep_jit_facts_after(j, k);
	return r.n;
}

/* --- loads that are used at once ---------------------------------------------------------- */

static u32 fuse_load_swap(struct jit *j, u32 slot)
{
	const struct skep_ins *ld = ins(j, slot), *sw = ins(j, slot + 1);

	if ((sw->op != SKEP_TOBE && sw->op != SKEP_BSWAP) || sw->dst != ld->dst ||
	    sw->imm != ld->size * 8 || ld->size < 4 || !(j->cpu & CPU_MOVBE))
		return 0;
	enc_rm(j, ld->size == 8 ? W : 0, MAP_38, 0xf0, skep_jit_reg[ld->dst],
	       at(skep_jit_reg[ld->src], ld->off));
	skep_jit_facts_after(j, slot);
	skep_jit_facts_after(j, slot + 1);
	return 2;
}

static bool is_unsigned_cond(u16 op)
{
	return op == SKEP_JEQ || op == SKEP_JNE || op == SKEP_JGT || op == SKEP_JGE ||
	       op == SKEP_JLT || op == SKEP_JLE || op == SKEP_JSET;
}

/* x = *(p + off); if x == imm: compare in memory when x has no other reader. */
static u32 fuse_load_compare(struct jit *j, u32 slot)
{
	const struct skep_ins *ld = ins(j, slot), *jc = ins(j, slot + 1);
	struct mem m = at(skep_jit_reg[ld->src], ld->off);
	u32 f = ld->size == 8 ? W : ld->size == 2 ? P66 : 0;
	bool set = jc->op == SKEP_JSET;
	s64 imm = jc->imm, max = ld->size == 1 ? 0xff : ld->size == 2 ? 0xffff : INT32_MAX;

	if (!skep_is_cond(jc->op) || jc->form != SKEP_IMM || jc->dst != ld->dst || j->budget ||
	    !dead(j, slot + 1, ld->dst) || j->blind)
		return 0;
	if (ld->size == 8 ? jc->size != 8 : !is_unsigned_cond(jc->op) || imm < 0 || imm > max)
		return 0;
	if (ld->size == 2 &&
	    !(fits8(imm) && !set)) /* a 16-bit immediate behind 66 stalls decoders */
		return 0;
	if (set) {
		if (ld->size == 8 && imm < 0)
			return 0;
		enc_rm(j, ld->size == 8 ? W : 0, MAP_1, ld->size == 1 ? 0xf6 : 0xf7, 0, m);
		if (ld->size == 1)
			e1(j, (u32)imm);
		else
			e4(j, (u32)imm);
	} else if (ld->size == 1) {
		enc_rm(j, 0, MAP_1, 0x80, ALU_CMP, m);
		e1(j, (u32)imm);
	} else {
		enc_rm(j, f, MAP_1, fits8(imm) ? 0x83 : 0x81, ALU_CMP, m);
		if (fits8(imm))
			e1(j, (u32)imm);
		else
			e4(j, (u32)imm);
	}
	skep_jit_goto(j, slot + 1, skep_jit_cc(jc->op));
	skep_jit_facts_after(j, slot);
	return 2;
}

static bool alu_code(u16 op, u8 *code)
{
	switch (op) {
	case SKEP_ADD: *code = ALU_ADD; return true;
	case SKEP_SUB: *code = ALU_SUB; return true;
	case SKEP_OR: *code = ALU_OR; return true;
	case SKEP_AND: *code = ALU_AND; return true;
	case SKEP_XOR: *code = ALU_XOR; return true;
	default: return false;
	}
}

/* x = *(p + off); y op= x: from memory when x has no other reader. */
static u32 fuse_load_op(struct jit *j, u32 slot)
{
	const struct skep_ins *ld = ins(j, slot), *op = ins(j, slot + 1);
	struct mem m = at(skep_jit_reg[ld->src], ld->off);
	u8 code;

	if (op->form != SKEP_REG || op->src != ld->dst || op->dst == ld->dst ||
	    op->size != ld->size || ld->size < 4 || !dead(j, slot + 1, ld->dst))
		return 0;
	if (op->op == SKEP_MUL)
		enc_rm(j, op->size == 8 ? W : 0, MAP_0F, 0xaf, skep_jit_reg[op->dst], m);
	else if (alu_code(op->op, &code))
		alu_rm(j, op->size == 8 ? W : 0, code, skep_jit_reg[op->dst], m);
	else
		return 0;
	skep_jit_facts_after(j, slot);
	skep_jit_facts_after(j, slot + 1);
	return 2;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* [t = x;] t &= imm; if t ==/!= 0, t read by nobody else: a test. */
static u32 fuse_test(struct jit *j, u32 slot)
{
	const struct skep_ins *a = ins(j, slot), *jc;
	u8 reg = skep_jit_reg[a->dst];
	u32 i = slot, w;
	s32 imm;

	if (j->blind || j->budget)
		return 0;
	if (a->op == SKEP_MOV && a->form == SKEP_REG) {
		reg = skep_jit_reg[a->src];
		if (!follows(j, ++i) || ins(j, i)->dst != a->dst || ins(j, i)->size > a->size)
			return 0;
		a = ins(j, i);
	}
	if (a->op != SKEP_AND || a->form != SKEP_IMM || !follows(j, i + 1))
		return 0;
	jc = ins(j, i + 1);
	if ((jc->op != SKEP_JEQ && jc->op != SKEP_JNE) || jc->form != SKEP_IMM || jc->imm ||
	    jc->dst != a->dst || !dead(j, i + 1, a->dst))
		return 0;
	/* With a 32-bit `and` the upper half is zero in both sizes of the jump. */
	if (a->size == 8 && jc->size != 8 && a->imm < 0)
		return 0;
	w = a->size == 8 && a->imm < 0 ? W : 0;
	imm = (s32)a->imm;
	if (imm >= 0 && imm <= 127) {
		enc_rr(j, BYTE, MAP_1, 0xf6, 0, reg);
		e1(j, (u32)imm);
	} else {
		enc_rr(j, w, MAP_1, 0xf7, 0, reg);
		e4(j, (u32)imm);
	}
	skep_jit_goto(j, i + 1, skep_jit_cc(jc->op));
	for (u32 k = slot; k <= i; k++)
		skep_jit_facts_after(j, k);
	return i + 2 - slot;
}

/*
 * if ... goto over; r = s (or a constant); over: a conditional move. Compilers
 * for BPF make this of what they would have selected without a branch.
 */
static u32 fuse_select(struct jit *j, u32 slot)
{
	const struct skep_ins *jc = ins(j, slot), *mov = ins(j, slot + 1);
	u8 from = R11;

	if (j->code.target[slot] != slot + 2 || mov->op != SKEP_MOV)
		return 0;
	if (mov->form == SKEP_IMM) {
		if (j->blind)
			return 0;
		skep_jit_const(j, R11, mov->size == 8 ? (u64)mov->imm : (u32)mov->imm);
	} else if (mov->size == 4 && j->fact[mov->src].width > 32) {
		mov_rr(j, 0, R11, skep_jit_reg[mov->src]);
	} else {
		from = skep_jit_reg[mov->src];
	}
	skep_jit_compare(j, jc);
	enc_rr(j, W, MAP_0F, 0x40 | (skep_jit_cc(jc->op) ^ 1), skep_jit_reg[mov->dst], from);
	return 2; /* what follows is a jump's target, so facts begin anew */
}

/* if ... goto over; goto there; over: one jump with the condition turned round. */
static u32 fuse_jump_over(struct jit *j, u32 slot)
{
	const struct skep_ins *jc = ins(j, slot), *ja = ins(j, slot + 1);

	if (j->code.target[slot] != slot + 2 || (ja->op != SKEP_JA && ja->op != SKEP_GOTOL) ||
	    j->budget)
		return 0;
	skep_jit_compare(j, jc);
	skep_jit_goto(j, slot + 1, skep_jit_cc(jc->op) ^ 1);
	return 2;
}

/* r += s; if r ==/!= 0: the addition has compared already. */
static u32 fuse_add_test(struct jit *j, u32 slot)
{
	const struct skep_ins *add = ins(j, slot), *jc = ins(j, slot + 1);

	if ((jc->op != SKEP_JEQ && jc->op != SKEP_JNE) || jc->form != SKEP_IMM || jc->imm ||
	    jc->dst != add->dst || j->budget || (add->form == SKEP_IMM && (!add->imm || j->blind)))
		return 0;
	if (add->size == 8 && jc->size == 4)
		return 0;
	skep_jit_insn(j, slot);
	skep_jit_facts_after(j, slot);
	skep_jit_goto(j, slot + 1, skep_jit_cc(jc->op));
	return 2;
}

/* r = s; r *= imm */
static u32 fuse_mul(struct jit *j, u32 slot)
{
	const struct skep_ins *mov = ins(j, slot), *mul = ins(j, slot + 1);
	s64 imm = mul->imm;

	if (mul->op != SKEP_MUL || mul->form != SKEP_IMM || mul->dst != mov->dst ||
	    mul->size != mov->size || j->blind || imm < 2 || !(imm & (imm - 1)))
		return 0;
	enc_rr(j, mov->size == 8 ? W : 0, MAP_1, fits8(imm) ? 0x6b : 0x69, skep_jit_reg[mov->dst],
	       skep_jit_reg[mov->src]);
	if (fits8(imm))
		e1(j, (u32)imm);
	else
		e4(j, (u32)imm);
	skep_jit_facts_after(j, slot);
	skep_jit_facts_after(j, slot + 1);
	return 2;
}

/* r = s; r <<= t (or >>=): the three-operand shift */
static u32 fuse_shift(struct jit *j, u32 slot)
{
	const struct skep_ins *mov = ins(j, slot), *sh = ins(j, slot + 1);
	u8 src = skep_jit_reg[mov->src];

	if ((sh->op != SKEP_LSH && sh->op != SKEP_RSH && sh->op != SKEP_ARSH) ||
	    sh->form != SKEP_REG || sh->dst != mov->dst || sh->size > mov->size ||
	    sh->src == mov->dst || !(j->cpu & CPU_BMI2))
		return 0;
	if (sh->size != mov->size)
		return 0;
	enc_vex(j, sh->size == 8 ? W : 0, 2,
		sh->op == SKEP_LSH   ? 1
		: sh->op == SKEP_RSH ? 3
				     : 2,
		0xf7, skep_jit_reg[mov->dst], skep_jit_reg[sh->src], src);
	skep_jit_facts_after(j, slot);
	skep_jit_facts_after(j, slot + 1);
	return 2;
}

static u32 fuse_mov(struct jit *j, u32 slot)
{
	const struct skep_ins *in = ins(j, slot);
	u32 n = fuse_rotate(j, slot);

	if (!n && in->size == 8)
		n = fuse_extend(j, slot);
	if (!n)
		n = fuse_test(j, slot);
	if (!n)
		n = fuse_mul(j, slot);
	if (!n)
		n = fuse_shift(j, slot);
	if (!n)
		n = in->size == 8 ? fuse_address(j, slot) : fuse_lea32(j, slot);
	return n;
}

static u32 fuse_load(struct jit *j, u32 slot)
{
	u32 n;

	if (skep_jit_hidden_off(j, ins(j, slot)->off))
		return 0;
	n = fuse_load_swap(j, slot);
	if (!n)
		n = fuse_load_compare(j, slot);
	return n ? n : fuse_load_op(j, slot);
}

u32 skep_jit_fuse(struct jit *j, u32 slot)
{
	const struct skep_ins *in = ins(j, slot);
	u32 n;

	if (j->checked || !follows(j, slot + 1))
		return 0;
	if (skep_is_cond(in->op)) {
		n = fuse_select(j, slot);
		return n ? n : fuse_jump_over(j, slot);
	}
	switch (in->op) {
	case SKEP_MOV: return in->form == SKEP_REG ? fuse_mov(j, slot) : 0;
	case SKEP_LSH:
		n = in->size == 8 ? fuse_extend(j, slot) : 0;
		return n || in->size != 8 ? n : fuse_address(j, slot);
	case SKEP_ADD:
		n = fuse_add_test(j, slot);
		return n || in->size != 8 ? n : fuse_address(j, slot);
	case SKEP_SUB: return fuse_add_test(j, slot);
	case SKEP_AND: return fuse_test(j, slot);
	case SKEP_LDX: return fuse_load(j, slot);
	default: return 0;
	}
}
