// SPDX-License-Identifier: BSD-2-Clause
/*
 * Parse a packet down to its ports and count flows.
 *
 * The headers are declared here, packed, the way portable parsers often have
 * them. A compiler may then assume no alignment at all and loads each wider
 * field byte by byte, even on machines that do not care.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define __packed	__attribute__((packed))
#define MAX_VLANS	2

struct eth_header {
	__u8 dst[6];
	__u8 src[6];
	__be16 type;
} __packed;

struct vlan_tag {
	__be16 tci;
	__be16 type;
} __packed;

struct ipv4_header {
	__u8 version_ihl;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 src;
	__be32 dst;
} __packed;

struct ipv6_header {
	__be32 version_class_label;
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__be32 src[4];
	__be32 dst[4];
} __packed;

/* TCP and UDP begin alike. */
struct port_header {
	__be16 src;
	__be16 dst;
} __packed;

struct flow {
	__be32 src[4];
	__be32 dst[4];
	__be16 src_port;
	__be16 dst_port;
	__u16 vlan;
	__u8 protocol;
	__u8 version;
} __packed;

struct flow_stats {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow);
	__type(value, struct flow_stats);
} flows SEC(".maps");

struct cursor {
	void *at;
	void *end;
};

/* The next SIZE bytes of the packet, or nothing if it ends before. */
static __always_inline void *take(struct cursor *c, __u32 size)
{
	void *header = c->at;

	if (header + size > c->end)
		return 0;
	c->at = header + size;
	return header;
}

static __always_inline int parse_link(struct cursor *c, struct flow *f, __be16 *type)
{
	struct eth_header *eth = take(c, sizeof(*eth));

	if (!eth)
		return -1;
	*type = eth->type;

#pragma unroll
	for (int i = 0; i < MAX_VLANS; i++) {
		struct vlan_tag *tag;

		if (*type != bpf_htons(ETH_P_8021Q) && *type != bpf_htons(ETH_P_8021AD))
			break;
		tag = take(c, sizeof(*tag));
		if (!tag)
			return -1;
		f->vlan = bpf_ntohs(tag->tci) & 0xfff;
		*type = tag->type;
	}
	return 0;
}

static __always_inline int parse_ipv4(struct cursor *c, struct flow *f)
{
	struct ipv4_header *ip = take(c, sizeof(*ip));
	__u32 options;

	if (!ip || ip->version_ihl >> 4 != 4 || (ip->version_ihl & 0xf) < 5)
		return -1;
	/* Later fragments carry no ports. */
	if (ip->fragment & bpf_htons(0x1fff))
		return -1;

	options = (ip->version_ihl & 0xf) * 4 - sizeof(*ip);
	if (!take(c, options))
		return -1;

	f->version = 4;
	f->protocol = ip->protocol;
	f->src[0] = ip->src;
	f->dst[0] = ip->dst;
	return 0;
}

static __always_inline int parse_ipv6(struct cursor *c, struct flow *f)
{
	struct ipv6_header *ip = take(c, sizeof(*ip));

	if (!ip)
		return -1;
	f->version = 6;
	f->protocol = ip->next_header;
	__builtin_memcpy(f->src, ip->src, sizeof(f->src));
	__builtin_memcpy(f->dst, ip->dst, sizeof(f->dst));
	return 0;
}

SEC("xdp")
int count_flows(struct xdp_md *ctx)
{
	struct cursor c = { (void *)(long)ctx->data, (void *)(long)ctx->data_end };
	__u64 bytes = c.end - c.at;
	struct flow_stats *stats;
	struct flow flow = {};
	__be16 type;

	if (parse_link(&c, &flow, &type))
		return XDP_PASS;
	if (type == bpf_htons(ETH_P_IP) ? parse_ipv4(&c, &flow) :
	    type == bpf_htons(ETH_P_IPV6) ? parse_ipv6(&c, &flow) : -1)
		return XDP_PASS;

	if (flow.protocol == IPPROTO_TCP || flow.protocol == IPPROTO_UDP) {
		struct port_header *ports = take(&c, sizeof(*ports));

		if (!ports)
			return XDP_PASS;
		flow.src_port = ports->src;
		flow.dst_port = ports->dst;
	}

	stats = bpf_map_lookup_elem(&flows, &flow);
	if (stats) {
		__sync_fetch_and_add(&stats->packets, 1);
		__sync_fetch_and_add(&stats->bytes, bytes);
	} else {
		struct flow_stats first = { .packets = 1, .bytes = bytes };

		bpf_map_update_elem(&flows, &flow, &first, BPF_NOEXIST);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
