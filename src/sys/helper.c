/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers over this process: maps, rings, time, who and where, locks, loops. Arguments are
 * what the verifier proved them to be, so they are used as they are.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define MAP(x) ((struct smap *)(uintptr_t)(x))
#define PTR(x) ((void *)(uintptr_t)(x))

/* --- maps ------------------------------------------------------------------------------------------ */

H(lookup)
{
	struct smap *m = MAP(a);

	return m->ops->lookup ? (u64)(uintptr_t)m->ops->lookup(m, PTR(b)) : 0;
}

H(update)
{
	struct smap *m = MAP(a);

	return m->ops->update ? (u64)(s64)m->ops->update(m, PTR(b), PTR(c), d) : ERR(EOPNOTSUPP);
}

H(delete)
{
	struct smap *m = MAP(a);

	return m->ops->remove ? (u64)(s64)m->ops->remove(m, PTR(b)) : ERR(EOPNOTSUPP);
}

H(push)
{
	return MAP(a)->ops->push ? (u64)(s64)MAP(a)->ops->push(MAP(a), PTR(b), c) : ERR(EOPNOTSUPP);
}

H(pop)
{
	return MAP(a)->ops->pop ? (u64)(s64)MAP(a)->ops->pop(MAP(a), PTR(b), false) : ERR(EOPNOTSUPP);
}

H(peek)
{
	return MAP(a)->ops->pop ? (u64)(s64)MAP(a)->ops->pop(MAP(a), PTR(b), true) : ERR(EOPNOTSUPP);
}

H(lookup_percpu)
{
	return (u64)(uintptr_t)sys_percpu_value(MAP(a), PTR(b), (u32)c);
}

struct each {
	struct smap *m;
	u64 callback, ctx, n;
};

static int each_one(void *arg, const void *key, void *value)
{
	struct each *e = arg;
	u64 r = skep_eng_callback(e->callback, (u64)(uintptr_t)e->m, (u64)(uintptr_t)key, (u64)(uintptr_t)value, e->ctx, 0);

	e->n++;
	return r != 0 || skep_eng_current()->stop;
}

H(for_each)
{
	struct each one = {MAP(a), b, c, 0};
	struct smap *m = one.m;
	bool array = m->d.type == BPF_MAP_TYPE_ARRAY || m->d.type == BPF_MAP_TYPE_PERCPU_ARRAY;

	if (d)
		return ERR(EINVAL);
	if (!array) {
		sys_hash_for_each(m, each_one, &one);
		return one.n;
	}
	for (u32 k = 0; k < m->d.max_entries; k++) {
		u32 key = k;

		if (each_one(&one, &key, m->ops->lookup(m, &key)))
			break;
	}
	return one.n;
}

H(task)
{
	return sys_task_current();
}

H(task_get)
{
	return (u64)(uintptr_t)sys_task_storage_get(MAP(a), b, PTR(c), d);
}

H(task_delete)
{
	return (u64)(s64)sys_task_storage_delete(MAP(a), b);
}

/* No program has a socket, an inode or a cgroup. */
H(owner_get)
{
	return 0;
}

H(owner_delete)
{
	return ERR(EINVAL);
}

H(task_under_cgroup)
{
	return (u64)(s64)sys_cgroup_below(MAP(a), b, false);
}

H(skb_under_cgroup)
{
	return (u64)(s64)sys_cgroup_below(MAP(b), c, true);
}

H(cgroup_get)
{
	return (u64)(uintptr_t)sys_run_storage(MAP(a));
}

/* A pointer in a value for another one, which the value owns then. */
H(kptr_xchg)
{
	return __atomic_exchange_n((u64 *)PTR(a), b, __ATOMIC_ACQ_REL);
}

/* --- rings -------------------------------------------------------------------------------------------- */

H(rb_reserve)
{
	return c ? 0 : (u64)(uintptr_t)sys_ring_reserve(MAP(a), b);
}

H(rb_submit)
{
	sys_ring_commit(PTR(a), b, false);
	return 0;
}

H(rb_discard)
{
	sys_ring_commit(PTR(a), b, true);
	return 0;
}

H(rb_output)
{
	return (u64)(s64)sys_ring_output(MAP(a), PTR(b), c, d);
}

H(rb_query)
{
	return sys_ring_query(MAP(a), b);
}

H(rb_drain)
{
	return (u64)sys_ring_drain(MAP(a), b, c, d);
}

H(perf_out)
{
	struct srun *r = run_now();
	u32 more = (u32)((c & BPF_F_CTXLEN_MASK) >> 32);

	if (!r || !(r->skb || r->xdp)) {
		if (more)
			return ERR(EINVAL);
		return (u64)(s64)sys_perf_output(MAP(b), c, PTR(d), (u32)e, NULL, 0);
	}
	if (more > r->len)
		return ERR(EFAULT);
	return (u64)(s64)sys_perf_output(MAP(b), c & ~BPF_F_CTXLEN_MASK, PTR(d), (u32)e, r->buf + r->head, more);
}

