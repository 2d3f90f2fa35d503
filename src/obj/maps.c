/* SPDX-License-Identifier: BSD-2-Clause */
/* Data sections and map definitions: ".maps" by BTF, old "maps" by struct bpf_map_def. */
#include "obj/obj_impl.h"

#include <stdlib.h>

enum { MAP_TYPE_ARRAY = 2, F_RDONLY_PROG = 0x80, F_MMAPABLE = 0x400 };

static struct skep_map *add_map(struct reader *r, const char *name)
{
	struct skep_map *m = SKEP_NEW(r->arena, struct skep_map);
	struct skep_obj *o = r->obj;

	m->name = name;
	m->index = o->nmap;
	o->map[o->nmap++] = m;
	return m;
}

static bool starts(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 && (s[n] == 0 || s[n] == '.');
}

static u8 dsec_kind(const struct skep_elf_sec *s)
{
	if (starts(s->name, ".rodata"))
		return SKEP_DSEC_RODATA;
	if (starts(s->name, ".data"))
		return SKEP_DSEC_DATA;
	if (starts(s->name, ".bss"))
		return SKEP_DSEC_BSS;
	if (strcmp(s->name, ".kconfig") == 0)
		return SKEP_DSEC_KCONFIG;
	if (starts(s->name, ".struct_ops") || strcmp(s->name, "struct_ops") == 0)
		return SKEP_DSEC_STRUCT_OPS;
	return SKEP_DSEC_OTHER;
}

static bool is_data(const struct reader *r, u32 i)
{
	const struct skep_elf_sec *s = &r->elf->sec[i];

	if (!(s->flags & SKEP_SHF_ALLOC) || (s->flags & SKEP_SHF_EXEC))
		return false;
	return s->type == SKEP_SHT_PROGBITS || s->type == SKEP_SHT_NOBITS;
}

static bool is_map_section(const char *name)
{
	return strcmp(name, ".maps") == 0 || strcmp(name, "maps") == 0;
}

static void read_dsecs(struct reader *r)
{
	struct skep_obj *o = r->obj;

	o->dsec = SKEP_NEW_N(r->arena, struct skep_dsec *, r->elf->nsec);
	for (u32 i = 1; i < r->elf->nsec; i++) {
		const struct skep_elf_sec *s = &r->elf->sec[i];
		struct skep_dsec *d;

		if (!is_data(r, i) || is_map_section(s->name))
			continue;
		d = SKEP_NEW(r->arena, struct skep_dsec);
		d->name = s->name;
		d->elf = i;
		d->kind = dsec_kind(s);
		d->size = s->size;
		d->bytes = s->type == SKEP_SHT_NOBITS ? NULL : s->data;
		o->dsec[o->ndsec++] = d;
		if (d->kind <= SKEP_DSEC_BSS && s->size && s->size <= UINT32_MAX) {
			struct skep_map *m = d->map = add_map(r, s->name);

			m->type = MAP_TYPE_ARRAY;
			m->key_size = 4;
			m->value_size = (u32)s->size;
			m->max_entries = 1;
			m->map_flags = F_MMAPABLE | (d->kind == SKEP_DSEC_RODATA ? F_RDONLY_PROG : 0);
			m->data = d;
		}
	}
	for (u32 i = 0; i < o->ndsec; i++) {
		u32 n;
		const u32 *sym = skep_obj_syms(r, o->dsec[i]->elf, &n);

		for (u32 k = 0; k < n; k++)
			if (o->sym[sym[k]].kind == SKEP_SYM_DATA || o->sym[sym[k]].kind == SKEP_SYM_SECTION)
				o->sym[sym[k]].data = o->dsec[i];
	}
}

/* "__uint(x, n)" is a pointer to an array of n elements. */
static bool get_uint(const struct skep_btf *b, u32 type, u32 *out)
{
	struct skep_btf_type t;
	u32 elem;

	if (!skep_btf_resolve(b, type, &t) || t.kind != SKEP_BTF_PTR)
		return false;
	if (!skep_btf_resolve(b, t.ref, &t) || t.kind != SKEP_BTF_ARRAY)
		return false;
	skep_btf_array(b, &t, &elem, out);
	return true;
}

