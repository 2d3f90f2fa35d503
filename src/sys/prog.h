/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: the steps by which a program is made ready (sys_prog_ready()), under its lock; and the log
 * that loading commands write.
 */
#ifndef SKEP_SYS_PROG_H
#define SKEP_SYS_PROG_H

#include "base/base.h"

struct sprog;
/*
 * Each returns 0 or a negative errno; why stands in the log, which may be NULL. First what ids of
 * the kernel's types mean in it; then the verdict (level: of the log, as in bpf(2); insns: how many
 * were processed, may be NULL); then its code. What the verifier found out of accesses to an arena
 * is in p->arena_use, which is the caller's.
 */
int sys_prog_know_kernel(struct sprog *p, struct skep_buf *log);
int sys_prog_verify(struct sprog *p, struct skep_buf *log, u32 level, u32 *insns);
int sys_prog_compile(struct sprog *p, struct skep_buf *log);

/* Is the log of the attributes possible? 0 or -EINVAL. */
int sys_log_check(u32 level, u32 size, u64 buf);
/* 0, -EFAULT, or -ENOSPC when it was cut. */
int sys_log_write(const struct skep_buf *log, u32 level, u32 size, u64 buf);

#endif
