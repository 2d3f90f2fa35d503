/* SPDX-License-Identifier: BSD-2-Clause */
/* What the target `program` counts, for the property test that feeds it. */
#ifndef SKEP_FUZZ_PROGRAM_H
#define SKEP_FUZZ_PROGRAM_H

#include "base/base.h"

struct fuzz_program_counts {
	u64 programs, verdict[3]; /* verdict: by enum skep_verdict */
	u64 unpruned;		  /* also decided without pruning */
	u64 runs, checked; /* registers compared with the facts */
};
extern struct fuzz_program_counts fuzz_program_counts;

/*
 * The text of the program that these choices make; its maps are values, table and ring.
 * A plain one has no arithmetic that the kernel does not follow.
 */
void fuzz_program_text(const u8 *data, size_t len, bool plain, struct skep_buf *out);

#endif
