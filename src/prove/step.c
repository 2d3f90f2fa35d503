/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction over terms. Arithmetic, branches and atomics are the table's
 * meaning; here is where operands come from, what memory an access means, and
 * what calls leave behind: an event in the trace, with all that the callee can
 * see among its arguments, of which everything that it gives is a function.
 *
 * P goes first. When Q comes to an event, it must be the one that P had there,
 * with equal arguments; then it is the same term, and so are its results.
 */
#include "prove/prove_impl.h"

enum { MAX_ARGS = 24 };

/* What an event is made of. */
struct args {
	u32 v[MAX_ARGS];
	u32 n;
};

static void put(struct args *a, u32 t)
{
	if (a->n < MAX_ARGS)
		a->v[a->n++] = t;
}

static u64 hash_text(const char *kind, const char *s)
{
	return skep_hash(s, strlen(s), skep_hash(kind, strlen(kind), 7)) >> 3;
}

/* --- operands ------------------------------------------------------------------------ */

/* What a CO-RE record will put in; equal records put in the same. */
static u32 core_value(struct prover *p, const struct side *sd, const struct skep_insn *i)
{
	const struct skep_core_rec *c = i->core;
	struct skep_btf_type t;
	const char *name = "";
	u64 h;

	const char *access = sd->obj->btf ? skep_btf_str(sd->obj->btf, c->access) : NULL;

	if (sd->obj->btf && skep_btf_get(sd->obj->btf, c->type, &t))
		name = t.name;
	h = hash_text(name, access ? access : "");
	return skep_smt_var(&p->smt, 64, VAR_CORE | ((h * 31 + c->kind) & (VAR_CORE - 1)), 0);
}

static u32 immediate(struct prover *p, const struct side *sd, const struct skep_insn *i)
{
	return i->core ? core_value(p, sd, i) : skep_smt_const(&p->smt, 64, (u64)i->in.imm);
}

static u32 symbol(struct prover *p, const char *kind, const char *name)
{
	return skep_smt_var(&p->smt, 64, VAR_SYM | (hash_text(kind, name) & (VAR_CORE - 1)), SKEP_TF_NONNULL);
}

static const struct skep_map *map_of(struct prover *p, const struct side *sd, u32 t)
{
	for (u32 k = 0; k < sd->obj->nmap; k++)
		if (symbol(p, "map", sd->obj->map[k]->name) == t)
			return sd->obj->map[k];
	return NULL;
}

static u32 address_constant(struct prover *p, const struct side *sd, const struct skep_insn *i)
{
	const struct skep_sym *sym = i->sym < sd->obj->nsym ? &sd->obj->sym[i->sym] : NULL;
	const char *name = sym && sym->name ? sym->name : "";

	switch (i->ref) {
	case SKEP_REF_MAP:
		if (sym && sym->map)
			name = sym->map->name;
		return skep_smt_addk(&p->smt, symbol(p, "map", name), (u64)i->in.imm);
	case SKEP_REF_DATA:
		/* The symbols of one section are offsets from its start. */
		if (sym && sym->data)
			return skep_smt_addk(&p->smt, symbol(p, "data", sym->data->name), sym->value + (u64)i->in.imm);
		return skep_smt_addk(&p->smt, symbol(p, "section", name), (sym ? sym->value : 0) + (u64)i->in.imm);
	case SKEP_REF_FUNC:
		return symbol(p, "func", i->callee ? i->callee->name : name);
	case SKEP_REF_EXTERN:
		return skep_smt_addk(&p->smt, symbol(p, "extern", name), (u64)i->in.imm);
	default:
		if (i->in.src == 0)
			return immediate(p, sd, i);
		/* A number that a loader gave already: a map by its descriptor. */
		return skep_smt_var(&p->smt, 64,
				    VAR_SYM | ((u64)i->in.src << 40 ^ (u64)i->in.imm * 0x9e3779b97f4aull) % VAR_CORE, 0);
	}
}

/* --- where an access goes ---------------------------------------------------------------- */

static enum region region_by_kind(u8 kind)
{
	switch (kind) {
	case SKEP_K_PKT:
		return R_PKT;
	case SKEP_K_CTX:
		return R_CTX;
	case SKEP_K_MAPVAL:
		return R_MAP;
	case SKEP_K_STACK:
		return R_STACK_SOMEWHERE;
	case SKEP_K_ANY:
	case SKEP_K_UNINIT:
		return R_ANY;
	default:
		return R_OTHER;
	}
}

