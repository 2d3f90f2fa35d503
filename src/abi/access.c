/* SPDX-License-Identifier: BSD-2-Clause */
/* What a verifier asks about accesses to contexts and sockets: lookups in ctx_access.def. */
#include "abi/abi.h"

enum { NARROW = 7, WIDE = 15, FIRST = 16 };
enum {
	SCALAR = SKEP_CV_SCALAR,
	PKT = SKEP_CV_PKT,
	PKT_END = SKEP_CV_PKT_END,
	PKT_META = SKEP_CV_PKT_META,
	FLOW_KEYS = SKEP_CV_FLOW_KEYS,
	SOCK_COMMON = SKEP_CV_SOCK_COMMON,
	SOCKET_PTR = SKEP_CV_SOCKET,
	TP_BUFFER = SKEP_CV_TP_BUFFER,
	BTF_HOOK_STATE,
	BTF_SK_BUFF,
	OR_NULL = 64,
	PRIV = 128
};

/* The lists, in the order of the table. */
enum {
	LIST_sk_buff,
	LIST_xdp,
	LIST_sock,
	LIST_sock_addr,
	LIST_sock_ops,
	LIST_sk_msg,
	LIST_reuseport,
	LIST_sk_lookup,
	LIST_device,
	LIST_sysctl,
	LIST_sockopt,
	LIST_pt_regs,
	LIST_perf_event,
	LIST_tracepoint,
	LIST_raw_tp,
	LIST_syscall,
	LIST_netfilter,
	LIST_lirc,
	LIST_tcp_sock,
	LIST_xdp_sock
};

static const struct layout {
	u8 prog, list, who;
	u64 attach;
} layouts[] = {
#define LAYOUT(prog, attach, list, who) {SKEP_PROG_##prog, LIST_##list, who, attach},
#define ACCESS(list, off, len, who, rd, wr, value)
#include "abi/ctx_access.def"
};

static const struct access {
	u8 list, who, rd, wr, value;
	u16 off, len;
} rows[] = {
#define LAYOUT(prog, attach, list, who)
#define ACCESS(list, off, len, who, rd, wr, value) {LIST_##list, who, rd, wr, value, off, len},
#include "abi/ctx_access.def"
};

static bool row_allows(const struct access *r, s64 off, u32 size, bool write)
{
	u8 sizes = write ? r->wr : r->rd;

	if (off < r->off || off + (s64)size > (s64)r->off + r->len || !(sizes & WIDE & size))
		return false;
	return !(sizes & FIRST) || off == r->off;
}

static const struct access *find(u8 list, u8 who, s64 off, u32 size, bool write)
{
	if (off < 0 || size == 0 || size > 8 || size & (size - 1) || off % size)
		return NULL;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(rows) && rows[i].list <= list; i++)
		if (rows[i].list == list && rows[i].who & who &&
		    row_allows(&rows[i], off, size, write))
			return &rows[i];
	return NULL;
}

static const struct layout *layout_of(u32 prog_type, u32 attach_type)
{
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(layouts); i++)
		if (layouts[i].prog == prog_type &&
		    (layouts[i].attach == ~0ull ||
		     (attach_type < 64 && layouts[i].attach >> attach_type & 1)))
			return &layouts[i];
	return NULL;
}

static void answer(u8 value, struct skep_ctx_answer *out)
{
	u8 v = value & (OR_NULL - 1);

	*out = (struct skep_ctx_answer){
		.value = v, .null = (value & OR_NULL) != 0, .priv = (value & PRIV) != 0};
	if (v == BTF_HOOK_STATE || v == BTF_SK_BUFF) {
		out->value = SKEP_CV_BTF;
		out->btf = v == BTF_SK_BUFF ? "sk_buff" : "nf_hook_state";
	}
}

bool skep_ctx_access(u32 prog_type, u32 attach_type, s64 off, u32 size, bool write,
		     struct skep_ctx_answer *out)
{
	const struct layout *l = layout_of(prog_type, attach_type);
	const struct access *a = l ? find(l->list, l->who, off, size, write) : NULL;

	if (!a)
		return false;
	if (out)
		answer(a->value, out);
	return true;
}

bool skep_ctx_by_btf(u32 prog_type)
{
	return prog_type == SKEP_PROG_TRACING || prog_type == SKEP_PROG_LSM ||
	       prog_type == SKEP_PROG_STRUCT_OPS || prog_type == SKEP_PROG_EXT;
}

bool skep_sock_access(enum skep_sock_kind kind, s64 off, u32 size)
{
	switch (kind) {
	case SKEP_SOCK_COMMON: return find(LIST_sock, 16, off, size, false) != NULL;
	case SKEP_SOCK_FULL: return find(LIST_sock, 8, off, size, false) != NULL;
	case SKEP_SOCK_TCP: return find(LIST_tcp_sock, 1, off, size, false) != NULL;
	case SKEP_SOCK_XDP: return find(LIST_xdp_sock, 1, off, size, false) != NULL;
	}
	return false;
}
