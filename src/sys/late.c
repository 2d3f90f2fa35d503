/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that follow the store's probes, and those that are made to although they run already. */
#include "sys/sys_impl.h"

#include <stdio.h>
#include <time.h>

enum { WAIT_MS = 10000 };

bool sys_follower_lives(struct follower *row)
{
	if (sys_shlock_try(&row->lock) < 0)
		return true;
	atomic_store(&row->pid, 0);
	sys_shlock_drop(&row->lock);
	return false;
}

/* Is all placed there that is wanted now? */
static bool follows(int pid)
{
	struct follower *row = sys_followers();

	for (u32 k = 0; row && k < NFOLLOWER; k++)
		if (atomic_load(&row[k].pid) == (u32)pid && atomic_load(&row[k].applied) == sys_table_generation() && sys_follower_lives(&row[k]))
			return true;
	return false;
}

static bool follows_soon(int pid)
{
	struct timespec nap = {0, 2000000};

	for (u32 k = 0; k < WAIT_MS / 2; k++) {
		if (follows(pid))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

int skep_sys_inject(int pid, const char *library, char *why, size_t size)
{
	struct skep_probe_inject in = {pid, library, "skep_preload_late", sys_store_dir()};
	char said[SKEP_PROBE_WHY] = "the store cannot be used";
	int err = in.argument ? 0 : -errno;

	if (!err && follows(pid))
		return 0;
	if (!err)
		err = skep_probe_inject(&in, said);
	if (err == -EBUSY && !said[0])
		snprintf(said, sizeof(said), "it has the probes of another store");
	if (!err && !follows_soon(pid)) {
		snprintf(said, sizeof(said), "the library is loaded, but places no probes");
		err = -ETIMEDOUT;
	}
	if (err)
		snprintf(why, size, "%s", said);
	return err;
}
