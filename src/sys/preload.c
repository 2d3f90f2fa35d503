/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libskep-preload: libc's entries through which a program reaches bpf(2), answered by sys.
 *
 * Interposed are `syscall` (bpf and perf_event_open), what a descriptor of a map or a perf
 * buffer needs where it is no plain file (mmap, ioctl, epoll), and paths under /sys/fs/bpf,
 * which are in the store. Everything else goes on to libc. While sys itself works, nothing
 * is interposed in its thread.
 */
/* Both names of a function are defined here: no header may map one to the other. */
#undef _FILE_OFFSET_BITS

#include "probe/probe.h"
#include "sys/object.h"
#include "sys/port.h"
#include "sys/sys.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What sys does is nobody's event either. */
#define inside skep_probe_blocked

/* The next definition of a function: libc's. */
#define NEXT(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (!real)                                                                                 \
		real = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name);

/* --- probes ------------------------------------------------------------------------------------------ */

/* Descriptors that may be of links: when one is closed, something may have to be detached. */
enum { NNOTED = 65536 };
static _Atomic u64 noted[NNOTED / 64];

static void note(long fd)
{
	if (fd < NNOTED)
		atomic_fetch_or(&noted[fd / 64], (u64)1 << (fd % 64));
}

static bool forget_note(int fd)
{
	u64 bit = (u64)1 << ((u32)fd % 64);

	return fd >= 0 && fd < NNOTED && (atomic_load_explicit(&noted[fd / 64], memory_order_relaxed) & bit) &&
	       (atomic_fetch_and(&noted[fd / 64], ~bit) & bit);
}

/* The kernel's words for it are one number. */
static void tell(void)
{
	const char *why = skep_sys_refusal();

	if (why[0])
		dprintf(STDERR_FILENO, "skep: %s\n", why);
}

static void answered(long number, long cmd, long r)
{
	if (r >= 0 && (number != SYS_bpf || cmd == BPF_LINK_CREATE || cmd == BPF_OBJ_GET || cmd == BPF_LINK_GET_FD_BY_ID))
		note(r);
	if (r < 0 && number == SYS_bpf && (cmd == BPF_LINK_CREATE || cmd == BPF_MAP_CREATE))
		tell();
}

/*
 * Was this library there from the start? Else it was loaded later: then only its probes count, and
 * skep_preload_late() begins. A program with a syscall() of its own is recognised by its environment.
 */
static bool is_first(void)
{
	void *f = dlsym(RTLD_DEFAULT, "syscall");
	const char *list = getenv("LD_PRELOAD");
	Dl_info theirs, ours;

	if (!f || !dladdr(f, &theirs) || !dladdr((void *)noted, &ours))
		return true;
	return theirs.dli_fbase == ours.dli_fbase || (list && strstr(list, ours.dli_fname));
}

/* The thread that loads us is held by who told it to; probes need it to run. */
static void *follow_later(void *arg)
{
	int tid = (int)(intptr_t)arg, tracer = 1;
	struct timespec nap = {0, 1000000};
	char path[64], line[128];

	inside++;
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	for (u32 k = 0; k < 20000 && tracer; k++) {
		FILE *f = fopen(path, "re");

		tracer = 0;
		while (f && fgets(line, sizeof(line), f) && sscanf(line, "TracerPid: %d", &tracer) != 1)
			;
		if (f)
			fclose(f);
		if (tracer)
			nanosleep(&nap, NULL);
	}
	skep_sys_follow();
	return NULL;
}

/* Called by skep attach in a process that runs already, with the store's directory. */
int skep_preload_late(const char *store);
int skep_preload_late(const char *store)
{
	pthread_attr_t attr;
	pthread_t t;
	int err = skep_sys_store(store);

	if (err)
		return err;
	if (pthread_attr_init(&attr))
		return -ENOMEM;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&t, &attr, follow_later, (void *)(intptr_t)gettid());
	pthread_attr_destroy(&attr);
	return -err;
}

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void)
{
	pthread_mutex_lock(&watch_lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&watch_lock);
}

__attribute__((constructor)) static void begin(void)
{
	if (!is_first())
		return;
	skep_port_answered = answered;
	sys_whole_prepare(); /* who has watch_lock may come to its locks */
	pthread_atfork(before_fork, after_fork, after_fork);
	inside++;
	skep_sys_follow();
	inside--;
}

static bool our_mmap(void *addr, size_t len, int prot, int flags, int fd, s64 off, void **out)
{
	int saved = errno;
	bool ours;

	if (inside || fd < 0 || (flags & MAP_ANONYMOUS))
		return false;
	inside++;
	ours = skep_sys_mmap(addr, len, prot, flags, fd, off, out);
	inside--;
	if (!ours)
		errno = saved;
	return ours;
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	void *p;
	NEXT(mmap)

	return our_mmap(addr, len, prot, flags, fd, off, &p) ? p : real(addr, len, prot, flags, fd, off);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	void *p;
	NEXT(mmap64)

	return our_mmap(addr, len, prot, flags, fd, off, &p) ? p : real(addr, len, prot, flags, fd, off);
}

