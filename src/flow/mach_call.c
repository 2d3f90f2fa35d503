/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helper calls by the table of their types: every argument is checked against its kind,
 * then the helper's effects are applied, then r0 gets what it returns.
 */
#include "flow/mach_impl.h"

enum { MAX_SIZE = 1 << 29 };

struct call {
	const struct skep_helper_type *ht;
	s64 id;
	const char *name;
	const struct skep_map *map;
	u32 map_uid;
	bool map_seen;
	u64 alloc; /* bytes of ALLOC_SIZE */
	u64 size_max;
	u32 func; /* callback, or SKEP_VNONE */
	u32 ref;  /* reference released or cast */
	bool release, cast, non_null;
	struct skep_vreg first, kptr;
	u32 dyn_reg;
};

static int wrong(struct skep_mach *m, struct skep_vstate *st, const struct call *c, u32 reg,
		 const char *need)
{
	return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
			  "argument %u of %s() is %s; %s is needed", reg, c->name,
			  skep_vreg_what(skep_vreg(st, reg)), need);
}

static u32 use_of(u16 flags)
{
	return (flags & SKEP_AF_RD ? SKEP_USE_READ : 0) |
	       (flags & (SKEP_AF_WR | SKEP_AF_DIRTY) ? SKEP_USE_WRITE : 0);
}

static int check_pkt(struct skep_mach *m, struct skep_vstate *st, const struct call *c, u32 reg)
{
	if (!skep_vreg_is_pkt(skep_vreg(st, reg)) || (c->ht->flags & SKEP_HT_PKT_ACCESS))
		return 0;
	return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
			  "%s() may not access the packet: copy the data to the stack", c->name);
}

static int check_region(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg,
			const struct skep_arg_type *at, u64 size, bool maybe)
{
	int err = check_pkt(m, st, c, reg);
	u32 use = use_of(at->flags);

	if (err)
		return err;
	if (!use)
		use = SKEP_USE_READ;
	if (at->flags & SKEP_AF_UNINIT && !maybe)
		use &= ~(u32)SKEP_USE_READ;
	return skep_access_region(m, st, reg, size, use);
}

static int check_size(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	const struct skep_arg_type *mem = &c->ht->arg[reg - 2], *at = &c->ht->arg[reg - 1];
	const struct skep_vreg *r = skep_vreg(st, reg), *p = skep_vreg(st, reg - 1);
	bool constant;

	if (r->type != SKEP_VT_NUM)
		return wrong(m, st, c, reg, "a number of bytes");
	constant = skep_range_is_const(&r->r);
	if (r->r.smin < 0)
		return skep_fault(
			m, st, SKEP_RULE_HELPER_SIZE, REG(reg),
			"the size of %s() may be negative: r%u needs a lower bound (or make it unsigned)",
			c->name, reg);
	if (r->r.umin == 0 && at->kind == SKEP_AT_SIZE)
		return skep_fault(m, st, SKEP_RULE_HELPER_SIZE, REG(reg),
				  "the size of %s() may be zero", c->name);
	if (r->r.umax >= MAX_SIZE)
		return skep_fault(m, st, SKEP_RULE_HELPER_SIZE, REG(reg),
				  "the size of %s() has no upper bound", c->name);
	skep_mach_precise(m, r);
	c->size_max = r->r.umax;
	if (skep_mach_null(m, p)) {
		if ((mem->flags & SKEP_AF_NULL) && r->r.umax == 0)
			return 0;
		return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg - 1),
				  "argument %u of %s() is NULL with a size that is not 0", reg - 1,
				  c->name);
	}
	return check_region(m, st, c, reg - 1, mem, r->r.umax, !constant);
}

