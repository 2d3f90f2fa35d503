/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of map values that only helpers may touch (locks, timers, kernel pointers ...),
 * as the value's BTF declares them.
 */
#include "flow/mach_impl.h"

#include <stdio.h>

static const struct {
	const char *name;
	u8 kind;
	u8 size;
} known[] = {
	{"bpf_spin_lock", SKEP_FIELD_LOCK, 4},	     {"bpf_res_spin_lock", SKEP_FIELD_RES_LOCK, 4},
	{"bpf_timer", SKEP_FIELD_TIMER, 16},	     {"bpf_wq", SKEP_FIELD_WQ, 16},
	{"bpf_task_work", SKEP_FIELD_TASK_WORK, 8},  {"bpf_list_head", SKEP_FIELD_LIST_HEAD, 16},
	{"bpf_list_node", SKEP_FIELD_LIST_NODE, 24}, {"bpf_rb_root", SKEP_FIELD_RB_ROOT, 16},
	{"bpf_rb_node", SKEP_FIELD_RB_NODE, 32},     {"bpf_refcount", SKEP_FIELD_REFCOUNT, 4},
};
static const struct {
	const char *tag;
	u8 kind;
} tags[] = {
	{"kptr", SKEP_FIELD_KPTR},
	{"kptr_untrusted", SKEP_FIELD_KPTR_UNTRUSTED},
	{"percpu_kptr", SKEP_FIELD_KPTR_PERCPU},
	{"uptr", SKEP_FIELD_UPTR},
};

static void add(struct skep_vfields *fs, u8 kind, u32 off, u32 size, u32 type)
{
	if (fs->n == SKEP_ARRAY_SIZE(fs->v))
		fs->too_many = true;
	else
		fs->v[fs->n++] = (struct skep_vfield){kind, off, size, type, 0};
}

/* A pointer whose target carries a tag. */
static void find_kptr(const struct skep_btf *btf, const struct skep_btf_type *ptr, u32 off,
		      struct skep_vfields *fs)
{
	struct skep_btf_type t;

	if (!skep_btf_get(btf, ptr->ref, &t) || t.kind != SKEP_BTF_TYPE_TAG)
		return;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(tags); k++)
		if (strcmp(t.name, tags[k].tag) == 0) {
			struct skep_btf_type to;

			add(fs, tags[k].kind, off, 8,
			    skep_btf_resolve(btf, t.ref, &to) ? to.id : 0);
			return;
		}
}

static bool holds_elements(const struct skep_vfield *f)
{
	return f->kind == SKEP_FIELD_LIST_HEAD || f->kind == SKEP_FIELD_RB_ROOT;
}

enum { OF_VARIABLE = -1 };
enum { VAR_STATIC = 0 };

/* The tag "contains:TYPE:MEMBER" of a list's head or a tree's root: a member of type `id`, or a
 * variable. */
