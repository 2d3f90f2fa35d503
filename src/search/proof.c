/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a row do what a window does? By the meanings of the table over terms, for
 * all values of the registers that are live on entry and within the entry facts.
 * What registers hold that are not live is a variable of its own on either side, so
 * a row that reads one is not equal. And: will a verifier know as much afterwards?
 */
#include "search/search_impl.h"

enum { TIMEOUT_MS = 300, ARENA_LIMIT = 64 << 20 };

struct outcome {
	u32 reg[SKEP_WIN_REGS];
	u32 sink;
	u32 at_side[SKEP_WIN_REGS], taken; /* at the branch inside */
};

static u32 source(struct skep_smt *s, const struct outcome *o, const struct skep_ins *in)
{
	return in->form == SKEP_REG ? o->reg[in->src] : skep_smt_const(s, 64, (u64)in->imm);
}

static u32 load(struct skep_smt *s, const struct skep_ins *in, u32 bytes, bool big)
{
	u32 v = skep_smt_extract(s, bytes, (u32)in->off * 8u, in->size * 8u);

	v = big && in->size > 1 ? skep_smt_bswap(s, v) : v;
	return in->op == SKEP_LDXS ? skep_smt_sext(s, v, 64) : skep_smt_zext(s, v, 64);
}

static void follow(struct skep_smt *s, const struct skep_window *w, const struct skep_ins *in,
		   u32 n, struct outcome *o)
{
	u32 side = skep_window_side(w, in, n);

	for (u32 k = 0; k < n; k++) {
		u8 c = skep_op_class(in[k].op);

		if (k == side) {
			memcpy(o->at_side, o->reg, sizeof(o->reg));
			o->taken =
				skep_prove_cond(s, &in[k], o->reg[in[k].dst], source(s, o, &in[k]));
		} else if (is_load(&in[k]))
			o->reg[in[k].dst] = load(s, &in[k], o->reg[in[k].src], w->big);
		else if (in[k].op == SKEP_STX)
			o->sink = skep_smt_extract(s, o->reg[in[k].src], 0, in[k].size * 8u);
		else if (c == SKEP_CLASS_JMP)
			o->sink =
				skep_prove_cond(s, &in[k], o->reg[in[k].dst], source(s, o, &in[k]));
		else if (in[k].op == SKEP_LDDW)
			o->reg[in[k].dst] = skep_smt_const(s, 64, (u64)in[k].imm);
		else
			o->reg[in[k].dst] = skep_prove_alu(s, &in[k], o->reg[in[k].dst],
							   source(s, o, &in[k]), w->big);
	}
}

/* A register on entry: a constant, or a variable as wide as the facts allow. */
static u32 entry(struct skep_smt *s, const struct skep_window *w, u32 r, u32 *var)
{
	*var = 0;
	if (w->fixed[r])
		return skep_smt_const(s, 64, w->value[r]);
	if (!w->bits[r])
		return skep_smt_const(s, 64, 0);
	*var = skep_smt_var(s, w->bits[r], r, 0);
	return skep_smt_zext(s, *var, 64);
}

/* Registers of both that must be equal (the low halves of those in `half`), and those that must
 * stay as they were. */
static u32 same_regs(struct skep_smt *s, u16 out, u16 half, u16 keep, const u32 *a, const u32 *b,
		     const u32 *start)
{
	u32 goal = skep_smt_const(s, 1, 1);

	for (u32 r = 0; r < SKEP_WIN_REGS; r++) {
		if (out & half & 1u << r)
			goal = skep_smt_and(s, goal,
					    skep_smt_eq(s, skep_smt_extract(s, a[r], 0, 32),
							skep_smt_extract(s, b[r], 0, 32)));
		else if (out >> r & 1)
			goal = skep_smt_and(s, goal, skep_smt_eq(s, a[r], b[r]));
		else if (keep >> r & 1)
			goal = skep_smt_and(s, goal, skep_smt_eq(s, start[r], b[r]));
	}
	return goal;
}

/*
 * Both write the same registers, as far as they count, and none that must stay. With a branch
 * inside: it compares the same (so it decides the same), and either control leaves, and what
 * counts there is right, or it does not, and what counts at the end is.
 */
static u32 goal_of(struct skep_smt *s, const struct skep_window *w, const struct outcome *a,
		   const struct outcome *b, const struct outcome *start)
{
	u32 end = same_regs(s, w->out, w->half, w->keep, a->reg, b->reg, start->reg), stays;

	if (w->sink != SKEP_SINK_NONE)
		end = skep_smt_and(s, end, skep_smt_eq(s, a->sink, b->sink));
	if (!w->side)
		return end;
	stays = w->side_not ? a->taken : skep_smt_not(s, a->taken);
	end = skep_smt_ite(
		s, stays, end,
		same_regs(s, w->side_out, 0, w->side_keep, a->at_side, b->at_side, start->reg));
	return skep_smt_and(s, end,
			    same_regs(s, skep_isa_reads(&w->in[w->side - 1]), 0, 0, a->at_side,
				      b->at_side, start->reg));
}