static int check_map(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	const struct skep_vreg *r = skep_vreg(st, reg);

	if (r->type != SKEP_VT_MAP || r->off || !skep_vreg_fixed(r))
		return wrong(m, st, c, reg, "a map");
	if (!r->map)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
				  "the object does not say what the inner map is");
	c->map = r->map;
	c->map_uid = r->aux;
	c->map_seen = true;
	if ((r->map->map_flags & SKEP_MAPFL_RDONLY_PROG) &&
	    (c->id == SKEP_FN_map_update_elem || c->id == SKEP_FN_map_delete_elem ||
	     c->id == SKEP_FN_map_push_elem || c->id == SKEP_FN_map_pop_elem))
		return skep_fault(m, st, SKEP_RULE_MAP_ACCESS, REG(reg),
				  "programs may not change map '%s'", r->map->name);
	if (!skep_helper_map_ok(m->opt.prog_type, m->opt.attach_type, c->id, r->map->type)) {
		const struct skep_map_type *t = skep_map_type_find(r->map->type);

		return skep_fault(m, st, SKEP_RULE_HELPER_MAP, REG(reg),
				  "%s() does not work on map '%s' of type %s", c->name,
				  r->map->name, t ? t->name : "unknown");
	}
	return 0;
}

static bool sock_kind(u8 type)
{
	return type == SKEP_VT_SOCK || type == SKEP_VT_SOCK_COMMON || type == SKEP_VT_TCP_SOCK ||
	       type == SKEP_VT_XDP_SOCK;
}

static int check_object(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg,
			const struct skep_arg_type *at)
{
	const struct skep_vreg *r = skep_vreg(st, reg);
	bool ok = false;

	if (r->flags & SKEP_VF_NULL)
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(reg),
				  "argument %u of %s(), %s, may be NULL: test it first", reg,
				  c->name, skep_vreg_what(r));
	switch (at->kind) {
	case SKEP_AT_SOCK_COMMON: ok = sock_kind(r->type); break;
	case SKEP_AT_SOCKET: ok = r->type == SKEP_VT_SOCK || skep_btf_is(m, r, "sock"); break;
	case SKEP_AT_BTF_SOCK:
		ok = sock_kind(r->type) || (r->type == SKEP_VT_BTF && skep_btf_is_sock(m, r));
		break;
	default:
		ok = r->type == SKEP_VT_BTF && (!at->btf || skep_btf_is(m, r, at->btf)) &&
		     !(r->flags & SKEP_VF_UNTRUSTED);
		if (r->type == SKEP_VT_SOCK && at->btf && strcmp(at->btf, "sock") == 0)
			ok = true;
		break;
	}
	if (!ok && r->type == SKEP_VT_BTF && !(r->flags & SKEP_VF_ALLOC) && !m->opt.kernel)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
				  "the kernel's types are not known, argument %u of %s() is one of "
				  "them",
				  reg, c->name);
	if (!ok)
		return wrong(m, st, c, reg, at->btf ? at->btf : "a kernel object");
	if (!skep_vreg_fixed(r) || (r->off && r->type != SKEP_VT_BTF))
		return wrong(m, st, c, reg, "the unmoved pointer");
	return 0;
}

static int check_key_value(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg,
			   const struct skep_arg_type *at)
{
	bool key = at->kind == SKEP_AT_KEY;
	u64 v;

	if (!c->map)
		return wrong(m, st, c, reg, "a map before it");
	if (!key && (c->map->type == SKEP_MAP_SOCKMAP || c->map->type == SKEP_MAP_SOCKHASH)) {
		static const struct skep_arg_type sock = {.kind = SKEP_AT_BTF_SOCK};

		return check_object(m, st, c, reg, &sock);
	}
	if (c->map->type == SKEP_MAP_ARENA)
		return wrong(m, st, c, reg, "a map with elements, an arena has none,");
	if (key && c->id == SKEP_FN_map_lookup_elem &&
	    (c->map->type == SKEP_MAP_ARRAY || c->map->type == SKEP_MAP_PERCPU_ARRAY) &&
	    c->map->key_size == 4 && skep_stack_const(m, st, skep_vreg(st, reg), 4, &v) &&
	    v < c->map->max_entries)
		c->non_null = true;
	return check_region(m, st, c, reg, at, key ? c->map->key_size : c->map->value_size, false);
}

static int check_release(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	const struct skep_vreg *r = skep_vreg(st, reg);

	if (skep_vreg_is_zero(r) && (c->ht->arg[reg - 1].flags & SKEP_AF_NULL))
		return 0;
	if (!r->ref || !skep_ref_find(st, r->ref) || r->off)
		return skep_fault(m, st, SKEP_RULE_REF_RELEASE, REG(reg),
				  "%s() releases %s, which is no acquired reference", c->name,
				  skep_vreg_what(r));
	c->ref = r->ref;
	c->release = true;
	return 0;
}

