/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place of the stack that serves as a register, kept in a register that is
 * free wherever the place is live: its stores and loads become moves, which
 * other passes take away. Where none is free, one value moves to another
 * register to make room. By webs; liveness and graph stay true while a run edits.
 *
 * Right because: the place is only read and written whole, through r10, by plain
 * loads and stores of four or eight bytes; no other access and no argument of a
 * call may meet it (flow tells, and what it cannot tell counts as meeting). So what a
 * load gives is what the last store put there, and the register holds that: it is
 * neither live nor written between (calls write r0 to r5). The place is not
 * live where the function begins, so every way to a load passes a store, and the
 * verifier finds the register initialised. Four bytes come back with the upper half zero, as a
 * 32-bit move leaves it. The verifier keeps of a register at least what it keeps of a place in the
 * stack.
 */
#include "opt/opt_impl.h"

enum { MAX_SPAN = 2048, STACK_BYTES = SKEP_STACK };

/* A place of the stack. */
struct spill {
	s64 off; /* from r10 */
	u32 size;
	u32 stores, loads;
	u32 lo, hi; /* numbers between which it is mentioned or live */
};

static bool plain(const struct skep_insn *i)
{
	return (i->in.op == SKEP_LDX || i->in.op == SKEP_ST || i->in.op == SKEP_STX) &&
	       (i->in.size == 8 || i->in.size == 4) && !i->core && i->ref == SKEP_REF_NONE;
}

static bool by_frame(const struct skep_insn *i)
{
	struct skep_memop m;

	return skep_isa_memop(&i->in, &m) && m.base == 10;
}

/* Is it an access to just this place? */
static bool accesses(const struct skep_insn *i, const struct spill *s)
{
	return plain(i) && by_frame(i) && i->in.off == s->off && i->in.size == s->size;
}

static bool live_bits(const u64 *bits, const struct spill *s)
{
	for (s64 b = STACK_BYTES + s->off; b < STACK_BYTES + s->off + (s64)s->size; b++)
		if (skep_bit_get(bits, (size_t)b))
			return true;
	return false;
}

static bool live_after(const struct skep_opt *o, const struct skep_insn *i, const struct spill *s)
{
	return live_bits(o->lv->stack_out[i->num], s);
}

static bool live_before(const struct skep_opt *o, const struct skep_insn *i, const struct spill *s)
{
	return accesses(i, s) ? i->in.op == SKEP_LDX : live_after(o, i, s);
}

/* Count the accesses; false when something else may meet the place. */
static bool look(const struct skep_opt *o, struct spill *s)
{
	struct skep_place at = {
		.kind = SKEP_K_STACK, .vn = SKEP_VN_FP, .off = s->off, .size = s->size};

	s->lo = UINT32_MAX;
	for (u32 n = 0; n < o->cfg->ninsn; n++) {
		const struct skep_insn *i = o->cfg->insn[n];
		bool mine = i->func && accesses(i, s);
		struct skep_place p;

		if (!i->func || !o->fa->reached[n])
			continue;
		if (!mine && skep_place_get(o->fa, i, &p) && skep_place_alias(&p, &at))
			return false;
		if (skep_call_touches(o->obj, o->fa, i, s->off, s->off + s->size))
			return false;
		s->loads += mine && i->in.op == SKEP_LDX;
		s->stores += mine && i->in.op != SKEP_LDX;
		if (mine || live_after(o, i, s)) {
			s->lo = SKEP_MIN(s->lo, n);
			s->hi = n;
		}
	}
	return s->loads && s->stores && s->hi - s->lo <= MAX_SPAN &&
	       !live_bits(o->lv->stack_in[0], s);
}

/* Registers that are in use where the place is. */
static u16 busy(const struct skep_opt *o, const struct spill *s)
{
	u16 m = 0;

	for (u32 n = s->lo; n <= s->hi; n++) {
		const struct skep_insn *i = o->cfg->insn[n];

		if (!i->func)
			continue;
		if (live_before(o, i, s))
			m |= o->lv->in[n];
		if (live_after(o, i, s) || (accesses(i, s) && i->in.op != SKEP_LDX))
			m |= (u16)(o->lv->out[n] | skep_isa_writes(&i->in));
	}
	return m;
}

/* --- making room ----------------------------------------------------------------------- */

/* The one web in `reg` where the place is, or -1: none, or several. */
static s64 only_web(const struct skep_opt *o, const struct skep_webs *w, const struct spill *s,
		    u8 reg)
{
	s64 web = -1;

	for (u32 n = s->lo; n <= s->hi; n++) {
		const struct skep_insn *i = o->cfg->insn[n];
		s64 x[2] = {-1, -1};

		if (!i->func)
			continue;
		if (live_before(o, i, s) && o->lv->in[n] >> reg & 1)
			x[0] = skep_web_before(w, i, reg);
		if ((live_after(o, i, s) || accesses(i, s)) &&
		    (o->lv->out[n] | skep_isa_writes(&i->in)) >> reg & 1)
			x[1] = skep_web_after(w, i, reg);
		for (int k = 0; k < 2; k++) {
			if (x[k] >= 0 && web >= 0 && x[k] != web)
				return -1;
			web = x[k] >= 0 ? x[k] : web;
		}
	}
	return web;
}

