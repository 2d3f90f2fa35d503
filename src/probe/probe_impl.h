/* SPDX-License-Identifier: BSD-2-Clause */
/* probe: what its files share. */
#ifndef SKEP_PROBE_IMPL_H
#define SKEP_PROBE_IMPL_H

#include "probe/probe.h"

#include <stdatomic.h>

enum {
	NEAR_JUMP = 5, /* jmp rel32 */
	FAR_JUMP = 14, /* jmp [rip+0] and the address */
	INSN_MAX = 15,
	NITEM = FAR_JUMP,
	STUB_SIZE = 512,
	NRET = 8192, /* calls with return probes at a time, in all threads */
	NTHREAD = 4096,
};

/* --- moving instructions ------------------------------------------------------------- */

/* An instruction of the original and its copy, as offsets. */
struct move_item {
	u8 from;
	u16 to;
};
struct moved {
	u32 taken; /* bytes of the original that are not reached any more, at least the jump's */
	u32 len;   /* bytes of the copy */
	u32 nitem;
	struct move_item item[NITEM];
	u8 code[STUB_SIZE];
};
/*
 * Copy instructions at `addr`, of which the first `jump` bytes will be replaced, so that they
 * run at `to` and go on behind the jump. 0 or -EOPNOTSUPP with the reason.
 */
int skep_probe_move(const struct skep_probe_spec *spec, u32 jump, u64 to, struct moved *out,
		    char *why);

/* Does anything lead into the bytes to replace, behind the first? 0 or -EOPNOTSUPP with the reason.
 */
int skep_probe_search(const struct skep_probe_spec *spec, u32 jump, char *why);

/*
 * A system call itself: libc's function may be interposed, and a thread that was stopped may
 * hold whatever lock that takes. The result or a negative errno.
 */
static inline long probe_syscall(long n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}
#define PROBE_PTR(p) ((u64)(uintptr_t)(p))

/* --- a place in the code ----------------------------------------------------------------- */

struct consumer {
	skep_probe_fn fn;
	void *arg;
	u32 flags;
	const struct skep_probe *probe;
};
/* Who wants to know; replaced as a whole. */
struct consumers {
	u32 n, nret;
	struct consumer c[];
};
struct site {
	struct site *next;
	u64 addr;
	_Atomic(struct consumers *) who;
	u64 copy; /* address of the displaced instructions */
	u32 jump, nitem;
	struct move_item item[NITEM];
	u8 orig[FAR_JUMP], patch[FAR_JUMP];
	bool patched;
};

/* --- hits (hit.c, entry.S) ------------------------------------------------------------------ */

/* fn(arg, regs) with the registers saved that the processor has. */
typedef void probe_call_saved(skep_probe_fn fn, void *arg, struct skep_probe_regs *regs);
probe_call_saved skep_probe_call_xmm, skep_probe_call_ymm, skep_probe_call_zmm;
/* What stubs call. */
void skep_probe_hit(struct site *s, struct skep_probe_regs *regs);
/* What the places calls return to call: where to go on. */
u64 skep_probe_return(u64 index, struct skep_probe_regs *regs);
extern const u8 skep_probe_thunks[];
/*
 * What runs before a thread is marked busy, or after: a probe there would come to itself. The
 * linker gives the bounds.
 */
#define UNPROBED __attribute__((section("skep_probe_text")))
extern const u8 __start_skep_probe_text[] __attribute__((visibility("hidden")));
extern const u8 __stop_skep_probe_text[] __attribute__((visibility("hidden")));
/* 0, or -EOPNOTSUPP or -ENOMEM with the reason. */
int skep_probe_hit_init(char *why);
/* Until handlers that began before have ended. False: one does not. */
bool skep_probe_quiesce(void);

/* --- changing code (stop.c, text.c) ------------------------------------------------------------
 */

/* Write `n` bytes at `addr` while no thread runs; those inside of the site go on in its copy. */
int skep_probe_write(const struct site *s, const u8 *bytes, bool move_threads, char *why);
/* Bytes into code of our own that nothing executes yet. */
int skep_probe_fill(u64 addr, const void *bytes, size_t n);
/*
 * Does the processor compare where functions return to with where they were called from? Threads of
 * a process do so together: the C library decides it before there is a second one.
 */
bool skep_probe_shadow_stack(void);
/* Room for a stub in reach of `addr`, or anywhere when `anywhere`; 0: there is none. */
u64 skep_probe_room(u64 addr, bool anywhere);

#endif
