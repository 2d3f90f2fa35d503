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

	skep_fact_drop_stale(s, i->num);
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
		skep_fact_define(s, i, in->dst, kind, kind == SKEP_K_SCALAR && !sign ? (u8)(in->size * 8) : 64);
	} else {
		/* A load of 4 bytes from a context whose type is not known may give a pointer. */
		if ((p->kind == SKEP_K_NONSTACK || p->kind == SKEP_K_ANY || p->kind == SKEP_K_CTX) && in->size == 4)
			kind = SKEP_K_NONSTACK;
		/* In an entry program only the stack can hold a pointer to the context or the packet. */
		if (kind == SKEP_K_NONSTACK && in->size == 8 && ps->cfg->func->flags & SKEP_FF_PROG)
			kind = SKEP_K_PTR;
		skep_fact_define(s, i, in->dst, kind, sign || kind != SKEP_K_SCALAR ? 64 : (u8)(in->size * 8));
	}
	if (p->vn != s->loc[in->dst].vn)
		remember(s, i, p, &s->loc[in->dst], sign);
}

static void step_atomic(struct state *s, const struct skep_insn *i, const struct skep_place *p)
{
	u16 w = skep_isa_writes(&i->in);
	int slot = slot_of(p);

	if (i->in.op != SKEP_LDACQ)
		store(s, i, p, NULL);
	/* It stores a register as it is, which may be a pointer into the frame. */
	if (i->in.op == SKEP_STREL && slot >= 0)
		s->loc[NREG + slot].kind = SKEP_K_ANY;
	for (u8 r = 0; r < 10; r++)
		if (w >> r & 1)
			skep_fact_define(s, i, r, p->kind == SKEP_K_STACK || p->kind == SKEP_K_ANY ? SKEP_K_ANY : SKEP_K_NONSTACK,
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
	skep_fact_drop_stale(s, i->num);
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
	skep_fact_define(s, i, 0, kind, bits);
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
		skep_fact_define(s, i, i->in.dst, i->core ? SKEP_K_SCALAR : SKEP_K_NONSTACK, 64);
	}
}

static void step(struct pass *ps, struct state *s, const struct skep_insn *i)
{
	struct skep_place p;

	memcpy(ps->fa->in[i->num], s->loc, sizeof(ps->fa->in[0]));
	ps->fa->reached[i->num] = true;
	switch (skep_op_class(i->in.op)) {
	case SKEP_CLASS_ALU:
		skep_fact_alu(s, i);
		return;
	case SKEP_CLASS_UNARY:
		skep_fact_unary(s, i);
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
				v = mk(SKEP_K_SCALAR, skep_fact_fresh(s, i, 1), 0, 64);
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
	return skep_fact_join(ps->in[block], s, block);
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
