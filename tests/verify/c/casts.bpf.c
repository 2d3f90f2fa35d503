/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own view of a context, and of any address. */
#include "cases.h"

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));
struct sk_buff {
	unsigned int len;
	struct net_device *dev;
} __attribute__((preserve_access_index));
struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

extern void *bpf_cast_to_kern_ctx(void *obj) __ksym;
extern void *bpf_rdonly_cast(const void *obj__ign, u32 btf_id__k) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;

#define type_id(type) __builtin_btf_type_id(*(type *)0, 1)

ACCEPT("tc", context)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

	return (int)skb->len;
}

ACCEPT("tc", behind_the_context)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

	return skb->dev->ifindex;
}

REJECT("object-readonly", "tc", context_written)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

	*(volatile u32 *)&skb->len = 1;
	return 0;
}

REJECT("kfunc-arg", "tc", not_the_context)
{
	u64 n = 0;
	struct sk_buff *skb = bpf_cast_to_kern_ctx(&n);

	return (int)skb->len;
}

ACCEPT("tc", any_address)
{
	struct task_struct *t = bpf_rdonly_cast((void *)bpf_get_current_task(), type_id(struct task_struct));

	return t->pid;
}

ACCEPT("tc", behind_any_address)
{
	struct task_struct *t = bpf_rdonly_cast((void *)bpf_get_current_task(), type_id(struct task_struct));

	return t->real_parent->pid;
}

REJECT("object-readonly", "tc", any_address_written)
{
	struct task_struct *t = bpf_rdonly_cast((void *)bpf_get_current_task(), type_id(struct task_struct));

	*(volatile int *)&t->pid = 1;
	return 0;
}

REJECT("kfunc-arg", "syscall", any_address_passed_on)
{
	struct task_struct *t = bpf_rdonly_cast((void *)bpf_get_current_task(), type_id(struct task_struct));

	t = bpf_task_acquire(t);
	if (t)
		bpf_task_release(t);
	return 0;
}

REJECT("kfunc-arg", "tc", type_not_known)
{
	u64 *n = bpf_rdonly_cast((void *)bpf_get_current_task(), bpf_get_prandom_u32());

	return (int)*n;
}

REJECT("kfunc-arg", "tc", no_struct)
{
	u64 *n = bpf_rdonly_cast((void *)bpf_get_current_task(), 1);

	return (int)*n;
}

REJECT("kfunc-arg", "syscall", context_that_is_no_struct)
{
	return bpf_cast_to_kern_ctx(ctx) ? 1 : 0;
}
