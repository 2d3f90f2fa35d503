/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isa: the instruction set: one table (insn.def), decoding, encoding, text and
 * the reference meaning. Pure functions over values; safe from any thread.
 */
#ifndef SKEP_ISA_H
#define SKEP_ISA_H

#include "base/base.h"

enum skep_op_flag {
	SKEP_OPF_FETCH = 1, /* atomic: src receives the old value */
	SKEP_OPF_R0 = 2,    /* atomic: r0 is compared and receives the old value */
	SKEP_OPF_LOAD = 4,  /* atomic: only loads, into dst from src + off */
	SKEP_OPF_STORE = 8, /* atomic: only stores */
};

/* SKEP_ADD, ..., in the order of insn.def; SKEP_OP_NR is their number. */
enum skep_op {
#define ALU(name, code, text, since, meaning) SKEP_##name,
#define ALUOFF(name, code, off, text, since, meaning) SKEP_##name,
#define UNARY(name, code, text, since, doc) SKEP_##name,
#define JMP(name, code, text, since, meaning) SKEP_##name,
#define MEM(name, mode, class_, text, since, doc) SKEP_##name,
#define ATOMIC(name, imm, text, since, flags, meaning) SKEP_##name,
#define CTRL(name, opcode, text, since, doc) SKEP_##name,
#include "isa/insn.def"
	SKEP_OP_NR
};

enum skep_op_class {
	SKEP_CLASS_ALU,	   /* binary: dst = dst op src|imm */
	SKEP_CLASS_UNARY,  /* NEG, byte swaps, MOVSX, CAST */
	SKEP_CLASS_JMP,	   /* conditional jump */
	SKEP_CLASS_MEM,	   /* load, store, packet load */
	SKEP_CLASS_ATOMIC, /* atomic memory operation */
	SKEP_CLASS_CTRL,   /* LDDW, jumps, calls, exit */
};

struct skep_op_info {
	const char *name, *text;
	u8 class_, since;
	u8 code;  /* the operation bits of the opcode byte */
	u8 flags; /* enum skep_op_flag */
	u16 imm;  /* atomics: the immediate */
	const char *meaning;
};
extern const struct skep_op_info skep_ops[SKEP_OP_NR];

enum skep_form { SKEP_IMM, SKEP_REG };

/* `src` of a CALL. */
enum { SKEP_CALL_HELPER = 0, SKEP_CALL_SUBPROG = 1, SKEP_CALL_KFUNC = 2 };
/* `src` of an LDDW: what the 64 bits are. */
enum skep_lddw_kind {
	SKEP_LD_IMM = 0,
	SKEP_LD_MAP_FD = 1,
	SKEP_LD_MAP_VALUE = 2,
	SKEP_LD_BTF_ID = 3,
	SKEP_LD_FUNC = 4,
	SKEP_LD_MAP_IDX = 5,
	SKEP_LD_MAP_IDX_VALUE = 6,
};

/*
 * One instruction; an LDDW is one although it takes two slots.
 *   size  bytes operated on: 4 or 8 (ALU, jumps), 1 to 8 (memory)
 *   form  whether the second operand is `src` or `imm`
 *   off   memory displacement; jumps: target - next, in slots (GOTOL too);
 *         MOVSX: bits 8, 16 or 32
 *   imm   second operand, sign-extended; byte swaps: bits; LDDW: all 64 bits
 */
struct skep_ins {
	u16 op; /* enum skep_op */
	u8 size, form;
	u8 dst, src;
	s32 off;
	s64 imm;
};

static inline u8 skep_op_class(u16 op)
{
	return skep_ops[op].class_;
}
static inline bool skep_is_cond(u16 op)
{
	return op >= SKEP_JEQ && op <= SKEP_JSET;
}
/* Has a branch target (`off`). */
static inline bool skep_is_branch(u16 op)
{
	return skep_is_cond(op) || op == SKEP_JA || op == SKEP_GOTOL || op == SKEP_JCOND;
}
/* Control never reaches the next instruction. */
static inline bool skep_is_end(u16 op)
{
	return op == SKEP_JA || op == SKEP_GOTOL || op == SKEP_EXIT;
}
static inline u32 skep_ins_slots(const struct skep_ins *in)
{
	return in->op == SKEP_LDDW ? 2 : 1;
}

/*
 * Decode the instruction at `p` (`len` bytes left, `big` for big-endian code).
 * Returns the number of slots (1 or 2), or 0 with *why a static text when the
 * bytes are no valid instruction: an unknown opcode, a reserved field set, or
 * the end of the code.
 */
u32 skep_isa_decode(const u8 *p, size_t len, bool big, struct skep_ins *out, const char **why);
/* Inverse of decode; writes 8 or 16 bytes, returns the slots. The instruction must be valid. */
u32 skep_isa_encode(const struct skep_ins *in, u8 out[16], bool big);
/* NULL when every field is within its legal range, else a static text saying which is not. */
const char *skep_isa_check(const struct skep_ins *in);
/* Does the instruction have a constant that every verifier refuses: a shift by the width or more, a division by 0? */
bool skep_isa_refused(const struct skep_ins *in);
/*
 * The lowest -mcpu level (1 to 4) whose kernels have this instruction. 32-bit
 * arithmetic is level 1: every kernel has it, LLVM just does not choose it below v3.
 */
u32 skep_isa_level(const struct skep_ins *in);

/* Register sets as bit masks. A CALL reads r1 to r5 (the table of helpers knows better). */
u16 skep_isa_reads(const struct skep_ins *in);
u16 skep_isa_writes(const struct skep_ins *in);

/* Memory operand: true with base register, displacement, width when the instruction has one. */
struct skep_memop {
	u8 base, size;
	bool load, store, atomic;
	s32 off;
};
bool skep_isa_memop(const struct skep_ins *in, struct skep_memop *m);

/* Reference meaning. ALU and UNARY: the new 64-bit value of dst (CAST: not defined, src is returned). */
u64 skep_isa_eval(const struct skep_ins *in, u64 dst, u64 src);
/* The same for `n` pairs of operands; an immediate is not looked at, `src` holds it. `out` may be `dst`. */
void skep_isa_eval_n(const struct skep_ins *in, const u64 *dst, const u64 *src, u64 *out, u32 n);
/* Conditional jumps: taken? */
bool skep_isa_cond(const struct skep_ins *in, u64 dst, u64 src);
/* Atomics: the value stored, from the old value, src and r0 (zero-extended from the width). */
u64 skep_isa_atomic(const struct skep_ins *in, u64 old, u64 src, u64 r0);
/* The condition that is true when `op` is false, or -1 (JSET has none); and with operands swapped. */
int skep_op_negate(u16 op);
int skep_op_swap(u16 op);

/*
 * Text, in LLVM's syntax. A symbolic operand replaces the number when its
 * string is set: `target` of a branch, `imm` of LDDW, `callee` of a call.
 */
struct skep_isa_syms {
	const char *target, *imm, *callee;
};
void skep_isa_print(const struct skep_ins *in, const struct skep_isa_syms *sy, struct skep_buf *out);

/* What skep_isa_parse() found in place of a number; spans of the text that was given. */
struct skep_span {
	const char *p;
	size_t n;
};
struct skep_isa_names {
	struct skep_span target, imm, callee;
};
/*
 * Parse one instruction. True, or false with *why (static text) and *where
 * (into the text). Symbolic operands are returned in *names, their numbers 0.
 */
bool skep_isa_parse(const char *text, size_t n, struct skep_ins *out, struct skep_isa_names *names,
		    const char **why, const char **where);

#endif
