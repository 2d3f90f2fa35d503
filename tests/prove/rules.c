/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules [--cvc5 PROGRAM] [--list] [--only NAME] WRONG.rule: every rule of the build must be proved by both
 * solvers, each rule of the file refused by both: a solver in process (Z3), with values on
 * which the reference meaning differs, and cvc5 in a process of its own, which gets each
 * question as it stands. No answer in time is a failure, as is no rule. Exit status 77: one
 * of the solvers is not there.
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

/* --- all of them, on all processors ------------------------------------------------- */

/* Rule number `i`: those of the build, then the wrong ones. */
static void judge_number(struct test *t, const struct skep_rules *wrong, u32 i)
{
	bool right = i < skep_opt_rules.n;
	const struct skep_rule *r = right ? &skep_opt_rules.rule[i]
					  : &wrong->rule[i - skep_opt_rules.n];

	if (!t->only || strstr(r->name, t->only))
		judge(t, r, right);
}

/* Every `jobs`-th rule from `first` on in a process of its own, which writes its counts. */
static bool start(struct test *t, const struct skep_rules *wrong, u32 first, u32 jobs, int to)
{
	pid_t pid = fork();

	if (pid)
		return pid > 0;
	for (u32 i = first; i < skep_opt_rules.n + wrong->n; i += jobs)
		judge_number(t, wrong, i);
	_exit(write(to, t, sizeof(*t)) != (ssize_t)sizeof(*t));
}

static bool judge_all(struct test *t, const struct skep_rules *wrong)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	u32 jobs = cpus > 1 ? (u32)cpus : 1, started = 0, ended = 0;
	int pipes[2], status;
	struct test part;
	bool ok = true;

	if (pipe(pipes)) {
		perror("pipe");
		return false;
	}
	fflush(stdout);
	for (; started < jobs && start(t, wrong, started, jobs, pipes[1]); started++)
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
	return ok && ended == jobs;
}

int main(int argc, char **argv)
{
	struct test t = {.cvc5 = "cvc5"};
	struct skep_arena arena;
	struct skep_rules wrong;
	struct answers a;
	bool ok;
	int k = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (k + 1 < argc && strcmp(argv[k], "--cvc5") == 0) {
		t.cvc5 = argv[k + 1];
		k += 2;
	}
	if (k < argc && strcmp(argv[k], "--list") == 0) {
		t.list = true;
		k++;
	}
	if (k + 1 < argc && strcmp(argv[k], "--only") == 0) {
		t.only = argv[k + 1];
		k += 2;
	}
	if (k + 1 != argc) {
		fprintf(stderr,
			"usage: rules [--cvc5 PROGRAM] [--list] [--only NAME] WRONG.rule\n");
		return 2;
	}
	if (!skep_smt_solver() || (run_cvc5(&t, "--version", &a) && a.other < 2)) {
		printf("SKIP: two solvers are needed: %s is not there\n",
		       skep_smt_solver() ? "cvc5" : "Z3");
		return 77;
	}
	skep_arena_init(&arena);
	wrong = read_rules(&arena, argv[k]);
	ok = judge_all(&t, &wrong);
	printf("%u passed, %u failed, 0 skipped; %u rules proved and %u wrong ones refused by both solvers, %u questions each\n",
	       t.passed, t.failed, skep_opt_rules.n, wrong.n, t.questions);
	skep_arena_fini(&arena);
	return !ok || t.failed || (!t.only && t.passed < skep_opt_rules.n + wrong.n) || wrong.n < MIN_WRONG || !skep_opt_rules.n;
}
