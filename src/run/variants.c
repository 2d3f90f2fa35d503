/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much a verifier has to do can rise although instructions go: where it looks for
 * states that it has seen depends on what stands between, and what it knows of the
 * stack on how it is written. So a verifier counts, the kernel's when it is the judge,
 * else our own, and sets of passes are left out in turn: for programs that are dearer than
 * they were, until one serves them; for the others the few sets that pay most often, while
 * time is left. Every program gets the set that serves it best.
 *
 * Time is counted in instructions that a verifier goes through, so that the same object
 * always gives the same bytes.
 */
#include "run/variants.h"

/*
 * Instructions that our verifier may go through to count a program, and more for each slot; four millions take
 * a second. Of large programs not so many, so that one of 4,000 instructions does not take the time of the goal.
 */
enum { COUNT_WORK = 20000, COUNT_WORK_SLOT = 150, COUNT_LARGE = 200000, COUNT_LARGE_SLOT = 50 };
/*
 * What the passes take for an instruction of the program, and what all versions of an object
 * together may take where no program is dearer than it was.
 */
enum { PASSES_WORK = 70, QUICK_WORK = 15000, QUICK_WORK_INSN = 180 };

#define FOR_SIZE (1u << SKEP_OPT_SIZE)
#define FOR_SPEED (1u << SKEP_OPT_SPEED)

/*
 * Passes that are left out in turn, and whether branches may be put in order in any case; goals for
 * which it is tried where a program is no dearer than it was, too: what is left out may not make it
 * slower then. The first is the pipeline as it is, the last the original.
 */
static const struct {
	const char *without;
	bool order;
	u8 quick;
} variant[] = {
	{"", false, 0},
	{"stmerge", false, FOR_SIZE | FOR_SPEED},
	{"sink", false, FOR_SIZE},
	{"order", false, FOR_SIZE | FOR_SPEED},
	{"", true, 0},
	{"outline", false, 0},
	{"outline", true, 0},
	{"hoist", false, 0},
	{"branch", true, 0},
	{"stimm,stmerge", false, 0},
	{"hoist,branch,stimm,stmerge", false, 0},
	{"keep,coalesce", false, 0},
	{"dce", false, 0},
	{"dce,keep,coalesce", true, 0},
	{"hoist,branch,tails,common,stimm,stmerge,keep,coalesce,thread,jset,atomic", true, 0},
	/* Tests of copies that are dead then, made tests of what lives on, keep states apart. */
	{"early,rules,jset", false, 0},
	/* What is known beyond what a verifier knows must not take masks away from it. */
	{"ranges,early,rules", false, 0},
	{"ranges,early,rules,jset,hoist,branch,tails,common,stimm,stmerge,keep,coalesce,thread,atomic", true, 0},
	{"hoist,stimm,stmerge", true, 0},
	{"*", false, 0},
};
enum { VARIANTS = SKEP_ARRAY_SIZE(variant), UNCOUNTED = VARIANTS - 2, ORIGINAL = VARIANTS - 1 };

/* What a variant came to, for one program. */
struct outcome {
	u32 processed, slots; /* processed 0: not accepted, or not tried */
};

/* The version that all passes made. */
struct version {
	struct skep_objfile *after;
	struct skep_opt_result res;
	struct skep_kernel_report *kernel;
	u32 *cost;
	void *bytes;
	size_t n;
};

struct trial {
	struct skep_job *j;
	u32 nfunc;
	bool dear; /* a program is dearer than it was, or the verifier is the goal */
	struct outcome (*o)[VARIANTS];
	struct version first;
	u32 *did;      /* by function: variants that leave out what changed it */
	u8 **reach;    /* by program: functions */
	u64 used, may; /* work */
};

static bool is_goal(const struct skep_job *j)
{
	return j->opts.mode == SKEP_OPT_VERIFIER;
}

static u32 variant_of(const struct skep_job *j, const struct skep_func *f)
{
	/* Functions that passes made have no choice of their own. */
	bool chosen = j->choice && f->index < j->res->before->obj->nfunc;

	return chosen ? j->choice[f->index] : j->all;
}

const char *skep_variant_without(void *user, const struct skep_func *f)
{
	const struct skep_job *j = user;

	if (j->part && f->index < j->res->before->obj->nfunc && !j->part[f->index])
		return variant[ORIGINAL].without;
	return variant[variant_of(j, f)].without;
}

/* Is a slot given for clearly less to verify? Who lets a program cost over twice as much wants it small. */
static bool gives_slots(const struct skep_job *j)
{
	return j->opts.mode == SKEP_OPT_SIZE && j->cost->dearer <= 100;
}

enum skep_opt_order skep_variant_order(void *user, const struct skep_func *f)
{
	const struct skep_job *j = user;

