/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects that this process has open, found by their file. One is kept while something
 * refers to it, and as long as its file is in the store; its mapping keeps the inode's number
 * from being used again.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NBUCKET = 256, FIRST_SWEEP = 128 };
static struct sobj *bucket[NBUCKET];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static u32 count, sweep_at = FIRST_SWEEP;

static u32 hash_of(u64 dev, u64 ino)
{
	return (u32)((ino * 0x9e3779b97f4a7c15u) >> 56) % NBUCKET;
}

static struct sobj *find(u64 dev, u64 ino)
{
	struct sobj *o = bucket[hash_of(dev, ino)];

	while (o && (o->ino != ino || o->dev != dev))
		o = o->next;
	return o;
}

static struct sobj *find_id(u32 id, u32 kind)
{
	for (u32 k = 0; k < NBUCKET; k++)
		for (struct sobj *o = bucket[k]; o; o = o->next)
			if (o->id == id && o->kind == kind)
				return o;
	return NULL;
}

/* Objects whose files went and that nothing refers to; freeing one may release others. */
static void sweep(void)
{
	struct sobj *gone = NULL;

	for (u32 k = 0; k < NBUCKET; k++)
		for (struct sobj **link = &bucket[k]; *link;) {
			struct sobj *o = *link;
			char path[PATH_LEN];
			struct stat st;

			sys_store_path(path, o->kind, o->id);
			if (atomic_load(&o->refs) == 0 && (stat(path, &st) || st.st_ino != o->ino)) {
				*link = o->next;
				o->next = gone;
				gone = o;
				count--;
			} else {
				link = &o->next;
			}
		}
	sweep_at = 2 * count + FIRST_SWEEP;
	pthread_mutex_unlock(&lock);
	if (gone == NULL)
		goto out;
	while (gone) {
		struct sobj *o = gone;

		gone = o->next;
		o->free(o);
	}
out:
	pthread_mutex_lock(&lock);
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
	if (kind && h.kind != kind)
		return -EINVAL;
	if (!h.id)
		return -EINVAL;
	err = open_kind(h.kind, fd, &h, &o);
	if (err)
		return err;
	o->dev = st->st_dev;
	o->ino = st->st_ino;
	o->kind = h.kind;
	o->id = h.id;
	atomic_store(&o->refs, 1);
	pthread_mutex_lock(&lock);
	other = find(o->dev, o->ino);
	if (other) {
		sobj_hold(other);
	} else {
		u32 b = hash_of(o->dev, o->ino);

		if (count >= sweep_at)
			sweep();
		o->next = bucket[b];
		bucket[b] = o;
		count++;
	}
	pthread_mutex_unlock(&lock);
	if (other) {
		o->free(o);
		o = other;
	}
	*out = o;
	return 0;
}

int sys_sobj_get(int fd, u32 kind, struct sobj **out)
{
	struct stat st;
	struct sobj *o;

	if (fstat(fd, &st))
		return -EBADF;
	pthread_mutex_lock(&lock);
	o = find(st.st_dev, st.st_ino);
	if (o)
		sobj_hold(o);
	pthread_mutex_unlock(&lock);
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

	pthread_mutex_lock(&lock);
	o = find_id(id, kind);
	if (o)
		sobj_hold(o);
	pthread_mutex_unlock(&lock);
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

void sys_sobj_put(struct sobj *o)
{
	atomic_fetch_sub(&o->refs, 1);
}

void sys_sobj_adopt(int fd, u32 kind, u32 id, struct sobj *o)
{
	struct stat st;
	u32 b;

	if (fstat(fd, &st)) {
		o->free(o);
		return;
	}
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	o->kind = kind;
	o->id = id;
	b = hash_of(o->dev, o->ino);
	pthread_mutex_lock(&lock);
	if (count >= sweep_at)
		sweep();
	o->next = bucket[b];
	bucket[b] = o;
	count++;
	pthread_mutex_unlock(&lock);
}
