/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All engines do the same: random programs in the reference interpreter, the
 * fast interpreter and the compiler, each with its options (checked, budget,
 * blinded constants, generic instructions). r0 and memory must be equal.
 *
 * Programs are safe by construction: r9 points to 64 bytes, r10 to a stack whose
 * upper 128 bytes every function fills first; pointers never become data. Loops
 * are counted. The pieces are biased to what the engines fuse.
 *
 * With -w the programs are damaged at random and run in checked engines only:
 * whatever they do, they must end, and touch nothing but their memory.
 *
 * With -k programs without pointers run in the kernel, too, where it lets us: a
 * judge of what instructions mean that is not of this project.
 *
 * usage: prop-engines [-n PROGRAMS] [-s SEED] [-v] [-w] [-k]
 */
#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_LIBBPF
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>
#endif

#include "jit/jit.h"
#include "vm/vm.h"

enum { MEM = 64, STACK = 128, MAX_INS = 4096, FUNCS = 4, RUNS = 3 };

struct gen {
	struct skep_rng rng;
	struct skep_ins ins[MAX_INS];
	u32 target[MAX_INS]; /* of branches, calls, function references: index of an instruction */
	u32 n, func, depth;
	bool kernel; /* only what its verifier takes without knowing values */
	u32 start[FUNCS + 1];
	u32 want_func[MAX_INS]; /* 1 + function that a call wants */
};

static u32 below(struct gen *g, u32 n)
{
	return (u32)skep_rng_below(&g->rng, n);
}

static s64 constant(struct gen *g)
{
	static const s32 special[] = {0,
				      1,
				      -1,
				      2,
				      3,
				      5,
				      7,
				      8,
				      9,
				      10,
				      16,
				      31,
				      32,
				      33,
				      63,
				      64,
				      100,
				      127,
				      128,
				      -127,
				      -128,
				      -129,
				      255,
				      256,
				      1000,
				      4095,
				      0xffff,
				      0x10000,
				      INT32_MAX,
				      INT32_MIN,
				      INT32_MIN + 1,
				      0x7ffffff0,
				      641,
				      6700417,
				      1000000007};

	if (below(g, 3))
		return special[below(g, SKEP_ARRAY_SIZE(special))];
	return (s32)skep_rng_next(&g->rng);
}

static u8 reg(struct gen *g)
{
	return (u8)below(g, 8);
}

static struct skep_ins *add(struct gen *g, u16 op, u8 size, u8 form, u8 dst, u8 src, s32 off,
			    s64 imm)
{
	struct skep_ins *in = &g->ins[g->n < MAX_INS - 1 ? g->n++ : g->n];

	*in = (struct skep_ins){.op = op,
				.size = size,
				.form = form,
				.dst = dst,
				.src = src,
				.off = off,
				.imm = imm};
	return in;
}

static void alu_i(struct gen *g, u16 op, u8 size, u8 dst, s64 imm)
{
	/* The kernel refuses what would be masked, and division by zero where it sees it. */
	if (g->kernel && (op == SKEP_LSH || op == SKEP_RSH || op == SKEP_ARSH))
		imm &= size * 8 - 1;
	if (g->kernel && !imm &&
	    (op == SKEP_DIV || op == SKEP_MOD || op == SKEP_SDIV || op == SKEP_SMOD))
		imm = 7;
	add(g, op, size, SKEP_IMM, dst, 0, 0, imm);
}

static void alu_r(struct gen *g, u16 op, u8 size, u8 dst, u8 src)
{
	add(g, op, size, SKEP_REG, dst, src, 0, 0);
}

static void lddw(struct gen *g, u8 dst, u64 v)
{
	add(g, SKEP_LDDW, 8, SKEP_IMM, dst, 0, 0, (s64)v);
}

static u8 width(struct gen *g)
{
	return below(g, 2) ? 8 : 4;
}

static u8 any_size(struct gen *g)
{
	return (u8)(1u << below(g, 4));
}

/* --- pieces ------------------------------------------------------------------------ */

static void p_alu(struct gen *g)
{
	u16 op = (u16)(SKEP_ADD + below(g, SKEP_SMOD - SKEP_ADD + 1));

	if (below(g, 2))
		alu_i(g, op, width(g), reg(g), constant(g));
	else
		alu_r(g, op, width(g), reg(g), reg(g));
}

static void p_unary(struct gen *g)
{
	static const u16 swaps[] = {SKEP_TOLE, SKEP_TOBE, SKEP_BSWAP};
	static const u8 bits[] = {8, 16, 32};
	u8 size = width(g);

	switch (below(g, 3)) {
	case 0: alu_i(g, SKEP_NEG, size, reg(g), 0); break;
	case 1: alu_i(g, swaps[below(g, 3)], 8, reg(g), 16 << below(g, 3)); break;
	default:
		add(g, SKEP_MOVSX, size, SKEP_REG, reg(g), reg(g),
		    bits[below(g, size == 8 ? 3 : 2)], 0);
	}
}

