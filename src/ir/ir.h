/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ir: the model of an object: code sections, functions, instructions with
 * their metadata, maps, data sections, symbols. There is no branch offset and
 * no slot number in it: targets, callees and symbols are pointers; offsets
 * come into being in the writer. Everything lives in the object's arena. An
 * object is used by one thread at a time.
 *
 * Instructions change only through the functions of edit.c, which move the
 * metadata and the branches along.
 */
#ifndef SKEP_IR_H
#define SKEP_IR_H

#include "isa/isa.h"
#include "btf/btf.h"
#include "abi/abi.h"

/* What the constant of an LDDW or the callee of a CALL stands for. */
enum skep_ref_kind {
	SKEP_REF_NONE,	 /* the number itself; a helper */
	SKEP_REF_MAP,	 /* LDDW: a map; in.imm is the (always zero) addend */
	SKEP_REF_DATA,	 /* LDDW: in a data section, at symbol value + in.imm */
	SKEP_REF_FUNC,	 /* LDDW: a callback; CALL: a subprogram: `callee` */
	SKEP_REF_EXTERN, /* LDDW: ksym or kconfig variable; CALL: kfunc or function elsewhere */
};

struct skep_func;

enum skep_insn_flag {
	SKEP_IF_LINE = 1,   /* a line record starts here in the file */
	SKEP_IF_SECSYM = 2, /* FUNC: the relocation goes through the section's symbol */
	SKEP_IF_RELOC = 4,  /* there is a relocation (else a CALL is resolved in place) */
	SKEP_IF_NEW = 8,    /* made by an edit, not read from a file */
	SKEP_IF_LABEL = 16, /* a symbol stands here */
};

struct skep_insn {
	struct skep_ins in; /* branches: in.off is meaningless; see target */
	u8 ref;		    /* enum skep_ref_kind */
	u8 flags;	    /* enum skep_insn_flag */
	u32 id;		    /* stable, unique in the object, never reused */
	u32 origin;	    /* id of the instruction that it came from; itself when read */
	u32 slot;	    /* slot in its section when it was read */
	u32 sym;	    /* index of the relocation's symbol */
	u32 num;	    /* scratch: set by skep_func_number() */
	u32 njumps;	    /* branches whose target this is */
	struct skep_insn *prev, *next;
	struct skep_insn *target; /* of a branch */
	struct skep_func *func;
	struct skep_func *callee;	  /* SKEP_REF_FUNC */
	const struct skep_line_rec *line; /* the source line in force, or NULL */
	const struct skep_core_rec *core; /* CO-RE relocation, or NULL: keeps operation and shape */
};

enum skep_func_flag {
	SKEP_FF_EDITED = 1,
	SKEP_FF_PROG = 2,   /* an entry program (libbpf would load it) */
	SKEP_FF_GLOBAL = 4, /* global or weak: verified alone by the kernel */
	SKEP_FF_ANON = 8,   /* code that no symbol covers */
	SKEP_FF_MADE = 16,  /* not read: skep_edit_add_func() */
};

struct skep_func {
	const char *name; /* "" for code that no symbol covers */
	struct skep_csec *sec;
	struct skep_insn *first, *last;
	u32 ninsns;
	u32 sym;	/* index of its symbol, 0: none */
	u32 flags;	/* enum skep_func_flag */
	u32 type;	/* BTF FUNC of its func record, 0: none */
	u32 slots_read; /* slots when it was read */
	u32 slot_read;	/* and where it began in its section then */
	u32 prog_type;	/* BPF_PROG_TYPE_* of an entry program by its section, 0: unknown */
	u32 attach_type;
	u32 ctx_type; /* of the programs whose context every caller passes in r1, 0: none (see flow) */
	const char *ops_type;	/* the struct of which it implements a member ("tcp_congestion_ops"), or NULL */
	const char *ops_member; /* and the member ("init") */
	u32 index; /* in obj->func */
	u32 changes; /* raised by every edit: what was computed before may be wrong then */
};

/* A section with code: its functions in order. */
struct skep_csec {
	const char *name;
	u32 elf; /* section index in the file */
	struct skep_func **func;
	u32 nfunc;
	u32 slots_read;
	u32 section_sym; /* index of the section's symbol, 0: none */
};

enum skep_sym_kind { SKEP_SYM_OTHER, SKEP_SYM_FUNC, SKEP_SYM_LABEL, SKEP_SYM_MAP, SKEP_SYM_DATA, SKEP_SYM_EXTERN,
		     SKEP_SYM_SECTION };

