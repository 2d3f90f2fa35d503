/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Candidates in the order of their length. A candidate grows by one instruction at
 * a time, with the values that its registers have under all tests. What would not
 * help is left out: an instruction whose result some register already holds, or
 * that overwrites what nobody read; more results than instructions are left to read
 * them; states that were there before. The last instruction is not tried but solved
 * for: its operation and registers are enumerated, its constant is computed from
 * what is wanted.
 *
 * A branch inside a window (search.h) comes in each row once, where its operands and what
 * is live where control leaves are right. Behind it, tests on which control has left say
 * nothing; they go on as copies of one on which it has not.
 *
 * Leaving out a candidate by mistake loses a result and no more: what is offered is
 * proved. So states are told apart by a hash alone.
 */
#include "search/search_impl.h"

struct state {
	column val[SKEP_WIN_REGS];
	u16 defined; /* registers that hold something known */
	u16 unread;  /* results that nobody has read yet */
	bool passed; /* the branch inside stands in the row, or there is none */
	u32 cost;
};

struct walk {
	struct search *s;
	struct skep_ins row[SKEP_WIN_MAX];
	u32 n; /* instructions of the row so far */
};

static bool same(const column a, const column b, u64 mask)
{
	for (u32 t = 0; t < NTEST; t++)
		if ((a[t] ^ b[t]) & mask)
			return false;
	return true;
}

/* May the instruction have this source? The bytes of memory are for loads alone. */
static bool from(const struct search *s, const struct skep_ins *in, u8 src)
{
	return is_load(in) == (src + 1u == s->w->mem);
}

static u64 eval(const struct search *s, const struct skep_ins *in, u64 dst, u64 src)
{
	return is_load(in) ? skep_window_load(in, src, s->w->big) : skep_isa_eval(in, dst, src);
}

/* Registers that must hold something else at the end. */
static u16 wrong(const struct search *s, const struct state *st)
{
	u16 w = 0;

	for (u32 r = 0; r < s->w->nreg; r++)
		if ((s->w->out >> r & 1) && !same(st->val[r], s->want[r], counts(s->w, r)))
			w |= (u16)(1u << r);
	return w;
}

/* --- sinks ------------------------------------------------------------------------------- */

static void offer_store(struct walk *k, const struct state *st, u16 only)
{
	const struct search *s = k->s;
	struct skep_ins in = s->w->in[s->w->n - 1];

	for (u32 r = 0; r < s->w->nreg; r++) {
		if (!(st->defined & only & 1u << r) ||
		    !same(st->val[r], s->want_sink, s->sink_mask))
			continue;
		in.src = (u8)r;
		k->row[k->n] = in;
		skep_search_offer(k->s, k->row, k->n + 1);
		return;
	}
}

static bool decides(const struct search *s, const struct state *st, const struct skep_ins *in)
{
	for (u32 t = 0; t < NTEST; t++) {
		u64 src = in->form == SKEP_REG ? st->val[in->src][t] : 0;

		if (skep_isa_cond(in, st->val[in->dst][t], src) != (bool)s->want_sink[t])
			return false;
	}
	return true;
}

static void offer_branch(struct walk *k, const struct state *st, struct skep_ins *in)
{
	if (skep_isa_level(in) > k->s->w->level || !decides(k->s, st, in))
		return;
	k->row[k->n] = *in;
	skep_search_offer(k->s, k->row, k->n + 1);
}

static void branches(struct walk *k, const struct state *st)
{
	struct search *s = k->s;
	struct skep_ins in = {.op = SKEP_JEQ};

	s->nodes += 16;
	for (in.op = SKEP_JEQ; in.op <= SKEP_JSET; in.op++)
		for (in.size = 8; in.size >= 4; in.size -= 4)
			for (in.dst = 0; in.dst < s->w->nreg; in.dst++) {
				if (!(st->defined >> in.dst & 1) || in.dst + 1u == s->w->mem)
					continue;
				in.form = SKEP_REG;
				in.imm = 0;
				for (in.src = 0; in.src < s->w->nreg; in.src++)
					if ((st->defined >> in.src & 1) && in.src != in.dst &&
					    from(s, &in, in.src))
						offer_branch(k, st, &in);
				in.form = SKEP_IMM;
				in.src = 0;
				for (u32 i = 0; i < s->nimm; i++) {
					in.imm = s->imm[i];
					offer_branch(k, st, &in);
				}
			}
}

static void at_sink(struct walk *k, const struct state *st)
{
	if (wrong(k->s, st))
		return;
	switch (k->s->w->sink) {
	case SKEP_SINK_STORE: offer_store(k, st, 0xffff); break;
	case SKEP_SINK_BRANCH: branches(k, st); break;
	default: skep_search_offer(k->s, k->row, k->n);
	}
}

