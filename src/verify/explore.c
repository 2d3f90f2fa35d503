/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every path, depth first, as the kernel's verifier walks: states are kept at chosen
 * instructions, and a path ends where a kept state covers it (see mach_cmp.c for what that
 * means and why it is right).
 *
 * A kept state is finished when all paths from it were explored; only then are its marks of
 * what mattered complete. A path may end in an unfinished state only where loops converge
 * (iterators, callbacks, may_goto), and only when that state covers it in everything, not
 * just in what mattered so far; states on such a path count as unfinished until the state
 * that they ended in is. Because paths are explored depth first, an unfinished state always
 * lies on the current path. A plain loop that comes back to an unfinished state unchanged
 * never ends.
 */
#include "verify/verify_impl.h"

static int fault(struct engine *e, const struct skep_vstate *st, u32 rule, const char *text)
{
	e->m.fault = (struct skep_fault){.rule = (u16)rule, .at = st->at, .text = text};
	return SKEP_EINPUT;
}

/* --- kept states ------------------------------------------------------------------- */

/* The path of st is over: count down what waits for it. */
static void finish(struct engine *e, struct skep_vstate *st)
{
	struct skep_vstate *p = st->parent;

	skep_slots_solve(&e->m, st);
	while (p && --p->branches == 0) {
		struct skep_vstate *up = p->parent;

		if (p->dropped && !p->is_entry)
			skep_vstate_free(&e->m, p);
		p = up;
	}
	skep_vstate_free(&e->m, st);
}

/* Marks of a finished state may grow while the state that its path converged into is not finished.
 */
static bool marks_incomplete(const struct skep_vstate *s)
{
	const struct skep_vstate *entry = s->loop_entry;

	while (entry && !entry->branches && entry->loop_entry)
		entry = entry->loop_entry;
	return entry && entry->branches;
}

static void converge(struct skep_vstate *st, struct skep_vstate *entry)
{
	entry->is_entry = true;
	for (struct skep_vstate *p = st->parent; p && p != entry; p = p->parent)
		if (!p->loop_entry || !p->loop_entry->branches ||
		    p->loop_entry->depth > entry->depth)
			p->loop_entry = entry;
}

/* A number for the registers of the newest frame, to tell most states apart at once. */
static u64 fingerprint(const struct skep_vstate *st)
{
	const struct skep_vframe *fr = skep_vtop(st);
	u64 h = 0;

	for (u32 k = 0; k < 10; k++) {
		const struct skep_vreg *r = &fr->reg[k];

		h = (h ^ r->type ^ (u64)(u32)r->off << 8) * 0x9e3779b97f4a7c15;
		if (r->type == SKEP_VT_NUM)
			h = (h ^ r->r.umin ^ r->r.umax << 1) * 0x9e3779b97f4a7c15;
	}
	return h;
}

static void keep(struct engine *e, struct skep_vstate *st)
{
	struct skep_vinsn *v = &e->m.insn[st->at];
	struct skep_vstate *k;

	skep_vstate_renew(&e->m, st);
	k = skep_vstate_copy(&e->m, st);
	k->first = st->at;
	k->print = fingerprint(st);
	k->branches = 1;
	k->depth = st->parent ? st->parent->depth + 1 : 0;
	k->misses = k->hits = 0;
	k->loop_entry = NULL;
	k->cleaned = k->dropped = k->is_entry = k->all_precise = false;
	k->next = v->kept;
	v->kept = k;
	st->parent = k;
	st->history = 0;
	e->last_jumps = e->jumps;
	e->last_insns = e->res->processed;
	e->res->states++;
	e->kept++;
}

enum outcome { MISS, HIT, ENDLESS };

static u32 active_iterators(const struct skep_vstate *st)
{
	u32 n = 0;

	for (u32 f = 0; f < st->nframe; f++)
		for (u32 k = 0; k < st->frame[f]->nslot; k++)
			if (st->frame[f]->slot[k].byte[0] == SKEP_VB_ITER)
				n += (u32)st->frame[f]->slot[k].reg->r.umin + 1;
	return n;
}

