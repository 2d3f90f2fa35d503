/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hash tables, plain, per processor, and with eviction: keys and values. See hash.h for how they
 * lie there and why readers and killed writers do no harm.
 */
#include "sys/hash.h"

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

u32 sys_hash_key(const struct smap *m, const void *key)
{
	u64 h = m->d.seed;

	if (m->d.key_bytes == 4) {
		h ^= load32(key);
	} else if (m->d.key_bytes == 8) {
		h ^= load64(key) * 0x9e3779b97f4a7c15u;
	} else {
		const u8 *p = key;
		u32 n = m->d.key_bytes;

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

static int check(struct mhead *h)
{
	u32 flags = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG |
		    BPF_F_WRONLY_PROG | BPF_F_ZERO_SEED;
	bool percpu = sys_map_percpu(h->type);

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
	return sys_hash_layout(h, h->max_entries, h->key_size, round8(h->value_size) * (percpu ? h->ncpu : 1));
}

/* --- reading ------------------------------------------------------------------------------------------ */

static inline bool same_key(const struct smap *m, const u8 *a, const void *b)
{
	if (m->d.key_bytes == 4)
		return load32(a) == load32(b);
	if (m->d.key_bytes == 8)
		return load64(a) == load64(b);
	return memcmp(a, b, m->d.key_bytes) == 0;
}

static struct slot *find(const struct smap *m, const void *key, u32 hash)
{
	u32 bucket = bucket_of(m, hash), steps, i;

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
	struct slot *s = find(m, key, sys_hash_key(m, key));

	return s ? value_of(m, s) : NULL;
}

static void *lookup(struct smap *m, const void *key)
{
	struct slot *s = find(m, key, sys_hash_key(m, key));

	if (!s)
		return NULL;
	if (m->d.type == BPF_MAP_TYPE_HASH || m->d.type == BPF_MAP_TYPE_LPM_TRIE)
		return value_of(m, s);
	if (lru(m->d.type) && !s->ref)
		s->ref = 1;
	return value_of(m, s) + (sys_map_percpu(m->d.type) ? (u64)skep_sys_thread.cpu * m->vstride : 0);
}

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	void *v = sys_hash_find(m, key);

	if (!v)
		return -ENOENT;
	if (sys_map_percpu(m->d.type))
		memcpy(value, v, sys_map_value_size(m));
	else
		sys_value_get(m, value, v, flags);
	return 0;
}

int sys_hash_next(struct smap *m, const void *key, void *out)
{
	struct slot *s = key ? find(m, key, sys_hash_key(m, key)) : NULL;
	u32 bucket = 0, i = 0;

	if (s) {
		bucket = bucket_of(m, s->hash);
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
	memcpy(out, slot_at(m, i)->key, m->d.key_bytes);
	return 0;
}

void sys_hash_for_each(struct smap *m, int (*f)(void *arg, const void *key, void *value), void *arg)
{
	u64 cpu = sys_map_percpu(m->d.type) ? (u64)skep_sys_thread.cpu * m->vstride : 0;

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

/* --- chains; under the lock of their stripe ------------------------------------------------------------- */

u32 *sys_link_find(struct smap *m, const void *key, u32 hash, u32 *i)
{
	u32 *link = &heads(m)[bucket_of(m, hash)];

	for (u32 steps = 0; steps <= m->d.nslot; steps++) {
		struct slot *s;

		*i = index_in(link);
		if (*i >= m->d.nslot)
			return link;
		s = slot_at(m, *i);
		if (s->hash == hash && same_key(m, s->key, key))
			return link;
		link = &s->next;
	}
	return NULL;
}

void sys_element_remove(struct smap *m, u32 k, u32 *link, u32 i)
{
	struct slot *s = slot_at(m, i);

	__atomic_store_n(link, s->next, __ATOMIC_RELEASE);
	sys_room_give(m, k);
	if (m->nfield)
		sys_fields_drop(m, value_of(m, s));
	sys_slot_retire(m, k, i);
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* Bytes of the new value: of a program's own processor, or of all. */
static void fill(struct smap *m, u8 *to, const void *value, bool all, bool fresh)
{
	if (!sys_map_percpu(m->d.type) || all) {
		memcpy(to, value, sys_map_percpu(m->d.type) ? sys_map_value_size(m) : m->d.value_size);
		sys_value_fresh(m, to);
		return;
	}
	if (fresh)
		memset(to, 0, sys_map_value_size(m));
	sys_copy_value(to + (u64)skep_sys_thread.cpu * m->vstride, value, m->d.value_size);
}

/* A slot with the element, not linked yet. */
static s64 make_slot(struct smap *m, const void *key, u32 hash, const void *value, bool all)
{
	s64 i = sys_slot_take(m, stripe_of(m, hash));
	struct slot *s;

	if (i < 0)
		return i;
	s = slot_at(m, (u32)i);
	s->hash = hash;
	s->ref = 0;
	memcpy(s->key, key, m->d.key_bytes);
	fill(m, value_of(m, s), value, all, true);
	return i;
}

static int insert(struct smap *m, const void *key, u32 hash, const void *value, bool all)
{
	u32 k = stripe_of(m, hash), *head = &heads(m)[bucket_of(m, hash)];
	int err = sys_room_take(m, k);
	s64 i;

	if (err)
		return err;
	i = make_slot(m, key, hash, value, all);
	if (i < 0) {
		sys_room_give(m, k);
		return -ENOMEM;
	}
	__atomic_store_n(&slot_at(m, (u32)i)->next, *head, __ATOMIC_RELEASE);
	slot_at(m, (u32)i)->used = 1;
	__atomic_store_n(head, (u32)i, __ATOMIC_RELEASE);
	return 0;
}

static int replace(struct smap *m, const void *key, u32 hash, const void *value, u32 *link, u32 was)
{
	s64 i = make_slot(m, key, hash, value, false);

	if (i < 0)
		return -ENOMEM;
	__atomic_store_n(&slot_at(m, (u32)i)->next, slot_at(m, was)->next, __ATOMIC_RELEASE);
	slot_at(m, (u32)i)->used = 1;
	__atomic_store_n(link, (u32)i, __ATOMIC_RELEASE);
	if (m->nfield)
		sys_fields_drop(m, value_of(m, slot_at(m, was)));
	sys_slot_retire(m, stripe_of(m, hash), was);
	return 0;
}

int sys_hash_write_locked(struct smap *m, const void *key, u32 hash, const void *value, u64 flags, bool all)
{
	u32 i, *link = sys_link_find(m, key, hash, &i);
	struct slot *old;

	if (!link)
		return -EIO;
	old = i < m->d.nslot ? slot_at(m, i) : NULL;
	if (old && (flags & BPF_NOEXIST))
		return -EEXIST;
	if (!old && (flags & BPF_EXIST))
		return -ENOENT;
	if (!old)
		return insert(m, key, hash, value, all);
	/* Under its lock a value changes where it is: who holds it sees the new one. */
	if (flags & BPF_F_LOCK)
		sys_value_put(m, value_of(m, old), value, flags);
	else if (sys_map_percpu(m->d.type))
		fill(m, value_of(m, old), value, all, false);
	else
		return replace(m, key, hash, value, link, i);
	return 0;
}

/*
 * A processor's own value changes where it is, and nobody else writes it. The element stays in
 * its slot for as long as the program may hold it, whoever takes it out meanwhile.
 */
static bool write_own(struct smap *m, const void *key, u32 hash, const void *value, u64 flags)
{
	struct slot *s;

	if (!sys_map_percpu(m->d.type) || flags == BPF_NOEXIST || !skep_sys_thread.depth)
		return false;
	s = find(m, key, hash);
	if (s)
		fill(m, value_of(m, s), value, false, false);
	return s != NULL;
}

static int write_any(struct smap *m, const void *key, const void *value, u64 flags, bool all)
{
	u32 hash = sys_hash_key(m, key);
	int err;

	if ((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST || ((flags & BPF_F_LOCK) && !sys_map_has_lock(m)))
		return -EINVAL;
	if (!all && write_own(m, key, hash, value, flags))
		return 0;
	do {
		err = sys_stripe_lock(m, stripe_of(m, hash));
		if (err)
			return err;
		err = sys_hash_write_locked(m, key, hash, value, flags, all);
		sys_stripe_unlock(m, stripe_of(m, hash));
		/* What the dead counted or held is not lost. */
	} while ((err == -E2BIG || err == -ENOMEM) && sys_stripes_mend(m));
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

int sys_hash_remove_locked(struct smap *m, const void *key, u32 hash, void *value, u64 flags)
{
	u32 i, *link = sys_link_find(m, key, hash, &i);
	struct slot *s;

	if (!link)
		return -EIO;
	if (i >= m->d.nslot)
		return -ENOENT;
	s = slot_at(m, i);
	if (value && sys_map_percpu(m->d.type))
		memcpy(value, value_of(m, s), sys_map_value_size(m));
	else if (value)
		sys_value_get(m, value, value_of(m, s), flags);
	sys_element_remove(m, stripe_of(m, hash), link, i);
	return 0;
}

static int take(struct smap *m, const void *key, void *value, u64 flags)
{
	u32 hash = sys_hash_key(m, key);
	int err = sys_stripe_lock(m, stripe_of(m, hash));

	if (!err) {
		err = sys_hash_remove_locked(m, key, hash, value, flags);
		sys_stripe_unlock(m, stripe_of(m, hash));
	}
	return err;
}

int sys_hash_remove(struct smap *m, const void *key)
{
	return take(m, key, NULL, 0);
}

const struct map_ops sys_hash_ops = {.check = check,
				 .size = sys_hash_size,
				 .init = sys_hash_init,
				 .recover = sys_hash_recover,
				 .restart = sys_hash_restart,
				 .lookup = lookup,
				 .update = sys_hash_update,
				 .remove = sys_hash_remove,
				 .next = sys_hash_next,
				 .read = read_one,
				 .write = write_all,
				 .take = take};
