/* SPDX-License-Identifier: BSD-2-Clause */
/* vm: what its files share: regions, maps, decoded code, frames, the call of a helper. */
#ifndef SKEP_VM_IMPL_H
#define SKEP_VM_IMPL_H

#include "vm/vm.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the vm needs a little-endian host");

enum {
	STACK_SIZE = 512,
	MAX_FRAMES = 8,
	MAX_TAIL_CALLS = 33,
	HEADROOM = 256,
	TAILROOM = 320,
	MAX_SLOTS = 1000000,
};

/* --- memory ---------------------------------------------------------------- */

/* Region numbers. Maps take theirs from REG_FIRST on, records of one run those behind. */
enum { REG_NULL, REG_CTX, REG_PKT, REG_FUNC, REG_MAP, REG_STACK = 8, REG_FIRST = 16 };
/* Offset of a region's first byte, so that small negative displacements stay in it. */
#define REG_BASE 0x10000000u
#define GUEST(region, off) ((u64)(region) << 32 | (u32)(REG_BASE + (off)))

enum { ACC_R = 1, ACC_W = 2, ACC_SLOW = 4 };

struct region {
	u8 *host;   /* byte at REG_BASE */
	u32 lo, hi; /* valid offsets, REG_BASE included: lo <= offset < hi */
	u8 perm;    /* ACC_* */
	u32 stride; /* not 0: elements of `elem` bytes at this distance */
	u32 elem;
	u8 *init;     /* strict: a byte for each byte, not 0 when written */
	u32 dlo, dhi; /* bytes changed since the snapshot: dlo <= byte < dhi, counted from 0 */
};

/* --- maps -------------------------------------------------------------------- */

/*
 * Elements live in slots. Arrays: slot = index. Hashes (and LPM tries, whose
 * keys are masked to their prefix): chained from `head`, with a free list and a
 * list from most to least recently used. Queues: a ring of slots.
 */
#define NIL 0xffffffffu
struct vmap_slot {
	u32 next; /* chain, or free list */
	u32 newer, older;
	bool used;
};
struct vmap_state {
	struct vmap_slot *slot;
	u8 *key;
	u8 **val; /* one block a CPU */
	u32 *head;
	u32 nslot; /* slots that were ever used */
	u32 count, free, newest, oldest;
	u32 ring;    /* queue and stack: first element */
	u64 pending; /* ringbuf: bytes in records */
};
struct vmap {
	struct skep_vm_map_def def;
	char name[32];
	u32 stride, cap, mask; /* bytes between values, slots allocated, heads - 1 */
	u32 region;	       /* of CPU 0; the others follow */
	u32 *plen;	       /* LPM: elements of each prefix length */
	struct vmap_state now, old;
	bool changed; /* since the snapshot, other than by a store to a value */
};

struct skep_vm;
/* vm->helper tells which. Result in *r0; 0, or -1 after a trap. Tail calls: HELPER_TAIL when taken.
 */
typedef int (*vm_helper)(struct skep_vm *vm, const u64 *a, u64 *r0);
enum { HELPER_TAIL = 1 };

/* --- code --------------------------------------------------------------------- */

struct vinsn {
	u16 k; /* the case of the interpreter's switch */
	u8 dst, src;
	s32 off; /* displacement, or the target slot of a branch */
	s64 imm;
};
struct vprog {
	struct vinsn *code;
	struct skep_ins *ins;
	vm_helper *helper;   /* of a call, by slot; or NULL */
	u16 *reads, *writes; /* registers, for strict runs */
	u32 n, type;
	const struct skep_prog_type *pt;
	u8 *ctx_kind; /* each byte of the context: enum skep_ctx_kind | CTXK_*, or NULL */
};
enum { CTXK_START = 0x10, CTXK_WRITABLE = 0x20 };

struct frame {
	u32 prog, pc; /* where to go on */
	u64 saved[4]; /* r6 to r9 */
	u16 init;     /* strict: registers that hold something */
	u32 may_goto;
};

