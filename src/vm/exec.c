/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter: one switch over decoded instructions. The arithmetic here is
 * written out for speed; tests compare it with the reference meaning in isa.
 * Relies on load.c for branch targets and on mem.c for every access that is not
 * a plain one inside a region.
 */
#include "vm/vm_impl.h"

/* Cases of the switch. Families are numbered operation, width, form. */
enum {
	K_ALU0 = 0,
	K_JMP0 = K_ALU0 + 4 * (SKEP_SMOD - SKEP_ADD + 1),
	K_UNARY = K_JMP0 + 4 * (SKEP_JSET - SKEP_JEQ + 1),
	K_LDX1,
	K_LDX2,
	K_LDX4,
	K_LDX8,
	K_LDXS1,
	K_LDXS2,
	K_LDXS4,
	K_ST1,
	K_ST2,
	K_ST4,
	K_ST8,
	K_STX1,
	K_STX2,
	K_STX4,
	K_STX8,
	K_ATOMIC,
	K_PACKET,
	K_LDDW,
	K_JA,
	K_MAY_GOTO,
	K_HELPER,
	K_SUBPROG,
	K_KFUNC,
	K_CALLX,
	K_EXIT,
	K_BAD,
};
#define K_ALU(op, size, form) (K_ALU0 + 4 * ((op)-SKEP_ADD) + ((size) == 8 ? 2 : 0) + (form))
#define K_JMP(op, size, form) (K_JMP0 + 4 * ((op)-SKEP_JEQ) + ((size) == 8 ? 2 : 0) + (form))

static u16 kind_mem(const struct skep_ins *in)
{
	u16 lg = in->size == 1 ? 0 : in->size == 2 ? 1 : in->size == 4 ? 2 : 3;

	switch (in->op) {
	case SKEP_LDX: return (u16)(K_LDX1 + lg);
	case SKEP_LDXS: return (u16)(K_LDXS1 + lg);
	case SKEP_ST: return (u16)(K_ST1 + lg);
	case SKEP_STX: return (u16)(K_STX1 + lg);
	default: return K_PACKET;
	}
}

static u16 kind_ctrl(const struct skep_ins *in)
{
	switch (in->op) {
	case SKEP_LDDW: return K_LDDW;
	case SKEP_JA:
	case SKEP_GOTOL: return K_JA;
	case SKEP_JCOND: return K_MAY_GOTO;
	case SKEP_CALL:
		return (u16)(in->src == SKEP_CALL_HELPER    ? K_HELPER
			     : in->src == SKEP_CALL_SUBPROG ? K_SUBPROG
							    : K_KFUNC);
	case SKEP_CALLX: return K_CALLX;
	default: return K_EXIT;
	}
}

u16 skep_vm_kind(const struct skep_ins *in)
{
	if (!in || in->op == SKEP_CAST)
		return K_BAD;
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU: return (u16)K_ALU(in->op, in->size, in->form);
	case SKEP_CLASS_UNARY: return K_UNARY;
	case SKEP_CLASS_JMP: return (u16)K_JMP(in->op, in->size, in->form);
	case SKEP_CLASS_MEM: return kind_mem(in);
	case SKEP_CLASS_ATOMIC: return K_ATOMIC;
	default: return kind_ctrl(in);
	}
}

/* --- frames ------------------------------------------------------------------- */

void skep_vm_frames_reset(struct skep_vm *vm)
{
	for (u32 i = 0; i < MAX_FRAMES; i++)
		vm->reg[REG_STACK + i] = (struct region){.host = vm->stack[i]};
}

void skep_vm_frame_start(struct skep_vm *vm)
{
	u32 d = vm->depth;
	struct region *rg = &vm->reg[REG_STACK + d];

	rg->lo = REG_BASE;
	rg->hi = REG_BASE + STACK_SIZE;
	rg->perm = ACC_R | ACC_W;
	memset(vm->stack[d], vm->opt.stack_fill, STACK_SIZE);
	if (vm->opt.strict) {
		rg->init = vm->stack_init[d];
		memset(rg->init, 0, STACK_SIZE);
	}
	vm->frame[d].may_goto = vm->opt.loop_limit;
	vm->r[10] = GUEST(REG_STACK + d, STACK_SIZE);
}

static bool frame_push(struct skep_vm *vm, u32 ret_pc)
{
	struct frame *f;

	if (vm->depth + 1 >= MAX_FRAMES) {
		skep_vm_raise_trap(vm, SKEP_TRAP_DEPTH, 0);
		return false;
	}
	f = &vm->frame[++vm->depth];
	f->prog = vm->cur;
	f->pc = ret_pc;
	f->init = vm->init;
	memcpy(f->saved, vm->r + 6, sizeof(f->saved));
	skep_vm_frame_start(vm);
	vm->init &= 0x3e;
	vm->init |= 1 << 10;
	return true;
}

