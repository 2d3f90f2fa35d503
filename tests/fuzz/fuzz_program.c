/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs: what the verifier accepts never trips a check of the interpreter. Input:
 * choices, of which a program is made that is plausible, and wrong in small ways often
 * enough: arithmetic on numbers, bounds, branches, spills, packets, map values, helpers,
 * loops, functions. Then inputs for it. Without choices left, everything is zero.
 */
#include "fuzz.h"
#include "fuzz_program.h"
#include "flow/machine.h"
#include "verify/verify.h"
#include "vm/vm.h"

enum { VALUE = 64, RUNS = 6, BUDGET = 2000000, MAX_BLOCKS = 24, PKT_MAX = 128 };

struct fuzz_program_counts fuzz_program_counts;

struct gen {
	const u8 *p, *end;
	struct skep_buf out, subs;
	u32 labels, nsub, depth;
	bool tc, plain;
};

/* --- choices ------------------------------------------------------------------------- */

static u32 byte_of(struct gen *g)
{
	return g->p < g->end ? *g->p++ : 0;
}

static u32 pick(struct gen *g, u32 n)
{
	return byte_of(g) % n;
}

static bool chance(struct gen *g, u32 of_8)
{
	return pick(g, 8) < of_8;
}

/* A constant at which bounds go wrong. */
static s64 number(struct gen *g)
{
	static const s64 edges[] = {
		0,	    1,		-1,	     2,	 7,   8,   15,	   16,
		31,	    32,		62,	     63, 64,  65,  127,	   128,
		255,	    256,	-2,	     -8, -63, -64, 0x7fff, 0xffff,
		0x10000,    0x7fffffff, -0x7fffffff, 56, 57,  60,  100000, -0x80000000LL,
		0x20000000, 0x1fffffff, 3,	     4};

	if (chance(g, 1))
		return (s8)byte_of(g);
	return edges[pick(g, SKEP_ARRAY_SIZE(edges))];
}

/* A register with a number: r7 and r8 always, r9 too. */
static u32 scalar(struct gen *g)
{
	return 7 + pick(g, 3);
}

#define LINE(g, ...) (skep_buf_printf(&(g)->out, __VA_ARGS__), skep_buf_puts(&(g)->out, "\n"))

/* --- numbers --------------------------------------------------------------------------- */

static void unary(struct gen *g, u32 r, char w)
{
	static const char *const ops[] = {"be16", "be32",    "be64",   "le16",
					  "le32", "bswap32", "bswap64"};

	if (chance(g, 4) || g->plain)
		LINE(g, "\t%c%u = -%c%u", w, r, w, r);
	else
		LINE(g, "\tr%u = %s r%u", r, ops[pick(g, SKEP_ARRAY_SIZE(ops))], r);
}

static void arithmetic(struct gen *g, u32 r)
{
	static const char *const moves[] = {"(s8)", "(s16)", ""};
	static const char *const ops[] = {"+=",	 "-=",	"*=",	"|=", "&=", "^=",  "&=",
					  "<<=", ">>=", "s>>=", "/=", "%=", "s/=", "s%="};
	/* Division, and shifts by what is in a register, last: a plain program has none. */
	enum { SHIFTS = 7, DIVISIONS = 10 };
	char w = chance(g, 3) ? 'w' : 'r';
	u32 other = scalar(g), op = pick(g, g->plain ? DIVISIONS : SKEP_ARRAY_SIZE(ops));
	s64 k;

	if (chance(g, 1)) {
		LINE(g, "\t%c%u = %s%c%u", w, r, moves[pick(g, 3)], w, other);
	} else if (chance(g, 1)) {
		unary(g, r, w);
	} else if (chance(g, 3) && (!g->plain || op < SHIFTS)) {
		LINE(g, "\t%c%u %s %c%u", w, r, ops[op], w, other);
	} else {
		k = number(g);
		if (op >= SHIFTS && op < DIVISIONS)
			k &= w == 'w' ? 31 : 63;
		if (op >= DIVISIONS && !k)
			k = 3;
		LINE(g, "\t%c%u %s %lld", w, r, ops[op], (long long)k);
	}
}

