/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers on packets. A packet is in one piece, in memory that 32 bits can address, because
 * contexts hold its ends in 32 bits. What leaves the program is in helper_out.c.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define PTR(x) ((void *)(uintptr_t)(x))

enum { ETH_LEN = 14, VLAN_LEN = 4, ETH_VLAN = 0x8100, ETH_QINQ = 0x88a8, ETH_V4 = 0x0800, ETH_V6 = 0x86dd, XDP_FRAME = 40,
       MAX_OFF = 0xffff, TAIL_ROOM = 320 };

static struct srun *run(void)
{
	return run_now();
}

static struct __sk_buff *skb(void)
{
	return (struct __sk_buff *)run()->ctx;
}

static u8 *data(void)
{
	return run()->buf + run()->head;
}

static u16 swap16(u32 v)
{
	return (u16)(v << 8 | (v >> 8 & 0xff));
}

static bool insert(u32 off, u32 n)
{
	struct srun *r = run();

	if (n > r->head - r->meta || off > r->len)
		return false;
	memmove(data() - r->meta - n, data() - r->meta, (size_t)r->meta + off);
	r->head -= n;
	r->len += n;
	memset(data() + off, 0, n);
	sys_run_sync(r);
	return true;
}

static bool take_away(u32 off, u32 n)
{
	struct srun *r = run();

	if (off > r->len || n > r->len - off)
		return false;
	memmove(data() - r->meta + n, data() - r->meta, (size_t)r->meta + off);
	r->head += n;
	r->len -= n;
	sys_run_sync(r);
	return true;
}

/* --- bytes ------------------------------------------------------------------------------------------ */

static u64 load(u64 off, u64 to, u32 n, u64 error)
{
	if (off > INT32_MAX || off + n > run()->len) {
		memset(PTR(to), 0, n);
		return error;
	}
	memmove(PTR(to), data() + off, n);
	return 0;
}

static u64 store(u32 off, u64 from, u32 n, u64 error)
{
	if (off > MAX_OFF)
		return ERR(EFAULT);
	if ((u64)off + n > run()->len)
		return error;
	memmove(data() + off, PTR(from), n);
	return 0;
}

H(load_bytes)
{
	return load((u32)b, c, (u32)d, ERR(EFAULT));
}

H(load_relative)
{
	u32 type = run()->prog->d.type;
	bool l2 = type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT;
	s64 off = (s64)(u32)b + ((u32)e == 1 ? 0 : -ETH_LEN) + (l2 ? ETH_LEN : 0);

	/* Where the data begins at the network header, that of the link lies before it. */
	if ((u32)e > 1 || (u32)b > MAX_OFF || off + (s64)(u32)d > (s64)run()->len) {
		memset(PTR(c), 0, (u32)d);
		return ERR(EFAULT);
	}
	memmove(PTR(c), data() + off, (u32)d);
	return 0;
}

H(store_bytes)
{
	u64 err;

	if (e & ~3ull)
		return ERR(EINVAL);
	err = store((u32)b, c, (u32)d, ERR(EFAULT));
	if (!err && (e & 2))
		skb()->hash = 0;
	return err;
}

H(xdp_load)
{
	return (u32)d > MAX_OFF || (u32)b > MAX_OFF ? ERR(EFAULT) : load((u32)b, c, (u32)d, ERR(EINVAL));
}

H(xdp_store)
{
	return (u32)d > MAX_OFF || (u32)b > MAX_OFF ? ERR(EFAULT) : store((u32)b, c, (u32)d, ERR(EINVAL));
}

H(buff_len)
{
	return run()->len;
}

H(pull_data)
{
	return (u32)b > run()->len ? ERR(ENOMEM) : 0;
}

/* --- checksums ----------------------------------------------------------------------------------------- */

static u32 sum_add(u32 x, u32 y)
{
	u64 s = (u64)x + y;

	return (u32)(s + (s >> 32));
}

static u16 sum_fold(u32 s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (u16)~s;
}

static u16 sum_replace(u16 old, u32 from, u32 to, u32 size)
{
	u32 sum = (u16)~old;

	if (size == 2) {
		from = (u16)from;
		to = (u16)to;
	}
	return sum_fold(sum_add(size ? sum_add(sum, ~from) : sum, to));
}