/* P's view of a base is Q's, too. */
static enum region remembered(struct prover *p, int side, u32 base, enum region r)
{
	u32 at = base * 0x9e3779b1u >> 24;
	u64 key = (u64)base << 1 | 1;

	for (u32 k = 0; k < 256; k++, at = (at + 1) & 255) {
		if (p->regions_key[at] == key)
			return (enum region)p->regions_val[at];
		if (p->regions_key[at])
			continue;
		if (side == P) {
			p->regions_key[at] = key;
			p->regions_val[at] = (u8)r;
		}
		break;
	}
	return r;
}

/* Is it the frame pointer with something added? (Not: what a call made of one, or memory held.) */
static bool from_fp(const struct skep_smt *s, u32 t, u32 fp)
{
	const struct skep_term *x = skep_smt_get(s, t);

	if (t == fp)
		return true;
	if (x->op != SKEP_T_SUM && x->op != SKEP_T_ITE)
		return false;
	for (u32 k = 0; k < x->nargs; k++)
		if (from_fp(s, x->arg[k], fp))
			return true;
	return false;
}

struct access {
	enum region r;
	u32 addr;
	s64 off; /* R_STACK */
};

static bool locate(struct prover *p, int side, const struct state *st, const struct skep_insn *i,
		   const struct skep_memop *m, struct access *out)
{
	struct skep_smt *s = &p->smt;
	u32 fp = skep_smt_var(s, 64, VAR_FP, SKEP_TF_NONNULL), base;
	u64 off;

	out->addr = skep_smt_addk(s, st->reg[m->base], i->core ? 0 : (u64)(s64)m->off);
	if (i->core)
		out->addr = skep_smt_add(s, out->addr, core_value(p, &p->side[side], i));
	skep_smt_split(s, out->addr, &base, &off);
	if (base == fp) {
		out->off = (s64)off;
		out->r = R_STACK;
		return out->off >= -STK && out->off + m->size <= 0;
	}
	if (base == skep_smt_var(s, 64, VAR_CTX, SKEP_TF_NONNULL))
		out->r = R_CTX;
	else if (from_fp(s, base, fp))
		out->r = R_STACK_SOMEWHERE;
	else
		out->r = remembered(p, side, base, region_by_kind(p->side[side].fa->in[i->num][m->base].kind));
	return true;
}

/* A load of fewer bytes than the pointer that it gives, or may give. */
static bool pointer_field(const struct prover *p, const struct side *sd, const struct skep_insn *i, const struct access *a)
{
	u32 type = sd->func->flags & SKEP_FF_PROG ? sd->func->prog_type : sd->func->ctx_type;
	const struct skep_prog_type *pt = type ? skep_prog_type_find(type) : NULL;
	const struct skep_term *x = skep_smt_get(&p->smt, a->addr);
	const struct skep_ctx_field *f;
	u8 kind = sd->fa->in[i->num][i->in.src].kind;

	if (i->in.size != 4 || i->in.op != SKEP_LDX)
		return false;
	if (a->r != R_CTX)
		return a->r == R_OTHER && (kind == SKEP_K_NONSTACK || kind == SKEP_K_ANY);
	if (!pt || i->core)
		return true;
	f = skep_ctx_find(pt, x->op == SKEP_T_SUM ? (s64)x->k : 0, 4);
	return !f || f->kind != SKEP_CTX_SCALAR;
}

static u32 load_from(struct prover *p, int side, const struct state *st, const struct skep_insn *i,
		     const struct access *a, u32 size)
{
	const struct side *sd = &p->side[side];
	u32 arg[3];

	switch (a->r) {
	case R_STACK:
		return skep_prove_load_stack(p, st, a->off, size, sd->obj->big);
	case R_STACK_SOMEWHERE:
	case R_ANY:
		arg[0] = skep_prove_stack(p, st);
		arg[1] = st->mem;
		arg[2] = a->addr;
		return skep_smt_app(&p->smt, size * 8, FN(FN_STACKLOAD, size), arg, 3, 0);
	default:
		(void)i;
		return skep_prove_load(p, st->mem, a->r, a->addr, size, sd->obj->big);
	}
}

