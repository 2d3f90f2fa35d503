/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule-programs DIR SEED: a program for each rule of the build, in the text form: random
 * numbers in the registers, the left side with immediates that meet its conditions, and
 * everything that is live behind it folded into the result. Prints "FILE RULE" lines;
 * exit status 1 when no immediates were found for a rule.
 */
#include <stdio.h>
#include <stdlib.h>

#include "opt/opt.h"

enum { INPUTS = 4, FRAME = 64, TRIES = 200000 };

/* What holds a rule's variables: A to D, which may come in, keep their values over calls. */
static const u8 reg_of[] = {6, 7, 8, 9, 3, 4, 5};

static s64 some_number(struct skep_rng *g)
{
	u64 r = skep_rng_next(g);
	u32 n = (u32)(r >> 8 & 31);

	switch (r & 7) {
	case 0: return (s64)(r >> 8 & 63);
	case 1: return (s64)1 << n;
	case 2: return ((s64)1 << n) - 1 - (s64)(r >> 13 & 1 ? r >> 14 & 255 : 0);
	case 3: return -((s64)1 << n);
	case 4: return (s32)(u32)(r >> 32);
	case 5: return (s64)(r >> 40);
	case 6: return -(s64)(r >> 50);
	default: return n;
	}
}

/* An offset that stays in the frame, where one is asked for. */
static bool is_offset(const struct skep_rule *r, u32 param)
{
	for (u32 i = 0; i < r->nbefore; i++)
		if (r->before[i].off && r->before[i].off->tok[0].k == (s64)param)
			return true;
	return false;
}

static bool good(const struct skep_rule *r, const struct skep_rule_env *env)
{
	for (u32 k = 0; k < r->nwhen; k++)
		if (!skep_rule_eval(&r->when[k], env))
			return false;
	for (u32 k = 0; k < r->nbefore + r->nafter; k++) {
		const struct skep_rule_insn *i =
			k < r->nbefore ? &r->before[k] : &r->after[k - r->nbefore];
		struct skep_ins in = skep_rule_fill(i, env);

		/* What the left side says must come out as it was said. */
		if (!skep_rule_legal(&in) ||
		    (k < r->nbefore && i->imm && in.imm != env->param[i->imm->tok[0].k]))
			return false;
	}
	return true;
}

static bool choose(const struct skep_rule *r, struct skep_rng *g, struct skep_rule_env *env)
{
	static const u8 widths[] = {1, 8, 16, 32, 64, 64};

	for (u32 t = 0; t < TRIES; t++) {
		memset(env, 0, sizeof(*env));
		for (u32 k = 0; k < SKEP_RW_REGS; k++)
			env->bits[k] = widths[skep_rng_below(g, SKEP_ARRAY_SIZE(widths))];
		for (u32 k = 0; k < r->nparam; k++)
			env->param[k] =
				is_offset(r, k) ? (s64)(skep_rng_next(g) & 7) * 8 : some_number(g);
		for (u32 k = 0; k < r->nsplit; k++) {
			const struct skep_rule_split *s = &r->split[k];

			env->each = s->lo + (s64)skep_rng_below(g, (u64)(s->hi - s->lo + 1));
			env->param[s->param] = (s64)skep_rule_eval(s->value, env);
		}
		if (good(r, env))
			return true;
	}
	return false;
}

/* Registers that an access of the left side goes through. */
static u16 bases(const struct skep_rule *r)
{
	struct skep_memop m;
	u16 regs = 0;

	for (u32 k = 0; k < r->nbefore; k++)
		if (skep_isa_memop(&r->before[k].in, &m))
			regs |= (u16)(1u << m.base);
	return regs;
}

static void line(FILE *f, const struct skep_ins *in)
{
	struct skep_isa_syms syms = {.target = "L"};
	struct skep_buf b = {0};

	skep_isa_print(in, &syms, &b);
	fprintf(f, "\t%s\n", b.p);
	skep_buf_fini(&b);
}

