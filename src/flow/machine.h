/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The abstract machine: what a program's registers and stack may hold, and how each
 * instruction changes it. One set of transfer functions for two engines: paths with pruning
 * (src/verify/explore.c) and joins (mach_join.c). A step never guesses: either it is right
 * for every concrete run that the state describes, or it reports which rule is broken.
 *
 * States come from the machine's own store and are freed one by one; everything else
 * lives in the arena. One thread at a time per machine.
 */
#ifndef SKEP_FLOW_MACHINE_H
#define SKEP_FLOW_MACHINE_H

#include "flow/range.h"
#include "ir/ir.h"

enum skep_vrule {
	SKEP_RULE_NONE,
#define RULE(code, name, explain, hint) SKEP_RULE_##name = code,
#include "flow/rule.def"
#undef RULE
};

/* --- what a register holds ---------------------------------------------------- */

enum skep_vt {
	SKEP_VT_NONE, /* nothing was written */
	SKEP_VT_NUM,
	SKEP_VT_CTX,
	SKEP_VT_STACK,
	SKEP_VT_MAP,   /* a map itself */
	SKEP_VT_VALUE, /* into a map's value */
	SKEP_VT_KEY,   /* into a map's key, in callbacks */
	SKEP_VT_PKT,
	SKEP_VT_META,
	SKEP_VT_PKT_END,
	SKEP_VT_SOCK, /* full socket */
	SKEP_VT_SOCK_COMMON,
	SKEP_VT_TCP_SOCK,
	SKEP_VT_XDP_SOCK,
	SKEP_VT_FLOW_KEYS,
	SKEP_VT_MEM,	/* memory of a known size */
	SKEP_VT_BUF,	/* an iterator's or writable tracepoint's buffer: size set by use */
	SKEP_VT_BTF,	/* a kernel object of BTF type `btf` */
	SKEP_VT_FUNC,	/* a subprogram's address */
	SKEP_VT_DYNPTR, /* argument: a dynptr somewhere else */
	SKEP_VT_ARENA,
	SKEP_VT_NR
};
enum skep_vf {
	SKEP_VF_NULL = 1, /* or NULL */
	SKEP_VF_RDONLY = 2,
	SKEP_VF_TRUSTED = 4,	/* a kernel object that is alive for sure */
	SKEP_VF_RCU = 8,	/* alive while the RCU section lasts */
	SKEP_VF_UNTRUSTED = 16, /* may be followed (faults are caught), not passed on */
	SKEP_VF_PERCPU = 32,
	SKEP_VF_RINGBUF = 64, /* reserved ring-buffer record */
	SKEP_VF_USER = 128,
	SKEP_VF_ALLOC = 256,	   /* object allocated by the program (local BTF) */
	SKEP_VF_LINKED = 512,	   /* number: `id` + `off` relates it to others of the id */
	SKEP_VF_PKT_BEYOND = 1024, /* packet: this very pointer is known to lie beyond the end */
	SKEP_VF_LINKED32 = 1024,   /* number: linked, by the sum's lower 32 bits */
	SKEP_VF_NONOWN = 2048,
	SKEP_VF_SLICE = 4096,	  /* memory of the dynptr whose id is `btf` */
	SKEP_VF_PKT_SLICE = 8192, /* and of a packet: invalid when packets change */
	SKEP_VF_STALE = 16384, /* number: a pointer of type `aux` until its `def`, for messages */
	SKEP_VF_GIVEN =
		32768, /* a kernel object that is memory though others are none: see `opaque` */
};

