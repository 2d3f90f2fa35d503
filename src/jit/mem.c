/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executable memory: pages that are written while nobody can execute them, and
 * executable once nobody can write them.
 *
 * Pages come from slabs, since getting one from the system costs more than to
 * compile a program into it. A program has pages of its own. Slabs are private
 * memory, so a forked process has its own copy; they are placed near the code
 * that programs call, so that calls are direct. The list of slabs is the only
 * thing in this module that threads share; a mutex guards it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jit/jit_impl.h"

enum { TRIES = 24, SLAB_PAGES = 64, KEEP = 2, INT3 = 0xcc };

struct slab {
	struct slab *next;
	u8 *p;
	u64 used; /* a bit for each page */
};
static struct slab *slabs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- forks: a child finds the slabs whole -------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
	skep_jit_debug_lock();
}

static void after_fork(void)
{
	skep_jit_debug_unlock();
	pthread_mutex_unlock(&lock);
}

static void register_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

void skep_jit_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_forks);
}

/* --- from the system --------------------------------------------------------------- */

static u8 *map_at(u64 addr, size_t size)
{
	void *p = mmap((void *)addr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

static bool is_near(const u8 *p, u64 near)
{
	u64 at = (u64)p;

	return (at > near ? at - near : near - at) < (u64)1 << 30;
}

/* Steps away from the address in both directions, from 2 MiB to about 850 MiB. */
static u8 *map_near(u64 near, size_t size)
{
	u64 at = near & ~(u64)0xffff;

	for (u32 i = 0; i < TRIES; i++) {
		u64 step = (u64)(2 + i / 2 * (i / 2) * 7) << 20;
		u64 where = i & 1 ? at + step : at - step;
		u8 *p;

		if ((!(i & 1) && step >= at) || where >= (u64)1 << 47)
			continue;
		p = map_at(where, size);
		if (p && is_near(p, near))
			return p;
		/* The kernel gives another place when that one is taken. */
		if (p)
			munmap(p, size);
	}
	return NULL;
}

static u8 *map_any(u64 near, size_t size)
{
	u8 *p = near ? map_near(near, size) : NULL;

	return p ? p : map_at(0, size);
}

/* Where there is no room near the helpers, it is not looked for again and again. */
static u64 no_room_near;

/* --- slabs ---------------------------------------------------------------------------- */

static u64 run_of(u32 pages)
{
	return pages == 64 ? ~(u64)0 : ((u64)1 << pages) - 1;
}

/* The first of `pages` free pages in a row, or -1. */
static int find_run(const struct slab *s, u32 pages)
{
	for (u32 i = 0; i + pages <= SLAB_PAGES; i++)
		if (!(s->used & run_of(pages) << i))
			return (int)i;
	return -1;
}

static u8 *take(u32 pages, u32 page, u64 near)
{
	for (struct slab *s = slabs; s; s = s->next) {
		int at = near && !is_near(s->p, near) ? -1 : find_run(s, pages);

		if (at < 0)
			continue;
		s->used |= run_of(pages) << at;
		return s->p + (size_t)at * page;
	}
	return NULL;
}

static u8 *from_slab(u32 pages, u32 page, u64 near)
{
	struct slab *s;
	u8 *p;

	near = near == no_room_near ? 0 : near;
	p = take(pages, page, near);
	if (p)
		return p;
	s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	s->p = map_any(near, (size_t)SLAB_PAGES * page);
	if (!s->p) {
		free(s);
		return NULL;
	}
	if (near && !is_near(s->p, near))
		no_room_near = near;
	s->used = run_of(pages);
	s->next = slabs;
	slabs = s;
	return s->p;
}

static u32 empty_slabs(void)
{
	u32 n = 0;

	for (const struct slab *s = slabs; s; s = s->next)
		n += !s->used;
	return n;
}

/* False: the pages are not of a slab. A few empty slabs stay. */
static bool to_slab(u8 *p, u32 pages, u32 page)
{
	for (struct slab **at = &slabs; *at; at = &(*at)->next) {
		struct slab *s = *at;

		if (p < s->p || p >= s->p + (size_t)SLAB_PAGES * page)
			continue;
		/* Pages that cannot be written again are not used again. */
		if (!mprotect(p, (size_t)pages * page, PROT_READ | PROT_WRITE))
			s->used &= ~(run_of(pages) << (u32)((size_t)(p - s->p) / page));
		if (!s->used && empty_slabs() > KEEP) {
			*at = s->next;
			munmap(s->p, (size_t)SLAB_PAGES * page);
			free(s);
		}
		return true;
	}
	return false;
}

u8 *skep_jit_mem_new(u32 size, u64 near, u32 *mapped)
{
	u32 page = (u32)sysconf(_SC_PAGESIZE), pages;
	u8 *p;

	if (size > UINT32_MAX - page)
		return NULL;
	pages = (size + page - 1) / page;
	*mapped = pages * page;
	if (pages > SLAB_PAGES / 2)
		return map_any(near, *mapped);
	skep_jit_prepare();
	pthread_mutex_lock(&lock);
	p = from_slab(pages, page, near);
	pthread_mutex_unlock(&lock);
	return p;
}

bool skep_jit_mem_seal(u8 *p, u32 size, u32 mapped)
{
	memset(p + size, INT3, mapped - size);
	return !mprotect(p, mapped, PROT_READ | PROT_EXEC);
}

void skep_jit_mem_free(u8 *p, u32 mapped)
{
	u32 page = (u32)sysconf(_SC_PAGESIZE);
	bool done;

	if (!p)
		return;
	pthread_mutex_lock(&lock);
	done = to_slab(p, mapped / page, page);
	pthread_mutex_unlock(&lock);
	if (!done)
		munmap(p, mapped);
}
