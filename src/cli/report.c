/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep optimize --report: one page that shows what was done and why. Style and
 * script are report.css and report.js, built in; the page refers to nothing else
 * and its policy forbids to load anything. Folding needs no script (details).
 */
#include "cli/report.h"
#include "cli/html.h"
#include "report_assets.h"

#include <math.h>

struct chips {
	u32 *first, *next; /* by id of an instruction: number of an edit, and the next link; 0: none */
	u32 *edit;	   /* of a link */
	u32 n, cap, ids;
};

struct page {
	const struct report *p;
	struct skep_buf *out;
	struct chips chips;
	u32 func;
	double hottest; /* logarithm of the highest count; 0: nothing was counted */
};

/* --- which edits touch an instruction ------------------------------------------------- */

static void link_edit(struct chips *c, u32 id, u32 number)
{
	u32 *at = &c->first[id];

	while (*at && c->edit[*at] != number)
		at = &c->next[*at];
	if (*at || c->n + 1 >= c->cap)
		return;
	c->edit[++c->n] = number;
	*at = c->n;
}

static void read_chips(struct page *g)
{
	const struct skep_opt_result *res = &g->p->r->res;
	struct chips *c = &g->chips;
	u32 n = 2;

	c->ids = g->p->r->after->obj->next_id;
	for (u32 k = 0; k < res->nedit; k++)
		n += res->edit[k].nbefore + res->edit[k].nafter;
	c->cap = n;
	c->first = SKEP_NEW_N(g->p->arena, u32, c->ids + 1);
	c->next = SKEP_NEW_N(g->p->arena, u32, n);
	c->edit = SKEP_NEW_N(g->p->arena, u32, n);
	for (u32 k = 0; k < res->nedit; k++) {
		const struct skep_edit *e = &res->edit[k];

		for (u32 i = 0; i < e->nbefore; i++)
			link_edit(c, e->before[i].id, e->number);
		for (u32 i = 0; i < e->nafter; i++)
			link_edit(c, e->after[i].id, e->number);
	}
}

/* --- small parts ----------------------------------------------------------------------- */

static void number_of(struct page *g, const char *name, const char *value)
{
	skep_buf_puts(g->out, "<div class=\"num\">");
	html_elem(g->out, "b", NULL, value);
	html_elem(g->out, "span", NULL, name);
	skep_buf_puts(g->out, "</div>");
}

static const char *change(struct page *g, u64 a, u64 b)
{
	double pct = a ? 100.0 * ((double)b - (double)a) / (double)a : 0;

	return skep_arena_printf(g->p->arena, "%llu \xe2\x86\x92 %llu (%+.1f %%)", (unsigned long long)a,
				 (unsigned long long)b, pct);
}

/* Two bars, before over after, on the scale of `most`. */
static void bars(struct page *g, u64 a, u64 b, u64 most)
{
	double scale = most ? 100.0 / (double)most : 0;

	skep_buf_printf(g->out, "<span class=\"bars\" aria-hidden=\"true\"><i style=\"width:%.1f%%\"></i><i class=\"new\" style=\"width:%.1f%%\"></i></span>",
			(double)a * scale, (double)b * scale);
}

static const struct skep_kernel_prog *kernel_prog(const struct skep_kernel_report *r, const char *name)
{
	for (u32 k = 0; r && k < r->n; k++)
		if (strcmp(r->prog[k].name, name) == 0)
			return &r->prog[k];
	return NULL;
}

static const char *name_of(const struct skep_func *f)
{
	return f->name[0] ? f->name : "(without a name)";
}

/* --- the summary ------------------------------------------------------------------------- */

static void passes(struct page *g)
{
	const struct skep_opt_result *res = &g->p->r->res;
	const struct skep_pass *p;
	u32 n, *count, most = 1;

	p = skep_opt_passes(&n);
	count = SKEP_NEW_N(g->p->arena, u32, n);
	for (u32 k = 0; k < res->nedit; k++)
		for (u32 i = 0; i < n; i++)
			if (strcmp(p[i].name, res->edit[k].pass) == 0) {
				count[i]++;
				most = SKEP_MAX(most, count[i]);
			}
	skep_buf_puts(g->out, "<h2>Rewrites by pass</h2><table class=\"list\"><tbody>");
	for (u32 i = 0; i < n; i++) {
		if (!count[i])
			continue;
		skep_buf_puts(g->out, "<tr><th scope=\"row\">");
		html_text(g->out, p[i].name);
		skep_buf_printf(g->out, "</th><td class=\"n\">%u</td><td class=\"barcell\"><span class=\"bars\" aria-hidden=\"true\"><i class=\"new\" style=\"width:%.1f%%\"></i></span></td><td>",
				count[i], 100.0 * count[i] / most);
		html_text(g->out, p[i].summary);
		skep_buf_puts(g->out, "</td></tr>");
	}
	skep_buf_puts(g->out, "</tbody></table>");
}

