/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each register holds, by a forward analysis over the control-flow graph.
 *
 * A place (register or 8-byte stack slot) holds name + constant. Soundness: at
 * any instruction, two places with equal (vn, off) hold equal values. It stays
 * true because a name is defined at one instruction (or at one join of one
 * block for one place), and whenever control passes that definition again every
 * other place that still carries the name is renamed first (rename_stale, and
 * join_val which never lets a block's own join names in from outside). Kinds
 * and bits only move up their lattices at joins, so the iteration ends.
 */
#include "flow/flow_impl.h"

struct pass {
	const struct skep_obj *obj;
	const struct skep_cfg *cfg;
	struct skep_facts *fa;
	const struct skep_prog_type *type; /* of an entry program, or NULL */
	struct state **in;		   /* by block */
	struct skep_arena *arena;
};

static struct skep_val mk(u8 kind, u32 vn, s64 off, u8 bits)
{
	return (struct skep_val){.kind = kind, .vn = vn, .off = off, .bits = bits};
}

static u8 bits_of(u64 v)
{
	return v ? (u8)(64 - __builtin_clzll(v)) : 0;
}

static struct skep_val mk_const(u64 v)
{
	return mk(SKEP_K_CONST, SKEP_VN_CONST, (s64)v, bits_of(v));
}

/* --- joins -------------------------------------------------------------------- */

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

static bool own_join_name(u32 vn, u32 block)
{
	return vn >= (u32)VN_JOIN && (vn - (u32)VN_JOIN) / NLOC == block;
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

static bool join_state(struct state *a, const struct state *b, u32 block)
{
	bool changed = false;

	for (u32 l = 0; l < NLOC; l++)
		changed |= join_val(&a->loc[l], &b->loc[l], block, l);
	changed |= join_expr(a, b, block);
	return join_mem(a, b, block) | changed;
}

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

/* A stale name from an earlier visit of the same instruction must not meet a new one. */
static bool stale_of(u32 vn, u32 num)
{
	return vn >= VN_STALE && vn < (u32)VN_JOIN && (vn - VN_STALE) / NLOC == num;
}

static void drop_stale_of(struct state *s, u32 num)
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

static u32 fresh(struct state *s, const struct skep_insn *i, u32 half)
{
	u32 vn = VN_INSN + 2 * i->num + half;

	if (s->given[i->num] & GIVEN_STALE)
		drop_stale_of(s, i->num);
	if (s->given[i->num] & GIVEN << half)
		rename_stale(s, vn, i->num);
	s->given[i->num] |= (u8)(GIVEN << half);
	return vn;
}

static void define(struct state *s, const struct skep_insn *i, u8 reg, u8 kind, u8 bits)
{
	u32 vn = fresh(s, i, 0);

	s->loc[reg] = mk(kind, vn, 0, bits);
}

/* --- arithmetic -------------------------------------------------------------------- */

static bool is_pointer(u8 k)
{
	return k != SKEP_K_CONST && k != SKEP_K_SCALAR && k != SKEP_K_UNINIT;
}

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

/* Pointer plus or minus something unknown: another place in the same region. */
static u8 moved_kind(const struct skep_ins *in, const struct skep_val *d, const struct skep_val *s)
{
	bool dp = is_pointer(d->kind), sp = is_pointer(s->kind);

	if (in->size != 8 || (!dp && !sp))
		return dp || sp ? SKEP_K_ANY : SKEP_K_SCALAR;
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
	define(s, i, i->in.dst, kind, bits);
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

static void step_alu(struct state *s, const struct skep_insn *i)
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
	if (in->op == SKEP_MOV)
		kind = is_pointer(src.kind) ? SKEP_K_ANY : SKEP_K_SCALAR;
	if (in->op != SKEP_ADD && in->op != SKEP_SUB && in->op != SKEP_MOV && kind != SKEP_K_SCALAR)
		kind = kind == SKEP_K_ANY ? SKEP_K_ANY : SKEP_K_NONSTACK;
	bits = kind == SKEP_K_SCALAR ? alu_bits(in, &old, &src) : in->size == 4 ? 32 : 64;
	if (!known)
		define(s, i, in->dst, kind, bits);
	else
		define_expr(s, i, in->op == SKEP_MOV ? &src : &old, &src, kind, bits);
}

static void step_unary(struct state *s, const struct skep_insn *i)
{
	const struct skep_ins *in = &i->in;
	struct skep_val src = in->form == SKEP_REG ? s->loc[in->src] : s->loc[in->dst];
	bool swap = in->op == SKEP_TOLE || in->op == SKEP_TOBE || in->op == SKEP_BSWAP;
	u8 kind, bits;

	if (in->op != SKEP_CAST && skep_val_const(&src) && skep_insn_const(i)) {
		s->loc[in->dst] = mk_const(skep_isa_eval(in, (u64)src.off, (u64)src.off));
		return;
	}
	kind = src.kind == SKEP_K_SCALAR || !is_pointer(src.kind) ? SKEP_K_SCALAR : SKEP_K_ANY;
	bits = swap ? (u8)in->imm : in->size == 4 ? 32 : 64;
	if (in->op == SKEP_CAST || !skep_insn_const(i))
		define(s, i, in->dst, kind, bits);
	else
		define_expr(s, i, &src, &src, kind, bits);
}

/* --- memory -------------------------------------------------------------------------- */

/* The slot that an access covers exactly, or -1. */
static int slot_of(const struct skep_place *p)
{
	if (p->kind != SKEP_K_STACK || p->vn != SKEP_VN_FP || p->size != 8 || p->off % 8 || p->off < -512 || p->off > -8)
		return -1;
	return (int)(p->off + 512) / 8;
}

static bool to_stack(const struct skep_place *p)
{
	return p->kind == SKEP_K_STACK || p->kind == SKEP_K_ANY || p->kind == SKEP_K_UNINIT;
}

static bool exact_place(const struct skep_place *p)
{
	return p->kind == SKEP_K_STACK && p->vn == SKEP_VN_FP;
}

/*
 * Slots that a write may touch lose their value; with unknown extent all of
 * them, and then `kind` must be ANY: one that was missed may hold a pointer into
 * the frame.
 */
static void clobber_slots(struct state *s, const struct skep_insn *i, const struct skep_place *p, u8 kind)
{
	bool exact = p && exact_place(p);
	s64 lo = exact ? (p->off + 512 < 0 ? 0 : (p->off + 512) / 8) : 0;
	s64 hi = exact ? (p->off + 512 + (s64)p->size + 7) / 8 : NSLOT;

	drop_stale_of(s, i->num);
	for (s64 k = lo; k < hi && k < NSLOT; k++)
		s->loc[NREG + k] = mk(kind, (u32)VN_STALE + i->num * NLOC + (u32)(NREG + k), 0, 64);
}

static void clobber_mem(struct state *s, const struct skep_place *p)
{
	u32 n = 0;

	for (u32 k = 0; k < s->nmem; k++)
		if (!skep_place_alias(&s->mem[k].at, p))
			s->mem[n++] = s->mem[k];
	s->nmem = n;
}

static void remember(struct state *s, const struct skep_insn *i, const struct skep_place *p,
		     const struct skep_val *v, bool sign)
{
	/* The names were taken before `i` gave away its stale ones anew. */
	if (stale_of(p->vn, i->num) || stale_of(v->vn, i->num))
		return;
	if (p->kind == SKEP_K_ANY || p->kind == SKEP_K_UNINIT || p->kind == SKEP_K_MAPVAL || p->kind == SKEP_K_PTR ||
	    p->kind == SKEP_K_NONSTACK || slot_of(p) >= 0)
		return;
	if (s->nmem == NMEM) {
		memmove(s->mem, s->mem + 1, (NMEM - 1) * sizeof(s->mem[0]));
		s->nmem--;
	}
	s->mem[s->nmem++] = (struct mem_ent){*p, *v, sign};
}

static void store(struct state *s, const struct skep_insn *i, const struct skep_place *p, const struct skep_val *v)
{
	int slot = slot_of(p);

	clobber_mem(s, p);
	if (to_stack(p))
		clobber_slots(s, i, p, exact_place(p) && !(v && is_pointer(v->kind) && p->size == 8)
					       ? SKEP_K_NONSTACK
					       : SKEP_K_ANY);
	if (!v)
		return;
	if (slot >= 0)
		s->loc[NREG + slot] = *v;
	else if (v->bits <= p->size * 8u && !is_pointer(v->kind))
		remember(s, i, p, v, false);
}

static void step_load(struct pass *ps, struct state *s, const struct skep_insn *i, const struct skep_place *p)
{
	const struct skep_ins *in = &i->in;
	bool sign = in->op == SKEP_LDXS;
	u8 kind = p->kind == SKEP_K_STACK || p->kind == SKEP_K_ANY ? SKEP_K_ANY : SKEP_K_NONSTACK;
	const struct skep_ctx_field *fld;
	int slot = slot_of(p);

	if (slot >= 0 && !sign && s->loc[NREG + slot].kind != SKEP_K_UNINIT) {
		s->loc[in->dst] = s->loc[NREG + slot];
		ps->fa->loaded[i->num] = s->loc[in->dst];
		return;
	}
	for (u32 k = 0; k < s->nmem; k++)
		if (s->mem[k].at.vn == p->vn && s->mem[k].at.kind == p->kind && s->mem[k].at.off == p->off &&
		    s->mem[k].at.size == p->size && s->mem[k].sign == sign) {
			s->loc[in->dst] = s->mem[k].val;
			ps->fa->loaded[i->num] = s->mem[k].val;
			return;
		}
	ps->fa->loaded[i->num].kind = SKEP_K_UNINIT;
	if (in->size < 8)
		kind = SKEP_K_SCALAR;
	if (p->kind == SKEP_K_CTX && s->loc[in->src].vn == SKEP_VN_CTX && ps->type) {
		/* The context's layout is ABI: a CO-RE record on it changes nothing. */
		s64 off = s->loc[in->src].off + in->off;

		fld = skep_ctx_find(ps->type, off, p->size);
		if (fld && fld->off == off && fld->size == p->size)
			kind = fld->kind == SKEP_CTX_SCALAR ? (in->size < 8 ? SKEP_K_SCALAR : SKEP_K_NONSTACK)
			       : fld->kind == SKEP_CTX_PKT	? SKEP_K_PKT
			       : fld->kind == SKEP_CTX_PKT_END	? SKEP_K_PKT_END
			       : fld->kind == SKEP_CTX_PKT_META ? SKEP_K_PKT
								: SKEP_K_NONSTACK;
		else if (in->size == 8 && ps->cfg->func->flags & SKEP_FF_PROG)
			kind = SKEP_K_PTR;
		define(s, i, in->dst, kind, kind == SKEP_K_SCALAR && !sign ? (u8)(in->size * 8) : 64);
	} else {
		/* A load of 4 bytes from a context whose type is not known may give a pointer. */
		if ((p->kind == SKEP_K_NONSTACK || p->kind == SKEP_K_ANY || p->kind == SKEP_K_CTX) && in->size == 4)
			kind = SKEP_K_NONSTACK;
		/* In an entry program only the stack can hold a pointer to the context or the packet. */
		if (kind == SKEP_K_NONSTACK && in->size == 8 && ps->cfg->func->flags & SKEP_FF_PROG)
			kind = SKEP_K_PTR;
		define(s, i, in->dst, kind, sign || kind != SKEP_K_SCALAR ? 64 : (u8)(in->size * 8));
	}
	if (p->vn != s->loc[in->dst].vn)
		remember(s, i, p, &s->loc[in->dst], sign);
}

static void step_atomic(struct state *s, const struct skep_insn *i, const struct skep_place *p)
{
	u16 w = skep_isa_writes(&i->in);

	if (i->in.op != SKEP_LDACQ)
		store(s, i, p, NULL);
	for (u8 r = 0; r < 10; r++)
		if (w >> r & 1)
			define(s, i, r, p->kind == SKEP_K_STACK || p->kind == SKEP_K_ANY ? SKEP_K_ANY : SKEP_K_NONSTACK,
			       i->in.size == 8 ? 64 : (u8)(i->in.size * 8));
}

/* --- calls ------------------------------------------------------------------------------ */

static void clobber_other(struct state *s, bool ctx)
{
	u32 n = 0;

	for (u32 k = 0; k < s->nmem; k++) {
		u8 kind = s->mem[k].at.kind;

		if (kind == SKEP_K_STACK || (kind == SKEP_K_CTX && !ctx))
			s->mem[n++] = s->mem[k];
	}
	s->nmem = n;
}

static void clobber_stack(struct state *s, const struct skep_insn *i)
{
	u32 n = 0;

	clobber_slots(s, i, NULL, SKEP_K_ANY);
	for (u32 k = 0; k < s->nmem; k++)
		if (!to_stack(&s->mem[k].at))
			s->mem[n++] = s->mem[k];
	s->nmem = n;
}

/* After a helper that moves the packet no pointer into it may be used any more. */
static void forget_packet(struct state *s, const struct skep_insn *i)
{
	drop_stale_of(s, i->num);
	for (u32 l = 0; l < NLOC; l++)
		if (s->loc[l].kind == SKEP_K_PKT || s->loc[l].kind == SKEP_K_PKT_END)
			s->loc[l] = mk(SKEP_K_NONSTACK, (u32)VN_STALE + i->num * NLOC + l, 0, 64);
}

static const struct skep_helper *helper_of(const struct skep_insn *i)
{
	if (i->in.op != SKEP_CALL || i->in.src != SKEP_CALL_HELPER || i->ref != SKEP_REF_NONE || i->in.off)
		return NULL;
	return skep_helper_find(i->in.imm);
}

/* Is the context, or memory that may be the context's, among the arguments? */
static bool takes_ctx(const struct skep_helper *h, const struct skep_val *in)
{
	for (int a = 0; a < 5; a++) {
		u8 arg = h->arg[a], k = in[a + 1].kind;

		if (arg == SKEP_ARG_CTX)
			return true;
		if (arg != SKEP_ARG_NONE && arg != SKEP_ARG_MAP && arg != SKEP_ARG_SIZE && arg != SKEP_ARG_FUNC &&
		    (k == SKEP_K_CTX || k == SKEP_K_NONSTACK || k == SKEP_K_ANY))
			return true;
	}
	return false;
}

static void step_call(struct pass *ps, struct state *s, const struct skep_insn *i)
{
	const struct skep_helper *h = helper_of(i);
	u32 e = skep_call_effects(ps->obj, ps->fa, i);
	u8 kind = SKEP_K_ANY, bits = 64;

	if (e & SKEP_EFF_WRITE_STACK)
		clobber_stack(s, i);
	if (e & (SKEP_EFF_WRITE_OTHER | SKEP_EFF_PKT))
		clobber_other(s, !h || takes_ctx(h, s->loc) || e & SKEP_EFF_PKT);
	if (e & SKEP_EFF_PKT)
		forget_packet(s, i);
	if (h)
		kind = h->ret == SKEP_RET_INT ? SKEP_K_SCALAR
		       : h->ret == SKEP_RET_VALUE_OR_NULL ? SKEP_K_MAPVAL_OR_NULL
		       : h->ret == SKEP_RET_VOID ? SKEP_K_NONSTACK : SKEP_K_PTR;
	if (i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND) {
		kind = SKEP_K_SCALAR;
		bits = (u8)(i->in.size * 8);
	}
	define(s, i, 0, kind, bits);
	s->given[i->num] |= GIVEN_STALE;
	for (u8 r = 1; r <= 5; r++)
		s->loc[r] = mk(SKEP_K_UNINIT, (u32)VN_STALE + i->num * NLOC + r, 0, 64);
}

static void step_lddw(struct pass *ps, struct state *s, const struct skep_insn *i)
{
	const struct skep_sym *sym;
	struct skep_val *d = &s->loc[i->in.dst];

	switch (i->ref) {
	case SKEP_REF_MAP:
		*d = mk(SKEP_K_MAP, VN_SYM + i->sym, i->in.imm, 64);
		return;
	case SKEP_REF_DATA:
		sym = &ps->obj->sym[i->sym];
		/* Symbols of one section share a name, so that their addresses compare. */
		*d = mk(SKEP_K_MAPVAL, VN_SEC + sym->sec, (s64)sym->value + i->in.imm, 64);
		return;
	case SKEP_REF_NONE:
		if (i->in.src == 0 && !i->core) {
			*d = mk_const((u64)i->in.imm);
			return;
		}
		/* fall through */
	default:
		define(s, i, i->in.dst, i->core ? SKEP_K_SCALAR : SKEP_K_NONSTACK, 64);
	}
}

static void step(struct pass *ps, struct state *s, const struct skep_insn *i)
{
	struct skep_place p;

	memcpy(ps->fa->in[i->num], s->loc, sizeof(ps->fa->in[0]));
	ps->fa->reached[i->num] = true;
	switch (skep_op_class(i->in.op)) {
	case SKEP_CLASS_ALU:
		step_alu(s, i);
		return;
	case SKEP_CLASS_UNARY:
		step_unary(s, i);
		return;
	case SKEP_CLASS_ATOMIC:
		skep_place_get(ps->fa, i, &p);
		step_atomic(s, i, &p);
		return;
	case SKEP_CLASS_MEM:
		if (!skep_place_get(ps->fa, i, &p)) {
			step_call(ps, s, i);
		} else if (i->in.op == SKEP_ST || i->in.op == SKEP_STX) {
			struct skep_val v = i->in.op == SKEP_STX ? s->loc[i->in.src] : mk_const((u64)i->in.imm);

			if (i->in.op == SKEP_ST && i->in.size < 8)
				v = mk_const((u64)i->in.imm & (((u64)1 << i->in.size * 8) - 1));
			if (i->core)
				v = mk(SKEP_K_SCALAR, fresh(s, i, 1), 0, 64);
			store(s, i, &p, &v);
		} else {
			step_load(ps, s, i, &p);
		}
		return;
	case SKEP_CLASS_CTRL:
		if (i->in.op == SKEP_CALL || i->in.op == SKEP_CALLX)
			step_call(ps, s, i);
		else if (i->in.op == SKEP_LDDW)
			step_lddw(ps, s, i);
		return;
	default:
		return;
	}
}

/* --- branches ------------------------------------------------------------------------------ */

/* On an edge where a value equals a constant, every place that holds it does. */
static void learn_equal(struct state *s, const struct skep_val *v, u64 c)
{
	struct skep_val old = *v;
	u64 base = c - (u64)old.off;

	if (old.vn == SKEP_VN_CONST || (old.kind == SKEP_K_STACK))
		return;
	for (u32 l = 0; l < NLOC; l++)
		if (s->loc[l].vn == old.vn && s->loc[l].kind == old.kind)
			s->loc[l] = mk_const(base + (u64)s->loc[l].off);
}

static void learn_not_null(struct state *s, u32 vn)
{
	for (u32 l = 0; l < NLOC; l++)
		if (s->loc[l].vn == vn && s->loc[l].kind == SKEP_K_MAPVAL_OR_NULL)
			s->loc[l].kind = SKEP_K_MAPVAL;
}

/* What holds when the branch is taken (or not). */
static void refine(struct state *s, const struct skep_insn *br, bool taken)
{
	const struct skep_ins *in = &br->in;
	struct skep_val *d = &s->loc[in->dst];
	struct skep_val src = in->form == SKEP_REG ? s->loc[in->src] : mk_const((u64)in->imm);
	bool numeric = d->kind == SKEP_K_SCALAR || d->kind == SKEP_K_MAPVAL_OR_NULL;

	if ((in->op != SKEP_JEQ && in->op != SKEP_JNE) || br->core || !skep_val_const(&src) || !numeric)
		return;
	if (taken == (in->op == SKEP_JEQ)) {
		if (d->kind == SKEP_K_MAPVAL_OR_NULL ? src.off == 0 && d->off == 0 && in->size == 8
						     : in->size == 8 || d->bits <= 32)
			learn_equal(s, d, in->size == 8 ? (u64)src.off : (u32)src.off);
	} else if (src.off == 0 && d->kind == SKEP_K_MAPVAL_OR_NULL && in->size == 8) {
		learn_not_null(s, d->vn);
	}
}

/* Pointers that the verifier, too, knows are not NULL. */
static bool not_null(const struct skep_val *v)
{
	return v->off == 0 && (v->kind == SKEP_K_MAPVAL || v->kind == SKEP_K_STACK || v->kind == SKEP_K_CTX ||
			       v->kind == SKEP_K_PKT || v->kind == SKEP_K_MAP);
}

static s8 decide(const struct skep_facts *fa, const struct skep_insn *br)
{
	const struct skep_val *d = &fa->in[br->num][br->in.dst], *s = &fa->in[br->num][br->in.src];

	if (!skep_is_cond(br->in.op) || br->core)
		return -1;
	if (not_null(d) && (br->in.op == SKEP_JEQ || br->in.op == SKEP_JNE) && br->in.size == 8 &&
	    (br->in.form == SKEP_IMM ? br->in.imm == 0 : skep_val_const(s) && s->off == 0))
		return br->in.op == SKEP_JNE;
	if (!skep_val_const(d))
		return -1;
	if (br->in.form == SKEP_REG && !skep_val_const(s))
		return -1;
	return skep_isa_cond(&br->in, (u64)d->off, (u64)s->off);
}

/* --- the iteration ----------------------------------------------------------------------------- */

static void entry_state(struct pass *ps, struct state *s)
{
	const struct skep_func *f = ps->cfg->func;

	memset(s, 0, sizeof(*s));
	for (u32 r = 0; r < NREG; r++)
		s->loc[r] = mk(r >= 1 && r <= 5 ? SKEP_K_NONSTACK : SKEP_K_UNINIT, VN_ENTRY + r, 0, 64);
	for (u32 k = 0; k < NSLOT; k++)
		s->loc[NREG + k] = mk(SKEP_K_UNINIT, (u32)VN_JOIN + NREG + k, 0, 64);
	s->loc[10] = mk(SKEP_K_STACK, SKEP_VN_FP, 0, 64);
	if (f->flags & SKEP_FF_PROG || f->ctx_type)
		s->loc[1] = mk(SKEP_K_CTX, SKEP_VN_CTX, 0, 64);
}

/* Hand the state to a successor; true when that changes it. */
static bool flow_into(struct pass *ps, u32 block, const struct state *s)
{
	if (!ps->in[block]) {
		ps->in[block] = skep_arena_memdup(ps->arena, s, sizeof(*s));
		/* The block's own join names may only be born in it. */
		for (u32 l = 0; l < NLOC; l++)
			if (own_join_name(ps->in[block]->loc[l].vn, block))
				ps->in[block]->loc[l].vn = (u32)VN_JOIN + block * NLOC + l, ps->in[block]->loc[l].off = 0;
		return true;
	}
	return join_state(ps->in[block], s, block);
}

/*
 * The kernel's verifier narrows a number that a branch compares, and what is computed
 * from it afterwards; what was computed before stays as wide as it was. So it is not the
 * same to the verifier: results that depend on the compared value are forgotten.
 */
static void forget_results(struct state *s, const struct skep_insn *br, const struct skep_val *v)
{
	bool equal = br->in.op == SKEP_JEQ || br->in.op == SKEP_JNE;
	u32 n = 0;

	if (v->kind != SKEP_K_SCALAR && v->kind != SKEP_K_NONSTACK && v->kind != SKEP_K_ANY)
		return;
	/* Unequal to a constant tells the verifier next to nothing. */
	if (equal && br->in.form == SKEP_IMM)
		return;
	for (u32 k = 0; k < s->nexpr; k++)
		if (s->expr[k].a.vn != v->vn && s->expr[k].b.vn != v->vn)
			s->expr[n++] = s->expr[k];
	s->nexpr = n;
}

static void run_block(struct pass *ps, u32 bi, u8 *dirty)
{
	const struct skep_block *b = &ps->cfg->block[bi];
	struct state s = *ps->in[bi];
	const struct skep_insn *l = b->last;

	for (const struct skep_insn *i = b->first;; i = i->next) {
		step(ps, &s, i);
		if (skep_isa_writes(&i->in) == 1u << i->in.dst && i->in.op != SKEP_CALL)
			ps->fa->made[i->num] = s.loc[i->in.dst];
		if (i == l)
			break;
	}
	ps->fa->decided[l->num] = decide(ps->fa, l);
	if (skep_is_cond(l->in.op)) {
		forget_results(&s, l, &s.loc[l->in.dst]);
		if (l->in.form == SKEP_REG)
			forget_results(&s, l, &s.loc[l->in.src]);
	}
	for (u32 k = 0; k < b->nsucc; k++) {
		bool taken = skep_is_cond(l->in.op) && (k == 1 || !l->next);
		struct state e = s;

		if (skep_is_cond(l->in.op)) {
			if (ps->fa->decided[l->num] >= 0 && ps->fa->decided[l->num] != taken)
				continue;
			if (b->succ[0] != b->succ[b->nsucc - 1])
				refine(&e, l, taken);
		}
		if (flow_into(ps, b->succ[k], &e))
			dirty[b->succ[k]] = 1;
	}
}

const struct skep_insn *skep_facts_def(const struct skep_facts *fa, u32 vn)
{
	u32 num = (vn - VN_INSN) / 2;

	return vn >= VN_INSN && vn < VN_SYM && num < fa->cfg->ninsn && !((vn - VN_INSN) & 1) ? fa->cfg->insn[num] : NULL;
}

bool skep_facts_born(const struct skep_facts *fa, u32 vn, u32 *block)
{
	if (vn < VN_INSN || skep_facts_symbol(vn))
		*block = UINT32_MAX;
	else if (vn < VN_SYM)
		*block = fa->cfg->block_of[(vn - VN_INSN) / 2];
	else if (vn >= (u32)VN_JOIN)
		*block = (vn - (u32)VN_JOIN) / NLOC;
	else
		return false;
	return true;
}

int skep_facts_joined(const struct skep_facts *fa, u32 vn, u32 *block)
{
	u32 at = vn - (u32)VN_JOIN;

	(void)fa;
	if (vn < (u32)VN_JOIN || at % NLOC >= NREG)
		return -1;
	*block = at / NLOC;
	return (int)(at % NLOC);
}

bool skep_facts_symbol(u32 vn)
{
	return vn >= VN_SYM && vn < VN_CORE;
}

u32 skep_facts_section(u32 vn)
{
	return vn >= VN_SEC && vn < VN_CORE ? vn - VN_SEC : 0;
}

struct skep_facts *skep_facts_compute(const struct skep_obj *obj, const struct skep_cfg *cfg, struct skep_arena *arena)
{
	struct skep_facts *fa = SKEP_NEW(arena, struct skep_facts);
	struct pass ps = {.obj = obj, .cfg = cfg, .fa = fa, .arena = arena};
	u8 *dirty = SKEP_NEW_N(arena, u8, cfg->nblock);
	struct state *s = SKEP_NEW(arena, struct state);
	bool more = cfg->nblock > 0;
	u32 type;

	fa->cfg = cfg;
	fa->in = skep_arena_calloc(arena, cfg->ninsn, sizeof(*fa->in));
	fa->reached = SKEP_NEW_N(arena, bool, cfg->ninsn);
	fa->decided = SKEP_NEW_N(arena, s8, cfg->ninsn);
	memset(fa->decided, -1, cfg->ninsn);
	fa->loaded = SKEP_NEW_N(arena, struct skep_val, cfg->ninsn);
	fa->made = SKEP_NEW_N(arena, struct skep_val, cfg->ninsn);
	type = cfg->func->flags & SKEP_FF_PROG ? cfg->func->prog_type : cfg->func->ctx_type;
	ps.type = type ? skep_prog_type_find(type) : NULL;
	ps.in = SKEP_NEW_N(arena, struct state *, cfg->nblock);
	if (!more)
		return fa;
	entry_state(&ps, s);
	s->given = SKEP_NEW_N(arena, u8, cfg->ninsn);
	flow_into(&ps, 0, s);
	dirty[0] = 1;
	while (more) {
		more = false;
		for (u32 k = 0; k < cfg->norder; k++) {
			u32 b = cfg->order[k];

			if (!dirty[b] || !ps.in[b])
				continue;
			dirty[b] = 0;
			run_block(&ps, b, dirty);
			more = true;
		}
	}
	return fa;
}
