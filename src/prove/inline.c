/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that only one version has are put back where they are called: those
 * of one straight row of instructions that leaves r10 alone and calls no
 * subprogram. What is walked then is the caller with the callee's instructions,
 * which do the same in the caller's frame, because
 * they take no address of their own; behind them r1 to r5 get odd numbers, since
 * a call leaves nothing in them (r0, too, when nothing is returned), and r6 to r9, where the callee
 * has written them, come back from the end of the frame. (Should the caller keep something of its
 * own there, the versions differ by that, and nothing is proved that is not so.)
 */
#include "prove/prove_impl.h"

enum { ARGS = 0x3e, SAVED = 0x3c0, ODD = 0x2b5d };

/* Can a call of it be put in place of it? */
static bool straight(const struct skep_obj *obj, const struct skep_func *f)
{
	u16 has = ARGS;

	if (!f->first || f->flags & (SKEP_FF_PROG | SKEP_FF_GLOBAL))
		return false;
	SKEP_FOR_INSN(i, f) {
		u16 reads = skep_reads(obj, i);

		/* An exit reads r0, but its caller need not. */
		if (i->in.op == SKEP_EXIT)
			return !i->next;
		/* What the caller has in other registers is none of its business. */
		if (reads & ~has)
			return false;
		has |= skep_isa_writes(&i->in);
		if (i->target || i->ref == SKEP_REF_FUNC || i->in.op == SKEP_CALLX ||
		    skep_is_end(i->in.op) || (reads | skep_isa_writes(&i->in)) & 1u << 10)
			return false;
	}
	return false;
}

static bool expands(const struct prover *p, const struct skep_obj *obj,
		    const struct skep_obj *other, const struct skep_insn *i)
{
	if (i->in.op != SKEP_CALL || i->ref != SKEP_REF_FUNC)
		return false;
	if (p->opts.match == SKEP_PROVE_BY_ID ? !(i->callee->flags & SKEP_FF_MADE)
					      : skep_func_find(other, i->callee->name) != NULL)
		return false;
	return straight(obj, i->callee);
}

struct builder {
	struct skep_insn *insn;
	u32 n;
};

/* An instruction of its own: no id, so the other version has none like it. */
static void put(struct builder *b, const struct skep_insn *like, struct skep_ins in)
{
	b->insn[b->n++] = (struct skep_insn){.in = in, .slot = like->slot, .line = like->line};
}

static void put_saved(struct builder *b, const struct skep_insn *call, u16 regs, bool back)
{
	for (u8 r = 6; r < 10; r++) {
		struct skep_ins in = {.op = back ? SKEP_LDX : SKEP_STX,
				      .size = 8,
				      .form = SKEP_REG,
				      .dst = back ? r : 10,
				      .src = back ? 10 : r,
				      .off = -SKEP_STACK + (r - 6) * 8};

		if (regs >> r & 1)
			put(b, call, in);
	}
}

static void put_body(struct builder *b, const struct skep_insn *call)
{
	u16 writes = 0;

	SKEP_FOR_INSN(i, call->callee)
		writes |= skep_isa_writes(&i->in);
	put_saved(b, call, writes & SAVED, false);
	SKEP_FOR_INSN(i, call->callee) {
		if (i->in.op == SKEP_EXIT)
			break;
		b->insn[b->n] = *i;
		b->insn[b->n++].id = 0;
	}
	for (u8 r = writes & 1; r <= 5; r++) {
		struct skep_ins odd = {
			.op = SKEP_MOV, .size = 8, .form = SKEP_IMM, .dst = r, .imm = ODD + 2 * r};

		put(b, call, odd);
	}
	put_saved(b, call, writes & SAVED, true);
}

/* Room for the function with what is put into it; 0: nothing is. */
static u32 expanded_size(const struct prover *p, const struct skep_obj *obj,
			 const struct skep_obj *other, const struct skep_func *f)
{
	u32 n = 0;
	bool any = false;

	SKEP_FOR_INSN(i, f) {
		n++;
		if (expands(p, obj, other, i)) {
			n += i->callee->ninsns + 6 + 8;
			any = true;
		}
	}
	return any ? n : 0;
}

struct skep_func *skep_prove_inlined(struct prover *p, const struct skep_obj *obj,
				     struct skep_func *f, const struct skep_obj *other)
{
	u32 room = expanded_size(p, obj, other, f), *at;
	struct builder b = {0};
	struct skep_func *out;

	if (!room)
		return f;
	b.insn = SKEP_NEW_N(p->arena, struct skep_insn, room);
	at = SKEP_NEW_N(p->arena, u32, skep_func_number(f) + 1);
	SKEP_FOR_INSN(i, f) {
		at[i->num] = b.n;
		if (expands(p, obj, other, i))
			put_body(&b, i);
		else
			b.insn[b.n++] = *i;
	}
	out = skep_arena_memdup(p->arena, f, sizeof(*f));
	out->first = &b.insn[0];
	out->last = &b.insn[b.n - 1];
	out->ninsns = b.n;
	for (u32 k = 0; k < b.n; k++) {
		struct skep_insn *i = &b.insn[k];

		i->func = out;
		i->prev = k ? i - 1 : NULL;
		i->next = k + 1 < b.n ? i + 1 : NULL;
		i->num = k;
		if (i->target)
			i->target = &b.insn[at[i->target->num]];
	}
	return out;
}
