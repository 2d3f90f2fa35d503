/* SPDX-License-Identifier: BSD-2-Clause */
/* Global functions: verified by their signatures alone, whatever their callers pass. */
#include "cases.h"

struct pair {
	u64 a, b;
};
ARRAY_OF(struct pair, values);

__noinline int number(int x)
{
	return x + 1;
}

__noinline int as_index(u32 i)
{
	struct pair *v = first(&values);

	return v ? ((u8 *)v)[i] : 0;
}

__noinline int as_checked_index(u32 i)
{
	struct pair *v = first(&values);

	return v && i < sizeof(*v) ? ((u8 *)v)[i] : 0;
}

__noinline int reads_pair(struct pair *p)
{
	return p ? p->a : 0;
}

__noinline int reads_pair_unchecked(struct pair *p)
{
	return p->a;
}

__noinline int reads_beyond_pair(struct pair *p)
{
	return p ? (&p->a)[2] : 0;
}

__noinline int writes_pair(struct pair *p)
{
	if (p)
		p->b = 1;
	return 0;
}

__noinline int takes_context(struct __sk_buff *skb)
{
	return skb->len;
}

__noinline int takes_nothing(void)
{
	return bpf_get_prandom_u32();
}

__noinline int shrinks(struct __sk_buff *skb)
{
	return bpf_skb_change_tail(skb, 60, 0);
}

__noinline int harmless(struct __sk_buff *skb)
{
	return skb->mark;
}

__noinline int takes_void(void *p)
{
	return p != NULL;
}

__noinline int endless(int x)
{
	volatile int y = x;

	while (y == x)
		barrier();
	return 0;
}

__noinline int large(int x)
{
	volatile u8 room[400];

	room[x & 255] = 1;
	return room[7];
}

ACCEPT("tc", passes_a_number)
{
	return number(5);
}

REJECT("map-bounds", "tc", argument_is_not_what_was_passed)
{
	return as_index(3);
}

ACCEPT("tc", argument_is_checked)
{
	return as_checked_index(3000);
}

ACCEPT("tc", passes_memory)
{
	struct pair p = {};

	p.a = bpf_get_prandom_u32();
	return reads_pair(&p);
}

ACCEPT("tc", passes_null)
{
	return reads_pair(NULL);
}

REJECT("null", "tc", callee_does_not_check)
{
	struct pair p = {};

	p.a = bpf_get_prandom_u32();
	return reads_pair_unchecked(&p);
}

REJECT("mem-bounds", "tc", callee_reads_beyond)
{
	struct pair p[2] = {};

	return reads_beyond_pair(p);
}

REJECT("global-arg", "tc", passes_too_little)
{
	u64 half = 1;
	void *p = &half;

	hide(p);
	return reads_pair(p);
}

ACCEPT("tc", passes_a_map_value)
{
	return reads_pair(first(&values));
}

ACCEPT("tc", callee_writes)
{
	struct pair p = {};

	writes_pair(&p);
	return p.b;
}

/* What a callee wrote is not what was there. */
REJECT("map-bounds", "tc", callee_wrote_the_index)
{
	struct pair p = {}, *v = first(&values);

	if (!v)
		return 0;
	writes_pair(&p);
	return ((u8 *)v)[p.b];
}

ACCEPT("tc", passes_the_context)
{
	return takes_context(ctx);
}

REJECT("global-arg", "tc", passes_a_number_for_the_context)
{
	void *p = (void *)5;

	hide(p);
	return takes_context(p);
}

REJECT("global-arg", "tc", passes_the_stack_for_the_context)
{
	u64 room[30] = {};
	void *p = room;

	hide(p);
	return takes_context(p);
}

REJECT("map-bounds", "tc", result_is_unknown)
{
	struct pair *v = first(&values);

	return v ? ((u8 *)v)[takes_nothing() & 31] : 0;
}

ACCEPT("tc", result_is_masked)
{
	struct pair *v = first(&values);

	return v ? ((u8 *)v)[takes_nothing() & 15] : 0;
}

REJECT("type", "tc", packet_changed_in_callee)
{
	struct __sk_buff *skb = ctx;
	u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (p + 8 > end)
		return 0;
	shrinks(skb);
	return p[4];
}

ACCEPT("tc", packet_not_changed_in_callee)
{
	struct __sk_buff *skb = ctx;
	u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (p + 8 > end)
		return 0;
	harmless(skb);
	return p[4];
}

