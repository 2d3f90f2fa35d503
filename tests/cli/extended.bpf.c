/* SPDX-License-Identifier: BSD-2-Clause */
/* A program with functions that extensions may replace. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__noinline int mark_of(struct __sk_buff *skb)
{
	return skb->mark;
}

__noinline int port_of(struct __sk_buff *skb)
{
	return skb->ifindex;
}

SEC("tc") int extended(struct __sk_buff *skb)
{
	return mark_of(skb) + port_of(skb);
}

char LICENSE[] SEC("license") = "GPL";