static void program(FILE *f, const struct skep_rule *r, const struct skep_rule_env *env)
{
	const struct skep_rule_insn *end = &r->before[r->nbefore - 1];
	u16 base = bases(r), live = (u16)((r->inputs | r->writes) & ~base & ~r->dead);

	fprintf(f, ".license \"GPL\"\n.section \"xdp\"\n.func f\n");
	for (u32 o = 8; o <= FRAME; o += 8)
		fprintf(f, "\t*(u64 *)(r10 - %u) = %u\n", o, o * 77);
	for (u32 k = 0; k < INPUTS; k++) {
		if (base >> k & 1) {
			fprintf(f, "\tr%u = r10\n\tr%u += -%u\n", reg_of[k], reg_of[k], FRAME);
			continue;
		}
		/* Through the frame, so that no rule takes part of this. */
		fprintf(f, "\tcall bpf_get_prandom_u32\n\t*(u32 *)(r10 - 68) = r0\n"
			   "\tcall bpf_get_prandom_u32\n\t*(u32 *)(r10 - 72) = r0\n");
		fprintf(f, "\tr%u = *(u%u *)(r10 - 72)\n", reg_of[k], SKEP_MAX(env->bits[k], 8));
		if (env->bits[k] == 1)
			fprintf(f, "\tr%u &= 1\n", reg_of[k]);
		if (env->bits[k] == 64)
			fprintf(f, "\tr%u = le64 r%u\n", reg_of[k], reg_of[k]);
	}
	for (u32 k = 0; k < r->nbefore; k++) {
		struct skep_ins in = skep_rule_fill(&r->before[k], env);

		in.dst = reg_of[in.dst];
		if (in.form == SKEP_REG)
			in.src = reg_of[in.src];
		line(f, &in);
	}
	fprintf(f, "\tr2 = 1\n");
	if (skep_is_cond(end->in.op))
		fprintf(f, "\tgoto out\nL:\n\tr2 = 2\nout:\n");
	fprintf(f, "\t*(u64 *)(r10 - 72) = r2\n\tr0 = *(u64 *)(r10 - 72)\n");
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(reg_of); k++)
		if (live >> k & 1)
			fprintf(f,
				"\t*(u%u *)(r10 - 72) = r%u\n\tr1 = *(u%u *)(r10 - 72)\n\tr0 *= 31\n\tr0 += r1\n",
				r->low >> k & 1 ? 32 : 64, reg_of[k], r->low >> k & 1 ? 32 : 64);
	for (u32 o = 8; o <= FRAME && end->in.op == SKEP_STX; o += 8)
		fprintf(f, "\tr1 = *(u64 *)(r10 - %u)\n\tr0 *= 31\n\tr0 += r1\n", o);
	/* Both halves count. */
	fprintf(f, "\tr1 = r0\n\tr1 >>= 32\n\tr0 ^= r1\n\texit\n");
}

int main(int argc, char **argv)
{
	struct skep_rng g;
	int status = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: rule-programs DIR SEED\n");
		return 2;
	}
	skep_rng_init(&g, strtoull(argv[2], NULL, 0));
	for (u32 k = 0; k < skep_opt_rules.n; k++) {
		const struct skep_rule *r = &skep_opt_rules.rule[k];
		struct skep_rule_env env;
		char path[4096];
		FILE *f;

		if (r->inputs >> INPUTS || (r->inputs | r->writes) >> SKEP_ARRAY_SIZE(reg_of) ||
		    !choose(r, &g, &env)) {
			fprintf(stderr, "rule %s: too many registers, or no immediates found\n",
				r->name);
			status = 1;
			continue;
		}
		snprintf(path, sizeof(path), "%s/%03u.s", argv[1], k);
		f = fopen(path, "w");
		if (!f) {
			perror(path);
			return 1;
		}
		program(f, r, &env);
		fclose(f);
		printf("%03u %s\n", k, r->name);
	}
	return status;
}
