/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Z3 in process, through its C API. One context and one solver a manager; a
 * term is translated once. Without Z3 in the build every question that comes
 * here is answered with "unknown".
 */
#include "smt/smt_impl.h"

#ifdef SKEP_HAVE_Z3
#include <stdio.h>
#include <z3.h>

struct skep_smt_z3 {
	Z3_context c;
	Z3_solver solver;
	Z3_ast *ast; /* by term */
	u32 nast;
	struct skep_hmap fn; /* declarations by function and abstract arguments */
	SKEP_VEC(fact_vec, u32) nonnull;
	u32 said; /* so many of these were asserted */
};

static void no_handler(Z3_context c, Z3_error_code e)
{
	(void)c;
	(void)e;
}

static struct skep_smt_z3 *start(struct skep_smt *s)
{
	struct skep_smt_z3 *z = SKEP_NEW(s->arena, struct skep_smt_z3);
	Z3_config cfg = Z3_mk_config();
	Z3_params p;
	u32 ms;

	Z3_set_param_value(cfg, "model", "true");
	z->c = Z3_mk_context(cfg);
	Z3_del_config(cfg);
	Z3_set_error_handler(z->c, no_handler);
	z->solver = Z3_mk_solver_for_logic(z->c, Z3_mk_string_symbol(z->c, "QF_UFBV"));
	Z3_solver_inc_ref(z->c, z->solver);
	p = Z3_mk_params(z->c);
	Z3_params_inc_ref(z->c, p);
	/* A limit of work rather than of time: the same question gets the same answer on a busy
	 * machine. */
	ms = s->timeout_ms ? s->timeout_ms : 1000;
	Z3_params_set_uint(z->c, p, Z3_mk_string_symbol(z->c, "rlimit"), ms * 5000);
	Z3_params_set_uint(z->c, p, Z3_mk_string_symbol(z->c, "timeout"), ms * 30);
	Z3_solver_set_params(z->c, z->solver, p);
	Z3_params_dec_ref(z->c, p);
	skep_hmap_init(&z->fn, s->arena);
	s->z3 = z;
	return z;
}

void skep_smt_z3_fini(struct skep_smt *s)
{
	if (!s->z3)
		return;
	Z3_solver_dec_ref(s->z3->c, s->z3->solver);
	Z3_del_context(s->z3->c);
	s->z3 = NULL;
}

const char *skep_smt_solver(void)
{
	static char name[32];
	unsigned a, b, c, d;

	Z3_get_version(&a, &b, &c, &d);
	snprintf(name, sizeof(name), "Z3 %u.%u.%u", a, b, c);
	return name;
}

static Z3_ast number(struct skep_smt_z3 *z, u32 width, u64 k)
{
	return Z3_mk_unsigned_int64(z->c, k, Z3_mk_bv_sort(z->c, width));
}

static Z3_ast ast_of(struct skep_smt *s, struct skep_smt_z3 *z, u32 t);

static Z3_ast application(struct skep_smt *s, struct skep_smt_z3 *z, u32 t)
{
	const struct skep_term x = s->t.v[t];
	Z3_ast arg[255];
	Z3_sort sort[255];
	u64 key[258];
	u32 n = 0, k = 0;
	Z3_func_decl f;

	key[k++] = x.k;
	key[k++] = x.width;
	for (u32 i = 0; i < x.nargs; i++) {
		u32 w = s->t.v[x.arg[i]].width;

		key[k++] = w ? w : (u64)x.arg[i] << 8;
		if (!w)
			continue;
		arg[n] = ast_of(s, z, x.arg[i]);
		sort[n++] = Z3_mk_bv_sort(z->c, w);
	}
	f = skep_hmap_find(&z->fn, key, k * sizeof(u64));
	if (!f) {
		f = Z3_mk_fresh_func_decl(z->c, "f", n, sort, Z3_mk_bv_sort(z->c, x.width));
		Z3_inc_ref(z->c, Z3_func_decl_to_ast(z->c, f));
		skep_hmap_put(&z->fn, skep_arena_memdup(s->arena, key, k * sizeof(u64)),
			      k * sizeof(u64), f);
	}
	return Z3_mk_app(z->c, f, n, arg);
}

static Z3_ast truth(struct skep_smt_z3 *z, Z3_ast b)
{
	return Z3_mk_ite(z->c, b, number(z, 1, 1), number(z, 1, 0));
}

