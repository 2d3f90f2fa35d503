/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store: a directory with a file for each object.
 *
 *	bpf-map/ID  bpf-prog/ID  btf/ID  bpf_link/ID  perf/ID	objects
 *	fs/...							what is pinned: hard links
 *	readers							see shared.c
 *	lock							flock: creating and opening is shared, collecting is exclusive
 *	ops							flock: who registers struct_ops
 *	table							flock: who opens the table of readers
 *	types-BOOT						see kernel.c
 *
 * The names are those that tools look for behind /proc/self/fd. Every descriptor of an object
 * holds a shared flock on its file; the kernel drops it with the last copy of the descriptor,
 * however the process ends. So a file that can be locked exclusively is not open anywhere.
 */
#include "sys/sys_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { FEW_BYTES = 16 << 20 /* nobody asks what is left */ };

static const char *const kind_dir[NKIND] = {NULL, "bpf-map", "bpf-prog", "btf", "bpf_link", "perf"};
static char dir[PATH_LEN - 320];
static char told[sizeof(dir)]; /* skep_sys_store() */
static int dir_err;
/* What is wrong, when it is no error of the system, and with which directory in it. */
static const char *dir_why, *dir_part;
static dev_t dir_dev;
static pthread_once_t once = PTHREAD_ONCE_INIT;

u64 sys_store_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

u64 sys_store_boot(void)
{
	static u64 boot;
	char id[64] = "";
	int fd;

	if (boot)
		return boot;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, id, sizeof(id) - 1) < 0)
			id[0] = 0;
		close(fd);
	}
	boot = skep_hash(id, strlen(id), 1) | 1;
	return boot;
}

/* A directory of ours that nobody else may enter. */
static int own_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	if (lstat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		dir_why = "it is no directory";
	else if (st.st_uid != geteuid())
		dir_why = "it belongs to another user";
	else if (st.st_mode & 077)
		dir_why = "others may enter it (chmod 700)";
	dir_dev = st.st_dev;
	return dir_why ? -EPERM : 0;
}

static void find_dir(void)
{
	const char *given = told[0] ? told : getenv("SKEP_STORE"), *run = getenv("XDG_RUNTIME_DIR");
	char sub[PATH_LEN];
	int n;

	if (given && given[0])
		n = snprintf(dir, sizeof(dir), "%s", given);
	else if (run && run[0] == '/' && access(run, W_OK) == 0)
		n = snprintf(dir, sizeof(dir), "%s/skep", run);
	else
		n = snprintf(dir, sizeof(dir), "/dev/shm/skep-%u", (unsigned)geteuid());
	if (dir[0] != '/')
		dir_why = "SKEP_STORE must be an absolute path";
	dir_err = dir_why ? -EINVAL : n >= (int)sizeof(dir) ? -ENAMETOOLONG : own_dir(dir);
	for (u32 k = 1; k <= NKIND && !dir_err; k++) {
		dir_part = k < NKIND ? kind_dir[k] : "fs";
		snprintf(sub, sizeof(sub), "%s/%s", dir, dir_part);
		dir_err = own_dir(sub);
	}
}

/* That there is no store must not look as if there were no object: ENOENT ends a list. */
static int ready(void)
{
	static atomic_bool swept;

	pthread_once(&once, find_dir);
	if (!dir_err && !atomic_exchange(&swept, true))
		sys_store_collect();
	return dir_err == -ENOENT ? -EPERM : dir_err;
}

int skep_sys_store_check(char *why, size_t size)
{
	pthread_once(&once, find_dir);
	if (dir_err)
		snprintf(why, size, "%s%s%s: %s", dir, dir_part ? "/" : "", dir_part ? dir_part : "",
			 dir_why ? dir_why : strerror(-dir_err));
	return dir_err;
}

const char *sys_store_dir(void)
{
	int err = ready();

	errno = -err;
	return err ? NULL : dir;
}

bool sys_store_holds(const struct stat *st)
{
	return st->st_uid == geteuid() && st->st_dev == dir_dev;
}