static void store_to(struct prover *p, int side, struct state *st, const struct access *a, u32 size, u32 val)
{
	bool big = p->side[side].obj->big;
	u32 arg[3];

	if (a->r == R_STACK) {
		skep_prove_store_stack(p, st, a->off, size, val, big);
		return;
	}
	if (a->r == R_STACK_SOMEWHERE || a->r == R_ANY) {
		arg[0] = skep_prove_stack(p, st);
		arg[1] = a->addr;
		arg[2] = val;
		for (u32 o = 0; o < STK; o++)
			st->stk[o] = mk_byte(skep_smt_app(&p->smt, 8, FN(FN_STACKSTORE, o | size << 16), arg, 3, 0), 0);
	}
	if (a->r != R_STACK_SOMEWHERE)
		st->mem = skep_prove_store(p, st->mem, a->r, a->addr, size, val, big);
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
			r = same_arg(p, skep_smt_get(&p->smt, a)->arg[k], skep_smt_get(&p->smt, b)->arg[k]);
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

/*
 * The event as a term, or 0: failed (or, for atomics, an event that P does not
 * have where the memory has to tell).
 */
static u32 event(struct prover *p, int side, struct state *st, const struct skep_insn *i, u64 fn, struct args *a,
		 bool atomic)
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
	case SKEP_FN_perf_event_read:
		return true;
	default:
		return false;
	}
}

static u32 pure(struct prover *p, int side, struct state *st, const struct skep_insn *i, u64 fn, struct args *a)
{
	bool odd = fickle(i->in.imm);
	u32 t, first = odd ? st->nrandom : 0;

	if (side == P) {
		struct args b = *a;

		if (p->nrandom == MAX_EVENTS)
			skep_prove_fail(p, SKEP_SMT_UNKNOWN, "too many calls between two cuts");
		if (odd)
			put(&b, skep_smt_const(&p->smt, 32, p->nrandom));
		t = skep_smt_app(&p->smt, 64, fn, b.v, b.n, 0);
		if (p->nrandom < MAX_EVENTS)
			p->random[p->nrandom++] = (struct event){t, i, 0x3e, false};
		st->nrandom = p->nrandom;
		return t;
	}
	if (!odd) {
		t = skep_smt_app(&p->smt, 64, fn, a->v, a->n, 0);
		for (u32 k = 0; k < p->nrandom; k++)
			if (p->random[k].term == t || same_call(p, p->random[k].term, fn, a) == SKEP_SMT_YES)
				return p->random[k].term;
		return t;
	}
	/* The one that stood here, else the next that P has left. */
	for (u32 round = 0; round < 2; round++)
		for (u32 k = first; k < p->nrandom; k++) {
			struct args b = *a;

			if (round == 0 && p->random[k].insn->id != i->id)
				continue;
			put(&b, skep_smt_const(&p->smt, 32, k));
			if (same_call(p, p->random[k].term, fn, &b) == SKEP_SMT_YES) {
				st->nrandom = k + 1;
				return p->random[k].term;
			}
		}
	put(a, skep_smt_const(&p->smt, 32, 0x10000 + i->num));
	return skep_smt_app(&p->smt, 64, fn, a->v, a->n, 0);
}

/* --- calls -------------------------------------------------------------------------------------- */

/* Where a pointer argument points: into the frame at `off`, perhaps there, or elsewhere. */
enum where { ELSEWHERE, FRAME, MAYBE_FRAME };

static enum where points(struct prover *p, int side, const struct state *st, const struct skep_insn *i, int reg, s64 *off)
{
	struct skep_smt *s = &p->smt;
	u32 fp = skep_smt_var(s, 64, VAR_FP, SKEP_TF_NONNULL), base;
	u8 kind = p->side[side].fa->in[i->num][reg].kind;
	u64 k;

	skep_smt_split(s, st->reg[reg], &base, &k);
	*off = (s64)k;
	if (base == fp && *off >= -STK && *off <= 0)
		return FRAME;
	if (from_fp(s, st->reg[reg], fp))
		return MAYBE_FRAME;
	return kind == SKEP_K_ANY || kind == SKEP_K_STACK ? MAYBE_FRAME : ELSEWHERE;
}

