/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep specialize: variables that user space would set before loading get their
 * values now and for good; loads of them become constants, branches are decided,
 * and functions, maps, externs and programs that are not needed any more go.
 */
#include "cli/cli.h"
#include "cli/gone.h"
#include "opt/opt.h"

const struct skep_opt_def skep_opts_specialize[] = {
	{"set", 's', "VAR=VALUE", "fix a variable; may be given again (see --list)"},
	{"list", 'l', NULL, "only list the variables that can be set, with type and present value"},
	{"output", 'o', "FILE", "write the result there; - is standard output", true},
	{"only", 0, "PROG", "keep only this program, and those that a map kept holds from the start; may be given again"},
	{"keep-maps", 0, NULL, "keep maps that no program uses any more"},
	{"keep-functions", 0, NULL, "keep subprograms that nobody calls any more"},
	{"optimize", 0, NULL, "run all passes, as skep optimize does, and not only those that fold constants"},
	{"values", 0, NULL, "put the values into the object, but leave its code alone"},
	{0},
};
const char skep_about_specialize[] =
	"Variables that are const volatile lie in .rodata; user space sets them between opening and loading an "
	"object. This command does it beforehand: it writes the value into the object, takes it for a constant in the "
	"code, and takes out what cannot be reached with it: branches, functions that nobody calls, maps that the code "
	"used before and does not use now, externs, and with --only programs. What was not named can still be set by "
	"the loader. A variable that was fixed must not be set again: the code would not see it.\n\n"
	"A variable is named as in C: *debug*, *cfg.port*, *ports[2]*. Values are numbers (decimal, 0x, negative), true "
	"and false, names of enumerators, and text for arrays of characters. Externs of the kernel's configuration "
	"(*CONFIG_HZ*, *LINUX_KERNEL_VERSION*) can be fixed as well; the object then loads on every kernel, so fix "
	"them only to what the target has.\n\n"
	"Maps that are pinned, of old definitions, or never used by code stay. User space that looks for a map which is gone "
	"(a skeleton made from the original) must be made again, or use --keep-maps.\n\n"
	"*skep differ --hold VAR* compares the original with its values set (--values) and the result.";

/* What folds constants and takes out what is dead, in the order of a round. */
#define FOLDING "fixed,ranges,unreach,imply,thread,reload,prop,forward,dce,branch"

struct job {
	struct skep_cli *cli;
	struct skep_input *in;
	struct skep_var *var;
	struct skep_fixed *fixed;
	const char **value; /* as they were given */
	u32 n;
	struct skep_pruned pruned;
	struct skep_opt_result res;
};

/* --- the list ---------------------------------------------------------------------------- */

static const char *text_of(struct skep_cli *cli, const struct skep_objfile *f, const struct skep_var *v,
			   void (*print)(const struct skep_objfile *, const struct skep_var *, struct skep_buf *))
{
	struct skep_buf b = {0};
	const char *s;

	print(f, v, &b);
	s = b.failed || !b.p ? "" : skep_arena_strndup(&cli->arena, b.p, b.n);
	skep_buf_fini(&b);
	return s;
}

static const char *place_of(const struct skep_var *v)
{
	return v->dsec ? v->dsec->name : ".kconfig";
}

static int list(struct skep_cli *cli, const struct skep_objfile *f)
{
	struct skep_json *j = &cli->j;
	struct skep_vars vars = {0};
	struct skep_cols t;

	skep_var_list(f, &cli->arena, &vars);
	if (cli->json) {
		skep_json_key(j, "variables");
		skep_json_open(j, '[');
	}
	skep_cols_init(&t, cli, 4, 0);
	skep_cols_add(&t, "variable");
	skep_cols_add(&t, "type");
	skep_cols_add(&t, "value");
	skep_cols_add(&t, "section");
	for (u32 k = 0; k < vars.n; k++) {
		const struct skep_var *v = &vars.v[k];
		const char *type = text_of(cli, f, v, skep_var_print_type), *value = text_of(cli, f, v, skep_var_print_value);

		if (cli->json) {
			skep_json_open(j, '{');
			skep_json_kstr(j, "name", v->name);
			skep_json_kstr(j, "type", type);
			skep_json_kstr(j, "value", v->dsec ? value : NULL);
			skep_json_kstr(j, "section", place_of(v));
			skep_json_kint(j, "offset", (s64)v->off);
			skep_json_kint(j, "size", v->size);
			skep_json_close(j, '}');
			continue;
		}
		skep_cols_add(&t, skep_cli_name(cli, v->name));
		skep_cols_add(&t, type);
		skep_cols_add(&t, value);
		skep_cols_add(&t, place_of(v));
	}
	if (cli->json)
		skep_json_close(j, ']');
	else if (vars.n)
		skep_cols_print(&t, 0);
	else
		skep_buf_puts(&cli->out, "no variable can be set\n");
	return SKEP_EXIT_YES;
}

