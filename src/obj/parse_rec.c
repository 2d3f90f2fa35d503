/* SPDX-License-Identifier: BSD-2-Clause */
/* Directives of the text form that make no bytes: records, symbols, maps, the object itself. */
#include "obj/parse_impl.h"

/* --- records ------------------------------------------------------------------------- */

static int btf_string(struct parser *p, struct t_bstr *out)
{
	u64 v = 0;
	const char *w;
	int err;

	*out = (struct t_bstr){0};
	if (!skep_lex_end(&p->l) && *p->l.p == '#') {
		p->l.p++;
		err = skep_lex_num(&p->l, &v);
		if (!err && v > UINT32_MAX)
			return err_at(p, skep_lex_col(&p->l), "the offset is too large");
		out->off = (u32)v;
		return err;
	}
	err = skep_lex_string(&p->l, &w, NULL);
	out->s = w;
	return err;
}

int skep_parse_file(struct parser *p)
{
	return btf_string(p, &p->file);
}

int skep_parse_line(struct parser *p)
{
	struct t_line *r = SKEP_NEW(p->u->arena, struct t_line);
	u32 at = skep_lex_col(&p->l);
	const char *w;
	char *colon;
	u64 no, col;
	int err = skep_lex_word(&p->l, &w);

	if (err)
		return err;
	colon = strchr(w, ':');
	if (!colon)
		return err_at(p, at, "LINE:COLUMN is missing");
	*colon = 0;
	if (!skep_text_num(w, &no) || !skep_text_num(colon + 1, &col) || no >> 22 || col >> 10)
		return err_at(p, at, "LINE:COLUMN is no pair of numbers, or out of range");
	r->no = (u32)no;
	r->col = (u32)col;
	r->file = p->file;
	p->line = r;
	return btf_string(p, &r->text);
}

int skep_parse_core(struct parser *p)
{
	struct t_core *r = SKEP_NEW(p->u->arena, struct t_core);
	u32 col = skep_lex_col(&p->l), k;
	u64 type = 0;
	const char *w;
	int err = skep_lex_word(&p->l, &w);

	if (err)
		return err;
	for (k = 0; strcmp(skep_core_kind_name(k), "unknown") && strcmp(skep_core_kind_name(k), w);
	     k++)
		;
	if (strcmp(skep_core_kind_name(k), w) && !skep_text_enum(NULL, 0, w, &k))
		return err_at(p, col, "unknown kind of CO-RE relocation");
	r->kind = k;
	col = skep_lex_col(&p->l);
	err = skep_lex_num(&p->l, &type);
	if (err)
		return err;
	if (type > UINT32_MAX)
		return err_at(p, col, "the type number is too large");
	r->type = (u32)type;
	p->core = r;
	return btf_string(p, &r->access);
}

