/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of struct_ops: creation, the value, what is registered.
 *
 * The payload is the value as bpf(2) shows it, where functions are ids of programs. It is written
 * once, under the map's lock, before the state says that it is there, and stays. What is registered
 * is found in the store: maps that say so, and the maps of links. So it ends with the links, or
 * when the element is deleted, whatever becomes of processes.
 */
#include "sys/ops.h"

#include "abi/abi.h"

#include <stdio.h>
#include <stdlib.h>

static const char prefix[] = "bpf_struct_ops_";
/* How every value begins. */
struct common {
	u32 refs, state;
};

static const struct {
	const char *type;
	int err;
} known[] = {
#define OPS(type, err) {#type, err},
#include "sys/ops.def"
};
static const struct {
	const char *type, *member;
	u8 rule;
	u32 arg;
} rules[] = {
#define OPS_MEMBER(type, member, rule, arg) {#type, #member, OPS_RULE_##rule, arg},
#include "sys/ops.def"
};

/* --- types --------------------------------------------------------------------------- */

static bool is_struct(const struct skep_btf *b, u32 id, const char *name, struct skep_btf_type *out)
{
	return skep_btf_resolve(b, id, out) && out->kind == SKEP_BTF_STRUCT &&
	       strcmp(out->name, name) == 0;
}