const char *skep_sys_store_dir(void)
{
	return sys_store_dir();
}

int skep_sys_store(const char *path)
{
	const char *now;

	if (path[0] != '/' || strlen(path) >= sizeof(told))
		return -EINVAL;
	if (!told[0])
		strcpy(told, path);
	now = sys_store_dir();
	return !now ? -errno : strcmp(now, path) != 0 ? -EBUSY : 0;
}

int sys_store_path(char *buf, u32 kind, u32 id)
{
	return snprintf(buf, PATH_LEN, "%s/%s/%u", dir, kind_dir[kind], id);
}

static int lock_file(const char *name, bool exclusive)
{
	char path[PATH_LEN];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, exclusive ? LOCK_EX : LOCK_SH))
		if (errno != EINTR) {
			int err = -errno;

			close(fd);
			return err;
		}
	return fd;
}

/* A child that another thread forks meanwhile would have the lock, too, and keep it. */
static int take_lock(const char *name, bool exclusive)
{
	int fd;

	sys_whole_begin();
	fd = lock_file(name, exclusive);
	if (fd < 0)
		sys_whole_end();
	return fd;
}

int sys_store_lock(bool exclusive)
{
	return take_lock("lock", exclusive);
}

int sys_store_lock_ops(void)
{
	int err = ready();

	return err ? err : take_lock("ops", true);
}

int sys_store_lock_table(void)
{
	return take_lock("table", true);
}

void sys_store_unlock(int lock)
{
	close(lock);
	sys_whole_end();
}

/* --- new files ------------------------------------------------------------------------- */

static void new_name(char *buf, u32 kind, u64 token)
{
	snprintf(buf, PATH_LEN, "%s/%s/.new-%llx", dir, kind_dir[kind], (unsigned long long)token);
}

static u64 token_of(const struct fhead *h)
{
	u64 t;

	memcpy(&t, h->more + sizeof(h->more) - 8, 8);
	return t;
}

/* A line of /proc/meminfo, in bytes; 0: it is not there. */
static u64 memory_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) << 10 : 0;
}

bool sys_store_crowds(int fd, u64 n)
{
	int info = n < FEW_BYTES ? -1 : open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	struct statfs fs;
	char text[512];
	ssize_t len;

	if (info < 0)
		return false;
	len = read(info, text, sizeof(text) - 1);
	close(info);
	if (len <= 0 || fstatfs(fd, &fs) || fs.f_type != TMPFS_MAGIC)
		return false;
	text[len] = 0;
	return memory_of(text, "MemAvailable:") < n + memory_of(text, "MemTotal:") / 8;
}

int sys_store_reserve(int fd, u64 at, u64 n)
{
	int err = sys_store_crowds(fd, n) ? ENOMEM : posix_fallocate(fd, (off_t)at, (off_t)n);

	return err == ENOSPC || err == EFBIG ? -ENOMEM : -err;
}

static int fill(int fd, struct fhead *h, bool reserve)
{
	u64 total = h->size + PAGE;
	int err;

	if (h->size > (u64)1 << 40)
		return -E2BIG;
	if (reserve)
		return sys_store_reserve(fd, 0, total);
	err = ftruncate(fd, (off_t)total) ? errno : 0;
	if (err)
		return err == ENOSPC || err == EFBIG ? -ENOMEM : -err;
	return sys_store_reserve(fd, h->size, PAGE);
}

