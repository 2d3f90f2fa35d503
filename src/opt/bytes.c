/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values put together from narrow loads, or taken apart into narrow stores.
 *
 * Each register is followed as eight bytes with their sources: zero, or byte k
 * of the value that some instruction defined. Where an OR (or an addition of
 * disjoint bytes) completes a run of bytes that narrow loads brought from
 * consecutive addresses, one wide load replaces it, with a byte swap when the
 * run descends. Where two adjacent stores write consecutive bytes of one value,
 * one store writes both. By liveness, within one block.
 *
 * Right because: the sources are exact (an operation that is not followed
 * defines a value of its own); no write between the first load and the wide one
 * meets the bytes; every byte of the wide access was accessed by the program
 * anyway, so it is inside what was proven; what is moved meets nothing between.
 */
#include "opt/opt_impl.h"

/* Byte `k` of the value that instruction `def` - 1 defined; def 0: zero. */
struct src {
	u32 def;
	u8 k;
};
struct reg8 {
	struct src b[8];
};
struct bytes {
	struct skep_opt *o;
	struct reg8 r[11];
	struct reg8 *at; /* by num: of the value in the stored register, at stores; of the result, elsewhere */
};

static struct reg8 defined_by(u32 num, u32 size)
{
	struct reg8 v = {0};

	for (u8 k = 0; k < size; k++)
		v.b[k] = (struct src){num + 1, k};
	return v;
}

static bool is_zero(const struct reg8 *v, u32 from)
{
	for (u32 k = from; k < 8; k++)
		if (v->b[k].def)
			return false;
	return true;
}

/* v << 8n (n may be negative). */
static struct reg8 shifted(const struct reg8 *v, int n)
{
	struct reg8 out = {0};

	for (int k = 0; k < 8; k++)
		if (k - n >= 0 && k - n < 8)
			out.b[k] = v->b[k - n];
	return out;
}

/* Bytes side by side; false when two meet. */
static bool combine(const struct reg8 *a, const struct reg8 *b, struct reg8 *out)
{
	for (u32 k = 0; k < 8; k++) {
		if (a->b[k].def && b->b[k].def)
			return false;
		out->b[k] = a->b[k].def ? a->b[k] : b->b[k];
	}
	return true;
}

static struct reg8 operand(const struct bytes *y, const struct skep_insn *i, bool *known)
{
	struct reg8 zero = {0};

	*known = true;
	if (i->in.form == SKEP_REG)
		return y->r[i->in.src];
	*known = i->in.imm == 0 && skep_insn_const(i);
	return zero;
}

/* The result of an ALU instruction in terms of bytes; false: a value of its own. */
static bool follow_alu(const struct bytes *y, const struct skep_insn *i, struct reg8 *out)
{
	struct reg8 d = y->r[i->in.dst], s;
	bool known, imm = i->in.form == SKEP_IMM && skep_insn_const(i);
	u32 w = i->in.size;

	switch (i->in.op) {
	case SKEP_MOV:
		s = operand(y, i, &known);
		*out = s;
		break;
	case SKEP_LSH:
		if (!imm || i->in.imm % 8 || i->in.imm < 0 || i->in.imm >= w * 8)
			return false;
		*out = shifted(&d, (int)i->in.imm / 8);
		known = true;
		break;
	case SKEP_RSH:
		if (!imm || i->in.imm % 8 || i->in.imm < 0 || i->in.imm >= w * 8)
			return false;
		if (w == 4)
			memset(&d.b[4], 0, 4 * sizeof(d.b[0]));
		*out = shifted(&d, -(int)i->in.imm / 8);
		known = true;
		break;
	case SKEP_AND:
		if (!imm)
			return false;
		*out = d;
		for (u32 k = 0; k < 8; k++) {
			u8 m = (u8)((u64)i->in.imm >> 8 * k);

			if (m != 0 && m != 0xff)
				return false;
			if (!m)
				out->b[k].def = 0;
		}
		known = true;
		break;
	case SKEP_OR:
	case SKEP_XOR:
	case SKEP_ADD:
		s = operand(y, i, &known);
		if (!known || !combine(&d, &s, out))
			return false;
		break;
	default:
		return false;
	}
	if (w == 4)
		memset(&out->b[4], 0, 4 * sizeof(out->b[0]));
	return known;
}

