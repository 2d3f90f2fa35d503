/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads, stores and atomics by what the pointer is; memory that is handed to helpers. */
#include "flow/mach_impl.h"

enum { MAX_OFF = 1 << 29, MAX_PACKET = 0xffff };

/* --- bounds ------------------------------------------------------------------------------- */

int skep_check_bounds(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size,
		      u64 limit, u32 rule, const char *what)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	/* These wrap only when the bounds are refused below. */
	s64 lo = (s64)((u64)off + (u64)p->r.smin), hi = (s64)((u64)off + p->r.umax);

	if (p->r.smin < -MAX_OFF || lo < 0)
		return skep_fault(
			m, st, rule, REG(reg),
			"the offset into %s may be negative (%lld): r%u needs a lower bound", what,
			(long long)SKEP_MAX(lo, (s64)-MAX_OFF), reg);
	if (p->r.umax >= MAX_OFF)
		return skep_fault(m, st, rule, REG(reg), "the offset into %s has no upper bound",
				  what);
	if ((u64)hi + size > limit)
		return skep_fault(m, st, rule, REG(reg),
				  "bytes %lld to %lld of %s are accessed, it has %llu",
				  (long long)lo, (long long)(hi + (s64)size - 1), what,
				  (unsigned long long)limit);
	return 0;
}

static int check_plain_alignment(struct skep_mach *m, struct skep_vstate *st, u32 reg, s32 off,
				 u32 size, bool always)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	u64 at = (u64)((s64)p->off + off) + p->r.bits.value;

	if (skep_vreg_is_pkt(p))
		at += 2; /* headers behind Ethernet's 14 bytes are aligned */
	if ((!m->opt.strict_align && !always) || ((at | p->r.bits.mask) & (size - 1)) == 0)
		return 0;
	return skep_fault(m, st, SKEP_RULE_ATOMIC, REG(reg),
			  "an access of %u bytes may not be aligned", size);
}

/* --- packets --------------------------------------------------------------------------------- */

bool skep_may_write_packet(const struct skep_mach *m)
{
	switch (m->opt.prog_type) {
	case SKEP_PROG_SCHED_CLS:
	case SKEP_PROG_SCHED_ACT:
	case SKEP_PROG_XDP:
	case SKEP_PROG_LWT_XMIT:
	case SKEP_PROG_SK_SKB:
	case SKEP_PROG_SK_MSG:
	case SKEP_PROG_CGROUP_SOCKOPT: return true;
	default: return false;
	}
}

int skep_pkt_readonly(struct skep_mach *m, const struct skep_vstate *st, u32 reg)
{
	return skep_fault(m, st, SKEP_RULE_PKT_ACCESS, REG(reg),
			  "programs of type %s may not write into the packet", m->type->name);
}

static int hinted(struct skep_mach *m, int err, const char *hint)
{
	m->fault.hint = hint;
	return err;
}

static int packet(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size,
		  bool write)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	s64 at = (s64)p->off + off;
	u64 proven = p->aux;

	if (write && !skep_may_write_packet(m))
		return skep_pkt_readonly(m, st, reg);
	if (p->r.smin < 0)
		return hinted(
			m,
			skep_fault(m, st, SKEP_RULE_PKT_BOUNDS, REG(reg),
				   "the offset into the packet may be negative: r%u needs a lower bound",
				   reg),
			"make it unsigned, or compare it with 0 first");
	if (at < 0)
		return skep_fault(m, st, SKEP_RULE_PKT_BOUNDS, REG(reg),
				  "the access begins %lld bytes before what r%u was compared for",
				  (long long)-at, reg);
	if ((u64)at + size <= proven)
		return 0;
	if (p->r.umax > MAX_PACKET || p->r.umax + (u64)p->off > MAX_PACKET)
		return hinted(
			m,
			skep_fault(m, st, SKEP_RULE_PKT_BOUNDS, REG(reg),
				   "r%u may be moved by up to %llu: bound that below %d first, "
				   "comparisons prove nothing of larger ones",
				   reg, (unsigned long long)p->r.umax + (u64)p->off, MAX_PACKET),
			"mask the number that is added, or compare it with a constant first");
	if (p->type == SKEP_VT_META)
		return skep_fault(m, st, SKEP_RULE_PKT_BOUNDS, REG(reg),
				  "needs %llu bytes of the metadata behind r%u's base, %llu are "
				  "proven: it ends at data, not at data_end",
				  (unsigned long long)at + size, reg, (unsigned long long)proven);
	return skep_fault(m, st, SKEP_RULE_PKT_BOUNDS, REG(reg),
			  "needs %llu bytes of the packet behind r%u's base, %llu are proven",
			  (unsigned long long)at + size, reg, (unsigned long long)proven);
}

