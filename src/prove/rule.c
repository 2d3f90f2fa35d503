/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules proved for all values of their registers and parameters: both sides are
 * followed over terms through the instructions' meanings, and must agree wherever
 * the rule applies. Each question is put twice: to our own solver in the terms' normal
 * form, and as it stands, for another one.
 *
 * Assumed of the left side: what makes its instructions legal, and the conditions
 * `when`. Assumed of the right side: that its immediates can be encoded; otherwise the
 * matcher does not apply the rule. What `bits` gives is a fact about the register.
 */
#include "prove/prove_impl.h"
#include "prove/terms.h"

enum { MAX_LOADS = 8, MAX_ASSUME = 128, MAX_GOALS = 32 };
/* Numbers of variables; a load's value and a register's `bits` behind them. */
enum { V_REG = 1, V_PARAM = 32, V_BITS = 64, V_LOAD = 96 };

struct goal {
	u32 term;
	const char *what;
};

/* One question of a rule, in one manager of terms. */
struct ask {
	struct skep_smt smt;
	const struct skep_rule *rule;
	const struct skep_rule_env *split; /* values of the parameters in `fixed` */
	u16 fixed;
	bool big;
	u32 assume[MAX_ASSUME], nassume;
	struct goal goal[MAX_GOALS];
	u32 ngoal;
	u32 load[MAX_LOADS],
		store[2]; /* addresses of the left side's loads; its store: where, what */
};

struct job {
	const struct skep_rule *rule;
	const struct skep_prove_rule_opts *opts;
	struct skep_arena *arena;
	struct skep_prove_rule_result *out;
	struct skep_rule_env split;
	u16 fixed;
	bool big;
};

static void assume(struct ask *a, u32 t)
{
	if (a->nassume < MAX_ASSUME)
		a->assume[a->nassume++] = t;
}

static void goal(struct ask *a, u32 t, const char *what)
{
	if (a->ngoal < MAX_GOALS)
		a->goal[a->ngoal++] = (struct goal){t, what};
}

static u32 konst(struct ask *a, u64 k)
{
	return skep_smt_const(&a->smt, 64, k);
}

/* --- expressions over terms -------------------------------------------------------------- */

#define M_K(n) skep_smt_const(s, 64, (u64)(n))
#define M_B(c) skep_smt_ite(s, c, M_K(1), M_K(0))
#define M_T(a) skep_smt_not(s, skep_smt_eq(s, a, M_K(0)))

/* The prover's own FN is not needed here. */
#undef FN

static u32 apply(struct skep_smt *s, u8 op, u32 A, u32 B)
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

static u32 operands_of(u8 op)
{
	static const u8 n[SKEP_RX_NR] = {
#define OP(name, text, prec, meaning) [SKEP_RX_##name] = 2,
#define UN(name, text, meaning) [SKEP_RX_##name] = 1,
#define FN(name, text, operands, meaning) [SKEP_RX_##name] = operands,
#include "rule/expr.def"
	};

	return n[op];
}

/* Bits that a parameter can have, by the narrowest place where it stands. */
static u32 param_bits(const struct skep_rule *r, u32 param)
{
	u32 bits = 64;

	for (u32 i = 0; i < r->nbefore; i++) {
		const struct skep_rule_insn *v = &r->before[i];

		if (v->imm && v->imm->tok[0].k == (s64)param && v->in.op != SKEP_LDDW)
			bits = SKEP_MIN(bits, 32);
		if (v->off && v->off->tok[0].k == (s64)param)
			bits = SKEP_MIN(bits, 16);
	}
	return bits;
}

static u32 param(struct ask *a, u32 k)
{
	u32 bits = param_bits(a->rule, k);

	if (a->fixed >> k & 1)
		return konst(a, (u64)a->split->param[k]);
	return skep_smt_sext(&a->smt, skep_smt_var(&a->smt, bits, V_PARAM + k, 0), 64);
}

