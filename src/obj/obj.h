/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * obj: a compiled object file to the model and back. The file's image must
 * outlive the handle. One thread at a time per handle.
 */
#ifndef SKEP_OBJ_H
#define SKEP_OBJ_H

#include "elf/elf.h"
#include "ir/ir.h"

struct skep_objfile {
	struct skep_obj *obj; /* the model; edit this */
	struct skep_elf *elf; /* everything else of the file */
	/* What skep_obj_prune() took out; NULL: nothing. By section and by symbol of the file as it was read. */
	u8 *sec_gone, *sym_gone;
	const u8 *btf; /* the section .BTF instead of the file's, or NULL */
	size_t btf_len;
};

/*
 * Read an object. On success *out is in the arena. SKEP_EINPUT with
 * diagnostics when the file is malformed, SKEP_ENOMEM.
 */
int skep_obj_read(const void *image, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_objfile **out);

enum skep_write_flag {
	SKEP_WRITE_REMAKE = 1, /* make everything anew although nothing was edited (for tests) */
	SKEP_WRITE_KEEP_ALL = 2, /* with REMAKE: do not drop what an edit would make stale */
};
/*
 * Write the object. Byte-identical when nothing was edited; otherwise code,
 * relocations, symbols and BTF.ext are made anew, and what an edit would leave
 * stale (debug sections, relocations of BTF.ext, address-significance tables)
 * is left out. May be called more than once.
 */
int skep_obj_write(const struct skep_objfile *file, u32 flags, struct skep_diags *ds, struct skep_buf *out);
/* The arena of an object and the variables that lie in it, or NULL. */
struct skep_map *skep_obj_arena(const struct skep_obj *o);
const struct skep_dsec *skep_obj_arena_data(const struct skep_obj *o);
/*
 * Make the addresses of variables in the arena numbers: it will be at `start` for user space, and
 * the variables at its start. What is written then is for a loader that knows no such variables. 0
 * or SKEP_ENOMEM.
 */
int skep_obj_place_arena(struct skep_objfile *file, u64 start);
/* Was any function edited since it was read? */
bool skep_obj_edited(const struct skep_obj *obj);
/* The map that an LDDW of kind SKEP_REF_MAP loads, or NULL. */
struct skep_map *skep_insn_map(const struct skep_obj *obj, const struct skep_insn *i);

/*
 * The text form. Short: maps, data and code for people; it can be parsed when
 * the object needs no BTF of its own (CO-RE, externs). Whole: everything;
 * parsing it gives an object that is written with the same bytes, and after a
 * change of the text everything that speaks of places is made anew.
 */
enum skep_print_flag {
	SKEP_PRINT_WHOLE = 1,
};
int skep_obj_print(const struct skep_objfile *file, u32 flags, struct skep_buf *out);
/* SKEP_EINPUT with diagnostics that have line and column. The text may go away afterwards. */
int skep_obj_parse(const char *text, size_t len, struct skep_arena *arena, struct skep_diags *ds,
		   struct skep_objfile **out);

/*
 * A program as bpf(2) takes it: the entry function and everything it calls,
 * one after the other, calls and branches resolved. References stay symbolic:
 * `fix` lists the slots to patch.
 */
struct skep_fixup {
	u32 slot;
	const struct skep_insn *insn; /* its ref, sym, callee */
};
struct skep_image {
	u8 *code; /* little-endian slots */
	u32 slots;
	struct skep_fixup *fix;
	u32 nfix;
	const struct skep_insn **insn; /* of each slot; second slots of an LDDW: NULL */
	u32 *func_slot;		       /* by func->index: first slot, or UINT32_MAX */
};
int skep_obj_join(const struct skep_obj *obj, const struct skep_func *prog, struct skep_arena *arena,
		  struct skep_image **out);

/*
 * CO-RE: what the records of an object mean on a machine whose kernel's types are `target`
 * (give it an index: skep_btf_index()). The rules are libbpf's.
 */
