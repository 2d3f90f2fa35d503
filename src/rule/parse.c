/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of rules: lines are collected until the next `rule`, then a rule is made of
 * them for each alternative. Instructions are read by isa's parser after variables
 * have become registers and what stands in brackets a number.
 */
#include "rule/rule_impl.h"

enum {
#define D(name, code, sev, text, explain) RULE_D_##name,
#include "rule/diag.def"
#undef D
};
const struct skep_diag_def skep_rule_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "rule/diag.def"
#undef D
};
const u32 skep_rule_ndiags = SKEP_ARRAY_SIZE(skep_rule_diags);

enum { MAX_LINES = 12, MAX_EACH = 4, MAX_WORDS = 4, MAX_LINE = 256 };

struct line {
	const char *s;
	u32 number;
};
struct lines {
	struct line v[MAX_LINES];
	u32 n;
};

/* A rule as it was written. */
struct source {
	struct line name;
	const char *summary;
	struct lines before, after, when, split, each;
	bool right, little; /* "=>" was seen; the line `little` */
	u16 dead, low, scalar;
	u8 goals, cpu;
	u32 hits;
};

/* Words that stand for others: {name} -> text. */
struct subst {
	const char *name[MAX_EACH * MAX_WORDS], *text[MAX_EACH * MAX_WORDS];
	u32 n;
};

struct parser {
	struct skep_arena *arena;
	struct skep_diags *ds;
	SKEP_VEC(rule_vec, struct skep_rule) rule;
	struct source *src;
	const struct line *at;
	const char *param[SKEP_RW_PARAMS];
	u32 nparam;
	int err;
};

static bool complain(struct parser *p, u32 diag, const char *what)
{
	struct skep_diag_place place = {
		.offset = -1, .insn = -1, .line = p->at ? p->at->number : 0};

	p->err = skep_diag(p->ds, &skep_rule_diags[diag], place,
			   p->src && p->src->name.s ? p->src->name.s : "?", what);
	return false;
}

/* The next word of a line, or NULL; *s moves on. */
static const char *word(struct parser *p, const char **s)
{
	const char *from = *s + strspn(*s, " \t");
	size_t n = strcspn(from, " \t");

	*s = from + n;
	return n ? skep_arena_strndup(p->arena, from, n) : NULL;
}

/* --- alternatives ----------------------------------------------------------------------- */

/* The line with the words in braces replaced. */
static const char *replaced(struct parser *p, const struct subst *sub, const char *s)
{
	char out[MAX_LINE];
	size_t n = 0;

	while (*s) {
		size_t len = *s == '{' ? strcspn(s, "}") : 0;
		const char *text = NULL;
		char one[2] = {*s, 0};

		for (u32 i = 0; len && i < sub->n; i++)
			if (strlen(sub->name[i]) == len + 1 &&
			    memcmp(sub->name[i], s, len + 1) == 0)
				text = sub->text[i];
		if (!text) {
			len = 0;
			text = one;
		}
		if (n + strlen(text) >= sizeof(out)) {
			complain(p, RULE_D_LINE, "a line is too long");
			return "";
		}
		memcpy(out + n, text, strlen(text));
		n += strlen(text);
		s += len + 1;
	}
	return skep_arena_strndup(p->arena, out, n);
}

/* --- instructions -------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The instruction's text for isa's parser, and the expressions that were in brackets. */
struct code {
	char text[MAX_LINE];
	const char *imm, *off;
	size_t nimm, noff;
};

static const char *bracket(const char *s, struct code *c)
{
	size_t n = strcspn(s + 1, "]");
	const char *e = s + 1 + n;

	if (!*e)
		return NULL;
	e++;
	if (e[strspn(e, " ")] == ')') {
		c->off = s + 1;
		c->noff = n;
	} else {
		c->imm = s + 1;
		c->nimm = n;
	}
	return e;
}

static const char *translate(const char *s, struct code *c)
{
	const char *start = s;
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	while (*s) {
		if (n + 2 >= sizeof(c->text))
			return "the line is too long";
		if (*s == '[') {
			s = bracket(s, c);
			if (!s)
				return "']' is missing";
			c->text[n++] = '1';
			continue;
		}
		c->text[n++] = *s++;
		if ((s[-1] == 'r' || s[-1] == 'w') && *s >= 'A' && *s < 'A' + SKEP_RW_REGS &&
		    !is_word(s[1]) && (s - 1 == start || !is_word(s[-2])))
			c->text[n++] = (char)('0' + (*s++ - 'A'));
	}
	return NULL;
}