static void find_contents(const struct skep_btf *btf, u32 id, int member, struct skep_vfield *f)
{
	static const char prefix[] = "contains:";
	struct skep_btf_type t, elem;
	struct skep_btf_member mb;
	char name[128];
	const char *field;

	for (u32 tag = 1; tag < btf->ntypes; tag++) {
		if (!skep_btf_get(btf, tag, &t) || t.kind != SKEP_BTF_DECL_TAG || t.ref != id ||
		    (int)skep_get32(t.more, btf->big) != member ||
		    strncmp(t.name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		snprintf(name, sizeof(name), "%s", t.name + sizeof(prefix) - 1);
		field = strchr(name, ':') ? strchr(name, ':') + 1 : "";
		name[strcspn(name, ":")] = 0;
		f->type = skep_btf_find(btf, SKEP_BTF_STRUCT, name);
		if (!f->type || !skep_btf_get(btf, f->type, &elem)) {
			f->type = 0;
			return;
		}
		for (u32 k = 0; k < elem.vlen; k++)
			if (skep_btf_member(btf, &elem, k, &mb) && strcmp(mb.name, field) == 0) {
				f->node = mb.off / 8;
				return;
			}
		f->type = 0;
		return;
	}
}

static void find_fields(const struct skep_btf *btf, u32 id, u32 off, u32 depth,
			struct skep_vfields *fs)
{
	struct skep_btf_type t;
	struct skep_btf_member mb;
	u32 elem, n;
	s64 size;

	if (depth > 8 || !skep_btf_resolve(btf, id, &t))
		return;
	if (t.kind == SKEP_BTF_PTR) {
		find_kptr(btf, &t, off, fs);
		return;
	}
	if (t.kind == SKEP_BTF_ARRAY) {
		skep_btf_array(btf, &t, &elem, &n);
		size = skep_btf_size(btf, elem);
		for (u32 k = 0; k < n && k < 16 && size > 0; k++)
			find_fields(btf, elem, off + k * (u32)size, depth + 1, fs);
		return;
	}
	if (t.kind != SKEP_BTF_STRUCT)
		return;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(known); k++)
		if (strcmp(t.name, known[k].name) == 0) {
			add(fs, known[k].kind, off, known[k].size, 0);
			return;
		}
	for (u32 k = 0; k < t.vlen; k++) {
		u32 before = fs->n;

		if (!skep_btf_member(btf, &t, k, &mb))
			continue;
		find_fields(btf, mb.type, off + mb.off / 8, depth + 1, fs);
		if (fs->n == before + 1 && holds_elements(&fs->v[before]))
			find_contents(btf, t.id, (int)k, &fs->v[before]);
	}
}

void skep_type_fields(const struct skep_btf *btf, u32 type, struct skep_vfields *out)
{
	find_fields(btf, type, 0, 0, out);
}

/*
 * Where a variable lies in its section. BTF has the places of static ones; those of the others
 * stand in the symbols until the object is linked.
 */
static u32 variable_at(const struct skep_obj *o, const struct skep_dsec *data,
		       const struct skep_btf_type *var, u32 off)
{
	if (skep_get32(var->more, o->btf->big) == VAR_STATIC)
		return off;
	for (u32 k = 0; k < o->nsym; k++)
		if (o->sym[k].kind == SKEP_SYM_DATA && o->sym[k].data == data &&
		    strcmp(o->sym[k].name, var->name) == 0)
			return (u32)o->sym[k].value;
	return off;
}

/* Fields of a section of variables, which becomes one value. */
static void find_variables(struct skep_mach *m, const struct skep_dsec *data,
			   struct skep_vfields *fs)
{
	const struct skep_btf *btf = m->obj->btf;
	u32 id = skep_btf_find(btf, SKEP_BTF_DATASEC, data->name);
	struct skep_btf_type t, v;
	struct skep_btf_member mb;

	if (!id || !skep_btf_get(btf, id, &t))
		return;
	for (u32 k = 0; k < t.vlen; k++) {
		u32 before = fs->n;

		if (!skep_btf_member(btf, &t, k, &mb) || !skep_btf_get(btf, mb.type, &v) ||
		    v.kind != SKEP_BTF_VAR)
			continue;
		find_fields(btf, v.ref, variable_at(m->obj, data, &v, mb.off), 0, fs);
		if (fs->n == before + 1 && holds_elements(&fs->v[before]))
			find_contents(btf, v.id, OF_VARIABLE, &fs->v[before]);
	}
}

const struct skep_vfields *skep_map_fields(struct skep_mach *m, const struct skep_map *map)
{
	struct skep_vfields *fs;

	if (!m->fields)
		m->fields = SKEP_NEW_N(m->arena, struct skep_vfields, m->obj->nmap + 1);
	fs = &m->fields[map->index];
	if (fs->known)
		return fs;
	fs->known = true;
	if (!m->obj->btf)
		return fs;
	if (map->value_type)
		find_fields(m->obj->btf, map->value_type, 0, 0, fs);
	else if (map->data)
		find_variables(m, map->data, fs);
	return fs;
}

u32 skep_mach_map_fields(struct skep_mach *m, const struct skep_map *map)
{
	const struct skep_vfields *fs = skep_map_fields(m, map);
	u32 set = fs->too_many ? SKEP_MAPF_MANY : 0;

	for (u32 k = 0; k < fs->n; k++)
		switch (fs->v[k].kind) {
		case SKEP_FIELD_LOCK: set |= SKEP_MAPF_LOCK; break;
		case SKEP_FIELD_TIMER: set |= SKEP_MAPF_TIMER; break;
		case SKEP_FIELD_WQ: set |= SKEP_MAPF_WQ; break;
		case SKEP_FIELD_LIST_HEAD:
		case SKEP_FIELD_RB_ROOT: set |= SKEP_MAPF_GRAPH; break;
		default: break;
		}
	return set;
}

int skep_check_map_fields(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vfields *fs = skep_map_fields(m, p->map);
	s64 lo = off + p->r.smin, hi = off + p->r.smax + (s64)size;

	for (u32 k = 0; k < fs->n; k++)
		if (lo < (s64)fs->v[k].off + fs->v[k].size && hi > (s64)fs->v[k].off)
			return skep_fault(
				m, st, SKEP_RULE_MAP_ACCESS, REG(reg),
				"the access touches bytes %u to %u of map '%s', which only helpers may",
				fs->v[k].off, fs->v[k].off + fs->v[k].size - 1, p->map->name);
	return 0;
}

const struct skep_vfield *skep_field_at(struct skep_mach *m, const struct skep_vreg *p)
{
	const struct skep_vfields *fs;

	if (!skep_vreg_fixed(p))
		return NULL;
	if (p->type == SKEP_VT_VALUE && p->map)
		fs = skep_map_fields(m, p->map);
	else if (p->type == SKEP_VT_BTF && (p->flags & SKEP_VF_ALLOC) && p->ref && m->obj->btf)
		fs = skep_alloc_fields(m, p->btf);
	else
		return NULL;
	for (u32 k = 0; k < fs->n; k++)
		if (fs->v[k].off == (u32)p->off)
			return &fs->v[k];
	return NULL;
}

int skep_field_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg, u32 kind, const char *need)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vfield *f = skep_field_at(m, p);

	if (p->flags & SKEP_VF_NULL)
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(reg),
				  "r%u, %s, may be NULL here", reg, skep_vreg_what(p));
	if (f && f->kind == kind)
		return 0;
	return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
			  "argument %u is %s; the address of %s is needed", reg, skep_vreg_what(p),
			  need);
}