static s64 extent(struct prover *p, const struct state *st, const struct skep_helper *h, int a, const struct skep_map *map)
{
	const struct skep_term *n;

	switch (h->arg[a]) {
	case SKEP_ARG_KEY:
		return map && map->key_size ? (s64)map->key_size : -1;
	case SKEP_ARG_VALUE:
	case SKEP_ARG_VALUE_OUT:
		return map && map->value_size ? (s64)map->value_size : -1;
	case SKEP_ARG_MEM_RD:
	case SKEP_ARG_MEM_WR:
	case SKEP_ARG_MEM_RW:
		if (a == 4 || h->arg[a + 1] != SKEP_ARG_SIZE)
			return -1;
		n = skep_smt_get(&p->smt, st->reg[a + 2]);
		return n->op == SKEP_T_CONST && n->k <= STK ? (s64)n->k : -1;
	case SKEP_ARG_FIX_RD:
	case SKEP_ARG_FIX_WR:
	case SKEP_ARG_FIX_RW:
		return h->fixed ? h->fixed : -1;
	default:
		return -1;
	}
}

static u32 contents(struct prover *p, const struct side *sd, const struct state *st, s64 off, s64 n)
{
	u32 word[STK / 8 + 1], k = 0;

	for (s64 o = 0; o < n; o += 8)
		word[k++] = skep_prove_load_stack(p, st, off + o, (u32)SKEP_MIN((s64)8, n - o), sd->obj->big);
	return skep_smt_app(&p->smt, 0, FN(FN_STACK, n), word, k, 0);
}

static bool reads_arg(u8 a)
{
	return a != SKEP_ARG_MEM_WR && a != SKEP_ARG_FIX_WR && a != SKEP_ARG_VALUE_OUT && a != SKEP_ARG_MAP &&
	       a != SKEP_ARG_SIZE && a != SKEP_ARG_FUNC && a != SKEP_ARG_CTX;
}

static bool writes_arg(u8 a)
{
	return a == SKEP_ARG_MEM_WR || a == SKEP_ARG_MEM_RW || a == SKEP_ARG_FIX_WR || a == SKEP_ARG_FIX_RW ||
	       a == SKEP_ARG_VALUE_OUT || a == SKEP_ARG_STACK || a == SKEP_ARG_OBJ;
}

/* Does the helper look at memory outside of the frame? */
static bool follows(u8 a)
{
	return a != SKEP_ARG_NONE && a != SKEP_ARG_ANY && a != SKEP_ARG_MAP && a != SKEP_ARG_SIZE && a != SKEP_ARG_FUNC;
}

/* One argument of a helper: its value, or what lies in the frame where it points. */
static void helper_arg(struct prover *p, int side, const struct state *st, const struct skep_insn *i,
		       const struct skep_helper *h, int a, const struct skep_map *map, struct args *out, bool *mem)
{
	u8 kind = h->arg[a];
	s64 off, n = extent(p, st, h, a, map);
	enum where w = points(p, side, st, i, a + 1, &off);

	if (!follows(kind) && !(kind == SKEP_ARG_ANY && w != ELSEWHERE)) {
		put(out, st->reg[a + 1]);
		return;
	}
	if (w == ELSEWHERE) {
		*mem = true;
		put(out, st->reg[a + 1]);
		return;
	}
	if (w == MAYBE_FRAME || n < 0 || n > -off || kind == SKEP_ARG_ANY || kind == SKEP_ARG_STACK || kind == SKEP_ARG_OBJ) {
		*mem = true;
		put(out, st->reg[a + 1]);
		if (reads_arg(kind))
			put(out, w == FRAME && kind != SKEP_ARG_STACK ? contents(p, &p->side[side], st, off, -off)
								      : skep_prove_stack(p, st));
		return;
	}
	/* The place does not matter, only what is there. */
	put(out, reads_arg(kind) ? contents(p, &p->side[side], st, off, n) : skep_smt_const(&p->smt, 64, 0));
}

