/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of interfaces, processors and AF_XDP sockets. Values are kept, in a hash table, and
 * redirects are recorded with them; so an interface of that number need not be there.
 * By index they look like arrays to bpf(2): every index is a key.
 */
#include "sys/hash.h"

#include <sys/socket.h>

enum { QUEUE_MAX = 16384 };

static int check_common(struct mhead *h, u32 flags)
{
	if ((h->value_size != 4 && h->value_size != 8) || h->key_size != 4 || (h->flags & ~(flags | BPF_F_NUMA_NODE)))
		return -EINVAL;
	return sys_hash_ops.check(h);
}

static int dev_check(struct mhead *h)
{
	return check_common(h, BPF_F_RDONLY | BPF_F_WRONLY);
}

static int cpu_check(struct mhead *h)
{
	int err = check_common(h, 0);

	return err ? err : h->max_entries > 512 ? -E2BIG : 0;
}

static int xsk_check(struct mhead *h)
{
	return h->value_size == 4 ? dev_check(h) : -EINVAL;
}

/* What all of them say to an index and flags. */
static int may_write(const struct smap *m, const void *key, u64 flags)
{
	u32 k;

	memcpy(&k, key, 4);
	if (flags > BPF_EXIST)
		return -EINVAL;
	return k >= m->d.max_entries ? -E2BIG : flags == BPF_NOEXIST ? -EEXIST : 0;
}

/* The second word is a program's descriptor; in the map is its id. */
static int program_of(const struct smap *m, u32 *word, u32 attach_type)
{
	struct sobj *o;
	int err;

	if (m->d.value_size < 8 || (s32)word[1] <= 0) {
		word[1] = 0;
		return 0;
	}
	err = sys_sobj_get((int)word[1], SKEP_SYS_PROG, &o);
	if (err)
		return err;
	word[1] = o->id;
	err = sprog_of(o)->d.type == BPF_PROG_TYPE_XDP && sprog_of(o)->d.attach_type == attach_type ? 0 : -EINVAL;
	sys_sobj_put(o);
	return err;
}

static int remove_index(struct smap *m, const void *key)
{
	u32 k;
	int err;

	memcpy(&k, key, 4);
	if (k >= m->d.max_entries)
		return -EINVAL;
	err = sys_hash_remove(m, key);
	return err == -ENOENT ? 0 : err;
}

static int next_index(struct smap *m, const void *key, void *out)
{
	return sys_array_ops.next(m, key, out);
}

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	return sys_hash_ops.read(m, key, value, flags);
}

/* An interface's number and perhaps a program; no number: the element goes. */
static int dev_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	u32 word[2] = {0};
	int err = may_write(m, key, flags);

	memcpy(word, value, m->d.value_size);
	if (err)
		return err;
	if (!word[0])
		return (s32)word[1] > 0 ? -EINVAL : remove_index(m, key);
	err = program_of(m, word, BPF_XDP_DEVMAP);
	return err ? err : sys_hash_update(m, key, word, BPF_ANY);
}

static int dev_hash_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	u32 word[2] = {0};
	int err;

	memcpy(word, value, m->d.value_size);
	if (flags > BPF_EXIST || !word[0])
		return -EINVAL;
	if (flags == BPF_NOEXIST && sys_hash_find(m, key))
		return -EEXIST;
	err = program_of(m, word, BPF_XDP_DEVMAP);
	return err ? err : sys_hash_update(m, key, word, BPF_ANY);
}

/* The length of a processor's queue and perhaps a program; no length: the element goes. */
static int cpu_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	u32 word[2] = {0}, k;
	int err = may_write(m, key, flags);

	memcpy(&k, key, 4);
	memcpy(word, value, m->d.value_size);
	if (err)
		return err;
	if (word[0] > QUEUE_MAX)
		return -EOVERFLOW;
	if (k >= sys_cpu_count())
		return -ENODEV;
	if (!word[0])
		return remove_index(m, key);
	err = program_of(m, word, BPF_XDP_CPUMAP);
	return err ? err : sys_hash_update(m, key, word, BPF_ANY);
}

static void *lookup(struct smap *m, const void *key)
{
	return sys_hash_find(m, key);
}

static int xsk_read(struct smap *m, const void *key, void *value, u64 flags)
{
	return -EOPNOTSUPP;
}

/* AF_XDP sockets get no frames from here. */
static int xsk_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	int fd, family;
	u32 k;

	memcpy(&k, key, 4);
	memcpy(&fd, value, 4);
	if (flags > BPF_EXIST)
		return -EINVAL;
	if (k >= m->d.max_entries)
		return -E2BIG;
	family = sys_socket_family(fd);
	return family < 0 ? family : family != AF_XDP ? -ENOPROTOOPT : -EOPNOTSUPP;
}

#define OPS(check_, read_, write_, remove_, next_)                                                                     \
	{                                                                                                              \
		.check = check_, .size = sys_hash_size, .init = sys_hash_init, .recover = sys_hash_recover, .restart = sys_hash_restart, \
		.lookup = lookup, .update = write_, .remove = remove_, .next = next_, .read = read_, .write = write_       \
	}
const struct map_ops sys_dev_ops = OPS(dev_check, read_one, dev_write, remove_index, next_index);
const struct map_ops sys_dev_hash_ops = OPS(dev_check, read_one, dev_hash_write, sys_hash_remove, sys_hash_next);
const struct map_ops sys_cpu_ops = OPS(cpu_check, read_one, cpu_write, remove_index, next_index);
const struct map_ops sys_xsk_ops = OPS(xsk_check, xsk_read, xsk_write, remove_index, next_index);