/* --- time, randomness, who ---------------------------------------------------------------------------- */

static u64 clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

H(ktime)
{
	return clock_ns(CLOCK_MONOTONIC);
}

H(ktime_boot)
{
	return clock_ns(CLOCK_BOOTTIME);
}

H(ktime_coarse)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

H(ktime_tai)
{
	return clock_ns(CLOCK_TAI);
}

H(jiffies)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE) / 4000000;
}

H(prandom)
{
	struct sthread *t = &skep_sys_thread;

	if (!t->rand)
		t->rand = (clock_ns(CLOCK_MONOTONIC) ^ (u64)(uintptr_t)t) | 1;
	t->rand ^= t->rand << 13;
	t->rand ^= t->rand >> 7;
	t->rand ^= t->rand << 17;
	return (u32)(t->rand >> 16);
}

H(cpu)
{
	return skep_sys_thread.cpu;
}

H(numa)
{
	return 0;
}

H(pid_tgid)
{
	return (u64)getpid() << 32 | (u32)syscall(SYS_gettid);
}

H(uid_gid)
{
	return (u64)getgid() << 32 | getuid();
}

H(comm)
{
	char name[16] = "";
	u32 n = SKEP_MIN((u32)b, (u32)sizeof(name));

	prctl(PR_GET_NAME, name);
	memset(PTR(a), 0, (u32)b);
	memcpy(PTR(a), name, n);
	if (n)
		((char *)PTR(a))[(u32)b - 1] = 0;
	return 0;
}

H(cookie)
{
	const struct srun *r = run_now();

	return r ? r->cookie : 0;
}

/* The first instruction of the function that was entered or that returned. */
H(func_ip)
{
	const struct srun *r = run_now();

	return r ? r->func : 0;
}

H(zero)
{
	return 0;
}

H(set_retval)
{
	return ERR(EOPNOTSUPP);
}

/* --- locks and loops ------------------------------------------------------------------------------------- */

H(spin_lock)
{
	sys_word_lock(PTR(a));
	return 0;
}

H(spin_unlock)
{
	sys_word_unlock(PTR(a));
	return 0;
}

H(get_stackid)
{
	return (u64)sys_stack_id(PTR(b), c);
}

H(get_stack)
{
	return (u64)sys_stack_get(PTR(b), (u32)c, d);
}

H(timer_init_)
{
	return (u64)(s64)sys_timer_init(PTR(a), PTR(b), c);
}

H(timer_set_callback_)
{
	return (u64)(s64)sys_timer_set_callback(PTR(a), b);
}

H(timer_start_)
{
	return (u64)(s64)sys_timer_start(PTR(a), b, c);
}

H(timer_cancel_)
{
	return (u64)(s64)sys_timer_cancel(PTR(a));
}

