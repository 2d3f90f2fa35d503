/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What prog arrays and maps of maps hold from the start: what the section .maps
 * refers to, else, as user space would fill them, the object's programs of the
 * type and a few inner maps.
 */
#include "run/run_impl.h"

enum { INNER_MAPS = 2 };

static bool is_outer(u32 type)
{
	return type == SKEP_MAP_ARRAY_OF_MAPS || type == SKEP_MAP_HASH_OF_MAPS;
}

/* The map whose definition in .maps holds the byte, and the offset of `values` in it. */
static const struct skep_map *map_at(const struct skep_obj *o, u64 off, u32 *values)
{
	for (u32 i = 0; i < o->nmap; i++) {
		const struct skep_map *m = o->map[i];
		const struct skep_sym *s = m->sym ? &o->sym[m->sym] : NULL;
		u32 id;
		struct skep_btf_type ds, var, st;
		struct skep_btf_member f;

		if (!s || m->legacy || off < s->value || off >= s->value + s->size)
			continue;
		id = skep_btf_find(o->btf, SKEP_BTF_DATASEC, ".maps");
		if (!id || !skep_btf_get(o->btf, id, &ds))
			return NULL;
		for (u32 k = 0; k < ds.vlen; k++) {
			skep_btf_member(o->btf, &ds, k, &f);
			if (!skep_btf_get(o->btf, f.type, &var) || strcmp(var.name, m->name) ||
			    !skep_btf_resolve(o->btf, var.ref, &st))
				continue;
			for (u32 j = 0; j < st.vlen; j++) {
				skep_btf_member(o->btf, &st, j, &f);
				*values = f.off / 8;
				if (strcmp(f.name, "values") == 0)
					return m;
			}
		}
		return NULL;
	}
	return NULL;
}

static void store_u32(struct skep_run_vm *r, u32 map, u32 key, u32 value)
{
	u8 k[512] = {0}, v[512] = {0};

	if (map == SKEP_RUN_NONE)
		return;
	skep_put32(k, key, false);
	skep_put32(v, value, false);
	skep_vm_map_update(r->vm, map, k, v, 0);
}

const struct skep_run_value *skep_run_stated_values(const struct skep_objfile *file,
						    struct skep_arena *arena, u32 *count)
{
	const struct skep_obj *o = file->obj;
	struct skep_run_value *v;
	struct skep_elf_rel *rel;
	u32 sec, n, rels;

	*count = 0;
	if (!o->btf || !skep_elf_find(file->elf, ".maps", &sec))
		return NULL;
	rels = skep_elf_rel_section(file->elf, sec);
	if (!rels || skep_elf_rels(file->elf, rels, arena, NULL, &rel, &n))
		return NULL;
	v = SKEP_NEW_N(arena, struct skep_run_value, n);
	for (u32 i = 0; i < n; i++) {
		u32 values = 0;
		const struct skep_map *m = map_at(o, rel[i].offset, &values);
		u64 at = m ? rel[i].offset - o->sym[m->sym].value : 0;

		if (m && at >= values)
			v[(*count)++] = (struct skep_run_value){m, (u32)((at - values) / 8),
								&o->sym[rel[i].sym]};
	}
	return v;
}

/* Programs and maps that .maps itself refers to. */
static void static_values(struct skep_run_vm *r, struct skep_arena *arena, bool *filled)
{
	u32 n;
	const struct skep_run_value *v = skep_run_stated_values(r->file, arena, &n);

	for (u32 i = 0; i < n; i++) {
		u32 at = r->map_of[v[i].map->index], map = r->map[at].vm;
		const struct skep_sym *s = v[i].sym;

		if (map == SKEP_RUN_NONE)
			continue;
		filled[at] = true;
		if (v[i].map->type == SKEP_MAP_PROG_ARRAY && s->func)
			for (u32 k = 0; k < r->nloaded; k++)
				if (r->loaded[k] && strcmp(r->loaded[k]->name, s->func->name) == 0)
					store_u32(r, map, v[i].key, k);
		if (is_outer(v[i].map->type) && s->map)
			store_u32(r, map, v[i].key, r->map[r->map_of[s->map->index]].vm);
	}
}

/* Prog arrays and maps of maps that user space would fill. */
static int other_values(struct skep_run_vm *r, struct skep_arena *arena, const bool *filled)
{
	u32 n = r->nmap;

	for (u32 i = 0; i < n; i++) {
		const struct skep_map *m = r->map[i].def;
		u32 map = r->map[i].vm;

		if (!m || map == SKEP_RUN_NONE || filled[i])
			continue;
		for (u32 k = 0; m->type == SKEP_MAP_PROG_ARRAY && k < r->nloaded; k++)
			if (r->loaded[k])
				store_u32(r, map, k, k);
		for (u32 k = 0; is_outer(m->type) && m->inner && k < INNER_MAPS; k++) {
			u32 at;

			if (skep_run_map_add(r, m->inner, arena, &at))
				return SKEP_ENOMEM;
			store_u32(r, map, k, r->map[at].vm);
		}
	}
	return 0;
}

int skep_run_values(struct skep_run_vm *r, struct skep_arena *arena)
{
	bool *filled = SKEP_NEW_N(arena, bool, r->nmap);

	static_values(r, arena, filled);
	return other_values(r, arena, filled);
}
