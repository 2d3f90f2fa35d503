/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Learning: which instructions make a window (by data dependence, past what stands
 * between), that equal windows have equal keys, what is left alone; parts of windows;
 * and rules that are made of single finds, which cover what they should and no more.
 */
#include "obj/obj.h"
#include "search/search.h"
#include "smt/smt.h"

#include <stdio.h>
#include <stdlib.h>

static int failed;

#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("FAIL: " __VA_ARGS__);                                              \
			printf("\n");                                                              \
			failed++;                                                                  \
		}                                                                                  \
	} while (0)

/* --- windows of programs ------------------------------------------------------------- */

struct program {
	struct skep_arena arena;
	struct skep_objfile *file;
	struct skep_opt_view v;
};

static bool load(struct program *p, const char *body)
{
	struct skep_buf b = {0};
	struct skep_func *f;

	skep_arena_init(&p->arena);
	skep_buf_printf(&b, ".license \"GPL\"\n.section \"xdp\"\n.func f\n%s\nexit\n", body);
	if (skep_obj_parse(b.p, b.n, &p->arena, NULL, &p->file)) {
		printf("not understood: %s\n", body);
		return false;
	}
	skep_buf_fini(&b);
	f = p->file->obj->func[0];
	p->v = (struct skep_opt_view){.obj = p->file->obj, .level = 4};
	p->v.cfg = skep_cfg_compute(f, &p->arena);
	p->v.fa = skep_facts_compute(p->file->obj, p->v.cfg, &p->arena);
	p->v.lv = skep_live_compute(p->file->obj, p->v.fa, &p->arena);
	p->v.touched = SKEP_NEW_N(&p->arena, u8, p->v.cfg->ninsn);
	return true;
}

/* Is there a window that prints like this? Otherwise say which there are. */
static bool has_window(const char *body, const char *want, bool quiet)
{
	struct program p;
	struct skep_windows it;
	struct skep_site s;
	struct skep_buf b = {0}, all = {0};
	bool found = false;

	if (load(&p, body)) {
		skep_windows_init(&it, &p.v);
		it.sides = it.loads = true;
		while (skep_windows_next(&it, &s)) {
			b.n = 0;
			skep_window_print(&s.w, &b);
			found |= strcmp(b.p, want) == 0;
			skep_buf_printf(&all, "%s--\n", b.p);
		}
	}
	if (!found && !quiet)
		printf("windows of\n%s:\n%s", body, all.p ? all.p : "");
	skep_buf_fini(&b);
	skep_buf_fini(&all);
	skep_arena_fini(&p.arena);
	return found;
}

/* r2 is the packet, of which 16 bytes are there; other ways end at `out`. */
#define PACKET                                                                                     \
	"r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 16\nr0 = 0\nif r4 > r3 goto out\n"
#define END "\nexit\nout:"
#define RANDOM "call bpf_get_prandom_u32\n"

