/* SPDX-License-Identifier: BSD-2-Clause */
/* cli: comparing two tables of verdicts; used by check. */
#ifndef SKEP_CLI_CHECK_H
#define SKEP_CLI_CHECK_H

#include "cli/cli.h"

/* Two CSV files of `skep check --csv` or of veristat: what changed? An exit status. */
int skep_check_compare(struct skep_cli *cli, int argc, char **argv);

#endif
