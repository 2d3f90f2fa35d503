/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where memory operands go, whether two may meet, and what calls touch.
 *
 * Disjointness by kind is right because the verifier keeps the regions apart:
 * no pointer to the frame can be made from a packet, context or map pointer,
 * a frame pointer is stored only to the frame, and a pointer whose kind was
 * lost is NONSTACK or ANY here, which meet everything they may be.
 */
#include "flow/flow_impl.h"

bool skep_place_get(const struct skep_facts *fa, const struct skep_insn *i, struct skep_place *out)
{
	struct skep_memop m;
	const struct skep_val *base;

	if (!skep_isa_memop(&i->in, &m))
		return false;
	base = &fa->in[i->num][m.base];
	out->kind = base->kind;
	out->vn = base->vn;
	out->off = base->off + m.off;
	out->size = m.size;
	/* A CO-RE record may move the access: it is somewhere in the same region. */
	if (i->core)
		out->vn = VN_CORE + i->num;
	return true;
}

static bool any_kind(u8 k)
{
	return k == SKEP_K_ANY || k == SKEP_K_UNINIT;
}

/* A pointer of unknown origin that is not into the frame. */
static bool vague(u8 k)
{
	return k == SKEP_K_NONSTACK || k == SKEP_K_PTR || k == SKEP_K_SCALAR || k == SKEP_K_CONST ||
	       k == SKEP_K_MAP || k == SKEP_K_PKT_END || k == SKEP_K_MAPVAL_OR_NULL;
}

static bool ranges_meet(const struct skep_place *a, const struct skep_place *b)
{
	return a->off < b->off + (s64)b->size && b->off < a->off + (s64)a->size;
}

bool skep_place_alias(const struct skep_place *a, const struct skep_place *b)
{
	if (a->vn == b->vn && a->kind == b->kind && !any_kind(a->kind))
		return ranges_meet(a, b);
	if (any_kind(a->kind) || any_kind(b->kind))
		return true;
	if (vague(a->kind) || vague(b->kind))
		return a->kind != SKEP_K_STACK && b->kind != SKEP_K_STACK;
	return a->kind == b->kind;
}

static bool may_be_stack(u8 k)
{
	return k == SKEP_K_STACK || any_kind(k);
}

static u32 subprog_effects(const struct skep_facts *fa, const struct skep_insn *i)
{
	u32 e = SKEP_EFF_READ_OTHER | SKEP_EFF_WRITE_OTHER | SKEP_EFF_PKT;

	for (int r = 1; r <= 5; r++)
		if (may_be_stack(fa->in[i->num][r].kind) && fa->in[i->num][r].kind != SKEP_K_UNINIT)
			e |= SKEP_EFF_READ_STACK | SKEP_EFF_WRITE_STACK;
	return e;
}

/* Arguments whose extent skep_stack_arg() cannot tell count as the whole frame. */
static u32 arg_effects(const struct skep_val *v, u8 arg)
{
	bool stack = may_be_stack(v->kind);

	switch (arg) {
	case SKEP_ARG_NONE:
	case SKEP_ARG_MAP:
	case SKEP_ARG_FUNC:
	case SKEP_ARG_SIZE:
		return 0;
	case SKEP_ARG_CTX:
		return SKEP_EFF_READ_OTHER | SKEP_EFF_WRITE_OTHER;
	case SKEP_ARG_ANY:
		return stack && v->kind != SKEP_K_UNINIT ? SKEP_EFF_READ_STACK : 0;
	case SKEP_ARG_KEY:
	case SKEP_ARG_VALUE:
	case SKEP_ARG_MEM_RD:
	case SKEP_ARG_FIX_RD:
	case SKEP_ARG_STR:
		return stack ? SKEP_EFF_READ_STACK : SKEP_EFF_READ_OTHER;
	default:
		return stack ? SKEP_EFF_READ_STACK | SKEP_EFF_WRITE_STACK
			     : SKEP_EFF_READ_OTHER | SKEP_EFF_WRITE_OTHER;
	}
}

/*
 * Helpers that follow pointers which no argument's kind tells of: a format's %s
 * names strings by the values to print, an attribute of a system call its buffers.
 */
