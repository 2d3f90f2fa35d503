/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The join engine: what holds at an instruction whichever path led there. Where paths
 * meet (by the same calls), their states are joined into one; loops are widened until
 * nothing changes. What comes first in the program goes first, so that a place is left when all
 * ways that lead forward to it have arrived. The result at an instruction is the join of every
 * state that was seen before it, hence an invariant of every run of a safe program.
 *
 * Joined states know less than paths do, so a step may fail that is right on every path.
 * Then nothing is concluded: what the instruction writes becomes unknown, and the walk goes
 * on. That is sound for programs that are safe; facts of others mean nothing.
 */
#include "flow/mach_impl.h"

#include <stdlib.h>

enum { WIDEN_AFTER = 3, STEPS_PER_INSN = 400, NPAIRS = 128 };

struct pair {
	u32 a, b, id;
};

struct join {
	struct skep_mach *m;
	struct skep_vfacts *facts;
	SKEP_VEC(join_pending, struct skep_vstate *) pending;
	struct pair pair[NPAIRS];
	u32 npair;
	bool widen;
};

/* --- two registers into one ---------------------------------------------------------------- */

/* The name for what is named a in one state and b in the other. */
static u32 join_id(struct join *j, u32 a, u32 b)
{
	if (a == b)
		return a;
	if (!a || !b)
		return ++j->m->ids;
	for (u32 k = 0; k < j->npair; k++)
		if (j->pair[k].a == a && j->pair[k].b == b)
			return j->pair[k].id;
	if (j->npair == NPAIRS)
		return ++j->m->ids;
	j->pair[j->npair] = (struct pair){a, b, ++j->m->ids};
	return j->pair[j->npair++].id;
}

static struct skep_range join_range(const struct join *j, const struct skep_range *a,
				    const struct skep_range *b)
{
	struct skep_range r = skep_range_join(a, b);

	return j->widen ? skep_range_widen(a, &r) : r;
}

static void shift(struct skep_vreg *r)
{
	static const struct skep_ins add = {.op = SKEP_ADD, .size = 8, .form = SKEP_REG};
	struct skep_range off = skep_range_const((u64)(s64)r->off);

	r->r = skep_range_alu(&add, &r->r, &off);
	r->off = 0;
}

/* A pointer that is NULL in the other state. */
static bool join_null(struct join *j, struct skep_vreg *to, const struct skep_vreg *a,
		      const struct skep_vreg *b)
{
	const struct skep_vreg *p = skep_vreg_is_zero(a) ? b : a, *z = skep_vreg_is_zero(a) ? a : b;

	if (!skep_vreg_is_zero(z) || !skep_vreg_is_ptr(p) || p->off || !skep_vreg_fixed(p) ||
	    p->ref || p->type != SKEP_VT_VALUE)
		return false;
	*to = *p;
	to->flags |= SKEP_VF_NULL;
	to->id = ++j->m->ids;
	return true;
}

