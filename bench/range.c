/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nanoseconds per call of the ranges, which an analysis makes for each instruction on
 * each path: a table of operations over kinds of operands.
 *
 *	bench-range [ROUNDS]
 */
#include "flow/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

enum { KINDS = 5 };
static const char *const kinds[KINDS] = {"const,const", "any,const", "0..255,const", "-9..99,0..63", "any,any"};
static struct skep_range left[KINDS], right[KINDS];
static u64 rounds = 1000000, sum;

static void setup(void)
{
	left[0] = skep_range_const(1234);
	left[1] = left[4] = right[4] = skep_range_any();
	left[2] = skep_range_unsigned(0, 255);
	left[3] = skep_range_signed(-9, 99);
	right[0] = right[1] = right[2] = skep_range_const(5);
	right[3] = skep_range_unsigned(0, 63);
}

static void time_alu(u16 op, u8 size, s32 off, s64 imm)
{
	struct skep_ins in = {.op = op, .size = size, .form = SKEP_REG, .off = off, .imm = imm};

	printf("%-6s%u", skep_ops[op].name, size * 8);
	for (u32 k = 0; k < KINDS; k++) {
		u64 t = now();

		for (u64 i = 0; i < rounds; i++) {
			struct skep_range r = skep_range_alu(&in, &left[k], &right[k]);

			sum += r.umax;
		}
		printf("%14.1f", (double)(now() - t) / (double)rounds);
	}
	printf("\n");
}

static void time_branch(u16 op, u8 size)
{
	printf("%-6s%u", skep_ops[op].name, size * 8);
	for (u32 k = 0; k < KINDS; k++) {
		u64 t = now();

		for (u64 i = 0; i < rounds; i++) {
			struct skep_range d = left[k], s = right[k];

			sum += (u64)skep_range_cond(op, size, &d, &s);
			sum += skep_range_refine(op, size, i & 1, &d, &s);
			sum += d.umax;
		}
		printf("%14.1f", (double)(now() - t) / (double)rounds);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = strtoull(argv[1], NULL, 0);
	setup();
	printf("ns a call   ");
	for (u32 k = 0; k < KINDS; k++)
		printf("%14s", kinds[k]);
	printf("\n");
	for (u16 op = SKEP_ADD; op <= SKEP_SMOD; op++) {
		time_alu(op, 8, 0, 0);
		time_alu(op, 4, 0, 0);
	}
	time_alu(SKEP_NEG, 8, 0, 0);
	time_alu(SKEP_MOVSX, 8, 8, 0);
	time_alu(SKEP_TOLE, 4, 0, 16);
	time_alu(SKEP_TOBE, 4, 0, 16);
	for (u16 op = SKEP_JEQ; op <= SKEP_JSET; op++) {
		time_branch(op, 8);
		time_branch(op, 4);
	}
	return sum == 42;
}
