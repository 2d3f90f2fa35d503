/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds up what a function of the application gets and gives. */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

static __always_inline void add(__u32 key, __u64 v)
{
	__u64 *t = bpf_map_lookup_elem(&sums, &key);

	if (t)
		__sync_fetch_and_add(t, v);
}

SEC("kprobe/on_request")
int on_request(struct pt_regs *ctx)
{
	add(0, ctx->rdi);
	return 0;
}

SEC("kretprobe/on_request")
int on_answer(struct pt_regs *ctx)
{
	add(1, ctx->rax);
	add(2, bpf_get_attach_cookie(ctx));
	add(3, bpf_get_func_ip(ctx));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
