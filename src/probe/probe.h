/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: functions of this process call a handler when they are entered or when they return.
 * The first instructions of a function are replaced by a jump to a stub that saves the
 * registers, calls the handlers, executes what was displaced and goes on behind it. Nothing
 * traps. docs/probes.md says what is refused and why the rest is safe.
 *
 * Only for x86-64, and where Zydis was there at build time; elsewhere attaching is refused.
 */
#ifndef SKEP_PROBE_H
#define SKEP_PROBE_H

#include "base/base.h"

/* As struct pt_regs of the processor. */
struct skep_probe_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
		flags, sp, ss;
};
/*
 * Called in the thread that came to the function, on its stack. errno is kept. While one
 * runs, its thread calls no other. It must not compute with floating-point numbers.
 */
typedef void (*skep_probe_fn)(void *arg, struct skep_probe_regs *regs);

enum skep_probe_flag {
	SKEP_PROBE_RETURN = 1, /* when the function returns, instead of when it is entered */
	SKEP_PROBE_PLAIN = 2,  /* the handler touches no vector registers */
	SKEP_PROBE_FAR = 4,    /* as if there were no free memory near the function: for tests */
};
enum { SKEP_PROBE_WHY = 128 };

struct skep_probe;
struct skep_probe_spec {
	u64 addr;	      /* of an instruction; for a return probe, the first of a function */
	u64 text_lo, text_hi; /* mapped code that it is part of: searched for branches */
	u64 text_id; /* another number when other code is mapped there; 0: it is not remembered */
	u64 func_lo, func_hi; /* at least the function that it is part of; 0: not known */
	skep_probe_fn fn;
	void *arg;
	u32 flags;
};

/*
 * 0, or a negative errno: -EOPNOTSUPP when the code cannot be moved, -ENOMEM, -EPERM when the
 * process may not be changed, -EBUSY when a thread cannot be stopped. `why` then says so.
 */
int skep_probe_attach(const struct skep_probe_spec *spec, struct skep_probe **out,
		      char why[SKEP_PROBE_WHY]);
/*
 * Makes ready for fork(2); the first attach does it, too. Who holds a lock of its own while
 * it attaches, and takes that before a fork, calls this before it registers for forks.
 */
void skep_probe_prepare(void);
/* When this returns no handler of the probe runs any more, and none will. */
void skep_probe_detach(struct skep_probe *p);
/* Hits whose handlers were not called: in a handler, or more calls at a time than can be kept. */
u64 skep_probe_missed(void);
/*
 * As detach, without touching the code: it is not there any more (its library was unloaded).
 */
void skep_probe_forget(struct skep_probe *p);
/*
 * While this is not zero, the thread's hits call nobody and are not counted: it works on what
 * handlers work on.
 */
extern _Thread_local u32 skep_probe_blocked __attribute__((tls_model("initial-exec")));
/* A return address as the program knows it: of a call with a return probe the stack holds another.
 */
u64 skep_probe_came_from(u64 addr);
/*
 * Load a library into a running process of this user and call its function with the argument: it
 * gives 0 or a negative errno, and must not wait for the thread that calls it, which is stopped
 * again. 0 or a negative errno, and `why`, which is empty when the function gave it. The process
 * goes on as it was, also when this fails.
 */
struct skep_probe_inject {
	int pid;
	const char *library, *function, *argument;
};
int skep_probe_inject(const struct skep_probe_inject *in, char why[SKEP_PROBE_WHY]);
/* Is the address in code that this module made, or that a hit runs through? */
bool skep_probe_owns(u64 addr);

#endif
