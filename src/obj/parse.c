/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text form, line by line, into a unit: sections with instructions or
 * bytes, places with names, symbols, records. Nothing is resolved here; see
 * assemble.c. The first error ends it.
 */
#include "obj/text_impl.h"

#include <stdlib.h>

enum { MAX_DATA = 64 << 20 };

struct parser {
	struct t_unit *u;
	struct t_lex l;
	u32 sec; /* index of the section, 0: none yet */
	struct t_func *func;
	u32 nfunc; /* number of `func`, from 1 */
	struct t_bstr file;
	const struct t_line *line; /* for the next instruction */
	const struct t_core *core;
};

static struct t_sec *cur(struct parser *p)
{
	return p->u->sec.v[p->sec];
}

static int err_at(struct parser *p, u32 col, const char *what)
{
	return TEXT_ERR(p->u, TEXT_SYNTAX, p->l.lineno, col, what);
}

static int err_place(struct parser *p, const char *what)
{
	return TEXT_ERR(p->u, TEXT_PLACE, p->l.lineno, 1, what);
}

static int bad_value(struct parser *p, const struct t_attr *a)
{
	return TEXT_ERR(p->u, TEXT_VALUE, p->l.lineno, a->col, a->key, a->val);
}

static int bad_key(struct parser *p, const struct t_attr *a)
{
	return TEXT_ERR(p->u, TEXT_KEY, p->l.lineno, a->col, a->key);
}

static bool is(const struct t_attr *a, const char *key)
{
	return strcmp(a->key, key) == 0;
}

/* The value as a number of at most `max`. */
static int num_attr(struct parser *p, const struct t_attr *a, u64 max, u64 *out)
{
	return skep_text_num(a->val, out) && *out <= max ? 0 : bad_value(p, a);
}

static int num32_attr(struct parser *p, const struct t_attr *a, u32 *out)
{
	u64 v = 0;
	int err = num_attr(p, a, UINT32_MAX, &v);

	*out = (u32)v;
	return err;
}

/* --- bytes ------------------------------------------------------------------ */

static int add_bytes(struct parser *p, const void *bytes, u64 n)
{
	struct t_sec *s = cur(p);

	if (!p->sec)
		return err_place(p, "there is no section to put bytes in");
	if (s->insn.n || p->func)
		return err_place(p, "a section holds instructions or bytes, not both");
	if (!skep_elf_has_bytes(s->type)) {
		if (bytes)
			return err_place(p, "a section without bytes in the file takes only .zero");
		if (n > UINT64_MAX - s->zeros)
			return TEXT_ERR(p->u, TEXT_LIMIT, p->l.lineno, 1, "a section is too large");
		s->zeros += n;
		return 0;
	}
	if (n > MAX_DATA || s->data.n + n > MAX_DATA)
		return TEXT_ERR(p->u, TEXT_LIMIT, p->l.lineno, 1, "a section is too large");
	if (s->data.n + n > s->data.cap) {
		u32 cap = SKEP_MAX(s->data.cap * 2, (u32)(s->data.n + n + 64));

		s->data.v = skep_arena_grow(p->u->arena, s->data.v, s->data.n, cap);
		s->data.cap = cap;
	}
	if (bytes && n)
		memcpy(s->data.v + s->data.n, bytes, n);
	else if (n)
		memset(s->data.v + s->data.n, 0, n);
	s->data.n += (u32)n;
	return 0;
}

/* The hex digits of the rest of the line, blanks between bytes allowed. */
static int hex_bytes(struct parser *p, u8 **out, u32 *n)
{
	u8 *b = skep_arena_alloc(p->u->arena, (size_t)(p->l.end - p->l.p) / 2 + 1);

	*n = 0;
	while (!skep_lex_end(&p->l)) {
		u32 v = 0;

		for (int i = 0; i < 2; i++, p->l.p++) {
			char c = p->l.p < p->l.end ? *p->l.p : 0;

			if (c >= '0' && c <= '9')
				v = v << 4 | (u32)(c - '0');
			else if (c >= 'a' && c <= 'f')
				v = v << 4 | (u32)(c - 'a' + 10);
			else
				return err_at(p, skep_lex_col(&p->l), "hex digits are missing, two for a byte");
		}
		b[(*n)++] = (u8)v;
	}
	*out = b;
	return 0;
}

static int do_hex(struct parser *p)
{
	u8 *b;
	u32 n;
	int err = hex_bytes(p, &b, &n);

	return err ? err : add_bytes(p, b, n);
}

