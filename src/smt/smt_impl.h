/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to smt: making terms, and the solver's side. */
#ifndef SKEP_SMT_IMPL_H
#define SKEP_SMT_IMPL_H

#include "smt/smt.h"

/* Find or make a term of which the arguments are in normal form already. */
u32 skep_smt_make(struct skep_smt *s, const struct skep_term *t);
u32 skep_smt_make2(struct skep_smt *s, enum skep_smt_op op, u32 width, u32 a, u32 b);
/* Term managers that simplify nothing: operations with one result for each row of arguments. */
u32 skep_smt_plain1(struct skep_smt *s, enum skep_smt_op op, u32 width, u32 a, u64 k);
u32 skep_smt_plain_sum(struct skep_smt *s, u32 a, u64 ca, u32 b, u64 cb, u64 k);
/* The same operation again on other arguments, through the builders. */
u32 skep_smt_rebuild(struct skep_smt *s, u32 t, const u32 *arg);

static inline s64 skep_smt_signed(u64 v, u32 width)
{
	return (s64)(v << (64 - width)) >> (64 - width);
}

/* One query; false in *model->n when it has none. UNKNOWN when there is no solver. */
enum skep_smt_answer skep_smt_z3_follows(struct skep_smt *s, const u32 *assume, u32 n, u32 goal,
					 struct skep_smt_model *model);
enum skep_smt_answer skep_smt_z3_find(struct skep_smt *s, const u32 *all, u32 n, const u32 *want,
				      u32 nwant, u64 *val);
void skep_smt_z3_fini(struct skep_smt *s);

#endif
