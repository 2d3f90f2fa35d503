/* SPDX-License-Identifier: BSD-2-Clause */
/* cli: the code of a loaded program. */
#ifndef SKEP_CLI_PROGDUMP_H
#define SKEP_CLI_PROGDUMP_H

#include "cli/cli.h"

/* Instructions as loaded, or native code, as text or JSON, or with --output the bytes to a file. */
int skep_progdump(struct skep_cli *cli, int fd, bool native);

#endif
