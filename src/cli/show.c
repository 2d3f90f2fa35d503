/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep show: what is in an object. Facts are collected once, then printed as
 * text or as JSON.
 */
#include "cli/cli.h"

#include <stdio.h>

const struct skep_opt_def skep_opts_show[] = {{0}};
const char skep_about_show[] =
	"Shows the programs of an object with the type that a loader derives from the section, "
	"its subprograms, maps, data sections, BTF and relocations, and how many bytes of the "
	"file each of these takes.\n"
	"In the list of programs, *slots* counts the 8-byte units of the program itself and "
	"*loaded* those of everything that the kernel would load for it, subprograms included.";

/* What the bytes of the file are for. */
enum use {
	USE_CODE,
	USE_CODE_REL,
	USE_MAPS,
	USE_DATA,
	USE_BTF,
	USE_BTF_EXT,
	USE_DEBUG,
	USE_SYMBOLS,
	USE_OTHER,
	USE_HEADERS,
	USE_NR
};
static const char *const use_name[USE_NR] = {
	"code",	   "relocations of code", "map definitions",   "data",	"BTF",
	"BTF.ext", "debug information",	  "symbols and names", "other", "headers and padding",
};
static const char *const use_key[USE_NR] = {
	"code",	 "code_relocations", "maps",  "data",	 "btf", "btf_ext",
	"debug", "symbols",	     "other", "headers",
};

struct counts {
	u32 insns, lines, core;
	u32 ref[SKEP_REF_EXTERN + 1]; /* relocations by what they refer to */
};

struct facts {
	struct counts all;
	u32 nprog, nsub, ndata, nextern;
	u64 use[USE_NR];
	u32 kinds[SKEP_BTF_ENUM64 + 1];
};

/* --- collecting ------------------------------------------------------------------ */

static void count_func(const struct skep_func *f, struct counts *c)
{
	SKEP_FOR_INSN(i, f) {
		c->insns++;
		c->lines += (i->flags & SKEP_IF_LINE) != 0;
		c->core += i->core != NULL;
		if (i->flags & SKEP_IF_RELOC)
			c->ref[i->ref]++;
	}
}

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static enum use section_use(const struct skep_elf *e, u32 i)
{
	const struct skep_elf_sec *s = &e->sec[i];
	bool rel = s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA;
	enum use u;

	if (rel && s->info && s->info < e->nsec && s->info != i &&
	    e->sec[s->info].type != SKEP_SHT_REL && e->sec[s->info].type != SKEP_SHT_RELA) {
		u = section_use(e, s->info);
		return u == USE_CODE ? USE_CODE_REL : u;
	}
	if (s->type == SKEP_SHT_SYMTAB || s->type == SKEP_SHT_STRTAB)
		return USE_SYMBOLS;
	if (s->flags & SKEP_SHF_EXEC)
		return USE_CODE;
	if (strcmp(s->name, ".maps") == 0 || strcmp(s->name, "maps") == 0)
		return USE_MAPS;
	if (strcmp(s->name, ".BTF") == 0)
		return USE_BTF;
	if (strcmp(s->name, ".BTF.ext") == 0)
		return USE_BTF_EXT;
	if (has_prefix(s->name, ".debug") || strcmp(s->name, ".eh_frame") == 0)
		return USE_DEBUG;
	if (strcmp(s->name, "license") == 0 || strcmp(s->name, "version") == 0 ||
	    !(s->flags & SKEP_SHF_ALLOC))
		return USE_OTHER;
	return USE_DATA;
}

/* License and version are told apart from what programs use. */
static bool is_listed(const struct skep_dsec *d)
{
	return strcmp(d->name, "license") != 0 && strcmp(d->name, "version") != 0;
}

