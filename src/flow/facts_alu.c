/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts of arithmetic: names for what an instruction defines, kinds and bounds of results, results known from before. */
#include "flow/flow_impl.h"

/* --- definitions ---------------------------------------------------------------- */

/* Before instruction `num` defines `vn` anew: whoever still carries it gets a name of its own. */
static void rename_stale(struct state *s, u32 vn, u32 num)
{
	u32 n = 0;

	s->given[num] |= GIVEN_STALE;
	for (u32 l = 0; l < NLOC; l++)
		if (s->loc[l].vn == vn) {
			s->loc[l].vn = (u32)VN_STALE + num * NLOC + l;
			s->loc[l].off = 0;
		}
	for (u32 i = 0; i < s->nmem; i++)
		if (s->mem[i].at.vn != vn && s->mem[i].val.vn != vn)
			s->mem[n++] = s->mem[i];
	s->nmem = n;
	n = 0;
	for (u32 i = 0; i < s->nexpr; i++)
		if (s->expr[i].a.vn != vn && s->expr[i].b.vn != vn && s->expr[i].res.vn != vn)
			s->expr[n++] = s->expr[i];
	s->nexpr = n;
}

void skep_fact_drop_stale(struct state *s, u32 num)
{
	u32 n = 0;

	if (!(s->given[num] & GIVEN_STALE)) {
		s->given[num] |= GIVEN_STALE;
		return;
	}
	for (u32 l = 0; l < NLOC; l++)
		if (stale_of(s->loc[l].vn, num)) {
			s->loc[l].vn = (u32)VN_STALE + num * NLOC + l;
			s->loc[l].off = 0;
		}
	for (u32 i = 0; i < s->nmem; i++)
		if (!stale_of(s->mem[i].at.vn, num) && !stale_of(s->mem[i].val.vn, num))
			s->mem[n++] = s->mem[i];
	s->nmem = n;
	n = 0;
	for (u32 i = 0; i < s->nexpr; i++)
		if (!stale_of(s->expr[i].a.vn, num) && !stale_of(s->expr[i].b.vn, num) &&
		    !stale_of(s->expr[i].res.vn, num))
			s->expr[n++] = s->expr[i];
	s->nexpr = n;
}

u32 skep_fact_fresh(struct state *s, const struct skep_insn *i, u32 half)
{
	u32 vn = VN_INSN + 2 * i->num + half;

	if (s->given[i->num] & GIVEN_STALE)
		skep_fact_drop_stale(s, i->num);
	if (s->given[i->num] & GIVEN << half)
		rename_stale(s, vn, i->num);
	s->given[i->num] |= (u8)(GIVEN << half);
	return vn;
}

void skep_fact_define(struct state *s, const struct skep_insn *i, u8 reg, u8 kind, u8 bits)
{
	u32 vn = skep_fact_fresh(s, i, 0);

	s->loc[reg] = mk(kind, vn, 0, bits);
}

/* --- arithmetic -------------------------------------------------------------------- */

static u8 alu_bits(const struct skep_ins *in, const struct skep_val *d, const struct skep_val *s)
{
	u8 w = (u8)(in->size * 8), db = SKEP_MIN(d->bits, w), sb = SKEP_MIN(s->bits, w);
	bool k = skep_val_const(s);
	u64 amount = k ? (u64)s->off & (w - 1u) : 0;

	switch (in->op) {
	case SKEP_AND:
		return SKEP_MIN(db, sb);
	case SKEP_OR:
	case SKEP_XOR:
		return SKEP_MAX(db, sb);
	case SKEP_ADD:
		return (u8)SKEP_MIN((u32)w, SKEP_MAX(db, sb) + 1u);
	case SKEP_MUL:
		return (u8)SKEP_MIN((u32)w, (u32)db + sb);
	case SKEP_DIV:
	case SKEP_MOD:
		return db;
	case SKEP_RSH:
		return k ? (u8)(db > amount ? db - amount : 0) : db;
	case SKEP_LSH:
		return k ? (u8)SKEP_MIN((u64)w, db + amount) : w;
	case SKEP_MOV:
		return sb;
	default:
		return w;
	}
}

/* 64-bit addition of a constant keeps the name; the kind stays a pointer's. */
static void add_const(struct state *s, u8 reg, s64 c)
{
	struct skep_val *v = &s->loc[reg];

	if (skep_val_const(v)) {
		*v = mk_const((u64)v->off + (u64)c);
		return;
	}
	v->off = (s64)((u64)v->off + (u64)c);
	v->bits = c >= 0 && v->bits < 62 ? (u8)(SKEP_MAX(v->bits, bits_of((u64)c)) + 1) : 64;
}

/*
 * Pointer plus or minus something unknown: another place in the same region. What else an operation
 * gives is a number: the verifier refuses bits, shifts, products and 32-bit sums of pointers, and makes
 * a number of the low half of one.
 */
static u8 moved_kind(const struct skep_ins *in, const struct skep_val *d, const struct skep_val *s)
{
	bool dp = is_pointer(d->kind), sp = is_pointer(s->kind);

	if (in->size != 8 || (in->op != SKEP_ADD && in->op != SKEP_SUB) || (!dp && !sp))
		return SKEP_K_SCALAR;
	if (in->op == SKEP_ADD && dp != sp)
		return dp ? d->kind : s->kind;
	if (in->op == SKEP_SUB && dp && !sp)
		return d->kind;
	if (in->op == SKEP_SUB && d->kind == SKEP_K_PKT_END)
		return SKEP_K_SCALAR;
	if (d->kind == SKEP_K_ANY || s->kind == SKEP_K_ANY || d->kind == SKEP_K_STACK || s->kind == SKEP_K_STACK ||
	    d->kind == SKEP_K_UNINIT || s->kind == SKEP_K_UNINIT)
		return SKEP_K_ANY;
	return SKEP_K_NONSTACK;
}

