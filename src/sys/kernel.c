/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of the running kernel, and behind them those of structs that embedders declared.
 * Loaders turn names of kernel functions and structs into ids of these types; here they become
 * names again, and the verifier learns what the functions take.
 *
 * Once something was declared, a file of the store has all of them, as they follow the kernel's
 * own; its name says of which boot it is, so that it never meets another kernel's. It only grows,
 * hence ids stay what they are; another declaration of a struct takes the name away from the first
 * one. What was read stays in memory, since programs refer to it.
 */
#include "sys/ops.h"

#include "isa/isa.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { BTF_MAX = 256 << 20, DECLARED_MAX = 64, DECL_NAME = 128 };
static const char kernels_own[] = "/sys/kernel/btf/vmlinux";

/* What was declared: behind the types in that file, where who reads them does not look. */
struct declared {
	char name[DECL_NAME];
	u8 sum[20];
	u32 first, end; /* its types */
};
struct declarations {
	u32 own, n; /* the first id that is not the kernel's */
	struct declared v[DECLARED_MAX];
};
struct view {
	struct view *next; /* an older one */
	struct skep_arena arena;
	struct skep_btf *btf;
	struct declarations declarations;
	const struct declarations *d; /* those, or NULL: none, it is the kernel's file */
	u64 ino, time;
};
static struct view *now;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool path_in_store(char *buf, size_t size, const char *what)
{
	const char *dir = sys_store_dir();

	return dir && (size_t)snprintf(buf, size, "%s/%s-%016llx", dir, what,
				       (unsigned long long)sys_store_boot()) < size;
}

bool skep_sys_types_path(const char *path, char *buf, size_t size)
{
	return strcmp(path, kernels_own) == 0 && path_in_store(buf, size, "types") &&
	       access(buf, R_OK) == 0;
}

/* --- reading ------------------------------------------------------------------------- */

