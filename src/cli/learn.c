/* SPDX-License-Identifier: BSD-2-Clause */
/* skep learn: rules from what the passes leave in many objects. */
#include "cli/cli.h"
#include "cli/searching.h"
#include "opt/opt.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct skep_opt_def skep_opts_learn[] = {
	{"output", 'o', "FILE", "write the rules there; - is standard output", true},
	{"seconds", 0, "N", "search for so long (default 60)"},
	{"report", 0, "FILE",
	 "write a table of the rules there: hits, slots saved, an example of each", true},
	{"min-hits", 0, "N", "only windows that stand in so many places (default 2)"},
	{"effort", 0, "N", "0 to 2: how long to search for each window (default 1)"},
	{"cpu", 0, "LEVEL",
	 "instructions that may be used: v1 to v4, or same (default): each object's own level"},
	{"for", 0, "GOAL", "size, speed or verifier: what a row must be cheaper in (default size)"},
	{"raw", 0, NULL, "take the windows of the objects as they are, before the passes"},
	{"after", 0, "PASS",
	 "take the windows that this pass leaves, each time that it ran, before the passes behind it"},
	{"new", 0, NULL, "leave out windows of which a rule that ships makes something, if only of a part"},
	{"threads", 0, "N", "1 or 2 (default 2)"},
	{"seed", 0, "N", "another seed takes other random steps (default 1)"},
	{"cache", 0, "FILE",
	 "keep what was found there (default: search.db in the user's cache); none: nowhere"},
	{"verbose", 'v', NULL, "tell how far it is, also when standard error is no terminal"},
	{0},
};
const char skep_about_learn[] =
	"Optimizes the objects, takes the windows of instructions that are left (as optimize --search does), counts them, "
	"and searches the commonest first. What is found becomes a rule: immediates become parameters, with the "
	"weakest condition found under which the rule holds for all of them, which a solver proves. Rules are written in the "
	"language of docs/rules.md, the most useful first.\n\n"
	"Ctrl-C ends the search; what was learned is written. Answers are kept in the cache, so the next run goes on.\n\n"
	"Objects that cannot be read are told of and left out; the exit status is 3 then.";

enum { CHUNK = 192 };

struct learnt {
	const struct skep_rule *rule;
	const struct skep_window *w;
	struct skep_found f;
	u32 hits, windows;
	u32 saved; /* slots, at each place */
	bool dropped;
};

struct learn {
	struct skep_cli *cli;
	struct skep_arena arena;
	const char *after;	    /* windows of after this pass; NULL: of the end */
	const struct skep_obj *obj; /* the one that is optimized */
	struct skep_harvest *harvest;
	struct skep_harvest_row **row;
	u32 nrow, searched, found;
	u32 read, unread; /* objects */
	u64 places;
	double end;
	u64 seconds, min_hits, effort, threads, seed;
	u32 cpu, mode;
	struct skep_run_cache *cache;
	const char *path;
	bool verbose, oom;
	bool only_new; /* no windows that a rule of the build covers */
	SKEP_VEC(learnt_vec, struct learnt) rule;
	struct learnt_vec missed; /* cheaper, but without a rule */
};

static bool over(void *user)
{
	const struct learn *l = user;

	return skep_searching_interrupted() || skep_searching_now() >= l->end;
}

static void tell(const struct learn *l, const char *what, u32 k, u32 n)
{
	char line[160];

	if (!l->verbose)
		return;
	snprintf(line, sizeof(line), "learn: %s %u of %u, %u made cheaper, %u rules\n", what, k, n,
		 l->found, l->rule.n);
	skep_cli_put(STDERR_FILENO, line, strlen(line));
}

/* --- harvest -------------------------------------------------------------------------- */

static void harvest_func(struct learn *l, struct skep_func *f)
{
	struct skep_arena scratch;
	volatile int oom = 0;

	skep_arena_init(&scratch);
	SKEP_GUARD(&scratch, oom, {
		skep_harvest_add(l->harvest, l->obj, f, l->cpu ? l->cpu : l->obj->level,
				 (enum skep_opt_mode)l->mode, &scratch);
	});
	skep_arena_fini(&scratch);
	l->oom |= oom != 0;
}

static void after_pass(void *user, const char *pass, struct skep_func *f, bool changed)
{
	struct learn *l = user;

	(void)changed;
	if (strcmp(pass, l->after) == 0)
		harvest_func(l, f);
}

