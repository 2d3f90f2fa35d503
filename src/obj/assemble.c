/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A unit to the bytes of an object: places, references, relocations, symbols,
 * string tables, BTF.ext, layout. The bytes are then read like any file, so
 * text and file cannot mean different things.
 */
#include "obj/assemble_impl.h"

#include <stdlib.h>

/* --- places --------------------------------------------------------------------- */

static void place_section(struct t_sec *s)
{
	for (u32 i = 0; i < s->insn.n; i++) {
		s->insn.v[i].slot = s->slots;
		s->slots += skep_ins_slots(&s->insn.v[i].in);
	}
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
		return TEXT_ERR(a->u, TEXT_PLACE, i->lineno, i->col,
				"the branch goes past the end of the code");
	i->in.off = (s32)s->insn.v[at].slot - (s32)i->slot - 1;
	if (i->in.op != SKEP_GOTOL && (i->in.off > INT16_MAX || i->in.off < INT16_MIN))
		return TEXT_ERR(a->u, TEXT_PLACE, i->lineno, i->col,
				"the branch is too far for 16 bits");
	return 0;
}

static void add_rel(struct assembler *a, u32 sec, const struct t_insn *i, u32 sym)
{
	u32 type = i->in.op == SKEP_LDDW ? SKEP_R_64_64 : SKEP_R_64_32;

	*SKEP_VEC_PUSH(a->u->arena, &a->rels[sec]) =
		(struct skep_elf_rel){(u64)i->slot * 8, type, sym, 0};
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
		return TEXT_ERR(a->u, TEXT_PLACE, i->lineno, i->col,
				"!inplace is for calls within a section");
	if (call) {
		i->in.src = SKEP_CALL_SUBPROG;
		i->in.imm = how == T_HOW_INPLACE ? (s64)slot - i->slot - 1
			    : how == T_HOW_SEC	 ? (s64)slot - 1
						 : -1;
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
			return err_name(a, i->in.op == SKEP_CALL ? "function" : "symbol", i->sym,
					i->lineno, i->col);
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

/* --- headers and layout
 * ------------------------------------------------------------------------------ */

static int make_header(struct assembler *a, u32 i)
{
	struct t_sec *s = SEC(a, i);
	struct skep_elf_sec *e = &a->e->sec[i];
	int err = 0;

	e->name = s->name;
	e->type = s->type;
	e->flags = s->has_flags ? s->flags : skep_text_default_flags(s->name, s->type);
	e->addr = s->addr;
	e->align = s->has_align						     ? s->align
		   : e->flags & SKEP_SHF_ALLOC || s->type == SKEP_SHT_SYMTAB ? 8
									     : 1;
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
		return TEXT_ERR(a->u, TEXT_PLACE, s->lineno, 1,
				"an alignment is a power of two of at most 1 MiB");
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
	/* Gaps are alignment or remains of what was taken out; a text does not make files of
	 * nothing. */
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
		if (s[i]->offset < end ||
		    (s[i]->offset < table_end && table < s[i]->offset + s[i]->size))
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
			err = skep_assemble_rels(a, i);
	if (err)
		return err;
	skep_elf_index_rels(e);
	skep_assemble_find_btf(a);
	err = skep_assemble_ext(a);
	for (u32 i = 1; i < e->nsec && !err; i++)
		if (e->sec[i].type == SKEP_SHT_STRTAB)
			skep_assemble_names(a, i);
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

int skep_text_assemble(const char *text, size_t len, struct skep_arena *arena,
		       struct skep_diags *ds, struct t_image *out)
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
