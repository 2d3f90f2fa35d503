/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File to model: code sections are cut into functions at their symbols,
 * decoded, branches and relocations become pointers. Maps are read in maps.c,
 * BTF.ext in ext.c. Everything is in the caller's arena.
 */
#include "obj/obj_impl.h"

#include <stdlib.h>

const struct skep_diag_def skep_obj_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "obj/diag.def"
#undef D
};
const u32 skep_obj_ndiags = SKEP_ARRAY_SIZE(skep_obj_diags);

struct skep_diag_place skep_obj_place(const struct skep_csec *sec, const char *func, s64 slot)
{
	return (struct skep_diag_place){.section = sec ? sec->name : NULL, .prog = func, .offset = -1, .insn = slot};
}

struct code *skep_obj_code(const struct reader *r, u32 elf_sec)
{
	return elf_sec < r->elf->nsec && r->code_of[elf_sec] ? &r->code[r->code_of[elf_sec] - 1] : NULL;
}

struct skep_func *skep_obj_func_at(const struct code *c, u64 slot)
{
	struct skep_insn *i = slot < c->sec->slots_read ? c->at[slot] : NULL;

	return i && !i->prev ? i->func : NULL;
}

/* --- symbols ---------------------------------------------------------------- */

static u8 symbol_kind(const struct reader *r, const struct skep_elf_sym *s)
{
	const struct skep_elf_sec *sec;

	if (s->type == SKEP_STT_SECTION)
		return SKEP_SYM_SECTION;
	if (s->type == SKEP_STT_FILE || s->shndx >= SKEP_SHN_LORESERVE)
		return SKEP_SYM_OTHER;
	if (s->shndx == SKEP_SHN_UNDEF)
		return s->name[0] ? SKEP_SYM_EXTERN : SKEP_SYM_OTHER;
	if (skep_obj_code(r, s->shndx))
		return s->type == SKEP_STT_FUNC ? SKEP_SYM_FUNC : SKEP_SYM_LABEL;
	sec = &r->elf->sec[s->shndx];
	if (strcmp(sec->name, ".maps") == 0 || strcmp(sec->name, "maps") == 0)
		return SKEP_SYM_MAP;
	return sec->flags & SKEP_SHF_ALLOC ? SKEP_SYM_DATA : SKEP_SYM_OTHER;
}

/* Count, sum, fill: the symbols of each section without a search. */
static void index_symbols(struct reader *r)
{
	u32 nsec = r->elf->nsec, n = r->obj->nsym, at = 0;
	u32 *first = r->first_sym = SKEP_NEW_N(r->arena, u32, nsec + 1), *fill = SKEP_NEW_N(r->arena, u32, nsec);

	r->sym_list = SKEP_NEW_N(r->arena, u32, n);
	for (u32 i = 1; i < n; i++)
		if (r->obj->sym[i].sec < nsec)
			fill[r->obj->sym[i].sec]++;
	for (u32 s = 0; s < nsec; s++) {
		first[s] = at;
		at += fill[s];
		fill[s] = first[s];
	}
	first[nsec] = at;
	for (u32 i = 1; i < n; i++)
		if (r->obj->sym[i].sec < nsec)
			r->sym_list[fill[r->obj->sym[i].sec]++] = i;
}

const u32 *skep_obj_syms(const struct reader *r, u32 elf_sec, u32 *n)
{
	*n = r->first_sym[elf_sec + 1] - r->first_sym[elf_sec];
	return r->sym_list + r->first_sym[elf_sec];
}

static void read_symbols(struct reader *r)
{
	struct skep_obj *o = r->obj;

	o->nsym = r->elf->nsym;
	o->sym = SKEP_NEW_N(r->arena, struct skep_sym, o->nsym);
	for (u32 i = 1; i < o->nsym; i++) {
		const struct skep_elf_sym *s = &r->elf->sym[i];
		struct skep_sym *m = &o->sym[i];

		m->name = s->name;
		m->kind = symbol_kind(r, s);
		m->bind = s->bind;
		m->type = s->type;
		m->sec = s->shndx;
		m->value = s->value;
		m->size = s->size;
	}
	if (o->nsym)
		o->sym[0].name = "";
	index_symbols(r);
}

/* --- code sections ------------------------------------------------------------ */

