/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the two files that parse the text form: the state and how it complains. */
#ifndef SKEP_OBJ_PARSE_IMPL_H
#define SKEP_OBJ_PARSE_IMPL_H

#include "obj/text_impl.h"

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

static inline struct t_sec *cur(struct parser *p)
{
	return p->u->sec.v[p->sec];
}

static inline int err_at(struct parser *p, u32 col, const char *what)
{
	return TEXT_ERR(p->u, TEXT_SYNTAX, p->l.lineno, col, what);
}

static inline int err_place(struct parser *p, const char *what)
{
	return TEXT_ERR(p->u, TEXT_PLACE, p->l.lineno, 1, what);
}

static inline int bad_value(struct parser *p, const struct t_attr *a)
{
	return TEXT_ERR(p->u, TEXT_VALUE, p->l.lineno, a->col, a->key, a->val);
}

static inline int bad_key(struct parser *p, const struct t_attr *a)
{
	return TEXT_ERR(p->u, TEXT_KEY, p->l.lineno, a->col, a->key);
}

static inline bool is(const struct t_attr *a, const char *key)
{
	return strcmp(a->key, key) == 0;
}

/* The value as a number of at most `max`. */
static inline int num_attr(struct parser *p, const struct t_attr *a, u64 max, u64 *out)
{
	return skep_text_num(a->val, out) && *out <= max ? 0 : bad_value(p, a);
}

static inline int num32_attr(struct parser *p, const struct t_attr *a, u32 *out)
{
	u64 v = 0;
	int err = num_attr(p, a, UINT32_MAX, &v);

	*out = (u32)v;
	return err;
}

/* The hex digits of the rest of the line, blanks between bytes allowed. */
int skep_parse_hex(struct parser *p, u8 **out, u32 *n);

/* Directives: the words behind their name (parse_rec.c). */
int skep_parse_file(struct parser *p);
int skep_parse_line(struct parser *p);
int skep_parse_core(struct parser *p);
int skep_parse_rel(struct parser *p);
int skep_parse_sym(struct parser *p);
int skep_parse_ext(struct parser *p);
int skep_parse_order(struct parser *p);
int skep_parse_object(struct parser *p);
int skep_parse_license(struct parser *p);
int skep_parse_map(struct parser *p);
int skep_parse_extern(struct parser *p);
int skep_parse_patch(struct parser *p);

#endif
