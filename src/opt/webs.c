/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Webs: the definitions of a register and the uses that they reach, joined where
 * a use sees several (Muchnick, Advanced Compiler Design, 16.3.3). All mentions
 * of a web can change their register together when the new one is free wherever
 * the web is live. Relies on graph and liveness of one version of a function,
 * and keeps them true while it renames.
 */
#include "opt/opt_impl.h"

enum { NREG = 11 };

/* What the fields of an instruction do; `implicit`: registers that no field names. */
struct roles {
	bool dst_r, dst_w, src_r, src_w;
	bool implicit;
};

static struct roles roles_of(const struct skep_ins *in)
{
	bool reg = in->form == SKEP_REG;

	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU:
		return (struct roles){in->op != SKEP_MOV, true, reg, false, false};
	case SKEP_CLASS_UNARY:
		if (in->op == SKEP_MOVSX || in->op == SKEP_CAST)
			return (struct roles){false, true, true, false, false};
		return (struct roles){true, true, false, false, false};
	case SKEP_CLASS_JMP:
		return (struct roles){true, false, reg, false, false};
	case SKEP_CLASS_MEM:
		if (in->op == SKEP_LDX || in->op == SKEP_LDXS)
			return (struct roles){false, true, true, false, false};
		if (in->op == SKEP_ST || in->op == SKEP_STX)
			return (struct roles){true, false, reg, false, false};
		return (struct roles){.implicit = true};
	case SKEP_CLASS_ATOMIC:
		if (in->op == SKEP_LDACQ)
			return (struct roles){false, true, true, false, false};
		return (struct roles){true, false, true, (skep_ops[in->op].flags & SKEP_OPF_FETCH) != 0,
				      in->op == SKEP_CMPXCHG};
	default:
		if (in->op == SKEP_LDDW)
			return (struct roles){.dst_w = true};
		return (struct roles){.implicit = !skep_is_branch(in->op)};
	}
}

void skep_opt_fields(const struct skep_ins *in, bool *dst, bool *src)
{
	struct roles r = roles_of(in);

	*dst = r.dst_r || r.dst_w;
	*src = r.src_r || r.src_w;
}

static u32 find(const struct skep_webs *w, u32 n)
{
	while (w->up[n] != n)
		n = w->up[n] = w->up[w->up[n]];
	return n;
}

static void join(struct skep_webs *w, u32 a, u32 b)
{
	a = find(w, a);
	b = find(w, b);
	if (a == b)
		return;
	if (b < a) {
		u32 t = a;

		a = b;
		b = t;
	}
	w->up[b] = a;
	w->pin[a] |= w->pin[b];
	w->lo[a] = SKEP_MIN(w->lo[a], w->lo[b]);
	w->hi[a] = SKEP_MAX(w->hi[a], w->hi[b]);
}

static void mention(struct skep_webs *w, u32 node, u32 num, bool pin)
{
	node = find(w, node);
	w->lo[node] = SKEP_MIN(w->lo[node], num);
	w->hi[node] = SKEP_MAX(w->hi[node], num);
	w->pin[node] |= pin;
}

/* One instruction: what it uses belongs to the current nodes, what it writes makes new ones. */
static void walk_insn(struct skep_webs *w, const struct skep_insn *i, u32 *cur)
{
	struct roles r = roles_of(&i->in);
	u16 reads = skep_reads(w->o->obj, i), writes = skep_isa_writes(&i->in);
	u32 at = i->num * NREG;

	memcpy(w->use + at, cur, NREG * sizeof(*cur));
	for (u32 k = 0; k < NREG; k++) {
		bool dst = k == i->in.dst, src = k == i->in.src;
		bool field = (dst && (r.dst_r || r.dst_w)) || (src && (r.src_r || r.src_w));
		bool tied = (dst && r.dst_r && r.dst_w) || (src && r.src_r && r.src_w);
		bool pin = r.implicit && (!field || k == 0);

		if (reads >> k & 1)
			mention(w, cur[k], i->num, pin);
		if (!(writes >> k & 1))
			continue;
		if (tied && reads >> k & 1)
			join(w, cur[k], at + k);
		mention(w, at + k, i->num, pin);
		cur[k] = at + k;
	}
}

struct skep_webs *skep_webs_compute(struct skep_opt *o)
{
	const struct skep_cfg *c = o->cfg;
	struct skep_webs *w = SKEP_NEW(o->scratch, struct skep_webs);
	u32 n = (c->ninsn + c->nblock) * NREG + 1, (*end)[NREG];