/* r9 or r10 with a displacement that stays inside */
static void place(struct gen *g, u8 size, bool aligned, u8 *base, s32 *off)
{
	bool stack = below(g, 2) || g->kernel;
	u32 max = (stack ? STACK : MEM) - size, at = below(g, max + 1);

	if (aligned || g->kernel) /* the kernel wants it on the stack */
		at &= ~(size - 1u);
	*base = stack ? 10 : 9;
	*off = stack ? (s32)at - STACK : (s32)at;
}

static void access_at(struct gen *g, u8 base, s32 off, u8 size)
{
	switch (below(g, 4)) {
	case 0: add(g, SKEP_LDX, size, SKEP_REG, reg(g), base, off, 0); break;
	case 1:
		if (size < 8)
			add(g, SKEP_LDXS, size, SKEP_REG, reg(g), base, off, 0);
		else
			add(g, SKEP_STX, size, SKEP_REG, base, reg(g), off, 0);
		break;
	case 2: add(g, SKEP_ST, size, SKEP_IMM, base, 0, off, constant(g)); break;
	default: add(g, SKEP_STX, size, SKEP_REG, base, reg(g), off, 0);
	}
}

static void p_mem(struct gen *g)
{
	u8 size = any_size(g), base;
	s32 off;

	place(g, size, false, &base, &off);
	access_at(g, base, off, size);
}

static void p_atomic(struct gen *g)
{
	u16 op = (u16)(SKEP_AADD + below(g, SKEP_STREL - SKEP_AADD + 1));
	u8 size = op >= SKEP_LDACQ ? any_size(g) : width(g), base;
	s32 off;

	place(g, size, true, &base, &off);
	if (op == SKEP_LDACQ)
		add(g, op, size, SKEP_REG, reg(g), base, off, 0);
	else
		add(g, op, size, SKEP_REG, base, reg(g), off, 0);
}

/* An address that is added up in a register, one or two accesses, the register cleared. */
static void p_address(struct gen *g)
{
	u8 a = reg(g), b = reg(g), c = reg(g), size = any_size(g), shift = (u8)below(g, 4);
	u32 room = (MEM - size) >> shift, first;

	if (a == b || a == c || b == c || g->kernel)
		return;
	first = g->n;
	switch (below(g, 3)) {
	case 0: /* index in b, scaled, base copied to c */
		alu_i(g, SKEP_AND, width(g), b, room > 31 ? 31 : room > 7 ? 7 : room > 3 ? 3 : 0);
		alu_r(g, SKEP_MOV, 8, c, 9);
		if (below(g, 4))
			alu_r(g, SKEP_MOV, 8, a, b);
		else
			alu_r(g, SKEP_MOV, 4, a, b);
		if (room >= 8 && below(g, 2)) /* the next element */
			alu_i(g, SKEP_ADD, 8, a, 1), g->ins[first].imm = 7;
		if (shift)
			alu_i(g, SKEP_LSH, 8, a, shift);
		alu_r(g, SKEP_ADD, 8, a, c);
		break;
	case 1: /* copied base, index added, constant added */
		alu_i(g, SKEP_AND, width(g), b, 7);
		alu_r(g, SKEP_MOV, 8, a, 10);
		alu_r(g, SKEP_ADD, 8, a, b);
		alu_i(g, SKEP_ADD, 8, a, -64 + (s32)below(g, 16));
		alu_i(g, SKEP_MOV, 8, c, 0);
		break;
	default:
		alu_r(g, SKEP_MOV, 8, a, below(g, 2) ? 9 : 10);
		alu_i(g, SKEP_ADD, 8, a,
		      g->ins[g->n - 1].src == 9 ? (s32)below(g, MEM - 16) : -100);
		alu_i(g, SKEP_MOV, 8, c, 1);
	}
	access_at(g, a, 0, size);
	if (g->ins[g->n - 1].dst != a && g->ins[g->n - 1].src != a && below(g, 2))
		access_at(g, a, 0, 1);
	/* Whatever was a pointer or stored as one must not be seen. */
	alu_i(g, SKEP_MOV, 8, c, constant(g));
	for (u32 i = g->n; i-- > 0 && g->n - i < 4;)
		if (g->ins[i].op == SKEP_STX && (g->ins[i].src == a || g->ins[i].src == c))
			g->ins[i].src = b;
	if (below(g, 2) || g->ins[g->n - 2].dst != a)
		alu_i(g, SKEP_MOV, 8, a, constant(g));
	else if (g->ins[g->n - 2].op != SKEP_LDX && g->ins[g->n - 2].op != SKEP_LDXS)
		alu_i(g, SKEP_MOV, 8, a, constant(g));
}

