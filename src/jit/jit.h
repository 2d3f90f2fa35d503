/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit: native code from the bytes of a program, behind the interface of
 * vm/engine.h. Compiled code is in memory that is writable first and executable
 * afterwards, never both. Safe from any thread.
 *
 * Nothing here opens a file: whoever may touch the world can write what perf and
 * gdb want from `code`, `image` and `native` of struct skep_eng_prog.
 */
#ifndef SKEP_JIT_H
#define SKEP_JIT_H

#include "vm/vm.h"

/* The engine for this processor, or NULL where there is none. */
const struct skep_engine *skep_jit_engine(void);

#endif
