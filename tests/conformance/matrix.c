/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every instruction with every pair of corner values, in every engine, against
 * the reference meaning (skep_isa_eval and its like): arithmetic in both widths
 * and forms, byte swaps, sign extensions, conditional jumps, atomics; registers
 * that the compiler treats specially as operands; division by many constants.
 *
 * A program is compiled once and reads its operands from memory:
 * [r1] dst, [r1 + 8] src, [r1 + 16] r0 for cmpxchg; results go behind them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "jit/jit.h"
#include "vm/vm.h"

enum { WORDS = 8, MAX_CODE = 64 };

static const u64 corners[] = {
	0,
	1,
	2,
	3,
	7,
	10,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x100,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000u,
	0xffffffffu,
	0x100000000ull,
	0x180000000ull,
	0x7fffffffffffffffull,
	0x8000000000000000ull,
	0x8000000000000001ull,
	0xffffffff00000000ull,
	0xffffffff7fffffffull,
	0xffffffff80000000ull,
	~(u64)0 - 1,
	~(u64)0,
	0x0123456789abcdefull,
	0xfedcba9876543210ull,
};
static const s32 imms[] = {0,	   1,	  -1,	     2,		3,   5,		 7,    8,
			   9,	   10,	  31,	     32,	63,  64,	 100,  127,
			   128,	   -127,  -128,	     -129,	255, 256,	 1000, 0x7fff,
			   0xffff, 65536, INT32_MAX, INT32_MIN, -7,  1000000007, 641,  6700417};

struct prog {
	u8 code[MAX_CODE * 8];
	u32 n;
};
/* The operands in memory and what must be in it afterwards. */
typedef u64 words[WORDS];

static u64 ran, failures;

static void add(struct prog *p, u16 op, u8 size, u8 form, u8 dst, u8 src, s32 off, s64 imm)
{
	struct skep_ins in = {.op = op,
			      .size = size,
			      .form = form,
			      .dst = dst,
			      .src = src,
			      .off = off,
			      .imm = imm};

	p->n += skep_isa_encode(&in, p->code + p->n * 8, false);
}

/* --- engines -------------------------------------------------------------------------- */

struct machine {
	const char *name;
	struct skep_eng_prog *prog; /* NULL: the reference interpreter */
};
struct set {
	struct machine m[7];
	u32 n;
	struct skep_vm *vm;
	int slot;
};

static void compile(struct set *s, const struct prog *p, const char *name,
		    const struct skep_engine *e, struct skep_eng_options opt)
{
	struct machine *m = &s->m[s->n];

	opt.size = sizeof(opt);
	if (!e)
		return;
	m->name = name;
	if (e->compile(p->code, p->n, NULL, &opt, &m->prog, NULL)) {
		printf("FAIL %s: not compiled\n", name);
		failures++;
		return;
	}
	s->n++;
}

static void set_make(struct set *s, const struct prog *p, struct skep_vm *vm)
{
	const struct skep_engine *jit = skep_jit_engine();

	s->n = 0;
	s->vm = vm;
	skep_vm_prog_clear(vm);
	s->slot = skep_vm_prog_load(vm, p->code, p->n, SKEP_PROG_XDP, NULL);
	s->m[s->n++] = (struct machine){.name = "checked"};
	compile(s, p, "interp", &skep_engine_interp, (struct skep_eng_options){0});
	compile(s, p, "interp checked", &skep_engine_interp,
		(struct skep_eng_options){.checked = true});
	compile(s, p, "jit", jit, (struct skep_eng_options){0});
	compile(s, p, "jit checked", jit, (struct skep_eng_options){.checked = true});
	compile(s, p, "jit blind", jit, (struct skep_eng_options){.blind = true, .seed = ran});
	compile(s, p, "jit generic", jit, (struct skep_eng_options){.generic = true});
}

static void set_free(struct set *s)
{
	for (u32 i = 0; i < s->n; i++)
		skep_eng_free(s->m[i].prog);
}

