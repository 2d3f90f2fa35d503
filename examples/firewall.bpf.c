// SPDX-License-Identifier: BSD-2-Clause
/*
 * A stateless firewall for IPv4 and IPv6.
 *
 * Two longest-prefix-match tries hold the rules, keyed by source address. A
 * rule names the verdict and, if it wants to, one protocol and a range of
 * destination ports; where those do not fit, the default applies.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

enum verdict { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_COUNT };

struct rule {
	__u32 verdict;
	__u16 port_low;		/* host byte order */
	__u16 port_high;
	__u8 protocol;		/* 0: any */
	__u8 pad[3];
	__u32 id;
};

struct key4 {
	__u32 prefix;
	__be32 address;
};

struct key6 {
	__u32 prefix;
	__be32 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 10000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key4);
	__type(value, struct rule);
} rules4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 10000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key6);
	__type(value, struct rule);
} rules6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

const volatile __u32 default_verdict = VERDICT_ACCEPT;

/* What the rules are asked about. */
struct packet {
	__u8 protocol;
	__u16 port;
};

static __always_inline void count_hit(__u32 id)
{
	__u64 one = 1, *hit = bpf_map_lookup_elem(&hits, &id);

	if (hit)
		(*hit)++;
	else
		bpf_map_update_elem(&hits, &id, &one, BPF_ANY);
}

/* The destination port of TCP or UDP; 0 if there is none to read. */
static __always_inline __u16 destination_port(void *l4, void *data_end, __u8 protocol)
{
	__be16 *ports = l4;

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return 0;
	if ((void *)(ports + 2) > data_end)
		return 0;
	return bpf_ntohs(ports[1]);
}

static __always_inline __u32 judge(const struct rule *rule, const struct packet *p)
{
	if (!rule)
		return default_verdict;
	if (rule->protocol && rule->protocol != p->protocol)
		return default_verdict;
	if (rule->port_high && (p->port < rule->port_low || p->port > rule->port_high))
		return default_verdict;
	count_hit(rule->id);
	return rule->verdict;
}

static __noinline __u32 filter_ipv4(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct key4 key = { .prefix = 32 };
	struct packet p = {};

	if ((void *)(ip + 1) > data_end)
		return VERDICT_DROP;
	key.address = ip->saddr;
	p.protocol = ip->protocol;
	if (!(ip->frag_off & bpf_htons(0x1fff)))
		p.port = destination_port((void *)ip + ip->ihl * 4, data_end, p.protocol);
	return judge(bpf_map_lookup_elem(&rules4, &key), &p);
}

static __noinline __u32 filter_ipv6(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip = data + sizeof(struct ethhdr);
	struct key6 key = { .prefix = 128 };
	struct packet p = {};

	if ((void *)(ip + 1) > data_end)
		return VERDICT_DROP;
	__builtin_memcpy(key.address, &ip->saddr, sizeof(key.address));
	p.protocol = ip->nexthdr;
	p.port = destination_port(ip + 1, data_end, p.protocol);
	return judge(bpf_map_lookup_elem(&rules6, &key), &p);
}

SEC("xdp")
int firewall(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u32 verdict = VERDICT_ACCEPT;
	__u64 *count;

	if ((void *)(eth + 1) > data_end)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		verdict = filter_ipv4(ctx);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		verdict = filter_ipv6(ctx);

	count = bpf_map_lookup_elem(&verdicts, &verdict);
	if (count)
		(*count)++;
	return verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
