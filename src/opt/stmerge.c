/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two stores of constants to adjacent places of equal width become one of
 * double width, at the place of the later one.
 *
 * Right because: between the two nothing reads or writes the bytes of the
 * earlier one, and no call happens, so moving it down is not seen; the wide
 * constant has the bytes of both in the object's byte order and is the
 * sign-extension of its immediate. Stack stores stay aligned.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 32 };

static u64 low_bytes(s64 v, u32 size)
{
	return size == 8 ? (u64)v : (u64)v & (((u64)1 << size * 8) - 1);
}

/* The immediate of the joined store, or false when there is none. */
static bool join_imm(const struct skep_opt *o, const struct skep_insn *lo, const struct skep_insn *hi, s64 *imm)
{
	u32 s = lo->in.size;
	u64 a = low_bytes(lo->in.imm, s), b = low_bytes(hi->in.imm, s);
	u64 v = o->obj->big ? a << 8 * s | b : b << 8 * s | a;

	*imm = s == 4 ? (s64)v : s == 2 ? (s32)(u32)v : (s64)v;
	return skep_fits_s32(*imm);
}

static bool try_pair(struct skep_opt *o, struct skep_insn *i, struct skep_insn *j)
{
	struct skep_place pi, pj, all;
	struct skep_insn *lo, *hi;
	struct skep_ins in = j->in;
	s64 imm;

	skep_place_get(o->fa, i, &pi);
	skep_place_get(o->fa, j, &pj);
	if (pi.kind != pj.kind || pi.vn != pj.vn || pi.size != pj.size || skep_insn_frozen(j))
		return false;
	if (pi.off + pi.size == pj.off)
		lo = i, hi = j, all = pi;
	else if (pj.off + pj.size == pi.off)
		lo = j, hi = i, all = pj;
	else
		return false;
	all.size = 2 * pi.size;
	if (!skep_opt_widenable(&all, all.size, true) || !join_imm(o, lo, hi, &imm) || !skep_opt_clean(o, i, j) ||
	    skep_opt_meets(o, i, j, &pi, OPT_READS | OPT_WRITES))
		return false;
	in.size = (u8)all.size;
	in.imm = imm;
	if (lo == i)
		in.off -= (s32)pi.size;
	if (!skep_fits_off(in.off) || !skep_opt_begin(o, "adjacent constants stored at once", i, j))
		return false;
	skep_edit_set(j, &in);
	skep_edit_remove(o->obj, i);
	skep_opt_touch(o, i, j);
	skep_opt_end(o);
	return true;
}

static bool const_store(const struct skep_opt *o, const struct skep_insn *i)
{
	return i->func && i->in.op == SKEP_ST && i->in.size < 8 && o->fa->reached[i->num] && !skep_insn_frozen(i);
}

bool skep_pass_stmerge(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];
		u32 end;

		if (!const_store(o, i))
			continue;
		end = skep_opt_block_last(o, i)->num;
		for (u32 n = k + 1; n <= end && n <= k + WINDOW; n++)
			if (const_store(o, o->cfg->insn[n]) && try_pair(o, i, o->cfg->insn[n])) {
				changed = true;
				break;
			}
	}
	return changed;
}
