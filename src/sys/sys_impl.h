/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: what its files share. Functions return 0 (or what they say) or a negative errno.
 *
 * What lies in the store may have been changed by anyone who may write there. So sizes and
 * limits are copied from a file once, checked, and used from the copy; an index that is read
 * from shared memory is checked before it is used, and loops over shared links are bounded.
 */
#ifndef SKEP_SYS_IMPL_H
#define SKEP_SYS_IMPL_H

#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

#include "jit/jit.h"
#include "probe/probe.h"
#include "sys/object.h"
#include "sys/sys.h"
#include "vm/vm.h"

enum {
	PAGE = 4096,
	PATH_LEN = 512,
	OBJ_MAGIC = 0x70656b73, /* "skep" */
	OBJ_VERSION = 3,
	NKIND = SKEP_SYS_PERF + 1,
	NREADER = 1024,
	NCPU_MAX = 256,
	KEY_MAX = 4096,
};

/* --- the store -------------------------------------------------------------------- */

/*
 * The last page of every file in the store. What comes before it is the object's own, so that
 * an mmap of the descriptor shows what the kernel's would show.
 */
struct fhead {
	u32 magic, version, kind, id;
	u64 size; /* bytes before this page */
	u64 born; /* nanoseconds since boot */
	u64 boot; /* of the machine: locks of an earlier one mean nothing */
	u32 uid, pad;
	char name[16];
	u8 more[3072]; /* of the kind */
};

const char *sys_store_dir(void); /* NULL: there is none, errno says why */
int sys_store_path(char *buf, u32 kind, u32 id);
int sys_store_lock(bool exclusive); /* for sys_store_unlock(), or a negative errno */
int sys_store_lock_ops(void);	    /* the same, for who registers struct_ops */
int sys_store_lock_table(void);	    /* for who opens the table of readers; others may be held */
void sys_store_unlock(int lock);
struct stat;
bool sys_store_holds(const struct stat *st); /* may it be a file of the store? */
/*
 * Would so many bytes more leave less than an eighth of the machine's memory? Where the store lies
 * in memory, what a map reserves is nobody else's any more, and no limit of the user's counts it.
 */
bool sys_store_crowds(int fd, u64 n);
/* Room for bytes of a store's file that need not be there yet; -ENOMEM: the disk, or the machine's memory, has none. */
int sys_store_reserve(int fd, u64 at, u64 n);
/*
 * A new file of `size` bytes and a head, not yet visible; `store_publish` gives it an id and
 * its place and returns the id. The descriptor keeps it alive.
 */
int sys_store_create(u32 kind, u64 size, struct fhead *head, bool reserve);
int sys_store_publish(int fd, struct fhead *head);
void sys_store_discard(int fd);
/* A descriptor by id: O_RDONLY, O_WRONLY or O_RDWR. */
int sys_store_open(u32 kind, u32 id, int access);
/* The checked head of a descriptor of the store; -EBADF for other files. */
int sys_store_head(int fd, struct fhead *h);
int sys_store_head_of(u32 kind, u32 id, struct fhead *h); /* by id */
int sys_store_next_id(u32 kind, u32 after, u32 *next);
int sys_store_pin(int fd, const char *path);
int sys_store_get(const char *path, int access);
u32 sys_store_collect(void); /* how many objects live */
u64 sys_store_boot(void);
u64 sys_store_now(void);

/* --- processes together ---------------------------------------------------------------- */

/* A lock that the death of its owner opens. */
struct shlock {
	pthread_mutex_t m;
};
void sys_shlock_init(struct shlock *l);
/* 0, 1 when the owner died holding it, -EBUSY when it cannot be had. */
int sys_shlock_take(struct shlock *l);
int sys_shlock_try(struct shlock *l);
void sys_shlock_drop(struct shlock *l);

/*
 * Readers say that they read; what was taken out of a map before the oldest of them began
 * may be used again.
 */
