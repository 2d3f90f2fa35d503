/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects by paths and ids, and a program's hold on a map. */
#include "sys/sys_impl.h"

#include <fcntl.h>

int sys_obj_pin(const union bpf_attr *attr)
{
	char path[PATH_LEN];
	int n;

	if (attr->file_flags)
		return -EINVAL;
	n = sys_user_string(path, attr->pathname, sizeof(path));
	if (n < 0)
		return n == -E2BIG ? -ENAMETOOLONG : n;
	return sys_store_pin((int)attr->bpf_fd, path);
}

int sys_obj_get(const union bpf_attr *attr)
{
	u32 flags = attr->file_flags;
	char path[PATH_LEN];
	int n;

	if (attr->bpf_fd || (flags & ~(u32)(BPF_F_RDONLY | BPF_F_WRONLY)) ||
	    flags == (BPF_F_RDONLY | BPF_F_WRONLY))
		return -EINVAL;
	n = sys_user_string(path, attr->pathname, sizeof(path));
	if (n < 0)
		return n == -E2BIG ? -ENAMETOOLONG : n;
	return sys_store_get(path, flags & BPF_F_RDONLY ? O_RDONLY : flags & BPF_F_WRONLY ? O_WRONLY : O_RDWR);
}

int sys_get_next_id(union bpf_attr *attr, u32 kind)
{
	u32 next;
	int err;

	if (attr->start_id >= INT32_MAX)
		return -EINVAL;
	err = sys_store_next_id(kind, attr->start_id, &next);
	if (!err)
		attr->next_id = next;
	return err;
}

int sys_fd_by_id(const union bpf_attr *attr, u32 kind)
{
	u32 flags = attr->open_flags;

	if ((flags & ~(u32)(BPF_F_RDONLY | BPF_F_WRONLY)) || (flags && kind != SKEP_SYS_MAP))
		return -EINVAL;
	return sys_store_open(kind, attr->map_id, flags & BPF_F_RDONLY ? O_RDONLY : flags & BPF_F_WRONLY ? O_WRONLY : O_RDWR);
}

/* A map that a program shall keep although no instruction names it. */
int sys_bind_map(const union bpf_attr *attr)
{
	struct sobj *p, *m;
	int err;

	if (attr->prog_bind_map.flags)
		return -EINVAL;
	err = sys_sobj_get((int)attr->prog_bind_map.prog_fd, SKEP_SYS_PROG, &p);
	if (err)
		return err;
	err = sys_sobj_get((int)attr->prog_bind_map.map_fd, SKEP_SYS_MAP, &m);
	if (!err) {
		err = sys_prog_bind(sprog_of(p), m->id);
		sys_sobj_put(m);
	}
	sys_sobj_put(p);
	return err;
}
