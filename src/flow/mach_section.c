/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sections that functions open and close: RCU, preemption, saved interrupt flags, resilient
 * locks. A flag lies in 8 bytes of stack that only the functions touch that save and restore
 * it; flags are restored in the opposite order of their being saved, by a function of the kind
 * that saved them. Taking a resilient lock may fail: two ways. Several may be held, each once;
 * the last one is released first.
 */
#include "flow/mach_impl.h"

enum { FLAG_PLAIN = 1, FLAG_OF_LOCK };
enum { MAX_ERRNO = 4095 };

static const struct skep_critical functions[] = {
	{"bpf_local_irq_save", false, FLAG_PLAIN, true},
	{"bpf_local_irq_restore", false, FLAG_PLAIN, false},
	{"bpf_res_spin_lock", true, 0, true},
	{"bpf_res_spin_unlock", true, 0, false},
	{"bpf_res_spin_lock_irqsave", true, FLAG_OF_LOCK, true},
	{"bpf_res_spin_unlock_irqrestore", true, FLAG_OF_LOCK, false},
};

const struct skep_critical *skep_critical_find(const char *kfunc)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(functions); k++)
		if (strcmp(functions[k].name, kfunc) == 0)
			return &functions[k];
	return NULL;
}

/* --- flags ------------------------------------------------------------------------------- */

static struct skep_vrefs *last_flag(struct skep_vstate *st)
{
	for (u32 k = st->nref; k--;)
		if (st->ref[k].kind == SKEP_REFK_IRQ)
			return &st->ref[k];
	return NULL;
}

bool skep_irqs_off(const struct skep_vstate *st)
{
	for (u32 k = 0; k < st->nref; k++)
		if (st->ref[k].kind == SKEP_REFK_IRQ)
			return true;
	return false;
}

static struct skep_vslot *flag_slot(struct skep_mach *m, struct skep_vstate *st,
				    const struct skep_vreg *p)
{
	struct skep_vframe *fr = st->frame[p->frame];

	m->func[fr->func].depth = SKEP_MAX(m->func[fr->func].depth, (u32)-p->off);
	return skep_vslot(m, fr, skep_slot_of(p->off));
}

int skep_irq_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
		 const struct skep_critical *f)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vrefs *last = last_flag(st);
	const struct skep_vslot *s;

	if (p->type != SKEP_VT_STACK || !skep_vreg_fixed(p) || p->off % 8 || p->off > -8 ||
	    p->off < -SKEP_STACK)
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
				  "argument %u of %s() is %s; 8 bytes of the stack are needed", reg,
				  f->name, skep_vreg_what(p));
	s = flag_slot(m, st, p);
	if (f->enter)
		return skep_vbyte_special(s->byte[0])
			       ? skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
					    "the place of the flag is in use")
			       : 0;
	skep_slot_read(m, st, p->frame, skep_slot_of(p->off));
	if (s->byte[0] != SKEP_VB_IRQ || s->reg->aux != f->flag)
		return skep_fault(m, st, SKEP_RULE_DYNPTR, REG(reg),
				  "no flag that %s() restores was saved there", f->name);
	if (!last || last->id != s->reg->ref)
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "flags are restored in the opposite order");
	return 0;
}

static void save_flag(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p,
		      u8 flag)
{
	struct skep_vslot *s = flag_slot(m, st, p);
	u32 id = ++m->ids;

	skep_ref_add(m, st, id, SKEP_REFK_IRQ);
	memset(s->byte, SKEP_VB_IRQ, 8);
	skep_vreg_pointer(skep_vslot_reg(m, s), SKEP_VT_DYNPTR, st->at);
	s->reg->aux = flag;
	s->reg->ref = id;
	skep_slot_written(m, p->frame, skep_slot_of(p->off));
}

static void restore_flag(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *p)
{
	struct skep_vslot *s = flag_slot(m, st, p);

	skep_ref_drop(st, s->reg->ref);
	memset(s->byte, SKEP_VB_NONE, 8);
	skep_slot_written(m, p->frame, skep_slot_of(p->off));
}

/* --- locks -------------------------------------------------------------------------------- */

static u8 kind_of(const struct skep_critical *f)
{
	return f->flag ? SKEP_REFK_RES_LOCK_IRQ : SKEP_REFK_RES_LOCK;
}

