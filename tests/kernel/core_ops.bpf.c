/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that implement members of a kernel's struct, whose members lie elsewhere there. */
#define SEC(name) __attribute__((section(name), used))

struct sock;
struct tcp_congestion_ops {
	char name[16];
	void (*init)(struct sock *sk);
	int flags;
	unsigned int (*undo_cwnd)(struct sock *sk);
	unsigned int (*ssthresh)(struct sock *sk);
};

SEC("struct_ops/init") void start(unsigned long long *ctx)
{
}

SEC("struct_ops/any") unsigned int half(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/any") unsigned int undo(unsigned long long *ctx)
{
	return 4;
}

SEC(".struct_ops") struct tcp_congestion_ops first = {
	.name = "first", .init = (void *)start, .ssthresh = (void *)half, .undo_cwnd = (void *)undo,
};

SEC(".struct_ops") struct tcp_congestion_ops second = {
	.name = "second", .ssthresh = (void *)half, .undo_cwnd = (void *)undo,
};

char _license[] SEC("license") = "GPL";
