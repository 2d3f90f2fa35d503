/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What candidates are made of and tried on: inputs within the entry facts, corner
 * values first; the window's constants and what is derived from them; the shapes
 * of instructions that the level allows. And the last word on a candidate.
 */
#include "search/search_impl.h"

enum { ATTEMPTS = 64 };

/* --- running --------------------------------------------------------------------------- */

u64 skep_window_load(const struct skep_ins *in, u64 bytes, bool big)
{
	u32 bits = in->size * 8u;
	u64 v = bytes >> (in->off * 8);

	v = bits < 64 ? v & (((u64)1 << bits) - 1) : v;
	if (big && bits > 8)
		v = __builtin_bswap64(v) >> (64 - bits);
	return in->op == SKEP_LDXS ? (u64)((s64)(v << (64 - bits)) >> (64 - bits)) : v;
}

u32 skep_window_side(const struct skep_window *w, const struct skep_ins *in, u32 n)
{
	u32 k = w->side ? 0 : n;

	while (k < n && !skep_is_cond(in[k].op))
		k++;
	return k;
}

bool skep_window_run(const struct skep_window *w, const struct skep_ins *in, u32 n,
		     u64 reg[SKEP_WIN_REGS], u64 *sink)
{
	u32 side = skep_window_side(w, in, n);

	*sink = 0;
	for (u32 k = 0; k < n; k++) {
		u64 src = in[k].form == SKEP_REG ? reg[in[k].src] : (u64)in[k].imm;

		if (k == side) {
			if (skep_isa_cond(&in[k], reg[in[k].dst], src) != w->side_not)
				return true;
		} else if (is_load(&in[k]))
			reg[in[k].dst] = skep_window_load(&in[k], src, w->big);
		else if (in[k].op == SKEP_STX)
			*sink = src;
		else if (skep_op_class(in[k].op) == SKEP_CLASS_JMP)
			*sink = skep_isa_cond(&in[k], reg[in[k].dst], src);
		else if (in[k].op == SKEP_LDDW)
			reg[in[k].dst] = (u64)in[k].imm;
		else
			reg[in[k].dst] = skep_isa_eval(&in[k], reg[in[k].dst], src);
	}
	return false;
}

/* --- inputs ------------------------------------------------------------------------------ */

static u64 corner(struct search *s)
{
	static const u64 odd[] = {0,
				  1,
				  2,
				  ~(u64)0,
				  0x7f,
				  0x80,
				  0xff,
				  0x100,
				  0x7fff,
				  0x8000,
				  0xffff,
				  0x7fffffff,
				  0x80000000,
				  0xffffffff,
				  0x100000000,
				  (u64)1 << 63,
				  ~((u64)1 << 63),
				  0x0123456789abcdef};
	u64 r = skep_rng_next(&s->rng);

	if ((r & 1) && s->nimm)
		return (u64)(s64)s->imm[(r >> 3) % s->nimm] + ((r >> 1) & 3) - 1;
	return odd[(r >> 3) % SKEP_ARRAY_SIZE(odd)];
}

static u64 any_number(struct search *s)
{
	u64 r = skep_rng_next(&s->rng), v = skep_rng_next(&s->rng);

	switch (r & 7) {
	case 0:
	case 1: return corner(s);
	case 2: return v >> 32;
	case 3: return corner(s) << (v & 63);
	case 4: return v >> (r >> 8 & 63);
	default: return v;
	}
}

static void any_input(struct search *s, u64 *reg)
{
	const struct skep_window *w = s->w;

	for (u32 r = 0; r < w->nreg; r++) {
		reg[r] = any_number(s);
		if (r < w->nin && w->fixed[r])
			reg[r] = w->value[r];
		else if (r < w->nin && w->bits[r] < 64)
			reg[r] &= ((u64)1 << w->bits[r]) - 1;
	}
}

/* With a branch inside, three of four inputs go on behind it, if such are found. */
static void make_input(struct search *s, u64 *reg)
{
	bool leave = s->w->side && !(skep_rng_next(&s->rng) & 3);

	for (u32 k = 0; k < (s->w->side ? ATTEMPTS : 1u); k++) {
		u64 copy[SKEP_WIN_REGS] = {0}, sink;

		any_input(s, reg);
		memcpy(copy, reg, s->w->nreg * sizeof(*reg));
		if (!s->w->side || skep_window_run(s->w, s->w->in, s->w->n, copy, &sink) == leave)
			return;
	}
}

