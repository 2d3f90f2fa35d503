/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to the text form: the unit that the parser fills and the assembler
 * turns into a file. Everything is in the unit's arena; spans of the text are
 * copied, so the text may go away.
 */
#ifndef SKEP_OBJ_TEXT_IMPL_H
#define SKEP_OBJ_TEXT_IMPL_H

#include "obj/obj_impl.h"

/* How a reference to a function is written into the file. */
enum t_how { T_HOW_DEFAULT, T_HOW_INPLACE, T_HOW_SYM, T_HOW_SEC };

/* A string of .BTF: by its text, or by its offset. */
struct t_bstr {
	const char *s; /* NULL: the offset is given */
	u32 off;
};

struct t_line {
	struct t_bstr file, text;
	u32 no, col;
};

struct t_core {
	struct t_bstr access;
	u32 type, kind;
};

struct t_insn {
	struct skep_ins in;
	u32 lineno, col; /* in the text */
	u32 func;	 /* index + 1 of the function, 0: none */
	u32 slot;
	const char *sym, *label; /* symbolic operand, branch target */
	u32 target;		 /* instruction of the label */
	s64 imm;		 /* "!imm=" */
	u8 how, src;		 /* enum t_how; "!src=" */
	bool has_imm, has_src;
	const struct t_line *line;
	const struct t_core *core;
};

struct t_func {
	const char *name;
	u32 sec, first, end; /* instructions of the section */
	u32 type, lineno;
	u8 bind;
};

/* A named place. In code `pos` is an instruction, in data a byte. */
struct t_label {
	const char *name;
	u32 sec, lineno;
	u64 pos, next;	     /* next: of the label after it in data, or the end */
	struct t_func *func; /* starts there */
	u32 size;	     /* .var size= in the short form */
	u8 bind;
};

struct t_rel {
	u64 off;
	u32 type, lineno;
	s64 addend;
	const char *sym, *at; /* at: function whose place is the addend, or NULL */
};

struct t_sec {
	const char *name, *id;
	u32 index, lineno;
	u32 type, sum;
	u64 flags, addr, align, entsize, offset, size;
	const char *link, *info; /* name or "#number" */
	bool has_type, has_flags, has_align, has_entsize, has_offset, has_size, has_sum, automatic;
	SKEP_VEC(t_bytes, u8) data;
	u64 zeros; /* size of NOBITS */
	SKEP_VEC(t_insns, struct t_insn) insn;
	SKEP_VEC(t_rels, struct t_rel) rel;
	SKEP_VEC(t_labels, struct t_label *) label;
	u32 slots;
	u32 str; /* name_off when has_str */
	bool has_str;
};

struct t_sym {
	const char *id, *name; /* name: NULL: as the id, none for sections */
	const char *in;	       /* section or "#number", or NULL */
	u64 value, size;
	u32 str, lineno;
	u8 bind, type, other;
	bool has_value, has_size, has_str;
};

struct t_map {
	const char *name;
	u32 field[8]; /* in the order of skep_text_map_fields */
	u32 lineno;
};
enum { T_MAP_FIELDS = 6 };
extern const char *const skep_text_map_keys[T_MAP_FIELDS];

struct t_patch {
	u64 off;
	const u8 *bytes;
	u32 n;
};

struct t_unit {
	struct skep_arena *arena;
	struct skep_diags *ds;
	const char *text;
	size_t len;
	bool big, whole; /* whole: the text states its tables */
	u16 machine;
	u32 flags;
	u64 shoff;
	bool has_shoff;
	u8 ident[16];
	const char *shstr, *license;
	SKEP_VEC(t_secs, struct t_sec *) sec; /* [0] is the null section */
	SKEP_VEC(t_syms, struct t_sym) sym;   /* [0] is the null symbol */
	SKEP_VEC(t_funcs, struct t_func *) func;
	SKEP_VEC(t_maps, struct t_map) map;
	SKEP_VEC(t_patches, struct t_patch) patch;
	SKEP_VEC(t_exts, struct t_sym) extern_;
	struct skep_hmap secs, syms, labels, locals; /* by name */
	/* Order of the sections of each list of .BTF.ext, and which lists there are. */
	SKEP_VEC(t_order, const char *) ext_order[3];
	u32 ext_hdr, ext_lists;
	bool has_ext;
};

