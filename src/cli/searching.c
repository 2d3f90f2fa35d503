/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Around a search: the clock, ctrl-C, a line of progress, and the file in which
 * answers are kept. The searcher itself knows none of these.
 */
#include "cli/searching.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

void skep_searching_catch(void)
{
	struct sigaction a = {.sa_handler = on_interrupt,
			      .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

	sigaction(SIGINT, &a, NULL);
}

bool skep_searching_interrupted(void)
{
	return interrupted != 0;
}

double skep_searching_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the cache -------------------------------------------------------------------- */

static void make_dir(struct skep_cli *cli, const char *path)
{
	char *dir = skep_arena_strdup(&cli->arena, path);

	for (char *p = dir + 1; *p; p++)
		if (*p == '/') {
			*p = 0;
			mkdir(dir, 0700);
			*p = '/';
		}
}

/* The cache of this user, or NULL. */
static const char *own_cache(struct skep_cli *cli)
{
	const char *dir = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *path;

	if (dir && *dir == '/')
		path = skep_arena_printf(&cli->arena, "%s/skep/search.db", dir);
	else if (home && *home == '/')
		path = skep_arena_printf(&cli->arena, "%s/.cache/skep/search.db", home);
	else
		return NULL;
	make_dir(cli, path);
	return path;
}

struct skep_run_cache *skep_searching_cache(struct skep_cli *cli, const char **path)
{
	const char *asked = skep_cli_opt(cli, "cache");
	struct skep_run_cache *c;
	char why[200] = "";

	*path = asked ? asked : own_cache(cli);
	if (!*path || strcmp(*path, "none") == 0)
		return NULL;
	c = skep_run_cache_open(*path, why, sizeof(why));
	if (!c && asked)
		SKEP_CLI_DIAG(cli, NO_CACHE, asked, why);
	return c;
}

/* --- optimize --search ---------------------------------------------------------------- */

static double spent(void *user)
{
	const struct searching *s = user;

	return interrupted ? 1 : (skep_searching_now() - s->start) / s->limit;
}

static void progress(void *user)
{
	struct searching *s = user;
	const struct skep_searcher_stats *st = skep_searcher_stats(s->searcher);
	double now = skep_searching_now();
	char line[160];

	if (!s->progress || now - s->told < 0.5)
		return;
	s->told = now;
	snprintf(line, sizeof(line),
		 "%ssearch: %3.0f of %.0f s, %u windows searched, %u rewrites%s",
		 s->tty ? "\r" : "", now - s->start, s->limit, st->searched, st->found,
		 s->tty ? "" : "\n");
	skep_cli_put(STDERR_FILENO, line, strlen(line));
}

int skep_searching_start(struct searching *s, struct skep_cli *cli, struct skep_opt_opts *o)
{
	struct skep_searcher_opts so = {
		.sz = sizeof(so), .spent = spent, .progress = progress, .user = s};
	u64 seconds = 0, seed = 1;
	int err = skep_cli_num(cli, "search", 1, 1000000, &seconds);

	*s = (struct searching){.cli = cli};
	skep_arena_init(&s->arena);
	if (!err)
		err = skep_cli_num(cli, "seed", 0, UINT64_MAX, &seed);
	if (err || !seconds)
		return err;
	s->cache = skep_searching_cache(cli, &s->path);
	if (s->cache)
		so.cache = (struct skep_search_cache){skep_run_cache_get, skep_run_cache_put,
						      s->cache};
	so.seed = seed;
	s->limit = (double)seconds;
	s->start = skep_searching_now();
	s->told = s->start + 0.5;
	s->tty = isatty(STDERR_FILENO);
	s->progress = s->tty || skep_cli_flag(cli, "verbose");
	s->arena.on_oom = cli->arena.on_oom;
	s->searcher = skep_searcher_new(&so, &s->arena);
	o->search = skep_searcher_next;
	o->search_user = s->searcher;
	skep_searching_catch();
	return 0;
}

void skep_searching_text(const struct searching *s)
{
	const struct skep_searcher_stats *st;

	if (!s->searcher)
		return;
	st = skep_searcher_stats(s->searcher);
	skep_buf_printf(
		&s->cli->out,
		"search: %u windows searched, %u known from the cache, %u rewrites found%s\n",
		st->searched, st->known, st->found, interrupted ? "; interrupted" : "");
}

void skep_searching_json(const struct searching *s)
{
	const struct skep_searcher_stats *st;
	struct skep_json *j = &s->cli->j;

	if (!s->searcher)
		return;
	st = skep_searcher_stats(s->searcher);
	skep_json_key(j, "search");
	skep_json_open(j, '{');
	skep_json_kint(j, "searched", st->searched);
	skep_json_kint(j, "known", st->known);
	skep_json_kint(j, "found", st->found);
	skep_json_kint(j, "candidates", (s64)st->search.nodes);
	skep_json_kint(j, "proofs", (s64)st->search.proofs);
	skep_json_kint(j, "refuted", (s64)st->search.refuted);
	skep_json_kint(j, "unknown", (s64)st->search.unknown);
	skep_json_key(j, "seconds");
	skep_json_real(j, skep_searching_now() - s->start);
	skep_json_kbool(j, "interrupted", interrupted);
	skep_json_close(j, '}');
}

void skep_searching_finish(struct searching *s)
{
	const char *error = s->cache ? skep_run_cache_error(s->cache) : NULL;

	if (error)
		SKEP_CLI_DIAG(s->cli, NO_CACHE, s->path, error);
	if (s->searcher && s->tty)
		skep_cli_put(STDERR_FILENO, "\n", 1);
	skep_run_cache_close(s->cache);
	skep_arena_fini(&s->arena);
	s->cache = NULL;
	s->searcher = NULL;
}
