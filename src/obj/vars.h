/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to obj: walking the types of variables. */
#ifndef SKEP_OBJ_VARS_H
#define SKEP_OBJ_VARS_H

#include "obj/obj_impl.h"

/* A place inside of a variable while it is looked for. */
struct var_at {
	u64 off;
	u32 type;
	bool is_volatile, bitfield;
};
/* Through typedefs and qualifiers, which are noted in `at`; false when the chain leads nowhere. */
bool skep_var_peel(const struct skep_btf *b, struct var_at *at, struct skep_btf_type *t);
/* Down the rest of a name: ".member" and "[n]". NULL, or what is wrong (static text). */
const char *skep_var_walk(const struct skep_btf *b, const char *rest, struct var_at *at);
/* NULL when a variable of this type can be set at once; else what it is, for a message. */
const char *skep_var_unsettable(const struct skep_btf *b, u32 type);
/* An array of characters, which is set by text: its length, or 0. */
u32 skep_var_chars(const struct skep_btf *b, u32 type);

enum { INT_SIGNED = 1, INT_CHAR = 2, INT_BOOL = 4 };
static inline u32 skep_var_encoding(const struct skep_btf *b, const struct skep_btf_type *t)
{
	return skep_get32(t->more, b->big) >> 24 & 15;
}

#endif