/* Conversions of a format: as many as there are 8-byte arguments, of kinds that the kernel knows.
 */
static int check_format(struct skep_mach *m, struct skep_vstate *st, const struct call *c, u32 reg,
			const char *f)
{
	const struct skep_vreg *len = skep_vreg(st, 5);
	u64 n = 0;

	for (; *f; f++) {
		if (*f != '%')
			continue;
		f++;
		if (*f == '%')
			continue;
		n++;
		f += strspn(f, "0+- ");
		f += strspn(f, "0123456789");
		if (*f == 'p') {
			static const char *const kinds[] = {"ks", "us", "i4", "I4", "i6", "I6",
							    "K",  "x",	"s",  "S",  "B"};

			for (u32 k = 0; k < SKEP_ARRAY_SIZE(kinds); k++)
				if (strncmp(f + 1, kinds[k], strlen(kinds[k])) == 0) {
					f += strlen(kinds[k]);
					break;
				}
			continue;
		}
		f += strspn(f, "l") > 2 ? 0 : strspn(f, "l");
		if (!*f || !strchr("iduxXsc", *f))
			return wrong(m, st, c, reg,
				     "a format with conversions that the kernel knows");
	}
	if (len->type == SKEP_VT_NUM && skep_range_is_const(&len->r) && len->r.bits.value / 8 < n)
		return wrong(m, st, c, reg, "a format with as many conversions as arguments");
	return 0;
}

/* A constant string with its end in a read-only variable. */
static int check_str(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	const struct skep_vreg *r = skep_vreg(st, reg);
	u64 left;

	if (r->type != SKEP_VT_VALUE || !r->map || !r->map->data ||
	    !(r->map->map_flags & SKEP_MAPFL_RDONLY_PROG) || !skep_vreg_fixed(r) || r->off < 0 ||
	    (u64)r->off >= r->map->data->size)
		return wrong(m, st, c, reg, "a constant string");
	left = r->map->data->size - (u64)r->off;
	if (r->map->data->bytes && !memchr(r->map->data->bytes + r->off, 0, left))
		return wrong(m, st, c, reg, "a string that ends");
	if (c->id == SKEP_FN_snprintf && r->map->data->bytes)
		return check_format(m, st, c, reg, (const char *)r->map->data->bytes + r->off);
	return 0;
}

static int check_stack_arg(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	if (skep_vreg(st, reg)->type != SKEP_VT_STACK)
		return wrong(m, st, c, reg, "a pointer into the stack");
	return 0;
}

/* A variable, or an object in a value that RCU keeps: not one that the program holds. */
static int check_percpu(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	const struct skep_vreg *r = skep_vreg(st, reg);

	if (r->type != SKEP_VT_BTF || !(r->flags & SKEP_VF_PERCPU) ||
	    (r->flags & (SKEP_VF_NULL | SKEP_VF_UNTRUSTED)) || r->ref || r->off ||
	    !skep_vreg_fixed(r))
		return wrong(m, st, c, reg,
			     "the address of a per-CPU variable, or a per-CPU object in a value");
	return 0;
}

