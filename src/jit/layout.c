/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the buffer to final code: which jumps are short, how much a loop head
 * needs to be aligned, whether a helper is near enough for a direct call.
 *
 * Lengths only shrink: jumps are found short under the assumption that all
 * alignment is as long as it can be, so what is decided once stays true.
 */
#include <stdlib.h>

#include "jit/emit.h"

enum { ALIGN = 16 };

/* Recommended forms of 1 to 9 bytes that do nothing. */
static const u8 nops[10][9] = {
    {0},
	{0x90},
	{0x66, 0x90},
	{0x0f, 0x1f, 0x00},
	{0x0f, 0x1f, 0x40, 0x00},
	{0x0f, 0x1f, 0x44, 0x00, 0x00},
	{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	{0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	{0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	{0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
};

struct layout {
	struct jit *j;
	u32 *saved; /* bytes that the first n records save */
	const u8 *base;
};

static void count(struct layout *l)
{
	u32 sum = 0;

	for (u32 i = 0; i < l->j->nrec; i++) {
		l->saved[i] = sum;
		sum += (u32)(l->j->rec[i].room - l->j->rec[i].len);
	}
	l->saved[l->j->nrec] = sum;
}

static u32 label_at(const struct layout *l, u32 label)
{
	const struct label *b = &l->j->label[label];

	return b->pos - l->saved[b->recs];
}

static u32 rec_at(const struct layout *l, u32 i)
{
	return l->j->rec[i].pos - l->saved[i];
}

static bool shorten(struct layout *l)
{
	bool changed = false;

	for (u32 i = 0; i < l->j->nrec; i++) {
		struct rec *r = &l->j->rec[i];
		s64 by;

		if ((r->kind != REC_JMP && r->kind != REC_JCC) || r->len == 2)
			continue;
		by = (s64)label_at(l, r->label) - (rec_at(l, i) + r->len);
		/* A jump forward gets no longer when it shrinks itself, one back neither. */
		if (by >= -120 && by <= 120) {
			r->len = 2;
			changed = true;
		}
	}
	return changed;
}

static void align(struct layout *l)
{
	u32 sum = 0;

	for (u32 i = 0; i < l->j->nrec; i++) {
		struct rec *r = &l->j->rec[i];

		l->saved[i] = sum;
		if (r->kind == REC_PAD)
			r->len = (u8)(-(r->pos - sum) & (ALIGN - 1));
		sum += (u32)(r->room - r->len);
	}
	l->saved[l->j->nrec] = sum;
}

static bool is_near(const struct layout *l, u64 addr)
{
	s64 by = (s64)(addr - (u64)l->base);

	return by > -((s64)1 << 30) && by < (s64)1 << 30 && l->j->n < 1u << 29;
}

static void externs(struct layout *l)
{
	for (u32 i = 0; i < l->j->nrec; i++)
		if (l->j->rec[i].kind == REC_EXTERN && is_near(l, l->j->rec[i].addr))
			l->j->rec[i].len = 5;
}

static void put4(u8 *p, u32 v)
{
	memcpy(p, &v, 4);
}

static void write_jump(const struct rec *r, u8 *p, s32 by)
{
	if (r->len == 2) {
		p[0] = r->kind == REC_JMP ? 0xeb : (u8)(0x70 | r->cc);
		p[1] = (u8)by;
	} else if (r->kind == REC_JMP) {
		p[0] = 0xe9;
		put4(p + 1, (u32)by);
	} else {
		p[0] = 0x0f;
		p[1] = (u8)(0x80 | r->cc);
		put4(p + 2, (u32)by);
	}
}

static void write_extern(const struct rec *r, u8 *p)
{
	if (r->len == 5) {
		p[0] = 0xe8;
		put4(p + 1, (u32)(r->addr - (u64)(p + 5)));
		return;
	}
	p[0] = 0x49; /* mov r11, addr */
	p[1] = 0xbb;
	memcpy(p + 2, &r->addr, 8);
	p[10] = 0x41; /* call r11 */
	p[11] = 0xff;
	p[12] = 0xd3;
}

static void write_pad(u8 *p, u32 n)
{
	while (n) {
		u32 k = SKEP_MIN(n, 9u);

		memcpy(p, nops[k], k);
		p += k;
		n -= k;
	}
}

static void write_rec(const struct layout *l, u32 i, u8 *code)
{
	const struct rec *r = &l->j->rec[i];
	u32 here = rec_at(l, i);
	u8 *p = code + here;
	s32 by = r->kind == REC_PAD || r->kind == REC_EXTERN
			 ? 0
			 : (s32)(label_at(l, r->label) - (here + r->len));

	switch (r->kind) {
	case REC_JMP:
	case REC_JCC: write_jump(r, p, by); break;
	case REC_CALL:
		p[0] = 0xe8;
		put4(p + 1, (u32)by);
		break;
	case REC_LEA: /* lea reg, [rip + by] */
		p[0] = (u8)(0x48 | (r->reg >> 3) << 2);
		p[1] = 0x8d;
		p[2] = (u8)((r->reg & 7) << 3 | 5);
		put4(p + 3, (u32)by);
		break;
	case REC_PAD: write_pad(p, r->len); break;
	default: write_extern(r, p);
	}
}

static void write_all(const struct layout *l, u8 *code)
{
	const struct jit *j = l->j;
	u32 from = 0;

	for (u32 i = 0; i < j->nrec; i++) {
		const struct rec *r = &j->rec[i];

		memcpy(code + from - l->saved[i], j->buf + from, r->pos - from);
		write_rec(l, i, code);
		from = r->pos + r->room;
	}
	memcpy(code + from - l->saved[j->nrec], j->buf + from, j->n - from);
}

/* Slots inside of groups have no label: they are where the group ends. */
static void natives(const struct layout *l, u32 size, u32 *native)
{
	u32 at = size;

	native[l->j->code.n] = size;
	for (u32 i = l->j->code.n; i-- > 0;) {
		if (l->j->label[i].pos != ~0u)
			at = label_at(l, i);
		native[i] = at;
	}
}

static u32 label_or_none(const struct layout *l, u32 label)
{
	return l->j->label[label].pos == ~0u ? ~0u : label_at(l, label);
}

int skep_jit_layout(struct jit *j, u64 near, u32 *native, struct jit_image *out)
{
	struct layout l = {.j = j};

	l.saved = malloc((j->nrec + 1) * sizeof(u32));
	if (!l.saved)
		return SKEP_ENOMEM;
	for (u32 i = 0; !near && i < j->nrec; i++)
		near = j->rec[i].addr;
	if (!near)
		near = (u64)skep_eng_callback;
	out->code = skep_jit_mem_new(j->n, near, &out->mapped);
	if (!out->code) {
		free(l.saved);
		return SKEP_EENV;
	}
	l.base = out->code;
	externs(&l);
	do
		count(&l);
	while (shorten(&l));
	align(&l);
	out->size = j->n - l.saved[j->nrec];
	write_all(&l, out->code);
	natives(&l, out->size, native);
	for (u32 f = 0; f < j->code.nfunc; f++)
		out->func[f] = label_at(&l, func_label(j, f));
	out->body = label_or_none(&l, stub_label(j, L_BODY));
	if (out->body == ~0u)
		out->body = label_at(&l, func_label(j, 0));
	out->entry = label_or_none(&l, stub_label(j, L_ENTRY));
	out->callback = label_or_none(&l, stub_label(j, L_CALLBACK));
	free(l.saved);
	if (skep_jit_mem_seal(out->code, out->size, out->mapped))
		return 0;
	skep_jit_mem_free(out->code, out->mapped);
	out->code = NULL;
	return SKEP_EENV;
}
