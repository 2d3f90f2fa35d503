/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow: facts about a function, as values beside the model: control-flow graph,
 * dominators, loops, liveness of registers and stack bytes, and what each
 * register holds. Facts are true of the version they were computed from; an
 * edit makes them stale. They live in the arena that was given.
 */
#ifndef SKEP_FLOW_H
#define SKEP_FLOW_H

#include "flow/range.h"
#include "flow/machine.h"
#include "ir/ir.h"

/* --- control-flow graph --------------------------------------------------- */

struct skep_block {
	struct skep_insn *first, *last;
	u32 succ[2]; /* block numbers; [0] falls through or is the jump, [1] the taken branch */
	u32 nsucc;
	u32 *pred;
	u32 npred;
	u32 idom; /* immediate dominator; itself for the entry and unreachable blocks */
	u32 rpo;  /* position in reverse post-order, UINT32_MAX: unreachable */
	u32 loop; /* number of the innermost loop's header block + 1, 0: in none */
	bool header;
};

struct skep_cfg {
	struct skep_func *func;
	struct skep_insn **insn; /* by num */
	u32 *block_of;		 /* by num */
	u32 ninsn;
	struct skep_block *block;
	u32 nblock;
	u32 *order; /* reachable blocks in reverse post-order */
	u32 norder;
};

/* Numbers the instructions (insn->num) and builds the graph. Control that runs off the end has no successor. */
struct skep_cfg *skep_cfg_compute(struct skep_func *f, struct skep_arena *arena);
bool skep_cfg_dominates(const struct skep_cfg *cfg, u32 a, u32 b);
/*
 * The number of the instruction that ran right before whenever this one runs, by numbers of the
 * graph: in its block, or at the end of the only block that leads to it and stands before it. So
 * one goes up an extended basic block. SKEP_CFG_NONE: there is none, or several.
 */
#define SKEP_CFG_NONE UINT32_MAX
u32 skep_cfg_before(const struct skep_cfg *cfg, u32 num);
/* Fills idom, loop and header. */
void skep_cfg_loops(struct skep_cfg *cfg, struct skep_arena *arena);

/* --- what a register holds -------------------------------------------------- */

/*
 * Kinds form a lattice: everything is below ANY; CONST is below SCALAR; all
 * but STACK and ANY are below NONSTACK. "Stack" always means the frame of this
 * function: a caller's frame is NONSTACK.
 */
enum skep_kind {
	SKEP_K_UNINIT,
	SKEP_K_CONST,	 /* the number `off` */
	SKEP_K_SCALAR,
	SKEP_K_STACK,	 /* vn SKEP_VN_FP: r10 + off; another vn: somewhere in the frame */
	SKEP_K_CTX,	 /* vn SKEP_VN_CTX: context + off */
	SKEP_K_PKT,
	SKEP_K_PKT_END,
	SKEP_K_MAP,	 /* a map itself */
	SKEP_K_MAPVAL,
	SKEP_K_MAPVAL_OR_NULL,
	SKEP_K_PTR,	 /* a pointer that is none of the others, or NULL */
	SKEP_K_NONSTACK, /* anything but a pointer into the stack frame */
	SKEP_K_ANY,
};

/*
 * A value: name + constant. Two places whose `vn` and `off` are equal hold the
 * same 64 bits. bits: the value is below 2^bits (64: nothing is known).
 */
struct skep_val {
	s64 off;
	u32 vn;
	u8 kind, bits;
};
enum { SKEP_VN_CONST = 0, SKEP_VN_FP = 1, SKEP_VN_CTX = 2 };

static inline bool skep_val_eq(const struct skep_val *a, const struct skep_val *b)
{
	return a->vn == b->vn && a->off == b->off;
}
static inline bool skep_val_const(const struct skep_val *v)
{
	return v->kind == SKEP_K_CONST;
}

struct skep_facts {
	const struct skep_cfg *cfg;
	struct skep_val (*in)[11]; /* by num: registers before the instruction */
	bool *reached;		   /* by num: control can get here */
	s8 *decided;		   /* by num, conditional branches: 1 always taken, 0 never, -1 open */
	struct skep_val *made;	   /* by num: what its destination holds behind it, where it names one; else UNINIT */
	struct skep_val *loaded;   /* by num, loads: the value when it is known from memory (vn != own), else kind UNINIT */
};
struct skep_facts *skep_facts_compute(const struct skep_obj *obj, const struct skep_cfg *cfg, struct skep_arena *arena);

