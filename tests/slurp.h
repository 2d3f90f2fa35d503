/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole file in memory, for the programs of the tests; the caller frees it; NULL when it cannot be read. */
#ifndef SKEP_TESTS_SLURP_H
#define SKEP_TESTS_SLURP_H

#include <stdio.h>
#include <stdlib.h>

/* By reading on, since files of sysfs do not tell their size; no byte more than there is, for checkers. */
static inline void *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 1 << 16, n = 0, got;
	char *p = f ? malloc(cap) : NULL, *more = p;

	while (more && (got = fread(p + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n == cap)
			more = realloc(p, cap *= 2);
		p = more ? more : p;
	}
	if (f)
		fclose(f);
	more = more ? realloc(p, n ? n : 1) : NULL;
	if (!more)
		free(p);
	*len = more ? n : 0;
	return more;
}

#endif
