/* SPDX-License-Identifier: BSD-2-Clause */
/* Iterators that programs hold on their stack, and loops of bpf_iter_num. */
#include "cases.h"

struct bpf_iter_num {
	u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

struct value {
	u8 b[64];
};
ARRAY_OF(struct value, values);

ACCEPT("tc", made_and_destroyed)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	return 0;
}

REJECT("ref-leak", "tc", not_destroyed)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	return 0;
}

REJECT("iter", "tc", destroyed_twice)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	bpf_iter_num_destroy(&it);
	return 0;
}

REJECT("iter", "tc", never_made)
{
	struct bpf_iter_num it;

	bpf_iter_num_next(&it);
	return 0;
}

REJECT("iter", "tc", next_after_destroy)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	bpf_iter_num_next(&it);
	return 0;
}

REJECT("iter", "tc", made_twice)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	return 0;
}

ACCEPT("tc", loop)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	bpf_iter_num_destroy(&it);
	return sum;
}

ACCEPT("tc", loop_of_a_million)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 1000000);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	bpf_iter_num_destroy(&it);
	return sum;
}

REJECT("type", "tc", number_unchecked)
{
	struct bpf_iter_num it;
	int n;

	bpf_iter_num_new(&it, 0, 10);
	n = *bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return n;
}

REJECT("map-bounds-or-arith", "tc", number_as_index)
{
	struct value *v = first(&values);
	struct bpf_iter_num it;
	int *i;

	if (!v)
		return 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it)))
		v->b[*i] = 1;
	bpf_iter_num_destroy(&it);
	return 0;
}

ACCEPT("tc", number_as_checked_index)
{
	struct value *v = first(&values);
	struct bpf_iter_num it;
	int *i;

	if (!v)
		return 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it))) {
		u32 n = *i;

		hide(n);
		if (n >= 64)
			break;
		v->b[n] = 1;
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

ACCEPT("tc", loop_in_a_loop)
{
	struct bpf_iter_num it, in;
	int sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while (bpf_iter_num_next(&it)) {
		bpf_iter_num_new(&in, 0, 10);
		while (bpf_iter_num_next(&in))
			sum++;
		bpf_iter_num_destroy(&in);
	}
	bpf_iter_num_destroy(&it);
	return sum;
}

REJECT("ref-leak", "tc", left_without_destroy)
{
	struct bpf_iter_num it;
	int *i;

	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it)))
		if (*i == 5)
			return 1;
	bpf_iter_num_destroy(&it);
	return 0;
}

/* An index that grows with each round is not bounded by the number of rounds. */
REJECT("map-bounds-or-arith", "tc", own_counter_as_index)
{
	struct value *v = first(&values);
	struct bpf_iter_num it;
	u64 n = 0;

	if (!v)
		return 0;
	bpf_iter_num_new(&it, 0, 10);
	while (bpf_iter_num_next(&it)) {
		v->b[n] = 1;
		n++;
		hide(n);
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

/* A counter of the program in a loop over an iterator is not widened. */
REJECT("budget", "tc", own_counter_masked)
{
	struct value *v = first(&values);
	struct bpf_iter_num it;
	u64 n = 0;

	if (!v)
		return 0;
	bpf_iter_num_new(&it, 0, 10);
	while (bpf_iter_num_next(&it)) {
		v->b[n & 63] = 1;
		n++;
		hide(n);
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

REJECT("iter-slot", "tc", slot_written)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	*(volatile u64 *)&it = 0;
	bpf_iter_num_destroy(&it);
	return 0;
}

REJECT("iter-slot", "tc", slot_read)
{
	struct bpf_iter_num it;
	u64 x;

	bpf_iter_num_new(&it, 0, 10);
	x = *(volatile u64 *)&it;
	bpf_iter_num_destroy(&it);
	return x;
}

/* A packet that may be cut in one round is cut in the next. */
REJECT("type", "tc", packet_pointer_over_rounds)
{
	struct __sk_buff *skb = ctx;
	u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct bpf_iter_num it;
	int sum = 0;

	if (p + 8 > end)
		return 0;
	bpf_iter_num_new(&it, 0, 10);
	while (bpf_iter_num_next(&it)) {
		sum += p[3];
		if (sum == 77)
			bpf_skb_change_tail(skb, 60, 0);
	}
	bpf_iter_num_destroy(&it);
	return sum;
}
