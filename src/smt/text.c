/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions as SMT-LIB2 text, which any solver reads; each shared term is defined once. */
#include "smt/smt_impl.h"

static const char *const op_name[] = {
	[SKEP_T_MUL] = "bvmul",	  [SKEP_T_UDIV] = "bvudiv", [SKEP_T_UREM] = "bvurem",
	[SKEP_T_SDIV] = "bvsdiv", [SKEP_T_SREM] = "bvsrem", [SKEP_T_AND] = "bvand",
	[SKEP_T_OR] = "bvor",	  [SKEP_T_XOR] = "bvxor",   [SKEP_T_NOT] = "bvnot",
	[SKEP_T_SHL] = "bvshl",	  [SKEP_T_SHR] = "bvlshr",  [SKEP_T_SAR] = "bvashr",
};

struct printer {
	struct skep_smt *s;
	struct skep_buf *out;
	u8 *seen;
	struct skep_hmap fn; /* function names that were declared */
};

static void constant(struct skep_buf *out, u32 width, u64 k)
{
	skep_buf_printf(out, "(_ bv%llu %u)", (unsigned long long)k, width);
}

static void fn_name(const struct skep_smt *s, const struct skep_term *x, struct skep_buf *out)
{
	skep_buf_printf(out, "f%llx", (unsigned long long)x->k);
	for (u32 i = 0; i < x->nargs; i++)
		if (!s->t.v[x->arg[i]].width)
			skep_buf_printf(out, "_%u", x->arg[i]);
	skep_buf_printf(out, "w%u", x->width);
}

static void declare_fn(struct printer *p, u32 t)
{
	const struct skep_term *x = &p->s->t.v[t];
	struct skep_buf name = {0};
	char *key;

	fn_name(p->s, x, &name);
	for (u32 i = 0; i < x->nargs; i++)
		if (p->s->t.v[x->arg[i]].width)
			skep_buf_printf(&name, "a%u", p->s->t.v[x->arg[i]].width);
	key = name.failed ? NULL : skep_arena_strdup(p->s->arena, name.p);
	skep_buf_fini(&name);
	if (!key || skep_hmap_find(&p->fn, key, strlen(key)))
		return;
	skep_hmap_put(&p->fn, key, strlen(key), key);
	skep_buf_puts(p->out, "(declare-fun ");
	fn_name(p->s, x, p->out);
	skep_buf_puts(p->out, " (");
	for (u32 i = 0; i < x->nargs; i++)
		if (p->s->t.v[x->arg[i]].width)
			skep_buf_printf(p->out, "(_ BitVec %u) ", p->s->t.v[x->arg[i]].width);
	skep_buf_printf(p->out, ") (_ BitVec %u))\n", x->width);
}

static void body(struct printer *p, u32 t)
{
	const struct skep_term *x = &p->s->t.v[t];
	struct skep_buf *out = p->out;
	u32 n = x->nargs, bv = 0;

	switch (x->op) {
	case SKEP_T_SUM:
		skep_buf_puts(out, "(bvadd ");
		for (u32 i = 0; i < n; i++) {
			skep_buf_puts(out, "(bvmul ");
			constant(out, x->width, x->coef[i]);
			skep_buf_printf(out, " t%u) ", x->arg[i]);
		}
		constant(out, x->width, x->k);
		skep_buf_puts(out, ")");
		return;
	case SKEP_T_APP:
		for (u32 i = 0; i < n; i++)
			bv += p->s->t.v[x->arg[i]].width != 0;
		skep_buf_puts(out, bv ? "(" : "");
		fn_name(p->s, x, out);
		for (u32 i = 0; i < n; i++)
			if (p->s->t.v[x->arg[i]].width)
				skep_buf_printf(out, " t%u", x->arg[i]);
		skep_buf_puts(out, bv ? ")" : "");
		return;
	case SKEP_T_EQ:
	case SKEP_T_ULT:
	case SKEP_T_SLT:
		skep_buf_printf(out, "(ite (%s t%u t%u) #b1 #b0)",
				x->op == SKEP_T_EQ    ? "="
				: x->op == SKEP_T_ULT ? "bvult"
						      : "bvslt",
				x->arg[0], x->arg[1]);
		return;
	case SKEP_T_ITE:
		skep_buf_printf(out, "(ite (= t%u #b1) t%u t%u)", x->arg[0], x->arg[1], x->arg[2]);
		return;
	case SKEP_T_EXTRACT:
		skep_buf_printf(out, "((_ extract %u %u) t%u)", (u32)x->k + x->width - 1, (u32)x->k,
				x->arg[0]);
		return;
	case SKEP_T_SEXT:
		skep_buf_printf(out, "((_ sign_extend %u) t%u)",
				(u32)x->width - p->s->t.v[x->arg[0]].width, x->arg[0]);
		return;
	case SKEP_T_CONCAT:
		skep_buf_puts(out, "(concat");
		for (u32 i = n; i-- > 0;)
			skep_buf_printf(out, " t%u", x->arg[i]);
		skep_buf_puts(out, ")");
		return;
	default:
		skep_buf_printf(out, "(%s", op_name[x->op]);
		for (u32 i = 0; i < n; i++)
			skep_buf_printf(out, " t%u", x->arg[i]);
		skep_buf_puts(out, ")");
	}
}

