/* SPDX-License-Identifier: BSD-2-Clause */
/* Remarks: edits with their source lines, regions, assumed facts and live registers; the new-to-old map. */
#include "cli/remarks.h"

#include <stdio.h>

static const char *const kind_name[] = {"uninit", "const", "scalar", "stack", "ctx", "pkt", "pkt_end",
					"map",	  "mapval", "mapval_or_null", "ptr", "nonstack", "any"};

static void put_region(struct skep_json *j, const struct skep_obj *o, const char *key,
		       const struct skep_edit_insn *e, u32 n)
{
	struct skep_buf b = {0};

	skep_json_key(j, key);
	skep_json_open(j, '[');
	for (u32 k = 0; k < n; k++) {
		char target[24];
		struct skep_isa_syms sy = {0};

		b.n = 0;
		snprintf(target, sizeof(target), "L%u", e[k].target);
		if (e[k].target)
			sy.target = target;
		if (e[k].ref == SKEP_REF_FUNC)
			sy.imm = sy.callee = e[k].callee->name;
		else if (e[k].ref != SKEP_REF_NONE)
			sy.imm = sy.callee = o->sym[e[k].sym].name;
		skep_isa_print(&e[k].in, &sy, &b);
		skep_json_str(j, b.p);
	}
	skep_json_close(j, ']');
	skep_buf_fini(&b);
}

static void put_regs(struct skep_json *j, const char *key, u16 mask)
{
	char name[8];

	skep_json_key(j, key);
	skep_json_open(j, '[');
	for (u32 r = 0; r <= 10; r++)
		if (mask >> r & 1) {
			snprintf(name, sizeof(name), "r%u", r);
			skep_json_str(j, name);
		}
	skep_json_close(j, ']');
}

static void put_facts(struct skep_json *j, const struct skep_val *v)
{
	char text[64], name[8];

	skep_json_key(j, "facts");
	skep_json_open(j, '{');
	for (u32 r = 0; r <= 9; r++) {
		if (v[r].kind == SKEP_K_UNINIT || v[r].kind == SKEP_K_ANY)
			continue;
		if (v[r].kind == SKEP_K_SCALAR)
			snprintf(text, sizeof(text), "scalar below 2^%u", v[r].bits);
		else
			snprintf(text, sizeof(text), "%s%+lld", kind_name[v[r].kind], (long long)v[r].off);
		snprintf(name, sizeof(name), "r%u", r);
		skep_json_kstr(j, name, text);
	}
	skep_json_close(j, '}');
}

static void put_edit(struct skep_json *j, const struct skep_obj *o, const struct skep_edit *e)
{
	const char *file = e->line ? skep_btf_str(o->btf, e->line->file) : NULL;

	skep_json_open(j, '{');
	skep_json_kint(j, "number", e->number);
	skep_json_kstr(j, "pass", e->pass);
	skep_json_kstr(j, "why", e->why);
	skep_json_kstr(j, "function", e->func->name);
	skep_json_kstr(j, "section", e->func->sec->name);
	skep_json_kint(j, "slot", e->slot);
	skep_json_kstr(j, "file", file);
	if (e->line) {
		skep_json_kint(j, "line", skep_line_no(e->line));
		skep_json_kstr(j, "source", skep_btf_str(o->btf, e->line->text));
	}
	put_region(j, o, "before", e->before, e->nbefore);
	put_region(j, o, "after", e->after, e->nafter);
	put_facts(j, e->entry);
	put_regs(j, "live_out", e->live_out);
	skep_json_close(j, '}');
}

/* For each instruction in order: its slot now and the slot that it came from, both in the section. */
static void put_map(struct skep_json *j, const struct skep_csec *sec, const struct skep_func *f)
{
	u32 slot = 0;

	for (u32 k = 0; k < sec->nfunc && sec->func[k] != f; k++)
		slot += skep_func_slots(sec->func[k]);
	skep_json_open(j, '{');
	skep_json_kstr(j, "name", f->name);
	skep_json_kstr(j, "section", sec->name);
	skep_json_key(j, "new_to_old");
	skep_json_open(j, '[');
	SKEP_FOR_INSN(i, f) {
		skep_json_open(j, '[');
		skep_json_uint(j, slot);
		skep_json_uint(j, i->slot);
		skep_json_close(j, ']');
		slot += skep_ins_slots(&i->in);
	}
	skep_json_close(j, ']');
	skep_json_close(j, '}');
}

void skep_remarks_json(const struct skep_obj *before, const struct skep_obj *after,
		       const struct skep_opt_result *res, struct skep_buf *out)
{
	struct skep_json j;

	(void)before;
	skep_json_init(&j, out, false);
	skep_json_open(&j, '{');
	skep_json_kint(&j, "version", 1);
	skep_json_key(&j, "edits");
	skep_json_open(&j, '[');
	for (u32 k = 0; k < res->nedit; k++)
		put_edit(&j, after, &res->edit[k]);
	skep_json_close(&j, ']');
	skep_json_key(&j, "functions");
	skep_json_open(&j, '[');
	for (u32 c = 0; c < after->ncsec; c++)
		for (u32 k = 0; k < after->csec[c]->nfunc; k++)
			put_map(&j, after->csec[c], after->csec[c]->func[k]);
	skep_json_close(&j, ']');
	skep_json_close(&j, '}');
}
