/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uprobes as bpf(2) and perf_event_open(2) have them: a place in a file, by its inode, and what
 * runs there. This file writes down what is wanted; the processes that follow the store
 * (follow.c) place it in their code.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_TYPE = 9, MULTI_RETURN = 1 };
#define UPROBE_DIR "/sys/bus/event_source/devices/uprobe"

/* The number of the kind of event, as the kernel has it here: loaders read it from there. */
static u32 uprobe_type(void)
{
	FILE *f = fopen(UPROBE_DIR "/type", "re");
	u32 type = DEFAULT_TYPE;

	if (f) {
		if (fscanf(f, "%u", &type) != 1)
			type = DEFAULT_TYPE;
		fclose(f);
	}
	return type;
}

static const char event_dir[] = UPROBE_DIR;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		unlink(path);
	close(fd);
}

/* What the kernel's directory has, in the store. */
static void write_events(const char *dir)
{
	static const struct {
		const char *name, *text;
	} file[] = {{"type", "9\n"}, {"format/retprobe", "config:0\n"}, {"format/ref_ctr_offset", "config:32-63\n"}};
	static const char *const sub[] = {"", "/format"};
	char path[PATH_LEN];

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(sub); k++) {
		snprintf(path, sizeof(path), "%s/uprobe%s", dir, sub[k]);
		if (mkdir(path, 0700) && errno != EEXIST)
			return;
	}
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(file); k++) {
		snprintf(path, sizeof(path), "%s/uprobe/%s", dir, file[k].name);
		if (access(path, F_OK))
			write_file(path, file[k].text);
	}
}

bool skep_sys_event_path(const char *path, char *buf, size_t size)
{
	static atomic_bool written;
	size_t n = sizeof(event_dir) - 1;
	const char *dir;

	if (strncmp(path, event_dir, n) != 0 || (path[n] && path[n] != '/') || strstr(path, "..") || access(event_dir, F_OK) == 0)
		return false;
	dir = sys_store_dir();
	if (!dir)
		return false;
	if (!atomic_exchange(&written, true))
		write_events(dir);
	return (size_t)snprintf(buf, size, "%s/uprobe%s", dir, path + n) < size;
}

/* The process that a thread belongs to. */
static int process_of(int pid, u32 *out)
{
	char path[64], line[128];
	int tgid = 0;
	FILE *f;

	*out = 0;
	if (pid < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid ? pid : getpid());
	f = fopen(path, "re");
	if (!f)
		return -ESRCH;
	while (fgets(line, sizeof(line), f) && sscanf(line, "Tgid: %d", &tgid) != 1)
		;
	fclose(f);
	*out = (u32)tgid;
	return tgid > 0 ? 0 : -ESRCH;
}