static void p_pairs(struct gen *g)
{
	u8 t = reg(g), x = reg(g), size = width(g), bits = (u8)(size * 8);
	s32 n = 1 + (s32)below(g, bits - 1);
	static const u8 ext[] = {32, 48, 56, 40, 8};
	u16 join[] = {SKEP_OR, SKEP_XOR, SKEP_ADD};

	switch (below(g, 12)) {
	case 11: /* what may be an address, in any order */
		alu_r(g, SKEP_MOV, below(g, 8) ? 8 : 4, t, x);
		for (u32 k = 2 + below(g, 3); k; k--)
			switch (below(g, 3)) {
			case 0:
				alu_i(g, SKEP_LSH, below(g, 8) ? 8 : 4, t, 1 + (s32)below(g, 3));
				break;
			case 1: alu_i(g, SKEP_ADD, below(g, 8) ? 8 : 4, t, constant(g)); break;
			default: alu_r(g, SKEP_ADD, below(g, 8) ? 8 : 4, t, reg(g));
			}
		break;
	case 10: /* a sum that is tested */
		if (below(g, 2))
			alu_i(g, below(g, 2) ? SKEP_ADD : SKEP_SUB, size, t, constant(g));
		else
			alu_r(g, below(g, 2) ? SKEP_ADD : SKEP_SUB, size, t, below(g, 2) ? x : t);
		add(g, below(g, 2) ? SKEP_JEQ : SKEP_JNE, width(g), SKEP_IMM, t, 0, 0, 0);
		g->target[g->n - 1] = g->n + 1;
		alu_i(g, SKEP_XOR, 8, x, 0x55);
		alu_i(g, SKEP_ADD, 8, x, 1);
		break;
	case 8: { /* rotation through two copies */
		u8 u = reg(g);

		alu_r(g, SKEP_MOV, size, t, x);
		alu_i(g, below(g, 8) ? SKEP_RSH : SKEP_ARSH, size, t, n);
		alu_r(g, SKEP_MOV, below(g, 8) ? size : 8, u, below(g, 8) ? x : reg(g));
		alu_i(g, SKEP_LSH, size, u, bits - n);
		if (below(g, 2))
			alu_r(g, join[below(g, 3)], below(g, 4) ? size : 12 - size, u, t);
		else
			alu_r(g, join[below(g, 3)], size, t, u);
		if (below(g, 2))
			alu_i(g, SKEP_MOV, 8, below(g, 2) ? t : u, constant(g));
		break;
	}
	case 9: /* a selection */
		add(g, (u16)(SKEP_JEQ + below(g, SKEP_JSET - SKEP_JEQ + 1)), width(g), SKEP_REG, t,
		    reg(g), 0, 0);
		if (below(g, 2)) {
			g->ins[g->n - 1].form = SKEP_IMM;
			g->ins[g->n - 1].src = 0;
			g->ins[g->n - 1].imm = constant(g);
		}
		g->target[g->n - 1] = g->n + 1;
		if (below(g, 2))
			alu_i(g, SKEP_MOV, size, x, constant(g));
		else
			alu_r(g, SKEP_MOV, size, x, reg(g));
		alu_r(g, SKEP_XOR, 8, reg(g), reg(g));
		break;
	case 0: /* rotation, or nearly */
		alu_r(g, SKEP_MOV, size, t, x);
		alu_i(g, SKEP_LSH, size, t, n);
		alu_i(g, SKEP_RSH, size, x, bits - n + !below(g, 8));
		alu_r(g, join[below(g, 3)], below(g, 4) ? size : 8, t, x);
		if (below(g, 2))
			alu_i(g, SKEP_MOV, 8, x, constant(g));
		break;
	case 1:
		alu_r(g, SKEP_MOV, size, t, x);
		alu_i(g, SKEP_RSH, size, t, n);
		alu_i(g, SKEP_LSH, size, x, bits - n);
		alu_r(g, join[below(g, 3)], below(g, 4) ? size : 12 - size, x, t);
		if (below(g, 2))
			alu_i(g, SKEP_MOV, 8, t, constant(g));
		break;
	case 2:
		if (below(g, 2))
			alu_r(g, SKEP_MOV, 8, t, x);
		n = ext[below(g, 5)];
		alu_i(g, SKEP_LSH, 8, t, n);
		alu_i(g, below(g, 2) ? SKEP_RSH : SKEP_ARSH, 8, t,
		      below(g, 4) ? n : ext[below(g, 5)]);
		break;
	case 3:
		alu_r(g, SKEP_MOV, width(g), t, x);
		p_alu(g);
		g->ins[g->n - 1].dst = t;
		break;
	case 4: { /* load, swap or use */
		u8 base;
		s32 off;

		size = any_size(g);
		place(g, size, false, &base, &off);
		add(g, SKEP_LDX, size, SKEP_REG, t, base, off, 0);
		if (below(g, 2))
			alu_i(g, below(g, 2) ? SKEP_TOBE : SKEP_BSWAP, 8, t, 16 << below(g, 3));
		else
			alu_r(g, (u16)(SKEP_ADD + below(g, 12)), width(g), x, t);
		if (below(g, 2))
			alu_i(g, SKEP_MOV, 8, t, constant(g));
		break;
	}
	case 5:
		alu_r(g, SKEP_MOV, size, t, x);
		alu_r(g, (u16[]){SKEP_LSH, SKEP_RSH, SKEP_ARSH}[below(g, 3)], size, t, reg(g));
		break;
	case 6:
		alu_r(g, SKEP_MOV, size, t, x);
		alu_i(g, SKEP_MUL, size, t, constant(g));
		break;
	default:
		alu_i(g, SKEP_LSH, 8, t, 1 + (s32)below(g, 3));
		alu_r(g, SKEP_ADD, 8, t, x);
		if (below(g, 2))
			alu_i(g, SKEP_ADD, 8, t, constant(g));
	}
}

