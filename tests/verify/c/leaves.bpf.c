/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions that end early: a tail call that is made comes back to the caller, a legacy load past the packet too. */
#include "cases.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} progs SEC(".maps");

ARRAY_OF(u8[16], bytes);

u64 load_byte(void *skb, u64 off) asm("llvm.bpf.load.byte");

static __noinline int jumps(void *ctx, u64 *n)
{
	bpf_tail_call(ctx, &progs, 1);
	*n = 3;
	return 0;
}

/* Five, or zero where the packet is too short. */
static __noinline int loads(void *ctx)
{
	int byte = load_byte(ctx, 40), five = 5;

	hide(byte);
	hide(five);
	return five;
}

static __noinline int counts(void *ctx)
{
	int three = 3;

	bpf_tail_call(ctx, &progs, 1);
	hide(three);
	return three;
}

ACCEPT("tc", bounded_behind_a_tail_call)
{
	u64 n = bpf_get_prandom_u32();
	u8 *v = first(&bytes);

	jumps(ctx, &n);
	return v && n < 16 ? v[n] : 0;
}

REJECT("map-bounds", "tc", written_behind_a_tail_call)
{
	u64 n = bpf_get_prandom_u32();
	u8 *v = first(&bytes);

	jumps(ctx, &n);
	return v ? v[n] : 0;
}

REJECT("map-bounds", "tc", returned_behind_a_tail_call)
{
	u8 *v = first(&bytes);
	u64 n = (u32)counts(ctx);

	return v ? v[n] : 0;
}

ACCEPT("tc", returned_behind_a_legacy_load)
{
	u8 *v = first(&bytes);
	u64 n = (u32)loads(ctx);

	return v ? v[n] : 0;
}

REJECT("map-bounds", "tc", zero_behind_a_legacy_load)
{
	u8 *v = first(&bytes);
	u64 n = (u32)loads(ctx);

	n -= 5;
	hide(n);
	return v ? v[n] : 0;
}
