/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search: the superoptimizer. A window is a few instructions of an extended basic block, chosen
 * by data dependence; candidates that do the same for less are enumerated in the
 * order of their length, tried on numbers, and proved by a solver. What is found
 * is an edit of the pass "search", or a rule that skep learn writes.
 *
 * Pure: time, interruption and the cache are the caller's, through functions. A
 * search that is not stopped depends on the window, the effort and the seed alone.
 */
#ifndef SKEP_SEARCH_H
#define SKEP_SEARCH_H

#include "opt/opt.h"
#include "rule/rule.h"

enum {
	SKEP_WIN_MAX = 12,  /* instructions of a window */
	SKEP_WIN_REGS = 8,  /* registers of a window, spare ones among them */
	SKEP_WIN_IN = 4,    /* of them live on entry */
	SKEP_WIN_BASE = 10, /* stands for the base register of a store at the end */
	SKEP_WIN_KEY = 512, /* bytes of a window as a key, at most */
};

/* What the last instruction of a window is. It stays what it is, with other operands. */
enum skep_sink {
	SKEP_SINK_NONE,	  /* arithmetic as the others */
	SKEP_SINK_BRANCH, /* a conditional jump: taken or not */
	SKEP_SINK_STORE,  /* a store of a register: the bytes that it writes */
};

/*
 * A window in canonical form: registers are numbered in the order in which the
 * instructions name them, those that are live on entry first; then one spare.
 */
struct skep_window {
	struct skep_ins
		in[SKEP_WIN_MAX]; /* the sink last; a store's base is SKEP_WIN_BASE, its offset 0 */
	u8 n, sink;		  /* sink: enum skep_sink */
	u8 nreg, nin;
	u8 bits[SKEP_WIN_IN];	 /* entry facts: register i is below 2^bits, */
	bool fixed[SKEP_WIN_IN]; /* or is a constant: */
	u64 value[SKEP_WIN_IN];
	u16 out;	/* registers that must hold the same behind */
	u16 half;	/* of `out`: those of which only the low half counts; none with a `side` */
	u16 keep;	/* registers that must stay as they were */
	/*
	 * A branch among the instructions by which control may leave: 1 + its index, 0: none.
	 * It stays where it is, as it is; the row is then two, one before it, one at the end.
	 */
	u8 side;
	bool side_not;		 /* control leaves when it is not taken */
	u16 side_out, side_keep; /* as out and keep, for where control leaves */
	/*
	 * With loads: 1 + the number of a register that stands for eight bytes of memory, 0: there
	 * are none. A load is `rN = *(rM + offset)` with that register; byte 0 is its lowest. Nothing
	 * else reads it.
	 */
	u8 mem;
	u8 level, mode; /* instructions allowed; enum skep_opt_mode */
	bool big;
};

/* A row of instructions that does what a window does. */
struct skep_found {
	struct skep_ins in[SKEP_WIN_MAX];
	u8 n;
};

/* --- windows (window.c, build.c) ------------------------------------------------------ */

/* A window and where it was taken from. */
struct skep_site {
	struct skep_window w;
	struct skep_insn
		*insn[SKEP_WIN_MAX]; /* in order; what replaces them stands where the last stood */
	u8 real[SKEP_WIN_REGS];	     /* registers by canonical number; of `mem`: the base */
	s64 mem_off;		     /* of byte 0 from the base */
};

/* Walks the windows of a function; fields but `sides` are its own. */
struct skep_windows {
	const struct skep_opt_view *view;
	bool loads; /* also windows with loads of the packet and of maps' values */
	bool sides; /* also windows with a branch inside by which control may leave */
	u32 num, n; /* the root; the window so far */
	struct skep_insn *insn[SKEP_WIN_MAX];
	u32 rejected[SKEP_WIN_MAX], nrejected; /* producers that cannot be gathered */
	bool rows; /* rows as they stand come after those by dependence */
};
void skep_windows_init(struct skep_windows *it, const struct skep_opt_view *view);
/* The next window that can be moved to its last instruction; false: there is none left. */
bool skep_windows_next(struct skep_windows *it, struct skep_site *out);

/*
 * The window of these instructions (one way, in order), or false: they cannot be
 * gathered at the last, or hold what is no plain number. One besides the last may be a
 * conditional branch that ends a block: those before it are gathered there, the others
 * at the last.
 */
bool skep_window_build(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n,
		       struct skep_site *out);
/* A window as bytes: equal keys, equal windows. Returns the length, at most SKEP_WIN_KEY. */
u32 skep_window_key(const struct skep_window *w, u8 *key);
/* The inverse; false: these bytes are no window. */
bool skep_window_from_key(const u8 *key, u32 len, struct skep_window *w);
/* The same of a row. */
u32 skep_found_key(const struct skep_found *f, u8 *key);
bool skep_found_from_key(const u8 *key, u32 len, struct skep_found *f);
/* The instructions as text, a line each, with "# " lines for facts; for people and for tests. */
void skep_window_print(const struct skep_window *w, struct skep_buf *out);
void skep_found_print(const struct skep_found *f, struct skep_buf *out);

/* --- cost (cost.c) ------------------------------------------------------------------------ */

/*
 * What an instruction costs under a goal. SIZE: slots, then time; SPEED: measured
 * time (cost.def), then slots; VERIFIER: instructions to go through, then slots.
 */
u32 skep_search_cost(enum skep_opt_mode mode, const struct skep_ins *in);
u32 skep_search_cost_of(enum skep_opt_mode mode, const struct skep_ins *in, u32 n);

/* --- one window (proof.c, search.c) -------------------------------------------------------- */