static void *read_file(struct skep_arena *arena, const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), oom = 0;
	void *volatile data = NULL; /* kept when the arena gives up */
	size_t n = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, st) == 0 && st->st_size > 0 && st->st_size < BTF_MAX)
		SKEP_GUARD(arena, oom, { data = skep_arena_alloc(arena, (size_t)st->st_size); });
	while (data && !oom && n < (size_t)st->st_size) {
		ssize_t got = read(fd, (u8 *)data + n, (size_t)st->st_size - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	return oom || n < (size_t)st->st_size ? NULL : data;
}

static u64 time_of(const struct stat *st)
{
	return (u64)st->st_mtim.tv_sec * 1000000000u + (u64)st->st_mtim.tv_nsec;
}

/* What lies behind the types, wherever those end, as far as it agrees with them. */
static bool read_declarations(struct view *v, const void *data, size_t *len)
{
	struct declarations *d = &v->declarations;

	if (*len < sizeof(*d))
		return false;
	*len -= sizeof(*d);
	memcpy(d, (const u8 *)data + *len, sizeof(*d));
	v->d = d;
	return d->n <= DECLARED_MAX;
}

static bool parse_view(struct view *v, const void *data, size_t len, bool declared)
{
	struct skep_diags ds;
	int oom = 0;
	bool ok;

	if (declared && !read_declarations(v, data, &len))
		return false;
	skep_diags_init(&ds);
	ok = skep_btf_read(data, len, false, &v->arena, &ds, &v->btf) == 0;
	skep_diags_fini(&ds);
	if (ok) /* each call of a function asks for its name */
		SKEP_GUARD(&v->arena, oom, { skep_btf_index(v->btf, &v->arena); });
	return ok && !oom;
}

static struct view *read_view(const char *path, bool declared)
{
	struct view *v = calloc(1, sizeof(*v));
	struct stat st = {0};
	void *data;

	if (!v)
		return NULL;
	skep_arena_init(&v->arena);
	data = read_file(&v->arena, path, &st);
	v->ino = st.st_ino;
	v->time = time_of(&st);
	if (!data || !parse_view(v, data, (size_t)st.st_size, declared)) {
		skep_arena_fini(&v->arena);
		free(v);
		return NULL;
	}
	return v;
}

/*
 * With the lock. A kernel that tells nothing is not asked again; who lacked memory or a descriptor
 * did not ask.
 */
static struct view *renew_view(void)
{
	static bool silent;
	char path[PATH_LEN];
	bool declared = path_in_store(path, sizeof(path), "types");
	struct stat st;
	struct view *v;

	declared = declared && stat(path, &st) == 0;
	if (now && (now->d != NULL) == declared &&
	    (!declared || (now->ino == st.st_ino && now->time == time_of(&st))))
		return now;
	if (!declared && silent)
		return now;
	errno = 0;
	v = read_view(declared ? path : kernels_own, declared);
	silent = !declared && !v && !sys_err_passes(-errno);
	if (v) {
		v->next = now;
		now = v;
	}
	return now;
}

/* To read them takes long enough for another thread to fork meanwhile. */
static struct view *get_view(void)
{
	struct view *v;

	sys_whole_begin();
	pthread_mutex_lock(&lock);
	v = renew_view();
	pthread_mutex_unlock(&lock);
	sys_whole_end();
	return v;
}

const struct skep_btf *sys_kernel_types(void)
{
	struct view *v = get_view();

	return v ? v->btf : NULL;
}

const char *sys_kernel_function(const struct skep_btf *btf, u32 id)
{
	struct skep_btf_type t;

	return btf && skep_btf_get(btf, id, &t) && t.kind == SKEP_BTF_FUNC ? t.name : NULL;
}

/* --- declaring ----------------------------------------------------------------------- */

u32 sys_own_types(void)
{
	struct view *v = get_view();

	return v && v->d ? v->d->own : 0;
}

static bool put(int fd, const void *data, size_t len)
{
	for (size_t n = 0; n < len;) {
		ssize_t got = write(fd, (const u8 *)data + n, len - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	return true;
}

/* Files of earlier boots. */
static void remove_old(const char *ours)
{
	const char *name = strrchr(ours, '/') + 1;
	DIR *d = opendir(sys_store_dir());
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strncmp(e->d_name, "types-", 6) == 0 && strcmp(e->d_name, name) != 0)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

/* Whole or not at all. */
static int write_types(const struct skep_btf *b, const struct declarations *d)
{
	char path[PATH_LEN], made[PATH_LEN + 8];
	int fd;
	bool ok;

	if (!path_in_store(path, sizeof(path), "types"))
		return -ENAMETOOLONG;
	snprintf(made, sizeof(made), "%s.new", path);
	fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	ok = put(fd, b->data, b->len) && put(fd, d, sizeof(*d));
	close(fd);
	if (!ok || rename(made, path)) {
		unlink(made);
		return -ENOMEM;
	}
	remove_old(path);
	return 0;
}

/* Types of an earlier declaration lose their names, so that nobody finds two of a name. */
static void take_names(const struct skep_btf *b, const struct declared *d)
{
	struct skep_btf_type t;

	for (u32 id = d->first; id < d->end && skep_btf_get(b, id, &t); id++)
		if (t.kind == SKEP_BTF_STRUCT || t.kind == SKEP_BTF_UNION ||
		    t.kind == SKEP_BTF_ENUM)
			skep_put32((u8 *)b->data + b->off[id], 0, b->big);
}

struct declaring {
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_buf types, str;
	struct declarations d;
	const struct skep_btf *from;
	u32 id;
	const char *name;
};

/* The same declaration has the same sum, wherever its types lie. */
static int sum_of(struct declaring *c, u8 sum[20])
{
	static const struct skep_btf nothing = {.ntypes = 1, .str_len = 1, .str = ""};
	struct skep_buf types = {0}, str = {0};
	int err = skep_btf_ops_take(&nothing, c->from, c->id, &c->arena, &types, &str);

	if (!err) {
		skep_buf_add(&types, str.p, str.n);
		err = types.failed ? SKEP_ENOMEM : 0;
	}
	if (!err)
		sys_sha1(types.p, types.n, sum);
	skep_buf_fini(&types);
	skep_buf_fini(&str);
	return err;
}

/* All types so far, or none. */
static const struct skep_btf *all_types(struct declaring *c)
{
	static const u8 empty[] = {0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0,
				   0,	 0,    0, 0, 0,	 0, 0, 1, 0, 0, 0, 0};
	struct skep_btf *none = NULL;
	struct view *v = get_view();

	if (v && v->d)
		c->d = *v->d;
	if (!v && skep_btf_read(empty, sizeof(empty), false, &c->arena, &c->ds, &none))
		return NULL;
	return v ? v->btf : none;
}

static int append(struct declaring *c, const struct skep_btf *all, const u8 sum[20])
{
	struct declared *d = NULL;
	struct skep_btf *out;

	for (u32 k = 0; k < c->d.n; k++)
		if (strcmp(c->d.v[k].name, c->name) == 0)
			d = &c->d.v[k];
	if (d && memcmp(d->sum, sum, sizeof(d->sum)) == 0)
		return 0;
	if (!d && skep_btf_find(all, SKEP_BTF_STRUCT, c->name))
		return -EEXIST;
	if (!d && c->d.n == DECLARED_MAX)
		return -ENOSPC;
	if (skep_btf_ops_take(all, c->from, c->id, &c->arena, &c->types, &c->str) ||
	    skep_btf_append(all, &c->types, &c->str, &c->arena, &c->ds, &out))
		return -EINVAL;
	if (d)
		take_names(out, d);
	else
		d = &c->d.v[c->d.n++];
	snprintf(d->name, sizeof(d->name), "%s", c->name);
	memcpy(d->sum, sum, sizeof(d->sum));
	d->first = all->ntypes;
	d->end = out->ntypes;
	if (!c->d.own)
		c->d.own = all->ntypes;
	return write_types(out, &c->d);
}

/* Is it a struct of functions? */
static bool has_functions(const struct skep_btf *b, u32 id)
{
	struct skep_btf_member m;
	struct skep_btf_type t;

	if (!skep_btf_get(b, id, &t))
		return false;
	for (u32 k = 0; k < t.vlen && skep_btf_member(b, &t, k, &m); k++)
		if (sys_ops_is_function(b, m.type))
			return true;
	return false;
}

static int declare(struct declaring *c, const void *btf, size_t size)
{
	const struct skep_btf *all;
	struct skep_btf *from;
	u8 sum[20];

	if (skep_btf_read(btf, size, false, &c->arena, &c->ds, &from))
		return -EINVAL;
	c->from = from;
	c->id = skep_btf_find(from, SKEP_BTF_STRUCT, c->name);
	if (!c->id)
		return -ENOENT;
	if (strlen(c->name) >= DECL_NAME || !has_functions(from, c->id) || sum_of(c, sum))
		return -EINVAL;
	all = all_types(c);
	return all ? append(c, all, sum) : -EINVAL;
}

int skep_sys_ops_declare(const void *btf, size_t size, const char *type)
{
	struct declaring *c = calloc(1, sizeof(*c));
	int held = sys_store_lock_ops(), err = 0, oom = 0;

	if (!c || held < 0) {
		if (held >= 0)
			sys_store_unlock(held);
		err = c ? held : -ENOMEM;
		free(c);
		return err;
	}
	skep_arena_init(&c->arena);
	skep_diags_init(&c->ds);
	c->name = type;
	c->arena.limit = (size_t)1 << 30;
	SKEP_GUARD(&c->arena, oom, { err = declare(c, btf, size); });
	skep_buf_fini(&c->types);
	skep_buf_fini(&c->str);
	skep_diags_fini(&c->ds);
	skep_arena_fini(&c->arena);
	sys_store_unlock(held);
	free(c);
	return oom ? -ENOMEM : err;
}
