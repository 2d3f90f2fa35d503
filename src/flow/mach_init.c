/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program as the machine sees it: its functions one after the other with numbered
 * instructions, where states are compared, which registers are live, and the state at
 * the entry. Registers only: of stack slots see mach_slots.c.
 */
#include "flow/mach_impl.h"

static bool is_call(const struct skep_insn *i)
{
	return i->in.op == SKEP_CALL;
}

static void add_funcs(struct skep_mach *m)
{
	u8 *seen = SKEP_NEW_N(m->arena, u8, m->obj->nfunc + 1);

	skep_prog_reach(m->obj, m->prog, seen);
	m->func_of = SKEP_NEW_N(m->arena, u32, m->obj->nfunc + 1);
	m->func = SKEP_NEW_N(m->arena, struct skep_vfunc, m->obj->nfunc + 1);
	for (u32 k = 0; k < m->obj->nfunc; k++)
		m->func_of[k] = SKEP_VNONE;
	m->func[m->nfunc++].func = m->prog;
	m->func_of[m->prog->index] = 0;
	for (u32 k = 0; k < m->obj->nfunc; k++) {
		if (!seen[k] || m->obj->func[k] == m->prog)
			continue;
		m->func_of[k] = m->nfunc;
		m->func[m->nfunc++].func = m->obj->func[k];
	}
}

/* Numbers the instructions; `num` is scratch by the model's contract. */
static void number(struct skep_mach *m)
{
	u32 n = 0;

	for (u32 k = 0; k < m->nfunc; k++)
		n += m->func[k].func->ninsns;
	m->insn = SKEP_NEW_N(m->arena, struct skep_vinsn, n + 1);
	for (u32 k = 0; k < m->nfunc; k++) {
		struct skep_vfunc *f = &m->func[k];

		f->first = m->ninsn;
		f->n = f->func->ninsns;
		f->global = (f->func->flags & SKEP_FF_GLOBAL) && k;
		SKEP_FOR_INSN(i, f->func) {
			struct skep_vinsn *v = &m->insn[m->ninsn];

			i->num = m->ninsn++;
			v->insn = i;
			v->func = k;
			v->next = i->next && !skep_is_end(i->in.op) ? i->num + 1 : SKEP_VNONE;
			v->target = SKEP_VNONE;
		}
	}
	for (u32 k = 0; k < m->ninsn; k++)
		if (m->insn[k].insn->target)
			m->insn[k].target = m->insn[k].insn->target->num;
}

static void flag_at(struct skep_mach *m, u32 at, u8 flags)
{
	if (at != SKEP_VNONE)
		m->insn[at].flags |= flags;
}

/* As the kernel chooses them: jumps, targets of gotos, behind calls, around iterators and
 * callbacks. */
static void choose_prune_points(struct skep_mach *m)
{
	for (u32 k = 0; k < m->ninsn; k++) {
		struct skep_vinsn *v = &m->insn[k];
		const struct skep_insn *i = v->insn;

		if (skep_is_cond(i->in.op)) {
			flag_at(m, k, SKEP_VI_PRUNE);
			flag_at(m, v->target, SKEP_VI_PRUNE | SKEP_VI_JUMPED);
		} else if (i->in.op == SKEP_JCOND) {
			flag_at(m, k, SKEP_VI_PRUNE | SKEP_VI_FORCE);
			flag_at(m, v->target, SKEP_VI_PRUNE | SKEP_VI_JUMPED);
		} else if (skep_is_branch(i->in.op)) {
			flag_at(m, v->target, SKEP_VI_PRUNE | SKEP_VI_JUMPED);
		} else if (is_call(i)) {
			flag_at(m, v->next, SKEP_VI_PRUNE | SKEP_VI_JUMPED);
			if (i->callee && i->ref == SKEP_REF_FUNC) {
				if (!m->func[m->func_of[i->callee->index]].global) {
					flag_at(m, k, SKEP_VI_PRUNE);
					flag_at(m, m->func[m->func_of[i->callee->index]].first,
						SKEP_VI_PRUNE | SKEP_VI_JUMPED);
				}
			}
			if (skep_callback_now(m, i)) {
				flag_at(m, k, SKEP_VI_PRUNE | SKEP_VI_FORCE | SKEP_VI_CALLBACK);
				flag_at(m, v->next, SKEP_VI_PRUNE);
			}
			if (i->ref == SKEP_REF_EXTERN && skep_mach_iter_next(m, i)) {
				flag_at(m, k, SKEP_VI_PRUNE | SKEP_VI_FORCE | SKEP_VI_ITER);
				flag_at(m, v->next, SKEP_VI_PRUNE);
			}
		}
	}
}

