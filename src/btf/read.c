/* SPDX-License-Identifier: BSD-2-Clause */
/* .BTF: the index of types, checks on reading, access to types, members and sizes. */
#include "btf/btf.h"
#include "btf/btf_impl.h"

const struct skep_diag_def skep_btf_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "btf/diag.def"
#undef D
};
const u32 skep_btf_ndiags = SKEP_ARRAY_SIZE(skep_btf_diags);

static const struct {
	u8 fixed, each;
} shape[SKEP_BTF_KINDS] = {
#define KIND(id, name, text, fixed, each) [id] = {fixed, each},
#include "btf/kind.def"
};

const char *skep_btf_str(const struct skep_btf *btf, u32 off)
{
	return off < btf->str_len ? btf->str + off : NULL;
}

static int index_types(struct skep_btf *b, const u8 *types, u32 len, struct skep_arena *arena,
		       struct skep_diags *ds)
{
	u32 cap = len / 12 + 1, n = 1;

	b->off = SKEP_NEW_N(arena, u32, cap);
	for (u32 pos = 0; pos < len; n++) {
		u32 info, kind, size;

		if (len - pos < 12)
			return BTF_DIAG(ds, TRUNCATED, "a type");
		info = skep_get32(types + pos + 4, b->big);
		kind = info >> 24 & 31;
		if (kind == 0 || kind >= SKEP_BTF_KINDS)
			return BTF_DIAG(ds, BAD_TYPE, n, "unknown kind");
		size = 12 + shape[kind].fixed + shape[kind].each * (info & 0xffff);
		if (len - pos < size)
			return BTF_DIAG(ds, TRUNCATED, "a type");
		if (!skep_btf_str(b, skep_get32(types + pos, b->big)))
			return BTF_DIAG(ds, BAD_TYPE, n, "its name lies outside the strings");
		b->off[n] = (u32)(types - b->data) + pos;
		pos += size;
	}
	b->ntypes = n;
	return 0;
}

bool skep_btf_get(const struct skep_btf *btf, u32 id, struct skep_btf_type *out)
{
	const u8 *p;
	u32 info;

	if (id == 0 || id >= btf->ntypes)
		return false;
	p = btf->data + btf->off[id];
	info = skep_get32(p + 4, btf->big);
	out->id = id;
	out->name = skep_btf_str(btf, skep_get32(p, btf->big));
	out->kind = info >> 24 & 31;
	out->kflag = info >> 31;
	out->vlen = info & 0xffff;
	out->ref = skep_get32(p + 8, btf->big);
	out->more = p + 12;
	return true;
}

bool skep_btf_member(const struct skep_btf *btf, const struct skep_btf_type *t, u32 i,
		     struct skep_btf_member *out)
{
	const u8 *p = t->more + (size_t)i * shape[t->kind].each;
	u32 w0, w1, w2 = 0;

	memset(out, 0, sizeof(*out));
	out->name = "";
	if (i >= t->vlen || shape[t->kind].each < 8)
		return false;
	w0 = skep_get32(p, btf->big);
	w1 = skep_get32(p + 4, btf->big);
	if (shape[t->kind].each == 12)
		w2 = skep_get32(p + 8, btf->big);
	if (t->kind == SKEP_BTF_DATASEC) {
		out->type = w0;
		out->off = w1;
		out->size = w2;
		return true;
	}
	out->name = skep_btf_str(btf, w0);
	if (!out->name)
		out->name = "";
	if (t->kind == SKEP_BTF_ENUM) {
		out->value = t->kflag ? (s32)w1 : (s64)w1;
	} else if (t->kind == SKEP_BTF_ENUM64) {
		out->value = (s64)((u64)w2 << 32 | w1);
	} else {
		out->type = w1;
		out->off = t->kflag ? w2 & 0xffffff : w2;
		out->size = t->kflag ? w2 >> 24 : 0;
	}
	return true;
}

void skep_btf_array(const struct skep_btf *btf, const struct skep_btf_type *t, u32 *elem, u32 *n)
{
	*elem = skep_get32(t->more, btf->big);
	*n = skep_get32(t->more + 8, btf->big);
}

static bool is_modifier(u8 kind)
{
	return kind == SKEP_BTF_TYPEDEF || kind == SKEP_BTF_VOLATILE || kind == SKEP_BTF_CONST ||
	       kind == SKEP_BTF_RESTRICT || kind == SKEP_BTF_TYPE_TAG;
}

/* Cycles were refused on reading, so the walk ends. */
bool skep_btf_resolve(const struct skep_btf *btf, u32 id, struct skep_btf_type *out)
{
	while (skep_btf_get(btf, id, out)) {
		if (!is_modifier(out->kind))
			return true;
		id = out->ref;
	}
	return false;
}

