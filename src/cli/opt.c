/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of the command line into options and positional arguments, after the
 * tables of the command and of the global options. Values point into argv.
 */
#include "cli/cli.h"
#include "opt/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const struct skep_opt_def skep_global_opts[] = {
	{"json", 'j', NULL, "the result as one JSON object"},
	{"pretty", 0, NULL, "indent the JSON"},
	{"help", 'h', NULL, "help on the command"},
	{"version", 'V', NULL, "version of skep"},
	{0},
};

/* --- nearest word ------------------------------------------------------------- */

#define NEAR_MAX 32

/* Insertions, deletions, replacements from a to b (Levenshtein), one row at a time. */
static u32 distance(const char *a, const char *b)
{
	u32 row[NEAR_MAX + 1], na = (u32)strlen(a), nb = (u32)strlen(b);

	if (na > NEAR_MAX || nb > NEAR_MAX)
		return UINT32_MAX;
	for (u32 k = 0; k <= nb; k++)
		row[k] = k;
	for (u32 i = 1; i <= na; i++) {
		u32 corner = row[0];

		row[0] = i;
		for (u32 k = 1; k <= nb; k++) {
			u32 replace = corner + (a[i - 1] != b[k - 1]);

			corner = row[k];
			row[k] = SKEP_MIN(replace, SKEP_MIN(row[k], row[k - 1]) + 1);
		}
	}
	return row[nb];
}

const char *skep_cli_nearest(const char *word, const char *(*nth)(const void *of, u32 i),
			     const void *of, u32 n)
{
	/* One letter in three may be wrong, two that changed places in a short word: no more. */
	u32 len = (u32)strlen(word), best = SKEP_MIN(len / 2, len / 3 + 1) + 1;
	const char *found = NULL;

	for (u32 i = 0; i < n; i++) {
		const char *s = nth(of, i);
		u32 d = s ? distance(word, s) : UINT32_MAX;

		if (d < best) {
			best = d;
			found = s;
		}
	}
	return found;
}

/* --- parsing -------------------------------------------------------------------- */

struct parser {
	struct skep_cli *cli;
	int argc, at;
	char **argv;
};

static const struct skep_opt_def *find_in(const struct skep_opt_def *t, const char *name, size_t n,
					  char letter)
{
	for (; t && t->name; t++)
		if (name ? strlen(t->name) == n && memcmp(t->name, name, n) == 0
			 : letter == t->letter)
			return t;
	return NULL;
}

static const struct skep_opt_def *find_opt(const struct skep_cli *cli, const char *name, size_t n,
					   char letter)
{
	const struct skep_opt_def *d = cli->cmd ? find_in(cli->cmd->opts, name, n, letter) : NULL;

	return d ? d : find_in(skep_global_opts, name, n, letter);
}

static const char *opt_name(const void *of, u32 i)
{
	const struct skep_opt_def *t = of;

	return t[i].help ? t[i].name : NULL;
}

static u32 opt_count(const struct skep_opt_def *t)
{
	u32 n = 0;

	while (t && t[n].name)
		n++;
	return n;
}

static int unknown(struct parser *ps, const char *word, const char *name)
{
	struct skep_cli *cli = ps->cli;
	const char *near = NULL;

	SKEP_CLI_DIAG(cli, BAD_OPTION, cli->cmd ? cli->cmd->name : "skep", word);
	if (cli->cmd)
		near = skep_cli_nearest(name, opt_name, cli->cmd->opts, opt_count(cli->cmd->opts));
	if (!near)
		near = skep_cli_nearest(name, opt_name, skep_global_opts,
					opt_count(skep_global_opts));
	if (near)
		skep_diag_hint(&cli->ds,
			       skep_arena_printf(&cli->arena, "did you mean --%s?", near));
	else
		skep_diag_hint(&cli->ds,
			       skep_arena_printf(&cli->arena, "skep %s%s-h lists the options",
						 cli->cmd ? cli->cmd->name : "",
						 cli->cmd ? " " : ""));
	return SKEP_EXIT_USAGE;
}

