/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel objects by the kernel's BTF. Following such a pointer is safe at any time (the
 * kernel catches the fault), so what matters is which type lies where, and whether the
 * object is known to be alive when it is handed to a helper.
 */
#include "flow/mach_impl.h"

#include <elf.h>
#include <stdio.h>

static const struct skep_btf *types(const struct skep_mach *m, const struct skep_vreg *r)
{
	return r->flags & SKEP_VF_ALLOC ? m->obj->btf : m->opt.kernel;
}

/* Of an object, where the kernel's types are not known: its name says that it is a socket. */
enum { UNTYPED_SOCK = 1 };

static bool is_sock_name(const char *name)
{
	static const char *const names[] = {
		"sock",		    "tcp_sock",	 "tcp6_sock", "tcp_timewait_sock",
		"tcp_request_sock", "udp6_sock", "unix_sock", "mptcp_sock",
	};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(names); k++)
		if (strcmp(names[k], name) == 0)
			return true;
	return false;
}

bool skep_btf_object(struct skep_mach *m, struct skep_vreg *r, const char *name, u16 flags, u32 at)
{
	u32 id = m->opt.kernel ? skep_btf_find(m->opt.kernel, SKEP_BTF_STRUCT, name) : 0;

	skep_vreg_pointer(r, SKEP_VT_BTF, at);
	r->btf = id;
	r->flags = flags;
	if (!m->opt.kernel && is_sock_name(name))
		r->aux = UNTYPED_SOCK;
	return id != 0;
}

void skep_btf_percpu(struct skep_mach *m, const struct skep_vreg *var, struct skep_vreg *r0, u32 at)
{
	const struct skep_btf *btf = types(m, var);
	struct skep_btf_type t;

	*r0 = *var;
	r0->def = at;
	r0->flags &= (u16)~SKEP_VF_PERCPU;
	if (btf && skep_btf_resolve(btf, var->btf, &t) && t.kind != SKEP_BTF_STRUCT) {
		skep_vreg_pointer(r0, SKEP_VT_MEM, at);
		r0->flags = SKEP_VF_RDONLY;
		r0->aux = (u32)SKEP_MAX(skep_btf_size(btf, t.id), (s64)0);
	}
}

static bool type_of(const struct skep_mach *m, const struct skep_vreg *r, struct skep_btf_type *t)
{
	const struct skep_btf *btf = types(m, r);

	return r->btf && btf && skep_btf_resolve(btf, r->btf, t);
}

/* The type itself, or one that has it at its start. */
static bool begins_with(const struct skep_btf *btf, const struct skep_btf_type *t, const char *name,
			u32 depth)
{
	struct skep_btf_member mb;
	struct skep_btf_type first;

	if (strcmp(t->name, name) == 0)
		return true;
	return depth < 8 && t->kind == SKEP_BTF_STRUCT && t->vlen &&
	       skep_btf_member(btf, t, 0, &mb) && mb.off == 0 &&
	       skep_btf_resolve(btf, mb.type, &first) && begins_with(btf, &first, name, depth + 1);
}

/* The struct that lies at an offset in another one, whole. */
static bool nested_is(const struct skep_btf *btf, const struct skep_btf_type *t, s64 off,
		      const char *name, u32 depth)
{
	struct skep_btf_member mb;
	struct skep_btf_type in;

	if (off == 0 && begins_with(btf, t, name, 0))
		return true;
	if (depth > 8 || (t->kind != SKEP_BTF_STRUCT && t->kind != SKEP_BTF_UNION))
		return false;
	for (u32 k = 0; k < t->vlen; k++) {
		if (!skep_btf_member(btf, t, k, &mb) || mb.size || off < mb.off / 8 ||
		    !skep_btf_resolve(btf, mb.type, &in))
			continue;
		if (off < mb.off / 8 + SKEP_MAX(skep_btf_size(btf, mb.type), (s64)0) &&
		    nested_is(btf, &in, off - mb.off / 8, name, depth + 1))
			return true;
	}
	return false;
}

bool skep_btf_is(struct skep_mach *m, const struct skep_vreg *r, const char *name)
{
	struct skep_btf_type t;

	/* A type of the program is none of the kernel's, whatever its name. */
	return r->type == SKEP_VT_BTF && !(r->flags & SKEP_VF_ALLOC) && type_of(m, r, &t) &&
	       nested_is(types(m, r), &t, r->off, name, 0);
}

