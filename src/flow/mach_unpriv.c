/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel demands of users without privileges beyond the rest: less of programs as
 * a whole, and additions to pointers that stay within the object even where a processor runs
 * ahead of a check. Rules about single accesses stand with these (opt.unpriv).
 *
 * The kernel masks the number that a register adds to a pointer by a limit. The limit is in
 * the code, so it must be the same on all paths; and it is known for the stack and for values
 * of maps only. A path that the kernel follows only because a processor may is not followed
 * here: since Linux 6.17 what is wrong there gets a barrier, and does not refuse the program.
 */
#include "flow/mach_impl.h"

enum { MAX_INSNS = 4096 };

/* --- the program as a whole ------------------------------------------------------------ */

static int refuse(struct skep_mach *m, u32 at, const char *text)
{
	m->fault = (struct skep_fault){.rule = (u16)SKEP_RULE_PRIVILEGE, .at = at, .text = text};
	return SKEP_EINPUT;
}

/* An instruction from which control comes back to one that leads to it; UINT32_MAX: none. */
static u32 find_loop(struct skep_mach *m)
{
	enum { NEW, OPEN, DONE };
	u8 *color = SKEP_NEW_N(m->arena, u8, m->ninsn + 1);
	u8 *ways = SKEP_NEW_N(m->arena, u8, m->ninsn + 1);
	u32 *path = SKEP_NEW_N(m->arena, u32, m->ninsn + 1), n = 0;

	path[n++] = m->func[0].first;
	color[path[0]] = OPEN;
	while (n) {
		u32 at = path[n - 1], to;

		if (ways[at] == 2) {
			color[at] = DONE;
			n--;
			continue;
		}
		to = ways[at]++ ? m->insn[at].target : m->insn[at].next;
		if (to == SKEP_VNONE || color[to] == DONE)
			continue;
		if (color[to] == OPEN)
			return at;
		color[to] = OPEN;
		path[n++] = to;
	}
	return SKEP_VNONE;
}

int skep_unpriv_shape(struct skep_mach *m)
{
	u32 slots = 0, loop;

	if (!skep_prog_unpriv(m->opt.prog_type))
		return refuse(m, 0, "programs of this type need privileges");
	for (u32 k = 0; k < m->ninsn; k++) {
		const struct skep_insn *i = m->insn[k].insn;

		slots += skep_ins_slots(&i->in);
		if (i->ref == SKEP_REF_FUNC || (i->in.op == SKEP_CALL && i->ref == SKEP_REF_EXTERN))
			return refuse(m, k, "functions and kernel functions need CAP_BPF");
	}
	if (slots > MAX_INSNS)
		return refuse(m, 0, "more than 4096 instructions need CAP_BPF");
	loop = find_loop(m);
	return loop == SKEP_VNONE ? 0 : refuse(m, loop, "loops need CAP_BPF");
}

void skep_vreg_stale(const struct skep_mach *m, struct skep_vreg *r, u32 def)
{
	u8 type = r->type;

	/* Nothing may be done with a number that was an address: as if it were not there. */
	if (m->opt.unpriv) {
		memset(r, 0, sizeof(*r));
		return;
	}
	skep_vreg_unknown(r, def);
	r->flags = SKEP_VF_STALE;
	r->aux = type;
}

/* --- additions -------------------------------------------------------------------------- */

/* How an addition is masked: which register, which sign, a constant; or not at all. */
enum { MASK_SRC = 1, MASK_DST = 2, MASK_NEG = 4, MASK_CONST = 8, MASK_NUMBERS = 16 };

static int speculation(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		       const char *what)
{
	return skep_fault(m, st, SKEP_RULE_SPECULATION,
			  (u16)(REG(i->in.dst) | (i->in.form == SKEP_REG ? REG(i->in.src) : 0)),
			  "%s", what);
}

/* The bytes between the pointer and the end of the object in the direction of the mask. */
static int limit_of(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		    const struct skep_vreg *p, bool left, u32 *limit)
{
	u32 max;

	if (p->type == SKEP_VT_STACK) {
		/* r10 itself lies outside, but is where the way down begins. */
		max = SKEP_STACK + left;
		*limit = (u32) - ((s64)p->off + (s64)p->r.bits.value);
	} else if (p->type == SKEP_VT_VALUE && p->map) {
		max = p->map->value_size;
		*limit = (u32)((left ? p->r.smin : (s64)p->r.umax) + p->off);
	} else {
		return speculation(m, st, i,
				   "a register is added to a pointer that is neither into the "
				   "stack nor into a map's value");
	}
	if (*limit >= max)
		return speculation(m, st, i, "the pointer lies outside its object");
	return 0;
}

static int same_on_all_paths(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
			     u8 state, u32 limit)
{
	struct skep_vinsn *v = &m->insn[st->at];

	if (v->alu_state && (v->alu_state != state || v->alu_limit != limit))
		return speculation(m, st, i,
				   "another path adds a number with another limit or sign here");
	v->alu_state = state;
	v->alu_limit = limit;
	return 0;
}

int skep_unpriv_numbers(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	if (i->in.form != SKEP_REG || (i->in.op != SKEP_ADD && i->in.op != SKEP_SUB))
		return 0;
	return same_on_all_paths(m, st, i, MASK_NUMBERS, 0);
}

int skep_unpriv_mask(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		     const struct skep_vreg *p, const struct skep_range *n,
		     struct skep_alu_mask *mask)
{
	bool constant = skep_range_is_const(n), neg = n->smin < 0;

	if (i->in.form != SKEP_REG)
		return 0;
	if (!constant && neg != (n->smax < 0))
		return speculation(m, st, i,
				   "the number that is added may be negative and may be positive");
	mask->left = (i->in.op == SKEP_ADD) == neg;
	mask->state = (u8)((skep_vreg_is_ptr(skep_vreg(st, i->in.dst)) ? MASK_SRC : MASK_DST) |
			   (neg ? MASK_NEG : 0) | (constant ? MASK_CONST : 0));
	if (!constant)
		m->alu_limits = true;
	return limit_of(m, st, i, p, mask->left, &mask->limit);
}

int skep_unpriv_moved(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		      const struct skep_alu_mask *mask)
{
	const struct skep_vreg *d = skep_vreg(st, i->in.dst);
	u32 limit = 0;
	s64 at = (s64)d->off + (s64)d->r.bits.value;
	int err;

	if (d->type == SKEP_VT_STACK && !skep_range_is_const(&d->r))
		return speculation(m, st, i, "a variable offset into the stack");
	if (d->type == SKEP_VT_STACK && (at >= 0 || at < -SKEP_STACK))
		return speculation(m, st, i, "the pointer leaves the stack");
	if (d->type == SKEP_VT_VALUE) {
		err = skep_map_region(m, st, i->in.dst, d->off, 1, 0);
		if (err)
			return err;
	}
	if (i->in.form != SKEP_REG)
		return 0;
	err = limit_of(m, st, i, d, mask->left, &limit);
	/* The window shrinks to the move that was seen. */
	return err ? err
		   : same_on_all_paths(m, st, i, mask->state,
				       limit > mask->limit ? limit - mask->limit
							   : mask->limit - limit);
}
