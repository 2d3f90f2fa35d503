/* SPDX-License-Identifier: BSD-2-Clause */
/* skep optimize --heat: how often instructions are executed, before and after. */
#ifndef SKEP_CLI_HEAT_H
#define SKEP_CLI_HEAT_H

#include "cli/cli.h"
#include "run/run.h"

/* Is the option's number one? 0 or the exit status. */
int skep_heat_check(struct skep_cli *cli);
/* Measure as the option says; *out is NULL without it. 0 or the exit status. */
int skep_heat_measure(struct skep_cli *cli, const struct skep_optimized *r,
		      struct skep_run_heat **out);
/* What was executed of each program with all that it calls; `h` may be NULL. */
void skep_heat_text(struct skep_cli *cli, const struct skep_run_heat *h);
/* Members of a function's object. */
void skep_heat_json(struct skep_json *j, const struct skep_run_heat *h,
		    const struct skep_func *before, const struct skep_func *after);

#endif
