/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which registers somebody still reads: the backward problem of every textbook,
 * by sweeps from the end until nothing changes. Calls of functions read what
 * arguments may be; returning reads r0, since each function restores the rest.
 */
#include "jit/jit_impl.h"

static u16 reads(const struct skep_ins *in)
{
	if (in->op == SKEP_CALL && in->src == SKEP_CALL_SUBPROG)
		return 0x3e;
	return skep_isa_reads(in);
}

static u16 live_in(const struct jit *j, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];

	return (u16)(reads(in) | (j->live[slot] & ~skep_isa_writes(in)));
}

/* A packet load may leave the program with r0. */
static u16 live_out(const struct jit *j, const u16 *in_set, u32 slot)
{
	const struct skep_ins *in = &j->code.in[slot];
	u32 next = slot + skep_ins_slots(in);
	u16 out = skep_is_end(in->op) ? 0 : in_set[next];

	if (skep_is_branch(in->op))
		out |= in_set[j->code.target[slot]];
	return out;
}

void skep_jit_live(struct jit *j)
{
	u32 n = j->code.n;
	u16 *in_set = j->live + n;
	bool changed = true;

	while (changed) {
		changed = false;
		for (u32 i = n; i-- > 0;) {
			u16 out, in;

			if (j->code.in[i].op == SKEP_OP_NR)
				continue;
			out = live_out(j, in_set, i);
			j->live[i] = out;
			in = live_in(j, i);
			changed |= in != in_set[i] && (j->code.flags[i] & SKEP_EC_LOOP);
			in_set[i] = in;
		}
	}
}
