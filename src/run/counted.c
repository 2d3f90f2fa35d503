/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was counted before. Sets of passes that are tried in turn often come to the same code, and
 * so do changes of the order of branches; a verifier would do the same again.
 *
 * Right because: what a verifier does with a program is decided by its instructions, those of the
 * functions that it reaches, and what the counting keeps: the object around them, which is that
 * of one file, and the target's types. The budget only ends it: whoever ran to the end within a
 * budget does the same with any that is as large, and runs over any that is smaller; whoever ran
 * over does so with all that are no larger. So answers, and what is left to count with, are those
 * that would have come. Two programs are taken for the same by 128 bits of a hash.
 */
#include "run/run_impl.h"
#include "verify/verify.h"

enum { ENTRIES = 8192 };

struct entry {
	u64 key[2];
	u64 processed; /* when it ran over: one more than the budget */
	bool ended, safe;
};

struct skep_counted {
	struct entry entry[ENTRIES]; /* by key; the last that came is kept */
};

struct skep_counted *skep_counted_new(struct skep_arena *arena)
{
	return SKEP_NEW(arena, struct skep_counted);
}

static void mix(u64 key[2], u64 word)
{
	key[0] = (key[0] ^ word) * 0x9e3779b97f4a7c15;
	key[0] ^= key[0] >> 32;
	key[1] = (key[1] + word) * 0xff51afd7ed558ccd;
	key[1] ^= key[1] >> 29;
}

static void mix_func(u64 key[2], struct skep_func *f)
{
	skep_func_number(f);
	mix(key, (u64)f->index << 32 | f->ninsns);
	mix(key, (u64)f->ctx_type << 32 | (f->flags & ~(u32)SKEP_FF_EDITED));
	SKEP_FOR_INSN(i, f) {
		u32 to = i->target ? i->target->num : i->callee ? i->callee->index : 0;
		u32 flags = i->flags & (SKEP_IF_SECSYM | SKEP_IF_RELOC);

		mix(key, i->in.op | (u64)i->in.size << 16 | (u64)i->in.form << 24 |
				 (u64)i->in.dst << 32 | (u64)i->in.src << 40 | (u64)i->ref << 48 |
				 (u64)flags << 56);
		mix(key, (u64)i->in.imm);
		mix(key, (u64)i->sym << 32 | (i->target ? 0 : (u32)i->in.off));
		mix(key, (u64)(i->core != NULL) << 32 | to);
	}
}

bool skep_counted_key(const struct skep_obj *obj, const u8 *reach, const struct skep_func *prog,
		      const struct skep_btf *types, u64 key[2])
{
	key[0] = 1;
	key[1] = prog->index + 1;
	mix(key, types != NULL);
	for (u32 k = 0; k < obj->nfunc; k++) {
		if (!reach[k])
			continue;
		if (obj->func[k]->flags & SKEP_FF_MADE)
			return false;
		mix_func(key, obj->func[k]);
	}
	return true;
}

static u32 place_of(const u64 key[2])
{
	return (u32)(key[0] >> 20) % ENTRIES;
}

bool skep_counted_find(const struct skep_counted *t, const u64 key[2], u64 budget,
		       struct skep_verify_result *r)
{
	const struct entry *e = &t->entry[place_of(key)];

	if (e->key[0] != key[0] || e->key[1] != key[1] || (!e->ended && budget >= e->processed))
		return false;
	memset(r, 0, sizeof(*r));
	r->processed = SKEP_MIN(e->processed, budget + 1);
	r->verdict = e->processed > budget ? SKEP_UNDECIDED : e->safe ? SKEP_SAFE : SKEP_UNSAFE;
	return true;
}

void skep_counted_put(struct skep_counted *t, const u64 key[2], u64 budget,
		      const struct skep_verify_result *r)
{
	t->entry[place_of(key)] = (struct entry){
		{key[0], key[1]}, r->processed, r->processed <= budget, r->verdict == SKEP_SAFE};
}
