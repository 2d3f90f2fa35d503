/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A unit to the bytes of an object: places, references, relocations, symbols,
 * string tables, BTF.ext, layout. The bytes are then read like any file, so
 * text and file cannot mean different things.
 */
#include "obj/text_impl.h"

#include <stdlib.h>

struct assembler {
	struct t_unit *u;
	struct skep_elf *e;
	u32 *secsym; /* by section: its symbol, 0: none */
	SKEP_VEC(rels_vec, struct skep_elf_rel) *rels; /* by section: of its instructions */
	u32 btf, ext;
	struct skep_hmap btf_str;
	const u8 *btf_strs;
	u32 btf_str_len;
	bool has_btf_str;
	SKEP_VEC(more_vec, const char *) more; /* strings to add to .BTF */
	u32 more_len;
};

#define SEC(a, i) ((a)->u->sec.v[i])

static int err_name(struct assembler *a, const char *what, const char *name, u32 line, u32 col)
{
	return TEXT_ERR(a->u, TEXT_NAME, line, col, what, name);
}

/* "#12" or the name of a section. */
static int section_ref(struct assembler *a, const char *s, u32 line, u32 *out)
{
	u64 v;

	if (s[0] == '#' && skep_text_num(s + 1, &v) && v <= UINT32_MAX) {
		*out = (u32)v;
		return 0;
	}
	return skep_text_find_sec(a->u, s, out) ? 0 : err_name(a, "section", s, line, 1);
}

/* --- places --------------------------------------------------------------------- */

static void place_section(struct t_sec *s)
{
	for (u32 i = 0; i < s->insn.n; i++) {
		s->insn.v[i].slot = s->slots;
		s->slots += skep_ins_slots(&s->insn.v[i].in);
	}
}

static u32 slot_of(const struct t_sec *s, u64 insn)
{
	return insn < s->insn.n ? s->insn.v[insn].slot : s->slots;
}

static bool is_code(const struct assembler *a, u32 sec)
{
	return sec && SEC(a, sec)->insn.n;
}

static u64 label_value(const struct assembler *a, const struct t_label *l)
{
	return is_code(a, l->sec) ? (u64)slot_of(SEC(a, l->sec), l->pos) * 8 : l->pos;
}

/* A data symbol ends where the next place begins. */
static void label_ends(struct t_sec *s)
{
	u64 pos = skep_elf_has_bytes(s->type) ? s->data.n : s->zeros, next = pos;

	for (u32 k = s->label.n; k-- > 0;) {
		struct t_label *l = s->label.v[k];

		if (l->pos < pos) {
			next = pos;
			pos = l->pos;
		}
		l->next = next;
	}
}

static u64 label_size(const struct assembler *a, const struct t_label *l)
{
	const struct t_sec *s = SEC(a, l->sec);

	if (!is_code(a, l->sec))
		return l->next - l->pos;
	return l->func ? 8 * ((u64)slot_of(s, l->func->end) - slot_of(s, l->func->first)) : 0;
}

/* --- code -------------------------------------------------------------------------- */

static int resolve_label(struct assembler *a, u32 sec, struct t_insn *i)
{
	struct t_sec *s = SEC(a, sec);
	size_t n = strlen(i->label);
	u32 *key = skep_arena_alloc(a->u->arena, n + 8);
	const struct t_label *l;
	uintptr_t at;

	key[0] = sec;
	key[1] = i->func;
	memcpy(key + 2, i->label, n);
	at = (uintptr_t)skep_hmap_find(&a->u->locals, key, n + 8);
	l = at ? NULL : skep_text_find_label(a->u, i->label);
	if (!at && (!l || l->sec != sec))
		return err_name(a, "label", i->label, i->lineno, i->col);
	at = at ? at - 1 : l->pos;
	if (at >= s->insn.n)
		return TEXT_ERR(a->u, TEXT_PLACE, i->lineno, i->col, "the branch goes past the end of the code");
	i->in.off = (s32)s->insn.v[at].slot - (s32)i->slot - 1;
	if (i->in.op != SKEP_GOTOL && (i->in.off > INT16_MAX || i->in.off < INT16_MIN))
		return TEXT_ERR(a->u, TEXT_PLACE, i->lineno, i->col, "the branch is too far for 16 bits");
	return 0;
}

