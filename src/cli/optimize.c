/* SPDX-License-Identifier: BSD-2-Clause */
/* skep optimize: a smaller object that does the same, with the record of what was done. */
#include "cli/cli.h"
#include "cli/gone.h"
#include "cli/heat.h"
#include "cli/remarks.h"
#include "cli/report.h"
#include "cli/progress.h"
#include "cli/searching.h"
#include "run/run.h"

#include <stdlib.h>
#include <unistd.h>

const struct skep_opt_def skep_opts_optimize[] = {
	{"output", 'o', "FILE", "write the result there; - is standard output", true},
	{"for", 0, "GOAL", "size (default), speed or verifier"},
	{"cpu", 0, "LEVEL",
	 "instructions that may be used: v1 to v4, or same (default): the object's own level"},
	{"passes", 0, "LIST", "run only these passes, in this order (see skep list passes)"},
	{"kernel-check", 'k', NULL, "load both into the running kernel; take back what it refuses"},
	{"repeat", 0, "N",
	 "with --kernel-check: runs of a networking program per measurement (default 10000)",
	 .with = "kernel-check"},
	{"prove", 0, NULL, "apply a rewrite only when it is proved to change nothing"},
	{"threads", 0, "N",
	 "with --prove: threads that prove beside the passes (default: the processors that there are; 1: in turn)",
	 .with = "prove"},
	{"smt-dump", 0, "DIR",
	 "with --prove: write each question that the solver got into this folder, as SMT-LIB2",
	 .folder = true, .with = "prove"},
	{"search", 0, "SECONDS",
	 "then search for cheaper rows of instructions for so long (see docs/search.md)"},
	{"seed", 0, "N", "with --search: another seed takes other random steps (default 1)",
	 .with = "search"},
	{"cache", 0, "FILE",
	 "with --search: keep what was found there (default: search.db in the user's cache); none: nowhere",
	 .with = "search"},
	{"verbose", 'v', NULL,
	 "tell how far it is where that takes long, also when standard error is no terminal"},
	{"dearer", 0, "N",
	 "per cent that a program may cost the verifier more than before (default 5); over 100 no slot is given for less to verify"},
	{"kernel-btf", 0, "FILE",
	 "types of the target kernel, for programs that need them to be counted (default: the running one's; none: do without)"},
	{"drop-unused", 0, NULL,
	 "take out functions that nobody calls, maps that no code uses, and externs not used any more"},
	{"remarks", 0, "FILE",
	 "write every rewrite, with source lines and the new-to-old map, as JSON", true},
	{"report", 0, "X.html",
	 "write one page with everything: summary, code old and new, each rewrite, graphs", true},
	{"heat", 0, "N|PCAP",
	 "count what both versions execute: on N generated inputs, or the packets of a capture"},
	{"dump", 0, "WHAT",
	 "print a function after each pass that changed it (changed), after:PASS, or all passes"},
	{"text", 'S', NULL, "print the optimized instructions instead of the summary"},
	{0},
};
const char skep_about_optimize[] =
	"Rewrites the instructions of every function and writes the object anew: deleted instructions are gone, "
	"and jumps, relocations, symbols, section sizes and BTF.ext records are made again. Debug sections "
	"(DWARF), which would be stale, are left out. Without *--output* nothing is written: the "
	"summary says what would be gained.\n\n"
	"With --for size or verifier a load, an addition and a store of a map value may become one atomic addition, which is "
	"smaller but not faster. With --for size rows of instructions that occur several times become a function, which is "
	"slower, too.\n\n"
	"A verifier counts what it has to go through for each program, before and after: the one of this project, which "
	"needs no kernel (see *skep check*), or with --kernel-check the kernel's own. Ways of branches change places where that "
	"makes it less; with --for size a program is left one slot larger than it could be (never larger than it was) for each "
	"time that this takes at least five times as large a share from the verifier's work. A program that costs more than before, by more than --dearer says, is made again with some passes "
	"left out; so are small programs that do not, where it may cost less and is no larger. With --for verifier that is "
	"tried for all programs, and each gets what costs least. With --for size a file that would be larger is made "
	"without new functions, or stays as it is.\n\n"
	"With --prove each run of a pass over a function is proved to change nothing that anybody can see; a rewrite "
	"of which that cannot be proved is not applied, and is named. skep prove says what is proved, and what is "
	"taken on trust.\n\n"
	"With --search the superoptimizer goes over what the other passes leave: for windows of a few instructions "
	"that depend on each other it looks for a cheaper row that does the same, shortest first, and proves what it finds "
	"with a solver. Ctrl-C ends the search and keeps what was found. Answers are kept in the cache, so the next run "
	"goes on where this one stopped; they are proved again before they are used.\n\n"
	"With --drop-unused the result has no functions that nobody calls, no maps that no program uses, and no externs "
	"that the code does not use any more. Programs, variables, pinned maps, maps of old definitions and those that "
	"others hold from the start stay. User space that looks for a map which is gone must not do so any more (a "
	"skeleton is to be made again).\n\n"
	"With --heat both versions run in the interpreter, on the same inputs with the same contents of maps, and it counts how "
	"often each instruction is executed; the page of --report shows it beside the code. Inputs on which a program traps "
	"(reading memory that only a kernel has, for one) count for nothing.\n\n"
	"With --report one page of HTML says all of it: the summary, source, old and new code side by side with the "
	"reason of each rewrite (and whether it was proved), the rewrites in their order, and the graphs of both. It needs "
	"no network and no other file.\n\n"
	"With --kernel-check a program that the kernel accepted before is accepted afterwards: when it is not, the "
	"rewrites at fault are found and taken back. When the kernel cannot be asked at all, nothing is written and "
	"the exit status is 4; it is 5 when libbpf does not take the object, which is written without a verdict.";

