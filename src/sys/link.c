/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links: a program at a place. RAW_TRACEPOINT_OPEN with a name makes one where an embedder raises
 * events; skep_sys_raise() runs the programs of a name. Places in user space are in uprobe.c.
 * Others are the kernel's, and attaching there is refused.
 */
#include "sys/follow.h"
#include "sys/links.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void free_link(struct sobj *o)
{
	struct slink *l = slink_of(o);

	munmap((void *)((uintptr_t)l->h & ~(uintptr_t)(PAGE - 1)), PAGE);
	free(l);
}

static const struct sobj_ops link_ops = {.free = free_link};

int sys_slink_open(int fd, const struct fhead *f, struct sobj **out)
{
	struct slink *l = calloc(1, sizeof(*l));
	void *page;
	int err;

	if (!l)
		return -ENOMEM;
	memcpy(&l->d, f->more, sizeof(l->d));
	l->d.name[LINK_NAME - 1] = 0;
	l->d.file.path[sizeof(l->d.file.path) - 1] = 0;
	err = sys_map_file(fd, f->size, PAGE, &page);
	if (err) {
		free(l);
		return err;
	}
	l->h = (struct lhead *)((struct fhead *)page)->more;
	l->o.ops = &link_ops;
	*out = &l->o;
	return 0;
}

void sys_link_refs(const struct fhead *f, u32 *prog, u32 *event, u32 *map)
{
	const struct lhead *d = (const struct lhead *)f->more;

	*prog = d->prog;
	*event = d->event;
	*map = d->map;
}

int sys_link_publish(const struct lhead *d, const void *payload, u64 size, u32 *id)
{
	struct fhead f = {0};
	int fd, got;

	memcpy(f.more, d, sizeof(*d));
	fd = sys_store_create(SKEP_SYS_LINK, size, &f, true);
	if (fd < 0)
		return fd;
	got = size && pwrite(fd, payload, size, 0) != (ssize_t)size ? -ENOMEM : sys_store_publish(fd, &f);
	if (got < 0) {
		sys_store_discard(fd);
		return got;
	}
	*id = (u32)got;
	return fd;
}

/* Of RAW_TRACEPOINT_OPEN, where linux/bpf.h has it since 6.10. */
enum { RAW_COOKIE = 16 };

int sys_raw_tracepoint_open(const union bpf_attr *attr, u32 size)
{
	struct lhead d = {.type = BPF_LINK_TYPE_RAW_TRACEPOINT};
	struct sobj *o;
	int err;
	u32 id;

	err = sys_sobj_get((int)attr->raw_tracepoint.prog_fd, SKEP_SYS_PROG, &o);
	if (err)
		return err;
	if (sprog_of(o)->d.type != BPF_PROG_TYPE_RAW_TRACEPOINT && sprog_of(o)->d.type != BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE)
		err = -EINVAL;
	if (!err)
		err = sys_user_string(d.name, attr->raw_tracepoint.name, LINK_NAME);
	if (err >= 0) {
		memset(d.name + err, 0, LINK_NAME - (size_t)err);
		d.prog = o->id;
		memcpy(&d.cookie, (const u8 *)attr + RAW_COOKIE, sizeof(d.cookie));
		err = sys_link_publish(&d, NULL, 0, &id);
		if (err >= 0)
			sys_table_changed();
	}
	sys_sobj_put(o);
	return err;
}

/* linux/bpf.h of before 6.6 does not have it. */
enum { TRACE_UPROBE_MULTI = 48, ATTACH_STRUCT_OPS = 44 };

int sys_link_create(const union bpf_attr *attr, u32 size)
{
	struct sobj *o;
	int err;

	if (attr->link_create.attach_type == ATTACH_STRUCT_OPS)
		return sys_link_create_ops(attr);
	err = sys_sobj_get((int)attr->link_create.prog_fd, SKEP_SYS_PROG, &o);
	if (err)
		return err;
	switch (attr->link_create.attach_type) {
	case BPF_PERF_EVENT: err = sys_link_create_perf(attr, sprog_of(o)); break;
	case TRACE_UPROBE_MULTI: err = sys_link_create_multi(attr, sprog_of(o)); break;
	default: err = sys_place_link(attr, sprog_of(o));
	}
	sys_sobj_put(o);
	return err;
}

