/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds at a cut. Each place that is live there (registers, stack bytes, of
 * either version) has a template: a term over variables of the cut. Places that
 * share a variable are equal, up to what the template says; a template without
 * variables is a constant or an address. The first arrival proposes templates,
 * conditions and memory cells; each later one takes back what it does not bear
 * out, after which the cut is walked from again. That only ever weakens, so it
 * ends, and what is left holds on every arrival (Houdini, Flanagan and Leino
 * 2001; the partition is that of value numbering on the product of both).
 */
#include "prove/prove_impl.h"

enum { DEAD = 0xe00, DEAD_STACK = 0x800 };

static u64 var_number(const struct cut *c, u32 k)
{
	return VAR_CUT + ((u64)c->index << 12 | k);
}

struct cut *skep_prove_cut(struct prover *p, struct skep_insn *a, struct skep_insn *b)
{
	u32 key[2] = {a->num, b->num};
	struct cut *c = skep_hmap_find(&p->cuts, key, sizeof(key));

	if (c)
		return c;
	c = SKEP_NEW(p->arena, struct cut);
	c->p = a;
	c->q = b;
	c->index = p->cut.n;
	*SKEP_VEC_PUSH(p->arena, &p->cut) = c;
	skep_hmap_put(&p->cuts, skep_arena_memdup(p->arena, key, sizeof(key)), sizeof(key), c);
	return c;
}

static void comes_from(struct prover *p, struct cut *c, u32 from)
{
	for (u32 k = 0; k < c->nfrom; k++)
		if (c->from[k] == from)
			return;
	c->from = skep_vec_grow(p->arena, c->from, c->nfrom, &c->cfrom, sizeof(u32));
	c->from[c->nfrom++] = from;
}

/* --- terms of the function ------------------------------------------------------------ */

struct closed {
	struct prover *p;
	const struct cut *own; /* its variables are allowed, too */
};

static bool open_var(void *user, u32 var)
{
	const struct closed *cl = user;
	const struct skep_term *x = skep_smt_get(&cl->p->smt, var);

	if (!x->width)
		return true;
	if (x->k & (VAR_SYM | VAR_CORE) || x->k < VAR_CUT)
		return false;
	return !cl->own || (x->k - VAR_CUT) >> 12 != cl->own->index;
}

static bool closed(struct prover *p, u32 t, const struct cut *own)
{
	struct closed cl = {p, own};

	return !skep_smt_mentions(&p->smt, t, open_var, &cl);
}

/* --- places ------------------------------------------------------------------------------ */

static u32 value_at(struct prover *p, const struct loc *l, const struct state *a,
		    const struct state *b)
{
	const struct state *s = l->side == P ? a : b;
	u32 v = l->reg != 0xff ? skep_smt_extract(&p->smt, s->reg[l->reg], 0, l->size * 8u)
			       : skep_prove_load_stack(p, s, (s64)l->at - STK, l->size,
						       p->side[l->side].obj->big);

	return skep_prove_current(p, v);
}

/* Bytes that a store writes are not read from there on, before it. */
static void kill_stored(const struct side *sd, const struct skep_insn *i, u64 *bits)
{
	struct skep_place at;
	struct skep_memop m;

	if (!skep_isa_memop(&i->in, &m) || !m.store || m.load || !skep_place_get(sd->fa, i, &at) ||
	    at.kind != SKEP_K_STACK || at.vn != SKEP_VN_FP)
		return;
	for (s64 o = at.off; o < at.off + (s64)at.size; o++)
		if (o >= -STK && o < 0)
			skep_bit_clear(bits, (size_t)(o + STK));
}

/* Stack bytes that may be read from here on, a superset. */
static void live_stack(struct prover *p, int side, const struct skep_insn *i, u64 *bits)
{
	const struct side *sd = &p->side[side];
	struct skep_place at;
	struct skep_memop m;

	memcpy(bits, sd->lv->stack_out[i->num], SKEP_STACK_WORDS * sizeof(u64));
	kill_stored(sd, i, bits);
	if (skep_isa_memop(&i->in, &m) && m.load && skep_place_get(sd->fa, i, &at)) {
		if (at.kind == SKEP_K_STACK && at.vn == SKEP_VN_FP) {
			for (s64 o = at.off; o < at.off + (s64)at.size; o++)
				if (o >= -STK && o < 0)
					skep_bit_set(bits, (size_t)(o + STK));
		} else if (at.kind == SKEP_K_STACK || at.kind == SKEP_K_ANY ||
			   at.kind == SKEP_K_UNINIT) {
			memset(bits, 0xff, SKEP_STACK_WORDS * sizeof(u64));
		}
	} else if (skep_call_effects(sd->obj, sd->fa, i) & SKEP_EFF_READ_STACK) {
		memset(bits, 0xff, SKEP_STACK_WORDS * sizeof(u64));
	}
}

