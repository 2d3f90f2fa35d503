/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing: tables from the model, the layout, the file. Output goes to the caller's buffer. */
#include "elf/elf_impl.h"

#include <stdlib.h>

u8 *skep_elf_rel_encode(const struct skep_elf *elf, struct skep_arena *arena, const struct skep_elf_rel *r,
			u32 n, bool rela)
{
	u32 size = rela ? RELA_SIZE : REL_SIZE;
	u8 *bytes = skep_arena_calloc(arena, n, size);

	for (u32 i = 0; i < n; i++) {
		u8 *p = bytes + (u64)i * size;

		skep_put64(p, r[i].offset, elf->big);
		skep_put64(p + 8, (u64)r[i].sym << 32 | r[i].type, elf->big);
		if (rela)
			skep_put64(p + 16, (u64)r[i].addend, elf->big);
	}
	return bytes;
}

u8 *skep_elf_sym_encode(const struct skep_elf *elf, struct skep_arena *arena)
{
	u8 *bytes = skep_arena_calloc(arena, elf->nsym, SYM_SIZE);

	for (u32 i = 0; i < elf->nsym; i++) {
		const struct skep_elf_sym *s = &elf->sym[i];
		u8 *p = bytes + (u64)i * SYM_SIZE;

		skep_put32(p, s->name_off, elf->big);
		p[4] = (u8)(s->bind << 4 | s->type);
		p[5] = s->other;
		skep_put16(p + 6, s->shndx, elf->big);
		skep_put64(p + 8, s->value, elf->big);
		skep_put64(p + 16, s->size, elf->big);
	}
	return bytes;
}

struct name_ref {
	const char *s;
	size_t n;
	u32 *off;
};

/* Order by the reversed string, longest first, so that a suffix follows its owner. */
static int by_suffix(const void *a, const void *b)
{
	const struct name_ref *x = a, *y = b;
	size_t n = SKEP_MIN(x->n, y->n);

	for (size_t i = 1; i <= n; i++) {
		u8 cx = (u8)x->s[x->n - i], cy = (u8)y->s[y->n - i];

		if (cx != cy)
			return cx < cy ? 1 : -1;
	}
	return x->n == y->n ? 0 : x->n < y->n ? 1 : -1;
}

void skep_elf_strtab_build(struct skep_elf *elf, u32 strtab)
{
	struct name_ref *ref = SKEP_NEW_N(elf->arena, struct name_ref, elf->nsym + elf->nsec);
	size_t total = 1, last_off = 0;
	const struct name_ref *last = NULL;
	u32 n = 0;
	char *out;

	/* Without a table every name was read as empty. */
	if (!strtab || strtab >= elf->nsec || elf->sec[strtab].type != SKEP_SHT_STRTAB)
		return;
	if (elf->symtab && elf->sec[elf->symtab].link == strtab)
		for (u32 i = 0; i < elf->nsym; i++)
			if (elf->sym[i].type != SKEP_STT_SECTION || elf->sym[i].name_off)
				ref[n++] = (struct name_ref){elf->sym[i].name, 0, &elf->sym[i].name_off};
	if (elf->shstrndx == strtab)
		for (u32 i = 0; i < elf->nsec; i++)
			ref[n++] = (struct name_ref){elf->sec[i].name, 0, &elf->sec[i].name_off};
	for (u32 i = 0; i < n; i++) {
		ref[i].n = strlen(ref[i].s);
		total += ref[i].n + 1;
	}
	qsort(ref, n, sizeof(*ref), by_suffix);
	out = skep_arena_alloc(elf->arena, total);
	total = 1;
	for (u32 i = 0; i < n; i++) {
		struct name_ref *r = &ref[i];

		if (!r->n) {
			*r->off = 0;
			continue;
		}
		if (last && r->n <= last->n && memcmp(last->s + last->n - r->n, r->s, r->n) == 0) {
			*r->off = (u32)(last_off + last->n - r->n);
			continue;
		}
		memcpy(out + total, r->s, r->n);
		last = r;
		last_off = total;
		*r->off = (u32)total;
		total += r->n + 1;
	}
	elf->sec[strtab].data = (u8 *)out;
	elf->sec[strtab].size = total;
}

