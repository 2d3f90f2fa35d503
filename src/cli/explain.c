/* SPDX-License-Identifier: BSD-2-Clause */
/* skep explain: the long text of a diagnostic, from the tables of all modules. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

const struct skep_opt_def skep_opts_explain[] = {{0}};
const char skep_about_explain[] =
	"Every diagnostic of skep ends with a code such as SKEP1203. This command says what the code "
	"means and what to do about it. The code may be written without SKEP, too.";

static const char *const severity[] = {"error", "warning", "note"};

/* Fill text to lines of 76 columns, each after two spaces. */
static void put_filled(struct skep_buf *out, const char *s)
{
	size_t col = 0;

	while (*s) {
		size_t n = strcspn(s, " ");

		if (col && col + 1 + n > 74) {
			skep_buf_puts(out, "\n");
			col = 0;
		}
		skep_buf_puts(out, col ? " " : "  ");
		skep_buf_add(out, s, n);
		col += n + (col ? 1 : 0);
		s += n + strspn(s + n, " ");
	}
	skep_buf_puts(out, "\n");
}

int skep_cmd_explain(struct skep_cli *cli, int argc, char **argv)
{
	const char *digits = argv[0], *s = "skep", *text;
	const struct skep_diag_def *d;
	char code[16];
	char *end;
	long n;

	while (*s && (*digits | 0x20) == *s)
		digits++, s++;
	n = strtol(digits, &end, 10);
	if (*end || end == digits || (*s && digits != argv[0]))
		n = -1;
	for (u32 i = 0; (d = skep_cli_diag_row(i)); i++)
		if (d->code == n)
			break;
	if (!d) {
		SKEP_CLI_DIAG(cli, NO_CODE, argv[0]);
		skep_diag_hint(&cli->ds, "skep list diags shows all of them");
		return SKEP_EXIT_USAGE;
	}
	snprintf(code, sizeof(code), "SKEP%04u", d->code);
	text = skep_cli_diag_text(d, &cli->arena);
	if (cli->json) {
		skep_json_kstr(&cli->j, "code", code);
		skep_json_kstr(&cli->j, "severity", severity[d->severity]);
		skep_json_kstr(&cli->j, "text", text);
		skep_json_kstr(&cli->j, "explanation", d->explain);
		return SKEP_EXIT_YES;
	}
	skep_buf_printf(&cli->out, "%s (%s)", code, severity[d->severity]);
	if (*text)
		skep_buf_printf(&cli->out, ": %s", text);
	skep_buf_puts(&cli->out, "\n\n");
	put_filled(&cli->out, d->explain);
	return SKEP_EXIT_YES;
}