static void add_rel(struct assembler *a, u32 sec, const struct t_insn *i, u32 sym)
{
	u32 type = i->in.op == SKEP_LDDW ? SKEP_R_64_64 : SKEP_R_64_32;

	*SKEP_VEC_PUSH(a->u->arena, &a->rels[sec]) = (struct skep_elf_rel){(u64)i->slot * 8, type, sym, 0};
}

/* A reference to a function of the text. */
static int resolve_func(struct assembler *a, u32 sec, struct t_insn *i, const struct t_label *l)
{
	bool call = i->in.op == SKEP_CALL;
	u32 slot = slot_of(SEC(a, l->sec), l->pos), sym = 0;
	const struct t_sym *s = skep_text_find_sym(a->u, i->sym, &sym);
	u8 how = i->how;

	if (!how)
		how = skep_text_default_how(call, !s || s->bind == SKEP_STB_LOCAL, sec == l->sec);
	if (how == T_HOW_SYM && !s)
		return err_name(a, "symbol", i->sym, i->lineno, i->col);
	if (how == T_HOW_SEC)
		sym = a->secsym[l->sec];
	if (how == T_HOW_SEC && !sym)
		return err_name(a, "section symbol for", i->sym, i->lineno, i->col);
	if (how == T_HOW_INPLACE && (!call || sec != l->sec))
		return TEXT_ERR(a->u, TEXT_PLACE, i->lineno, i->col, "!inplace is for calls within a section");
	if (call) {
		i->in.src = SKEP_CALL_SUBPROG;
		i->in.imm = how == T_HOW_INPLACE ? (s64)slot - i->slot - 1 : how == T_HOW_SEC ? (s64)slot - 1 : -1;
	} else {
		i->in.imm = how == T_HOW_SEC ? (s64)slot * 8 : 0;
	}
	if (how != T_HOW_INPLACE)
		add_rel(a, sec, i, sym);
	return 0;
}

static int resolve_ref(struct assembler *a, u32 sec, struct t_insn *i)
{
	const struct t_label *l = skep_text_find_label(a->u, i->sym);
	u32 sym = 0;
	int helper;

	if (l && is_code(a, l->sec)) {
		int err = resolve_func(a, sec, i, l);

		if (err)
			return err;
	} else if (skep_text_find_sym(a->u, i->sym, &sym)) {
		if (i->in.op == SKEP_CALL) {
			i->in.src = SKEP_CALL_SUBPROG;
			i->in.imm = -1;
		}
		add_rel(a, sec, i, sym);
	} else {
		helper = i->in.op == SKEP_CALL ? skep_helper_id(i->sym, strlen(i->sym)) : -1;
		if (helper < 0)
			return err_name(a, i->in.op == SKEP_CALL ? "function" : "symbol", i->sym, i->lineno, i->col);
		i->in.imm = helper;
	}
	if (i->has_imm)
		i->in.imm = i->imm;
	if (i->has_src)
		i->in.src = i->src;
	return 0;
}

static int encode_section(struct assembler *a, u32 sec)
{
	struct t_sec *s = SEC(a, sec);
	u8 *out = skep_arena_calloc(a->u->arena, s->slots, 8);
	int err = 0;

	for (u32 k = 0; k < s->insn.n && !err; k++) {
		struct t_insn *i = &s->insn.v[k];
		const char *bad;

		if (i->label)
			err = resolve_label(a, sec, i);
		if (!err && i->sym)
			err = resolve_ref(a, sec, i);
		bad = err ? NULL : skep_isa_check(&i->in);
		if (bad)
			return TEXT_ERR(a->u, TEXT_INSN, i->lineno, i->col, bad);
		if (!err)
			skep_isa_encode(&i->in, out + (size_t)i->slot * 8, a->u->big);
	}
	a->e->sec[sec].data = out;
	a->e->sec[sec].size = (u64)s->slots * 8;
	return err;
}

/* --- symbols and names ----------------------------------------------------------------- */

