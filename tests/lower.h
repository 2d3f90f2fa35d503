/* SPDX-License-Identifier: BSD-2-Clause */
/* The rights of a user without privileges, as far as the system lets such users load programs. */
#ifndef SKEP_TEST_LOWER_H
#define SKEP_TEST_LOWER_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* May users without CAP_BPF load programs? */
static inline bool users_may_load(void)
{
	FILE *f = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "r");
	int c = f ? fgetc(f) : '1';

	if (f)
		fclose(f);
	return c == '0';
}

/*
 * Goes without CAP_PERFMON and CAP_SYS_ADMIN, and without CAP_BPF and CAP_NET_ADMIN where users
 * may load programs: *cap_bpf tells. False: not possible.
 */
static inline bool lower_capabilities(bool *cap_bpf)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	unsigned drop[4] = {CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF, CAP_NET_ADMIN};

	*cap_bpf = !users_may_load();
	if (syscall(SYS_capget, &head, data))
		return false;
	for (unsigned k = 0; k < (*cap_bpf ? 2 : 4); k++)
		data[drop[k] / 32].effective &= ~(1u << drop[k] % 32);
	return syscall(SYS_capset, &head, data) == 0;
}

/* All that the process may have is its again. */
static inline bool raise_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return false;
	for (unsigned k = 0; k < 2; k++)
		data[k].effective = data[k].permitted;
	return syscall(SYS_capset, &head, data) == 0;
}

#endif
