/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges against the running kernel's: random programs without memory go through its
 * verifier, whose log has the range of each register after each instruction. Ours must
 * not contradict it, and must not know less in any view; programs that the kernel accepts
 * for what it knows of numbers depend on that.
 *
 *	kernel-ranges [-s SEED] [-n PROGRAMS] [-v]
 *
 * SKIP (77) where bpf(2) is not allowed or the kernel does not know all instructions.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow/range.h"

enum { FIRST = 6, NREGS = 4, NBODY = 14, MAXINS = 48, LOGSIZE = 1 << 20 };

struct known {
	struct skep_range r[NREGS];
};

/* A program, what we think of it, and which way its branches can go. */
struct prog {
	struct skep_ins ins[MAXINS];
	u32 n, exit;
	struct known after[MAXINS], taken[MAXINS];
	bool after_ok[MAXINS], taken_ok[MAXINS];
	u16 changed[MAXINS]; /* registers to compare after it */
	int decided[MAXINS];
};

static struct skep_rng rng;
static u64 seed = 1, nprogs = 6000;
static bool verbose;
static char *log_text;
static u32 compared, tighter, contradictions, gaps, gaps_by_op[SKEP_OP_NR], decided_gaps, nforks;

/* --- programs ------------------------------------------------------------------ */

static struct skep_ins *emit(struct prog *p, u16 op, u8 size, u8 form, u8 dst, u8 src, s64 imm)
{
	struct skep_ins *in = &p->ins[p->n++];

	*in = (struct skep_ins){.op = op, .size = size, .form = form, .dst = dst, .src = src, .imm = imm};
	return in;
}

static s64 random_imm(void)
{
	static const s64 v[] = {0,   1,	  2,	3,     7,      8,	  15,	     16,	    255, 256, 4095, 0xffff,
				-1,  -2,  -8,	-4096, 0x1000, INT32_MAX, INT32_MIN, INT32_MAX - 1, 100, 40,  -100};

	if (skep_rng_below(&rng, 3))
		return v[skep_rng_below(&rng, SKEP_ARRAY_SIZE(v))];
	return (s32)skep_rng_next(&rng) >> skep_rng_below(&rng, 32);
}

static u8 random_reg(void)
{
	return (u8)(FIRST + skep_rng_below(&rng, NREGS));
}

/* Not copies between registers: the kernel links those, which is none of the ranges' business. */
static void random_alu(struct prog *p)
{
	u16 op = (u16)(SKEP_ADD + skep_rng_below(&rng, SKEP_SMOD - SKEP_ADD + 1));
	u8 size = skep_rng_below(&rng, 2) ? 8 : 4, form = (u8)skep_rng_below(&rng, 2);
	s64 imm = random_imm();

	if (op == SKEP_MOV)
		form = SKEP_IMM;
	if (op == SKEP_LSH || op == SKEP_RSH || op == SKEP_ARSH)
		imm = (s64)skep_rng_below(&rng, size * 8);
	if (imm == 0 && (op == SKEP_DIV || op == SKEP_MOD || op == SKEP_SDIV || op == SKEP_SMOD))
		imm = 3;
	if (form == SKEP_REG)
		emit(p, op, size, form, random_reg(), random_reg(), 0);
	else
		emit(p, op, size, form, random_reg(), 0, imm);
}

static void random_unary(struct prog *p)
{
	u8 reg = random_reg(), size = skep_rng_below(&rng, 2) ? 8 : 4;
	s64 bits = 16 << skep_rng_below(&rng, 3);

	switch (skep_rng_below(&rng, 6)) {
	case 0:
		emit(p, SKEP_NEG, size, SKEP_IMM, reg, 0, 0);
		break;
	case 1:
		emit(p, skep_rng_below(&rng, 2) ? SKEP_TOLE : SKEP_TOBE, 4, SKEP_IMM, reg, 0, bits);
		break;
	case 2:
		emit(p, SKEP_MOV, 4, SKEP_REG, reg, reg, 0);
		break;
	case 3:
	case 4:
		bits = 8 << skep_rng_below(&rng, size == 8 ? 3 : 2);
		emit(p, SKEP_MOVSX, size, SKEP_REG, reg, reg, 0)->off = (s32)bits;
		break;
	default:
		emit(p, SKEP_BSWAP, 8, SKEP_IMM, reg, 0, bits);
		break;
	}
}

