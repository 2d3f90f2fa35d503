/* SPDX-License-Identifier: BSD-2-Clause */
/* Dynptrs: memory whose size is known when the program runs. */
#include "cases.h"

ARRAY_OF(u64, values);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, u32 offset, void *buffer, u32 size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *ptr, u32 offset, void *buffer, u32 size) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *ptr, struct bpf_dynptr *clone) __ksym;

ACCEPT("tc", record_submitted)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("ref-leak", "tc", record_not_submitted)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	return 0;
}

REJECT("dynptr", "tc", record_submitted_twice)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

ACCEPT("tc", record_of_unknown_size)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, bpf_get_prandom_u32(), 0, &p);
	bpf_ringbuf_discard_dynptr(&p, 0);
	return 0;
}

ACCEPT("tc", record_written)
{
	struct bpf_dynptr p;
	u64 x = 7;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_write(&p, 0, &x, sizeof(x), 0);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("dynptr", "tc", written_after_submit)
{
	struct bpf_dynptr p;
	u64 x = 7;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_dynptr_write(&p, 0, &x, sizeof(x), 0);
	return 0;
}

ACCEPT("tc", data_checked)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	d = bpf_dynptr_data(&p, 0, 16);
	if (d)
		d[1] = 1;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("null", "tc", data_unchecked)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	d = bpf_dynptr_data(&p, 0, 16);
	d[1] = 1;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("mem-bounds", "tc", data_beyond)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	d = bpf_dynptr_data(&p, 0, 8);
	if (d)
		d[1] = 1;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("released", "tc", data_after_submit)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	d = bpf_dynptr_data(&p, 0, 8);
	bpf_ringbuf_submit_dynptr(&p, 0);
	if (d)
		d[0] = 1;
	return 0;
}

REJECT("data-size", "tc", data_of_unknown_size)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	d = bpf_dynptr_data(&p, 0, bpf_get_prandom_u32() & 15);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("dynptr", "tc", never_initialised)
{
	struct bpf_dynptr p;
	u64 x;

	bpf_dynptr_read(&x, sizeof(x), &p, 0, 0);
	return 0;
}

REJECT("dynptr-slot", "tc", slot_overwritten)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	*(volatile u64 *)&p = 0;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("dynptr-slot", "tc", slot_read)
{
	struct bpf_dynptr p;
	u64 x;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	x = *(volatile u64 *)&p;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return x;
}

REJECT("dynptr-slot", "tc", reserved_over_another)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("dynptr", "tc", moved_pointer)
{
	struct bpf_dynptr p[2];

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p[0]);
	bpf_ringbuf_submit_dynptr((void *)((u8 *)&p[0] + 8), 0);
	return 0;
}

ACCEPT("tc", of_map_value)
{
	u64 *v = first(&values), x;
	struct bpf_dynptr p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v, 8, 0, &p);
	bpf_dynptr_read(&x, sizeof(x), &p, 0, 0);
	return x;
}

REJECT("map-bounds", "tc", of_more_than_a_map_value)
{
	u64 *v = first(&values);
	struct bpf_dynptr p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v, 9, 0, &p);
	return 0;
}

REJECT("dynptr-mem", "tc", of_the_stack)
{
	struct bpf_dynptr p;
	u64 x = 0;

	bpf_dynptr_from_mem(&x, 8, 0, &p);
	return 0;
}

REJECT("ref", "tc", of_map_value_submitted)
{
	u64 *v = first(&values);
	struct bpf_dynptr p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v, 8, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

REJECT("dynptr", "tc", kept_in_a_map)
{
	u64 *v = first(&values);

	if (!v)
		return 0;
	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, (void *)v);
	return 0;
}

REJECT("dynptr-slot", "tc", helper_writes_over_it)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_skb_load_bytes(ctx, 0, &p, 16);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

ACCEPT("tc", slice_of_packet)
{
	struct bpf_dynptr p;
	u8 room[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, room, sizeof(room));
	return eth ? eth[13] : 0;
}

REJECT("mem-bounds", "tc", slice_of_packet_beyond)
{
	struct bpf_dynptr p;
	u8 room[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, room, sizeof(room));
	return eth ? eth[14] : 0;
}

