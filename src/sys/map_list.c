/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues and stacks, bloom filters. A queue's elements are at head..tail, counted without end
 * and taken modulo the number of places; an element is written before the counter moves, by
 * one store, so that a writer that is killed leaves the queue before or after its change.
 */
#include "sys/sys_impl.h"

static bool lifo(const struct smap *m)
{
	return m->d.type == BPF_MAP_TYPE_STACK;
}

static int check(struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	if (!h->max_entries || h->key_size || !h->value_size || (h->flags & ~flags))
		return -EINVAL;
	return h->value_size > 1u << 24 || (u64)h->value_size * h->max_entries > (u64)1 << 36 ? -E2BIG : 0;
}

static u64 size(const struct mhead *h)
{
	return (u64)round8(h->value_size) * h->max_entries;
}

static u8 *place(struct smap *m, u64 n)
{
	return m->mem + n % SKEP_MAX(m->d.max_entries, 1u) * m->vstride;
}

static u64 used(const struct smap *m)
{
	u64 n = m->h->tail - m->h->head;

	return n <= m->d.max_entries ? n : 0;
}

static int push_locked(struct smap *m, const void *value, u64 flags)
{
	if (used(m) == m->d.max_entries) {
		if (!(flags & BPF_EXIST))
			return -E2BIG;
		/* The oldest goes; of a stack, too. */
		__atomic_store_n(&m->h->head, m->h->head + 1, __ATOMIC_RELEASE);
	}
	memcpy(place(m, m->h->tail), value, m->d.value_size);
	__atomic_store_n(&m->h->tail, m->h->tail + 1, __ATOMIC_RELEASE);
	return 0;
}

static int push(struct smap *m, const void *value, u64 flags)
{
	int err;

	if (flags & BPF_NOEXIST || flags > BPF_EXIST)
		return -EINVAL;
	err = sys_map_lock(m);
	if (!err) {
		err = push_locked(m, value, flags);
		sys_map_unlock(m);
	}
	return err;
}

static int pop_locked(struct smap *m, void *value, bool keep)
{
	if (!used(m)) {
		memset(value, 0, m->d.value_size);
		return -ENOENT;
	}
	memcpy(value, place(m, lifo(m) ? m->h->tail - 1 : m->h->head), m->d.value_size);
	if (!keep && lifo(m))
		__atomic_store_n(&m->h->tail, m->h->tail - 1, __ATOMIC_RELEASE);
	else if (!keep)
		__atomic_store_n(&m->h->head, m->h->head + 1, __ATOMIC_RELEASE);
	return 0;
}

static int pop(struct smap *m, void *value, bool keep)
{
	int err = sys_map_lock(m);

	if (!err) {
		err = pop_locked(m, value, keep);
		sys_map_unlock(m);
	}
	return err;
}

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	return pop(m, value, true);
}

static int write_one(struct smap *m, const void *key, const void *value, u64 flags)
{
	return push(m, value, flags);
}

static int take(struct smap *m, const void *key, void *value, u64 flags)
{
	return pop(m, value, false);
}

static void recover(struct smap *m)
{
	if (m->h->tail - m->h->head > m->d.max_entries)
		m->h->head = m->h->tail = 0;
}

const struct map_ops sys_queue_ops = {
    .check = check, .size = size, .recover = recover, .push = push, .pop = pop, .read = read_one, .write = write_one,
    .take = take};

/* --- bloom filters: bits that are only ever set -------------------------------------------------- */

static u32 hashes(const struct mhead *h)
{
	return h->extra & 15 ? (u32)h->extra & 15 : 5;
}

static int bloom_check(struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	if (h->key_size || !h->value_size || !h->max_entries || (h->flags & ~flags) || (h->extra & ~15ull) ||
	    h->value_size > 1u << 16)
		return -EINVAL;
	return 0;
}

/* 1.44 bits an element and hash, up to a power of two. */
static u64 bits(const struct mhead *h)
{
	u64 want = (u64)h->max_entries * hashes(h) / 5 * 7, n = 64;

	while (n < want && n < (u64)1 << 31)
		n <<= 1;
	return n;
}

static u64 bloom_size(const struct mhead *h)
{
	return bits(h) / 8;
}

static u64 bit_of(const struct smap *m, const void *value, u32 k)
{
	return skep_hash(value, m->d.value_size, m->d.seed + k) & (bits(&m->d) - 1);
}

static int bloom_push(struct smap *m, const void *value, u64 flags)
{
	if (flags != BPF_ANY)
		return -EINVAL;
	for (u32 k = 0; k < hashes(&m->d); k++) {
		u64 b = bit_of(m, value, k);

		__atomic_fetch_or(m->mem + b / 8, (u8)(1 << (b & 7)), __ATOMIC_RELAXED);
	}
	return 0;
}

static int bloom_peek(struct smap *m, void *value, bool keep)
{
	if (!keep)
		return -EOPNOTSUPP;
	for (u32 k = 0; k < hashes(&m->d); k++) {
		u64 b = bit_of(m, value, k);

		if (!(__atomic_load_n(m->mem + b / 8, __ATOMIC_RELAXED) >> (b & 7) & 1))
			return -ENOENT;
	}
	return 0;
}

/* bpf(2) gives the value that is asked for where other maps get one. */
static int bloom_read(struct smap *m, const void *key, void *value, u64 flags)
{
	return bloom_peek(m, value, true);
}

static int bloom_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	return bloom_push(m, value, flags);
}

const struct map_ops sys_bloom_ops = {
    .check = bloom_check, .size = bloom_size, .push = bloom_push, .pop = bloom_peek, .read = bloom_read,
    .write = bloom_write};
