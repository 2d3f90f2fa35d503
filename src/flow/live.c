/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liveness of registers and stack bytes, backward. A byte is live when some
 * path reads it before it is overwritten whole; what a call may read counts as
 * read. What it may write does not count as overwritten, but for the helpers
 * that overwrite all of their output: always, or (a table knows which) when they
 * return 0, which a branch behind the call tells. So errors are only ever on the
 * side of keeping.
 */
#include "flow/flow_impl.h"

/* Live set at one point. */
struct set {
	u16 regs;
	u64 stack[SKEP_STACK_WORDS];
};

/* At a block's end: the call that filled stack bytes unless control goes to block `fails`. */
struct fill {
	const struct skep_insn *call; /* NULL: there is none */
	u32 fails;
};

struct pass {
	const struct skep_obj *obj;
	const struct skep_facts *fa;
	struct skep_live *lv;
	struct fill *fill; /* by block */
	struct set *in;	   /* by block */
};

static bool same_set(const struct set *a, const struct set *b)
{
	return a->regs == b->regs && memcmp(a->stack, b->stack, sizeof(a->stack)) == 0;
}

static void stack_range(u64 *bits, s64 from, s64 to, bool on)
{
	from = SKEP_MAX(from, (s64)-SKEP_STACK);
	to = SKEP_MIN(to, (s64)0);
	for (s64 o = from; o < to; o++)
		if (on)
			skep_bit_set(bits, (size_t)(o + SKEP_STACK));
		else
			skep_bit_clear(bits, (size_t)(o + SKEP_STACK));
}

static void stack_all(u64 *bits)
{
	memset(bits, 0xff, SKEP_STACK_WORDS * sizeof(u64));
}

static bool stack_like(const struct skep_val *v)
{
	return v->kind == SKEP_K_STACK || v->kind == SKEP_K_ANY;
}

/*
 * Registers among r1-r5 that a function may read before it writes them, by its
 * first straight run; what that leaves open counts as read.
 */
static u16 reads_first(const struct skep_func *f)
{
	u16 open = 0x3e, reads = 0;

	for (const struct skep_insn *i = f->first; i && open; i = i->next) {
		u16 r = i->in.op == SKEP_CALL && i->ref == SKEP_REF_NONE && i->in.src == SKEP_CALL_HELPER && !i->in.off
				? skep_helper_reads(i->in.imm)
				: skep_isa_reads(&i->in);

		reads |= r & open;
		open &= (u16)~(r | skep_isa_writes(&i->in));
		if (i->in.op == SKEP_EXIT)
			open = 0;
		if (i->target)
			break;
	}
	return reads | open;
}

/*
 * The kernel holds a global function to its BTF. A compiler may have changed
 * what a static one takes (a pointer passed as the values behind it).
 */
u16 skep_reads(const struct skep_obj *obj, const struct skep_insn *i)
{
	struct skep_btf_type t;

	if (i->in.op != SKEP_CALL || i->in.off)
		return skep_isa_reads(&i->in);
	if (i->ref == SKEP_REF_NONE && i->in.src == SKEP_CALL_HELPER)
		return skep_helper_reads(i->in.imm);
	if (i->ref == SKEP_REF_FUNC && i->callee->type && obj->btf && skep_btf_get(obj->btf, i->callee->type, &t) &&
	    t.kind == SKEP_BTF_FUNC && skep_btf_get(obj->btf, t.ref, &t) && t.kind == SKEP_BTF_FUNC_PROTO && t.vlen <= 5)
		return (u16)(((1u << t.vlen) - 1) << 1) |
		       (u16)(i->callee->flags & SKEP_FF_GLOBAL ? 0 : reads_first(i->callee));
	return skep_isa_reads(&i->in);
}

static const struct skep_map *map_of(const struct pass *p, const struct skep_val *v)
{
	u32 sym;

	/* The analysis names a map by its symbol. */
	if (v->kind != SKEP_K_MAP || v->off)
		return NULL;
	sym = v->vn & 0xffffff;
	return sym < p->obj->nsym ? p->obj->sym[sym].map : NULL;
}

