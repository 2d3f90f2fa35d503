/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps whose values are programs, maps or perf buffers. In the file is an id; what it
 * stands for in this process is opened when a program needs it. An array's element is two
 * words, the id and, for a perf buffer, what the kernel ties to its file: unused.
 */
#include "sys/hash.h"

#include <stdlib.h>
#include <unistd.h>

struct elem {
	u32 id, pad;
};

static int check(struct mhead *h)
{
	u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY |
		    (h->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ? BPF_F_PRESERVE_ELEMS : 0);

	if (h->key_size != 4 || h->value_size != 4 || !h->max_entries || (h->flags & ~flags))
		return -EINVAL;
	return h->max_entries > 1u << 26 ? -E2BIG : 0;
}

static u64 size(const struct mhead *h)
{
	return (u64)h->max_entries * sizeof(struct elem);
}

static struct elem *at(const struct smap *m, const void *key)
{
	u32 k;

	memcpy(&k, key, 4);
	return k < m->d.max_entries ? (struct elem *)m->mem + k : NULL;
}

static int next(struct smap *m, const void *key, void *out)
{
	return sys_array_ops.next(m, key, out);
}

static u32 kind_of(const struct smap *m)
{
	return m->d.type == BPF_MAP_TYPE_PROG_ARRAY ? SKEP_SYS_PROG
	       : m->d.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ? SKEP_SYS_PERF : SKEP_SYS_MAP;
}

static void put_id(struct smap *m, struct elem *e, u32 id)
{
	__atomic_store_n(&e->id, id, __ATOMIC_RELEASE);
	__atomic_add_fetch(&m->h->gen, 1, __ATOMIC_RELEASE);
}

/* What makes two programs fit into one array. */
static int fits(struct smap *m, struct sprog *p)
{
	u32 want = p->d.type, seen = 0;

	/* The first one decides; `hand` has no other use here. */
	if (!__atomic_compare_exchange_n(&m->h->hand, &seen, want, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) && seen != want)
		return -EINVAL;
	return 0;
}

static bool alike(const struct smap *a, const struct smap *b)
{
	return a->d.type == b->d.type && a->d.key_size == b->d.key_size && a->d.value_size == b->d.value_size &&
	       a->d.flags == b->d.flags &&
	       (a->d.type != BPF_MAP_TYPE_ARRAY || (a->d.flags & BPF_F_INNER_MAP) || a->d.max_entries == b->d.max_entries);
}

static int may_hold(struct smap *m, struct sobj *o)
{
	struct sobj *like;
	int err;

	if (m->d.type == BPF_MAP_TYPE_PROG_ARRAY)
		return fits(m, sprog_of(o));
	if (m->d.type != BPF_MAP_TYPE_ARRAY_OF_MAPS && m->d.type != BPF_MAP_TYPE_HASH_OF_MAPS)
		return 0;
	err = sys_sobj_get_id(m->d.inner, SKEP_SYS_MAP, &like);
	if (err)
		return err;
	err = alike(smap_of(like), smap_of(o)) ? 0 : -EINVAL;
	sys_sobj_put(like);
	return err;
}

/* The id behind a descriptor. As long as that is open its object is there, then the map keeps it. */
static int id_of_fd(struct smap *m, const void *value, u32 *id)
{
	struct sobj *o;
	u32 fd;
	int err;

	memcpy(&fd, value, 4);
	err = sys_sobj_get((int)fd, kind_of(m), &o);
	if (err)
		return err;
	err = may_hold(m, o);
	*id = o->id;
	sys_sobj_put(o);
	return err;
}

static int write_fd(struct smap *m, const void *key, const void *value, u64 flags)
{
	struct elem *e = at(m, key);
	u32 id;
	int err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (!e)
		return -E2BIG;
	err = id_of_fd(m, value, &id);
	if (!err)
		put_id(m, e, id);
	return err;
}

static int remove_fd(struct smap *m, const void *key)
{
	struct elem *e = at(m, key);

	if (!e)
		return -E2BIG;
	if (!e->id)
		return -ENOENT;
	put_id(m, e, 0);
	return 0;
}

static int read_id(struct smap *m, const void *key, void *value, u64 flags)
{
	struct elem *e = at(m, key);
	u32 id = e ? __atomic_load_n(&e->id, __ATOMIC_ACQUIRE) : 0;

	if (!id)
		return -ENOENT;
	memcpy(value, &id, 4);
	return 0;
}

/* --- what is held ------------------------------------------------------------------------------------ */

static struct sobj *held_now(struct smap *m, u32 index, u32 id)
{
	struct sobj **held = __atomic_load_n(&m->held, __ATOMIC_ACQUIRE);
	struct sobj *o = held ? __atomic_load_n(&held[index], __ATOMIC_ACQUIRE) : NULL;

	return o && o->id == id ? o : NULL;
}

