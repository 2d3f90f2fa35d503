/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processes of a store share besides objects: locks that survive their owners, the
 * table of readers, processors, and the numbers of objects.
 *
 * Reclamation is by epochs. A reader writes the current epoch into its row before it looks at
 * a map. A writer takes an element out, then reads the epoch: whoever began with a later one
 * cannot have seen the element. Fences stand between both and their next step: a reader that did
 * see the element has told its epoch before the writer looks at the rows. The epoch advances when
 * somebody wants to use such elements again. A row belongs to the thread that holds its lock;
 * the kernel opens the lock of a thread that died, so a dead reader holds nothing back.
 *
 * A thread's name is its row and the how-manieth owner of the row it is. A word with that name
 * in it is a lock that costs one atomic operation; a name whose row is free or has had another
 * owner since is that of a dead thread.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct reader {
	struct shlock lock;
	_Atomic u64 epoch; /* 0: does not read */
	_Atomic u64 turn;  /* counts the threads that had the row */
	u64 pad;
};
struct table {
	u32 magic, version;
	u64 boot;
	_Atomic u64 epoch;
	_Atomic u32 nreader; /* rows ever used */
	_Atomic u32 id[NKIND];
	_Atomic u32 links; /* counts changes */
	struct reader reader[NREADER];
	struct shlock cpu[NCPU_MAX];
	struct follower follower[NFOLLOWER];
};
enum { TABLE_VERSION = 3 };
_Thread_local struct sthread skep_sys_thread = {.slot = -1};
static _Atomic(struct table *) table; /* once it is there it stays */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static u32 ncpu;

/* --- locks --------------------------------------------------------------------------------- */

void sys_shlock_init(struct shlock *l)
{
	pthread_mutexattr_t a;

	memset(l, 0, sizeof(*l));
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&l->m, &a);
	pthread_mutexattr_destroy(&a);
}

static int taken(struct shlock *l, int err)
{
	if (err == EOWNERDEAD) {
		pthread_mutex_consistent(&l->m);
		return 1;
	}
	return err ? -EBUSY : 0;
}

int sys_shlock_try(struct shlock *l)
{
	return taken(l, pthread_mutex_trylock(&l->m));
}

int sys_shlock_take(struct shlock *l)
{
	struct timespec until;
	int err;

	for (u32 k = 0; k < 60; k++) {
		err = pthread_mutex_trylock(&l->m);
		if (err != EBUSY)
			return taken(l, err);
		for (volatile u32 spin = 0; spin < 30; spin++)
			;
	}
	/* Nobody holds one for long: this ends what a broken file would make endless. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	return taken(l, pthread_mutex_timedlock(&l->m, &until));
}

void sys_shlock_drop(struct shlock *l)
{
	pthread_mutex_unlock(&l->m);
}

/* --- the table ------------------------------------------------------------------------------- */

static u32 read_ncpu(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	char buf[64] = "";
	u32 n = 0;
	char *p;

	if (f) {
		if (!fgets(buf, sizeof(buf), f))
			buf[0] = 0;
		fclose(f);
	}
	p = strrchr(buf, '-');
	if (!p)
		p = strrchr(buf, ',');
	n = buf[0] ? (u32)strtoul(p ? p + 1 : buf, NULL, 10) + 1 : (u32)sysconf(_SC_NPROCESSORS_CONF);
	return n < 1 ? 1 : SKEP_MIN(n, (u32)NCPU_MAX);
}

static void leave_thread(void *arg)
{
	struct sthread *t = arg;

	if (table && t->slot >= 0) {
		atomic_store(&table->reader[t->slot].epoch, 0);
		sys_shlock_drop(&table->reader[t->slot].lock);
		t->slot = -1;
		t->name = 0;
	}
}

/* The child's only thread has no row and holds no lock. */
static void in_child(void)
{
	skep_sys_thread.slot = -1;
	skep_sys_thread.name = skep_sys_thread.born = 0;
	skep_sys_thread.depth = skep_sys_thread.cpu_depth = 0;
	skep_sys_thread.run = NULL;
}

static void fresh_table(struct table *t)
{
	memset(t, 0, sizeof(*t));
	for (u32 k = 0; k < NREADER; k++) {
		sys_shlock_init(&t->reader[k].lock);
		/* No name of an earlier table comes again. */
		atomic_store(&t->reader[k].turn, sys_store_now());
	}
	for (u32 k = 0; k < NCPU_MAX; k++)
		sys_shlock_init(&t->cpu[k]);
	for (u32 k = 0; k < NFOLLOWER; k++)
		sys_shlock_init(&t->follower[k].lock);
	atomic_store(&t->epoch, 1);
	t->magic = OBJ_MAGIC;
	t->version = TABLE_VERSION;
	t->boot = sys_store_boot();
}

static void prepare(void)
{
	ncpu = read_ncpu();
	pthread_key_create(&key, leave_thread);
	pthread_atfork(NULL, NULL, in_child);
}

static struct table *map_table(int fd)
{
	struct table *t;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || posix_fallocate(fd, 0, sizeof(*t)))
		return NULL;
	t = sys_map_pages(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t == MAP_FAILED)
		return NULL;
	if (t->magic != OBJ_MAGIC || t->version != TABLE_VERSION || t->boot != sys_store_boot() ||
	    !t->epoch)
		fresh_table(t);
	return t;
}

