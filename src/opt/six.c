/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of six bytes as eight: a load and a store of four bytes and of the two
 * behind them, in the packet, become one of eight where the two bytes beyond may
 * be read and what is stored beyond is overwritten before anybody reads it (MAC
 * addresses that change places). By liveness, within one block.
 *
 * Right because: each value that was loaded is used by its store alone; the wide
 * load stands at the first of the two, and nothing writes their bytes between;
 * the stores move to one place that no access to their bytes lies between; the
 * two bytes beyond were proven to be packet by a comparison with its end that
 * every path has passed, and later stores of the block overwrite them, with no
 * access to them and no call before. The register that carries the value is not
 * touched between by anything else.
 */
#include "opt/opt_impl.h"

enum { WINDOW = 48 };

struct copy {
	struct skep_insn *ld, *st;
	struct skep_place from, to;
};

/* The load whose only use is the store `st`. */
static bool find_copy(const struct skep_opt *o, struct skep_insn *st, struct copy *c)
{
	u32 first = skep_opt_block_first(o, st)->num;
	u16 reg = (u16)(1u << st->in.src);

	if (!st->func || st->in.op != SKEP_STX || st->in.size > 4 || skep_insn_frozen(st) || st->in.dst == st->in.src ||
	    o->lv->out[st->num] & reg)
		return false;
	for (u32 n = st->num; n-- > first;) {
		struct skep_insn *i = o->cfg->insn[n];

		if (!i->func || !skep_opt_touches(o, i, reg))
			continue;
		if (i->in.op != SKEP_LDX || i->in.dst != st->in.src || i->in.size != st->in.size || skep_insn_frozen(i))
			return false;
		*c = (struct copy){.ld = i, .st = st};
		return skep_place_get(o->fa, i, &c->from) && skep_place_get(o->fa, st, &c->to) &&
		       c->from.kind == SKEP_K_PKT && c->to.kind == SKEP_K_PKT;
	}
	return false;
}

/* Has the way from block `p` to its successor `s` proven bytes of the packet name up to *end? */
static void proven_by(const struct skep_opt *o, const struct skep_block *p, u32 s, u32 vn, s64 *end)
{
	const struct skep_insn *br = p->last;
	const struct skep_val *d = &o->fa->in[br->num][br->in.dst], *e = &o->fa->in[br->num][br->in.src];
	bool taken;
	u16 op = br->in.op;

	if (!skep_is_cond(op) || br->in.form != SKEP_REG || br->in.size != 8 || p->nsucc != 2 || p->succ[0] == p->succ[1])
		return;
	taken = p->succ[1] == s;
	if (d->kind == SKEP_K_PKT_END) {
		const struct skep_val *t = d;
		int sw = skep_op_swap(op);

		if (sw < 0)
			return;
		d = e;
		e = t;
		op = (u16)sw;
	}
	/* now: pkt + off OP end */
	if (d->kind != SKEP_K_PKT || e->kind != SKEP_K_PKT_END || d->vn != vn)
		return;
	if ((!taken && (op == SKEP_JGT || op == SKEP_JGE)) || (taken && (op == SKEP_JLE || op == SKEP_JLT)))
		*end = SKEP_MAX(*end, d->off);
}

/* Bytes of the packet behind the name that every path to the block has proven. */
static s64 proven(const struct skep_opt *o, u32 block, u32 vn)
{
	const struct skep_cfg *c = o->cfg;
	s64 end = INT64_MIN;

	while (c->block[block].idom != block) {
		u32 d = c->block[block].idom;

		if (c->block[block].npred == 1 && c->block[block].pred[0] == d)
			proven_by(o, &c->block[d], block, vn, &end);
		block = d;
	}
	return end;
}

static bool removed(const struct copy *a, const struct copy *b, const struct skep_insn *i)
{
	return i == a->ld || i == a->st || i == b->ld || i == b->st;
}

/* Does an instruction other than the four of the copies access these bytes, at numbers from..to-1? */
static bool accessed(const struct skep_opt *o, const struct copy *a, const struct copy *b, u32 from, u32 to,
		     const struct skep_place *at, int what)
{
	for (u32 n = from; n < to; n++) {
		const struct skep_insn *i = o->cfg->insn[n];
		struct skep_memop m;
		struct skep_place p;

		if (!i->func || removed(a, b, i))
			continue;
		if (i->in.op == SKEP_CALL || i->in.op == SKEP_CALLX)
			return true;
		if (!skep_isa_memop(&i->in, &m))
			continue;
		skep_place_get(o->fa, i, &p);
		if (m.atomic || (((m.load && what & OPT_READS) || (m.store && what & OPT_WRITES)) && skep_place_alias(&p, at)))
			return true;
	}
	return false;
}

/* Are the two bytes overwritten from number `from` on before anybody reads them? Returns the last store's number or 0. */
static u32 overwritten(const struct skep_opt *o, const struct copy *a, const struct copy *b, u32 from,
		       const struct skep_place *beyond)
{
	u32 end = skep_opt_block_last(o, a->ld)->num;
	u8 done = 0;

	for (u32 n = from; n <= end; n++) {
		const struct skep_insn *i = o->cfg->insn[n];
		struct skep_memop m;
		struct skep_place p;

		if (!i->func || removed(a, b, i))
			continue;
		if (i->target || i->in.op == SKEP_EXIT || i->in.op == SKEP_CALL || i->in.op == SKEP_CALLX)
			return 0;
		if (!skep_isa_memop(&i->in, &m))
			continue;
		skep_place_get(o->fa, i, &p);
		if (m.load && skep_place_alias(&p, beyond))
			return 0;
		if (m.store && !m.atomic && p.kind == beyond->kind && p.vn == beyond->vn)
			for (u8 k = 0; k < 2; k++)
				if (p.off <= beyond->off + k && beyond->off + k < p.off + (s64)p.size)
					done |= (u8)(1u << k);
		if (done == 3)
			return n;
	}
	return 0;
}