struct skep_vreg {
	u8 type;   /* enum skep_vt */
	u8 frame;  /* STACK: whose */
	u16 flags; /* enum skep_vf */
	s32 off;   /* pointers: fixed part of the offset; linked numbers: distance */
	u32 id;	  /* groups: tested together for NULL, same variable part of a packet pointer, equal
		     numbers */
	u32 ref;  /* reference that it is, 0: none */
	u32 node; /* where the number came from (see skep_mach_precise) */
	u32 def;  /* number of the instruction that wrote it */
	u32 aux;  /* PKT, META: bytes proven behind the id's base; MEM, BUF: size; VALUE: unique id
		     of a lookup; MAP: of an inner map, id of its lookup */
	u32 btf;  /* BTF, MEM of a dynptr: type; FUNC: index; VALUE: the inner map's id, 0: no inner map */
	const struct skep_map *map; /* MAP, VALUE, KEY */
	struct skep_range r;	    /* the number, or the variable part of the offset */
};

enum skep_vbyte {
	SKEP_VB_NONE,  /* nothing was written */
	SKEP_VB_SPILL, /* part of the register stored in the slot */
	SKEP_VB_MISC,
	SKEP_VB_ZERO,
	SKEP_VB_DYNPTR,
	SKEP_VB_ITER,
	SKEP_VB_IRQ,
};
struct skep_vslot {
	u8 byte[8];	       /* enum skep_vbyte; [0] is the lowest address */
	struct skep_vreg *reg; /* of SPILL and special bytes */
};

enum { SKEP_VFRAMES = 8, SKEP_VSLOTS = 64 };

/* One function's activation. slot[k] holds the 8 bytes at r10 - 8 * (k + 1). */
struct skep_vframe {
	struct skep_vreg reg[11];
	u64 live;		   /* kept: slots that are read by what follows */
	struct skep_vchain *chain; /* the calls that led here; NULL: joins */
	u32 func;	   /* index in the machine */
	u32 call;	   /* number of the call instruction, of callbacks too */
	u8 callback;	   /* enum skep_vcb */
	u8 nslot, slot_cap;
	u8 nref;      /* references held when it was entered */
	u32 cb_depth; /* times that a callback was entered from the call that is being done */
	s32 ret_min, ret_max; /* callbacks: what they may return */
	struct skep_vslot *slot;
};
enum skep_vcb {
	SKEP_CB_NONE,
	SKEP_CB_LOOP,
	SKEP_CB_ORDER, /* a tree's: as LOOP, while the tree's lock is held */
	SKEP_CB_ASYNC
};

enum skep_vref {
	SKEP_REFK_PTR,
	SKEP_REFK_LOCK,
	SKEP_REFK_RES_LOCK,
	SKEP_REFK_RES_LOCK_IRQ,
	SKEP_REFK_IRQ
};
struct skep_vrefs {
	u32 id, insn;
	u8 kind;  /* enum skep_vref */
	u32 lock; /* locks: id of the value it lies in */
	const struct skep_map *map;
};
enum { SKEP_VREFS = 16, SKEP_VHIST = 12 };

struct skep_vstate {
	struct skep_vstate *parent, *next; /* kept states: the one before on the path; the list */
	u32 branches;			   /* paths from here that are not finished */
	u32 at;				   /* number of the next instruction */
	u32 first;			   /* kept states: the first instruction */
	u8 nframe;
	u8 nref;
	u8 rcu, preempt; /* depth of read sections */
	bool sleeps;	 /* what may sleep may be called, but for these sections */
	bool cleaned;	 /* kept: what is live in its frames is known */
	bool dropped;	 /* kept: taken from its list, to be freed when finished */
	bool is_entry;	 /* kept: some state's loop_entry */
	u32 misses, hits;
	u8 apart_frame, apart; /* kept: what told the last other state from it: a register, 10 + a slot */
	u64 print;	/* kept: equal states have equal ones */
	u32 depth;	/* kept: states before it on the path */
	bool all_precise; /* kept: all numbers in it and in those before matter */
	u32 goto_depth; /* times that may_goto's loop was entered */
	u32 callbacks;	/* times that a callback was entered */
	struct skep_vstate
		*loop_entry; /* kept: a path from here ended in this one, which was not finished */
	struct skep_vframe *frame[SKEP_VFRAMES];
	struct skep_vrefs ref[SKEP_VREFS];
	/* The last conditional jumps: number << 1 | taken. */
	u32 hist[SKEP_VHIST];
	u32 nhist;
	u32 history; /* instructions since the last kept state that the kernel must note to walk
			back */
};

