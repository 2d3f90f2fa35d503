/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs do the same before and after the optimizer, in both modes and
 * at every level. "opt [-s] [SEED [PROGRAMS]]"; the seed is printed, a program that
 * differs is printed as text. Exit status 1 when one differs or is not accepted. With -s the
 * superoptimizer takes part: behind the passes, and in the other mode alone.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PENDING = 4, INPUTS = 12 };

struct gen {
	struct skep_rng rng;
	struct skep_buf text;
	u32 level, label, depth;
	u32 pending[PENDING], npending;
	struct skep_buf row; /* a row that occurs in several places */
	bool search;
};

static u32 below(struct gen *g, u32 n)
{
	return (u32)skep_rng_below(&g->rng, n);
}

/* Registers that hold numbers throughout; r6 to r8 are the context, the packet and its end. */
static int any(struct gen *g)
{
	static const u8 r[] = {0, 1, 2, 3, 4, 5, 9};

	return r[below(g, sizeof(r))];
}

static long number(struct gen *g)
{
	static const long v[] = {0, 1, -1, 2, 8, 255, 256, 65535, 0x800, 2147483647, -2147483648L, 0x1234567, -77};

	return v[below(g, SKEP_ARRAY_SIZE(v))];
}

#define put(...) skep_buf_printf(&g->text, __VA_ARGS__)

