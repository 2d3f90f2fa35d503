/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: which instructions make one, whether they can be gathered at the last of
 * them, and their canonical form. They may stand in several blocks, when only one way
 * leads to each of these but the first: an extended basic block.
 *
 * Gathering is right when the row may as well stand where its last instruction
 * stands. Let x stand between and not belong to it. What x reads and writes is no
 * register that an earlier instruction of the row defined, so x does not see that
 * it comes later, nor does it overwrite it; and x writes no register that an
 * earlier one read from before the row, so it still reads the same. Where a branch
 * between leaves, nothing is live on the other way that the row defined before it; and
 * the last instruction runs at most as often as the first. Memory is
 * touched by a store at the end only, which does not move. The spare register and
 * whatever else the new row may write is dead behind the last instruction, and
 * what x does with it is over by then.
 *
 * Values must be numbers: the verifier takes no shifts and masks of pointers, and a
 * copy that looks useless may be the last one of a pointer. A value is a number when
 * the facts say so, or when the window itself does with it what only numbers allow.
 */
#include "search/search_impl.h"

enum { LOOK_BACK = 64, WAY_MAX = SKEP_WIN_MAX * LOOK_BACK, ROW_MAX = 5 };

static bool plain(const struct skep_insn *i)
{
	u8 c = skep_op_class(i->in.op);

	if (!skep_insn_const(i))
		return false;
	if (i->in.op == SKEP_LDDW)
		return true;
	return (c == SKEP_CLASS_ALU || c == SKEP_CLASS_UNARY) && i->in.op != SKEP_CAST;
}

static enum skep_sink sink_of(const struct skep_insn *i)
{
	if (skep_is_cond(i->in.op))
		return SKEP_SINK_BRANCH;
	return i->in.op == SKEP_STX ? SKEP_SINK_STORE : SKEP_SINK_NONE;
}

static bool root(const struct skep_insn *i)
{
	return plain(i) || (sink_of(i) != SKEP_SINK_NONE && skep_insn_const(i));
}

/* Registers that count as operands; a store's base does not. */
static u16 operands(const struct skep_insn *i)
{
	if (i->in.op == SKEP_STX)
		return (u16)(1u << i->in.src);
	return skep_isa_reads(&i->in);
}

bool skep_for_numbers(const struct skep_ins *in)
{
	u8 c = skep_op_class(in->op);

	return (c == SKEP_CLASS_ALU || c == SKEP_CLASS_UNARY) && in->op != SKEP_MOV &&
	       in->op != SKEP_ADD && in->op != SKEP_SUB;
}

/* --- gathering ------------------------------------------------------------------------- */

/* The numbers from `first` to `last` as control goes, in `num`; 0: it does not go from one to the
 * other. */
static u32 way(const struct skep_cfg *g, u32 first, u32 last, u32 num[WAY_MAX])
{
	u32 n = 0;

	for (u32 at = last; at != SKEP_CFG_NONE && n < WAY_MAX; at = skep_cfg_before(g, at)) {
		num[WAY_MAX - ++n] = at;
		if (at == first) {
			memmove(num, num + WAY_MAX - n, n * sizeof(*num));
			return n;
		}
	}
	return 0;
}

static bool gathers(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n)
{
	u32 num[WAY_MAX], len = way(v->cfg, insn[0]->num, insn[n - 1]->num, num), k = 0;
	u16 made = 0, used = 0;

	for (u32 i = 0; i < len; i++) {
		const struct skep_insn *x = v->cfg->insn[num[i]];
		u16 writes = skep_isa_writes(&x->in);

		if (v->touched[num[i]])
			return false;
		if (k < n && x == insn[k]) {
			used |= (u16)(operands(x) & ~made);
			made |= writes;
			k++;
		} else if (((skep_reads(v->obj, x) | writes) & made) || (writes & used)) {
			return false;
		}
		if (i + 1 < len && skep_live_aside(v->cfg, v->lv, num[i], num[i + 1]) & made)
			return false;
	}
	return k == n;
}

/* --- canonical form --------------------------------------------------------------------- */

struct naming {
	u8 of[11]; /* canonical number + 1 by register */
	u8 n;
};

static bool name(struct naming *m, struct skep_site *s, u8 reg)
{
	if (m->of[reg])
		return true;
	if (reg > 9 || m->n == SKEP_WIN_REGS)
		return false;
	s->real[m->n] = reg;
	m->of[reg] = ++m->n;
	return true;
}

