/* SPDX-License-Identifier: BSD-2-Clause */
/* sys: the log that loading commands write. */
#ifndef SKEP_SYS_PROG_H
#define SKEP_SYS_PROG_H

#include "base/base.h"

/* Is the log of the attributes possible? 0 or -EINVAL. */
int sys_log_check(u32 level, u32 size, u64 buf);
/* 0, -EFAULT, or -ENOSPC when it was cut. */
int sys_log_write(const struct skep_buf *log, u32 level, u32 size, u64 buf);

#endif