/* A condition on a number, without the target. */
static void condition(struct gen *g)
{
	static const char *const ops[] = {
		"==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"};
	char w = chance(g, 3) ? 'w' : 'r';

	u32 r = scalar(g);

	skep_buf_printf(&g->out, "\tif %c%u %s ", w, r, ops[pick(g, SKEP_ARRAY_SIZE(ops))]);
	if (chance(g, 3))
		skep_buf_printf(&g->out, "%c%u", w, 7 + (r - 7 + 1 + pick(g, 2)) % 3);
	else
		skep_buf_printf(&g->out, "%lld", (long long)number(g));
}

/* Make r1 a number that is often bounded. */
static void bounded(struct gen *g, u32 room)
{
	u32 r = scalar(g);

	switch (pick(g, 16)) {
	case 0: LINE(g, "\tr1 = r%u\n\tr1 &= %u", r, room - 1); break;
	case 1: LINE(g, "\tw1 = w%u\n\tw1 &= %u", r, (room - 1) >> pick(g, 3)); break;
	case 2: LINE(g, "\tr1 = r%u\n\tif r1 > %u goto out", r, room - pick(g, 3)); break;
	case 3:
		LINE(g, "\tw1 = w%u\n\tif w%u s> %u goto out\n\tif w%u s< 0 goto out", r, r,
		     room - 1, r);
		break;
	case 4: LINE(g, "\tr1 = r%u\n\tif r%u > %u goto out", r, r, room - 1); break;
	/* Bounds that are no bounds, but where something else is known. */
	case 5: LINE(g, "\tr1 = r%u\n\tif w1 > %u goto out", r, room - 1); break;
	case 6: LINE(g, "\tr1 = r%u\n\tif r1 s> %u goto out", r, room - 1); break;
	case 7: LINE(g, "\tr1 = r%u", r); break;
	case 8: LINE(g, "\tr1 = r%u\n\tif r1 >= %u goto out", r, room); break;
	case 9: LINE(g, "\tr1 = r%u\n\tr1 &= %u", r, (room - 1) & byte_of(g)); break;
	default: LINE(g, "\tr1 = r%u\n\tr1 &= %u", r, (room - 1) >> pick(g, 2)); break;
	}
	if (chance(g, 1))
		LINE(g, "\tr1 += %d", (int)pick(g, 5) - 2);
	if (chance(g, 1))
		LINE(g, "\tr1 <<= %u", pick(g, 2));
}

static const char *width(struct gen *g, u32 *size)
{
	static const char *const names[] = {"u8", "u16", "u32", "u64"};
	u32 k = pick(g, 4);

	*size = 1u << k;
	return names[k];
}

/* Load from r2 into a number, or store to it. */
static void access_r2(struct gen *g, s32 off)
{
	u32 size;
	const char *w = width(g, &size);

	if (chance(g, 5))
		LINE(g, "\tr%u = *(%s%s *)(r2 %+d)", scalar(g),
		     chance(g, 1) && size < 8 ? "s" : "u", w + 1, off);
	else if (chance(g, 5))
		LINE(g, "\t*(%s *)(r2 %+d) = r%u", w, off, scalar(g));
	else if (chance(g, 4))
		LINE(g, "\t*(%s *)(r2 %+d) = %d", w, off, (int)(s8)byte_of(g));
	else if (chance(g, 4))
		LINE(g, "\tr2 = *(u64 *)(r10 - 16)\n\tlock *(u%u *)(r2 %+d) += r%u",
		     size < 8 ? 32 : 64, off & 56, scalar(g));
	else
		LINE(g, "\tr2 = *(u64 *)(r10 - 16)\n\tr8 = atomic_fetch_add(*(u%u *)(r2 %+d), r8)",
		     size < 8 ? 32 : 64, off & 56);
}

static void block(struct gen *g);