/* --- the program ------------------------------------------------------------------ */

enum skep_vinsn_flag {
	SKEP_VI_PRUNE = 1, /* states are kept and compared here */
	SKEP_VI_FORCE = 2, /* always */
	SKEP_VI_SEEN = 4,
	SKEP_VI_CALLBACK = 8, /* a call that runs a callback */
	SKEP_VI_ITER = 16,    /* asks an iterator for the next element */
	SKEP_VI_JUMPED = 32,  /* reached by other ways than from the instruction before */
};
/*
 * Accesses through an arena's pointers go to the arena, with the lower half of the address; 64-bit
 * arithmetic on them is of 32 bits in the kernel.
 */
enum skep_vspace {
	SKEP_VS_ACCESS = 1,  /* an access, always through such a pointer */
	SKEP_VS_POINTER = 2, /* 64-bit arithmetic: an operand was such a pointer on some path */
	SKEP_VS_NUMBER = 4,  /* and none was on some */
};
struct skep_vinsn {
	const struct skep_insn *insn;
	u32 next, target; /* numbers, UINT32_MAX: none */
	u32 func;
	u16 live; /* registers live before it */
	u8 flags;
	u8 through; /* loads and stores: enum skep_vt of the pointer, as far as it was seen */
	u8 space;   /* enum skep_vspace: what it does with pointers into an arena */
	u8 alu_state;		  /* unprivileged: how the addition is masked, 0: not yet */
	u32 alu_limit;		  /* and by which limit */
	const struct skep_map *tail_map; /* unprivileged: the tail call's */
	struct skep_vstate *kept;	 /* list */
};
/* A field of a map's value that only helpers may touch. */
enum skep_vfield_kind {
	SKEP_FIELD_LOCK = 1,
	SKEP_FIELD_RES_LOCK,
	SKEP_FIELD_TIMER,
	SKEP_FIELD_WQ,
	SKEP_FIELD_TASK_WORK,
	SKEP_FIELD_KPTR,
	SKEP_FIELD_KPTR_UNTRUSTED,
	SKEP_FIELD_KPTR_PERCPU,
	SKEP_FIELD_UPTR,
	SKEP_FIELD_LIST_HEAD,
	SKEP_FIELD_LIST_NODE,
	SKEP_FIELD_RB_ROOT,
	SKEP_FIELD_RB_NODE,
	SKEP_FIELD_REFCOUNT
};
struct skep_vfield {
	u8 kind; /* enum skep_vfield_kind */
	u32 off, size;
	u32 type; /* kptrs: the type that is pointed to, in the object's BTF; lists, trees: that of elements */
	u32 node; /* lists, trees: where the node lies in an element */
};
struct skep_vfields {
	bool known, too_many;
	u32 n;
	struct skep_vfield v[12];
};
struct skep_vfunc {
	const struct skep_func *func;
	u32 first, n;
	u32 depth; /* bytes of stack used */
	u16 live;  /* registers live at the entry */
	bool pkt;  /* may change the packet (also by what it calls) */
	bool throws; /* calls bpf_throw() (the same) */
	bool sleep; /* calls what may sleep (the same) */
	bool called, callback, async;
	bool global, queued; /* verified alone by its signature */
	bool catches; /* gets what is thrown; what it returns, the program returns */
	u32 *from, *from_first; /* where control comes from (mach_slots.c); NULL: not asked for */
};

struct skep_fault {
	u16 rule; /* enum skep_vrule, 0: none */
	u32 at;
	u16 regs; /* that matter */
	u32 held; /* 1 + the instruction that acquired what is still held; 0: nothing is */
	const char *text;
	const char *hint; /* that fits better than the rule's, or NULL */
};

