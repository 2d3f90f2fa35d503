/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Longer windows: a random walk over rows of a fixed length (Markov chain Monte
 * Carlo, as Schkufza, Sharma and Aiken's "Stochastic Superoptimization", 2013, does
 * it for x86). A row's distance is the number of bits in which its results differ
 * from what is wanted, over all tests; a step changes, exchanges or takes out an
 * instruction and is accepted when the distance falls, or with a probability that
 * shrinks with its rise. What has no distance is offered, and proved like the rest.
 */
#include "search/search_impl.h"

enum { TESTS = 16, RESTART = 40000, HALF = 6, MAX_RISE = 40 * HALF };

struct chain {
	struct search *s;
	struct skep_ins row[SKEP_WIN_MAX];
	bool none[SKEP_WIN_MAX]; /* no instruction here */
	u32 len;		 /* without the sink */
	struct skep_ins sink;
};

static u32 pick(struct chain *c, u32 n)
{
	return (u32)skep_rng_below(&c->s->rng, n);
}

static u8 pick_reg(struct chain *c, u16 among)
{
	u8 reg[SKEP_WIN_REGS], n = 0;

	for (u8 r = 0; r < c->s->w->nreg; r++)
		if (among >> r & 1)
			reg[n++] = r;
	return n ? reg[pick(c, n)] : 0;
}

static u32 compact(const struct chain *c, struct skep_ins *out)
{
	u32 n = 0;

	for (u32 k = 0; k < c->len; k++)
		if (!c->none[k])
			out[n++] = c->row[k];
	if (c->s->w->sink != SKEP_SINK_NONE)
		out[n++] = c->sink;
	return n;
}

static u32 distance(const struct chain *c)
{
	const struct search *s = c->s;
	struct skep_ins row[SKEP_WIN_MAX];
	u32 n = compact(c, row), d = 0;
	u64 reg[SKEP_WIN_REGS], sink;

	for (u32 t = 0; t < TESTS; t++) {
		for (u32 r = 0; r < s->w->nreg; r++)
			reg[r] = s->in[r][t];
		skep_window_run(s->w, row, n, reg, &sink);
		for (u32 r = 0; r < s->w->nreg; r++)
			if (s->w->out >> r & 1)
				d += (u32)__builtin_popcountll((reg[r] ^ s->want[r][t]) &
							       counts(s->w, r));
		if (s->w->sink == SKEP_SINK_BRANCH)
			d += sink != s->want_sink[t] ? 32 : 0;
		else if (s->w->sink == SKEP_SINK_STORE)
			d += (u32)__builtin_popcountll((sink ^ s->want_sink[t]) & s->sink_mask);
	}
	return d;
}

static void random_ins(struct chain *c, struct skep_ins *in)
{
	*in = c->s->shape[pick(c, c->s->nshape)].in;
	in->dst = pick_reg(c, c->s->writable);
	if (in->form == SKEP_REG)
		in->src = pick_reg(c, 0xffff);
}

static void change_sink(struct chain *c)
{
	const struct search *s = c->s;

	if (s->w->sink == SKEP_SINK_STORE) {
		c->sink.src = pick_reg(c, 0xffff);
		return;
	}
	switch (pick(c, 4)) {
	case 0: c->sink.op = (u16)(SKEP_JEQ + pick(c, SKEP_JSET - SKEP_JEQ + 1)); break;
	case 1: c->sink.dst = pick_reg(c, 0xffff); break;
	case 2: c->sink.size = pick(c, 2) ? 8 : 4; break;
	default:
		c->sink.form = pick(c, 2) ? SKEP_REG : SKEP_IMM;
		c->sink.src = c->sink.form == SKEP_REG ? pick_reg(c, 0xffff) : 0;
		c->sink.imm = c->sink.form == SKEP_IMM ? s->imm[pick(c, s->nimm)] : 0;
	}
}

/* Another constant or register of the same operation. */
static void change_operand(struct chain *c, struct skep_ins *in)
{
	if (in->form == SKEP_REG && pick(c, 2))
		in->src = pick_reg(c, 0xffff);
	else
		in->dst = pick_reg(c, c->s->writable);
}

static void propose(struct chain *c)
{
	u32 at = c->len ? pick(c, c->len) : 0, what = pick(c, 16);

	if (!c->len || (c->s->w->sink != SKEP_SINK_NONE && what < 3)) {
		change_sink(c);
	} else if (what < 9) {
		random_ins(c, &c->row[at]);
		c->none[at] = false;
	} else if (what < 12) {
		change_operand(c, &c->row[at]);
	} else if (what < 14) {
		u32 other = pick(c, c->len);
		struct skep_ins t = c->row[at];
		bool none = c->none[at];

		c->row[at] = c->row[other];
		c->none[at] = c->none[other];
		c->row[other] = t;
		c->none[other] = none;
	} else {
		c->none[at] = true;
	}
}

/* Begin with the window, an instruction or more left out. */
static void restart(struct chain *c)
{
	const struct skep_window *w = c->s->w;
	u32 n = w->n - (w->sink != SKEP_SINK_NONE), skip = n - c->len, k = 0;

	for (u32 i = 0; i < n && k < c->len; i++) {
		if (skip && pick(c, n - i) < skip) {
			skip--;
			continue;
		}
		c->row[k] = w->in[i];
		c->none[k++] = false;
	}
	for (; k < c->len; k++)
		c->none[k] = true;
	if (w->sink != SKEP_SINK_NONE)
		c->sink = w->in[w->n - 1];
}

/* Half as probable with every HALF bits more. */
static bool accept(struct chain *c, u32 now, u32 then)
{
	u32 rise = then > now ? then - now : 0;

	if (!rise)
		return true;
	if (rise >= MAX_RISE)
		return false;
	return skep_rng_next(&c->s->rng) >> 1 < (u64)1 << (63 - rise / HALF);
}

static void offer(struct chain *c)
{
	struct skep_ins row[SKEP_WIN_MAX];
	u32 n = compact(c, row);

	for (u32 k = 0; k < n; k++)
		if (skep_isa_level(&row[k]) > c->s->w->level || skep_isa_check(&row[k]) ||
		    skep_isa_refused(&row[k]))
			return;
	skep_search_offer(c->s, row, n);
}

void skep_search_stochastic(struct search *s, u32 len, u32 steps)
{
	struct chain c = {.s = s, .len = len}, old;
	u32 now = 0;

	if (!s->nshape || !s->nimm)
		return;
	for (u32 k = 0; k < steps && !s->found; k++) {
		u32 then;

		if (k % RESTART == 0) {
			restart(&c);
			now = distance(&c);
		}
		if (k % 256 == 0 && skep_search_stopped(s))
			return;
		old = c;
		propose(&c);
		then = distance(&c);
		if (!then)
			offer(&c);
		if (accept(&c, now, then))
			now = then;
		else
			c = old;
	}
}
