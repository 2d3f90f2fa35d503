/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs of a large program take minutes: a line tells how far they are. */
#include "cli/proving.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/searching.h"

static void told(void *user, const struct skep_run_proofs *p)
{
	struct proving_line *l = user;
	double now = skep_searching_now();
	char line[120];

	if (now - l->told < 0.5)
		return;
	l->told = now;
	l->shown = true;
	snprintf(line, sizeof(line), "%sprove: %.0f s, %u rewrites looked at, %u not proved%s",
		 l->tty ? "\r" : "", now - l->start, p->proof.n, p->failure.n, l->tty ? "" : "\n");
	skep_cli_put(STDERR_FILENO, line, strlen(line));
}

void skep_proving_start(struct proving_line *l, struct skep_cli *cli, struct skep_run_proofs *p)
{
	*l = (struct proving_line){.tty = isatty(STDERR_FILENO)};
	l->start = l->told = skep_searching_now();
	if (!l->tty && !skep_cli_flag(cli, "verbose"))
		return;
	p->told = told;
	p->user = l;
}

void skep_proving_finish(struct proving_line *l)
{
	if (l->tty && l->shown)
		skep_cli_put(STDERR_FILENO, "\n", 1);
	l->shown = false;
}
