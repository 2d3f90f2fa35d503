/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placing probes: a thread of this process that keeps what is attached here as the store has it.
 * It sleeps on the number in the store's table that changes with every link, has a row there,
 * and writes into it how far it is; who attaches waits for all rows. It also looks twice a second
 * whether descriptors of links were closed elsewhere and whether libraries were loaded.
 */
#include "sys/follow.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 500, WANTED_MAX = 65536 };

/* What a link or an event wants, for one place. */
struct wanted {
	u32 kind, id, index, prog, event, pid, on_return;
	struct probe_place place;
	u64 dev, ino;
};
struct active {
	struct active *next;
	u32 kind, id, index;
	u64 addr, base;
	struct skep_probe *probe;
	struct probe_run run;
	u16 *ref; /* counts who wants the place */
	bool seen;
};
/* Only the thread that follows touches it, under `lock`. */
static struct {
	struct active *active;
	struct wanted *want;
	u32 nwant, cap;
	u64 changes;
	struct follower *row;
	struct modules modules;
} now;
u32 sys_probe_pid;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool started;
static _Atomic u32 first_done;

/* --- what the store wants ------------------------------------------------------------------- */

static struct wanted *want_more(void)
{
	if (now.nwant == now.cap) {
		u32 cap = now.cap ? 2 * now.cap : 64;
		struct wanted *v = cap <= WANTED_MAX ? realloc(now.want, cap * sizeof(*v)) : NULL;

		if (!v)
			return NULL;
		now.want = v;
		now.cap = cap;
	}
	return &now.want[now.nwant++];
}

static void want(const struct wanted *w, const struct probe_file *file, u32 pid)
{
	struct wanted *to;

	if (pid && pid != sys_probe_pid)
		return;
	to = want_more();
	if (!to)
		return;
	*to = *w;
	to->pid = pid;
	to->dev = file->dev;
	to->ino = file->ino;
}

static void want_event(u32 kind, u32 id, u32 event, u32 prog, u64 cookie)
{
	struct wanted w = {.kind = kind, .id = id, .prog = prog, .event = event};
	const struct event_probe *p;
	struct fhead f;

	if (sys_store_head_of(SKEP_SYS_PERF, event, &f))
		return;
	p = &((struct perf_head *)f.more)->probe;
	if (!p->used || !p->enabled)
		return;
	w.prog = prog ? prog : p->prog;
	w.on_return = p->on_return;
	w.place = p->place;
	w.place.cookie = cookie;
	if (w.prog)
		want(&w, &p->file, p->pid);
}

static void want_places(u32 id, const struct lhead *d)
{
	struct wanted w = {.kind = SKEP_SYS_LINK, .id = id, .prog = d->prog, .on_return = d->on_return};
	int fd = sys_store_open(SKEP_SYS_LINK, id, O_RDONLY);

	for (u32 k = 0; fd >= 0 && k < d->nplace && k < PLACES_MAX; k++) {
		if (pread(fd, &w.place, sizeof(w.place), (off_t)(k * sizeof(w.place))) != (ssize_t)sizeof(w.place))
			break;
		w.index = k;
		want(&w, &d->file, d->pid);
	}
	if (fd >= 0)
		close(fd);
}

static void read_wanted(void)
{
	struct fhead f;

	now.nwant = 0;
	/* Most commands never see a probe: they do not look for dead objects for its sake. */
	if (!sys_store_has(SKEP_SYS_LINK) && !sys_store_has(SKEP_SYS_PERF))
		return;
	for (u32 id = 0; sys_store_next_id(SKEP_SYS_LINK, id, &id) == 0;) {
		const struct lhead *d = (const struct lhead *)f.more;

		if (sys_store_head_of(SKEP_SYS_LINK, id, &f) || d->detached)
			continue;
		if (d->type == BPF_LINK_TYPE_PERF_EVENT)
			want_event(SKEP_SYS_LINK, id, d->event, d->prog, d->cookie);
		else if (d->nplace)
			want_places(id, d);
	}
	for (u32 id = 0; sys_store_next_id(SKEP_SYS_PERF, id, &id) == 0;)
		want_event(SKEP_SYS_PERF, id, id, 0, 0);
}

/* --- placing ----------------------------------------------------------------------------------- */