enum { SKEP_CORE_POISON = 195896080 }; /* the helper that libbpf calls where nothing fits */
struct skep_core_value {
	u64 value;
	bool poison; /* the target has no such thing: the instruction must never be reached */
	u8 size;     /* a load or store gets this width, 0: keeps its own */
};
struct skep_core_stats {
	u32 records, poisoned, failed;
};
struct skep_core;
int skep_core_new(const struct skep_btf *local, struct skep_btf *target, struct skep_arena *arena,
		  struct skep_core **out);
/*
 * What the record of one instruction comes to. SKEP_EINPUT with a diagnostic when libbpf would refuse
 * the object: a malformed record, types of the target that disagree, a value that does not fit. Candidates
 * get fewer as records rule them out, so ask in the order of the file.
 */
int skep_core_compute(struct skep_core *c, const struct skep_insn *i, struct skep_diags *ds,
		      struct skep_core_value *out);
/* Write the value into the instruction, which has no record afterwards. */
void skep_core_apply(struct skep_obj *obj, struct skep_insn *i, const struct skep_core_value *v);
/*
 * Both for all records of an object, which is then good for this target only. SKEP_EINPUT when some
 * failed (they keep their records). `stats` may be NULL.
 */
int skep_core_resolve(struct skep_obj *obj, struct skep_btf *target, struct skep_arena *arena,
		      struct skep_diags *ds, struct skep_core_stats *stats);

/* --- variables that can be set before loading (vars.c) ------------------------------ */

/* A variable of read-only data, an extern of the kernel's configuration, or a scalar or string in one. */
struct skep_var {
	const char *name;	      /* as in C: "cfg.ports[2]"; in the arena */
	struct skep_dsec *dsec;	      /* NULL: an extern */
	u32 sym;		      /* of the extern */
	u64 off;		      /* in the section; of an extern: 0 or inside of it */
	u32 size;
	u32 type;		      /* BTF */
};
/* SKEP_EINPUT with a diagnostic when there is no such variable, or it cannot be set. */
int skep_var_find(const struct skep_objfile *file, const char *path, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_var *out);
/*
 * Its bytes for a value as text: a number (decimal, 0x, negative), true and false, the name of an
 * enumerator, text for arrays of characters, bare or in double quotes. SKEP_EINPUT with a diagnostic when the type has no such value.
 */
int skep_var_parse(const struct skep_objfile *file, const struct skep_var *v, const char *text, struct skep_arena *arena,
		   struct skep_diags *ds, struct skep_fixed *out);
/* Put them into the object (an extern has no place there). */
void skep_var_set(struct skep_objfile *file, const struct skep_fixed *x);
/* All that can be set; arrays of more than 16 elements only by their first. */
struct skep_vars {
	struct skep_var *v;
	u32 n, cap;
};
void skep_var_list(const struct skep_objfile *file, struct skep_arena *arena, struct skep_vars *out);
/* The type as in C, and the present value ("-" for an extern). */
void skep_var_print_type(const struct skep_objfile *file, const struct skep_var *v, struct skep_buf *out);
void skep_var_print_value(const struct skep_objfile *file, const struct skep_var *v, struct skep_buf *out);

/* --- taking out what is not used (prune.c) ------------------------------------------- */

/* What the code refers to: by map index, by symbol. */
struct skep_uses {
	u8 *map, *sym;
};
void skep_obj_uses(const struct skep_obj *obj, struct skep_arena *arena, struct skep_uses *out);
enum skep_prune_flag { SKEP_PRUNE_FUNCS = 1, SKEP_PRUNE_MAPS = 2, SKEP_PRUNE_EXTERNS = 4 };
struct skep_pruned {
	const char **func, **map, **ext; /* names */
	u32 nfunc, nmap, next;
};
/*
 * Take out the programs that `drop` marks (by func->index, may be NULL) unless data refers to them, functions
 * that nothing reaches any more, and the maps and externs that the code used in `before` and does not use now.
 * Pinned maps, those of old definitions, and maps that others hold from the start stay. Indices of functions
 * and maps are new afterwards.
 */
int skep_obj_prune(struct skep_objfile *file, const struct skep_uses *before, const u8 *drop, u32 flags,
		   struct skep_diags *ds, struct skep_pruned *out);

extern const struct skep_diag_def skep_obj_diags[];
extern const u32 skep_obj_ndiags;

#endif
