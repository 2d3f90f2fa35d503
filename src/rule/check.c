/* SPDX-License-Identifier: BSD-2-Clause */
/* What a rule must keep to, proof apart; what follows from its two sides; the index. */
#include "rule/rule_impl.h"

/* Instructions that rules are made of. */
static bool kind_allowed(const struct skep_ins *in)
{
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU: return true;
	case SKEP_CLASS_UNARY: return in->op != SKEP_CAST;
	case SKEP_CLASS_JMP: return true;
	case SKEP_CLASS_MEM: return in->op == SKEP_LDX || in->op == SKEP_LDXS || in->op == SKEP_STX;
	default: return in->op == SKEP_LDDW && in->src == SKEP_LD_IMM;
	}
}

struct use {
	u16 inputs, writes, all;
	u32 loads;
	const struct skep_ins *end; /* a branch or a store, or NULL */
};

/* NULL or what is wrong with a side. */
static const char *side_use(const struct skep_rule_insn *v, u32 n, struct use *u)
{
	memset(u, 0, sizeof(*u));
	for (u32 i = 0; i < n; i++) {
		u16 reads = skep_isa_reads(&v[i].in), writes = skep_isa_writes(&v[i].in);

		if (!kind_allowed(&v[i].in))
			return "an instruction of a kind that rules do not have";
		if (u->end)
			return "a branch or a store must be the last instruction";
		u->inputs |= (u16)(reads & ~u->writes);
		u->writes |= writes;
		u->all |= reads | writes;
		u->loads += v[i].in.op == SKEP_LDX || v[i].in.op == SKEP_LDXS;
		if (skep_is_cond(v[i].in.op) || v[i].in.op == SKEP_STX)
			u->end = &v[i].in;
	}
	return NULL;
}

static bool same_end(const struct skep_ins *a, const struct skep_ins *b)
{
	if (!a || !b || skep_is_cond(a->op) != skep_is_cond(b->op))
		return a == b;
	return skep_is_cond(a->op) || a->size == b->size;
}

/* A matcher goes from the last instruction back to what wrote its operands. */
static bool connected(const struct skep_rule *r)
{
	u16 known = 0;

	for (u32 i = r->nbefore; i-- > 0;) {
		const struct skep_ins *in = &r->before[i].in;

		if (i + 1 < r->nbefore && !(skep_isa_writes(in) & known))
			return false;
		known |= skep_isa_reads(in) | skep_isa_writes(in);
	}
	return true;
}

void skep_rule_cost_of(const struct skep_ins *in, struct skep_rule_cost *sum)
{
	sum->slots += skep_ins_slots(in);
	switch (in->op) {
	case SKEP_DIV:
	case SKEP_MOD:
	case SKEP_SDIV:
	case SKEP_SMOD: sum->weight += 24; return;
	case SKEP_MUL: sum->weight += 5; return;
	case SKEP_LDX:
	case SKEP_LDXS:
	case SKEP_STX: sum->weight += 4; return;
	case SKEP_MOV: sum->weight += 1; return;
	default: sum->weight += in->form == SKEP_REG ? 3 : 2;
	}
}

static bool cheaper(const struct skep_rule *r)
{
	struct skep_rule_cost a = {0}, b = {0};

	for (u32 i = 0; i < r->nbefore; i++)
		skep_rule_cost_of(&r->before[i].in, &a);
	for (u32 i = 0; i < r->nafter; i++)
		skep_rule_cost_of(&r->after[i].in, &b);
	return b.slots < a.slots || (b.slots == a.slots && b.weight < a.weight);
}

/* The level as far as it is known: an instruction whose immediate is not may turn out to be
 * illegal, not newer. */
static u8 level_of(const struct skep_rule *r)
{
	u32 level = 1;

	for (u32 i = 0; i < r->nafter; i++)
		level = SKEP_MAX(level, skep_isa_level(&r->after[i].in));
	return (u8)level;
}