/* For who waits for this object. */
static void refuse(const struct wanted *w, int err, const char *why)
{
	struct follower *row = now.row;

	if (!row)
		return;
	atomic_store(&row->kind, 0);
	row->err = err;
	snprintf(row->why, sizeof(row->why), "process %u, +0x%llx: %s", sys_probe_pid, (unsigned long long)w->place.offset, why);
	atomic_store(&row->id, w->id);
	atomic_store(&row->kind, w->kind);
}

static int get_prog(u32 id, const struct sprog **out)
{
	struct sobj *o;
	int err = sys_sobj_get_id(id, SKEP_SYS_PROG, &o);

	if (err)
		return err;
	/* The type is asked again: the file may have been changed. */
	err = sprog_of(o)->d.type == BPF_PROG_TYPE_KPROBE ? sys_prog_ready(sprog_of(o), NULL, 0, NULL) : -EINVAL;
	if (err)
		sys_sobj_put(o);
	else
		*out = sprog_of(o);
	return err;
}

static void put_prog(const struct sprog *p)
{
	sys_sobj_put((struct sobj *)(uintptr_t)&p->o);
}

static void count_ref(const struct active *a, int by)
{
	if (a->ref)
		__atomic_fetch_add(a->ref, (u16)by, __ATOMIC_SEQ_CST);
}

static int place(const struct wanted *w, const struct segment *s, struct active *a, char *why)
{
	struct skep_probe_spec spec = {.addr = a->addr, .text_lo = s->addr, .text_hi = s->addr + s->size, .arg = &a->run};
	int err = w->on_return && sys_module_returns_twice(a->addr) ? -EOPNOTSUPP : 0;

	if (err) {
		snprintf(why, SKEP_PROBE_WHY, "%s", "the function may return twice");
		return err;
	}
	err = get_prog(w->prog, &a->run.prog);

	if (err) {
		snprintf(why, SKEP_PROBE_WHY, "the program is refused");
		return err;
	}
	spec.text_id = w->dev ^ w->ino << 20 ^ 1;
	sys_module_function(a->addr, &spec.func_lo, &spec.func_hi);
	a->run.cookie = w->place.cookie;
	a->run.func = a->addr;
	spec.flags = w->on_return ? SKEP_PROBE_RETURN : 0;
	spec.fn = sys_prog_run_probe;
	if (a->run.prog->eng->plain) {
		spec.fn = sys_prog_run_plain;
		spec.flags |= SKEP_PROBE_PLAIN;
	}
	err = skep_probe_attach(&spec, &a->probe, why);
	if (err)
		put_prog(a->run.prog);
	else
		count_ref(a, 1);
	return err;
}

static struct active *find_active(const struct wanted *w, u64 addr)
{
	struct active *a = now.active;

	while (a && !(a->kind == w->kind && a->id == w->id && a->index == w->index && a->addr == addr))
		a = a->next;
	return a;
}

static void place_in(const struct wanted *w, const struct module *m)
{
	const struct segment *s = sys_module_segment(m, w->place.offset, true), *r;
	char why[SKEP_PROBE_WHY] = "no memory";
	struct active *a;
	int err;

	if (!s) {
		refuse(w, -EINVAL, "there is no code");
		return;
	}
	a = find_active(w, s->addr + (w->place.offset - s->offset));
	if (a) {
		a->seen = true;
		return;
	}
	a = calloc(1, sizeof(*a));
	if (!a) {
		refuse(w, -ENOMEM, why);
		return;
	}
	r = w->place.ref_ctr ? sys_module_segment(m, w->place.ref_ctr, false) : NULL;
	a->ref = r ? (u16 *)(uintptr_t)(r->addr + (w->place.ref_ctr - r->offset)) : NULL;
	a->kind = w->kind;
	a->id = w->id;
	a->index = w->index;
	a->run.pid = w->pid;
	a->addr = s->addr + (w->place.offset - s->offset);
	a->base = m->base;
	a->seen = true;
	err = place(w, s, a, why);
	if (err) {
		refuse(w, err, why);
		free(a);
		return;
	}
	a->next = now.active;
	now.active = a;
}

static bool mapped(const struct active *a)
{
	for (u32 k = 0; k < now.modules.n; k++)
		if (now.modules.v[k].base == a->base)
			return true;
	return false;
}

