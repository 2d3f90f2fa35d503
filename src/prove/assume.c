/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What flow's joined facts say of P, as assumptions of the walk: ranges of numbers, and bytes
 * of the packet that are proven. They are put in where the terms themselves say nothing: at
 * cuts, behind loads, and behind calls (what a subprogram returns); at the entry of a function
 * that others call they say what those pass.
 *
 * Why that is right: the facts are of version A alone, of its whole object, and hold in every
 * run of A, whichever path leads there (the abstract machine's argument; its steps are proved
 * or tested apart from this). They do not speak of B, nor were they computed from B, so they
 * do not rest on what is being proved. The proof shows: when both versions stand at a cut in
 * states that the cut's templates relate, they stay related up to the next one. It is used of
 * runs of A and B from the same input, by induction over the cuts that A passes: A's state
 * there is one of a run of A, so it has A's facts, and the steps of the proof need to hold for
 * such states only. On the way from call to callee the same: the facts about what callers pass
 * hold for the calls that A makes, and B makes the same calls in the same order with the same
 * arguments, memory and stack as far as they are read (the trace is compared), so B's callee
 * is run from the states for which it was compared.
 *
 * With BY_ID, A may be a later version of the object that the facts were computed from, if the
 * function itself is as it was then: the other functions were changed by steps that are proved,
 * so callers pass, and callees return, what they did.
 *
 * Nothing is assumed of B's registers: what is known of them follows from the templates.
 */
#include "prove/prove_impl.h"

static const struct skep_vfact *fact_at(const struct prover *p, const struct skep_insn *i)
{
	const struct skep_vfact *f;

	if (!i || !p->opts.facts || i->id >= p->opts.nfacts)
		return NULL;
	f = &p->opts.facts[i->id];
	return f->reached ? f : NULL;
}

static void assume(struct prover *p, u32 lit)
{
	if (skep_smt_is(&p->smt, lit, 1))
		return;
	for (u32 k = 0; k < p->nlit; k++)
		if (p->lit[k] == lit)
			return;
	/* What is left out is not known; branches need their room. */
	if (p->nlit >= MAX_LITS / 2 || p->nassumed == MAX_ASSUMED)
		return;
	p->lit[p->nlit++] = lit;
	p->assumed[p->nassumed++] = lit;
}

bool skep_prove_assumed(const struct prover *p, u32 lit)
{
	for (u32 k = 0; k < p->nassumed; k++)
		if (p->assumed[k] == lit)
			return true;
	return false;
}

/* --- numbers ------------------------------------------------------------------------------ */

static void bounds(struct prover *p, u32 t, u64 umin, u64 umax, s64 smin, s64 smax)
{
	struct skep_smt *s = &p->smt;
	u32 w = skep_smt_width(s, t);
	s64 lowest = w == 64 ? INT64_MIN : INT32_MIN, highest = w == 64 ? INT64_MAX : INT32_MAX;
	/* Unsigned bounds on one side of the sign say the signed ones, too. */
	bool one_sided = umax <= (u64)highest || umin > (u64)highest;

	if (umin)
		assume(p, skep_smt_not(s, skep_smt_ult(s, t, skep_smt_const(s, w, umin))));
	if (umax < skep_smt_mask(w))
		assume(p, skep_smt_not(s, skep_smt_ult(s, skep_smt_const(s, w, umax), t)));
	if (!one_sided && smin > lowest)
		assume(p, skep_smt_not(s, skep_smt_slt(s, t, skep_smt_const(s, w, (u64)smin))));
	if (!one_sided && smax < highest)
		assume(p, skep_smt_not(s, skep_smt_slt(s, skep_smt_const(s, w, (u64)smax), t)));
}

