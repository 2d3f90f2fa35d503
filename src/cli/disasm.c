/* SPDX-License-Identifier: BSD-2-Clause */
/* skep disasm: the instructions of an object for people to read. */
#include "cli/cli.h"
#include "cli/native.h"
#include "flow/flow.h"

const struct skep_opt_def skep_opts_disasm[] = {
	{"prog", 'p', "NAME", "only this program or function"},
	{"source", 's', NULL, "the source lines between the instructions"},
	{"facts", 'f', NULL, "what the registers hold before each instruction, on every path"},
	{"native", 'N', NULL, "the native code of one program (-p) beside its instructions"},
	{"text", 't', NULL, "maps, data and code in the form that asm reads"},
	{"whole", 'w', NULL, "the same with everything of the file: asm gives back its bytes"},
	{0},
};
const char skep_about_disasm[] =
	"Prints the instructions of every function, with names for maps, variables, functions and "
	"helpers, and with labels where branches go. The number in front of an instruction is its "
	"slot in the section, as the kernel's verifier and llvm-objdump count.\n\n"
	"*--facts* shows, for the registers that are read later, what the verifier's joined analysis knows: "
	"kinds of pointers, their offsets, ranges of numbers and known bits. They hold on every path of a "
	"program that is safe.\n\n"
	"*--native* compiles the program with all that it calls, as skep's engine for this processor does "
	"with a verified program, and prints the machine's instructions in Intel's syntax. What was compiled "
	"together stands together. Addresses of maps and variables are not known before a program is loaded: "
	"numbers from 0x100000000000 on stand for them.\n\n"
	"With *--text* or *--whole* the text is a program for skep asm. The whole text holds symbols, "
	"sections and BTF too; an instruction may be changed, added or taken out, and asm makes "
	"everything anew that speaks of places in the code.";

static void dim(struct skep_cli *cli, bool on)
{
	if (cli->color)
		skep_buf_puts(&cli->out, on ? "\033[2m" : "\033[0m");
}

static void put_insn(struct skep_cli *cli, const struct skep_obj *o, const struct skep_insn *i,
		     struct skep_buf *b)
{
	b->n = 0;
	skep_insn_print(o, i, b);
	if (!b->failed)
		skep_buf_clean(&cli->out, b->p);
}

/* The name of a type with its keyword, for a CO-RE record. */
static void put_type(struct skep_cli *cli, const struct skep_btf *btf, u32 id)
{
	struct skep_btf_type t;
	const char *word = "";

	if (!skep_btf_get(btf, id, &t))
		return;
	if (t.kind == SKEP_BTF_STRUCT)
		word = "struct ";
	else if (t.kind == SKEP_BTF_UNION)
		word = "union ";
	else if (t.kind == SKEP_BTF_ENUM || t.kind == SKEP_BTF_ENUM64)
		word = "enum ";
	skep_buf_puts(&cli->out, word);
	skep_buf_clean(&cli->out, t.name[0] ? t.name : "(anonymous)");
}

static void put_core(struct skep_cli *cli, const struct skep_obj *o, const struct skep_core_rec *r)
{
	const char *access = skep_btf_str(o->btf, r->access), *kind = skep_core_kind_name(r->kind);

	dim(cli, true);
	skep_buf_printf(&cli->out, "\t; CO-RE %s ", kind ? kind : "?");
	put_type(cli, o->btf, r->type);
	skep_buf_puts(&cli->out, " ");
	skep_buf_clean(&cli->out, access ? access : "?");
	dim(cli, false);
}

/* Records may differ in the column only. */
static bool same_line(const struct skep_line_rec *a, const struct skep_line_rec *b)
{
	return a == b || (a && b && a->file == b->file && skep_line_no(a) == skep_line_no(b));
}

static void put_source(struct skep_cli *cli, const struct skep_obj *o, const struct skep_insn *i)
{
	struct skep_arena_mark m = skep_arena_mark(o->arena);
	const char *s = skep_insn_source(o, i, o->arena);

	if (s) {
		dim(cli, true);
		skep_buf_puts(&cli->out, "\t; ");
		skep_buf_clean(&cli->out, s);
		dim(cli, false);
		skep_buf_puts(&cli->out, "\n");
	}
	skep_arena_release(o->arena, m);
}

