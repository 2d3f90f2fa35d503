/* SPDX-License-Identifier: BSD-2-Clause */
/* What was taken out of an object, and taking out what nobody uses. */
#ifndef SKEP_CLI_GONE_H
#define SKEP_CLI_GONE_H

#include "cli/cli.h"

/* "gone: maps a, b", a line for each kind that has any. */
void skep_gone_text(struct skep_cli *cli, const struct skep_pruned *p);
/* functions_gone, maps_gone, externs_gone. */
void skep_gone_json(struct skep_json *j, const struct skep_pruned *p);
/*
 * Read the object in `out`, which was made from `in`, take out functions that nobody
 * calls, maps that no code uses, and externs that the code of `in` used and this does
 * not, and write it there again. An exit status.
 */
int skep_gone_drop(struct skep_cli *cli, struct skep_input *in, struct skep_buf *out,
		   struct skep_pruned *p);

#endif
