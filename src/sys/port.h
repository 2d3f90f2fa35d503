/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port: libc's syscall(), as a program defines it that wants bpf(2) answered by sys: its own
 * calls and those of the shared libraries that it uses come here. Linked into the preloaded
 * library and into the command, never into libskep. While sys itself works
 * (skep_probe_blocked), nothing is taken.
 */
#ifndef SKEP_SYS_PORT_H
#define SKEP_SYS_PORT_H

#include "base/base.h"

#include <errno.h>

/* Told of every call that sys answered: bpf or perf_event_open, bpf's command, the result. */
extern void (*skep_port_answered)(long number, long cmd, long result);

/* A result of sys as a system call gives it: -1 and errno. */
static inline int skep_port_result(long v)
{
	if (v < 0) {
		errno = (int)-v;
		return -1;
	}
	return (int)v;
}

#endif
