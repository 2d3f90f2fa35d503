/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf(2): the commands, and the operations on elements of maps. */
#include "abi/abi.h"
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Is everything behind the last field that a command knows zero? */
#define CHECK(attr, last) only((attr), offsetof(union bpf_attr, last) + sizeof((attr)->last))

/* The same where kernels since 6.6 know more than linux/bpf.h may. */
enum { ATTACH_END = 32, QUERY_END = 64, RAW_TRACEPOINT_END = 24 };

static int only(const union bpf_attr *attr, size_t used)
{
	const u8 *p = (const u8 *)attr;

	for (size_t k = used; k < sizeof(*attr); k++)
		if (p[k])
			return -EINVAL;
	return 0;
}

/* --- elements ------------------------------------------------------------------------------------------ */

enum { MAY_READ = 1, MAY_WRITE = 2, SMALL = 1024 };

struct access {
	struct smap *m;
	u8 small_key[KEY_MAX], small_value[SMALL] __attribute__((aligned(8)));
	u8 *value;
	u32 value_size;
	void *key; /* NULL: none was given */
	bool has_reader;
};

static int mode_of(int fd)
{
	int mode = fcntl(fd, F_GETFL);

	return mode < 0 ? 0 : (mode & O_ACCMODE) == O_RDONLY ? MAY_READ : (mode & O_ACCMODE) == O_WRONLY ? MAY_WRITE :
							       MAY_READ | MAY_WRITE;
}

static int open_access(struct access *a, u32 fd, int need)
{
	struct sobj *o;
	int err = sys_sobj_get((int)fd, SKEP_SYS_MAP, &o), mode;

	a->m = NULL;
	a->value = NULL;
	a->key = NULL;
	a->has_reader = false;
	if (err)
		return err;
	a->m = smap_of(o);
	mode = mode_of((int)fd);
	if ((mode & need) != need || ((need & MAY_WRITE) && __atomic_load_n(&a->m->h->frozen, __ATOMIC_ACQUIRE)))
		return -EPERM;
	a->value_size = sys_map_value_size(a->m);
	a->value = a->value_size <= SMALL ? a->small_value : calloc(1, a->value_size);
	if (!a->value)
		return -ENOMEM;
	/* Who writes holds a lock instead: a writer may wait for readers. */
	err = need == MAY_READ ? sys_reader_enter() : 0;
	a->has_reader = need == MAY_READ && !err;
	return err;
}

static int close_access(struct access *a, int err)
{
	if (a->has_reader)
		sys_reader_leave();
	if (a->value && a->value != a->small_value)
		free(a->value);
	if (a->m)
		sys_sobj_put(&a->m->o);
	return err;
}

static int get_key(struct access *a, u64 key)
{
	if (!a->m->d.key_size)
		return key ? -EINVAL : 0;
	a->key = a->small_key;
	return sys_user_read(a->key, key, a->m->d.key_size);
}

/* How a map says that it has no keys. */
static int lacking(const struct smap *m)
{
	switch (m->d.type) {
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK: return -EINVAL;
	case BPF_MAP_TYPE_BLOOM_FILTER:
	case SKEP_MAP_ARENA: return -EOPNOTSUPP;
	default: return -524; /* ENOTSUPP */
	}
}

static int lookup_elem(union bpf_attr *attr, u32 size)
{
	struct access a;
	int err = CHECK(attr, flags);

	if (err || (attr->flags & ~(u64)BPF_F_LOCK))
		return -EINVAL;
	err = open_access(&a, attr->map_fd, MAY_READ);
	if (!err && (attr->flags & BPF_F_LOCK) && !sys_map_has_lock(a.m))
		err = -EINVAL;
	if (!err)
		err = get_key(&a, attr->key);
	/* A bloom filter is asked for the value. */
	if (!err && a.m->d.type == BPF_MAP_TYPE_BLOOM_FILTER)
		err = sys_user_read(a.value, attr->value, a.value_size);
	if (!err)
		err = a.m->ops->read ? a.m->ops->read(a.m, a.key, a.value, attr->flags) : -524;
	if (!err && a.m->d.type != BPF_MAP_TYPE_BLOOM_FILTER)
		err = sys_user_write(attr->value, a.value, a.value_size);
	return close_access(&a, err);
}