int sys_reader_enter(void); /* nests; negative errno */
void sys_reader_leave(void);
void sys_reader_renew(void); /* as leaving and entering, when nothing is nested */
u64 sys_reader_stamp(void); /* for something that was just taken out */
/*
 * No living reader began before this epoch: what has an older stamp nobody sees any more. The
 * argument is the oldest stamp that is asked for.
 */
u64 sys_reader_oldest(u64 stamp);
u64 sys_reader_name(void); /* of this thread, never used twice; 0: there is no room for it */
bool sys_reader_alive(u64 name);
bool sys_reader_alive32(u32 name); /* by the low half */

/* A lock of one word. Results as sys_shlock_take(); -EBUSY, too, for who holds it already. */
struct wordlock {
	u64 owner;
};
int sys_wordlock_take(struct wordlock *l);
int sys_wordlock_try(struct wordlock *l);
void sys_wordlock_drop(struct wordlock *l);
/* Is the table of readers there? Else not now: it is tried again by whoever needs it. */
bool sys_table_ready(void);
u32 sys_next_id(u32 kind);
/* A processor for the time of a run, nobody else's meanwhile. */
int sys_cpu_take(void);
void sys_cpu_drop(void);
u32 sys_cpu_count(void);

/* What helpers know of the thread. */
struct sthread {
	u32 cpu;
	u32 depth; /* of reader_enter */
	u32 cpu_depth;
	u32 reserved; /* records of rings that were not submitted yet */
	s32 slot;  /* of the table of readers, -1: none yet */
	u64 name;  /* sys_reader_name() */
	u64 rand, pid_tgid;
	u64 born; /* when the thread began, in ticks since boot; 0: not asked yet */
	struct srun *run;
	struct ways *ways; /* of the last test run; NULL: there were never any */
	u32 whole; /* of sys_whole_begin() */
	u32 until_stats; /* runs until it is asked whether they are timed */
	bool stats;
};
extern _Thread_local struct sthread skep_sys_thread __attribute__((tls_model("initial-exec")));

/* --- objects of this process: object.h ------------------------------------------------ */

int sys_smap_open(int fd, const struct fhead *h, struct sobj **out);
int sys_sprog_open(int fd, const struct fhead *h, struct sobj **out);
int sys_sbtf_open(int fd, const struct fhead *h, struct sobj **out);
int sys_slink_open(int fd, const struct fhead *h, struct sobj **out);
int sys_sperf_open(int fd, const struct fhead *h, struct sobj **out);

/* --- maps ------------------------------------------------------------------------------- */

/* A map's part of its file's head. */
struct mhead {
	u32 type, key_size, value_size, max_entries, flags;
	u32 btf, key_type, value_type;
	u32 inner; /* the id of a map like those inside */
	u32 ncpu, nbucket, nslot, slot_size, seed;
	u32 capacity, key_bytes; /* of a hash table: elements, bytes of a key as it lies there */
	u64 extra;
	u32 kernel_type; /* struct_ops: what its value is, among the kernel's types */
	u32 frozen; /* from here on it changes */
	u32 gen;    /* of a prog array's contents */
	u32 writers; /* mappings that user space writes */
	u32 owner;   /* the process whose objects values point to, 0: none */
	u32 ops_state; /* enum ops_state */
	u32 ops_turn;  /* when it was registered */
	u64 owner_born;
	struct shlock lock;
	/* guarded by the lock */
	u32 given, fresh, ready; /* see hash.h; slots that have memory */
	u32 free, turn, hand;
	u64 head, tail;
};

