/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs: PROG_LOAD writes a file with the instructions (maps by index into a list of ids),
 * records and licence; whoever runs the program reads the file, checks it, verifies the
 * program (prog_verify.c) and compiles it (prog_compile.c). The copy in memory is private, so what
 * runs is what was verified.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"
#include "btf/btf.h"
#include "sys/arena.h"
#include "sys/prog.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS_MAX = 1000000, MAPS_MAX = 64 };

/* --- the file ------------------------------------------------------------------------------------- */

static u64 align8(u64 n)
{
	return (n + 7) & ~7ull;
}

struct parts {
	u64 map, code, func, line, license, end;
};

static struct parts parts_of(const struct phead *d)
{
	struct parts p;

	p.map = 0;
	p.code = align8(4 * (u64)d->nmap);
	p.func = p.code + 8 * (u64)d->slots;
	p.line = p.func + align8((u64)d->nfunc * sizeof(struct skep_func_rec));
	p.license = p.line + align8((u64)d->nline * sizeof(struct skep_line_rec));
	p.end = p.license + d->license_len + 1;
	return p;
}

static void prog_refers(struct sobj *o, void (*to)(struct sobj *))
{
	const struct sprog *p = sprog_of(o);

	for (u32 k = 0; k < p->nmap; k++)
		to(&p->map[k]->o);
	if (p->types)
		to(p->types);
}

static void release_prog(struct sobj *o)
{
	struct sprog *p = sprog_of(o);

	prog_refers(o, sys_sobj_put);
	p->nmap = 0;
	p->types = NULL;
}

/* Once it is ready, or refused, nothing changes. */
static bool freeze_prog(struct sobj *o)
{
	struct sprog *p = sprog_of(o);
	bool done = atomic_load(&p->ready) != 0;

	o->locked = !done && pthread_mutex_trylock(&p->lock) == 0;
	return done || o->locked;
}

static void thaw_prog(struct sobj *o)
{
	if (o->locked)
		pthread_mutex_unlock(&sprog_of(o)->lock);
}

/* What took long to verify is not thrown away while somebody may run it. */
static bool prog_may_go(const struct sobj *o)
{
	return atomic_load(&sprog_of((struct sobj *)(uintptr_t)o)->ready) <= 0;
}

