/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Optimize an image, with the kernel as judge when asked: where it accepted a
 * program before and refuses it afterwards, the first guilty edit is found by
 * halving the number of edits, denied, and everything is done again. How much
 * the verifier has to do can rise although instructions go: where it looks for
 * states that it has seen depends on what stands between. So a verifier counts,
 * the kernel's when it is the judge, else our own, and where that tells it, sets
 * of passes are left out in turn, and every program gets the set that serves it
 * best. Everything is in the caller's arena.
 */
#include "run/run_impl.h"

enum { MAX_DENIED = 64 };

/*
 * Instructions that our verifier may go through, and more for each slot or instruction: to count
 * a program, and to put the branches of a function in order. Six million take a second.
 */
enum { COUNT_WORK = 20000, COUNT_WORK_SLOT = 150, ORDER_WORK = 30000, ORDER_WORK_SLOT = 64 };
/* With the verifier as the goal a program is counted as long as the kernel would. */
enum { GOAL_ORDER_WORK = 2000000, GOAL_ORDER_WORK_SLOT = 256 };

/*
 * Passes that are left out in turn, and whether branches may be put in order in any case. The first is the
 * pipeline as it is, the last the original.
 */
static const struct {
	const char *without;
	bool order;
} variant[] = {
    {"", false},
    {"", true},
    {"outline", false},
    {"outline", true},
    {"hoist", false},
    {"stimm,stmerge", false},
    {"hoist,branch,stimm,stmerge", false},
    {"keep,coalesce", false},
    {"dce", false},
    {"dce,keep,coalesce", true},
    {"hoist,branch,tails,common,stimm,stmerge,keep,coalesce,thread,jset,atomic", true},
    {"hoist,stimm,stmerge", true},
    {"*", false},
};
enum { VARIANTS = SKEP_ARRAY_SIZE(variant), UNCOUNTED = VARIANTS - 2, ORIGINAL = VARIANTS - 1 };

/* What a variant came to, for one program. */
struct outcome {
	u32 processed, slots; /* processed 0: not accepted */
};

struct job {
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
	u32 all;    /* the variant for every function, unless */
	u8 *choice; /* there is one for each, by index */
};

static u32 variant_of(const struct job *j, const struct skep_func *f)
{
	/* Functions that passes made have no choice of their own. */
	bool chosen = j->choice && f->index < j->res->before->obj->nfunc;

	return chosen ? j->choice[f->index] : j->all;
}

static const char *left_out(void *user, const struct skep_func *f)
{
	return variant[variant_of(user, f)].without;
}

static enum skep_opt_order order_of(void *user, const struct skep_func *f)
{
	const struct job *j = user;

	if (j->opts.mode == SKEP_OPT_VERIFIER || variant[variant_of(j, f)].order)
		return SKEP_ORDER_ANY;
	return j->opts.mode == SKEP_OPT_SIZE ? SKEP_ORDER_FREE : SKEP_ORDER_STAYS;
}