/*
 * Whoever comes first makes it what it should be; a lock of its own sees to that, for the store's
 * may be held. Two threads may do this at once, and the one that is late takes the other's.
 */
static void open_table(void)
{
	char path[PATH_LEN];
	struct table *t, *none = NULL;
	int lock = sys_store_lock_table(), fd;

	if (lock < 0)
		return;
	snprintf(path, sizeof(path), "%s/readers", sys_store_dir());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	t = fd < 0 ? NULL : map_table(fd);
	if (fd >= 0)
		close(fd);
	if (t && !atomic_compare_exchange_strong(&table, &none, t))
		munmap(t, sizeof(*t));
	sys_store_unlock(lock);
}

/* What is missing now, memory or a descriptor, may be there the next time. */
static struct table *get_table(void)
{
	if (!sys_store_dir())
		return NULL;
	pthread_once(&once, prepare);
	if (!table)
		open_table();
	return table;
}

bool sys_table_ready(void)
{
	return get_table() != NULL;
}

u32 sys_cpu_count(void)
{
	get_table();
	return ncpu ? ncpu : 1;
}

u32 sys_next_id(u32 kind)
{
	struct table *t = get_table();

	return t ? atomic_fetch_add(&t->id[kind], 1) + 1 : 0;
}

u32 sys_table_changed(void)
{
	struct table *t = get_table();
	u32 now;

	if (!t)
		return 0;
	now = atomic_fetch_add(&t->links, 1) + 1;
	syscall(SYS_futex, &t->links, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return now;
}

void sys_table_wait(u32 gen, u32 ms)
{
	struct timespec most = {ms / 1000, (long)(ms % 1000) * 1000000};
	struct table *t = get_table();

	if (t)
		syscall(SYS_futex, &t->links, FUTEX_WAIT, gen, ms ? &most : NULL, NULL, 0);
}

struct follower *sys_followers(void)
{
	struct table *t = get_table();

	return t ? t->follower : NULL;
}

u32 sys_table_generation(void)
{
	struct table *t = get_table();

	return t ? atomic_load(&t->links) : 0;
}

/* --- readers ---------------------------------------------------------------------------------- */

static int take_row(struct table *t)
{
	for (u32 k = 0; k < NREADER; k++) {
		u32 n;

		if (sys_shlock_try(&t->reader[k].lock) < 0)
			continue;
		atomic_store(&t->reader[k].epoch, 0);
		n = atomic_load(&t->nreader);
		while (n < k + 1 && !atomic_compare_exchange_weak(&t->nreader, &n, k + 1))
			;
		skep_sys_thread.slot = (s32)k;
		skep_sys_thread.name = (atomic_fetch_add(&t->reader[k].turn, 1) + 1) * NREADER + k;
		pthread_setspecific(key, &skep_sys_thread);
		return 0;
	}
	return -EAGAIN;
}

static int have_row(void)
{
	struct table *t;

	if (skep_sys_thread.slot >= 0)
		return 0;
	t = get_table();
	return t ? take_row(t) : -ENOMEM;
}

int sys_reader_enter(void)
{
	struct sthread *th = &skep_sys_thread;
	int err;

	if (th->depth++)
		return 0;
	err = have_row();
	if (err) {
		th->depth--;
		return err;
	}
	atomic_store(&table->reader[th->slot].epoch, atomic_load(&table->epoch));
	atomic_thread_fence(memory_order_seq_cst);
	return 0;
}

void sys_reader_leave(void)
{
	struct sthread *th = &skep_sys_thread;

	if (--th->depth == 0)
		atomic_store_explicit(&table->reader[th->slot].epoch, 0, memory_order_release);
}

void sys_reader_renew(void)
{
	struct sthread *th = &skep_sys_thread;

	if (th->depth != 1)
		return;
	atomic_store(&table->reader[th->slot].epoch, atomic_load(&table->epoch));
	atomic_thread_fence(memory_order_seq_cst);
}

u64 sys_reader_stamp(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	return table ? atomic_load(&table->epoch) : 0;
}

u64 sys_reader_name(void)
{
	return have_row() ? 0 : skep_sys_thread.name;
}

/* Does the thread still live that has the row for the turn which the name tells? */
static bool row_alive(u32 slot)
{
	int got = sys_shlock_try(&table->reader[slot].lock);

	if (got < 0)
		return true;
	atomic_store(&table->reader[slot].epoch, 0);
	sys_shlock_drop(&table->reader[slot].lock);
	return false;
}

bool sys_reader_alive(u64 name)
{
	u32 slot = (u32)(name % NREADER);

	return get_table() && atomic_load(&table->reader[slot].turn) == name / NREADER && row_alive(slot);
}

bool sys_reader_alive32(u32 name)
{
	u64 turn = get_table() ? atomic_load(&table->reader[name % NREADER].turn) : 0;

	return (u32)(turn * NREADER + name % NREADER) == name && sys_reader_alive(turn * NREADER + name % NREADER);
}

u64 sys_reader_oldest(u64 stamp)
{
	u64 oldest;
	u32 n;

	if (!table)
		return 0;
	if (atomic_load(&table->epoch) <= stamp)
		atomic_fetch_add(&table->epoch, 1);
	/* What is taken out later has no older stamp: the answer does not become wrong. */
	oldest = atomic_load(&table->epoch);
	atomic_thread_fence(memory_order_seq_cst);
	n = SKEP_MIN(atomic_load(&table->nreader), (u32)NREADER);
	for (u32 k = 0; k < n; k++) {
		u64 e = atomic_load(&table->reader[k].epoch);

		if (!e || (e <= stamp && k != (u32)skep_sys_thread.slot && !row_alive(k)))
			continue;
		oldest = SKEP_MIN(oldest, e);
	}
	return oldest;
}

/* --- words with an owner ------------------------------------------------------------------------ */

static int word_try(struct wordlock *l, u64 me, u64 seen)
{
	if (!seen)
		return __atomic_compare_exchange_n(&l->owner, &seen, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) ? 0 : -EBUSY;
	if (seen == me || sys_reader_alive(seen))
		return -EBUSY;
	return __atomic_compare_exchange_n(&l->owner, &seen, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) ? 1 : -EBUSY;
}

int sys_wordlock_try(struct wordlock *l)
{
	u64 me = sys_reader_name();

	return me ? word_try(l, me, __atomic_load_n(&l->owner, __ATOMIC_RELAXED)) : -EAGAIN;
}

static int word_wait(struct wordlock *l, u64 me)
{
	u64 until = sys_store_now() + 10000000000ull;
	struct timespec nap = {0, 50000};

	for (u32 k = 0;; k++) {
		u64 seen = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);
		int got;

		if (seen == me)
			return -EBUSY;
		/* Whether an owner lives is asked seldom: that costs him a cache line. */
		got = !seen || k % 64 == 63 ? word_try(l, me, seen) : -EBUSY;
		if (got >= 0)
			return got;
		if (k < 256)
			for (volatile u32 spin = 0; spin < 20; spin++)
				;
		else if (k < 512)
			sched_yield();
		else if (sys_store_now() < until)
			nanosleep(&nap, NULL);
		else
			return -EBUSY;
	}
}

