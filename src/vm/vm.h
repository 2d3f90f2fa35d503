/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm: the reference interpreter: instructions as bytes, memory, maps, helpers.
 *
 * A guest address is region << 32 | offset and is the same in every run, so two
 * runs can be compared. Every access is checked against its region; a violation
 * ends the run with a trap, never with undefined behaviour of the host. Nothing
 * depends on a clock, on host addresses or on global state. One skep_vm belongs
 * to one thread at a time. The host is little-endian, and so is the guest.
 *
 * The vm owns what it returns; pointers in a result are good until the next
 * call that takes the vm. Functions return 0 or a negative enum skep_err
 * unless stated; the map functions return a negative errno as bpf(2) does.
 */
#ifndef SKEP_VM_H
#define SKEP_VM_H

#include "abi/abi.h"
#include "isa/isa.h"
#include "vm/engine.h"

struct skep_vm;

struct skep_vm_options {
	u64 size;	  /* of this structure */
	bool strict;	  /* reading registers or stack bytes that nothing wrote traps */
	u8 stack_fill;	  /* what new stack bytes hold when not strict */
	u32 cpus;	  /* of per-CPU maps; 0: 1 */
	u64 budget;	  /* instructions of one run; 0: 10 million */
	u32 loop_limit;	  /* may_goto and bpf_loop; 0: 8 Mi as the kernel */
	u64 memory_limit; /* bytes of one map; 0: 1 GiB */
};

struct skep_vm *
skep_vm_new(const struct skep_vm_options *opt); /* NULL: no memory; opt may be NULL */
void skep_vm_free(struct skep_vm *vm);

/* --- maps ------------------------------------------------------------------ */

/* Flags of a map definition, the kernel's numbers. */
enum { SKEP_VM_F_NO_PREALLOC = 1, SKEP_VM_F_RDONLY_PROG = 1 << 7, SKEP_VM_F_WRONLY_PROG = 1 << 8 };

struct skep_vm_map_def {
	u32 type; /* SKEP_MAP_* */
	u32 key_size, value_size, max_entries, flags;
	const char *name; /* copied; may be NULL */
};
/* The new map's index (0, 1, ...) or SKEP_EUNSUP, SKEP_EUSAGE (impossible sizes), SKEP_ENOMEM. */
int skep_vm_map_add(struct skep_vm *vm, const struct skep_vm_map_def *def);
const struct skep_vm_map_def *skep_vm_map_def(const struct skep_vm *vm, u32 map);

/*
 * As bpf(2) from user space. A per-CPU value is `cpus` values, each rounded up
 * to 8 bytes. The value of an element that holds a program or a map is its
 * index in this vm as u32. Queues and stacks take no key: update pushes,
 * lookup peeks, delete pops (the value is lost).
 */
int skep_vm_map_lookup(struct skep_vm *vm, u32 map, const void *key, void *value);
int skep_vm_map_update(struct skep_vm *vm, u32 map, const void *key, const void *value, u64 flags);
int skep_vm_map_delete(struct skep_vm *vm, u32 map, const void *key);
/* The key after `key` (NULL: the first), -ENOENT at the end. Order: age for hashes, else the index.
 */
int skep_vm_map_next(struct skep_vm *vm, u32 map, const void *key, void *next);
/* Elements now in the map; arrays always have max_entries. */
u32 skep_vm_map_used(const struct skep_vm *vm, u32 map);
/* Direct access to the values of an array on one CPU (host memory), or NULL. */
void *skep_vm_map_data(struct skep_vm *vm, u32 map, u32 cpu);
/* A number for the contents: equal contents, equal digests, whatever order they were stored in. */
u64 skep_vm_map_digest(const struct skep_vm *vm, u32 map);
/* Same keys and values (order counts only in queues and stacks)? The definitions must agree too. */
bool skep_vm_map_equal(const struct skep_vm *a, u32 map_a, const struct skep_vm *b, u32 map_b);

/* Remember the contents of all maps; take them back. Restore costs what was changed. */
int skep_vm_snapshot(struct skep_vm *vm);
int skep_vm_restore(struct skep_vm *vm);

/* --- programs ---------------------------------------------------------------- */

/*
 * `insns` are `slots` little-endian 8-byte slots; other programs' code is not
 * shared. A map in a 16-byte load: src 1 or 5, imm = map index; its value: src
 * 2 or 6, low imm = map index, high imm = offset; a function: src 4, imm =
 * target - slot - 1. Returns the program's index, or SKEP_EINPUT (malformed),
 * SKEP_EUNSUP (an unknown helper, a kernel symbol) with diagnostics.
 */
int skep_vm_prog_load(struct skep_vm *vm, const u8 *insns, u32 slots, u32 prog_type,
		      struct skep_diags *ds);
/* Forget all programs (their indices start at 0 again). */
void skep_vm_prog_clear(struct skep_vm *vm);
/* Does this build run the helper? */
bool skep_vm_helper_known(s64 id);

/* --- running ------------------------------------------------------------------ */