/* What is known of a register before the instruction that reads it first. */
static bool entry_fact(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n, u32 at,
		       u8 reg, struct skep_window *w, u8 canon)
{
	const struct skep_val *x = &v->fa->in[insn[at]->num][reg];
	bool number = x->kind == SKEP_K_SCALAR || x->kind == SKEP_K_CONST;

	w->bits[canon] = x->kind == SKEP_K_SCALAR ? x->bits : 64;
	w->fixed[canon] = skep_val_const(x);
	w->value[canon] = w->fixed[canon] ? (u64)x->off : 0;
	for (u32 k = at; k < n && !number; k++) {
		number = (operands(insn[k]) >> reg & 1) && skep_for_numbers(&insn[k]->in);
		if (skep_isa_writes(&insn[k]->in) >> reg & 1)
			break;
	}
	return number;
}

static bool name_live(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n,
		      struct naming *m, struct skep_site *s)
{
	u16 made = 0;

	for (u32 k = 0; k < n; k++) {
		u16 in = (u16)(operands(insn[k]) & ~made);
		u8 order[2] = {insn[k]->in.dst, insn[k]->in.src};

		for (u32 o = 0; o < 2; o++) {
			u8 r = order[o];

			if (r > 10 || !(in >> r & 1) || m->of[r])
				continue;
			if (m->n == SKEP_WIN_IN || !name(m, s, r) ||
			    !entry_fact(v, insn, n, k, r, &s->w, (u8)(m->n - 1)))
				return false;
		}
		made |= skep_isa_writes(&insn[k]->in);
	}
	s->w.nin = m->n;
	return true;
}

/* One register that is dead behind, for intermediate results. */
static void name_spare(struct naming *m, struct skep_site *s, u16 taken)
{
	for (u8 r = 0; r < 10; r++)
		if (!m->of[r] && !(taken >> r & 1)) {
			name(m, s, r);
			return;
		}
}

static struct skep_ins renamed(const struct skep_insn *i, const struct naming *m)
{
	struct skep_ins in = i->in;
	u8 c = skep_op_class(in.op);

	if (in.op == SKEP_STX) {
		in.dst = SKEP_WIN_BASE;
		in.off = 0;
	} else {
		in.dst = (u8)(m->of[in.dst] - 1);
	}
	in.src = in.form == SKEP_REG ? (u8)(m->of[in.src] - 1) : 0;
	if (c == SKEP_CLASS_JMP)
		in.off = 0;
	return in;
}

/*
 * Does the branch at the end compare a register that lives on, or a copy of one with at
 * most constants added? What it says of that register may be all that bounds it, and a
 * verifier that ties copies together learns it from the copy.
 */
static bool tells_of_living(struct skep_insn *const *insn, u32 n, u16 live)
{
	const struct skep_ins *last = &insn[n - 1]->in;
	u16 of[11];

	for (u32 r = 0; r < 11; r++)
		of[r] = (u16)(1u << r);
	for (u32 k = 0; k + 1 < n; k++) {
		const struct skep_ins *in = &insn[k]->in;

		if (in->op == SKEP_MOV && in->form == SKEP_REG)
			of[in->dst] = (u16)(of[in->src] | 1u << in->dst);
		else if ((in->op != SKEP_ADD && in->op != SKEP_SUB) || in->form != SKEP_IMM)
			of[in->dst] = (u16)(1u << in->dst);
	}
	return ((of[last->dst] | (last->form == SKEP_REG ? of[last->src] : 0)) & live) != 0;
}

bool skep_window_build(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n,
		       struct skep_site *out)
{
	const struct skep_insn *last = insn[n - 1];
	u16 live = v->lv->out[last->num], written = 0, taken = live;
	struct naming m = {.n = 0};
	struct skep_window *w = &out->w;

	memset(out, 0, sizeof(*out));
	w->sink = (u8)sink_of(last);
	if (!gathers(v, insn, n) || !name_live(v, insn, n, &m, out))
		return false;
	for (u32 k = 0; k < n; k++) {
		u16 writes = skep_isa_writes(&insn[k]->in);

		written |= writes;
		if (writes && !name(&m, out, insn[k]->in.dst))
			return false;
	}
	if (w->sink == SKEP_SINK_STORE) {
		if (written >> last->in.dst & 1)
			return false;
		taken |= (u16)(1u << last->in.dst);
	}
	if (w->sink == SKEP_SINK_BRANCH && tells_of_living(insn, n, live))
		return false;
	name_spare(&m, out, taken);
	w->nreg = m.n;
	for (u8 r = 0; r < m.n; r++) {
		u16 bit = (u16)(1u << out->real[r]);

		if (written & live & bit)
			w->out |= (u16)(1u << r);
		else if (taken & bit)
			w->keep |= (u16)(1u << r);
	}
	w->n = (u8)n;
	w->level = (u8)v->level;
	w->mode = (u8)v->mode;
	w->big = v->obj->big;
	for (u32 k = 0; k < n; k++) {
		w->in[k] = renamed(insn[k], &m);
		out->insn[k] = insn[k];
	}
	return w->out || w->sink != SKEP_SINK_NONE;
}

