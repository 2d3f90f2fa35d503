/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers and work queues in map values. A timer runs in the process that started it: the code of its
 * callback is there, and nothing else runs in the background. One thread of the process waits for the
 * next one that is due and runs its callback as a reader of maps; it is made by the first
 * timer_start, and timers end with the process. A work queue is a timer that is due at once, in a
 * thread of its own, so that timers need not wait for callbacks that sleep.
 *
 * A value holds a number of this process' table and a word that says whose table it is. Memory
 * of maps is shared, so both are only compared, never followed. When an element goes, the
 * number in it is cleared (timers_drop); whoever runs a timer looks whether the number is still
 * there, as a reader, so that the element's memory is not used again meanwhile. The table holds
 * on to the map and the program.
 */
#include "sys/sys_impl.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_TIMERS = 1 << 20, FLAGS = 3 /* ABS, CPU_PIN */, RETRY_NS = 1000000 };

/* What lies in the value. */
struct field {
	u64 id, owner;
};
struct stimer {
	u64 id;
	struct smap *m;
	u8 *value;
	struct field *field;
	struct sprog *prog; /* NULL: no callback yet */
	u64 func, when;	    /* when: CLOCK_MONOTONIC */
	int clock;
	u8 queue; /* it is a work queue; which thread has it */
	bool armed;
	bool busy;    /* the thread has it: it is not freed */
	bool running; /* its callback is under way */
	bool dead;    /* its element went */
};
static struct {
	pthread_mutex_t lock;
	pthread_cond_t due[2], idle; /* something was started; a callback ended */
	pthread_once_t once;
	struct stimer **t; /* by number - 1 */
	u32 n;
	u64 owner, serial;
	bool started[2];
	pthread_t thread[2];
} all = {.lock = PTHREAD_MUTEX_INITIALIZER,
	 .idle = PTHREAD_COND_INITIALIZER,
	 .once = PTHREAD_ONCE_INIT};

static u64 now_on(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

/* A process, and when it began, as its number is used again; less when it is gone. */
static u64 owner_of(u32 pid)
{
	return (u64)pid << 32 | (u32)sys_task_born(pid);
}

static void begin(void)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(all.due); k++)
		pthread_cond_init(&all.due[k], &a);
	pthread_condattr_destroy(&a);
	all.owner = owner_of((u32)getpid());
}

/* A child has no thread, and timers are its parent's. */
static void in_child(void)
{
	pthread_mutex_init(&all.lock, NULL);
	pthread_cond_init(&all.idle, NULL);
	all.t = NULL;
	all.n = 0;
	memset(all.started, 0, sizeof(all.started));
	begin();
}

static void first(void)
{
	begin();
	pthread_atfork(NULL, NULL, in_child);
}

/* --- the table, under the lock -----------------------------------------------------------------
 */

static struct stimer *find(const struct field *f)
{
	u64 id = __atomic_load_n(&f->id, __ATOMIC_ACQUIRE), at = (id & UINT32_MAX) - 1;
	struct stimer *t;

	if (!id || __atomic_load_n(&f->owner, __ATOMIC_RELAXED) != all.owner || at >= all.n)
		return NULL;
	t = all.t[at];
	return t && t->id == id && t->field == f ? t : NULL;
}

static void forget(struct stimer *t)
{
	all.t[(t->id & UINT32_MAX) - 1] = NULL;
	sys_sobj_put(&t->m->o);
	if (t->prog)
		sys_sobj_put(&t->prog->o);
	free(t);
}

/* The thread forgets one that it just has. */
static void end(struct stimer *t)
{
	t->armed = false;
	t->dead = true;
	if (!t->busy)
		forget(t);
}

/* A free place; the table grows by doubling. */
static u32 place(void)
{
	struct stimer **more;
	u32 at = 0;

	while (at < all.n && all.t[at])
		at++;
	if (at < all.n)
		return at;
	if (at >= MAX_TIMERS)
		return UINT32_MAX;
	more = realloc(all.t, (at ? 2 * (size_t)at : 16) * sizeof(*more));
	if (!more)
		return UINT32_MAX;
	all.n = at ? 2 * at : 16;
	memset(more + at, 0, (all.n - at) * sizeof(*more));
	all.t = more;
	return at;
}

/* --- the thread ----------------------------------------------------------------------------------
 */

static struct stimer *next_due(u32 queue)
{
	struct stimer *best = NULL;

	for (u32 k = 0; k < all.n; k++)
		if (all.t[k] && all.t[k]->armed && all.t[k]->queue == queue && (!best || all.t[k]->when < best->when))
			best = all.t[k];
	return best;
}