/* --- maps ----------------------------------------------------------------------------------------
 */

int skep_map_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, s64 off, u64 size,
		    u32 use)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	const struct skep_map *map = p->map;
	int err;

	if (!map)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(reg),
				  "nothing is known of the map that the value is of");
	if ((use & SKEP_USE_WRITE) &&
	    ((map->map_flags & SKEP_MAPFL_RDONLY_PROG) || map->type == SKEP_MAP_DEVMAP ||
	     map->type == SKEP_MAP_DEVMAP_HASH))
		return skep_fault(m, st, SKEP_RULE_MAP_ACCESS, REG(reg),
				  "programs may not write into map '%s'", map->name);
	if ((use & SKEP_USE_READ) && (map->map_flags & SKEP_MAPFL_WRONLY_PROG))
		return skep_fault(m, st, SKEP_RULE_MAP_ACCESS, REG(reg),
				  "programs may not read from map '%s'", map->name);
	err = skep_check_bounds(m, st, reg, off, size, map->value_size, SKEP_RULE_MAP_BOUNDS,
				"the map's value");
	if (err)
		return err;
	return skep_check_map_fields(m, st, reg, off, size);
}

/* A load from a variable that nobody can change any more gives its contents. */
static bool frozen_load(const struct skep_vreg *p, s64 off, u32 size, u64 *out)
{
	const struct skep_map *map = p->map;
	u8 b[8] = {0};
	u64 at;

	if (!map || !map->data || map->data->kind != SKEP_DSEC_RODATA ||
	    !(map->map_flags & SKEP_MAPFL_RDONLY_PROG))
		return false;
	if (!skep_vreg_fixed(p))
		return false;
	at = (u64)(p->off + off);
	if (at + size > map->data->size || size > 8)
		return false;
	if (map->data->bytes)
		memcpy(b, map->data->bytes + at, size);
	*out = skep_get64(b, false);
	return true;
}

/* --- one access ---------------------------------------------------------------------------------
 */

static void give(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	if (!a->write && a->to)
		skep_vreg_num(a->to, a->sext ? skep_range_sext(a->size) : skep_range_zext(a->size),
			      st->at);
}

static int bad_deref(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);

	if (p->flags & SKEP_VF_NULL)
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(a->reg),
				  "r%u, %s, may be NULL here", a->reg, skep_vreg_what(p));
	if (p->type == SKEP_VT_NUM && (p->flags & SKEP_VF_STALE)) {
		const struct skep_vreg was = {.type = (u8)p->aux};

		if (p->def == SKEP_VNONE) /* states that met here had it from different calls */
			return skep_fault(m, st, SKEP_RULE_STALE, REG(a->reg),
					  "r%u was %s, which a call made invalid", a->reg,
					  skep_vreg_what(&was));
		return skep_fault(m, st, SKEP_RULE_STALE, REG(a->reg),
				  "r%u was %s, which the call at instruction %u made invalid",
				  a->reg, skep_vreg_what(&was), m->insn[p->def].insn->slot);
	}
	return skep_fault(m, st, SKEP_RULE_BAD_DEREF, REG(a->reg), "r%u is %s, which cannot be %s",
			  a->reg, skep_vreg_what(p), a->write ? "written through" : "read through");
}