#define AFTER "after:"
enum { MAX_THREADS = 64 };

struct dump {
	struct skep_cli *cli;
	const struct skep_obj *obj;
	const char *what;
};

static u32 edits_of(const struct skep_opt_result *res, const struct skep_func *f)
{
	u32 n = 0;

	for (u32 k = 0; k < res->nedit; k++)
		n += res->edit[k].func->index == f->index;
	return n;
}

static void print_func(struct skep_cli *cli, const struct skep_obj *o, const struct skep_func *f)
{
	struct skep_buf b = {0};

	skep_buf_clean(&cli->out, f->name);
	skep_buf_puts(&cli->out, ":\n");
	SKEP_FOR_INSN(i, f) {
		b.n = 0;
		skep_insn_print(o, i, &b);
		if (i->njumps)
			skep_buf_printf(&cli->out, "L%u:\n", i->id);
		skep_buf_puts(&cli->out, "\t");
		skep_buf_clean(&cli->out, b.p ? b.p : "");
		skep_buf_puts(&cli->out, "\n");
	}
	skep_buf_fini(&b);
}

static void after_pass(void *user, const char *pass, struct skep_func *f, bool changed)
{
	struct dump *d = user;

	if (strcmp(d->what, "changed") == 0 ? !changed
					    : strcmp(d->what, "all") != 0 && strcmp(d->what + strlen(AFTER), pass) != 0)
		return;
	skep_buf_printf(&d->cli->out, "; after %s%s\n", pass, changed ? "" : ", which changed nothing");
	print_func(d->cli, f->sec ? d->obj : NULL, f);
}

/* --- options --------------------------------------------------------------------- */

static int bad_value(struct skep_cli *cli, const char *val, const char *name, const char *why)
{
	SKEP_CLI_DIAG(cli, BAD_VALUE, val, name, why);
	return SKEP_EXIT_USAGE;
}

static const char *pass_name(const void *of, u32 i)
{
	return ((const struct skep_pass *)of)[i].name;
}

