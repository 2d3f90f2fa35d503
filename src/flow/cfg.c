/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control-flow graph of a function, dominators (Cooper, Harvey and Kennedy
 * 2001) and natural loops. Everything is in the caller's arena.
 */
#include "flow/flow.h"

static bool ends_block(const struct skep_insn *i)
{
	return i->target || i->in.op == SKEP_EXIT;
}

static void find_blocks(struct skep_cfg *c, struct skep_arena *arena)
{
	u32 n = 0;

	for (u32 k = 0; k < c->ninsn; k++) {
		bool leader = k == 0 || c->insn[k]->njumps || ends_block(c->insn[k - 1]);

		if (leader)
			n++;
		c->block_of[k] = n - 1;
	}
	c->nblock = n;
	c->block = SKEP_NEW_N(arena, struct skep_block, n);
	for (u32 k = 0; k < c->ninsn; k++) {
		struct skep_block *b = &c->block[c->block_of[k]];

		if (!b->first)
			b->first = c->insn[k];
		b->last = c->insn[k];
	}
}

static void add_edge(struct skep_cfg *c, u32 from, const struct skep_insn *to)
{
	struct skep_block *b = &c->block[from];
	u32 t = c->block_of[to->num];

	b->succ[b->nsucc++] = t;
	c->block[t].npred++;
}

static void find_edges(struct skep_cfg *c, struct skep_arena *arena)
{
	for (u32 b = 0; b < c->nblock; b++) {
		const struct skep_insn *l = c->block[b].last;

		if (!skep_is_end(l->in.op) && l->next)
			add_edge(c, b, l->next);
		if (l->target)
			add_edge(c, b, l->target);
	}
	for (u32 b = 0; b < c->nblock; b++) {
		c->block[b].pred = SKEP_NEW_N(arena, u32, c->block[b].npred);
		c->block[b].npred = 0;
	}
	for (u32 b = 0; b < c->nblock; b++)
		for (u32 s = 0; s < c->block[b].nsucc; s++) {
			struct skep_block *t = &c->block[c->block[b].succ[s]];

			t->pred[t->npred++] = b;
		}
}

static void number_rpo(struct skep_cfg *c, struct skep_arena *arena)
{
	struct {
		u32 b, next;
	} *st = skep_arena_calloc(arena, c->nblock + 1, sizeof(*st));
	u8 *seen = SKEP_NEW_N(arena, u8, c->nblock);
	u32 depth = 0, pos = c->nblock;

	c->order = SKEP_NEW_N(arena, u32, c->nblock);
	for (u32 b = 0; b < c->nblock; b++)
		c->block[b].rpo = UINT32_MAX;
	if (!c->nblock)
		return;
	seen[0] = 1;
	st[depth].b = 0;
	st[depth++].next = 0;
	while (depth) {
		struct skep_block *b = &c->block[st[depth - 1].b];

		if (st[depth - 1].next < b->nsucc) {
			u32 s = b->succ[st[depth - 1].next++];

			if (!seen[s]) {
				seen[s] = 1;
				st[depth].b = s;
				st[depth++].next = 0;
			}
			continue;
		}
		c->order[--pos] = st[--depth].b;
	}
	c->norder = c->nblock - pos;
	memmove(c->order, c->order + pos, c->norder * sizeof(u32));
	for (u32 k = 0; k < c->norder; k++)
		c->block[c->order[k]].rpo = k;
}

struct skep_cfg *skep_cfg_compute(struct skep_func *f, struct skep_arena *arena)
{
	struct skep_cfg *c = SKEP_NEW(arena, struct skep_cfg);
	u32 k = 0;

	c->func = f;
	c->ninsn = skep_func_number(f);
	c->insn = SKEP_NEW_N(arena, struct skep_insn *, c->ninsn);
	c->block_of = SKEP_NEW_N(arena, u32, c->ninsn);
	SKEP_FOR_INSN(i, f)
		c->insn[k++] = i;
	find_blocks(c, arena);
	find_edges(c, arena);
	number_rpo(c, arena);
	return c;
}

