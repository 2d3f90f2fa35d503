/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two versions of a function: which instruction stands for which, where cuts may
 * be, and the work list of cuts. A cut at which something is not proved is given
 * up, and those before it walk on to the next; when that does not help either,
 * the answer is the first failure.
 */
#include "prove/prove_impl.h"

/* AGAIN_: what the second attempt may take. */
enum { MAX_GIVEN_UP = 10, MAX_TEXT = 6000, AGAIN_MS = 50, AGAIN_STEPS = 200000, AGAIN_SOLVED = 60 };

/* --- twins -------------------------------------------------------------------------------- */

static void match_ids(struct prover *p)
{
	struct side *a = &p->side[P], *b = &p->side[Q];
	u32 max = 0, *at;

	for (u32 k = 0; k < b->cfg->ninsn; k++)
		max = SKEP_MAX(max, b->cfg->insn[k]->id);
	at = SKEP_NEW_N(p->arena, u32, max + 1);
	for (u32 k = 0; k < b->cfg->ninsn; k++)
		at[b->cfg->insn[k]->id] = k + 1;
	for (u32 k = 0; k < a->cfg->ninsn; k++) {
		u32 id = a->cfg->insn[k]->id;

		if (id > max || !at[id])
			continue;
		a->twin[k] = at[id] - 1;
		b->twin[at[id] - 1] = k;
	}
}

static bool alike(const struct skep_insn *x, const struct skep_insn *y)
{
	return x->in.op == y->in.op && x->in.size == y->in.size && x->in.form == y->in.form &&
	       x->in.dst == y->in.dst && x->in.src == y->in.src && x->in.imm == y->in.imm &&
	       x->ref == y->ref && (skep_is_branch(x->in.op) || x->in.off == y->in.off);
}