/* Bytes that a call may write. When it does not, they stay; some helpers are known to write all. */
static void written(struct prover *p, struct state *st, u32 ev, int a, s64 from, s64 n, enum skep_fill fill)
{
	u32 r0 = skep_smt_app(&p->smt, 64, FN(FN_RESULT, 0), &ev, 1, 0);
	u32 done = skep_smt_eq(&p->smt, r0, skep_smt_const(&p->smt, 64, 0));

	for (s64 o = 0; o < n; o++) {
		u64 par = (u64)o | (u64)a << 16;
		sbyte *b = &st->stk[from + o + STK];
		u32 did = fill == SKEP_FILLS	      ? skep_smt_const(&p->smt, 1, 1)
			  : fill == SKEP_FILLS_OR_FAILS ? done
							: skep_smt_app(&p->smt, 1, FN(FN_WROTE, par), &ev, 1, 0);
		u32 new = skep_smt_app(&p->smt, 8, FN(FN_WRITTEN, par), &ev, 1, 0), t = (u32)*b;
		u32 old = skep_smt_width(&p->smt, t) == 8 ? t : skep_smt_extract(&p->smt, t, (u32)(*b >> 32) * 8, 8);

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

static void clobber(struct prover *p, struct state *st, u32 ev)
{
	for (u32 r = 1; r <= 5; r++)
		st->reg[r] = skep_smt_app(&p->smt, 64, FN(FN_RESULT, r), &ev, 1, 0);
}

static enum step call_helper(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			     const struct skep_helper *h)
{
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
	if (skep_reads_indirect(i->in.imm) || h->flags & SKEP_HF_CB)
		put(&a, skep_prove_stack(p, st));
	if (is_pure) {
		a.v[1] = mem ? st->mem : st->trace;
		st->reg[0] = pure(p, side, st, i, FN(FN_PURE, (u64)i->in.imm), &a);
		clobber(p, st, st->reg[0]);
		return STEP_ON;
	}
	a.v[1] = st->mem;
	ev = event(p, side, st, i, FN(FN_EVENT, (u64)i->in.imm << 8), &a, false);
	if (!ev)
		return STEP_FAIL;
	helper_writes(p, side, st, i, h, ev, map);
	if (skep_reads_indirect(i->in.imm) & SKEP_EFF_WRITE_STACK || h->flags & SKEP_HF_CB)
		written(p, st, ev, 5, -STK, STK, SKEP_FILLS_NOT);
	st->mem = skep_smt_app(&p->smt, 0, FN(FN_AFTER, 0), &ev, 1, 0);
	st->reg[0] = skep_smt_app(&p->smt, 64, FN(FN_RESULT, 0), &ev, 1, 0);
	clobber(p, st, ev);
	return STEP_ON;
}

/* A subprogram, a kfunc, or a helper that is not in the table: it may do anything that its arguments allow. */
static enum step call_other(struct prover *p, int side, struct state *st, const struct skep_insn *i)
{
	const struct side *sd = &p->side[side];
	struct args a = {.v = {st->trace, st->mem}, .n = 2};
	u16 regs = skep_reads(sd->obj, i);
	bool stack = false;
	u64 who = 0;
	u32 ev;
	s64 off;

	if (i->in.op == SKEP_CALLX)
		put(&a, st->reg[i->in.dst]);
	else if (i->ref == SKEP_REF_FUNC)
		who = hash_text("func", i->callee->name[0] ? i->callee->name : skep_arena_printf(p->arena, "%u", i->callee->index));
	else if (i->ref == SKEP_REF_EXTERN && i->sym < sd->obj->nsym)
		who = hash_text("extern", sd->obj->sym[i->sym].name);
	else
		who = (u64)i->in.imm;
	/* A register that holds nothing in P is none that the callee reads: the verifier would not have it. */
	for (int r = 1; r <= 5; r++)
		if (side == P && sd->fa->in[i->num][r].kind == SKEP_K_UNINIT)
			regs &= (u16)~(1u << r);
	if (side == Q && st->nevent < p->nevent)
		regs &= p->event[st->nevent].regs;
	for (int r = 1; r <= 5; r++) {
		if (!(regs >> r & 1))
			continue;
		put(&a, st->reg[r]);
		stack |= points(p, side, st, i, r, &off) != ELSEWHERE;
	}
	/* Q's arguments are proved to be P's, so they point where P's do. */
	if (side == Q && st->nevent < p->nevent)
		stack = p->event[st->nevent].stack;
	if (stack)
		put(&a, skep_prove_stack(p, st));
	ev = event(p, side, st, i, FN(FN_EVENT, 1 | (u64)i->in.src << 1 | (u64)i->in.op << 4 | who << 12), &a, false);
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
	clobber(p, st, ev);
	return STEP_ON;
}

static enum step call(struct prover *p, int side, struct state *st, const struct skep_insn *i)
{
	const struct skep_helper *h = NULL;

	if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && i->ref == SKEP_REF_NONE && !i->in.off)
		h = skep_helper_find(i->in.imm);
	return h ? call_helper(p, side, st, i, h) : call_other(p, side, st, i);
}

/* --- memory instructions ---------------------------------------------------------------------------- */

static enum step packet_load(struct prover *p, int side, struct state *st, const struct skep_insn *i)
{
	struct args a = {.v = {st->trace, st->mem, st->reg[6]}, .n = 3};
	u32 ev, v;

	if (i->in.op == SKEP_LDIND)
		put(&a, st->reg[i->in.src]);
	ev = event(p, side, st, i, FN(FN_EVENT, 2 | (u64)i->in.size << 4 | (u64)i->in.op << 8 | (u64)(u32)i->in.imm << 16), &a,
		   false);
	if (!ev)
		return STEP_FAIL;
	v = skep_smt_app(&p->smt, i->in.size * 8u, FN(FN_RESULT, 0), &ev, 1, 0);
	st->reg[0] = skep_smt_zext(&p->smt, v, 64);
	clobber(p, st, ev);
	return STEP_ON;
}

static enum step memory(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			const struct skep_memop *m)
{
	const struct side *sd = &p->side[side];
	struct skep_smt *s = &p->smt;
	struct access a;
	u32 v;

	if (!locate(p, side, st, i, m, &a)) {
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "an access outside of the stack frame");
		return STEP_FAIL;
	}
	switch (i->in.op) {
	case SKEP_LDX:
		if (pointer_field(p, sd, i, &a)) {
			st->reg[i->in.dst] = skep_prove_load_ptr(p, st->mem, a.addr, m->size);
			return STEP_ON;
		}
		st->reg[i->in.dst] = skep_smt_zext(s, load_from(p, side, st, i, &a, m->size), 64);
		return STEP_ON;
	case SKEP_LDXS:
		st->reg[i->in.dst] = skep_smt_sext(s, load_from(p, side, st, i, &a, m->size), 64);
		return STEP_ON;
	default:
		v = i->in.op == SKEP_STX ? st->reg[i->in.src] : skep_smt_const(s, 64, (u64)i->in.imm);
		store_to(p, side, st, &a, m->size, skep_smt_extract(s, v, 0, m->size * 8u));
		return STEP_ON;
	}
}