int skep_res_lock_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
		      const struct skep_critical *f)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vrefs *held = skep_ref_lock(st);
	int err;

	if (m->opt.prog_type == SKEP_PROG_SOCKET_FILTER || skep_prog_type_traces(m->opt.prog_type))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "programs of type %s cannot take locks",
				  m->type->name);
	err = skep_field_arg(m, st, reg, SKEP_FIELD_RES_LOCK,
			     "a bpf_res_spin_lock in a map's value");
	if (err)
		return err;
	for (u32 k = 0; f->enter && k < st->nref; k++)
		if (st->ref[k].map == p->map && st->ref[k].lock == skep_lock_id(p) &&
		    st->ref[k].kind != SKEP_REFK_LOCK)
			return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
					  "the lock is held already");
	if (f->enter)
		return 0;
	if (!held)
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg), "no lock is held");
	if (held->kind != kind_of(f) || held->map != p->map || held->lock != skep_lock_id(p))
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "another lock was taken last than the one that is released");
	return 0;
}

/* An error in the lower half of r0; nothing was taken. */
static void failed(struct skep_mach *m, struct skep_vstate *st)
{
	struct skep_range r = skep_range_any();

	skep_call_clobber(st);
	r.smin32 = -MAX_ERRNO;
	r.smax32 = -1;
	skep_range_sync(&r);
	skep_vreg_num(skep_vreg(st, 0), r, st->at);
	st->at = m->insn[st->at].next;
}

void skep_critical_apply(struct skep_mach *m, struct skep_vstate *st, const struct skep_critical *f,
			 u32 lock_reg, u32 flag_reg)
{
	struct skep_vreg lock = *skep_vreg(st, lock_reg), flag = *skep_vreg(st, flag_reg);

	if (f->lock && f->enter) {
		m->other = skep_vstate_copy(m, st);
		failed(m, m->other);
		skep_ref_add(m, st, ++m->ids, kind_of(f));
		st->ref[st->nref - 1].lock = skep_lock_id(&lock);
		st->ref[st->nref - 1].map = lock.map;
	} else if (f->lock) {
		skep_ref_drop(st, skep_ref_lock(st)->id);
		skep_graph_unlock(m, st);
	}
	if (f->flag && f->enter)
		save_flag(m, st, &flag, f->flag);
	else if (f->flag)
		restore_flag(m, st, &flag);
	skep_call_clobber(st);
	if (f->lock && f->enter)
		skep_vreg_const(skep_vreg(st, 0), 0, st->at);
	st->at = m->insn[st->at].next;
}

/* --- read sections, preemption ------------------------------------------------------------ */

/* What RCU kept alive may be gone: kernel objects may still be read, those of programs no more. */
static void leave_rcu(struct skep_mach *m, struct skep_vstate *st)
{
	FOR_EACH_VREG(st, r, {
		if (skep_vreg_is_ptr(r) && (r->flags & SKEP_VF_RCU) && (r->flags & SKEP_VF_ALLOC))
			skep_vreg_stale(m, r, st->at);
		else if (skep_vreg_is_ptr(r) && (r->flags & SKEP_VF_RCU))
			r->flags = (u16)((r->flags & ~(SKEP_VF_RCU | SKEP_VF_NULL)) |
					 SKEP_VF_UNTRUSTED);
	});
	for (u32 f = 0; f < st->nframe; f++)
		for (u32 k = 0; k < st->frame[f]->nslot; k++)
			if (st->frame[f]->slot[k].byte[0] == SKEP_VB_ITER)
				st->frame[f]->slot[k].reg->flags |= SKEP_VF_UNTRUSTED;
}

int skep_section(struct skep_mach *m, struct skep_vstate *st, const char *name)
{
	if (strcmp(name, "bpf_rcu_read_lock") == 0) {
		st->rcu++;
		return 1;
	}
	if (strcmp(name, "bpf_rcu_read_unlock") == 0) {
		if (!st->rcu)
			return skep_fault(m, st, SKEP_RULE_LOCK, 0, "no RCU read section is open");
		if (!--st->rcu)
			leave_rcu(m, st);
		return 1;
	}
	if (strcmp(name, "bpf_preempt_disable") == 0) {
		st->preempt++;
		return 1;
	}
	if (strcmp(name, "bpf_preempt_enable") == 0) {
		if (!st->preempt)
			return skep_fault(m, st, SKEP_RULE_LOCK, 0, "preemption is not disabled");
		st->preempt--;
		return 1;
	}
	return 0;
}
