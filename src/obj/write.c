/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model to file. Without edits the file's own bytes are written. With edits a
 * copy of the section and symbol tables is made, code is placed and encoded,
 * and everything that speaks of places in the code is made anew from the
 * model: relocations, symbols, records of BTF.ext, addresses of code in data.
 * What cannot be made anew is left out (see `stale`). Output only in `out`;
 * scratch memory is given back.
 */
#include "obj/obj_impl.h"

struct writer {
	const struct skep_objfile *file;
	const struct skep_obj *obj;
	struct skep_elf elf; /* the copy that is written */
	struct skep_arena *arena;
	struct skep_diags *ds;
	bool keep_all;
	u32 *func_slot; /* by func->index: its first slot in its section */
	const struct skep_csec **code; /* by section as it was read, NULL: no code */
	struct skep_insn ***read_at;   /* by section: the instruction read at each slot; made when needed */
	u32 nsec_read;
	struct skep_hmap code_named;
	struct made_types made;
};

bool skep_obj_edited(const struct skep_obj *obj)
{
	for (u32 k = 0; k < obj->nfunc; k++)
		if (obj->func[k]->flags & SKEP_FF_EDITED)
			return true;
	return false;
}

static int fail_at(struct writer *w, const struct skep_insn *i, const struct skep_diag_def *def, long long arg)
{
	return skep_diag(w->ds, def, skep_obj_place(i->func->sec, i->func->name, i->num), arg);
}

/* --- code --------------------------------------------------------------------- */

/* Give every instruction its slot (in `num`); returns the slots of the section. */
static u32 place(struct writer *w, const struct skep_csec *c)
{
	u32 slot = 0;

	for (u32 k = 0; k < c->nfunc; k++) {
		w->func_slot[c->func[k]->index] = slot;
		SKEP_FOR_INSN(i, c->func[k]) {
			i->num = slot;
			slot += skep_ins_slots(&i->in);
		}
	}
	return slot;
}

/* The encoded form: branch offset, call distance or addend as the file has them. */
static int final_form(struct writer *w, const struct skep_insn *i, struct skep_ins *out)
{
	*out = i->in;
	if (i->target) {
		out->off = (s32)i->target->num - (s32)i->num - 1;
		if (i->in.op != SKEP_GOTOL && (out->off > INT16_MAX || out->off < INT16_MIN))
			return fail_at(w, i, OBJ_DEF(FAR_BRANCH), 0);
	}
	if (i->ref == SKEP_REF_FUNC) {
		s64 slot = w->func_slot[i->callee->index];

		if (i->in.op == SKEP_LDDW)
			out->imm = i->flags & SKEP_IF_SECSYM ? slot * 8 : 0;
		else if (!(i->flags & SKEP_IF_RELOC))
			out->imm = slot - (s64)i->num - 1;
		else
			out->imm = i->flags & SKEP_IF_SECSYM ? slot - 1 : -1;
	}
	return 0;
}

static int encode_section(struct writer *w, const struct skep_csec *c, u32 slots)
{
	struct skep_elf_sec *s = &w->elf.sec[c->elf];
	u8 *bytes = skep_arena_alloc(w->arena, (size_t)slots * 8), *p = bytes;

	for (u32 k = 0; k < c->nfunc; k++)
		SKEP_FOR_INSN(i, c->func[k]) {
			struct skep_ins in;
			int err = final_form(w, i, &in);

			if (err)
				return err;
			p += 8 * skep_isa_encode(&in, p, w->elf.big);
		}
	s->data = bytes;
	s->size = (u64)slots * 8;
	return 0;
}

static int remake_relocs(struct writer *w, const struct skep_csec *c)
{
	u32 sec = skep_elf_rel_section(&w->elf, c->elf), n = 0, cap = 0;
	struct skep_elf_rel *rel;

	for (u32 k = 0; k < c->nfunc; k++)
		cap += c->func[k]->ninsns;
	rel = SKEP_NEW_N(w->arena, struct skep_elf_rel, cap);
	for (u32 k = 0; k < c->nfunc; k++)
		SKEP_FOR_INSN(i, c->func[k]) {
			u32 type = i->in.op == SKEP_LDDW ? SKEP_R_64_64 : SKEP_R_64_32;

			if (i->flags & SKEP_IF_RELOC)
				rel[n++] = (struct skep_elf_rel){(u64)i->num * 8, type, i->sym, 0};
		}
	if (!sec && n && w->keep_all)
		return skep_diag(w->ds, OBJ_DEF(NO_RELOC_SECTION), SKEP_NOWHERE, c->name);
	if (!sec && n)
		sec = skep_obj_made_relocs(&w->elf, c, w->arena);
	if (!sec)
		return 0;
	w->elf.sec[sec].size = (u64)n * w->elf.sec[sec].entsize;
	w->elf.sec[sec].data = skep_elf_rel_encode(&w->elf, w->arena, rel, n, w->elf.sec[sec].type == SKEP_SHT_RELA);
	return 0;
}