/* Back to the caller; where it goes on. */
static u32 frame_pop(struct skep_vm *vm)
{
	struct frame *f = &vm->frame[vm->depth];

	vm->reg[REG_STACK + vm->depth].hi = REG_BASE;
	vm->reg[REG_STACK + vm->depth].perm = 0;
	vm->depth--;
	vm->cur = f->prog;
	vm->init = (u16)((f->init & ~0x3f) | (vm->init & 1));
	memcpy(vm->r + 6, f->saved, sizeof(f->saved));
	vm->r[10] = GUEST(REG_STACK + vm->depth, STACK_SIZE);
	return f->pc;
}

/* Registers that a call destroys hold something that no program wants. */
static void scratch(struct skep_vm *vm)
{
	for (u32 i = 1; i <= 5; i++)
		vm->r[i] = 0xdead00000000beefull | (u64)i << 32;
}

static bool func_slot(const struct skep_vm *vm, u64 addr, u32 *slot)
{
	const struct vprog *p = vm->prog[vm->cur];
	u64 off = addr - GUEST(REG_FUNC, 0);

	*slot = (u32)off;
	return off < p->n && p->ins[off].op != SKEP_OP_NR;
}

int skep_vm_callback(struct skep_vm *vm, u64 func, const u64 *arg, u32 nargs, u64 *ret)
{
	u32 slot, prog = vm->cur;
	u16 init = vm->init;

	if (!func_slot(vm, func, &slot))
		return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, func);
	if (!frame_push(vm, slot))
		return -1;
	for (u32 i = 0; i < nargs; i++)
		vm->r[1 + i] = arg[i];
	vm->init = (u16)(1 << 10 | ((2u << nargs) - 2));
	if (skep_vm_exec(vm, slot))
		return -1;
	*ret = vm->r[0];
	frame_pop(vm);
	vm->cur = prog;
	vm->init = init;
	return 0;
}

/* --- memory ----------------------------------------------------------------------- */

static inline u8 *fast(struct skep_vm *vm, u64 addr, u32 size, u8 acc)
{
	u64 id = addr >> 32;
	u32 off = (u32)addr;
	struct region *rg;

	if (id >= vm->nreg)
		return NULL;
	rg = &vm->reg[id];
	if (off < rg->lo || (u64)off + size > rg->hi || (rg->perm & (acc | ACC_SLOW)) != acc ||
	    rg->stride)
		return NULL;
	off -= REG_BASE;
	if (acc & ACC_W) {
		if (off < rg->dlo)
			rg->dlo = off;
		if (off + size > rg->dhi)
			rg->dhi = off + size;
	}
	return rg->host + off;
}

static int atomic(struct skep_vm *vm, const struct skep_ins *in)
{
	u8 flags = skep_ops[in->op].flags;
	u32 base = flags & SKEP_OPF_LOAD ? in->src : in->dst;
	u64 addr = vm->r[base] + (u64)(s64)in->off, old = 0, val;

	if (addr & (in->size - 1u))
		return skep_vm_raise_trap(vm, SKEP_TRAP_ALIGN, addr);
	if (!(flags & SKEP_OPF_STORE) && skep_vm_load_slow(vm, addr, in->size, &old))
		return -1;
	if (flags & SKEP_OPF_LOAD) {
		vm->r[in->dst] = old;
		return 0;
	}
	val = skep_isa_atomic(in, old, vm->r[in->src], vm->r[0]);
	if (skep_vm_store_slow(vm, addr, in->size, val))
		return -1;
	if (flags & SKEP_OPF_FETCH)
		vm->r[in->src] = old;
	if (flags & SKEP_OPF_R0)
		vm->r[0] = old;
	return 0;
}

/* LD_ABS and LD_IND. False: past the packet, the function returns 0. */
static bool packet_load(struct skep_vm *vm, const struct skep_ins *in)
{
	s64 at = (s32)((u32)in->imm + (in->op == SKEP_LDIND ? (u32)vm->r[in->src] : 0));
	enum { NET_OFF = -0x100000, LL_OFF = -0x200000, ETH_LEN = 14 };

	if (at < 0)
		at = at >= NET_OFF ? at - NET_OFF + ETH_LEN : at >= LL_OFF ? at - LL_OFF : -1;
	if (at < 0 || at + in->size > (s64)vm->end - vm->data)
		return false;
	at += vm->data;
	vm->r[0] = in->size == 1   ? vm->pkt[at]
		   : in->size == 2 ? skep_get16(vm->pkt + at, true)
				   : skep_get32(vm->pkt + at, true);
	scratch(vm);
	return true;
}

/* --- the switch ----------------------------------------------------------------------- */

