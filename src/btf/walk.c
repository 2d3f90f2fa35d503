/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies at an offset of a struct, as the kernel's verifier sees it when a program reads there.
 */
#include "btf/btf.h"
#include "btf/btf_impl.h"

enum { WALK_DEPTH = 64 };

static bool is_modifier(u8 kind)
{
	return kind == SKEP_BTF_TYPEDEF || kind == SKEP_BTF_VOLATILE || kind == SKEP_BTF_CONST ||
	       kind == SKEP_BTF_RESTRICT || kind == SKEP_BTF_TYPE_TAG;
}

static bool is_composite(const struct skep_btf_type *t)
{
	return t->kind == SKEP_BTF_STRUCT || t->kind == SKEP_BTF_UNION;
}

u32 skep_btf_pointer_tags(const struct skep_btf *btf, const struct skep_btf_type *ptr)
{
	struct skep_btf_type t;

	if (!skep_btf_get(btf, ptr->ref, &t) || t.kind != SKEP_BTF_TYPE_TAG || t.kflag)
		return 0;
	if (!strcmp(t.name, "user"))
		return SKEP_BTF_USER;
	if (!strcmp(t.name, "percpu"))
		return SKEP_BTF_PERCPU;
	return strcmp(t.name, "rcu") ? 0 : SKEP_BTF_RCU;
}

/* The element type of an array of any dimensions, and how many there are. */
static u64 elements(const struct skep_btf *btf, u32 *id, struct skep_btf_type *t)
{
	u64 total = 1;
	u32 n;

	while (skep_btf_resolve(btf, *id, t) && t->kind == SKEP_BTF_ARRAY) {
		skep_btf_array(btf, t, id, &n);
		total *= n;
	}
	*id = t->id;
	return total;
}

static bool scalar(struct skep_btf_walk *out)
{
	out->what = SKEP_WALK_SCALAR;
	return true;
}

static bool pointer(const struct skep_btf *btf, const struct skep_btf_type *ptr,
		    struct skep_btf_walk *out)
{
	struct skep_btf_type t;
	u32 id = ptr->ref;

	out->flags |= skep_btf_pointer_tags(btf, ptr);
	out->what = SKEP_WALK_PTR_OTHER;
	out->type = 0;
	while (id && skep_btf_get(btf, id, &t) && is_modifier(t.kind))
		id = t.ref;
	if (id && skep_btf_get(btf, id, &t)) {
		out->type = id;
		if (is_composite(&t))
			out->what = SKEP_WALK_PTR;
	}
	return true;
}

/* Behind the struct's end: inside of an array without an end that is its last member. */
static bool in_flexible(const struct skep_btf *btf, const struct skep_btf_type *t, u64 *off,
			struct skep_btf_type *next, struct skep_btf_walk *out, bool *done)
{
	struct skep_btf_member m;
	struct skep_btf_type a;
	u32 elem, n;

	if (!t->vlen || !skep_btf_member(btf, t, t->vlen - 1, &m) ||
	    !skep_btf_resolve(btf, m.type, &a) || a.kind != SKEP_BTF_ARRAY)
		return false;
	skep_btf_array(btf, &a, &elem, &n);
	if (n || *off < m.off / 8 || !skep_btf_resolve(btf, elem, next))
		return false;
	*done = next->kind == SKEP_BTF_INT;
	if (*done)
		return scalar(out);
	if (!is_composite(next) || !next->ref)
		return false;
	*off = (*off - m.off / 8) % next->ref;
	return true;
}

/* 1: done, 0: go on in `next` at `*off`, -1: nothing there. */
static int at_member(const struct skep_btf *btf, const struct skep_btf_member *m, u64 *off,
		     u32 size, struct skep_btf_type *next, struct skep_btf_walk *out)
{
	u64 at = m->off / 8, end, n;
	s64 whole = skep_btf_size(btf, m->type);
	u32 id = m->type;

	if (whole < 0)
		return -1;
	end = at + (u64)whole;
	n = elements(btf, &id, next);
	if (n != 1) {
		if (!n || !whole || *off + size > end)
			return -1;
		whole = (s64)((u64)whole / n);
		at += (*off - at) / (u64)whole * (u64)whole;
	}
	out->member = m->name;
	if (is_composite(next)) {
		*off -= at;
		return 0;
	}
	if (next->kind == SKEP_BTF_PTR) {
		if ((u64)whole != size || *off != at)
			return -1;
		return pointer(btf, next, out) ? 1 : -1;
	}
	if (*off + size > end && !(out->flags & SKEP_BTF_UNION_MEMBER))
		return -1;
	return scalar(out) ? 1 : -1;
}

/* One struct: 1: done, 0: go on in `next`, -1: nothing there. */
static int in_struct(const struct skep_btf *btf, const struct skep_btf_type *t, u64 *off, u32 size,
		     struct skep_btf_type *next, struct skep_btf_walk *out)
{
	struct skep_btf_member m;
	bool done;

	if (*off + size > t->ref) {
		if (!in_flexible(btf, t, off, next, out, &done))
			return -1;
		return done;
	}
	for (u32 i = 0; i < t->vlen; i++) {
		u64 at;
		s64 whole;

		skep_btf_member(btf, t, i, &m);
		at = m.off / 8;
		if (*off + size <= at)
			break;
		if (m.size) {
			if (*off <= at && ((u64)m.off + m.size + 7) / 8 <= *off + size)
				return scalar(out) ? 1 : -1;
			continue;
		}
		if (*off < at)
			break;
		whole = skep_btf_size(btf, m.type);
		if (whole < 0 || *off >= at + (u64)whole)
			continue;
		return at_member(btf, &m, off, size, next, out);
	}
	return -1;
}

bool skep_btf_walk(const struct skep_btf *btf, u32 id, s64 off, u32 size, struct skep_btf_walk *out)
{
	struct skep_btf_type t, next;
	u64 at = (u64)off;

	*out = (struct skep_btf_walk){.in = id};
	if (off < 0 || off > INT32_MAX || !skep_btf_resolve(btf, id, &t) || !is_composite(&t))
		return false;
	for (u32 depth = 0; depth < WALK_DEPTH; depth++) {
		int r;

		if (t.kind == SKEP_BTF_UNION && t.vlen != 1)
			out->flags |= SKEP_BTF_UNION_MEMBER;
		out->in = t.id;
		r = in_struct(btf, &t, &at, size, &next, out);
		if (r)
			return r > 0;
		t = next;
	}
	return false;
}

static bool numbers(const struct skep_btf *btf, u32 id, u32 depth)
{
	struct skep_btf_type t;
	struct skep_btf_member mb;
	u32 elem, n;

	if (depth > 4 || !skep_btf_resolve(btf, id, &t))
		return false;
	if (t.kind == SKEP_BTF_ARRAY) {
		skep_btf_array(btf, &t, &elem, &n);
		return numbers(btf, elem, depth + 1);
	}
	if (t.kind != SKEP_BTF_STRUCT && t.kind != SKEP_BTF_UNION)
		return t.kind == SKEP_BTF_INT || t.kind == SKEP_BTF_ENUM ||
		       t.kind == SKEP_BTF_ENUM64 || t.kind == SKEP_BTF_FLOAT;
	for (u32 k = 0; k < t.vlen; k++)
		if (!skep_btf_member(btf, &t, k, &mb) || !numbers(btf, mb.type, depth + 1))
			return false;
	return true;
}

bool skep_btf_numbers(const struct skep_btf *btf, u32 id)
{
	return numbers(btf, id, 0);
}
