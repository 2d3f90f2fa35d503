/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables that the assembler makes: names, relocations, the records of BTF.ext. In the unit's arena.
 */
#include "obj/assemble_impl.h"

/* Whole strings of a table that the text states byte by byte. */
void skep_text_index_strings(struct skep_hmap *m, const char *p, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = strnlen(p + at, len - at);

		if (at + n < len && !skep_hmap_find(m, p + at, n))
			skep_hmap_put(m, p + at, n, (void *)(uintptr_t)(at + 1));
		at += n + 1;
	}
}

static u32 find_or_add(struct assembler *a, struct skep_hmap *m, struct t_sec *s, const char *name)
{
	size_t n = strlen(name);
	uintptr_t at = (uintptr_t)skep_hmap_find(m, name, n);
	u8 *grown;

	if (at)
		return (u32)at - 1;
	at = s->data.n;
	grown = skep_arena_alloc(a->u->arena, at + n + 1);
	if (at)
		memcpy(grown, s->data.v, at);
	memcpy(grown + at, name, n);
	s->data.v = grown;
	s->data.n = s->data.cap = (u32)(at + n + 1);
	skep_hmap_put(m, name, n, (void *)(at + 1));
	return (u32)at;
}

void skep_assemble_names(struct assembler *a, u32 tab)
{
	struct skep_elf *e = a->e;
	struct t_sec *s = SEC(a, tab);
	struct skep_hmap m;

	if (s->automatic) {
		skep_elf_strtab_build(e, tab);
	} else {
		skep_hmap_init(&m, a->u->arena);
		skep_text_index_strings(&m, (const char *)s->data.v, s->data.n);
		if (e->symtab && e->sec[e->symtab].link == tab)
			for (u32 i = 0; i < e->nsym; i++)
				if (e->sym[i].name_off && !a->u->sym.v[i].has_str)
					e->sym[i].name_off = find_or_add(a, &m, s, e->sym[i].name);
		if (e->shstrndx == tab)
			for (u32 i = 1; i < e->nsec; i++)
				if (!SEC(a, i)->has_str)
					e->sec[i].name_off = find_or_add(a, &m, s, e->sec[i].name);
		e->sec[tab].data = s->data.v;
		e->sec[tab].size = s->data.n;
	}
	for (u32 i = 1; i < e->nsec && e->shstrndx == tab; i++)
		if (SEC(a, i)->has_str)
			e->sec[i].name_off = SEC(a, i)->str;
	for (u32 i = 0; i < e->nsym && e->symtab && e->sec[e->symtab].link == tab; i++)
		if (a->u->sym.v[i].has_str)
			e->sym[i].name_off = a->u->sym.v[i].str;
}

/* --- relocation tables ---------------------------------------------------------------------- */

/* The addend of a relocation of data that means a place in code. */
static int patch_addend(struct assembler *a, u32 target, const struct t_rel *r)
{
	const struct t_label *l = skep_text_find_label(a->u, r->at);
	struct t_sec *s = target && target < a->u->sec.n ? SEC(a, target) : NULL;
	bool wide = r->type == SKEP_R_ABS64 || r->type == SKEP_R_64_64;

	if (!l)
		return err_name(a, "function", r->at, r->lineno, 1);
	if (!s || s->data.n < (wide ? 8u : 4u) || r->off > s->data.n - (wide ? 8u : 4u))
		return TEXT_ERR(a->u, TEXT_PLACE, r->lineno, 1,
				"the relocation lies outside the bytes of its section");
	if (wide)
		skep_put64(s->data.v + r->off, label_value(a, l), a->u->big);
	else
		skep_put32(s->data.v + r->off, (u32)label_value(a, l), a->u->big);
	return 0;
}

