/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction over terms. Arithmetic, branches and atomics are the table's
 * meaning, calls are in call.c; here is where operands come from, and what memory
 * an access means.
 */
#include "prove/prove_impl.h"

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
	h = skep_prove_hash(name, access ? access : "");
	return skep_smt_var(&p->smt, 64, VAR_CORE | ((h * 31 + c->kind) & (VAR_CORE - 1)), 0);
}

static u32 immediate(struct prover *p, const struct side *sd, const struct skep_insn *i)
{
	return i->core ? core_value(p, sd, i) : skep_smt_const(&p->smt, 64, (u64)i->in.imm);
}

static u32 address_constant(struct prover *p, const struct side *sd, const struct skep_insn *i)
{
	const struct skep_sym *sym = i->sym < sd->obj->nsym ? &sd->obj->sym[i->sym] : NULL;
	const char *name = sym && sym->name ? sym->name : "";

	switch (i->ref) {
	case SKEP_REF_MAP:
		if (sym && sym->map)
			name = sym->map->name;
		return skep_smt_addk(&p->smt, skep_prove_symbol(p, "map", name), (u64)i->in.imm);
	case SKEP_REF_DATA:
		/* The symbols of one section are offsets from its start. */
		if (sym && sym->data)
			return skep_smt_addk(&p->smt, skep_prove_symbol(p, "data", sym->data->name),
					     sym->value + (u64)i->in.imm);
		return skep_smt_addk(&p->smt, skep_prove_symbol(p, "section", name),
				     (sym ? sym->value : 0) + (u64)i->in.imm);
	case SKEP_REF_FUNC: return skep_prove_symbol(p, "func", i->callee ? i->callee->name : name);
	case SKEP_REF_EXTERN:
		return skep_smt_addk(&p->smt, skep_prove_symbol(p, "extern", name), (u64)i->in.imm);
	default:
		if (i->in.src == 0)
			return immediate(p, sd, i);
		/* A number that a loader gave already: a map by its descriptor. */
		return skep_smt_var(
			&p->smt, 64,
			VAR_SYM | ((u64)i->in.src << 40 ^ (u64)i->in.imm * 0x9e3779b97f4aull) %
					  VAR_CORE,
			0);
	}
}

/* --- where an access goes ---------------------------------------------------------------- */

static enum region region_by_kind(u8 kind)
{
	switch (kind) {
	case SKEP_K_PKT: return R_PKT;
	case SKEP_K_CTX: return R_CTX;
	case SKEP_K_MAPVAL: return R_MAP;
	case SKEP_K_STACK: return R_STACK_SOMEWHERE;
	case SKEP_K_ANY:
	case SKEP_K_UNINIT: return R_ANY;
	default: return R_OTHER;
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
	else if (skep_prove_from_fp(s, base, fp))
		out->r = R_STACK_SOMEWHERE;
	else
		out->r = remembered(p, side, base,
				    region_by_kind(p->side[side].fa->in[i->num][m->base].kind));
	return true;
}

/* A load of fewer bytes than the pointer that it gives, or may give. */
static bool pointer_field(const struct prover *p, const struct side *sd, const struct skep_insn *i,
			  const struct access *a)
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
	case R_STACK: return skep_prove_load_stack(p, st, a->off, size, sd->obj->big);
	case R_STACK_SOMEWHERE:
	case R_ANY:
		arg[0] = skep_prove_stack(p, st);
		arg[1] = st->mem;
		arg[2] = a->addr;
		return skep_smt_app(&p->smt, size * 8, FN(FN_STACKLOAD, size), arg, 3, 0);
	default: (void)i; return skep_prove_load(p, st->mem, a->r, a->addr, size, sd->obj->big);
	}
}

static void store_to(struct prover *p, int side, struct state *st, const struct access *a, u32 size,
		     u32 val)
{
	bool big = p->side[side].obj->big;

	if (a->r == R_STACK) {
		skep_prove_store_stack(p, st, a->off, size, val, big);
		return;
	}
	if (a->r == R_STACK_SOMEWHERE || a->r == R_ANY)
		skep_prove_store_somewhere(p, st, a->addr, size, val);
	if (a->r != R_STACK_SOMEWHERE)
		st->mem = skep_prove_store(p, st->mem, a->r, a->addr, size, val, big);
}

/* --- memory instructions
 * ---------------------------------------------------------------------------- */

static enum step packet_load(struct prover *p, int side, struct state *st,
			     const struct skep_insn *i)
{
	struct args a = {.v = {st->trace, st->mem, st->reg[6]}, .n = 3};
	u32 ev, v;

	if (i->in.op == SKEP_LDIND)
		skep_prove_put(&a, st->reg[i->in.src]);
	ev = skep_prove_event(p, side, st, i,
			      FN(FN_EVENT, 2 | (u64)i->in.size << 4 | (u64)i->in.op << 8 |
						   (u64)(u32)i->in.imm << 16),
			      &a, false);
	if (!ev)
		return STEP_FAIL;
	v = skep_smt_app(&p->smt, i->in.size * 8u, FN(FN_RESULT, 0), &ev, 1, 0);
	st->reg[0] = skep_smt_zext(&p->smt, v, 64);
	skep_prove_clobber(p, st, ev);
	return STEP_ON;
}

static enum step memory(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			const struct skep_memop *m)
{
	const struct side *sd = &p->side[side];
	struct skep_smt *s = &p->smt;
	struct access a = {0};
	u32 v;

