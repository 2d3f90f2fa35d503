/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack, byte by byte and by whole registers. A register stored whole and aligned is
 * read back as it was; the low bytes of a number likewise. What a variable offset may have
 * overwritten is known no more.
 */
#include "flow/mach_impl.h"

struct span {
	struct skep_vframe *fr;
	u32 frame;
	s64 lo, hi; /* bytes [lo, hi) that may be touched */
	bool fixed;
};

static u32 byte_of(s64 off)
{
	return (u32)(off + 8 * ((s64)skep_slot_of(off) + 1));
}

static void used(struct skep_mach *m, const struct span *sp)
{
	struct skep_vfunc *f = &m->func[sp->fr->func];

	f->depth = SKEP_MAX(f->depth, (u32)-sp->lo);
}

static int find_span(struct skep_mach *m, struct skep_vstate *st, u32 reg, s32 off, u64 size,
		     struct span *sp)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	s64 fixed = (s64)p->off + off;

	*sp = (struct span){
		.frame = p->frame, .fr = st->frame[p->frame], .fixed = skep_range_is_const(&p->r)};
	if (p->r.smin < -SKEP_STACK * 4 || p->r.smax > SKEP_STACK * 4)
		return skep_fault(m, st, SKEP_RULE_STACK_BOUNDS, REG(reg),
				  "the offset into the stack is not bounded");
	sp->lo = fixed + p->r.smin;
	sp->hi = fixed + p->r.smax + (s64)size;
	if (sp->lo < -SKEP_STACK || sp->hi > 0)
		return skep_fault(m, st, SKEP_RULE_STACK_BOUNDS, REG(reg),
				  "bytes %lld to %lld from r10 are outside the stack (-512 to -1)",
				  (long long)sp->lo, (long long)sp->hi - 1);
	used(m, sp);
	return 0;
}

static int check_aligned(struct skep_mach *m, struct skep_vstate *st, u32 reg, s32 off, u32 size)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	s64 fixed = (s64)p->off + off;
	u64 at = (u64)fixed + p->r.bits.value;

	if (((at | p->r.bits.mask) & (size - 1)) == 0)
		return 0;
	return skep_fault(m, st, SKEP_RULE_STACK_ALIGN, REG(reg),
			  "a stack access of %u bytes at %lld is not aligned", size,
			  (long long)fixed);
}

/* Bytes that may be read as a number; NONE may be, by those who may see the kernel's memory. */
static int check_readable(struct skep_mach *m, struct skep_vstate *st, const struct span *sp,
			  u32 reg)
{
	for (s64 o = sp->lo; o < sp->hi; o++) {
		u32 k = skep_slot_of(o);
		u8 b = k < sp->fr->nslot ? sp->fr->slot[k].byte[byte_of(o)] : SKEP_VB_NONE;

		if (skep_vbyte_special(b))
			return skep_fault(
				m, st, SKEP_RULE_DYNPTR, REG(reg),
				"byte %lld of the stack belongs to a dynptr, iterator or flag",
				(long long)o);
		if (!m->opt.unpriv)
			continue;
		if (b == SKEP_VB_NONE)
			return skep_fault(m, st, SKEP_RULE_STACK_UNINIT, REG(reg),
					  "byte %lld of the stack is read before anything wrote it",
					  (long long)o);
		if (b == SKEP_VB_SPILL && sp->fr->slot[k].reg->type != SKEP_VT_NUM)
			return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(reg),
					  "the bytes hold a pointer");
	}
	return 0;
}

static void mark_read(struct skep_mach *m, struct skep_vstate *st, const struct span *sp)
{
	for (u32 k = skep_slot_of(sp->hi - 1); k <= skep_slot_of(sp->lo); k++)
		skep_slot_read(m, st, sp->frame, k);
}

static bool all_zero(const struct span *sp)
{
	for (s64 o = sp->lo; o < sp->hi; o++) {
		u32 k = skep_slot_of(o);
		const struct skep_vslot *s = k < sp->fr->nslot ? &sp->fr->slot[k] : NULL;

		if (!s || (s->byte[byte_of(o)] != SKEP_VB_ZERO))
			return false;
	}
	return true;
}

static bool unknown_bytes(const struct span *sp)
{
	for (s64 o = sp->lo; o < sp->hi; o++) {
		u32 k = skep_slot_of(o);

		if (k >= sp->fr->nslot || sp->fr->slot[k].byte[byte_of(o)] == SKEP_VB_NONE ||
		    (sp->fr->slot[k].byte[0] == SKEP_VB_SPILL &&
		     sp->fr->slot[k].reg->type != SKEP_VT_NUM))
			return true;
	}
	return false;
}

static void sign_extend(struct skep_range *r, u32 size)
{
	const struct skep_ins in = {
		.op = SKEP_MOVSX, .size = 8, .form = SKEP_REG, .off = (s32)size * 8};

	*r = skep_range_alu(&in, r, r);
}

static u32 spilled(const struct skep_vslot *s)
{
	u32 n = 0;

	while (n < 8 && s->byte[n] == SKEP_VB_SPILL)
		n++;
	return n;
}

