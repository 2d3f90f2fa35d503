/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes in functions of this program: every shape of first instructions, what is refused,
 * returns with recursion, longjmp and jumps between functions, vector registers, signals, and
 * threads that call while probes come and go.
 *
 *	sys-probe [ROUNDS]
 */
#include "probe/probe.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef u64 (*word_fn)(u64);
#define SHAPES(X)                                                                                                              \
	X(p_endbr) X(p_push) X(p_rip_load) X(p_rip_lea) X(p_rip_const) X(p_branch) X(p_near_branch) X(p_jump) X(p_tail)        \
	    X(p_jrcxz) X(p_call) X(p_call_later) X(p_call_reg) X(p_call_rip) X(p_padded)
#define DECLARE(name) u64 name(u64 x);
SHAPES(DECLARE)
u64 p_self(u64 x), p_middle(u64 x), p_vector(u64 x), call_vector(u64 x), call_ymm(u64 x), call_zmm(u64 x), r_table(u64 x), r_goto(u64 x), r_short(u64 x), r_behind(u64 x), r_loop(u64 x),
    r_call(u64 x), r_call_stack(u64 x), r_break(u64 x), r_bad(u64 x);
extern u8 p_middle_at[];

static u32 failed;
#define CHECK(cond)                                                                                                            \
	do {                                                                                                                   \
		if (!(cond)) {                                                                                                 \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);                                                      \
			failed++;                                                                                              \
		}                                                                                                              \
	} while (0)

/* --- attaching --------------------------------------------------------------------------- */

static u64 text_lo, text_hi;

static int find_text(struct dl_phdr_info *i, size_t size, void *arg)
{
	for (u32 k = 0; k < i->dlpi_phnum; k++) {
		u64 lo = i->dlpi_addr + i->dlpi_phdr[k].p_vaddr;

		if (i->dlpi_phdr[k].p_type == PT_LOAD && (i->dlpi_phdr[k].p_flags & PF_X)) {
			text_lo = lo;
			text_hi = lo + i->dlpi_phdr[k].p_memsz;
		}
	}
	return 1;
}

static struct skep_probe *try(const void *at, skep_probe_fn fn, void *arg, u32 flags, char *why)
{
	struct skep_probe_spec s = {.addr = (u64)(uintptr_t)at, .text_lo = text_lo, .text_hi = text_hi, .text_id = 1,
				    .fn = fn, .arg = arg, .flags = flags};
	struct skep_probe *p = NULL;

	errno = -skep_probe_attach(&s, &p, why);
	return p;
}

static struct skep_probe *attach(const void *at, skep_probe_fn fn, void *arg, u32 flags)
{
	char why[SKEP_PROBE_WHY] = "";
	struct skep_probe *p = try(at, fn, arg, flags, why);

	if (!p) {
		printf("cannot attach: %s\n", why);
		exit(1);
	}
	return p;
}

/* What a handler saw. */
struct seen {
	atomic_ulong n;
	struct skep_probe_regs last;
};

/* Only what a plain handler may do. */
__attribute__((target("general-regs-only"))) static void see_plain(void *arg, struct skep_probe_regs *r)
{
	struct seen *s = arg;

	atomic_fetch_add_explicit(&s->n, 1, memory_order_relaxed);
}

static void see(void *arg, struct skep_probe_regs *r)
{
	struct seen *s = arg;

	atomic_fetch_add_explicit(&s->n, 1, memory_order_relaxed);
	s->last = *r;
	errno = ENOTTY; /* nobody notices */
}

/* Destroys every vector register. */
static void spoil(void *arg, struct skep_probe_regs *r)
{
	see(arg, r);
	__asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm1, %%xmm1; pxor %%xmm7, %%xmm7; pxor %%xmm8, %%xmm8; pxor %%xmm15, %%xmm15" ::
			     : "xmm0", "xmm1", "xmm7", "xmm8", "xmm15");
	if (__builtin_cpu_supports("avx512bw"))
		__asm__ volatile(".byte 0x62, 0xa1, 0xdd, 0x40, 0xef, 0xe4; .byte 0xc4, 0xe1, 0xe4, 0x47, 0xdb"); /* zmm20, k3: ^= itself */
	if (__builtin_cpu_supports("avx2"))
		__asm__ volatile("vzeroall" ::: "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14");
}

