/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hash tables: stripes and their locks, room and slots, order after a death. See hash.h.
 *
 * A slot that was taken out is used again when no reader is left that may have seen it (see
 * shared.c): a value that a program holds stays as it is until the program ends. When there are
 * no spare slots left, bpf(2) waits for the readers a while; a program that takes out more in one
 * run than there are spare slots gets the oldest at once, as in the kernel's preallocated tables.
 */
#include "sys/hash.h"

#include <sys/mman.h>

enum { SPARE = 64, BATCH = 8 };

/* --- layout
 * --------------------------------------------------------------------------------------- */

static u32 pow2(u32 n)
{
	u32 p = 1;

	while (p < n && p < 1u << 30)
		p <<= 1;
	return p;
}

int sys_hash_layout(struct mhead *h, u32 capacity, u32 key_bytes, u32 value_bytes)
{
	u64 slot = sizeof(struct slot) + round8(key_bytes) + value_bytes;

	if (slot > INT32_MAX || capacity > 1u << 29 || slot * capacity > (u64)1 << 38)
		return -E2BIG;
	h->slot_size = (u32)slot;
	h->capacity = capacity;
	h->key_bytes = key_bytes;
	h->nbucket = pow2(capacity);
	h->nslot = capacity + SKEP_MIN(capacity, 1u << 14) + SPARE;
	return 0;
}

u64 sys_hash_size(const struct mhead *h)
{
	return counts_size(h) + (u64)stripe_count(h) * sizeof(struct stripe) +
	       line_up((u64)h->nbucket * 4) + (u64)h->nslot * h->slot_size;
}

void sys_hash_init(struct smap *m)
{
	for (u32 k = 0; k < m->d.nbucket; k++)
		heads(m)[k] = (u32)END | k;
	m->h->ready = m->d.flags & BPF_F_NO_PREALLOC ? 0 : m->d.nslot;
}

static u32 fresh(const struct smap *m)
{
	return SKEP_MIN(__atomic_load_n(&m->h->fresh, __ATOMIC_ACQUIRE), m->d.nslot);
}

static u32 home(const struct smap *m, u32 i)
{
	return __atomic_load_n(&slot_at(m, i)->home, __ATOMIC_RELAXED);
}

/* --- lists of slots, of a stripe, under its lock
 * ---------------------------------------------------- */

static void put_free(struct smap *m, u32 *list, u32 i)
{
	slot_at(m, i)->link = *list;
	*list = i + 1;
}

static s64 get_free(struct smap *m, u32 *list)
{
	u32 i = index_in(list) - 1;

	if (i >= m->d.nslot)
		return NO_SLOT;
	*list = slot_at(m, i)->link;
	return i;
}

static void put_old(struct smap *m, struct stripe *st, u32 i, u64 stamp)
{
	struct slot *s = slot_at(m, i);
	u32 last = index_in(&st->old_last) - 1;

	s->used = 0;
	s->link = 0;
	s->stamp = stamp;
	if (last < m->d.nslot)
		slot_at(m, last)->link = i + 1;
	else
		st->old_first = i + 1;
	st->old_last = i + 1;
	st->nold++;
}

/* The oldest, when its stamp is below the limit. */
static s64 get_old(struct smap *m, struct stripe *st, u64 limit)
{
	u32 i = index_in(&st->old_first) - 1;

	if (i >= m->d.nslot || slot_at(m, i)->stamp >= limit)
		return NO_SLOT;
	st->old_first = slot_at(m, i)->link;
	if (!st->old_first)
		st->old_last = 0;
	st->nold--;
	return i;
}

/* Old slots that nobody reads become free ones. */
static void reclaim(struct smap *m, struct stripe *st, u64 limit)
{
	s64 i = 0;

	for (u32 n = 0; n < m->d.nslot && (i = get_old(m, st, limit)) >= 0; n++)
		put_free(m, &st->free, (u32)i);
}

static u64 limit_of(const struct smap *m, const struct stripe *st)
{
	u32 first = index_in(&st->old_first) - 1;

	return sys_reader_oldest(first < m->d.nslot ? slot_at(m, first)->stamp : 0);
}

void sys_slot_retire(struct smap *m, u32 k, u32 i)
{
	put_old(m, stripe_at(m, k), i, sys_reader_stamp());
}

