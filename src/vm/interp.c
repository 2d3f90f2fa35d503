/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast interpreter as an engine: decodes a program into threaded code,
 * fuses common pairs, and runs it. Relies on code.c for targets and names. A
 * compiled program owns its blocks and keeps no pointer to the bytes.
 */
#include <stdlib.h>

#include "vm/interp_impl.h"

struct builder {
	struct skep_eng_code code;
	struct iprog *p;
	const void *const *label;
	u32 *index;			    /* of each slot */
	const struct skep_eng_map *map[11]; /* what registers hold, in straight code */
};

static u16 kind_unary(const struct skep_ins *in)
{
	u16 by = in->imm == 16 ? 0 : in->imm == 32 ? 1 : 2;

	switch (in->op) {
	case SKEP_NEG: return in->size == 8 ? X_NEG8 : X_NEG4;
	case SKEP_TOLE: return (u16)(X_TOLE16 + by);
	case SKEP_TOBE:
	case SKEP_BSWAP: return (u16)(X_SWAP16 + by);
	case SKEP_CAST: return X_CAST_USER;
	default: return in->size == 8 ? X_MOVSX8 : X_MOVSX4;
	}
}

static u16 kind_mem(const struct skep_ins *in)
{
	switch (in->op) {
	case SKEP_LDX: return (u16)(X_LDX1 + skep_eng_lg(in->size));
	case SKEP_LDXS: return (u16)(X_LDXS1 + skep_eng_lg(in->size));
	case SKEP_ST: return (u16)(X_ST1 + skep_eng_lg(in->size));
	case SKEP_STX: return (u16)(X_STX1 + skep_eng_lg(in->size));
	default: return X_PACKET;
	}
}

static u16 kind_ctrl(const struct skep_ins *in)
{
	switch (in->op) {
	case SKEP_LDDW: return X_LDDW;
	case SKEP_JA:
	case SKEP_GOTOL: return X_JA;
	case SKEP_JCOND: return X_MAY_GOTO;
	case SKEP_CALL: return in->src == SKEP_CALL_SUBPROG ? X_SUBPROG : X_HELPER;
	default: return X_EXIT;
	}
}

static u16 kind(const struct skep_ins *in)
{
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU: return (u16)X_ALU(in->op, in->size, in->form);
	case SKEP_CLASS_UNARY: return kind_unary(in);
	case SKEP_CLASS_JMP: return (u16)X_JMP(in->op, in->size, in->form);
	case SKEP_CLASS_MEM: return kind_mem(in);
	case SKEP_CLASS_ATOMIC:
		return in->size == 8 ? X_ATOMIC8 : in->size == 4 ? X_ATOMIC4 : X_ATOMIC_SMALL;
	default: return kind_ctrl(in);
	}
}

/* --- calls ---------------------------------------------------------------------- */

/* A tail call through a map that is not known when compiling. */
static u64 no_tail_call(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return (u64)-22;
}

static u16 helper(struct builder *b, const struct skep_eng_helper *h, const struct skep_eng_map *m,
		  struct xinsn *x)
{
	x->imm = (s64)h->fn;
	x->dst = 0;
	switch (h->kind) {
	case SKEP_ENG_LOOKUP:
		if (!m || m->kind != SKEP_ENG_MAP_ARRAY)
			return X_HELPER;
		x->imm = (s64)m;
		return X_LOOKUP;
	case SKEP_ENG_TAIL_CALL:
		if (!m || m->kind != SKEP_ENG_MAP_PROGS) {
			x->imm = (s64)no_tail_call;
			return X_HELPER;
		}
		x->imm = (s64)m;
		return X_TAIL_CALL;
	case SKEP_ENG_CONST: x->imm = (s64)h->value; return X_CONST;
	case SKEP_ENG_THROW: return X_THROW;
	case SKEP_ENG_CALL_WITH: x->imm = (s64)h; return X_HELPER_WITH;
	default: return X_HELPER;
	}
}

