/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions that helpers call: their arguments, results, and what they may change. */
#include "cases.h"

struct value {
	u64 a, b;
};
ARRAY_OF(struct value, values);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, struct value);
} table SEC(".maps");

static int nothing(u32 i, void *arg)
{
	return 0;
}

static int stop(u32 i, void *arg)
{
	return 1;
}

static int too_much(u32 i, void *arg)
{
	return 2;
}

static int any_number(u32 i, void *arg)
{
	return bpf_get_prandom_u32();
}

ACCEPT("tc", loop_nothing)
{
	bpf_loop(10, nothing, NULL, 0);
	return 0;
}

ACCEPT("tc", loop_stop)
{
	return bpf_loop(10, stop, NULL, 0) > 0;
}

REJECT("callback-return", "tc", loop_returns_2)
{
	bpf_loop(10, too_much, NULL, 0);
	return 0;
}

REJECT("callback-return", "tc", loop_returns_anything)
{
	bpf_loop(10, any_number, NULL, 0);
	return 0;
}

ACCEPT("tc", loop_very_often)
{
	bpf_loop(1 << 23, nothing, NULL, 0);
	return 0;
}

ACCEPT("tc", loop_unknown_times)
{
	bpf_loop(bpf_get_prandom_u32(), nothing, NULL, 0);
	return 0;
}

struct sum {
	u64 n, index;
};

static int add(u32 i, void *arg)
{
	struct sum *s = arg;

	s->n += i;
	return 0;
}

ACCEPT("tc", loop_changes_the_callers_frame)
{
	struct sum s = {};

	bpf_loop(10, add, &s, 0);
	return s.n;
}

REJECT("uninit-reg-or-type", "tc", loop_argument_is_a_number)
{
	bpf_loop(10, add, (void *)5, 0);
	return 0;
}

/* Two rounds, each of which sets one: a state after the last round does not stand for one with a round left. */
static int set_one(u32 i, void *arg)
{
	u64 *v = arg;

	switch (bpf_get_prandom_u32()) {
	case 1: v[0] = 42; break;
	case 2: v[1] = 42; break;
	default: v[2] = 42;
	}
	return 0;
}

REJECT("map-bounds", "tc", loop_rounds_left)
{
	u64 set[3] = {7, 7, 7};
	u8 *v = first(&values);

	if (!v)
		return 0;
	bpf_loop(2, set_one, set, 0);
	if (set[2] == 42 && set[1] == 42 && set[0] == 7)
		return v[4000];
	return 0;
}

/* What a callback changed is not what it was before. */
static int step(u32 i, void *arg)
{
	struct sum *s = arg;

	s->index += 1;
	return 0;
}

REJECT("map-bounds", "tc", loop_index_grows)
{
	struct sum s = {};
	u8 *v = first(&values);

	if (!v)
		return 0;
	bpf_loop(100, step, &s, 0);
	return v[s.index];
}

ACCEPT("tc", loop_index_is_masked)
{
	struct sum s = {};
	u8 *v = first(&values);

	if (!v)
		return 0;
	bpf_loop(100, step, &s, 0);
	return v[s.index & 15];
}

static int write_at(u32 i, void *arg)
{
	u8 *v = first(&values);

	if (v)
		v[i] = 1;
	return 0;
}

REJECT("map-bounds", "tc", loop_number_of_the_round_is_unknown)
{
	bpf_loop(10, write_at, NULL, 0);
	return 0;
}

static int write_masked(u32 i, void *arg)
{
	u8 *v = first(&values);

	if (v)
		v[i & 15] = 1;
	return 0;
}

ACCEPT("tc", loop_number_of_the_round_is_masked)
{
	bpf_loop(10, write_masked, NULL, 0);
	return 0;
}

static int beyond(u32 i, void *arg)
{
	u64 *p = arg;

	p[2] = 1;
	return 0;
}

REJECT("stack-bounds", "tc", loop_writes_beyond_the_argument)
{
	u64 two[1] = {};
	void *p = two;

	hide(p);
	bpf_loop(10, beyond, p, 0);
	return two[0];
}

static int leaks_one(u32 i, void *arg)
{
	void *p = bpf_ringbuf_reserve(&ring, 8, 0);

	hide(p);
	return 0;
}