bool skep_btf_is_sock(struct skep_mach *m, const struct skep_vreg *r)
{
	return skep_btf_is(m, r, "sock_common") ||
	       (!m->opt.kernel && r->type == SKEP_VT_BTF && !(r->flags & SKEP_VF_ALLOC) &&
		r->aux == UNTYPED_SOCK && !r->off);
}

static int unknown_types(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
			  "the kernel's types are not known, r%u points to one of them", reg);
}

/* Outside of a kernel its objects are names that helpers understand. */
static int opaque(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(reg),
			  "r%u points to a kernel object, which is not there in user space", reg);
}

/* The kernel's struct of a map, which begins with struct bpf_map. */
static const char *map_type(const struct skep_map *map)
{
	static const char *const name[SKEP_MAP_NR] = {
		[SKEP_MAP_HASH] = "bpf_htab",
		[SKEP_MAP_PERCPU_HASH] = "bpf_htab",
		[SKEP_MAP_LRU_HASH] = "bpf_htab",
		[SKEP_MAP_LRU_PERCPU_HASH] = "bpf_htab",
		[SKEP_MAP_HASH_OF_MAPS] = "bpf_htab",
		[SKEP_MAP_ARRAY] = "bpf_array",
		[SKEP_MAP_PERCPU_ARRAY] = "bpf_array",
		[SKEP_MAP_PROG_ARRAY] = "bpf_array",
		[SKEP_MAP_PERF_EVENT_ARRAY] = "bpf_array",
		[SKEP_MAP_CGROUP_ARRAY] = "bpf_array",
		[SKEP_MAP_ARRAY_OF_MAPS] = "bpf_array",
		[SKEP_MAP_STACK_TRACE] = "bpf_stack_map",
		[SKEP_MAP_LPM_TRIE] = "lpm_trie",
		[SKEP_MAP_DEVMAP] = "bpf_dtab",
		[SKEP_MAP_DEVMAP_HASH] = "bpf_dtab",
		[SKEP_MAP_CPUMAP] = "bpf_cpu_map",
		[SKEP_MAP_XSKMAP] = "xsk_map",
		[SKEP_MAP_SOCKMAP] = "bpf_stab",
		[SKEP_MAP_SOCKHASH] = "bpf_shtab",
		[SKEP_MAP_QUEUE] = "bpf_queue_stack",
		[SKEP_MAP_STACK] = "bpf_queue_stack",
		[SKEP_MAP_RINGBUF] = "bpf_ringbuf_map",
		[SKEP_MAP_REUSEPORT_SOCKARRAY] = "reuseport_array",
		[SKEP_MAP_SK_STORAGE] = "bpf_local_storage_map",
		[SKEP_MAP_INODE_STORAGE] = "bpf_local_storage_map",
		[SKEP_MAP_TASK_STORAGE] = "bpf_local_storage_map",
		[SKEP_MAP_CGRP_STORAGE] = "bpf_local_storage_map",
		[SKEP_MAP_CGROUP_STORAGE] = "bpf_cgroup_storage_map",
		[SKEP_MAP_PERCPU_CGROUP_STORAGE] = "bpf_cgroup_storage_map",
		[SKEP_MAP_STRUCT_OPS] = "bpf_struct_ops_map",
		[SKEP_MAP_BLOOM_FILTER] = "bpf_bloom_filter",
	};

	return map && map->type < SKEP_MAP_NR && name[map->type] ? name[map->type] : "bpf_map";
}

/* The struct behind a map pointer. */
static int map_struct(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	u32 id =
		m->opt.kernel ? skep_btf_find(m->opt.kernel, SKEP_BTF_STRUCT, map_type(p->map)) : 0;
	struct skep_btf_walk w;

	if (a->write)
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(a->reg),
				  "a map's description may only be read");
	if (!id)
		return unknown_types(m, st, a->reg);
	if (!skep_vreg_fixed(p) || a->off < 0 ||
	    !skep_btf_walk(m->opt.kernel, id, a->off, a->size, &w))
		return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg),
				  "struct %s has no field of %u bytes at %d", map_type(p->map),
				  a->size, a->off);
	if (a->to)
		skep_vreg_num(a->to, a->sext ? skep_range_sext(a->size) : skep_range_zext(a->size),
			      st->at);
	return 0;
}