static int make_symbol(struct assembler *a, u32 k)
{
	const struct t_sym *s = &a->u->sym.v[k];
	const struct t_label *l = s->in ? NULL : skep_text_find_label(a->u, s->id);
	struct skep_elf_sym *m = &a->e->sym[k];
	u32 sec = 0;

	m->bind = s->bind;
	m->type = s->type;
	m->other = s->other;
	m->value = s->value;
	m->size = s->size;
	m->name = s->name ? s->name : s->type == SKEP_STT_SECTION ? "" : s->id;
	m->name_off = m->name[0] ? 1 : 0;
	if (s->in) {
		int err = section_ref(a, s->in, s->lineno, &sec);

		if (err)
			return err;
	}
	if (l) {
		sec = l->sec;
		if (!s->has_value)
			m->value = label_value(a, l);
		if (!s->has_size)
			m->size = label_size(a, l);
	}
	if (sec > 0xffff)
		return TEXT_ERR(a->u, TEXT_LIMIT, s->lineno, 1, "a section number is above 65535");
	m->shndx = (u16)sec;
	if (m->type == SKEP_STT_SECTION && sec && sec < a->u->sec.n)
		a->secsym[sec] = k;
	return 0;
}

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

static void make_names(struct assembler *a, u32 tab)
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
		return TEXT_ERR(a->u, TEXT_PLACE, r->lineno, 1, "the relocation lies outside the bytes of its section");
	if (wide)
		skep_put64(s->data.v + r->off, label_value(a, l), a->u->big);
	else
		skep_put32(s->data.v + r->off, (u32)label_value(a, l), a->u->big);
	return 0;
}

static int make_rels(struct assembler *a, u32 sec)
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

/* --- BTF.ext ------------------------------------------------------------------------------------ */

/* The strings of the .BTF section, when there is a sane one. */
static void find_btf(struct assembler *a)
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
		return TEXT_ERR(a->u, TEXT_PLACE, s->lineno, 1, "strings can only be added to .BTF when they are its last part");
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
				out->func[n++] = (struct skep_func_rec){slot_of(s, f->first) * 8, f->type};
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
			out->line[n++] = (struct skep_line_rec){off, btf_string(a, &l->file), btf_string(a, &l->text),
								l->no << 10 | l->col};
		if (which == 2 && c)
			out->core[n++] = (struct skep_core_rec){off, c->type, btf_string(a, &c->access), c->kind};
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
				return TEXT_ERR(a->u, TEXT_BTF, in->lineno, 1, in->line ? "a source line" : "a CO-RE record");
		}
	return 0;
}

static int make_ext(struct assembler *a)
{
	struct skep_btf_ext x = {.hdr_len = a->u->ext_hdr ? a->u->ext_hdr : 32};
	struct skep_buf out = {0};

	if (!a->has_btf_str)
		return a->ext && !SEC(a, a->ext)->automatic ? 0 : check_records(a);
	if (!a->ext || !SEC(a, a->ext)->automatic)
		return 0;
	make_list(a, 0, &x.func);
	make_list(a, 1, &x.line);
	make_list(a, 2, &x.core);
	skep_btf_ext_encode(&x, a->u->big, &out);
	a->e->sec[a->ext].size = out.n;
	a->e->sec[a->ext].data = skep_buf_to_arena(&out, a->u->arena);
	return grow_btf(a);
}

/* --- headers and layout ------------------------------------------------------------------------------ */

static int make_header(struct assembler *a, u32 i)
{
	struct t_sec *s = SEC(a, i);
	struct skep_elf_sec *e = &a->e->sec[i];
	int err = 0;

	e->name = s->name;
	e->type = s->type;
	e->flags = s->has_flags ? s->flags : skep_text_default_flags(s->name, s->type);
	e->addr = s->addr;
	e->align = s->has_align ? s->align : e->flags & SKEP_SHF_ALLOC || s->type == SKEP_SHT_SYMTAB ? 8 : 1;
	e->entsize = s->has_entsize ? s->entsize : skep_text_default_entsize(s->type);
	e->size = skep_elf_has_bytes(s->type) ? s->data.n : s->zeros;
	e->data = s->data.n ? s->data.v : NULL;
	/* Without a place of its own it goes behind the section before it. */
	e->offset = s->has_offset ? s->offset : a->e->sec[i - 1].offset;
	if (s->link)
		err = section_ref(a, s->link, s->lineno, &e->link);
	if (!err && s->info)
		err = section_ref(a, s->info, s->lineno, &e->info);
	if (s->type == SKEP_SHT_SYMTAB && !a->e->symtab)
		a->e->symtab = i;
	if (e->align & (e->align - 1) || e->align > 1u << 20)
		return TEXT_ERR(a->u, TEXT_PLACE, s->lineno, 1, "an alignment is a power of two of at most 1 MiB");
	return err;
}

