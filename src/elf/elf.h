/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf: ELF64 relocatable objects in and out, both byte orders. What is read is
 * plain data in the caller's arena; section contents point into the caller's
 * file image, which must outlive them. Writing an untouched object gives back
 * its bytes. Not thread-safe per object.
 */
#ifndef SKEP_ELF_H
#define SKEP_ELF_H

#include "base/base.h"

enum { SKEP_ELF_REL = 1, SKEP_EM_NONE = 0, SKEP_EM_BPF = 247 };
enum { SKEP_SHT_NULL = 0, SKEP_SHT_PROGBITS = 1, SKEP_SHT_SYMTAB = 2, SKEP_SHT_STRTAB = 3,
       SKEP_SHT_RELA = 4, SKEP_SHT_NOBITS = 8, SKEP_SHT_REL = 9,
       SKEP_SHT_ADDRSIG = 0x6fff4c03 };
enum { SKEP_SHF_WRITE = 1, SKEP_SHF_ALLOC = 2, SKEP_SHF_EXEC = 4 };
enum { SKEP_STB_LOCAL = 0, SKEP_STB_GLOBAL = 1, SKEP_STB_WEAK = 2 };
enum { SKEP_STT_NOTYPE = 0, SKEP_STT_OBJECT = 1, SKEP_STT_FUNC = 2, SKEP_STT_SECTION = 3, SKEP_STT_FILE = 4 };
enum { SKEP_SHN_UNDEF = 0, SKEP_SHN_LORESERVE = 0xff00, SKEP_SHN_ABS = 0xfff1, SKEP_SHN_COMMON = 0xfff2 };
/* Relocation types of EM_BPF. */
enum { SKEP_R_NONE = 0, SKEP_R_64_64 = 1, SKEP_R_ABS64 = 2, SKEP_R_ABS32 = 3, SKEP_R_NODYLD32 = 4,
       SKEP_R_64_32 = 10 };

struct skep_elf_sec {
	const char *name;
	u32 name_off, type, link, info;
	u64 flags, addr, offset, size, align, entsize;
	const u8 *data; /* `size` bytes; NULL for NOBITS and empty sections */
};

struct skep_elf_sym {
	const char *name; /* "" when it has none */
	u32 name_off;
	u8 bind, type, other;
	u16 shndx;
	u64 value, size;
};

struct skep_elf_rel {
	u64 offset; /* bytes in the section that it applies to */
	u32 type, sym;
	s64 addend; /* RELA only */
};

struct skep_elf {
	struct skep_arena *arena;
	bool big;
	u8 ident[16];
	u16 machine;
	u32 flags;
	u64 shoff;
	u32 nsec, nsym;
	u32 shstrndx, symtab; /* section indices; symtab 0: none */
	struct skep_elf_sec *sec;
	struct skep_elf_sym *sym;
	u32 *rel_of;	 /* by section: its relocation table; NULL: not indexed (see skep_elf_index_rels) */
	const u8 *image; /* the file as it was read, or NULL */
	size_t image_len;
};

/* Does a section of this type take bytes of the file? */
static inline bool skep_elf_has_bytes(u32 type)
{
	return type != SKEP_SHT_NULL && type != SKEP_SHT_NOBITS;
}

/*
 * Read the image. On success *out points into the arena and the image. Every
 * count and offset is checked against the length. SKEP_EINPUT with diagnostics,
 * SKEP_ENOMEM.
 */
int skep_elf_read(const void *image, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_elf **out);
/* The section by name, its index in *index when not NULL; or NULL. */
struct skep_elf_sec *skep_elf_find(const struct skep_elf *elf, const char *name, u32 *index);
/* Relocations of a REL or RELA section; their symbol indices are checked. */
int skep_elf_rels(const struct skep_elf *elf, u32 sec, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_elf_rel **out, u32 *n);
/* Fill elf->rel_of, which must be dropped (set to NULL) when the sections change. */
void skep_elf_index_rels(struct skep_elf *elf);
/* The REL or RELA section that applies to `target`, or 0. */
u32 skep_elf_rel_section(const struct skep_elf *elf, u32 target);
/* Bytes of relocation entries in the object's order, for a REL (or RELA) section. */
u8 *skep_elf_rel_encode(const struct skep_elf *elf, struct skep_arena *arena, const struct skep_elf_rel *r,
			u32 n, bool rela);
/* Bytes of the symbol table from elf->sym. */
u8 *skep_elf_sym_encode(const struct skep_elf *elf, struct skep_arena *arena);
/*
 * Rebuild the string table at section `strtab` from the names of the symbols
 * (and sections, when it holds those), suffixes shared; sets all name_off.
 */
void skep_elf_strtab_build(struct skep_elf *elf, u32 strtab);
/*
 * Write. With `keep_layout` every section stays at its offset (sizes must not
 * have changed); otherwise sections are laid out anew in their order in the
 * file, without gaps beyond alignment.
 */
int skep_elf_write(struct skep_elf *elf, bool keep_layout, struct skep_buf *out);
/* The same into the elf's arena; sets the offsets of the sections. */
u8 *skep_elf_build(struct skep_elf *elf, bool keep_layout, size_t *len);

extern const struct skep_diag_def skep_elf_diags[];
extern const u32 skep_elf_ndiags;

#endif
