/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values that are made again, kept instead: where an address, a 64-bit constant
 * or a result is computed a second time and the register that had it was
 * overwritten, the first one goes to a register that is free on all ways to the
 * second. Addresses of variables of one section serve each other by offsets. By
 * webs; liveness and graph stay true while a run edits.
 *
 * Right because: the first computation dominates the second, so it was done
 * before; the value has the same name at both (flow), and that name is given
 * once, or in the block of the first computation, so whenever it is given anew
 * the first computation runs again. Between the two no path uses or writes the
 * register that keeps it (calls write r0 to r5). A use of the second copy
 * becomes a use of the kept one only where every use of that copy can, and
 * nothing but the computation defines it.
 */
#include "opt/opt_impl.h"

enum { MAX_SPAN = 1024, MAX_USES = 24, MAX_WANTS = 16, MAX_PRODS = 4096, HASH = 256, NREGS = 10 };

/* A computation: `i`, with the copy before it that belongs to it (or i itself). */
struct prod {
	struct skep_insn *i, *first;
	struct skep_val v;
	u32 block, slots;
	u32 next; /* + 1: the next one in the hash chain of its name */
	bool done;
};
struct want {
	struct prod *p;
	s64 delta; /* its value less the kept one's */
	struct skep_insn *use[MAX_USES];
	u32 nuse;   /* uses that can take the kept register; 0: it becomes a copy */
	s32 gain;
};
struct keep {
	struct skep_opt *o;
	struct skep_webs *w;
	bool reducible;
	struct prod *prod;
	u32 nprod, head[HASH]; /* + 1 */
	u32 *stamp, mark; /* blocks seen in a walk */
	u32 *work;
	u32 own;   /* the web of the value that is looked at, */
	u8 own_reg; /* and its register */
	u16 *busy; /* by block: registers live or written somewhere in it */
};

/* --- what is computed where --------------------------------------------------------- */

/* Is this a computation worth keeping? */
static bool is_prod(const struct skep_opt *o, struct skep_insn *i, struct prod *p)
{
	u8 cls = skep_op_class(i->in.op);
	struct skep_insn *m = i->prev;

	*p = (struct prod){.i = i, .first = i, .v = o->fa->made[i->num], .block = o->cfg->block_of[i->num]};
	if (skep_insn_frozen(i) || p->v.kind == SKEP_K_UNINIT || !i->next)
		return false;
	if (i->in.op == SKEP_LDDW) {
		p->slots = 2;
		return i->ref == SKEP_REF_MAP || i->ref == SKEP_REF_DATA || (i->ref == SKEP_REF_NONE && skep_insn_const(i));
	}
	/* A small constant saves something where a use can take another register for it. */
	if (i->in.op == SKEP_MOV && i->in.form == SKEP_IMM && skep_insn_const(i)) {
		p->slots = 1;
		return true;
	}
	if ((cls != SKEP_CLASS_ALU && cls != SKEP_CLASS_UNARY) || i->in.op == SKEP_MOV || i->in.op == SKEP_CAST ||
	    skep_val_const(&p->v) || !skep_insn_const(i))
		return false;
	/* x = y; x op= z */
	if (cls == SKEP_CLASS_ALU && m && !i->njumps && m->in.op == SKEP_MOV && m->in.size == 8 && m->in.form == SKEP_REG &&
	    m->in.dst == i->in.dst && m->in.src != i->in.dst && !skep_insn_frozen(m) &&
	    !(i->in.form == SKEP_REG && i->in.src == i->in.dst))
		p->first = m;
	p->slots = p->first == i ? 1 : 2;
	return true;
}

