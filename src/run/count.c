/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a verifier has to do, counted by the one of this project: no kernel is
 * asked, nothing is loaded. Records of CO-RE are written into the instructions
 * while the verifier looks, as the loader would, and taken out again. The target's
 * types are read when somebody needs them, which most networking programs do not.
 */
#include "run/run_impl.h"
#include "verify/verify.h"

enum { KERNEL_BUDGET = 1000000 };

/* An instruction with a record, as it is and as the target gets it. */
struct resolved {
	struct skep_insn *at;
	struct skep_insn raw, target;
};

static void put(struct skep_insn *i, const struct skep_insn *from)
{
	i->in = from->in;
	i->ref = from->ref;
	i->sym = from->sym;
	i->callee = from->callee;
	i->core = from->core;
}

/* The value of each record; with one that the target cannot have, nothing is counted. */
static bool resolve(struct skep_counter *c, struct skep_arena *arena)
{
	struct skep_core *core = NULL;
	struct skep_diags ds;
	bool ok = true;
	u32 n = 0;

	for (u32 k = 0; k < c->obj->nfunc; k++)
		SKEP_FOR_INSN(i, c->obj->func[k])
			n += i->core != NULL;
	if (!n)
		return true;
	if (!c->types || skep_core_new(c->obj->btf, c->types, arena, &core))
		return false;
	c->core = SKEP_NEW_N(arena, struct resolved, n);
	skep_diags_init(&ds);
	for (u32 k = 0; k < c->obj->nfunc && ok; k++) {
		u32 flags = c->obj->func[k]->flags;

		SKEP_FOR_INSN(i, c->obj->func[k]) {
			struct skep_core_value v = {0};
			struct resolved *r = &c->core[c->ncore];

			if (!i->core)
				continue;
			r->at = i;
			r->raw = *i;
			if (skep_core_compute(core, i, &ds, &v)) {
				ok = false;
				break;
			}
			skep_core_apply(c->obj, i, &v);
			r->target = *i;
			put(i, &r->raw);
			c->ncore++;
		}
		c->obj->func[k]->flags = flags;
	}
	skep_diags_fini(&ds);
	return ok;
}

static void get_types(struct skep_counter *c)
{
	if (!c->asked && c->opts->types)
		c->types = c->opts->types(c->opts->types_user);
	c->asked = true;
}

void skep_counter_begin(struct skep_counter *c, struct skep_obj *obj, u64 left, struct skep_arena *arena)
{
	c->obj = obj;
	c->arena = arena;
	c->left = left;
	c->ready = false;
}

/* At the first question: from then on nothing but the order of instructions changes. */
static void prepare(struct skep_counter *c)
{
	struct skep_obj *obj = c->obj;
	bool records = false;

	if (c->ready)
		return;
	c->ready = true;
	c->core = NULL;
	c->ncore = 0;
	c->nprog = 0;
	c->prog = SKEP_NEW_N(c->arena, const struct skep_func *, obj->nfunc + 1);
	c->reach = SKEP_NEW_N(c->arena, u8 *, obj->nfunc + 1);
	for (u32 k = 0; k < obj->nfunc; k++) {
		SKEP_FOR_INSN(i, obj->func[k])
			records |= i->core != NULL;
		if (!(obj->func[k]->flags & SKEP_FF_PROG))
			continue;
		c->reach[c->nprog] = SKEP_NEW_N(c->arena, u8, obj->nfunc);
		skep_prog_reach(obj, obj->func[k], c->reach[c->nprog]);
		c->prog[c->nprog++] = obj->func[k];
	}
	if (records)
		get_types(c);
	c->usable = resolve(c, c->arena);
}

/* The records of CO-RE as the target gets them, or as they are. */
static void put_all(struct skep_counter *c, bool target)
{
	for (u32 k = 0; k < c->ncore; k++)
		put(c->core[k].at, target ? &c->core[k].target : &c->core[k].raw);
}

static int verify(struct skep_counter *c, const struct skep_func *prog, u64 budget,
		  struct skep_verify_result *r)
{
	struct skep_verify_opts o = {.sz = sizeof(o), .kernel = c->types, .budget = budget};
	struct skep_arena arena;
	struct skep_diags ds;
	int err;

	memset(r, 0, sizeof(*r));
	skep_arena_init(&arena);
	skep_diags_init(&ds);
	err = skep_verify_prog(c->obj, prog, &o, &arena, &ds, r);
	skep_diags_fini(&ds);
	skep_arena_fini(&arena);
	return err;
}

static const u8 *reach_of(const struct skep_counter *c, const struct skep_func *prog)
{
	for (u32 k = 0; k < c->nprog; k++)
		if (c->prog[k] == prog)
			return c->reach[k];
	return NULL;
}

static bool ask(struct skep_counter *c, const struct skep_func *prog, u64 budget,
		struct skep_verify_result *r)
{
	const u8 *reach = c->counted ? reach_of(c, prog) : NULL;
	u64 key[2];
	bool keep;
	int err = 0;

	put_all(c, true);
	keep = reach && skep_counted_key(c->obj, reach, prog, c->types, key);
	if (!keep || !skep_counted_find(c->counted, key, budget, r)) {
		err = verify(c, prog, budget, r);
		if (keep && !err)
			skep_counted_put(c->counted, key, budget, r);
	}
	put_all(c, false);
	c->left -= SKEP_MIN(c->left, r->processed);
	c->spent += r->processed;
	return !err && r->verdict == SKEP_SAFE;
}

u64 skep_counter_prog(struct skep_counter *c, const struct skep_func *prog, u64 limit)
{
	u64 budget = SKEP_MIN(c->left, limit ? limit : KERNEL_BUDGET);
	struct skep_verify_result r;
	bool safe;

	prepare(c);
	if (!c->usable || !budget)
		return 0;
	safe = ask(c, prog, budget, &r);
	if (!safe && !c->asked && r.processed < budget) {
		get_types(c);
		safe = c->types && ask(c, prog, budget, &r);
	}
	return safe ? r.processed : 0;
}

u64 skep_counter_func(void *user, const struct skep_func *f, u64 limit)
{
	struct skep_counter *c = user;
	u64 sum = 0;

	prepare(c);
	/* The first question about a function; then come those about its changes. */
	if (!limit)
		c->left = c->work + c->work_slot * f->ninsns;
	for (u32 k = 0; k < c->nprog; k++) {
		u64 n;

		if (!c->reach[k][f->index])
			continue;
		if (limit && sum >= limit)
			return 0;
		if (limit && !c->left)
			return SKEP_COST_OVER;
		n = skep_counter_prog(c, c->prog[k], limit ? limit - sum : 0);
		if (!n)
			return 0;
		sum += n;
	}
	return sum;
}
