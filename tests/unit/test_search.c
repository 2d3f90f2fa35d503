/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The superoptimizer on single windows: what is known to be the shortest is found
 * and proved; wrong rows are refused, with an input on which they differ; windows
 * go through their keys unharmed; what is found on random windows gives the same
 * on a thousand inputs. "test_search [-v] [SEED]"; the seed is printed.
 */
#include "search/search_impl.h"
#include "smt/smt.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int failed;

#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("FAIL: " __VA_ARGS__);                                              \
			printf("\n");                                                              \
			failed++;                                                                  \
		}                                                                                  \
	} while (0)

/* A window as text, and how many slots the shortest row has; -1: nothing shorter. */
struct golden {
	const char *name, *row;
	u8 nin, nreg, bits0;
	u16 out;
	u8 level, effort;
	int slots;
};

static const struct golden golden[] = {
	{"low 32 bits by shifts", "r0 <<= 32; r0 >>= 32", 1, 2, 64, 1, 1, 0, 1},
	{"low byte by shifts", "r0 <<= 56; r0 >>= 56", 1, 2, 64, 1, 1, 0, 1},
	{"sign extension of a byte", "r0 <<= 56; r0 s>>= 56", 1, 2, 64, 1, 4, 0, 1},
	{"sign extension at v3", "r0 <<= 56; r0 s>>= 56", 1, 2, 64, 1, 3, 1, -1},
	{"mask and shift", "r0 &= 65280; r0 >>= 8; r0 &= 255", 1, 2, 64, 1, 1, 1, 2},
	{"masks twice", "r0 &= 255; r0 &= 15", 1, 2, 64, 1, 1, 0, 1},
	{"a mask of what fits", "r0 &= 255", 1, 2, 8, 1, 1, 0, 0},
	{"times three", "r1 = r0; r1 <<= 1; r1 += r0; r0 = r1", 1, 3, 64, 1, 1, 1, 1},
	{"sums of constants", "r0 += 5; r0 += 7", 1, 2, 64, 1, 1, 0, 1},
	{"a negation by subtraction", "r1 = 0; r1 -= r0; r0 = r1", 1, 3, 64, 1, 1, 1, 1},
	{"complement and one", "r0 ^= -1; r0 += 1", 1, 2, 64, 1, 1, 0, 1},
	{"shifts to one", "r0 >>= 3; r0 >>= 5", 1, 2, 64, 1, 1, 0, 1},
	{"back and forth", "r0 ^= 77; r0 ^= 77", 1, 2, 64, 1, 1, 0, 0},
	{"bytes exchanged", "r1 = r0; r1 <<= 8; r0 >>= 8; r0 |= r1; r0 &= 65535", 1, 3, 16, 1, 1, 1,
	 1},
	{"a constant of 16 bytes", "r0 = 0xffffffff ll; r1 &= r0", 2, 2, 64, 2, 1, 1, 1},
	{"absolute value is four", "r1 = r0; r1 s>>= 63; r0 ^= r1; r0 -= r1", 1, 3, 64, 1, 1, 1,
	 -1},
	{"maximum of zero is four", "r1 = r0; r1 s>>= 63; r1 ^= -1; r0 &= r1", 1, 3, 64, 1, 1, 1,
	 -1},
	{"minimum without a branch", "r2 = r0; r2 ^= r1; r2 ^= r1; r0 = r2", 2, 4, 64, 1, 1, 1, 0},
	{"one of two", "r2 = r0; r2 &= r1; r0 ^= r2; r0 ^= r1", 2, 3, 64, 1, 1, 1, 1},
	{"a test of one bit", "r0 >>= 3; r0 &= 1; if r0 != 0 goto OUT", 1, 2, 64, 0, 1, 0, 1},
	{"a shift before a comparison", "r0 <<= 32; r0 >>= 32; if r0 == 5 goto OUT", 1, 2, 64, 0, 3,
	 0, 1},
	{"high bit", "r0 >>= 63; if r0 == 1 goto OUT", 1, 2, 64, 0, 2, 1, 1},
	{"a mask before a store", "r0 &= 255; *(u8 *)(r10 + 0) = r0", 1, 2, 64, 0, 1, 0, 1},
};