struct smap;
struct sprog;
struct map_ops {
	int (*check)(struct mhead *h);		     /* attributes; fills in the layout */
	u64 (*size)(const struct mhead *h);	     /* bytes of the payload */
	int (*open)(struct smap *m, int fd,
		    bool fresh); /* its file is mapped; fresh: it is being made */
	void (*init)(struct smap *m);
	void (*recover)(struct smap *m);	     /* an owner of the lock died */
	void (*restart)(struct smap *m);	     /* the machine did: nobody holds anything */
	void *(*lookup)(struct smap *m, const void *key); /* the program's view */
	int (*update)(struct smap *m, const void *key, const void *value, u64 flags);
	int (*remove)(struct smap *m, const void *key);
	int (*next)(struct smap *m, const void *key, void *next);
	/* the view of bpf(2) */
	int (*read)(struct smap *m, const void *key, void *value, u64 flags);
	int (*write)(struct smap *m, const void *key, const void *value, u64 flags);
	int (*take)(struct smap *m, const void *key, void *value, u64 flags);
	int (*push)(struct smap *m, const void *value, u64 flags);
	int (*pop)(struct smap *m, void *value, bool keep);
	/* mmap(2) of its descriptor, where it is more than the file's; may who waits for it go on? */
	void *(*mmap)(void *addr, size_t len, int prot, int flags, int fd, struct smap *m, s64 off);
	bool (*ready)(struct smap *m);
	void (*fini)(struct smap *m);
	bool no_batch;
};

/* A part of values, or of objects that programs allocate, that only helpers touch. */
enum field_kind {
	FIELD_LOCK,
	FIELD_TIMER,
	FIELD_LIST,
	FIELD_LIST_NODE,
	FIELD_TREE,
	FIELD_TREE_NODE,
	FIELD_COUNT,
	FIELD_POINTER, /* to an object */
	FIELD_WORK,    /* a work queue */
};
struct sfield {
	u32 off, size;
	u8 kind;
};
enum { FIELDS_MAX = 16 };
struct fields {
	struct sfield field[FIELDS_MAX];
	u32 n;
	int err; /* there are too many, or one is none that is known */
};
struct skep_btf;
/* Those of a type of so many bytes. */
void sys_fields_of(const struct skep_btf *b, u32 type, u32 size, struct fields *out);
/* Does it run later, and so go with its element? */
static inline bool field_runs(const struct sfield *f)
{
	return f->kind == FIELD_TIMER || f->kind == FIELD_WORK;
}
static inline bool field_owns(const struct sfield *f)
{
	return f->kind == FIELD_LIST || f->kind == FIELD_TREE || f->kind == FIELD_POINTER;
}

struct smap {
	struct skep_eng_map eng; /* first: programs hold its address */
	struct sobj o;
	const struct map_ops *ops;
	struct mhead d;		 /* the checked copy; what changes is in *h */
	struct mhead *h;	 /* shared */
	u8 *mem;
	u64 len, payload;
	u32 vstride; /* of values: rounded up, of one processor */
	struct sfield field[FIELDS_MAX];
	u32 nfield;
	bool objects; /* values have pointers to objects */
	char name[16];
	u64 born;
	/* in this process only */
	pthread_mutex_t mine; /* for sys_map_mine() */
	struct sobj **held; /* by slot or index: the programs, maps or buffers in it */
	u32 gen;
	_Atomic u32 prog_type; /* of the programs that use a prog array here: tail calls stay among them */
	struct sarena *arena;
	void *fixed; /* the contents of a frozen map that programs may only read */
	u8 *view; /* a ring's pages with the data twice */
	int wake; /* descriptor that wakes who waits for a ring, -1 */
};
static inline struct smap *smap_of(struct sobj *o)
{
	return (struct smap *)((u8 *)o - offsetof(struct smap, o));
}
/* Places for what it holds. */
static inline u32 held_places(const struct smap *m)
{
	return m->d.nslot ? m->d.nslot : m->d.max_entries;
}
extern const struct map_ops sys_array_ops, sys_percpu_array_ops, sys_hash_ops, sys_lpm_ops, sys_queue_ops, sys_bloom_ops, sys_ring_ops, sys_user_ring_ops, sys_task_storage_ops, sys_cgroup_storage_ops,
    sys_prog_array_ops, sys_perf_array_ops, sys_array_of_maps_ops, sys_hash_of_maps_ops, sys_dev_ops, sys_dev_hash_ops,
    sys_cpu_ops, sys_xsk_ops, sys_sock_map_ops, sys_sock_hash_ops, sys_sock_array_ops, sys_stack_ops, sys_arena_ops, sys_ops_ops, sys_fd_storage_ops, sys_cgroup_array_ops;
