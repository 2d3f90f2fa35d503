/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was optimized is optimized again, three times: "twice FILE...". No program gets larger
 * or dearer to verify than may be, and with size as the goal neither does the file.
 */
#include "run/run.h"
#include "../slurp.h"

enum { TIMES = 3, DEARER = 5 };

static u32 passed, failed;

static void check(bool ok, const char *path, const char *goal, u32 time, const char *what)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("FAIL: %s, %s, run %u: %s\n", path, goal, time + 1, what);
}

static void check_programs(const struct skep_optimized *r, const char *path, const char *goal,
			   u32 time)
{
	const struct skep_obj *a = r->before->obj, *b = r->after->obj;

	for (u32 k = 0; k < a->nfunc; k++) {
		if (!(a->func[k]->flags & SKEP_FF_PROG))
			continue;
		check(skep_prog_slots(b, b->func[k]) <= skep_prog_slots(a, a->func[k]), path, goal,
		      time, "a program is larger");
		check(!r->before_cost[k] ||
			      (r->after_cost[k] &&
			       r->after_cost[k] * 100ull <= r->before_cost[k] * (100ull + DEARER)),
		      path, goal, time, "a program is dearer");
	}
}

static void goal(const char *path, enum skep_opt_mode mode, const char *name)
{
	const struct skep_opt_opts o = {.sz = sizeof(o), .mode = mode, .check = true};
	const struct skep_cost_opts cost = {.sz = sizeof(cost), .dearer = DEARER};
	struct skep_buf in = {0}, out = {0};
	size_t len = 0;
	void *image = slurp(path, &len);

	check(image != NULL, path, name, 0, "cannot be read");
	if (image)
		skep_buf_add(&in, image, len);
	free(image);
	for (u32 k = 0; k < TIMES && in.n; k++) {
		struct skep_optimized r;
		struct skep_arena a;
		struct skep_diags ds;
		int err;

		skep_arena_init(&a);
		skep_diags_init(&ds);
		err = skep_run_optimize(in.p, in.n, &o, NULL, &cost, &a, &ds, &r, &out);
		check(!err, path, name, k, "an error");
		if (!err) {
			check(mode != SKEP_OPT_SIZE || out.n <= in.n, path, name, k,
			      "the file is larger");
			check_programs(&r, path, name, k);
			in.n = 0;
			skep_buf_add(&in, out.p, out.n);
		}
		skep_diags_fini(&ds);
		skep_arena_fini(&a);
	}
	skep_buf_fini(&in);
	skep_buf_fini(&out);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		goal(argv[i], SKEP_OPT_SIZE, "size");
		goal(argv[i], SKEP_OPT_SPEED, "speed");
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0 || !passed;
}