/* Which map is in which register; known in straight code only. */
static void follow_maps(struct builder *b, u32 slot)
{
	const struct skep_ins *in = &b->code.in[slot];
	u16 w = skep_isa_writes(in);

	if (in->op == SKEP_MOV && in->size == 8 && in->form == SKEP_REG) {
		b->map[in->dst] = b->map[in->src];
		return;
	}
	if (in->op == SKEP_CALL && in->src == SKEP_CALL_SUBPROG)
		w = 0x3f;
	for (u32 k = 0; k < 11; k++)
		if (w & 1u << k)
			b->map[k] = NULL;
	if (in->op == SKEP_LDDW && in->src == SKEP_LD_IMM)
		b->map[in->dst] = b->code.ref[slot];
}

/* --- decoding ---------------------------------------------------------------------- */

static u16 decode_one(struct builder *b, u32 slot, struct xinsn *x)
{
	const struct skep_ins *in = &b->code.in[slot];
	u32 at = b->index[slot];
	u16 k = b->code.flags[slot] & SKEP_EC_ARENA ? X_ARENA : kind(in);

	*x = (struct xinsn){.imm = in->imm, .off = in->off, .dst = in->dst, .src = in->src};
	if (skep_is_branch(in->op) || k == X_SUBPROG)
		x->off = (s32)(b->index[b->code.target[slot]] - at);
	if (in->op == SKEP_LDDW && in->src == SKEP_LD_FUNC)
		x->imm = (s64)&b->p->insn[b->index[b->code.target[slot]]];
	if (in->op == SKEP_MOVSX)
		x->aux = (u16)in->off;
	if (in->op == SKEP_CAST)
		x->imm = (s64)(b->code.env->arena->user & ~(u64)UINT32_MAX);
	if (k == X_ARENA) {
		x->aux = (u16)(in->op | skep_eng_lg(in->size) << 12);
	} else if (skep_op_class(in->op) == SKEP_CLASS_ATOMIC) {
		x->aux = in->op;
		x->imm = in->size;
	}
	if (k == X_PACKET) {
		x->aux = in->size;
		x->dst = in->op == SKEP_LDIND;
	}
	if (k == X_HELPER) {
		const struct skep_eng_helper *h = b->code.ref[slot];

		k = helper(b, h, b->map[h->kind == SKEP_ENG_LOOKUP ? 1 : 2], x);
	}
	return k;
}

#define IS(a, op, size, form) ((a) == X_ALU(SKEP_##op, size, SKEP_##form))

static u16 fuse_mov(u16 a, u16 b)
{
	if (IS(a, MOV, 8, REG))
		return IS(b, ADD, 8, IMM)   ? X_LEA
		       : IS(b, ADD, 8, REG) ? X_LEAR
		       : IS(b, LSH, 8, IMM) ? X_MOV8_LSH
		       : IS(b, RSH, 8, IMM) ? X_MOV8_RSH
					    : 0;
	return IS(b, AND, 4, IMM)   ? X_MOV4_AND
	       : IS(b, LSH, 4, IMM) ? X_MOV4_LSH
	       : IS(b, RSH, 4, IMM) ? X_MOV4_RSH
				    : 0;
}

static u16 fuse_lsh(u16 b, const struct xinsn *x)
{
	if (IS(b, ARSH, 8, IMM))
		return x[0].imm == x[1].imm ? X_SEXT : 0;
	if (IS(b, RSH, 8, IMM))
		return x[0].imm == x[1].imm ? X_ZEXT : X_SHRPAIR;
	return 0;
}

