/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring buffers. The file is laid out as the kernel's mmap shows it: the consumer's position,
 * the producer's, the data; what maps it for a consumer maps the data twice (skep_sys_mmap).
 *
 * A record's header is its length with two bits, and, where the kernel has a page offset, who
 * reserved it. A producer that is killed between reserve and submit leaves a busy record, at
 * which consumers would wait for ever: whoever finds it there discards it.
 *
 * Who waits in poll or epoll waits for a FIFO beside the file; a byte in it is a wake-up.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 8, NRESERVED = 64 };
static _Thread_local struct {
	u8 *record;
	struct smap *m;
} reserved[NRESERVED];

int sys_ring_check(struct mhead *h)
{
	if (h->key_size || h->value_size || !h->max_entries || (h->max_entries & (h->max_entries - 1)) ||
	    h->max_entries % PAGE || (h->flags & ~BPF_F_NUMA_NODE))
		return -EINVAL;
	return h->max_entries > 1u << 30 ? -E2BIG : 0;
}

u64 sys_ring_size(const struct mhead *h)
{
	return 2 * PAGE + (u64)h->max_entries;
}

void sys_ring_fini(struct smap *m)
{
	if (m->view)
		munmap(m->view, 2 * (u64)m->d.max_entries);
	sys_ring_wake_close(m->wake);
}

/* --- waking ------------------------------------------------------------------------------------------ */

/* The FIFO of an object, opened for both ends so that neither blocks. */
static int open_wake(u32 kind, u32 id)
{
	char path[PATH_LEN];
	size_t n = (size_t)sys_store_path(path, kind, id);
	struct stat st;
	int fd;

	memcpy(path + n, ".wake", 6);
	if (mkfifo(path, 0600) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISFIFO(st.st_mode) || st.st_uid != geteuid())) {
		close(fd);
		return -EPERM;
	}
	return fd < 0 ? -errno : fd;
}

/* Programs close descriptors that they did not open; the number may be of a file of theirs now. */
static bool is_wake(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && sys_store_holds(&st);
}

void sys_ring_wake_close(int fd)
{
	if (is_wake(fd))
		close(fd);
}

