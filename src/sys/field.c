/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of values that belong to helpers: bpf_spin_lock and bpf_timer, as the value's BTF
 * declares them. Copies from and to user space leave them out, so that nobody sets a lock from
 * outside; with BPF_F_LOCK a value is copied under its own lock.
 *
 * A process that is killed inside of such a copy leaves the lock to the next who asks for it,
 * who finds its owner dead, and the value as far as it was written.
 */
#include "sys/sys_impl.h"

#include "btf/btf.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

static const struct {
	const char *name;
	u32 size;
	bool lock;
} known[] = {{"bpf_spin_lock", 4, true}, {"bpf_timer", 16, false}};

enum { MAX_DEPTH = 8 };

static void look(struct smap *m, const struct skep_btf *b, u32 type, u32 at, u32 depth)
{
	struct skep_btf_type t;
	struct skep_btf_member x;

	if (!skep_btf_resolve(b, type, &t) || t.kind != SKEP_BTF_STRUCT || depth > MAX_DEPTH)
		return;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(known); k++)
		if (strcmp(t.name, known[k].name) == 0) {
			if (m->nfield < SKEP_ARRAY_SIZE(m->field) &&
			    (u64)at + known[k].size <= m->d.value_size && at % 4 == 0)
				m->field[m->nfield++] =
					(struct sfield){at, known[k].size, known[k].lock};
			return;
		}
	for (u32 k = 0; k < t.vlen && skep_btf_member(b, &t, k, &x); k++)
		if (!x.size && x.off / 8 < m->d.value_size)
			look(m, b, x.type, at + x.off / 8, depth + 1);
}

/* Most objects have none, which their strings tell without reading all types. */
static bool mentioned(const struct sbtf *b)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(known); k++)
		if (memmem(b->data, b->len, known[k].name, strlen(known[k].name) + 1))
			return true;
	return false;
}

/* Which maps may have them. */
static bool may_have(u32 type, bool lock)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY: return true;
	case BPF_MAP_TYPE_LRU_HASH: return !lock;
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGROUP_STORAGE: return lock;
	default: return false;
	}
}

static bool allowed(const struct smap *m)
{
	for (u32 k = 0; k < m->nfield; k++)
		if (!may_have(m->d.type, m->field[k].lock))
			return false;
	return true;
}

int fields_read(struct smap *m)
{
	struct skep_arena a;
	struct skep_diags ds;
	struct skep_btf *b;
	struct sobj *o;

	if (!m->d.btf || !m->d.value_type)
		return 0;
	if (sobj_get_id(m->d.btf, SKEP_SYS_BTF, &o))
		return 0; /* types that went say nothing; the verifier will not see them either */
	skep_arena_init(&a);
	skep_diags_init(&ds);
	if (mentioned(sbtf_of(o)) &&
	    skep_btf_read(sbtf_of(o)->data, sbtf_of(o)->len, false, &a, &ds, &b) == 0)
		look(m, b, m->d.value_type, 0, 0);
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	sobj_put(o);
	return allowed(m) ? 0 : -EOPNOTSUPP;
}

/* --- locks
 * ----------------------------------------------------------------------------------------- */

/* The word is the owner's thread: one that died is found by asking for it. */
void word_lock(u32 *word)
{
	u32 me = (u32)syscall(SYS_gettid), seen = 0;

	for (u64 k = 1; !__atomic_compare_exchange_n(word, &seen, me, false, __ATOMIC_ACQUIRE,
						     __ATOMIC_RELAXED);
	     k++) {
		if (k % 1024 == 0 && syscall(SYS_tkill, (pid_t)seen, 0) && errno == ESRCH &&
		    __atomic_compare_exchange_n(word, &seen, me, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			break;
		if (k % 128 == 0)
			sched_yield();
		seen = 0;
	}
}

void word_unlock(u32 *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static u32 *lock_in(const struct smap *m, u8 *value)
{
	for (u32 k = 0; k < m->nfield; k++)
		if (m->field[k].lock)
			return (u32 *)(value + m->field[k].off);
	return NULL;
}

bool map_has_lock(const struct smap *m)
{
	static u8 none[1];

	return lock_in(m, none) != NULL;
}

/* --- copies
 * -------------------------------------------------------------------------------------------- */

/* What lies between the fields. */
static void copy_around(const struct smap *m, u8 *to, const u8 *from)
{
	u32 at = 0;

	while (at < m->d.value_size) {
		u32 end = m->d.value_size, next = end;

		for (u32 k = 0; k < m->nfield; k++) {
			const struct sfield *f = &m->field[k];

			if (f->off >= at && f->off < end) {
				end = f->off;
				next = f->off + f->size;
			}
		}
		memcpy(to + at, from + at, end - at);
		at = next;
	}
}

void value_put(const struct smap *m, void *to, const void *from, u64 flags)
{
	u32 *lock = flags & BPF_F_LOCK ? lock_in(m, to) : NULL;

	if (!m->nfield) {
		copy_value(to, from, m->d.value_size);
		return;
	}
	if (lock)
		word_lock(lock);
	copy_around(m, to, from);
	if (lock)
		word_unlock(lock);
}

void value_get(const struct smap *m, void *to, void *from, u64 flags)
{
	u32 *lock = flags & BPF_F_LOCK ? lock_in(m, from) : NULL;

	if (!m->nfield) {
		copy_value(to, from, m->d.value_size);
		return;
	}
	if (lock)
		word_lock(lock);
	memset(to, 0, m->d.value_size);
	copy_around(m, to, from);
	if (lock)
		word_unlock(lock);
}

void value_fresh(const struct smap *m, u8 *value)
{
	for (u32 k = 0; k < m->nfield; k++)
		memset(value + m->field[k].off, 0, m->field[k].size);
}