u32 skep_cfg_before(const struct skep_cfg *c, u32 num)
{
	const struct skep_block *b = &c->block[c->block_of[num]];
	u32 last;

	if (num > b->first->num)
		return num - 1;
	/* The entry of the function leads to its first block. */
	if (b->npred != 1 || c->block_of[num] == 0)
		return SKEP_CFG_NONE;
	last = c->block[b->pred[0]].last->num;
	return last < num ? last : SKEP_CFG_NONE;
}

static u32 meet(const struct skep_cfg *c, u32 a, u32 b)
{
	while (a != b) {
		while (c->block[a].rpo > c->block[b].rpo)
			a = c->block[a].idom;
		while (c->block[b].rpo > c->block[a].rpo)
			b = c->block[b].idom;
	}
	return a;
}

static void find_dominators(struct skep_cfg *c)
{
	bool more = true;

	for (u32 b = 0; b < c->nblock; b++)
		c->block[b].idom = b ? UINT32_MAX : 0;
	while (more) {
		more = false;
		for (u32 k = 1; k < c->norder; k++) {
			struct skep_block *b = &c->block[c->order[k]];
			u32 d = UINT32_MAX;

			for (u32 p = 0; p < b->npred; p++)
				if (c->block[b->pred[p]].rpo != UINT32_MAX && c->block[b->pred[p]].idom != UINT32_MAX)
					d = d == UINT32_MAX ? b->pred[p] : meet(c, d, b->pred[p]);
			if (d != b->idom) {
				b->idom = d;
				more = true;
			}
		}
	}
	for (u32 b = 0; b < c->nblock; b++)
		if (c->block[b].idom == UINT32_MAX)
			c->block[b].idom = b;
}

bool skep_cfg_dominates(const struct skep_cfg *cfg, u32 a, u32 b)
{
	while (b != a && cfg->block[b].idom != b)
		b = cfg->block[b].idom;
	return a == b;
}

/* Marks the natural loop of a back edge, inner loops win over outer ones. */
static void mark_loop(struct skep_cfg *c, u32 header, u32 tail, u32 *stack, u8 *seen)
{
	u32 n = 0;

	memset(seen, 0, c->nblock);
	seen[header] = 1;
	stack[n++] = tail;
	while (n) {
		struct skep_block *b = &c->block[stack[--n]];
		u32 me = (u32)(b - c->block);

		if (seen[me])
			continue;
		seen[me] = 1;
		for (u32 p = 0; p < b->npred; p++)
			if (c->block[b->pred[p]].rpo != UINT32_MAX)
				stack[n++] = b->pred[p];
	}
	for (u32 b = 0; b < c->nblock; b++)
		if (seen[b])
			c->block[b].loop = header + 1;
}

void skep_cfg_loops(struct skep_cfg *cfg, struct skep_arena *arena)
{
	u32 edges = 0, *stack;
	u8 *seen = SKEP_NEW_N(arena, u8, cfg->nblock);

	for (u32 b = 0; b < cfg->nblock; b++)
		edges += cfg->block[b].npred;
	stack = SKEP_NEW_N(arena, u32, edges + cfg->nblock + 1);
	find_dominators(cfg);
	/* Outer headers come first in reverse post-order, so inner loops overwrite. */
	for (u32 k = 0; k < cfg->norder; k++) {
		u32 h = cfg->order[k];

		for (u32 p = 0; p < cfg->block[h].npred; p++) {
			u32 t = cfg->block[h].pred[p];

			if (cfg->block[t].rpo == UINT32_MAX || !skep_cfg_dominates(cfg, h, t))
				continue;
			cfg->block[h].header = true;
			mark_loop(cfg, h, t, stack, seen);
		}
	}
}
