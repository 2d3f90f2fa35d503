/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A judge that is asked ahead and one that is asked at once give the same object, whatever
 * it refuses and however late it answers: "ahead [-q] [-s SEED] FILE...". The judge is a
 * function of pass and instruction that refuses some edits, here one in `rate`; the late one
 * answers when a random number says so, and checks that what it was given stayed as it was.
 */
#include <sys/resource.h>

#include "obj/obj.h"
#include "opt/opt.h"
#include "../slurp.h"

static u64 seed = 1;
static u32 taken_back, steps;

struct judge {
	u32 rate;
	struct skep_rng rng;
	u64 seen; /* hash of all that was judged for good */
	int open;
	bool idle;
};

/* What the judge is asked: kept until the answer. */
struct question {
	struct skep_arena arena;
	struct skep_opt_step *step;
	u64 hash;
};

/* --- the judge ------------------------------------------------------------------------ */

static u64 hash_func(const struct skep_func *f, u64 h)
{
	SKEP_FOR_INSN(i, f) {
		u64 row[] = {i->id, i->in.op, i->in.size, i->in.form, i->in.dst, i->in.src, (u64)i->in.imm, i->ref,
			     i->target ? i->target->id : 0, i->callee ? i->callee->index + 1 : 0, i->njumps};

		h = skep_hash(row, sizeof(row), h);
	}
	return h;
}

static u64 hash_step(const struct skep_opt_step *s)
{
	u64 h = hash_func(s->before, skep_hash(s->pass, strlen(s->pass), seed));

	h = hash_func(s->after, h);
	for (u32 k = 0; k < s->nedit; k++)
		h = skep_hash(&s->edit[k].number, sizeof(u32), skep_hash(&s->edit[k].before[0].id, sizeof(u32), h));
	return h;
}

static bool approves(const struct judge *j, const struct skep_opt_step *s)
{
	for (u32 k = 0; k < s->nedit; k++) {
		u64 h = skep_hash(&s->edit[k].before[0].id, sizeof(u32), skep_hash(s->pass, strlen(s->pass), seed));

		if (h % j->rate == 0)
			return false;
	}
	return true;
}

static bool at_once(void *user, const struct skep_opt_step *s)
{
	struct judge *j = user;

	j->seen = j->seen * 31 + hash_step(s);
	return approves(j, s);
}

static void *begin(void *user, struct skep_arena **arena)
{
	struct judge *j = user;
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	skep_arena_init(&q->arena);
	*arena = &q->arena;
	j->open++;
	return q;
}

static void ask(void *user, void *question, struct skep_opt_step *step)
{
	struct question *q = question;

	(void)user;
	q->step = step;
	q->hash = hash_step(step);
}

static void drop(void *user, void *question)
{
	struct judge *j = user;
	struct question *q = question;

	skep_arena_fini(&q->arena);
	free(q);
	j->open--;
	taken_back++;
}

/* Asked for once, behind all questions. */
static void idle(void *user)
{
	struct judge *j = user;

	j->idle = j->open == 0 && !j->idle;
}

static int answer(void *user, void *question, bool wait)
{
	struct judge *j = user;
	struct question *q = question;
	int yes;

	if (!wait && skep_rng_below(&j->rng, 8))
		return -1;
	if (hash_step(q->step) != q->hash || skep_func_check(q->step->before) || skep_func_check(q->step->after)) {
		printf("FAIL what was asked has changed (seed %llu)\n", (unsigned long long)seed);
		exit(1);
	}
	j->seen = j->seen * 31 + q->hash;
	yes = approves(j, q->step);
	drop(user, question);
	taken_back--;
	steps++;
	return yes;
}

/* --- one object ------------------------------------------------------------------------- */

struct result {
	struct skep_buf out;
	u32 nedit, nrefused, rounds;
	u64 refused, seen;
};

