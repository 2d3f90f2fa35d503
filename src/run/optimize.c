/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Optimize an image, with the kernel as judge when asked: where it accepted a
 * program before and refuses it afterwards, the first guilty edit is found by
 * halving the number of edits, denied, and everything is done again. What is dear
 * to verify afterwards is made anew with other passes (variants.c). Everything is
 * in the caller's arena.
 */
#include "run/variants.h"

enum { MAX_DENIED = 64 };

/*
 * Instructions that our verifier may go through, and more for each instruction, to put the branches of a function
 * in order. Six million take a second.
 */
enum { ORDER_WORK = 60000, ORDER_WORK_SLOT = 64 };
/* With the verifier as the goal. */
enum { GOAL_ORDER_WORK = 2000000, GOAL_ORDER_WORK_SLOT = 256 };

/* One run of the whole: read, optimize with at most `max` edits, write. */
int skep_job_make(struct skep_job *j, u32 max, struct skep_buf *out)
{
	struct skep_opt_opts o = j->opts;
	int err;

	if (j->again)
		skep_arena_release(j->arena, j->mark);
	err = skep_obj_read(j->image, j->len, j->arena, j->ds, &j->res->after);
	if (err)
		return err;
	if (j->cost && !o.passes) {
		o.without = skep_variant_without;
		o.order = skep_variant_order;
		o.without_user = j;
	}
	if (j->cost) {
		bool goal = o.mode == SKEP_OPT_VERIFIER;

		skep_counter_begin(&j->counter, j->res->after->obj, 0, j->arena);
		j->counter.work = goal ? GOAL_ORDER_WORK : ORDER_WORK;
		j->counter.work_slot = goal ? GOAL_ORDER_WORK_SLOT : ORDER_WORK_SLOT;
		o.cost = skep_counter_func;
		o.cost_user = &j->counter;
	}
	if (j->trial) {
		o.judge = NULL;
		o.judge_begin = NULL;
		o.ahead = NULL;
	}
	o.max_edits = max;
	o.deny = j->res->denied;
	o.ndeny = j->res->ndenied;
	j->res->res.arena = j->arena;
	err = skep_opt_run(j->res->after->obj, &o, j->ds, &j->res->res);
	out->n = 0;
	return err ? err : skep_obj_write(j->res->after, 0, j->ds, out);
}

static const struct skep_kernel_prog *named(const struct skep_kernel_report *r, const char *name)
{
	for (u32 k = 0; k < r->n; k++)
		if (strcmp(r->prog[k].name, name) == 0)
			return &r->prog[k];
	return NULL;
}

/* Programs that were accepted and are not any more. */
static u32 regressions(const struct skep_kernel_report *a, const struct skep_kernel_report *b)
{
	u32 n = 0;

	for (u32 k = 0; k < a->n; k++) {
		const struct skep_kernel_prog *p = named(b, a->prog[k].name);

		if (a->prog[k].err == 0 && (!p || p->err != 0))
			n++;
	}
	return n;
}

int skep_job_judge(struct skep_job *j, struct skep_buf *out, bool measure, u32 *refused)
{
	struct skep_kernel_opts k = *j->kernel;
	int err;

	if (!measure)
		k.repeat = 0;
	err = skep_run_kernel(j->res->before->obj, out->p, out->n, &k, j->arena, &j->res->kernel_after);
	if (!err)
		*refused = j->res->kernel_after->unavailable ? j->res->kernel_before->n
							     : regressions(j->res->kernel_before, j->res->kernel_after);
	return err;
}

/* The smallest number of edits with which the kernel refuses; `hi` edits are known to be refused. */
static int first_guilty(struct skep_job *j, u32 hi, struct skep_buf *out, u32 *guilty)
{
	u32 lo = 0;

	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2, refused = 0;
		int err = skep_job_make(j, mid, out);

		if (!err)
			err = skep_job_judge(j, out, false, &refused);
		if (err)
			return err;
		if (refused)
			hi = mid;
		else
			lo = mid;
	}
	*guilty = hi;
	return 0;
}