static void find_code(struct reader *r)
{
	struct skep_elf *e = r->elf;
	u32 n = 0;

	r->code_of = SKEP_NEW_N(r->arena, u32, e->nsec);
	for (u32 i = 1; i < e->nsec; i++)
		if (e->sec[i].type == SKEP_SHT_PROGBITS && (e->sec[i].flags & SKEP_SHF_EXEC) && e->sec[i].size)
			n++;
	r->code = SKEP_NEW_N(r->arena, struct code, n);
	r->obj->csec = SKEP_NEW_N(r->arena, struct skep_csec *, n);
	for (u32 i = 1; i < e->nsec; i++) {
		struct skep_csec *c;

		if (e->sec[i].type == SKEP_SHT_PROGBITS && strcmp(e->sec[i].name, ".text") == 0)
			r->obj->text = i;

		if (e->sec[i].type != SKEP_SHT_PROGBITS || !(e->sec[i].flags & SKEP_SHF_EXEC) || !e->sec[i].size)
			continue;
		c = SKEP_NEW(r->arena, struct skep_csec);
		c->name = e->sec[i].name;
		c->elf = i;
		r->obj->csec[r->obj->ncsec++] = c;
		r->code[r->ncode].sec = c;
		r->code_of[i] = ++r->ncode;
	}
}

/* A place where a function starts, and the symbol that says so (0: none does). */
struct start {
	u64 value;
	u32 sym;
};

static int by_value(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->sym < y->sym ? -1 : x->sym > y->sym;
}

/*
 * Where functions start: at FUNC symbols; in code written by hand, which has
 * none, at global labels; at function records of BTF.ext (static linking takes
 * the symbols of overridden weak functions away but leaves their code); and at
 * the section's start in any case.
 */
static u32 find_starts(struct reader *r, const struct code *c, struct start **out)
{
	struct skep_obj *o = r->obj;
	const struct skep_ext_sec *rec = skep_obj_func_recs(r, c->sec->name);
	u32 n = 0, k = 0, nsym;
	const u32 *sym = skep_obj_syms(r, c->sec->elf, &nsym);
	struct start *st = SKEP_NEW_N(r->arena, struct start, nsym + 2 + (rec ? rec->n : 0));
	bool hand_written = true;

	for (u32 i = 0; i < nsym; i++)
		if (o->sym[sym[i]].kind == SKEP_SYM_FUNC)
			hand_written = false;
	for (u32 i = 0; i < nsym; i++) {
		const struct skep_sym *s = &o->sym[sym[i]];

		if (s->value < (u64)c->sec->slots_read * 8 &&
		    (s->kind == SKEP_SYM_FUNC ||
		     (hand_written && s->kind == SKEP_SYM_LABEL && s->bind != SKEP_STB_LOCAL)))
			st[n++] = (struct start){s->value, sym[i]};
	}
	for (u32 i = 0; rec && i < rec->n; i++)
		if (rec->func[i].off < (u64)c->sec->slots_read * 8)
			st[n++] = (struct start){rec->func[i].off, UINT32_MAX};
	st[n++] = (struct start){0, UINT32_MAX};
	qsort(st, n, sizeof(*st), by_value);
	for (u32 i = 0; i < n; i++)
		if (!k || st[i].value != st[k - 1].value)
			st[k++] = st[i];
	st[k].value = (u64)c->sec->slots_read * 8;
	*out = st;
	return k;
}

static struct skep_func *new_func(struct reader *r, struct code *c, const struct start *st)
{
	struct skep_func *f = SKEP_NEW(r->arena, struct skep_func);
	u32 sym = st->sym == UINT32_MAX ? 0 : st->sym;

	f->sec = c->sec;
	f->name = "";
	if (sym) {
		f->sym = sym;
		f->name = r->obj->sym[sym].name;
		/* libbpf makes hidden functions static. */
		if (r->obj->sym[sym].bind != SKEP_STB_LOCAL && (r->elf->sym[sym].other & 3) == 0)
			f->flags |= SKEP_FF_GLOBAL;
	} else {
		f->flags |= SKEP_FF_ANON;
	}
	if (strcmp(c->sec->name, ".text") != 0) {
		f->prog_type = skep_section_prog_type(c->sec->name, &f->attach_type);
		if (!f->prog_type)
			f->prog_type = skep_section_guess_type(c->sec->name);
		if (!(f->flags & SKEP_FF_ANON))
			f->flags |= SKEP_FF_PROG;
	}
	return f;
}

