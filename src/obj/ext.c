/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF and BTF.ext of a file into the metadata of its functions and instructions. */
#include "obj/obj_impl.h"

#include <stdlib.h>

static struct code *code_named(struct reader *r, const char *name)
{
	return skep_hmap_find(&r->code_named, name, strlen(name));
}

static int bad_ext(struct reader *r, const struct code *c, const char *what, u32 off, const char *why)
{
	return skep_diag(r->ds, OBJ_DEF(BAD_EXT), skep_obj_place(c ? c->sec : NULL, NULL, -1), what, off, why);
}

/* The instruction at a byte offset of a section, or NULL. */
static struct skep_insn *at_byte(const struct code *c, u32 off)
{
	return off % 8 || off / 8 >= c->sec->slots_read ? NULL : c->at[off / 8];
}

static int attach_funcs(struct reader *r, const struct skep_ext_sec *s, struct code *c)
{
	for (u32 i = 0; i < s->n; i++) {
		struct skep_insn *at = at_byte(c, s->func[i].off);

		if (!at || at->prev)
			return bad_ext(r, c, "function", s->func[i].off, "no function starts there");
		at->func->type = s->func[i].type;
	}
	return 0;
}

/* Line records start a run of instructions: fill the whole run. */
static int attach_lines(struct reader *r, const struct skep_ext_sec *s, struct code *c)
{
	for (u32 i = 0; i < s->n; i++) {
		struct skep_insn *at = at_byte(c, s->line[i].off);

		if (!at)
			return bad_ext(r, c, "line", s->line[i].off, "no instruction starts there");
		if (!skep_btf_str(r->obj->btf, s->line[i].file) || !skep_btf_str(r->obj->btf, s->line[i].text))
			return bad_ext(r, c, "line", s->line[i].off, "a string lies outside the strings");
		at->line = &s->line[i];
		at->flags |= SKEP_IF_LINE;
	}
	for (u32 k = 0; k < c->sec->nfunc; k++) {
		const struct skep_line_rec *in_force = NULL;

		SKEP_FOR_INSN(i, c->sec->func[k]) {
			if (i->line)
				in_force = i->line;
			else
				i->line = in_force;
		}
	}
	return 0;
}

static int attach_core(struct reader *r, const struct skep_ext_sec *s, struct code *c)
{
	for (u32 i = 0; i < s->n; i++) {
		struct skep_insn *at = at_byte(c, s->core[i].off);

		if (!at)
			return bad_ext(r, c, "CO-RE", s->core[i].off, "no instruction starts there");
		if (!skep_btf_str(r->obj->btf, s->core[i].access) || s->core[i].type >= r->obj->btf->ntypes)
			return bad_ext(r, c, "CO-RE", s->core[i].off, "its type or access string does not exist");
		at->core = &s->core[i];
	}
	return 0;
}

static int attach_list(struct reader *r, const struct skep_ext_list *l,
		       int (*attach)(struct reader *, const struct skep_ext_sec *, struct code *))
{
	for (u32 k = 0; k < l->n; k++) {
		struct code *c = code_named(r, l->sec[k].name_str);
		int err;

		/* Records of a section without code (dropped by a linker) go nowhere. */
		if (!c)
			continue;
		err = attach(r, &l->sec[k], c);
		if (err)
			return err;
	}
	return 0;
}

/* Of several sections of one name the first counts. */
static void index_names(struct reader *r)
{
	const struct skep_ext_list *l = &r->obj->ext->func;

	skep_hmap_init(&r->code_named, r->arena);
	skep_hmap_init(&r->func_recs, r->arena);
	for (u32 k = r->ncode; k-- > 0;)
		skep_hmap_put(&r->code_named, r->code[k].sec->name, strlen(r->code[k].sec->name), &r->code[k]);
	for (u32 k = l->n; k-- > 0;)
		skep_hmap_put(&r->func_recs, l->sec[k].name_str, strlen(l->sec[k].name_str), &l->sec[k]);
}

int skep_obj_read_btf(struct reader *r)
{
	const struct skep_elf_sec *s = skep_elf_find(r->elf, ".BTF", NULL);
	const struct skep_elf_sec *x = skep_elf_find(r->elf, ".BTF.ext", NULL);
	struct skep_obj *o = r->obj;
	int err;

	if (!s || !s->data)
		return 0;
	err = skep_btf_read(s->data, s->size, r->elf->big, r->arena, r->ds, &o->btf);
	if (err || !x || !x->data)
		return err;
	err = skep_btf_ext_read(x->data, x->size, o->btf, r->arena, r->ds, &o->ext);
	if (!err)
		index_names(r);
	return err;
}

const struct skep_ext_sec *skep_obj_func_recs(const struct reader *r, const char *section)
{
	return skep_hmap_find(&r->func_recs, section, strlen(section));
}

int skep_obj_attach_ext(struct reader *r)
{
	int err;

	if (!r->obj->ext)
		return 0;
	err = attach_list(r, &r->obj->ext->func, attach_funcs);
	if (!err)
		err = attach_list(r, &r->obj->ext->line, attach_lines);
	return err ? err : attach_list(r, &r->obj->ext->core, attach_core);
}
