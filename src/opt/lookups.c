/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lookup in an array with a key that was looked up before becomes a copy of that
 * result: of a register that still holds it, else of a free one that keeps it. By
 * facts, over the whole graph but for what comes
 * round in a loop.
 *
 * Right because: an array's elements lie in one block of memory for as long as the
 * map lives, at an address that the key alone decides; a per-CPU array's as well, on
 * the processor on which the program stays until it ends. So two lookups with equal
 * keys give equal pointers, or both NULL, whatever happens between. (Not so of hash
 * tables: another processor may delete the element in between, and a program that
 * learned of that, by a value that it read or a helper's result, would rightly get
 * NULL from its second lookup and still get the pointer from us. So arrays only.)
 *
 * Keys are equal when the bytes were stored by the same rows of stores of equal
 * values (equal names of flow), or not written since. What a call may write to the
 * frame is forgotten. The register that keeps a result is r6 to r9, not live behind
 * the first lookup and not touched between the two, so nobody misses what it held; a
 * register is taken once in a run. A call leaves r1 to r5 unreadable, so it does not
 * matter what they hold without it. The kernel gives the copy the id of the first
 * result, so a test for NULL of either counts for both.
 */
#include "opt/opt_impl.h"

enum { CELLS = 24, KNOWN = 8, PARTS = 4, SAVED = 0x3c0 /* r6 to r9 */ };

/* Bytes of the frame by what was put there; made up ones have kind UNINIT and a number of their
 * own. */
struct cell {
	s64 off;
	u32 size;
	struct skep_val v;
};

struct lookup {
	struct skep_insn *call;
	u32 map;		/* its name */
	struct cell key[PARTS]; /* offsets from the key's start */
	u32 nkey;
	u16 free; /* registers that could have kept the result so far */
	u8 kept;  /* the register that does, or 0 */
};

struct state {
	struct cell cell[CELLS];
	u32 ncell;
	struct lookup known[KNOWN];
	u32 nknown;
};

struct run {
	struct skep_opt *o;
	u16 taken; /* registers that this run gave away */
	u32 made;  /* numbers for bytes of which nothing is known */
	bool changed;
};

static void forget(struct state *s, s64 off, s64 size)
{
	u32 n = 0;

	for (u32 k = 0; k < s->ncell; k++)
		if (s->cell[k].off >= off + size || off >= s->cell[k].off + (s64)s->cell[k].size)
			s->cell[n++] = s->cell[k];
	s->ncell = n;
}

static void note(struct state *s, s64 off, u32 size, const struct skep_val *v)
{
	if (s->ncell == CELLS)
		memmove(s->cell, s->cell + 1, --s->ncell * sizeof(s->cell[0]));
	s->cell[s->ncell++] = (struct cell){off, size, *v};
}

static bool calls(const struct skep_insn *i)
{
	return i->in.op == SKEP_CALL || i->in.op == SKEP_CALLX || i->in.op == SKEP_LDABS ||
	       i->in.op == SKEP_LDIND;
}

/* A store, an atomic operation or a call: what it does to what is known of the frame. */
static void memory(struct run *r, struct state *s, const struct skep_insn *i)
{
	const struct skep_opt *o = r->o;
	struct skep_val v = {.kind = SKEP_K_CONST, .vn = SKEP_VN_CONST};
	struct skep_memop m;
	struct skep_place at;

	if (!skep_isa_memop(&i->in, &m)) {
		if (calls(i) && skep_call_effects(o->obj, o->fa, i) & SKEP_EFF_WRITE_STACK)
			s->ncell = 0;
		return;
	}
	if (!m.store)
		return;
	skep_place_get(o->fa, i, &at);
	if (at.kind != SKEP_K_STACK && at.kind != SKEP_K_ANY && at.kind != SKEP_K_UNINIT)
		return;
	if (at.kind != SKEP_K_STACK || at.vn != SKEP_VN_FP) {
		s->ncell = 0;
		return;
	}
	forget(s, at.off, at.size);
	if (m.atomic || skep_insn_frozen(i))
		return;
	if (i->in.op == SKEP_STX)
		v = o->fa->in[i->num][i->in.src];
	else
		v.off = i->in.imm;
	if (skep_val_const(&v) && at.size < 8)
		v.off &= ((s64)1 << at.size * 8) - 1;
	if (v.kind != SKEP_K_UNINIT)
		note(s, at.off, at.size, &v);
}