	w->o = o;
	w->up = SKEP_NEW_N(o->scratch, u32, n);
	w->lo = SKEP_NEW_N(o->scratch, u32, n);
	w->hi = SKEP_NEW_N(o->scratch, u32, n);
	w->pin = SKEP_NEW_N(o->scratch, u8, n);
	w->use = SKEP_NEW_N(o->scratch, u32, c->ninsn * NREG);
	end = skep_arena_calloc(o->scratch, c->nblock, sizeof(*end));
	for (u32 k = 0; k < n; k++) {
		w->up[k] = k;
		w->lo[k] = UINT32_MAX;
		w->pin[k] = k % NREG == 10;
	}
	w->other = n - 1;
	w->pin[w->other] = 1;
	for (u32 b = 0; b < c->nblock; b++) {
		for (u32 r = 0; r < NREG; r++)
			end[b][r] = (c->ninsn + b) * NREG + r;
		for (u32 k = c->block[b].first->num; k <= c->block[b].last->num; k++)
			walk_insn(w, c->insn[k], end[b]);
	}
	for (u32 r = 0; r < NREG && c->nblock; r++)
		w->pin[find(w, c->ninsn * NREG + r)] = 1; /* the caller's */
	for (u32 b = 0; b < c->nblock; b++)
		for (u32 s = 0; s < c->block[b].nsucc; s++) {
			u32 t = c->block[b].succ[s];
			u16 live = o->lv->in[c->block[t].first->num];

			for (u32 r = 0; r < NREG; r++)
				if (live >> r & 1) {
					u32 in = (c->ninsn + t) * NREG + r;

					/* Live at the end of one block and the start of the next. */
					mention(w, in, c->block[b].last->num, false);
					mention(w, in, c->block[t].first->num, false);
					join(w, end[b][r], in);
				}
		}
	return w;
}

u32 skep_web_before(const struct skep_webs *w, const struct skep_insn *i, u8 reg)
{
	return find(w, w->use[i->num * NREG + reg]);
}

u32 skep_web_after(const struct skep_webs *w, const struct skep_insn *i, u8 reg)
{
	if (skep_isa_writes(&i->in) >> reg & 1)
		return find(w, i->num * NREG + reg);
	return skep_web_before(w, i, reg);
}

bool skep_web_pinned(const struct skep_webs *w, u32 web)
{
	return w->pin[find(w, web)];
}

/* The nodes of definitions are by register; after a renaming they are looked up by the old one. */
bool skep_web_defines(const struct skep_webs *w, const struct skep_insn *i, u32 web, u8 reg)
{
	return skep_isa_writes(&i->in) >> reg & 1 && find(w, i->num * NREG + reg) == web;
}

int skep_web_uses(const struct skep_webs *w, const struct skep_insn *i, u32 web, u8 reg)
{
	struct roles r = roles_of(&i->in);
	int how = 0;

	if (!(skep_reads(w->o->obj, i) >> reg & 1) || skep_web_before(w, i, reg) != web)
		return 0;
	if (i->in.dst == reg && r.dst_r)
		how |= r.dst_w ? WEB_TIED : WEB_DST;
	if (i->in.src == reg && r.src_r)
		how |= r.src_w ? WEB_TIED : WEB_SRC;
	return r.implicit || !how ? WEB_TIED : how;
}

bool skep_web_fits(const struct skep_webs *w, u32 web, u8 reg, u8 to, u32 with)
{
	const struct skep_live *lv = w->o->lv;

	for (u32 n = w->lo[web]; n <= w->hi[web]; n++) {
		const struct skep_insn *i = w->o->cfg->insn[n];
		bool def;

		if (!i->func)
			continue;
		if (lv->in[n] >> reg & 1 && skep_web_before(w, i, reg) == web && lv->in[n] >> to & 1 &&
		    skep_web_before(w, i, to) != with)
			return false;
		def = skep_web_defines(w, i, web, reg);
		if (!def && !(lv->out[n] >> reg & 1 && skep_web_after(w, i, reg) == web))
			continue;
		if ((lv->out[n] >> to & 1 || skep_isa_writes(&i->in) >> to & 1) && skep_web_after(w, i, to) != with)
			return false;
	}
	return true;
}

