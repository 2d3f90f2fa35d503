/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of bytes whose value is fixed, to that value: variables in read-only
 * data and externs of the kernel's configuration to which the caller gave a
 * value. By facts: the destination gets the value that the load would give.
 *
 * Right because: the address is the symbol's own (the fact's name stands for the
 * start of the section, or for the result of the load of the extern's address,
 * plus a constant), so these bytes are read and no others. No program can write
 * read-only data, the loader freezes it before anything runs, and for the bytes
 * that were named the caller says what the loader will have put there. Each byte
 * of the load must be among them; variables beside them can still be set.
 */
#include "opt/opt_impl.h"

static bool covers(const struct skep_fixed *x, u32 sec, u32 sym, s64 off)
{
	bool same = sec ? x->sec == sec : !x->sec && x->sym == sym;

	return same && off >= 0 && (u64)off >= x->off && (u64)off - x->off < x->size;
}

/* The fixed byte at an offset of a section or an extern; false: it is not fixed. */
static bool byte_at(const struct skep_opt *o, u32 sec, u32 sym, s64 off, u8 *out)
{
	for (u32 k = 0; k < o->opts->nfixed; k++) {
		const struct skep_fixed *x = &o->opts->fixed[k];

		if (covers(x, sec, sym, off)) {
			*out = x->bytes[(u64)off - x->off];
			return true;
		}
	}
	return false;
}

static u64 number(const u8 *p, u32 size, bool big)
{
	switch (size) {
	case 1: return *p;
	case 2: return skep_get16(p, big);
	case 4: return skep_get32(p, big);
	default: return skep_get64(p, big);
	}
}

/* What the load gives when every byte of it is fixed. */
static bool value_of(const struct skep_opt *o, const struct skep_insn *i, u64 *out)
{
	const struct skep_insn *def;
	struct skep_place at;
	u32 sec, sym = 0;
	u8 bytes[8];

	if (i->core || !skep_place_get(o->fa, i, &at) || at.size > 8)
		return false;
	sec = skep_facts_section(at.vn);
	if (!sec) {
		def = skep_facts_def(o->fa, at.vn);
		if (!def || def->in.op != SKEP_LDDW || def->ref != SKEP_REF_EXTERN || def->core)
			return false;
		sym = def->sym;
		at.off += def->in.imm;
	}
	for (u32 k = 0; k < at.size; k++)
		if (!byte_at(o, sec, sym, at.off + k, &bytes[k]))
			return false;
	*out = number(bytes, at.size, o->obj->big);
	if (i->in.op == SKEP_LDXS && at.size < 8)
		*out = (u64)((s64)(*out << (64 - 8 * at.size)) >> (64 - 8 * at.size));
	return true;
}

static struct skep_ins constant(u8 dst, u64 v)
{
	if (skep_fits_s32((s64)v))
		return skep_mk_movi(dst, (s64)v);
	if (v <= UINT32_MAX)
		return (struct skep_ins){.op = SKEP_MOV, .size = 4, .form = SKEP_IMM, .dst = dst, .imm = (s32)v};
	return (struct skep_ins){.op = SKEP_LDDW, .size = 8, .form = SKEP_IMM, .dst = dst, .imm = (s64)v};
}

bool skep_pass_fixed(struct skep_opt *o, struct skep_func *f)
{
	bool changed = false;

	if (!o->opts->nfixed)
		return false;
	skep_opt_look(o, f, false);
	for (u32 k = 0; k < o->cfg->ninsn; k++) {
		struct skep_insn *i = o->cfg->insn[k];
		struct skep_ins in;
		u64 v;

		if (!o->fa->reached[k] || (i->in.op != SKEP_LDX && i->in.op != SKEP_LDXS) || !value_of(o, i, &v))
			continue;
		in = constant(i->in.dst, v);
		if ((in.op == SKEP_LDDW && skep_opt_huge(f)) || !skep_opt_begin(o, "loads a fixed variable", i, i))
			continue;
		skep_edit_set(i, &in);
		skep_opt_end(o);
		changed = true;
	}
	return changed;
}
