/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * abi: facts about the kernel as tables: helpers, map types, program types,
 * context fields, section names. Read-only data, safe from any thread.
 */
#ifndef SKEP_ABI_H
#define SKEP_ABI_H

#include "base/base.h"

/*
 * What an argument of a helper is. "Writes" means may write: a helper that fails
 * leaves the memory as it was or clears it.
 */
enum skep_arg {
	SKEP_ARG_NONE,	    /* not an argument: the register is not read */
	SKEP_ARG_ANY,	    /* a value that the helper does not follow */
	SKEP_ARG_CTX,	    /* the program's context; some program types pass a socket instead */
	SKEP_ARG_MAP,	    /* a map */
	SKEP_ARG_KEY,	    /* reads the map's key_size bytes */
	SKEP_ARG_VALUE,	    /* reads the map's value_size bytes */
	SKEP_ARG_VALUE_OUT, /* writes the map's value_size bytes */
	SKEP_ARG_MEM_RD,    /* reads as many bytes as the next argument says */
	SKEP_ARG_MEM_WR,    /* writes as many bytes as the next argument says; need not be initialised */
	SKEP_ARG_MEM_RW,    /* both */
	SKEP_ARG_SIZE,	    /* number of bytes behind the argument before it */
	SKEP_ARG_FIX_RD,    /* reads a fixed number of bytes (skep_helper.fixed) */
	SKEP_ARG_FIX_WR,    /* writes a fixed number of bytes; need not be initialised */
	SKEP_ARG_FIX_RW,    /* reads and writes a fixed number of bytes */
	SKEP_ARG_STR,	    /* reads a constant string in a read-only map */
	SKEP_ARG_FUNC,	    /* a callback (a subprogram's address) */
	SKEP_ARG_OBJ,	    /* a kernel object: socket, task, BTF pointer, reserved memory */
	SKEP_ARG_STACK,	    /* memory handed to a callback or of unknown extent: read and written */
};

enum skep_ret {
	SKEP_RET_INT,
	SKEP_RET_VOID,
	SKEP_RET_VALUE_OR_NULL, /* a map's value or NULL */
	SKEP_RET_PTR_OR_NULL,	/* another pointer or NULL */
	SKEP_RET_PTR,
};

enum skep_helper_flag {
	SKEP_HF_PKT = 1,   /* packet pointers are invalid afterwards */
	SKEP_HF_PURE = 2,  /* no effect besides r0: may be dropped when r0 is not used */
	SKEP_HF_GPL = 4,   /* only for programs with a GPL-compatible licence */
	SKEP_HF_TAIL = 8,  /* may not return (bpf_tail_call) */
	SKEP_HF_CB = 16,   /* calls a subprogram of the program */
	SKEP_HF_ACQ = 32,  /* r0 is a reference that must be released */
	SKEP_HF_REL = 64,  /* releases a reference */
};

struct skep_helper {
	const char *name; /* "bpf_map_lookup_elem"; NULL: no such helper */
	u8 ret;		  /* enum skep_ret */
	u8 arg[5];	  /* enum skep_arg */
	u16 fixed;	  /* bytes of FIX_* arguments */
	u8 null, zero;	  /* bit n: argument n may be NULL; is a size that may be 0 */
	u8 flags;	  /* enum skep_helper_flag */
};
/* SKEP_FN_map_lookup_elem = 1 and so on. */
enum skep_helper_id {
#define HELPER(id, name, ret, a1, a2, a3, a4, a5, fixed, null, zero, flags) SKEP_FN_##name = id,
#include "abi/helper.def"
#undef HELPER
};
/* The row of a helper id, or NULL when this build does not know it: then assume anything. */
const struct skep_helper *skep_helper_find(s64 id);
/* The id of a helper by name ("bpf_map_lookup_elem"), or -1. */
int skep_helper_id(const char *name, size_t n);
u32 skep_helper_count(void);
/* Registers that a helper call reads, as a bit mask. */
u16 skep_helper_reads(s64 id);

/* SKEP_MAP_HASH, ...: the kernel's numbers. */
enum skep_map_id {
#define MAP(id, name, text, flags) SKEP_MAP_##name = id,
#include "abi/map.def"
	SKEP_MAP_NR
};
struct skep_map_type {
	const char *name; /* "hash"; as bpftool writes it */
	u32 id;		  /* BPF_MAP_TYPE_* */
	u8 flags;	  /* enum skep_map_flag */
};
enum skep_map_flag {
	SKEP_MF_PERCPU = 1,
	SKEP_MF_LOOKUP_EFFECT = 2, /* a lookup changes the map (LRU) */
	SKEP_MF_ARRAY = 4,	   /* a constant in-range key is always found */
	SKEP_MF_INNER = 8,	   /* values are maps */
	SKEP_MF_NOVALUE = 16,	   /* programs never see a pointer to a value */
};
const struct skep_map_type *skep_map_type_find(u32 id);

/* SKEP_PROG_XDP, ... and SKEP_ATTACH_XDP, ...: the kernel's numbers. */
enum skep_prog_id {
#define PROG(id, name, text, fields, ctx_name, size) SKEP_PROG_##name = id,
#include "abi/prog.def"
	SKEP_PROG_NR
};
enum skep_attach_id {
#define ATTACH(name) SKEP_ATTACH_##name,
#include "abi/attach.def"
	SKEP_ATTACH_NR
};

/* What a context field is to a program. */
enum skep_ctx_kind { SKEP_CTX_SCALAR, SKEP_CTX_PKT, SKEP_CTX_PKT_END, SKEP_CTX_PKT_META, SKEP_CTX_PTR };
struct skep_ctx_field {
	const char *name;
	u16 off, size;
	u8 kind; /* enum skep_ctx_kind */
	bool writable;
};
struct skep_prog_type {
	const char *name;	 /* "xdp"; as bpftool writes it */
	u32 id;			 /* BPF_PROG_TYPE_* */
	const char *ctx_name;	 /* "xdp_md" or NULL */
	u32 ctx_size;		 /* bytes of the user-visible context, 0: not fixed */
	const struct skep_ctx_field *ctx;
	u32 nctx;
};
const struct skep_prog_type *skep_prog_type_find(u32 id);
/* By bpftool's name ("xdp"), or NULL. */
const struct skep_map_type *skep_map_type_named(const char *name, size_t n);
const struct skep_prog_type *skep_prog_type_named(const char *name, size_t n);
/*
 * The program type and expected attach type (may be NULL) that libbpf derives from a section name;
 * 0: none. A '?' in front (do not load by default) is skipped.
 */
u32 skep_section_prog_type(const char *section, u32 *attach_type);
/*
 * The type that a section name suggests where libbpf does not derive one ("xdp_fwd", "socket1"):
 * loaders of such objects set the type themselves. 0: no idea.
 */
u32 skep_section_guess_type(const char *section);
/* The field of a context that an access hits exactly or partly, or NULL. */
const struct skep_ctx_field *skep_ctx_find(const struct skep_prog_type *pt, s64 off, u32 size);

#endif