/* With a branch inside: what is live where control leaves, and how long the shortest row is. */
static const struct {
	const char *name, *row;
	u8 nin, nreg;
	u16 out, keep, side_out, side_keep;
	bool side_not;
	int slots;
} sides[] = {
	{"computed before and again behind", "r2 = r0; r2 &= 15; if r1 > 5 goto SIDE; r0 &= 15", 2,
	 3, 1, 0, 4, 0, false, 3},
	{"nothing left of it behind", "r0 ^= 77; if r1 > 5 goto SIDE; r2 = r0; r2 ^= r0", 2, 3, 4,
	 0, 1, 0, false, 3},
	{"needed behind alone", "r0 ^= 1; if r1 > 5 goto SIDE; r0 ^= 3", 2, 2, 1, 0, 0, 0, false,
	 2},
	{"needed there as well", "r0 ^= 1; if r1 > 5 goto SIDE; r0 ^= 3", 2, 2, 1, 0, 1, 0, false,
	 -1},
	{"what a branch tells", "r1 = r0; r1 ^= 7; if r0 != 0 goto SIDE; r1 ^= 7", 1, 2, 2, 1, 0, 1,
	 false, 2},
	{"what it tells when it is not taken", "r1 = 5; r1 += r0; if r0 == 5 goto SIDE; r1 ^= 10",
	 1, 2, 2, 0, 0, 0, true, 2},
	{"both ways want another", "r0 += 1; if r1 > 5 goto SIDE; r0 += 1; r0 -= 2", 2, 2, 1, 0, 1,
	 0, false, 3},
};

/* r0 stands for memory. Wrong rows have -1 for what is found. */
static const struct {
	const char *name, *row, *wrong;
	u8 level;
	bool big;
	int slots;
} loads[] = {
	{"the low byte", "r1 = *(u32 *)(r0 + 0); r1 &= 255", "r1 = *(u8 *)(r0 + 3)", 1, false, 1},
	{"the low byte, big-endian", "r1 = *(u32 *)(r0 + 0); r1 &= 255", "r1 = *(u8 *)(r0 + 0)", 1,
	 true, 1},
	{"the high byte", "r1 = *(u16 *)(r0 + 2); r1 >>= 8", "r1 = *(u8 *)(r0 + 4)", 1, false, 1},
	{"the sign", "r1 = *(u16 *)(r0 + 0); r1 <<= 48; r1 s>>= 48", "r1 = *(u16 *)(r0 + 0)", 4,
	 false, 1},
	{"put together", "r1 = *(u8 *)(r0 + 1); r2 = *(u8 *)(r0 + 0); r1 <<= 8; r1 |= r2",
	 "r1 = *(u16 *)(r0 + 1)", 1, false, 1},
	{"put together the other way",
	 "r1 = *(u8 *)(r0 + 0); r2 = *(u8 *)(r0 + 1); r1 <<= 8; r1 |= r2", "r1 = *(u16 *)(r0 + 0)",
	 1, false, 2},
	{"no more loads than before", "r1 = *(u16 *)(r0 + 0); r1 = be16 r1; r1 &= 255",
	 "r1 = *(u8 *)(r0 + 1); r1 = *(u8 *)(r0 + 0)", 1, false, 1},
	{"no byte twice", "r1 = *(u8 *)(r0 + 0); r2 = *(u8 *)(r0 + 1); r2 = r1",
	 "r1 = *(u8 *)(r0 + 0); r2 = *(u8 *)(r0 + 0)", 1, false, 2},
	{"not in two parts", "r1 = *(u16 *)(r0 + 0); r2 = *(u8 *)(r0 + 4); r2 = r1",
	 "r1 = *(u8 *)(r0 + 0); r2 = *(u8 *)(r0 + 1); r2 <<= 8; r1 |= r2; r2 = r1", 1, false, 2},
};

