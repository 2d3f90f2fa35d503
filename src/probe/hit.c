/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens at a hit. This file is compiled to use general registers only, so that a
 * handler which does the same costs no saving of vector state; around others it is saved.
 *
 * Which handlers run is one list, replaced as a whole. A thread says that it is busy before
 * it looks at the list and says when it is done; who replaced a list makes all processors
 * see that (membarrier) and then waits for the busy ones. So a hit has no fence and no
 * shared counter.
 *
 * A call with a return probe has an entry of its own: where it shall return, and which word of
 * the stack held that. An entry belongs to a call as long as that word holds its thunk's
 * address, or that of a thunk that leads to it (a probed function that ended in a jump to
 * another). Calls that were left by longjmp or by an exception never return; their words
 * are overwritten by what the stack is used for next, and then their entries are taken back.
 * Their handlers do not run.
 */
#include "probe/probe_impl.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FREE, ARMED, CACHE = 16 };
#define FAST _Thread_local __attribute__((tls_model("initial-exec")))

struct thread {
	_Atomic u32 taken, busy;
	_Atomic u64 turn;
	u64 pad[6];
};
static struct thread threads[NTHREAD] __attribute__((aligned(64)));
static FAST struct thread *self;
/* The key's destructor ran: nobody will come again to give back what the thread keeps. */
static FAST bool leaving;
_Thread_local u32 skep_probe_blocked __attribute__((tls_model("initial-exec")));
/* Free entries for calls in flight; touched only while busy. */
static FAST struct {
	u16 n, v[CACHE];
} mine;
static void give_back(u32 k);

static pthread_key_t key;
static probe_call_saved *call_saved;
static _Atomic u64 missed;

u64 skep_probe_missed(void)
{
	return atomic_load_explicit(&missed, memory_order_relaxed);
}

static UNPROBED void miss(void)
{
	atomic_fetch_add_explicit(&missed, 1, memory_order_relaxed);
}

/* --- threads ------------------------------------------------------------------------------ */

static UNPROBED __attribute__((noinline)) struct thread *take_thread(void)
{
	for (u32 k = 0; k < NTHREAD; k++) {
		u32 none = 0;

		if (!atomic_load_explicit(&threads[k].taken, memory_order_relaxed) &&
		    atomic_compare_exchange_strong(&threads[k].taken, &none, 1)) {
			/* Set before the key is: that may allocate, and so hit a probe. */
			self = &threads[k];
			atomic_store(&self->busy, 1);
			if (!leaving)
				pthread_setspecific(key, self);
			return self;
		}
	}
	return NULL;
}

static void leave_thread(void *arg)
{
	struct thread *t = arg;

	atomic_store(&t->busy, 1);
	leaving = true;
	while (mine.n)
		give_back(mine.v[--mine.n]);
	self = NULL;
	atomic_store(&t->busy, 0);
	atomic_store(&t->taken, 0);
}

/* The child has one thread. */
static void in_child(void)
{
	for (u32 k = 0; k < NTHREAD; k++)
		if (atomic_load_explicit(&threads[k].taken, memory_order_relaxed) &&
		    &threads[k] != self) {
			atomic_store(&threads[k].busy, 0);
			atomic_store(&threads[k].taken, 0);
		}
}

static UNPROBED struct thread *begin(void)
{
	struct thread *t = self;

	if (skep_probe_blocked)
		return NULL;
	if (!t)
		t = take_thread();
	else if (atomic_load_explicit(&t->busy, memory_order_relaxed))
		t = NULL;
	if (!t) {
		miss();
		return NULL;
	}
	atomic_store_explicit(&t->busy, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	return t;
}

static UNPROBED void end(struct thread *t)
{
	atomic_store_explicit(&t->turn, atomic_load_explicit(&t->turn, memory_order_relaxed) + 1,
			      memory_order_release);
	atomic_store_explicit(&t->busy, 0, memory_order_release);
	/* Destructors of others and the C library's end of a thread hit probes, too. */
	if (leaving) {
		self = NULL;
		atomic_store_explicit(&t->taken, 0, memory_order_release);
	}
}

static bool wait_for(struct thread *t)
{
	u64 turn = atomic_load(&t->turn);
	struct timespec nap = {0, 50000};

	if (t == self)
		return true;
	for (u32 k = 0; atomic_load(&t->busy) && atomic_load(&t->turn) == turn; k++) {
		nanosleep(&nap, NULL);
		if (k == 20000) /* a handler that was left by longjmp, say */
			return false;
	}
	return true;
}

/* Once a process. */
static int announce(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) ||
	       syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
}

