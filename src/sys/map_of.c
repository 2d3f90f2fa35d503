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

	/* The first one decides; `inner` has no other use here. */
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

/* The id behind a descriptor, and both kept alive until it is in the map. */
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

/* --- programs ---------------------------------------------------------------------------------------- */

static void fini_progs(struct smap *m)
{
	for (u32 k = 0; m->prog && k < m->d.max_entries; k++)
		if (m->prog[k])
			sys_sobj_put(&m->prog[k]->o);
	free(m->eng.progs);
}

static void renew(struct smap *m, u32 k)
{
	u32 id = __atomic_load_n(&((struct elem *)m->mem)[k].id, __ATOMIC_ACQUIRE);
	struct sprog *p = NULL;
	struct sobj *o;

	if ((m->prog[k] ? m->prog[k]->o.id : 0) == id)
		return;
	if (id && sys_sobj_get_id(id, SKEP_SYS_PROG, &o) == 0) {
		p = sprog_of(o);
		if (p->d.type != atomic_load(&m->prog_type) || sys_prog_ready(p, NULL, 0, NULL)) {
			sys_sobj_put(o);
			p = NULL;
		}
	}
	__atomic_store_n(&m->eng.progs[k], p ? p->eng : NULL, __ATOMIC_RELEASE);
	/* The old one may still run: it stays until the map goes. */
	if (p)
		m->prog[k] = p;
}

int sys_prog_array_refresh(struct smap *m)
{
	u32 gen = __atomic_load_n(&m->h->gen, __ATOMIC_ACQUIRE);

	if (m->d.type != BPF_MAP_TYPE_PROG_ARRAY || gen == __atomic_load_n(&m->gen, __ATOMIC_ACQUIRE))
		return 0;
	if (pthread_mutex_trylock(&m->mine))
		return 0; /* someone is at it, perhaps we */
	__atomic_store_n(&m->gen, gen, __ATOMIC_RELEASE);
	for (u32 k = 0; k < m->d.max_entries; k++)
		renew(m, k);
	pthread_mutex_unlock(&m->mine);
	return 0;
}

const struct map_ops sys_prog_array_ops = {
    .check = check, .size = size, .next = next, .read = read_id, .write = write_fd, .remove = remove_fd, .fini = fini_progs};

/* --- maps --------------------------------------------------------------------------------------------- */

/* The map with that id, remembered under the place that holds it. */
struct smap *sys_map_inner(struct smap *m, u32 index, u32 id)
{
	struct smap *in, **cache;
	struct sobj *o;

	if (!id)
		return NULL;
	cache = __atomic_load_n(&m->inner, __ATOMIC_ACQUIRE);
	in = cache ? __atomic_load_n(&cache[index], __ATOMIC_ACQUIRE) : NULL;
	if (in && in->o.id == id)
		return in;
	pthread_mutex_lock(&m->mine);
	if (!m->inner)
		__atomic_store_n(&m->inner, calloc(m->d.nslot ? m->d.nslot : m->d.max_entries, sizeof(*m->inner)), __ATOMIC_RELEASE);
	in = NULL;
	if (m->inner && sys_sobj_get_id(id, SKEP_SYS_MAP, &o) == 0) {
		struct sobj *like;

		in = smap_of(o);
		/* What programs were verified with. */
		if (sys_sobj_get_id(m->d.inner, SKEP_SYS_MAP, &like) == 0) {
			if (!alike(smap_of(like), in))
				in = NULL;
			sys_sobj_put(like);
		} else {
			in = NULL;
		}
		if (in)
			__atomic_store_n(&m->inner[index], in, __ATOMIC_RELEASE);
		else
			sys_sobj_put(o);
	}
	pthread_mutex_unlock(&m->mine);
	return in;
}

static void *lookup_map(struct smap *m, const void *key)
{
	struct elem *e = at(m, key);

	return e ? sys_map_inner(m, (u32)(e - (struct elem *)m->mem), __atomic_load_n(&e->id, __ATOMIC_ACQUIRE)) : NULL;
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
	return sys_map_inner(m, (u32)((u64)(v - m->mem) / m->d.slot_size) % m->d.nslot, id);
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
