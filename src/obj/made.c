/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file gets for functions that it had not (skep_edit_add_func()): symbols,
 * tables of relocations, types. The kernel wants a record of each function where
 * it gets any, and the record a type of kind FUNC; for static functions it looks
 * at nothing but the name, so all have the same prototype, which says nothing.
 * Only the copies that are written are changed; all memory is the writer's arena.
 */
#include "obj/obj_impl.h"

enum { BTF_TYPE = 12, SHF_INFO_LINK = 0x40 };

void skep_obj_made_symbols(const struct skep_obj *o, struct skep_elf *e, struct skep_arena *arena)
{
	struct skep_elf_sym *sym;

	if (o->nsym <= e->nsym)
		return;
	sym = SKEP_NEW_N(arena, struct skep_elf_sym, o->nsym);
	memcpy(sym, e->sym, e->nsym * sizeof(*sym));
	for (u32 k = e->nsym; k < o->nsym; k++)
		sym[k] = (struct skep_elf_sym){.name = o->sym[k].name,
					       .bind = SKEP_STB_LOCAL,
					       .type = SKEP_STT_FUNC,
					       .shndx = (u16)o->sym[k].sec};
	e->sym = sym;
	e->nsym = o->nsym;
}

u32 skep_obj_made_relocs(struct skep_elf *e, const struct skep_csec *c, struct skep_arena *arena)
{
	struct skep_elf_sec *sec = SKEP_NEW_N(arena, struct skep_elf_sec, e->nsec + 1);

	memcpy(sec, e->sec, e->nsec * sizeof(*sec));
	sec[e->nsec] = (struct skep_elf_sec){.name = skep_arena_printf(arena, ".rel%s", c->name),
					     .type = SKEP_SHT_REL,
					     .flags = SHF_INFO_LINK,
					     .link = e->symtab,
					     .info = c->elf,
					     .align = 8,
					     .entsize = 16,
					     .offset = e->shoff};
	e->sec = sec;
	e->rel_of = NULL;
	return e->nsec++;
}

static bool has_made(const struct skep_obj *o)
{
	return o->nfunc && o->func[o->nfunc - 1]->flags & SKEP_FF_MADE;
}

static void put_type(struct skep_buf *out, u32 name, u32 kind, u32 ref, bool big)
{
	u8 raw[BTF_TYPE];

	skep_put32(raw, name, big);
	skep_put32(raw + 4, kind << 24, big);
	skep_put32(raw + 8, ref, big);
	skep_buf_add(out, raw, sizeof(raw));
}

int skep_obj_made_types(const struct skep_objfile *file, struct skep_elf_sec *s,
			struct skep_arena *arena, struct skep_diags *ds, struct made_types *out)
{
	const struct skep_obj *o = file->obj;
	const u8 *b = s->data;
	u32 hdr, toff, tlen, soff, slen, first;
	struct skep_buf types = {0}, str = {0};
	u8 *data;

	memset(out, 0, sizeof(*out));
	if (!has_made(o) || !o->btf || !o->ext || !o->ext->func.n)
		return 0;
	hdr = skep_get32(b + 4, o->big);
	toff = skep_get32(b + 8, o->big);
	tlen = skep_get32(b + 12, o->big);
	soff = skep_get32(b + 16, o->big);
	slen = skep_get32(b + 20, o->big);
	if (soff < toff + tlen)
		return skep_diag(ds, OBJ_DEF(BTF_LAYOUT), SKEP_NOWHERE);
	out->func = SKEP_NEW_N(arena, u32, o->nfunc);
	out->text = slen;
	skep_buf_add(&str, ".text", sizeof(".text"));
	first = o->btf->ntypes;
	put_type(&types, 0, SKEP_BTF_FUNC_PROTO, 0, o->big);
	for (u32 k = 0; k < o->nfunc; k++) {
		if (!(o->func[k]->flags & SKEP_FF_MADE))
			continue;
		out->func[k] = ++first;
		put_type(&types, slen + (u32)str.n, SKEP_BTF_FUNC, o->btf->ntypes, o->big);
		skep_buf_add(&str, o->func[k]->name, strlen(o->func[k]->name) + 1);
	}
	if (types.failed || str.failed) {
		skep_buf_fini(&types);
		skep_buf_fini(&str);
		return SKEP_ENOMEM;
	}
	s->size = hdr + toff + tlen + types.n + slen + str.n;
	s->data = data = skep_arena_alloc(arena, s->size);
	memcpy(data, b, hdr + toff + tlen);
	memcpy(data + hdr + toff + tlen, types.p, types.n);
	memcpy(data + hdr + toff + tlen + types.n, b + hdr + soff, slen);
	memcpy(data + hdr + toff + tlen + types.n + slen, str.p, str.n);
	skep_put32(data + 12, tlen + (u32)types.n, o->big);
	skep_put32(data + 16, toff + tlen + (u32)types.n, o->big);
	skep_put32(data + 20, slen + (u32)str.n, o->big);
	skep_buf_fini(&types);
	skep_buf_fini(&str);
	return 0;
}

/* A list of records with an entry for .text, where made functions are; their records come later. */
struct skep_ext_list skep_obj_made_list(const struct skep_ext_list *l, const struct made_types *t,
					struct skep_arena *arena)
{
	struct skep_ext_list out = *l;

	out.sec = SKEP_NEW_N(arena, struct skep_ext_sec, l->n + 1);
	if (l->n)
		memcpy(out.sec, l->sec, l->n * sizeof(*l->sec));
	if (!t->func || !l->n)
		return out;
	for (u32 k = 0; k < l->n; k++)
		if (strcmp(l->sec[k].name_str, ".text") == 0)
			return out;
	out.sec[out.n++] = (struct skep_ext_sec){.name = t->text, .name_str = ".text"};
	return out;
}