/* --- all windows of a function ------------------------------------------------------------- */

void skep_windows_init(struct skep_windows *it, const struct skep_opt_view *view)
{
	*it = (struct skep_windows){.view = view};
}

static bool known(const struct skep_windows *it, u32 num)
{
	for (u32 k = 0; k < it->n; k++)
		if (it->insn[k]->num == num)
			return true;
	for (u32 k = 0; k < it->nrejected; k++)
		if (it->rejected[k] == num)
			return true;
	return false;
}

/* The instruction that gives `reg` its value before `i`, whichever way control came, or NULL. */
static struct skep_insn *producer(const struct skep_windows *it, const struct skep_insn *i, u8 reg)
{
	const struct skep_cfg *g = it->view->cfg;
	u32 n = i->num;

	for (u32 k = 0; k < LOOK_BACK && (n = skep_cfg_before(g, n)) != SKEP_CFG_NONE; k++)
		if (skep_isa_writes(&g->insn[n]->in) >> reg & 1)
			return plain(g->insn[n]) ? g->insn[n] : NULL;
	return NULL;
}

/* The nearest producer of what the window reads that was not tried yet. */
static struct skep_insn *nearest(const struct skep_windows *it)
{
	struct skep_insn *best = NULL;
	u16 made = 0;

	for (u32 k = 0; k < it->n; k++) {
		u16 in = (u16)(operands(it->insn[k]) & ~made);

		for (u8 r = 0; r < 10; r++) {
			struct skep_insn *p = in >> r & 1 ? producer(it, it->insn[k], r) : NULL;

			if (p && !known(it, p->num) && (!best || p->num > best->num))
				best = p;
		}
		made |= skep_isa_writes(&it->insn[k]->in);
	}
	return best;
}

static void insert(struct skep_windows *it, struct skep_insn *i)
{
	u32 k = it->n++;

	for (; k > 0 && it->insn[k - 1]->num > i->num; k--)
		it->insn[k] = it->insn[k - 1];
	it->insn[k] = i;
}

static void take_out(struct skep_windows *it, const struct skep_insn *i)
{
	u32 n = 0;

	for (u32 k = 0; k < it->n; k++)
		if (it->insn[k] != i)
			it->insn[n++] = it->insn[k];
	it->n = n;
}

/* Add producers until a window comes out. */
static bool grow(struct skep_windows *it, struct skep_site *out)
{
	struct skep_insn *p;

	while (it->n < SKEP_WIN_MAX && it->nrejected < SKEP_WIN_MAX && (p = nearest(it))) {
		insert(it, p);
		if (skep_window_build(it->view, it->insn, it->n, out))
			return true;
		/* It may be in the way, or lack one of its own producers: then those come with
		 * another root. */
		take_out(it, p);
		it->rejected[it->nrejected++] = p->num;
	}
	return false;
}

/* Add the next instruction as they stand. */
static bool extend(struct skep_windows *it, struct skep_site *out)
{
	const struct skep_cfg *g = it->view->cfg;

	while (it->n && it->n < ROW_MAX) {
		u32 num = it->insn[it->n - 1]->num + 1;

		if (num >= g->ninsn || g->block_of[num] != g->block_of[it->insn[0]->num] ||
		    !plain(g->insn[num]))
			return false;
		it->insn[it->n++] = g->insn[num];
		if (skep_window_build(it->view, it->insn, it->n, out))
			return true;
	}
	return false;
}

bool skep_windows_next(struct skep_windows *it, struct skep_site *out)
{
	const struct skep_opt_view *v = it->view;

	for (;;) {
		if (it->n && (it->rows ? extend(it, out) : grow(it, out)))
			return true;
		it->n = it->nrejected = 0;
		if (it->num == v->cfg->ninsn) {
			if (it->rows)
				return false;
			it->rows = true;
			it->num = 0;
			continue;
		}
		it->insn[0] = v->cfg->insn[it->num++];
		if (v->touched[it->insn[0]->num] || !v->fa->reached[it->insn[0]->num] ||
		    !(it->rows ? plain(it->insn[0]) : root(it->insn[0])))
			continue;
		it->n = 1;
		if (!it->rows && skep_window_build(v, it->insn, 1, out))
			return true;
	}
}
