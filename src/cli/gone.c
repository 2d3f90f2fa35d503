/* SPDX-License-Identifier: BSD-2-Clause */
/* What specialize and optimize --drop-unused take out of an object, and how they tell of it. */
#include "cli/gone.h"

static void text_names(struct skep_cli *cli, const char *what, const char **name, u32 n)
{
	if (!n)
		return;
	skep_buf_printf(&cli->out, "gone: %s ", what);
	for (u32 k = 0; k < n; k++)
		skep_buf_printf(&cli->out, "%s%s", k ? ", " : "", skep_cli_name(cli, name[k]));
	skep_buf_puts(&cli->out, "\n");
}

void skep_gone_text(struct skep_cli *cli, const struct skep_pruned *p)
{
	text_names(cli, "functions", p->func, p->nfunc);
	text_names(cli, "maps", p->map, p->nmap);
	text_names(cli, "externs", p->ext, p->next);
}

static void json_names(struct skep_json *j, const char *key, const char **name, u32 n)
{
	skep_json_key(j, key);
	skep_json_open(j, '[');
	for (u32 k = 0; k < n; k++)
		skep_json_str(j, name[k]);
	skep_json_close(j, ']');
}

void skep_gone_json(struct skep_json *j, const struct skep_pruned *p)
{
	json_names(j, "functions_gone", p->func, p->nfunc);
	json_names(j, "maps_gone", p->map, p->nmap);
	json_names(j, "externs_gone", p->ext, p->next);
}

/* Did the code of the original use an extern of this name? */
static bool used_extern(const struct skep_obj *o, const struct skep_uses *uses, const char *name)
{
	for (u32 k = 1; k < o->nsym; k++)
		if (o->sym[k].kind == SKEP_SYM_EXTERN && uses->sym[k] &&
		    strcmp(o->sym[k].name, name) == 0)
			return true;
	return false;
}

/* Marks for the new object: all maps, and the externs that the original used. */
static void candidates(struct skep_input *in, const struct skep_obj *now, struct skep_uses *out)
{
	struct skep_uses was;

	skep_obj_uses(in->file->obj, &in->arena, &was);
	skep_obj_uses(now, &in->arena, out);
	memset(out->map, 1, now->nmap);
	for (u32 k = 1; k < now->nsym; k++)
		if (now->sym[k].kind == SKEP_SYM_EXTERN)
			out->sym[k] = used_extern(in->file->obj, &was, now->sym[k].name);
}

int skep_gone_drop(struct skep_cli *cli, struct skep_input *in, struct skep_buf *out,
		   struct skep_pruned *p)
{
	struct skep_buf smaller = {0};
	struct skep_objfile *file;
	struct skep_uses uses;
	/* The object lies in the bytes that it was read from. */
	const void *image = skep_arena_memdup(&in->arena, out->p, out->n);
	int err = skep_obj_read(image, out->n, &in->arena, &in->ds, &file);

	if (err)
		return skep_cli_fail(cli, in, err);
	candidates(in, file->obj, &uses);
	err = skep_obj_prune(file, &uses, NULL,
			     SKEP_PRUNE_FUNCS | SKEP_PRUNE_MAPS | SKEP_PRUNE_EXTERNS, &in->ds, p);
	if (!err && p->nfunc + p->nmap + p->next == 0)
		return 0;
	if (!err)
		err = skep_obj_write(file, 0, &in->ds, &smaller);
	if (err) {
		skep_buf_fini(&smaller);
		return skep_cli_fail(cli, in, err);
	}
	skep_buf_fini(out);
	*out = smaller;
	return 0;
}
