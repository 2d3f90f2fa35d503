/* SPDX-License-Identifier: BSD-2-Clause */
/* A rule in the making as text, which the parser of rules reads. */
#include "search/general.h"

const char skep_param_name[SKEP_RW_PARAMS][2] = {"K", "S", "M", "N", "P", "Q", "T", "U"};
const char skep_reg_name[SKEP_RW_REGS + 1] = "ABCDEFGHIJ";

bool skep_learn_has_imm(const struct skep_ins *in)
{
	return in->op == SKEP_LDDW ||
	       (in->form == SKEP_IMM && skep_op_class(in->op) != SKEP_CLASS_UNARY);
}

/* A number stands as it is, an expression in brackets. */
static bool number(const char *imm)
{
	imm += *imm == '-';
	return *imm && imm[strspn(imm, "0123456789")] == 0;
}

static void print_ins(const struct general *g, const struct skep_ins *in, const char *imm,
		      struct skep_buf *b)
{
	char d = in->op == SKEP_STX ? 0 : skep_reg_name[in->dst],
	     s = skep_reg_name[in->form == SKEP_REG ? in->src : 0];
	char v = in->size == 8 ? 'r' : 'w';

	skep_buf_puts(b, "\t");
	if (in->op == SKEP_STX)
		skep_buf_printf(b, "*(u%u *)(r%c + [O]) = r%c", in->size * 8u,
				skep_reg_name[g->w->nreg], s);
	else if (skep_is_cond(in->op))
		skep_buf_printf(b, "if %c%c %s ", v, d, skep_ops[in->op].text);
	else if (in->op == SKEP_NEG)
		skep_buf_printf(b, "%c%c = -%c%c", v, d, v, d);
	else if (in->op == SKEP_MOVSX)
		skep_buf_printf(b, "%c%c = (s%d)%c%c", v, d, (int)in->off, v, s);
	else if (skep_op_class(in->op) == SKEP_CLASS_UNARY)
		skep_buf_printf(b, "r%c = %s%d r%c", d, skep_ops[in->op].text, (int)in->imm, d);
	else if (in->op == SKEP_LDDW)
		skep_buf_printf(b, number(imm) ? "r%c = %s ll" : "r%c = [%s] ll", d, imm);
	else
		skep_buf_printf(b, "%c%c %s ", v, d, skep_ops[in->op].text);
	if (in->op != SKEP_LDDW && skep_learn_has_imm(in))
		skep_buf_printf(b, number(imm) ? "%s" : "[%s]", imm);
	else if (in->form == SKEP_REG &&
		 (skep_op_class(in->op) == SKEP_CLASS_ALU || skep_is_cond(in->op)))
		skep_buf_printf(b, "%c%c", v, s);
	skep_buf_puts(b, skep_is_cond(in->op) ? " goto L\n" : "\n");
}

static void print_regs(const char *word, u16 regs, struct skep_buf *b)
{
	if (!regs)
		return;
	skep_buf_puts(b, word);
	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		if (regs >> r & 1)
			skep_buf_printf(b, " %c", skep_reg_name[r]);
	skep_buf_puts(b, "\n");
}

/* Where a name of a parameter that is fixed stands in an expression. */
static int fixed_name(const struct general *g, const char *p)
{
	for (u32 k = 0; k < g->nparam; k++)
		if (*p == skep_param_name[k][0] && (g->pinned >> k & 1))
			return (int)k;
	return -1;
}

static bool names_any(const struct general *g, const char *expr)
{
	for (; *expr; expr++)
		for (u32 k = 0; k < g->nparam; k++)
			if (*expr == skep_param_name[k][0] && !(g->pinned >> k & 1))
				return true;
	return false;
}

/* The expression with numbers for what is fixed. */
static void print_fixed(const struct general *g, const char *expr, struct skep_buf *b)
{
	for (; *expr; expr++) {
		int k = fixed_name(g, expr);

		if (k >= 0)
			skep_buf_printf(b, g->val[k] < 0 ? "(%lld)" : "%lld", (long long)g->val[k]);
		else
			skep_buf_add(b, expr, 1);
	}
}

