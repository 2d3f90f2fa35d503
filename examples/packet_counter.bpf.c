// SPDX-License-Identifier: BSD-2-Clause
/*
 * Count packets and bytes by IP protocol.
 *
 * Attached to a network device with XDP, this program passes every packet and
 * only keeps the books: one slot for each of the 256 IP protocol numbers, one
 * more for everything that is not IP. The map is per CPU, so that no atomic
 * operation is needed; user space adds up the columns.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define NOT_IP		256
#define SLOTS		257

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

/* Only IPv4's header is looked at if this is set before loading. */
const volatile _Bool ipv4_only = 0;

static __always_inline __u32 protocol_of(void *data, void *data_end)
{
	struct ethhdr *eth = data;

	if ((void *)(eth + 1) > data_end)
		return NOT_IP;

	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > data_end)
			return NOT_IP;
		return ip->protocol;
	}

	if (eth->h_proto == bpf_htons(ETH_P_IPV6) && !ipv4_only) {
		struct ipv6hdr *ip6 = (void *)(eth + 1);

		if ((void *)(ip6 + 1) > data_end)
			return NOT_IP;
		return ip6->nexthdr;
	}

	return NOT_IP;
}

SEC("xdp")
int count_packets(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	__u32 slot = protocol_of(data, data_end);
	struct counter *c;

	c = bpf_map_lookup_elem(&counters, &slot);
	if (!c)
		return XDP_PASS;

	c->packets++;
	c->bytes += data_end - data;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