/* The instruction that gave a value its name (v->off is what was added since), or NULL: a join, an entry, a symbol. */
const struct skep_insn *skep_facts_def(const struct skep_facts *fa, u32 vn);
/*
 * Where a name gets its value: true with *block, which gives it anew each time
 * control enters it (or UINT32_MAX: the name has one value for ever); false: not known.
 */
bool skep_facts_born(const struct skep_facts *fa, u32 vn, u32 *block);
/* The register whose values a name joins, and the block where; -1: the name is no join in a register. */
int skep_facts_joined(const struct skep_facts *fa, u32 vn, u32 *block);
/* Is the name the address of a variable or a map? */
bool skep_facts_symbol(u32 vn);
/* The ELF section of data at whose start the name stands, or 0: it names something else. */
u32 skep_facts_section(u32 vn);

/* Sets ctx_type of the object's subprograms; facts of subprograms are better afterwards. */
void skep_ctx_args_compute(const struct skep_obj *obj, struct skep_arena *arena);

/* --- memory operands ---------------------------------------------------------- */

/* Where an access goes: kind and value of its base, byte range relative to the value's name. */
struct skep_place {
	u8 kind;
	u32 vn;
	s64 off;
	u32 size;
};
/* The place of a load, store or atomic; false for other instructions. */
bool skep_place_get(const struct skep_facts *fa, const struct skep_insn *i, struct skep_place *out);
/* May the two overlap? Conservative. */
bool skep_place_alias(const struct skep_place *a, const struct skep_place *b);

/* What an instruction does to memory, beyond its own operand. */
enum skep_effect {
	SKEP_EFF_READ_STACK = 1,   /* may read stack bytes that no operand names */
	SKEP_EFF_WRITE_STACK = 2,
	SKEP_EFF_READ_OTHER = 4,
	SKEP_EFF_WRITE_OTHER = 8,
	SKEP_EFF_PKT = 16, /* packet pointers and context change */
};
/* What a helper does to the stack beyond its arguments' kinds (enum skep_effect). */
u32 skep_reads_indirect(s64 helper);
/* Does a helper overwrite all of its output: always, or unless it returns something other than 0? */
enum skep_fill { SKEP_FILLS_NOT, SKEP_FILLS, SKEP_FILLS_OR_FAILS };
enum skep_fill skep_helper_fills(s64 helper);
u32 skep_call_effects(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *i);
enum { SKEP_MEETS_READS = 1, SKEP_MEETS_WRITES = 2 };
/* Does the instruction read or write (as `what` says) memory that may meet `at`, or order what others see of it? */
bool skep_place_meets(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *i,
		      const struct skep_place *at, int what);

/* --- liveness ------------------------------------------------------------------ */

enum { SKEP_STACK = 512, SKEP_STACK_WORDS = SKEP_STACK / 64 };

struct skep_live {
	u16 *out;	  /* by num: registers live after the instruction */
	u16 *in;	  /* by num: and before it */
	u16 *upper;	  /* by num: of those live after, whose upper half some path reads (upper.c) */
	u16 *upper_in;	  /* by num: and of those live before it */
	bool *dead_store; /* by num: a store to the stack of which no byte is read */
	u16 entry;	  /* live at the function's entry */
	u64 (*stack_out)[SKEP_STACK_WORDS]; /* by num: stack bytes live after; bit = 512 + offset */
	u64 (*stack_in)[SKEP_STACK_WORDS];  /* by block: live where it begins */
};
struct skep_live *skep_live_compute(const struct skep_obj *obj, const struct skep_facts *fa, struct skep_arena *arena);
/*
 * Where control may leave between two instructions of which the first runs right before the second
 * (skep_cfg_before): registers that are live on the other ways.
 */
u16 skep_live_aside(const struct skep_cfg *cfg, const struct skep_live *lv, u32 num, u32 next);
/* Registers that an instruction reads, calls by what the callee takes. */
u16 skep_reads(const struct skep_obj *obj, const struct skep_insn *i);
/* May a call read or write one of the bytes from..to of the frame (offsets from r10)? False for other instructions. */
bool skep_call_touches(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *i, s64 from,
		       s64 to);
/* A register among `mask` that is neither live nor touched on [from, to] of one block, or -1. */
int skep_free_reg(const struct skep_obj *obj, const struct skep_live *live, const struct skep_insn *from,
		  const struct skep_insn *to, u16 mask);

#endif