/*
 * An atomic is what it does to memory, and an event of its own: it is neither
 * dropped, merged nor weakened. Q may have one that P has not (stronger than a
 * load and a store).
 */
static enum step atomic(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			const struct skep_memop *m)
{
	struct skep_smt *s = &p->smt;
	u32 w = m->size * 8u, old, src = st->reg[i->in.src];
	u8 flags = skep_ops[i->in.op].flags;
	struct access a;

	if (!locate(p, side, st, i, m, &a)) {
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "an access outside of the stack frame");
		return STEP_FAIL;
	}
	if (a.r != R_STACK) {
		struct args ar = {.v = {st->trace, st->mem, a.addr}, .n = 3};

		if (!(flags & SKEP_OPF_LOAD))
			put(&ar, skep_smt_extract(s, src, 0, w));
		if (flags & SKEP_OPF_R0)
			put(&ar, skep_smt_extract(s, st->reg[0], 0, w));
		if (!event(p, side, st, i, FN(FN_EVENT, 3 | (u64)i->in.op << 4 | (u64)m->size << 16), &ar, true) &&
		    (p->failed || side == P || (st->nevent >= p->nevent && skep_prove_known_atomic(p, i)))) {
			if (!p->failed)
				skep_prove_lag(p);
			return STEP_FAIL;
		}
	}
	old = load_from(p, side, st, i, &a, m->size);
	if (!(flags & SKEP_OPF_LOAD))
		store_to(p, side, st, &a, m->size, skep_prove_atomic(s, &i->in, old, src, st->reg[0]));
	if (flags & (SKEP_OPF_FETCH | SKEP_OPF_LOAD))
		st->reg[flags & SKEP_OPF_LOAD ? i->in.dst : i->in.src] = skep_smt_zext(s, old, 64);
	if (flags & SKEP_OPF_R0)
		st->reg[0] = skep_smt_zext(s, old, 64);
	return STEP_ON;
}

/* --- all ------------------------------------------------------------------------------------------------ */