static void store(struct skep_cli *cli, const struct skep_opt_def *d, const char *val)
{
	struct skep_opt o = {d, val};

	if (d == &skep_global_opts[0])
		cli->json = true;
	else if (d == &skep_global_opts[1])
		cli->json = cli->pretty = true;
	else if (d == &skep_global_opts[2])
		cli->help = true;
	else if (d == &skep_global_opts[3])
		cli->version = true;
	else
		*SKEP_VEC_PUSH(&cli->arena, &cli->opt) = o;
}

static int take_value(struct parser *ps, const struct skep_opt_def *d, const char *word,
		      const char *val)
{
	if (!val && ps->at < ps->argc)
		val = ps->argv[ps->at++];
	if (!val) {
		SKEP_CLI_DIAG(ps->cli, NO_VALUE, word);
		return SKEP_EXIT_USAGE;
	}
	store(ps->cli, d, val);
	return 0;
}

static int parse_long(struct parser *ps, const char *word)
{
	const char *name = word + 2, *eq = strchr(name, '=');
	size_t n = eq ? (size_t)(eq - name) : strlen(name);
	const char *bare = skep_arena_strndup(&ps->cli->arena, word, n + 2);
	const struct skep_opt_def *d = find_opt(ps->cli, name, n, 0);

	if (!d)
		return unknown(ps, bare, bare + 2);
	if (d->arg)
		return take_value(ps, d, bare, eq ? eq + 1 : NULL);
	if (eq) {
		SKEP_CLI_DIAG(ps->cli, EXTRA_VALUE, bare);
		return SKEP_EXIT_USAGE;
	}
	store(ps->cli, d, NULL);
	return 0;
}

/* "-jp NAME", "-pNAME": letters up to the first that takes a value. */
static int parse_letters(struct parser *ps, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		const struct skep_opt_def *d = find_opt(ps->cli, NULL, 0, *p);
		const char bare[] = {'-', *p, 0};

		if (!d)
			return unknown(ps, bare, bare + 1);
		if (d->arg)
			return take_value(ps, d, bare, p[1] ? p + 1 : NULL);
		store(ps->cli, d, NULL);
	}
	return 0;
}

static const char *cmd_name(const void *of, u32 i)
{
	return ((const struct skep_cmd *)of)[i].name;
}

static int set_command(struct skep_cli *cli, const char *word)
{
	const char *near;

	for (u32 i = 0; i < skep_ncmds; i++)
		if (strcmp(skep_cmds[i].name, word) == 0) {
			cli->cmd = &skep_cmds[i];
			return 0;
		}
	SKEP_CLI_DIAG(cli, NO_COMMAND, word);
	near = skep_cli_nearest(word, cmd_name, skep_cmds, skep_ncmds);
	skep_diag_hint(&cli->ds,
		       near ? skep_arena_printf(&cli->arena, "did you mean skep %s?", near)
			    : "skep help lists the commands");
	return SKEP_EXIT_USAGE;
}

int skep_cli_parse(struct skep_cli *cli, int argc, char **argv, int *npos, char **pos)
{
	struct parser ps = {.cli = cli, .argc = argc, .argv = argv, .at = 1};
	bool only_args = false;
	int err = 0;

	*npos = 0;
	while (ps.at < argc && !err) {
		char *word = argv[ps.at++];

		if (only_args || word[0] != '-' || !word[1]) {
			if (!cli->cmd)
				err = set_command(cli, word);
			else
				pos[(*npos)++] = word;
		} else if (strcmp(word, "--") == 0) {
			only_args = true;
		} else {
			err = word[1] == '-' ? parse_long(&ps, word) : parse_letters(&ps, word);
		}
	}
	/* The form of an error is chosen by the whole line. */
	for (int i = ps.at; err && i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0)
			cli->json = true;
	return err;
}