static void collect(const struct skep_input *in, struct facts *x)
{
	const struct skep_obj *o = in->file->obj;
	const struct skep_elf *e = in->file->elf;
	u64 rest = in->len;

	for (u32 i = 0; i < o->nfunc; i++) {
		count_func(o->func[i], &x->all);
		if (o->func[i]->flags & SKEP_FF_PROG)
			x->nprog++;
		else
			x->nsub++;
	}
	for (u32 i = 0; i < o->ndsec; i++)
		x->ndata += is_listed(o->dsec[i]);
	for (u32 i = 1; i < o->nsym; i++)
		x->nextern += o->sym[i].kind == SKEP_SYM_EXTERN;
	for (u32 i = 1; i < e->nsec; i++) {
		if (e->sec[i].type == SKEP_SHT_NOBITS || e->sec[i].type == SKEP_SHT_NULL)
			continue;
		x->use[section_use(e, i)] += e->sec[i].size;
		rest -= SKEP_MIN(rest, e->sec[i].size);
	}
	x->use[USE_HEADERS] = rest;
	for (u32 id = 1; o->btf && id < o->btf->ntypes; id++) {
		struct skep_btf_type t;

		if (skep_btf_get(o->btf, id, &t) && t.kind < SKEP_ARRAY_SIZE(x->kinds))
			x->kinds[t.kind]++;
	}
}

/* "rdonly_prog, mmapable", or "0x..." for a bit without name. */
static const char *map_flags(struct skep_cli *cli, u32 flags)
{
	static const char *const bit[] = {
		"no_prealloc",	    "no_common_lru",  "numa_node",     "rdonly",      "wronly",
		"stack_build_id",   "zero_seed",      "rdonly_prog",   "wronly_prog", "clone",
		"mmapable",	    "preserve_elems", "inner_map",     "link",	      "path_fd",
		"vtype_btf_obj_fd", "token_fd",	      "segv_on_fault", "no_user_conv"};
	const char *all = "";

	for (u32 i = 0; i < 32; i++) {
		const char *name;

		if (!(flags >> i & 1))
			continue;
		name = i < SKEP_ARRAY_SIZE(bit) ? bit[i]
						: skep_arena_printf(&cli->arena, "0x%x", 1u << i);
		all = skep_arena_printf(&cli->arena, "%s%s%s", all, *all ? "," : "", name);
	}
	return *all ? all : "-";
}

static const char *extern_kind(const struct skep_obj *o, const char *name)
{
	return o->btf && skep_btf_find(o->btf, SKEP_BTF_FUNC, name) ? "function" : "variable";
}

static const char *const dsec_kind[] = {"data", "rodata", "bss", "kconfig", "struct_ops", "other"};

/* --- text --------------------------------------------------------------------------- */

static void heading(struct skep_cli *cli, const char *what, u64 n)
{
	skep_buf_printf(&cli->out, "\n%s%s (%llu)%s\n", cli->color ? "\033[1m" : "", what,
			(unsigned long long)n, cli->color ? "\033[0m" : "");
}

static void text_funcs(struct skep_cli *cli, const struct skep_obj *o, bool progs, u32 n)
{
	struct skep_cols t;

	if (!n)
		return;
	heading(cli, progs ? "Programs" : "Subprograms", n);
	skep_cols_init(&t, cli, progs ? 9 : 6, progs ? 0x1f0 : 0x3c);
	skep_cols_add(&t, "name");
	skep_cols_add(&t, "section");
	if (progs) {
		skep_cols_add(&t, "type");
		skep_cols_add(&t, "attach");
	}
	skep_cols_add(&t, "slots");
	if (progs)
		skep_cols_add(&t, "loaded");
	skep_cols_add(&t, "insns");
	skep_cols_add(&t, "lines");
	skep_cols_add(&t, "CO-RE");
	for (u32 i = 0; i < o->nfunc; i++) {
		const struct skep_func *f = o->func[i];
		struct counts c = {0};

		if (progs != !!(f->flags & SKEP_FF_PROG))
			continue;
		count_func(f, &c);
		skep_cols_add(&t, skep_cli_name(cli, f->name));
		skep_cols_add(&t, skep_cli_name(cli, f->sec->name));
		if (progs) {
			skep_cols_add(&t, skep_cli_prog_type(f->prog_type));
			skep_cols_add(&t, skep_cli_attach_type(cli, f->attach_type));
		}
		skep_cols_num(&t, skep_func_slots(f));
		if (progs)
			skep_cols_num(&t, skep_prog_slots(o, f));
		skep_cols_num(&t, c.insns);
		skep_cols_num(&t, c.lines);
		skep_cols_num(&t, c.core);
	}
	skep_cols_print(&t, 2);
}

