/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One window: whether instructions can be gathered at the last of them, and their
 * canonical form. They may stand in several blocks, when only one way
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
 * With a branch inside that control may leave by, there are two rows: those before are
 * gathered at the branch by the same conditions, those behind at the last. The branch
 * stays, and nothing else of the way behind it touches what the first row may write
 * (undisturbed()), so that it may do there whatever the other one would have done. What
 * is known on entry is known at the branch.
 *
 * Loads move like the rest: nothing between writes what they read, and the base keeps its
 * value. The row loads no byte that the window does not, so it stays within bounds. Only the
 * packet and maps' values: what others mean by a load of another width (the context, the
 * kernel's memory, words of the stack that a verifier follows) is not asked.
 *
 * Values must be numbers: the verifier takes no shifts and masks of pointers, and a
 * copy that looks useless may be the last one of a pointer. A value is a number when
 * the facts say so, or when the window itself does with it what only numbers allow.
 */
#include "search/search_impl.h"

bool skep_window_plain(const struct skep_insn *i)
{
	u8 c = skep_op_class(i->in.op);

	if (!skep_insn_const(i))
		return false;
	if (i->in.op == SKEP_LDDW)
		return true;
	return (c == SKEP_CLASS_ALU || c == SKEP_CLASS_UNARY) && i->in.op != SKEP_CAST;
}

enum skep_sink skep_window_sink(const struct skep_insn *i)
{
	if (skep_is_cond(i->in.op))
		return SKEP_SINK_BRANCH;
	return i->in.op == SKEP_STX ? SKEP_SINK_STORE : SKEP_SINK_NONE;
}

