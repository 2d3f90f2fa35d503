/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What instructions cost on this machine: rows of one operation, each on the result of the
 * one before, in the kernel (as root, with libbpf) and in the JIT here. Prints the table of
 * src/search/cost.def in hundredths of a nanosecond, in steps of five: the kernel's time
 * where it could be asked, of 15 measurements the fastest.
 *
 *   insn_cost [-q]      -q: few runs, only to see that it works
 *
 * A chain of dependent instructions is the latency, which is what rows that the search
 * compares mostly are. Copies and constants, which processors do on the way, are
 * measured as the slots that they take: rows of them, not dependent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jit/jit.h"
#include "vm/engine.h"

#ifdef HAVE_LIBBPF
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <unistd.h>
#endif

enum { ROW = 1000, SAMPLES = 15 };

struct sample {
	u16 op;
	u8 form;
	s64 imm;
	const char *name;
};

static const struct sample samples[] = {
#define S(op, form, imm)                                                                           \
	{                                                                                          \
		SKEP_##op, form, imm, #op                                                          \
	}
	S(ADD, SKEP_REG, 0),   S(SUB, SKEP_REG, 0),    S(MUL, SKEP_REG, 0),   S(DIV, SKEP_REG, 0),
	S(OR, SKEP_REG, 0),    S(AND, SKEP_REG, 0),    S(LSH, SKEP_IMM, 3),   S(RSH, SKEP_IMM, 3),
	S(MOD, SKEP_REG, 0),   S(XOR, SKEP_REG, 0),    S(MOV, SKEP_REG, 0),   S(ARSH, SKEP_IMM, 3),
	S(SDIV, SKEP_REG, 0),  S(SMOD, SKEP_REG, 0),   S(NEG, SKEP_IMM, 0),   S(TOLE, SKEP_IMM, 32),
	S(TOBE, SKEP_IMM, 64), S(BSWAP, SKEP_IMM, 64), S(MOVSX, SKEP_REG, 0), S(LDDW, SKEP_IMM, 0),
#undef S
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* r0 = 12345; r1 = 3; then the row; exit. Returns the slots. */
static u32 build(const struct sample *s, u32 row, u8 *code)
{
	struct skep_ins in = {.op = SKEP_MOV, .size = 8, .form = SKEP_IMM, .imm = 0x12345};
	u32 n = 0;

	n += skep_isa_encode(&in, code, false);
	in.dst = 1;
	in.imm = 3;
	n += skep_isa_encode(&in, code + n * 8, false);
	for (u32 k = 0; k < row; k++) {
		in = (struct skep_ins){.op = s->op, .size = 8, .form = s->form, .imm = s->imm};
		in.src = s->form == SKEP_REG ? 1 : 0;
		if (s->op == SKEP_MOVSX) {
			in.src = 0;
			in.off = 32;
		}
		if (s->op == SKEP_LDDW)
			in.imm = (s64)0x123456789abcdef0;
		n += skep_isa_encode(&in, code + n * 8, false);
	}
	in = (struct skep_ins){.op = SKEP_EXIT, .size = 8};
	return n + skep_isa_encode(&in, code + n * 8, false);
}

/* Nanoseconds of a run in the JIT, or a negative number. */
static double in_jit(const u8 *code, u32 slots, u32 repeat)
{
	const struct skep_engine *e = skep_jit_engine() ? skep_jit_engine() : &skep_engine_interp;
	struct skep_eng_env env = {.size = sizeof(env)};
	struct skep_eng_prog *p = NULL;
	double t[SAMPLES];

	if (e->compile(code, slots, &env, NULL, &p, NULL))
		return -1;
	for (u32 k = 0; k < SAMPLES; k++) {
		struct skep_eng_run run;
		double start;

		skep_eng_run_init(&run);
		start = now();
		for (u32 i = 0; i < repeat; i++)
			skep_eng_run(p, 0, 0, &run);
		t[k] = (now() - start) / repeat;
	}
	skep_eng_free(p);
	qsort(t, SAMPLES, sizeof(*t), by_value);
	return t[0];
}

/* The same in the kernel. */
static double in_kernel(const u8 *code, u32 slots, u32 repeat)
{
#ifdef HAVE_LIBBPF
	u8 packet[64] = {0};
	double t[SAMPLES];
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "cost", "GPL",
			       (const struct bpf_insn *)code, slots, NULL);

	if (fd < 0)
		return -1;
	for (u32 k = 0; k < SAMPLES; k++) {
		LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = packet, .data_size_in = sizeof(packet),
			    .repeat = (int)repeat);

		if (bpf_prog_test_run_opts(fd, &o)) {
			close(fd);
			return -1;
		}
		t[k] = o.duration;
	}
	close(fd);
	qsort(t, SAMPLES, sizeof(*t), by_value);
	return t[0];
#else
	(void)code;
	(void)slots;
	(void)repeat;
	return -1;
#endif
}

/* Hundredths of a nanosecond of one instruction: the longer row less the shorter one. */
static double cost(const struct sample *s, double (*run)(const u8 *, u32, u32), u32 repeat)
{
	static u8 code[(2 * ROW + 8) * 2 * 8];
	double one, two;

	one = run(code, build(s, ROW, code), repeat);
	two = run(code, build(s, 2 * ROW, code), repeat);
	return one < 0 || two < 0 ? -1 : (two - one) / ROW * 100;
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "-q") == 0;
	u32 repeat = quick ? 5 : 2000, bad = 0;

	printf("/* SPDX-License-Identifier: BSD-2-Clause */\n"
	       "/* C(operation, hundredths of a nanosecond): measured by bench/insn_cost */\n");
	for (size_t k = 0; k < SKEP_ARRAY_SIZE(samples); k++) {
		double jit = cost(&samples[k], in_jit, repeat),
		       kernel = cost(&samples[k], in_kernel, repeat);
		double is = kernel < 0 ? jit : kernel;

		bad += jit < 0 && !quick;
		printf("C(%s, %d) /* JIT %.0f, kernel %.0f */\n", samples[k].name,
		       is < 5 ? 5 : (int)(is / 5 + 0.5) * 5, jit, kernel);
	}
	return bad != 0;
}
