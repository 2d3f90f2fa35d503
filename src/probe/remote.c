/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls in a thread of another process, by ptrace(2): its registers are kept, it is sent to the
 * function on a stack of its own, and comes back to an instruction `syscall`, where it stops. A
 * signal as the end would not do: where the process blocks or ignores that one, the kernel would
 * change what it does on it. At the end all registers, the state of vector units and the signal
 * mask are as before, with the number of an interrupted system call, so that the kernel restarts
 * what it restarts after every stop.
 */
#include "probe/remote.h"

#include <elf.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { XSTATE_MAX = 64 << 10, MASK_BYTES = 8, STEPS = 100000, STOP_MS = 500 };

static long trace(long request, int tid, u64 addr, const void *data)
{
	return probe_syscall(SYS_ptrace, (u64)request, (u64)tid, addr, PROBE_PTR(data), 0, 0);
}

u64 skep_probe_remote_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

static int fail(struct remote *r, int err, const char *why)
{
	r->why = why;
	return err;
}

/* The next stop's status; 0: it takes too long, or the process is gone. */
static int await(struct remote *r, u64 until)
{
	struct timespec nap = {0, 50000};
	int status;

	for (;;) {
		int got = waitpid(r->tid, &status, __WALL | WNOHANG);

		if (got == r->tid)
			return WIFSTOPPED(status) ? status : 0;
		if (got < 0 && errno != EINTR)
			return 0;
		if (skep_probe_remote_now() > until)
			return 0;
		nanosleep(&nap, NULL);
	}
}

static bool is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

int skep_probe_remote_stop(struct remote *r)
{
	u64 until = skep_probe_remote_now() + STOP_MS;
	long err = trace(PTRACE_SEIZE, r->tid, 0, (void *)PTRACE_O_TRACESYSGOOD);
	int status;

	if (err == -ESRCH)
		return 0;
	if (err)
		return fail(r, (int)err,
			    err == -EPERM ? "ptrace(2) is not permitted there"
					  : "ptrace(2) failed");
	if (trace(PTRACE_INTERRUPT, r->tid, 0, NULL))
		return 0;
	/* A signal that came first is the thread's. */
	while ((status = await(r, until)) && !is_event_stop(status))
		if (trace(PTRACE_CONT, r->tid, 0, (void *)(uintptr_t)WSTOPSIG(status)))
			return 0;
	if (!status)
		return fail(r, -EBUSY, "a thread does not stop");
	if (WSTOPSIG(status) != SIGTRAP) {
		skep_probe_remote_release(r);
		return fail(r, -EBUSY, "the process is stopped");
	}
	return trace(PTRACE_GETREGS, r->tid, 0, &r->regs) ? 0 : 1;
}

void skep_probe_remote_release(struct remote *r)
{
	trace(PTRACE_DETACH, r->tid, 0, NULL);
}

bool skep_probe_remote_read(const struct remote *r, u64 at, void *to, size_t n)
{
	return pread(r->mem, to, n, (off_t)at) == (ssize_t)n;
}

bool skep_probe_remote_write(const struct remote *r, u64 at, const void *from, size_t n)
{
	return pwrite(r->mem, from, n, (off_t)at) == (ssize_t)n;
}

int skep_probe_remote_save(struct remote *r)
{
	/* What comes by itself may come: who blocks it and takes it all the same would lose its
	 * handler. */
	u64 all = ~(u64)0 &
		  ~((u64)1 << (SIGSEGV - 1) | (u64)1 << (SIGBUS - 1) | (u64)1 << (SIGILL - 1) |
		    (u64)1 << (SIGFPE - 1) | (u64)1 << (SIGTRAP - 1));
	struct iovec v;

	r->xstate = malloc(XSTATE_MAX);
	if (!r->xstate)
		return fail(r, -ENOMEM, "no memory");
	v = (struct iovec){r->xstate, XSTATE_MAX};
	if (trace(PTRACE_GETREGSET, r->tid, NT_X86_XSTATE, &v) ||
	    trace(PTRACE_GETSIGMASK, r->tid, MASK_BYTES, &r->mask) ||
	    trace(PTRACE_SETSIGMASK, r->tid, MASK_BYTES, &all)) {
		free(r->xstate);
		r->xstate = NULL;
		return fail(r, -EIO, "its registers cannot be read");
	}
	r->xstate_len = v.iov_len;
	return 0;
}

/*
 * Registers are given back in a stop as the first was, and not in one of a system call: only behind
 * that does the kernel look whether something has to be restarted.
 */
