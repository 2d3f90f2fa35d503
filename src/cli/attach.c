/* SPDX-License-Identifier: BSD-2-Clause */
/* skep attach: what skep exec preloads, into processes that run already; for probes only. */
#include "cli/cli.h"

#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

const struct skep_opt_def skep_opts_attach[] = {
	{"store", 0, "DIR", "where maps and programs live (default: as skep exec)"},
	{0},
};
const char skep_about_attach[] =
	"Lets running processes of this user have uprobes, return probes and USDT, as if skep exec had started them: a thread of each "
	"is stopped by ptrace(2) and loads a library; then all goes on as before. bpf(2) calls of such a process still go to the "
	"kernel. What is attached in the store is placed at once, and what is attached later, too. It cannot be undone, but without "
	"probes the process only has one more thread, which sleeps.\n\n"
	"A thread is taken only where it waits in a system call outside of the allocator and the linker, or computes outside of the C "
	"library; docs/probes.md says more, and which processes are refused. The exit status is 4 when one was.";

static int number(struct skep_cli *cli, const char *word, u32 *pid)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (!*word || *end || !n || n > INT_MAX) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, word, "attach", "the number of a process");
		return SKEP_EXIT_USAGE;
	}
	*pid = (u32)n;
	return 0;
}

static void show(struct skep_cli *cli, u32 pid, const char *why)
{
	if (cli->json) {
		skep_json_open(&cli->j, '{');
		skep_json_kint(&cli->j, "pid", pid);
		skep_json_kstr(&cli->j, "refused", why);
		skep_json_close(&cli->j, '}');
	} else if (!why) {
		skep_buf_printf(&cli->out, "%u\n", pid);
	}
	if (why)
		SKEP_CLI_DIAG(cli, NOT_ATTACHED, pid, why);
}

static int get_ready(struct skep_cli *cli, char *lib)
{
	char found[PATH_MAX];

	if (!skep_cli_preload(found, sizeof(found)) || !realpath(found, lib)) {
		SKEP_CLI_DIAG(cli, NO_TOOL, "libskep-preload.so",
			      "it is not beside skep; set SKEP_PRELOAD");
		return SKEP_EXIT_ENV;
	}
	return skep_cli_store(cli);
}

int skep_cmd_attach(struct skep_cli *cli, int argc, char **argv)
{
	char why[256], lib[PATH_MAX];
	u32 pid = 0;
	int err = 0, status = 0;

	for (int k = 0; k < argc && !err; k++)
		err = number(cli, argv[k], &pid);
	if (!err)
		err = get_ready(cli, lib);
	if (err)
		return err;
	if (cli->json) {
		skep_json_key(&cli->j, "processes");
		skep_json_open(&cli->j, '[');
	}
	for (int k = 0; k < argc && !number(cli, argv[k], &pid); k++) {
		err = skep_sys_inject((int)pid, lib, why, sizeof(why));
		show(cli, pid, err ? why : NULL);
		if (err)
			status = SKEP_EXIT_ENV;
	}
	if (cli->json)
		skep_json_close(&cli->j, ']');
	return status;
}