/* A place in the text for diagnostics. */
struct t_pos {
	u32 line, col;
};
struct skep_diag_place skep_text_place(const struct t_unit *u, u32 line, u32 col);
#define TEXT_ERR(u, name, line, col, ...)                                                          \
	skep_diag((u)->ds, OBJ_DEF(name), skep_text_place((u), (line), (col)), ##__VA_ARGS__)

/* --- words of a line (lex.c) --- */

struct t_lex {
	struct t_unit *u;
	const char *start, *p, *end; /* of the line, its comment cut off */
	u32 lineno;
};
/* Cut the comment off and set up the line. */
void skep_lex_init(struct t_lex *l, struct t_unit *u, const char *line, size_t n, u32 lineno);
bool skep_lex_end(struct t_lex *l);
u32 skep_lex_col(const struct t_lex *l);
/* The next word (up to a blank), or a quoted string without its quotes. NULL at the end. */
int skep_lex_word(struct t_lex *l, const char **out);
/* A quoted string; *n may count NUL bytes inside. */
int skep_lex_string(struct t_lex *l, const char **out, u32 *n);
int skep_lex_num(struct t_lex *l, u64 *out);
/* "key", "key=word" or "key=\"string\"": the value "" without one. False at the end of the line. */
struct t_attr {
	const char *key, *val;
	u32 col;
};
int skep_lex_attr(struct t_lex *l, struct t_attr *out, bool *more);
/* A whole number in decimal or hex, negative ones wrap. */
bool skep_text_num(const char *s, u64 *out);

/* --- names of enumerations, shared by printer and parser (names.c) --- */

extern const char *const skep_text_bind[3], *const skep_text_symtype[5],
						    *const skep_text_ext_lists[3];
/* The number of a name in a list, or of a decimal or hex number; false when neither. */
bool skep_text_enum(const char *const *names, u32 n, const char *s, u32 *out);
const char *skep_text_sectype(u32 type); /* or NULL */
bool skep_text_sectype_num(const char *s, u32 *out);
const char *skep_text_reltype(u32 type); /* or NULL */
bool skep_text_reltype_num(const char *s, u32 *out);
/* Defaults of a section by its name and type. */
u32 skep_text_default_type(const char *name);
u64 skep_text_default_flags(const char *name, u32 type);
u64 skep_text_default_entsize(u32 type);
/* May the name stand in the text as it is? */
bool skep_text_plain(const char *s);

/* How a function is referred to unless the text says otherwise. */
u8 skep_text_default_how(bool call, bool local, bool same_section);

/* Parse the directives and instructions into the unit. */
int skep_text_read_unit(struct t_unit *u);
int skep_text_insn(struct t_lex *l, struct t_sec *s, const struct t_line *line,
		   const struct t_core *core);
/* Add what a hand-written text leaves out: symbols, string tables, relocation tables, maps and
 * their BTF. */
int skep_text_complete(struct t_unit *u);
struct t_sec *skep_text_add_sec(struct t_unit *u, const char *name, u32 lineno);
struct t_sec *skep_text_find_sec(const struct t_unit *u, const char *id, u32 *index);
struct t_sym *skep_text_find_sym(const struct t_unit *u, const char *id, u32 *index);
struct t_label *skep_text_find_label(const struct t_unit *u, const char *id);

struct t_image {
	u8 *bytes;
	size_t len;
	struct skep_elf elf; /* sections with their contents, as placed */
	bool kept;	     /* every section stands where the text says that it stood */
	bool edited;	     /* some code is not what the text says it was */
};
/* Text to the bytes of an object; everything in the arena. */
int skep_text_assemble(const char *text, size_t len, struct skep_arena *arena,
		       struct skep_diags *ds, struct t_image *out);

/* --- printing --- */

/* A symbol that is a named place in its section's text. */
struct p_place {
	u64 value, next; /* next: of the place after it, or the section's end */
	u32 sym;
};

struct printer {
	const struct skep_objfile *file;
	const struct skep_obj *obj;
	const struct skep_elf *elf;
	struct skep_arena *arena;
	struct skep_buf *out;
	bool whole;
	bool *raw;		       /* by section: print bytes, not what they mean */
	const char **sec_id;	       /* by section */
	const char **sym_id;	       /* by symbol */
	const char **func_id;	       /* by function */
	const struct skep_csec **code; /* by section, NULL: none or raw */
	struct p_place **place;	       /* by section, by value */
	u32 *nplace;
	struct p_place **place_of; /* by symbol, NULL: not a place in the text */
	struct skep_hmap btf_str;  /* string to offset + 1 */
	struct skep_hmap *names;   /* by section: strings of a raw string table, or NULL */
	u32 file_off;		   /* last .file, UINT32_MAX: none */
};
void skep_print_bytes(struct skep_buf *out, const u8 *p, u64 n);
void skep_print_str(struct skep_buf *out, const char *s, size_t n);
void skep_print_code(struct printer *p, const struct skep_csec *c);
/* The names of sections, symbols and functions, and the places of symbols. */
void skep_print_ids(struct printer *p);
void skep_text_index_strings(struct skep_hmap *m, const char *p, size_t len);

#endif
