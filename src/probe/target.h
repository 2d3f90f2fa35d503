/* SPDX-License-Identifier: BSD-2-Clause */
/* probe: a process into which a library shall be loaded (target.c, inject.c). */
#ifndef SKEP_PROBE_TARGET_H
#define SKEP_PROBE_TARGET_H

#include "probe/remote.h"

enum { RANGES = 4096 };

struct range {
	u64 lo, hi;
	bool code, closed; /* closed: libc, the linker, an allocator */
};
struct target {
	struct remote r;
	u64 libc;	      /* where it begins there */
	u64 libc_lo, libc_hi; /* its code */
	u32 nrange;
	struct range range[RANGES];
	u64 open, sym, error, errno_at; /* functions there */
};

/* The text into `why`; returns err. */
int skep_probe_refuse(char *why, int err, const char *text);
/* May a thread of the process be used? 0, or a negative errno with the reason. */
int skep_probe_target_check(int pid, char *why);
/* What is mapped there, and where the functions are; t->r.pid and t->r.mem are set. As above. */
int skep_probe_target_find(struct target *t, char *why);
/* What is mapped at the address, as it was when that was read; NULL: nothing. */
const struct range *skep_probe_target_range(const struct target *t, u64 addr);

#endif
