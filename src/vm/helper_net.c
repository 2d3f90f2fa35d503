/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers that reach the network stack. There is none: redirects are recorded
 * as events, no socket is ever found, and a route is a function of the question.
 */
#include <errno.h>

#include "vm/vm_impl.h"

static bool is_xdp(const struct skep_vm *vm)
{
	return vm->prog[vm->cur]->type == SKEP_PROG_XDP;
}

enum { XDP_ABORTED = 0, XDP_REDIRECT = 4, TC_SHOT = 2, TC_REDIRECT = 7 };

static int record(struct skep_vm *vm, u8 kind, u64 a, u64 b)
{
	return skep_vm_note_event(vm, kind, 0, a, b, NULL, 0) ? 0 : skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
}

static int h_redirect(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	if (a[1] & ~(is_xdp(vm) ? 0ull : 1ull)) {
		*r0 = is_xdp(vm) ? XDP_ABORTED : TC_SHOT;
		return 0;
	}
	*r0 = is_xdp(vm) ? XDP_REDIRECT : TC_REDIRECT;
	return record(vm, SKEP_EV_REDIRECT, (u32)a[0], a[1]);
}

static int h_redirect_peer(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = a[1] ? TC_SHOT : TC_REDIRECT;
	return a[1] ? 0 : record(vm, SKEP_EV_REDIRECT_PEER, (u32)a[0], 0);
}

static int h_redirect_neigh(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 len = (u32)a[2];
	const u8 *p = skep_vm_mem_or_trap(vm, a[1], len, ACC_R);

	if (!p)
		return -1;
	*r0 = a[3] || (len && len < 20) ? TC_SHOT : TC_REDIRECT;
	if (*r0 == TC_SHOT)
		return 0;
	if (!skep_vm_note_event(vm, SKEP_EV_REDIRECT_NEIGH, 0, (u32)a[0], 0, p, len))
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	return 0;
}

static int h_clone_redirect(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = a[2] & ~1ull ? ERRNO(EINVAL) : 0;
	if (!*r0 && !skep_vm_note_event(vm, SKEP_EV_CLONE_REDIRECT, 0, (u32)a[1], a[2], vm->pkt + vm->data,
			      vm->end - vm->data))
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	return 0;
}

/*
 * struct bpf_fib_lookup, 64 bytes. The hash of family and destination decides:
 * for one destination in four there is no route (4, not forwarded); else
 * ifindex becomes 1 to 8 and both MAC addresses are made from the hash.
 */
static int h_fib_lookup(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	enum { IFINDEX = 8, DST = 32, SMAC = 52, DMAC = 58, SIZE = 64 };
	u32 len = (u32)a[2];
	u8 *p = skep_vm_mem_or_trap(vm, a[1], len, ACC_R | ACC_W);
	u64 h;

	if (!p)
		return -1;
	*r0 = len < SIZE || a[3] & ~0x1full ? ERRNO(EINVAL) : 0;
	if (!*r0 && p[0] != 2 && p[0] != 10)
		*r0 = ERRNO(97);
	if (*r0)
		return 0;
	h = skep_hash(p + DST, p[0] == 2 ? 4 : 16, p[0]);
	if (h % 4 == 0) {
		*r0 = 4;
		return 0;
	}
	skep_put32(p + IFINDEX, 1 + (u32)(h >> 8) % 8, false);
	memcpy(p + SMAC, &h, 6);
	h = skep_hash(&h, 8, 1);
	memcpy(p + DMAC, &h, 6);
	p[SMAC] = p[DMAC] = 2;
	return 0;
}

static int h_check_mtu(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *mtu = skep_vm_mem_or_trap(vm, a[2], 4, ACC_W);
	s64 len, given;

	if (!mtu)
		return -1;
	given = skep_get32(mtu, false);
	len = given ? given : (s64)vm->end - vm->data - 14;
	*r0 = a[4] & ~1ull ? ERRNO(EINVAL) : len + (s32)a[3] > 1500 ? 1 : 0;
	if ((s64)*r0 >= 0)
		skep_put32(mtu, 1500, false);
	return 0;
}

/* Nothing is found. */
static int h_no_socket(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	if (!skep_vm_mem_or_trap(vm, a[1], (u32)a[2], ACC_R))
		return -1;
	*r0 = 0;
	return 0;
}

static int h_null(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = 0;
	return 0;
}

static int h_csum_update(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	/* The packet's checksum is never known as a whole. */
	*r0 = vm->helper == SKEP_FN_csum_level ? ERRNO(EACCES) : ERRNO(524);
	return 0;
}

const struct vm_helper_row skep_vm_helpers_net[] = {
    {SKEP_FN_redirect, h_redirect},
    {SKEP_FN_redirect_peer, h_redirect_peer},
    {SKEP_FN_redirect_neigh, h_redirect_neigh},
    {SKEP_FN_clone_redirect, h_clone_redirect},
    {SKEP_FN_fib_lookup, h_fib_lookup},
    {SKEP_FN_check_mtu, h_check_mtu},
    {SKEP_FN_sk_lookup_tcp, h_no_socket},
    {SKEP_FN_sk_lookup_udp, h_no_socket},
    {SKEP_FN_skc_lookup_tcp, h_no_socket},
    {SKEP_FN_sk_release, h_null},
    {SKEP_FN_sk_fullsock, h_null},
    {SKEP_FN_tcp_sock, h_null},
    {SKEP_FN_get_listener_sock, h_null},
    {SKEP_FN_skc_to_tcp_sock, h_null},
    {SKEP_FN_skc_to_tcp6_sock, h_null},
    {SKEP_FN_skc_to_udp6_sock, h_null},
    {SKEP_FN_skc_to_unix_sock, h_null},
    {SKEP_FN_csum_update, h_csum_update},
    {SKEP_FN_csum_level, h_csum_update},
    {SKEP_FN_skc_to_tcp_timewait_sock, h_null},
    {SKEP_FN_skc_to_tcp_request_sock, h_null},
    {SKEP_FN_skc_to_mptcp_sock, h_null},
    {0, NULL},
};
