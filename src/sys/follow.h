/* SPDX-License-Identifier: BSD-2-Clause */
/* sys: files that are mapped in this process. */
#ifndef SKEP_SYS_FOLLOW_H
#define SKEP_SYS_FOLLOW_H

#include "sys/sys_impl.h"

enum { MODULES_MAX = 1024, SEGMENTS_MAX = 8 };

/* `size` bytes of the file from `offset` are at `addr`. */
struct segment {
	u64 offset, size, addr;
	u32 flags; /* PF_* */
};
struct module {
	u64 dev, ino, base;
	u32 nseg;
	struct segment seg[SEGMENTS_MAX];
};
struct modules {
	u32 n;
	u64 changes;
	struct module v[MODULES_MAX];
};
void sys_modules_read(struct modules *ms);
/* Another number whenever something was loaded or unloaded. */
u64 sys_modules_changes(void);
/* The segment of code, or of data that may be written, with this place of the file; or NULL. */
const struct segment *sys_module_segment(const struct module *m, u64 offset, bool code);
/* The function around an address, with what comes before the next one; 0: not known. */
void sys_module_function(u64 addr, u64 *lo, u64 *hi);
/* Is it a function of libc that may return more than once for a call? */
bool sys_module_returns_twice(u64 addr);
/* The mapped code around an address. */
bool sys_module_code_around(u64 addr, u64 *lo, u64 *hi);
/* Is there any, living or not? */
bool sys_store_has(u32 kind);
/* Is it open or pinned anywhere? */
bool sys_store_alive(u32 kind, u32 id);

#endif
