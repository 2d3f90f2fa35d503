/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What leads into bytes that are to be replaced: all branches of the function, long jumps from
 * anywhere (a function has parts that are not beside it), and tables of targets that the function
 * refers to, as compilers make them for switches and computed gotos. What looks like one and
 * is none can only make us refuse.
 *
 * Where long jumps lead is found once for all code of a file: that takes some 30 ms a MiB.
 */
#include "probe/probe_impl.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { AROUND = 64 << 10, CHUNK = 512, TABLE_MAX = 64 << 10 };

struct search {
	const struct skep_probe_spec *spec;
	u32 jump;
	ZydisDecoder decoder;
	ZydisDecodedInstruction in;
	char *why;
};

static bool inside(const struct search *s, u64 target)
{
	return target - s->spec->addr - 1 < s->jump - 1;
}

static bool in_text(const struct search *s, u64 addr)
{
	return addr >= s->spec->text_lo && addr < s->spec->text_hi;
}

static int found(struct search *s, const char *what, u64 at)
{
	snprintf(s->why, SKEP_PROBE_WHY, "%s %+lld leads into the bytes to replace", what,
		 (long long)(at - s->spec->addr));
	return -EOPNOTSUPP;
}

static bool decode(struct search *s, u64 at)
{
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
		&s->decoder, NULL, (const void *)(uintptr_t)at, s->spec->text_hi - at, &s->in));
}

/* Memory of which nobody knows whether it is there: how much could be read. */
static u32 peek(u64 at, void *to, u32 n)
{
	struct iovec a = {to, n}, b = {(void *)(uintptr_t)at, n};
	long got = probe_syscall(SYS_process_vm_readv, (u64)getpid(), PROBE_PTR(&a), 1,
				 PROBE_PTR(&b), 1, 0);

	return got > 0 ? (u32)got : 0;
}

/*
 * A table of distances from its own beginning, or of addresses, ends where an element leads out of
 * the code.
 */
static bool leads_in(const struct search *s, u64 table, u32 width)
{
	u8 buf[CHUNK] __attribute__((aligned(8))) = {0};

	for (u64 off = 0; off < TABLE_MAX; off += CHUNK) {
		u32 n = peek(table + off, buf, CHUNK);

		for (u32 k = 0; k + width <= n; k += width) {
			u64 target = width == 8 ? *(const u64 *)(buf + k)
						: table + (u64)(s64) * (const s32 *)(buf + k);

			if (!in_text(s, target))
				return false;
			if (inside(s, target))
				return true;
		}
		if (n < CHUNK)
			break;
	}
	return false;
}

/* The address that an operand without registers but an index, or relative to the instruction, has.
 */
static u64 table_of(const struct search *s, u64 at)
{
	const ZydisDecodedInstruction *in = &s->in;
	bool sib = in->raw.modrm.rm == 4;

	if (!(in->attributes & ZYDIS_ATTRIB_HAS_MODRM) || in->raw.modrm.mod != 0 ||
	    in->raw.disp.size != 32)
		return 0;
	if (in->raw.modrm.rm == 5 && in->mnemonic == ZYDIS_MNEMONIC_LEA)
		return at + in->length + (u64)in->raw.disp.value;
	return sib && in->raw.sib.base == 5 && in->raw.sib.scale >= 2 ? (u64)in->raw.disp.value : 0;
}

static int look(struct search *s, u64 at)
{
	u64 table;

	if (s->in.raw.imm[0].is_relative &&
	    inside(s, at + s->in.length + (u64)s->in.raw.imm[0].value.s))
		return found(s, "a branch from", at);
	table = table_of(s, at);
	if (table && !in_text(s, table) && (leads_in(s, table, 4) || leads_in(s, table, 8)))
		return found(s, "a table that is used at", at);
	return 0;
}

/* --- long jumps ----------------------------------------------------------------------------- */

/* Where they lead in one piece of code, ascending. Kept for the life of the process. */
struct jumps {
	struct jumps *next;
	u64 lo, hi, id;
	u32 n, cap;
	u32 *to; /* from lo */
};
static struct jumps *known; /* under the lock of site.c */

