/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hash tables, plain, per processor, and with eviction.
 *
 *	payload: [counts of prefix lengths, LPM only] [first slot of each bucket] [slots]
 *
 * Readers take no lock: they follow the chain of a bucket from its first slot. Writers hold
 * the map's lock. Each change becomes visible by one store of 32 bits: insertion at the front,
 * replacement and removal by the link that led to the old slot. So a writer that is killed
 * leaves either the old or the new chain, and everything that is not a chain (free slots,
 * counts) is made anew from the chains by the next owner of the lock.
 *
 * A slot that was taken out is used again when no reader is left that may have seen it (see
 * shared.c): a value that a program holds stays as it is until the program ends. When there are
 * no spare slots left, bpf(2) waits for the readers a while; a program that takes out more in one
 * run than there are spare slots gets the oldest at once, as in the kernel's preallocated tables. The end of a chain says which bucket's it is, so that a
 * reader whose slot was used again knows that it ended elsewhere, and begins anew.
 */
#include "sys/sys_impl.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { END = (int)0x80000000, SPARE = 64, BATCH = 16 };
struct slot {
	u32 next; /* index, or END | bucket */
	u32 hash;
	u32 link; /* of the free and the old list: index + 1 */
	u8 used, ref, pad[2];
	u64 stamp;
	u8 key[];
};

static u32 *heads(const struct smap *m)
{
	u64 before = m->d.type == BPF_MAP_TYPE_LPM_TRIE ? ((u64)m->d.key_size * 8 * 4 + 63) & ~63ull : 0;

	return (u32 *)(m->mem + before);
}

static struct slot *slot_at(const struct smap *m, u32 i)
{
	return (struct slot *)((u8 *)heads(m) + (((u64)m->d.nbucket * 4 + 63) & ~63ull) + (u64)i * m->d.slot_size);
}

static u8 *value_of(const struct smap *m, struct slot *s)
{
	return s->key + round8(m->d.key_size);
}