static void verdict(struct page *g, const char *name)
{
	const struct skep_kernel_prog *a = kernel_prog(g->p->r->kernel_before, name);
	const struct skep_kernel_prog *b = kernel_prog(g->p->r->kernel_after, name);

	if (!a || !b) {
		skep_buf_puts(g->out, "<td>\xe2\x80\x93</td><td></td><td></td>");
		return;
	}
	html_elem(g->out, "td", b->err ? a->err ? NULL : "bad" : "good", b->err ? a->err ? "refused before and after" : "refused"
										   : "accepted");
	html_elem(g->out, "td", NULL, a->err || b->err ? "" : change(g, a->processed, b->processed));
	skep_buf_puts(g->out, "<td class=\"barcell\">");
	if (!a->err && !b->err)
		bars(g, a->processed, b->processed, SKEP_MAX(a->processed, b->processed));
	skep_buf_puts(g->out, "</td>");
}

static void functions(struct page *g, bool kernel)
{
	const struct skep_obj *a = g->p->r->before->obj, *b = g->p->r->after->obj;
	u32 most = 1;

	for (u32 k = 0; k < b->nfunc; k++)
		most = SKEP_MAX(most, skep_func_slots(k < a->nfunc ? a->func[k] : b->func[k]));
	skep_buf_puts(g->out, "<h2>Functions</h2><table class=\"list\"><thead><tr><th>function</th><th>slots</th><th></th>");
	skep_buf_puts(g->out, kernel ? "<th>kernel</th><th>instructions verified</th><th></th></tr></thead><tbody>"
				     : "</tr></thead><tbody>");
	for (u32 k = 0; k < b->nfunc; k++) {
		const struct skep_func *f = skep_cli_func_before(a, b, k, g->p->arena);
		u32 x = skep_func_slots(f), y = skep_func_slots(b->func[k]);

		skep_buf_printf(g->out, "<tr><th scope=\"row\"><a href=\"#f%u\">", k);
		html_text(g->out, name_of(f));
		skep_buf_puts(g->out, "</a></th>");
		html_elem(g->out, "td", NULL, change(g, x, y));
		skep_buf_puts(g->out, "<td class=\"barcell\">");
		bars(g, x, y, most);
		skep_buf_puts(g->out, "</td>");
		if (kernel)
			verdict(g, f->name);
		skep_buf_puts(g->out, "</tr>");
	}
	skep_buf_puts(g->out, "</tbody></table>");
}

static u64 all_slots(const struct skep_obj *o)
{
	u64 n = 0;

	for (u32 k = 0; k < o->nfunc; k++)
		n += skep_func_slots(o->func[k]);
	return n;
}

static void summary(struct page *g)
{
	const struct skep_optimized *r = g->p->r;
	bool kernel = r->kernel_after && !r->kernel_after->unavailable;

	skep_buf_puts(g->out, "<section aria-label=\"Summary\"><div class=\"nums\">");
	number_of(g, "slots", change(g, all_slots(r->before->obj), all_slots(r->after->obj)));
	number_of(g, "bytes of the file", change(g, g->p->bytes_before, g->p->bytes_after));
	number_of(g, "rewrites", skep_arena_printf(g->p->arena, "%u", r->res.nedit));
	if (g->p->heat)
		number_of(g, "instructions executed", change(g, g->p->heat->before.executed, g->p->heat->after.executed));
	if (g->p->proofs) {
		number_of(g, "rewrites proved", skep_arena_printf(g->p->arena, "%u of %u", r->res.nedit, r->res.nedit + r->res.nrefused));
		number_of(g, "time of the proofs", skep_arena_printf(g->p->arena, "%.0f ms", g->p->proofs->total_ms));
	}
	if (r->ndenied)
		number_of(g, "taken back for the kernel", skep_arena_printf(g->p->arena, "%u", r->ndenied));
	skep_buf_puts(g->out, "</div>");
	functions(g, kernel);
	passes(g);
	skep_buf_puts(g->out, "</section>");
}

