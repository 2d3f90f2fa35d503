/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that a kernel takes and that cannot be taken in user space. refused.py reads what
 * is said of each:
 *
 * map_fields: points to a kernel object, which is not there in user space
 * task_fields: points to a kernel object, which is not there in user space
 * cast: unsupported kernel function bpf_rdonly_cast
 * other_task: unsupported kernel function bpf_task_from_pid
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct bpf_map {
	int id;
} __attribute__((preserve_access_index));
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void *bpf_rdonly_cast(const void *p, __u32 type) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *t) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} array SEC(".maps");

SEC("xdp")
int map_fields(struct xdp_md *x)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return ((struct bpf_map *)&array)->id;
}

SEC("syscall")
int task_fields(void *x)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task_btf();

	return t->pid;
}

SEC("xdp")
int cast(struct xdp_md *x)
{
	struct task_struct *t = bpf_rdonly_cast(x, bpf_core_type_id_kernel(struct task_struct));

	return t ? 1 : 2;
}

SEC("syscall")
int other_task(void *x)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 1;
	bpf_task_release(t);
	return 0;
}

char _license[] SEC("license") = "GPL";
