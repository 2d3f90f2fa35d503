/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A part of a window as a window of its own, so that what a rule does to some
 * of the instructions is not learned again for each context. The part is gathered at
 * its last instruction, by the same conditions as in window.c.
 */
#include "search/search_impl.h"

struct part {
	u16 made, used;		/* registers that the part wrote; that it read from before */
	u8 bits[SKEP_WIN_REGS]; /* of what it reads */
};

static u16 reads_of(const struct skep_ins *in)
{
	return in->op == SKEP_STX ? (u16)(1u << in->src) : skep_isa_reads(in);
}

/* Follow the window up to the part's last instruction; false: it cannot be gathered there. */
static bool gather(const struct skep_window *w, u32 which, u32 last, struct part *p)
{
	u16 written = 0;

	for (u32 k = 0; k <= last; k++) {
		u16 reads = reads_of(&w->in[k]), writes = skep_isa_writes(&w->in[k]);

		if (which >> k & 1) {
			u16 in = (u16)(reads & ~p->made);

			for (u32 r = 0; r < SKEP_WIN_REGS; r++)
				if ((in & ~p->used) >> r & 1)
					p->bits[r] =
						r < w->nin && !(written >> r & 1) ? w->bits[r] : 64;
			p->used |= in;
			p->made |= writes;
		} else if (((reads | writes) & p->made) || (writes & p->used)) {
			return false;
		}
		written |= writes;
	}
	return true;
}

/* Registers that are read behind the part's last instruction. */
static u16 live_behind(const struct skep_window *w, u32 last)
{
	u16 live = w->out | w->keep;

	for (u32 k = w->n; k-- > last + 1u;)
		live = (u16)((live & ~skep_isa_writes(&w->in[k])) | reads_of(&w->in[k]));
	return live;
}

/* Registers that something behind the part's last instruction reads or writes. */
static u16 used_behind(const struct skep_window *w, u32 last)
{
	u16 used = 0;

	for (u32 k = last + 1; k < w->n; k++)
		used |= reads_of(&w->in[k]) | skep_isa_writes(&w->in[k]);
	return used;
}

static u8 rename_reg(u8 *of, u8 *n, u8 reg)
{
	if (!of[reg])
		of[reg] = ++*n;
	return (u8)(of[reg] - 1);
}

/* Number the registers as window.c does: those that come in first, by their first reading. */
static void renumber(const struct skep_window *w, u32 which, u8 *of, u8 *nin, u8 *n)
{
	u16 made = 0;

	for (u32 k = 0; k < w->n; k++) {
		u16 in = (u16)(reads_of(&w->in[k]) & ~made);

		if (!(which >> k & 1))
			continue;
		if (w->in[k].op != SKEP_STX && (in >> w->in[k].dst & 1))
			rename_reg(of, n, w->in[k].dst);
		if (w->in[k].form == SKEP_REG && (in >> w->in[k].src & 1))
			rename_reg(of, n, w->in[k].src);
		made |= skep_isa_writes(&w->in[k]);
	}
	*nin = *n;
	for (u32 k = 0; k < w->n; k++)
		if ((which >> k & 1) && skep_isa_writes(&w->in[k]))
			rename_reg(of, n, w->in[k].dst);
}

bool skep_window_part(const struct skep_window *w, u32 which, struct skep_window *part)
{
	u32 last = 31u - (u32)__builtin_clz(which);
	u8 of[SKEP_WIN_REGS + 3] = {0}, n = 0;
	struct part p = {.made = 0};
	u16 live;

	memset(part, 0, sizeof(*part));
	if (last >= w->n || !gather(w, which, last, &p))
		return false;
	live = live_behind(w, last);
	renumber(w, which, of, &part->nin, &n);
	if (part->nin > SKEP_WIN_IN)
		return false;
	part->nreg = n;
	part->level = w->level;
	part->mode = w->mode;
	part->big = w->big;
	part->sink = last == w->n - 1u ? w->sink : SKEP_SINK_NONE;
	for (u32 k = 0; k <= last; k++) {
		struct skep_ins *in = &part->in[part->n];

		if (!(which >> k & 1))
			continue;
		*in = w->in[k];
		if (in->op != SKEP_STX)
			in->dst = (u8)(of[in->dst] - 1);
		if (in->form == SKEP_REG)
			in->src = (u8)(of[in->src] - 1);
		part->n++;
	}
	for (u32 r = 0; r < SKEP_WIN_REGS; r++) {
		u16 bit = (u16)(1u << r);

		if (!of[r])
			continue;
		if (p.made & live & bit)
			part->out |= (u16)(1u << (of[r] - 1));
		else if (live & bit)
			part->keep |= (u16)(1u << (of[r] - 1));
		if (p.made & w->half & ~used_behind(w, last) & bit)
			part->half |= (u16)(1u << (of[r] - 1));
		if (of[r] <= part->nin)
			part->bits[of[r] - 1] = p.bits[r];
	}
	return true;
}
