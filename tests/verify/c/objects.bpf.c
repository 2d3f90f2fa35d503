/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects that programs allocate, and pointers to objects in values of maps. */
#include "cases.h"

#define __kptr __attribute__((btf_type_tag("kptr")))

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
struct cgroup {
	int level;
} __attribute__((preserve_access_index));
struct bpf_refcount {
	u32 : 32;
} __attribute__((aligned(4)));

struct made_item {
	u64 key;
	u32 n, m;
	struct made_item *next;
};
struct made_other {
	u64 key;
};
struct made_guarded {
	u64 n;
	struct bpf_spin_lock lock;
};
struct made_counted {
	u64 n;
	struct bpf_refcount refs;
};
struct kept {
	struct task_struct __kptr *task;
	struct made_item __kptr *node;
};
ARRAY_OF(struct kept, values);

extern void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *c) __ksym;

#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define drop(p) bpf_obj_drop_impl(p, NULL)

ACCEPT("tc", made_and_dropped)
{
	struct made_item *p = new(struct made_item);

	if (!p)
		return 0;
	p->key = 7;
	p->m = (u32)p->key;
	drop(p);
	return 0;
}

REJECT("ref-leak", "tc", not_dropped)
{
	struct made_item *p = new(struct made_item);

	return p ? 1 : 0;
}

REJECT("null", "tc", not_tested)
{
	struct made_item *p = new(struct made_item);

	p->key = 1;
	if (p)
		drop(p);
	return 0;
}

REJECT("released", "tc", used_after_drop)
{
	struct made_item *p = new(struct made_item);

	if (!p)
		return 0;
	drop(p);
	return (int)*(volatile u64 *)&p->key;
}

REJECT("object-bounds", "tc", beyond_the_end)
{
	struct made_item *p = new(struct made_item);
	u64 n;

	if (!p)
		return 0;
	n = *(volatile u64 *)((char *)p + sizeof(*p));
	drop(p);
	return (int)n;
}

REJECT("released", "tc", pointer_in_object_is_a_number)
{
	struct made_item *p = new(struct made_item);
	int n = 0;

	if (!p)
		return 0;
	n = (int)p->next->key;
	drop(p);
	return n;
}

REJECT("object-field", "tc", lock_in_object_read)
{
	struct made_guarded *p = new(struct made_guarded);
	u32 n;

	if (!p)
		return 0;
	n = *(volatile u32 *)&p->lock;
	drop(p);
	return (int)n;
}

ACCEPT("tc", beside_the_lock)
{
	struct made_guarded *p = new(struct made_guarded);

	if (!p)
		return 0;
	p->n = 1;
	drop(p);
	return 0;
}

REJECT("object-moved", "tc", dropped_moved)
{
	struct made_item *p = new(struct made_item);

	if (p)
		drop(&p->n);
	return 0;
}

REJECT("object-arg", "tc", dropped_what_was_not_made)
{
	void *v = first(&values);

	if (v)
		drop(v);
	return 0;
}

REJECT("object-arg", "syscall", dropped_object_of_the_kernel)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		drop(t);
	return 0;
}

REJECT("object-arg", "syscall", object_is_no_task)
{
	struct task_struct *t = (struct task_struct *)new(struct made_item);

	if (t)
		bpf_task_release(t);
	return 0;
}

ACCEPT("tc", counted_twice)
{
	struct made_counted *p = new(struct made_counted), *q;

	if (!p)
		return 0;
	q = bpf_refcount_acquire_impl(p, NULL);
	p->n = 1;
	drop(p);
	q->n = 2;
	drop(q);
	return 0;
}

REJECT("ref-leak", "tc", counted_and_left)
{
	struct made_counted *p = new(struct made_counted);

	if (!p)
		return 0;
	bpf_refcount_acquire_impl(p, NULL);
	drop(p);
	return 0;
}

REJECT("object-arg", "tc", not_counted)
{
	struct made_guarded *p = new(struct made_guarded);
	void *q;

	if (!p)
		return 0;
	q = bpf_refcount_acquire_impl(p, NULL);
	drop(p);
	drop(q);
	return 0;
}

