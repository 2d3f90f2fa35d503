// SPDX-License-Identifier: BSD-2-Clause
/* The arguments of a place for tracing, through a ring buffer. */
#ifndef __TARGET_ARCH_x86
#define __TARGET_ARCH_x86
#endif
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/errno.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("usdt")
int on_place(struct pt_regs *ctx)
{
	__s64 v[5] = {};
	long arg;

	for (int k = 0; k < 3; k++)
		if (bpf_usdt_arg(ctx, k, &arg) == 0)
			v[k] = arg;
	v[3] = bpf_usdt_cookie(ctx);
	v[4] = bpf_usdt_arg_cnt(ctx);
	bpf_ringbuf_output(&events, v, sizeof(v), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
