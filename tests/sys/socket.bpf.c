/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that look for sockets which nobody has, and times of delivery. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum row { FRAME, CLASSIFY, WATCH, ROWS };
__s64 out[ROWS][16];

#define PUT(n, v) out[row][(n)] = (__s64)(v)

static __always_inline void look(enum row row, void *ctx)
{
	struct bpf_sock_tuple t = {.ipv4 = {.saddr = bpf_htonl(0x0affff01), .daddr = bpf_htonl(0x0affff02), .sport = 1, .dport = 2}};
	struct bpf_sock *sk;

	sk = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0);
	PUT(0, sk ? 1 : 0);
	if (sk)
		bpf_sk_release(sk);
	sk = bpf_sk_lookup_udp(ctx, &t, sizeof(t.ipv4), -1, 0);
	PUT(1, sk ? 1 : 0);
	if (sk)
		bpf_sk_release(sk);
	sk = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv6), -1, 0);
	PUT(2, sk ? 1 : 0);
	if (sk)
		bpf_sk_release(sk);
	sk = bpf_sk_lookup_tcp(ctx, &t, 7, -1, 1);
	PUT(3, sk ? 1 : 0);
	if (sk)
		bpf_sk_release(sk);
}

SEC("xdp")
int frame(struct xdp_md *x)
{
	look(FRAME, x);
	return 2;
}

SEC("tc")
int classify(struct __sk_buff *s)
{
	const enum row row = CLASSIFY;

	look(row, s);
	PUT(8, bpf_skb_set_tstamp(s, 1234, 1));
	PUT(9, bpf_skb_set_tstamp(s, 0, 1));
	PUT(10, bpf_skb_set_tstamp(s, 1234, 7));
	PUT(11, s->tstamp);
	return 0;
}

SEC("cgroup_skb/ingress")
int watch(struct __sk_buff *s)
{
	const enum row row = WATCH;

	look(row, s);
	return 1;
}

char _license[] SEC("license") = "GPL";