/* --- memory ----------------------------------------------------------------------------- */

/* The value of a map, whose address is kept at r10 - 16. */
static void map_value(struct gen *g)
{
	u32 room;

	if (chance(g, 2)) {
		LINE(g, "\t*(u32 *)(r10 - 4) = %u", pick(g, 3) ? 0 : 5);
		LINE(g, "\tr2 = r10\n\tr2 += -4\n\tr1 = %s ll\n\tcall bpf_map_lookup_elem",
		     pick(g, 2) ? "values" : "table");
		if (!chance(g, 1))
			LINE(g, "\tif r0 == 0 goto out");
		LINE(g, "\t*(u64 *)(r10 - 16) = r0");
	}
	room = 8u << pick(g, chance(g, 1) ? 4 : 3);
	bounded(g, room);
	LINE(g, "\tr2 = *(u64 *)(r10 - 16)");
	if (chance(g, 1))
		LINE(g, "\tr2 += %u\n\tr2 -= r1", room);
	else if (chance(g, 6))
		LINE(g, "\tr2 += r1");
	access_r2(g, (s32)(chance(g, 1) ? pick(g, VALUE)
					: pick(g, 6) * (VALUE - SKEP_MIN(room, 56u) - 8) / 5));
}

static void stack(struct gen *g)
{
	static const char *const w[] = {"u8", "u16", "u32", "u64"};
	u32 k = pick(g, 4), size = 1u << k;
	s32 at = -24 - 8 * (s32)pick(g, 4) + (s32)(pick(g, 8) & ~(size - 1));

	switch (pick(g, 5)) {
	case 0: LINE(g, "\t*(%s *)(r10 %+d) = r%u", w[k], at, scalar(g)); break;
	case 1: LINE(g, "\tr%u = *(%s *)(r10 %+d)", scalar(g), w[k], at); break;
	case 2: LINE(g, "\t*(%s *)(r10 %+d) = %lld", w[k], at, (long long)(s32)number(g)); break;
	case 3:
		bounded(g, 32);
		LINE(g, "\tr2 = r10\n\tr2 += -56\n\tr2 += r1");
		LINE(g, chance(g, 4) ? "\tr%u = *(u8 *)(r2 + 0)" : "\t*(u8 *)(r2 + 0) = r%u",
		     scalar(g));
		break;
	default: LINE(g, "\tlock *(u64 *)(r10 - %u) += r%u", 24 + 8 * pick(g, 4), scalar(g)); break;
	}
}

/* A comparison of r4, a pointer into the packet, with its end. */
static void guard(struct gen *g, const char *target)
{
	static const char *const conds[] = {"r4 >= r3", "r3 < r4", "r3 <= r4",
					    "r4 > r3",	"r4 > r3", "r4 > r3"};

	LINE(g, "\tif %s goto %s", conds[pick(g, SKEP_ARRAY_SIZE(conds))], target);
}

/* The pointer into the packet that is kept at r10 - 88, proven or not, for longer than an access.
 */
static void kept_packet(struct gen *g)
{
	u32 label = g->labels++, room = 1 + pick(g, 24);
	char name[16];

	snprintf(name, sizeof(name), "L%u", label);
	switch (pick(g, 4)) {
	case 0:
		/* Another: as it is, or moved. */
		LINE(g, "\tr2 = *(u32 *)(r6 + %u)", g->tc ? 76u : 0u);
		if (chance(g, 4)) {
			bounded(g, 16);
			LINE(g, "\tr2 += r1");
		}
		LINE(g, "\t*(u64 *)(r10 - 88) = r2");
		break;
	case 1:
		/* Proven on one way only, or on both. */
		LINE(g, "\tr2 = *(u64 *)(r10 - 88)\n\tr3 = *(u32 *)(r6 + %u)", g->tc ? 80u : 4u);
		LINE(g, "\tr4 = r2\n\tr4 += %u", room);
		guard(g, chance(g, 6) ? "out" : name);
		break;
	default:
		LINE(g, "\tr2 = *(u64 *)(r10 - 88)");
		if (chance(g, 6)) {
			LINE(g, "\tr3 = *(u32 *)(r6 + %u)\n\tr4 = r2\n\tr4 += %u", g->tc ? 80u : 4u,
			     room + 7);
			guard(g, chance(g, 4) ? "out" : name);
		}
		access_r2(g, (s32)pick(g, room));
		break;
	}
	LINE(g, "L%u:", label);
}