/* Against a state that is on the path itself. */
static enum outcome against_unfinished(struct engine *e, struct skep_vstate *s,
				       struct skep_vstate *st, u8 flags, u64 print, bool *add)
{
	struct skep_mach *m = &e->m;
	/* An asynchronous callback that starts itself again, perhaps through others. */
	bool again = s->frame[0]->callback == SKEP_CB_ASYNC && s->callbacks != st->callbacks;
	bool converges =
		again || (flags & (SKEP_VI_CALLBACK | SKEP_VI_ITER)) ||
		(m->insn[st->at].insn->in.op == SKEP_JCOND && s->goto_depth != st->goto_depth);

	if (converges) {
		if (skep_vstate_covers(m, s, st, SKEP_CMP_RANGE)) {
			skep_vstate_inherit(m, s, st);
			converge(st, s);
			return HIT;
		}
		return MISS;
	}
	if (s->print == print && skep_vstate_covers(m, s, st, SKEP_CMP_EXACT) &&
	    s->goto_depth == st->goto_depth && s->callbacks == st->callbacks &&
	    active_iterators(s) == active_iterators(st))
		return ENDLESS;
	if (!(flags & SKEP_VI_FORCE) && e->jumps - e->last_jumps < 20 &&
	    e->res->processed - e->last_insns < 100)
		*add = false;
	return MISS;
}

static enum outcome against_finished(struct engine *e, struct skep_vstate *s,
				     struct skep_vstate *st)
{
	bool loop = marks_incomplete(s);
	const struct skep_vstate *entry = s->loop_entry;

	if (!skep_vstate_covers(&e->m, s, st, loop ? SKEP_CMP_RANGE : SKEP_CMP_COVER))
		return MISS;
	if (loop) {
		while (!entry->branches && entry->loop_entry)
			entry = entry->loop_entry;
		s->branches++; /* inherit as from an unfinished one */
		skep_vstate_inherit(&e->m, s, st);
		s->branches--;
		converge(st, (struct skep_vstate *)entry);
	} else {
		skep_vstate_inherit(&e->m, s, st);
	}
	return HIT;
}

/*
 * What is live in states is settled when they are first looked at finished (see mach_slots.c). That
 * grows when others come the same way; to compare more then would be right, too, but the kernel
 * does not, and what it costs the kernel is to be told.
 */
static void clean(struct engine *e, const struct skep_vinsn *v, const struct skep_vstate *st)
{
	for (struct skep_vstate *s = v->kept; s; s = s->next) {
		if (s->branches || s->cleaned || marks_incomplete(s) ||
		    !skep_vstate_same_place(s, st))
			continue;
		s->cleaned = true;
		for (u32 f = 0; f < s->nframe; f++)
			s->frame[f]->live = skep_slots_live(&e->m, s, f);
	}
}

/* Is the path covered by what was seen here? Else keep its state, when it is worth it. */
static enum outcome visit(struct engine *e, struct skep_vstate *st)
{
	struct skep_vinsn *v = &e->m.insn[st->at];
	bool force = (v->flags & SKEP_VI_FORCE) || st->history > 40, add = force;
	struct skep_vstate **link = &v->kept, *s;
	u64 print = v->kept ? fingerprint(st) : 0;
	u32 n = 0;