static bool parse(const char *text, struct skep_window *w)
{
	char *copy = strdup(text), *save = NULL;
	bool ok = copy != NULL;

	for (char *line = copy ? strtok_r(copy, ";", &save) : NULL; line && ok;
	     line = strtok_r(NULL, ";", &save)) {
		const char *why, *where;
		struct skep_isa_names names;

		while (*line == ' ')
			line++;
		ok = w->n < SKEP_WIN_MAX &&
		     skep_isa_parse(line, strlen(line), &w->in[w->n++], &names, &why, &where);
	}
	free(copy);
	if (ok && skep_is_cond(w->in[w->n - 1].op))
		w->sink = SKEP_SINK_BRANCH;
	else if (ok && w->in[w->n - 1].op == SKEP_STX)
		w->sink = SKEP_SINK_STORE;
	return ok;
}

static bool make(const struct golden *g, struct skep_window *w)
{
	memset(w, 0, sizeof(*w));
	w->nin = g->nin;
	w->nreg = g->nreg;
	w->out = g->out;
	w->level = g->level;
	memset(w->bits, 64, sizeof(w->bits));
	w->bits[0] = g->bits0;
	return parse(g->row, w);
}

static u32 slots(const struct skep_found *f)
{
	u32 n = 0;

	for (u32 k = 0; k < f->n; k++)
		n += skep_ins_slots(&f->in[k]);
	return n;
}

static u64 number(struct skep_rng *g)
{
	u64 r = skep_rng_next(g), v = skep_rng_next(g);

	return r & 1 ? v : r & 2 ? v >> (r >> 8 & 63) : (u64)(s64)(s8)v;
}

/* Does the row give the same on `n` random inputs? */
static bool agrees(const struct skep_window *w, const struct skep_found *f, struct skep_rng *g,
		   u32 n)
{
	for (u32 k = 0; k < n; k++) {
		u64 a[SKEP_WIN_REGS], b[SKEP_WIN_REGS], sa, sb;
		bool la, lb;

		for (u32 r = 0; r < SKEP_WIN_REGS; r++) {
			a[r] = b[r] = number(g);
			if (r < w->nin && w->bits[r] < 64)
				a[r] = b[r] = a[r] & (((u64)1 << w->bits[r]) - 1);
			else if (r >= w->nin && !(w->keep >> r & 1))
				b[r] = number(g);
		}
		la = skep_window_run(w, w->in, w->n, a, &sa);
		lb = skep_window_run(w, f->in, f->n, b, &sb);
		if (la != lb)
			return false;
		for (u32 r = 0; r < w->nreg; r++)
			if (((la ? w->side_out : w->out) >> r & 1) && a[r] != b[r])
				return false;
		if (la)
			continue;
		if (w->sink == SKEP_SINK_STORE) {
			u32 bits = w->in[w->n - 1].size * 8u;

			sa &= bits < 64 ? ((u64)1 << bits) - 1 : ~(u64)0;
			sb &= bits < 64 ? ((u64)1 << bits) - 1 : ~(u64)0;
		}
		if (w->sink != SKEP_SINK_NONE && sa != sb)
			return false;
	}
	return true;
}