/* On the left: a parameter's name, new or known. */
static const struct skep_rule_expr *parameter(struct parser *p, const char *s, size_t n)
{
	struct skep_rule_expr *e = SKEP_NEW(p->arena, struct skep_rule_expr);
	struct skep_rule_tok *t = SKEP_NEW(p->arena, struct skep_rule_tok);
	u32 k = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_word(s[i]) || (!i && !(s[i] >= 'A' && s[i] <= 'Z')))
			return NULL;
	while (k < p->nparam && (strlen(p->param[k]) != n || memcmp(p->param[k], s, n) != 0))
		k++;
	if (k == p->nparam) {
		if (k == SKEP_RW_PARAMS || !n)
			return NULL;
		p->param[p->nparam++] = skep_arena_strndup(p->arena, s, n);
	}
	*t = (struct skep_rule_tok){SKEP_RX_PARAM, k};
	*e = (struct skep_rule_expr){t, 1};
	return e;
}

static const struct skep_rule_expr *expression(struct parser *p, const char *s, size_t n,
					       const char *each)
{
	struct skep_rx x = {
		.arena = p->arena, .param = p->param, .nparam = p->nparam, .each = each};
	const struct skep_rule_expr *e = skep_rx_parse(&x, s, n);

	if (!e)
		complain(p, RULE_D_LINE,
			 skep_arena_printf(p->arena, "'%.*s': %s", (int)n, s, x.why));
	return e;
}

static bool instruction(struct parser *p, const char *s, bool left, struct skep_rule_insn *out)
{
	struct skep_isa_names names;
	const char *why, *where;
	struct code c;

	memset(out, 0, sizeof(*out));
	why = translate(s, &c);
	if (!why && skep_isa_parse(c.text, strlen(c.text), &out->in, &names, &why, &where))
		why = NULL;
	if (!why && c.noff && skep_op_class(out->in.op) != SKEP_CLASS_MEM)
		why = "an offset belongs to an access";
	if (!why && c.nimm && out->in.op != SKEP_LDDW &&
	    (out->in.form != SKEP_IMM ||
	     (skep_op_class(out->in.op) != SKEP_CLASS_ALU && !skep_is_cond(out->in.op))))
		why = "this cannot have an expression";
	if (why)
		return complain(p, RULE_D_CODE, skep_arena_printf(p->arena, "'%s': %s", s, why));
	out->in.off = skep_is_cond(out->in.op) ? 0 : out->in.off;
	if (left) {
		out->imm = c.nimm ? parameter(p, c.imm, c.nimm) : NULL;
		out->off = c.noff ? parameter(p, c.off, c.noff) : NULL;
		if ((c.nimm && !out->imm) || (c.noff && !out->off))
			return complain(
				p, RULE_D_CODE,
				skep_arena_printf(p->arena,
						  "'%s': on the left a parameter stands alone", s));
		return true;
	}
	out->imm = c.nimm ? expression(p, c.imm, c.nimm, NULL) : NULL;
	out->off = c.noff ? expression(p, c.off, c.noff, NULL) : NULL;
	return (!c.nimm || out->imm) && (!c.noff || out->off);
}

static const struct skep_rule_insn *side(struct parser *p, const struct lines *l,
					 const struct subst *sub, bool left)
{
	struct skep_rule_insn *v = SKEP_NEW_N(p->arena, struct skep_rule_insn, l->n + 1);

	for (u32 i = 0; i < l->n; i++) {
		p->at = &l->v[i];
		if (!instruction(p, replaced(p, sub, l->v[i].s), left, &v[i]))
			return NULL;
	}
	return v;
}

/* --- a rule -------------------------------------------------------------------------------- */

static bool integer(const char *s, s64 *v)
{
	bool neg = *s == '-';

	s += neg;
	*v = 0;
	if (!*s)
		return false;
	for (; *s >= '0' && *s <= '9' && *v < 1000000000; s++)
		*v = *v * 10 + (*s - '0');
	*v = neg ? -*v : *v;
	return !*s;
}

/* "K = 1 << n for n in 0..31" */
static bool split(struct parser *p, const char *s, struct skep_rule_split *out)
{
	const char *param = word(p, &s), *eq = word(p, &s), *tail = strstr(s, " for "), *each, *in,
		   *lo, *hi;
	size_t len = tail ? (size_t)(tail - s) : 0;
	const char *value = s;

	if (!param || !eq || strcmp(eq, "=") != 0 || !tail)
		return false;
	tail += 5;
	each = word(p, &tail);
	in = word(p, &tail);
	lo = word(p, &tail);
	hi = lo ? strstr(lo, "..") : NULL;
	if (!in || strcmp(in, "in") != 0 || !hi)
		return false;
	lo = skep_arena_strndup(p->arena, lo, (size_t)(hi - lo));
	if (!integer(lo, &out->lo) || !integer(hi + 2, &out->hi) || out->hi - out->lo > 1024)
		return false;
	for (out->param = 0; out->param < p->nparam; out->param++)
		if (strcmp(p->param[out->param], param) == 0)
			break;
	out->value = expression(p, value, len, each);
	return out->value && out->param < p->nparam;
}