static u64 replace(u32 off, u64 from, u64 to, u64 flags, bool l4)
{
	u32 size = flags & 15;
	bool mangled = l4 && (flags & 0x20), enforce = l4 && (flags & 0x40);
	u16 old, v;
	u8 *p;

	if ((flags & ~(l4 ? 0x7full : 0xfull)) || (size && size != 2 && size != 4))
		return ERR(EINVAL);
	if (off > MAX_OFF || (off & 1) || off + 2 > run()->len)
		return ERR(EFAULT);
	if (!size && from)
		return ERR(EINVAL);
	p = data() + off;
	old = skep_get16(p, false);
	if (mangled && !enforce && !old)
		return 0;
	v = sum_replace(old, (u32)from, (u32)to, size);
	skep_put16(p, mangled && !v ? 0xffff : v, false);
	return 0;
}

H(l3_replace)
{
	return replace((u32)b, c, d, e, false);
}

H(l4_replace)
{
	return replace((u32)b, c, d, e, true);
}

H(csum_update)
{
	return ERR(524); /* the packet's checksum was not computed by a device */
}

/* --- head, tail, room ------------------------------------------------------------------------------------- */

H(adjust_head)
{
	struct srun *r = run();
	s64 head = (s64)r->head + (s32)b;

	if (head < XDP_FRAME + (s64)r->meta || (s32)b > (s64)r->len - ETH_LEN)
		return ERR(EINVAL);
	memmove(r->buf + head - r->meta, r->buf + r->head - r->meta, r->meta);
	r->head = (u32)head;
	r->len = (u32)((s64)r->len - (s32)b);
	sys_run_sync(r);
	return 0;
}

H(adjust_tail)
{
	struct srun *r = run();
	s64 len = (s64)r->len + (s32)b;

	if (r->head + len > (s64)r->hard_end || len < ETH_LEN)
		return ERR(EINVAL);
	if (len > r->len)
		memset(data() + r->len, 0, (size_t)(len - r->len));
	r->len = (u32)len;
	sys_run_sync(r);
	return 0;
}

H(adjust_meta)
{
	struct srun *r = run();
	s64 meta = (s64)r->meta - (s32)b;

	if (meta < 0 || (s64)r->head - meta < XDP_FRAME)
		return ERR(EINVAL);
	if ((meta & 3) || meta > 32)
		return ERR(EACCES);
	r->meta = (u32)meta;
	sys_run_sync(r);
	return 0;
}

H(change_head)
{
	if (c || (u32)b > 2048)
		return ERR(EINVAL);
	return insert(0, (u32)b) ? 0 : ERR(ENOMEM);
}

H(change_tail)
{
	struct srun *r = run();
	u32 len = (u32)b;

	if (c || len < ETH_LEN || len > MAX_OFF)
		return ERR(EINVAL);
	if (r->head + len > r->buf_len - TAIL_ROOM)
		return ERR(ENOMEM);
	if (len > r->len)
		memset(data() + r->len, 0, len - r->len);
	r->len = len;
	sys_run_sync(r);
	return 0;
}

H(adjust_room)
{
	s32 by = (s32)b;
	u32 mode = (u32)c, proto = swap16(skb()->protocol), off = ETH_LEN, n = (u32)(by < 0 ? -(s64)by : by);

	if (d >> 16 || mode > 1)
		return ERR(EINVAL);
	if (n > 0xfff)
		return ERR(EFAULT);
	if (proto != ETH_V4 && proto != ETH_V6)
		return ERR(524);
	if (!mode)
		off += proto == ETH_V6 ? 40 : 20;
	if (by < 0 && (u64)off + n >= run()->len)
		return ERR(524);
	return (by < 0 ? take_away(off, n) : insert(off, n)) ? 0 : ERR(ENOMEM);
}

H(change_proto)
{
	u16 to = swap16((u32)b), from = swap16(skb()->protocol);

	if (c)
		return ERR(EINVAL);
	if (!((from == ETH_V4 && to == ETH_V6) || (from == ETH_V6 && to == ETH_V4)))
		return ERR(524);
	if (!(to == ETH_V6 ? insert(ETH_LEN, 20) : take_away(ETH_LEN, 20)))
		return ERR(ENOMEM);
	skb()->protocol = (u16)b;
	skb()->hash = 0;
	return 0;
}

H(change_type)
{
	if ((u32)b > 3 || skb()->pkt_type > 3)
		return ERR(EINVAL);
	skb()->pkt_type = (u32)b;
	return 0;
}

/* --- VLAN tags -------------------------------------------------------------------------------------------- */

static bool is_vlan(u16 proto)
{
	return proto == ETH_VLAN || proto == ETH_QINQ;
}

static void set_tag(u16 proto, u16 tci, bool present)
{
	skb()->vlan_present = present;
	skb()->vlan_proto = swap16(proto);
	skb()->vlan_tci = tci;
}

