/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of the kernel's modules, as far as an object names functions or variables that the kernel
 * itself has not. The folder is the running kernel's, or one like it that was given.
 */
#include "cli/cli.h"
#include "flow/flow.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

struct modules {
	struct skep_cli *cli;
	const char *folder;
	const struct skep_btf *base;
	struct skep_btf *all;
	struct dirent **file;
	int n;
};

/* Put the types of the first module behind that has it; nothing when none has. */
static int want(struct modules *m, u32 kind, const char *name)
{
	if (skep_btf_find(m->all, kind, name))
		return 0;
	for (int k = 0; k < m->n; k++) {
		const char *file = m->file[k]->d_name;
		struct skep_input *in;
		int err;

		if (file[0] == '.' || strcmp(file, "vmlinux") == 0)
			continue;
		err = skep_cli_read(
			m->cli, skep_arena_printf(&m->cli->arena, "%s/%s", m->folder, file), &in);
		if (err)
			return err;
		if (!skep_btf_split_has(m->base, in->image, in->len, kind, name))
			continue;
		if (skep_btf_join(m->base, m->all, in->image, in->len, &in->arena, &in->ds,
				  &m->all))
			return skep_cli_fail(m->cli, in, SKEP_EINPUT);
		skep_btf_index(m->all, &in->arena);
		return 0;
	}
	return 0;
}

static int want_all(struct modules *m, const struct skep_obj *o)
{
	char name[192];
	int err = 0;

	for (u32 k = 0; k < o->nsym && !err && o->btf; k++) {
		const char *sym = o->sym[k].name;

		if (o->sym[k].kind != SKEP_SYM_EXTERN)
			continue;
		if (skep_btf_find(o->btf, SKEP_BTF_FUNC, sym))
			err = want(m, SKEP_BTF_FUNC, sym);
		else if (skep_btf_find(o->btf, SKEP_BTF_VAR, sym))
			err = want(m, SKEP_BTF_VAR, sym);
	}
	for (u32 k = 0; k < o->nfunc && !err; k++) {
		struct skep_mach_opts mo = skep_mach_opts_of(o, o->func[k]);
		u32 kind = o->func[k]->flags & SKEP_FF_PROG
				   ? skep_attach_type(&mo, name, sizeof(name))
				   : 0;

		if (kind)
			err = want(m, kind, name);
	}
	return err;
}

int skep_cli_module_types(struct skep_cli *cli, const char *path, const struct skep_obj *obj,
			  const struct skep_btf *base, struct skep_btf **all)
{
	struct modules m = {cli, skep_cli_kernel_folder(path), base, *all, NULL, 0};
	int err;

	if (!base || !m.folder)
		return 0;
	m.n = scandir(m.folder, &m.file, NULL, alphasort);
	if (m.n < 0)
		return 0;
	err = want_all(&m, obj);
	for (int k = 0; k < m.n; k++)
		free(m.file[k]);
	free(m.file);
	*all = m.all;
	return err;
}