int skep_assemble_rels(struct assembler *a, u32 sec)
{
	struct skep_elf_sec *es = &a->e->sec[sec];
	struct t_sec *s = SEC(a, sec);
	struct skep_elf_rel *rel = SKEP_NEW_N(a->u->arena, struct skep_elf_rel, s->rel.n);
	u32 n = s->rel.n;

	for (u32 i = 0; i < n; i++) {
		const struct t_rel *r = &s->rel.v[i];
		u64 num;
		u32 sym = 0;
		int err = 0;

		if (r->sym[0] == '#' && skep_text_num(r->sym + 1, &num) && num <= UINT32_MAX)
			sym = (u32)num;
		else if (!skep_text_find_sym(a->u, r->sym, &sym))
			return err_name(a, "symbol", r->sym, r->lineno, 1);
		rel[i] = (struct skep_elf_rel){r->off, r->type, sym, r->addend};
		if (r->at)
			err = patch_addend(a, es->info, r);
		if (err)
			return err;
	}
	if (s->automatic && es->info < a->u->sec.n) {
		rel = a->rels[es->info].v;
		n = a->rels[es->info].n;
	}
	if (!s->automatic && s->data.n)
		return 0;
	es->data = skep_elf_rel_encode(a->e, a->u->arena, rel, n, s->type == SKEP_SHT_RELA);
	es->size = (u64)n * (s->type == SKEP_SHT_RELA ? 24 : 16);
	return 0;
}

/* --- BTF.ext ------------------------------------------------------------------------------------
 */

/* The strings of the .BTF section, when there is a sane one. */
void skep_assemble_find_btf(struct assembler *a)
{
	const struct t_sec *s = skep_text_find_sec(a->u, ".BTF", &a->btf);
	u32 hdr, off, len;

	skep_text_find_sec(a->u, ".BTF.ext", &a->ext);
	if (!s || s->data.n < 24)
		return;
	hdr = skep_get32(s->data.v + 4, a->u->big);
	off = skep_get32(s->data.v + 16, a->u->big);
	len = skep_get32(s->data.v + 20, a->u->big);
	if (!len || (u64)hdr + off + len > s->data.n)
		return;
	a->has_btf_str = true;
	a->btf_strs = s->data.v + hdr + off;
	a->btf_str_len = len;
	skep_hmap_init(&a->btf_str, a->u->arena);
	skep_text_index_strings(&a->btf_str, (const char *)a->btf_strs, len);
}

static u32 btf_string(struct assembler *a, const struct t_bstr *s)
{
	size_t n = s->s ? strlen(s->s) : 0;
	uintptr_t at;

	if (!s->s)
		return s->off;
	at = (uintptr_t)skep_hmap_find(&a->btf_str, s->s, n);
	if (at)
		return (u32)at - 1;
	at = a->btf_str_len + a->more_len;
	skep_hmap_put(&a->btf_str, s->s, n, (void *)(at + 1));
	*SKEP_VEC_PUSH(a->u->arena, &a->more) = s->s;
	a->more_len += (u32)n + 1;
	return (u32)at;
}

/* New strings go behind the old ones, which must be the last of the section. */
static int grow_btf(struct assembler *a)
{
	struct t_sec *s = SEC(a, a->btf);
	u8 *p, *q;

	if (!a->more_len)
		return 0;
	if (a->btf_strs + a->btf_str_len != s->data.v + s->data.n)
		return TEXT_ERR(a->u, TEXT_PLACE, s->lineno, 1,
				"strings can only be added to .BTF when they are its last part");
	p = skep_arena_alloc(a->u->arena, (size_t)s->data.n + a->more_len);
	memcpy(p, s->data.v, s->data.n);
	q = p + s->data.n;
	for (u32 i = 0; i < a->more.n; i++) {
		memcpy(q, a->more.v[i], strlen(a->more.v[i]));
		q += strlen(a->more.v[i]) + 1;
	}
	skep_put32(p + 20, a->btf_str_len + a->more_len, a->u->big);
	a->e->sec[a->btf].data = p;
	a->e->sec[a->btf].size = (u64)s->data.n + a->more_len;
	return 0;
}

