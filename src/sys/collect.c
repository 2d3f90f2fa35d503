/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which objects live: those that a process has open or that are pinned, and what they refer
 * to. The rest is removed, under the store's exclusive lock, so that nobody is just opening
 * one of them.
 */
#include "sys/follow.h"
#include "sys/ops.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct item {
	u32 kind, id;
	bool live, done;
};
struct heap {
	struct item *v;
	u32 n, cap;
	bool partial; /* not all was seen, so nothing is known to be dead */
};

static bool is_id(const char *s, u32 *id)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	*id = (u32)v;
	return s[0] >= '1' && s[0] <= '9' && !*end && v <= UINT32_MAX;
}

/* -1 is what is no object; -2: nobody can say, since this process has no descriptor left. */
static int open_object(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ? -2 : fd;
}

/*
 * Is a file open by anyone? Yes, when that cannot be found out. The exclusive lock goes with the
 * descriptor.
 */
static bool in_use(const char *path, u32 *links)
{
	struct stat st;
	int fd = open_object(path);
	bool used;

	*links = 1;
	if (fd < 0)
		return fd == -2;
	if (fstat(fd, &st) == 0)
		*links = (u32)st.st_nlink;
	used = flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return used;
}

/* What is registered without a link lives though nobody has it open. */
static bool is_root(u32 kind, const char *path)
{
	struct fhead f;
	int fd;
	bool root;

	if (kind != SKEP_SYS_MAP)
		return false;
	fd = open_object(path);
	if (fd < 0)
		return fd == -2;
	root = sys_store_head(fd, &f) == 0 && sys_ops_registered(&f);
	close(fd);
	return root;
}

static void list_kind(struct heap *h, u32 kind)
{
	char path[PATH_LEN];
	struct dirent *e;
	DIR *d;

	sys_store_path(path, kind, 0);
	*strrchr(path, '/') = 0;
	d = opendir(path);
	h->partial |= !d;
	while (d && (e = readdir(d))) {
		char name[PATH_LEN + 300];
		u32 id, links;
		bool used;

		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (!is_id(e->d_name, &id)) {
			if (strncmp(e->d_name, ".new-", 5) == 0 && !in_use(name, &links))
				unlink(name);
			continue;
		}
		used = in_use(name, &links);
		if (h->n == h->cap) {
			u32 cap = h->cap ? 2 * h->cap : 64;
			struct item *v = realloc(h->v, cap * sizeof(*v));

			if (!v) {
				h->partial = true;
				break;
			}
			h->v = v;
			h->cap = cap;
		}
		h->v[h->n++] = (struct item){kind, id, used || links > 1 || is_root(kind, name), false};
	}
	if (d)
		closedir(d);
}

static int by_id(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : x->id != y->id ? (x->id < y->id ? -1 : 1) : 0;
}

/* Items are sorted: most words that come here are no ids at all. */
static void mark(struct heap *h, u32 kind, u32 id)
{
	struct item key = {.kind = kind, .id = id}, *found = NULL;

	if (id && h->n)
		found = bsearch(&key, h->v, h->n, sizeof(key), by_id);
	if (found)
		found->live = true;
}

static void mark_words(struct heap *h, int fd, u64 at, u64 n, u32 kind)
{
	u32 buf[256];

	while (n) {
		u64 some = SKEP_MIN(n, SKEP_ARRAY_SIZE(buf));

		ssize_t got = pread(fd, buf, some * 4, (off_t)at);

		h->partial |= got < 0;
		if (got != (ssize_t)(some * 4))
			return;
		for (u64 k = 0; k < some; k++)
			mark(h, kind, buf[k]);
		at += some * 4;
		n -= some;
	}
}

static void mark_map(struct heap *h, int fd, const struct fhead *f)
{
	struct mhead m;

	memcpy(&m, f->more, sizeof(m));
	mark(h, SKEP_SYS_BTF, m.btf);
	mark(h, SKEP_SYS_MAP, m.inner);
	if ((m.type == BPF_MAP_TYPE_PROG_ARRAY || m.type == BPF_MAP_TYPE_ARRAY_OF_MAPS) && m.max_entries <= f->size / 8)
		mark_words(h, fd, 0, 2 * (u64)m.max_entries,
			   m.type == BPF_MAP_TYPE_PROG_ARRAY ? SKEP_SYS_PROG : SKEP_SYS_MAP);
	if (m.type == BPF_MAP_TYPE_STRUCT_OPS)
		mark_words(h, fd, 0, f->size / 4, SKEP_SYS_PROG);
	/* Any word may be a value: it keeps at worst too much alive. */
	if (m.type == BPF_MAP_TYPE_HASH_OF_MAPS)
		mark_words(h, fd, 0, f->size / 4, SKEP_SYS_MAP);
	if ((m.type == BPF_MAP_TYPE_DEVMAP || m.type == BPF_MAP_TYPE_DEVMAP_HASH || m.type == BPF_MAP_TYPE_CPUMAP) &&
	    m.value_size == 8)
		mark_words(h, fd, 0, f->size / 4, SKEP_SYS_PROG);
}