static void number(struct prover *p, u32 t, const struct skep_range *r)
{
	struct skep_smt *s = &p->smt;
	/* Bits that are known below those that the bounds show to be zero. */
	u64 known = ~r->bits.mask & (r->umax ? UINT64_MAX >> __builtin_clzll(r->umax) : 0);

	if (skep_range_is_const(r)) {
		assume(p, skep_smt_eq(s, t, skep_smt_const(s, 64, r->bits.value)));
		return;
	}
	bounds(p, t, r->umin, r->umax, r->smin, r->smax);
	if (known)
		assume(p, skep_smt_eq(s, skep_smt_and(s, t, skep_smt_const(s, 64, known)),
				      skep_smt_const(s, 64, r->bits.value & known)));
	if (r->umax > UINT32_MAX)
		bounds(p, skep_smt_extract(s, t, 0, 32), r->umin32, r->umax32, r->smin32,
		       r->smax32);
}

/* --- packets -------------------------------------------------------------------------------- */

/* `aux` bytes behind what the pointer was made from are in the packet, which ends where `end` says.
 */
static void proven(struct prover *p, u32 t, const struct skep_vreg *r, u32 end)
{
	struct skep_smt *s = &p->smt;
	u32 base = skep_smt_addk(s, t, 0 - (u64)(s64)r->off);

	if (!r->aux || r->aux > 1 << 16)
		return;
	/* No packet lies in the last MiB of the address space. */
	assume(p, skep_smt_ult(s, base, skep_smt_const(s, 64, 0 - ((u64)1 << 20))));
	assume(p, skep_smt_not(s, skep_smt_ult(s, end, skep_smt_addk(s, base, r->aux))));
}

static void packet(struct prover *p, const struct skep_vfact *f, const struct state *st, u16 regs)
{
	for (u32 a = 0; a < 10; a++)
		for (u32 e = 0; e < 10; e++)
			if (f->reg[a].type == SKEP_VT_PKT && f->reg[e].type == SKEP_VT_PKT_END &&
			    (regs >> a | regs >> e) & 1)
				proven(p, st->reg[a], &f->reg[a], st->reg[e]);
}

/* --- all -------------------------------------------------------------------------------------- */

void skep_prove_assume(struct prover *p, const struct skep_insn *i, const struct state *st,
		       u16 regs)
{
	const struct skep_vfact *f = fact_at(p, i);

	if (!f)
		return;
	for (u32 k = 0; k < 10; k++)
		if (regs >> k & 1 && f->reg[k].type == SKEP_VT_NUM)
			number(p, st->reg[k], &f->reg[k].r);
	packet(p, f, st, regs);
}

u16 skep_prove_opaque(const struct skep_insn *i)
{
	switch (skep_op_class(i->in.op)) {
	case SKEP_CLASS_MEM:
	case SKEP_CLASS_ATOMIC: return skep_isa_writes(&i->in) & 0x3ff;
	default: return i->in.op == SKEP_CALL || i->in.op == SKEP_CALLX ? 1 : 0;
	}
}

bool skep_prove_decides(const struct prover *p, const struct skep_insn *i)
{
	const struct skep_vfact *f = fact_at(p, i);
	struct skep_range imm = skep_range_const((u64)i->in.imm);
	const struct skep_vreg *d, *s;

	if (!f || i->in.dst >= 10 || (i->in.form == SKEP_REG && i->in.src >= 10) ||
	    !skep_is_cond(i->in.op))
		return false;
	d = &f->reg[i->in.dst];
	s = &f->reg[i->in.src];
	if (i->in.form == SKEP_IMM)
		return d->type == SKEP_VT_NUM &&
		       skep_range_cond(i->in.op, i->in.size, &d->r, &imm) >= 0;
	if (d->type == SKEP_VT_NUM && s->type == SKEP_VT_NUM)
		return skep_range_cond(i->in.op, i->in.size, &d->r, &s->r) >= 0;
	return (d->type == SKEP_VT_PKT && s->type == SKEP_VT_PKT_END) ||
	       (d->type == SKEP_VT_PKT_END && s->type == SKEP_VT_PKT);
}
