/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays of cgroups: the numbers of cgroups, which are not used twice. Helpers ask whether the
 * process that runs the program is below one of them, by where the cgroups are mounted.
 */
#include "sys/sys_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ROOT = 1 };

static int check(struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	if (h->key_size != 4 || h->value_size != 4 || !h->max_entries || (h->flags & ~flags))
		return -EINVAL;
	return h->max_entries > 1u << 26 ? -E2BIG : 0;
}

static u64 size(const struct mhead *h)
{
	return 8 * (u64)h->max_entries;
}

static u64 *at(const struct smap *m, const void *key)
{
	u32 k;

	memcpy(&k, key, 4);
	return k < m->d.max_entries ? (u64 *)m->mem + k : NULL;
}

static int write_fd(struct smap *m, const void *key, const void *value, u64 flags)
{
	u64 *e = at(m, key), id;
	int fd, err;

	memcpy(&fd, value, 4);
	if (flags)
		return -EINVAL;
	if (!e)
		return -E2BIG;
	err = sys_cgroup_of(fd, false, &id);
	if (!err)
		__atomic_store_n(e, id, __ATOMIC_RELEASE);
	return err;
}

static int remove_one(struct smap *m, const void *key)
{
	u64 *e = at(m, key);

	if (!e)
		return -E2BIG;
	return __atomic_exchange_n(e, 0, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

static int next(struct smap *m, const void *key, void *out)
{
	return sys_array_ops.next(m, key, out);
}

/* Of another boot, where the numbers mean other cgroups. */
static void restart(struct smap *m)
{
	memset(m->mem, 0, m->payload);
}

const struct map_ops sys_cgroup_array_ops = {.check = check,
					     .size = size,
					     .restart = restart,
					     .next = next,
					     .write = write_fd,
					     .remove = remove_one,
					     .no_batch = true};

/* --- below one of them --------------------------------------------------------------- */

/* Where the second version is mounted, and in it this process. False: not to be found. */
static bool find_own(char *buf, size_t n, size_t *root)
{
	char line[PATH_LEN], at[PATH_LEN] = "", own[PATH_LEN] = "";
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %*s %511s", at) == 1)
			break;
	if (f)
		fclose(f);
	f = fopen("/proc/self/cgroup", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "0::%511[^\n]", own) == 1)
			break;
	if (f)
		fclose(f);
	*root = strlen(at);
	return at[0] && own[0] == '/' && (size_t)snprintf(buf, n, "%s%s", at, own) < n;
}

static bool is_below(u64 id)
{
	char path[2 * PATH_LEN];
	struct stat st;
	size_t root;

	if (id == ROOT)
		return true;
	if (!find_own(path, sizeof(path), &root))
		return false;
	while (strlen(path) >= root && path[0]) {
		char *slash = strrchr(path, '/');

		if (stat(path, &st) == 0 && st.st_ino == id)
			return true;
		if (!slash)
			break;
		*slash = 0;
	}
	return false;
}

int sys_cgroup_below(struct smap *m, u64 index, bool packet)
{
	u32 k = (u32)index;
	u64 *e = at(m, &k), id;

	if (!e)
		return -E2BIG;
	id = __atomic_load_n(e, __ATOMIC_ACQUIRE);
	if (!id)
		return -EAGAIN;
	return packet ? id == ROOT : is_below(id);
}