static int finish_symtab(struct assembler *a)
{
	struct skep_elf *e = a->e;
	struct t_sec *s;
	u32 local = 0;

	if (!e->symtab)
		return 0;
	s = SEC(a, e->symtab);
	/* A table with the null symbol only is stated as bytes. */
	if (s->data.n || e->nsym < 2)
		return 0;
	for (u32 i = 0; i < e->nsym; i++)
		if (e->sym[i].bind == SKEP_STB_LOCAL)
			local = i + 1;
	if (!s->info)
		e->sec[e->symtab].info = local;
	e->sec[e->symtab].size = (u64)e->nsym * 24;
	e->sec[e->symtab].data = skep_elf_sym_encode(e, a->u->arena);
	return 0;
}

static int by_offset(const void *x, const void *y)
{
	const struct skep_elf_sec *const *a = x, *const *b = y;

	return (*a)->offset < (*b)->offset ? -1 : (*a)->offset > (*b)->offset;
}

/* Can every section stand where the text says that it stood? */
static bool fits(struct assembler *a)
{
	struct skep_elf *e = a->e;
	struct skep_elf_sec **s = SKEP_NEW_N(a->u->arena, struct skep_elf_sec *, e->nsec);
	/* Gaps are alignment or remains of what was taken out; a text does not make files of nothing. */
	const u64 most = (u64)a->u->len * 64 + (256 << 20);
	u64 end = 64, table = a->u->shoff, table_end = table + (u64)e->nsec * 64;
	u32 n = 0;

	if (!a->u->has_shoff || table < 64 || table > most)
		return false;
	for (u32 i = 1; i < e->nsec; i++) {
		const struct t_sec *t = SEC(a, i);

		if (!t->has_offset || !t->has_size || t->size != e->sec[i].size)
			return false;
		if (!skep_elf_has_bytes(t->type))
			continue;
		if (t->offset > most)
			return false;
		if (e->sec[i].size)
			s[n++] = &e->sec[i];
	}
	qsort(s, n, sizeof(*s), by_offset);
	for (u32 i = 0; i < n; i++) {
		if (s[i]->offset < end || (s[i]->offset < table_end && table < s[i]->offset + s[i]->size))
			return false;
		end = s[i]->offset + s[i]->size;
	}
	return end <= most;
}

static bool code_changed(struct assembler *a)
{
	for (u32 i = 1; i < a->e->nsec; i++) {
		const struct skep_elf_sec *s = &a->e->sec[i];
		u32 rel;
		u64 h;

		if (!SEC(a, i)->has_sum)
			continue;
		h = skep_hash(s->data, s->size, 0);
		rel = skep_elf_rel_section(a->e, i);
		if (rel)
			h = skep_hash(a->e->sec[rel].data, a->e->sec[rel].size, h);
		if ((u32)h != SEC(a, i)->sum)
			return true;
	}
	return false;
}

static int apply_patches(struct assembler *a, struct t_image *im)
{
	for (u32 i = 0; i < a->u->patch.n; i++) {
		const struct t_patch *t = &a->u->patch.v[i];

		if (t->off > im->len || t->n > UINT32_MAX - im->len)
			return TEXT_ERR(a->u, TEXT_PLACE, 0, 0, "a .patch lies outside the file");
		if (t->off + t->n > im->len) {
			im->bytes = skep_arena_grow(a->u->arena, im->bytes, im->len, t->off + t->n);
			im->len = t->off + t->n;
		}
		memcpy(im->bytes + t->off, t->bytes, t->n);
	}
	return 0;
}

