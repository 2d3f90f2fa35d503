/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native code of one BPF instruction: arithmetic, memory, atomics, jumps. What
 * is known of registers in straight code (fact) saves zero extensions. Flags
 * never live from one BPF instruction to the next.
 */
#include "jit/emit.h"

const u8 skep_jit_reg[11] = {RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP};

/* Scratch: R9 for constants, R11 for addresses, R10 for the rest. */

void skep_jit_mov(struct jit *j, u32 w, u8 dst, u8 src)
{
	if (dst != src || !w)
		mov_rr(j, w, dst, src);
}

void skep_jit_const(struct jit *j, u8 reg, u64 v)
{
	if (!v) {
		alu_rr(j, 0, ALU_XOR, reg, reg);
	} else if (v <= UINT32_MAX) {
		prefixes(j, 0, reg >> 3, false, MAP_1, (u8)(0xb8 | (reg & 7)));
		e4(j, (u32)v);
	} else if ((s64)v == (s32)v) {
		enc_rr(j, W, MAP_1, 0xc7, 0, reg);
		e4(j, (u32)v);
	} else {
		prefixes(j, W, reg >> 3, false, MAP_1, (u8)(0xb8 | (reg & 7)));
		e8(j, v);
	}
}

/* A constant of the program: blinded when asked for and worth it. */
void skep_jit_program_const(struct jit *j, u8 reg, u64 v)
{
	u64 key;

	if (!j->blind || fits8((s64)v)) {
		skep_jit_const(j, reg, v);
		return;
	}
	key = skep_rng_next(&j->rng);
	if (v <= UINT32_MAX)
		key = (u32)key;
	else if ((s64)v == (s32)v)
		key = (u64)(s64)(s32)key;
	skep_jit_const(j, reg, v ^ key);
	if (v <= UINT32_MAX) {
		alu_ri(j, 0, ALU_XOR, reg, (s32)key);
	} else if ((s64)v == (s32)v) {
		alu_ri(j, W, ALU_XOR, reg, (s32)key);
	} else { /* 64 bits: the key needs a register; a load of a constant has R9 free */
		skep_jit_const(j, R9, key);
		alu_rr(j, W, ALU_XOR, reg, R9);
	}
}

/* Must the immediate go through a register? */
static bool hidden(const struct jit *j, const struct skep_ins *in)
{
	return j->blind && in->form == SKEP_IMM && !fits8(in->imm);
}

/* --- facts ------------------------------------------------------------------------ */

static u8 bits_of(u64 v)
{
	return v ? (u8)(64 - __builtin_clzll(v)) : 0;
}

void skep_jit_facts_reset(struct jit *j)
{
	for (u32 i = 0; i < 11; i++)
		j->fact[i] = (struct fact){.width = 64};
}

static u32 width_binary(const struct skep_ins *in, u32 d, u32 s)
{
	switch (in->op) {
	case SKEP_MOV: return s;
	case SKEP_AND: return SKEP_MIN(d, s);
	case SKEP_OR:
	case SKEP_XOR: return SKEP_MAX(d, s);
	case SKEP_ADD: return SKEP_MAX(d, s) + 1;
	case SKEP_MUL: return d + s;
	case SKEP_DIV:
	case SKEP_MOD: return d; /* also by zero: 0 and the dividend */
	case SKEP_RSH:
		if (in->form == SKEP_REG)
			return d;
		return d - SKEP_MIN(d, (u32)in->imm & (in->size * 8u - 1));
	case SKEP_LSH: return in->form == SKEP_REG ? 64 : d + ((u32)in->imm & (in->size * 8u - 1));
	default: return 64;
	}
}