static int map_value(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	s64 off = (s64)p->off + a->off;
	u64 v;
	int err;

	if (a->write && a->from && skep_vreg_is_ptr(a->from) && m->opt.unpriv)
		return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(a->reg),
				  "a pointer is stored in a map");
	if (p->map && skep_kptr_field(m, p, off, a->size))
		return skep_kptr_access(m, st, a);
	err = skep_map_region(m, st, a->reg, off, a->size,
			      a->write ? SKEP_USE_WRITE : SKEP_USE_READ);
	if (err)
		return err;
	/* A loader may still set it: true of this load, not of the object. */
	if (!a->write && a->to && !m->joins && frozen_load(p, a->off, a->size, &v)) {
		skep_vreg_const(a->to, v, st->at);
		if (a->sext)
			a->to->r = skep_range_const(
				(u64)((s64)(v << (64 - 8 * a->size)) >> (64 - 8 * a->size)));
		return 0;
	}
	give(m, st, a);
	return 0;
}

static int memory(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	int err;

	if (a->write && (p->flags & SKEP_VF_RDONLY))
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(a->reg),
				  "the memory may only be read");
	if (a->write && a->from && skep_vreg_is_ptr(a->from) && m->opt.unpriv)
		return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(a->reg),
				  "a pointer is stored in memory");
	err = skep_check_bounds(m, st, a->reg, (s64)p->off + a->off, a->size, p->aux,
				SKEP_RULE_MEM_BOUNDS, "the memory");
	if (!err)
		give(m, st, a);
	return err;
}

static int buffer(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);

	if (a->write && (p->flags & SKEP_VF_RDONLY))
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(a->reg),
				  "the buffer may only be read");
	if (a->off < 0 || !skep_vreg_fixed(p) || p->off < 0)
		return skep_fault(m, st, SKEP_RULE_MEM_BOUNDS, REG(a->reg),
				  "the offset into the buffer must be a constant");
	give(m, st, a);
	return 0;
}

static bool field_ok(u8 type, s64 off, u32 size)
{
	switch (type) {
	case SKEP_VT_FLOW_KEYS: return off >= 0 && off + size <= SKEP_FLOW_KEYS_SIZE;
	case SKEP_VT_SOCK_COMMON: return skep_sock_access(SKEP_SOCK_COMMON, off, size);
	case SKEP_VT_SOCK: return skep_sock_access(SKEP_SOCK_FULL, off, size);
	case SKEP_VT_TCP_SOCK: return skep_sock_access(SKEP_SOCK_TCP, off, size);
	default: return skep_sock_access(SKEP_SOCK_XDP, off, size);
	}
}

static int socket_field(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	s64 off = (s64)p->off + a->off;

	if (a->write && p->type != SKEP_VT_FLOW_KEYS)
		return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(a->reg), "%s may only be read",
				  skep_vreg_what(p));
	if (!skep_vreg_fixed(p) || !field_ok(p->type, off, a->size))
		return skep_fault(m, st, SKEP_RULE_MEM_BOUNDS, REG(a->reg),
				  "%s has no field of %u bytes at %lld", skep_vreg_what(p), a->size,
				  (long long)off);
	give(m, st, a);
	return 0;
}

/* The kernel rewrites accesses to these: one instruction cannot serve two kinds. */
static bool rewritten(u8 type)
{
	switch (type) {
	case SKEP_VT_CTX:
	case SKEP_VT_SOCK:
	case SKEP_VT_SOCK_COMMON:
	case SKEP_VT_TCP_SOCK:
	case SKEP_VT_XDP_SOCK:
	case SKEP_VT_BTF:
	case SKEP_VT_ARENA: return true;
	default: return false;
	}
}

static int check_one_kind(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	u8 *seen = &m->insn[st->at].through, now = skep_vreg(st, reg)->type;

	if (*seen && *seen != now && (rewritten(*seen) || rewritten(now)))
		return skep_fault(
			m, st, SKEP_RULE_BAD_DEREF, REG(reg),
			"the same instruction is reached with r%u as %s and as another kind of pointer",
			reg, skep_vreg_what(skep_vreg(st, reg)));
	*seen = now;
	return 0;
}