static void *key_of(const struct smap *m, u8 *value, u32 *index)
{
	if (m->d.type != BPF_MAP_TYPE_ARRAY)
		return value - round8(m->d.key_size);
	*index = (u32)((u64)(value - m->mem) / m->vstride);
	return index;
}

/* Is it still to run, with this program? Its element may have gone, it may have been set anew. */
static bool still_due(const struct stimer *t, const struct sprog *p)
{
	return t->armed && !t->dead && t->prog == p && t->when <= now_on(CLOCK_MONOTONIC) &&
	       __atomic_load_n(&t->field->id, __ATOMIC_ACQUIRE) == t->id;
}

/*
 * With the lock held, which it is not while others may have to be waited for. Who cancels waits
 * for a timer that runs, and perhaps has the last processor: so one runs only from when all is
 * there that its callback needs.
 */
static void fire(struct stimer *t)
{
	struct sprog *p = t->prog;
	struct srun r;
	u32 index;
	int err;

	t->busy = true;
	sys_sobj_hold(&p->o);
	pthread_mutex_unlock(&all.lock);
	err = sys_callback_begin(p, &r);
	pthread_mutex_lock(&all.lock);
	if (!err && still_due(t, p)) {
		u64 func = t->func;

		t->armed = false;
		t->running = true;
		pthread_mutex_unlock(&all.lock);
		sys_callback_run(&r, func, (u64)(uintptr_t)&t->m->eng,
			     (u64)(uintptr_t)key_of(t->m, t->value, &index),
			     (u64)(uintptr_t)t->value);
		pthread_mutex_lock(&all.lock);
		t->running = false;
		pthread_cond_broadcast(&all.idle);
	} else if (err) {
		t->when = now_on(CLOCK_MONOTONIC) + RETRY_NS;
	} else if (__atomic_load_n(&t->field->id, __ATOMIC_ACQUIRE) != t->id) {
		t->dead = true; /* another process took the element out */
	}
	pthread_mutex_unlock(&all.lock);
	if (!err)
		sys_callback_end(&r);
	sys_sobj_put(&p->o);
	pthread_mutex_lock(&all.lock);
	t->busy = false;
	if (t->dead)
		forget(t);
}

static void *work(void *arg)
{
	u32 queue = (u32)(uintptr_t)arg;

	pthread_mutex_lock(&all.lock);
	for (;;) {
		struct stimer *t = next_due(queue);
		struct timespec ts;

		if (!t) {
			pthread_cond_wait(&all.due[queue], &all.lock);
		} else if (t->when <= now_on(CLOCK_MONOTONIC)) {
			fire(t);
		} else {
			ts.tv_sec = (time_t)(t->when / 1000000000u);
			ts.tv_nsec = (long)(t->when % 1000000000u);
			pthread_cond_timedwait(&all.due[queue], &all.lock, &ts);
		}
	}
	return NULL;
}

/* Signals are for the program's own threads. */
static int start_thread(u32 queue)
{
	sigset_t none, old;
	pthread_attr_t a;
	int err;

	if (all.started[queue])
		return 0;
	sigfillset(&none);
	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &none, &old);
	err = pthread_create(&all.thread[queue], &a, work, (void *)(uintptr_t)queue);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&a);
	all.started[queue] = !err;
	return err ? -ENOMEM : 0;
}

static bool in_thread(u32 queue)
{
	return all.started[queue] && pthread_equal(all.thread[queue], pthread_self());
}

/* --- what programs ask for
 * -------------------------------------------------------------------------- */

/* Where the value begins in which this field lies. */
static u8 *value_around(const struct smap *m, u8 *field, u8 kind)
{
	for (u32 k = 0; k < m->nfield; k++)
		if (m->field[k].kind == kind)
			return field - m->field[k].off;
	return NULL;
}

/* One of a process that is gone is none. */
static bool is_of_other(const struct field *f)
{
	u64 id = __atomic_load_n(&f->id, __ATOMIC_ACQUIRE),
	    owner = __atomic_load_n(&f->owner, __ATOMIC_RELAXED);

	return id && owner != all.owner && owner == owner_of((u32)(owner >> 32));
}

