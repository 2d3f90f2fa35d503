/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hash maps, LRU hashes (exact: the element used longest ago goes) and LPM
 * tries (a hash of masked prefixes, searched from the longest length that
 * occurs). Slots are taken in order and reused last-freed first.
 */
#include <errno.h>
#include <stdlib.h>

#include "vm/vm_impl.h"

static u32 head_of(const struct vmap *m, const u8 *key)
{
	return (u32)skep_hash(key, m->def.key_size, 0) & m->mask;
}

static u8 *key_of(const struct vmap *m, u32 slot)
{
	return m->now.key + (size_t)slot * m->def.key_size;
}

u32 skep_vm_hash_find(const struct vmap *m, const u8 *key)
{
	u32 i = m->now.head[head_of(m, key)];

	while (i != NIL && memcmp(key_of(m, i), key, m->def.key_size))
		i = m->now.slot[i].next;
	return i;
}

/* --- list from newest to oldest ------------------------------------------------- */

static void list_remove(struct vmap *m, u32 i)
{
	struct vmap_slot *s = &m->now.slot[i];

	*(s->newer == NIL ? &m->now.newest : &m->now.slot[s->newer].older) = s->older;
	*(s->older == NIL ? &m->now.oldest : &m->now.slot[s->older].newer) = s->newer;
}

static void list_add(struct vmap *m, u32 i)
{
	struct vmap_slot *s = &m->now.slot[i];

	s->newer = NIL;
	s->older = m->now.newest;
	*(s->older == NIL ? &m->now.oldest : &m->now.slot[s->older].newer) = i;
	m->now.newest = i;
}

void skep_vm_hash_touch(struct vmap *m, u32 slot)
{
	if (m->now.newest == slot)
		return;
	list_remove(m, slot);
	list_add(m, slot);
	m->changed = true;
}

/* --- slots ---------------------------------------------------------------------------- */

static bool grow(void *block, size_t have, size_t want)
{
	void **p = block;
	void *q = realloc(*p, want);

	if (!q)
		return false;
	memset((u8 *)q + have, 0, want - have);
	*p = q;
	return true;
}

int skep_vm_hash_reserve(struct skep_vm *vm, struct vmap *m, u32 cap)
{
	struct vmap_state *s = &m->now;
	size_t have = m->cap;

	if (cap <= m->cap)
		return 0;
	if (!grow(&s->slot, have * sizeof(*s->slot), cap * sizeof(*s->slot)) ||
	    !grow(&s->key, have * m->def.key_size, (size_t)cap * m->def.key_size))
		return -ENOMEM;
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++)
		if (!grow(&s->val[c], have * m->stride, (size_t)cap * m->stride))
			return -ENOMEM;
	m->cap = cap;
	return 0;
}

static void slot_free(struct vmap *m, u32 i)
{
	struct vmap_state *s = &m->now;
	u32 *at = &s->head[head_of(m, key_of(m, i))];

	while (*at != i)
		at = &s->slot[*at].next;
	*at = s->slot[i].next;
	list_remove(m, i);
	if (m->plen)
		m->plen[skep_get32(key_of(m, i), false)]--;
	s->slot[i].used = false;
	s->slot[i].next = s->free;
	s->free = i;
	s->count--;
	m->changed = true;
}

static int slot_new(struct skep_vm *vm, struct vmap *m, u32 *out)
{
	struct vmap_state *s = &m->now;
	u32 cap;

	if (s->count == m->def.max_entries) {
		if (!skep_vm_map_is_lru(m->def.type))
			return m->plen ? -ENOSPC : -E2BIG;
		slot_free(m, s->oldest);
	}
	if (s->free != NIL) {
		*out = s->free;
		s->free = s->slot[s->free].next;
		return 0;
	}
	cap = SKEP_MIN(m->def.max_entries, m->cap ? m->cap * 2 : 16);
	if (s->nslot == m->cap && skep_vm_hash_reserve(vm, m, cap))
		return -ENOMEM;
	*out = s->nslot++;
	skep_vm_map_sync(vm, m);
	return 0;
}

int skep_vm_hash_put(struct skep_vm *vm, struct vmap *m, const u8 *key, u64 flags, u32 *slot)
{
	struct vmap_state *s = &m->now;
	u8 masked[512];
	u32 *head;
	int err;

	if (m->plen) {
		u32 bits = skep_get32(key, false);

		if (bits > (m->def.key_size - 4) * 8)
			return -EINVAL;
		skep_vm_lpm_mask(m, key, bits, masked);
		key = masked;
	}
	*slot = skep_vm_hash_find(m, key);
	if (*slot != NIL) {
		if (flags == 1)
			return -EEXIST;
		if (skep_vm_map_is_lru(m->def.type))
			skep_vm_hash_touch(m, *slot);
		return 0;
	}
	if (flags == 2)
		return -ENOENT;
	m->changed = true;
	err = slot_new(vm, m, slot);
	if (err)
		return err;
	memcpy(key_of(m, *slot), key, m->def.key_size);
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++)
		memset(skep_vm_map_value(m, c, *slot), 0, m->stride);
	head = &s->head[head_of(m, key)];
	s->slot[*slot] = (struct vmap_slot){.next = *head, .used = true};
	*head = *slot;
	list_add(m, *slot);
	if (m->plen)
		m->plen[skep_get32(key, false)]++;
	s->count++;
	return 0;
}

int skep_vm_hash_del(struct vmap *m, const u8 *key)
{
	u8 masked[512];
	u32 i;

	if (m->plen) {
		u32 bits = skep_get32(key, false);

		if (bits > (m->def.key_size - 4) * 8)
			return -EINVAL;
		skep_vm_lpm_mask(m, key, bits, masked);
		key = masked;
	}
	i = skep_vm_hash_find(m, key);
	if (i == NIL)
		return -ENOENT;
	slot_free(m, i);
	return 0;
}

/* --- longest prefix match ------------------------------------------------------------------ */

/* The key with `bits` bits of its data kept, the rest zero. */
void skep_vm_lpm_mask(const struct vmap *m, const u8 *key, u32 bits, u8 *out)
{
	u32 n = bits / 8;

	memset(out, 0, m->def.key_size);
	skep_put32(out, bits, false);
	memcpy(out + 4, key + 4, n);
	if (bits % 8)
		out[4 + n] = (u8)(key[4 + n] & (0xff << (8 - bits % 8)));
}

u32 skep_vm_lpm_find(const struct vmap *m, const u8 *key)
{
	u32 bits = skep_get32(key, false), i;
	u8 masked[512];

	if (bits > (m->def.key_size - 4) * 8)
		return NIL;
	for (s64 b = bits; b >= 0; b--) {
		if (!m->plen[b])
			continue;
		skep_vm_lpm_mask(m, key, (u32)b, masked);
		i = skep_vm_hash_find(m, masked);
		if (i != NIL)
			return i;
	}
	return NIL;
}