/* The facts of the registers that are known, as a comment line before the instruction. */
static void put_facts(struct skep_cli *cli, const struct skep_vfact *f)
{
	struct skep_buf b = {0};

	for (u32 k = 0; k < 10; k++) {
		if (!f->reached || f->reg[k].type == SKEP_VT_NONE)
			continue;
		skep_buf_printf(&b, " r%u=", k);
		skep_vreg_print(NULL, &f->reg[k], &b);
	}
	if (b.n) {
		dim(cli, true);
		skep_buf_puts(&cli->out, "\t;");
		skep_buf_clean(&cli->out, b.p);
		dim(cli, false);
		skep_buf_puts(&cli->out, "\n");
	}
	skep_buf_fini(&b);
}

static void text_func(struct skep_cli *cli, const struct skep_obj *o, const struct skep_func *f,
		      bool source, const struct skep_vfact *facts)
{
	const struct skep_line_rec *last = NULL;
	struct skep_buf b = {0};

	skep_buf_puts(&cli->out, "\n");
	skep_buf_clean(&cli->out, f->name[0] ? f->name : "(no name)");
	skep_buf_printf(&cli->out, ":\t; %s, %u slots",
			f->flags & SKEP_FF_PROG ? "program" : "subprogram", skep_func_slots(f));
	if (f->flags & SKEP_FF_PROG)
		skep_buf_printf(&cli->out, ", type %s",
				f->prog_type ? skep_cli_prog_type(f->prog_type) : "unknown");
	skep_buf_puts(&cli->out, "\n");
	SKEP_FOR_INSN(i, f) {
		if (i->njumps)
			skep_buf_printf(&cli->out, "L%u:\n", i->id);
		if (source && !same_line(i->line, last))
			put_source(cli, o, i);
		last = i->line;
		if (facts)
			put_facts(cli, &facts[i->id]);
		skep_buf_printf(&cli->out, "%7u:\t", i->slot);
		put_insn(cli, o, i, &b);
		if (i->core)
			put_core(cli, o, i->core);
		skep_buf_puts(&cli->out, "\n");
	}
	skep_buf_fini(&b);
}

static void text_maps(struct skep_cli *cli, const struct skep_obj *o)
{
	for (u32 i = 0; i < o->nmap; i++) {
		const struct skep_map *m = o->map[i];

		skep_buf_puts(&cli->out, "map ");
		skep_buf_clean(&cli->out, m->name);
		skep_buf_printf(&cli->out, ": %s, key %u, value %u, entries %u",
				skep_cli_map_type(cli, m->type), m->key_size, m->value_size,
				m->max_entries);
		if (m->map_flags)
			skep_buf_printf(&cli->out, ", flags 0x%x", m->map_flags);
		skep_buf_puts(&cli->out, "\n");
	}
}

static void json_facts(struct skep_cli *cli, const struct skep_vfact *f)
{
	struct skep_buf b = {0};

	skep_json_key(&cli->j, "facts");
	skep_json_open(&cli->j, '{');
	for (u32 k = 0; k < 10; k++) {
		if (!f->reached || f->reg[k].type == SKEP_VT_NONE)
			continue;
		b.n = 0;
		skep_vreg_print(NULL, &f->reg[k], &b);
		skep_json_kstr(&cli->j, skep_arena_printf(&cli->arena, "r%u", k), b.p);
	}
	skep_json_close(&cli->j, '}');
	skep_buf_fini(&b);
}

