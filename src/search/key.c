/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows and rows as bytes, which are the same on every machine, and as text. */
#include "search/search_impl.h"

/* Counts up when the meaning of a key or of an answer changes; with the table's length it tells old
 * caches. */
enum { KEY_VERSION = 1, HEAD = 12, SIDE = 2, HAS_MEM = 128, HAS_HALF = 64, PER_IN = 10, PER_INS = 18 };

static void put_ins(u8 *p, const struct skep_ins *in)
{
	p[0] = (u8)in->op;
	p[1] = (u8)(in->op >> 8);
	p[2] = in->size;
	p[3] = in->form;
	p[4] = in->dst;
	p[5] = in->src;
	skep_put32(p + 6, (u32)in->off, false);
	skep_put64(p + 10, (u64)in->imm, false);
}

static bool get_ins(const u8 *p, struct skep_ins *in)
{
	in->op = (u16)(p[0] | p[1] << 8);
	in->size = p[2];
	in->form = p[3];
	in->dst = p[4];
	in->src = p[5];
	in->off = (s32)skep_get32(p + 6, false);
	in->imm = (s64)skep_get64(p + 10, false);
	return in->op < SKEP_OP_NR && !skep_isa_check(in);
}

u32 skep_window_key(const struct skep_window *w, u8 *key)
{
	const u8 head[HEAD] = {KEY_VERSION, SKEP_OP_NR,
			       w->n,	    w->sink,
			       w->nreg,	    w->nin,
			       (u8)w->out,  (u8)w->keep,
			       w->level,    (u8)(w->mode | (w->mem ? HAS_MEM : 0) | (w->half ? HAS_HALF : 0)),
			       w->big,	    (u8)(w->side | w->side_not << 7)};
	u32 at = HEAD;

	memcpy(key, head, HEAD);
	if (w->mem)
		key[at++] = w->mem;
	if (w->half)
		key[at++] = (u8)w->half;
	if (w->side) {
		key[at++] = (u8)w->side_out;
		key[at++] = (u8)w->side_keep;
	}
	for (u32 k = 0; k < w->nin; k++, at += PER_IN) {
		key[at] = w->bits[k];
		key[at + 1] = w->fixed[k];
		skep_put64(key + at + 2, w->value[k], false);
	}
	for (u32 k = 0; k < w->n; k++, at += PER_INS)
		put_ins(key + at, &w->in[k]);
	return at;
}

bool skep_window_from_key(const u8 *key, u32 len, struct skep_window *w)
{
	u32 at = HEAD;

	memset(w, 0, sizeof(*w));
	if (len < HEAD || key[0] != KEY_VERSION || key[1] != SKEP_OP_NR || !key[2] ||
	    key[2] > SKEP_WIN_MAX || key[3] > SKEP_SINK_STORE || key[4] > SKEP_WIN_REGS ||
	    key[5] > SKEP_WIN_IN || key[5] > key[4])
		return false;
	w->n = key[2];
	w->sink = key[3];
	w->nreg = key[4];
	w->nin = key[5];
	w->out = key[6];
	w->keep = key[7];
	w->level = key[8];
	w->mode = key[9] & ~(HAS_MEM | HAS_HALF);
	w->big = key[10];
	w->side = key[11] & 127;
	w->side_not = key[11] >> 7;
	if (w->side >= w->n || (w->side_not && !w->side))
		return false;
	if (key[9] & HAS_MEM) {
		if (len < at + 1 || !key[at] || key[at] > w->nin)
			return false;
		w->mem = key[at++];
	}
	if (key[9] & HAS_HALF) {
		if (len < at + 1 || !key[at] || key[at] & ~w->out)
			return false;
		w->half = key[at++];
	}
	if (w->side) {
		if (len < at + SIDE)
			return false;
		w->side_out = key[at++];
		w->side_keep = key[at++];
	}
	if (len != at + (u32)w->nin * PER_IN + (u32)w->n * PER_INS || w->mode > SKEP_OPT_VERIFIER)
		return false;
	for (u32 k = 0; k < w->nin; k++, at += PER_IN) {
		w->bits[k] = key[at];
		w->fixed[k] = key[at + 1];
		w->value[k] = skep_get64(key + at + 2, false);
		if (w->bits[k] > 64)
			return false;
	}
	for (u32 k = 0; k < w->n; k++, at += PER_INS)
		if (!get_ins(key + at, &w->in[k]))
			return false;
	return !w->side || skep_is_cond(w->in[w->side - 1].op);
}

u32 skep_found_key(const struct skep_found *f, u8 *key)
{
	for (u32 k = 0; k < f->n; k++)
		put_ins(key + k * PER_INS, &f->in[k]);
	return f->n * PER_INS;
}

bool skep_found_from_key(const u8 *key, u32 len, struct skep_found *f)
{
	memset(f, 0, sizeof(*f));
	if (len % PER_INS || len > SKEP_WIN_MAX * PER_INS)
		return false;
	f->n = (u8)(len / PER_INS);
	for (u32 k = 0; k < f->n; k++)
		if (!get_ins(key + k * PER_INS, &f->in[k]))
			return false;
	return true;
}

static void print_row(const struct skep_ins *in, u32 n, struct skep_buf *out)
{
	for (u32 k = 0; k < n; k++) {
		const struct skep_isa_syms to = {.target = k + 1 < n ? "SIDE" : "OUT"};

		skep_isa_print(&in[k], skep_is_cond(in[k].op) ? &to : NULL, out);
		skep_buf_puts(out, "\n");
	}
}

static void print_set(const char *what, u16 regs, struct skep_buf *out)
{
	if (!regs)
		return;
	skep_buf_printf(out, "# %s", what);
	for (u32 r = 0; r < SKEP_WIN_REGS; r++)
		if (regs >> r & 1)
			skep_buf_printf(out, " r%u", r);
	skep_buf_puts(out, "\n");
}

void skep_window_print(const struct skep_window *w, struct skep_buf *out)
{
	for (u32 k = 0; k < w->nin; k++) {
		if (w->fixed[k])
			skep_buf_printf(out, "# r%u is 0x%llx\n", k,
					(unsigned long long)w->value[k]);
		else if (w->bits[k] < 64)
			skep_buf_printf(out, "# r%u has %u bits\n", k, w->bits[k]);
	}
	print_row(w->in, w->n, out);
	print_set("live", w->out, out);
	print_set("low half of", w->half, out);
	print_set("keeps", w->keep, out);
	if (w->side_not)
		skep_buf_puts(out, "# leaves when not taken\n");
	print_set("live at SIDE", w->side_out, out);
	print_set("keeps at SIDE", w->side_keep, out);
}

void skep_found_print(const struct skep_found *f, struct skep_buf *out)
{
	print_row(f->in, f->n, out);
}