static u32 expr(struct ask *a, const struct skep_rule_expr *e)
{
	u32 st[SKEP_RW_STACK + 1] = {0}, n = 0;

	for (u32 i = 0; i < e->n; i++) {
		const struct skep_rule_tok *t = &e->tok[i];

		switch (t->op) {
		case SKEP_RX_CONST: st[n++] = konst(a, (u64)t->k); break;
		case SKEP_RX_PARAM: st[n++] = param(a, (u32)t->k); break;
		case SKEP_RX_BITS:
			st[n++] = skep_smt_var(&a->smt, 64, (u64)(V_BITS + t->k), 0);
			break;
		default:
			n -= operands_of(t->op);
			st[n] = apply(&a->smt, t->op, st[n], st[n + 1]);
			n++;
		}
	}
	return st[0];
}

/* --- one side -------------------------------------------------------------------------------- */

static bool shifts(u16 op)
{
	return op == SKEP_LSH || op == SKEP_RSH || op == SKEP_ARSH;
}

static bool divides(u16 op)
{
	return op == SKEP_DIV || op == SKEP_MOD || op == SKEP_SDIV || op == SKEP_SMOD;
}

/* What makes an immediate one that can be encoded. */
static void legal(struct ask *a, const struct skep_ins *in, u32 imm)
{
	struct skep_smt *s = &a->smt;

	if (in->op == SKEP_LDDW)
		return;
	if (in->size == 8)
		assume(a, M_EQ(imm, skep_smt_sext(s, skep_smt_extract(s, imm, 0, 32), 64)));
	if (shifts(in->op))
		assume(a, M_ULT(imm, M_K(in->size * 8)));
	if (divides(in->op))
		assume(a, M_NE(imm, M_K(0)));
}

/* The second operand as 64 bits. */
static u32 source(struct ask *a, const struct skep_rule_insn *i, const u32 *reg)
{
	struct skep_smt *s = &a->smt;
	u32 t;

	if (i->in.form == SKEP_REG)
		return reg[i->in.src];
	if (!i->imm)
		return konst(a, (u64)i->in.imm);
	t = expr(a, i->imm);
	if (i->in.size == 4)
		t = skep_smt_sext(s, skep_smt_extract(s, t, 0, 32), 64);
	legal(a, &i->in, t);
	return t;
}

/* The n-th load of the right side has to be that of the left. */
static u32 load(struct ask *a, const struct skep_rule_insn *i, u32 base, bool left, u32 n)
{
	struct skep_smt *s = &a->smt;
	u32 off = i->off ? expr(a, i->off) : konst(a, (u64)(s64)i->in.off), addr, v;

	assume(a, M_EQ(off, skep_smt_sext(s, skep_smt_extract(s, off, 0, 16), 64)));
	addr = skep_smt_add(s, base, off);
	/* The width in the number: a load of another width is of another value. */
	v = skep_smt_var(s, i->in.size * 8u, V_LOAD + n * 16u + i->in.size, 0);
	if (left)
		a->load[n] = addr;
	else
		goal(a, skep_smt_eq(s, addr, a->load[n]), "the address of a load");
	return i->in.op == SKEP_LDXS ? skep_smt_sext(s, v, 64) : skep_smt_zext(s, v, 64);
}

static void store(struct ask *a, const struct skep_rule_insn *i, const u32 *reg, bool left)
{
	struct skep_smt *s = &a->smt;
	u32 off = i->off ? expr(a, i->off) : konst(a, (u64)(s64)i->in.off);
	u32 addr = skep_smt_add(s, reg[i->in.dst], off),
	    v = skep_smt_extract(s, reg[i->in.src], 0, i->in.size * 8u);

	assume(a, M_EQ(off, skep_smt_sext(s, skep_smt_extract(s, off, 0, 16), 64)));
	if (left) {
		a->store[0] = addr;
		a->store[1] = v;
		return;
	}
	goal(a, skep_smt_eq(s, addr, a->store[0]), "the address of the store");
	goal(a, skep_smt_eq(s, v, a->store[1]), "the stored value");
}

/* Follow a side; returns the branch's condition, or 0. */
static u32 follow(struct ask *a, const struct skep_rule_insn *v, u32 n, bool left, u32 *reg)
{
	u32 loads = 0;

	for (u32 k = 0; k < n; k++) {
		const struct skep_ins *in = &v[k].in;

		switch (skep_op_class(in->op)) {
		case SKEP_CLASS_MEM:
			if (in->op == SKEP_STX) {
				store(a, &v[k], reg, left);
				return 0;
			}
			reg[in->dst] = load(a, &v[k], reg[in->src], left, loads++);
			break;
		case SKEP_CLASS_JMP:
			return skep_prove_cond(&a->smt, in, reg[in->dst], source(a, &v[k], reg));
		case SKEP_CLASS_CTRL: reg[in->dst] = source(a, &v[k], reg); break;
		default:
			reg[in->dst] = skep_prove_alu(&a->smt, in, reg[in->dst],
						      source(a, &v[k], reg), a->big);
		}
	}
	return 0;
}

