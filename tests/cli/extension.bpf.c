/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions of extended.bpf.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Only programs that classify may write it. */
SEC("freplace/mark_of") int new_mark(struct __sk_buff *skb)
{
	skb->tc_index = 1;
	return skb->mark;
}

SEC("freplace/port_of") int new_port(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("freplace/length_of") int new_length(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("freplace/mark_of") int other_mark(struct __sk_buff *skb, int more)
{
	return more;
}

SEC("freplace/port_of") int no_port(struct __sk_buff *skb)
{
	return *(volatile int *)(long)skb->len;
}

char LICENSE[] SEC("license") = "GPL";
