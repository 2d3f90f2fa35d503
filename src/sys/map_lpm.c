/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Longest prefixes: a hash table of one stripe whose keys are (length, masked bits), and how many
 * prefixes of each length there are: a lookup asks for the lengths that exist, the longest first.
 * The counts only say where to look; they are raised before a prefix appears and lowered after it
 * went.
 */
#include "sys/hash.h"

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
	u32 flags = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY |
		    BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	if (!h->max_entries || !(h->flags & BPF_F_NO_PREALLOC) || (h->flags & ~flags) ||
	    h->key_size < 5 || h->key_size > 260 || !h->value_size || h->value_size > 1u << 24)
		return -EINVAL;
	return sys_hash_layout(h, h->max_entries, h->key_size, round8(h->value_size));
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
	err = sys_stripe_lock(m, 0);
	if (!err) {
		before = stripe_used(stripe_at(m, 0));
		__atomic_add_fetch(&counts(m)[n], 1, __ATOMIC_RELEASE);
		err = sys_hash_write_locked(m, k, sys_hash_key(m, k), value, flags, false);
		if (err || stripe_used(stripe_at(m, 0)) == before)
			__atomic_sub_fetch(&counts(m)[n], 1, __ATOMIC_RELEASE);
		sys_stripe_unlock(m, 0);
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
	err = sys_stripe_lock(m, 0);
	if (!err) {
		err = sys_hash_remove_locked(m, k, sys_hash_key(m, k), NULL, 0);
		if (!err)
			__atomic_sub_fetch(&counts(m)[n], 1, __ATOMIC_RELEASE);
		sys_stripe_unlock(m, 0);
	}
	return err;
}

static int lpm_next(struct smap *m, const void *key, void *out)
{
	u8 k[KEY_MAX];
	u32 n;

	if (!key)
		return sys_hash_next(m, NULL, out);
	memcpy(&n, key, 4);
	if (n > max_prefix(m))
		return sys_hash_next(m, NULL, out);
	mask_key(m, key, n, k);
	return sys_hash_next(m, k, out);
}

void sys_lpm_recount(struct smap *m)
{
	u32 n_of[257 * 8] = {0};

	for (u32 i = 0; i < m->h->fresh && i < m->d.nslot; i++) {
		struct slot *s = slot_at(m, i);
		u32 n = index_in((u32 *)s->key);

		if (s->used && n <= max_prefix(m))
			n_of[n]++;
	}
	for (u32 n = 0; n <= max_prefix(m); n++)
		__atomic_store_n(&counts(m)[n], n_of[n], __ATOMIC_RELEASE);
}

const struct map_ops sys_lpm_ops = {.check = lpm_check,
				.size = sys_hash_size,
				.init = sys_hash_init,
				.recover = sys_hash_recover,
				.restart = sys_hash_restart,
				.lookup = lpm_lookup,
				.update = lpm_update,
				.remove = lpm_remove,
				.next = lpm_next,
				.read = lpm_read,
				.write = lpm_update};
