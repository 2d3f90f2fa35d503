/* SPDX-License-Identifier: BSD-2-Clause */
/* The same done several times: what pass outline makes a function of. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct counter {
	__u64 events, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

static __always_inline void count(__u32 which, __u64 bytes)
{
	struct counter zero = {1, bytes};
	__u32 key = which;

	bpf_map_update_elem(&counters, &key, &zero, BPF_ANY);
}

SEC("xdp")
int several(struct xdp_md *ctx)
{
	__u32 from = ctx->ingress_ifindex, queue = ctx->rx_queue_index;

	count(1, from);
	count(2, queue);
	if (from & 1)
		count(3, from + queue);
	if (queue & 2)
		count(4, from * queue);
	if (queue & 4)
		count(5, from ^ queue);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
