/* SPDX-License-Identifier: BSD-2-Clause */
/* The counts of skep optimize --heat: the option, the sum, JSON. The page is report.c's. */
#include "cli/heat.h"

enum { MAX_INPUTS = 1000000 };

/* Digits are a number of inputs, all else is the name of a capture. */
static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

int skep_heat_check(struct skep_cli *cli)
{
	const char *option = skep_cli_opt(cli, "heat");
	u64 n;

	return option && is_number(option) ? skep_cli_num(cli, "heat", 1, MAX_INPUTS, &n) : 0;
}

static int read_capture(struct skep_cli *cli, const char *path, struct skep_pcap *out)
{
	struct skep_input *in;
	const char *why;
	int err = skep_cli_read(cli, path, &in);

	if (err)
		return err;
	why = skep_pcap_read(in->image, in->len, out);
	if (!why)
		return 0;
	SKEP_CLI_DIAG(cli, BAD_CAPTURE, path, why);
	return SKEP_EXIT_INPUT;
}

int skep_heat_measure(struct skep_cli *cli, const struct skep_optimized *r,
		      struct skep_run_heat **out)
{
	const char *option = skep_cli_opt(cli, "heat");
	struct skep_run_heat_opts o = {.sz = sizeof(o)};
	struct skep_pcap capture;
	u64 n = 0;
	int err;

	*out = NULL;
	if (!option)
		return 0;
	err = is_number(option) ? skep_cli_num(cli, "heat", 1, MAX_INPUTS, &n)
				: read_capture(cli, option, &capture);
	if (err)
		return err;
	o.inputs = (u32)n;
	o.capture = n ? NULL : &capture;
	*out = SKEP_NEW(&cli->arena, struct skep_run_heat);
	err = skep_run_heat(r->before, r->after, &o, &cli->arena, *out);
	return err ? skep_cli_fail(cli, NULL, err) : 0;
}

void skep_heat_text(struct skep_cli *cli, const struct skep_run_heat *h)
{
	u64 a, b;

	if (!h)
		return;
	a = h->before.executed;
	b = h->after.executed;
	if (!a) {
		skep_buf_puts(&cli->out,
			      "executed: nothing; no program can be run on these inputs\n");
		return;
	}
	skep_buf_printf(&cli->out, "executed: instructions %llu -> %llu (%+.1f%%)\n",
			(unsigned long long)a, (unsigned long long)b,
			100.0 * ((double)b - (double)a) / (double)a);
}

void skep_heat_json(struct skep_json *j, const struct skep_run_heat *h,
		    const struct skep_func *before, const struct skep_func *after)
{
	if (!h)
		return;
	skep_json_kint(j, "runs", before->flags & SKEP_FF_PROG ? h->runs[before->index] : 0);
	skep_json_kint(j, "executed_before", (s64)skep_run_heat_of(&h->before, before));
	skep_json_kint(j, "executed_after", (s64)skep_run_heat_of(&h->after, after));
}
