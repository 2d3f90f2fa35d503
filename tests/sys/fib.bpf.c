/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks for the way with the parameters and flags that lie behind the frame's header, and puts the answer there. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct question {
	struct bpf_fib_lookup p;
	__u32 flags;
	__s32 result;
};

static __always_inline int ask(void *ctx, char *data, char *end)
{
	struct question *q = (struct question *)(data + 16), copy;

	if ((char *)(q + 1) > end)
		return 0;
	copy = *q;
	copy.result = (__s32)bpf_fib_lookup(ctx, &copy.p, sizeof(copy.p), copy.flags);
	*q = copy;
	return 1;
}

SEC("xdp")
int fib_xdp(struct xdp_md *ctx)
{
	return ask(ctx, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

SEC("tc")
int fib_tc(struct __sk_buff *ctx)
{
	return ask(ctx, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

char LICENSE[] SEC("license") = "GPL";