/*
 * Of a part that is not the lowest bytes the kernel knows only that of zero all is zero. What it
 * costs the kernel is to be told, so the path engine forgets the rest as well.
 */
static bool knows_part(const struct skep_mach *m, const struct skep_vslot *s, u32 at)
{
	return m->joins || !at || (skep_vreg_is_const(s->reg) && !s->reg->r.bits.value);
}

/* The number, or a part of it: that is the number itself if that fits. */
static void fill(struct skep_vreg *out, const struct skep_vreg *from, u32 at,
		 const struct skep_access *a, u32 def)
{
	bool fits = !at && (a->size == 8 || from->r.umax >> (a->size * 8) == 0);

	*out = *from;
	if (!fits || a->sext) {
		skep_vreg_num(out, skep_range_part(&from->r, at, a->size), def);
		out->node = from->node;
	}
	if (a->sext)
		sign_extend(&out->r, a->size);
}

int skep_stack_read(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	struct skep_vreg out;
	struct span sp;
	const struct skep_vslot *s;
	u32 k, at, n;
	int err = find_span(m, st, a->reg, a->off, a->size, &sp);

	if (!err)
		err = check_aligned(m, st, a->reg, a->off, a->size);
	if (err)
		return err;
	mark_read(m, st, &sp);
	k = skep_slot_of(sp.lo);
	at = byte_of(sp.lo);
	s = sp.fixed && k < sp.fr->nslot ? &sp.fr->slot[k] : NULL;
	n = s ? spilled(s) : 0;
	if (s && n && at < n) {
		if (s->reg->type != SKEP_VT_NUM) {
			if (a->size != 8)
				return skep_fault(m, st, SKEP_RULE_STACK_SPILL, REG(a->reg),
						  "%u bytes of a pointer that was stored are read",
						  a->size);
			if (a->number && m->opt.unpriv)
				return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(a->reg),
						  "the bytes hold a pointer");
			if (a->to)
				*a->to = *s->reg;
			skep_note(m, st);
			return 0;
		}
		if (at + a->size <= n && knows_part(m, s, at)) {
			fill(&out, s->reg, at, a, st->at);
			skep_note(m, st);
			if (a->to)
				*a->to = out;
			return 0;
		}
	}
	err = check_readable(m, st, &sp, a->reg);
	if (err)
		return err;
	if (m->joins && a->size == 8 && unknown_bytes(&sp)) {
		if (a->to)
			memset(a->to, 0, sizeof(*a->to)); /* perhaps a pointer */
		return 0;
	}
	skep_vreg_num(&out,
		      all_zero(&sp) ? skep_range_const(0)
		      : a->sext	    ? skep_range_sext(a->size)
				    : skep_range_zext(a->size),
		      st->at);
	if (a->to)
		*a->to = out;
	return 0;
}

/* What is left of a stored register when some bytes of its slot are overwritten. */
static void scrub(struct skep_vslot *s)
{
	for (u32 k = 0; k < 8; k++)
		if (s->byte[k] == SKEP_VB_SPILL)
			s->byte[k] = SKEP_VB_MISC;
}

static int check_special(struct skep_mach *m, struct skep_vstate *st, const struct span *sp,
			 u32 reg)
{
	for (s64 o = sp->lo; o < sp->hi; o++) {
		u32 k = skep_slot_of(o);
		struct skep_vslot *s = k < sp->fr->nslot ? &sp->fr->slot[k] : NULL;

		if (!s || !skep_vbyte_special(s->byte[byte_of(o)]))
			continue;
		if (s->byte[0] == SKEP_VB_DYNPTR && s->reg->ref)
			return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
					  "a dynptr that holds a reference is overwritten");
		skep_dynptr_destroy(m, st, sp->fr, k);
	}
	return 0;
}

/* Without privileges a stored pointer is only replaced whole: a part of it would tell its value. */
static int check_torn(struct skep_mach *m, struct skep_vstate *st, const struct span *sp, u32 reg)
{
	for (s64 o = sp->lo; o < sp->hi && m->opt.unpriv; o++) {
		u32 k = skep_slot_of(o);
		const struct skep_vslot *s = k < sp->fr->nslot ? &sp->fr->slot[k] : NULL;

		if (s && s->byte[byte_of(o)] == SKEP_VB_SPILL && s->reg->type != SKEP_VT_NUM)
			return skep_fault(m, st, SKEP_RULE_STACK_SPILL, REG(reg),
					  "bytes of a pointer that was stored are overwritten");
	}
	return 0;
}

static int write_var(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a,
		     const struct span *sp)
{
	bool zero = a->from && skep_vreg_is_const(a->from) && a->from->r.bits.value == 0;

	if (zero)
		skep_mach_precise(m, a->from);
	for (s64 o = sp->lo; o < sp->hi; o++) {
		struct skep_vslot *s = skep_vslot(m, sp->fr, skep_slot_of(o));
		u8 *b = &s->byte[byte_of(o)];

		if (m->opt.unpriv && *b == SKEP_VB_NONE)
			return skep_fault(
				m, st, SKEP_RULE_STACK_UNINIT, REG(a->reg),
				"a write at a variable offset may leave bytes uninitialised");
		if (s->byte[0] == SKEP_VB_SPILL)
			scrub(s);
		if (*b != SKEP_VB_ZERO || !zero)
			*b = SKEP_VB_MISC;
	}
	return 0;
}