/* Bytes that an argument of a helper reads from its pointer on; -1: unknown. */
static s64 arg_extent(const struct pass *p, const struct skep_insn *i, const struct skep_helper *h, int a,
		      const struct skep_map *map)
{
	const struct skep_val *in = p->fa->in[i->num];

	switch (h->arg[a]) {
	case SKEP_ARG_KEY:
		return map && map->key_size ? (s64)map->key_size : -1;
	case SKEP_ARG_VALUE:
	case SKEP_ARG_VALUE_OUT:
		return map && map->value_size ? (s64)map->value_size : -1;
	case SKEP_ARG_MEM_RD:
	case SKEP_ARG_MEM_WR:
	case SKEP_ARG_MEM_RW:
		if (a < 4 && h->arg[a + 1] == SKEP_ARG_SIZE && skep_val_const(&in[a + 2]))
			return in[a + 2].off >= 0 && in[a + 2].off <= SKEP_STACK ? in[a + 2].off : -1;
		return -1;
	case SKEP_ARG_FIX_RD:
	case SKEP_ARG_FIX_WR:
	case SKEP_ARG_FIX_RW:
		return h->fixed ? h->fixed : -1;
	default:
		return -1;
	}
}

static bool only_writes(u8 arg)
{
	return arg == SKEP_ARG_MEM_WR || arg == SKEP_ARG_FIX_WR || arg == SKEP_ARG_NONE || arg == SKEP_ARG_MAP ||
	       arg == SKEP_ARG_SIZE || arg == SKEP_ARG_FUNC || arg == SKEP_ARG_CTX;
}

static void read_args(const struct pass *p, const struct skep_insn *i, const struct skep_helper *h, struct set *s)
{
	const struct skep_val *in = p->fa->in[i->num];
	const struct skep_map *map = NULL;

	for (int a = 0; a < 5; a++) {
		const struct skep_val *v = &in[a + 1];
		s64 n;

		if (h->arg[a] == SKEP_ARG_MAP)
			map = map_of(p, v);
		if (only_writes(h->arg[a]) || !stack_like(v))
			continue;
		n = arg_extent(p, i, h, a, map);
		if (v->kind != SKEP_K_STACK || v->vn != SKEP_VN_FP || h->arg[a] == SKEP_ARG_STACK)
			stack_all(s->stack);
		else
			stack_range(s->stack, v->off, n < 0 ? 0 : v->off + n, true);
	}
}

static void read_memory(const struct pass *p, const struct skep_insn *i, struct set *s)
{
	struct skep_place at;
	struct skep_memop m;

	if (skep_isa_memop(&i->in, &m) && m.load && skep_place_get(p->fa, i, &at)) {
		if (at.kind == SKEP_K_STACK && at.vn == SKEP_VN_FP)
			stack_range(s->stack, at.off, at.off + at.size, true);
		else if (at.kind == SKEP_K_STACK || at.kind == SKEP_K_ANY || at.kind == SKEP_K_UNINIT)
			stack_all(s->stack);
		return;
	}
	if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && i->ref == SKEP_REF_NONE && !i->in.off) {
		const struct skep_helper *h = skep_helper_find(i->in.imm);

		if (h && !(h->flags & SKEP_HF_CB) && !skep_reads_indirect(i->in.imm)) {
			read_args(p, i, h, s);
			return;
		}
	}
	if (skep_call_effects(p->obj, p->fa, i) & SKEP_EFF_READ_STACK)
		stack_all(s->stack);
}

/* The stack bytes that a helper of this kind fills, by its arguments; false: none, or not known which. */
static bool filled(const struct pass *p, const struct skep_insn *i, enum skep_fill fill, s64 *from, s64 *to)
{
	const struct skep_val *in = p->fa->in[i->num];
	const struct skep_helper *h;

	if (i->in.op != SKEP_CALL || i->in.src != SKEP_CALL_HELPER || i->ref != SKEP_REF_NONE || i->in.off ||
	    skep_helper_fills(i->in.imm) != fill)
		return false;
	h = skep_helper_find(i->in.imm);
	for (int a = 0; h && a < 4; a++) {
		const struct skep_val *v = &in[a + 1], *n = &in[a + 2];

		if (h->arg[a] != SKEP_ARG_MEM_WR || v->kind != SKEP_K_STACK || v->vn != SKEP_VN_FP ||
		    !skep_val_const(n) || n->off <= 0 || n->off > SKEP_STACK)
			continue;
		*from = v->off;
		*to = v->off + n->off;
		return true;
	}
	return false;
}

