/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked about links and perf events: OBJ_GET_INFO_BY_FD of a link and TASK_FD_QUERY, and
 * the commands on links that end in the kernel's refusal, because no link here has what they
 * change.
 */
#include "sys/links.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { UPROBE = 1, URETPROBE, FD_RAW_TRACEPOINT = 0, FD_UPROBE = 4, FD_URETPROBE, ENOTSUPP_ = 524 };

/* Text and its end, as much as there is room for; -ENOSPC when that is not all. */
static int give_text(u64 to, u32 room, const char *text)
{
	u32 n = (u32)strlen(text) + 1;
	static const char end;
	int err;

	if (n <= room)
		return sys_user_write(to, text, n);
	err = sys_user_write(to, text, room - 1);
	if (!err)
		err = sys_user_write(to + room - 1, &end, 1);
	return err ? err : -ENOSPC;
}

/* A name into the caller's buffer, of `*room` bytes, which become the name's. */
static int give_name(u64 to, u32 *room, const char *name)
{
	u32 had = *room;

	if (!had != !to)
		return -EINVAL;
	*room = (u32)strlen(name) + 1;
	return had ? give_text(to, had, name) : 0;
}

static int event_of(u32 id, struct event_probe *out)
{
	struct fhead f;
	int err = sys_store_head_of(SKEP_SYS_PERF, id, &f);

	if (err)
		return err;
	*out = ((struct perf_head *)f.more)->probe;
	out->file.path[sizeof(out->file.path) - 1] = 0;
	return 0;
}

static int event_info(const struct slink *l, struct skep_sys_link_info *i)
{
	struct event_probe p;
	int err = event_of(l->d.event, &p);

	if (!err)
		err = give_name(i->uprobe.file_name, &i->uprobe.name_len, p.file.path);
	if (err)
		return err;
	i->uprobe.type = p.on_return ? URETPROBE : UPROBE;
	i->uprobe.offset = (u32)p.place.offset;
	i->uprobe.cookie = l->d.cookie;
	i->uprobe.ref_ctr_offset = p.place.ref_ctr;
	return 0;
}

static int give_places(int fd, const struct skep_sys_link_info *i, u32 n)
{
	for (u32 k = 0; k < n; k++) {
		struct probe_place p;
		int err = 0;

		if (pread(fd, &p, sizeof(p), (off_t)(k * sizeof(p))) != (ssize_t)sizeof(p))
			return -EIO;
		if (i->multi.offsets)
			err = sys_user_write(i->multi.offsets + 8 * (u64)k, &p.offset, 8);
		if (!err && i->multi.ref_ctr_offsets)
			err = sys_user_write(i->multi.ref_ctr_offsets + 8 * (u64)k, &p.ref_ctr, 8);
		if (!err && i->multi.cookies)
			err = sys_user_write(i->multi.cookies + 8 * (u64)k, &p.cookie, 8);
		if (err)
			return err;
	}
	return 0;
}

static int multi_info(const struct slink *l, int fd, struct skep_sys_link_info *i)
{
	bool wants = i->multi.offsets || i->multi.ref_ctr_offsets || i->multi.cookies;
	u32 room = i->multi.count, n = SKEP_MIN(l->d.nplace, (u32)PLACES_MAX), path = i->multi.path_size;
	int err;

	if (!i->multi.path != !path || (wants && !room))
		return -EINVAL;
	i->multi.count = n;
	i->multi.flags = l->d.on_return;
	i->multi.pid = l->d.pid;
	i->multi.path_size = (u32)strlen(l->d.file.path) + 1;
	if (path && path < i->multi.path_size)
		return -ENAMETOOLONG;
	err = path ? sys_user_write(i->multi.path, l->d.file.path, i->multi.path_size) : 0;
	if (!err && wants)
		err = give_places(fd, i, SKEP_MIN(n, room));
	return err ? err : wants && room < n ? -ENOSPC : 0;
}

int sys_link_info(union bpf_attr *attr, struct sobj *o)
{
	const struct slink *l = slink_of(o);
	struct skep_sys_link_info i = {0};
	u32 n = SKEP_MIN(attr->info.info_len, (u32)sizeof(i));
	int err;

	if (attr->info.info_len > n && !sys_user_zero(attr->info.info + n, attr->info.info_len - n))
		return -E2BIG;
	err = sys_user_read(&i, attr->info.info, n);
	if (err)
		return err;
	i.type = l->d.type;
	i.id = o->id;
	i.prog_id = l->d.prog;
	switch (l->d.type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		err = give_name(i.raw_tracepoint.tp_name, &i.raw_tracepoint.tp_name_len, l->d.name);
		i.raw_tracepoint.cookie = l->d.cookie;
		break;
	case BPF_LINK_TYPE_PERF_EVENT: err = event_info(l, &i); break;
	case BPF_LINK_TYPE_STRUCT_OPS:
		i.struct_ops.map_id = __atomic_load_n(&l->h->detached, __ATOMIC_ACQUIRE) ? 0 : __atomic_load_n(&l->h->map, __ATOMIC_ACQUIRE);
		break;
	default: err = multi_info(l, (int)attr->info.bpf_fd, &i);
	}
	if (err)
		return err;
	attr->info.info_len = n;
	return sys_user_write(attr->info.info, &i, n);
}

