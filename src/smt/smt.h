/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smt: bit-vector terms and solvers behind a thin wall. A term is a number in
 * its manager; equal numbers are equal terms, and the builders bring a term to
 * a normal form, so most questions are answered without a solver. What is left
 * goes to Z3 in process (when skep was built with it), or as SMT-LIB2 text to
 * whoever reads that.
 *
 * Widths are 1 (truth values) to 64 bits; width 0 is an abstract sort (memory,
 * a trace of events) whose terms are only compared. A manager is used by one
 * thread at a time; all of it lives in the arena that was given.
 */
#ifndef SKEP_SMT_H
#define SKEP_SMT_H

#include "base/base.h"

enum skep_smt_op {
	SKEP_T_NONE,
	SKEP_T_CONST, /* k */
	SKEP_T_VAR,   /* k: number of the variable */
	SKEP_T_APP,   /* k: function; args: uninterpreted */
	SKEP_T_SUM,   /* k + sum of coef[i] * arg[i] */
	SKEP_T_MUL,
	SKEP_T_UDIV,
	SKEP_T_UREM,
	SKEP_T_SDIV,
	SKEP_T_SREM,
	SKEP_T_AND,
	SKEP_T_OR,
	SKEP_T_XOR,
	SKEP_T_NOT,
	SKEP_T_SHL,
	SKEP_T_SHR,
	SKEP_T_SAR,
	SKEP_T_EQ,
	SKEP_T_ULT,
	SKEP_T_SLT,
	SKEP_T_ITE,
	SKEP_T_EXTRACT, /* k: lowest bit */
	SKEP_T_CONCAT,	/* args from the lowest part up */
	SKEP_T_SEXT,
};

enum skep_smt_flag {
	SKEP_TF_NONNULL = 1, /* variable or application that is never zero */
};

struct skep_term {
	u8 op, width, flags;
	u8 nargs;
	u64 k;
	u32 *arg;
	u64 *coef; /* SUM */
	u64 hash;
};

struct skep_smt_z3;
struct skep_smt {
	struct skep_arena *arena;
	SKEP_VEC(skep_term_vec, struct skep_term) t;
	u32 *table, cap; /* open hash of term numbers */
	/* Scratch of skep_smt_eval() and skep_smt_subst(). */
	u32 *stamp, stamps, gen;
	u64 *val;
	/*
	 * The builders make what they were asked for and nothing simpler, so that a question is
	 * put to a solver as it was asked. Set before the first term is made.
	 */
	bool plain;
	/* Solver. */
	struct skep_smt_z3 *z3;
	u32 timeout_ms; /* of one query; 0: 1000 */
	u64 seed;
	u32 queries, solved, timeouts; /* asked; that needed a solver; that it gave up */
	/* Called with each query that went to the solver, as SMT-LIB2, and "unsat", "sat" or
	 * "unknown"; or NULL. */
	void (*dump)(void *user, const char *text, size_t n, const char *answer);
	void *user;
};

void skep_smt_init(struct skep_smt *s, struct skep_arena *arena);
void skep_smt_fini(struct skep_smt *s);
/* Is there a solver in this build? Its name and version, or NULL. */
const char *skep_smt_solver(void);

static inline const struct skep_term *skep_smt_get(const struct skep_smt *s, u32 t)
{
	return &s->t.v[t];
}
static inline u32 skep_smt_width(const struct skep_smt *s, u32 t)
{
	return s->t.v[t].width;
}
static inline bool skep_smt_is_const(const struct skep_smt *s, u32 t)
{
	return s->t.v[t].op == SKEP_T_CONST;
}
static inline bool skep_smt_is(const struct skep_smt *s, u32 t, u64 k)
{
	return s->t.v[t].op == SKEP_T_CONST && s->t.v[t].k == k;
}
static inline u64 skep_smt_mask(u32 width)
{
	return width >= 64 ? ~(u64)0 : ((u64)1 << width) - 1;
}

/* --- builders ---------------------------------------------------------------- */

