/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structs of operations that a kernel does not have: their types are taken out of another BTF, with
 * all that they refer to, and put behind the kernel's.
 */
#include "btf/btf_impl.h"

#include <stdio.h>

enum { HDR = 24, DATA_ALIGN = 64, COMMON = 8, NAME_MAX_ = 128 };

struct graft {
	const struct skep_btf *all, *from;
	u32 *id;    /* by number in `from`: the new one, 0: it does not come along */
	u32 *order; /* what comes along */
	u32 n;
	struct skep_buf *types, *str;
};

static void add(struct graft *g, u32 id)
{
	if (!id || id >= g->from->ntypes || g->id[id])
		return;
	g->order[g->n] = id;
	g->id[id] = g->all->ntypes + g->n++;
}

static void nothing(void *arg, u8 *word)
{
}

static void collect(void *arg, u8 *word)
{
	struct graft *g = arg;

	add(g, skep_get32(word, g->from->big));
}

static u32 put_string(struct graft *g, const char *s)
{
	u32 off = g->all->str_len + (u32)g->str->n;

	if (!*s)
		return 0;
	skep_buf_add(g->str, s, strlen(s) + 1);
	return off;
}

static void put_name(void *arg, u8 *word)
{
	struct graft *g = arg;
	const char *s = skep_btf_str(g->from, skep_get32(word, g->from->big));

	skep_put32(word, put_string(g, s ? s : ""), g->from->big);
}

static void put_type(void *arg, u8 *word)
{
	struct graft *g = arg;
	u32 id = skep_get32(word, g->from->big);

	skep_put32(word, id < g->from->ntypes ? g->id[id] : 0, g->from->big);
}

/* A copy of a record, which may be changed. */
static u8 *copy(struct graft *g, u32 id, struct skep_arena *arena, u32 *n)
{
	const u8 *p = g->from->data + g->from->off[id];
	u8 *to;

	*n = skep_btf_record_len(p, (u32)(g->from->len - g->from->off[id]), 0, g->from->big);
	to = skep_arena_alloc(arena, *n);
	memcpy(to, p, *n);
	return to;
}

static void add_stubs(struct graft *g, const struct skep_btf_type *t)
{
	struct skep_btf_member m;
	char name[2 * NAME_MAX_];

	for (u32 k = 0; k < t->vlen && skep_btf_member(g->from, t, k, &m); k++)
		if (snprintf(name, sizeof(name), "%s__%s", t->name, m.name) < (int)sizeof(name))
			add(g, skep_btf_find(g->from, SKEP_BTF_FUNC, name));
}

static void put_words(struct graft *g, const u32 *word, u32 n)
{
	u8 b[4];

	for (u32 k = 0; k < n; k++) {
		skep_put32(b, word[k], g->all->big);
		skep_buf_add(g->types, b, 4);
	}
}

/* struct bpf_struct_ops_NAME { struct bpf_struct_ops_common_value common; struct NAME data; } */
static void put_value(struct graft *g, const struct skep_btf_type *t)
{
	u32 next = g->all->ntypes + g->n,
	    common = skep_btf_find(g->all, SKEP_BTF_STRUCT, "bpf_struct_ops_common_value");
	u32 size = DATA_ALIGN + (t->ref + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
	char name[NAME_MAX_ + 16];

	if (!common) {
		u32 number[] = {put_string(g, "unsigned int"), SKEP_BTF_INT << 24, 4, 32};
		u32 head[] = {put_string(g, "bpf_struct_ops_common_value"),
			      SKEP_BTF_STRUCT << 24 | 2,
			      COMMON,
			      put_string(g, "refcnt"),
			      next,
			      0,
			      put_string(g, "state"),
			      next,
			      32};

		put_words(g, number, SKEP_ARRAY_SIZE(number));
		put_words(g, head, SKEP_ARRAY_SIZE(head));
		common = next + 1;
	}
	snprintf(name, sizeof(name), "bpf_struct_ops_%s", t->name);
	{
		u32 value[] = {put_string(g, name),
			       SKEP_BTF_STRUCT << 24 | 2,
			       size,
			       put_string(g, "common"),
			       common,
			       0,
			       put_string(g, "data"),
			       g->id[t->id],
			       DATA_ALIGN * 8};

		put_words(g, value, SKEP_ARRAY_SIZE(value));
	}
}

int skep_btf_ops_take(const struct skep_btf *all, const struct skep_btf *from, u32 id,
		      struct skep_arena *arena, struct skep_buf *types, struct skep_buf *str)
{
	struct graft g = {.all = all, .from = from, .types = types, .str = str};
	const struct btf_visitor seek = {nothing, collect, &g}, put = {put_name, put_type, &g};
	struct skep_btf_type t;
	u8 **record;
	u32 *len;

	if (all->big != from->big || !skep_btf_get(from, id, &t) || t.kind != SKEP_BTF_STRUCT ||
	    strlen(t.name) >= NAME_MAX_)
		return SKEP_EINPUT;
	g.id = SKEP_NEW_N(arena, u32, from->ntypes);
	g.order = SKEP_NEW_N(arena, u32, from->ntypes);
	record = SKEP_NEW_N(arena, u8 *, from->ntypes);
	len = SKEP_NEW_N(arena, u32, from->ntypes);
	add(&g, id);
	add_stubs(&g, &t);
	for (u32 k = 0; k < g.n; k++) {
		record[k] = copy(&g, g.order[k], arena, &len[k]);
		skep_btf_visit(record[k], from->big, &seek);
	}
	for (u32 k = 0; k < g.n; k++) {
		skep_btf_visit(record[k], from->big, &put);
		skep_buf_add(types, record[k], len[k]);
	}
	put_value(&g, &t);
	return types->failed || str->failed ? SKEP_ENOMEM : 0;
}

int skep_btf_append(const struct skep_btf *all, const struct skep_buf *types,
		    const struct skep_buf *str, struct skep_arena *arena, struct skep_diags *ds,
		    struct skep_btf **out)
{
	size_t len = HDR + types->n + str->n;
	u8 *p = skep_arena_alloc(arena, len);

	memset(p, 0, HDR);
	skep_put16(p, BTF_MAGIC, all->big);
	p[2] = 1; /* the version */
	skep_put32(p + 4, HDR, all->big);
	skep_put32(p + 12, (u32)types->n, all->big);
	skep_put32(p + 16, (u32)types->n, all->big);
	skep_put32(p + 20, (u32)str->n, all->big);
	memcpy(p + HDR, types->p, types->n);
	memcpy(p + HDR + types->n, str->p, str->n);
	return skep_btf_join(all, all, p, len, arena, ds, out);
}
