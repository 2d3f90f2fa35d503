/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes in a process with a shadow stack: what the processor would end is refused. Processors that
 * have one are rare, so the kernel's answer to who asks for it is given by a thread of this
 * program.
 */
#include "probe/probe.h"

#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHSTK_STATUS = 0x5005 };
u64 p_push(u64 x), p_call(u64 x), p_call_later(u64 x), p_call_rip(u64 x);
static u64 text_lo, text_hi;
static atomic_int listener = -1, asked;
static u32 failed;

static void see(void *arg, struct skep_probe_regs *regs)
{
	++*(u32 *)arg;
}

static int find_text(struct dl_phdr_info *i, size_t size, void *arg)
{
	for (u32 k = 0; k < i->dlpi_phnum; k++)
		if (i->dlpi_phdr[k].p_type == PT_LOAD && (i->dlpi_phdr[k].p_flags & PF_X)) {
			text_lo = i->dlpi_addr + i->dlpi_phdr[k].p_vaddr;
			text_hi = text_lo + i->dlpi_phdr[k].p_memsz;
		}
	return 1;
}

/* As attaching does: 0 when the handler was called. `at` is no site yet. */
static int attach(u64 (*at)(u64), u32 flags, char *why)
{
	u32 seen = 0;
	struct skep_probe_spec s = {.addr = (u64)(uintptr_t)at,
				    .text_lo = text_lo,
				    .text_hi = text_hi,
				    .text_id = 1,
				    .fn = see,
				    .arg = &seen,
				    .flags = flags};
	struct skep_probe *p;
	int err;

	why[0] = 0;
	err = skep_probe_attach(&s, &p, why);
	if (err)
		return err;
	at(3);
	skep_probe_detach(p);
	return seen == 1 ? 0 : -EIO;
}

/* Answers each question with yes: its memory is ours. */
static void *answer(void *arg)
{
	struct seccomp_notif n;
	struct seccomp_notif_resp r;

	while (listener < 0)
		usleep(1000);
	for (;;) {
		memset(&n, 0, sizeof(n));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n))
			continue;
		*(u64 *)(uintptr_t)n.data.args[1] = 1;
		asked++;
		r = (struct seccomp_notif_resp){.id = n.id};
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
	}
	return NULL;
}

static int pretend(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SHSTK_STATUS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {SKEP_ARRAY_SIZE(code), code};
	pthread_t t;

	if (pthread_create(&t, NULL, answer, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
	return listener;
}

static void expect(const char *what, int got, int want, const char *why)
{
	printf("%s: %d %s\n", what, got, why);
	if (got != want || (want && !strstr(why, "shadow stack"))) {
		printf("WRONG: expected %d\n", want);
		failed++;
	}
}

int main(void)
{
	char why[SKEP_PROBE_WHY];
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	dl_iterate_phdr(find_text, NULL);
	err = attach(p_call, 0, why);
	if (err) {
		printf("SKIP: probes cannot be attached here: %d %s\n", err, why);
		return 77;
	}
	if (pretend() < 0) {
		printf("SKIP: system calls cannot be answered here: %s\n", strerror(errno));
		return 77;
	}
	expect("no call", attach(p_push, 0, why), 0, why);
	expect("its return", attach(p_push, SKEP_PROBE_RETURN, why), -EOPNOTSUPP, why);
	expect("a call later", attach(p_call_later, 0, why), -EOPNOTSUPP, why);
	expect("a call through memory", attach(p_call_rip, 0, why), -EOPNOTSUPP, why);
	printf("asked %d times, %u wrong\n", (int)asked, failed);
	return failed || asked < 3;
}