static Z3_ast translate(struct skep_smt *s, struct skep_smt_z3 *z, u32 t)
{
	const struct skep_term x = s->t.v[t];
	Z3_ast a, b, c, r;

	switch (x.op) {
	case SKEP_T_CONST: return number(z, x.width, x.k);
	case SKEP_T_VAR: return Z3_mk_fresh_const(z->c, "v", Z3_mk_bv_sort(z->c, x.width));
	case SKEP_T_APP: return application(s, z, t);
	case SKEP_T_SUM:
		r = number(z, x.width, x.k);
		for (u32 i = 0; i < x.nargs; i++) {
			a = ast_of(s, z, x.arg[i]);
			if (x.coef[i] == skep_smt_mask(x.width))
				r = Z3_mk_bvsub(z->c, r, a);
			else
				r = Z3_mk_bvadd(z->c, r,
						x.coef[i] == 1
							? a
							: Z3_mk_bvmul(z->c,
								      number(z, x.width, x.coef[i]),
								      a));
		}
		return r;
	case SKEP_T_CONCAT:
		r = ast_of(s, z, x.arg[0]);
		for (u32 i = 1; i < x.nargs; i++)
			r = Z3_mk_concat(z->c, ast_of(s, z, x.arg[i]), r);
		return r;
	default: break;
	}
	a = ast_of(s, z, x.arg[0]);
	b = x.nargs > 1 ? ast_of(s, z, x.arg[1]) : NULL;
	c = x.nargs > 2 ? ast_of(s, z, x.arg[2]) : NULL;
	switch (x.op) {
	case SKEP_T_MUL: return Z3_mk_bvmul(z->c, a, b);
	case SKEP_T_UDIV: return Z3_mk_bvudiv(z->c, a, b);
	case SKEP_T_UREM: return Z3_mk_bvurem(z->c, a, b);
	case SKEP_T_SDIV: return Z3_mk_bvsdiv(z->c, a, b);
	case SKEP_T_SREM: return Z3_mk_bvsrem(z->c, a, b);
	case SKEP_T_AND: return Z3_mk_bvand(z->c, a, b);
	case SKEP_T_OR: return Z3_mk_bvor(z->c, a, b);
	case SKEP_T_XOR: return Z3_mk_bvxor(z->c, a, b);
	case SKEP_T_NOT: return Z3_mk_bvnot(z->c, a);
	case SKEP_T_SHL: return Z3_mk_bvshl(z->c, a, b);
	case SKEP_T_SHR: return Z3_mk_bvlshr(z->c, a, b);
	case SKEP_T_SAR: return Z3_mk_bvashr(z->c, a, b);
	case SKEP_T_EQ: return truth(z, Z3_mk_eq(z->c, a, b));
	case SKEP_T_ULT: return truth(z, Z3_mk_bvult(z->c, a, b));
	case SKEP_T_SLT: return truth(z, Z3_mk_bvslt(z->c, a, b));
	case SKEP_T_ITE: return Z3_mk_ite(z->c, Z3_mk_eq(z->c, a, number(z, 1, 1)), b, c);
	case SKEP_T_EXTRACT: return Z3_mk_extract(z->c, (u32)x.k + x.width - 1, (u32)x.k, a);
	case SKEP_T_SEXT: return Z3_mk_sign_ext(z->c, x.width - s->t.v[x.arg[0]].width, a);
	default: return number(z, x.width, 0);
	}
}

static Z3_ast ast_of(struct skep_smt *s, struct skep_smt_z3 *z, u32 t)
{
	if (z->nast < s->t.n) {
		u32 n = s->t.n * 2;

		z->ast = skep_arena_grow(s->arena, z->ast, z->nast * sizeof(Z3_ast),
					 n * sizeof(Z3_ast));
		z->nast = n;
	}
	if (!z->ast[t]) {
		Z3_ast a = translate(s, z, t);

		z->ast[t] = a;
		if (s->t.v[t].flags & SKEP_TF_NONNULL)
			*SKEP_VEC_PUSH(s->arena, &z->nonnull) = t;
	}
	return z->ast[t];
}

static Z3_ast boolean(struct skep_smt *s, struct skep_smt_z3 *z, u32 t, u64 v)
{
	return Z3_mk_eq(z->c, ast_of(s, z, t), number(z, 1, v));
}

static void read_model(struct skep_smt *s, struct skep_smt_z3 *z, struct skep_smt_model *out)
{
	Z3_model m = Z3_solver_get_model(z->c, z->solver);

	if (!m)
		return;
	Z3_model_inc_ref(z->c, m);
	out->var = SKEP_NEW_N(s->arena, u32, s->t.n);
	out->val = SKEP_NEW_N(s->arena, u64, s->t.n);
	for (u32 t = 1; t < s->t.n && t < z->nast; t++) {
		Z3_ast v = NULL;
		u64 n = 0;

		if (s->t.v[t].op != SKEP_T_VAR || !z->ast[t] ||
		    !Z3_model_eval(z->c, m, z->ast[t], true, &v) || !v)
			continue;
		if (Z3_get_numeral_uint64(z->c, v, (uint64_t *)&n)) {
			out->var[out->n] = t;
			out->val[out->n++] = n;
		}
	}
	Z3_model_dec_ref(z->c, m);
}