static bool lru(u32 type)
{
	return type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* Numbers as they lie there: only this machine reads them. */
static inline u32 load32(const void *p)
{
	u32 v;

	memcpy(&v, p, 4);
	return v;
}

static inline u64 load64(const void *p)
{
	u64 v;

	memcpy(&v, p, 8);
	return v;
}

static u32 hash_key(const struct smap *m, const void *key)
{
	u64 h = m->d.seed;

	if (m->d.key_size == 4) {
		h ^= load32(key);
	} else if (m->d.key_size == 8) {
		h ^= load64(key) * 0x9e3779b97f4a7c15u;
	} else {
		const u8 *p = key;
		u32 n = m->d.key_size;

		for (; n >= 8; n -= 8, p += 8) {
			h = (h ^ load64(p)) * 0x9e3779b97f4a7c15u;
			h ^= h >> 29;
		}
		for (; n; n--)
			h = (h ^ *p++) * 0x100000001b3u;
	}
	h *= 0xd6e8feb86659fd93u;
	return (u32)(h >> 32) ^ (u32)h;
}

/* --- attributes ----------------------------------------------------------------------------------- */

static u32 pow2(u32 n)
{
	u32 p = 1;

	while (p < n && p < 1u << 30)
		p <<= 1;
	return p;
}

static int layout(struct mhead *h, u32 value_bytes)
{
	u64 slot = sizeof(struct slot) + round8(h->key_size) + value_bytes;

	if (slot > INT32_MAX || h->max_entries > 1u << 29 || slot * h->max_entries > (u64)1 << 38)
		return -E2BIG;
	h->slot_size = (u32)slot;
	h->nbucket = pow2(h->max_entries);
	h->nslot = h->max_entries + SKEP_MIN(h->max_entries, 1u << 14) + SPARE;
	return 0;
}

static int check(struct mhead *h)
{
	u32 flags = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG |
		    BPF_F_WRONLY_PROG | BPF_F_ZERO_SEED;
	bool percpu = map_percpu(h->type);

	if (h->flags & ~flags)
		return -EINVAL;
	if (!lru(h->type) && (h->flags & BPF_F_NO_COMMON_LRU))
		return -EINVAL;
	if (lru(h->type) && (h->flags & BPF_F_NO_PREALLOC))
		return -524; /* ENOTSUPP */
	if (percpu && (h->flags & BPF_F_NUMA_NODE))
		return -EINVAL;
	if (!h->max_entries || !h->key_size || !h->value_size)
		return -EINVAL;
	if (h->key_size > KEY_MAX || h->value_size > 1u << 24 || (percpu && h->value_size > 32768))
		return -E2BIG;
	return layout(h, round8(h->value_size) * (percpu ? h->ncpu : 1));
}

static u64 size(const struct mhead *h)
{
	u64 before = h->type == BPF_MAP_TYPE_LPM_TRIE ? ((u64)h->key_size * 8 * 4 + 63) & ~63ull : 0;

	return before + (((u64)h->nbucket * 4 + 63) & ~63ull) + (u64)h->nslot * h->slot_size;
}

static void init(struct smap *m)
{
	for (u32 k = 0; k < m->d.nbucket; k++)
		heads(m)[k] = (u32)END | k;
	m->h->ready = m->d.flags & BPF_F_NO_PREALLOC ? 0 : m->d.nslot;
}

/* --- reading ------------------------------------------------------------------------------------------ */

static inline bool same_key(const struct smap *m, const u8 *a, const void *b)
{
	if (m->d.key_size == 4)
		return load32(a) == load32(b);
	if (m->d.key_size == 8)
		return load64(a) == load64(b);
	return memcmp(a, b, m->d.key_size) == 0;
}

static struct slot *find(const struct smap *m, const void *key, u32 hash)
{
	u32 bucket = hash & (m->d.nbucket - 1), steps, i;

	for (u32 tries = 0; tries < 16; tries++) {
		i = __atomic_load_n(&heads(m)[bucket], __ATOMIC_ACQUIRE);
		for (steps = 0; i < m->d.nslot && steps <= m->d.nslot; steps++) {
			struct slot *s = slot_at(m, i);

			if (s->hash == hash && same_key(m, s->key, key))
				return s;
			i = __atomic_load_n(&s->next, __ATOMIC_ACQUIRE);
		}
		if (i == ((u32)END | bucket))
			break;
	}
	return NULL;
}

void *sys_hash_find(struct smap *m, const void *key)
{
	struct slot *s = find(m, key, hash_key(m, key));

	return s ? value_of(m, s) : NULL;
}

static void *lookup(struct smap *m, const void *key)
{
	struct slot *s = find(m, key, hash_key(m, key));

	if (!s)
		return NULL;
	if (m->d.type == BPF_MAP_TYPE_HASH || m->d.type == BPF_MAP_TYPE_LPM_TRIE)
		return value_of(m, s);
	if (lru(m->d.type) && !s->ref)
		s->ref = 1;
	return value_of(m, s) + (map_percpu(m->d.type) ? (u64)skep_sys_thread.cpu * m->vstride : 0);
}

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	void *v = sys_hash_find(m, key);

	if (!v)
		return -ENOENT;
	if (map_percpu(m->d.type))
		memcpy(value, v, map_value_size(m));
	else
		value_get(m, value, v, flags);
	return 0;
}

static int next(struct smap *m, const void *key, void *out)
{
	struct slot *s = key ? find(m, key, hash_key(m, key)) : NULL;
	u32 bucket = 0, i = 0;

	if (s) {
		bucket = s->hash & (m->d.nbucket - 1);
		i = __atomic_load_n(&s->next, __ATOMIC_ACQUIRE);
		if (i >= m->d.nslot)
			bucket++;
	}
	if (!s || i >= m->d.nslot)
		for (i = (u32)END; bucket < m->d.nbucket; bucket++) {
			i = __atomic_load_n(&heads(m)[bucket], __ATOMIC_ACQUIRE);
			if (i < m->d.nslot)
				break;
		}
	if (i >= m->d.nslot)
		return -ENOENT;
	memcpy(out, slot_at(m, i)->key, m->d.key_size);
	return 0;
}

