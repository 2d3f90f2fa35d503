/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers on the packet. A packet is linear; head and tail room are fixed, so
 * that repeated growth fails at the same point in every run.
 */
#include <errno.h>

#include "vm/vm_impl.h"

enum {
	ETH_LEN = 14,
	VLAN_LEN = 4,
	ETH_VLAN = 0x8100,
	ETH_QINQ = 0x88a8,
	ETH_V4 = 0x0800,
	ETH_V6 = 0x86dd,
	XDP_FRAME = 40,
	MAX_OFF = 0xffff
};

static u32 pkt_len(const struct skep_vm *vm)
{
	return vm->end - vm->data;
}

static u16 be16_to_cpu(u32 v)
{
	return (u16)(v << 8 | (v >> 8 & 0xff));
}

/* n zero bytes at `off` behind data; what is in front moves down. */
static bool pkt_insert(struct skep_vm *vm, u32 off, u32 n)
{
	if (n > vm->meta || off > pkt_len(vm))
		return false;
	memmove(vm->pkt + vm->meta - n, vm->pkt + vm->meta, vm->data - vm->meta + off);
	vm->meta -= n;
	vm->data -= n;
	memset(vm->pkt + vm->data + off, 0, n);
	skep_vm_pkt_sync(vm);
	return true;
}

static bool pkt_remove(struct skep_vm *vm, u32 off, u32 n)
{
	if (off > pkt_len(vm) || n > pkt_len(vm) - off)
		return false;
	memmove(vm->pkt + vm->meta + n, vm->pkt + vm->meta, vm->data - vm->meta + off);
	vm->meta += n;
	vm->data += n;
	skep_vm_pkt_sync(vm);
	return true;
}

/* --- bytes ------------------------------------------------------------------------ */

static int load_bytes(struct skep_vm *vm, u64 off, u64 to, u32 len, u64 error, u64 *r0)
{
	u8 *dst = skep_vm_mem_or_trap(vm, to, len, ACC_W);

	if (!dst)
		return -1;
	*r0 = off > INT32_MAX || off + len > pkt_len(vm) ? error : 0;
	if (*r0)
		memset(dst, 0, len);
	else
		memmove(dst, vm->pkt + vm->data + off, len);
	return 0;
}

static int h_load(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	return load_bytes(vm, (u32)a[1], a[2], (u32)a[3], ERRNO(EFAULT), r0);
}

static int h_load_relative(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	bool has_mac = vm->prog[vm->cur]->type != SKEP_PROG_CGROUP_SKB;
	u64 off = (u32)a[1];

	if ((u32)a[4] > 1 || (!(u32)a[4] && !has_mac))
		off = UINT32_MAX;
	else if ((u32)a[4] == 1 && has_mac)
		off += ETH_LEN;
	return load_bytes(vm, off, a[2], (u32)a[3], ERRNO(EFAULT), r0);
}

static int store_bytes(struct skep_vm *vm, u32 off, u64 from, u32 len, u64 error, u64 *r0)
{
	const u8 *src = skep_vm_mem_or_trap(vm, from, len, ACC_R);

	if (!src)
		return -1;
	*r0 = off > MAX_OFF ? ERRNO(EFAULT) : (u64)off + len > pkt_len(vm) ? error : 0;
	if (!*r0)
		memmove(vm->pkt + vm->data + off, src, len);
	return 0;
}

static int h_store(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	if (a[4] & ~3ull) {
		*r0 = ERRNO(EINVAL);
		return 0;
	}
	if (store_bytes(vm, (u32)a[1], a[2], (u32)a[3], ERRNO(EFAULT), r0))
		return -1;
	if (!*r0 && a[4] & 2)
		skep_vm_ctx_put(vm, "hash", 0);
	return 0;
}