static bool run_one(struct set *s, const struct machine *m, const words in, u64 *r0, words out)
{
	struct skep_eng_run run;

	memcpy(out, in, sizeof(words));
	if (!m->prog) {
		struct skep_vm_input vi = {.pkt = in, .pkt_len = sizeof(words), .flat = true};
		struct skep_vm_result res;

		if (skep_vm_run(s->vm, (u32)s->slot, &vi, &res) || res.trap)
			return false;
		*r0 = res.ret;
		memcpy(out, res.pkt, sizeof(words));
		return true;
	}
	skep_eng_run_init(&run);
	run.mem[0].lo = (u64)out;
	run.mem[0].hi = (u64)(out + WORDS);
	*r0 = skep_eng_run(m->prog, (u64)out, sizeof(words), &run);
	return !run.stop;
}

static void check(struct set *s, const struct skep_ins *in, const words ops, u64 want,
		  const words after)
{
	for (u32 i = 0; i < s->n; i++) {
		words out;
		u64 r0 = 0;
		bool ok = run_one(s, &s->m[i], ops, &r0, out);

		ran++;
		if (ok && r0 == want && !memcmp(out, after, sizeof(words)))
			continue;
		if (failures++ < 20) {
			struct skep_buf b = {0};

			skep_isa_print(in, NULL, &b);
			printf("FAIL %s: %s with dst %llx src %llx r0 %llx: %llx, expected %llx\n",
			       s->m[i].name, b.p, (unsigned long long)ops[0],
			       (unsigned long long)ops[1], (unsigned long long)ops[2],
			       (unsigned long long)r0, (unsigned long long)want);
			skep_buf_fini(&b);
		}
	}
}

/* --- arithmetic -------------------------------------------------------------------------- */

/* dst and src are loaded, r0 and r3 are others' values that must survive, the result returned. */
static void test_alu(struct skep_vm *vm, struct skep_ins in, u8 dst, u8 src, const u64 *a, u32 na,
		     const u64 *b, u32 nb)
{
	struct prog p = {0};
	struct set s;
	bool one = skep_op_class(in.op) == SKEP_CLASS_UNARY && in.op != SKEP_MOVSX;

	in.dst = dst;
	if (in.form == SKEP_REG)
		in.src = src;
	add(&p, SKEP_MOV, 8, SKEP_REG, 9, 1, 0, 0);
	add(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0, 1111);
	add(&p, SKEP_MOV, 8, SKEP_IMM, 3, 0, 0, 3333);
	add(&p, SKEP_LDX, 8, SKEP_REG, dst, 9, 0, 0);
	if (in.form == SKEP_REG && src != dst)
		add(&p, SKEP_LDX, 8, SKEP_REG, src, 9, 8, 0);
	p.n += skep_isa_encode(&in, p.code + p.n * 8, false);
	add(&p, SKEP_STX, 8, SKEP_REG, 9, 0, 24, 0);
	add(&p, SKEP_STX, 8, SKEP_REG, 9, 3, 32, 0);
	add(&p, SKEP_MOV, 8, SKEP_REG, 0, dst, 0, 0);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	set_make(&s, &p, vm);
	for (u32 i = 0; i < na; i++)
		for (u32 k = 0; k < (in.form == SKEP_REG && src != dst && !one ? nb : 1); k++) {
			words ops = {a[i], b[k]}, after = {a[i], b[k]};
			u64 want = skep_isa_eval(&in, a[i], src == dst ? a[i] : b[k]);

			after[3] = dst == 0 ? want : src == 0 && in.form == SKEP_REG ? b[k] : 1111;
			after[4] = dst == 3 ? want : src == 3 && in.form == SKEP_REG ? b[k] : 3333;
			check(&s, &in, ops, want, after);
		}
	set_free(&s);
}

static void all_alu(struct skep_vm *vm)
{
	static const u8 pairs[][2] = {{6, 7}, {0, 3}, {3, 0}, {4, 2}, {2, 4},
				      {5, 5}, {0, 0}, {3, 3}, {4, 4}};
	u32 nc = SKEP_ARRAY_SIZE(corners);

	for (u16 op = SKEP_ADD; op <= SKEP_SMOD; op++)
		for (u8 size = 4; size <= 8; size += 4) {
			struct skep_ins in = {.op = op, .size = size, .form = SKEP_REG};
			bool shift = op == SKEP_LSH || op == SKEP_RSH || op == SKEP_ARSH;

			for (u32 k = 0; k < SKEP_ARRAY_SIZE(pairs); k++)
				test_alu(vm, in, pairs[k][0], pairs[k][1], corners, nc, corners,
					 nc);
			in.form = SKEP_IMM;
			for (u32 k = 0; k < SKEP_ARRAY_SIZE(imms); k++) {
				in.imm = shift ? imms[k] & (size * 8 - 1) : imms[k];
				test_alu(vm, in, 6, 1, corners, nc, corners, nc);
				test_alu(vm, in, 0, 1, corners, nc, corners, nc);
				test_alu(vm, in, 3, 1, corners, nc, corners, nc);
			}
		}
}

