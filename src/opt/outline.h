/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the pass outline: its plan (outline.c) and what is done by it (outline_put.c). */
#ifndef SKEP_OPT_OUTLINE_H
#define SKEP_OPT_OUTLINE_H

#include "opt/opt_impl.h"

enum { OUTLINE_MAX_LEN = 64 };
#define OUTLINE_NOWHERE UINT32_MAX

/* A function of the object. */
struct outline_func {
	struct skep_cfg *cfg;
	struct skep_facts *fa;
	struct skep_live *lv;
	u32 stack, above, frames; /* bytes of its frame, of those above it; functions above it */
	bool loaded;		  /* some program calls it, or it is one */
	bool ok;
};

/* How a row becomes a function. */
struct outline_shape {
	u16 in, wr; /* registers read on entry, and written */
	bool has_call;
	s8 arg[11];	      /* of those read on entry: in which register the value comes */
	s8 body_reg[11];      /* and in which register the body has it */
	u32 nmoves, prologue; /* moves before a call; at the start of the body */
	int out;	      /* the register that is wanted behind the row, -1: none */
	u32 direct;	      /* the instruction that can give it in r0, or OUTLINE_NOWHERE */
	u32 slots;
};

/* Equal rows. */
struct outline_group {
	u32 len;
	u32 *at, n;	/* places that share a function */
	u32 *all, nall; /* places to choose from */
	struct outline_shape shape;
	s32 gain; /* slots saved, summed over programs */
	struct skep_func *func;
};

struct outline {
	struct skep_opt *o;
	struct skep_arena *arena;
	struct outline_func *func;
	u32 nfunc;
	u8 **reach; /* by program: functions that it loads */
	u32 nprog;
	struct skep_insn **insn; /* of all functions */
	u32 *letter;
	u8 *taken; /* by place: in a row that is outlined */
	u32 n;
	SKEP_VEC(outline_groups, struct outline_group) group;
};

/* Find what pays; `allowed` by function. */
void skep_outline_plan(struct outline *w, const u8 *allowed);
bool skep_outline_shape(const struct outline *w, u32 at, u32 len, struct outline_shape *s);
/* Choose places among `at` that are not taken; does it pay? */
bool skep_outline_weigh(const struct outline *w, const u32 *at, u32 n, struct outline_group *g);

#endif
