/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opt: makes an object smaller and faster. Passes stand in pass.def; each is a
 * file of its own with the argument why it is right. Every rewrite is recorded
 * as an edit, numbered in the order in which it was applied; the pipeline is
 * deterministic, so a run with a smaller limit of edits repeats the beginning
 * of a longer one, and the guilty edit can be found by halving.
 */
#ifndef SKEP_OPT_H
#define SKEP_OPT_H

#include "flow/flow.h"
#include "rule/rule.h"

/* A rewrite by its pass and the id of the first instruction of its region. */
struct skep_deny {
	const char *pass;
	u32 id;
	const char *why; /* what the edit would have done */
};

struct skep_edit;
/* What one run of a pass did to a function. */
struct skep_opt_step {
	const struct skep_obj *obj;
	const char *pass;
	struct skep_func *before, *after;
	const struct skep_edit *edit; /* nedit of them; numbers start at edit[0].number */
	u32 nedit;
	/* What holds before each instruction of `before`, by id, if the pass went by that; or NULL. */
	const struct skep_vfact *facts;
	u32 nfacts;
	struct skep_arena *scratch;
};

/* What a finder of rewrites outside of this module sees of a function; facts are of the start of the run. */
struct skep_opt_view {
	const struct skep_obj *obj;
	const struct skep_cfg *cfg;
	const struct skep_facts *fa;
	const struct skep_live *lv;
	const u8 *touched; /* by num: changed since; leave alone */
	u32 level, mode;   /* instructions allowed; enum skep_opt_mode */
	bool first;	   /* the first question of this run of the pass */
};
/*
 * A rewrite: a few instructions of an extended basic block, and what does the same where the last of them stands; or,
 * when a branch among them is given, the first `nbefore` of it before that branch and the others where the last stands.
 */
struct skep_opt_swap {
	struct skep_insn *const *from; /* in order */
	u32 nfrom;
	const struct skep_ins *to;
	u32 nto;
	struct skep_insn *branch; /* stays as it is; or NULL */
	u32 nbefore;
	bool sink; /* the last of `to` takes the place of the last of `from`: a branch or a store */
	const char *why;
};

/*
 * A judge that answers later, on other threads. begin() gives an arena for a question (NULL:
 * no memory); ask() hands over the step, which is in that arena with all that it points to
 * but for the object, and may be changed. The answer is 1 (yes), 0 (no), -1 (not yet; never
 * with `wait`); with 1 and 0, and with drop(), the question ends. idle() waits until no thread
 * looks at the object any more, which may go after that.
 */
struct skep_opt_ahead {
	void *user;
	void *(*begin)(void *user, struct skep_arena **arena);
	void (*ask)(void *user, void *question, struct skep_opt_step *step);
	int (*answer)(void *user, void *question, bool wait);
	void (*drop)(void *user, void *question);
	void (*idle)(void *user);
};

/* What is wanted: few slots; few instructions that are fast; a program that is cheap to verify. */
enum skep_opt_mode { SKEP_OPT_SIZE, SKEP_OPT_SPEED, SKEP_OPT_VERIFIER };

/*
 * Ways of branches change places: where nothing gets longer (speed), also where a slot more saves the verifier
 * much and the function stays no larger than it was read (size), anywhere (verifier).
 */
enum skep_opt_order { SKEP_ORDER_FREE, SKEP_ORDER_WORTH, SKEP_ORDER_ANY };
/* With size as the goal: so many per cent of the verifier's work are worth one per cent of the slots. */
enum { SKEP_OPT_WORTH = 5 };

/* An answer of `cost` below. */
#define SKEP_COST_OVER UINT64_MAX