/* Does the row do what the window does, for all inputs that the entry facts allow? */
enum skep_found_answer { SKEP_FOUND_YES, SKEP_FOUND_NO, SKEP_FOUND_UNKNOWN };
/* NO: *input, if not NULL, gets the values of the live registers on which they differ. */
enum skep_found_answer skep_found_prove(const struct skep_window *w, const struct skep_found *f,
					u32 timeout_ms, u64 input[SKEP_WIN_IN]);
/*
 * Will a verifier know as much of the results as before? The ranges of what is
 * live behind, computed over both rows, must not be wider.
 */
bool skep_found_bounded(const struct skep_window *w, const struct skep_found *f);
/* Does the row cost less under the window's goal? */
bool skep_found_cheaper(const struct skep_window *w, const struct skep_found *f);
/*
 * Run a row of the window's on numbers: the registers behind; a branch's outcome or a store's value
 * in *sink. True: control left by the branch inside, the registers are those there.
 */
bool skep_window_run(const struct skep_window *w, const struct skep_ins *in, u32 n,
		     u64 reg[SKEP_WIN_REGS], u64 *sink);
/* What a load of these eight bytes gives. */
u64 skep_window_load(const struct skep_ins *in, u64 bytes, bool big);
/* The index of the branch inside such a row; n: there is none. */
u32 skep_window_side(const struct skep_window *w, const struct skep_ins *in, u32 n);

enum { SKEP_EFFORTS = 3 }; /* quick, thorough, and with a stochastic search */

struct skep_search_opts {
	size_t sz;  /* sizeof(struct skep_search_opts) */
	u32 effort; /* 0 to SKEP_EFFORTS - 1 */
	u64 seed;
	u32 timeout_ms; /* of one proof; 0: 300 */
	/* Asked now and then; true: give up. May be NULL. */
	bool (*stop)(void *user);
	void *user;
};
struct skep_search_stats {
	u64 nodes, proofs, refuted, unknown;
};
enum skep_search_result {
	SKEP_SEARCH_FOUND,
	SKEP_SEARCH_NOTHING, /* nothing within this effort */
	SKEP_SEARCH_STOPPED,
};
/* The cheapest row that was found and proved. Windows on different threads are independent. */
enum skep_search_result skep_search_window(const struct skep_window *w,
					   const struct skep_search_opts *opts,
					   struct skep_found *out, struct skep_search_stats *stats);

/* --- an object (improve.c) ------------------------------------------------------------------ */

/* What is known of a window: results that hold for as long as the key does. */
struct skep_search_cache {
	/* True: known; *effort is what it was searched with, f->n is UINT8_MAX when nothing was
	 * found. */
	bool (*get)(void *user, const u8 *key, u32 len, u32 *effort, struct skep_found *f);
	void (*put)(void *user, const u8 *key, u32 len, u32 effort, const struct skep_found *f);
	void *user;
};

struct skep_searcher_opts {
	size_t sz; /* sizeof(struct skep_searcher_opts) */
	u64 seed;
	u32 sweeps; /* of growing effort; 0: SKEP_EFFORTS */
	/* How much of the time is over, 0 to 1; 1 also when somebody asked to stop. Functions share
	 * it by their size. */
	double (*spent)(void *user);
	void (*progress)(void *user); /* after each window that was searched; or NULL */
	void *user;
	struct skep_search_cache cache; /* functions may be NULL */
};
struct skep_searcher_stats {
	u32 windows, searched, known,
		found; /* looked at, searched, answered by the cache, made cheaper */
	struct skep_search_stats search;
};
/* A searcher remembers every answer, so the same object gives the same edits again. */
struct skep_searcher;
struct skep_searcher *skep_searcher_new(const struct skep_searcher_opts *opts,
					struct skep_arena *arena);
/* For skep_opt_opts.search; `user` is the searcher. */
bool skep_searcher_next(void *user, const struct skep_opt_view *view, struct skep_opt_swap *out);
const struct skep_searcher_stats *skep_searcher_stats(const struct skep_searcher *s);

/* --- learning (harvest.c, general.c) -------------------------------------------------------------
 */

struct skep_harvest_row {
	struct skep_window w;
	u32 hits;  /* places where it stands */
	u32 order; /* in which it came */
};
struct skep_harvest;
struct skep_harvest *skep_harvest_new(struct skep_arena *arena);
/* Count the windows of a function, for instructions up to `level` and for a goal. */
void skep_harvest_add(struct skep_harvest *h, const struct skep_obj *obj, struct skep_func *f,
		      u32 level, enum skep_opt_mode mode, struct skep_arena *scratch);
/* The windows, commonest first; sorted anew with each call. */
struct skep_harvest_row **skep_harvest_sort(struct skep_harvest *h, u32 *n);
/* Make the facts coarse and take out what a rule does not have. */
void skep_window_generalize(struct skep_window *w);

struct skep_learn_opts {
	size_t sz;	/* sizeof(struct skep_learn_opts) */
	u32 timeout_ms; /* of one question of a proof; 0: 1000 */
	u64 seed;
};
/*
 * The most general rule of which the window and its row are a case, and that was
 * proved for all values of its parameters; NULL: not even these numbers make one.
 * In the arena; its name is `name`.
 */
const struct skep_rule *skep_learn_rule(const struct skep_window *w, const struct skep_found *f,
					const char *name, const struct skep_learn_opts *opts,
					struct skep_arena *arena);
/* Does the rule apply to the window, whatever its registers are called? */
bool skep_rule_covers(const struct skep_rule *r, const struct skep_window *w);
/*
 * The window of some of the instructions (bits of `which`) where the others stay, or
 * false: they cannot be gathered. Facts are those that the whole has on entry.
 */
bool skep_window_part(const struct skep_window *w, u32 which, struct skep_window *part);

#endif
