/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extensions: functions that take the place of a global function of another program, of which
 * they have rights, context and result. Their targets stand in the same object.
 */
#include "cases.h"

struct pair {
	u64 a, b;
};
ARRAY_OF(struct pair, values);

extern int bpf_xdp_pull_data(struct xdp_md *x, u32 len) __ksym;

/* --- what is extended -------------------------------------------------------------------- */

__noinline int of_xdp(struct xdp_md *x)
{
	return x ? XDP_PASS : XDP_DROP;
}

__noinline int of_xdp_pulling(struct xdp_md *x)
{
	return bpf_xdp_pull_data(x, 64);
}

SEC("xdp") int target_xdp(struct xdp_md *x)
{
	return of_xdp(x) + of_xdp_pulling(x);
}

__noinline int of_tc(struct __sk_buff *skb)
{
	return skb->len;
}

__noinline int of_pair(struct pair *p)
{
	return p ? p->a : 0;
}

__noinline int of_number(int n)
{
	return n + 1;
}

static __noinline int of_static(int n)
{
	hide(n);
	return n;
}

SEC("tc") int target_tc(struct __sk_buff *skb)
{
	return of_tc(skb) + of_pair(first(&values)) + of_number(1) + of_static(2);
}

__noinline int of_cgroup(struct __sk_buff *skb)
{
	return skb->len & 1;
}

SEC("cgroup_skb/ingress") int target_cgroup(struct __sk_buff *skb)
{
	int n = of_cgroup(skb);

	hide(n);
	return n & 1;
}

/* --- extensions -------------------------------------------------------------------------- */

#undef ACCEPT
#undef REJECT
#define ACCEPT(section, name, ...) SEC(section) int name(__VA_ARGS__)
#define REJECT(rule, section, name, ...) SEC(section) int name(__VA_ARGS__)

ACCEPT("freplace/of_xdp", new_xdp, struct xdp_md *x)
{
	u8 *data = (void *)(long)x->data, *end = (void *)(long)x->data_end;

	return data + 1 > end ? XDP_DROP : data[0] ? XDP_PASS : XDP_DROP;
}

REJECT("packet-bounds", "freplace/of_xdp", new_xdp_beyond, struct xdp_md *x)
{
	u8 *data = (void *)(long)x->data;

	return data[0] ? XDP_PASS : XDP_DROP;
}

REJECT("helper-type", "freplace/of_xdp", new_xdp_with_a_helper_of_tc, struct xdp_md *x)
{
	return bpf_skb_change_type((void *)x, 0);
}

REJECT("helper-type", "freplace/of_tc", new_tc_with_a_helper_of_xdp, struct __sk_buff *skb)
{
	return bpf_xdp_adjust_tail((void *)skb, 0);
}

REJECT("ext-packet", "freplace/of_xdp", new_xdp_pulls, struct xdp_md *x)
{
	return bpf_xdp_pull_data(x, 64);
}

ACCEPT("freplace/of_xdp_pulling", new_xdp_pulls_too, struct xdp_md *x)
{
	return bpf_xdp_pull_data(x, 128);
}

ACCEPT("freplace/target_xdp", new_xdp_program, struct xdp_md *x)
{
	return XDP_TX;
}

ACCEPT("freplace/of_tc", new_tc, struct __sk_buff *skb)
{
	return skb->ifindex;
}

REJECT("ctx-access", "freplace/of_tc", new_tc_writes_a_length, struct __sk_buff *skb)
{
	*(volatile u32 *)&skb->len = 1;
	return 0;
}

REJECT("ext-signature", "freplace/of_tc", new_tc_takes_another, struct xdp_md *x)
{
	return x->data;
}

REJECT("ext-signature", "freplace/of_tc", new_tc_takes_more, struct __sk_buff *skb, int n)
{
	return n;
}

ACCEPT("freplace/of_pair", new_pair, struct pair *p)
{
	if (p)
		p->b = 1;
	return 0;
}

REJECT("null", "freplace/of_pair", new_pair_not_tested, struct pair *p)
{
	return p->a;
}

ACCEPT("freplace/of_number", new_number, int n)
{
	return -n;
}

REJECT("ext-static", "freplace/of_static", new_static, int n)
{
	return n;
}

ACCEPT("freplace/of_cgroup", new_cgroup, struct __sk_buff *skb)
{
	return skb->len > 64;
}

REJECT("return", "freplace/of_cgroup", new_cgroup_returns_any, struct __sk_buff *skb)
{
	return skb->len;
}
