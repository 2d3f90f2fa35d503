/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to obj: what the parts of the reader share. */
#ifndef SKEP_OBJ_IMPL_H
#define SKEP_OBJ_IMPL_H

#include "obj/obj.h"

enum {
#define D(name, code, sev, text, explain) OBJ_D_##name,
#include "obj/diag.def"
#undef D
};

/* A code section while it is read: which instruction starts at which slot. */
struct code {
	struct skep_csec *sec;
	struct skep_insn **at; /* slots_read + 1 entries; NULL inside an LDDW and at the end */
};

struct reader {
	struct skep_objfile *file;
	struct skep_obj *obj;
	struct skep_elf *elf;
	struct skep_arena *arena;
	struct skep_diags *ds;
	struct code *code; /* one per code section */
	u32 ncode;
	u32 *code_of; /* by ELF section: index + 1 into code, or 0 */
	struct skep_hmap code_named, func_recs; /* by section name */
	u32 *first_sym, *sym_list; /* symbols by section: list[first[s]] to list[first[s + 1] - 1] */
};

#define OBJ_DEF(name) (&skep_obj_diags[OBJ_D_##name])

/* Place of a slot in a code section. */
struct skep_diag_place skep_obj_place(const struct skep_csec *sec, const char *func, s64 slot);
struct code *skep_obj_code(const struct reader *r, u32 elf_sec);
/* The symbols of a section, in the file's order. */
const u32 *skep_obj_syms(const struct reader *r, u32 elf_sec, u32 *n);
/* The function that starts at a slot, or NULL. */
struct skep_func *skep_obj_func_at(const struct code *c, u64 slot);
int skep_obj_read_maps(struct reader *r);
/* Which struct members functions implement; after symbols, BTF and data sections. */
int skep_obj_read_ops(struct reader *r);
/* Read .BTF and .BTF.ext into the object; attach the records once the code is read. */
int skep_obj_read_btf(struct reader *r);
int skep_obj_attach_ext(struct reader *r);
/* The function records of a section, or NULL. */
const struct skep_ext_sec *skep_obj_func_recs(const struct reader *r, const char *section);

/* --- functions that the file had not (made.c) --- */

struct made_types {
	u32 *func; /* by index: the type of a made function; NULL: there is none, or no need */
	u32 text;  /* ".text" among the strings */
};
/* Their symbols, behind the others (so local ones are not in front of all global ones). */
void skep_obj_made_symbols(const struct skep_obj *o, struct skep_elf *e, struct skep_arena *arena);
/* A table of relocations for a section that had none; returns its index. */
u32 skep_obj_made_relocs(struct skep_elf *e, const struct skep_csec *c, struct skep_arena *arena);
/* Their types, at the end of section .BTF, which is `s`. */
int skep_obj_made_types(const struct skep_objfile *file, struct skep_elf_sec *s, struct skep_arena *arena,
			struct skep_diags *ds, struct made_types *out);
struct skep_ext_list skep_obj_made_list(const struct skep_ext_list *l, const struct made_types *t,
					struct skep_arena *arena);

#endif
