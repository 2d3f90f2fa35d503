/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas. The file begins with the pages, which user space maps; behind them lie what engines look
 * at (skep_eng_arena.page), which pages are given or kept free for nobody, and a page with the
 * rest.
 *
 * Pages that a program is given have memory of the file from then on, so that no access fails for
 * want of it. User space may touch any page; then the file has data there, which is found out when
 * a program comes to that page, or when it is about to be given. A page that is given back becomes
 * a hole, and is zero for who has it next.
 *
 * What changes is changed under the map's lock and written down before: who finds the lock's owner
 * dead takes back what was not given yet, and completes what was being given back.
 */
#include "sys/arena.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_SIZE ((u64)1 << 32)

enum doing { DOING_NOTHING, DOING_GIVE, DOING_TAKE_BACK };

/* In the last page; written under the lock. */
struct arena_shared {
	u64 start, end; /* where user space has it; 0: nowhere yet */
	u32 doing, first, count;
};

struct sarena {
	struct skep_eng_arena eng; /* first */
	struct smap *m;
	int fd; /* for what has no other name: holes; -1: it is gone */
	struct stat file;
	struct arena_shared *h;
	u8 *page, *taken; /* a byte for each page */
	u32 npage;	  /* at most; user space may have less of it */
};

/* --- the file
 * ---------------------------------------------------------------------------------------- */

static int check(struct mhead *h)
{
	u64 bytes = (u64)h->max_entries * PAGE;

	if (h->key_size || h->value_size || !h->max_entries || !(h->flags & BPF_F_MMAPABLE) ||
	    (h->flags & ~(u32)(BPF_F_MMAPABLE | SYS_F_SEGV_ON_FAULT | SYS_F_NO_USER_CONV)) ||
	    h->extra % PAGE)
		return -EINVAL;
	if (bytes > WINDOW_SIZE)
		return -E2BIG;
	return h->extra >> 32 != (h->extra + bytes - 1) >> 32 ? -ERANGE : 0;
}

static u64 table_at(const struct mhead *h)
{
	return (u64)h->max_entries * PAGE;
}

static u64 shared_at(const struct mhead *h)
{
	return (table_at(h) + 2 * (u64)h->max_entries + PAGE - 1) & ~(u64)(PAGE - 1);
}

static u64 size(const struct mhead *h)
{
	return shared_at(h) + PAGE;
}

/* Is it still ours? The program may have closed what it did not open. */
static int file_of(const struct sarena *a)
{
	struct stat st;

	return fstat(a->fd, &st) == 0 && st.st_dev == a->file.st_dev && st.st_ino == a->file.st_ino
		       ? a->fd
		       : -1;
}

/*
 * Memory of the file for these bytes. Not posix_fallocate(), which writes over what others write
 * where the file system cannot do it.
 */
static bool reserve_bytes(int fd, u64 from, u64 bytes)
{
	int err;

	if (sys_store_crowds(fd, bytes)) {
		errno = ENOMEM;
		return false;
	}
	do
		err = fallocate(fd, 0, (off_t)from, (off_t)bytes);
	while (err && errno == EINTR);
	return err == 0;
}

static bool find_page(const struct skep_eng_arena *eng, u32 page);

static int open_arena(struct smap *m, int fd, bool fresh)
{
	struct sarena *a = m->arena = calloc(1, sizeof(*a));
	u64 tables = table_at(&m->d);
	char path[64];

	if (!a)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	a->fd = open(path, O_RDWR | O_CLOEXEC);
	if (a->fd < 0 || fstat(a->fd, &a->file))
		return -errno;
	if (!reserve_bytes(a->fd, tables, m->payload - tables))
		return errno == EOPNOTSUPP ? -EOPNOTSUPP : -ENOMEM;
	/* Where everything is data, nobody can tell what user space has touched. */
	if (fresh && lseek(a->fd, 0, SEEK_DATA) < (off_t)tables)
		return -EOPNOTSUPP;
	a->m = m;
	a->npage = m->d.max_entries;
	a->page = m->mem + tables;
	a->taken = a->page + m->d.max_entries;
	a->h = (struct arena_shared *)(void *)(m->mem + shared_at(&m->d));
	a->eng.page = a->page;
	a->eng.mem = m->mem;
	a->eng.raw = m->d.flags & SYS_F_NO_USER_CONV;
	a->eng.find = find_page;
	return 0;
}