int skep_access_mem(struct skep_mach *m, struct skep_vstate *st, const struct skep_access *a)
{
	const struct skep_vreg *p = skep_vreg(st, a->reg);
	int err = check_one_kind(m, st, a->reg);

	if (err)
		return err;

	if (p->flags & SKEP_VF_NULL && !(p->flags & SKEP_VF_UNTRUSTED))
		return bad_deref(m, st, a);
	if (p->type != SKEP_VT_STACK && p->type != SKEP_VT_CTX && p->type != SKEP_VT_BTF) {
		err = check_plain_alignment(m, st, a->reg, a->off, a->size, a->atomic);
		if (err)
			return err;
	}
	switch (p->type) {
	case SKEP_VT_STACK:
		return a->write ? skep_stack_write(m, st, a) : skep_stack_read(m, st, a);
	case SKEP_VT_CTX: return skep_ctx_load(m, st, a);
	case SKEP_VT_VALUE: return map_value(m, st, a);
	case SKEP_VT_KEY:
		if (a->write)
			return skep_fault(m, st, SKEP_RULE_MAP_ACCESS, REG(a->reg),
					  "a map's key may only be read");
		err = skep_check_bounds(m, st, a->reg, (s64)p->off + a->off, a->size,
					p->map ? p->map->key_size : 0, SKEP_RULE_MAP_BOUNDS,
					"the map's key");
		break;
	case SKEP_VT_PKT:
	case SKEP_VT_META:
		if (a->write && a->from && skep_vreg_is_ptr(a->from) && m->opt.unpriv)
			return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(a->reg),
					  "a pointer is stored in the packet");
		err = packet(m, st, a->reg, a->off, a->size, a->write);
		break;
	case SKEP_VT_MEM: return memory(m, st, a);
	case SKEP_VT_BUF: return buffer(m, st, a);
	case SKEP_VT_SOCK:
	case SKEP_VT_SOCK_COMMON:
	case SKEP_VT_TCP_SOCK:
	case SKEP_VT_XDP_SOCK:
	case SKEP_VT_FLOW_KEYS: return socket_field(m, st, a);
	case SKEP_VT_BTF: return skep_btf_access(m, st, a);
	case SKEP_VT_ARENA: m->insn[st->at].space = SKEP_VS_ACCESS; break;
	case SKEP_VT_MAP: return skep_btf_access(m, st, a);
	default: return bad_deref(m, st, a);
	}
	if (!err)
		give(m, st, a);
	return err;
}

/* --- what helpers take
 * ----------------------------------------------------------------------------- */

int skep_access_region(struct skep_mach *m, struct skep_vstate *st, u32 reg, u64 size, u32 use)
{
	const struct skep_vreg *p = skep_vreg(st, reg);
	bool write = use & SKEP_USE_WRITE;

	if (p->flags & SKEP_VF_NULL)
		return skep_fault(m, st, SKEP_RULE_NULL_DEREF, REG(reg),
				  "r%u, %s, may be NULL here", reg, skep_vreg_what(p));
	switch (p->type) {
	case SKEP_VT_STACK: return skep_stack_region(m, st, reg, size, use);
	case SKEP_VT_PKT:
	case SKEP_VT_META: return packet(m, st, reg, 0, size, write);
	case SKEP_VT_KEY:
		if (write)
			return skep_fault(m, st, SKEP_RULE_MAP_ACCESS, REG(reg),
					  "a map's key may only be read");
		return skep_check_bounds(m, st, reg, p->off, size, p->map ? p->map->key_size : 0,
					 SKEP_RULE_MAP_BOUNDS, "the map's key");
	case SKEP_VT_VALUE: return skep_map_region(m, st, reg, p->off, size, use);
	case SKEP_VT_MEM:
		if (write && (p->flags & SKEP_VF_RDONLY))
			return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(reg),
					  "the memory may only be read");
		return skep_check_bounds(m, st, reg, p->off, size, p->aux, SKEP_RULE_MEM_BOUNDS,
					 "the memory");
	case SKEP_VT_BUF:
		if (write && (p->flags & SKEP_VF_RDONLY))
			return skep_fault(m, st, SKEP_RULE_MEM_ACCESS, REG(reg),
					  "the buffer may only be read");
		if (!skep_vreg_fixed(p) || p->off < 0)
			return skep_fault(m, st, SKEP_RULE_MEM_BOUNDS, REG(reg),
					  "the offset into the buffer must be a constant");
		return 0;
	case SKEP_VT_CTX:
		if (m->opt.prog_type != SKEP_PROG_SYSCALL)
			return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
					  "r%u is the context, memory is needed", reg);
		return skep_check_bounds(m, st, reg, p->off, size, UINT16_MAX, SKEP_RULE_CTX_ACCESS,
					 "the context");
	case SKEP_VT_BTF: return skep_btf_region(m, st, reg, size, write);
	default:
		return skep_fault(m, st, SKEP_RULE_HELPER_ARG, REG(reg),
				  "r%u is %s, memory is needed", reg, skep_vreg_what(p));
	}
}

