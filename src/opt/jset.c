/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mask whose result is only compared with zero becomes a test of bits; a copy
 * made for it goes, too. By liveness, within one block.
 *
 * Right because: "if x & m" is taken when x & m is not zero, and the masked
 * value is dead on both ways. Between the copy, the mask and the branch nothing
 * writes what they read. The 64-bit test extends its constant by the sign, as
 * the mask does; where the mask or the comparison has 32 bits, the test has 32
 * bits or a constant whose upper half is zero. The test has no opposite: where
 * the branch is taken at zero the two ways change places, which costs a jump and
 * pays only with a copy or a jump that is there; never in a loop, where the
 * kernel's pruning depends on the order.
 */
#include "opt/opt_impl.h"

struct test {
	struct skep_insn *copy, *mask, *br; /* copy: or NULL */
	struct skep_ins in;		    /* the test of bits */
};

/* The last instruction before `i` in its block that touches the register. */
static struct skep_insn *last_touch(const struct skep_opt *o, const struct skep_insn *i, u8 reg)
{
	u32 first = skep_opt_block_first(o, i)->num;

	for (u32 n = i->num; n-- > first;)
		if (o->cfg->insn[n]->func && skep_opt_touches(o, o->cfg->insn[n], (u16)(1u << reg)))
			return o->cfg->insn[n];
	return NULL;
}

static bool writes_between(const struct skep_opt *o, const struct skep_insn *a, const struct skep_insn *b, u8 reg)
{
	for (u32 n = a->num + 1; n < b->num; n++)
		if (o->cfg->insn[n]->func && skep_isa_writes(&o->cfg->insn[n]->in) >> reg & 1)
			return true;
	return false;
}

static bool find_test(const struct skep_opt *o, struct skep_insn *br, struct test *t)
{
	struct skep_insn *m, *c;
	u8 x = br->in.dst;
	bool narrow;

	if ((br->in.op != SKEP_JNE && br->in.op != SKEP_JEQ) || br->in.form != SKEP_IMM || br->in.imm ||
	    skep_insn_frozen(br) || o->lv->out[br->num] >> x & 1)
		return false;
	m = last_touch(o, br, x);
	if (!m || m->in.op != SKEP_AND || m->in.dst != x || !skep_insn_const(m) ||
	    (m->in.form == SKEP_REG && (m->in.src == x || writes_between(o, m, br, m->in.src))))
		return false;
	*t = (struct test){.mask = m, .br = br};
	t->in = (struct skep_ins){.op = SKEP_JSET, .size = 8, .form = m->in.form, .dst = x, .src = m->in.src, .imm = m->in.imm};
	narrow = m->in.size == 4 || br->in.size == 4;
	c = last_touch(o, m, x);
	if (c && c->in.op == SKEP_MOV && c->in.form == SKEP_REG && c->in.dst == x && c->in.src != x && !skep_insn_frozen(c) &&
	    !writes_between(o, c, br, c->in.src)) {
		t->copy = c;
		t->in.dst = c->in.src;
		narrow |= c->in.size == 4;
	}
	if (narrow && (m->in.form == SKEP_REG || m->in.imm < 0))
		t->in.size = 4;
	return skep_opt_allowed(o, &t->in);
}

static bool visit(struct skep_opt *o, struct skep_insn *br)
{
	struct skep_insn *other = br->next, *to = br->target, *first, *last = br;
	struct skep_ins ja = {.op = SKEP_JA, .size = 8};
	struct test t;
	bool swap = br->in.op == SKEP_JEQ, jump;

	if (!other || !find_test(o, br, &t))
		return false;
	jump = other->in.op == SKEP_JA && !other->njumps;
	if (swap && ((!t.copy && !jump) || o->cfg->block[o->cfg->block_of[br->num]].loop))
		return false;
	if (swap && jump)
		last = other;
	first = t.copy ? t.copy : t.mask;
	if (!skep_opt_clean(o, first, last) || !skep_opt_begin(o, "mask and comparison: a test of bits", first, last))
		return false;
	skep_opt_touch(o, first, last);
	skep_edit_set(br, &t.in);
	skep_edit_set_target(br, to);
	if (swap && jump) {
		skep_edit_set_target(br, other->target);
		skep_edit_set_target(other, to);
	} else if (swap) {
		struct skep_insn *j = skep_insn_new(o->obj, &ja, br);

		skep_edit_insert_after(br, j);
		skep_edit_set_target(j, to);
		skep_edit_set_target(br, other);
	}
	skep_edit_remove(o->obj, t.mask);
	if (t.copy)
		skep_edit_remove(o->obj, t.copy);
	skep_opt_end(o);
	return true;
}

bool skep_pass_jset(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	skep_cfg_loops(o->cfg, o->scratch);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
