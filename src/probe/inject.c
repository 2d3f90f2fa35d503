/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library into a running process: one of its threads calls dlopen(3), and then a function of the
 * library. It must do so where it holds no lock of libc's and is in the middle of nothing:
 *
 *	- in code that is not libc's, the dynamic linker's or an allocator's, or in a system call of
 *libc's in which none of them waits: libc's allocator and linker make calls about memory and files,
 *never those of the list;
 *	- with no signal handler on its stack, which might have interrupted any of them;
 *	- not in a restartable sequence.
 *
 * When the thread is not at such a place, it goes on, and another one is looked at, or the same
 *later. All other threads run meanwhile: one of them may have a lock that dlopen needs.
 */
#include "probe/target.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	STACK_LEN = 1 << 20,
	SCAN = 256 << 10,
	THREADS = 1024,
	TRY_MS = 5000,
	CALL_MS = 15000,
	CODE_64 = 0x33,
	GET_RSEQ = 0x420f,
	FOR_TEXT = 16 << 10
};

/* --- where a thread stands ------------------------------------------------------- */

/* System calls in which libc's allocator and linker never are. */
static bool waits_outside(u64 number)
{
	static const u16 safe[] = {SYS_read,
				   SYS_write,
				   SYS_readv,
				   SYS_writev,
				   SYS_poll,
				   SYS_ppoll,
				   SYS_select,
				   SYS_pselect6,
				   SYS_epoll_wait,
				   SYS_epoll_pwait,
				   SYS_nanosleep,
				   SYS_clock_nanosleep,
				   SYS_accept,
				   SYS_accept4,
				   SYS_connect,
				   SYS_recvfrom,
				   SYS_recvmsg,
				   SYS_recvmmsg,
				   SYS_sendto,
				   SYS_sendmsg,
				   SYS_sendmmsg,
				   SYS_wait4,
				   SYS_waitid,
				   SYS_pause,
				   SYS_rt_sigsuspend,
				   SYS_rt_sigtimedwait,
				   SYS_msgrcv,
				   SYS_msgsnd,
				   SYS_semop,
				   SYS_semtimedop,
				   SYS_flock,
				   SYS_io_getevents,
				   SYS_mq_timedreceive,
				   SYS_mq_timedsend,
				   SYS_sched_yield};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(safe); k++)
		if (safe[k] == number)
			return true;
	return false;
}

/*
 * Conditions, semaphores, the end of a thread: who waits for them waits with a bit set, which no
 * lock of libc's does.
 */