static int h_xdp_bytes(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	if ((u32)a[3] > MAX_OFF || (u32)a[1] > MAX_OFF) {
		*r0 = ERRNO(EFAULT);
		return 0;
	}
	if (vm->helper == SKEP_FN_xdp_load_bytes)
		return load_bytes(vm, (u32)a[1], a[2], (u32)a[3], ERRNO(EINVAL), r0);
	return store_bytes(vm, (u32)a[1], a[2], (u32)a[3], ERRNO(EINVAL), r0);
}

/* --- checksums: ones' complement, in network order as they stand --------------------- */

static u32 sum_add(u32 a, u32 b)
{
	u64 s = (u64)a + b;

	return (u32)(s + (s >> 32));
}

static u16 sum_fold(u32 s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (u16)~s;
}

/* The new checksum when `from` (size 2 or 4; 0: `to` is a difference) became `to`. */
static u16 sum_replace(u16 old, u32 from, u32 to, u32 size)
{
	u32 sum = (u16)~old;

	if (size == 2) {
		from = (u16)from;
		to = (u16)to;
	}
	return sum_fold(sum_add(size ? sum_add(sum, ~from) : sum, to));
}

static int h_csum_replace(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	bool l4 = vm->helper == SKEP_FN_l4_csum_replace;
	u32 off = (u32)a[1], size = a[4] & 15;
	bool mangled = l4 && a[4] & 0x20, enforce = l4 && a[4] & 0x40;
	u16 old, v;
	u8 *p;

	*r0 =
	    a[4] & ~(l4 ? 0x7full : 0xfull) || (size && size != 2 && size != 4) ? ERRNO(EINVAL) : 0;
	if (!*r0 && (off > MAX_OFF || off & 1 || off + 2 > pkt_len(vm)))
		*r0 = ERRNO(EFAULT);
	if (!*r0 && !size && a[2])
		*r0 = ERRNO(EINVAL);
	if (*r0)
		return 0;
	p = vm->pkt + vm->data + off;
	old = skep_get16(p, false);
	if (mangled && !enforce && !old)
		return 0;
	v = sum_replace(old, (u32)a[2], (u32)a[3], size);
	skep_put16(p, mangled && !v ? 0xffff : v, false);
	return 0;
}

/* --- head, tail, room -------------------------------------------------------------------- */

static int h_xdp_adjust_head(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	s64 by = (s32)a[1], data = (s64)vm->data + by, meta = vm->data - vm->meta;

	*r0 = data < XDP_FRAME + meta || data > (s64)vm->end - ETH_LEN ? ERRNO(EINVAL) : 0;
	if (*r0)
		return 0;
	memmove(vm->pkt + vm->meta + by, vm->pkt + vm->meta, (size_t)meta);
	vm->meta = (u32)(vm->meta + by);
	vm->data = (u32)data;
	skep_vm_pkt_sync(vm);
	return 0;
}

static int h_xdp_adjust_tail(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	s64 end = (s64)vm->end + (s32)a[1];

	*r0 = end > vm->pkt_room || end < (s64)vm->data + ETH_LEN ? ERRNO(EINVAL) : 0;
	if (*r0)
		return 0;
	if (end > vm->end)
		memset(vm->pkt + vm->end, 0, (size_t)(end - vm->end));
	vm->end = (u32)end;
	skep_vm_pkt_sync(vm);
	return 0;
}

static int h_xdp_adjust_meta(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	s64 meta = (s64)vm->meta + (s32)a[1], len = (s64)vm->data - meta;

	*r0 = meta < XDP_FRAME || len < 0 ? ERRNO(EINVAL) : len & 3 || len > 32 ? ERRNO(EACCES) : 0;
	if (!*r0) {
		vm->meta = (u32)meta;
		skep_vm_pkt_sync(vm);
	}
	return 0;
}

static int h_buff_len(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = pkt_len(vm);
	return 0;
}

static int h_change_head(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	if (a[2] || (u32)a[1] > 2048)
		*r0 = ERRNO(EINVAL);
	else
		*r0 = pkt_insert(vm, 0, (u32)a[1]) ? 0 : ERRNO(ENOMEM);
	return 0;
}

