// SPDX-License-Identifier: BSD-2-Clause
/*
 * Histograms of how long system calls take.
 *
 * The time of entry is kept per thread; on exit the difference goes into a
 * histogram with one column for each power of two nanoseconds, one histogram
 * for each system call number.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define COLUMNS		32
#define MAX_SYSCALLS	512

/* The records of raw_syscalls, see events/raw_syscalls in tracefs. */
struct sys_enter_args {
	__u64 common;
	long id;
	unsigned long args[6];
};

struct sys_exit_args {
	__u64 common;
	long id;
	long ret;
};

struct entry {
	__u64 time;
	long id;
};

struct histogram {
	__u64 calls;
	__u64 failures;
	__u64 total_ns;
	__u64 column[COLUMNS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SYSCALLS);
	__type(key, __u32);
	__type(value, struct histogram);
} histograms SEC(".maps");

/* Only this process, if not 0. */
const volatile __u32 target_pid = 0;

/* What a new histogram starts as; too large for the stack to build it there. */
static struct histogram empty;

/* The place of the highest bit that is set, without a loop. */
static __always_inline __u32 log2_u32(__u32 v)
{
	__u32 r, shift;

	r = (v > 0xffff) << 4; v >>= r;
	shift = (v > 0xff) << 3; v >>= shift; r |= shift;
	shift = (v > 0xf) << 2; v >>= shift; r |= shift;
	shift = (v > 0x3) << 1; v >>= shift; r |= shift;
	return r | (v >> 1);
}

static __always_inline __u32 log2_u64(__u64 v)
{
	__u32 high = v >> 32;

	return high ? log2_u32(high) + 32 : log2_u32(v);
}

static __always_inline struct histogram *histogram_of(__u32 id)
{
	struct histogram *h = bpf_map_lookup_elem(&histograms, &id);

	if (h)
		return h;
	bpf_map_update_elem(&histograms, &id, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&histograms, &id);
}

SEC("tracepoint/raw_syscalls/sys_enter")
int on_sys_enter(struct sys_enter_args *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 tid = pid_tgid;
	struct entry e = {};

	if (target_pid && pid_tgid >> 32 != target_pid)
		return 0;

	e.id = ctx->id;
	e.time = bpf_ktime_get_ns();
	bpf_map_update_elem(&entries, &tid, &e, BPF_ANY);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int on_sys_exit(struct sys_exit_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = bpf_get_current_pid_tgid();
	struct entry *e = bpf_map_lookup_elem(&entries, &tid);
	struct histogram *h;
	__u32 column;
	__u64 ns;

	/* No entry: the call began before we did, or it never returned. */
	if (!e)
		return 0;
	if (e->id != ctx->id)
		goto forget;

	h = histogram_of(ctx->id);
	if (!h)
		goto forget;

	ns = now - e->time;
	column = log2_u64(ns);
	if (column >= COLUMNS)
		column = COLUMNS - 1;

	__sync_fetch_and_add(&h->calls, 1);
	__sync_fetch_and_add(&h->total_ns, ns);
	__sync_fetch_and_add(&h->column[column], 1);
	if (ctx->ret < 0)
		__sync_fetch_and_add(&h->failures, 1);
forget:
	bpf_map_delete_elem(&entries, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
