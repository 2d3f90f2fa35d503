/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep help: the commands and their options as text, as JSON, as scdoc source
 * of the manual pages and as a bash completion; all from the same tables.
 */
#include "cli/cli.h"

#include <stdio.h>

const struct skep_opt_def skep_opts_help[] = {
	{"scdoc", 0, NULL, NULL},
	{"bash-completion", 0, NULL, NULL},
	{0},
};
const char skep_about_help[] = "Lists the commands, or explains one command and its options.";

#define TAGLINE "takes eBPF objects apart, tells what is in them, and puts them together again"

/* The exit statuses as they are documented, in the help and in the manual. */
static const struct {
	int status;
	const char *text;
} statuses[] = {
	{0, "yes, or done"},
	{1, "no: unsafe, not equal, different, a regression"},
	{2, "the command line makes no sense"},
	{3, "a file is missing or malformed"},
	{4, "the environment refuses: no permission, no memory, a tool is missing"},
	{5, "could not tell"},
	{70, "a bug in skep"},
};

/* "-p, --prog NAME" */
static const char *opt_text(struct skep_cli *cli, const struct skep_opt_def *o)
{
	char letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	return skep_arena_printf(&cli->arena, "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
				 o->arg ? o->arg : "");
}

static void put_options(struct skep_cli *cli, const char *head, const struct skep_opt_def *o)
{
	bool any = false;

	for (; o->name; o++) {
		if (!o->help)
			continue;
		if (!any)
			skep_buf_printf(&cli->out, "\n%s:\n", head);
		any = true;
		skep_buf_printf(&cli->out, "  %-26s %s\n", opt_text(cli, o), o->help);
	}
}

/* Fill text to 78 columns; a newline in it ends a paragraph, asterisks are for the manual page. */
static void put_filled(struct skep_buf *out, const char *s)
{
	size_t col = 0;

	while (*s) {
		size_t n = strcspn(s, " \n"), shown = 0;

		for (size_t k = 0; k < n; k++)
			shown += s[k] != '*';
		if (col && col + 1 + shown > 78) {
			skep_buf_puts(out, "\n");
			col = 0;
		}
		if (col)
			skep_buf_puts(out, " ");
		col += shown + (col ? 1 : 0);
		for (; n; n--, s++)
			if (*s != '*')
				skep_buf_add(out, s, 1);
		if (*s == '\n') {
			skep_buf_puts(out, "\n\n");
			col = 0;
		}
		s += strspn(s, " \n");
	}
	skep_buf_puts(out, "\n");
}

static void text_all(struct skep_cli *cli)
{
	const char *group = "";

	skep_buf_puts(&cli->out, "skep " TAGLINE "\n\nusage: skep COMMAND [OPTIONS] [ARGUMENTS]\n");
	for (u32 i = 0; i < skep_ncmds; i++) {
		const struct skep_cmd *c = &skep_cmds[i];

		if (strcmp(group, c->group) != 0)
			skep_buf_printf(&cli->out, "\n%s:\n", c->group);
		group = c->group;
		skep_buf_printf(&cli->out, "  %-10s %s\n", c->name, c->summary);
	}
	put_options(cli, "Options of every command", skep_global_opts);
	skep_buf_puts(&cli->out, "\nExit status:\n");
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(statuses); i++)
		skep_buf_printf(&cli->out, "  %-10d %s\n", statuses[i].status, statuses[i].text);
}

static void text_one(struct skep_cli *cli, const struct skep_cmd *c)
{
	skep_buf_printf(&cli->out, "skep %s: %s\n\nusage: skep %s [OPTIONS]%s%s\n\n", c->name,
			c->summary, c->name, c->usage[0] ? " " : "", c->usage);
	put_filled(&cli->out, c->about);
	put_options(cli, "Options", c->opts);
	put_options(cli, "Options of every command", skep_global_opts);
}

/* --- JSON ------------------------------------------------------------------------ */