int skep_stack_write(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *from = a->from;
	bool ptr = from && skep_vreg_is_ptr(from), zero;
	struct skep_vslot *s;
	struct span sp;
	u32 at, k;
	int err = find_span(m, st, a->reg, a->off, a->size, &sp);

	if (!err)
		err = check_aligned(m, st, a->reg, a->off, a->size);
	if (!err)
		err = check_special(m, st, &sp, a->reg);
	if (!err && a->size < 8)
		err = check_torn(m, st, &sp, a->reg);
	if (err)
		return err;
	if (ptr && a->size != 8)
		return skep_fault(m, st, SKEP_RULE_STACK_SPILL, REG(a->reg),
				  "%u bytes of a pointer are stored", a->size);
	if (ptr && from->type == SKEP_VT_STACK && sp.frame + 1u != st->nframe)
		return skep_fault(m, st, SKEP_RULE_STACK_SPILL, REG(a->reg),
				  "a pointer into the stack is stored in the caller's frame");
	if (!sp.fixed)
		return write_var(m, st, a, &sp);
	k = skep_slot_of(sp.lo);
	at = byte_of(sp.lo);
	s = skep_vslot(m, sp.fr, k);
	if (a->size == 8)
		skep_slot_written(m, sp.frame, k);
	if (from && at == 0 && (from->type == SKEP_VT_NUM || a->size == 8)) {
		if (from->type == SKEP_VT_NONE) {
			memset(s->byte, SKEP_VB_NONE, 8);
			return 0;
		}
		skep_note(m, st);
		scrub(s);
		memset(s->byte, SKEP_VB_SPILL, a->size);
		*skep_vslot_reg(m, s) = *from;
		if (a->size < 8) {
			struct skep_range r = skep_range_part(&from->r, 0, a->size);
			bool fits = from->r.umax < (u64)1 << (a->size * 8);
			u32 node = from->node, id = from->id, flags = from->flags;
			s32 off = from->off;

			skep_vreg_num(s->reg, r, st->at);
			s->reg->node = node;
			if (fits) {
				s->reg->id = id;
				s->reg->flags = (u16)flags;
				s->reg->off = off;
			}
		}
		return 0;
	}
	zero = from && skep_vreg_is_const(from) && from->r.bits.value == 0;
	if (zero)
		skep_mach_precise(m, from);
	if (s->byte[0] == SKEP_VB_SPILL) {
		/*
		 * The low bytes of a number survive a store above them; to the kernel they do not,
		 * and what it costs the kernel is to be told.
		 */
		if (!m->joins || s->reg->type != SKEP_VT_NUM || spilled(s) > at)
			scrub(s);
	}
	memset(s->byte + at, zero ? SKEP_VB_ZERO : SKEP_VB_MISC, a->size);
	return 0;
}

int skep_stack_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, u64 size, u32 use)
{
	struct span sp;
	int err = find_span(m, st, reg, 0, size, &sp);

	if (err || !size)
		return err;
	if (use & SKEP_USE_READ) {
		mark_read(m, st, &sp);
		err = check_readable(m, st, &sp, reg);
		if (err)
			return err;
	}
	if (!(use & SKEP_USE_WRITE))
		return 0;
	err = check_special(m, st, &sp, reg);
	if (!err)
		err = check_torn(m, st, &sp, reg);
	if (err)
		return err;
	/* The kernel does not take these slots for written whole, and neither do we: see
	 * skep_slot_written(). */
	for (s64 o = sp.lo; o < sp.hi; o++) {
		struct skep_vslot *s = skep_vslot(m, sp.fr, skep_slot_of(o));

		if (s->byte[0] == SKEP_VB_SPILL)
			scrub(s);
		s->byte[byte_of(o)] = SKEP_VB_MISC;
	}
	return 0;
}

bool skep_stack_const(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p,
		      u32 size, u64 *out)
{
	struct skep_vframe *fr = st->frame[p->frame];
	struct skep_vslot *s;
	u32 k, at;

	if (p->type != SKEP_VT_STACK || !skep_range_is_const(&p->r) || p->off >= 0 ||
	    p->off < -SKEP_STACK)
		return false;
	k = skep_slot_of(p->off);
	at = byte_of(p->off);
	if (k >= fr->nslot || at + size > 8)
		return false;
	s = &fr->slot[k];
	/*
	 * As the kernel: the number must end where the register's bytes end, and of one that begins before it
	 * the whole register counts. When that is below a limit of 32 bits, so is its upper half.
	 */
	if (spilled(s) == at + size && skep_vreg_is_const(s->reg)) {
		*out = s->reg->r.bits.value;
		skep_mach_precise(m, s->reg);
		return true;
	}
	for (u32 b = at; b < at + size; b++)
		if (s->byte[b] != SKEP_VB_ZERO)
			return false;
	*out = 0;
	return true;
}
