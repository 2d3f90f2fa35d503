/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions whose results nobody reads, and stores to stack bytes that
 * nobody reads. By liveness.
 *
 * Right because: only instructions without another effect are taken (pure
 * arithmetic, loads, calls of helpers that the table calls pure), and no live
 * register or byte gets its value from them. Loads cannot fault in a program
 * that was accepted. A helper's bytes count as read (see live.c), so memory
 * that must be initialised stays initialised.
 *
 * When a subprogram of the object has legacy packet loads, stores stay: such a
 * load may end the subprogram, and verifiers up to Linux 6.18 at least then
 * follow a stack slot of the caller whose constant matters back into the
 * subprogram as if it were one of its own, and give up with "verifier bug:
 * static subprog leftover stack slots". A store that nobody reads can be what
 * makes the slot no constant.
 */
#include "opt/opt_impl.h"

/* A lookup in an LRU map moves the entry: that is an effect. */
static bool pure_call(const struct skep_opt *o, const struct skep_insn *i)
{
	const struct skep_helper *h;
	const struct skep_val *r1 = &o->fa->in[i->num][1];
	const struct skep_map_type *t;
	u32 sym = r1->vn & 0xffffff;

	if (i->in.src != SKEP_CALL_HELPER || i->ref != SKEP_REF_NONE || i->in.off)
		return false;
	h = skep_helper_find(i->in.imm);
	if (!h || !(h->flags & SKEP_HF_PURE))
		return false;
	if (h->arg[0] != SKEP_ARG_MAP)
		return true;
	if (r1->kind != SKEP_K_MAP || sym >= o->obj->nsym || !o->obj->sym[sym].map)
		return false;
	t = skep_map_type_find(o->obj->sym[sym].map->type);
	return t && !(t->flags & SKEP_MF_LOOKUP_EFFECT);
}

static bool no_effect(const struct skep_opt *o, const struct skep_insn *i)
{
	switch (skep_op_class(i->in.op)) {
	case SKEP_CLASS_ALU:
	case SKEP_CLASS_UNARY:
		return true;
	case SKEP_CLASS_MEM:
		return i->in.op == SKEP_LDX || i->in.op == SKEP_LDXS;
	case SKEP_CLASS_CTRL:
		return i->in.op == SKEP_LDDW || (i->in.op == SKEP_CALL && pure_call(o, i));
	default:
		return false;
	}
}

static const char *dead(const struct skep_opt *o, const struct skep_insn *i, u16 live)
{
	if (no_effect(o, i)) {
		u16 w = skep_isa_writes(&i->in);

		/* A call's clobbered registers are no results. */
		if (i->in.op == SKEP_CALL)
			w = 1;
		return w & live ? NULL : "result is never read";
	}
	if ((i->in.op == SKEP_ST || i->in.op == SKEP_STX) && !o->legacy_subprog && o->lv->dead_store[i->num])
		return "stored bytes are never read";
	return NULL;
}

bool skep_pass_dce(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	skep_opt_look(o, f, true);
	for (u32 b = 0; b < o->cfg->nblock; b++) {
		const struct skep_block *blk = &o->cfg->block[b];
		u16 live = o->lv->out[blk->last->num];

		if (blk->rpo == UINT32_MAX)
			continue;
		for (u32 k = blk->last->num + 1; k-- > blk->first->num;) {
			struct skep_insn *i = o->cfg->insn[k];
			const char *why = i->next ? dead(o, i, live) : NULL;

			if (why && skep_opt_begin(o, why, i, i)) {
				skep_edit_remove(o->obj, i);
				skep_opt_end(o);
				changed = true;
				continue;
			}
			live = (u16)((live & ~skep_isa_writes(&i->in)) | skep_reads(o->obj, i));
		}
	}
	return changed;
}