/* --- a function ------------------------------------------------------------------------------ */

static void text_of(const struct skep_obj *o, const struct skep_insn *i, struct skep_buf *b)
{
	b->n = 0;
	skep_buf_puts(b, "");
	if (i)
		skep_insn_print(o, i, b);
}

static void chips_of(struct page *g, const struct report_row *row)
{
	const struct skep_opt_result *res = &g->p->r->res;
	u32 id[2] = {row->a ? row->a->id : 0, row->b && (!row->a || row->b->id != row->a->id) ? row->b->id : 0};

	for (int k = 0; k < 2; k++) {
		if (!id[k] || id[k] > g->chips.ids)
			continue;
		for (u32 l = g->chips.first[id[k]]; l; l = g->chips.next[l]) {
			u32 n = g->chips.edit[l];

			skep_buf_printf(g->out, "<a class=\"chip\" href=\"#e%u\"", n);
			html_attr(g->out, "title", res->edit[n - 1].why);
			skep_buf_puts(g->out, ">");
			html_text(g->out, res->edit[n - 1].pass);
			skep_buf_puts(g->out, "</a> ");
		}
	}
}

static void find_hottest(struct page *g)
{
	const struct skep_run_heat *h = g->p->heat;
	u64 most = 0;

	for (u32 k = 0; h && k < g->p->r->before->obj->next_id; k++)
		most = SKEP_MAX(most, h->before.count[k]);
	for (u32 k = 0; h && k < g->p->r->after->obj->next_id; k++)
		most = SKEP_MAX(most, h->after.count[k]);
	g->hottest = log1p((double)most);
}

/* How often it was executed; the colour is by the logarithm. */
static void heat_cell(struct page *g, char side, const struct skep_insn *i)
{
	const struct skep_run_heat *h = g->p->heat;
	u64 n;

	if (!h)
		return;
	if (!i) {
		skep_buf_puts(g->out, "<td class=\"h\"></td>");
		return;
	}
	n = side == 'a' ? h->before.count[i->id] : h->after.count[i->id];
	skep_buf_printf(g->out, "<td class=\"h\" style=\"--warm:%.2f\">%llu</td>",
			g->hottest > 0 ? log1p((double)n) / g->hottest : 0.0, (unsigned long long)n);
}

static void code_cell(struct page *g, char side, u32 slot, const struct skep_insn *i, const char *text)
{
	heat_cell(g, side, i);
	if (!i) {
		skep_buf_puts(g->out, "<td class=\"s\"></td><td class=\"none\"></td>");
		return;
	}
	skep_buf_printf(g->out, "<td class=\"s\" id=\"f%u%c%u\">%u</td><td class=\"%s\"><code>", g->func, side, slot, slot,
			side == 'a' ? "old" : "new");
	html_text(g->out, text);
	skep_buf_puts(g->out, "</code>");
	if (i->njumps)
		skep_buf_printf(g->out, "<span class=\"label\">L%u</span>", i->id);
	skep_buf_puts(g->out, "</td>");
}

/* The source line, where it is another one than before. */
static void source_cell(struct page *g, const struct skep_insn *i, const struct skep_line_rec **last)
{
	const struct skep_obj *o = g->p->r->before->obj;
	const char *text, *file;

	skep_buf_puts(g->out, "<td class=\"src\">");
	if (i && i->line && o->btf &&
	    (!*last || i->line->file != (*last)->file || skep_line_no(i->line) != skep_line_no(*last))) {
		text = skep_btf_str(o->btf, i->line->text);
		file = skep_btf_str(o->btf, i->line->file);
		skep_buf_puts(g->out, "<span");
		html_attr(g->out, "title", file ? file : "");
		skep_buf_printf(g->out, "><b>%u</b> ", skep_line_no(i->line));
		while (text && (*text == '\t' || *text == ' '))
			text++;
		html_text(g->out, text ? text : "");
		skep_buf_puts(g->out, "</span>");
		*last = i->line;
	}
	skep_buf_puts(g->out, "</td>");
}

