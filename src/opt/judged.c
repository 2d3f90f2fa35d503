/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of passes that a judge has a say in. Asked at once, it is asked after each run that
 * changed something, and the edits that it refuses are found by halving.
 *
 * Asked ahead, passes go on while it judges on other threads. Each run that changed
 * something leaves a step: the function before and after, by value, and where the pipeline
 * stood. When a step is refused, everything since is taken back, from the newest step to
 * that one, the pipeline goes back to where it stood, and the pass is run once more and
 * judged at once.
 *
 * Why that gives the object that judging at once gives, with accepted steps only: what a
 * run of a pass does depends on the model, on the edits that were refused, and on what
 * skep_opt keeps (which functions were changed, the facts of the whole object, ids given
 * away, the number of edits). The answers come in the order of the steps, and a step is
 * forgotten only with an answer of yes, so up to the first one that is refused both ways
 * have done the same. There the whole of that state is put back to what it was before the
 * run, and the run is done as the other way does it. By induction over the runs both do the
 * same all along. Nothing is kept from a step that was taken back but memory.
 */
#include "opt/opt_impl.h"

/* --- one run --------------------------------------------------------------------------- */

/* Run the pass on the function as it was saved, with at most `limit` edits (0: no limit). */
static bool run_once(struct skep_opt *o, u32 p, struct skep_func *f,
		     const struct skep_func_saved *saved, u32 first, u32 limit)
{
	struct skep_arena_mark m;
	bool changed;

	if (saved)
		skep_func_restore(o->obj, saved);
	/* It counts its runs. */
	if (saved && o->ranged && strcmp(o->pass, "ranges") == 0)
		o->ranged[f->index] = 0;
	o->res->nedit = first;
	o->step_limit = limit ? first + limit : 0;
	/* A run that is done anew needs as much memory as one, not as all of them. */
	skep_opt_forget_seen(o, f);
	m = skep_arena_mark(o->scratch);
	changed = skep_pass_fn[p](o, f);
	skep_arena_release(o->scratch, m);
	o->step_limit = 0;
	return changed;
}

/*
 * Facts of the object as it was: this function is as it was, too, or pass `ranges` would not
 * have used them.
 */
static void give_facts(const struct skep_opt *o, struct skep_opt_step *step)
{
	if (strcmp(o->pass, "ranges") != 0)
		return;
	step->facts = o->vfact;
	step->nfacts = o->nvfact;
}

static bool approved(struct skep_opt *o, struct skep_func *f, const struct skep_func_saved *saved,
		     u32 first)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	struct skep_opt_step step = {.obj = o->obj,
				     .pass = o->pass,
				     .before = skep_func_view(saved, o->scratch),
				     .after = f,
				     .edit = o->res->edit + first,
				     .nedit = o->res->nedit - first,
				     .scratch = o->scratch};
	bool yes;

	give_facts(o, &step);
	yes = o->opts->judge(o->opts->judge_user, &step);
	skep_arena_release(o->scratch, m);
	return yes;
}

static void refuse(struct skep_opt *o, const struct skep_edit *e)
{
	struct skep_opt_result *r = o->res;

	if (r->nrefused == o->refused_cap) {
		u32 cap = o->refused_cap ? o->refused_cap * 2 : 16;

		r->refused =
			skep_arena_grow(r->arena, r->refused, o->refused_cap * sizeof(*r->refused),
					cap * sizeof(*r->refused));
		o->refused_cap = cap;
	}
	r->refused[r->nrefused++] = (struct skep_deny){e->pass, e->before[0].id, e->why};
}

/* --- versions and steps ---------------------------------------------------------------------- */

/* Steps that are open, and instructions in all their functions: each is there five times, a few
 * hundred bytes. */
enum { MAX_AHEAD = 64, MAX_HELD = 1 << 18 };

/* A function as it was at some time. */
struct version {
	struct skep_arena arena;
	struct skep_func_saved *saved;
	u32 refs; /* 0: free to be used again */
};

/* A run of a pass that changed something, and what was before it. */
struct step {
	void *question; /* the judge's; NULL: none yet */
	struct version *before, *after;
	struct skep_opt_at at;
	u32 nedit, nrefused, rounds, next_id;
	const struct skep_vfact *vfact;
	u32 nvfact;
	u8 *all_ranged;
	u8 began, ranged;
};

