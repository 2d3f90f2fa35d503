/* SPDX-License-Identifier: BSD-2-Clause */
/* How far optimize is where that takes long: a line on a terminal, lines with --verbose. */
#ifndef SKEP_CLI_PROGRESS_H
#define SKEP_CLI_PROGRESS_H

#include "cli/cli.h"
#include "run/run.h"

struct progress {
	double start, told; /* seconds */
	bool tty, shown;
};

/* Shows from now on how far proofs and trials are; `p` outlives both. */
void skep_progress_start(struct progress *p, struct skep_cli *cli, struct skep_run_proofs *proofs,
			 struct skep_cost_opts *cost);
/* Ends the line on the terminal, when there is one. */
void skep_progress_finish(struct progress *p);

#endif
