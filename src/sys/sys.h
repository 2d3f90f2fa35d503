/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: bpf(2), answered in user space with the kernel's structures and errors. Objects are
 * files in a store that every process of the user maps or reads, and file descriptors are
 * descriptors of these files; nothing runs in the background. A program is verified in the
 * process that runs it, whoever loaded it.
 *
 * The store is $SKEP_STORE, else $XDG_RUNTIME_DIR/skep, else /dev/shm/skep-UID. It must
 * belong to the user and be closed to others. An object lives while a process has it open,
 * while it is pinned, or while a living object refers to it.
 *
 * Every function may be called from any thread.
 */
#ifndef SKEP_SYS_H
#define SKEP_SYS_H

#include "base/base.h"

union bpf_attr;

/* As bpf(2): the result or a negative errno. */
int skep_sys_bpf(int cmd, union bpf_attr *attr, unsigned size);
/* As perf_event_open(2) for the software output of programs; only what perf buffers need. */
int skep_sys_perf_event_open(const void *attr, int pid, int cpu, int group, unsigned long flags);

/* As ioctl(2) of such an event: enabling, disabling, a program. */
int skep_sys_perf_ioctl(int fd, unsigned long request, unsigned long arg);
/*
 * Place what the store has of uprobes in this process, now and whenever that changes: a thread
 * does it. When this returns, what was wanted before is placed. Descriptors that were closed
 * elsewhere are noticed within half a second; of one of its own the process says so. Nothing is
 * done when $SKEP_PROBES is 0.
 */
int skep_sys_follow(void);
void skep_sys_closed(void);
/* Why this thread's last call was refused where a probe could not be placed; or "". Said once. */
const char *skep_sys_refusal(void);

/* The store's directory, instead of what the environment says; -EBUSY when another one is in use. */
int skep_sys_store(const char *path);
/* Is there a store that may be used? A negative error when not; why says which directory and what is wrong. */
int skep_sys_store_check(char *why, size_t size);
/* That directory, made and checked; NULL and errno. */
const char *skep_sys_store_dir(void);
/*
 * Have a running process of this user follow the store's probes: it is made to load this library, which
 * skep exec preloads. When this returns 0 all is placed there. Else a negative errno, and `why`.
 */
int skep_sys_inject(int pid, const char *library, char *why, size_t size);

enum skep_sys_kind {
	SKEP_SYS_NONE,
	SKEP_SYS_MAP,
	SKEP_SYS_PROG,
	SKEP_SYS_BTF,
	SKEP_SYS_LINK,
	SKEP_SYS_PERF,
};
/* What a descriptor of this process is of the store's. */
enum skep_sys_kind skep_sys_fd_kind(int fd);
/*
 * mmap(2) of a map or perf buffer. True when it is one that needs more than the file's own
 * mmap; then *out is the address or MAP_FAILED with errno.
 */
bool skep_sys_mmap(void *addr, size_t len, int prot, int flags, int fd, s64 off, void **out);
/*
 * A path under /sys/fs/bpf as it is in the store, in `buf`; false when `path` is another one.
 */
bool skep_sys_path(const char *path, char *buf, size_t size);
/* The same for the directory that describes the kernel's uprobe events, where the kernel has none. */
bool skep_sys_event_path(const char *path, char *buf, size_t size);
/*
 * A descriptor that is readable when the ring of `fd` may have new records, for poll and
 * epoll, or new room, when it is one that user space writes (*room); -1 when it is no ring. The
 * caller closes it.
 */
int skep_sys_ring_wait(int fd, bool *room);
/* Is there a record that was not consumed, or such room? */
bool skep_sys_ring_ready(int fd);

/* What OBJ_GET_INFO_BY_FD tells of the links that there are here: kernels since 6.16 have this much. */
struct skep_sys_link_info {
	u32 type, id, prog_id, pad;
	union {
		struct {
			u64 tp_name;
			u32 tp_name_len, pad;
			u64 cookie;
		} raw_tracepoint;
		struct { /* of a perf event */
			u32 type, pad;
			u64 file_name;
			u32 name_len, offset;
			u64 cookie, ref_ctr_offset;
		} uprobe;
		struct { /* many uprobes */
			u64 path, offsets, ref_ctr_offsets, cookies;
			u32 path_size, count, flags, pid;
		} multi;
		struct {
			u32 ifindex;
		} xdp;
		struct {
			u32 map_id;
		} struct_ops;
	};
};

/* --- probes in this process, for embedders --------------------------------------------- */

