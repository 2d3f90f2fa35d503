/* SPDX-License-Identifier: BSD-2-Clause */
/* Work queues and work for a task: functions that run later, where they may sleep. */
#include "cases.h"

struct bpf_wq {
	u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_task_work {
	u64 __opaque;
} __attribute__((aligned(8)));
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct bpf_map {
	u32 id;
} __attribute__((preserve_access_index));

struct queued {
	u64 n;
	struct bpf_wq wq;
};
struct tasked {
	u64 n;
	struct bpf_task_work tw;
};
ARRAY_OF(struct queued, values);
ARRAY_OF(struct queued, others);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct tasked);
} tasks SEC(".maps"), other_tasks SEC(".maps");

extern int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int(callback_fn)(void *map, int *key, void *value),
				    unsigned int flags, void *aux__ign) __ksym;
extern int bpf_task_work_schedule_signal_impl(struct task_struct *task, struct bpf_task_work *tw, void *map__map,
					      int(callback)(struct bpf_map *map, void *key, void *value),
					      void *aux__prog) __ksym;
extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *tw, void *map__map,
					      int(callback)(struct bpf_map *map, void *key, void *value),
					      void *aux__prog) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags) __ksym;

#define on_queue(wq, f) bpf_wq_set_callback_impl(wq, f, 0, NULL)

static int runs(void *map, int *key, void *value)
{
	struct queued *v = value;

	v->n++;
	return 0;
}

static int runs_with_1(void *map, int *key, void *value)
{
	return 1;
}

static int runs_and_sleeps(void *map, int *key, void *value)
{
	u64 n = 0;

	bpf_copy_from_user(&n, sizeof(n), (void *)8);
	return 0;
}

static int runs_and_sleeps_under_rcu(void *map, int *key, void *value)
{
	u64 n = 0;

	bpf_rcu_read_lock();
	bpf_copy_from_user(&n, sizeof(n), (void *)8);
	bpf_rcu_read_unlock();
	return 0;
}

static int runs_and_writes_the_queue(void *map, int *key, void *value)
{
	struct queued *v = value;

	*(volatile u64 *)&v->wq = 0;
	return 0;
}

static int runs_beyond(void *map, int *key, void *value)
{
	struct queued *v = value;

	(&v->n)[3] = 0;
	return 0;
}

static int runs_again(void *map, int *key, void *value)
{
	struct queued *v = value;

	bpf_wq_start(&v->wq, 0);
	return 0;
}

static int runs_and_sets(void *map, int *key, void *value)
{
	struct queued *v = value;

	on_queue(&v->wq, runs);
	return 0;
}

#define BEGIN()                                                                                    \
	struct queued *v = first(&values);                                                         \
                                                                                                   \
	if (!v)                                                                                    \
		return 0

ACCEPT("tc", started)
{
	BEGIN();
	bpf_wq_init(&v->wq, &values, 0);
	on_queue(&v->wq, runs);
	bpf_wq_start(&v->wq, 0);
	return 0;
}

REJECT("callback-return", "tc", callback_returns_1)
{
	BEGIN();
	on_queue(&v->wq, runs_with_1);
	return 0;
}

ACCEPT("tc", callback_sleeps)
{
	BEGIN();
	on_queue(&v->wq, runs_and_sleeps);
	return 0;
}

REJECT("sleep", "tc", callback_sleeps_under_rcu)
{
	BEGIN();
	on_queue(&v->wq, runs_and_sleeps_under_rcu);
	return 0;
}

/* What may sleep is only the callback. */
REJECT("sleep", "tc", program_sleeps)
{
	u64 n = 0;

	BEGIN();
	on_queue(&v->wq, runs_and_sleeps);
	bpf_copy_from_user(&n, sizeof(n), (void *)8);
	return 0;
}

REJECT("wq-field", "tc", callback_writes_the_queue)
{
	BEGIN();
	on_queue(&v->wq, runs_and_writes_the_queue);
	return 0;
}

REJECT("map-bounds", "tc", callback_writes_beyond)
{
	BEGIN();
	on_queue(&v->wq, runs_beyond);
	return 0;
}

ACCEPT("tc", callback_starts_again)
{
	BEGIN();
	on_queue(&v->wq, runs_again);
	return 0;
}

ACCEPT("tc", callback_sets_another)
{
	BEGIN();
	on_queue(&v->wq, runs_and_sets);
	return 0;
}

REJECT("wq-field", "tc", map_of_another)
{
	BEGIN();
	bpf_wq_init(&v->wq, &others, 0);
	return 0;
}

REJECT("wq-field", "tc", not_the_queue)
{
	BEGIN();
	bpf_wq_init((struct bpf_wq *)&v->n, &values, 0);
	return 0;
}

