/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing the first bytes of a function while other threads run.
 *
 * All other threads are stopped meanwhile, by ptrace(2): a signal would not reach those that
 * block it, and would end system calls that others wait in. Only a process of its own may
 * trace, so a child is made that shares the memory (as vfork(2): the calling thread sleeps
 * until it is gone). The child allocates nothing and takes no lock, since a stopped thread
 * may hold any; it uses system calls only. When it dies, the kernel lets all threads go on.
 *
 * A thread that was about to execute the second or a later of the instructions that are
 * replaced continues in their copy. One that would come back there from a signal handler
 * cannot be changed that easily: its stack shows the address, and the change is tried again
 * later, and then refused.
 */
#include "probe/probe_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/ptrace.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096, STACK = 64 << 10, SEEN = 64 << 10, TRIES = 50 };
enum outcome { DONE, NOT_WRITTEN, TRACED, SLOW, INTERRUPTED, CROWDED };
static const char *const outcome_text[] = {
	[NOT_WRITTEN] = "the code cannot be written",
	[TRACED] = "its threads cannot be stopped: ptrace is refused, or a debugger is there",
	[SLOW] = "a thread does not stop",
	[INTERRUPTED] = "a signal handler will return into its first instructions",
	[CROWDED] = "too many threads",
};

struct stopped {
	int tid, sig;
};
struct job {
	const struct site *site;
	const u8 *bytes;
	int mem, tasks; /* descriptors: /proc/self/mem, /proc/self/task */
	int pid, self, err;
	bool move;
	enum outcome outcome;
	u32 n;
	struct stopped thread[MOST];
	u8 list[8192];
	u64 words[1024];
	u8 stack[STACK] __attribute__((aligned(64)));
};

/* --- in the child ----------------------------------------------------------------------- */

static long trace(long request, int tid, void *addr, void *data)
{
	return probe_syscall(SYS_ptrace, (u64)request, (u64)tid, PROBE_PTR(addr), PROBE_PTR(data),
			     0, 0);
}

static bool known(const struct job *j, int tid)
{
	for (u32 k = 0; k < j->n; k++)
		if (j->thread[k].tid == tid)
			return true;
	return tid == j->self;
}

/* A thread that has ended, or whose group leader waits to be reaped, runs nothing. */
static bool ended(const struct job *j, int tid)
{
	char name[32], text[256];
	long n, fd;
	const char *p;
	u32 at = 0, digits = 0;
	char rev[12];

	for (int v = tid; v; v /= 10)
		rev[digits++] = (char)('0' + v % 10);
	while (digits)
		name[at++] = rev[--digits];
	memcpy(name + at, "/stat", 6);
	fd = probe_syscall(SYS_openat, (u64)j->tasks, PROBE_PTR(name), O_RDONLY | O_CLOEXEC, 0, 0,
			   0);
	if (fd < 0)
		return true;
	n = probe_syscall(SYS_read, (u64)fd, PROBE_PTR(text), sizeof(text) - 1, 0, 0, 0);
	probe_syscall(SYS_close, (u64)fd, 0, 0, 0, 0, 0);
	if (n <= 0)
		return true;
	text[n] = 0;
	p = strrchr(text, ')');
	return !p || !p[1] || p[2] == 'Z' || p[2] == 'X';
}

/* 1: stopped, 0: it is gone, or -1. */
static int await_stop(struct job *j, int tid, int *sig)
{
	struct timespec nap = {0, 20000};
	int status = 0;

	for (u32 k = 0; k < 50000; k++) {
		long r = probe_syscall(SYS_wait4, (u64)tid, PROBE_PTR(&status), __WALL | WNOHANG, 0,
				       0, 0);

		if (r < 0)
			return 0;
		if (r == tid) {
			if (!WIFSTOPPED(status))
				return 0;
			/* A signal that came first is handed on when the thread goes on. */
			*sig = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
			return 1;
		}
		if (k > 20)
			probe_syscall(SYS_nanosleep, PROBE_PTR(&nap), 0, 0, 0, 0, 0);
	}
	j->outcome = SLOW;
	return -1;
}

/* 1: it will stop, 0: it is gone, or -1. */
static int stop(struct job *j, int tid)
{
	long err;

	if (j->n == MOST) {
		j->outcome = CROWDED;
		return -1;
	}
	err = trace(PTRACE_SEIZE, tid, NULL, NULL);
	if (err) {
		if (err == -ESRCH || ended(j, tid))
			return 0;
		j->outcome = TRACED;
		return -1;
	}
	trace(PTRACE_INTERRUPT, tid, NULL, NULL);
	j->thread[j->n++].tid = tid;
	return 1;
}

struct entry {
	u64 ino, off;
	u16 len;
	u8 type;
	char name[];
};

/* All that were told to since `from`; those that ended instead are dropped. */
static int await_all(struct job *j, u32 from)
{
	u32 n = from;

	for (u32 k = from; k < j->n; k++) {
		struct stopped t = j->thread[k];
		int got = await_stop(j, t.tid, &t.sig);

		if (got < 0)
			return -1;
		if (got)
			j->thread[n++] = t;
	}
	j->n = n;
	return 0;
}