struct skep_sys_attachment;
/*
 * Run a program of type kprobe when the function is entered, or when it returns. 0 or a negative
 * errno; `why` (may be NULL) then says what is in the way.
 */
int skep_sys_attach(int prog_fd, const void *function, bool on_return, u64 cookie, struct skep_sys_attachment **out,
		    char *why, size_t why_size);
/* When this returns the program does not run any more, and `a` is gone. */
void skep_sys_detach(struct skep_sys_attachment *a);

/*
 * The routing table for bpf_fib_lookup(), instead of the file that $SKEP_FIB names; to be said before a
 * program runs. 0 or a negative errno, and `why`. docs/fib.md has the format.
 */
int skep_sys_fib(const char *path, char *why, size_t size);

/* --- where packets of a test run go ------------------------------------------------------ */

enum skep_sys_way_kind {
	SKEP_SYS_WAY_NONE,
	SKEP_SYS_WAY_DEVICE, /* an interface: out of it, or in with the flag BPF_F_INGRESS */
	SKEP_SYS_WAY_PEER,   /* in at the other end of an interface */
	SKEP_SYS_WAY_NEIGH,  /* out of an interface, by the neighbour's address */
	SKEP_SYS_WAY_CPU,    /* the stack, on another processor */
};
struct skep_sys_way {
	enum skep_sys_way_kind kind;
	u32 index; /* of the interface; the processor */
	u32 map;   /* the map that named it, 0: none */
	u32 flags; /* of the helper */
	/* A clone: the packet as it was then. NULL: the packet as the run leaves it. */
	const u8 *data;
	u32 len;
};
/*
 * Where this thread's last test run (of the last repetition) sent its packet and clones of it, in
 * this order; true until the next one. The result is how many.
 */
u32 skep_sys_ways(const struct skep_sys_way **out);

/* --- running what was loaded, for embedders ----------------------------------------- */

struct skep_sys_prog;
/* The program behind a descriptor, verified and compiled; NULL and errno. */
struct skep_sys_prog *skep_sys_prog_get(int fd);
/* What skep_sys_prog_get() gave is not used any more. */
void skep_sys_prog_put(struct skep_sys_prog *p);
/* Run it once with this context. The context must be what the program's type promises. */
u64 skep_sys_prog_run(const struct skep_sys_prog *p, void *ctx);
/*
 * An event of the embedder: run the programs that anyone attached to this name as a raw
 * tracepoint, with these arguments (at most 12). How many ran, or a negative errno.
 */
int skep_sys_raise(const char *name, const u64 *args, u32 n);

/* --- structs of operations, for embedders -------------------------------------------- */

/*
 * Let programs implement a struct of functions that the kernel has not; `btf` describes it. 0, or
 * -ENOENT: it is not there, -EINVAL: it has no functions, or the description is malformed, -EEXIST:
 * the kernel has one of that name, -ENOSPC: too many were declared. Another declaration of the same
 * struct takes the place of the first one, whose maps cannot be used any more.
 */
int skep_sys_ops_declare(const void *btf, size_t size, const char *type);
/* The kernel's file of types as it is with what was declared, in `buf`; false when `path` is another one. */
bool skep_sys_types_path(const char *path, char *buf, size_t size);

struct skep_sys_ops;
/* What is registered of a struct, whenever it is asked; -ENOENT: there is no such struct. */
int skep_sys_ops_get(const char *type, struct skep_sys_ops **out);
void skep_sys_ops_put(struct skep_sys_ops *o);
/*
 * Call a function of what was registered last. 0 and *result (may be NULL); -ENOENT: nothing is
 * registered, -EOPNOTSUPP: it has no such function, -EINVAL: there is none of that name, or it takes
 * another number of arguments, -EACCES and others: the program cannot run here. Several threads may
 * call by one handle, also after fork(2).
 */
int skep_sys_ops_call(struct skep_sys_ops *o, const char *member, const u64 *args, u32 n, u64 *result);
/* Its number or text `member`: its size, of which at most `size` bytes are written; or as above. */
int skep_sys_ops_read(struct skep_sys_ops *o, const char *member, void *buf, size_t size);

/* --- the port of a program that is linked with port.c ------------------------------------- */

/*
 * Do bpf and perf_event_open, of the program and of shared libraries that it uses, come here
 * (else to the kernel)? To be said before the first of them.
 */
void skep_sys_port(bool is_user);
/* The kernel's bpf(2), whatever the port is: the result or a negative errno. */
int skep_sys_port_kernel(int cmd, union bpf_attr *attr, unsigned size);

#endif
