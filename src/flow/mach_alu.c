/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic. Numbers follow the ranges; a pointer plus a bounded number stays a pointer:
 * a constant changes its fixed offset, anything else its variable part, under a new id for
 * packets because what was proven of the old variable part says nothing about the new one.
 */
#include "flow/mach_impl.h"

enum { MAX_OFF = 1 << 29 };

/* A number that a CO-RE record will put in is none yet: facts are of the object, not of one load.
 */
static bool open_number(const struct skep_mach *m, const struct skep_insn *i)
{
	return m->joins && i->core;
}

static void operand(const struct skep_mach *m, const struct skep_insn *i, struct skep_vstate *st,
		    struct skep_vreg *out)
{
	if (i->in.form == SKEP_REG)
		*out = *skep_vreg(st, i->in.src);
	else if (open_number(m, i))
		skep_vreg_unknown(out, st->at);
	else
		skep_vreg_const(out, (u64)i->in.imm, st->at);
}

/* The number that is added is small enough that offsets never wrap. */
static int check_sane(struct skep_mach *m, struct skep_vstate *st, const struct skep_range *r,
		      u32 reg)
{
	if (r->smin == INT64_MIN || r->smin <= -MAX_OFF || r->smin >= MAX_OFF)
		return skep_fault(
			m, st, SKEP_RULE_PTR_BOUNDS, REG(reg),
			"the number added to the pointer has no lower bound, or one beyond 2^29");
	return 0;
}

static bool known(const struct skep_range *r)
{
	return skep_range_is_const(r);
}

static int check_kind(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p,
		      const struct skep_range *n, u32 reg, bool sub)
{
	bool zero = known(n) && n->bits.value == 0;

	if (p->flags & SKEP_VF_NULL)
		return skep_fault(m, st, SKEP_RULE_PTR_ARITH, REG(reg),
				  "arithmetic on r%u, %s that may be NULL: test it first", reg,
				  skep_vreg_what(p));
	switch (p->type) {
	case SKEP_VT_FLOW_KEYS:
		if (known(n))
			return 0;
		break;
	case SKEP_VT_MAP:
	case SKEP_VT_SOCK:
	case SKEP_VT_SOCK_COMMON:
	case SKEP_VT_TCP_SOCK:
	case SKEP_VT_XDP_SOCK:
		if (zero && !sub)
			return 0;
		break;
	case SKEP_VT_PKT_END:
	case SKEP_VT_FUNC:
	case SKEP_VT_DYNPTR: break;
	case SKEP_VT_CTX:
	default: return 0;
	}
	return skep_fault(m, st, SKEP_RULE_PTR_ARITH, REG(reg),
			  "arithmetic on r%u, %s, is not possible", reg, skep_vreg_what(p));
}

/* dst = p +- n */
static int add(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p,
	       const struct skep_vreg *num, u32 dst, u32 preg, u32 nreg, bool sub)
{
	struct skep_vreg out = *p;
	struct skep_range n = num->r;
	static const struct skep_ins add_ = {.op = SKEP_ADD, .size = 8, .form = SKEP_REG};
	static const struct skep_ins sub_ = {.op = SKEP_SUB, .size = 8, .form = SKEP_REG};
	s64 fixed;
	int err = check_kind(m, st, p, &n, preg, sub);

	if (err)
		return err;
	if (sub && p->type == SKEP_VT_STACK)
		return skep_fault(m, st, SKEP_RULE_PTR_ARITH, REG(preg),
				  "subtraction from a stack pointer");
	skep_mach_precise(m, num);
	out.def = st->at;
	err = check_sane(m, st, &n, nreg);
	if (err)
		return err;
	fixed = (s64)p->off + (sub ? -n.smin : n.smin);
	out.flags &= (u16)~SKEP_VF_PKT_BEYOND;
	if (known(&n) && fixed == (s32)fixed && fixed > -MAX_OFF && fixed < MAX_OFF) {
		out.off = (s32)fixed;
	} else if (known(&n)) {
		return skep_fault(m, st, SKEP_RULE_PTR_BOUNDS, REG(preg),
				  "the pointer's offset passes 2^29");
	} else {
		out.r = skep_range_alu(sub ? &sub_ : &add_, &p->r, &n);
		if (skep_vreg_is_pkt(p)) {
			out.id = ++m->ids;
			out.aux = 0;
		}
		err = check_sane(m, st, &out.r, preg);
		if (err)
			return err;
	}
	*skep_vreg(st, dst) = out;
	return 0;
}

