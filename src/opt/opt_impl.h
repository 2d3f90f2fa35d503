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

/* A place in the pipeline. */
struct skep_opt_at {
	u32 func, round, pass; /* pass: in the list of those to run */
	bool more;	       /* some pass changed something in this round */
};

struct skep_opt {
	struct skep_obj *obj;
	const struct skep_opt_opts *opts;
	struct skep_arena *scratch; /* released after each pass run */
	u32 level;		    /* instructions allowed */
	const char *pass;
	/* What was seen of a function, good while it is not changed (seen.c). */
	struct skep_arena *seen; /* released before a run of a pass when it is no longer good */
	struct skep_func *seen_func;
	struct skep_live *seen_live;
	u32 seen_at;	 /* its count of changes then */
	bool seen_stale; /* found by the check of the model */
	struct skep_func *quiet_func;
	u32 *quiet; /* by pass: the count of changes when it last found nothing */
	/* Facts of the current function; see skep_opt_look(). */
	struct skep_cfg *cfg;
	struct skep_facts *fa;
	struct skep_live *lv;
	u8 *touched; /* by num */
	/* Facts of the whole object as it was (see ranges.c), by id; NULL: not asked for. */
	struct skep_arena *keep; /* lives as long as the run */
	const struct skep_vfact *vfact;
	u32 nvfact;
	u8 *ranged, *began; /* by function: were they used; has another pass changed it */
	/* Of a pass over the whole object. */
	struct skep_arena *whole; /* lives until it is done, or plans anew */
	struct outline *outline;
	struct skep_func **instead; /* of pass dedup, by function: who is called instead of it */
	u32 *slots; /* by function: as it was read */
	bool legacy_subprog; /* a subprogram loads from the packet by LD_ABS or LD_IND (see dce.c) */
	/* Edits so far. */
	struct skep_opt_result *res;
	u32 cap, refused_cap;
	struct skep_opt_at at;
	struct skep_ahead *ahead; /* see judged.c; NULL: the judge, if any, is asked at once */
	u32 step_limit; /* edits in all after which this run of a pass stops; 0: none */
	/* The edit that is open. */
	struct skep_insn *edge_before, *edge_after;
	struct skep_func *func;
};

/*
 * Graph and facts, and liveness when `live`; they last until the pass ends. Passes do not write into
 * them, but where they say so (o->seen_func = NULL).
 */
void skep_opt_look(struct skep_opt *o, struct skep_func *f, bool live);
/* Before a run of a pass: what was seen of another function or version goes. */
void skep_opt_forget_seen(struct skep_opt *o, struct skep_func *f);

/*
 * Open an edit of the region first..last (in list order, one function). False
 * when the edit is denied: then change nothing. Otherwise edit between, and close.
 */
bool skep_opt_begin(struct skep_opt *o, const char *why, struct skep_insn *first, struct skep_insn *last);
void skep_opt_end(struct skep_opt *o);

/* Was a rewrite of this pass that begins here refused, by the caller or the judge? */
bool skep_opt_listed(const struct skep_opt *o, const struct skep_insn *first);

/* Region bookkeeping of passes by liveness; from..to in one block, by old numbers. */
bool skep_opt_clean(const struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to);
void skep_opt_touch(struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to);

/* Is the instruction allowed at the level that was asked for? */
bool skep_opt_allowed(const struct skep_opt *o, const struct skep_ins *in);

/* The opposite of a conditional branch in a form that the level has (branch.c); false when there is none. */
bool skep_opt_opposite(const struct skep_opt *o, const struct skep_ins *in, struct skep_ins *out);

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

enum { OPT_READS = SKEP_MEETS_READS, OPT_WRITES = SKEP_MEETS_WRITES };
/*
 * Between a and b (both exclusive, in that order, one block): does anything
 * read or write (as `what` says) memory that may meet `at`?
 */
bool skep_opt_meets(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b,
		    const struct skep_place *at, int what);
/* Does this instruction? */
bool skep_opt_meets_at(const struct skep_opt *o, const struct skep_insn *i, const struct skep_place *at, int what);
/* May memory at this place be accessed in other widths than the program does? */
bool skep_opt_widenable(const struct skep_place *at, u32 size, bool store);

/*
 * Are the pointers that two equal instructions work on of the same kinds, as the kernel wants it of one
 * instruction? `x`, `y`: facts of their functions.
 */
bool skep_opt_same_kinds(const struct skep_obj *obj, const struct skep_facts *x, const struct skep_insn *a,
			 const struct skep_facts *y, const struct skep_insn *b);

/* --- rows that occur more than once (rows.c) ------------------------------------ */

typedef void (*skep_rows_fn)(void *user, u32 len, const u32 *at, u32 n);
/* Call `fn` with each set of equal rows, shortest first: places in order. Letter 0 is in no row. */
void skep_rows_find(const u32 *letter, u32 n, u32 max_len, struct skep_arena *arena, skep_rows_fn fn, void *user);