static int update_elem(union bpf_attr *attr, u32 size)
{
	struct access a;
	int err = CHECK(attr, flags);

	if (err)
		return err;
	err = open_access(&a, attr->map_fd, MAY_WRITE);
	if (!err && (attr->flags & BPF_F_LOCK) && !sys_map_has_lock(a.m))
		err = -EINVAL;
	if (!err)
		err = get_key(&a, attr->key);
	if (!err)
		err = sys_user_read(a.value, attr->value, a.value_size);
	if (!err)
		err = a.m->ops->write ? a.m->ops->write(a.m, a.key, a.value, attr->flags)
				      : lacking(a.m);
	return close_access(&a, err);
}

static int delete_elem(union bpf_attr *attr, u32 size)
{
	struct access a;
	int err = CHECK(attr, key);

	if (err)
		return err;
	err = open_access(&a, attr->map_fd, MAY_WRITE);
	if (!err)
		err = get_key(&a, attr->key);
	if (!err)
		err = a.m->ops->remove ? a.m->ops->remove(a.m, a.key) : lacking(a.m);
	return close_access(&a, err);
}

static int next_key(union bpf_attr *attr, u32 size)
{
	struct access a;
	u8 next[KEY_MAX];
	int err = CHECK(attr, next_key);

	if (err)
		return err;
	err = open_access(&a, attr->map_fd, MAY_READ);
	if (!err && attr->key)
		err = get_key(&a, attr->key);
	if (!err)
		err = a.m->ops->next ? a.m->ops->next(a.m, a.key, next) : lacking(a.m);
	if (!err)
		err = sys_user_write(attr->next_key, next, a.m->d.key_size);
	return close_access(&a, err);
}

static int take_elem(union bpf_attr *attr, u32 size)
{
	struct access a;
	int err = CHECK(attr, flags);

	if (err || (attr->flags & ~(u64)BPF_F_LOCK))
		return -EINVAL;
	err = open_access(&a, attr->map_fd, MAY_READ | MAY_WRITE);
	if (!err && attr->flags && !sys_map_has_lock(a.m))
		err = -EINVAL;
	if (!err)
		err = get_key(&a, attr->key);
	if (!err)
		err = a.m->ops->take ? a.m->ops->take(a.m, a.key, a.value, attr->flags) : -524;
	if (!err)
		err = sys_user_write(attr->value, a.value, a.value_size);
	return close_access(&a, err);
}

static int freeze(union bpf_attr *attr, u32 size)
{
	struct access a;
	int err = CHECK(attr, map_fd);

	if (err)
		return err;
	err = open_access(&a, attr->map_fd, 0);
	if (!err && !(mode_of((int)attr->map_fd) & MAY_WRITE))
		err = -EPERM;
	if (!err && a.m->d.type == BPF_MAP_TYPE_STRUCT_OPS)
		err = -524;
	if (!err && __atomic_exchange_n(&a.m->h->frozen, 1, __ATOMIC_SEQ_CST))
		err = -EPERM; /* a frozen map cannot be written, and so not frozen */
	return close_access(&a, err);
}

/* --- batches ---------------------------------------------------------------------------------------------- */

/*
 * A place in a map is the last key that was given. For a hash table the kernel has a bucket
 * number of four bytes there; callers treat it as opaque, but may give four bytes only, so a
 * key that does not fit is kept as its position in the order of next_key().
 */
static int batch_start(struct access *a, const union bpf_attr *attr, u64 *skip)
{
	u32 n = 0;
	int err = 0;

	if (attr->batch.in_batch)
		err = sys_user_read(&n, attr->batch.in_batch, 4);
	*skip = n;
	return err;
}