static int pointer_add(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		       const struct skep_vreg *p, const struct skep_vreg *num, u32 preg, u32 nreg)
{
	struct skep_alu_mask mask = {0};
	const struct skep_range n = num->r;
	int err = m->opt.unpriv ? skep_unpriv_mask(m, st, i, p, &n, &mask) : 0;

	if (!err)
		err = add(m, st, p, num, i->in.dst, preg, nreg, i->in.op == SKEP_SUB);
	if (!err && m->opt.unpriv)
		err = skep_unpriv_moved(m, st, i, &mask);
	return err;
}

static int pointer_alu(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		       const struct skep_vreg *s)
{
	struct skep_vreg *d = skep_vreg(st, i->in.dst), p;
	bool dptr = skep_vreg_is_ptr(d), sptr = skep_vreg_is_ptr(s);
	u16 regs = REG(i->in.dst) | (i->in.form == SKEP_REG ? REG(i->in.src) : 0);

	if (dptr && sptr) {
		if (i->in.op == SKEP_SUB && !m->opt.unpriv) {
			skep_vreg_unknown(d, st->at);
			d->node = skep_node_untraced(m);
			return 0;
		}
		return skep_fault(m, st, SKEP_RULE_PTR_ARITH, regs,
				  "%s and %s cannot be combined by '%s'", skep_vreg_what(d),
				  skep_vreg_what(s), skep_ops[i->in.op].text);
	}
	if (i->in.size == 4) {
		if (i->in.op == SKEP_SUB && !m->opt.unpriv) {
			skep_vreg_unknown(d, st->at);
			return 0;
		}
		return skep_fault(m, st, SKEP_RULE_PTR_ARITH, regs, "32-bit arithmetic on %s",
				  skep_vreg_what(dptr ? d : s));
	}
	if (dptr && (i->in.op == SKEP_ADD || i->in.op == SKEP_SUB)) {
		p = *d;
		return pointer_add(m, st, i, &p, s, i->in.dst,
				   i->in.form == SKEP_REG ? i->in.src : i->in.dst);
	}
	if (sptr && i->in.op == SKEP_ADD) {
		p = *d;
		return pointer_add(m, st, i, s, &p, i->in.src, i->in.dst);
	}
	return skep_fault(m, st, SKEP_RULE_PTR_ARITH, regs, "'%s' is not possible with %s",
			  skep_ops[i->in.op].text, skep_vreg_what(dptr ? d : s));
}

/*
 * Everything may be done with a pointer into the arena: it stays one, since accesses through it use
 * its lower half only and cannot leave the arena. That is why nothing is known of it as a number.
 */
static int space_alu(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	if (i->in.size == 8)
		m->insn[st->at].space |= SKEP_VS_POINTER;
	skep_vreg_pointer(skep_vreg(st, i->in.dst), SKEP_VT_ARENA, st->at);
	return 0;
}

static int mov(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_vreg *d = skep_vreg(st, i->in.dst), *s;
	u32 def = st->at;

	if (i->in.form == SKEP_IMM && open_number(m, i)) {
		skep_vreg_unknown(d, def);
		return 0;
	}
	if (i->in.form == SKEP_IMM) {
		skep_vreg_const(d, i->in.size == 4 ? (u32)i->in.imm : (u64)i->in.imm, def);
		return 0;
	}
	s = skep_vreg(st, i->in.src);
	if (i->in.size == 8) {
		/* Equal numbers are tied, so that what is found of one holds for the other. */
		if (s->type == SKEP_VT_NUM)
			skep_vreg_tie(m, s);
		*d = *s;
		if (d->type != SKEP_VT_NONE)
			d->def = s->type == SKEP_VT_NUM ? def : s->def;
		return 0;
	}
	if (s->type == SKEP_VT_NONE) {
		*d = *s;
		return 0;
	}
	if (s->type != SKEP_VT_NUM) {
		if (m->opt.unpriv)
			return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(i->in.src),
					  "half of a pointer is copied");
		skep_vreg_unknown(d, def);
		return 0;
	}
	if (s->r.umax <= UINT32_MAX) {
		skep_vreg_tie(m, s);
		*d = *s;
	} else {
		struct skep_range old = s->r;
		u32 node = s->node;

		skep_vreg_num(d, skep_range_alu(&i->in, &old, &old), def);
		d->node = node;
	}
	d->def = def;
	return 0;
}