int sys_store_create(u32 kind, u64 size, struct fhead *h, bool reserve)
{
	static atomic_uint serial;
	char path[PATH_LEN];
	struct timespec ts;
	u64 token;
	int fd, lock, err = ready();

	if (err)
		return err;
	clock_gettime(CLOCK_REALTIME, &ts);
	token = (u64)ts.tv_nsec << 32 ^ (u64)getpid() << 12 ^ atomic_fetch_add(&serial, 1);
	h->magic = OBJ_MAGIC;
	h->version = OBJ_VERSION;
	h->kind = kind;
	h->id = 0;
	h->size = (size + PAGE - 1) & ~(u64)(PAGE - 1);
	h->born = sys_store_now();
	h->boot = sys_store_boot();
	h->uid = geteuid();
	memcpy(h->more + sizeof(h->more) - 8, &token, 8);
	new_name(path, kind, token);
	/* Until it is held, who collects takes it for one that nobody has open. */
	lock = sys_store_lock(false);
	if (lock < 0)
		return lock;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	err = fd < 0 ? -errno : flock(fd, LOCK_SH | LOCK_NB) ? -errno : 0;
	sys_store_unlock(lock);
	if (fd < 0)
		return err == -ENOSPC ? -ENOMEM : err;
	if (!err)
		err = fill(fd, h, reserve);
	if (!err && pwrite(fd, h, sizeof(*h), (off_t)h->size) != (ssize_t)sizeof(*h))
		err = -ENOMEM;
	if (err) {
		unlink(path);
		close(fd);
	}
	return err ? err : fd;
}

void sys_store_discard(int fd)
{
	struct fhead h;
	char path[PATH_LEN];

	if (sys_store_head(fd, &h) == 0 && h.kind) {
		new_name(path, h.kind, token_of(&h));
		unlink(path);
	}
	close(fd);
}

int sys_store_publish(int fd, struct fhead *h)
{
	char from[PATH_LEN], to[PATH_LEN];
	int lock, err = -ENOSPC;

	if (!sys_table_ready()) /* which has the numbers */
		return -ENOMEM;
	lock = sys_store_lock(false);
	if (lock < 0)
		return lock;
	new_name(from, h->kind, token_of(h));
	for (u32 tries = 0; tries < 100000; tries++) {
		h->id = sys_next_id(h->kind);
		if (!h->id)
			continue;
		sys_store_path(to, h->kind, h->id);
		if (access(to, F_OK) == 0)
			continue;
		if (pwrite(fd, &h->id, 4, (off_t)(h->size + offsetof(struct fhead, id))) != 4) {
			err = -ENOMEM;
			break;
		}
		if (link(from, to) == 0) {
			err = (int)h->id;
			break;
		}
		if (errno != EEXIST) {
			err = -errno;
			break;
		}
	}
	unlink(from);
	sys_store_unlock(lock);
	if (err > 0)
		sys_sobj_count(h->size);
	return err;
}

/* --- opening ------------------------------------------------------------------------------ */

int sys_store_head(int fd, struct fhead *h)
{
	struct stat st;
	off_t at;
	ssize_t n;
	int err = ready();

	if (err)
		return err;
	if (fstat(fd, &st))
		return -EBADF;
	at = st.st_size - PAGE;
	if (!S_ISREG(st.st_mode) || !sys_store_holds(&st) || at < 0 || at % PAGE)
		return -EINVAL;
	n = pread(fd, h, sizeof(*h), at);
	if (n < 0 && errno == EBADF) { /* opened for writing only */
		char path[64];
		int other;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		other = open(path, O_RDONLY | O_CLOEXEC);
		if (other >= 0) {
			n = pread(other, h, sizeof(*h), at);
			close(other);
		}
	}
	if (n != (ssize_t)sizeof(*h) || h->magic != OBJ_MAGIC || h->version != OBJ_VERSION || !h->kind || h->kind >= NKIND ||
	    h->size != (u64)at)
		return -EINVAL;
	return 0;
}

