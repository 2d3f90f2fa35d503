/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics of runs. Test runs are counted and timed, events of an embedder counted. The time
 * of those, and runs at probes, are taken while someone holds a descriptor of ENABLE_STATS (but
 * not at probes whose programs call nothing: they are not to notice). The descriptor is of a
 * file of the store with a shared lock, which goes with its last copy, however its owner ends.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

enum { EVERY = 1024 }; /* runs of a thread until it asks again */

static int open_file(int flags)
{
	char path[PATH_LEN];
	const char *dir = sys_store_dir();

	if (!dir)
		return -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/stats", dir) >= sizeof(path))
		return -ENAMETOOLONG;
	flags = open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	return flags < 0 ? -errno : flags;
}

int sys_stats_enable(const union bpf_attr *attr)
{
	int fd, err;

	if (attr->enable_stats.type != BPF_STATS_RUN_TIME)
		return -EINVAL;
	fd = open_file(O_CREAT);
	if (fd >= 0 && flock(fd, LOCK_SH)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static bool ask(void)
{
	int saved = errno, fd = open_file(0);
	bool on = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return on;
}

bool sys_stats_on(void)
{
	struct sthread *t = &skep_sys_thread;

	if (!t->until_stats--) {
		t->until_stats = EVERY;
		t->stats = ask();
	}
	return t->stats;
}

u64 sys_stats_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

void sys_stats_count(const struct sprog *p, u64 runs, u64 ns)
{
	__atomic_fetch_add(&p->h->run_cnt, runs, __ATOMIC_RELAXED);
	if (ns)
		__atomic_fetch_add(&p->h->run_ns, ns, __ATOMIC_RELAXED);
}