	if (is_goal(j) || variant[variant_of(j, f)].order)
		return SKEP_ORDER_ANY;
	return gives_slots(j) ? SKEP_ORDER_WORTH : SKEP_ORDER_FREE;
}

void skep_variants_nothing(struct skep_job *j)
{
	j->all = ORIGINAL;
}

/* --- counting ----------------------------------------------------------------------- */

/* What the kernel counted for each program, by index of the function; 0: not accepted. */
static void told(const struct skep_obj *obj, const struct skep_kernel_report *r, u32 *count)
{
	for (u32 k = 0; k < r->n; k++) {
		const struct skep_func *f =
			r->prog[k].err ? NULL : skep_func_find(obj, r->prog[k].name);

		if (f)
			count[f->index] = SKEP_MAX(r->prog[k].processed, 1u);
	}
}

static u64 count_limit(const struct skep_job *j, const struct skep_func *prog)
{
	u64 slots = skep_prog_slots(j->res->before->obj, prog), large = COUNT_LARGE_SLOT * slots;

	if (is_goal(j))
		return 0;
	return SKEP_MIN(COUNT_WORK + COUNT_WORK_SLOT * slots, SKEP_MAX(large, (u64)COUNT_LARGE));
}

/* What each costs; 0: not accepted, or it takes longer than the goal is worth. */
static void count_before(struct skep_job *j)
{
	struct skep_optimized *r = j->res;
	struct skep_obj *obj = r->before->obj;

	r->before_cost = SKEP_NEW_N(j->arena, u32, obj->nfunc + 1);
	r->after_cost = SKEP_NEW_N(j->arena, u32, obj->nfunc + 1);
	if (r->kernel_before) {
		told(obj, r->kernel_before, r->before_cost);
		return;
	}
	skep_counter_begin(&j->counter, obj, UINT64_MAX, j->arena);
	for (u32 k = 0; k < obj->nfunc; k++)
		if (obj->func[k]->flags & SKEP_FF_PROG)
			r->before_cost[k] = (u32)skep_counter_prog(&j->counter, obj->func[k],
								   SKEP_MIN(count_limit(j, obj->func[k]), 1000000u));
}

/* 0 as soon as it is more than may be, and for programs that were not counted before. */
void skep_variants_count_after(struct skep_job *j)
{
	struct skep_optimized *r = j->res;

	/* Programs are among the functions that were read. */
	memset(r->after_cost, 0, r->before->obj->nfunc * sizeof(*r->after_cost));
	if (r->kernel_after) {
		told(r->after->obj, r->kernel_after, r->after_cost);
		return;
	}
	skep_counter_begin(&j->counter, r->after->obj, UINT64_MAX, j->arena);
	for (u32 k = 0; k < r->before->obj->nfunc; k++) {
		u64 limit = is_goal(j) ? 0 : (u64)r->before_cost[k] * (100 + j->cost->dearer) / 100;

		if (r->before_cost[k] && (!j->part || j->part[k]))
			r->after_cost[k] =
				(u32)skep_counter_prog(&j->counter, r->after->obj->func[k], limit);
	}
}

void skep_variants_count(struct skep_job *j)
{
	count_before(j);
	skep_variants_count_after(j);
}

static bool dearer(const struct skep_job *j, u32 before, u32 after)
{
	return before && (!after || (u64)after * 100 > (u64)before * (100 + j->cost->dearer));
}

/* Make it, ask the kernel if it is the judge, and count. */
static int make_and_count(struct skep_job *j, struct skep_buf *out, bool measure, u32 *refused)
{
	int err = skep_job_make(j, 0, out);

	if (!err && j->kernel)
		err = skep_job_judge(j, out, measure, refused);
	if (!err)
		skep_variants_count_after(j);
	return err;
}

/* --- choosing ------------------------------------------------------------------------- */

/* May the program of this index become that? Jumps that were put in for the verifier's sake may not
 * make it larger. */
static bool may_be(const struct skep_job *j, u32 k, const struct outcome *o)
{
	const struct skep_obj *obj = j->res->before->obj;

	if (is_goal(j))
		return o->processed;
	return o->processed && !dearer(j, j->res->before_cost[k], o->processed) &&
	       o->slots <= skep_prog_slots(obj, obj->func[k]);
}

/*
 * What the outcome costs a program, less is better: the goal first. With size a slot is given for
 * clearly less to verify, as pass order does it.
 */
static u64 price(const struct skep_job *j, u32 k, const struct outcome *o)
{
	const struct skep_obj *obj = j->res->before->obj;

	if (is_goal(j))
		return (u64)o->processed << 32 | o->slots;
	if (gives_slots(j))
		return (u64)o->slots * SKEP_OPT_WORTH * j->res->before_cost[k] +
		       (u64)o->processed * skep_prog_slots(obj, obj->func[k]);
	return (u64)o->slots << 32 | o->processed;
}