static void join_reg(struct join *j, struct skep_vreg *a, const struct skep_vreg *b)
{
	struct skep_vreg x = *a, y = *b;

	if (x.type == SKEP_VT_NONE || y.type == SKEP_VT_NONE) {
		memset(a, 0, sizeof(*a));
		return;
	}
	if (x.type == SKEP_VT_NUM && y.type == SKEP_VT_NUM) {
		u32 id = x.id && y.id && x.off == y.off && x.flags == y.flags
				 ? join_id(j, x.id, y.id)
				 : 0;
		s32 off = x.off;
		u16 flags = x.flags;

		skep_vreg_num(a, join_range(j, &x.r, &y.r), x.def == y.def ? x.def : SKEP_VNONE);
		a->id = id;
		if (id) {
			a->off = off;
			a->flags = flags;
		}
		return;
	}
	if (join_null(j, a, &x, &y))
		return;
	if (x.type != y.type || x.map != y.map || (x.type != SKEP_VT_VALUE && x.btf != y.btf) ||
	    x.frame != y.frame || x.ref != y.ref ||
	    ((x.flags ^ y.flags) & (u16) ~(SKEP_VF_NULL | SKEP_VF_PKT_BEYOND))) {
		memset(a, 0, sizeof(*a));
		return;
	}
	if (x.type == SKEP_VT_VALUE)
		a->btf = x.btf = join_id(j, x.btf, y.btf);
	if (x.off != y.off) {
		if ((x.flags | y.flags) & SKEP_VF_NULL) {
			memset(a, 0, sizeof(*a));
			return;
		}
		if (skep_vreg_is_pkt(&x)) {
			/*
			 * What is proven counts from the base, which is no longer common. The new
			 * base is the pointer itself; what lies between it and the packet's start
			 * is said to be less than a packet's size, which comparisons with the end
			 * need and nothing else asks.
			 */
			x.aux = 0;
			x.off = 0;
			x.r = skep_range_unsigned(0, 0xffff);
			x.id = ++j->m->ids;
			x.flags &= (u16)~SKEP_VF_PKT_BEYOND;
			*a = x;
			return;
		}
		shift(&x);
		shift(&y);
	}
	*a = x;
	a->flags = (x.flags | y.flags) & (u16)~SKEP_VF_PKT_BEYOND;
	a->def = x.def == y.def ? x.def : SKEP_VNONE;
	a->r = join_range(j, &x.r, &y.r);
	a->id = join_id(j, x.id, y.id);
	if (skep_vreg_is_pkt(&x))
		a->aux = SKEP_MIN(x.aux, y.aux);
	else if (x.type == SKEP_VT_VALUE)
		a->aux = join_id(j, x.aux, y.aux);
	else if (x.aux != y.aux)
		memset(a, 0, sizeof(*a));
}

static void join_slot(struct join *j, struct skep_vslot *a, const struct skep_vslot *b)
{
	bool spill_a = a->byte[0] == SKEP_VB_SPILL, spill_b = b->byte[0] == SKEP_VB_SPILL;

	if (spill_a && spill_b && memcmp(a->byte, b->byte, 8) == 0) {
		join_reg(j, a->reg, b->reg);
		if (a->reg->type == SKEP_VT_NONE)
			memset(a->byte, SKEP_VB_NONE, 8);
		return;
	}
	if (memcmp(a->byte, b->byte, 8) == 0 && !spill_a && a->byte[0] <= SKEP_VB_ZERO)
		return;
	if (memcmp(a->byte, b->byte, 8) == 0 && a->byte[0] > SKEP_VB_ZERO &&
	    a->reg->id == b->reg->id && a->reg->aux == b->reg->aux && a->reg->off == b->reg->off)
		return;
	/* Whatever it is: numbers become bytes of which nothing is known, the rest is not spoken
	 * of. */
	for (u32 k = 0; k < 8; k++) {
		u8 x = a->byte[k], y = b->byte[k];
		bool num_x = x == SKEP_VB_MISC || x == SKEP_VB_ZERO ||
			     (x == SKEP_VB_SPILL && a->reg->type == SKEP_VT_NUM);
		bool num_y = y == SKEP_VB_MISC || y == SKEP_VB_ZERO ||
			     (y == SKEP_VB_SPILL && b->reg->type == SKEP_VT_NUM);

		a->byte[k] = num_x && num_y
				     ? (x == SKEP_VB_ZERO && y == SKEP_VB_ZERO ? SKEP_VB_ZERO
									       : SKEP_VB_MISC)
				     : SKEP_VB_NONE;
	}
}

static void join_state(struct join *j, struct skep_vstate *a, const struct skep_vstate *b)
{
	static const struct skep_vslot blank;

	j->npair = 0;
	for (u32 f = 0; f < a->nframe; f++) {
		struct skep_vframe *x = a->frame[f];
		const struct skep_vframe *y = b->frame[f];

		for (u32 k = 0; k < 10; k++)
			join_reg(j, &x->reg[k], &y->reg[k]);
		for (u32 k = 0; k < x->nslot; k++)
			join_slot(j, &x->slot[k], k < y->nslot ? &y->slot[k] : &blank);
	}
	a->nref = SKEP_MIN(a->nref, b->nref);
	a->rcu = SKEP_MIN(a->rcu, b->rcu);
	a->preempt = SKEP_MIN(a->preempt, b->preempt);
}

/* --- steps that know too little ----------------------------------------------------------------
 */

static void forget_stack(struct skep_vstate *st)
{
	for (u32 f = 0; f < st->nframe; f++)
		for (u32 k = 0; k < st->frame[f]->nslot; k++)
			memset(st->frame[f]->slot[k].byte, SKEP_VB_NONE, 8);
}