static int batch_lookup(union bpf_attr *attr, bool take)
{
	u32 want = attr->batch.count, n = 0, at;
	u8 key[KEY_MAX], next[KEY_MAX];
	bool first = true;
	struct access a;
	u64 skip = 0;
	int err = CHECK(attr, batch.flags);

	if (err || (attr->batch.elem_flags & ~(u64)BPF_F_LOCK) || attr->batch.flags)
		return -EINVAL;
	err = open_access(&a, attr->batch.map_fd, take ? MAY_READ | MAY_WRITE : MAY_READ);
	if (!err && attr->batch.elem_flags && !sys_map_has_lock(a.m))
		err = -EINVAL;
	if (!err && (a.m->ops->no_batch || !a.m->ops->next || !a.m->ops->read || (take && !a.m->ops->take)))
		err = -524;
	if (!err)
		err = batch_start(&a, attr, &skip);
	attr->batch.count = 0;
	for (u64 k = 0; !err && k < skip && !take; k++) {
		err = a.m->ops->next(a.m, first ? NULL : key, next);
		memcpy(key, next, a.m->d.key_size);
		first = false;
	}
	while (!err && n < want) {
		err = a.m->ops->next(a.m, first || take ? NULL : key, next);
		if (err)
			break;
		memcpy(key, next, a.m->d.key_size);
		first = false;
		err = take ? a.m->ops->take(a.m, key, a.value, attr->batch.elem_flags) :
			     a.m->ops->read(a.m, key, a.value, attr->batch.elem_flags);
		if (err == -ENOENT) { /* it went meanwhile */
			err = 0;
			continue;
		}
		if (!err)
			err = sys_user_write(attr->batch.keys + (u64)n * a.m->d.key_size, key, a.m->d.key_size);
		if (!err)
			err = sys_user_write(attr->batch.values + (u64)n * a.value_size, a.value, a.value_size);
		if (!err)
			n++;
	}
	if (!err || err == -ENOENT) {
		attr->batch.count = n;
		at = take ? 0 : (u32)(skip + n);
		if (sys_user_write(attr->batch.out_batch, &at, 4))
			err = -EFAULT;
	}
	return close_access(&a, err);
}

static int batch_update(union bpf_attr *attr)
{
	struct access a;
	u32 n = 0;
	int err = CHECK(attr, batch.flags);

	if (err || attr->batch.flags || (attr->batch.elem_flags & ~(u64)(BPF_EXIST | BPF_NOEXIST | BPF_F_LOCK)))
		return -EINVAL;
	err = open_access(&a, attr->batch.map_fd, MAY_WRITE);
	if (!err && (attr->batch.elem_flags & BPF_F_LOCK) && !sys_map_has_lock(a.m))
		err = -EINVAL;
	if (!err && (a.m->ops->no_batch || !a.m->ops->write))
		err = -524;
	for (; !err && n < attr->batch.count; n++) {
		err = get_key(&a, attr->batch.keys + (u64)n * a.m->d.key_size);
		if (!err)
			err = sys_user_read(a.value, attr->batch.values + (u64)n * a.value_size, a.value_size);
		if (!err)
			err = a.m->ops->write(a.m, a.key, a.value, attr->batch.elem_flags);
		if (err)
			break;
	}
	attr->batch.count = n;
	return close_access(&a, err);
}

static int batch_delete(union bpf_attr *attr)
{
	struct access a;
	u32 n = 0;
	int err = CHECK(attr, batch.flags);

	if (err || attr->batch.flags || attr->batch.elem_flags)
		return -EINVAL;
	err = open_access(&a, attr->batch.map_fd, MAY_WRITE);
	if (!err && (a.m->ops->no_batch || !a.m->ops->remove))
		err = -524;
	for (; !err && n < attr->batch.count; n++) {
		err = get_key(&a, attr->batch.keys + (u64)n * a.m->d.key_size);
		if (!err)
			err = a.m->ops->remove(a.m, a.key);
		if (err)
			break;
	}
	attr->batch.count = n;
	return close_access(&a, err);
}

/* --- all commands ------------------------------------------------------------------------------------------ */