/* --- shapes ---------------------------------------------------------------------------------- */

static void shape(const char *name, word_fn f, u32 flags)
{
	struct seen in = {0}, out = {0};
	struct skep_probe *a, *b;
	u64 plain[4], x;
	u8 before[16];
	u32 was = failed;

	memcpy(before, (void *)(uintptr_t)f, sizeof(before));
	for (x = 0; x < 4; x++)
		plain[x] = f(x);
	a = attach((void *)(uintptr_t)f, see, &in, flags);
	b = attach((void *)(uintptr_t)f, see, &out, SKEP_PROBE_RETURN);
	errno = 5;
	for (x = 0; x < 4; x++) {
		CHECK(f(x) == plain[x]);
		CHECK(in.n == x + 1 && in.last.di == x && in.last.ip == (u64)(uintptr_t)f);
		CHECK(out.n == x + 1 && out.last.ax == plain[x] && out.last.sp == in.last.sp + 8);
		CHECK(out.last.bx == in.last.bx && out.last.r12 == in.last.r12 && out.last.bp == in.last.bp);
	}
	CHECK(errno == 5);
	skep_probe_detach(a);
	CHECK(f(3) == plain[3] && in.n == 4 && out.n == 5);
	skep_probe_detach(b);
	CHECK(f(3) == plain[3] && out.n == 5);
	CHECK(memcmp(before, (void *)(uintptr_t)f, sizeof(before)) == 0);
	if (failed != was)
		printf("shape %s\n", name);
}

static void shapes(void)
{
#define SHAPE(name) shape(#name, name, 0);
	SHAPES(SHAPE)
	shape("p_push with a far jump", p_push, SKEP_PROBE_FAR);
}

static void middle(void)
{
	struct seen in = {0};
	struct skep_probe *p;
	u64 plain[10];

	for (u64 x = 0; x < 10; x++)
		plain[x] = p_middle(x);
	p = attach(p_middle_at, spoil, &in, 0);
	for (u64 x = 0; x < 10; x++)
		CHECK(p_middle(x) == plain[x] && in.last.ax == x);
	CHECK(in.n == 10 && in.last.ip == (u64)(uintptr_t)p_middle_at);
	skep_probe_detach(p);
	p = attach((void *)(uintptr_t)p_self, see, &in, 0);
	in.n = 0;
	CHECK(p_self(5) == 0 && in.n == 5);
	skep_probe_detach(p);
}

static void vectors(void)
{
	bool wide = __builtin_cpu_supports("avx2");
	bool widest = __builtin_cpu_supports("avx512bw");
	u64 sum = call_vector(0), ymm = wide ? call_ymm(0) : 0;
	struct seen s = {0};

	for (u32 k = 0; k < 4; k++) {
		struct skep_probe *p = attach((void *)(uintptr_t)p_vector, spoil, &s, k & 1 ? SKEP_PROBE_RETURN : 0);

		CHECK(call_vector(0) == sum);
		CHECK(!wide || call_ymm(0) == ymm);
		CHECK(!widest || call_zmm(0) == 0x1234 + 15);
		skep_probe_detach(p);
	}
	CHECK(sum == 6 * 15 && s.n == 4u + 4 * wide + 4 * widest);
	CHECK(!widest || call_zmm(0) == 0x1234 + 15);
}