static void find_prods(struct keep *k)
{
	const struct skep_cfg *c = k->o->cfg;

	u32 *tail[HASH];

	for (u32 h = 0; h < HASH; h++)
		tail[h] = &k->head[h];
	k->prod = SKEP_NEW_N(k->o->scratch, struct prod, SKEP_MIN(c->ninsn, (u32)MAX_PRODS) + 1);
	for (u32 b = 0; b < c->norder; b++)
		for (u32 n = c->block[c->order[b]].first->num; n <= c->block[c->order[b]].last->num; n++) {
			struct prod *p = &k->prod[k->nprod];

			if (k->nprod == MAX_PRODS || !k->o->fa->reached[n] || !is_prod(k->o, c->insn[n], p))
				continue;
			*tail[p->v.vn % HASH] = ++k->nprod;
			tail[p->v.vn % HASH] = &p->next;
		}
}

/* Loops with several entries are not told by headers. */
static bool is_reducible(const struct skep_cfg *c)
{
	for (u32 b = 0; b < c->nblock; b++)
		for (u32 s = 0; s < c->block[b].nsucc && c->block[b].rpo != UINT32_MAX; s++) {
			u32 t = c->block[b].succ[s];

			if (c->block[t].rpo <= c->block[b].rpo && !skep_cfg_dominates(c, t, b))
				return false;
		}
	return true;
}

/* Does the name mean the same at `e` and wherever `e` has passed since? */
static bool lasting(const struct keep *k, const struct prod *e)
{
	const struct skep_insn *d = skep_facts_def(k->o->fa, e->v.vn);
	u32 b;

	if (!skep_facts_born(k->o->fa, e->v.vn, &b) || (d && d->num > e->i->num && b == e->block))
		return false;
	return b == UINT32_MAX || b == e->block || (k->reducible && !k->o->cfg->block[b].loop);
}

static bool dominates(const struct keep *k, const struct prod *e, const struct prod *p)
{
	return e->block == p->block ? e->i->num < p->first->num : skep_cfg_dominates(k->o->cfg, e->block, p->block);
}

/* --- ways from one point to another ---------------------------------------------------- */

/* Registers that are busy before and behind an instruction; that of the value itself is not. */
static u16 busy_in(const struct keep *k, const struct skep_insn *i)
{
	u16 m = k->o->lv->in[i->num], own = (u16)(1u << k->own_reg);

	return m & own && skep_web_before(k->w, i, k->own_reg) == k->own ? m & (u16)~own : m;
}

static u16 busy_out(const struct keep *k, const struct skep_insn *i)
{
	u16 m = k->o->lv->out[i->num], own = (u16)(1u << k->own_reg);

	return m & own && skep_web_after(k->w, i, k->own_reg) == k->own ? m & (u16)~own : m;
}

static u16 point(const struct keep *k, u32 n)
{
	const struct skep_insn *i = k->o->cfg->insn[n];

	if (!i->func)
		return (u16)(k->o->lv->in[n] | k->o->lv->out[n]);
	return (u16)(busy_in(k, i) | busy_out(k, i) | skep_isa_writes(&i->in));
}

static void sum_blocks(struct keep *k, u32 lo, u32 hi)
{
	const struct skep_cfg *c = k->o->cfg;

	k->own = UINT32_MAX;
	for (u32 b = c->block_of[lo]; b <= c->block_of[hi]; b++) {
		k->busy[b] = 0;
		for (u32 n = c->block[b].first->num; n <= c->block[b].last->num; n++)
			k->busy[b] |= point(k, n);
	}
}

/* No register is left, and none is asked for: where else they are busy says nothing more. */
static bool all_busy(u16 busy, int z)
{
	return z < 0 && (~busy & 0x3ff) == 0;
}

/* The registers busy at points from..to of one block; with z >= 0: put the kept value into z there. */
static u16 stretch(struct keep *k, u32 from, u32 to, int z)
{
	u16 busy = 0;

	for (u32 n = from; n <= to && !all_busy(busy, z); n++) {
		if (z >= 0)
			skep_web_occupy(k->w, n, (u8)z);
		busy |= point(k, n);
	}
	return busy;
}