static void init(struct smap *m)
{
	struct arena_shared *h = m->arena->h;

	h->start = m->d.extra;
	h->end = m->d.extra ? m->d.extra + table_at(&m->d) : 0;
}

static void fini(struct smap *m)
{
	struct sarena *a = m->arena;

	if (!a)
		return;
	if (a->fd >= 0 && file_of(a) >= 0)
		close(a->fd);
	free(a);
	m->arena = NULL;
}

/* --- pages, under the lock
 * --------------------------------------------------------------------------------- */

/* Where user space has the arena, as far as that can be: others may have written anything. */
struct place {
	u64 start;
	u32 npage;
};

static bool place_of(const struct sarena *a, struct place *p)
{
	u64 start = a->h->start, end = a->h->end;

	if (!start || start % PAGE || end <= start || end % PAGE ||
	    (end - start) / PAGE > a->npage || start >> 32 != (end - 1) >> 32)
		return false;
	*p = (struct place){start, (u32)((end - start) / PAGE)};
	return true;
}

static void set_page(struct sarena *a, u32 k, u8 there)
{
	__atomic_store_n(&a->page[k], there, __ATOMIC_RELEASE);
}

/* Pages from `first` on that user space has touched become taken; how many those were. */
static u32 see_touched(struct sarena *a, u32 first, u32 n)
{
	off_t at = (off_t)first * PAGE, end = at + (off_t)n * PAGE;
	int fd = file_of(a);
	u32 found = 0;

	while (at < end) {
		off_t hole;

		at = lseek(fd, at, SEEK_DATA);
		if (at < 0 || at >= end)
			break;
		hole = lseek(fd, at, SEEK_HOLE);
		hole = hole < 0 || hole > end ? end : hole;
		for (u32 k = (u32)(at / PAGE); (off_t)k * PAGE < hole; k++) {
			found += !a->page[k];
			a->taken[k] = 1;
			set_page(a, k, 1);
		}
		at = hole;
	}
	return found;
}

static bool all_free(const struct sarena *a, u32 first, u32 n)
{
	return !memchr(a->taken + first, 1, n);
}

/* The smallest run of free pages with as many, the last of those; npage when there is none. */
static u32 best_run(const struct sarena *a, const struct place *p, u32 n)
{
	u32 best = p->npage, size = UINT32_MAX;

	for (u32 k = 0; k < p->npage;) {
		const u8 *end = memchr(a->taken + k, 1, p->npage - k);
		u32 run = end ? (u32)(end - a->taken) - k : p->npage - k;

		if (run >= n && run <= size) {
			best = k;
			size = run;
		}
		for (k += run; k < p->npage && a->taken[k]; k++)
			;
	}
	return best;
}

static void begin(struct sarena *a, u32 doing, u32 first, u32 n)
{
	a->h->first = first;
	a->h->count = n;
	__atomic_store_n(&a->h->doing, doing, __ATOMIC_RELEASE);
}

static void done(struct sarena *a)
{
	__atomic_store_n(&a->h->doing, DOING_NOTHING, __ATOMIC_RELEASE);
}

/* Nobody has them any more. */
static void take_back(struct sarena *a, u32 first, u32 n)
{
	u8 *at = a->m->mem + (u64)first * PAGE;

	for (u32 k = first; k < first + n; k++)
		set_page(a, k, 0);
	if (madvise(at, (size_t)n * PAGE, MADV_REMOVE))
		memset(at, 0, (size_t)n * PAGE);
	memset(a->taken + first, 0, n);
}