REJECT("ref-leak", "tc", loop_leaks_a_reference)
{
	bpf_loop(2, leaks_one, NULL, 0);
	return 0;
}

static int gives_back(u32 i, void *arg)
{
	void *p = bpf_ringbuf_reserve(&ring, 8, 0);

	if (p)
		bpf_ringbuf_discard(p, 0);
	return 0;
}

ACCEPT("tc", loop_takes_and_gives_back)
{
	bpf_loop(2, gives_back, NULL, 0);
	return 0;
}

static int inner(u32 i, void *arg)
{
	return 0;
}

static int outer(u32 i, void *arg)
{
	bpf_loop(3, inner, NULL, 0);
	return 0;
}

ACCEPT("tc", loop_in_a_loop)
{
	bpf_loop(3, outer, NULL, 0);
	return 0;
}

static int endless(u32 i, void *arg)
{
	volatile u32 x = 0;

	while (!x)
		barrier();
	return 0;
}

REJECT("infinite", "tc", loop_whose_body_does_not_end)
{
	bpf_loop(3, endless, NULL, 0);
	return 0;
}

ACCEPT("tc", loop_flags_are_for_the_helper)
{
	u64 flags = 1;

	hide(flags);
	bpf_loop(3, nothing, NULL, flags);
	return 0;
}

static long each_nothing(void *map, const void *key, void *value, void *arg)
{
	return 0;
}

static long each_reads(void *map, const void *key, void *value, void *arg)
{
	struct value *v = value;

	v->a += *(const u32 *)key;
	return 0;
}

static long each_beyond(void *map, const void *key, void *value, void *arg)
{
	u64 *v = value;

	v[2] = 1;
	return 0;
}

static long each_writes_key(void *map, const void *key, void *value, void *arg)
{
	*(u32 *)key = 1;
	return 0;
}

static long each_reads_beyond_key(void *map, const void *key, void *value, void *arg)
{
	return ((const u32 *)key)[1] & 1;
}

static long each_deletes(void *map, const void *key, void *value, void *arg)
{
	bpf_map_delete_elem(map, key);
	return 0;
}

ACCEPT("tc", each_of_a_table)
{
	bpf_for_each_map_elem(&table, each_nothing, NULL, 0);
	return 0;
}

ACCEPT("tc", each_reads_key_and_value)
{
	bpf_for_each_map_elem(&table, each_reads, NULL, 0);
	return 0;
}

REJECT("map-bounds", "tc", each_writes_beyond)
{
	bpf_for_each_map_elem(&table, each_beyond, NULL, 0);
	return 0;
}

REJECT("readonly", "tc", each_changes_the_key)
{
	bpf_for_each_map_elem(&table, each_writes_key, NULL, 0);
	return 0;
}

REJECT("map-bounds", "tc", each_reads_beyond_the_key)
{
	bpf_for_each_map_elem(&table, each_reads_beyond_key, NULL, 0);
	return 0;
}

ACCEPT("tc", each_deletes_its_element)
{
	bpf_for_each_map_elem(&table, each_deletes, NULL, 0);
	return 0;
}

REJECT("map-type", "tc", each_of_a_ring)
{
	bpf_for_each_map_elem(&ring, each_nothing, NULL, 0);
	return 0;
}

struct held {
	struct __sk_buff *skb;
};

static int takes_context(u32 i, void *arg)
{
	struct held *h = arg;

	return h->skb->len & 1;
}

ACCEPT("tc", loop_with_the_context)
{
	struct held h = {ctx};

	bpf_loop(3, takes_context, &h, 0);
	return 0;
}

REJECT("helper-arg", "tc", loop_with_the_context_itself)
{
	bpf_loop(3, nothing, ctx, 0);
	return 0;
}

static int shrinks(u32 i, void *arg)
{
	struct held *h = arg;

	bpf_skb_change_tail(h->skb, 60, 0);
	return 0;
}

REJECT("type", "tc", loop_makes_packet_pointers_stale)
{
	struct __sk_buff *skb = ctx;
	u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	struct held h = {ctx};

	if (p + 8 > end)
		return 0;
	bpf_loop(3, shrinks, &h, 0);
	return p[4];
}