static void refused(void)
{
	static const struct {
		word_fn f;
		const char *what;
	} t[] = {{r_short, "too short"},	{r_loop, "a branch from"}, {r_call, "a call that returns into"},
		 {r_table, "a table"}, {r_goto, "a table"},
		 {r_call_stack, "a call that returns into"}, {r_break, "a breakpoint"}, {r_bad, "no instruction"}};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(t); k++) {
		char why[SKEP_PROBE_WHY] = "";
		struct skep_probe *p = try((void *)(uintptr_t)t[k].f, see, NULL, 0, why);

		CHECK(!p && errno == EOPNOTSUPP);
		CHECK(strstr(why, t[k].what));
		if (!strstr(why, t[k].what))
			printf("said: %s\n", why);
	}
	CHECK(r_behind(1) == 10);
}

/* --- returns ------------------------------------------------------------------------------------ */

static jmp_buf back;
static volatile u64 leave_at = ~(u64)0;

__attribute__((noinline)) u64 deep(u64 n);
static u64 (*volatile deep_call)(u64) = deep;
__attribute__((noinline)) u64 deep(u64 n)
{
	if (n == leave_at)
		longjmp(back, 1);
	return n ? deep_call(n - 1) + 1 : 0;
}

/* Calls from several places: a return to another call's place gives another result. */
__attribute__((noinline)) u64 mixed(u64 n);
static u64 (*volatile mixed_call)(u64) = mixed;
__attribute__((noinline)) u64 mixed(u64 n)
{
	if (!n)
		return 1;
	switch (n % 3) {
	case 0: return mixed_call(n - 1) * 3 + n;
	case 1: return mixed_call(n - 1) ^ n << 7;
	default: return mixed_call(n - 1) - n * 5;
	}
}

/* More calls in flight than there are entries: those that are must stay. */
static void many_in_flight(void)
{
	u64 plain = mixed_call(20000);
	struct seen s = {0};
	struct skep_probe *p = attach((void *)(uintptr_t)mixed, see, &s, SKEP_PROBE_RETURN);

	for (u32 k = 0; k < 3; k++)
		CHECK(mixed_call(20000) == plain);
	CHECK(s.n > 3 * 4000);
	skep_probe_detach(p);
}

static void recursion(void)
{
	struct seen s = {0};
	struct skep_probe *p = attach((void *)(uintptr_t)deep, see, &s, SKEP_PROBE_RETURN);
	u64 most;

	CHECK(deep_call(1000) == 1000 && s.n == 1001 && s.last.ax == 1000);
	/* Calls that longjmp leaves are forgotten: a hundred times a thousand would not fit. */
	for (u32 k = 0; k < 100; k++) {
		leave_at = 10;
		if (!setjmp(back))
			deep_call(1000);
		leave_at = ~(u64)0;
		s.n = 0;
		CHECK(deep_call(100) == 100 && s.n == 101);
	}
	/* Deeper than there are entries: some are missed, nothing breaks. */
	most = skep_probe_missed();
	s.n = 0;
	CHECK(deep_call(20000) == 20000 && s.n > 4000 && s.n + (skep_probe_missed() - most) == 20001);
	/* Detached while calls are in flight. */
	leave_at = ~(u64)0;
	skep_probe_detach(p);
	s.n = 0;
	CHECK(deep_call(100) == 100 && s.n == 0);
}

/* The return address of the caller of who is entered; p_call keeps nothing on the stack. */
static void see_caller(void *arg, struct skep_probe_regs *r)
{
	u64 *words = (u64 *)(uintptr_t)r->sp, *seen = arg;

	seen[0] = words[1];
	seen[1] = skep_probe_came_from(words[1]);
}

__attribute__((noinline, noclone)) u64 one_place(u64 x);
u64 one_place(u64 x)
{
	return p_call(x) + 1;
}

static void callers(void)
{
	u64 seen[2][2] = {{0}};

	for (u32 k = 0; k < 2; k++) {
		struct seen s = {0};
		struct skep_probe *a = attach((void *)(uintptr_t)p_push, see_caller, seen[k], 0);
		struct skep_probe *b = k ? attach((void *)(uintptr_t)p_call, see, &s, SKEP_PROBE_RETURN) : NULL;

		CHECK(one_place(5) == 17);
		skep_probe_detach(a);
		if (b)
			skep_probe_detach(b);
	}
	CHECK(seen[0][0] == seen[0][1] && seen[0][0] >= text_lo && seen[0][0] < text_hi);
	CHECK(seen[1][0] != seen[0][0] && seen[1][1] == seen[0][0]);
}