/* A copy of one web to the other. */
static bool copies(const struct skep_webs *w, const struct skep_insn *i, u32 a, u8 ra, u32 b, u8 rb)
{
	if (i->in.op != SKEP_MOV || i->in.size != 8 || i->in.form != SKEP_REG || i->core)
		return false;
	return (i->in.src == ra && i->in.dst == rb && skep_web_before(w, i, ra) == a && skep_web_after(w, i, rb) == b) ||
	       (i->in.src == rb && i->in.dst == ra && skep_web_before(w, i, rb) == b && skep_web_after(w, i, ra) == a);
}

bool skep_webs_agree(const struct skep_webs *w, u32 a, u8 ra, u32 b, u8 rb, const struct skep_insn *copy)
{
	const struct skep_opt *o = w->o;
	u32 lo = SKEP_MAX(w->lo[a], w->lo[b]), hi = SKEP_MIN(w->hi[a], w->hi[b]);

	for (u32 n = lo; n <= hi; n++) {
		const struct skep_insn *i = o->cfg->insn[n];
		const struct skep_val *v = o->fa->in[n];
		bool out_a, out_b;

		if (!i->func)
			continue;
		if (o->lv->in[n] >> ra & 1 && skep_web_before(w, i, ra) == a && o->lv->in[n] >> rb & 1 &&
		    skep_web_before(w, i, rb) == b &&
		    (!o->fa->reached[n] || v[ra].kind == SKEP_K_UNINIT || !skep_val_eq(&v[ra], &v[rb])))
			return false;
		if (i == copy || copies(w, i, a, ra, b, rb))
			continue;
		out_a = o->lv->out[n] >> ra & 1 && skep_web_after(w, i, ra) == a;
		out_b = o->lv->out[n] >> rb & 1 && skep_web_after(w, i, rb) == b;
		if ((skep_web_defines(w, i, a, ra) && out_b) || (skep_web_defines(w, i, b, rb) && out_a))
			return false;
	}
	return true;
}

/* Change the fields of one instruction that belong to the web. */
static void rename_insn(struct skep_webs *w, struct skep_insn *i, u32 web, u8 reg, u8 to)
{
	struct roles r = roles_of(&i->in);
	bool used = skep_web_before(w, i, reg) == web, written = skep_web_defines(w, i, web, reg);
	u8 dst = i->in.dst, src = i->in.src;

	if (dst == reg && ((r.dst_r && used) || (r.dst_w && written)))
		i->in.dst = to;
	if (src == reg && ((r.src_r && used) || (r.src_w && written)))
		i->in.src = to;
	if (i->in.dst == dst && i->in.src == src)
		return;
	/* The same operation: references, targets and records stay. */
	i->func->flags |= SKEP_FF_EDITED;
	i->func->changes++;
	if (written)
		w->up[i->num * NREG + to] = web;
}

void skep_web_rename(struct skep_webs *w, u32 web, u8 reg, u8 to)
{
	struct skep_opt *o = w->o;
	u16 x = (u16)(1u << reg), y = (u16)(1u << to);

	o->seen_func = NULL; /* it is written into, here and below */
	for (u32 n = w->lo[web]; n <= w->hi[web]; n++) {
		struct skep_insn *i = o->cfg->insn[n];
		bool before, after;

		if (!i->func)
			continue;
		before = o->lv->in[n] & x && skep_web_before(w, i, reg) == web;
		after = o->lv->out[n] & x && skep_web_after(w, i, reg) == web;
		rename_insn(w, i, web, reg, to);
		if (before) {
			o->lv->in[n] = (u16)((o->lv->in[n] & ~x) | y);
			o->fa->in[n][to] = o->fa->in[n][reg];
			w->use[n * NREG + to] = web;
		}
		if (after)
			o->lv->out[n] = (u16)((o->lv->out[n] & ~x) | y);
	}
}

void skep_web_occupy(struct skep_webs *w, u32 num, u8 reg)
{
	w->o->seen_func = NULL;
	w->o->lv->in[num] |= (u16)(1u << reg);
	w->use[num * NREG + reg] = w->other;
}

void skep_web_occupy_by(struct skep_webs *w, const struct skep_insn *i, u8 reg)
{
	join(w, w->other, i->num * NREG + reg);
}

u32 skep_web_join(struct skep_webs *w, u32 a, u32 b)
{
	join(w, a, b);
	return find(w, a);
}

void skep_web_span(const struct skep_webs *w, u32 web, u32 *lo, u32 *hi)
{
	*lo = SKEP_MIN(*lo, w->lo[web]);
	*hi = SKEP_MAX(*hi, w->hi[web]);
}