static u16 written(const struct skep_rule *r)
{
	u16 regs = 0;

	for (u32 k = 0; k < r->nbefore; k++)
		regs |= skep_isa_writes(&r->before[k].in);
	for (u32 k = 0; k < r->nafter; k++)
		regs |= skep_isa_writes(&r->after[k].in);
	return regs;
}

static void build(struct ask *a)
{
	struct skep_smt *s = &a->smt;
	const struct skep_rule *r = a->rule;
	u32 before[SKEP_RW_REGS], after[SKEP_RW_REGS], one, two;

	for (u32 k = 0; k < SKEP_RW_REGS; k++)
		before[k] = after[k] = skep_smt_var(s, 64, V_REG + k, 0);
	for (u32 k = 0; k < SKEP_RW_REGS; k++) {
		u32 bits = skep_smt_var(s, 64, V_BITS + k, 0), high;

		/* Below 2^bits: nothing is left of it when these are shifted out. */
		high = M_ITE(M_ULT(bits, M_K(64)), M_SHR(before[k], M_AND(bits, M_K(63))), M_K(0));
		if (r->inputs >> k & 1)
			assume(a, M_AND(M_ULE(bits, M_K(64)), M_EQ(high, M_K(0))));
	}
	one = follow(a, r->before, r->nbefore, true, before);
	two = follow(a, r->after, r->nafter, false, after);
	for (u32 k = 0; k < r->nwhen; k++)
		assume(a, M_T(expr(a, &r->when[k])));
	if (one)
		goal(a, skep_smt_eq(s, one, two), "the branch");
	for (u32 k = 0; k < SKEP_RW_REGS; k++) {
		static const char *const name[] = {"A", "B", "C", "D", "E",
						   "F", "G", "H", "I", "J"};

		/* Also where the terms are one: another solver is to say so, too. */
		if (written(r) >> k & 1 && !(r->dead >> k & 1))
			goal(a,
			     r->low >> k & 1
				     ? skep_smt_eq(s, skep_smt_extract(s, before[k], 0, 32),
						   skep_smt_extract(s, after[k], 0, 32))
				     : skep_smt_eq(s, before[k], after[k]),
			     name[k]);
	}
}

/* --- values on which the sides differ
 * ------------------------------------------------------------- */

struct point {
	struct skep_rule_env env;
	u64 reg[SKEP_RW_REGS], load[MAX_LOADS];
	bool swap; /* it is about the byte order that this machine does not have */
};

static struct skep_ins other_order(struct skep_ins in)
{
	if (in.op == SKEP_TOLE || in.op == SKEP_TOBE)
		in.op = in.op == SKEP_TOLE ? SKEP_TOBE : SKEP_TOLE;
	return in;
}

static u64 sign_extend(u64 v, u32 width)
{
	return (u64)((s64)(v << (64 - width)) >> (64 - width));
}

static void put_value(struct ask *a, u32 var, u64 v, struct point *p)
{
	u64 k = a->smt.t.v[var].k;

	if (k >= V_LOAD && k < V_LOAD + MAX_LOADS * 16u)
		p->load[(k - V_LOAD) / 16] = v;
	else if (k >= V_BITS && k < V_BITS + SKEP_RW_REGS)
		p->env.bits[k - V_BITS] = (u8)v;
	else if (k >= V_PARAM && k < V_PARAM + SKEP_RW_PARAMS)
		p->env.param[k - V_PARAM] = (s64)sign_extend(v, a->smt.t.v[var].width);
	else if (k >= V_REG && k < V_REG + SKEP_RW_REGS)
		p->reg[k - V_REG] = v;
}

/* Run a side over numbers; the branch as 0 or 1. `addr`: of the loads, then of the store with its
 * value. */
