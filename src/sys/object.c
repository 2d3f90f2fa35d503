/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects that this process has mapped, found by their file. See object.h. */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct objects sys_objects;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What waits for runs that may have its address, in the order in which it came. */
struct retired {
	struct retired *next;
	struct sobj *o;
	u64 stamp;
};
static struct retired *oldest, *newest;
static _Atomic u32 nretired;

/* --- forks ---------------------------------------------------------------------------------- */

/* A fork waits until nobody is inside, and nobody goes in while one waits. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	u32 inside, forks;
} whole = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void before_fork(void)
{
	u32 own = skep_sys_thread.whole != 0;

	pthread_mutex_lock(&whole.lock);
	whole.forks++;
	while (whole.inside > own)
		pthread_cond_wait(&whole.moved, &whole.lock);
	pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&lock);
	whole.forks--;
	pthread_cond_broadcast(&whole.moved);
	pthread_mutex_unlock(&whole.lock);
}

/* The child's only thread is the one that has the locks; its number is another one now. */
static void in_child(void)
{
	pthread_mutex_init(&lock, NULL);
	pthread_mutex_init(&whole.lock, NULL);
	pthread_cond_init(&whole.moved, NULL);
	whole.forks = 0;
}

/* Handlers before a fork run in the opposite order: what is locked inside of ours comes first here.
 */
static void register_forks(void)
{
	skep_probe_prepare();
	skep_jit_prepare();
	pthread_atfork(before_fork, in_parent, in_child);
}

void sys_whole_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_forks);
}

void sys_whole_begin(void)
{
	sys_whole_prepare();
	if (skep_sys_thread.whole++)
		return;
	pthread_mutex_lock(&whole.lock);
	while (whole.forks)
		pthread_cond_wait(&whole.moved, &whole.lock);
	whole.inside++;
	pthread_mutex_unlock(&whole.lock);
}

void sys_whole_end(void)
{
	if (--skep_sys_thread.whole)
		return;
	pthread_mutex_lock(&whole.lock);
	whole.inside--;
	if (whole.forks)
		pthread_cond_broadcast(&whole.moved);
	pthread_mutex_unlock(&whole.lock);
}

/* --- the table -------------------------------------------------------------------------------- */

void sys_objects_lock(void)
{
	sys_whole_prepare();
	pthread_mutex_lock(&lock);
}

void sys_objects_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static struct sobj **bucket_of(u64 ino)
{
	return &sys_objects.bucket[(u32)((ino * 0x9e3779b97f4a7c15u) >> 56) % OBJECT_BUCKETS];
}

static struct sobj *taken(struct sobj *o)
{
	if (o) {
		o->used = true;
		atomic_fetch_add(&o->refs, 1);
	}
	return o;
}

static struct sobj *find(u64 dev, u64 ino)
{
	struct sobj *o = *bucket_of(ino);

	while (o && (o->ino != ino || o->dev != dev))
		o = o->next;
	return o;
}

static struct sobj *find_id(u32 id, u32 kind)
{
	for (u32 k = 0; k < OBJECT_BUCKETS; k++)
		for (struct sobj *o = sys_objects.bucket[k]; o; o = o->next)
			if (o->id == id && o->kind == kind)
				return o;
	return NULL;
}

/* Into the table with so many references; or the one that another thread made of the same file,
 * held. */
static struct sobj *insert(struct sobj *o, u32 refs)
{
	struct sobj *other;

	sys_objects_lock();
	other = taken(find(o->dev, o->ino));
	if (!other) {
		struct sobj **b = bucket_of(o->ino);

		atomic_store(&o->refs, refs);
		o->used = true;
		o->next = *b;
		*b = o;
		atomic_fetch_add(&sys_objects.count, 1);
	}
	sys_objects_unlock();
	return other;
}

static int open_kind(u32 kind, int fd, const struct fhead *h, struct sobj **out)
{
	switch (kind) {
	case SKEP_SYS_MAP: return sys_smap_open(fd, h, out);
	case SKEP_SYS_PROG: return sys_sprog_open(fd, h, out);
	case SKEP_SYS_BTF: return sys_sbtf_open(fd, h, out);
	case SKEP_SYS_LINK: return sys_slink_open(fd, h, out);
	case SKEP_SYS_PERF: return sys_sperf_open(fd, h, out);
	default: return -EINVAL;
	}
}

