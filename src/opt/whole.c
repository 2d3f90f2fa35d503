/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pass over the whole object: it plans, then changes function by function,
 * each change judged as those of other passes are. What the judge refuses
 * changes the plan (it was made for all of it), so then all is taken back and
 * planned anew without that. The object has as many functions afterwards as before, and
 * those that were made.
 */
#include "opt/opt_impl.h"

static bool run_planned(struct skep_opt *o, u32 p, const u8 *allowed, u32 n)
{
	bool changed = false;

	if (!skep_plan_fn[p](o, allowed))
		return false;
	for (u32 k = 0; k < n; k++)
		changed |= allowed[k] && skep_opt_run_pass(o, p, o->obj->func[k]);
	return changed;
}

bool skep_whole_run(struct skep_opt *o, u32 p)
{
	struct skep_arena_mark all = skep_arena_mark(o->keep), m = skep_arena_mark(o->whole);
	u32 n = o->obj->nfunc, first = o->res->nedit, refused;
	struct skep_func_saved **saved = SKEP_NEW_N(o->keep, struct skep_func_saved *, n + 1);
	u8 *allowed = SKEP_NEW_N(o->keep, u8, n + 1);
	bool changed;

	for (u32 k = 0; k < n; k++) {
		allowed[k] = !skep_opt_left_out(o, o->obj->func[k], p);
		if (o->opts->judge)
			saved[k] = skep_func_save(o->obj, o->obj->func[k], o->keep);
	}
	for (;;) {
		refused = o->res->nrefused;
		changed = run_planned(o, p, allowed, n);
		skep_arena_release(o->whole, m);
		if (o->res->nrefused == refused)
			break;
		for (u32 k = 0; k < n; k++)
			skep_func_restore(o->obj, saved[k]);
		skep_edit_drop_funcs(o->obj, n);
		o->res->nedit = first;
	}
	skep_arena_release(o->keep, all);
	return changed;
}