/* The -mcpu level that an instruction gives away: LLVM uses 32-bit arithmetic from v3 on. */
static u32 level_shown(const struct skep_ins *in)
{
	bool alu32 = in->size == 4 && (skep_op_class(in->op) == SKEP_CLASS_ALU || in->op == SKEP_NEG);

	return alu32 ? 3 : skep_isa_level(in);
}

static int decode_func(struct reader *r, struct code *c, struct skep_func *f, u64 from, u64 to)
{
	const u8 *bytes = r->elf->sec[c->sec->elf].data;
	u32 slots = 0;

	for (u64 pos = from; pos < to; pos += slots * 8) {
		const char *why = NULL;
		struct skep_ins in;
		struct skep_insn *i;

		slots = skep_isa_decode(bytes + pos, to - pos, r->elf->big, &in, &why);
		if (!slots)
			return skep_diag(r->ds, OBJ_DEF(BAD_INSN), skep_obj_place(c->sec, f->name, (s64)pos / 8), why);
		i = skep_insn_new(r->obj, &in, NULL);
		i->slot = (u32)(pos / 8);
		i->flags = 0;
		skep_edit_append(f, i);
		c->at[pos / 8] = i;
		r->obj->level = SKEP_MAX(r->obj->level, level_shown(&in));
	}
	f->slots_read = (u32)((to - from) / 8);
	f->slot_read = (u32)(from / 8);
	f->flags &= ~(u32)SKEP_FF_EDITED;
	return 0;
}

static int resolve_branches(struct reader *r, struct code *c)
{
	for (u32 k = 0; k < c->sec->nfunc; k++) {
		struct skep_func *f = c->sec->func[k];

		SKEP_FOR_INSN(i, f) {
			s64 to;

			if (!skep_is_branch(i->in.op))
				continue;
			to = (s64)i->slot + 1 + i->in.off;
			if (to < 0 || to >= c->sec->slots_read || !c->at[to] || c->at[to]->func != f)
				return skep_diag(r->ds, OBJ_DEF(BAD_TARGET), skep_obj_place(c->sec, f->name, i->slot),
						 (long long)to);
			skep_edit_set_target(i, c->at[to]);
		}
		f->flags &= ~(u32)SKEP_FF_EDITED;
	}
	return 0;
}

/* Bind the symbols of the section to functions and instructions. */
static int bind_symbols(struct reader *r, struct code *c)
{
	struct skep_obj *o = r->obj;
	u32 n;
	const u32 *sym = skep_obj_syms(r, c->sec->elf, &n);

	for (u32 i = 0; i < n; i++) {
		struct skep_sym *s = &o->sym[sym[i]];
		u64 slot = s->value / 8;

		if (s->kind == SKEP_SYM_SECTION) {
			c->sec->section_sym = sym[i];
			continue;
		}
		if (s->kind != SKEP_SYM_FUNC && s->kind != SKEP_SYM_LABEL)
			continue;
		if (s->value % 8 || slot > c->sec->slots_read || (slot < c->sec->slots_read && !c->at[slot]))
			return skep_diag(r->ds, OBJ_DEF(BAD_SYMBOL), skep_obj_place(c->sec, NULL, -1), s->name);
		if (slot == c->sec->slots_read) {
			s->kind = SKEP_SYM_LABEL;
			s->func = c->sec->func[c->sec->nfunc - 1];
			continue;
		}
		s->at = c->at[slot];
		s->func = s->at->func;
		s->at->flags |= SKEP_IF_LABEL;
		if (!s->at->prev)
			s->kind = SKEP_SYM_FUNC;
	}
	return 0;
}

