/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes for a test in C++: they count. */
#include "probe/probe.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>

static u64 text_lo, text_hi;

static int find_text(struct dl_phdr_info *i, size_t size, void *arg)
{
	for (u32 k = 0; k < i->dlpi_phnum; k++)
		if (i->dlpi_phdr[k].p_type == PT_LOAD && (i->dlpi_phdr[k].p_flags & PF_X)) {
			text_lo = i->dlpi_addr + i->dlpi_phdr[k].p_vaddr;
			text_hi = text_lo + i->dlpi_phdr[k].p_memsz;
		}
	return 1;
}

static void count(void *arg, struct skep_probe_regs *r)
{
	++*(unsigned long *)arg;
}

void *shim_attach(void *at, unsigned flags, unsigned long *n);
void *shim_attach(void *at, unsigned flags, unsigned long *n)
{
	struct skep_probe_spec s = {.addr = (u64)(uintptr_t)at, .fn = count, .arg = n, .flags = flags};
	char why[SKEP_PROBE_WHY] = "";
	struct skep_probe *p;

	dl_iterate_phdr(find_text, NULL);
	s.text_lo = text_lo;
	s.text_hi = text_hi;
	if (skep_probe_attach(&s, &p, why)) {
		printf("cannot attach: %s\n", why);
		return NULL;
	}
	return p;
}

void shim_detach(void *p);
void shim_detach(void *p)
{
	skep_probe_detach(p);
}
