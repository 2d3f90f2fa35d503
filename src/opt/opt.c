/* SPDX-License-Identifier: BSD-2-Clause */
/* The pass manager: rounds of passes over each function, and the record of edits. */
#include "opt/opt_impl.h"

enum {
#define D(name, code, sev, text, explain) OPT_D_##name,
#include "opt/diag.def"
#undef D
};
const struct skep_diag_def skep_opt_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "opt/diag.def"
#undef D
};
const u32 skep_opt_ndiags = SKEP_ARRAY_SIZE(skep_opt_diags);

static const struct skep_pass passes[] = {
#define P(name, slower, summary) {#name, summary, slower},
#define W P
#include "opt/pass.def"
#undef P
#undef W
};
bool (*const skep_pass_fn[])(struct skep_opt *, struct skep_func *) = {
#define P(name, slower, summary) skep_pass_##name,
#define W P
#include "opt/pass.def"
#undef P
#undef W
};
bool (*const skep_plan_fn[])(struct skep_opt *, const u8 *) = {
#define P(name, slower, summary) NULL,
#define W(name, slower, summary) skep_plan_##name,
#include "opt/pass.def"
#undef P
#undef W
};
enum { DEFAULT_ROUNDS = 24 };

const struct skep_pass *skep_opt_passes(u32 *n)
{
	*n = SKEP_ARRAY_SIZE(passes);
	return passes;
}

/* --- edits --------------------------------------------------------------------- */

static const struct skep_edit_insn *capture(struct skep_opt *o, const struct skep_insn *first,
					    const struct skep_insn *stop, u32 *count)
{
	struct skep_edit_insn *e;
	u32 n = 0;

	for (const struct skep_insn *i = first; i && i != stop; i = i->next)
		n++;
	e = SKEP_NEW_N(o->res->arena, struct skep_edit_insn, n);
	*count = n;
	n = 0;
	for (const struct skep_insn *i = first; i && i != stop; i = i->next, n++)
		e[n] = (struct skep_edit_insn){i->id, i->ref, i->sym, i->in, i->callee, i->target ? i->target->id : 0};
	return e;
}

static bool among(const struct skep_deny *d, u32 n, const char *pass, u32 id)
{
	for (u32 k = 0; k < n; k++)
		if (d[k].id == id && strcmp(d[k].pass, pass) == 0)
			return true;
	return false;
}

bool skep_opt_listed(const struct skep_opt *o, const struct skep_insn *first)
{
	return among(o->res->refused, o->res->nrefused, o->pass, first->id) ||
	       among(o->opts->deny, o->opts->ndeny, o->pass, first->id);
}

static bool denied(const struct skep_opt *o, const struct skep_insn *first)
{
	if (o->opts->max_edits && o->res->nedit >= o->opts->max_edits)
		return true;
	if (o->step_limit && o->res->nedit >= o->step_limit)
		return true;
	return skep_opt_listed(o, first);
}

bool skep_opt_begin(struct skep_opt *o, const char *why, struct skep_insn *first, struct skep_insn *last)
{
	struct skep_edit *e;

	if (denied(o, first))
		return false;
	if (o->res->nedit == o->cap) {
		u32 cap = o->cap ? o->cap * 2 : 64;

		o->res->edit = skep_arena_grow(o->res->arena, o->res->edit, o->cap * sizeof(*e), cap * sizeof(*e));
		o->cap = cap;
	}
	e = &o->res->edit[o->res->nedit++];
	memset(e, 0, sizeof(*e));
	e->number = o->res->nedit;
	e->pass = o->pass;
	e->why = why;
	e->func = first->func;
	e->line = first->line;
	e->slot = first->slot;
	e->before = capture(o, first, last->next, &e->nbefore);
	e->live_out = o->lv && !(last->flags & SKEP_IF_NEW) ? o->lv->out[last->num] : 0x7ff;
	e->entry = skep_arena_memdup(o->res->arena, o->fa->in[first->num], sizeof(o->fa->in[0]));
	o->func = first->func;
	o->edge_before = first->prev;
	o->edge_after = last->next;
	o->func->changes++; /* also by what is written without skep_edit_...() */
	return true;
}