struct skep_sym {
	const char *name;
	u8 kind, bind, type; /* enum skep_sym_kind; ELF binding and type */
	u32 sec;	     /* ELF section index */
	u64 value, size;
	struct skep_func *func; /* FUNC, LABEL */
	struct skep_insn *at;	/* LABEL: NULL means the end of func */
	struct skep_map *map;
	struct skep_dsec *data; /* DATA, and SECTION of a data section */
};

enum skep_dsec_kind { SKEP_DSEC_DATA, SKEP_DSEC_RODATA, SKEP_DSEC_BSS, SKEP_DSEC_KCONFIG, SKEP_DSEC_STRUCT_OPS,
		      SKEP_DSEC_OTHER };

/* A section of global variables. */
struct skep_dsec {
	const char *name;
	u32 elf;
	u8 kind;
	u64 size;
	const u8 *bytes;      /* NULL: zeroes */
	struct skep_map *map; /* the map that it becomes on loading, or NULL */
	struct skep_map *arena; /* the arena in which it will lie instead, or NULL */
};

/* Bytes that are known before the object is loaded: of a data section, or of an extern variable. */
struct skep_fixed {
	u32 sec; /* index of the ELF section, 0: the extern `sym` */
	u32 sym;
	u64 off;
	u32 size;
	const u8 *bytes;
};

struct skep_map {
	const char *name;
	u32 type, key_size, value_size, max_entries, map_flags;
	u64 map_extra;
	u32 key_type, value_type; /* BTF ids, 0: none */
	u32 sym;		  /* index of its symbol, 0: none */
	u32 pinning;
	struct skep_map *inner;	  /* of a map of maps, when the object states it */
	struct skep_dsec *data;	  /* the section behind it (.rodata, .bss ...), or NULL */
	bool legacy;		  /* from a "maps" section */
	bool partial;		  /* some attribute is stated in a way this build does not read */
	u32 index;		  /* in obj->map */
};

struct skep_obj {
	struct skep_arena *arena;
	bool big;
	const char *license;
	u32 version;
	struct skep_btf *btf;	  /* or NULL */
	struct skep_btf_ext *ext; /* as it was read, or NULL */
	struct skep_csec **csec;
	u32 ncsec;
	struct skep_func **func;
	u32 nfunc;
	struct skep_map **map;
	u32 nmap;
	struct skep_dsec **dsec;
	u32 ndsec;
	struct skep_sym *sym; /* in the order of the file's symbol table; [0] is unused */
	u32 nsym;
	u32 next_id;
	u32 text;  /* the file's section .text, where static functions stand; 0: there is none */
	u32 level; /* the -mcpu level that the object's instructions give away */
};