static void define(struct printer *p, u32 t)
{
	const struct skep_term *x = &p->s->t.v[t];

	if (p->seen[t] || !x->width)
		return;
	p->seen[t] = 1;
	for (u32 i = 0; i < x->nargs; i++)
		define(p, x->arg[i]);
	if (x->op == SKEP_T_VAR) {
		skep_buf_printf(p->out, "(declare-const t%u (_ BitVec %u))\n", t, x->width);
	} else {
		if (x->op == SKEP_T_APP)
			declare_fn(p, t);
		skep_buf_printf(p->out, "(define-fun t%u () (_ BitVec %u) ", t, x->width);
		if (x->op == SKEP_T_CONST)
			constant(p->out, x->width, x->k);
		else
			body(p, t);
		skep_buf_puts(p->out, ")\n");
	}
	if (x->flags & SKEP_TF_NONNULL)
		skep_buf_printf(p->out, "(assert (not (= t%u (_ bv0 %u))))\n", t, x->width);
}

void skep_smt_print(struct skep_smt *s, const u32 *assume, u32 n, u32 goal, struct skep_buf *out)
{
	struct printer p = {s, out, SKEP_NEW_N(s->arena, u8, s->t.n), {0}};

	skep_hmap_init(&p.fn, s->arena);
	skep_buf_puts(out, "; unsat: the goal follows\n(set-logic QF_UFBV)\n");
	for (u32 i = 0; i < n; i++)
		define(&p, assume[i]);
	define(&p, goal);
	for (u32 i = 0; i < n; i++)
		skep_buf_printf(out, "(assert (= t%u #b1))\n", assume[i]);
	skep_buf_printf(out, "(assert (= t%u #b0))\n(check-sat)\n", goal);
}

void skep_smt_print_term(struct skep_smt *s, u32 t, struct skep_buf *out)
{
	const struct skep_term *x = &s->t.v[t];

	switch (x->op) {
	case SKEP_T_CONST:
		skep_buf_printf(out, "0x%llx:%u", (unsigned long long)x->k, x->width);
		return;
	case SKEP_T_VAR:
		skep_buf_printf(out, "v%llx:%u", (unsigned long long)x->k, x->width);
		return;
	case SKEP_T_APP: skep_buf_printf(out, "(f%llx", (unsigned long long)x->k); break;
	case SKEP_T_SUM: skep_buf_printf(out, "(sum 0x%llx", (unsigned long long)x->k); break;
	case SKEP_T_CONCAT: skep_buf_puts(out, "(concat-lo-hi"); break;
	case SKEP_T_EXTRACT: skep_buf_printf(out, "(bits%u+%u", (u32)x->k, x->width); break;
	case SKEP_T_EQ:
	case SKEP_T_ULT:
	case SKEP_T_SLT:
		skep_buf_puts(out, x->op == SKEP_T_EQ	 ? "(="
				   : x->op == SKEP_T_ULT ? "(ult"
							 : "(slt");
		break;
	case SKEP_T_ITE: skep_buf_puts(out, "(ite"); break;
	case SKEP_T_SEXT: skep_buf_printf(out, "(sext%u", x->width); break;
	default: skep_buf_printf(out, "(%s", op_name[x->op]);
	}
	for (u32 i = 0; i < x->nargs; i++) {
		skep_buf_puts(out, " ");
		if (x->coef && x->coef[i] != 1)
			skep_buf_printf(out, "%lld*",
					(long long)skep_smt_signed(x->coef[i], x->width));
		skep_smt_print_term(s, x->arg[i], out);
	}
	skep_buf_puts(out, ")");
}