#define ALU1(name, size, form, U, S, src_, expr)                                                   \
	case K_ALU(SKEP_##name, size, form): {                                                     \
		typedef U W __attribute__((unused));                                               \
		typedef S SW __attribute__((unused));                                              \
		U d = (U)r[i->dst], s = (U)(src_);                                                 \
		(void)d;                                                                           \
		r[i->dst] = (U)(expr);                                                             \
		break;                                                                             \
	}
#define ALU4(name, expr)                                                                           \
	ALU1(name, 8, SKEP_IMM, u64, s64, i->imm, expr)                                            \
	ALU1(name, 8, SKEP_REG, u64, s64, r[i->src], expr)                                         \
	ALU1(name, 4, SKEP_IMM, u32, s32, i->imm, expr)                                            \
	ALU1(name, 4, SKEP_REG, u32, s32, r[i->src], expr)
#define JMP1(name, size, form, U, S, src_, expr)                                                   \
	case K_JMP(SKEP_##name, size, form): {                                                     \
		typedef S SW __attribute__((unused));                                              \
		U d = (U)r[i->dst], s = (U)(src_);                                                 \
		if (watch)                                                                         \
			note_cmp(vm, pc - 1, (size), d, s);                                        \
		if (expr)                                                                          \
			pc = (u32)i->off;                                                          \
		break;                                                                             \
	}
#define JMP4(name, expr)                                                                           \
	JMP1(name, 8, SKEP_IMM, u64, s64, i->imm, expr)                                            \
	JMP1(name, 8, SKEP_REG, u64, s64, r[i->src], expr)                                         \
	JMP1(name, 4, SKEP_IMM, u32, s32, i->imm, expr)                                            \
	JMP1(name, 4, SKEP_REG, u32, s32, r[i->src], expr)
#define LOAD(kase, U, S)                                                                           \
	case kase: {                                                                               \
		u64 addr = r[i->src] + (u64)(s64)i->off, v = 0;                                    \
		u8 *p = strict ? NULL : fast(vm, addr, sizeof(U), ACC_R);                          \
		if (p)                                                                             \
			memcpy(&v, p, sizeof(U));                                                  \
		else if (skep_vm_load_slow(vm, addr, sizeof(U), &v))                               \
			goto trap;                                                                 \
		r[i->dst] = (u64)(S)v;                                                             \
		break;                                                                             \
	}
#define STORE(kase, U, val)                                                                        \
	case kase: {                                                                               \
		u64 addr = r[i->dst] + (u64)(s64)i->off, v = (u64)(val);                           \
		u8 *p = strict ? NULL : fast(vm, addr, sizeof(U), ACC_W);                          \
		if (p)                                                                             \
			memcpy(p, &v, sizeof(U));                                                  \
		else if (skep_vm_store_slow(vm, addr, sizeof(U), v))                               \
			goto trap;                                                                 \
		break;                                                                             \
	}
#define BITS (sizeof(d) * 8 - 1)

static void note_cmp(struct skep_vm *vm, u32 slot, u8 size, u64 d, u64 s)
{
	struct skep_vm_watch *w = vm->watch;

	if (vm->cur == w->prog && w->cmp && w->ncmp < w->cap_cmp)
		w->cmp[w->ncmp++] = (struct skep_vm_cmp){slot, size, d, s};
}