#define SKEP_FOR_INSN(i, f) for (struct skep_insn *i = (f)->first; i; i = i->next)
/* The same where the body may remove `i`. */
#define SKEP_FOR_INSN_SAFE(i, f)                                                                   \
	for (struct skep_insn *i = (f)->first, *i##_next; i && (i##_next = i->next, 1); i = i##_next)

/* --- edits ------------------------------------------------------------------ */

/* A new instruction, in no function yet; line and origin are taken from `from` (may be NULL). */
struct skep_insn *skep_insn_new(struct skep_obj *obj, const struct skep_ins *in, const struct skep_insn *from);
/* A copy with its target, reference and CO-RE record, in no function yet. */
struct skep_insn *skep_insn_copy(struct skep_obj *obj, const struct skep_insn *from);
void skep_edit_append(struct skep_func *f, struct skep_insn *i);
/* Before `at`; with `catch_jumps` the branches to `at` go to the new instruction instead. */
void skep_edit_insert_before(struct skep_insn *at, struct skep_insn *i, bool catch_jumps);
void skep_edit_insert_after(struct skep_insn *at, struct skep_insn *i);
/*
 * Take it out. Branches to it go to the next instruction (there must be one if
 * there are any). Its line record moves to the next instruction when that has
 * none of its own; its CO-RE record goes with it.
 */
void skep_edit_remove(struct skep_obj *obj, struct skep_insn *i);
/* Other operation in place; keeps id, line and place. Drops the reference and the CO-RE record. */
void skep_edit_set(struct skep_insn *i, const struct skep_ins *in);
void skep_edit_set_target(struct skep_insn *i, struct skep_insn *target);
/* All branches to `from` go to `to`. */
void skep_edit_redirect(struct skep_insn *from, struct skep_insn *to);
/* Put the instructions from `first` to `last` before `at`, of the same function; branches to them stay. */
void skep_edit_move_run(struct skep_insn *first, struct skep_insn *last, struct skep_insn *at);
/*
 * A new static function in .text, without instructions, with a symbol of its own; NULL when the file has no
 * such section. It is the last of obj->func, so indices stay. `name` must live as long as the object.
 */
struct skep_func *skep_edit_add_func(struct skep_obj *obj, const char *name);
/* A call of a function made so; relocated unless both are in one section. */
struct skep_insn *skep_insn_new_call(struct skep_obj *obj, struct skep_func *callee, const struct skep_insn *at);
/*
 * Are two static functions of one object equal instruction by instruction, with the same references, CO-RE
 * records and callees?
 */
bool skep_func_same(const struct skep_func *a, const struct skep_func *b);
/* Let a call or the address of a function lead to another function of the same section. */
void skep_edit_set_callee(struct skep_insn *i, struct skep_func *callee);
/* Take out the functions that were made last, down to `nfunc`; nobody may call them any more. */
void skep_edit_drop_funcs(struct skep_obj *obj, u32 nfunc);
/* May a pass change this instruction or its constant? (no CO-RE record) */
static inline bool skep_insn_frozen(const struct skep_insn *i)
{
	return i->core != NULL;
}
/* Is in.imm the constant itself, known now? */
static inline bool skep_insn_const(const struct skep_insn *i)
{
	return i->ref == SKEP_REF_NONE && !i->core && (i->in.op != SKEP_LDDW || i->in.src == 0);
}

/* --- a function as it was --------------------------------------------------- */

struct skep_func_saved {
	struct skep_func *func, value;
	struct skep_insn **insn, *insn_value;
	u32 *target; /* of a branch: which of them */
	struct skep_insn **label; /* where the function's labels stood */
	u32 nlabel;
};
/* Numbers the instructions. The result is in the arena. */
struct skep_func_saved *skep_func_save(const struct skep_obj *obj, struct skep_func *f, struct skep_arena *arena);
/* A copy with instructions of its own (same ids), to look at. */
struct skep_func *skep_func_view(const struct skep_func_saved *s, struct skep_arena *arena);
/* A copy of a function's first straight run of instructions, up to the first branch; to see how it begins. */
struct skep_func *skep_func_head(const struct skep_func *f, struct skep_arena *arena);
/* Take back all that happened to the function since. */
void skep_func_restore(struct skep_obj *obj, const struct skep_func_saved *s);

/* Number the instructions 0.. in order in `num`; returns how many. */
u32 skep_func_number(struct skep_func *f);
/* Slots that the function takes when written. */
u32 skep_func_slots(const struct skep_func *f);
/* A label of `i` such as "L12" is not in the model; see print. NULL or what is broken (static text). */
const char *skep_ir_check(const struct skep_obj *obj);
const char *skep_func_check(const struct skep_func *f);
struct skep_func *skep_func_find(const struct skep_obj *obj, const char *name);
/* Slots of a function and everything it calls (what the kernel loads), each function once. */
u32 skep_prog_slots(const struct skep_obj *obj, const struct skep_func *prog);
/* What follows `prefix` in the function's declaration tags, the nth of them (0: the first), or NULL. */
const char *skep_func_tag(const struct skep_obj *obj, const struct skep_func *f, const char *prefix, u32 nth);
/* The program's own function for what is thrown ("exception_callback:NAME"), or NULL. */
struct skep_func *skep_func_exception(const struct skep_obj *obj, const struct skep_func *prog);
/* Marks in `seen` (obj->nfunc bytes) the function and all that it reaches by calls, callbacks and exceptions. */
void skep_prog_reach(const struct skep_obj *obj, const struct skep_func *prog, u8 *seen);
/* The source line in force, "file:line: text" in the arena, or NULL. */
const char *skep_insn_source(const struct skep_obj *obj, const struct skep_insn *i, struct skep_arena *arena);
/* The character of that text that the line record means, from 1, or 0. */
u32 skep_insn_source_caret(const struct skep_obj *obj, const struct skep_insn *i);
/* The text of one instruction; `label` names branch targets (NULL: "Lid"). */
void skep_insn_print(const struct skep_obj *obj, const struct skep_insn *i, struct skep_buf *out);

#endif