static int h_change_tail(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 len = (u32)a[1];

	*r0 = a[2] || len < ETH_LEN || len > MAX_OFF ? ERRNO(EINVAL)
	      : vm->data + len > vm->pkt_room	     ? ERRNO(ENOMEM)
						     : 0;
	if (*r0)
		return 0;
	if (len > pkt_len(vm))
		memset(vm->pkt + vm->end, 0, len - pkt_len(vm));
	vm->end = vm->data + len;
	skep_vm_pkt_sync(vm);
	return 0;
}

/* Room between the MAC header and the rest, or behind the network header. */
static int h_adjust_room(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	s32 by = (s32)a[1];
	u32 mode = (u32)a[2], proto = be16_to_cpu(skep_vm_ctx_get(vm, "protocol")), off = ETH_LEN;
	u32 n = (u32)(by < 0 ? -(s64)by : by);
	bool ok;

	*r0 = a[3] >> 16 || mode > 1 ? ERRNO(EINVAL) : n > 0xfff ? ERRNO(EFAULT) : 0;
	if (!*r0 && !mode) {
		off += proto == ETH_V6 ? 40 : 20;
		if (proto != ETH_V4 && proto != ETH_V6)
			*r0 = ERRNO(524);
	}
	if (!*r0 && by < 0 && (u64)off + n >= pkt_len(vm))
		*r0 = ERRNO(524);
	if (*r0)
		return 0;
	ok = by < 0 ? pkt_remove(vm, off, n) : pkt_insert(vm, off, n);
	*r0 = ok ? 0 : ERRNO(ENOMEM);
	return 0;
}

static int h_change_proto(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u16 to = be16_to_cpu((u32)a[1]), from = be16_to_cpu(skep_vm_ctx_get(vm, "protocol"));
	bool ok;

	if (a[2] || !((from == ETH_V4 && to == ETH_V6) || (from == ETH_V6 && to == ETH_V4))) {
		*r0 = a[2] ? ERRNO(EINVAL) : ERRNO(524);
		return 0;
	}
	ok = to == ETH_V6 ? pkt_insert(vm, ETH_LEN, 20) : pkt_remove(vm, ETH_LEN, 20);
	*r0 = ok ? 0 : ERRNO(ENOMEM);
	if (ok) {
		skep_vm_ctx_put(vm, "protocol", (u16)a[1]);
		skep_vm_ctx_put(vm, "hash", 0);
	}
	return 0;
}

static int h_change_type(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = (u32)a[1] > 3 || skep_vm_ctx_get(vm, "pkt_type") > 3 ? ERRNO(EINVAL) : 0;
	if (!*r0)
		skep_vm_ctx_put(vm, "pkt_type", (u32)a[1]);
	return 0;
}

static int h_pull_data(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = (u32)a[1] > pkt_len(vm) ? ERRNO(ENOMEM) : 0;
	return 0;
}

/* --- VLAN tags: one beside the packet (vlan_tci), others in it ------------------------------- */

static bool is_vlan(u16 proto)
{
	return proto == ETH_VLAN || proto == ETH_QINQ;
}

static void set_tag(struct skep_vm *vm, u16 proto, u16 tci, bool present)
{
	skep_vm_ctx_put(vm, "vlan_present", present);
	skep_vm_ctx_put(vm, "vlan_proto", be16_to_cpu(proto));
	skep_vm_ctx_put(vm, "vlan_tci", tci);
}