static void add_loc(struct prover *p, struct cut *c, u32 *cap, int side, u8 reg, u16 at, u8 size)
{
	c->loc = skep_vec_grow(p->arena, c->loc, c->nloc, cap, sizeof(*c->loc));
	c->loc[c->nloc++] = (struct loc){.side = (u8)side, .reg = reg, .at = at, .size = size};
}

static u32 count_live(const u64 *bits, u32 at, u32 size)
{
	u32 n = 0;

	for (u32 k = at; k < at + size; k++)
		n += skep_bit_get(bits, k);
	return n;
}

/* The registers' values, and their low parts, by width: 64, 32, 16 bits. */
struct lows {
	u32 v[3][20];
};

static void find_lows(struct prover *p, const struct state *a, const struct state *b,
		      struct lows *out)
{
	for (u32 k = 0; k < 3; k++)
		for (u32 r = 0; r < 20; r++)
			out->v[k][r] = skep_smt_extract(
				&p->smt, r < 10 ? a->reg[r] : b->reg[r - 10], 0, 64 >> k);
}

static bool in_register(const struct lows *l, u32 v, u32 size)
{
	const u32 *row = l->v[size == 8 ? 0 : size == 4 ? 1 : 2];

	for (u32 r = 0; r < 20; r++)
		if (row[r] == v)
			return true;
	return false;
}

/* Stack bytes at..at+size in pieces that are values of their own, the same on both sides. */
static void stack_locs(struct prover *p, struct cut *c, u32 *cap, const struct state *const *st,
		       const struct lows *lows, u64 live[2][SKEP_STACK_WORDS], u32 at, u32 size)
{
	bool on[2], split = false;

	for (int s = P; s <= Q; s++) {
		u32 n = count_live(live[s], at, size);

		on[s] = n != 0;
		/* What is dead may be anything; it is kept apart from what is live. */
		split |= n && n < size;
		if (n == size && size > 1) {
			u32 v = skep_prove_load_stack(p, st[s], (s64)at - STK, size,
						      p->side[s].obj->big);

			split |= skep_smt_get(&p->smt, v)->op == SKEP_T_CONCAT &&
				 !in_register(lows, v, size);
		}
	}
	if (split) {
		stack_locs(p, c, cap, st, lows, live, at, size / 2);
		stack_locs(p, c, cap, st, lows, live, at + size / 2, size / 2);
		return;
	}
	for (int s = P; s <= Q; s++)
		if (on[s])
			add_loc(p, c, cap, s, 0xff, (u16)at, (u8)size);
}

static void find_locs(struct prover *p, struct cut *c, const struct state *a, const struct state *b)
{
	const struct state *st[2] = {a, b};
	const struct skep_insn *at[2] = {c->p, c->q};
	/* Where nobody reads the upper half on one side, it may differ. */
	u16 whole = p->halves ? p->side[P].lv->upper_in[c->p->num] &
					p->side[Q].lv->upper_in[c->q->num]
			      : 0x3ff;
	u64 live[2][SKEP_STACK_WORDS];
	struct lows lows;
	u32 cap = 0;

	find_lows(p, a, b, &lows);
	for (int s = P; s <= Q; s++) {
		live_stack(p, s, at[s], live[s]);
		for (u8 r = 0; r < 10; r++)
			if (p->side[s].lv->in[at[s]->num] >> r & 1)
				add_loc(p, c, &cap, s, r, 0, whole >> r & 1 ? 8 : 4);
	}
	for (u32 o = 0; o < STK; o += 8)
		if (count_live(live[P], o, 8) || count_live(live[Q], o, 8))
			stack_locs(p, c, &cap, st, &lows, live, o, 8);
}

