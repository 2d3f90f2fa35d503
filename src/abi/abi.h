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
	SKEP_HF_PKT = 1,   /* packet pointers may be invalid afterwards */
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
	SKEP_MF_UNSIZED = 32,	   /* how many entries it has is not the object's to say */
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

/* --- what a verifier asks about helpers --------------------------------------- */

/* The exact kind of a helper's argument. */
enum skep_at {
	SKEP_AT_NONE,	     /* the register is not read */
	SKEP_AT_ANY,	     /* any initialised value */
	SKEP_AT_CTX,	     /* the context, unmoved */
	SKEP_AT_MAP,	     /* a map */
	SKEP_AT_KEY,	     /* the map's key_size bytes */
	SKEP_AT_VALUE,	     /* the map's value_size bytes */
	SKEP_AT_MEM,	     /* as many bytes as the next argument says */
	SKEP_AT_FIXED,	     /* skep_arg_type.size bytes */
	SKEP_AT_SIZE,	     /* bytes of the argument before it, not 0 */
	SKEP_AT_SIZE0,	     /* the same, may be 0 */
	SKEP_AT_ALLOC_SIZE,  /* a constant: the bytes that r0 will point to */
	SKEP_AT_SPIN_LOCK,   /* the bpf_spin_lock in a map's value or in an allocated object */
	SKEP_AT_TIMER,	     /* the bpf_timer in a map's value */
	SKEP_AT_KPTR,	     /* a reference kptr in a map's value or in an allocated object */
	SKEP_AT_DYNPTR,	     /* a dynptr on the stack */
	SKEP_AT_FUNC,	     /* a callback */
	SKEP_AT_STACK,	     /* a stack pointer that is handed to the callback */
	SKEP_AT_STR,	     /* a string that ends with 0 in a frozen read-only map */
	SKEP_AT_SOCK_COMMON, /* PTR_TO_SOCKET, TCP_SOCK, SOCK_COMMON or XDP_SOCK of a context or lookup */
	SKEP_AT_SOCKET,	     /* PTR_TO_SOCKET of a lookup or context */
	SKEP_AT_BTF,	     /* a kernel type: skep_arg_type.btf, NULL: the helper decides (kptr_xchg) */
	SKEP_AT_BTF_SOCK,    /* SOCK_COMMON's kinds, or a kernel type that begins with sock_common */
	SKEP_AT_PERCPU,	     /* the address of a per-CPU kernel variable */
	SKEP_AT_RINGBUF,     /* memory of ringbuf_reserve, unmoved */
};
/* What a helper returns. */
enum skep_rt {
	SKEP_RT_INT,
	SKEP_RT_VOID,
	SKEP_RT_VALUE,	     /* the map's value (of an inner map: a map) */
	SKEP_RT_SOCKET,
	SKEP_RT_TCP_SOCK,
	SKEP_RT_SOCK_COMMON,
	SKEP_RT_RINGBUF,     /* memory of the size that the ALLOC_SIZE argument says */
	SKEP_RT_DYNPTR_MEM,  /* memory of a dynptr, size as RINGBUF */
	SKEP_RT_PERCPU,	     /* memory or a kernel type: what the PERCPU argument is the address of */
	SKEP_RT_BTF,	     /* a kernel type */
};
enum skep_af {
	SKEP_AF_NULL = 1,	/* may be NULL */
	SKEP_AF_RD = 2,		/* memory: read, must be initialised; a return value: read-only */
	SKEP_AF_WR = 4,		/* memory: must be writable, is written */
	SKEP_AF_UNINIT = 8,	/* need not be initialised (for a dynptr: must not be one) */
	SKEP_AF_DIRTY = 16,	/* checked as a read only, but the contents may change */
	SKEP_AF_RELEASE = 32,	/* the reference in it is released */
	SKEP_AF_ALIGNED = 64,	/* naturally aligned */
	SKEP_AF_LOCAL = 128,	/* a dynptr of local memory */
	SKEP_AF_RINGBUF = 256,	/* a dynptr of a ring buffer */
	SKEP_AF_TRUSTED = 512,	/* a return value: a trusted pointer */
};
struct skep_arg_type {
	u8 kind;	 /* enum skep_at, of a return value enum skep_rt */
	u8 size;	 /* of FIXED */
	u16 flags;	 /* enum skep_af */
	const char *btf; /* name of the struct, or NULL */
};
enum skep_ht {
	SKEP_HT_PKT_ACCESS = 1,	 /* KEY, VALUE and MEM may lie in the packet */
	SKEP_HT_CHANGES_PKT = 2, /* packet pointers are invalid afterwards */
	SKEP_HT_SLEEPS = 4,	 /* only in sleepable programs */
	SKEP_HT_CAST = 8,	 /* r0 is the first argument in another type: shares its reference */
	SKEP_HT_ACQUIRE = 16,	 /* r0 is a new reference (map_lookup_elem: on socket maps only) */
	SKEP_HT_RET_BOUND = 32,	 /* r0 is at least -4095 and at most the size argument */
	SKEP_HT_ASYNC = 64,	 /* its callback runs later */
	SKEP_HT_GPL = 128,
};
struct skep_helper_type {
	u16 id, flags; /* enum skep_ht */
	u64 progs;     /* program types of this row, 0: all that no other row names */
	struct skep_arg_type ret, arg[5];
};
/* The types of a helper as a program type sees it, or NULL: no such helper. */
const struct skep_helper_type *skep_helper_type(u32 prog_type, s64 id);
/*
 * May such a program call it? Linux 6.18 with everything configured. Helpers that only sleepable
 * programs get are allowed here and have SKEP_HT_SLEEPS.
 */
