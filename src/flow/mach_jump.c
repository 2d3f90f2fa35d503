/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional jumps: which ways are possible, and what is known on each. A jump that is
 * decided by what is known follows one way only, hence its operands mattered. Otherwise
 * both ways are explored, and each side's operands, and all that is tied to them, are
 * narrowed by the condition.
 */
#include "flow/mach_impl.h"

enum { MAX_PACKET = 0xffff };

/* --- NULL ------------------------------------------------------------------------------ */

static void not_null(struct skep_mach *m, struct skep_vreg *r)
{
	r->flags &= (u16)~SKEP_VF_NULL;
	if (r->type == SKEP_VT_VALUE && r->map) {
		u32 t = r->map->type;

		if (t == SKEP_MAP_ARRAY_OF_MAPS || t == SKEP_MAP_HASH_OF_MAPS) {
			r->type = SKEP_VT_MAP;
			r->aux = r->id;
			r->map = r->map->inner;
		} else if (t == SKEP_MAP_XSKMAP) {
			r->type = SKEP_VT_XDP_SOCK;
			r->map = NULL;
		} else if (t == SKEP_MAP_SOCKMAP || t == SKEP_MAP_SOCKHASH) {
			r->type = SKEP_VT_SOCK;
			r->map = NULL;
		}
	}
	r->id = 0;
}

/*
 * The address of a node inside of an object that may not be there: its offset is the node's, not
 * what was added to it, since nothing may be added before the test. So NULL is 0.
 */
static bool is_node(const struct skep_vreg *r)
{
	return r->type == SKEP_VT_BTF && (r->flags & SKEP_VF_ALLOC);
}

static void settle_null(struct skep_mach *m, struct skep_vstate *st, u32 id, u32 ref, bool null)
{
	if (null && ref && ref == id) /* a cast's result shares the reference, but not its fate */
		skep_ref_drop(st, ref);
	FOR_EACH_VREG(st, r, {
		if (!(r->flags & SKEP_VF_NULL) || !skep_vreg_is_ptr(r) || r->id != id)
			continue;
		if (!null)
			not_null(m, r);
		else if (r->off && !is_node(r))
			skep_vreg_unknown(r, r->def);
		else
			skep_vreg_const(r, 0, r->def);
	});
}

static bool never_null(const struct skep_vreg *r)
{
	if (r->flags & (SKEP_VF_NULL | SKEP_VF_UNTRUSTED))
		return false;
	switch (r->type) {
	case SKEP_VT_SOCK:
	case SKEP_VT_TCP_SOCK:
	case SKEP_VT_SOCK_COMMON:
	case SKEP_VT_VALUE:
	case SKEP_VT_KEY:
	case SKEP_VT_MEM:
	case SKEP_VT_MAP: return true;
	case SKEP_VT_BTF: return r->flags & (SKEP_VF_TRUSTED | SKEP_VF_RCU) || r->ref;
	default: return false;
	}
}

/* --- packets ---------------------------------------------------------------------------- */

/* On this way `p` lies before the end (or at it, `open`: strictly before). */
static void prove_packet(struct skep_vstate *st, const struct skep_vreg *p, bool open)
{
	u32 proven, id = p->id;
	u8 type = p->type;

	if (p->off < 0 || (p->off == 0 && open))
		return;
	if (p->r.umax > MAX_PACKET || p->r.umax + (u64)p->off > MAX_PACKET)
		return;
	proven = (u32)p->off + open;
	FOR_EACH_VREG(st, r, {
		if (r->type == type && r->id == id && r->aux < proven)
			r->aux = proven;
	});
}

static bool is_data_start(const struct skep_vreg *r)
{
	return r->type == SKEP_VT_PKT && r->id == 0 && r->off == 0 && skep_vreg_fixed(r);
}

enum side { NEITHER, LEFT, RIGHT };

/* Which operand is a packet pointer that is compared with its limit: the packet's end, or the
 * packet's start for metadata. */
