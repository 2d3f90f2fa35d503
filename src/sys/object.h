/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: objects of the store that this process has mapped (object.c), and how long (sweep.c).
 *
 * An object's file lives while somebody has a descriptor of it, or a mapping made with one, or
 * while it is pinned, or while the file of a living object names it (collect.c). What this module
 * maps for itself is mapped by a descriptor of its own, which takes no part in that
 * (sys_map_file). So the file says whether anybody needs the object, and the counts here only say
 * who in this process holds its address:
 *
 *	- a command of bpf(2) while it works, a run for its program, a probe, an embedder, a timer:
 *	  they count as `refs`, and are roots;
 *	- other objects: a program for its maps, an array for what is in it. They count as `refs`,
 *	  too, and tell themselves by `refers`; circles of them are common (a program and the array
 *	  by which it calls itself).
 *
 * An object goes when no root leads to it and nothing speaks for keeping it: its file is gone, or
 * nobody used it for long and it can be had again from its file. What leads from object to object
 * changes only under a lock that `freeze` takes; what becomes a root is taken from the table, or
 * held, under the table's lock, or follows from a root that is there. So a sweep, which has all of
 * these locks, sees one state of all of it.
 *
 * Objects are found by the number of their file's inode; each keeps a part of the file mapped, so
 * that the number is not given to another file as long as it is in the table.
 */
#ifndef SKEP_SYS_OBJECT_H
#define SKEP_SYS_OBJECT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"

struct sobj;
struct sobj_ops {
	/*
	 * From here to `thaw` the object refers to the same others; false: it is just being
	 * changed. NULL: it refers to none.
	 */
	bool (*freeze)(struct sobj *o);
	void (*thaw)(struct sobj *o);
	void (*refers)(struct sobj *o, void (*to)(struct sobj *));
	/* May it go while its file is there? NULL: yes. Of one that no root leads to. */
	bool (*may_go)(const struct sobj *o);
	/* Its file is gone: what would keep it for its own sake ends. May be NULL. */
	void (*gone)(struct sobj *o);
	/* First all that go give back what they refer to, then they are freed. */
	void (*release)(struct sobj *o);
	void (*free)(struct sobj *o);
};
struct sobj {
	struct sobj *next; /* in the table */
	u64 dev, ino;
	u32 kind, id;
	atomic_uint refs;
	const struct sobj_ops *ops;
	/* under the table's lock */
	bool used; /* since the last sweep */
	bool frozen, stays;
	bool locked; /* of its kind, between `freeze` and `thaw` */
	s64 roots; /* of a sweep: references that are no other object's */
	struct sobj *todo;
};

/* By descriptor or id, opened by `kind`'s opener when this process has not seen it. */
int sys_sobj_get(int fd, u32 kind, struct sobj **out);
int sys_sobj_get_id(u32 id, u32 kind, struct sobj **out);
void sys_sobj_hold(struct sobj *o); /* once more, for who has it by another's reference */
void sys_sobj_put(struct sobj *o);
/* A new object is in the table, for `fd` was published; or freed, if another thread was faster. */
void sys_sobj_adopt(int fd, u32 kind, u32 id, struct sobj *o);
/* One that is in no table. */
void sys_sobj_free(struct sobj *o);
/* A reference is put when no run can have the address any more. */
void sys_sobj_retire(struct sobj *o);

/*
 * Pages of a file of the store, shared, written and read: 0 or a negative errno. They do not keep
 * the file in the store. Where a second descriptor cannot be had they do, until the object goes:
 * then it goes with the process.
 */
int sys_map_file(int fd, u64 at, u64 len, void **out);

/* A file of so many bytes was published: by and by it is time to look what can go. */
void sys_sobj_count(u64 bytes);
/* Let go what can go, if it is time. The caller holds no lock. */
void sys_sobj_tidy(void);

/*
 * Between these no other thread forks: a child finds what they change whole. They nest, and come
 * before every lock of one object, and before the table's.
 */
void sys_whole_begin(void);
void sys_whole_end(void);
void sys_whole_prepare(
	void); /* whoever has fork handlers of his own calls it before he adds them */

/* --- the table, for object.c and sweep.c ------------------------------------------------------ */

enum { OBJECT_BUCKETS = 256 };
struct objects {
	struct sobj *bucket[OBJECT_BUCKETS];
	_Atomic u32 count;
};
extern struct objects sys_objects;
void sys_objects_lock(void);
void sys_objects_unlock(void);
/* Those of sys_sobj_retire() that nobody sees any more are put; all that are left come back. */
u32 sys_objects_put_retired(void);
u32 sys_objects_retired(void);

#endif