/* --- the first arrival --------------------------------------------------------------------- */

/* A new variable for the place, as narrow as the value that it had is seen to be. */
static void own_variable(struct prover *p, struct cut *c, u32 k, u32 v)
{
	struct skep_smt *s = &p->smt;
	struct loc *l = &c->loc[k];
	u32 w = l->size * 8u, z = skep_smt_zeros(s, v);

	if (z && z < w) {
		l->var = skep_smt_var(s, w - z, var_number(c, k), 0);
		l->tmpl = skep_smt_zext(s, l->var, w);
	} else if (skep_smt_get(s, v)->op == SKEP_T_SEXT) {
		l->var = skep_smt_var(s, skep_smt_width(s, skep_smt_get(s, v)->arg[0]),
				      var_number(c, k), 0);
		l->tmpl = skep_smt_sext(s, l->var, w);
	} else {
		l->var = skep_smt_var(s, w, var_number(c, k), 0);
		l->tmpl = l->var;
	}
}

/* A place's value on arrival, and what is asked of it again and again. */
struct value {
	u32 v, base;
	u64 off;
	u32 low[3]; /* of a register: the lowest 8, 16, 32 bits */
	bool open;  /* the template has a variable of the cut */
};

static struct value value_of(struct prover *p, const struct loc *l, const struct state *a,
			     const struct state *b)
{
	struct value r = {.v = value_at(p, l, a, b)};

	skep_smt_split(&p->smt, r.v, &r.base, &r.off);
	for (u32 k = 0; k < 3 && l->reg != 0xff; k++)
		r.low[k] = skep_smt_extract(&p->smt, r.v, 0, 8u << k);
	return r;
}

/* The template as another register's with its bytes in the other order, or 0. */
static u32 reversed(struct prover *p, const struct cut *c, u32 k, const struct value *val)
{
	struct skep_smt *s = &p->smt;

	if (skep_smt_get(s, val[k].v)->op != SKEP_T_CONCAT || c->loc[k].size < 8)
		return 0;
	for (u32 m = 0; m < k; m++) {
		if (c->loc[m].reg == 0xff || !val[m].open)
			continue;
		for (u32 w = 16; w <= c->loc[m].size * 8u; w *= 2)
			if (skep_smt_zext(s, skep_smt_bswap(s, skep_smt_extract(s, val[m].v, 0, w)),
					  64) == val[k].v)
				return skep_smt_zext(
					s,
					skep_smt_bswap(s,
						       skep_smt_extract(s, c->loc[m].tmpl, 0, w)),
					64);
	}
	return 0;
}

/* The template as one of an earlier place, or 0. */
static u32 related(struct prover *p, const struct cut *c, u32 k, const struct value *val)
{
	struct skep_smt *s = &p->smt;
	u32 w = c->loc[k].size * 8u;

	for (u32 m = 0; m < k; m++) {
		u32 wm = c->loc[m].size * 8u;

		if (wm == w && val[m].base == val[k].base && (val[m].open || val[m].v == val[k].v))
			return skep_smt_addk(s, c->loc[m].tmpl, val[k].off - val[m].off);
		if (!val[m].open || wm == w)
			continue;
		/* A narrow place and a register. */
		if (wm > w && c->loc[m].reg != 0xff &&
		    val[m].low[w == 8 ? 0 : w == 16 ? 1 : 2] == val[k].v)
			return skep_smt_extract(s, c->loc[m].tmpl, 0, w);
		if (wm < w && c->loc[k].reg != 0xff && skep_smt_zext(s, val[m].v, w) == val[k].v)
			return skep_smt_zext(s, c->loc[m].tmpl, w);
	}
	return c->loc[k].reg != 0xff && c->loc[k].side == Q ? reversed(p, c, k, val) : 0;
}

/*
 * Q's places that differ in form from P's may yet be equal; that is worth asking
 * for those of the same name.
 */
static u32 asked(struct prover *p, const struct cut *c, u32 k, const struct value *val)
{
	const struct loc *l = &c->loc[k];

	if (l->side == P)
		return 0;
	for (u32 m = 0; m < k; m++) {
		const struct loc *o = &c->loc[m];

		if (o->side == P && o->reg == l->reg && o->at == l->at && o->size == l->size)
			return skep_prove_equal(p, val[m].v, val[k].v) == SKEP_SMT_YES ? o->tmpl
										       : 0;
	}
	return 0;
}