u32 skep_smt_const(struct skep_smt *s, u32 width, u64 k);
u32 skep_smt_var(struct skep_smt *s, u32 width, u64 number, u32 flags);
/* An uninterpreted function; `width` may be 0, and so may those of its arguments. */
u32 skep_smt_app(struct skep_smt *s, u32 width, u64 fn, const u32 *arg, u32 n, u32 flags);
u32 skep_smt_add(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_sub(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_addk(struct skep_smt *s, u32 a, u64 k);
u32 skep_smt_neg(struct skep_smt *s, u32 a);
u32 skep_smt_mul(struct skep_smt *s, u32 a, u32 b);
/* Division; the divisor is not zero where the result is used. */
u32 skep_smt_div(struct skep_smt *s, enum skep_smt_op op, u32 a, u32 b);
u32 skep_smt_and(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_or(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_xor(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_not(struct skep_smt *s, u32 a);
/* Shifts (SHL, SHR, SAR) by amounts below the width. */
u32 skep_smt_shift(struct skep_smt *s, enum skep_smt_op op, u32 a, u32 b);
u32 skep_smt_eq(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_ult(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_slt(struct skep_smt *s, u32 a, u32 b);
u32 skep_smt_ite(struct skep_smt *s, u32 c, u32 a, u32 b);
u32 skep_smt_extract(struct skep_smt *s, u32 a, u32 lo, u32 width);
u32 skep_smt_concat(struct skep_smt *s, u32 lo, u32 hi);
u32 skep_smt_zext(struct skep_smt *s, u32 a, u32 width);
u32 skep_smt_sext(struct skep_smt *s, u32 a, u32 width);
u32 skep_smt_bswap(struct skep_smt *s, u32 a);

/* High bits that are known to be zero. */
u32 skep_smt_zeros(const struct skep_smt *s, u32 t);
/* t = *base + *k, with no constant left in the base. */
void skep_smt_split(struct skep_smt *s, u32 t, u32 *base, u64 *k);
/* Replace terms: `map` gives the new term of a term, or 0 to look inside. Abstract arguments stay.
 */
u32 skep_smt_subst(struct skep_smt *s, u32 t, u32 (*map)(void *user, u32 t), void *user);
/* Is some variable, or abstract argument, of `t` accepted by `want`? */
bool skep_smt_mentions(struct skep_smt *s, u32 t, bool (*want)(void *user, u32 var), void *user);

/* --- values -------------------------------------------------------------------- */

/*
 * The value of a term when `value` gives those of the variables (NULL: all from
 * `seed`); functions get values that depend on their arguments and the seed.
 */
struct skep_smt_point {
	u64 seed;
	u64 (*value)(void *user, u32 var);
	void *user;
};
/* Start a new point: values of the last one are forgotten. */
void skep_smt_eval_begin(struct skep_smt *s);
u64 skep_smt_eval(struct skep_smt *s, const struct skep_smt_point *p, u32 t);

/* --- questions -------------------------------------------------------------------- */

enum skep_smt_answer { SKEP_SMT_YES, SKEP_SMT_NO, SKEP_SMT_UNKNOWN };

/* Values of variables that make a goal false. */
struct skep_smt_model {
	u32 *var;
	u64 *val;
	u32 n;
};
/*
 * Does `goal` follow from the conjunction of `assume`? YES, NO (then *model, if
 * not NULL, is filled, in the arena), or UNKNOWN: no solver, or out of time.
 */
enum skep_smt_answer skep_smt_follows(struct skep_smt *s, const u32 *assume, u32 n, u32 goal,
				      struct skep_smt_model *model);

/*
 * Values for which all of `all` hold: YES, and val[k] is what want[k] is then; NO: there are
 * none; or UNKNOWN.
 */
enum skep_smt_answer skep_smt_find(struct skep_smt *s, const u32 *all, u32 n, const u32 *want,
				   u32 nwant, u64 *val);

/* --- text --------------------------------------------------------------------------- */

/* The question as SMT-LIB2 (QF_UFBV): unsat means that the goal follows. */
void skep_smt_print(struct skep_smt *s, const u32 *assume, u32 n, u32 goal, struct skep_buf *out);
/* A term as an s-expression, for people. */
void skep_smt_print_term(struct skep_smt *s, u32 t, struct skep_buf *out);

#endif
