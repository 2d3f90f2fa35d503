/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols of the kernel: variables and functions with types, and weak ones that it lacks. */
#include "cases.h"

struct nothing_of_that_name {
	int n;
};

extern const struct nothing_of_that_name skep_lacks_this __ksym __attribute__((weak));
extern int skep_lacks_that(int n) __ksym __attribute__((weak));
extern void bpf_rcu_read_lock(void) __ksym __attribute__((weak));
extern void bpf_rcu_read_unlock(void) __ksym __attribute__((weak));
extern const void skep_has_no_such_symbol __ksym __attribute__((weak));

ACCEPT("raw_tp/sys_enter", lacking_variable)
{
	if (&skep_lacks_this)
		return *(int *)0;
	return 0;
}

REJECT("type", "raw_tp/sys_enter", lacking_variable_read)
{
	return skep_lacks_this.n;
}

ACCEPT("raw_tp/sys_enter", lacking_function)
{
	if (skep_lacks_that)
		return *(int *)0;
	return 0;
}

ACCEPT("raw_tp/sys_enter", function_that_is_there)
{
	if (!bpf_rcu_read_lock)
		return *(int *)0;
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

REJECT("mem-bounds", "raw_tp/sys_enter", function_read)
{
	return *(volatile int *)bpf_rcu_read_lock;
}

ACCEPT("raw_tp/sys_enter", no_such_symbol)
{
	return &skep_has_no_such_symbol != 0;
}
