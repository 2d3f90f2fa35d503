// SPDX-License-Identifier: BSD-2-Clause
/*
 * A layer-4 load balancer with direct server return.
 *
 * Packets for a virtual address are sent on to one of its servers: to one in
 * the same segment by rewriting the Ethernet addresses, to one further away
 * inside an IPIP tunnel. New flows find their server on a consistent-hash ring
 * that user space fills, so that few flows move when a server comes or goes;
 * known flows stay where the connection table says they are.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "load_balancer.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_VIPS);
	__type(key, struct vip_key);
	__type(value, __u32);		/* number of its ring */
} vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_VIPS * RING_SIZE);
	__type(key, __u32);
	__type(value, __u32);		/* index of a server */
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SERVERS);
	__type(key, __u32);
	__type(value, struct server);
} servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, __u32);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STATS);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

const volatile __be32 tunnel_source = 0;
const volatile __u32 hash_seed = 0x5bd1e995;

static __always_inline void count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&stats, &which);

	if (n)
		(*n)++;
}

static __always_inline struct server *server_at(__u32 index)
{
	struct server *s = bpf_map_lookup_elem(&servers, &index);

	return s && s->up ? s : 0;
}

/* The server of a flow: from the connection table, else from the ring. */
static __always_inline struct server *choose(struct flow_key *flow, __u32 ring, __u32 is_new)
{
	__u32 *index, place;
	struct server *s;

	index = is_new ? 0 : bpf_map_lookup_elem(&connections, flow);
	s = index ? server_at(*index) : 0;
	if (s) {
		count(STAT_HIT);
		return s;
	}

	place = ring * RING_SIZE + hash_flow(flow, hash_seed) % RING_SIZE;
	index = bpf_map_lookup_elem(&rings, &place);
	s = index ? server_at(*index) : 0;
	if (s)
		bpf_map_update_elem(&connections, flow, index, BPF_ANY);
	count(s ? STAT_NEW : STAT_NO_SERVER);
	return s;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* One hop less; the checksum follows by the difference (RFC 1624). */
static __always_inline void decrement_ttl(struct iphdr *ip)
{
	__u16 old = *(__u16 *)&ip->ttl, new;

	ip->ttl--;
	new = *(__u16 *)&ip->ttl;
	ip->check = ~fold((__u16)~ip->check + (__u16)~old + new);
}

/* OLD is where the frame's header was; the two may overlap. */
static __always_inline void set_macs(struct ethhdr *eth, const struct ethhdr *old, const struct server *s)
{
	__u8 own[ETH_ALEN];

	__builtin_memcpy(own, old->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_source, own, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, s->mac, ETH_ALEN);
}

static __always_inline int send_ipip(struct xdp_md *ctx, const struct server *s, __u16 inner_len)
{
	struct ethhdr *eth, *old;
	struct iphdr *ip;
	__u32 sum = 0;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return XDP_DROP;
	eth = (void *)(long)ctx->data;
	ip = (void *)(eth + 1);
	old = (void *)eth + sizeof(*ip);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;

	set_macs(eth, old, s);
	eth->h_proto = bpf_htons(ETH_P_IP);

	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_IPIP;
	ip->tot_len = bpf_htons(inner_len + sizeof(*ip));
	ip->saddr = tunnel_source;
	ip->daddr = s->address;
	for (int i = 0; i < 10; i++)
		sum += ((__u16 *)ip)[i];
	ip->check = ~fold(sum);
	return XDP_TX;
}

SEC("xdp")
int load_balancer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);	/* its ports are also UDP's */
	struct flow_key flow = {};
	struct vip_key vip = {};
	__u32 *ring, is_new = 0;
	struct server *s;

	if ((void *)tcp + 8 > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != 5 || ip->ttl <= 1 || ip->frag_off & bpf_htons(0x3fff))
		return XDP_PASS;
	if (ip->protocol == IPPROTO_TCP) {
		if ((void *)(tcp + 1) > data_end)
			return XDP_PASS;
		is_new = tcp->syn && !tcp->ack;
	} else if (ip->protocol != IPPROTO_UDP) {
		return XDP_PASS;
	}

	vip.address = ip->daddr;
	vip.port = tcp->dest;
	vip.protocol = ip->protocol;
	ring = bpf_map_lookup_elem(&vips, &vip);
	if (!ring)
		return XDP_PASS;

	flow.src = ip->saddr;
	flow.dst = ip->daddr;
	flow.src_port = tcp->source;
	flow.dst_port = tcp->dest;
	flow.protocol = ip->protocol;
	s = choose(&flow, *ring, is_new);
	if (!s)
		return XDP_DROP;
	decrement_ttl(ip);
	if (s->how == FORWARD_IPIP)
		return send_ipip(ctx, s, bpf_ntohs(ip->tot_len));
	set_macs(eth, eth, s);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