int skep_probe_remote_restore(struct remote *r)
{
	struct iovec v = {r->xstate, r->xstate_len};
	int status = 0, err = 0;

	trace(PTRACE_INTERRUPT, r->tid, 0, NULL);
	trace(PTRACE_CONT, r->tid, 0, NULL);
	while ((status = await(r, skep_probe_remote_now() + STOP_MS)) && !is_event_stop(status))
		trace(PTRACE_CONT, r->tid, 0, NULL);
	if (!status || trace(PTRACE_SETREGSET, r->tid, NT_X86_XSTATE, &v) ||
	    trace(PTRACE_SETREGS, r->tid, 0, &r->regs) ||
	    trace(PTRACE_SETSIGMASK, r->tid, MASK_BYTES, &r->mask))
		err = fail(r, -EIO, "its registers cannot be given back");
	free(r->xstate);
	r->xstate = NULL;
	return err;
}

/* --- calls ----------------------------------------------------------------------- */

/* To the next beginning or end of a system call. */
static int step(struct remote *r)
{
	int status;

	if (trace(PTRACE_SYSCALL, r->tid, 0, NULL))
		return fail(r, -ESRCH, "the process is gone");
	status = await(r, r->until);
	if (!status)
		return kill(r->pid, 0) ? fail(r, -ESRCH, "the process is gone")
				       : fail(r, -ETIMEDOUT, "the call does not end");
	if (is_event_stop(status))
		return 0;
	if (WSTOPSIG(status) != (SIGTRAP | 0x80))
		return fail(r, -EFAULT, "the call came to a signal");
	return 1;
}

static int at_stop(struct remote *r, struct user_regs_struct *now)
{
	int got;

	do
		got = step(r);
	while (got == 0);
	if (got > 0 && trace(PTRACE_GETREGS, r->tid, 0, now))
		return fail(r, -ESRCH, "the process is gone");
	return got;
}

/* Leaves the thread at the end of the call, where it can be sent on. */
int skep_probe_remote_syscall(struct remote *r, long number, const u64 *a, u32 n, u64 *result)
{
	struct user_regs_struct u = r->regs;
	int got;

	u.rip = r->gadget;
	u.rax = (u64)number;
	u.orig_rax = ~(u64)0;
	u.rdi = n > 0 ? a[0] : 0;
	u.rsi = n > 1 ? a[1] : 0;
	u.rdx = n > 2 ? a[2] : 0;
	u.r10 = n > 3 ? a[3] : 0;
	u.r8 = n > 4 ? a[4] : 0;
	u.r9 = n > 5 ? a[5] : 0;
	if (trace(PTRACE_SETREGS, r->tid, 0, &u))
		return fail(r, -ESRCH, "the process is gone");
	got = at_stop(r, &u);
	if (got > 0)
		got = at_stop(r, &u);
	*result = u.rax;
	return got < 0 ? got : 0;
}

int skep_probe_remote_call(struct remote *r, u64 function, u64 a, u64 b, u64 c, u64 *result)
{
	struct user_regs_struct u = r->regs;
	u64 top = ((r->stack + r->stack_len) & ~(u64)63) - 8;

	/* As after a call: the return address lies where 16 divides the address behind it. */
	if (!skep_probe_remote_write(r, top, &r->gadget, sizeof(r->gadget)))
		return fail(r, -EFAULT, "its stack cannot be written");
	u.rsp = top;
	u.rip = function;
	u.rax = 0;
	u.orig_rax = ~(u64)0;
	u.rdi = a;
	u.rsi = b;
	u.rdx = c;
	u.eflags &= ~(u64)0x400; /* the direction flag */
	if (trace(PTRACE_SETREGS, r->tid, 0, &u))
		return fail(r, -ESRCH, "the process is gone");
	for (u32 k = 0; k < STEPS; k++) {
		int got = at_stop(r, &u);

		if (got < 0)
			return got;
		if (u.rip != r->gadget + 2 || u.rsp != top + 8)
			continue;
		/* The result is no number of a system call: that is taken back, and its end
		 * awaited. */
		*result = u.orig_rax;
		u.orig_rax = ~(u64)0;
		if (trace(PTRACE_SETREGS, r->tid, 0, &u))
			return fail(r, -ESRCH, "the process is gone");
		got = at_stop(r, &u);
		return got < 0 ? got : 0;
	}
	return fail(r, -ETIMEDOUT, "the call does not end");
}