const struct map_ops *sys_map_ops_of(u32 type);
/* Why the last call was refused, where a number does not say it; see skep_sys_refusal(). */
void sys_say_refused(const char *why);
int sys_map_create(const union bpf_attr *attr, u32 size);
/* What is verified against a frozen map's contents must not see them change. */
int sys_map_fix(struct smap *m);
/* What is of this process only in a map changes between these; see sys_whole_begin(). */
void sys_map_mine(struct smap *m);
void sys_map_mine_done(struct smap *m);
int sys_map_lock(struct smap *m);
void sys_map_unlock(struct smap *m);
u32 sys_map_value_size(const struct smap *m); /* as bpf(2) sees it */
bool sys_map_percpu(u32 type);
int sys_socket_family(int fd); /* of a descriptor, or a negative errno */
static inline u32 round8(u32 n)
{
	return (n + 7) & ~7u;
}
/* Copies by words where it can, so that a number is never seen half written. */
void sys_copy_value(void *to, const void *from, u32 n);
/* Such fields of the map's values, by its BTF (field.c). */
int sys_fields_read(struct smap *m);
bool sys_map_has_lock(const struct smap *m);
/* A value into the map and out of it, without them; under its lock with BPF_F_LOCK. */
void sys_value_put(const struct smap *m, void *to, const void *from, u64 flags);
void sys_value_get(const struct smap *m, void *to, void *from, u64 flags);
void sys_value_fresh(const struct smap *m, u8 *value); /* they are unset in a new value */
void sys_word_lock(u32 *word);
void sys_word_unlock(u32 *word);
/* The stack of who runs the program (stack.c), as the helpers give results. */
s64 sys_stack_get(void *to, u32 size, u64 flags);
s64 sys_stack_id(struct smap *m, u64 flags);
/* Timers in values (timer.c), as the helpers give results. */
int sys_timer_init(void *field, struct smap *m, u64 flags);
int sys_timer_set_callback(void *field, u64 func);
int sys_timer_start(void *field, u64 ns, u64 flags);
int sys_timer_cancel(void *field);
/* And work queues, which have callbacks as timers have. */
int sys_work_init(void *field, struct smap *m, u64 flags);
int sys_work_start(void *field, u64 flags);
void sys_timers_drop(const struct smap *m, u8 *value);
void sys_timers_end(const struct smap *m); /* all that are in the map */
/* The element goes: so do its timers, and its objects when they are this process's. */
void sys_fields_drop(const struct smap *m, u8 *value);
/* Objects that programs allocate (object_heap.c); they are of one process. */
void *sys_object_new(const struct sprog *p, u64 type);
void sys_object_drop(void *object);
void *sys_object_share(void *object); /* one reference more, or NULL */
void *sys_object_of_node(void *node);
/* What an object or a value owns is dropped; where it has a lock, under it. */
void sys_objects_free(const struct sfield *f, u32 n, u8 *base);
/* The map's objects are this process's from now on; -EBUSY: another one's that lives. */
int sys_map_own(struct smap *m);
void sys_map_disown(struct smap *m);
u64 sys_task_born(u32 tid); /* when a thread began, 0: there is none */
/* Nodes of lists and trees without an owner, NULL when there is none (more). */
void *sys_list_take(void *head, bool last);
void *sys_tree_take(void *root);
void *sys_hash_find(struct smap *m, const void *key);
int sys_hash_update(struct smap *m, const void *key, const void *value, u64 flags);
int sys_hash_remove(struct smap *m, const void *key);
/* `f` for each element until it returns other than 0. Elements may come and go meanwhile. */
void sys_hash_for_each(struct smap *m, int (*f)(void *arg, const void *key, void *value), void *arg);
/* Storage of the task that a program got (storage.c), as the helpers give it: an address or NULL, 0 or an errno. */
void *sys_task_storage_get(struct smap *m, u64 task, const void *value, u64 flags);
int sys_task_storage_delete(struct smap *m, u64 task);
u64 sys_task_current(void); /* what a program gets as this thread */
/* Attributes of maps whose elements belong to something: tasks, sockets, inodes, cgroups. */
int sys_local_storage_check(const struct mhead *h);
/* The number of a cgroup by its directory, of the second version or (old_too) of any. */
int sys_cgroup_of(int fd, bool old_too, u64 *id);
/* Does this process, or the run's packet, belong to the cgroup in a map or to one below? As the helpers say it. */
int sys_cgroup_below(struct smap *m, u64 index, bool packet);
/* Of the cgroup to which a test run belongs: its own, for as long as it lasts. */
void *sys_run_storage(struct smap *m);
void sys_run_storage_drop(struct srun *r);
void *sys_percpu_value(struct smap *m, const void *key, u32 cpu);