/* "__type(x, T)" is a pointer to T. */
static void get_type(const struct skep_btf *b, u32 type, u32 *id, u32 *size)
{
	struct skep_btf_type t;
	s64 n;

	if (!skep_btf_resolve(b, type, &t) || t.kind != SKEP_BTF_PTR)
		return;
	*id = t.ref;
	n = skep_btf_size(b, t.ref);
	if (n > 0 && n <= UINT32_MAX)
		*size = (u32)n;
}

/* "__ulong(x, n)" is an enumeration of one. */
static bool get_ulong(const struct skep_btf *b, u32 type, u64 *out)
{
	struct skep_btf_member f;
	struct skep_btf_type t;
	u32 small;

	if (get_uint(b, type, &small)) {
		*out = small;
		return true;
	}
	if (!skep_btf_resolve(b, type, &t) ||
	    (t.kind != SKEP_BTF_ENUM && t.kind != SKEP_BTF_ENUM64) || t.vlen != 1)
		return false;
	skep_btf_member(b, &t, 0, &f);
	*out = (u64)f.value;
	return true;
}

static void read_fields(const struct skep_btf *b, const struct skep_btf_type *st, struct skep_map *m,
			struct reader *r, u32 depth);

/* "__array(values, T)": T is a map definition for maps of maps. */
static void read_values(const struct skep_btf *b, u32 type, struct skep_map *m, struct reader *r, u32 depth)
{
	struct skep_btf_type t;
	u32 elem, n;

	if (depth || !skep_btf_resolve(b, type, &t) || t.kind != SKEP_BTF_ARRAY)
		return;
	skep_btf_array(b, &t, &elem, &n);
	if (!skep_btf_resolve(b, elem, &t) || t.kind != SKEP_BTF_PTR)
		return;
	m->value_size = 4;
	if (!skep_btf_resolve(b, t.ref, &t) || t.kind != SKEP_BTF_STRUCT)
		return;
	m->inner = SKEP_NEW(r->arena, struct skep_map);
	m->inner->name = skep_arena_printf(r->arena, "%s.inner", m->name);
	read_fields(b, &t, m->inner, r, depth + 1);
}

static void read_fields(const struct skep_btf *b, const struct skep_btf_type *st, struct skep_map *m,
			struct reader *r, u32 depth)
{
	for (u32 i = 0; i < st->vlen; i++) {
		const struct {
			const char *name;
			u32 *field;
		} uints[] = {{"type", &m->type},	     {"key_size", &m->key_size},
			     {"value_size", &m->value_size}, {"max_entries", &m->max_entries},
			     {"map_flags", &m->map_flags},   {"pinning", &m->pinning}};
		struct skep_btf_member f;
		bool found = false;

		skep_btf_member(b, st, i, &f);
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(uints) && !found; k++)
			if (strcmp(f.name, uints[k].name) == 0) {
				found = true;
				m->partial |= !get_uint(b, f.type, uints[k].field);
			}
		if (strcmp(f.name, "key") == 0)
			get_type(b, f.type, &m->key_type, &m->key_size);
		else if (strcmp(f.name, "value") == 0)
			get_type(b, f.type, &m->value_type, &m->value_size);
		else if (strcmp(f.name, "values") == 0)
			read_values(b, f.type, m, r, depth);
		else if (strcmp(f.name, "map_extra") == 0)
			m->partial |= !get_ulong(b, f.type, &m->map_extra);
		else if (!found)
			m->partial = true;
	}
}

static u32 map_symbol(const struct skep_obj *o, u32 sec, const char *name)
{
	for (u32 k = 1; k < o->nsym; k++)
		if (o->sym[k].kind == SKEP_SYM_MAP && o->sym[k].sec == sec && strcmp(o->sym[k].name, name) == 0)
			return k;
	return 0;
}

