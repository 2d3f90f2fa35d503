/* SPDX-License-Identifier: BSD-2-Clause */
/* Which functions belong to a program: what it calls, and what its declaration names. */
#include "ir/ir.h"

const char *skep_func_tag(const struct skep_obj *obj, const struct skep_func *f, const char *prefix,
			  u32 nth)
{
	const struct skep_btf *btf = obj->btf;
	struct skep_btf_type t;

	for (u32 id = 1; btf && f->type && id < btf->ntypes; id++)
		if (skep_btf_get(btf, id, &t) && t.kind == SKEP_BTF_DECL_TAG && t.ref == f->type &&
		    skep_get32(t.more, btf->big) == UINT32_MAX &&
		    strncmp(t.name, prefix, strlen(prefix)) == 0 && !nth--)
			return t.name + strlen(prefix);
	return NULL;
}

struct skep_func *skep_func_exception(const struct skep_obj *obj, const struct skep_func *prog)
{
	const char *name = prog->flags & SKEP_FF_PROG
				   ? skep_func_tag(obj, prog, "exception_callback:", 0)
				   : NULL;

	return name ? skep_func_find(obj, name) : NULL;
}

void skep_prog_reach(const struct skep_obj *obj, const struct skep_func *prog, u8 *seen)
{
	const struct skep_func *caught = skep_func_exception(obj, prog);
	bool more = true;

	seen[prog->index] = 1;
	if (caught)
		seen[caught->index] = 1;
	while (more) {
		more = false;
		for (u32 k = 0; k < obj->nfunc; k++) {
			if (seen[k] != 1)
				continue;
			seen[k] = 2;
			SKEP_FOR_INSN(i, obj->func[k])
				if (i->callee && !seen[i->callee->index]) {
					seen[i->callee->index] = 1;
					more = true;
				}
		}
	}
}

u32 skep_prog_slots(const struct skep_obj *obj, const struct skep_func *prog)
{
	struct skep_arena_mark m = skep_arena_mark(obj->arena);
	u8 *seen = SKEP_NEW_N(obj->arena, u8, obj->nfunc);
	u32 n = 0;

	skep_prog_reach(obj, prog, seen);
	for (u32 k = 0; k < obj->nfunc; k++)
		if (seen[k])
			n += skep_func_slots(obj->func[k]);
	skep_arena_release(obj->arena, m);
	return n;
}
