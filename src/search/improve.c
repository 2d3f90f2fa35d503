/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole object: all windows of a function, first with little effort, then with
 * more. Answers are remembered by the window's key, with the effort that gave
 * them, and an answer counts only in a sweep of at least that effort: so a run that
 * is repeated (as the kernel's judge does it) gives the same edits although more is
 * known by then. Answers of the cache are proved again before they are used: a
 * cache is a file, and files lie.
 */
#include "search/search_impl.h"

enum { NOTHING = UINT8_MAX, NEVER = UINT32_MAX };

struct answer {
	u32 effort;  /* it was searched with, or NEVER */
	bool closed; /* there was no time: it stays like this in this run, so that the run can be
			repeated */
	struct skep_found f; /* n is NOTHING when there is none */
};

struct skep_searcher {
	struct skep_searcher_opts opts;
	struct skep_arena *arena;
	struct skep_hmap memo;
	struct skep_searcher_stats stats;
	/* The function at hand. */
	struct skep_windows it;
	u32 sweep;
	double until; /* when its share of the time is over */
	struct skep_site site;
	struct skep_insn *from[SKEP_WIN_MAX];
	struct skep_ins to[SKEP_WIN_MAX];
};

struct skep_searcher *skep_searcher_new(const struct skep_searcher_opts *opts,
					struct skep_arena *arena)
{
	struct skep_searcher *s = SKEP_NEW(arena, struct skep_searcher);

	s->opts = *opts;
	s->arena = arena;
	if (!s->opts.sweeps || s->opts.sweeps > SKEP_EFFORTS)
		s->opts.sweeps = SKEP_EFFORTS;
	skep_hmap_init(&s->memo, arena);
	return s;
}

const struct skep_searcher_stats *skep_searcher_stats(const struct skep_searcher *s)
{
	return &s->stats;
}

static double spent(const struct skep_searcher *s)
{
	return s->opts.spent ? s->opts.spent(s->opts.user) : 0;
}

static bool stop(void *user)
{
	const struct skep_searcher *s = user;

	return spent(s) >= s->until;
}

/* What is left of the time goes to this function and those behind it, by instructions. */
static void start_clock(struct skep_searcher *s, const struct skep_opt_view *v)
{
	u64 behind = 0, here = v->cfg->ninsn;
	double t = spent(s);

	for (u32 k = v->cfg->func->index; k < v->obj->nfunc; k++)
		behind += v->obj->func[k]->ninsns;
	s->until = t + (1 - t) * (double)here / (double)SKEP_MAX(behind, SKEP_MAX(here, (u64)1));
	s->until = t < 1 ? SKEP_MIN(s->until, 1.0) : 0;
}

/* What the cache says, when it can be borne out. */
static bool recall(struct skep_searcher *s, const struct skep_window *w, const u8 *key, u32 len,
		   struct answer *a)
{
	const struct skep_search_cache *c = &s->opts.cache;

	if (!c->get || !c->get(c->user, key, len, &a->effort, &a->f))
		return false;
	if (a->f.n == NOTHING)
		return true;
	return skep_found_cheaper(w, &a->f) && skep_found_bounded(w, &a->f) &&
	       skep_found_prove(w, &a->f, 0, NULL) == SKEP_FOUND_YES;
}

static void search(struct skep_searcher *s, const struct skep_window *w, const u8 *key, u32 len,
		   struct answer *a)
{
	struct skep_search_opts o = {
		.sz = sizeof(o), .effort = s->sweep, .seed = s->opts.seed, .stop = stop, .user = s};
	const struct skep_search_cache *c = &s->opts.cache;
	struct skep_found f;
	enum skep_search_result r = skep_search_window(w, &o, &f, &s->stats.search);

	s->stats.searched++;
	if (s->opts.progress)
		s->opts.progress(s->opts.user);
	if (r == SKEP_SEARCH_STOPPED) {
		a->closed = true;
		return;
	}
	if (r == SKEP_SEARCH_NOTHING)
		f.n = NOTHING;
	a->effort = s->sweep;
	a->f = f;
	if (c->put)
		c->put(c->user, key, len, a->effort, &a->f);
}

/* The answer for a window in this sweep, or NULL. */
static const struct skep_found *answer_for(struct skep_searcher *s, const struct skep_window *w)
{
	u8 key[SKEP_WIN_KEY];
	u32 len = skep_window_key(w, key);
	struct answer *a = skep_hmap_find(&s->memo, key, len);

	s->stats.windows++;
	if (!a) {
		a = SKEP_NEW(s->arena, struct answer);
		if (recall(s, w, key, len, a)) {
			s->stats.known++;
		} else {
			a->effort = NEVER;
			a->f.n = NOTHING;
		}
		skep_hmap_put(&s->memo, skep_arena_memdup(s->arena, key, len), len, a);
	}
	if (a->f.n == NOTHING && !a->closed && (a->effort == NEVER || a->effort < s->sweep)) {
		if (stop(s))
			a->closed = true;
		else
			search(s, w, key, len, a);
	}
	return a->f.n != NOTHING && a->effort <= s->sweep ? &a->f : NULL;
}

/* One instruction in the registers of the place. */
static struct skep_ins put_back(const struct skep_site *site, struct skep_ins in)
{
	const struct skep_insn *last = site->insn[site->w.n - 1];

	if (in.op == SKEP_STX) {
		in.dst = last->in.dst;
		in.off = last->in.off;
	} else {
		in.dst = site->real[in.dst];
		in.off += is_load(&in) ? (s32)site->mem_off : 0;
	}
	if (in.form == SKEP_REG)
		in.src = site->real[in.src];
	return in;
}

/* The edit: a branch inside belongs to neither side of it. */
static void make_swap(struct skep_searcher *s, const struct skep_found *f,
		      struct skep_opt_swap *out)
{
	const struct skep_site *site = &s->site;
	u32 side = skep_window_side(&site->w, f->in, f->n);

	*out = (struct skep_opt_swap){.from = s->from,
				      .to = s->to,
				      .sink = site->w.sink != SKEP_SINK_NONE,
				      .why = "a cheaper row of instructions"};
	for (u32 k = 0; k < site->w.n; k++)
		if (k + 1u == site->w.side)
			out->branch = site->insn[k];
		else
			s->from[out->nfrom++] = site->insn[k];
	out->nbefore = side < f->n ? side : 0;
	for (u32 k = 0; k < f->n; k++)
		if (k != side)
			s->to[out->nto++] = put_back(site, f->in[k]);
}

bool skep_searcher_next(void *user, const struct skep_opt_view *view, struct skep_opt_swap *out)
{
	struct skep_searcher *s = user;

	if (view->first) {
		skep_windows_init(&s->it, view);
		s->it.sides = s->it.loads = true;
		s->sweep = 0;
		s->arena->on_oom = view->obj->arena->on_oom;
		start_clock(s, view);
	}
	for (;;) {
		const struct skep_found *f;

		if (!skep_windows_next(&s->it, &s->site)) {
			if (s->sweep + 1 == s->opts.sweeps)
				return false;
			s->sweep++;
			skep_windows_init(&s->it, view);
			s->it.sides = s->it.loads = true;
			continue;
		}
		/* What one row makes of an upper half, another one's facts do not know. */
		s->site.w.half = 0;
		f = answer_for(s, &s->site.w);
		if (!f)
			continue;
		make_swap(s, f, out);
		s->stats.found++;
		return true;
	}
}
