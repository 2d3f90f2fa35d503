/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that programs allocate: structs of the program's own types, held by a reference
 * until they are dropped or given away. All of an object is numbers, pointers in it too,
 * but for the fields that only functions touch.
 */
#include "flow/mach_impl.h"

struct skep_valloc {
	struct skep_valloc *next;
	u32 type;
	struct skep_vfields fields;
};

const struct skep_vfields *skep_alloc_fields(struct skep_mach *m, u32 type)
{
	struct skep_valloc *a = m->allocs;

	while (a && a->type != type)
		a = a->next;
	if (!a) {
		a = SKEP_NEW(m->arena, struct skep_valloc);
		a->type = type;
		a->next = m->allocs;
		m->allocs = a;
		skep_type_fields(m->obj->btf, type, &a->fields);
	}
	return &a->fields;
}

static bool has_field(struct skep_mach *m, u32 type, u8 kind)
{
	const struct skep_vfields *fs = skep_alloc_fields(m, type);

	for (u32 k = 0; k < fs->n; k++)
		if (fs->v[k].kind == kind)
			return true;
	return false;
}

bool skep_alloc_linked(struct skep_mach *m, u32 type)
{
	return has_field(m, type, SKEP_FIELD_LIST_NODE) || has_field(m, type, SKEP_FIELD_RB_NODE);
}

int skep_alloc_access(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	const struct skep_vfields *fs;
	struct skep_btf_type t;
	struct skep_btf_walk w;
	s64 off = (s64)p->off + a->off;

	if (!m->obj->btf || !skep_btf_resolve(m->obj->btf, p->btf, &t))
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(a->reg),
				  "the type of the object is not known");
	if (!skep_vreg_fixed(p) || off < 0)
		return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg),
				  "the offset into struct %s must be a constant", t.name);
	if (a->write && (p->flags & SKEP_VF_UNTRUSTED))
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(a->reg),
				  "struct %s may be gone: it may only be read", t.name);
	fs = skep_alloc_fields(m, p->btf);
	for (u32 k = 0; k < fs->n; k++)
		if (off < (s64)fs->v[k].off + fs->v[k].size && off + a->size > (s64)fs->v[k].off)
			return skep_fault(
				m, st, SKEP_RULE_MAP_ACCESS, REG(a->reg),
				"the access touches bytes %u to %u of struct %s, which only functions may",
				fs->v[k].off, fs->v[k].off + fs->v[k].size - 1, t.name);
	if ((u64)off + a->size > t.ref || !skep_btf_walk(m->obj->btf, t.id, off, a->size, &w))
		return skep_fault(m, st, SKEP_RULE_MEM_BOUNDS, REG(a->reg),
				  "struct %s has nothing of %u bytes at %lld", t.name, a->size,
				  (long long)off);
	if (!a->write && a->to)
		skep_vreg_num(a->to, a->sext ? skep_range_sext(a->size) : skep_range_zext(a->size),
			      st->at);
	return 0;
}

/* An object that the program made, at its start, and which it holds. */
bool skep_alloc_owned(const struct skep_vstate *st, const struct skep_vreg *r)
{
	return r->type == SKEP_VT_BTF && (r->flags & SKEP_VF_ALLOC) &&
	       !(r->flags & (SKEP_VF_NULL | SKEP_VF_PERCPU)) && r->ref &&
	       skep_ref_find(st, r->ref) && !r->off && skep_vreg_fixed(r);
}

bool skep_alloc_alive(const struct skep_vreg *r)
{
	return r->type == SKEP_VT_BTF && (r->flags & SKEP_VF_ALLOC) &&
	       (r->flags & SKEP_VF_NONOWN) && !r->ref && skep_vreg_fixed(r) &&
	       !(r->flags & (SKEP_VF_NULL | SKEP_VF_PERCPU | SKEP_VF_UNTRUSTED));
}

bool skep_alloc_counted(struct skep_mach *m, const struct skep_vstate *st,
			const struct skep_vreg *r)
{
	return (skep_alloc_owned(st, r) || (skep_alloc_alive(r) && !r->off)) &&
	       has_field(m, r->btf, SKEP_FIELD_REFCOUNT);
}

enum { PERCPU_MAX = 512 };

/* An object with an instance for each processor is small, and numbers only. */
static int check_percpu(struct skep_mach *m, struct skep_vstate *st, const struct skep_btf_type *t)
{
	if (skep_alloc_fields(m, t->id)->n || !skep_btf_numbers(m->obj->btf, t->id))
		return skep_fault(
			m, st, SKEP_RULE_KFUNC, REG(1),
			"struct %s has more than numbers, as an object for each processor "
			"may not",
			t->name);
	if (t->ref > PERCPU_MAX)
		return skep_fault(m, st, SKEP_RULE_KFUNC, REG(1),
				  "struct %s has %u bytes, an object for each processor at most %d",
				  t->name, t->ref, PERCPU_MAX);
	return 0;
}

bool skep_alloc_percpu_owned(const struct skep_vstate *st, const struct skep_vreg *r)
{
	struct skep_vreg plain = *r;

	plain.flags &= (u16)~SKEP_VF_PERCPU;
	return (r->flags & SKEP_VF_PERCPU) && skep_alloc_owned(st, &plain);
}

int skep_alloc_new(struct skep_mach *m, struct skep_vstate *st, u64 type, bool percpu)
{
	struct skep_vreg *r0 = skep_vreg(st, 0);
	struct skep_btf_type t;
	int err;

	if (!m->obj->btf || type > UINT32_MAX || !skep_btf_get(m->obj->btf, (u32)type, &t) ||
	    t.kind != SKEP_BTF_STRUCT)
		return skep_fault(m, st, SKEP_RULE_KFUNC, REG(1),
				  "type %llu of the object's types is no struct",
				  (unsigned long long)type);
	err = percpu ? check_percpu(m, st, &t) : 0;
	if (err)
		return err;
	skep_alloc_ref(m, st, r0, (u32)type, true);
	if (percpu)
		r0->flags |= SKEP_VF_PERCPU;
	return 0;
}

void skep_alloc_ref(struct skep_mach *m, struct skep_vstate *st, struct skep_vreg *r, u32 type,
		    bool null)
{
	skep_vreg_pointer(r, SKEP_VT_BTF, st->at);
	r->btf = type;
	r->flags = (u16)(SKEP_VF_ALLOC | (null ? SKEP_VF_NULL : 0));
	r->ref = r->id = ++m->ids;
	skep_ref_add(m, st, r->ref, SKEP_REFK_PTR);
}