/* Fields that keep what they point to alive, as the kernel lists them. */
static const struct {
	const char *in, *member;
	u16 flags;
} kept[] = {
	{"bpf_iter_meta", "seq", SKEP_VF_TRUSTED},
	{"bpf_iter__task", "meta", SKEP_VF_TRUSTED},
	{"bpf_iter__task", "task", SKEP_VF_TRUSTED},
	{"linux_binprm", "file", SKEP_VF_TRUSTED},
	{"file", "f_inode", SKEP_VF_TRUSTED},
	{"socket", "sk", SKEP_VF_TRUSTED | SKEP_VF_NULL},
	{"dentry", "d_inode", SKEP_VF_TRUSTED | SKEP_VF_NULL},
	{"vm_area_struct", "vm_mm", SKEP_VF_TRUSTED | SKEP_VF_NULL},
	{"vm_area_struct", "vm_file", SKEP_VF_TRUSTED | SKEP_VF_NULL},
	{"task_struct", "cpus_ptr", SKEP_VF_RCU},
	{"task_struct", "cgroups", SKEP_VF_RCU},
	{"task_struct", "real_parent", SKEP_VF_RCU},
	{"task_struct", "group_leader", SKEP_VF_RCU},
	{"cgroup", "kn", SKEP_VF_RCU},
	{"css_set", "dfl_cgrp", SKEP_VF_RCU},
	{"cgroup_subsys_state", "cgroup", SKEP_VF_RCU},
	{"mm_struct", "exe_file", SKEP_VF_RCU | SKEP_VF_NULL},
	{"sk_buff", "sk", SKEP_VF_RCU | SKEP_VF_NULL},
	{"request_sock", "sk", SKEP_VF_RCU | SKEP_VF_NULL},
};

bool skep_mach_in_rcu(const struct skep_vstate *st)
{
	return st->rcu || st->preempt || !st->sleeps;
}

/* How much is known of the life of what a field of `p` points to. */
static u16 field_flags(const struct skep_mach *m, const struct skep_vstate *st,
		       const struct skep_vreg *p, const struct skep_btf *btf, const char *of,
		       const struct skep_btf_walk *w)
{
	u16 tags = (u16)((w->flags & SKEP_BTF_USER ? SKEP_VF_USER : 0) |
			 (w->flags & SKEP_BTF_PERCPU ? SKEP_VF_PERCPU : 0));
	struct skep_btf_type in;

	if (p->flags & SKEP_VF_UNTRUSTED)
		return tags | SKEP_VF_UNTRUSTED;
	if (!(p->flags & (SKEP_VF_TRUSTED | SKEP_VF_RCU)) && !p->ref)
		return tags;
	if (!skep_btf_get(btf, w->in, &in))
		in.name = "";
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(kept); k++)
		if (w->member && strcmp(kept[k].member, w->member) == 0 &&
		    (strcmp(kept[k].in, in.name) == 0 || strcmp(kept[k].in, of) == 0) &&
		    ((kept[k].flags & SKEP_VF_TRUSTED) || skep_mach_in_rcu(st)))
			return tags | kept[k].flags;
	if (!skep_mach_in_rcu(st))
		return tags | SKEP_VF_UNTRUSTED;
	if (w->flags & SKEP_BTF_RCU)
		return tags | SKEP_VF_RCU | SKEP_VF_NULL;
	return tags;
}