static void print(const char *title, const struct skep_window *w, const struct skep_found *f)
{
	struct skep_buf b = {0};

	skep_window_print(w, &b);
	if (f) {
		skep_buf_puts(&b, "becomes\n");
		skep_found_print(f, &b);
	}
	printf("%s:\n%s", title, b.p ? b.p : "");
	skep_buf_fini(&b);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void test_golden(struct skep_rng *g, bool verbose)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(golden); k++) {
		struct skep_search_opts o = {
			.sz = sizeof(o), .effort = golden[k].effort, .timeout_ms = 4000};
		struct skep_search_stats st = {0};
		struct skep_window w;
		struct skep_found f;
		enum skep_search_result r;
		double t = now_ms();

		if (!make(&golden[k], &w)) {
			CHECK(false, "%s: not understood", golden[k].name);
			continue;
		}
		r = skep_search_window(&w, &o, &f, &st);
		t = now_ms() - t;
		CHECK((r == SKEP_SEARCH_FOUND) == (golden[k].slots >= 0), "%s: result %d",
		      golden[k].name, (int)r);
		if (verbose || (r == SKEP_SEARCH_FOUND && (int)slots(&f) != golden[k].slots)) {
			print(golden[k].name, &w, r == SKEP_SEARCH_FOUND ? &f : NULL);
			printf("# %llu nodes, %llu proofs, %llu refuted, %llu unknown, %.1f ms\n",
			       (unsigned long long)st.nodes, (unsigned long long)st.proofs,
			       (unsigned long long)st.refuted, (unsigned long long)st.unknown, t);
		}
		if (r != SKEP_SEARCH_FOUND)
			continue;
		CHECK((int)slots(&f) == golden[k].slots, "%s: %u slots instead of %d",
		      golden[k].name, slots(&f), golden[k].slots);
		CHECK(agrees(&w, &f, g, 1000), "%s: differs on an input", golden[k].name);
	}
}

static bool make_side(u32 k, struct skep_window *w)
{
	memset(w, 0, sizeof(*w));
	w->nin = sides[k].nin;
	w->nreg = sides[k].nreg;
	w->out = sides[k].out;
	w->keep = sides[k].keep;
	w->side_out = sides[k].side_out;
	w->side_keep = sides[k].side_keep;
	w->side_not = sides[k].side_not;
	w->level = 1;
	memset(w->bits, 64, w->nin);
	if (!parse(sides[k].row, w))
		return false;
	w->side = 1;
	while (!skep_is_cond(w->in[w->side - 1].op))
		w->side++;
	return true;
}

static void test_sides(struct skep_rng *g)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(sides); k++) {
		struct skep_search_opts o = {.sz = sizeof(o), .effort = 1, .timeout_ms = 4000};
		struct skep_window w, back;
		struct skep_found f;
		u8 key[SKEP_WIN_KEY];
		bool found;

		if (!make_side(k, &w)) {
			CHECK(false, "%s: not understood", sides[k].name);
			continue;
		}
		CHECK(skep_window_from_key(key, skep_window_key(&w, key), &back) &&
			      memcmp(&w, &back, sizeof(w)) == 0,
		      "%s: not what its key says", sides[k].name);
		found = skep_search_window(&w, &o, &f, NULL) == SKEP_SEARCH_FOUND;
		CHECK(found == (sides[k].slots >= 0), "%s: found %d", sides[k].name, found);
		if (!found)
			continue;
		CHECK((int)slots(&f) == sides[k].slots && agrees(&w, &f, g, 1000),
		      "%s: %u slots instead of %d, or wrong", sides[k].name, slots(&f),
		      sides[k].slots);
		if ((int)slots(&f) != sides[k].slots)
			print(sides[k].name, &w, &f);
	}
}

static void test_loads(struct skep_rng *g)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(loads); k++) {
		struct skep_search_opts o = {.sz = sizeof(o), .effort = 1, .timeout_ms = 4000};
		struct skep_window w, v, back;
		struct skep_found f = {.n = 0};
		u8 key[SKEP_WIN_KEY];

		memset(&w, 0, sizeof(w));
		memset(&v, 0, sizeof(v));
		w.nin = w.keep = w.mem = 1;
		w.nreg = 3;
		w.out = k < 7 ? 2 : 6;
		w.bits[0] = 64;
		w.level = loads[k].level;
		w.big = loads[k].big;
		CHECK(parse(loads[k].row, &w) && parse(loads[k].wrong, &v), "%s: not understood",
		      loads[k].name);
		CHECK(skep_window_from_key(key, skep_window_key(&w, key), &back) &&
			      memcmp(&w, &back, sizeof(w)) == 0,
		      "%s: not what its key says", loads[k].name);
		f.n = v.n;
		memcpy(f.in, v.in, sizeof(f.in));
		CHECK(skep_found_prove(&w, &f, 4000, NULL) == SKEP_FOUND_NO, "%s: not refused",
		      loads[k].name);
		if (skep_search_window(&w, &o, &f, NULL) != SKEP_SEARCH_FOUND) {
			CHECK(false, "%s: nothing found", loads[k].name);
			continue;
		}
		CHECK((int)slots(&f) == loads[k].slots && agrees(&w, &f, g, 1000),
		      "%s: %u slots instead of %d, or wrong", loads[k].name, slots(&f),
		      loads[k].slots);
		if ((int)slots(&f) != loads[k].slots)
			print(loads[k].name, &w, &f);
	}
}