/* --- symbols -------------------------------------------------------------------- */

static u64 func_bytes(const struct skep_func *f)
{
	return (u64)skep_func_slots(f) * 8;
}

static void remake_symbols(struct writer *w)
{
	for (u32 k = 1; k < w->obj->nsym; k++) {
		const struct skep_sym *s = &w->obj->sym[k];
		struct skep_elf_sym *e = &w->elf.sym[k];

		if ((s->kind != SKEP_SYM_FUNC && s->kind != SKEP_SYM_LABEL) || !s->func)
			continue;
		if (s->kind == SKEP_SYM_LABEL) {
			e->value = s->at ? (u64)s->at->num * 8
					 : (u64)w->func_slot[s->func->index] * 8 + func_bytes(s->func);
			continue;
		}
		e->value = (u64)w->func_slot[s->func->index] * 8;
		if (e->size == (u64)s->func->slots_read * 8)
			e->size = func_bytes(s->func);
		else if (e->size)
			e->size = e->size + func_bytes(s->func) - (u64)s->func->slots_read * 8;
	}
}

/* --- addresses of code in data ------------------------------------------------------ */

static const struct skep_csec *code_section(const struct writer *w, u32 elf)
{
	return elf < w->nsec_read ? w->code[elf] : NULL;
}

/* Where the instruction that was read at a slot of a section stands now, or -1. */
static s64 moved_slot(struct writer *w, const struct skep_csec *c, u64 slot)
{
	struct skep_insn **at = w->read_at[c->elf];

	if (!at) {
		at = w->read_at[c->elf] = SKEP_NEW_N(w->arena, struct skep_insn *, c->slots_read);
		for (u32 k = 0; k < c->nfunc; k++) {
			SKEP_FOR_INSN(i, c->func[k])
				if (!(i->flags & SKEP_IF_NEW) && i->slot < c->slots_read)
					at[i->slot] = i;
			/* The start of a function stays its start, also when what stood there is gone. */
			if (c->func[k]->first && c->func[k]->slots_read)
				at[c->func[k]->slot_read] = c->func[k]->first;
		}
	}
	return slot < c->slots_read && at[slot] ? (s64)at[slot]->num : -1;
}

/* Addends of one relocation section of data that go through a code section's symbol. */
static int move_data_addends(struct writer *w, u32 rel_sec)
{
	struct skep_elf_sec *data = &w->elf.sec[w->elf.sec[rel_sec].info];
	struct skep_elf_rel *rel;
	u8 *copy = NULL;
	u32 n;
	int err = skep_elf_rels(&w->elf, rel_sec, w->arena, w->ds, &rel, &n);

	for (u32 k = 0; k < n && !err; k++) {
		const struct skep_sym *s = &w->obj->sym[rel[k].sym];
		const struct skep_csec *c = code_section(w, s->sec);
		bool wide = rel[k].type == SKEP_R_ABS64 || rel[k].type == SKEP_R_64_64;
		u64 old;
		s64 now;

		if (!c || s->kind != SKEP_SYM_SECTION || !data->data)
			continue;
		if (rel[k].offset + (wide ? 8 : 4) > data->size)
			return skep_diag(w->ds, OBJ_DEF(BAD_DATA_RELOC), SKEP_NOWHERE, data->name);
		if (!copy)
			copy = skep_arena_memdup(w->arena, data->data, data->size);
		old = wide ? skep_get64(copy + rel[k].offset, w->elf.big) : skep_get32(copy + rel[k].offset, w->elf.big);
		now = old % 8 ? -1 : moved_slot(w, c, old / 8);
		if (now < 0)
			return skep_diag(w->ds, OBJ_DEF(STALE_DATA), SKEP_NOWHERE, data->name);
		if (wide)
			skep_put64(copy + rel[k].offset, (u64)now * 8, w->elf.big);
		else
			skep_put32(copy + rel[k].offset, (u32)now * 8, w->elf.big);
	}
	if (copy)
		data->data = copy;
	return err;
}

static int remake_data(struct writer *w)
{
	for (u32 i = 1; i < w->elf.nsec; i++) {
		const struct skep_elf_sec *s = &w->elf.sec[i];
		int err;

		if (s->type != SKEP_SHT_REL || s->info >= w->elf.nsec ||
		    !(w->elf.sec[s->info].flags & SKEP_SHF_ALLOC) || code_section(w, s->info))
			continue;
		err = move_data_addends(w, i);
		if (err)
			return err;
	}
	return 0;
}