ACCEPT("tc", object_stored)
{
	struct kept *v = first(&values);
	struct made_item *p, *old;

	if (!v)
		return 0;
	p = new(struct made_item);
	if (!p)
		return 0;
	p->key = 1;
	old = bpf_kptr_xchg(&v->node, p);
	if (old)
		drop(old);
	return 0;
}

REJECT("kptr-type", "tc", object_of_another_type_stored)
{
	struct kept *v = first(&values);
	struct made_other *p;
	void *old;

	if (!v)
		return 0;
	p = new(struct made_other);
	if (!p)
		return 0;
	old = bpf_kptr_xchg(&v->node, (struct made_item *)p);
	if (old)
		drop(old);
	return 0;
}

REJECT("kptr-type", "syscall", object_of_the_kernel_of_another_type_stored)
{
	struct kept *v = first(&values);
	struct task_struct *old;
	struct cgroup *c;

	if (!v)
		return 0;
	c = bpf_cgroup_from_id(1);
	if (!c)
		return 0;
	old = bpf_kptr_xchg(&v->task, (struct task_struct *)c);
	if (old)
		bpf_task_release(old);
	return 0;
}

REJECT("kptr-type", "tc", object_stored_for_one_of_the_kernel)
{
	struct kept *v = first(&values);
	struct task_struct *old;
	struct made_item *p;

	if (!v)
		return 0;
	p = new(struct made_item);
	if (!p)
		return 0;
	old = bpf_kptr_xchg(&v->task, (struct task_struct *)p);
	if (old)
		bpf_task_release(old);
	return 0;
}

ACCEPT("tc", lock_in_object)
{
	struct made_guarded *p = new(struct made_guarded);

	if (!p)
		return 0;
	bpf_spin_lock(&p->lock);
	p->n = 1;
	bpf_spin_unlock(&p->lock);
	drop(p);
	return 0;
}

REJECT("object-lock", "tc", no_lock_in_object)
{
	struct made_guarded *p = new(struct made_guarded);

	if (!p)
		return 0;
	bpf_spin_lock((struct bpf_spin_lock *)&p->n);
	bpf_spin_unlock((struct bpf_spin_lock *)&p->n);
	drop(p);
	return 0;
}

REJECT("lock", "tc", object_dropped_with_lock)
{
	struct made_guarded *p = new(struct made_guarded);

	if (!p)
		return 0;
	bpf_spin_lock(&p->lock);
	drop(p);
	return 0;
}

struct made_holder {
	u64 n;
	struct task_struct __kptr *task;
	struct bpf_spin_lock lock;
};

ACCEPT("syscall", pointer_in_object_exchanged)
{
	struct task_struct *t, *old;
	struct made_holder *p;

	p = new(struct made_holder);
	if (!p)
		return 0;
	t = bpf_task_from_pid(1);
	if (!t) {
		drop(p);
		return 0;
	}
	old = bpf_kptr_xchg(&p->task, t);
	if (old)
		bpf_task_release(old);
	drop(p);
	return 0;
}

REJECT("kptr-type", "syscall", pointer_in_object_of_another_type)
{
	struct task_struct *old;
	struct made_holder *p;
	struct cgroup *c;

	p = new(struct made_holder);
	if (!p)
		return 0;
	c = bpf_cgroup_from_id(1);
	if (!c) {
		drop(p);
		return 0;
	}
	old = bpf_kptr_xchg(&p->task, (struct task_struct *)c);
	if (old)
		bpf_task_release(old);
	drop(p);
	return 0;
}

ACCEPT("tc", stored_object_read)
{
	struct kept *v = first(&values);
	struct made_item *p;

	if (!v)
		return 0;
	p = v->node;
	return p ? (int)p->n : 0;
}

REJECT("object-arg", "tc", stored_object_dropped)
{
	struct kept *v = first(&values);
	struct made_item *p;

	if (!v)
		return 0;
	p = v->node;
	if (p)
		drop(p);
	return 0;
}
