/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts of a whole object: each program's, joined in the functions that several share. */
#include "flow/mach_impl.h"

struct skep_mach_opts skep_mach_opts_of(const struct skep_obj *obj, const struct skep_func *prog)
{
	struct skep_mach_opts mo = {0};

	mo.prog_type = prog->prog_type ? prog->prog_type : skep_section_guess_type(prog->sec->name);
	mo.attach_type = prog->attach_type;
	mo.attach_to = prog->ops_type ? prog->ops_type : skep_section_attach_to(prog->sec->name);
	mo.sleepable = skep_section_sleepable(prog->sec->name);
	mo.gpl = skep_license_gpl(obj->license);
	return mo;
}

static void add_facts(const struct skep_obj *obj, const struct skep_func *prog,
		      struct skep_arena *arena, struct skep_vfact *out, u8 *failed)
{
	struct skep_mach_opts mo = skep_mach_opts_of(obj, prog);
	struct skep_arena_mark mark = skep_arena_mark(arena);
	struct skep_vfacts *fa;

	bool whole = skep_vfacts_compute(obj, prog, &mo, arena, &fa) == 0;

	/* A function whose address goes where we do not follow it may be called with anything. */
	for (u32 k = 0; k < fa->n && whole; k++) {
		const struct skep_insn *i = fa->m->insn[k].insn;

		if (i->in.op == SKEP_LDDW && i->ref == SKEP_REF_FUNC)
			whole = fa->m->func[fa->m->func_of[i->callee->index]].callback;
	}
	if (!whole)
		skep_prog_reach(obj, prog, failed);
	else
		for (u32 k = 0; k < fa->n; k++)
			skep_vfact_join(&out[fa->m->insn[k].insn->id], &fa->at[k]);
	skep_arena_release(arena, mark);
}

struct skep_vfact *skep_vfacts_of(const struct skep_obj *obj, struct skep_arena *arena)
{
	struct skep_vfact *out = SKEP_NEW_N(arena, struct skep_vfact, obj->next_id);
	u8 *failed = SKEP_NEW_N(arena, u8, obj->nfunc + 1);

	for (u32 k = 0; k < obj->nfunc; k++)
		if (obj->func[k]->flags & SKEP_FF_PROG)
			add_facts(obj, obj->func[k], arena, out, failed);
	/* Functions of a program without facts may be reached with anything. */
	for (u32 k = 0; k < obj->nfunc; k++)
		if (failed[k])
			SKEP_FOR_INSN(i, obj->func[k])
				out[i->id].reached = false;
	return out;
}
