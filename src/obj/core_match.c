/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a type of the object and one of the target agree, by the three measures of
 * CO-RE: as members, as types, and as matching types. Recursion is bounded
 * by CORE_LEVELS; all else walks down one chain.
 */
#include "obj/core_impl.h"

bool skep_obj_core_skip(const struct skep_btf *btf, u32 id, struct skep_btf_type *out)
{
	struct skep_btf_type t;

	while (id) {
		if (!skep_btf_get(btf, id, &t))
			return false;
		if (t.kind != SKEP_BTF_TYPEDEF && t.kind != SKEP_BTF_VOLATILE &&
		    t.kind != SKEP_BTF_CONST && t.kind != SKEP_BTF_RESTRICT &&
		    t.kind != SKEP_BTF_TYPE_TAG) {
			*out = t;
			return true;
		}
		id = t.ref;
	}
	*out = (struct skep_btf_type){.name = ""};
	return true;
}

bool skep_obj_core_same_kind(const struct skep_btf_type *a, const struct skep_btf_type *b)
{
	return a->kind == b->kind || (core_is_enum(a) && core_is_enum(b));
}

bool skep_obj_core_same_name(const char *a, const char *b)
{
	size_t n = skep_btf_essential(a);

	return n == skep_btf_essential(b) && !memcmp(a, b, n);
}

static bool whole_int(const struct skep_btf *btf, const struct skep_btf_type *t)
{
	return (skep_get32(t->more, btf->big) >> 16 & 0xff) == 0;
}

bool skep_obj_core_is_flexible(const struct skep_btf *btf, const struct core_step *in, u32 elems)
{
	struct skep_btf_type t;

	return in->name && !elems && skep_btf_get(btf, in->type, &t) && in->idx + 1 == t.vlen;
}

bool skep_obj_core_fields_agree(const struct skep_btf *lb, u32 lid, const struct skep_btf *tb,
				u32 tid)
{
	struct skep_btf_type l, t;
	u32 n;

	while (skep_obj_core_skip(lb, lid, &l) && skep_obj_core_skip(tb, tid, &t)) {
		if (core_is_composite(&l) && core_is_composite(&t))
			return true;
		if (!skep_obj_core_same_kind(&l, &t))
			return false;
		switch (l.kind) {
		case SKEP_BTF_PTR:
		case SKEP_BTF_FLOAT: return true;
		case SKEP_BTF_FWD:
		case SKEP_BTF_ENUM:
		case SKEP_BTF_ENUM64:
			return !*l.name || !*t.name || skep_obj_core_same_name(l.name, t.name);
		case SKEP_BTF_INT: return whole_int(lb, &l) && whole_int(tb, &t);
		case SKEP_BTF_ARRAY:
			skep_btf_array(lb, &l, &lid, &n);
			skep_btf_array(tb, &t, &tid, &n);
			continue;
		default: return false;
		}
	}
	return false;
}

/* Both sides, and how much was looked at: hostile types are small and wide. */
struct matcher {
	const struct skep_btf *lb, *tb;
	u32 work;
};

static int types_agree(struct matcher *m, u32 lid, u32 tid, u32 levels)
{
	const struct skep_btf *lb = m->lb, *tb = m->tb;
	struct skep_btf_type l, t;
	struct skep_btf_member lm, tm;
	u32 n;

	for (;;) {
		if (!levels-- || m->work++ == CORE_WORK)
			return SKEP_ELIMIT;
		if (!skep_obj_core_skip(lb, lid, &l) || !skep_obj_core_skip(tb, tid, &t))
			return SKEP_EINPUT;
		if (!skep_obj_core_same_kind(&l, &t))
			return 0;
		switch (l.kind) {
		case 0:
		case SKEP_BTF_STRUCT:
		case SKEP_BTF_UNION:
		case SKEP_BTF_ENUM:
		case SKEP_BTF_ENUM64:
		case SKEP_BTF_FWD: return 1;
		case SKEP_BTF_INT: return whole_int(lb, &l) && whole_int(tb, &t);
		case SKEP_BTF_PTR:
			lid = l.ref;
			tid = t.ref;
			break;
		case SKEP_BTF_ARRAY:
			skep_btf_array(lb, &l, &lid, &n);
			skep_btf_array(tb, &t, &tid, &n);
			break;
		case SKEP_BTF_FUNC_PROTO:
			if (l.vlen != t.vlen)
				return 0;
			for (u32 i = 0; i < l.vlen; i++) {
				int r;

				skep_btf_member(lb, &l, i, &lm);
				skep_btf_member(tb, &t, i, &tm);
				r = types_agree(m, lm.type, tm.type, levels);
				if (r <= 0)
					return r;
			}
			lid = l.ref;
			tid = t.ref;
			break;
		default: return 0;
		}
	}
}

int skep_obj_core_types_agree(const struct skep_btf *lb, u32 lid, const struct skep_btf *tb,
			      u32 tid)
{
	struct matcher m = {lb, tb, 0};
	struct skep_btf_type l, t;

	if (!skep_btf_get(lb, lid, &l) || !skep_btf_get(tb, tid, &t))
		return SKEP_EINPUT;
	return skep_obj_core_same_kind(&l, &t) ? types_agree(&m, lid, tid, CORE_LEVELS) : 0;
}

/* --- matching -------------------------------------------------------------------- */