static void all_unary(struct skep_vm *vm)
{
	static const u16 swaps[] = {SKEP_TOLE, SKEP_TOBE, SKEP_BSWAP};
	static const u8 regs[] = {0, 1, 2, 5, 6, 8};
	u32 nc = SKEP_ARRAY_SIZE(corners);

	for (u32 r = 0; r < sizeof(regs); r++) {
		for (u32 k = 0; k < 9; k++)
			test_alu(vm,
				 (struct skep_ins){
					 .op = swaps[k / 3], .size = 8, .imm = 16 << k % 3},
				 regs[r], 7, corners, nc, corners, nc);
		for (u8 size = 4; size <= 8; size += 4) {
			test_alu(vm, (struct skep_ins){.op = SKEP_NEG, .size = size}, regs[r], 7,
				 corners, nc, corners, nc);
			for (s32 bits = 8; bits <= (size == 8 ? 32 : 16); bits *= 2) {
				struct skep_ins in = {.op = SKEP_MOVSX,
						      .size = size,
						      .form = SKEP_REG,
						      .off = bits};

				test_alu(vm, in, regs[r], 7, corners, nc, corners, nc);
				test_alu(vm, in, 7, regs[r], corners, nc, corners, nc);
			}
		}
	}
}

/* Reciprocals are easy to get wrong by one: many divisors, dividends round their multiples. */
static void divisions(struct skep_vm *vm)
{
	struct skep_rng rng;

	skep_rng_init(&rng, 42);
	for (u32 k = 0; k < 700; k++) {
		s32 d = k < 300 ? (s32)k + 1
				: (s32)(skep_rng_next(&rng) >> (32 + skep_rng_below(&rng, 32)));
		static const u16 ops[] = {SKEP_DIV, SKEP_MOD, SKEP_SDIV, SKEP_SMOD};
		struct skep_ins in = {.op = ops[k & 3], .size = k & 4 ? 4 : 8, .imm = d};
		u64 n[64];

		for (u32 i = 0; i < 64; i++) {
			u64 q = skep_rng_next(&rng) >> skep_rng_below(&rng, 64);

			n[i] = i < 24 ? q : (in.size == 8 ? (u64)(s64)d : (u32)d) * q + i % 3 - 1;
			if (i == 63)
				n[i] = ~(u64)0;
		}
		for (u32 o = 0; o < 2; o++) {
			in.op = ops[(k + o) & 3];
			test_alu(vm, in, k % 3 == 0 ? 6 : k % 3 == 1 ? 0 : 3, 1, n, 64, corners, 1);
		}
	}
}

/* --- jumps --------------------------------------------------------------------------------- */

static void test_cond(struct skep_vm *vm, struct skep_ins in, bool from_memory, u8 load)
{
	struct prog p = {0};
	struct set s;
	u32 nc = SKEP_ARRAY_SIZE(corners);

	in.dst = 6;
	in.src = in.form == SKEP_REG ? 7 : 0;
	in.off = 2;
	if (!from_memory)
		add(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0, 0);
	add(&p, SKEP_LDX, 8, SKEP_REG, 7, 1, 8, 0);
	add(&p, SKEP_LDX, load, SKEP_REG, 6, 1, 0, 0);
	p.n += skep_isa_encode(&in, p.code + p.n * 8, false);
	/* r6 has no reader behind the jump */
	add(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0, 0);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	add(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0, 1);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	set_make(&s, &p, vm);
	for (u32 i = 0; i < nc; i++)
		for (u32 k = 0; k < (in.form == SKEP_REG ? nc : 1); k++) {
			words ops = {corners[i], corners[k]};
			u64 d = load == 8 ? ops[0] : ops[0] & (((u64)1 << load * 8) - 1);

			check(&s, &in, ops, skep_isa_cond(&in, d, ops[1]), ops);
		}
	set_free(&s);
}