static bool overlaps(const struct cell *c, s64 off, u32 size)
{
	return c->off < off + (s64)size && off < c->off + (s64)c->size;
}

/* The known bytes that begin here, or NULL. */
static const struct cell *cell_at(const struct state *s, s64 off)
{
	for (u32 k = 0; k < s->ncell; k++)
		if (s->cell[k].off == off)
			return &s->cell[k];
	return NULL;
}

/* The key as a row of what was stored; false: only part of it is known, or in too many pieces. */
static bool read_key(struct run *r, struct state *s, s64 off, u32 size, struct lookup *out)
{
	struct skep_val unknown = {.kind = SKEP_K_UNINIT, .vn = r->made};
	const struct cell *c = NULL;
	u32 done = 0;

	for (u32 k = 0; k < s->ncell && !c; k++)
		c = overlaps(&s->cell[k], off, size) ? &s->cell[k] : NULL;
	if (!c) {
		/* Whatever it is: until somebody writes there it is the same. */
		r->made++;
		note(s, off, size, &unknown);
	}
	for (out->nkey = 0; done < size && out->nkey < PARTS; done += c->size) {
		c = cell_at(s, off + done);
		if (!c || c->size > size - done)
			return false;
		out->key[out->nkey] = *c;
		out->key[out->nkey++].off -= off;
	}
	return done == size;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->off == b->off && a->size == b->size && a->v.kind == b->v.kind &&
	       skep_val_eq(&a->v, &b->v);
}

static bool same_key(const struct lookup *a, const struct lookup *b)
{
	if (a->nkey != b->nkey)
		return false;
	for (u32 k = 0; k < a->nkey; k++)
		if (!same_cell(&a->key[k], &b->key[k]))
			return false;
	return true;
}

/* A lookup in an array with its key in the frame. */
static bool describe(struct run *r, struct state *s, struct skep_insn *i, struct lookup *out)
{
	const struct skep_opt *o = r->o;
	const struct skep_val *map = &o->fa->in[i->num][1], *key = &o->fa->in[i->num][2];
	u32 sym = map->vn & 0xffffff;
	const struct skep_map *m;
	const struct skep_map_type *t;

	if (i->in.op != SKEP_CALL || i->in.src != SKEP_CALL_HELPER || i->ref != SKEP_REF_NONE ||
	    i->in.off || i->in.imm != SKEP_FN_map_lookup_elem || skep_insn_frozen(i) ||
	    map->kind != SKEP_K_MAP || map->off || key->kind != SKEP_K_STACK ||
	    key->vn != SKEP_VN_FP || sym >= o->obj->nsym)
		return false;
	m = o->obj->sym[sym].map;
	t = m ? skep_map_type_find(m->type) : NULL;
	if (!t || !(t->flags & SKEP_MF_ARRAY) || !m->key_size)
		return false;
	*out = (struct lookup){
		.call = i, .map = map->vn, .free = (u16)(SAVED & ~o->lv->out[i->num])};
	return read_key(r, s, key->off, m->key_size, out);
}

/* A register that holds the earlier result where `i` stands, or -1. */
static int holder(const struct skep_opt *o, const struct skep_insn *i, const struct skep_insn *call)
{
	for (int reg = 0; reg < 10; reg++) {
		const struct skep_val *v = &o->fa->in[i->num][reg];

		if (v->kind != SKEP_K_UNINIT && v->kind != SKEP_K_CONST && !v->off &&
		    skep_facts_def(o->fa, v->vn) == call)
			return reg;
	}
	return -1;
}

