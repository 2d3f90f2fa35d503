/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a finder outside of this module found (see search): a few instructions of
 * an extended basic block go, others that do the same stand where the last of them stood. By
 * liveness. Runs in rounds in which the other passes changed nothing.
 *
 * With a branch among them that control may leave by, they stand in two places.
 *
 * Right because: the finder answers for three things, which its own files argue.
 * The instructions can be moved to the last of them (build.c): what stands between
 * neither reads nor writes what they define, nor writes what they read, and where
 * control leaves between, nobody reads what they define. The new
 * row gives every register that is live behind, the branch or the bytes stored the
 * same values, for all inputs within the entry facts (proof.c, by a solver). It
 * writes no register besides but such as are dead there. Here regions of one run
 * are kept apart, so the facts and the liveness hold for each.
 */
#include "opt/opt_impl.h"

static bool usable(const struct skep_opt *o, const struct skep_opt_swap *s)
{
	for (u32 k = 0; k < s->nfrom; k++)
		if (!s->from[k]->func)
			return false;
	for (u32 k = 0; k < s->nto; k++)
		if (!skep_opt_allowed(o, &s->to[k]))
			return false;
	if (s->branch && !s->branch->func)
		return false;
	return s->nfrom && skep_opt_clean(o, s->from[0], s->from[s->nfrom - 1]);
}

static void apply(struct skep_opt *o, const struct skep_opt_swap *s)
{
	struct skep_insn *last = s->from[s->nfrom - 1];
	u32 put = s->sink ? s->nto - 1 : s->nto;

	for (u32 k = 0; k < put; k++) {
		struct skep_insn *at = k < s->nbefore ? s->branch : last;

		skep_edit_insert_before(at, skep_insn_new(o->obj, &s->to[k], at),
					k == 0 || k == s->nbefore);
	}
	for (u32 k = 0; k + 1 < s->nfrom; k++)
		skep_edit_remove(o->obj, s->from[k]);
	if (s->sink)
		skep_edit_set(last, &s->to[put]);
	else
		skep_edit_remove(o->obj, last);
}

bool skep_pass_search(struct skep_opt *o, struct skep_func *f)
{
	struct skep_opt_view v;
	struct skep_opt_swap s;
	bool changed = false;

	/* Constants of 16 bytes may come, and with them branches that do not reach. */
	if (!o->opts->search || skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	v = (struct skep_opt_view){o->obj,     o->cfg,	 o->fa,		o->lv,
				   o->touched, o->level, o->opts->mode, true};
	for (; o->opts->search(o->opts->search_user, &v, &s); v.first = false) {
		struct skep_insn *first = s.from[0], *last = s.from[s.nfrom - 1];

		if (!usable(o, &s) || !skep_opt_begin(o, s.why, first, last))
			continue;
		skep_opt_touch(o, first, last);
		apply(o, &s);
		skep_opt_end(o);
		changed = true;
	}
	return changed;
}
