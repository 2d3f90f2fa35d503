/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to prove: states over terms, cuts, walks. */
#ifndef SKEP_PROVE_IMPL_H
#define SKEP_PROVE_IMPL_H

#include "prove/prove.h"

enum {
	NREG = 11,
	STK = SKEP_STACK,
	MAX_LITS = 256,
	MAX_EVENTS = 96,
	MAX_ATOMS = 24,
	MAX_CELLS = 16,
	MAX_ASSUMED = 512,
	MAX_MERGES = 64 /* one within the other */
};

/* Uninterpreted functions: the low byte of a function's number; the rest are parameters. */
enum {
	FN_UPDATE =
		1, /* memory, base, offset, value -> memory: one byte (region, byte of the value) */
	FN_PTRCELL,   /* memory, base, offset, value -> memory: a pointer field that is known
			 (region, size) */
	FN_LOAD,      /* memory, address -> byte */
	FN_LOADPTR,   /* memory, address -> a pointer that takes fewer bytes than it has (size) */
	FN_EVENT,     /* trace, ... -> trace */
	FN_AFTER,     /* event -> memory */
	FN_RESULT,    /* event -> r0 */
	FN_WROTE,     /* event -> did it write this stack byte? */
	FN_WRITTEN,   /* event -> that byte */
	FN_PURE,      /* arguments -> r0 of a helper without effect */
	FN_STACK,     /* words -> the stack as a whole */
	FN_STACKLOAD, /* stack, memory, address -> value */
	FN_STACKSTORE, /* byte, address, value -> what the byte is then (which byte, size) */
	FN_CAST,
	FN_CHOICE, /* event -> does may_goto jump? */
};
#define FN(kind, param) ((u64)(kind) | (u64)(param) << 8)

/* Variables: numbers below VAR_CUT are of the whole function; the others are made by cuts. */
enum { VAR_FP = 1, VAR_CTX, VAR_MEM, VAR_TRACE, VAR_ARG = 16, VAR_UNINIT = 32, VAR_STACK = 64 };
#define VAR_SYM ((u64)1 << 62)
#define VAR_CORE ((u64)1 << 61)
#define VAR_CUT ((u64)1 << 32)

enum region { R_STACK, R_PKT, R_CTX, R_MAP, R_OTHER, R_STACK_SOMEWHERE, R_ANY };

/* A byte: of the term in the low half, the byte whose number is in the high half. */
typedef u64 sbyte;
static inline sbyte mk_byte(u32 term, u32 idx)
{
	return (u64)idx << 32 | term;
}

struct state {
	u32 reg[NREG];
	u32 mem, trace;
	u32 nevent;  /* events since the cut */
	u32 nrandom; /* helpers without effect whose results cannot be foretold */
	sbyte stk[STK];
};

struct side {
	const struct skep_obj *obj;
	struct skep_func *func;
	struct skep_cfg *cfg;
	struct skep_facts *fa;
	struct skep_live *lv;
	u32 *twin;  /* by num: number on the other side, or NONE */
	bool *stop; /* by num: a cut may be here */
	u32 *pdom;  /* by block: where its ways meet (merge.c), or NULL: paths are followed one by one */
};
enum { P, Q, NONE = 0xffffffffu };

/* An event of the path that P took, for Q to repeat. */
struct event {
	u32 term;
	const struct skep_insn *insn;
	u16 regs;   /* a call's arguments that hold something */
	bool stack; /* one of them may point into the frame */
};

/* A memory cell that is known at a cut. */
struct cell {
	u8 region;
	u8 size;
	bool ptr;      /* FN_PTRCELL */
	u32 base, val; /* templates */
	u64 off;
};

/* A place that a cut speaks of: a register or a run of stack bytes of one version. */
struct loc {
	u8 side, reg, size; /* reg 0xff: stack */
	u16 at;		    /* stack: r10 - 512 + at */
	u32 tmpl;	    /* what it holds: a term over the variables of the cut */
	u32 var;	    /* the variable that it gives a value, or 0 */
};

