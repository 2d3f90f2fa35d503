/* SPDX-License-Identifier: BSD-2-Clause */
/* Terms by number: one number for equal terms; substitution; questions without a solver. */
#include "smt/smt_impl.h"

enum { FIRST_CAP = 1024, POINTS = 12 };

void skep_smt_init(struct skep_smt *s, struct skep_arena *arena)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena;
	s->seed = 1;
	s->cap = FIRST_CAP;
	s->table = SKEP_NEW_N(arena, u32, s->cap);
	/* Number 0 is no term. */
	memset(SKEP_VEC_PUSH(arena, &s->t), 0, sizeof(struct skep_term));
}

void skep_smt_fini(struct skep_smt *s)
{
	skep_smt_z3_fini(s);
}

static u64 mix(u64 h, u64 v)
{
	h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
	h *= 0xff51afd7ed558ccdull;
	return h ^ (h >> 33);
}

static u64 hash_of(const struct skep_term *t)
{
	u64 h = mix((u64)t->op << 16 | (u64)t->width << 8 | t->nargs, t->k);

	for (u32 i = 0; i < t->nargs; i++) {
		h = mix(h, t->arg[i]);
		if (t->coef)
			h = mix(h, t->coef[i]);
	}
	return h;
}

static bool same(const struct skep_term *a, const struct skep_term *b)
{
	return a->hash == b->hash && a->op == b->op && a->width == b->width &&
	       a->nargs == b->nargs && a->k == b->k && a->flags == b->flags &&
	       (!a->nargs || memcmp(a->arg, b->arg, a->nargs * sizeof(u32)) == 0) &&
	       (!a->coef || !b->coef ? a->coef == b->coef :
				       memcmp(a->coef, b->coef, a->nargs * sizeof(u64)) == 0);
}

static void grow(struct skep_smt *s)
{
	u32 cap = s->cap * 2;
	u32 *table = SKEP_NEW_N(s->arena, u32, cap);

	for (u32 i = 0; i < s->cap; i++) {
		u32 t = s->table[i], at;

		if (!t)
			continue;
		for (at = (u32)s->t.v[t].hash & (cap - 1); table[at]; at = (at + 1) & (cap - 1))
			;
		table[at] = t;
	}
	s->table = table;
	s->cap = cap;
}

u32 skep_smt_make(struct skep_smt *s, const struct skep_term *t)
{
	struct skep_term n = *t;
	u32 at;

	n.hash = hash_of(&n);
	for (at = (u32)n.hash & (s->cap - 1); s->table[at]; at = (at + 1) & (s->cap - 1))
		if (same(&s->t.v[s->table[at]], &n))
			return s->table[at];
	if (n.nargs)
		n.arg = skep_arena_memdup(s->arena, t->arg, n.nargs * sizeof(u32));
	if (n.coef)
		n.coef = skep_arena_memdup(s->arena, t->coef, n.nargs * sizeof(u64));
	s->table[at] = s->t.n;
	*SKEP_VEC_PUSH(s->arena, &s->t) = n;
	if (s->t.n * 2 > s->cap)
		grow(s);
	return s->t.n - 1;
}

u32 skep_smt_make2(struct skep_smt *s, enum skep_smt_op op, u32 width, u32 a, u32 b)
{
	u32 arg[2] = {a, b};
	struct skep_term t = {.op = (u8)op, .width = (u8)width, .nargs = 2, .arg = arg};

	return skep_smt_make(s, &t);
}

u32 skep_smt_plain1(struct skep_smt *s, enum skep_smt_op op, u32 width, u32 a, u64 k)
{
	struct skep_term t = {.op = (u8)op, .width = (u8)width, .k = k, .nargs = 1, .arg = &a};

	return skep_smt_make(s, &t);
}

u32 skep_smt_plain_sum(struct skep_smt *s, u32 a, u64 ca, u32 b, u64 cb, u64 k)
{
	u32 arg[2] = {a, b}, w = skep_smt_width(s, a);
	u64 coef[2] = {ca & skep_smt_mask(w), cb & skep_smt_mask(w)};
	struct skep_term t = {.op = SKEP_T_SUM,
			      .width = (u8)w,
			      .k = k & skep_smt_mask(w),
			      .nargs = b ? 2 : 1,
			      .arg = arg,
			      .coef = coef};

	return skep_smt_make(s, &t);
}

