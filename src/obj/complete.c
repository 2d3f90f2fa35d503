/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hand-written text leaves out and an object needs: the license's
 * section, maps with the BTF that defines them, symbols, relocation tables,
 * string tables. Adds to the unit, in its arena.
 */
#include "obj/text_impl.h"

/* --- BTF of map definitions -------------------------------------------------------- */

struct btf_maker {
	bool big;
	struct skep_buf types, strs;
	u32 n; /* types so far */
};

static u32 add_str(struct btf_maker *m, const char *s)
{
	u32 off = (u32)m->strs.n;

	skep_buf_add(&m->strs, s, strlen(s) + 1);
	return off;
}

static void add_word(struct btf_maker *m, u32 v)
{
	u8 b[4];

	skep_put32(b, v, m->big);
	skep_buf_add(&m->types, b, 4);
}

static u32 add_type(struct btf_maker *m, u32 name, u32 kind, u32 vlen, u32 ref)
{
	add_word(m, name);
	add_word(m, kind << 24 | vlen);
	add_word(m, ref);
	return ++m->n;
}

/* A number in a map definition is a pointer to an array of that many int. */
static u32 add_number(struct btf_maker *m, u32 int_type, u32 v)
{
	u32 arr = add_type(m, 0, SKEP_BTF_ARRAY, 0, 0);

	add_word(m, int_type);
	add_word(m, int_type);
	add_word(m, v);
	return add_type(m, 0, SKEP_BTF_PTR, 0, arr);
}

static u32 map_members(const struct t_map *map)
{
	u32 n = 0;

	for (u32 i = 0; i < T_MAP_FIELDS; i++)
		n += map->field[i] != 0;
	return n;
}

static u32 add_map(struct btf_maker *m, const struct t_map *map, u32 int_type)
{
	static const char *const names[T_MAP_FIELDS] = {"type",	       "key_size",  "value_size",
							"max_entries", "map_flags", "pinning"};
	u32 type[T_MAP_FIELDS], n = map_members(map), at = 0, st, var;

	for (u32 i = 0; i < T_MAP_FIELDS; i++)
		type[i] = map->field[i] ? add_number(m, int_type, map->field[i]) : 0;
	st = add_type(m, 0, SKEP_BTF_STRUCT, n, n * 8);
	for (u32 i = 0; i < T_MAP_FIELDS; i++) {
		if (!type[i])
			continue;
		add_word(m, add_str(m, names[i]));
		add_word(m, type[i]);
		add_word(m, 64 * at++);
	}
	var = add_type(m, add_str(m, map->name), SKEP_BTF_VAR, 0, st);
	add_word(m, 1);
	return var;
}

static void make_btf(struct t_unit *u, struct btf_maker *m, u32 *var)
{
	u32 int_type, total = 0, at = 0;

	add_str(m, "");
	int_type = add_type(m, add_str(m, "int"), SKEP_BTF_INT, 0, 4);
	add_word(m, 1u << 24 | 32);
	for (u32 i = 0; i < u->map.n; i++) {
		var[i] = add_map(m, &u->map.v[i], int_type);
		total += 8 * map_members(&u->map.v[i]);
	}
	add_type(m, add_str(m, ".maps"), SKEP_BTF_DATASEC, u->map.n, total);
	for (u32 i = 0; i < u->map.n; i++) {
		u32 size = 8 * map_members(&u->map.v[i]);

		add_word(m, var[i]);
		add_word(m, at);
		add_word(m, size);
		at += size;
	}
}

/* --- sections ------------------------------------------------------------------------- */

static struct t_sec *new_section(struct t_unit *u, const char *name, u64 align)
{
	struct t_sec *s = skep_text_add_sec(u, name, 0);

	s->has_align = true;
	s->align = align;
	skep_hmap_put(&u->secs, s->id, strlen(s->id), s);
	return s;
}

static void set_data(struct t_sec *s, const u8 *p, size_t n)
{
	s->data.v = (u8 *)p;
	s->data.n = s->data.cap = (u32)n;
}

static int add_btf(struct t_unit *u)
{
	u32 *var = SKEP_NEW_N(u->arena, u32, u->map.n);
	struct btf_maker m = {.big = u->big};
	struct skep_buf out = {0};
	struct t_sec *s;
	u8 hdr[24] = {0}, *bytes;
	size_t n;

	if (skep_text_find_sec(u, ".BTF", NULL) || skep_text_find_sec(u, ".maps", NULL))
		return TEXT_ERR(u, TEXT_PLACE, u->map.v[0].lineno, 1,
				".map makes the sections .maps and .BTF; there are some already");
	make_btf(u, &m, var);
	skep_put16(hdr, 0xeb9f, u->big);
	hdr[2] = 1;
	skep_put32(hdr + 4, 24, u->big);
	skep_put32(hdr + 12, (u32)m.types.n, u->big);
	skep_put32(hdr + 16, (u32)m.types.n, u->big);
	skep_put32(hdr + 20, (u32)m.strs.n, u->big);
	skep_buf_add(&out, hdr, 24);
	if (!m.types.failed && !m.strs.failed) {
		skep_buf_add(&out, m.types.p, m.types.n);
		skep_buf_add(&out, m.strs.p, m.strs.n);
	} else {
		out.failed = true;
	}
	skep_buf_fini(&m.types);
	skep_buf_fini(&m.strs);
	n = out.n;
	bytes = skep_buf_to_arena(&out, u->arena);
	s = new_section(u, ".BTF", 4);
	set_data(s, bytes, n);
	return 0;
}

