/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: creating and opening their files. The layout follows from the attributes alone
 * (map_ops.check), so a file whose size or attributes do not agree is refused; afterwards only
 * the checked copy of the attributes is used.
 */
#include "sys/sys_impl.h"

#include "sys/arena.h"
#include "sys/ops.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(sizeof(struct mhead) < sizeof(((struct fhead *)0)->more) - 8, "a map's head fits");
_Static_assert(sizeof(struct fhead) <= PAGE, "a head is a page");

const struct map_ops *sys_map_ops_of(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_ARRAY: return &sys_array_ops;
	case BPF_MAP_TYPE_PERCPU_ARRAY: return &sys_percpu_array_ops;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH: return &sys_hash_ops;
	case BPF_MAP_TYPE_LPM_TRIE: return &sys_lpm_ops;
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK: return &sys_queue_ops;
	case BPF_MAP_TYPE_BLOOM_FILTER: return &sys_bloom_ops;
	case BPF_MAP_TYPE_RINGBUF: return &sys_ring_ops;
	case BPF_MAP_TYPE_USER_RINGBUF: return &sys_user_ring_ops;
	case BPF_MAP_TYPE_TASK_STORAGE: return &sys_task_storage_ops;
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case SKEP_MAP_CGRP_STORAGE: return &sys_fd_storage_ops;
	case BPF_MAP_TYPE_CGROUP_ARRAY: return &sys_cgroup_array_ops;
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE: return &sys_cgroup_storage_ops;
	case BPF_MAP_TYPE_STACK_TRACE: return &sys_stack_ops;
	case BPF_MAP_TYPE_PROG_ARRAY: return &sys_prog_array_ops;
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY: return &sys_perf_array_ops;
	case BPF_MAP_TYPE_ARRAY_OF_MAPS: return &sys_array_of_maps_ops;
	case BPF_MAP_TYPE_HASH_OF_MAPS: return &sys_hash_of_maps_ops;
	case BPF_MAP_TYPE_DEVMAP: return &sys_dev_ops;
	case BPF_MAP_TYPE_DEVMAP_HASH: return &sys_dev_hash_ops;
	case BPF_MAP_TYPE_CPUMAP: return &sys_cpu_ops;
	case BPF_MAP_TYPE_XSKMAP: return &sys_xsk_ops;
	case BPF_MAP_TYPE_SOCKMAP: return &sys_sock_map_ops;
	case BPF_MAP_TYPE_SOCKHASH: return &sys_sock_hash_ops;
	case SKEP_MAP_ARENA: return &sys_arena_ops;
	case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: return &sys_sock_array_ops;
	case BPF_MAP_TYPE_STRUCT_OPS: return &sys_ops_ops;
	default: return NULL;
	}
}

