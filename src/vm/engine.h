/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engines: running *verified* programs over host addresses.
 *
 * The reference interpreter (skep_vm_run) keeps programs in a world of its own.
 * An engine runs them in ours: r1 is a host pointer, helpers are C functions,
 * maps are structures that the caller defines. It checks no access: that is the
 * verifier's work. Code that nobody verified may run only with `checked`, which
 * tests every access against the regions of the run, and with a budget.
 *
 * An engine compiles the bytes of a program once and runs the result as often
 * as wanted, in any number of threads at a time; each run has its own
 * skep_eng_run. The caller owns compiled programs and frees them when no run is
 * in them; maps, helpers and whatever they point to must live as long.
 */
#ifndef SKEP_VM_ENGINE_H
#define SKEP_VM_ENGINE_H

#include "isa/isa.h"

enum {
	SKEP_ENG_STACK = 512, /* of a function */
	SKEP_ENG_FRAMES = 8,
	SKEP_ENG_TAIL_CALLS = 33,
	SKEP_ENG_MAY_GOTO = 8 << 20, /* of a frame */
	SKEP_ENG_REGIONS = 4,
};

struct skep_engine;
struct skep_eng_prog;
struct skep_eng_run;

/* --- what a program refers to ------------------------------------------------- */

typedef u64 (*skep_eng_fn)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);

enum skep_eng_map_kind {
	SKEP_ENG_MAP_OTHER, /* an address and nothing more */
	SKEP_ENG_MAP_ARRAY, /* element i is at values + i * stride; lookups may be inlined */
	SKEP_ENG_MAP_PROGS, /* progs[i] is compiled by the same engine, or NULL: tail calls */
};
/* What an engine may know of a map. The caller keeps it unchanged while programs use it. */
struct skep_eng_map {
	u8 kind;
	u32 max_entries, stride;
	u8 *values;
	struct skep_eng_prog **progs; /* read and written atomically */
};

/*
 * An arena: up to 4 GiB of memory that user space has at `user`, which programs address by the lower
 * 32 bits of where it is there. Memory is touched only inside of `bytes`, and where the page's byte
 * is not 0.
 */
struct skep_eng_arena {
	u64 user; /* does not cross 4 GiB */
	u64 bytes;
	u8 *mem;
	const u8 *page; /* a byte for each page; others change it at any time */
	bool raw;	/* pointers are not converted for user space */
	/* Its byte is 0: is there a page after all? */
	bool (*find)(const struct skep_eng_arena *a, u32 page);
};
enum { SKEP_ENG_ARENA_PAGE = 12 };
/*
 * ACCESS: the access goes to the arena; where no page is, a load gives 0 and everything else does
 * nothing. NARROW: the operation is of 32 bits.
 */
enum skep_eng_arena_use { SKEP_ENG_ARENA_ACCESS = 1, SKEP_ENG_ARENA_NARROW = 2 };

enum skep_eng_helper_kind {
	SKEP_ENG_CALL,	    /* call fn */
	SKEP_ENG_CALL_WITH, /* call fn, whose r5 is value whatever the program has there */
	SKEP_ENG_LOOKUP,    /* map lookup (r1 map, r2 key): fn, or inlined for arrays */
	SKEP_ENG_TAIL_CALL, /* r1 context, r2 map of programs, r3 index */
	SKEP_ENG_CONST,	    /* r0 = value */
	SKEP_ENG_TLS32, /* r0 = u32 at thread pointer + value (fn when that cannot be inlined) */
	SKEP_ENG_TLS64, /* the same with 64 bits */
	SKEP_ENG_THROW, /* leave the program (or the callback): it returns r1 */
};
struct skep_eng_helper {
	u8 kind;
	skep_eng_fn fn;
	u64 value;
};

/* How the names in a program become host things. Functions return NULL or false for "not known". */
struct skep_eng_env {
	u64 size; /* of this structure */
	void *user;
	/*
	 * A 16-byte load with src other than 0 and 4: its 64 bits. *map is set when
	 * they stand for a map that the engine may look into; *value is then what
	 * helpers get.
	 */
	bool (*value)(void *user, const struct skep_ins *in, u64 *value,
		      const struct skep_eng_map **map);
	const struct skep_eng_helper *(*helper)(void *user, s64 id);
	const struct skep_eng_helper *(*kfunc)(void *user, const struct skep_ins *in);
	/* LD_ABS, LD_IND: the value in host order, negative when past the end (the program returns
	 * 0) */
	s64 (*packet)(u64 ctx, s64 off, u64 size);
	/*
	 * The arena of the program, or NULL: then an address-space cast is refused. arena_use: for
	 * each slot enum skep_eng_arena_use, or NULL: nothing uses it but casts.
	 */
	const struct skep_eng_arena *arena;
	const u8 *arena_use;
};

/* --- programs --------------------------------------------------------------------- */

struct skep_eng_options {
	u64 size;     /* of this structure */
	bool checked; /* test every access */
	bool budget;  /* count backward jumps and calls against run->left */
	/*
	 * Constants of the program are not in the code as they are: immediates, offsets, sizes of
	 * maps of more than a byte. What is left to who writes the program are single bytes and how
	 * far jumps go.
	 */
	bool blind;
	bool generic; /* only instructions that every processor of the kind has */
	u64 seed;     /* for blinding; the caller's random number */
	u64 near;     /* native code is placed near this address if possible; 0: near the helpers */
};

