/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executable memory of our own: areas of 64 KiB near what they serve, never writable. What
 * goes into them is written through /proc/self/mem, for which the kernel has no regard for
 * protection. Areas are never given back: a thread may be on its way through one.
 */
#include "probe/probe_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum { AREA = 64 << 10, NAREA = 1024 };
/* How far a jump or an operand may lead, with room for what a stub adds. */
#define REACH ((u64)0x7ff00000)

static u64 area[NAREA];
static u32 narea, used[NAREA];

bool skep_probe_owns(u64 addr)
{
	for (u32 k = 0; k < __atomic_load_n(&narea, __ATOMIC_ACQUIRE); k++)
		if (addr - area[k] < AREA)
			return true;
	return addr >= PROBE_PTR(__start_skep_probe_text) &&
	       addr < PROBE_PTR(__stop_skep_probe_text);
}

static bool reaches(u64 at, u64 addr)
{
	return at < addr ? addr - at < REACH : at + AREA - addr < REACH;
}

static u64 map_at(u64 at)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0);
	/* mmap(2) itself: libc's may be interposed. */
	u64 got = (u64)syscall(SYS_mmap, at, (size_t)AREA, PROT_READ | PROT_EXEC, flags, -1, 0);

	if (got == (u64)-1)
		return 0;
	if (at && got != at) { /* an old kernel */
		munmap((void *)(uintptr_t)got, AREA);
		return 0;
	}
	return got;
}

/* The gap between two mappings that is nearest to `addr`, or 0. */
static u64 in_gap(u64 lo, u64 hi, u64 addr, u64 best)
{
	u64 at;

	lo = (lo + AREA - 1) & ~(u64)(AREA - 1);
	lo = SKEP_MAX(lo, (u64)AREA);
	hi &= ~(u64)(AREA - 1);
	if (hi < lo + AREA || hi > (u64)1 << 47)
		return best;
	at = addr < lo ? lo : hi - AREA;
	if (!reaches(at, addr))
		return best;
	if (best &&
	    (best < addr ? addr - best : best - addr) <= (at < addr ? addr - at : at - addr))
		return best;
	return at;
}

static u64 find_gap(u64 addr)
{
	FILE *f = fopen("/proc/self/maps", "re");
	u64 last = 0, best = 0;
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		char *end;
		u64 lo = strtoull(line, &end, 16),
		    hi = *end == '-' ? strtoull(end + 1, NULL, 16) : lo;

		if (hi <= lo)
			continue;
		/* A stack grows downwards: not right below a mapping. */
		best = in_gap(last, lo > last + (32u << 20) ? lo - (16u << 20) : lo, addr, best);
		last = hi;
	}
	if (f) {
		fclose(f);
		best = in_gap(last, (u64)1 << 47, addr, best);
	}
	return best;
}

static u64 take(u32 k)
{
	u64 at = area[k] + used[k];

	if (used[k] + STUB_SIZE > AREA)
		return 0;
	used[k] += STUB_SIZE;
	return at;
}

u64 skep_probe_room(u64 addr, bool anywhere)
{
	u64 at;

	for (u32 k = 0; k < narea; k++)
		if ((anywhere || reaches(area[k], addr)) && used[k] + STUB_SIZE <= AREA)
			return take(k);
	if (narea == NAREA)
		return 0;
	at = anywhere ? 0 : find_gap(addr);
	if (!at && !anywhere)
		return 0;
	at = map_at(at);
	if (!at)
		return 0;
	area[narea] = at;
	used[narea] = 0;
	__atomic_store_n(&narea, narea + 1, __ATOMIC_RELEASE);
	return take(narea - 1);
}

int skep_probe_fill(u64 addr, const void *bytes, size_t n)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -EPERM;
	if (pwrite(fd, bytes, n, (off_t)addr) != (ssize_t)n)
		err = -EPERM;
	close(fd);
	return err;
}

bool skep_probe_shadow_stack(void)
{
	enum { ARCH_SHSTK_STATUS = 0x5005 };
	u64 on = 0;

	return probe_syscall(SYS_arch_prctl, ARCH_SHSTK_STATUS, PROBE_PTR(&on), 0, 0, 0, 0) == 0 &&
	       (on & 1);
}