/* --- webs (webs.c) ---------------------------------------------------------- */

struct skep_webs {
	struct skep_opt *o;
	u32 *up;      /* union-find over nodes: definitions (11 an instruction), then block entries (11 a block) */
	u32 *lo, *hi; /* by root: numbers between which the web is mentioned or live; lo > hi: nowhere */
	u8 *pin;      /* by root: some mention has its register by convention */
	u32 other;    /* node of what skep_web_occupy() put there */
	u32 *use;     /* by num * 11 + register: node of what it holds before the instruction */
};
/* Of the version that skep_opt_look(o, f, true) looked at; in the scratch arena. */
struct skep_webs *skep_webs_compute(struct skep_opt *o);
/* The web in a register before or after the instruction. */
u32 skep_web_before(const struct skep_webs *w, const struct skep_insn *i, u8 reg);
u32 skep_web_after(const struct skep_webs *w, const struct skep_insn *i, u8 reg);
/* Which fields of an instruction name registers? */
void skep_opt_fields(const struct skep_ins *in, bool *dst, bool *src);
/* How the fields of an instruction use a web that is in `reg`. */
enum { WEB_DST = 1, WEB_SRC = 2, WEB_TIED = 4 /* overwritten in place, or by convention */ };
int skep_web_uses(const struct skep_webs *w, const struct skep_insn *i, u32 web, u8 reg);
/* Does the instruction define (part of) the web? */
bool skep_web_defines(const struct skep_webs *w, const struct skep_insn *i, u32 web, u8 reg);
bool skep_web_pinned(const struct skep_webs *w, u32 web);
/* Is `to` free wherever the web (now in `reg`) is live? Web `with` may be there. */
bool skep_web_fits(const struct skep_webs *w, u32 web, u8 reg, u8 to, u32 with);
/*
 * Do two webs hold the same wherever both are live, and is neither written while
 * the other is live, but by `copy` and other copies from one to the other?
 */
bool skep_webs_agree(const struct skep_webs *w, u32 a, u8 ra, u32 b, u8 rb, const struct skep_insn *copy);
/* Rename a web that is not pinned; facts and liveness of what is live stay true. */
void skep_web_rename(struct skep_webs *w, u32 web, u8 reg, u8 to);
/* Say that before this instruction the register holds something new. */
void skep_web_occupy(struct skep_webs *w, u32 num, u8 reg);
/* And that the instruction puts it there. */
void skep_web_occupy_by(struct skep_webs *w, const struct skep_insn *i, u8 reg);
/* Make one web of two in the same register; returns it. */
u32 skep_web_join(struct skep_webs *w, u32 a, u32 b);
/* Widen lo..hi to the web's span. */
void skep_web_span(const struct skep_webs *w, u32 web, u32 *lo, u32 *hi);

/* --- passes and their judge (judged.c) ------------------------------------------ */

/* Run the pass; what the judge refuses is taken back. `refused`: it is known to refuse all edits together. */
bool skep_judged_run(struct skep_opt *o, u32 p, struct skep_func *f, bool refused);
/* The same with a judge who answers later, when the options have one. */
void skep_ahead_init(struct skep_opt *o);
bool skep_ahead_run(struct skep_opt *o, u32 p, struct skep_func *f);
/* Take the answers that are there, or wait for all. True: one was no, and the pipeline is where it was then. */
bool skep_ahead_settle(struct skep_opt *o, bool all);
void skep_ahead_fini(struct skep_opt *o);

extern bool (*const skep_pass_fn[])(struct skep_opt *, struct skep_func *); /* by number, as skep_opt_passes() */
/* One run of a pass over a function, judged if there is a judge. */
bool skep_opt_run_pass(struct skep_opt *o, u32 p, struct skep_func *f);
/* Is the pass left out of the function, by the goal or the caller? */
bool skep_opt_left_out(const struct skep_opt *o, const struct skep_func *f, u32 p);

/* --- passes over the whole object (whole.c) -------------------------------------- */

/* By number: what such a pass begins with, NULL for others. False: there is nothing to do. */
extern bool (*const skep_plan_fn[])(struct skep_opt *, const u8 *allowed);
/* Run such a pass; did it change anything? */
bool skep_whole_run(struct skep_opt *o, u32 p);

#define P(name, slower, summary) bool skep_pass_##name(struct skep_opt *o, struct skep_func *f);
/* W: before any function is changed the pass looks at all of them. False: there is nothing to do. */
#define W(name, slower, summary)                                                                   \
	P(name, slower, summary)                                                                   \
	bool skep_plan_##name(struct skep_opt *o, const u8 *allowed /* by function */);
#include "opt/pass.def"
#undef P
#undef W

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