static int h_vlan_push(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u16 proto = be16_to_cpu((u32)a[1]);
	u8 *p;

	*r0 = 0;
	if (!is_vlan(proto))
		proto = ETH_VLAN;
	if (skep_vm_ctx_get(vm, "vlan_present")) {
		if (pkt_len(vm) < ETH_LEN || !pkt_insert(vm, 12, VLAN_LEN)) {
			*r0 = ERRNO(ENOMEM);
			return 0;
		}
		p = vm->pkt + vm->data + 12;
		skep_put16(p, (u16)skep_vm_ctx_get(vm, "vlan_proto"), false);
		skep_put16(p + 2, (u16)skep_vm_ctx_get(vm, "vlan_tci"), true);
		skep_vm_ctx_put(vm, "protocol", skep_vm_ctx_get(vm, "vlan_proto"));
	}
	set_tag(vm, proto, (u16)a[2], true);
	return 0;
}

/* Take the first tag out of the packet; false: there is none. */
static bool pop_inner(struct skep_vm *vm, u16 *proto, u16 *tci)
{
	const u8 *p = vm->pkt + vm->data + 12;

	if (pkt_len(vm) < ETH_LEN + VLAN_LEN || !is_vlan(skep_get16(p, true)))
		return false;
	*proto = skep_get16(p, true);
	*tci = skep_get16(p + 2, true);
	pkt_remove(vm, 12, VLAN_LEN);
	skep_vm_ctx_put(vm, "protocol", skep_get16(vm->pkt + vm->data + 12, false));
	return true;
}

static int h_vlan_pop(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u16 proto, tci;

	*r0 = 0;
	if (skep_vm_ctx_get(vm, "vlan_present"))
		set_tag(vm, 0, 0, false);
	else if (!pop_inner(vm, &proto, &tci))
		return 0;
	if (pop_inner(vm, &proto, &tci))
		set_tag(vm, proto, tci, true);
	return 0;
}

/* --- flow hash ------------------------------------------------------------------------------- */

static int h_hash(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 h = skep_vm_ctx_get(vm, "hash");

	*r0 = 0;
	switch (vm->helper) {
	case SKEP_FN_set_hash: skep_vm_ctx_put(vm, "hash", (u32)a[1]); break;
	case SKEP_FN_set_hash_invalid: skep_vm_ctx_put(vm, "hash", 0); break;
	default:
		if (!h) {
			h = (u32)skep_hash(vm->pkt + vm->data, SKEP_MIN(pkt_len(vm), 64u), 0) | 1;
			skep_vm_ctx_put(vm, "hash", h);
		}
		*r0 = h;
	}
	return 0;
}

const struct vm_helper_row skep_vm_helpers_skb[] = {
    {SKEP_FN_skb_load_bytes, h_load},
    {SKEP_FN_skb_load_bytes_relative, h_load_relative},
    {SKEP_FN_skb_store_bytes, h_store},
    {SKEP_FN_xdp_load_bytes, h_xdp_bytes},
    {SKEP_FN_xdp_store_bytes, h_xdp_bytes},
    {SKEP_FN_l3_csum_replace, h_csum_replace},
    {SKEP_FN_l4_csum_replace, h_csum_replace},
    {SKEP_FN_xdp_adjust_head, h_xdp_adjust_head},
    {SKEP_FN_xdp_adjust_tail, h_xdp_adjust_tail},
    {SKEP_FN_xdp_adjust_meta, h_xdp_adjust_meta},
    {SKEP_FN_xdp_get_buff_len, h_buff_len},
    {SKEP_FN_skb_change_head, h_change_head},
    {SKEP_FN_skb_change_tail, h_change_tail},
    {SKEP_FN_skb_adjust_room, h_adjust_room},
    {SKEP_FN_skb_change_proto, h_change_proto},
    {SKEP_FN_skb_change_type, h_change_type},
    {SKEP_FN_skb_pull_data, h_pull_data},
    {SKEP_FN_skb_vlan_push, h_vlan_push},
    {SKEP_FN_skb_vlan_pop, h_vlan_pop},
    {SKEP_FN_get_hash_recalc, h_hash},
    {SKEP_FN_set_hash, h_hash},
    {SKEP_FN_set_hash_invalid, h_hash},
    {0, NULL},
};