static enum side packet_side(const struct skep_insn *i, const struct skep_vreg *d,
			     const struct skep_vreg *s)
{
	u16 op = i->in.op;

	if (i->in.size != 8 ||
	    (op != SKEP_JGT && op != SKEP_JGE && op != SKEP_JLT && op != SKEP_JLE))
		return NEITHER;
	if ((d->type == SKEP_VT_PKT && s->type == SKEP_VT_PKT_END) ||
	    (d->type == SKEP_VT_META && is_data_start(s)))
		return LEFT;
	if ((s->type == SKEP_VT_PKT && d->type == SKEP_VT_PKT_END) ||
	    (s->type == SKEP_VT_META && is_data_start(d)))
		return RIGHT;
	return NEITHER;
}

/*
 * A comparison of a packet pointer with the packet's end (or of metadata with the
 * packet's start). `st` falls through, `taken` jumps.
 */
static void packet_cond(struct skep_vstate *st, struct skep_vstate *taken,
			const struct skep_insn *i, const struct skep_vreg *d,
			const struct skep_vreg *s)
{
	enum side side = packet_side(i, d, s);
	bool right = side == RIGHT;
	u16 op = i->in.op;

	if (side == NEITHER)
		return;
	if (right) {
		op = (u16)skep_op_swap(op);
		d = s;
	}
	/* Now d is the pointer that is compared with the limit. */
	switch (op) {
	case SKEP_JGT: /* p > end */
		prove_packet(st, d, false);
		skep_vreg(taken, right ? i->in.src : i->in.dst)->flags |= SKEP_VF_PKT_BEYOND;
		break;
	case SKEP_JLE:
		prove_packet(taken, d, false);
		skep_vreg(st, right ? i->in.src : i->in.dst)->flags |= SKEP_VF_PKT_BEYOND;
		break;
	case SKEP_JGE: prove_packet(st, d, true); break;
	default: prove_packet(taken, d, true); break;
	}
}

/* A pointer once found beyond the end is so again. */
static int packet_decided(u16 op, const struct skep_vreg *d, const struct skep_vreg *s)
{
	if (d->type == SKEP_VT_PKT_END && s->type == SKEP_VT_PKT) {
		int swapped = skep_op_swap(op);

		if (swapped < 0)
			return -1;
		return packet_decided((u16)swapped, s, d);
	}
	if (d->type != SKEP_VT_PKT || s->type != SKEP_VT_PKT_END ||
	    !(d->flags & SKEP_VF_PKT_BEYOND))
		return -1;
	return op == SKEP_JGT || op == SKEP_JGE ? 1 : op == SKEP_JLE || op == SKEP_JLT ? 0 : -1;
}

/* --- numbers ------------------------------------------------------------------------------ */

/* What is known of r, which is tied to a number that was narrowed; false: nothing more. */
static bool moved_to(const struct skep_vreg *from, const struct skep_vreg *r,
		     struct skep_range *out)
{
	struct skep_ins add = {.op = SKEP_ADD, .size = 8, .form = SKEP_IMM};
	struct skep_range dist = skep_range_const((u64)((s64)r->off - from->off));

	if ((from->flags | r->flags) & SKEP_VF_LINKED32) {
		/* The lower 32 bits are known: all of it where it has no others. */
		if (!(r->flags & SKEP_VF_LINKED32) && r->r.umax > UINT32_MAX)
			return false;
		add.size = 4;
	}
	*out = add.size == 8 && r->off == from->off ? from->r
						    : skep_range_alu(&add, &from->r, &dist);
	return true;
}

/*
 * The numbers tied to the one just narrowed are narrowed too. One that cannot be (its own
 * bounds say that this way is impossible) stays as it is, and decides nothing: it may be dead
 * or not have mattered, and then no comparison of states looks at it.
 */
static void narrow_equals(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *to)
{
	struct skep_vreg from = *to;

	if (!from.id)
		return;
	FOR_EACH_VREG(st, r, {
		struct skep_range moved;

		if (r->type != SKEP_VT_NUM || r->id != from.id || r == to ||
		    !moved_to(&from, r, &moved))
			continue;
		skep_range_meet(&r->r, &moved, &r->r);
		r->node = skep_node_join(m, r->node, from.node);
	});
}

