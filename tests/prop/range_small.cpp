/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges, every one of them: range_view.h and range_rel.h, the text that is compiled for
 * 64 and 32 bits, compiled for numbers of 3 and 4 bits, where all views and all members
 * can be gone through.
 *	- sharpening loses no member of any view (all at 4 bits), and finds what is empty;
 *	- all operations and relations on all pairs of views at 3 bits;
 *	- shifts by all amounts, and pairs of views at 4 bits: all with constants, and a
 *	  sample of the others.
 * It prints how often a result is the best that a view can say.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>
#include <vector>

/* A number of W bits; Sg: signed. Kept as an int in its range. */
template <int W, bool Sg> struct Num {
	int v;

	static int norm(long long x)
	{
		int u = (int)(x & ((1 << W) - 1));
		return Sg && (u >> (W - 1)) ? u - (1 << W) : u;
	}
	Num() : v(0) {}
	Num(int x) : v(norm(x)) {}
	template <int W2, bool S2> explicit Num(const Num<W2, S2> &o) : v(norm(o.v)) {}
	explicit operator bool() const { return v != 0; }
	explicit operator unsigned() const { return (unsigned)v; }
	friend Num operator+(Num a, Num b) { return Num(a.v + b.v); }
	friend Num operator-(Num a, Num b) { return Num(a.v - b.v); }
	friend Num operator*(Num a, Num b) { return Num(a.v * b.v); }
	friend Num operator/(Num a, Num b) { return Num(a.v / b.v); }
	friend Num operator%(Num a, Num b) { return Num(a.v % b.v); }
	friend Num operator&(Num a, Num b) { return Num(a.v & b.v); }
	friend Num operator|(Num a, Num b) { return Num(a.v | b.v); }
	friend Num operator^(Num a, Num b) { return Num(a.v ^ b.v); }
	Num operator~() const { return Num(~v); }
	Num operator-() const { return Num(-v); }
	Num operator<<(int n) const { return Num(v << n); }
	Num operator>>(int n) const { return Num(v >> n); }
	Num operator<<(unsigned n) const { return *this << (int)n; }
	Num operator>>(unsigned n) const { return *this >> (int)n; }
	Num &operator|=(Num b) { return *this = *this | b; }
	Num &operator&=(Num b) { return *this = *this & b; }
	Num &operator++() { return *this = *this + 1; }
	Num operator++(int) { Num o = *this; ++*this; return o; }
	Num operator--(int) { Num o = *this; *this = *this - 1; return o; }
	friend bool operator<(Num a, Num b) { return a.v < b.v; }
	friend bool operator>(Num a, Num b) { return a.v > b.v; }
	friend bool operator<=(Num a, Num b) { return a.v <= b.v; }
	friend bool operator>=(Num a, Num b) { return a.v >= b.v; }
	friend bool operator==(Num a, Num b) { return a.v == b.v; }
	friend bool operator!=(Num a, Num b) { return a.v != b.v; }
};

/* -Wvla and friends aside, these are what range_impl.h defines for numbers of C. */
#define PICK(c, a, b) ((c) ? (a) : (b))
#define TRUTH bool
#define AMOUNT unsigned
#define BOTH(a, b) ((a) && (b))
#define NEITHER(a, b) (!(a) && !(b))
#define ADD_OVER(a, b, r) over((a).v + (b).v, r)
#define SUB_OVER(a, b, r) over((a).v - (b).v, r)
#define MUL_OVER(a, b, r) over((a).v * (b).v, r)
template <class T> static bool over(int exact, T *r)
{
	*r = T(exact);
	return r->v != exact;
}

enum rel { EQ, NE, ULT, ULE, SLT, SLE, SET, CLEAR };

static int fill(int v)
{
	return v | v >> 1 | v >> 2 | v >> 3;
}

#define U Num<BITS, false>
#define S Num<BITS, true>
#define BITS 3
#define N(name) name##3
static U fill3(U x) { return fill(x.v); }
static unsigned ctz3(U x) { return (unsigned)__builtin_ctz((unsigned)x.v); }
#include "flow/range_view.h"
#include "flow/range_rel.h"
#undef BITS
#undef N
#define BITS 4
#define N(name) name##4
static U fill4(U x) { return fill(x.v); }
static unsigned ctz4(U x) { return (unsigned)__builtin_ctz((unsigned)x.v); }
#include "flow/range_view.h"
#include "flow/range_rel.h"
#undef BITS
#undef N
#undef U
#undef S

static uint64_t state = 1, nfail;

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % n);
}

enum op { ADD, SUB, MUL, DIV, MOD, SDIV, SMOD, AND, OR, XOR, NOPS };
static const char *const names[] = {"ADD", "SUB", "MUL", "DIV", "MOD", "SDIV", "SMOD", "AND", "OR", "XOR"};
static const char *const rels[] = {"==", "!=", "<", "<=", "s<", "s<=", "&", "!&"};

/* Everything at one width; V is the view, the functions come as N(...). */
#define WIDTH 3
#define N(name) name##3
#include "range_small.h"
#undef WIDTH
#undef N
#define WIDTH 4
#define N(name) name##4
#include "range_small.h"
#undef WIDTH
#undef N

int main()
{
	if (getenv("SKEP_SEED"))
		state = strtoull(getenv("SKEP_SEED"), nullptr, 0);
	printf("seed %llu\n", (unsigned long long)state);
	all3(0);
	all4(150);
	return nfail != 0;
}