void sys_ring_wake(u32 kind, u32 id, int *fd)
{
	int have = __atomic_load_n(fd, __ATOMIC_ACQUIRE);

	if (have >= 0 && !is_wake(have)) {
		__atomic_compare_exchange_n(fd, &have, -1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		have = __atomic_load_n(fd, __ATOMIC_ACQUIRE);
	}

	if (have < 0) {
		int none = -1;

		have = open_wake(kind, id);
		if (have < 0)
			return;
		if (!__atomic_compare_exchange_n(fd, &none, have, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			close(have);
			have = none;
		}
	}
	/* When it is full there are wake-ups enough in it. */
	if (write(have, "", 1) < 0 && errno == EBADF)
		__atomic_store_n(fd, -1, __ATOMIC_RELEASE);
}

int skep_sys_ring_wait(int fd, bool *room)
{
	const struct map_ops *ops;
	struct fhead h;

	*room = false;
	if (sys_store_head(fd, &h) || (h.kind != SKEP_SYS_MAP && h.kind != SKEP_SYS_PERF))
		return -1;
	if (h.kind == SKEP_SYS_MAP) {
		ops = sys_map_ops_of(((struct mhead *)h.more)->type);
		if (!ops || !ops->ready)
			return -1;
		*room = ops == &sys_user_ring_ops;
	}
	return open_wake(h.kind, h.id);
}

/* --- producing ----------------------------------------------------------------------------------------- */

u8 *sys_ring_view(struct smap *m)
{
	u8 *v = __atomic_load_n(&m->view, __ATOMIC_ACQUIRE);
	u64 n = m->d.max_entries;
	u8 *data = m->mem + 2 * PAGE;

	if (v)
		return v;
	sys_map_mine(m);
	if (!m->view) {
		v = sys_map_pages(NULL, 2 * n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		/* Of length 0 it is a second mapping of the same pages. */
		if (v != MAP_FAILED && mremap(data, 0, n, MREMAP_MAYMOVE | MREMAP_FIXED, v) != MAP_FAILED &&
		    mremap(data, 0, n, MREMAP_MAYMOVE | MREMAP_FIXED, v + n) != MAP_FAILED)
			__atomic_store_n(&m->view, v, __ATOMIC_RELEASE);
		else if (v != MAP_FAILED)
			munmap(v, 2 * n);
	}
	v = m->view;
	sys_map_mine_done(m);
	return v;
}

/* Records at the consumer's position whose owners died are discarded. */
static void bury(struct smap *m)
{
	u64 mask = m->d.max_entries - 1, at = __atomic_load_n(ring_cons(m), __ATOMIC_ACQUIRE);

	while (at < __atomic_load_n(ring_prod(m), __ATOMIC_ACQUIRE)) {
		u32 *h = (u32 *)(m->mem + 2 * PAGE + (at & mask & ~7ull));
		u32 len = __atomic_load_n(&h[0], __ATOMIC_ACQUIRE);

		if (!(len & BPF_RINGBUF_BUSY_BIT) || sys_reader_alive32(h[1]))
			return;
		__atomic_compare_exchange_n(&h[0], &len, (len & ~BPF_RINGBUF_BUSY_BIT) | BPF_RINGBUF_DISCARD_BIT, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		at += ((u64)(len & 0x3fffffff) + HEADER + 7) & ~7ull;
	}
}

static u8 *reserve_locked(struct smap *m, u32 size)
{
	u64 mask = m->d.max_entries - 1, cons, prod = *ring_prod(m), len = ((u64)size + HEADER + 7) & ~7ull;
	u8 *v = sys_ring_view(m);
	u32 *h;

	if (!v)
		return NULL;
	cons = __atomic_load_n(ring_cons(m), __ATOMIC_ACQUIRE);
	if (prod - cons + len > mask)
		return NULL;
	h = (u32 *)(v + (prod & mask & ~7ull));
	h[0] = size | BPF_RINGBUF_BUSY_BIT;
	h[1] = (u32)sys_reader_name();
	__atomic_store_n(ring_prod(m), prod + len, __ATOMIC_RELEASE);
	return (u8 *)h + HEADER;
}

void *sys_ring_reserve(struct smap *m, u64 size)
{
	u32 k = 0;
	u8 *r;

	while (k < NRESERVED && reserved[k].record)
		k++;
	if (k == NRESERVED || size > 0x3fffffff || size + HEADER > m->d.max_entries)
		return NULL;
	bury(m);
	if (sys_map_lock(m))
		return NULL;
	r = reserve_locked(m, (u32)size);
	sys_map_unlock(m);
	if (r) {
		reserved[k].record = r;
		reserved[k].m = m;
		skep_sys_thread.reserved++;
	}
	return r;
}

void sys_ring_commit(void *record, u64 flags, bool discard)
{
	u32 *h = (u32 *)((u8 *)record - HEADER), len, k = 0;
	u64 at, cons;
	struct smap *m;

	while (k < NRESERVED && reserved[k].record != record)
		k++;
	if (k == NRESERVED)
		return;
	m = reserved[k].m;
	reserved[k].record = NULL;
	skep_sys_thread.reserved--;
	len = h[0] & ~BPF_RINGBUF_BUSY_BIT;
	__atomic_exchange_n(&h[0], discard ? len | BPF_RINGBUF_DISCARD_BIT : len, __ATOMIC_SEQ_CST);
	at = (u64)((u8 *)h - m->view) & (m->d.max_entries - 1);
	cons = __atomic_load_n(ring_cons(m), __ATOMIC_ACQUIRE) & (m->d.max_entries - 1);
	if ((flags & BPF_RB_FORCE_WAKEUP) || (cons == at && !(flags & BPF_RB_NO_WAKEUP)))
		sys_ring_wake(SKEP_SYS_MAP, m->o.id, &m->wake);
}

void sys_ring_forget(void)
{
	for (u32 k = 0; k < NRESERVED && skep_sys_thread.reserved; k++)
		if (reserved[k].record)
			sys_ring_commit(reserved[k].record, 0, true);
}

int sys_ring_output(struct smap *m, const void *data, u64 size, u64 flags)
{
	void *r;

	if (flags & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return -EINVAL;
	r = sys_ring_reserve(m, size);
	if (!r)
		return -EAGAIN;
	memcpy(r, data, size);
	sys_ring_commit(r, flags, false);
	return 0;
}

u64 sys_ring_query(struct smap *m, u64 what)
{
	switch (what) {
	case BPF_RB_AVAIL_DATA: return *ring_prod(m) - *ring_cons(m);
	case BPF_RB_RING_SIZE: return m->d.max_entries;
	case BPF_RB_CONS_POS: return *ring_cons(m);
	case BPF_RB_PROD_POS: return *ring_prod(m);
	default: return 0;
	}
}

/* --- for those who consume -------------------------------------------------------------------------------- */

static bool ready(struct smap *m)
{
	u64 at = __atomic_load_n(ring_cons(m), __ATOMIC_ACQUIRE);
	const u32 *h = (const u32 *)(m->mem + 2 * PAGE + (at & (m->d.max_entries - 1) & ~7ull));

	bury(m);
	return at < __atomic_load_n(ring_prod(m), __ATOMIC_ACQUIRE) &&
	       !(__atomic_load_n(h, __ATOMIC_ACQUIRE) & BPF_RINGBUF_BUSY_BIT);
}

void *sys_ring_map(void *addr, size_t len, int prot, int flags, int fd, const struct smap *m, s64 off)
{
	u64 n = m->d.max_entries;
	u8 *p;

	if (off % PAGE || off + (s64)len > (s64)(2 * PAGE + 2 * n)) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	p = sys_map_pages(addr, len, prot, flags, fd, off);
	if (p != MAP_FAILED && (u64)off + len > 2 * PAGE + n) {
		u64 from = 2 * PAGE + n - (u64)off;

		if (sys_map_pages(p + from, len - from, prot, (flags & MAP_SHARED) | MAP_FIXED, fd, 2 * PAGE) == MAP_FAILED) {
			munmap(p, len);
			return MAP_FAILED;
		}
	}
	return p;
}

static void *ring_mmap(void *addr, size_t len, int prot, int flags, int fd, struct smap *m, s64 off)
{
	/* The consumer's page may be written; the rest may not. */
	if ((prot & PROT_WRITE) && (off != 0 || len != PAGE)) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return sys_ring_map(addr, len, prot, flags, fd, m, off);
}

const struct map_ops sys_ring_ops = {
    .check = sys_ring_check, .size = sys_ring_size, .fini = sys_ring_fini, .mmap = ring_mmap, .ready = ready};
