/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to learning: a rule in the making. text.c makes rules of it, family.c
 * the expressions and conditions that come into question, weakest.c asks samples
 * which of them hold, general.c proves.
 */
#ifndef SKEP_SEARCH_GENERAL_H
#define SKEP_SEARCH_GENERAL_H

#include "search/search_impl.h"

enum {
	MAX_CHOICES = 24, /* expressions for one immediate */
	MAX_COMBOS = 160,
	TRIED_COMBOS = 6,
	MAX_CONDS = 256,
	SAMPLES = 1500,
	REGS_PER_SAMPLE = 6,
	FEW = 8,	/* samples that a condition must let through, or it says next to nothing */
	MAX_SETS = 24,	/* sets of conditions, weakest first, */
	MAX_PROOFS = 5, /* of which so many are proved */
	SET = 4,	/* conditions of a set */
};

extern const char skep_param_name[SKEP_RW_PARAMS][2];
extern const char skep_reg_name[SKEP_RW_REGS + 1];

struct general {
	const struct skep_window *w;
	const struct skep_found *f;
	const struct skep_learn_opts *opts;
	const char *name;
	struct skep_arena *arena;
	struct skep_rng rng;
	s64 val[SKEP_RW_PARAMS]; /* of this window */
	u32 nparam;
	u16 wide; /* parameters of 64 bits */
	u16 dead, low, scalar, inputs;
	u8 bits[SKEP_WIN_REGS]; /* facts that the row needs */
	/* Expressions for the immediates of the row. */
	const char *choice[SKEP_WIN_MAX][MAX_CHOICES];
	u32 nchoice[SKEP_WIN_MAX];
	const char *cond[MAX_CONDS];
	u32 ncond;
	u16 pinned; /* parameters that a condition fixes: their numbers stand in the rule */
};

/* Samples of one combination: what came of them, and which conditions they meet. */
struct table {
	u32 n, fails;
	bool fail[SAMPLES];
	u64 meets[SAMPLES][MAX_CONDS / 64];
};

/* Conditions (numbers of general.cond) that hold together, and samples that they let through. */
struct set {
	u16 cond[SET];
	u32 n, covers;
};

/* The weakest first. */
struct sets {
	struct set set[MAX_SETS];
	u32 n;
};

enum outcome { HOLDS, FAILS, NO_CASE };

/* --- text.c --- */

bool skep_learn_has_imm(const struct skep_ins *in);
/* The rule with the combination of expressions and these conditions, parsed; NULL: it is none. */
const struct skep_rule *skep_learn_make(const struct general *g, const u8 *combo,
					const char *const *cond, u32 ncond, bool little);
/* The expressions parsed, each as the condition of a rule that says nothing else; NULL: some are
 * none. */
const struct skep_rule *skep_learn_parse(const struct general *g, const char *const *expr, u32 n);
/* Put names into a pattern: a, b stand for parameters, R for a register, c for a number. */
const char *skep_learn_fill_in(const struct general *g, const char *pattern, u32 a, u32 b, u32 reg,
			       s64 c);

/* --- family.c --- */

/* What the window itself has for parameters and facts. */
void skep_learn_own_env(const struct general *g, struct skep_rule_env *env);
/* Fill in `choice`, and `cond` with what holds for this window; false: no rule can be made of it.
 */
bool skep_learn_values(struct general *g);
bool skep_learn_conds(struct general *g);

/* --- weakest.c --- */

/* The instructions of a side; false: some immediate cannot be encoded. */
bool skep_learn_fill(const struct skep_rule_insn *side, u32 n, const struct skep_rule_env *env,
		     struct skep_ins *out);
void skep_learn_sample(struct general *g, struct skep_rule_env *env);
/* Do both sides agree on a few registers, with these parameters? */
enum outcome skep_learn_try(struct general *g, const struct skep_rule *r,
			    const struct skep_rule_env *env);
void skep_learn_table(struct general *g, const struct skep_rule *r, const struct skep_rule *conds,
		      struct table *t);
/* Sets of conditions under which no sample fails. */
void skep_learn_sets(const struct table *t, u32 nconds, struct sets *all);

#endif