static int harvest_one(struct learn *l, const char *path)
{
	struct skep_opt_opts o = {.sz = sizeof(o),
				  .cpu = l->cpu,
				  .mode = (enum skep_opt_mode)l->mode,
				  .after_pass = l->after ? after_pass : NULL,
				  .user = l};
	struct skep_opt_result res = {0};
	struct skep_input *in;
	int err = skep_cli_load(l->cli, path, &in);

	if (err)
		return err;
	l->obj = in->file->obj;
	res.arena = &in->arena;
	if (!skep_cli_flag(l->cli, "raw"))
		err = skep_opt_run(in->file->obj, &o, &in->ds, &res);
	if (err)
		return skep_cli_fail(l->cli, in, err);
	for (u32 k = 0; k < l->obj->nfunc && !l->after; k++)
		harvest_func(l, l->obj->func[k]);
	if (l->oom)
		return skep_cli_fail(l->cli, in, SKEP_ENOMEM);
	/* Windows are copies; the object is not needed any more, and there are many. */
	skep_arena_fini(&in->arena);
	skep_arena_init(&in->arena);
	in->file = NULL;
	skep_cli_drop_image(in);
	return 0;
}

/* An object that cannot be read is no reason to leave out the others. */
static int harvest(struct learn *l, int argc, char **argv)
{
	l->harvest = skep_harvest_new(&l->arena);
	for (int k = 0; k < argc && !skep_searching_interrupted(); k++) {
		int err = harvest_one(l, argv[k]);

		if (err && err != SKEP_EXIT_INPUT)
			return err;
		l->read += !err;
		l->unread += err != 0;
		if (k % 50 == 49)
			tell(l, "objects", (u32)k + 1, (u32)argc);
	}
	return l->unread && !l->read ? SKEP_EXIT_INPUT : 0;
}

/* --- rules -------------------------------------------------------------------------------- */

static u32 slots_of(const struct skep_ins *in, u32 n)
{
	u32 s = 0;

	for (u32 k = 0; k < n; k++)
		s += skep_ins_slots(&in[k]);
	return s;
}

static bool shipped(const struct skep_window *w)
{
	const struct skep_rule_index *x = &skep_opt_rules;
	u32 key = skep_rule_key(&w->in[w->n - 1]);

	for (u32 k = x->first[key]; k < x->first[key + 1]; k++)
		if (skep_rule_covers(&x->rule[x->order[k]], w))
			return true;
	return false;
}

/* Does one of the rules (but number `except`) apply to the window, or to a part of it? */
static bool covered(const struct learn *l, const struct skep_window *w, u32 except)
{
	for (u32 which = 1; which < 1u << w->n; which++) {
		struct skep_window part;

		if (!skep_window_part(w, which, &part))
			continue;
		if (l->only_new && shipped(&part))
			return true;
		for (u32 k = 0; k < l->rule.n; k++)
			if (k != except && !l->rule.v[k].dropped &&
			    skep_rule_covers(l->rule.v[k].rule, &part))
				return true;
	}
	return false;
}

static void learn_one(struct learn *l, const struct skep_harvest_row *row,
		      const struct skep_found *f)
{
	struct skep_learn_opts o = {.sz = sizeof(o), .seed = l->seed};
	const char *name = skep_arena_printf(&l->arena, "learned-%u", l->rule.n + 1);
	struct learnt x = {.w = &row->w, .f = *f, .hits = row->hits, .windows = 1};

	l->found++;
	if (covered(l, &row->w, UINT32_MAX))
		return;
	x.saved = slots_of(row->w.in, row->w.n) - slots_of(f->in, f->n);
	x.rule = skep_learn_rule(&row->w, f, name, &o, &l->arena);
	if (x.rule)
		*SKEP_VEC_PUSH(&l->arena, &l->rule) = x;
	else
		*SKEP_VEC_PUSH(&l->arena, &l->missed) = x;
}

/* Search the next windows that no rule covers; returns how far that came. */
static u32 learn_chunk(struct learn *l, u32 from)
{
	struct skep_harvest_row *row[CHUNK];
	struct skep_found found[CHUNK];
	struct skep_run_windows job = {.row = row,
				       .found = found,
				       .effort = (u32)l->effort,
				       .seed = l->seed,
				       .threads = (u32)l->threads,
				       .stop = over,
				       .user = l};
	u32 k = from;

	if (l->cache)
		job.cache = (struct skep_search_cache){skep_run_cache_get, skep_run_cache_put,
						       l->cache};
	for (; k < l->nrow && job.n < CHUNK && l->row[k]->hits >= l->min_hits; k++)
		if (!covered(l, &l->row[k]->w, UINT32_MAX))
			row[job.n++] = l->row[k];
	skep_run_windows(&job);
	l->searched += job.n;
	for (u32 i = 0; i < job.n && !skep_searching_interrupted(); i++)
		if (found[i].n != UINT8_MAX)
			learn_one(l, row[i], &found[i]);
	return k;
}

/* --- what is worth keeping ----------------------------------------------------------------------
 */