static int bad_shape(struct skep_mach *m, u32 rule, u32 at, const char *text)
{
	m->fault = (struct skep_fault){.rule = (u16)rule, .at = at, .text = text};
	return SKEP_EINPUT;
}

/* Every instruction is reached from its function's first one, and none runs off the end. */
static int check_shape(struct skep_mach *m)
{
	u32 *work = SKEP_NEW_N(m->arena, u32, m->ninsn + 1), n = 0;

	for (u32 k = 0; k < m->nfunc; k++) {
		const struct skep_vfunc *f = &m->func[k];
		u32 last = f->first + f->n - 1;

		if (!f->n)
			return bad_shape(m, SKEP_RULE_FLOW, 0, "a function is empty");
		if (!skep_is_end(m->insn[last].insn->in.op) &&
		    !skep_mach_throws(m, m->insn[last].insn))
			return bad_shape(m, SKEP_RULE_FLOW, last,
					 "control runs off the end of the function");
		work[n++] = f->first;
		m->insn[f->first].flags |= SKEP_VI_SEEN;
	}
	while (n) {
		const struct skep_vinsn *v = &m->insn[work[--n]];
		const u32 way[2] = {v->next, v->target};

		for (u32 k = 0; k < 2; k++)
			if (way[k] != SKEP_VNONE && !(m->insn[way[k]].flags & SKEP_VI_SEEN)) {
				m->insn[way[k]].flags |= SKEP_VI_SEEN;
				work[n++] = way[k];
			}
	}
	for (u32 k = 0; k < m->ninsn; k++)
		if (!(m->insn[k].flags & SKEP_VI_SEEN))
			return bad_shape(m, SKEP_RULE_UNREACHABLE, k,
					 "the instruction cannot be reached");
	return 0;
}

static u16 reads(const struct skep_mach *m, const struct skep_insn *i)
{
	if (is_call(i) && i->ref == SKEP_REF_FUNC)
		return m->func[m->func_of[i->callee->index]].global
			       ? 0x3e
			       : m->func[m->func_of[i->callee->index]].live & 0x3e;
	if (is_call(i) && i->ref == SKEP_REF_NONE && i->in.src == SKEP_CALL_HELPER)
		return skep_helper_reads(i->in.imm);
	if (is_call(i))
		return 0x3e;
	/* To the kernel they need all; less would do, but what it costs the kernel is to be told.
	 */
	if (i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND)
		return 0x3ff;
	return skep_isa_reads(&i->in);
}

static u16 live_after(const struct skep_mach *m, const struct skep_vinsn *v)
{
	u16 out = 0;

	if (v->next != SKEP_VNONE)
		out |= m->insn[v->next].live;
	if (v->target != SKEP_VNONE)
		out |= m->insn[v->target].live;
	return out;
}

/* Instructions whose live registers are to be computed again, and who asks for whose. */
struct live_work {
	u32 *stack, n;
	bool *queued;
	u32 *head,
		*link; /* + 1: those that jump to an instruction, then those that call a function */
};

static void look_again(struct live_work *w, u32 at)
{
	if (w->queued[at])
		return;
	w->queued[at] = true;
	w->stack[w->n++] = at;
}

static void look_again_at(struct live_work *w, u32 to)
{
	for (u32 k = w->head[to]; k; k = w->link[k - 1])
		look_again(w, k - 1);
}

static void live_init(struct skep_mach *m, struct live_work *w)
{
	w->n = 0;
	w->stack = SKEP_NEW_N(m->arena, u32, m->ninsn + 1);
	w->queued = SKEP_NEW_N(m->arena, bool, m->ninsn + 1);
	w->head = SKEP_NEW_N(m->arena, u32, m->ninsn + m->nfunc + 1);
	w->link = SKEP_NEW_N(m->arena, u32, m->ninsn + 1);
	for (u32 k = 0; k < m->ninsn; k++) {
		const struct skep_insn *i = m->insn[k].insn;
		u32 to = m->insn[k].target;

		if (is_call(i) && i->ref == SKEP_REF_FUNC)
			to = m->ninsn + m->func_of[i->callee->index];
		if (to != SKEP_VNONE) {
			w->link[k] = w->head[to];
			w->head[to] = k + 1;
		}
		look_again(w, k);
	}
}

/*
 * Backward until nothing changes; sets only grow, so it ends. An instruction is looked at
 * again only when what follows it has changed.
 */