static void all_conds(struct skep_vm *vm)
{
	for (u16 op = SKEP_JEQ; op <= SKEP_JSET; op++)
		for (u8 size = 4; size <= 8; size += 4)
			for (u8 load = 1; load <= 8; load *= 2) {
				struct skep_ins in = {.op = op, .size = size, .form = SKEP_REG};

				test_cond(vm, in, load & 1, load);
				in.form = SKEP_IMM;
				for (u32 k = 0; k < SKEP_ARRAY_SIZE(imms); k++) {
					in.imm = imms[k];
					test_cond(vm, in, k & 1, load);
				}
			}
}

/*
 * What compilers join: [copy;] an operation on r7 and a jump on its being zero (or equal to
 * `cmp`), r7 with no reader behind it.
 */
static void test_joined(struct skep_vm *vm, u32 copy, struct skep_ins op, u16 jump, u8 jsize,
			s32 cmp)
{
	struct skep_ins jc = {
		.op = jump, .size = jsize, .form = SKEP_IMM, .dst = 7, .off = 2, .imm = cmp};
	u32 nc = SKEP_ARRAY_SIZE(corners);
	struct prog p = {0};
	struct set s;

	add(&p, SKEP_LDX, 8, SKEP_REG, copy ? 6 : 7, 1, 0, 0);
	add(&p, SKEP_LDX, 8, SKEP_REG, 8, 1, 8, 0);
	if (copy)
		add(&p, SKEP_MOV, (u8)copy, SKEP_REG, 7, 6, 0, 0);
	op.dst = 7;
	op.src = op.form == SKEP_REG ? 8 : 0;
	p.n += skep_isa_encode(&op, p.code + p.n * 8, false);
	p.n += skep_isa_encode(&jc, p.code + p.n * 8, false);
	add(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0, 0);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	add(&p, SKEP_MOV, 8, SKEP_IMM, 0, 0, 0, 1);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	set_make(&s, &p, vm);
	for (u32 i = 0; i < nc; i++)
		for (u32 k = 0; k < (op.form == SKEP_REG ? nc : 1); k++) {
			words ops = {corners[i], corners[k]};
			u64 v = copy == 4 ? (u32)corners[i] : corners[i];

			v = skep_isa_eval(&op, v, corners[k]);
			check(&s, &jc, ops, skep_isa_cond(&jc, v, 0), ops);
		}
	set_free(&s);
}

static void all_joined(struct skep_vm *vm)
{
	static const u16 ops[] = {SKEP_AND, SKEP_ADD, SKEP_SUB, SKEP_OR, SKEP_XOR};
	static const u8 copies[] = {0, 4, 8};

	for (u32 n = 0; n < 5 * 3 * 2 * 2 * 2; n++) {
		struct skep_ins op = {.op = ops[n % 5], .size = n / 5 & 1 ? 4 : 8};
		u32 copy = copies[n / 20 % 3];
		u16 jump = n / 60 & 1 ? SKEP_JEQ : SKEP_JNE;
		u8 jsize = n / 10 & 1 ? 4 : 8;

		op.form = SKEP_REG;
		test_joined(vm, copy, op, jump, jsize, 0);
		op.form = SKEP_IMM;
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(imms); k++) {
			op.imm = imms[k];
			test_joined(vm, copy, op, jump, jsize, k & 8 ? 1 : 0);
			op.imm = -(s64)0x80000000 >> k % 32;
			test_joined(vm, copy, op, jump, jsize, 0);
		}
	}
}

/* --- atomics -----------------------------------------------------------------------------------
 */