/* What --dump names must exist, or it would silently print nothing. */
static int check_dump(struct skep_cli *cli, const char *dump)
{
	const struct skep_pass *p;
	const char *name, *near;
	u32 n;

	if (strcmp(dump, "all") == 0 || strcmp(dump, "changed") == 0)
		return 0;
	if (strncmp(dump, AFTER, strlen(AFTER)) != 0)
		return bad_value(cli, dump, "--dump", "after:PASS, changed or all");
	name = dump + strlen(AFTER);
	p = skep_opt_passes(&n);
	for (u32 k = 0; k < n; k++)
		if (strcmp(p[k].name, name) == 0)
			return 0;
	near = skep_cli_nearest(name, pass_name, p, n);
	SKEP_CLI_DIAG(cli, BAD_VALUE, dump, "--dump", "there is no such pass");
	skep_diag_hint(&cli->ds, near ? skep_arena_printf(&cli->arena, "did you mean after:%s?", near)
				      : "skep list passes shows them");
	return SKEP_EXIT_USAGE;
}

static bool is_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

/* Standard output has one reader: code for people goes there, or the result for a program. */
static int check_stdout(struct skep_cli *cli)
{
	const char *output = skep_cli_opt(cli, "output"), *remarks = skep_cli_opt(cli, "remarks");
	const char *code = skep_cli_opt(cli, "dump") ? "--dump" : skep_cli_flag(cli, "text") ? "--text" : NULL;
	const char *result = output && strcmp(output, "-") == 0	  ? "--output"
			     : remarks && strcmp(remarks, "-") == 0 ? "--remarks"
			     : is_stdout(skep_cli_opt(cli, "report")) ? "--report"
			     : cli->json			  ? "--json"
								  : NULL;

	if (code && result)
		return skep_cli_conflict(cli, code, result, "both write to standard output");
	return 0;
}

/* For struct skep_cost_opts: the running kernel's, read when a program needs them; what cannot be read is none. */
static struct skep_btf *running_types(void *user)
{
	struct skep_btf *types;

	return skep_cli_kernel_types(user, NULL, &types) ? NULL : types;
}

static struct skep_btf *named_types(void *user)
{
	return user;
}

/* Types that the user names are read at once: a wrong name is told also when no program needs them. */
static int read_types(struct skep_cli *cli, struct skep_cost_opts *c)
{
	const char *path = skep_cli_opt(cli, "kernel-btf");
	struct skep_btf *types;
	int err;

	c->types = running_types;
	c->types_user = cli;
	if (!path)
		return 0;
	err = skep_cli_kernel_types(cli, path, &types);
	c->types = named_types;
	c->types_user = types;
	return err;
}

static int read_options(struct skep_cli *cli, struct skep_opt_opts *o, struct skep_kernel_opts *k, struct skep_cost_opts *c)
{
	const char *dump = skep_cli_opt(cli, "dump");
	u64 repeat = 10000, dearer = 5;
	u32 mode = SKEP_OPT_SIZE;
	int err = skep_cli_goal(cli, &mode, &o->cpu);

	o->sz = sizeof(*o);
	o->mode = (enum skep_opt_mode)mode;
	o->passes = skep_cli_opt(cli, "passes");
	if (!err && dump)
		err = check_dump(cli, dump);
	if (!err)
		err = check_stdout(cli);
	if (!err)
		err = skep_cli_num(cli, "repeat", 0, 100000000, &repeat);
	if (!err)
		err = skep_heat_check(cli);
	if (!err)
		err = skep_cli_num(cli, "dearer", 0, 1000000, &dearer);
	k->sz = sizeof(*k);
	k->repeat = (u32)repeat;
	*c = (struct skep_cost_opts){.sz = sizeof(*c), .dearer = (u32)dearer};
	return err ? err : read_types(cli, c);
}

static u64 processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (u64)n;
}

/* Programs that were changed, and whose type nobody knows. */
static void warn_untyped(struct skep_input *in, const struct skep_optimized *r)
{
	const struct skep_obj *b = r->after->obj;

	for (u32 k = 0; k < b->nfunc; k++) {
		const struct skep_func *f = b->func[k];

		if (f->flags & SKEP_FF_PROG && !f->prog_type && edits_of(&r->res, f))
			skep_diag(&in->ds, &skep_cli_diags[SKEP_CLI_NO_VERDICT], SKEP_NOWHERE, f->name, f->sec->name);
	}
}