REJECT("infinite", "tc", callee_does_not_end)
{
	return endless(1);
}

REJECT("stack-depth", "tc", callees_frame_is_too_large)
{
	volatile u8 room[300];
	u32 i = bpf_get_prandom_u32() & 255;

	room[i] = large(1);
	room[i + 1] = 2;
	return room[7];
}

REJECT("return", "cgroup_skb/ingress", result_returned)
{
	return number(0);
}

ACCEPT("cgroup_skb/ingress", result_returned_masked)
{
	return number(0) & 1;
}

/* --- packets that functions move -------------------------------------------------------- */

extern int bpf_xdp_pull_data(struct xdp_md *x, u32 len) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;

__noinline int pulls(struct xdp_md *x)
{
	return bpf_xdp_pull_data(x, 64);
}

static __noinline int pulls_below(struct xdp_md *x)
{
	return pulls(x);
}

__noinline int pulls_deep(struct xdp_md *x)
{
	return pulls_below(x);
}

__noinline int writes_dynptr(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	u64 n = 1;

	if (bpf_dynptr_from_skb(skb, 0, &d))
		return 1;
	bpf_dynptr_write(&d, 0, &n, sizeof(n), 0);
	return 0;
}

REJECT("released", "xdp", packet_after_a_function_that_pulls)
{
	struct xdp_md *x = ctx;
	u8 *data = (void *)(long)x->data, *end = (void *)(long)x->data_end;

	if (data + 1 > end)
		return XDP_PASS;
	pulls(x);
	return *(volatile u8 *)data ? XDP_PASS : XDP_DROP;
}

REJECT("released", "xdp", packet_after_a_function_that_pulls_below)
{
	struct xdp_md *x = ctx;
	u8 *data = (void *)(long)x->data, *end = (void *)(long)x->data_end;

	if (data + 1 > end)
		return XDP_PASS;
	pulls_deep(x);
	return *(volatile u8 *)data ? XDP_PASS : XDP_DROP;
}

ACCEPT("xdp", packet_again_after_a_function_that_pulls)
{
	struct xdp_md *x = ctx;
	u8 *data, *end;

	pulls(x);
	data = (void *)(long)x->data;
	end = (void *)(long)x->data_end;
	if (data + 1 > end)
		return XDP_PASS;
	return *(volatile u8 *)data ? XDP_PASS : XDP_DROP;
}

REJECT("released", "tc", packet_after_a_function_that_writes_a_dynptr)
{
	struct __sk_buff *skb = ctx;
	u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 1 > end)
		return 0;
	writes_dynptr(skb);
	return *(volatile u8 *)data;
}

/* --- kernel objects ----------------------------------------------------------------------- */

#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))

struct mm_struct {
	unsigned long start_code;
} __attribute__((preserve_access_index));
struct task_struct {
	int pid;
	struct mm_struct *mm;
	struct task_struct *group_leader;
} __attribute__((preserve_access_index));
struct cgroup {
	int level;
} __attribute__((preserve_access_index));

extern void *bpf_rdonly_cast(const void *obj__ign, u32 btf_id__k) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *c) __ksym;

__noinline int takes_task(struct task_struct *t __arg_trusted)
{
	return t->pid;
}

__noinline int takes_task_or_null(struct task_struct *t __arg_trusted __arg_nullable)
{
	return t ? t->pid : 0;
}

__noinline int takes_task_or_null_unchecked(struct task_struct *t __arg_trusted __arg_nullable)
{
	return t->pid;
}

__noinline int takes_mm(struct mm_struct *mm __arg_trusted)
{
	return (int)mm->start_code;
}

ACCEPT("syscall", task_given)
{
	return takes_task(bpf_get_current_task_btf()) & 1;
}

ACCEPT("syscall", task_that_is_held)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int n;

	if (!t)
		return 0;
	n = takes_task(t) & 1;
	bpf_task_release(t);
	return n;
}

ACCEPT("tc", object_that_is_followed)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct mm_struct *mm = t->mm;

	return takes_mm(mm) & 1;
}

ACCEPT("tc", object_that_rcu_protects)
{
	struct task_struct *t = bpf_get_current_task_btf();

	return takes_task(t->group_leader) & 1;
}