/* The longest common row of instructions. */
static bool match_text(struct prover *p)
{
	struct side *a = &p->side[P], *b = &p->side[Q];
	u32 n = a->cfg->ninsn, m = b->cfg->ninsn, i, j;
	u16 *t;

	if (n > MAX_TEXT || m > MAX_TEXT)
		return false;
	t = SKEP_NEW_N(p->arena, u16, (size_t)(n + 1) * (m + 1));
	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;)
			t[i * (m + 1) + j] = alike(a->cfg->insn[i], b->cfg->insn[j])
						     ? (u16)(t[(i + 1) * (m + 1) + j + 1] + 1)
						     : SKEP_MAX(t[(i + 1) * (m + 1) + j],
								t[i * (m + 1) + j + 1]);
	for (i = j = 0; i < n && j < m;) {
		if (alike(a->cfg->insn[i], b->cfg->insn[j])) {
			a->twin[i] = j;
			b->twin[j++] = i++;
		} else if (t[(i + 1) * (m + 1) + j] >= t[i * (m + 1) + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
	return true;
}

/* --- sides ---------------------------------------------------------------------------------- */

static void look_at(struct prover *p, int which, const struct skep_obj *obj, struct skep_func *f)
{
	struct side *s = &p->side[which];

	s->obj = obj;
	s->func = f;
	s->cfg = skep_cfg_compute(f, p->arena);
	s->fa = skep_facts_compute(obj, s->cfg, p->arena);
	s->lv = skep_live_compute(obj, s->fa, p->arena);
	s->twin = SKEP_NEW_N(p->arena, u32, s->cfg->ninsn);
	s->stop = SKEP_NEW_N(p->arena, bool, s->cfg->ninsn);
	memset(s->twin, 0xff, s->cfg->ninsn * sizeof(u32));
}

/* Cuts may be where a block begins on one side, if the other has the instruction, too. */
static void place_stops(struct prover *p)
{
	for (int s = P; s <= Q; s++) {
		struct side *me = &p->side[s], *other = &p->side[!s];

		for (u32 b = 0; b < me->cfg->nblock; b++) {
			u32 k = me->cfg->block[b].first->num, t = me->twin[k];

			if (t == NONE || me->cfg->block[b].rpo == UINT32_MAX)
				continue;
			/* A block with one way in and nothing else to join is walked through. */
			me->stop[k] = other->stop[t] = true;
		}
	}
}

/* --- the work list -------------------------------------------------------------------------------
 */

static struct cut *next_cut(struct prover *p)
{
	struct cut *best = NULL;
	u32 rank = UINT32_MAX;

	for (u32 k = 0; k < p->cut.n; k++) {
		struct cut *c = p->cut.v[k];
		const struct skep_cfg *g = p->side[P].cfg;
		u32 r = g->block[g->block_of[c->p->num]].rpo;

		if (c->dirty && !c->through && (!best || r < rank)) {
			best = c;
			rank = r;
		}
	}
	return best;
}

static void give_up(struct prover *p, struct cut *c)
{
	c->through = true;
	for (u32 k = 0; k < c->nfrom; k++) {
		struct cut *f = p->cut.v[c->from[k]];

		if (!f->through)
			f->dirty = true;
		else
			for (u32 m = 0; m < f->nfrom; m++)
				p->cut.v[f->from[m]]->dirty = true;
	}
}

static void report(struct prover *p, struct cut *c)
{
	struct skep_prove_result *r = p->res;

	if (r->reason)
		return;
	r->verdict = p->why == SKEP_SMT_NO ? SKEP_PROVE_DIFFERS : SKEP_PROVE_UNKNOWN;
	r->reason = p->reason;
	r->values = p->values;
	r->at_a = c->p->id;
	r->at_b = c->q->id;
	r->from_entry = c->index == 0;
}

static void work(struct prover *p)
{
	struct skep_prove_result *r = p->res;
	u32 given_up = 0;
	struct cut *c;

	while ((c = next_cut(p))) {
		c->dirty = false;
		if (skep_prove_walk(p, c))
			continue;
		report(p, c);
		/* The place where both arrived may have been no good place to compare. */
		if (p->fail_cut && !p->fail_cut->through && given_up < MAX_GIVEN_UP)
			give_up(p, p->fail_cut);
		else if (c->index && given_up < MAX_GIVEN_UP)
			give_up(p, c);
		else
			return;
		given_up++;
	}
	r->verdict = SKEP_PROVE_EQUAL;
	r->reason = r->values = NULL;
}

static bool loop_free(const struct prover *p)
{
	return skep_prove_loop_free(&p->side[P]) && skep_prove_loop_free(&p->side[Q]);
}

static void prove(struct prover *p, bool whole)
{
	struct cut *entry;

	if (!p->side[P].cfg->ninsn || !p->side[Q].cfg->ninsn) {
		p->res->verdict = p->side[P].cfg->ninsn == p->side[Q].cfg->ninsn
					  ? SKEP_PROVE_EQUAL
					  : SKEP_PROVE_UNKNOWN;
		p->res->reason = "an empty function";
		return;
	}
	if (p->opts.match == SKEP_PROVE_BY_ID)
		match_ids(p);
	else if (!match_text(p)) {
		p->res->reason = "the functions are too long to compare";
		return;
	}
	if (whole) {
		skep_prove_find_joins(p, &p->side[P]);
		skep_prove_find_joins(p, &p->side[Q]);
	} else if (!p->hunt) {
		place_stops(p);
	}
	/* The entry is a cut of its own, which nobody arrives at. */
	entry = SKEP_NEW(p->arena, struct cut);
	entry->p = p->side[P].cfg->insn[0];
	entry->q = p->side[Q].cfg->insn[0];
	entry->seen = entry->dirty = true;
	*SKEP_VEC_PUSH(p->arena, &p->cut) = entry;
	if (p->hunt)
		skep_prove_walk(p, entry);
	else
		work(p);
}

/* Does some register have an upper half that nobody reads, where a cut may be? */
static bool any_half(const struct side *s)
{
	for (u32 k = 0; k < s->cfg->ninsn; k++)
		if (s->stop[k] && s->lv->in[k] & ~s->lv->upper_in[k] & 0x3ff)
			return true;
	return false;
}

/* One attempt; true: another one, by halves of registers, may tell more. */
static bool attempt(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		    struct skep_func *g, const struct skep_prove_opts *opts,
		    struct skep_arena *arena, struct hunt *hunt, bool whole, bool halves,
		    struct skep_prove_result *out)
{
	struct prover *p = SKEP_NEW(arena, struct prover);

	memset(out, 0, sizeof(*out));
	p->halves = halves;
	out->verdict = SKEP_PROVE_UNKNOWN;
	p->arena = arena;
	p->opts = *opts;
	p->hunt = hunt;
	p->res = out;
	if (!p->opts.max_paths)
		p->opts.max_paths = 96;
	if (!p->opts.max_steps)
		p->opts.max_steps = 4000000;
	if (!p->opts.max_solved)
		p->opts.max_solved = 600;
	skep_smt_init(&p->smt, arena);
	p->smt.timeout_ms = opts->timeout_ms ? opts->timeout_ms : 500;
	p->smt.dump = opts->dump;
	p->smt.user = opts->user;
	skep_hmap_init(&p->cuts, arena);
	look_at(p, P, a, skep_prove_inlined(p, a, f, b));
	look_at(p, Q, b, skep_prove_inlined(p, b, g, a));
	if (!whole || loop_free(p))
		prove(p, whole);
	out->cuts = p->cut.n;
	out->queries = p->smt.queries;
	out->solved = p->smt.solved;
	out->timeouts = p->smt.timeouts;
	skep_smt_fini(&p->smt);
	return out->verdict != SKEP_PROVE_EQUAL && !hunt &&
	       (any_half(&p->side[P]) || any_half(&p->side[Q]));
}

void skep_prove_both(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		     struct skep_func *g, const struct skep_prove_opts *opts,
		     struct skep_arena *arena, struct hunt *hunt, bool whole,
		     struct skep_prove_result *out)
{
	struct skep_prove_result halves;
	struct skep_prove_opts less = *opts;

	if (!attempt(a, f, b, g, opts, arena, hunt, whole, false, out) || whole || out->timeouts)
		return;
	less.timeout_ms = AGAIN_MS;
	less.max_steps = AGAIN_STEPS;
	less.max_solved = AGAIN_SOLVED;
	attempt(a, f, b, g, &less, arena, hunt, false, true, &halves);
	if (halves.verdict == SKEP_PROVE_EQUAL)
		*out = halves;
}

void skep_prove_func(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		     struct skep_func *g, const struct skep_prove_opts *opts,
		     struct skep_arena *arena, struct skep_prove_result *out)
{
	struct skep_prove_result whole;

	skep_prove_both(a, f, b, g, opts, arena, NULL, false, out);
	if (out->verdict == SKEP_PROVE_EQUAL || opts->match != SKEP_PROVE_BY_TEXT)
		return;
	/* Versions that meet nowhere on the way may yet end alike. */
	skep_prove_both(a, f, b, g, opts, arena, NULL, true, &whole);
	if (whole.verdict == SKEP_PROVE_EQUAL)
		*out = whole;
}