struct skep_mach_opts {
	u32 prog_type, attach_type;
	const struct skep_btf *kernel;
	const char *attach_to;
	bool sleepable;
	bool extends; /* an extension of a program of that type: called by its signature */
	bool gpl;
	bool strict_align, unpriv;
	/*
	 * There is no memory behind pointers to kernel objects, but behind those that the caller of a
	 * struct_ops member gives it (not behind what these point to): who calls vouches for them.
	 */
	bool opaque;
	/*
	 * Kernel types from this number on (0: none) are the caller's: what it gives by a pointer to one
	 * that is not const may be written, but for pointers.
	 */
	u32 own_types;
};

struct skep_mach {
	const struct skep_obj *obj;
	const struct skep_func *prog;
	struct skep_mach_opts opt;
	const struct skep_prog_type *type;
	struct skep_arena *arena;
	const struct skep_map *space; /* the arena that the program uses, or NULL */
	struct skep_vinsn *insn;
	u32 ninsn;
	struct skep_vfunc *func;
	u32 nfunc;
	u32 *func_of; /* by skep_func.index: index in func, UINT32_MAX */
	u32 ids;
	bool alu_limits; /* unprivileged: limits depend on numbers, which are compared exactly */
	bool catches;	 /* it has a function of its own for what is thrown */
	bool joins; /* the join engine drives: what is not known is not a number */
	struct skep_fault fault;
	/* origins of numbers */
	struct {
		u32 a, b;
	} * node;
	u32 nnode, cap_node;
	u8 *node_precise;
	u32 *work;
	u32 cap_work;
	/* free lists */
	struct skep_vstate *free_state;
	struct skep_vframe *free_frame;
	void *free_slots[5], *free_regs;
	size_t bytes, peak;
	struct skep_vfields *fields; /* by skep_map.index */
	struct skep_valloc *allocs;  /* fields of types that are allocated; a list */
	struct skep_vchain *chains;  /* of calls: a list of those with one frame */
	u64 wrote[SKEP_VFRAMES];     /* slots that this step wrote whole, by frame */
	bool wrote_any;
	bool fell_back; /* a number matters over whose origin the kernel does not walk back */
	bool noted; /* of this instruction there is something in st->history */
	/* set by a step that leaves more than one way */
	struct skep_vstate *other; /* the second way, or NULL; taken over by the engine */
	struct skep_vstate *async; /* a callback that runs later, or NULL */
};

/*
 * A machine for a program and what it reaches. 0, or SKEP_EINPUT with `fault` set when its
 * shape is broken.
 */
int skep_mach_init(struct skep_mach *m, const struct skep_obj *obj, const struct skep_func *prog,
		   const struct skep_mach_opts *opt, struct skep_arena *arena);
/* The state at the entry of a function: the program itself or a global function. */
int skep_mach_entry(struct skep_mach *m, u32 func, struct skep_vstate **out);

/*
 * Which of the kernel's types tells the arguments of what a program attaches to: its kind, its
 * name in `name`; 0: none does.
 */
u32 skep_attach_type(const struct skep_mach_opts *o, char *name, size_t n);
/* The kernel's types are known, and none is what the program attaches to by its type. */
bool skep_attach_missing(const struct skep_mach *m);

/* Is one of the program's own arguments the context of its type, by its signature? */
bool skep_mach_takes_ctx(const struct skep_mach *m);

/*
 * Do the instruction at st->at: st becomes one successor (st->at its place, UINT32_MAX: the
 * program ended), m->other the other one if there are two. Negative: a rule is broken (m->fault).
 */
int skep_mach_step(struct skep_mach *m, struct skep_vstate *st);

/* --- states -------------------------------------------------------------------- */