int ioctl(int fd, unsigned long request, ...)
{
	void *arg;
	va_list ap;
	NEXT(ioctl)

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!inside &&
	    (request == PERF_EVENT_IOC_ENABLE || request == PERF_EVENT_IOC_DISABLE || request == PERF_EVENT_IOC_SET_BPF)) {
		int r;

		inside++;
		r = skep_sys_perf_ioctl(fd, request, (unsigned long)arg);
		if (r < 0 && r != -ENOTTY)
			tell();
		inside--;
		if (r != -ENOTTY)
			return skep_port_result(r);
	}
	return real(fd, request, arg);
}

/* --- epoll ------------------------------------------------------------------------------------------ */

/* A ring in an epoll set: waited for by the descriptor `wake`. */
struct watched {
	int set, fd, wake;
	u32 events; /* what its readiness means */
	epoll_data_t data;
};
enum { NWATCHED = 1024 };
static struct watched watched[NWATCHED];
static atomic_uint nwatched; /* places ever used; an unused one has wake 0 */

static struct watched *find_watched(int set, int fd)
{
	for (u32 k = 0; k < nwatched; k++)
		if (watched[k].wake && watched[k].set == set && watched[k].fd == fd)
			return &watched[k];
	return NULL;
}

static struct watched *new_watched(void)
{
	for (u32 k = 0; k < nwatched; k++)
		if (!watched[k].wake)
			return &watched[k];
	return nwatched < NWATCHED ? &watched[nwatched++] : NULL;
}

/* With the lock. */
static void unwatch(struct watched *w)
{
	NEXT(close)

	real(w->wake);
	w->wake = 0;
}

static void forget(int fd)
{
	if (!nwatched)
		return;
	pthread_mutex_lock(&watch_lock);
	for (u32 k = 0; k < nwatched; k++)
		if (watched[k].wake && (watched[k].set == fd || watched[k].fd == fd))
			unwatch(&watched[k]);
	pthread_mutex_unlock(&watch_lock);
}

int close(int fd)
{
	int err, saved;
	NEXT(close)

	if (!inside)
		forget(fd);
	if (inside || !forget_note(fd))
		return real(fd);
	err = real(fd);
	saved = errno;
	inside++;
	skep_sys_closed();
	inside--;
	errno = saved;
	return err;
}

int epoll_create1(int flags)
{
	int fd;
	NEXT(epoll_create1)

	fd = real(flags);
	if (fd >= 0)
		forget(fd);
	return fd;
}

/* Of a ring that the set has already; it may be in others, too. False: it has not. */
static bool change_watched(int set, int op, int fd, struct epoll_event *in, int *err)
{
	struct watched *w;
	NEXT(epoll_ctl)

	pthread_mutex_lock(&watch_lock);
	w = find_watched(set, fd);
	if (w) {
		*err = real(set, op, w->wake, in);
		if (!*err && op == EPOLL_CTL_DEL)
			unwatch(w);
		else if (!*err && in)
			w->data = in->data;
	}
	pthread_mutex_unlock(&watch_lock);
	return w != NULL;
}

int epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
	struct epoll_event in;
	struct watched *w;
	int err, wake;
	bool room;
	NEXT(epoll_ctl)

	if (inside)
		return real(set, op, fd, event);
	if (event) { /* a wake-up is a byte that can be read */
		in = *event;
		in.events = in.events & EPOLLOUT ? (in.events & ~(u32)EPOLLOUT) | EPOLLIN : in.events;
	}
	if (change_watched(set, op, fd, event ? &in : NULL, &err))
		return err;
	if (op != EPOLL_CTL_ADD || !event)
		return real(set, op, fd, event);
	inside++;
	wake = skep_sys_ring_wait(fd, &room);
	inside--;
	if (wake < 0)
		return real(set, op, fd, event);
	err = real(set, op, wake, &in);
	pthread_mutex_lock(&watch_lock);
	w = err ? NULL : new_watched();
	if (w)
		*w = (struct watched){set, fd, wake, room ? EPOLLOUT : EPOLLIN, event->data};
	pthread_mutex_unlock(&watch_lock);
	if (!w)
		close(wake);
	return err;
}

static void drain(int fd)
{
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf))
		;
}

/* Rings of the set that have records now: epoll is level-triggered, a FIFO's bytes are not. */
static int ready_now(int set, struct epoll_event *events, int most)
{
	int n = 0;

	pthread_mutex_lock(&watch_lock);
	inside++;
	for (u32 k = 0; k < nwatched && n < most; k++)
		if (watched[k].wake && watched[k].set == set) {
			drain(watched[k].wake);
			if (skep_sys_ring_ready(watched[k].fd)) {
				events[n].events = watched[k].events;
				events[n++].data = watched[k].data;
			}
		}
	inside--;
	pthread_mutex_unlock(&watch_lock);
	return n;
}

