/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit: native code from the bytes of a program, behind the interface of
 * vm/engine.h. Compiled code is in memory that is writable first and executable
 * afterwards, never both. Safe from any thread.
 *
 * Nothing here opens a file.
 */
#ifndef SKEP_JIT_H
#define SKEP_JIT_H

#include "vm/vm.h"

/* The engine for this processor, or NULL where there is none: for others than x86-64, under a
 * shadow stack. */
const struct skep_engine *skep_jit_engine(void);

/*
 * A child of fork(2) finds whole what threads share here. That is seen to with the first program;
 * whoever holds locks while he comes here calls this before he adds fork handlers for them.
 */
void skep_jit_prepare(void);

/*
 * For tools. perf: a line for /tmp/perf-PID.map, which the caller writes. gdb:
 * make the program known under a name through gdb's JIT interface, and take it
 * back before it is freed; add returns NULL when there is no memory or no native
 * code, remove takes NULL.
 */
struct skep_jit_symbols;
void skep_jit_perf_map(const struct skep_eng_prog *prog, const char *name, struct skep_buf *out);
struct skep_jit_symbols *skep_jit_gdb_add(const struct skep_eng_prog *prog, const char *name);
void skep_jit_gdb_remove(struct skep_jit_symbols *s);

#endif