static void print_imm(const struct general *g, u32 param, struct skep_buf *b)
{
	if (g->pinned >> param & 1)
		skep_buf_printf(b, "%lld", (long long)g->val[param]);
	else
		skep_buf_puts(b, skep_param_name[param]);
}

/* What stands in an instruction of the right side: an expression, or its number. */
static void print_value(const struct general *g, const char *expr, s64 is, struct skep_buf *b)
{
	if (names_any(g, expr))
		print_fixed(g, expr, b);
	else
		skep_buf_printf(b, "%lld", (long long)is);
}

/*
 * A solver is quick with shifts by a number: the proof is by cases of the first amount that
 * has a name, and of what a condition makes one of few.
 */
static void print_splits(const struct general *g, const char *const *cond, u32 ncond,
			 struct skep_buf *b)
{
	static const struct {
		const char *cond, *values;
	} few[] = {
		{"pow2(a)", "1 << n for n in 0..30"},
		{"pow2(-a)", "-(1 << n) for n in 0..31"},
		{"mask(a)", "ones(n) for n in 1..64"},
		{"mask(~a)", "~ones(n) for n in 1..64"},
	};
	bool shift = false;
	u32 at = 0;

	for (u32 k = 0; k < g->w->n; k++) {
		const struct skep_ins *in = &g->w->in[k];
		u32 p = at;

		if (!skep_learn_has_imm(in))
			continue;
		at++;
		if (g->pinned >> p & 1)
			continue;
		if (!shift && (in->op == SKEP_LSH || in->op == SKEP_RSH || in->op == SKEP_ARSH)) {
			skep_buf_printf(b, "split %s = n for n in 0..%d\n", skep_param_name[p],
					in->size * 8 - 1);
			shift = true;
		}
		for (u32 f = 0; f < SKEP_ARRAY_SIZE(few); f++)
			for (u32 c = 0; c < ncond; c++)
				if (strcmp(cond[c],
					   skep_learn_fill_in(g, few[f].cond, p, p, 0, 0)) == 0)
					skep_buf_printf(b, "split %s = %s\n", skep_param_name[p],
							few[f].values);
	}
}

/* The goals under which the row is not dearer than the window. */
static void print_goals(const struct general *g, struct skep_buf *b)
{
	static const char *const name[] = {[SKEP_OPT_SIZE] = " size",
					   [SKEP_OPT_SPEED] = " speed",
					   [SKEP_OPT_VERIFIER] = " verifier"};
	bool good[SKEP_ARRAY_SIZE(name)], all = true;

	for (u32 m = 0; m < SKEP_ARRAY_SIZE(name); m++) {
		good[m] = skep_search_cost_of((enum skep_opt_mode)m, g->f->in, g->f->n) <=
			  skep_search_cost_of((enum skep_opt_mode)m, g->w->in, g->w->n);
		all &= good[m];
	}
	if (all)
		return;
	skep_buf_puts(b, "goals");
	for (u32 m = 0; m < SKEP_ARRAY_SIZE(name); m++)
		if (good[m])
			skep_buf_puts(b, name[m]);
	skep_buf_puts(b, "\n");
}

