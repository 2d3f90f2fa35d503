/* SPDX-License-Identifier: BSD-2-Clause */
/* vm: what the two loops of the fast interpreter and its decoder share. */
#ifndef SKEP_VM_INTERP_IMPL_H
#define SKEP_VM_INTERP_IMPL_H

#include "vm/vm_impl.h"

/*
 * A decoded instruction. `op` is the address of its code. A fused one does the
 * work of the next one, too, which stays behind it as it is: its operands are
 * read there.
 */
struct xinsn {
	const void *op;
	s64 imm;
	s32 off; /* displacement; distance of a branch in instructions */
	u8 dst, src;
	u16 aux; /* MOVSX: bits; atomics: the operation; accesses to the arena: it, and the size's
		    logarithm */
};
struct iprog {
	struct skep_eng_prog head;
	struct xinsn *insn;
	u32 *slot;	       /* of each */
	u32 *ref;	       /* indices of functions whose address is taken */
	u32 n, nref;
	s64 (*packet)(u64 ctx, s64 off, u64 size);
	const struct skep_eng_arena *arena;
	bool checked, enter;
};
struct iframe {
	const struct xinsn *ret;
	u64 saved[4];
	u32 may_goto;
};

/*
 * Operations. Families first, numbered as the reference interpreter does:
 * operation, width, form; then what has a width of memory; then the rest.
 */
#define X_SIZES(M, name) M(name##1) M(name##2) M(name##4) M(name##8)
#define X_REST(M)                                                                                  \
	X_SIZES(M, LDX)                                                                            \
	M(LDXS1)                                                                                   \
	M(LDXS2) M(LDXS4) X_SIZES(M, ST) X_SIZES(M, STX) M(NEG4) M(NEG8) M(MOVSX4) M(MOVSX8)       \
		M(TOLE16) M(TOLE32) M(TOLE64) M(SWAP16) M(SWAP32) M(SWAP64) M(LDDW) M(JA)          \
			M(MAY_GOTO) M(HELPER) M(LOOKUP) M(TAIL_CALL) M(CONST) M(THROW) M(SUBPROG)  \
				M(EXIT) M(PACKET) M(HELPER_WITH) M(ATOMIC4) M(ATOMIC8)             \
					M(ATOMIC_SMALL) M(ARENA) M(CAST_USER)
/* Two at once: the name says which. */
#define X_FUSED(M)                                                                                 \
	M(LEA) M(LEAR) M(ZEXT) M(SEXT) M(SHRPAIR) M(ADD_JNE) M(ADD_JLT) M(ADD_JNE_R) M(ADD_JLT_R)  \
	M(ADD_LDX1) M(ADD_LDX4) M(ADD_LDX8) M(LDX1_JNE) M(LDX1_JEQ) M(LDX8_ADD) M(LDX4_XOR)        \
	M(MOV4_AND) M(MOV4_LSH) M(MOV4_RSH) M(MOV8_LSH) M(MOV8_RSH) M(MOV8_MOV8) M(ADD4_XOR4)      \
	M(ADD_ADD) M(RSH4_OR4) M(LDX8_LDX8) M(STX8_STX8)

enum {
	X_ALU0 = 0,
	X_JMP0 = X_ALU0 + 4 * (SKEP_SMOD - SKEP_ADD + 1),
	X_FIRST = X_JMP0 + 4 * (SKEP_JSET - SKEP_JEQ + 1) - 1,
#define M(name) X_##name,
	X_REST(M) X_FUSED(M)
#undef M
	    X_NR
};
#define X_ALU(op, size, form) (X_ALU0 + 4 * ((op)-SKEP_ADD) + ((size) == 8 ? 2 : 0) + (form))
#define X_JMP(op, size, form) (X_JMP0 + 4 * ((op)-SKEP_JEQ) + ((size) == 8 ? 2 : 0) + (form))

/*
 * Execute function `i` with r1 to r5 from `arg` until it returns. With p NULL:
 * store the table of code addresses to *table.
 */
u64 skep_vm_interp_loop(const struct iprog *p, const struct xinsn *i, const u64 *arg,
		struct skep_eng_run *run, const void *const **table);
u64 skep_vm_interp_loop_checked(const struct iprog *p, const struct xinsn *i, const u64 *arg,
			struct skep_eng_run *run, const void *const **table);

/* An atomic operation on *p; at most that of a plain load or store has one or two bytes. */
#define INTERP_RMW(U, name, how)                                                                   \
	case SKEP_A##name: __atomic_fetch_##how(p, s, __ATOMIC_SEQ_CST); break;                    \
	case SKEP_AF##name:                                                                        \
		r[i->src] = __atomic_fetch_##how(p, s, __ATOMIC_SEQ_CST);                          \
		break;
#define INTERP_ATOMIC(U)                                                                           \
	static inline void interp_atomic_##U(u16 op, const struct xinsn *i, U *p, u64 *r)          \
	{                                                                                          \
		U s = (U)r[i->src], old;                                                           \
		switch (op) {                                                                      \
			INTERP_RMW(U, ADD, add)                                                    \
			INTERP_RMW(U, OR, or)                                                      \
			INTERP_RMW(U, AND, and)                                                    \
			INTERP_RMW(U, XOR, xor)                                                    \
		case SKEP_XCHG: r[i->src] = __atomic_exchange_n(p, s, __ATOMIC_SEQ_CST); break;    \
		case SKEP_CMPXCHG:                                                                 \
			old = (U)r[0];                                                             \
			__atomic_compare_exchange_n(p, &old, s, false, __ATOMIC_SEQ_CST,           \
						    __ATOMIC_SEQ_CST);                             \
			r[0] = old;                                                                \
			break;                                                                     \
		case SKEP_LDACQ: r[i->dst] = __atomic_load_n(p, __ATOMIC_ACQUIRE); break;          \
		default: __atomic_store_n(p, s, __ATOMIC_RELEASE); break;                          \
		}                                                                                  \
	}
INTERP_ATOMIC(u8)
INTERP_ATOMIC(u16)
INTERP_ATOMIC(u32)
INTERP_ATOMIC(u64)

/* An access to the arena (arena.c). */
void skep_vm_interp_arena(const struct skep_eng_arena *a, const struct xinsn *i, u64 *r);

/* Is an access inside the run's memory? */
static inline bool interp_inside(const struct skep_eng_run *run, u64 addr, u64 size)
{
	u64 end = addr + size;

	if (end < addr)
		return false;
	for (u32 k = 0; k < SKEP_ENG_REGIONS; k++)
		if (addr >= run->mem[k].lo && end <= run->mem[k].hi)
			return true;
	return false;
}

#endif