void sys_hash_for_each(struct smap *m, int (*f)(void *arg, const void *key, void *value), void *arg)
{
	u64 cpu = map_percpu(m->d.type) ? (u64)skep_sys_thread.cpu * m->vstride : 0;

	for (u32 b = 0; b < m->d.nbucket; b++) {
		u32 i = __atomic_load_n(&heads(m)[b], __ATOMIC_ACQUIRE);

		for (u32 steps = 0; i < m->d.nslot && steps <= m->d.nslot; steps++) {
			struct slot *s = slot_at(m, i);

			if (f(arg, s->key, value_of(m, s) + cpu))
				return;
			i = __atomic_load_n(&s->next, __ATOMIC_ACQUIRE);
		}
	}
}

/* --- slots; under the lock ------------------------------------------------------------------------------ */

static void put_free(struct smap *m, u32 i)
{
	slot_at(m, i)->used = 0;
	slot_at(m, i)->link = m->h->free;
	m->h->free = i + 1;
}

static void put_old(struct smap *m, u32 i, u64 stamp)
{
	struct mhead *h = m->h;
	struct slot *s = slot_at(m, i);

	s->used = 0;
	s->link = 0;
	s->stamp = stamp;
	if (h->old_last && h->old_last <= m->d.nslot)
		slot_at(m, h->old_last - 1)->link = i + 1;
	else
		h->old_first = i + 1;
	h->old_last = i + 1;
	h->nold++;
}

static u32 take_old(struct smap *m, bool force)
{
	struct mhead *h = m->h;
	u32 i = h->old_first - 1;

	if (i >= m->d.nslot || (!force && !reader_safe(slot_at(m, i)->stamp)))
		return UINT32_MAX;
	h->old_first = slot_at(m, i)->link;
	if (!h->old_first)
		h->old_last = 0;
	h->nold--;
	return i;
}

