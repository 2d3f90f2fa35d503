/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Static functions that are the same: calls of the later ones go to the first.
 * A program that loads both then loads one; what nobody calls any more stays in
 * the file until --drop-unused.
 *
 * Right because: the functions have equal instructions, references, CO-RE
 * records and callees (skep_func_same), so a call does the same. Where only the address
 * is taken (callbacks), it stays: user space may tell functions apart by it.
 *
 * The kernel verifies a static function with the state of each call, and
 * refuses only one instruction that meets pointers of different kinds, for some kinds. So
 * what is passed must be of the same kinds in all calls of both, told by flow, and memory
 * must be reached from the arguments, the frame, maps, the packet or the context.
 */
#include "opt/opt_impl.h"

enum { ARGS = 6 };

/* What calls of a function pass: kinds by register, and whether they are one and known. */
struct passed {
	u8 kind[ARGS];
	u16 entry; /* registers that it reads */
	bool called, mixed;
};

static bool known(u8 kind)
{
	return kind != SKEP_K_NONSTACK && kind != SKEP_K_ANY && kind != SKEP_K_PTR;
}

static void note_call(const struct skep_opt *o, const struct skep_insn *i, struct passed *p)
{
	u16 reads = p->entry;

	for (u32 r = 1; r < ARGS; r++) {
		u8 kind = reads >> r & 1 ? o->fa->in[i->num][r].kind : SKEP_K_UNINIT;

		if (kind == SKEP_K_CONST)
			kind = SKEP_K_SCALAR;
		p->mixed |= !known(kind) || (p->called && p->kind[r] != kind);
		p->kind[r] = kind;
	}
	p->called = true;
}

/* Does it follow pointers that are loaded from anywhere? */
static bool follows_unknown(struct skep_opt *o, struct skep_func *f)
{
	struct skep_arena_mark m = skep_arena_mark(o->scratch);
	bool unknown = false;

	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		const struct skep_insn *i = o->cfg->insn[k];
		const struct skep_val *v;
		struct skep_memop m2;

		if (!o->fa->reached[k] || !skep_isa_memop(&i->in, &m2))
			continue;
		v = &o->fa->in[k][m2.base];
		unknown |= !known(v->kind) && skep_facts_def(o->fa, v->vn) != NULL;
	}
	skep_arena_release(o->scratch, m);
	return unknown;
}

static struct passed *look_at_calls(struct skep_opt *o)
{
	struct passed *p = SKEP_NEW_N(o->whole, struct passed, o->obj->nfunc);

	for (u32 k = 0; k < o->obj->nfunc; k++) {
		struct skep_arena_mark m = skep_arena_mark(o->scratch);

		if (!o->obj->func[k]->first)
			continue;
		skep_opt_look(o, o->obj->func[k], true);
		p[k].entry = o->lv->entry;
		skep_arena_release(o->scratch, m);
	}
	for (u32 k = 0; k < o->obj->nfunc; k++) {
		struct skep_arena_mark m = skep_arena_mark(o->scratch);

		if (!o->obj->func[k]->first)
			continue;
		skep_opt_look(o, o->obj->func[k], false);
		SKEP_FOR_INSN(i, o->obj->func[k])
			if (i->in.op == SKEP_CALL && i->ref == SKEP_REF_FUNC &&
			    o->fa->reached[i->num])
				note_call(o, i, &p[i->callee->index]);
		skep_arena_release(o->scratch, m);
	}
	return p;
}

static bool agree(const struct passed *a, const struct passed *b)
{
	return a->called && b->called && !a->mixed && !b->mixed &&
	       memcmp(a->kind, b->kind, sizeof(a->kind)) == 0;
}

bool skep_plan_dedup(struct skep_opt *o, const u8 *allowed)
{
	const struct skep_obj *obj = o->obj;
	struct passed *p = NULL;
	bool any = false;

	(void)allowed;
	o->instead = SKEP_NEW_N(o->whole, struct skep_func *, obj->nfunc);
	for (u32 k = 1; k < obj->nfunc; k++)
		for (u32 j = 0; j < k && !o->instead[k]; j++) {
			struct skep_func *a = obj->func[j], *b = obj->func[k];

			if (!b->first || !a->sym || o->instead[j] || !skep_func_same(a, b))
				continue;
			if (!p)
				p = look_at_calls(o);
			if (!agree(&p[j], &p[k]) || follows_unknown(o, b))
				continue;
			o->instead[k] = a;
			any = true;
		}
	return any;
}

bool skep_pass_dedup(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];

		if (i->in.op != SKEP_CALL || i->ref != SKEP_REF_FUNC ||
		    !o->instead[i->callee->index] ||
		    !skep_opt_begin(o, "calls a function that is the same", i, i))
			continue;
		skep_edit_set_callee(i, o->instead[i->callee->index]);
		skep_opt_end(o);
		changed = true;
	}
	return changed;
}
