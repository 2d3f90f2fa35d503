/* SPDX-License-Identifier: BSD-2-Clause */
/* probe: calls of functions in a thread of another process, which is stopped for them (remote.c).
 */
#ifndef SKEP_PROBE_REMOTE_H
#define SKEP_PROBE_REMOTE_H

#include "probe/probe_impl.h"

#include <signal.h>
#include <sys/user.h>

struct remote {
	int pid, tid, mem;    /* mem: descriptor of the process's memory */
	u64 gadget;	      /* an instruction `syscall` there */
	u64 stack, stack_len; /* for the calls; 0: none yet */
	u64 until;	      /* the time, in milliseconds, at which patience ends */
	const char *why;      /* when something failed */
	/* what is given back */
	struct user_regs_struct regs;
	u8 *xstate;
	size_t xstate_len;
	u64 mask;
};

u64 skep_probe_remote_now(void);
/*
 * Stop the thread. 1: it is stopped and its registers are in r->regs; 0: not now (it is gone, or
 * had a signal to handle first); or a negative errno.
 */
int skep_probe_remote_stop(struct remote *r);
/* Let it go on as it was. */
void skep_probe_remote_release(struct remote *r);
/* Keep what calls would change; 0 or a negative errno. skep_probe_remote_restore() gives it back.
 */
int skep_probe_remote_save(struct remote *r);
int skep_probe_remote_restore(struct remote *r);
/* A system call, and a function by its address, with up to three arguments. */
int skep_probe_remote_syscall(struct remote *r, long number, const u64 *a, u32 n, u64 *result);
int skep_probe_remote_call(struct remote *r, u64 function, u64 a, u64 b, u64 c, u64 *result);
bool skep_probe_remote_read(const struct remote *r, u64 at, void *to, size_t n);
bool skep_probe_remote_write(const struct remote *r, u64 at, const void *from, size_t n);

#endif