static bool replace(struct run *r, struct lookup *was, struct skep_insn *i)
{
	struct skep_opt *o = r->o;
	int reg = was->kept ? was->kept : holder(o, i, was->call);
	u16 free = was->free & (u16)~r->taken;
	struct skep_ins in;

	if ((reg < 0 && (!free || was->call->num > i->num)) || !i->next)
		return false;
	if (!skep_opt_begin(o, "this element's address is known", reg < 0 ? was->call : i, i))
		return false;
	if (reg < 0) {
		reg = __builtin_ctz(free);
		r->taken |= (u16)(1u << reg);
		in = skep_mk_mov((u8)reg, 0);
		skep_edit_insert_after(was->call, skep_insn_new(o->obj, &in, was->call));
	}
	if (reg >= 6)
		was->kept = (u8)reg;
	in = skep_mk_mov(0, (u8)reg);
	if (reg)
		skep_edit_set(i, &in);
	else
		skep_edit_remove(o->obj, i);
	skep_opt_end(o);
	return true;
}

static void visit(struct run *r, struct state *s, struct skep_insn *i)
{
	u16 touched = (u16)(skep_reads(r->o->obj, i) | skep_isa_writes(&i->in));
	struct lookup now;
	bool is = describe(r, s, i, &now);

	for (u32 k = 0; is && k < s->nknown; k++) {
		if (s->known[k].map != now.map || !same_key(&s->known[k], &now))
			continue;
		is = false;
		r->changed |= replace(r, &s->known[k], i);
	}
	memory(r, s, i);
	for (u32 k = 0; k < s->nknown; k++) {
		s->known[k].free &= (u16)~touched;
		if (s->known[k].kept && touched >> s->known[k].kept & 1 &&
		    skep_isa_writes(&i->in) >> s->known[k].kept & 1)
			s->known[k].kept = 0;
	}
	if (!is)
		return;
	if (s->nknown == KNOWN)
		memmove(s->known, s->known + 1, --s->nknown * sizeof(s->known[0]));
	s->known[s->nknown++] = now;
}

/* Where paths meet: what holds on both. */
static void meet(struct state *s, const struct state *other)
{
	u32 n = 0;

	for (u32 k = 0; k < s->ncell; k++)
		for (u32 j = 0; j < other->ncell; j++)
			if (same_cell(&s->cell[k], &other->cell[j])) {
				s->cell[n++] = s->cell[k];
				break;
			}
	s->ncell = n;
	n = 0;
	for (u32 k = 0; k < s->nknown; k++)
		for (u32 j = 0; j < other->nknown; j++) {
			const struct lookup *l = &other->known[j];

			if (s->known[k].call != l->call)
				continue;
			s->known[n] = s->known[k];
			s->known[n].free &= l->free;
			s->known[n].kept = s->known[n].kept == l->kept ? l->kept : 0;
			n++;
			break;
		}
	s->nknown = n;
}

/* What holds where a block begins; nothing where control comes back to it. */
static void enter(const struct skep_cfg *c, const struct state *out, const struct skep_block *b,
		  struct state *s)
{
	bool first = true;

	for (u32 e = 0; e < b->npred; e++) {
		const struct skep_block *p = &c->block[b->pred[e]];

		if (p->rpo == UINT32_MAX)
			continue;
		if (p->rpo >= b->rpo) {
			s->ncell = s->nknown = 0;
			return;
		}
		if (!first)
			meet(s, &out[b->pred[e]]);
		else
			*s = out[b->pred[e]];
		first = false;
	}
}

/* Are there two lookups at all? */
static bool worth_it(const struct skep_func *f)
{
	u32 n = 0;

	for (const struct skep_insn *i = f->first; i; i = i->next)
		n += i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER &&
		     i->ref == SKEP_REF_NONE && i->in.imm == SKEP_FN_map_lookup_elem;
	return n > 1;
}

bool skep_pass_lookups(struct skep_opt *o, struct skep_func *f)
{
	struct run r = {.o = o};
	struct state *out;

	if (!worth_it(f))
		return false;
	skep_opt_look(o, f, true);
	out = SKEP_NEW_N(o->scratch, struct state, o->cfg->nblock);
	for (u32 k = 0; k < o->cfg->norder; k++) {
		u32 bi = o->cfg->order[k];
		const struct skep_block *b = &o->cfg->block[bi];

		enter(o->cfg, out, b, &out[bi]);
		for (u32 n = b->first->num; n <= b->last->num; n++)
			if (o->fa->reached[n] && o->cfg->insn[n]->func)
				visit(&r, &out[bi], o->cfg->insn[n]);
	}
	return r.changed;
}
