/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What several commands need: names for the terminal, text tables, finding
 * the program that is meant, exit statuses. Texts live in the command's arena.
 */
#include "cli/cli.h"
#include "opt/opt.h"
#include "run/run.h"
#include "verify/verify.h"

#include <stdio.h>

const struct skep_diag_def skep_cli_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "cli/diag.def"
#undef D
};

/* The tables of all modules; a module that gets a diag.def gets a row. */
static const struct {
	const struct skep_diag_def *row;
	const u32 *n;
} diag_tables[] = {
	{skep_elf_diags, &skep_elf_ndiags},
	{skep_btf_diags, &skep_btf_ndiags},
	{skep_obj_diags, &skep_obj_ndiags},
	{skep_verify_diags, &skep_verify_ndiags},
	{skep_rule_diags, &skep_rule_ndiags},
	{skep_opt_diags, &skep_opt_ndiags},
	{skep_vm_diags, &skep_vm_ndiags},
	{skep_run_diags, &skep_run_ndiags},
};

const struct skep_diag_def *skep_cli_diag_row(u32 i)
{
	for (u32 t = 0; t < SKEP_ARRAY_SIZE(diag_tables); t++) {
		if (i < *diag_tables[t].n)
			return &diag_tables[t].row[i];
		i -= *diag_tables[t].n;
	}
	return i < SKEP_ARRAY_SIZE(skep_cli_diags) ? &skep_cli_diags[i] : NULL;
}

const char *skep_cli_diag_text(const struct skep_diag_def *d, struct skep_arena *arena)
{
	struct skep_buf b = {0};
	const char *text;

	for (const char *s = d->text; *s;) {
		if (*s != '%') {
			skep_buf_add(&b, s++, 1);
			continue;
		}
		s += 1 + strspn(s + 1, "0123456789.lzh");
		skep_buf_puts(&b, *s == '%' ? "%" : "...");
		s += *s != 0;
	}
	text = strcmp(b.n ? b.p : "", "...") == 0 ? "" : skep_arena_strndup(arena, b.n ? b.p : "", b.n);
	skep_buf_fini(&b);
	return text;
}

int skep_cli_conflict(struct skep_cli *cli, const char *a, const char *b, const char *why)
{
	SKEP_CLI_DIAG(cli, CONFLICT, a, b, why);
	return SKEP_EXIT_USAGE;
}

int skep_cli_fail(struct skep_cli *cli, struct skep_input *in, int err)
{
	bool told = in && in->ds.errors;

	switch (err) {
	case SKEP_EINPUT:
	case SKEP_ELIMIT:
		if (!told)
			SKEP_CLI_DIAG(cli, UNSUPPORTED);
		return SKEP_EXIT_INPUT;
	case SKEP_ENOMEM: SKEP_CLI_DIAG(cli, NO_MEMORY); return SKEP_EXIT_ENV;
	case SKEP_EUNSUP:
		if (!told)
			SKEP_CLI_DIAG(cli, UNSUPPORTED);
		return SKEP_EXIT_UNKNOWN;
	case SKEP_EENV:
		if (!told)
			SKEP_CLI_DIAG(cli, REFUSED);
		return SKEP_EXIT_ENV;
	case SKEP_EUSAGE: return SKEP_EXIT_USAGE;
	default:
		if (!told)
			SKEP_CLI_DIAG(cli, BUG, skep_arena_printf(&cli->arena, "result %d", err));
		return SKEP_EXIT_BUG;
	}
}

/* --- text ------------------------------------------------------------------------ */

const char *skep_cli_name(struct skep_cli *cli, const char *s)
{
	struct skep_buf b = {0};
	const char *copy;

	if (!s || !*s)
		return "(none)";
	skep_buf_clean(&b, s);
	copy = b.failed ? "?" : skep_arena_strndup(&cli->arena, b.p, b.n);
	skep_buf_fini(&b);
	return copy;
}

const char *skep_cli_prog_type(u32 id)
{
	const struct skep_prog_type *t = id ? skep_prog_type_find(id) : NULL;

	return t ? t->name : id ? "unknown" : "-";
}