/* --- the last instruction -----------------------------------------------------------------------
 */

struct target {
	const u64 *want;
	u64 mask;
	u8 dst;
};

static void try_last(struct walk *k, const struct state *st, const struct target *g,
		     const struct skep_ins *in)
{
	const struct search *s = k->s;
	struct state *next;
	column out;

	for (u32 t = 0; t < NTEST; t++) {
		out[t] = eval(s, in, st->val[g->dst][t],
			      in->form == SKEP_REG ? st->val[in->src][t] : 0);
		if ((out[t] ^ g->want[t]) & g->mask)
			return;
	}
	if (skep_isa_level(in) > s->w->level || skep_isa_check(in) || skep_isa_refused(in))
		return;
	k->row[k->n++] = *in;
	if (s->w->sink == SKEP_SINK_NONE) {
		skep_search_offer(k->s, k->row, k->n);
	} else {
		struct state copy = *st;

		next = &copy;
		memcpy(next->val[g->dst], out, sizeof(out));
		next->defined |= (u16)(1u << g->dst);
		offer_store(k, next, 0xffff);
	}
	k->n--;
}

/* A constant with which `d op constant` may be what is wanted. */
static void try_imm(struct walk *k, const struct state *st, const struct target *g, u16 op, u8 size,
		    u64 imm)
{
	struct skep_ins in = {.op = op, .size = size, .form = SKEP_IMM, .dst = g->dst};

	in.imm = (s32)imm;
	if ((u64)in.imm == imm || size == 4)
		try_last(k, st, g, &in);
}

/* Modulo 2^bits of the mask, as the small number and as the negative one. */
static void try_modulo(struct walk *k, const struct state *st, const struct target *g, u16 op,
		       u8 size, u64 v)
{
	u64 mask = g->mask;

	try_imm(k, st, g, op, size, v & mask);
	if (mask != ~(u64)0 && (v & mask) > mask >> 1)
		try_imm(k, st, g, op, size, v | ~mask);
}

static void solve_masks(struct walk *k, const struct state *st, const struct target *g, u8 size)
{
	const u64 *d = st->val[g->dst];
	u64 and1 = 0, and0 = 0, or1 = 0, or0 = 0, upper = ~(u64)0 << 31;

	for (u32 t = 0; t < NTEST; t++) {
		u64 w = g->want[t] & g->mask, x = d[t] & g->mask;

		and1 |= w;
		and0 |= x & ~w;
		or1 |= w & ~x;
		or0 |= g->mask & ~w;
	}
	if (!(and1 & and0)) {
		try_imm(k, st, g, SKEP_AND, size, and1);
		if (~and0 != and1)
			try_imm(k, st, g, SKEP_AND, size, ~and0);
		if (and1 >> 31 && !(upper & and0))
			try_imm(k, st, g, SKEP_AND, size, and1 | upper);
	}
	if (!(or1 & or0) && or1) {
		try_imm(k, st, g, SKEP_OR, size, or1);
		if (or1 >> 31)
			try_imm(k, st, g, SKEP_OR, size, or1 | upper);
	}
}

static u64 inverse(u64 odd)
{
	u64 x = odd;

	for (u32 k = 0; k < 6; k++)
		x *= 2 - odd * x;
	return x;
}

static void solve_product(struct walk *k, const struct state *st, const struct target *g, u8 size)
{
	const u64 *d = st->val[g->dst];

	for (u32 t = 0; t < NTEST; t++)
		if (d[t] & 1) {
			try_modulo(k, st, g, SKEP_MUL, size, g->want[t] * inverse(d[t]));
			return;
		}
}

static void solve_shifts(struct walk *k, const struct state *st, const struct target *g, u8 size)
{
	const u64 *d = st->val[g->dst];

	for (u32 t = 0; t < NTEST; t++) {
		u64 w = g->want[t] & g->mask, x = size == 8 ? d[t] : (u32)d[t];
		int left, right;

		if (!w || !x || (w >> 63) != (x >> 63))
			continue;
		left = __builtin_ctzll(w) - __builtin_ctzll(x);
		right = __builtin_clzll(w) - __builtin_clzll(x);
		if (left > 0)
			try_imm(k, st, g, SKEP_LSH, size, (u64)left);
		if (right > 0) {
			try_imm(k, st, g, SKEP_RSH, size, (u64)right);
			try_imm(k, st, g, SKEP_ARSH, size, (u64)right);
		}
		break;
	}
	for (u32 i = 0; i < k->s->nshift; i++) {
		u16 op[] = {SKEP_LSH, SKEP_RSH, SKEP_ARSH};

		for (u32 o = 0; o < 3 && k->s->shift[i] < size * 8; o++)
			try_imm(k, st, g, op[o], size, (u64)k->s->shift[i]);
	}
}

