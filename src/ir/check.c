/* SPDX-License-Identifier: BSD-2-Clause */
/* The invariants of the model as code, and look-ups by name. */
#include "ir/ir.h"

static const char *check_insn(const struct skep_func *f, const struct skep_insn *i)
{
	const char *bad;

	if (i->func != f)
		return "an instruction does not know its function";
	if (i->next ? i->next->prev != i : f->last != i)
		return "the list of instructions is broken";
	if (skep_is_branch(i->in.op) != (i->target != NULL))
		return "a branch has no target, or something else has one";
	if (i->target && i->target->func != f)
		return "a branch leaves its function";
	if (i->ref == SKEP_REF_FUNC && !i->callee)
		return "a call of a subprogram has no callee";
	if (skep_is_branch(i->in.op))
		return NULL;
	bad = skep_isa_check(&i->in);
	return bad;
}

const char *skep_func_check(const struct skep_func *f)
{
	u32 n = 0, jumps = 0, targets = 0;

	SKEP_FOR_INSN(i, f) {
		const char *bad = check_insn(f, i);

		if (bad)
			return bad;
		n++;
		jumps += i->njumps;
		targets += i->target != NULL;
	}
	if (n != f->ninsns)
		return "the number of instructions is wrong";
	return jumps == targets ? NULL : "the counts of branches to instructions are wrong";
}

const char *skep_ir_check(const struct skep_obj *obj)
{
	for (u32 k = 0; k < obj->nfunc; k++) {
		const char *bad = skep_func_check(obj->func[k]);

		if (bad)
			return bad;
	}
	return NULL;
}

struct skep_func *skep_func_find(const struct skep_obj *obj, const char *name)
{
	for (u32 k = 0; k < obj->nfunc; k++)
		if (strcmp(obj->func[k]->name, name) == 0)
			return obj->func[k];
	return NULL;
}