/* Values and their names at the new cut. */
struct naming {
	u32 *from, *to, n;
};

static u32 named(void *user, u32 t)
{
	const struct naming *n = user;

	for (u32 k = 0; k < n->n; k++)
		if (n->from[k] == t)
			return n->to[k];
	return 0;
}

static void name_values(struct prover *p, const struct cut *c, const struct value *val,
			struct naming *n)
{
	struct skep_smt *s = &p->smt;

	n->from = SKEP_NEW_N(p->arena, u32, 2 * c->nloc);
	n->to = SKEP_NEW_N(p->arena, u32, 2 * c->nloc);
	n->n = 0;
	for (u32 k = 0; k < c->nloc; k++) {
		const struct loc *l = &c->loc[k];
		u32 w = l->var ? skep_smt_width(s, l->var) : 0;

		if (!w || skep_smt_is_const(s, val[k].v))
			continue;
		n->from[n->n] = val[k].v;
		n->to[n->n++] = l->tmpl;
		if (w < l->size * 8u) {
			n->from[n->n] = skep_smt_extract(s, val[k].v, 0, w);
			n->to[n->n++] = l->var;
		} else if (val[k].off) {
			n->from[n->n] = val[k].base;
			n->to[n->n++] = skep_smt_addk(s, l->tmpl, 0 - val[k].off);
		}
	}
}

/* The term in the names of the new cut, or 0 when it speaks of what has none. */
static u32 renamed(struct prover *p, const struct cut *c, struct naming *n, u32 t)
{
	u32 r = skep_smt_subst(&p->smt, t, named, n);

	return closed(p, r, c) ? r : 0;
}

static void first_atoms(struct prover *p, struct cut *c, struct naming *n)
{
	for (u32 k = p->nlit; k-- > 0 && c->natom < MAX_ATOMS;) {
		/* Facts hold at the cut by themselves. */
		u32 t = skep_prove_assumed(p, p->lit[k]) ? 0 : renamed(p, c, n, p->lit[k]);

		if (t && !skep_smt_is_const(&p->smt, t))
			c->atom[c->natom++] = t;
	}
}

/* Is the term a load from memory, or the bytes of one in a row? Its parts. */
static bool is_load(struct prover *p, u32 t, struct cell *out, u32 *addr)
{
	struct skep_smt *s = &p->smt;
	const struct skep_term *x = skep_smt_get(s, t);
	u32 n = x->op == SKEP_T_CONCAT ? x->nargs : 1;

	*out = (struct cell){0};
	if (x->op == SKEP_T_APP && (x->k & 0xff) == FN_LOADPTR) {
		out->ptr = true;
		out->size = (u8)(x->k >> 8);
		*addr = x->arg[1];
		return true;
	}
	for (u32 k = 0; k < n; k++) {
		const struct skep_term *y = skep_smt_get(s, x->op == SKEP_T_CONCAT ? x->arg[k] : t);

		if (y->op != SKEP_T_APP || y->k != FN(FN_LOAD, 0)) {
			if (k && y->op == SKEP_T_CONST && !y->k && k == n - 1)
				break;
			return false;
		}
		if (k == 0)
			*addr = y->arg[1];
		else if (y->arg[1] != skep_smt_addk(s, *addr, k))
			return false;
		out->size++;
	}
	return (out->size & (out->size - 1)) == 0;
}

static enum region region_of_base(struct prover *p, u32 base)
{
	u32 at = base * 0x9e3779b1u >> 24;

	if (base == skep_smt_var(&p->smt, 64, VAR_CTX, SKEP_TF_NONNULL))
		return R_CTX;
	for (u32 k = 0; k < 256 && p->regions_key[at]; k++, at = (at + 1) & 255)
		if (p->regions_key[at] == ((u64)base << 1 | 1))
			return (enum region)p->regions_val[at];
	return R_ANY;
}