static void add_more(struct search *s, const u64 *reg)
{
	u32 k = s->nmore++;

	memcpy(s->more[k], reg, sizeof(s->more[k]));
	memcpy(s->want_more[k], reg, sizeof(s->want_more[k]));
	s->left_more[k] =
		skep_window_run(s->w, s->w->in, s->w->n, s->want_more[k], &s->want_more_sink[k]);
}

/* What the registers hold at the branch inside. */
static void at_side(struct search *s, const u64 *start, u32 t)
{
	u64 reg[SKEP_WIN_REGS], sink;

	memcpy(reg, start, sizeof(reg));
	skep_window_run(s->w, s->w->in, s->w->side - 1u, reg, &sink);
	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		s->at_side[r][t] = reg[r];
}

/* Behind the branch, tests on which control has left repeat one on which it has not. */
static void stand_in(struct search *s)
{
	u32 stays = 0;

	while (stays < NTEST && s->left[stays])
		stays++;
	s->lost = stays == NTEST;
	for (u32 t = 0; t < NTEST && !s->lost; t++) {
		s->stand[t] = (u8)(s->left[t] ? stays : t);
		for (u32 r = 0; r < SKEP_WIN_REGS; r++)
			s->want[r][t] = s->want[r][s->stand[t]];
		s->want_sink[t] = s->want_sink[s->stand[t]];
	}
}

static void make_inputs(struct search *s)
{
	u64 reg[SKEP_WIN_REGS] = {0}, sink;

	for (u32 t = 0; t < NTEST; t++) {
		make_input(s, reg);
		for (u32 r = 0; r < SKEP_WIN_REGS; r++)
			s->in[r][t] = reg[r];
		if (s->w->side)
			at_side(s, reg, t);
		s->left[t] = skep_window_run(s->w, s->w->in, s->w->n, reg, &sink);
		for (u32 r = 0; r < SKEP_WIN_REGS; r++)
			s->want[r][t] = reg[r];
		s->want_sink[t] = sink;
	}
	if (s->w->side)
		stand_in(s);
	for (u32 t = 0; t < NMORE; t++) {
		make_input(s, reg);
		add_more(s, reg);
	}
}

/* --- constants -------------------------------------------------------------------------------- */

static bool is_shift(u16 op)
{
	return op == SKEP_LSH || op == SKEP_RSH || op == SKEP_ARSH;
}

static void add_imm(struct search *s, s64 v)
{
	if (v != (s32)v || s->nimm == NIMM)
		return;
	for (u32 k = 0; k < s->nimm; k++)
		if (s->imm[k] == v)
			return;
	s->imm[s->nimm++] = (s32)v;
}

static void add_shift(struct search *s, s64 v)
{
	if (v < 1 || v > 63 || s->nshift == NSHIFT)
		return;
	for (u32 k = 0; k < s->nshift; k++)
		if (s->shift[k] == v)
			return;
	s->shift[s->nshift++] = (s32)v;
}

/* Sums and differences, complements, and masks as wide as a shift leaves them. */
static void derive(struct search *s, u32 imms, u32 shifts)
{
	for (u32 k = 0; k < shifts; k++) {
		add_shift(s, 64 - s->shift[k]);
		add_shift(s, 32 - s->shift[k]);
		for (u32 j = 0; j < shifts; j++) {
			add_shift(s, s->shift[k] + s->shift[j]);
			add_shift(s, s->shift[k] - s->shift[j]);
		}
		add_imm(s, ((s64)1 << (s->shift[k] & 31)) - 1);
		add_imm(s, (s64)1 << (s->shift[k] & 31));
		if (s->shift[k] > 32)
			add_imm(s, ((s64)1 << (64 - s->shift[k])) - 1);
	}
	for (u32 k = 0; k < imms; k++) {
		s64 v = s->imm[k];

		add_imm(s, -v);
		add_imm(s, ~v);
		if (v > 0 && !(v & (v - 1)))
			add_shift(s, __builtin_ctzll((u64)v));
		if (v > 0 && !(v & (v + 1)))
			add_shift(s, __builtin_popcountll((u64)v));
		for (u32 j = 0; j < imms; j++) {
			add_imm(s, v + s->imm[j]);
			add_imm(s, v & s->imm[j]);
			add_imm(s, v | s->imm[j]);
		}
		for (u32 j = 0; j < shifts && s->shift[j] < 32; j++) {
			add_imm(s, v >> s->shift[j]);
			add_imm(s, (s64)((u64)v << s->shift[j]));
		}
	}
}

