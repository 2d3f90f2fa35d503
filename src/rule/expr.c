/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions over immediates: the table's meaning column read over numbers, and the
 * text form. Parsing is by precedence; a parser's expressions live in its arena.
 */
#include "rule/rule_impl.h"

/* --- values ------------------------------------------------------------------------- */

#define M_K(n) ((u64)(n))
#define M_ADD(a, b) ((a) + (b))
#define M_SUB(a, b) ((a) - (b))
#define M_MUL(a, b) ((a) * (b))
#define M_AND(a, b) ((a) & (b))
#define M_OR(a, b) ((a) | (b))
#define M_XOR(a, b) ((a) ^ (b))
#define M_SHL(a, b) ((a) << (b))
#define M_SHR(a, b) ((a) >> (b))
#define M_SAR(a, b) ((u64)((s64)(a) >> (b)))
#define M_EQ(a, b) ((a) == (b))
#define M_NE(a, b) ((a) != (b))
#define M_ULT(a, b) ((a) < (b))
#define M_ULE(a, b) ((a) <= (b))
#define M_SLT(a, b) ((s64)(a) < (s64)(b))
#define M_SLE(a, b) ((s64)(a) <= (s64)(b))
#define M_ITE(c, a, b) ((c) ? (a) : (b))
#define M_B(c) ((u64)((c) ? 1 : 0))
#define M_T(a) ((a) != 0)

static u64 apply(u8 op, u64 A, u64 B)
{
	switch (op) {
/* clang-format off */
#define OP(name, text, prec, meaning) case SKEP_RX_##name: return meaning;
#define UN(name, text, meaning) case SKEP_RX_##name: return meaning;
#define FN(name, text, operands, meaning) case SKEP_RX_##name: return meaning;
#include "rule/expr.def"
		/* clang-format on */
	default: return 0;
	}
}

static const struct skep_rx_info info[SKEP_RX_NR] = {
#define OP(name, text, prec, meaning) [SKEP_RX_##name] = {text, prec, 2, RX_BETWEEN},
#define UN(name, text, meaning) [SKEP_RX_##name] = {text, 10, 1, RX_BEFORE},
#define FN(name, text, operands, meaning) [SKEP_RX_##name] = {text, 11, operands, RX_FUNCTION},
#include "rule/expr.def"
};

const struct skep_rx_info *skep_rx_get(u8 op)
{
	return &info[op];
}

u64 skep_rule_eval(const struct skep_rule_expr *e, const struct skep_rule_env *env)
{
	u64 st[SKEP_RW_STACK + 1] = {0};
	u32 n = 0;

	for (u32 i = 0; i < e->n; i++) {
		const struct skep_rule_tok *t = &e->tok[i];

		switch (t->op) {
		case SKEP_RX_CONST: st[n++] = (u64)t->k; break;
		case SKEP_RX_PARAM: st[n++] = (u64)env->param[t->k]; break;
		case SKEP_RX_BITS: st[n++] = env->bits[t->k]; break;
		case SKEP_RX_EACH: st[n++] = (u64)env->each; break;
		default:
			n -= info[t->op].operands;
			st[n] = apply(t->op, st[n], st[n + 1]);
			n++;
		}
	}
	return st[0];
}

struct skep_ins skep_rule_fill(const struct skep_rule_insn *i, const struct skep_rule_env *env)
{
	struct skep_ins in = i->in;

	if (i->imm) {
		in.imm = (s64)skep_rule_eval(i->imm, env);
		/* Only the low half counts, and it is written with its sign. */
		if (in.size == 4)
			in.imm = (s32)(u32)(u64)in.imm;
	}
	if (i->off) {
		s64 off = (s64)skep_rule_eval(i->off, env);

		/* What does not fit must not look as if it did. */
		in.off = off == (s16)off ? (s32)off : INT32_MAX;
	}
	return in;
}

/* --- text to postfix ------------------------------------------------------------------- */

static void blanks(struct skep_rx *x)
{
	while (x->p < x->end && (*x->p == ' ' || *x->p == '\t'))
		x->p++;
}

