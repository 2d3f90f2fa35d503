/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds up what an application raises (see embed.c). */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} total SEC(".maps");

SEC("raw_tracepoint/request")
int on_request(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0;
	__u64 *t = bpf_map_lookup_elem(&total, &zero);

	if (t)
		__sync_fetch_and_add(t, ctx->args[0]);
	return 0;
}

char LICENSE[] SEC("license") = "BSD";