bool skep_probe_quiesce(void)
{
	bool all = true;

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) &&
	    (announce() || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)))
		return false;
	for (u32 k = 0; k < NTHREAD; k++)
		if (atomic_load(&threads[k].taken) && !wait_for(&threads[k]))
			all = false;
	return all;
}

/* --- calls in flight ---------------------------------------------------------------------------
 */

/* Behind the thunks: 16 bytes for each, which unwinders read, too. */
struct flight {
	u64 ret; /* where the call came from */
	u64 cfa; /* of the frame that a thunk seems to be: odd, so that no other one has it */
};
static struct flight *flights;
static u64 flight_slot[NRET]; /* the word of the stack that held where it came from */
static struct site *flight_site[NRET];
static _Atomic u32 flight_state[NRET]; /* bit 0: ARMED; above: how often */
static u16 flight_next[NRET];
static _Atomic u64 flight_head; /* first free one, and above 16 bits how often it changed */
static u64 thunk_of(u32 k)
{
	return (u64)(uintptr_t)skep_probe_thunks + 16 * (u64)k;
}

/* The number of a thunk, 0: it is none. */
static u32 thunk_index(u64 addr)
{
	u64 off = addr - (u64)(uintptr_t)skep_probe_thunks;

	return off < 16 * (u64)NRET && off % 16 == 0 ? (u32)(off / 16) : 0;
}

u64 skep_probe_came_from(u64 addr)
{
	for (u32 n = 0, k = thunk_index(addr); k && n < 64; n++) {
		addr = flights[k].ret;
		k = thunk_index(addr);
	}
	return addr;
}

static void give_back(u32 k)
{
	u64 head = atomic_load(&flight_head);

	do
		flight_next[k] = (u16)head;
	while (!atomic_compare_exchange_weak(&flight_head, &head, ((head >> 16) + 1) << 16 | k));
}

static u32 take_shared(void)
{
	u64 head = atomic_load(&flight_head);
	u32 k;

	do
		k = (u16)head;
	while (k && !atomic_compare_exchange_weak(&flight_head, &head,
						  ((head >> 16) + 1) << 16 | flight_next[k]));
	return k;
}

/* Does what stands in the word lead to this entry? */
static bool leads_to(u64 word, u32 k)
{
	for (u32 n = 0, at = thunk_index(word); at && n < 64; n++) {
		if (at == k)
			return true;
		at = thunk_index(flights[at].ret);
	}
	return false;
}

/* May the call of an entry still return? The stack itself may be gone. */
static bool in_flight(u32 k)
{
	u64 word = 0;
	struct iovec to = {&word, 8}, from = {(void *)(uintptr_t)flight_slot[k], 8};
	long n = probe_syscall(SYS_process_vm_readv, (u64)getpid(), PROBE_PTR(&to), 1,
			       PROBE_PTR(&from), 1, 0);

	return n == 8 ? leads_to(word, k) : n != -EFAULT;
}

/* Entries whose calls will not return: how many there were. */
static __attribute__((noinline)) u32 reclaim(void)
{
	u32 n = 0;

	for (u32 k = 1; k < NRET; k++) {
		u32 state = atomic_load(&flight_state[k]);

		if (!(state & ARMED) || in_flight(k))
			continue;
		if (atomic_compare_exchange_strong(&flight_state[k], &state, state + 1)) {
			give_back(k);
			n++;
		}
	}
	return n;
}

static u32 take_flight(void)
{
	static _Atomic u32 wait;
	u32 k;

	if (mine.n)
		return mine.v[--mine.n];
	k = take_shared();
	/* Looking takes a system call an entry: not for each call of a very deep recursion. */
	if (!k && atomic_load(&wait)) {
		atomic_fetch_sub(&wait, 1);
	} else if (!k) {
		if (reclaim() < CACHE)
			atomic_store(&wait, 1024);
		k = take_shared();
	}
	return k;
}

static void arm(struct site *s, const struct skep_probe_regs *r)
{
	u64 *slot = (u64 *)(uintptr_t)r->sp;
	/* The first function of a program was not called: its stack begins with a number. */
	u32 k = *slot >> 16 ? take_flight() : 0, outer;

	if (!k) {
		miss();
		return;
	}
	outer = thunk_index(*slot);
	flights[k].ret = *slot;
	flights[k].cfa = outer ? flights[outer].cfa - 2 : r->sp + 7;
	flight_slot[k] = r->sp;
	flight_site[k] = s;
	/* The word first: an armed entry whose word is another one would be taken back. */
	*slot = thunk_of(k);
	atomic_fetch_add(&flight_state[k], 1);
}