static const struct {
	const char *name, *body, *window;
	bool there;
} windows[] = {
	{"past what stands between",
	 RANDOM "r6 = r0\nr6 <<= 8\nr7 = 5\n" RANDOM "r6 >>= 8\nr0 += r6\nr0 += r7",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", true},
	{"not when what stands between reads it",
	 RANDOM "r6 = r0\nr6 <<= 8\nr7 = r6\n" RANDOM "r6 >>= 8\nr0 += r6\nr0 += r7",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", false},
	{"not when what stands between writes what it read",
	 RANDOM "r6 = r0\n" RANDOM
		"r0 &= 1\nr7 = r6\nr7 ^= 7\nr6 = r0\nr7 >>= 3\nr0 = r7\nr0 += r6",
	 "r1 = r0\nr1 ^= 7\nr1 >>= 3\n# live r1\n", false},
	{"a branch at the end",
	 RANDOM "r0 >>= 3\nr0 &= 1\nif r0 != 0 goto l\nr0 = 1\nexit\nl:\nr0 = 2",
	 "r0 >>= 3\nr0 &= 1\nif r0 != 0 goto OUT\n", true},
	{"not when the branch tells of what lives on",
	 RANDOM "r1 = r0\nr1 += 1\nif r1 > 5 goto l\nexit\nl:\nr0 = 2",
	 "r1 = r0\nr1 += 1\nif r1 > 5 goto OUT\n# keeps r0\n", false},
	{"before and after a branch, when the other way does not need it",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r0 > 5 goto l\nr6 >>= 8\nr0 += r6\nexit\nl:\nr0 = 2",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", true},
	{"not when the other way reads it",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r0 > 5 goto l\nr6 >>= 8\nr0 += r6\nexit\nl:\nr0 = r6",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", false},
	{"not when the branch reads it",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r6 > 5 goto l\nr6 >>= 8\nr0 += r6\nexit\nl:\nr0 = 2",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", false},
	{"not when control may come another way",
	 RANDOM "r6 = r0\nr6 <<= 8\nif r0 > 5 goto l\nr6 = r1\n" RANDOM
		"l:\nr6 >>= 8\nr0 = r6",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", false},
	{"where the branch is taken",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r0 > 5 goto l\nr0 = 2\nexit\nl:\nr6 >>= 8\nr0 += r6",
	 "r0 <<= 8\nr0 >>= 8\n# live r0\n", true},
	{"not around a loop",
	 RANDOM "r6 = r0\nr7 = 0\nl:\nr6 >>= 8\nr6 <<= 4\nr7 += 1\nif r7 < 9 goto l\nr0 = r6",
	 "r0 <<= 4\nr0 >>= 8\n# live r0\n", false},
	{"a branch inside, where the other way needs what was computed before it",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r0 > 5 goto l\nr6 >>= 8\nr0 = r6\nexit\nl:\nr0 = r6",
	 "r0 <<= 8\nif r1 > 5 goto SIDE\nr0 >>= 8\n# live r0\n# live at SIDE r0\n", true},
	{"the same where the branch is taken",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r0 > 5 goto l\nr0 = r6\nexit\nl:\nr6 >>= 8\nr0 = r6",
	 "r0 <<= 8\nif r1 > 5 goto SIDE\nr0 >>= 8\n# live r0\n# leaves when not taken\n# live at SIDE r0\n",
	 true},
	{"not when something behind the branch reads it",
	 RANDOM "r6 = r0\nr6 <<= 8\n" RANDOM
		"if r0 > 5 goto l\nr7 = r6\nr6 >>= 8\nr0 = r6\nr0 += r7\nexit\nl:\nr0 = r6",
	 "r0 <<= 8\nif r1 > 5 goto SIDE\nr0 >>= 8\n# live r0\n# live at SIDE r0\n", false},
	{"not when the branch tells of a copy that is needed",
	 RANDOM "r6 = r0\nr7 = r6\nif r7 > 5 goto l\nr6 += r7\nr0 = r6\nexit\nl:\nr0 = r7",
	 "r1 = r0\nif r1 > 5 goto SIDE\nr0 += r1\n# live r0\n# live at SIDE r1\n", false},
	{"a load of the packet", PACKET "r0 = *(u32 *)(r2 + 4)\nr0 >>= 8" END,
	 "r1 = *(u32 *)(r0 + 0)\nr1 >>= 8\n# live r1\n# keeps r0\n", true},
	{"two loads of it", PACKET "r0 = *(u8 *)(r2 + 5)\nr3 = *(u8 *)(r2 + 4)\nr0 <<= 8\nr0 |= r3" END,
	 "r1 = *(u8 *)(r0 + 1)\nr2 = *(u8 *)(r0 + 0)\nr1 <<= 8\nr1 |= r2\n# live r1\n# keeps r0\n",
	 true},
	{"not when its base goes", PACKET "r2 = *(u32 *)(r2 + 4)\nr2 >>= 8\nr0 = r2" END,
	 "r1 = *(u32 *)(r0 + 0)\nr1 >>= 8\n# live r1\n# keeps r0\n", false},
	{"not when the packet is written in between",
	 PACKET "r0 = *(u32 *)(r2 + 4)\n*(u8 *)(r2 + 5) = 1\nr0 >>= 8" END,
	 "r1 = *(u32 *)(r0 + 0)\nr1 >>= 8\n# live r1\n# keeps r0\n", false},
	{"elsewhere it may be written",
	 PACKET "r0 = *(u32 *)(r2 + 4)\n*(u8 *)(r2 + 9) = 1\nr0 >>= 8" END,
	 "r1 = *(u32 *)(r0 + 0)\nr1 >>= 8\n# live r1\n# keeps r0\n", true},
	{"not of the context", "r0 = *(u32 *)(r1 + 12)\nr0 >>= 8",
	 "r1 = *(u32 *)(r0 + 0)\nr1 >>= 8\n# live r1\n# keeps r0\n", false},
	{"not of the stack", "r0 = 0\n*(u64 *)(r10 - 8) = r0\nr0 = *(u32 *)(r10 - 8)\nr0 >>= 8",
	 "r1 = *(u32 *)(r0 + 0)\nr1 >>= 8\n# live r1\n# keeps r0\n", false},
	{"a store at the end", RANDOM "r0 &= 255\n*(u8 *)(r10 - 1) = r0\nr0 = 0",
	 "r0 &= 255\n*(u8 *)(r10 + 0) = r0\n", true},
	{"no pointers", "r2 = r1\nr2 += 8\nr0 = *(u32 *)(r2 + 0)", "r1 = r0\nr1 += 8\n# live r1\n",
	 false},
	{"a register that must stay", RANDOM "r1 = r0\nr1 &= 7\nr0 += r1",
	 "r1 = r0\nr1 &= 7\n# live r1\n# keeps r0\n", true},
};

static void test_windows(void)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(windows); k++)
		CHECK(has_window(windows[k].body, windows[k].window, !windows[k].there) ==
			      windows[k].there,
		      "%s", windows[k].name);
}

/* The same in other registers has the same key. */
static void test_canonical(void)
{
	static const char *const body[] = {RANDOM "r6 = r0\nr6 <<= 3\nr6 ^= r0\nr0 = r6\nr0 += 0",
					   RANDOM "r3 = r0\nr3 <<= 3\nr3 ^= r0\nr0 = r3\nr0 += 0"};
	u8 key[2][SKEP_WIN_KEY];
	u32 len[2] = {0, 0};

	for (u32 k = 0; k < 2; k++) {
		struct program p;
		struct skep_site s;

		CHECK(load(&p, body[k]), "canonical %u", k);
		CHECK(skep_window_build(&p.v, p.v.cfg->insn + 1, 3, &s), "canonical %u: no window",
		      k);
		len[k] = skep_window_key(&s.w, key[k]);
		skep_arena_fini(&p.arena);
	}
	CHECK(len[0] == len[1] && memcmp(key[0], key[1], len[0]) == 0,
	      "equal windows have different keys");
}

/* --- windows as text --------------------------------------------------------------------- */

static bool parse_row(const char *text, struct skep_ins *in, u8 *n)
{
	char *copy = strdup(text), *save = NULL;
	bool ok = copy != NULL;

	*n = 0;
	for (char *line = copy ? strtok_r(copy, ";", &save) : NULL; line && ok;
	     line = strtok_r(NULL, ";", &save)) {
		struct skep_isa_names names;
		const char *why, *where;

		while (*line == ' ')
			line++;
		ok = *n < SKEP_WIN_MAX &&
		     skep_isa_parse(line, strlen(line), &in[(*n)++], &names, &why, &where);
	}
	free(copy);
	return ok;
}

static struct skep_window window(const char *row, u8 nin, u8 nreg, u16 out, u16 keep, u8 bits0)
{
	struct skep_window w = {.nin = nin, .nreg = nreg, .out = out, .keep = keep, .level = 4};

	memset(w.bits, 64, sizeof(w.bits));
	w.bits[0] = bits0;
	CHECK(parse_row(row, w.in, &w.n), "not understood: %s", row);
	if (skep_is_cond(w.in[w.n - 1].op))
		w.sink = SKEP_SINK_BRANCH;
	return w;
}

static void test_parts(void)
{
	struct skep_window w = window("r0 <<= 4; r2 = r1; r0 >>= 4; r2 &= r0", 2, 3, 4, 0, 64),
			   part;

	CHECK(skep_window_part(&w, 5, &part) && part.n == 2 && part.out == 1 && part.nin == 1,
	      "the shifts are a part");
	CHECK(!skep_window_part(&w, 9, &part), "what stands between reads the part's result");
	CHECK(skep_window_part(&w, 10, &part) && part.n == 2, "copy and mask are a part");
	CHECK(skep_window_part(&w, 10, &part) && part.nin == 2 && part.out == 4,
	      "they make one value of two");
}

/* --- rules ---------------------------------------------------------------------------------- */

static const struct {
	const char *name, *row, *found;
	u8 nin, nreg;
	u16 out, keep;
	u8 bits0;
	const char *covers, *covers_not;
} finds[] = {
	{"shifts one way", "r0 >>= 3; r0 >>= 5", "r0 >>= 8", 1, 1, 1, 0, 64, "r0 >>= 17; r0 >>= 9",
	 "r0 >>= 40; r0 >>= 30"},
	{"masks", "r0 &= 255; r0 &= 15", "r0 &= 15", 1, 1, 1, 0, 64, "r0 &= 1023; r0 &= 1022",
	 NULL},
	{"sums", "r0 += 5; r0 += 7", "r0 += 12", 1, 1, 1, 0, 64, "r0 += -100; r0 += 33",
	 "r0 += 0x7fffffff; r0 += 1"},
	{"a test of one bit", "r0 >>= 3; r0 &= 1; if r0 != 0 goto OUT", "if r0 & 8 goto OUT", 1, 1,
	 0, 0, 64, "r0 >>= 9; r0 &= 1; if r0 != 0 goto OUT",
	 "r0 >>= 60; r0 &= 31; if r0 != 0 goto OUT"},
	{"a constant through a register", "r1 = 5; r0 += r1", "r0 += 5", 1, 2, 1, 0, 64,
	 "r1 = -9; r0 += r1", NULL},
	{"a mask of what fits", "r0 &= 255; r0 += 1", "r0 += 1", 1, 1, 1, 0, 8,
	 "r0 &= 0xffff; r0 += 9", "r0 &= 15; r0 += 1"},
	{"a row without numbers", "r1 = r0; w1 = w1", "w1 = w0", 1, 2, 2, 1, 64,
	 "r1 = r0; w1 = w1", "r1 = r0; r1 += r1"},
	{"a wide constant", "r1 = 0xf0000000 ll; r0 &= r1", "w0 &= -268435456", 1, 2, 1, 0, 64,
	 "r1 = 0xff00ff00 ll; r0 &= r1", "r1 = 0x1ff00ff00 ll; r0 &= r1"},
};

static bool covers(const struct skep_rule *r, const char *row, u32 k)
{
	struct skep_window w = window(row, finds[k].nin, finds[k].nreg, finds[k].out, finds[k].keep,
				      finds[k].bits0);

	return skep_rule_covers(r, &w);
}

static void test_rules(void)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(finds); k++) {
		struct skep_learn_opts o = {.sz = sizeof(o), .seed = 1, .timeout_ms = 3000};
		struct skep_window w = window(finds[k].row, finds[k].nin, finds[k].nreg,
					      finds[k].out, finds[k].keep, finds[k].bits0);
		struct skep_found f = {.n = 0};
		const struct skep_rule *r;
		struct skep_arena arena;
		struct skep_buf b = {0};

		skep_arena_init(&arena);
		CHECK(parse_row(finds[k].found, f.in, &f.n), "not understood: %s", finds[k].found);
		r = skep_learn_rule(&w, &f, "test", &o, &arena);
		CHECK(r, "%s: no rule", finds[k].name);
		if (r) {
			skep_rule_print(r, &b);
			CHECK(skep_rule_covers(r, &w), "%s: does not cover its own window\n%s",
			      finds[k].name, b.p);
			CHECK(covers(r, finds[k].covers, k), "%s: does not cover %s\n%s",
			      finds[k].name, finds[k].covers, b.p);
			CHECK(!finds[k].covers_not || !covers(r, finds[k].covers_not, k),
			      "%s: covers %s\n%s", finds[k].name, finds[k].covers_not, b.p);
		}
		skep_buf_fini(&b);
		skep_arena_fini(&arena);
	}
}