/*
 * All points behind `e` from which `t` is reached before `e` is again: the
 * registers that are busy there. With z >= 0: put the kept value into z there.
 */
static u16 between(struct keep *k, const struct skep_insn *e, const struct skep_insn *t, int z)
{
	struct skep_opt *o = k->o;
	const struct skep_cfg *c = o->cfg;
	u32 be = c->block_of[e->num], bt = c->block_of[t->num], depth = 0;
	bool same = be == bt && e->num < t->num;
	u16 busy = (u16)(busy_out(k, e) | busy_in(k, t));

	if (z >= 0)
		skep_web_occupy(k->w, t->num, (u8)z);
	if (t->num)
		busy |= stretch(k, same ? e->num + 1 : c->block[bt].first->num, t->num - 1, z);
	if (same)
		return busy;
	k->mark++;
	for (u32 s = 0; s < c->block[bt].npred; s++)
		k->work[depth++] = c->block[bt].pred[s];
	while (depth && !all_busy(busy, z)) {
		u32 b = k->work[--depth];

		if (k->stamp[b] == k->mark || c->block[b].rpo == UINT32_MAX)
			continue;
		k->stamp[b] = k->mark;
		if (b != be && z < 0 && !(k->busy[b] >> k->own_reg & 1))
			busy |= k->busy[b];
		else
			busy |= stretch(k, b == be ? e->num + 1 : c->block[b].first->num, c->block[b].last->num, z);
		for (u32 s = 0; s < c->block[b].npred && b != be; s++)
			k->work[depth++] = c->block[b].pred[s];
	}
	return busy;
}

/* --- what would be saved ------------------------------------------------------------------ */

/* Is the use one where a register that differs by `delta` will do? */
static bool takes(const struct skep_insn *x, int how, u8 reg, s64 delta)
{
	struct skep_memop m;

	if (how & WEB_TIED)
		return false;
	if (!delta)
		return true;
	if (skep_insn_frozen(x) || !skep_isa_memop(&x->in, &m) || m.base != reg || !skep_fits_off(x->in.off + delta))
		return false;
	return how == WEB_DST || how == WEB_SRC; /* the base alone, not the stored value, too */
}

/* All uses of what `p` makes, when each can take the kept register. */
static bool find_uses(const struct keep *k, const struct prod *p, s64 delta, struct want *out)
{
	const struct skep_webs *w = k->w;
	u8 d = p->i->in.dst;
	u32 web = skep_web_after(w, p->i, d), lo = UINT32_MAX, hi = 0;

	out->nuse = 0;
	skep_web_span(w, web, &lo, &hi);
	if (skep_web_pinned(w, web) || hi - lo > MAX_SPAN)
		return false;
	for (u32 n = lo; n <= hi; n++) {
		struct skep_insn *x = k->o->cfg->insn[n];
		int how;

		if (!x->func || x == p->i || x == p->first)
			continue;
		how = skep_web_uses(w, x, web, d);
		if (skep_web_defines(w, x, web, d) || (how && (!takes(x, how, d, delta) || out->nuse == MAX_USES)))
			return false;
		if (how)
			out->use[out->nuse++] = x;
	}
	return out->nuse > 0;
}

static void judge(const struct keep *k, const struct prod *e, struct prod *p, struct want *out)
{
	out->p = p;
	out->delta = (s64)((u64)p->v.off - (u64)e->v.off);
	if (find_uses(k, p, out->delta, out)) {
		out->gain = (s32)p->slots;
	} else {
		out->nuse = 0;
		out->gain = (s32)p->slots - 1 - (out->delta != 0);
	}
}

static bool same_value(const struct prod *e, const struct prod *p)
{
	if (e->v.vn != p->v.vn || e->v.kind != p->v.kind)
		return false;
	return e->v.off == p->v.off || (e->i->ref == SKEP_REF_DATA && p->i->ref == SKEP_REF_DATA && e->i != p->i &&
					skep_fits_s32(p->v.off - e->v.off));
}