static int check_operands(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	int err = skep_mach_use(m, st, i->in.dst);

	if (!err && i->in.form == SKEP_REG)
		err = skep_mach_use(m, st, i->in.src);
	if (err)
		return err;
	if (i->in.form == SKEP_IMM && !i->in.imm &&
	    (i->in.op == SKEP_DIV || i->in.op == SKEP_MOD || i->in.op == SKEP_SDIV ||
	     i->in.op == SKEP_SMOD))
		return skep_fault(m, st, SKEP_RULE_BAD_ALU, 0, "division by the constant zero");
	if (i->in.form == SKEP_IMM &&
	    (i->in.op == SKEP_LSH || i->in.op == SKEP_RSH || i->in.op == SKEP_ARSH) &&
	    (i->in.imm < 0 || i->in.imm >= i->in.size * 8))
		return skep_fault(m, st, SKEP_RULE_BAD_ALU, 0, "a shift by %lld of %u bits",
				  (long long)i->in.imm, i->in.size * 8u);
	return 0;
}

/* x += constant keeps the tie to its equals, at a distance. */
static bool keep_link(const struct skep_insn *i, const struct skep_vreg *d,
		      const struct skep_range *s, s32 *delta)
{
	s64 n = (s64)s->bits.value;

	if (!d->id || !known(s) || (i->in.op != SKEP_ADD && i->in.op != SKEP_SUB))
		return false;
	if (i->in.size == 4)
		n = (s32)n;
	if (d->flags & SKEP_VF_LINKED || n != (s32)n || n == INT32_MIN)
		return false;
	*delta = (s32)(i->in.op == SKEP_ADD ? n : -n);
	return i->in.size == 8 || d->r.umax <= UINT32_MAX;
}

/*
 * Does the kernel's verifier know nothing of the result? Quotients and remainders, and shifts
 * by a number that is not a constant below the width. A verdict follows it, so that what is
 * safe here is safe there; facts need not.
 */
static bool beyond_kernel(const struct skep_insn *i, const struct skep_range *s)
{
	switch (i->in.op) {
	case SKEP_DIV:
	case SKEP_MOD:
	case SKEP_SDIV:
	case SKEP_SMOD: return true;
	case SKEP_LSH:
	case SKEP_RSH:
	case SKEP_ARSH: return !known(s) || s->umax >= i->in.size * 8u;
	default: return false;
	}
}

int skep_step_alu(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_vreg *d = skep_vreg(st, i->in.dst), s;
	struct skep_range zero, r;
	s32 delta = 0;
	u32 node, id;
	bool link;
	int err;

	if (i->in.op == SKEP_MOV)
		return mov(m, st, i);
	err = check_operands(m, st, i);
	if (err)
		return err;
	operand(m, i, st, &s);
	if (d->type == SKEP_VT_ARENA || s.type == SKEP_VT_ARENA)
		return space_alu(m, st, i);
	m->insn[st->at].space |= SKEP_VS_NUMBER;
	if (d->type != SKEP_VT_NUM || s.type != SKEP_VT_NUM) {
		/* x ^ x, x - x and the like of a pointer are not numbers that are known. */
		return pointer_alu(m, st, i, &s);
	}
	err = m->opt.unpriv ? skep_unpriv_numbers(m, st, i) : 0;
	if (err)
		return err;
	link = keep_link(i, d, &s.r, &delta);
	id = d->id;
	if (i->in.form == SKEP_REG && i->in.src == i->in.dst &&
	    (i->in.op == SKEP_XOR || i->in.op == SKEP_SUB)) {
		skep_vreg_const(d, 0, st->at);
		return 0;
	}
	node = skep_node_join(m, d->node, s.node);
	if (skep_range_fork(&i->in, &d->r, &s.r, &d->r, &zero)) {
		/* Another way with the other of two results. */
		struct skep_vreg *o;

		m->other = skep_vstate_copy(m, st);
		o = skep_vreg(m->other, i->in.dst);
		skep_vreg_num(o, skep_range_alu(&i->in, &zero, &s.r), st->at);
		o->node = node;
		m->other->at = m->insn[st->at].next;
	}
	r = skep_range_alu(&i->in, &d->r, &s.r);
	if (!m->joins && beyond_kernel(i, &s.r))
		r = i->in.size == 4 ? skep_range_zext(4) : skep_range_any();
	skep_vreg_num(d, r, st->at);
	d->node = node;
	if (link && !known(&d->r)) {
		d->id = id;
		d->flags = i->in.size == 4 ? SKEP_VF_LINKED | SKEP_VF_LINKED32 : SKEP_VF_LINKED;
		d->off = delta;
	}
	return 0;
}

