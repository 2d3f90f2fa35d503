/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of maps, kernel pointers in maps, constant data. */
#include "cases.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {&one}};

const volatile u32 setting = 5;
static const volatile u32 table[4] = {1, 2, 3, 4};
u32 counter;
u32 room[8];

ACCEPT("tc", inner_looked_up)
{
	u32 key = 0;
	void *m = bpf_map_lookup_elem(&outer, &key);
	u64 *v;

	if (!m)
		return 0;
	v = bpf_map_lookup_elem(m, &key);
	return v ? *v : 0;
}

REJECT("helper-arg", "tc", inner_unchecked)
{
	u32 key = 0;
	void *m = bpf_map_lookup_elem(&outer, &key);
	u64 *v = bpf_map_lookup_elem(m, &key);

	return v ? *v : 0;
}

REJECT("null", "tc", element_of_inner_unchecked)
{
	u32 key = bpf_get_prandom_u32();
	void *m = bpf_map_lookup_elem(&outer, &key);

	return m ? *(u64 *)bpf_map_lookup_elem(m, &key) : 0;
}

REJECT("map-bounds", "tc", element_of_inner_beyond)
{
	u32 key = 0;
	void *m = bpf_map_lookup_elem(&outer, &key);
	u64 *v;

	if (!m)
		return 0;
	v = bpf_map_lookup_elem(m, &key);
	return v ? v[1] : 0;
}

REJECT("map-itself", "tc", inner_written)
{
	u32 key = 0;
	u64 *m = bpf_map_lookup_elem(&outer, &key);

	if (m)
		*m = 1;
	return 0;
}

REJECT("map-type", "tc", outer_updated)
{
	u32 key = 0, value = 0;

	bpf_map_update_elem(&outer, &key, &value, 0);
	return 0;
}

ACCEPT("tc", setting_read)
{
	return setting;
}

ACCEPT("tc", counter_written)
{
	counter++;
	return counter;
}

REJECT("readonly", "tc", setting_written)
{
	u32 *p = (u32 *)&setting;

	hide(p);
	*p = 1;
	return 0;
}

REJECT("map-bounds", "tc", table_beyond)
{
	return table[bpf_get_prandom_u32() & 7];
}

ACCEPT("tc", table_masked)
{
	return table[bpf_get_prandom_u32() & 3];
}

ACCEPT("tc", room_by_index)
{
	u32 i = bpf_get_prandom_u32();

	if (i < 8)
		room[i] = 1;
	return 0;
}

REJECT("map-bounds", "tc", room_by_index_one_too_far)
{
	u32 i = bpf_get_prandom_u32();

	if (i <= 8)
		room[i] = 1;
	return 0;
}

/* A setting is a constant to the verifier: the dead branch may do anything. */
ACCEPT("tc", branch_on_setting)
{
	u8 *p = (void *)5;

	hide(p);
	if (setting == 6)
		return *p;
	return 0;
}

REJECT("type", "tc", branch_on_counter)
{
	u8 *p = (void *)5;

	hide(p);
	if (counter == 6)
		return *p;
	return 0;
}
