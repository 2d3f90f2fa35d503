/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to flow: the state of the forward analysis. */
#ifndef SKEP_FLOW_IMPL_H
#define SKEP_FLOW_IMPL_H

#include "flow/flow.h"

enum {
	NREG = 11,
	NSLOT = 64,	    /* 8-byte stack slots: [0] is r10 - 512 */
	NLOC = NREG + NSLOT, /* places that hold whole values */
	NMEM = 12,	    /* known contents of other memory */
	NEXPR = 12,	    /* known results */
};

/*
 * Names of values (skep_val.vn). An instruction names what it defines; a block
 * names what it joins; `stale` names are for copies that outlive the redefinition
 * of their name (see rename_stale).
 */
enum {
	VN_ENTRY = 3,			/* + register */
	VN_INSN = 16,			/* + 2 * num (+ 1 for the second half of a call's results) */
	VN_SYM = 0x20000000,		/* + symbol, for addresses of maps */
	VN_SEC = 0x21000000,		/* + section, for addresses in data */
	VN_CORE = 0x30000000,		/* + num, for places that a CO-RE record may move */
	VN_STALE = 0x40000000,		/* + num * NLOC + place */
	VN_JOIN = (int)0x80000000u,	/* + block * NLOC + place */
};

/* Bytes of memory whose value is known: what was stored there or loaded from there. */
struct mem_ent {
	struct skep_place at;
	struct skep_val val;
	bool sign;
};

/* A result that was computed: `op` of the values a and b. Sums are kept of the names, without constants. */
struct expr_ent {
	u16 op;
	u8 size;
	s32 off; /* of a sign-extending move: its width */
	struct skep_val a, b, res;
};

struct state {
	struct skep_val loc[NLOC]; /* registers, then stack slots */
	struct mem_ent mem[NMEM];
	u32 nmem;
	struct expr_ent expr[NEXPR];
	u32 nexpr;
	u8 *given; /* by num, shared by all states: which names the instruction gave away before (see GIVEN) */
};
/* The name of its first, second result; stale names. What was never given needs no looking for. */
enum { GIVEN = 1, GIVEN_STALE = 4 };

static inline struct skep_val mk(u8 kind, u32 vn, s64 off, u8 bits)
{
	return (struct skep_val){.kind = kind, .vn = vn, .off = off, .bits = bits};
}

static inline u8 bits_of(u64 v)
{
	return v ? (u8)(64 - __builtin_clzll(v)) : 0;
}

static inline struct skep_val mk_const(u64 v)
{
	return mk(SKEP_K_CONST, SKEP_VN_CONST, (s64)v, bits_of(v));
}

static inline bool own_join_name(u32 vn, u32 block)
{
	return vn >= (u32)VN_JOIN && (vn - (u32)VN_JOIN) / NLOC == block;
}

/* A stale name from an earlier visit of the same instruction must not meet a new one. */
static inline bool stale_of(u32 vn, u32 num)
{
	return vn >= VN_STALE && vn < (u32)VN_JOIN && (vn - VN_STALE) / NLOC == num;
}

static inline bool is_pointer(u8 k)
{
	return k != SKEP_K_CONST && k != SKEP_K_SCALAR && k != SKEP_K_UNINIT;
}

/* --- liveness of upper halves (upper.c): fills in lv->upper --- */

void skep_live_upper(const struct skep_obj *obj, const struct skep_cfg *c, struct skep_live *lv,
		     struct skep_arena *arena);

/* --- joins (facts_join.c) --- */

/* Join `b` into `a` at the start of a block; true when *a changed. */
bool skep_fact_join(struct state *a, const struct state *b, u32 block);

/* --- names and results of arithmetic (facts_alu.c) --- */

/* A name for the first or second result of an instruction, in no other place of the state. */
u32 skep_fact_fresh(struct state *s, const struct skep_insn *i, u32 half);
/* The stale names that an earlier visit of instruction `num` gave are no longer told apart. */
void skep_fact_drop_stale(struct state *s, u32 num);
/* The register holds something new. */
void skep_fact_define(struct state *s, const struct skep_insn *i, u8 reg, u8 kind, u8 bits);
void skep_fact_alu(struct state *s, const struct skep_insn *i);
void skep_fact_unary(struct state *s, const struct skep_insn *i);

#endif