static void compute_live(struct skep_mach *m)
{
	struct live_work w;

	live_init(m, &w);
	while (w.n) {
		u32 k = w.stack[--w.n];
		struct skep_vinsn *v = &m->insn[k];
		u16 in = (u16)(live_after(m, v) & ~skep_isa_writes(&v->insn->in)) |
			 reads(m, v->insn);

		w.queued[k] = false;
		if (in == v->live)
			continue;
		v->live = in;
		if (k && m->insn[k - 1].next == k)
			look_again(&w, k - 1);
		look_again_at(&w, k);
		if (m->func[v->func].first == k) {
			m->func[v->func].live = in;
			look_again_at(&w, m->ninsn + v->func);
		}
	}
}

/* What one instruction does that its function's callers must know of. */
static void add_effects(struct skep_mach *m, const struct skep_insn *i, struct skep_vfunc *f)
{
	const struct skep_helper_type *type = NULL;
	const struct skep_helper *h = NULL;
	const struct skep_vfunc *to = NULL;

	if (i->callee && (is_call(i) || i->ref == SKEP_REF_FUNC)) {
		to = &m->func[m->func_of[i->callee->index]];
	} else if (is_call(i) && i->ref == SKEP_REF_NONE && i->in.src == SKEP_CALL_HELPER) {
		h = skep_helper_find(i->in.imm);
		type = skep_helper_type(m->opt.prog_type, i->in.imm);
	}
	f->pkt |= (to && to->pkt) || (h && (h->flags & (SKEP_HF_PKT | SKEP_HF_TAIL))) ||
		  skep_mach_moves_packet(m, i);
	f->throws |= (to && to->throws) || skep_mach_throws(m, i);
	f->sleep |= (to && to->sleep) || (type && (type->flags & SKEP_HT_SLEEPS)) ||
		    skep_mach_sleeps(m, i);
}

/*
 * Which functions change packets, also by what they call: callers lose their packet pointers;
 * which throw: callbacks may not; which may sleep: not where that is impossible.
 */
static void compute_effects(struct skep_mach *m)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (u32 k = 0; k < m->ninsn; k++) {
			struct skep_vfunc *f = &m->func[m->insn[k].func];
			bool pkt = f->pkt, throws = f->throws, sleep = f->sleep;

			add_effects(m, m->insn[k].insn, f);
			changed |= pkt != f->pkt || throws != f->throws || sleep != f->sleep;
		}
	}
}

/* The arena to which an instruction refers, or NULL. */
static const struct skep_map *space_of(const struct skep_obj *o, const struct skep_insn *i)
{
	const struct skep_sym *s = &o->sym[i->sym];

	if (i->in.op != SKEP_LDDW)
		return NULL;
	if (i->ref == SKEP_REF_DATA)
		return s->data ? s->data->arena : NULL;
	return i->ref == SKEP_REF_MAP && s->map && s->map->type == SKEP_MAP_ARENA ? s->map : NULL;
}

static int find_space(struct skep_mach *m)
{
	for (u32 k = 0; k < m->ninsn; k++) {
		const struct skep_map *space = space_of(m->obj, m->insn[k].insn);

		if (space && m->space && space != m->space)
			return bad_shape(m, SKEP_RULE_MAP_TYPE, k,
					 "a program can use one arena only");
		if (space)
			m->space = space;
	}
	return 0;
}

int skep_mach_init(struct skep_mach *m, const struct skep_obj *obj, const struct skep_func *prog,
		   const struct skep_mach_opts *opt, struct skep_arena *arena)
{
	int err;

	memset(m, 0, sizeof(*m));
	m->obj = obj;
	m->prog = prog;
	m->opt = *opt;
	m->arena = arena;
	m->type = skep_prog_type_find(opt->prog_type);
	if (!m->type)
		return bad_shape(m, SKEP_RULE_PROG_TYPE, 0, "the program type is not known");
	if (opt->prog_type == SKEP_PROG_EXT)
		return bad_shape(m, SKEP_RULE_UNSUPPORTED, 0,
				 "what an extension may do depends on the program that it extends");
	skep_nodes_init(m);
	add_funcs(m);
	if (m->nfunc > 256)
		return bad_shape(m, SKEP_RULE_CALL_DEPTH, 0,
				 "the program has more than 256 functions");
	number(m);
	err = skep_exception_shape(m);
	if (!err)
		err = find_space(m);
	if (!err)
		err = check_shape(m);
	if (!err && opt->unpriv)
		err = skep_unpriv_shape(m);
	if (err)
		return err;
	choose_prune_points(m);
	compute_live(m);
	compute_effects(m);
	for (u32 k = 0; k < m->nfunc; k++)
		if (m->func[k].catches && m->func[k].throws)
			return bad_shape(m, SKEP_RULE_CALLBACK, m->func[k].first,
					 "what exceptions are given to throws itself");
	return 0;
}
