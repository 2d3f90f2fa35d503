/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions and calls: frames, helpers, tail calls, callbacks, and the stubs by
 * which C enters the code and the code leaves early.
 *
 * A function saves what it writes of r6 to r9. BPF's stack is below rbp, under
 * the saved rbp; in a leaf it may be the red zone. In checked code BPF's stack
 * is memory of the run instead, and rbp is moved by the callers, so that a wild
 * program cannot reach a return address.
 */
#include "jit/emit.h"

#define RUN(field) at(R12, (s32)offsetof(struct skep_eng_run, field))

enum { RED_ZONE = 128 };

static const u8 saved[4] = {RBX, R13, R14, R15};

static u32 count_saved(const struct jit *j)
{
	return (u32)__builtin_popcount(j->func->writes >> 6 & 15);
}

static bool own_frame(const struct jit *j)
{
	return j->func->uses_fp && !j->checked;
}

/* Bytes to take so that calls find rsp aligned. */
static u32 frame_size(const struct jit *j)
{
	const struct skep_ec_func *f = j->func;
	u32 pushed = 8 + 8 * (count_saved(j) + own_frame(j));
	u32 need = (own_frame(j) ? f->stack : 0) + (f->may_goto ? 8 : 0);

	if (!f->calls && !f->may_goto && need <= RED_ZONE)
		return 0;
	return need + ((pushed + need) & 15 ? 16 - ((pushed + need) & 15) : 0);
}

void skep_jit_prologue(struct jit *j)
{
	j->frame = frame_size(j);
	for (u32 k = 0; k < 4; k++)
		if (j->func->writes >> (6 + k) & 1)
			push(j, saved[k]);
	if (own_frame(j)) {
		push(j, RBP);
		mov_rr(j, W, RBP, RSP);
	}
	if (j->frame)
		alu_ri(j, W, ALU_SUB, RSP, (s32)j->frame);
	if (j->func->may_goto) {
		enc_rm(j, 0, MAP_1, 0xc7, 0, at(RSP, 0));
		e4(j, SKEP_ENG_MAY_GOTO);
	}
}

static void epilogue(struct jit *j)
{
	if (own_frame(j)) {
		if (j->frame)
			e1(j, 0xc9);
		else
			pop(j, RBP);
	} else if (j->frame) {
		alu_ri(j, W, ALU_ADD, RSP, (s32)j->frame);
	}
	for (u32 k = 4; k-- > 0;)
		if (j->func->writes >> (6 + k) & 1)
			pop(j, saved[k]);
}

void skep_jit_exit(struct jit *j)
{
	epilogue(j);
	e1(j, 0xc3);
}

void skep_jit_charge(struct jit *j, u32 cost)
{
	if (!j->budget)
		return;
	if (j->blind && cost > 127) {
		skep_jit_program_const(j, R9, cost);
		enc_rm(j, W, MAP_1, 0x29, R9, RUN(left));
	} else {
		enc_rm(j, W, MAP_1, cost <= 127 ? 0x83 : 0x81, ALU_SUB, RUN(left));
		if (cost <= 127)
			e1(j, cost);
		else
			e4(j, cost);
	}
	skep_jit_jump(j, CC_S, stub_label(j, L_BUDGET));
}

/* --- calls ---------------------------------------------------------------------- */

static void call_c(struct jit *j, const void *fn)
{
	/* It may call back, and that may stop the run; unverified code may pass anything as a
	 * function. */
	bool back = j->unwind && (j->code.has_refs || j->checked);

	if (back && j->checked)
		store64(j, RUN(fp), RBP);
	j->calls_out = true;
	skep_jit_rec(j, REC_EXTERN, EXTERN_ROOM, 0)->addr = (u64)fn;
	if (!back)
		return;
	enc_rm(j, 0, MAP_1, 0x83, ALU_CMP, RUN(stop));
	e1(j, 0);
	skep_jit_jump(j, CC_NE, stub_label(j, L_UNWIND));
}

static void call_subprog(struct jit *j, u32 slot)
{
	skep_jit_charge(j, 1);
	if (j->checked) {
		alu_ri(j, W, ALU_SUB, RBP, SKEP_ENG_STACK);
		alu_rm(j, W, ALU_CMP, RBP, RUN(stack_lo));
		skep_jit_jump(j, CC_BE, stub_label(j, L_DEPTH));
	}
	skep_jit_call_label(j, skep_jit_func_at(j, j->code.target[slot]));
	if (j->checked)
		alu_ri(j, W, ALU_ADD, RBP, SKEP_ENG_STACK);
}