static void collect(struct search *s)
{
	const struct skep_window *w = s->w;
	u32 imms, shifts;

	for (u32 k = 0; k < w->n; k++) {
		if (w->in[k].form != SKEP_IMM && w->in[k].op != SKEP_LDDW)
			continue;
		if (is_shift(w->in[k].op))
			add_shift(s, w->in[k].imm);
		else if (skep_op_class(w->in[k].op) != SKEP_CLASS_UNARY)
			add_imm(s, w->in[k].imm);
	}
	imms = s->nimm;
	shifts = s->nshift;
	add_imm(s, 0);
	add_imm(s, 1);
	add_imm(s, -1);
	derive(s, imms, shifts);
}

/* --- shapes -------------------------------------------------------------------------------------
 */

static void add_shape(struct search *s, const struct skep_ins *in)
{
	if (s->nshape == MAX_SHAPES || skep_isa_check(in) || skep_isa_level(in) > s->w->level)
		return;
	s->shape[s->nshape++] =
		(struct shape){*in, skep_search_cost((enum skep_opt_mode)s->w->mode, in)};
}

/* Does the window have an instruction that one of these is like? */
static bool has(const struct search *s, u16 op, int form)
{
	for (u32 k = 0; k < s->w->n; k++)
		if (s->w->in[k].op == op && (form < 0 || s->w->in[k].form == form))
			return true;
	return false;
}

static void binary_shapes(struct search *s, u16 op, u8 size)
{
	bool dear = op == SKEP_MUL || op == SKEP_DIV || op == SKEP_MOD || op == SKEP_SDIV ||
		    op == SKEP_SMOD;
	struct skep_ins in = {.op = op, .size = size, .form = SKEP_REG};

	if (dear && !has(s, op, -1))
		return;
	if (is_shift(op) ? has(s, op, SKEP_REG) : true)
		add_shape(s, &in);
	in.form = SKEP_IMM;
	for (u32 k = 0; k < s->nshift && is_shift(op); k++) {
		in.imm = s->shift[k];
		if (in.imm < size * 8)
			add_shape(s, &in);
	}
	/* x - k is x + -k. */
	for (u32 k = 0; k < s->nimm && !is_shift(op) && op != SKEP_SUB; k++) {
		in.imm = s->imm[k];
		add_shape(s, &in);
	}
}

static void unary_shapes(struct search *s)
{
	static const u16 swaps[] = {SKEP_TOLE, SKEP_TOBE, SKEP_BSWAP};
	bool bytes = has(s, SKEP_LSH, SKEP_IMM) || has(s, SKEP_RSH, SKEP_IMM) ||
		     has(s, SKEP_TOBE, -1) || has(s, SKEP_TOLE, -1) || has(s, SKEP_BSWAP, -1);

	for (u8 size = 8; size >= 4; size -= 4) {
		struct skep_ins neg = {.op = SKEP_NEG, .size = size};
		struct skep_ins sx = {.op = SKEP_MOVSX, .size = size, .form = SKEP_REG};

		add_shape(s, &neg);
		for (sx.off = 8; sx.off < size * 8; sx.off *= 2)
			add_shape(s, &sx);
	}
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(swaps) && bytes; k++)
		for (s64 bits = 16; bits <= 64; bits *= 2) {
			struct skep_ins in = {.op = swaps[k], .size = 8, .imm = bits};

			add_shape(s, &in);
		}
}