int skep_parse_rel(struct parser *p)
{
	struct t_sec *s = cur(p);
	u32 col = skep_lex_col(&p->l);
	struct t_rel r = {.lineno = p->l.lineno};
	struct t_attr a;
	const char *w;
	bool more;
	u64 v = 0;
	int err;

	if (!p->sec)
		return err_place(p, "there is no section for the relocation");
	err = skep_lex_num(&p->l, &r.off);
	if (err)
		return err;
	col = skep_lex_col(&p->l);
	err = skep_lex_word(&p->l, &w);
	if (err)
		return err;
	if (!skep_text_reltype_num(w, &r.type))
		return err_at(p, col, "unknown type of relocation");
	err = skep_lex_word(&p->l, &r.sym);
	while (!err && !(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		if (is(&a, "addend")) {
			err = num_attr(p, &a, UINT64_MAX, &v);
			r.addend = (s64)v;
		} else if (is(&a, "at")) {
			r.at = a.val;
		} else {
			err = bad_key(p, &a);
		}
	}
	if (!err)
		*SKEP_VEC_PUSH(p->u->arena, &s->rel) = r;
	return err;
}

static int sym_attr(struct parser *p, struct t_sym *s, const struct t_attr *a)
{
	u64 v = 0;
	int err;

	if (is(a, "in")) {
		s->in = a->val;
		return 0;
	}
	if (is(a, "name")) {
		s->name = a->val;
		return 0;
	}
	if (is(a, "value")) {
		s->has_value = true;
		return num_attr(p, a, UINT64_MAX, &s->value);
	}
	if (is(a, "size")) {
		s->has_size = true;
		return num_attr(p, a, UINT64_MAX, &s->size);
	}
	if (is(a, "str")) {
		s->has_str = true;
		return num32_attr(p, a, &s->str);
	}
	if (!is(a, "other"))
		return bad_key(p, a);
	err = num_attr(p, a, 255, &v);
	s->other = (u8)v;
	return err;
}

struct t_sym *skep_text_find_sym(const struct t_unit *u, const char *id, u32 *index)
{
	uintptr_t k = (uintptr_t)skep_hmap_find(&u->syms, id, strlen(id));

	if (k && index)
		*index = (u32)k;
	return k ? &u->sym.v[k] : NULL;
}

int skep_parse_sym(struct parser *p)
{
	struct t_unit *u = p->u;
	struct t_sym s = {.lineno = p->l.lineno};
	struct t_attr a;
	bool more;
	u32 bind = 0, type = 0;
	const char *w;
	int err = skep_lex_word(&p->l, &s.id);

	if (err)
		return err;
	if (!p->sec || cur(p)->type != SKEP_SHT_SYMTAB)
		return err_place(p, "symbols belong into a section of type symtab");
	err = skep_lex_word(&p->l, &w);
	if (!err && (!skep_text_enum(skep_text_bind, 3, w, &bind) || bind > 15))
		return err_at(p, 1, "unknown binding");
	if (!err)
		err = skep_lex_word(&p->l, &w);
	if (!err && (!skep_text_enum(skep_text_symtype, 5, w, &type) || type > 15))
		return err_at(p, 1, "unknown type of symbol");
	s.bind = (u8)bind;
	s.type = (u8)type;
	while (!err && !(err = skep_lex_attr(&p->l, &a, &more)) && more)
		err = sym_attr(p, &s, &a);
	if (err)
		return err;
	if (skep_text_find_sym(u, s.id, NULL))
		return TEXT_ERR(u, TEXT_TWICE, p->l.lineno, 1, s.id);
	*SKEP_VEC_PUSH(u->arena, &u->sym) = s;
	skep_hmap_put(&u->syms, s.id, strlen(s.id), (void *)(uintptr_t)(u->sym.n - 1));
	return 0;
}

int skep_parse_ext(struct parser *p)
{
	struct t_unit *u = p->u;
	struct t_attr a;
	bool more;
	int err;

	u->has_ext = true;
	while (!(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		u32 k;

		if (is(&a, "header")) {
			err = num32_attr(p, &a, &u->ext_hdr);
			if (!err && u->ext_hdr != 24 && u->ext_hdr != 32)
				return bad_value(p, &a);
		} else if (skep_text_enum(skep_text_ext_lists, 3, a.key, &k) && k < 3) {
			u->ext_lists |= 1u << k;
		} else {
			err = bad_key(p, &a);
		}
		if (err)
			return err;
	}
	return err;
}

int skep_parse_order(struct parser *p)
{
	const char *w;
	u32 k = 0;
	int err = skep_lex_word(&p->l, &w);

	if (err)
		return err;
	if (!skep_text_enum(skep_text_ext_lists, 3, w, &k) || k > 2)
		return err_at(p, 1, "a list is one of func, line and core");
	while (!err && !skep_lex_end(&p->l)) {
		err = skep_lex_word(&p->l, &w);
		if (!err)
			*SKEP_VEC_PUSH(p->u->arena, &p->u->ext_order[k]) = w;
	}
	return err;
}

/* --- the object ------------------------------------------------------------------------ */

int skep_parse_object(struct parser *p)
{
	struct t_unit *u = p->u;
	struct t_attr a;
	bool more;
	u64 v = 0;
	int err;

	while (!(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		if (is(&a, "big") || is(&a, "little")) {
			u->big = a.key[0] == 'b';
			u->ident[5] = u->big ? 2 : 1;
		} else if (is(&a, "machine")) {
			err = num_attr(p, &a, UINT16_MAX, &v);
			u->machine = (u16)v;
		} else if (is(&a, "flags")) {
			err = num32_attr(p, &a, &u->flags);
		} else if (is(&a, "shoff")) {
			u->has_shoff = true;
			err = num_attr(p, &a, UINT64_MAX, &u->shoff);
		} else if (is(&a, "names")) {
			u->shstr = a.val;
			u->whole = true;
		} else {
			err = bad_key(p, &a);
		}
		if (err)
			return err;
	}
	return err;
}

int skep_parse_license(struct parser *p)
{
	return skep_lex_word(&p->l, &p->u->license);
}

const char *const skep_text_map_keys[T_MAP_FIELDS] = {"type", "key",   "value",
						      "max",  "flags", "pin"};

int skep_parse_map(struct parser *p)
{
	struct t_map m = {.lineno = p->l.lineno};
	struct t_attr a;
	bool more;
	int err = skep_lex_word(&p->l, &m.name);

	while (!err && !(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		const struct skep_map_type *t =
			is(&a, "type") ? skep_map_type_named(a.val, strlen(a.val)) : NULL;
		u32 k;

		for (k = 0; k < T_MAP_FIELDS && !is(&a, skep_text_map_keys[k]); k++)
			;
		if (k == T_MAP_FIELDS)
			return bad_key(p, &a);
		if (t)
			m.field[0] = t->id;
		else
			err = num32_attr(p, &a, &m.field[k]);
	}
	if (err)
		return err;
	for (u32 i = 0; i < p->u->map.n; i++)
		if (strcmp(p->u->map.v[i].name, m.name) == 0)
			return TEXT_ERR(p->u, TEXT_TWICE, p->l.lineno, 1, m.name);
	*SKEP_VEC_PUSH(p->u->arena, &p->u->map) = m;
	return p->u->map.n > 1000
		       ? TEXT_ERR(p->u, TEXT_LIMIT, p->l.lineno, 1, "more than 1000 maps")
		       : 0;
}

int skep_parse_extern(struct parser *p)
{
	struct t_sym s = {.lineno = p->l.lineno, .bind = SKEP_STB_GLOBAL};
	struct t_attr a;
	bool more;
	u32 bind;
	int err = skep_lex_word(&p->l, &s.id);

	while (!err && !(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		if (!skep_text_enum(skep_text_bind, 3, a.key, &bind) || bind == 0 || bind > 15)
			return bad_key(p, &a);
		s.bind = (u8)bind;
	}
	if (!err)
		*SKEP_VEC_PUSH(p->u->arena, &p->u->extern_) = s;
	return err;
}

int skep_parse_patch(struct parser *p)
{
	struct t_patch *t = SKEP_VEC_PUSH(p->u->arena, &p->u->patch);
	u8 *b;
	int err;

	*t = (struct t_patch){0};
	err = skep_lex_num(&p->l, &t->off);
	if (!err)
		err = skep_parse_hex(p, &b, &t->n);
	if (!err)
		t->bytes = b;
	return err;
}
