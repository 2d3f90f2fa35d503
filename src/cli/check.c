/* SPDX-License-Identifier: BSD-2-Clause */
/* skep check: is a program safe, and if not, what is missing at which source line? */
#include "verify/verify.h"
#include "cli/check.h"
#include "cli/runs.h"

#include <time.h>
#include <unistd.h>


const struct skep_opt_def skep_opts_check[] = {
	{"prog", 'p', "NAME", "only this program"},
	{"type", 't', "TYPE", "program type, when the section does not tell (see skep list progs)"},
	{"attach", 0, "NAME",
	 "the kernel's function or tracepoint, when the section does not tell"},
	{"target", 0, "FILE",
	 "the object with the program that extensions (freplace) change a part of"},
	{"budget", 0, "N", "instructions to process at most (default 1000000, as the kernel does)"},
	{"kernel-btf", 0, "FILE",
	 "types of the target kernel, or a folder of it and its modules (default: the running one's; none: "
	 "do without)"},
	{"log", 0, "FORM", "print the path: kernel is the form of the kernel's log"},
	{"unprivileged", 0, NULL, "the rules for users without privileges: no address may leak"},
	{"strict-alignment", 0, NULL, "every access must be aligned, as on machines that need it"},
	{"no-prune", 0, NULL, "go along every path to its end (to check the pruning)"},
	{"csv", 0, NULL, "print the columns that veristat writes, as CSV"},
	{"compare", 0, NULL, "the two files are CSV of this command or of veristat: what changed?"},
	{"threshold", 0, "N",
	 "with --compare: N percent more instructions, or states, are a regression, too", .with = "compare"},
	{0},
};
const char skep_about_check[] =
	"Checks every program of the objects by the rules of the kernel's verifier, without privileges and "
	"without a kernel. A line for each program says whether it is safe, how many instructions were processed "
	"on all paths, how many states were kept, and what that took. For one that is not safe, the messages say "
	"what is wrong, what the registers that matter hold and where that came from, and which way the path "
	"went.\n\n"
	"Verdicts are *safe*, *unsafe* and *undecided*: the budget was reached, or the program uses something "
	"that this version does not know. The exit status is 0 when all are safe, 1 when one is unsafe, and 5 "
	"when none is unsafe but one undecided. An object that cannot be read is told of, and the others are "
	"checked; the status is 3 then, when none is unsafe.\n\n"
	"An extension (freplace) is judged by the rules of the program whose function it replaces: with "
	"--target, of the programs in that object that have the function, else of those in the same object. "
	"When it is in neither, all types of programs that have its context are tried: it is safe when it is so "
	"in all of them, and *undecided* when only in some.\n\n"
	"With --compare, the status is 1 when a program that was accepted no longer is, or, with --threshold, costs "
	"more by so many percent.";

static const char *const verdict_name[] = {"safe", "unsafe", "undecided"};

struct session {
	struct skep_verify_opts opts;
	struct skep_btf *kernel; /* types of the target kernel, or NULL */
	struct skep_btf *all;	 /* with those of modules */
	struct skep_buf log;
	bool csv;
	bool refused; /* an object could not be read, or records of it resolved */
	u32 n[3];
};

static u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

/* --- what is printed ---------------------------------------------------------------- */

static void put_json(struct skep_cli *cli, const struct skep_input *in, const struct skep_func *f,
		     const struct skep_verify_result *r, u64 us, const struct skep_diags *ds)
{
	struct skep_json *j = &cli->j;

	skep_json_open(j, '{');
	skep_json_kstr(j, "file", in->path);
	skep_json_kstr(j, "program", f->name);
	skep_json_kstr(j, "section", f->sec->name);
	skep_json_kstr(j, "verdict", verdict_name[r->verdict]);
	skep_json_kstr(j, "code",
		       r->code ? skep_arena_printf(&cli->arena, "SKEP%04u", r->code) : NULL);
	if (r->insn)
		skep_json_kint(j, "insn", r->insn->slot);
	skep_json_kint(j, "insns", r->insns);
	skep_json_kint(j, "processed", (s64)r->processed);
	skep_json_kint(j, "states", r->states);
	skep_json_kint(j, "peak_states", r->peak_states);
	skep_json_kint(j, "stack_depth", r->stack_depth);
	skep_json_kint(j, "duration_us", (s64)us);
	skep_json_kint(j, "peak_bytes", (s64)r->peak_bytes);
	skep_json_key(j, "messages");
	skep_diags_json(ds, in->path, j);
	skep_json_close(j, '}');
}

