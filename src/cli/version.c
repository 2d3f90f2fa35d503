/* SPDX-License-Identifier: BSD-2-Clause */
/* skep version. */
#include "cli/cli.h"

const struct skep_opt_def skep_opts_version[] = {{0}};
const char skep_about_version[] = "Prints the version of skep.";

int skep_cmd_version(struct skep_cli *cli, int argc, char **argv)
{
	if (cli->json)
		skep_json_kstr(&cli->j, "skep", SKEP_VERSION);
	else
		skep_buf_puts(&cli->out, "skep " SKEP_VERSION "\n");
	return SKEP_EXIT_YES;
}