	if (e->jumps - e->last_jumps >= 2 && e->res->processed - e->last_insns >= 8)
		add = true;
	if (e->opts->flags & SKEP_VF_NO_PRUNE &&
	    !(v->flags & (SKEP_VI_CALLBACK | SKEP_VI_ITER | SKEP_VI_FORCE)))
		return MISS;
	clean(e, v, st);
	while ((s = *link)) {
		enum outcome o;
		u32 limit;

		n++;
		if (!skep_vstate_same_place(s, st)) {
			link = &s->next;
			continue;
		}
		o = s->branches ? against_unfinished(e, s, st, v->flags, print, &add)
				: against_finished(e, s, st);
		if (o == HIT) {
			s->hits++;
			return HIT;
		}
		if (o == ENDLESS)
			return ENDLESS;
		/* Only where a state would be added is a miss one: loops would drive out what they
		 * need. */
		s->misses += add;
		limit = (v->flags & SKEP_VI_FORCE) && s->branches ? 64 : 3;
		if (s->misses > s->hits * limit + limit) {
			/* It never helps: others are more like what comes. */
			*link = s->next;
			if (s->branches || s->is_entry)
				s->dropped = true;
			else
				skep_vstate_free(&e->m, s);
			e->kept--;
			continue;
		}
		link = &s->next;
	}
	e->res->peak_states = SKEP_MAX(e->res->peak_states, n + 1);
	if (add)
		keep(e, st);
	return MISS;
}

/* --- paths -------------------------------------------------------------------------- */

static void push(struct engine *e, struct skep_vstate *st)
{
	if (st->parent)
		st->parent->branches++;
	*SKEP_VEC_PUSH(e->m.arena, &e->pending) = st;
}

static bool counts_as_jump(const struct skep_insn *i)
{
	return skep_op_class(i->in.op) == SKEP_CLASS_JMP ||
	       (skep_op_class(i->in.op) == SKEP_CLASS_CTRL && i->in.op != SKEP_LDDW);
}

/* Branches left open on one path, as the kernel limits them. */
enum { OPEN_MAX = 8192 };

/* One path to its end. */
static int walk(struct engine *e, struct skep_vstate *st)
{
	struct skep_mach *m = &e->m;
	int err;

	for (;;) {
		const struct skep_vinsn *v = &m->insn[st->at];

		e->at = st;
		if (++e->res->processed > e->budget)
			return fault(e, st, SKEP_RULE_BUDGET,
				     "more instructions are processed than the budget allows");
		if (v->flags & SKEP_VI_PRUNE) {
			enum outcome o = visit(e, st);

			skep_vstate_fall_back(m, st);
			if (o == ENDLESS)
				return fault(e, st, SKEP_RULE_LOOP,
					     "the loop comes back here with nothing changed");
			if (o == HIT) {
				if (e->opts->flags & SKEP_VF_LOG)
					skep_buf_printf(e->opts->log, "from here: safe\n");
				break;
			}
		}
		if (e->opts->flags & SKEP_VF_LOG)
			skep_verify_log(e, st, true);
		e->jumps += counts_as_jump(v->insn);
		m->noted = v->flags & SKEP_VI_JUMPED;
		st->history += m->noted;
		err = skep_mach_step(m, st);
		skep_vstate_fall_back(m, st);
		if (m->other) {
			struct skep_vstate *other = m->other;

			m->other = NULL;
			push(e, other);
			if (e->pending.n > OPEN_MAX && !e->opts->budget)
				err = fault(e, st, SKEP_RULE_BUDGET,
					    "more than 8192 branches are left open on one path");
		}
		if (m->async) {
			struct skep_vstate *cb = m->async;

			m->async = NULL;
			push(e, cb);
		}
		if (err)
			return err;
		if (st->at == UINT32_MAX)
			break;
	}
	e->at = NULL;
	finish(e, st);
	return 0;
}

int skep_explore(struct engine *e, u32 func)
{
	struct skep_vstate *st;
	int err = skep_mach_entry(&e->m, func, &st);

	if (err)
		return err;
	push(e, st);
	while (e->pending.n && !err)
		err = walk(e, e->pending.v[--e->pending.n]);
	return err;
}

/* --- the stack of a chain of calls ----------------------------------------------------- */