u32 skep_smt_const(struct skep_smt *s, u32 width, u64 k)
{
	struct skep_term t = {
		.op = SKEP_T_CONST, .width = (u8)width, .k = k & skep_smt_mask(width)};

	return skep_smt_make(s, &t);
}

u32 skep_smt_var(struct skep_smt *s, u32 width, u64 number, u32 flags)
{
	struct skep_term t = {
		.op = SKEP_T_VAR, .width = (u8)width, .k = number, .flags = (u8)flags};

	return skep_smt_make(s, &t);
}

u32 skep_smt_app(struct skep_smt *s, u32 width, u64 fn, const u32 *arg, u32 n, u32 flags)
{
	u32 copy[255];
	struct skep_term t = {.op = SKEP_T_APP,
			      .width = (u8)width,
			      .k = fn,
			      .nargs = (u8)n,
			      .arg = copy,
			      .flags = (u8)flags};

	if (n)
		memcpy(copy, arg, n * sizeof(u32));
	return skep_smt_make(s, &t);
}

/* --- walking over terms ------------------------------------------------------------ */

static void new_gen(struct skep_smt *s)
{
	if (s->stamps < s->t.n) {
		u32 n = s->t.n * 2;

		s->stamp = SKEP_NEW_N(s->arena, u32, n);
		s->val = SKEP_NEW_N(s->arena, u64, n);
		s->stamps = n;
		s->gen = 0;
	}
	s->gen++;
}

static u32 subst(struct skep_smt *s, u32 t, u32 limit, u32 (*map)(void *, u32), void *user)
{
	u32 arg[255], r = map(user, t);
	const struct skep_term *x = &s->t.v[t];
	bool changed = false;
	u32 n = x->nargs;

	if (r)
		return r;
	if (!n)
		return t;
	if (t < limit && s->stamp[t] == s->gen)
		return (u32)s->val[t];
	for (u32 i = 0; i < n; i++) {
		u32 old = s->t.v[t].arg[i];

		/* What is abstract stays as it is: it is large, and only compared. */
		arg[i] = s->t.v[old].width ? subst(s, old, limit, map, user) : old;
		changed |= arg[i] != old;
	}
	r = changed ? skep_smt_rebuild(s, t, arg) : t;
	if (t < limit) {
		s->stamp[t] = s->gen;
		s->val[t] = r;
	}
	return r;
}

u32 skep_smt_subst(struct skep_smt *s, u32 t, u32 (*map)(void *user, u32 t), void *user)
{
	new_gen(s);
	return subst(s, t, s->stamps, map, user);
}

static bool mentions(struct skep_smt *s, u32 t, bool (*want)(void *, u32), void *user)
{
	if (s->stamp[t] == s->gen)
		return false;
	s->stamp[t] = s->gen;
	if (s->t.v[t].op == SKEP_T_VAR || !s->t.v[t].width)
		return want(user, t);
	for (u32 i = 0; i < s->t.v[t].nargs; i++)
		if (mentions(s, s->t.v[t].arg[i], want, user))
			return true;
	return false;
}

bool skep_smt_mentions(struct skep_smt *s, u32 t, bool (*want)(void *user, u32 var), void *user)
{
	new_gen(s);
	return mentions(s, t, want, user);
}

/* --- values ---------------------------------------------------------------------------- */

void skep_smt_eval_begin(struct skep_smt *s)
{
	new_gen(s);
}

/* Variables get small, extreme and random values in turn. */
static u64 some_value(u64 seed, u64 number, u32 width)
{
	u64 r = mix(mix(seed, number), width);

	switch (r >> 60) {
	case 0: return r & 3 & skep_smt_mask(width);
	case 1: return ~(r & 3) & skep_smt_mask(width);
	case 2: return ((u64)1 << (width - 1)) & skep_smt_mask(width);
	case 3:
	case 4: return r & 0xff & skep_smt_mask(width);
	default: return (r ^ r << 7) & skep_smt_mask(width);
	}
}

static u64 eval_app(struct skep_smt *s, const struct skep_smt_point *p, u32 t)
{
	u64 h = mix(p->seed, s->t.v[t].k), v;

	for (u32 i = 0; i < s->t.v[t].nargs; i++) {
		u32 a = s->t.v[t].arg[i];

		h = mix(h, s->t.v[a].width ? skep_smt_eval(s, p, a) : a);
	}
	v = h & skep_smt_mask(s->t.v[t].width);
	return v ? v : s->t.v[t].flags & SKEP_TF_NONNULL ? 1 : 0;
}

