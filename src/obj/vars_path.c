/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of variables by their types: members, elements, what can be set. Reads BTF; owns nothing. */
#include "obj/vars.h"

bool skep_var_peel(const struct skep_btf *b, struct var_at *at, struct skep_btf_type *t)
{
	while (skep_btf_get(b, at->type, t)) {
		if (t->kind == SKEP_BTF_VOLATILE)
			at->is_volatile = true;
		else if (t->kind != SKEP_BTF_CONST && t->kind != SKEP_BTF_TYPEDEF && t->kind != SKEP_BTF_RESTRICT &&
			 t->kind != SKEP_BTF_TYPE_TAG)
			return true;
		at->type = t->ref;
	}
	return false;
}

/* A member by name, also of structures without a name in between. */
static bool member(const struct skep_btf *b, const char *name, size_t n, struct var_at *at, u32 depth)
{
	struct skep_btf_type t;

	if (!skep_var_peel(b, at, &t) || (t.kind != SKEP_BTF_STRUCT && t.kind != SKEP_BTF_UNION) || depth > 16)
		return false;
	for (u32 i = 0; i < t.vlen; i++) {
		struct var_at in = *at;
		struct skep_btf_member m;

		skep_btf_member(b, &t, i, &m);
		in.off += m.off / 8;
		in.type = m.type;
		in.bitfield = m.size || m.off % 8;
		if (m.name[0] ? strlen(m.name) == n && memcmp(m.name, name, n) == 0
			      : member(b, name, n, &in, depth + 1)) {
			*at = in;
			return true;
		}
	}
	return false;
}

static const char *element(const struct skep_btf *b, const char **rest, struct var_at *at)
{
	const char *p = *rest + 1;
	struct skep_btf_type t;
	u32 elem, n;
	u64 k = 0;
	s64 size;

	if (!skep_var_peel(b, at, &t) || t.kind != SKEP_BTF_ARRAY)
		return "it is no array";
	if (*p < '0' || *p > '9')
		return "an index is a decimal number";
	for (; *p >= '0' && *p <= '9'; p++)
		k = k > UINT32_MAX ? k : k * 10 + (u64)(*p - '0');
	if (*p != ']')
		return "an index ends with ]";
	skep_btf_array(b, &t, &elem, &n);
	size = skep_btf_size(b, elem);
	if (k >= n || size < 0)
		return "the array has no such element";
	at->off += k * (u64)size;
	at->type = elem;
	*rest = p + 1;
	return NULL;
}

const char *skep_var_walk(const struct skep_btf *b, const char *rest, struct var_at *at)
{
	while (*rest) {
		const char *bad = NULL;
		size_t n;

		if (*rest == '[') {
			bad = element(b, &rest, at);
		} else if (*rest == '.') {
			n = strcspn(rest + 1, ".[");
			if (!n || !member(b, rest + 1, n, at, 0))
				bad = "there is no such member";
			rest += 1 + n;
		} else {
			bad = "a member follows a dot, an element is in brackets";
		}
		if (bad)
			return bad;
		if (at->bitfield)
			return "bit-fields cannot be set";
	}
	return NULL;
}

u32 skep_var_chars(const struct skep_btf *b, u32 type)
{
	struct var_at at = {.type = type};
	struct skep_btf_type t;
	u32 n;

	if (!skep_var_peel(b, &at, &t) || t.kind != SKEP_BTF_ARRAY)
		return 0;
	skep_btf_array(b, &t, &at.type, &n);
	if (!skep_var_peel(b, &at, &t) || t.kind != SKEP_BTF_INT || t.ref != 1)
		return 0;
	return skep_var_encoding(b, &t) & INT_CHAR || strcmp(t.name, "char") == 0 ? n : 0;
}

const char *skep_var_unsettable(const struct skep_btf *b, u32 type)
{
	struct var_at at = {.type = type};
	struct skep_btf_type t;

	if (!skep_var_peel(b, &at, &t))
		return "of no known type";
	switch (t.kind) {
	case SKEP_BTF_INT:
	case SKEP_BTF_ENUM:
	case SKEP_BTF_ENUM64: return t.ref == 1 || t.ref == 2 || t.ref == 4 || t.ref == 8 ? NULL : "of an unusual size";
	case SKEP_BTF_ARRAY: return skep_var_chars(b, type) ? NULL : "an array";
	case SKEP_BTF_STRUCT: return "a structure";
	case SKEP_BTF_UNION: return "a union";
	case SKEP_BTF_PTR: return "a pointer";
	case SKEP_BTF_FLOAT: return "a floating-point number";
	default: return "neither a number nor text";
	}
}
