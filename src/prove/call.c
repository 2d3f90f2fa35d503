/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls. One with an effect is an event in the trace, with all that the callee
 * can see among its arguments; everything that it gives is a function of the
 * event. P goes first. When Q comes to an event, it must be the one that P had
 * there, with equal arguments; then it is the same term, and so are its results.
 * A helper without effect is a function of what it sees.
 */
#include "prove/prove_impl.h"

u64 skep_prove_hash(const char *kind, const char *s)
{
	return skep_hash(s, strlen(s), skep_hash(kind, strlen(kind), 7)) >> 3;
}

u32 skep_prove_symbol(struct prover *p, const char *kind, const char *name)
{
	return skep_smt_var(&p->smt, 64, VAR_SYM | (skep_prove_hash(kind, name) & (VAR_CORE - 1)),
			    SKEP_TF_NONNULL);
}

static const struct skep_map *map_of(struct prover *p, const struct side *sd, u32 t)
{
	for (u32 k = 0; k < sd->obj->nmap; k++) {
		const struct skep_map *map = sd->obj->map[k];

		if (map && skep_prove_symbol(p, "map", map->name) == t)
			return map;
	}
	return NULL;
}

bool skep_prove_from_fp(const struct skep_smt *s, u32 t, u32 fp)
{
	const struct skep_term *x = skep_smt_get(s, t);

	if (t == fp)
		return true;
	if (x->op != SKEP_T_SUM && x->op != SKEP_T_ITE)
		return false;
	for (u32 k = 0; k < x->nargs; k++)
		if (skep_prove_from_fp(s, x->arg[k], fp))
			return true;
	return false;
}

/* --- events ---------------------------------------------------------------------------------- */

/* Is `b` (of Q) what `a` (of P) is? Abstract terms are compared by their parts. */
static enum skep_smt_answer same_arg(struct prover *p, u32 a, u32 b)
{
	const struct skep_term *x = skep_smt_get(&p->smt, a), *y = skep_smt_get(&p->smt, b);
	enum skep_smt_answer r;

	if (a == b)
		return SKEP_SMT_YES;
	if (x->width != y->width)
		return SKEP_SMT_NO;
	if (x->width)
		return skep_prove_equal(p, a, b);
	if (x->op == SKEP_T_APP && (x->k & 0xff) == FN_STACK) {
		if (y->op != SKEP_T_APP || y->k != x->k || y->nargs != x->nargs)
			return SKEP_SMT_NO;
		for (u32 k = 0; k < x->nargs; k++) {
			r = same_arg(p, skep_smt_get(&p->smt, a)->arg[k],
				     skep_smt_get(&p->smt, b)->arg[k]);
			if (r != SKEP_SMT_YES)
				return r;
		}
		return SKEP_SMT_YES;
	}
	return skep_prove_same_mem(p, a, b);
}

static enum skep_smt_answer same_call(struct prover *p, u32 old, u64 fn, const struct args *a)
{
	const struct skep_term *x = skep_smt_get(&p->smt, old);
	enum skep_smt_answer r = SKEP_SMT_YES;

	if (x->k != fn || x->nargs != a->n)
		return SKEP_SMT_NO;
	for (u32 k = 0; k < a->n && r == SKEP_SMT_YES; k++)
		r = same_arg(p, skep_smt_get(&p->smt, old)->arg[k], a->v[k]);
	return r;
}

u32 skep_prove_event(struct prover *p, int side, struct state *st, const struct skep_insn *i,
		     u64 fn, struct args *a, bool atomic)
{
	enum skep_smt_answer r;
	u32 t;

	if (side == P) {
		if (p->nevent == MAX_EVENTS) {
			skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many calls between two cuts");
			return 0;
		}
		t = skep_smt_app(&p->smt, 0, fn, a->v, a->n, 0);
		p->event[p->nevent++] = (struct event){t, i, 0x3e, false};
		st->nevent = p->nevent;
		return st->trace = t;
	}
	if (st->nevent >= p->nevent) {
		if (!atomic)
			skep_prove_lag(p);
		return 0;
	}
	p->goal = 0;
	r = same_call(p, p->event[st->nevent].term, fn, a);
	if (r == SKEP_SMT_YES)
		return st->trace = p->event[st->nevent++].term;
	if (!atomic)
		skep_prove_fail(p, r, "a call, or what it is given, is not the same");
	return 0;
}