static void packet(struct gen *g)
{
	u32 room = 1 + pick(g, 40);
	bool moved = chance(g, 4);

	LINE(g, "\tr2 = *(u32 *)(r6 + %u)\n\tr3 = *(u32 *)(r6 + %u)", g->tc ? 76u : 0u,
	     g->tc ? 80u : 4u);
	if (moved) {
		bounded(g, 64);
		LINE(g, "\tr2 += r1");
	}
	LINE(g, "\tr4 = r2\n\tr4 += %u", room);
	guard(g, "out");
	if (chance(g, 1)) {
		bounded(g, 32);
		LINE(g, "\tr2 += r1");
	}
	access_r2(g, (s32)pick(g, room) - (chance(g, 1) ? 8 : 0));
}

/* A number that is a copy of another, always or on one way only, is bounded in the other's place.
 */
static void linked(struct gen *g)
{
	u32 a = scalar(g), b = 7 + (a - 7 + 1 + pick(g, 2)) % 3, label = g->labels++;
	bool always = chance(g, 4);

	if (!always) {
		LINE(g, "\tr%u = r%u", a, 16 - (a + b) + 8);
		condition(g);
		LINE(g, " goto L%u", label);
	}
	LINE(g, "\tr%u = r%u\nL%u:", a, b, label);
	if (chance(g, 2))
		block(g);
	if (chance(g, 2))
		LINE(g, "\tr%u += %u", a, pick(g, 4));
	LINE(g, "\tif r%u > %u goto out", a, 8 + pick(g, 32));
	LINE(g, "\tr2 = *(u64 *)(r10 - 16)\n\tr2 += r%u", b);
	access_r2(g, 0);
}

/* --- helpers ---------------------------------------------------------------------------- */

static void helper(struct gen *g)
{
	switch (pick(g, 8)) {
	case 0: LINE(g, "\tcall bpf_get_prandom_u32\n\tr%u = r0", scalar(g)); break;
	case 1:
		LINE(g, "\t*(u32 *)(r10 - 4) = 1\n\tr2 = r10\n\tr2 += -4");
		LINE(g,
		     "\tr3 = *(u64 *)(r10 - 16)\n\tr4 = 0\n\tr1 = table ll\n\tcall bpf_map_update_elem");
		break;
	case 2:
		/* As many bytes as a number says, onto the stack. */
		bounded(g, 32);
		LINE(g, chance(g, 7) ? "\tr1 += 1" : "\tr1 += 0");
		LINE(g, "\tr4 = r1\n\tr1 = r6\n\tr2 = %u\n\tr3 = r10\n\tr3 += -%u", pick(g, 20),
		     24 + 8 * pick(g, 5));
		LINE(g, g->tc ? "\tcall bpf_skb_load_bytes" : "\tcall bpf_xdp_load_bytes");
		break;
	case 3:
		bounded(g, VALUE);
		LINE(g, chance(g, 7) ? "\tr1 += 1" : "\tr1 += 0");
		LINE(g, "\tr4 = r1\n\tr1 = r6\n\tr2 = 0\n\tr3 = *(u64 *)(r10 - 16)");
		LINE(g, g->tc ? "\tcall bpf_skb_load_bytes" : "\tcall bpf_xdp_load_bytes");
		break;
	case 4:
		LINE(g, "\tr1 = r6\n\tr2 = %d",
		     g->tc ? 60 + (int)pick(g, 60) : (int)pick(g, 16) - 8);
		LINE(g,
		     g->tc ? "\tr3 = 0\n\tcall bpf_skb_change_tail" : "\tcall bpf_xdp_adjust_head");
		break;
	case 5:
		LINE(g, "\tr1 = ring ll\n\tr2 = %u\n\tr3 = 0\n\tcall bpf_ringbuf_reserve",
		     8 + pick(g, 32));
		LINE(g, "\tif r0 == 0 goto L%u", g->labels);
		bounded(g, 8);
		LINE(g, "\tr2 = r0");
		if (chance(g, 4))
			LINE(g, "\tr2 += r1");
		LINE(g, "\t*(u8 *)(r2 + %u) = 7\n\tr1 = r0\n\tr2 = 0", pick(g, 40));
		LINE(g, "\tcall bpf_ringbuf_%s\nL%u:", chance(g, 4) ? "submit" : "discard",
		     g->labels++);
		break;
	case 6:
		bounded(g, 32);
		LINE(g,
		     "\tr4 = r1\n\tr4 &= -4\n\tr1 = 0\n\tr2 = 0\n\tr3 = r10\n\tr3 += -56\n\tr5 = 0");
		LINE(g, "\tcall bpf_csum_diff\n\tr%u = r0", scalar(g));
		break;
	default: LINE(g, "\tr%u = *(u32 *)(r6 + %u)", scalar(g), g->tc ? 8u : 12u); break;
	}
}

