/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of instructions that occur several times: sets of equal rows of length n
 * are split by the next letter into sets of length n + 1 (Karp, Miller,
 * Rosenberg 1972, one letter at a time), until none has two members. What is
 * equal is the caller's to say, by letters; 0 ends a row. All memory is the
 * arena that is given.
 */
#include "opt/opt_impl.h"

#include <stdlib.h>

struct place_in_set {
	u32 set, letter, at;
};

static int by_set(const void *a, const void *b)
{
	const struct place_in_set *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	if (x->letter != y->letter)
		return x->letter < y->letter ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Keep sets of two and more, numbered anew; hand each to the caller. Returns how many places are
 * left. */
static u32 keep_sets(struct place_in_set *p, u32 n, u32 len, u32 *at, skep_rows_fn fn, void *user)
{
	u32 kept = 0, set = 0;

	for (u32 k = 0, end; k < n; k = end) {
		for (end = k; end < n && p[end].set == p[k].set && p[end].letter == p[k].letter;
		     end++)
			at[end - k] = p[end].at;
		if (end - k < 2 || !p[k].letter)
			continue;
		for (u32 j = 0; j < end - k; j++)
			p[kept++] = (struct place_in_set){set, 0, at[j]};
		set++;
		fn(user, len, at, end - k);
	}
	return kept;
}

void skep_rows_find(const u32 *letter, u32 n, u32 max_len, struct skep_arena *arena,
		    skep_rows_fn fn, void *user)
{
	struct place_in_set *p = SKEP_NEW_N(arena, struct place_in_set, n);
	u32 *at = SKEP_NEW_N(arena, u32, n);

	for (u32 k = 0; k < n; k++)
		p[k] = (struct place_in_set){0, letter[k], k};
	for (u32 len = 1, left = n; len <= max_len && left; len++) {
		qsort(p, left, sizeof(*p), by_set);
		left = keep_sets(p, left, len, at, fn, user);
		for (u32 k = 0; k < left; k++)
			p[k].letter = p[k].at + len < n ? letter[p[k].at + len] : 0;
	}
}