/* Helpers that give another result each time. */
static bool fickle(s64 helper)
{
	switch (helper) {
	case SKEP_FN_ktime_get_ns:
	case SKEP_FN_ktime_get_boot_ns:
	case SKEP_FN_ktime_get_coarse_ns:
	case SKEP_FN_ktime_get_tai_ns:
	case SKEP_FN_jiffies64:
	case SKEP_FN_get_prandom_u32:
	case SKEP_FN_perf_event_read: return true;
	default: return false;
	}
}

static u32 pure(struct prover *p, int side, struct state *st, const struct skep_insn *i, u64 fn,
		struct args *a)
{
	bool odd = fickle(i->in.imm);
	u32 t, first = odd ? st->nrandom : 0;

	if (side == P) {
		struct args b = *a;

		if (p->nrandom == MAX_EVENTS)
			skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many calls between two cuts");
		if (odd)
			skep_prove_put(&b, skep_smt_const(&p->smt, 32, p->nrandom));
		t = skep_smt_app(&p->smt, 64, fn, b.v, b.n, 0);
		if (p->nrandom < MAX_EVENTS)
			p->random[p->nrandom++] = (struct event){t, i, 0x3e, false};
		st->nrandom = p->nrandom;
		return t;
	}
	if (!odd) {
		t = skep_smt_app(&p->smt, 64, fn, a->v, a->n, 0);
		for (u32 k = 0; k < p->nrandom; k++)
			if (p->random[k].term == t ||
			    same_call(p, p->random[k].term, fn, a) == SKEP_SMT_YES)
				return p->random[k].term;
		return t;
	}
	/* The one that stood here, else the next that P has left. */
	for (u32 round = 0; round < 2; round++)
		for (u32 k = first; k < p->nrandom; k++) {
			struct args b = *a;

			if (round == 0 && p->random[k].insn->id != i->id)
				continue;
			skep_prove_put(&b, skep_smt_const(&p->smt, 32, k));
			if (same_call(p, p->random[k].term, fn, &b) == SKEP_SMT_YES) {
				st->nrandom = k + 1;
				return p->random[k].term;
			}
		}
	skep_prove_put(a, skep_smt_const(&p->smt, 32, 0x10000 + i->num));
	return skep_smt_app(&p->smt, 64, fn, a->v, a->n, 0);
}

/* --- calls --------------------------------------------------------------------------------------
 */

/* Where a pointer argument points: into the frame at `off`, perhaps there, or elsewhere. */
enum where { ELSEWHERE, FRAME, MAYBE_FRAME };

static enum where points(struct prover *p, int side, const struct state *st,
			 const struct skep_insn *i, int reg, s64 *off)
{
	struct skep_smt *s = &p->smt;
	u32 fp = skep_smt_var(s, 64, VAR_FP, SKEP_TF_NONNULL), base;
	u8 kind = p->side[side].fa->in[i->num][reg].kind;
	u64 k;

	skep_smt_split(s, st->reg[reg], &base, &k);
	*off = (s64)k;
	if (base == fp && *off >= -STK && *off <= 0)
		return FRAME;
	if (skep_prove_from_fp(s, st->reg[reg], fp))
		return MAYBE_FRAME;
	return kind == SKEP_K_ANY || kind == SKEP_K_STACK ? MAYBE_FRAME : ELSEWHERE;
}

static s64 extent(struct prover *p, const struct state *st, const struct skep_helper *h, int a,
		  const struct skep_map *map)
{
	const struct skep_term *n;

	switch (h->arg[a]) {
	case SKEP_ARG_KEY: return map && map->key_size ? (s64)map->key_size : -1;
	case SKEP_ARG_VALUE:
	case SKEP_ARG_VALUE_OUT: return map && map->value_size ? (s64)map->value_size : -1;
	case SKEP_ARG_MEM_RD:
	case SKEP_ARG_MEM_WR:
	case SKEP_ARG_MEM_RW:
		if (a == 4 || h->arg[a + 1] != SKEP_ARG_SIZE)
			return -1;
		n = skep_smt_get(&p->smt, st->reg[a + 2]);
		return n->op == SKEP_T_CONST && n->k <= STK ? (s64)n->k : -1;
	case SKEP_ARG_FIX_RD:
	case SKEP_ARG_FIX_WR:
	case SKEP_ARG_FIX_RW: return h->fixed ? h->fixed : -1;
	default: return -1;
	}
}