enum { TO_KERNEL = 1, TO_USER = 1 << 16 };

/* Whatever it was: the kernel's view is a place in the arena, that of user space a number. */
static int cast(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		struct skep_vreg *d)
{
	if (m->opt.unpriv || (i->in.imm != TO_KERNEL && i->in.imm != TO_USER))
		return skep_fault(
			m, st, SKEP_RULE_BAD_ALU, REG(i->in.src),
			"an address-space cast is between the kernel's view of an arena and that of user space");
	if (!m->space)
		return skep_fault(m, st, SKEP_RULE_BAD_ALU, REG(i->in.src),
				  "an address-space cast in a program that uses no arena");
	if (i->in.imm == TO_KERNEL)
		skep_vreg_pointer(d, SKEP_VT_ARENA, st->at);
	else
		skep_vreg_unknown(d, st->at);
	return 0;
}

int skep_step_unary(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	u32 src = i->in.op == SKEP_MOVSX || i->in.op == SKEP_CAST ? i->in.src : i->in.dst;
	struct skep_vreg *d = skep_vreg(st, i->in.dst), s;
	int err = skep_mach_use(m, st, src);

	if (err)
		return err;
	s = *skep_vreg(st, src);
	if (i->in.op == SKEP_CAST)
		return cast(m, st, i, d);
	if (s.type != SKEP_VT_NUM) {
		if (m->opt.unpriv)
			return skep_fault(m, st, SKEP_RULE_PTR_ARITH, REG(src),
					  "'%s' is not possible with %s", skep_ops[i->in.op].text,
					  skep_vreg_what(&s));
		if (i->in.op == SKEP_MOVSX && i->in.size == 8 && s.type != SKEP_VT_ARENA)
			return skep_fault(m, st, SKEP_RULE_PTR_ARITH, REG(src),
					  "a pointer cannot be sign-extended");
		skep_vreg_unknown(d, st->at);
		return 0;
	}
	skep_vreg_num(d, skep_range_alu(&i->in, &s.r, &s.r), st->at);
	d->node = s.node;
	return 0;
}

int skep_step_lddw(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_vreg *d = skep_vreg(st, i->in.dst);
	const struct skep_sym *sym = i->ref != SKEP_REF_NONE ? &m->obj->sym[i->sym] : NULL;

	switch (i->ref) {
	case SKEP_REF_NONE:
		if (i->in.src != SKEP_LD_IMM)
			return skep_fault(m, st, SKEP_RULE_ENCODING, 0,
					  "a 16-byte load of kind %u without a symbol", i->in.src);
		if (open_number(m, i))
			skep_vreg_unknown(d, st->at);
		else
			skep_vreg_const(d, (u64)i->in.imm, st->at);
		return 0;
	case SKEP_REF_MAP:
		skep_vreg_pointer(d, SKEP_VT_MAP, st->at);
		d->map = sym->map;
		return 0;
	case SKEP_REF_DATA:
		if (sym->data && sym->data->arena) { /* where user space has it: a number */
			skep_vreg_unknown(d, st->at);
			return 0;
		}
		if (!sym->data || !sym->data->map)
			break;
		skep_vreg_pointer(d, SKEP_VT_VALUE, st->at);
		d->map = sym->data->map;
		d->off = (s32)((s64)(sym->kind == SKEP_SYM_SECTION ? 0 : sym->value) + i->in.imm);
		return 0;
	case SKEP_REF_FUNC:
		skep_vreg_pointer(d, SKEP_VT_FUNC, st->at);
		d->aux = m->func_of[i->callee->index];
		return 0;
	default: return skep_load_extern(m, st, i, d);
	}
	return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
			  "the symbol '%s' is not a map or a variable", sym->name);
}
