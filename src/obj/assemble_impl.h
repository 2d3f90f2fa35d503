/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the two files that assemble the text form: the state, and where things stand. */
#ifndef SKEP_OBJ_ASSEMBLE_IMPL_H
#define SKEP_OBJ_ASSEMBLE_IMPL_H

#include "obj/text_impl.h"

struct assembler {
	struct t_unit *u;
	struct skep_elf *e;
	u32 *secsym;					/* by section: its symbol, 0: none */
	SKEP_VEC(rels_vec, struct skep_elf_rel) * rels; /* by section: of its instructions */
	u32 btf, ext;
	struct skep_hmap btf_str;
	const u8 *btf_strs;
	u32 btf_str_len;
	bool has_btf_str;
	SKEP_VEC(more_vec, const char *) more; /* strings to add to .BTF */
	u32 more_len;
};

#define SEC(a, i) ((a)->u->sec.v[i])

static inline int err_name(struct assembler *a, const char *what, const char *name, u32 line,
			   u32 col)
{
	return TEXT_ERR(a->u, TEXT_NAME, line, col, what, name);
}

/* "#12" or the name of a section. */
static inline int section_ref(struct assembler *a, const char *s, u32 line, u32 *out)
{
	u64 v;

	if (s[0] == '#' && skep_text_num(s + 1, &v) && v <= UINT32_MAX) {
		*out = (u32)v;
		return 0;
	}
	return skep_text_find_sec(a->u, s, out) ? 0 : err_name(a, "section", s, line, 1);
}

static inline u32 slot_of(const struct t_sec *s, u64 insn)
{
	return insn < s->insn.n ? s->insn.v[insn].slot : s->slots;
}

static inline bool is_code(const struct assembler *a, u32 sec)
{
	return sec && SEC(a, sec)->insn.n;
}

static inline u64 label_value(const struct assembler *a, const struct t_label *l)
{
	return is_code(a, l->sec) ? (u64)slot_of(SEC(a, l->sec), l->pos) * 8 : l->pos;
}

/* A string table, and the offsets of the names in it. */
void skep_assemble_names(struct assembler *a, u32 tab);
/* A relocation table: stated line by line, or of the instructions of its section. */
int skep_assemble_rels(struct assembler *a, u32 sec);
/* Look for .BTF and .BTF.ext. */
void skep_assemble_find_btf(struct assembler *a);
/* .BTF.ext of the records in the code; strings that it adds to .BTF. */
int skep_assemble_ext(struct assembler *a);

#endif