/* --- the summary ------------------------------------------------------------------- */

static const char *change(struct skep_cli *cli, u64 a, u64 b)
{
	double pct = a ? 100.0 * ((double)b - (double)a) / (double)a : 0;

	return skep_arena_printf(&cli->arena, "%llu -> %llu (%+.1f%%)", (unsigned long long)a, (unsigned long long)b, pct);
}

static const struct skep_kernel_prog *kernel_prog(const struct skep_kernel_report *r, const char *name)
{
	for (u32 k = 0; r && k < r->n; k++)
		if (strcmp(r->prog[k].name, name) == 0)
			return &r->prog[k];
	return NULL;
}

static const char *verdict(const struct skep_kernel_prog *a, const struct skep_kernel_prog *b)
{
	if (!a || !b)
		return "-";
	if (a->err)
		return b->err ? "refused before and after" : "refused, now accepted";
	return b->err ? "REFUSED" : "accepted";
}

static void text_kernel_cells(struct skep_cli *cli, struct skep_cols *t, const struct skep_kernel_prog *a,
			      const struct skep_kernel_prog *b)
{
	bool both = a && b && !a->err && !b->err;

	skep_cols_add(t, verdict(a, b));
	skep_cols_add(t, both ? change(cli, a->processed, b->processed) : "-");
	skep_cols_add(t, both && a->ns > 0 ? skep_arena_printf(&cli->arena, "%.0f -> %.0f", a->ns, b->ns) : "-");
}