/* --- shape ------------------------------------------------------------------------------- */

static void branch(struct gen *g)
{
	u32 label = g->labels++, n = 1 + pick(g, 3);

	condition(g);
	if (chance(g, 2)) {
		LINE(g, " goto out");
		return;
	}
	LINE(g, " goto L%u", label);
	for (u32 i = 0; i < n; i++)
		block(g);
	if (chance(g, 3)) {
		u32 end = g->labels++;

		LINE(g, "\tgoto L%u", end);
		LINE(g, "L%u:", label);
		block(g);
		LINE(g, "L%u:", end);
		return;
	}
	LINE(g, "L%u:", label);
}

/* Counted in a slot of the stack that nothing else uses, up to a constant or a number. */
static void loop(struct gen *g)
{
	u32 label = g->labels++, slot = 64 + 8 * g->depth, n = 1 + pick(g, 2);

	if (g->depth >= 3)
		return;
	LINE(g, "\t*(u64 *)(r10 - %u) = 0\nL%u:", slot, label);
	for (u32 i = 0; i < n; i++)
		block(g);
	LINE(g, "\tr1 = *(u64 *)(r10 - %u)\n\tr1 += %u\n\t*(u64 *)(r10 - %u) = r1", slot,
	     1 + pick(g, 2), slot);
	if (chance(g, 3))
		LINE(g, "\tr9 = r1");
	LINE(g, "\tif r1 %s %u goto L%u", chance(g, 2) ? "!=" : "<", 2 + pick(g, 16) * 2, label);
}

/* A function that gets numbers and a pointer to the stack, and may change both. */
static void function(struct gen *g)
{
	struct skep_buf mine = g->out;
	u32 n = g->nsub++;

	g->out = (struct skep_buf){0};
	LINE(g, ".func f%u local\n\tr7 = r1\n\tr8 = r2\n\tr9 = r3\n\tr6 = r4", n);
	for (u32 i = 0, k = 1 + pick(g, 3); i < k; i++)
		arithmetic(g, scalar(g));
	if (chance(g, 4)) {
		condition(g);
		LINE(g, " goto out");
		arithmetic(g, scalar(g));
	}
	if (chance(g, 4))
		LINE(g, "\tr%u = *(u64 *)(r6 + 0)", scalar(g));
	if (chance(g, 4))
		LINE(g, "\t*(u64 *)(r6 + %u) = r%u", 8 * pick(g, 2), scalar(g));
	LINE(g, "out:\n\tr0 = r%u\n\texit", scalar(g));
	skep_buf_add(&g->subs, g->out.p, g->out.n);
	skep_buf_fini(&g->out);
	g->out = mine;
	LINE(g,
	     "\tr1 = r%u\n\tr2 = r%u\n\tr3 = r%u\n\tr4 = r10\n\tr4 += -%u\n\tcall f%u\n\tr%u = r0",
	     scalar(g), scalar(g), scalar(g), 32 + 8 * pick(g, 3), n, scalar(g));
}