struct cut {
	struct skep_insn *p, *q;
	u32 index;
	bool dirty, through; /* to be walked; no cut any more */
	bool seen;	     /* somebody arrived */
	struct loc *loc;
	u32 nloc;
	u32 atom[MAX_ATOMS], natom;
	struct cell cell[MAX_CELLS];
	u32 ncell;
	u32 *from, nfrom, cfrom; /* cuts whose walks arrive here */
};

struct prover {
	bool halves; /* cuts keep low halves alone where nobody reads the upper ones */
	struct skep_arena *arena;
	struct skep_smt smt;
	struct skep_prove_opts opts;
	struct skep_prove_result *res;
	struct side side[2];
	struct skep_hmap cuts; /* by both numbers */
	SKEP_VEC(cut_vec, struct cut *) cut;
	/* The walk that is going on. */
	struct cut *now;
	u32 lit[MAX_LITS], nlit;
	u32 assumed[MAX_ASSUMED], nassumed; /* literals that are facts of P */
	struct event event[MAX_EVENTS], random[MAX_EVENTS]; /* of P's path */
	u32 nevent, nrandom;
	u64 regions_key[256]; /* base -> region, as P saw it */
	u8 regions_val[256];
	struct state q0;	      /* where Q's part of the walk begins */
	const struct state *at_state; /* where P stopped, and its state there; NULL: the end */
	struct skep_insn *at_insn;
	u32 paths, path_steps, depth;
	bool lag; /* Q is ahead of P */
	struct hunt *hunt; /* for inputs on which both differ; NULL: a proof */
	u32 goal;	   /* what does not follow, of the comparison that failed last; 0: the path itself */
	/* The first thing that was not proved. */
	bool failed;
	enum skep_smt_answer why;
	const char *reason;
	const char *values;
	struct cut *fail_cut;	     /* where both arrived with what did not agree, or NULL */
};

/* --- inline.c -------------------------------------------------------------------- */
/* The function with the bodies of what only its version has, or the function itself. Numbers it. */
struct skep_func *skep_prove_inlined(struct prover *p, const struct skep_obj *obj,
				     struct skep_func *f, const struct skep_obj *other);

/* --- meaning.c ------------------------------------------------------------------- */
u32 skep_prove_atomic(struct skep_smt *s, const struct skep_ins *in, u32 old, u32 src, u32 r0);

/* --- memory.c -------------------------------------------------------------------- */
u32 skep_prove_load_stack(struct prover *p, const struct state *st, s64 off, u32 size, bool big);
void skep_prove_store_stack(struct prover *p, struct state *st, s64 off, u32 size, u32 val,
			    bool big);
/* At an address that may lie anywhere in it. */
void skep_prove_store_somewhere(struct prover *p, struct state *st, u32 addr, u32 size, u32 val);
/* The whole stack as one term. */
u32 skep_prove_stack(struct prover *p, const struct state *st);
u32 skep_prove_load(struct prover *p, u32 mem, enum region r, u32 addr, u32 size, bool big);
u32 skep_prove_load_ptr(struct prover *p, u32 mem, enum region r, u32 addr, u32 size);
u32 skep_prove_store(struct prover *p, u32 mem, enum region r, u32 addr, u32 size, u32 val,
		     bool big);
u32 skep_prove_set_cell(struct prover *p, u32 mem, const struct cell *c, bool big);
/*
 * The memory that is `a` where the condition holds, else `b`; 0: their updates may meet, so that is
 * not told.
 */
u32 skep_prove_merge_mem(struct prover *p, u32 cond, u32 a, u32 b);
/* Do both chains of updates describe the same memory, under the literals of the path? */
enum skep_smt_answer skep_prove_same_mem(struct prover *p, u32 a, u32 b);

/* --- step.c ------------------------------------------------------------------------ */
enum step { STEP_ON, STEP_BRANCH, STEP_EXIT, STEP_FAIL };
/* One instruction; BRANCH: *cond is the condition (1 for a plain jump). */
enum step skep_prove_step(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			  u32 *cond);

/* --- assume.c --------------------------------------------------------------------- */
/* What the facts say of these registers of P before the instruction, as literals of the path. */
void skep_prove_assume(struct prover *p, const struct skep_insn *i, const struct state *st,
		       u16 regs);