bool sys_ops_by_value(const struct skep_btf *b, u32 id, struct ops_type *out)
{
	struct skep_btf_member common, data;
	struct skep_btf_type c;

	*out = (struct ops_type){.types = b};
	if (!b || !skep_btf_get(b, id, &out->value) || out->value.kind != SKEP_BTF_STRUCT ||
	    out->value.vlen != 2 || strncmp(out->value.name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	if (!skep_btf_member(b, &out->value, 0, &common) ||
	    !skep_btf_member(b, &out->value, 1, &data) || common.off ||
	    !is_struct(b, common.type, "bpf_struct_ops_common_value", &c) ||
	    c.ref < sizeof(struct common) ||
	    !is_struct(b, data.type, out->value.name + sizeof(prefix) - 1, &out->t))
		return false;
	out->data = data.off / 8;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(known); k++)
		if (strcmp(known[k].type, out->t.name) == 0) {
			out->strict = true;
			out->err = -known[k].err;
		}
	return out->data >= c.ref && (u64)out->data + out->t.ref <= out->value.ref;
}

bool sys_ops_by_type(const struct skep_btf *b, u32 id, struct ops_type *out)
{
	struct skep_btf_type t;
	char name[160];

	if (!b || !skep_btf_get(b, id, &t) || t.kind != SKEP_BTF_STRUCT ||
	    snprintf(name, sizeof(name), "%s%s", prefix, t.name) >= (int)sizeof(name))
		return false;
	return sys_ops_by_value(b, skep_btf_find(b, SKEP_BTF_STRUCT, name), out) && out->t.id == id;
}

bool sys_ops_function(const struct skep_btf *b, u32 id, struct skep_btf_type *proto)
{
	struct skep_btf_type t;

	return skep_btf_resolve(b, id, &t) && t.kind == SKEP_BTF_PTR &&
	       skep_btf_resolve(b, t.ref, proto) && proto->kind == SKEP_BTF_FUNC_PROTO;
}

bool sys_ops_is_function(const struct skep_btf *b, u32 id)
{
	struct skep_btf_type proto;

	return sys_ops_function(b, id, &proto);
}

enum ops_rule sys_ops_rule(const struct ops_type *t, const char *member, u32 *arg)
{
	for (u32 k = 0; t->strict && k < SKEP_ARRAY_SIZE(rules); k++)
		if (strcmp(rules[k].type, t->t.name) == 0 && strcmp(rules[k].member, member) == 0) {
			*arg = rules[k].arg;
			return (enum ops_rule)rules[k].rule;
		}
	return OPS_RULE_NONE;
}

/* --- creation ------------------------------------------------------------------------ */

static int check(struct mhead *h)
{
	struct ops_type t;

	if (!sys_kernel_types()) {
		sys_say_refused(
			"no map of type struct_ops: the kernel does not tell its types (/sys/kernel/btf/vmlinux)");
		return -ENOTSUPP_;
	}
	if (h->key_size != 4 || h->max_entries != 1 || (h->flags & ~(u32)OPS_F_LINK) ||
	    !h->kernel_type)
		return -EINVAL;
	if (!sys_ops_by_value(sys_kernel_types(), h->kernel_type, &t))
		return -ENOTSUPP_;
	return h->value_size == t.value.ref ? 0 : -EINVAL;
}

static u64 size(const struct mhead *h)
{
	return round8(h->value_size);
}

static bool type_of(const struct smap *m, struct ops_type *t)
{
	return sys_ops_by_value(sys_kernel_types(), m->d.kernel_type, t);
}

/* --- the value ----------------------------------------------------------------------- */

static bool zero(const u8 *p, u64 n)
{
	for (u64 k = 0; k < n; k++)
		if (p[k])
			return false;
	return true;
}

/* What lies between the members of a struct must be 0. */
static int check_holes(const struct skep_btf *b, const struct skep_btf_type *t, const u8 *v)
{
	struct skep_btf_member m;
	u64 end = 0;

	for (u32 k = 0; k < t->vlen && skep_btf_member(b, t, k, &m); k++) {
		s64 n = skep_btf_size(b, m.type);
		u64 at = m.off / 8;

		if (n < 0 || at + (u64)n > t->ref || (at > end && !zero(v + end, at - end)))
			return -EINVAL;
		end = at + (u64)n;
	}
	return t->ref > end && !zero(v + end, t->ref - end) ? -EINVAL : 0;
}

/* As a kernel takes names of its objects, but not none. */
static bool is_name(const u8 *p, u32 n)
{
	u32 k = 0;

	while (k < n && ((p[k] >= 'a' && p[k] <= 'z') || (p[k] >= 'A' && p[k] <= 'Z') ||
			 (p[k] >= '0' && p[k] <= '9') || p[k] == '_' || p[k] == '.'))
		k++;
	return k && k < n && zero(p + k, n - k);
}

/* A descriptor at `p` becomes the program's id. */
static int take_program(const struct ops_type *t, u32 member, u8 *p)
{
	struct sobj *o;
	u64 word;
	int err;

	memcpy(&word, p, 8);
	if (!(int)word) {
		memset(p, 0, 8);
		return 0;
	}
	err = sys_sobj_get((int)word, SKEP_SYS_PROG, &o);
	if (err)
		return err;
	word = o->id;
	if (sprog_of(o)->d.type != BPF_PROG_TYPE_STRUCT_OPS ||
	    sprog_of(o)->d.attach_btf != t->t.id || sprog_of(o)->d.attach_type != member)
		err = -EINVAL;
	sys_sobj_put(o);
	memcpy(p, &word, 8);
	return err;
}

static int take_number(const struct ops_type *t, const struct skep_btf_member *mb, const u8 *p)
{
	s64 n = skep_btf_size(t->types, mb->type);
	u32 arg, word;

	switch (sys_ops_rule(t, mb->name, &arg)) {
	case OPS_RULE_NAME: return is_name(p, (u32)n) ? 0 : -EINVAL;
	case OPS_RULE_BITS: memcpy(&word, p, 4); return word & ~arg ? -EINVAL : 0;
	default:
		return (!t->strict && skep_btf_numbers(t->types, mb->type)) || zero(p, (u64)n)
			       ? 0
			       : -EINVAL;
	}
}

static int take_members(const struct ops_type *t, u8 *data)
{
	struct skep_btf_member mb;
	int err = t->err;

	for (u32 k = 0; !err && k < t->t.vlen && skep_btf_member(t->types, &t->t, k, &mb); k++)
		err = sys_ops_is_function(t->types, mb.type)
			      ? take_program(t, k, data + mb.off / 8)
			      : take_number(t, &mb, data + mb.off / 8);
	return err;
}

/* Is all there that the kernel calls without asking? */
static int validate(const struct ops_type *t, const u8 *data)
{
	bool one_of = false, one = false;
	struct skep_btf_member mb;
	u32 arg;

	for (u32 k = 0; k < t->t.vlen && skep_btf_member(t->types, &t->t, k, &mb); k++) {
		enum ops_rule r = sys_ops_rule(t, mb.name, &arg);
		bool there = !zero(data + mb.off / 8, 8);

		if (r == OPS_RULE_NEEDED && !there)
			return -EINVAL;
		one_of |= r == OPS_RULE_ONE_OF;
		one |= r == OPS_RULE_ONE_OF && there;
	}
	return one_of && !one ? -EINVAL : 0;
}

static int check_value(const struct ops_type *t, const u8 *value)
{
	struct common c;
	int err = check_holes(t->types, &t->value, value);

	if (!err)
		err = check_holes(t->types, &t->t, value + t->data);
	memcpy(&c, value, sizeof(c));
	return err ? err : c.refs || c.state ? -EINVAL : 0;
}

/* Under the map's lock and that of who registers. */
static int set(struct smap *m, const struct ops_type *t, const u8 *value)
{
	bool by_link = m->d.flags & OPS_F_LINK;
	u8 *v;
	int err;

	if (__atomic_load_n(&m->h->ops_state, __ATOMIC_ACQUIRE) != OPS_INIT)
		return -EBUSY;
	v = malloc(m->d.value_size);
	if (!v)
		return -ENOMEM;
	memcpy(v, value, m->d.value_size);
	err = take_members(t, v + t->data);
	if (!err)
		err = validate(t, v + t->data);
	if (!err) {
		memcpy(m->mem, v, m->d.value_size);
		err = by_link ? 0 : sys_ops_may_register(m, t, 0);
	}
	free(v);
	if (!err) {
		m->h->ops_turn = sys_ops_turn();
		__atomic_store_n(&m->h->ops_state, by_link ? OPS_READY : OPS_INUSE,
				 __ATOMIC_RELEASE);
		sys_table_changed();
	}
	return err;
}

static int write_value(struct smap *m, const void *key, const void *value, u64 flags)
{
	struct ops_type t;
	int err, lock;

	if (flags)
		return -EINVAL;
	if (!zero(key, 4))
		return -E2BIG;
	err = type_of(m, &t) ? check_value(&t, value) : -EINVAL;
	if (err)
		return err;
	lock = sys_store_lock_ops();
	if (lock < 0)
		return lock;
	err = sys_map_lock(m);
	if (!err) {
		err = set(m, &t, value);
		sys_map_unlock(m);
	}
	sys_store_unlock(lock);
	return err;
}

static int remove_value(struct smap *m, const void *key)
{
	u32 was = OPS_INUSE;

	if (m->d.flags & OPS_F_LINK)
		return -EOPNOTSUPP;
	if (__atomic_compare_exchange_n(&m->h->ops_state, &was, OPS_TOBEFREE, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		sys_table_changed();
		return 0;
	}
	return was == OPS_TOBEFREE ? -EINPROGRESS : -ENOENT;
}

static int count_this(void *arg, struct smap *m, const struct ops_entry *e)
{
	struct {
		u32 id, n;
	} *c = arg;

	c->n += m->o.id == c->id;
	return 0;
}

static int read_value(struct smap *m, const void *key, void *value, u64 flags)
{
	u32 state = __atomic_load_n(&m->h->ops_state, __ATOMIC_ACQUIRE);
	struct {
		u32 id, n;
	} c = {m->o.id, 0};
	struct common head = {.state = state};

	if (!zero(key, 4))
		return -ENOENT;
	memset(value, 0, m->d.value_size);
	if (state == OPS_INIT)
		return 0;
	sys_ops_each(m->d.kernel_type, count_this, &c);
	head.refs = c.n;
	memcpy(value, m->mem, m->d.value_size);
	memcpy(value, &head, sizeof(head));
	return 0;
}

static int next_key(struct smap *m, const void *key, void *next)
{
	if (key && zero(key, 4))
		return -ENOENT;
	memset(next, 0, 4);
	return 0;
}

/* Nothing is registered any more, and ids of programs mean nothing. */
static void restart(struct smap *m)
{
	__atomic_store_n(&m->h->ops_state, OPS_INIT, __ATOMIC_RELEASE);
	memset(m->mem, 0, m->payload);
}

const struct map_ops sys_ops_ops = {.check = check,
				    .size = size,
				    .restart = restart,
				    .remove = remove_value,
				    .next = next_key,
				    .read = read_value,
				    .write = write_value,
				    .no_batch = true};

/* --- what is registered -------------------------------------------------------------- */

bool sys_ops_registered(const struct fhead *f)
{
	const struct mhead *h = (const struct mhead *)f->more;

	return f->boot == sys_store_boot() && h->type == BPF_MAP_TYPE_STRUCT_OPS &&
	       h->ops_state == OPS_INUSE;
}

bool sys_ops_ready(const struct smap *m)
{
	return m->d.type == BPF_MAP_TYPE_STRUCT_OPS && (m->d.flags & OPS_F_LINK) &&
	       __atomic_load_n(&m->h->ops_state, __ATOMIC_ACQUIRE) == OPS_READY;
}

/* Who registers says afterwards that the table changed. */
u32 sys_ops_turn(void)
{
	return sys_table_generation() + 1;
}

/* Of a link or a map that is registered by itself: the map, or 0. */
static u32 registers(const struct fhead *f, struct ops_entry *e)
{
	const struct lhead *l = (const struct lhead *)f->more;

	if (f->kind == SKEP_SYS_MAP) {
		*e = (struct ops_entry){0, ((const struct mhead *)f->more)->ops_turn};
		return sys_ops_registered(f) ? f->id : 0;
	}
	*e = (struct ops_entry){f->id, l->turn};
	return f->boot == sys_store_boot() && l->type == BPF_LINK_TYPE_STRUCT_OPS && !l->detached
		       ? l->map
		       : 0;
}

int sys_ops_each(u32 kernel_type, int (*f)(void *arg, struct smap *m, const struct ops_entry *e),
		 void *arg)
{
	static const u32 kinds[] = {SKEP_SYS_MAP, SKEP_SYS_LINK};
	int done = 0;

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(kinds); k++)
		for (u32 id = 0; !done && sys_store_next_id(kinds[k], id, &id) == 0;) {
			struct ops_entry e;
			struct fhead h;
			struct sobj *o;
			u32 map = sys_store_head_of(kinds[k], id, &h) ? 0 : registers(&h, &e);

			if (!map || sys_sobj_get_id(map, SKEP_SYS_MAP, &o))
				continue;
			if (smap_of(o)->d.type == BPF_MAP_TYPE_STRUCT_OPS &&
			    smap_of(o)->d.kernel_type == kernel_type)
				done = f(arg, smap_of(o), &e);
			sys_sobj_put(o);
		}
	return done;
}

struct naming {
	const struct smap *m;
	u32 at, n, instead;
};

static int same_name(void *arg, struct smap *m, const struct ops_entry *e)
{
	const struct naming *c = arg;

	return m->o.id != c->instead && memcmp(m->mem + c->at, c->m->mem + c->at, c->n) == 0;
}

int sys_ops_may_register(struct smap *m, const struct ops_type *t, u32 instead)
{
	struct skep_btf_member mb;
	u32 arg;

	for (u32 k = 0; k < t->t.vlen && skep_btf_member(t->types, &t->t, k, &mb); k++) {
		struct naming c = {m, t->data + mb.off / 8, (u32)skep_btf_size(t->types, mb.type),
				   instead};

		if (sys_ops_rule(t, mb.name, &arg) != OPS_RULE_NAME)
			continue;
		/* What takes another's place takes its name. */
		if (instead &&
		    !sys_ops_each(m->d.kernel_type, same_name, &(struct naming){m, c.at, c.n, 0}))
			return -EINVAL;
		if (sys_ops_each(m->d.kernel_type, same_name, &c))
			return instead ? -EINVAL : -EEXIST;
	}
	return 0;
}
