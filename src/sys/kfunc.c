/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel functions: loops over numbers, work queues, sections in which a kernel would not interrupt, leaving
 * by exception. A run is a reader of all maps while it lasts, and that of a program with such
 * sections has its processor to itself, so what would begin and end them has nothing to do here.
 */
#include "sys/kfunc.h"

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define PTR(x) ((void *)(uintptr_t)(x))

enum { LOOPS_MAX = 8 << 20 };

struct iter_num {
	s32 cur, end;
};

/* The first step makes `cur` the start. */
H(num_new)
{
	struct iter_num *it = PTR(a);
	s32 start = (s32)b, end = (s32)c;
	bool too_many = (s64)end - start > LOOPS_MAX;

	it->cur = it->end = 0;
	if (start > end)
		return ERR(EINVAL);
	if (too_many)
		return ERR(E2BIG);
	it->cur = (s32)((u32)start - 1);
	it->end = end;
	return 0;
}

H(num_next)
{
	struct iter_num *it = PTR(a);
	s32 next = (s32)((u32)it->cur + 1);

	if (next >= it->end) {
		it->cur = it->end = 0;
		return 0;
	}
	it->cur = next;
	return (u64)(uintptr_t)&it->cur;
}

H(num_destroy)
{
	struct iter_num *it = PTR(a);

	it->cur = it->end = 0;
	return 0;
}

H(nothing)
{
	return 0;
}

H(irq_save)
{
	*(u64 *)PTR(a) = 0;
	return 0;
}

H(wq_init)
{
	return (u64)(s64)sys_work_init(PTR(a), PTR(b), c);
}

H(wq_set_callback)
{
	return (u32)c ? ERR(EINVAL) : (u64)(s64)sys_timer_set_callback(PTR(a), b);
}

H(wq_start)
{
	return (u64)(s64)sys_work_start(PTR(a), b);
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct kfunc_row sys_kfunc_rows[] = {
	{"bpf_iter_num_new", HT_ANY, CALL(num_new)},
	{"bpf_iter_num_next", HT_ANY, CALL(num_next)},
	{"bpf_iter_num_destroy", HT_ANY, CALL(num_destroy)},
	{"bpf_rcu_read_lock", HT_ANY, CALL(nothing)},
	{"bpf_rcu_read_unlock", HT_ANY, CALL(nothing)},
	{"bpf_preempt_disable", HT_ANY, CALL(nothing)},
	{"bpf_preempt_enable", HT_ANY, CALL(nothing)},
	{"bpf_local_irq_save", HT_ANY, CALL(irq_save)},
	{"bpf_local_irq_restore", HT_ANY, CALL(nothing)},
	{"bpf_wq_init", HT_ANY, CALL(wq_init)},
	{"bpf_wq_set_callback_impl", HT_ANY, CALL(wq_set_callback)},
	{"bpf_wq_start", HT_ANY, CALL(wq_start)},
	{"bpf_throw", HT_ANY, {SKEP_ENG_THROW, NULL, 0}},
	{NULL, 0, CALL(NULL)},
};

bool sys_kfunc_owns_cpu(const char *name)
{
	return name && (strcmp(name, "bpf_preempt_disable") == 0 || strcmp(name, "bpf_local_irq_save") == 0);
}

const struct skep_eng_helper *sys_kfunc_find(u32 type, const char *name)
{
	static const struct kfunc_row *const tables[] = {
		sys_kfunc_rows, sys_kfunc_dynptr_rows, sys_kfunc_string_rows, sys_kfunc_object_rows,
		sys_kfunc_arena_rows};
	u8 want = sys_helper_types_of(type);

	for (u32 t = 0; name && t < SKEP_ARRAY_SIZE(tables); t++)
		for (const struct kfunc_row *r = tables[t]; r->name; r++)
			if ((r->types & want) && strcmp(r->name, name) == 0)
				return &r->h;
	return NULL;
}