static void table(struct page *g, const struct skep_func *fa, const struct skep_func *fb)
{
	const struct skep_line_rec *last = NULL;
	struct skep_buf x = {0}, y = {0};
	struct report_rows rows;
	u32 sb = 0;

	report_align(fa, fb, g->p->arena, &rows);
	skep_buf_puts(g->out, "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"code\">");
	skep_buf_puts(g->out, g->p->r->before->obj->btf ? "<table class=\"code\">" : "<table class=\"code nosrc\">");
	skep_buf_puts(g->out, g->p->heat ? "<thead><tr><th>source</th><th class=\"h\">runs</th><th class=\"s\"></th><th>old</th>"
					   "<th class=\"h\">runs</th><th class=\"s\"></th><th>new</th><th>why</th></tr></thead><tbody>"
					 : "<thead><tr><th>source</th><th class=\"s\"></th><th>old</th><th class=\"s\"></th>"
					   "<th>new</th><th>why</th></tr></thead><tbody>");
	for (u32 k = 0; k < rows.n; k++) {
		const struct report_row *row = &rows.v[k];
		bool same;

		text_of(g->p->r->before->obj, row->a, &x);
		text_of(g->p->r->after->obj, row->b, &y);
		if (x.failed || y.failed)
			break;
		same = row->a && row->b && strcmp(x.p, y.p) == 0;
		skep_buf_printf(g->out, "<tr class=\"%s\">", same ? "same" : !row->b ? "del" : !row->a ? "add" : "mod");
		source_cell(g, row->a ? row->a : row->b, &last);
		code_cell(g, 'a', row->a ? row->a->slot - fa->first->slot : 0, row->a, x.p);
		code_cell(g, 'b', sb, row->b, y.p);
		sb += row->b ? skep_ins_slots(&row->b->in) : 0;
		skep_buf_puts(g->out, "<td class=\"why\">");
		chips_of(g, row);
		skep_buf_puts(g->out, "</td></tr>\n");
	}
	skep_buf_puts(g->out, "</tbody></table></div>");
	skep_buf_fini(&x);
	skep_buf_fini(&y);
}

static void region(struct page *g, const struct skep_edit_insn *e, u32 n)
{
	const struct skep_obj *o = g->p->r->after->obj;
	struct skep_buf b = {0};

	skep_buf_puts(g->out, "<td><code>");
	for (u32 k = 0; k < n; k++) {
		const char *target = skep_arena_printf(g->p->arena, "L%u", e[k].target);
		struct skep_isa_syms sy = {0};

		b.n = 0;
		if (e[k].target)
			sy.target = target;
		if (e[k].ref == SKEP_REF_FUNC)
			sy.imm = sy.callee = e[k].callee->name;
		else if (e[k].ref != SKEP_REF_NONE)
			sy.imm = sy.callee = o->sym[e[k].sym].name;
		skep_isa_print(&e[k].in, &sy, &b);
		if (k)
			skep_buf_puts(g->out, "<br>");
		html_text(g->out, b.failed ? "?" : b.p);
	}
	skep_buf_puts(g->out, n ? "</code></td>" : "\xe2\x80\x93</code></td>");
	skep_buf_fini(&b);
}

static void badge(struct page *g, u32 number)
{
	static const char *const word[] = {"proved", "differs", "unknown"};
	const struct skep_run_proofs *p = g->p->proofs;
	const struct skep_proof *f;

	if (!p || number > p->proof.n)
		return;
	f = &p->proof.v[number - 1];
	skep_buf_printf(g->out, " <span class=\"badge %s\" title=\"%.2f ms\">%s</span>", word[f->verdict], f->ms, word[f->verdict]);
}

static u32 edits(struct page *g, const struct skep_func *f, bool print)
{
	const struct skep_opt_result *res = &g->p->r->res;
	u32 n = 0;

	for (u32 k = 0; k < res->nedit; k++) {
		const struct skep_edit *e = &res->edit[k];

		if (e->func->index != f->index)
			continue;
		n++;
		if (!print)
			continue;
		skep_buf_printf(g->out, "<tr id=\"e%u\"><td class=\"n\">%u</td><th scope=\"row\">", e->number, e->number);
		html_text(g->out, e->pass);
		skep_buf_puts(g->out, "</th><td>");
		html_text(g->out, e->why);
		badge(g, e->number);
		skep_buf_puts(g->out, "</td>");
		region(g, e->before, e->nbefore);
		region(g, e->after, e->nafter);
		skep_buf_puts(g->out, "</tr>\n");
	}
	return n;
}