static int dispatch(int cmd, union bpf_attr *attr, u32 size)
{
	switch (cmd) {
	case BPF_MAP_CREATE: return CHECK(attr, map_extra) ? -EINVAL : sys_map_create(attr, size);
	case BPF_MAP_LOOKUP_ELEM: return lookup_elem(attr, size);
	case BPF_MAP_UPDATE_ELEM: return update_elem(attr, size);
	case BPF_MAP_DELETE_ELEM: return delete_elem(attr, size);
	case BPF_MAP_GET_NEXT_KEY: return next_key(attr, size);
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM: return take_elem(attr, size);
	case BPF_MAP_FREEZE: return freeze(attr, size);
	case BPF_MAP_LOOKUP_BATCH: return batch_lookup(attr, false);
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH: return batch_lookup(attr, true);
	case BPF_MAP_UPDATE_BATCH: return batch_update(attr);
	case BPF_MAP_DELETE_BATCH: return batch_delete(attr);
	case BPF_PROG_LOAD: return CHECK(attr, core_relo_rec_size) ? -EINVAL : sys_prog_load(attr, size);
	case BPF_PROG_TEST_RUN: return CHECK(attr, test.batch_size) ? -EINVAL : sys_prog_test_run(attr, size);
	case BPF_PROG_BIND_MAP: return CHECK(attr, prog_bind_map.flags) ? -EINVAL : sys_bind_map(attr);
	case BPF_BTF_LOAD: return CHECK(attr, btf_log_level) ? -EINVAL : sys_btf_load(attr, size);
	case BPF_OBJ_PIN: return CHECK(attr, file_flags) ? -EINVAL : sys_obj_pin(attr);
	case BPF_OBJ_GET: return CHECK(attr, file_flags) ? -EINVAL : sys_obj_get(attr);
	case BPF_MAP_GET_NEXT_ID: return CHECK(attr, next_id) ? -EINVAL : sys_get_next_id(attr, SKEP_SYS_MAP);
	case BPF_PROG_GET_NEXT_ID: return CHECK(attr, next_id) ? -EINVAL : sys_get_next_id(attr, SKEP_SYS_PROG);
	case BPF_BTF_GET_NEXT_ID: return CHECK(attr, next_id) ? -EINVAL : sys_get_next_id(attr, SKEP_SYS_BTF);
	case BPF_LINK_GET_NEXT_ID: return CHECK(attr, next_id) ? -EINVAL : sys_get_next_id(attr, SKEP_SYS_LINK);
	case BPF_MAP_GET_FD_BY_ID: return CHECK(attr, open_flags) ? -EINVAL : sys_fd_by_id(attr, SKEP_SYS_MAP);
	case BPF_PROG_GET_FD_BY_ID: return CHECK(attr, open_flags) ? -EINVAL : sys_fd_by_id(attr, SKEP_SYS_PROG);
	case BPF_BTF_GET_FD_BY_ID: return CHECK(attr, open_flags) ? -EINVAL : sys_fd_by_id(attr, SKEP_SYS_BTF);
	case BPF_LINK_GET_FD_BY_ID: return CHECK(attr, open_flags) ? -EINVAL : sys_fd_by_id(attr, SKEP_SYS_LINK);
	case BPF_OBJ_GET_INFO_BY_FD: return CHECK(attr, info.info) ? -EINVAL : sys_info_by_fd(attr, size);
	case BPF_LINK_CREATE: return sys_link_create(attr, size);
	case BPF_LINK_DETACH: return CHECK(attr, link_detach) ? -EINVAL : sys_link_detach(attr, size);
	case BPF_LINK_UPDATE: return CHECK(attr, link_update.old_prog_fd) ? -EINVAL : sys_link_update(attr);
	case BPF_ITER_CREATE: return CHECK(attr, iter_create.flags) ? -EINVAL : sys_iter_create(attr);
	case BPF_RAW_TRACEPOINT_OPEN: return only(attr, RAW_TRACEPOINT_END) ? -EINVAL : sys_raw_tracepoint_open(attr, size);
	case BPF_PROG_ATTACH: return only(attr, ATTACH_END) ? -EINVAL : sys_place_attach(attr);
	case BPF_PROG_DETACH: return only(attr, ATTACH_END) ? -EINVAL : sys_place_detach(attr);
	case BPF_PROG_QUERY: return only(attr, QUERY_END) ? -EINVAL : sys_place_query(attr);
	case BPF_TASK_FD_QUERY: return CHECK(attr, task_fd_query.probe_addr) ? -EINVAL : sys_task_fd_query(attr);
	case BPF_ENABLE_STATS: return CHECK(attr, enable_stats) ? -EINVAL : sys_stats_enable(attr);
	default: return -EINVAL;
	}
}