static void p_lddw(struct gen *g)
{
	u64 v = skep_rng_next(&g->rng);

	lddw(g, reg(g), below(g, 2) ? v : v >> below(g, 64));
}

static void block(struct gen *g, u32 len);

/* A conditional jump; returns its index. */
static u32 cond(struct gen *g)
{
	u16 op = (u16)(SKEP_JEQ + below(g, SKEP_JSET - SKEP_JEQ + 1));
	u8 r = reg(g);

	if (!below(g, 3)) { /* what is loaded or masked, and then dead */
		u8 size = any_size(g), base;
		s32 off;

		place(g, size, false, &base, &off);
		if (below(g, 3)) {
			add(g, SKEP_LDX, size, SKEP_REG, r, base, off, 0);
		} else {
			if (below(g, 2))
				alu_r(g, SKEP_MOV, width(g), r, reg(g));
			alu_i(g, SKEP_AND, width(g), r, constant(g));
			op = below(g, 2) ? SKEP_JEQ : SKEP_JNE;
		}
		add(g, op, width(g), SKEP_IMM, r, 0, 0, below(g, 2) ? 0 : constant(g));
		if (!below(g, 3)) /* round what the width can hold */
			g->ins[g->n - 1].imm =
				(s32)(((u64)1 << SKEP_MIN(size * 8u, 31u)) - below(g, 3)) >>
				below(g, 2);
		return g->n - 1;
	}
	if (below(g, 2))
		add(g, op, width(g), SKEP_IMM, r, 0, 0, constant(g));
	else
		add(g, op, width(g), SKEP_REG, r, reg(g), 0, 0);
	return g->n - 1;
}

static void p_if(struct gen *g)
{
	u32 jump = cond(g), over = 0;
	bool other = below(g, 2);
	u8 r = g->ins[jump].dst;

	if (below(g, 4))
		alu_i(g, SKEP_MOV, 8, r, constant(g)); /* dead on this side */
	block(g, 1 + below(g, 6));
	if (other) {
		over = g->n;
		add(g, below(g, 2) ? SKEP_JA : SKEP_GOTOL, 8, SKEP_IMM, 0, 0, 0, 0);
	}
	g->target[jump] = g->n;
	if (below(g, 4))
		alu_i(g, SKEP_MOV, 8, r, constant(g));
	if (other) {
		block(g, 1 + below(g, 4));
		g->target[over] = g->n;
	}
	/* Something that a target can be. */
	alu_i(g, SKEP_MOV, 8, reg(g), constant(g));
}

static void p_loop(struct gen *g)
{
	u32 head, slot = 8 * (g->depth + 1), old = g->depth;

	if (g->depth >= 2)
		return;
	/* The counter is below what pieces touch. */
	add(g, SKEP_ST, 8, SKEP_IMM, 10, 0, -STACK - (s32)slot, 0);
	g->depth++;
	head = g->n;
	block(g, 1 + below(g, 8));
	add(g, SKEP_LDX, 8, SKEP_REG, 8, 10, -STACK - (s32)slot, 0);
	alu_i(g, SKEP_ADD, 8, 8, 1);
	add(g, SKEP_STX, 8, SKEP_REG, 10, 8, -STACK - (s32)slot, 0);
	switch (below(g, 3)) {
	case 0:
		add(g, below(g, 2) ? SKEP_JLT : SKEP_JNE, 8, SKEP_IMM, 8, 0, 0, 2 + below(g, 4));
		break;
	case 1: /* over a jump */
		add(g, below(g, 2) ? SKEP_JGE : SKEP_JEQ, 8, SKEP_IMM, 8, 0, 0, 2 + below(g, 4));
		g->target[g->n - 1] = g->n + 1;
		add(g, SKEP_JA, 8, SKEP_IMM, 0, 0, 0, 0);
		break;
	default: /* down to zero */
		alu_i(g, SKEP_SUB, 8, 8, 2 + (s32)below(g, 3));
		add(g, SKEP_JNE, width(g), SKEP_IMM, 8, 0, 0, 0);
	}
	g->target[g->n - 1] = head;
	g->depth = old;
}

