/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which functions get the context as their first argument: those whose every
 * call passes it, unchanged, from programs of one type, and whose address is
 * never taken.
 *
 * Found from the entry programs downwards: a function is settled once all its
 * callers are. Recursion (which no kernel accepts) leaves a function unsettled,
 * hence without a context.
 */
#include "flow/flow.h"

enum state { UNSEEN, CTX, OTHER };

struct arg {
	u8 state;     /* enum state */
	u32 type;     /* of the program, when CTX */
	u32 waits;    /* calls whose caller is not settled yet */
	bool settled;
};

static void meet(struct arg *a, bool ctx, u32 type)
{
	if (!ctx || (a->state == CTX && a->type != type))
		a->state = OTHER;
	else if (a->state == UNSEEN)
		*a = (struct arg){CTX, type, a->waits, a->settled};
}

static void count_calls(const struct skep_obj *obj, struct arg *arg)
{
	for (u32 k = 0; k < obj->nfunc; k++)
		SKEP_FOR_INSN(i, obj->func[k]) {
			if (!i->callee)
				continue;
			if (i->in.op == SKEP_CALL)
				arg[i->callee->index].waits++;
			else
				arg[i->callee->index].state = OTHER;
		}
}

/* Hand on what `f` passes to its callees. */
static void settle(const struct skep_obj *obj, struct skep_func *f, struct arg *arg, struct skep_arena *arena)
{
	struct skep_arena_mark m = skep_arena_mark(arena);
	struct skep_facts *fa = NULL;
	u32 type = f->flags & SKEP_FF_PROG ? f->prog_type : f->ctx_type;

	SKEP_FOR_INSN(i, f) {
		const struct skep_val *r1;

		if (!i->callee || i->in.op != SKEP_CALL)
			continue;
		if (!fa)
			fa = skep_facts_compute(obj, skep_cfg_compute(f, arena), arena);
		r1 = &fa->in[i->num][1];
		if (fa->reached[i->num])
			meet(&arg[i->callee->index], type && r1->kind == SKEP_K_CTX && r1->vn == SKEP_VN_CTX && !r1->off, type);
		arg[i->callee->index].waits--;
	}
	skep_arena_release(arena, m);
}

void skep_ctx_args_compute(const struct skep_obj *obj, struct skep_arena *arena)
{
	struct arg *arg = SKEP_NEW_N(arena, struct arg, obj->nfunc);
	bool more = true;

	count_calls(obj, arg);
	while (more) {
		more = false;
		for (u32 k = 0; k < obj->nfunc; k++) {
			struct skep_func *f = obj->func[k];

			if (arg[k].settled || arg[k].waits || !f->first)
				continue;
			arg[k].settled = true;
			f->ctx_type = arg[k].state == CTX && !(f->flags & SKEP_FF_PROG) ? arg[k].type : 0;
			settle(obj, f, arg, arena);
			more = true;
		}
	}
}