static void json_options(struct skep_json *j, const struct skep_opt_def *o)
{
	skep_json_open(j, '[');
	for (; o->name; o++) {
		const char letter[2] = {o->letter, 0};

		if (!o->help)
			continue;
		skep_json_open(j, '{');
		skep_json_kstr(j, "name", o->name);
		skep_json_kstr(j, "letter", o->letter ? letter : NULL);
		skep_json_kstr(j, "argument", o->arg);
		skep_json_kstr(j, "help", o->help);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}

static void json_help(struct skep_json *j, const struct skep_cmd *only)
{
	skep_json_key(j, "commands");
	skep_json_open(j, '[');
	for (u32 i = 0; i < skep_ncmds; i++) {
		const struct skep_cmd *c = &skep_cmds[i];

		if (only && c != only)
			continue;
		skep_json_open(j, '{');
		skep_json_kstr(j, "name", c->name);
		skep_json_kstr(j, "group", c->group);
		skep_json_kstr(j, "usage", c->usage);
		skep_json_kstr(j, "summary", c->summary);
		skep_json_key(j, "options");
		json_options(j, c->opts);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
	skep_json_key(j, "global_options");
	json_options(j, skep_global_opts);
}

/* --- manual pages -------------------------------------------------------------------- */

/* scdoc reads these as markup, but for the asterisks that are meant so in a description. */
static void put_scdoc(struct skep_buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			skep_buf_puts(out, "\n");
		else if (strchr("_\\#<>[]|", *s))
			skep_buf_puts(out, "\\");
		skep_buf_add(out, s, 1);
	}
}

static void scdoc_options(struct skep_cli *cli, const struct skep_opt_def *o)
{
	for (; o->name; o++) {
		if (!o->help)
			continue;
		if (o->letter)
			skep_buf_printf(&cli->out, "*-%c*, ", o->letter);
		skep_buf_printf(&cli->out, "*--%s*", o->name);
		if (o->arg)
			skep_buf_printf(&cli->out, " _%s_", o->arg);
		skep_buf_puts(&cli->out, "\n\t");
		put_scdoc(&cli->out, o->help);
		skep_buf_puts(&cli->out, "\n\n");
	}
}

static void scdoc_tail(struct skep_cli *cli)
{
	struct skep_buf *out = &cli->out;

	skep_buf_puts(out, "# EXIT STATUS\n\n");
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(statuses); i++)
		skep_buf_printf(out, "*%d*\n\t%s\n\n", statuses[i].status, statuses[i].text);
}

static void scdoc_all(struct skep_cli *cli)
{
	struct skep_buf *out = &cli->out;

	skep_buf_puts(
		out,
		"skep(1)\n\n# NAME\n\nskep - " TAGLINE
		"\n\n# SYNOPSIS\n\n*skep* _COMMAND_ [_OPTIONS_] [_ARGUMENTS_]\n\n# COMMANDS\n\n");
	for (u32 i = 0; i < skep_ncmds; i++) {
		skep_buf_printf(out, "*%s*\n\t", skep_cmds[i].name);
		put_scdoc(out, skep_cmds[i].summary);
		skep_buf_printf(out, ". See *skep-%s*(1).\n\n", skep_cmds[i].name);
	}
	skep_buf_puts(out, "# OPTIONS\n\nEvery command takes these.\n\n");
	scdoc_options(cli, skep_global_opts);
	skep_buf_puts(
		out,
		"# OUTPUT\n\nResults go to standard output, diagnostics to standard error. With "
		"*--json* both are\nin one object on standard output; its member _version_ changes "
		"when the meaning of\nanother member does. The members are described in docs/json.md.\n\n"
		"# ENVIRONMENT\n\n*NO\\_COLOR*\n\tWhen set and not empty, no colours.\n\n");
	scdoc_tail(cli);
}