/* What memory is known to hold, when the base is the cut's or the function's. */
static u32 cell_now(struct prover *p, const struct cell *c, u32 base, u32 mem)
{
	u32 addr = skep_smt_addk(&p->smt, base, c->off);

	return c->ptr ? skep_prove_load_ptr(p, mem, (enum region)c->region, addr, c->size)
		      : skep_prove_load(p, mem, (enum region)c->region, addr, c->size,
					p->side[P].obj->big);
}

static void first_cells(struct prover *p, struct cut *c, const struct value *val, struct naming *n,
			const struct state *a)
{
	struct skep_smt *s = &p->smt;

	for (u32 k = 0; k < c->nloc && c->ncell < MAX_CELLS; k++) {
		struct cell e;
		u32 addr = 0, base, now;

		if (!c->loc[k].var || !is_load(p, val[k].v, &e, &addr) || p->side[P].obj->big)
			continue;
		skep_smt_split(s, addr, &base, &e.off);
		e.region = (u8)region_of_base(p, base);
		if (e.region == R_ANY || e.region == R_STACK_SOMEWHERE)
			continue;
		now = cell_now(p, &e, base, a->mem);
		if (now != (e.ptr ? val[k].v : skep_smt_extract(s, val[k].v, 0, e.size * 8u)))
			continue;
		e.base = closed(p, base, NULL) ? base : renamed(p, c, n, base);
		if (!e.base)
			continue;
		e.val = e.ptr ? c->loc[k].tmpl
			      : skep_smt_extract(s, c->loc[k].tmpl, 0, e.size * 8u);
		c->cell[c->ncell++] = e;
	}
}

static void first(struct prover *p, struct cut *c, const struct state *a, const struct state *b)
{
	struct value *val;
	struct naming n;

	find_locs(p, c, a, b);
	val = SKEP_NEW_N(p->arena, struct value, c->nloc);
	for (u32 k = 0; k < c->nloc; k++) {
		bool open;
		u32 t;

		val[k] = value_of(p, &c->loc[k], a, b);
		open = !closed(p, val[k].v, NULL);
		t = open ? related(p, c, k, val) : val[k].v;
		if (!t)
			t = asked(p, c, k, val);
		if (t)
			c->loc[k].tmpl = t;
		else
			own_variable(p, c, k, val[k].v);
		val[k].open = open;
	}
	name_values(p, c, val, &n);
	first_atoms(p, c, &n);
	first_cells(p, c, val, &n, a);
	c->seen = c->dirty = true;
}

/* --- later arrivals ----------------------------------------------------------------------------
 */

/* What the cut's variables are on this arrival. */
struct meaning {
	const struct cut *c;
	const u32 *val;
	struct skep_smt *s;
};

static u32 meant(void *user, u32 t)
{
	struct meaning *m = user;
	const struct skep_term *x = skep_smt_get(m->s, t);
	u32 k;

	if (x->op != SKEP_T_VAR || x->k < VAR_CUT || x->k & (VAR_SYM | VAR_CORE) ||
	    (x->k - VAR_CUT) >> 12 != m->c->index)
		return 0;
	k = x->k & 0xfff;
	return k < m->c->nloc && m->c->loc[k].var == t
		       ? skep_smt_extract(m->s, m->val[k], 0, x->width)
		       : 0;
}

static u32 instance(struct prover *p, const struct cut *c, const u32 *val, u32 t)
{
	struct meaning m = {c, val, &p->smt};

	return skep_smt_subst(&p->smt, t, meant, &m);
}

struct swap {
	u32 from, to, var, part;
};

static u32 swapped(void *user, u32 t)
{
	struct swap *w = user;

	return t == w->from ? w->to : t == w->var ? w->part : 0;
}

