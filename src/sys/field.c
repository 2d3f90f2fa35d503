/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of values that belong to helpers: locks, timers, work queues, lists, trees and pointers to objects,
 * as the value's BTF declares them. Copies from and to user space leave them out, so that nobody sets a lock from
 * outside; with BPF_F_LOCK a value is copied under its own lock.
 *
 * A process that is killed inside of such a copy leaves the lock to the next who asks for it,
 * who finds its owner dead, and the value as far as it was written.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"
#include "btf/btf.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

static const struct {
	const char *name;
	u32 size;
	u8 kind;
} known[] = {{"bpf_spin_lock", 4, FIELD_LOCK}, {"bpf_timer", 16, FIELD_TIMER}, {"bpf_wq", 16, FIELD_WORK},	     {"bpf_list_head", 16, FIELD_LIST},
	     {"bpf_rb_root", 16, FIELD_TREE},  {"bpf_list_node", 24, FIELD_LIST_NODE}, {"bpf_rb_node", 32, FIELD_TREE_NODE},
	     {"bpf_refcount", 4, FIELD_COUNT}};
static const char *const pointers[] = {"kptr", "kptr_untrusted", "percpu_kptr", "uptr"};

enum { MAX_DEPTH = 8, ELEMENTS_MAX = 64 };

struct looking {
	const struct skep_btf *b;
	u32 size;
	struct fields *out;
};

static void add(struct looking *l, u32 at, u32 size, u8 kind)
{
	struct fields *f = l->out;

	if (f->n == FIELDS_MAX)
		f->err = -E2BIG;
	else if ((u64)at + size > l->size || at % 4)
		f->err = -EINVAL;
	else
		f->field[f->n++] = (struct sfield){at, size, kind};
}

/* A pointer whose type tag says that it keeps an object. */
static bool keeps(const struct skep_btf *b, u32 type)
{
	struct skep_btf_type t;

	if (!skep_btf_get(b, type, &t) || t.kind != SKEP_BTF_PTR)
		return false;
	while (skep_btf_get(b, t.ref, &t) && t.kind == SKEP_BTF_TYPE_TAG)
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(pointers); k++)
			if (strcmp(t.name, pointers[k]) == 0)
				return true;
	return false;
}

static void look(struct looking *l, u32 type, u32 at, u32 depth);

static void look_struct(struct looking *l, const struct skep_btf_type *t, u32 at, u32 depth)
{
	struct skep_btf_member x;

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(known); k++)
		if (strcmp(t->name, known[k].name) == 0) {
			if (t->ref != known[k].size)
				l->out->err = -EINVAL;
			else
				add(l, at, known[k].size, known[k].kind);
			return;
		}
	for (u32 k = 0; k < t->vlen && skep_btf_member(l->b, t, k, &x); k++)
		if (!x.size && x.off / 8 < l->size)
			look(l, x.type, at + x.off / 8, depth + 1);
}

/* The variables of a section of the program's data. */
static void look_section(struct looking *l, const struct skep_btf_type *t, u32 depth)
{
	struct skep_btf_member x;
	struct skep_btf_type var;

	for (u32 k = 0; k < t->vlen && skep_btf_member(l->b, t, k, &x); k++)
		if (skep_btf_get(l->b, x.type, &var) && x.off < l->size)
			look(l, var.ref, x.off, depth + 1);
}

static void look_array(struct looking *l, const struct skep_btf_type *t, u32 at, u32 depth)
{
	struct fields before = *l->out;
	u32 elem, n;
	s64 size;

	skep_btf_array(l->b, t, &elem, &n);
	size = skep_btf_size(l->b, elem);
	for (u32 k = 0; k < n && size > 0 && at + (u64)k * (u64)size < l->size; k++) {
		if (k == ELEMENTS_MAX) {
			l->out->err = -E2BIG;
			return;
		}
		look(l, elem, at + k * (u32)size, depth + 1);
		/* When the first has none the others have none. */
		if (k == 0 && l->out->n == before.n && !l->out->err)
			return;
	}
}

static void look(struct looking *l, u32 type, u32 at, u32 depth)
{
	struct skep_btf_type t;

	if (depth > MAX_DEPTH || !skep_btf_resolve(l->b, type, &t))
		return;
	if (t.kind == SKEP_BTF_STRUCT)
		look_struct(l, &t, at, depth);
	else if (t.kind == SKEP_BTF_DATASEC)
		look_section(l, &t, depth);
	else if (t.kind == SKEP_BTF_ARRAY)
		look_array(l, &t, at, depth);
	else if (t.kind == SKEP_BTF_PTR && keeps(l->b, t.id))
		add(l, at, 8, FIELD_POINTER);
}

