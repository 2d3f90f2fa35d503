/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native code of accesses to an arena. A stub for each size finds the address: it looks whether the
 * pages are there, asks C when they seem not to be, and says with the zero flag that there is
 * nothing to access. Why the address is safe is said at skep_eng_arena_find(), of which the stubs
 * are a copy in native code.
 */
#include "jit/emit.h"

static bool reads(const struct skep_ins *in)
{
	return in->op == SKEP_LDX || in->op == SKEP_LDXS || in->op == SKEP_LDACQ;
}

/* What an operation gives that had no page: see skep_vm_interp_arena(). */
static void nothing(struct jit *j, const struct skep_ins *in)
{
	u8 flags = skep_ops[in->op].flags;
	u8 reg = flags & SKEP_OPF_R0 ? RAX : skep_jit_reg[in->src];

	if (reads(in))
		alu_rr(j, 0, ALU_XOR, skep_jit_reg[in->dst], skep_jit_reg[in->dst]);
	else if (in->size == 4 && flags & (SKEP_OPF_R0 | SKEP_OPF_FETCH))
		mov_rr(j, 0, reg, reg);
}

void skep_jit_arena_access(struct jit *j, const struct skep_ins *in)
{
	u32 none, end;

	mov_rr(j, 0, R11, skep_jit_reg[reads(in) ? in->src : in->dst]);
	if (skep_jit_hidden_off(j, in->off))
		lea(j, W, R11, skep_jit_hidden_operand(j, R11, in->off));
	else if (in->off)
		alu_ri(j, W, ALU_ADD, R11, in->off);
	skep_jit_call_label(j, stub_label(j, L_ARENA1 + skep_eng_lg(in->size)));
	none = jump_short(j, CC_E);
	j->resolved = true;
	skep_jit_access_insn(j, in);
	j->resolved = false;
	end = jump_short(j, CC_ALWAYS);
	jump_here(j, none);
	nothing(j, in);
	jump_here(j, end);
}

/* The lower half, and the upper one of the arena's place if that is not 0. */
void skep_jit_cast_user(struct jit *j, u8 dst, u8 src)
{
	u32 null;

	mov_rr(j, 0, R11, src);
	enc_rr(j, 0, MAP_1, 0x85, R11, R11);
	null = jump_short(j, CC_E);
	skep_jit_program_const(j, R10, j->env->arena->user & ~(u64)UINT32_MAX);
	alu_rr(j, W, ALU_OR, R11, R10);
	jump_here(j, null);
	mov_rr(j, W, dst, R11);
}

/* A jump for when the page of address R10 is not there; R9 is the table. */
static u32 test_page(struct jit *j)
{
	shift_ri(j, W, 5, R10, SKEP_ENG_ARENA_PAGE);
	enc_rm(j, 0, MAP_1, 0x80, 7, (struct mem){.base = R9, .index = R10}); /* cmp byte, 0 */
	e1(j, 0);
	return jump_short(j, CC_E);
}

/*
 * R11 is the lower half of a pointer and a displacement, and becomes the memory's address; R9 and
 * R10 are changed.
 */
static void stub(struct jit *j, u32 lg)
{
	static const u8 used[] = {RAX, RDI, RSI, RDX, RCX, R8};
	const struct skep_eng_arena *a = j->env->arena;
	u32 size = 1u << lg, missing[3], n = 0;

	skep_jit_place(j, stub_label(j, L_ARENA1 + lg));
	skep_jit_const(j, R9, (u32)a->user);
	alu_rr(j, W, ALU_SUB, R11, R9);
	skep_jit_const(j, R9, a->bytes - size);
	alu_rr(j, W, ALU_CMP, R11, R9);
	missing[n++] = jump_short(j, CC_A);
	skep_jit_const(j, R9, (u64)a->page);
	mov_rr(j, W, R10, R11);
	missing[n++] = test_page(j);
	if (size > 1) {
		lea(j, W, R10, at(R11, (s32)size - 1));
		missing[n++] = test_page(j);
	}
	skep_jit_const(j, R9, (u64)a->mem);
	alu_rr(j, W, ALU_ADD, R11, R9); /* not 0 */
	e1(j, 0xc3);
	while (n)
		jump_here(j, missing[--n]);
	for (u32 k = 0; k < sizeof(used); k++)
		push(j, used[k]);
	alu_ri(j, W, ALU_SUB, RSP, 8);
	skep_jit_const(j, RDI, (u64)a);
	skep_jit_const(j, RSI, (u32)a->user);
	alu_rr(j, W, ALU_ADD, RSI, R11);
	skep_jit_const(j, RDX, size);
	skep_jit_rec(j, REC_EXTERN, EXTERN_ROOM, 0)->addr = (u64)skep_eng_arena_find;
	mov_rr(j, W, R11, RAX);
	alu_ri(j, W, ALU_ADD, RSP, 8);
	for (u32 k = sizeof(used); k-- > 0;)
		pop(j, used[k]);
	enc_rr(j, W, MAP_1, 0x85, R11, R11);
	e1(j, 0xc3);
}

void skep_jit_arena_stubs(struct jit *j)
{
	bool need[4] = {false};

	for (u32 i = 0; i < j->code.n; i++)
		if (j->code.flags[i] & SKEP_EC_ARENA)
			need[skep_eng_lg(j->code.in[i].size)] = true;
	for (u32 lg = 0; lg < 4; lg++)
		if (need[lg])
			stub(j, lg);
	j->calls_out = true;
}