/* Fields that programs of some struct_ops may write. */
static bool writable(const struct skep_mach *m, const struct skep_btf_type *t,
		     const struct skep_btf_walk *w)
{
	static const struct {
		const char *ops, *in, *member;
	} ok[] = {
		{"tcp_congestion_ops", "tcp_sock", "sk_pacing_rate"},
		{"tcp_congestion_ops", "tcp_sock", "sk_pacing_status"},
		{"tcp_congestion_ops", "tcp_sock", "icsk_ca_priv"},
		{"tcp_congestion_ops", "tcp_sock", "pending"},
		{"tcp_congestion_ops", "tcp_sock", "snd_cwnd"},
		{"tcp_congestion_ops", "tcp_sock", "snd_cwnd_cnt"},
		{"tcp_congestion_ops", "tcp_sock", "snd_cwnd_stamp"},
		{"tcp_congestion_ops", "tcp_sock", "snd_ssthresh"},
		{"tcp_congestion_ops", "tcp_sock", "ecn_flags"},
		{"tcp_congestion_ops", "tcp_sock", "app_limited"},
		{"bpf_dummy_ops", "bpf_dummy_ops_state", NULL},
		{"sched_ext_ops", "task_struct", "slice"},
		{"sched_ext_ops", "task_struct", "dsq_vtime"},
		{"sched_ext_ops", "task_struct", "disallow"},
	};

	if (strncmp(t->name, "nf_conn", 7) == 0 &&
	    (t->name[7] == 0 || strcmp(t->name + 7, "___init") == 0))
		return w->member && strcmp(w->member, "mark") == 0;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(ok) && m->prog->ops_type; k++)
		if (strcmp(ok[k].ops, m->prog->ops_type) == 0 && strcmp(ok[k].in, t->name) == 0 &&
		    (!ok[k].member || (w->member && strcmp(ok[k].member, w->member) == 0)))
			return true;
	return false;
}

/*
 * Numbers of an object of the caller's own types. A union's may lie over a pointer, which the caller
 * would follow.
 */
static bool caller_lets(const struct skep_mach *m, const struct skep_vreg *p,
			const struct skep_btf_walk *w)
{
	return (p->flags & SKEP_VF_GIVEN) && !(p->flags & SKEP_VF_RDONLY) && m->opt.own_types &&
	       p->btf >= m->opt.own_types && w->what == SKEP_WALK_SCALAR &&
	       !(w->flags & SKEP_BTF_UNION_MEMBER);
}

int skep_btf_access(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	const struct skep_btf *btf = types(m, p);
	struct skep_btf_type t;
	struct skep_btf_walk w;
	s64 off = (s64)p->off + a->off;

	if (m->opt.unpriv)
		return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg),
				  "r%u, %s, may not be followed without CAP_PERFMON", a->reg,
				  skep_vreg_what(p));
	if (m->opt.opaque && !(p->flags & (SKEP_VF_ALLOC | SKEP_VF_GIVEN)))
		return opaque(m, st, a->reg);
	if (p->type == SKEP_VT_MAP)
		return map_struct(m, st, a);
	if (p->flags & SKEP_VF_NULL && !(p->flags & SKEP_VF_UNTRUSTED))
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(a->reg),
				  "r%u, a kernel object, may be NULL here", a->reg);
	if (p->flags & (SKEP_VF_USER | SKEP_VF_PERCPU))
		return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg),
				  "r%u points to %s memory: use a helper to reach it", a->reg,
				  p->flags & SKEP_VF_USER ? "user" : "per-CPU");
	if (p->flags & SKEP_VF_ALLOC)
		return skep_alloc_access(m, st, a);
	if (!btf || !type_of(m, p, &t))
		return unknown_types(m, st, a->reg);
	if (!skep_vreg_fixed(p) || off < 0)
		return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg),
				  "the offset into struct %s must be a constant", t.name);
	if (!m->opt.gpl)
		return skep_fault(m, st, SKEP_RULE_GPL, REG(a->reg),
				  "kernel objects (struct %s) are for GPL-compatible programs",
				  t.name);
	/* A kernel catches reads behind the end, where an array of no size may go on. */
	if (!skep_btf_walk(btf, t.id, off, a->size, &w) ||
	    (m->opt.opaque && off + (s64)a->size > (s64)t.ref))
		return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg),
				  "struct %s has nothing of %u bytes at %lld", t.name, a->size,
				  (long long)off);
	if (a->write) {
		if (writable(m, &t, &w) || caller_lets(m, p, &w))
			return 0;
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(a->reg),
				  "this part of struct %s may only be read", t.name);
	}
	if (!a->to)
		return 0;
	if (w.what != SKEP_WALK_PTR) {
		skep_vreg_num(a->to, a->sext ? skep_range_sext(a->size) : skep_range_zext(a->size),
			      st->at);
		return 0;
	}
	{
		u16 flags = field_flags(m, st, p, btf, t.name, &w);

		skep_vreg_pointer(a->to, SKEP_VT_BTF, st->at);
		a->to->btf = w.type;
		a->to->flags = flags;
		if (flags & SKEP_VF_NULL)
			a->to->id = ++m->ids;
	}
	return 0;
}