static void solve_imm(struct walk *k, const struct state *st, const struct target *g)
{
	u64 first = g->want[0], d = st->val[g->dst][0];

	try_modulo(k, st, g, SKEP_MOV, 8, first);
	try_modulo(k, st, g, SKEP_MOV, 4, first);
	if (!(st->defined >> g->dst & 1))
		return;
	for (u8 size = 8; size >= 4; size -= 4) {
		try_modulo(k, st, g, SKEP_ADD, size, first - d);
		try_modulo(k, st, g, SKEP_XOR, size, first ^ d);
		solve_masks(k, st, g, size);
		solve_shifts(k, st, g, size);
		solve_product(k, st, g, size);
	}
}

/* Shapes without a constant, and those whose constant is not computed. */
static bool solved_for(const struct skep_ins *in)
{
	return in->form == SKEP_IMM && skep_op_class(in->op) == SKEP_CLASS_ALU &&
	       in->op != SKEP_DIV && in->op != SKEP_MOD && in->op != SKEP_SDIV &&
	       in->op != SKEP_SMOD;
}

/* Does the instruction read its destination? */
static bool reads_dst(const struct skep_ins *in)
{
	return in->op != SKEP_MOV && in->op != SKEP_MOVSX && in->op != SKEP_LDDW && !is_load(in);
}

static void solve(struct walk *k, const struct state *st, const struct target *g)
{
	const struct search *s = k->s;

	solve_imm(k, st, g);
	for (u32 i = 0; i < s->nshape; i++) {
		struct skep_ins in = s->shape[i].in;

		if (solved_for(&in) || in.op == SKEP_LDDW ||
		    (reads_dst(&in) && !(st->defined >> g->dst & 1)))
			continue;
		in.dst = g->dst;
		if (in.form != SKEP_REG) {
			try_last(k, st, g, &in);
			continue;
		}
		for (in.src = 0; in.src < s->w->nreg; in.src++)
			if ((st->defined >> in.src & 1) && from(s, &in, in.src))
				try_last(k, st, g, &in);
	}
}

static void last(struct walk *k, const struct state *st)
{
	const struct search *s = k->s;
	u16 w = wrong(s, st);

	if (w & (w - 1))
		return;
	for (u8 r = 0; r < s->w->nreg; r++) {
		struct target g = {w ? s->want[r] : s->want_sink, w ? counts(s->w, r) : s->sink_mask,
				   r};

		/* A result that nobody reads must be the one that is overwritten now, or wanted. */
		if ((w ? w == 1u << r
		       : s->w->sink == SKEP_SINK_STORE && (s->writable & ~s->w->out) >> r & 1))
			solve(k, st, &g);
	}
}

/* --- growing
 * ----------------------------------------------------------------------------------------- */

static u64 hash_of(const struct search *s, const struct state *st, u32 left)
{
	u64 h = left * 0x9e3779b97f4a7c15u + st->unread + ((u64)st->passed << 17);

	if (s->w->mode == SKEP_OPT_SPEED)
		h ^= (u64)st->cost << 20;
	for (u32 r = 0; r < s->w->nreg; r++)
		if (st->defined >> r & 1)
			for (u32 t = 0; t < 12; t++)
				h = (h ^ (st->val[r][t] + r)) * 0xff51afd7ed558ccdu, h ^= h >> 32;
	return h | 1;
}

static bool seen_before(struct search *s, const struct state *st, u32 left)
{
	u64 h = hash_of(s, st, left), *at = &s->seen[h & (s->nseen - 1)];

	if (*at == h)
		return true;
	*at = h;
	return false;
}

static void grow(struct walk *k, const struct state *st, u32 left);

/* What the branch inside, and those that control goes to from there, will read. */
static u16 read_at_side(const struct search *s, const struct state *st)
{
	return st->passed ? 0 : skep_isa_reads(&s->w->in[s->w->side - 1]) | s->w->side_out;
}

static bool ready_to_leave(const struct search *s, const struct state *st, u16 operands)
{
	for (u32 r = 0; r < s->w->nreg; r++) {
		if (operands >> r & 1 &&
		    (!(st->defined >> r & 1) || !same(st->val[r], s->at_side[r], ~(u64)0)))
			return false;
		for (u32 t = 0; t < NTEST && s->w->side_out >> r & 1; t++)
			if (s->left[t] && st->val[r][t] != s->at_side[r][t])
				return false;
	}
	return true;
}