/* Where only the low half counts, a rule says so, and covers no window of which all counts. */
static void test_half(void)
{
	struct skep_learn_opts o = {.sz = sizeof(o), .seed = 1, .timeout_ms = 3000};
	struct skep_window w = window("r0 s>>= 8; r0 >>= 32", 1, 1, 1, 0, 64), whole = w, back;
	struct skep_found f = {.n = 0};
	const struct skep_rule *r;
	struct skep_arena arena;
	u8 key[SKEP_WIN_KEY];

	w.half = 1;
	skep_arena_init(&arena);
	CHECK(parse_row("r0 s>>= 40", f.in, &f.n), "not understood");
	CHECK(skep_found_prove(&w, &f, 3000, NULL) == SKEP_FOUND_YES &&
		      skep_found_prove(&whole, &f, 3000, NULL) == SKEP_FOUND_NO,
	      "the upper halves differ, the lower ones do not");
	r = skep_learn_rule(&w, &f, "test", &o, &arena);
	CHECK(r && r->low == 1 && skep_rule_covers(r, &w) && !skep_rule_covers(r, &whole),
	      "a rule for low halves");
	CHECK(skep_window_from_key(key, skep_window_key(&w, key), &back) && back.half == 1 &&
		      skep_window_from_key(key, skep_window_key(&whole, key), &back) && !back.half,
	      "a key says which half counts");
	skep_arena_fini(&arena);
}

