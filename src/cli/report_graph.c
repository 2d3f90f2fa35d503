/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control-flow graph as SVG by a small layout of our own: a block lies one layer
 * below the lowest of its predecessors (back edges aside), its place in the layer is
 * the mean of its neighbours' places, a few times down and up (the barycentre rule of
 * Sugiyama, Tagawa and Toda, 1981). Edges are curves; those upwards run at the side.
 */
#include "cli/html.h"
#include "cli/report.h"

#include <stdlib.h>

enum { BOX_W = 92, BOX_H = 26, GAP_X = 22, GAP_Y = 34, MAX_BLOCKS = 600, SWEEPS = 6 };

struct spot {
	u32 block, layer, at;
	double want;
};
struct graph {
	const struct skep_cfg *cfg;
	struct spot *spot;  /* by block */
	struct spot **order; /* by layer, then place */
	u32 *first;	     /* by layer: into order; one more at the end */
	u32 nlayer, n, width;
	const char *prefix;
};

static bool down(const struct graph *g, u32 from, u32 to)
{
	return g->cfg->block[to].rpo > g->cfg->block[from].rpo;
}

static void layers(struct graph *g)
{
	for (u32 k = 0; k < g->cfg->norder; k++) {
		u32 b = g->cfg->order[k];

		for (u32 e = 0; e < g->cfg->block[b].nsucc; e++) {
			u32 to = g->cfg->block[b].succ[e];

			if (down(g, b, to))
				g->spot[to].layer = SKEP_MAX(g->spot[to].layer, g->spot[b].layer + 1);
		}
		g->nlayer = SKEP_MAX(g->nlayer, g->spot[b].layer + 1);
	}
}

static int by_layer(const void *a, const void *b)
{
	const struct spot *x = *(struct spot *const *)a, *y = *(struct spot *const *)b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->want < y->want || x->want > y->want)
		return x->want < y->want ? -1 : 1;
	return x->block < y->block ? -1 : x->block > y->block;
}

static void sort(struct graph *g)
{
	u32 layer = 0;

	qsort(g->order, g->n, sizeof(struct spot *), by_layer);
	g->width = 0;
	for (u32 k = 0; k < g->n; k++) {
		while (layer <= g->order[k]->layer)
			g->first[layer++] = k;
		g->order[k]->at = k - g->first[g->order[k]->layer];
		g->width = SKEP_MAX(g->width, g->order[k]->at + 1);
	}
	g->first[layer] = g->n;
}

static double x_of(const struct graph *g, const struct spot *s)
{
	u32 wide = g->first[s->layer + 1] - g->first[s->layer];

	return (s->at + (g->width - wide) / 2.0) * (BOX_W + GAP_X) + GAP_X;
}

static double y_of(const struct spot *s)
{
	return s->layer * (double)(BOX_H + GAP_Y) + GAP_Y / 2.0;
}

static void sweep(struct graph *g, bool from_above)
{
	for (u32 k = 0; k < g->n; k++) {
		struct spot *s = g->order[k];
		const struct skep_block *b = &g->cfg->block[s->block];
		const u32 *side = from_above ? b->pred : b->succ;
		u32 n = from_above ? b->npred : b->nsucc, seen = 0;
		double sum = 0;

		for (u32 e = 0; e < n; e++)
			if (g->cfg->block[side[e]].rpo != UINT32_MAX && side[e] != s->block) {
				sum += x_of(g, &g->spot[side[e]]);
				seen++;
			}
		s->want = seen ? sum / seen : x_of(g, s);
	}
	sort(g);
}