struct placed {
	u64 offset;
	u32 sec;
};

static int by_offset(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->sec < y->sec ? -1 : x->sec > y->sec;
}

/* Section indices in the order of their old offsets; by index for equal ones. [0] is the null section. */
static struct placed *file_order(const struct skep_elf *elf)
{
	struct placed *order = SKEP_NEW_N(elf->arena, struct placed, elf->nsec);

	for (u32 i = 1; i < elf->nsec; i++)
		order[i] = (struct placed){elf->sec[i].offset, i};
	if (elf->nsec > 1)
		qsort(order + 1, elf->nsec - 1, sizeof(*order), by_offset);
	return order;
}

static u64 align_up(u64 v, u64 align)
{
	return align > 1 ? (v + align - 1) & ~(align - 1) : v;
}

static void layout(struct skep_elf *elf, const struct placed *order)
{
	u64 pos = EHDR_SIZE;

	for (u32 k = 1; k < elf->nsec; k++) {
		struct skep_elf_sec *s = &elf->sec[order[k].sec];

		pos = align_up(pos, s->align);
		s->offset = pos;
		if (skep_elf_has_bytes(s->type))
			pos += s->size;
	}
	elf->shoff = align_up(pos, 8);
}

static void put_ehdr(const struct skep_elf *e, u8 *p)
{
	memcpy(p, e->ident, 16);
	skep_put16(p + 16, SKEP_ELF_REL, e->big);
	skep_put16(p + 18, e->machine, e->big);
	skep_put32(p + 20, 1, e->big);
	skep_put64(p + 40, e->shoff, e->big);
	skep_put32(p + 48, e->flags, e->big);
	skep_put16(p + 52, EHDR_SIZE, e->big);
	skep_put16(p + 58, SHDR_SIZE, e->big);
	skep_put16(p + 60, (u16)e->nsec, e->big);
	skep_put16(p + 62, (u16)e->shstrndx, e->big);
}

static void put_shdr(const struct skep_elf *e, const struct skep_elf_sec *s, u8 *p)
{
	skep_put32(p, s->name_off, e->big);
	skep_put32(p + 4, s->type, e->big);
	skep_put64(p + 8, s->flags, e->big);
	skep_put64(p + 16, s->addr, e->big);
	skep_put64(p + 24, s->offset, e->big);
	skep_put64(p + 32, s->size, e->big);
	skep_put32(p + 40, s->link, e->big);
	skep_put32(p + 44, s->info, e->big);
	skep_put64(p + 48, s->align, e->big);
	skep_put64(p + 56, s->entsize, e->big);
}

u8 *skep_elf_build(struct skep_elf *elf, bool keep_layout, size_t *len)
{
	u64 end;
	u8 *file;

	if (!keep_layout)
		layout(elf, file_order(elf));
	end = elf->shoff + (u64)elf->nsec * SHDR_SIZE;
	for (u32 i = 1; i < elf->nsec; i++)
		if (skep_elf_has_bytes(elf->sec[i].type))
			end = SKEP_MAX(end, elf->sec[i].offset + elf->sec[i].size);
	if (keep_layout && elf->image)
		end = SKEP_MAX(end, elf->image_len);
	file = skep_arena_alloc(elf->arena, end);
	/* What no header describes (gaps, trailing bytes) is kept as it was. */
	if (keep_layout && elf->image)
		memcpy(file, elf->image, elf->image_len);
	else
		put_ehdr(elf, file);
	for (u32 i = 0; i < elf->nsec; i++) {
		const struct skep_elf_sec *s = &elf->sec[i];

		put_shdr(elf, s, file + elf->shoff + (u64)i * SHDR_SIZE);
		if (s->data && skep_elf_has_bytes(s->type))
			memcpy(file + s->offset, s->data, s->size);
	}
	*len = end;
	return file;
}

int skep_elf_write(struct skep_elf *elf, bool keep_layout, struct skep_buf *out)
{
	size_t len;
	u8 *file = skep_elf_build(elf, keep_layout, &len);

	skep_buf_add(out, file, len);
	return out->failed ? SKEP_ENOMEM : 0;
}