bool skep_helper_allowed(u32 prog_type, u32 attach_type, s64 id);
/*
 * The same where it also depends on what the program attaches to: the struct of a STRUCT_OPS program
 * ("tcp_congestion_ops"), the name of an iterator ("tcp"). attach_to may be NULL.
 */
bool skep_helper_allowed_to(u32 prog_type, u32 attach_type, const char *attach_to, s64 id);
/* The same for STRUCT_OPS programs. */
bool skep_helper_allowed_ops(const char *ops, s64 id);
/* May programs call it (if skep_helper_allowed()) whose user has neither CAP_BPF nor CAP_PERFMON? */
bool skep_helper_unpriv(s64 id);
/* May the helper get a map of that type from such a program? */
bool skep_helper_map_ok(u32 prog_type, u32 attach_type, s64 id, u32 map_type);
enum skep_map_field { SKEP_MAPF_LOCK = 1, SKEP_MAPF_TIMER = 2, SKEP_MAPF_WQ = 4, SKEP_MAPF_GRAPH = 8,
		      SKEP_MAPF_MANY = 16 /* more than the kernel takes in one value */ };
/* May such a program use a map of that type whose values have these fields (enum skep_map_field)? */
bool skep_map_prog_ok(u32 prog_type, bool sleepable, u32 map_type, u32 fields);
/* The old tracing types: kprobe, tracepoint, perf_event, raw_tracepoint (writable). */
bool skep_prog_type_traces(u32 prog_type);

/* --- what a verifier asks about contexts ----------------------------------------- */

/* What a load from a context gives. */
enum skep_ctx_value {
	SKEP_CV_SCALAR, /* below 2^(8 * size) */
	SKEP_CV_PKT,
	SKEP_CV_PKT_END,
	SKEP_CV_PKT_META,
	SKEP_CV_FLOW_KEYS,   /* SKEP_FLOW_KEYS_SIZE bytes, readable and writable */
	SKEP_CV_SOCK_COMMON, /* a socket of unknown kind: skep_sock_access() */
	SKEP_CV_SOCKET,
	SKEP_CV_TP_BUFFER,   /* the buffer of a writable tracepoint */
	SKEP_CV_BTF,	     /* a trusted pointer to the kernel type `btf` */
};
enum { SKEP_FLOW_KEYS_SIZE = 56 };
struct skep_ctx_answer {
	u8 value; /* enum skep_ctx_value */
	bool null; /* may be NULL */
	bool priv; /* needs CAP_BPF */
	const char *btf;
};
/*
 * May such a program access its context so? `out` (of a load; may be NULL) says what it gives.
 * Never for contexts that the kernel's types describe: see skep_ctx_by_btf().
 */
