/* SPDX-License-Identifier: BSD-2-Clause */
/* Lookups in the tables of helpers, map types, program types, contexts and section names. */
#include "abi/abi.h"
#include "abi/ctx.def"

static const struct skep_helper helpers[] = {
#define HELPER(id, name, ret, a1, a2, a3, a4, a5, fixed, null, zero, flags)                        \
	[id] = {"bpf_" #name,                                                                      \
		SKEP_RET_##ret,                                                                    \
		{SKEP_ARG_##a1, SKEP_ARG_##a2, SKEP_ARG_##a3, SKEP_ARG_##a4, SKEP_ARG_##a5},       \
		fixed,                                                                             \
		null,                                                                              \
		zero,                                                                              \
		flags},
#include "abi/helper.def"
#undef HELPER
};

const struct skep_helper *skep_helper_find(s64 id)
{
	if (id <= 0 || id >= (s64)SKEP_ARRAY_SIZE(helpers) || !helpers[id].name)
		return NULL;
	return &helpers[id];
}

static bool same(const char *a, const char *b, size_t n)
{
	return strlen(a) == n && !memcmp(a, b, n);
}

int skep_helper_id(const char *name, size_t n)
{
	for (u32 i = 1; i < SKEP_ARRAY_SIZE(helpers); i++)
		if (helpers[i].name && same(helpers[i].name, name, n))
			return (int)i;
	return -1;
}

u32 skep_helper_count(void)
{
	return SKEP_ARRAY_SIZE(helpers);
}

u16 skep_helper_reads(s64 id)
{
	const struct skep_helper *h = skep_helper_find(id);
	u16 mask = 0;

	if (!h)
		return 0x3e;
	for (u32 i = 0; i < 5; i++)
		if (h->arg[i] != SKEP_ARG_NONE)
			mask |= (u16)(2u << i);
	/* The values to print follow the size, as many as the format asks for. */
	return id == SKEP_FN_trace_printk ? 0x3e : mask;
}

static const struct skep_map_type map_types[] = {
#define MAP(id, name, text, flags) [id] = {text, id, flags},
#include "abi/map.def"
};

const struct skep_map_type *skep_map_type_find(u32 id)
{
	return id && id < SKEP_ARRAY_SIZE(map_types) ? &map_types[id] : NULL;
}

const struct skep_map_type *skep_map_type_named(const char *name, size_t n)
{
	for (u32 i = 1; i < SKEP_ARRAY_SIZE(map_types); i++)
		if (same(map_types[i].name, name, n))
			return &map_types[i];
	return NULL;
}

#define ROW(name, off, size, kind, w) {#name, off, size, SKEP_CTX_##kind, (w)&WRITER},
#define WRITER 1
static const struct skep_ctx_field fields_xdp_md[] = {SKEP_FIELDS_xdp_md(ROW)};
static const struct skep_ctx_field fields_bpf_sock[] = {SKEP_FIELDS_bpf_sock(ROW)};
static const struct skep_ctx_field fields_bpf_sock_addr[] = {SKEP_FIELDS_bpf_sock_addr(ROW)};
static const struct skep_ctx_field fields_bpf_sock_ops[] = {SKEP_FIELDS_bpf_sock_ops(ROW)};
static const struct skep_ctx_field fields_sk_msg_md[] = {SKEP_FIELDS_sk_msg_md(ROW)};
static const struct skep_ctx_field fields_bpf_sk_lookup[] = {SKEP_FIELDS_bpf_sk_lookup(ROW)};
static const struct skep_ctx_field fields_sk_reuseport_md[] = {SKEP_FIELDS_sk_reuseport_md(ROW)};
static const struct skep_ctx_field fields_bpf_sysctl[] = {SKEP_FIELDS_bpf_sysctl(ROW)};
static const struct skep_ctx_field fields_bpf_sockopt[] = {SKEP_FIELDS_bpf_sockopt(ROW)};
static const struct skep_ctx_field fields_bpf_cgroup_dev_ctx[] = {
    SKEP_FIELDS_bpf_cgroup_dev_ctx(ROW)};
static const struct skep_ctx_field fields_pt_regs[] = {SKEP_FIELDS_pt_regs(ROW)};
static const struct skep_ctx_field fields_bpf_perf_event_data[] = {
    SKEP_FIELDS_bpf_perf_event_data(ROW)};
/* One empty row: no list at all. */
static const struct skep_ctx_field fields_plain[1];
#undef WRITER
#define WRITER SKB_TC
static const struct skep_ctx_field fields_sk_buff_tc[] = {SKEP_FIELDS_sk_buff(ROW)};
#undef WRITER
#define WRITER SKB_CGROUP
static const struct skep_ctx_field fields_sk_buff_cgroup[] = {SKEP_FIELDS_sk_buff(ROW)};
#undef WRITER
#define WRITER SKB_FILTER
static const struct skep_ctx_field fields_sk_buff_filter[] = {SKEP_FIELDS_sk_buff(ROW)};
#undef WRITER
#define WRITER SKB_SOCKET
static const struct skep_ctx_field fields_sk_buff_socket[] = {SKEP_FIELDS_sk_buff(ROW)};
#undef WRITER
#define WRITER 0
static const struct skep_ctx_field fields_sk_buff_none[] = {SKEP_FIELDS_sk_buff(ROW)};

static const struct skep_prog_type prog_types[] = {
#define PROG(id, name, text, fields, ctx_name, size)                                               \
	[id] = {text,                                                                              \
		id,                                                                                \
		ctx_name,                                                                          \
		size,                                                                              \
		fields_##fields,                                                                   \
		SKEP_ARRAY_SIZE(fields_##fields) > 1 ? SKEP_ARRAY_SIZE(fields_##fields) : 0},
#include "abi/prog.def"
};

const struct skep_prog_type *skep_prog_type_find(u32 id)
{
	return id && id < SKEP_ARRAY_SIZE(prog_types) ? &prog_types[id] : NULL;
}

const struct skep_prog_type *skep_prog_type_named(const char *name, size_t n)
{
	for (u32 i = 1; i < SKEP_ARRAY_SIZE(prog_types); i++)
		if (same(prog_types[i].name, name, n))
			return &prog_types[i];
	return NULL;
}

const struct skep_ctx_field *skep_ctx_find(const struct skep_prog_type *pt, s64 off, u32 size)
{
	for (u32 i = 0; i < pt->nctx; i++) {
		const struct skep_ctx_field *f = &pt->ctx[i];

		if (off < f->off + f->size && off + (s64)size > f->off)
			return f;
	}
	return NULL;
}

static const struct {
	const char *name;
	u8 type, attach, loose;
} sections[] = {
#define SECTION(name, type, attach, loose) {name, SKEP_PROG_##type, attach, loose},
#include "abi/section.def"
};

/* Does row i take the rest of a section's name behind its own? */
static bool section_tail(u32 i, const char *tail)
{
	return !*tail || *tail == '/' || (sections[i].loose && !strchr(tail, '.'));
}

u32 skep_section_prog_type(const char *section, u32 *attach_type)
{
	size_t best = 0, n;
	u32 type = 0;

	if (*section == '?')
		section++;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(sections); i++) {
		n = strlen(sections[i].name);
		if (n <= best || strncmp(section, sections[i].name, n) ||
		    !section_tail(i, section + n))
			continue;
		best = n;
		type = sections[i].type;
		if (attach_type)
			*attach_type = sections[i].attach;
	}
	if (!type && attach_type)
		*attach_type = 0;
	return type;
}

u32 skep_section_guess_type(const char *section)
{
	static const struct {
		const char *prefix;
		u32 type;
	} guess[] = {
		{"xdp", SKEP_PROG_XDP},		       {"socket", SKEP_PROG_SOCKET_FILTER},
		{"tc", SKEP_PROG_SCHED_CLS},	       {"classifier", SKEP_PROG_SCHED_CLS},
		{"cls", SKEP_PROG_SCHED_CLS},	       {"ingress", SKEP_PROG_SCHED_CLS},
		{"egress", SKEP_PROG_SCHED_CLS},       {"from-", SKEP_PROG_SCHED_CLS},
		{"redirect_to", SKEP_PROG_SCHED_CLS}, {"act", SKEP_PROG_SCHED_ACT},
	};

	for (u32 k = 0; k < SKEP_ARRAY_SIZE(guess); k++)
		if (strncmp(section, guess[k].prefix, strlen(guess[k].prefix)) == 0)
			return guess[k].type;
	return 0;
}
