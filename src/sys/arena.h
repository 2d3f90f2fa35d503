/* SPDX-License-Identifier: BSD-2-Clause */
/* sys: arenas, for the kernel functions on them and for who verifies and compiles programs. */
#ifndef SKEP_SYS_ARENA_H
#define SKEP_SYS_ARENA_H

#include "abi/abi.h"
#include "sys/sys_impl.h"

/* Flags that linux/bpf.h may be too old for. */
enum { SYS_F_SEGV_ON_FAULT = 1 << 17, SYS_F_NO_USER_CONV = 1 << 18 };

/*
 * As the kernel functions: `n` pages at `addr`, at any place when that is 0; where user space has
 * them, or 0. Given back; kept from being given: 0, -EINVAL, -EBUSY.
 */
u64 sys_arena_alloc(struct smap *m, u64 addr, u32 n);
void sys_arena_free(struct smap *m, u64 addr, u32 n);
int sys_arena_reserve(struct smap *m, u64 addr, u32 n);
/* The arena for programs of this process; NULL: nobody has said where user space has it. */
const struct skep_eng_arena *sys_arena_engine(struct smap *m);
/* Where user space has it, and how much of it; 0: nowhere yet. */
u64 sys_arena_start(struct smap *m, u64 *bytes);

#endif