static int read_code(struct reader *r, struct code *c)
{
	const struct skep_elf_sec *sec = &r->elf->sec[c->sec->elf];
	struct skep_obj *o = r->obj;
	struct start *st;
	u32 n;

	if (sec->size % 8)
		return skep_diag(r->ds, OBJ_DEF(BAD_CODE_SIZE), skep_obj_place(c->sec, NULL, -1));
	c->sec->slots_read = (u32)(sec->size / 8);
	c->at = SKEP_NEW_N(r->arena, struct skep_insn *, c->sec->slots_read + 1);
	n = find_starts(r, c, &st);
	c->sec->func = SKEP_NEW_N(r->arena, struct skep_func *, n);
	for (u32 k = 0; k < n; k++) {
		struct skep_func *f;
		int err;

		if (st[k].value % 8)
			return skep_diag(r->ds, OBJ_DEF(BAD_SYMBOL), skep_obj_place(c->sec, NULL, -1),
					 st[k].sym == UINT32_MAX ? "" : o->sym[st[k].sym].name);
		f = new_func(r, c, &st[k]);
		err = decode_func(r, c, f, st[k].value, st[k + 1].value);
		if (err)
			return err;
		c->sec->func[c->sec->nfunc++] = f;
		o->nfunc++;
	}
	n = (u32)resolve_branches(r, c);
	return n ? (int)n : bind_symbols(r, c);
}

static void list_funcs(struct skep_obj *o)
{
	u32 n = 0;

	o->func = SKEP_NEW_N(o->arena, struct skep_func *, o->nfunc);
	for (u32 c = 0; c < o->ncsec; c++)
		for (u32 k = 0; k < o->csec[c]->nfunc; k++) {
			o->func[n] = o->csec[c]->func[k];
			o->func[n]->index = n;
			n++;
		}
}

/* --- relocations of code -------------------------------------------------------- */

static int bad_reloc(struct reader *r, const struct skep_insn *i, const struct skep_sym *s, const char *why)
{
	return skep_diag(r->ds, OBJ_DEF(BAD_RELOC), skep_obj_place(i->func->sec, i->func->name, i->slot),
			 s->name ? s->name : "", why);
}

/* The callee of a reference into a code section; `off` is added to the symbol's value. */
static int bind_callee(struct reader *r, struct skep_insn *i, const struct skep_sym *s, s64 off)
{
	struct code *c = skep_obj_code(r, s->sec);
	u64 pos = s->value + (u64)off;

	if (!c || pos % 8)
		return bad_reloc(r, i, s, "it is not code");
	i->ref = SKEP_REF_FUNC;
	i->callee = skep_obj_func_at(c, pos / 8);
	if (!i->callee)
		return skep_diag(r->ds, OBJ_DEF(BAD_CALL), skep_obj_place(i->func->sec, i->func->name, i->slot),
				 (long long)(pos / 8));
	if (s->kind == SKEP_SYM_SECTION)
		i->flags |= SKEP_IF_SECSYM;
	return 0;
}

static int relocate_load(struct reader *r, struct skep_insn *i, const struct skep_sym *s)
{
	switch (s->kind) {
	case SKEP_SYM_MAP:
		i->ref = SKEP_REF_MAP;
		return 0;
	case SKEP_SYM_DATA:
		i->ref = SKEP_REF_DATA;
		return 0;
	case SKEP_SYM_EXTERN:
		i->ref = SKEP_REF_EXTERN;
		return 0;
	case SKEP_SYM_FUNC:
		return bind_callee(r, i, s, i->in.imm);
	case SKEP_SYM_SECTION:
		if (skep_obj_code(r, s->sec))
			return bind_callee(r, i, s, i->in.imm);
		if (strcmp(s->name, ".maps") == 0 || strcmp(s->name, "maps") == 0)
			i->ref = SKEP_REF_MAP;
		else
			i->ref = SKEP_REF_DATA;
		return 0;
	default:
		return bad_reloc(r, i, s, "the symbol cannot be loaded");
	}
}

static int relocate_call(struct reader *r, struct skep_insn *i, const struct skep_sym *s)
{
	if (s->kind == SKEP_SYM_EXTERN) {
		i->ref = SKEP_REF_EXTERN;
		return 0;
	}
	if (s->kind != SKEP_SYM_FUNC && s->kind != SKEP_SYM_SECTION && s->kind != SKEP_SYM_LABEL)
		return bad_reloc(r, i, s, "the symbol cannot be called");
	return bind_callee(r, i, s, (i->in.imm + 1) * 8);
}