static void text_maps(struct skep_cli *cli, const struct skep_obj *o)
{
	static const char *const head[] = {"name", "type", "key", "value", "entries", "flags"};
	struct skep_cols t;

	if (!o->nmap)
		return;
	heading(cli, "Maps", o->nmap);
	skep_cols_init(&t, cli, SKEP_ARRAY_SIZE(head), 0x1c);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(head); i++)
		skep_cols_add(&t, head[i]);
	for (u32 i = 0; i < o->nmap; i++) {
		const struct skep_map *m = o->map[i];

		skep_cols_add(&t, skep_cli_name(cli, m->name));
		skep_cols_add(&t, skep_cli_map_type(cli, m->type));
		skep_cols_num(&t, m->key_size);
		skep_cols_num(&t, m->value_size);
		skep_cols_num(&t, m->max_entries);
		skep_cols_add(&t, map_flags(cli, m->map_flags));
	}
	skep_cols_print(&t, 2);
}

static void text_data(struct skep_cli *cli, const struct skep_obj *o, u32 n)
{
	struct skep_cols t;

	if (!n)
		return;
	heading(cli, "Data sections", n);
	skep_cols_init(&t, cli, 3, 4);
	skep_cols_add(&t, "section");
	skep_cols_add(&t, "kind");
	skep_cols_add(&t, "bytes");
	for (u32 i = 0; i < o->ndsec; i++) {
		if (!is_listed(o->dsec[i]))
			continue;
		skep_cols_add(&t, skep_cli_name(cli, o->dsec[i]->name));
		skep_cols_add(&t, dsec_kind[o->dsec[i]->kind]);
		skep_cols_num(&t, o->dsec[i]->size);
	}
	skep_cols_print(&t, 2);
}

static void text_externs(struct skep_cli *cli, const struct skep_obj *o, u32 n)
{
	struct skep_cols t;

	if (!n)
		return;
	heading(cli, "Found elsewhere when loading", n);
	skep_cols_init(&t, cli, 2, 0);
	skep_cols_add(&t, "name");
	skep_cols_add(&t, "kind");
	for (u32 i = 1; i < o->nsym; i++) {
		if (o->sym[i].kind != SKEP_SYM_EXTERN)
			continue;
		skep_cols_add(&t, skep_cli_name(cli, o->sym[i].name));
		skep_cols_add(&t, extern_kind(o, o->sym[i].name));
	}
	skep_cols_print(&t, 2);
}

static const char *const kind_text[] = {
	[0] = "void",
#define KIND(id, name, text, fixed, each) [id] = text,
#include "btf/kind.def"
};

static void text_btf(struct skep_cli *cli, const struct skep_obj *o, const struct facts *x)
{
	struct skep_buf *out = &cli->out;
	bool any = false;

	if (!o->btf)
		return;
	heading(cli, "BTF types", o->btf->ntypes - 1);
	skep_buf_puts(out, "  ");
	for (u32 k = 1; k < SKEP_ARRAY_SIZE(x->kinds); k++) {
		if (!x->kinds[k])
			continue;
		skep_buf_printf(out, "%s%u %s", any ? ", " : "", x->kinds[k], kind_text[k]);
		any = true;
	}
	skep_buf_printf(out, "\n  %u bytes of names; %u line records, %u CO-RE records\n",
			o->btf->str_len, x->all.lines, x->all.core);
}