static void scdoc_one(struct skep_cli *cli, const struct skep_cmd *c)
{
	struct skep_buf *out = &cli->out;

	skep_buf_printf(out, "skep-%s(1)\n\n# NAME\n\nskep-%s - ", c->name, c->name);
	put_scdoc(out, c->summary);
	skep_buf_printf(out, "\n\n# SYNOPSIS\n\n*skep %s* [_OPTIONS_] ", c->name);
	put_scdoc(out, c->usage);
	skep_buf_puts(out, "\n\n# DESCRIPTION\n\n");
	put_scdoc(out, c->about);
	skep_buf_puts(out, "\n\n# OPTIONS\n\n");
	scdoc_options(cli, c->opts);
	scdoc_options(cli, skep_global_opts);
	scdoc_tail(cli);
	skep_buf_puts(out, "# SEE ALSO\n\n*skep*(1)\n");
}

/* --- completion ---------------------------------------------------------------------- */

static void bash_words(struct skep_buf *out, const struct skep_opt_def *o)
{
	for (; o->name; o++)
		if (o->help)
			skep_buf_printf(out, " --%s", o->name);
}

/* Words of a usage such as "a|b|c" are arguments to offer; anything else is a file. */
static bool is_choice(const char *usage)
{
	return strchr(usage, '|') && !strchr(usage, ' ');
}

static void bash_completion(struct skep_cli *cli)
{
	struct skep_buf *out = &cli->out;

	skep_buf_puts(out, "# bash completion of skep, made from its table of commands\n"
			   "_skep()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd= words= i\n"
			   "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			   "\t\tif [[ ${COMP_WORDS[i]} != -* ]]; then\n\t\t\tcmd=${COMP_WORDS[i]}\n"
			   "\t\t\tbreak\n\t\tfi\n\tdone\n\tcase $cmd in\n\t'') words=\"");
	for (u32 i = 0; i < skep_ncmds; i++)
		skep_buf_printf(out, "%s%s", i ? " " : "", skep_cmds[i].name);
	bash_words(out, skep_global_opts);
	skep_buf_puts(out, "\" ;;\n");
	for (u32 i = 0; i < skep_ncmds; i++) {
		const struct skep_cmd *c = &skep_cmds[i];

		skep_buf_printf(out, "\t%s) words=\"", c->name);
		if (is_choice(c->usage))
			for (const char *p = c->usage; *p; p++)
				skep_buf_add(out, *p == '|' ? " " : p, 1);
		bash_words(out, c->opts);
		bash_words(out, skep_global_opts);
		skep_buf_puts(out, "\" ;;\n");
	}
	skep_buf_puts(out,
		      "\tesac\n\tif [[ $cur == -* || -z $cmd || $cmd == list ]]; then\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n\telse\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\tfi\n}\n"
		      "complete -o filenames -F _skep skep\n");
}

/* --- the command ------------------------------------------------------------------------ */

static const char *cmd_name(const void *of, u32 i)
{
	return ((const struct skep_cmd *)of)[i].name;
}

int skep_cmd_help(struct skep_cli *cli, int argc, char **argv)
{
	const struct skep_cmd *c = NULL;
	bool scdoc = skep_cli_flag(cli, "scdoc");
	const char *near;

	for (u32 i = 0; argc && i < skep_ncmds; i++)
		if (strcmp(skep_cmds[i].name, argv[0]) == 0)
			c = &skep_cmds[i];
	if (argc && !c && !(scdoc && strcmp(argv[0], "skep") == 0)) {
		SKEP_CLI_DIAG(cli, NO_COMMAND, argv[0]);
		near = skep_cli_nearest(argv[0], cmd_name, skep_cmds, skep_ncmds);
		skep_diag_hint(&cli->ds,
			       near ? skep_arena_printf(&cli->arena, "did you mean %s?", near)
				    : "skep help lists the commands");
		return SKEP_EXIT_USAGE;
	}
	if (cli->json)
		json_help(&cli->j, c);
	else if (skep_cli_flag(cli, "bash-completion"))
		bash_completion(cli);
	else if (scdoc)
		c ? scdoc_one(cli, c) : scdoc_all(cli);
	else
		c ? text_one(cli, c) : text_all(cli);
	return SKEP_EXIT_YES;
}
