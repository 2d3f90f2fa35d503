// SPDX-License-Identifier: BSD-2-Clause
/*
 * A dispatcher that hands packets on by tail call.
 *
 * The first program reads the Ethernet type, leaves what it learned in a
 * per-CPU scratch slot, and jumps to the handler in the program array. A
 * handler that was taken out of the array means "pass".
 */
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

enum handler { HANDLE_IPV4, HANDLE_IPV6, HANDLE_ARP, HANDLERS };

/* What <linux/if_arp.h> has, which needs headers of libc that are not for eBPF. */
#define ARPHRD_ETHER 1
struct arphdr {
	__be16 ar_hrd; /* format of the hardware address */
	__be16 ar_pro; /* of the protocol address */
	unsigned char ar_hln, ar_pln;
	__be16 ar_op;
};

struct scratch {
	__u32 offset;		/* of the network header */
	__u32 length;
	__u64 seen;
};

int handle_ipv4(struct xdp_md *ctx);
int handle_ipv6(struct xdp_md *ctx);
int handle_arp(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, HANDLERS);
	__uint(key_size, sizeof(__u32));
	__array(values, int (void *));
} handlers SEC(".maps") = {
	.values = {
		[HANDLE_IPV4] = (void *)&handle_ipv4,
		[HANDLE_IPV6] = (void *)&handle_ipv6,
		[HANDLE_ARP] = (void *)&handle_arp,
	},
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* Smallest time to live that is still let in. */
const volatile __u8 min_ttl = 2;

static __always_inline struct scratch *get_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* The network header as the dispatcher found it, if SIZE bytes are there. */
static __always_inline void *network_header(struct xdp_md *ctx, __u32 size)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct scratch *s = get_scratch();
	void *header;

	if (!s || s->offset > 64)
		return 0;
	header = data + s->offset;
	return header + size > data_end ? 0 : header;
}

SEC("xdp")
int handle_ipv4(struct xdp_md *ctx)
{
	struct iphdr *ip = network_header(ctx, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return XDP_DROP;
	return ip->ttl < min_ttl ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int handle_ipv6(struct xdp_md *ctx)
{
	struct ipv6hdr *ip = network_header(ctx, sizeof(*ip) + sizeof(struct icmp6hdr));
	struct icmp6hdr *icmp;

	if (!ip)
		return XDP_PASS;
	if (ip->version != 6)
		return XDP_DROP;
	if (ip->nexthdr != IPPROTO_ICMPV6)
		return ip->hop_limit < min_ttl ? XDP_DROP : XDP_PASS;

	/* Neighbour discovery must not have crossed a router. */
	icmp = (void *)(ip + 1);
	if (icmp->icmp6_type >= 133 && icmp->icmp6_type <= 137)
		return ip->hop_limit == 255 ? XDP_PASS : XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int handle_arp(struct xdp_md *ctx)
{
	struct arphdr *arp = network_header(ctx, sizeof(*arp));

	if (!arp || arp->ar_hrd != bpf_htons(ARPHRD_ETHER))
		return XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct scratch *s = get_scratch();

	if (!s || (void *)(eth + 1) > data_end)
		return XDP_PASS;

	s->offset = sizeof(*eth);
	s->length = data_end - data;
	s->seen++;

	switch (bpf_ntohs(eth->h_proto)) {
	case ETH_P_IP:
		bpf_tail_call(ctx, &handlers, HANDLE_IPV4);
		break;
	case ETH_P_IPV6:
		bpf_tail_call(ctx, &handlers, HANDLE_IPV6);
		break;
	case ETH_P_ARP:
		bpf_tail_call(ctx, &handlers, HANDLE_ARP);
		break;
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
