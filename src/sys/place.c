/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of the kernel: cgroups, network namespaces, interfaces, maps of sockets. Nothing of skep
 * runs there, so to attach is refused with EOPNOTSUPP, once all is right that the kernel would
 * check before; and who asks what is attached hears that nothing is, for a place that exists.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"

#include <linux/magic.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum target { CGROUP = 1, SOCKMAP, NETNS, NETNS_LINK, DEVICE, NETKIT, OTHER };
enum { BASE_FLAGS = 0x47, MPROG_FLAGS = 0x203c, REVISION = 56, GET_NSTYPE = 0xb703, NEW_NET = 0x40000000 };

struct place {
	u16 attach, prog;
	u8 target;
	bool exact;
};
static const struct place places[] = {
#define PLACE(attach_, prog_, target_, exact_) {SKEP_ATTACH_##attach_, SKEP_PROG_##prog_, target_, exact_},
#include "sys/place.def"
};

static const struct place *find_place(u32 attach_type)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(places); k++)
		if (places[k].attach == attach_type)
			return &places[k];
	return NULL;
}

static int check_cgroup(int fd)
{
	u64 id;

	return sys_cgroup_of(fd, false, &id);
}

static int check_netns(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return -EBADF;
	return fs.f_type != NSFS_MAGIC || ioctl(fd, GET_NSTYPE) != NEW_NET ? -EINVAL : 0;
}

static int check_sockmap(int fd)
{
	struct sobj *o;
	int err = sys_sobj_get(fd, SKEP_SYS_MAP, &o);
	u32 type;

	if (err)
		return err;
	type = smap_of(o)->d.type;
	sys_sobj_put(o);
	return type == BPF_MAP_TYPE_SOCKMAP || type == BPF_MAP_TYPE_SOCKHASH ? 0 : -EOPNOTSUPP;
}

/* Is there such a place? */
static int check_target(const struct place *p, u32 target)
{
	char name[IF_NAMESIZE];

	switch (p->target) {
	case CGROUP: return check_cgroup((int)target);
	case SOCKMAP: return check_sockmap((int)target);
	case NETNS:
	case NETNS_LINK: return check_netns((int)target);
	case DEVICE:
	case NETKIT: return !if_indextoname(target, name) ? -ENODEV : p->target == DEVICE ? 0 : -EINVAL;
	default: return -EINVAL;
	}
}

static int check_prog(const struct place *p, int fd)
{
	struct sobj *o;
	int err = sys_sobj_get(fd, SKEP_SYS_PROG, &o);

	if (err)
		return err;
	if (sprog_of(o)->d.type != p->prog || (p->exact && sprog_of(o)->d.attach_type != p->attach))
		err = -EINVAL;
	sys_sobj_put(o);
	return err;
}

/* What linux/bpf.h has behind replace_bpf_fd since 6.6. */
struct attach_more {
	u32 relative;
	u64 revision;
};

static struct attach_more more_of(const union bpf_attr *attr)
{
	const u8 *p = (const u8 *)attr + offsetof(union bpf_attr, replace_bpf_fd) + 4;
	struct attach_more m;

	memcpy(&m.relative, p, 4);
	memcpy(&m.revision, p + 4, 8);
	return m;
}

static bool takes_relative(const struct place *p)
{
	return p->prog == SKEP_PROG_SCHED_CLS || p->target == CGROUP;
}

static int check_flags(const struct place *p, const union bpf_attr *attr, u32 base)
{
	struct attach_more m = more_of(attr);

	if (p->prog == SKEP_PROG_SCHED_CLS)
		return attr->attach_flags & ~(u32)MPROG_FLAGS ? -EINVAL : 0;
	if (p->target == CGROUP)
		return attr->attach_flags & ~(u32)(base | MPROG_FLAGS) ? -EINVAL : 0;
	return (attr->attach_flags & ~base) || m.relative || m.revision ? -EINVAL : 0;
}

int sys_place_attach(const union bpf_attr *attr)
{
	const struct place *p = find_place(attr->attach_type);
	int err = p ? check_flags(p, attr, BASE_FLAGS) : -EINVAL;

	if (!err)
		err = check_prog(p, (int)attr->attach_bpf_fd);
	if (!err && p->target == NETNS_LINK) /* only by a link */
		err = -EINVAL;
	if (!err)
		err = check_target(p, attr->target_fd);
	return err ? err : -EOPNOTSUPP;
}

/* Nothing is attached anywhere. */
int sys_place_detach(const union bpf_attr *attr)
{
	const struct place *p = find_place(attr->attach_type);
	int err = p ? check_flags(p, attr, 0) : -EINVAL;

	if (!err && p->target == NETNS_LINK)
		err = -EINVAL;
	if (!err && attr->attach_bpf_fd && takes_relative(p) && p->target != CGROUP)
		err = check_prog(p, (int)attr->attach_bpf_fd);
	if (!err)
		err = check_target(p, attr->target_fd);
	return err ? err : -ENOENT;
}

int sys_place_query(union bpf_attr *attr)
{
	const struct place *p = find_place(attr->query.attach_type);
	u64 revision = 1;
	int err;

	if (!p || (attr->query.query_flags & ~(u32)BPF_F_QUERY_EFFECTIVE))
		return -EINVAL;
	if (p->target != CGROUP && attr->query.query_flags)
		return -EINVAL;
	err = check_target(p, attr->query.target_fd);
	if (err)
		return err;
	attr->query.attach_flags = 0;
	attr->query.prog_cnt = 0;
	if (takes_relative(p) && !attr->query.query_flags)
		memcpy((u8 *)attr + REVISION, &revision, sizeof(revision));
	return 0;
}

int sys_place_link(const union bpf_attr *attr, const struct sprog *prog)
{
	const struct place *p = find_place(attr->link_create.attach_type);
	char name[IF_NAMESIZE];
	int err = 0;

	if (!p || prog->d.type != p->prog || (p->exact && prog->d.attach_type != p->attach))
		return -EINVAL;
	if (p->attach == SKEP_ATTACH_XDP)
		err = if_indextoname(attr->link_create.target_ifindex, name) ? 0 : -EINVAL;
	else if (p->target != OTHER)
		err = check_target(p, attr->link_create.target_fd);
	return err ? err : -EOPNOTSUPP;
}