/* Go on without a conclusion. False: there is no way to. */
static bool go_on(struct join *j, struct skep_vstate *st)
{
	struct skep_mach *m = j->m;
	const struct skep_vinsn *v = &m->insn[st->at];
	u16 writes = skep_isa_writes(&v->insn->in);

	if (m->other) {
		skep_vstate_free(m, m->other);
		m->other = NULL;
	}
	if (v->insn->in.op == SKEP_EXIT)
		return false;
	if (v->insn->in.op == SKEP_CALL && v->insn->ref == SKEP_REF_FUNC)
		return false;
	for (u32 k = 1; k <= 5 && v->insn->in.op == SKEP_CALL; k++)
		if (skep_vreg(st, k)->type == SKEP_VT_FUNC)
			return false;
	for (u32 k = 0; k < 10; k++)
		if (writes >> k & 1)
			memset(skep_vreg(st, k), 0, sizeof(struct skep_vreg));
	if (v->insn->in.op == SKEP_CALL) {
		skep_call_clobber(st);
		skep_forget_packet(m, st);
		forget_stack(st);
	} else if (skep_op_class(v->insn->in.op) == SKEP_CLASS_MEM ||
		   skep_op_class(v->insn->in.op) == SKEP_CLASS_ATOMIC) {
		if (v->insn->in.op != SKEP_LDX && v->insn->in.op != SKEP_LDXS)
			forget_stack(st);
	}
	if (v->target != SKEP_VNONE && v->next != SKEP_VNONE) {
		m->other = skep_vstate_copy(m, st);
		m->other->at = v->target;
	}
	st->at = v->next != SKEP_VNONE ? v->next : v->target;
	return st->at != SKEP_VNONE;
}

/* --- the walk
 * ---------------------------------------------------------------------------------------- */

static void record(struct join *j, const struct skep_vstate *st)
{
	struct skep_vfact *f = &j->facts->at[st->at];
	const struct skep_vframe *fr = skep_vtop(st);
	u16 live = j->m->insn[st->at].live;

	j->npair = 0;
	j->widen = false;
	for (u32 k = 0; k < 10; k++) {
		if (!(live >> k & 1))
			continue;
		if (!f->reached)
			f->reg[k] = fr->reg[k];
		else
			join_reg(j, &f->reg[k], &fr->reg[k]);
		if (f->reg[k].type == SKEP_VT_STACK && f->reg[k].frame + 1u != st->nframe)
			f->reg[k].type = SKEP_VT_NONE; /* a caller's frame: no offset of this one */
	}
	f->reg[10] = fr->reg[10];
	f->reached = true;
}

static bool meets(const struct skep_mach *m, u32 at)
{
	return m->insn[at].insn->njumps || (m->insn[at].flags & SKEP_VI_PRUNE);
}

/* Is the place of one before the other's? What is called lies where the call is. */
static bool is_before(const struct skep_vstate *a, const struct skep_vstate *b)
{
	for (u32 f = 0;; f++) {
		u32 x = f + 1 < a->nframe ? a->frame[f + 1]->call : a->at;
		u32 y = f + 1 < b->nframe ? b->frame[f + 1]->call : b->at;

		if (x != y)
			return x < y;
		if (f + 1 == a->nframe || f + 1 == b->nframe)
			return a->nframe < b->nframe;
	}
}

/* To go on there later; the last one is the next. */
static void put_off(struct join *j, struct skep_vstate *st)
{
	u32 lo = 0, hi = j->pending.n;

	*SKEP_VEC_PUSH(j->m->arena, &j->pending) = NULL;
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (is_before(st, j->pending.v[mid]))
			lo = mid + 1;
		else
			hi = mid;
	}
	memmove(j->pending.v + lo + 1, j->pending.v + lo,
		(j->pending.n - 1 - lo) * sizeof(*j->pending.v));
	j->pending.v[lo] = st;
}

static struct skep_vstate *kept_at(const struct skep_mach *m, const struct skep_vstate *st)
{
	struct skep_vstate *s;

	for (s = m->insn[st->at].kept; s; s = s->next)
		if (skep_vstate_same_place(s, st))
			break;
	return s;
}

