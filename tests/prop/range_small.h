/* SPDX-License-Identifier: BSD-2-Clause */
/* A template of range_small.cpp: all that is tested at WIDTH bits. Sets are bit masks. */
#define V N(view)
#define UN Num<WIDTH, false>
#define SN Num<WIDTH, true>
enum { N(COUNT) = 1 << WIDTH };

static uint32_t N(members)(const V &v)
{
	uint32_t set = 0;

	for (int x = 0; x < N(COUNT); x++) {
		int s = SN(x).v;

		if ((x & ~v.mask.v) == v.val.v && x >= v.umin.v && x <= v.umax.v && s >= v.smin.v && s <= v.smax.v)
			set |= 1u << x;
	}
	return set;
}

static bool N(sharpen)(V *v)
{
	for (int i = 0; i < 100; i++) {
		V before = *v;
		bool done;

		if (!N(round)(v, &done))
			return false;
		bool same = N(equal)(&before, v);

		if (done && !same) { /* then another round must do nothing */
			V again = *v;

			if (!N(round)(&again, &done) || !N(equal)(&again, v)) {
				printf("FAIL: done too early\n");
				nfail++;
			}
		}
		if (same)
			return true;
	}
	printf("FAIL: no fixed point\n");
	nfail++;
	return true;
}

/* The best view of a set that is not empty. */
static V N(best)(uint32_t set)
{
	int ones = N(COUNT) - 1, zeros = N(COUNT) - 1;
	V v;
	bool first = true;

	for (int x = 0; x < N(COUNT); x++) {
		if (!(set >> x & 1))
			continue;
		ones &= x;
		zeros &= ~x;
		v.umin = first ? UN(x) : v.umin;
		v.umax = x;
		v.smin = first || SN(x) < v.smin ? SN(x) : v.smin;
		v.smax = first || SN(x) > v.smax ? SN(x) : v.smax;
		first = false;
	}
	v.val = ones;
	v.mask = N(COUNT) - 1 - ones - zeros;
	return v;
}

static void N(show)(const char *what, const V &v)
{
	printf("  %s: bits %x|%x u %d..%d s %d..%d\n", what, v.val.v, v.mask.v, v.umin.v, v.umax.v, v.smin.v, v.smax.v);
}

static void N(bad)(const char *what, const V &a, const V &b, const V &r)
{
	if (nfail++ > 5)
		return;
	printf("FAIL: %s at %d bits\n", what, WIDTH);
	N(show)("a", a);
	N(show)("b", b);
	N(show)("result", r);
}

/* All views, sharpened, each once. */
static std::vector<V> N(views)()
{
	std::set<std::tuple<int, int, int, int, int, int>> seen;
	std::vector<V> list;
	unsigned raw = 0, missed = 0, best = 0;

	for (int mask = 0; mask < N(COUNT); mask++)
		for (int val = 0; val < N(COUNT); val++)
			for (int u = 0; u < N(COUNT) * N(COUNT) && !(val & mask); u++)
				for (int s = 0; s < N(COUNT) * N(COUNT); s++) {
					V v, w;
					uint32_t set;

					v.val = val;
					v.mask = mask;
					v.umin = u % N(COUNT);
					v.umax = u / N(COUNT);
					v.smin = SN(s % N(COUNT));
					v.smax = SN(s / N(COUNT));
					if (v.umin > v.umax || v.smin > v.smax)
						continue;
					set = N(members)(v);
					raw++;
					w = v;
					if (!N(sharpen)(&w)) {
						if (set)
							N(bad)("sharpening empties", v, v, w);
						continue;
					}
					if (N(members)(w) != set)
						N(bad)("sharpening", v, v, w);
					missed += set == 0;
					if (set && seen.emplace(w.val.v, w.mask.v, w.umin.v, w.umax.v, w.smin.v,
								w.smax.v).second) {
						V o = N(best)(set);

						list.push_back(w);
						best += N(equal)(&o, &w);
					}
				}
	printf("%d bits: %u views, %zu when sharpened, %u of them best; %u empty ones not seen to be\n", WIDTH, raw,
	       list.size(), best, missed);
	return list;
}

/* The instruction's meaning, as in insn.def. */
static int N(eval)(int op, UN a, UN b)
{
	SN s(a), t(b);

	switch (op) {
	case ADD: return (a + b).v;
	case SUB: return (a - b).v;
	case MUL: return (a * b).v;
	case DIV: return b == 0 ? 0 : (a / b).v;
	case MOD: return b == 0 ? a.v : (a % b).v;
	case SDIV: return b == 0 ? 0 : t == -1 ? UN(-s).v : UN(s / t).v;
	case SMOD: return b == 0 ? a.v : t == -1 ? 0 : UN(s % t).v;
	case AND: return (a & b).v;
	case OR: return (a | b).v;
	default: return (a ^ b).v;
	}
}

static V N(apply)(int op, const V *a, const V *b)
{
	V r = *a;

	switch (op) {
	case ADD: N(bits_add)(a, b, &r); N(add)(a, b, &r); break;
	case SUB: N(bits_sub)(a, b, &r); N(sub)(a, b, &r); break;
	case MUL: N(bits_mul)(a, b, &r); N(mul)(a, b, &r); break;
	case DIV: N(div)(a, b, &r); break;
	case MOD: N(mod)(a, b, &r); break;
	case SDIV: N(sdiv)(a, b, &r); break;
	case SMOD: N(smod)(a, b, &r); break;
	case AND: N(bits_and)(a, b, &r); N(and)(a, b, &r); break;
	case OR: N(bits_or)(a, b, &r); N(or)(a, b, &r); break;
	default: N(bits_xor)(a, b, &r); N(xor)(a, b, &r); break;
	}
	return r;
}

