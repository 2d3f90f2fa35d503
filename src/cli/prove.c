/* SPDX-License-Identifier: BSD-2-Clause */
/* skep prove: do two objects do the same, for all inputs? */
#include "cli/cli.h"
#include "cli/runs.h"
#include "cli/witness.h"
#include "prove/prove.h"
#include "run/run.h"

#include <stdio.h>

const struct skep_opt_def skep_opts_prove[] = {
	{"prog", 'p', "NAME", "only this program or function"},
	{"timeout", 0, "MS", "for one question to the solver (default 2000)"},
	{"paths", 0, "N",
	 "paths that are followed between two places where both agree, and questions to the solver for one function (default 4096)"},
	{"inputs", 'n', "N", "inputs to try where the proof fails (default 1000)"},
	{"seed", 0, "N", "another seed gives other inputs (default 1)"},
	{"type", 't', "TYPE", "program type, when the section does not tell (see skep list progs)"},
	{"save", 0, "FILE", "write the packet on which they differ there, its context to FILE.ctx"},
	{"witness", 0, "DIR", "write the input on which they differ there: packet, context, contents of maps, answers of helpers (see skep run --witness)"},
	{"smt-dump", 0, "DIR", "write each question that the solver gets into this folder, as SMT-LIB2", .folder = true},
	{0},
};
const char skep_about_prove[] =
	"Compares every function of A with the one of the same name in B: both are walked side by side over "
	"unknown values, from one place where they agree to the next. What they return, what they leave in "
	"memory outside of their stack, and what calls they make with which arguments in which order must be "
	"the same. Functions that both call under the same name count as the same, which is right because "
	"they are compared, too. What surrounds the functions must be the same as well: where programs are "
	"attached, the license, and of what both have maps, what these hold from the start, and variables; "
	"else the answer is unknown.\n\n"
	"Trusted are the kinds of pointers (a pointer into the packet does not meet a map's value; the "
	"kernel's verifier sees to that), the table of helpers, that nobody else writes memory in between, and, "
	"where the proof needs bounds that come from a join or another function, the facts of A that skep disasm --facts "
	"shows. A helper that only looks (the time, a map's element) may be called less often.\n\n"
	"Where the proof fails, the solver is asked for inputs that lead to a difference: both programs are followed "
	"from entry to exit, and what the solver says of context, packet, maps, variables and answers of helpers "
	"becomes an input on which both are run. When none of these shows a difference, generated inputs are tried, "
	"as skep differ does. An input on which they differ is the answer *differs*; without one, the answer is "
	"*unknown*, with what the proof failed at.\n\n"
	"The exit status is 0 when everything is proved, 1 when some program differs, and 5 when something "
	"could not be told.";

struct job {
	struct skep_cli *cli;
	struct skep_input *a, *b;
	struct skep_prove_opts opts;
	struct skep_run_differ_opts differ;
	u8 *unproved; /* by index in A, as the next */
	struct skep_prove_result *result;
	u32 n[3];
	u32 models; /* inputs of the solver's that were tried for the program */
	const char *dir;
	u32 ndump;
	bool dump_failed;
};

static void dump(void *user, const char *text, size_t n, const char *answer)
{
	struct job *j = user;
	const char *path = skep_arena_printf(&j->cli->arena, "%s/%06u.smt2", j->dir, j->ndump++);

	if (!j->dump_failed && skep_cli_write(j->cli, path, text, n))
		j->dump_failed = true;
	path = skep_arena_printf(&j->cli->arena, "%s.answer", path);
	if (!j->dump_failed && skep_cli_write(j->cli, path, answer, strlen(answer)))
		j->dump_failed = true;
}

/* Facts of A, which bound what the proof alone does not: when they are needed. */
static void look_up_facts(struct job *j)
{
	if (j->opts.facts)
		return;
	j->opts.facts = skep_vfacts_of(j->a->file->obj, &j->cli->arena);
	j->opts.nfacts = j->a->file->obj->next_id;
}