/* Registers that count as operands; a store's base does not. */
u16 skep_window_operands(const struct skep_insn *i)
{
	if (i->in.op == SKEP_STX)
		return (u16)(1u << i->in.src);
	if (is_load(&i->in))
		return 0;
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
u32 skep_window_way(const struct skep_cfg *g, u32 first, u32 last, u32 num[WAY_MAX])
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

/* Where a row loads from. */
struct memory {
	bool any;
	u8 base;	       /* register of the first load */
	s64 base_off;	       /* of its value, by facts */
	struct skep_place all; /* what all loads cover */
};

/* Loads of up to eight bytes that belong together, where it is known whose they are. */
static bool memory_of(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n,
		      struct memory *m)
{
	for (u32 k = 0; k < n; k++) {
		struct skep_place at;
		s64 end;

		if (!is_load(&insn[k]->in))
			continue;
		if (skep_insn_frozen(insn[k]) || !skep_place_get(v->fa, insn[k], &at))
			return false;
		/* A word of a map's value may be a pointer. */
		if (at.kind != SKEP_K_PKT && (at.kind != SKEP_K_MAPVAL || at.size == 8))
			return false;
		if (!m->any) {
			m->any = true;
			m->base = insn[k]->in.src;
			m->base_off = v->fa->in[insn[k]->num][m->base].off;
			m->all = at;
		}
		if (at.kind != m->all.kind || at.vn != m->all.vn)
			return false;
		end = SKEP_MAX(at.off + (s64)at.size, m->all.off + (s64)m->all.size);
		m->all.off = SKEP_MIN(at.off, m->all.off);
		if (end - m->all.off > 8)
			return false;
		m->all.size = (u32)(end - m->all.off);
	}
	return !m->any ||
	       (m->all.off - m->base_off >= INT16_MIN && m->all.off - m->base_off + 8 <= INT16_MAX);
}

/* What is around a row: of a branch inside, and of what stands between that and the last. */
struct around {
	u32 side;	   /* index of the branch; the length of the row: there is none */
	bool side_not;	   /* control leaves when it is not taken */
	u16 aside;	   /* live where control leaves */
	u16 reads, writes; /* of what stands behind it and does not belong to the row */
	u16 lives;	   /* live where control leaves behind it */
};

static u32 side_of(struct skep_insn *const *insn, u32 n)
{
	u32 k = 0;

	while (k + 1 < n && !skep_is_cond(insn[k]->in.op))
		k++;
	return k + 1 < n ? k : n;
}

static void leaves(const struct skep_opt_view *v, const struct skep_insn *branch, u32 next,
		   struct around *a)
{
	const struct skep_cfg *g = v->cfg;

	a->aside = skep_live_aside(g, v->lv, branch->num, next);
	a->side_not = g->block_of[branch->target->num] == g->block_of[next];
}

static bool gathers(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n,
		    const struct memory *mem, struct around *a)
{
	u32 num[WAY_MAX], len = skep_window_way(v->cfg, insn[0]->num, insn[n - 1]->num, num), k = 0;
	u16 made = 0, used = 0;

	for (u32 i = 0; i < len; i++) {
		const struct skep_insn *x = v->cfg->insn[num[i]];
		u16 writes = skep_isa_writes(&x->in), reads = skep_reads(v->obj, x);
		u16 aside = i + 1 < len ? skep_live_aside(v->cfg, v->lv, num[i], num[i + 1]) : 0;

		if (v->touched[num[i]])
			return false;
		if (k < n && x == insn[k]) {
			used |= (u16)(skep_window_operands(x) & ~made);
			used |= (u16)(mem->any ? 1u << mem->base : 0);
			made |= writes;
			if (k++ == a->side) {
				leaves(v, x, num[i + 1], a);
				continue;
			}
		} else if (k > a->side) {
			a->reads |= reads;
			a->writes |= writes;
		} else if (((reads | writes) & made) || (writes & used)) {
			return false;
		} else if (k && mem->any &&
			   skep_place_meets(v->obj, v->fa, x, &mem->all, SKEP_MEETS_WRITES)) {
			return false;
		}
		if (k > a->side)
			a->lives |= aside;
		else if (aside & made)
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

/*
 * What is known of a register before the instruction that reads it first, and before the
 * branch inside, where its value may be read then. A pointer that is a number only where a
 * branch found that it is NULL is none.
 */
static bool entry_fact(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 side,
		       u32 at, u8 reg, struct skep_window *w, u8 canon)
{
	u32 from = SKEP_MIN(at, side), n = side;
	const struct skep_val *x = &v->fa->in[insn[from]->num][reg];
	bool number = x->kind == SKEP_K_SCALAR || x->kind == SKEP_K_CONST;

	w->bits[canon] = x->kind == SKEP_K_SCALAR ? x->bits : 64;
	w->fixed[canon] = skep_val_const(x);
	w->value[canon] = w->fixed[canon] ? (u64)x->off : 0;
	for (u32 k = at; k < n && !number; k++) {
		number = (skep_window_operands(insn[k]) >> reg & 1) &&
			 skep_for_numbers(&insn[k]->in);
		if (skep_isa_writes(&insn[k]->in) >> reg & 1)
			break;
	}
	return number;
}

static bool name_live(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n, u32 side,
		      struct naming *m, struct skep_site *s)
{
	u16 made = 0;

	for (u32 k = 0; k < n; k++) {
		u16 in = (u16)(skep_window_operands(insn[k]) & ~made);
		u8 order[2] = {insn[k]->in.dst, insn[k]->in.src};

		for (u32 o = 0; o < 2; o++) {
			u8 r = order[o];

			if (r > 10 || !(in >> r & 1) || m->of[r])
				continue;
			if (m->n == SKEP_WIN_IN || !name(m, s, r) ||
			    !entry_fact(v, insn, side, k, r, &s->w, (u8)(m->n - 1)))
				return false;
		}
		made |= skep_isa_writes(&insn[k]->in);
	}
	s->w.nin = m->n;
	return true;
}

/* The register that stands for memory, when there are loads. */
static bool name_memory(struct naming *m, struct skep_site *s, const struct memory *mem)
{
	struct skep_window *w = &s->w;

	if (!mem->any)
		return true;
	if (m->n == SKEP_WIN_IN)
		return false;
	s->real[m->n] = mem->base;
	s->mem_off = mem->all.off - mem->base_off;
	w->bits[m->n] = 64;
	w->mem = w->nin = ++m->n;
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

static struct skep_ins renamed(const struct skep_opt_view *v, const struct skep_insn *i,
			       const struct naming *m, const struct skep_window *w,
			       const struct memory *mem)
{
	struct skep_ins in = i->in;
	u8 c = skep_op_class(in.op);
	struct skep_place at;

	if (is_load(&in) && skep_place_get(v->fa, i, &at)) {
		in.dst = (u8)(m->of[in.dst] - 1);
		in.src = (u8)(w->mem - 1);
		in.off = (s32)(at.off - mem->all.off);
		return in;
	}

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
 * Registers that a verifier may tie to those that the branch insn[at] compares: copies, with at
 * most constants added. What the branch says of one it knows of the others.
 */
static u16 tied(struct skep_insn *const *insn, u32 at)
{
	u16 of[11], compared = 0, with = 0, reads = skep_isa_reads(&insn[at]->in);

	for (u32 r = 0; r < 11; r++)
		of[r] = (u16)(1u << r);
	for (u32 k = 0; k < at; k++) {
		const struct skep_ins *in = &insn[k]->in;

		if (skep_is_cond(in->op))
			continue;
		if (in->op == SKEP_MOV && in->form == SKEP_REG)
			of[in->dst] = (u16)(of[in->src] | 1u << in->dst);
		else if ((in->op != SKEP_ADD && in->op != SKEP_SUB) || in->form != SKEP_IMM)
			of[in->dst] = (u16)(1u << in->dst);
	}
	for (u32 r = 0; r < 11; r++)
		compared |= reads >> r & 1 ? of[r] : 0;
	for (u32 r = 0; r < 11; r++)
		with |= of[r] & compared ? (u16)(of[r] | 1u << r) : 0;
	return with;
}

/*
 * Does the branch at the end compare a register that lives on, or one tied to it? What it says
 * of that register may be all that bounds it. The branch inside stays as it is, so that only
 * those tied to what it compares matter.
 */
static bool tells_of_living(struct skep_insn *const *insn, u32 n, u16 live, const struct around *a)
{
	u16 needed = live | a->aside;

	if (skep_is_cond(insn[n - 1]->in.op) && tied(insn, n - 1) & live)
		return true;
	for (u32 k = a->side + 1; k < n; k++)
		needed |= skep_window_operands(insn[k]);
	return a->side < n && tied(insn, a->side) & ~skep_isa_reads(&insn[a->side]->in) & needed;
}

/*
 * The row before the branch inside may write whatever the window names and need not keep. So
 * what stands behind the branch must let all that alone, and write none of the others.
 */
static bool undisturbed(const struct around *a, u16 named, u16 keep)
{
	return !(a->writes & named) && !((a->reads | a->lives) & named & ~keep);
}

static u16 named_regs(const struct naming *m)
{
	u16 regs = 0;

	for (u32 r = 0; r < 11; r++)
		regs |= m->of[r] ? (u16)(1u << r) : 0;
	return regs;
}

/* Which registers count where: at the end, and where control leaves. */
static void set_live(struct skep_site *s, u16 written, u16 before, u16 live, u16 taken,
		     const struct around *a)
{
	struct skep_window *w = &s->w;

	for (u8 r = 0; r < w->nreg; r++) {
		u16 bit = (u16)(1u << s->real[r]);

		if (written & live & bit)
			w->out |= (u16)(1u << r);
		else if (taken & bit)
			w->keep |= (u16)(1u << r);
		if (a->aside & before & bit)
			w->side_out |= (u16)(1u << r);
		else if (a->aside & bit)
			w->side_keep |= (u16)(1u << r);
	}
}

bool skep_window_build(const struct skep_opt_view *v, struct skep_insn *const *insn, u32 n,
		       struct skep_site *out)
{
	const struct skep_insn *last = insn[n - 1];
	u16 live = v->lv->out[last->num], written = 0, before = 0, taken = live;
	struct around a = {.side = side_of(insn, n)};
	struct naming m = {.n = 0};
	struct memory mem = {.any = false};
	struct skep_window *w = &out->w;

	memset(out, 0, sizeof(*out));
	w->sink = (u8)skep_window_sink(last);
	if (!memory_of(v, insn, n, &mem) ||
	    (mem.any && (a.side < n || w->sink == SKEP_SINK_STORE)) ||
	    !gathers(v, insn, n, &mem, &a) || !name_live(v, insn, n, a.side, &m, out) ||
	    !name_memory(&m, out, &mem))
		return false;
	for (u32 k = 0; k < n; k++) {
		u16 writes = skep_isa_writes(&insn[k]->in);

		written |= writes;
		before |= k < a.side ? writes : 0;
		if (writes && !name(&m, out, insn[k]->in.dst))
			return false;
	}
	if (w->sink == SKEP_SINK_STORE) {
		if (written >> last->in.dst & 1)
			return false;
		taken |= (u16)(1u << last->in.dst);
	}
	if (mem.any) {
		if (written >> mem.base & 1)
			return false;
		taken |= (u16)(1u << mem.base);
	}
	if (tells_of_living(insn, n, live, &a) ||
	    !undisturbed(&a, named_regs(&m), (u16)(taken & ~written)))
		return false;
	name_spare(&m, out, taken | a.aside | a.reads | a.writes | a.lives);
	w->nreg = m.n;
	set_live(out, written, before, live, taken, &a);
	w->side = a.side < n ? (u8)(a.side + 1) : 0;
	for (u32 r = 0; r < w->nreg && !w->side; r++)
		if (!(v->lv->upper[last->num] >> out->real[r] & 1))
			w->half |= (u16)(w->out & 1u << r);
	w->side_not = a.side_not;
	w->n = (u8)n;
	w->level = (u8)v->level;
	w->mode = (u8)v->mode;
	w->big = v->obj->big;
	for (u32 k = 0; k < n; k++) {
		w->in[k] = renamed(v, insn[k], &m, w, &mem);
		out->insn[k] = insn[k];
	}
	return w->out || w->sink != SKEP_SINK_NONE || w->side_out;
}