/* Rows that are wrong where control leaves, or behind, or that change the branch. */
static void test_sides_wrong(void)
{
	static const struct {
		const char *row, *wrong;
		u16 out, keep, side_out, side_keep;
	} bad[] = {
		{"r0 ^= 1; if r1 > 5 goto SIDE; r0 ^= 3", "if r1 > 5 goto SIDE; r0 ^= 2", 1, 0, 1, 0},
		{"r2 = r0; if r1 > 5 goto SIDE; r2 += 1", "r2 = r0; if r1 > 5 goto SIDE; r2 += 2", 4,
		 1, 4, 1},
		{"r2 = r0; if r1 > 5 goto SIDE; r2 += 1", "r2 = r0; if r1 > 6 goto SIDE; r2 += 1", 4,
		 1, 4, 1},
		{"r2 = r0; if r1 > 5 goto SIDE; r2 += 1",
		 "r2 = r0; r1 += 1; if r1 > 5 goto SIDE; r2 += 1", 4, 1, 4, 1},
		{"r2 = 1; if r1 > 5 goto SIDE; r2 += r0", "r0 += 1; if r1 > 5 goto SIDE; r2 = r0", 4,
		 0, 0, 1},
		{"r2 = r0; if r1 > 5 goto SIDE; r2 += 1", "r2 = r0; r2 += 1", 4, 1, 4, 1},
	};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(bad); k++) {
		struct skep_window w = {.nin = 2, .nreg = 3, .side = 2, .level = 4}, v = {.n = 0};
		struct skep_found f = {.n = 0};

		memset(w.bits, 64, sizeof(w.bits));
		w.out = bad[k].out;
		w.keep = bad[k].keep;
		w.side_out = bad[k].side_out;
		w.side_keep = bad[k].side_keep;
		CHECK(parse(bad[k].row, &w) && parse(bad[k].wrong, &v), "side %u: not understood",
		      k);
		w.sink = SKEP_SINK_NONE;
		f.n = v.n;
		memcpy(f.in, v.in, sizeof(f.in));
		CHECK(skep_found_prove(&w, &f, 4000, NULL) == SKEP_FOUND_NO,
		      "a wrong row with a branch inside is not refused: %u", k);
		memcpy(f.in, w.in, sizeof(f.in));
		f.n = w.n;
		CHECK(skep_found_prove(&w, &f, 4000, NULL) == SKEP_FOUND_YES,
		      "a row with a branch inside is not itself: %u", k);
	}
}