static void prove_one(struct job *j, struct skep_func *f, struct skep_func *g,
		      struct skep_prove_result *r)
{
	const struct skep_obj *a = j->a->file->obj, *b = j->b->file->obj;
	struct skep_prove_opts plain = j->opts;
	struct skep_arena scratch;
	int oom = 0;

	plain.facts = NULL;
	plain.nfacts = 0;
	skep_arena_init(&scratch);
	SKEP_GUARD(&scratch, oom, {
		skep_prove_func(a, f, b, g, &plain, &scratch, r);
		if (r->verdict != SKEP_PROVE_EQUAL) {
			struct skep_prove_result again;

			look_up_facts(j);
			skep_prove_func(a, f, b, g, &j->opts, &scratch, &again);
			if (again.verdict == SKEP_PROVE_EQUAL)
				*r = again;
		}
	});
	if (oom)
		*r = (struct skep_prove_result){.verdict = SKEP_PROVE_UNKNOWN,
						.reason = "out of memory"};
	r->reason = r->reason ? skep_arena_strdup(&j->cli->arena, r->reason) : NULL;
	r->values = r->values ? skep_arena_strdup(&j->cli->arena, r->values) : NULL;
	skep_arena_fini(&scratch);
}

static void tell(struct job *j, const char *name, const char *verdict,
		 const struct skep_prove_result *r, const struct skep_run_differ_result *d)
{
	struct skep_cli *cli = j->cli;

	if (cli->json) {
		skep_json_open(&cli->j, '{');
		skep_json_kstr(&cli->j, "function", name);
		skep_json_kstr(&cli->j, "verdict", verdict);
		skep_json_kstr(&cli->j, "reason", r->reason);
		skep_json_kstr(&cli->j, "values", r->values && *r->values ? r->values : NULL);
		skep_json_kint(&cli->j, "cuts", r->cuts);
		skep_json_kint(&cli->j, "paths", r->paths);
		skep_json_kint(&cli->j, "questions", r->queries);
		skep_json_kint(&cli->j, "solver_questions", r->solved);
		skep_json_kint(&cli->j, "solver_inputs", j->models);
		if (d && d->verdict == SKEP_RUN_DIFFERS) {
			skep_runs_json_hex(&cli->j, "packet", d->input->pkt, d->input->pkt_len);
			skep_runs_json_hex(&cli->j, "context", d->input->ctx, d->input->ctx_len);
			skep_witness_json(cli, d->witness);
		}
		skep_json_close(&cli->j, '}');
		return;
	}
	skep_buf_printf(&cli->out, "%s: %s", skep_cli_name(cli, name), verdict);
	if (r->reason)
		skep_buf_printf(&cli->out, ": %s", r->reason);
	skep_buf_puts(&cli->out, "\n");
	if (d && d->verdict == SKEP_RUN_DIFFERS) {
		skep_runs_difference(cli, d);
		return;
	}
	if (r->values && r->values[0])
		skep_buf_printf(&cli->out, "  perhaps with %s\n", r->values);
	if (j->models)
		skep_buf_printf(&cli->out, "  inputs of the solver's that were run and show no difference: %u\n",
				j->models);
}

/* --- inputs ------------------------------------------------------------------------ */

/* One that the solver found, on its way through both programs. */
struct trying {
	struct job *j;
	struct skep_run_replay *replay;
	struct skep_run_differ_result *d;
	int err;
};

static bool try_model(void *user, const struct skep_prove_input *in)
{
	struct trying *t = user;

	t->err = skep_run_replay(t->replay, in, t->d);
	return t->err || t->d->verdict == SKEP_RUN_DIFFERS;
}

static void hunt(struct job *j, struct skep_func *f, struct trying *t)
{
	struct skep_func *g = skep_func_find(j->b->file->obj, f->name);
	struct skep_prove_opts o = j->opts;
	struct skep_prove_hunt_result res = {0};
	struct skep_arena scratch;
	int oom = 0;

	o.prog_type = j->differ.prog_type;
	o.cpus = SKEP_RUN_CPUS;
	o.facts = NULL;
	skep_arena_init(&scratch);
	SKEP_GUARD(&scratch, oom, {
		skep_prove_hunt(j->a->file->obj, f, j->b->file->obj, g, &o, try_model, t, &scratch, &res);
	});
	skep_arena_fini(&scratch);
	j->models = res.tried;
	if (oom)
		t->err = SKEP_ENOMEM;
}

