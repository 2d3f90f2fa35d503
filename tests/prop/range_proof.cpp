/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges proved: the text of range_view.h, range_rel.h and range_sync.c, compiled for a
 * solver's terms (Z3) instead of numbers, at 64 and 32 bits. Where the text chooses a
 * way, the solver tells which ways are possible, and the function runs once for each.
 * Each claim is that of soundness: what was a member still is, results are in results.
 *
 * Proved for all values at 64 and 32 bits:
 *	- that bounds move to the nearest member of the bits, no farther and no less, also
 *	  to the nearest number with a low half in given bounds;
 *	- signed and unsigned bounds, bounds and bits of each other, bits of the low half;
 *	- bits of sums, differences, AND, OR, XOR; one step of long multiplication.
 * With -DSMALL, for all values of 8 bits with a low half of 4, besides all that: a whole
 * round of sharpening, arcs, low halves of a range, ranges with one upper half; all
 * relations, what they decide and what they leave of both sides; bounds of sums and bit
 * operations, and shifts by any amounts; bounds of products, bounds and bits of quotients
 * and remainders, with and without sign; at 4 bits the bits of products, the whole loop.
 * Solvers are too slow for these at full width.
 * A loop of rounds is right when a round is. Not proved, but tested: the way from instructions
 * to functions, low bits and byte swaps (test_range.c, random cases at full width).
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>
#include <z3++.h>

#include "isa/isa.h"

/* What a solver can do only for few bits. */
#ifdef SMALL
#define HEAVY true
#else
#define HEAVY false
#endif

/* --- ways through a function ---------------------------------------------------- */

static z3::context ctx;
static std::vector<z3::expr> assumptions;

static std::string model;

struct choice {
	bool way, both;
};
static std::vector<choice> choices;
static size_t at;
static unsigned nclaims, nways, nbad;

/* Each question anew, to bits and to a plain solver of clauses: fastest for these. */
static z3::check_result ask(const z3::expr &e)
{
	static z3::tactic t = z3::tactic(ctx, "simplify") & z3::tactic(ctx, "propagate-values") &
			      z3::tactic(ctx, "solve-eqs") & z3::tactic(ctx, "simplify") &
			      z3::tactic(ctx, "bit-blast") & z3::tactic(ctx, "sat");
	z3::solver s = t.mk_solver();
	z3::params p(ctx);

	p.set("timeout", 250000u);
	s.set(p);
	for (const z3::expr &a : assumptions)
		s.add(a);
	s.add(e);
	z3::check_result r = s.check();

	if (r == z3::sat)
		model = Z3_model_to_string(ctx, s.get_model());
	return r;
}

/* Which way a condition goes: as planned, or the first possible one, the other one later. */
static bool decide(const z3::expr &cond)
{
	z3::expr e = cond.simplify();

	if (e.is_true() || e.is_false())
		return e.is_true();
	if (at == choices.size()) {
		bool yes = ask(e) != z3::unsat, no = !yes || ask(!e) != z3::unsat;

		choices.push_back({yes, yes && no});
	}
	bool way = choices[at++].way;
	assumptions.push_back(way ? e : !e);
	return way;
}

/* The next plan: the last condition with another way goes there. False: there is none. */
static bool next_way()
{
	while (!choices.empty() && !choices.back().both)
		choices.pop_back();
	if (choices.empty())
		return false;
	choices.back() = {false, false};
	return true;
}

static const char *claim_name;

static void assume(const z3::expr &e)
{
	assumptions.push_back(e);
}

static void claim(const z3::expr &e, const char *what)
{
	z3::check_result r = ask(!e);

	nclaims++;
	if (r != z3::unsat) {
		nbad++;
		printf("%s %s: %s\n%s\n", r == z3::sat ? "FAIL" : "UNKNOWN", claim_name, what,
		       r == z3::sat ? model.c_str() : "");
	}
}

template <class F> static void prove(const char *name, F body)
{
	unsigned ways = 0;

	claim_name = name;
	choices.clear();
	do {
		assumptions.clear();
		at = 0;
		body();
		ways++;
	} while (next_way());
	nways += ways;
	if (getenv("VERBOSE"))
		printf("%s: %u ways, %.1f s\n", name, ways, (double)clock() / CLOCKS_PER_SEC);
}

/* --- terms as numbers ------------------------------------------------------------- */

struct Truth {
	z3::expr e;
	operator bool() const { return decide(e); }
};

