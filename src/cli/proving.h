/* SPDX-License-Identifier: BSD-2-Clause */
/* How far the proofs of optimize --prove are: a line on a terminal, lines with --verbose. */
#ifndef SKEP_CLI_PROVING_H
#define SKEP_CLI_PROVING_H

#include "cli/cli.h"
#include "run/run.h"

struct proving_line {
	double start, told; /* seconds */
	bool tty, shown;
};

/* Shows it from now on; `l` lives as long as the proofs. */
void skep_proving_start(struct proving_line *l, struct skep_cli *cli, struct skep_run_proofs *p);
/* Ends the line on the terminal, when there is one. */
void skep_proving_finish(struct proving_line *l);

#endif