static void after_call(struct gen *g)
{
	for (u8 r = 1; r <= 5; r++)
		if (below(g, 3))
			alu_i(g, SKEP_MOV, 8, r, constant(g));
		else
			alu_r(g, SKEP_MOV, 8, r, below(g, 2) ? 0 : 6);
}

static void p_call(struct gen *g)
{
	u32 f = g->func + 1 + below(g, 2);

	if (f >= FUNCS || g->depth > 1)
		return;
	switch (g->kernel ? 2 : below(g, 4)) {
	case 0:
		add(g, SKEP_CALL, 8, SKEP_IMM, 0, SKEP_CALL_HELPER, 0,
		    SKEP_FN_get_smp_processor_id);
		break;
	case 1: /* bpf_loop(n, f, mem, 0) */
		alu_i(g, SKEP_MOV, 8, 1, (s32)below(g, 4));
		add(g, SKEP_LDDW, 8, SKEP_IMM, 2, SKEP_LD_FUNC, 0, 0);
		g->want_func[g->n - 1] = FUNCS + 1;
		alu_r(g, SKEP_MOV, 8, 3, 9);
		alu_i(g, SKEP_MOV, 8, 4, 0);
		add(g, SKEP_CALL, 8, SKEP_IMM, 0, SKEP_CALL_HELPER, 0, SKEP_FN_loop);
		break;
	default:
		alu_r(g, SKEP_MOV, 8, 1, 9);
		add(g, SKEP_CALL, 8, SKEP_IMM, 0, SKEP_CALL_SUBPROG, 0, 0);
		g->want_func[g->n - 1] = f + 1;
	}
	after_call(g);
}

static void block(struct gen *g, u32 len)
{
	for (u32 i = 0; i < len && g->n < MAX_INS - 600; i++) {
		switch (below(g, 20)) {
		case 0:
		case 1:
		case 2:
		case 3:
		case 4: p_alu(g); break;
		case 5:
		case 6: p_unary(g); break;
		case 7:
		case 8: p_mem(g); break;
		case 9: p_atomic(g); break;
		case 10:
		case 11: p_address(g); break;
		case 12:
		case 13:
		case 14: p_pairs(g); break;
		case 15: p_lddw(g); break;
		case 16:
		case 17: p_if(g); break;
		case 18: p_loop(g); break;
		default: p_call(g);
		}
	}
}

/* Registers and stack hold numbers; r9 is the memory, which comes in r`mem`. */
static void prologue(struct gen *g, u8 mem, u32 args)
{
	if (g->kernel)
		alu_i(g, SKEP_MOV, 8, 9, 9);
	else
		alu_r(g, SKEP_MOV, 8, 9, mem);
	for (u8 r = 0; r <= 8; r++)
		if (r == mem || !(args >> r & 1)) {
			if (below(g, 2))
				p_lddw(g), g->ins[g->n - 1].dst = r;
			else
				alu_i(g, SKEP_MOV, 8, r, constant(g));
		}
	for (s32 off = -STACK; off < 0; off += 8)
		if (below(g, 2))
			add(g, SKEP_STX, 8, SKEP_REG, 10, reg(g), off, 0);
		else
			add(g, SKEP_ST, 8, SKEP_IMM, 10, 0, off, constant(g));
}

