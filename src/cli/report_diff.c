/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two versions of a function side by side. An instruction of the new version
 * knows the slot that it came from. Those that kept their order (the longest
 * rising run of old places, found in n log n with a binary search over the ends
 * of runs) stand beside what they came from; what lies between is put side by
 * side in order.
 */
#include "cli/report.h"

struct side {
	const struct skep_insn **v;
	u32 n;
};

static struct side list(const struct skep_func *f, struct skep_arena *arena)
{
	struct side s = {SKEP_NEW_N(arena, const struct skep_insn *, f->ninsns + 1), 0};

	SKEP_FOR_INSN(i, f)
		s.v[s.n++] = i;
	return s;
}

/* Index of the instruction of A that stood at a slot, or UINT32_MAX. */
static u32 at_slot(const struct side *a, u32 slot)
{
	u32 lo = 0, hi = a->n;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (a->v[mid]->slot < slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < a->n && a->v[lo]->slot == slot ? lo : UINT32_MAX;
}

/* For each of B the index in A beside which it stands, UINT32_MAX: none. */
static u32 *anchors(const struct side *a, const struct side *b, struct skep_arena *arena)
{
	u32 *from = SKEP_NEW_N(arena, u32, b->n + 1), *end = SKEP_NEW_N(arena, u32, b->n + 1);
	u32 *before = SKEP_NEW_N(arena, u32, b->n + 1), len = 0, k;

	for (u32 i = 0; i < b->n; i++) {
		u32 lo = 0, hi = len;

		from[i] = at_slot(a, b->v[i]->slot);
		if (from[i] == UINT32_MAX)
			continue;
		while (lo < hi) {
			u32 mid = lo + (hi - lo) / 2;

			if (from[end[mid]] < from[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		before[i] = lo ? end[lo - 1] : UINT32_MAX;
		end[lo] = i;
		len = SKEP_MAX(len, lo + 1);
	}
	k = len ? end[len - 1] : UINT32_MAX;
	for (u32 i = b->n; i-- > 0;) {
		if (i == k)
			k = before[i];
		else
			from[i] = UINT32_MAX;
	}
	return from;
}

static void pair(struct report_rows *out, const struct side *a, u32 *x, u32 to_x, const struct side *b, u32 *y, u32 to_y)
{
	while (*x < to_x || *y < to_y) {
		out->v[out->n].a = *x < to_x ? a->v[(*x)++] : NULL;
		out->v[out->n++].b = *y < to_y ? b->v[(*y)++] : NULL;
	}
}

void report_align(const struct skep_func *fa, const struct skep_func *fb, struct skep_arena *arena,
		  struct report_rows *out)
{
	struct side a = list(fa, arena), b = list(fb, arena);
	u32 *from = anchors(&a, &b, arena), x = 0, y = 0;

	out->v = SKEP_NEW_N(arena, struct report_row, a.n + b.n + 1);
	out->n = 0;
	for (u32 i = 0; i < b.n; i++) {
		if (from[i] == UINT32_MAX)
			continue;
		pair(out, &a, &x, from[i], &b, &y, i);
		pair(out, &a, &x, from[i] + 1, &b, &y, i + 1);
	}
	pair(out, &a, &x, a.n, &b, &y, b.n);
}
