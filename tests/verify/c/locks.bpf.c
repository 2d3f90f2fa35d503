/* SPDX-License-Identifier: BSD-2-Clause */
/* Spin locks in values of maps. */
#include "cases.h"

struct locked {
	u64 n;
	struct bpf_spin_lock lock;
	u32 m;
};
ARRAY_OF(struct locked, values);
ARRAY_OF(struct locked, others);

struct plain {
	u64 n;
	u32 no_lock, m;
};
ARRAY_OF(struct plain, plains);

ACCEPT("tc", held_and_released)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("lock", "tc", not_released)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n++;
	return 0;
}

REJECT("lock", "tc", not_released_on_one_path)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	if (v->n == 7)
		return 0;
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("lock", "tc", not_held)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("lock", "tc", held_twice)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("lock", "tc", another_released)
{
	struct locked *v = first(&values), *w = first(&others);

	if (!v || !w)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&w->lock);
	return 0;
}

REJECT("lock", "tc", another_element_released)
{
	u32 key = 1;
	struct locked *v = first(&values), *w = bpf_map_lookup_elem(&values, &key);

	if (!v || !w)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&w->lock);
	return 0;
}

REJECT("lock", "tc", helper_while_held)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = bpf_get_prandom_u32();
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("lock-field", "tc", lock_read)
{
	struct locked *v = first(&values);

	return v ? *(volatile u32 *)&v->lock : 0;
}

REJECT("lock-field", "tc", lock_written)
{
	struct locked *v = first(&values);

	if (v)
		*(volatile u32 *)&v->lock = 0;
	return 0;
}

REJECT("lock-field", "tc", lock_across_written)
{
	struct locked *v = first(&values);

	if (v)
		*(volatile u64 *)((u8 *)v + 8) = 0;
	return 0;
}

ACCEPT("tc", beside_the_lock_written)
{
	struct locked *v = first(&values);

	if (v)
		*(volatile u32 *)&v->m = 0;
	return 0;
}

REJECT("lock-field", "tc", no_lock_there)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock((void *)&v->m);
	bpf_spin_unlock((void *)&v->m);
	return 0;
}

REJECT("lock-field", "tc", map_without_lock)
{
	struct plain *v = first(&plains);

	if (!v)
		return 0;
	bpf_spin_lock((void *)&v->no_lock);
	bpf_spin_unlock((void *)&v->no_lock);
	return 0;
}

REJECT("lock-field", "tc", lock_on_the_stack)
{
	struct bpf_spin_lock lock = {};

	bpf_spin_lock(&lock);
	bpf_spin_unlock(&lock);
	return 0;
}

REJECT("lock-field", "tc", value_copied_over_the_lock)
{
	struct locked *v = first(&values);
	u32 key = 0;

	if (v)
		bpf_skb_load_bytes(ctx, 0, v, sizeof(*v));
	return 0;
}

REJECT("lock", "tc", tail_of_a_loop)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	for (int i = 0; i < 3; i++) {
		bpf_spin_lock(&v->lock);
		if (v->n == i)
			break;
		bpf_spin_unlock(&v->lock);
	}
	return 0;
}

static __noinline int with_lock(struct locked *v)
{
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", held_in_a_function)
{
	struct locked *v = first(&values);

	return v ? with_lock(v) : 0;
}

REJECT("lock-type", "kprobe/x", in_a_tracing_program)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

REJECT("lock-type", "socket", in_a_socket_filter)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}
