/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to optimize.c and variants.c: an image that is optimized, and what is cheap to verify. */
#ifndef SKEP_RUN_VARIANTS_H
#define SKEP_RUN_VARIANTS_H

#include "run/run_impl.h"

struct skep_job {
	const void *image;
	size_t len;
	struct skep_opt_opts opts;
	const struct skep_kernel_opts *kernel;
	const struct skep_cost_opts *cost; /* or NULL: nothing is counted */
	struct skep_counter counter;
	struct skep_arena *arena;
	struct skep_diags *ds;
	struct skep_optimized *res;
	struct skep_arena_mark mark; /* when `again`: what came behind it may go */
	bool again;
	bool trial; /* only to be counted: no judge is asked for its edits */
	u32 all;    /* the variant for every function, unless */
	u8 *choice; /* there is one for each, by index */
	u8 *part;   /* by index: functions that are optimized now; NULL: all */
};

/* optimize.c: one run of the whole: read, optimize with at most `max` edits (0: all), write. */
int skep_job_make(struct skep_job *j, u32 max, struct skep_buf *out);
/* Ask the kernel for its verdicts; *refused: programs that it accepted before. */
int skep_job_judge(struct skep_job *j, struct skep_buf *out, bool measure, u32 *refused);

/* variants.c: for struct skep_opt_opts; `user` is the job. */
const char *skep_variant_without(void *user, const struct skep_func *f);
enum skep_opt_order skep_variant_order(void *user, const struct skep_func *f);
/* From now on nothing is changed. */
void skep_variants_nothing(struct skep_job *j);
/* What the programs cost before, and after. */
void skep_variants_count(struct skep_job *j);
/* The same of what was made last. */
void skep_variants_count_after(struct skep_job *j);
/* Other sets of passes, where these may serve a program better; the version that was made last may
 * be another then. */
int skep_variants_try(struct skep_job *j, struct skep_buf *out, u32 *refused);

#endif
