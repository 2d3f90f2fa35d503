/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a generator learns from a run that was watched: the operands of jumps that
 * always went one way are searched in the input, and what makes them go the other
 * way is put there. Relies on the slots that inputs.c decoded.
 */
#include "run/run_impl.h"

static u32 pick(struct skep_run_gen *g, u32 n)
{
	return (u32)skep_rng_below(&g->rng, n);
}

static void add_todo(struct skep_run_gen *g, const struct skep_run_input *in, u32 where, bool ctx,
		     u64 v, u32 width, bool big)
{
	struct skep_run_input *t = &g->queue[(g->queue_at + g->nqueue) % MAX_TRIES];
	u8 bytes[8], *p;

	if (g->nqueue == MAX_TRIES)
		return;
	g->nqueue++;
	skep_run_input_copy(t, in);
	p = (ctx ? t->ctx : t->pkt) + where;
	skep_put64(bytes, big ? v << (64 - 8 * width) : v, big);
	memcpy(p, bytes, width);
}

/* Where the number stands in the bytes, from a random place on; -1: nowhere. */
static s64 find_number(struct skep_run_gen *g, const u8 *p, u32 len, u64 v, u32 width, bool big)
{
	u8 bytes[8];
	u32 start;

	if (len < width)
		return -1;
	skep_put64(bytes, big ? v << (64 - 8 * width) : v, big);
	start = pick(g, 2) ? 0 : pick(g, len - width + 1);
	for (u32 k = start; k + width <= len; k++)
		if (memcmp(p + k, bytes, width) == 0)
			return k;
	return -1;
}

/* Put `want` where the input holds `have`. */
static bool substitute(struct skep_run_gen *g, const struct skep_run_input *in, u64 have, u64 want)
{
	static const u8 widths[] = {8, 4, 2, 1};
	bool done = false;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(widths) && !done; i++) {
		u32 w = widths[i];
		u64 mask = w == 8 ? ~(u64)0 : ((u64)1 << (8 * w)) - 1;

		/* A wide field that holds a small number is found by its full width first. */
		if ((have & mask) != have && (u64)(s64)(s32)have != have)
			continue;
		for (u32 big = 0; big < (w > 1 ? 2u : 1u); big++) {
			s64 at = find_number(g, in->pkt, SKEP_MIN(in->pkt_len, 256u), have & mask,
					     w, big);

			if (at >= 0)
				add_todo(g, in, (u32)at, false, want & mask, w, big), done = true;
			at = find_number(g, in->ctx, in->ctx_len, have & mask, w, big);
			if (at >= 0)
				add_todo(g, in, (u32)at, true, want & mask, w, big), done = true;
		}
	}
	return done;
}

static void learn_jump(struct skep_run_gen *g, const struct skep_run_input *in,
		       const struct skep_vm_cmp *c)
{
	const struct skep_ins *ins = &g->ins[c->slot];
	u64 want = c->src;

	if (ins->op != SKEP_JEQ && ins->op != SKEP_JNE)
		want = c->src + pick(g, 3) - 1;
	if (ins->op == SKEP_JSET)
		want = c->dst ^ c->src;
	if (c->dst == c->src)
		want++;
	g->tried[c->slot]++;
	if (!substitute(g, in, c->dst, want))
		skep_run_gen_number(g, c->src);
	if (ins->form == SKEP_REG)
		substitute(g, in, c->src, c->dst);
}

static void keep(struct skep_run_gen *g, const struct skep_run_input *in)
{
	u32 at = g->nkept < MAX_KEPT ? g->nkept++ : pick(g, MAX_KEPT);

	skep_run_input_copy(&g->kept[at], in);
}

static u32 count_reached(const struct skep_run_gen *g)
{
	u32 n = 0;

	for (u32 i = 0; i < g->slots; i++)
		n += g->watch.cover[i];
	return n;
}

void skep_run_gen_learn(struct skep_run_gen *g, const struct skep_run_input *in)
{
	bool fresh_jump = false;
	u32 n;

	for (u32 i = 0; i < g->watch.ncmp; i++) {
		const struct skep_vm_cmp *c = &g->watch.cmp[i];
		u8 *seen = &g->outcome[c->slot], now;

		if (*seen == 3)
			continue;
		now = skep_isa_cond(&g->ins[c->slot], c->dst, c->src) ? 1 : 2;
		fresh_jump |= !(*seen & now);
		*seen |= now;
		if (*seen != 3 && g->tried[c->slot] < 40)
			learn_jump(g, in, c);
	}
	g->watch.ncmp = 0;
	n = count_reached(g);
	if (n > g->reached || fresh_jump)
		keep(g, in);
	g->reached = n;
}