static u64 eval_op(struct skep_smt *s, const struct skep_smt_point *p, u32 t)
{
	const struct skep_term x = s->t.v[t];
	u32 w = x.nargs ? s->t.v[x.arg[x.op == SKEP_T_ITE ? 1 : 0]].width : x.width, at = 0;
	u64 a, b, m = skep_smt_mask(w), r = x.k;

	switch (x.op) {
	case SKEP_T_CONST: return x.k;
	case SKEP_T_VAR:
		r = p->value ? p->value(p->user, t) : some_value(p->seed, x.k, x.width);
		return r || !(x.flags & SKEP_TF_NONNULL) ? r : 4096;
	case SKEP_T_APP: return eval_app(s, p, t);
	case SKEP_T_SUM:
		for (u32 i = 0; i < x.nargs; i++)
			r += x.coef[i] * skep_smt_eval(s, p, x.arg[i]);
		return r & m;
	case SKEP_T_CONCAT:
		for (u32 i = 0; i < x.nargs; i++) {
			r |= skep_smt_eval(s, p, x.arg[i]) << at;
			at += s->t.v[x.arg[i]].width;
		}
		return r;
	case SKEP_T_ITE: return skep_smt_eval(s, p, x.arg[skep_smt_eval(s, p, x.arg[0]) ? 1 : 2]);
	default: break;
	}
	a = skep_smt_eval(s, p, x.arg[0]);
	if (x.op == SKEP_T_NOT)
		return ~a & m;
	if (x.op == SKEP_T_EXTRACT)
		return a >> x.k & skep_smt_mask(x.width);
	if (x.op == SKEP_T_SEXT)
		return (u64)skep_smt_signed(a, w) & skep_smt_mask(x.width);
	b = skep_smt_eval(s, p, x.arg[1]);
	switch (x.op) {
	case SKEP_T_MUL: return a * b & m;
	case SKEP_T_UDIV: return b ? a / b : m;
	case SKEP_T_UREM: return b ? a % b : a;
	case SKEP_T_SDIV:
		if (!b)
			return skep_smt_signed(a, w) < 0 ? 1 : m;
		return b == m ? (0 - a) & m
			      : (u64)(skep_smt_signed(a, w) / skep_smt_signed(b, w)) & m;
	case SKEP_T_SREM:
		return !b	? a
		       : b == m ? 0
				: (u64)(skep_smt_signed(a, w) % skep_smt_signed(b, w)) & m;
	case SKEP_T_AND: return a & b;
	case SKEP_T_OR: return a | b;
	case SKEP_T_XOR: return a ^ b;
	case SKEP_T_SHL: return b < w ? a << b & m : 0;
	case SKEP_T_SHR: return b < w ? a >> b : 0;
	case SKEP_T_SAR: return (u64)(skep_smt_signed(a, w) >> (b < w ? b : w - 1)) & m;
	case SKEP_T_EQ: return a == b;
	case SKEP_T_ULT: return a < b;
	case SKEP_T_SLT: return skep_smt_signed(a, w) < skep_smt_signed(b, w);
	default: return 0;
	}
}

u64 skep_smt_eval(struct skep_smt *s, const struct skep_smt_point *p, u32 t)
{
	u64 v;

	if (s->stamp[t] == s->gen)
		return s->val[t];
	v = eval_op(s, p, t);
	s->stamp[t] = s->gen;
	s->val[t] = v;
	return v;
}

/* --- questions ------------------------------------------------------------------------- */

static void collect(struct skep_smt *s, u32 t, struct skep_smt_model *m,
		    const struct skep_smt_point *p, u8 *seen)
{
	if (seen[t])
		return;
	seen[t] = 1;
	if (s->t.v[t].op == SKEP_T_VAR) {
		m->var[m->n] = t;
		m->val[m->n++] = skep_smt_eval(s, p, t);
	}
	for (u32 i = 0; i < s->t.v[t].nargs; i++)
		if (s->t.v[s->t.v[t].arg[i]].width)
			collect(s, s->t.v[t].arg[i], m, p, seen);
}

