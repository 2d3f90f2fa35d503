/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules [--cvc5 PROGRAM] [--list] [--only NAME] [--jobs N] [FILE.rule...]: the rules of the build
 * that these files have must be proved by both solvers: one in process (Z3) and cvc5 in a process
 * of its own, which gets each question as it stands. Without files all rules of the build.
 *
 * rules --wrong WRONG.rule: the rules of this file must be refused by both, the first with values
 * on which the reference meaning differs.
 *
 * rules --whole FILE.rule...: proves nothing; the files together have all rules of the build, in
 * its order and none else, so those that are proved file by file are all.
 *
 * No answer in time is a failure, as is no rule. Exit status 77: one of the solvers is not there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "opt/opt.h"
#include "prove/prove.h"

enum { MIN_WRONG = 30, TIMEOUT_MS = 5000 };

struct test {
	const char *cvc5;
	bool list;
	const char *only; /* rules whose name has this */
	FILE *f; /* questions of the rule that is being proved */
	u32 asked;
	u32 passed, failed, questions;
};

static void question(void *user, const char *text, size_t n)
{
	struct test *t = user;

	if (t->asked++)
		fputs("(reset)\n", t->f);
	fwrite(text, 1, n, t->f);
}

/* How many of the answers were "unsat", "sat", other. */
struct answers {
	u32 unsat, sat, other;
};

static bool run_cvc5(const struct test *t, const char *path, struct answers *a)
{
	char command[4200], line[512];
	FILE *p;

	memset(a, 0, sizeof(*a));
	if (snprintf(command, sizeof(command), "%s --lang=smt2 --tlimit-per=%d %s 2>&1", t->cvc5,
		     8 * TIMEOUT_MS, path) >= (int)sizeof(command))
		return false;
	p = popen(command, "r");
	if (!p)
		return false;
	while (fgets(line, sizeof(line), p)) {
		a->unsat += strcmp(line, "unsat\n") == 0;
		a->sat += strcmp(line, "sat\n") == 0;
		a->other += strcmp(line, "unsat\n") != 0 && strcmp(line, "sat\n") != 0;
	}
	return pclose(p) != -1;
}

static const char *const verdicts[] = {"proved", "differs", "could not tell"};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void judge(struct test *t, const struct skep_rule *r, bool right)
{
	char path[] = "/tmp/skep-rule-XXXXXX";
	struct skep_prove_rule_opts o = {
		.sz = sizeof(o), .timeout_ms = TIMEOUT_MS, .question = question, .user = t};
	struct skep_prove_rule_result res;
	struct skep_arena arena;
	struct answers a = {0};
	int fd = mkstemp(path);
	double t0 = now(), t1;
	bool ok;

	t->f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!t->f) {
		perror(path);
		exit(1);
	}
	t->asked = 0;
	skep_arena_init(&arena);
	skep_prove_rule(r, &o, &arena, &res);
	t1 = now();
	ok = fclose(t->f) == 0 && run_cvc5(t, path, &a);
	unlink(path);
	t->questions += t->asked;
	/* All answered, and more than none. */
	ok = ok && a.other == 0 && a.sat + a.unsat == t->asked && t->asked;
	if (right)
		ok = ok && res.verdict == SKEP_PROVE_EQUAL && !a.sat;
	else
		ok = ok && a.sat && (res.verdict == SKEP_PROVE_DIFFERS ? res.replayed : res.gap);
	t->passed += ok;
	t->failed += !ok;
	if (!ok || t->list)
		printf("%s %s: %s%s%s%s%s%s; cvc5: %u unsat, %u sat, %u other of %u; %.2f + %.2f s\n",
		       ok ? "ok" : "FAIL", r->name, verdicts[res.verdict], res.reason ? ": " : "",
		       res.reason ? res.reason : "", res.values ? " at " : "",
		       res.values ? res.values : "",
		       res.verdict == SKEP_PROVE_DIFFERS && !res.replayed
			       ? " (which the reference does not show)"
			       : "",
		       a.unsat, a.sat, a.other, t->asked, t1 - t0, now() - t1);
	skep_arena_fini(&arena);
}

static struct skep_rules read_rules(struct skep_arena *arena, const char *path)
{
	struct skep_rules rules = {0};
	struct skep_diags ds;
	struct skep_buf text = {0};
	FILE *f = fopen(path, "rb");
	char piece[4096];
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	while ((n = fread(piece, 1, sizeof(piece), f)))
		skep_buf_add(&text, piece, n);
	fclose(f);
	skep_diags_init(&ds);
	if (skep_rules_parse(text.p, text.n, arena, &ds, &rules)) {
		struct skep_buf out = {0};

		skep_diags_print(&ds, path, &out);
		fputs(out.p, stderr);
		exit(1);
	}
	skep_diags_fini(&ds);
	skep_buf_fini(&text);
	return rules;
}

/* --- which of them --------------------------------------------------------------------- */

/* Rules to be judged. */
struct work {
	SKEP_VEC(rule_vec, const struct skep_rule *) rule;
	bool right; /* else all of them are wrong */
	u32 jobs;
};

static bool same_text(const struct skep_rule *a, const struct skep_rule *b)
{
	struct skep_buf x = {0}, y = {0};
	bool same;

	skep_rule_print(a, &x);
	skep_rule_print(b, &y);
	same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
	skep_buf_fini(&x);
	skep_buf_fini(&y);
	return same;
}

/* The rule as it was built in; names are unique. */
static const struct skep_rule *built_in(const struct skep_rule *r)
{
	for (u32 k = 0; k < skep_opt_rules.n; k++)
		if (strcmp(skep_opt_rules.rule[k].name, r->name) == 0)
			return same_text(&skep_opt_rules.rule[k], r) ? &skep_opt_rules.rule[k]
								     : NULL;
	return NULL;
}