/* rings */
void *sys_ring_reserve(struct smap *m, u64 size);
void sys_ring_commit(void *record, u64 flags, bool discard);
int sys_ring_output(struct smap *m, const void *data, u64 size, u64 flags);
u64 sys_ring_query(struct smap *m, u64 what);
void sys_ring_forget(void); /* discards what the thread reserved and did not submit */
void sys_ring_wake(u32 kind, u32 id, int *fd);
void sys_ring_wake_close(int fd); /* what sys_ring_wake() opened, if it is still that */
int sys_ring_check(struct mhead *h);
u64 sys_ring_size(const struct mhead *h);
void sys_ring_fini(struct smap *m);
u8 *sys_ring_view(struct smap *m); /* the data twice, so that no record is in two parts; NULL: no memory */
/* The ring's pages as they are mapped for others, whose end is the data once more. */
void *sys_ring_map(void *addr, size_t len, int prot, int flags, int fd, const struct smap *m, s64 off);
static inline u64 *ring_cons(const struct smap *m)
{
	return (u64 *)m->mem;
}
static inline u64 *ring_prod(const struct smap *m)
{
	return (u64 *)(m->mem + PAGE);
}
s64 sys_ring_drain(struct smap *m, u64 callback, u64 ctx, u64 flags); /* of user space, as the helper */
/* A dynptr as programs have it. */
struct dyn {
	u64 base;
	u32 size, flags;
};
enum dyn_flag { DYN_RDONLY = 1, DYN_PACKET = 2 };
void *sys_perf_mmap(void *addr, size_t len, int prot, int flags, int fd, struct fhead *f, s64 off);
bool sys_perf_ready(struct sobj *o);
int sys_perf_output(struct smap *m, u64 flags, const void *data, u32 size, const void *more, u32 more_size);

/* maps of programs, maps, buffers */
/* The object with that id, held by the map at this place; NULL: there is none, or it does not fit. */
struct sobj *sys_map_held(struct smap *m, u32 index, u32 id);
void sys_map_put_held(struct smap *m);
int sys_prog_array_refresh(struct smap *m);

/* --- types and programs -------------------------------------------------------------------- */

struct sbtf {
	struct sobj o;
	const u8 *data;
	void *head;
	u64 map_len;
	u32 len;
	char name[16];
};
static inline struct sbtf *sbtf_of(struct sobj *o)
{
	return (struct sbtf *)((u8 *)o - offsetof(struct sbtf, o));
}
int sys_btf_load(const union bpf_attr *attr, u32 size);