static void random_branch(struct prog *p)
{
	u16 op = (u16)(SKEP_JEQ + skep_rng_below(&rng, SKEP_JSET - SKEP_JEQ + 1));
	u8 size = skep_rng_below(&rng, 2) ? 8 : 4, reg = random_reg(), other = random_reg();

	if (skep_rng_below(&rng, 3) == 0 && reg != other)
		emit(p, op, size, SKEP_REG, reg, other, 0);
	else
		emit(p, op, size, SKEP_IMM, reg, 0, random_imm());
}

static void random_prog(struct prog *p)
{
	memset(p, 0, sizeof(*p));
	for (u8 r = FIRST; r < FIRST + NREGS; r++) {
		emit(p, SKEP_CALL, 8, SKEP_IMM, 0, 0, BPF_FUNC_get_prandom_u32);
		emit(p, SKEP_MOV, 8, SKEP_REG, r, 0, 0);
	}
	emit(p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0);
	for (u32 i = 0; i < NBODY; i++) {
		switch (skep_rng_below(&rng, 8)) {
		case 0:
			random_unary(p);
			break;
		case 1:
		case 2:
		case 3:
			random_branch(p);
			break;
		default:
			random_alu(p);
			break;
		}
	}
	emit(p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0);
	p->exit = p->n;
	emit(p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0);
	for (u32 i = 0; i < p->n; i++)
		if (skep_is_cond(p->ins[i].op))
			p->ins[i].off = (s32)(p->exit - i - 1);
}

/* --- what we think ------------------------------------------------------------- */

static u16 bit(u8 reg)
{
	return (u16)(1u << (reg - FIRST));
}

static bool step(struct prog *p, u32 i, struct known *k)
{
	const struct skep_ins *in = &p->ins[i];
	struct skep_range imm = skep_range_const((u64)in->imm), ones, zero, *d, *s;
	u8 class_ = skep_op_class(in->op);

	p->decided[i] = -1;
	if (in->dst < FIRST || (class_ != SKEP_CLASS_ALU && class_ != SKEP_CLASS_UNARY && class_ != SKEP_CLASS_JMP))
		return true;
	d = &k->r[in->dst - FIRST];
	s = in->form == SKEP_REG && in->src >= FIRST ? &k->r[in->src - FIRST] : &imm;
	p->changed[i] = bit(in->dst);
	if (class_ == SKEP_CLASS_JMP) {
		p->taken[i] = *k;
		p->decided[i] = skep_range_cond(in->op, in->size, d, s);
		if (s != &imm)
			p->changed[i] |= bit(in->src);
		p->taken_ok[i] = skep_range_refine(in->op, in->size, true, &p->taken[i].r[in->dst - FIRST],
						   s == &imm ? &imm : &p->taken[i].r[in->src - FIRST]);
		imm = skep_range_const((u64)in->imm);
		return skep_range_refine(in->op, in->size, false, d, s);
	}
	if (in->op == SKEP_MOV && in->form == SKEP_REG && in->src < FIRST) {
		*d = skep_range_any();
		return true;
	}
	if (skep_range_fork(in, d, s, &ones, &zero)) {
		nforks++;
		*d = ones; /* the kernel goes on with it first */
	} else if ((in->op == SKEP_AND || in->op == SKEP_OR) &&
		   ((d->smin >= -1 && d->smax <= 0) || (d->smin32 >= -1 && d->smax32 <= 0))) {
		return false; /* we know more and do not fork where the kernel may */
	}
	*d = skep_range_alu(in, d, s);
	return true;
}

static void think(struct prog *p)
{
	struct known k;

	for (u32 i = 0; i < NREGS; i++)
		k.r[i] = skep_range_any();
	for (u32 i = 0; i < p->n; i++) {
		p->after_ok[i] = step(p, i, &k);
		p->after[i] = k;
		if (!p->after_ok[i])
			return;
	}
}

/* --- what the kernel thinks ----------------------------------------------------- */