static enum step may_goto(struct prover *p, int side, struct state *st, const struct skep_insn *i, u32 *cond)
{
	struct args a = {.v = {st->trace}, .n = 1};
	u32 ev = event(p, side, st, i, FN(FN_EVENT, 4), &a, false);

	if (!ev)
		return STEP_FAIL;
	*cond = skep_smt_app(&p->smt, 1, FN(FN_CHOICE, 0), &ev, 1, 0);
	return STEP_BRANCH;
}

/* A test for NULL of a pointer that, as its kind says, the verifier knows to be none. */
static bool null_test(const struct prover *p, const struct side *sd, const struct skep_insn *i, const struct state *st)
{
	const struct skep_val *d = &sd->fa->in[i->num][i->in.dst];

	if ((i->in.op != SKEP_JEQ && i->in.op != SKEP_JNE) || i->in.size != 8 || i->core || (d->off && d->kind != SKEP_K_PKT))
		return false;
	if (i->in.form == SKEP_IMM ? i->in.imm != 0 : !skep_smt_is(&p->smt, st->reg[i->in.src], 0))
		return false;
	return d->kind == SKEP_K_MAPVAL || d->kind == SKEP_K_STACK || d->kind == SKEP_K_CTX || d->kind == SKEP_K_PKT ||
	       d->kind == SKEP_K_MAP;
}

/*
 * No packet lies in the last MiB of the address space, so what is added to a
 * pointer into it does not wrap around; the verifier, too, counts on that.
 */
static void packet_below_top(struct prover *p, const struct side *sd, const struct skep_insn *i, const struct state *st)
{
	u8 d = sd->fa->in[i->num][i->in.dst].kind, s = sd->fa->in[i->num][i->in.src].kind;
	u32 base, lit;
	u64 off;

	if (i->in.form != SKEP_REG || i->in.size != 8 || !((d == SKEP_K_PKT && s == SKEP_K_PKT_END) ||
							   (d == SKEP_K_PKT_END && s == SKEP_K_PKT)))
		return;
	skep_smt_split(&p->smt, st->reg[d == SKEP_K_PKT ? i->in.dst : i->in.src], &base, &off);
	lit = skep_smt_ult(&p->smt, base, skep_smt_const(&p->smt, 64, 0 - ((u64)1 << 20)));
	for (u32 k = 0; k < p->nlit; k++)
		if (p->lit[k] == lit)
			return;
	if (!skep_smt_is_const(&p->smt, lit) && p->nlit < MAX_LITS / 2)
		p->lit[p->nlit++] = lit;
}

enum step skep_prove_step(struct prover *p, int side, struct state *st, const struct skep_insn *i, u32 *cond)
{
	const struct side *sd = &p->side[side];
	const struct skep_ins *in = &i->in;
	struct skep_memop m;
	u32 src;

	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
		src = in->form == SKEP_REG ? st->reg[in->src] : immediate(p, sd, i);
		st->reg[in->dst] = skep_prove_alu(&p->smt, in, st->reg[in->dst], src, sd->obj->big);
		return STEP_ON;
	case SKEP_CLASS_JMP:
		if (null_test(p, sd, i, st)) {
			*cond = skep_smt_const(&p->smt, 1, in->op == SKEP_JNE);
			return STEP_BRANCH;
		}
		packet_below_top(p, sd, i, st);
		src = in->form == SKEP_REG ? st->reg[in->src] : immediate(p, sd, i);
		*cond = skep_prove_cond(&p->smt, in, st->reg[in->dst], src);
		return STEP_BRANCH;
	case SKEP_CLASS_MEM:
		return skep_isa_memop(in, &m) ? memory(p, side, st, i, &m) : packet_load(p, side, st, i);
	case SKEP_CLASS_ATOMIC:
		skep_isa_memop(in, &m);
		return atomic(p, side, st, i, &m);
	default:
		break;
	}
	switch (in->op) {
	case SKEP_LDDW:
		st->reg[in->dst] = address_constant(p, sd, i);
		return STEP_ON;
	case SKEP_JA:
	case SKEP_GOTOL:
		*cond = skep_smt_const(&p->smt, 1, 1);
		return STEP_BRANCH;
	case SKEP_JCOND:
		return may_goto(p, side, st, i, cond);
	case SKEP_CALL:
	case SKEP_CALLX:
		return call(p, side, st, i);
	default:
		return STEP_EXIT;
	}
}
