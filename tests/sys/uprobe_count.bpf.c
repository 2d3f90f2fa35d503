// SPDX-License-Identifier: BSD-2-Clause
/* Counts hits; keeps the cookie. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

SEC("uprobe")
int count(void *ctx)
{
	__u32 zero = 0, one = 1;
	__u64 *n = bpf_map_lookup_elem(&hits, &zero), *c = bpf_map_lookup_elem(&hits, &one);

	if (n)
		__sync_fetch_and_add(n, 1);
	if (c)
		*c = bpf_get_attach_cookie(ctx);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
