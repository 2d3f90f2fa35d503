/* SPDX-License-Identifier: BSD-2-Clause */
/* No probes: another processor, or a build without Zydis. */
#include "probe/probe.h"

#include <errno.h>
#include <stdio.h>

int skep_probe_attach(const struct skep_probe_spec *spec, struct skep_probe **out,
		      char why[SKEP_PROBE_WHY])
{
	snprintf(why, SKEP_PROBE_WHY, "this build has no probes (they need x86-64 and Zydis)");
	return -EOPNOTSUPP;
}

void skep_probe_prepare(void)
{
}

void skep_probe_detach(struct skep_probe *p)
{
}

void skep_probe_forget(struct skep_probe *p)
{
}

_Thread_local u32 skep_probe_blocked __attribute__((tls_model("initial-exec")));

u64 skep_probe_came_from(u64 addr)
{
	return addr;
}

u64 skep_probe_missed(void)
{
	return 0;
}

int skep_probe_inject(const struct skep_probe_inject *in, char why[SKEP_PROBE_WHY])
{
	snprintf(why, SKEP_PROBE_WHY, "this build has no probes (they need x86-64 and Zydis)");
	return -EOPNOTSUPP;
}

bool skep_probe_owns(u64 addr)
{
	return false;
}