static void block(struct gen *g)
{
	if (g->depth > 4 || g->out.n > 16000)
		return;
	g->depth++;
	switch (pick(g, 19)) {
	case 0:
	case 1:
	case 2:
	case 3: arithmetic(g, scalar(g)); break;
	case 4:
	case 5:
	case 6: branch(g); break;
	case 7:
	case 8:
	case 9: map_value(g); break;
	case 10:
	case 11: stack(g); break;
	case 12: packet(g); break;
	case 13: helper(g); break;
	case 14: loop(g); break;
	case 15:
	case 16: kept_packet(g); break;
	case 17: linked(g); break;
	default:
		if (g->nsub < 4)
			function(g);
		break;
	}
	g->depth--;
}

static void program(struct gen *g)
{
	u32 n;

	g->tc = chance(g, 4);
	n = 2 + pick(g, MAX_BLOCKS);
	LINE(g, ".license \"GPL\"\n.map values type=array key=4 value=%d max=1", VALUE);
	LINE(g,
	     ".map table type=hash key=4 value=%d max=4\n.map ring type=ringbuf key=0 value=0 max=4096",
	     VALUE);
	LINE(g, ".section \"%s\"\n.func prog\n\tr6 = r1", g->tc ? "tc" : "xdp");
	for (u32 i = 0; i < 7; i++)
		LINE(g, "\t*(u64 *)(r10 - %u) = %d", 24 + 8 * i, 0);
	LINE(g, "\tr2 = *(u32 *)(r1 + %u)\n\t*(u64 *)(r10 - 88) = r2", g->tc ? 76u : 0u);
	LINE(g,
	     "\t*(u32 *)(r10 - 4) = 0\n\tr2 = r10\n\tr2 += -4\n\tr1 = values ll\n\tcall bpf_map_lookup_elem");
	LINE(g, "\tif r0 == 0 goto out\n\t*(u64 *)(r10 - 16) = r0");
	LINE(g, "\tr7 = *(u64 *)(r0 + 0)\n\tr8 = *(u32 *)(r0 + 8)\n\tr9 = *(u8 *)(r0 + 16)");
	for (u32 i = 0; i < n; i++)
		block(g);
	LINE(g, "out:\n\tr0 = 0\n\texit");
	if (g->subs.n) {
		LINE(g, ".section \".text\"");
		skep_buf_add(&g->out, g->subs.p, g->subs.n);
	}
}

/* --- running ----------------------------------------------------------------------------- */

/* What is claimed of the registers before each instruction of a program that runs. */
struct claims {
	const struct skep_obj *obj;
	const struct skep_image *image;
	const struct skep_vfact *fact; /* by the instruction's id */
	const char *text;
	u64 ctx; /* the guest's address of the context */
	u64 checked;
};

static void refute(const struct claims *c, u32 slot, u32 reg, u64 v, const struct skep_vreg *claim)
{
	struct skep_buf b = {0};

	skep_range_print(&claim->r, &b);
	fprintf(stderr,
		"%s\nbefore slot %u r%u is 0x%llx; claimed: type %u, flags %u, offset %d, %s\n",
		c->text, slot, reg, (unsigned long long)v, claim->type, claim->flags, claim->off,
		b.p ? b.p : "");
	MUST(0, "a register is not what the facts say");
}

