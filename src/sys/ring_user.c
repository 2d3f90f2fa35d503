/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring buffers that user space writes and programs drain. The file is that of other rings (see
 * ring.c) with the roles changed. What the writer says is looked at once and checked, since it may
 * change it at any time; the contents of a record may, too.
 *
 * One program drains at a time. Who does has its name in a word, so that the next one goes on
 * when it was killed: at the record that was not finished.
 */
#include "sys/sys_impl.h"

#include <sys/mman.h>

enum { HEADER = 8, SAMPLES_MAX = 128 * 1024, LEN_MAX = 0xffffff };

/* The word is in the map's head, where rings have no other use for it. */
static struct wordlock *busy(struct smap *m)
{
	return (struct wordlock *)&m->h->head;
}

/*
 * The record at the consumer's position: 0, its address and length, -ENODATA when there is none
 * yet, -EAGAIN when it was discarded and is skipped.
 */
static int peek(struct smap *m, const u8 *data, u8 **record, u32 *len)
{
	u64 prod = __atomic_load_n(ring_prod(m), __ATOMIC_ACQUIRE),
	    cons = __atomic_load_n(ring_cons(m), __ATOMIC_ACQUIRE), whole;
	u32 head;

	if (prod % 8)
		return -EINVAL;
	if (cons >= prod)
		return -ENODATA;
	*record = (u8 *)data + (cons & (m->d.max_entries - 1) & ~7ull) + HEADER;
	head = __atomic_load_n((u32 *)(*record - HEADER), __ATOMIC_ACQUIRE);
	*len = head & ~(u32)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	whole = ((u64)*len + HEADER + 7) & ~7ull;
	if (whole > prod - cons)
		return -EINVAL;
	if (whole > m->d.max_entries || *len > LEN_MAX)
		return -E2BIG;
	if (head & BPF_RINGBUF_DISCARD_BIT) {
		__atomic_store_n(ring_cons(m), cons + whole, __ATOMIC_RELEASE);
		return -EAGAIN;
	}
	return head & BPF_RINGBUF_BUSY_BIT ? -ENODATA : 0;
}

static s64 drain(struct smap *m, const u8 *data, u64 callback, u64 ctx)
{
	s64 n = 0;

	for (u32 k = 0; k < SAMPLES_MAX; k++) {
		u64 cons = __atomic_load_n(ring_cons(m), __ATOMIC_RELAXED), stop;
		struct dyn d = {0};
		u8 *record;
		u32 len;
		int err = peek(m, data, &record, &len);

		if (err == -EAGAIN)
			continue;
		if (err)
			return err == -ENODATA ? n : err;
		d.base = (u64)(uintptr_t)record;
		d.size = len;
		stop = skep_eng_callback(callback, (u64)(uintptr_t)&d, ctx, 0, 0, 0);
		__atomic_store_n(ring_cons(m), cons + (((u64)len + HEADER + 7) & ~7ull),
				 __ATOMIC_RELEASE);
		n++;
		if (stop || skep_eng_current()->stop)
			break;
	}
	return n;
}

s64 sys_ring_drain(struct smap *m, u64 callback, u64 ctx, u64 flags)
{
	const u8 *data = sys_ring_view(m);
	s64 n;

	if (flags & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return -EINVAL;
	if (!data)
		return -ENOMEM;
	if (sys_wordlock_try(busy(m)) < 0)
		return -EBUSY;
	n = drain(m, data, callback, ctx);
	sys_wordlock_drop(busy(m));
	if ((flags & BPF_RB_FORCE_WAKEUP) || (n > 0 && !(flags & BPF_RB_NO_WAKEUP)))
		sys_ring_wake(SKEP_SYS_MAP, m->o.id, &m->wake);
	return n;
}

static bool ready(struct smap *m)
{
	return __atomic_load_n(ring_prod(m), __ATOMIC_ACQUIRE) -
		       __atomic_load_n(ring_cons(m), __ATOMIC_ACQUIRE) <
	       m->d.max_entries;
}

static void *user_mmap(void *addr, size_t len, int prot, int flags, int fd, struct smap *m, s64 off)
{
	/* The consumer's page may not be written; the rest may. */
	if ((prot & PROT_WRITE) && off == 0) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return sys_ring_map(addr, len, prot, flags, fd, m, off);
}

/* The machine restarted: nobody drains. */
static void restart(struct smap *m)
{
	busy(m)->owner = 0;
}

const struct map_ops sys_user_ring_ops = {.check = sys_ring_check,
				      .size = sys_ring_size,
				      .restart = restart,
				      .fini = sys_ring_fini,
				      .mmap = user_mmap,
				      .ready = ready};