static u32 contents(struct prover *p, const struct side *sd, const struct state *st, s64 off, s64 n)
{
	u32 word[STK / 8 + 1], k = 0;

	for (s64 o = 0; o < n; o += 8)
		word[k++] = skep_prove_load_stack(p, st, off + o, (u32)SKEP_MIN((s64)8, n - o),
						  sd->obj->big);
	return skep_smt_app(&p->smt, 0, FN(FN_STACK, n), word, k, 0);
}

static bool reads_arg(u8 a)
{
	return a != SKEP_ARG_MEM_WR && a != SKEP_ARG_FIX_WR && a != SKEP_ARG_VALUE_OUT &&
	       a != SKEP_ARG_MAP && a != SKEP_ARG_SIZE && a != SKEP_ARG_FUNC && a != SKEP_ARG_CTX;
}

static bool writes_arg(u8 a)
{
	return a == SKEP_ARG_MEM_WR || a == SKEP_ARG_MEM_RW || a == SKEP_ARG_FIX_WR ||
	       a == SKEP_ARG_FIX_RW || a == SKEP_ARG_VALUE_OUT || a == SKEP_ARG_STACK ||
	       a == SKEP_ARG_OBJ;
}

/* Does the helper look at memory outside of the frame? */
static bool follows(u8 a)
{
	return a != SKEP_ARG_NONE && a != SKEP_ARG_ANY && a != SKEP_ARG_MAP && a != SKEP_ARG_SIZE &&
	       a != SKEP_ARG_FUNC;
}

/* One argument of a helper: its value, or what lies in the frame where it points. */
static void helper_arg(struct prover *p, int side, const struct state *st,
		       const struct skep_insn *i, const struct skep_helper *h, int a,
		       const struct skep_map *map, struct args *out, bool *mem)
{
	u8 kind = h->arg[a];
	s64 off, n = extent(p, st, h, a, map);
	enum where w = points(p, side, st, i, a + 1, &off);

	if (!follows(kind) && !(kind == SKEP_ARG_ANY && w != ELSEWHERE)) {
		skep_prove_put(out, st->reg[a + 1]);
		return;
	}
	if (w == ELSEWHERE) {
		*mem = true;
		skep_prove_put(out, st->reg[a + 1]);
		return;
	}
	if (w == MAYBE_FRAME || n < 0 || n > -off || kind == SKEP_ARG_ANY ||
	    kind == SKEP_ARG_STACK || kind == SKEP_ARG_OBJ) {
		*mem = true;
		skep_prove_put(out, st->reg[a + 1]);
		if (reads_arg(kind))
			skep_prove_put(out, w == FRAME && kind != SKEP_ARG_STACK
						    ? contents(p, &p->side[side], st, off, -off)
						    : skep_prove_stack(p, st));
		return;
	}
	/* The place does not matter, only what is there. */
	skep_prove_put(out, reads_arg(kind) ? contents(p, &p->side[side], st, off, n)
					    : skep_smt_const(&p->smt, 64, 0));
}

/* Bytes that a call may write. When it does not, they stay; some helpers are known to write all. */
static void written(struct prover *p, struct state *st, u32 ev, int a, s64 from, s64 n,
		    enum skep_fill fill)
{
	u32 r0 = skep_smt_app(&p->smt, 64, FN(FN_RESULT, 0), &ev, 1, 0);
	u32 done = skep_smt_eq(&p->smt, r0, skep_smt_const(&p->smt, 64, 0));

	for (s64 o = 0; o < n; o++) {
		u64 par = (u64)o | (u64)a << 16;
		sbyte *b = &st->stk[from + o + STK];
		u32 did = fill == SKEP_FILLS ? skep_smt_const(&p->smt, 1, 1)
			  : fill == SKEP_FILLS_OR_FAILS
				  ? done
				  : skep_smt_app(&p->smt, 1, FN(FN_WROTE, par), &ev, 1, 0);
		u32 new = skep_smt_app(&p->smt, 8, FN(FN_WRITTEN, par), &ev, 1, 0), t = (u32)*b;
		u32 old = skep_smt_width(&p->smt, t) == 8
				  ? t
				  : skep_smt_extract(&p->smt, t, (u32)(*b >> 32) * 8, 8);

		*b = mk_byte(skep_smt_ite(&p->smt, did, new, old), 0);
	}
}