static void text_bytes(struct skep_cli *cli, const struct facts *x, u64 total)
{
	struct skep_cols t;

	heading(cli, "Where the bytes go", total);
	skep_cols_init(&t, cli, 3, 6);
	skep_cols_add(&t, "for");
	skep_cols_add(&t, "bytes");
	skep_cols_add(&t, "%");
	for (u32 u = 0; u < USE_NR; u++) {
		if (!x->use[u])
			continue;
		skep_cols_add(&t, use_name[u]);
		skep_cols_num(&t, x->use[u]);
		skep_cols_add(&t, skep_arena_printf(&cli->arena, "%.1f",
						    100.0 * (double)x->use[u] / (double)total));
	}
	skep_cols_print(&t, 2);
}

static void text_all(struct skep_cli *cli, const struct skep_input *in, const struct facts *x)
{
	const struct skep_obj *o = in->file->obj;
	const u32 *r = x->all.ref;
	u32 relocs = r[SKEP_REF_MAP] + r[SKEP_REF_DATA] + r[SKEP_REF_FUNC] + r[SKEP_REF_EXTERN];

	skep_buf_clean(&cli->out, in->path);
	skep_buf_printf(&cli->out,
			": eBPF object, %s-endian, %zu bytes, %u instructions, needs -mcpu=v%u, ",
			o->big ? "big" : "little", in->len, x->all.insns, o->level);
	if (o->license[0]) {
		skep_buf_puts(&cli->out, "license ");
		skep_buf_clean(&cli->out, o->license);
		skep_buf_puts(&cli->out, "\n");
	} else {
		skep_buf_puts(&cli->out, "no license\n");
	}
	text_funcs(cli, o, true, x->nprog);
	text_funcs(cli, o, false, x->nsub);
	text_maps(cli, o);
	text_data(cli, o, x->ndata);
	text_externs(cli, o, x->nextern);
	text_btf(cli, o, x);
	if (relocs) {
		heading(cli, "Relocations of code", relocs);
		skep_buf_printf(
			&cli->out, "  %u of maps, %u of data, %u of functions, %u of externs\n",
			r[SKEP_REF_MAP], r[SKEP_REF_DATA], r[SKEP_REF_FUNC], r[SKEP_REF_EXTERN]);
	}
	text_bytes(cli, x, in->len);
}

/* --- JSON ----------------------------------------------------------------------------- */