/* Narrow the operands on one way; false: it is impossible. */
static bool narrow(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		   bool taken)
{
	struct skep_vreg *d = skep_vreg(st, i->in.dst), *s, imm;

	if (i->in.form == SKEP_REG) {
		u32 node;

		s = skep_vreg(st, i->in.src);
		if (s == d)
			return true;
		if (!skep_range_refine(i->in.op, i->in.size, taken, &d->r, &s->r))
			return false;
		node = skep_node_join(m, d->node, s->node);
		d->node = s->node = node;
		narrow_equals(m, st, d);
		narrow_equals(m, st, s);
		return true;
	}
	skep_vreg_const(&imm, (u64)i->in.imm, st->at);
	if (!skep_range_refine(i->in.op, i->in.size, taken, &d->r, &imm.r))
		return false;
	narrow_equals(m, st, d);
	return true;
}

static int same_decided(u16 op)
{
	switch (op) {
	case SKEP_JEQ:
	case SKEP_JGE:
	case SKEP_JLE:
	case SKEP_JSGE:
	case SKEP_JSLE: return 1;
	case SKEP_JSET: return -1;
	default: return 0;
	}
}

static void follow(struct skep_mach *m, struct skep_vstate *st, bool taken)
{
	const struct skep_vinsn *v = &m->insn[st->at];

	st->hist[st->nhist++ % SKEP_VHIST] = st->at << 1 | taken;
	st->at = taken ? v->target : v->next;
}

/* Is the way decided? 1 taken, 0 not, -1 open. */
static int decided(struct skep_mach *m, const struct skep_insn *i, const struct skep_vreg *d,
		   const struct skep_vreg *s)
{
	int way = -1;

	if (d->type == SKEP_VT_NUM && s->type == SKEP_VT_NUM) {
		if (i->in.form == SKEP_REG && i->in.src == i->in.dst)
			way = same_decided(i->in.op);
		if (way < 0)
			way = skep_range_cond(i->in.op, i->in.size, &d->r, &s->r);
		if (way >= 0) {
			skep_mach_precise(m, d);
			skep_mach_precise(m, s);
		}
		return way;
	}
	if (i->in.size != 8)
		return -1;
	if (skep_vreg_is_ptr(d) && skep_vreg_is_zero(s) && never_null(d)) {
		skep_mach_precise(m, s);
		if (i->in.op == SKEP_JEQ)
			return 0;
		if (i->in.op == SKEP_JNE)
			return 1;
	}
	if (skep_vreg_is_ptr(s) && skep_vreg_is_zero(d) && never_null(s)) {
		skep_mach_precise(m, d);
		if (i->in.op == SKEP_JEQ)
			return 0;
		if (i->in.op == SKEP_JNE)
			return 1;
	}
	return packet_decided(i->in.op, d, s);
}

static bool null_test(struct skep_mach *m, const struct skep_insn *i, const struct skep_vreg *p,
		      const struct skep_vreg *z)
{
	return (i->in.op == SKEP_JEQ || i->in.op == SKEP_JNE) && i->in.size == 8 &&
	       skep_vreg_is_ptr(p) && (p->flags & SKEP_VF_NULL) && skep_mach_null(m, z);
}

/* p == q where only one of them may be NULL: neither is on that way. */
static bool equal_test(const struct skep_insn *i, const struct skep_vreg *p,
		       const struct skep_vreg *q)
{
	return (i->in.op == SKEP_JEQ || i->in.op == SKEP_JNE) && i->in.size == 8 &&
	       (p->flags & SKEP_VF_NULL) && skep_vreg_is_ptr(p) && skep_vreg_is_ptr(q) &&
	       p->type != SKEP_VT_BTF && never_null(q);
}

static bool of_packet(const struct skep_vreg *r)
{
	return skep_vreg_is_pkt(r) || r->type == SKEP_VT_PKT_END;
}

/* Without privileges: the outcome would tell something of the pointer's value. */
static int compared(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(reg),
			  "r%u, %s, is compared with something else than NULL or the packet's end",
			  reg, skep_vreg_what(skep_vreg(st, reg)));
}

/* Are there other numbers that are tied to those that are compared? */
static bool compares_tied(struct skep_vstate *st, const struct skep_vreg *d,
			  const struct skep_vreg *s)
{
	u32 a = d->type == SKEP_VT_NUM ? d->id : 0, b = s->type == SKEP_VT_NUM ? s->id : 0, n = 0;

	if (!a && !b)
		return false;
	FOR_EACH_VREG(st, r,
		      { n += r->type == SKEP_VT_NUM && r->id && (r->id == a || r->id == b); });
	return n > 1;
}