int sys_wordlock_take(struct wordlock *l)
{
	u64 me = sys_reader_name();
	int got = me ? word_try(l, me, 0) : -EAGAIN;

	return got == -EBUSY ? word_wait(l, me) : got;
}

void sys_wordlock_drop(struct wordlock *l)
{
	__atomic_store_n(&l->owner, 0, __ATOMIC_RELEASE);
}

/* --- processors --------------------------------------------------------------------------------- */

int sys_cpu_take(void)
{
	struct sthread *th = &skep_sys_thread;
	struct table *t = get_table();
	u32 first;
	int got;

	if (th->cpu_depth++)
		return 0;
	if (!t) {
		th->cpu_depth--;
		return -ENOMEM;
	}
	got = sched_getcpu();
	first = got < 0 ? 0 : (u32)got % ncpu;
	for (u32 k = 0; k < ncpu; k++) {
		th->cpu = (first + k) % ncpu;
		if (sys_shlock_try(&t->cpu[th->cpu]) >= 0)
			return 0;
	}
	th->cpu = first;
	if (sys_shlock_take(&t->cpu[first]) >= 0)
		return 0;
	th->cpu_depth--;
	return -EBUSY;
}

void sys_cpu_drop(void)
{
	struct sthread *th = &skep_sys_thread;

	if (--th->cpu_depth == 0)
		sys_shlock_drop(&table->cpu[th->cpu]);
}
