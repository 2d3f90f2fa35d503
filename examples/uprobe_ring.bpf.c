// SPDX-License-Identifier: BSD-2-Clause
/*
 * Trace calls of one user-space function through a ring buffer.
 *
 * The function is of the shape `int f(const char *name, long flags)`, open-like.
 * Entry remembers arguments and time for the thread; return reports one event
 * with the name, the result and the time between. The sections name no target:
 * user space attaches the pair to the binary and symbol it wants.
 */
#ifndef __TARGET_ARCH_x86
#define __TARGET_ARCH_x86
#endif
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define NAME_SIZE	64
#define COMM_SIZE	16
#define ANY_UID		((__u32)-1)

struct event {
	__u64 time;
	__u64 duration;
	__u32 pid;
	__u32 tid;
	__s32 result;
	__u32 flags;
	char comm[COMM_SIZE];
	char name[NAME_SIZE];
};

struct call {
	__u64 time;
	const char *name;
	__u32 flags;
	__u32 depth;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

const volatile __u64 min_duration = 0;
const volatile __u32 target_uid = ANY_UID;

__u64 lost = 0;

SEC("uprobe")
int BPF_KPROBE(function_entry, const char *name, long flags)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *outer, call = {};

	if (target_uid != ANY_UID && (__u32)bpf_get_current_uid_gid() != target_uid)
		return 0;

	/* A call from within a call is counted but not reported. */
	outer = bpf_map_lookup_elem(&calls, &id);
	if (outer) {
		outer->depth++;
		return 0;
	}

	call.time = bpf_ktime_get_ns();
	call.name = name;
	call.flags = flags;
	bpf_map_update_elem(&calls, &id, &call, BPF_ANY);
	return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(function_return, int result)
{
	__u64 id = bpf_get_current_pid_tgid(), duration;
	struct call *call = bpf_map_lookup_elem(&calls, &id);
	struct event *e;

	if (!call)
		return 0;
	if (call->depth) {
		call->depth--;
		return 0;
	}

	duration = bpf_ktime_get_ns() - call->time;
	if (duration < min_duration)
		goto forget;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		goto forget;
	}
	e->time = call->time;
	e->duration = duration;
	e->pid = id >> 32;
	e->tid = id;
	e->result = result;
	e->flags = call->flags;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	if (bpf_probe_read_user_str(e->name, sizeof(e->name), call->name) < 0)
		e->name[0] = 0;
	bpf_ringbuf_submit(e, 0);
forget:
	bpf_map_delete_elem(&calls, &id);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