static inline __attribute__((always_inline)) int exec(struct skep_vm *vm, u32 pc, const bool strict,
						      const bool watch)
{
	const struct vprog *prog = vm->prog[vm->cur];
	const struct vinsn *code = prog->code, *i = code;
	const u32 base = vm->depth;
	u64 *r = vm->r, left = vm->left;

	for (;;) {
		i = &code[pc];
		if (!left) {
			skep_vm_raise_trap(vm, SKEP_TRAP_BUDGET, 0);
			goto trap;
		}
		left--;
		if (strict) {
			if (prog->reads[pc] & ~vm->init) {
				skep_vm_raise_trap(vm, SKEP_TRAP_UNINIT, 0);
				goto trap;
			}
			vm->init |= prog->writes[pc];
		}
		if (watch && vm->cur == vm->watch->prog) {
			vm->watch->cover[pc] = 1;
			if (vm->watch->step)
				vm->watch->step(vm->watch->user, pc, r);
		}
		pc++;
		switch (i->k) {
			ALU4(ADD, d + s)
			ALU4(SUB, d - s)
			ALU4(MUL, d * s)
			ALU4(DIV, s ? d / s : 0)
			ALU4(OR, d | s)
			ALU4(AND, d & s)
			ALU4(LSH, d << (s & BITS))
			ALU4(RSH, d >> (s & BITS))
			ALU4(MOD, s ? d % s : d)
			ALU4(XOR, d ^ s)
			ALU4(MOV, s)
			ALU4(ARSH, (SW)d >> (s & BITS))
			ALU4(SDIV, !s ? 0 : s == (W)-1 ? (W)0 - d : (W)((SW)d / (SW)s))
			ALU4(SMOD, !s ? d : s == (W)-1 ? 0 : (W)((SW)d % (SW)s))
			JMP4(JEQ, d == s)
			JMP4(JNE, d != s)
			JMP4(JGT, d > s)
			JMP4(JLE, d <= s)
			JMP4(JGE, d >= s)
			JMP4(JLT, d < s)
			JMP4(JSGT, (SW)d > (SW)s)
			JMP4(JSLE, (SW)d <= (SW)s)
			JMP4(JSGE, (SW)d >= (SW)s)
			JMP4(JSLT, (SW)d < (SW)s)
			JMP4(JSET, d & s)
			LOAD(K_LDX1, u8, u8)
			LOAD(K_LDX2, u16, u16)
			LOAD(K_LDX4, u32, u64)
			LOAD(K_LDX8, u64, u64)
			LOAD(K_LDXS1, u8, s8)
			LOAD(K_LDXS2, u16, s16)
			LOAD(K_LDXS4, u32, s32)
			STORE(K_ST1, u8, i->imm)
			STORE(K_ST2, u16, i->imm)
			STORE(K_ST4, u32, i->imm)
			STORE(K_ST8, u64, i->imm)
			STORE(K_STX1, u8, r[i->src])
			STORE(K_STX2, u16, r[i->src])
			STORE(K_STX4, u32, r[i->src])
			STORE(K_STX8, u64, r[i->src])
		case K_UNARY:
			r[i->dst] = skep_isa_eval(&prog->ins[pc - 1], r[i->dst], r[i->src]);
			break;
		case K_LDDW:
			r[i->dst] = (u64)i->imm;
			pc++;
			break;
		case K_JA: pc = (u32)i->off; break;
		case K_MAY_GOTO:
			if (vm->frame[vm->depth].may_goto)
				vm->frame[vm->depth].may_goto--;
			else
				pc = (u32)i->off;
			break;
		case K_ATOMIC:
			if (atomic(vm, &prog->ins[pc - 1]))
				goto trap;
			break;
		case K_PACKET:
			if (packet_load(vm, &prog->ins[pc - 1])) {
				vm->init = (u16)((vm->init & ~0x3e) | 1);
				break;
			}
			r[0] = 0;
			vm->init |= 1;
			goto leave;
		case K_HELPER: {
			int rc;

			vm->left = left;
			vm->helper = i->imm;
			rc = prog->helper[pc - 1](vm, r + 1, r);
			left = vm->left;
			if (rc < 0)
				goto trap;
			if (rc == HELPER_TAIL) {
				prog = vm->prog[vm->cur];
				i = code = prog->code;
				pc = 0;
				break;
			}
			scratch(vm);
			vm->init = (u16)((vm->init & ~0x3e) | 1);
			break;
		}
		case K_SUBPROG:
			if (!frame_push(vm, pc))
				goto trap;
			pc = (u32)i->off;
			break;
		case K_CALLX: {
			u32 slot;

			if (!func_slot(vm, r[i->dst], &slot)) {
				skep_vm_raise_trap(vm, SKEP_TRAP_CALL, r[i->dst]);
				goto trap;
			}
			if (!frame_push(vm, pc))
				goto trap;
			pc = slot;
			break;
		}
		case K_EXIT:
			if (strict && !vm->depth && !(vm->init & 1)) {
				skep_vm_raise_trap(vm, SKEP_TRAP_UNINIT, 0);
				goto trap;
			}
		leave:
			if (vm->depth == base) {
				vm->left = left;
				return 0;
			}
			pc = frame_pop(vm);
			scratch(vm);
			prog = vm->prog[vm->cur];
			i = code = prog->code;
			break;
		case K_KFUNC: skep_vm_raise_trap(vm, SKEP_TRAP_CALL, 0); goto trap;
		default: skep_vm_raise_trap(vm, SKEP_TRAP_ENCODING, 0); goto trap;
		}
	}
trap:
	vm->left = left;
	if (!vm->trap_set) {
		vm->trap_set = true;
		vm->trap_prog = vm->cur;
		vm->trap_pc = (u32)(i - code);
	}
	return -1;
}

/* Copies of the loop: strict and watched runs must not cost the others anything. */
static __attribute__((noinline)) int exec_strict(struct skep_vm *vm, u32 pc)
{
	return exec(vm, pc, true, false);
}

static __attribute__((noinline)) int exec_watched(struct skep_vm *vm, u32 pc)
{
	return vm->opt.strict ? exec(vm, pc, true, true) : exec(vm, pc, false, true);
}

int skep_vm_exec(struct skep_vm *vm, u32 pc)
{
	if (vm->watch)
		return exec_watched(vm, pc);
	return vm->opt.strict ? exec_strict(vm, pc) : exec(vm, pc, false, false);
}