static u64 run(const struct skep_rule_insn *v, u32 n, const struct point *p, u64 *reg, u64 *addr)
{
	u32 loads = 0;

	for (u32 k = 0; k < n; k++) {
		struct skep_ins in = skep_rule_fill(&v[k], &p->env);
		u64 x;

		in = p->swap ? other_order(in) : in;

		switch (skep_op_class(in.op)) {
		case SKEP_CLASS_MEM:
			if (in.op == SKEP_STX) {
				addr[MAX_LOADS] = reg[in.dst] + (u64)(s64)in.off;
				addr[MAX_LOADS + 1] = reg[in.src] & skep_smt_mask(in.size * 8u);
				return 0;
			}
			x = p->load[loads];
			addr[loads++] = reg[in.src] + (u64)(s64)in.off;
			reg[in.dst] = in.op == SKEP_LDXS ? sign_extend(x, in.size * 8u) : x;
			break;
		case SKEP_CLASS_JMP: return skep_isa_cond(&in, reg[in.dst], reg[in.src]);
		case SKEP_CLASS_CTRL: reg[in.dst] = (u64)in.imm; break;
		default: reg[in.dst] = skep_isa_eval(&in, reg[in.dst], reg[in.src]);
		}
	}
	return 0;
}

static bool differs(const struct skep_rule *r, const struct point *p)
{
	u64 a[SKEP_RW_REGS], b[SKEP_RW_REGS], la[MAX_LOADS + 2] = {0}, lb[MAX_LOADS + 2] = {0};
	bool other;

	memcpy(a, p->reg, sizeof(a));
	memcpy(b, p->reg, sizeof(b));
	other = run(r->before, r->nbefore, p, a, la) != run(r->after, r->nafter, p, b, lb);
	other |= memcmp(la, lb, sizeof(la)) != 0;
	for (u32 k = 0; k < SKEP_RW_REGS; k++)
		other |= !(r->dead >> k & 1) &&
			 (r->low >> k & 1 ? (u32)a[k] != (u32)b[k] : a[k] != b[k]);
	return other;
}

static void show(struct job *j, struct ask *a, const struct skep_smt_model *m)
{
	struct point p = {.env = j->split,
			  .swap = j->big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)};
	const struct skep_rule *r = j->rule;
	const char *text = "";

	for (u32 i = 0; i < m->n; i++)
		put_value(a, m->var[i], m->val[i], &p);
	for (u32 k = 0; k < SKEP_RW_REGS; k++)
		if (r->inputs >> k & 1)
			text = skep_arena_printf(j->arena, "%s%s%c=0x%llx", text, *text ? " " : "",
						 (char)('A' + k), (unsigned long long)p.reg[k]);
	for (u32 k = 0; k < r->nparam; k++)
		text = skep_arena_printf(j->arena, "%s %s=%lld", text, r->param[k],
					 (long long)p.env.param[k]);
	j->out->values = text;
	j->out->replayed = differs(r, &p);
}

/* --- questions
 * ------------------------------------------------------------------------------------ */

static void init(struct job *j, struct ask *a, struct skep_arena *scratch, bool plain)
{
	memset(a, 0, sizeof(*a));
	skep_smt_init(&a->smt, scratch);
	a->smt.plain = plain;
	a->smt.timeout_ms = j->opts->timeout_ms;
	a->rule = j->rule;
	a->split = &j->split;
	a->fixed = j->fixed;
	a->big = j->big;
}

/* The same question for another solver. */
static void second(struct job *j, struct ask *a, u32 goal_term)
{
	struct skep_buf text = {0};

	if (!j->opts->question)
		return;
	skep_smt_print(&a->smt, a->assume, a->nassume, goal_term, &text);
	if (text.failed) {
		skep_buf_fini(&text);
		skep_arena_fail(j->arena);
	}
	j->opts->question(j->opts->user, text.p, text.n);
	skep_buf_fini(&text);
}

/* One question; false when it was not answered with yes. */
static bool ask(struct job *j, struct ask *a, u32 term, const char *what)
{
	struct skep_smt_model m = {0};
	enum skep_smt_answer answer = skep_smt_follows(&a->smt, a->assume, a->nassume, term, &m);

	j->out->questions++;
	if (answer == SKEP_SMT_YES)
		return true;
	j->out->verdict = answer == SKEP_SMT_NO ? SKEP_PROVE_DIFFERS : SKEP_PROVE_UNKNOWN;
	j->out->reason = what;
	if (answer == SKEP_SMT_NO)
		show(j, a, &m);
	return false;
}