/* Which commands give something back in the attributes, and how many bytes of them. */
static u32 written(int cmd)
{
#define END(f) (u32)(offsetof(union bpf_attr, f) + sizeof(((union bpf_attr *)0)->f))
	switch (cmd) {
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH: return END(batch.count);
	case BPF_PROG_TEST_RUN: return END(test.ctx_size_out);
	case BPF_MAP_GET_NEXT_ID:
	case BPF_PROG_GET_NEXT_ID:
	case BPF_BTF_GET_NEXT_ID:
	case BPF_LINK_GET_NEXT_ID: return END(next_id);
	case BPF_OBJ_GET_INFO_BY_FD: return END(info.info_len);
	case BPF_PROG_QUERY: return QUERY_END;
	case BPF_TASK_FD_QUERY: return END(task_fd_query.probe_addr);
	default: return 0;
	}
#undef END
}

int skep_sys_bpf(int cmd, union bpf_attr *user, unsigned size)
{
	union bpf_attr attr;
	u64 at = (u64)(uintptr_t)user;
	u32 n = SKEP_MIN(size, (u32)sizeof(attr)), back = SKEP_MIN(written(cmd), n);
	int result;

	if (size > PAGE)
		return -E2BIG;
	if (at < PAGE)
		return -EFAULT;
	if (size > sizeof(attr) && !sys_user_zero(at + sizeof(attr), size - sizeof(attr)))
		return -E2BIG;
	memset(&attr, 0, sizeof(attr));
	if (sys_user_read(&attr, at, n))
		return -EFAULT;
	sys_sobj_tidy();
	result = dispatch(cmd, &attr, n);
	if (back && sys_user_write(at, &attr, back))
		return -EFAULT;
	return result;
}

/* --- mappings and rings ------------------------------------------------------------------------------------------ */

static void *map_mmap(void *addr, size_t len, int prot, int flags, int fd, struct smap *m, s64 off)
{
	if (m->ops->mmap)
		return m->ops->mmap(addr, len, prot, flags, fd, m, off);
	if (!(m->d.flags & BPF_F_MMAPABLE) || m->nfield) {
		errno = 524;
		return MAP_FAILED;
	}
	if (!(flags & MAP_SHARED) || off < 0 || (u64)off + len > m->payload) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	if ((prot & PROT_WRITE) && __atomic_load_n(&m->h->frozen, __ATOMIC_ACQUIRE)) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return sys_map_pages(addr, len, prot, flags, fd, off);
}

bool skep_sys_mmap(void *addr, size_t len, int prot, int flags, int fd, s64 off, void **out)
{
	struct fhead h;
	struct sobj *o;

	if (fd < 0 || sys_store_head(fd, &h))
		return false;
	if (h.kind == SKEP_SYS_PERF) {
		*out = sys_perf_mmap(addr, len, prot, flags, fd, &h, off);
		return true;
	}
	if (h.kind != SKEP_SYS_MAP || sys_sobj_get(fd, SKEP_SYS_MAP, &o))
		return false;
	*out = map_mmap(addr, len, prot, flags, fd, smap_of(o), off);
	sys_sobj_put(o);
	return true;
}

bool skep_sys_ring_ready(int fd)
{
	struct sobj *o;
	bool ready = false;

	if (sys_sobj_get(fd, 0, &o))
		return false;
	if (o->kind == SKEP_SYS_MAP && smap_of(o)->ops->ready)
		ready = smap_of(o)->ops->ready(smap_of(o));
	else if (o->kind == SKEP_SYS_PERF)
		ready = sys_perf_ready(o);
	sys_sobj_put(o);
	return ready;
}