s64 skep_btf_size(const struct skep_btf *btf, u32 id)
{
	struct skep_btf_type t;
	u32 elem, n;
	s64 mul = 1;

	while (skep_btf_resolve(btf, id, &t)) {
		switch (t.kind) {
		case SKEP_BTF_ARRAY:
			skep_btf_array(btf, &t, &elem, &n);
			if (n && mul > INT32_MAX / n)
				return -1;
			mul *= n;
			id = elem;
			continue;
		case SKEP_BTF_PTR:
			return mul * 8;
		case SKEP_BTF_INT:
		case SKEP_BTF_STRUCT:
		case SKEP_BTF_UNION:
		case SKEP_BTF_ENUM:
		case SKEP_BTF_ENUM64:
		case SKEP_BTF_FLOAT:
		case SKEP_BTF_DATASEC:
			return mul * t.ref;
		case SKEP_BTF_VAR:
			id = t.ref;
			continue;
		default:
			return -1;
		}
	}
	return -1;
}

/* Can a type of that kind contain others by value? Most cannot. */
static bool contains(u32 kind)
{
	return is_modifier(kind) || kind == SKEP_BTF_VAR || kind == SKEP_BTF_ARRAY ||
	       kind == SKEP_BTF_STRUCT || kind == SKEP_BTF_UNION;
}

/* The i-th type that `t` contains by value, or 0 when there are no more. */
static u32 contained(const struct skep_btf *b, const struct skep_btf_type *t, u32 i)
{
	struct skep_btf_member m;

	if (is_modifier(t->kind) || t->kind == SKEP_BTF_VAR)
		return i == 0 ? t->ref : 0;
	if (t->kind == SKEP_BTF_ARRAY)
		return i == 0 ? skep_get32(t->more, b->big) : 0;
	if ((t->kind == SKEP_BTF_STRUCT || t->kind == SKEP_BTF_UNION) && skep_btf_member(b, t, i, &m))
		return m.type;
	return 0;
}

/* Depth-first over containment with an explicit stack: each edge is walked once. */
static int check_cycles(const struct skep_btf *b, struct skep_arena *arena, struct skep_diags *ds)
{
	struct frame {
		u32 id, next;
	} *stack = SKEP_NEW_N(arena, struct frame, b->ntypes);
	u8 *state = SKEP_NEW_N(arena, u8, b->ntypes);

	for (u32 root = 1; root < b->ntypes; root++) {
		u32 depth = 0;

		if (state[root] || !contains(skep_get32(b->data + b->off[root] + 4, b->big) >> 24 & 31))
			continue;
		state[root] = 1;
		stack[depth++] = (struct frame){root, 0};
		while (depth) {
			struct frame *f = &stack[depth - 1];
			struct skep_btf_type t;
			u32 child;

			skep_btf_get(b, f->id, &t);
			child = contained(b, &t, f->next++);
			if (!child && f->next > t.vlen) {
				state[f->id] = 2;
				depth--;
			} else if (child && child < b->ntypes && state[child] == 1) {
				return BTF_DIAG(ds, CYCLE, child);
			} else if (child && child < b->ntypes && state[child] == 0) {
				state[child] = 1;
				stack[depth++] = (struct frame){child, 0};
			}
		}
	}
	return 0;
}

static int read_all(struct skep_btf *b, struct skep_arena *arena, struct skep_diags *ds)
{
	u32 hdr, toff, tlen, soff, slen;
	int err;

	if (b->len < 24)
		return BTF_DIAG(ds, TRUNCATED, "its header");
	if (skep_get16(b->data, b->big) != BTF_MAGIC)
		return BTF_DIAG(ds, BAD_HEADER, "wrong magic number or byte order");
	hdr = skep_get32(b->data + 4, b->big);
	toff = skep_get32(b->data + 8, b->big);
	tlen = skep_get32(b->data + 12, b->big);
	soff = skep_get32(b->data + 16, b->big);
	slen = skep_get32(b->data + 20, b->big);
	if (hdr < 24 || hdr > b->len || toff & 3)
		return BTF_DIAG(ds, BAD_HEADER, "wrong header length");
	if ((u64)toff + tlen > b->len - hdr || (u64)soff + slen > b->len - hdr)
		return BTF_DIAG(ds, TRUNCATED, "its types or strings");
	b->str = (const char *)b->data + hdr + soff;
	b->str_len = slen;
	if (slen == 0 || b->str[0] || b->str[slen - 1])
		return BTF_DIAG(ds, BAD_HEADER, "strings do not start and end with a zero byte");
	err = index_types(b, b->data + hdr + toff, tlen, arena, ds);
	return err ? err : check_cycles(b, arena, ds);
}

int skep_btf_read(const void *data, size_t len, bool big, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_btf **out)
{
	struct skep_btf *b = SKEP_NEW(arena, struct skep_btf);

	b->data = data;
	b->len = len;
	b->big = big;
	*out = b;
	return read_all(b, arena, ds);
}