/* Is one of the words of `with` (a|b) an option that was given, or the first argument? */
static bool has_company(const struct skep_cli *cli, const char *with, const char *action)
{
	while (*with) {
		size_t n = strcspn(with, "|");

		if (strlen(action) == n && memcmp(action, with, n) == 0)
			return true;
		for (u32 i = 0; i < cli->opt.n; i++)
			if (strlen(cli->opt.v[i].def->name) == n &&
			    memcmp(cli->opt.v[i].def->name, with, n) == 0)
				return true;
		with += n + (with[n] == '|');
	}
	return false;
}

/* "a|b" as "--a or --b", or as "a or b" where the words are actions. */
static const char *company_names(struct skep_cli *cli, const char *with)
{
	const char *text = "";

	while (*with) {
		size_t n = strcspn(with, "|");
		const struct skep_opt_def *d = find_in(cli->cmd->opts, with, n, 0);

		text = skep_arena_printf(&cli->arena, "%s%s%s%.*s", text, *text ? " or " : "",
					 d ? "--" : "", (int)n, with);
		with += n + (with[n] == '|');
	}
	return text;
}

int skep_cli_company(struct skep_cli *cli, int npos, char **pos)
{
	for (u32 i = 0; i < cli->opt.n; i++) {
		const struct skep_opt_def *d = cli->opt.v[i].def;

		if (!d->with || has_company(cli, d->with, npos ? pos[0] : ""))
			continue;
		SKEP_CLI_DIAG(cli, OPTION_ALONE, d->name, company_names(cli, d->with));
		return SKEP_EXIT_USAGE;
	}
	return 0;
}

/* --- access ------------------------------------------------------------------------ */

bool skep_cli_flag(const struct skep_cli *cli, const char *name)
{
	for (u32 i = 0; i < cli->opt.n; i++)
		if (strcmp(cli->opt.v[i].def->name, name) == 0)
			return true;
	return false;
}

const char *skep_cli_opt(const struct skep_cli *cli, const char *name)
{
	for (u32 i = cli->opt.n; i-- > 0;)
		if (strcmp(cli->opt.v[i].def->name, name) == 0)
			return cli->opt.v[i].val;
	return NULL;
}

int skep_cli_num(struct skep_cli *cli, const char *name, u64 min, u64 max, u64 *out)
{
	const char *s = skep_cli_opt(cli, name);
	char *end = NULL, why[96];
	u64 v;

	if (!s)
		return 0;
	errno = 0;
	v = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	if (s[0] >= '0' && s[0] <= '9' && !*end && !errno && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	snprintf(why, sizeof(why), "a number from %llu to %llu is needed", (unsigned long long)min,
		 (unsigned long long)max);
	SKEP_CLI_DIAG(cli, BAD_VALUE, s, skep_arena_printf(&cli->arena, "--%s", name), why);
	return SKEP_EXIT_USAGE;
}

int skep_cli_goal(struct skep_cli *cli, u32 *mode, u32 *cpu)
{
	static const char *const goals[] = {
		[SKEP_OPT_SIZE] = "size", [SKEP_OPT_SPEED] = "speed", [SKEP_OPT_VERIFIER] = "verifier"};
	const char *goal = skep_cli_opt(cli, "for"), *level = skep_cli_opt(cli, "cpu");
	u32 g = 0;

	while (goal && g < SKEP_ARRAY_SIZE(goals) && strcmp(goal, goals[g]) != 0)
		g++;
	if (g == SKEP_ARRAY_SIZE(goals)) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, goal, "--for", "size, speed or verifier");
		return SKEP_EXIT_USAGE;
	}
	*mode = g;
	if (level && level[0] == 'v' && level[1] >= '1' && level[1] <= '4' && !level[2]) {
		*cpu = (u32)(level[1] - '0');
	} else if (level && strcmp(level, "same") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, level, "--cpu", "v1, v2, v3, v4 or same");
		return SKEP_EXIT_USAGE;
	}
	return 0;
}
