/* SPDX-License-Identifier: BSD-2-Clause */
/* A template of range_proof.cpp: the claims at one width. */
#define V N(view)

static z3::expr N(member)(const U &x, const V &v)
{
	S s = (S)x;

	return (x & ~v.mask).e == v.val.e && (x >= v.umin).e && (x <= v.umax).e && (s >= v.smin).e && (s <= v.smax).e;
}

static z3::expr N(in_bits)(const U &x, const V &v)
{
	return (x & ~v.mask).e == v.val.e;
}

static z3::expr N(in_bounds)(const U &x, const V &v)
{
	S s = (S)x;

	return (x >= v.umin).e && (x <= v.umax).e && (s >= v.smin).e && (s <= v.smax).e;
}

static V N(any_view)(const std::string &name)
{
	V v;

	v.val = U((name + ".val").c_str());
	v.mask = U((name + ".mask").c_str());
	v.umin = U((name + ".umin").c_str());
	v.umax = U((name + ".umax").c_str());
	v.smin = S((name + ".smin").c_str());
	v.smax = S((name + ".smax").c_str());
	return v;
}

/* A step that only sharpens: members stay. */
template <class F> static void N(prove_step)(const char *name, F step)
{
	prove(name, [&] {
		U x("x");
		V v = N(any_view)("v");

		assume(N(member)(x, v));
		bool ok = step(&v);
		claim(ctx.bool_val(ok) && N(member)(x, v), "keeps members");
	});
}

/* An operation: the result on members is in the result; `bits`: it gives the bits, too. */
template <class F, class G> static void N(prove_op)(const char *name, F run, G meaning, bool bits = false)
{
	prove(name, [&] {
		U x("x"), y("y");
		V a = N(any_view)("a"), b = N(any_view)("b"), r = N(any_view)("r");

		assume(N(member)(x, a) && N(member)(y, b));
		run(&a, &b, &r);
		claim(N(in_bounds)(meaning(x, y), r), "has the result");
		if (bits)
			claim(N(in_bits)(meaning(x, y), r), "knows the result's bits");
	});
}

template <class F, class G> static void N(prove_bits)(const char *name, F run, G meaning)
{
	prove(name, [&] {
		U x("x"), y("y");
		V a = N(any_view)("a"), b = N(any_view)("b"), r;

		assume(N(in_bits)(x, a) && N(in_bits)(y, b));
		run(&a, &b, &r);
		claim(N(in_bits)(meaning(x, y), r), "knows the result's bits");
	});
}

static void N(prove_nearest)()
{
	prove("next", [] {
		U val("val"), mask("mask"), x("x"), y("y"), from = x;

		assume((y & ~mask).e == val.e && (y >= x).e);
		bool ok = N(next)(val, mask, &x);
		claim(ctx.bool_val(ok) && (x <= y).e, "is not above a member");
		claim((x & ~mask).e == val.e && (x >= from).e, "is a member");
	});
	prove("prev", [] {
		U val("val"), mask("mask"), x("x"), y("y"), from = x;

		assume((y & ~mask).e == val.e && (y <= x).e);
		bool ok = N(prev)(val, mask, &x);
		claim(ctx.bool_val(ok) && (x >= y).e, "is not below a member");
		claim((x & ~mask).e == val.e && (x <= from).e, "is a member");
	});
}

static void N(prove_shifts)()
{
	auto shift = [](const char *name, int kind) {
		prove(name, [&] {
			U x("x");
			AMOUNT n("n"), m("m"), s("s");
			V a = N(any_view)("a"), r;

			assume(N(member)(x, a) && (n <= s).e && (s <= m).e && (m < BITS).e);
			if (kind == 0)
				N(lsh)(&a, n, m, &r);
			else if (kind == 1)
				N(rsh)(&a, n, m, &r);
			else
				N(arsh)(&a, n, m, &r);
			claim(N(member)(kind == 0 ? x << s : kind == 1 ? x >> s : (U)((S)x >> s), r), "has the result");
		});
	};

	shift("lsh", 0);
	shift("rsh", 1);
	shift("arsh", 2);
	if ((BITS & (BITS - 1)) == 0)
		prove("amount", [] {
			U y("y");
			V b = N(any_view)("b");
			AMOUNT n, m, s = (AMOUNT)(y & (U)(BITS - 1));

			assume(N(member)(y, b));
			N(amount)(&b, &n, &m);
			claim((n <= s).e && (s <= m).e && (m < BITS).e, "has the amount");
		});
}

static z3::expr N(holds)(int rel, const U &x, const U &y)
{
	S s = (S)x, t = (S)y;

	switch (rel) {
	case EQ: return x.e == y.e;
	case NE: return x.e != y.e;
	case ULT: return (x < y).e;
	case ULE: return (x <= y).e;
	case SLT: return (s < t).e;
	case SLE: return (s <= t).e;
	case SET: return (x & y).e != ctx.bv_val(0, BITS);
	default: return (x & y).e == ctx.bv_val(0, BITS);
	}
}

