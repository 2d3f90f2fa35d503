/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz door without libFuzzer: on the files given, and on copies of them
 * with bytes changed at random: replay SEED ROUNDS FILE... The same seed gives
 * the same inputs.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

/* Change, cut or repeat a few bytes; the length may shrink. */
static size_t mutate(struct skep_rng *r, u8 *p, size_t len)
{
	static const u8 edge[] = {0, 1, 0x7f, 0x80, 0xff};
	u64 n = 1 + skep_rng_below(r, 6);

	while (n-- && len) {
		size_t at = (size_t)skep_rng_below(r, len);

		switch (skep_rng_below(r, 8)) {
		case 0: len = at; break;
		case 1: p[at] = edge[skep_rng_below(r, sizeof(edge))]; break;
		case 2: p[at] ^= (u8)(1 << skep_rng_below(r, 8)); break;
		case 3: p[at] = p[skep_rng_below(r, len)]; break;
		default: p[at] = (u8)skep_rng_next(r); break;
		}
	}
	return len;
}

/* Exactly as long as it is, so that a checker sees every read past the end. */
static void run_one(const u8 *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	if (!copy)
		exit(4);
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

int main(int argc, char **argv)
{
	static u8 file[INPUT_MAX], work[INPUT_MAX];
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	struct skep_rng rng;

	skep_rng_init(&rng, argc > 1 ? strtoull(argv[1], NULL, 0) : 1);
	for (int i = 3; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t len;

		if (!f) {
			perror(argv[i]);
			return 2;
		}
		len = fread(file, 1, sizeof(file), f);
		fclose(f);
		run_one(file, len);
		for (unsigned long k = 0; k < rounds; k++) {
			memcpy(work, file, len);
			run_one(work, mutate(&rng, work, len));
		}
	}
	return 0;
}
