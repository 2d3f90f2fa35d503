/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges and conditional jumps: is a comparison decided, and what follows from its
 * outcome. Ten comparisons are two (== and <, or <= as its negation with the operands
 * swapped) in two orders; the eleventh tests bits.
 */
#include "flow/range_impl.h"

/* A comparison without its names: d REL s. */
enum rel { EQ, NE, ULT, ULE, SLT, SLE, SET, CLEAR };

/* The relation that the jump's outcome states; *swap: of s and d. */
static enum rel relation(u16 op, bool taken, bool *swap)
{
	*swap = false;
	switch (op) {
	case SKEP_JEQ:
		return taken ? EQ : NE;
	case SKEP_JNE:
		return taken ? NE : EQ;
	case SKEP_JLT:
		*swap = !taken;
		return taken ? ULT : ULE;
	case SKEP_JLE:
		*swap = !taken;
		return taken ? ULE : ULT;
	case SKEP_JGT:
		*swap = taken;
		return taken ? ULT : ULE;
	case SKEP_JGE:
		*swap = taken;
		return taken ? ULE : ULT;
	case SKEP_JSLT:
		*swap = !taken;
		return taken ? SLT : SLE;
	case SKEP_JSLE:
		*swap = !taken;
		return taken ? SLE : SLT;
	case SKEP_JSGT:
		*swap = taken;
		return taken ? SLT : SLE;
	case SKEP_JSGE:
		*swap = taken;
		return taken ? SLE : SLT;
	default: /* SKEP_JSET */
		return taken ? SET : CLEAR;
	}
}

#define N(name) name##64
#define U u64
#define S s64
#include "flow/range_rel.h"
#undef N
#undef U
#undef S

#define N(name) name##32
#define U u32
#define S s32
#include "flow/range_rel.h"
#undef N
#undef U
#undef S

int skep_range_cond(u16 op, u32 size, const struct skep_range *d, const struct skep_range *s)
{
	struct view32 x = range_low(d), y = range_low(s);
	struct view64 a, b;
	enum rel rel;
	bool swap;
	int holds;

	rel = relation(op, true, &swap);
	if (size == 4)
		return swap ? decide32(rel, &y, &x) : decide32(rel, &x, &y);
	a = range_wide(d);
	b = range_wide(s);
	holds = swap ? decide64(rel, &b, &a) : decide64(rel, &a, &b);
	/* Low halves that differ make the wholes differ. */
	if (holds < 0 && (rel == EQ || rel == NE) && decide32(EQ, &x, &y) == 0)
		return rel == NE;
	return holds;
}

static bool refine64(enum rel rel, struct skep_range *d, struct skep_range *s)
{
	struct view64 a = range_wide(d), b = range_wide(s);
	struct view32 x = range_low(d), y = range_low(s);
	u64 upper = (u64)~HALF_ALL;

	if (!narrow64(rel, &a, &b))
		return false;
	/* Equal wholes have equal halves; unequal ones with equal upper halves differ below. */
	if (rel == EQ && !narrow32(EQ, &x, &y))
		return false;
	if (rel == NE && ((a.mask | b.mask | (a.val ^ b.val)) & upper) == 0 && !narrow32(NE, &x, &y))
		return false;
	*d = range_of(&a, &x);
	*s = range_of(&b, &y);
	return true;
}

static bool refine32(enum rel rel, struct skep_range *d, struct skep_range *s)
{
	struct view64 a = range_wide(d), b = range_wide(s);
	struct view32 x = range_low(d), y = range_low(s);
	u64 upper = (u64)~HALF_ALL;

	if (!narrow32(rel, &x, &y))
		return false;
	a.val = (a.val & upper) | x.val;
	a.mask = (a.mask & upper) | x.mask;
	b.val = (b.val & upper) | y.val;
	b.mask = (b.mask & upper) | y.mask;
	*d = range_of(&a, &x);
	*s = range_of(&b, &y);
	return true;
}

bool skep_range_refine(u16 op, u32 size, bool taken, struct skep_range *d, struct skep_range *s)
{
	bool swap, ok;
	enum rel rel = relation(op, taken, &swap);

	if (swap)
		ok = size == 4 ? refine32(rel, s, d) : refine64(rel, s, d);
	else
		ok = size == 4 ? refine32(rel, d, s) : refine64(rel, d, s);
	return ok && skep_range_sync(d) && skep_range_sync(s);
}