void skep_opt_end(struct skep_opt *o)
{
	struct skep_edit *e = &o->res->edit[o->res->nedit - 1];
	struct skep_insn *first = o->edge_before ? o->edge_before->next : o->func->first;

	e->after = capture(o, first == o->edge_after ? NULL : first, o->edge_after, &e->nafter);
}

bool skep_opt_clean(const struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to)
{
	for (u32 k = from->num; k <= to->num; k++)
		if (o->touched[k])
			return false;
	return true;
}

void skep_opt_touch(struct skep_opt *o, const struct skep_insn *from, const struct skep_insn *to)
{
	memset(o->touched + from->num, 1, to->num - from->num + 1);
}

bool skep_opt_allowed(const struct skep_opt *o, const struct skep_ins *in)
{
	return !skep_isa_check(in) && !skep_isa_refused(in) && skep_isa_level(in) <= o->level;
}

bool skep_opt_huge(const struct skep_func *f)
{
	return f->ninsns > INT16_MAX / 2 && skep_func_slots(f) > INT16_MAX;
}

/* --- memory ---------------------------------------------------------------------- */

bool skep_opt_meets_at(const struct skep_opt *o, const struct skep_insn *i, const struct skep_place *at, int what)
{
	return i->func && skep_place_meets(o->obj, o->fa, i, at, what);
}

bool skep_opt_meets(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b,
		    const struct skep_place *at, int what)
{
	for (u32 k = a->num + 1; k < b->num; k++)
		if (skep_opt_meets_at(o, o->cfg->insn[k], at, what))
			return true;
	return false;
}

bool skep_opt_widenable(const struct skep_place *at, u32 size, bool store)
{
	switch (at->kind) {
	case SKEP_K_STACK:
		return at->vn == SKEP_VN_FP && at->off % (s64)size == 0;
	case SKEP_K_PKT:
		return true;
	case SKEP_K_MAPVAL:
		/* Program memory is aligned; keep accesses to it aligned as far as can be seen. */
		return !store || at->off % (s64)size == 0;
	default:
		return false;
	}
}

/* --- the pipeline ------------------------------------------------------------------- */

/* What these find rests on more than the model, so they are not run a second time where it can be helped. */
static bool asks_others(u32 p)
{
	return skep_pass_fn[p] == skep_pass_search || skep_pass_fn[p] == skep_pass_order;
}

bool skep_opt_run_pass(struct skep_opt *o, u32 p, struct skep_func *f)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	bool changed;

	if (!f->first || (passes[p].slower && o->opts->mode == SKEP_OPT_SPEED))
		return false;
	skep_opt_forget_seen(o, f);
	if (o->quiet_func != f)
		memset(o->quiet, -1, SKEP_ARRAY_SIZE(passes) * sizeof(*o->quiet));
	o->quiet_func = f;
	o->pass = passes[p].name;
	if (o->quiet[p] == f->changes && !asks_others(p))
		changed = false; /* as the last time */
	else if (!o->opts->judge)
		changed = skep_pass_fn[p](o, f);
	else if (o->ahead && !asks_others(p) && !skep_plan_fn[p])
		changed = skep_ahead_run(o, p, f);
	else
		changed = skep_judged_run(o, p, f, false);
	skep_arena_release(o->scratch, m);
	if (!changed)
		o->quiet[p] = f->changes;
	o->began[f->index] |= changed && skep_pass_fn[p] != skep_pass_ranges;
	if (o->opts->after_pass)
		o->opts->after_pass(o->opts->user, o->pass, f, changed);
	return changed;
}

static int broken(struct skep_opt *o, const struct skep_func *f, struct skep_diags *ds, const char *bad)
{
	struct skep_diag_place at = {.section = f->sec->name, .prog = f->name, .offset = -1, .insn = -1};

	skep_diag(ds, &skep_opt_diags[OPT_D_BROKEN], at, o->pass, bad);
	return SKEP_EBUG;
}

/* Is the name in a list separated by commas? "*" is every name. */
static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = list; s && *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ','))
		if (*s == '*' || (strcspn(s, ",") == n && memcmp(s, name, n) == 0))
			return true;
	return false;
}

/*
 * Without a kernel that counts, these are left out for the verifier's sake: measured, they make it look for
 * states that it has seen in other places, and constants in the stack are followed less well when merged.
 */
