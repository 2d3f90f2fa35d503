/* SPDX-License-Identifier: BSD-2-Clause */
/* skep differ: two versions of an object on the same inputs. */
#include "cli/cli.h"
#include "cli/runs.h"
#include "run/run.h"

const struct skep_opt_def skep_opts_differ[] = {
	{"prog", 'p', "NAME", "only this program"},
	{"inputs", 'n', "N", "inputs for each program (default 1000)"},
	{"seed", 0, "N", "another seed gives other inputs (default 1)"},
	{"hold", 0, "VAR", "a constant that keeps the value that A gives it; may be given again (see skep specialize)"},
	{"type", 't', "TYPE", "program type, when the section does not tell (see skep list progs)"},
	{"save", 0, "FILE", "write the packet on which they differ there, its context to FILE.ctx"},
	{0},
};
const char skep_about_differ[] =
	"Runs every program of A, and the one of the same name in B, in the interpreter: on the same "
	"packets, contexts and contents of maps. What they return, write and send must be the same.\n\n"
	"Constants that user space may set before loading (const volatile) get other values as well, the same in both. "
	"With --hold one keeps the value that A has for it.\n\n"
	"Where A traps, an input says nothing (a verifier would not have let it through, or it reads "
	"memory of the kernel); where only B traps, they differ. *good* counts the inputs that said "
	"something, *reached* the instructions of A that some input executed: the more, the better "
	"the test. It is a test and no proof.\n\n"
	"The exit status is 0 when nothing differs, 1 when something does, and 5 when for some program "
	"nothing could be told.";

static const char *const verdict_name[] = {"equal", "differs", "unknown"};

struct counts {
	u32 n[3];
};

static void json_result(struct skep_cli *cli, const char *name,
			const struct skep_run_differ_result *r)
{
	struct skep_json *j = &cli->j;

	skep_json_open(j, '{');
	skep_json_kstr(j, "program", name);
	skep_json_kstr(j, "verdict", verdict_name[r->verdict]);
	skep_json_kstr(j, "reason", r->reason);
	skep_json_kint(j, "inputs", r->inputs);
	skep_json_kint(j, "good", r->good);
	skep_json_kint(j, "trapped", r->trapped);
	skep_json_kint(j, "unstable", r->unstable);
	skep_json_kint(j, "insns", r->slots);
	skep_json_kint(j, "insns_reached", r->reached);
	if (r->verdict == SKEP_RUN_DIFFERS) {
		skep_json_kint(j, "input", r->at);
		skep_runs_json_hex(j, "packet", r->input->pkt, r->input->pkt_len);
		skep_runs_json_hex(j, "context", r->input->ctx, r->input->ctx_len);
		skep_json_kstr(j, "map", r->map);
		skep_json_key(j, "a");
		skep_runs_json(cli, &r->a);
		skep_json_key(j, "b");
		skep_runs_json(cli, &r->b);
	}
	skep_json_close(j, '}');
}

static int one_program(struct skep_cli *cli, struct skep_input *a, struct skep_input *b,
		       const char *name, const struct skep_run_differ_opts *opts, struct counts *c)
{
	struct skep_run_differ_result r;
	struct skep_diags ds;
	int err;

	skep_diags_init(&ds);
	if (!skep_func_find(b->file->obj, name)) {
		skep_diags_fini(&ds);
		skep_diag(&b->ds, &skep_cli_diags[SKEP_CLI_NO_FUNC], SKEP_NOWHERE, name);
		return SKEP_EXIT_INPUT;
	}
	err = skep_run_differ(a->file, b->file, name, opts, &cli->arena, &ds, &r);
	skep_diags_fini(&ds);
	if (err)
		return skep_cli_fail(cli, a, err);
	if (r.verdict == SKEP_RUN_DIFFERS && !c->n[SKEP_RUN_DIFFERS])
		err = skep_runs_save(cli, &r);
	c->n[r.verdict]++;
	if (cli->json) {
		json_result(cli, name, &r);
		return err;
	}
	skep_buf_printf(&cli->out, "%s: %s", skep_cli_name(cli, name), verdict_name[r.verdict]);
	if (r.inputs)
		skep_buf_printf(&cli->out, ", %u of %u inputs good, %u of %u instructions reached",
				r.good, r.inputs, r.reached, r.slots);
	if (r.verdict == SKEP_RUN_UNKNOWN)
		skep_buf_printf(&cli->out, ": %s", r.reason);
	skep_buf_puts(&cli->out, "\n");
	if (r.verdict == SKEP_RUN_DIFFERS)
		skep_runs_difference(cli, &r);
	return err;
}