static u32 section_records(struct assembler *a, u32 sec, u32 which, struct skep_ext_sec *out)
{
	const struct t_sec *s = SEC(a, sec);
	u32 n = 0;

	if (which == 0) {
		out->func = SKEP_NEW_N(a->u->arena, struct skep_func_rec, a->u->func.n);
		for (u32 k = 0; k < a->u->func.n; k++) {
			const struct t_func *f = a->u->func.v[k];

			if (f->sec == sec && f->type)
				out->func[n++] =
					(struct skep_func_rec){slot_of(s, f->first) * 8, f->type};
		}
		return out->n = n;
	}
	for (u32 k = 0; k < s->insn.n; k++)
		n += which == 1 ? s->insn.v[k].line != NULL : s->insn.v[k].core != NULL;
	out->line = SKEP_NEW_N(a->u->arena, struct skep_line_rec, n);
	n = 0;
	for (u32 k = 0; k < s->insn.n; k++) {
		const struct t_line *l = s->insn.v[k].line;
		const struct t_core *c = s->insn.v[k].core;
		u32 off = s->insn.v[k].slot * 8;

		if (which == 1 && l)
			out->line[n++] = (struct skep_line_rec){off, btf_string(a, &l->file),
								btf_string(a, &l->text),
								l->no << 10 | l->col};
		if (which == 2 && c)
			out->core[n++] = (struct skep_core_rec){off, c->type,
								btf_string(a, &c->access), c->kind};
	}
	return out->n = n;
}

static void make_list(struct assembler *a, u32 which, struct skep_ext_list *l)
{
	bool *seen = SKEP_NEW_N(a->u->arena, bool, a->u->sec.n);
	u32 named = a->u->ext_order[which].n;

	l->sec = SKEP_NEW_N(a->u->arena, struct skep_ext_sec, (size_t)a->u->sec.n + named);
	for (u32 k = 0; k < named + a->u->sec.n; k++) {
		struct skep_ext_sec *s = &l->sec[l->n];
		struct t_bstr name;
		u32 sec = k < named ? 0 : k - named;

		if (k < named)
			skep_text_find_sec(a->u, a->u->ext_order[which].v[k], &sec);
		if (!sec || seen[sec] || !is_code(a, sec) || !section_records(a, sec, which, s))
			continue;
		seen[sec] = true;
		name = (struct t_bstr){SEC(a, sec)->name, 0};
		s->name = btf_string(a, &name);
		l->n++;
	}
	if (l->n || a->u->ext_lists >> which & 1)
		l->rec_size = which ? 16 : 8;
}

static int check_records(struct assembler *a)
{
	for (u32 i = 1; i < a->u->sec.n; i++)
		for (u32 k = 0; k < SEC(a, i)->insn.n; k++) {
			const struct t_insn *in = &SEC(a, i)->insn.v[k];

			if (in->line || in->core)
				return TEXT_ERR(a->u, TEXT_BTF, in->lineno, 1,
						in->line ? "a source line" : "a CO-RE record");
		}
	return 0;
}

int skep_assemble_ext(struct assembler *a)
{
	struct skep_btf_ext x = {.hdr_len = a->u->ext_hdr ? a->u->ext_hdr : 32};
	struct skep_buf out = {0};

	if (a->ext && !SEC(a, a->ext)->automatic)
		return 0;
	if (!a->ext || !a->has_btf_str)
		return check_records(a);
	make_list(a, 0, &x.func);
	make_list(a, 1, &x.line);
	make_list(a, 2, &x.core);
	skep_btf_ext_encode(&x, a->u->big, &out);
	a->e->sec[a->ext].size = out.n;
	a->e->sec[a->ext].data = skep_buf_to_arena(&out, a->u->arena);
	return grow_btf(a);
}