/* The result depends on all registers. */
static void epilogue(struct gen *g)
{
	for (u8 r = 1; r < 8; r++) {
		alu_i(g, SKEP_MUL, 8, 0, 0x1000193);
		alu_r(g, SKEP_XOR, 8, 0, r);
	}
	if (g->kernel) { /* all of r0 is in the half that the kernel returns */
		alu_r(g, SKEP_MOV, 8, 1, 0);
		alu_i(g, SKEP_RSH, 8, 1, 32);
		alu_r(g, SKEP_XOR, 8, 0, 1);
	}
	add(g, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
}

/* Every function must be called by somebody. */
static void call_all(struct gen *g)
{
	for (u32 f = 1; f < FUNCS; f++) {
		add(g, SKEP_CALL, 8, SKEP_IMM, 0, SKEP_CALL_SUBPROG, 0, 0);
		g->want_func[g->n - 1] = f + 1;
		for (u8 r = 1; r <= 5; r++)
			alu_r(g, SKEP_MOV, 8, r, 0);
	}
}

static void generate(struct gen *g, u64 seed, bool kernel)
{
	memset(g, 0, sizeof(*g));
	g->kernel = kernel;
	skep_rng_init(&g->rng, seed);
	for (u32 f = 0; f < FUNCS; f++) {
		g->func = f;
		g->start[f] = g->n;
		prologue(g, 1, f ? 0x3e : 0);
		if (kernel && !f)
			call_all(g);
		if (kernel)
			block(g, f ? below(g, 5) : 3 + below(g, 14));
		else
			block(g, f ? below(g, 12) : 4 + below(g, 40));
		epilogue(g);
	}
	if (kernel)
		return;
	/* The callback: r1 index, r2 memory; goes on, unless the index is 2. */
	g->func = FUNCS;
	g->start[FUNCS] = g->n;
	prologue(g, 2, 2);
	block(g, below(g, 6));
	alu_i(g, SKEP_MOV, 8, 0, below(g, 4) == 0);
	add(g, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
}

static u32 encode(struct gen *g, u8 *code)
{
	static u32 slot[MAX_INS + 1];
	u32 n = 0;

	for (u32 i = 0; i < g->n; i++) {
		slot[i] = n;
		n += skep_ins_slots(&g->ins[i]);
	}
	slot[g->n] = n;
	for (u32 i = 0; i < g->n; i++) {
		struct skep_ins *in = &g->ins[i];

		if (skep_is_branch(in->op))
			in->off = (s32)(slot[g->target[i]] - slot[i] - 1);
		if (g->want_func[i])
			in->imm = (u32)(slot[g->start[g->want_func[i] - 1]] - slot[i] - 1);
		if (g->want_func[i] && in->op == SKEP_CALL)
			in->imm = (s32)in->imm;
		skep_isa_encode(in, code + (size_t)slot[i] * 8, false);
	}
	return n;
}

static void print(const struct gen *g)
{
	struct skep_buf b = {0};
	u32 slot = 0;

	for (u32 i = 0; i < g->n; i++) {
		skep_buf_printf(&b, "%4u  ", slot);
		skep_isa_print(&g->ins[i], NULL, &b);
		skep_buf_puts(&b, "\n");
		slot += skep_ins_slots(&g->ins[i]);
	}
	fputs(b.p, stdout);
	skep_buf_fini(&b);
}

/* --- engines --------------------------------------------------------------------------- */

/* As rude as a C function may be. */
static u64 rude(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
#ifdef __x86_64__
	volatile double aligned[2] __attribute__((aligned(16))) = {1, 2};

	__asm__ volatile(
		"movapd %0, %%xmm0\n mov $-1, %%rcx\n mov %%rcx, %%rdx\n mov %%rcx, %%rsi\n"
		"mov %%rcx, %%rdi\n mov %%rcx, %%r8\n mov %%rcx, %%r9\n mov %%rcx, %%r10\n"
		"mov %%rcx, %%r11\n"
		:
		: "m"(aligned)
		: "xmm0", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
#endif
	return 0;
}

static u64 loop(u64 count, u64 func, u64 ctx, u64 flags, u64 r5)
{
	struct skep_eng_run *run = skep_eng_current();
	u32 i;

	for (i = 0; i < (u32)count && !run->stop; i++)
		if (skep_eng_callback(func, i, ctx, rude(0, 0, 0, 0, 0), 0, 0))
			return i + 1;
	return i;
}

static const struct skep_eng_helper *find_helper(void *user, s64 id)
{
	static const struct skep_eng_helper cpu = {.fn = rude}, looper = {.fn = loop};

	return id == SKEP_FN_loop ? &looper : id == SKEP_FN_get_smp_processor_id ? &cpu : NULL;
}

struct variant {
	const char *name;
	bool jit;
	struct skep_eng_options opt;
};
#define V(...)                                                                                     \
	{                                                                                          \
		.size = sizeof(struct skep_eng_options), __VA_ARGS__                               \
	}
static const struct variant variants[] = {
	{"jit", true, V(.seed = 1)},
	{"jit generic", true, V(.generic = true)},
	{"jit blind", true, V(.blind = true, .seed = 77)},
	{"jit budget", true, V(.budget = true)},
	{"jit checked", true, V(.checked = true, .budget = true)},
	{"jit checked blind", true, V(.checked = true, .blind = true, .generic = true)},
	{"jit far", true, V(.near = (u64)1 << 44)},
	{"interp", false, V(.seed = 1)},
	{"interp checked", false, V(.checked = true)},
};

struct outcome {
	u64 r0;
	u32 stop;
	u8 mem[MEM] __attribute__((aligned(16)));
};

static void fill(u8 *mem, u64 seed)
{
	struct skep_rng r;

	skep_rng_init(&r, seed);
	for (u32 i = 0; i < MEM; i++)
		mem[i] = (u8)skep_rng_next(&r);
}

static bool reference(const u8 *code, u32 slots, u64 seed, struct outcome *out)
{
	struct skep_vm_options opt = {.size = sizeof(opt), .budget = 3000000};
	struct skep_vm *vm = skep_vm_new(&opt);
	struct skep_vm_input in = {.pkt = out->mem, .pkt_len = MEM, .flat = true};
	struct skep_vm_result res = {0};
	bool ok = false;

	fill(out->mem, seed);
	if (vm && skep_vm_prog_load(vm, code, slots, SKEP_PROG_XDP, NULL) == 0)
		ok = !skep_vm_run(vm, 0, &in, &res) && (!res.trap || res.trap == SKEP_TRAP_BUDGET);
	out->r0 = res.ret;
	out->stop = res.trap;
	if (ok)
		memcpy(out->mem, res.pkt, MEM);
	else
		printf("reference: trap %u in slot %u, address %llx\n", res.trap, res.trap_slot,
		       (unsigned long long)res.trap_addr);
	skep_vm_free(vm);
	return ok;
}

static bool same(const struct variant *v, const struct skep_eng_prog *p, u64 seed,
		 const struct outcome *want)
{
	struct skep_eng_run run;
	struct outcome got = {0};

	fill(got.mem, seed);
	skep_eng_run_init(&run);
	run.left = 100000000;
	run.mem[0].lo = (u64)got.mem;
	run.mem[0].hi = (u64)got.mem + MEM;
	got.r0 = skep_eng_run(p, (u64)got.mem, MEM, &run);
	if (!run.stop && got.r0 == want->r0 && !memcmp(got.mem, want->mem, MEM))
		return true;
	printf("%s: r0 %llx, expected %llx; stop %u in slot %lld; memory %s\n", v->name,
	       (unsigned long long)got.r0, (unsigned long long)want->r0, run.stop,
	       (long long)run.stop_slot, memcmp(got.mem, want->mem, MEM) ? "differs" : "equal");
	return false;
}

/* --- the kernel ----------------------------------------------------------------------------- */

enum { KERNEL_SAME, KERNEL_DIFFERS, KERNEL_REFUSES, KERNEL_ABSENT };

#ifdef HAVE_LIBBPF
/* The low half of r0. */
static int kernel_half(u8 *code, u32 slots, u32 *ret)
{
	u8 pkt[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = pkt, .data_size_in = sizeof(pkt));
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "prop", "GPL",
			       (const struct bpf_insn *)code, slots, NULL);
	int err;

	if (fd < 0)
		return fd == -EPERM ? KERNEL_ABSENT : KERNEL_REFUSES;
	err = bpf_prog_test_run_opts(fd, &run);
	close(fd);
	*ret = run.retval;
	return err ? KERNEL_ABSENT : KERNEL_SAME;
}

static int kernel_run(u8 *code, u32 slots, u64 want)
{
	u32 ret = 0;
	int rc = kernel_half(code, slots, &ret);

	if (rc != KERNEL_SAME || ret == (u32)want)
		return rc;
	printf("kernel: r0 %x, expected %x\n", ret, (u32)want);
	return KERNEL_DIFFERS;
}
#else
static int kernel_run(u8 *code, u32 slots, u64 want)
{
	return KERNEL_ABSENT;
}
#endif

static u64 kernel_ran;
static bool kernel_absent;

static bool ask_kernel(const struct gen *g, u8 *code, u32 slots, u64 want)
{
	int rc = g->kernel && !kernel_absent ? kernel_run(code, slots, want) : KERNEL_ABSENT;

	kernel_absent |= rc == KERNEL_ABSENT;
	kernel_ran += rc == KERNEL_SAME;
	return rc != KERNEL_DIFFERS;
}

static bool check(struct gen *g, u64 seed, u64 *skipped)
{
	static u8 code[MAX_INS * 16];
	u32 slots = encode(g, code);
	struct skep_eng_env env = {.size = sizeof(env), .helper = find_helper};
	struct outcome want[RUNS] = {0};
	bool ok = true;

	for (u32 r = 0; r < RUNS; r++) {
		if (!reference(code, slots, seed + r, &want[r]))
			return false;
		if (want[r].stop) {
			(*skipped)++;
			return true;
		}
	}
	ok = ask_kernel(g, code, slots, want[0].r0);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(variants); i++) {
		const struct variant *v = &variants[i];
		const struct skep_engine *e = v->jit ? skep_jit_engine() : &skep_engine_interp;
		struct skep_eng_prog *p;
		int err;

		if (!e)
			continue;
		err = e->compile(code, slots, &env, &v->opt, &p, NULL);
		if (err) {
			printf("%s: not compiled (%d)\n", v->name, err);
			return false;
		}
		for (u32 r = 0; r < RUNS; r++)
			ok &= same(v, p, seed + r, &want[r]);
		skep_eng_free(p);
	}
	return ok;
}

/* --- wild programs ------------------------------------------------------------------------ */

enum { CANARY = 4096 };

/* Bits, fields, whole slots: some of it still decodes. */
static void damage(struct gen *g, u8 *code, u32 slots)
{
	for (u32 n = 1 + below(g, 6); n; n--) {
		u8 *at = code + (size_t)below(g, slots) * 8;

		switch (below(g, 6)) {
		case 0: at[below(g, 8)] ^= (u8)(1u << below(g, 8)); break;
		case 1: at[1] = (u8)(below(g, 11) | below(g, 11) << 4); break;
		case 2: skep_put16(at + 2, (u16)skep_rng_next(&g->rng), false); break;
		case 3: skep_put32(at + 4, (u32)constant(g), false); break;
		case 4: memcpy(at, code + (size_t)below(g, slots) * 8, 8); break;
		default: at[0] = code[(size_t)below(g, slots) * 8];
		}
	}
}

static bool wild_run(const struct variant *v, const struct skep_eng_prog *p, u64 *stopped)
{
	static u8 block[CANARY + MEM + CANARY] __attribute__((aligned(16)));
	u8 *mem = block + CANARY;
	struct skep_eng_run run;

	memset(block, 0x5a, sizeof(block));
	skep_eng_run_init(&run);
	run.left = 20000;
	run.mem[0].lo = (u64)mem;
	run.mem[0].hi = (u64)(mem + MEM);
	skep_eng_run(p, (u64)mem, MEM, &run);
	*stopped += run.stop != 0;
	for (u32 i = 0; i < CANARY; i++)
		if (block[i] != 0x5a || mem[MEM + i] != 0x5a) {
			printf("%s: wrote outside of its memory\n", v->name);
			return false;
		}
	return true;
}

static bool wild(struct gen *g, u64 *ran, u64 *stopped)
{
	static u8 code[MAX_INS * 16];
	u32 slots = encode(g, code);
	struct skep_eng_env env = {.size = sizeof(env), .helper = find_helper};

	damage(g, code, slots);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(variants); i++) {
		const struct variant *v = &variants[i];
		const struct skep_engine *e = v->jit ? skep_jit_engine() : &skep_engine_interp;
		struct skep_eng_options opt = v->opt;
		struct skep_eng_prog *p;

		opt.budget = true; /* nothing else ends it */
		if (!e || !opt.checked || e->compile(code, slots, &env, &opt, &p, NULL))
			continue;
		(*ran)++;
		if (!wild_run(v, p, stopped))
			return false;
		skep_eng_free(p);
	}
	return true;
}