static void remove_unseen(void)
{
	for (struct active **link = &now.active; *link;) {
		struct active *a = *link;

		if (a->seen) {
			link = &a->next;
			continue;
		}
		*link = a->next;
		if (mapped(a)) {
			skep_probe_detach(a->probe);
			count_ref(a, -1);
		} else {
			skep_probe_forget(a->probe);
		}
		put_prog(a->run.prog);
		free(a);
	}
}

static void sync_now(void)
{
	read_wanted();
	if (!now.nwant && !now.active)
		return;
	sys_modules_read(&now.modules);
	now.changes = now.modules.changes;
	for (struct active *a = now.active; a; a = a->next)
		a->seen = false;
	for (u32 k = 0; k < now.nwant; k++)
		for (u32 m = 0; m < now.modules.n; m++)
			if (now.modules.v[m].dev == now.want[k].dev && now.modules.v[m].ino == now.want[k].ino)
				place_in(&now.want[k], &now.modules.v[m]);
	remove_unseen();
}

/* Is there something to do although nobody said so? */
static bool stale(void)
{
	if (now.nwant && sys_modules_changes() != now.changes)
		return true;
	for (u32 k = 0; k < now.nwant; k++) {
		const struct wanted *w = &now.want[k];

		if (!k || w->kind != w[-1].kind || w->id != w[-1].id)
			if (!sys_store_alive(w->kind, w->id) || (w->event && !sys_store_alive(SKEP_SYS_PERF, w->event)))
				return true;
	}
	return false;
}

/* --- the thread ------------------------------------------------------------------------------------ */

static struct follower *take_row(void)
{
	struct follower *row = sys_followers();

	for (u32 k = 0; row && k < NFOLLOWER; k++)
		if (sys_shlock_try(&row[k].lock) >= 0) {
			atomic_store(&row[k].kind, 0);
			atomic_store(&row[k].applied, sys_table_generation() - 1);
			atomic_store(&row[k].pid, (u32)getpid());
			return &row[k];
		}
	return NULL;
}

static void *run(void *arg)
{
	bool look = true;

	skep_probe_blocked++;
	prctl(PR_SET_NAME, "skep-probes");
	for (;;) {
		u32 gen = sys_table_generation();

		pthread_mutex_lock(&lock);
		sys_probe_pid = (u32)getpid();
		if (!now.row)
			now.row = take_row();
		look = look || (now.row && atomic_load(&now.row->applied) != gen) || stale();
		if (look)
			sync_now();
		if (now.row)
			atomic_store(&now.row->applied, gen);
		look = !now.row;
		pthread_mutex_unlock(&lock);
		sys_sobj_tidy();
		atomic_store(&first_done, 1);
		sys_table_wait(gen, now.nwant || look ? LOOK_MS : 0);
	}
	return NULL;
}

static int start(void)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;
	int err;

	if (pthread_attr_init(&attr))
		return -ENOMEM;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* The process's signals are not for it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&t, &attr, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err ? -EAGAIN : 0;
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	pthread_mutex_init(&lock, NULL);
	sys_probe_pid = (u32)getpid();
	now.row = NULL;
	if (start())
		atomic_store(&started, false);
}

static void add_fork_handlers(void)
{
	sys_whole_prepare();
	pthread_atfork(before_fork, in_parent, in_child);
}

static bool followed(void)
{
	struct follower *row = sys_followers();

	for (u32 k = 0; row && k < NFOLLOWER; k++)
		if (atomic_load(&row[k].pid) == (u32)getpid() && sys_follower_lives(&row[k]))
			return true;
	return false;
}

int skep_sys_follow(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *want = getenv("SKEP_PROBES");
	struct timespec nap = {0, 100000};
	int err;

	if (want && strcmp(want, "0") == 0)
		return 0;
	if (atomic_load(&started) || followed() || atomic_exchange(&started, true))
		return 0;
	if (!sys_followers()) {
		atomic_store(&started, false);
		return -ENOMEM;
	}
	pthread_once(&once, add_fork_handlers);
	err = start();
	if (err)
		atomic_store(&started, false);
	for (u32 k = 0; !err && !atomic_load(&first_done) && k < 50000; k++)
		nanosleep(&nap, NULL);
	return err;
}
