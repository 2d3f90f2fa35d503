/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * btf: the .BTF and .BTF.ext sections: types, names, function, line and CO-RE
 * records. Reads lazily over the section's bytes, which must outlive it.
 * Read-only after reading, so safe from any thread.
 */
#ifndef SKEP_BTF_H
#define SKEP_BTF_H

#include "base/base.h"

enum skep_btf_kind {
#define KIND(id, name, text, fixed, each) SKEP_BTF_##name = id,
#include "btf/kind.def"
	SKEP_BTF_KINDS
};

struct skep_btf {
	bool big;
	const u8 *data; /* the section */
	size_t len;
	u32 *off;	/* of each type in data; [0] is void and unused */
	u32 ntypes;	/* including void */
	const char *str;
	u32 str_len;
	const struct skep_btf_index *index; /* or NULL: see skep_btf_index() */
};

/* A type's fixed part. `ref` is the size or the type that it refers to, by kind. */
struct skep_btf_type {
	const char *name; /* "" when it has none */
	u32 id, ref, vlen;
	u8 kind;
	bool kflag;
	const u8 *more; /* what follows the fixed part */
};

/* A member, parameter, enumerator or variable of a section. */
struct skep_btf_member {
	const char *name;
	u32 type;
	u32 off;   /* struct, union: bits; DATASEC: bytes */
	u32 size;  /* bit-field size in bits, 0: none; DATASEC: bytes */
	s64 value; /* enumerators */
};

/* Read and check. SKEP_EINPUT with diagnostics; *out is in the arena. */
int skep_btf_read(const void *data, size_t len, bool big, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_btf **out);
/* The string at an offset of the string section, or NULL. */
const char *skep_btf_str(const struct skep_btf *btf, u32 off);
/* False when there is no such type. */
bool skep_btf_get(const struct skep_btf *btf, u32 id, struct skep_btf_type *out);
/* Member i of a type that has members (i < vlen). */
bool skep_btf_member(const struct skep_btf *btf, const struct skep_btf_type *t, u32 i,
		     struct skep_btf_member *out);
/* Element type and count of an array. */
void skep_btf_array(const struct skep_btf *btf, const struct skep_btf_type *t, u32 *elem, u32 *n);
/* Through typedefs and qualifiers; false when the chain leads nowhere. */
bool skep_btf_resolve(const struct skep_btf *btf, u32 id, struct skep_btf_type *out);
/* Size of a value in bytes, or -1 when it has none. */
s64 skep_btf_size(const struct skep_btf *btf, u32 id);
/* The id of the first type of that kind and name, or 0. Quick once there is an index. */
u32 skep_btf_find(const struct skep_btf *btf, u32 kind, const char *name);
/* Make the index of names, if there is none yet. It must live as long as `btf`. */
void skep_btf_index(struct skep_btf *btf, struct skep_arena *arena);
/* Length of a name without its flavour: 11 of "task_struct___old". */
size_t skep_btf_essential(const char *name);
/* The next type behind `after` (0: the first) whose name without flavour is these n bytes, or 0. */
u32 skep_btf_next(const struct skep_btf *btf, const char *name, size_t n, u32 after);

/* --- modules of the kernel (split.c) --- */
/* Has the module's BTF, which goes on behind `base`, a type of that kind and name? */
bool skep_btf_split_has(const struct skep_btf *base, const void *data, size_t len, u32 kind, const char *name);
/*
 * `all` (the kernel's own types `base`, perhaps with modules' behind them) with those of one more module.
 * SKEP_EINPUT with diagnostics; *out is in the arena, and has no index.
 */
int skep_btf_join(const struct skep_btf *base, const struct skep_btf *all, const void *split, size_t len,
		  struct skep_arena *arena, struct skep_diags *ds, struct skep_btf **out);

/* --- structs of operations (graft.c) --- */
/*
 * The records and strings of struct `id` of `from`, of all that it refers to, and of struct
 * bpf_struct_ops_NAME, which a map of it has for its value; they go on behind `all`. With the struct
 * come the functions NAME__MEMBER, whose parameters tell more. SKEP_EINPUT: of another byte order.
 */
int skep_btf_ops_take(const struct skep_btf *all, const struct skep_btf *from, u32 id,
		      struct skep_arena *arena, struct skep_buf *types, struct skep_buf *str);
/* `all` with such records behind it, as skep_btf_join(). */
int skep_btf_append(const struct skep_btf *all, const struct skep_buf *types,
		    const struct skep_buf *str, struct skep_arena *arena, struct skep_diags *ds,
		    struct skep_btf **out);

/* What a read of a struct finds. */
enum skep_walk_what {
	SKEP_WALK_SCALAR,
	SKEP_WALK_PTR,	     /* a pointer to the struct or union `type` */
	SKEP_WALK_PTR_OTHER, /* a pointer to `type`, which is no struct (0: void) */
};
enum skep_btf_flag {
	SKEP_BTF_USER = 1, /* type tags of the pointer */
	SKEP_BTF_PERCPU = 2,
	SKEP_BTF_RCU = 4,
	SKEP_BTF_UNION_MEMBER = 8, /* it lies in a union of several members: nothing is sure of a pointer */
};
struct skep_btf_walk {
	u8 what;	    /* enum skep_walk_what */
	u8 flags;	    /* enum skep_btf_flag */
	u32 type;	    /* of a pointer: what it points to, without qualifiers */
	u32 in;		    /* the innermost struct that it is a member of */
	const char *member; /* the member's name; "" or NULL: none */
};
/* What do `size` bytes at `off` of a struct or union hold? False: no read may touch just these. */
bool skep_btf_walk(const struct skep_btf *btf, u32 id, s64 off, u32 size, struct skep_btf_walk *out);
/* Has the type numbers only, so that any bytes will do? */
bool skep_btf_numbers(const struct skep_btf *btf, u32 id);
/* The type tags (enum skep_btf_flag) of a PTR. */
u32 skep_btf_pointer_tags(const struct skep_btf *btf, const struct skep_btf_type *ptr);

/* --- .BTF.ext ------------------------------------------------------------- */

struct skep_func_rec {
	u32 off, type; /* bytes in the section; FUNC type */
};
struct skep_line_rec {
	u32 off, file, text, line_col; /* string offsets; line << 10 | column */
};
struct skep_core_rec {
	u32 off, type, access, kind; /* access: string offset */
};
static inline u32 skep_line_no(const struct skep_line_rec *l)
{
	return l->line_col >> 10;
}
static inline u32 skep_line_column(const struct skep_line_rec *l)
{
	return l->line_col & 1023;
}

/* The records of one section, in the file's order. */
struct skep_ext_sec {
	u32 name; /* string offset */
	const char *name_str;
	u32 n;
	union {
		struct skep_func_rec *func;
		struct skep_line_rec *line;
		struct skep_core_rec *core;
	};
};
struct skep_ext_list {
	u32 n, rec_size;
	struct skep_ext_sec *sec;
};
struct skep_btf_ext {
	u32 hdr_len;
	struct skep_ext_list func, line, core;
};
int skep_btf_ext_read(const void *data, size_t len, const struct skep_btf *btf, struct skep_arena *arena,
		      struct skep_diags *ds, struct skep_btf_ext **out);
/* Bytes of a .BTF.ext section with these records; empty sections are left out. */
void skep_btf_ext_encode(const struct skep_btf_ext *ext, bool big, struct skep_buf *out);
/* Name of a CO-RE relocation kind, such as "byte_off". */
const char *skep_core_kind_name(u32 kind);

extern const struct skep_diag_def skep_btf_diags[];
extern const u32 skep_btf_ndiags;

#endif