static int all_wild(u64 programs, u64 seed)
{
	static struct gen g;
	u64 ran = 0, stopped = 0;

	for (u64 k = 0; k < programs; k++) {
		generate(&g, seed + k, false);
		if (!wild(&g, &ran, &stopped)) {
			printf("FAIL: seed %llu (prop-engines -w -n 1 -s %llu)\n",
			       (unsigned long long)(seed + k), (unsigned long long)(seed + k));
			return 1;
		}
	}
	printf("%llu damaged programs, %llu runs, %llu stopped\n", (unsigned long long)programs,
	       (unsigned long long)ran, (unsigned long long)stopped);
	return !ran || !stopped || stopped == ran;
}

int main(int argc, char **argv)
{
	static struct gen g;
	u64 programs = 2000, seed = 1, insns = 0, skipped = 0;
	bool verbose = false, damaged = false, kernel = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-n") && i + 1 < argc)
			programs = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "-s") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "-v"))
			verbose = true;
		else if (!strcmp(argv[i], "-w"))
			damaged = true;
		else if (!strcmp(argv[i], "-k"))
			kernel = true;
		else
			return 2;
	}
	if (damaged)
		return all_wild(programs, seed);
	for (u64 k = 0; k < programs; k++) {
		generate(&g, seed + k, kernel);
		if (verbose)
			print(&g);
		if (!check(&g, seed + k, &skipped)) {
			printf("FAIL: seed %llu (prop-engines -n 1 -s %llu -v)\n",
			       (unsigned long long)(seed + k), (unsigned long long)(seed + k));
			return 1;
		}
		insns += g.n;
	}
	printf("%llu programs, %llu instructions, %u variants, %llu ran too long: all the same\n",
	       (unsigned long long)programs, (unsigned long long)insns,
	       (unsigned)SKEP_ARRAY_SIZE(variants), (unsigned long long)skipped);
	if (kernel && (kernel_absent || !kernel_ran)) {
		printf("SKIP: the kernel runs no programs for us\n");
		return 77;
	}
	if (kernel)
		printf("%llu of them ran in the kernel\n", (unsigned long long)kernel_ran);
	/* The generator must not become idle. */
	return skipped * 2 > programs || (kernel && kernel_ran * 4 < programs);
}