static bool touched_between(const struct skep_opt *o, const struct copy *a, const struct copy *b, u32 from, u32 to, u8 reg)
{
	for (u32 n = from; n < to; n++) {
		const struct skep_insn *i = o->cfg->insn[n];

		if (i->func && !removed(a, b, i) && skep_opt_touches(o, i, (u16)(1u << reg)))
			return true;
	}
	return false;
}

/* The stores of `a` (four bytes) and `b` (the two behind) can stand before number `at`. */
static bool can_store_at(const struct skep_opt *o, const struct copy *a, const struct copy *b, u32 at)
{
	const struct copy *c[2] = {a, b};

	for (int k = 0; k < 2; k++) {
		u32 s = c[k]->st->num, lo = SKEP_MIN(s, at), hi = SKEP_MAX(s, at);

		if (accessed(o, a, b, lo, hi, &c[k]->to, OPT_READS | OPT_WRITES))
			return false;
	}
	return true;
}

/* A register that points to the target's memory before number `at`; *off its displacement. */
static int base_at(const struct skep_opt *o, u32 at, const struct skep_place *to, s64 *off)
{
	for (int r = 0; r < 10; r++) {
		const struct skep_val *v = &o->fa->in[at][r];

		*off = to->off - v->off;
		if (o->lv->in[at] >> r & 1 && v->kind == to->kind && v->vn == to->vn && skep_fits_off(*off))
			return r;
	}
	return -1;
}

static bool join(struct skep_opt *o, const struct copy *a, const struct copy *b)
{
	struct skep_insn *first = a->ld->num < b->ld->num ? a->ld : b->ld, *second = first == a->ld ? b->ld : a->ld;
	const struct skep_place *late = first == a->ld ? &b->from : &a->from;
	u32 last_ld = second->num, end = skep_opt_block_last(o, first)->num, hi = SKEP_MAX(a->st->num, b->st->num);
	u32 lo_st = SKEP_MIN(a->st->num, b->st->num);
	struct skep_place beyond = {.kind = a->to.kind, .vn = a->to.vn, .off = a->to.off + 6, .size = 2};
	struct skep_ins ld = first->in, st = a->st->in;
	u8 x = first->in.dst;

	if (proven(o, o->cfg->block_of[first->num], a->from.vn) < a->from.off + 8 ||
	    accessed(o, a, b, first->num, last_ld, late, OPT_WRITES))
		return false;
	ld.size = st.size = 8;
	ld.off += (s32)(a->from.off - (first == a->ld ? a->from.off : b->from.off));
	for (u32 at = lo_st; at <= end && at <= hi + 1; at++) {
		struct skep_insn *p = o->cfg->insn[at];
		u32 over;
		s64 off;
		int base;

		if (at <= first->num || !p->func || removed(a, b, p) || !can_store_at(o, a, b, at))
			continue;
		over = overwritten(o, a, b, at, &beyond);
		base = base_at(o, at, &a->to, &off);
		if (!over || base < 0 || base == x || touched_between(o, a, b, first->num + 1, at, x) ||
		    !skep_opt_clean(o, first, o->cfg->insn[SKEP_MAX(hi, over)]) || !skep_fits_off(ld.off))
			continue;
		if (!skep_opt_begin(o, "six bytes as eight", first, o->cfg->insn[SKEP_MAX(hi, over)]))
			return false;
		skep_opt_touch(o, first, o->cfg->insn[SKEP_MAX(hi, over)]);
		st.dst = (u8)base;
		st.off = (s32)off;
		st.src = x;
		skep_edit_insert_before(p, skep_insn_new(o->obj, &st, a->st), false);
		skep_edit_set(first, &ld);
		skep_edit_remove(o->obj, second);
		skep_edit_remove(o->obj, a->st);
		skep_edit_remove(o->obj, b->st);
		skep_opt_end(o);
		return true;
	}
	return false;
}

static bool visit(struct skep_opt *o, struct skep_insn *st)
{
	u32 end = skep_opt_block_last(o, st)->num, from = skep_opt_block_first(o, st)->num;
	struct copy a, b;

	if (!find_copy(o, st, &a) || st->in.size != 4)
		return false;
	from = st->num > WINDOW && st->num - WINDOW > from ? st->num - WINDOW : from;
	for (u32 n = from; n <= end && n <= st->num + WINDOW; n++) {
		struct skep_insn *j = o->cfg->insn[n];

		if (!j->func || j->in.op != SKEP_STX || j->in.size != 2 || !find_copy(o, j, &b))
			continue;
		if (a.from.vn == b.from.vn && a.to.vn == b.to.vn && b.from.off == a.from.off + 4 &&
		    b.to.off == a.to.off + 4 && join(o, &a, &b))
			return true;
	}
	return false;
}

bool skep_pass_six(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (o->obj->big)
		return false;
	skep_opt_look(o, f, true);
	skep_cfg_loops(o->cfg, o->scratch);
	for (u32 k = 0; k < o->cfg->ninsn; k++)
		if (o->fa->reached[k] && o->cfg->insn[k]->func && o->cfg->insn[k]->in.op == SKEP_STX)
			changed |= visit(o, o->cfg->insn[k]);
	return changed;
}