static bool conditions(struct parser *p, const struct subst *sub, struct skep_rule *r)
{
	struct source *src = p->src;
	struct skep_rule_expr *when = SKEP_NEW_N(p->arena, struct skep_rule_expr, src->when.n + 1);
	struct skep_rule_split *sp = SKEP_NEW_N(p->arena, struct skep_rule_split, src->split.n + 1);

	for (u32 i = 0; i < src->when.n; i++) {
		const char *s = replaced(p, sub, src->when.v[i].s);
		const struct skep_rule_expr *e;

		p->at = &src->when.v[i];
		e = expression(p, s, strlen(s), NULL);
		if (!e)
			return false;
		when[i] = *e;
	}
	for (u32 i = 0; i < src->split.n; i++) {
		p->at = &src->split.v[i];
		if (!split(p, replaced(p, sub, src->split.v[i].s), &sp[i]))
			return complain(p, RULE_D_LINE,
					"split is PARAMETER = EXPRESSION for NAME in FROM..TO");
	}
	r->when = when;
	r->nwhen = src->when.n;
	r->split = sp;
	r->nsplit = src->split.n;
	return true;
}

static void make(struct parser *p, const struct subst *sub, const char *name)
{
	struct source *src = p->src;
	struct skep_rule r = {.name = name,
			      .summary = src->summary,
			      .goals = src->goals,
			      .cpu = src->cpu,
			      .hits = src->hits,
			      .dead = src->dead,
			      .low = src->low,
			      .scalar = src->scalar,
			      .little = src->little};
	const char **names = SKEP_NEW_N(p->arena, const char *, SKEP_RW_PARAMS);
	const char *bad;

	p->nparam = 0;
	r.before = side(p, &src->before, sub, true);
	r.after = r.before ? side(p, &src->after, sub, false) : NULL;
	if (!r.after || !conditions(p, sub, &r))
		return;
	r.nbefore = src->before.n;
	r.nafter = src->after.n;
	memcpy(names, p->param, sizeof(p->param));
	r.param = names;
	r.nparam = p->nparam;
	p->at = &src->name;
	bad = skep_rule_complete(&r);
	if (bad)
		complain(p, RULE_D_SHAPE, bad);
	else
		*SKEP_VEC_PUSH(p->arena, &p->rule) = r;
}

/* "{a} {b}: x y, z w": take row after row of this line, and of the lines behind it. */
static void alternatives(struct parser *p, u32 k, struct subst *sub, const char *name)
{
	const char *s, *colon, *w, *row;
	u32 first = sub->n, words = 0;

	if (k == p->src->each.n) {
		make(p, sub, name);
		return;
	}
	p->at = &p->src->each.v[k];
	s = p->at->s;
	colon = strstr(s, ": ");
	row = colon ? skep_arena_strndup(p->arena, s, (size_t)(colon - s)) : "";
	while ((w = word(p, &row)) && words < MAX_WORDS)
		sub->name[first + words++] = w;
	if (!colon || !words) {
		complain(p, RULE_D_LINE, "each is {NAME} ...: WORD ..., WORD ...");
		return;
	}
	for (s = colon + 2; *s;) {
		size_t len = strcspn(s, ",");
		const char *title = name;
		u32 n = 0;

		row = skep_arena_strndup(p->arena, s, len);
		while ((w = word(p, &row)) && n < words) {
			sub->text[first + n++] = w;
			title = skep_arena_printf(p->arena, "%s/%s", title, w);
		}
		sub->n = first + words;
		p->at = &p->src->each.v[k];
		if (n != words || w)
			complain(p, RULE_D_LINE, "a row of each has too few or too many words");
		else
			alternatives(p, k + 1, sub, title);
		sub->n = first;
		s += len + (s[len] == ',');
	}
}