static bool waits_for_event(const struct user_regs_struct *u)
{
	return u->orig_rax == SYS_futex && (u->rsi & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
}

/* Is there a frame of a signal handler? It returns to: mov $15 (rt_sigreturn), %rax; syscall. */
static bool in_handler(const struct target *t)
{
	static const u8 sigreturn[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	u64 words[512], sp = t->r.regs.rsp & ~(u64)7;
	const struct range *stack = skep_probe_target_range(t, sp);

	if (!stack)
		return true;
	for (u64 at = sp; at < stack->hi && at - sp < SCAN; at += sizeof(words)) {
		size_t n = SKEP_MIN(sizeof(words), (size_t)(stack->hi - at));

		if (!skep_probe_remote_read(&t->r, at, words, n))
			return true;
		for (size_t k = 0; k < n / 8; k++) {
			u8 code[sizeof(sigreturn)];

			if (words[k] >= t->libc_lo && words[k] < t->libc_hi &&
			    skep_probe_remote_read(&t->r, words[k], code, sizeof(code)) &&
			    memcmp(code, sigreturn, sizeof(code)) == 0)
				return true;
		}
	}
	return false;
}

static bool in_sequence(const struct target *t)
{
	struct {
		u64 area;
		u32 size, signature, flags, pad;
	} c = {0};
	u64 critical = 0;

	if (probe_syscall(SYS_ptrace, GET_RSEQ, (u64)t->r.tid, sizeof(c), PROBE_PTR(&c), 0, 0) <
		    0 ||
	    !c.area)
		return false;
	return !skep_probe_remote_read(&t->r, c.area + 8, &critical, sizeof(critical)) || critical;
}

/* Whether the thread, which is stopped, may be used; *why otherwise. */
static bool is_safe(struct target *t)
{
	const struct user_regs_struct *u = &t->r.regs;
	const struct range *at = skep_probe_target_range(t, u->rip);
	bool called = (s64)u->orig_rax >= 0,
	     waits = called && (waits_outside(u->orig_rax) || waits_for_event(u));

	t->r.why =
		"it is nowhere where a library can be loaded: no thread waits or computes outside of the C library";
	if (u->cs != CODE_64) {
		t->r.why = "it is a program of 32 bits";
		return false;
	}
	if (!at || !at->code)
		return false;
	if (called ? !waits || (at->closed && !(u->rip >= t->libc_lo && u->rip < t->libc_hi))
		   : at->closed)
		return false;
	return !in_sequence(t) && !in_handler(t);
}

static u32 list_threads(int pid, int *v)
{
	char path[64];
	struct dirent *e;
	u32 n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && n < THREADS && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			v[n++] = atoi(e->d_name);
	if (d)
		closedir(d);
	return n;
}

/* Only what runs or sleeps can be stopped at once. */
static bool stops(int pid, int tid)
{
	char path[64], text[512], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	p = strrchr(text, ')');
	return p && (p[2] == 'R' || p[2] == 'S');
}

/* Stop a thread at a place that will do. */
static int find_thread(struct target *t)
{
	u64 until = skep_probe_remote_now() + TRY_MS;
	struct timespec nap = {0, 2000000};
	int tid[THREADS];

	t->r.why = "no thread can be stopped";
	for (u32 turn = 0; skep_probe_remote_now() < until; turn++) {
		u32 n = list_threads(t->r.pid, tid);

		if (!n)
			return -ESRCH;
		for (u32 k = 0; k < n; k++) {
			int got;

			t->r.tid = tid[(turn + k) % n];
			if (!stops(t->r.pid, t->r.tid))
				continue;
			got = skep_probe_remote_stop(&t->r);
			if (got < 0)
				return got;
			if (got && is_safe(t))
				return 0;
			if (got)
				skep_probe_remote_release(&t->r);
		}
		nanosleep(&nap, NULL);
		nap.tv_nsec = SKEP_MIN(nap.tv_nsec * 3 / 2, 50000000L);
	}
	return -EAGAIN;
}

/* --- the calls ------------------------------------------------------------------- */

static void say_error(struct target *t, char *why)
{
	u64 text = 0;
	char said[SKEP_PROBE_WHY - 32] = "";

	if (skep_probe_remote_call(&t->r, t->error, 0, 0, 0, &text) == 0 && text)
		for (u32 k = 0; k + 1 < sizeof(said) &&
				skep_probe_remote_read(&t->r, text + k, said + k, 1) && said[k];
		     k++)
			said[k + 1] = 0;
	snprintf(why, SKEP_PROBE_WHY, "the library is not loaded: %s",
		 said[0] ? said : "no reason is given");
}

/* The library, and its function with the argument. Strings lie at the low end of the stack for
 * calls. */
static int load(struct target *t, const struct skep_probe_inject *in, char *why)
{
	const char *text[] = {in->library, in->function, in->argument};
	u64 at[3], low = t->r.stack, library = 0, function = 0, result = 0;
	int err;

	for (u32 k = 0; k < 3; k++) {
		at[k] = low;
		low += strlen(text[k]) + 1;
		if (!skep_probe_remote_write(&t->r, at[k], text[k], strlen(text[k]) + 1))
			return skep_probe_refuse(why, -EFAULT, "its memory cannot be written");
	}
	err = skep_probe_remote_call(&t->r, t->open, at[0], RTLD_NOW | RTLD_LOCAL, 0, &library);
	if (!err && !library) {
		say_error(t, why);
		return -ELIBACC;
	}
	if (!err)
		err = skep_probe_remote_call(&t->r, t->sym, library, at[1], 0, &function);
	if (!err && !function) {
		say_error(t, why);
		return -ELIBBAD;
	}
	if (!err)
		err = skep_probe_remote_call(&t->r, function, at[2], 0, 0, &result);
	if (err)
		return skep_probe_refuse(why, err, t->r.why);
	why[0] = 0; /* the function's own affair */
	return (s32)result;
}

static int with_stack(struct target *t, const struct skep_probe_inject *in, char *why)
{
	const u64 map[] = {0,	    STACK_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   ~(u64)0, 0};
	u64 where = 0, none, at = 0;
	s32 was = 0;
	int err = skep_probe_remote_syscall(&t->r, SYS_mmap, map, 6, &where);

	if (err || (s64)where < 0)
		return skep_probe_refuse(why, err ? err : -ENOMEM,
					 err ? t->r.why : "it has no memory for a stack");
	t->r.stack = where;
	t->r.stack_len = STACK_LEN;
	err = skep_probe_remote_call(&t->r, t->errno_at, 0, 0, 0, &at);
	if (err || !skep_probe_remote_read(&t->r, at, &was, sizeof(was))) {
		err = skep_probe_refuse(why, err ? err : -EFAULT,
					err ? t->r.why : "its memory cannot be read");
	} else {
		err = load(t, in, why);
		skep_probe_remote_write(&t->r, at, &was, sizeof(was));
	}
	if (err != -ETIMEDOUT && err != -ESRCH)
		skep_probe_remote_syscall(&t->r, SYS_munmap, (const u64[]){where, STACK_LEN}, 2,
					  &none);
	return err;
}

static int in_thread(struct target *t, const struct skep_probe_inject *in, char *why)
{
	int err = skep_probe_remote_save(&t->r);

	if (err)
		return skep_probe_refuse(why, err, t->r.why);
	t->r.until = skep_probe_remote_now() + CALL_MS;
	err = with_stack(t, in, why);
	if (skep_probe_remote_restore(&t->r) && err != -ESRCH)
		return skep_probe_refuse(why, -EIO, t->r.why);
	return err;
}

/* Why ptrace(2) may be refused, where the kernel says so. */
static const char *refused_by(const char *otherwise)
{
	int level = 0;
	FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (f) {
		if (fscanf(f, "%d", &level) != 1)
			level = 0;
		fclose(f);
	}
	return level ? "ptrace(2) is restricted: see /proc/sys/kernel/yama/ptrace_scope"
		     : otherwise;
}

int skep_probe_inject(const struct skep_probe_inject *in, char why[SKEP_PROBE_WHY])
{
	struct target *t;
	char path[64];
	int err = skep_probe_target_check(in->pid, why);

	if (err)
		return err;
	if (strlen(in->library) + strlen(in->function) + strlen(in->argument) > FOR_TEXT)
		return skep_probe_refuse(why, -ENAMETOOLONG, "the names are too long");
	t = calloc(1, sizeof(*t));
	if (!t)
		return skep_probe_refuse(why, -ENOMEM, "no memory");
	t->r.pid = in->pid;
	snprintf(path, sizeof(path), "/proc/%d/mem", in->pid);
	t->r.mem = open(path, O_RDWR | O_CLOEXEC);
	if (t->r.mem < 0)
		err = skep_probe_refuse(why, -EPERM, refused_by("its memory may not be opened"));
	if (!err)
		err = skep_probe_target_find(t, why);
	if (!err) {
		err = find_thread(t);
		if (err)
			skep_probe_refuse(why, err,
					  err == -EPERM ? refused_by(t->r.why) : t->r.why);
	}
	if (!err) {
		err = in_thread(t, in, why);
		skep_probe_remote_release(&t->r);
	}
	if (t->r.mem >= 0)
		close(t->r.mem);
	free(t);
	return err;
}