static int more_useful(const void *a, const void *b)
{
	const struct learnt *x = a, *y = b;
	u64 p = (u64)x->hits * x->saved, q = (u64)y->hits * y->saved;

	if (p != q)
		return p > q ? -1 : 1;
	return x->windows > y->windows ? -1 : x->windows < y->windows;
}

static void count_hits(struct learn *l)
{
	for (u32 k = 0; k < l->rule.n; k++) {
		struct learnt *x = &l->rule.v[k];

		x->hits = x->windows = 0;
		for (u32 i = 0; i < l->nrow; i++)
			if (skep_rule_covers(x->rule, &l->row[i]->w)) {
				x->hits += l->row[i]->hits;
				x->windows++;
			}
	}
}

/*
 * The most useful first; the least useful go, one by one, as long as another rule
 * makes something of their window as well.
 */
static void choose(struct learn *l)
{
	u32 n = 0;

	if (!l->rule.n)
		return;
	count_hits(l);
	qsort(l->rule.v, l->rule.n, sizeof(l->rule.v[0]), more_useful);
	for (u32 k = l->rule.n; k-- > 0;)
		l->rule.v[k].dropped = covered(l, l->rule.v[k].w, k);
	for (u32 k = 0; k < l->rule.n; k++)
		if (!l->rule.v[k].dropped)
			l->rule.v[n++] = l->rule.v[k];
	l->rule.n = n;
}

/* --- what is written
 * ------------------------------------------------------------------------------- */

static int write_rules(struct learn *l)
{
	const char *path = skep_cli_opt(l->cli, "output");
	struct skep_buf b = {0};
	int err;

	if (!path)
		return 0;
	skep_buf_puts(
		&b,
		"# SPDX-License-Identifier: BSD-2-Clause\n# Learned by skep learn, the most useful first.\n");
	for (u32 k = 0; k < l->rule.n; k++) {
		struct skep_rule r = *l->rule.v[k].rule;

		r.name = skep_arena_printf(&l->arena, "learned-%u", k + 1);
		r.hits = l->rule.v[k].hits;
		skep_buf_puts(&b, "\n");
		skep_rule_print(&r, &b);
	}
	err = b.failed ? skep_cli_fail(l->cli, NULL, SKEP_ENOMEM)
		       : skep_cli_write(l->cli, path, b.p, b.n);
	skep_buf_fini(&b);
	return err;
}

/* Instructions in one line, for a cell of a table. */
static void print_cell(const struct skep_ins *in, u32 n, struct skep_buf *b)
{
	const struct skep_isa_syms to = {.target = "L"};

	for (u32 k = 0; k < n; k++) {
		skep_buf_puts(b, k ? "; " : "`");
		skep_isa_print(&in[k], skep_is_cond(in[k].op) ? &to : NULL, b);
	}
	skep_buf_puts(b, n ? "`" : "nothing");
}

static void print_row(const struct learnt *x, const char *rule, struct skep_buf *b)
{
	skep_buf_printf(b, "| %s | %u | %u | %u | ", rule, x->hits, x->windows, x->saved);
	print_cell(x->w->in, x->w->n, b);
	skep_buf_puts(b, " | ");
	print_cell(x->f.in, x->f.n, b);
	skep_buf_puts(b, " |\n");
}

static int write_report(struct learn *l)
{
	const char *path = skep_cli_opt(l->cli, "report");
	struct skep_buf b = {0};
	int err;

	if (!path)
		return 0;
	skep_buf_printf(
		&b,
		"# What was learned\n\n%u windows that stand in %llu places; %u searched, %u made cheaper, %u of which without a rule; %u rules.\n\n"
		"| rule | places | windows | slots saved | before | after |\n|---|---|---|---|---|---|\n",
		l->nrow, (unsigned long long)l->places, l->searched, l->found, l->missed.n,
		l->rule.n);
	for (u32 k = 0; k < l->rule.n; k++)
		print_row(&l->rule.v[k], skep_arena_printf(&l->arena, "learned-%u", k + 1), &b);
	for (u32 k = 0; k < l->missed.n; k++)
		print_row(&l->missed.v[k], "none", &b);
	err = b.failed ? skep_cli_fail(l->cli, NULL, SKEP_ENOMEM)
		       : skep_cli_write(l->cli, path, b.p, b.n);
	skep_buf_fini(&b);
	return err;
}