static bool follow_swap(const struct bytes *y, const struct skep_insn *i, struct reg8 *out)
{
	struct reg8 d = y->r[i->in.dst];
	bool swap = i->in.op == SKEP_BSWAP || (i->in.op == SKEP_TOBE) != y->o->obj->big;
	u32 n = (u32)i->in.imm / 8;

	if (i->in.op != SKEP_TOLE && i->in.op != SKEP_TOBE && i->in.op != SKEP_BSWAP)
		return false;
	memset(out, 0, sizeof(*out));
	for (u32 k = 0; k < n; k++)
		out->b[k] = d.b[swap ? n - 1 - k : k];
	return true;
}

static void follow(struct bytes *y, const struct skep_insn *i)
{
	u16 w = skep_isa_writes(&i->in);
	u8 cls = skep_op_class(i->in.op);
	struct reg8 v;
	bool known = false;

	if (i->in.op == SKEP_STX)
		y->at[i->num] = y->r[i->in.src];
	if (!w)
		return;
	if (cls == SKEP_CLASS_ALU)
		known = follow_alu(y, i, &v);
	else if (cls == SKEP_CLASS_UNARY)
		known = follow_swap(y, i, &v);
	if (!known)
		v = defined_by(i->num, i->in.op == SKEP_LDX ? i->in.size : 8);
	for (u32 r = 0; r < 10; r++)
		if (w >> r & 1)
			y->r[r] = v;
	if (cls == SKEP_CLASS_CTRL)
		for (u32 r = 0; r < 6; r++)
			if (w >> r & 1)
				y->r[r] = defined_by(i->num, 8);
	y->at[i->num] = v;
}

/* --- wide loads ------------------------------------------------------------------- */

struct run {
	struct skep_insn *first, *last; /* the loads that bring the bytes, first and last in the block */
	struct skep_place at;		/* of all bytes */
	u32 n, loads;
	bool descending;
};

/* Do the low bytes of `v` form a run of loaded memory of 2, 4 or 8 bytes, the rest zero? */
static bool find_run(const struct bytes *y, const struct reg8 *v, const struct skep_insn *end, struct run *out)
{
	const struct skep_insn *blk = skep_opt_block_first(y->o, end);
	u32 n = 8;
	s64 prev = 0;

	memset(out, 0, sizeof(*out));
	while (n && !v->b[n - 1].def)
		n--;
	if ((n != 2 && n != 4 && n != 8) || !is_zero(v, n))
		return false;
	for (u32 k = 0; k < n; k++) {
		struct skep_insn *ld;
		struct skep_place p;
		s64 addr;

		if (!v->b[k].def)
			return false;
		if (v->b[k].def > y->o->cfg->ninsn)
			return false;
		ld = y->o->cfg->insn[v->b[k].def - 1];
		if (ld->in.op != SKEP_LDX || !ld->func || ld->num < blk->num || skep_insn_frozen(ld))
			return false;
		skep_place_get(y->o->fa, ld, &p);
		addr = p.off + (y->o->obj->big ? (s64)p.size - 1 - v->b[k].k : v->b[k].k);
		if (k == 0) {
			out->at = p;
			out->first = out->last = ld;
			out->loads = 1;
		} else {
			if (p.kind != out->at.kind || p.vn != out->at.vn)
				return false;
			if (k == 1)
				out->descending = addr < prev;
			if (addr != prev + (out->descending ? -1 : 1))
				return false;
			if (v->b[k].def != v->b[k - 1].def)
				out->loads++;
			if (ld->num < out->first->num)
				out->first = ld;
			if (ld->num > out->last->num)
				out->last = ld;
		}
		if (k == 0 || addr < out->at.off)
			out->at.off = addr;
		prev = addr;
	}
	out->n = out->at.size = n;
	return true;
}