struct event {
	struct skep_vm_event ev;
	size_t at; /* of its data in the buffer */
};
struct record { /* a ring buffer's record between reserve and submit */
	u32 map, region, len;
};

struct skep_vm {
	struct skep_vm_options opt;
	struct region *reg;
	u32 nreg, cap_reg, nreg_maps;
	struct vmap **map;
	u32 nmap, cap_map;
	bool has_snapshot;
	struct vprog **prog;
	u32 nprog, cap_prog;

	/* one run */
	u64 r[11];
	u16 init;
	u32 cur, depth, tails; /* program, frame, tail calls so far */
	struct frame frame[MAX_FRAMES];
	u8 stack[MAX_FRAMES][STACK_SIZE], stack_init[MAX_FRAMES][STACK_SIZE];
	u64 left, time, budget;
	s64 helper; /* id of the call that runs */
	struct skep_rng rng;
	u32 nrandom; /* numbers of the input that were given */
	const struct skep_vm_input *in;
	u32 trap, trap_pc, trap_prog;
	bool trap_set; /* the place is known */
	u64 trap_addr;
	u8 *pkt;		    /* buffer */
	u32 pkt_cap, pkt_room;	    /* allocated; last byte that the tail may reach */
	u32 meta, data, end, data0; /* offsets in it */
	u8 ctx[4096];
	u32 ctx_len;
	struct event *ev;
	struct skep_vm_event *ev_out;
	u32 nev, cap_ev, cap_ev_out;
	struct skep_buf ev_data;
	struct record *rec;
	u32 nrec, cap_rec;
	struct skep_vm_watch *watch; /* or NULL */
};

/* --- mem.c ---------------------------------------------------------------------- */

/* Room for one more element; false: no memory. */
bool skep_vm_room(void *vec, u32 n, u32 *cap, size_t elem);
u32 skep_vm_region_add(struct skep_vm *vm, u32 n); /* n regions, the first's number; 0: no memory */
int skep_vm_raise_trap(struct skep_vm *vm, u32 trap, u64 addr); /* returns -1 */
/* Host memory of a checked access without side conditions, or NULL (no trap). Not for the context.
 */
u8 *skep_vm_mem(struct skep_vm *vm, u64 addr, u32 size, u8 acc);
/* The same with a trap. Reads check initialised stack bytes, writes initialise them. */
u8 *skep_vm_mem_or_trap(struct skep_vm *vm, u64 addr, u32 size, u8 acc);
/* An access that the fast path did not take: the context, and traps. 0 or -1. */
int skep_vm_load_slow(struct skep_vm *vm, u64 addr, u32 size, u64 *v);
int skep_vm_store_slow(struct skep_vm *vm, u64 addr, u32 size, u64 v);
/* Bytes of any readable memory, the context too; false: not readable (no trap). */
bool skep_vm_copy_in(struct skep_vm *vm, u64 addr, u32 size, void *to);
void skep_vm_pkt_sync(struct skep_vm *vm); /* after the packet's bounds changed */
u32 skep_vm_ctx_get(struct skep_vm *vm, const char *field);
void skep_vm_ctx_put(struct skep_vm *vm, const char *field, u32 v);
bool skep_vm_note_event(struct skep_vm *vm, u8 kind, u32 map, u64 a, u64 b, const void *data, u32 len);

/* --- map.c, map_hash.c, map_user.c
 * ----------------------------------------------------------------- */