static void free_prog(struct sobj *o)
{
	struct sprog *p = sprog_of(o);

	skep_jit_gdb_remove(p->symbols);
	skep_eng_free(p->eng);
	if (p->keeper)
		munmap(p->keeper, PAGE);
	if (p->h)
		munmap((void *)((uintptr_t)p->h & ~(uintptr_t)(PAGE - 1)), PAGE);
	free(p->map);
	free(p->mem);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static const struct sobj_ops prog_ops = {.freeze = freeze_prog,
					 .thaw = thaw_prog,
					 .refers = prog_refers,
					 .may_go = prog_may_go,
					 .release = release_prog,
					 .free = free_prog};

static int read_parts(struct sprog *p, int fd, const struct fhead *f)
{
	struct parts at = parts_of(&p->d);

	if (!p->d.slots || p->d.slots > SLOTS_MAX || p->d.nmap > MAPS_MAX || p->d.nfunc > p->d.slots || p->d.nline > p->d.slots ||
	    p->d.license_len > 128 || at.end > f->size)
		return -EINVAL;
	p->mem = malloc(at.end + 1);
	if (!p->mem)
		return -ENOMEM;
	if (pread(fd, p->mem, at.end, 0) != (ssize_t)at.end)
		return -EIO;
	p->mem[at.end - 1] = 0;
	p->len = at.end;
	p->map_id = (const u32 *)(p->mem + at.map);
	p->code = p->mem + at.code;
	p->func = p->mem + at.func;
	p->line = p->mem + at.line;
	p->license = (const char *)p->mem + at.license;
	return 0;
}

int sys_sprog_open(int fd, const struct fhead *f, struct sobj **out)
{
	struct sprog *p = calloc(1, sizeof(*p));
	void *page;
	int err;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	memcpy(&p->d, f->more, sizeof(p->d));
	memcpy(p->name, f->name, sizeof(p->name) - 1);
	p->born = f->born;
	p->boot = f->boot;
	p->o.ops = &prog_ops;
	err = read_parts(p, fd, f);
	if (!err)
		err = sys_map_file(fd, f->size, PAGE, &page);
	if (err) {
		sys_sobj_free(&p->o);
		return err;
	}
	p->h = (struct phead *)((struct fhead *)page)->more;
	*out = &p->o;
	return 0;
}

static void lock_prog(struct sprog *p)
{
	sys_whole_begin();
	pthread_mutex_lock(&p->lock);
}

static void unlock_prog(struct sprog *p)
{
	pthread_mutex_unlock(&p->lock);
	sys_whole_end();
}

/* A mapping that was made with the descriptor of an object keeps it in the store, as that does. */
void sys_prog_keep(struct sprog *p)
{
	void *at;
	int fd;

	lock_prog(p);
	if (!p->kept++) {
		fd = sys_store_open(SKEP_SYS_PROG, p->o.id, O_RDONLY);
		at = fd < 0 ? MAP_FAILED : sys_map_pages(NULL, PAGE, PROT_NONE, MAP_SHARED, fd, 0);
		p->keeper = at == MAP_FAILED ? NULL : at;
		if (fd >= 0)
			close(fd);
	}
	unlock_prog(p);
}

void sys_prog_unkeep(struct sprog *p)
{
	lock_prog(p);
	if (!--p->kept && p->keeper) {
		munmap(p->keeper, PAGE);
		p->keeper = NULL;
	}
	unlock_prog(p);
}

/* --- ready to run ------------------------------------------------------------------------------------ */

/* All programs that tail-call through an array are of one type. */
static bool same_callers(const struct sprog *p, struct smap *m)
{
	u32 seen = 0;

	return atomic_compare_exchange_strong(&m->prog_type, &seen, p->d.type) || seen == p->d.type;
}

static int own_objects(struct sprog *p, struct skep_buf *log)
{
	for (u32 k = 0; k < p->nmap; k++) {
		struct smap *m = p->map[k];
		int err;

		if (!m || !m->objects)
			continue;
		err = sys_map_own(m);
		if (err == -EBUSY && log)
			skep_buf_printf(log, "map %s has objects of process %u, which still runs\n", m->name, m->h->owner);
		if (err)
			return err;
		p->owner = (u32)getpid();
	}
	return 0;
}

/* It takes part in the program from here on, but for the programs that it may call. */
static int use_map(struct sprog *p, struct smap *m)
{
	u32 type = m->d.type;

	if (sys_map_percpu(type) || m->d.inner || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		p->percpu = true;
	if (type == SKEP_MAP_ARENA)
		p->arena = m;
	if (type == BPF_MAP_TYPE_PROG_ARRAY && !same_callers(p, m))
		return -EINVAL;
	if (type == BPF_MAP_TYPE_PROG_ARRAY)
		p->tails = p->percpu = true; /* of those that it may call nothing is known */
	return sys_map_fix(m);
}

/* Goes on where it was given up the last time. */
static int open_maps(struct sprog *p)
{
	if (!p->map)
		p->map = calloc(p->d.nmap + 1, sizeof(*p->map));
	if (!p->map)
		return -ENOMEM;
	while (p->nmap < p->d.nmap) {
		struct sobj *o;
		int err = sys_sobj_get_id(p->map_id[p->nmap], SKEP_SYS_MAP, &o);

		if (!err && (err = use_map(p, smap_of(o))))
			sys_sobj_put(o);
		if (err)
			return err;
		p->map[p->nmap++] = smap_of(o);
	}
	return 0;
}

/* Addresses in it are constants of the program. */
static int place_arena(struct sprog *p, struct skep_buf *log)
{
	u64 bytes;

	if (!p->arena)
		return 0;
	if (!sys_arena_start(p->arena, &bytes)) {
		if (log)
			skep_buf_printf(
				log,
				"arena %s has no place in user space: map_extra or mmap(2) gives it one\n",
				p->arena->name);
		return -EINVAL;
	}
	p->arena_use = calloc(p->d.slots, 1);
	return p->arena_use ? 0 : -ENOMEM;
}

int sys_prog_ready(struct sprog *p, struct skep_buf *log, u32 level, u32 *insns)
{
	int ready = atomic_load(&p->ready);

	if (ready)
		return ready > 0 ? 0 : ready;
	lock_prog(p);
	ready = atomic_load(&p->ready);
	if (!ready) {
		ready = open_maps(p);
		if (!ready)
			ready = own_objects(p, log);
		if (!ready)
			ready = place_arena(p, log);
		if (!ready)
			ready = sys_prog_know_kernel(p, log);
		if (!ready)
			ready = sys_prog_verify(p, log, level, insns);
		if (!ready)
			ready = sys_prog_compile(p, log);
		free(p->arena_use);
		p->arena_use = NULL;
		if (!ready) {
			sys_announce(p);
			ready = 1;
		}
		/* Memory may be there the next time; who owns its objects may end. */
		if (!sys_err_passes(ready))
			atomic_store(&p->ready, ready);
	}
	unlock_prog(p);
	return ready > 0 ? 0 : ready;
}

int sys_prog_bind(struct sprog *p, u32 map)
{
	for (u32 k = 0; k < p->d.nmap; k++)
		if (p->map_id[k] == map)
			return 0;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(p->h->bound); k++) {
		u32 none = 0;

		if (__atomic_compare_exchange_n(&p->h->bound[k], &none, map, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
		    none == map)
			return 0;
	}
	return -ENOSPC;
}