	if (!locate(p, side, st, i, m, &a)) {
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "an access outside of the stack frame");
		return STEP_FAIL;
	}
	switch (i->in.op) {
	case SKEP_LDX:
		if (pointer_field(p, sd, i, &a)) {
			st->reg[i->in.dst] = skep_prove_load_ptr(p, st->mem, a.r, a.addr, m->size);
			return STEP_ON;
		}
		st->reg[i->in.dst] = skep_smt_zext(s, load_from(p, side, st, i, &a, m->size), 64);
		return STEP_ON;
	case SKEP_LDXS:
		st->reg[i->in.dst] = skep_smt_sext(s, load_from(p, side, st, i, &a, m->size), 64);
		return STEP_ON;
	default:
		v = i->in.op == SKEP_STX ? st->reg[i->in.src]
					 : skep_smt_const(s, 64, (u64)i->in.imm);
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
	struct access a = {0};

	if (!locate(p, side, st, i, m, &a)) {
		skep_prove_fail(p, SKEP_SMT_UNKNOWN, "an access outside of the stack frame");
		return STEP_FAIL;
	}
	if (a.r != R_STACK) {
		struct args ar = {.v = {st->trace, st->mem, a.addr}, .n = 3};

		if (!(flags & SKEP_OPF_LOAD))
			skep_prove_put(&ar, skep_smt_extract(s, src, 0, w));
		if (flags & SKEP_OPF_R0)
			skep_prove_put(&ar, skep_smt_extract(s, st->reg[0], 0, w));
		if (!skep_prove_event(p, side, st, i,
				      FN(FN_EVENT, 3 | (u64)i->in.op << 4 | (u64)m->size << 16),
				      &ar, true) &&
		    (p->failed || side == P ||
		     (st->nevent >= p->nevent && skep_prove_known_atomic(p, i)))) {
			if (!p->failed)
				skep_prove_lag(p);
			return STEP_FAIL;
		}
	}
	old = load_from(p, side, st, i, &a, m->size);
	if (!(flags & SKEP_OPF_LOAD))
		store_to(p, side, st, &a, m->size,
			 skep_prove_atomic(s, &i->in, old, src, st->reg[0]));
	if (flags & (SKEP_OPF_FETCH | SKEP_OPF_LOAD))
		st->reg[flags & SKEP_OPF_LOAD ? i->in.dst : i->in.src] = skep_smt_zext(s, old, 64);
	if (flags & SKEP_OPF_R0)
		st->reg[0] = skep_smt_zext(s, old, 64);
	return STEP_ON;
}

/* --- all
 * ------------------------------------------------------------------------------------------------
 */

static enum step may_goto(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			  u32 *cond)
{
	struct args a = {.v = {st->trace}, .n = 1};
	u32 ev = skep_prove_event(p, side, st, i, FN(FN_EVENT, 4), &a, false);

	if (!ev)
		return STEP_FAIL;
	*cond = skep_smt_app(&p->smt, 1, FN(FN_CHOICE, 0), &ev, 1, 0);
	return STEP_BRANCH;
}

/* A test for NULL of a pointer that, as its kind says, the verifier knows to be none. */
static bool null_test(const struct prover *p, const struct side *sd, const struct skep_insn *i,
		      const struct state *st)
{
	const struct skep_val *d = &sd->fa->in[i->num][i->in.dst];

	if ((i->in.op != SKEP_JEQ && i->in.op != SKEP_JNE) || i->in.size != 8 || i->core ||
	    (d->off && d->kind != SKEP_K_PKT))
		return false;
	if (i->in.form == SKEP_IMM ? i->in.imm != 0 : !skep_smt_is(&p->smt, st->reg[i->in.src], 0))
		return false;
	return d->kind == SKEP_K_MAPVAL || d->kind == SKEP_K_STACK || d->kind == SKEP_K_CTX ||
	       d->kind == SKEP_K_PKT || d->kind == SKEP_K_MAP;
}

/*
 * No packet lies in the last MiB of the address space, so what is added to a
 * pointer into it does not wrap around; the verifier, too, counts on that.
 */
static void packet_below_top(struct prover *p, const struct side *sd, const struct skep_insn *i,
			     const struct state *st)
{
	u8 d = sd->fa->in[i->num][i->in.dst].kind, s = sd->fa->in[i->num][i->in.src].kind;
	u32 base, lit;
	u64 off;

	if (i->in.form != SKEP_REG || i->in.size != 8 ||
	    !((d == SKEP_K_PKT && s == SKEP_K_PKT_END) || (d == SKEP_K_PKT_END && s == SKEP_K_PKT)))
		return;
	skep_smt_split(&p->smt, st->reg[d == SKEP_K_PKT ? i->in.dst : i->in.src], &base, &off);
	lit = skep_smt_ult(&p->smt, base, skep_smt_const(&p->smt, 64, 0 - ((u64)1 << 20)));
	for (u32 k = 0; k < p->nlit; k++)
		if (p->lit[k] == lit)
			return;
	if (!skep_smt_is_const(&p->smt, lit) && p->nlit < MAX_LITS / 2)
		p->lit[p->nlit++] = lit;
}

enum step skep_prove_step(struct prover *p, int side, struct state *st, const struct skep_insn *i,
			  u32 *cond)
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
		return skep_isa_memop(in, &m) ? memory(p, side, st, i, &m)
					      : packet_load(p, side, st, i);
	case SKEP_CLASS_ATOMIC: skep_isa_memop(in, &m); return atomic(p, side, st, i, &m);
	default: break;
	}
	switch (in->op) {
	case SKEP_LDDW: st->reg[in->dst] = address_constant(p, sd, i); return STEP_ON;
	case SKEP_JA:
	case SKEP_GOTOL: *cond = skep_smt_const(&p->smt, 1, 1); return STEP_BRANCH;
	case SKEP_JCOND: return may_goto(p, side, st, i, cond);
	case SKEP_CALL:
	case SKEP_CALLX: return skep_prove_call(p, side, st, i);
	default: return STEP_EXIT;
	}
}
