/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which member of which kernel struct a program implements: relocations of function
 * pointers in the data of .struct_ops sections, by the types of the variables there.
 */
#include "obj/obj_impl.h"

/* The variable that has a byte of a section. */
static const struct skep_sym *variable_at(const struct skep_obj *o, const struct skep_dsec *d,
					  u64 off)
{
	for (u32 k = 1; k < o->nsym; k++) {
		const struct skep_sym *s = &o->sym[k];

		if (s->kind == SKEP_SYM_DATA && s->data == d && off >= s->value &&
		    off - s->value < s->size)
			return s;
	}
	return NULL;
}

static bool struct_of(const struct skep_btf *btf, const char *var, struct skep_btf_type *out)
{
	struct skep_btf_type t;

	return skep_btf_get(btf, skep_btf_find(btf, SKEP_BTF_VAR, var), &t) &&
	       skep_btf_resolve(btf, t.ref, out) && out->kind == SKEP_BTF_STRUCT;
}

/* The function that a relocation is of: through its own symbol or that of its section. */
static struct skep_func *function_of(const struct reader *r, const struct skep_sym *s)
{
	struct code *c;

	if (s->kind == SKEP_SYM_FUNC)
		return s->func;
	c = s->kind == SKEP_SYM_SECTION ? skep_obj_code(r, s->sec) : NULL;
	return c && s->value % 8 == 0 ? skep_obj_func_at(c, s->value / 8) : NULL;
}

static void implement(struct reader *r, const struct skep_dsec *d, u64 off, struct skep_func *f)
{
	const struct skep_sym *v = variable_at(r->obj, d, off);
	struct skep_btf_member m;
	struct skep_btf_type t;

	if (!v || !v->name || f->ops_type || !struct_of(r->obj->btf, v->name, &t))
		return;
	for (u32 i = 0; i < t.vlen; i++) {
		skep_btf_member(r->obj->btf, &t, i, &m);
		if (m.off != (off - v->value) * 8 || !*m.name)
			continue;
		f->ops_type = skep_arena_strndup(r->arena, t.name, skep_btf_essential(t.name));
		f->ops_member = m.name;
		return;
	}
}

int skep_obj_read_ops(struct reader *r)
{
	struct skep_obj *o = r->obj;

	for (u32 k = 0; k < o->ndsec && o->btf; k++) {
		const struct skep_dsec *d = o->dsec[k];
		u32 sec = d->kind == SKEP_DSEC_STRUCT_OPS ? skep_elf_rel_section(r->elf, d->elf)
							  : 0,
		    n;
		struct skep_elf_rel *rel;
		int err;

		if (!sec)
			continue;
		err = skep_elf_rels(r->elf, sec, r->arena, r->ds, &rel, &n);
		if (err)
			return err;
		for (u32 i = 0; i < n; i++) {
			struct skep_func *f = function_of(r, &o->sym[rel[i].sym]);

			if (f)
				implement(r, d, rel[i].offset, f);
		}
	}
	return 0;
}