/* The memory operand is [r9], src is in `src`, r0 is set; r0 and src go to [24] and [32]. */
static void test_atomic(struct skep_vm *vm, u16 op, u8 size, u8 src)
{
	struct skep_ins in = {.op = op, .size = size, .form = SKEP_REG, .dst = 9, .src = src};
	u8 flags = skep_ops[op].flags;
	struct prog p = {0};
	struct set s;

	if (flags & SKEP_OPF_LOAD) {
		in.dst = src;
		in.src = 9;
	}
	add(&p, SKEP_MOV, 8, SKEP_REG, 9, 1, 0, 0);
	add(&p, SKEP_LDX, 8, SKEP_REG, 0, 9, 16, 0);
	add(&p, SKEP_LDX, 8, SKEP_REG, src, 9, 8, 0);
	p.n += skep_isa_encode(&in, p.code + p.n * 8, false);
	add(&p, SKEP_STX, 8, SKEP_REG, 9, 0, 24, 0);
	add(&p, SKEP_STX, 8, SKEP_REG, 9, src, 32, 0);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	set_make(&s, &p, vm);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(corners); i++)
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(corners); k++)
			for (u32 eq = 0; eq < 2; eq++) {
				u64 mask = size == 8 ? ~(u64)0 : ((u64)1 << size * 8) - 1;
				words ops = {corners[i], corners[k],
					     eq ? corners[i] ^ (u64)0xff << 56 : corners[k]};
				u64 old = ops[0] & mask, r0 = src ? ops[2] : ops[1], sv = ops[1],
				    val;
				words after;

				if (eq && size == 8)
					ops[2] = ops[0], r0 = src ? ops[2] : ops[1];
				memcpy(after, ops, sizeof(after));
				val = skep_isa_atomic(&in, old, sv & mask, r0 & mask) & mask;
				if (!(flags & SKEP_OPF_LOAD))
					after[0] = (ops[0] & ~mask) | val;
				if (flags & (SKEP_OPF_FETCH | SKEP_OPF_LOAD))
					sv = old;
				if (flags & SKEP_OPF_R0)
					r0 = old;
				if (!src)
					r0 = flags & SKEP_OPF_R0 ? old : sv, sv = r0;
				after[3] = r0;
				after[4] = sv;
				check(&s, &in, ops, r0, after);
			}
	set_free(&s);
}

static void all_atomics(struct skep_vm *vm)
{
	static const u8 regs[] = {0, 2, 3, 4, 5, 6, 8};

	for (u16 op = SKEP_AADD; op <= SKEP_STREL; op++)
		for (u8 size = op >= SKEP_LDACQ ? 1 : 4; size <= 8; size *= 2)
			for (u32 r = 0; r < sizeof(regs); r++)
				test_atomic(vm, op, size, regs[r]);
}

/* --- loads and stores
 * ----------------------------------------------------------------------------- */

static void test_move(struct skep_vm *vm, u16 load, u8 size, s32 off, u8 reg)
{
	struct skep_ins in = {
		.op = load, .size = size, .form = SKEP_REG, .dst = reg, .src = 9, .off = off};
	u32 nc = SKEP_ARRAY_SIZE(corners);
	struct prog p = {0};
	struct set s;

	add(&p, SKEP_MOV, 8, SKEP_REG, 9, 1, 0, 0);
	p.n += skep_isa_encode(&in, p.code + p.n * 8, false);
	add(&p, SKEP_STX, size, SKEP_REG, 9, reg, 24 + off, 0);
	add(&p, SKEP_ST, size, SKEP_IMM, 9, 0, 40 + off, -2147483);
	add(&p, SKEP_MOV, 8, SKEP_REG, 0, reg, 0, 0);
	add(&p, SKEP_EXIT, 8, SKEP_IMM, 0, 0, 0, 0);
	set_make(&s, &p, vm);
	for (u32 i = 0; i < nc; i++) {
		words ops = {corners[i], corners[nc - 1 - i]},
		      after = {corners[i], corners[nc - 1 - i]};
		u64 v = 0, imm = (u64)-2147483;

		memcpy(&v, (u8 *)ops + off, size);
		memcpy((u8 *)&after[3] + off, &v, size);
		memcpy((u8 *)&after[5] + off, &imm, size);
		if (load == SKEP_LDXS)
			v = size == 1 ? (u64)(s8)v : size == 2 ? (u64)(s16)v : (u64)(s32)v;
		check(&s, &in, ops, v, after);
	}
	set_free(&s);
}

static void all_moves(struct skep_vm *vm)
{
	for (u8 size = 1; size <= 8; size *= 2)
		for (s32 off = 0; off < 8; off++)
			for (u8 reg = 0; reg < 9; reg++) {
				test_move(vm, SKEP_LDX, size, off, reg);
				if (size < 8)
					test_move(vm, SKEP_LDXS, size, off, reg);
			}
}

int main(void)
{
	struct skep_vm *vm = skep_vm_new(NULL);

	if (!vm)
		return 4;
	all_alu(vm);
	all_unary(vm);
	divisions(vm);
	all_conds(vm);
	all_joined(vm);
	all_atomics(vm);
	all_moves(vm);
	skep_vm_free(vm);
	printf("%llu runs, %llu failed\n", (unsigned long long)ran, (unsigned long long)failures);
	return failures != 0;
}