static void finish(struct parser *p)
{
	struct subst sub = {.n = 0};

	if (!p->src)
		return;
	p->at = &p->src->name;
	if (!p->src->summary)
		complain(p, RULE_D_LINE, "there is no summary");
	else if (!p->src->right)
		complain(p, RULE_D_LINE, "there is no =>");
	else
		alternatives(p, 0, &sub, p->src->name.s);
	p->src = NULL;
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool add(struct lines *l, const char *s, u32 number)
{
	if (l->n == MAX_LINES)
		return false;
	l->v[l->n++] = (struct line){s, number};
	return true;
}

static bool registers(struct parser *p, const char *s, u16 *out)
{
	const char *w;

	while ((w = word(p, &s))) {
		if (*w < 'A' || *w >= 'A' + SKEP_RW_REGS || w[1])
			return false;
		*out |= (u16)(1u << (*w - 'A'));
	}
	return *out != 0;
}

static bool goals(struct parser *p, const char *s, u8 *out)
{
	static const char *const name[] = {"size", "speed", "verifier"};
	const char *w;

	*out = 0;
	while ((w = word(p, &s))) {
		u32 k = 0;

		while (k < SKEP_ARRAY_SIZE(name) && strcmp(name[k], w) != 0)
			k++;
		if (k == SKEP_ARRAY_SIZE(name))
			return false;
		*out |= (u8)(1u << k);
	}
	return *out != 0;
}

static bool setting(struct parser *p, const char *key, const char *s)
{
	struct source *src = p->src;
	s64 v;

	if (strcmp(key, "summary") == 0) {
		src->summary = s;
		return *s != 0;
	}
	if (strcmp(key, "each") == 0)
		return src->each.n < MAX_EACH && add(&src->each, s, p->at->number);
	if (strcmp(key, "when") == 0)
		return add(&src->when, s, p->at->number);
	if (strcmp(key, "split") == 0)
		return add(&src->split, s, p->at->number);
	if (strcmp(key, "dead") == 0)
		return registers(p, s, &src->dead);
	if (strcmp(key, "low") == 0)
		return registers(p, s, &src->low);
	if (strcmp(key, "scalar") == 0)
		return registers(p, s, &src->scalar);
	if (strcmp(key, "little") == 0 && !*s)
		return src->little = true;
	if (strcmp(key, "goals") == 0)
		return goals(p, s, &src->goals);
	if (strcmp(key, "cpu") == 0 && integer(s, &v) && v >= 1 && v <= 4) {
		src->cpu = (u8)v;
		return true;
	}
	if (strcmp(key, "hits") == 0 && integer(s, &v) && v >= 0) {
		src->hits = (u32)v;
		return true;
	}
	return false;
}

static void line(struct parser *p, const char *s)
{
	const char *rest = s, *key;

	if (!*s || *s == '#')
		return;
	if (*s == '\t' || *s == ' ') {
		s += strspn(s, " \t");
		if (!*s)
			return;
		if (!p->src ||
		    !add(p->src->right ? &p->src->after : &p->src->before, s, p->at->number) ||
		    p->src->before.n > SKEP_RW_INSNS || p->src->after.n > SKEP_RW_INSNS)
			complain(p, RULE_D_LINE, "an instruction outside a rule, or too many");
		return;
	}
	key = word(p, &rest);
	rest += strspn(rest, " \t");
	if (strcmp(key, "rule") == 0) {
		const struct line *here = p->at;

		finish(p);
		p->at = here;
		p->src = SKEP_NEW(p->arena, struct source);
		p->src->name = (struct line){rest, here->number};
		p->src->goals = SKEP_RW_ALL;
		if (!*rest)
			complain(p, RULE_D_LINE, "a name is missing");
	} else if (p->src && strcmp(key, "=>") == 0) {
		p->src->right = true;
	} else if (!p->src || !setting(p, key, rest)) {
		complain(p, RULE_D_LINE, skep_arena_printf(p->arena, "'%s' is not understood", s));
	}
}

int skep_rules_parse(const char *text, size_t n, struct skep_arena *arena, struct skep_diags *ds,
		     struct skep_rules *out)
{
	struct parser p = {.arena = arena, .ds = ds};
	const char *end = text + n;
	int oom = 0;

	out->n = 0;
	SKEP_GUARD(arena, oom, {
		u32 number = 0;

		while (text < end) {
			const char *nl = memchr(text, '\n', (size_t)(end - text));
			size_t len = (size_t)((nl ? nl : end) - text);
			struct line at = {NULL, ++number};

			while (len && (text[len - 1] == ' ' || text[len - 1] == '\t' ||
				       text[len - 1] == '\r'))
				len--;
			p.at = &at;
			line(&p, skep_arena_strndup(arena, text, len));
			text = nl ? nl + 1 : end;
		}
		finish(&p);
		out->rule = p.rule.v;
		out->n = p.rule.n;
	});
	return oom ? oom : p.err;
}