/* --- what is asked for ------------------------------------------------------------------- */

static const char *var_name(const void *of, u32 i)
{
	return ((const struct skep_var *)of)[i].name;
}

enum { NO_SUCH_VARIABLE = 1231 }; /* VAR_NONE of obj */

static u16 last_code(const struct skep_diags *ds)
{
	return ds->list.n ? ds->list.v[ds->list.n - 1].def->code : 0;
}

/* The one before it that sets a byte of the last one, too; or NULL. */
static const struct skep_var *set_before(const struct job *j)
{
	const struct skep_var *v = &j->var[j->n];

	for (u32 k = 0; k < j->n; k++) {
		const struct skep_var *w = &j->var[k];

		if (w->dsec == v->dsec && (v->dsec || w->sym == v->sym) && w->off < v->off + v->size &&
		    v->off < w->off + w->size)
			return w;
	}
	return NULL;
}

static int read_set(struct job *j, const char *text)
{
	struct skep_cli *cli = j->cli;
	const char *eq = strchr(text, '='), *near;
	const struct skep_var *before;
	struct skep_vars all;
	char *name;

	if (!eq || eq == text) {
		SKEP_CLI_DIAG(cli, BAD_SET, text);
		skep_diag_hint(&cli->ds, "write --set VAR=VALUE");
		return SKEP_EXIT_USAGE;
	}
	name = skep_arena_strndup(&cli->arena, text, (size_t)(eq - text));
	if (skep_var_find(j->in->file, name, &cli->arena, &j->in->ds, &j->var[j->n])) {
		skep_var_list(j->in->file, &cli->arena, &all);
		near = skep_cli_nearest(name, var_name, all.v, all.n);
		if (near && last_code(&j->in->ds) == NO_SUCH_VARIABLE)
			skep_diag_hint(&j->in->ds, skep_arena_printf(&cli->arena, "did you mean %s?", near));
		return SKEP_EXIT_USAGE;
	}
	if (skep_var_parse(j->in->file, &j->var[j->n], eq + 1, &cli->arena, &j->in->ds, &j->fixed[j->n]))
		return SKEP_EXIT_USAGE;
	before = set_before(j);
	if (before) {
		skep_diag(&j->in->ds, &skep_cli_diags[SKEP_CLI_SET_TWICE], SKEP_NOWHERE,
			  j->var[j->n].name, before->name);
		return SKEP_EXIT_USAGE;
	}
	j->value[j->n++] = eq + 1;
	return 0;
}

static int read_sets(struct job *j)
{
	struct skep_cli *cli = j->cli;
	int err = 0;

	j->var = SKEP_NEW_N(&cli->arena, struct skep_var, cli->opt.n + 1);
	j->fixed = SKEP_NEW_N(&cli->arena, struct skep_fixed, cli->opt.n + 1);
	j->value = SKEP_NEW_N(&cli->arena, const char *, cli->opt.n + 1);
	for (u32 k = 0; k < cli->opt.n && !err; k++)
		if (strcmp(cli->opt.v[k].def->name, "set") == 0)
			err = read_set(j, cli->opt.v[k].val);
	return err;
}

/* Marks of the programs that --only does not name; NULL without the option. */
static int read_only(struct job *j, u8 **drop)
{
	struct skep_cli *cli = j->cli;
	const struct skep_obj *o = j->in->file->obj;
	struct skep_func *f;
	int err = 0;

	*drop = NULL;
	for (u32 k = 0; k < cli->opt.n && !err; k++) {
		if (strcmp(cli->opt.v[k].def->name, "only") != 0)
			continue;
		err = skep_cli_func(cli, j->in, cli->opt.v[k].val, &f);
		if (err)
			return err;
		if (!*drop) {
			*drop = SKEP_NEW_N(&cli->arena, u8, o->nfunc + 1);
			memset(*drop, 1, o->nfunc);
		}
		(*drop)[f->index] = 0;
	}
	return err;
}

/* --- doing it -------------------------------------------------------------------------- */

/* An extern whose address the code still has somewhere would show the loader's value there. */
static int check_externs(struct job *j)
{
	struct skep_uses now;

	skep_obj_uses(j->in->file->obj, &j->cli->arena, &now);
	for (u32 k = 0; k < j->n; k++)
		if (!j->fixed[k].sec && now.sym[j->fixed[k].sym]) {
			skep_diag(&j->in->ds, &skep_cli_diags[SKEP_CLI_ADDRESS], SKEP_NOWHERE, j->var[k].name);
			skep_diag_hint(&j->in->ds, "leave it out of --set, or set all parts that the program reads");
			return SKEP_EXIT_INPUT;
		}
	return 0;
}