/* Rows that are wrong, most of them on few inputs. */
static const struct {
	const char *name, *row, *wrong;
	u8 nin, nreg, bits0;
	u16 out, keep;
} wrong[] = {
	{"a shift by more than the width", "w0 <<= 8", "w0 <<= 40", 1, 2, 64, 1, 0},
	{"another amount", "r0 <<= 32; r0 >>= 32", "r0 <<= 31; r0 >>= 31", 1, 2, 64, 1, 0},
	{"sign for zero extension", "r0 <<= 32; r0 >>= 32", "r0 <<= 32; r0 s>>= 32", 1, 2, 64, 1,
	 0},
	{"wrong at zero alone", "r0 = 1", "r1 = r0; r1 = -r1; r0 |= r1; r0 >>= 63", 1, 2, 64, 1, 0},
	{"a register that lives on", "r0 &= 15", "r1 = r0; r1 &= 15; r0 &= 15", 1, 2, 64, 1, 2},
	{"a register that nobody set", "r1 = 0", "r1 ^= r1; r1 += r0; r1 -= r2", 1, 3, 64, 2, 0},
	{"more bits than that", "r0 &= 255", "r0 &= -1", 1, 2, 9, 1, 0},
	{"signed for unsigned", "if r0 > 5 goto OUT", "if r0 s> 5 goto OUT", 1, 2, 64, 0, 0},
	{"the low half alone", "if r0 == 5 goto OUT", "if w0 == 5 goto OUT", 1, 2, 33, 0, 0},
	{"a narrower store", "*(u16 *)(r10 + 0) = r0", "r0 &= 255; *(u16 *)(r10 + 0) = r0", 1, 2, 9,
	 0, 0},
	{"an odd multiple", "r0 *= 3", "r1 = r0; r0 <<= 1; r0 |= r1", 1, 2, 64, 1, 0},
};

static void test_wrong(void)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(wrong); k++) {
		const struct golden g = {wrong[k].name,
					 wrong[k].row,
					 wrong[k].nin,
					 wrong[k].nreg,
					 wrong[k].bits0,
					 wrong[k].out,
					 4,
					 0,
					 0};
		const struct golden h = {wrong[k].name,
					 wrong[k].wrong,
					 wrong[k].nin,
					 wrong[k].nreg,
					 wrong[k].bits0,
					 wrong[k].out,
					 4,
					 0,
					 0};
		struct skep_window w, v;
		struct skep_found f = {.n = 0};

		if (!make(&g, &w) || !make(&h, &v)) {
			CHECK(false, "%s: not understood", wrong[k].name);
			continue;
		}
		w.keep = wrong[k].keep;
		f.n = v.n;
		memcpy(f.in, v.in, sizeof(f.in));
		CHECK(skep_found_prove(&w, &f, 4000, NULL) == SKEP_FOUND_NO, "%s: not refused",
		      wrong[k].name);
		memcpy(f.in, w.in, sizeof(f.in));
		f.n = w.n;
		CHECK(skep_found_prove(&w, &f, 4000, NULL) == SKEP_FOUND_YES, "%s: is not itself",
		      wrong[k].name);
	}
}

/* --- random windows -------------------------------------------------------------------------- */

static struct skep_ins random_ins(struct skep_rng *g)
{
	static const u16 op[] = {SKEP_ADD, SKEP_SUB, SKEP_OR,	SKEP_AND, SKEP_LSH, SKEP_RSH,
				 SKEP_XOR, SKEP_MOV, SKEP_ARSH, SKEP_MUL, SKEP_NEG};
	static const s32 imm[] = {0, 1, -1, 2, 8, 16, 24, 255, 256, 65535, 7, -256};
	struct skep_ins in = {.op = op[skep_rng_below(g, SKEP_ARRAY_SIZE(op))]};

	in.size = skep_rng_below(g, 3) ? 8 : 4;
	in.dst = (u8)skep_rng_below(g, 2);
	in.form = in.op != SKEP_NEG && skep_rng_below(g, 3) == 0 ? SKEP_REG : SKEP_IMM;
	in.src = in.form == SKEP_REG ? (u8)skep_rng_below(g, 2) : 0;
	if (in.form == SKEP_IMM && in.op != SKEP_NEG)
		in.imm = imm[skep_rng_below(g, SKEP_ARRAY_SIZE(imm))];
	if (in.op == SKEP_LSH || in.op == SKEP_RSH || in.op == SKEP_ARSH)
		in.imm &= in.size * 8 - 1;
	return in;
}