/*
 * Open a question. What is known of terms by their kind holds in all questions, so it is
 * asserted once, below the first of them that needs it.
 */
static void open_question(struct skep_smt *s, struct skep_smt_z3 *z, const u32 *t, u32 n)
{
	for (u32 k = 0; k < n; k++)
		ast_of(s, z, t[k]);
	for (; z->said < z->nonnull.n; z->said++) {
		u32 v = z->nonnull.v[z->said];

		Z3_solver_assert(
			z->c, z->solver,
			Z3_mk_not(z->c, Z3_mk_eq(z->c, z->ast[v], number(z, s->t.v[v].width, 0))));
	}
	Z3_solver_push(z->c, z->solver);
	for (u32 k = 0; k < n; k++)
		Z3_solver_assert(z->c, z->solver, boolean(s, z, t[k], 1));
}

enum skep_smt_answer skep_smt_z3_follows(struct skep_smt *s, const u32 *assume, u32 n, u32 goal,
					 struct skep_smt_model *model)
{
	struct skep_smt_z3 *z = s->z3 ? s->z3 : start(s);
	Z3_lbool r;

	ast_of(s, z, goal);
	open_question(s, z, assume, n);
	Z3_solver_assert(z->c, z->solver, boolean(s, z, goal, 0));
	r = Z3_solver_check(z->c, z->solver);
	if (r == Z3_L_TRUE && model)
		read_model(s, z, model);
	Z3_solver_pop(z->c, z->solver, 1);
	return r == Z3_L_FALSE ? SKEP_SMT_YES : r == Z3_L_TRUE ? SKEP_SMT_NO : SKEP_SMT_UNKNOWN;
}

static bool read_values(struct skep_smt *s, struct skep_smt_z3 *z, const u32 *want, u32 nwant,
			u64 *val)
{
	Z3_model m = Z3_solver_get_model(z->c, z->solver);
	bool good = m != NULL;

	if (!m)
		return false;
	Z3_model_inc_ref(z->c, m);
	for (u32 k = 0; k < nwant && good; k++) {
		Z3_ast v = NULL;
		uint64_t n = 0;

		good = Z3_model_eval(z->c, m, ast_of(s, z, want[k]), true, &v) && v &&
		       Z3_get_numeral_uint64(z->c, v, &n);
		val[k] = n;
	}
	Z3_model_dec_ref(z->c, m);
	return good;
}

enum skep_smt_answer skep_smt_z3_find(struct skep_smt *s, const u32 *all, u32 n, const u32 *want,
				      u32 nwant, u64 *val)
{
	struct skep_smt_z3 *z = s->z3 ? s->z3 : start(s);
	Z3_lbool r;

	/* What is known of their kinds is to hold in the model, too. */
	for (u32 k = 0; k < nwant; k++)
		ast_of(s, z, want[k]);
	open_question(s, z, all, n);
	r = Z3_solver_check(z->c, z->solver);
	if (r == Z3_L_TRUE && !read_values(s, z, want, nwant, val))
		r = Z3_L_UNDEF;
	Z3_solver_pop(z->c, z->solver, 1);
	return r == Z3_L_FALSE ? SKEP_SMT_NO : r == Z3_L_TRUE ? SKEP_SMT_YES : SKEP_SMT_UNKNOWN;
}

#else

void skep_smt_z3_fini(struct skep_smt *s)
{
	(void)s;
}

const char *skep_smt_solver(void)
{
	return NULL;
}

enum skep_smt_answer skep_smt_z3_follows(struct skep_smt *s, const u32 *assume, u32 n, u32 goal,
					 struct skep_smt_model *model)
{
	(void)s;
	(void)assume;
	(void)n;
	(void)goal;
	(void)model;
	return SKEP_SMT_UNKNOWN;
}

enum skep_smt_answer skep_smt_z3_find(struct skep_smt *s, const u32 *all, u32 n, const u32 *want,
				      u32 nwant, u64 *val)
{
	(void)s;
	(void)all;
	(void)n;
	(void)want;
	(void)nwant;
	(void)val;
	return SKEP_SMT_UNKNOWN;
}

#endif
