/* SPDX-License-Identifier: BSD-2-Clause */
/* skep list: the tables that skep works from, as text or JSON. */
#include "cli/cli.h"
#include "opt/opt.h"

#include <stdio.h>

const struct skep_opt_def skep_opts_list[] = {{0}};
const char skep_about_list[] =
	"Prints one of the tables that skep works from: *insns*, the instructions with the lowest -mcpu "
	"level that has them; *helpers*, the kernel's helper functions with their arguments; *maps*, map "
	"types; *progs*, program types with their contexts; *sections*, the section names from which a "
	"loader tells the type of a program; *passes*, what optimize does, in the order of a round; *rules*, "
	"the rewrites of its pass rules, with what each was applied to in a sample of objects; "
	"*diags*, everything that skep may complain about.";

/* A column of a table: a heading, and whether it holds numbers. */
struct column {
	const char *name;
	bool number;
};

/* One table as rows of cells, printed in both forms. */
struct table {
	struct skep_cli *cli;
	const struct column *col;
	u32 ncol, at;
	struct skep_cols cols;
};

static void table_start(struct table *t, struct skep_cli *cli, const struct column *col, u32 ncol)
{
	u32 right = 0;

	*t = (struct table){.cli = cli, .col = col, .ncol = ncol};
	if (cli->json) {
		skep_json_key(&cli->j, "rows");
		skep_json_open(&cli->j, '[');
		return;
	}
	for (u32 i = 0; i < ncol; i++)
		right |= (u32)col[i].number << i;
	skep_cols_init(&t->cols, cli, ncol, right);
	for (u32 i = 0; i < ncol; i++)
		skep_cols_add(&t->cols, col[i].name);
}

static const struct column *next_column(struct table *t)
{
	if (t->cli->json && t->at == 0)
		skep_json_open(&t->cli->j, '{');
	return &t->col[t->at++];
}

static void row_done(struct table *t)
{
	if (t->at < t->ncol)
		return;
	t->at = 0;
	if (t->cli->json)
		skep_json_close(&t->cli->j, '}');
}

static void put(struct table *t, const char *s)
{
	const struct column *c = next_column(t);

	if (t->cli->json)
		skep_json_kstr(&t->cli->j, c->name, s);
	else
		skep_cols_add(&t->cols, s ? s : "-");
	row_done(t);
}

static void put_num(struct table *t, u64 v)
{
	const struct column *c = next_column(t);

	if (t->cli->json)
		skep_json_kint(&t->cli->j, c->name, (s64)v);
	else
		skep_cols_num(&t->cols, v);
	row_done(t);
}

static void table_end(struct table *t)
{
	if (t->cli->json)
		skep_json_close(&t->cli->j, ']');
	else
		skep_cols_print(&t->cols, 0);
}

#define TABLE(t, cli, ...)                                                                         \
	static const struct column columns[] = {__VA_ARGS__};                                      \
	struct table t;                                                                            \
	table_start(&t, cli, columns, SKEP_ARRAY_SIZE(columns))

/* --- the tables ----------------------------------------------------------------------- */

static void list_insns(struct skep_cli *cli)
{
	static const char *const class_name[] = {"alu",	   "unary",  "jump",
						 "memory", "atomic", "control"};
	TABLE(t, cli, {"name"}, {"class"}, {"code"}, {"text"}, {"mcpu"});

	for (u32 i = 0; i < SKEP_OP_NR; i++) {
		const struct skep_op_info *o = &skep_ops[i];
		u32 code = o->class_ == SKEP_CLASS_ATOMIC ? o->imm : o->code;

		put(&t, o->name);
		put(&t, class_name[o->class_]);
		put(&t, skep_arena_printf(&cli->arena, "0x%02x", code));
		put(&t, o->text);
		put(&t, skep_arena_printf(&cli->arena, "v%u", o->since));
	}
	table_end(&t);
}

/* "ctx, map, mem_rd, size", with '?' where NULL or a size of zero is allowed. */
static const char *helper_args(struct skep_cli *cli, const struct skep_helper *h)
{
	static const char *const arg[] = {"none",  "any",	"ctx",	  "map",    "key",
					  "value", "value_out", "mem_rd", "mem_wr", "mem_rw",
					  "size",  "fix_rd",	"fix_wr", "fix_rw", "str",
					  "func",  "obj",	"stack"};
	const char *all = "";

	for (u32 i = 0; i < 5 && h->arg[i] != SKEP_ARG_NONE; i++) {
		bool may = (h->null | h->zero) >> (i + 1) & 1;

		all = skep_arena_printf(&cli->arena, "%s%s%s%s", all, i ? ", " : "", arg[h->arg[i]],
					may ? "?" : "");
	}
	return all;
}

static const char *helper_flags(struct skep_cli *cli, u32 flags)
{
	static const char *const name[] = {"pkt",      "pure",	  "gpl",    "tail",
					   "callback", "acquire", "release"};
	const char *all = "";

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(name); i++)
		if (flags >> i & 1)
			all = skep_arena_printf(&cli->arena, "%s%s%s", all, *all ? "," : "",
						name[i]);
	return *all ? all : "-";
}