static bool keep(struct jumps *j, u32 to)
{
	if (j->n == j->cap) {
		u32 cap = j->cap ? 2 * j->cap : 1024;
		u32 *v = realloc(j->to, cap * sizeof(*v));

		if (!v)
			return false;
		j->to = v;
		j->cap = cap;
	}
	j->to[j->n++] = to;
	return true;
}

static int by_number(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static bool collect(struct search *s, struct jumps *j)
{
	for (u64 at = j->lo; at < j->hi;) {
		u64 target;

		if (!decode(s, at)) {
			at++;
			continue;
		}
		at += s->in.length;
		target = at + (u64)s->in.raw.imm[0].value.s;
		if (s->in.raw.imm[0].is_relative && s->in.raw.imm[0].size > 8 &&
		    s->in.meta.category != ZYDIS_CATEGORY_CALL && in_text(s, target) &&
		    !keep(j, (u32)(target - j->lo)))
			return false;
	}
	if (j->n)
		qsort(j->to, j->n, sizeof(*j->to), by_number);
	return true;
}

static void drop(struct jumps *j)
{
	free(j->to);
	free(j);
}

static struct jumps *get_jumps(struct search *s)
{
	const struct skep_probe_spec *p = s->spec;
	struct jumps *j = known;

	while (j && !(j->lo == p->text_lo && j->hi == p->text_hi && j->id == p->text_id))
		j = j->next;
	if (j && p->text_id)
		return j;
	j = calloc(1, sizeof(*j));
	if (!j)
		return NULL;
	j->lo = p->text_lo;
	j->hi = p->text_hi;
	j->id = p->text_id;
	if (p->text_hi - p->text_lo > UINT32_MAX || !collect(s, j)) {
		drop(j);
		return NULL;
	}
	if (j->id) {
		j->next = known;
		known = j;
	}
	return j;
}

static int search_jumps(struct search *s)
{
	struct jumps *j = get_jumps(s);
	u32 first, lo = 0, hi;
	bool in;

	if (!j) {
		snprintf(s->why, SKEP_PROBE_WHY, "no memory");
		return -ENOMEM;
	}
	first = (u32)(s->spec->addr + 1 - j->lo);
	for (hi = j->n; lo < hi;) {
		u32 mid = lo + (hi - lo) / 2;

		if (j->to[mid] < first)
			lo = mid + 1;
		else
			hi = mid;
	}
	in = lo < j->n && inside(s, j->lo + j->to[lo]);
	if (!j->id)
		drop(j);
	if (in)
		snprintf(s->why, SKEP_PROBE_WHY,
			 "a branch of another part leads into the bytes to replace");
	return in ? -EOPNOTSUPP : 0;
}

/* --- the function --------------------------------------------------------------------------------
 */

static int sweep(struct search *s, u64 at, u64 end)
{
	int err = 0;

	while (at < end && !err) {
		if (decode(s, at)) {
			err = look(s, at);
			at += s->in.length;
		} else {
			at++;
		}
	}
	return err;
}

int skep_probe_search(const struct skep_probe_spec *spec, u32 jump, char *why)
{
	struct search s = {.spec = spec, .jump = jump, .why = why};
	u64 lo = spec->addr - spec->text_lo > AROUND ? spec->addr - AROUND : spec->text_lo;
	u64 hi = spec->text_hi - spec->addr > AROUND ? spec->addr + AROUND : spec->text_hi;
	int err;

	if (spec->func_lo && spec->func_lo >= spec->text_lo && spec->func_hi <= spec->text_hi) {
		lo = spec->func_lo;
		hi = spec->func_hi;
	}
	ZydisDecoderInit(&s.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	/* From below first, however the bytes there fall into instructions; then from the place
	 * itself. */
	err = sweep(&s, lo, spec->addr);
	if (!err)
		err = sweep(&s, spec->addr, hi);
	return err ? err : search_jumps(&s);
}
