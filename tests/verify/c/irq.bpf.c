/* SPDX-License-Identifier: BSD-2-Clause */
/* Saved interrupt flags, and resilient locks in values of maps. */
#include "cases.h"

struct bpf_res_spin_lock {
	u32 val;
};

struct locked {
	u32 n, m;
	struct bpf_res_spin_lock lock;
};
ARRAY_OF(struct locked, values);
ARRAY_OF(struct locked, others);

extern void bpf_local_irq_save(unsigned long *flags__irq_flag) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags__irq_flag) __ksym;
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __ksym;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) __ksym;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags__irq_flag) __ksym;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock,
					   unsigned long *flags__irq_flag) __ksym;

ACCEPT("tc", saved_and_restored)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

REJECT("irq", "tc", not_restored)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	return 0;
}

REJECT("irq", "tc", not_restored_on_one_path)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	if (bpf_get_prandom_u32() > 7)
		return 0;
	bpf_local_irq_restore(&flags);
	return 0;
}

REJECT("irq-flag", "tc", not_saved)
{
	unsigned long flags = 0;

	hide(flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

REJECT("irq-flag", "tc", restored_twice)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

REJECT("irq-flag", "tc", saved_twice_in_one_place)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

ACCEPT("tc", nested)
{
	unsigned long outer, inner;

	bpf_local_irq_save(&outer);
	bpf_local_irq_save(&inner);
	bpf_local_irq_restore(&inner);
	bpf_local_irq_restore(&outer);
	return 0;
}

REJECT("irq-order", "tc", out_of_order)
{
	unsigned long outer, inner;

	bpf_local_irq_save(&outer);
	bpf_local_irq_save(&inner);
	bpf_local_irq_restore(&outer);
	bpf_local_irq_restore(&inner);
	return 0;
}

REJECT("irq", "tc", flag_overwritten)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	*(volatile unsigned long *)&flags = 0;
	return 0;
}

REJECT("irq-flag", "tc", flag_not_on_the_stack)
{
	struct locked *v = first(&values);

	if (v)
		bpf_local_irq_save((unsigned long *)v);
	return 0;
}

static __attribute__((noinline)) void save_for_caller(unsigned long *flags)
{
	bpf_local_irq_save(flags);
}

ACCEPT("tc", saved_in_a_function)
{
	unsigned long flags;

	save_for_caller(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

REJECT("irq-sleep", "syscall", sleeps_with_interrupts_off)
{
	unsigned long flags;
	u32 n = 0;

	bpf_local_irq_save(&flags);
	bpf_copy_from_user(&n, sizeof(n), (void *)8);
	bpf_local_irq_restore(&flags);
	return 0;
}

ACCEPT("tc", lock_taken_or_not)
{
	struct locked *v = first(&values);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

REJECT("res-lock", "tc", result_not_tested)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	bpf_res_spin_lock(&v->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

REJECT("res-lock", "tc", lock_not_released)
{
	struct locked *v = first(&values);

	if (v)
		bpf_res_spin_lock(&v->lock);
	return 0;
}

REJECT("res-lock", "tc", released_when_taking_failed)
{
	struct locked *v = first(&values);

	if (!v)
		return 0;
	if (bpf_res_spin_lock(&v->lock))
		bpf_res_spin_unlock(&v->lock);
	return 0;
}

REJECT("res-lock", "tc", same_lock_twice)
{
	struct locked *v = first(&values);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	if (!bpf_res_spin_lock(&v->lock))
		bpf_res_spin_unlock(&v->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", two_locks)
{
	struct locked *v = first(&values), *o = first(&others);

	if (!v || !o || bpf_res_spin_lock(&v->lock))
		return 0;
	if (!bpf_res_spin_lock(&o->lock))
		bpf_res_spin_unlock(&o->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

REJECT("res-lock", "tc", two_locks_out_of_order)
{
	struct locked *v = first(&values), *o = first(&others);

	if (!v || !o || bpf_res_spin_lock(&v->lock))
		return 0;
	if (bpf_res_spin_lock(&o->lock)) {
		bpf_res_spin_unlock(&v->lock);
		return 0;
	}
	bpf_res_spin_unlock(&v->lock);
	bpf_res_spin_unlock(&o->lock);
	return 0;
}

REJECT("res-lock", "tc", call_with_lock)
{
	struct locked *v = first(&values);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	bpf_get_prandom_u32();
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

ACCEPT("tc", lock_and_flag)
{
	struct locked *v = first(&values);
	unsigned long flags;

	if (!v || bpf_res_spin_lock_irqsave(&v->lock, &flags))
		return 0;
	v->n++;
	bpf_res_spin_unlock_irqrestore(&v->lock, &flags);
	return 0;
}

REJECT("res-lock", "tc", flag_left_by_unlock)
{
	struct locked *v = first(&values);
	unsigned long flags;

	if (!v || bpf_res_spin_lock_irqsave(&v->lock, &flags))
		return 0;
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

REJECT("irq-flag", "tc", flag_of_another_kind)
{
	struct locked *v = first(&values);
	unsigned long flags, plain;

	if (!v)
		return 0;
	bpf_local_irq_save(&plain);
	if (bpf_res_spin_lock_irqsave(&v->lock, &flags)) {
		bpf_local_irq_restore(&plain);
		return 0;
	}
	bpf_res_spin_unlock_irqrestore(&v->lock, &plain);
	return 0;
}

REJECT("lock-field", "tc", lock_read)
{
	struct locked *v = first(&values);

	return v ? *(volatile u32 *)&v->lock : 0;
}

REJECT("res-lock-arg", "tc", not_a_lock)
{
	struct locked *v = first(&values);

	if (v && !bpf_res_spin_lock((struct bpf_res_spin_lock *)v))
		bpf_res_spin_unlock((struct bpf_res_spin_lock *)v);
	return 0;
}