/* --- BTF.ext -------------------------------------------------------------------------- */

static void func_records(struct writer *w, const struct skep_csec *c, struct skep_ext_sec *s)
{
	s->func = SKEP_NEW_N(w->arena, struct skep_func_rec, c->nfunc);
	s->n = 0;
	for (u32 k = 0; k < c->nfunc; k++) {
		u32 index = c->func[k]->index, type = c->func[k]->type;

		if (!type && w->made.func)
			type = w->made.func[index];
		if (type)
			s->func[s->n++] = (struct skep_func_rec){w->func_slot[index] * 8, type};
	}
}

/* A record where one stood, and wherever the line in force changes. */
static void line_records(struct writer *w, const struct skep_csec *c, struct skep_ext_sec *s, u32 cap)
{
	s->line = SKEP_NEW_N(w->arena, struct skep_line_rec, cap);
	s->n = 0;
	for (u32 k = 0; k < c->nfunc; k++) {
		const struct skep_line_rec *in_force = NULL;

		SKEP_FOR_INSN(i, c->func[k]) {
			if (i->line && (i->line != in_force || i->flags & SKEP_IF_LINE)) {
				s->line[s->n] = *i->line;
				s->line[s->n++].off = i->num * 8;
			}
			in_force = i->line;
		}
	}
}

static void core_records(struct writer *w, const struct skep_csec *c, struct skep_ext_sec *s, u32 cap)
{
	s->core = SKEP_NEW_N(w->arena, struct skep_core_rec, cap);
	s->n = 0;
	for (u32 k = 0; k < c->nfunc; k++)
		SKEP_FOR_INSN(i, c->func[k])
			if (i->core) {
				s->core[s->n] = *i->core;
				s->core[s->n++].off = i->num * 8;
			}
}

static struct skep_ext_list remake_list(struct writer *w, const struct skep_ext_list *l, int which)
{
	struct skep_ext_list out = which == 2 ? *l : skep_obj_made_list(l, &w->made, w->arena);

	if (which == 2)
		out.sec = skep_arena_memdup(w->arena, l->sec, l->n * sizeof(*l->sec));
	for (u32 k = 0; k < out.n; k++) {
		const char *name = out.sec[k].name_str;
		const struct skep_csec *c = skep_hmap_find(&w->code_named, name, strlen(name));
		u32 cap = 0;

		if (!c)
			continue;
		for (u32 f = 0; f < c->nfunc; f++)
			cap += c->func[f]->ninsns;
		if (which == 0)
			func_records(w, c, &out.sec[k]);
		else if (which == 1)
			line_records(w, c, &out.sec[k], cap);
		else
			core_records(w, c, &out.sec[k], cap);
	}
	return out;
}

static int remake_ext(struct writer *w)
{
	struct skep_elf_sec *x = skep_elf_find(&w->elf, ".BTF.ext", NULL);
	const struct skep_btf_ext *old = w->obj->ext;
	struct skep_buf out = {0};
	struct skep_btf_ext ext;

	if (!x || !old)
		return 0;
	ext.hdr_len = old->hdr_len;
	ext.func = remake_list(w, &old->func, 0);
	ext.line = remake_list(w, &old->line, 1);
	ext.core = remake_list(w, &old->core, 2);
	skep_btf_ext_encode(&ext, w->elf.big, &out);
	x->size = out.n;
	x->data = skep_buf_to_arena(&out, w->arena);
	return 0;
}

/* --- what would be stale ---------------------------------------------------------------- */

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * Sections that speak of code in terms that an edit breaks and that nothing
 * needs for loading: DWARF, unwind tables, relocations of BTF.ext (its records
 * hold final offsets), and tables of symbol numbers.
 */
static bool stale(const struct writer *w, u32 i)
{
	const struct skep_elf_sec *s = &w->elf.sec[i];
	const u8 *gone = w->file->sec_gone;
	bool rel = s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA;

	if (gone && i < w->nsec_read && (gone[i] || (rel && s->info < w->nsec_read && gone[s->info])))
		return true;
	/* Code and tables of names and symbols stay whatever they are called. */
	if (s->type == SKEP_SHT_SYMTAB || s->type == SKEP_SHT_STRTAB || s->flags & SKEP_SHF_EXEC)
		return false;
	if (rel) {
		const char *of = s->info < w->elf.nsec ? w->elf.sec[s->info].name : "";

		/* Places in a .BTF that was made anew; loaders find them by name. */
		if (strcmp(of, ".BTF") == 0 && w->file->btf)
			return true;
		return strcmp(of, ".BTF.ext") == 0 || starts(of, ".debug_") || strcmp(of, ".eh_frame") == 0;
	}
	return starts(s->name, ".debug_") || strcmp(s->name, ".eh_frame") == 0 || s->type == SKEP_SHT_ADDRSIG;
}