enum skep_vm_trap {
	SKEP_TRAP_NONE,
	SKEP_TRAP_NULL,	  /* access near address 0 */
	SKEP_TRAP_BOUNDS, /* access outside every valid region */
	SKEP_TRAP_PERM,	  /* write to read-only memory, read of write-only memory */
	SKEP_TRAP_CTX,	  /* an access to the context that hits a pointer field partly */
	SKEP_TRAP_UNINIT, /* strict: read of a register or of stack bytes nobody wrote */
	SKEP_TRAP_BUDGET, /* the instruction budget is used up */
	SKEP_TRAP_DEPTH,  /* more than 8 frames */
	SKEP_TRAP_CALL,	  /* a kfunc, or a call through something that is no function */
	SKEP_TRAP_ARG,	  /* a helper's argument is of the wrong kind (a map, a callback, a lock) */
	SKEP_TRAP_ENCODING, /* not executable: the middle of a 16-byte load, an address-space cast
			     */
	SKEP_TRAP_ALIGN,    /* an atomic access that is not aligned */
	SKEP_TRAP_NOMEM,    /* the host has no memory */
	SKEP_TRAP_NR
};
const char *skep_vm_trap_name(u32 trap);

struct skep_vm_input {
	const void *pkt; /* packet bytes, copied; for types without a packet NULL */
	u32 pkt_len;
	u32 meta_len; /* the first bytes of `pkt` that are metadata before data */
	const void
	    *ctx;    /* the context as programs see it (pointer fields are ignored); NULL: zeros */
	u32 ctx_len; /* may be shorter than the type's context (rest zero) */
	u32 cpu;     /* current CPU, below options.cpus */
	u64 time_ns; /* what bpf_ktime_get_ns gives first */
	u64 time_step; /* what each call adds; 0: the clock stands still */
	u64 seed;      /* of random numbers */
	const u32 *random; /* what the first `nrandom` of them are */
	u32 nrandom;
	u64 pid_tgid, uid_gid;
	const char *comm; /* NULL: "skep" */
	bool flat; /* r1 = the packet's bytes as plain memory or 0, r2 = their number; no context */
};

enum skep_vm_event_kind {
	SKEP_EV_REDIRECT,     /* a = ifindex, b = flags */
	SKEP_EV_REDIRECT_MAP, /* map, a = key, b = flags */
	SKEP_EV_REDIRECT_PEER,
	SKEP_EV_REDIRECT_NEIGH,
	SKEP_EV_CLONE_REDIRECT, /* a = ifindex, b = flags; data: the packet */
	SKEP_EV_PERF,		/* map, a = flags; data: the record */
	SKEP_EV_RINGBUF,	/* map, a = flags; data: the record */
	SKEP_EV_PRINT,		/* data: the text */
	SKEP_EV_OTHER, /* a = helper id, b = its arguments' digest: an effect that is only noted */
};
struct skep_vm_event {
	u8 kind; /* enum skep_vm_event_kind */
	u32 map;
	u64 a, b;
	u32 len;
	const u8 *data;
};

struct skep_vm_result {
	u64 ret;       /* r0; programs return its low 32 bits */
	u32 trap;      /* enum skep_vm_trap */
	u32 trap_prog; /* where: program and slot */
	u32 trap_slot;
	u64 trap_addr; /* the address, if it was an access */
	u64 executed;  /* instructions */
	const u8 *pkt; /* the packet afterwards, metadata first */
	u32 pkt_len, meta_len;
	s32 pkt_shift; /* bytes that data moved (adjust_head, ...) */
	const u8 *ctx; /* the context afterwards */
	u32 ctx_len;
	const struct skep_vm_event *events;
	u32 nevents;
};
/* Run a program once. A trap is a result, not an error; errors: SKEP_EUSAGE, SKEP_ENOMEM. */
int skep_vm_run(struct skep_vm *vm, u32 prog, const struct skep_vm_input *in,
		struct skep_vm_result *out);
/*
 * Did two runs do the same as the outside sees it: return value, packet, context,
 * events? Two traps count as the same, so look at `trap` first (a used-up budget
 * says nothing); `ret32` compares the low 32 bits only. Maps are compared apart.
 */
bool skep_vm_result_equal(const struct skep_vm_result *a, const struct skep_vm_result *b,
			  bool ret32);
/* One number for what skep_vm_result_equal() compares, to keep when the result goes. */
u64 skep_vm_result_digest(const struct skep_vm_result *r, bool ret32);

/* --- watching --------------------------------------------------------------------- */

/* The operands of a conditional jump that was executed. */
struct skep_vm_cmp {
	u32 slot;
	u8 size; /* 4 or 8 bytes were compared */
	u64 dst, src;
};
/*
 * What to note in the runs of a vm: the slots of one program that were executed,
 * its conditional jumps (as many as there is room for), keys that a program looked
 * up in vain, and the registers before each of its instructions. The caller owns all of it.
 */
struct skep_vm_watch {
	u32 prog;
	u8 *cover;		 /* a byte for each slot, set to 1 */
	struct skep_vm_cmp *cmp; /* or NULL */
	u32 ncmp, cap_cmp;	 /* the caller sets ncmp to 0 when it wants to */
	void (*missed)(void *user, u32 map, const void *key); /* or NULL */
	void (*step)(void *user, u32 slot, const u64 reg[11]); /* or NULL */
	void *user;
};
void skep_vm_watch(struct skep_vm *vm, struct skep_vm_watch *w); /* NULL: no more */

/*
 * skep_vm_map_equal() for two vms whose maps were equal when their snapshots were
 * taken or restored: costs what the programs changed since.
 */
bool skep_vm_map_same_changes(const struct skep_vm *a, u32 map_a, const struct skep_vm *b,
			      u32 map_b);

extern const struct skep_diag_def skep_vm_diags[];
extern const u32 skep_vm_ndiags;

#endif