/* Whose upper half is read behind the first instruction of the body. */
static void test_upper(void)
{
	static const struct {
		const char *body;
		u32 reg;
		bool read;
	} rows[] = {
		{"r6 = r0\nw0 = w6", 6, false},
		{"r6 = r0\nr0 = r6", 6, true},
		{"r6 = r0\nr7 = r6\nr7 += r6\nw0 = w7", 6, false},
		{"r6 = r0\nr7 = r6\nr7 += r6\nr0 = r7", 6, true},
		{"r6 = r0\nr6 >>= 1\nw0 = w6", 6, true},
		{"r6 = r0\nr6 <<= 32\nr0 = r6", 6, false},
		{"r6 = r0\nr6 <<= 31\nr0 = r6", 6, true},
		{"r6 = r0\nr6 &= 255\nr0 = r6", 6, false},
		{"r6 = r0\nr6 &= -2\nr0 = r6", 6, true},
		{"r6 = r0\nr0 <<= r6", 6, false},
		{"r6 = r0\n*(u32 *)(r10 - 8) = r6\nr0 = 0", 6, false},
		{"r6 = r0\n*(u64 *)(r10 - 8) = r6\nr0 = *(u64 *)(r10 - 8)", 6, true},
		{"r6 = r0\nr0 = 0\nif w6 == 1 goto a\nr0 = 1\na:", 6, false},
		{"r6 = r0\nr0 = 0\nif r6 == 1 goto a\nr0 = 1\na:", 6, true},
		{"r6 = r0\nr0 = 0\nif w0 == 1 goto a\nr0 = r6\na:", 6, true},
		{"r6 = r0\na:\nr6 += r6\nif w6 != 0 goto a\nr0 = 0", 6, false},
		{"r6 = r0\na:\nr6 += r6\nif w6 != 0 goto a\nr0 = r6", 6, true},
		{"r1 = r0\ncall bpf_get_smp_processor_id\nr0 = 0", 1, false},
		{"r6 = r0\nr6 = be32 r6\nr0 = r6", 6, false},
		{"r6 = r0\nr6 = be64 r6\nw0 = w6", 6, true},
	};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(rows); k++) {
		struct program p;
		struct skep_buf b = {0};

		skep_buf_printf(&b, "\tcall bpf_ktime_get_ns\n%s", rows[k].body);
		if (load(&p, b.p))
			CHECK((p.v.lv->upper[1] >> rows[k].reg & 1) == rows[k].read,
			      "the upper half of r%u: %s", rows[k].reg, rows[k].body);
		else
			failed++;
		skep_buf_fini(&b);
		skep_arena_fini(&p.arena);
	}
}

/* A row that is wrong makes no rule, not even for its own numbers. */
static void test_wrong(void)
{
	struct skep_learn_opts o = {.sz = sizeof(o), .seed = 1, .timeout_ms = 3000};
	struct skep_window w = window("r0 >>= 3; r0 >>= 5", 1, 1, 1, 0, 64);
	struct skep_found f = {.n = 0};
	struct skep_arena arena;

	skep_arena_init(&arena);
	CHECK(parse_row("r0 >>= 7", f.in, &f.n), "not understood");
	CHECK(!skep_learn_rule(&w, &f, "test", &o, &arena), "a wrong row became a rule");
	skep_arena_fini(&arena);
}

int main(void)
{
	test_upper();
	test_half();
	test_windows();
	test_canonical();
	test_parts();
	if (!skep_smt_solver()) {
		printf("SKIP: built without a solver: rules were not tested\n");
		return failed ? 1 : 77;
	}
	test_rules();
	test_wrong();
	printf("%s\n", failed ? "failed" : "all passed");
	return failed != 0;
}