static int add_maps(struct t_unit *u)
{
	struct t_sec *s;
	u32 total = 0;
	int err;

	if (!u->map.n)
		return 0;
	err = add_btf(u);
	if (err)
		return err;
	s = new_section(u, ".maps", 8);
	for (u32 i = 0; i < u->map.n; i++) {
		struct t_label *l = SKEP_NEW(u->arena, struct t_label);

		if (skep_text_find_label(u, u->map.v[i].name))
			return TEXT_ERR(u, TEXT_TWICE, u->map.v[i].lineno, 1, u->map.v[i].name);
		*l = (struct t_label){.name = u->map.v[i].name,
				      .sec = u->sec.n - 1,
				      .pos = total,
				      .bind = SKEP_STB_GLOBAL};
		skep_hmap_put(&u->labels, l->name, strlen(l->name), l);
		*SKEP_VEC_PUSH(u->arena, &s->label) = l;
		total += 8 * map_members(&u->map.v[i]);
	}
	set_data(s, skep_arena_alloc(u->arena, total), total);
	return 0;
}

/* --- symbols -------------------------------------------------------------------------------- */

static void add_sym(struct t_unit *u, const struct t_sym *s)
{
	*SKEP_VEC_PUSH(u->arena, &u->sym) = *s;
	skep_hmap_put(&u->syms, s->id, strlen(s->id), (void *)(uintptr_t)(u->sym.n - 1));
}

static void add_section_syms(struct t_unit *u)
{
	for (u32 i = 1; i < u->sec.n; i++) {
		const struct t_sec *s = u->sec.v[i];
		u64 flags = s->has_flags ? s->flags : skep_text_default_flags(s->name, s->type);
		struct t_sym m = {.id = s->id, .in = s->id, .type = SKEP_STT_SECTION};

		if (!(flags & SKEP_SHF_ALLOC))
			continue;
		if (skep_text_find_label(u, s->id))
			m.id = skep_arena_printf(u->arena, "%s@section", s->id);
		add_sym(u, &m);
	}
}

static void add_place_syms(struct t_unit *u, bool local)
{
	for (u32 i = 1; i < u->sec.n; i++)
		for (u32 k = 0; k < u->sec.v[i]->label.n; k++) {
			const struct t_label *l = u->sec.v[i]->label.v[k];
			struct t_sym m = {.id = l->name, .bind = l->bind};

			if ((l->bind == SKEP_STB_LOCAL) != local ||
			    strncmp(l->name, "anon@", 5) == 0)
				continue;
			m.type = l->func	       ? SKEP_STT_FUNC
				 : u->sec.v[i]->insn.n ? SKEP_STT_NOTYPE
						       : SKEP_STT_OBJECT;
			m.has_size = l->size != 0;
			m.size = l->size;
			add_sym(u, &m);
		}
}

static int add_symbols(struct t_unit *u)
{
	add_section_syms(u);
	add_place_syms(u, true);
	add_place_syms(u, false);
	for (u32 i = 0; i < u->extern_.n; i++) {
		if (skep_text_find_sym(u, u->extern_.v[i].id, NULL))
			return TEXT_ERR(u, TEXT_TWICE, u->extern_.v[i].lineno, 1,
					u->extern_.v[i].id);
		add_sym(u, &u->extern_.v[i]);
	}
	return 0;
}

/* --- relocation tables ------------------------------------------------------------------------ */

static bool needs_reloc(const struct t_unit *u, u32 sec, const struct t_insn *i)
{
	const struct t_label *l = i->sym ? skep_text_find_label(u, i->sym) : NULL;
	u8 how = i->how;

	if (!i->sym)
		return false;
	if (l && u->sec.v[l->sec]->insn.n && !how)
		how = skep_text_default_how(i->in.op == SKEP_CALL, l->bind == SKEP_STB_LOCAL,
					    sec == l->sec);
	return how != T_HOW_INPLACE && (l || skep_text_find_sym(u, i->sym, NULL));
}

static void add_rel_tables(struct t_unit *u)
{
	u32 n = u->sec.n;

	for (u32 i = 1; i < n; i++) {
		struct t_sec *s = u->sec.v[i], *r;
		bool need = s->rel.n && s->type != SKEP_SHT_REL && s->type != SKEP_SHT_RELA;

		for (u32 k = 0; k < s->insn.n && !need; k++)
			need = needs_reloc(u, i, &s->insn.v[k]);
		if (!need)
			continue;
		r = new_section(u, skep_arena_printf(u->arena, ".rel%s", s->name), 8);
		r->type = SKEP_SHT_REL;
		r->info = skep_arena_printf(u->arena, "#%u", i);
		r->link = ".symtab";
		r->automatic = s->insn.n != 0;
		if (!r->automatic) {
			r->rel.v = s->rel.v;
			r->rel.n = r->rel.cap = s->rel.n;
		}
	}
}

int skep_text_complete(struct t_unit *u)
{
	struct t_sec *s;
	int err;

	if (u->license && skep_text_find_sec(u, "license", NULL))
		return TEXT_ERR(u, TEXT_TWICE, 1, 1, "license");
	if (u->license) {
		s = new_section(u, "license", 1);
		set_data(s, (const u8 *)u->license, strlen(u->license) + 1);
	}
	err = add_maps(u);
	if (!err)
		err = add_symbols(u);
	if (err)
		return err;
	add_rel_tables(u);
	if (skep_text_find_sec(u, ".strtab", NULL))
		return TEXT_ERR(u, TEXT_TWICE, 1, 1, ".strtab");
	s = new_section(u, ".symtab", 8);
	s->type = SKEP_SHT_SYMTAB;
	s->link = ".strtab";
	s = new_section(u, ".strtab", 1);
	s->automatic = true;
	u->shstr = ".strtab";
	return u->sec.n > 0xff00 ? TEXT_ERR(u, TEXT_LIMIT, 0, 0, "more than 65279 sections") : 0;
}