/* Who writes the program chooses how large its maps are, too. */
static void compare_size(struct jit *j, u8 reg, u32 size)
{
	if (j->blind) {
		skep_jit_program_const(j, R9, size);
		alu_rr(j, 0, ALU_CMP, reg, R9);
	} else {
		alu_ri(j, 0, ALU_CMP, reg, (s32)size);
	}
}

static void multiply_stride(struct jit *j, u8 reg, u32 stride)
{
	if (j->blind) {
		skep_jit_program_const(j, R9, stride);
		enc_rr(j, W, MAP_0F, 0xaf, reg, R9);
	} else {
		enc_rr(j, W, MAP_1, 0x69, reg, reg);
		e4(j, stride);
	}
}

/* rax = address of the element whose index r2 points to, or 0 */
static void lookup_array(struct jit *j, const struct skep_eng_map *m)
{
	struct mem key = skep_jit_access(j, 2, 0, 4, false);
	u32 none, end;

	enc_rm(j, 0, MAP_1, 0x8b, RAX, key);
	if (m->max_entries == 1)
		enc_rr(j, 0, MAP_1, 0x85, RAX, RAX);
	else
		compare_size(j, RAX, m->max_entries);
	none = jump_short(j, m->max_entries == 1 ? CC_NE : CC_AE);
	if (m->max_entries == 1) {
		skep_jit_const(j, RAX, (u64)m->values);
	} else {
		if (!(m->stride & (m->stride - 1))) {
			if (m->stride > 1)
				shift_ri(j, W, 4, RAX, (u8)__builtin_ctz(m->stride));
		} else {
			multiply_stride(j, RAX, m->stride);
		}
		skep_jit_const(j, R11, (u64)m->values);
		alu_rr(j, W, ALU_ADD, RAX, R11);
	}
	end = jump_short(j, CC_ALWAYS);
	jump_here(j, none);
	alu_rr(j, 0, ALU_XOR, RAX, RAX);
	jump_here(j, end);
}

/* To the body of program r3, with this function's frame gone; on when there is none. */
static void tail_call(struct jit *j, const struct skep_eng_map *m)
{
	u32 out[3];

	skep_jit_charge(j, 1);
	compare_size(j, RDX, m->max_entries);
	out[0] = jump_short(j, CC_AE);
	enc_rm(j, 0, MAP_1, 0x83, ALU_CMP, RUN(tails));
	e1(j, SKEP_ENG_TAIL_CALLS);
	out[1] = jump_short(j, CC_AE);
	skep_jit_const(j, R11, (u64)m->progs);
	mov_rr(j, 0, RDX, RDX);
	load64(j, R11, (struct mem){.base = R11, .index = RDX, .scale = 3});
	enc_rr(j, W, MAP_1, 0x85, R11, R11);
	out[2] = jump_short(j, CC_E);
	enc_rm(j, 0, MAP_1, 0xff, 0, RUN(tails));
	epilogue(j);
	enc_rm(j, 0, MAP_1, 0xff, 4, at(R11, offsetof(struct skep_eng_prog, body)));
	for (u32 k = 0; k < 3; k++)
		jump_here(j, out[k]);
	skep_jit_const(j, RAX, (u64)-2);
}

static void load_tls(struct jit *j, const struct skep_eng_helper *h)
{
	e1(j, 0x64); /* fs: */
	prefixes(j, h->kind == SKEP_ENG_TLS64 ? W : 0, 0, false, MAP_1, 0x8b);
	e1(j, 0x04); /* eax, [disp32] */
	e1(j, 0x25);
	e4(j, (u32)h->value);
}

static bool small(u32 v)
{
	return v <= INT32_MAX;
}