/* --- instructions
 * --------------------------------------------------------------------------------------- */

/* BPF_LD_ABS and BPF_LD_IND: the socket's packet through r6; leaves the program past the end. */
static int legacy_load(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	int err;

	if (m->opt.prog_type != SKEP_PROG_SOCKET_FILTER &&
	    m->opt.prog_type != SKEP_PROG_SCHED_CLS && m->opt.prog_type != SKEP_PROG_SCHED_ACT)
		return skep_fault(m, st, SKEP_RULE_ENCODING, 0,
				  "programs of type %s have no LD_ABS and LD_IND", m->type->name);
	if (st->nref || st->rcu || st->preempt)
		return skep_fault(
			m, st, SKEP_RULE_REF_LEAK, 0,
			"LD_ABS and LD_IND may leave the program while it holds a reference");
	if (skep_vreg(st, 6)->type != SKEP_VT_CTX || skep_vreg(st, 6)->off ||
	    !skep_vreg_fixed(skep_vreg(st, 6)))
		return skep_fault(m, st, SKEP_RULE_CTX_POINTER, REG(6), "r6 must hold the context");
	if (st->nframe > 1 && !skep_returns_number(m, st))
		return skep_fault(m, st, SKEP_RULE_FLOW, 0,
				  "LD_ABS and LD_IND need a function that returns a number");
	if (i->in.op == SKEP_LDIND) {
		err = skep_mach_use(m, st, i->in.src);
		if (err)
			return err;
		if (skep_vreg_is_ptr(skep_vreg(st, i->in.src)))
			return skep_fault(m, st, SKEP_RULE_PTR_ARITH, REG(i->in.src),
					  "the offset must be a number");
	}
	skep_call_clobber(st);
	/* To the kernel it may be any number; what that costs it is to be told. */
	skep_vreg_num(skep_vreg(st, 0), m->joins ? skep_range_zext(i->in.size) : skep_range_any(),
		      st->at);
	skep_vreg(st, 0)->node = skep_node_untraced(m);
	return 0;
}

/* What a store stores. A number on the stack is tied to the register it came from. */
static const struct skep_vreg *stored(struct skep_mach *m, struct skep_vstate *st,
				      const struct skep_insn *i)
{
	struct skep_vreg *r = skep_vreg(st, i->in.src);

	if (r->type == SKEP_VT_NUM && skep_vreg(st, i->in.dst)->type == SKEP_VT_STACK &&
	    (i->in.size == 8 || r->r.umax >> (i->in.size * 8) == 0))
		skep_vreg_tie(m, r);
	return r;
}

int skep_step_mem(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	struct skep_vreg val;
	struct skep_access a = {.off = i->in.off, .size = i->in.size};
	int err;

	if (i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND)
		return legacy_load(m, st, i);
	if (i->in.op == SKEP_LDX || i->in.op == SKEP_LDXS) {
		a.reg = i->in.src;
		a.sext = i->in.op == SKEP_LDXS;
		a.to = &val;
		skep_vreg_unknown(&val, st->at);
		err = skep_mach_use(m, st, a.reg);
		if (!err)
			err = skep_access_mem(m, st, &a);
		if (!err)
			*skep_vreg(st, i->in.dst) = val;
		return err;
	}
	a.reg = i->in.dst;
	a.write = true;
	if (i->in.op == SKEP_ST && m->joins && i->core)
		skep_vreg_unknown(&val, st->at);
	else if (i->in.op == SKEP_ST)
		skep_vreg_const(&val, (u64)i->in.imm, st->at);
	else
		val = *stored(m, st, i);
	a.from = &val;
	err = skep_mach_use(m, st, a.reg);
	if (!err && i->in.op == SKEP_STX && val.type == SKEP_VT_NONE &&
	    skep_vreg(st, a.reg)->type != SKEP_VT_STACK)
		err = skep_mach_use(m, st, i->in.src);
	if (!err && i->in.op == SKEP_ST && skep_vreg(st, a.reg)->type == SKEP_VT_CTX)
		a.from = NULL;
	return err ? err : skep_access_mem(m, st, &a);
}