/* A program's part of its file's head; the payload follows this order, each part at 8 bytes. */
struct phead {
	u32 type, attach_type, flags, slots;
	u32 btf, nfunc, func_rec, nline, line_rec, nmap, license_len;
	u32 gpl, verified, kern_version, attach_btf, image;
	u8 tag[8];
	u64 run_ns, run_cnt;
	u32 bound[16]; /* maps of PROG_BIND_MAP; grows */
};
struct sprog {
	struct sobj o;
	struct phead d;
	struct phead *h; /* shared */
	u8 *mem;
	u64 len;
	char name[16];
	u64 born, boot;
	/* in the payload; descriptors of maps are replaced by their ids */
	const u8 *code, *func, *line;
	const u32 *map_id;
	const char *license;
	/* when it is ready to run */
	pthread_mutex_t lock;
	u32 kept;     /* of sys_prog_keep() */
	void *keeper;
	atomic_int ready; /* 1: yes; negative: why not */
	struct smap **map;
	u32 nmap;
	struct skep_eng_prog *eng;
	bool percpu, tails, runs_locked;
	struct smap *arena; /* NULL: it uses none */
	u8 *arena_use;	    /* enum skep_arena_use of each slot, while it is made ready */
	struct sobj *types; /* of its objects, as they were verified, or NULL */
	u32 owner; /* the only process that may run it, since maps have objects of it; 0: any */
	struct skep_eng_helper with; /* a kernel function that needs to know the program */
	const struct skep_btf *kernel; /* NULL: it names nothing of the kernel */
	const char *ops_type, *ops_member; /* of struct_ops: what it implements, else NULL */
	u64 compile_ns;
	struct skep_jit_symbols *symbols; /* gdb's, or NULL */
};
struct skep_sys_prog {
	struct sprog p;
};
static inline struct sprog *sprog_of(struct sobj *o)
{
	return (struct sprog *)((u8 *)o - offsetof(struct sprog, o));
}
int sys_prog_load(union bpf_attr *attr, u32 size);
int sys_prog_ready(struct sprog *p, struct skep_buf *log, u32 level, u32 *insns);
/*
 * An embedder has the program, perhaps without a descriptor: what it refers to stays in the store,
 * for what is in a map of maps is found there.
 */
void sys_prog_keep(struct sprog *p);
void sys_prog_unkeep(struct sprog *p);
int sys_prog_bind(struct sprog *p, u32 map); /* keep a map alive as long as the program */
/* `times` runs with this context: what the last returned, and the time of one. */
int sys_run_repeat(struct sprog *p, struct srun *r, void *ctx, u32 times, u32 *ret, u32 *each);
int sys_prog_test_run(union bpf_attr *attr, u32 size);
/* Run it once with this context: 0 and *ret, or a negative errno. */
int sys_prog_run_once(const struct sprog *p, void *ctx, u64 cookie, u64 *ret);
/* As skep_sys_prog_run(), with what the helper gives for the place that raised the event. */
u64 sys_prog_run_event(const struct skep_sys_prog *p, void *ctx, u64 cookie);
/* Tell gdb and perf of its native code; undone by skep_jit_gdb_remove(). */
void sys_announce(struct sprog *p);
int sys_stats_enable(const union bpf_attr *attr);
bool sys_stats_on(void); /* is the time of runs wanted? */
u64 sys_stats_clock(void);
void sys_stats_count(const struct sprog *p, u64 runs, u64 ns);
/*
 * The types of the running kernel, as loaders know them, read once; NULL: there are none. The
 * function that has this id in them, or NULL.
 */
const struct skep_btf *sys_kernel_types(void);
const char *sys_kernel_function(const struct skep_btf *btf, u32 id);
/* Helpers by id for a type of program; NULL: this build has none. */
const struct skep_eng_helper *sys_helper_find(u32 prog_type, s64 id);
s64 sys_packet(u64 ctx, s64 off, u64 size);

