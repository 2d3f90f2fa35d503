/* SPDX-License-Identifier: BSD-2-Clause */
/* Work queues: what calls return, callbacks that may sleep and queue themselves again, elements that go. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum { TURNS = 10 };

struct bpf_wq {
	__u64 opaque[2];
} __attribute__((aligned(8)));
extern int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*callback_fn)(void *map, int *key, void *value), unsigned int flags,
				    void *aux__ign) __ksym;

struct elem {
	__u64 count;
	struct bpf_wq wq;
	__u64 key;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
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
struct both {
	struct bpf_timer t;
	struct bpf_wq wq;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct both);
} timed SEC(".maps");
/* What the calls of setup returned, and what callbacks saw. */
int said[16];
__u64 fired, in_hash, by_timer;
int slept;

static int again(void *map, int *key, void *value)
{
	struct elem *e = value;
	char c;

	e->count++;
	e->key = *key;
	slept = bpf_copy_from_user(&c, 1, 0);
	__sync_fetch_and_add(&fired, 1);
	if (e->count < TURNS)
		bpf_wq_start(&e->wq, 0);
	return 0;
}

static int once(void *map, int *key, void *value)
{
	__sync_fetch_and_add(&in_hash, *(__u64 *)key);
	return 0;
}

static int queued(void *map, int *key, void *value)
{
	__sync_fetch_and_add(&by_timer, 1);
	return 0;
}

static int due(void *map, __u32 *key, struct both *b)
{
	bpf_wq_start(&b->wq, 0);
	return 0;
}

SEC("tc")
int setup(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct elem *e = bpf_map_lookup_elem(&array, &key);

	if (!e)
		return 1;
	said[0] = bpf_wq_start(&e->wq, 0);
	said[1] = bpf_wq_set_callback_impl(&e->wq, again, 0, NULL);
	said[2] = bpf_wq_init(&e->wq, &array, 1);
	said[3] = bpf_wq_init(&e->wq, &array, 0);
	said[4] = bpf_wq_init(&e->wq, &array, 0);
	said[5] = bpf_wq_start(&e->wq, 0);
	said[6] = bpf_wq_set_callback_impl(&e->wq, again, 1, NULL);
	said[7] = bpf_wq_set_callback_impl(&e->wq, again, 0, NULL);
	said[8] = bpf_wq_start(&e->wq, 1);
	said[9] = bpf_wq_start(&e->wq, 0);
	return 0;
}

/* Elements with queues; one is there when its callback runs, another is not started. */
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
		if (bpf_wq_init(&e->wq, &hash, 0) || bpf_wq_set_callback_impl(&e->wq, once, 0, NULL))
			return 2;
		if (key != 10 && bpf_wq_start(&e->wq, 0))
			return 3;
	}
	return 0;
}

SEC("tc")
int leave(struct __sk_buff *skb)
{
	for (__u64 key = 1; key <= 100; key *= 10)
		bpf_map_delete_elem(&hash, &key);
	return 0;
}

/* A timer, where nothing may sleep, hands on to a queue. */
SEC("tc")
int both(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct both *b = bpf_map_lookup_elem(&timed, &key);

	if (!b)
		return 1;
	if (bpf_timer_init(&b->t, &timed, 1) || bpf_timer_set_callback(&b->t, due) || bpf_wq_init(&b->wq, &timed, 0) ||
	    bpf_wq_set_callback_impl(&b->wq, queued, 0, NULL))
		return 2;
	return bpf_timer_start(&b->t, 1000000, 0);
}

char _license[] SEC("license") = "GPL";
