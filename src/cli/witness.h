/* SPDX-License-Identifier: BSD-2-Clause */
/* cli: inputs on which two programs differ, in a directory: skep prove writes it, skep run reads it. */
#ifndef SKEP_CLI_WITNESS_H
#define SKEP_CLI_WITNESS_H

#include "cli/cli.h"
#include "run/run.h"

/* With --witness: the input to that directory, which is made. 0 or an exit status. */
int skep_witness_write(struct skep_cli *cli, const struct skep_run_differ_result *r);
/* With --witness: what that directory holds, else *out is NULL. 0 or an exit status. */
int skep_witness_read(struct skep_cli *cli, struct skep_run_witness **out);
/* Contents of maps and answers of helpers, a line each. */
void skep_witness_text(struct skep_cli *cli, const struct skep_run_witness *w);
void skep_witness_json(struct skep_cli *cli, const struct skep_run_witness *w);

#endif