bool sys_map_percpu(u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

u32 sys_map_value_size(const struct smap *m)
{
	if (sys_map_percpu(m->d.type))
		return m->d.ncpu * m->vstride;
	return m->d.value_size;
}

/* As many as there are of such words, where they may be read and written at once. */
#define COPY_AS(type)                                                                              \
	for (; n >= sizeof(type) && ((uintptr_t)t & (sizeof(type) - 1)) == 0;                      \
	     n -= sizeof(type), t += sizeof(type), f += sizeof(type)) {                            \
		type w;                                                                            \
                                                                                                   \
		if ((uintptr_t)f & (sizeof(type) - 1))                                             \
			memcpy(&w, f, sizeof(w));                                                  \
		else                                                                               \
			w = __atomic_load_n((const type *)f, __ATOMIC_RELAXED);                    \
		__atomic_store_n((type *)t, w, __ATOMIC_RELAXED);                                  \
	}

void sys_copy_value(void *to, const void *from, u32 n)
{
	const u8 *f = from;
	u8 *t = to;

	COPY_AS(u64)
	COPY_AS(u32)
	COPY_AS(u16)
	memcpy(t, f, n);
}

int sys_map_lock(struct smap *m)
{
	int got = sys_shlock_take(&m->h->lock);

	if (got == 1 && m->ops->recover)
		m->ops->recover(m);
	return got < 0 ? got : 0;
}

void sys_map_unlock(struct smap *m)
{
	sys_shlock_drop(&m->h->lock);
}

/* --- creating ------------------------------------------------------------------------------------- */

static bool good_name(const char *s)
{
	u32 k = 0;

	for (; k < BPF_OBJ_NAME_LEN && s[k]; k++)
		if (!((s[k] >= 'a' && s[k] <= 'z') || (s[k] >= 'A' && s[k] <= 'Z') || (s[k] >= '0' && s[k] <= '9') ||
		      s[k] == '_' || s[k] == '.'))
			return false;
	return k < BPF_OBJ_NAME_LEN;
}

static int types_of(const union bpf_attr *attr, struct mhead *h)
{
	struct sobj *o;
	int err;

	if (attr->btf_vmlinux_value_type_id) {
		if (attr->map_type != BPF_MAP_TYPE_STRUCT_OPS || attr->btf_key_type_id || attr->btf_value_type_id)
			return -EINVAL;
	} else if (!attr->btf_key_type_id && !attr->btf_value_type_id) {
		return 0;
	} else if (!attr->btf_value_type_id) {
		return -EINVAL;
	}
	err = sys_sobj_get((int)attr->btf_fd, SKEP_SYS_BTF, &o);
	if (err)
		return err;
	h->btf = o->id;
	h->key_type = attr->btf_key_type_id;
	h->value_type = attr->btf_value_type_id;
	sys_sobj_put(o);
	return 0;
}

static int inner_of(const union bpf_attr *attr, struct mhead *h)
{
	bool of_maps = h->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || h->type == BPF_MAP_TYPE_HASH_OF_MAPS;
	struct sobj *o;
	int err;

	if (!of_maps)
		return attr->inner_map_fd ? -EINVAL : 0;
	err = sys_sobj_get((int)attr->inner_map_fd, SKEP_SYS_MAP, &o);
	if (err)
		return err == -EBADF ? -EBADF : -EINVAL;
	h->inner = o->id;
	if (smap_of(o)->d.inner)
		err = -EINVAL;
	if (smap_of(o)->d.type == BPF_MAP_TYPE_PROG_ARRAY)
		err = -524;
	sys_sobj_put(o);
	return err;
}

static int read_attr(const union bpf_attr *attr, struct fhead *f, struct mhead *h, const struct map_ops **ops)
{
	u32 known = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY |
		    BPF_F_STACK_BUILD_ID | BPF_F_ZERO_SEED | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG | BPF_F_MMAPABLE |
		    BPF_F_PRESERVE_ELEMS | BPF_F_INNER_MAP | BPF_F_CLONE | OPS_F_LINK | SYS_F_SEGV_ON_FAULT |
		    SYS_F_NO_USER_CONV;
	int err;

	*ops = sys_map_ops_of(attr->map_type);
	if (!*ops || (attr->map_flags & ~known) || !good_name(attr->map_name))
		return -EINVAL;
	if ((attr->map_flags & (BPF_F_RDONLY | BPF_F_WRONLY)) == (BPF_F_RDONLY | BPF_F_WRONLY) ||
	    (attr->map_flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) == (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return -EINVAL;
	if (attr->map_type != BPF_MAP_TYPE_BLOOM_FILTER && attr->map_type != SKEP_MAP_ARENA &&
	    attr->map_extra)
		return -EINVAL;
	memcpy(f->name, attr->map_name, sizeof(f->name));
	h->type = attr->map_type;
	h->key_size = attr->key_size;
	h->value_size = attr->value_size;
	h->max_entries = attr->max_entries;
	h->flags = attr->map_flags;
	h->extra = attr->map_extra;
	h->kernel_type = attr->btf_vmlinux_value_type_id;
	h->ncpu = sys_cpu_count();
	err = types_of(attr, h);
	if (!err)
		err = inner_of(attr, h);
	return err ? err : (*ops)->check(h);
}

int sys_map_create(const union bpf_attr *attr, u32 size)
{
	struct fhead f = {0};
	struct mhead *h = (struct mhead *)f.more;
	const struct map_ops *ops;
	struct sobj *o;
	int fd, id, err = read_attr(attr, &f, h, &ops);

	if (err)
		return err;
	h->seed = h->flags & BPF_F_ZERO_SEED ? 0 : (u32)(sys_store_now() * 0x9e3779b97f4a7c15u >> 32);
	sys_shlock_init(&h->lock);
	fd = sys_store_create(SKEP_SYS_MAP, ops->size(h), &f,
			      !(h->flags & BPF_F_NO_PREALLOC) && h->type != SKEP_MAP_ARENA);
	if (fd < 0)
		return fd;
	err = sys_smap_open(fd, &f, &o);
	if (!err) {
		struct smap *m = smap_of(o);

		if (ops->init)
			ops->init(m);
		id = sys_store_publish(fd, &f);
		if (id < 0) {
			err = id;
			sys_sobj_free(o);
		} else {
			sys_sobj_adopt(fd, SKEP_SYS_MAP, (u32)id, o);
		}
	}
	if (err) {
		sys_store_discard(fd);
		return err;
	}
	if (h->flags & (BPF_F_RDONLY | BPF_F_WRONLY)) {
		int other = sys_store_open(SKEP_SYS_MAP, (u32)id, h->flags & BPF_F_RDONLY ? O_RDONLY : O_WRONLY);

		close(fd);
		fd = other;
	}
	return fd;
}

/* --- opening ----------------------------------------------------------------------------------------- */

static void release_map(struct sobj *o)
{
	struct smap *m = smap_of(o);

	if (m->objects)
		sys_map_disown(m);
	sys_map_put_held(m);
}

static void free_map(struct sobj *o)
{
	struct smap *m = smap_of(o);

	if (m->ops->fini)
		m->ops->fini(m);
	if (m->fixed)
		munmap(m->fixed, m->payload);
	munmap(m->mem, m->len);
	pthread_mutex_destroy(&m->mine);
	free(m->eng.progs);
	free(m);
}

/* There are places before anything is got for them. */
static bool freeze_map(struct sobj *o)
{
	struct smap *m = smap_of(o);

	o->locked = __atomic_load_n(&m->held, __ATOMIC_ACQUIRE) && pthread_mutex_trylock(&m->mine) == 0;
	return o->locked || !__atomic_load_n(&m->held, __ATOMIC_ACQUIRE);
}

static void thaw_map(struct sobj *o)
{
	if (o->locked)
		pthread_mutex_unlock(&smap_of(o)->mine);
}

static void map_refers(struct sobj *o, void (*to)(struct sobj *))
{
	const struct smap *m = smap_of(o);

	for (u32 k = 0; o->locked && k < held_places(m); k++)
		if (m->held[k])
			to(m->held[k]);
}

/* Objects in its values are dropped with it. */
static bool map_may_go(const struct sobj *o)
{
	return !smap_of((struct sobj *)(uintptr_t)o)->objects;
}

static void end_timers(struct sobj *o)
{
	sys_timers_end(smap_of(o));
}

#define MAP_OPS                                                                                    \
	.freeze = freeze_map, .thaw = thaw_map, .refers = map_refers, .may_go = map_may_go, .release = release_map, .free = free_map
static const struct sobj_ops map_ops = {MAP_OPS}, timed_map_ops = {MAP_OPS, .gone = end_timers};

void sys_map_mine(struct smap *m)
{
	sys_whole_begin();
	pthread_mutex_lock(&m->mine);
}

void sys_map_mine_done(struct smap *m)
{
	pthread_mutex_unlock(&m->mine);
	sys_whole_end();
}

/* After a restart of the machine the locks mean nothing and the rest is put in order. */
static void after_boot(struct smap *m)
{
	struct fhead *f = (struct fhead *)(m->mem + m->payload);
	int lock;

	if (__atomic_load_n(&f->boot, __ATOMIC_ACQUIRE) == sys_store_boot())
		return;
	lock = sys_store_lock(true);
	if (lock < 0)
		return;
	if (f->boot != sys_store_boot()) {
		sys_shlock_init(&m->h->lock);
		if (m->ops->recover)
			m->ops->recover(m);
		if (m->ops->restart)
			m->ops->restart(m);
		__atomic_store_n(&f->boot, sys_store_boot(), __ATOMIC_RELEASE);
	}
	sys_store_unlock(lock);
}

int sys_smap_open(int fd, const struct fhead *f, struct sobj **out)
{
	struct smap *m = calloc(1, sizeof(*m));
	struct mhead want;
	int err;

	if (!m)
		return -ENOMEM;
	memcpy(&m->d, f->more, sizeof(m->d));
	m->ops = sys_map_ops_of(m->d.type);
	m->wake = -1;
	want = m->d;
	err = m->ops && m->d.ncpu && m->d.ncpu <= NCPU_MAX ? m->ops->check(&want) : -EINVAL;
	if (!err && (memcmp(&want, &m->d, offsetof(struct mhead, frozen)) != 0 ||
		     ((m->ops->size(&m->d) + PAGE - 1) & ~(u64)(PAGE - 1)) != f->size || m->d.ncpu != sys_cpu_count()))
		err = -EINVAL;
	m->payload = f->size;
	m->len = f->size + PAGE;
	if (!err)
		err = sys_map_file(fd, 0, m->len, (void **)&m->mem);
	if (err) {
		free(m);
		return err;
	}
	m->h = (struct mhead *)(((struct fhead *)(m->mem + m->payload))->more);
	m->vstride = round8(m->d.value_size);
	memcpy(m->name, f->name, sizeof(m->name) - 1);
	m->born = f->born;
	m->eng.max_entries = m->d.max_entries;
	if (m->d.type == BPF_MAP_TYPE_ARRAY) {
		m->eng.kind = SKEP_ENG_MAP_ARRAY;
		m->eng.stride = m->vstride;
		m->eng.values = m->mem;
	}
	pthread_mutex_init(&m->mine, NULL);
	m->o.ops = &map_ops;
	err = sys_fields_read(m);
	if (!err && m->ops->open)
		err = m->ops->open(m, fd, !f->id);
	if (!err && m->d.type == BPF_MAP_TYPE_PROG_ARRAY) {
		m->eng.kind = SKEP_ENG_MAP_PROGS;
		m->eng.progs = calloc(m->d.max_entries, sizeof(*m->eng.progs));
		err = m->eng.progs ? 0 : -ENOMEM;
	}
	if (err) {
		sys_sobj_free(&m->o);
		return err;
	}
	for (u32 k = 0; k < m->nfield; k++)
		if (field_runs(&m->field[k]))
			m->o.ops = &timed_map_ops;
	after_boot(m);
	*out = &m->o;
	return 0;
}

int sys_map_fix(struct smap *m)
{
	int err = 0;

	if (m->d.type != BPF_MAP_TYPE_ARRAY || !(m->d.flags & BPF_F_RDONLY_PROG) || !__atomic_load_n(&m->h->frozen, __ATOMIC_ACQUIRE))
		return 0;
	sys_map_mine(m);
	if (!m->fixed) {
		void *p = sys_map_pages(NULL, m->payload, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED) {
			err = -ENOMEM;
		} else {
			memcpy(p, m->mem, m->payload);
			mprotect(p, m->payload, PROT_READ);
			m->fixed = p;
			m->eng.values = p;
		}
	}
	sys_map_mine_done(m);
	return err;
}
