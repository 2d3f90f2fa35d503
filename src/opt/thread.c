/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches that lead through code whose outcome is known from where they come:
 * a taken branch is followed with the constants that flow knows there, through
 * arithmetic and branches that these decide, and goes straight to where it ends
 * up. The graph changes, no register that is read.
 *
 * Right because: what is skipped is arithmetic and loads, which have no other
 * effect than on registers, none of which is live where the branch then goes;
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

/* What is known when the branch is taken. */
static struct known at_edge(const struct skep_opt *o, const struct skep_insn *br)
{
	const struct skep_val *in = o->fa->in[br->num];
	struct known k = {{0}, 0};

	for (u8 r = 0; r < 10; r++)
		if (skep_val_const(&in[r]))
			set(&k, r, true, (u64)in[r].off);
	if (br->in.op == SKEP_JEQ && br->in.form == SKEP_IMM && !skep_insn_frozen(br) &&
	    in[br->in.dst].kind == SKEP_K_SCALAR && (br->in.size == 8 || in[br->in.dst].bits <= 32))
		set(&k, br->in.dst, true, br->in.size == 8 ? (u64)br->in.imm : (u32)br->in.imm);
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

bool skep_pass_thread(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (skep_opt_huge(f))
		return false;
	skep_opt_look(o, f, true);
	for (u32 n = 0; n < o->cfg->ninsn; n++) {
		struct skep_insn *br = o->cfg->insn[n], *to;

		if (!o->fa->reached[n] || !(skep_is_cond(br->in.op) || br->in.op == SKEP_JA))
			continue;
		to = destination(o, br);
		if (!to || to == br->target || !o->fa->reached[to->num] ||
		    !skep_opt_begin(o, "what it leads through is decided", br, br))
			continue;
		skep_edit_set_target(br, to);
		skep_opt_end(o);
		changed = true;
	}
	return changed;
}
