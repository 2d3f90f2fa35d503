/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading: headers, sections, symbols, relocations; every field checked before it is used. */
#include "elf/elf_impl.h"

#include <stdlib.h>

const struct skep_diag_def skep_elf_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "elf/diag.def"
#undef D
};
const u32 skep_elf_ndiags = SKEP_ARRAY_SIZE(skep_elf_diags);

#define DIAG(ds, name, ...) skep_diag((ds), &skep_elf_diags[ELF_D_##name], SKEP_NOWHERE, ##__VA_ARGS__)

static const u8 magic[4] = {0x7f, 'E', 'L', 'F'};

static int read_header(struct skep_elf *e, struct skep_diags *ds, u32 *shnum)
{
	const u8 *p = e->image;

	if (e->image_len < 4 || memcmp(p, magic, 4) != 0)
		return DIAG(ds, NOT_ELF);
	if (e->image_len < EHDR_SIZE)
		return DIAG(ds, TRUNCATED, "the ELF header");
	memcpy(e->ident, p, 16);
	if (p[4] != 2)
		return DIAG(ds, NOT_BPF, "it is a 32-bit file");
	if (p[5] != 1 && p[5] != 2)
		return DIAG(ds, NOT_BPF, "unknown byte order");
	e->big = p[5] == 2;
	if (skep_get16(p + 16, e->big) != SKEP_ELF_REL)
		return DIAG(ds, NOT_BPF, "it is not relocatable (linked or a core file)");
	e->machine = skep_get16(p + 18, e->big);
	if (e->machine != SKEP_EM_BPF && e->machine != SKEP_EM_NONE)
		return DIAG(ds, NOT_BPF, "it is for another machine");
	e->shoff = skep_get64(p + 40, e->big);
	e->flags = skep_get32(p + 48, e->big);
	*shnum = skep_get16(p + 60, e->big);
	e->shstrndx = skep_get16(p + 62, e->big);
	if (skep_get16(p + 52, e->big) != EHDR_SIZE || skep_get16(p + 56, e->big) != 0)
		return DIAG(ds, BAD_HEADER, "wrong header size, or program headers in a relocatable file");
	if (*shnum == 0 || skep_get16(p + 58, e->big) != SHDR_SIZE)
		return DIAG(ds, BAD_HEADER, "no sections, or entries of a wrong size");
	if (e->shoff < EHDR_SIZE || e->shoff > e->image_len ||
	    (e->image_len - e->shoff) / SHDR_SIZE < *shnum)
		return DIAG(ds, TRUNCATED, "the section header table");
	if (e->shstrndx == 0 || e->shstrndx >= *shnum)
		return DIAG(ds, BAD_HEADER, "no section names");
	return 0;
}

