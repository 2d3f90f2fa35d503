/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running: for PROG_TEST_RUN (test_run.c), of an embedder, at probes. Around a run the thread is a reader of maps
 * and, when the program has values per processor, has a processor for itself.
 */
#include "sys/sys_impl.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PACKET_ROOM = 128 << 10 };

static pthread_key_t packet_key;
static pthread_once_t packet_once = PTHREAD_ONCE_INIT;

static void free_packet(void *p)
{
	munmap(p, PACKET_ROOM);
}

static void make_key(void)
{
	pthread_key_create(&packet_key, free_packet);
}

/* Contexts have 32 bits for the addresses of a packet's ends, so it lies low. */
u8 *sys_run_packet_memory(u32 *len)
{
	void *p;

	pthread_once(&packet_once, make_key);
	p = pthread_getspecific(packet_key);
	if (!p) {
#ifdef MAP_32BIT
		p = sys_map_pages(NULL, PACKET_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
#else
		p = sys_map_pages((void *)0x10000000, PACKET_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#endif
		if (p == MAP_FAILED)
			return NULL;
		if ((u64)(uintptr_t)p + PACKET_ROOM > UINT32_MAX) {
			munmap(p, PACKET_ROOM);
			return NULL;
		}
		pthread_setspecific(packet_key, p);
	}
	*len = PACKET_ROOM;
	return p;
}

void sys_run_sync(struct srun *r)
{
	u32 at = (u32)(uintptr_t)(r->buf + r->head);

	if (r->xdp) {
		struct xdp_md *x = (struct xdp_md *)r->ctx;

		x->data = at;
		x->data_end = at + r->len;
		x->data_meta = at - r->meta;
	} else {
		struct __sk_buff *s = (struct __sk_buff *)r->ctx;

		s->data = at;
		s->data_end = at + r->len;
		s->data_meta = at - r->meta;
		s->len = r->len;
	}
}

s64 sys_packet(u64 ctx, s64 off, u64 size)
{
	struct srun *r = run_now();
	const u8 *p;

	if (!r || !r->skb || off < 0 || (u64)off + size > r->len)
		return -1;
	p = r->buf + r->head + off;
	return size == 1 ? *p : size == 2 ? skep_get16(p, true) : skep_get32(p, true);
}

/* --- one run, many runs ---------------------------------------------------------------------------- */

static int begin(const struct sprog *p, struct srun *r)
{
	int err;

	if (p->owner && p->owner != (u32)getpid())
		return -EPERM;
	err = sys_reader_enter();
	if (err)
		return err;
	if (p->percpu) {
		err = sys_cpu_take();
		if (err) {
			sys_reader_leave();
			return err;
		}
	} else if (!skep_sys_thread.cpu_depth) {
		int cpu = sched_getcpu();

		skep_sys_thread.cpu = cpu < 0 ? 0 : (u32)cpu;
	}
	if (p->tails)
		for (u32 k = 0; k < p->nmap; k++)
			sys_prog_array_refresh(p->map[k]);
	skep_eng_run_init(&r->eng);
	return 0;
}

static void end(const struct sprog *p, struct srun *r)
{
	sys_ring_forget();
	sys_run_storage_drop(r);
	if (p->percpu)
		sys_cpu_drop();
	sys_reader_leave();
}

int sys_run_repeat(struct sprog *p, struct srun *r, void *ctx, u32 times, u32 *ret, u32 *each)
{
	struct srun *outer = skep_sys_thread.run;
	u64 from, ns;
	int err = begin(p, r);

	if (err)
		return err;
	r->prog = p;
	r->frame = (u64)(uintptr_t)__builtin_frame_address(0);
	skep_sys_thread.run = r;
	times = times ? times : 1;
	from = sys_stats_clock();
	for (u32 k = 0; k < times; k++) {
		r->eng.tails = 0;
		r->out.kind = SKEP_SYS_WAY_NONE;
		sys_ways_begin();
		*ret = (u32)skep_eng_run(p->eng, (u64)(uintptr_t)ctx, 0, &r->eng);
		if (r->eng.stop)
			break;
		sys_reader_renew(); /* what earlier turns took out may be used again */
	}
	ns = sys_stats_clock() - from;
	skep_sys_thread.run = outer;
	sys_ways_end(r, *ret); /* elements of maps are still there */
	end(p, r);
	*each = (u32)SKEP_MIN(ns / times, (u64)UINT32_MAX);
	sys_stats_count(p, times, ns);
	return r->eng.stop ? -EFAULT : 0;
}

int sys_callback_begin(const struct sprog *p, struct srun *r)
{
	int err;

	memset(r, 0, sizeof(*r));
	skep_probe_blocked++;
	err = begin(p, r);
	if (err)
		skep_probe_blocked--;
	r->prog = p;
	return err;
}

void sys_callback_run(struct srun *r, u64 func, u64 a, u64 b, u64 c)
{
	struct srun *outer = skep_sys_thread.run;

	skep_sys_thread.run = r;
	skep_eng_enter(&r->eng, r->prog->eng);
	skep_eng_callback(func, a, b, c, 0, 0);
	skep_eng_leave(&r->eng);
	skep_sys_thread.run = outer;
}

void sys_callback_end(struct srun *r)
{
	end(r->prog, r);
	skep_probe_blocked--;
}

struct skep_sys_prog *skep_sys_prog_get(int fd)
{
	struct sobj *o;
	int err = sys_sobj_get(fd, SKEP_SYS_PROG, &o);

	if (!err) {
		err = sys_prog_ready(sprog_of(o), NULL, 0, NULL);
		if (err)
			sys_sobj_put(o);
		else
			sys_prog_keep(sprog_of(o));
	}
	errno = -err;
	return err ? NULL : (struct skep_sys_prog *)sprog_of(o);
}

void skep_sys_prog_put(struct skep_sys_prog *p)
{
	sys_prog_unkeep(&p->p);
	sys_sobj_put(&p->p.o);
}

int sys_prog_run_once(const struct sprog *p, void *ctx, u64 cookie, u64 *ret)
{
	struct srun r = {0}, *outer = skep_sys_thread.run;
	u64 from;
	int err;

	skep_probe_blocked++;
	err = begin(p, &r);
	if (err) {
		skep_probe_blocked--;
		return err;
	}
	r.prog = p;
	r.ctx = ctx;
	r.cookie = cookie;
	r.frame = (u64)(uintptr_t)__builtin_frame_address(0);
	skep_sys_thread.run = &r;
	from = sys_stats_on() ? sys_stats_clock() : 0;
	*ret = skep_eng_run(p->eng, (u64)(uintptr_t)ctx, 0, &r.eng);
	sys_stats_count(p, 1, from ? sys_stats_clock() - from : 0);
	skep_sys_thread.run = outer;
	end(p, &r);
	skep_probe_blocked--;
	return r.eng.stop ? -EFAULT : 0;
}

u64 sys_prog_run_event(const struct skep_sys_prog *p, void *ctx, u64 cookie)
{
	u64 ret;

	return sys_prog_run_once(&p->p, ctx, cookie, &ret) ? 0 : ret;
}

u64 skep_sys_prog_run(const struct skep_sys_prog *p, void *ctx)
{
	return sys_prog_run_event(p, ctx, 0);
}

void sys_prog_run_probe(void *arg, struct skep_probe_regs *regs)
{
	const struct probe_run *p = arg;
	struct srun r;
	u64 from;
	int state;

	memset(&r, 0, offsetof(struct srun, eng)); /* the rest is begin()'s */
	if ((p->pid && p->pid != sys_probe_pid) || begin(p->prog, &r))
		return;
	/* The thread may be cancelled while it waits in a helper: not here, where nothing can be unwound. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r.prog = p->prog;
	r.ctx = (u8 *)regs;
	r.cookie = p->cookie;
	r.func = p->func;
	skep_sys_thread.run = &r;
	from = sys_stats_on() ? sys_stats_clock() : 0;
	skep_eng_run(p->prog->eng, (u64)(uintptr_t)regs, 0, &r.eng);
	if (from) /* otherwise not even counted: it would cost as much as the rest */
		sys_stats_count(p->prog, 1, sys_stats_clock() - from);
	skep_sys_thread.run = NULL;
	end(p->prog, &r);
	pthread_setcancelstate(state, NULL);
}