static void mark_from(struct heap *h, struct item *it)
{
	char path[PATH_LEN];
	struct fhead f;
	int fd;

	it->done = true;
	sys_store_path(path, it->kind, it->id);
	fd = open_object(path);
	h->partial |= fd == -2;
	if (fd < 0)
		return;
	if (sys_store_head(fd, &f) == 0) {
		if (f.kind == SKEP_SYS_MAP) {
			mark_map(h, fd, &f);
		} else if (f.kind == SKEP_SYS_PROG) {
			struct phead p;

			memcpy(&p, f.more, sizeof(p));
			mark(h, SKEP_SYS_BTF, p.btf);
			for (u32 k = 0; k < SKEP_ARRAY_SIZE(p.bound); k++)
				mark(h, SKEP_SYS_MAP, p.bound[k]);
			/* The ids of its maps come first in the payload. */
			if (p.nmap <= f.size / 4)
				mark_words(h, fd, 0, p.nmap, SKEP_SYS_MAP);
		} else if (f.kind == SKEP_SYS_LINK) {
			u32 prog, event, map;

			sys_link_refs(&f, &prog, &event, &map);
			mark(h, SKEP_SYS_MAP, map);
			mark(h, SKEP_SYS_PROG, prog);
			mark(h, SKEP_SYS_PERF, event);
		} else if (f.kind == SKEP_SYS_PERF) {
			u32 prog;

			sys_perf_refs(&f, &prog);
			mark(h, SKEP_SYS_PROG, prog);
		}
	}
	close(fd);
}

u32 sys_store_collect(void)
{
	struct heap h = {0};
	char path[PATH_LEN];
	bool more = true;
	u32 live = 0;
	int lock = sys_store_lock(true);

	if (lock < 0)
		return 0;
	for (u32 k = 1; k < NKIND; k++)
		list_kind(&h, k);
	if (h.n)
		qsort(h.v, h.n, sizeof(*h.v), by_id);
	while (more) {
		more = false;
		for (u32 k = 0; k < h.n; k++)
			if (h.v[k].live && !h.v[k].done) {
				mark_from(&h, &h.v[k]);
				more = true;
			}
	}
	for (u32 k = 0; k < h.n; k++)
		if (h.v[k].live || h.partial) {
			live++;
		} else {
			size_t n = (size_t)sys_store_path(path, h.v[k].kind, h.v[k].id);

			unlink(path);
			if (n + 6 < sizeof(path)) {
				memcpy(path + n, ".wake", 6);
				unlink(path);
			}
		}
	free(h.v);
	sys_store_unlock(lock);
	return live;
}

bool sys_store_alive(u32 kind, u32 id)
{
	char path[PATH_LEN];
	u32 links;
	bool used;
	int lock = sys_store_lock(true); /* nobody is just opening it */

	if (lock < 0)
		return true;
	sys_store_path(path, kind, id);
	used = in_use(path, &links);
	sys_store_unlock(lock);
	return used || links > 1;
}

static int next_there(u32 kind, u32 after, u32 *next)
{
	char path[PATH_LEN];
	struct dirent *e;
	u32 best = 0, id;
	DIR *d;

	sys_store_path(path, kind, 0);
	*strrchr(path, '/') = 0;
	d = opendir(path);
	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (is_id(e->d_name, &id) && id > after && (!best || id < best))
			best = id;
	closedir(d);
	if (!best)
		return -ENOENT;
	*next = best;
	return 0;
}

/* Programs refer to maps and the other way round: what nobody holds is not shown. */
int sys_store_next_id(u32 kind, u32 after, u32 *next)
{
	if (!sys_store_dir())
		return -errno;
	if (!after) /* a walk sees what lived when it began */
		sys_store_collect();
	return next_there(kind, after, next);
}

bool sys_store_has(u32 kind)
{
	u32 id;

	return sys_store_dir() && next_there(kind, 0, &id) == 0;
}
