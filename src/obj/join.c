/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as bpf(2) takes it: the entry function first, then all that it
 * reaches in the object's order, calls and callbacks resolved to slots. Kinds
 * of references that need a loader (maps, data, externs) are listed.
 */
#include "obj/obj_impl.h"

struct joiner {
	const struct skep_obj *obj;
	struct skep_image *im;
};

static void place_func(struct joiner *j, struct skep_func *f)
{
	j->im->func_slot[f->index] = j->im->slots;
	SKEP_FOR_INSN(i, f) {
		i->num = j->im->slots;
		j->im->slots += skep_ins_slots(&i->in);
	}
}

static void encode_func(struct joiner *j, const struct skep_func *f)
{
	struct skep_image *im = j->im;

	SKEP_FOR_INSN(i, f) {
		struct skep_ins in = i->in;

		im->insn[i->num] = i;
		if (i->target)
			in.off = (s32)i->target->num - (s32)i->num - 1;
		if (i->ref == SKEP_REF_FUNC) {
			in.src = i->in.op == SKEP_LDDW ? SKEP_LD_FUNC : SKEP_CALL_SUBPROG;
			in.imm = (s32)(im->func_slot[i->callee->index] - i->num - 1);
			/* Both halves of a callback's address carry the one 32-bit distance. */
			if (i->in.op == SKEP_LDDW)
				in.imm = (u32)in.imm;
		} else if (i->ref != SKEP_REF_NONE) {
			im->fix[im->nfix++] = (struct skep_fixup){i->num, i};
		}
		skep_isa_encode(&in, im->code + (size_t)i->num * 8, false);
	}
}

int skep_obj_join(const struct skep_obj *obj, const struct skep_func *prog, struct skep_arena *arena,
		  struct skep_image **out)
{
	struct joiner j = {obj, NULL};
	u32 total = 0;
	int err = 0;

	SKEP_GUARD(arena, err, {
		struct skep_image *im = j.im = SKEP_NEW(arena, struct skep_image);
		u8 *seen = SKEP_NEW_N(arena, u8, obj->nfunc);

		skep_prog_reach(obj, prog, seen);
		im->func_slot = SKEP_NEW_N(arena, u32, obj->nfunc);
		memset(im->func_slot, 0xff, obj->nfunc * sizeof(u32));
		place_func(&j, obj->func[prog->index]);
		for (u32 k = 0; k < obj->nfunc; k++)
			if (seen[k] && k != prog->index)
				place_func(&j, obj->func[k]);
		total = im->slots;
		im->code = skep_arena_calloc(arena, total, 8);
		im->fix = SKEP_NEW_N(arena, struct skep_fixup, total);
		im->insn = SKEP_NEW_N(arena, const struct skep_insn *, total);
		encode_func(&j, prog);
		for (u32 k = 0; k < obj->nfunc; k++)
			if (seen[k] && k != prog->index)
				encode_func(&j, obj->func[k]);
		*out = im;
	});
	return err;
}
