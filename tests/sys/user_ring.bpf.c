/* SPDX-License-Identifier: BSD-2-Clause */
/* What user space wrote into a ring is drained by programs. See user_ring.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct result {
	__u64 sum, calls, shorts;
	long ret;
	__u64 flags;
} result;

static long take(struct bpf_dynptr *record, void *stop_at)
{
	__u64 v = 0, *p;

	result.calls++;
	if (bpf_dynptr_read(&v, sizeof(v), record, 0, 0)) {
		result.shorts++;
		return 0;
	}
	p = bpf_dynptr_data(record, 0, sizeof(v));
	result.sum += v;
	return p && *p == *(__u64 *)stop_at;
}

static long nested(struct bpf_dynptr *record, void *ctx)
{
	result.sum = (__u64)bpf_user_ringbuf_drain(&ring, take, ctx, 0);
	return 0;
}

SEC("xdp")
int drain(struct xdp_md *x)
{
	__u64 stop_at = 999;

	result.ret = bpf_user_ringbuf_drain(&ring, take, &stop_at, result.flags);
	return 2;
}

SEC("xdp")
int drain_inside(struct xdp_md *x)
{
	__u64 stop_at = 999;

	result.ret = bpf_user_ringbuf_drain(&ring, nested, &stop_at, 0);
	return 2;
}

char _license[] SEC("license") = "GPL";
