/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory. The stack is an array of bytes, each "byte k of term t". All else is
 * a chain of one-byte updates over a memory that nothing is known of. Updates
 * that cannot meet (other offset of the same base; regions that the verifier
 * keeps apart) are kept in an order of their own, an update that is overwritten
 * goes, and one that writes what is there is not made. So equal memories are
 * equal terms nearly always.
 */
#include "prove/prove_impl.h"

/* --- bytes ---------------------------------------------------------------------- */

/* Byte `idx` of a term, of the smallest term that it is a byte of. */
static sbyte byte_of(struct skep_smt *s, u32 t, u32 idx)
{
	const struct skep_term *x = skep_smt_get(s, t);
	u32 at = 0;

	if (x->width == 8)
		return mk_byte(t, 0);
	if (x->op == SKEP_T_CONST)
		return mk_byte(skep_smt_const(s, 8, x->k >> (idx * 8)), 0);
	if (x->op == SKEP_T_EXTRACT && x->k % 8 == 0)
		return byte_of(s, x->arg[0], idx + (u32)x->k / 8);
	if (x->op == SKEP_T_CONCAT) {
		for (u32 i = 0; i < x->nargs; i++) {
			u32 w = skep_smt_width(s, x->arg[i]);

			if (idx * 8 >= at && idx * 8 + 8 <= at + w && (idx * 8 - at) % 8 == 0 &&
			    w % 8 == 0)
				return byte_of(s, x->arg[i], (idx * 8 - at) / 8);
			at += w;
		}
		return mk_byte(skep_smt_extract(s, t, idx * 8, 8), 0);
	}
	return mk_byte(t, idx);
}

static u32 byte_term(struct skep_smt *s, sbyte b)
{
	u32 t = (u32)b, idx = (u32)(b >> 32);

	return skep_smt_width(s, t) == 8 ? t : skep_smt_extract(s, t, idx * 8, 8);
}

/* The value of `n` bytes, lowest first. */
static u32 gather(struct skep_smt *s, const sbyte *b, u32 n)
{
	u32 r = 0;

	for (u32 i = 0; i < n;) {
		u32 t = (u32)b[i], idx = (u32)(b[i] >> 32), run = 1, x;

		if (skep_smt_width(s, t) > 8) {
			while (i + run < n && (u32)b[i + run] == t &&
			       (u32)(b[i + run] >> 32) == idx + run)
				run++;
			x = skep_smt_extract(s, t, idx * 8, run * 8);
		} else {
			x = byte_term(s, b[i]);
		}
		r = r ? skep_smt_concat(s, r, x) : x;
		i += run;
	}
	return r;
}

u32 skep_prove_load_stack(struct prover *p, const struct state *st, s64 off, u32 size, bool big)
{
	sbyte b[8];

	for (u32 i = 0; i < size; i++)
		b[big ? size - 1 - i : i] = st->stk[off + STK + i];
	return gather(&p->smt, b, size);
}

void skep_prove_store_stack(struct prover *p, struct state *st, s64 off, u32 size, u32 val,
			    bool big)
{
	for (u32 i = 0; i < size; i++)
		st->stk[off + STK + i] = byte_of(&p->smt, val, big ? size - 1 - i : i);
}