/* Has the memory of a new slot been there, or is it now? */
static bool have_memory(struct smap *m, u32 i)
{
	u32 more = SKEP_MAX(1u, (1u << 16) / m->d.slot_size);
	uintptr_t from, to;

	if (i < m->h->ready)
		return true;
	more = SKEP_MIN(more, m->d.nslot - i);
	from = (uintptr_t)slot_at(m, i) & ~(uintptr_t)(PAGE - 1);
	to = ((uintptr_t)slot_at(m, i + more - 1) + m->d.slot_size + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
#ifdef MADV_POPULATE_WRITE
	if (madvise((void *)from, to - from, MADV_POPULATE_WRITE) && errno != EINVAL)
		return false;
#endif
	m->h->ready = i + more;
	return true;
}

static u32 take_slot(struct smap *m)
{
	struct mhead *h = m->h;
	u32 i;

	if (h->nold >= BATCH)
		for (u32 k = 0; k < BATCH / 2; k++) {
			i = take_old(m, false);
			if (i == UINT32_MAX)
				break;
			put_free(m, i);
		}
	i = h->free - 1;
	if (i < m->d.nslot) {
		h->free = slot_at(m, i)->link;
		return i;
	}
	if (h->fresh < m->d.nslot) {
		if (!have_memory(m, h->fresh))
			return UINT32_MAX;
		return h->fresh++;
	}
	i = take_old(m, false);
	/* Whoever reads nothing itself can wait for those who do; they do not wait for this lock. */
	for (u32 k = 0; i == UINT32_MAX && k < 500 && !skep_sys_thread.depth && m->h->old_first; k++) {
		usleep(100);
		i = take_old(m, false);
	}
	return i == UINT32_MAX ? take_old(m, true) : i;
}

/* The link that leads to a slot of its bucket, or NULL. */
static u32 *link_to(struct smap *m, u32 bucket, const struct slot *s)
{
	u32 *link = &heads(m)[bucket];

	for (u32 steps = 0; *link < m->d.nslot && steps <= m->d.nslot; steps++) {
		struct slot *at = slot_at(m, *link);

		if (at == s)
			return link;
		link = &at->next;
	}
	return NULL;
}

static u32 index_of(const struct smap *m, const struct slot *s)
{
	return (u32)(((const u8 *)s - (const u8 *)slot_at(m, 0)) / m->d.slot_size);
}

static int take_out(struct smap *m, struct slot *s)
{
	u32 *link = link_to(m, s->hash & (m->d.nbucket - 1), s);

	if (!link)
		return -EIO;
	__atomic_store_n(link, s->next, __ATOMIC_RELEASE);
	m->h->count--;
	if (m->nfield)
		timers_drop(m, value_of(m, s));
	put_old(m, index_of(m, s), reader_stamp());
	return 0;
}

/* The element that was not looked up for the longest time, about: a hand goes round over the slots. */
static int evict(struct smap *m)
{
	for (u64 k = 0; k < 2 * (u64)m->d.nslot + 1; k++) {
		u32 i = m->h->hand++;
		struct slot *s;

		if (i >= m->d.nslot || i >= m->h->fresh) {
			m->h->hand = 0;
			continue;
		}
		s = slot_at(m, i);
		if (!s->used)
			continue;
		if (s->ref)
			s->ref = 0;
		else
			return take_out(m, s);
	}
	return -ENOMEM;
}

static void recover(struct smap *m)
{
	struct mhead *h = m->h;
	u64 *seen = calloc((size_t)m->d.nslot / 64 + 1, 8);
	u64 stamp = reader_stamp();

	if (!seen) /* slots are lost, the contents are not */
		return;
	h->count = h->free = h->old_first = h->old_last = h->nold = 0;
	if (h->fresh > m->d.nslot)
		h->fresh = m->d.nslot;
	for (u32 b = 0; b < m->d.nbucket; b++) {
		u32 *link = &heads(m)[b];

		while (*link < m->d.nslot && !skep_bit_get(seen, *link)) {
			struct slot *s = slot_at(m, *link);

			skep_bit_set(seen, *link);
			if (*link >= h->fresh)
				h->fresh = *link + 1;
			s->used = 1;
			h->count++;
			link = &s->next;
		}
		if (*link != ((u32)END | b)) /* only by tampering */
			*link = (u32)END | b;
	}
	for (u32 i = 0; i < h->fresh; i++)
		if (!skep_bit_get(seen, i))
			put_old(m, i, stamp);
	free(seen);
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* Bytes of the new value: of a program's own processor, or of all. */
static void fill(struct smap *m, u8 *to, const void *value, bool all, bool fresh)
{
	if (!map_percpu(m->d.type) || all) {
		memcpy(to, value, map_percpu(m->d.type) ? map_value_size(m) : m->d.value_size);
		value_fresh(m, to);
		return;
	}
	if (fresh)
		memset(to, 0, map_value_size(m));
	copy_value(to + (u64)skep_sys_thread.cpu * m->vstride, value, m->d.value_size);
}

static int insert(struct smap *m, const void *key, u32 hash, const void *value, bool all, struct slot *old)
{
	u32 bucket = hash & (m->d.nbucket - 1), i, *link = &heads(m)[bucket];
	struct slot *s;

	if (old) {
		link = link_to(m, bucket, old);
		if (!link)
			return -EIO;
	} else if (m->h->count >= m->d.max_entries) {
		int err = lru(m->d.type) ? evict(m) : -E2BIG;

		if (err)
			return err;
		/* The victim's slot may have been in our bucket, even its first. */
		link = &heads(m)[bucket];
	}
	i = take_slot(m);
	if (i == UINT32_MAX)
		return -ENOMEM;
	s = slot_at(m, i);
	s->hash = hash;
	s->ref = 0;
	memcpy(s->key, key, m->d.key_size);
	fill(m, value_of(m, s), value, all, true);
	__atomic_store_n(&s->next, old ? old->next : *link, __ATOMIC_RELEASE);
	if (!old)
		m->h->count++;
	s->used = 1;
	__atomic_store_n(link, i, __ATOMIC_RELEASE);
	if (old && m->nfield)
		timers_drop(m, value_of(m, old));
	if (old)
		put_old(m, index_of(m, old), reader_stamp());
	return 0;
}

static int write_locked(struct smap *m, const void *key, const void *value, u64 flags, bool all)
{
	u32 hash = hash_key(m, key);
	struct slot *old = find(m, key, hash);

	if (old && (flags & BPF_NOEXIST))
		return -EEXIST;
	if (!old && (flags & BPF_EXIST))
		return -ENOENT;
	/* Under its lock a value changes where it is: who holds it sees the new one. */
	if (old && (flags & BPF_F_LOCK)) {
		value_put(m, value_of(m, old), value, flags);
		return 0;
	}
	if (old && map_percpu(m->d.type)) {
		fill(m, value_of(m, old), value, all, false);
		return 0;
	}
	return insert(m, key, hash, value, all, old);
}

static int write_any(struct smap *m, const void *key, const void *value, u64 flags, bool all)
{
	int err;

	if ((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST || ((flags & BPF_F_LOCK) && !map_has_lock(m)))
		return -EINVAL;
	err = map_lock(m);
	if (!err) {
		err = write_locked(m, key, value, flags, all);
		map_unlock(m);
	}
	return err;
}

int sys_hash_update(struct smap *m, const void *key, const void *value, u64 flags)
{
	return write_any(m, key, value, flags, false);
}

static int write_all(struct smap *m, const void *key, const void *value, u64 flags)
{
	return write_any(m, key, value, flags, true);
}

static int remove_locked(struct smap *m, const void *key, void *value, u64 flags)
{
	struct slot *s = find(m, key, hash_key(m, key));

	if (!s)
		return -ENOENT;
	if (value && map_percpu(m->d.type))
		memcpy(value, value_of(m, s), map_value_size(m));
	else if (value)
		value_get(m, value, value_of(m, s), flags);
	return take_out(m, s);
}

static int take(struct smap *m, const void *key, void *value, u64 flags)
{
	int err = map_lock(m);

	if (!err) {
		err = remove_locked(m, key, value, flags);
		map_unlock(m);
	}
	return err;
}

int sys_hash_remove(struct smap *m, const void *key)
{
	return take(m, key, NULL, 0);
}

const struct map_ops hash_ops = {
    .check = check, .size = size, .init = init, .recover = recover, .lookup = lookup, .update = sys_hash_update,
    .remove = sys_hash_remove, .next = next, .read = read_one, .write = write_all, .take = take};

/* --- longest prefix -------------------------------------------------------------------------------------- */

/*
 * A table of (length, masked bits), and how many prefixes of each length there are: a lookup
 * asks for the lengths that exist, the longest first. The counts only say where to look; they
 * are raised before a prefix appears and lowered after it went.
 */
static u32 *counts(const struct smap *m)
{
	return (u32 *)m->mem;
}

static u32 max_prefix(const struct smap *m)
{
	return (m->d.key_size - 4) * 8;
}

static int lpm_check(struct mhead *h)
{
	u32 flags = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	if (!h->max_entries || !(h->flags & BPF_F_NO_PREALLOC) || (h->flags & ~flags) || h->key_size < 5 || h->key_size > 260 ||
	    !h->value_size || h->value_size > 1u << 24)
		return -EINVAL;
	return layout(h, round8(h->value_size));
}

static bool mask_key(const struct smap *m, const void *key, u32 plen, u8 *out)
{
	u32 bytes = plen / 8, given;

	memcpy(&given, key, 4);
	memset(out, 0, m->d.key_size);
	memcpy(out, &plen, 4);
	memcpy(out + 4, (const u8 *)key + 4, bytes);
	if (plen % 8)
		out[4 + bytes] = ((const u8 *)key)[4 + bytes] & (u8)(0xff00 >> (plen % 8));
	return given <= max_prefix(m);
}

static void *lpm_lookup(struct smap *m, const void *key)
{
	u8 k[KEY_MAX];
	u32 given;

	memcpy(&given, key, 4);
	if (given > max_prefix(m))
		return NULL;
	for (u32 n = given + 1; n--;) {
		void *v;

		if (!__atomic_load_n(&counts(m)[n], __ATOMIC_ACQUIRE))
			continue;
		mask_key(m, key, n, k);
		v = sys_hash_find(m, k);
		if (v)
			return v;
	}
	return NULL;
}

static int lpm_read(struct smap *m, const void *key, void *value, u64 flags)
{
	const void *v = lpm_lookup(m, key);

	if (!v)
		return -ENOENT;
	memcpy(value, v, m->d.value_size);
	return 0;
}

static int lpm_update(struct smap *m, const void *key, const void *value, u64 flags)
{
	u8 k[KEY_MAX];
	u32 n, before;
	int err;

	memcpy(&n, key, 4);
	if (flags > BPF_EXIST || n > max_prefix(m) || !mask_key(m, key, n, k))
		return -EINVAL;
	err = map_lock(m);
	if (!err) {
		before = m->h->count;
		__atomic_add_fetch(&counts(m)[n], 1, __ATOMIC_RELEASE);
		err = write_locked(m, k, value, flags, false);
		if (err || m->h->count == before)
			__atomic_sub_fetch(&counts(m)[n], 1, __ATOMIC_RELEASE);
		map_unlock(m);
	}
	return err == -E2BIG ? -ENOSPC : err;
}

static int lpm_remove(struct smap *m, const void *key)
{
	u8 k[KEY_MAX];
	u32 n;
	int err;

	memcpy(&n, key, 4);
	if (n > max_prefix(m) || !mask_key(m, key, n, k))
		return -EINVAL;
	err = map_lock(m);
	if (!err) {
		err = remove_locked(m, k, NULL, 0);
		if (!err)
			__atomic_sub_fetch(&counts(m)[n], 1, __ATOMIC_RELEASE);
		map_unlock(m);
	}
	return err;
}

static int lpm_next(struct smap *m, const void *key, void *out)
{
	u8 k[KEY_MAX];
	u32 n;

	if (!key)
		return next(m, NULL, out);
	memcpy(&n, key, 4);
	if (n > max_prefix(m))
		return next(m, NULL, out);
	mask_key(m, key, n, k);
	return next(m, k, out);
}

static void lpm_recover(struct smap *m)
{
	u32 n_of[257 * 8] = {0};

	recover(m);
	for (u32 i = 0; i < m->h->fresh && i < m->d.nslot; i++) {
		struct slot *s = slot_at(m, i);
		u32 n;

		memcpy(&n, s->key, 4);
		if (s->used && n <= max_prefix(m))
			n_of[n]++;
	}
	for (u32 n = 0; n <= max_prefix(m); n++)
		__atomic_store_n(&counts(m)[n], n_of[n], __ATOMIC_RELEASE);
}

const struct map_ops lpm_ops = {
    .check = lpm_check, .size = size, .init = init, .recover = lpm_recover, .lookup = lpm_lookup, .update = lpm_update,
    .remove = lpm_remove, .next = lpm_next, .read = lpm_read, .write = lpm_update};