struct skep_vstate *skep_vstate_copy(struct skep_mach *m, const struct skep_vstate *from);
void skep_vstate_free(struct skep_mach *m, struct skep_vstate *st);
enum skep_vcmp {
	SKEP_CMP_COVER, /* old covers now, as far as it matters behind it */
	SKEP_CMP_RANGE, /* old covers now in every live register and slot */
	SKEP_CMP_EXACT, /* they are the same */
};
bool skep_vstate_covers(struct skep_mach *m, struct skep_vstate *old,
			const struct skep_vstate *now, enum skep_vcmp how);
/* The path of `now` ends in `old`: what mattered behind old matters for now. */
void skep_vstate_inherit(struct skep_mach *m, struct skep_vstate *old, struct skep_vstate *now);
/* Give every number of the state a new origin that stands for the old one. */
void skep_vstate_renew(struct skep_mach *m, struct skep_vstate *st);
/*
 * The kernel does not walk back over some instructions: when what one of them gave mattered, all
 * numbers in the states before matter.
 */
void skep_vstate_fall_back(struct skep_mach *m, const struct skep_vstate *st);
/* Numbers that differ between two visits of a loop and did not matter so far become unknown. */
void skep_vstate_widen(struct skep_mach *m, const struct skep_vstate *old, struct skep_vstate *now);
/* The path that came to the state is over: what it read and wrote, of the stack, is taken in. */
void skep_slots_solve(struct skep_mach *m, const struct skep_vstate *st);
/* The slots of a frame that are read from the state's place on, before they are written. */
u64 skep_slots_live(const struct skep_mach *m, const struct skep_vstate *st, u32 frame);
/* Same frames, called from the same places? */
bool skep_vstate_same_place(const struct skep_vstate *old, const struct skep_vstate *now);
void skep_vstate_print(struct skep_mach *m, const struct skep_vstate *st, bool live_only,
		       struct skep_buf *out);
/* "1 bytes" becomes "1 byte", in place. */
void skep_text_singular(char *s);
/* In words: "a packet pointer, 14 bytes proven". */
void skep_vreg_describe(const struct skep_mach *m, const struct skep_vreg *r, struct skep_buf *out);
/* What the map's values contain: enum skep_map_field. */
u32 skep_mach_map_fields(struct skep_mach *m, const struct skep_map *map);
void skep_vreg_print(const struct skep_mach *m, const struct skep_vreg *r, struct skep_buf *out);

/* --- facts --------------------------------------------------------------------- */

/* What holds before an instruction: of live registers; a register of type NONE may hold anything.
 */
struct skep_vfact {
	bool reached;
	struct skep_vreg reg[11];
};
struct skep_vfacts {
	struct skep_mach *m; /* the program's instructions, by number */
	struct skep_vfact *at;
	u32 n;
};
/*
 * Facts of a program and what it calls, by joins; true of every run of a program that is
 * safe. SKEP_EUNSUP, SKEP_ELIMIT: there are none (the program is not understood). Sets
 * `num` of the instructions.
 */
int skep_vfacts_compute(const struct skep_obj *obj, const struct skep_func *prog,
			const struct skep_mach_opts *opt, struct skep_arena *arena,
			struct skep_vfacts **out);

/* What a program's section and the object's licence say; the kernel's types are not known. */
struct skep_mach_opts skep_mach_opts_of(const struct skep_obj *obj, const struct skep_func *prog);
/*
 * What holds before each instruction of all the object's programs, whichever path leads
 * there, by the instructions' id (obj->next_id of them). Not reached: it never runs, or
 * nothing is known. True of programs that are safe.
 */
struct skep_vfact *skep_vfacts_of(const struct skep_obj *obj, struct skep_arena *arena);
/* What holds of both, for functions that several programs share; ids have no meaning afterwards. */
void skep_vfact_join(struct skep_vfact *a, const struct skep_vfact *b);

static inline struct skep_vframe *skep_vtop(const struct skep_vstate *st)
{
	return st->frame[st->nframe - 1];
}

#endif