int sys_link_detach(const union bpf_attr *attr, u32 size)
{
	struct sobj *o;
	int err = sys_sobj_get((int)attr->link_detach.link_fd, SKEP_SYS_LINK, &o);

	if (err)
		return err;
	__atomic_store_n(&slink_of(o)->h->detached, 1, __ATOMIC_RELEASE);
	if (slink_of(o)->d.type == BPF_LINK_TYPE_RAW_TRACEPOINT || slink_of(o)->d.type == BPF_LINK_TYPE_STRUCT_OPS)
		sys_table_changed();
	else
		sys_follow(0, 0, 0);
	sys_sobj_put(o);
	return 0;
}

/* --- raising ------------------------------------------------------------------------------------------ */

enum { LOOK_NS = 500000000 };
struct attached {
	struct slink *l;
	struct skep_sys_prog *p;
};
/* The links of a look of this process at the store; freed by the last who has it. */
struct view {
	u32 gen, n;
	u64 looked; /* when its links were all there */
	u32 users; /* under the lock; while it is the current one, one more */
	struct attached v[];
};
static struct view *current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static u32 list_links(u32 *id, u32 most)
{
	u32 n = 0, at = 0;

	while (n < most && sys_store_next_id(SKEP_SYS_LINK, at, &at) == 0)
		id[n++] = at;
	return n;
}

static struct view *look(u32 gen)
{
	u32 id[256], n = list_links(id, SKEP_ARRAY_SIZE(id));
	struct view *v = calloc(1, sizeof(*v) + n * sizeof(v->v[0]));

	if (!v)
		return NULL;
	v->gen = gen;
	v->looked = sys_store_now();
	for (u32 k = 0; k < n; k++) {
		struct sobj *o, *p;

		if (sys_sobj_get_id(id[k], SKEP_SYS_LINK, &o))
			continue;
		if (sys_sobj_get_id(slink_of(o)->d.prog, SKEP_SYS_PROG, &p) == 0) {
			/* The program's type is asked again: the file may have been changed. */
			if (sprog_of(p)->d.type == BPF_PROG_TYPE_RAW_TRACEPOINT && sys_prog_ready(sprog_of(p), NULL, 0, NULL) == 0) {
				v->v[v->n++] = (struct attached){slink_of(o), (struct skep_sys_prog *)sprog_of(p)};
				continue;
			}
			sys_sobj_put(p);
		}
		sys_sobj_put(o);
	}
	return v;
}

static void free_view(struct view *v)
{
	for (u32 k = 0; k < v->n; k++) {
		sys_sobj_put(&v->v[k].l->o);
		sys_sobj_put(&v->v[k].p->p.o);
	}
	free(v);
}

static void put_view(struct view *v)
{
	u32 left;

	sys_whole_begin();
	pthread_mutex_lock(&lock);
	left = --v->users;
	pthread_mutex_unlock(&lock);
	sys_whole_end();
	if (!left)
		free_view(v);
}

/* A link ends without a word when the last who has it is killed: that is looked for now and then. */
static bool stale(struct view *v, u32 gen)
{
	u64 now = sys_store_now();

	if (v->gen != gen)
		return true;
	if (now - v->looked < LOOK_NS)
		return false;
	v->looked = now;
	for (u32 k = 0; k < v->n; k++)
		if (!sys_store_alive(SKEP_SYS_LINK, v->v[k].l->o.id))
			return true;
	return false;
}

static struct view *get_view(void)
{
	struct view *v, *old = NULL;
	u32 gen = sys_table_generation();

	sys_sobj_tidy();
	sys_whole_begin();
	pthread_mutex_lock(&lock);
	if (!current || stale(current, gen)) {
		v = look(gen);
		if (v) {
			v->users = 1;
			old = current;
			current = v;
		}
	}
	v = current;
	if (v)
		v->users++;
	pthread_mutex_unlock(&lock);
	sys_whole_end();
	if (old)
		put_view(old);
	return v;
}

int skep_sys_raise(const char *name, const u64 *args, u32 n)
{
	u64 ctx[12] = {0};
	struct view *v = get_view();
	int ran = 0;

	if (!v)
		return -ENOMEM;
	if (n)
		memcpy(ctx, args, SKEP_MIN(n, (u32)SKEP_ARRAY_SIZE(ctx)) * sizeof(*ctx));
	for (u32 k = 0; k < v->n; k++)
		if (strcmp(v->v[k].l->d.name, name) == 0 && !__atomic_load_n(&v->v[k].l->h->detached, __ATOMIC_ACQUIRE)) {
			sys_prog_run_event(v->v[k].p, ctx, v->v[k].l->d.cookie);
			ran++;
		}
	put_view(v);
	return ran;
}