/* A register that still points to the run's memory at `i`, live at the run's start; *off its displacement. */
static int base_at(const struct bytes *y, const struct run *r, const struct skep_insn *i, s64 *off)
{
	u16 live = y->o->lv->in[r->first->num];

	for (int b = 0; b <= 10; b++) {
		const struct skep_val *v = &y->o->fa->in[i->num][b];

		if ((live >> b & 1 || b == 10) && v->kind == r->at.kind && v->vn == r->at.vn &&
		    skep_fits_off(r->at.off - v->off)) {
			*off = r->at.off - v->off;
			return b;
		}
	}
	return -1;
}

static bool load_here(struct skep_opt *o, struct skep_insn *i, const struct run *r, int base, s64 off)
{
	bool swap = r->descending != o->obj->big;
	struct skep_ins ld = skep_mk_load(i->in.dst, (u8)base, (s32)off, (u8)r->n);
	struct skep_ins be = {.op = o->obj->big ? SKEP_TOLE : SKEP_TOBE, .size = 8, .dst = i->in.dst, .imm = r->n * 8};

	if (!skep_opt_begin(o, "bytes put together: one wide load", r->first, i))
		return false;
	skep_edit_set(i, &ld);
	if (swap)
		skep_edit_insert_after(i, skep_insn_new(o->obj, &be, i));
	skep_opt_touch(o, r->first, i);
	skep_opt_end(o);
	return true;
}

/* The base is lost at `i`: load before the last narrow load into a free register. */
static bool load_early(struct skep_opt *o, struct skep_insn *i, const struct run *r)
{
	int x = skep_free_reg(o->obj, o->lv, r->first, i, 0x3f);
	struct skep_insn *p = r->last;
	bool swap = r->descending != o->obj->big;
	struct skep_place at;
	struct skep_ins ld, mv = skep_mk_mov(i->in.dst, (u8)x);
	struct skep_ins be = {.op = o->obj->big ? SKEP_TOLE : SKEP_TOBE, .size = 8, .dst = i->in.dst, .imm = r->n * 8};

	skep_place_get(o->fa, p, &at);
	if (x < 0 || !skep_fits_off(p->in.off + r->at.off - at.off) || r->loads < 3)
		return false;
	ld = skep_mk_load((u8)x, p->in.src, (s32)(p->in.off + r->at.off - at.off), (u8)r->n);
	if (!skep_opt_begin(o, "bytes put together: one wide load", r->first, i))
		return false;
	skep_edit_insert_before(p, skep_insn_new(o->obj, &ld, p), true);
	skep_edit_set(i, &mv);
	if (swap)
		skep_edit_insert_after(i, skep_insn_new(o->obj, &be, i));
	skep_opt_touch(o, r->first, i);
	skep_opt_end(o);
	return true;
}

static bool try_load(struct bytes *y, struct skep_insn *i)
{
	struct skep_opt *o = y->o;
	struct run r;
	s64 off = 0;
	int base;

	if ((i->in.op != SKEP_OR && i->in.op != SKEP_ADD && i->in.op != SKEP_XOR) || i->in.form != SKEP_REG || !i->next)
		return false;
	if (!find_run(y, &y->at[i->num], i, &r) || r.last->num >= i->num || !skep_opt_clean(o, r.first, i))
		return false;
	if (!skep_opt_widenable(&r.at, r.n, false))
		return false;
	/* The other operand must die here, or nothing would be saved. */
	if (o->lv->out[i->num] >> i->in.src & 1)
		return false;
	if (skep_opt_meets(o, r.first, i, &r.at, OPT_WRITES))
		return false;
	base = base_at(y, &r, i, &off);
	if (base >= 0)
		return load_here(o, i, &r, base, off);
	return load_early(o, i, &r);
}

/* --- wide stores -------------------------------------------------------------------- */

enum { WINDOW = 16 };