/* No value of the term is above that. */
static u64 most(const struct skep_smt *s, u32 t)
{
	const struct skep_term *x = skep_smt_get(s, t);
	u64 sum = x->k;

	if (x->op != SKEP_T_SUM)
		return skep_smt_mask(x->width - skep_smt_zeros(s, t));
	for (u32 k = 0; k < x->nargs; k++) {
		u64 part;

		if (__builtin_mul_overflow(most(s, x->arg[k]), x->coef[k], &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return UINT64_MAX;
	}
	return sum;
}

/*
 * Bytes of the stack that an access may touch: of an address r10 + k + x, where x is small, those
 * from k on; of others all. What lies outside of the frame a safe program does not touch.
 */
static void reach(struct prover *p, u32 addr, u32 size, s64 *from, s64 *to)
{
	struct skep_smt *s = &p->smt;
	u32 fp = skep_smt_var(s, 64, VAR_FP, SKEP_TF_NONNULL), x;
	u64 k, above;

	skep_smt_split(s, skep_smt_sub(s, addr, fp), &x, &k);
	above = most(s, x);
	*from = -STK;
	*to = 0;
	if (above > STK || (s64)k < -STK || (s64)k > 0)
		return;
	*from = (s64)k;
	*to = SKEP_MIN(*to, (s64)(k + above + size));
}

/*
 * What a byte is afterwards is decided by what it was, where the store went, and what it
 * stored, and by nothing else: that is all that is said here. So bytes that are dead stay
 * without influence on those that are not.
 */
void skep_prove_store_somewhere(struct prover *p, struct state *st, u32 addr, u32 size, u32 val)
{
	s64 from, to;

	reach(p, addr, size, &from, &to);
	for (s64 o = from; o < to; o++) {
		sbyte *b = &st->stk[o + STK];
		u32 arg[3] = {byte_term(&p->smt, *b), addr, val};

		*b = mk_byte(skep_smt_app(&p->smt, 8,
					  FN(FN_STACKSTORE, (u64)(o + STK) | (u64)size << 16), arg,
					  3, 0),
			     0);
	}
}

u32 skep_prove_stack(struct prover *p, const struct state *st)
{
	u32 word[STK / 8];

	for (u32 i = 0; i < STK / 8; i++)
		word[i] = gather(&p->smt, &st->stk[i * 8], 8);
	return skep_smt_app(&p->smt, 0, FN(FN_STACK, 0), word, STK / 8, 0);
}

/* --- the chain --------------------------------------------------------------------- */

struct update {
	u32 prev, base, val, term;
	u64 off, fn;
	u32 size;
	enum region r;
	u8 idx;
};

static bool update_of(const struct skep_smt *s, u32 mem, struct update *u)
{
	const struct skep_term *x = skep_smt_get(s, mem);
	u32 kind = (u32)(x->k & 0xff);

	if (x->op != SKEP_T_APP || (kind != FN_UPDATE && kind != FN_PTRCELL))
		return false;
	*u = (struct update){x->arg[0],
			     x->arg[1],
			     x->arg[3],
			     mem,
			     skep_smt_get(s, x->arg[2])->k,
			     x->k,
			     kind == FN_UPDATE ? 1 : (u32)(x->k >> 16),
			     (enum region)(x->k >> 8 & 0xff),
			     (u8)(x->k >> 16)};
	return true;
}

static bool apart(enum region a, enum region b)
{
	return a != b && a != R_OTHER && b != R_OTHER && a != R_ANY && b != R_ANY;
}

/* Can bytes [off, off+size) behind a base not be among those of `u`? */
static bool clear_of(const struct update *u, enum region r, u32 base, u64 off, u32 size)
{
	if (u->base == base)
		return (s64)(off - u->off) >= (s64)u->size || (s64)(u->off - off) >= (s64)size;
	return apart(u->r, r);
}

static u32 make_update(struct prover *p, u32 prev, const struct update *u)
{
	u32 arg[4] = {prev, u->base, skep_smt_const(&p->smt, 64, u->off), u->val};

	return skep_smt_app(&p->smt, 0, u->fn, arg, 4, 0);
}

/* The memory below all updates that cannot matter for the bytes. */
static u32 look(struct prover *p, u32 mem, enum region r, u32 base, u64 off, u32 size,
		struct update *hit)
{
	struct update u;

	hit->size = 0;
	while (update_of(&p->smt, mem, &u)) {
		if (!clear_of(&u, r, base, off, size)) {
			if (u.base == base)
				*hit = u;
			return mem;
		}
		mem = u.prev;
	}
	return mem;
}

static sbyte load_byte(struct prover *p, u32 mem, enum region r, u32 base, u64 off)
{
	struct skep_smt *s = &p->smt;
	struct update hit;
	u32 arg[2] = {look(p, mem, r, base, off, 1, &hit), 0};

	if (hit.size && (hit.fn & 0xff) == FN_UPDATE)
		return mk_byte(hit.val, hit.idx);
	arg[1] = skep_smt_addk(s, base, off);
	return mk_byte(skep_smt_app(s, 8, FN(FN_LOAD, 0), arg, 2, 0), 0);
}

u32 skep_prove_load(struct prover *p, u32 mem, enum region r, u32 addr, u32 size, bool big)
{
	sbyte b[8];
	u32 base;
	u64 off;

	skep_smt_split(&p->smt, addr, &base, &off);
	for (u32 i = 0; i < size; i++)
		b[big ? size - 1 - i : i] = load_byte(p, mem, r, base, off + i);
	return gather(&p->smt, b, size);
}

u32 skep_prove_load_ptr(struct prover *p, u32 mem, enum region r, u32 addr, u32 size)
{
	struct update hit;
	u32 base, arg[2];
	u64 off;

	skep_smt_split(&p->smt, addr, &base, &off);
	arg[0] = look(p, mem, r, base, off, size, &hit);
	if (hit.size == size && hit.off == off && (hit.fn & 0xff) == FN_PTRCELL)
		return hit.val;
	arg[1] = addr;
	return skep_smt_app(&p->smt, 64, FN(FN_LOADPTR, size), arg, 2, 0);
}

static bool before(const struct update *a, const struct update *b)
{
	return a->base != b->base ? a->base < b->base : (s64)(a->off - b->off) < 0;
}

static u32 push(struct prover *p, u32 mem, const struct update *u)
{
	struct update t;

	if (update_of(&p->smt, mem, &t)) {
		if (t.base == u->base && t.off == u->off && t.size == u->size)
			return push(p, t.prev, u);
		if (clear_of(&t, u->r, u->base, u->off, u->size) && before(u, &t))
			return make_update(p, push(p, t.prev, u), &t);
	}
	return make_update(p, mem, u);
}

u32 skep_prove_store(struct prover *p, u32 mem, enum region r, u32 addr, u32 size, u32 val,
		     bool big)
{
	u32 base;
	u64 off;

	skep_smt_split(&p->smt, addr, &base, &off);
	for (u32 i = 0; i < size; i++) {
		sbyte b = byte_of(&p->smt, val, big ? size - 1 - i : i);
		struct update u = {.base = base,
				   .off = off + i,
				   .size = 1,
				   .r = r,
				   .val = (u32)b,
				   .idx = (u8)(b >> 32)};

		u.fn = FN(FN_UPDATE, (u64)r | (u64)u.idx << 8);
		if (load_byte(p, mem, r, base, off + i) != b)
			mem = push(p, mem, &u);
	}
	return mem;
}

u32 skep_prove_set_cell(struct prover *p, u32 mem, const struct cell *c, bool big)
{
	u32 addr = skep_smt_addk(&p->smt, c->base, c->off);
	struct update u = {
		.base = c->base, .off = c->off, .size = c->size, .r = (enum region)c->region, .val = c->val};

	if (!c->ptr)
		return skep_prove_store(p, mem, (enum region)c->region, addr, c->size, c->val, big);
	u.fn = FN(FN_PTRCELL, (u64)c->region | (u64)c->size << 8);
	return push(p, mem, &u);
}

enum { MAX_MERGED = 64 };

static bool has_place(const struct update *u, u32 n, const struct update *x)
{
	for (u32 k = 0; k < n; k++)
		if (u[k].base == x->base && u[k].off == x->off)
			return true;
	return false;
}

/* Updates of a chain down to the memory that it is made of; false: too many, or of a kind not known
 * here. */
static bool updates_of(struct prover *p, u32 mem, struct update *u, u32 *n, u32 *below)
{
	struct update x;

	for (; update_of(&p->smt, mem, &x); mem = x.prev) {
		if (x.size != 1 || *n == MAX_MERGED)
			return false;
		if (!has_place(u, *n, &x))
			u[(*n)++] = x;
	}
	*below = mem;
	return true;
}

/*
 * Both are updates of one memory at places of which no two can be the same (or they are): then
 * their order is nothing, and each place has what the one or the other memory has there.
 */
u32 skep_prove_merge_mem(struct prover *p, u32 cond, u32 a, u32 b)
{
	struct skep_smt *s = &p->smt;
	struct update u[MAX_MERGED];
	u32 n = 0, mem, other;

	if (!updates_of(p, a, u, &n, &mem) || !updates_of(p, b, u, &n, &other) || mem != other)
		return 0;
	for (u32 k = 0; k < n; k++)
		for (u32 m = 0; m < k; m++)
			if (!clear_of(&u[m], u[k].r, u[k].base, u[k].off, 1))
				return 0;
	for (u32 k = 0; k < n; k++) {
		u32 x = byte_term(s, load_byte(p, a, u[k].r, u[k].base, u[k].off)),
		    y = byte_term(s, load_byte(p, b, u[k].r, u[k].base, u[k].off));

		mem = skep_prove_store(p, mem, u[k].r, skep_smt_addk(s, u[k].base, u[k].off), 1,
				       skep_smt_ite(s, cond, x, y), false);
	}
	return mem;
}

/*
 * Equal bases and offsets in the same order; values may need a proof. Chains of
 * other shapes are not compared: that is "could not tell", or "not equal" when
 * one of them writes what the other does not.
 */
enum skep_smt_answer skep_prove_same_mem(struct prover *p, u32 a, u32 b)
{
	struct skep_smt *s = &p->smt;

	while (a != b) {
		struct update x, y;
		enum skep_smt_answer r;
		bool ux = update_of(s, a, &x), uy = update_of(s, b, &y);
		u32 vx, vy;

		if (!ux || !uy)
			return SKEP_SMT_NO;
		/* An update that one side lacks, or that differs: is it what the other has there?
		 */
		if (x.base != y.base || x.off != y.off || x.size != y.size) {
			struct update *u = before(&y, &x) ? &x : &y;
			u32 other = u == &x ? b : a;

			if (u->size != 1)
				return SKEP_SMT_UNKNOWN;
			vx = byte_term(s, mk_byte(u->val, u->idx));
			vy = byte_term(s, load_byte(p, other, u->r, u->base, u->off));
			r = skep_prove_equal(p, vx, vy);
			if (r != SKEP_SMT_YES)
				return r;
			if (u == &x)
				a = x.prev;
			else
				b = y.prev;
			continue;
		}
		vx = x.size == 1 ? byte_term(s, mk_byte(x.val, x.idx)) : x.val;
		vy = y.size == 1 ? byte_term(s, mk_byte(y.val, y.idx)) : y.val;
		r = vx == vy ? SKEP_SMT_YES : skep_prove_equal(p, vx, vy);
		if (r != SKEP_SMT_YES)
			return r;
		a = x.prev;
		b = y.prev;
	}
	return SKEP_SMT_YES;
}