/* Numbers that name no section stay as they are. */
static u32 renumber(const u32 *map, u32 n, u32 v)
{
	return v < n ? map[v] : v;
}

/* Old index to new index of sections, 0 for those left out; compacts the table. */
static u32 *drop_sections(struct writer *w)
{
	struct skep_elf *e = &w->elf;
	u32 *map = SKEP_NEW_N(w->arena, u32, e->nsec), n = 1, old = e->nsec;
	bool *gone = SKEP_NEW_N(w->arena, bool, e->nsec);

	for (u32 i = 1; i < e->nsec; i++)
		gone[i] = stale(w, i);
	for (u32 i = 1; i < e->nsec; i++)
		if (!gone[i]) {
			map[i] = n;
			e->sec[n++] = e->sec[i];
		}
	e->nsec = n;
	e->rel_of = NULL;
	e->shstrndx = map[e->shstrndx];
	e->symtab = map[e->symtab];
	for (u32 i = 1; i < n; i++) {
		struct skep_elf_sec *s = &e->sec[i];

		s->link = renumber(map, old, s->link);
		if (s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA)
			s->info = renumber(map, old, s->info);
	}
	return map;
}

/* Did pruning take the symbol out? What was made since has no mark. */
static bool sym_gone(const struct writer *w, u32 sym)
{
	return w->file->sym_gone && sym < w->file->elf->nsym && w->file->sym_gone[sym];
}

/* Drops the symbols of sections that are gone; returns old index to new index. Local ones come first. */
static u32 *drop_symbols(struct writer *w, const u32 *secmap, u32 old_nsec)
{
	struct skep_elf *e = &w->elf;
	struct skep_elf_sym *all = e->sym;
	u32 *map = SKEP_NEW_N(w->arena, u32, e->nsym), n = 0, local = 1;

	e->sym = SKEP_NEW_N(w->arena, struct skep_elf_sym, e->nsym);
	for (int round = 0; round < 2; round++)
		for (u32 i = 0; i < e->nsym; i++) {
			struct skep_elf_sym *s = &all[i];

			if ((s->bind == SKEP_STB_LOCAL) != (round == 0) || sym_gone(w, i))
				continue;
			if (s->shndx && s->shndx < old_nsec) {
				if (!secmap[s->shndx] && i)
					continue;
				s->shndx = (u16)secmap[s->shndx];
			}
			map[i] = n;
			if (s->bind == SKEP_STB_LOCAL)
				local = n + 1;
			e->sym[n++] = *s;
		}
	e->nsym = n;
	if (e->symtab)
		e->sec[e->symtab].info = SKEP_MIN(local, n);
	return map;
}

/* Does a map that is gone hold this byte of the section of maps? */
static bool in_gone_map(const struct writer *w, const char *sec, u64 off)
{
	for (u32 k = 1; k < w->obj->nsym && strcmp(sec, ".maps") == 0; k++) {
		const struct skep_sym *s = &w->obj->sym[k];

		if (sym_gone(w, k) && s->kind == SKEP_SYM_MAP && off >= s->value && off - s->value < s->size)
			return true;
	}
	return false;
}

/* Without the relocations of what is gone, and those against it; returns how many stay. */
static u32 drop_relocs(const struct writer *w, const char *sec, struct skep_elf_rel *rel, u32 n)
{
	u32 kept = 0;

	for (u32 k = 0; k < n; k++)
		if (!w->file->sym_gone || (!sym_gone(w, rel[k].sym) && !in_gone_map(w, sec, rel[k].offset)))
			rel[kept++] = rel[k];
	return kept;
}

static int renumber_relocs(struct writer *w, const u32 *symmap, u32 old_nsym)
{
	struct skep_elf *e = &w->elf;

	for (u32 i = 1; i < e->nsec; i++) {
		struct skep_elf_sec *s = &e->sec[i];
		u32 nsym = e->nsym, n;
		struct skep_elf_rel *rel;
		int err;

		if (s->type != SKEP_SHT_REL && s->type != SKEP_SHT_RELA)
			continue;
		e->nsym = old_nsym;
		err = skep_elf_rels(e, i, w->arena, w->ds, &rel, &n);
		e->nsym = nsym;
		if (err)
			return err;
		n = drop_relocs(w, e->sec[s->info < e->nsec ? s->info : 0].name, rel, n);
		for (u32 k = 0; k < n; k++)
			rel[k].sym = symmap[rel[k].sym];
		s->size = (u64)n * s->entsize;
		s->data = skep_elf_rel_encode(e, w->arena, rel, n, s->type == SKEP_SHT_RELA);
	}
	return 0;
}

