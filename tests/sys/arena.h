/* SPDX-License-Identifier: BSD-2-Clause */
/* What headers older than arenas do not have. */
#ifndef TESTS_SYS_ARENA_H
#define TESTS_SYS_ARENA_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

enum { ARENA = 33, MMAPABLE = 1 << 10, SEGV_ON_FAULT = 1 << 17, NO_USER_CONV = 1 << 18 };

#endif
