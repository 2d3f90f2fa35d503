/* SPDX-License-Identifier: BSD-2-Clause */
/* States as the kernel's verifier prints them in its log. */
#include "flow/mach_impl.h"

static const char *const name[SKEP_VT_NR] = {
	[SKEP_VT_NONE] = "?",
	[SKEP_VT_NUM] = "",
	[SKEP_VT_CTX] = "ctx",
	[SKEP_VT_STACK] = "fp",
	[SKEP_VT_MAP] = "map_ptr",
	[SKEP_VT_VALUE] = "map_value",
	[SKEP_VT_KEY] = "map_key",
	[SKEP_VT_PKT] = "pkt",
	[SKEP_VT_META] = "pkt_meta",
	[SKEP_VT_PKT_END] = "pkt_end",
	[SKEP_VT_SOCK] = "sock",
	[SKEP_VT_SOCK_COMMON] = "sock_common",
	[SKEP_VT_TCP_SOCK] = "tcp_sock",
	[SKEP_VT_XDP_SOCK] = "xdp_sock",
	[SKEP_VT_FLOW_KEYS] = "flow_keys",
	[SKEP_VT_MEM] = "mem",
	[SKEP_VT_BUF] = "buf",
	[SKEP_VT_BTF] = "ptr_",
	[SKEP_VT_FUNC] = "func",
	[SKEP_VT_DYNPTR] = "dynptr_ptr",
	[SKEP_VT_ARENA] = "arena",
};

static void sep(struct skep_buf *out, bool *first)
{
	skep_buf_puts(out, *first ? "" : ",");
	*first = false;
}

static void print_range(const struct skep_range *r, bool *first, struct skep_buf *out)
{
	if (r->smin != INT64_MIN && (r->smin != (s64)r->umin || !r->umin)) {
		sep(out, first);
		skep_buf_printf(out, "smin=%lld", (long long)r->smin);
	}
	if (r->smax != INT64_MAX && (r->smax != (s64)r->umax || r->umax == UINT64_MAX)) {
		sep(out, first);
		skep_buf_printf(out, "smax=%lld", (long long)r->smax);
	}
	if (r->umin) {
		sep(out, first);
		skep_buf_printf(out, "%s=%llu", (s64)r->umin == r->smin ? "smin=umin" : "umin",
				(unsigned long long)r->umin);
	}
	if (r->umax != UINT64_MAX) {
		sep(out, first);
		skep_buf_printf(out, "%s=%llu", (s64)r->umax == r->smax ? "smax=umax" : "umax",
				(unsigned long long)r->umax);
	}
	if (r->bits.mask != UINT64_MAX) {
		sep(out, first);
		skep_buf_printf(out, "var_off=(0x%llx; 0x%llx)", (unsigned long long)r->bits.value,
				(unsigned long long)r->bits.mask);
	}
}

void skep_vreg_print(const struct skep_mach *m, const struct skep_vreg *r, struct skep_buf *out)
{
	bool first = true;

	if (r->type == SKEP_VT_NUM && skep_range_is_const(&r->r)) {
		skep_buf_printf(out, "%lld", (long long)r->r.bits.value);
		return;
	}
	if (r->type == SKEP_VT_STACK && skep_vreg_fixed(r)) {
		skep_buf_printf(out, "fp%d", r->off);
		return;
	}
	skep_buf_puts(out, r->type == SKEP_VT_NUM ? "scalar" : name[r->type]);
	if (r->flags & SKEP_VF_NULL)
		skep_buf_puts(out, "_or_null");
	skep_buf_puts(out, "(");
	if (r->id) {
		sep(out, &first);
		skep_buf_printf(out, "id=%u", r->id);
		if (r->flags & SKEP_VF_LINKED && r->type == SKEP_VT_NUM)
			skep_buf_printf(out, "%+d", r->off);
	}
	if (r->ref) {
		sep(out, &first);
		skep_buf_printf(out, "ref_obj_id=%u", r->ref);
	}
	if (r->type != SKEP_VT_NUM && r->off) {
		sep(out, &first);
		skep_buf_printf(out, "off=%d", r->off);
	}
	if (skep_vreg_is_pkt(r)) {
		sep(out, &first);
		skep_buf_printf(out, "r=%u", r->aux);
	}
	if (r->map) {
		sep(out, &first);
		skep_buf_printf(out, "map=%s,ks=%u,vs=%u", r->map->name, r->map->key_size,
				r->map->value_size);
	}
	if (r->type == SKEP_VT_NUM || !skep_vreg_fixed(r))
		print_range(&r->r, &first, out);
	skep_buf_puts(out, ")");
}

static void print_slot(const struct skep_mach *m, const struct skep_vslot *s, u32 k,
		       struct skep_buf *out)
{
	static const char sign[] = "?rm0dif";
	bool any = false;

	for (u32 b = 0; b < 8; b++)
		any |= s->byte[b] != SKEP_VB_NONE;
	if (!any)
		return;
	skep_buf_printf(out, " fp-%u=", 8 * (k + 1));
	if (s->byte[0] == SKEP_VB_SPILL && s->byte[7] == SKEP_VB_SPILL) {
		skep_vreg_print(m, s->reg, out);
		return;
	}
	for (u32 b = 8; b--;)
		skep_buf_add(out, &sign[s->byte[b]], 1);
}

void skep_vstate_print(struct skep_mach *m, const struct skep_vstate *st, bool live_only,
		       struct skep_buf *out)
{
	const struct skep_vframe *fr = skep_vtop(st);

	if (st->nframe > 1)
		skep_buf_printf(out, " frame%u:", st->nframe - 1u);
	for (u32 k = 0; k <= 10; k++) {
		if (fr->reg[k].type == SKEP_VT_NONE ||
		    (live_only && !(m->insn[st->at].live >> k & 1)))
			continue;
		skep_buf_printf(out, " R%u=", k);
		skep_vreg_print(m, &fr->reg[k], out);
	}
	for (u32 k = 0; k < fr->nslot; k++)
		print_slot(m, &fr->slot[k], k, out);
	for (u32 k = 0; k < st->nref; k++)
		skep_buf_printf(out, "%s%u", k ? "," : " refs=", st->ref[k].id);
}

void skep_vreg_describe(const struct skep_mach *m, const struct skep_vreg *r, struct skep_buf *out)
{
	skep_buf_puts(out, skep_vreg_what(r));
	if (r->type == SKEP_VT_NUM) {
		skep_buf_puts(out, " ");
		skep_range_print(&r->r, out);
		return;
	}
	if (r->type == SKEP_VT_VALUE && r->map)
		skep_buf_printf(out, " ('%s', %u bytes)", r->map->name, r->map->value_size);
	if (r->flags & SKEP_VF_NULL)
		skep_buf_puts(out, " or NULL");
	if (skep_vreg_is_pkt(r))
		skep_buf_printf(out, ", %u bytes proven", r->aux);
	if (r->type == SKEP_VT_MEM)
		skep_buf_printf(out, " of %u bytes", r->aux);
	if (r->off)
		skep_buf_printf(out, ", moved by %d", r->off);
	if (!skep_vreg_fixed(r)) {
		skep_buf_puts(out, ", and by ");
		skep_range_print(&r->r, out);
	}
}