static const char *left_out(const struct skep_opt *o, const struct skep_func *f)
{
	if (o->opts->without)
		return o->opts->without(o->opts->without_user, f);
	return o->opts->mode == SKEP_OPT_VERIFIER && !o->opts->passes ? "hoist,stimm,stmerge" : NULL;
}

bool skep_opt_left_out(const struct skep_opt *o, const struct skep_func *f, u32 p)
{
	return (passes[p].slower && o->opts->mode == SKEP_OPT_SPEED) || listed(left_out(o, f), passes[p].name) ||
	       (o->opts->no_functions && skep_plan_fn[p] == skep_plan_outline);
}

/* The pass at o->at, of the function there. */
static int run_here(struct skep_opt *o, const u32 *list, struct skep_diags *ds)
{
	struct skep_func *f = o->obj->func[o->at.func];
	u32 p = list[o->at.pass];
	const char *bad = NULL;
	bool changed;

	o->res->rounds = SKEP_MAX(o->res->rounds, o->at.round + 1);
	/* It takes its time, so what the others do first it need not find. */
	if (skep_plan_fn[p] || (o->at.more && skep_pass_fn[p] == skep_pass_search) || skep_pass_fn[p] == skep_pass_order || listed(left_out(o, f), passes[p].name))
		return 0;
	changed = skep_opt_run_pass(o, p, f);
	o->at.more |= changed;
	if (o->opts->check && changed)
		bad = skep_func_check(f);
	if (o->seen_stale)
		bad = "what was seen of it earlier is no longer true";
	return bad ? broken(o, f, ds, bad) : 0;
}

/* On to the next pass, round or function. */
static int advance(struct skep_opt *o, u32 n, u32 rounds, struct skep_diags *ds)
{
	const struct skep_func *f = o->obj->func[o->at.func];

	if (++o->at.pass < n)
		return 0;
	o->at.pass = 0;
	if (o->at.more && ++o->at.round < rounds) {
		o->at.more = false;
		return 0;
	}
	o->at = (struct skep_opt_at){.func = o->at.func + 1};
	return skep_func_check(f) ? broken(o, f, ds, skep_func_check(f)) : 0;
}

static int run_list(struct skep_opt *o, const u32 *list, u32 n, struct skep_diags *ds)
{
	u32 rounds = o->opts->max_rounds ? o->opts->max_rounds : DEFAULT_ROUNDS;

	for (;;) {
		bool end = o->at.func == o->obj->nfunc;
		bool alone = !end && n && skep_pass_fn[list[o->at.pass]] == skep_pass_search && o->opts->search;
		int err;

		/* A search is not repeated, so nothing before it may be open. */
		if (skep_ahead_settle(o, end || alone))
			continue;
		if (end)
			return 0;
		err = n ? run_here(o, list, ds) : 0;
		if (!err)
			err = advance(o, n, rounds, ds);
		if (err)
			return err;
	}
}

/* What a function costs depends on what it calls and who calls it, so all of them are done before. */
static int run_order(struct skep_opt *o, const u32 *list, u32 n, struct skep_diags *ds)
{
	for (u32 p = 0; p < n; p++)
		for (u32 k = 0; skep_pass_fn[list[p]] == skep_pass_order && k < o->obj->nfunc; k++) {
			struct skep_func *f = o->obj->func[k];

			if (!listed(left_out(o, f), "order") && skep_opt_run_pass(o, list[p], f) && skep_func_check(f))
				return broken(o, f, ds, skep_func_check(f));
		}
	return 0;
}

/* Passes over the whole object, when all others are done. */
static int run_wholes(struct skep_opt *o, const u32 *list, u32 n, struct skep_diags *ds)
{
	int err = 0;

	for (u32 p = 0; p < n && !err; p++) {
		if (!skep_plan_fn[list[p]])
			continue;
		o->pass = passes[list[p]].name;
		if (!skep_whole_run(o, list[p]))
			continue;
		for (u32 k = 0; k < o->obj->nfunc && !err; k++)
			if (skep_func_check(o->obj->func[k]))
				err = broken(o, o->obj->func[k], ds, skep_func_check(o->obj->func[k]));
	}
	return err;
}