REJECT("wq-field", "tc", queue_on_the_stack)
{
	struct bpf_wq wq = {};

	bpf_wq_start(&wq, 0);
	return 0;
}

REJECT("null", "tc", perhaps_null)
{
	u32 key = 9;
	struct queued *v = bpf_map_lookup_elem(&values, &key);

	bpf_wq_start(&v->wq, 0);
	return 0;
}

REJECT("wq-field", "tc", queue_read)
{
	BEGIN();
	return (int)*(volatile u64 *)&v->wq;
}

REJECT("wq-field", "tc", no_function)
{
	BEGIN();
	on_queue(&v->wq, NULL);
	return 0;
}

ACCEPT("tc", of_the_other_map)
{
	struct queued *v = first(&others);

	if (!v)
		return 0;
	bpf_wq_init(&v->wq, &others, 0);
	on_queue(&v->wq, runs);
	return 0;
}

REJECT("timer-type", "kprobe/do_nanosleep", in_a_probe)
{
	BEGIN();
	bpf_wq_start(&v->wq, 0);
	return 0;
}

/* --- for a task ----------------------------------------------------------------------------- */

static int works(struct bpf_map *map, void *key, void *value)
{
	struct tasked *v = value;

	v->n++;
	return 0;
}

static int works_with_1(struct bpf_map *map, void *key, void *value)
{
	return 1;
}

static int works_and_sleeps(struct bpf_map *map, void *key, void *value)
{
	u64 n = 0;

	bpf_copy_from_user(&n, sizeof(n), (void *)8);
	return 0;
}

static int works_beyond(struct bpf_map *map, void *key, void *value)
{
	struct tasked *v = value;

	(&v->n)[2] = 0;
	return 0;
}

#define TASK(map)                                                                                  \
	u32 key = 0;                                                                               \
	struct tasked *v = bpf_map_lookup_elem(&map, &key);                                        \
	struct task_struct *t = bpf_get_current_task_btf();                                        \
                                                                                                   \
	if (!v)                                                                                    \
		return 0

ACCEPT("kprobe/do_nanosleep", scheduled)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, &v->tw, &tasks, works, NULL);
	return 0;
}

ACCEPT("kprobe/do_nanosleep", scheduled_to_resume)
{
	TASK(tasks);
	bpf_task_work_schedule_resume_impl(t, &v->tw, &tasks, works, NULL);
	return 0;
}

ACCEPT("kprobe/do_nanosleep", scheduled_to_sleep)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, &v->tw, &tasks, works_and_sleeps, NULL);
	return 0;
}

ACCEPT("kprobe/do_nanosleep", scheduled_returns_1)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, &v->tw, &tasks, works_with_1, NULL);
	return 0;
}

REJECT("map-bounds", "kprobe/do_nanosleep", scheduled_writes_beyond)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, &v->tw, &tasks, works_beyond, NULL);
	return 0;
}

REJECT("wq-field", "kprobe/do_nanosleep", scheduled_with_another_map)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, &v->tw, &other_tasks, works, NULL);
	return 0;
}

REJECT("wq-field", "kprobe/do_nanosleep", scheduled_on_something_else)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, (struct bpf_task_work *)&v->n, &tasks, works, NULL);
	return 0;
}

REJECT("kfunc-arg", "kprobe/do_nanosleep", scheduled_without_task)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(NULL, &v->tw, &tasks, works, NULL);
	return 0;
}

static int works_with_any(struct bpf_map *map, void *key, void *value)
{
	return bpf_get_prandom_u32();
}

REJECT("callback-return", "kprobe/do_nanosleep", scheduled_returns_any)
{
	TASK(tasks);
	bpf_task_work_schedule_signal_impl(t, &v->tw, &tasks, works_with_any, NULL);
	return 0;
}

struct inner_queued {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct queued);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct inner_queued);
} outer SEC(".maps");

ACCEPT("tc", of_an_inner_map)
{
	u32 key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);
	struct queued *v = map ? bpf_map_lookup_elem(map, &key) : NULL;

	if (!v)
		return 0;
	bpf_wq_init(&v->wq, map, 0);
	on_queue(&v->wq, runs);
	return 0;
}

REJECT("wq-field", "tc", of_another_inner_map)
{
	u32 key = 0, next = 1;
	void *map = bpf_map_lookup_elem(&outer, &key), *other = bpf_map_lookup_elem(&outer, &next);
	struct queued *v = map ? bpf_map_lookup_elem(map, &key) : NULL;

	if (v && other)
		bpf_wq_init(&v->wq, other, 0);
	return 0;
}

/* Who hands over what sleeps counts as one that may sleep. */
__noinline int hands_over(int n)
{
	struct queued *v = first(&values);

	if (v)
		on_queue(&v->wq, runs_and_sleeps);
	return n;
}

REJECT("sleep", "tc", handed_over_in_a_global_function)
{
	return hands_over(1);
}
