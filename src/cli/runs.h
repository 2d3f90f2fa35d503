/* SPDX-License-Identifier: BSD-2-Clause */
/* cli: how results of runs in the interpreter are printed; used by run and differ. */
#ifndef SKEP_CLI_RUNS_H
#define SKEP_CLI_RUNS_H

#include "cli/cli.h"
#include "run/run.h"

/* The program type of --type into *out, 0 without it. 0 or an exit status. */
int skep_runs_type(struct skep_cli *cli, u32 *out);
/* Bytes as one line of hexadecimal digits after `label`; nothing when there are none. */
void skep_runs_hex(struct skep_buf *out, const char *label, const u8 *p, u32 n);
void skep_runs_json_hex(struct skep_json *j, const char *key, const u8 *p, u32 n);
/* A result: one line, and a line for each event. */
void skep_runs_text(struct skep_cli *cli, const struct skep_vm_result *r);
void skep_runs_json(struct skep_cli *cli, const struct skep_vm_result *r);
/* The input on which two programs differ, and what each made of it. */
void skep_runs_difference(struct skep_cli *cli, const struct skep_run_differ_result *r);
/* With --save: that packet to the file, its context to FILE.ctx. */
int skep_runs_save(struct skep_cli *cli, const struct skep_run_differ_result *r);

#endif