static u32 width_after(const struct jit *j, const struct skep_ins *in)
{
	u32 max = in->size * 8u, d = SKEP_MIN(j->fact[in->dst].width, max), s;

	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
		s = SKEP_MIN(j->fact[in->src].width, max);
		if (in->form == SKEP_IMM)
			s = bits_of(in->size == 8 ? (u64)in->imm : (u32)in->imm);
		return SKEP_MIN(width_binary(in, d, s), max);
	case SKEP_CLASS_UNARY:
		if (in->op == SKEP_TOLE)
			return SKEP_MIN(j->fact[in->dst].width, (u32)in->imm);
		if (in->op == SKEP_TOBE || in->op == SKEP_BSWAP)
			return (u32)in->imm;
		return in->op == SKEP_CAST ? 64 : max;
	case SKEP_CLASS_MEM: return in->op == SKEP_LDX ? max : 64;
	case SKEP_CLASS_CTRL: return in->op == SKEP_LDDW ? bits_of((u64)in->imm) : 64;
	default: return max;
	}
}

void skep_jit_facts_after(struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];
	u16 w = skep_isa_writes(in);
	struct fact f = {.width = 64};

	if (in->op == SKEP_CALL)
		w = 0x3f;
	else if (w)
		f.width = (u8)width_after(j, in);
	if (in->op == SKEP_MOV && in->size == 8 && in->form == SKEP_REG)
		f.map = j->fact[in->src].map;
	if (in->op == SKEP_LDDW) {
		f.map = in->src == SKEP_LD_IMM ? j->code.ref[slot] : NULL;
		if (in->src == SKEP_LD_FUNC)
			f.width = 64;
	}
	for (u32 k = 0; w >> k; k++)
		if (w >> k & 1)
			j->fact[k] = f;
}

/* --- arithmetic -------------------------------------------------------------------- */

static void zext32(struct jit *j, u8 bpf)
{
	if (j->fact[bpf].width > 32)
		mov_rr(j, 0, skep_jit_reg[bpf], skep_jit_reg[bpf]);
}

static u8 alu_code(u16 op)
{
	switch (op) {
	case SKEP_ADD: return ALU_ADD;
	case SKEP_SUB: return ALU_SUB;
	case SKEP_OR: return ALU_OR;
	case SKEP_AND: return ALU_AND;
	default: return ALU_XOR;
	}
}

static void and_imm(struct jit *j, u32 w, u8 bpf, s64 imm)
{
	u8 r = skep_jit_reg[bpf];

	if (!imm)
		alu_rr(j, 0, ALU_XOR, r, r);
	else if (imm == 0xff)
		enc_rr(j, BYTE, MAP_0F, 0xb6, r, r);
	else if (imm == 0xffff)
		enc_rr(j, 0, MAP_0F, 0xb7, r, r);
	else if (imm > 0) /* the upper half becomes zero */
		alu_ri(j, 0, ALU_AND, r, (s32)imm);
	else if (imm != -1)
		alu_ri(j, w, ALU_AND, r, (s32)imm);
	else if (!w)
		zext32(j, bpf);
}

static void logic_imm(struct jit *j, const struct skep_ins *in, u32 w)
{
	u8 r = skep_jit_reg[in->dst];
	s32 imm = (s32)in->imm;

	if (!imm) {
		if (!w)
			zext32(j, in->dst);
	} else if (in->op == SKEP_XOR && imm == -1) {
		enc_rr(j, w, MAP_1, 0xf7, 2, r);
	} else if ((in->op == SKEP_ADD && imm == 1) || (in->op == SKEP_SUB && imm == -1)) {
		enc_rr(j, w, MAP_1, 0xff, 0, r);
	} else if ((in->op == SKEP_ADD && imm == -1) || (in->op == SKEP_SUB && imm == 1)) {
		enc_rr(j, w, MAP_1, 0xff, 1, r);
	} else if (imm == 128 && in->op == SKEP_ADD) {
		alu_ri(j, w, ALU_SUB, r, -128);
	} else if (imm == 128 && in->op == SKEP_SUB) {
		alu_ri(j, w, ALU_ADD, r, -128);
	} else {
		if ((in->op == SKEP_OR || in->op == SKEP_XOR) && imm > 0 &&
		    j->fact[in->dst].width <= 32)
			w = 0;
		alu_ri(j, w, alu_code(in->op), r, imm);
	}
}