static bool give(struct sarena *a, u32 first, u32 n)
{
	bool ok;

	begin(a, DOING_GIVE, first, n);
	ok = reserve_bytes(file_of(a), (u64)first * PAGE, (u64)n * PAGE);
	if (ok) {
		memset(a->taken + first, 1, n);
		for (u32 k = first; k < first + n; k++)
			set_page(a, k, 1);
	} else {
		take_back(a, first, n);
	}
	done(a);
	return ok;
}

static void recover(struct smap *m)
{
	struct sarena *a = m->arena;
	u32 first = a->h->first, n = a->h->count;
	struct place p;

	if (a->h->doing != DOING_NOTHING && place_of(a, &p) && first < p.npage &&
	    n <= p.npage - first)
		take_back(a, first, n);
	done(a);
}

/* --- what programs ask for
 * ------------------------------------------------------------------------------------ */

static struct sarena *lock(struct smap *m, struct place *p)
{
	if (m->d.type != SKEP_MAP_ARENA || sys_map_lock(m))
		return NULL;
	if (place_of(m->arena, p))
		return m->arena;
	sys_map_unlock(m);
	return NULL;
}

/* Which page an address is in; false: it is not at a page's start, or n pages from there are too
 * many. */
static bool page_at(const struct place *p, u64 addr, u32 n, u32 *first)
{
	*first = (u32)((u32)addr - (u32)p->start) / PAGE;
	return addr % PAGE == 0 && n <= p->npage && *first <= p->npage - n;
}

u64 sys_arena_alloc(struct smap *m, u64 addr, u32 n)
{
	struct place p;
	struct sarena *a = n ? lock(m, &p) : NULL;
	u32 first = 0;
	bool ok;

	if (!a)
		return 0;
	ok = addr ? page_at(&p, addr, n, &first) : n <= p.npage;
	if (ok && addr) {
		see_touched(a, first, n);
		ok = all_free(a, first, n);
	} else if (ok) {
		do
			first = best_run(a, &p, n);
		while (first < p.npage && see_touched(a, first, n));
		ok = first < p.npage;
	}
	ok = ok && give(a, first, n);
	sys_map_unlock(m);
	return ok ? p.start + (u64)first * PAGE : 0;
}

void sys_arena_free(struct smap *m, u64 addr, u32 n)
{
	u32 low = (u32)addr & ~(u32)(PAGE - 1), first;
	struct place p;
	struct sarena *a = addr && n ? lock(m, &p) : NULL;

	if (!a)
		return;
	if (page_at(&p, low, 1, &first)) {
		n = SKEP_MIN(n, p.npage - first);
		begin(a, DOING_TAKE_BACK, first, n);
		take_back(a, first, n);
		done(a);
	}
	sys_map_unlock(m);
}

int sys_arena_reserve(struct smap *m, u64 addr, u32 n)
{
	struct place p;
	struct sarena *a;
	u32 first;
	int err = 0;

	if (m->d.type != SKEP_MAP_ARENA)
		return -EINVAL;
	if (!n || addr % PAGE)
		return 0;
	a = lock(m, &p);
	if (!a)
		return -EBUSY;
	if (!page_at(&p, addr, n, &first))
		err = -EINVAL;
	if (!err)
		see_touched(a, first, n);
	if (!err && !all_free(a, first, n))
		err = -EBUSY;
	if (!err)
		memset(a->taken + first, 1, n);
	sys_map_unlock(m);
	return err;
}

/* An engine has found no page: user space may have touched it. */
static bool find_page(const struct skep_eng_arena *eng, u32 page)
{
	struct smap *m = ((const struct sarena *)eng)->m;
	struct place p;
	struct sarena *a = lock(m, &p);
	bool found;

	if (!a)
		return false;
	found = page < p.npage && (a->page[page] || see_touched(a, page, 1));
	sys_map_unlock(m);
	return found;
}