/* One run of the whole: read, optimize with at most `max` edits, write. */
static int make(struct job *j, u32 max, struct skep_buf *out)
{
	struct skep_opt_opts o = j->opts;
	int err;

	if (j->again)
		skep_arena_release(j->arena, j->mark);
	err = skep_obj_read(j->image, j->len, j->arena, j->ds, &j->res->after);
	if (err)
		return err;
	if (j->cost && !o.passes) {
		o.without = left_out;
		o.order = order_of;
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

static int judge(struct job *j, struct skep_buf *out, bool measure, u32 *refused)
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
static int first_guilty(struct job *j, u32 hi, struct skep_buf *out, u32 *guilty)
{
	u32 lo = 0;

	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2, refused = 0;
		int err = make(j, mid, out);

		if (!err)
			err = judge(j, out, false, &refused);
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

static int bisect(struct job *j, struct skep_buf *out, u32 refused)
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
			err = make(j, guilty, out);
		if (err)
			return err;
		e = &r->res.edit[guilty - 1];
		r->denied[r->ndenied++] = (struct skep_deny){e->pass, e->before[0].id};
		err = make(j, 0, out);
		if (!err)
			err = judge(j, out, false, &refused);
		if (err)
			return err;
	}
	r->still_refused = refused;
	return 0;
}

/* --- what is cheap to verify ------------------------------------------------------ */

/* What the kernel counted for each program, by index of the function; 0: not accepted. */
static void told(const struct skep_obj *obj, const struct skep_kernel_report *r, u32 *count)
{
	for (u32 k = 0; k < r->n; k++) {
		const struct skep_func *f = r->prog[k].err ? NULL : skep_func_find(obj, r->prog[k].name);

		if (f)
			count[f->index] = SKEP_MAX(r->prog[k].processed, 1u);
	}
}

/* What each costs; 0: not accepted, or it takes longer than the goal is worth. */
static void count_before(struct job *j)
{
	struct skep_optimized *r = j->res;
	struct skep_obj *obj = r->before->obj;
	bool goal = j->opts.mode == SKEP_OPT_VERIFIER;

	r->before_cost = SKEP_NEW_N(j->arena, u32, obj->nfunc + 1);
	r->after_cost = SKEP_NEW_N(j->arena, u32, obj->nfunc + 1);
	if (r->kernel_before) {
		told(obj, r->kernel_before, r->before_cost);
		return;
	}
	skep_counter_begin(&j->counter, obj, UINT64_MAX, j->arena);
	for (u32 k = 0; k < obj->nfunc; k++) {
		u64 limit = goal ? 0 : COUNT_WORK + (u64)COUNT_WORK_SLOT * skep_prog_slots(obj, obj->func[k]);

		if (obj->func[k]->flags & SKEP_FF_PROG)
			r->before_cost[k] = (u32)skep_counter_prog(&j->counter, obj->func[k], SKEP_MIN(limit, 1000000u));
	}
}

/* The same of those that were counted; 0 as soon as it is more than may be. */
static void count_after(struct job *j)
{
	struct skep_optimized *r = j->res;
	bool goal = j->opts.mode == SKEP_OPT_VERIFIER;

	/* Programs are among the functions that were read. */
	memset(r->after_cost, 0, r->before->obj->nfunc * sizeof(*r->after_cost));
	if (r->kernel_after) {
		told(r->after->obj, r->kernel_after, r->after_cost);
		return;
	}
	skep_counter_begin(&j->counter, r->after->obj, UINT64_MAX, j->arena);
	for (u32 k = 0; k < r->before->obj->nfunc; k++) {
		u64 limit = goal ? 0 : (u64)r->before_cost[k] * (100 + j->cost->dearer) / 100;

		if (r->before_cost[k])
			r->after_cost[k] = (u32)skep_counter_prog(&j->counter, r->after->obj->func[k], limit);
	}
}

static bool dearer(const struct job *j, u32 before, u32 after)
{
	return before && (!after || (u64)after * 100 > (u64)before * (100 + j->cost->dearer));
}

/* Is there a program for which another variant may be better? */
static bool worth_trying(const struct job *j)
{
	const struct skep_optimized *r = j->res;
	bool goal = j->opts.mode == SKEP_OPT_VERIFIER;

	for (u32 k = 0; k < r->before->obj->nfunc; k++)
		if (dearer(j, r->before_cost[k], r->after_cost[k]) || (goal && r->before_cost[k]))
			return true;
	return goal && !j->kernel;
}

/* May the program of this index become that? Jumps that were put in for the verifier's sake may not make it larger. */
static bool may_be(const struct job *j, u32 k, const struct outcome *o)
{
	const struct skep_obj *obj = j->res->before->obj;

	if (j->opts.mode == SKEP_OPT_VERIFIER)
		return o->processed;
	return o->processed && !dearer(j, j->res->before_cost[k], o->processed) &&
	       o->slots <= skep_prog_slots(obj, obj->func[k]);
}

/* Which variant serves a program best; `o` are the outcomes of all. */
static u8 best(const struct job *j, u32 k, const struct outcome *o)
{
	bool verifier = j->opts.mode == SKEP_OPT_VERIFIER;
	u32 b = VARIANTS;

	if (!j->res->before_cost[k])
		return verifier && !j->kernel ? UNCOUNTED : 0;
	for (u32 v = 0; v < VARIANTS; v++) {
		u32 x = verifier ? o[v].processed : o[v].slots, y = verifier ? o[v].slots : o[v].processed;
		u32 bx, by;

		if (!may_be(j, k, &o[v]))
			continue;
		if (b == VARIANTS) {
			b = v;
			continue;
		}
		bx = verifier ? o[b].processed : o[b].slots;
		by = verifier ? o[b].slots : o[b].processed;
		if (x < bx || (x == bx && y < by))
			b = v;
	}
	return (u8)(b == VARIANTS ? ORIGINAL : b);
}

/* The variant for a program with all that it reaches, unless something else has it already. */
static void set_choice(struct job *j, const struct skep_func *prog, u8 v, u8 *taken)
{
	const struct skep_obj *obj = j->res->before->obj;
	u8 *seen = SKEP_NEW_N(j->arena, u8, obj->nfunc);

	skep_prog_reach(obj, prog, seen);
	for (u32 i = 0; i < obj->nfunc; i++)
		if (seen[i] && !taken[i]) {
			taken[i] = 1;
			j->res->chosen += j->choice[i] == 0;
			j->choice[i] = v;
		}
}

/* The choice for every function, in j->choice; what a program calls goes with the first that calls it. */
static void choose(struct job *j, const struct outcome (*o)[VARIANTS])
{
	const struct skep_obj *obj = j->res->before->obj;
	u8 *taken = SKEP_NEW_N(j->arena, u8, obj->nfunc);

	j->choice = SKEP_NEW_N(j->arena, u8, obj->nfunc);
	for (u32 k = 0; k < obj->nfunc; k++) {
		u8 v = obj->func[k]->flags & SKEP_FF_PROG ? best(j, k, o[k]) : 0;

		if (v)
			set_choice(j, obj->func[k], v, taken);
	}
}

/* Programs that cost too much as they were put together get back what they had. */
static bool give_up(struct job *j)
{
	const struct skep_obj *obj = j->res->before->obj;
	u8 *taken = SKEP_NEW_N(j->arena, u8, obj->nfunc);
	bool any = false;

	for (u32 k = 0; k < obj->nfunc; k++)
		if (dearer(j, j->res->before_cost[k], j->res->after_cost[k]) && j->choice[k] != ORIGINAL) {
			set_choice(j, obj->func[k], ORIGINAL, taken);
			any = true;
		}
	return any;
}

/* Make it, ask the kernel if it is the judge, and count. */
static int make_and_count(struct job *j, struct skep_buf *out, bool measure, u32 *refused)
{
	int err = make(j, 0, out);

	if (!err && j->kernel)
		err = judge(j, out, measure, refused);
	if (!err)
		count_after(j);
	return err;
}

/* Has every program an outcome that it may have? Then size and speed look no further. */
static bool all_served(const struct job *j, const struct outcome (*o)[VARIANTS], u32 tried)
{
	const struct skep_obj *obj = j->res->before->obj;
	bool all = !j->kernel && j->opts.mode != SKEP_OPT_VERIFIER;

	for (u32 k = 0; k < obj->nfunc && all; k++) {
		bool served = !j->res->before_cost[k];

		for (u32 v = 0; v < tried; v++)
			served |= may_be(j, k, &o[k][v]);
		all = served;
	}
	return all;
}

static int try_variants(struct job *j, struct skep_buf *out, u32 *refused)
{
	u32 n = j->res->before->obj->nfunc;
	struct outcome(*o)[VARIANTS] = skep_arena_calloc(j->arena, n, sizeof(*o));
	int err = 0;

	j->mark = skep_arena_mark(j->arena);
	j->again = true;
	for (u32 v = 0; v < VARIANTS && !err && !all_served(j, (const struct outcome(*)[VARIANTS])o, v); v++) {
		j->all = v;
		err = make_and_count(j, out, false, refused);
		for (u32 k = 0; k < n && !err; k++)
			o[k][v] = (struct outcome){j->res->after_cost[k],
						   skep_prog_slots(j->res->after->obj, j->res->after->obj->func[k])};
	}
	if (err)
		return err;
	j->all = 0;
	/* The choice lies before what the next version takes. */
	skep_arena_release(j->arena, j->mark);
	j->again = false;
	choose(j, (const struct outcome(*)[VARIANTS])o);
	err = make_and_count(j, out, true, refused);
	return err || !give_up(j) ? err : make_and_count(j, out, true, refused);
}

/* With the kernel as judge: what it refuses is taken back. */
static int judged(struct job *j, struct skep_buf *out, u32 *refused)
{
	struct skep_optimized *r = j->res;
	int err = skep_run_kernel(r->before->obj, j->image, j->len, j->kernel, j->arena, &r->kernel_before);

	if (err || r->kernel_before->unavailable)
		return err;
	err = judge(j, out, true, refused);
	if (err || !*refused)
		return err;
	err = bisect(j, out, *refused);
	return err ? err : judge(j, out, true, refused);
}

static int run(struct job *j, struct skep_buf *out)
{
	struct skep_optimized *r = j->res;
	u32 refused = 0;
	int err = skep_obj_read(j->image, j->len, j->arena, j->ds, &r->before);

	if (err)
		return err;
	err = make(j, 0, out);
	if (!err && j->kernel)
		err = judged(j, out, &refused);
	if (err || !j->cost || (j->kernel && (r->kernel_before->unavailable || r->kernel_after->unavailable)))
		return err;
	count_before(j);
	count_after(j);
	if (j->opts.passes || !worth_trying(j))
		return 0;
	err = try_variants(j, out, &refused);
	if (err || !refused)
		return err;
	err = bisect(j, out, refused);
	if (!err)
		err = judge(j, out, true, &refused);
	if (!err)
		count_after(j);
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
		struct job j = {image, len, *opts, kernel, cost, {.opts = cost}, arena, ds, res, .again = false};

		result = run(&j, out);
	});
	return oom ? oom : result;
}