/* Does nothing but the computation define its web? */
static bool sole_def(const struct keep *k, const struct prod *e)
{
	u8 q = e->i->in.dst;
	u32 web = skep_web_after(k->w, e->i, q), lo = UINT32_MAX, hi = 0;

	skep_web_span(k->w, web, &lo, &hi);
	if (hi - lo > MAX_SPAN)
		return false;
	for (u32 n = lo; n <= hi; n++) {
		const struct skep_insn *x = k->o->cfg->insn[n];

		if (x->func && x != e->i && x != e->first && skep_web_defines(k->w, x, web, q))
			return false;
	}
	return true;
}

/* --- the edit --------------------------------------------------------------------------------- */

static void put_use(struct skep_insn *x, u8 d, u8 z, s64 delta)
{
	struct skep_ins in = x->in;
	u8 cls = skep_op_class(in.op);
	bool dst = in.op != SKEP_LDX && in.op != SKEP_LDXS && in.op != SKEP_LDACQ && in.op != SKEP_MOV &&
		   in.op != SKEP_MOVSX && in.op != SKEP_CAST;

	if (in.dst == d && dst)
		in.dst = z;
	if (in.src == d && in.form == SKEP_REG && cls != SKEP_CLASS_CTRL)
		in.src = z;
	in.off += (s32)delta;
	x->in = in; /* the same operation: references, targets and records stay */
	x->func->flags |= SKEP_FF_EDITED;
}

static void put_want(struct keep *k, const struct want *t, u8 z)
{
	struct skep_opt *o = k->o;
	struct prod *p = t->p;
	u8 d = p->i->in.dst;
	struct skep_ins mv = skep_mk_mov(d, z), add = {.op = SKEP_ADD, .size = 8, .dst = d, .imm = t->delta};

	p->done = true;
	for (u32 u = 0; u < t->nuse; u++)
		put_use(t->use[u], d, z, t->delta);
	if (p->first != p->i)
		skep_edit_remove(o->obj, p->first);
	if (t->nuse) {
		skep_edit_remove(o->obj, p->i);
		return;
	}
	if (d == z && t->delta) {
		skep_edit_set(p->i, &add);
		return;
	}
	if (d == z) {
		skep_edit_remove(o->obj, p->i);
		return;
	}
	skep_edit_set(p->i, &mv);
	if (t->delta)
		skep_edit_insert_after(p->i, skep_insn_new(o->obj, &add, p->i));
}

static u16 ways(struct keep *k, const struct prod *e, const struct want *t, int z)
{
	u16 busy = between(k, e->i, t->nuse ? t->use[0] : t->p->i, z);

	for (u32 u = 1; u < t->nuse; u++)
		busy |= between(k, e->i, t->use[u], z);
	return busy;
}

static void span(const struct want *t, u32 *lo, u32 *hi)
{
	*lo = SKEP_MIN(*lo, t->p->first->num);
	*hi = SKEP_MAX(*hi, t->p->i->num);
	for (u32 u = 0; u < t->nuse; u++) {
		*lo = SKEP_MIN(*lo, t->use[u]->num);
		*hi = SKEP_MAX(*hi, t->use[u]->num);
	}
}

static struct skep_insn *alive(const struct skep_opt *o, u32 from, bool up)
{
	while (!o->cfg->insn[from]->func)
		from = up ? from + 1 : from - 1;
	return o->cfg->insn[from];
}

/* The register that keeps the value: where it is, or where its web can move whole, or *copy. */
static int choose(const struct keep *k, const struct prod *e, u16 busy, bool *copy)
{
	u8 q = e->i->in.dst;
	u32 web = skep_web_after(k->w, e->i, q);
	u16 can = (u16)(~busy & 0x3ff);

	*copy = false;
	if (sole_def(k, e)) {
		if (can >> q & 1)
			return q;
		for (int z = 0; z < NREGS && !skep_web_pinned(k->w, web); z++)
			if (can >> z & 1 && skep_web_fits(k->w, web, q, (u8)z, UINT32_MAX))
				return z;
	}
	*copy = true;
	can &= (u16)~(1u << q);
	return can ? __builtin_ctz(can) : -1;
}