static void helper_writes(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			  const struct skep_helper *h, u32 ev, const struct skep_map *map)
{
	struct state before = *st;

	for (int a = 0; a < 5; a++) {
		s64 off, n;
		enum where w;

		if (!writes_arg(h->arg[a]) && !(h->flags & SKEP_HF_CB && follows(h->arg[a])))
			continue;
		w = points(p, side, &before, i, a + 1, &off);
		n = extent(p, &before, h, a, map);
		if (w == ELSEWHERE)
			continue;
		if (w == FRAME && n >= 0 && n <= -off)
			written(p, st, ev, a, off, n, skep_helper_fills(i->in.imm));
		else if (w == FRAME && h->arg[a] != SKEP_ARG_STACK && !(h->flags & SKEP_HF_CB))
			written(p, st, ev, a, off, -off, SKEP_FILLS_NOT);
		else
			written(p, st, ev, a, -STK, STK, SKEP_FILLS_NOT);
	}
}

static bool helper_is_pure(const struct skep_helper *h, s64 id, const struct skep_map *map)
{
	const struct skep_map_type *mt = map ? skep_map_type_find(map->type) : NULL;

	if (!(h->flags & SKEP_HF_PURE))
		return false;
	if (id == SKEP_FN_map_lookup_elem)
		return mt && !(mt->flags & SKEP_MF_LOOKUP_EFFECT);
	return true;
}

/*
 * A lookup in an array: an element's address is a function of the key for as long as the program
 * runs, and so is that there is none; what happened before does not matter.
 */
static bool is_fixed(s64 id, const struct skep_map *map)
{
	const struct skep_map_type *mt = map ? skep_map_type_find(map->type) : NULL;

	return id == SKEP_FN_map_lookup_elem && mt && mt->flags & SKEP_MF_ARRAY;
}

void skep_prove_clobber(struct prover *p, struct state *st, u32 ev)
{
	for (u32 r = 1; r <= 5; r++)
		st->reg[r] = skep_smt_app(&p->smt, 64, FN(FN_RESULT, r), &ev, 1, 0);
}

/*
 * Registers that a callee reads beyond what the table of arguments says. One that holds nothing in
 * P is none: the verifier would not have it. Q gives those that P did.
 */
static u16 readable(struct prover *p, int side, const struct state *st, const struct skep_insn *i,
		    u16 regs)
{
	for (int r = 1; r <= 5; r++)
		if (side == P && p->side[side].fa->in[i->num][r].kind == SKEP_K_UNINIT)
			regs &= (u16) ~(1u << r);
	if (side == Q && st->nevent < p->nevent)
		regs &= p->event[st->nevent].regs;
	return regs;
}

/* Values that follow the arguments that the table knows, as many as a format asks for. */
static u16 more_values(struct prover *p, int side, const struct state *st,
		       const struct skep_insn *i, const struct skep_helper *h)
{
	u16 regs = skep_helper_reads(i->in.imm);

	for (int k = 0; k < 5; k++)
		if (h->arg[k] != SKEP_ARG_NONE)
			regs &= (u16) ~(2u << k);
	return regs ? readable(p, side, st, i, regs) : 0;
}

static enum step call_helper(struct prover *p, int side, struct state *st,
			     const struct skep_insn *i, const struct skep_helper *h)
{
	u16 more = more_values(p, side, st, i, h);
	const struct skep_map *map = NULL;
	struct args a = {.n = 2};
	bool mem = false, is_pure;
	u32 ev;

	for (int k = 0; k < 5; k++)
		if (h->arg[k] == SKEP_ARG_MAP && !map)
			map = map_of(p, &p->side[side], st->reg[k + 1]);
	is_pure = helper_is_pure(h, i->in.imm, map);
	a.v[0] = st->trace;
	for (int k = 0; k < 5; k++)
		if (h->arg[k] != SKEP_ARG_NONE)
			helper_arg(p, side, st, i, h, k, map, &a, &mem);
		else if (more >> (k + 1) & 1)
			skep_prove_put(&a, st->reg[k + 1]);
	if (skep_reads_indirect(i->in.imm) || h->flags & SKEP_HF_CB)
		skep_prove_put(&a, skep_prove_stack(p, st));
	if (is_pure) {
		a.v[1] = mem ? st->mem : st->trace;
		if (is_fixed(i->in.imm, map)) {
			a.v[0] = skep_smt_const(&p->smt, 64, 0);
			a.v[1] = mem ? st->mem : a.v[0];
		}
		st->reg[0] = pure(p, side, st, i, FN(FN_PURE, (u64)i->in.imm), &a);
		skep_prove_clobber(p, st, st->reg[0]);
		return STEP_ON;
	}
	a.v[1] = st->mem;
	ev = skep_prove_event(p, side, st, i, FN(FN_EVENT, (u64)i->in.imm << 8), &a, false);
	if (!ev)
		return STEP_FAIL;
	if (side == P)
		p->event[p->nevent - 1].regs = more;
	helper_writes(p, side, st, i, h, ev, map);
	if (skep_reads_indirect(i->in.imm) & SKEP_EFF_WRITE_STACK || h->flags & SKEP_HF_CB)
		written(p, st, ev, 5, -STK, STK, SKEP_FILLS_NOT);
	st->mem = skep_smt_app(&p->smt, 0, FN(FN_AFTER, 0), &ev, 1, 0);
	st->reg[0] = skep_smt_app(&p->smt, 64, FN(FN_RESULT, 0), &ev, 1, 0);
	skep_prove_clobber(p, st, ev);
	return STEP_ON;
}