static int drop_stale(struct writer *w)
{
	u32 old_nsec = w->elf.nsec, old_nsym = w->elf.nsym;
	u32 *secmap = drop_sections(w);
	u32 *symmap = drop_symbols(w, secmap, old_nsec);
	int err = renumber_relocs(w, symmap, old_nsym);
	u32 strtab;

	if (err)
		return err;
	strtab = w->elf.symtab ? w->elf.sec[w->elf.symtab].link : 0;
	skep_elf_strtab_build(&w->elf, strtab);
	if (strtab != w->elf.shstrndx)
		skep_elf_strtab_build(&w->elf, w->elf.shstrndx);
	return 0;
}

/* --- the whole --------------------------------------------------------------------------- */

static int remake(struct writer *w)
{
	const struct skep_obj *o = w->obj;
	struct skep_elf *e = &w->elf;
	int err = 0;

	e->sec = skep_arena_memdup(w->arena, e->sec, e->nsec * sizeof(*e->sec));
	e->sym = skep_arena_memdup(w->arena, e->sym, e->nsym * sizeof(*e->sym));
	skep_obj_made_symbols(o, e, w->arena);
	w->func_slot = SKEP_NEW_N(w->arena, u32, o->nfunc);
	w->nsec_read = e->nsec;
	w->code = SKEP_NEW_N(w->arena, const struct skep_csec *, e->nsec);
	w->read_at = SKEP_NEW_N(w->arena, struct skep_insn **, e->nsec);
	skep_hmap_init(&w->code_named, w->arena);
	for (u32 k = o->ncsec; k-- > 0;) {
		w->code[o->csec[k]->elf] = o->csec[k];
		skep_hmap_put(&w->code_named, o->csec[k]->name, strlen(o->csec[k]->name), o->csec[k]);
	}
	for (u32 k = 0; k < o->ncsec; k++)
		e->sec[o->csec[k]->elf].size = (u64)place(w, o->csec[k]) * 8;
	for (u32 k = 0; k < o->ncsec && !err; k++) {
		err = encode_section(w, o->csec[k], (u32)(e->sec[o->csec[k]->elf].size / 8));
		if (!err)
			err = remake_relocs(w, o->csec[k]);
	}
	if (!err)
		err = remake_data(w);
	if (err)
		return err;
	if (w->file->btf) {
		struct skep_elf_sec *s = skep_elf_find(e, ".BTF", NULL);

		s->data = w->file->btf;
		s->size = w->file->btf_len;
	}
	if (o->btf)
		err = skep_obj_made_types(w->file, skep_elf_find(e, ".BTF", NULL), w->arena, w->ds, &w->made);
	if (err)
		return err;
	remake_symbols(w);
	err = remake_ext(w);
	if (!err && !w->keep_all)
		err = drop_stale(w);
	if (!err && e->symtab) {
		e->sec[e->symtab].size = (u64)e->nsym * e->sec[e->symtab].entsize;
		e->sec[e->symtab].data = skep_elf_sym_encode(e, w->arena);
	}
	return err;
}

static bool same_layout(const struct skep_elf *a, const struct skep_elf *b)
{
	if (a->nsec != b->nsec)
		return false;
	for (u32 i = 0; i < a->nsec; i++)
		if (a->sec[i].size != b->sec[i].size)
			return false;
	return true;
}

int skep_obj_write(const struct skep_objfile *file, u32 flags, struct skep_diags *ds, struct skep_buf *out)
{
	struct skep_arena *arena = file->obj->arena;
	struct skep_arena_mark mark = skep_arena_mark(arena);
	volatile int result = 0;
	int oom = 0;

	SKEP_GUARD(arena, oom, {
		struct writer *w = SKEP_NEW(arena, struct writer);

		w->file = file;
		w->obj = file->obj;
		w->elf = *file->elf;
		w->arena = arena;
		w->ds = ds;
		w->keep_all = flags & SKEP_WRITE_KEEP_ALL;
		if (skep_obj_edited(file->obj) || file->sym_gone || flags & SKEP_WRITE_REMAKE)
			result = remake(w);
		if (!result)
			result = skep_elf_write(&w->elf, same_layout(&w->elf, file->elf), out);
	});
	skep_arena_release(arena, mark);
	return oom ? oom : result;
}
