/* SPDX-License-Identifier: BSD-2-Clause */
/* Congestion control that reads and writes its socket, and one that cannot be registered. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sock;
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct tcp_sock {
	__u32 snd_cwnd, snd_ssthresh;
};
#pragma clang attribute pop
struct tcp_congestion_ops {
	char name[16];
	__u32 flags;
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*init)(struct sock *sk);
};

SEC("struct_ops/halve")
__u32 BPF_PROG(halve, struct sock *sk)
{
	__u32 half = ((struct tcp_sock *)sk)->snd_cwnd / 2;

	return half > 2 ? half : 2;
}

SEC("struct_ops/grow")
void BPF_PROG(grow, struct sock *sk, __u32 ack, __u32 acked)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	if (tp->snd_cwnd < tp->snd_ssthresh)
		tp->snd_cwnd = tp->snd_cwnd + acked;
}

SEC("struct_ops/undo")
__u32 BPF_PROG(undo, struct sock *sk)
{
	return ((struct tcp_sock *)sk)->snd_cwnd;
}

SEC(".struct_ops")
struct tcp_congestion_ops whole = {
	.name = "skep_whole",
	.flags = 1,
	.ssthresh = (void *)halve,
	.cong_avoid = (void *)grow,
	.undo_cwnd = (void *)undo,
};
SEC(".struct_ops")
struct tcp_congestion_ops part = {
	.name = "skep_part",
	.ssthresh = (void *)halve,
};

char _license[] SEC("license") = "GPL";