/* --- order after a death
 * ----------------------------------------------------------------------------- */

/* Marks what is linked, and counts it. */
static u32 mark_chains(struct smap *m, u32 k)
{
	u32 n = 0;

	for (u32 b = k; b < m->d.nbucket; b += stripe_count(&m->d)) {
		u32 *link = &heads(m)[b], i = index_in(link);

		while (i < m->d.nslot && !slot_at(m, i)->used && n < m->d.nslot) {
			struct slot *s = slot_at(m, i);

			s->used = 1;
			s->home = (u16)(k + 1);
			n++;
			link = &s->next;
			i = index_in(link);
		}
		if (i != ((u32)END | b)) /* only by tampering */
			*link = (u32)END | b;
	}
	return n;
}

static void mend_stripe(struct smap *m, u32 k)
{
	struct stripe *st = stripe_at(m, k);
	u32 n, end = fresh(m);
	u64 stamp = sys_reader_stamp(), was = __atomic_load_n(&st->room, __ATOMIC_RELAXED), now;

	st->free = st->old_first = st->old_last = st->nold = 0;
	for (u32 i = 0; i < end; i++)
		if (home(m, i) == k + 1)
			slot_at(m, i)->used = 0;
	n = mark_chains(m, k);
	for (u32 i = 0; i < end; i++)
		if (home(m, i) == k + 1 && !slot_at(m, i)->used)
			put_old(m, st, i, stamp);
	do
		now = (was & ~(u64)UINT32_MAX) | n;
	while (!__atomic_compare_exchange_n(&st->room, &was, now, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	if (m->d.type == BPF_MAP_TYPE_LPM_TRIE)
		sys_lpm_recount(m);
}

void sys_hash_recover(struct smap *m)
{
	struct mhead *h = m->h;
	u64 given = 0;
	u32 end = fresh(m);

	for (u32 k = 0; k < stripe_count(&m->d); k++)
		given += __atomic_load_n(&stripe_at(m, k)->room, __ATOMIC_RELAXED) >> 32;
	h->given = (u32)SKEP_MIN(given, (u64)m->d.capacity);
	h->free = 0;
	for (u32 i = 0; i < end; i++)
		if (!home(m, i))
			put_free(m, &h->free, i);
}

void sys_hash_restart(struct smap *m)
{
	for (u32 k = 0; k < stripe_count(&m->d); k++) {
		stripe_at(m, k)->lock.owner = 0;
		mend_stripe(m, k);
	}
}

static int locked(struct smap *m, u32 k, int got)
{
	if (got == 1)
		mend_stripe(m, k);
	return got < 0 ? got : 0;
}

int sys_stripe_lock(struct smap *m, u32 k)
{
	return locked(m, k, sys_wordlock_take(&stripe_at(m, k)->lock));
}

static int stripe_try(struct smap *m, u32 k)
{
	return locked(m, k, sys_wordlock_try(&stripe_at(m, k)->lock));
}

void sys_stripe_unlock(struct smap *m, u32 k)
{
	sys_wordlock_drop(&stripe_at(m, k)->lock);
}

bool sys_stripes_mend(struct smap *m)
{
	bool found = false;

	for (u32 k = 0; k < stripe_count(&m->d); k++) {
		u64 owner = __atomic_load_n(&stripe_at(m, k)->lock.owner, __ATOMIC_RELAXED);

		if (owner && !sys_reader_alive(owner) && stripe_try(m, k) == 0) {
			found = true;
			sys_stripe_unlock(m, k);
		}
	}
	return found;
}

/* --- room
 * ---------------------------------------------------------------------------------------------- */

/* Takes up to half of what a stripe does not use. Under the map's lock. */
static u32 room_from(struct stripe *st)
{
	u64 was = __atomic_load_n(&st->room, __ATOMIC_RELAXED);

	for (;;) {
		u32 may = (u32)(was >> 32), has = (u32)was, n = may > has ? (may - has + 1) / 2 : 0;

		if (!n || __atomic_compare_exchange_n(&st->room, &was, was - ((u64)n << 32), false,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return n;
	}
}

/* Room for stripe k that was not given to any, or that another does not use; `look` asks so many of
 * them. */
static bool room_more(struct smap *m, u32 k, u32 look)
{
	struct mhead *h = m->h;
	u32 left, n, count = stripe_count(&m->d);

	if (sys_map_lock(m))
		return false;
	left = m->d.capacity - SKEP_MIN(h->given, m->d.capacity);
	n = SKEP_MIN(left, lru(m->d.type) ? 1 : SKEP_MAX(1u, SKEP_MIN(32u, left / (2 * count))));
	h->given += n;
	for (u32 j = 0; !n && j < look; j++)
		n = room_from(stripe_at(m, h->turn++ & (count - 1)));
	__atomic_add_fetch(&stripe_at(m, k)->room, (u64)n << 32, __ATOMIC_RELAXED);
	sys_map_unlock(m);
	return n > 0;
}

static bool room_use(struct stripe *st)
{
	u64 was = __atomic_load_n(&st->room, __ATOMIC_RELAXED);

	while ((u32)was < was >> 32)
		if (__atomic_compare_exchange_n(&st->room, &was, was + 1, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

/* The stripe, other than k, from which an element went leaves its room to k. */
static void room_move(struct smap *m, u32 from, u32 k)
{
	u64 n;

	if (sys_map_lock(m))
		return;
	n = room_from(stripe_at(m, from));
	__atomic_add_fetch(&stripe_at(m, k)->room, n << 32, __ATOMIC_RELAXED);
	sys_map_unlock(m);
}

/* An element that is in stripe `of`, if it is still there and can be had. */
static bool evict_slot(struct smap *m, u32 k, u32 of, u32 i)
{
	bool gone = false;
	u32 *link, at;

	if (of != k && stripe_try(m, of))
		return false;
	if (home(m, i) == of + 1 && slot_at(m, i)->used) {
		link = sys_link_find(m, slot_at(m, i)->key, slot_at(m, i)->hash, &at);
		gone = link && at == i;
		if (gone)
			sys_element_remove(m, of, link, i);
	}
	if (of != k)
		sys_stripe_unlock(m, of);
	if (gone && of != k)
		room_move(m, of, k);
	return gone;
}

/* The element that was not looked up for the longest time, about: a hand goes round over the slots.
 */
static bool evict(struct smap *m, u32 k)
{
	u32 count = stripe_count(&m->d), end = fresh(m);

	for (u64 n = 0; n < 2 * (u64)end + 1; n++) {
		u32 i = __atomic_fetch_add(&m->h->hand, 1, __ATOMIC_RELAXED) % SKEP_MAX(end, 1u);
		struct slot *s = slot_at(m, i);
		u32 of = home(m, i) - 1;

		if (of >= count || !s->used)
			continue;
		if (s->ref)
			s->ref = 0;
		else if (evict_slot(m, k, of, i))
			return true;
	}
	return false;
}

int sys_room_take(struct smap *m, u32 k)
{
	struct stripe *st = stripe_at(m, k);
	bool evicts = lru(m->d.type);

	/* Another may take what was found for us before we use it, so more than once. */
	for (u32 tries = 0; tries < 100; tries++) {
		if (room_use(st))
			return 0;
		if (room_more(m, k, evicts ? BATCH : stripe_count(&m->d)))
			continue;
		if (!evicts)
			return -E2BIG;
		if (!evict(m, k))
			return -ENOMEM;
	}
	return evicts ? -ENOMEM : -E2BIG;
}

void sys_room_give(struct smap *m, u32 k)
{
	__atomic_sub_fetch(&stripe_at(m, k)->room, 1, __ATOMIC_RELEASE);
}

/* --- slots
 * -----------------------------------------------------------------------------------------------
 */

/* Has the memory of a new slot been there, or is it now? */
static bool have_memory(struct smap *m, u32 i)
{
	u32 more = SKEP_MAX(1u, (1u << 16) / m->d.slot_size);
	uintptr_t from, to;

	if (i < m->h->ready)
		return true;
	more = SKEP_MIN(more, m->d.nslot - i);
	from = (uintptr_t)slot_at(m, i) & ~(uintptr_t)(PAGE - 1);
	to = ((uintptr_t)slot_at(m, i + more - 1) + m->d.slot_size + PAGE - 1) &
	     ~(uintptr_t)(PAGE - 1);
#ifdef MADV_POPULATE_WRITE
	if (madvise((void *)from, to - from, MADV_POPULATE_WRITE) && errno != EINVAL)
		return false;
#endif
	m->h->ready = i + more;
	return true;
}

static void settle(struct smap *m, u32 k, u32 i)
{
	__atomic_store_n(&slot_at(m, i)->home, (u16)(k + 1), __ATOMIC_RELAXED);
	put_free(m, &stripe_at(m, k)->free, i);
}

/* Slots of the pool become those of stripe k. */
static void from_pool(struct smap *m, u32 k)
{
	u32 left, n;
	s64 i = 0;

	if (fresh(m) == m->d.nslot && !__atomic_load_n(&m->h->free, __ATOMIC_RELAXED))
		return;
	if (sys_map_lock(m))
		return;
	left = m->d.nslot - fresh(m);
	n = SKEP_MAX(1u, SKEP_MIN((u32)BATCH, left / (2 * stripe_count(&m->d))));
	while (n && (i = get_free(m, &m->h->free)) >= 0) {
		settle(m, k, (u32)i);
		n--;
	}
	while (n-- && fresh(m) < m->d.nslot && have_memory(m, m->h->fresh)) {
		__atomic_store_n(&m->h->fresh, m->h->fresh + 1, __ATOMIC_RELEASE);
		settle(m, k, m->h->fresh - 1);
	}
	sys_map_unlock(m);
}

/* Seems there to be a slot that can be had? */
static bool seems_rich(const struct smap *m, const struct stripe *st, u64 limit)
{
	u32 first = index_in(&st->old_first) - 1;

	return __atomic_load_n(&st->free, __ATOMIC_RELAXED) ||
	       (first < m->d.nslot &&
		__atomic_load_n(&slot_at(m, first)->stamp, __ATOMIC_RELAXED) < limit);
}

/* Some slots of one of the `look` stripes behind stripe k + from, those that are older than the
 * limit. */
static void from_others(struct smap *m, u32 k, u32 from, u32 look, u64 limit)
{
	u32 count = stripe_count(&m->d), n = 0;

	for (u32 j = 0; j < look && !n; j++) {
		u32 of = (k + from + j) & (count - 1);
		struct stripe *st = stripe_at(m, of);
		s64 i = 0;

		if (of == k || !seems_rich(m, st, limit) || stripe_try(m, of))
			continue;
		reclaim(m, st, limit);
		while (n < BATCH && (i = get_free(m, &st->free)) >= 0) {
			settle(m, k, (u32)i);
			n++;
		}
		sys_stripe_unlock(m, of);
	}
}

/* Free slots for stripe k; a program that finds none looks at other stripes the next time. */
static void more_slots(struct smap *m, u32 k)
{
	u32 count = stripe_count(&m->d),
	    look = skep_sys_thread.depth ? SKEP_MIN(count, 4u * BATCH) : count;
	struct stripe *st = stripe_at(m, k);
	u64 limit = limit_of(m, st);

	if (st->nold >= BATCH)
		reclaim(m, st, limit);
	if (!st->free)
		from_pool(m, k);
	if (!st->free)
		reclaim(m, st, limit);
	if (!st->free)
		from_others(m, k, st->missed * 4, look, limit);
}

s64 sys_slot_take(struct smap *m, u32 k)
{
	struct stripe *st = stripe_at(m, k);
	u32 turns = skep_sys_thread.depth ? 1 : 500;
	s64 i = get_free(m, &st->free);

	if (i >= 0)
		return i;
	/* A program does not look everywhere each time that there was nothing. */
	if (turns == 1 && st->old_first && st->missed++ % BATCH)
		turns = 0;
	/* Whoever reads nothing itself can wait for those who do; they do not wait for this lock.
	 */
	for (u32 n = 0; !st->free && n < turns; n++) {
		if (n)
			usleep(100);
		more_slots(m, k);
	}
	i = get_free(m, &st->free);
	if (i >= 0) {
		st->missed = 0;
		return i;
	}
	i = get_old(m, st, UINT64_MAX);
	if (i < 0) {
		from_others(m, k, 0, stripe_count(&m->d), UINT64_MAX);
		i = get_free(m, &st->free);
	}
	return i;
}