static int find_file(struct probe_file *f, u64 path, u64 *size)
{
	struct stat st;
	int n = sys_user_string(f->path, path, sizeof(f->path));

	if (n < 0)
		return n == -E2BIG ? -ENAMETOOLONG : n;
	if (stat(f->path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	*size = (u64)st.st_size;
	return 0;
}

/* What a link of many places shows is the file's own name, where there is room for it. */
static void full_path(struct probe_file *f)
{
	char *full = realpath(f->path, NULL);

	if (full && strlen(full) < sizeof(f->path))
		strcpy(f->path, full);
	free(full);
}

/* --- perf events ------------------------------------------------------------------------------ */

int sys_perf_event_probe(const void *attr, int pid)
{
	struct perf_event_attr a = {0};
	struct fhead f = {0};
	struct event_probe *p = &((struct perf_head *)f.more)->probe;
	u64 size = 0;
	int fd, id, err;

	if (sys_user_read(&a, (u64)(uintptr_t)attr, PERF_ATTR_SIZE_VER1))
		return -EFAULT;
	if (a.type != uprobe_type() || a.size < PERF_ATTR_SIZE_VER1)
		return -EOPNOTSUPP;
	err = find_file(&p->file, a.config1, &size);
	if (!err)
		err = process_of(pid, &p->pid);
	if (!err && a.config2 >= size)
		err = -EINVAL;
	if (err)
		return err;
	p->used = 1;
	p->on_return = a.config & 1;
	p->enabled = !a.disabled;
	p->place.offset = a.config2;
	p->place.ref_ctr = a.config >> 32;
	sys_shlock_init(&((struct perf_head *)f.more)->lock);
	fd = sys_store_create(SKEP_SYS_PERF, 0, &f, false);
	if (fd < 0)
		return fd;
	id = sys_store_publish(fd, &f);
	if (id < 0)
		sys_store_discard(fd);
	return id < 0 ? id : fd;
}

static int set_word(int fd, const struct fhead *f, size_t off, u32 value)
{
	off_t at = (off_t)(f->size + offsetof(struct fhead, more) + offsetof(struct perf_head, probe) + off);

	return pwrite(fd, &value, 4, at) == 4 ? 0 : -EIO;
}

int skep_sys_perf_ioctl(int fd, unsigned long request, unsigned long arg)
{
	const struct event_probe *p;
	struct fhead f;
	struct sobj *o;
	u32 prog;
	int err = sys_store_head(fd, &f);

	if (err || f.kind != SKEP_SYS_PERF)
		return -ENOTTY;
	p = &((struct perf_head *)f.more)->probe;
	if (!p->used)
		return request == PERF_EVENT_IOC_SET_BPF ? -EINVAL : 0;
	switch (request) {
	case PERF_EVENT_IOC_ENABLE:
	case PERF_EVENT_IOC_DISABLE:
		if (p->enabled == (request == PERF_EVENT_IOC_ENABLE))
			return 0;
		err = set_word(fd, &f, offsetof(struct event_probe, enabled), !p->enabled);
		break;
	case PERF_EVENT_IOC_SET_BPF:
		if (p->prog)
			return -EEXIST;
		err = sys_sobj_get((int)arg, SKEP_SYS_PROG, &o);
		if (err)
			return err;
		prog = sprog_of(o)->d.type == BPF_PROG_TYPE_KPROBE ? o->id : 0;
		sys_sobj_put(o);
		err = prog ? set_word(fd, &f, offsetof(struct event_probe, prog), prog) : -EINVAL;
		break;
	default: return -ENOTTY;
	}
	return err ? err : sys_follow(SKEP_SYS_PERF, f.id, p->pid);
}

/* --- links ----------------------------------------------------------------------------------------- */

/* A link that was refused somewhere is none. */
static int settle(int fd, u32 id, u32 pid)
{
	int err = fd < 0 ? fd : sys_follow(SKEP_SYS_LINK, id, pid);

	if (fd >= 0 && err) {
		close(fd);
		sys_follow(0, 0, 0);
	}
	return err ? err : fd;
}

int sys_link_create_perf(const union bpf_attr *attr, struct sprog *p)
{
	struct lhead d = {.type = BPF_LINK_TYPE_PERF_EVENT, .prog = p->o.id, .cookie = attr->link_create.perf_event.bpf_cookie};
	const struct event_probe *e;
	struct fhead f;
	u32 id = 0;
	int fd;

	if (attr->link_create.flags)
		return -EINVAL;
	if (sys_store_head((int)attr->link_create.target_fd, &f) || f.kind != SKEP_SYS_PERF)
		return -EBADF;
	e = &((struct perf_head *)f.more)->probe;
	if (!e->used || p->d.type != BPF_PROG_TYPE_KPROBE)
		return -EINVAL;
	d.event = f.id;
	fd = sys_link_publish(&d, NULL, 0, &id);
	return settle(fd, id, e->pid);
}

/* As linux/bpf.h has it since 6.6, behind the flags of LINK_CREATE. */
struct multi_attr {
	u64 path, offsets, ref_ctrs, cookies;
	u32 cnt, flags, pid;
};

static int read_places(const struct multi_attr *m, u64 size, struct probe_place *v)
{
	for (u32 k = 0; k < m->cnt; k++) {
		int err = sys_user_read(&v[k].offset, m->offsets + 8 * (u64)k, 8);

		if (!err && m->ref_ctrs)
			err = sys_user_read(&v[k].ref_ctr, m->ref_ctrs + 8 * (u64)k, 8);
		if (!err && m->cookies)
			err = sys_user_read(&v[k].cookie, m->cookies + 8 * (u64)k, 8);
		if (!err && v[k].offset >= size)
			err = -EINVAL;
		if (err)
			return err;
	}
	return 0;
}

int sys_link_create_multi(const union bpf_attr *attr, struct sprog *p)
{
	struct lhead d = {.type = 12 /* BPF_LINK_TYPE_UPROBE_MULTI */, .prog = p->o.id};
	struct probe_place *v;
	struct multi_attr m;
	u64 size = 0;
	u32 id = 0;
	int err;

	memcpy(&m, (const u8 *)attr + offsetof(union bpf_attr, link_create.flags) + 4, sizeof(m));
	if (attr->link_create.flags || attr->link_create.target_fd || (m.flags & ~(u32)MULTI_RETURN) || !m.offsets || !m.cnt ||
	    p->d.type != BPF_PROG_TYPE_KPROBE)
		return -EINVAL;
	if (m.cnt > PLACES_MAX)
		return -E2BIG;
	err = find_file(&d.file, m.path, &size);
	if (err)
		return err == -EINVAL ? -EBADF : err;
	full_path(&d.file);
	err = m.pid ? process_of((int)m.pid, &d.pid) : 0;
	if (err)
		return err;
	d.on_return = m.flags & MULTI_RETURN;
	d.nplace = m.cnt;
	v = calloc(m.cnt, sizeof(*v));
	if (!v)
		return -ENOMEM;
	err = read_places(&m, size, v);
	if (!err) {
		int fd = sys_link_publish(&d, v, m.cnt * sizeof(*v), &id);

		err = settle(fd, id, d.pid);
	}
	free(v);
	return err;
}