static void graphs(struct page *g, struct skep_func *fa, struct skep_func *fb)
{
	const char *pa = skep_arena_printf(g->p->arena, "f%ua", g->func);
	const char *pb = skep_arena_printf(g->p->arena, "f%ub", g->func);

	skep_buf_puts(g->out, "<details class=\"graph\"><summary>Control flow, old and new</summary><div class=\"wide two\" tabindex=\"0\" role=\"group\" aria-label=\"graphs\">");
	report_graph(fa, skep_arena_printf(g->p->arena, "%s, old", name_of(fa)), pa, g->p->arena, g->out);
	report_graph(fb, skep_arena_printf(g->p->arena, "%s, new", name_of(fb)), pb, g->p->arena, g->out);
	skep_buf_puts(g->out, "</div></details>");
}

static void function(struct page *g, struct skep_func *fa, struct skep_func *fb)
{
	u32 n = edits(g, fb, false);

	skep_buf_printf(g->out, "<details class=\"fn\" id=\"f%u\"%s><summary><h2>", g->func, g->func == 0 ? " open" : "");
	html_text(g->out, name_of(fa));
	skep_buf_puts(g->out, "</h2> <span class=\"sec\">");
	html_text(g->out, fa->sec->name);
	skep_buf_puts(g->out, "</span> <span class=\"sum\">slots ");
	html_text(g->out, change(g, skep_func_slots(fa), skep_func_slots(fb)));
	skep_buf_printf(g->out, ", rewrites %u</span> <span class=\"hits\"></span></summary>", n);
	if (fb->first)
		table(g, fa, fb);
	if (fa->first && fb->first)
		graphs(g, fa, fb);
	if (n) {
		skep_buf_printf(g->out, "<details class=\"edits\"><summary>The rewrites in their order (%u)</summary><div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"rewrites\">"
				"<table class=\"list\"><thead><tr><th></th><th>pass</th><th>why</th><th>before</th><th>after</th></tr></thead><tbody>", n);
		edits(g, fb, true);
		skep_buf_puts(g->out, "</tbody></table></div></details>");
	}
	skep_buf_puts(g->out, "</details>\n");
}

/* --- the page --------------------------------------------------------------------------------- */

static void head(struct page *g)
{
	skep_buf_puts(g->out,
		      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
		      "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"><title>");
	html_text(g->out, g->p->path);
	skep_buf_puts(g->out, " \xe2\x80\x93 skep optimize</title><style>\n");
	skep_buf_puts(g->out, report_css);
	skep_buf_puts(g->out, "</style></head>\n<body><header><h1>");
	html_text(g->out, g->p->path);
	skep_buf_puts(g->out,
		      "</h1><div class=\"tools\" role=\"search\"><input id=\"find\" type=\"search\" placeholder=\"search ( / )\" "
		      "aria-label=\"search code, source and reasons\" autocomplete=\"off\"><output id=\"found\" aria-live=\"polite\"></output>"
		      "<label><input id=\"changes\" type=\"checkbox\"> only changes</label>"
		      "<button id=\"open\" type=\"button\">open all</button><button id=\"fold\" type=\"button\">fold all</button>"
		      "<button id=\"theme\" type=\"button\" title=\"light or dark\">theme</button></div></header>\n<main>");
	skep_buf_puts(g->out, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"defs\"><defs><marker id=\"arrow\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0L6 3L0 6z\"/></marker></defs></svg>");
}

void skep_report_html(const struct report *p, struct skep_buf *out)
{
	struct page g = {.p = p, .out = out};
	const struct skep_obj *after = p->r->after->obj;

	read_chips(&g);
	find_hottest(&g);
	head(&g);
	summary(&g);
	for (g.func = 0; g.func < after->nfunc; g.func++)
		function(&g, skep_cli_func_before(p->r->before->obj, after, g.func, p->arena), after->func[g.func]);
	skep_buf_puts(out, "</main><footer>Made by skep " SKEP_VERSION ". Keys: / search, Enter and Shift+Enter next and previous, Esc clear, c only changes.</footer><script>\n");
	skep_buf_puts(out, report_js);
	skep_buf_puts(out, "</script></body></html>\n");
}