static int init(void *field, struct smap *m, u8 kind, int clock)
{
	struct field *f = field;
	u8 *value = value_around(m, field, kind);
	struct stimer *t;
	u32 at;
	int err;

	if (!value)
		return -EINVAL;
	pthread_once(&all.once, first);
	pthread_mutex_lock(&all.lock);
	err = find(f) || is_of_other(f) ? -EBUSY : 0;
	at = err ? UINT32_MAX : place();
	t = at == UINT32_MAX ? NULL : calloc(1, sizeof(*t));
	if (t) {
		*t = (struct stimer){.id = ++all.serial << 32 | (at + 1),
				     .m = m,
				     .value = value,
				     .field = f,
				     .clock = clock,
				     .queue = kind == FIELD_WORK};
		sys_sobj_hold(&m->o);
		all.t[at] = t;
		__atomic_store_n(&f->owner, all.owner, __ATOMIC_RELAXED);
		__atomic_store_n(&f->id, t->id, __ATOMIC_RELEASE);
	} else if (!err) {
		err = -ENOMEM;
	}
	pthread_mutex_unlock(&all.lock);
	return err;
}

int sys_timer_init(void *field, struct smap *m, u64 flags)
{
	if (flags != CLOCK_MONOTONIC && flags != CLOCK_REALTIME && flags != CLOCK_BOOTTIME)
		return -EINVAL;
	return init(field, m, FIELD_TIMER, (int)flags);
}

int sys_work_init(void *field, struct smap *m, u64 flags)
{
	return (u32)flags ? -EINVAL : init(field, m, FIELD_WORK, CLOCK_MONOTONIC);
}

int sys_timer_set_callback(void *field, u64 func)
{
	const struct srun *r = run_now();
	struct stimer *t;
	int err = -EINVAL;

	if (!r)
		return -EINVAL;
	/* The function may be of a program that was called last and that only a prog array keeps.
	 */
	if (r->eng.tails)
		return -EOPNOTSUPP;
	pthread_once(&all.once, first);
	pthread_mutex_lock(&all.lock);
	t = find(field);
	if (t) {
		struct sprog *old = t->prog;

		t->prog = (struct sprog *)(uintptr_t)r->prog;
		sys_sobj_hold(&t->prog->o);
		t->func = func;
		if (old)
			sys_sobj_put(&old->o);
		err = 0;
	}
	pthread_mutex_unlock(&all.lock);
	return err;
}

static int start(void *field, u64 ns, bool absolute)
{
	struct stimer *t;
	int err = -EINVAL;

	pthread_once(&all.once, first);
	pthread_mutex_lock(&all.lock);
	t = find(field);
	if (t && t->prog) {
		u64 now = now_on(t->clock), left = absolute ? (ns > now ? ns - now : 0) : ns;

		err = start_thread(t->queue);
		t->when = SKEP_MIN(now_on(CLOCK_MONOTONIC) + left, (u64)INT64_MAX);
		t->armed = !err;
		pthread_cond_signal(&all.due[t->queue]);
	}
	pthread_mutex_unlock(&all.lock);
	return err;
}

int sys_timer_start(void *field, u64 ns, u64 flags)
{
	return flags & ~(u64)FLAGS ? -EINVAL : start(field, ns, flags & 1);
}

int sys_work_start(void *field, u64 flags)
{
	return (u32)flags ? -EINVAL : start(field, 0, false);
}

int sys_timer_cancel(void *field)
{
	struct stimer *t;
	int was = -EINVAL;

	pthread_once(&all.once, first);
	pthread_mutex_lock(&all.lock);
	t = find(field);
	if (t && t->running && in_thread(0)) {
		was = -EDEADLK;
	} else if (t) {
		was = t->armed || t->running;
		t->armed = false;
		/* A callback may be in the middle; when it is done the timer may be gone, or armed
		 * again. */
		while (find(field) == t && t->running)
			pthread_cond_wait(&all.idle, &all.lock);
		if (find(field) == t) {
			t->armed = false;
			if (t->prog)
				sys_sobj_put(&t->prog->o);
			t->prog = NULL;
		}
	}
	pthread_mutex_unlock(&all.lock);
	return was;
}

void sys_timers_drop(const struct smap *m, u8 *value)
{
	for (u32 k = 0; k < m->nfield; k++) {
		struct field *f = (struct field *)(value + m->field[k].off);
		struct stimer *t;

		if (!field_runs(&m->field[k]) || !__atomic_load_n(&f->id, __ATOMIC_ACQUIRE))
			continue;
		pthread_once(&all.once, first);
		pthread_mutex_lock(&all.lock);
		t = find(f);
		__atomic_store_n(&f->id, 0, __ATOMIC_RELEASE);
		if (t)
			end(t);
		pthread_mutex_unlock(&all.lock);
	}
}

void sys_timers_end(const struct smap *m)
{
	pthread_once(&all.once, first);
	pthread_mutex_lock(&all.lock);
	for (u32 k = 0; k < all.n; k++) {
		struct stimer *t = all.t[k];

		if (!t || t->m != m)
			continue;
		end(t);
	}
	pthread_mutex_unlock(&all.lock);
}
