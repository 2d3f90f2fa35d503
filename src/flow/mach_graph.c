/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of allocated objects, whose head lies in a map's value or in an object beside the lock
 * that guards it. To push an object gives it away: pointers to it may still be followed, but
 * only until the lock is released, since from then on others may take it off the list.
 */
#include "flow/mach_impl.h"

static const struct skep_graph functions[] = {
	{"bpf_list_push_front_impl", SKEP_GRAPH_PUSH}, {"bpf_list_push_back_impl", SKEP_GRAPH_PUSH},
	{"bpf_list_pop_front", SKEP_GRAPH_POP},	       {"bpf_list_pop_back", SKEP_GRAPH_POP},
	{"bpf_list_front", SKEP_GRAPH_PEEK},	       {"bpf_list_back", SKEP_GRAPH_PEEK},
};

const struct skep_graph *skep_graph_find(const char *kfunc)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(functions); k++)
		if (strcmp(functions[k].name, kfunc) == 0)
			return &functions[k];
	return NULL;
}

static bool lock_held(const struct skep_vstate *st, const struct skep_vreg *p)
{
	u32 id = skep_lock_id(p);

	for (u32 k = 0; k < st->nref; k++)
		if (st->ref[k].kind >= SKEP_REFK_LOCK &&
		    st->ref[k].kind <= SKEP_REFK_RES_LOCK_IRQ && st->ref[k].map == p->map &&
		    st->ref[k].lock == id)
			return true;
	return false;
}

int skep_list_head_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
		       struct skep_vfield *head)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vfield *f = skep_field_at(m, p);
	int err = skep_field_arg(m, st, reg, SKEP_FIELD_LIST_HEAD, "a bpf_list_head");

	if (err)
		return err;
	if (!f->type)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
				  "the list does not say what it contains");
	if (!lock_held(st, p))
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "the lock beside the list is not held");
	*head = *f;
	return 0;
}

int skep_list_node_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
		       const struct skep_vfield *head)
{
	struct skep_vreg p = *skep_vreg(st, reg);
	bool at_node = p.off == (s32)head->node;

	p.off = 0;
	if (skep_alloc_owned(st, &p) && at_node && p.btf == head->type)
		return 0;
	return skep_fault(m, st, SKEP_RULE_KFUNC, REG(reg),
			  "r%u, %s, is not the node of an object of the list's type that the "
			  "program holds",
			  reg, skep_vreg_what(&p));
}

/* What was held is now the list's; what points to it may be followed until the lock is free. */
static void give_away(struct skep_vstate *st, u32 ref)
{
	skep_ref_drop(st, ref);
	FOR_EACH_VREG(st, r, {
		if (skep_vreg_is_ptr(r) && r->ref == ref) {
			r->ref = 0;
			r->flags |= SKEP_VF_NONOWN;
		}
	});
}

void skep_graph_unlock(struct skep_mach *m, struct skep_vstate *st)
{
	FOR_EACH_VREG(st, r, {
		if (skep_vreg_is_ptr(r) && (r->flags & SKEP_VF_NONOWN))
			skep_vreg_stale(m, r, st->at);
	});
}

void skep_graph_apply(struct skep_mach *m, struct skep_vstate *st, const struct skep_graph *g,
		      const struct skep_vfield *head)
{
	struct skep_vreg *r0;
	u32 pushed = skep_vreg(st, 2)->ref;

	if (g->what == SKEP_GRAPH_PUSH)
		give_away(st, pushed);
	skep_call_clobber(st);
	r0 = skep_vreg(st, 0);
	if (g->what == SKEP_GRAPH_PUSH) {
		skep_vreg_unknown(r0, st->at);
	} else if (g->what == SKEP_GRAPH_POP) {
		skep_alloc_ref(m, st, r0, head->type, true);
		r0->off = (s32)head->node;
	} else {
		skep_vreg_pointer(r0, SKEP_VT_BTF, st->at);
		r0->btf = head->type;
		r0->off = (s32)head->node;
		r0->flags = SKEP_VF_ALLOC | SKEP_VF_NULL | SKEP_VF_NONOWN;
		r0->id = ++m->ids;
	}
	st->at = m->insn[st->at].next;
}
