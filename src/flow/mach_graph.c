/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists and trees of allocated objects, whose root lies in a map's value or in an object beside
 * the lock that guards it. To add an object gives it away: pointers to it may still be followed,
 * but only until the lock is released, since from then on others may take it away.
 *
 * Taking a node out of a tree needs no more than one that is alive: the function looks
 * itself whether it lies in this tree. What orders a tree runs amid its change: it may look
 * at nodes, but give none to functions that would follow or change the links.
 */
#include "flow/mach_impl.h"

static const struct skep_graph functions[] = {
	{"bpf_list_push_front_impl", SKEP_GRAPH_PUSH, SKEP_FIELD_LIST_HEAD},
	{"bpf_list_push_back_impl", SKEP_GRAPH_PUSH, SKEP_FIELD_LIST_HEAD},
	{"bpf_list_pop_front", SKEP_GRAPH_TAKE, SKEP_FIELD_LIST_HEAD},
	{"bpf_list_pop_back", SKEP_GRAPH_TAKE, SKEP_FIELD_LIST_HEAD},
	{"bpf_list_front", SKEP_GRAPH_PEEK, SKEP_FIELD_LIST_HEAD},
	{"bpf_list_back", SKEP_GRAPH_PEEK, SKEP_FIELD_LIST_HEAD},
	{"bpf_rbtree_add_impl", SKEP_GRAPH_PUSH, SKEP_FIELD_RB_ROOT},
	{"bpf_rbtree_remove", SKEP_GRAPH_TAKE, SKEP_FIELD_RB_ROOT},
	{"bpf_rbtree_first", SKEP_GRAPH_PEEK, SKEP_FIELD_RB_ROOT},
	{"bpf_rbtree_root", SKEP_GRAPH_PEEK, SKEP_FIELD_RB_ROOT},
	{"bpf_rbtree_left", SKEP_GRAPH_PEEK, SKEP_FIELD_RB_ROOT},
	{"bpf_rbtree_right", SKEP_GRAPH_PEEK, SKEP_FIELD_RB_ROOT},
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

int skep_graph_root_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
			const struct skep_graph *g, struct skep_vfield *root)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vfield *f = skep_field_at(m, p);
	bool list = g->root == SKEP_FIELD_LIST_HEAD;
	int err = skep_field_arg(m, st, reg, g->root, list ? "a bpf_list_head" : "a bpf_rb_root");

	if (err)
		return err;
	if (!f->type)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
				  "the %s does not say what it contains", list ? "list" : "tree");
	if (!lock_held(st, p))
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "the lock beside the %s is not held", list ? "list" : "tree");
	*root = *f;
	return 0;
}

int skep_graph_node_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg,
			const struct skep_graph *g, const struct skep_vfield *root)
{
	struct skep_vreg p = *skep_vreg(st, reg);
	bool at_node = p.off == (s32)root->node && p.btf == root->type;
	const char *what = g->root == SKEP_FIELD_LIST_HEAD ? "list" : "tree";

	p.off = 0;
	if (at_node && skep_alloc_owned(st, &p) && g->what == SKEP_GRAPH_PUSH)
		return 0;
	if (g->what == SKEP_GRAPH_PUSH)
		return skep_fault(m, st, SKEP_RULE_KFUNC, REG(reg),
				  "r%u, %s, is not the node of an object of the %s's type that the "
				  "program holds",
				  reg, skep_vreg_what(&p), what);
	if (!at_node || !(skep_alloc_owned(st, &p) || skep_alloc_alive(&p)))
		return skep_fault(m, st, SKEP_RULE_KFUNC, REG(reg),
				  "r%u, %s, is not the node of an object of the %s's type that is "
				  "alive",
				  reg, skep_vreg_what(&p), what);
	if (skep_callback_in(st, SKEP_CB_ORDER))
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "what orders a tree may not call %s()", g->name);
	return 0;
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

void skep_graph_element(struct skep_vreg *r, const struct skep_vfield *root, u32 at)
{
	skep_vreg_pointer(r, SKEP_VT_BTF, at);
	r->btf = root->type;
	r->off = (s32)root->node;
	r->flags = SKEP_VF_ALLOC | SKEP_VF_NONOWN;
}

void skep_graph_apply(struct skep_mach *m, struct skep_vstate *st, const struct skep_graph *g,
		      const struct skep_vfield *root)
{
	struct skep_vreg *r0;
	u32 pushed = skep_vreg(st, 2)->ref;

	if (g->what == SKEP_GRAPH_PUSH)
		give_away(st, pushed);
	skep_call_clobber(st);
	r0 = skep_vreg(st, 0);
	if (g->what == SKEP_GRAPH_PUSH) {
		skep_vreg_unknown(r0, st->at);
	} else if (g->what == SKEP_GRAPH_TAKE) {
		skep_alloc_ref(m, st, r0, root->type, true);
		r0->off = (s32)root->node;
	} else {
		skep_graph_element(r0, root, st->at);
		r0->flags |= SKEP_VF_NULL;
		r0->id = ++m->ids;
	}
	st->at = m->insn[st->at].next;
}
