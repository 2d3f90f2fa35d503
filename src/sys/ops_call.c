/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structs of operations from the side of who calls them, an embedder in place of the kernel.
 *
 * A handle has a look at what is registered, which is made anew when something was registered or
 * taken back anywhere, or when the link that registered it went with its process. A look is freed
 * when no call is in it any more, so a program that is called stays until it returns.
 */
#include "sys/follow.h"
#include "sys/ops.h"

#include <stdlib.h>
#include <time.h>

enum { ARGS_MAX = 12, LOOK_NS = 500 * 1000000 };

/* What was registered last: its programs by member, with the error of those that cannot run. */
struct member_prog {
	struct sobj *o;
	int err;
};
struct look {
	u32 gen, users, link;
	u64 time;
	struct smap *m; /* NULL: nothing is */
	u32 n;
	struct member_prog v[];
};
struct skep_sys_ops {
	struct ops_type t;
	pthread_mutex_t lock;
	struct look *now;
};

static u64 coarse(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

/* --- looking ------------------------------------------------------------------------- */

static void free_look(struct look *l)
{
	for (u32 k = 0; k < l->n; k++)
		if (l->v[k].o)
			sys_sobj_put(l->v[k].o);
	if (l->m)
		sys_sobj_put(&l->m->o);
	free(l);
}

struct choice {
	struct smap *m;
	struct ops_entry e;
};

static int choose(void *arg, struct smap *m, const struct ops_entry *e)
{
	struct choice *c = arg;

	if (c->m && (s32)(e->turn - c->e.turn) < 0)
		return 0;
	sys_sobj_hold(&m->o);
	if (c->m)
		sys_sobj_put(&c->m->o);
	*c = (struct choice){m, *e};
	return 0;
}

/* The file may have been changed: whose program it is is asked again. */
static void open_member(const struct ops_type *t, u32 k, u64 id, struct member_prog *out)
{
	struct sprog *p;

	out->err = id ? sys_sobj_get_id((u32)id, SKEP_SYS_PROG, &out->o) : -EOPNOTSUPP;
	if (out->err)
		return;
	p = sprog_of(out->o);
	out->err = p->d.type == BPF_PROG_TYPE_STRUCT_OPS && p->d.attach_btf == t->t.id &&
				   p->d.attach_type == k
			   ? sys_prog_ready(p, NULL, 0, NULL)
			   : -EINVAL;
}

static struct look *make_look(const struct ops_type *t, u32 gen)
{
	struct look *l = calloc(1, sizeof(*l) + t->t.vlen * sizeof(l->v[0]));
	struct skep_btf_member mb;
	struct choice c = {0};

	if (!l)
		return NULL;
	sys_ops_each(t->value.id, choose, &c);
	l->gen = gen;
	l->time = coarse();
	l->m = c.m;
	l->link = c.e.link;
	l->n = c.m ? t->t.vlen : 0;
	for (u32 k = 0; k < l->n; k++) {
		u64 id;

		l->v[k].err = -EINVAL;
		if (!skep_btf_member(t->types, &t->t, k, &mb) ||
		    !sys_ops_is_function(t->types, mb.type))
			continue;
		memcpy(&id, l->m->mem + t->data + mb.off / 8, 8);
		open_member(t, k, id, &l->v[k]);
	}
	return l;
}

/* A link's end by its process is told to nobody. */
static bool fresh(struct look *l, u32 gen)
{
	if (l->gen != gen)
		return false;
	if (!l->link || coarse() - l->time < LOOK_NS)
		return true;
	l->time = coarse();
	return sys_store_alive(SKEP_SYS_LINK, l->link);
}

/* Whoever forks waits: a child may call, too. */
static void lock_handle(struct skep_sys_ops *o)
{
	sys_whole_begin();
	pthread_mutex_lock(&o->lock);
}

static void unlock_handle(struct skep_sys_ops *o)
{
	pthread_mutex_unlock(&o->lock);
	sys_whole_end();
}

/* What happens meanwhile is no event for probes. */
static struct look *enter(struct skep_sys_ops *o)
{
	u32 gen = sys_table_generation();
	struct look *l;

	skep_probe_blocked++;
	lock_handle(o);
	l = o->now;
	if (!l || !fresh(l, gen)) {
		struct look *made = make_look(&o->t, gen);

		if (made && l && l->users == 0) /* else who leaves it last frees it */
			free_look(l);
		l = o->now = made ? made : l;
	}
	if (l)
		l->users++;
	unlock_handle(o);
	skep_probe_blocked--;
	return l;
}

static void leave(struct skep_sys_ops *o, struct look *l)
{
	lock_handle(o);
	if (--l->users == 0 && l != o->now)
		free_look(l);
	unlock_handle(o);
}

/* --- for embedders ------------------------------------------------------------------- */

int skep_sys_ops_get(const char *type, struct skep_sys_ops **out)
{
	const struct skep_btf *types = sys_kernel_types();
	struct skep_sys_ops *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	if (!types || !sys_ops_by_type(types, skep_btf_find(types, SKEP_BTF_STRUCT, type), &o->t)) {
		free(o);
		return -ENOENT;
	}
	pthread_mutex_init(&o->lock, NULL);
	*out = o;
	return 0;
}

void skep_sys_ops_put(struct skep_sys_ops *o)
{
	if (o->now)
		free_look(o->now);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static s64 find_member(const struct ops_type *t, const char *name, struct skep_btf_member *m)
{
	for (u32 k = 0; k < t->t.vlen && skep_btf_member(t->types, &t->t, k, m); k++)
		if (strcmp(m->name, name) == 0)
			return k;
	return -1;
}

int skep_sys_ops_call(struct skep_sys_ops *o, const char *member, const u64 *args, u32 n,
		      u64 *result)
{
	struct skep_btf_type proto;
	struct skep_btf_member m;
	s64 k = find_member(&o->t, member, &m);
	u64 ctx[ARGS_MAX] = {0}, r;
	struct look *l;
	int err;

	/* A pointer that was left out would be one that the program takes for granted. */
	if (k < 0 || n > ARGS_MAX || !sys_ops_function(o->t.types, m.type, &proto) ||
	    n != proto.vlen)
		return -EINVAL;
	l = enter(o);
	if (!l)
		return -ENOMEM;
	err = l->m ? l->v[k].err : -ENOENT;
	if (!err) {
		memcpy(ctx, args, n * sizeof(*ctx));
		err = sys_prog_run_once(sprog_of(l->v[k].o), ctx, 0, result ? result : &r);
	}
	leave(o, l);
	return err;
}

int skep_sys_ops_read(struct skep_sys_ops *o, const char *member, void *buf, size_t size)
{
	struct skep_btf_member m;
	s64 n, k = find_member(&o->t, member, &m);
	struct look *l;

	if (k < 0 || m.size || m.off % 8 || sys_ops_is_function(o->t.types, m.type))
		return -EINVAL;
	n = skep_btf_size(o->t.types, m.type);
	l = n < 0 ? NULL : enter(o);
	if (!l)
		return n < 0 ? -EINVAL : -ENOMEM;
	if (l->m)
		memcpy(buf, l->m->mem + o->t.data + m.off / 8, SKEP_MIN((size_t)n, size));
	else
		n = -ENOENT;
	leave(o, l);
	return (int)n;
}