/* The variable's value is wider than it was taken for: templates that speak of it follow. */
static void widen(struct prover *p, struct cut *c, u32 k, u32 value)
{
	struct skep_smt *s = &p->smt;
	struct loc *l = &c->loc[k];
	u32 w = l->size * 8u, old = skep_smt_width(s, l->var), new = w - skep_smt_zeros(s, value);
	struct swap sw = {.from = l->tmpl, .var = l->var};

	/* To what the value needs; a sign-extended one becomes a whole one. */
	if (new <= old || skep_smt_get(s, l->tmpl)->op == SKEP_T_SEXT)
		new = w;
	l->var = skep_smt_var(s, new, var_number(c, k), 0);
	l->tmpl = skep_smt_zext(s, l->var, w);
	sw.to = l->tmpl;
	sw.part = skep_smt_extract(s, l->var, 0, old);
	for (u32 m = 0; m < c->nloc; m++)
		if (m != k)
			c->loc[m].tmpl = skep_smt_subst(s, c->loc[m].tmpl, swapped, &sw);
	for (u32 m = 0; m < c->natom; m++)
		c->atom[m] = skep_smt_subst(s, c->atom[m], swapped, &sw);
	for (u32 m = 0; m < c->ncell; m++) {
		c->cell[m].base = skep_smt_subst(s, c->cell[m].base, swapped, &sw);
		c->cell[m].val = skep_smt_subst(s, c->cell[m].val, swapped, &sw);
	}
}

/* Places that left their class: those that moved alike stay together. */
static void regroup(struct prover *p, struct cut *c, const u32 *val, const u32 *old, const u8 *out)
{
	for (u32 k = 0; k < c->nloc; k++) {
		struct loc *l = &c->loc[k];
		bool found = false;

		if (!out[k])
			continue;
		for (u32 m = 0; m < k && !found; m++) {
			if (!out[m] || c->loc[m].size != l->size)
				continue;
			if (old[m] == old[k] && val[m] == val[k]) {
				l->tmpl = c->loc[m].tmpl;
				found = true;
			} else if (l->size == 8) {
				u32 d = skep_smt_sub(&p->smt, old[k], old[m]);

				found = skep_smt_is_const(&p->smt, d) &&
					d == skep_smt_sub(&p->smt, val[k], val[m]);
				if (found)
					l->tmpl = skep_smt_addk(&p->smt, c->loc[m].tmpl,
								skep_smt_get(&p->smt, d)->k);
			}
			if (found)
				l->var = 0;
		}
		if (!found) {
			/* As narrow as both arrivals allow. */
			u32 z = SKEP_MIN(skep_smt_zeros(&p->smt, val[k]),
					 skep_smt_zeros(&p->smt, old[k])),
			    w = l->size * 8u;

			z = z < w ? z : w - 1;
			l->var = skep_smt_var(&p->smt, w - z, var_number(c, k), 0);
			l->tmpl = skep_smt_zext(&p->smt, l->var, w);
		}
	}
}

/* A variable whose place left no longer gives it a value; nobody may speak of it. */
static bool refine_locs(struct prover *p, struct cut *c, const u32 *val)
{
	u32 *old = SKEP_NEW_N(p->arena, u32, c->nloc);
	u8 *out = SKEP_NEW_N(p->arena, u8, c->nloc);
	bool changed = false;

	for (u32 k = 0; k < c->nloc; k++) {
		struct loc *l = &c->loc[k];

		if (l->var && skep_smt_width(&p->smt, l->var) < l->size * 8u &&
		    skep_prove_equal(p, instance(p, c, val, l->tmpl), val[k]) != SKEP_SMT_YES) {
			widen(p, c, k, val[k]);
			changed = true;
		}
	}
	for (u32 k = 0; k < c->nloc; k++) {
		old[k] = c->loc[k].tmpl;
		if (c->loc[k].var)
			continue;
		out[k] = skep_prove_equal(p, instance(p, c, val, old[k]), val[k]) != SKEP_SMT_YES;
		changed |= out[k];
	}
	regroup(p, c, val, old, out);
	return changed;
}

static bool refine(struct prover *p, struct cut *c, const struct state *a, const struct state *b)
{
	u32 *val = SKEP_NEW_N(p->arena, u32, c->nloc);
	bool changed;
	u32 n = 0;

	for (u32 k = 0; k < c->nloc; k++)
		val[k] = value_at(p, &c->loc[k], a, b);
	changed = refine_locs(p, c, val);
	for (u32 k = 0; k < c->natom; k++) {
		u32 t = instance(p, c, val, c->atom[k]);
		bool keep = skep_smt_is(&p->smt, t, 1);

		for (u32 m = 0; m < p->nlit && !keep; m++)
			keep = p->lit[m] == t;
		if (keep || skep_prove_equal(p, t, skep_smt_const(&p->smt, 1, 1)) == SKEP_SMT_YES)
			c->atom[n++] = c->atom[k];
	}
	changed |= n != c->natom;
	c->natom = n;
	n = 0;
	for (u32 k = 0; k < c->ncell; k++) {
		const struct cell *e = &c->cell[k];
		u32 now = cell_now(p, e, instance(p, c, val, e->base), a->mem);

		if (skep_prove_equal(p, now, instance(p, c, val, e->val)) == SKEP_SMT_YES)
			c->cell[n++] = *e;
	}
	changed |= n != c->ncell;
	c->ncell = n;
	return changed;
}

