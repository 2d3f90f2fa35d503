/* SPDX-License-Identifier: BSD-2-Clause */
/* cli: native code as text, for skep disasm --native and skep prog dump jited. */
#ifndef SKEP_CLI_NATIVE_H
#define SKEP_CLI_NATIVE_H

#include "cli/cli.h"

/* A program and all that it calls, compiled for this processor. An exit status. */
int skep_native(struct skep_cli *cli, struct skep_input *in, const struct skep_func *f, bool source);

/* Can this build tell native code? Says why not. */
bool skep_native_possible(struct skep_cli *cli);
/* The instruction at `p`, whose address is `at`, as text; its length, of at most `len`. */
u32 skep_native_text(const u8 *p, u32 len, u64 at, struct skep_buf *out);

#endif
