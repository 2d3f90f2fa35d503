/* SPDX-License-Identifier: BSD-2-Clause */
/* What instructions cost under the three goals. */
#include "search/search_impl.h"

enum { FIRST = 4096 }; /* how much more the first criterion weighs than the second */

/* Measured: hundredths of a nanosecond by bench/insn_cost. */
static const u16 measured[SKEP_OP_NR] = {
#define C(op, time) [SKEP_##op] = (time),
#include "search/cost.def"
#undef C
};

u32 skep_search_cost(enum skep_opt_mode mode, const struct skep_ins *in)
{
	u32 slots = skep_ins_slots(in), time = measured[in->op];

	switch (mode) {
	case SKEP_OPT_SPEED: return time * FIRST + slots;
	case SKEP_OPT_VERIFIER: return FIRST + slots;
	default: return slots * FIRST + time;
	}
}

bool skep_found_cheaper(const struct skep_window *w, const struct skep_found *f)
{
	enum skep_opt_mode mode = (enum skep_opt_mode)w->mode;

	return skep_search_cost_of(mode, f->in, f->n) < skep_search_cost_of(mode, w->in, w->n);
}

u32 skep_search_cost_of(enum skep_opt_mode mode, const struct skep_ins *in, u32 n)
{
	u32 c = 0;

	for (u32 k = 0; k < n; k++)
		c += skep_search_cost(mode, &in[k]);
	return c;
}
