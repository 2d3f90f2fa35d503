/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prove: do two versions of a function do the same? The answer is one of three:
 * proved, not equal (with values on which they differ), or could not tell.
 *
 * The two are walked side by side from cut to cut (a cut: a place in each). Between
 * cuts the instructions' meanings (insn.def) are followed over terms; what holds
 * at a cut (which registers, stack bytes and memory cells of both versions are
 * equal, constant or narrow, which branches were taken) is guessed on the first
 * arrival, and kept only as far as every other arrival bears it out. Memory, the
 * order of effects and the end of the function must agree wherever both stop.
 *
 * Of two objects (BY_TEXT) for which that fails, functions without loops are then
 * walked from beginning to end, paths that part and meet again as one (merge.c).
 *
 * Taken on trust: the kinds of pointers that flow gives (whether an address is in
 * the stack, the packet, the context or a map's value), hence that the verifier
 * keeps these regions apart; the table of helpers; that elements of arrays do not move; that nobody else writes the
 * memory in between; and, when they are given, flow's joined facts of A (assume.c says why
 * they may be). Not trusted: every pass, and flow's values and liveness.
 */
#ifndef SKEP_PROVE_H
#define SKEP_PROVE_H

#include <stdatomic.h>

#include "flow/flow.h"
#include "rule/rule.h"
#include "smt/smt.h"

enum skep_prove_verdict { SKEP_PROVE_EQUAL, SKEP_PROVE_DIFFERS, SKEP_PROVE_UNKNOWN };

/* Which instruction of one version stands where one of the other did. */
enum skep_prove_match {
	SKEP_PROVE_BY_ID,   /* the same object before and after edits */
	SKEP_PROVE_BY_TEXT, /* two objects: the longest common row of instructions */
};

struct skep_prove_opts {
	size_t sz; /* sizeof(struct skep_prove_opts) */
	enum skep_prove_match match;
	u32 timeout_ms; /* of one question to the solver; 0: 500 */
	u32 max_paths;	/* followed between two cuts; 0: 96 */
	u32 max_steps;	/* instructions followed in all; 0: 4,000,000 */
	u32 max_solved; /* questions to the solver in all; 0: 600, more than nearly all proofs need */
	/*
	 * What holds before each instruction of A, by id (see skep_vfacts_of(), of A or of the version
	 * that this function of it has been in since); or NULL. Then it is taken on trust, too.
	 */
	const struct skep_vfact *facts;
	u32 nfacts;
	u32 prog_type, cpus; /* of the runs for skep_prove_hunt(); 0: the section's; 1 */
	/* Set by another thread when the answer is not wanted any more; or NULL. */
	const atomic_bool *stop;
	/* Every question that the solver got, as SMT-LIB2, and its answer (unsat, sat, unknown); or
	 * NULL. */
	void (*dump)(void *user, const char *text, size_t n, const char *answer);
	void *user;
};

struct skep_prove_result {
	enum skep_prove_verdict verdict;
	const char *reason; /* not EQUAL: what was not proved; in the arena */
	u32 at_a, at_b;	    /* ids: where the walk began that failed */
	bool from_entry;    /* that was the start of the function: the values are an input */
	const char *values; /* DIFFERS: registers and other unknowns on which they differ; in the
			       arena */
	u32 cuts, walks, paths, steps, queries, solved, timeouts;
};

/*
 * Compare function `f` of object `a` with `g` of `b` (which may be the same
 * object). Numbers the instructions of both. Everything that is returned is in
 * the arena.
 */
void skep_prove_func(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		     struct skep_func *g, const struct skep_prove_opts *opts,
		     struct skep_arena *arena, struct skep_prove_result *out);

/* --- inputs on which they differ (witness.c) ------------------------------------------ */

enum skep_prove_where {
	SKEP_PROVE_CTX,	  /* the context */
	SKEP_PROVE_PKT,	  /* the packet */
	SKEP_PROVE_DATA,  /* A's data section number `of` */
	SKEP_PROVE_VALUE, /* the value that lookup number `of` finds */
};
struct skep_prove_byte {
	u8 where, val;
	u32 of, off;
};
/* A key that is in a map, or is not. */
struct skep_prove_lookup {
	const struct skep_map *map; /* of A */
	u8 *key;
	bool there;
};
/* What a helper is to answer; `order` grows with the calls. */
struct skep_prove_helper {
	u32 id, order;
	u64 val;
};
/* What of an input matters; the rest may be anything. */
struct skep_prove_input {
	const struct skep_prove_byte *byte;
	u32 nbyte;
	const struct skep_prove_lookup *lookup;
	u32 nlookup;
	const struct skep_prove_helper *helper;
	u32 nhelper;
	bool has_len; /* the packet's length is known */
	u32 pkt_len, meta_len;
	u32 open; /* values that matter but have no place in an input */
};
struct skep_prove_hunt_result {
	u32 tried; /* inputs that were made */
	bool confirmed;
	u32 paths;
};
/*
 * Look for inputs on which the functions, programs, differ: each is given to `found`, which runs
 * both and says whether they do; then it ends, or when paths, questions or tries are used up.
 */
void skep_prove_hunt(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		     struct skep_func *g, const struct skep_prove_opts *opts,
		     bool (*found)(void *user, const struct skep_prove_input *in), void *user,
		     struct skep_arena *arena, struct skep_prove_hunt_result *out);

/* --- meanings over terms (meaning.c) -------------------------------------------------- */

/* The new value of dst by an ALU or UNARY instruction; `src` is the register's or the immediate's term, 64 bits. */
u32 skep_prove_alu(struct skep_smt *s, const struct skep_ins *in, u32 dst, u32 src, bool big);
/* Is the conditional jump taken? One bit. */
u32 skep_prove_cond(struct skep_smt *s, const struct skep_ins *in, u32 dst, u32 src);

/* --- rules --------------------------------------------------------------------------- */

struct skep_prove_rule_opts {
	size_t sz;	/* sizeof(struct skep_prove_rule_opts) */
	u32 timeout_ms; /* of one question to the solver; 0: 1000 */
	/*
	 * Called with every question as SMT-LIB2, for a second solver, whether or not the
	 * first one was needed: put as the rule puts it, nothing simplified. "unsat" to all
	 * of them means that the rule is right. Or NULL.
	 */
	void (*question)(void *user, const char *text, size_t n);
	void *user;
};

struct skep_prove_rule_result {
	enum skep_prove_verdict verdict;
	const char *reason; /* not EQUAL: which part was not proved; in the arena */
	const char *values; /* DIFFERS: registers and parameters on which the sides differ; in the arena */
	bool replayed;	    /* DIFFERS: the reference meaning differs on these values, too */
	bool gap;	    /* UNKNOWN: a split leaves out a value that its parameter can have */
	u32 cases, questions;
};

/*
 * Do both sides do the same, for all values of registers and parameters for which the
 * rule applies: in the registers that are live behind it, the branch that is taken, the
 * addresses that are loaded from?
 */
void skep_prove_rule(const struct skep_rule *r, const struct skep_prove_rule_opts *opts,
		     struct skep_arena *arena, struct skep_prove_rule_result *out);

#endif
