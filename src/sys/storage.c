/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Storage of tasks and of cgroups.
 *
 * A task's element is in a hash table whose keys are the thread and when it began, so that the
 * next thread of that number finds nothing. bpf(2) names tasks by pidfds. The only task that a
 * program here gets is the one that runs it; what it gets is no address of anything. Elements of
 * threads that ended are taken out when there is no room.
 *
 * A cgroup's storage is that of the cgroup to which a program is attached; a test run has one of
 * its own, which is empty at first and gone afterwards. Nothing is attached to cgroups here, so
 * for bpf(2) such maps have no elements.
 */
#include "sys/hash.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum { TASKS = 1 << 15, VALUE_MAX = 65535 - 128, TASK = 0x7a51 /* no address */ };

struct task {
	u32 tid, pad;
	u64 born;
};

/* --- tasks ------------------------------------------------------------------------------------------- */

static int task_check(struct mhead *h)
{
	int err = sys_local_storage_check(h);

	return err ? err : sys_hash_layout(h, TASKS, sizeof(struct task), round8(h->value_size));
}

/* By /proc. */
u64 sys_task_born(u32 tid)
{
	char path[48], text[512];
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	/* The name may hold anything; twenty words follow it. */
	p = strrchr(text, ')');
	for (u32 k = 0; p && k < 20; k++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) + 1 : 0;
}

static struct task current(void)
{
	struct task t = {.tid = (u32)syscall(SYS_gettid)};

	if (!skep_sys_thread.born)
		skep_sys_thread.born = sys_task_born(t.tid);
	t.born = skep_sys_thread.born;
	return t;
}

/* The process of a pidfd. */
static int task_of(const void *key, struct task *t)
{
	char path[48], text[512];
	const char *p;
	ssize_t n;
	int info, fd;

	memcpy(&fd, key, 4);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fd < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -EBADF;
	n = read(info, text, sizeof(text) - 1);
	close(info);
	text[n < 0 ? 0 : n] = 0;
	p = strstr(text, "\nPid:");
	if (!p)
		return -EBADF;
	memset(t, 0, sizeof(*t));
	n = strtol(p + 5, NULL, 10);
	if (n <= 0)
		return -ENOENT;
	t->tid = (u32)n;
	t->born = sys_task_born(t->tid);
	return t->born ? 0 : -ENOENT;
}

static bool ended(const struct task *t)
{
	return sys_task_born(t->tid) != t->born;
}

/* Takes out what threads left that ended; true: there was something. */
static bool sweep(struct smap *m)
{
	struct task *t = malloc(sizeof(*t) * TASKS), at;
	const void *key = NULL;
	u32 n = 0, gone = 0;

	if (!t)
		return false;
	while (n < TASKS && sys_hash_next(m, key, &at) == 0) {
		t[n++] = at;
		key = &at;
	}
	for (u32 k = 0; k < n; k++)
		gone += ended(&t[k]) && sys_hash_remove(m, &t[k]) == 0;
	free(t);
	return gone > 0;
}

static int put(struct smap *m, const struct task *t, const void *value, u64 flags)
{
	int err = sys_hash_update(m, t, value, flags);

	if (err == -E2BIG && sweep(m))
		err = sys_hash_update(m, t, value, flags);
	return err == -E2BIG ? -ENOMEM : err;
}

static int task_read(struct smap *m, const void *key, void *value, u64 flags)
{
	struct task t;
	int err = task_of(key, &t);

	return err ? err : sys_hash_ops.read(m, &t, value, flags);
}

static int task_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	struct task t;
	int err = task_of(key, &t);

	return err ? err : put(m, &t, value, flags);
}

static int task_remove(struct smap *m, const void *key)
{
	struct task t;
	int err = task_of(key, &t);

	return err ? err : sys_hash_remove(m, &t);
}

const struct map_ops sys_task_storage_ops = {.check = task_check,
					 .size = sys_hash_size,
					 .init = sys_hash_init,
					 .recover = sys_hash_recover,
					 .restart = sys_hash_restart,
					 .read = task_read,
					 .write = task_write,
					 .remove = task_remove,
					 .no_batch = true};

u64 sys_task_current(void)
{
	return TASK;
}

void *sys_task_storage_get(struct smap *m, u64 task, const void *value, u64 flags)
{
	struct task t;
	void *v, *zero;

	if (task != TASK || (flags & ~(u64)BPF_LOCAL_STORAGE_GET_F_CREATE))
		return NULL;
	t = current();
	v = sys_hash_find(m, &t);
	if (v || !flags)
		return v;
	zero = value ? NULL : calloc(1, m->d.value_size);
	if (value || zero)
		put(m, &t, value ? value : zero, BPF_NOEXIST);
	free(zero);
	return sys_hash_find(m, &t);
}

int sys_task_storage_delete(struct smap *m, u64 task)
{
	struct task t;

	if (task != TASK)
		return -EINVAL;
	t = current();
	return sys_hash_remove(m, &t);
}

/* --- cgroups -------------------------------------------------------------------------------------------- */

struct run_value {
	struct run_value *next;
	const struct smap *m;
	u64 value[];
};

static int cgroup_check(struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;
	bool percpu = h->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;

	if ((h->key_size != sizeof(struct bpf_cgroup_storage_key) && h->key_size != 8) || !h->value_size)
		return -EINVAL;
	if (h->value_size > (percpu ? 32768u : VALUE_MAX))
		return -E2BIG;
	return h->max_entries || (h->flags & ~flags) ? -EINVAL : 0;
}

static u64 cgroup_size(const struct mhead *h)
{
	return 0;
}

static int none(struct smap *m, const void *key, void *value, u64 flags)
{
	return -ENOENT;
}

static int none_written(struct smap *m, const void *key, const void *value, u64 flags)
{
	return flags & ~(u64)(BPF_F_LOCK | BPF_EXIST) ? -EINVAL : (flags & BPF_F_LOCK) && !sys_map_has_lock(m) ? -EINVAL : -ENOENT;
}

static int none_removed(struct smap *m, const void *key)
{
	return -EINVAL;
}

static int none_next(struct smap *m, const void *key, void *next)
{
	return -ENOENT;
}

const struct map_ops sys_cgroup_storage_ops = {.check = cgroup_check,
					   .size = cgroup_size,
					   .read = none,
					   .write = none_written,
					   .remove = none_removed,
					   .next = none_next};

void *sys_run_storage(struct smap *m)
{
	static u64 no_memory[8192];
	struct srun *r = run_now();
	struct run_value *v;

	for (v = r->storage; v; v = v->next)
		if (v->m == m)
			return v->value;
	v = calloc(1, sizeof(*v) + round8(m->d.value_size));
	if (!v)
		return no_memory; /* a program takes it for granted that there is some */
	v->m = m;
	v->next = r->storage;
	r->storage = v;
	return v->value;
}

void sys_run_storage_drop(struct srun *r)
{
	while (r->storage) {
		struct run_value *v = r->storage;

		r->storage = v->next;
		free(v);
	}
}