static void read_input(const struct skep_smt_model *m, const struct skep_window *w, const u32 *var,
		       u64 *input)
{
	for (u32 r = 0; r < w->nin; r++) {
		input[r] = w->fixed[r] ? w->value[r] : 0;
		for (u32 k = 0; k < m->n; k++)
			if (var[r] && m->var[k] == var[r])
				input[r] = m->val[k];
	}
}

/*
 * Loads of a row: within the bytes that the window loads, as many at most, no byte twice, and
 * of what the window loads at once no two parts. So others that write the memory meanwhile
 * are seen in no way in which the window could not have seen them.
 */
bool skep_loads_fit(const struct skep_window *w, const struct skep_ins *in, u32 n)
{
	u32 all = 0, mine = 0, loads = 0, allowed = 0;

	for (u32 k = 0; k < w->n; k++) {
		allowed += is_load(&w->in[k]);
		all |= is_load(&w->in[k]) ? bytes_of(&w->in[k]) : 0;
	}
	for (u32 k = 0; k < n; k++) {
		if (!is_load(&in[k]))
			continue;
		if (in[k].off < 0 || in[k].off + in[k].size > 8 || bytes_of(&in[k]) & (~all | mine))
			return false;
		mine |= bytes_of(&in[k]);
		loads++;
	}
	for (u32 k = 0; k < w->n; k++) {
		u32 parts = 0;

		for (u32 i = 0; i < n && is_load(&w->in[k]); i++)
			parts += is_load(&in[i]) && bytes_of(&in[i]) & bytes_of(&w->in[k]);
		if (parts > 1)
			return false;
	}
	return loads <= allowed;
}

/* Do only loads read the bytes of memory, and nobody write them? */
static bool mem_alone(const struct skep_window *w, const struct skep_ins *in)
{
	u16 mem = w->mem ? (u16)(1u << (w->mem - 1)) : 0;

	if (is_load(in))
		return w->mem && in->src + 1u == w->mem && in->dst != in->src;
	return in->op == SKEP_STX || !((skep_isa_reads(in) | skep_isa_writes(in)) & mem);
}

static bool same_branch(const struct skep_ins *a, const struct skep_ins *b)
{
	return a->op == b->op && a->size == b->size && a->form == b->form && a->dst == b->dst &&
	       a->src == b->src && a->imm == b->imm;
}

static bool well_formed(const struct skep_window *w, const struct skep_found *f)
{
	const struct skep_ins *sink = w->sink ? &w->in[w->n - 1] : NULL;

	u32 side = skep_window_side(w, f->in, f->n);

	if (f->n > SKEP_WIN_MAX || (sink && !f->n))
		return false;
	if (w->side && (side == f->n || !same_branch(&f->in[side], &w->in[w->side - 1])))
		return false;
	for (u32 k = 0; k < f->n; k++) {
		const struct skep_ins *in = &f->in[k];
		bool last = k + 1 == f->n, store = in->op == SKEP_STX;
		u8 c = skep_op_class(in->op);

		if (skep_isa_check(in) || skep_isa_refused(in) ||
		    (store ? in->dst != SKEP_WIN_BASE : in->dst >= w->nreg) ||
		    (in->form == SKEP_REG && in->src >= w->nreg) || skep_isa_level(in) > w->level)
			return false;
		if (!mem_alone(w, in))
			return false;
		if (w->side && k == side) {
			if (sink && last)
				return false;
		} else if (sink && last) {
			bool like = w->sink == SKEP_SINK_STORE
					    ? store && in->size == sink->size && !in->off
					    : skep_is_cond(in->op);
			if (!like)
				return false;
		} else if ((c != SKEP_CLASS_ALU && c != SKEP_CLASS_UNARY && in->op != SKEP_LDDW &&
			    !is_load(in)) ||
			   in->op == SKEP_CAST || (in->op == SKEP_LDDW && in->src)) {
			return false;
		}
	}
	return skep_loads_fit(w, f->in, f->n);
}

static enum skep_found_answer ask(struct skep_arena *arena, const struct skep_window *w,
				  const struct skep_found *f, u32 timeout_ms, u64 *input)
{
	struct outcome a = {.sink = 0}, b, start;
	struct skep_smt_model model = {0};
	u32 var[SKEP_WIN_REGS] = {0};
	enum skep_smt_answer answer;
	struct skep_smt s;

	skep_smt_init(&s, arena);
	s.timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_MS;
	for (u32 r = 0; r < w->nreg; r++)
		a.reg[r] = r < w->nin ? entry(&s, w, r, &var[r]) : skep_smt_var(&s, 64, 100 + r, 0);
	b = start = a;
	for (u32 r = w->nin; r < w->nreg; r++)
		if (!(w->keep >> r & 1))
			b.reg[r] = skep_smt_var(&s, 64, 200 + r, 0);
	follow(&s, w, w->in, w->n, &a);
	follow(&s, w, f->in, f->n, &b);
	answer = skep_smt_follows(&s, NULL, 0, goal_of(&s, w, &a, &b, &start), &model);
	if (answer == SKEP_SMT_NO && input)
		read_input(&model, w, var, input);
	skep_smt_fini(&s);
	return answer == SKEP_SMT_YES  ? SKEP_FOUND_YES
	       : answer == SKEP_SMT_NO ? SKEP_FOUND_NO
				       : SKEP_FOUND_UNKNOWN;
}