static int check_arg(struct skep_mach *m, struct skep_vstate *st, struct call *c, u32 reg)
{
	const struct skep_arg_type *at = &c->ht->arg[reg - 1];
	const struct skep_vreg *r = skep_vreg(st, reg);
	int err;

	if (at->kind == SKEP_AT_NONE)
		return 0;
	err = skep_mach_use(m, st, reg);
	if (err)
		return err;
	if (at->kind == SKEP_AT_ANY) {
		if (m->opt.unpriv && skep_vreg_is_ptr(r))
			return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(reg),
					  "a pointer is given to %s() as a number", c->name);
		return 0;
	}
	if ((at->flags & SKEP_AF_NULL) && at->kind != SKEP_AT_MEM && skep_mach_null(m, r))
		return 0;
	if ((at->flags & SKEP_AF_RELEASE) && at->kind != SKEP_AT_DYNPTR) {
		err = check_release(m, st, c, reg);
		if (err)
			return err;
	}
	switch (at->kind) {
	case SKEP_AT_CTX:
		if (r->type != SKEP_VT_CTX || r->off || !skep_vreg_fixed(r))
			return wrong(m, st, c, reg, "the context, unmoved");
		return 0;
	case SKEP_AT_MAP: return check_map(m, st, c, reg);
	case SKEP_AT_KEY:
	case SKEP_AT_VALUE: return check_key_value(m, st, c, reg, at);
	case SKEP_AT_MEM:
		if (r->type == SKEP_VT_NUM && !skep_vreg_is_zero(r))
			return wrong(m, st, c, reg, "memory");
		return 0; /* with its size */
	case SKEP_AT_FIXED:
		if ((at->flags & SKEP_AF_ALIGNED) && r->type == SKEP_VT_STACK &&
		    (((u64)r->off + r->r.bits.value) | r->r.bits.mask) & (at->size - 1u))
			return skep_fault(m, st, SKEP_RULE_STACK_ALIGN, REG(reg),
					  "argument %u of %s() is not aligned", reg, c->name);
		return check_region(m, st, c, reg, at, at->size, false);
	case SKEP_AT_SIZE:
	case SKEP_AT_SIZE0: return check_size(m, st, c, reg);
	case SKEP_AT_ALLOC_SIZE:
		if (!skep_vreg_is_const(r))
			return wrong(m, st, c, reg, "a constant");
		skep_mach_precise(m, r);
		c->alloc = r->r.bits.value;
		return 0;
	case SKEP_AT_SPIN_LOCK: return skep_spin_lock(m, st, reg, c->id == SKEP_FN_spin_lock);
	case SKEP_AT_TIMER:
		return skep_field_arg(m, st, reg, SKEP_FIELD_TIMER, "a bpf_timer in a map's value");
	case SKEP_AT_KPTR: c->kptr = *r; return skep_kptr_arg(m, st, reg);
	case SKEP_AT_DYNPTR: c->dyn_reg = reg; return skep_dynptr_arg(m, st, reg, at->flags, c->id);
	case SKEP_AT_FUNC:
		if (r->type != SKEP_VT_FUNC)
			return wrong(m, st, c, reg, "a function of the program");
		c->func = r->aux;
		return 0;
	case SKEP_AT_STACK: return check_stack_arg(m, st, c, reg);
	case SKEP_AT_STR: return check_str(m, st, c, reg);
	case SKEP_AT_PERCPU:
		return check_percpu(m, st, c, reg);
	case SKEP_AT_RINGBUF:
		if (r->flags & SKEP_VF_NULL)
			return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(reg),
					  "the record may be NULL: test it first");
		if (r->type != SKEP_VT_MEM || !(r->flags & SKEP_VF_RINGBUF) || r->off ||
		    !skep_vreg_fixed(r))
			return wrong(m, st, c, reg, "a reserved ring-buffer record, unmoved");
		return 0;
	default: return check_object(m, st, c, reg, at);
	}
}

static int check_allowed(struct skep_mach *m, struct skep_vstate *st, const struct call *c)
{
	const struct skep_vrefs *lock;

	if (!c->ht)
		return skep_fault(m, st, SKEP_RULE_HELPER_UNKNOWN, 0, "there is no helper %lld",
				  (long long)c->id);
	if (!skep_helper_allowed_to(m->opt.prog_type, m->opt.attach_type, m->opt.attach_to, c->id))
		return skep_fault(m, st, SKEP_RULE_HELPER_UNKNOWN, 0,
				  "programs of type %s cannot call %s()", m->type->name, c->name);
	if (m->opt.unpriv && !skep_helper_unpriv(c->id))
		return skep_fault(m, st, SKEP_RULE_HELPER_UNKNOWN, 0,
				  "%s() is not for users without privileges", c->name);
	if (m->prog->ops_member && strcmp(m->prog->ops_member, "release") == 0 &&
	    (c->id == SKEP_FN_setsockopt || c->id == SKEP_FN_getsockopt))
		return skep_fault(m, st, SKEP_RULE_HELPER_UNKNOWN, 0,
				  "%s() is not for the release member", c->name);
	if ((c->ht->flags & SKEP_HT_GPL) && !m->opt.gpl)
		return skep_fault(m, st, SKEP_RULE_GPL, 0, "%s() is for GPL-compatible programs",
				  c->name);
	if ((c->ht->flags & SKEP_HT_SLEEPS) && (!st->sleeps || st->rcu || st->preempt || skep_irqs_off(st)))
		return skep_fault(m, st, SKEP_RULE_SLEEP, 0,
				  "%s() may sleep, which is not possible here", c->name);
	lock = skep_ref_lock(st);
	if (lock && c->id != SKEP_FN_spin_unlock)
		return skep_fault(m, st, SKEP_RULE_LOCK, 0,
				  c->id == SKEP_FN_spin_lock
					  ? "a second lock is taken"
					  : "%s() is called while a lock is held",
				  c->name);
	return 0;
}

