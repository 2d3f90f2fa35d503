/* SPDX-License-Identifier: BSD-2-Clause */
/* One instruction of the text into the unit: operands by name, marks behind it ("!sec"). */
#include "obj/text_impl.h"

u8 skep_text_default_how(bool call, bool local, bool same_section)
{
	if (!local)
		return T_HOW_SYM;
	return call && same_section ? T_HOW_INPLACE : T_HOW_SEC;
}

/* One "!word" or "!key=number" that was cut off the line's end. */
static bool mark(struct t_insn *i, const char *s)
{
	static const char *const hows[] = {"", "inplace", "sym", "sec"};
	u64 v = 0;

	for (u8 k = 1; k < SKEP_ARRAY_SIZE(hows); k++)
		if (strcmp(s, hows[k]) == 0) {
			i->how = k;
			return true;
		}
	if (strncmp(s, "imm=", 4) == 0 && skep_text_num(s + 4, &v) && (s64)v == (s32)v) {
		i->imm = (s64)v;
		return i->has_imm = true;
	}
	if (strncmp(s, "src=", 4) == 0 && skep_text_num(s + 4, &v) && v < 3) {
		i->src = (u8)v;
		return i->has_src = true;
	}
	return false;
}

/* Cut marks off the end, the last one first. */
static int read_marks(struct t_lex *l, struct t_insn *i)
{
	for (;;) {
		const char *q = l->end;

		while (q > l->p && q[-1] != ' ' && q[-1] != '\t')
			q--;
		if (l->end - q < 2 || q[0] != '!' || q[1] < 'a' || q[1] > 'z')
			return 0;
		if (!mark(i, skep_arena_strndup(l->u->arena, q + 1, (size_t)(l->end - q - 1))))
			return TEXT_ERR(l->u, TEXT_SYNTAX, l->lineno, (u32)(q - l->start) + 1,
					"unknown mark");
		while (q > l->p && (q[-1] == ' ' || q[-1] == '\t'))
			q--;
		l->end = q;
	}
}

/* "name+12": the name; the number goes to the constant. */
static const char *split_addend(struct t_unit *u, struct skep_span s, s64 *addend)
{
	char *name = skep_arena_strndup(u->arena, s.p, s.n);
	char *q = name + strcspn(name, "+-");
	u64 v;

	if (*q && skep_text_num(q + (*q == '+'), &v)) {
		*addend = (s64)v;
		*q = 0;
	}
	return name;
}

static void callee(struct t_unit *u, struct skep_span s, struct t_insn *i)
{
	char *name = skep_arena_strndup(u->arena, s.p, s.n);
	char *hash = strchr(name, '#');
	u64 v;

	if (hash && skep_text_num(hash + 1, &v) && (s64)v == (s32)v) {
		i->in.imm = (s64)v;
		return;
	}
	i->sym = name;
}

int skep_text_insn(struct t_lex *l, struct t_sec *s, const struct t_line *line,
		   const struct t_core *core)
{
	struct t_insn i = {.lineno = l->lineno, .col = skep_lex_col(l), .line = line, .core = core};
	const char *why = NULL, *where = NULL;
	struct skep_isa_names nm;
	int err = read_marks(l, &i);

	if (err)
		return err;
	if (!skep_isa_parse(l->p, (size_t)(l->end - l->p), &i.in, &nm, &why, &where))
		return TEXT_ERR(l->u, TEXT_INSN, l->lineno, (u32)(where - l->start) + 1, why);
	if (nm.target.n)
		i.label = skep_arena_strndup(l->u->arena, nm.target.p, nm.target.n);
	if (nm.imm.n)
		i.sym = split_addend(l->u, nm.imm, &i.in.imm);
	if (nm.callee.n)
		callee(l->u, nm.callee, &i);
	*SKEP_VEC_PUSH(l->u->arena, &s->insn) = i;
	return 0;
}
