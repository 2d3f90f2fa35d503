/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text form, line by line, into a unit: sections with instructions or
 * bytes, places with names, symbols, records. Nothing is resolved here; see
 * assemble.c. The first error ends it.
 */
#include "obj/parse_impl.h"

enum { MAX_DATA = 64 << 20 };

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
int skep_parse_hex(struct parser *p, u8 **out, u32 *n)
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
				return err_at(p, skep_lex_col(&p->l),
					      "hex digits are missing, two for a byte");
		}
		b[(*n)++] = (u8)v;
	}
	*out = b;
	return 0;
}

static int do_hex(struct parser *p)
{
	u8 *b = NULL;
	u32 n = 0;
	int err = skep_parse_hex(p, &b, &n);

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
	} nums[] = {{"align", &s->align, &s->has_align},
		    {"entsize", &s->entsize, &s->has_entsize},
		    {"offset", &s->offset, &s->has_offset},
		    {"size", &s->size, &s->has_size},
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
	return u->sec.n > 0xff00
		       ? TEXT_ERR(u, TEXT_LIMIT, p->l.lineno, 1, "more than 65279 sections")
		       : 0;
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
		return TEXT_ERR(p->u, TEXT_TWICE, p->l.lineno, 1,
				(const char *)skep_arena_strndup(p->u->arena, word, n - 1));
	skep_hmap_put(&p->u->locals, key, len, (void *)(uintptr_t)(cur(p)->insn.n + 1));
	return 0;
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
	{".hex", do_hex},
	{".line", skep_parse_line},
	{".ascii", do_ascii},
	{".rel", skep_parse_rel},
	{".zero", do_zero},
	{".sym", skep_parse_sym},
	{".section", do_section},
	{".func", do_func},
	{".label", do_label},
	{".file", skep_parse_file},
	{".core", skep_parse_core},
	{".ext", skep_parse_ext},
	{".order", skep_parse_order},
	{".object", skep_parse_object},
	{".map", skep_parse_map},
	{".license", skep_parse_license},
	{".extern", skep_parse_extern},
	{".var", do_var},
	{".patch", skep_parse_patch},
	{".u8", do_u8},
	{".u16", do_u16},
	{".u32", do_u32},
	{".u64", do_u64},
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
			err = err_at(p, skep_lex_col(&p->l),
				     "unexpected text at the end of the line");
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
