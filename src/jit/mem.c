/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executable memory: pages that are written while nobody can execute them, and
 * executable once nobody can write them. Placed near the code that they call
 * when there is room, so that calls are direct.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "jit/jit_impl.h"


enum { TRIES = 24 };

static u8 *map_at(u64 addr, u32 size, int flags)
{
	void *p = mmap((void *)addr, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Steps away from the address in both directions, from 2 MiB to 1 GiB. */
static u8 *map_near(u64 near, u32 size)
{
	u64 at = near & ~(u64)0xffff;
	u8 *p = NULL;

	for (u32 i = 0; i < TRIES && !p; i++) {
		u64 step = (u64)(2 + i / 2 * (i / 2) * 7) << 20;
		u64 where = i & 1 ? at + step : at - step;

		if ((!(i & 1) && step >= at) || where >= (u64)1 << 46)
			continue;
		p = map_at(where, size, 0);
		/* The kernel gives another place when that one is taken. */
		if (p && ((u64)p > near ? (u64)p - near : near - (u64)p) >= (u64)1 << 30) {
			munmap(p, size);
			p = NULL;
		}
	}
	return p;
}

u8 *jit_mem_new(u32 size, u64 near, u32 *mapped)
{
	u32 page = (u32)sysconf(_SC_PAGESIZE);
	u8 *p = NULL;

	if (size > UINT32_MAX - page)
		return NULL;
	*mapped = (size + page - 1) / page * page;
	if (near)
		p = map_near(near, *mapped);
	return p ? p : map_at(0, *mapped, 0);
}

bool jit_mem_seal(u8 *p, u32 mapped)
{
	return !mprotect(p, mapped, PROT_READ | PROT_EXEC);
}

void jit_mem_free(u8 *p, u32 mapped)
{
	if (p)
		munmap(p, mapped);
}
