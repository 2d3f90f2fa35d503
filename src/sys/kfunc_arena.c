/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel functions on arenas: pages. */
#include "sys/arena.h"
#include "sys/kfunc.h"

#include <stdio.h>
#include <unistd.h>

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define MAP(x) ((struct smap *)(uintptr_t)(x))

/* Has the machine this memory node? -1: any will do. The first one is there without NUMA, too. */
static bool has_node(int node)
{
	char path[64];

	if (node <= 0)
		return node >= -1;
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", node);
	return access(path, F_OK) == 0;
}

/* The map, an address, how many, the memory node, flags. Where pages lie is not ours to say. */
H(alloc_pages)
{
	return e || !has_node((int)d) ? 0 : sys_arena_alloc(MAP(a), b, (u32)c);
}

H(free_pages)
{
	sys_arena_free(MAP(a), b, (u32)c);
	return 0;
}

H(reserve_pages)
{
	return (u64)(s64)sys_arena_reserve(MAP(a), b, (u32)c);
}

#define CALL(fn_)                                                                                  \
	{                                                                                          \
		SKEP_ENG_CALL, fn_, 0                                                              \
	}
const struct kfunc_row sys_kfunc_arena_rows[] = {
	{"bpf_arena_alloc_pages", HT_ANY, CALL(alloc_pages)},
	{"bpf_arena_free_pages", HT_ANY, CALL(free_pages)},
	{"bpf_arena_reserve_pages", HT_ANY, CALL(reserve_pages)},
	{NULL, 0, CALL(NULL)},
};