/* bpf_fib_lookup(), of a packet of the kernel's stack with its length, else 0 (fib.c). */
struct bpf_fib_lookup;
s64 sys_fib_ask(struct bpf_fib_lookup *p, u32 flags, u32 skb_len);

struct srun;
/* What a redirect asks for. */
struct way_out {
	u32 kind; /* enum skep_sys_way_kind */
	u32 index, flags;
	struct smap *map; /* NULL: it named an interface */
};
/* Ways out of a test run (helper_out.c): begin, and the end with what the program returned. */
void sys_ways_begin(void);
void sys_ways_end(const struct srun *r, u32 ret);

/* One run; skep_sys_thread.run while it lasts. */
struct srun {
	const struct sprog *prog;
	u8 *ctx;
	u32 ctx_len;
	/* the packet, in memory that 32 bits can address */
	u8 *buf;
	u32 buf_len, head, len, meta; /* data begins at buf + head; meta bytes before it */
	u32 hard_end; /* of an XDP frame: as far as the packet may grow */
	struct way_out out; /* where the packet goes if the program says so in the end */
	u32 protocol;
	bool skb, xdp;
	u64 cookie, func; /* at a probe */
	u64 frame;	  /* of the function that runs it, where it is no probe */
	struct run_value *storage; /* of maps, for this run */
	struct skep_eng_run eng;
};
u8 *sys_run_packet_memory(u32 *len); /* of this thread; NULL: none can be had */
/* A function of the program, outside of its runs: get what a run needs, call, give it back. */
int sys_callback_begin(const struct sprog *p, struct srun *r);
void sys_callback_run(struct srun *r, u64 func, u64 a, u64 b, u64 c);
void sys_callback_end(struct srun *r);
void sys_run_sync(struct srun *r);	  /* the context's pointers after the packet moved */
static inline struct srun *run_now(void)
{
	return skep_sys_thread.run;
}
/* Rows of helpers; a file has a table of them that ends with id 0. */
struct helper_row {
	u16 id;
	u8 types; /* enum helper_types: for whom */
	struct skep_eng_helper h;
};
enum helper_types { HT_ANY = 1, HT_SKB = 2, HT_XDP = 4 };
extern const struct helper_row sys_helper_rows[], sys_helper_mem_rows[], sys_helper_dynptr_rows[], sys_helper_net_rows[], sys_helper_sock_rows[], sys_helper_out_rows[];
u8 sys_helper_types_of(u32 prog_type);

/* OBJ_PIN, OBJ_GET, the commands on ids, PROG_BIND_MAP (ids.c); `kind` of the objects. */
int sys_obj_pin(const union bpf_attr *attr);
int sys_obj_get(const union bpf_attr *attr);
int sys_get_next_id(union bpf_attr *attr, u32 kind);
int sys_fd_by_id(const union bpf_attr *attr, u32 kind);
int sys_bind_map(const union bpf_attr *attr);
int sys_info_by_fd(union bpf_attr *attr, u32 size);
int sys_link_create(const union bpf_attr *attr, u32 size);
int sys_link_detach(const union bpf_attr *attr, u32 size);
int sys_link_info(union bpf_attr *attr, struct sobj *o);
int sys_link_update(const union bpf_attr *attr);
int sys_iter_create(const union bpf_attr *attr);
int sys_task_fd_query(union bpf_attr *attr);
/* PROG_ATTACH, PROG_DETACH, PROG_QUERY and LINK_CREATE at the kernel's places (place.c). */
int sys_place_link(const union bpf_attr *attr, const struct sprog *prog);
int sys_place_attach(const union bpf_attr *attr);
int sys_place_detach(const union bpf_attr *attr);
int sys_place_query(union bpf_attr *attr);
int sys_raw_tracepoint_open(const union bpf_attr *attr, u32 size);
/* The store's links changed: the number that says so from now on. */
u32 sys_table_changed(void);
u32 sys_table_generation(void);
/* Until the number is another one, or for some time (0: no limit). */
void sys_table_wait(u32 gen, u32 ms);
/* What a link refers to, and a perf event; 0: nothing. */
void sys_link_refs(const struct fhead *f, u32 *prog, u32 *event, u32 *map);
void sys_perf_refs(const struct fhead *f, u32 *prog);

