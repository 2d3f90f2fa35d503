/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions of the kernel: arguments by their types, references, critical sections. */
#include "cases.h"

struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));
struct bpf_map {
	int id;
} __attribute__((preserve_access_index));
struct cgroup {
	int level;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *c) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern long long bpf_map_sum_elem_count(const struct bpf_map *map) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;

ACCEPT("syscall", task_released)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		bpf_task_release(t);
	return 0;
}

REJECT("ref-leak", "syscall", task_not_released)
{
	struct task_struct *t = bpf_task_from_pid(1);

	return t != NULL;
}

REJECT("kfunc-arg", "syscall", task_unchecked)
{
	struct task_struct *t = bpf_task_from_pid(1);

	bpf_task_release(t);
	return 0;
}

REJECT("ref", "syscall", task_released_twice)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_task_release(t);
	bpf_task_release(t);
	return 0;
}

REJECT("released", "syscall", task_used_afterwards)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_task_release(t);
	return t->pid;
}

ACCEPT("syscall", task_read)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int pid;

	if (!t)
		return 0;
	pid = t->pid;
	bpf_task_release(t);
	return pid;
}

REJECT("readonly", "syscall", task_written)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	t->pid = 5;
	bpf_task_release(t);
	return 0;
}

ACCEPT("syscall", task_acquired_again)
{
	struct task_struct *t = bpf_task_from_pid(1), *u;

	if (!t)
		return 0;
	u = bpf_task_acquire(t);
	if (u)
		bpf_task_release(u);
	bpf_task_release(t);
	return 0;
}

REJECT("ref-leak", "syscall", task_acquired_again_one_released)
{
	struct task_struct *t = bpf_task_from_pid(1), *u;

	if (!t)
		return 0;
	u = bpf_task_acquire(t);
	if (u)
		bpf_task_release(u);
	return 0;
}

REJECT("kfunc-arg", "syscall", another_type)
{
	struct cgroup *c = bpf_cgroup_from_id(1);

	if (!c)
		return 0;
	bpf_task_release((void *)c);
	return 0;
}

REJECT("kfunc-arg", "syscall", a_number)
{
	void *p = (void *)5;

	hide(p);
	bpf_task_release(p);
	return 0;
}

REJECT("kfunc-arg", "syscall", the_stack)
{
	u64 room[4] = {};
	void *p = room;

	hide(p);
	bpf_task_release(p);
	return 0;
}

ACCEPT("syscall", parent_read)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int pid;

	if (!t)
		return 0;
	pid = t->real_parent->pid;
	bpf_task_release(t);
	return pid;
}

REJECT("kfunc-arg", "syscall", parent_is_not_trusted)
{
	struct task_struct *t = bpf_task_from_pid(1), *p;

	if (!t)
		return 0;
	p = bpf_task_acquire(t->real_parent);
	if (p)
		bpf_task_release(p);
	bpf_task_release(t);
	return 0;
}

ACCEPT("tc", rcu_held_and_released)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

REJECT("section-left", "tc", rcu_not_released)
{
	bpf_rcu_read_lock();
	return 0;
}

REJECT("section-left", "tc", rcu_not_held)
{
	bpf_rcu_read_unlock();
	return 0;
}

ACCEPT("tc", preemption_off_and_on)
{
	bpf_preempt_disable();
	bpf_preempt_enable();
	return 0;
}

REJECT("section-left", "tc", preemption_stays_off)
{
	bpf_preempt_disable();
	return 0;
}

REJECT("section-left", "tc", preemption_not_off)
{
	bpf_preempt_enable();
	return 0;
}

ACCEPT("tc", preemption_nested)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_preempt_enable();
	return 0;
}

REJECT("section-left", "tc", preemption_nested_one_forgotten)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	return 0;
}

REJECT("kfunc-type", "kprobe/x", of_another_program_type)
{
	struct bpf_dynptr p;

	return bpf_dynptr_from_skb(ctx, 0, &p);
}

/* The context of a netfilter program, as far as it is used here. */
struct hook_ctx {
	const void *state;
	struct __sk_buff *skb; /* the kernel's own object, which a dynptr takes for the view of it */
};

ACCEPT("netfilter", packet_of_a_netfilter_program)
{
	const struct hook_ctx *h = ctx;
	struct bpf_dynptr p;

	return bpf_dynptr_from_skb(h->skb, 0, &p) ? 0 : 1;
}

REJECT("kfunc-arg", "netfilter", netfilter_state_is_no_packet)
{
	const struct hook_ctx *h = ctx;
	struct bpf_dynptr p;

	return bpf_dynptr_from_skb((struct __sk_buff *)h->state, 0, &p) ? 0 : 1;
}

struct old_word {
	struct task_struct __attribute__((btf_type_tag("kptr_ref"))) *t;
};
ARRAY_OF(struct old_word, old_words);

/* Until Linux 6.3 the tag was kptr_ref; it says nothing any more. */
REJECT("kptr-field", "syscall", kptr_of_the_old_name)
{
	struct task_struct *t = bpf_task_from_pid(1), *old;
	struct old_word *w = first(&old_words);

	if (!t)
		return 0;
	if (!w) {
		bpf_task_release(t);
		return 0;
	}
	old = bpf_kptr_xchg(&w->t, t);
	if (old)
		bpf_task_release(old);
	return 0;
}

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp) __ksym;

/* Only for programs that are bound to a device. */
REJECT("kfunc-unknown", "xdp", of_a_device)
{
	u64 when = 0;

	return bpf_xdp_metadata_rx_timestamp(ctx, &when) ? XDP_DROP : XDP_PASS;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} counted SEC(".maps");

ACCEPT("syscall", a_map_that_is_named)
{
	return bpf_map_sum_elem_count((struct bpf_map *)&counted) == 0;
}

REJECT("kfunc-arg", "syscall", the_value_of_a_map)
{
	u32 key = 0;
	u64 *value = bpf_map_lookup_elem(&counted, &key);

	return value ? bpf_map_sum_elem_count((struct bpf_map *)value) == 0 : 0;
}

REJECT("kfunc-arg", "syscall", a_map_is_no_task)
{
	bpf_task_release((struct task_struct *)&counted);
	return 0;
}
