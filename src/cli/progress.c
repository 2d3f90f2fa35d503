/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs of a large program, and trials for the verifier's sake, take minutes: a line tells how far
 * they are. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/searching.h"

__attribute__((format(printf, 3, 4))) static void tell(struct progress *p, const char *who,
						       const char *format, ...)
{
	double now = skep_searching_now();
	char what[100], line[120];
	va_list args;

	if (now - p->told < 0.5)
		return;
	p->told = now;
	p->shown = true;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s%s: %.0f s, %s%s", p->tty ? "\r" : "", who, now - p->start,
		 what, p->tty ? "\033[K" : "\n");
	skep_cli_put(STDERR_FILENO, line, strlen(line));
}

static void proved(void *user, const struct skep_run_proofs *r)
{
	tell(user, "prove", "%u rewrites looked at, %u not proved", r->proof.n, r->failure.n);
}

static void tried(void *user, u32 n, u32 of)
{
	tell(user, "verifier", "%u of %u sets of passes tried", n, of);
}

void skep_progress_start(struct progress *p, struct skep_cli *cli, struct skep_run_proofs *proofs,
			 struct skep_cost_opts *cost)
{
	*p = (struct progress){.tty = isatty(STDERR_FILENO)};
	p->start = p->told = skep_searching_now();
	if (!p->tty && !skep_cli_flag(cli, "verbose"))
		return;
	cost->tried = tried;
	cost->user = p;
	proofs->told = proved;
	proofs->user = p;
}

void skep_progress_finish(struct progress *p)
{
	if (p->tty && p->shown)
		skep_cli_put(STDERR_FILENO, "\n", 1);
	p->shown = false;
}