H(loop)
{
	u32 n = (u32)a, k;

	if (d)
		return ERR(EINVAL);
	if (n > 8u << 20)
		return ERR(E2BIG);
	for (k = 0; k < n; k++) {
		u64 r = skep_eng_callback(b, k, c, 0, 0, 0);

		if (r || skep_eng_current()->stop)
			return k + 1;
	}
	return k;
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct helper_row sys_helper_rows[] = {
    {SKEP_FN_map_lookup_elem, HT_ANY, {SKEP_ENG_LOOKUP, lookup, 0}},
    {SKEP_FN_map_update_elem, HT_ANY, CALL(update)},
    {SKEP_FN_map_delete_elem, HT_ANY, CALL(delete)},
    {SKEP_FN_map_push_elem, HT_ANY, CALL(push)},
    {SKEP_FN_map_pop_elem, HT_ANY, CALL(pop)},
    {SKEP_FN_map_peek_elem, HT_ANY, CALL(peek)},
    {SKEP_FN_map_lookup_percpu_elem, HT_ANY, CALL(lookup_percpu)},
    {SKEP_FN_for_each_map_elem, HT_ANY, CALL(for_each)},
    {SKEP_FN_kptr_xchg, HT_ANY, CALL(kptr_xchg)},
    {SKEP_FN_get_current_task_btf, HT_ANY, CALL(task)},
    {SKEP_FN_get_current_task, HT_ANY, CALL(task)},
    {SKEP_FN_task_storage_get, HT_ANY, CALL(task_get)},
    {SKEP_FN_task_storage_delete, HT_ANY, CALL(task_delete)},
    {SKEP_FN_sk_storage_get, HT_ANY, CALL(owner_get)},
    {SKEP_FN_sk_storage_delete, HT_ANY, CALL(owner_delete)},
    {SKEP_FN_inode_storage_get, HT_ANY, CALL(owner_get)},
    {SKEP_FN_inode_storage_delete, HT_ANY, CALL(owner_delete)},
    {SKEP_FN_cgrp_storage_get, HT_ANY, CALL(owner_get)},
    {SKEP_FN_cgrp_storage_delete, HT_ANY, CALL(owner_delete)},
    {SKEP_FN_current_task_under_cgroup, HT_ANY, CALL(task_under_cgroup)},
    {SKEP_FN_skb_under_cgroup, HT_SKB, CALL(skb_under_cgroup)},
    {SKEP_FN_get_local_storage, HT_ANY, CALL(cgroup_get)},
    {SKEP_FN_ringbuf_reserve, HT_ANY, CALL(rb_reserve)},
    {SKEP_FN_ringbuf_submit, HT_ANY, CALL(rb_submit)},
    {SKEP_FN_ringbuf_discard, HT_ANY, CALL(rb_discard)},
    {SKEP_FN_ringbuf_output, HT_ANY, CALL(rb_output)},
    {SKEP_FN_ringbuf_query, HT_ANY, CALL(rb_query)},
    {SKEP_FN_user_ringbuf_drain, HT_ANY, CALL(rb_drain)},
    {SKEP_FN_perf_event_output, HT_ANY, CALL(perf_out)},
    {SKEP_FN_ktime_get_ns, HT_ANY, CALL(ktime)},
    {SKEP_FN_ktime_get_boot_ns, HT_ANY, CALL(ktime_boot)},
    {SKEP_FN_ktime_get_coarse_ns, HT_ANY, CALL(ktime_coarse)},
    {SKEP_FN_ktime_get_tai_ns, HT_ANY, CALL(ktime_tai)},
    {SKEP_FN_jiffies64, HT_ANY, CALL(jiffies)},
    {SKEP_FN_get_prandom_u32, HT_ANY, CALL(prandom)},
    {SKEP_FN_get_smp_processor_id, HT_ANY, CALL(cpu)},
    {SKEP_FN_get_numa_node_id, HT_ANY, CALL(numa)},
    {SKEP_FN_get_current_pid_tgid, HT_ANY, CALL(pid_tgid)},
    {SKEP_FN_get_current_uid_gid, HT_ANY, CALL(uid_gid)},
    {SKEP_FN_get_current_comm, HT_ANY, CALL(comm)},
    {SKEP_FN_get_attach_cookie, HT_ANY, CALL(cookie)},
    {SKEP_FN_get_func_ip, HT_ANY, CALL(func_ip)},
    {SKEP_FN_get_current_cgroup_id, HT_ANY, CALL(zero)},
    {SKEP_FN_get_retval, HT_ANY, CALL(zero)},
    {SKEP_FN_set_retval, HT_ANY, CALL(set_retval)},
    {SKEP_FN_get_stackid, HT_ANY, CALL(get_stackid)},
    {SKEP_FN_get_stack, HT_ANY, CALL(get_stack)},
    {SKEP_FN_timer_init, HT_ANY, CALL(timer_init_)},
    {SKEP_FN_timer_set_callback, HT_ANY, CALL(timer_set_callback_)},
    {SKEP_FN_timer_start, HT_ANY, CALL(timer_start_)},
    {SKEP_FN_timer_cancel, HT_ANY, CALL(timer_cancel_)},
    {SKEP_FN_spin_lock, HT_ANY, CALL(spin_lock)},
    {SKEP_FN_spin_unlock, HT_ANY, CALL(spin_unlock)},
    {SKEP_FN_loop, HT_ANY, CALL(loop)},
    {SKEP_FN_tail_call, HT_ANY, {SKEP_ENG_TAIL_CALL, NULL, 0}},
    {0},
};

static bool is_skb(u32 type)
{
	return type == BPF_PROG_TYPE_SOCKET_FILTER || type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT ||
	       type == BPF_PROG_TYPE_CGROUP_SKB || type == BPF_PROG_TYPE_LWT_IN || type == BPF_PROG_TYPE_LWT_OUT ||
	       type == BPF_PROG_TYPE_LWT_XMIT;
}

u8 sys_helper_types_of(u32 type)
{
	return HT_ANY | (is_skb(type) ? HT_SKB : 0) | (type == BPF_PROG_TYPE_XDP ? HT_XDP : 0);
}

const struct skep_eng_helper *sys_helper_find(u32 type, s64 id)
{
	static const struct helper_row *const tables[] = {sys_helper_rows, sys_helper_mem_rows, sys_helper_dynptr_rows, sys_helper_net_rows, sys_helper_sock_rows, sys_helper_out_rows};
	u8 want = sys_helper_types_of(type);

	for (u32 t = 0; id > 0 && t < SKEP_ARRAY_SIZE(tables); t++)
		for (const struct helper_row *r = tables[t]; r->id; r++)
			if (r->id == id && (r->types & want))
				return &r->h;
	return NULL;
}