void skep_prove_arrive(struct prover *p, struct cut *c, const struct state *a,
		       const struct state *b)
{
	enum skep_smt_answer r = SKEP_SMT_NO;

	comes_from(p, c, p->now->index);
	p->goal = 0;
	if (a->trace != b->trace)
		skep_prove_fail(p, r, "a call is missing");
	else if ((r = skep_prove_same_mem(p, a->mem, b->mem)) != SKEP_SMT_YES)
		skep_prove_fail(p, r, "memory differs");
	else if (!c->seen)
		first(p, c, a, b);
	else if (refine(p, c, a, b))
		c->dirty = true;
	if (p->failed)
		p->fail_cut = c;
}

/* --- leaving
 * ----------------------------------------------------------------------------------------- */

static void entry_state(struct prover *p, struct state *s)
{
	const struct skep_func *f = p->side[P].func;

	for (u32 r = 0; r < NREG; r++)
		s->reg[r] =
			skep_smt_var(&p->smt, 64, (r >= 1 && r <= 5 ? VAR_ARG : VAR_UNINIT) + r, 0);
	if (f->flags & SKEP_FF_PROG || f->ctx_type)
		s->reg[1] = skep_smt_var(&p->smt, 64, VAR_CTX, SKEP_TF_NONNULL);
	for (u32 o = 0; o < STK; o++)
		s->stk[o] = mk_byte(skep_smt_var(&p->smt, 64, VAR_STACK + o / 8, 0), o % 8);
}

/* The register as the template says; of the upper half, when that is not told, as it was. */
static void set_reg(struct skep_smt *s, u32 *reg, const struct loc *l)
{
	*reg = l->size == 8 ? l->tmpl
			    : skep_smt_concat(s, l->tmpl, skep_smt_extract(s, *reg, 32, 32));
}

void skep_prove_enter(struct prover *p, struct cut *c, struct state *a, struct state *b)
{
	struct skep_smt *s = &p->smt;
	struct state *st[2] = {a, b};

	p->nlit = 0;
	for (int side = P; side <= Q; side++) {
		struct state *x = st[side];

		memset(x, 0, sizeof(*x));
		if (c->index == 0) {
			entry_state(p, x);
		} else {
			for (u32 r = 0; r < NREG; r++)
				x->reg[r] = skep_smt_var(
					s, 64, var_number(c, DEAD + (u32)side * 16 + r), 0);
			for (u32 o = 0; o < STK; o++)
				x->stk[o] = mk_byte(
					skep_smt_var(
						s, 64,
						var_number(c, DEAD_STACK + (u32)side * 64 + o / 8),
						0),
					o % 8);
		}
		x->reg[10] = skep_smt_var(s, 64, VAR_FP, SKEP_TF_NONNULL);
		x->mem = skep_smt_var(s, 0, VAR_MEM, 0);
		x->trace = skep_smt_var(s, 0, VAR_TRACE, 0);
	}
	for (u32 k = 0; k < c->nloc; k++) {
		const struct loc *l = &c->loc[k];

		if (l->reg != 0xff)
			set_reg(s, &st[l->side]->reg[l->reg], l);
		else
			skep_prove_store_stack(p, st[l->side], (s64)l->at - STK, l->size, l->tmpl,
					       p->side[l->side].obj->big);
	}
	for (u32 k = 0; k < c->ncell; k++)
		a->mem = skep_prove_set_cell(p, a->mem, &c->cell[k], p->side[P].obj->big);
	b->mem = a->mem;
	for (u32 k = 0; k < c->natom; k++)
		p->lit[p->nlit++] = c->atom[k];
	skep_prove_assume(p, c->p, a, 0x3ff & p->side[P].lv->in[c->p->num]);
}