static void test_random(struct skep_rng *g, u32 n)
{
	u32 found = 0;

	for (u32 k = 0; k < n; k++) {
		struct skep_search_opts o = {
			.sz = sizeof(o), .effort = k % 8 == 0, .seed = k, .timeout_ms = 200};
		struct skep_window w = {.nin = 2,
					.nreg = 3,
					.out = (u16)(1 + skep_rng_below(g, 3)),
					.level = (u8)(1 + k % 4),
					.mode = (u8)(k % 3)};
		struct skep_window back;
		struct skep_found f, again;
		u8 key[SKEP_WIN_KEY];

		w.n = (u8)(2 + skep_rng_below(g, 4));
		w.bits[0] = (u8)(1 + skep_rng_below(g, 64));
		w.bits[1] = 64;
		for (u32 i = 0; i < w.n; i++)
			w.in[i] = random_ins(g);
		CHECK(skep_window_from_key(key, skep_window_key(&w, key), &back) &&
			      memcmp(&w, &back, sizeof(w)) == 0,
		      "a window is not what its key says");
		if (skep_search_window(&w, &o, &f, NULL) != SKEP_SEARCH_FOUND)
			continue;
		found++;
		if (!agrees(&w, &f, g, 1000)) {
			CHECK(false, "a random window differs");
			print("random window", &w, &f);
		}
		CHECK(skep_search_cost_of(w.mode, f.in, f.n) <
			      skep_search_cost_of(w.mode, w.in, w.n),
		      "found what is not cheaper");
		CHECK(skep_found_from_key(key, skep_found_key(&f, key), &again) &&
			      memcmp(&f, &again, sizeof(f)) == 0,
		      "a row is not what its key says");
		CHECK(skep_search_window(&w, &o, &again, NULL) == SKEP_SEARCH_FOUND &&
			      memcmp(&f, &again, sizeof(f)) == 0,
		      "the same search gives another row");
	}
	printf("%u of %u random windows made cheaper\n", found, n);
	CHECK(found > n / 10, "next to nothing was found");
}

/* The random walk alone, which otherwise runs only where the enumeration found nothing. */
static void test_stochastic(struct skep_rng *g)
{
	static const struct golden rows[] = {
		{"halves put together again",
		 "r1 = r0; r1 <<= 8; r1 >>= 8; r0 >>= 56; r0 <<= 56; r0 |= r1", 1, 3, 64, 1, 1, 2,
		 5},
		{"masks of parts", "r1 = r0; r1 &= 240; r2 = r0; r2 &= 15; r0 = r1; r0 |= r2", 1, 4,
		 64, 1, 1, 2, 5},
	};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(rows); k++) {
		struct skep_search_opts o = {.sz = sizeof(o), .timeout_ms = 4000};
		struct skep_search_stats st = {0};
		struct search *s = calloc(1, sizeof(*s));
		struct skep_window w;

		if (!s || !make(&rows[k], &w)) {
			CHECK(false, "%s: not understood, or no memory", rows[k].name);
			free(s);
			continue;
		}
		s->w = &w;
		s->opts = &o;
		s->stats = &st;
		s->budget = UINT64_MAX;
		s->max_proofs = 50;
		skep_rng_init(&s->rng, 7);
		skep_search_prepare(s);
		skep_search_stochastic(s, w.n - 1u, 400000);
		CHECK(s->found && (int)slots(&s->best) <= rows[k].slots &&
			      agrees(&w, &s->best, g, 1000),
		      "%s: not by the random walk", rows[k].name);
		free(s);
	}
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	u64 seed = argc > 1 + verbose ? strtoull(argv[1 + verbose], NULL, 0) : (u64)time(NULL);
	struct skep_rng g;

	if (!skep_smt_solver()) {
		printf("SKIP: built without a solver\n");
		return 77;
	}
	printf("seed %llu\n", (unsigned long long)seed);
	skep_rng_init(&g, seed);
	test_golden(&g, verbose);
	test_wrong();
	test_sides(&g);
	test_sides_wrong();
	test_loads(&g);
	test_stochastic(&g);
	test_random(&g, 60);
	printf("%s\n", failed ? "failed" : "all passed");
	return failed != 0;
}