static void mul_imm(struct jit *j, u8 bpf, u32 w, s32 imm)
{
	u8 r = skep_jit_reg[bpf];

	if (!imm) {
		alu_rr(j, 0, ALU_XOR, r, r);
	} else if (imm == 1) {
		if (!w)
			zext32(j, bpf);
	} else if (imm > 0 && !(imm & (imm - 1))) {
		shift_ri(j, w, 4, r, (u8)__builtin_ctz((u32)imm));
	} else if (imm == 3 || imm == 5 || imm == 9) {
		lea(j, w, r,
		    (struct mem){.base = r,
				 .index = r,
				 .scale = imm == 3   ? 1
					  : imm == 5 ? 2
						     : 3});
	} else {
		enc_rr(j, w, MAP_1, fits8(imm) ? 0x6b : 0x69, r, r);
		if (fits8(imm))
			e1(j, (u32)imm);
		else
			e4(j, (u32)imm);
	}
}

static u8 shift_code(u16 op)
{
	return op == SKEP_LSH ? 4 : op == SKEP_RSH ? 5 : 7;
}

/* Without shlx and its like the amount must be in cl. */
static void shift_cl(struct jit *j, u32 w, u16 op, u8 dst, u8 src)
{
	u8 code = shift_code(op), r = dst;

	if (src == RCX && dst != RCX) {
		enc_rr(j, w, MAP_1, 0xd3, code, dst);
		return;
	}
	mov_rr(j, W, R11, RCX);
	if (src != RCX)
		mov_rr(j, W, RCX, src);
	if (dst == RCX)
		r = R11;
	enc_rr(j, w, MAP_1, 0xd3, code, r);
	mov_rr(j, W, RCX, R11);
}

static void shift_reg(struct jit *j, u32 w, u16 op, u8 dst, u8 src)
{
	if (j->cpu & CPU_BMI2)
		enc_vex(j, w, 2, op == SKEP_LSH ? 1 : op == SKEP_RSH ? 3 : 2, 0xf7, dst, src, dst);
	else
		shift_cl(j, w, op, dst, src);
}

static void shift(struct jit *j, const struct skep_ins *in, u32 w)
{
	u8 r = skep_jit_reg[in->dst], by = (u8)(in->imm & (w ? 63 : 31));

	if (in->form == SKEP_REG) {
		shift_reg(j, w, in->op, r, skep_jit_reg[in->src]);
	} else if (!by) {
		if (!w)
			zext32(j, in->dst);
	} else if (by == 1 && in->op == SKEP_LSH) {
		alu_rr(j, w, ALU_ADD, r, r);
	} else {
		shift_ri(j, w, shift_code(in->op), r, by);
	}
}

static void binary_reg(struct jit *j, const struct skep_ins *in, u32 w, u8 dst, u8 src)
{
	switch (in->op) {
	case SKEP_MUL: enc_rr(j, w, MAP_0F, 0xaf, dst, src); break;
	case SKEP_MOV: skep_jit_mov(j, w, dst, src); break;
	default: alu_rr(j, w, alu_code(in->op), dst, src); break;
	}
}

static void binary(struct jit *j, const struct skep_ins *in)
{
	u32 w = in->size == 8 ? W : 0;
	u8 dst = skep_jit_reg[in->dst];

	if (in->op == SKEP_LSH || in->op == SKEP_RSH || in->op == SKEP_ARSH) {
		shift(j, in, w);
	} else if (in->op == SKEP_MOV && in->form == SKEP_IMM) {
		skep_jit_program_const(j, dst, w ? (u64)in->imm : (u32)in->imm);
	} else if (in->form == SKEP_REG) {
		if (in->op == SKEP_MOV && !w && in->dst == in->src && j->fact[in->src].width <= 32)
			return;
		binary_reg(j, in, w, dst, skep_jit_reg[in->src]);
	} else if (hidden(j, in)) {
		skep_jit_program_const(j, R9, (u64)in->imm);
		binary_reg(j, in, w, dst, R9);
	} else if (in->op == SKEP_MUL) {
		mul_imm(j, in->dst, w, (s32)in->imm);
	} else if (in->op == SKEP_AND) {
		and_imm(j, w, in->dst, in->imm);
	} else {
		logic_imm(j, in, w);
	}
}

