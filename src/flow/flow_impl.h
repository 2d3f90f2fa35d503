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

#endif