/* The proof failed: does an input of the solver's show why? */
static int try_solver(struct job *j, struct skep_func *f, struct skep_run_differ_result *d)
{
	struct trying t = {.j = j, .d = d};
	struct skep_diags ds;

	if (!skep_smt_solver())
		return 0;
	skep_diags_init(&ds);
	t.err = skep_run_replay_open(j->a->file, j->b->file, f->name, &j->differ, &j->cli->arena, &ds,
				     &t.replay);
	if (!t.err)
		hunt(j, f, &t);
	skep_run_replay_close(t.replay);
	skep_diags_fini(&ds);
	if (t.err || d->verdict != SKEP_RUN_DIFFERS)
		*d = (struct skep_run_differ_result){.verdict = SKEP_RUN_UNKNOWN};
	return t.err == SKEP_ENOMEM ? t.err : 0;
}

/* Or a generated one? */
static int try_inputs(struct job *j, const char *name, struct skep_run_differ_result *d)
{
	struct skep_diags ds;
	int err;

	skep_diags_init(&ds);
	err = skep_run_differ(j->a->file, j->b->file, name, &j->differ, &j->cli->arena, &ds, d);
	skep_diags_fini(&ds);
	if (err == SKEP_ENOMEM)
		return err;
	if (err)
		d->verdict = SKEP_RUN_UNKNOWN;
	return 0;
}

static bool reaches_unproved(struct job *j, const struct skep_func *f)
{
	const struct skep_obj *o = j->a->file->obj;
	u8 *seen = SKEP_NEW_N(&j->cli->arena, u8, o->nfunc);

	skep_prog_reach(o, f, seen);
	for (u32 k = 0; k < o->nfunc; k++)
		if (seen[k] && j->unproved[k])
			return true;
	return false;
}

/* The proof of one function, into j->result. */
static int prove_named(struct job *j, struct skep_func *f)
{
	struct skep_func *g = skep_func_find(j->b->file->obj, f->name);

	if (!g) {
		skep_diag(&j->b->ds, &skep_cli_diags[SKEP_CLI_NO_FUNC], SKEP_NOWHERE, f->name);
		return SKEP_EXIT_INPUT;
	}
	prove_one(j, f, g, &j->result[f->index]);
	if (j->result[f->index].verdict == SKEP_PROVE_EQUAL && !skep_run_same_place(f, g)) {
		j->result[f->index].verdict = SKEP_PROVE_UNKNOWN;
		j->result[f->index].reason = skep_arena_printf(
			&j->cli->arena,
			"it does the same, but from section '%s', and there from '%s'",
			f->sec->name, g->sec->name);
	}
	j->unproved[f->index] = j->result[f->index].verdict != SKEP_PROVE_EQUAL;
	return 0;
}

/* What is to be said of it, once all that it calls was looked at. */
static int conclude(struct job *j, struct skep_func *f)
{
	struct skep_run_differ_result d = {.verdict = SKEP_RUN_UNKNOWN};
	struct skep_prove_result *r = &j->result[f->index];
	int err = 0;

	j->models = 0;
	if (!reaches_unproved(j, f)) {
		j->n[SKEP_PROVE_EQUAL]++;
		tell(j, f->name, "proved", r, NULL);
		return 0;
	}
	if (r->verdict == SKEP_PROVE_EQUAL)
		r->reason = "a function that it calls is not proved";
	if (f->flags & SKEP_FF_PROG)
		err = try_solver(j, f, &d);
	if (!err && f->flags & SKEP_FF_PROG && d.verdict != SKEP_RUN_DIFFERS)
		err = try_inputs(j, f->name, &d);
	if (err)
		return skep_cli_fail(j->cli, j->a, err);
	if (d.verdict == SKEP_RUN_DIFFERS && !j->n[SKEP_PROVE_DIFFERS]) {
		err = skep_runs_save(j->cli, &d);
		if (!err)
			err = skep_witness_write(j->cli, &d);
	}
	j->n[d.verdict == SKEP_RUN_DIFFERS ? SKEP_PROVE_DIFFERS : SKEP_PROVE_UNKNOWN]++;
	tell(j, f->name, d.verdict == SKEP_RUN_DIFFERS ? "differs" : "unknown", r, &d);
	return err;
}