/* Registers to which the instruction gives something that its operands do not tell. */
u16 skep_prove_opaque(const struct skep_insn *i);
/* Do the facts (seem to) decide the branch? */
bool skep_prove_decides(const struct prover *p, const struct skep_insn *i);
bool skep_prove_assumed(const struct prover *p, u32 lit);

/* --- call.c ------------------------------------------------------------------------ */
enum { MAX_ARGS = 24 };

/* What an event is made of. */
struct args {
	u32 v[MAX_ARGS];
	u32 n;
};
static inline void skep_prove_put(struct args *a, u32 t)
{
	if (a->n < MAX_ARGS)
		a->v[a->n++] = t;
}
/*
 * The event as a term, or 0: failed (or, for atomics, an event that P does not
 * have where the memory has to tell).
 */
u32 skep_prove_event(struct prover *p, int side, struct state *st, const struct skep_insn *i,
		     u64 fn, struct args *a, bool atomic);
enum step skep_prove_call(struct prover *p, int side, struct state *st, const struct skep_insn *i);
/* r1 to r5 hold nothing after a call. */
void skep_prove_clobber(struct prover *p, struct state *st, u32 ev);
u64 skep_prove_hash(const char *kind, const char *s);
/* The address of something that has a name. */
u32 skep_prove_symbol(struct prover *p, const char *kind, const char *name);
/* Is it the frame pointer with something added? (Not: what a call made of one, or memory held.) */
bool skep_prove_from_fp(const struct skep_smt *s, u32 t, u32 fp);

/* --- walk.c -------------------------------------------------------------------------- */
/* Follow both sides from a cut; false when something was not proved (p->why, p->reason). */
bool skep_prove_walk(struct prover *p, struct cut *c);
/* Equal under the literals of the path? */
enum skep_smt_answer skep_prove_equal(struct prover *p, u32 a, u32 b);
/* The term where what the literals say of constants is put in. */
u32 skep_prove_current(struct prover *p, u32 t);
/* 1 or 0 when the path decides the condition, else -1; `ask` the solver? */
int skep_prove_decided(struct prover *p, u32 c, bool ask);
/* One more step; false: that were too many. */
bool skep_prove_spend(struct prover *p);
/* Q did something that P has not come to yet. */
void skep_prove_lag(struct prover *p);
/* Does P, too, have an atomic where Q has this one? */
bool skep_prove_known_atomic(const struct prover *p, const struct skep_insn *i);
/* Note what was not proved, unless no input takes this path. */
void skep_prove_fail(struct prover *p, enum skep_smt_answer a, const char *reason);

/* --- merge.c ------------------------------------------------------------------------- */
bool skep_prove_loop_free(const struct side *sd);
void skep_prove_find_joins(struct prover *p, struct side *sd);
/*
 * Follow both ways of a branch whose condition is open to where they meet: the instruction there,
 * with the state of both in *s. NULL, and *s as it was: they have to be followed one by one.
 */
struct skep_insn *skep_prove_merge(struct prover *p, int side, struct state *s,
				   const struct skep_insn *branch, u32 cond);

/* --- func.c, witness.c --------------------------------------------------------------- */
void skep_prove_both(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		     struct skep_func *g, const struct skep_prove_opts *opts,
		     struct skep_arena *arena, struct hunt *hunt, bool whole,
		     struct skep_prove_result *out);
/* The paths end differently: an input that takes them? Ends the walk (p->failed) when it shows the difference. */
void skep_prove_try(struct prover *p);
/* Were so many questions asked that it is time to end? */
bool skep_prove_hunt_over(const struct prover *p);

/* --- cut.c ---------------------------------------------------------------------------- */
struct cut *skep_prove_cut(struct prover *p, struct skep_insn *a, struct skep_insn *b);
/* Both sides arrive with these states under the path's literals. */
void skep_prove_arrive(struct prover *p, struct cut *c, const struct state *a,
		       const struct state *b);
/* The states that a walk from the cut begins with. */
void skep_prove_enter(struct prover *p, struct cut *c, struct state *a, struct state *b);

#endif
