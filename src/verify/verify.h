/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify: is a program safe? The kernel's demands, checked along every path with
 * pruning, and a message that says at the source line what is missing. Pure: reads
 * only what it is given. One thread at a time per object.
 */
#ifndef SKEP_VERIFY_H
#define SKEP_VERIFY_H

#include "flow/flow.h"

enum skep_verdict {
	SKEP_SAFE,
	SKEP_UNSAFE,
	SKEP_UNDECIDED, /* the budget or a limit of this build was reached */
};

enum skep_verify_flag {
	SKEP_VF_LOG = 1,      /* write every instruction and state to `log` in the kernel's form */
	SKEP_VF_NO_PRUNE = 2, /* explore without pruning (to check the pruning) */
	SKEP_VF_STRICT_ALIGN = 4, /* packets are aligned to 2 bytes, all accesses naturally */
	SKEP_VF_UNPRIV = 8,	  /* rules for users without privileges: no pointer leaks */
	SKEP_VF_OPAQUE = 32, /* kernel objects are no memory: nobody may look into them */
	SKEP_VF_WARN = 16, /* also say what is unsafe on any machine or kernel, but not here */
};

struct skep_verify_opts {
	size_t sz;		       /* sizeof(struct skep_verify_opts) */
	u32 prog_type;		       /* BPF_PROG_TYPE_*; 0: the function's own */
	u32 attach_type;	       /* BPF_ATTACH_TYPE; used with prog_type */
	const struct skep_btf *kernel; /* the target kernel's types, or NULL: none known */
	const char *
		attach_to; /* function or tracepoint of tracing programs, or NULL: by the section */
	u64 budget;	   /* instructions to process; 0: one million */
	u32 flags;	   /* enum skep_verify_flag */
	u32 own_types;	   /* with SKEP_VF_OPAQUE: see struct skep_mach_opts */
	struct skep_buf *log; /* with SKEP_VF_LOG */
	u8 *arena; /* enum skep_arena_use for each skep_insn.slot of a safe program is put here, or
		      NULL */
	const struct skep_obj *
		target; /* with the program that an extension changes a part of, or NULL: the same object, or not known */
};

/*
 * What an engine must know of an instruction, by the pointers that reach it: an access that goes to
 * the program's arena, 64-bit arithmetic on pointers into it, which kernels do with 32 bits.
 */
enum skep_arena_use { SKEP_ARENA_ACCESS = 1, SKEP_ARENA_NARROW = 2 };

/* What it cost and what it found. */
struct skep_verify_result {
	enum skep_verdict verdict;
	u16 code;		      /* of the error that decided, 0: none */
	const struct skep_insn *insn; /* where, or NULL */
	u64 processed;		      /* instructions, counted as the kernel counts */
	u32 insns;		      /* slots of the program with its subprograms */
	u32 states, peak_states;      /* states kept in all; at most in one instruction's list */
	u32 stack_depth;	      /* bytes, over the deepest chain of calls */
	size_t peak_bytes;	      /* memory */
};

/*
 * Verify one entry program with all that it calls. Diagnostics: an error with notes
 * (where the values came from) when it is unsafe or undecided. 0 whatever the verdict;
 * SKEP_ENOMEM, SKEP_EUSAGE (no program type is known), SKEP_EINPUT (malformed code).
 * Relocations of CO-RE kind are taken as resolved: see skep_core_resolve().
 */
int skep_verify_prog(const struct skep_obj *obj, const struct skep_func *prog,
		     const struct skep_verify_opts *opts, struct skep_arena *arena,
		     struct skep_diags *ds, struct skep_verify_result *res);

extern const struct skep_diag_def skep_verify_diags[];
extern const u32 skep_verify_ndiags;

#endif
