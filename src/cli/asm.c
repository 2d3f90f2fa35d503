/* SPDX-License-Identifier: BSD-2-Clause */
/* skep asm: the text form to an object. */
#include "cli/cli.h"

const struct skep_opt_def skep_opts_asm[] = {
	{"output", 'o', "FILE.o", "write the object there (- for standard output); needed", true},
	{0},
};
const char skep_about_asm[] =
	"Makes an object of a text: of one written by hand, with sections, functions, maps and "
	"instructions in LLVM's syntax, or of what disasm --text and disasm --whole print. The whole text "
	"of an object gives its bytes back; after a change of the code, branches, relocations, "
	"symbols and the records of BTF.ext are made anew, and debug information that would be "
	"wrong is left out.";

int skep_cmd_asm(struct skep_cli *cli, int argc, char **argv)
{
	const char *path = skep_cli_opt(cli, "output");
	struct skep_buf bytes = {0};
	struct skep_input *in;
	int err;

	if (!path) {
		SKEP_CLI_DIAG(cli, NEEDS_OPTION, "asm", "output");
		return SKEP_EXIT_USAGE;
	}
	err = skep_cli_read(cli, argv[0], &in);
	if (err)
		return err;
	if (in->len >= 4 && memcmp(in->image, "\177ELF", 4) == 0) {
		SKEP_CLI_DIAG(cli, CANNOT_READ, in->path, "it is an object, not text");
		skep_diag_hint(&cli->ds, "skep disasm --text prints an object as text");
		return SKEP_EXIT_INPUT;
	}
	err = skep_obj_parse((char *)in->image, in->len, &in->arena, &in->ds, &in->file);
	if (!err)
		err = skep_obj_write(in->file, 0, &in->ds, &bytes);
	err = err ? skep_cli_fail(cli, in, err) : skep_cli_write(cli, path, bytes.p, bytes.n);
	if (!err && cli->json)
		skep_json_kint(&cli->j, "bytes", (s64)bytes.n);
	skep_buf_fini(&bytes);
	return err;
}