static u64 name_hash(struct prover *p, const struct skep_func *f)
{
	return skep_prove_hash("func", f->name[0] ? f->name : skep_arena_printf(p->arena, "%u", f->index));
}

/*
 * Who is called. Q may call another function than P does when in P's object the two are the same
 * (and what Q's version of it does is proved against P's).
 */
static u64 callee_hash(struct prover *p, int side, const struct state *st, const struct skep_insn *i)
{
	const struct skep_insn *x = side == Q && st->nevent < p->nevent ? p->event[st->nevent].insn : NULL;
	const struct skep_func *f = i->callee, *in_p;

	if (!x || x->ref != SKEP_REF_FUNC || !x->callee || strcmp(x->callee->name, f->name) == 0)
		return name_hash(p, f);
	in_p = p->opts.match == SKEP_PROVE_BY_ID ? f : skep_func_find(p->side[P].obj, f->name);
	return name_hash(p, in_p && skep_func_same(in_p, x->callee) ? x->callee : f);
}

/* A subprogram, a kfunc, or a helper that is not in the table: it may do anything that its
 * arguments allow. */
static enum step call_other(struct prover *p, int side, struct state *st, const struct skep_insn *i)
{
	const struct side *sd = &p->side[side];
	struct args a = {.v = {st->trace, st->mem}, .n = 2};
	u16 regs = readable(p, side, st, i, skep_reads(sd->obj, i));
	bool stack = false;
	u64 who = 0;
	u32 ev;
	s64 off;

	if (i->in.op == SKEP_CALLX)
		skep_prove_put(&a, st->reg[i->in.dst]);
	else if (i->ref == SKEP_REF_FUNC)
		who = callee_hash(p, side, st, i);
	else if (i->ref == SKEP_REF_EXTERN && i->sym < sd->obj->nsym)
		who = skep_prove_hash("extern", sd->obj->sym[i->sym].name);
	else
		who = (u64)i->in.imm;
	for (int r = 1; r <= 5; r++) {
		if (!(regs >> r & 1))
			continue;
		skep_prove_put(&a, st->reg[r]);
		stack |= points(p, side, st, i, r, &off) != ELSEWHERE;
	}
	/* Q's arguments are proved to be P's, so they point where P's do. */
	if (side == Q && st->nevent < p->nevent)
		stack = p->event[st->nevent].stack;
	if (stack)
		skep_prove_put(&a, skep_prove_stack(p, st));
	ev = skep_prove_event(
		p, side, st, i,
		FN(FN_EVENT, 1 | (u64)i->in.src << 1 | (u64)i->in.op << 4 | who << 12), &a, false);
	if (!ev)
		return STEP_FAIL;
	if (side == P) {
		p->event[p->nevent - 1].regs = regs;
		p->event[p->nevent - 1].stack = stack;
	}
	if (stack)
		written(p, st, ev, 5, -STK, STK, SKEP_FILLS_NOT);
	st->mem = skep_smt_app(&p->smt, 0, FN(FN_AFTER, 0), &ev, 1, 0);
	st->reg[0] = skep_smt_app(&p->smt, 64, FN(FN_RESULT, 0), &ev, 1, 0);
	skep_prove_clobber(p, st, ev);
	return STEP_ON;
}

enum step skep_prove_call(struct prover *p, int side, struct state *st, const struct skep_insn *i)
{
	const struct skep_helper *h = NULL;

	if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && i->ref == SKEP_REF_NONE &&
	    !i->in.off)
		h = skep_helper_find(i->in.imm);
	return h ? call_helper(p, side, st, i, h) : call_other(p, side, st, i);
}