/* --- probes in user space ------------------------------------------------------------------- */

/* A file by its inode, in which functions are probed. */
struct probe_file {
	u64 dev, ino;
	char path[256];
};
struct probe_place {
	u64 offset, ref_ctr, cookie;
};
/* Of a perf event: a place, what runs there without a link. */
struct event_probe {
	u32 used, on_return, pid, enabled, prog;
	struct probe_file file;
	struct probe_place place;
};
struct perf_head {
	struct shlock lock;
	u64 lost;
	struct event_probe probe;
};
/* A link's part of its file's head. */
enum { LINK_NAME = 64, PLACES_MAX = 4096 };
struct lhead {
	u32 prog, type;
	char name[LINK_NAME]; /* of a raw tracepoint */
	u32 detached;	      /* changes */
	u32 event;	      /* a perf event */
	u64 cookie;
	/* of several places, which are the payload */
	u32 pid, on_return, nplace;
	u32 map; /* of struct_ops: what is registered; changes */
	u32 turn; /* and when it was */
	struct probe_file file;
};
int sys_link_create_perf(const union bpf_attr *attr, struct sprog *p);
int sys_link_create_ops(const union bpf_attr *attr);
int sys_link_update_ops(const union bpf_attr *attr, struct sobj *link);
int sys_link_create_multi(const union bpf_attr *attr, struct sprog *p);
int sys_perf_event_probe(const void *attr, int pid);
/* A new link with its payload: a descriptor, and its id. */
int sys_link_publish(const struct lhead *d, const void *payload, u64 size, u32 *id);

/*
 * A process in which probes are placed has a row; the lock is held by the thread that does
 * it. What it could not place last is said before it says how far it is.
 */
enum { NFOLLOWER = 256 };
struct follower {
	struct shlock lock;
	_Atomic u32 pid, applied;
	_Atomic u32 kind, id; /* of what was refused last */
	s32 err;
	char why[256];
};
struct follower *sys_followers(void);
bool sys_follower_lives(struct follower *row); /* one whose thread ended is free again */
/*
 * Have every process look at the store's probes again and wait until they did. What one of
 * them says of this object: 0 or a negative errno. pid: only that process is asked, 0: all.
 */
int sys_follow(u32 kind, u32 id, u32 pid);

/* A run at a probe. */
struct probe_run {
	const struct sprog *prog;
	u64 cookie, func;
	u32 pid; /* only there: the process may have become another one by fork(2); 0: anywhere */
};
extern u32 sys_probe_pid; /* of this process */
/* Handlers of probes; the argument is a struct probe_run. */
void sys_prog_run_probe(void *arg, struct skep_probe_regs *regs);
/* For programs whose engine can run them plainly: touches general registers only. */
void sys_prog_run_plain(void *arg, struct skep_probe_regs *regs);

/* --- the caller's memory -------------------------------------------------------------------- */

int sys_user_read(void *to, u64 from, u64 n);  /* -EFAULT */
int sys_user_write(u64 to, const void *from, u64 n);
int sys_user_string(char *to, u64 from, u32 size); /* length, -EFAULT, -E2BIG when it does not end */
bool sys_user_zero(u64 from, u64 n);
/* What is missing is memory or the like, which may be there the next time. */
static inline bool sys_err_passes(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EAGAIN || err == -EINTR ||
	       err == -EBUSY;
}
/* mmap(2) itself: libc's may be interposed for others' sake, even by another copy of this. */
void *sys_map_pages(void *addr, size_t len, int prot, int flags, int fd, off_t off);

void sys_sha1(const void *p, size_t n, u8 out[20]);

#endif