H(vlan_push)
{
	u16 proto = swap16((u32)b);

	if (!is_vlan(proto))
		proto = ETH_VLAN;
	if (skb()->vlan_present) {
		if (run()->len < ETH_LEN || !insert(12, VLAN_LEN))
			return ERR(ENOMEM);
		skep_put16(data() + 12, (u16)skb()->vlan_proto, false);
		skep_put16(data() + 14, (u16)skb()->vlan_tci, true);
		skb()->protocol = skb()->vlan_proto;
	}
	set_tag(proto, (u16)c, true);
	return 0;
}

static bool pop_inner(u16 *proto, u16 *tci)
{
	const u8 *p = data() + 12;

	if (run()->len < ETH_LEN + VLAN_LEN || !is_vlan(skep_get16(p, true)))
		return false;
	*proto = skep_get16(p, true);
	*tci = skep_get16(p + 2, true);
	take_away(12, VLAN_LEN);
	skb()->protocol = skep_get16(data() + 12, false);
	return true;
}

H(vlan_pop)
{
	u16 proto, tci;

	if (skb()->vlan_present)
		set_tag(0, 0, false);
	else if (!pop_inner(&proto, &tci))
		return 0;
	if (pop_inner(&proto, &tci))
		set_tag(proto, tci, true);
	return 0;
}

/* --- hashes -------------------------------------------------------------------------------------- */

H(hash_get)
{
	if (!skb()->hash)
		skb()->hash = (u32)skep_hash(data(), SKEP_MIN(run()->len, 64u), 0) | 1;
	return skb()->hash;
}

H(hash_set)
{
	skb()->hash = (u32)b;
	return 0;
}

H(hash_clear)
{
	skb()->hash = 0;
	return 0;
}

H(zero)
{
	return 0;
}

H(one)
{
	return 1;
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct helper_row sys_helper_net_rows[] = {
    {SKEP_FN_skb_load_bytes, HT_SKB, CALL(load_bytes)},
    {SKEP_FN_skb_load_bytes_relative, HT_SKB, CALL(load_relative)},
    {SKEP_FN_skb_store_bytes, HT_SKB, CALL(store_bytes)},
    {SKEP_FN_skb_pull_data, HT_SKB, CALL(pull_data)},
    {SKEP_FN_l3_csum_replace, HT_SKB, CALL(l3_replace)},
    {SKEP_FN_l4_csum_replace, HT_SKB, CALL(l4_replace)},
    {SKEP_FN_csum_update, HT_SKB, CALL(csum_update)},
    {SKEP_FN_skb_change_head, HT_SKB, CALL(change_head)},
    {SKEP_FN_skb_change_tail, HT_SKB, CALL(change_tail)},
    {SKEP_FN_skb_adjust_room, HT_SKB, CALL(adjust_room)},
    {SKEP_FN_skb_change_proto, HT_SKB, CALL(change_proto)},
    {SKEP_FN_skb_change_type, HT_SKB, CALL(change_type)},
    {SKEP_FN_skb_vlan_push, HT_SKB, CALL(vlan_push)},
    {SKEP_FN_skb_vlan_pop, HT_SKB, CALL(vlan_pop)},
    {SKEP_FN_get_hash_recalc, HT_SKB, CALL(hash_get)},
    {SKEP_FN_set_hash, HT_SKB, CALL(hash_set)},
    {SKEP_FN_set_hash_invalid, HT_SKB, CALL(hash_clear)},
    {SKEP_FN_get_cgroup_classid, HT_SKB, CALL(zero)},
    {SKEP_FN_get_route_realm, HT_SKB, CALL(zero)},
    {SKEP_FN_get_socket_cookie, HT_SKB, CALL(one)},
    {SKEP_FN_get_socket_uid, HT_SKB, CALL(zero)},
    {SKEP_FN_skb_cgroup_id, HT_SKB, CALL(one)},
    {SKEP_FN_skb_ecn_set_ce, HT_SKB, CALL(zero)},
    {SKEP_FN_xdp_load_bytes, HT_XDP, CALL(xdp_load)},
    {SKEP_FN_xdp_store_bytes, HT_XDP, CALL(xdp_store)},
    {SKEP_FN_xdp_adjust_head, HT_XDP, CALL(adjust_head)},
    {SKEP_FN_xdp_adjust_tail, HT_XDP, CALL(adjust_tail)},
    {SKEP_FN_xdp_adjust_meta, HT_XDP, CALL(adjust_meta)},
    {SKEP_FN_xdp_get_buff_len, HT_XDP, CALL(buff_len)},
    {0},
};
