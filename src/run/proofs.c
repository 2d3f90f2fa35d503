/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prover as the optimizer's judge: each run of a pass on a function is
 * proved before it counts. Here are the clock and the files that the questions
 * are written to; memory is the arena of the caller and each step's scratch.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "run/run_impl.h"

/* Processor time of this thread: what else the machine does is no part of a proof. */
static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void write_file(struct skep_run_proofs *p, const char *suffix, const char *text, size_t n)
{
	char path[4096];
	FILE *f;

	if (p->dump_error || (size_t)snprintf(path, sizeof(path), "%s/%06u%s", p->dump_dir,
					      p->ndump, suffix) >= sizeof(path))
		return;
	f = fopen(path, "w");
	if (!f || fwrite(text, 1, n, f) != n)
		p->dump_error = errno ? errno : EIO;
	if (f && fclose(f) && !p->dump_error)
		p->dump_error = errno;
}

/* --- one proof ------------------------------------------------------------------------ */

static void keep_question(void *user, const char *text, size_t n, const char *answer)
{
	struct proving *w = user;

	*SKEP_VEC_PUSH(w->keep, &w->question) =
		(struct question){skep_arena_memdup(w->keep, text, n), n, answer};
}

void skep_run_prove_step(const struct skep_run_proofs *p, const struct skep_opt_step *step,
			 struct proving *w)
{
	struct skep_prove_opts o = {.sz = sizeof(o),
				    .match = SKEP_PROVE_BY_ID,
				    .timeout_ms = p->timeout_ms,
				    .stop = w->stop,
				    .facts = step->facts,
				    .nfacts = step->nfacts};
	double t = now_ms();

	if (p->dump_dir) {
		o.dump = keep_question;
		o.user = w;
	}
	skep_prove_func(step->obj, step->before, step->obj, step->after, &o, w->arena, &w->result);
	/* Values on the way may be none that a program gets there: no difference is shown. */
	if (w->result.verdict == SKEP_PROVE_DIFFERS && !w->result.from_entry)
		w->result.verdict = SKEP_PROVE_UNKNOWN;
	w->result.reason = w->result.reason ? skep_arena_strdup(w->keep, w->result.reason) : NULL;
	w->result.values = w->result.values ? skep_arena_strdup(w->keep, w->result.values) : NULL;
	w->ms = now_ms() - t;
}

/* --- what is told of it ------------------------------------------------------------------ */

static struct skep_proof *slot(struct skep_run_proofs *p, u32 number)
{
	while (p->proof.n < number)
		memset(SKEP_VEC_PUSH(p->arena, &p->proof), 0, sizeof(struct skep_proof));
	return &p->proof.v[number - 1];
}

static void write_questions(struct skep_run_proofs *p, const struct proving *w)
{
	for (u32 k = 0; k < w->question.n; k++) {
		const struct question *q = &w->question.v[k];

		write_file(p, ".smt2", q->text, q->n);
		write_file(p, ".smt2.answer", q->answer, strlen(q->answer));
		p->ndump++;
	}
}

bool skep_run_prove_told(struct skep_run_proofs *p, const struct skep_opt_step *step,
			 const struct proving *w)
{
	const struct skep_prove_result *r = &w->result;

	write_questions(p, w);
	p->total_ms += w->ms;
	p->steps++;
	p->queries += r->queries;
	p->solved += r->solved;
	for (u32 k = 0; k < step->nedit; k++) {
		struct skep_proof *e = slot(p, step->edit[k].number);

		*e = (struct skep_proof){
			.verdict = r->verdict, .step = p->steps, .ms = w->ms / step->nedit};
	}
	/* If an edit is at fault, it is the last: without it the step was, or will be, proved. */
	if (r->verdict != SKEP_PROVE_EQUAL && step->nedit) {
		const struct skep_edit *e = &step->edit[step->nedit - 1];

		*SKEP_VEC_PUSH(p->arena, &p->failure) = (struct skep_refusal){
			step->pass,
			e->why,
			e->before[0].id,
			e->slot,
			e->func->name,
			r->verdict,
			skep_arena_strdup(p->arena, r->reason ? r->reason : ""),
			r->values ? skep_arena_strdup(p->arena, r->values) : NULL};
	}
	if (p->told)
		p->told(p->user, p);
	return r->verdict == SKEP_PROVE_EQUAL;
}

void skep_run_judge_begin(void *user)
{
	struct skep_run_proofs *p = user;

	memset(&p->proof, 0, sizeof(p->proof));
	memset(&p->failure, 0, sizeof(p->failure));
	p->steps = 0;
}

bool skep_run_judge(void *user, const struct skep_opt_step *step)
{
	struct skep_run_proofs *p = user;
	struct proving w = {.arena = step->scratch, .keep = step->scratch};

	skep_run_prove_step(p, step, &w);
	return skep_run_prove_told(p, step, &w);
}

const struct skep_refusal *skep_run_refusal(const struct skep_run_proofs *p,
					    const struct skep_deny *d)
{
	for (u32 k = p->failure.n; k-- > 0;)
		if (p->failure.v[k].id == d->id && strcmp(p->failure.v[k].pass, d->pass) == 0)
			return &p->failure.v[k];
	return NULL;
}