static bool fail(struct skep_rx *x, const char *why)
{
	if (!x->why)
		x->why = why;
	return false;
}

static bool put(struct skep_rx *x, u8 op, s64 k)
{
	x->depth += 1 - info[op].operands;
	if (x->depth > SKEP_RW_STACK)
		return fail(x, "the expression is too deep");
	*SKEP_VEC_PUSH(x->arena, &x->tok) = (struct skep_rule_tok){op, k};
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool number(struct skep_rx *x)
{
	u32 base = 10, d;
	u64 v = 0;

	if (x->end - x->p > 2 && x->p[0] == '0' && x->p[1] == 'x') {
		base = 16;
		x->p += 2;
	}
	for (; x->p < x->end && is_word(*x->p); x->p++) {
		char c = *x->p;

		d = c >= '0' && c <= '9'   ? (u32)(c - '0')
		    : c >= 'a' && c <= 'f' ? (u32)(c - 'a' + 10)
					   : 99;
		if (d >= base || v > (UINT64_MAX - d) / base)
			return fail(x, "this is not a number");
		v = v * base + d;
	}
	return put(x, SKEP_RX_CONST, (s64)v);
}

static bool level(struct skep_rx *x, u32 least);

static bool sign(struct skep_rx *x, char c)
{
	blanks(x);
	if (x->p == x->end || *x->p != c)
		return fail(x, c == '('	  ? "'(' is missing"
			       : c == ')' ? "')' is missing"
					  : "',' is missing");
	x->p++;
	return true;
}

/* "bits(A)" after its name. */
static bool bits_of(struct skep_rx *x)
{
	if (!sign(x, '('))
		return false;
	blanks(x);
	if (x->p == x->end || *x->p < 'A' || *x->p >= 'A' + SKEP_RW_REGS)
		return fail(x, "bits() wants a register");
	return put(x, SKEP_RX_BITS, *x->p++ - 'A') && sign(x, ')');
}

static bool name(struct skep_rx *x)
{
	const char *s = x->p;
	size_t n;

	while (x->p < x->end && is_word(*x->p))
		x->p++;
	n = (size_t)(x->p - s);
	if (n == 4 && memcmp(s, "bits", 4) == 0)
		return bits_of(x);
	if (x->each && strlen(x->each) == n && memcmp(s, x->each, n) == 0)
		return put(x, SKEP_RX_EACH, 0);
	for (u32 i = 0; i < x->nparam; i++)
		if (strlen(x->param[i]) == n && memcmp(s, x->param[i], n) == 0)
			return put(x, SKEP_RX_PARAM, i);
	for (u8 op = 0; op < SKEP_RX_NR; op++) {
		if (info[op].place != RX_FUNCTION || strlen(info[op].text) != n ||
		    memcmp(s, info[op].text, n) != 0)
			continue;
		if (!sign(x, '('))
			return false;
		for (u32 i = 0; i < info[op].operands; i++)
			if ((i && !sign(x, ',')) || !level(x, 1))
				return false;
		return sign(x, ')') && put(x, op, 0);
	}
	return fail(x, "no parameter of the left side, no function");
}

static bool operand(struct skep_rx *x)
{
	blanks(x);
	if (x->p == x->end)
		return fail(x, "an operand is missing");
	if (*x->p == '(') {
		x->p++;
		return level(x, 1) && sign(x, ')');
	}
	for (u8 op = 0; op < SKEP_RX_NR; op++)
		if (info[op].place == RX_BEFORE && *x->p == info[op].text[0]) {
			x->p++;
			return operand(x) && put(x, op, 0);
		}
	if (*x->p >= '0' && *x->p <= '9')
		return number(x);
	return is_word(*x->p) ? name(x) : fail(x, "an operand is missing");
}

/* The operation between operands that stands here, the longest text that fits, or 0. */
static u8 between(const struct skep_rx *x)
{
	size_t left = (size_t)(x->end - x->p), best = 0;
	u8 found = 0;

	for (u8 op = 0; op < SKEP_RX_NR; op++) {
		size_t n = info[op].place == RX_BETWEEN ? strlen(info[op].text) : 0;

		if (n > best && n <= left && memcmp(x->p, info[op].text, n) == 0) {
			found = op;
			best = n;
		}
	}
	return found;
}

static bool level(struct skep_rx *x, u32 least)
{
	if (++x->nest > 64)
		return fail(x, "the expression is too deep");
	if (!operand(x))
		return false;
	for (;;) {
		u8 op;

		blanks(x);
		op = between(x);
		if (!op || info[op].prec < least)
			break;
		x->p += strlen(info[op].text);
		if (!level(x, info[op].prec + 1u) || !put(x, op, 0))
			return false;
	}
	x->nest--;
	return true;
}

const struct skep_rule_expr *skep_rx_parse(struct skep_rx *x, const char *s, size_t n)
{
	struct skep_rule_expr *e;

	x->p = s;
	x->end = s + n;
	x->why = NULL;
	x->depth = 0;
	x->nest = 0;
	memset(&x->tok, 0, sizeof(x->tok));
	if (!level(x, 1))
		return NULL;
	blanks(x);
	if (x->p != x->end) {
		fail(x, "text behind the expression");
		return NULL;
	}
	e = SKEP_NEW(x->arena, struct skep_rule_expr);
	e->tok = x->tok.v;
	e->n = x->tok.n;
	return e;
}

/* --- postfix to text ------------------------------------------------------------------- */

static void print_from(const struct skep_rule *r, const struct skep_rule_expr *e, u32 last,
		       struct skep_buf *out);

/* The first token of the operand that ends with token `last`. */
static u32 start_of(const struct skep_rule_expr *e, u32 last)
{
	u32 need = 1;

	for (u32 i = last;; i--) {
		need += (e->tok[i].op > SKEP_RX_EACH ? info[e->tok[i].op].operands : 0u) - 1;
		if (!need || !i)
			return i;
	}
}

static void print_operand(const struct skep_rule *r, const struct skep_rule_expr *e, u32 last,
			  u32 least, struct skep_buf *out)
{
	u8 op = e->tok[last].op;
	bool wrap = op > SKEP_RX_EACH && info[op].prec < least;

	skep_buf_puts(out, wrap ? "(" : "");
	print_from(r, e, last, out);
	skep_buf_puts(out, wrap ? ")" : "");
}

static void print_from(const struct skep_rule *r, const struct skep_rule_expr *e, u32 last,
		       struct skep_buf *out)
{
	const struct skep_rule_tok *t = &e->tok[last];
	const struct skep_rx_info *f = &info[t->op];
	u32 b;

	switch (t->op) {
	case SKEP_RX_CONST:
		/* A sign would be an operation. */
		skep_buf_printf(out, t->k < 0 || t->k > 4095 ? "0x%llx" : "%llu",
				(unsigned long long)t->k);
		return;
	case SKEP_RX_PARAM: skep_buf_puts(out, r->param[t->k]); return;
	case SKEP_RX_BITS: skep_buf_printf(out, "bits(%c)", (char)('A' + t->k)); return;
	case SKEP_RX_EACH: skep_buf_puts(out, "n"); return;
	default: break;
	}
	if (f->place == RX_BEFORE) {
		skep_buf_puts(out, f->text);
		print_operand(r, e, last - 1, f->prec, out);
		return;
	}
	b = last - 1;
	if (f->place == RX_FUNCTION)
		skep_buf_printf(out, "%s(", f->text);
	if (f->operands == 2) {
		print_operand(r, e, start_of(e, b) - 1, f->place == RX_BETWEEN ? f->prec : 0u, out);
		if (f->place == RX_BETWEEN)
			skep_buf_printf(out, " %s ", f->text);
		else
			skep_buf_puts(out, ", ");
	}
	print_operand(r, e, b, f->place == RX_BETWEEN ? f->prec + 1u : 0u, out);
	if (f->place == RX_FUNCTION)
		skep_buf_puts(out, ")");
}

void skep_rx_print(const struct skep_rule *r, const struct skep_rule_expr *e, struct skep_buf *out)
{
	print_from(r, e, e->n - 1, out);
}