static bool sum(const struct skep_ins *in)
{
	return in->op == SKEP_ADD && in->size == 8;
}

/* The operation as it is looked up; constants of a sum are added to its result: *add. */
static struct expr_ent expr_key(const struct skep_ins *in, const struct skep_val *a, const struct skep_val *b, s64 *add)
{
	struct expr_ent e = {.op = in->op, .size = in->size, .a = *a, .b = *b};
	bool swap = in->op == SKEP_ADD || in->op == SKEP_AND || in->op == SKEP_OR || in->op == SKEP_XOR ||
		    in->op == SKEP_MUL;

	*add = 0;
	if (skep_op_class(in->op) == SKEP_CLASS_UNARY)
		e.off = in->op == SKEP_MOVSX ? in->off : (s32)in->imm;
	if (sum(in)) {
		*add = (s64)((u64)a->off + (u64)b->off);
		e.a.off = e.b.off = 0;
	}
	if (swap && (e.a.vn > e.b.vn || (e.a.vn == e.b.vn && e.a.off > e.b.off))) {
		struct skep_val t = e.a;

		e.a = e.b;
		e.b = t;
	}
	return e;
}

/*
 * The result of an operation on two values: the name that it got when it was
 * computed before, or a new one.
 */
static void define_expr(struct state *s, const struct skep_insn *i, const struct skep_val *a, const struct skep_val *b,
			u8 kind, u8 bits)
{
	s64 add;
	struct expr_ent e = expr_key(&i->in, a, b, &add);
	u32 vn = VN_INSN + 2 * i->num;

	for (u32 k = 0; k < s->nexpr; k++) {
		const struct expr_ent *x = &s->expr[k];

		if (x->op == e.op && x->size == e.size && x->off == e.off && skep_val_eq(&x->a, &e.a) &&
		    skep_val_eq(&x->b, &e.b)) {
			s->loc[i->in.dst] = mk(kind, x->res.vn, (s64)((u64)x->res.off + (u64)add), bits);
			return;
		}
	}
	skep_fact_define(s, i, i->in.dst, kind, bits);
	/* The names were taken before `i` gave away its own anew. */
	if (a->vn == vn || b->vn == vn || stale_of(a->vn, i->num) || stale_of(b->vn, i->num))
		return;
	e.res = mk(kind, vn, (s64)(0 - (u64)add), bits);
	if (s->nexpr == NEXPR) {
		memmove(s->expr, s->expr + 1, (NEXPR - 1) * sizeof(s->expr[0]));
		s->nexpr--;
	}
	s->expr[s->nexpr++] = e;
}

void skep_fact_alu(struct state *s, const struct skep_insn *i)
{
	const struct skep_ins *in = &i->in;
	struct skep_val src = in->form == SKEP_REG ? s->loc[in->src] : mk_const((u64)in->imm);
	struct skep_val *d = &s->loc[in->dst], old = *d;
	bool known = skep_insn_const(i);
	u8 kind, bits;

	if (!known && in->form == SKEP_IMM)
		src = mk(SKEP_K_SCALAR, VN_INSN + 2 * i->num + 1, 0, 64);
	if (in->op == SKEP_MOV && in->form == SKEP_REG && (in->size == 8 || (src.bits <= 32 && !is_pointer(src.kind)))) {
		*d = src;
		return;
	}
	if (known && skep_val_const(&src) && (skep_val_const(&old) || in->op == SKEP_MOV)) {
		struct skep_ins e = *in;

		e.form = SKEP_REG;
		*d = mk_const(skep_isa_eval(&e, (u64)old.off, (u64)src.off));
		return;
	}
	if (known && in->size == 8 && skep_val_const(&src) && (in->op == SKEP_ADD || in->op == SKEP_SUB)) {
		add_const(s, in->dst, in->op == SKEP_ADD ? src.off : (s64)(0 - (u64)src.off));
		return;
	}
	kind = moved_kind(in, &old, &src);
	bits = kind == SKEP_K_SCALAR ? alu_bits(in, &old, &src) : in->size == 4 ? 32 : 64;
	if (!known)
		skep_fact_define(s, i, in->dst, kind, bits);
	else
		define_expr(s, i, in->op == SKEP_MOV ? &src : &old, &src, kind, bits);
}

void skep_fact_unary(struct state *s, const struct skep_insn *i)
{
	const struct skep_ins *in = &i->in;
	struct skep_val src = in->form == SKEP_REG ? s->loc[in->src] : s->loc[in->dst];
	bool swap = in->op == SKEP_TOLE || in->op == SKEP_TOBE || in->op == SKEP_BSWAP;
	u8 kind, bits;

	if (in->op != SKEP_CAST && skep_val_const(&src) && skep_insn_const(i)) {
		s->loc[in->dst] = mk_const(skep_isa_eval(in, (u64)src.off, (u64)src.off));
		return;
	}
	kind = in->op != SKEP_CAST || !is_pointer(src.kind) ? SKEP_K_SCALAR : SKEP_K_ANY;
	bits = swap ? (u8)in->imm : in->size == 4 ? 32 : 64;
	if (in->op == SKEP_CAST || !skep_insn_const(i))
		skep_fact_define(s, i, in->dst, kind, bits);
	else
		define_expr(s, i, &src, &src, kind, bits);
}