static bool apply(struct keep *k, struct prod *e, struct want *t, u32 n, u16 busy)
{
	struct skep_opt *o = k->o;
	u32 lo = e->first->num, hi = e->i->num;
	u8 q = e->i->in.dst;
	bool copy;
	int z = choose(k, e, busy, &copy);
	s32 gain = 0;

	for (u32 j = 0; j < n; j++) {
		gain += t[j].gain;
		span(&t[j], &lo, &hi);
	}
	if (z < 0 || gain - copy < 1)
		return false;
	if (!copy)
		skep_web_span(k->w, skep_web_after(k->w, e->i, q), &lo, &hi);
	if (hi - lo > MAX_SPAN)
		return false;
	if (!skep_opt_begin(o, "kept in a register", alive(o, lo, true), alive(o, hi, false)))
		return false;
	if (!copy && z != q) {
		skep_web_rename(k->w, skep_web_after(k->w, e->i, q), q, (u8)z);
	} else if (copy) {
		struct skep_ins mv = skep_mk_mov((u8)z, q);

		skep_edit_insert_after(e->i, skep_insn_new(o->obj, &mv, e->i));
	}
	for (u32 j = 0; j < n; j++) {
		ways(k, e, &t[j], z);
		put_want(k, &t[j], (u8)z);
	}
	e->done = true;
	sum_blocks(k, lo, hi);
	skep_opt_end(o);
	return true;
}

static bool visit(struct keep *k, struct prod *e)
{
	struct want *t = SKEP_NEW_N(k->o->scratch, struct want, MAX_WANTS);
	u16 busy = 0x400;
	u32 n = 0;

	/* What nobody reads goes; it need not stay for others. */
	if (e->done || !e->i->func || !(k->o->lv->out[e->i->num] >> e->i->in.dst & 1) || !lasting(k, e))
		return false;
	k->own_reg = e->i->in.dst;
	k->own = skep_web_after(k->w, e->i, k->own_reg);
	for (u32 j = e->next; j && n < MAX_WANTS; j = k->prod[j - 1].next) {
		struct prod *p = &k->prod[j - 1];
		u16 more;

		if (p->i->num - e->first->num > MAX_SPAN || p->done || !p->i->func || !p->first->func || !same_value(e, p) || !dominates(k, e, p))
			continue;
		judge(k, e, p, &t[n]);
		if (t[n].gain < 1)
			continue;
		more = busy | ways(k, e, &t[n], -1);
		if ((~more & 0x3ff) == 0)
			continue;
		busy = more;
		n++;
	}
	return n && apply(k, e, t, n, busy);
}

bool skep_pass_keep(struct skep_opt *o, struct skep_func *f)
{
	struct keep k = {.o = o};
	bool changed = false;
	u32 edges = 0;

	skep_opt_look(o, f, true);
	skep_cfg_loops(o->cfg, o->scratch);
	find_prods(&k);
	if (k.nprod < 2)
		return false;
	k.reducible = is_reducible(o->cfg);
	k.w = skep_webs_compute(o);
	for (u32 b = 0; b < o->cfg->nblock; b++)
		edges += o->cfg->block[b].npred;
	k.stamp = SKEP_NEW_N(o->scratch, u32, o->cfg->nblock);
	k.work = SKEP_NEW_N(o->scratch, u32, 2 * edges + 1);
	k.busy = SKEP_NEW_N(o->scratch, u16, o->cfg->nblock);
	sum_blocks(&k, 0, o->cfg->ninsn - 1);
	for (u32 j = 0; j < k.nprod; j++)
		changed |= visit(&k, &k.prod[j]);
	return changed;
}