static int read_section(struct skep_elf *e, u32 i, struct skep_diags *ds)
{
	const u8 *p = e->image + e->shoff + (u64)i * SHDR_SIZE;
	struct skep_elf_sec *s = &e->sec[i];

	s->name_off = skep_get32(p, e->big);
	s->type = skep_get32(p + 4, e->big);
	s->flags = skep_get64(p + 8, e->big);
	s->addr = skep_get64(p + 16, e->big);
	s->offset = skep_get64(p + 24, e->big);
	s->size = skep_get64(p + 32, e->big);
	s->link = skep_get32(p + 40, e->big);
	s->info = skep_get32(p + 44, e->big);
	s->align = skep_get64(p + 48, e->big);
	s->entsize = skep_get64(p + 56, e->big);
	if (s->align & (s->align - 1) || s->align > (1u << 20))
		return DIAG(ds, BAD_ALIGN, i);
	/* Entry 0 is no section, whatever its fields say. */
	if (!i || !skep_elf_has_bytes(s->type))
		return 0;
	if (s->offset > e->image_len || s->size > e->image_len - s->offset)
		return DIAG(ds, SECTION_RANGE, i, (unsigned long long)s->offset, (unsigned long long)s->size);
	if (s->size)
		s->data = e->image + s->offset;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct skep_elf_sec *const *x = a, *const *y = b;

	if ((*x)->offset != (*y)->offset)
		return (*x)->offset < (*y)->offset ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static int check_overlap(const struct skep_elf *e, struct skep_diags *ds)
{
	struct skep_elf_sec **s = SKEP_NEW_N(e->arena, struct skep_elf_sec *, e->nsec);
	u64 table_end = e->shoff + (u64)e->nsec * SHDR_SIZE;
	u32 n = 0;

	for (u32 i = 1; i < e->nsec; i++)
		if (e->sec[i].data)
			s[n++] = &e->sec[i];
	qsort(s, n, sizeof(*s), by_offset);
	for (u32 i = 0; i < n; i++) {
		u32 me = (u32)(s[i] - e->sec);

		if (i + 1 < n && s[i]->offset + s[i]->size > s[i + 1]->offset)
			return DIAG(ds, SECTION_OVERLAP, me, (u32)(s[i + 1] - e->sec));
		if (s[i]->offset < EHDR_SIZE || (s[i]->offset < table_end && e->shoff < s[i]->offset + s[i]->size))
			return DIAG(ds, SECTION_OVERLAP, me, 0u);
	}
	return 0;
}

/* A NUL-terminated name inside the string section, or NULL. */
static const char *get_name(const struct skep_elf *e, u32 strtab, u32 off)
{
	const struct skep_elf_sec *s;

	if (strtab >= e->nsec)
		return NULL;
	s = &e->sec[strtab];
	if (!off && !s->data)
		return "";
	if (s->type != SKEP_SHT_STRTAB || off >= s->size || !memchr(s->data + off, 0, s->size - off))
		return NULL;
	return (const char *)s->data + off;
}

static int read_symbols(struct skep_elf *e, struct skep_diags *ds)
{
	const struct skep_elf_sec *t;

	for (u32 i = 1; i < e->nsec; i++) {
		if (e->sec[i].type != SKEP_SHT_SYMTAB)
			continue;
		if (e->symtab)
			return DIAG(ds, BAD_SYMTAB, "there are two");
		e->symtab = i;
	}
	if (!e->symtab)
		return 0;
	t = &e->sec[e->symtab];
	if (t->entsize != SYM_SIZE || t->size % SYM_SIZE)
		return DIAG(ds, BAD_SYMTAB, "entries of a wrong size");
	e->nsym = (u32)(t->size / SYM_SIZE);
	if (t->info > e->nsym)
		return DIAG(ds, BAD_SYMTAB, "more local symbols than symbols");
	e->sym = SKEP_NEW_N(e->arena, struct skep_elf_sym, e->nsym);
	for (u32 i = 0; i < e->nsym; i++) {
		const u8 *p = t->data + (u64)i * SYM_SIZE;
		struct skep_elf_sym *s = &e->sym[i];

		s->name_off = skep_get32(p, e->big);
		s->bind = p[4] >> 4;
		s->type = p[4] & 15;
		s->other = p[5];
		s->shndx = skep_get16(p + 6, e->big);
		s->value = skep_get64(p + 8, e->big);
		s->size = skep_get64(p + 16, e->big);
		s->name = get_name(e, t->link, s->name_off);
		if (!s->name)
			return DIAG(ds, BAD_STRING, "symbol", i);
		if (s->shndx >= e->nsec && s->shndx < SKEP_SHN_LORESERVE)
			return DIAG(ds, BAD_SYMTAB, "a symbol is in a section that does not exist");
		if (s->shndx == 0xffff)
			return DIAG(ds, BAD_SYMTAB, "extended section indices are not used by eBPF objects");
		if (s->type == SKEP_STT_SECTION && s->shndx < e->nsec)
			s->name = e->sec[s->shndx].name;
	}
	return 0;
}

static int read_all(struct skep_elf *e, struct skep_diags *ds)
{
	int err = read_header(e, ds, &e->nsec);

	if (err)
		return err;
	e->sec = SKEP_NEW_N(e->arena, struct skep_elf_sec, e->nsec);
	for (u32 i = 0; i < e->nsec; i++) {
		err = read_section(e, i, ds);
		if (err)
			return err;
	}
	err = check_overlap(e, ds);
	if (err)
		return err;
	for (u32 i = 0; i < e->nsec; i++) {
		e->sec[i].name = get_name(e, e->shstrndx, e->sec[i].name_off);
		if (!e->sec[i].name)
			return DIAG(ds, BAD_STRING, "section", i);
	}
	skep_elf_index_rels(e);
	return read_symbols(e, ds);
}

int skep_elf_read(const void *image, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_elf **out)
{
	struct skep_elf *e = NULL;
	volatile int result = 0;
	int oom = 0;

	SKEP_GUARD(arena, oom, {
		e = SKEP_NEW(arena, struct skep_elf);
		e->arena = arena;
		e->image = image;
		e->image_len = len;
		result = read_all(e, ds);
		*out = e;
	});
	return oom ? oom : result;
}

struct skep_elf_sec *skep_elf_find(const struct skep_elf *elf, const char *name, u32 *index)
{
	for (u32 i = 1; i < elf->nsec; i++)
		if (strcmp(elf->sec[i].name, name) == 0) {
			if (index)
				*index = i;
			return &elf->sec[i];
		}
	return NULL;
}

static bool is_rel(const struct skep_elf_sec *s)
{
	return s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA;
}

void skep_elf_index_rels(struct skep_elf *elf)
{
	elf->rel_of = SKEP_NEW_N(elf->arena, u32, elf->nsec);
	for (u32 i = elf->nsec; i-- > 1;)
		if (is_rel(&elf->sec[i]) && elf->sec[i].info < elf->nsec)
			elf->rel_of[elf->sec[i].info] = i;
}

u32 skep_elf_rel_section(const struct skep_elf *elf, u32 target)
{
	if (elf->rel_of)
		return target < elf->nsec ? elf->rel_of[target] : 0;
	for (u32 i = 1; i < elf->nsec; i++)
		if (is_rel(&elf->sec[i]) && elf->sec[i].info == target)
			return i;
	return 0;
}

int skep_elf_rels(const struct skep_elf *elf, u32 sec, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_elf_rel **out, u32 *n)
{
	const struct skep_elf_sec *s = &elf->sec[sec];
	bool rela = s->type == SKEP_SHT_RELA;
	u32 size = rela ? RELA_SIZE : REL_SIZE;
	struct skep_elf_rel *r;

	if (s->size % size || s->entsize != size)
		return DIAG(ds, BAD_RELOC, sec, "entries of a wrong size");
	if (s->info == 0 || s->info >= elf->nsec || !elf->symtab || s->link != elf->symtab)
		return DIAG(ds, BAD_RELOC, sec, "it applies to no section, or uses no symbols");
	*n = (u32)(s->size / size);
	r = *out = SKEP_NEW_N(arena, struct skep_elf_rel, *n);
	for (u32 i = 0; i < *n; i++) {
		const u8 *p = s->data + (u64)i * size;
		u64 info = skep_get64(p + 8, elf->big);

		r[i].offset = skep_get64(p, elf->big);
		r[i].type = (u32)info;
		r[i].sym = (u32)(info >> 32);
		r[i].addend = rela ? (s64)skep_get64(p + 16, elf->big) : 0;
		if (r[i].sym >= elf->nsym)
			return DIAG(ds, BAD_RELOC, sec, "a symbol index is out of range");
		if (r[i].offset >= elf->sec[s->info].size)
			return DIAG(ds, BAD_RELOC, sec, "an offset lies outside the section");
	}
	return 0;
}