static void put_csv(struct skep_cli *cli, const struct skep_input *in, const struct skep_func *f,
		    const struct skep_verify_result *r, u64 us)
{
	const char *slash = strrchr(in->path, '/');

	skep_buf_printf(&cli->out, "%s,%s,%s,%llu,%llu,%u,%u\n", slash ? slash + 1 : in->path,
			skep_cli_name(cli, f->name),
			r->verdict == SKEP_SAFE ? "success" : "failure", (unsigned long long)us,
			(unsigned long long)r->processed, r->states, r->peak_states);
}

static void put_text(struct skep_cli *cli, const struct skep_func *f,
		     const struct skep_verify_result *r, u64 us)
{
	skep_buf_printf(
		&cli->out,
		"%s: %s, %u instructions, %llu processed, %u states, %llu.%03llu ms, %zu KiB\n",
		skep_cli_name(cli, f->name), verdict_name[r->verdict], r->insns,
		(unsigned long long)r->processed, r->states, (unsigned long long)us / 1000,
		(unsigned long long)us % 1000, (r->peak_bytes + 1023) / 1024);
}

/* --- checking ------------------------------------------------------------------------- */

static int check_prog(struct skep_cli *cli, struct session *s, struct skep_input *in,
		      const struct skep_func *f)
{
	struct skep_verify_result r = {0};
	struct skep_arena arena;
	struct skep_diags ds;
	u64 start;
	int err;

	skep_arena_init(&arena);
	skep_diags_init(&ds);
	s->log.n = 0;
	start = now_us();
	err = skep_verify_prog(in->file->obj, f, &s->opts, &arena, &ds, &r);
	start = now_us() - start;
	if (s->opts.flags & SKEP_VF_LOG && s->log.n)
		skep_buf_add(&cli->out, s->log.p, s->log.n);
	if (!err || err == SKEP_EINPUT || err == SKEP_EUSAGE) {
		/* Code that is malformed, or of an unknown type, is a verdict on this program, too.
		 */
		if (err)
			r.verdict = err == SKEP_EINPUT ? SKEP_UNSAFE : SKEP_UNDECIDED;
		s->n[r.verdict]++;
		if (cli->json)
			put_json(cli, in, f, &r, start, &ds);
		else if (s->csv)
			put_csv(cli, in, f, &r, start);
		else
			put_text(cli, f, &r, start);
		err = 0;
	}
	if (!cli->json || err)
		skep_diags_take(&in->ds, &ds);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
	return err ? skep_cli_fail(cli, in, err) : 0;
}

static int check_file(struct skep_cli *cli, struct session *s, const char *path)
{
	const char *only = skep_cli_opt(cli, "prog");
	const struct skep_obj *o;
	struct skep_input *in;
	struct skep_func *f;
	bool any = false;
	int err = skep_cli_load(cli, path, &in);

	if (err)
		return err;
	/* What the loader would do; a program that reaches such a record is still told of. */
	if (s->kernel && skep_core_resolve(in->file->obj, s->kernel, &in->arena, &in->ds, NULL))
		s->refused = true;
	o = in->file->obj;
	err = skep_cli_module_types(cli, skep_cli_opt(cli, "kernel-btf"), o, s->kernel, &s->all);
	if (err)
		return err;
	s->opts.kernel = s->all;
	if (only) {
		err = skep_cli_func(cli, in, only, &f);
		return err ? err : check_prog(cli, s, in, f);
	}
	for (u32 i = 0; i < o->nfunc && !err; i++)
		if (o->func[i]->flags & SKEP_FF_PROG) {
			any = true;
			err = check_prog(cli, s, in, o->func[i]);
		}
	if (!any && !cli->json && !s->csv)
		skep_buf_printf(&cli->out, "%s: no programs\n", skep_cli_name(cli, path));
	return err;
}

