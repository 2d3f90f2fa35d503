/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to search: numbers that candidates are tried on, and the ways to find candidates. */
#ifndef SKEP_SEARCH_IMPL_H
#define SKEP_SEARCH_IMPL_H

#include "prove/prove.h"
#include "search/search.h"

enum {
	NTEST = 32,  /* inputs that every candidate is tried on as it grows */
	NMORE = 224, /* and, when it passes, these */
	NFOUND = 24, /* counterexamples that are kept */
	NIMM = 40,   /* immediates of instructions that are not the last */
	NSHIFT = 16, /* and amounts of shifts */
	MAX_SHAPES = 1024,
};

/* A row of values, one for each test. */
typedef u64 column[NTEST];

/* An instruction without its registers. */
struct shape {
	struct skep_ins in;
	u32 cost;
};

struct search {
	const struct skep_window *w;
	const struct skep_search_opts *opts;
	struct skep_search_stats *stats;
	struct skep_rng rng;
	/* Inputs: values of the registers before the row, by test. */
	column in[SKEP_WIN_REGS];
	u32 ntest;
	u64 more[NMORE + NFOUND][SKEP_WIN_REGS];
	u32 nmore;
	/* What the window does with them. */
	column want[SKEP_WIN_REGS], want_sink;
	u64 want_more[NMORE + NFOUND][SKEP_WIN_REGS], want_more_sink[NMORE + NFOUND];
	u64 sink_mask; /* bits of a stored value that count */
	/* With a branch inside: the registers there; on which tests control leaves, and which test
	 * stands for such a one behind the branch. */
	column at_side[SKEP_WIN_REGS];
	bool left[NTEST], left_more[NMORE + NFOUND];
	u8 stand[NTEST];
	bool lost; /* it leaves on all of them */
	/* Constants. */
	s32 imm[NIMM], shift[NSHIFT];
	u32 nimm, nshift;
	struct shape shape[MAX_SHAPES];
	u32 nshape;
	u16 writable; /* registers that a candidate may write */
	/* The best so far. */
	struct skep_found best;
	u32 best_cost;
	bool found;
	u64 nodes, budget; /* of the enumeration */
	u32 proofs, max_proofs, asked;
	bool over;
	u64 *seen; /* states that were there, as hashes; a power of two of them */
	u32 nseen;
};

static inline bool is_load(const struct skep_ins *in)
{
	return in->op == SKEP_LDX || in->op == SKEP_LDXS;
}
/* Bytes that it loads, as bits. */
static inline u32 bytes_of(const struct skep_ins *in)
{
	return ((1u << in->size) - 1) << in->off;
}
/* The bits of a register that count behind the window. */
static inline u64 counts(const struct skep_window *w, u32 reg)
{
	return w->half >> reg & 1 ? UINT32_MAX : ~(u64)0;
}
/* proof.c: may the row load so? As often as the window at most, no byte twice that... see there. */
bool skep_loads_fit(const struct skep_window *w, const struct skep_ins *in, u32 n);

/* build.c: arithmetic on numbers; what an instruction is at the end of a window. */
bool skep_window_plain(const struct skep_insn *i);
enum skep_sink skep_window_sink(const struct skep_insn *i);
/* Registers that count as operands; a store's base does not. */
u16 skep_window_operands(const struct skep_insn *i);
/* The numbers from `first` to `last` as control goes, in `num`; 0: it does not go from one to the
 * other, or by a long way. */
enum { WAY_MAX = 256 };
u32 skep_window_way(const struct skep_cfg *g, u32 first, u32 last, u32 num[WAY_MAX]);
/* Can only numbers be operands of this, no pointers? */
bool skep_for_numbers(const struct skep_ins *in);

/* tests.c: inputs, constants, the shapes of instructions; whether a candidate passes. */
void skep_search_prepare(struct search *s);
/* A candidate passed the tests: does it hold? Then it becomes the best, if it is cheaper. */
bool skep_search_offer(struct search *s, const struct skep_ins *in, u32 n);
bool skep_search_stopped(struct search *s);
/* enumerate.c: all rows of `len` instructions, besides the sink. */
void skep_search_enumerate(struct search *s, u32 len);
/* stochastic.c */
void skep_search_stochastic(struct search *s, u32 len, u32 steps);

#endif