static bool holds(const struct claims *c, const struct skep_vreg *claim, u64 v,
		  const struct skep_vfact *f, const u64 *reg)
{
	if (claim->type != SKEP_VT_NUM && claim->type != SKEP_VT_NONE && !v)
		return claim->flags & SKEP_VF_NULL;
	switch (claim->type) {
	case SKEP_VT_NUM: return skep_range_has(&claim->r, v);
	case SKEP_VT_CTX: return skep_range_has(&claim->r, v - c->ctx - (u64)(s64)claim->off);
	case SKEP_VT_STACK:
		if (claim->frame != f->reg[10].frame || f->reg[10].type != SKEP_VT_STACK)
			return true;
		return skep_range_has(&claim->r, v - reg[10] - (u64)(s64)claim->off);
	default: return true;
	}
}

static void step(void *user, u32 slot, const u64 reg[11])
{
	struct claims *c = user;
	const struct skep_insn *i = c->image->insn[slot];
	const struct skep_vfact *f = i ? &c->fact[i->id] : NULL;

	if (!slot && !c->ctx)
		c->ctx = reg[1];
	if (!f || !f->reached)
		return;
	for (u32 k = 0; k < 11; k++) {
		c->checked += f->reg[k].type != SKEP_VT_NONE;
		if (!holds(c, &f->reg[k], reg[k], f, reg))
			refute(c, slot, k, reg[k], &f->reg[k]);
	}
}

static bool load(const struct skep_obj *obj, const struct skep_func *prog, struct skep_vm *vm,
		 struct skep_arena *arena, struct skep_image **image)
{
	struct skep_image *im;

	for (u32 i = 0; i < obj->nmap; i++) {
		const struct skep_map *m = obj->map[i];
		struct skep_vm_map_def def = {m->type,	      m->key_size,  m->value_size,
					      m->max_entries, m->map_flags, m->name};

		if (skep_vm_map_add(vm, &def) != (int)i)
			return false;
	}
	if (skep_obj_join(obj, prog, arena, &im))
		return false;
	for (u32 k = 0; k < im->nfix; k++) {
		const struct skep_map *m = skep_insn_map(obj, im->fix[k].insn);
		u8 *at = im->code + (size_t)im->fix[k].slot * 8;

		MUST(m, "a reference that the generator does not make");
		at[1] = (u8)((at[1] & 0x0f) | SKEP_LD_MAP_FD << 4);
		skep_put32(at + 4, m->index, false);
		skep_put32(at + 12, 0, false);
	}
	*image = im;
	return skep_vm_prog_load(vm, im->code, im->slots, prog->prog_type, NULL) == 0;
}

/* Numbers at the edges of what a program may compare with, in the map and the packet. */
static void contents(struct gen *g, struct skep_vm *vm, u8 *pkt)
{
	u8 value[VALUE];
	u32 key = 0;

	for (u32 i = 0; i < VALUE; i += 8)
		skep_put64(value + i, (u64)number(g) + (chance(g, 2) ? (u64)number(g) << 32 : 0),
			   false);
	skep_vm_map_update(vm, 0, &key, value, 0);
	if (chance(g, 4))
		skep_vm_map_update(vm, 1, &key, value, 0);
	for (u32 i = 0; i < PKT_MAX; i++)
		pkt[i] = chance(g, 4) ? (u8)byte_of(g) : (u8)number(g);
}

static void run(struct gen *g, struct skep_vm *vm, struct claims *c)
{
	u8 pkt[PKT_MAX], ctx[192];

	for (u32 k = 0; k < RUNS; k++) {
		struct skep_vm_input in = {.pkt = pkt,
					   .pkt_len = 14 + pick(g, PKT_MAX - 14),
					   .ctx = ctx,
					   .ctx_len = g->tc ? 192 : 24,
					   .seed = byte_of(g)};
		struct skep_vm_result res;

		for (u32 i = 0; i < sizeof(ctx); i++)
			ctx[i] = (u8)number(g);
		contents(g, vm, pkt);
		c->ctx = 0;
		if (skep_vm_run(vm, 0, &in, &res))
			return;
		fuzz_program_counts.runs++;
		if (res.trap && res.trap != SKEP_TRAP_NOMEM) {
			fprintf(stderr,
				"%s\nthe verifier accepts it; %s at slot %u, address %llx\n",
				c->text, skep_vm_trap_name(res.trap), res.trap_slot,
				(unsigned long long)res.trap_addr);
			MUST(0, "an accepted program trips a check");
		}
	}
}

