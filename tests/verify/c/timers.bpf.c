/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers in values of maps. */
#include "cases.h"

struct timed {
	u64 n;
	struct bpf_timer timer;
};
ARRAY_OF(struct timed, values);
ARRAY_OF(struct timed, others);

static int fires(void *map, int *key, struct timed *v)
{
	v->n++;
	return 0;
}

static int fires_with_1(void *map, int *key, struct timed *v)
{
	return 1;
}

static int fires_and_writes_the_timer(void *map, int *key, struct timed *v)
{
	*(volatile u64 *)&v->timer = 0;
	return 0;
}

static int fires_beyond(void *map, int *key, struct timed *v)
{
	(&v->n)[3] = 0;
	return 0;
}

ACCEPT("tc", started)
{
	struct timed *v = first(&values);

	if (!v)
		return 0;
	bpf_timer_init(&v->timer, &values, 0);
	bpf_timer_set_callback(&v->timer, fires);
	bpf_timer_start(&v->timer, 1000, 0);
	return 0;
}

REJECT("callback-return", "tc", callback_returns_1)
{
	struct timed *v = first(&values);

	if (!v)
		return 0;
	bpf_timer_set_callback(&v->timer, fires_with_1);
	return 0;
}

REJECT("timer-field", "tc", callback_writes_the_timer)
{
	struct timed *v = first(&values);

	if (!v)
		return 0;
	bpf_timer_set_callback(&v->timer, fires_and_writes_the_timer);
	return 0;
}

REJECT("map-bounds", "tc", callback_writes_beyond)
{
	struct timed *v = first(&values);

	if (!v)
		return 0;
	bpf_timer_set_callback(&v->timer, fires_beyond);
	return 0;
}

REJECT("timer-field", "tc", map_of_another)
{
	struct timed *v = first(&values);

	if (!v)
		return 0;
	bpf_timer_init(&v->timer, &others, 0);
	return 0;
}

REJECT("timer-field", "tc", no_timer_there)
{
	struct timed *v = first(&values);

	if (!v)
		return 0;
	bpf_timer_start((void *)&v->n, 1000, 0);
	return 0;
}

REJECT("timer-field", "tc", timer_on_the_stack)
{
	struct bpf_timer timer = {};

	bpf_timer_start(&timer, 1000, 0);
	return 0;
}

REJECT("timer-field", "tc", timer_read)
{
	struct timed *v = first(&values);

	return v ? *(volatile u64 *)&v->timer : 0;
}

REJECT("timer-field", "tc", timer_written)
{
	struct timed *v = first(&values);

	if (v)
		*(volatile u64 *)&v->timer = 0;
	return 0;
}

REJECT("timer-field", "tc", timer_copied_over)
{
	struct timed *v = first(&values);

	if (v)
		bpf_skb_load_bytes(ctx, 0, v, sizeof(*v));
	return 0;
}

REJECT("null", "tc", value_unchecked)
{
	u32 key = bpf_get_prandom_u32();
	struct timed *v = bpf_map_lookup_elem(&values, &key);

	bpf_timer_cancel(&v->timer);
	return 0;
}

REJECT("timer-type", "kprobe/x", in_a_tracing_program)
{
	struct timed *v = first(&values);

	if (v)
		bpf_timer_cancel(&v->timer);
	return 0;
}

/* --- in maps of maps --------------------------------------------------------------------- */

struct inner_timed {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct timed);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct inner_timed);
} outer SEC(".maps");

ACCEPT("tc", of_an_inner_map)
{
	u32 key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);
	struct timed *v = map ? bpf_map_lookup_elem(map, &key) : NULL;

	if (v)
		bpf_timer_init(&v->timer, map, 0);
	return 0;
}

REJECT("timer-field", "tc", of_another_inner_map)
{
	u32 key = 0, next = 1;
	void *map = bpf_map_lookup_elem(&outer, &key), *other = bpf_map_lookup_elem(&outer, &next);
	struct timed *v = map ? bpf_map_lookup_elem(map, &key) : NULL;

	if (v && other)
		bpf_timer_init(&v->timer, other, 0);
	return 0;
}