static void alu(struct gen *g)
{
	static const char *const op[] = {"+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "=", "=", "="};
	char w = below(g, 3) ? 'r' : 'w';
	const char *o = op[below(g, SKEP_ARRAY_SIZE(op))];
	long n = number(g);

	if (below(g, 2))
		put("\t%c%d %s %c%d\n", w, any(g), o, w, any(g));
	else
		put("\t%c%d %s %ld\n", w, any(g), o, n || (o[0] != '/' && o[0] != '%') ? n : 3);
}

static void shift(struct gen *g)
{
	static const char *const op[] = {"<<=", ">>=", "s>>="};
	static const u32 by[] = {8, 16, 32, 56, 48, 24, 1, 63};
	int r = any(g);
	u32 n = by[below(g, SKEP_ARRAY_SIZE(by))];

	if (below(g, 2)) {
		put("\tr%d <<= %u\n", r, n);
		if (below(g, 3) == 0)
			alu(g);
		put("\tr%d %s %u\n", r, op[1 + below(g, 2)], below(g, 4) ? n : by[below(g, SKEP_ARRAY_SIZE(by))]);
	} else if (below(g, 2)) {
		put("\tw%d %s %u\n", r, op[below(g, 3)], n & 31);
	} else {
		put("\tr%d %s %u\n", r, op[below(g, 3)], n);
	}
}

/* x << s | x >> (32 - s), sometimes not quite. */
static void rotation(struct gen *g)
{
	u32 s = 1 + below(g, 31), off = below(g, 8) == 0;
	int x = any(g), a = 1 + (int)below(g, 2), b = 3 + (int)below(g, 2), to = any(g);

	if (below(g, 4))
		put("\tw%d = w%d\n", x, x);
	put("\tw%d = w%d\n\tw%d >>= %u\n\tw%d = w%d\n\tw%d <<= %u\n\tw%d |= w%d\n", a, x, a, 32 - s - (off && s < 31), b,
	    x, b, s, b, a);
	put(below(g, 4) ? "\tw%d -= w%d\n" : "\tr%d -= r%d\n", to, b);
	if (below(g, 2))
		put("\tw%d = %ld\n\tw%d = %ld\n", a, number(g), b, number(g));
}

static void unary(struct gen *g)
{
	int r = any(g);
	u32 w = 16u << below(g, 3);

	switch (below(g, g->level == 4 ? 5 : 3)) {
	case 0: put("\tr%d = -r%d\n", r, r); break;
	case 1: put("\tr%d = be%u r%d\n", r, w, r); break;
	case 2: put("\tr%d = le%u r%d\n", r, w, r); break;
	case 3: put("\tr%d = bswap%u r%d\n", r, w, r); break;
	default: put("\tr%d = (s%u)r%d\n", r, 8u << below(g, 3), any(g)); break;
	}
}

/* Loads and stores of the stack (aligned) and the packet. */
static void memory(struct gen *g)
{
	u32 size = 1u << below(g, 4);
	bool stack = below(g, 2);
	int off = stack ? (int)(below(g, 64 / size) * size) - 64 : (int)below(g, 34 - size);
	int base = stack ? 10 : 7;

	switch (below(g, 4)) {
	case 0: put("\t*(u%u *)(r%d + %d) = r%d\n", size * 8, base, off, any(g)); break;
	case 1: put("\t*(u%u *)(r%d + %d) = %ld\n", size * 8, base, off, number(g) & (size == 1 ? 0x7f : 0x7fff)); break;
	case 2:
		if (size < 8 && g->level == 4) {
			put("\tr%d = *(s%u *)(r%d + %d)\n", any(g), size * 8, base, off);
			break;
		}
		/* fall through */
	default: put("\tr%d = *(u%u *)(r%d + %d)\n", any(g), size * 8, base, off);
	}
}

static void two(struct gen *g, int *x, int *y)
{
	*x = any(g);
	do
		*y = any(g);
	while (*y == *x);
}

/* Bytes put together, taken apart, and copied. */
static void bytes(struct gen *g)
{
	u32 n = 2u << below(g, 2), off = below(g, 24), up = below(g, 2);
	int x, y;

	two(g, &x, &y);
	switch (below(g, 3)) {
	case 0:
		for (u32 k = 0; k < n; k++) {
			int r = k ? y : x;

			put("\tr%d = *(u8 *)(r7 + %u)\n", r, off + k);
			put("\tr%d <<= %u\n", r, 8 * (up ? k : n - 1 - k));
			if (k)
				put("\tr%d |= r%d\n", x, y);
			if (below(g, 12) == 0)
				memory(g);
		}
		break;
	case 1:
		for (u32 k = 0; k < n; k++) {
			put("\t*(u8 *)(r%d + %d) = r%d\n\tr%d >>= 8\n", up ? 7 : 10,
			    up ? (int)(off + k) : (int)(off / 8 * 8 + k) - 64, x, x);
			if (below(g, 12) == 0)
				memory(g);
		}
		break;
	default:
		for (u32 k = 0; k < 8; k += n) {
			put("\tr%d = *(u%u *)(r7 + %u)\n\t*(u%u *)(r10 + %d) = r%d\n", x, 8 * n, off + k, 8 * n,
			    (int)k - 64 + (int)(off / 8 * 8), x);
			if (below(g, 12) == 0)
				memory(g);
		}
	}
}

/* Accesses through copied, moved and variable addresses. */
static void address(struct gen *g)
{
	int x, y;

	two(g, &x, &y);
	switch (below(g, 4)) {
	case 0:
		put("\tr%d = r10\n\tr%d += -%u\n", x, x, 8 * (1 + below(g, 8)));
		put("\t*(u64 *)(r10 - 88) = r%d\n\t*(u32 *)(r%d + 0) = r%d\n", x, x, y);
		memory(g);
		put("\tr%d = *(u64 *)(r10 - 88)\n\t*(u16 *)(r%d + 0) = %u\n", x, x, below(g, 99));
		break;
	case 1:
		put("\tr%d &= 7\n\tr%d = r10\n\tr%d += -40\n\tr%d += r%d\n", y, x, x, x, y);
		put("\t*(u8 *)(r%d + 0) = r%d\n", x, y);
		break;
	case 2:
		put("\tr%d &= 15\n\tr%d += r7\n\t*(u8 *)(r%d + %u) = r%d\n", x, x, x, below(g, 8), y);
		break;
	default:
		put("\tr%d = r7\n\tr%d += %u\n\tr%d = *(u16 *)(r%d + 2)\n", x, x, below(g, 24), y, x);
	}
	put("\tr%d = %ld\n", x, number(g));
}

static void scratch(struct gen *g)
{
	for (int r = 1; r <= 5; r++)
		put("\tr%d = %ld\n", r, number(g));
}

static void call(struct gen *g)
{
	u32 l = g->label++;

	if (below(g, 4) == 0) {
		put("\tcall bpf_get_smp_processor_id\n");
		scratch(g);
		return;
	}
	put("\tr%d &= 3\n\t*(u32 *)(r10 - 92) = r%d\n", 9, 9);
	put("\tr2 = r10\n\tr2 += -92\n\tr1 = m ll\n\tcall bpf_map_lookup_elem\n\tif r0 == 0 goto l%u\n", l);
	put("\tr1 = *(u64 *)(r0 + 8)\n\tr1 += %ld\n\t*(u64 *)(r0 + 8) = r1\n", number(g));
	if (below(g, 2))
		put("\t*(u32 *)(r0 + 0) = r9\n\tr9 = *(u32 *)(r0 + 4)\n");
	if (below(g, 2))
		put("\t*(u16 *)(r0 + 16) = 1\n\t*(u16 *)(r0 + 18) = %u\n", below(g, 9));
	put("l%u:\n\tr0 = %ld\n", l, number(g));
	scratch(g);
}

static void jump(struct gen *g)
{
	static const char *const op[] = {"==", "!=", ">", ">=", "s>", "s>=", "&", "<", "<=", "s<", "s<="};
	const char *o = op[below(g, g->level > 1 ? 11 : 7)];
	char w = g->level > 2 && below(g, 3) == 0 ? 'w' : 'r';

	if (g->npending == PENDING)
		return;
	g->pending[g->npending] = g->label++;
	if (below(g, 2))
		put("\tif %c%d %s %ld goto l%u\n", w, any(g), o, number(g), g->pending[g->npending]);
	else
		put("\tif %c%d %s %c%d goto l%u\n", w, any(g), o, w, any(g), g->pending[g->npending]);
	g->npending++;
	if (below(g, 4) == 0 && g->npending < PENDING) {
		put("\tgoto l%u\n", g->label);
		g->pending[g->npending++] = g->label++;
	}
}

static void land(struct gen *g, u32 keep)
{
	while (g->npending > keep) {
		u32 k = below(g, g->npending);

		put("l%u:\n", g->pending[k]);
		g->pending[k] = g->pending[--g->npending];
	}
}

static void body(struct gen *g, u32 n);

static void loop(struct gen *g)
{
	u32 l = g->label++, slot = 72 + 8 * g->depth;

	if (g->depth == 2)
		return;
	land(g, 0);
	put("\t*(u64 *)(r10 - %u) = %u\nl%u:\n", slot, 1 + below(g, 4), l);
	g->depth++;
	body(g, 3 + below(g, 8));
	g->depth--;
	land(g, 0);
	put("\tr1 = *(u64 *)(r10 - %u)\n\tr1 += -1\n\t*(u64 *)(r10 - %u) = r1\n\tif r1 != 0 goto l%u\n", slot, slot, l);
}

/* Numbers and memory to r0; what is in r1 to r5 behind it is made anew. */
static void make_row(struct gen *g)
{
	size_t at = g->text.n;

	bool stack = below(g, 2);

	put("\tr1 = *(u32 *)(r7 + %u)\n\tr2 = *(u16 *)(r%d + %d)\n\tr0 = r1\n", below(g, 24), stack ? 10 : 7,
	    2 * (int)below(g, 12) - 40 * stack);
	for (u32 k = 3 + below(g, 12); k-- > 0;)
		switch (below(g, 4)) {
		case 0: put("\tr0 ^= r%u\n", 1 + below(g, 2)); break;
		case 1: put("\tr%u *= %ld\n", below(g, 3), number(g)); break;
		case 2: put("\tr%u += %ld\n", below(g, 3), number(g)); break;
		default: put("\t*(u64 *)(r10 - %u) = r%u\n", 8 * (1 + below(g, 8)), below(g, 3));
		}
	if (below(g, 3) == 0)
		put("\t*(u64 *)(r10 - 8) = r0\n\tcall bpf_get_smp_processor_id\n\tr1 = *(u64 *)(r10 - 8)\n\tr0 += r1\n");
	g->row.n = 0;
	skep_buf_add(&g->row, g->text.p + at, g->text.n - at);
	g->text.n = at;
}

static void body(struct gen *g, u32 n)
{
	while (n--) {
		switch (below(g, 24)) {
		case 0: case 1: case 2: case 3: alu(g); break;
		case 4: case 5: shift(g); break;
		case 6: unary(g); break;
		case 7: case 8: case 9: case 10: memory(g); break;
		case 11: case 12: bytes(g); break;
		case 13: address(g); break;
		case 14: call(g); break;
		case 15: case 16: jump(g); break;
		case 17: loop(g); break;
		case 18: put("\tr%d = *(u32 *)(r6 + %u)\n", any(g), 12 + 4 * below(g, 2)); break;
		case 21: case 22: rotation(g); break;
		case 19: case 20:
			skep_buf_add(&g->text, g->row.p, g->row.n);
			scratch(g);
			break;
		default: put("\tr%d = 0x%llx ll\n", any(g), (unsigned long long)skep_rng_next(&g->rng) >> below(g, 48));
		}
		if (below(g, 3) == 0 && g->npending)
			land(g, g->npending - 1);
	}
}

static void program(struct gen *g)
{
	g->text.n = 0;
	g->label = g->npending = g->depth = 0;
	g->level = 1 + below(g, 4);
	put(".license \"GPL\"\n.map m type=array key=4 value=32 max=3\n.section \"xdp\"\n.func f\n");
	make_row(g);
	put("\tr6 = r1\n\tr7 = *(u32 *)(r6 + 0)\n\tr8 = *(u32 *)(r6 + 4)\n\tr0 = r7\n\tr0 += 34\n\tif r0 > r8 goto end\n");
	put("\tr9 = *(u32 *)(r6 + 16)\n\tr0 = *(u32 *)(r7 + 4)\n");
	scratch(g);
	for (u32 k = 8; k <= 88; k += 8)
		put("\t*(u64 *)(r10 - %u) = %u\n", k, k);
	body(g, 4 + below(g, 40));
	land(g, 0);
	for (int r = 1; r <= 5; r++)
		if (below(g, 2))
			put("\tr0 ^= r%d\n", r);
	for (u32 k = 8; k <= 64; k += 8)
		if (below(g, 3) == 0)
			put("\tr1 = *(u64 *)(r10 - %u)\n\tr0 += r1\n", k);
	put("\texit\nend:\n\tr0 = 2\n\texit\n");
	put(".section \".text\"\n.func other\n\tr0 = 0\n\texit\n");
}

struct counts {
	u32 equal, unknown, failed;
	u64 edits, made;
};

static void take_part(struct skep_opt_opts *o, struct skep_arena *a)
{
	struct skep_searcher_opts so = {.sz = sizeof(so), .sweeps = 1};

	o->passes = o->mode == SKEP_OPT_SPEED ? "search" : NULL;
	o->search = skep_searcher_next;
	o->search_user = skep_searcher_new(&so, a);
}

/* All passes, or those that are named. */
static void compare(struct gen *g, const struct skep_buf *image, enum skep_opt_mode mode, const char *passes,
		    struct skep_arena *a, struct skep_diags *ds, struct counts *c)
{
	struct skep_opt_opts o = {
		.sz = sizeof(o), .mode = mode, .cpu = passes ? 4 : g->level, .check = true, .passes = passes};
	struct skep_run_differ_opts d = {.inputs = INPUTS, .seed = 1 + below(g, 1000)};
	const struct skep_cost_opts cost = {.sz = sizeof(cost), .dearer = 5};
	struct skep_run_differ_result r = {0};
	struct skep_optimized res;
	struct skep_buf out = {0};
	struct skep_objfile *after;
	struct skep_arena memo;
	int err;

	skep_arena_init(&memo);
	if (g->search && !passes)
		take_part(&o, &memo);
	err = skep_run_optimize(image->p, image->n, &o, NULL, &cost, a, ds, &res, &out);

	c->edits += res.res.nedit;
	c->made += err ? 0 : res.after->obj->nfunc - res.before->obj->nfunc;
	if (!err)
		err = skep_obj_read(out.p, out.n, a, ds, &after);
	if (!err)
		err = skep_run_differ(res.before, after, "f", &d, a, ds, &r);
	c->equal += !err && r.verdict == SKEP_RUN_EQUAL;
	c->unknown += !err && r.verdict == SKEP_RUN_UNKNOWN;
	if (err || r.verdict == SKEP_RUN_DIFFERS) {
		c->failed++;
		printf("FAIL: %s\n", err ? "error" : r.reason);
	}
	skep_buf_fini(&out);
	skep_arena_fini(&memo);
}

static bool one(struct gen *g, struct counts *c)
{
	struct skep_arena a;
	struct skep_diags ds;
	struct skep_objfile *o;
	struct skep_buf image = {0}, said = {0};
	u32 failed = c->failed;

	skep_arena_init(&a);
	skep_diags_init(&ds);
	program(g);
	if (skep_obj_parse(g->text.p, g->text.n, &a, &ds, &o) || skep_obj_write(o, 0, &ds, &image))
		c->failed++;
	else {
		for (int mode = SKEP_OPT_SIZE; mode <= SKEP_OPT_SPEED; mode++)
			compare(g, &image, (enum skep_opt_mode)mode, NULL, &a, &ds, c);
		compare(g, &image, SKEP_OPT_SIZE, "outline", &a, &ds, c);
	}
	if (c->failed != failed) {
		skep_diags_print(&ds, "random program", &said);
		printf("%.*s%.*s", (int)said.n, said.n ? (char *)said.p : "", (int)g->text.n, (char *)g->text.p);
	}
	skep_buf_fini(&image);
	skep_buf_fini(&said);
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	return c->failed == failed;
}

int main(int argc, char **argv)
{
	bool search = argc > 1 && strcmp(argv[1], "-s") == 0;
	u64 seed = argc > 1 + search ? strtoull(argv[1 + search], NULL, 0) : (u64)time(NULL);
	u32 programs = argc > 2 + search ? (u32)strtoul(argv[2 + search], NULL, 0) : search ? 60 : 1500, n = 0;
	struct gen g = {.search = search};
	struct counts c = {0};

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (; n < programs; n++) {
		/* Each program has a seed of its own, to be run alone. */
		skep_rng_init(&g.rng, seed + n);
		if (!one(&g, &c)) {
			printf("again: prop-opt %s%llu 1\n", search ? "-s " : "", (unsigned long long)(seed + n));
			break;
		}
	}
	printf("%u programs, %llu rewrites, %llu functions made: %u equal, %u unknown, %u failed\n", n,
	       (unsigned long long)c.edits, (unsigned long long)c.made, c.equal, c.unknown, c.failed);
	skep_buf_fini(&g.text);
	skep_buf_fini(&g.row);
	return c.failed != 0;
}