struct skep_ahead {
	struct step step[MAX_AHEAD]; /* a ring */
	u32 first, n, held;
	struct version *now; /* of the function that passes work on, or NULL */
	SKEP_VEC(version_vec, struct version *) version;
	bool redo; /* the run that comes was refused before */
};

void skep_ahead_init(struct skep_opt *o)
{
	if (o->opts->judge && o->opts->ahead && !o->opts->after_pass)
		o->ahead = SKEP_NEW(o->keep, struct skep_ahead);
}

static struct version *save(struct skep_opt *o, struct skep_func *f)
{
	struct skep_ahead *h = o->ahead;
	struct version *v = NULL;

	for (u32 k = 0; k < h->version.n && !v; k++)
		if (!h->version.v[k]->refs)
			v = h->version.v[k];
	if (!v) {
		v = SKEP_NEW(o->keep, struct version);
		skep_arena_init(&v->arena);
		v->arena.on_oom = o->keep->on_oom;
		*SKEP_VEC_PUSH(o->keep, &h->version) = v;
	}
	v->refs = 1;
	v->saved = skep_func_save(o->obj, f, &v->arena);
	return v;
}

static void let_go(struct version *v)
{
	if (v && --v->refs == 0)
		skep_arena_release(&v->arena, (struct skep_arena_mark){0});
}

/* The function is changed without a step. */
static void forget_now(struct skep_opt *o)
{
	if (!o->ahead)
		return;
	let_go(o->ahead->now);
	o->ahead->now = NULL;
}

/* --- at once, with halving ------------------------------------------------------------------- */

bool skep_judged_run(struct skep_opt *o, u32 p, struct skep_func *f, bool refused)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	struct skep_func_saved *saved = skep_func_save(o->obj, f, o->scratch);
	u32 first = o->res->nedit;
	bool changed;

	forget_now(o);
	changed = run_once(o, p, f, NULL, first, 0);
	while (changed && (refused || !approved(o, f, saved, first))) {
		u32 lo = 0, hi = o->res->nedit - first;

		refused = false;
		/* The judge refuses `hi` edits and lets `lo` pass. */
		while (hi - lo > 1) {
			u32 mid = lo + (hi - lo) / 2;

			if (!run_once(o, p, f, saved, first, mid) || approved(o, f, saved, first))
				lo = mid;
			else
				hi = mid;
		}
		if (!hi) {
			/* A change without an edit, which is a bug of the pass. */
			skep_func_restore(o->obj, saved);
			changed = false;
			break;
		}
		run_once(o, p, f, saved, first, hi);
		refuse(o, &o->res->edit[first + hi - 1]);
		changed = run_once(o, p, f, saved, first, 0);
	}
	skep_arena_release(o->scratch, m);
	return changed;
}

/* --- ahead ------------------------------------------------------------------------------------ */

static struct step *step_at(struct skep_ahead *h, u32 k)
{
	return &h->step[(h->first + k) % MAX_AHEAD];
}

/*
 * A function for the judge's thread alone: its calls lead to copies, too, for what a call
 * reads is seen from how its callee begins.
 */
static struct skep_func *own_view(struct skep_opt *o, const struct version *v, struct skep_arena *a,
				  struct skep_func **head)
{
	struct skep_func *f = skep_func_view(v->saved, a);

	SKEP_FOR_INSN(i, f) {
		struct skep_func **h = i->callee ? &head[i->callee->index] : NULL;

		if (!h)
			continue;
		if (!*h)
			*h = skep_func_head(i->callee, a);
		i->callee = *h;
	}
	return f;
}

static void ask(struct skep_opt *o, struct step *s)
{
	const struct skep_opt_ahead *to = o->opts->ahead;
	u32 n = o->res->nedit - s->nedit;
	struct skep_opt_step *step;
	struct skep_func **head;
	struct skep_arena *a;

	s->question = to->begin(to->user, &a);
	if (!s->question)
		skep_arena_fail(o->keep);
	a->on_oom = o->keep->on_oom;
	head = SKEP_NEW_N(a, struct skep_func *, o->obj->nfunc);
	step = SKEP_NEW(a, struct skep_opt_step);
	*step = (struct skep_opt_step){
		.obj = o->obj,
		.pass = o->pass,
		.before = own_view(o, s->before, a, head),
		.after = own_view(o, s->after, a, head),
		.edit = skep_arena_memdup(a, o->res->edit + s->nedit, n * sizeof(*step->edit)),
		.nedit = n,
		.scratch = a,
	};
	give_facts(o, step);
	a->on_oom = NULL;
	to->ask(to->user, s->question, step);
}