static void swap(struct jit *j, const struct skep_ins *in)
{
	u8 r = skep_jit_reg[in->dst];

	if (in->imm == 16) {
		shift_ri(j, P66, 0, r, 8);
		if (j->fact[in->dst].width > 16)
			enc_rr(j, 0, MAP_0F, 0xb7, r, r);
		return;
	}
	prefixes(j, in->imm == 64 ? W : 0, r >> 3, false, MAP_0F, (u8)(0xc8 | (r & 7)));
}

static void unary(struct jit *j, const struct skep_ins *in)
{
	u32 w = in->size == 8 ? W : 0;
	u8 dst = skep_jit_reg[in->dst], src = skep_jit_reg[in->src];

	switch (in->op) {
	case SKEP_NEG: enc_rr(j, w, MAP_1, 0xf7, 3, dst); break;
	case SKEP_TOLE:
		if (j->fact[in->dst].width > in->imm)
			enc_rr(j, 0, in->imm == 16 ? MAP_0F : MAP_1, in->imm == 16 ? 0xb7 : 0x8b,
			       dst, dst);
		break;
	case SKEP_TOBE:
	case SKEP_BSWAP: swap(j, in); break;
	case SKEP_CAST: skep_jit_cast_user(j, dst, src); break;
	default: /* MOVSX */
		if (in->off == 32)
			enc_rr(j, W, MAP_1, 0x63, dst, src);
		else
			enc_rr(j, in->off == 8 ? w | BYTE : w, MAP_0F, in->off == 8 ? 0xbe : 0xbf,
			       dst, src);
	}
}

/* --- memory ------------------------------------------------------------------------- */

bool skep_jit_hidden_off(const struct jit *j, s64 off)
{
	return j->blind && !fits8(off);
}

/* Two parts that are random each, since their sum does not wrap round. */
struct mem skep_jit_hidden_operand(struct jit *j, u8 base, s32 off)
{
	s32 key = (s32)skep_rng_next(&j->rng) / 2;

	lea(j, W, R11, at(base, off - key));
	return at(R11, key);
}

/* The operand of an access, perhaps by R11; checked code tests it and has its address there. */
struct mem skep_jit_access(struct jit *j, u8 bpf, s32 off, u8 size, bool aligned)
{
	struct mem m = at(skep_jit_reg[bpf], off);
	u32 stub = !aligned || size == 1 ? L_CHECK
		   : size == 2		 ? L_CHECK2
		   : size == 4		 ? L_CHECK4
					 : L_CHECK8;

	if (j->resolved)
		return at(R11, 0);
	if (skep_jit_hidden_off(j, off))
		m = skep_jit_hidden_operand(j, skep_jit_reg[bpf], off);
	if (!j->checked)
		return m;
	lea(j, W, R11, m);
	lea(j, W, R10, at(R11, size));
	skep_jit_call_label(j, stub_label(j, stub));
	return at(R11, 0);
}

static void load(struct jit *j, const struct skep_ins *in)
{
	struct mem m = skep_jit_access(j, in->src, in->off, in->size, in->op == SKEP_LDACQ);
	u8 dst = skep_jit_reg[in->dst];
	bool sx = in->op == SKEP_LDXS;

	switch (in->size) {
	case 1: enc_rm(j, sx ? W : 0, MAP_0F, sx ? 0xbe : 0xb6, dst, m); break;
	case 2: enc_rm(j, sx ? W : 0, MAP_0F, sx ? 0xbf : 0xb7, dst, m); break;
	case 4: enc_rm(j, sx ? W : 0, MAP_1, sx ? 0x63 : 0x8b, dst, m); break;
	default: load64(j, dst, m);
	}
}

static void store_reg(struct jit *j, u8 size, struct mem m, u8 src)
{
	switch (size) {
	case 1: enc_rm(j, BYTE, MAP_1, 0x88, src, m); break;
	case 2: enc_rm(j, P66, MAP_1, 0x89, src, m); break;
	case 4: enc_rm(j, 0, MAP_1, 0x89, src, m); break;
	default: store64(j, m, src);
	}
}