const char *skep_cli_attach_type(struct skep_cli *cli, u32 id)
{
	static const char *const names[] = {
#define ATTACH(name) #name,
#include "abi/attach.def"
	};
	char *s;

	if (!id)
		return "-";
	if (id >= SKEP_ARRAY_SIZE(names))
		return "unknown";
	s = skep_arena_strdup(&cli->arena, names[id]);
	for (char *p = s; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	return s;
}

const char *skep_cli_map_type(struct skep_cli *cli, u32 id)
{
	const struct skep_map_type *t = skep_map_type_find(id);

	return t ? t->name : id ? skep_arena_printf(&cli->arena, "type %u", id) : "unknown";
}

void skep_cols_init(struct skep_cols *t, struct skep_cli *cli, u32 n, u32 right)
{
	*t = (struct skep_cols){.cli = cli, .n = n, .right = right};
}

void skep_cols_add(struct skep_cols *t, const char *text)
{
	*SKEP_VEC_PUSH(&t->cli->arena, &t->cell) = text;
}

void skep_cols_num(struct skep_cols *t, u64 v)
{
	skep_cols_add(t, skep_arena_printf(&t->cli->arena, "%llu", (unsigned long long)v));
}

void skep_cols_print(const struct skep_cols *t, u32 indent)
{
	struct skep_buf *out = &t->cli->out;
	u32 width[16] = {0};

	for (u32 i = 0; i < t->cell.n; i++)
		width[i % t->n] = SKEP_MAX(width[i % t->n], (u32)strlen(t->cell.v[i]));
	for (u32 i = 0; i < t->cell.n; i++) {
		u32 c = i % t->n, pad = width[c] - (u32)strlen(t->cell.v[i]);
		bool head = t->cli->color && i < t->n;

		skep_buf_printf(out, "%*s%s", c ? 2 : (int)indent, "", head ? "\033[2m" : "");
		if (t->right >> c & 1)
			skep_buf_printf(out, "%*s", (int)pad, "");
		skep_buf_puts(out, t->cell.v[i]);
		if (head)
			skep_buf_puts(out, "\033[0m");
		if (!(t->right >> c & 1) && c + 1 < t->n)
			skep_buf_printf(out, "%*s", (int)pad, "");
		if (c + 1 == t->n)
			skep_buf_puts(out, "\n");
	}
}

/* --- the program that is meant ------------------------------------------------------ */

static const char *func_name(const void *of, u32 i)
{
	const struct skep_obj *o = of;

	return o->func[i]->name[0] ? o->func[i]->name : NULL;
}

/* A hint that names the programs, as many as fit on a line. */
static void hint_programs(struct skep_cli *cli, const struct skep_obj *o)
{
	struct skep_buf b = {0};
	u32 n = 0;

	for (u32 i = 0; i < o->nfunc && b.n < 70; i++) {
		if (!(o->func[i]->flags & SKEP_FF_PROG))
			continue;
		skep_buf_puts(&b, n++ ? ", " : "programs: ");
		skep_buf_clean(&b, o->func[i]->name);
	}
	if (b.n >= 70)
		skep_buf_puts(&b, ", ...");
	if (n && !b.failed)
		skep_diag_hint(&cli->ds, b.p);
	skep_buf_fini(&b);
}

static struct skep_func *only_of_section(const struct skep_obj *o, const char *name)
{
	struct skep_func *found = NULL;

	for (u32 i = 0; i < o->nfunc; i++) {
		if (strcmp(o->func[i]->sec->name, name) != 0 || !(o->func[i]->flags & SKEP_FF_PROG))
			continue;
		if (found)
			return NULL;
		found = o->func[i];
	}
	return found;
}

int skep_cli_func(struct skep_cli *cli, struct skep_input *in, const char *name,
		  struct skep_func **out)
{
	const struct skep_obj *o = in->file->obj;
	const char *near;
	u32 nprog = 0;

	*out = NULL;
	if (name) {
		*out = name[0] ? skep_func_find(o, name) : NULL;
		if (!*out)
			*out = only_of_section(o, name);
		if (*out)
			return 0;
		SKEP_CLI_DIAG(cli, NO_FUNC, name);
		near = skep_cli_nearest(name, func_name, o, o->nfunc);
		if (near)
			skep_diag_hint(&cli->ds,
				       skep_arena_printf(&cli->arena, "did you mean %s?", near));
		else
			hint_programs(cli, o);
		return SKEP_EXIT_USAGE;
	}
	for (u32 i = 0; i < o->nfunc; i++)
		if (o->func[i]->flags & SKEP_FF_PROG) {
			*out = o->func[i];
			nprog++;
		}
	if (nprog == 1)
		return 0;
	if (o->nfunc == 1) {
		*out = o->func[0];
		return 0;
	}
	SKEP_CLI_DIAG(cli, WHICH_PROG, nprog);
	hint_programs(cli, o);
	return SKEP_EXIT_USAGE;
}

struct skep_func *skep_cli_func_before(const struct skep_obj *before, const struct skep_obj *after, u32 index,
				       struct skep_arena *arena)
{
	struct skep_func *f;

	if (index < before->nfunc)
		return before->func[index];
	f = SKEP_NEW(arena, struct skep_func);
	f->name = after->func[index]->name;
	f->sec = after->func[index]->sec;
	f->flags = after->func[index]->flags;
	return f;
}
