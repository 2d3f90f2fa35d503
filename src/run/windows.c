/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many windows searched on a few threads. Each is searched by itself, so the answers
 * do not depend on how many threads there are; the cache is used by one at a time.
 */
#include "run/run.h"

#include <pthread.h>

struct pool {
	const struct skep_run_windows *job;
	pthread_mutex_t lock;
	u32 next;
};

static struct skep_found nothing(void)
{
	return (struct skep_found){.n = UINT8_MAX};
}

static bool recall(struct pool *p, const struct skep_window *w, const u8 *key, u32 len,
		   struct skep_found *f)
{
	const struct skep_search_cache *c = &p->job->cache;
	u32 effort = 0;
	bool known;

	if (!c->get)
		return false;
	pthread_mutex_lock(&p->lock);
	known = c->get(c->user, key, len, &effort, f);
	pthread_mutex_unlock(&p->lock);
	if (!known || f->n == UINT8_MAX)
		return known && effort >= p->job->effort;
	return skep_found_cheaper(w, f) && skep_found_bounded(w, f) &&
	       skep_found_prove(w, f, 0, NULL) == SKEP_FOUND_YES;
}

static void one(struct pool *p, u32 k)
{
	const struct skep_run_windows *j = p->job;
	const struct skep_window *w = &j->row[k]->w;
	struct skep_search_opts o = {.sz = sizeof(o),
				     .effort = j->effort,
				     .seed = j->seed,
				     .stop = j->stop,
				     .user = j->user};
	u8 key[SKEP_WIN_KEY];
	u32 len = skep_window_key(w, key);
	enum skep_search_result r;

	if (recall(p, w, key, len, &j->found[k]))
		return;
	r = skep_search_window(w, &o, &j->found[k], NULL);
	if (r != SKEP_SEARCH_FOUND)
		j->found[k] = nothing();
	if (r == SKEP_SEARCH_STOPPED || !j->cache.put)
		return;
	pthread_mutex_lock(&p->lock);
	j->cache.put(j->cache.user, key, len, j->effort, &j->found[k]);
	pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
	struct pool *p = arg;

	for (;;) {
		u32 k;

		pthread_mutex_lock(&p->lock);
		k = p->next++;
		pthread_mutex_unlock(&p->lock);
		if (k >= p->job->n)
			return NULL;
		if (p->job->stop && p->job->stop(p->job->user))
			p->job->found[k] = nothing();
		else
			one(p, k);
	}
}

void skep_run_windows(const struct skep_run_windows *job)
{
	struct pool p = {.job = job};
	pthread_t other;
	bool two;

	if (pthread_mutex_init(&p.lock, NULL))
		return;
	two = job->threads > 1 && pthread_create(&other, NULL, work, &p) == 0;
	work(&p);
	if (two)
		pthread_join(other, NULL);
	pthread_mutex_destroy(&p.lock);
}