/* All rules of a file; those that are right as they were built in. */
static bool add_file(struct work *w, struct skep_arena *arena, const char *path)
{
	struct skep_rules rules = read_rules(arena, path);

	for (u32 k = 0; k < rules.n; k++) {
		const struct skep_rule *r = w->right ? built_in(&rules.rule[k]) : &rules.rule[k];

		if (!r) {
			printf("FAIL %s: rule %s is not in the build as it stands here\n", path,
			       rules.rule[k].name);
			return false;
		}
		*SKEP_VEC_PUSH(arena, &w->rule) = r;
	}
	return true;
}

/* Are these all rules of the build, one after the other? */
static int whole(struct skep_arena *arena, char **path, int n)
{
	struct work w = {.right = true};
	u32 k = 0;
	bool ok = n > 0;

	for (int i = 0; i < n; i++)
		ok &= add_file(&w, arena, path[i]);
	while (k < w.rule.n && k < skep_opt_rules.n && w.rule.v[k] == &skep_opt_rules.rule[k])
		k++;
	if (k < skep_opt_rules.n || k < w.rule.n) {
		printf("FAIL the build has %u rules, the files %u, of which the first %u are the same\n",
		       skep_opt_rules.n, w.rule.n, k);
		ok = false;
	}
	if (ok)
		printf("%u rules in %d files are all of the build\n", w.rule.n, n);
	printf("%d passed, %d failed, 0 skipped\n", ok, !ok);
	return !ok;
}

/* --- all of them, on several processors ------------------------------------------------- */

/* Every `jobs`-th rule from `first` on in a process of its own, which writes its counts. */
static bool start(struct test *t, const struct work *w, u32 first, int to)
{
	pid_t pid = fork();

	if (pid)
		return pid > 0;
	for (u32 i = first; i < w->rule.n; i += w->jobs)
		if (!t->only || strstr(w->rule.v[i]->name, t->only))
			judge(t, w->rule.v[i], w->right);
	_exit(write(to, t, sizeof(*t)) != (ssize_t)sizeof(*t));
}

static bool judge_all(struct test *t, const struct work *w)
{
	u32 started = 0, ended = 0;
	int pipes[2], status;
	struct test part;
	bool ok = true;

	if (pipe(pipes)) {
		perror("pipe");
		return false;
	}
	fflush(stdout);
	for (; started < w->jobs && start(t, w, started, pipes[1]); started++)
		;
	close(pipes[1]);
	for (; read(pipes[0], &part, sizeof(part)) == (ssize_t)sizeof(part); ended++) {
		t->passed += part.passed;
		t->failed += part.failed;
		t->questions += part.questions;
	}
	close(pipes[0]);
	while (wait(&status) > 0)
		ok &= status == 0;
	return ok && ended == w->jobs;
}

static int run(struct test *t, const struct work *w)
{
	struct answers a;
	bool ok;

	if (!skep_smt_solver() || (run_cvc5(t, "--version", &a) && a.other < 2)) {
		printf("SKIP: two solvers are needed: %s is not there\n",
		       skep_smt_solver() ? "cvc5" : "Z3");
		return 77;
	}
	ok = judge_all(t, w);
	printf("%u passed, %u failed, 0 skipped\n%u rules %s both solvers, %u questions each\n",
	       t->passed, t->failed, t->passed, w->right ? "proved by" : "refused by",
	       t->questions);
	if (!w->right && w->rule.n < MIN_WRONG) {
		printf("FAIL too few wrong rules\n");
		ok = false;
	}
	return !ok || t->failed || !t->passed || (!t->only && t->passed < w->rule.n);
}

/* The value of an option, or NULL. */
static const char *value(int argc, char **argv, int *k, const char *name)
{
	if (*k + 1 >= argc || strcmp(argv[*k], name) != 0)
		return NULL;
	*k += 2;
	return argv[*k - 1];
}

static int usage(void)
{
	fprintf(stderr,
		"usage: rules [--cvc5 PROGRAM] [--list] [--only NAME] [--jobs N] [FILE.rule...]\n"
		"       rules --wrong FILE.rule\n       rules --whole FILE.rule...\n");
	return 2;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct work w = {.right = true, .jobs = cpus > 1 ? (u32)cpus : 1};
	struct test t = {.cvc5 = "cvc5"};
	struct skep_arena arena;
	const char *v;
	int k = 1, status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	skep_arena_init(&arena);
	if (k < argc && strcmp(argv[k], "--whole") == 0) {
		status = whole(&arena, argv + 2, argc - 2);
		skep_arena_fini(&arena);
		return status;
	}
	while (k < argc && argv[k][0] == '-') {
		if (strcmp(argv[k], "--list") == 0 && k++)
			t.list = true;
		else if (strcmp(argv[k], "--wrong") == 0 && k++)
			w.right = false;
		else if ((v = value(argc, argv, &k, "--cvc5")))
			t.cvc5 = v;
		else if ((v = value(argc, argv, &k, "--only")))
			t.only = v;
		else if ((v = value(argc, argv, &k, "--jobs")) && sscanf(v, "%u", &w.jobs) == 1 &&
			 w.jobs)
			continue;
		else
			return usage();
	}
	if (k == argc && !w.right)
		return usage();
	for (u32 i = 0; k == argc && i < skep_opt_rules.n; i++)
		*SKEP_VEC_PUSH(&arena, &w.rule) = &skep_opt_rules.rule[i];
	for (; k < argc && !status; k++)
		status = !add_file(&w, &arena, argv[k]);
	status = status ? status : run(&t, &w);
	skep_arena_fini(&arena);
	return status;
}