REJECT("null", "tc", slice_of_packet_unchecked)
{
	struct bpf_dynptr p;
	u8 room[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, room, sizeof(room));
	return eth[13];
}

REJECT("readonly", "tc", slice_of_packet_written)
{
	struct bpf_dynptr p;
	u8 room[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, room, sizeof(room));
	if (eth)
		eth[0] = 1;
	return 0;
}

ACCEPT("tc", slice_to_write)
{
	struct bpf_dynptr p;
	u8 room[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice_rdwr(&p, 0, room, sizeof(room));
	if (eth)
		eth[0] = 1;
	return 0;
}

REJECT("released", "tc", slice_after_the_packet_changed)
{
	struct bpf_dynptr p;
	u8 *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, NULL, 14);
	if (!eth)
		return 0;
	bpf_skb_change_tail(ctx, 60, 0);
	return eth[13];
}

ACCEPT("tc", asked_whether_it_is_null)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_skb(ctx, 0, &p);
	return bpf_dynptr_is_null(&p);
}

/* Bytes written to a socket buffer's dynptr may move the packet. */
REJECT("type", "tc", slice_after_write_to_the_packet)
{
	struct bpf_dynptr p;
	u8 buf[14], *b;
	u32 x = 7;

	bpf_dynptr_from_skb(ctx, 0, &p);
	b = bpf_dynptr_slice(&p, 0, buf, sizeof(buf));
	if (!b)
		return 0;
	bpf_dynptr_write(&p, 0, &x, sizeof(x), 0);
	return b[3];
}

REJECT("type", "tc", packet_after_write_to_its_dynptr)
{
	struct __sk_buff *skb = ctx;
	struct bpf_dynptr p;
	u8 *data = (u8 *)(long)skb->data;
	u32 x = 7;

	bpf_dynptr_from_skb(ctx, 0, &p);
	if (data + 4 > (u8 *)(long)skb->data_end)
		return 0;
	bpf_dynptr_write(&p, 0, &x, sizeof(x), 0);
	return *data;
}

ACCEPT("tc", slice_after_write_to_a_record)
{
	struct bpf_dynptr p, q;
	u8 buf[14], *b;
	u32 x = 7;
	int ret = 0;

	bpf_dynptr_from_skb(ctx, 0, &p);
	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &q);
	b = bpf_dynptr_slice(&p, 0, buf, sizeof(buf));
	if (b) {
		bpf_dynptr_write(&q, 0, &x, sizeof(x), 0);
		ret = b[3];
	}
	bpf_ringbuf_discard_dynptr(&q, 0);
	return ret;
}

REJECT("readonly", "cgroup_skb/egress", slice_to_write_a_packet_that_is_read_only)
{
	struct bpf_dynptr p;
	u8 buf[14], *b;

	bpf_dynptr_from_skb(ctx, 0, &p);
	b = bpf_dynptr_slice_rdwr(&p, 0, buf, sizeof(buf));
	if (b)
		b[3] = 1;
	return 1;
}

REJECT("type", "tc", slice_of_a_clone_after_the_packet_moved)
{
	struct bpf_dynptr p, c;
	u8 buf[14], *b;
	u32 x = 7;

	bpf_dynptr_from_skb(ctx, 0, &p);
	bpf_dynptr_clone(&p, &c);
	b = bpf_dynptr_slice(&c, 0, buf, sizeof(buf));
	if (!b)
		return 0;
	bpf_skb_store_bytes(ctx, 0, &x, sizeof(x), 0);
	return b[3];
}

REJECT("type", "tc", data_of_a_clone_after_submit)
{
	struct bpf_dynptr p, c;
	u8 *b;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_clone(&p, &c);
	b = bpf_dynptr_data(&c, 0, 4);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return b ? b[3] : 0;
}

REJECT("dynptr", "tc", clone_after_submit)
{
	struct bpf_dynptr p, c;
	u32 x;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_clone(&p, &c);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return bpf_dynptr_read(&x, sizeof(x), &c, 0, 0);
}

ACCEPT("tc", clone_submitted)
{
	struct bpf_dynptr p, c;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_clone(&p, &c);
	bpf_ringbuf_submit_dynptr(&c, 0);
	return 0;
}