const struct skep_eng_arena *sys_arena_engine(struct smap *m)
{
	struct place p;
	struct sarena *a = lock(m, &p);

	if (!a)
		return NULL;
	a->eng.user = p.start;
	a->eng.bytes = (u64)p.npage * PAGE;
	sys_map_unlock(m);
	return &a->eng;
}

u64 sys_arena_start(struct smap *m, u64 *bytes)
{
	struct place p;
	struct sarena *a = lock(m, &p);

	if (!a)
		return 0;
	sys_map_unlock(m);
	*bytes = (u64)p.npage * PAGE;
	return p.start;
}

/* --- mmap(2)
 * ---------------------------------------------------------------------------------------------------
 */

static int check_mmap(const struct sarena *a, u64 addr, u64 len, int prot, int flags, s64 off)
{
	struct place p;

	if (!len || off)
		return EINVAL;
	if (len > WINDOW_SIZE || len > table_at(&a->m->d))
		return E2BIG;
	if (place_of(a, &p)) {
		if (len > (u64)p.npage * PAGE)
			return E2BIG;
		if (len < (u64)p.npage * PAGE || addr != p.start)
			return EINVAL;
	} else if ((flags & MAP_FIXED) && addr >> 32 != (addr + len - 1) >> 32) {
		return EINVAL;
	}
	if (!(flags & MAP_SHARED))
		return EINVAL;
	if (prot & PROT_EXEC)
		return EPERM;
	return (prot & PROT_WRITE) && __atomic_load_n(&a->m->h->frozen, __ATOMIC_ACQUIRE) ? EPERM
											  : 0;
}

/* Room that does not cross 4 GiB, near `addr` if it can be there; it is mapped, to be mapped over.
 */
static u8 *find_room(u64 addr, u64 len)
{
	u8 *all = sys_map_pages((void *)(uintptr_t)addr, 2 * len, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	u64 at = (u64)(uintptr_t)all, to = at;

	if (all == MAP_FAILED)
		return NULL;
	if (at >> 32 != (at + len - 1) >> 32)
		to = (at + WINDOW_SIZE - 1) & ~(WINDOW_SIZE - 1);
	if (to > at)
		munmap(all, to - at);
	munmap(all + (to - at) + len, at + len - to);
	return all + (to - at);
}

static void *map_at(const struct sarena *a, u64 addr, u64 len, int prot, int flags, int fd)
{
	u8 *room = (u8 *)(uintptr_t)addr, *p;

	if (flags & MAP_FIXED)
		return sys_map_pages(room, len, prot, flags, fd, 0);
	if (a->h->start) { /* there or nowhere */
		p = sys_map_pages(room, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);
		if (p == MAP_FAILED && errno == EEXIST)
			errno = EBUSY;
		return p;
	}
	room = find_room(addr, len);
	if (!room)
		return MAP_FAILED;
	p = sys_map_pages(room, len, prot, flags | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED)
		munmap(room, len);
	return p;
}

static void *map_arena(void *addr, size_t size, int prot, int flags, int fd, struct smap *m,
		       s64 off)
{
	u64 at = (u64)(uintptr_t)addr, len = ((u64)size + PAGE - 1) & ~(u64)(PAGE - 1);
	struct sarena *a = m->arena;
	void *p = MAP_FAILED;
	int err = sys_map_lock(m);

	if (err) {
		errno = -err;
		return p;
	}
	err = check_mmap(a, at, len, prot, flags, off);
	if (err)
		errno = err;
	else
		p = map_at(a, at, len, prot, flags, fd);
	if (p != MAP_FAILED && !a->h->start) {
		a->h->end = (u64)(uintptr_t)p + len;
		a->h->start = (u64)(uintptr_t)p;
	}
	sys_map_unlock(m);
	return p;
}

static int no_element(struct smap *m, const void *key, void *value, u64 flags)
{
	return -EINVAL;
}

const struct map_ops sys_arena_ops = {.check = check,
				      .size = size,
				      .open = open_arena,
				      .init = init,
				      .recover = recover,
				      .read = no_element,
				      .mmap = map_arena,
				      .fini = fini};