/* Which variant serves a program best; `o` are the outcomes of all. */
static u8 best(const struct skep_job *j, u32 k, const struct outcome *o)
{
	u32 b = VARIANTS;

	if (!j->res->before_cost[k])
		return is_goal(j) && !j->kernel ? UNCOUNTED : 0;
	for (u32 v = 0; v < VARIANTS; v++)
		if (may_be(j, k, &o[v]) &&
		    (b == VARIANTS || price(j, k, &o[v]) < price(j, k, &o[b])))
			b = v;
	return (u8)(b == VARIANTS ? ORIGINAL : b);
}

/* The variant for a program with all that it reaches, unless something else has it already. */
static void set_choice(struct skep_job *j, const struct skep_func *prog, u8 v, u8 *taken)
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

/* The choice for every function, in j->choice; what a program calls goes with the first that calls
 * it. */
static bool choose(struct trial *t)
{
	struct skep_job *j = t->j;
	const struct skep_obj *obj = j->res->before->obj;
	u8 *taken = SKEP_NEW_N(j->arena, u8, obj->nfunc);
	bool any = false;

	j->choice = SKEP_NEW_N(j->arena, u8, obj->nfunc);
	for (u32 k = 0; k < obj->nfunc; k++) {
		u8 v = obj->func[k]->flags & SKEP_FF_PROG ? best(j, k, t->o[k]) : 0;

		if (v)
			set_choice(j, obj->func[k], v, taken);
		any |= v != 0;
	}
	return any;
}

/* Programs that cost too much as they were put together get back what they had. */
static bool give_up(struct skep_job *j)
{
	const struct skep_obj *obj = j->res->before->obj;
	u8 *taken = SKEP_NEW_N(j->arena, u8, obj->nfunc);
	bool any = false;

	for (u32 k = 0; k < obj->nfunc; k++)
		if (dearer(j, j->res->before_cost[k], j->res->after_cost[k]) &&
		    j->choice[k] != ORIGINAL) {
			set_choice(j, obj->func[k], ORIGINAL, taken);
			any = true;
		}
	return any;
}

/* --- trying --------------------------------------------------------------------------- */

static void keep_version(struct skep_job *j, const struct skep_buf *out, struct version *v)
{
	const struct skep_optimized *r = j->res;

	*v = (struct version){r->after, r->res, r->kernel_after, .n = out->n};
	v->cost = skep_arena_memdup(j->arena, r->after_cost,
				    (r->before->obj->nfunc + 1) * sizeof(*v->cost));
	v->bytes = skep_arena_memdup(j->arena, out->p, out->n);
}

static void take_version(struct skep_job *j, const struct version *v, struct skep_buf *out)
{
	struct skep_optimized *r = j->res;

	r->after = v->after;
	r->res = v->res;
	r->kernel_after = v->kernel;
	r->after_cost = v->cost;
	r->chosen = 0;
	j->choice = NULL;
	out->n = 0;
	skep_buf_add(out, v->bytes, v->n);
}

/* Is the name in a list separated by commas? */
static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = list; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ','))
		if (strcspn(s, ",") == n && memcmp(s, name, n) == 0)
			return true;
	return false;
}

/* Which variants would leave out something that changed a function? */
static u32 *what_did(const struct skep_job *j)
{
	const struct skep_opt_result *res = &j->res->res;
	u32 *did = SKEP_NEW_N(j->arena, u32, j->res->after->obj->nfunc + 1);

	for (u32 k = 0; k < res->nedit; k++)
		for (u32 v = 0; v < VARIANTS; v++)
			if (v == ORIGINAL || listed(variant[v].without, res->edit[k].pass))
				did[res->edit[k].func->index] |= 1u << v;
	return did;
}

/* What it takes to make these functions (NULL: all) once more. */
static u64 work(const struct trial *t, const u8 *part)
{
	const struct skep_obj *obj = t->j->res->before->obj;
	u64 some = 0, all = 1;

	for (u32 k = 0; k < t->nfunc; k++) {
		all += obj->func[k]->ninsns;
		some += part && !part[k] ? 0 : obj->func[k]->ninsns;
	}
	return some * PASSES_WORK + t->j->counter.spent * some / all;
}

/* Can the variant come to something else than the first for this program? */
static bool changes(const struct trial *t, u32 k, u32 v)
{
	if (variant[v].order)
		return true;
	for (u32 i = 0; i < t->nfunc; i++)
		if (t->reach[k][i] && t->did[i] >> v & 1)
			return true;
	return false;
}

/* Has the program an outcome that it may have? Then size and speed look no further, unless the
 * kernel is asked. */
static bool served(const struct trial *t, u32 k, u32 tried)
{
	const struct skep_job *j = t->j;

	if (is_goal(j) || (j->kernel && dearer(j, j->res->before_cost[k], t->first.cost[k])))
		return false;
	for (u32 v = 0; v < tried; v++)
		if (may_be(j, k, &t->o[k][v]))
			return true;
	return false;
}

