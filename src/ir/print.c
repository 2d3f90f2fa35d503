/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions as text with names for what they refer to, and their source lines. */
#include "ir/ir.h"

#include <stdio.h>

const char *skep_insn_source(const struct skep_obj *obj, const struct skep_insn *i, struct skep_arena *arena)
{
	const char *file, *text;

	if (!i->line || !obj->btf)
		return NULL;
	file = skep_btf_str(obj->btf, i->line->file);
	text = skep_btf_str(obj->btf, i->line->text);
	if (text)
		while (*text == ' ' || *text == '\t')
			text++;
	return skep_arena_printf(arena, "%s:%u: %s", file ? file : "?", skep_line_no(i->line), text ? text : "");
}

u32 skep_insn_source_caret(const struct skep_obj *obj, const struct skep_insn *i)
{
	const char *file, *text;
	u32 col, blank = 0;

	if (!i->line || !obj->btf)
		return 0;
	file = skep_btf_str(obj->btf, i->line->file);
	text = skep_btf_str(obj->btf, i->line->text);
	col = skep_line_column(i->line);
	while (text && (text[blank] == ' ' || text[blank] == '\t'))
		blank++;
	if (!text || col <= blank || col > strlen(text))
		return 0;
	return (u32)snprintf(NULL, 0, "%s:%u: ", file ? file : "?", skep_line_no(i->line)) + col - blank;
}

void skep_insn_print(const struct skep_obj *obj, const struct skep_insn *i, struct skep_buf *out)
{
	char target[24], imm[320], callee[320];
	struct skep_isa_syms sy = {0};
	const struct skep_helper *h;

	if (i->target) {
		snprintf(target, sizeof(target), "L%u", i->target->id);
		sy.target = target;
	}
	if (i->ref == SKEP_REF_FUNC) {
		snprintf(callee, sizeof(callee), "%s", i->callee->name);
		sy.callee = sy.imm = callee;
	} else if (i->ref != SKEP_REF_NONE) {
		snprintf(imm, sizeof(imm), i->in.imm && i->in.op == SKEP_LDDW ? "%s%+lld" : "%s",
			 obj->sym[i->sym].name, (long long)i->in.imm);
		sy.callee = sy.imm = imm;
	} else if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && !i->in.off) {
		h = skep_helper_find(i->in.imm);
		if (h) {
			snprintf(callee, sizeof(callee), "%s#%lld", h->name, (long long)i->in.imm);
			sy.callee = callee;
		}
	}
	skep_isa_print(&i->in, &sy, out);
}