/* A value that can leave its register to another: the register, the web in *web, where it goes in
 * *to; or -1. */
static int make_room(const struct skep_opt *o, const struct skep_webs *w, const struct spill *s,
		     u32 *web, u8 *to)
{
	for (u8 reg = 0; reg < 10; reg++) {
		s64 x = only_web(o, w, s, reg);

		if (x < 0 || skep_web_pinned(w, (u32)x))
			continue;
		for (u8 z = 0; z < 10; z++)
			if (z != reg && skep_web_fits(w, (u32)x, reg, z, UINT32_MAX)) {
				*web = (u32)x;
				*to = z;
				return reg;
			}
	}
	return -1;
}

/* --- the edit ----------------------------------------------------------------------------- */

/* Among registers that are free, the one that most accesses have as their operand. */
static int best_reg(const struct skep_opt *o, const struct spill *s, u16 can)
{
	u32 uses[10] = {0};
	int best = -1;

	for (u32 n = s->lo; n <= s->hi; n++) {
		const struct skep_insn *i = o->cfg->insn[n];

		if (i->func && accesses(i, s) && i->in.op != SKEP_ST)
			uses[i->in.op == SKEP_LDX ? i->in.dst : i->in.src]++;
	}
	for (int r = 9; r >= 0; r--)
		if (can >> r & 1 && (best < 0 || uses[r] > uses[best]))
			best = r;
	return best;
}

static struct skep_ins move_for(const struct skep_insn *i, u8 reg)
{
	struct skep_ins in = {
		.op = SKEP_MOV, .size = i->in.size, .form = SKEP_REG, .dst = reg, .src = i->in.src};

	if (i->in.op == SKEP_LDX)
		return skep_mk_mov(i->in.dst, reg);
	if (i->in.op == SKEP_ST) {
		in.form = SKEP_IMM;
		in.src = 0;
		in.imm = i->in.imm;
	}
	return in;
}

static void put(struct skep_opt *o, const struct spill *s, struct skep_webs *w, u8 reg)
{
	o->seen_func = NULL; /* it is written into below */
	/* Both by what was there before the first of them changes. */
	u8 *state = SKEP_NEW_N(o->scratch, u8, s->hi - s->lo + 1);

	for (u32 n = s->lo; n <= s->hi; n++) {
		const struct skep_insn *i = o->cfg->insn[n];

		if (i->func)
			state[n - s->lo] = (u8)(live_before(o, i, s) | live_after(o, i, s) << 1 |
						accesses(i, s) << 2);
	}
	for (u32 n = s->lo; n <= s->hi; n++) {
		struct skep_insn *i = o->cfg->insn[n];
		struct skep_ins in;

		if (state[n - s->lo] & 4) {
			in = move_for(i, reg);
			if (i->in.op != SKEP_LDX)
				skep_web_occupy_by(w, i, reg);
			skep_edit_set(i, &in);
		}
		if (state[n - s->lo] & 1)
			skep_web_occupy(w, n, reg);
		if (state[n - s->lo] & 2)
			o->lv->out[n] |= (u16)(1u << reg);
	}
}

static struct skep_insn *alive(const struct skep_opt *o, u32 from, bool up)
{
	while (!o->cfg->insn[from]->func)
		from = up ? from + 1 : from - 1;
	return o->cfg->insn[from];
}

static bool visit(struct skep_opt *o, struct skep_webs *w, struct spill *s)
{
	int reg = best_reg(o, s, (u16)(~busy(o, s) & 0x3ff));
	u32 web = UINT32_MAX, lo = s->lo, hi = s->hi;
	u8 to = 0;

	if (reg < 0) {
		reg = make_room(o, w, s, &web, &to);
		if (reg < 0)
			return false;
		skep_web_span(w, web, &lo, &hi);
		if (hi - lo > MAX_SPAN)
			return false;
	}
	if (!skep_opt_begin(o, "kept in a register, not on the stack", alive(o, lo, true),
			    alive(o, hi, false)))
		return false;
	if (web != UINT32_MAX)
		skep_web_rename(w, web, (u8)reg, to);
	put(o, s, w, (u8)reg);
	skep_opt_end(o);
	return true;
}

bool skep_pass_unspill(struct skep_opt *o, struct skep_func *f)
{
	struct skep_webs *w = NULL;
	bool changed = false;
	u64 seen[SKEP_STACK_WORDS] = {0};

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];
		struct spill s = {.off = i->in.off, .size = i->in.size};

		if (!o->fa->reached[k] || !i->func || !plain(i) || !by_frame(i) ||
		    i->in.op != SKEP_LDX || s.off < -STACK_BYTES || s.off + (s64)s.size > 0 ||
		    skep_bit_get(seen, (size_t)(STACK_BYTES + s.off)))
			continue;
		seen[(STACK_BYTES + s.off) / 64] |= (u64)1 << (STACK_BYTES + s.off) % 64;
		if (!look(o, &s))
			continue;
		if (!w)
			w = skep_webs_compute(o);
		changed |= visit(o, w, &s);
	}
	return changed;
}
