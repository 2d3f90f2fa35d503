/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to opt: what passes work with.
 *
 * A pass run sees facts of the version at its start. So that they stay true
 * while it edits, a pass follows one of two disciplines:
 *   - by facts: every instruction it leaves or puts in gives each register the
 *     same value at the same place as before; it never looks at liveness;
 *   - by liveness: it changes what happens inside a region of one block, gives
 *     what is live behind the region the same values, reads nothing on entry
 *     that was not live there, and marks the region (skep_opt_touch); regions
 *     of one run do not overlap.
 */
#ifndef SKEP_OPT_IMPL_H
#define SKEP_OPT_IMPL_H

#include "opt/opt.h"

struct skep_opt {
	struct skep_obj *obj;
	const struct skep_opt_opts *opts;
	struct skep_arena *scratch; /* released after each pass run */
	u32 level;		    /* instructions allowed */
	const char *pass;
	/* Facts of the current function; see skep_opt_look(). */
	struct skep_cfg *cfg;
	struct skep_facts *fa;
	struct skep_live *lv;
	u8 *touched; /* by num */
	/* Edits so far. */
	struct skep_opt_result *res;
	u32 cap;
	/* The edit that is open. */
	struct skep_insn *edge_before, *edge_after;
	struct skep_func *func;
};

/* Compute graph and facts, and liveness when `live`. */
void skep_opt_look(struct skep_opt *o, struct skep_func *f, bool live);

/*
 * Open an edit of the region first..last (in list order, one function). False
 * when the edit is denied: then change nothing. Otherwise edit between, and close.
 */
bool skep_opt_begin(struct skep_opt *o, const char *why, struct skep_insn *first, struct skep_insn *last);
void skep_opt_end(struct skep_opt *o);

/* Region bookkeeping of passes by liveness; from..to in one block, by old numbers. */
bool skep_opt_clean(const struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to);
void skep_opt_touch(struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to);

/* Is the instruction allowed at the level that was asked for? */
bool skep_opt_allowed(const struct skep_opt *o, const struct skep_ins *in);

/* Last instruction of the block of `i`, by old numbers. */
static inline struct skep_insn *skep_opt_block_last(const struct skep_opt *o, const struct skep_insn *i)
{
	return o->cfg->block[o->cfg->block_of[i->num]].last;
}
static inline struct skep_insn *skep_opt_block_first(const struct skep_opt *o, const struct skep_insn *i)
{
	return o->cfg->block[o->cfg->block_of[i->num]].first;
}

/* Does `i` touch (read or write) one of these registers? */
static inline bool skep_opt_touches(const struct skep_opt *o, const struct skep_insn *i, u16 regs)
{
	return ((skep_reads(o->obj, i) | skep_isa_writes(&i->in)) & regs) != 0;
}

/* Could a branch that is moved or made span more than 16 bits? Then passes leave branches alone. */
bool skep_opt_huge(const struct skep_func *f);

enum { OPT_READS = 1, OPT_WRITES = 2 };
/*
 * Between a and b (both exclusive, in that order, one block): does anything
 * read or write (as `what` says) memory that may meet `at`?
 */
bool skep_opt_meets(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b,
		    const struct skep_place *at, int what);
/* May memory at this place be accessed in other widths than the program does? */
bool skep_opt_widenable(const struct skep_place *at, u32 size, bool store);

#define P(name, size_only, summary) bool skep_pass_##name(struct skep_opt *o, struct skep_func *f);
#include "opt/pass.def"
#undef P

/* Shorthands for building instructions. */
static inline struct skep_ins skep_mk_mov(u8 dst, u8 src)
{
	return (struct skep_ins){.op = SKEP_MOV, .size = 8, .form = SKEP_REG, .dst = dst, .src = src};
}
static inline struct skep_ins skep_mk_movi(u8 dst, s64 imm)
{
	return (struct skep_ins){.op = SKEP_MOV, .size = 8, .form = SKEP_IMM, .dst = dst, .imm = imm};
}
static inline struct skep_ins skep_mk_load(u8 dst, u8 base, s32 off, u8 size)
{
	return (struct skep_ins){.op = SKEP_LDX, .size = size, .form = SKEP_REG, .dst = dst, .src = base, .off = off};
}
static inline bool skep_fits_s32(s64 v)
{
	return v == (s32)v;
}
static inline bool skep_fits_off(s64 v)
{
	return v == (s16)v;
}

#endif
