/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to rule: expressions as text. */
#ifndef SKEP_RULE_IMPL_H
#define SKEP_RULE_IMPL_H

#include "rule/rule.h"

enum { RX_LEAF, RX_BETWEEN, RX_BEFORE, RX_FUNCTION };
struct skep_rx_info {
	const char *text;
	u8 prec, operands, place;
};
const struct skep_rx_info *skep_rx_get(u8 op);

/* A parser of expressions; the caller sets arena, param, nparam and each. */
struct skep_rx {
	struct skep_arena *arena;
	const char *const *param;
	u32 nparam;
	const char *each; /* the name that a split counts, or NULL */
	const char *p, *end, *why;
	SKEP_VEC(skep_tok_vec, struct skep_rule_tok) tok;
	u32 depth, nest;
};
/* NULL: x->why says what is wrong. */
const struct skep_rule_expr *skep_rx_parse(struct skep_rx *x, const char *s, size_t n);
void skep_rx_print(const struct skep_rule *r, const struct skep_rule_expr *e, struct skep_buf *out);

#endif