REJECT("global-arg", "syscall", object_that_nothing_is_known_of)
{
	return takes_task(bpf_rdonly_cast((void *)bpf_get_current_task(),
					  __builtin_btf_type_id(*(struct task_struct *)0, 1))) & 1;
}

REJECT("global-arg", "syscall", object_of_another_type)
{
	struct cgroup *c = bpf_cgroup_from_id(1);
	int n;

	if (!c)
		return 0;
	n = takes_task((void *)c) & 1;
	bpf_cgroup_release(c);
	return n;
}

REJECT("global-arg", "syscall", no_object)
{
	return takes_task(NULL) & 1;
}

REJECT("global-arg", "syscall", perhaps_no_object)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int n = takes_task(t) & 1;

	if (t)
		bpf_task_release(t);
	return n;
}

ACCEPT("syscall", no_object_where_that_may_be)
{
	return takes_task_or_null(NULL) & 1;
}

ACCEPT("syscall", perhaps_no_object_where_that_may_be)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int n = takes_task_or_null(t) & 1;

	if (t)
		bpf_task_release(t);
	return n;
}

REJECT("null", "syscall", object_not_tested)
{
	return takes_task_or_null_unchecked(bpf_get_current_task_btf()) & 1;
}

/* --- functions that may sleep ---------------------------------------------------------------- */

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;

struct timed {
	struct bpf_timer timer;
};
ARRAY_OF(struct timed, timers);

__noinline int sleeps(int n)
{
	u64 x = 0;

	bpf_copy_from_user(&x, sizeof(x), (void *)8);
	return n + (int)x;
}

__noinline int sleeps_below(int n)
{
	return sleeps(n) + 1;
}

ACCEPT("syscall", asleep)
{
	return sleeps_below(1) & 1;
}

REJECT("sleep", "syscall", asleep_under_rcu)
{
	int n;

	bpf_rcu_read_lock();
	n = sleeps(1);
	bpf_rcu_read_unlock();
	return n & 1;
}

REJECT("sleep", "syscall", asleep_below_under_rcu)
{
	int n;

	bpf_rcu_read_lock();
	n = sleeps_below(1);
	bpf_rcu_read_unlock();
	return n & 1;
}

REJECT("sleep", "syscall", asleep_without_preemption)
{
	int n;

	bpf_preempt_disable();
	n = sleeps(1);
	bpf_preempt_enable();
	return n & 1;
}

REJECT("sleep", "syscall", asleep_without_interrupts)
{
	unsigned long flags;
	int n;

	bpf_local_irq_save(&flags);
	n = sleeps(1);
	bpf_local_irq_restore(&flags);
	return n & 1;
}

ACCEPT("syscall", awake_under_rcu)
{
	int n;

	bpf_rcu_read_lock();
	n = number(1);
	bpf_rcu_read_unlock();
	return n & 1;
}

static int fires_asleep(void *map, int *key, struct timed *v)
{
	sleeps(1);
	return 0;
}

REJECT("sleep", "syscall", asleep_in_a_timer)
{
	struct timed *v = first(&timers);

	if (!v)
		return 0;
	bpf_timer_init(&v->timer, &timers, 0);
	bpf_timer_set_callback(&v->timer, fires_asleep);
	return 0;
}

static int fires_and_copies(void *map, int *key, struct timed *v)
{
	u64 x = 0;

	bpf_copy_from_user(&x, sizeof(x), (void *)8);
	return 0;
}

REJECT("sleep", "syscall", copied_in_a_timer)
{
	struct timed *v = first(&timers);

	if (!v)
		return 0;
	bpf_timer_init(&v->timer, &timers, 0);
	bpf_timer_set_callback(&v->timer, fires_and_copies);
	return 0;
}

static int each_sleeps(u32 n, void *arg)
{
	u64 x = 0;

	bpf_copy_from_user(&x, sizeof(x), (void *)8);
	return 0;
}

__noinline int sleeps_in_a_loop(int n)
{
	bpf_loop(4, each_sleeps, NULL, 0);
	return n;
}

ACCEPT("syscall", asleep_in_a_loop)
{
	return sleeps_in_a_loop(1) & 1;
}

REJECT("sleep", "syscall", asleep_in_a_loop_under_rcu)
{
	int n;

	bpf_rcu_read_lock();
	n = sleeps_in_a_loop(1);
	bpf_rcu_read_unlock();
	return n & 1;
}
