/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a verifier asks about helper calls: exact types, who may call, which maps.
 * Tables: helper_type.def and allowed.def are generated, mapfn.def is written by hand.
 */
#include "abi/abi.h"

#define A(kind, flags, size, btf)                                                                  \
	{                                                                                          \
		SKEP_AT_##kind, (u8)(size), (u16)(flags), btf                                      \
	}
#define R(kind, flags, btf)                                                                        \
	{                                                                                          \
		SKEP_RT_##kind, 0, (u16)(flags), btf                                               \
	}

static const struct skep_helper_type types[] = {
#define HTYPE(id, name, progs, ret, a1, a2, a3, a4, a5, flags)                                     \
	{id, flags, progs, ret, {a1, a2, a3, a4, a5}},
#include "abi/helper_type.def"
#undef HTYPE
};

static const u64 allowed[] = {
#define ALLOW(id, name, progs) [id] = progs,
#define ALLOW_AT(id, name, prog, attach)
#include "abi/allowed.def"
};

static const struct {
	u16 id;
	u8 prog;
	u64 attach;
} allowed_at[] = {
#define ALLOW(id, name, progs)
#define ALLOW_AT(id, name, prog, attach) {id, SKEP_PROG_##prog, attach},
#include "abi/allowed.def"
};

enum { MAP_SIDE = 1, HELPER_SIDE = 2 };
static const struct {
	u8 map, id, sides;
} mapfn[] = {
#define PAIR(map, helper) {SKEP_MAP_##map, SKEP_FN_##helper, MAP_SIDE | HELPER_SIDE},
#define TAKES(map, helper) {SKEP_MAP_##map, SKEP_FN_##helper, MAP_SIDE},
#define ONLY(map, helper) {SKEP_MAP_##map, SKEP_FN_##helper, HELPER_SIDE},
#include "abi/mapfn.def"
};

