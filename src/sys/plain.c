/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a program that calls nothing at a probe. It needs no reader's row (elements of
 * arrays stay), no processor, and nothing of the thread. This file is compiled to use general
 * registers only.
 */
#include "sys/sys_impl.h"

void sys_prog_run_plain(void *arg, struct skep_probe_regs *regs)
{
	const struct probe_run *p = arg;
	struct skep_eng_run run;

	if (p->pid && p->pid != sys_probe_pid)
		return;
	run.left = INT64_MAX;
	run.tails = 0;
	run.stop = 0;
	p->prog->eng->plain((u64)(uintptr_t)regs, 0, &run);
}