static int do_ascii(struct parser *p)
{
	const char *s;
	u32 n;
	int err = skep_lex_string(&p->l, &s, &n);

	return err ? err : add_bytes(p, s, n);
}

static int do_zero(struct parser *p)
{
	u64 n = 0;
	int err = skep_lex_num(&p->l, &n);

	return err ? err : add_bytes(p, NULL, n);
}

static int do_numbers(struct parser *p, u32 size)
{
	do {
		u64 v = 0;
		u8 b[8];
		int err = skep_lex_num(&p->l, &v);

		if (err)
			return err;
		skep_put64(b, v, p->u->big);
		err = add_bytes(p, p->u->big ? b + 8 - size : b, size);
		if (err)
			return err;
	} while (!skep_lex_end(&p->l));
	return 0;
}

static int do_u8(struct parser *p)
{
	return do_numbers(p, 1);
}

static int do_u16(struct parser *p)
{
	return do_numbers(p, 2);
}

static int do_u32(struct parser *p)
{
	return do_numbers(p, 4);
}

static int do_u64(struct parser *p)
{
	return do_numbers(p, 8);
}

/* --- sections ----------------------------------------------------------------- */

struct t_sec *skep_text_find_sec(const struct t_unit *u, const char *id, u32 *index)
{
	struct t_sec *s = skep_hmap_find(&u->secs, id, strlen(id));

	if (s && index)
		*index = s->index;
	return s;
}

struct t_sec *skep_text_add_sec(struct t_unit *u, const char *name, u32 lineno)
{
	struct t_sec *s = SKEP_NEW(u->arena, struct t_sec);

	s->name = s->id = name;
	s->lineno = lineno;
	s->type = skep_text_default_type(name);
	s->index = u->sec.n;
	*SKEP_VEC_PUSH(u->arena, &u->sec) = s;
	return s;
}

static bool flag_letters(const char *s, u64 *out)
{
	static const char letters[] = "wax";

	if (skep_text_num(s, out))
		return true;
	for (*out = 0; *s; s++) {
		const char *q = strchr(letters, *s);

		if (!q)
			return false;
		*out |= (u64)1 << (q - letters);
	}
	return true;
}

static int section_attr(struct parser *p, struct t_sec *s, const struct t_attr *a)
{
	const struct {
		const char *key;
		u64 *val;
		bool *has;
	} nums[] = {{"align", &s->align, &s->has_align},    {"entsize", &s->entsize, &s->has_entsize},
		    {"offset", &s->offset, &s->has_offset}, {"size", &s->size, &s->has_size},
		    {"addr", &s->addr, NULL}};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(nums); i++)
		if (is(a, nums[i].key)) {
			if (nums[i].has)
				*nums[i].has = true;
			return num_attr(p, a, UINT64_MAX, nums[i].val);
		}
	if (is(a, "type")) {
		s->has_type = true;
		return skep_text_sectype_num(a->val, &s->type) ? 0 : bad_value(p, a);
	}
	if (is(a, "flags")) {
		s->has_flags = true;
		return flag_letters(a->val, &s->flags) ? 0 : bad_value(p, a);
	}
	if (is(a, "sum") || is(a, "str")) {
		bool sum = a->key[1] == 'u';

		*(sum ? &s->has_sum : &s->has_str) = true;
		return num32_attr(p, a, sum ? &s->sum : &s->str);
	}
	if (is(a, "link"))
		s->link = a->val;
	else if (is(a, "info"))
		s->info = a->val;
	else if (is(a, "id"))
		s->id = a->val;
	else if (is(a, "auto"))
		s->automatic = true;
	else
		return bad_key(p, a);
	return 0;
}