static void N(prove_relations)()
{
	static const char *const names[] = {"==", "!=", "<", "<=", "s<", "s<=", "&", "!&"};

	for (int rel = EQ; rel <= CLEAR; rel++) {
		prove((std::string("decide ") + names[rel]).c_str(), [&] {
			U x("x"), y("y");
			V a = N(any_view)("a"), b = N(any_view)("b");

			assume(N(member)(x, a) && N(member)(y, b));
			int d = N(decide)((enum rel)rel, &a, &b);
			claim(d < 0 ? ctx.bool_val(true) : N(holds)(rel, x, y) == ctx.bool_val(d == 1), "is so");
		});
		prove((std::string("narrow ") + names[rel]).c_str(), [&] {
			U x("x"), y("y");
			V a = N(any_view)("a"), b = N(any_view)("b");

			assume(N(member)(x, a) && N(member)(y, b) && N(holds)(rel, x, y));
			bool ok = N(narrow)((enum rel)rel, &a, &b);
			claim(ctx.bool_val(ok) && N(member)(x, a) && N(member)(y, b), "keeps members");
		});
	}
}

/* Bounds of sums, bit operations and shifts. */
static void N(prove_bounds)()
{
	prove("meet_arc", [] {
		U x("x"), lo("lo"), hi("hi");
		V v = N(any_view)("v");

		assume(N(member)(x, v) && ((U)(x - lo) <= (U)(hi - lo)).e);
		N(meet_arc)(&v, lo, hi);
		claim(N(member)(x, v), "keeps members");
	});
	N(prove_op)("add", N(add), [](const U &x, const U &y) { return x + y; });
	N(prove_op)("sub", N(sub), [](const U &x, const U &y) { return x - y; });
	N(prove_op)("and", N(and), [](const U &x, const U &y) { return x & y; });
	N(prove_op)("or", N(or), [](const U &x, const U &y) { return x | y; });
	N(prove_op)("xor", N(xor), [](const U &x, const U &y) { return x ^ y; });
	N(prove_shifts)();
}

static void N(prove_view)()
{
	printf("%d bits\n", BITS);
	fflush(stdout);
	N(prove_nearest)();
	N(prove_step)("clip_unsigned", [](V *v) { return N(clip_unsigned)(v); });
	N(prove_step)("clip_signed", [](V *v) { return N(clip_signed)(v); });
	N(prove_step)("halves", [](V *v) { return N(halves)(v); });
	N(prove_step)("prefix", [](V *v) { return N(prefix)(v); });
	if (HEAVY)
		N(prove_step)("round", [](V *v) {
			bool done;

			return N(round)(v, &done);
		});
	N(prove_bits)("bits_add", N(bits_add), [](const U &x, const U &y) { return x + y; });
	N(prove_bits)("bits_sub", N(bits_sub), [](const U &x, const U &y) { return x - y; });
	N(prove_bits)("bits_and", N(bits_and), [](const U &x, const U &y) { return x & y; });
	N(prove_bits)("bits_or", N(bits_or), [](const U &x, const U &y) { return x | y; });
	N(prove_bits)("bits_xor", N(bits_xor), [](const U &x, const U &y) { return x ^ y; });
	for (int maybe = 0; maybe < 2; maybe++)
		prove("bits_acc", [&] {
			U x("x"), y("y");
			V acc = N(any_view)("acc"), b = N(any_view)("b");

			assume(N(in_bits)(x, acc) && N(in_bits)(y, b));
			N(bits_acc)(&acc, &b, maybe);
			claim(N(in_bits)(x + y, acc), "has the sum");
			if (maybe)
				claim(N(in_bits)(x, acc), "has what was");
		});
	if (HEAVY) {
		N(prove_relations)();
		N(prove_bounds)();
	}
}

/* Bits of products: all ways through the loops, so for few bits. */
[[maybe_unused]] static void N(prove_products)()
{
	N(prove_bits)("bits_long_mul", N(bits_long_mul), [](const U &x, const U &y) { return x * y; });
	N(prove_bits)("bits_mul", N(bits_mul), [](const U &x, const U &y) { return x * y; });
}

/* Bounds of products; quotients and remainders; at a width where a solver can. */
[[maybe_unused]] static void N(prove_nonlinear)()
{
	auto by = [](const U &y, const U &zero, const z3::expr &other) {
		return U(z3::ite(y.e == ctx.bv_val(0, BITS), zero.e, other));
	};

	N(prove_op)("mul", N(mul), [](const U &x, const U &y) { return x * y; });
	N(prove_op)("div", N(div), [&](const U &x, const U &y) { return by(y, U(0), z3::udiv(x.e, y.e)); }, true);
	N(prove_op)("mod", N(mod), [&](const U &x, const U &y) { return by(y, x, z3::urem(x.e, y.e)); }, true);
	N(prove_op)("sdiv", N(sdiv), [&](const U &x, const U &y) { return by(y, U(0), x.e / y.e); }, true);
	N(prove_op)("smod", N(smod), [&](const U &x, const U &y) { return by(y, x, z3::srem(x.e, y.e)); }, true);
}

#undef V
