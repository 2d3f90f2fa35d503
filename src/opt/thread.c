/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches that lead through code whose outcome is known from where they come:
 * a taken branch is followed with the constants that flow knows there, through
 * arithmetic and branches that these decide, and goes straight to where it ends
 * up. So does a branch to instructions before an exit that only set registers to what
 * they hold already: the 0 that is returned, where NULL was found. The graph changes, no
 * register that is read.
 *
 * Right because: what is skipped is arithmetic and loads, which have no other
 * effect than on registers, none of which is live where the branch then goes, or
 * all of which hold the same number without it;
 * every branch that is skipped compares constants. Liveness stays true: what is
 * live at the new target and not written on the way was live at the old one.
 * Registers that are dead at the new target may hold something else there, and
 * nobody asks for them.
 */
#include "opt/opt_impl.h"

enum { STEPS = 24 };

struct known {
	u64 v[11];
	u16 mask; /* registers whose value is known */
};

static bool operand(const struct known *k, const struct skep_ins *in, u64 *out)
{
	*out = in->form == SKEP_IMM ? (u64)in->imm : k->v[in->src];
	return in->form == SKEP_IMM || k->mask >> in->src & 1;
}

static void set(struct known *k, u8 reg, bool known, u64 v)
{
	k->mask = (u16)(known ? k->mask | 1u << reg : k->mask & ~(1u << reg));
	k->v[reg] = v;
}

/* One instruction without a branch; false when it may not be skipped. */
static bool skip(struct known *k, const struct skep_insn *i)
{
	const struct skep_ins *in = &i->in;
	u8 cls = skep_op_class(in->op);
	bool has_d = k->mask >> in->dst & 1, has_s;
	u64 s;

	if (skep_insn_frozen(i))
		return false;
	if (in->op == SKEP_LDX || in->op == SKEP_LDXS) {
		set(k, in->dst, false, 0);
		return true;
	}
	if (in->op == SKEP_LDDW) {
		set(k, in->dst, skep_insn_const(i), (u64)in->imm);
		return true;
	}
	if ((cls != SKEP_CLASS_ALU && cls != SKEP_CLASS_UNARY) || in->op == SKEP_CAST || !skep_insn_const(i))
		return false;
	if (cls == SKEP_CLASS_UNARY && in->op != SKEP_MOVSX) {
		set(k, in->dst, has_d, has_d ? skep_isa_eval(in, k->v[in->dst], k->v[in->dst]) : 0);
		return true;
	}
	has_s = operand(k, in, &s);
	has_s = has_s && (has_d || in->op == SKEP_MOV || in->op == SKEP_MOVSX);
	set(k, in->dst, has_s, has_s ? skep_isa_eval(in, k->v[in->dst], s) : 0);
	return true;
}

/* Does the branch find NULL in what the kernel's verifier knows to be a pointer or NULL, and a number from then on? */
static bool is_null(const struct skep_opt *o, const struct skep_val *d, const struct skep_insn *br)
{
	const struct skep_insn *by = d->kind == SKEP_K_PTR ? skep_facts_def(o->fa, d->vn) : NULL;
	const struct skep_helper *h = NULL;

	if (by && by->in.op == SKEP_CALL && by->ref == SKEP_REF_NONE && by->in.src == SKEP_CALL_HELPER)
		h = skep_helper_find(by->in.imm);
	return br->in.imm == 0 && br->in.size == 8 && d->off == 0 &&
	       (d->kind == SKEP_K_MAPVAL_OR_NULL || (h && h->ret == SKEP_RET_PTR_OR_NULL));
}

/* What is known when the branch is taken. */
static struct known at_edge(const struct skep_opt *o, const struct skep_insn *br)
{
	const struct skep_val *in = o->fa->in[br->num];
	struct known k = {{0}, 0};

	for (u8 r = 0; r < 10; r++)
		if (skep_val_const(&in[r]))
			set(&k, r, true, (u64)in[r].off);
	if (br->in.op == SKEP_JEQ && br->in.form == SKEP_IMM && !skep_insn_frozen(br)) {
		const struct skep_val *d = &in[br->in.dst];

		if (d->kind == SKEP_K_SCALAR && (br->in.size == 8 || d->bits <= 32))
			set(&k, br->in.dst, true, br->in.size == 8 ? (u64)br->in.imm : (u32)br->in.imm);
		else if (is_null(o, d, br))
			set(&k, br->in.dst, true, 0);
	}
	return k;
}

/* Where the branch ends up, or NULL when that is where it goes. */
static struct skep_insn *destination(const struct skep_opt *o, const struct skep_insn *br)
{
	struct known k = at_edge(o, br);
	struct skep_insn *i = br->target, *best = NULL;
	bool decided = false;
	u16 written = 0;
	u64 s;

	for (int n = 0; n < STEPS && i && i != br && !(i->flags & SKEP_IF_NEW); n++) {
		if (i->in.op == SKEP_JA) {
			i = i->target;
		} else if (skep_is_cond(i->in.op)) {
			if (skep_insn_frozen(i) || !(k.mask >> i->in.dst & 1) || !operand(&k, &i->in, &s))
				break;
			i = skep_isa_cond(&i->in, k.v[i->in.dst], s) ? i->target : i->next;
			decided = true;
		} else {
			if (!skip(&k, i))
				break;
			written |= skep_isa_writes(&i->in);
			i = i->next;
		}
		if (decided && i && i != br && !(o->lv->in[i->num] & written))
			best = i;
	}
	return best;
}

/* The exit to which the branch leads by instructions that set registers to what they hold; or NULL. */
static struct skep_insn *straight_exit(const struct skep_opt *o, const struct skep_insn *br)
{
	const struct known start = at_edge(o, br);
	struct skep_insn *i = br->target;
	struct known k = start;

	for (int n = 0; n < STEPS && i && i->in.op != SKEP_EXIT; n++) {
		u8 d = i->in.dst;

		if (i->in.op == SKEP_JA) {
			i = i->target;
			continue;
		}
		if (skep_is_cond(i->in.op) || !skip(&k, i) || !(start.mask & k.mask & 1u << d) || k.v[d] != start.v[d])
			return NULL;
		i = i->next;
	}
	return i && i->in.op == SKEP_EXIT ? i : NULL;
}

static bool lead(struct skep_opt *o, struct skep_insn *br, struct skep_insn *to, const char *why)
{
	if (!to || to == br->target || !o->fa->reached[to->num] || !skep_opt_begin(o, why, br, br))
		return false;
	skep_edit_set_target(br, to);
	skep_opt_end(o);
	return true;
}

bool skep_pass_thread(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false, more = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	for (u32 n = 0; n < o->cfg->ninsn; n++) {
		struct skep_insn *br = o->cfg->insn[n];

		if (o->fa->reached[n] && (skep_is_cond(br->in.op) || br->in.op == SKEP_JA))
			changed |= lead(o, br, destination(o, br), "what it leads through is decided");
	}
	/* By facts: what is returned may have been dead here, so liveness is no help from then on. */
	for (u32 n = 0; n < o->cfg->ninsn && !changed; n++) {
		struct skep_insn *br = o->cfg->insn[n];

		if (o->fa->reached[n] && skep_is_cond(br->in.op))
			more |= lead(o, br, straight_exit(o, br), "what it leads through changes nothing");
	}
	return changed || more;
}
