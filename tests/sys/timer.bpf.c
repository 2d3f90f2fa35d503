/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: what calls return, callbacks that start themselves again, elements that go. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum { TURNS = 10, LATER = 100000 };

struct elem {
	__u64 count;
	struct bpf_timer t;
	__u64 key;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* which its timers forbid */
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct elem);
} array SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u64);
	__type(value, struct elem);
} hash SEC(".maps");
/* What the calls of setup returned, and what callbacks saw. */
int said[16];
__u64 fired, in_hash, self;

static int again(void *map, __u32 *key, struct elem *e)
{
	e->count++;
	e->key = *key;
	__sync_fetch_and_add(&fired, 1);
	if (e->count == 1)
		self = bpf_timer_cancel(&e->t);
	if (e->count < TURNS)
		bpf_timer_start(&e->t, LATER, 0);
	return 0;
}

static int once(void *map, __u64 *key, struct elem *e)
{
	__sync_fetch_and_add(&in_hash, *key);
	return 0;
}

SEC("tc")
int setup(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct elem *e = bpf_map_lookup_elem(&array, &key);

	if (!e)
		return 1;
	said[0] = bpf_timer_start(&e->t, 0, 0);
	said[1] = bpf_timer_init(&e->t, &array, 5);
	said[2] = bpf_timer_init(&e->t, &array, 1);
	said[3] = bpf_timer_init(&e->t, &array, 1);
	said[4] = bpf_timer_start(&e->t, 0, 0);
	said[5] = bpf_timer_set_callback(&e->t, again);
	said[6] = bpf_timer_start(&e->t, 0, 16);
	said[7] = bpf_timer_cancel(&e->t);
	said[8] = bpf_timer_start(&e->t, 1000000000, 0);
	said[9] = bpf_timer_set_callback(&e->t, again);
	said[10] = bpf_timer_start(&e->t, 1000000000, 0);
	said[11] = bpf_timer_cancel(&e->t);
	said[12] = bpf_timer_set_callback(&e->t, again);
	said[13] = bpf_timer_start(&e->t, LATER, 0);
	return 0;
}

/* Three elements with timers; the second is deleted and the third replaced before they are due. */
SEC("tc")
int elements(struct __sk_buff *skb)
{
	struct elem none = {};

	for (__u64 key = 1; key <= 100; key *= 10) {
		struct elem *e;

		bpf_map_update_elem(&hash, &key, &none, BPF_ANY);
		e = bpf_map_lookup_elem(&hash, &key);
		if (!e)
			return 1;
		if (bpf_timer_init(&e->t, &hash, 1) || bpf_timer_set_callback(&e->t, once) ||
		    bpf_timer_start(&e->t, 20000000, 0))
			return 2;
	}
	return 0;
}

SEC("tc")
int leave(struct __sk_buff *skb)
{
	struct elem none = {};
	__u64 key = 10;

	bpf_map_delete_elem(&hash, &key);
	key = 100;
	bpf_map_update_elem(&hash, &key, &none, BPF_ANY);
	return 0;
}

char _license[] SEC("license") = "GPL";
