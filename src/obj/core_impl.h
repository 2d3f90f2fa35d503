/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the resolution of CO-RE records: places in types, and when two types agree. */
#ifndef SKEP_OBJ_CORE_IMPL_H
#define SKEP_OBJ_CORE_IMPL_H

#include "obj/obj_impl.h"

/* Kinds of CO-RE records, as the format numbers them. */
enum core_kind {
	CORE_BYTE_OFF,
	CORE_BYTE_SIZE,
	CORE_FIELD_EXISTS,
	CORE_SIGNED,
	CORE_LSHIFT,
	CORE_RSHIFT,
	CORE_TYPE_ID_LOCAL,
	CORE_TYPE_ID_TARGET,
	CORE_TYPE_EXISTS,
	CORE_TYPE_SIZE,
	CORE_ENUMVAL_EXISTS,
	CORE_ENUMVAL_VALUE,
	CORE_TYPE_MATCHES,
	CORE_KINDS
};
enum { CORE_DEPTH = 64, CORE_LEVELS = 32, CORE_WORK = 1000000 };

/* One step into a type: a named member, or (name NULL) an element. */
struct core_step {
	u32 type, idx; /* of a member: the struct and the member's number */
	const char *name;
};
/* A place in a type, or a type, or an enumerator (a single step). */
struct core_spec {
	const struct skep_btf *btf;
	u32 root;
	struct core_step step[CORE_DEPTH];
	u32 n, raw; /* steps; those through unnamed members included */
	u64 bits;   /* offset of the place */
	u32 work;   /* members looked at */
};

static inline bool core_is_field(u32 kind)
{
	return kind <= CORE_RSHIFT;
}
static inline bool core_is_enumval(u32 kind)
{
	return kind == CORE_ENUMVAL_EXISTS || kind == CORE_ENUMVAL_VALUE;
}
static inline bool core_is_enum(const struct skep_btf_type *t)
{
	return t->kind == SKEP_BTF_ENUM || t->kind == SKEP_BTF_ENUM64;
}
static inline bool core_is_composite(const struct skep_btf_type *t)
{
	return t->kind == SKEP_BTF_STRUCT || t->kind == SKEP_BTF_UNION;
}
/* Through typedefs and qualifiers; void is a type of kind 0. False: the chain is broken. */
bool skep_obj_core_skip(const struct skep_btf *btf, u32 id, struct skep_btf_type *out);
/* Same kind, or both enumerations? */
bool skep_obj_core_same_kind(const struct skep_btf_type *a, const struct skep_btf_type *b);
/* Is `want` what `name` is without its flavour, and the other way round? Empty names agree with nothing. */
bool skep_obj_core_same_name(const char *a, const char *b);
/* May a member of one type stand for one of the other? */
bool skep_obj_core_fields_agree(const struct skep_btf *l, u32 lid, const struct skep_btf *t, u32 tid);
/* Is the type of the target what the local one means (existence, size, id)? Negative: too deep. */
int skep_obj_core_types_agree(const struct skep_btf *l, u32 lid, const struct skep_btf *t, u32 tid);
/* Has the target's type all that the local one has? Negative: too deep. */
int skep_obj_core_types_match(const struct skep_btf *l, u32 lid, const struct skep_btf *t, u32 tid);
/* Is the array that the step `in` leads to one without an end? */
bool skep_obj_core_is_flexible(const struct skep_btf *btf, const struct core_step *in, u32 elems);

#endif