bool skep_ahead_run(struct skep_opt *o, u32 p, struct skep_func *f)
{
	struct skep_ahead *h = o->ahead;
	struct step s = {.at = o->at,
			 .nedit = o->res->nedit,
			 .nrefused = o->res->nrefused,
			 .rounds = o->res->rounds,
			 .next_id = o->obj->next_id,
			 .vfact = o->vfact,
			 .nvfact = o->nvfact,
			 .all_ranged = o->ranged,
			 .began = o->began[f->index],
			 .ranged = o->ranged ? o->ranged[f->index] : 0};
	struct step *slot;
	bool changed;

	if (h->now && h->now->saved->func != f)
		forget_now(o);
	if (h->redo) {
		h->redo = false;
		return skep_judged_run(o, p, f, true);
	}
	if (!h->now)
		h->now = save(o, f);
	changed = run_once(o, p, f, NULL, s.nedit, 0);
	if (!changed)
		return false;
	s.before = h->now;
	s.after = h->now = save(o, f);
	h->now->refs++;
	slot = step_at(h, h->n);
	*slot = s;
	h->n++;
	h->held += f->ninsns;
	ask(o, slot);
	return true;
}

static void forget(struct skep_opt *o, struct step *s, bool answered)
{
	if (s->question && !answered)
		o->opts->ahead->drop(o->opts->ahead->user, s->question);
	let_go(s->before);
	let_go(s->after);
}

/* Take back the step and all that came after it. */
static void go_back(struct skep_opt *o)
{
	struct skep_ahead *h = o->ahead;
	struct step s = *step_at(h, 0);
	u32 at = s.before->saved->func->index;

	for (u32 k = h->n; k-- > 0;) {
		skep_func_restore(o->obj, step_at(h, k)->before->saved);
		forget(o, step_at(h, k), k == 0);
	}
	h->n = h->held = 0;
	forget_now(o);
	o->at = s.at;
	o->res->nedit = s.nedit;
	o->res->nrefused = s.nrefused;
	o->res->rounds = s.rounds;
	o->obj->next_id = s.next_id;
	o->vfact = s.vfact;
	o->nvfact = s.nvfact;
	/* No pass had come to the functions behind this one. */
	memset(o->began + at, 0, o->obj->nfunc - at);
	o->began[at] = s.began;
	o->ranged = s.all_ranged;
	if (o->ranged) {
		memset(o->ranged + at, 0, o->obj->nfunc - at);
		o->ranged[at] = s.ranged;
	}
	h->redo = true;
}

bool skep_ahead_settle(struct skep_opt *o, bool all)
{
	const struct skep_opt_ahead *to = o->opts->ahead;
	struct skep_ahead *h = o->ahead;

	while (h && h->n) {
		struct step *s = step_at(h, 0);
		int yes = to->answer(to->user, s->question,
				     all || h->n == MAX_AHEAD || h->held > MAX_HELD);

		if (yes < 0)
			return false;
		s->question = NULL;
		if (!yes) {
			go_back(o);
			return true;
		}
		h->held -= s->after->saved->value.ninsns;
		forget(o, s, true);
		h->first = (h->first + 1) % MAX_AHEAD;
		h->n--;
	}
	return false;
}

void skep_ahead_fini(struct skep_opt *o)
{
	struct skep_ahead *h = o->ahead;

	if (!h)
		return;
	for (u32 k = 0; k < h->n; k++)
		if (step_at(h, k)->question)
			o->opts->ahead->drop(o->opts->ahead->user, step_at(h, k)->question);
	o->opts->ahead->idle(o->opts->ahead->user);
	for (u32 k = 0; k < h->version.n; k++)
		skep_arena_fini(&h->version.v[k]->arena);
}