/*
 * A block that ends in a test of what such a helper returned, with nothing but
 * arithmetic between: on the way where it is 0, the bytes were overwritten.
 */
static struct fill find_fill(const struct pass *p, const struct skep_block *b)
{
	const struct skep_insn *br = b->last, *c = br;
	const struct skep_val *v = &p->fa->in[br->num][br->in.dst];
	s64 from, to;

	if ((br->in.op != SKEP_JEQ && br->in.op != SKEP_JNE) || br->in.form != SKEP_IMM || br->in.imm || br->core ||
	    b->nsucc != 2 || b->succ[0] == b->succ[1])
		return (struct fill){0};
	while (c != b->first && (c == br || skep_op_class(c->in.op) == SKEP_CLASS_ALU ||
				 skep_op_class(c->in.op) == SKEP_CLASS_UNARY || c->in.op == SKEP_LDDW))
		c = c->prev;
	if (!filled(p, c, SKEP_FILLS_OR_FAILS, &from, &to) || skep_facts_def(p->fa, v->vn) != c || v->off)
		return (struct fill){0};
	return (struct fill){c, b->succ[br->in.op == SKEP_JNE]};
}

/* Bytes that the call overwrites are not live before it, but for those that a failure leaves live. */
static void step_fill(const struct pass *p, const struct skep_insn *i, struct set *s)
{
	const struct fill *f = &p->fill[p->fa->cfg->block_of[i->num]];
	struct set keep = *s;
	s64 from, to;

	if (filled(p, i, SKEP_FILLS, &from, &to)) {
		stack_range(s->stack, from, to, false);
	} else if (f->call == i && filled(p, i, SKEP_FILLS_OR_FAILS, &from, &to)) {
		stack_range(s->stack, from, to, false);
		for (u32 w = 0; w < SKEP_STACK_WORDS; w++)
			s->stack[w] |= keep.stack[w] & p->in[f->fails].stack[w];
	}
}

static bool stack_store(const struct pass *p, const struct skep_insn *i, struct skep_place *at)
{
	return (i->in.op == SKEP_ST || i->in.op == SKEP_STX) && skep_place_get(p->fa, i, at) &&
	       at->kind == SKEP_K_STACK && at->vn == SKEP_VN_FP && at->off >= -SKEP_STACK &&
	       at->off + (s64)at->size <= 0;
}

static bool any_live(const u64 *bits, s64 from, s64 to)
{
	for (s64 o = from; o < to; o++)
		if (skep_bit_get(bits, (size_t)(o + SKEP_STACK)))
			return true;
	return false;
}

static void step_back(const struct pass *p, const struct skep_insn *i, struct set *s)
{
	struct skep_place at;

	p->lv->out[i->num] = s->regs;
	memcpy(p->lv->stack_out[i->num], s->stack, sizeof(s->stack));
	if (stack_store(p, i, &at)) {
		p->lv->dead_store[i->num] = !any_live(s->stack, at.off, at.off + at.size);
		stack_range(s->stack, at.off, at.off + at.size, false);
	}
	step_fill(p, i, s);
	read_memory(p, i, s);
	s->regs = (u16)((s->regs & ~skep_isa_writes(&i->in)) | skep_reads(p->obj, i));
	s->regs &= 0x7ff;
	p->lv->in[i->num] = s->regs;
}

struct skep_live *skep_live_compute(const struct skep_obj *obj, const struct skep_facts *fa, struct skep_arena *arena)
{
	const struct skep_cfg *c = fa->cfg;
	struct skep_live *lv = SKEP_NEW(arena, struct skep_live);
	struct set *in = SKEP_NEW_N(arena, struct set, c->nblock);
	struct pass p = {obj, fa, lv, SKEP_NEW_N(arena, struct fill, c->nblock), in};
	bool more = true;