static int relocate_code(struct reader *r, struct code *c)
{
	struct skep_elf_rel *rel;
	u32 sec = skep_elf_rel_section(r->elf, c->sec->elf), n;
	int err;

	if (!sec)
		return 0;
	err = skep_elf_rels(r->elf, sec, r->arena, r->ds, &rel, &n);
	if (err)
		return err;
	for (u32 k = 0; k < n; k++) {
		struct skep_sym *s = &r->obj->sym[rel[k].sym];
		struct skep_insn *i = rel[k].offset % 8 ? NULL : c->at[rel[k].offset / 8];

		if (!i || i->flags & SKEP_IF_RELOC)
			return skep_diag(r->ds, OBJ_DEF(BAD_RELOC),
					 skep_obj_place(c->sec, NULL, (s64)(rel[k].offset / 8)),
					 s->name ? s->name : "", i ? "there are two at one place" : "no instruction");
		i->sym = rel[k].sym;
		i->flags |= SKEP_IF_RELOC;
		if (i->in.op == SKEP_LDDW && rel[k].type == SKEP_R_64_64)
			err = relocate_load(r, i, s);
		else if (i->in.op == SKEP_CALL && rel[k].type == SKEP_R_64_32)
			err = relocate_call(r, i, s);
		else
			err = bad_reloc(r, i, s, "neither a 16-byte load nor a call");
		if (err)
			return err;
	}
	return 0;
}

/* Calls that the compiler resolved in place. */
static int resolve_calls(struct reader *r, struct code *c)
{
	for (u32 k = 0; k < c->sec->nfunc; k++)
		SKEP_FOR_INSN(i, c->sec->func[k]) {
			s64 to;

			if (i->in.op != SKEP_CALL || i->in.src != SKEP_CALL_SUBPROG || i->ref != SKEP_REF_NONE)
				continue;
			to = (s64)i->slot + 1 + i->in.imm;
			i->callee = to < 0 ? NULL : skep_obj_func_at(c, (u64)to);
			i->ref = SKEP_REF_FUNC;
			if (!i->callee)
				return skep_diag(r->ds, OBJ_DEF(BAD_CALL),
						 skep_obj_place(c->sec, i->func->name, i->slot), (long long)to);
		}
	return 0;
}

/* --- the whole -------------------------------------------------------------------- */

static void read_license(struct reader *r)
{
	const struct skep_elf_sec *s = skep_elf_find(r->elf, "license", NULL);

	if (s && s->data)
		r->obj->license = skep_arena_strndup(r->arena, (const char *)s->data,
						     strnlen((const char *)s->data, s->size));
	s = skep_elf_find(r->elf, "version", NULL);
	if (s && s->data && s->size >= 4)
		r->obj->version = skep_get32(s->data, r->elf->big);
}

static int read_all(struct reader *r)
{
	int err = 0;

	find_code(r);
	read_symbols(r);
	err = skep_obj_read_btf(r);
	for (u32 k = 0; k < r->ncode && !err; k++)
		err = read_code(r, &r->code[k]);
	if (err)
		return err;
	list_funcs(r->obj);
	read_license(r);
	err = skep_obj_read_maps(r);
	if (!err)
		err = skep_obj_read_ops(r);
	for (u32 k = 0; k < r->ncode && !err; k++)
		err = relocate_code(r, &r->code[k]);
	for (u32 k = 0; k < r->ncode && !err; k++)
		err = resolve_calls(r, &r->code[k]);
	return err ? err : skep_obj_attach_ext(r);
}

int skep_obj_read(const void *image, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_objfile **out)
{
	struct reader *r;
	volatile int result;
	int oom = 0;
	struct skep_elf *elf = NULL;

	result = skep_elf_read(image, len, arena, ds, &elf);
	if (result)
		return result;
	SKEP_GUARD(arena, oom, {
		r = SKEP_NEW(arena, struct reader);
		r->file = SKEP_NEW(arena, struct skep_objfile);
		r->obj = r->file->obj = SKEP_NEW(arena, struct skep_obj);
		r->elf = r->file->elf = elf;
		r->arena = r->obj->arena = arena;
		r->ds = ds;
		r->obj->big = elf->big;
		r->obj->next_id = 1;
		r->obj->level = 1;
		r->obj->license = "";
		*out = r->file;
		result = read_all(r);
	});
	return oom ? oom : result;
}