/* Open it and put it into the table, unless another thread was faster. */
static int add(int fd, u32 kind, const struct stat *st, struct sobj **out)
{
	struct sobj *o, *other;
	struct fhead h;
	int err = sys_store_head(fd, &h);

	if (err)
		return err;
	if ((kind && h.kind != kind) || !h.id)
		return -EINVAL;
	err = open_kind(h.kind, fd, &h, &o);
	if (err)
		return err;
	o->dev = st->st_dev;
	o->ino = st->st_ino;
	o->kind = h.kind;
	o->id = h.id;
	other = insert(o, 1);
	if (other)
		sys_sobj_free(o);
	*out = other ? other : o;
	return 0;
}

int sys_sobj_get(int fd, u32 kind, struct sobj **out)
{
	struct stat st;
	struct sobj *o;

	if (fstat(fd, &st))
		return -EBADF;
	sys_objects_lock();
	o = taken(find(st.st_dev, st.st_ino));
	sys_objects_unlock();
	if (!o)
		return add(fd, kind, &st, out);
	if (kind && o->kind != kind) {
		sys_sobj_put(o);
		return -EINVAL;
	}
	*out = o;
	return 0;
}

int sys_sobj_get_id(u32 id, u32 kind, struct sobj **out)
{
	struct sobj *o;
	struct stat st;
	int fd, err;

	sys_objects_lock();
	o = taken(find_id(id, kind));
	sys_objects_unlock();
	if (o) {
		*out = o;
		return 0;
	}
	fd = sys_store_open(kind, id, O_RDWR);
	if (fd < 0)
		return fd;
	err = fstat(fd, &st) ? -errno : add(fd, kind, &st, out);
	close(fd);
	return err;
}

void sys_sobj_hold(struct sobj *o)
{
	sys_objects_lock();
	atomic_fetch_add(&o->refs, 1);
	sys_objects_unlock();
}

void sys_sobj_put(struct sobj *o)
{
	atomic_fetch_sub(&o->refs, 1);
}

void sys_sobj_free(struct sobj *o)
{
	if (o->ops->release)
		o->ops->release(o);
	o->ops->free(o);
}

void sys_sobj_adopt(int fd, u32 kind, u32 id, struct sobj *o)
{
	struct sobj *other = o;
	struct stat st;

	if (fstat(fd, &st) == 0) {
		o->dev = st.st_dev;
		o->ino = st.st_ino;
		o->kind = kind;
		o->id = id;
		other = insert(o, 0);
	}
	if (!other)
		return;
	sys_sobj_free(o);
	if (other != o)
		sys_sobj_put(other);
}

/* --- later --------------------------------------------------------------------------------------
 */

void sys_sobj_retire(struct sobj *o)
{
	struct retired *r = malloc(sizeof(*r));

	if (!r)
		return; /* it stays */
	*r = (struct retired){.o = o, .stamp = sys_reader_stamp()};
	sys_objects_lock();
	if (newest)
		newest->next = r;
	else
		oldest = r;
	newest = r;
	atomic_fetch_add(&nretired, 1);
	sys_objects_unlock();
}

u32 sys_objects_retired(void)
{
	return atomic_load_explicit(&nretired, memory_order_relaxed);
}

u32 sys_objects_put_retired(void)
{
	u64 limit = oldest ? sys_reader_oldest(newest->stamp) : 0;

	while (oldest && oldest->stamp < limit) {
		struct retired *r = oldest;

		oldest = r->next;
		if (!oldest)
			newest = NULL;
		sys_sobj_put(r->o);
		free(r);
		atomic_fetch_sub(&nretired, 1);
	}
	return sys_objects_retired();
}

int sys_map_file(int fd, u64 at, u64 len, void **out)
{
	char path[64];
	void *p;
	int rw;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rw = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	p = sys_map_pages(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, rw < 0 ? fd : rw,
			  (off_t)at);
	if (rw >= 0)
		close(rw);
	if (p == MAP_FAILED)
		return -ENOMEM;
	*out = p;
	return 0;
}
