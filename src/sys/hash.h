/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: hash tables, what their files share.
 *
 *	payload: [counts of prefix lengths, LPM only] [stripes] [first slot of each bucket] [slots]
 *
 * Readers take no lock: they follow the chain of a bucket from its first slot. Buckets are dealt
 * to stripes, and who changes a chain holds the lock of its stripe. Each change becomes visible
 * by one store of 32 bits: insertion at the front, replacement and removal by the link that led
 * to the old slot. So a writer that is killed leaves either the old or the new chain.
 *
 * Every slot has a home, a stripe or the pool, and every stripe has room for a number of
 * elements; so writers in different stripes share nothing. These two say what belongs to whom; all
 * else (lists of free slots, how many elements there are) is made anew from homes, rooms and
 * chains by the next owner of the lock when an owner dies:
 *
 *   - The home of a slot changes under the lock of its old home and of its new one (the map's
 *     lock is the pool's). A slot of a stripe that is in no chain of it is free.
 *   - The rooms of stripes change under the map's lock; they sum up to at most the capacity.
 *     Elements are counted before they are linked and after they were unlinked: a stripe never
 *     counts fewer than it has, so room that looks unused is.
 *
 * Locks are taken in the order stripe, map; a second stripe's lock is only tried for.
 *
 * Whoever may write the file may do so without a lock. So an index is read once (index_in), judged,
 * and what was judged is used; and who follows links takes no more steps than there are slots.
 */
#ifndef SKEP_SYS_HASH_H
#define SKEP_SYS_HASH_H

#include "sys/sys_impl.h"

enum { END = (int)0x80000000, STRIPES_MAX = 256, BUCKETS_MIN = 8 /* of a stripe */, NO_SLOT = -1 };

struct slot {
	u32 next; /* index, or END | bucket: a reader whose slot was used again sees where it ended
		   */
	u32 hash;
	u32 link; /* of the free and the old list: index + 1 */
	u8 used, ref;
	u16 home; /* stripe + 1, 0: the pool */
	u64 stamp;
	u8 key[];
};
struct stripe {
	struct wordlock lock;
	u64 room; /* how many elements it may have << 32 | has; changes by one atomic operation */
	u32 free, old_first, old_last, nold; /* lists by index + 1; taken out, perhaps still read */
	u32 missed; /* how often there was no slot since it was last looked for one elsewhere */
	u32 pad[7];
};
_Static_assert(sizeof(struct stripe) == 64, "a stripe is a cache line");

/* The layout, for the elements of such a map. */
int sys_hash_layout(struct mhead *h, u32 capacity, u32 key_bytes, u32 value_bytes);
u64 sys_hash_size(const struct mhead *h);
void sys_hash_init(struct smap *m);
void sys_hash_recover(struct smap *m); /* the pool */
void sys_hash_restart(struct smap *m);

static inline u32 stripe_count(const struct mhead *h)
{
	return h->type == BPF_MAP_TYPE_LPM_TRIE
		       ? 1
		       : SKEP_MAX(1u, SKEP_MIN(h->nbucket / BUCKETS_MIN, (u32)STRIPES_MAX));
}

static inline u64 line_up(u64 n)
{
	return (n + 63) & ~(u64)63;
}

/* Bytes before the stripes. */
static inline u64 counts_size(const struct mhead *h)
{
	return h->type == BPF_MAP_TYPE_LPM_TRIE ? line_up((u64)h->key_size * 8 * 4) : 0;
}

static inline struct stripe *stripe_at(const struct smap *m, u32 k)
{
	return (struct stripe *)(m->mem + counts_size(&m->d)) + k;
}

static inline u32 *heads(const struct smap *m)
{
	return (u32 *)(m->mem + counts_size(&m->d) +
		       (u64)stripe_count(&m->d) * sizeof(struct stripe));
}

static inline struct slot *slot_at(const struct smap *m, u32 i)
{
	return (struct slot *)((u8 *)heads(m) + line_up((u64)m->d.nbucket * 4) +
			       (u64)i * m->d.slot_size);
}

static inline u32 index_in(const u32 *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static inline u8 *value_of(const struct smap *m, struct slot *s)
{
	return s->key + round8(m->d.key_bytes);
}

static inline u32 bucket_of(const struct smap *m, u32 hash)
{
	return hash & (m->d.nbucket - 1);
}

static inline u32 stripe_of(const struct smap *m, u32 hash)
{
	return hash & (stripe_count(&m->d) - 1);
}

static inline bool lru(u32 type)
{
	return type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

u32 sys_hash_key(const struct smap *m, const void *key);
/* How many elements the stripe has. */
static inline u32 stripe_used(const struct stripe *st)
{
	return (u32)__atomic_load_n(&st->room, __ATOMIC_RELAXED);
}

/* 0, or a negative errno; puts the stripe in order when its last owner died. */
int sys_stripe_lock(struct smap *m, u32 k);
void sys_stripe_unlock(struct smap *m, u32 k);
/* Locks whose owners died are opened: was there one? Call it without a stripe's lock. */
bool sys_stripes_mend(struct smap *m);

/* Under the lock of stripe k. Room for one element more, which counts from then on: 0, -E2BIG. */
int sys_room_take(struct smap *m, u32 k);
void sys_room_give(struct smap *m, u32 k);
/* A slot for stripe k, or NO_SLOT. */
s64 sys_slot_take(struct smap *m, u32 k);
/* A slot that was unlinked may be used again when nobody reads it any more. */
void sys_slot_retire(struct smap *m, u32 k, u32 i);
/* The link of its bucket that leads to the key's slot `i`, or to the end of the chain (then i is no
 * slot's); NULL: there is no end. */
u32 *sys_link_find(struct smap *m, const void *key, u32 hash, u32 *i);
/* The element in slot i behind this link goes. */
void sys_element_remove(struct smap *m, u32 k, u32 *link, u32 i);

/* Under the lock of the key's stripe; see map_ops. `all`: the value is of all processors. */
int sys_hash_write_locked(struct smap *m, const void *key, u32 hash, const void *value, u64 flags,
			  bool all);
int sys_hash_remove_locked(struct smap *m, const void *key, u32 hash, void *value, u64 flags);
int sys_hash_next(struct smap *m, const void *key, void *out);

/* The counts of prefix lengths are made anew. */
void sys_lpm_recount(struct smap *m);

#endif