static void edge(const struct graph *g, u32 from, u32 to, bool taken, struct skep_buf *out)
{
	const struct spot *a = &g->spot[from], *b = &g->spot[to];
	double x1 = x_of(g, a) + BOX_W * (taken ? 0.7 : 0.4), y1 = y_of(a) + BOX_H;
	double x2 = x_of(g, b) + BOX_W * 0.5, y2 = y_of(b), far;

	skep_buf_printf(out, "<path class=\"e%s%s\" marker-end=\"url(#arrow)\" d=\"M%.0f %.0f", taken ? " taken" : "",
			down(g, from, to) ? "" : " back", x1, y1);
	if (down(g, from, to) && b->layer == a->layer + 1) {
		skep_buf_printf(out, "C%.0f %.0f %.0f %.0f %.0f %.0f\"/>", x1, y1 + GAP_Y * 0.7, x2, y2 - GAP_Y * 0.7, x2, y2);
		return;
	}
	/* Past other layers, or upwards: beside the boxes. */
	far = (double)SKEP_MIN(24u, a->layer < b->layer ? b->layer - a->layer : a->layer - b->layer);
	x2 = x_of(g, b) + BOX_W;
	y2 = y_of(b) + BOX_H * 0.5;
	x1 = SKEP_MAX(x_of(g, a) + BOX_W, x2) + GAP_X * 0.7 + far * 4;
	skep_buf_printf(out, "C%.0f %.0f %.0f %.0f %.0f %.0f\"/>", x1, y1 + GAP_Y, x1, y2, x2, y2);
}

static void box(const struct graph *g, const struct spot *s, u32 first, u32 last, struct skep_buf *out)
{
	const struct skep_block *b = &g->cfg->block[s->block];
	u32 n = b->last->num - b->first->num + 1;

	skep_buf_printf(out, "<a href=\"#%s%u\"><rect class=\"b%s\" x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
			g->prefix, first, b->header ? " loop" : b->nsucc ? "" : " end", x_of(g, s), y_of(s), BOX_W, BOX_H);
	skep_buf_printf(out, "<text x=\"%.0f\" y=\"%.0f\">%u", x_of(g, s) + BOX_W / 2.0, y_of(s) + BOX_H * 0.66, first);
	if (last != first)
		skep_buf_printf(out, "\xe2\x80\x93%u", last);
	skep_buf_printf(out, "<title>%u instructions</title></text></a>", n);
}

static void draw(struct graph *g, const char *title, const u32 *slot, struct skep_buf *out)
{
	double w = g->width * (double)(BOX_W + GAP_X) + GAP_X + BOX_W, h = g->nlayer * (double)(BOX_H + GAP_Y) + GAP_Y / 2.0;

	skep_buf_printf(out, "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\"", w, h, w, h);
	html_attr(out, "aria-label", title);
	skep_buf_puts(out, ">");
	for (u32 k = 0; k < g->n; k++) {
		const struct skep_block *b = &g->cfg->block[g->order[k]->block];

		for (u32 e = 0; e < b->nsucc; e++)
			edge(g, g->order[k]->block, b->succ[e], e == 1, out);
	}
	for (u32 k = 0; k < g->n; k++) {
		const struct skep_block *b = &g->cfg->block[g->order[k]->block];

		box(g, g->order[k], slot[b->first->num], slot[b->last->num], out);
	}
	skep_buf_puts(out, "</svg>");
}

void report_graph(struct skep_func *f, const char *title, const char *prefix, struct skep_arena *arena,
		  struct skep_buf *out)
{
	struct graph g = {.cfg = skep_cfg_compute(f, arena), .prefix = prefix};
	u32 *slot = SKEP_NEW_N(arena, u32, g.cfg->ninsn + 1);

	skep_cfg_loops((struct skep_cfg *)g.cfg, arena);
	for (u32 k = 0; k < g.cfg->ninsn; k++)
		slot[k + 1] = slot[k] + skep_ins_slots(&g.cfg->insn[k]->in);
	skep_buf_puts(out, "<figure>");
	if (g.cfg->norder > MAX_BLOCKS) {
		skep_buf_printf(out, "<p>%u blocks: too many to draw.</p>", g.cfg->norder);
	} else {
		g.spot = SKEP_NEW_N(arena, struct spot, g.cfg->nblock + 1);
		g.order = SKEP_NEW_N(arena, struct spot *, g.cfg->nblock + 1);
		g.first = SKEP_NEW_N(arena, u32, g.cfg->nblock + 2);
		for (u32 k = 0; k < g.cfg->norder; k++) {
			g.spot[g.cfg->order[k]].block = g.cfg->order[k];
			g.order[g.n++] = &g.spot[g.cfg->order[k]];
		}
		layers(&g);
		sort(&g);
		for (u32 k = 0; k < SWEEPS; k++)
			sweep(&g, k % 2 == 0);
		draw(&g, title, slot, out);
	}
	html_elem(out, "figcaption", NULL, title);
	skep_buf_puts(out, "</figure>");
}