static void json_func(struct skep_cli *cli, const struct skep_obj *o, const struct skep_func *f,
		      bool source, const struct skep_vfact *facts)
{
	struct skep_json *j = &cli->j;
	struct skep_buf b = {0};

	skep_json_open(j, '{');
	skep_json_kstr(j, "name", f->name);
	skep_json_kstr(j, "section", f->sec->name);
	skep_json_kbool(j, "program", f->flags & SKEP_FF_PROG);
	skep_json_key(j, "insns");
	skep_json_open(j, '[');
	SKEP_FOR_INSN(i, f) {
		b.n = 0;
		skep_insn_print(o, i, &b);
		skep_json_open(j, '{');
		skep_json_kint(j, "slot", i->slot);
		skep_json_kint(j, "id", i->id);
		skep_json_kstr(j, "text", b.p);
		if (i->target)
			skep_json_kint(j, "target", i->target->id);
		if (i->core)
			skep_json_kstr(j, "core", skep_core_kind_name(i->core->kind));
		if (source)
			skep_json_kstr(j, "source", skep_insn_source(o, i, &cli->arena));
		if (facts)
			json_facts(cli, &facts[i->id]);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
	skep_json_close(j, '}');
	skep_buf_fini(&b);
}

/* The text form of the whole object. */
static int print_text(struct skep_cli *cli, struct skep_input *in, u32 flags)
{
	struct skep_buf text = {0};
	int err = skep_obj_print(in->file, flags, &text);

	if (!err && cli->json)
		skep_json_kstr(&cli->j, "text", text.p);
	else if (!err)
		skep_buf_add(&cli->out, text.p, text.n);
	skep_buf_fini(&text);
	return err ? skep_cli_fail(cli, in, err) : SKEP_EXIT_YES;
}

int skep_cmd_disasm(struct skep_cli *cli, int argc, char **argv)
{
	const char *name = skep_cli_opt(cli, "prog");
	bool source = skep_cli_flag(cli, "source");
	struct skep_func *only = NULL;
	const struct skep_csec *sec = NULL;
	struct skep_vfact *facts = NULL;
	const struct skep_obj *o;
	const char *form = skep_cli_flag(cli, "whole")	? "--whole"
			   : skep_cli_flag(cli, "text") ? "--text"
							: NULL;
	struct skep_input *in;
	int err;

	if (form && (name || source || skep_cli_flag(cli, "facts")))
		return skep_cli_conflict(cli, form, name ? "--prog" : source ? "--source" : "--facts",
					 "the form that asm reads has all of the object");
	if (skep_cli_flag(cli, "native") && (form || skep_cli_flag(cli, "facts")))
		return skep_cli_conflict(cli, "--native", form ? form : "--facts", "native code is another form");
	err = skep_cli_load(cli, argv[0], &in);
	if (!err && name)
		err = skep_cli_func(cli, in, name, &only);
	if (err)
		return err;
	if (form)
		return print_text(cli, in, skep_cli_flag(cli, "whole") ? SKEP_PRINT_WHOLE : 0);
	o = in->file->obj;
	if (skep_cli_flag(cli, "native")) {
		err = only ? 0 : skep_cli_func(cli, in, NULL, &only);
		return err ? err : skep_native(cli, in, only, source);
	}
	if (skep_cli_flag(cli, "facts")) {
		SKEP_GUARD(&in->arena, err, { facts = skep_vfacts_of(o, &in->arena); });
		if (err)
			return skep_cli_fail(cli, in, err);
	}
	if (cli->json) {
		skep_json_key(&cli->j, "functions");
		skep_json_open(&cli->j, '[');
	} else if (!only) {
		text_maps(cli, o);
	}
	for (u32 i = 0; i < o->nfunc; i++) {
		const struct skep_func *f = o->func[i];

		if (only && f != only)
			continue;
		if (cli->json) {
			json_func(cli, o, f, source, facts);
			continue;
		}
		if (f->sec != sec) {
			skep_buf_printf(&cli->out, "%ssection ", cli->out.n ? "\n" : "");
			skep_buf_clean(&cli->out, f->sec->name);
			skep_buf_puts(&cli->out, "\n");
		}
		sec = f->sec;
		text_func(cli, o, f, source, facts);
	}
	if (cli->json)
		skep_json_close(&cli->j, ']');
	return SKEP_EXIT_YES;
}