/* --- what it returns ------------------------------------------------------------------------- */

static void give_ref(struct skep_mach *m, struct skep_vstate *st, const struct call *c,
		     struct skep_vreg *r0)
{
	if (c->ht->flags & SKEP_HT_ACQUIRE) {
		r0->ref = r0->id = ++m->ids;
		skep_ref_add(m, st, r0->ref, SKEP_REFK_PTR);
	} else if (c->ht->flags & SKEP_HT_CAST) {
		r0->ref = c->first.ref;
	}
	if ((r0->flags & SKEP_VF_NULL) && !r0->id)
		r0->id = ++m->ids;
}

static int give_value(struct skep_mach *m, struct skep_vstate *st, const struct call *c,
		      struct skep_vreg *r0)
{
	if (!c->map)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0,
				  "%s() returns the value of no known map", c->name);
	skep_vreg_pointer(r0, SKEP_VT_VALUE, st->at);
	r0->map = c->map;
	r0->btf = c->map_uid;
	r0->aux = ++m->ids;
	if ((c->ht->ret.flags & SKEP_AF_NULL) && !c->non_null) {
		r0->flags = SKEP_VF_NULL;
		r0->id = ++m->ids;
	}
	if (c->id == SKEP_FN_map_lookup_elem &&
	    (c->map->type == SKEP_MAP_SOCKMAP || c->map->type == SKEP_MAP_SOCKHASH)) {
		r0->ref = r0->id;
		skep_ref_add(m, st, r0->ref, SKEP_REFK_PTR);
	}
	return 0;
}

static int give_result(struct skep_mach *m, struct skep_vstate *st, const struct call *c)
{
	static const u8 sock[] = {[SKEP_RT_SOCKET] = SKEP_VT_SOCK,
				  [SKEP_RT_TCP_SOCK] = SKEP_VT_TCP_SOCK,
				  [SKEP_RT_SOCK_COMMON] = SKEP_VT_SOCK_COMMON};
	struct skep_vreg *r0 = skep_vreg(st, 0);
	const struct skep_arg_type *rt = &c->ht->ret;
	u16 null = rt->flags & SKEP_AF_NULL ? SKEP_VF_NULL : 0;

	switch (rt->kind) {
	case SKEP_RT_VOID: return 0;
	case SKEP_RT_VALUE: return give_value(m, st, c, r0);
	case SKEP_RT_SOCKET:
	case SKEP_RT_TCP_SOCK:
	case SKEP_RT_SOCK_COMMON:
		skep_vreg_pointer(r0, sock[rt->kind], st->at);
		r0->flags = null;
		break;
	case SKEP_RT_RINGBUF:
	case SKEP_RT_DYNPTR_MEM:
		skep_vreg_pointer(r0, SKEP_VT_MEM, st->at);
		r0->flags = null;
		r0->aux = (u32)SKEP_MIN(c->alloc, (u64)UINT32_MAX);
		if (rt->kind == SKEP_RT_RINGBUF)
			r0->flags |= SKEP_VF_RINGBUF;
		else
			skep_dynptr_slice(m, st, c->dyn_reg, r0, &c->first);
		break;
	case SKEP_RT_PERCPU:
	case SKEP_RT_BTF:
		if (c->id == SKEP_FN_kptr_xchg) {
			skep_kptr_result(m, st, &c->kptr, r0);
			return 0;
		}
		if (rt->kind == SKEP_RT_PERCPU) {
			skep_btf_percpu(m, &c->first, r0, st->at);
			r0->flags |= null;
			break;
		}
		skep_btf_object(m, r0, rt->btf,
				(u16)(null | (rt->flags & SKEP_AF_TRUSTED ? SKEP_VF_TRUSTED : 0)),
				st->at);
		break;
	default:
		skep_vreg_unknown(r0, st->at);
		if (c->ht->flags & SKEP_HT_RET_BOUND)
			r0->r = skep_range_signed(-4095, (s64)c->size_max);
		else if (c->id == SKEP_FN_get_smp_processor_id)
			r0->r = skep_range_unsigned(0, 8191);
		return 0;
	}
	give_ref(m, st, c, r0);
	return 0;
}