static void json_funcs(struct skep_json *j, struct skep_cli *cli, const struct skep_obj *o,
		       bool progs)
{
	skep_json_key(j, progs ? "programs" : "subprograms");
	skep_json_open(j, '[');
	for (u32 i = 0; i < o->nfunc; i++) {
		const struct skep_func *f = o->func[i];
		struct counts c = {0};

		if (progs != !!(f->flags & SKEP_FF_PROG))
			continue;
		count_func(f, &c);
		skep_json_open(j, '{');
		skep_json_kstr(j, "name", f->name);
		skep_json_kstr(j, "section", f->sec->name);
		if (progs) {
			skep_json_kstr(j, "type",
				       f->prog_type ? skep_cli_prog_type(f->prog_type) : NULL);
			skep_json_kstr(j, "attach_type",
				       f->attach_type ? skep_cli_attach_type(cli, f->attach_type)
						      : NULL);
			skep_json_kint(j, "loaded_slots", skep_prog_slots(o, f));
		}
		skep_json_kbool(j, "global", f->flags & SKEP_FF_GLOBAL);
		skep_json_kint(j, "slots", skep_func_slots(f));
		skep_json_kint(j, "insns", c.insns);
		skep_json_kint(j, "lines", c.lines);
		skep_json_kint(j, "core_relocations", c.core);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}

static void json_maps(struct skep_json *j, struct skep_cli *cli, const struct skep_obj *o)
{
	skep_json_key(j, "maps");
	skep_json_open(j, '[');
	for (u32 i = 0; i < o->nmap; i++) {
		const struct skep_map *m = o->map[i];

		skep_json_open(j, '{');
		skep_json_kstr(j, "name", m->name);
		skep_json_kstr(j, "type", skep_cli_map_type(cli, m->type));
		skep_json_kint(j, "key_size", m->key_size);
		skep_json_kint(j, "value_size", m->value_size);
		skep_json_kint(j, "max_entries", m->max_entries);
		skep_json_kint(j, "flags", m->map_flags);
		skep_json_kint(j, "pinning", m->pinning);
		skep_json_kbool(j, "legacy", m->legacy);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}

static void json_data(struct skep_json *j, const struct skep_obj *o)
{
	skep_json_key(j, "data_sections");
	skep_json_open(j, '[');
	for (u32 i = 0; i < o->ndsec; i++) {
		if (!is_listed(o->dsec[i]))
			continue;
		skep_json_open(j, '{');
		skep_json_kstr(j, "name", o->dsec[i]->name);
		skep_json_kstr(j, "kind", dsec_kind[o->dsec[i]->kind]);
		skep_json_kint(j, "bytes", (s64)o->dsec[i]->size);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
	skep_json_key(j, "externs");
	skep_json_open(j, '[');
	for (u32 i = 1; i < o->nsym; i++) {
		if (o->sym[i].kind != SKEP_SYM_EXTERN)
			continue;
		skep_json_open(j, '{');
		skep_json_kstr(j, "name", o->sym[i].name);
		skep_json_kstr(j, "kind", extern_kind(o, o->sym[i].name));
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}

static void json_btf(struct skep_json *j, const struct skep_obj *o, const struct facts *x)
{
	skep_json_key(j, "btf");
	if (!o->btf) {
		skep_json_str(j, NULL);
		return;
	}
	skep_json_open(j, '{');
	skep_json_kint(j, "types", o->btf->ntypes - 1);
	skep_json_kint(j, "string_bytes", o->btf->str_len);
	skep_json_kint(j, "lines", x->all.lines);
	skep_json_kint(j, "core_relocations", x->all.core);
	skep_json_key(j, "kinds");
	skep_json_open(j, '{');
	for (u32 k = 1; k < SKEP_ARRAY_SIZE(x->kinds); k++)
		if (x->kinds[k])
			skep_json_kint(j, kind_text[k], x->kinds[k]);
	skep_json_close(j, '}');
	skep_json_close(j, '}');
}

static void json_all(struct skep_cli *cli, const struct skep_input *in, const struct facts *x)
{
	static const char *const ref[] = {NULL, "maps", "data", "functions", "externs"};
	const struct skep_obj *o = in->file->obj;
	struct skep_json *j = &cli->j;

	skep_json_kstr(j, "file", in->path);
	skep_json_kint(j, "bytes", (s64)in->len);
	skep_json_kstr(j, "byte_order", o->big ? "big" : "little");
	skep_json_kstr(j, "license", o->license);
	skep_json_kint(j, "mcpu", o->level);
	skep_json_kint(j, "insns", x->all.insns);
	json_funcs(j, cli, o, true);
	json_funcs(j, cli, o, false);
	json_maps(j, cli, o);
	json_data(j, o);
	json_btf(j, o, x);
	skep_json_key(j, "relocations");
	skep_json_open(j, '{');
	for (u32 i = SKEP_REF_MAP; i <= SKEP_REF_EXTERN; i++)
		skep_json_kint(j, ref[i], x->all.ref[i]);
	skep_json_close(j, '}');
	skep_json_key(j, "bytes_by_use");
	skep_json_open(j, '{');
	for (u32 u = 0; u < USE_NR; u++)
		skep_json_kint(j, use_key[u], (s64)x->use[u]);
	skep_json_close(j, '}');
}

int skep_cmd_show(struct skep_cli *cli, int argc, char **argv)
{
	struct facts x = {0};
	struct skep_input *in;
	int err = skep_cli_load(cli, argv[0], &in);

	if (err)
		return err;
	collect(in, &x);
	if (cli->json)
		json_all(cli, in, &x);
	else
		text_all(cli, in, &x);
	return SKEP_EXIT_YES;
}