/*
 * An atomic operation reads and writes the place. What it leaves there, and what it
 * fetches, is not followed.
 */
int skep_step_atomic(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	u8 flags = skep_ops[i->in.op].flags;
	u32 base = flags & SKEP_OPF_LOAD ? i->in.src : i->in.dst;
	const struct skep_vreg *p = skep_vreg(st, base);
	struct skep_vreg val, old;
	struct skep_access a = {.reg = base, .off = i->in.off, .size = i->in.size, .atomic = true};
	int err = skep_mach_use(m, st, base);

	if (!err && !(flags & SKEP_OPF_LOAD))
		err = skep_mach_use(m, st, i->in.src);
	if (!err && (flags & SKEP_OPF_R0))
		err = skep_mach_use(m, st, 0);
	if (err)
		return err;
	if (p->type == SKEP_VT_CTX || skep_vreg_is_pkt(p) || p->type == SKEP_VT_FLOW_KEYS ||
	    p->type == SKEP_VT_SOCK || p->type == SKEP_VT_SOCK_COMMON ||
	    p->type == SKEP_VT_TCP_SOCK || p->type == SKEP_VT_XDP_SOCK)
		return skep_fault(m, st, SKEP_RULE_ATOMIC, REG(base),
				  "atomic operations on %s are not possible", skep_vreg_what(p));
	if (p->type == SKEP_VT_ARENA &&
	    (i->in.op == SKEP_AFOR || i->in.op == SKEP_AFAND || i->in.op == SKEP_AFXOR))
		return skep_fault(m, st, SKEP_RULE_ATOMIC, REG(base),
				  "what a logic operation in the arena found there cannot be had");
	skep_vreg_unknown(&old, st->at);
	if (!(flags & SKEP_OPF_STORE)) {
		a.to = &old;
		a.number = !(flags & SKEP_OPF_LOAD);
		err = skep_access_mem(m, st, &a);
		if (err)
			return err;
	}
	if (flags & SKEP_OPF_LOAD) {
		*skep_vreg(st, i->in.dst) = old;
		return 0;
	}
	if (m->opt.unpriv && !(flags & SKEP_OPF_STORE) &&
	    (skep_vreg_is_ptr(skep_vreg(st, i->in.src)) ||
	     ((flags & SKEP_OPF_R0) && skep_vreg_is_ptr(skep_vreg(st, 0)))))
		return skep_fault(m, st, SKEP_RULE_PTR_LEAK, REG(i->in.src),
				  "a pointer is an atomic operation's operand");
	/* The kernel forgets the pointer with the first of its two accesses. */
	if ((flags & SKEP_OPF_R0 && base == 0) || (flags & SKEP_OPF_FETCH && base == i->in.src))
		return skep_fault(
			m, st, SKEP_RULE_ATOMIC, REG(base),
			"the operation gives what it found in the register that points to the place");
	if (flags & SKEP_OPF_STORE) {
		val = *skep_vreg(st, i->in.src);
	} else {
		skep_vreg_unknown(&val, st->at);
	}
	a.to = NULL;
	a.write = true;
	a.from = &val;
	err = skep_access_mem(m, st, &a);
	if (err)
		return err;
	if (flags & (SKEP_OPF_FETCH | SKEP_OPF_R0)) {
		struct skep_vreg *to = skep_vreg(st, flags & SKEP_OPF_R0 ? 0 : i->in.src);

		*to = old;
		to->def = st->at;
	}
	return 0;
}
