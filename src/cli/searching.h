/* SPDX-License-Identifier: BSD-2-Clause */
/* The search behind optimize --search: time, interruption, progress and the cache around the
 * searcher. */
#ifndef SKEP_CLI_SEARCHING_H
#define SKEP_CLI_SEARCHING_H

#include "cli/cli.h"
#include "run/run.h"

struct searching {
	struct skep_cli *cli;
	struct skep_arena arena;
	struct skep_searcher *searcher; /* NULL: no search was asked for */
	struct skep_run_cache *cache;
	const char *path;	   /* of the cache */
	double start, limit, told; /* seconds */
	bool progress, tty;
};

/* Reads the options --search, --seed, --cache and --verbose into `o`; 0 or an exit status. Needs
 * finish in any case. */
int skep_searching_start(struct searching *s, struct skep_cli *cli, struct skep_opt_opts *o);
void skep_searching_text(const struct searching *s);
void skep_searching_json(const struct searching *s);
void skep_searching_finish(struct searching *s);

/* --- also for learn --- */

/* Ctrl-C ends what goes on and keeps what there is; a second one ends the process. */
void skep_searching_catch(void);
bool skep_searching_interrupted(void);
double skep_searching_now(void);
/* The cache that --cache names, or the one of this user, or NULL (then it has been said if it was
 * asked for). */
struct skep_run_cache *skep_searching_cache(struct skep_cli *cli, const char **path);

#endif
