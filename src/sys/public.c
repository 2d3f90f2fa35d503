/* SPDX-License-Identifier: BSD-2-Clause */
/* The public names of include/skep.h. */
#include "probe/probe.h"
#include "sys/sys.h"

#include "skep.h"

int skep_bpf(int cmd, union bpf_attr *attr, unsigned size)
{
	int result;

	/* What happens meanwhile is no event: handlers work on the same objects. */
	skep_probe_blocked++;
	result = skep_sys_bpf(cmd, attr, size);
	skep_probe_blocked--;
	return result;
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

int skep_attach(int prog_fd, const void *function, const struct skep_attach_options *opt, struct skep_attachment **out)
{
	struct skep_attach_options o = {0};

	if (opt)
		memcpy(&o, opt, SKEP_MIN(opt->size, sizeof(o)));
	return skep_sys_attach(prog_fd, function, o.on_return != 0, o.cookie, (struct skep_sys_attachment **)out, o.why, o.why_size);
}

void skep_detach(struct skep_attachment *a)
{
	skep_sys_detach((struct skep_sys_attachment *)a);
}

int skep_ops_declare(const void *btf, size_t size, const char *type)
{
	int err;

	skep_probe_blocked++;
	err = skep_sys_ops_declare(btf, size, type);
	skep_probe_blocked--;
	return err;
}

int skep_ops_get(const char *type, struct skep_ops **out)
{
	int err;

	skep_probe_blocked++;
	err = skep_sys_ops_get(type, (struct skep_sys_ops **)out);
	skep_probe_blocked--;
	return err;
}

void skep_ops_put(struct skep_ops *o)
{
	skep_sys_ops_put((struct skep_sys_ops *)o);
}

int skep_ops_call(struct skep_ops *o, const char *member, const uint64_t *args, unsigned n, uint64_t *result)
{
	return skep_sys_ops_call((struct skep_sys_ops *)o, member, args, n, result);
}

int skep_ops_read(struct skep_ops *o, const char *member, void *buf, size_t size)
{
	return skep_sys_ops_read((struct skep_sys_ops *)o, member, buf, size);
}

const char *skep_version(void)
{
	return SKEP_VERSION;
}