/* Give a variable, an application, or some bits of one a value. */
static void assign(struct skep_smt *s, const struct skep_smt_point *p, u32 t, u64 v)
{
	u32 w = s->t.v[t].width;
	u64 lo = 0;

	if (s->t.v[t].op == SKEP_T_EXTRACT) {
		lo = s->t.v[t].k;
		t = s->t.v[t].arg[0];
	}
	if (s->t.v[t].op != SKEP_T_VAR && s->t.v[t].op != SKEP_T_APP)
		return;
	if (lo || s->t.v[t].width != w) {
		u64 m = skep_smt_mask(w) << lo;

		v = (skep_smt_eval(s, p, t) & ~m) | (v << lo & m);
	}
	s->stamp[t] = s->gen;
	s->val[t] = v;
}

/*
 * Values that make simple assumptions true: x == k, x < k. (An application that
 * is given a value may then disagree with another one of the same function at the
 * same arguments; the price is a wrong "no", never a wrong "yes".)
 */
static void believe(struct skep_smt *s, const struct skep_smt_point *p, const u32 *assume, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		const struct skep_term *x = &s->t.v[assume[i]];
		u64 k;

		if ((x->op != SKEP_T_EQ && x->op != SKEP_T_ULT) || !skep_smt_is_const(s, x->arg[1]))
			continue;
		k = s->t.v[x->arg[1]].k;
		assign(s, p, x->arg[0], x->op == SKEP_T_EQ ? k : mix(p->seed, i) % k);
	}
}

/* Some points: is the goal false at one where everything assumed is true? */
static bool refuted(struct skep_smt *s, const u32 *assume, u32 n, u32 goal,
		    struct skep_smt_model *model)
{
	for (u32 k = 0; k < POINTS; k++) {
		struct skep_smt_point p = {.seed = s->seed + k * 0x10001};
		bool holds = true;

		skep_smt_eval_begin(s);
		believe(s, &p, assume, n);
		for (u32 i = 0; i < n && holds; i++)
			holds = skep_smt_eval(s, &p, assume[i]);
		if (!holds || skep_smt_eval(s, &p, goal))
			continue;
		if (model) {
			u8 *seen = SKEP_NEW_N(s->arena, u8, s->t.n);

			model->var = SKEP_NEW_N(s->arena, u32, s->t.n);
			model->val = SKEP_NEW_N(s->arena, u64, s->t.n);
			model->n = 0;
			collect(s, goal, model, &p, seen);
			for (u32 i = 0; i < n; i++)
				collect(s, assume[i], model, &p, seen);
		}
		return true;
	}
	return false;
}

enum skep_smt_answer skep_smt_follows(struct skep_smt *s, const u32 *assume, u32 n, u32 goal,
				      struct skep_smt_model *model)
{
	enum skep_smt_answer a;

	s->queries++;
	if (model)
		model->n = 0;
	if (skep_smt_is(s, goal, 1))
		return SKEP_SMT_YES;
	for (u32 i = 0; i < n; i++)
		if (assume[i] == goal || skep_smt_is(s, assume[i], 0))
			return SKEP_SMT_YES;
	if (refuted(s, assume, n, goal, model))
		return SKEP_SMT_NO;
	s->solved++;
	a = skep_smt_z3_follows(s, assume, n, goal, model);
	s->timeouts += a == SKEP_SMT_UNKNOWN;
	if (s->dump) {
		struct skep_buf b = {0};

		skep_smt_print(s, assume, n, goal, &b);
		if (!b.failed)
			s->dump(s->user, b.p, b.n,
				a == SKEP_SMT_YES  ? "unsat"
				: a == SKEP_SMT_NO ? "sat"
						   : "unknown");
		skep_buf_fini(&b);
	}
	return a;
}

enum skep_smt_answer skep_smt_find(struct skep_smt *s, const u32 *all, u32 n, const u32 *want,
				   u32 nwant, u64 *val)
{
	enum skep_smt_answer a;

	s->queries++;
	for (u32 i = 0; i < n; i++)
		if (skep_smt_is(s, all[i], 0))
			return SKEP_SMT_NO;
	s->solved++;
	a = skep_smt_z3_find(s, all, n, want, nwant, val);
	s->timeouts += a == SKEP_SMT_UNKNOWN;
	return a;
}
