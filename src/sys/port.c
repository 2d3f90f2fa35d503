/* SPDX-License-Identifier: BSD-2-Clause */
/* The definition of syscall() that hands bpf(2) to sys; everything else goes on to libc's. */
#include "sys/port.h"

#include "probe/probe.h"
#include "sys/sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool user = SKEP_PORT_USER;
void (*skep_port_answered)(long number, long cmd, long result);

void skep_sys_port(bool is_user)
{
	user = is_user;
}

long syscall(long number, ...);
static __typeof__(&syscall) libcs(void)
{
	static __typeof__(&syscall) real;

	if (!real)
		real = (__typeof__(&syscall))(uintptr_t)dlsym(RTLD_NEXT, "syscall");
	return real;
}

int skep_sys_port_kernel(int cmd, union bpf_attr *attr, unsigned size)
{
	long r = libcs()(SYS_bpf, cmd, attr, size);

	return r < 0 ? -errno : (int)r;
}

/*
 * The caller may have passed fewer than six; then what is read of the stack is passed on, and
 * the kernel ignores it. libc does the same; a checker of addresses must not look.
 */
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
	long a[6], r;
	va_list ap;

	va_start(ap, number);
	for (u32 k = 0; k < 6; k++)
		a[k] = va_arg(ap, long);
	va_end(ap);
	if (!user || skep_probe_blocked || (number != SYS_bpf && number != SYS_perf_event_open))
		return libcs()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	skep_probe_blocked++;
	if (number == SYS_bpf)
		r = skep_sys_bpf((int)a[0], (union bpf_attr *)a[1], (unsigned)a[2]);
	else
		r = skep_sys_perf_event_open((void *)a[0], (int)a[1], (int)a[2], (int)a[3],
					     (unsigned long)a[4]);
	if (skep_port_answered)
		skep_port_answered(number, a[0], r);
	skep_probe_blocked--;
	return skep_port_result(r);
}