/*
 * Join with what was seen here, and with all that waits here. What comes of it goes on in *st;
 * NULL: nothing is new. Ways that arrive together are no loop, so they are one turn for the
 * widening.
 */
static int merge(struct join *j, struct skep_vstate **st)
{
	struct skep_mach *m = j->m;
	struct skep_vstate *s = kept_at(m, *st), *now = *st;
	u32 at = now->at;
	bool fresh = !s, changed = fresh;

	if (fresh) {
		s = skep_vstate_copy(m, now);
		s->hits = 0;
		s->next = m->insn[at].kept;
		m->insn[at].kept = s;
	}
	for (;;) {
		if (!skep_vstate_covers(m, s, now, SKEP_CMP_RANGE)) {
			s->hits += !changed;
			changed = true;
			j->widen = s->hits > WIDEN_AFTER;
			join_state(j, s, now);
		}
		skep_vstate_free(m, now);
		if (!j->pending.n)
			break;
		now = j->pending.v[j->pending.n - 1];
		if (now->at != at || !skep_vstate_same_place(s, now))
			break;
		j->pending.n--;
	}
	*st = NULL;
	if (changed) {
		*st = skep_vstate_copy(m, s);
		(*st)->next = NULL;
	}
	return s->hits < 100 ? 0 : SKEP_ELIMIT;
}

/* From a place to the next ones where ways may meet. */
static int walk(struct join *j, struct skep_vstate *st, u64 *steps)
{
	struct skep_mach *m = j->m;

	for (;;) {
		if (!(*steps)--)
			return SKEP_ELIMIT;
		record(j, st);
		if (skep_mach_step(m, st) < 0 && !go_on(j, st)) {
			/* At the program's end nothing follows; elsewhere something would be
			 * missed. */
			if (st->nframe > 1 || m->insn[st->at].insn->in.op != SKEP_EXIT)
				return SKEP_EUNSUP;
			break;
		}
		if (m->other)
			put_off(j, m->other);
		if (m->async)
			put_off(j, m->async);
		m->other = m->async = NULL;
		if (st->at == SKEP_VNONE)
			break;
		if (meets(m, st->at)) {
			put_off(j, st);
			return 0;
		}
	}
	skep_vstate_free(m, st);
	return 0;
}

static int explore(struct join *j, u32 func)
{
	struct skep_vstate *st;
	u64 steps = (u64)j->m->ninsn * STEPS_PER_INSN + 1000;
	int err = skep_mach_entry(j->m, func, &st);

	if (err)
		return SKEP_EUNSUP;
	put_off(j, st);
	while (j->pending.n && !err) {
		st = j->pending.v[--j->pending.n];
		if (meets(j->m, st->at))
			err = merge(j, &st);
		if (st && !err)
			err = walk(j, st, &steps);
	}
	return err;
}

void skep_vfact_join(struct skep_vfact *a, const struct skep_vfact *b)
{
	struct skep_mach names = {0};
	struct join j = {.m = &names};

	if (!b->reached)
		return;
	if (!a->reached) {
		*a = *b;
		return;
	}
	for (u32 k = 0; k < 11; k++)
		join_reg(&j, &a->reg[k], &b->reg[k]);
}

int skep_vfacts_compute(const struct skep_obj *obj, const struct skep_func *prog,
			const struct skep_mach_opts *opt, struct skep_arena *arena,
			struct skep_vfacts **out)
{
	struct join *j = SKEP_NEW(arena, struct join);
	int err;

	j->m = SKEP_NEW(arena, struct skep_mach);
	*out = j->facts = SKEP_NEW(arena, struct skep_vfacts);
	err = skep_mach_init(j->m, obj, prog, opt, arena);
	if (err)
		return SKEP_EUNSUP;
	j->m->joins = true;
	j->facts->m = j->m;
	j->facts->n = j->m->ninsn;
	j->facts->at = SKEP_NEW_N(arena, struct skep_vfact, j->m->ninsn);
	err = explore(j, 0);
	for (bool more = true; more && !err;) {
		more = false;
		for (u32 k = 1; k < j->m->nfunc && !err; k++) {
			struct skep_vfunc *f = &j->m->func[k];

			if (!f->global || !f->called || f->queued)
				continue;
			f->queued = more = true;
			err = explore(j, k);
		}
	}
	return err;
}