void skep_jit_call(struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];
	const struct skep_eng_helper *h = j->code.ref[slot];
	const struct skep_eng_map *m;

	if (in->src == SKEP_CALL_SUBPROG) {
		call_subprog(j, slot);
		return;
	}
	switch (h->kind) {
	case SKEP_ENG_LOOKUP:
		m = j->fact[1].map;
		if (m && m->kind == SKEP_ENG_MAP_ARRAY && small(m->max_entries) &&
		    small(m->stride) && m->stride)
			lookup_array(j, m);
		else
			call_c(j, h->fn);
		break;
	case SKEP_ENG_TAIL_CALL:
		m = j->fact[2].map;
		if (m && m->kind == SKEP_ENG_MAP_PROGS && small(m->max_entries))
			tail_call(j, m);
		else
			skep_jit_const(j, RAX, (u64)-22);
		break;
	case SKEP_ENG_CONST: skep_jit_const(j, RAX, h->value); break;
	case SKEP_ENG_CALL_WITH:
		skep_jit_const(j, skep_jit_reg[5], h->value);
		call_c(j, h->fn);
		break;
	case SKEP_ENG_TLS32:
	case SKEP_ENG_TLS64:
		if ((s64)h->value == (s32)h->value)
			load_tls(j, h);
		else
			call_c(j, h->fn);
		break;
	case SKEP_ENG_THROW:
		mov_rr(j, W, RAX, RDI);
		skep_jit_jump(j, CC_ALWAYS, stub_label(j, L_UNWIND));
		break;
	default: call_c(j, h->fn);
	}
}

/* LD_ABS, LD_IND: env->packet(r6, offset, size); negative: the function returns 0. */
void skep_jit_packet(struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];
	u32 good;

	skep_jit_program_const(j, R9, (u64)in->imm);
	if (in->op == SKEP_LDIND)
		alu_rr(j, 0, ALU_ADD, R9, skep_jit_reg[in->src]);
	enc_rr(j, W, MAP_1, 0x63, RSI, R9);
	mov_rr(j, W, RDI, RBX);
	skep_jit_const(j, RDX, in->size);
	call_c(j, (const void *)j->env->packet);
	enc_rr(j, W, MAP_1, 0x85, RAX, RAX);
	good = jump_short(j, CC_NS);
	alu_rr(j, 0, ALU_XOR, RAX, RAX);
	skep_jit_exit(j);
	jump_here(j, good);
}

/* --- stubs ------------------------------------------------------------------------- */

static const u8 preserved[6] = {RBX, RBP, R12, R13, R14, R15};

static void push_mem(struct jit *j, struct mem m)
{
	enc_rm(j, 0, MAP_1, 0xff, 6, m);
}

static void pop_mem(struct jit *j, struct mem m)
{
	enc_rm(j, 0, MAP_1, 0x8f, 0, m);
}

/* Save everything and remember where; the run is in rdx. Undone at L_UNWIND. */
static void enter(struct jit *j)
{
	for (u32 k = 0; k < 6; k++)
		push(j, preserved[k]);
	mov_rr(j, W, R12, RDX);
	push_mem(j, RUN(fp));
	push_mem(j, RUN(sp));
	alu_ri(j, W, ALU_SUB, RSP, 8);
	store64(j, RUN(sp), RSP);
}

static void stub_entry(struct jit *j)
{
	static const u8 zero[] = {RAX, RDX, RCX, R8, RBX, R13, R14, R15};

	skep_jit_place(j, stub_label(j, L_ENTRY));
	if (!j->unwind) {
		push(j, R12);
		mov_rr(j, W, R12, RDX);
		skep_jit_call_label(j, func_label(j, 0));
		pop(j, R12);
		e1(j, 0xc3);
		return;
	}
	enter(j);
	if (j->checked) {
		load64(j, RBP, RUN(stack_hi));
		for (u32 k = 0; k < sizeof(zero); k++)
			alu_rr(j, 0, ALU_XOR, zero[k], zero[k]);
	}
	skep_jit_call_label(j, func_label(j, 0));
	skep_jit_place(j, stub_label(j, L_UNWIND));
	load64(j, RSP, RUN(sp));
	alu_ri(j, W, ALU_ADD, RSP, 8);
	pop_mem(j, RUN(sp));
	pop_mem(j, RUN(fp));
	for (u32 k = 6; k-- > 0;)
		pop(j, preserved[k]);
	e1(j, 0xc3);
}

/*
 * Where tail calls enter a program that throws. What it throws returns to the function that called
 * the one which left for it, so it needs its own place to leave to: that of whoever was entered
 * from C may be of a program that saved nothing. Who makes tail calls has the run in r12. Checked
 * code has one place a run, as it has one stack.
 */
static void stub_body(struct jit *j)
{
	skep_jit_place(j, stub_label(j, L_BODY));
	mov_rr(j, W, RDX, R12);
	skep_jit_jump(j, CC_ALWAYS, stub_label(j, L_ENTRY));
}

