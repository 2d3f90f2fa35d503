/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects with an instance for each processor, behind pointers in maps. */
#include "cases.h"

#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))

struct counts {
	u64 a[4];
};
struct holder {
	struct counts __percpu_kptr *counts;
};
ARRAY_OF(struct holder, holders);
struct counts totals; /* gives the type whole to BTF */

static __always_inline void *counts_of(void)
{
	struct holder *h = first(&holders);

	return h ? (void *)h->counts : NULL;
}

ACCEPT("tc", this_processors)
{
	void *p = counts_of();
	struct counts *c;

	if (!p)
		return 0;
	c = bpf_this_cpu_ptr(p);
	c->a[1] = 1;
	return c->a[3];
}

ACCEPT("tc", another_processors)
{
	void *p = counts_of();
	struct counts *c = p ? bpf_per_cpu_ptr(p, 1) : NULL;

	return c ? c->a[3] : 0;
}

REJECT("percpu", "tc", read_without_helper)
{
	struct counts *c = counts_of();

	return c ? c->a[1] : 0;
}

REJECT("percpu", "tc", written_without_helper)
{
	struct counts *c = counts_of();

	if (c)
		c->a[1] = 1;
	return 0;
}

REJECT("object-bounds", "tc", behind_the_object)
{
	void *p = counts_of();

	return p ? ((u64 *)bpf_this_cpu_ptr(p))[4] : 0;
}

/* --- made and given away -------------------------------------------------------------------- */

struct counts_large {
	u64 a[65];
};
struct counts_linked {
	u64 n;
	struct counts_linked *next;
};
struct counts_locked {
	u64 n;
	struct bpf_spin_lock lock;
};
struct counts_other {
	u64 a[4];
};
struct counts_large large; /* give the types whole to BTF */
struct counts_linked linked;
struct counts_other different;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counts_locked);
} locked SEC(".maps");

extern void *bpf_percpu_obj_new_impl(u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_percpu_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern void bpf_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

#define new_percpu(type) ((type *)bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define drop_percpu(p) bpf_percpu_obj_drop_impl((void *)(p), NULL)

ACCEPT("tc", made_and_dropped)
{
	struct counts *p = new_percpu(struct counts);

	if (p)
		drop_percpu(p);
	return 0;
}

REJECT("ref-leak", "tc", made_and_left)
{
	struct counts *p = new_percpu(struct counts);

	return p ? 1 : 0;
}

REJECT("kfunc-arg", "tc", not_tested)
{
	struct counts *p = new_percpu(struct counts);

	drop_percpu(p);
	return 0;
}

REJECT("percpu", "tc", made_and_read)
{
	struct counts *p = new_percpu(struct counts);
	u64 n;

	if (!p)
		return 0;
	n = *(volatile u64 *)&p->a[1];
	drop_percpu(p);
	return (int)n;
}

/* Only what lies in a value may be asked for an instance. */
REJECT("helper-arg", "tc", made_and_asked)
{
	struct counts *p = new_percpu(struct counts);
	struct counts *c;

	if (!p)
		return 0;
	c = bpf_this_cpu_ptr(p);
	c->a[0] = 1;
	drop_percpu(p);
	return 0;
}

ACCEPT("tc", made_and_put_into_a_value)
{
	struct holder *h = first(&holders);
	struct counts *p;

	if (!h)
		return 0;
	p = new_percpu(struct counts);
	if (!p)
		return 0;
	p = bpf_kptr_xchg(&h->counts, p);
	if (p)
		drop_percpu(p);
	return 0;
}

REJECT("ref-leak", "tc", taken_from_a_value_and_left)
{
	struct holder *h = first(&holders);
	void *p;

	if (!h)
		return 0;
	p = bpf_kptr_xchg(&h->counts, NULL);
	return p ? 1 : 0;
}

REJECT("kptr-type", "tc", another_type_put_into_a_value)
{
	struct holder *h = first(&holders);
	struct counts_other *p;
	void *old;

	if (!h)
		return 0;
	p = new_percpu(struct counts_other);
	if (!p)
		return 0;
	old = bpf_kptr_xchg(&h->counts, p);
	if (old)
		drop_percpu(old);
	return 0;
}

REJECT("kptr-type", "tc", a_plain_object_put_into_a_value)
{
	struct holder *h = first(&holders);
	struct counts *p;
	void *old;

	if (!h)
		return 0;
	p = new(struct counts);
	if (!p)
		return 0;
	old = bpf_kptr_xchg(&h->counts, p);
	if (old)
		drop_percpu(old);
	return 0;
}

REJECT("kfunc-arg", "tc", dropped_as_a_plain_object)
{
	struct counts *p = new_percpu(struct counts);

	if (p)
		bpf_obj_drop_impl(p, NULL);
	return 0;
}

REJECT("kfunc-arg", "tc", plain_object_dropped)
{
	struct counts *p = new(struct counts);

	if (p)
		drop_percpu(p);
	return 0;
}

REJECT("kfunc-arg", "tc", too_large)
{
	struct counts_large *p = new_percpu(struct counts_large);

	if (p)
		drop_percpu(p);
	return 0;
}

REJECT("kfunc-arg", "tc", with_a_pointer)
{
	struct counts_linked *p = new_percpu(struct counts_linked);

	if (p)
		drop_percpu(p);
	return 0;
}

REJECT("kfunc-arg", "tc", with_a_lock)
{
	struct counts_locked *p = new_percpu(struct counts_locked);

	if (p)
		drop_percpu(p);
	return 0;
}

/* In a program that may sleep the pointer in a value is known to be alive in an RCU section only. */
REJECT("helper-arg", "syscall", without_rcu_section)
{
	void *p = counts_of();
	struct counts *c = p ? bpf_this_cpu_ptr(p) : NULL;

	return c ? c->a[3] : 0;
}

ACCEPT("syscall", in_an_rcu_section)
{
	struct counts *c;
	void *p;
	int n = 0;

	bpf_rcu_read_lock();
	p = counts_of();
	if (p) {
		c = bpf_this_cpu_ptr(p);
		n = c->a[3];
	}
	bpf_rcu_read_unlock();
	return n;
}

REJECT("kptr-store", "tc", null_stored_into_a_value)
{
	struct holder *h = first(&holders);

	if (h)
		*(volatile u64 *)&h->counts = 0;
	return 0;
}

REJECT("kptr-store", "tc", zero_stored_into_a_value)
{
	struct holder *h = first(&holders);

	if (h)
		asm volatile("*(u64 *)(%0 + 0) = 0" : : "r"(h) : "memory");
	return 0;
}

REJECT("helper-arg", "tc", perhaps_null_asked)
{
	struct counts *c = bpf_this_cpu_ptr(counts_of());

	return c->a[0];
}

REJECT("null", "tc", another_processors_not_tested)
{
	void *p = counts_of();
	struct counts *c = p ? bpf_per_cpu_ptr(p, 2) : NULL;

	if (!p)
		return 0;
	return c->a[0];
}

REJECT("helper-moved", "tc", moved_and_asked)
{
	char *p = counts_of();
	struct counts *c;

	if (!p)
		return 0;
	c = bpf_this_cpu_ptr(p + 8);
	return c->a[0];
}

REJECT("object-gone", "syscall", read_behind_the_rcu_section)
{
	struct counts *c;
	void *p;

	bpf_rcu_read_lock();
	p = counts_of();
	if (!p) {
		bpf_rcu_read_unlock();
		return 0;
	}
	c = bpf_this_cpu_ptr(p);
	bpf_rcu_read_unlock();
	return (int)*(volatile u64 *)&c->a[0];
}