/* Maps of which nothing but the name is known. */
static void read_unknown_maps(struct reader *r, u32 sec)
{
	struct skep_obj *o = r->obj;

	skep_diag(r->ds, OBJ_DEF(MAPS_UNKNOWN), SKEP_NOWHERE, r->elf->sec[sec].name);
	for (u32 k = 1; k < o->nsym; k++) {
		if (o->sym[k].kind != SKEP_SYM_MAP || o->sym[k].sec != sec)
			continue;
		o->sym[k].map = add_map(r, o->sym[k].name);
		o->sym[k].map->sym = k;
		o->sym[k].map->partial = true;
	}
}

static int read_btf_maps(struct reader *r, u32 sec)
{
	const struct skep_btf *b = r->obj->btf;
	struct skep_btf_type ds, var, st;
	u32 id = b ? skep_btf_find(b, SKEP_BTF_DATASEC, ".maps") : 0;

	if (!id) {
		read_unknown_maps(r, sec);
		return 0;
	}
	skep_btf_get(b, id, &ds);
	for (u32 i = 0; i < ds.vlen; i++) {
		struct skep_btf_member v;
		struct skep_map *m;

		skep_btf_member(b, &ds, i, &v);
		if (!skep_btf_get(b, v.type, &var) || var.kind != SKEP_BTF_VAR ||
		    !skep_btf_resolve(b, var.ref, &st) || st.kind != SKEP_BTF_STRUCT)
			return skep_diag(r->ds, OBJ_DEF(BAD_MAP), SKEP_NOWHERE, ".maps", "it is not a structure");
		m = add_map(r, var.name);
		m->sym = map_symbol(r->obj, sec, var.name);
		if (m->sym)
			r->obj->sym[m->sym].map = m;
		read_fields(b, &st, m, r, 0);
	}
	return 0;
}

static void read_old_maps(struct reader *r, u32 sec)
{
	const struct skep_elf_sec *s = &r->elf->sec[sec];
	struct skep_obj *o = r->obj;

	for (u32 k = 1; k < o->nsym; k++) {
		struct skep_map *m;
		u64 at = o->sym[k].value;
		u32 *fields[5];

		if (o->sym[k].kind != SKEP_SYM_MAP || o->sym[k].sec != sec || at > s->size || !s->data)
			continue;
		m = o->sym[k].map = add_map(r, o->sym[k].name);
		m->sym = k;
		m->legacy = true;
		fields[0] = &m->type;
		fields[1] = &m->key_size;
		fields[2] = &m->value_size;
		fields[3] = &m->max_entries;
		fields[4] = &m->map_flags;
		for (u32 i = 0; i < 5 && at + 4 * i + 4 <= s->size; i++)
			*fields[i] = skep_get32(s->data + at + 4 * i, r->elf->big);
	}
}

int skep_obj_read_maps(struct reader *r)
{
	struct skep_obj *o = r->obj;
	u32 sec, room = o->nsym + r->elf->nsec + (o->btf ? o->btf->ntypes : 0);
	int err;

	o->map = SKEP_NEW_N(r->arena, struct skep_map *, room);
	read_dsecs(r);
	if (skep_elf_find(r->elf, ".maps", &sec)) {
		err = read_btf_maps(r, sec);
		if (err)
			return err;
	}
	if (skep_elf_find(r->elf, "maps", &sec))
		read_old_maps(r, sec);
	for (u32 k = 0; k < o->ndsec; k++)
		if (strcmp(o->dsec[k]->name, ".addr_space.1") == 0)
			o->dsec[k]->arena = skep_obj_arena(o);
	return 0;
}

struct skep_map *skep_insn_map(const struct skep_obj *obj, const struct skep_insn *i)
{
	const struct skep_sym *s;

	if (i->ref != SKEP_REF_MAP)
		return NULL;
	s = &obj->sym[i->sym];
	if (s->map)
		return i->in.imm ? NULL : s->map;
	/* Through the section's symbol: the map that lies at the addend. */
	for (u32 k = 0; k < obj->nmap; k++) {
		const struct skep_sym *m = &obj->sym[obj->map[k]->sym];

		if (obj->map[k]->sym && m->sec == s->sec && m->value == s->value + (u64)i->in.imm)
			return obj->map[k];
	}
	return NULL;
}
