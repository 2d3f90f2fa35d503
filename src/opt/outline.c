/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of instructions that occur several times, made a static function that
 * is called where they stood. For size only: each call costs time.
 *
 * A row stands in one block. What it reads on entry comes in r1 to r5, by moves
 * before the call where it was elsewhere (r10, too: then the function works on
 * its caller's frame); of what it writes one register may be wanted behind it,
 * which comes back in r0. r1 to r5 and r0 are lost by a call, so nothing else in
 * them may be live behind the row. r6 to r9 are the function's own.
 *
 * Right because: the function runs the same instructions on the same values
 * (the frame pointer of the caller is passed, never its own taken), and all that
 * is live behind the row (flow) is either untouched or the value that comes
 * back. --prove puts the function's body back at each call and compares.
 *
 * The kernel: static functions are verified at each call with the caller's
 * state, so it sees what it saw. One instruction must not meet pointers of
 * different kinds, so these agree between all places, as in tails.c. A pointer into the
 * stack may not be returned. Kernels before 4.16 know no calls, some refuse them
 * beside legacy packet loads, tail calls or a lock that is held, and users
 * without privileges may not call: programs with any of these, of types that
 * such users load, or of a level below 3 without a call of their own stay as
 * they are. Frames and stacks of a chain of calls are counted.
 */
#include "opt/outline.h"

enum { MIN_LEN = 3, MIN_GAIN = 4, FRAME_LIMIT = 8, STACK_LIMIT = SKEP_STACK, STACK_ROUND = 32 };

/* --- which functions --------------------------------------------------------------- */

/* Helpers beside which some kernels refuse calls. */
static bool forbids_calls(const struct skep_insn *i)
{
	if (i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND)
		return true;
	if (i->in.op != SKEP_CALL || i->ref != SKEP_REF_NONE || i->in.src != SKEP_CALL_HELPER)
		return false;
	return i->in.imm == SKEP_FN_tail_call || i->in.imm == SKEP_FN_spin_lock;
}

static bool calls(const struct skep_obj *obj)
{
	for (u32 k = 0; k < obj->nfunc; k++)
		SKEP_FOR_INSN(i, obj->func[k])
			if (i->ref == SKEP_REF_FUNC && i->in.op == SKEP_CALL)
				return true;
	return false;
}

static bool program_may_call(const struct outline *w, const u8 *reach, const struct skep_func *prog)
{
	bool any = false;

	for (u32 k = 0; k < w->nfunc; k++)
		if (reach[k])
			SKEP_FOR_INSN(i, w->o->obj->func[k]) {
				if (forbids_calls(i))
					return false;
				any |= i->ref == SKEP_REF_FUNC;
			}
	if (any)
		return true;
	return prog->prog_type && prog->prog_type != SKEP_PROG_SOCKET_FILTER &&
	       prog->prog_type != SKEP_PROG_CGROUP_SKB;
}

/*
 * The deepest place of the frame that the function touches, as far as constants tell; all of it
 * where an offset is computed. (A chain of calls that needs more than there is would not be loaded,
 * nothing worse.)
 */
static u32 stack_of(const struct skep_facts *fa)
{
	s64 low = 0;

	for (u32 k = 0; k < fa->cfg->ninsn; k++) {
		const struct skep_ins *in = &fa->cfg->insn[k]->in;

		for (u32 r = 0; r < 11 && fa->reached[k]; r++) {
			const struct skep_val *v = &fa->in[k][r];

			if (v->kind != SKEP_K_STACK || v->vn != SKEP_VN_FP)
				continue;
			if ((in->op == SKEP_ADD || in->op == SKEP_SUB) && in->dst == r &&
			    in->form == SKEP_REG && !skep_val_const(&fa->in[k][in->src]))
				return STACK_LIMIT;
			low = SKEP_MIN(low, v->off + SKEP_MIN(in->off, 0));
		}
	}
	return low < -STACK_LIMIT ? STACK_LIMIT
				  : (u32)((-low + STACK_ROUND - 1) / STACK_ROUND * STACK_ROUND);
}

/* Is there room for one more function below each? Frames and stack of the deepest chain to it. */
static void count_depth(struct outline *w)
{
	const struct skep_obj *obj = w->o->obj;

	for (u32 round = 0; round < FRAME_LIMIT; round++)
		for (u32 k = 0; k < w->nfunc; k++)
			SKEP_FOR_INSN(i, obj->func[k]) {
				struct outline_func *me = &w->func[k], *to;

				if (!i->callee || i->callee->index == k)
					continue;
				to = &w->func[i->callee->index];
				to->frames = SKEP_MAX(to->frames, me->frames + 1);
				to->above =
					SKEP_MAX(to->above,
						 me->above + SKEP_MAX(me->stack, (u32)STACK_ROUND));
			}
	for (u32 k = 0; k < w->nfunc; k++) {
		struct outline_func *f = &w->func[k];

		if (f->frames + 2 > FRAME_LIMIT ||
		    f->above + SKEP_MAX(f->stack, (u32)STACK_ROUND) + STACK_ROUND > STACK_LIMIT)
			f->ok = false;
	}
}

static void look_at_funcs(struct outline *w, const u8 *allowed)
{
	struct skep_opt *o = w->o;
	struct skep_obj *obj = o->obj;
	bool level = o->level >= 3 || calls(obj);

	w->nfunc = obj->nfunc;
	w->func = SKEP_NEW_N(w->arena, struct outline_func, obj->nfunc);
	w->reach = SKEP_NEW_N(w->arena, u8 *, obj->nfunc);
	for (u32 k = 0; k < obj->nfunc; k++) {
		struct outline_func *f = &w->func[k];

		if (!obj->func[k]->first)
			continue;
		f->cfg = skep_cfg_compute(obj->func[k], w->arena);
		f->fa = skep_facts_compute(obj, f->cfg, w->arena);
		f->lv = skep_live_compute(obj, f->fa, w->arena);
		f->stack = stack_of(f->fa);
		f->ok = level && allowed[k];
	}
	for (u32 k = 0; k < obj->nfunc; k++) {
		u8 *reach;
		bool may;

		if (!(obj->func[k]->flags & SKEP_FF_PROG))
			continue;
		reach = SKEP_NEW_N(w->arena, u8, obj->nfunc);
		skep_prog_reach(obj, obj->func[k], reach);
		may = program_may_call(w, reach, obj->func[k]);
		for (u32 i = 0; i < obj->nfunc; i++) {
			w->func[i].loaded |= reach[i] != 0;
			w->func[i].ok &= may || !reach[i];
		}
		w->reach[w->nprog++] = reach;
	}
	count_depth(w);
}

/* --- which rows --------------------------------------------------------------------- */

/* May it stand in a row? */
static bool movable(const struct skep_opt *o, const struct skep_insn *i)
{
	const struct skep_helper *h;

	if (i->core || i->target || skep_is_end(i->in.op) || skep_is_branch(i->in.op) ||
	    i->ref == SKEP_REF_FUNC || i->ref == SKEP_REF_EXTERN || i->in.op == SKEP_CALLX ||
	    forbids_calls(i) || !skep_opt_allowed(o, &i->in))
		return false;
	if (i->in.op != SKEP_CALL)
		return true;
	h = i->in.src == SKEP_CALL_HELPER && !i->in.off ? skep_helper_find(i->in.imm) : NULL;
	if (!h || h->flags & (SKEP_HF_CB | SKEP_HF_TAIL | SKEP_HF_ACQ | SKEP_HF_REL | SKEP_HF_PKT))
		return false;
	for (int a = 0; a < 5; a++)
		if (h->arg[a] == SKEP_ARG_OBJ || h->arg[a] == SKEP_ARG_STACK)
			return false;
	/* These look at the calls that are going on. */
	return i->in.imm != SKEP_FN_get_stack && i->in.imm != SKEP_FN_get_stackid &&
	       i->in.imm != SKEP_FN_get_func_ip;
}

struct letter_key {
	u16 op;
	u8 size, form, dst, src, ref;
	s32 off;
	s64 imm;
	u32 sym;
};

static u32 letter_of(struct skep_hmap *m, const struct skep_insn *i)
{
	struct letter_key k, *own;
	u32 *n;

	memset(&k, 0, sizeof(k));
	k.op = i->in.op;
	k.size = i->in.size;
	k.form = i->in.form;
	k.dst = i->in.dst;
	k.src = i->in.src;
	k.ref = i->ref;
	k.off = i->in.off;
	k.imm = i->in.imm;
	k.sym = i->ref ? i->sym : 0;
	n = skep_hmap_find(m, &k, sizeof(k));
	if (!n) {
		own = skep_arena_memdup(m->arena, &k, sizeof(k));
		n = SKEP_NEW(m->arena, u32);
		*n = m->n + 1;
		skep_hmap_put(m, own, sizeof(*own), n);
	}
	return *n;
}

/* A row ends with its block: behind each block there is a place without an instruction. */
static void spell(struct outline *w)
{
	struct skep_hmap letters;
	u32 n = 0;

	skep_hmap_init(&letters, w->arena);
	for (u32 k = 0; k < w->nfunc; k++)
		n += w->o->obj->func[k]->ninsns + (w->func[k].cfg ? w->func[k].cfg->nblock : 0);
	w->insn = SKEP_NEW_N(w->arena, struct skep_insn *, n + 1);
	w->letter = SKEP_NEW_N(w->arena, u32, n + 1);
	w->taken = SKEP_NEW_N(w->arena, u8, n + 1);
	for (u32 k = 0; k < w->nfunc; k++) {
		const struct outline_func *f = &w->func[k];

		if (!f->cfg)
			continue;
		SKEP_FOR_INSN(i, w->o->obj->func[k]) {
			w->insn[w->n] = i;
			if (f->ok && f->loaded && f->fa->reached[i->num] && movable(w->o, i))
				w->letter[w->n] = letter_of(&letters, i);
			w->n += i == f->cfg->block[f->cfg->block_of[i->num]].last ? 2 : 1;
		}
	}
}

/* --- how a row becomes a function ------------------------------------------------------ */

static const struct outline_func *func_of(const struct outline *w, u32 at)
{
	return &w->func[w->insn[at]->func->index];
}

/* A register among `mask`, which loses it; -1: there is none. */
static int take(u16 *mask)
{
	int r = *mask ? __builtin_ctz(*mask) : -1;

	if (r >= 0)
		*mask &= (u16)(*mask - 1);
	return r;
}

/* Where what is read on entry comes in, and where the body has it. */
static bool assign(struct outline_shape *s, u16 touched)
{
	u16 args = (u16)(0x3e & ~s->in), own;

	if (!s->has_call)
		args &= (u16)~touched;
	own = s->has_call ? (u16)(0x3c0 & ~touched) : 0;
	for (int r = 0; r < 11; r++) {
		s->arg[r] = s->body_reg[r] = (s8)r;
		if (!(s->in >> r & 1) || (r >= 1 && r <= 5))
			continue;
		s->arg[r] = (s8)take(&args);
		if (s->arg[r] < 0 || (r == 0 && s->wr & 1))
			return false;
		s->nmoves++;
		if (!s->has_call && s->wr >> r & 1)
			return false;
		s->body_reg[r] = s->arg[r];
		/* What must last over a call goes into a register that does; r10 cannot. */
		if (s->has_call) {
			s->body_reg[r] = (s8)(r == 10 || r == 0 ? take(&own) : r);
			s->prologue++;
		}
		if (s->body_reg[r] < 0)
			return false;
	}
	return true;
}

bool skep_outline_shape(const struct outline *w, u32 at, u32 len, struct outline_shape *s)
{
	u16 touched = 0;

	memset(s, 0, sizeof(*s));
	for (u32 k = at; k < at + len; k++) {
		const struct skep_insn *i = w->insn[k];
		u16 reads = skep_reads(w->o->obj, i), writes = skep_isa_writes(&i->in);

		s->in |= (u16)(reads & ~s->wr);
		s->wr |= writes;
		touched |= reads | writes;
		s->has_call |= i->in.op == SKEP_CALL;
		s->slots += skep_ins_slots(&i->in);
	}
	return assign(s, touched);
}

/* The register that is wanted behind the row here: -1 none, -2 it cannot be outlined here. */
static int wanted(const struct outline *w, u32 at, u32 len, const struct outline_shape *s)
{
	const struct outline_func *f = func_of(w, at);
	const struct skep_insn *last = w->insn[at + len - 1], *next = w->insn[at + len];
	u16 live = f->lv->out[last->num], outs = live & s->wr;
	bool entry = last->func->flags & SKEP_FF_PROG;
	u8 kind;

	if (live & 0x3f & ~s->wr || outs & (outs - 1))
		return -2;
	if (!outs)
		return -1;
	/* What joins behind a block is not what the row gives. */
	if (!next)
		return -2;
	kind = f->fa->in[next->num][__builtin_ctz(outs)].kind;
	/* A pointer into a frame must not come back; in a function one of the caller's may be among
	 * the others. */
	if (kind == SKEP_K_STACK || kind == SKEP_K_ANY || kind == SKEP_K_UNINIT ||
	    (!entry && (kind == SKEP_K_NONSTACK || kind == SKEP_K_PTR)))
		return -2;
	return __builtin_ctz(outs);
}

/* Can the last instruction that gives the result give it in r0? */
static u32 direct_at(const struct outline *w, u32 at, u32 len, int out)
{
	for (u32 k = len; k-- > 0;) {
		const struct skep_insn *i = w->insn[at + k];
		u16 reads = skep_reads(w->o->obj, i), writes = skep_isa_writes(&i->in);

		if (writes == 1u << out && !(reads >> out & 1) &&
		    skep_op_class(i->in.op) != SKEP_CLASS_ATOMIC)
			return reads & 1 ? OUTLINE_NOWHERE : k;
		if ((reads | writes) & (1u << out | 1))
			return OUTLINE_NOWHERE;
	}
	return OUTLINE_NOWHERE;
}

static bool same_kinds(const struct outline *w, u32 a, u32 b, u32 len)
{
	for (u32 k = 0; k < len; k++)
		if (!skep_opt_same_kinds(w->o->obj, func_of(w, a)->fa, w->insn[a + k],
					 func_of(w, b)->fa, w->insn[b + k]))
			return false;
	return true;
}

static bool denied(const struct outline *w, u32 at)
{
	return skep_opt_listed(w->o, w->insn[at]);
}

/* The places that can share a function, in `g`: all want the same register, or none. */
static void pick_places(const struct outline *w, const u32 *at, u32 n, struct outline_group *g)
{
	u32 votes[11] = {0}, end = 0;
	int *want = SKEP_NEW_N(w->o->scratch, int, n);

	g->shape.out = -1;
	for (u32 k = 0; k < n; k++) {
		bool free = at[k] >= end && !denied(w, at[k]);

		for (u32 j = 0; j < g->len && free; j++)
			free = !w->taken[at[k] + j];
		want[k] = free ? wanted(w, at[k], g->len, &g->shape) : -2;
		if (want[k] >= 0)
			votes[want[k]]++;
		if (want[k] != -2)
			end = at[k] + g->len;
	}
	for (int r = 0; r < 11; r++)
		if (votes[r] && (g->shape.out < 0 || votes[r] > votes[g->shape.out]))
			g->shape.out = r;
	g->n = 0;
	for (u32 k = 0; k < n; k++)
		if (want[k] != -2 && (want[k] < 0 || want[k] == g->shape.out) &&
		    same_kinds(w, g->n ? g->at[0] : at[k], at[k], g->len))
			g->at[g->n++] = at[k];
}

/* Slots that each program saves; places in programs for which it is not worth a call go, until none
 * is left. */
static void weigh(const struct outline *w, struct outline_group *g)
{
	struct outline_shape *s = &g->shape;
	s32 each = (s32)s->slots - (s32)s->nmoves - 1 - (s->out > 0);
	s32 body =
		(s32)s->slots + (s32)s->prologue + 1 + (s->out > 0 && s->direct == OUTLINE_NOWHERE);
	bool again = true;

	while (again) {
		again = false;
		g->gain = 0;
		for (u32 p = 0; p < w->nprog; p++) {
			u32 uses = 0, kept = 0;
			s32 gain;

			for (u32 k = 0; k < g->n; k++)
				uses += w->reach[p][w->insn[g->at[k]]->func->index] != 0;
			gain = (s32)uses * each - body;
			if (!uses)
				continue;
			g->gain += gain;
			if (gain >= MIN_GAIN)
				continue;
			for (u32 k = 0; k < g->n; k++)
				if (!w->reach[p][w->insn[g->at[k]]->func->index])
					g->at[kept++] = g->at[k];
			g->n = kept;
			again = true;
			break;
		}
	}
}

bool skep_outline_weigh(const struct outline *w, const u32 *at, u32 n, struct outline_group *g)
{
	struct skep_arena_mark m = skep_arena_mark(w->o->scratch);

	g->gain = 0;
	if (skep_outline_shape(w, at[0], g->len, &g->shape)) {
		pick_places(w, at, n, g);
		g->shape.direct = g->n && g->shape.out > 0
					  ? direct_at(w, g->at[0], g->len, g->shape.out)
					  : OUTLINE_NOWHERE;
		if (g->n > 1)
			weigh(w, g);
	}
	skep_arena_release(w->o->scratch, m);
	return g->n > 1 && g->gain > 0;
}

/* --- the plan ------------------------------------------------------------------------------ */

static void consider(void *user, u32 len, const u32 *at, u32 n)
{
	struct outline *w = user;
	struct outline_group g = {.len = len};

	if (len < MIN_LEN)
		return;
	g.at = SKEP_NEW_N(w->arena, u32, n);
	g.all = skep_arena_memdup(w->arena, at, n * sizeof(*at));
	g.nall = n;
	if (skep_outline_weigh(w, at, n, &g))
		*SKEP_VEC_PUSH(w->arena, &w->group) = g;
}

void skep_outline_plan(struct outline *w, const u8 *allowed)
{
	look_at_funcs(w, allowed);
	spell(w);
	skep_rows_find(w->letter, w->n, OUTLINE_MAX_LEN, w->arena, consider, w);
}
