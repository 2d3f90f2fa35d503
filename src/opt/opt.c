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
#include "opt/pass.def"
#undef P
};
static bool (*const pass_fn[])(struct skep_opt *, struct skep_func *) = {
#define P(name, slower, summary) skep_pass_##name,
#include "opt/pass.def"
#undef P
};
enum { DEFAULT_ROUNDS = 24 };

const struct skep_pass *skep_opt_passes(u32 *n)
{
	*n = SKEP_ARRAY_SIZE(passes);
	return passes;
}

void skep_opt_look(struct skep_opt *o, struct skep_func *f, bool live)
{
	o->cfg = skep_cfg_compute(f, o->scratch);
	o->fa = skep_facts_compute(o->obj, o->cfg, o->scratch);
	o->lv = live ? skep_live_compute(o->obj, o->fa, o->scratch) : NULL;
	o->touched = SKEP_NEW_N(o->scratch, u8, o->cfg->ninsn);
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

static bool denied(const struct skep_opt *o, const struct skep_insn *first)
{
	if (o->opts->max_edits && o->res->nedit >= o->opts->max_edits)
		return true;
	if (o->step_limit && o->res->nedit >= o->step_limit)
		return true;
	for (u32 k = 0; k < o->res->nrefused; k++)
		if (o->res->refused[k].id == first->id && strcmp(o->res->refused[k].pass, o->pass) == 0)
			return true;
	for (u32 k = 0; k < o->opts->ndeny; k++)
		if (o->opts->deny[k].id == first->id && strcmp(o->opts->deny[k].pass, o->pass) == 0)
			return true;
	return false;
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

bool skep_opt_meets(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b,
		    const struct skep_place *at, int what)
{
	for (u32 k = a->num + 1; k < b->num; k++) {
		const struct skep_insn *i = o->cfg->insn[k];
		struct skep_memop m;
		struct skep_place p;
		u32 e;

		if (!i->func)
			continue;
		if (skep_isa_memop(&i->in, &m)) {
			skep_place_get(o->fa, i, &p);
			/* Atomic operations order others on what another CPU sees. */
			if (m.atomic && at->kind != SKEP_K_STACK)
				return true;
			if (((m.load && what & OPT_READS) || (m.store && what & OPT_WRITES)) && skep_place_alias(&p, at))
				return true;
			continue;
		}
		e = skep_call_effects(o->obj, o->fa, i);
		if (what & OPT_WRITES && e & (SKEP_EFF_WRITE_STACK | SKEP_EFF_WRITE_OTHER | SKEP_EFF_PKT))
			return true;
		if (what & OPT_READS && e & (SKEP_EFF_READ_STACK | SKEP_EFF_READ_OTHER))
			return true;
	}
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

/* Run the pass on the function as it was saved, with at most `limit` edits (0: no limit). */
static bool run_once(struct skep_opt *o, u32 p, struct skep_func *f, const struct skep_func_saved *saved, u32 first,
		     u32 limit)
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
	m = skep_arena_mark(o->scratch);
	changed = pass_fn[p](o, f);
	skep_arena_release(o->scratch, m);
	o->step_limit = 0;
	return changed;
}

static bool approved(struct skep_opt *o, struct skep_func *f, const struct skep_func_saved *saved, u32 first)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	struct skep_opt_step step = {.obj = o->obj, .pass = o->pass, .after = f, .edit = o->res->edit + first,
				     .nedit = o->res->nedit - first, .scratch = o->scratch};
	struct skep_func before = saved->view;
	bool yes;

	step.before = &before;
	yes = o->opts->judge(o->opts->judge_user, &step);
	skep_arena_release(o->scratch, m);
	return yes;
}

static void refuse(struct skep_opt *o, const struct skep_edit *e)
{
	struct skep_opt_result *r = o->res;

	if (r->nrefused == o->refused_cap) {
		u32 cap = o->refused_cap ? o->refused_cap * 2 : 16;

		r->refused = skep_arena_grow(r->arena, r->refused, o->refused_cap * sizeof(*r->refused), cap * sizeof(*r->refused));
		o->refused_cap = cap;
	}
	r->refused[r->nrefused++] = (struct skep_deny){e->pass, e->before[0].id};
}

/* The pass made `o->res->nedit - first` edits; take back those that the judge refuses. */
static bool run_judged(struct skep_opt *o, u32 p, struct skep_func *f)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	struct skep_func_saved *saved = skep_func_save(o->obj, f, o->scratch);
	u32 first = o->res->nedit;
	bool changed = run_once(o, p, f, NULL, first, 0);

	while (changed && !approved(o, f, saved, first)) {
		u32 lo = 0, hi = o->res->nedit - first;

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

static bool run_pass(struct skep_opt *o, u32 p, struct skep_func *f)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	bool changed;

	if (!f->first || (passes[p].slower && o->opts->mode == SKEP_OPT_SPEED))
		return false;
	o->pass = passes[p].name;
	changed = o->opts->judge ? run_judged(o, p, f) : pass_fn[p](o, f);
	skep_arena_release(o->scratch, m);
	o->began[f->index] |= changed && pass_fn[p] != skep_pass_ranges;
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

static int run_list(struct skep_opt *o, const u32 *list, u32 n, struct skep_diags *ds)
{
	u32 rounds = o->opts->max_rounds ? o->opts->max_rounds : DEFAULT_ROUNDS;

	for (u32 k = 0; k < o->obj->nfunc; k++) {
		struct skep_func *f = o->obj->func[k];
		const char *without = left_out(o, f);
		bool more = true;

		for (u32 r = 0; r < rounds && more; r++) {
			more = false;
			o->res->rounds = SKEP_MAX(o->res->rounds, r + 1);
			for (u32 p = 0; p < n; p++) {
				const char *bad = NULL;

				/* It takes its time, so what the others do first it need not find. */
				if (more && pass_fn[list[p]] == skep_pass_search)
					continue;
				if (listed(without, passes[list[p]].name) || !run_pass(o, list[p], f))
					continue;
				more = true;
				if (o->opts->check)
					bad = skep_func_check(f);
				if (bad)
					return broken(o, f, ds, bad);
			}
		}
		if (skep_func_check(f))
			return broken(o, f, ds, skep_func_check(f));
	}
	return 0;
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
	struct skep_arena scratch, keep;
	volatile int result = 0;
	int oom = 0;
	u32 *list;

	skep_arena_init(&scratch);
	skep_arena_init(&keep);
	o.scratch = &scratch;
	o.keep = &keep;
	o.level = opts->cpu ? opts->cpu : obj->level;
	res->edit = NULL;
	res->refused = NULL;
	res->nedit = res->rounds = res->nrefused = 0;
	SKEP_GUARD(obj->arena, oom, {
		jmp_buf *old = res->arena->on_oom;

		scratch.on_oom = keep.on_oom = obj->arena->on_oom;
		o.began = SKEP_NEW_N(&keep, u8, obj->nfunc + 1);
		res->arena->on_oom = obj->arena->on_oom;
		o.legacy_subprog = legacy_subprog(obj, &scratch);
		result = pick_passes(opts, &scratch, ds, &list);
		skep_ctx_args_compute(obj, &scratch);
		if (result >= 0)
			result = run_list(&o, list, (u32)result, ds);
		res->arena->on_oom = old;
	});
	skep_arena_fini(&scratch);
	skep_arena_fini(&keep);
	return oom ? oom : result;
}