bool skep_vm_map_is_hash(u32 type);
bool skep_vm_map_is_lru(u32 type);
bool skep_vm_map_is_percpu(u32 type);
bool skep_vm_map_is_queue(u32 type);
bool skep_vm_map_is_array(u32 type);	/* of plain values */
bool skep_vm_map_holds_index(u32 type); /* values are programs, maps, devices: not seen by programs */
u32 skep_vm_map_cpus(const struct skep_vm *vm, const struct vmap *m);
void skep_vm_map_sync(struct skep_vm *vm, struct vmap *m); /* regions after the blocks moved */
void skep_vm_map_dirty(struct skep_vm *vm, struct vmap *m, u32 cpu, u32 off, u32 size);
void skep_vm_map_store(struct skep_vm *vm, struct vmap *m, u32 cpu, u32 slot, const void *value);
void skep_vm_maps_free(struct skep_vm *vm);
u8 *skep_vm_map_value(const struct vmap *m, u32 cpu, u32 slot);
/* The slot of a key or NIL. `touch`: it counts as use (LRU). */
u32 skep_vm_map_find(struct skep_vm *vm, struct vmap *m, const u8 *key, bool touch);
/* Find or make the slot of a key; negative errno. flags: BPF_ANY, NOEXIST, EXIST. */
int skep_vm_map_put(struct skep_vm *vm, struct vmap *m, const u8 *key, u64 flags, u32 *slot);
int skep_vm_map_del(struct skep_vm *vm, struct vmap *m, const u8 *key);
u32 skep_vm_hash_find(const struct vmap *m, const u8 *key);
void skep_vm_hash_touch(struct vmap *m, u32 slot);
int skep_vm_hash_put(struct skep_vm *vm, struct vmap *m, const u8 *key, u64 flags, u32 *slot);
int skep_vm_hash_del(struct vmap *m, const u8 *key);
int skep_vm_hash_reserve(struct skep_vm *vm, struct vmap *m, u32 cap);
u32 skep_vm_lpm_find(const struct vmap *m, const u8 *key);
void skep_vm_lpm_mask(const struct vmap *m, const u8 *key, u32 bits, u8 *out);
int skep_vm_queue_push(struct skep_vm *vm, struct vmap *m, const void *value, u64 flags);
int skep_vm_queue_peek(struct vmap *m, void *value, bool remove);
u64 skep_vm_guest_of_map(u32 map);
struct vmap *skep_vm_map_of_guest(struct skep_vm *vm, u64 addr, u32 *index); /* NULL: no map */

void skep_vm_records_free(struct skep_vm *vm); /* memory that lives as long as one run */

/* --- load.c -------------------------------------------------------------------------- */

void skep_vm_prog_free(struct vprog *p);

/* --- exec.c -------------------------------------------------------------------------- */

/* Execute until the frame that is current now returns. 0 or -1 (trap). */
int skep_vm_exec(struct skep_vm *vm, u32 pc);
/* Call a function of the program from a helper. 0 or -1 (trap). */
int skep_vm_callback(struct skep_vm *vm, u64 func, const u64 *arg, u32 nargs, u64 *ret);
void skep_vm_frame_start(struct skep_vm *vm); /* a fresh stack frame at vm->depth */
void skep_vm_frames_reset(struct skep_vm *vm);
u16 skep_vm_kind(const struct skep_ins *in); /* the case of the interpreter's switch */

/* --- helpers -------------------------------------------------------------------------- */

vm_helper skep_vm_helper_find(s64 id);
/* A row of a file's table of helpers. */
struct vm_helper_row {
	u16 id;
	vm_helper fn;
};
extern const struct vm_helper_row skep_vm_helpers_map[], skep_vm_helpers_mem[], skep_vm_helpers_skb[],
    skep_vm_helpers_net[], skep_vm_helpers_misc[]; /* each ends with id 0 */

#define ERRNO(e) ((u64)(s64) - (e))

/* The text of a format; false: trapped. *err: 0 or negative errno. */
bool skep_vm_format(struct skep_vm *vm, const char *fmt, u32 fmt_len, const u64 *arg, u32 narg,
	       struct skep_buf *out, int *err);
/* A block of guest memory for the rest of the run; 0: no memory (trapped). */
u64 skep_vm_block(struct skep_vm *vm, u32 len, u8 perm, u8 **host);

#endif
