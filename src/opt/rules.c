/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules (src/opt/rules/, docs/rules.md): rows of instructions that a cheaper row
 * replaces. By liveness, within an extended basic block: blocks that control enters
 * by one way each, from the block before. A rule is looked for from its last
 * instruction, by operation; what wrote the operands is the next of its
 * instructions, so they need not stand next to each other.
 *
 * Right because: each rule is proved for all values of its registers and
 * immediates (tests/prove/rules.c), with different variables in different
 * registers, as they are bound here. What stands between the instructions of the
 * left side could stand before all of them: it writes no register that those
 * before it read or write, reads none that they write, and writes no memory that a
 * load among them reads; so the left side runs as one row where its last
 * instruction stands, and there the right side takes its place. Registers that the
 * rule calls dead are not live behind it; others have the values they had. No jump
 * arrives between the first and the last of its instructions, for only one way leads
 * to each. Where control leaves between them, what those before that branch write is
 * not live on the other way, so nobody there sees that they are gone; what the row
 * reads is kept by nobody but the row itself, within the region that is marked. Of registers that
 * the rule calls low nobody reads the upper half behind it. What else reads them goes on with
 * another upper half, so in one run such rules and those that ask for facts do not meet (struct
 * run): a fact may be of that half. Without facts the others hold for all values. Instructions with
 * a CO-RE record are left, as are constants that are not known yet. Facts (`bits`, `scalar`) are of
 * the place where the register is read first, and it keeps its value to the end. A rule makes the
 * code cheaper in an order without end points below zero, so rewriting stops.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 32 };

/* What was applied in this run. */
struct run {
	bool low, facts;
};

/* What touches a register before the last instruction: most rules that end alike ask for the same.
 */
struct prior {
	u16 known;
	struct skep_insn *by[11];
};

struct match {
	const struct skep_rule *rule;
	struct skep_insn *at[SKEP_RW_INSNS]; /* of the left side */
	struct skep_rule_binding b;
};

static bool usable(const struct skep_insn *i)
{
	return !skep_insn_frozen(i) && skep_rule_legal(&i->in);
}

static bool bind_insn(struct match *m, u32 k, struct skep_insn *i)
{
	m->at[k] = i;
	return (i->in.form != SKEP_IMM || skep_insn_const(i)) &&
	       skep_rule_bind(&m->b, &m->rule->before[k], &i->in);
}

/* The last instruction on the way to `i` that touches the register, or NULL. */
static struct skep_insn *touched_before(const struct skep_opt *o, const struct skep_insn *i, u8 reg)
{
	u32 n = i->num;

	for (u32 k = 0; k < WINDOW && (n = skep_cfg_before(o->cfg, n)) != SKEP_CFG_NONE; k++)
		if (o->cfg->insn[n]->func && skep_opt_touches(o, o->cfg->insn[n], (u16)(1u << reg)))
			return o->cfg->insn[n];
	return NULL;
}

static struct skep_insn *before_last(const struct skep_opt *o, const struct skep_insn *last, u8 reg,
				     struct prior *p)
{
	if (!(p->known >> reg & 1))
		p->by[reg] = touched_before(o, last, reg);
	p->known |= (u16)(1u << reg);
	return p->by[reg];
}

static bool bind_all(const struct skep_opt *o, struct match *m, struct skep_insn *last,
		     struct prior *p)
{
	u32 k = m->rule->nbefore - 1;

	m->b.known = m->b.bound = m->b.used = 0;
	if (!bind_insn(m, k, last))
		return false;
	while (k--) {
		u8 reg = m->b.reg[m->rule->before[k].in.dst];
		struct skep_insn *i = m->at[k + 1] == last ? before_last(o, last, reg, p)
							   : touched_before(o, m->at[k + 1], reg);

		if (!i || !bind_insn(m, k, i) || !usable(i))
			return false;
	}
	return true;
}

/* The numbers from the first instruction of the left side to the last, as control goes. */
static u32 way(const struct skep_opt *o, const struct match *m, u32 *num)
{
	u32 n = 0, at = m->at[m->rule->nbefore - 1]->num, from = 0;

	for (num[n++] = at; at != m->at[0]->num; num[n++] = at)
		at = skep_cfg_before(o->cfg, at);
	for (; from + 1 < n - from; from++) {
		u32 t = num[from];

		num[from] = num[n - 1 - from];
		num[n - 1 - from] = t;
	}
	return n;
}

/* Does something behind the load `num[k]` on the way write what it reads? */
static bool overwritten(const struct skep_opt *o, const u32 *num, u32 k, u32 n)
{
	struct skep_place at;

	if (!skep_place_get(o->fa, o->cfg->insn[num[k]], &at))
		return false;
	for (u32 i = k + 1; i + 1 < n; i++)
		if (skep_opt_meets_at(o, o->cfg->insn[num[i]], &at, OPT_WRITES))
			return true;
	return false;
}

/* May what stands between come before all of it, and does nobody miss it where control leaves? */
static bool movable(const struct skep_opt *o, const struct match *m)
{
	u32 num[SKEP_RW_INSNS * WINDOW + 1], n = way(o, m, num), k = 0;
	u16 reads = 0, writes = 0;

	for (u32 x = 0; x + 1 < n; x++) {
		const struct skep_insn *i = o->cfg->insn[num[x]];

		if (i == m->at[k]) {
			k++;
			reads |= skep_reads(o->obj, i);
			writes |= skep_isa_writes(&i->in);
			if (overwritten(o, num, x, n))
				return false;
		} else if (i->func && (skep_isa_writes(&i->in) & (reads | writes) ||
				       skep_reads(o->obj, i) & writes)) {
			return false;
		}
		if (skep_live_aside(o->cfg, o->lv, num[x], num[x + 1]) & writes)
			return false;
	}
	return true;
}

