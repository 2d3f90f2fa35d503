/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of a module of the kernel: they go on where the kernel's own end, in numbers and in
 * strings. Each module's do so, hence those of a second one are moved behind the first's.
 */
#include "btf/btf.h"
#include "btf/btf_impl.h"

enum { HDR = 24 };

static const struct {
	u8 fixed, each;
} shape[SKEP_BTF_KINDS] = {
#define KIND(id, name, text, fixed, each) [id] = {fixed, each},
#include "btf/kind.def"
};

struct split {
	const struct skep_btf *base;
	const u8 *types;
	const char *str;
	u32 types_len, str_len;
};

static bool split_open(struct split *s, const struct skep_btf *base, const void *data, size_t len)
{
	const u8 *p = data;
	bool big = base->big;
	u32 hdr, toff, soff;

	if (len < HDR || skep_get16(p, big) != BTF_MAGIC)
		return false;
	hdr = skep_get32(p + 4, big);
	toff = skep_get32(p + 8, big);
	s->types_len = skep_get32(p + 12, big);
	soff = skep_get32(p + 16, big);
	s->str_len = skep_get32(p + 20, big);
	if (hdr < HDR || hdr > len || (u64)toff + s->types_len > len - hdr ||
	    (u64)soff + s->str_len > len - hdr)
		return false;
	s->base = base;
	s->types = p + hdr + toff;
	s->str = (const char *)p + hdr + soff;
	return !s->str_len || !s->str[s->str_len - 1];
}

u32 skep_btf_record_len(const u8 *types, u32 len, u32 pos, bool big)
{
	u32 info, kind, n;

	if (len - pos < 12)
		return 0;
	info = skep_get32(types + pos + 4, big);
	kind = info >> 24 & 31;
	if (!kind || kind >= SKEP_BTF_KINDS)
		return 0;
	n = 12 + shape[kind].fixed + shape[kind].each * (info & 0xffff);
	return n <= len - pos ? n : 0;
}

static const char *name_at(const struct split *s, u32 off)
{
	if (off < s->base->str_len)
		return s->base->str + off;
	off -= s->base->str_len;
	return off < s->str_len ? s->str + off : "";
}

bool skep_btf_split_has(const struct skep_btf *base, const void *data, size_t len, u32 kind,
			const char *name)
{
	struct split s;

	if (!split_open(&s, base, data, len))
		return false;
	for (u32 pos = 0, n; pos < s.types_len; pos += n) {
		const u8 *p = s.types + pos;

		n = skep_btf_record_len(s.types, s.types_len, pos, base->big);
		if (!n)
			return false;
		if ((skep_get32(p + 4, base->big) >> 24 & 31) == kind &&
		    strcmp(name_at(&s, skep_get32(p, base->big)), name) == 0)
			return true;
	}
	return false;
}

/* --- put behind what is there ----------------------------------------------------------------- */

struct mover {
	const struct split *s;
	u32 types, strings; /* how far behind */
};

static void move_name(void *arg, u8 *p)
{
	const struct mover *m = arg;
	u32 off = skep_get32(p, m->s->base->big);

	if (off >= m->s->base->str_len)
		skep_put32(p, off + m->strings, m->s->base->big);
}

static void move_type(void *arg, u8 *p)
{
	const struct mover *m = arg;
	u32 id = skep_get32(p, m->s->base->big);

	if (id >= m->s->base->ntypes)
		skep_put32(p, id + m->types, m->s->base->big);
}

static bool third_is_type(u32 kind)
{
	switch (kind) {
	case SKEP_BTF_PTR:
	case SKEP_BTF_TYPEDEF:
	case SKEP_BTF_VOLATILE:
	case SKEP_BTF_CONST:
	case SKEP_BTF_RESTRICT:
	case SKEP_BTF_FUNC:
	case SKEP_BTF_FUNC_PROTO:
	case SKEP_BTF_VAR:
	case SKEP_BTF_DECL_TAG:
	case SKEP_BTF_TYPE_TAG: return true;
	default: return false;
	}
}

void skep_btf_visit(u8 *p, bool big, const struct btf_visitor *v)
{
	u32 info = skep_get32(p + 4, big), kind = info >> 24 & 31;
	u8 *each = p + 12 + shape[kind].fixed;

	v->name(v->arg, p);
	if (third_is_type(kind))
		v->type(v->arg, p + 8);
	if (kind == SKEP_BTF_ARRAY) {
		v->type(v->arg, p + 12);
		v->type(v->arg, p + 16);
	}
	for (u32 k = 0; k < (info & 0xffff) && shape[kind].each; k++, each += shape[kind].each) {
		if (kind == SKEP_BTF_DATASEC) {
			v->type(v->arg, each);
			continue;
		}
		v->name(v->arg, each);
		if (kind == SKEP_BTF_STRUCT || kind == SKEP_BTF_UNION ||
		    kind == SKEP_BTF_FUNC_PROTO)
			v->type(v->arg, each + 4);
	}
}

int skep_btf_join(const struct skep_btf *base, const struct skep_btf *all, const void *split,
		  size_t len, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_btf **out)
{
	struct split s;
	struct mover m = {&s, all->ntypes - base->ntypes, all->str_len - base->str_len};
	const struct btf_visitor move = {move_name, move_type, &m};
	const u8 *from = all->data + skep_get32(all->data + 4, all->big) +
			 skep_get32(all->data + 8, all->big);
	u32 had = skep_get32(all->data + 12, all->big), n;
	u64 total;
	u8 *p;

	if (!split_open(&s, base, split, len))
		return BTF_DIAG(ds, BAD_HEADER, "it is none of a module");
	total = (u64)HDR + had + s.types_len + all->str_len + s.str_len;
	if (total > UINT32_MAX)
		return BTF_DIAG(ds, BAD_HEADER, "too large together with the kernel's");
	p = skep_arena_alloc(arena, total);
	memcpy(p, all->data, 4);
	skep_put32(p + 4, HDR, all->big);
	skep_put32(p + 8, 0, all->big);
	skep_put32(p + 12, had + s.types_len, all->big);
	skep_put32(p + 16, had + s.types_len, all->big);
	skep_put32(p + 20, all->str_len + s.str_len, all->big);
	memcpy(p + HDR, from, had);
	memcpy(p + HDR + had, s.types, s.types_len);
	memcpy(p + HDR + had + s.types_len, all->str, all->str_len);
	memcpy(p + HDR + had + s.types_len + all->str_len, s.str, s.str_len);
	for (u32 pos = 0; pos < s.types_len; pos += n) {
		n = skep_btf_record_len(s.types, s.types_len, pos, all->big);
		if (!n)
			return BTF_DIAG(ds, TRUNCATED, "a type");
		skep_btf_visit(p + HDR + had + pos, all->big, &move);
	}
	return skep_btf_read(p, total, all->big, arena, ds, out);
}