/* The functions of programs for which the variant may be better, in j->part; false: there are none.
 */
static bool pick(struct trial *t, u32 v)
{
	struct skep_job *j = t->j;
	u8 *must = SKEP_NEW_N(j->arena, u8, t->nfunc), *may = SKEP_NEW_N(j->arena, u8, t->nfunc);
	bool quick = variant[v].quick >> j->opts.mode & 1 && !j->opts.search, any = false,
	     more = false;

	for (u32 k = 0; k < t->nfunc; k++) {
		bool dear;

		if (!t->reach[k] || !j->res->before_cost[k])
			continue;
		dear = !served(t, k, v);
		if (!changes(t, k, v) || !(dear || quick))
			continue;
		any |= dear;
		more |= !dear;
		for (u32 i = 0; i < t->nfunc; i++) {
			must[i] |= dear && t->reach[k][i];
			may[i] |= t->reach[k][i];
		}
	}
	j->part = is_goal(j) ? NULL : must;
	if (more && t->used + work(t, may) + work(t, NULL) <= t->may) {
		t->used += work(t, may);
		j->part = may;
		return true;
	}
	return any || is_goal(j);
}

static void put_down(struct trial *t, u32 v)
{
	struct skep_job *j = t->j;
	const struct skep_obj *obj = j->res->after->obj;

	for (u32 k = 0; k < t->nfunc; k++)
		if (!j->part || j->part[k])
			t->o[k][v] = (struct outcome){j->res->after_cost[k],
						      skep_prog_slots(obj, obj->func[k])};
}

static void begin(struct trial *t, const struct skep_buf *out)
{
	struct skep_job *j = t->j;
	const struct skep_obj *obj = j->res->before->obj;

	keep_version(j, out, &t->first);
	t->o = skep_arena_calloc(j->arena, t->nfunc + 1, sizeof(*t->o));
	t->did = what_did(j);
	t->reach = SKEP_NEW_N(j->arena, u8 *, t->nfunc + 1);
	put_down(t, 0);
	t->dear = is_goal(j);
	for (u32 k = 0; k < t->nfunc; k++) {
		t->may += obj->func[k]->ninsns * QUICK_WORK_INSN;
		if (!(obj->func[k]->flags & SKEP_FF_PROG))
			continue;
		t->reach[k] = SKEP_NEW_N(j->arena, u8, t->nfunc);
		skep_prog_reach(obj, obj->func[k], t->reach[k]);
		t->dear |= dearer(j, j->res->before_cost[k], j->res->after_cost[k]);
	}
	t->used = work(t, NULL);
	t->may += QUICK_WORK;
}

/*
 * As it was put together, is it no better than what all passes made? It is not where a program
 * costs too much now: what it shares with another one is as that one chose.
 */
static bool in_vain(const struct trial *t)
{
	const struct skep_optimized *r = t->j->res;
	const struct skep_obj *obj = r->after->obj;
	bool worse = false;
	u64 first = 0, now = 0;

	for (u32 k = 0; k < t->nfunc; k++) {
		const struct outcome o = {r->after_cost[k], skep_prog_slots(obj, obj->func[k])};

		if (!t->reach[k] || !r->before_cost[k])
			continue;
		worse |= dearer(t->j, r->before_cost[k], o.processed);
		first += price(t->j, k, &t->o[k][0]);
		now += price(t->j, k, &o);
	}
	return !t->dear && (worse || now >= first);
}

int skep_variants_try(struct skep_job *j, struct skep_buf *out, u32 *refused)
{
	struct trial t = {.j = j, .nfunc = j->res->before->obj->nfunc};
	u32 was_refused = *refused;
	int err = 0;

	begin(&t, out);
	/* What is known of variants lies before what each version takes. */
	for (u32 v = 1; v < VARIANTS && !err; v++) {
		if (!pick(&t, v))
			continue;
		j->mark = skep_arena_mark(j->arena);
		j->again = j->trial = true;
		j->all = v;
		err = make_and_count(j, out, false, refused);
		if (!err)
			put_down(&t, v);
		skep_arena_release(j->arena, j->mark);
		j->again = j->trial = false;
		if (j->cost->tried)
			j->cost->tried(j->cost->user, v, VARIANTS - 1);
	}
	if (err)
		return err;
	j->all = 0;
	j->part = NULL;
	if (choose(&t)) {
		err = make_and_count(j, out, true, refused);
		if (!err && give_up(j))
			err = make_and_count(j, out, true, refused);
		/* What a judge keeps is of the version that was made last. */
		if (err || j->opts.judge || !in_vain(&t))
			return err;
	}
	take_version(j, &t.first, out);
	*refused = was_refused;
	return 0;
}
