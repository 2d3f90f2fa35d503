/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit: what its files share: registers, the program being compiled, labels.
 *
 * Code is emitted once into a buffer, with jumps in their longest form and a
 * record for each; layout.c then finds which may be short, aligns loops, and
 * writes the final code to executable memory.
 *
 * BPF's r1 to r5 are the System V argument registers and r6 to r9 are preserved
 * by C, so calls need no moves in either direction. r12 holds the run where
 * code needs it (tail calls, budget, checks, throwing), r9 to r11 are scratch.
 */
#ifndef SKEP_JIT_IMPL_H
#define SKEP_JIT_IMPL_H

#include "jit/jit.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NOREG = 0xff };

/* Processor features that the code may use. */
enum { CPU_BMI2 = 1, CPU_MOVBE = 2, CPU_ASKED = 4 };

enum rec_kind { REC_JMP, REC_JCC, REC_CALL, REC_LEA, REC_PAD, REC_EXTERN };
/* A piece of the buffer whose final form is not known when it is emitted. */
struct rec {
	u32 pos;   /* in the buffer */
	u32 label; /* where it goes */
	u64 addr;  /* REC_EXTERN: the function */
	u8 kind, cc, reg;
	u8 room, len; /* bytes in the buffer, bytes in the end */
};
enum { PAD_ROOM = 15, JMP_ROOM = 5, JCC_ROOM = 6, CALL_ROOM = 5, LEA_ROOM = 7, EXTERN_ROOM = 13 };

struct label {	       /* see skep_jit_place() */
	u32 pos, recs; /* in the buffer; records before it. pos ~0: not placed */
};
/* Labels behind those of slots and of functions. */
enum {
	L_ENTRY,
	L_BODY,
	L_CALLBACK,
	L_UNWIND,
	L_BUDGET,
	L_DEPTH,
	L_CHECK,
	L_CHECK2,
	L_CHECK4,
	L_CHECK8,
	L_NULL,
	L_ARENA1, /* the address of a byte in the arena, of two, four, eight */
	L_ARENA2,
	L_ARENA4,
	L_ARENA8,
	L_NR
};

/* What is known of a register in straight code. */
struct fact {
	u8 width; /* the value is below 2^width */
	const struct skep_eng_map *map;
};

struct jit {
	struct skep_eng_code code;
	const struct skep_eng_env *env;
	bool checked, budget, blind;
	bool calls_out; /* C functions are called */
	bool run, unwind; /* r12 is the run; the entry saves everything */
	bool throws;	  /* and so does where tail calls enter */
	bool resolved;	  /* the address of the access that is compiled is in R11 already */
	bool broken;	  /* a short jump is too far: a bug here */
	u32 cpu;
	struct skep_rng rng;

	u8 *buf;
	u32 n, cap;
	struct rec *rec;
	u32 nrec, cap_rec;
	struct label *label; /* slots, functions, L_* */
	u16 *live;	     /* registers that somebody reads behind each slot */

	const struct skep_ec_func *func; /* the current one */
	u32 nfunc;			 /* its number */
	u32 frame;			 /* bytes that its prologue takes from the stack */
	struct fact fact[11];
};

extern const u8 skep_jit_reg[11]; /* BPF register to native */

static inline u32 func_label(const struct jit *j, u32 f)
{
	return j->code.n + f;
}
static inline u32 stub_label(const struct jit *j, u32 l)
{
	return j->code.n + j->code.nfunc + l;
}

/* --- live.c ------------------------------------------------------------------- */

void skep_jit_live(struct jit *j);

/* --- jit.c ---------------------------------------------------------------------- */

/* Room for the code of one instruction and its records; false: no memory. */
bool skep_jit_room(struct jit *j);
u32 skep_jit_func_at(const struct jit *j, u32 slot); /* label of the function that starts there */

/* --- insn.c: one instruction -------------------------------------------------- */

void skep_jit_insn(struct jit *j, u32 slot);
void skep_jit_facts_reset(struct jit *j);
void skep_jit_facts_after(struct jit *j, u32 slot);
void skep_jit_mov(struct jit *j, u32 w, u8 dst, u8 src); /* nothing when they are the same */
void skep_jit_const(struct jit *j, u8 reg, u64 v);	    /* not blinded */
/* A constant of the program: blinded when asked for and worth it. Changes R9 when it has 64 bits.
 */
void skep_jit_program_const(struct jit *j, u8 reg, u64 v);
bool skep_jit_hidden_off(const struct jit *j, s64 off); /* must an offset not be in the code as it is? */
void skep_jit_goto(struct jit *j, u32 slot, u8 cc); /* jump of `slot`; cc 0xff: always */
u8 skep_jit_cc(u16 op);
void skep_jit_compare(struct jit *j, const struct skep_ins *in); /* sets the flags that skep_jit_cc() tests */

void skep_jit_access_insn(struct jit *j, const struct skep_ins *in); /* a load, a store, an atomic */

/* --- arena.c: addresses in the arena --------------------------------------------- */

void skep_jit_arena_access(struct jit *j, const struct skep_ins *in);
void skep_jit_cast_user(struct jit *j, u8 dst, u8 src);
void skep_jit_arena_stubs(struct jit *j);

/* --- divide.c ------------------------------------------------------------------ */

void skep_jit_divide(struct jit *j, u32 slot);

/* --- fuse.c: several at once ---------------------------------------------------- */

/* Slots that were compiled together from `slot` on, or 0. */
u32 skep_jit_fuse(struct jit *j, u32 slot);

/* --- call.c: functions, calls, stubs ---------------------------------------------- */

void skep_jit_prologue(struct jit *j);
void skep_jit_exit(struct jit *j);
void skep_jit_call(struct jit *j, u32 slot);
void skep_jit_packet(struct jit *j, u32 slot);
bool skep_jit_stubs(struct jit *j);		  /* false: no memory */
void skep_jit_charge(struct jit *j, u32 cost); /* against the budget, if there is one */

/* --- layout.c -------------------------------------------------------------------- */

struct jit_image {
	u8 *code;
	u32 size, mapped;
	u32 entry, body, callback; /* offsets; ~0: none */
	u32 *func;		   /* of each function; the caller's block */
};
/* Place everything; `native` receives the offset of each slot and of the end. 0, SKEP_ENOMEM,
 * SKEP_EENV */
int skep_jit_layout(struct jit *j, u64 near, u32 *native, struct jit_image *out);

/* --- mem.c ------------------------------------------------------------------------ */

u8 *skep_jit_mem_new(u32 size, u64 near, u32 *mapped); /* writable; NULL: none */
/* Executable, no longer writable; what is behind `size` bytes traps. */
bool skep_jit_mem_seal(u8 *p, u32 size, u32 mapped);
void skep_jit_mem_free(u8 *p, u32 mapped);

/* --- debug.c ---------------------------------------------------------------------- */

/* The list that gdb reads, for forks. */
void skep_jit_debug_lock(void);
void skep_jit_debug_unlock(void);

#endif