/* --- by process and descriptor ----------------------------------------------------------------- */

/* The descriptor of another process, where it is one of the store. */
static int open_theirs(u32 pid, u32 theirs)
{
	char path[64], file[PATH_LEN];
	const char *dir = sys_store_dir();
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (access(path, F_OK))
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, theirs);
	n = readlink(path, file, sizeof(file) - 1);
	if (n < 0)
		return errno == ENOENT ? -EBADF : -errno;
	file[n] = 0;
	/* What is no file of the store is not even opened: that may have effects. */
	if (!dir || strncmp(file, dir, strlen(dir)) != 0)
		return -ENOTSUPP_;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* The program that a link attaches to this event; 0: none does. */
static u32 prog_of_event(u32 event)
{
	for (u32 id = 0; sys_store_next_id(SKEP_SYS_LINK, id, &id) == 0;) {
		struct fhead f;
		const struct lhead *d = (const struct lhead *)f.more;

		if (!sys_store_head_of(SKEP_SYS_LINK, id, &f) && d->event == event && !d->detached)
			return d->prog;
	}
	return 0;
}

static int give_task(union bpf_attr *attr, const char *name, u32 prog, u32 type, u64 offset, u64 addr)
{
	static const char none;
	u32 room = attr->task_fd_query.buf_len;
	int err = 0;

	attr->task_fd_query.buf_len = (u32)strlen(name);
	if (room && attr->task_fd_query.buf)
		err = name[0] ? give_text(attr->task_fd_query.buf, room, name) : sys_user_write(attr->task_fd_query.buf, &none, 1);
	attr->task_fd_query.prog_id = prog;
	attr->task_fd_query.fd_type = type;
	attr->task_fd_query.probe_offset = offset;
	attr->task_fd_query.probe_addr = addr;
	return err;
}

static int task_link(union bpf_attr *attr, const struct fhead *f)
{
	struct lhead d;

	memcpy(&d, f->more, sizeof(d));
	d.name[LINK_NAME - 1] = 0;
	return d.type == BPF_LINK_TYPE_RAW_TRACEPOINT ? give_task(attr, d.name, d.prog, FD_RAW_TRACEPOINT, 0, 0) : -ENOTSUPP_;
}

static int task_event(union bpf_attr *attr, const struct fhead *f)
{
	struct event_probe p = ((const struct perf_head *)f->more)->probe;
	u32 prog = p.prog;

	p.file.path[sizeof(p.file.path) - 1] = 0;
	if (!prog)
		prog = prog_of_event(f->id);
	if (!prog)
		return -ENOENT;
	return give_task(attr, p.file.path, prog, p.on_return ? FD_URETPROBE : FD_UPROBE, p.place.offset, p.place.ref_ctr);
}

int sys_task_fd_query(union bpf_attr *attr)
{
	struct fhead f;
	int fd, err;

	if (attr->task_fd_query.flags)
		return -EINVAL;
	fd = open_theirs(attr->task_fd_query.pid, attr->task_fd_query.fd);
	if (fd < 0)
		return fd;
	err = sys_store_head(fd, &f);
	close(fd);
	if (err)
		return -ENOTSUPP_;
	return f.kind == SKEP_SYS_LINK ? task_link(attr, &f) : f.kind == SKEP_SYS_PERF ? task_event(attr, &f) : -ENOTSUPP_;
}

/* --- what no link here has --------------------------------------------------------------------- */

static int check_fd(u32 fd, u32 kind)
{
	struct sobj *o;
	int err = sys_sobj_get((int)fd, kind, &o);

	if (!err)
		sys_sobj_put(o);
	return err;
}

/* As in the kernel, the program of a tracepoint or a probe is not exchanged. */
int sys_link_update(const union bpf_attr *attr)
{
	u32 flags = attr->link_update.flags;
	struct sobj *o;
	int err;

	if (flags & ~(u32)BPF_F_REPLACE)
		return -EINVAL;
	err = sys_sobj_get((int)attr->link_update.link_fd, SKEP_SYS_LINK, &o);
	if (err)
		return err;
	if (slink_of(o)->d.type == BPF_LINK_TYPE_STRUCT_OPS) {
		err = sys_link_update_ops(attr, o);
		sys_sobj_put(o);
		return err;
	}
	sys_sobj_put(o);
	err = check_fd(attr->link_update.new_prog_fd, SKEP_SYS_PROG);
	if (!err && (flags & BPF_F_REPLACE))
		err = check_fd(attr->link_update.old_prog_fd, SKEP_SYS_PROG);
	return err ? err : -EINVAL;
}

/* No link here is one of an iterator. */
int sys_iter_create(const union bpf_attr *attr)
{
	int err = attr->iter_create.flags ? -EINVAL : check_fd(attr->iter_create.link_fd, SKEP_SYS_LINK);

	return err ? err : -EINVAL;
}
