/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the module: the path engine and the messages. */
#ifndef SKEP_VERIFY_IMPL_H
#define SKEP_VERIFY_IMPL_H

#include "verify/verify.h"

struct engine {
	struct skep_mach m;
	const struct skep_verify_opts *opts;
	struct skep_verify_result *res;
	SKEP_VEC(pending_vec, struct skep_vstate *) pending;
	u64 budget;
	u64 jumps, last_jumps, last_insns; /* processed; when the last state was kept */
	u32 kept;
	const struct skep_vstate *at; /* the state in which a rule was broken, or NULL */
};

/* One program by the rules of mo, from the beginning. Negative: a rule is broken (m.fault). */
int skep_verify_run(struct engine *e, const struct skep_obj *obj, const struct skep_func *prog,
		    const struct skep_mach_opts *mo, struct skep_arena *arena);
/* An extension, by the rules of what it extends. */
int skep_verify_extension(struct engine *e, const struct skep_obj *obj,
			  const struct skep_func *prog, const struct skep_mach_opts *mo,
			  struct skep_arena *arena);
/* Does what is in m.fault say that nobody knows? */
bool skep_verify_undecided(const struct engine *e);
/* Explore every path of function `func` from its entry. Negative: a rule is broken (m.fault). */
int skep_explore(struct engine *e, u32 func);
/* Frames of every chain of calls fit the stack. */
int skep_check_depth(struct engine *e);
/* The diagnostics of what is in m.fault. */
void skep_verify_report(struct engine *e, struct skep_diags *ds);
void skep_verify_log(struct engine *e, const struct skep_vstate *st, bool state);

#endif