static int bisect(struct skep_job *j, struct skep_buf *out, u32 refused)
{
	struct skep_optimized *r = j->res;
	int err = 0;

	if (!r->denied)
		r->denied = SKEP_NEW_N(j->arena, struct skep_deny, MAX_DENIED);
	/* From here on each version takes the memory of the one before it. */
	j->mark = skep_arena_mark(j->arena);
	j->again = true;
	while (refused && r->ndenied < MAX_DENIED && r->res.nedit) {
		const struct skep_edit *e;
		u32 guilty = 0;

		err = first_guilty(j, r->res.nedit, out, &guilty);
		if (!err)
			err = skep_job_make(j, guilty, out);
		if (err)
			return err;
		e = &r->res.edit[guilty - 1];
		r->denied[r->ndenied++] = (struct skep_deny){e->pass, e->before[0].id, e->why};
		err = skep_job_make(j, 0, out);
		if (!err)
			err = skep_job_judge(j, out, false, &refused);
		if (err)
			return err;
	}
	r->still_refused = refused;
	return 0;
}

/* With the kernel as judge: what it refuses is taken back. */
static int judged(struct skep_job *j, struct skep_buf *out, u32 *refused)
{
	struct skep_optimized *r = j->res;
	int err = skep_run_kernel(r->before->obj, j->image, j->len, j->kernel, j->arena, &r->kernel_before);

	if (err || r->kernel_before->unavailable)
		return err;
	err = skep_job_judge(j, out, true, refused);
	if (err || !*refused)
		return err;
	err = bisect(j, out, *refused);
	return err ? err : skep_job_judge(j, out, true, refused);
}

static int run_once(struct skep_job *j, struct skep_buf *out)
{
	struct skep_optimized *r = j->res;
	u32 refused = 0;
	int err = skep_obj_read(j->image, j->len, j->arena, j->ds, &r->before);

	if (err)
		return err;
	err = skep_job_make(j, 0, out);
	if (!err && j->kernel)
		err = judged(j, out, &refused);
	if (err || !j->cost || (j->kernel && (r->kernel_before->unavailable || r->kernel_after->unavailable)))
		return err;
	skep_variants_count(j);
	if (j->opts.passes)
		return 0;
	err = skep_variants_try(j, out, &refused);
	if (err || !refused)
		return err;
	err = bisect(j, out, refused);
	if (!err)
		err = skep_job_judge(j, out, true, &refused);
	if (!err)
		skep_variants_count_after(j);
	return err;
}

static int run_anew(struct skep_job *j, struct skep_buf *out)
{
	memset(j->res, 0, sizeof(*j->res));
	j->choice = NULL;
	j->again = false;
	return run_once(j, out);
}

/*
 * With size as the goal the file gets no larger. A function that passes made comes with a symbol, types and
 * relocations, which may take more bytes than its instructions save: then all is done without. And where little
 * is saved, records of source lines may take more when code moves: then the file stays as it is.
 */
static int run(struct skep_job *j, struct skep_buf *out)
{
	const struct skep_optimized *r = j->res;
	int err;

	if (j->cost)
		j->counter.counted = skep_counted_new(j->arena);
	err = run_once(j, out);
	if (j->opts.mode != SKEP_OPT_SIZE || j->opts.passes)
		return err;
	if (!err && out->n > j->len && r->after->obj->nfunc > r->before->obj->nfunc) {
		j->opts.no_functions = true;
		err = run_anew(j, out);
	}
	if (!err && out->n > j->len) {
		skep_variants_nothing(j);
		err = run_anew(j, out);
	}
	return err;
}

int skep_run_optimize(const void *image, size_t len, const struct skep_opt_opts *opts,
		      const struct skep_kernel_opts *kernel, const struct skep_cost_opts *cost,
		      struct skep_arena *arena, struct skep_diags *ds, struct skep_optimized *res, struct skep_buf *out)
{
	volatile int result = 0;
	int oom = 0;

	memset(res, 0, sizeof(*res));
	SKEP_GUARD(arena, oom, {
		struct skep_job j = {image, len, *opts, kernel, cost, {.opts = cost}, arena, ds, res, .again = false};

		result = run(&j, out);
	});
	return oom ? oom : result;
}