/* Are the low n bytes of `v` consecutive bytes of one value, from byte k of def on? */
static bool consecutive(const struct reg8 *v, u32 n, struct src from)
{
	for (u32 k = 0; k < n; k++)
		if (v->b[k].def != from.def || v->b[k].k != from.k + k)
			return false;
	return true;
}

static bool join_stores(struct bytes *y, struct skep_insn *i, struct skep_insn *j)
{
	struct skep_opt *o = y->o;
	struct skep_place pi, pj, all, moved;
	struct skep_insn *lo, *hi, *keep = NULL;
	struct skep_ins in;
	struct src from;
	u32 s = i->in.size;

	skep_place_get(o->fa, i, &pi);
	skep_place_get(o->fa, j, &pj);
	if (pi.kind != pj.kind || pi.vn != pj.vn)
		return false;
	lo = pi.off < pj.off ? i : j;
	hi = lo == i ? j : i;
	all = lo == i ? pi : pj;
	if (all.off + s != (lo == i ? pj.off : pi.off) || !y->at[lo->num].b[0].def)
		return false;
	all.size = 2 * s;
	from = y->at[lo->num].b[0];
	if (!consecutive(&y->at[lo->num], s, from) ||
	    !consecutive(&y->at[hi->num], s, (struct src){from.def, (u8)(from.k + s)}))
		return false;
	if (consecutive(&y->at[lo->num], 2 * s, from))
		keep = lo;
	if (!keep || !skep_opt_widenable(&all, all.size, true) || !skep_opt_clean(o, i, j))
		return false;
	/* The upper part moves to the place of the lower one. */
	moved = hi == i ? pi : pj;
	if (skep_opt_meets(o, i, j, &moved, OPT_READS | OPT_WRITES))
		return false;
	in = keep->in;
	in.size = (u8)(2 * s);
	if (!skep_opt_begin(o, "parts of one value stored at once", i, j))
		return false;
	skep_edit_set(keep, &in);
	skep_edit_remove(o->obj, hi);
	skep_opt_touch(o, i, j);
	skep_opt_end(o);
	return true;
}

static bool plain_store(const struct skep_opt *o, const struct skep_insn *i)
{
	return i->func && i->in.op == SKEP_STX && i->in.size < 8 && !skep_insn_frozen(i) && o->fa->reached[i->num];
}

static bool try_store(struct bytes *y, struct skep_insn *i)
{
	u32 end = skep_opt_block_last(y->o, i)->num;

	if (!plain_store(y->o, i) || y->o->obj->big)
		return false;
	for (u32 n = i->num + 1; n <= end && n <= i->num + WINDOW; n++) {
		struct skep_insn *j = y->o->cfg->insn[n];

		if (plain_store(y->o, j) && j->in.size == i->in.size && join_stores(y, i, j))
			return true;
	}
	return false;
}

bool skep_pass_bytes(struct skep_opt *o, struct skep_func *f)
{
	struct bytes y = {.o = o};
	bool changed = false;

	skep_opt_look(o, f, true);
	y.at = SKEP_NEW_N(o->scratch, struct reg8, o->cfg->ninsn);
	for (u32 b = 0; b < o->cfg->nblock; b++) {
		const struct skep_block *blk = &o->cfg->block[b];

		if (!o->fa->reached[blk->first->num])
			continue;
		/* On entry each register is a value of its own: names above all instructions. */
		for (u32 r = 0; r < 11; r++)
			y.r[r] = defined_by(o->cfg->ninsn + b * 11 + r, 8);
		for (u32 n = blk->first->num; n <= blk->last->num; n++)
			follow(&y, o->cfg->insn[n]);
		/* Backward: the widest results come last, and swallow their parts. */
		for (u32 n = blk->last->num + 1; n-- > blk->first->num;) {
			struct skep_insn *i = o->cfg->insn[n];

			if (i->func && !skep_insn_frozen(i))
				changed |= try_load(&y, i) || try_store(&y, i);
		}
	}
	return changed;
}