/* --- locks ---------------------------------------------------------------------------------- */

int skep_spin_lock(struct skep_mach *m, struct skep_vstate *st, u32 reg, bool lock)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	struct skep_vrefs *held = skep_ref_lock(st);
	u32 id = skep_lock_id(p);
	int err;

	if (m->opt.prog_type == SKEP_PROG_SOCKET_FILTER || skep_prog_type_traces(m->opt.prog_type))
		return skep_fault(m, st, SKEP_RULE_LOCK, 0, "programs of type %s cannot take locks",
				  m->type->name);
	err = skep_field_arg(m, st, reg, SKEP_FIELD_LOCK, "a bpf_spin_lock in a map's value");
	if (err)
		return err;
	if (skep_callback_in(st, SKEP_CB_ORDER))
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "what orders a tree may not touch locks");
	if (lock) {
		if (held)
			return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
					  "a second lock is taken");
		skep_ref_add(m, st, ++m->ids, SKEP_REFK_LOCK);
		st->ref[st->nref - 1].lock = id;
		st->ref[st->nref - 1].map = p->map;
		return 0;
	}
	if (!held)
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg), "no lock is held");
	if (held->kind != SKEP_REFK_LOCK || held->map != p->map || held->lock != id)
		return skep_fault(m, st, SKEP_RULE_LOCK, REG(reg),
				  "another lock is held than the one that is released");
	skep_ref_drop(st, held->id);
	skep_graph_unlock(m, st);
	return 0;
}

/* --- kernel pointers in maps --------------------------------------------------------------------
 */

static bool is_kptr(const struct skep_vfield *f)
{
	return f->kind >= SKEP_FIELD_KPTR && f->kind <= SKEP_FIELD_UPTR;
}

bool skep_kptr_field(struct skep_mach *m, const struct skep_vreg *p, s64 off, u32 size)
{
	const struct skep_vfields *fs = skep_map_fields(m, p->map);

	if (!skep_vreg_fixed(p))
		return false;
	for (u32 k = 0; k < fs->n; k++)
		if (is_kptr(&fs->v[k]) && off == (s64)fs->v[k].off && size == 8)
			return true;
	return false;
}

static const struct skep_vfield *kptr_at(struct skep_mach *m, const struct skep_map *map, s64 off)
{
	const struct skep_vfields *fs = skep_map_fields(m, map);

	for (u32 k = 0; k < fs->n; k++)
		if (is_kptr(&fs->v[k]) && (s64)fs->v[k].off == off)
			return &fs->v[k];
	return NULL;
}