static int optimize(const char *path, void *image, size_t len, u32 rate, bool ahead, struct result *r)
{
	struct judge j = {.rate = rate};
	struct skep_opt_ahead how = {&j, begin, ask, answer, drop, idle};
	struct skep_opt_opts o = {.sz = sizeof(o), .check = true, .judge = at_once, .judge_user = &j};
	struct skep_opt_result res = {0};
	struct skep_objfile *file;
	struct skep_arena arena;
	struct skep_diags ds;
	int err;

	skep_rng_init(&j.rng, seed);
	skep_arena_init(&arena);
	skep_diags_init(&ds);
	if (ahead)
		o.ahead = &how;
	err = skep_obj_read(image, len, &arena, &ds, &file);
	res.arena = &arena;
	if (!err)
		err = skep_opt_run(file->obj, &o, &ds, &res);
	if (!err)
		err = skep_obj_write(file, 0, &ds, &r->out);
	if (err || j.open)
		printf("FAIL %s: error %d, %d questions without an end (seed %llu)\n", path, err, j.open,
		       (unsigned long long)seed);
	if (ahead && !err && !j.idle)
		printf("FAIL %s: the object may go while threads look at it (seed %llu)\n", path, (unsigned long long)seed);
	err |= ahead && !j.idle;
	r->nedit = res.nedit;
	r->nrefused = res.nrefused;
	r->rounds = res.rounds;
	r->seen = j.seen;
	for (u32 k = 0; k < res.nrefused; k++)
		r->refused = skep_hash(res.refused[k].pass, strlen(res.refused[k].pass), r->refused + res.refused[k].id);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
	return err || j.open;
}

static int check(const char *path)
{
	static const u32 rates[] = {7, 60, UINT32_MAX};
	size_t len;
	void *image = slurp(path, &len);
	int bad = !image;

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(rates) && !bad; k++) {
		struct result a = {0}, b = {0};

		bad = optimize(path, image, len, rates[k], false, &a) || optimize(path, image, len, rates[k], true, &b);
		if (!bad && (a.nedit != b.nedit || a.nrefused != b.nrefused || a.rounds != b.rounds || a.refused != b.refused ||
			     a.out.n != b.out.n || memcmp(a.out.p, b.out.p, a.out.n))) {
			printf("FAIL %s: rate %u: %u and %u edits, %u and %u refused (seed %llu)\n", path, rates[k], a.nedit,
			       b.nedit, a.nrefused, b.nrefused, (unsigned long long)seed);
			bad = 1;
		}
		/* Without a refusal the same questions were put in the same order. */
		if (!bad && rates[k] == UINT32_MAX && (a.seen != b.seen || a.nrefused)) {
			printf("FAIL %s: other questions\n", path);
			bad = 1;
		}
		skep_buf_fini(&a.out);
		skep_buf_fini(&b.out);
	}
	free(image);
	return bad;
}

/* --- what it takes ---------------------------------------------------------------------- */

enum { DEAD = 300, BESIDE = 8, REFUSE_ONE_IN = 8, MOST_MIB = 128 };

static long peak_mib(void)
{
	struct rusage u = {0};

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss / 1024;
}

/* A pass that is run a thousand times, as halving does, takes the memory of a few runs. */
static int check_memory(void)
{
	struct skep_buf text = {0}, image = {0};
	struct skep_objfile *file = NULL;
	struct skep_arena arena;
	struct skep_diags ds;
	struct result r = {0};
	long before;
	int bad;

	skep_buf_puts(&text,
		      ".license \"GPL\"\n.section \"socket\"\n.func f\nr0 = *(u32 *)(r1 + 0)\n");
	for (u32 k = 0; k < DEAD * (BESIDE + 1); k++)
		skep_buf_puts(&text, k % (BESIDE + 1) ? "r0 *= 3\n" : "r2 = 1\n");
	skep_buf_puts(&text, "exit\n");
	skep_arena_init(&arena);
	skep_diags_init(&ds);
	bad = skep_obj_parse(text.p, text.n, &arena, &ds, &file) ||
	      skep_obj_write(file, 0, &ds, &image);
	before = peak_mib();
	bad = bad || optimize("what is dead", image.p, image.n, REFUSE_ONE_IN, false, &r);
	if (!bad && (peak_mib() - before > MOST_MIB || r.nrefused < DEAD / REFUSE_ONE_IN / 2)) {
		printf("FAIL %u edits refused, %ld MiB more (seed %llu)\n", r.nrefused,
		       peak_mib() - before, (unsigned long long)seed);
		bad = 1;
	}
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
	skep_buf_fini(&text);
	skep_buf_fini(&image);
	skep_buf_fini(&r.out);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = check_memory(), n = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-s") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "-q") != 0) {
			bad += check(argv[i]);
			n++;
		}
	}
	printf("seed %llu: %u steps judged late, %u taken back\n%d passed, %d failed, 0 skipped\n", (unsigned long long)seed,
	       steps, taken_back, n - bad, bad);
	return bad || !taken_back || !steps;
}