static void summary(struct learn *l)
{
	struct skep_cli *cli = l->cli;
	const char *output = skep_cli_opt(cli, "output"), *report = skep_cli_opt(cli, "report");

	if (cli->json) {
		skep_json_kint(&cli->j, "objects", l->read);
		skep_json_kint(&cli->j, "unread", l->unread);
		skep_json_kint(&cli->j, "windows", l->nrow);
		skep_json_kint(&cli->j, "places", (s64)l->places);
		skep_json_kint(&cli->j, "searched", l->searched);
		skep_json_kint(&cli->j, "found", l->found);
		skep_json_kint(&cli->j, "unproved", l->missed.n);
		skep_json_kbool(&cli->j, "interrupted", skep_searching_interrupted());
		skep_json_key(&cli->j, "rules");
		skep_json_open(&cli->j, '[');
		for (u32 k = 0; k < l->rule.n; k++) {
			skep_json_open(&cli->j, '{');
			skep_json_kstr(&cli->j, "name",
				       skep_arena_printf(&l->arena, "learned-%u", k + 1));
			skep_json_kint(&cli->j, "places", l->rule.v[k].hits);
			skep_json_kint(&cli->j, "windows", l->rule.v[k].windows);
			skep_json_kint(&cli->j, "slots_saved", l->rule.v[k].saved);
			skep_json_close(&cli->j, '}');
		}
		skep_json_close(&cli->j, ']');
	} else if (!(output && strcmp(output, "-") == 0) && !(report && strcmp(report, "-") == 0)) {
		skep_buf_printf(
			&cli->out,
			"%u windows in %llu places: %u searched, %u made cheaper, %u rules%s%s\n",
			l->nrow, (unsigned long long)l->places, l->searched, l->found, l->rule.n,
			l->unread ? skep_arena_printf(&l->arena, "; %u of %u objects not read",
						      l->unread, l->unread + l->read)
				  : "",
			skep_searching_interrupted() ? "; interrupted" : "");
	}
}

/* --- the command
 * --------------------------------------------------------------------------------------- */

/* A pass that does not exist would silently leave no windows. */
static int check_after(struct learn *l)
{
	struct skep_cli *cli = l->cli;
	u32 n, k = 0;
	const struct skep_pass *p = skep_opt_passes(&n);

	l->after = skep_cli_opt(cli, "after");
	if (l->after && skep_cli_flag(cli, "raw")) {
		SKEP_CLI_DIAG(cli, CONFLICT, "--after", "--raw", "without passes there is nothing after one");
		return SKEP_EXIT_USAGE;
	}
	while (l->after && k < n && strcmp(p[k].name, l->after) != 0)
		k++;
	if (!l->after || k < n)
		return 0;
	SKEP_CLI_DIAG(cli, BAD_VALUE, l->after, "--after", "the name of a pass (skep list passes)");
	return SKEP_EXIT_USAGE;
}

static int read_options(struct learn *l)
{
	struct skep_cli *cli = l->cli;
	int err = skep_cli_num(cli, "seconds", 1, 1000000, &l->seconds);

	if (!err)
		err = skep_cli_num(cli, "min-hits", 1, 1000000, &l->min_hits);
	if (!err)
		err = skep_cli_num(cli, "effort", 0, SKEP_EFFORTS - 1, &l->effort);
	if (!err)
		err = skep_cli_num(cli, "threads", 1, 2, &l->threads);
	if (!err)
		err = skep_cli_num(cli, "seed", 0, UINT64_MAX, &l->seed);
	if (!err)
		err = check_after(l);
	return err ? err : skep_cli_goal(cli, &l->mode, &l->cpu);
}

static int learn(struct learn *l, int argc, char **argv)
{
	int err = read_options(l);

	if (err)
		return err;
	skep_searching_catch();
	err = harvest(l, argc, argv);
	if (err)
		return err;
	l->row = skep_harvest_sort(l->harvest, &l->nrow);
	for (u32 k = 0; k < l->nrow; k++)
		l->places += l->row[k]->hits;
	l->cache = skep_searching_cache(l->cli, &l->path);
	l->end = skep_searching_now() + (double)l->seconds;
	for (u32 k = 0; k < l->nrow && l->row[k]->hits >= l->min_hits && !over(l);
	     tell(l, "windows", k, l->nrow))
		k = learn_chunk(l, k);
	choose(l);
	err = write_rules(l);
	if (!err)
		err = write_report(l);
	if (!err)
		summary(l);
	return !err && l->unread ? SKEP_EXIT_INPUT : err;
}

int skep_cmd_learn(struct skep_cli *cli, int argc, char **argv)
{
	struct learn l = {
		.cli = cli, .seconds = 60, .min_hits = 2, .effort = 1, .threads = 2, .seed = 1};
	volatile int err = 0;
	int oom = 0;

	l.verbose = skep_cli_flag(cli, "verbose") || isatty(STDERR_FILENO);
	l.only_new = skep_cli_flag(cli, "new");
	skep_arena_init(&l.arena);
	SKEP_GUARD(&l.arena, oom, { err = learn(&l, argc, argv); });
	if (oom)
		err = skep_cli_fail(cli, NULL, SKEP_ENOMEM);
	skep_run_cache_close(l.cache);
	skep_arena_fini(&l.arena);
	return err;
}
