/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An index of types by name. Names count without their flavour ("task_struct" of
 * "task_struct___old"), so that one index serves exact and essential names. Types of one
 * bucket are in the order of their ids. The index lives in the arena that was given.
 */
#include "btf/btf.h"
#include "btf/btf_impl.h"

struct skep_btf_index {
	u32 mask;
	u32 *head; /* by bucket: the first type, or 0 */
	u32 *next; /* by type: the next of its bucket, or 0 */
};

size_t skep_btf_essential(const char *name)
{
	size_t n = strlen(name);

	if (!strstr(name, "___"))
		return n;
	for (size_t i = n < 5 ? 0 : n - 4; i-- > 0;)
		if (name[i] != '_' && name[i + 1] == '_' && name[i + 2] == '_' &&
		    name[i + 3] == '_' && name[i + 4] != '_')
			return i + 1;
	return n;
}

static u32 bucket(const struct skep_btf_index *x, const char *name, size_t n)
{
	return (u32)skep_hash(name, n, 0) & x->mask;
}

void skep_btf_index(struct skep_btf *btf, struct skep_arena *arena)
{
	struct skep_btf_index *x;
	struct skep_btf_type t;
	u32 n = 1;

	if (btf->index)
		return;
	x = SKEP_NEW(arena, struct skep_btf_index);
	while (n < btf->ntypes)
		n *= 2;
	x->mask = n - 1;
	x->head = SKEP_NEW_N(arena, u32, n);
	x->next = SKEP_NEW_N(arena, u32, btf->ntypes);
	for (u32 id = btf->ntypes; id-- > 1;) {
		u32 b;

		if (!skep_btf_get(btf, id, &t) || !t.name[0])
			continue;
		b = bucket(x, t.name, skep_btf_essential(t.name));
		x->next[id] = x->head[b];
		x->head[b] = id;
	}
	btf->index = x;
}

u32 skep_btf_next(const struct skep_btf *btf, const char *name, size_t n, u32 after)
{
	const struct skep_btf_index *x = btf->index;
	struct skep_btf_type t;
	u32 id;

	if (!n)
		return 0;
	if (x)
		id = after ? x->next[after] : x->head[bucket(x, name, n)];
	else
		id = after + 1;
	while (id && skep_btf_get(btf, id, &t)) {
		if (skep_btf_essential(t.name) == n && !memcmp(t.name, name, n))
			return id;
		id = x ? x->next[id] : id + 1;
	}
	return 0;
}

u32 skep_btf_find(const struct skep_btf *btf, u32 kind, const char *name)
{
	size_t n = skep_btf_essential(name);
	struct skep_btf_type t;

	for (u32 id = 0; (id = skep_btf_next(btf, name, n, id)) != 0;)
		if (skep_btf_get(btf, id, &t) && t.kind == kind && !strcmp(t.name, name))
			return id;
	return 0;
}