int skep_btf_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, u64 size, bool write)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_btf *btf = types(m, p);
	struct skep_btf_type t;

	if (p->flags & SKEP_VF_ALLOC)
		return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
				  "r%u points to an allocated object, other memory is needed", reg);
	if (m->opt.opaque && !(p->flags & SKEP_VF_GIVEN))
		return opaque(m, st, reg);
	if (!btf || !type_of(m, p, &t))
		return unknown_types(m, st, reg);
	if (write)
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(reg),
				  "struct %s may only be read", t.name);
	if (!skep_vreg_fixed(p) || p->off < 0 || (u64)p->off + size > t.ref)
		return skep_fault(m, st, SKEP_RULE_MEM_BOUNDS, REG(reg),
				  "%llu bytes are needed, struct %s has %u",
				  (unsigned long long)size, t.name, t.ref);
	return 0;
}

/* --- arguments of traced functions --------------------------------------------------------- */

/* Of the member of the struct that the program implements. */
static bool member_proto(const struct skep_mach *m, struct skep_btf_type *proto)
{
	const struct skep_btf *btf = m->opt.kernel;
	struct skep_btf_type t, p;
	struct skep_btf_member mb;
	char stub[160];
	u32 id;

	if (!m->prog->ops_type || !m->prog->ops_member)
		return false;
	/* The stub's parameters have the names that say more. */
	snprintf(stub, sizeof(stub), "%s__%s", m->prog->ops_type, m->prog->ops_member);
	id = skep_btf_find(btf, SKEP_BTF_FUNC, stub);
	if (id && skep_btf_get(btf, id, &t) && skep_btf_get(btf, t.ref, proto) &&
	    proto->kind == SKEP_BTF_FUNC_PROTO)
		return true;
	id = skep_btf_find(btf, SKEP_BTF_STRUCT, m->prog->ops_type);
	if (!id || !skep_btf_get(btf, id, &t))
		return false;
	for (u32 k = 0; k < t.vlen; k++)
		if (skep_btf_member(btf, &t, k, &mb) && strcmp(mb.name, m->prog->ops_member) == 0)
			return skep_btf_resolve(btf, mb.type, &p) && p.kind == SKEP_BTF_PTR &&
			       skep_btf_resolve(btf, p.ref, proto) &&
			       proto->kind == SKEP_BTF_FUNC_PROTO;
	return false;
}

u32 skep_attach_type(const struct skep_mach_opts *o, char *name, size_t n)
{
	const char *form = "%s";
	u32 kind = SKEP_BTF_FUNC;

	if (!o->attach_to || (o->prog_type != SKEP_PROG_TRACING && o->prog_type != SKEP_PROG_LSM))
		return 0;
	if (o->prog_type == SKEP_PROG_LSM) {
		form = "bpf_lsm_%s";
	} else if (o->attach_type == SKEP_ATTACH_TRACE_RAW_TP) {
		form = "btf_trace_%s";
		kind = SKEP_BTF_TYPEDEF;
	} else if (o->attach_type == SKEP_ATTACH_TRACE_ITER) {
		form = "bpf_iter_%s";
	}
	return snprintf(name, n, form, o->attach_to) < (int)n ? kind : 0;
}

/* The prototype behind the program's attach point. */
static bool find_proto(const struct skep_mach *m, struct skep_btf_type *proto, u32 *skip)
{
	const struct skep_btf *btf = m->opt.kernel;
	char name[192];
	struct skep_btf_type t;
	u32 id, kind;

	*skip = 0;
	if (m->opt.prog_type == SKEP_PROG_STRUCT_OPS)
		return btf && member_proto(m, proto);
	if (!btf || !m->opt.attach_to)
		return false;
	kind = skep_attach_type(&m->opt, name, sizeof(name));
	id = kind ? skep_btf_find(btf, kind, name) : 0;
	if (kind == SKEP_BTF_TYPEDEF) {
		if (!id || !skep_btf_resolve(btf, id, &t) || t.kind != SKEP_BTF_PTR)
			return false;
		*skip = 1;
		return skep_btf_resolve(btf, t.ref, proto) && proto->kind == SKEP_BTF_FUNC_PROTO;
	}
	if (!id || !skep_btf_get(btf, id, &t))
		return false;
	return skep_btf_get(btf, t.ref, proto) && proto->kind == SKEP_BTF_FUNC_PROTO;
}

