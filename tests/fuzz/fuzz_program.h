/* SPDX-License-Identifier: BSD-2-Clause */
/* What the target `program` counts, for the property test that feeds it. */
#ifndef SKEP_FUZZ_PROGRAM_H
#define SKEP_FUZZ_PROGRAM_H

#include "base/base.h"

struct fuzz_program_counts {
	u64 programs, verdict[3], runs; /* verdict: by enum skep_verdict */
};
extern struct fuzz_program_counts fuzz_program_counts;

#endif