/* Open, and take part in keeping it alive. The store is locked. */
static int open_alive(const char *path, int access)
{
	struct stat st;
	int fd = open(path, access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENXIO ? -ENOENT : -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || flock(fd, LOCK_SH | LOCK_NB)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int sys_store_open(u32 kind, u32 id, int access)
{
	char path[PATH_LEN];
	struct fhead h;
	int lock, fd, err = ready();

	if (err)
		return err;
	lock = sys_store_lock(false);
	if (lock < 0)
		return lock;
	sys_store_path(path, kind, id);
	fd = open_alive(path, access);
	sys_store_unlock(lock);
	if (fd >= 0 && (sys_store_head(fd, &h) || h.kind != kind || h.id != id)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int sys_store_head_of(u32 kind, u32 id, struct fhead *f)
{
	int fd = sys_store_open(kind, id, O_RDONLY), err;

	if (fd < 0)
		return fd;
	err = sys_store_head(fd, f);
	close(fd);
	return err;
}

enum skep_sys_kind skep_sys_fd_kind(int fd)
{
	struct fhead h;

	return sys_store_head(fd, &h) ? SKEP_SYS_NONE : (enum skep_sys_kind)h.kind;
}

/* --- pinning ------------------------------------------------------------------------------- */

bool skep_sys_path(const char *path, char *buf, size_t size)
{
	static const char root[] = "/sys/fs/bpf";
	size_t n = sizeof(root) - 1;
	char clean[PATH_LEN] = "";
	u32 used = 0;

	if (!path || path[0] != '/' || strlen(path) >= sizeof(clean) - 2)
		return false;
	/* "//" and "/./" are nothing; ".." may not lead out, so it is left to fail. */
	for (const char *p = path; *p;) {
		const char *end;

		while (*p == '/')
			p++;
		end = strchrnul(p, '/');
		if (end - p == 2 && p[0] == '.' && p[1] == '.')
			return false;
		if (end > p && !(end - p == 1 && *p == '.')) {
			clean[used++] = '/';
			memcpy(clean + used, p, (size_t)(end - p));
			used += (u32)(end - p);
		}
		p = end;
	}
	clean[used] = 0;
	if (strncmp(clean, root, n) != 0 || (clean[n] && clean[n] != '/'))
		return false;
	if (!sys_store_dir())
		return false;
	return (size_t)snprintf(buf, size, "%s/fs%s", dir, clean + n) < size;
}

/* The place of a pin: under /sys/fs/bpf, or already a path of the store's tree. */
static int pin_path(const char *path, char *buf)
{
	char real[PATH_MAX], parent[PATH_LEN];
	const char *slash = strrchr(path, '/');
	size_t n = strlen(dir);

	if (skep_sys_path(path, buf, PATH_LEN)) {
		for (const char *p = strrchr(path, '/'); p && *p; p++)
			if (*p == '.') /* as bpffs: a name with a dot is reserved */
				return -EPERM;
		return 0;
	}
	if (!slash || slash == path || slash - path >= PATH_LEN)
		return -EPERM;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = 0;
	if (!realpath(parent, real))
		return -errno;
	if (strncmp(real, dir, n) != 0 || strncmp(real + n, "/fs", 3) != 0 || (real[n + 3] && real[n + 3] != '/'))
		return -EPERM;
	return snprintf(buf, PATH_LEN, "%s", path) < PATH_LEN ? 0 : -ENAMETOOLONG;
}

int sys_store_pin(int fd, const char *path)
{
	char from[PATH_LEN], to[PATH_LEN];
	struct fhead h;
	int err = sys_store_head(fd, &h), lock;

	if (err)
		return err;
	if (h.kind == SKEP_SYS_BTF || h.kind == SKEP_SYS_PERF)
		return -EINVAL;
	err = pin_path(path, to);
	if (err)
		return err;
	lock = sys_store_lock(false);
	if (lock < 0)
		return lock;
	sys_store_path(from, h.kind, h.id);
	if (link(from, to))
		err = -errno;
	sys_store_unlock(lock);
	return err;
}

int sys_store_get(const char *path, int access)
{
	char at[PATH_LEN];
	struct fhead h;
	int lock, fd, err;

	if (ready())
		return dir_err;
	err = pin_path(path, at);
	if (err)
		return err == -EPERM ? -EINVAL : err;
	lock = sys_store_lock(false);
	if (lock < 0)
		return lock;
	fd = open_alive(at, O_RDONLY);
	if (fd >= 0) {
		/* By the name that says what it is: tools look at /proc/self/fd. */
		err = sys_store_head(fd, &h);
		close(fd);
		fd = err;
		if (!err) {
			sys_store_path(at, h.kind, h.id);
			fd = open_alive(at, access);
		}
	}
	sys_store_unlock(lock);
	return fd;
}