/* Both sides, with the parameters that are split as they are now. */
static bool prove_case(struct job *j)
{
	struct skep_arena_mark mark = skep_arena_mark(j->arena);
	struct ask one, two;
	bool yes = true;

	j->out->cases++;
	init(j, &one, j->arena, false);
	init(j, &two, j->arena, true);
	build(&one);
	build(&two);
	for (u32 k = 0; k < two.ngoal; k++)
		second(j, &two, two.goal[k].term);
	for (u32 k = 0; k < one.ngoal && yes; k++)
		yes = ask(j, &one, one.goal[k].term, one.goal[k].what);
	skep_smt_fini(&one.smt);
	skep_smt_fini(&two.smt);
	if (yes)
		skep_arena_release(j->arena, mark);
	return yes;
}

/* That a parameter has none but the values of its split. */
static void others(struct job *j, struct ask *a, const struct skep_rule_split *sp)
{
	build(a);
	for (s64 n = sp->lo; n <= sp->hi; n++) {
		struct skep_rule_env env = j->split;
		u32 eq;

		env.each = n;
		eq = skep_smt_eq(&a->smt, param(a, sp->param),
				 konst(a, skep_rule_eval(sp->value, &env)));
		assume(a, skep_smt_not(&a->smt, eq));
	}
}

static bool prove_split(struct job *j, const struct skep_rule_split *sp)
{
	struct ask one, two;
	bool yes;

	if (sp->hi - sp->lo >= MAX_ASSUME / 2)
		return false;
	init(j, &one, j->arena, false);
	init(j, &two, j->arena, true);
	others(j, &one, sp);
	others(j, &two, sp);
	second(j, &two, skep_smt_const(&two.smt, 1, 0));
	yes = ask(j, &one, skep_smt_const(&one.smt, 1, 0), "a split leaves out a value");
	if (j->out->verdict == SKEP_PROVE_DIFFERS) {
		/* That value is not proved, which does not make the rule wrong. */
		j->out->verdict = SKEP_PROVE_UNKNOWN;
		j->out->gap = true;
	}
	skep_smt_fini(&one.smt);
	skep_smt_fini(&two.smt);
	return yes;
}

static bool prove_from(struct job *j, u32 k)
{
	const struct skep_rule_split *sp = &j->rule->split[k];

	if (k == j->rule->nsplit)
		return prove_case(j);
	for (s64 n = sp->lo; n <= sp->hi; n++) {
		j->split.each = n;
		j->split.param[sp->param] = (s64)skep_rule_eval(sp->value, &j->split);
		j->fixed |= (u16)(1u << sp->param);
		if (!prove_from(j, k + 1))
			return false;
	}
	j->fixed &= (u16) ~(1u << sp->param);
	return true;
}

/* Does what the rule does depend on the byte order? */
static bool ordered(const struct skep_rule_insn *v, u32 n)
{
	for (u32 k = 0; k < n; k++)
		if (v[k].in.op == SKEP_TOLE || v[k].in.op == SKEP_TOBE)
			return true;
	return false;
}

void skep_prove_rule(const struct skep_rule *r, const struct skep_prove_rule_opts *opts,
		     struct skep_arena *arena, struct skep_prove_rule_result *out)
{
	struct job j = {.rule = r, .opts = opts, .arena = arena, .out = out};
	bool yes = true,
	     both = !r->little && (ordered(r->before, r->nbefore) || ordered(r->after, r->nafter));

	memset(out, 0, sizeof(*out));
	out->verdict = SKEP_PROVE_UNKNOWN;
	out->reason = "a split has too many values";
	for (u32 k = 0; k < r->nsplit && yes; k++)
		yes = prove_split(&j, &r->split[k]);
	for (u32 big = 0; big < 1u + both && yes; big++) {
		j.big = big;
		yes = prove_from(&j, 0);
	}
	if (yes) {
		out->verdict = SKEP_PROVE_EQUAL;
		out->reason = NULL;
	}
}
