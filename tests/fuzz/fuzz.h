/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets share: limits, checks that end the process, one input's memory. */
#ifndef SKEP_FUZZ_H
#define SKEP_FUZZ_H

#include "obj/obj.h"

#include <stdio.h>
#include <stdlib.h>

/* No input of a few hundred kilobytes needs more. */
#define FUZZ_ARENA_LIMIT ((size_t)256 << 20)

#define MUST(cond, what)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);                  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct fuzz_mem {
	struct skep_arena arena;
	struct skep_diags ds;
};

static inline void fuzz_init(struct fuzz_mem *m)
{
	skep_arena_init(&m->arena);
	m->arena.limit = FUZZ_ARENA_LIMIT;
	skep_diags_init(&m->ds);
}

/* A refusal gives its reason, and a success has none. Returns whether it was a success. */
static inline bool fuzz_said_why(const struct fuzz_mem *m, int err)
{
	MUST(err <= 0, "a positive result");
	MUST(err != SKEP_EBUG, "a bug was reported");
	if (err)
		MUST(err == SKEP_ENOMEM || m->ds.errors > 0, "refused without a diagnostic");
	else
		MUST(m->ds.errors == 0, "an error was reported but not returned");
	return !err;
}

/* Must be a success, or out of memory; else its diagnostics are shown. */
static inline void fuzz_must(const struct fuzz_mem *m, int err, const char *what)
{
	struct skep_buf text = {0};

	if (!err || err == SKEP_ENOMEM)
		return;
	skep_diags_print(&m->ds, "input", &text);
	fprintf(stderr, "%s", text.p ? text.p : "");
	MUST(0, what);
}

static inline void fuzz_fini(struct fuzz_mem *m)
{
	struct skep_buf text = {0};

	skep_diags_print(&m->ds, "input", &text);
	skep_buf_fini(&text);
	skep_diags_fini(&m->ds);
	skep_arena_fini(&m->arena);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

#endif
