/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proofs beside the passes: questions wait in the order in which they came, threads take
 * them. Each has an arena with all that it is about, and a solver of its own, so its answer
 * does not depend on the others. What comes of it is put down when the answer is taken, by
 * the thread that asked.
 */
#include <pthread.h>
#include <stdlib.h>

#include "run/run_impl.h"

enum state { OPEN, WAITING, BUSY, DONE };

struct ask {
	struct ask *next, **link; /* among all */
	struct ask *behind;	  /* among those that wait */
	struct skep_arena arena;
	struct skep_opt_step *step;
	struct proving w;
	enum state state;
	atomic_bool dropped; /* while BUSY */
};

struct skep_run_beside {
	struct skep_run_proofs *proofs;
	struct skep_opt_ahead ahead;
	pthread_mutex_t lock;
	pthread_cond_t come, done;
	struct ask *all, *first, **last;
	pthread_t *thread;
	u32 threads;
	bool stop;
};

static void release(struct ask *a)
{
	skep_arena_fini(&a->arena);
	free(a);
}

static void end(struct ask *a)
{
	if (a->next)
		a->next->link = a->link;
	*a->link = a->next;
	release(a);
}

/* --- a thread ----------------------------------------------------------------------------- */

static void prove(struct skep_run_beside *b, struct ask *a, struct skep_arena *scratch)
{
	int oom = 0;

	a->w.arena = scratch;
	a->w.keep = &a->arena;
	a->w.stop = &a->dropped;
	SKEP_GUARD(scratch, oom, {
		a->arena.on_oom = scratch->on_oom;
		skep_run_prove_step(b->proofs, a->step, &a->w);
	});
	a->arena.on_oom = NULL;
	skep_arena_release(scratch, (struct skep_arena_mark){0});
	if (oom)
		a->w.result = (struct skep_prove_result){.verdict = SKEP_PROVE_UNKNOWN,
							 .reason = "out of memory"};
}

static void *work(void *arg)
{
	struct skep_run_beside *b = arg;
	struct skep_arena scratch;

	skep_arena_init(&scratch);
	pthread_mutex_lock(&b->lock);
	for (;;) {
		struct ask *a = b->first;

		if (b->stop)
			break;
		if (!a) {
			pthread_cond_wait(&b->come, &b->lock);
			continue;
		}
		b->first = a->behind;
		if (!b->first)
			b->last = &b->first;
		a->state = BUSY;
		pthread_mutex_unlock(&b->lock);
		prove(b, a, &scratch);
		pthread_mutex_lock(&b->lock);
		a->state = DONE;
		if (a->dropped)
			end(a);
		pthread_cond_signal(&b->done);
	}
	pthread_mutex_unlock(&b->lock);
	skep_arena_fini(&scratch);
	return NULL;
}

/* --- the judge ------------------------------------------------------------------------------ */

static void *begin(void *user, struct skep_arena **arena)
{
	struct skep_run_beside *b = user;
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	skep_arena_init(&a->arena);
	pthread_mutex_lock(&b->lock);
	a->next = b->all;
	a->link = &b->all;
	if (a->next)
		a->next->link = &a->next;
	b->all = a;
	pthread_mutex_unlock(&b->lock);
	*arena = &a->arena;
	return a;
}

static void ask(void *user, void *question, struct skep_opt_step *step)
{
	struct skep_run_beside *b = user;
	struct ask *a = question;

	a->step = step;
	pthread_mutex_lock(&b->lock);
	a->state = WAITING;
	a->behind = NULL;
	*b->last = a;
	b->last = &a->behind;
	pthread_cond_signal(&b->come);
	pthread_mutex_unlock(&b->lock);
}

static int answer(void *user, void *question, bool wait)
{
	struct skep_run_beside *b = user;
	struct ask *a = question;
	bool yes;

	pthread_mutex_lock(&b->lock);
	while (wait && a->state != DONE)
		pthread_cond_wait(&b->done, &b->lock);
	if (a->state != DONE) {
		pthread_mutex_unlock(&b->lock);
		return -1;
	}
	pthread_mutex_unlock(&b->lock);
	yes = skep_run_prove_told(b->proofs, a->step, &a->w);
	pthread_mutex_lock(&b->lock);
	end(a);
	pthread_mutex_unlock(&b->lock);
	return yes;
}

static void drop(void *user, void *question)
{
	struct skep_run_beside *b = user;
	struct ask *a = question;

	pthread_mutex_lock(&b->lock);
	if (a->state == BUSY) {
		a->dropped = true;
	} else {
		for (struct ask **p = &b->first; a->state == WAITING && *p; p = &(*p)->behind)
			if (*p == a) {
				*p = a->behind;
				if (!a->behind)
					b->last = p;
				break;
			}
		end(a);
	}
	pthread_mutex_unlock(&b->lock);
}

/* Those that were dropped while a thread was at them stay in the list until it is done. */
static bool any_busy(const struct skep_run_beside *b)
{
	for (const struct ask *a = b->all; a; a = a->next)
		if (a->state == BUSY)
			return true;
	return false;
}

static void idle(void *user)
{
	struct skep_run_beside *b = user;

	pthread_mutex_lock(&b->lock);
	while (any_busy(b))
		pthread_cond_wait(&b->done, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static bool init(struct skep_run_beside *b, u32 threads)
{
	b->thread = calloc(threads, sizeof(*b->thread));
	if (!b->thread || pthread_mutex_init(&b->lock, NULL))
		return false;
	if (pthread_cond_init(&b->come, NULL)) {
		pthread_mutex_destroy(&b->lock);
		return false;
	}
	if (pthread_cond_init(&b->done, NULL)) {
		pthread_cond_destroy(&b->come);
		pthread_mutex_destroy(&b->lock);
		return false;
	}
	return true;
}

struct skep_run_beside *skep_run_beside_start(struct skep_run_proofs *p, u32 threads,
					      struct skep_opt_opts *opts)
{
	struct skep_run_beside *b;

	opts->judge = skep_run_judge;
	opts->judge_begin = skep_run_judge_begin;
	opts->judge_user = p;
	b = threads > 1 ? calloc(1, sizeof(*b)) : NULL;
	if (!b)
		return NULL;
	if (!init(b, threads)) {
		free(b->thread);
		free(b);
		return NULL;
	}
	b->proofs = p;
	b->last = &b->first;
	while (b->threads < threads && !pthread_create(&b->thread[b->threads], NULL, work, b))
		b->threads++;
	if (!b->threads) {
		skep_run_beside_stop(b);
		return NULL;
	}
	b->ahead = (struct skep_opt_ahead){b, begin, ask, answer, drop, idle};
	opts->ahead = &b->ahead;
	return b;
}

void skep_run_beside_stop(struct skep_run_beside *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_broadcast(&b->come);
	pthread_mutex_unlock(&b->lock);
	for (u32 k = 0; k < b->threads; k++)
		pthread_join(b->thread[k], NULL);
	for (struct ask *a = b->all, *next; a; a = next) {
		next = a->next;
		release(a);
	}
	pthread_cond_destroy(&b->done);
	pthread_cond_destroy(&b->come);
	pthread_mutex_destroy(&b->lock);
	free(b->thread);
	free(b);
}