static u16 fuse_add(u16 b)
{
	switch (b) {
	case X_JMP(SKEP_JNE, 8, SKEP_IMM): return X_ADD_JNE;
	case X_JMP(SKEP_JLT, 8, SKEP_IMM): return X_ADD_JLT;
	case X_JMP(SKEP_JNE, 8, SKEP_REG): return X_ADD_JNE_R;
	case X_JMP(SKEP_JLT, 8, SKEP_REG): return X_ADD_JLT_R;
	case X_ALU(SKEP_ADD, 8, SKEP_IMM): return X_ADD_ADD;
	default: return 0;
	}
}

/* The fused operation for kinds a, b in a row, or 0. Operands of x[1] are read after x[0] is done.
 */
static u16 fuse(u16 a, u16 b, const struct xinsn *x)
{
	bool same = x[0].dst == x[1].dst;

	if ((IS(a, MOV, 8, REG) || IS(a, MOV, 4, REG)) && same && fuse_mov(a, b))
		return fuse_mov(a, b);
	if (IS(a, MOV, 8, REG) && IS(b, MOV, 8, REG))
		return X_MOV8_MOV8;
	if (IS(a, LSH, 8, IMM) && same)
		return fuse_lsh(b, x);
	if (IS(a, ADD, 8, IMM))
		return fuse_add(b);
	if (IS(a, ADD, 8, REG))
		return b == X_LDX1   ? X_ADD_LDX1
		       : b == X_LDX4 ? X_ADD_LDX4
		       : b == X_LDX8 ? X_ADD_LDX8
				     : 0;
	if (IS(a, ADD, 4, REG) && IS(b, XOR, 4, REG))
		return X_ADD4_XOR4;
	if (IS(a, RSH, 4, IMM) && IS(b, OR, 4, REG))
		return X_RSH4_OR4;
	if (a == X_LDX1)
		return b == X_JMP(SKEP_JNE, 8, SKEP_IMM)   ? X_LDX1_JNE
		       : b == X_JMP(SKEP_JEQ, 8, SKEP_IMM) ? X_LDX1_JEQ
							   : 0;
	if (a == X_LDX8)
		return IS(b, ADD, 8, REG) ? X_LDX8_ADD : b == X_LDX8 ? X_LDX8_LDX8 : 0;
	if (a == X_LDX4 && IS(b, XOR, 8, REG))
		return X_LDX4_XOR;
	return a == X_STX8 && b == X_STX8 ? X_STX8_STX8 : 0;
}

static void decode_all(struct builder *b, u16 *kinds)
{
	struct skep_eng_code *c = &b->code;
	struct iprog *p = b->p;
	u32 n = 0;

	for (u32 i = 0; i < c->n; i++) {
		b->index[i] = n;
		if (c->in[i].op != SKEP_OP_NR)
			p->slot[n++] = i;
	}
	p->n = n;
	for (u32 k = 0; k < n; k++) {
		u32 slot = p->slot[k];

		if (c->flags[slot] & SKEP_EC_LEADER)
			memset(b->map, 0, sizeof(b->map));
		kinds[k] = decode_one(b, slot, &p->insn[k]);
		p->insn[k].op = b->label[kinds[k]];
		if (c->flags[slot] & SKEP_EC_REF)
			p->ref[p->nref++] = k;
		follow_maps(b, slot);
	}
	/* From the end: an instruction that was fused away is still there for who jumps to it. */
	for (u32 k = 0; k + 1 < n; k++) {
		u16 f = c->flags[p->slot[k + 1]] & SKEP_EC_LEADER
				? 0
				: fuse(kinds[k], kinds[k + 1], &p->insn[k]);

		if (f)
			p->insn[k++].op = b->label[f];
	}
}

static void interp_free(struct skep_eng_prog *prog)
{
	struct iprog *p = (struct iprog *)prog;

	if (!p)
		return;
	free(p->insn);
	free(p->slot);
	free(p->ref);
	free(p);
}