static int match(struct matcher *m, u32 lid, u32 tid, bool behind_ptr, u32 levels);

static int match_members(struct matcher *m, const struct skep_btf_type *l,
			 const struct skep_btf_type *t, bool behind_ptr, u32 levels)
{
	struct skep_btf_member lm, tm;

	if (l->vlen > t->vlen)
		return 0;
	for (u32 i = 0; i < l->vlen; i++) {
		int found = 0;

		skep_btf_member(m->lb, l, i, &lm);
		for (u32 k = 0; k < t->vlen && !found; k++) {
			skep_btf_member(m->tb, t, k, &tm);
			if (m->work++ == CORE_WORK)
				return SKEP_ELIMIT;
			if (!skep_obj_core_same_name(lm.name, tm.name))
				continue;
			found = match(m, lm.type, tm.type, behind_ptr, levels);
			if (found < 0)
				return found;
		}
		if (!found)
			return 0;
	}
	return 1;
}

static int match_enums(struct matcher *m, const struct skep_btf_type *l,
		       const struct skep_btf_type *t)
{
	struct skep_btf_member lm, tm;

	if (!core_is_enum(t) || l->vlen > t->vlen)
		return 0;
	for (u32 i = 0; i < l->vlen; i++) {
		bool found = false;

		skep_btf_member(m->lb, l, i, &lm);
		for (u32 k = 0; k < t->vlen && !found; k++) {
			skep_btf_member(m->tb, t, k, &tm);
			found = skep_obj_core_same_name(lm.name, tm.name);
		}
		if (!found)
			return 0;
	}
	return 1;
}

/* A forward declaration's kflag tells whether it is of a union. */
static int match_fwd(const struct skep_btf_type *l, const struct skep_btf_type *t, bool behind_ptr)
{
	if (t->kind == SKEP_BTF_FWD)
		return l->kflag == t->kflag;
	return behind_ptr && t->kind == (l->kflag ? SKEP_BTF_UNION : SKEP_BTF_STRUCT);
}

static int match_composite(struct matcher *m, const struct skep_btf_type *l,
			   const struct skep_btf_type *t, bool behind_ptr, u32 levels)
{
	if (!behind_ptr)
		return l->kind == t->kind ? match_members(m, l, t, false, levels) : 0;
	if (l->kind == t->kind)
		return 1;
	return t->kind == SKEP_BTF_FWD && (l->kind == SKEP_BTF_UNION) == t->kflag;
}

static int match_ints(struct matcher *m, const struct skep_btf_type *l,
		      const struct skep_btf_type *t)
{
	u32 li, ti;

	if (l->kind != t->kind)
		return 0;
	li = skep_get32(l->more, m->lb->big);
	ti = skep_get32(t->more, m->tb->big);
	return (li & 0xff) == (ti & 0xff) && (li >> 24 & 1) == (ti >> 24 & 1);
}

static int match_params(struct matcher *m, const struct skep_btf_type *l,
			const struct skep_btf_type *t, u32 levels)
{
	struct skep_btf_member lm, tm;

	if (l->kind != t->kind || l->vlen != t->vlen)
		return 0;
	for (u32 i = 0; i < l->vlen; i++) {
		int r;

		skep_btf_member(m->lb, l, i, &lm);
		skep_btf_member(m->tb, t, i, &tm);
		r = match(m, lm.type, tm.type, false, levels);
		if (r <= 0)
			return r;
	}
	return 1;
}

static int match(struct matcher *m, u32 lid, u32 tid, bool behind_ptr, u32 levels)
{
	struct skep_btf_type l, t;
	u32 ln, tn;
	int r;

	for (;;) {
		if (!levels-- || m->work++ == CORE_WORK)
			return SKEP_ELIMIT;
		if (!skep_obj_core_skip(m->lb, lid, &l) || !skep_obj_core_skip(m->tb, tid, &t))
			return SKEP_EINPUT;
		if (!skep_obj_core_same_name(l.name, t.name))
			return 0;
		switch (l.kind) {
		case 0: return t.kind == 0;
		case SKEP_BTF_FWD: return match_fwd(&l, &t, behind_ptr);
		case SKEP_BTF_ENUM:
		case SKEP_BTF_ENUM64: return match_enums(m, &l, &t);
		case SKEP_BTF_STRUCT:
		case SKEP_BTF_UNION: return match_composite(m, &l, &t, behind_ptr, levels);
		case SKEP_BTF_INT: return match_ints(m, &l, &t);
		case SKEP_BTF_PTR:
			if (t.kind != l.kind)
				return 0;
			behind_ptr = true;
			lid = l.ref;
			tid = t.ref;
			break;
		case SKEP_BTF_ARRAY:
			if (t.kind != l.kind)
				return 0;
			skep_btf_array(m->lb, &l, &lid, &ln);
			skep_btf_array(m->tb, &t, &tid, &tn);
			if (ln != tn)
				return 0;
			break;
		case SKEP_BTF_FUNC_PROTO:
			r = match_params(m, &l, &t, levels);
			if (r <= 0)
				return r;
			lid = l.ref;
			tid = t.ref;
			break;
		default: return 0;
		}
	}
}

int skep_obj_core_types_match(const struct skep_btf *lb, u32 lid, const struct skep_btf *tb,
			      u32 tid)
{
	struct matcher m = {lb, tb, 0};

	return match(&m, lid, tid, false, CORE_LEVELS);
}
