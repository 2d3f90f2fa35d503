/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays, one value or one a processor for each index: values at the start of the file. */
#include "sys/sys_impl.h"

#include <stdlib.h>

static int check_common(struct mhead *h, u32 flags)
{
	if (h->key_size != 4 || !h->value_size || !h->max_entries || (h->flags & ~(flags | BPF_F_NUMA_NODE)))
		return -EINVAL;
	if (h->value_size > INT32_MAX - 4096)
		return -E2BIG;
	return 0;
}

static int check(struct mhead *h)
{
	return check_common(h, BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG | BPF_F_MMAPABLE |
				   BPF_F_INNER_MAP);
}

static u64 size(const struct mhead *h)
{
	return (u64)round8(h->value_size) * h->max_entries;
}

static void *at(struct smap *m, const void *key)
{
	u32 k;

	memcpy(&k, key, 4);
	return k < m->d.max_entries ? m->mem + (u64)k * m->vstride : NULL;
}

static void *lookup(struct smap *m, const void *key)
{
	u32 k;

	memcpy(&k, key, 4);
	return k < m->d.max_entries ? m->eng.values + (u64)k * m->vstride : NULL;
}

static int check_update(const struct smap *m, const void *key, u64 flags)
{
	u32 k;

	memcpy(&k, key, 4);
	if ((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST)
		return -EINVAL;
	if (k >= m->d.max_entries)
		return -E2BIG;
	return flags & BPF_NOEXIST ? -EEXIST : (flags & BPF_F_LOCK) && !sys_map_has_lock(m) ? -EINVAL : 0;
}

static int update(struct smap *m, const void *key, const void *value, u64 flags)
{
	int err = check_update(m, key, flags);

	if (!err)
		sys_value_put(m, at(m, key), value, flags);
	return err;
}

static int no_remove(struct smap *m, const void *key)
{
	return -EINVAL;
}

static int next(struct smap *m, const void *key, void *out)
{
	u32 k = UINT32_MAX;

	if (key)
		memcpy(&k, key, 4);
	if (k == m->d.max_entries - 1)
		return -ENOENT;
	k = k >= m->d.max_entries ? 0 : k + 1;
	memcpy(out, &k, 4);
	return 0;
}

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	void *p = at(m, key);

	if (!p)
		return -ENOENT;
	sys_value_get(m, value, p, flags);
	return 0;
}

const struct map_ops sys_array_ops = {
    .check = check, .size = size, .lookup = lookup, .update = update, .remove = no_remove, .next = next, .read = read_one,
    .write = update};

/* --- one value a processor -------------------------------------------------------------------- */

static int percpu_check(struct mhead *h)
{
	int err = check_common(h, BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG);

	if (!err && (h->flags & BPF_F_NUMA_NODE))
		err = -EINVAL;
	return err ? err : h->value_size > 32768 ? -E2BIG : 0;
}

static u64 percpu_size(const struct mhead *h)
{
	return (u64)round8(h->value_size) * h->max_entries * h->ncpu;
}

static u8 *percpu_at(struct smap *m, const void *key, u32 cpu)
{
	u32 k;

	memcpy(&k, key, 4);
	return k < m->d.max_entries && cpu < m->d.ncpu ? m->mem + ((u64)k * m->d.ncpu + cpu) * m->vstride : NULL;
}

void *sys_percpu_value(struct smap *m, const void *key, u32 cpu)
{
	u8 *v;

	if (m->d.type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return percpu_at(m, key, cpu);
	v = cpu < m->d.ncpu ? sys_hash_find(m, key) : NULL;
	return v ? v + (u64)cpu * m->vstride : NULL;
}

static void *percpu_lookup(struct smap *m, const void *key)
{
	return percpu_at(m, key, skep_sys_thread.cpu);
}

static int percpu_update(struct smap *m, const void *key, const void *value, u64 flags)
{
	int err = check_update(m, key, flags);

	if (!err)
		sys_copy_value(percpu_at(m, key, skep_sys_thread.cpu), value, m->d.value_size);
	return err;
}

static int percpu_read(struct smap *m, const void *key, void *value, u64 flags)
{
	if (!percpu_at(m, key, 0))
		return -ENOENT;
	sys_copy_value(value, percpu_at(m, key, 0), m->vstride * m->d.ncpu);
	return 0;
}

static int percpu_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	int err = check_update(m, key, flags);

	if (!err)
		sys_copy_value(percpu_at(m, key, 0), value, m->vstride * m->d.ncpu);
	return err;
}

const struct map_ops sys_percpu_array_ops = {
    .check = percpu_check, .size = percpu_size, .lookup = percpu_lookup, .update = percpu_update, .remove = no_remove,
    .next = next, .read = percpu_read, .write = percpu_write};
