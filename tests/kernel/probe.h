/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tiny programs for the running kernel, and what its verifier says of them. One
 * program and one log at a time.
 */
#ifndef SKEP_TEST_PROBE_H
#define SKEP_TEST_PROBE_H

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/abi.h"

enum { PROBE_MAX = 256, PROBE_SKIP = 77, PROBE_SLEEPABLE = BPF_F_SLEEPABLE };

static struct bpf_insn probe_code[PROBE_MAX];
static u32 probe_n;
static char probe_log[1 << 16];
static u32 probe_btf_id;
static unsigned probe_failed;

static inline void emit(u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	if (probe_n == PROBE_MAX)
		abort();
	probe_code[probe_n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}
static inline void emit_mov(u8 dst, s32 imm)
{
	emit(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}
static inline void emit_movr(u8 dst, u8 src)
{
	emit(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}
static inline void emit_map(u8 dst, int fd)
{
	emit(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd);
	emit(0, 0, 0, 0, 0);
}
static inline void emit_call(s32 id)
{
	emit(BPF_JMP | BPF_CALL, 0, 0, 0, id);
}
static inline void emit_exit(void)
{
	emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Loads what was emitted. 0 or -errno; the log is in probe_log. */
static inline int probe_load(u32 prog, u32 attach, u32 level)
{
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = attach,
		    .attach_btf_id = probe_btf_id,
		    .prog_flags = prog == SKEP_PROG_SYSCALL ? PROBE_SLEEPABLE : 0,
		    .log_level = level, .log_buf = probe_log, .log_size = sizeof(probe_log));
	int fd;

	probe_log[0] = '\0';
	fd = bpf_prog_load(prog, NULL, "GPL", probe_code, probe_n, &o);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

/* Is loading of programs allowed at all? Prints why not. */
static inline bool probe_possible(void)
{
	probe_n = 0;
	emit_mov(0, 0);
	emit_exit();
	if (!probe_load(SKEP_PROG_SOCKET_FILTER, 0, 0))
		return true;
	printf("SKIP: the kernel does not let us load programs: %s\n", strerror(errno));
	return false;
}

static inline void probe_fail(const char *fmt, ...)
{
	va_list ap;

	if (probe_failed++ >= 40)
		return;
	printf("FAIL: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/* Program types with attach types: one row for each that the kernel tells apart. */
struct probe_type {
	u32 prog, attach;
	u32 kind;	  /* BTF kind of what it attaches to, 0: nothing */
	const char *name; /* and its name */
};
static const struct probe_type probe_types[] = {
	{SKEP_PROG_SOCKET_FILTER, 0, 0, NULL},
	{SKEP_PROG_KPROBE, 0, 0, NULL},
	{SKEP_PROG_KPROBE, SKEP_ATTACH_TRACE_KPROBE_MULTI, 0, NULL},
	{SKEP_PROG_KPROBE, SKEP_ATTACH_TRACE_UPROBE_MULTI, 0, NULL},
	{SKEP_PROG_KPROBE, SKEP_ATTACH_TRACE_KPROBE_SESSION, 0, NULL},
	{SKEP_PROG_KPROBE, SKEP_ATTACH_TRACE_UPROBE_SESSION, 0, NULL},
	{SKEP_PROG_SCHED_CLS, 0, 0, NULL},
	{SKEP_PROG_SCHED_CLS, SKEP_ATTACH_TCX_INGRESS, 0, NULL},
	{SKEP_PROG_SCHED_CLS, SKEP_ATTACH_TCX_EGRESS, 0, NULL},
	{SKEP_PROG_SCHED_CLS, SKEP_ATTACH_NETKIT_PRIMARY, 0, NULL},
	{SKEP_PROG_SCHED_ACT, 0, 0, NULL},
	{SKEP_PROG_TRACEPOINT, 0, 0, NULL},
	{SKEP_PROG_XDP, 0, 0, NULL},
	{SKEP_PROG_XDP, SKEP_ATTACH_XDP, 0, NULL},
	{SKEP_PROG_XDP, SKEP_ATTACH_XDP_DEVMAP, 0, NULL},
	{SKEP_PROG_XDP, SKEP_ATTACH_XDP_CPUMAP, 0, NULL},
	{SKEP_PROG_PERF_EVENT, 0, 0, NULL},
	{SKEP_PROG_CGROUP_SKB, SKEP_ATTACH_CGROUP_INET_INGRESS, 0, NULL},
	{SKEP_PROG_CGROUP_SKB, SKEP_ATTACH_CGROUP_INET_EGRESS, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK, SKEP_ATTACH_CGROUP_INET_SOCK_CREATE, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK, SKEP_ATTACH_CGROUP_INET_SOCK_RELEASE, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK, SKEP_ATTACH_CGROUP_INET4_POST_BIND, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK, SKEP_ATTACH_CGROUP_INET6_POST_BIND, 0, NULL},
	{SKEP_PROG_LWT_IN, 0, 0, NULL},
	{SKEP_PROG_LWT_OUT, 0, 0, NULL},
	{SKEP_PROG_LWT_XMIT, 0, 0, NULL},
	{SKEP_PROG_SOCK_OPS, SKEP_ATTACH_CGROUP_SOCK_OPS, 0, NULL},
	{SKEP_PROG_SK_SKB, SKEP_ATTACH_SK_SKB_STREAM_PARSER, 0, NULL},
	{SKEP_PROG_SK_SKB, SKEP_ATTACH_SK_SKB_STREAM_VERDICT, 0, NULL},
	{SKEP_PROG_SK_SKB, SKEP_ATTACH_SK_SKB_VERDICT, 0, NULL},
	{SKEP_PROG_CGROUP_DEVICE, SKEP_ATTACH_CGROUP_DEVICE, 0, NULL},
	{SKEP_PROG_SK_MSG, SKEP_ATTACH_SK_MSG_VERDICT, 0, NULL},
	{SKEP_PROG_RAW_TRACEPOINT, 0, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_BIND, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET6_BIND, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_CONNECT, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET6_CONNECT, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UDP4_SENDMSG, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UDP6_SENDMSG, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UDP4_RECVMSG, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UDP6_RECVMSG, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_GETPEERNAME, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET6_GETPEERNAME, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET4_GETSOCKNAME, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_INET6_GETSOCKNAME, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UNIX_CONNECT, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UNIX_SENDMSG, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UNIX_RECVMSG, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UNIX_GETPEERNAME, 0, NULL},
	{SKEP_PROG_CGROUP_SOCK_ADDR, SKEP_ATTACH_CGROUP_UNIX_GETSOCKNAME, 0, NULL},
	{SKEP_PROG_LWT_SEG6LOCAL, 0, 0, NULL},
	{SKEP_PROG_SK_REUSEPORT, SKEP_ATTACH_SK_REUSEPORT_SELECT, 0, NULL},
	{SKEP_PROG_SK_REUSEPORT, SKEP_ATTACH_SK_REUSEPORT_SELECT_OR_MIGRATE, 0, NULL},
	{SKEP_PROG_FLOW_DISSECTOR, SKEP_ATTACH_FLOW_DISSECTOR, 0, NULL},
	{SKEP_PROG_CGROUP_SYSCTL, SKEP_ATTACH_CGROUP_SYSCTL, 0, NULL},
	{SKEP_PROG_RAW_TRACEPOINT_WRITABLE, 0, 0, NULL},
	{SKEP_PROG_CGROUP_SOCKOPT, SKEP_ATTACH_CGROUP_GETSOCKOPT, 0, NULL},
	{SKEP_PROG_CGROUP_SOCKOPT, SKEP_ATTACH_CGROUP_SETSOCKOPT, 0, NULL},
	{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_RAW_TP, BTF_KIND_TYPEDEF, "btf_trace_sched_switch"},
	{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, BTF_KIND_FUNC, "bpf_iter_task"},
	{SKEP_PROG_TRACING, SKEP_ATTACH_TRACE_ITER, BTF_KIND_FUNC, "bpf_iter_tcp"},
	{SKEP_PROG_STRUCT_OPS, 0, BTF_KIND_STRUCT, "tcp_congestion_ops"},
	{SKEP_PROG_SK_LOOKUP, SKEP_ATTACH_SK_LOOKUP, 0, NULL},
	{SKEP_PROG_SYSCALL, 0, 0, NULL},
	{SKEP_PROG_NETFILTER, SKEP_ATTACH_NETFILTER, 0, NULL},
};

static inline const char *probe_name(const struct probe_type *t)
{
	static char text[80];
	const struct skep_prog_type *pt = skep_prog_type_find(t->prog);

	snprintf(text, sizeof(text), "%s/%u", pt->name, t->attach);
	return text;
}

/* Sets probe_btf_id; false when this kernel has no such program type (prints why). */
static inline bool probe_begin(const struct probe_type *t, const struct btf *vmlinux)
{
	int id = 0, err;

	if (t->kind) {
		id = vmlinux ? btf__find_by_name_kind(vmlinux, t->name, t->kind) : -1;
		if (id < 0) {
			printf("not compared: %s: the kernel has no %s\n", probe_name(t), t->name);
			return false;
		}
	}
	probe_btf_id = (u32)id;
	probe_n = 0;
	emit_mov(0, 1);
	emit_exit();
	err = probe_load(t->prog, t->attach, 1);
	if (!err || strstr(probe_log, "At program exit"))
		return true;
	printf("not compared: %s: not loaded: %s\n", probe_name(t), strerror(-err));
	return false;
}

#endif
