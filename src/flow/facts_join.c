/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts where paths meet: what both sides say; see facts.c for why that ends and is sound. */
#include "flow/flow_impl.h"

static bool map_value(u8 k)
{
	return k == SKEP_K_MAPVAL || k == SKEP_K_MAPVAL_OR_NULL;
}

static bool null_or_value(const struct skep_val *v)
{
	return map_value(v->kind) || (v->kind == SKEP_K_CONST && v->off == 0);
}

static u8 join_kind(const struct skep_val *x, const struct skep_val *y)
{
	u8 a = x->kind, b = y->kind;
	bool a_num = a == SKEP_K_CONST || a == SKEP_K_SCALAR, b_num = b == SKEP_K_CONST || b == SKEP_K_SCALAR;

	if (a == b)
		return a;
	if (a_num && b_num)
		return SKEP_K_SCALAR;
	if (null_or_value(x) && null_or_value(y))
		return SKEP_K_MAPVAL_OR_NULL;
	if (a == SKEP_K_ANY || b == SKEP_K_ANY || a == SKEP_K_STACK || b == SKEP_K_STACK ||
	    a == SKEP_K_UNINIT || b == SKEP_K_UNINIT)
		return SKEP_K_ANY;
	return SKEP_K_NONSTACK;
}

/* Bounds grow in few steps, so that loops settle quickly. */
static u8 widen_bits(u8 bits)
{
	return bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
}

/* Join `b` into `*a` for one place of one block; true when *a changed. */
static bool join_val(struct skep_val *a, const struct skep_val *b, u32 block, u32 place)
{
	u32 name = (u32)VN_JOIN + block * NLOC + place;
	struct skep_val r = *a;

	r.kind = join_kind(a, b);
	if (b->bits > a->bits)
		r.bits = widen_bits(b->bits);
	if (!skep_val_eq(a, b) || (own_join_name(b->vn, block) && b->vn != name)) {
		r.vn = name;
		r.off = 0;
		if (r.kind == SKEP_K_CONST)
			r.kind = SKEP_K_SCALAR;
		/* A constant offset was part of the bound. */
		if (a->off != b->off && r.kind != SKEP_K_SCALAR)
			r.bits = 64;
	}
	if (r.kind == a->kind && r.vn == a->vn && r.off == a->off && r.bits == a->bits)
		return false;
	*a = r;
	return true;
}

static bool join_mem(struct state *a, const struct state *b, u32 block)
{
	u32 n = 0;

	for (u32 i = 0; i < a->nmem; i++) {
		const struct mem_ent *m = &a->mem[i];
		bool keep = false;

		for (u32 k = 0; k < b->nmem && !keep; k++)
			keep = m->at.kind == b->mem[k].at.kind && m->at.vn == b->mem[k].at.vn &&
			       m->at.off == b->mem[k].at.off && m->at.size == b->mem[k].at.size &&
			       m->sign == b->mem[k].sign && skep_val_eq(&m->val, &b->mem[k].val);
		if (keep && !own_join_name(m->at.vn, block) && !own_join_name(m->val.vn, block))
			a->mem[n++] = *m;
	}
	if (n == a->nmem)
		return false;
	a->nmem = n;
	return true;
}

static bool same_expr(const struct expr_ent *x, const struct expr_ent *y)
{
	return x->op == y->op && x->size == y->size && x->off == y->off && skep_val_eq(&x->a, &y->a) &&
	       skep_val_eq(&x->b, &y->b) && skep_val_eq(&x->res, &y->res);
}

static bool join_expr(struct state *a, const struct state *b, u32 block)
{
	u32 n = 0;

	for (u32 i = 0; i < a->nexpr; i++) {
		const struct expr_ent *e = &a->expr[i];
		bool keep = false;

		for (u32 k = 0; k < b->nexpr && !keep; k++)
			keep = same_expr(e, &b->expr[k]);
		if (keep && !own_join_name(e->a.vn, block) && !own_join_name(e->b.vn, block) &&
		    !own_join_name(e->res.vn, block))
			a->expr[n++] = *e;
	}
	if (n == a->nexpr)
		return false;
	a->nexpr = n;
	return true;
}

bool skep_fact_join(struct state *a, const struct state *b, u32 block)
{
	bool changed = false;

	for (u32 l = 0; l < NLOC; l++)
		changed |= join_val(&a->loc[l], &b->loc[l], block, l);
	changed |= join_expr(a, b, block);
	return join_mem(a, b, block) | changed;
}
