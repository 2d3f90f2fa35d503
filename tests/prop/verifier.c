/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs, made by the fuzz target `program`: none that the verifier accepts
 * trips a check of the interpreter.
 *
 * usage: prop-verifier [-s SEED] [-n PROGRAMS] [-t SECONDS] [-o FILE]
 * -o keeps the choices of the program that is tried, for a debugger or as a fuzz seed
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/fuzz.h"
#include "../fuzz/fuzz_program.h"
#include "verify/verify.h"

enum { CHOICES = 4096 };

static void keep(const char *path, const u8 *p, size_t n)
{
	FILE *f = path ? fopen(path, "wb") : NULL;

	if (!f)
		return;
	fwrite(p, 1, n, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	const struct fuzz_program_counts *c = &fuzz_program_counts;
	u64 seed = 1, programs = 20000, seconds = 0;
	const char *path = NULL;
	u8 choices[CHOICES];
	struct skep_rng rng;
	time_t start = time(NULL);
	int opt;

	while ((opt = getopt(argc, argv, "s:n:t:o:")) != -1) {
		switch (opt) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'n': programs = strtoull(optarg, NULL, 0); break;
		case 't': seconds = strtoull(optarg, NULL, 0); break;
		case 'o': path = optarg; break;
		default: return 2;
		}
	}
	if (getenv("SKEP_SEED"))
		seed = strtoull(getenv("SKEP_SEED"), NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (u64 i = 0; seconds ? (u64)(time(NULL) - start) < seconds : i < programs; i++) {
		/* Each program has its own seed, so that one can be repeated alone: -s SEED+i -n 1.
		 */
		skep_rng_init(&rng, seed + i);
		for (u32 k = 0; k < CHOICES; k += 8)
			skep_put64(choices + k, skep_rng_next(&rng), false);
		keep(path, choices, sizeof(choices));
		LLVMFuzzerTestOneInput(choices, sizeof(choices));
	}
	printf("%llu programs: %llu safe, %llu unsafe, %llu undecided; %llu also without pruning; %llu runs, %llu registers as the facts say\n",
	       (unsigned long long)c->programs, (unsigned long long)c->verdict[SKEP_SAFE],
	       (unsigned long long)c->verdict[SKEP_UNSAFE],
	       (unsigned long long)c->verdict[SKEP_UNDECIDED], (unsigned long long)c->unpruned,
	       (unsigned long long)c->runs, (unsigned long long)c->checked);
	/* A test of which nothing is accepted tests nothing. */
	if (c->verdict[SKEP_SAFE] * 50 < c->programs) {
		printf("too few programs are accepted\n0 passed, 1 failed, 0 skipped\n");
		return 1;
	}
	printf("%llu passed, 0 failed, 0 skipped\n", (unsigned long long)c->programs);
	return 0;
}