/* The rule with the combination of expressions and these conditions, parsed; NULL: it is none. */
const struct skep_rule *skep_learn_make(const struct general *g, const u8 *combo,
					const char *const *cond, u32 ncond, bool little)
{
	const struct skep_window *w = g->w;
	struct skep_rules out = {.n = 0};
	struct skep_buf b = {0}, imm = {0};
	u32 at = 0;

	skep_buf_printf(&b, "rule %s\nsummary learned: %u instructions as %u\n", g->name, w->n,
			g->f->n);
	for (u32 k = 0; k < w->n; k++) {
		imm.n = 0;
		if (skep_learn_has_imm(&w->in[k]))
			print_imm(g, at++, &imm);
		print_ins(g, &w->in[k], imm.n ? imm.p : "", &b);
	}
	skep_buf_puts(&b, "=>\n");
	for (u32 k = 0; k < g->f->n; k++) {
		imm.n = 0;
		if (skep_learn_has_imm(&g->f->in[k]))
			print_value(g, g->choice[k][combo[k]], g->f->in[k].imm, &imm);
		print_ins(g, &g->f->in[k], imm.n ? imm.p : "", &b);
	}
	for (u32 k = 0; k < ncond; k++) {
		if (!names_any(g, cond[k]) && !strstr(cond[k], "bits"))
			continue;
		skep_buf_puts(&b, "when ");
		print_fixed(g, cond[k], &b);
		skep_buf_puts(&b, "\n");
	}
	print_goals(g, &b);
	print_splits(g, cond, ncond, &b);
	print_regs("dead", g->dead, &b);
	print_regs("low", g->low, &b);
	print_regs("scalar", g->scalar, &b);
	if (little)
		skep_buf_puts(&b, "little\n");
	skep_buf_puts(&b, "hits 0\n");
	if (!b.failed && !imm.failed)
		skep_rules_parse(b.p, b.n, g->arena, NULL, &out);
	skep_buf_fini(&b);
	skep_buf_fini(&imm);
	return out.n == 1 ? out.rule : NULL;
}

/* The expressions parsed, each as the condition of a rule that says nothing else; NULL: some are
 * none. */
const struct skep_rule *skep_learn_parse(const struct general *g, const char *const *expr, u32 n)
{
	struct skep_rules out = {.n = 0};
	struct skep_buf b = {0}, body = {0};

	for (u32 k = 0, at = 0; k < g->w->n; k++)
		print_ins(g, &g->w->in[k],
			  skep_learn_has_imm(&g->w->in[k]) ? skep_param_name[at++] : "", &body);
	/* Nothing on the right is cheaper than anything; it is not proved, only parsed. */
	skep_buf_puts(&body, "=>\n");
	if (g->w->sink != SKEP_SINK_NONE)
		for (u32 k = 0; k < g->f->n; k++)
			print_ins(g, &g->f->in[k], "0", &body);
	print_regs("dead", g->dead, &body);
	for (u32 k = 0; k < n && !body.failed; k++)
		skep_buf_printf(&b, "rule x%u\nsummary x\n%swhen %s\n", k, body.p, expr[k]);
	if (!b.failed && !body.failed)
		skep_rules_parse(b.p, b.n, g->arena, NULL, &out);
	skep_buf_fini(&b);
	skep_buf_fini(&body);
	return out.n == n ? out.rule : NULL;
}

/* Put names into a pattern: a, b stand for parameters, R for a register, c for a number. */
const char *skep_learn_fill_in(const struct general *g, const char *pattern, u32 a, u32 b, u32 reg,
			       s64 c)
{
	struct skep_buf t = {0};
	const char *s;

	for (const char *p = pattern; *p; p++) {
		bool word = (p > pattern &&
			     ((p[-1] >= 'a' && p[-1] <= 'z') || (p[-1] >= '0' && p[-1] <= '9'))) ||
			    (p[1] >= 'a' && p[1] <= 'z') || (p[1] >= '0' && p[1] <= '9');

		if (*p == 'a' && !word)
			skep_buf_puts(&t, skep_param_name[a]);
		else if (*p == 'b' && !word)
			skep_buf_puts(&t, skep_param_name[b]);
		else if (*p == 'c' && !word)
			skep_buf_printf(&t, "%lld", (long long)c);
		else if (*p == 'R')
			skep_buf_add(&t, &skep_reg_name[reg], 1);
		else
			skep_buf_add(&t, p, 1);
	}
	s = t.failed ? "0" : skep_arena_strdup(g->arena, t.p);
	skep_buf_fini(&t);
	return s;
}