/* All loads within the bytes that the window loads. */
static void load_shapes(struct search *s)
{
	const struct skep_window *w = s->w;
	struct skep_ins in = {.op = SKEP_LDX, .form = SKEP_REG};
	u32 bytes = 0;

	for (u32 k = 0; k < w->n; k++)
		bytes |= is_load(&w->in[k]) ? bytes_of(&w->in[k]) : 0;
	for (in.op = SKEP_LDX; in.op <= SKEP_LDXS; in.op++)
		for (in.size = 1; in.size <= 8; in.size *= 2)
			for (in.off = 0; in.off + in.size <= 8; in.off++)
				if (!(bytes_of(&in) & ~bytes))
					add_shape(s, &in);
}

static void make_shapes(struct search *s)
{
	if (s->w->mem)
		load_shapes(s);
	for (u16 op = 0; op < SKEP_OP_NR; op++)
		for (u8 size = 8; size >= 4 && skep_op_class(op) == SKEP_CLASS_ALU; size -= 4)
			binary_shapes(s, op, size);
	unary_shapes(s);
	/* Constants that need 16 bytes. */
	for (u32 k = 0; k < s->w->n; k++)
		if (s->w->in[k].op == SKEP_LDDW && s->w->in[k].imm != (s32)s->w->in[k].imm)
			add_shape(s, &s->w->in[k]);
}

void skep_search_prepare(struct search *s)
{
	const struct skep_window *w = s->w;

	for (u32 r = 0; r < w->nreg; r++)
		if (!(w->keep >> r & 1))
			s->writable |= (u16)(1u << r);
	s->sink_mask = ~(u64)0;
	if (w->sink == SKEP_SINK_STORE && w->in[w->n - 1].size < 8)
		s->sink_mask = ((u64)1 << (w->in[w->n - 1].size * 8)) - 1;
	s->best_cost = skep_search_cost_of((enum skep_opt_mode)w->mode, w->in, w->n);
	collect(s);
	make_inputs(s);
	make_shapes(s);
}

/* --- a candidate
 * ------------------------------------------------------------------------------------ */

static bool passes(const struct search *s, const struct skep_ins *in, u32 n, u32 t)
{
	const struct skep_window *w = s->w;
	u64 reg[SKEP_WIN_REGS], sink;
	bool left;
	u16 out;

	memcpy(reg, s->more[t], sizeof(reg));
	left = skep_window_run(w, in, n, reg, &sink);
	if (left != s->left_more[t])
		return false;
	out = left ? w->side_out : w->out;
	for (u32 r = 0; r < w->nreg; r++)
		if ((out >> r & 1) && (reg[r] ^ s->want_more[t][r]) & counts(w, r))
			return false;
	return left || w->sink == SKEP_SINK_NONE || !((sink ^ s->want_more_sink[t]) & s->sink_mask);
}

bool skep_search_stopped(struct search *s)
{
	if (s->nodes > s->budget || s->proofs >= s->max_proofs)
		s->over = true;
	/* Who is asked looks at a clock. */
	if (!s->over && s->opts->stop && s->asked++ % 64 == 0 && s->opts->stop(s->opts->user))
		s->over = true;
	return s->over;
}

bool skep_search_offer(struct search *s, const struct skep_ins *in, u32 n)
{
	u64 input[SKEP_WIN_REGS] = {0};
	struct skep_found f = {.n = (u8)n};
	u32 cost = skep_search_cost_of((enum skep_opt_mode)s->w->mode, in, n);
	enum skep_found_answer a;

	if (cost >= s->best_cost || s->proofs >= s->max_proofs)
		return false;
	/* Counterexamples last: they are what fails most often. */
	for (u32 t = s->nmore; t-- > 0;)
		if (!passes(s, in, n, t))
			return false;
	memcpy(f.in, in, n * sizeof(*in));
	if (!skep_loads_fit(s->w, in, n) || !skep_found_bounded(s->w, &f))
		return false;
	s->proofs++;
	s->stats->proofs++;
	a = skep_found_prove(s->w, &f, s->opts->timeout_ms, input);
	s->stats->refuted += a == SKEP_FOUND_NO;
	s->stats->unknown += a == SKEP_FOUND_UNKNOWN;
	if (a == SKEP_FOUND_NO && s->nmore < NMORE + NFOUND)
		add_more(s, input);
	if (a != SKEP_FOUND_YES)
		return false;
	s->best = f;
	s->best_cost = cost;
	s->found = true;
	return true;
}
