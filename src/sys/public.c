/* SPDX-License-Identifier: BSD-2-Clause */
/* The public names of include/skep.h. */
#include "sys/sys.h"

#include "skep.h"

int skep_bpf(int cmd, union bpf_attr *attr, unsigned size)
{
	return skep_sys_bpf(cmd, attr, size);
}

struct skep_program *skep_program_get(int fd)
{
	return (struct skep_program *)skep_sys_prog_get(fd);
}

void skep_program_put(struct skep_program *p)
{
	skep_sys_prog_put((struct skep_sys_prog *)p);
}

uint64_t skep_program_run(const struct skep_program *p, void *ctx)
{
	return skep_sys_prog_run((const struct skep_sys_prog *)p, ctx);
}

int skep_raise(const char *name, const uint64_t *args, unsigned n)
{
	return skep_sys_raise(name, args, n);
}

const char *skep_version(void)
{
	return SKEP_VERSION;
}