template <int W, bool Sg> struct Term {
	z3::expr e;

	static z3::expr fit(const z3::expr &x, int from, bool sign)
	{
		if (from > W)
			return x.extract(W - 1, 0);
		return from == W ? x : sign ? z3::sext(x, (unsigned)(W - from)) : z3::zext(x, (unsigned)(W - from));
	}
	Term() : e(ctx.bv_val(0, W)) {}
	Term(int x) : e(ctx.bv_val((int64_t)x, W)) {}
	explicit Term(const z3::expr &x) : e(x) {}
	explicit Term(const char *name) : e(ctx.bv_const(name, W)) {}
	template <int W2, bool S2>
	explicit(W2 >= W || S2) Term(const Term<W2, S2> &o) : e(fit(o.e, W2, S2)) {}
	explicit operator bool() const { return decide(e != ctx.bv_val(0, W)); }
	friend Term operator+(const Term &a, const Term &b) { return Term(a.e + b.e); }
	friend Term operator-(const Term &a, const Term &b) { return Term(a.e - b.e); }
	friend Term operator*(const Term &a, const Term &b) { return Term(a.e * b.e); }
	friend Term operator/(const Term &a, const Term &b) { return Term(Sg ? a.e / b.e : z3::udiv(a.e, b.e)); }
	friend Term operator%(const Term &a, const Term &b) { return Term(Sg ? z3::srem(a.e, b.e) : z3::urem(a.e, b.e)); }
	friend Term operator&(const Term &a, const Term &b) { return Term(a.e & b.e); }
	friend Term operator|(const Term &a, const Term &b) { return Term(a.e | b.e); }
	friend Term operator^(const Term &a, const Term &b) { return Term(a.e ^ b.e); }
	Term operator~() const { return Term(~e); }
	Term operator-() const { return Term(-e); }
	Term operator<<(int n) const { return Term(z3::shl(e, ctx.bv_val((int64_t)n, W))); }
	Term operator>>(int n) const { return right(ctx.bv_val((int64_t)n, W)); }
	template <int W2> Term operator<<(const Term<W2, false> &n) const { return Term(z3::shl(e, fit(n.e, W2, false))); }
	template <int W2> Term operator>>(const Term<W2, false> &n) const { return right(fit(n.e, W2, false)); }
	Term right(const z3::expr &n) const { return Term(Sg ? z3::ashr(e, n) : z3::lshr(e, n)); }
	Term &operator|=(const Term &b) { return *this = *this | b; }
	Term &operator&=(const Term &b) { return *this = *this & b; }
	Term operator++(int) { Term o = *this; *this = o + 1; return o; }
	Term operator--(int) { Term o = *this; *this = o - 1; return o; }
	friend Truth operator<(const Term &a, const Term &b) { return {Sg ? a.e < b.e : z3::ult(a.e, b.e)}; }
	friend Truth operator>(const Term &a, const Term &b) { return b < a; }
	friend Truth operator<=(const Term &a, const Term &b) { return {Sg ? a.e <= b.e : z3::ule(a.e, b.e)}; }
	friend Truth operator>=(const Term &a, const Term &b) { return b <= a; }
	friend Truth operator==(const Term &a, const Term &b) { return {a.e == b.e}; }
	friend Truth operator!=(const Term &a, const Term &b) { return {a.e != b.e}; }
};

template <int W, bool Sg> static Term<W, Sg> pick(const Truth &c, const Term<W, Sg> &a, const Term<W, Sg> &b)
{
	return Term<W, Sg>(z3::ite(c.e, a.e, b.e));
}

#define PICK(c, a, b) pick(c, a, b)
#define TRUTH Truth
#define AMOUNT Term<16, false>
#define BOTH(a, b) Truth{(a).e && (b).e}
#define NEITHER(a, b) Truth{!(a).e && !(b).e}
#define ADD_OVER(a, b, r) over<'+'>(a, b, r)
#define SUB_OVER(a, b, r) over<'-'>(a, b, r)
#define MUL_OVER(a, b, r) over<'*'>(a, b, r)

/* Exactly, at twice the width. */
template <char Op, int W, bool Sg> static Truth over(const Term<W, Sg> &a, const Term<W, Sg> &b, Term<W, Sg> *r)
{
	z3::expr x = Sg ? z3::sext(a.e, W) : z3::zext(a.e, W), y = Sg ? z3::sext(b.e, W) : z3::zext(b.e, W);
	z3::expr exact = Op == '+' ? x + y : Op == '-' ? x - y : x * y;

	*r = Term<W, Sg>(exact.extract(W - 1, 0));
	return {(Sg ? z3::sext(r->e, W) : z3::zext(r->e, W)) != exact};
}