static int cond(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_vreg *d = skep_vreg(st, i->in.dst), s;
	struct skep_vstate *taken;
	struct skep_vreg d0;
	int err = skep_mach_use(m, st, i->in.dst), way;

	if (!err && i->in.form == SKEP_REG)
		err = skep_mach_use(m, st, i->in.src);
	if (err)
		return err;
	if (i->in.form == SKEP_REG)
		s = *skep_vreg(st, i->in.src);
	else
		skep_vreg_const(&s, (u64)i->in.imm, st->at);
	if (m->opt.unpriv && skep_vreg_is_ptr(&s) && !(of_packet(d) && of_packet(&s)))
		return compared(m, st, i->in.src);
	way = decided(m, i, d, &s);
	if (way >= 0) {
		follow(m, st, way);
		return 0;
	}
	if (m->opt.unpriv && skep_vreg_is_ptr(d) && packet_side(i, d, &s) == NEITHER &&
	    !(i->in.form == SKEP_IMM && null_test(m, i, d, &s)))
		return compared(m, st, i->in.dst);
	d0 = *d;
	if (compares_tied(st, d, &s))
		skep_note(m, st);
	taken = skep_vstate_copy(m, st);
	if (d0.type == SKEP_VT_NUM && s.type == SKEP_VT_NUM) {
		bool t = narrow(m, taken, i, true), f = narrow(m, st, i, false);

		if (!t || !f) {
			/* Decided after all: narrowing sees more than comparing does. */
			skep_mach_precise(m, &d0);
			skep_mach_precise(m, &s);
			if (!f) {
				/* The fall-through is impossible: go on with the other. */
				struct skep_vstate tmp = *st;

				*st = *taken;
				*taken = tmp;
			}
			skep_vstate_free(m, taken);
			follow(m, st, !f);
			return 0;
		}
	} else if (null_test(m, i, &d0, &s)) {
		settle_null(m, st, d0.id, d0.ref, i->in.op == SKEP_JNE);
		settle_null(m, taken, d0.id, d0.ref, i->in.op == SKEP_JEQ);
	} else if (null_test(m, i, &s, &d0)) {
		settle_null(m, st, s.id, s.ref, i->in.op == SKEP_JNE);
		settle_null(m, taken, s.id, s.ref, i->in.op == SKEP_JEQ);
	} else if (equal_test(i, &d0, &s)) {
		settle_null(m, i->in.op == SKEP_JEQ ? taken : st, d0.id, d0.ref, false);
	} else if (equal_test(i, &s, &d0)) {
		settle_null(m, i->in.op == SKEP_JEQ ? taken : st, s.id, s.ref, false);
	} else {
		packet_cond(st, taken, i, &d0, &s);
	}
	follow(m, taken, true);
	follow(m, st, false);
	m->other = taken;
	return 0;
}

const struct skep_vstate *skep_vstate_earlier(const struct skep_vstate *st, u32 at)
{
	const struct skep_vstate *p = st->parent;

	for (p = p ? p->parent : NULL; p; p = p->parent)
		if (p->first == at && skep_vstate_same_place(p, st))
			return p;
	return NULL;
}

/*
 * may_goto: the loop's body once more (widened against the visit before, so that loops
 * end here), or out of it.
 */
static int may_goto(struct skep_mach *m, struct skep_vstate *st)
{
	struct skep_vstate *body = skep_vstate_copy(m, st);
	const struct skep_vstate *before = skep_vstate_earlier(st, st->at);

	body->goto_depth++;
	if (before)
		skep_vstate_widen(m, before, body);
	follow(m, body, false);
	follow(m, st, true);
	m->other = body;
	return 0;
}

int skep_step_jump(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	if (i->in.op == SKEP_JA || i->in.op == SKEP_GOTOL) {
		st->at = m->insn[st->at].target;
		return 0;
	}
	return i->in.op == SKEP_JCOND ? may_goto(m, st) : cond(m, st, i);
}