static int make_all(struct assembler *a)
{
	struct t_unit *u = a->u;
	struct skep_elf *e = a->e;
	int err = 0;

	for (u32 i = 1; i < e->nsec && !err; i++) {
		place_section(u->sec.v[i]);
		label_ends(u->sec.v[i]);
		err = make_header(a, i);
	}
	for (u32 i = 1; i < e->nsym && !err; i++)
		err = make_symbol(a, i);
	for (u32 i = 1; i < e->nsec && !err; i++)
		if (is_code(a, i))
			err = encode_section(a, i);
	if (!err && u->shstr)
		err = section_ref(a, u->shstr, 1, &e->shstrndx);
	for (u32 i = 1; i < e->nsec && !err; i++)
		if (e->sec[i].type == SKEP_SHT_REL || e->sec[i].type == SKEP_SHT_RELA)
			err = make_rels(a, i);
	if (err)
		return err;
	skep_elf_index_rels(e);
	find_btf(a);
	err = make_ext(a);
	for (u32 i = 1; i < e->nsec && !err; i++)
		if (e->sec[i].type == SKEP_SHT_STRTAB)
			make_names(a, i);
	return err ? err : finish_symtab(a);
}

static int assemble(struct t_unit *u, struct t_image *im)
{
	struct assembler a = {.u = u, .e = &im->elf};
	struct skep_elf *e = &im->elf;
	bool keep;
	int err;

	e->arena = u->arena;
	e->big = u->big;
	memcpy(e->ident, u->ident, 16);
	e->machine = u->machine;
	e->flags = u->flags;
	e->nsec = u->sec.n;
	e->nsym = u->sym.n;
	e->sec = SKEP_NEW_N(u->arena, struct skep_elf_sec, e->nsec);
	e->sym = SKEP_NEW_N(u->arena, struct skep_elf_sym, e->nsym);
	for (u32 i = 0; i < e->nsym; i++)
		e->sym[i].name = "";
	e->sec[0].name = "";
	a.secsym = SKEP_NEW_N(u->arena, u32, e->nsec);
	a.rels = skep_arena_calloc(u->arena, e->nsec, sizeof(*a.rels));
	err = make_all(&a);
	if (err)
		return err;
	im->edited = code_changed(&a);
	keep = !im->edited && fits(&a);
	if (keep)
		e->shoff = u->shoff;
	im->kept = keep;
	im->bytes = skep_elf_build(e, keep, &im->len);
	return keep ? apply_patches(&a, im) : 0;
}

int skep_text_assemble(const char *text, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		       struct t_image *out)
{
	static const u8 ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	struct t_unit *u = SKEP_NEW(arena, struct t_unit);
	int err;

	memset(out, 0, sizeof(*out));
	u->arena = arena;
	u->ds = ds;
	u->text = text;
	u->len = len;
	u->machine = SKEP_EM_BPF;
	memcpy(u->ident, ident, 16);
	skep_hmap_init(&u->secs, arena);
	skep_hmap_init(&u->syms, arena);
	skep_hmap_init(&u->labels, arena);
	skep_hmap_init(&u->locals, arena);
	*SKEP_VEC_PUSH(arena, &u->sec) = SKEP_NEW(arena, struct t_sec);
	*SKEP_VEC_PUSH(arena, &u->sym) = (struct t_sym){.id = ""};
	u->sec.v[0]->name = u->sec.v[0]->id = "";
	err = skep_text_read_unit(u);
	if (!err && !u->whole)
		err = skep_text_complete(u);
	return err ? err : assemble(u, out);
}

int skep_obj_parse(const char *text, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		   struct skep_objfile **out)
{
	struct t_image *im = NULL;
	volatile int result = 0;
	int oom = 0;

	SKEP_GUARD(arena, oom, {
		im = SKEP_NEW(arena, struct t_image);
		result = skep_text_assemble(text, len, arena, ds, im);
	});
	if (oom || result)
		return oom ? oom : result;
	result = skep_obj_read(im->bytes, im->len, arena, ds, out);
	if (!result && im->edited)
		for (u32 k = 0; k < (*out)->obj->nfunc; k++)
			(*out)->obj->func[k]->flags |= SKEP_FF_EDITED;
	return result;
}