/* u64 callback(func, const u64 arg[5], run) */
static void stub_callback(struct jit *j)
{
	skep_jit_place(j, stub_label(j, L_CALLBACK));
	if (j->unwind) {
		enter(j);
	} else {
		push(j, R12);
		mov_rr(j, W, R12, RDX);
	}
	mov_rr(j, W, RAX, RDI);
	if (j->checked) {
		load64(j, RBP, RUN(fp));
		alu_ri(j, W, ALU_SUB, RBP, SKEP_ENG_STACK);
		alu_rm(j, W, ALU_CMP, RBP, RUN(stack_lo));
		skep_jit_jump(j, CC_BE, stub_label(j, L_DEPTH));
	}
	load64(j, R8, at(RSI, 32));
	load64(j, RCX, at(RSI, 24));
	load64(j, RDX, at(RSI, 16));
	load64(j, RDI, at(RSI, 0));
	load64(j, RSI, at(RSI, 8));
	enc_rr(j, 0, MAP_1, 0xff, 2, RAX);
	if (j->unwind) {
		skep_jit_jump(j, CC_ALWAYS, stub_label(j, L_UNWIND));
	} else {
		pop(j, R12);
		e1(j, 0xc3);
	}
}

static void stub_stop(struct jit *j, u32 label, u32 why)
{
	skep_jit_place(j, stub_label(j, label));
	enc_rm(j, 0, MAP_1, 0xc7, 0, RUN(stop));
	e4(j, why);
	skep_jit_jump(j, CC_ALWAYS, stub_label(j, L_UNWIND));
}

/* The address is in R11: keep it and where the access is, which is on the stack, and leave. */
static void bad_access(struct jit *j, u32 why)
{
	store64(j, RUN(stop_addr), R11);
	pop_mem(j, RUN(stop_ip));
	enc_rm(j, 0, MAP_1, 0xc7, 0, RUN(stop));
	e4(j, why);
	skep_jit_jump(j, CC_ALWAYS, stub_label(j, L_UNWIND));
}

/* After R11 was compared with the lower end: inside when R10 <= hi; then the stub returns. */
static void test_range(struct jit *j, struct mem hi)
{
	u32 no = jump_short(j, CC_B), beyond;

	alu_rm(j, W, ALU_CMP, R10, hi);
	beyond = jump_short(j, CC_A);
	e1(j, 0xc3);
	jump_here(j, beyond);
	jump_here(j, no);
}

/* R11 is the address of an access, R10 its end; everything else stays as it is. */
static void stub_check(struct jit *j)
{
	static const u8 masks[3] = {1, 3, 7};
	u32 wrapped;

	for (u32 k = 0; k < 3; k++) {
		skep_jit_place(j, stub_label(j, L_CHECK2 + k));
		enc_rr(j, BYTE, MAP_1, 0xf6, 0, R11);
		e1(j, masks[k]);
		skep_jit_jump(j, CC_E, stub_label(j, L_CHECK));
		bad_access(j, SKEP_TRAP_ALIGN);
	}
	skep_jit_place(j, stub_label(j, L_CHECK));
	alu_rr(j, W, ALU_CMP, R10, R11);
	wrapped = jump_short(j, CC_B);
	lea(j, W, R9, at(RBP, -SKEP_ENG_STACK));
	alu_rr(j, W, ALU_CMP, R11, R9);
	test_range(j, RUN(stack_hi));
	for (u32 k = 0; k < SKEP_ENG_REGIONS; k++) {
		alu_rm(j, W, ALU_CMP, R11, RUN(mem[k].lo));
		test_range(j, RUN(mem[k].hi));
	}
	jump_here(j, wrapped);
	alu_ri(j, W, ALU_CMP, R11, 4096);
	skep_jit_jump(j, CC_B, stub_label(j, L_NULL));
	bad_access(j, SKEP_TRAP_BOUNDS);
	skep_jit_place(j, stub_label(j, L_NULL));
	bad_access(j, SKEP_TRAP_NULL);
}

/* What the program needs of them. False: no memory. */
bool skep_jit_stubs(struct jit *j)
{
	if (!skep_jit_room(j))
		return false;
	if (j->run)
		stub_entry(j);
	if (j->throws && !j->checked)
		stub_body(j);
	if (j->code.has_refs)
		stub_callback(j);
	if (j->unwind) {
		stub_stop(j, L_BUDGET, SKEP_TRAP_BUDGET);
		stub_stop(j, L_DEPTH, SKEP_TRAP_DEPTH);
	}
	if (!skep_jit_room(j))
		return false;
	if (j->code.has_arena)
		skep_jit_arena_stubs(j);
	if (!j->checked)
		return true;
	if (!skep_jit_room(j))
		return false;
	stub_check(j);
	return true;
}