u32 skep_reads_indirect(s64 helper)
{
	switch (helper) {
	case SKEP_FN_trace_printk:
	case SKEP_FN_seq_printf:
	case SKEP_FN_snprintf:
	case SKEP_FN_trace_vprintk:
	case SKEP_FN_snprintf_btf:
	case SKEP_FN_seq_printf_btf:
		return SKEP_EFF_READ_STACK;
	case SKEP_FN_sys_bpf:
		return SKEP_EFF_READ_STACK | SKEP_EFF_WRITE_STACK;
	default:
		return 0;
	}
}

/*
 * Helpers that leave no byte of their output as it was: what they do not read,
 * they clear. (Not bpf_get_current_comm: some kernels leave the bytes behind a
 * short name.) bpf_xdp_load_bytes writes everything or, when it fails, nothing.
 */
enum skep_fill skep_helper_fills(s64 helper)
{
	switch (helper) {
	case SKEP_FN_probe_read:
	case SKEP_FN_probe_read_user:
	case SKEP_FN_probe_read_kernel:
	case SKEP_FN_copy_from_user:
	case SKEP_FN_skb_load_bytes:
	case SKEP_FN_skb_load_bytes_relative:
	case SKEP_FN_get_stack:
	case SKEP_FN_get_task_stack:
	case SKEP_FN_perf_event_read_value:
	case SKEP_FN_perf_prog_read_value:
	case SKEP_FN_get_ns_current_pid_tgid:
		return SKEP_FILLS;
	case SKEP_FN_xdp_load_bytes:
		return SKEP_FILLS_OR_FAILS;
	default:
		return SKEP_FILLS_NOT;
	}
}

u32 skep_call_effects(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *i)
{
	const struct skep_helper *h;
	u32 e = 0;

	(void)obj;
	if (i->in.op == SKEP_LDABS || i->in.op == SKEP_LDIND)
		return SKEP_EFF_READ_OTHER;
	if (i->in.op != SKEP_CALL && i->in.op != SKEP_CALLX)
		return 0;
	h = i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && i->ref == SKEP_REF_NONE && !i->in.off
		    ? skep_helper_find(i->in.imm)
		    : NULL;
	if (!h)
		return subprog_effects(fa, i);
	for (int a = 0; a < 5; a++)
		e |= arg_effects(&fa->in[i->num][a + 1], h->arg[a]);
	e |= skep_reads_indirect(i->in.imm);
	if (h->flags & SKEP_HF_PKT)
		e |= SKEP_EFF_PKT | SKEP_EFF_WRITE_OTHER;
	if (h->flags & SKEP_HF_CB)
		e |= SKEP_EFF_READ_STACK | SKEP_EFF_WRITE_STACK | SKEP_EFF_READ_OTHER | SKEP_EFF_WRITE_OTHER |
		     SKEP_EFF_PKT;
	/* Map values change under every call that is not known to be without effect. */
	if (!(h->flags & SKEP_HF_PURE))
		e |= SKEP_EFF_WRITE_OTHER | SKEP_EFF_READ_OTHER;
	return e;
}

bool skep_place_meets(const struct skep_obj *obj, const struct skep_facts *fa, const struct skep_insn *i,
		      const struct skep_place *at, int what)
{
	struct skep_memop m;
	struct skep_place p;
	u32 e;

	if (skep_isa_memop(&i->in, &m)) {
		if (!skep_place_get(fa, i, &p))
			return true;
		/* Atomic operations order others on what another CPU sees. */
		if (m.atomic && at->kind != SKEP_K_STACK)
			return true;
		return ((m.load && what & SKEP_MEETS_READS) || (m.store && what & SKEP_MEETS_WRITES)) &&
		       skep_place_alias(&p, at);
	}
	e = skep_call_effects(obj, fa, i);
	if (what & SKEP_MEETS_WRITES && e & (SKEP_EFF_WRITE_STACK | SKEP_EFF_WRITE_OTHER | SKEP_EFF_PKT))
		return true;
	return what & SKEP_MEETS_READS && e & (SKEP_EFF_READ_STACK | SKEP_EFF_READ_OTHER);
}