	lv->out = SKEP_NEW_N(arena, u16, c->ninsn);
	lv->in = SKEP_NEW_N(arena, u16, c->ninsn);
	lv->dead_store = SKEP_NEW_N(arena, bool, c->ninsn);
	lv->stack_out = skep_arena_calloc(arena, c->ninsn, sizeof(*lv->stack_out));
	for (u32 k = 0; k < c->norder; k++)
		p.fill[c->order[k]] = find_fill(&p, &c->block[c->order[k]]);
	while (more) {
		more = false;
		for (u32 k = c->norder; k-- > 0;) {
			const struct skep_block *b = &c->block[c->order[k]];
			struct set s;

			memset(&s, 0, sizeof(s));
			for (u32 e = 0; e < b->nsucc; e++) {
				const struct set *t = &in[b->succ[e]];

				s.regs |= t->regs;
				for (u32 w = 0; w < SKEP_STACK_WORDS; w++)
					s.stack[w] |= t->stack[w];
			}
			for (const struct skep_insn *i = b->last;; i = i->prev) {
				step_back(&p, i, &s);
				if (i == b->first)
					break;
			}
			if (!same_set(&s, &in[c->order[k]])) {
				in[c->order[k]] = s;
				more = true;
			}
		}
	}
	skep_live_upper(obj, c, lv, arena);
	lv->entry = c->nblock ? in[0].regs : 0;
	lv->stack_in = skep_arena_calloc(arena, c->nblock, sizeof(*lv->stack_in));
	for (u32 k = 0; k < c->nblock; k++)
		memcpy(lv->stack_in[k], in[k].stack, sizeof(in[k].stack));
	return lv;
}

u16 skep_live_aside(const struct skep_cfg *cfg, const struct skep_live *lv, u32 num, u32 next)
{
	const struct skep_block *b = &cfg->block[cfg->block_of[num]];
	u16 live = 0;

	if (cfg->block_of[num] == cfg->block_of[next])
		return 0;
	for (u32 s = 0; s < b->nsucc; s++)
		if (b->succ[s] != cfg->block_of[next])
			live |= lv->in[cfg->block[b->succ[s]].first->num];
	return live;
}

bool skep_call_touches(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *i, s64 from,
		       s64 to)
{
	struct pass p = {.obj = obj, .fa = fa};
	const struct skep_helper *h = NULL;
	const struct skep_map *map = NULL;

	if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && i->ref == SKEP_REF_NONE && !i->in.off)
		h = skep_helper_find(i->in.imm);
	if (!h || h->flags & SKEP_HF_CB || skep_reads_indirect(i->in.imm))
		return (skep_call_effects(obj, fa, i) & (SKEP_EFF_READ_STACK | SKEP_EFF_WRITE_STACK)) != 0;
	for (int a = 0; a < 5; a++) {
		const struct skep_val *v = &fa->in[i->num][a + 1];
		s64 n;

		if (h->arg[a] == SKEP_ARG_MAP)
			map = map_of(&p, v);
		if (h->arg[a] == SKEP_ARG_NONE || h->arg[a] == SKEP_ARG_MAP || h->arg[a] == SKEP_ARG_SIZE ||
		    h->arg[a] == SKEP_ARG_FUNC || h->arg[a] == SKEP_ARG_CTX || !stack_like(v))
			continue;
		n = arg_extent(&p, i, h, a, map);
		if (v->kind != SKEP_K_STACK || v->vn != SKEP_VN_FP || h->arg[a] == SKEP_ARG_STACK)
			return true;
		if (v->off < to && from < (n < 0 ? 0 : v->off + n))
			return true;
	}
	return false;
}

int skep_free_reg(const struct skep_obj *obj, const struct skep_live *live, const struct skep_insn *from,
		  const struct skep_insn *to, u16 mask)
{
	u16 used = live->in[from->num] | live->out[to->num];

	for (const struct skep_insn *i = from;; i = i->next) {
		used |= skep_reads(obj, i) | skep_isa_writes(&i->in);
		used |= live->out[i->num];
		if (i == to)
			break;
	}
	mask &= (u16)(~used & 0x3ff);
	return mask ? __builtin_ctz(mask) : -1;
}