static struct skep_probe *in_flight;

__attribute__((noinline)) u64 detaches(u64 x);
__attribute__((noinline)) u64 detaches(u64 x)
{
	skep_probe_detach(in_flight);
	return x + 1;
}
static u64 (*volatile detaches_call)(u64) = detaches;

/* p_tail ends in a jump to p_push: one word of the stack, two returns. */
static void tails(void)
{
	struct seen s = {0}, t = {0};
	struct skep_probe *a = attach((void *)(uintptr_t)p_tail, see, &s, SKEP_PROBE_RETURN);
	struct skep_probe *b = attach((void *)(uintptr_t)p_push, see, &t, SKEP_PROBE_RETURN);

	for (u64 x = 0; x < 20000; x++)
		CHECK(p_tail(x) == 3 * (x + 1) && t.last.ax == 3 * (x + 1) && s.last.ax == 3 * (x + 1));
	CHECK(s.n == 20000 && t.n == 20000);
	skep_probe_detach(a);
	skep_probe_detach(b);
	in_flight = attach((void *)(uintptr_t)detaches, see, &s, SKEP_PROBE_RETURN);
	s.n = 0;
	CHECK(detaches_call(1) == 2 && s.n == 0);
}

/* --- signals -------------------------------------------------------------------------------------- */

static atomic_ulong in_signals;

static void on_signal(int sig)
{
	CHECK(p_push(7) == 21);
	in_signals++;
}

static void signals(void)
{
	struct itimerspec every = {{0, 50000}, {0, 50000}};
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct sigaction act = {.sa_handler = on_signal};
	struct seen in = {0}, out = {0};
	struct skep_probe *a = attach((void *)(uintptr_t)p_push, see_plain, &in, SKEP_PROBE_PLAIN);
	struct skep_probe *b = attach((void *)(uintptr_t)p_push, see, &out, SKEP_PROBE_RETURN);
	u64 calls = 0, missed = skep_probe_missed();
	timer_t t;

	sigaction(SIGUSR1, &act, NULL);
	CHECK(timer_create(CLOCK_MONOTONIC, &ev, &t) == 0 && timer_settime(t, 0, &every, NULL) == 0);
	for (; in_signals < 2000; calls++)
		CHECK(p_push(calls) == 3 * calls);
	timer_delete(t);
	signal(SIGUSR1, SIG_IGN);
	/* A call in a handler may be missed when it comes while a probe's handler runs, but is counted. */
	missed = skep_probe_missed() - missed;
	calls += in_signals;
	CHECK(in.n <= calls && out.n <= calls && in.n + missed >= calls && in.n + out.n + 2 * missed >= 2 * calls);
	skep_probe_detach(a);
	skep_probe_detach(b);
}

/* --- threads ---------------------------------------------------------------------------------------- */

static atomic_bool stop, naps;
static atomic_ulong wrong, rounds;

/* Half of the threads let no signal through. */
static void *caller(void *arg)
{
	u64 n = (u64)(uintptr_t)arg;
	sigset_t all;

	sigfillset(&all);
	if (n & 1)
		pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!stop) {
		u64 x = n++ & 1023;

		if (p_push(x) != 3 * x || p_endbr(x) != x + 1 || p_call(x) != 3 * x + 1 || p_rip_lea(x) != x + 1000 || deep_call(4) != 4)
			wrong++;
		if (++rounds % 16 == 0 && naps)
			usleep(20);
	}
	return NULL;
}

/* A destructor that runs in every round, and so behind the last one of who gives back what the thread had. */
static pthread_key_t last_of_all;

static void calls_at_the_end(void *arg)
{
	if (p_push(7) != 21 || deep_call(2) != 2)
		wrong++;
	pthread_setspecific(last_of_all, arg);
}