/* --- handlers
 * -------------------------------------------------------------------------------------- */

static void call(const struct consumers *who, u32 want, struct skep_probe_regs *r)
{
	int saved = errno;

	for (u32 k = 0; k < who->n; k++) {
		const struct consumer *c = &who->c[k];

		if ((c->flags & SKEP_PROBE_RETURN) != want)
			continue;
		if (c->flags & SKEP_PROBE_PLAIN)
			c->fn(c->arg, r);
		else
			call_saved(c->fn, c->arg, r);
	}
	errno = saved;
}

UNPROBED void skep_probe_hit(struct site *s, struct skep_probe_regs *r)
{
	struct thread *t = begin();
	const struct consumers *who;

	if (!t)
		return;
	who = atomic_load_explicit(&s->who, memory_order_acquire);
	if (who) {
		r->ip = s->addr;
		r->sp += 128 + 8; /* what the stub skipped and pushed before it took the value */
		if (who->n > who->nret)
			call(who, 0, r);
		if (who->nret)
			arm(s, r);
	}
	end(t);
}

UNPROBED u64 skep_probe_return(u64 index, struct skep_probe_regs *r)
{
	u32 k = (u32)index, state = atomic_load(&flight_state[k]);
	u64 *slot = (u64 *)r + sizeof(*r) / 8 + 1, ret = flights[k].ret;
	struct site *s = flight_site[k];
	struct thread *t = begin();
	const struct consumers *who;
	bool ours;

	if (t) {
		who = atomic_load_explicit(&s->who, memory_order_acquire);
		r->ip = ret;
		r->sp = (u64)(uintptr_t)(slot + 1);
		if (who && who->nret)
			call(who, SKEP_PROBE_RETURN, r);
	}
	/* From here on the word leads to an outer entry, if there is one; somebody may take ours
	 * back. */
	__atomic_store_n(slot, ret, __ATOMIC_SEQ_CST);
	ours = atomic_compare_exchange_strong(&flight_state[k], &state, state + 1);
	if (ours && t && !leaving && mine.n < CACHE)
		mine.v[mine.n++] = (u16)k;
	else if (ours)
		give_back(k);
	if (t)
		end(t);
	return ret;
}

/* --- the beginning
 * ------------------------------------------------------------------------------------- */

static void cpuid(u32 leaf, u32 sub, u32 r[4])
{
	__asm__("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(sub));
}

/* What the system lets programs use; NULL: of that, nothing is known. */
static probe_call_saved *find_call(void)
{
	enum { AVX = 6, AVX512 = 0xe0, OSXSAVE = 1 << 27, BW = 1 << 30 };
	u32 r[4], lo, hi;

	cpuid(1, 0, r);
	if (!(r[2] & OSXSAVE))
		return skep_probe_call_xmm;
	__asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	if ((lo & AVX) != AVX)
		return skep_probe_call_xmm;
	if ((lo & AVX512) != AVX512)
		return skep_probe_call_ymm;
	cpuid(7, 0, r);
	return r[1] & BW ? skep_probe_call_zmm : NULL;
}

static int init_flights(char *why)
{
	void *at = (void *)(uintptr_t)(skep_probe_thunks + 16 * (size_t)NRET);
	size_t n = 16 * (size_t)NRET;

	/* mmap(2) itself: libc's may be interposed. */
	if ((void *)syscall(SYS_mmap, at, n, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at) {
		snprintf(why, SKEP_PROBE_WHY, "no memory for calls in flight");
		return -ENOMEM;
	}
	flights = at;
	for (u32 k = NRET - 1; k; k--)
		give_back(k);
	return 0;
}

int skep_probe_hit_init(char *why)
{
	if (flights)
		return 0;
	call_saved = find_call();
	if (!call_saved) {
		snprintf(why, SKEP_PROBE_WHY, "the processor has AVX-512 without AVX512BW");
		return -EOPNOTSUPP;
	}
	if (announce()) {
		snprintf(why, SKEP_PROBE_WHY, "membarrier(2) is refused");
		return -EPERM;
	}
	if (pthread_key_create(&key, leave_thread) || pthread_atfork(NULL, NULL, in_child)) {
		snprintf(why, SKEP_PROBE_WHY, "no memory");
		return -ENOMEM;
	}
	return init_flights(why);
}