bool skep_attach_missing(const struct skep_mach *m)
{
	struct skep_btf_type proto;
	u32 skip;

	return m->opt.kernel && m->opt.attach_to && m->opt.prog_type != SKEP_PROG_STRUCT_OPS &&
	       !find_proto(m, &proto, &skip);
}

/* Is a pointer's target const, perhaps behind a typedef? */
static bool to_const(const struct skep_btf *btf, u32 id)
{
	struct skep_btf_type t;

	for (u32 k = 0; k < 16 && skep_btf_get(btf, id, &t); k++, id = t.ref) {
		if (t.kind == SKEP_BTF_CONST)
			return true;
		if (t.kind != SKEP_BTF_TYPEDEF && t.kind != SKEP_BTF_VOLATILE &&
		    t.kind != SKEP_BTF_RESTRICT && t.kind != SKEP_BTF_TYPE_TAG)
			return false;
	}
	return true;
}

static void give_arg(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a,
		     u32 type, u32 flags)
{
	struct skep_btf_type t, to;

	skep_vreg_num(a->to, a->sext ? skep_range_sext(a->size) : skep_range_zext(a->size), st->at);
	if ((flags & SKEP_KAF_NUMBER) || a->size != 8 ||
	    !skep_btf_resolve(m->opt.kernel, type, &t) || t.kind != SKEP_BTF_PTR)
		return;
	if (flags & SKEP_KAF_BUF) {
		skep_vreg_pointer(a->to, SKEP_VT_BUF, st->at);
		a->to->flags = flags & SKEP_KAF_RDONLY ? SKEP_VF_RDONLY : 0;
	} else if (skep_btf_resolve(m->opt.kernel, t.ref, &to) && to.kind == SKEP_BTF_STRUCT) {
		skep_vreg_pointer(a->to, SKEP_VT_BTF, st->at);
		a->to->btf = to.id;
		/* Congestion control runs on TCP sockets only. */
		if (m->prog->ops_type && strcmp(m->prog->ops_type, "tcp_congestion_ops") == 0 &&
		    strcmp(to.name, "sock") == 0)
			a->to->btf = skep_btf_find(m->opt.kernel, SKEP_BTF_STRUCT, "tcp_sock");
		a->to->flags = flags & SKEP_KAF_PLAIN ? 0 : SKEP_VF_TRUSTED;
		if (m->opt.opaque && m->opt.prog_type == SKEP_PROG_STRUCT_OPS)
			a->to->flags |= SKEP_VF_GIVEN | (to_const(m->opt.kernel, t.ref) ? SKEP_VF_RDONLY : 0);
	} else {
		return;
	}
	if (flags & SKEP_KAF_NULL) {
		a->to->flags |= SKEP_VF_NULL;
		a->to->id = ++m->ids;
	}
}

/* What is special of an argument: of the attach type, and by the parameter's name. */
static u32 arg_flags(const struct skep_mach *m, u32 arg, const char *name)
{
	size_t n = strlen(name);
	u32 f = skep_karg_flags(m->opt.attach_type, m->opt.attach_to, arg);

	if (n > 10 && strcmp(name + n - 10, "__nullable") == 0)
		f |= SKEP_KAF_NULL;
	if (m->opt.prog_type == SKEP_PROG_TRACING &&
	    (m->opt.attach_type == SKEP_ATTACH_TRACE_FENTRY ||
	     m->opt.attach_type == SKEP_ATTACH_TRACE_FEXIT ||
	     m->opt.attach_type == SKEP_ATTACH_MODIFY_RETURN))
		f |= SKEP_KAF_PLAIN;
	if (m->opt.prog_type == SKEP_PROG_LSM &&
	    (skep_lsm_flags(m->opt.attach_to) & SKEP_LSM_PLAIN))
		f |= SKEP_KAF_PLAIN;
	return f;
}

bool skep_prog_returns_void(const struct skep_mach *m)
{
	struct skep_btf_type proto;
	u32 skip;

	if (m->opt.prog_type != SKEP_PROG_LSM && m->opt.prog_type != SKEP_PROG_STRUCT_OPS)
		return false;
	return find_proto(m, &proto, &skip) && proto.ref == 0;
}