enum { STACK = 512, TAIL_STACK = 256, PRIVATE_MIN = 64 };

/* Programs of these types get a stack of their own for each larger frame. */
static bool private_stack(const struct skep_mach *m)
{
	for (u32 k = 0; k < m->ninsn; k++) {
		const struct skep_insn *i = m->insn[k].insn;

		if (i->in.op == SKEP_CALL && i->ref == SKEP_REF_NONE &&
		    i->in.src == SKEP_CALL_HELPER && i->in.imm == SKEP_FN_tail_call)
			return false;
	}
	switch (m->opt.prog_type) {
	case SKEP_PROG_KPROBE:
	case SKEP_PROG_TRACEPOINT:
	case SKEP_PROG_PERF_EVENT:
	case SKEP_PROG_RAW_TRACEPOINT: return true;
	default: return false;
	}
}

struct chain {
	struct engine *e;
	bool private_;
	u32 frames;
	/* By function and frames above it: 1 + the most bytes above, of the ways gone so far. */
	u16 (*gone)[SKEP_VFRAMES];
};

/* Nothing new is found below a function that was reached with as much above it. */
static bool gone_before(struct chain *c, u32 func, u32 depth)
{
	u16 *most;

	if (c->frames >= SKEP_VFRAMES)
		return false;
	most = &c->gone[func][c->frames];
	if (*most > depth)
		return true;
	*most = (u16)(depth + 1);
	return false;
}

static int deepen(struct chain *c, u32 func, u32 depth, const struct skep_vstate *where)
{
	struct skep_mach *m = &c->e->m;
	const struct skep_vfunc *f = &m->func[func];
	u32 own = (SKEP_MAX(f->depth, 1u) + 15) & ~15u;
	int err = 0;

	if (gone_before(c, func, depth))
		return 0;
	if (c->private_ && own >= PRIVATE_MIN)
		own = 0;
	depth += own;
	c->e->res->stack_depth = SKEP_MAX(c->e->res->stack_depth, depth);
	if (depth > STACK)
		return fault(
			c->e, where, SKEP_RULE_STACK_DEPTH,
			skep_arena_printf(
				m->arena,
				"the frames down to '%s' take %u bytes of stack together, 512 are there",
				f->func->name, depth));
	if (++c->frames > SKEP_VFRAMES) {
		c->frames--;
		return fault(c->e, where, SKEP_RULE_CALL_DEPTH,
			     "the chain of calls has more than 8 frames");
	}
	for (u32 k = f->first; k < f->first + f->n && !err; k++) {
		const struct skep_insn *i = m->insn[k].insn;
		struct skep_vstate at = {.at = k};

		if (i->in.op == SKEP_CALL && i->ref == SKEP_REF_NONE &&
		    i->in.src == SKEP_CALL_HELPER && i->in.imm == SKEP_FN_tail_call && func &&
		    depth - own >= TAIL_STACK)
			return fault(c->e, &at, SKEP_RULE_TAIL_CALL,
				     "a tail call below frames of 256 bytes or more");
		/* What runs later has the stack to itself. */
		if (i->callee && i->ref == SKEP_REF_FUNC &&
		    (i->in.op == SKEP_CALL || !m->func[m->func_of[i->callee->index]].async))
			err = deepen(c, m->func_of[i->callee->index], depth, &at);
	}
	c->frames--;
	return err;
}

int skep_check_depth(struct engine *e)
{
	struct chain c = {.e = e, .private_ = private_stack(&e->m)};
	struct skep_vstate at = {.at = 0};
	int err;

	c.gone = skep_arena_calloc(e->m.arena, e->m.nfunc, sizeof(*c.gone));
	err = deepen(&c, 0, 0, &at);
	for (u32 k = 1; k < e->m.nfunc && !err; k++)
		if (e->m.func[k].async || e->m.func[k].catches)
			err = deepen(&c, k, 0, &at);
	return err;
}