/* The passes to run, in order; returns how many or a negative error. */
static int pick_passes(const struct skep_opt_opts *opts, struct skep_arena *arena, struct skep_diags *ds, u32 **out)
{
	const char *s = opts->passes;
	u32 n = 0, cap = SKEP_ARRAY_SIZE(passes);

	*out = SKEP_NEW_N(arena, u32, s ? strlen(s) + 1 : cap);
	if (!s) {
		for (; n < cap; n++)
			(*out)[n] = n;
		return (int)n;
	}
	while (*s) {
		size_t len = strcspn(s, ",");
		u32 p = 0;

		while (p < cap && (strlen(passes[p].name) != len || memcmp(passes[p].name, s, len) != 0))
			p++;
		if (p == cap) {
			skep_diag(ds, &skep_opt_diags[OPT_D_UNKNOWN_PASS], SKEP_NOWHERE, skep_arena_strndup(arena, s, len));
			return SKEP_EUSAGE;
		}
		(*out)[n++] = p;
		s += len + (s[len] == ',');
	}
	return (int)n;
}

/* Is there a function that is called and has a legacy packet load? */
static bool legacy_subprog(const struct skep_obj *obj, struct skep_arena *scratch)
{
	u8 *legacy = SKEP_NEW_N(scratch, u8, obj->nfunc + 1);
	bool any = false;

	for (u32 k = 0; k < obj->nfunc; k++)
		for (const struct skep_insn *i = obj->func[k]->first; i; i = i->next)
			any |= legacy[k] |= i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND;
	for (u32 k = 0; any && k < obj->nfunc; k++)
		for (const struct skep_insn *i = obj->func[k]->first; i; i = i->next)
			if (i->in.op == SKEP_CALL && i->ref == SKEP_REF_FUNC && legacy[i->callee->index])
				return true;
	return false;
}

int skep_opt_run(struct skep_obj *obj, const struct skep_opt_opts *opts, struct skep_diags *ds,
		 struct skep_opt_result *res)
{
	struct skep_opt o = {.obj = obj, .opts = opts, .res = res};
	struct skep_arena scratch, keep, whole, seen;
	volatile int result = 0;
	volatile u32 n = 0;
	int oom = 0;
	u32 *list;

	skep_arena_init(&scratch);
	skep_arena_init(&keep);
	skep_arena_init(&whole);
	skep_arena_init(&seen);
	o.whole = &whole;
	o.seen = &seen;
	o.scratch = &scratch;
	o.keep = &keep;
	o.level = opts->cpu ? opts->cpu : obj->level;
	res->edit = NULL;
	res->refused = NULL;
	res->nedit = res->rounds = res->nrefused = 0;
	SKEP_GUARD(obj->arena, oom, {
		jmp_buf *old = res->arena->on_oom;

		scratch.on_oom = keep.on_oom = whole.on_oom = seen.on_oom = obj->arena->on_oom;
		o.began = SKEP_NEW_N(&keep, u8, obj->nfunc + 1);
		o.slots = SKEP_NEW_N(&keep, u32, obj->nfunc + 1);
		for (u32 k = 0; k < obj->nfunc; k++)
			o.slots[k] = skep_func_slots(obj->func[k]);
		o.quiet = SKEP_NEW_N(&keep, u32, SKEP_ARRAY_SIZE(passes));
		res->arena->on_oom = obj->arena->on_oom;
		o.legacy_subprog = legacy_subprog(obj, &scratch);
		if (opts->judge_begin)
			opts->judge_begin(opts->judge_user);
		skep_ahead_init(&o);
		result = pick_passes(opts, &scratch, ds, &list);
		skep_ctx_args_compute(obj, &scratch);
		if (result >= 0)
			result = run_list(&o, list, n = (u32)result, ds);
		if (result >= 0)
			result = run_order(&o, list, n, ds);
		if (result >= 0)
			result = run_wholes(&o, list, n, ds);
		res->arena->on_oom = old;
	});
	skep_ahead_fini(&o);
	skep_arena_fini(&scratch);
	skep_arena_fini(&keep);
	skep_arena_fini(&whole);
	skep_arena_fini(&seen);
	return oom ? oom : result;
}