int skep_ctx_btf(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a, s64 off)
{
	struct skep_btf_type proto;
	struct skep_btf_member mb;
	u32 skip, n, arg = (u32)(off / 8);
	bool ret = m->opt.attach_type == SKEP_ATTACH_TRACE_FEXIT ||
		   m->opt.attach_type == SKEP_ATTACH_MODIFY_RETURN ||
		   (m->opt.prog_type == SKEP_PROG_LSM);

	if (a->write || off < 0 || off % 8 || off >= 96)
		return skep_fault(m, st, SKEP_RULE_CTX_ACCESS, REG(a->reg),
				  "arguments are only read, at multiples of 8");
	if (!find_proto(m, &proto, &skip)) {
		if (a->to)
			skep_vreg_unknown(a->to, st->at);
		return m->opt.kernel ? skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(a->reg),
						  "the prototype of '%s' is not known",
						  m->opt.attach_to ? m->opt.attach_to : "?")
				     : unknown_types(m, st, a->reg);
	}
	n = proto.vlen - SKEP_MIN(skip, proto.vlen);
	if (arg > n || (arg == n && !ret))
		return skep_fault(m, st, SKEP_RULE_CTX_ACCESS, REG(a->reg), "'%s' has %u arguments",
				  m->opt.attach_to, n);
	if (!a->to)
		return 0;
	if (arg == n) {
		struct skep_ret_range r;

		give_arg(m, st, a, proto.ref, SKEP_KAF_PLAIN);
		/* What programs before this one may have returned. */
		if (m->opt.prog_type == SKEP_PROG_LSM && a->to->type == SKEP_VT_NUM &&
		    a->size == 8 &&
		    skep_return_range(m->opt.prog_type, m->opt.attach_type, m->opt.attach_to, false,
				      &r))
			a->to->r = skep_range_signed(r.min, r.max);
	}
	if (arg < n && skep_btf_member(m->opt.kernel, &proto, arg + skip, &mb))
		give_arg(m, st, a, mb.type, arg_flags(m, arg, mb.name));
	return 0;
}

/* --- external symbols ------------------------------------------------------------------------- */

/*
 * What a loader puts in for a symbol with a type in the program: a reference to the kernel's
 * variable or function of that name, or, when it is weak and the kernel has none, zero.
 */
static bool typed_extern(struct skep_mach *m, struct skep_vstate *st, const struct skep_sym *sym,
			 u32 kind, struct skep_vreg *d)
{
	const struct skep_btf *btf = m->opt.kernel;
	u32 id = skep_btf_find(btf, kind, sym->name);
	struct skep_btf_type t;

	if (!id && sym->bind == STB_WEAK) {
		skep_vreg_const(d, 0, st->at);
		return true;
	}
	if (!id || !skep_btf_get(btf, id, &t))
		return false;
	if (kind == SKEP_BTF_FUNC) {
		/* Its address, of which nothing can be read. */
		skep_vreg_pointer(d, SKEP_VT_MEM, st->at);
		d->flags = SKEP_VF_RDONLY;
		return true;
	}
	/* The kernel's BTF lists per-CPU variables only. */
	if (!skep_btf_resolve(btf, t.ref, &t))
		return false;
	skep_vreg_pointer(d, SKEP_VT_BTF, st->at);
	d->btf = t.id;
	d->flags = SKEP_VF_PERCPU;
	return true;
}

int skep_load_extern(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i,
		     struct skep_vreg *d)
{
	const struct skep_sym *sym = &m->obj->sym[i->sym];
	const struct skep_btf *own = m->obj->btf;
	u32 id = own ? skep_btf_find(own, SKEP_BTF_VAR, sym->name) : 0;
	struct skep_btf_type var, t;
	u32 kind = SKEP_BTF_FUNC;

	if (skep_extern_kconfig(m, sym, d, st->at))
		return 0;
	if (id && skep_btf_get(own, id, &var) && skep_btf_resolve(own, var.ref, &t) && t.id)
		kind = SKEP_BTF_VAR;
	else
		id = own ? skep_btf_find(own, SKEP_BTF_FUNC, sym->name) : 0;
	if (id && m->opt.kernel && typed_extern(m, st, sym, kind, d))
		return 0;
	/* The address of a kernel symbol: a number, which is zero when the kernel has none (weak).
	 */
	skep_vreg_unknown(d, st->at);
	if (id && !m->opt.kernel)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "the kernel's types are not known, which tell what '%s' is",
				  sym->name);
	return 0;
}