static int all_programs(struct skep_cli *cli, struct skep_input *a, struct skep_input *b,
			const struct skep_run_differ_opts *opts, struct counts *c)
{
	const struct skep_obj *o = a->file->obj;
	const char *only = skep_cli_opt(cli, "prog");
	struct skep_func *f;
	int err;

	if (only) {
		err = skep_cli_func(cli, a, only, &f);
		return err ? err : one_program(cli, a, b, f->name, opts, c);
	}
	for (u32 i = 0; i < o->nfunc; i++) {
		if (!(o->func[i]->flags & SKEP_FF_PROG))
			continue;
		err = one_program(cli, a, b, o->func[i]->name, opts, c);
		if (err)
			return err;
	}
	return 0;
}

/* The variables that --hold names, which all have a section: externs of the kernel are held anyway. */
static int read_hold(struct skep_cli *cli, struct skep_input *a, struct skep_run_differ_opts *opts)
{
	struct skep_fixed *hold = SKEP_NEW_N(&cli->arena, struct skep_fixed, cli->opt.n + 1);

	opts->hold = hold;
	for (u32 k = 0; k < cli->opt.n; k++) {
		struct skep_var v;

		if (strcmp(cli->opt.v[k].def->name, "hold") != 0)
			continue;
		if (skep_var_find(a->file, cli->opt.v[k].val, &cli->arena, &a->ds, &v))
			return SKEP_EXIT_USAGE;
		if (v.dsec)
			hold[opts->nhold++] = (struct skep_fixed){.sec = v.dsec->elf, .off = v.off, .size = v.size};
	}
	return 0;
}

int skep_cmd_differ(struct skep_cli *cli, int argc, char **argv)
{
	struct skep_run_differ_opts opts = {0};
	struct skep_input *a, *b;
	struct counts c = {{0}};
	u64 inputs = 1000, seed = 1;
	const char *to = skep_cli_opt(cli, "save");
	int err = skep_cli_num(cli, "inputs", 1, 1u << 30, &inputs);

	if (!err)
		err = skep_cli_num(cli, "seed", 0, UINT64_MAX, &seed);
	if (!err)
		err = skep_runs_type(cli, &opts.prog_type);
	if (!err && to && strcmp(to, "-") == 0)
		err = skep_cli_conflict(cli, "--save", "-", "two files are written");
	if (!err)
		err = skep_cli_load(cli, argv[0], &a);
	if (!err)
		err = skep_cli_load(cli, argv[1], &b);
	if (!err)
		err = read_hold(cli, a, &opts);
	if (err)
		return err;
	opts.inputs = (u32)inputs;
	opts.seed = seed;
	if (cli->json) {
		skep_json_key(&cli->j, "programs");
		skep_json_open(&cli->j, '[');
	}
	err = all_programs(cli, a, b, &opts, &c);
	if (cli->json)
		skep_json_close(&cli->j, ']');
	if (err)
		return err;
	return c.n[SKEP_RUN_DIFFERS]   ? SKEP_EXIT_NO
	       : c.n[SKEP_RUN_UNKNOWN] ? SKEP_EXIT_UNKNOWN
				       : SKEP_EXIT_YES;
}
