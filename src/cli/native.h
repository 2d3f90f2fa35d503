/* SPDX-License-Identifier: BSD-2-Clause */
/* cli: native code as text, for skep disasm --native. */
#ifndef SKEP_CLI_NATIVE_H
#define SKEP_CLI_NATIVE_H

#include "cli/cli.h"

/* A program and all that it calls, compiled for this processor. An exit status. */
int skep_native(struct skep_cli *cli, struct skep_input *in, const struct skep_func *f, bool source);

#endif
