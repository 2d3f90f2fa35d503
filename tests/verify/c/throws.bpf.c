/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions without a callback of the program: what is thrown is what it returns. */
#include "cases.h"

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
struct locked {
	u32 n;
	struct bpf_spin_lock lock;
};
ARRAY_OF(struct locked, values);

struct timed {
	struct bpf_timer t;
};
ARRAY_OF(struct timed, timers);

extern void bpf_throw(u64 cookie) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

ACCEPT("tc", thrown_on_one_path)
{
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(64);
	return 0;
}

ACCEPT("tc", thrown_at_the_end)
{
	bpf_throw(0);
	return 1;
}

static __attribute__((noinline)) int thrower(u64 n)
{
	if (n > 7)
		bpf_throw(n);
	return (int)n;
}

ACCEPT("tc", thrown_in_a_function)
{
	return thrower(bpf_get_prandom_u32());
}

ACCEPT("tc", end_of_what_is_known)
{
	u32 n = bpf_get_prandom_u32();
	u32 *v = first(&values);

	if (!v)
		bpf_throw(1);
	*v = n;
	return 0;
}

REJECT("ref-leak", "syscall", thrown_with_reference)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(0);
	bpf_task_release(t);
	return 0;
}

REJECT("ref-leak", "syscall", thrown_in_a_function_with_reference)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int n;

	if (!t)
		return 0;
	n = thrower(bpf_get_prandom_u32());
	bpf_task_release(t);
	return n;
}

REJECT("section-left", "tc", thrown_in_rcu_section)
{
	bpf_rcu_read_lock();
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(0);
	bpf_rcu_read_unlock();
	return 0;
}

REJECT("section-left", "tc", thrown_without_preemption)
{
	bpf_preempt_disable();
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(0);
	bpf_preempt_enable();
	return 0;
}

REJECT("lock", "tc", thrown_with_lock)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	if (v->n)
		bpf_throw(0);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("return", "cgroup_skb/ingress", thrown_number_is_not_returned)
{
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(64);
	return 1;
}

ACCEPT("cgroup_skb/ingress", thrown_number_is_returned)
{
	if (bpf_get_prandom_u32() > 7)
		bpf_throw(0);
	return 0;
}

static int each(u32 n, void *arg)
{
	if (n > 3)
		bpf_throw(0);
	return 0;
}

REJECT("callback-throws", "tc", thrown_in_a_callback)
{
	bpf_loop(8, each, NULL, 0);
	return 0;
}

static int later(void *map, u32 *key, struct timed *v)
{
	bpf_throw(0);
	return 0;
}

REJECT("callback-throws", "tc", thrown_in_a_callback_later)
{
	struct timed *v = first(&timers);

	if (!v)
		return 0;
	bpf_timer_init(&v->t, &timers, 1);
	bpf_timer_set_callback(&v->t, later);
	return 0;
}

__attribute__((noinline)) int thrower_of_all(u64 n)
{
	if (n > 7)
		bpf_throw(n);
	return 1;
}

ACCEPT("tc", thrown_in_a_global_function)
{
	return thrower_of_all(bpf_get_prandom_u32());
}

static int each_calls(u32 n, void *arg)
{
	return n > 3 ? thrower_of_all(n) : 0;
}

REJECT("callback-throws", "tc", thrown_by_a_global_function_in_a_callback)
{
	bpf_loop(8, each_calls, NULL, 0);
	return 0;
}