static int do_section(struct parser *p)
{
	struct t_unit *u = p->u;
	u32 col = skep_lex_col(&p->l);
	struct t_sec *s, *old;
	struct t_attr a;
	const char *name;
	bool more = true;
	int err = skep_lex_word(&p->l, &name);

	if (err)
		return err;
	p->func = NULL;
	p->line = NULL;
	p->core = NULL;
	if (skep_lex_end(&p->l) && skep_text_find_sec(u, name, &p->sec))
		return 0;
	s = skep_text_add_sec(u, name, p->l.lineno);
	while (!(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		err = section_attr(p, s, &a);
		if (err)
			return err;
	}
	if (err)
		return err;
	old = skep_text_find_sec(u, s->id, NULL);
	if (old)
		return TEXT_ERR(u, TEXT_TWICE, p->l.lineno, col, s->id);
	skep_hmap_put(&u->secs, s->id, strlen(s->id), s);
	p->sec = u->sec.n - 1;
	u->whole |= s->type == SKEP_SHT_SYMTAB;
	return u->sec.n > 0xff00 ? TEXT_ERR(u, TEXT_LIMIT, p->l.lineno, 1, "more than 65279 sections") : 0;
}

/* --- places ------------------------------------------------------------------------ */

struct t_label *skep_text_find_label(const struct t_unit *u, const char *id)
{
	return skep_hmap_find(&u->labels, id, strlen(id));
}

static int add_label(struct parser *p, const char *name, struct t_label **out)
{
	struct t_unit *u = p->u;
	struct t_sec *s = cur(p);
	struct t_label *lab;

	if (!p->sec)
		return err_place(p, "there is no section to put a name in");
	if (skep_text_find_label(u, name))
		return TEXT_ERR(u, TEXT_TWICE, p->l.lineno, 1, name);
	lab = SKEP_NEW(u->arena, struct t_label);
	lab->name = name;
	lab->sec = p->sec;
	lab->lineno = p->l.lineno;
	lab->bind = SKEP_STB_GLOBAL;
	lab->pos = s->insn.n ? s->insn.n : skep_elf_has_bytes(s->type) ? s->data.n : s->zeros;
	lab->func = p->func;
	if (p->func && s->insn.n > p->func->first)
		lab->func = NULL;
	skep_hmap_put(&u->labels, name, strlen(name), lab);
	*SKEP_VEC_PUSH(u->arena, &s->label) = lab;
	*out = lab;
	return 0;
}

static int do_func(struct parser *p)
{
	struct t_unit *u = p->u;
	struct t_func *f = SKEP_NEW(u->arena, struct t_func);
	struct t_label *lab;
	struct t_attr a;
	bool more;
	u32 bind;
	int err = skep_lex_word(&p->l, &f->name);

	if (err)
		return err;
	if (!p->sec || cur(p)->data.n || cur(p)->type != SKEP_SHT_PROGBITS)
		return err_place(p, "a function needs a section of code");
	f->sec = p->sec;
	f->lineno = p->l.lineno;
	f->first = cur(p)->insn.n;
	f->bind = SKEP_STB_GLOBAL;
	while (!(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		if (is(&a, "type"))
			err = num32_attr(p, &a, &f->type);
		else if (skep_text_enum(skep_text_bind, 3, a.key, &bind) && bind < 16)
			f->bind = (u8)bind;
		else
			err = bad_key(p, &a);
		if (err)
			return err;
	}
	if (err)
		return err;
	*SKEP_VEC_PUSH(u->arena, &u->func) = f;
	p->func = f;
	p->nfunc = u->func.n;
	err = add_label(p, f->name, &lab);
	if (!err)
		lab->bind = f->bind;
	return err;
}

static int do_label(struct parser *p)
{
	struct t_label *lab;
	const char *name;
	int err = skep_lex_word(&p->l, &name);

	return err ? err : add_label(p, name, &lab);
}

static int do_var(struct parser *p)
{
	struct t_label *lab;
	struct t_attr a;
	const char *name;
	bool more;
	u32 bind;
	int err = skep_lex_word(&p->l, &name);

	if (!err)
		err = add_label(p, name, &lab);
	while (!err && !(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		if (is(&a, "size"))
			err = num32_attr(p, &a, &lab->size);
		else if (skep_text_enum(skep_text_bind, 3, a.key, &bind) && bind < 16)
			lab->bind = (u8)bind;
		else
			err = bad_key(p, &a);
	}
	return err;
}

/* "name:" is a branch target in code and a variable in data. */
static int do_colon(struct parser *p, const char *word, size_t n)
{
	struct t_label *lab;
	u32 *key;
	size_t len = n - 1 + 8;

	if (!p->func && p->sec && !cur(p)->insn.n)
		return add_label(p, skep_arena_strndup(p->u->arena, word, n - 1), &lab);
	if (!p->sec)
		return err_place(p, "there is no section to put a name in");
	key = skep_arena_alloc(p->u->arena, len);
	key[0] = p->sec;
	key[1] = p->func ? p->nfunc : 0;
	memcpy(key + 2, word, n - 1);
	if (skep_hmap_find(&p->u->locals, key, len))
		return TEXT_ERR(p->u, TEXT_TWICE, p->l.lineno, 1, (const char *)skep_arena_strndup(p->u->arena, word, n - 1));
	skep_hmap_put(&p->u->locals, key, len, (void *)(uintptr_t)(cur(p)->insn.n + 1));
	return 0;
}

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

static int do_file(struct parser *p)
{
	return btf_string(p, &p->file);
}

static int do_line(struct parser *p)
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

static int do_core(struct parser *p)
{
	struct t_core *r = SKEP_NEW(p->u->arena, struct t_core);
	u32 col = skep_lex_col(&p->l), k;
	u64 type = 0;
	const char *w;
	int err = skep_lex_word(&p->l, &w);

	if (err)
		return err;
	for (k = 0; strcmp(skep_core_kind_name(k), "unknown") && strcmp(skep_core_kind_name(k), w); k++)
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

static int do_rel(struct parser *p)
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

static int do_sym(struct parser *p)
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

static int do_ext(struct parser *p)
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

static int do_order(struct parser *p)
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

static int do_object(struct parser *p)
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

static int do_license(struct parser *p)
{
	return skep_lex_word(&p->l, &p->u->license);
}

const char *const skep_text_map_keys[T_MAP_FIELDS] = {"type", "key", "value", "max", "flags", "pin"};

static int do_map(struct parser *p)
{
	struct t_map m = {.lineno = p->l.lineno};
	struct t_attr a;
	bool more;
	int err = skep_lex_word(&p->l, &m.name);

	while (!err && !(err = skep_lex_attr(&p->l, &a, &more)) && more) {
		const struct skep_map_type *t = is(&a, "type") ? skep_map_type_named(a.val, strlen(a.val)) : NULL;
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
	return p->u->map.n > 1000 ? TEXT_ERR(p->u, TEXT_LIMIT, p->l.lineno, 1, "more than 1000 maps") : 0;
}

static int do_extern(struct parser *p)
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

static int do_patch(struct parser *p)
{
	struct t_patch *t = SKEP_VEC_PUSH(p->u->arena, &p->u->patch);
	u8 *b;
	int err;

	*t = (struct t_patch){0};
	err = skep_lex_num(&p->l, &t->off);
	if (!err)
		err = hex_bytes(p, &b, &t->n);
	if (!err)
		t->bytes = b;
	return err;
}

/* --- lines --------------------------------------------------------------------------------- */

static int do_insn(struct parser *p)
{
	struct t_sec *s = cur(p);
	int err;

	if (!p->sec || s->type != SKEP_SHT_PROGBITS)
		return err_place(p, "an instruction needs a section of code");
	if (s->data.n)
		return err_place(p, "a section holds instructions or bytes, not both");
	err = skep_text_insn(&p->l, s, p->line, p->core);
	if (err)
		return err;
	if (p->func) {
		s->insn.v[s->insn.n - 1].func = p->nfunc;
		p->func->end = s->insn.n;
	}
	p->line = NULL;
	p->core = NULL;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct parser *p);
} directives[] = {
	{".hex", do_hex},     {".line", do_line},     {".ascii", do_ascii},   {".rel", do_rel},	    {".zero", do_zero},
	{".sym", do_sym},     {".section", do_section}, {".func", do_func},	{".label", do_label}, {".file", do_file},
	{".core", do_core},   {".ext", do_ext},	      {".order", do_order},   {".object", do_object}, {".map", do_map},
	{".license", do_license}, {".extern", do_extern}, {".var", do_var},   {".patch", do_patch}, {".u8", do_u8},
	{".u16", do_u16},     {".u32", do_u32},	      {".u64", do_u64},
};

static int do_text_line(struct parser *p)
{
	const char *start = p->l.p, *q = start;
	int err = 0;

	while (q < p->l.end && *q != ' ' && *q != '\t')
		q++;
	if (q == p->l.end && q[-1] == ':' && q - start > 1)
		return do_colon(p, start, (size_t)(q - start));
	if (*start != '.')
		return do_insn(p);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(directives); i++) {
		if (strlen(directives[i].name) != (size_t)(q - start) ||
		    memcmp(directives[i].name, start, (size_t)(q - start)) != 0)
			continue;
		p->l.p = q;
		err = directives[i].run(p);
		if (!err && !skep_lex_end(&p->l))
			err = err_at(p, skep_lex_col(&p->l), "unexpected text at the end of the line");
		return err;
	}
	return err_at(p, skep_lex_col(&p->l), "unknown directive");
}

int skep_text_read_unit(struct t_unit *u)
{
	struct parser p = {.u = u};
	const char *line = u->text, *end = u->text + u->len;

	for (u32 no = 1; line < end; no++) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((nl ? nl : end) - line);
		int err;

		skep_lex_init(&p.l, u, line, n, no);
		if (!skep_lex_end(&p.l)) {
			err = do_text_line(&p);
			if (err)
				return err;
		}
		line += n + 1;
	}
	return 0;
}
