/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of the program in which a run happens, by its frame pointers: from the registers at a
 * probe, from the caller of a run otherwise. There is no kernel's stack beside it, so with and
 * without BPF_F_USER_STACK it is the same one. Frames are read as the caller's memory is, and
 * followed upwards only: what was compiled without frame pointers ends the walk or hides callers.
 *
 * A map of stacks is a table of traces. Writers hold the map's lock; a trace is compared again
 * under it.
 */
#include "sys/sys_impl.h"

#include <stdlib.h>

enum { MAX_DEPTH = 127, SKIP = 0xff, GET_FLAGS = SKIP | BPF_F_USER_STACK, MAX_FRAME = 8 << 20 };

struct trace {
	u32 n; /* frames + 1, 0: there is none */
	u32 hash;
	u64 ip[];
};

/* --- frames
 * --------------------------------------------------------------------------------------- */

#ifdef __x86_64__
/* The function itself and, when it was just entered, its caller, whose frame is not set up yet. */
static u32 at_probe(const struct srun *r, u64 *ip, u64 *frame)
{
	const struct skep_probe_regs *regs = (const struct skep_probe_regs *)r->ctx;
	u32 n = 0;

	ip[n++] = regs->ip;
	*frame = regs->bp;
	if (regs->ip == r->func && sys_user_read(&ip[n], regs->sp, 8) == 0) {
		ip[n] = skep_probe_came_from(ip[n]);
		n++;
	}
	return n;
}
#else
static u32 at_probe(const struct srun *r, u64 *ip, u64 *frame)
{
	*frame = 0;
	return 0;
}
#endif

static u32 walk(u64 *ip)
{
	const struct srun *r = run_now();
	u64 frame = r ? r->frame : 0;
	u32 n = r && r->prog->d.type == BPF_PROG_TYPE_KPROBE && r->ctx ? at_probe(r, ip, &frame)
								       : 0;

	while (n < MAX_DEPTH && frame && frame % 8 == 0) {
		u64 link[2];

		if (sys_user_read(link, frame, sizeof(link)) || !link[1])
			break;
		ip[n++] = skep_probe_came_from(link[1]);
		if (link[0] <= frame || link[0] - frame > MAX_FRAME)
			break;
		frame = link[0];
	}
	return n;
}

s64 sys_stack_get(void *to, u32 size, u64 flags)
{
	u32 skip = (u32)flags & SKIP, n;
	u64 ip[MAX_DEPTH];

	if ((flags & ~(u64)GET_FLAGS) || size % 8) {
		memset(to, 0, size);
		return -EINVAL;
	}
	n = walk(ip);
	memset(to, 0, size);
	if (n <= skip)
		return -EFAULT;
	n = SKEP_MIN(n - skip, size / 8);
	memcpy(to, ip + skip, (size_t)n * 8);
	return (s64)n * 8;
}

/* --- the map
 * ------------------------------------------------------------------------------------------ */

static int check(struct mhead *h)
{
	if ((h->flags & ~(u32)(BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY)) || !h->max_entries ||
	    h->key_size != 4 || h->value_size < 8 || h->value_size % 8 ||
	    h->value_size / 8 > MAX_DEPTH)
		return -EINVAL;
	if (h->max_entries > 1u << 24)
		return -E2BIG;
	h->nbucket = 1;
	while (h->nbucket < h->max_entries)
		h->nbucket <<= 1;
	return 0;
}

static u64 size(const struct mhead *h)
{
	return (u64)h->nbucket * (sizeof(struct trace) + h->value_size);
}

static struct trace *at(const struct smap *m, u32 id)
{
	return (struct trace *)(m->mem + (u64)id * (sizeof(struct trace) + m->d.value_size));
}

static u32 frames(const struct smap *m, const struct trace *t)
{
	u32 n = __atomic_load_n(&t->n, __ATOMIC_ACQUIRE);

	return n ? SKEP_MIN(n - 1, m->d.value_size / 8) : 0;
}

static int read_one(struct smap *m, const void *key, void *value, u64 flags)
{
	u32 id;
	int err;

	memcpy(&id, key, 4);
	if (id >= m->d.nbucket)
		return -ENOENT;
	err = sys_map_lock(m);
	if (err)
		return err;
	memset(value, 0, m->d.value_size);
	memcpy(value, at(m, id)->ip, (size_t)frames(m, at(m, id)) * 8);
	err = at(m, id)->n ? 0 : -ENOENT;
	sys_map_unlock(m);
	return err;
}

static int no_write(struct smap *m, const void *key, const void *value, u64 flags)
{
	return -EINVAL;
}

static int take_out(struct smap *m, const void *key)
{
	u32 id;

	memcpy(&id, key, 4);
	if (id >= m->d.nbucket)
		return -E2BIG;
	return __atomic_exchange_n(&at(m, id)->n, 0, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

static int next(struct smap *m, const void *key, void *out)
{
	u32 id = UINT32_MAX;

	if (key)
		memcpy(&id, key, 4);
	id = id >= m->d.nbucket || !at(m, id)->n ? 0 : id + 1;
	while (id < m->d.nbucket && !at(m, id)->n)
		id++;
	if (id >= m->d.nbucket)
		return -ENOENT;
	memcpy(out, &id, 4);
	return 0;
}

static bool same(const struct smap *m, const struct trace *t, u32 hash, const u64 *ip, u32 n,
		 u64 flags)
{
	if (!t->n || t->hash != hash)
		return false;
	return (flags & BPF_F_FAST_STACK_CMP) ||
	       (frames(m, t) == n && memcmp(t->ip, ip, (size_t)n * 8) == 0);
}

s64 sys_stack_id(struct smap *m, u64 flags)
{
	u32 skip = (u32)flags & SKIP, n, hash, id;
	u64 ip[MAX_DEPTH];
	struct trace *t;
	s64 err;

	if (flags & ~(u64)(GET_FLAGS | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID))
		return -EINVAL;
	n = walk(ip);
	if (n <= skip)
		return -EFAULT;
	n = SKEP_MIN(n - skip, m->d.value_size / 8);
	hash = (u32)skep_hash(ip + skip, (size_t)n * 8, m->d.seed);
	id = hash & (m->d.nbucket - 1);
	t = at(m, id);
	err = sys_map_lock(m);
	if (err)
		return err;
	if (!same(m, t, hash, ip + skip, n, flags)) {
		if (t->n && !(flags & BPF_F_REUSE_STACKID)) {
			err = -EEXIST;
		} else {
			/* A writer that is killed here leaves no trace, not half of one. */
			__atomic_store_n(&t->n, 0, __ATOMIC_RELEASE);
			t->hash = hash;
			memcpy(t->ip, ip + skip, (size_t)n * 8);
			__atomic_store_n(&t->n, n + 1, __ATOMIC_RELEASE);
		}
	}
	sys_map_unlock(m);
	return err ? err : id;
}

const struct map_ops sys_stack_ops = {.check = check,
				  .size = size,
				  .read = read_one,
				  .write = no_write,
				  .remove = take_out,
				  .next = next};