int epoll_wait(int set, struct epoll_event *events, int most, int timeout)
{
	int n;
	NEXT(epoll_wait)

	n = !inside && nwatched && most > 0 ? ready_now(set, events, most) : 0;
	return n ? n : real(set, events, most, timeout);
}

int epoll_pwait(int set, struct epoll_event *events, int most, int timeout, const sigset_t *mask)
{
	int n;
	NEXT(epoll_pwait)

	n = !inside && nwatched && most > 0 ? ready_now(set, events, most) : 0;
	return n ? n : real(set, events, most, timeout, mask);
}

/* --- paths ----------------------------------------------------------------------------------------------- */

/* The path to use instead, in `buf`, or the path itself. */
static const char *path_of(const char *path, char *buf, size_t size)
{
	bool ours;

	if (inside || !path || strncmp(path, "/sys/", 5) != 0)
		return path;
	inside++;
	ours = skep_sys_path(path, buf, size) || skep_sys_event_path(path, buf, size) || skep_sys_types_path(path, buf, size);
	inside--;
	return ours ? buf : path;
}
#define PATH(p)                                                                                    \
	char buf_[768];                                                                            \
	const char *at_ = path_of((p), buf_, sizeof(buf_));

int statfs(const char *path, struct statfs *st)
{
	int err;
	PATH(path)
	NEXT(statfs)

	err = real(at_, st);
	if (!err && at_ != path)
		st->f_type = BPF_FS_MAGIC;
	return err;
}

int statfs64(const char *path, struct statfs64 *st)
{
	int err;
	PATH(path)
	NEXT(statfs64)

	err = real(at_, st);
	if (!err && at_ != path)
		st->f_type = BPF_FS_MAGIC;
	return err;
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		mode_t mode;                                                                       \
		va_list ap;                                                                        \
		PATH(path)                                                                         \
		NEXT(name)                                                                         \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, mode_t);                                                         \
		va_end(ap);                                                                        \
		return real(at_, flags, mode);                                                     \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
	int name(int dir, const char *path, int flags, ...)                                        \
	{                                                                                          \
		mode_t mode;                                                                       \
		va_list ap;                                                                        \
		PATH(path)                                                                         \
		NEXT(name)                                                                         \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, mode_t);                                                         \
		va_end(ap);                                                                        \
		return real(dir, at_, flags, mode);                                                \
	}
OPENAT(openat)
OPENAT(openat64)

/* A function with a path as its first argument, and one with a directory before it. */
#define WITH_PATH(type, name, params, ...)                                                         \
	type name params                                                                           \
	{                                                                                          \
		PATH(path)                                                                         \
		NEXT(name)                                                                         \
		return real(__VA_ARGS__);                                                          \
	}
WITH_PATH(FILE *, fopen, (const char *path, const char *mode), at_, mode)
WITH_PATH(FILE *, fopen64, (const char *path, const char *mode), at_, mode)
WITH_PATH(DIR *, opendir, (const char *path), at_)
WITH_PATH(int, stat, (const char *path, struct stat *st), at_, st)
WITH_PATH(int, stat64, (const char *path, struct stat64 *st), at_, st)
WITH_PATH(int, lstat, (const char *path, struct stat *st), at_, st)
WITH_PATH(int, lstat64, (const char *path, struct stat64 *st), at_, st)
WITH_PATH(int, fstatat, (int dir, const char *path, struct stat *st, int flags), dir, at_, st, flags)
WITH_PATH(int, fstatat64, (int dir, const char *path, struct stat64 *st, int flags), dir, at_, st, flags)
WITH_PATH(int, statx, (int dir, const char *path, int flags, unsigned mask, struct statx *st), dir, at_, flags, mask, st)
WITH_PATH(int, access, (const char *path, int mode), at_, mode)
WITH_PATH(int, faccessat, (int dir, const char *path, int mode, int flags), dir, at_, mode, flags)
WITH_PATH(int, mkdir, (const char *path, mode_t mode), at_, mode)
WITH_PATH(int, mkdirat, (int dir, const char *path, mode_t mode), dir, at_, mode)
WITH_PATH(int, rmdir, (const char *path), at_)
WITH_PATH(int, unlink, (const char *path), at_)
WITH_PATH(int, unlinkat, (int dir, const char *path, int flags), dir, at_, flags)
WITH_PATH(int, remove, (const char *path), at_)

int rename(const char *path, const char *to)
{
	char buf[768];
	const char *target = path_of(to, buf, sizeof(buf));
	PATH(path)
	NEXT(rename)

	return real(at_, target);
}