/* Is it what programs were verified with? The file says what is in the map, and may have been changed. */
static bool still_fits(struct smap *m, struct sobj *o)
{
	struct sobj *like;
	bool fits;

	if (m->d.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return true;
	if (m->d.type == BPF_MAP_TYPE_PROG_ARRAY)
		return sprog_of(o)->d.type == atomic_load(&m->prog_type) && sys_prog_ready(sprog_of(o), NULL, 0, NULL) == 0;
	if (sys_sobj_get_id(m->d.inner, SKEP_SYS_MAP, &like))
		return false;
	fits = alike(smap_of(like), smap_of(o));
	sys_sobj_put(like);
	return fits;
}

static bool have_places(struct smap *m)
{
	if (!m->held)
		__atomic_store_n(&m->held, calloc(held_places(m), sizeof(*m->held)), __ATOMIC_RELEASE);
	return m->held != NULL;
}

/* The old one may be in use by a run that found it before. */
static void hold(struct smap *m, u32 index, struct sobj *o)
{
	struct sobj *old = m->held[index];

	__atomic_store_n(&m->held[index], o, __ATOMIC_RELEASE);
	if (old)
		sys_sobj_retire(old);
}

static struct sobj *open_held(struct smap *m, u32 id)
{
	struct sobj *o;

	if (sys_sobj_get_id(id, kind_of(m), &o))
		return NULL;
	if (still_fits(m, o))
		return o;
	sys_sobj_put(o);
	return NULL;
}

struct sobj *sys_map_held(struct smap *m, u32 index, u32 id)
{
	struct sobj *o = id ? held_now(m, index, id) : NULL;

	if (o || !id)
		return o;
	sys_map_mine(m);
	o = held_now(m, index, id);
	if (!o && have_places(m)) {
		o = open_held(m, id);
		if (o)
			hold(m, index, o);
	}
	sys_map_mine_done(m);
	return o;
}

void sys_map_put_held(struct smap *m)
{
	for (u32 k = 0; m->held && k < held_places(m); k++)
		if (m->held[k])
			sys_sobj_put(m->held[k]);
	free(m->held);
	m->held = NULL;
}

/* --- programs ---------------------------------------------------------------------------------------- */

static void renew(struct smap *m, u32 k)
{
	u32 id = __atomic_load_n(&((struct elem *)m->mem)[k].id, __ATOMIC_ACQUIRE);
	struct sobj *o;

	if ((m->held[k] ? m->held[k]->id : 0) == id)
		return;
	o = id ? open_held(m, id) : NULL;
	__atomic_store_n(&m->eng.progs[k], o ? sprog_of(o)->eng : NULL, __ATOMIC_RELEASE);
	hold(m, k, o);
}

int sys_prog_array_refresh(struct smap *m)
{
	u32 gen = __atomic_load_n(&m->h->gen, __ATOMIC_ACQUIRE);

	if (m->d.type != BPF_MAP_TYPE_PROG_ARRAY || gen == __atomic_load_n(&m->gen, __ATOMIC_ACQUIRE))
		return 0;
	sys_whole_begin();
	/* Otherwise someone is at it, perhaps we. */
	if (pthread_mutex_trylock(&m->mine) == 0) {
		__atomic_store_n(&m->gen, gen, __ATOMIC_RELEASE);
		for (u32 k = 0; have_places(m) && k < m->d.max_entries; k++)
			renew(m, k);
		pthread_mutex_unlock(&m->mine);
	}
	sys_whole_end();
	return 0;
}

const struct map_ops sys_prog_array_ops = {
    .check = check, .size = size, .next = next, .read = read_id, .write = write_fd, .remove = remove_fd};

/* --- maps --------------------------------------------------------------------------------------------- */

static struct smap *inner(struct smap *m, u32 index, u32 id)
{
	struct sobj *o = sys_map_held(m, index, id);

	return o ? smap_of(o) : NULL;
}

static void *lookup_map(struct smap *m, const void *key)
{
	struct elem *e = at(m, key);

	return e ? inner(m, (u32)(e - (struct elem *)m->mem), __atomic_load_n(&e->id, __ATOMIC_ACQUIRE)) : NULL;
}

const struct map_ops sys_array_of_maps_ops = {
    .check = check, .size = size, .lookup = lookup_map, .next = next, .read = read_id, .write = write_fd, .remove = remove_fd};

static int hash_check(struct mhead *h)
{
	if (h->value_size != 4)
		return -EINVAL;
	return sys_hash_ops.check(h);
}

static void *hash_lookup(struct smap *m, const void *key)
{
	u8 *v = sys_hash_find(m, key);
	u32 id;

	if (!v)
		return NULL;
	id = __atomic_load_n((u32 *)v, __ATOMIC_ACQUIRE);
	return inner(m, (u32)((u64)(v - m->mem) / m->d.slot_size) % m->d.nslot, id);
}

static int hash_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	u32 id;
	int err = id_of_fd(m, value, &id);

	return err ? err : sys_hash_update(m, key, &id, flags);
}

static int hash_read(struct smap *m, const void *key, void *value, u64 flags)
{
	return sys_hash_ops.read(m, key, value, flags);
}

const struct map_ops sys_hash_of_maps_ops = {
    .check = hash_check, .size = sys_hash_size, .init = sys_hash_init, .recover = sys_hash_recover,
    .restart = sys_hash_restart, .lookup = hash_lookup,
    .remove = sys_hash_remove, .next = sys_hash_next, .read = hash_read, .write = hash_write};