/* Every path to its end must come to the same, where it ends at all. */
static void judge_pruning(const struct skep_obj *obj, const struct skep_func *prog,
			  enum skep_verdict verdict, const char *text)
{
	struct skep_verify_opts opts = {
		.sz = sizeof(opts), .budget = 20000, .flags = SKEP_VF_NO_PRUNE};
	struct skep_verify_result res = {0};
	struct fuzz_mem m;
	int err;

	fuzz_init(&m);
	err = skep_verify_prog(obj, prog, &opts, &m.arena, &m.ds, &res);
	if (!err && res.verdict != SKEP_UNDECIDED) {
		fuzz_program_counts.unpruned++;
		if (res.verdict != verdict)
			fprintf(stderr, "%s\nwith pruning %s, without %s: %s\n", text,
				verdict == SKEP_SAFE ? "safe" : "unsafe",
				verdict == SKEP_SAFE ? "unsafe" : "safe",
				m.ds.list.n ? m.ds.list.v[0].msg : "");
		MUST(res.verdict == verdict, "pruning changes the verdict");
	}
	fuzz_fini(&m);
}

static void judge(struct gen *g, const struct skep_obj *obj, struct fuzz_mem *m, const char *text)
{
	const struct skep_vm_options vo = {.size = sizeof(vo), .budget = BUDGET};
	struct skep_verify_opts opts = {.sz = sizeof(opts), .budget = 100000};
	struct skep_verify_result res = {0};
	struct skep_func *prog = skep_func_find(obj, "prog");
	struct skep_image *im;
	struct skep_vm *vm;
	int err = skep_verify_prog(obj, prog, &opts, &m->arena, &m->ds, &res);

	MUST(!err || err == SKEP_ENOMEM, "a well-formed program is an error");
	MUST(err || (res.verdict == SKEP_SAFE) == !m->ds.errors,
	     "a verdict and its messages disagree");
	fuzz_program_counts.verdict[err ? SKEP_UNDECIDED : res.verdict]++;
	if (!err && res.verdict != SKEP_UNDECIDED)
		judge_pruning(obj, prog, res.verdict, text);
	if (err || res.verdict != SKEP_SAFE)
		return;
	vm = skep_vm_new(&vo);
	if (vm && load(obj, prog, vm, &m->arena, &im)) {
		struct claims c = {.obj = obj, .image = im, .text = text};
		struct skep_vm_watch w = {.step = step, .user = &c};

		w.cover = SKEP_NEW_N(&m->arena, u8, im->slots);
		c.fact = skep_vfacts_of(obj, &m->arena);
		skep_vm_watch(vm, &w);
		run(g, vm, &c);
		fuzz_program_counts.checked += c.checked;
	}
	skep_vm_free(vm);
}

void fuzz_program_text(const u8 *data, size_t len, bool plain, struct skep_buf *out)
{
	struct gen g = {.p = data, .end = data + len, .labels = 1, .plain = plain};

	program(&g);
	*out = g.out;
	skep_buf_fini(&g.subs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct gen g = {.p = data, .end = data + len, .labels = 1};
	struct skep_objfile *file;
	struct fuzz_mem m;
	int err;

	fuzz_init(&m);
	program(&g);
	err = g.out.failed ? SKEP_ENOMEM : skep_obj_parse(g.out.p, g.out.n, &m.arena, &m.ds, &file);
	if (err && err != SKEP_ENOMEM)
		fprintf(stderr, "%s\n", g.out.p);
	fuzz_must(&m, err, "the generator makes no valid text");
	fuzz_program_counts.programs++;
	if (!err)
		judge(&g, file->obj, &m, g.out.p);
	skep_buf_fini(&g.out);
	skep_buf_fini(&g.subs);
	fuzz_fini(&m);
	return 0;
}
