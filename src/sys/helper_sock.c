/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers that look for sockets, and the time of a packet. There are no sockets here:
 * none is ever found, and what needs one is never reached, since the verifier asks for the test.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"

#include <linux/if_ether.h>

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))

enum { CLOCK_REAL = 0, CLOCK_MONO = 1, CLOCK_ATOMIC = 2 };

H(no_socket)
{
	return 0;
}

H(released)
{
	return 0;
}

H(needs_socket)
{
	return ERR(EINVAL);
}

/* Only packets of IP have a time of delivery. */
H(set_tstamp)
{
	struct __sk_buff *s = (struct __sk_buff *)run_now()->ctx;

	if (s->protocol != __builtin_bswap16(ETH_P_IP) && s->protocol != __builtin_bswap16(ETH_P_IPV6))
		return ERR(EOPNOTSUPP);
	if ((u32)c > CLOCK_ATOMIC || ((u32)c != CLOCK_REAL && !b))
		return ERR(EINVAL);
	s->tstamp = b;
	return 0;
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct helper_row sys_helper_sock_rows[] = {
	{SKEP_FN_sk_lookup_tcp, HT_SKB | HT_XDP, CALL(no_socket)},
	{SKEP_FN_sk_lookup_udp, HT_SKB | HT_XDP, CALL(no_socket)},
	{SKEP_FN_skc_lookup_tcp, HT_SKB | HT_XDP, CALL(no_socket)},
	{SKEP_FN_sk_fullsock, HT_SKB, CALL(no_socket)},
	{SKEP_FN_tcp_sock, HT_SKB, CALL(no_socket)},
	{SKEP_FN_get_listener_sock, HT_SKB, CALL(no_socket)},
	{SKEP_FN_sk_release, HT_SKB | HT_XDP, CALL(released)},
	{SKEP_FN_sk_assign, HT_SKB, CALL(needs_socket)},
	{SKEP_FN_tcp_check_syncookie, HT_SKB | HT_XDP, CALL(needs_socket)},
	{SKEP_FN_tcp_gen_syncookie, HT_SKB | HT_XDP, CALL(needs_socket)},
	{SKEP_FN_skb_set_tstamp, HT_SKB, CALL(set_tstamp)},
	{0},
};