static int run_callback(struct skep_mach *m, struct skep_vstate *st, const struct call *c)
{
	if (c->func == SKEP_VNONE)
		return 0;
	return skep_push_callback(
		m, st,
		&(struct skep_callback){.kind = skep_callback_helper(c->id),
					.func = c->func,
					.map = c->map ? c->map : c->first.map,
					.inner = c->map ? c->map_uid : c->first.btf});
}

/* The kernel turns a tail call with one index on all paths into a jump, so it keeps the indices apart. */
static void keep_index(struct skep_mach *m, struct skep_vstate *st, const struct call *c)
{
	const struct skep_vreg *index = skep_vreg(st, 3);

	if (skep_vreg_is_const(index) &&
	    (!c->map || !c->map->max_entries || index->r.bits.value < c->map->max_entries))
		skep_mach_precise(m, index);
}

int skep_call_helper(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct call c = {.id = i->in.imm, .func = SKEP_VNONE};
	const struct skep_helper *h = skep_helper_find(i->in.imm);
	bool moves;
	int err;

	c.ht = skep_helper_type(m->opt.prog_type, i->in.imm);
	c.name = h ? h->name : "?";
	err = check_allowed(m, st, &c);
	for (u32 k = 1; k <= 5 && !err; k++)
		err = check_arg(m, st, &c, k);
	if (err)
		return err;
	c.first = *skep_vreg(st, 1);
	if (c.id == SKEP_FN_kptr_xchg)
		err = skep_kptr_value(m, st, &c.kptr, 2);
	if (err)
		return err;
	/* A tail call that fails changed nothing. Bytes of a socket buffer that are not where they
	   can be written are moved first. */
	moves = ((c.ht->flags & SKEP_HT_CHANGES_PKT) && c.id != SKEP_FN_tail_call) ||
		(c.id == SKEP_FN_dynptr_write && skep_dynptr_of_skb(st, 1));
	if (c.id == SKEP_FN_get_local_storage && !skep_mach_null(m, skep_vreg(st, 2)))
		return wrong(m, st, &c, 2, "zero");
	if (c.id == SKEP_FN_dynptr_from_mem && c.first.type != SKEP_VT_VALUE)
		return wrong(m, st, &c, 1, "a map's value");
	if (c.id == SKEP_FN_tail_call && st->nframe > 1 && !m->func[skep_vtop(st)->func].func->type)
		return skep_fault(m, st, SKEP_RULE_TAIL_CALL, 0,
				  "a tail call in a function without BTF");
	if (c.id == SKEP_FN_timer_init && (c.first.map != c.map || c.first.btf != c.map_uid))
		return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(1) | REG(2),
				  "the timer lies in another map than the one that is given");
	if (c.id == SKEP_FN_tail_call && m->opt.unpriv) {
		const struct skep_map **seen = &m->insn[st->at].tail_map;

		/* The index is masked by the size of one map. */
		if (*seen && *seen != c.map)
			return skep_fault(m, st, SKEP_RULE_TAIL_CALL, REG(2),
					  "another path gives another map to this tail call");
		*seen = c.map;
	}
	if (c.id == SKEP_FN_tail_call && st->nref)
		return skep_fault(m, st, SKEP_RULE_TAIL_CALL, 0,
				  "a tail call while a reference or a lock is held");
	if (c.id == SKEP_FN_tail_call)
		keep_index(m, st, &c);
	err = skep_dynptr_call(m, st, c.id, c.alloc);
	if (!err)
		err = run_callback(m, st, &c);
	if (err)
		return err;
	if (c.release) {
		skep_ref_drop(st, c.ref);
		skep_ref_forget(m, st, c.ref);
	}
	skep_call_clobber(st);
	if (moves)
		skep_forget_packet(m, st);
	err = give_result(m, st, &c);
	if (!err && c.id == SKEP_FN_tail_call)
		return skep_leave(m, st, i, true);
	st->at = m->insn[st->at].next;
	return err;
}
