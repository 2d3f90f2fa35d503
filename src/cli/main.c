/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command itself: finds the command in the table, runs it, prints its
 * result on stdout and its diagnostics on stderr (or all in one JSON object on
 * stdout), and turns what happened into the exit status.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct skep_cmd skep_cmds[] = {
#define COMMAND(name, group, usage, min, max, summary)                                             \
	{#name,                                                                                    \
	 group,                                                                                    \
	 usage,                                                                                    \
	 summary,                                                                                  \
	 min,                                                                                      \
	 max,                                                                                      \
	 skep_cmd_##name,                                                                          \
	 skep_opts_##name,                                                                         \
	 skep_about_##name},
#include "cli/command.def"
#undef COMMAND
};
const u32 skep_ncmds = SKEP_ARRAY_SIZE(skep_cmds);

/* The whole object has a version, so that a reader can tell when its shape changes. */
#define JSON_VERSION 1

static void json_start(struct skep_cli *cli)
{
	cli->out.n = 0;
	skep_json_init(&cli->j, &cli->out, cli->pretty);
	skep_json_open(&cli->j, '{');
	skep_json_kint(&cli->j, "version", JSON_VERSION);
	skep_json_kstr(&cli->j, "command", cli->cmd ? cli->cmd->name : NULL);
}

static void json_diags(struct skep_json *j, const struct skep_diags *ds, const char *file)
{
	for (u32 i = 0; i < ds->list.n; i++)
		skep_diag_json(&ds->list.v[i], file, j);
}

static void json_end(struct skep_cli *cli, int status)
{
	/* A command that failed halfway may have left brackets open. */
	if (cli->j.depth != 1 || cli->j.after_key)
		json_start(cli);
	skep_json_key(&cli->j, "diagnostics");
	skep_json_open(&cli->j, '[');
	json_diags(&cli->j, &cli->ds, NULL);
	for (struct skep_input *in = cli->inputs; in; in = in->next)
		json_diags(&cli->j, &in->ds, in->path);
	skep_json_close(&cli->j, ']');
	skep_json_kint(&cli->j, "status", status);
	skep_json_close(&cli->j, '}');
}

static int check_args(struct skep_cli *cli, int npos, char **pos)
{
	const struct skep_cmd *c = cli->cmd;

	if (npos < c->min_args) {
		SKEP_CLI_DIAG(cli, FEW_ARGS, c->name,
			      skep_arena_printf(&cli->arena, "%s %s", c->name, c->usage));
		return SKEP_EXIT_USAGE;
	}
	if (c->max_args >= 0 && npos > c->max_args) {
		SKEP_CLI_DIAG(cli, MANY_ARGS, c->name, pos[c->max_args]);
		return SKEP_EXIT_USAGE;
	}
	return 0;
}

/* Two things in one place would both be lost: standard output, or a file. */
static int check_outputs(struct skep_cli *cli)
{
	const char *std = cli->json ? "--json" : NULL;

	for (u32 i = 0; i < cli->opt.n; i++) {
		const struct skep_opt *o = &cli->opt.v[i];
		const char *name;

		/* Of an option that is given twice the last one counts. */
		if (!o->def->writes || skep_cli_opt(cli, o->def->name) != o->val)
			continue;
		name = skep_arena_printf(&cli->arena, "--%s", o->def->name);
		if (strcmp(o->val, "-") == 0 && std)
			return skep_cli_conflict(cli, std, name, "both write to standard output");
		if (strcmp(o->val, "-") == 0)
			std = name;
		for (u32 k = 0; k < i; k++) {
			const struct skep_opt *p = &cli->opt.v[k];

			if (p->def->writes && p->def != o->def && strcmp(p->val, o->val) == 0)
				return skep_cli_conflict(
					cli, skep_arena_printf(&cli->arena, "--%s", p->def->name),
					name, "both write to the same file");
		}
	}
	return 0;
}

/* Better than to find out when the work is done. */
static int check_folders(struct skep_cli *cli)
{
	int err = 0;

	for (u32 i = 0; i < cli->opt.n && !err; i++) {
		const struct skep_opt *o = &cli->opt.v[i];

		if (o->def->folder && skep_cli_opt(cli, o->def->name) == o->val)
			err = skep_cli_check_folder(cli, o->val);
	}
	return err;
}

static int run_command(struct skep_cli *cli, int argc, char **argv)
{
	char **pos = SKEP_NEW_N(&cli->arena, char *, (size_t)argc + 1);
	int npos, err;

	err = skep_cli_parse(cli, argc, argv, &npos, pos);
	if (err)
		return err;
	if (cli->json)
		json_start(cli);
	if (cli->version)
		return skep_cmd_version(cli, 0, pos);
	if (cli->help) {
		pos[0] = cli->cmd ? (char *)(uintptr_t)cli->cmd->name : NULL;
		return skep_cmd_help(cli, cli->cmd != NULL, pos);
	}
	if (!cli->cmd) {
		SKEP_CLI_DIAG(cli, WHICH_COMMAND);
		skep_diag_hint(&cli->ds, "skep help lists the commands");
		return SKEP_EXIT_USAGE;
	}
	err = check_args(cli, npos, pos);
	if (!err)
		err = skep_cli_company(cli, npos, pos);
	if (!err)
		err = check_outputs(cli);
	if (!err)
		err = check_folders(cli);
	if (err)
		return err;
	return cli->cmd->run(cli, npos, pos);
}

/* Put out what there is; a result that cannot be written is no success. */
static int print_all(struct skep_cli *cli, int status)
{
	struct skep_buf err = {0};

	if (cli->json)
		json_end(cli, status);
	if (cli->out.failed) {
		SKEP_CLI_DIAG(cli, NO_MEMORY);
		status = SKEP_EXIT_ENV;
	} else if (!skep_cli_put(STDOUT_FILENO, cli->out.p, cli->out.n)) {
		SKEP_CLI_DIAG(cli, CANNOT_WRITE, "<stdout>", strerror(errno));
		status = SKEP_EXIT_ENV;
		cli->json = false;
	}
	if (!cli->json) {
		skep_diags_print(&cli->ds, "skep", &err);
		for (struct skep_input *in = cli->inputs; in; in = in->next)
			skep_diags_print(&in->ds, in->path, &err);
		skep_cli_put(STDERR_FILENO, err.p, err.n);
		skep_buf_fini(&err);
	}
	return status;
}

static void cleanup(struct skep_cli *cli)
{
	for (struct skep_input *in = cli->inputs; in; in = in->next) {
		skep_cli_drop_image(in);
		skep_arena_fini(&in->arena);
		skep_diags_fini(&in->ds);
	}
	skep_buf_fini(&cli->out);
	skep_diags_fini(&cli->ds);
	skep_arena_fini(&cli->arena);
}

int main(int argc, char **argv)
{
	static struct skep_cli cli;
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	volatile int status = SKEP_EXIT_BUG;
	int oom = 0;

	skep_arena_init(&cli.arena);
	skep_diags_init(&cli.ds);
	cli.color = isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
		    strcmp(term, "dumb") != 0;
	SKEP_GUARD(&cli.arena, oom, { status = run_command(&cli, argc, argv); });
	if (oom)
		status = skep_cli_fail(&cli, NULL, SKEP_ENOMEM);
	status = print_all(&cli, status);
	cleanup(&cli);
	return status;
}
