// SPDX-License-Identifier: BSD-2-Clause
/*
 * Send each packet back to where it came from.
 *
 * The usual test peer of a packet generator: swap the Ethernet addresses and
 * transmit the frame on the device it was received on. Multicast frames are
 * left to the stack, and so is everything while the switch in the map is off.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

struct mac {
	__u8 byte[ETH_ALEN];
} __attribute__((packed));

struct frame {
	struct mac dst;
	struct mac src;
	__be16 type;
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} enabled SEC(".maps");

__u64 reflected = 0;
__u64 passed = 0;

SEC("xdp")
int mac_swap(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct frame *frame = (void *)(long)ctx->data;
	__u32 zero = 0, *on;
	struct mac tmp;

	if ((void *)(frame + 1) > data_end)
		return XDP_DROP;

	on = bpf_map_lookup_elem(&enabled, &zero);
	if (!on || !*on || (frame->dst.byte[0] & 1)) {
		__sync_fetch_and_add(&passed, 1);
		return XDP_PASS;
	}

	tmp = frame->dst;
	frame->dst = frame->src;
	frame->src = tmp;

	__sync_fetch_and_add(&reflected, 1);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