/* --- options ---------------------------------------------------------------------------- */

static int target_object(struct skep_cli *cli, struct session *s)
{
	const char *path = skep_cli_opt(cli, "target");
	struct skep_input *in;
	int err = path ? skep_cli_load(cli, path, &in) : 0;

	if (!err && path)
		s->opts.target = in->file->obj;
	return err;
}

static int log_form(struct skep_cli *cli, struct session *s)
{
	const char *form = skep_cli_opt(cli, "log");

	if (!form)
		return 0;
	if (strcmp(form, "kernel") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, form, "--log", "the only form is kernel");
		return SKEP_EXIT_USAGE;
	}
	if (cli->json || s->csv) {
		SKEP_CLI_DIAG(cli, CONFLICT, "--log", cli->json ? "--json" : "--csv",
			      "both print the result");
		return SKEP_EXIT_USAGE;
	}
	s->opts.flags |= SKEP_VF_LOG;
	s->opts.log = &s->log;
	return 0;
}

static int options(struct skep_cli *cli, struct session *s)
{
	int err = skep_runs_type(cli, &s->opts.prog_type);

	s->opts.sz = sizeof(s->opts);
	s->csv = skep_cli_flag(cli, "csv");
	s->opts.attach_to = skep_cli_opt(cli, "attach");
	if (skep_cli_flag(cli, "unprivileged"))
		s->opts.flags |= SKEP_VF_UNPRIV;
	if (skep_cli_flag(cli, "strict-alignment"))
		s->opts.flags |= SKEP_VF_STRICT_ALIGN;
	if (skep_cli_flag(cli, "no-prune"))
		s->opts.flags |= SKEP_VF_NO_PRUNE;
	if (!err)
		err = skep_cli_num(cli, "budget", 1, UINT64_MAX, &s->opts.budget);
	if (!err)
		err = log_form(cli, s);
	return err;
}

int skep_cmd_check(struct skep_cli *cli, int argc, char **argv)
{
	struct session s = {0};
	int err;

	if (skep_cli_flag(cli, "compare"))
		return skep_check_compare(cli, argc, argv);
	err = options(cli, &s);
	if (!err)
		err = skep_cli_kernel_types(cli, skep_cli_opt(cli, "kernel-btf"), &s.kernel);
	s.opts.kernel = s.all = s.kernel;
	if (!err)
		err = target_object(cli, &s);
	if (err)
		return err;
	if (cli->json) {
		skep_json_key(&cli->j, "programs");
		skep_json_open(&cli->j, '[');
	} else if (s.csv) {
		skep_buf_puts(
			&cli->out,
			"file_name,prog_name,verdict,duration,total_insns,total_states,peak_states\n");
	}
	for (int i = 0; i < argc && !err; i++) {
		err = check_file(cli, &s, argv[i]);
		/* It was said; the others are told of. */
		if (err == SKEP_EXIT_INPUT && argc > 1) {
			s.refused = true;
			err = 0;
		}
	}
	if (cli->json)
		skep_json_close(&cli->j, ']');
	skep_buf_fini(&s.log);
	if (err)
		return err;
	if (s.n[SKEP_UNSAFE])
		return SKEP_EXIT_NO;
	return s.refused	     ? SKEP_EXIT_INPUT
	       : s.n[SKEP_UNDECIDED] ? SKEP_EXIT_UNKNOWN
				     : SKEP_EXIT_YES;
}