static int fold(struct job *j)
{
	struct skep_opt_opts o = {.sz = sizeof(o), .fixed = j->fixed, .nfixed = j->n};
	int err;

	o.passes = skep_cli_flag(j->cli, "optimize") ? NULL : FOLDING;
	err = skep_opt_run(j->in->file->obj, &o, &j->in->ds, &j->res);
	return err ? skep_cli_fail(j->cli, j->in, err) : 0;
}

static int change(struct job *j)
{
	struct skep_cli *cli = j->cli;
	struct skep_objfile *f = j->in->file;
	u32 flags = SKEP_PRUNE_EXTERNS;
	struct skep_uses before;
	u8 *drop;
	int err = read_only(j, &drop);

	if (err)
		return err;
	for (u32 k = 0; k < j->n; k++)
		skep_var_set(f, &j->fixed[k]);
	if (skep_cli_flag(cli, "values"))
		return 0;
	skep_obj_uses(f->obj, &cli->arena, &before);
	err = fold(j);
	if (err)
		return err;
	if (!skep_cli_flag(cli, "keep-functions"))
		flags |= SKEP_PRUNE_FUNCS;
	if (!skep_cli_flag(cli, "keep-maps"))
		flags |= SKEP_PRUNE_MAPS;
	err = skep_obj_prune(f, &before, drop, flags, &j->in->ds, &j->pruned);
	return err ? skep_cli_fail(cli, j->in, err) : check_externs(j);
}

/* --- the summary -------------------------------------------------------------------------- */

static u32 loads(const struct job *j)
{
	u32 n = 0;

	for (u32 k = 0; k < j->res.nedit; k++)
		n += strcmp(j->res.edit[k].pass, "fixed") == 0;
	return n;
}

static u64 slots(const struct skep_obj *o)
{
	u64 n = 0;

	for (u32 k = 0; k < o->nfunc; k++)
		n += skep_func_slots(o->func[k]);
	return n;
}

static void summary(const struct job *j, u64 before, size_t bytes)
{
	struct skep_cli *cli = j->cli;
	u64 after = slots(j->in->file->obj);

	if (cli->json) {
		skep_json_kint(&cli->j, "variables", j->n);
		skep_json_kint(&cli->j, "loads", loads(j));
		skep_json_kint(&cli->j, "slots_before", (s64)before);
		skep_json_kint(&cli->j, "slots_after", (s64)after);
		skep_json_kint(&cli->j, "bytes_before", (s64)j->in->len);
		skep_json_kint(&cli->j, "bytes_after", (s64)bytes);
		skep_gone_json(&cli->j, &j->pruned);
		return;
	}
	for (u32 k = 0; k < j->n; k++)
		skep_buf_printf(&cli->out, "%s = %s\n", skep_cli_name(cli, j->var[k].name),
				j->var[k].dsec ? text_of(cli, j->in->file, &j->var[k], skep_var_print_value) : j->value[k]);
	skep_gone_text(cli, &j->pruned);
	skep_buf_printf(&cli->out, "%u loads folded, slots %llu -> %llu, file bytes %zu -> %zu\n", loads(j),
			(unsigned long long)before, (unsigned long long)after, j->in->len, bytes);
}

int skep_cmd_specialize(struct skep_cli *cli, int argc, char **argv)
{
	const char *path = skep_cli_opt(cli, "output");
	struct job j = {.cli = cli};
	struct skep_buf out = {0};
	u64 before;
	int err = skep_cli_load(cli, argv[0], &j.in);

	(void)argc;
	if (err)
		return err;
	if (skep_cli_flag(cli, "list"))
		return list(cli, j.in->file);
	if (!skep_cli_opt(cli, "set") && !skep_cli_opt(cli, "only")) {
		SKEP_CLI_DIAG(cli, NOTHING_SET);
		skep_diag_hint(&cli->ds, "--list shows the variables that can be set");
		return SKEP_EXIT_USAGE;
	}
	j.res.arena = &j.in->arena;
	before = slots(j.in->file->obj);
	err = read_sets(&j);
	if (!err)
		err = change(&j);
	if (err)
		return err;
	err = skep_obj_write(j.in->file, 0, &j.in->ds, &out);
	err = err ? skep_cli_fail(cli, j.in, err) : path ? skep_cli_write(cli, path, out.p, out.n) : 0;
	if (!err && !(path && strcmp(path, "-") == 0))
		summary(&j, before, out.n);
	skep_buf_fini(&out);
	return err;
}
