/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables in an arena, for loaders that know none: once it is decided where user space has the
 * arena, the address of such a variable is a number, the same one that a newer loader has the
 * kernel put in (the section lies at the arena's start). A program that so loses its only
 * reference to the arena gets another one in front, into r0, which nobody has set there.
 *
 * The place itself is an enumerator of the map's definition, which such loaders do not understand:
 * its member is given the type of another one, and the loader's caller sets the place.
 */
#include "obj/obj_impl.h"

struct skep_map *skep_obj_arena(const struct skep_obj *o)
{
	for (u32 k = 0; k < o->nmap; k++)
		if (o->map[k]->type == SKEP_MAP_ARENA)
			return o->map[k];
	return NULL;
}

const struct skep_dsec *skep_obj_arena_data(const struct skep_obj *o)
{
	for (u32 k = 0; k < o->ndsec; k++)
		if (o->dsec[k]->arena)
			return o->dsec[k];
	return NULL;
}

static bool is_variable(const struct skep_obj *o, const struct skep_insn *i)
{
	return i->in.op == SKEP_LDDW && i->ref == SKEP_REF_DATA && o->sym[i->sym].data &&
	       o->sym[i->sym].data->arena;
}

/* What a program and all that it calls refers to. */
struct refs {
	bool variable, map;
};

static struct refs refs_of(const struct skep_obj *o, const struct skep_func *prog, u8 *seen)
{
	struct refs r = {false, false};

	memset(seen, 0, o->nfunc);
	skep_prog_reach(o, prog, seen);
	for (u32 k = 0; k < o->nfunc; k++)
		if (seen[k])
			SKEP_FOR_INSN(i, o->func[k]) {
				const struct skep_map *m = skep_insn_map(o, i);

				r.variable |= is_variable(o, i);
				r.map |= m && m->type == SKEP_MAP_ARENA;
			}
	return r;
}

static void refer(struct skep_obj *o, struct skep_func *prog, const struct skep_map *arena)
{
	static const struct skep_ins load = {.op = SKEP_LDDW, .size = 8, .dst = 0};
	struct skep_insn *i = skep_insn_new(o, &load, prog->first);

	i->ref = SKEP_REF_MAP;
	i->sym = arena->sym;
	i->flags |= SKEP_IF_RELOC;
	skep_edit_insert_before(prog->first, i, false);
}

static void make_number(struct skep_obj *o, struct skep_insn *i, u64 start)
{
	const struct skep_sym *s = &o->sym[i->sym];
	struct skep_ins in = i->in;

	in.imm += (s64)(start + (s->kind == SKEP_SYM_SECTION ? 0 : s->value));
	skep_edit_set(i, &in);
}

/* The bytes of a member's type in a copy of .BTF. */
static u8 *type_of_member(const struct skep_btf *b, u8 *copy, const struct skep_btf_type *st, u32 k)
{
	enum { MEMBER = 12, TYPE = 4 };

	return copy + (st->more - b->data) + (size_t)k * MEMBER + TYPE;
}

static void hide_place(struct skep_objfile *file, const struct skep_btf *b,
		       const struct skep_btf_type *st)
{
	u32 place = UINT32_MAX, other = 0;
	struct skep_btf_type t;
	u8 *copy;

	for (u32 k = 0; k < st->vlen; k++) {
		struct skep_btf_member f;

		skep_btf_member(b, st, k, &f);
		if (strcmp(f.name, "type") == 0)
			other = f.type;
		if (strcmp(f.name, "map_extra") == 0 && skep_btf_resolve(b, f.type, &t) &&
		    t.kind != SKEP_BTF_PTR)
			place = k;
	}
	if (place == UINT32_MAX || !other)
		return;
	if (!file->btf) {
		copy = skep_arena_alloc(file->obj->arena, b->len);
		memcpy(copy, b->data, b->len);
		file->btf = copy;
		file->btf_len = b->len;
	}
	skep_put32(type_of_member(b, (u8 *)(uintptr_t)file->btf, st, place), other, b->big);
}

static void hide_places(struct skep_objfile *file)
{
	const struct skep_btf *b = file->obj->btf;
	u32 id = b ? skep_btf_find(b, SKEP_BTF_DATASEC, ".maps") : 0;
	struct skep_btf_type ds, var, st;
	struct skep_btf_member v;

	if (!id || !skep_btf_get(b, id, &ds))
		return;
	for (u32 k = 0; k < ds.vlen; k++) {
		skep_btf_member(b, &ds, k, &v);
		if (skep_btf_get(b, v.type, &var) && skep_btf_resolve(b, var.ref, &st) &&
		    st.kind == SKEP_BTF_STRUCT)
			hide_place(file, b, &st);
	}
}

int skep_obj_place_arena(struct skep_objfile *file, u64 start)
{
	struct skep_obj *o = file->obj;
	const struct skep_map *arena = skep_obj_arena(o);
	int oom = 0;
	u8 *seen;

	SKEP_GUARD(o->arena, oom, {
		seen = SKEP_NEW_N(o->arena, u8, o->nfunc + 1);
		for (u32 k = 0; k < o->nfunc && arena; k++) {
			struct refs r = {false, false};

			if (o->func[k]->flags & SKEP_FF_PROG)
				r = refs_of(o, o->func[k], seen);
			if (r.variable && !r.map)
				refer(o, o->func[k], arena);
		}
		for (u32 k = 0; k < o->nfunc; k++)
			SKEP_FOR_INSN(i, o->func[k])
				if (is_variable(o, i))
					make_number(o, i, start);
		hide_places(file);
	});
	return oom;
}