/* What a register holds where the left side reads it first. */
static const struct skep_val *entry_value(const struct skep_opt *o, const struct match *m, u32 var)
{
	u32 k = 0;

	while (!(skep_isa_reads(&m->rule->before[k].in) >> var & 1))
		k++;
	return &o->fa->in[m->at[k]->num][m->b.reg[var]];
}

static u8 bits_of(const struct skep_val *v)
{
	if (skep_val_const(v))
		return v->off ? (u8)(64 - __builtin_clzll((u64)v->off)) : 0;
	return v->kind == SKEP_K_SCALAR ? v->bits : 64;
}

static bool conditions(const struct skep_opt *o, struct match *m)
{
	const struct skep_rule *r = m->rule;
	u32 last = m->at[r->nbefore - 1]->num;
	u16 live = o->lv->out[last], upper = o->lv->upper[last];

	for (u32 v = 0; v < SKEP_RW_REGS; v++) {
		if (r->dead >> v & 1 && live >> m->b.reg[v] & 1)
			return false;
		if (r->low >> v & 1 && upper >> m->b.reg[v] & 1)
			return false;
		if (!(r->inputs >> v & 1))
			continue;
		m->b.env.bits[v] = bits_of(entry_value(o, m, v));
		if (r->scalar >> v & 1 && entry_value(o, m, v)->kind != SKEP_K_CONST &&
		    entry_value(o, m, v)->kind != SKEP_K_SCALAR)
			return false;
	}
	for (u32 k = 0; k < r->nwhen; k++)
		if (!skep_rule_eval(&r->when[k], &m->b.env))
			return false;
	return true;
}

/* The right side with registers and numbers in place; false: some instruction cannot be. */
static bool right_side(const struct skep_opt *o, const struct match *m, struct skep_ins *out)
{
	for (u32 k = 0; k < m->rule->nafter; k++) {
		const struct skep_rule_insn *t = &m->rule->after[k];
		u16 regs = skep_isa_reads(&t->in);

		out[k] = skep_rule_fill(t, &m->b.env);
		if (t->in.form == SKEP_REG && regs >> t->in.src & 1)
			out[k].src = m->b.reg[t->in.src];
		out[k].dst = m->b.reg[t->in.dst];
		if (!skep_opt_allowed(o, &out[k]) || !skep_rule_legal(&out[k]))
			return false;
	}
	return true;
}

static bool apply(struct skep_opt *o, const struct match *m, const struct skep_ins *in)
{
	const struct skep_rule *r = m->rule;
	struct skep_insn *first = m->at[0], *last = m->at[r->nbefore - 1], *to = last->target;

	if (!skep_opt_begin(o, skep_arena_printf(o->res->arena, "rule %s: %s", r->name, r->summary),
			    first, last))
		return false;
	skep_opt_touch(o, first, last);
	for (u32 k = 0; k + 1 < r->nafter; k++)
		skep_edit_insert_before(last, skep_insn_new(o->obj, &in[k], last), k == 0);
	if (r->nafter) {
		skep_edit_set(last, &in[r->nafter - 1]);
		if (to)
			skep_edit_set_target(last, to);
	}
	for (u32 k = 0; k < r->nbefore - (r->nafter ? 1 : 0); k++)
		skep_edit_remove(o->obj, m->at[k]);
	skep_opt_end(o);
	return true;
}

/* The key of what last touched the register before the last instruction. */
static u16 prior_key(const struct skep_opt *o, const struct skep_insn *last, u8 reg, u16 source,
		     struct prior *prior)
{
	const struct skep_insn *p = before_last(o, last, reg, prior);

	return p ? (u16)(skep_rule_key(&p->in) | source) : SKEP_RW_ANY;
}

static bool visit(struct skep_opt *o, struct skep_insn *i, struct run *run)
{
	const struct skep_rule_index *x = &skep_opt_rules;
	u32 key = skep_rule_key(&i->in);
	u16 by_dst, by_src = SKEP_RW_ANY;
	struct skep_ins in[SKEP_RW_INSNS];
	struct prior prior = {.known = 0};
	struct match m;

	if (x->first[key] == x->first[key + 1] || !usable(i))
		return false;
	by_dst = prior_key(o, i, i->in.dst, 0, &prior);
	if (i->in.form == SKEP_REG)
		by_src = prior_key(o, i, i->in.src, SKEP_RW_SOURCE, &prior);
	for (u32 k = x->first[key]; k < x->first[key + 1]; k++) {
		if (x->prior[k] != SKEP_RW_ANY && x->prior[k] != by_dst && x->prior[k] != by_src)
			continue;
		m.rule = &x->rule[x->order[k]];
		if (!(m.rule->goals >> o->opts->mode & 1) || (m.rule->little && o->obj->big) ||
		    m.rule->cpu > o->level || (!m.rule->nafter && !i->next) ||
		    (m.rule->low && run->facts) || (m.rule->facts && run->low))
			continue;
		if (bind_all(o, &m, i, &prior) && skep_opt_clean(o, m.at[0], i) && movable(o, &m) &&
		    conditions(o, &m) && right_side(o, &m, in) && apply(o, &m, in)) {
			run->low |= m.rule->low != 0;
			run->facts |= m.rule->facts;
			return true;
		}
	}
	return false;
}

bool skep_pass_rules(struct skep_opt *o, struct skep_func *f)
{
	struct run run = {.low = false};
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func && !o->touched[k])
			changed |= visit(o, o->cfg->insn[k], &run);
	return changed;
}

bool skep_pass_early(struct skep_opt *o, struct skep_func *f)
{
	return skep_pass_rules(o, f);
}