template <int W> static Term<W, false> fill(Term<W, false> x)
{
	for (int n = 1; n < W; n *= 2)
		x |= x >> n;
	return x;
}

#ifdef SMALL
#define RANGE_WIDE 8
#define RANGE_HALF 4
#else
#define RANGE_WIDE 64
#define RANGE_HALF 32
#endif
#define u64 Term<RANGE_WIDE, false>
#define s64 Term<RANGE_WIDE, true>
#define u32 Term<RANGE_HALF, false>
#define s32 Term<RANGE_HALF, true>
static u64 fill64(const u64 &x) { return fill<RANGE_WIDE>(x); }
static u32 fill32(const u32 &x) { return fill<RANGE_HALF>(x); }
/* For the loop of long multiplication: a way for each lowest bit. Never of zero. */
template <int W> static unsigned ctz(const Term<W, false> &x)
{
	for (unsigned n = 0; n + 1 < W; n++)
		if (decide(x.e.extract(n, n) == ctx.bv_val(1, 1)))
			return n;
	return W - 1;
}
static unsigned ctz64(const u64 &x) { return ctz(x); }
static unsigned ctz32(const u32 &x) { return ctz(x); }
#define RANGE_ROUNDS 1
#include "flow/range_sync.c"

enum rel { EQ, NE, ULT, ULE, SLT, SLE, SET, CLEAR };
#define N(name) name##64
#define BITS RANGE_WIDE
#define U u64
#define S s64
#include "flow/range_rel.h"
#include "range_proof.h"
#undef N
#undef BITS
#undef U
#undef S
#define N(name) name##32
#define BITS RANGE_HALF
#define U u32
#define S s32
#include "flow/range_rel.h"
#include "range_proof.h"
#undef N
#undef BITS
#undef U
#undef S

/* --- both widths --------------------------------------------------------------------- */

static void prove_halves()
{
	if (HEAVY)
		prove("to_low", [] {
		u64 lo("lo"), hi("hi"), x("x");
		view32 w = any_view32("w");

		assume(z3::ule((x - lo).e, (hi - lo).e));
		assume(member32((u32)x, w));
		to_low(lo, hi, &w);
		claim(member32((u32)x, w), "keeps the low half");
	});
	prove("up_to_low", [] {
		u64 from("from"), x("x");
		view32 w = any_view32("w");

		assume(member32((u32)x, w));
		assume((x >= from).e);
		bool ok = up_to_low(&w, &from);
		claim(ctx.bool_val(ok) && (x >= from).e, "is not above the members");
	});
	prove("down_to_low", [] {
		u64 from("from"), x("x");
		view32 w = any_view32("w");

		assume(member32((u32)x, w));
		assume((x <= from).e);
		bool ok = down_to_low(&w, &from);
		claim(ctx.bool_val(ok) && (x <= from).e, "is not below the members");
	});
	prove("bits_from_low", [] {
		u64 x("x");
		view64 v = any_view64("v");
		view32 w = any_view32("w");

		assume(member64(x, v) && member32((u32)x, w));
		assume(((u32)v.val & ~w.mask).e == ((u32)v.val).e); /* w knows what v's low bits know */
		assume((w.mask & ~(u32)v.mask).e == ctx.bv_val(0, RANGE_HALF));
		assume((w.val & ~(u32)v.mask).e == ((u32)v.val).e);
		bits_from_low(&w, &v);
		claim(member64(x, v), "keeps members");
		claim((v.val & v.mask).e == ctx.bv_val(0, RANGE_WIDE), "stays well-formed");
	});
	if (HEAVY)
		prove("sync_one_upper", [] {
		u64 x("x");
		view64 v = any_view64("v");
		view32 w = any_view32("w");

		assume(member64(x, v) && member32((u32)x, w));
		assume(((v.umin ^ v.umax) & ~HALF_ALL).e == ctx.bv_val(0, RANGE_WIDE));
		bool ok = sync_one_upper(&v, &w);
		claim(ctx.bool_val(ok) && member64(x, v) && member32((u32)x, w), "keeps members");
	});
}

int main()
{
	setvbuf(stdout, nullptr, _IOLBF, 0);
	prove_view64();
	prove_view32();
	if (HEAVY) {
		prove_nonlinear64();
		prove_nonlinear32();
		prove_products32();
	}
	prove_halves();
	printf("%u claims on %u ways, %u not proved\n", nclaims, nways, nbad);
	return nbad != 0;
}
