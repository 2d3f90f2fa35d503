/* SPDX-License-Identifier: BSD-2-Clause */
/* A processor without a compiler: programs run in the interpreter. */
#include "jit/jit.h"

const struct skep_engine *skep_jit_engine(void)
{
	return NULL;
}

void skep_jit_prepare(void)
{
}