void sys_fields_of(const struct skep_btf *b, u32 type, u32 size, struct fields *out)
{
	struct looking l = {b, size, out};

	memset(out, 0, sizeof(*out));
	look(&l, type, 0, 0);
}

/* Most objects have none, which their strings tell without reading all types. */
static bool mentioned(const struct sbtf *b)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(known); k++)
		if (memmem(b->data, b->len, known[k].name, strlen(known[k].name) + 1))
			return true;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(pointers); k++)
		if (memmem(b->data, b->len, pointers[k], strlen(pointers[k]) + 1))
			return true;
	return false;
}

/* Which maps may have them. */
static bool may_have(u32 type, u8 kind)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY: return true;
	case BPF_MAP_TYPE_LRU_HASH: return kind != FIELD_LOCK;
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case SKEP_MAP_CGRP_STORAGE:
	case BPF_MAP_TYPE_CGROUP_STORAGE: return kind == FIELD_LOCK;
	default: return false;
	}
}

/* Nodes and counts of references are for objects. */
static int take_over(struct smap *m, const struct fields *f)
{
	for (u32 k = 0; k < f->n; k++) {
		u8 kind = f->field[k].kind;

		if (kind == FIELD_COUNT)
			return -EOPNOTSUPP;
		if (kind == FIELD_LIST_NODE || kind == FIELD_TREE_NODE)
			continue;
		m->field[m->nfield++] = f->field[k];
		m->objects |= field_owns(&f->field[k]);
	}
	return f->err;
}

static bool allowed(const struct smap *m)
{
	for (u32 k = 0; k < m->nfield; k++)
		if (!may_have(m->d.type, m->field[k].kind))
			return false;
	return true;
}

int sys_fields_read(struct smap *m)
{
	struct skep_arena a;
	struct skep_diags ds;
	struct fields f = {0};
	struct skep_btf *b;
	struct sobj *o;
	int err;

	if (!m->d.btf || !m->d.value_type)
		return 0;
	if (sys_sobj_get_id(m->d.btf, SKEP_SYS_BTF, &o))
		return 0; /* types that went say nothing; the verifier will not see them either */
	skep_arena_init(&a);
	skep_diags_init(&ds);
	if (mentioned(sbtf_of(o)) &&
	    skep_btf_read(sbtf_of(o)->data, sbtf_of(o)->len, false, &a, &ds, &b) == 0)
		sys_fields_of(b, m->d.value_type, m->d.value_size, &f);
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	sys_sobj_put(o);
	err = take_over(m, &f);
	return err ? err : allowed(m) ? 0 : -EOPNOTSUPP;
}

/* --- locks
 * ----------------------------------------------------------------------------------------- */

/* The word is the owner's thread: one that died is found by asking for it. */
void sys_word_lock(u32 *word)
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

void sys_word_unlock(u32 *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static u32 *lock_in(const struct smap *m, u8 *value)
{
	for (u32 k = 0; k < m->nfield; k++)
		if (m->field[k].kind == FIELD_LOCK)
			return (u32 *)(value + m->field[k].off);
	return NULL;
}

bool sys_map_has_lock(const struct smap *m)
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

void sys_value_put(const struct smap *m, void *to, const void *from, u64 flags)
{
	u32 *lock = flags & BPF_F_LOCK ? lock_in(m, to) : NULL;

	if (!m->nfield) {
		sys_copy_value(to, from, m->d.value_size);
		return;
	}
	if (lock)
		sys_word_lock(lock);
	copy_around(m, to, from);
	if (lock)
		sys_word_unlock(lock);
}

void sys_value_get(const struct smap *m, void *to, void *from, u64 flags)
{
	u32 *lock = flags & BPF_F_LOCK ? lock_in(m, from) : NULL;

	if (!m->nfield) {
		sys_copy_value(to, from, m->d.value_size);
		return;
	}
	if (lock)
		sys_word_lock(lock);
	memset(to, 0, m->d.value_size);
	copy_around(m, to, from);
	if (lock)
		sys_word_unlock(lock);
}

void sys_fields_drop(const struct smap *m, u8 *value)
{
	sys_timers_drop(m, value);
	if (m->objects && __atomic_load_n(&m->h->owner, __ATOMIC_ACQUIRE) == (u32)getpid())
		sys_objects_free(m->field, m->nfield, value);
}

void sys_value_fresh(const struct smap *m, u8 *value)
{
	for (u32 k = 0; k < m->nfield; k++)
		memset(value + m->field[k].off, 0, m->field[k].size);
}
