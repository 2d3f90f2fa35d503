/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that a function of the program gets. */
#include "cases.h"

#define __exception_cb(name) __attribute__((btf_decl_tag("exception_callback:" #name)))

extern void bpf_throw(u64 cookie) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

ARRAY_OF(u64, values);

__noinline int returns_one(u64 cookie)
{
	return cookie == 7 ? 1 : 0;
}

__noinline int returns_any(u64 cookie)
{
	return (int)cookie;
}

__noinline int counts(u64 cookie)
{
	u64 *v = first(&values);

	if (v)
		*v += cookie;
	return 0;
}

__noinline int takes_for_index(u64 cookie)
{
	u64 *v = first(&values);

	return v ? ((u8 *)v)[cookie] : 0;
}

__noinline int throws_again(u64 cookie)
{
	if (cookie)
		bpf_throw(cookie);
	return 0;
}

__noinline int takes_two(u64 cookie, u64 more)
{
	return (int)(cookie + more);
}

__noinline int takes_a_pointer(u64 *cookie)
{
	return cookie ? (int)*cookie : 0;
}

__noinline void returns_nothing(u64 cookie)
{
	barrier();
}

static __noinline int not_global(u64 cookie)
{
	hide(cookie);
	return cookie & 1;
}

#define THROW(n)                                                                                   \
	if (bpf_get_prandom_u32() > 7)                                                             \
	bpf_throw(n)

ACCEPT("tc", caught) __exception_cb(returns_one);
int caught(void *ctx)
{
	THROW(64);
	return 0;
}

ACCEPT("tc", caught_and_counted) __exception_cb(counts);
int caught_and_counted(void *ctx)
{
	THROW(64);
	return 0;
}

/* What is thrown is not what the program returns. */
ACCEPT("cgroup_skb/ingress", thrown_number_is_not_returned) __exception_cb(returns_one);
int thrown_number_is_not_returned(void *ctx)
{
	THROW(64);
	return 1;
}

REJECT("return", "cgroup_skb/ingress", caught_number_is_returned) __exception_cb(returns_any);
int caught_number_is_returned(void *ctx)
{
	THROW(0);
	return 1;
}

ACCEPT("tc", any_number_in_tc) __exception_cb(returns_any);
int any_number_in_tc(void *ctx)
{
	THROW(0);
	return 1;
}

ACCEPT("tc", never_thrown) __exception_cb(counts);
int never_thrown(void *ctx)
{
	return 1;
}

REJECT("map-bounds", "tc", caught_by_what_is_unsafe) __exception_cb(takes_for_index);
int caught_by_what_is_unsafe(void *ctx)
{
	THROW(0);
	return 1;
}

REJECT("exception", "tc", thrown_again) __exception_cb(throws_again);
int thrown_again(void *ctx)
{
	THROW(0);
	return 1;
}

REJECT("exception", "tc", caught_with_two_arguments) __exception_cb(takes_two);
int caught_with_two_arguments(void *ctx)
{
	THROW(0);
	return 1;
}

REJECT("exception", "tc", caught_with_a_pointer) __exception_cb(takes_a_pointer);
int caught_with_a_pointer(void *ctx)
{
	THROW(0);
	return 1;
}

REJECT("exception", "tc", caught_by_what_returns_nothing) __exception_cb(returns_nothing);
int caught_by_what_returns_nothing(void *ctx)
{
	THROW(0);
	return 1;
}

REJECT("exception", "tc", caught_by_what_is_called) __exception_cb(returns_one);
int caught_by_what_is_called(void *ctx)
{
	THROW(0);
	return returns_one(1);
}

REJECT("exception", "tc", caught_by_a_static_function) __exception_cb(not_global);
int caught_by_a_static_function(void *ctx)
{
	THROW(0);
	return not_global(1);
}

REJECT("exception", "tc", caught_twice) __exception_cb(returns_one) __exception_cb(returns_any);
int caught_twice(void *ctx)
{
	THROW(0);
	return 1;
}

REJECT("section-left", "tc", thrown_in_rcu_section) __exception_cb(returns_one);
int thrown_in_rcu_section(void *ctx)
{
	bpf_rcu_read_lock();
	THROW(0);
	bpf_rcu_read_unlock();
	return 0;
}