static int build(struct builder *b, const struct skep_eng_options *opt)
{
	struct iprog *p = b->p = calloc(1, sizeof(*p));
	u16 *kinds = calloc(b->code.n, sizeof(*kinds));
	bool ok = false;

	b->index = calloc(b->code.n, sizeof(u32));
	if (p && kinds && b->index) {
		p->insn = calloc(b->code.n, sizeof(*p->insn));
		p->slot = calloc(b->code.n, sizeof(u32));
		p->ref = calloc(b->code.n, sizeof(u32));
		ok = p->insn && p->slot && p->ref;
	}
	if (ok) {
		p->checked = opt && opt->checked;
		p->enter = b->code.has_refs || b->code.has_tail_calls || p->checked;
		p->packet = b->code.env->packet;
		p->arena = b->code.env->arena;
		(p->checked ? skep_vm_interp_loop_checked : skep_vm_interp_loop)(NULL, NULL, NULL,
										 NULL, &b->label);
		decode_all(b, kinds);
		p->head = (struct skep_eng_prog){.engine = &skep_engine_interp,
						 .body = p->insn,
						 .slots = b->code.n,
						 .image = p->n * (u32)sizeof(*p->insn)};
	} else {
		interp_free(&p->head);
	}
	free(kinds);
	free(b->index);
	return ok ? 0 : SKEP_ENOMEM;
}

static int interp_compile(const u8 *insns, u32 slots, const struct skep_eng_env *env,
			  const struct skep_eng_options *opt, struct skep_eng_prog **out,
			  struct skep_diags *ds)
{
	struct builder b = {0};
	int err = skep_eng_code_read(insns, slots, env, &b.code, ds);

	if (err)
		return err;
	err = build(&b, opt);
	skep_eng_code_fini(&b.code);
	*out = err ? NULL : &b.p->head;
	return err;
}

/* Unverified code may pass anything as a function. */
static bool is_function(const struct iprog *p, u64 func)
{
	for (u32 k = 0; k < p->nref; k++)
		if ((u64)&p->insn[p->ref[k]] == func)
			return true;
	return false;
}

static u64 interp_call(const struct skep_eng_prog *prog, u64 func, const u64 *arg,
		       struct skep_eng_run *run)
{
	const struct iprog *p = (const struct iprog *)prog;
	const struct xinsn *i = (const struct xinsn *)func;
	u64 fp = run->fp, r0;

	if (!p->checked)
		return skep_vm_interp_loop(p, i, arg, run, NULL);
	if (!is_function(p, func)) {
		run->stop = SKEP_TRAP_ARG;
		return 0;
	}
	r0 = skep_vm_interp_loop_checked(p, i, arg, run, NULL);
	run->fp = fp; /* helpers in it have moved it */
	return r0;
}

/* Frames of checked code, those of callbacks too, are one block. */
static u64 run_checked(const struct iprog *p, const u64 *arg, struct skep_eng_run *run)
{
	u8 stack[SKEP_ENG_FRAMES * SKEP_ENG_STACK] __attribute__((aligned(16)));

	run->stack_lo = (u64)stack;
	run->stack_hi = run->fp = (u64)(stack + sizeof(stack));
	return skep_vm_interp_loop_checked(p, p->insn, arg, run, NULL);
}

static u64 start(const struct iprog *p, const u64 *arg, struct skep_eng_run *run)
{
	return p->checked ? run_checked(p, arg, run)
			  : skep_vm_interp_loop(p, p->insn, arg, run, NULL);
}

static u64 interp_run(const struct skep_eng_prog *prog, u64 r1, u64 r2, struct skep_eng_run *run)
{
	const struct iprog *p = (const struct iprog *)prog;
	const u64 arg[5] = {r1, r2};
	u64 r0;

	if (!p->enter)
		return start(p, arg, run);
	skep_eng_enter(run, prog);
	r0 = start(p, arg, run);
	skep_eng_leave(run);
	return r0;
}

const struct skep_engine skep_engine_interp = {
	.name = "interp",
	.compile = interp_compile,
	.run = interp_run,
	.call = interp_call,
	.free = interp_free,
};