static int all(struct job *j)
{
	struct skep_obj *o = j->a->file->obj;
	const char *only = skep_cli_opt(j->cli, "prog");
	struct skep_func *f;
	int err = 0;

	if (only) {
		err = skep_cli_func(j->cli, j->a, only, &f);
		if (!err)
			err = prove_named(j, f);
		return err ? err : conclude(j, f);
	}
	for (u32 k = 0; k < o->nfunc && !err; k++)
		if (o->func[k]->first && !(o->func[k]->flags & SKEP_FF_ANON))
			err = prove_named(j, o->func[k]);
	for (u32 k = 0; k < o->nfunc && !err; k++)
		if (o->func[k]->first && !(o->func[k]->flags & SKEP_FF_ANON))
			err = conclude(j, o->func[k]);
	return err;
}

static int prepare(struct job *j, char **argv)
{
	u64 inputs = 1000, seed = 1, ms = 2000, paths = 4096;
	int err = skep_cli_num(j->cli, "inputs", 1, 1u << 30, &inputs);

	if (!err)
		err = skep_cli_num(j->cli, "seed", 0, UINT64_MAX, &seed);
	if (!err)
		err = skep_cli_num(j->cli, "timeout", 1, 3600000, &ms);
	if (!err)
		err = skep_cli_num(j->cli, "paths", 1, 1u << 20, &paths);
	if (!err)
		err = skep_runs_type(j->cli, &j->differ.prog_type);
	if (!err)
		err = skep_cli_load(j->cli, argv[0], &j->a);
	if (!err)
		err = skep_cli_load(j->cli, argv[1], &j->b);
	j->differ.inputs = (u32)inputs;
	j->differ.seed = seed;
	j->opts = (struct skep_prove_opts){.sz = sizeof(j->opts),
					   .match = SKEP_PROVE_BY_TEXT,
					   .timeout_ms = (u32)ms,
					   .max_paths = (u32)paths,
					   .max_solved = (u32)paths};
	j->dir = skep_cli_opt(j->cli, "smt-dump");
	if (j->dir) {
		j->opts.dump = dump;
		j->opts.user = j;
	}
	return err;
}

int skep_cmd_prove(struct skep_cli *cli, int argc, char **argv)
{
	struct job j = {.cli = cli};
	const char *other;
	int err = prepare(&j, argv);

	(void)argc;
	if (err)
		return err;
	j.unproved = SKEP_NEW_N(&cli->arena, u8, j.a->file->obj->nfunc);
	j.result = SKEP_NEW_N(&cli->arena, struct skep_prove_result, j.a->file->obj->nfunc);
	skep_ctx_args_compute(j.a->file->obj, &cli->arena);
	skep_ctx_args_compute(j.b->file->obj, &cli->arena);
	other = skep_run_other_data(j.a->file, j.b->file, &cli->arena);
	if (cli->json) {
		skep_json_kstr(&cli->j, "data", other);
		skep_json_key(&cli->j, "functions");
		skep_json_open(&cli->j, '[');
	} else if (other) {
		skep_buf_printf(&cli->out, "unknown: %s\n", other);
	}
	err = all(&j);
	if (cli->json)
		skep_json_close(&cli->j, ']');
	if (err)
		return err;
	return j.n[SKEP_PROVE_DIFFERS]		  ? SKEP_EXIT_NO
	       : other || j.n[SKEP_PROVE_UNKNOWN] ? SKEP_EXIT_UNKNOWN
						  : SKEP_EXIT_YES;
}