enum skep_found_answer skep_found_prove(const struct skep_window *w, const struct skep_found *f,
					u32 timeout_ms, u64 input[SKEP_WIN_IN])
{
	volatile enum skep_found_answer answer = SKEP_FOUND_UNKNOWN;
	struct skep_arena arena;
	int oom = 0;

	if (!well_formed(w, f))
		return SKEP_FOUND_NO;
	skep_arena_init(&arena);
	arena.limit = ARENA_LIMIT;
	SKEP_GUARD(&arena, oom, { answer = ask(&arena, w, f, timeout_ms, input); });
	skep_arena_fini(&arena);
	return oom ? SKEP_FOUND_UNKNOWN : answer;
}

/* --- ranges ------------------------------------------------------------------------------- */

struct known {
	struct skep_range reg[SKEP_WIN_REGS], stored;
	struct skep_range at_side[SKEP_WIN_REGS]; /* where control left */
	bool leaves, stays;			  /* can it? */
};

static void entry_ranges(const struct skep_window *w, struct skep_range *r)
{
	for (u32 k = 0; k < SKEP_WIN_REGS; k++) {
		r[k] = skep_range_any();
		if (k < w->nin && w->fixed[k])
			r[k] = skep_range_const(w->value[k]);
		else if (k < w->nin && w->bits[k] < 64)
			r[k] = skep_range_unsigned(0, skep_smt_mask(w->bits[k]));
	}
}

/* What the branch inside tells of its operands, either way. */
static void fork_ranges(const struct skep_window *w, const struct skep_ins *in, struct known *o)
{
	struct skep_range imm = skep_range_const((u64)in->imm), other = imm;
	bool reg = in->form == SKEP_REG;

	memcpy(o->at_side, o->reg, sizeof(o->reg));
	o->leaves = o->stays = true;
	if (reg && in->src == in->dst)
		return;
	o->leaves = skep_range_refine(in->op, in->size, !w->side_not, &o->at_side[in->dst],
				      reg ? &o->at_side[in->src] : &imm);
	o->stays = skep_range_refine(in->op, in->size, w->side_not, &o->reg[in->dst],
				     reg ? &o->reg[in->src] : &other);
}

static void bounds(const struct skep_window *w, const struct skep_ins *in, u32 n, struct known *o)
{
	u32 side = skep_window_side(w, in, n);
	struct skep_range *r = o->reg;

	entry_ranges(w, r);
	o->stored = skep_range_any();
	o->leaves = o->stays = true;
	for (u32 k = 0; k < n; k++) {
		struct skep_range s =
			in[k].form == SKEP_REG ? r[in[k].src] : skep_range_const((u64)in[k].imm);

		if (k == side)
			fork_ranges(w, &in[k], o);
		else if (is_load(&in[k]))
			r[in[k].dst] = in[k].op == SKEP_LDXS ? skep_range_sext(in[k].size)
							     : skep_range_zext(in[k].size);
		else if (in[k].op == SKEP_STX)
			o->stored = s;
		else if (in[k].op == SKEP_LDDW)
			r[in[k].dst] = skep_range_const((u64)in[k].imm);
		else if (!skep_is_cond(in[k].op))
			r[in[k].dst] = skep_range_alu(&in[k], &r[in[k].dst], &s);
	}
}

static bool none_wider(const struct skep_range *a, const struct skep_range *b, u16 regs)
{
	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		if ((regs >> r & 1) && !skep_range_includes(&a[r], &b[r]))
			return false;
	return true;
}

/* Of what only the low half counts, a verifier knows as much as of a copy of that. */
static void cut_halves(u16 half, struct skep_range *reg)
{
	const struct skep_ins low = {.op = SKEP_MOV, .size = 4, .form = SKEP_REG};

	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		if (half >> r & 1)
			reg[r] = skep_range_alu(&low, &reg[r], &reg[r]);
}

bool skep_found_bounded(const struct skep_window *w, const struct skep_found *f)
{
	struct known a = {.leaves = true}, b = {.leaves = true};

	bounds(w, w->in, w->n, &a);
	bounds(w, f->in, f->n, &b);
	cut_halves(w->half, a.reg);
	cut_halves(w->half, b.reg);
	/* A way that cannot be taken tells nothing. */
	if ((b.leaves && !a.leaves) || (b.stays && !a.stays))
		return false;
	if (w->side && b.leaves && !none_wider(a.at_side, b.at_side, w->side_out | w->side_keep))
		return false;
	if (!b.stays)
		return true;
	if (!none_wider(a.reg, b.reg, w->side ? w->out | w->keep : w->out))
		return false;
	/* A verifier follows whole words through the stack. */
	if (w->sink == SKEP_SINK_STORE && w->in[w->n - 1].size == 8)
		return skep_range_includes(&a.stored, &b.stored);
	return true;
}