/* The pointer's type as the kernel knows it (by name), or as the program's own. */
static void kptr_object(struct skep_mach *m, const struct skep_vfield *f, struct skep_vreg *r,
			u16 flags, u32 at)
{
	struct skep_btf_type t;

	if (f->kind == SKEP_FIELD_KPTR_PERCPU)
		flags |= SKEP_VF_PERCPU;
	if (!f->type || !skep_btf_get(m->obj->btf, f->type, &t) || !t.name[0] ||
	    !skep_btf_object(m, r, t.name, flags, at)) {
		skep_vreg_pointer(r, SKEP_VT_BTF, at);
		r->btf = f->type;
		r->flags = flags | SKEP_VF_ALLOC;
	}
	if (flags & SKEP_VF_NULL)
		r->id = ++m->ids;
}

int skep_kptr_access(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	const struct skep_vfield *f = kptr_at(m, p->map, (s64)p->off + a->off);

	if (!a->write) {
		bool rcu = (f->kind == SKEP_FIELD_KPTR || f->kind == SKEP_FIELD_KPTR_PERCPU) &&
			   (!st->sleeps || st->rcu);

		if (a->to)
			kptr_object(m, f, a->to,
				    (u16)(SKEP_VF_NULL | (rcu ? SKEP_VF_RCU : SKEP_VF_UNTRUSTED)),
				    st->at);
		/* What may hang in lists and trees may go when a lock is released. */
		if (a->to && rcu && (a->to->flags & SKEP_VF_ALLOC) &&
		    skep_alloc_linked(m, a->to->btf))
			a->to->flags |= SKEP_VF_NONOWN;
		return 0;
	}
	if (f->kind == SKEP_FIELD_KPTR_UNTRUSTED && a->from && a->from->type == SKEP_VT_BTF)
		return 0;
	if (f->kind == SKEP_FIELD_KPTR_UNTRUSTED && a->from && skep_mach_null(m, a->from))
		return 0;
	return skep_fault(m, st, SKEP_RULE_MAP_ACCESS, REG(a->reg),
			  "a kernel pointer in a map is stored with bpf_kptr_xchg() only");
}

int skep_kptr_arg(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vfield *f = skep_field_at(m, p);

	if (f && !(p->flags & SKEP_VF_NULL) &&
	    (f->kind == SKEP_FIELD_KPTR || f->kind == SKEP_FIELD_KPTR_PERCPU))
		return 0;
	return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
			  "argument %u is %s; the address of a kernel pointer in a map is needed",
			  reg, skep_vreg_what(p));
}

/*
 * A kernel's type is known by its name there, one of the program by its number: the two never
 * mix, nor do structs that have another one at their start.
 */
int skep_kptr_value(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *where,
		    u32 reg)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_vfield *f = skep_field_at(m, where);
	struct skep_vreg want = {0};
	struct skep_btf_type a, b;

	if (skep_vreg_is_zero(p) || !f)
		return 0;
	kptr_object(m, f, &want, 0, st->at);
	if (p->type == SKEP_VT_BTF && !p->off && skep_vreg_fixed(p) &&
	    ((p->flags ^ want.flags) & (SKEP_VF_ALLOC | SKEP_VF_PERCPU)) == 0) {
		const struct skep_btf *btf =
			want.flags & SKEP_VF_ALLOC ? m->obj->btf : m->opt.kernel;

		if (skep_btf_resolve(btf, p->btf, &a) && skep_btf_resolve(btf, want.btf, &b) &&
		    a.id == b.id)
			return 0;
	}
	return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
			  "argument %u is %s of another type than the value's pointer is for", reg,
			  skep_vreg_what(p));
}

void skep_kptr_result(struct skep_mach *m, struct skep_vstate *st, const struct skep_vreg *where,
		      struct skep_vreg *r0)
{
	const struct skep_vfield *f = skep_field_at(m, where);

	if (!f) {
		skep_vreg_unknown(r0, st->at);
		return;
	}
	kptr_object(m, f, r0, SKEP_VF_NULL | SKEP_VF_TRUSTED, st->at);
	r0->ref = r0->id;
	skep_ref_add(m, st, r0->ref, SKEP_REFK_PTR);
}