static void store(struct jit *j, const struct skep_ins *in)
{
	struct mem m = skep_jit_access(j, in->dst, in->off, in->size, in->op == SKEP_STREL);
	s32 imm = (s32)in->imm;

	if (in->op != SKEP_ST) {
		store_reg(j, in->size, m, skep_jit_reg[in->src]);
		return;
	}
	if (hidden(j, in)) {
		skep_jit_program_const(j, R9, (u64)in->imm);
		store_reg(j, in->size, m, R9);
		return;
	}
	enc_rm(j,
	       in->size == 8   ? W
	       : in->size == 2 ? P66
			       : 0,
	       MAP_1, in->size == 1 ? 0xc6 : 0xc7, 0, m);
	if (in->size == 1) {
		e1(j, (u32)imm);
	} else if (in->size == 2) {
		e1(j, (u32)imm);
		e1(j, (u32)imm >> 8);
	} else {
		e4(j, (u32)imm);
	}
}

/* fetch_and, fetch_or, fetch_xor: compare and exchange until nobody came between. */
static void fetch_logic(struct jit *j, const struct skep_ins *in, struct mem m)
{
	u32 w = in->size == 8 ? W : 0;
	u8 src = skep_jit_reg[in->src];
	u8 code = in->op == SKEP_AFAND ? ALU_AND : in->op == SKEP_AFOR ? ALU_OR : ALU_XOR;
	u32 again;

	if (m.base != R11) {
		lea(j, W, R11, m);
		m = at(R11, 0);
	}
	mov_rr(j, W, R10, RAX);
	enc_rm(j, w, MAP_1, 0x8b, RAX, m);
	again = j->n;
	mov_rr(j, w, R9, RAX);
	alu_rr(j, w, code, R9, src == RAX ? R10 : src);
	enc_rm(j, w | LOCK, MAP_0F, 0xb1, R9, m);
	e1(j, 0x70 | CC_NE);
	e1(j, again - (j->n + 1));
	if (src != RAX) {
		mov_rr(j, w, src, RAX);
		mov_rr(j, W, RAX, R10);
	}
}

static void atomic(struct jit *j, const struct skep_ins *in)
{
	u32 w = in->size == 8 ? W : 0;
	u8 src = skep_jit_reg[in->src];
	struct mem m;

	if (in->op == SKEP_LDACQ) {
		load(j, in);
		return;
	}
	if (in->op == SKEP_STREL) {
		store(j, in);
		return;
	}
	m = skep_jit_access(j, in->dst, in->off, in->size, true);
	switch (in->op) {
	case SKEP_AADD: enc_rm(j, w | LOCK, MAP_1, 0x01, src, m); break;
	case SKEP_AOR: enc_rm(j, w | LOCK, MAP_1, 0x09, src, m); break;
	case SKEP_AAND: enc_rm(j, w | LOCK, MAP_1, 0x21, src, m); break;
	case SKEP_AXOR: enc_rm(j, w | LOCK, MAP_1, 0x31, src, m); break;
	case SKEP_AFADD: enc_rm(j, w | LOCK, MAP_0F, 0xc1, src, m); break;
	case SKEP_XCHG: enc_rm(j, w, MAP_1, 0x87, src, m); break;
	case SKEP_CMPXCHG:
		enc_rm(j, w | LOCK, MAP_0F, 0xb1, src, m);
		if (!w) /* not written when they were equal */
			mov_rr(j, 0, RAX, RAX);
		break;
	default: fetch_logic(j, in, m);
	}
}

/* --- jumps ---------------------------------------------------------------------------- */

u8 skep_jit_cc(u16 op)
{
	switch (op) {
	case SKEP_JEQ: return 4;
	case SKEP_JGT: return 7;
	case SKEP_JLE: return 6;
	case SKEP_JGE: return 3;
	case SKEP_JLT: return 2;
	case SKEP_JSGT: return 15;
	case SKEP_JSLE: return 14;
	case SKEP_JSGE: return 13;
	case SKEP_JSLT: return 12;
	default: return 5; /* JNE, JSET */
	}
}

void skep_jit_goto(struct jit *j, u32 slot, u8 cc)
{
	skep_jit_jump(j, cc, j->code.target[slot]);
}