/* The branch inside comes now, if all is as it should be there. */
static void leave(struct walk *k, const struct state *st, u32 left)
{
	const struct search *s = k->s;
	const struct skep_ins *branch = &s->w->in[s->w->side - 1];
	struct state next;

	if (!ready_to_leave(s, st, skep_isa_reads(branch)))
		return;
	memcpy(&next, st, sizeof(next));
	next.unread &= (u16)~read_at_side(s, st);
	next.passed = true;
	for (u32 r = 0; r < s->w->nreg; r++)
		for (u32 t = 0; t < NTEST; t++)
			next.val[r][t] = st->val[r][s->stand[t]];
	k->row[k->n++] = *branch;
	grow(k, &next, left);
	k->n--;
}

/* Append the instruction and go on, unless that leads nowhere. */
static void append(struct walk *k, const struct state *st, const struct skep_ins *in, u32 cost,
		   u32 left)
{
	struct search *s = k->s;
	struct state next;
	u16 bit = (u16)(1u << in->dst), read = 0;
	column out, imm;

	if (reads_dst(in))
		read |= bit;
	if (in->form == SKEP_REG)
		read |= (u16)(1u << in->src);
	if ((st->unread & bit & ~read) || (read & ~st->defined))
		return;
	if (!st->passed && s->w->side_keep & bit)
		return;
	if (in->form == SKEP_IMM)
		for (u32 t = 0; t < NTEST; t++)
			imm[t] = (u64)in->imm;
	if (in->op == SKEP_LDDW)
		memcpy(out, imm, sizeof(out));
	else if (is_load(in))
		for (u32 t = 0; t < NTEST; t++)
			out[t] = skep_window_load(in, st->val[in->src][t], s->w->big);
	else
		skep_isa_eval_n(in, st->val[in->dst], in->form == SKEP_REG ? st->val[in->src] : imm,
				out, NTEST);
	s->nodes++;
	/* A copy is what the next instruction changes; all else must be new. */
	if (in->op != SKEP_MOV || in->form != SKEP_REG || in->size != 8) {
		for (u32 r = 0; r < s->w->nreg; r++)
			if ((st->defined >> r & 1) && same(out, st->val[r], ~(u64)0))
				return;
	} else if (in->dst == in->src) {
		return;
	}
	memcpy(&next, st, sizeof(next));
	memcpy(next.val[in->dst], out, sizeof(out));
	next.defined |= bit;
	next.unread = (u16)((st->unread & ~read) | bit);
	next.cost = st->cost + cost;
	/* Each instruction that is left makes at most one of two unread results into one, a sink
	 * reads two. */
	if ((u32)__builtin_popcount(next.unread & ~s->w->out & ~read_at_side(s, st)) >
	    left + (s->w->sink != SKEP_SINK_NONE))
		return;
	if (next.cost >= s->best_cost || seen_before(s, &next, left))
		return;
	k->row[k->n++] = *in;
	grow(k, &next, left);
	k->n--;
}

static void grow(struct walk *k, const struct state *st, u32 left)
{
	struct search *s = k->s;

	if (skep_search_stopped(s))
		return;
	if (!st->passed)
		leave(k, st, left);
	if (!left) {
		if (st->passed)
			at_sink(k, st);
		return;
	}
	if (left == 1 && st->passed && s->w->sink != SKEP_SINK_BRANCH) {
		last(k, st);
		return;
	}
	for (u32 i = 0; i < s->nshape && !s->over; i++) {
		struct skep_ins in = s->shape[i].in;

		for (in.dst = 0; in.dst < s->w->nreg; in.dst++) {
			if (!(s->writable >> in.dst & 1))
				continue;
			if (in.form != SKEP_REG) {
				append(k, st, &in, s->shape[i].cost, left - 1);
				continue;
			}
			for (in.src = 0; in.src < s->w->nreg; in.src++)
				if (from(s, &in, in.src))
					append(k, st, &in, s->shape[i].cost, left - 1);
		}
	}
}

void skep_search_enumerate(struct search *s, u32 len)
{
	struct walk k = {.s = s};
	struct state st = {.passed = !s->w->side};

	memset(s->seen, 0, s->nseen * sizeof(*s->seen));
	memcpy(st.val, s->in, sizeof(st.val));
	st.defined = (u16)((1u << s->w->nin) - 1);
	if (s->w->sink != SKEP_SINK_NONE)
		st.cost = skep_search_cost((enum skep_opt_mode)s->w->mode, &s->w->in[s->w->n - 1]);
	if (s->w->side)
		st.cost +=
			skep_search_cost((enum skep_opt_mode)s->w->mode, &s->w->in[s->w->side - 1]);
	grow(&k, &st, len);
}