static int load(const struct prog *p)
{
	static u8 code[MAXINS * 16];
	union bpf_attr a;
	u32 n = 0;
	int fd;

	for (u32 i = 0; i < p->n; i++)
		n += skep_isa_encode(&p->ins[i], code + (size_t)n * 8, false);
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (u64)(uintptr_t)code;
	a.insn_cnt = n;
	a.license = (u64)(uintptr_t) "GPL";
	a.log_buf = (u64)(uintptr_t)log_text;
	a.log_size = LOGSIZE;
	a.log_level = 2;
	log_text[0] = 0;
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

static void set_bound(struct skep_range *r, const char *name, size_t n, u64 v)
{
	static const char *const names[] = {"smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32"};
	u32 i = 0;

	while (i < 8 && (strlen(names[i]) != n || memcmp(names[i], name, n) != 0))
		i++;
	switch (i) {
	case 0: r->smin = (s64)v; break;
	case 1: r->smax = (s64)v; break;
	case 2: r->umin = v; break;
	case 3: r->umax = v; break;
	case 4: r->smin32 = (s32)v; break;
	case 5: r->smax32 = (s32)v; break;
	case 6: r->umin32 = (u32)v; break;
	case 7: r->umax32 = (u32)v; break;
	default: break;
	}
}

static u64 number(const char **s)
{
	char *end;
	u64 v = **s == '-' ? (u64)strtoll(*s, &end, 0) : strtoull(*s, &end, 0);

	*s = end;
	return v;
}

/* "scalar(smin=smin32=-1,umax=5,var_off=(0x0; 0x7))", or a number. False: no scalar. */
static bool parse_range(const char *s, struct skep_range *r)
{
	const char *names;

	if (*s == 'P')
		s++;
	if ((*s >= '0' && *s <= '9') || *s == '-') {
		*r = skep_range_const(number(&s));
		return true;
	}
	*r = skep_range_any();
	if (strncmp(s, "scalar(", 7) != 0)
		return false;
	s += 7;
	while (*s && *s != ')') {
		names = s;
		if (strncmp(s, "var_off=(", 9) == 0) {
			s += 9;
			r->bits.value = number(&s);
			s += 2;
			r->bits.mask = number(&s);
			s++;
		} else {
			/* All names up to the number have it. */
			const char *eq = s;

			while (*eq && *eq != ',' && *eq != ')')
				eq++;
			while (eq > s && eq[-1] != '=')
				eq--;
			s = eq;
			u64 v = number(&s);

			while (names < eq) {
				size_t n = strcspn(names, "=");

				set_bound(r, names, n, v);
				names += n + 1;
			}
			while (*s && *s != ',' && *s != ')')
				s++;
		}
		if (*s == ',')
			s++;
	}
	return true;
}

/* Why the kernel cannot be asked, or NULL. */
static const char *why_not(void)
{
	static struct prog p;
	int err;

	emit(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 1);
	emit(&p, SKEP_BSWAP, 8, SKEP_IMM, 0, 0, 64);
	emit(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0);
	err = load(&p);
	if (err == -EPERM || err == -EACCES || err == -ENOSYS)
		return "bpf(2) is not allowed here";
	return err ? "the kernel has no instructions of level 4" : NULL;
}

/* --- compared ------------------------------------------------------------------- */

static void show(const char *who, const struct skep_range *r)
{
	printf("   %s bits %llx|%llx u %llx..%llx s %llx..%llx u32 %x..%x s32 %x..%x\n", who,
	       (unsigned long long)r->bits.value, (unsigned long long)r->bits.mask, (unsigned long long)r->umin,
	       (unsigned long long)r->umax, (unsigned long long)r->smin, (unsigned long long)r->smax, r->umin32,
	       r->umax32, (u32)r->smin32, (u32)r->smax32);
}

static void show_ins(const struct skep_ins *in)
{
	struct skep_isa_syms sy = {0};
	struct skep_buf b = {0};

	skep_isa_print(in, &sy, &b);
	printf("  %s\n", b.p);
	skep_buf_fini(&b);
}

/* 0 fine, 1 the kernel knows more, 2 one of us is wrong. */
static int compare(const struct prog *p, u32 i, u32 reg, const struct skep_range *ours,
		   const struct skep_range *kernel, const char *way)
{
	struct skep_range both;

	compared++;
	if (!skep_range_meet(ours, kernel, &both)) {
		contradictions++;
		printf("FAIL seed %llu: contradiction in r%u%s\n", (unsigned long long)seed, reg + FIRST, way);
	} else if (!skep_range_includes(kernel, ours)) {
		gaps++;
		gaps_by_op[p->ins[i].op]++;
		if (!verbose && gaps > 10)
			return 1;
		printf("GAP seed %llu: the kernel knows more of r%u%s\n", (unsigned long long)seed, reg + FIRST, way);
	} else {
		tighter += !skep_range_includes(ours, kernel);
		return 0;
	}
	for (u32 k = 9; k <= i; k++)
		show_ins(&p->ins[k]);
	if (i > 9) {
		show("dst before", &p->after[i - 1].r[p->ins[i].dst - FIRST]);
		if (p->ins[i].form == SKEP_REG)
			show("src before", &p->after[i - 1].r[p->ins[i].src - FIRST]);
	}
	show("ours      ", ours);
	show("kernel    ", kernel);
	return 2;
}

/* The registers of one line's state. True to go on. */
static bool compare_state(const struct prog *p, u32 i, const char *line, const char *end, bool taken)
{
	const struct known *k = taken ? &p->taken[i] : &p->after[i];

	for (const char *s = line; s + 3 < end; s++) {
		struct skep_range r;
		const char *v;
		u32 reg;

		if ((s[-1] != ' ' && s[-1] != ';') || s[0] != 'R' || s[1] < '0' + FIRST || s[1] >= '0' + FIRST + NREGS)
			continue;
		reg = (u32)(s[1] - '0') - FIRST;
		v = strchr(s, '=');
		if (!v || v >= end || !(p->changed[i] >> reg & 1) || !parse_range(v + 1, &r))
			continue;
		if (compare(p, i, reg, &k->r[reg], &r, taken ? " (taken)" : ""))
			return false;
	}
	return true;
}

/* Reads the log: "IDX: (op) text ; state" for each step and "from I to J: state" for ways taken. */
static void compare_log(const struct prog *p)
{
	bool seen_taken[MAXINS] = {0}, seen[MAXINS] = {0};
	u32 last = 0;

	for (const char *s = log_text, *end; *s; s = *end ? end + 1 : end) {
		u32 i, to;
		int n = 0;

		end = strchr(s, '\n');
		if (!end)
			end = s + strlen(s);
		if (sscanf(s, "from %u to %u:", &i, &to) == 2 && i < p->n) {
			seen_taken[i] = true;
			if (!skep_is_cond(p->ins[i].op) || !p->taken_ok[i])
				continue;
			if (!compare_state(p, i, s + 1, end, true))
				return;
		} else if (sscanf(s, "%u: (%n", &i, &n) == 1 && n && i < p->n) {
if (getenv("DBG")) printf("L %u ok %d\n", i, p->after_ok[i]);
			const char *state = memchr(s, ';', (size_t)(end - s));

			if (seen[i])
				continue;
			seen[i] = true;
			if (i != p->exit)
				last = i;
			if (state && p->after_ok[i] && !compare_state(p, i, state + 1, end, false))
				return;
		}
	}
	/* Branches that the kernel decided: the other way was never gone. */
	for (u32 i = 9; i < p->exit && seen[i]; i++) {
		if (!p->after_ok[i])
			return;
		if (!skep_is_cond(p->ins[i].op) || p->decided[i] >= 0)
			continue;
		if (!seen_taken[i] || (i == last && !seen[i + 1])) {
			decided_gaps++;
			printf("GAP seed %llu: the kernel decides a branch\n", (unsigned long long)seed);
			for (u32 k = 9; k <= i; k++)
				show_ins(&p->ins[k]);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	static struct prog p;
	u64 first;
	u32 refused = 0;

	if (getenv("SKEP_SEED"))
		seed = strtoull(getenv("SKEP_SEED"), NULL, 0);
	for (int c; (c = getopt(argc, argv, "s:n:v")) != -1;) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			nprogs = strtoull(optarg, NULL, 0);
		else if (c == 'v')
			verbose = true;
		else
			return 2;
	}
	log_text = malloc(LOGSIZE);
	if (!log_text)
		return 1;
	if (why_not()) {
		printf("SKIP: %s\n0 passed, 0 failed, 1 skipped\n", why_not());
		return 77;
	}
	first = seed;
	for (; seed < first + nprogs; seed++) {
		int err;

		skep_rng_init(&rng, seed);
		random_prog(&p);
		think(&p);
		err = load(&p);
		if (err) {
			if (refused++ < 3 || verbose)
				printf("FAIL seed %llu: refused (%d): %s\n", (unsigned long long)seed, err,
				       strlen(log_text) > 300 ? log_text + strlen(log_text) - 300 : log_text);
			continue;
		}
		if (verbose && nprogs == 1)
			printf("%s\n", log_text);
		compare_log(&p);
	}
	printf("seeds %llu..: %llu programs, %u refused; %u ranges compared, %u tighter than the kernel's; "
	       "%u forks; "
	       "%u contradictions, %u gaps, %u branches only the kernel decides\n",
	       (unsigned long long)first, (unsigned long long)nprogs, refused, compared, tighter, nforks, contradictions,
	       gaps, decided_gaps);
	for (u32 op = 0; op < SKEP_OP_NR; op++)
		if (gaps_by_op[op])
			printf("  %s: %u\n", skep_ops[op].name, gaps_by_op[op]);
	free(log_text);
	return contradictions || gaps || decided_gaps || refused || compared < nprogs;
}
