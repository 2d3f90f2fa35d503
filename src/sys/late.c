/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that follow the store's probes: waiting until they did, and making those follow that run
 * already.
 */
#include "sys/sys_impl.h"

#include <stdio.h>
#include <time.h>

enum { WAIT_MS = 5000, INJECT_MS = 10000 };
static _Thread_local char refusal[256];

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

	for (u32 k = 0; k < INJECT_MS / 2; k++) {
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

/* --- for who attaches -------------------------------------------------------------------------------- */

static u64 ms_now(void)
{
	return sys_store_now() / 1000000;
}

/* Waits for a row; -ETIMEDOUT when its process lives and does not look. */
static int await_row(struct follower *row, u32 gen, u64 until)
{
	struct timespec nap = {0, 20000};

	for (u32 k = 0; (s32)(atomic_load(&row->applied) - gen) < 0; k++) {
		if (k % 64 == 63 && sys_shlock_try(&row->lock) >= 0) {
			atomic_store(&row->pid, 0);
			sys_shlock_drop(&row->lock);
			return 0;
		}
		if (ms_now() > until)
			return -ETIMEDOUT;
		nanosleep(&nap, NULL);
		nap.tv_nsec = SKEP_MIN(nap.tv_nsec * 5 / 4, 1000000L);
	}
	return 0;
}

int sys_follow(u32 kind, u32 id, u32 pid)
{
	struct follower *row;
	u64 until = ms_now() + WAIT_MS;
	int err = 0;
	u32 gen;

	if (kind)
		refusal[0] = 0;
	skep_sys_follow();
	gen = sys_table_changed();
	row = sys_followers();
	for (u32 k = 0; row && k < NFOLLOWER; k++) {
		u32 of = atomic_load(&row[k].pid);

		if (!of || (pid && of != pid))
			continue;
		if (await_row(&row[k], gen, until) == 0 && kind && atomic_load(&row[k].kind) == kind && atomic_load(&row[k].id) == id) {
			err = row[k].err < 0 && row[k].err > -4096 ? row[k].err : -EINVAL;
			snprintf(refusal, sizeof(refusal), "a probe cannot be placed: %.200s", row[k].why);
		}
	}
	return err;
}

void skep_sys_closed(void)
{
	sys_follow(0, 0, 0);
}

void sys_say_refused(const char *why)
{
	snprintf(refusal, sizeof(refusal), "%.200s", why);
}

const char *skep_sys_refusal(void)
{
	static _Thread_local char told[sizeof(refusal)];

	memcpy(told, refusal, sizeof(told));
	refusal[0] = 0;
	return told;
}