bool skep_ctx_access(u32 prog_type, u32 attach_type, s64 off, u32 size, bool write,
		     struct skep_ctx_answer *out);
/* Is the context an array of arguments whose types are the kernel's (tracing, LSM, struct_ops, EXT)? */
bool skep_ctx_by_btf(u32 prog_type);
/* May the context be accessed at an offset that is not constant? */
static inline bool skep_ctx_variable(u32 prog_type)
{
	return prog_type == SKEP_PROG_SYSCALL;
}
enum skep_sock_kind { SKEP_SOCK_COMMON, SKEP_SOCK_FULL, SKEP_SOCK_TCP, SKEP_SOCK_XDP };
/* May a program read there through a pointer to a socket? Never written; always a number. */
bool skep_sock_access(enum skep_sock_kind kind, s64 off, u32 size);

/* --- what a verifier asks about a program as a whole --------------------------------- */

struct skep_ret_range {
	s32 min, max; /* both included */
	bool word;    /* the lower 32 bits count, signed; else all 64 */
};
/*
 * The range that r0 must be in when the program ends; false: any value will do. `attach_to` (may be
 * NULL) and `returns_void` of an LSM hook; a STRUCT_OPS member that returns a pointer is the caller's
 * affair. A program type's default attach type is not 0 everywhere: see skep_section_prog_type().
 * Where there is a range, r0 must be a number. Callbacks that run later: 0.
 */
bool skep_return_range(u32 prog_type, u32 attach_type, const char *attach_to, bool returns_void,
		       struct skep_ret_range *out);
/* Is the licence one with which GPL-only helpers and kfuncs may be called? */
bool skep_license_gpl(const char *license);
/* May users without privileges load such programs, if the system lets them load any? */
bool skep_prog_unpriv(u32 prog_type);
/* Must a program of that type be under such a licence? */
bool skep_prog_needs_gpl(u32 prog_type);
/* Does a program of that type attach to something that the kernel's types describe? */
bool skep_prog_needs_btf(u32 prog_type);
/* May such a program be loaded as one that sleeps (always: SYSCALL must)? attach_to may be NULL. */
bool skep_prog_may_sleep(u32 prog_type, u32 attach_type, const char *attach_to);
/* Does libbpf load a program of that section as one that sleeps (".s")? */
bool skep_section_sleepable(const char *section);
/* What the program of a section attaches to ("vfs_read" of "fentry/vfs_read"), or NULL. */
const char *skep_section_attach_to(const char *section);
/* May programs implement that member of a struct ("tcp_congestion_ops", "get_info": no)? */
bool skep_ops_member_ok(const char *ops, const char *member);
enum skep_lsm_flag { SKEP_LSM_SLEEP = 1, SKEP_LSM_OFF = 2, SKEP_LSM_BOOL = 4, SKEP_LSM_PLAIN = 8 };
/* What is special of a hook ("file_open", also "bpf_lsm_file_open"): enum skep_lsm_flag. */
u32 skep_lsm_flags(const char *hook);
/* What is special of an argument that the kernel's types describe. */
enum skep_karg_flag {
	SKEP_KAF_NULL = 1,    /* may be NULL */
	SKEP_KAF_BUF = 2,     /* memory: a map's key (RDONLY) or value, of the size that its map has */
	SKEP_KAF_RDONLY = 4,
	SKEP_KAF_PLAIN = 8,   /* a pointer that is not trusted */
	SKEP_KAF_NUMBER = 16, /* a number for programs, whatever its type is */
};
/*
 * enum skep_karg_flag of argument `arg` (from 0, without the hidden first one of tracepoints) of
 * a tp_btf tracepoint ("sched_switch") or an iterator ("task"). Arguments are trusted pointers otherwise;
 * those of fentry, fexit and fmod_ret are all plain, those of LSM hooks when the hook has SKEP_LSM_PLAIN.
 */
