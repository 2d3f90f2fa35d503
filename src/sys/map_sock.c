/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of sockets, as shapes: they are there so that objects with them load, and are always
 * empty, since no data of sockets comes by here. Who wants to put a socket into one is told so.
 */
#include "sys/sys_impl.h"

#include <sys/socket.h>

static int check_sizes(const struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	return !h->max_entries || !h->key_size || (h->value_size != 4 && h->value_size != 8) || (h->flags & ~flags) ? -EINVAL : 0;
}

static int map_check(struct mhead *h)
{
	return h->key_size == 4 ? check_sizes(h) : -EINVAL;
}

static int hash_check(struct mhead *h)
{
	int err = check_sizes(h);

	return err ? err : h->key_size > 512 ? -E2BIG : 0;
}

static int array_check(struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	return h->key_size != 4 || !h->max_entries || (h->value_size != 4 && h->value_size != 8) || (h->flags & ~flags) ? -EINVAL : 0;
}

static u64 size(const struct mhead *h)
{
	return 0;
}

/* Where a value is a cookie of eight bytes it can be asked for. */
static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	return m->d.value_size == 8 ? -ENOENT : -ENOSPC;
}

int sys_socket_family(int fd)
{
	int family;
	socklen_t len = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) ? -errno : family;
}

/* 0: it is a socket. */
static int check_socket(const struct smap *m, const void *value)
{
	u64 fd = 0;
	int family;

	memcpy(&fd, value, m->d.value_size);
	if (fd > INT32_MAX)
		return -EINVAL;
	family = sys_socket_family((int)fd);
	return family < 0 ? family : 0;
}

static int write_one(struct smap *m, const void *key, const void *value, u64 flags)
{
	int err = check_socket(m, value);

	return err ? err : -EOPNOTSUPP;
}

static u32 index_of(const void *key)
{
	u32 k;

	memcpy(&k, key, 4);
	return k;
}

static int array_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	int err;

	if (flags > BPF_EXIST)
		return -EINVAL;
	if (index_of(key) >= m->d.max_entries)
		return -E2BIG;
	err = check_socket(m, value);
	return err ? err : -524; /* ENOTSUPP */
}

static int map_remove(struct smap *m, const void *key)
{
	return -EINVAL;
}

static int hash_remove(struct smap *m, const void *key)
{
	return -ENOENT;
}

static int array_remove(struct smap *m, const void *key)
{
	return index_of(key) >= m->d.max_entries ? -E2BIG : -ENOENT;
}

static int sys_hash_next(struct smap *m, const void *key, void *next)
{
	return -ENOENT;
}

static int index_next(struct smap *m, const void *key, void *next)
{
	return sys_array_ops.next(m, key, next);
}

static void *lookup(struct smap *m, const void *key)
{
	return NULL;
}

static int update(struct smap *m, const void *key, const void *value, u64 flags)
{
	return -EOPNOTSUPP;
}

#define OPS(check_, write_, remove_, next_)                                                                                  \
	{                                                                                                                    \
		.check = check_, .size = size, .lookup = lookup, .update = update, .remove = remove_, .next = next_, .read = read_one, \
		.write = write_                                                                                                   \
	}
const struct map_ops sys_sock_map_ops = OPS(map_check, write_one, map_remove, index_next);
const struct map_ops sys_sock_hash_ops = OPS(hash_check, write_one, hash_remove, sys_hash_next);
const struct map_ops sys_sock_array_ops = OPS(array_check, array_write, array_remove, index_next);