/* The head of what an engine compiles; the rest is its own. */
struct skep_eng_prog {
	const struct skep_engine *engine;
	const void *body; /* where a tail call enters */
	u32 slots;
	u32 image;	/* bytes of native code, or of decoded instructions */
	const u8 *code; /* native code, or NULL */
	/*
	 * The same as running it, when that calls no C function and touches general registers only;
	 * or NULL. Of the run, `left`, `tails` and `stop` must be set.
	 */
	u64 (*plain)(u64 r1, u64 r2, struct skep_eng_run *run);
	const u32 *native; /* offset in code of each slot, slots + 1 of them, or NULL */
};

/* One run. skep_eng_run_init() first, then what the caller wants to set. */
struct skep_eng_run {
	s64 left;      /* instructions that backward jumps and calls may still cost */
	u32 tails;     /* tail calls made */
	u32 stop;      /* enum skep_vm_trap: why the run ended early, or 0 */
	u64 stop_addr; /* the address, when it was an access */
	u64 stop_slot; /* where, ~0: not known */
	u32 nested;    /* callbacks that run */
	struct {
		u64 lo, hi; /* checked: memory that programs may use besides their stack: lo <= byte
			       < hi */
	} mem[SKEP_ENG_REGIONS];
	/* the engine's own */
	const struct skep_eng_prog *prog;
	struct skep_eng_run *outer;
	u64 sp, fp, stack_hi, stack_lo, stop_ip;
};

struct skep_engine {
	const char *name;
	/*
	 * 0, or SKEP_EINPUT (malformed), SKEP_EUNSUP (an unknown helper, ...), with
	 * diagnostics, SKEP_ENOMEM, SKEP_EENV (no executable memory). `opt` may be NULL.
	 */
	int (*compile)(const u8 *insns, u32 slots, const struct skep_eng_env *env,
		       const struct skep_eng_options *opt, struct skep_eng_prog **out,
		       struct skep_diags *ds);
	u64 (*run)(const struct skep_eng_prog *prog, u64 r1, u64 r2, struct skep_eng_run *run);
	/* A callback; through skep_eng_callback() only. */
	u64 (*call)(const struct skep_eng_prog *prog, u64 func, const u64 *arg,
		    struct skep_eng_run *run);
	void (*free)(struct skep_eng_prog *prog);
};
/* The fast interpreter, on every host. */
extern const struct skep_engine skep_engine_interp;

static inline void skep_eng_run_init(struct skep_eng_run *run)
{
	memset(run, 0, sizeof(*run));
	run->left = INT64_MAX;
	run->stop_slot = ~(u64)0;
}
/* Run once: r0. When run->stop is set afterwards, the result means nothing. */
static inline u64 skep_eng_run(const struct skep_eng_prog *prog, u64 r1, u64 r2,
			       struct skep_eng_run *run)
{
	return prog->engine->run(prog, r1, r2, run);
}
static inline void skep_eng_free(struct skep_eng_prog *prog)
{
	if (prog)
		prog->engine->free(prog);
}

/*
 * For helpers. The run that called (NULL outside of runs, and in programs that
 * contain neither function references nor tail calls and are not checked), and a call of a function
 * that the program passed. After a callback a helper returns at once when
 * run->stop is set.
 */
struct skep_eng_run *skep_eng_current(void);
u64 skep_eng_callback(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);
/* For engines: make `run` the current one, and back. */
void skep_eng_enter(struct skep_eng_run *run, const struct skep_eng_prog *prog);
void skep_eng_leave(struct skep_eng_run *run);

/* --- for engines: a program decoded and resolved ------------------------------------ */

enum skep_ec_flag {
	SKEP_EC_LEADER = 1, /* control comes here other than from above */
	SKEP_EC_FUNC = 2,   /* first slot of a function */
	SKEP_EC_LOOP = 4,   /* a jump from below comes here */
	SKEP_EC_REF = 8,    /* first slot of a function whose address is taken */
	SKEP_EC_ARENA = 16, /* an access to the arena */
};
/* The logarithm of an access's size. */
static inline u16 skep_eng_lg(u32 size)
{
	return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
}
struct skep_ec_func {
	u32 start, end;
	u32 stack;    /* bytes below r10, a multiple of 8 */
	u16 writes;   /* registers that its instructions write */
	bool uses_fp; /* r10 is read */
	bool calls;   /* calls something */
	bool may_goto;
};
/*
 * `in` has one element a slot, op SKEP_OP_NR behind a 16-byte load. A load has
 * its final 64 bits (src 0) unless it is a function (src SKEP_LD_FUNC). target:
 * of branches, calls of functions, function references. ref: the map of a load,
 * the helper of a call (src SKEP_CALL_HELPER, kfuncs included).
 */
struct skep_eng_code {
	u32 n, nfunc;
	struct skep_ins *in;
	u32 *target;
	const void **ref;
	u8 *flags;
	struct skep_ec_func *func;
	bool has_refs, has_tail_calls, has_packet, has_arena;
	const struct skep_eng_env *env;
};
/*
 * `size` bytes of an arena, at the sum of a pointer's lower half and a displacement, or NULL. That
 * is safe whatever the pointer is and whatever others do at the same time: the sum is compared with
 * the arena's ends, and the memory stays mapped as long as programs run. Who comes late, while a
 * page is given back, writes to memory that is the arena's still, as if it came after the page was
 * had again.
 */
u8 *skep_eng_arena_find(const struct skep_eng_arena *a, s64 at, u32 size);
int skep_eng_code_read(const u8 *insns, u32 slots, const struct skep_eng_env *env,
		       struct skep_eng_code *out, struct skep_diags *ds);
void skep_eng_code_fini(struct skep_eng_code *c);

#endif