static bool N(holds)(int rel, UN a, UN b)
{
	switch (rel) {
	case EQ: return a == b;
	case NE: return a != b;
	case ULT: return a < b;
	case ULE: return a <= b;
	case SLT: return SN(a) < SN(b);
	case SLE: return SN(a) <= SN(b);
	case SET: return (bool)(a & b);
	default: return !(bool)(a & b);
	}
}

static uint64_t N(cases)[NOPS], N(bests)[NOPS], N(sizes)[NOPS][2];

static void N(check_result)(int op, const V &a, const V &b, uint32_t exact, V r)
{
	V before = r, o;

	if (exact & ~N(members)(r))
		N(bad)(names[op], a, b, r);
	if (!N(sharpen)(&r))
		N(bad)(names[op], a, b, before);
	o = N(best)(exact);
	N(cases)[op]++;
	N(bests)[op] += N(equal)(&o, &r);
	N(sizes)[op][0] += (uint64_t)__builtin_popcount(N(members)(o));
	N(sizes)[op][1] += (uint64_t)__builtin_popcount(N(members)(r));
}

static void N(check_rel)(int rel, const V &a, const V &b, uint32_t as, uint32_t bs)
{
	uint32_t keep_a = 0, keep_b = 0;
	bool some = false, other = false, possible;
	int decided = N(decide)((enum rel)rel, &a, &b);
	V x = a, y = b;

	for (int i = 0; i < N(COUNT); i++)
		for (int k = 0; k < N(COUNT); k++) {
			if (!(as >> i & 1) || !(bs >> k & 1))
				continue;
			if (N(holds)(rel, i, k)) {
				some = true;
				keep_a |= 1u << i;
				keep_b |= 1u << k;
			} else {
				other = true;
			}
		}
	if ((decided == 1 && other) || (decided == 0 && some))
		N(bad)(rels[rel], a, b, a);
	possible = N(narrow)((enum rel)rel, &x, &y);
	if (possible ? (keep_a & ~N(members)(x)) || (keep_b & ~N(members)(y)) : some)
		N(bad)(rels[rel], a, b, x);
	if (possible && ((N(members)(x) & ~as) || (N(members)(y) & ~bs)))
		N(bad)(rels[rel], a, b, y);
}

static void N(check_pair)(const V &a, const V &b)
{
	uint32_t as = N(members)(a), bs = N(members)(b);

	for (int op = 0; op < NOPS; op++) {
		uint32_t exact = 0;

		for (int i = 0; i < N(COUNT); i++)
			for (int k = 0; k < N(COUNT) && (as >> i & 1); k++)
				if (bs >> k & 1)
					exact |= 1u << N(eval)(op, i, k);
		N(check_result)(op, a, b, exact, N(apply)(op, &a, &b));
	}
	for (int rel = EQ; rel <= CLEAR; rel++)
		N(check_rel)(rel, a, b, as, bs);
}

static void N(check_shifts)(const V &a)
{
	uint32_t as = N(members)(a);

	for (unsigned n = 0; n < WIDTH; n++)
		for (unsigned m = n; m < WIDTH; m++) {
			uint32_t left = 0, right = 0, arith = 0;
			V r;

			for (int x = 0; x < N(COUNT); x++)
				for (unsigned i = n; i <= m && (as >> x & 1); i++) {
					left |= 1u << (UN(x) << i).v;
					right |= 1u << (UN(x) >> i).v;
					arith |= 1u << UN(SN(x) >> i).v;
				}
			N(lsh)(&a, n, m, &r);
			if (left & ~N(members)(r))
				N(bad)("LSH", a, a, r);
			N(rsh)(&a, n, m, &r);
			if (right & ~N(members)(r))
				N(bad)("RSH", a, a, r);
			N(arsh)(&a, n, m, &r);
			if (arith & ~N(members)(r))
				N(bad)("ARSH", a, a, r);
		}
}

/* All pairs; with `sample`, all with a constant and that many others for each view. */
static void N(all)(uint32_t sample)
{
	std::vector<V> list = N(views)();
	uint64_t pairs = 0;

	for (const V &a : list) {
		N(check_shifts)(a);
		for (size_t i = 0; i < list.size(); i++) {
			const V &b = list[i];

			if (!sample || b.mask.v == 0 || (a.mask.v == 0 && random_below(8) == 0) ||
			    random_below((uint32_t)list.size()) < sample) {
				N(check_pair)(a, b);
				pairs++;
			}
		}
	}
	printf("%d bits: %llu pairs; best results, and members of results per member needed:\n ", WIDTH,
	       (unsigned long long)pairs);
	for (int op = 0; op < NOPS; op++)
		printf(" %s %.1f%% %.3f", names[op], 100.0 * (double)N(bests)[op] / (double)N(cases)[op],
		       (double)N(sizes)[op][1] / (double)N(sizes)[op][0]);
	printf("\n");
}

#undef V
#undef UN
#undef SN