u32 skep_karg_flags(u32 attach_type, const char *attach_to, u32 arg);

/* What is known of a pointer that is read from a kernel struct. */
enum skep_field_flag {
	SKEP_FIELD_TRUSTED = 1, /* trusted, when the struct that it is read from is */
	SKEP_FIELD_RCU = 2,	/* protected by RCU, when the struct is trusted and the program in an RCU section */
	SKEP_FIELD_NULL = 4,	/* and may be NULL */
};
/*
 * enum skep_field_flag of a member, 0: nothing is known. `base` is the struct that the pointer in the
 * register points to, also when the member lies in a struct within it.
 */
u32 skep_field_flags(const char *base, const char *member);

/* --- kernel functions -------------------------------------------------------------------- */

enum skep_kf {
	SKEP_KF_ACQUIRE = 1,	    /* r0 is a new reference */
	SKEP_KF_RELEASE = 2,	    /* releases the referenced pointer among its arguments */
	SKEP_KF_RET_NULL = 4,	    /* a returned pointer may be NULL */
	SKEP_KF_TRUSTED = 8,	    /* pointers to kernel types must be trusted or referenced, not NULL */
	SKEP_KF_RCU = 16,	    /* or at least protected by RCU */
	SKEP_KF_SLEEPS = 32,	    /* only in sleepable programs, outside of locks and RCU sections */
	SKEP_KF_DESTRUCTIVE = 64,   /* needs the right to reboot */
	SKEP_KF_ITER_NEW = 128,	    /* the first argument is an iterator: made, */
	SKEP_KF_ITER_NEXT = 256,    /* advanced, */
	SKEP_KF_ITER_DESTROY = 512, /* taken down */
	SKEP_KF_RCU_PROTECTED = 1024, /* only in an RCU section, which must outlive the iterator */
	SKEP_KF_CALLBACK = 2048,    /* calls a subprogram of the program */
	SKEP_KF_ASYNC = 4096,	    /* and does so later */
	SKEP_KF_CHANGES_PKT = 8192, /* packet pointers are invalid afterwards */
	SKEP_KF_ARENA_RET = 1 << 14, /* returns a pointer into the arena */
	SKEP_KF_ARENA_ARG2 = 1 << 15, /* takes one as its second argument */
	SKEP_KF_FASTCALL = 1 << 16, /* keeps r1 to r5 that are not arguments */
};
struct skep_kfunc {
	const char *name;
	u64 progs; /* set of program types */
	u32 flags; /* enum skep_kf */
};
/* A kernel function by name, or NULL: none that programs may call on Linux 6.18 as far as is known. */
const struct skep_kfunc *skep_kfunc_find(const char *name);
bool skep_kfunc_allowed(u32 prog_type, const struct skep_kfunc *k);
/* What the end of a parameter's name says about it, in the kernel's BTF. */
enum skep_ks {
	SKEP_KS_SIZE = 1,	/* __sz: bytes of the memory before it */
	SKEP_KS_CONST_SIZE = 2, /* __szk: the same, must be a constant */
	SKEP_KS_CONST = 4,	/* __k: a constant */
	SKEP_KS_IGNORE = 8,	/* __ign: anything */
	SKEP_KS_ALLOC = 16,	/* __alloc: an object of bpf_obj_new */
	SKEP_KS_NULL = 32,	/* __nullable, __opt: may be NULL */
	SKEP_KS_UNINIT = 64,	/* __uninit: is initialised by the call */
	SKEP_KS_REFCOUNTED = 128, /* __refcounted_kptr */
	SKEP_KS_STR = 256,	/* __str: a constant string */
	SKEP_KS_MAP = 512,	/* __map: a map */
	SKEP_KS_PROG = 1024,	/* __prog: not the program's: the verifier puts it there */
	SKEP_KS_IRQ = 2048,	/* __irq_flag */
	SKEP_KS_ITER = 4096,	/* __iter: an iterator */
};
u32 skep_kfunc_suffix(const char *param);

#endif