struct skep_opt_opts {
	size_t sz;		/* sizeof(struct skep_opt_opts) */
	enum skep_opt_mode mode;
	u32 cpu;		/* 1 to 4: instructions allowed; 0: the object's own level */
	const char *passes;	/* comma-separated names in their order, or NULL for the pipeline */
	const struct skep_deny *deny; /* rewrites that must not be applied */
	u32 ndeny;
	const struct skep_fixed *fixed; /* bytes that count as constants */
	u32 nfixed;
	bool no_functions;	/* make none: what comes with one may take more bytes of the file than it saves */
	u32 max_edits;		/* stop rewriting after so many edits; 0: no limit */
	u32 max_rounds;		/* 0: the default */
	bool check;		/* check the model's invariants after every pass */
	/* Called after every pass over a function, or NULL. */
	void (*after_pass)(void *user, const char *pass, struct skep_func *f, bool changed);
	void *user;
	/* Passes left out of a function: names separated by commas, "*" for all; or NULL for none. May be NULL. */
	const char *(*without)(void *without_user, const struct skep_func *f);
	/* Which branches the pass "order" may touch; NULL: what the mode says, see enum skep_opt_order. */
	enum skep_opt_order (*order)(void *without_user, const struct skep_func *f);
	void *without_user;
	/*
	 * Called after a pass changed a function, with the function before and after
	 * and the edits that made the difference; or NULL. When it says no, the first
	 * edit without which it says yes is taken back and denied, and the pass is run
	 * on the function again.
	 */
	bool (*judge)(void *user, const struct skep_opt_step *step);
	/*
	 * Called before the first pass, with judge_user: edits have numbers from 1 again, and what was
	 * kept in the arena of an object that was optimized before may be gone. May be NULL.
	 */
	void (*judge_begin)(void *user);
	void *judge_user;
	/* The same judge, asked while passes go on; the result is the same. NULL: it is asked at once. */
	const struct skep_opt_ahead *ahead;
	/* The next rewrite of the function by the pass "search", or false: there is none (left). May be NULL. */
	bool (*search)(void *search_user, const struct skep_opt_view *view, struct skep_opt_swap *out);
	void *search_user;
	/*
	 * What a verifier has to do for the programs that reach this function, as they are: instructions
	 * that it processes; 0 when that is more than `limit` (0: no limit), or not to be told;
	 * SKEP_COST_OVER when no question with a limit will get an answer any more. For the pass
	 * "order", which does nothing without. May be NULL.
	 */
	u64 (*cost)(void *cost_user, const struct skep_func *f, u64 limit);
	void *cost_user;
};

/* One instruction of a recorded edit. */
struct skep_edit_insn {
	u32 id;
	u8 ref;
	u32 sym;
	struct skep_ins in;
	const struct skep_func *callee;
	u32 target; /* id of a branch's target, or 0 */
};

struct skep_edit {
	u32 number; /* 1, 2, ... in order of application */
	const char *pass, *why;
	const struct skep_func *func;
	const struct skep_line_rec *line; /* of the first instruction, or NULL */
	u32 slot;			  /* where the first instruction was read */
	const struct skep_edit_insn *before, *after; /* region in order */
	u32 nbefore, nafter;
	u16 live_out;			  /* registers live behind the region */
	/* Facts assumed on entry: what the registers hold (kinds and values), 11 of them, or NULL. */
	const struct skep_val *entry;
};

struct skep_opt_result {
	struct skep_arena *arena; /* set by the caller; owns the edits */
	struct skep_edit *edit;
	u32 nedit;
	u32 rounds;
	struct skep_deny *refused; /* edits that the judge did not let pass */
	u32 nrefused;
};

/*
 * Optimize every function of the object in place. `res->arena` must be set and
 * outlive the result. Returns 0, SKEP_ENOMEM, SKEP_EUSAGE for an unknown pass,
 * SKEP_EBUG when an invariant broke (with a diagnostic).
 */
int skep_opt_run(struct skep_obj *obj, const struct skep_opt_opts *opts, struct skep_diags *ds,
		 struct skep_opt_result *res);

struct skep_pass {
	const char *name, *summary;
	bool slower; /* what it makes is smaller, but slower: not for speed */
};
/* The table of passes; *n gets their number. */
const struct skep_pass *skep_opt_passes(u32 *n);

/* The rules of pass `rules`, made from src/opt/rules/ when skep was built. */
extern const struct skep_rule_index skep_opt_rules;

extern const struct skep_diag_def skep_opt_diags[];
extern const u32 skep_opt_ndiags;

#endif