static void list_helpers(struct skep_cli *cli)
{
	static const char *const ret[] = {"int", "void", "value?", "ptr?", "ptr"};
	u32 left = skep_helper_count();
	TABLE(t, cli, {"id", true}, {"name"}, {"returns"}, {"arguments"}, {"flags"});

	for (s64 id = 1; left && id < 4096; id++) {
		const struct skep_helper *h = skep_helper_find(id);

		if (!h)
			continue;
		left--;
		put_num(&t, (u64)id);
		put(&t, h->name);
		put(&t, ret[h->ret]);
		put(&t, helper_args(cli, h));
		put(&t, helper_flags(cli, h->flags));
	}
	table_end(&t);
}

static void list_maps(struct skep_cli *cli)
{
	TABLE(t, cli, {"id", true}, {"name"});

	for (u32 id = 1; id < SKEP_MAP_NR; id++) {
		const struct skep_map_type *m = skep_map_type_find(id);

		if (!m)
			continue;
		put_num(&t, id);
		put(&t, m->name);
	}
	table_end(&t);
}

static void list_progs(struct skep_cli *cli)
{
	TABLE(t, cli, {"id", true}, {"name"}, {"context"}, {"bytes", true}, {"fields", true});

	for (u32 id = 1; id < SKEP_PROG_NR; id++) {
		const struct skep_prog_type *p = skep_prog_type_find(id);

		if (!p)
			continue;
		put_num(&t, id);
		put(&t, p->name);
		put(&t, p->ctx_name);
		put_num(&t, p->ctx_size);
		put_num(&t, p->nctx);
	}
	table_end(&t);
}

static void list_passes(struct skep_cli *cli)
{
	TABLE(t, cli, {"pass"}, {"for"}, {"summary"});
	u32 n;
	const struct skep_pass *p = skep_opt_passes(&n);

	for (u32 i = 0; i < n; i++) {
		put(&t, p[i].name);
		put(&t, p[i].slower ? "size, verifier" : "all");
		put(&t, p[i].summary);
	}
	table_end(&t);
}

static void list_rules(struct skep_cli *cli)
{
	static const char *const goal[] = {"size", "speed", "verifier"};
	TABLE(t, cli, {"rule"}, {"for"}, {"mcpu"}, {"hits", true}, {"summary"});

	for (u32 i = 0; i < skep_opt_rules.n; i++) {
		const struct skep_rule *r = &skep_opt_rules.rule[i];
		const char *all = "";

		for (u32 g = 0; g < SKEP_ARRAY_SIZE(goal); g++)
			if (r->goals >> g & 1)
				all = skep_arena_printf(&cli->arena, "%s%s%s", all, *all ? ", " : "", goal[g]);
		put(&t, r->name);
		put(&t, all);
		put(&t, skep_arena_printf(&cli->arena, "v%u", r->cpu));
		put_num(&t, r->hits);
		put(&t, r->summary);
	}
	table_end(&t);
}

static void list_sections(struct skep_cli *cli)
{
	static const struct {
		const char *name;
		u32 prog;
	} rows[] = {
#define SECTION(name, prog, attach, loose) {name, SKEP_PROG_##prog},
#include "abi/section.def"
#undef SECTION
	};
	TABLE(t, cli, {"section"}, {"type"}, {"attach"});

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(rows); i++) {
		u32 attach = 0;

		skep_section_prog_type(rows[i].name, &attach);
		put(&t, rows[i].name);
		put(&t, skep_cli_prog_type(rows[i].prog));
		put(&t, skep_cli_attach_type(cli, attach));
	}
	table_end(&t);
}

static void list_diags(struct skep_cli *cli)
{
	static const char *const severity[] = {"error", "warning", "note"};
	const struct skep_diag_def *d;
	TABLE(t, cli, {"code"}, {"severity"}, {"text"});

	for (u32 i = 0; (d = skep_cli_diag_row(i)); i++) {
		const char *text = skep_cli_diag_text(d, &cli->arena);

		put(&t, skep_arena_printf(&cli->arena, "SKEP%04u", d->code));
		put(&t, severity[d->severity]);
		put(&t, *text ? text : d->explain);
	}
	table_end(&t);
}

/* --- the command ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*print)(struct skep_cli *cli);
} lists[] = {
	{"insns", list_insns}, {"helpers", list_helpers},   {"maps", list_maps},
	{"progs", list_progs}, {"sections", list_sections}, {"passes", list_passes},
	{"rules", list_rules}, {"diags", list_diags},
};

static const char *list_name(const void *of, u32 i)
{
	return lists[i].name;
}

int skep_cmd_list(struct skep_cli *cli, int argc, char **argv)
{
	const char *near;

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(lists); i++) {
		if (strcmp(lists[i].name, argv[0]) != 0)
			continue;
		if (cli->json)
			skep_json_kstr(&cli->j, "list", lists[i].name);
		lists[i].print(cli);
		return SKEP_EXIT_YES;
	}
	SKEP_CLI_DIAG(cli, BAD_VALUE, argv[0], "skep list", cli->cmd->usage);
	near = skep_cli_nearest(argv[0], list_name, NULL, SKEP_ARRAY_SIZE(lists));
	if (near)
		skep_diag_hint(&cli->ds, skep_arena_printf(&cli->arena, "did you mean %s?", near));
	return SKEP_EXIT_USAGE;
}
