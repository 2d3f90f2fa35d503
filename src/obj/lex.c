/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text form, word by word: lines, words, strings, numbers, attributes, and
 * the names of enumerations that printer and parser share. What is returned
 * lies in the unit's arena.
 */
#include "obj/text_impl.h"

#include <stdio.h>

const char *const skep_text_bind[3] = {"local", "global", "weak"};
const char *const skep_text_symtype[5] = {"notype", "object", "func", "section", "file"};
const char *const skep_text_ext_lists[3] = {"func", "line", "core"};

static const struct {
	const char *name;
	u32 num;
} sectypes[] = {{"progbits", SKEP_SHT_PROGBITS}, {"nobits", SKEP_SHT_NOBITS},
		{"symtab", SKEP_SHT_SYMTAB},	 {"strtab", SKEP_SHT_STRTAB},
		{"rel", SKEP_SHT_REL},		 {"rela", SKEP_SHT_RELA}},
  reltypes[] = {{"ld64", SKEP_R_64_64},
		{"abs64", SKEP_R_ABS64},
		{"abs32", SKEP_R_ABS32},
		{"nodyld32", SKEP_R_NODYLD32},
		{"call", SKEP_R_64_32}};

bool skep_text_enum(const char *const *names, u32 n, const char *s, u32 *out)
{
	u64 v;

	for (u32 i = 0; i < n; i++)
		if (strcmp(names[i], s) == 0) {
			*out = i;
			return true;
		}
	if (!skep_text_num(s, &v) || v > UINT32_MAX)
		return false;
	*out = (u32)v;
	return true;
}

const char *skep_text_sectype(u32 type)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(sectypes); i++)
		if (sectypes[i].num == type)
			return sectypes[i].name;
	return NULL;
}

bool skep_text_sectype_num(const char *s, u32 *out)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(sectypes); i++)
		if (strcmp(sectypes[i].name, s) == 0) {
			*out = sectypes[i].num;
			return true;
		}
	return skep_text_enum(NULL, 0, s, out);
}

const char *skep_text_reltype(u32 type)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(reltypes); i++)
		if (reltypes[i].num == type)
			return reltypes[i].name;
	return NULL;
}

bool skep_text_reltype_num(const char *s, u32 *out)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(reltypes); i++)
		if (strcmp(reltypes[i].name, s) == 0) {
			*out = reltypes[i].num;
			return true;
		}
	return skep_text_enum(NULL, 0, s, out);
}

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* What compilers give to sections of these names. */
u32 skep_text_default_type(const char *name)
{
	if (starts(name, ".rel.") || starts(name, ".rel"))
		return SKEP_SHT_REL;
	if (starts(name, ".bss"))
		return SKEP_SHT_NOBITS;
	if (strcmp(name, ".symtab") == 0)
		return SKEP_SHT_SYMTAB;
	return strcmp(name, ".strtab") == 0 || strcmp(name, ".shstrtab") == 0 ? SKEP_SHT_STRTAB
									      : SKEP_SHT_PROGBITS;
}

u64 skep_text_default_flags(const char *name, u32 type)
{
	if (type != SKEP_SHT_PROGBITS && type != SKEP_SHT_NOBITS)
		return 0;
	if (starts(name, ".rodata"))
		return SKEP_SHF_ALLOC;
	if (starts(name, ".data") || starts(name, ".bss") || starts(name, ".maps") ||
	    starts(name, ".kconfig") || starts(name, ".struct_ops") ||
	    strcmp(name, "license") == 0 || strcmp(name, "version") == 0)
		return SKEP_SHF_ALLOC | SKEP_SHF_WRITE;
	if (name[0] == '.' && strcmp(name, ".text") != 0)
		return 0;
	return SKEP_SHF_ALLOC | SKEP_SHF_EXEC;
}

u64 skep_text_default_entsize(u32 type)
{
	return type == SKEP_SHT_REL				  ? 16
	       : type == SKEP_SHT_SYMTAB || type == SKEP_SHT_RELA ? 24
								  : 0;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_.$/?:", c);
}

bool skep_text_plain(const char *s)
{
	static const char *const taken[] = {"map_fd", "map_value", "btf_id",
					    "func",   "map_idx",   "map_idx_value"};
	size_t n = strlen(s);

	if (!n || n > 200 || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_plain(s[i]))
			return false;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(taken); i++)
		if (strcmp(s, taken[i]) == 0)
			return false;
	/* Local labels look like this. */
	return s[0] != 'L' || strspn(s + 1, "0123456789") != n - 1;
}

struct skep_diag_place skep_text_place(const struct t_unit *u, u32 line, u32 col)
{
	struct skep_diag_place at = {.offset = -1, .insn = -1, .line = line, .col = col};
	const char *p = u->text, *end = u->text + u->len, *q;
	static _Thread_local char src[200];
	size_t n;

