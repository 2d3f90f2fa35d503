/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user reads: the broken rule at its source line, then what the registers that
 * matter hold and where that came from, then the last branches of the path.
 */
#include "verify/verify_impl.h"

#include <stdio.h>

enum { ORIGIN = 1590, BRANCH = 1591, CALLED = 1592, HELD = 1593, NPATH = 4 };

const struct skep_diag_def skep_verify_diags[] = {
#define RULE(code, name, explain, hint)                                                            \
	{code, SKEP_ERROR, "%s", sizeof(hint) > 1 ? explain " What helps: " hint "." : explain},
#include "flow/rule.def"
#undef RULE
	{ORIGIN, SKEP_NOTE, "%s",
	 "What a register holds that matters for the error before, and where that came from."},
	{BRANCH, SKEP_NOTE, "the path %s here",
	 "A branch on the path that leads to the error before."},
	{CALLED, SKEP_NOTE, "called from here", "The call that leads to the error before."},
	{HELD, SKEP_NOTE, "it was acquired here",
	 "The call that gave what is still held at the error before."},
};
const u32 skep_verify_ndiags = SKEP_ARRAY_SIZE(skep_verify_diags);

static const struct skep_diag_def *def(u32 code)
{
	for (u32 k = 0; k < skep_verify_ndiags; k++)
		if (skep_verify_diags[k].code == code)
			return &skep_verify_diags[k];
	return &skep_verify_diags[0];
}

static const char *hint_of(u32 code)
{
	switch (code) {
#define RULE(c, name, explain, hint)                                                               \
	case c:                                                                                    \
		return hint;
#include "flow/rule.def"
#undef RULE
	default: return "";
	}
}

static struct skep_diag_place place(const struct engine *e, u32 at)
{
	struct skep_diag_place p = SKEP_NOWHERE;
	const struct skep_insn *i;

	if (at >= e->m.ninsn)
		return p;
	i = e->m.insn[at].insn;
	p.section = i->func->sec->name;
	p.prog = i->func->name;
	p.insn = i->slot;
	p.src = skep_insn_source(e->m.obj, i, e->m.arena);
	p.caret = skep_insn_source_caret(e->m.obj, i);
	return p;
}

static void note(struct engine *e, struct skep_diags *ds, u32 code, u32 at, const char *text)
{
	skep_diag(ds, def(code), place(e, at), text);
}

static void explain_reg(struct engine *e, struct skep_diags *ds, u32 n)
{
	const struct skep_vreg *r = &skep_vtop(e->at)->reg[n];
	struct skep_buf b = {0};

	skep_buf_printf(&b, "r%u holds ", n);
	skep_vreg_describe(&e->m, r, &b);
	if (r->def == UINT32_MAX)
		skep_buf_puts(&b, ", from the entry");
	else if (r->type != SKEP_VT_NONE)
		skep_buf_puts(&b, ", from here");
	if (b.p)
		skep_text_singular(b.p);
	if (b.p)
		note(e, ds, ORIGIN, r->type == SKEP_VT_NONE ? UINT32_MAX : r->def, b.p);
	skep_buf_fini(&b);
}

/* The way that the path took there, the last time. */
static bool told(const struct skep_vstate *st, u32 from, u32 h)
{
	for (u32 k = 0; k < from; k++)
		if (st->hist[(st->nhist - 1 - k) % SKEP_VHIST] == h)
			return true;
	return false;
}

/* The last branches; in a loop each way but once. */
static void explain_path(struct engine *e, struct skep_diags *ds)
{
	const struct skep_vstate *st = e->at;
	u32 n = SKEP_MIN(st->nhist, (u32)SKEP_VHIST), said = 0;

	for (u32 k = 0; k < n && said < NPATH; k++) {
		u32 h = st->hist[(st->nhist - 1 - k) % SKEP_VHIST];

		if (told(st, k, h))
			continue;
		note(e, ds, BRANCH, h >> 1, h & 1 ? "jumps" : "does not jump");
		said++;
	}
	for (u32 f = e->at->nframe; f-- > 1;)
		if (e->at->frame[f]->call != UINT32_MAX)
			note(e, ds, CALLED, e->at->frame[f]->call, NULL);
}

void skep_verify_report(struct engine *e, struct skep_diags *ds)
{
	const struct skep_fault *f = &e->m.fault;

	if (e->opts->flags & SKEP_VF_LOG)
		skep_buf_printf(e->opts->log, "%s\nprocessed %llu insns\n", f->text,
				(unsigned long long)e->res->processed);
	skep_diag(ds, def(f->rule), place(e, f->at), f->text);
	if (f->hint || hint_of(f->rule)[0])
		skep_diag_hint(ds, f->hint ? f->hint : hint_of(f->rule));
	if (!e->at)
		return;
	if (f->held)
		note(e, ds, HELD, f->held - 1, NULL);
	for (u32 k = 0; k <= 10; k++)
		if (f->regs >> k & 1)
			explain_reg(e, ds, k);
	explain_path(e, ds);
}

void skep_verify_log(struct engine *e, const struct skep_vstate *st, bool state)
{
	const struct skep_insn *i = e->m.insn[st->at].insn;
	struct skep_buf *out = e->opts->log;
	const char *src =
		i->flags & SKEP_IF_LINE ? skep_insn_source(e->m.obj, i, e->m.arena) : NULL;

	if (src)
		skep_buf_printf(out, "; %s\n", src);
	skep_buf_printf(out, "%u: ", st->at);
	skep_insn_print(e->m.obj, i, out);
	if (state) {
		skep_buf_puts(out, " ;");
		skep_vstate_print(&e->m, st, true, out);
	}
	skep_buf_puts(out, "\n");
}
