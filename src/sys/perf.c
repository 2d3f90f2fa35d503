/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perf event arrays and the buffers in them: a page with positions, and data, as perf's mmap
 * has it. A buffer has no size until it is mapped for the first time.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct sperf {
	struct sobj o;
	pthread_mutex_t lock; /* of who finds that it has a size now */
	u8 *mem, *head;	      /* head: while it had none */
	u64 len;
	_Atomic u64 payload;
	int wake;
};

static struct sperf *sperf_of(struct sobj *o)
{
	return (struct sperf *)((u8 *)o - offsetof(struct sperf, o));
}

static void free_perf(struct sobj *o)
{
	struct sperf *p = sperf_of(o);

	munmap(p->mem, p->len);
	if (p->head)
		munmap(p->head, PAGE);
	sys_ring_wake_close(p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static const struct sobj_ops perf_ops = {.free = free_perf};

int sys_sperf_open(int fd, const struct fhead *h, struct sobj **out)
{
	struct sperf *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->payload = h->size;
	p->len = h->size + PAGE;
	p->wake = -1;
	err = sys_map_file(fd, 0, p->len, (void **)&p->mem);
	if (err) {
		free(p);
		return err;
	}
	pthread_mutex_init(&p->lock, NULL);
	p->o.ops = &perf_ops;
	*out = &p->o;
	return 0;
}

int skep_sys_perf_event_open(const void *attr, int pid, int cpu, int group, unsigned long flags)
{
	struct perf_event_attr a = {0};
	struct fhead f = {0};
	int fd, id;

	if (sys_user_read(&a, (u64)(uintptr_t)attr, PERF_ATTR_SIZE_VER0))
		return -EFAULT;
	sys_sobj_tidy();
	if (a.type != PERF_TYPE_SOFTWARE)
		return sys_perf_event_probe(attr, pid);
	if (a.config != PERF_COUNT_SW_BPF_OUTPUT)
		return -EOPNOTSUPP;
	sys_shlock_init(&((struct perf_head *)f.more)->lock);
	fd = sys_store_create(SKEP_SYS_PERF, 0, &f, false);
	if (fd < 0)
		return fd;
	id = sys_store_publish(fd, &f);
	if (id < 0) {
		sys_store_discard(fd);
		return id;
	}
	return fd;
}

void sys_perf_refs(const struct fhead *f, u32 *prog)
{
	*prog = ((const struct perf_head *)f->more)->probe.prog;
}

/* The first mmap says how large it is: the head moves behind the data. */
static int give_size(int fd, struct fhead *f, u64 len)
{
	static const u8 zero[PAGE];
	u64 data = len - PAGE;
	u64 layout[2] = {PAGE, data};

	if (f->size)
		return f->size == len ? 0 : -EINVAL;
	if (len < 2 * PAGE || len % PAGE || (data & (data - 1)) || len > (u64)1 << 30)
		return -EINVAL;
	if (sys_store_reserve(fd, 0, len + PAGE))
		return -ENOMEM;
	f->size = len;
	if (pwrite(fd, f, sizeof(*f), (off_t)len) != (ssize_t)sizeof(*f) || pwrite(fd, zero, PAGE, 0) != PAGE ||
	    pwrite(fd, layout, sizeof(layout), offsetof(struct perf_event_mmap_page, data_offset)) != (ssize_t)sizeof(layout))
		return -ENOMEM;
	return 0;
}

void *sys_perf_mmap(void *addr, size_t len, int prot, int flags, int fd, struct fhead *f, s64 off)
{
	int err = off ? -EINVAL : give_size(fd, f, len);

	if (err) {
		errno = -err;
		return MAP_FAILED;
	}
	return sys_map_pages(addr, len, prot, flags, fd, 0);
}

/* It may have come into an array before anybody mapped it. */
static void grow_locked(struct sperf *p)
{
	struct fhead f;
	void *mem;
	int fd = sys_store_open(SKEP_SYS_PERF, p->o.id, O_RDWR);

	if (fd < 0)
		return;
	if (sys_store_head(fd, &f) == 0 && f.size && sys_map_file(fd, 0, f.size + PAGE, &mem) == 0) {
		p->head = p->mem;
		p->mem = mem;
		p->len = f.size + PAGE;
		atomic_store(&p->payload, f.size);
	}
	close(fd);
}

static bool has_size(struct sperf *p)
{
	if (!atomic_load(&p->payload)) {
		sys_whole_begin();
		pthread_mutex_lock(&p->lock);
		if (!atomic_load(&p->payload))
			grow_locked(p);
		pthread_mutex_unlock(&p->lock);
		sys_whole_end();
	}
	return atomic_load(&p->payload) >= 2 * PAGE;
}

bool sys_perf_ready(struct sobj *o)
{
	bool sized = has_size(sperf_of(o));
	const struct perf_event_mmap_page *p = (const void *)sperf_of(o)->mem;

	return sized && __atomic_load_n(&p->data_head, __ATOMIC_ACQUIRE) != p->data_tail;
}

/* --- output ------------------------------------------------------------------------------------------------ */

struct out {
	u8 *data;
	u64 size, at;
};

static void put(struct out *o, const void *p, u64 n)
{
	u64 at = o->at % o->size, first = SKEP_MIN(n, o->size - at);

	memcpy(o->data + at, p, first);
	memcpy(o->data, (const u8 *)p + first, n - first);
	o->at += n;
}

static int put_lost(struct out *o, u64 room, struct perf_head *h)
{
	struct perf_event_header e = {PERF_RECORD_LOST, 0, sizeof(e) + 16};
	u64 body[2] = {0, h->lost};

	if (!h->lost)
		return 0;
	if (room < e.size)
		return -ENOSPC;
	put(o, &e, sizeof(e));
	put(o, body, sizeof(body));
	h->lost = 0;
	return 0;
}

static int output_locked(struct sperf *p, struct perf_head *h, const void *data, u32 size, const void *more, u32 more_size)
{
	struct perf_event_mmap_page *page = (void *)p->mem;
	u64 tail = __atomic_load_n(&page->data_tail, __ATOMIC_ACQUIRE), head = page->data_head, room;
	u32 raw = round8(size + more_size + 4) - 4, pad = raw - size - more_size;
	struct perf_event_header e = {PERF_RECORD_SAMPLE, 0, 0};
	struct out o = {p->mem + PAGE, p->payload - PAGE, head};
	static const u8 zero[8];

	room = head - tail <= o.size ? o.size - (head - tail) : 0;
	if (sizeof(e) + 4 + (u64)raw > 65535)
		return -E2BIG;
	e.size = (u16)(sizeof(e) + 4 + raw);
	if (room < e.size + (h->lost ? 24u : 0)) {
		h->lost++;
		return -ENOSPC;
	}
	put_lost(&o, room, h);
	put(&o, &e, sizeof(e));
	put(&o, &raw, 4);
	put(&o, data, size);
	put(&o, more, more_size);
	put(&o, zero, pad);
	__atomic_store_n(&page->data_head, o.at, __ATOMIC_RELEASE);
	return 0;
}

static int output_to(struct sperf *p, const void *data, u32 size, const void *more, u32 more_size)
{
	struct perf_head *h;
	int err;

	if (!has_size(p))
		return -ENOENT;
	h = (struct perf_head *)((struct fhead *)(p->mem + p->payload))->more;
	err = sys_shlock_take(&h->lock);
	if (err < 0)
		return err;
	err = output_locked(p, h, data, size, more, more_size);
	sys_shlock_drop(&h->lock);
	if (!err)
		sys_ring_wake(SKEP_SYS_PERF, p->o.id, &p->wake);
	return err;
}

int sys_perf_output(struct smap *m, u64 flags, const void *data, u32 size, const void *more, u32 more_size)
{
	u32 index = (u32)flags, id;
	struct sobj *o;

	if (flags & ~(u64)(BPF_F_INDEX_MASK | BPF_F_CTXLEN_MASK))
		return -EINVAL;
	if ((flags & BPF_F_INDEX_MASK) == BPF_F_CURRENT_CPU)
		index = skep_sys_thread.cpu;
	if (index >= m->d.max_entries)
		return -E2BIG;
	id = __atomic_load_n((u32 *)(m->mem + 8 * (u64)index), __ATOMIC_ACQUIRE);
	if (!id)
		return -ENOENT;
	o = sys_map_held(m, index, id);
	return o ? output_to(sperf_of(o), data, size, more, more_size) : -ENOENT;
}

/* --- the map ---------------------------------------------------------------------------------------------- */

static int check(struct mhead *h)
{
	return sys_prog_array_ops.check(h);
}

static u64 size(const struct mhead *h)
{
	return sys_prog_array_ops.size(h);
}

static int next(struct smap *m, const void *key, void *out)
{
	return sys_array_ops.next(m, key, out);
}

static int no_read(struct smap *m, const void *key, void *value, u64 flags)
{
	return -EOPNOTSUPP;
}

static int write_fd(struct smap *m, const void *key, const void *value, u64 flags)
{
	return sys_prog_array_ops.write(m, key, value, flags);
}

static int remove_fd(struct smap *m, const void *key)
{
	return sys_prog_array_ops.remove(m, key);
}

const struct map_ops sys_perf_array_ops = {
    .check = check, .size = size, .next = next, .read = no_read, .write = write_fd, .remove = remove_fd};