static void test_imm(struct jit *j, u32 w, u8 r, s32 imm)
{
	if (imm > 0 && imm <= 127) {
		enc_rr(j, BYTE, MAP_1, 0xf6, 0, r);
		e1(j, (u32)imm);
		return;
	}
	if (imm >= 0)
		w = 0;
	if (r == RAX)
		prefixes(j, w, 0, false, MAP_1, 0xa9);
	else
		enc_rr(j, w, MAP_1, 0xf7, 0, r);
	e4(j, (u32)imm);
}

void skep_jit_compare(struct jit *j, const struct skep_ins *in)
{
	u32 w = in->size == 8 ? W : 0;
	u8 dst = skep_jit_reg[in->dst], src = skep_jit_reg[in->src];
	bool set = in->op == SKEP_JSET;

	if (hidden(j, in)) {
		skep_jit_program_const(j, R9, (u64)in->imm);
		src = R9;
	} else if (in->form == SKEP_IMM) {
		if (set)
			test_imm(j, w, dst, (s32)in->imm);
		else if (!in->imm)
			enc_rr(j, w, MAP_1, 0x85, dst, dst);
		else
			alu_ri(j, w, ALU_CMP, dst, (s32)in->imm);
		return;
	}
	if (set)
		enc_rr(j, w, MAP_1, 0x85, src, dst);
	else
		alu_rr(j, w, ALU_CMP, dst, src);
}

static void charge_jump(struct jit *j, u32 slot)
{
	if (j->code.target[slot] <= slot)
		skep_jit_charge(j, slot - j->code.target[slot] + 1);
}

static void may_goto(struct jit *j, u32 slot)
{
	struct mem count = at(RSP, 0);

	charge_jump(j, slot);
	enc_rm(j, 0, MAP_1, 0x83, 7, count);
	e1(j, 0);
	skep_jit_goto(j, slot, CC_E);
	enc_rm(j, 0, MAP_1, 0xff, 1, count);
}

static void control(struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];

	switch (in->op) {
	case SKEP_LDDW:
		if (in->src == SKEP_LD_FUNC) {
			u32 l = skep_jit_func_at(j, j->code.target[slot]);

			skep_jit_rec(j, REC_LEA, LEA_ROOM, l)->reg = skep_jit_reg[in->dst];
		} else if (j->code.ref[slot]) {
			skep_jit_const(j, skep_jit_reg[in->dst], (u64)in->imm);
		} else {
			skep_jit_program_const(j, skep_jit_reg[in->dst], (u64)in->imm);
		}
		break;
	case SKEP_JA:
	case SKEP_GOTOL:
		charge_jump(j, slot);
		if (j->code.target[slot] != slot + 1)
			skep_jit_goto(j, slot, CC_ALWAYS);
		break;
	case SKEP_JCOND: may_goto(j, slot); break;
	case SKEP_CALL: skep_jit_call(j, slot); break;
	default: skep_jit_exit(j);
	}
}

void skep_jit_access_insn(struct jit *j, const struct skep_ins *in)
{
	if (skep_op_class(in->op) == SKEP_CLASS_ATOMIC)
		atomic(j, in);
	else if (in->op == SKEP_LDX || in->op == SKEP_LDXS)
		load(j, in);
	else
		store(j, in);
}

void skep_jit_insn(struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];

	if (j->code.flags[slot] & SKEP_EC_ARENA) {
		skep_jit_arena_access(j, in);
		return;
	}
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
		if (in->op == SKEP_DIV || in->op == SKEP_MOD || in->op == SKEP_SDIV ||
		    in->op == SKEP_SMOD)
			skep_jit_divide(j, slot);
		else
			binary(j, in);
		break;
	case SKEP_CLASS_UNARY: unary(j, in); break;
	case SKEP_CLASS_JMP:
		charge_jump(j, slot);
		skep_jit_compare(j, in);
		skep_jit_goto(j, slot, skep_jit_cc(in->op));
		break;
	case SKEP_CLASS_MEM:
		if (in->op == SKEP_LDABS || in->op == SKEP_LDIND)
			skep_jit_packet(j, slot);
		else
			skep_jit_access_insn(j, in);
		break;
	case SKEP_CLASS_ATOMIC: skep_jit_access_insn(j, in); break;
	default: control(j, slot);
	}
}