/* The first row of an id: rows are in the order of ids. */
static u32 first_row(u32 id)
{
	u32 lo = 0, hi = SKEP_ARRAY_SIZE(types);

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (types[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct skep_helper_type *skep_helper_type(u32 prog_type, s64 id)
{
	const struct skep_helper_type *any = NULL;

	if (id <= 0 || id >= (s64)SKEP_ARRAY_SIZE(allowed))
		return NULL;
	for (u32 i = first_row((u32)id); i < SKEP_ARRAY_SIZE(types) && types[i].id == id; i++) {
		if (!types[i].progs)
			any = &types[i];
		else if (prog_type < 64 && types[i].progs >> prog_type & 1)
			return &types[i];
	}
	return any;
}

bool skep_helper_allowed(u32 prog_type, u32 attach_type, s64 id)
{
	if (id <= 0 || id >= (s64)SKEP_ARRAY_SIZE(allowed) || prog_type >= SKEP_PROG_NR)
		return false;
	if (prog_type == SKEP_PROG_EXT) /* as the program that it replaces a part of */
		return allowed[id] != 0;
	if (!(allowed[id] >> prog_type & 1))
		return false;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(allowed_at); i++)
		if (allowed_at[i].id == id && allowed_at[i].prog == prog_type)
			return attach_type < 64 && allowed_at[i].attach >> attach_type & 1;
	return true;
}

bool skep_helper_allowed_ops(const char *ops, s64 id)
{
	static const u8 tcp[] = {SKEP_FN_sk_storage_get, SKEP_FN_sk_storage_delete,
				 SKEP_FN_setsockopt,	 SKEP_FN_getsockopt,
				 SKEP_FN_tcp_send_ack,	 SKEP_FN_ktime_get_coarse_ns};
	bool is_tcp = !strcmp(ops, "tcp_congestion_ops");

	if (!skep_helper_allowed(SKEP_PROG_STRUCT_OPS, 0, id) || !strcmp(ops, "bpf_dummy_ops"))
		return false;
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(tcp); i++)
		if (id == tcp[i])
			return is_tcp;
	return true;
}

bool skep_helper_allowed_to(u32 prog_type, u32 attach_type, const char *attach_to, s64 id)
{
	if (prog_type == SKEP_PROG_STRUCT_OPS && attach_to)
		return skep_helper_allowed_ops(attach_to, id);
	if (!skep_helper_allowed(prog_type, attach_type, id))
		return false;
	if (prog_type != SKEP_PROG_TRACING || attach_type != SKEP_ATTACH_TRACE_ITER || !attach_to)
		return true;
	if (id == SKEP_FN_setsockopt || id == SKEP_FN_getsockopt)
		return !strcmp(attach_to, "tcp") || !strcmp(attach_to, "unix");
	return true;
}

bool skep_helper_unpriv(s64 id)
{
	switch (id) {
#define UNPRIV(name) case SKEP_FN_##name:
#include "abi/unpriv.def"
		return true;
	default: return false;
	}
}

/* May the program update (or delete from) a socket map with the general helpers? */
static bool sockmap_write_ok(u32 prog_type, u32 attach_type, s64 id)
{
	switch (prog_type) {
	case SKEP_PROG_TRACING: return attach_type == SKEP_ATTACH_TRACE_ITER;
	case SKEP_PROG_SOCK_OPS: return id == SKEP_FN_map_delete_elem;
	case SKEP_PROG_SOCKET_FILTER:
	case SKEP_PROG_SCHED_CLS:
	case SKEP_PROG_SCHED_ACT:
	case SKEP_PROG_XDP:
	case SKEP_PROG_SK_REUSEPORT:
	case SKEP_PROG_FLOW_DISSECTOR:
	case SKEP_PROG_SK_LOOKUP: return true;
	default: return false;
	}
}

bool skep_helper_map_ok(u32 prog_type, u32 attach_type, s64 id, u32 map_type)
{
	bool map_bound = false, helper_bound = false;

	if ((map_type == SKEP_MAP_SOCKMAP || map_type == SKEP_MAP_SOCKHASH) &&
	    (id == SKEP_FN_map_update_elem || id == SKEP_FN_map_delete_elem))
		return sockmap_write_ok(prog_type, attach_type, id);
	for (u32 i = 0; i < SKEP_ARRAY_SIZE(mapfn); i++) {
		if (mapfn[i].map == map_type && mapfn[i].id == id)
			return true;
		map_bound |= mapfn[i].map == map_type && mapfn[i].sides & MAP_SIDE;
		helper_bound |= mapfn[i].id == id && mapfn[i].sides & HELPER_SIDE;
	}
	return !map_bound && !helper_bound;
}

static bool sleepable_map(u32 map_type)
{
	switch (map_type) {
	case SKEP_MAP_HASH:
	case SKEP_MAP_LRU_HASH:
	case SKEP_MAP_ARRAY:
	case SKEP_MAP_PERCPU_HASH:
	case SKEP_MAP_PERCPU_ARRAY:
	case SKEP_MAP_LRU_PERCPU_HASH:
	case SKEP_MAP_ARRAY_OF_MAPS:
	case SKEP_MAP_HASH_OF_MAPS:
	case SKEP_MAP_RINGBUF:
	case SKEP_MAP_USER_RINGBUF:
	case SKEP_MAP_INODE_STORAGE:
	case SKEP_MAP_SK_STORAGE:
	case SKEP_MAP_TASK_STORAGE:
	case SKEP_MAP_CGRP_STORAGE:
	case SKEP_MAP_QUEUE:
	case SKEP_MAP_STACK:
	case SKEP_MAP_ARENA: return true;
	default: return false;
	}
}

bool skep_prog_type_traces(u32 prog_type)
{
	return prog_type == SKEP_PROG_KPROBE || prog_type == SKEP_PROG_TRACEPOINT ||
	       prog_type == SKEP_PROG_PERF_EVENT || prog_type == SKEP_PROG_RAW_TRACEPOINT ||
	       prog_type == SKEP_PROG_RAW_TRACEPOINT_WRITABLE;
}

bool skep_map_prog_ok(u32 prog_type, bool sleepable, u32 map_type, u32 fields)
{
	if (map_type == SKEP_MAP_STRUCT_OPS || (sleepable && !sleepable_map(map_type)))
		return false;
	if (fields & SKEP_MAPF_MANY)
		return false;
	if (skep_prog_type_traces(prog_type) && fields)
		return false;
	return !(prog_type == SKEP_PROG_SOCKET_FILTER && fields & SKEP_MAPF_LOCK);
}
