/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which objects go from this process, and when: see object.h. It is asked at the beginning of
 * calls, where the caller holds nothing: after many new objects, or large ones, also what can go
 * from the store; else when the table has grown.
 */
#include "sys/sys_impl.h"

#include <sys/stat.h>

enum { MADE = 64, MADE_BYTES = 64 << 20, GROWN = 128, RETIRED = 64, ENDING = 64 };
static _Atomic u64 made, made_bytes;
static _Atomic u64 made_most = MADE;
static _Atomic u32 count_most = GROWN, retired_most = RETIRED;

static bool file_there(const struct sobj *o)
{
	char path[PATH_LEN];
	struct stat st;

	sys_store_path(path, o->kind, o->id);
	return stat(path, &st) == 0 && st.st_ino == o->ino && st.st_dev == o->dev;
}

static void each(void (*f)(struct sobj *o))
{
	for (u32 k = 0; k < OBJECT_BUCKETS; k++)
		for (struct sobj *o = sys_objects.bucket[k]; o; o = o->next)
			f(o);
}

/* --- what no root leads to ---------------------------------------------------------------------
 */

static struct sobj *todo; /* of a sweep; under the table's lock */

static void not_a_root(struct sobj *o)
{
	o->roots--;
}

static void stay(struct sobj *o)
{
	if (o->stays)
		return;
	o->stays = true;
	o->todo = todo;
	todo = o;
}

static void freeze(struct sobj *o)
{
	o->stays = false;
	o->frozen = !o->ops->freeze || o->ops->freeze(o);
}

/* After all are frozen: what moves from a thread's hands to an object meanwhile counts for the
 * thread. */
static void count(struct sobj *o)
{
	o->roots = (s64)atomic_load(&o->refs);
}

static void count_others(struct sobj *o)
{
	if (o->frozen && o->ops->refers)
		o->ops->refers(o, not_a_root);
}

static void mark_root(struct sobj *o)
{
	bool idle = !o->used && (!o->ops->may_go || o->ops->may_go(o));

	if (!o->frozen || o->roots > 0 || (!idle && file_there(o)))
		stay(o);
}

static void mark(void)
{
	each(freeze);
	each(count);
	each(count_others);
	each(mark_root);
	while (todo) {
		struct sobj *o = todo;

		todo = o->todo;
		if (o->frozen && o->ops->refers)
			o->ops->refers(o, stay);
	}
}

/* Out of the table with the rest, which comes back as a list. */
static struct sobj *take_out(void)
{
	struct sobj *gone = NULL;

	for (u32 k = 0; k < OBJECT_BUCKETS; k++)
		for (struct sobj **link = &sys_objects.bucket[k]; *link;) {
			struct sobj *o = *link;

			if (o->frozen && o->ops->thaw)
				o->ops->thaw(o);
			o->used = false;
			if (o->stays) {
				link = &o->next;
				continue;
			}
			*link = o->next;
			o->next = gone;
			gone = o;
			atomic_fetch_sub(&sys_objects.count, 1);
		}
	return gone;
}

/* Nothing leads to them any more, so the rest needs no lock. */
static void free_all(struct sobj *gone)
{
	for (struct sobj *o = gone; o; o = o->next)
		if (o->ops->release)
			o->ops->release(o);
	while (gone) {
		struct sobj *o = gone;

		gone = o->next;
		o->ops->free(o);
	}
}

/* --- what holds on to itself -------------------------------------------------------------------
 */

static struct sobj *ending[ENDING]; /* under the table's lock, and of who sweeps */
static u32 nending;

static void find_ending(struct sobj *o)
{
	if (o->ops->gone && nending < ENDING && atomic_load(&o->refs) && !file_there(o)) {
		atomic_fetch_add(&o->refs, 1);
		ending[nending++] = o;
	}
}

/* Timers of maps that nobody has any more end; else they would keep map and program for ever. */
static void end_gone(void)
{
	sys_objects_lock();
	nending = 0;
	each(find_ending);
	sys_objects_unlock();
	for (u32 k = 0; k < nending; k++) {
		ending[k]->ops->gone(ending[k]);
		sys_sobj_put(ending[k]);
	}
}

static void sweep(void)
{
	struct sobj *gone;

	end_gone();
	sys_objects_lock();
	atomic_store(&retired_most, 2 * sys_objects_put_retired() + RETIRED);
	mark();
	gone = take_out();
	atomic_store(&count_most, 2 * atomic_load(&sys_objects.count) + GROWN);
	sys_objects_unlock();
	free_all(gone);
}

/* --- when
 * ----------------------------------------------------------------------------------------- */

void sys_sobj_count(u64 bytes)
{
	atomic_fetch_add(&made, 1);
	atomic_fetch_add(&made_bytes, bytes);
}

void sys_sobj_tidy(void)
{
	static _Atomic u32 busy; /* the process; a child has no thread that would be at it */
	u32 was, me;
	bool many = atomic_load(&made) >= atomic_load(&made_most) ||
		    atomic_load(&made_bytes) >= MADE_BYTES;

	if (!many && atomic_load(&sys_objects.count) < atomic_load(&count_most) &&
	    sys_objects_retired() < atomic_load(&retired_most))
		return;
	me = (u32)getpid();
	was = atomic_load(&busy);
	if (was == me || !atomic_compare_exchange_strong(&busy, &was, me))
		return;
	if (many) {
		atomic_store(&made, 0);
		atomic_store(&made_bytes, 0);
		/* To look at what lives costs as much as there is of it. */
		atomic_store(&made_most, MADE + sys_store_collect() / 2);
	}
	sweep();
	atomic_store(&busy, 0);
}