/* How many threads were stopped that were not before, or -1. */
static int stop_more(struct job *j)
{
	u32 from = j->n;
	int more = 0;
	long n;

	probe_syscall(SYS_lseek, (u64)j->tasks, 0, SEEK_SET, 0, 0, 0);
	while ((n = probe_syscall(SYS_getdents64, (u64)j->tasks, PROBE_PTR(j->list),
				  sizeof(j->list), 0, 0, 0)) > 0)
		for (long at = 0; at < n; at += ((struct entry *)(j->list + at))->len) {
			const char *s = ((struct entry *)(j->list + at))->name;
			int tid = 0, got;

			for (; *s >= '0' && *s <= '9'; s++)
				tid = 10 * tid + (*s - '0');
			if (!tid || known(j, tid))
				continue;
			got = stop(j, tid);
			if (got < 0)
				return got;
			more += got;
		}
	return await_all(j, from) ? -1 : more;
}

/* Where a thread goes on that would go on inside of the changed bytes; 0: nothing changes. */
static u64 moved_to(const struct site *s, u64 ip)
{
	if (ip - s->addr - 1 >= s->jump - 1)
		return 0;
	for (u32 k = 0; k < s->nitem; k++)
		if (s->addr + s->item[k].from == ip)
			return s->copy + s->item[k].to;
	return 0;
}

/* Does the stack hold such an address? */
static bool comes_back(struct job *j, u64 sp)
{
	for (u64 off = 0; off < SEEN; off += sizeof(j->words)) {
		struct iovec to = {j->words, sizeof(j->words)},
			     from = {(void *)(uintptr_t)(sp + off), sizeof(j->words)};
		long n = probe_syscall(SYS_process_vm_readv, (u64)j->pid, PROBE_PTR(&to), 1,
				       PROBE_PTR(&from), 1, 0);

		for (long k = 0; k < n / 8; k++)
			if (moved_to(j->site, j->words[k]))
				return true;
		if (n != (long)sizeof(j->words))
			break;
	}
	return false;
}

static bool look(struct job *j, int tid)
{
	struct user_regs_struct r = {0};
	u64 to;

	if (trace(PTRACE_GETREGS, tid, NULL, &r))
		return true; /* killed meanwhile */
	if (comes_back(j, r.rsp & ~(u64)7)) {
		j->outcome = INTERRUPTED;
		return false;
	}
	to = moved_to(j->site, r.rip);
	if (to) {
		r.rip = to;
		if (trace(PTRACE_SETREGS, tid, NULL, &r)) {
			j->outcome = SLOW;
			return false;
		}
	}
	return true;
}

static void write_site(struct job *j)
{
	long n = probe_syscall(SYS_pwrite64, (u64)j->mem, PROBE_PTR(j->bytes), j->site->jump,
			       j->site->addr, 0, 0);

	/* Whatever a processor has fetched or decoded is forgotten before a thread goes on. */
	if (n == (long)j->site->jump &&
	    probe_syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0, 0, 0,
			  0) == 0)
		j->outcome = DONE;
	else
		j->outcome = NOT_WRITTEN;
}

static int child(void *arg)
{
	struct job *j = arg;
	int more;

	/* None of the stopped can make a thread: when a look finds no new one, all are. */
	do
		more = stop_more(j);
	while (more > 0);
	if (more == 0) {
		bool all = true;

		for (u32 k = 0; k < j->n && j->move && all; k++)
			all = look(j, j->thread[k].tid);
		if (all)
			write_site(j);
	}
	for (u32 k = 0; k < j->n; k++)
		trace(PTRACE_DETACH, j->thread[k].tid, NULL, (void *)(uintptr_t)j->thread[k].sig);
	probe_syscall(SYS_exit, 0, 0, 0, 0, 0, 0);
	return 0;
}

/* --- in the calling thread ----------------------------------------------------------------------
 */

static enum outcome attempt(struct job *j)
{
	sigset_t all, old;
	int pid, status;

	j->n = 0;
	j->outcome = TRACED;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* No signal tells anybody of its end. */
	pid = clone(child, j->stack + STACK,
		    CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, j);
	if (pid > 0)
		waitpid(pid, &status, __WALL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid > 0 ? j->outcome : TRACED;
}

static enum outcome attempts(struct job *j)
{
	struct timespec nap = {0, 1000000};
	bool allowed = false;

	for (u32 k = 0; k < TRIES; k++) {
		enum outcome o = attempt(j);

		if (o == TRACED && !allowed) {
			/* Where only ancestors may trace, unless they are named. */
			allowed = prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0) == 0;
			if (!allowed)
				return o;
			o = attempt(j);
			prctl(PR_SET_PTRACER, 0, 0, 0, 0);
		}
		if (o != INTERRUPTED)
			return o;
		nanosleep(&nap, NULL);
	}
	return INTERRUPTED;
}

int skep_probe_write(const struct site *s, const u8 *bytes, bool move_threads, char *why)
{
	/* mmap(2) itself: libc's may be interposed. */
	struct job *j = (void *)syscall(SYS_mmap, NULL, sizeof(*j), PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum outcome o = NOT_WRITTEN;

	if (j == MAP_FAILED) {
		snprintf(why, SKEP_PROBE_WHY, "no memory");
		return -ENOMEM;
	}
	/* The child's calls are made with this thread's state: they must not hit anything. */
	skep_probe_blocked++;
	j->site = s;
	j->bytes = bytes;
	j->move = move_threads;
	j->pid = getpid();
	j->self = (int)syscall(SYS_gettid);
	j->mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	j->tasks = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->mem >= 0 && j->tasks >= 0)
		o = attempts(j);
	if (j->mem >= 0)
		close(j->mem);
	if (j->tasks >= 0)
		close(j->tasks);
	munmap(j, sizeof(*j));
	skep_probe_blocked--;
	if (o == DONE)
		return 0;
	snprintf(why, SKEP_PROBE_WHY, "%s", outcome_text[o]);
	return o == NOT_WRITTEN || o == TRACED ? -EPERM : -EBUSY;
}