static void *ends(void *arg)
{
	p_push(1);
	pthread_setspecific(last_of_all, &last_of_all);
	return NULL;
}

/* More threads, one after the other, than may be known at a time: none takes anything with it. */
static void threads_end(void)
{
	struct seen in = {0}, out = {0};
	struct skep_probe *a = attach((void *)(uintptr_t)p_push, see, &in, 0),
			  *b = attach((void *)(uintptr_t)deep, see, &out, SKEP_PROBE_RETURN);
	u64 missed = skep_probe_missed();
	enum { MANY = 4500 };

	wrong = 0;
	CHECK(pthread_key_create(&last_of_all, calls_at_the_end) == 0);
	for (u32 k = 0; k < MANY; k++) {
		pthread_t t;

		CHECK(pthread_create(&t, NULL, ends, NULL) == 0);
		pthread_join(t, NULL);
	}
	CHECK(wrong == 0 && skep_probe_missed() == missed);
	CHECK(in.n >= 2 * MANY && out.n >= 3 * MANY);
	skep_probe_detach(b);
	skep_probe_detach(a);
	pthread_key_delete(last_of_all);
}

static void *comes_and_goes(void *arg)
{
	return NULL;
}

/* Threads that wait often are stopped quickly; those that compute only when they are scheduled. */
static void threads(u32 turns, bool napping)
{
	static const word_fn f[] = {p_push, p_endbr, p_call, p_rip_lea, deep};
	struct seen s[SKEP_ARRAY_SIZE(f)] = {0};
	pthread_t t[8], brief;
	struct timespec from, to;
	u64 hits = 0;
	double ms;

	naps = napping;
	stop = false;
	for (u64 k = 0; k < SKEP_ARRAY_SIZE(t); k++)
		CHECK(pthread_create(&t[k], NULL, caller, (void *)(uintptr_t)k) == 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (u32 k = 0; k < turns; k++) {
		u32 at = k % SKEP_ARRAY_SIZE(f);
		struct skep_probe *a = attach((void *)(uintptr_t)f[at], see_plain, &s[at], k & 8 ? SKEP_PROBE_RETURN : SKEP_PROBE_PLAIN);
		struct skep_probe *b = k & 16 ? attach((void *)(uintptr_t)f[at], see, &s[at], k & 32 ? SKEP_PROBE_RETURN : 0) : NULL;

		if (k % 64 == 0 && pthread_create(&brief, NULL, comes_and_goes, NULL) == 0)
			pthread_join(brief, NULL);
		if (b)
			skep_probe_detach(b);
		skep_probe_detach(a);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	stop = true;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(t); k++)
		pthread_join(t[k], NULL);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(f); k++)
		hits += s[k].n;
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	printf("%u times attached and detached among %zu threads that %s: %.3f ms each, %llu rounds, %llu hits, %llu missed\n", turns,
	       SKEP_ARRAY_SIZE(t), napping ? "wait" : "compute", ms / turns, (unsigned long long)rounds, (unsigned long long)hits,
	       (unsigned long long)skep_probe_missed());
	CHECK(wrong == 0 && hits > 0 && rounds > 0);
}

int main(int argc, char **argv)
{
	char why[SKEP_PROBE_WHY] = "";
	struct skep_probe *p;
	struct seen s = {0};

	setvbuf(stdout, NULL, _IOLBF, 0);
	dl_iterate_phdr(find_text, NULL);
	p = try((void *)(uintptr_t)p_endbr, see, &s, 0, why);
	if (!p) {
		printf("SKIP: probes cannot be attached here: %s\n", why);
		return 77;
	}
	skep_probe_detach(p);
	shapes();
	middle();
	vectors();
	refused();
	recursion();
	many_in_flight();
	callers();
	tails();
	signals();
	threads(argc > 1 ? (u32)strtoul(argv[1], NULL, 10) : 10000, true);
	threads(50, false);
	threads_end();
	printf("%u failed\n", failed);
	return failed != 0;
}