static bool asks_facts(const struct skep_rule *r)
{
	for (u32 k = 0; k < r->nwhen; k++)
		for (u32 t = 0; t < r->when[k].n; t++)
			if (r->when[k].tok[t].op == SKEP_RX_BITS)
				return true;
	return false;
}

const char *skep_rule_complete(struct skep_rule *r)
{
	struct use a, b;
	const char *bad = side_use(r->before, r->nbefore, &a);

	bad = bad ? bad : side_use(r->after, r->nafter, &b);
	if (bad)
		return bad;
	if (!r->nbefore)
		return "the left side is empty";
	if (!connected(r))
		return "an instruction of the left side writes nothing that those behind it use";
	if (!same_end(a.end, b.end))
		return "one side branches or stores, the other does not";
	if (b.inputs & ~a.inputs)
		return "the right side reads a register that the left side does not";
	if (b.writes & ~(a.writes | r->dead))
		return "the right side writes a register that is still needed";
	if (b.loads != a.loads)
		return "both sides must load as often";
	if (r->low & ~a.writes || r->low & r->dead)
		return "only the low half is to count of a register that is dead, or not written";
	if (r->dead & ~a.all || r->scalar & ~a.inputs)
		return "a condition names a register that the left side does not have";
	if (!cheaper(r))
		return "the right side is not cheaper";
	r->inputs = a.inputs;
	r->writes = a.writes;
	r->facts = asks_facts(r);
	if (r->cpu && r->cpu != level_of(r))
		return "the right side is of another level";
	r->cpu = level_of(r);
	return NULL;
}

bool skep_rule_legal(const struct skep_ins *in)
{
	if (skep_isa_check(in))
		return false;
	if (skep_op_class(in->op) != SKEP_CLASS_ALU || in->form != SKEP_IMM)
		return true;
	switch (in->op) {
	case SKEP_LSH:
	case SKEP_RSH:
	case SKEP_ARSH: return in->imm >= 0 && in->imm < in->size * 8;
	case SKEP_DIV:
	case SKEP_MOD:
	case SKEP_SDIV:
	case SKEP_SMOD: return in->imm != 0;
	default: return true;
	}
}

u32 skep_rule_key(const struct skep_ins *in)
{
	u8 class_ = skep_op_class(in->op);
	bool form = class_ == SKEP_CLASS_ALU || class_ == SKEP_CLASS_JMP;

	return in->op * 4u + (in->size == 8) * 2u + (form && in->form == SKEP_REG);
}

static u16 prior_of(const struct skep_rule *r)
{
	const struct skep_ins *last, *prior;

	if (r->nbefore < 2)
		return SKEP_RW_ANY;
	last = &r->before[r->nbefore - 1].in;
	prior = &r->before[r->nbefore - 2].in;
	if (prior->dst == last->dst)
		return (u16)skep_rule_key(prior);
	if (last->form == SKEP_REG && prior->dst == last->src)
		return (u16)(skep_rule_key(prior) | SKEP_RW_SOURCE);
	return SKEP_RW_ANY;
}

void skep_rules_index(const struct skep_rules *rules, struct skep_arena *arena,
		      struct skep_rule_index *out)
{
	u32 n = SKEP_MIN(rules->n, UINT16_MAX);
	u16 *first = SKEP_NEW_N(arena, u16, SKEP_RW_KEYS + 1),
	    *order = SKEP_NEW_N(arena, u16, n + 1), *prior = SKEP_NEW_N(arena, u16, n + 1), at = 0;

	for (u32 key = 0; key < SKEP_RW_KEYS; key++) {
		first[key] = at;
		for (u32 i = 0; i < n; i++)
			if (skep_rule_key(&rules->rule[i].before[rules->rule[i].nbefore - 1].in) ==
			    key)
				order[at++] = (u16)i;
	}
	for (u32 k = 0; k < at; k++)
		prior[k] = prior_of(&rules->rule[order[k]]);
	first[SKEP_RW_KEYS] = at;
	*out = (struct skep_rule_index){rules->rule, n, first, order, prior};
}