static void text_summary(struct skep_cli *cli, const struct skep_optimized *r, size_t before, size_t after)
{
	const struct skep_obj *a = r->before->obj, *b = r->after->obj;
	bool kernel = r->kernel_after && !r->kernel_after->unavailable;
	const char *goal = skep_cli_opt(cli, "for");
	bool cost = !kernel && r->after_cost && goal && strcmp(goal, "verifier") == 0;
	struct skep_cols t;
	u64 sa = 0, sb = 0;

	skep_cols_init(&t, cli, kernel ? 6 : cost ? 4 : 3, 0);
	skep_cols_add(&t, "function");
	skep_cols_add(&t, "slots");
	skep_cols_add(&t, "rewrites");
	if (kernel) {
		skep_cols_add(&t, "kernel");
		skep_cols_add(&t, "instructions verified");
		skep_cols_add(&t, "ns per run");
	} else if (cost) {
		skep_cols_add(&t, "instructions verified");
	}
	for (u32 k = 0; k < b->nfunc; k++) {
		const struct skep_func *f = skep_cli_func_before(a, b, k, &cli->arena);
		u32 x = skep_func_slots(f), y = skep_func_slots(b->func[k]);

		sa += x;
		sb += y;
		skep_cols_add(&t, skep_cli_name(cli, f->name));
		skep_cols_add(&t, change(cli, x, y));
		skep_cols_num(&t, edits_of(&r->res, b->func[k]));
		if (kernel)
			text_kernel_cells(cli, &t, kernel_prog(r->kernel_before, f->name),
					  kernel_prog(r->kernel_after, f->name));
		else if (cost)
			skep_cols_add(&t, k < a->nfunc && r->before_cost[k] && r->after_cost[k]
						  ? change(cli, r->before_cost[k], r->after_cost[k])
						  : "-");
	}
	skep_cols_print(&t, 0);
	skep_buf_printf(&cli->out, "slots %s, file bytes %s, %u rewrites\n", change(cli, sa, sb),
			change(cli, before, after), r->res.nedit);
	for (u32 k = 0; k < r->ndenied; k++)
		skep_buf_printf(&cli->out, "taken back: a rewrite of pass %s that the kernel refused: %s\n", r->denied[k].pass,
				r->denied[k].why);
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median time of the proofs of the edits that were applied. */
static double median(struct skep_cli *cli, const struct skep_run_proofs *p, u32 n)
{
	double *ms = SKEP_NEW_N(&cli->arena, double, n + 1);

	for (u32 k = 0; k < n && k < p->proof.n; k++)
		ms[k] = p->proof.v[k].ms;
	qsort(ms, n, sizeof(*ms), by_time);
	return n ? ms[n / 2] : 0;
}

static const char *const answer[] = {"proved", "differs", "unknown"};

static void text_proofs(struct skep_cli *cli, const struct skep_run_proofs *p, const struct skep_optimized *r)
{
	skep_buf_printf(&cli->out, "proofs: %u proved, %u refused; %.2f ms in the median, %.0f ms in all\n", r->res.nedit,
			r->res.nrefused, median(cli, p, r->res.nedit), p->total_ms);
	for (u32 k = 0; k < r->res.nrefused; k++) {
		const struct skep_refusal *f = skep_run_refusal(p, &r->res.refused[k]);

		if (f)
			skep_buf_printf(&cli->out, "not applied: %s+%u: %s: %s (%s: %s)\n", skep_cli_name(cli, f->func), f->slot,
					f->pass, f->why, answer[f->verdict], f->reason);
	}
}

static void json_proofs(struct skep_cli *cli, const struct skep_run_proofs *p, const struct skep_optimized *r)
{
	struct skep_json *j = &cli->j;

	skep_json_key(j, "proofs");
	skep_json_open(j, '{');
	skep_json_kint(j, "proved", r->res.nedit);
	skep_json_kint(j, "questions", p->queries);
	skep_json_kint(j, "solver_questions", p->solved);
	skep_json_key(j, "ms");
	skep_json_real(j, p->total_ms);
	skep_json_key(j, "median_ms");
	skep_json_real(j, median(cli, p, r->res.nedit));
	skep_json_key(j, "edits");
	skep_json_open(j, '[');
	for (u32 k = 0; k < r->res.nedit && k < p->proof.n; k++) {
		skep_json_open(j, '{');
		skep_json_kint(j, "number", k + 1);
		skep_json_kstr(j, "pass", r->res.edit[k].pass);
		skep_json_kstr(j, "answer", answer[p->proof.v[k].verdict]);
		skep_json_kint(j, "step", p->proof.v[k].step);
		skep_json_key(j, "ms");
		skep_json_real(j, p->proof.v[k].ms);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
	skep_json_key(j, "refused");
	skep_json_open(j, '[');
	for (u32 k = 0; k < r->res.nrefused; k++) {
		const struct skep_refusal *f = skep_run_refusal(p, &r->res.refused[k]);

		if (!f)
			continue;
		skep_json_open(j, '{');
		skep_json_kstr(j, "function", f->func);
		skep_json_kint(j, "slot", f->slot);
		skep_json_kstr(j, "pass", f->pass);
		skep_json_kstr(j, "why", f->why);
		skep_json_kstr(j, "answer", answer[f->verdict]);
		skep_json_kstr(j, "reason", f->reason);
		skep_json_kstr(j, "values", f->values);
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
	skep_json_close(j, '}');
}

static void json_kernel(struct skep_json *j, const char *key, const struct skep_kernel_prog *p)
{
	skep_json_key(j, key);
	if (!p) {
		skep_json_str(j, NULL);
		return;
	}
	skep_json_open(j, '{');
	skep_json_kbool(j, "accepted", p->err == 0);
	skep_json_kint(j, "error", p->err);
	skep_json_kint(j, "processed", p->processed);
	skep_json_kint(j, "xlated_bytes", p->xlated);
	skep_json_kint(j, "jited_bytes", p->jited);
	skep_json_key(j, "ns");
	skep_json_real(j, p->ns);
	skep_json_kint(j, "retval", p->retval);
	skep_json_kstr(j, "log", p->log);
	skep_json_close(j, '}');
}

static void json_cost(struct skep_json *j, const char *key, const u32 *cost, u32 k)
{
	skep_json_key(j, key);
	if (cost && cost[k])
		skep_json_int(j, cost[k]);
	else
		skep_json_str(j, NULL);
}

static void json_summary(struct skep_cli *cli, const struct skep_optimized *r, size_t before, size_t after,
			 const struct skep_run_heat *heat)
{
	const struct skep_obj *a = r->before->obj, *b = r->after->obj;
	struct skep_json *j = &cli->j;

	skep_json_kint(j, "bytes_before", (s64)before);
	skep_json_kint(j, "bytes_after", (s64)after);
	skep_json_kint(j, "rewrites", r->res.nedit);
	skep_json_kint(j, "taken_back", r->ndenied);
	skep_json_kint(j, "still_refused", r->still_refused);
	skep_json_kstr(j, "kernel_unavailable", r->kernel_before ? r->kernel_before->unavailable : NULL);
	skep_json_key(j, "functions");
	skep_json_open(j, '[');
	for (u32 k = 0; k < b->nfunc; k++) {
		const struct skep_func *f = skep_cli_func_before(a, b, k, &cli->arena);

		skep_json_open(j, '{');
		skep_json_kstr(j, "name", f->name);
		skep_json_kstr(j, "section", f->sec->name);
		skep_json_kbool(j, "program", f->flags & SKEP_FF_PROG);
		skep_json_kbool(j, "made", f->flags & SKEP_FF_MADE);
		skep_json_kint(j, "slots_before", skep_func_slots(f));
		skep_json_kint(j, "slots_after", skep_func_slots(b->func[k]));
		skep_json_kint(j, "insns_before", f->ninsns);
		skep_json_kint(j, "insns_after", b->func[k]->ninsns);
		skep_json_kint(j, "rewrites", edits_of(&r->res, b->func[k]));
		json_cost(j, "processed_before", k < a->nfunc ? r->before_cost : NULL, k);
		json_cost(j, "processed_after", k < a->nfunc ? r->after_cost : NULL, k);
		skep_heat_json(j, heat, f, b->func[k]);
		if (r->kernel_after) {
			json_kernel(j, "kernel_before", kernel_prog(r->kernel_before, f->name));
			json_kernel(j, "kernel_after", kernel_prog(r->kernel_after, f->name));
		}
		skep_json_close(j, '}');
	}
	skep_json_close(j, ']');
}

static int write_remarks(struct skep_cli *cli, const struct skep_optimized *r)
{
	const char *path = skep_cli_opt(cli, "remarks");
	struct skep_buf b = {0};
	int err;

	if (!path)
		return 0;
	skep_remarks_json(r->before->obj, r->after->obj, &r->res, &b);
	err = skep_cli_write(cli, path, b.p, b.n);
	skep_buf_fini(&b);
	return err;
}

static int write_report(struct skep_cli *cli, const struct skep_optimized *r, const struct skep_input *in,
			const struct skep_buf *result, const struct skep_run_proofs *proofs,
			const struct skep_run_heat *heat)
{
	const struct report p = {cli, in->path, r, proofs, heat, in->len, result->n, &cli->arena};
	const char *path = skep_cli_opt(cli, "report");
	struct skep_buf b = {0};
	int err;

	if (!path)
		return 0;
	skep_report_html(&p, &b);
	err = b.failed ? skep_cli_fail(cli, NULL, SKEP_ENOMEM) : skep_cli_write(cli, path, b.p, b.n);
	skep_buf_fini(&b);
	return err;
}

static int deliver(struct skep_cli *cli, const struct skep_optimized *r, struct skep_input *in, struct skep_buf *out,
		   const struct skep_run_proofs *proofs, const struct searching *search)
{
	const char *path = skep_cli_opt(cli, "output");
	/* One thing at a time on standard output. */
	bool to_stdout = is_stdout(path) || is_stdout(skep_cli_opt(cli, "remarks")) || is_stdout(skep_cli_opt(cli, "report"));
	const char *silent = r->kernel_before ? r->kernel_before->unavailable : NULL;
	bool drop = skep_cli_flag(cli, "drop-unused");
	struct skep_pruned gone = {0};
	struct skep_run_heat *heat;
	int err;

	if (silent && r->kernel_before->no_access) {
		SKEP_CLI_DIAG(cli, NO_KERNEL, silent);
		skep_diag_hint(&cli->ds, "without --kernel-check the result is not judged");
		return SKEP_EXIT_ENV;
	}
	err = skep_heat_measure(cli, r, &heat);
	if (!err && drop)
		err = skep_gone_drop(cli, in, out, &gone);
	if (!err)
		err = write_remarks(cli, r);
	if (!err)
		err = write_report(cli, r, in, out, proofs, heat);
	if (!err && path)
		err = skep_cli_write(cli, path, out->p, out->n);
	if (err)
		return err;
	if (silent)
		skep_diag(&in->ds, &skep_cli_diags[SKEP_CLI_NOT_JUDGED], SKEP_NOWHERE, silent);
	warn_untyped(in, r);
	err = r->still_refused ? SKEP_EXIT_NO : silent ? SKEP_EXIT_UNKNOWN : SKEP_EXIT_YES;
	if (to_stdout)
		return err;
	if (cli->json) {
		json_summary(cli, r, in->len, out->n, heat);
		if (drop)
			skep_gone_json(&cli->j, &gone);
		if (proofs)
			json_proofs(cli, proofs, r);
		skep_searching_json(search);
	} else if (skep_cli_flag(cli, "text")) {
		for (u32 k = 0; k < r->after->obj->nfunc; k++)
			print_func(cli, r->after->obj, r->after->obj->func[k]);
	} else if (!skep_cli_opt(cli, "dump")) {
		text_summary(cli, r, in->len, out->n);
		skep_heat_text(cli, heat);
		skep_gone_text(cli, &gone);
		if (proofs)
			text_proofs(cli, proofs, r);
		skep_searching_text(search);
	}
	return err;
}

int skep_cmd_optimize(struct skep_cli *cli, int argc, char **argv)
{
	struct skep_opt_opts opts = {0};
	struct skep_kernel_opts kernel = {0};
	struct skep_cost_opts cost;
	struct skep_optimized r;
	struct skep_buf out = {0};
	struct skep_input *in;
	struct skep_run_proofs proofs;
	struct skep_run_beside *beside = NULL;
	struct searching search = {.cli = cli};
	struct progress progress;
	struct dump dump;
	u64 threads = processors();
	int err = read_options(cli, &opts, &kernel, &cost);

	(void)argc;
	if (!err)
		err = skep_cli_num(cli, "threads", 1, MAX_THREADS, &threads);
	if (!err)
		err = skep_cli_load(cli, argv[0], &in);
	if (err)
		return err;
	dump = (struct dump){cli, in->file->obj, skep_cli_opt(cli, "dump")};
	if (dump.what) {
		opts.after_pass = after_pass;
		opts.user = &dump;
	}
	proofs = (struct skep_run_proofs){.arena = &in->arena, .dump_dir = skep_cli_opt(cli, "smt-dump")};
	err = skep_searching_start(&search, cli, &opts);
	if (err) {
		skep_searching_finish(&search);
		return err;
	}
	skep_progress_start(&progress, cli, &proofs, &cost);
	if (skep_cli_flag(cli, "prove"))
		beside = skep_run_beside_start(&proofs, (u32)threads, &opts);
	err = skep_run_optimize(in->image, in->len, &opts, skep_cli_flag(cli, "kernel-check") ? &kernel : NULL, &cost,
				&in->arena, &in->ds, &r, &out);
	skep_progress_finish(&progress);
	err = err ? skep_cli_fail(cli, in, err) : deliver(cli, &r, in, &out, opts.judge ? &proofs : NULL, &search);
	skep_searching_finish(&search);
	skep_run_beside_stop(beside);
	if (proofs.dump_error) {
		SKEP_CLI_DIAG(cli, CANNOT_WRITE, proofs.dump_dir, strerror(proofs.dump_error));
		err = SKEP_EXIT_ENV;
	}
	skep_buf_fini(&out);
	return err;
}
