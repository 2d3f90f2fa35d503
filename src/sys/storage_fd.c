/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Storage of sockets, files and cgroups: elements that bpf(2) names by a descriptor of their owner.
 *
 * They are in hash tables whose keys tell one owner from every later one: a socket's cookie; a
 * file's device, inode and life; a cgroup's number, which is not used twice. So an element of an
 * owner that is gone is never seen again. It stays in the table until the map goes, since nobody is
 * told when the last descriptor of something is closed, and another process may hold one.
 *
 * Programs meet no such owner in user space: their helpers find nothing.
 */
#include "sys/hash.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

enum {
	OWNERS = 1 << 15,
	VALUE_MAX = 65535 - 128,
	COOKIE = 57 /* SO_COOKIE */,
	HANDLE_FID = 0x200 /* AT_HANDLE_FID */
};

struct owner {
	u64 v[3];
};

static int check(struct mhead *h)
{
	int err = sys_local_storage_check(h);

	return err ? err : sys_hash_layout(h, OWNERS, sizeof(struct owner), round8(h->value_size));
}

int sys_local_storage_check(const struct mhead *h)
{
	if ((h->flags & ~(u32)BPF_F_CLONE) != BPF_F_NO_PREALLOC || h->max_entries ||
	    h->key_size != 4 || !h->value_size || !h->key_type || !h->value_type)
		return -EINVAL;
	return h->value_size > VALUE_MAX ? -E2BIG : 0;
}

/* --- owners -------------------------------------------------------------------------- */

static int socket_of(int fd, struct owner *o)
{
	socklen_t len = sizeof(o->v[0]);

	return getsockopt(fd, SOL_SOCKET, COOKIE, &o->v[0], &len) ? -errno : 0;
}

/*
 * What tells a file from the next one that gets its inode's number: the handle, in which most file
 * systems have a generation, and the birth, which may be the same within some milliseconds.
 */
static u64 life_of(int fd, const struct statx *s)
{
	struct {
		struct file_handle h;
		u8 bytes[MAX_HANDLE_SZ];
	} f = {.h = {.handle_bytes = MAX_HANDLE_SZ}};
	u64 born = s->stx_mask & STATX_BTIME
			   ? (u64)s->stx_btime.tv_sec * 1000000000u + s->stx_btime.tv_nsec
			   : 0;
	int mount;

	if (name_to_handle_at(fd, "", &f.h, &mount, AT_EMPTY_PATH)) {
		f.h.handle_bytes = MAX_HANDLE_SZ;
		if (name_to_handle_at(fd, "", &f.h, &mount, AT_EMPTY_PATH | HANDLE_FID))
			return born;
	}
	return skep_hash(f.h.f_handle, SKEP_MIN(f.h.handle_bytes, (u32)MAX_HANDLE_SZ), born);
}

static int inode_of(int fd, struct owner *o)
{
	struct statx s;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &s))
		return -EBADF;
	o->v[0] = makedev(s.stx_dev_major, s.stx_dev_minor);
	o->v[1] = s.stx_ino;
	o->v[2] = life_of(fd, &s);
	return 0;
}

/* A directory that was removed says so in its path only. */
static bool is_removed(int fd)
{
	static const char mark[] = " (deleted)";
	char path[48], at[PATH_LEN];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, at, sizeof(at));
	return n >= (ssize_t)sizeof(mark) &&
	       memcmp(at + n - (sizeof(mark) - 1), mark, sizeof(mark) - 1) == 0;
}

int sys_cgroup_of(int fd, bool old_too, u64 *id)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) ||
	    (fs.f_type != CGROUP2_SUPER_MAGIC && !(old_too && fs.f_type == CGROUP_SUPER_MAGIC)) ||
	    fstat(fd, &st) || !S_ISDIR(st.st_mode))
		return -EBADF;
	*id = st.st_ino;
	return is_removed(fd) ? -ENOENT : 0;
}

static int cgroup_of(int fd, struct owner *o)
{
	struct stat st;
	int err = sys_cgroup_of(fd, true, &o->v[0]);

	if (!err && fstat(fd, &st))
		return -EBADF;
	o->v[1] = err ? 0 : st.st_dev; /* hierarchies of the first version number their own */
	return err;
}

static int owner_of(const struct smap *m, const void *key, struct owner *o)
{
	int fd;

	memset(o, 0, sizeof(*o));
	memcpy(&fd, key, 4);
	switch (m->d.type) {
	case BPF_MAP_TYPE_SK_STORAGE: return socket_of(fd, o);
	case BPF_MAP_TYPE_INODE_STORAGE: return inode_of(fd, o);
	default: return cgroup_of(fd, o);
	}
}

/* --- elements ------------------------------------------------------------------------ */

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	struct owner o;
	int err = owner_of(m, key, &o);

	return err ? err : sys_hash_ops.read(m, &o, value, flags);
}

static int write_one(struct smap *m, const void *key, const void *value, u64 flags)
{
	struct owner o;
	int err = owner_of(m, key, &o);

	if (!err)
		err = sys_hash_update(m, &o, value, flags);
	return err == -E2BIG ? -ENOMEM : err;
}

static int remove_one(struct smap *m, const void *key)
{
	struct owner o;
	int err = owner_of(m, key, &o);

	return err ? err : sys_hash_remove(m, &o);
}

const struct map_ops sys_fd_storage_ops = {.check = check,
					   .size = sys_hash_size,
					   .init = sys_hash_init,
					   .recover = sys_hash_recover,
					   .restart = sys_hash_restart,
					   .read = read_one,
					   .write = write_one,
					   .remove = remove_one,
					   .no_batch = true};
