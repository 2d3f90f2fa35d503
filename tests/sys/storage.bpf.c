/* SPDX-License-Identifier: BSD-2-Clause */
/* Storage of tasks, sockets, files and cgroups; arrays of cgroups. See storage.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value {
	__u64 runs, last;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} tasks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct value);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} sockets SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} files SEC(".maps");
struct {
	__uint(type, 32 /* BPF_MAP_TYPE_CGRP_STORAGE */);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} groups SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} places SEC(".maps");

struct {
	__s64 r[8];
} result;

static struct task_struct *me(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

SEC("xdp")
int count(struct xdp_md *x)
{
	struct value *v = bpf_task_storage_get(&tasks, me(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!v)
		return 0;
	v->runs++;
	return (int)v->runs;
}

SEC("xdp")
int look(struct xdp_md *x)
{
	struct value *v = bpf_task_storage_get(&tasks, me(), 0, 0);

	return v ? (int)v->runs : 1000;
}

SEC("xdp")
int leave(struct xdp_md *x)
{
	return -(int)bpf_task_storage_delete(&tasks, me());
}

SEC("xdp")
int start_at(struct xdp_md *x)
{
	struct value first = {.runs = 40, .last = 2}, *v;

	v = bpf_task_storage_get(&tasks, me(), &first, BPF_LOCAL_STORAGE_GET_F_CREATE);
	result.r[0] = v ? (__s64)v->last : -1;
	v = bpf_task_storage_get(&tasks, me(), 0, 4);
	result.r[1] = v ? 1 : 0;
	/* What is held stays, though it is taken out; the next one is new. */
	v = bpf_task_storage_get(&tasks, me(), 0, 0);
	result.r[2] = bpf_task_storage_delete(&tasks, me());
	result.r[3] = v ? (__s64)v->runs : -1;
	v = bpf_task_storage_get(&tasks, me(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	result.r[4] = v ? (__s64)v->runs : -1;
	return 2;
}

SEC("cgroup_skb/egress")
int in_cgroup(struct __sk_buff *s)
{
	struct value *v = bpf_get_local_storage(&cgroups, 0);

	v->runs++;
	result.r[5] = (__s64)v->runs;
	return v->runs > 3;
}

/* Nothing is stored for the socket of a packet, if there is one. */
SEC("tc")
int of_socket(struct __sk_buff *s)
{
	struct bpf_sock *sk = s->sk;
	struct value *v = sk ? bpf_sk_storage_get(&sockets, sk, 0, 0) : 0;

	return v ? 1 : 2;
}

SEC("tc")
int packets_place(struct __sk_buff *s)
{
	for (int k = 0; k < 4; k++)
		result.r[k] = bpf_skb_under_cgroup(s, &places, k);
	return 0;
}

SEC("raw_tp/sys_enter")
int tasks_place(void *ctx)
{
	for (int k = 0; k < 4; k++)
		result.r[4 + k] = bpf_current_task_under_cgroup(&places, k);
	return 0;
}

char _license[] SEC("license") = "GPL";