	for (u32 k = 1; k < line && p; k++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p || !line)
		return at;
	q = memchr(p, '\n', (size_t)(end - p));
	n = SKEP_MIN((size_t)((q ? q : end) - p), sizeof(src) - 1);
	memcpy(src, p, n);
	src[n] = 0;
	/* A tab is one column here, so that the caret stands where it should. */
	for (size_t i = 0; i < n; i++)
		if (src[i] == '\t' || src[i] == 0)
			src[i] = ' ';
	at.src = src;
	return at;
}

void skep_lex_init(struct t_lex *l, struct t_unit *u, const char *line, size_t n, u32 lineno)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (quoted && line[i] == '\\' && i + 1 < n)
			i++;
		else if (line[i] == '"')
			quoted = !quoted;
		else if (line[i] == ';' && !quoted)
			break;
	}
	while (i && (line[i - 1] == ' ' || line[i - 1] == '\t' || line[i - 1] == '\r'))
		i--;
	*l = (struct t_lex){u, line, line, line + i, lineno};
	skep_lex_end(l);
}

bool skep_lex_end(struct t_lex *l)
{
	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t'))
		l->p++;
	return l->p == l->end;
}

u32 skep_lex_col(const struct t_lex *l)
{
	return (u32)(l->p - l->start) + 1;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* One character of a string, after a backslash when `esc`. */
static bool string_char(struct t_lex *l, char *out)
{
	if (*l->p != '\\') {
		*out = *l->p++;
		return true;
	}
	if (++l->p == l->end)
		return false;
	switch (*l->p++) {
	case 'n': *out = '\n'; return true;
	case 't': *out = '\t'; return true;
	case '0': *out = 0; return true;
	case '"': *out = '"'; return true;
	case '\\': *out = '\\'; return true;
	case 'x':
		if (l->end - l->p < 2 || hex_digit(l->p[0]) < 0 || hex_digit(l->p[1]) < 0)
			return false;
		*out = (char)(hex_digit(l->p[0]) << 4 | hex_digit(l->p[1]));
		l->p += 2;
		return true;
	default: return false;
	}
}

int skep_lex_string(struct t_lex *l, const char **out, u32 *n)
{
	u32 len = 0, col;
	char *s;

	if (skep_lex_end(l) || *l->p != '"')
		return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, skep_lex_col(l),
				"a quoted string is missing");
	col = skep_lex_col(l);
	l->p++;
	s = skep_arena_alloc(l->u->arena, (size_t)(l->end - l->p) + 1);
	while (l->p < l->end && *l->p != '"')
		if (!string_char(l, &s[len++]))
			return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, skep_lex_col(l),
					"unknown escape in the string");
	if (l->p == l->end)
		return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, col, "the string does not end");
	l->p++;
	*out = s;
	if (n)
		*n = len;
	else if (memchr(s, 0, len))
		return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, col, "a zero byte in a name");
	return 0;
}

int skep_lex_word(struct t_lex *l, const char **out)
{
	const char *start;

	if (skep_lex_end(l))
		return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, skep_lex_col(l), "a word is missing");
	if (*l->p == '"')
		return skep_lex_string(l, out, NULL);
	for (start = l->p; l->p < l->end && *l->p != ' ' && *l->p != '\t'; l->p++)
		if (*l->p == 0)
			return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, skep_lex_col(l),
					"a zero byte in the text");
	*out = skep_arena_strndup(l->u->arena, start, (size_t)(l->p - start));
	return 0;
}

bool skep_text_num(const char *s, u64 *out)
{
	bool neg = *s == '-';
	u32 base = 10;
	u64 v = 0;

	s += neg;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		int d = hex_digit(*s);

		if (d < 0 || (u32)d >= base || v > (UINT64_MAX - (u32)d) / base)
			return false;
		v = v * base + (u32)d;
	}
	*out = neg ? 0 - v : v;
	return true;
}

int skep_lex_num(struct t_lex *l, u64 *out)
{
	u32 col = skep_lex_col(l);
	const char *w;
	int err = skep_lex_word(l, &w);

	if (err)
		return err;
	if (!skep_text_num(w, out))
		return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, col, "a number is missing");
	return 0;
}

int skep_lex_attr(struct t_lex *l, struct t_attr *out, bool *more)
{
	const char *start;

	*more = !skep_lex_end(l);
	if (!*more)
		return 0;
	*out = (struct t_attr){.val = "", .col = skep_lex_col(l)};
	for (start = l->p; l->p < l->end && !strchr(" \t=\"", *l->p); l->p++)
		;
	out->key = skep_arena_strndup(l->u->arena, start, (size_t)(l->p - start));
	if (l->p == start)
		return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, out->col, "an attribute is missing");
	if (l->p == l->end || *l->p != '=')
		return 0;
	l->p++;
	if (l->p == l->end || *l->p == ' ' || *l->p == '\t')
		return 0;
	return skep_lex_word(l, &out->val);
}
