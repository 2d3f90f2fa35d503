/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For cases in C: ACCEPT("SECTION", name) or REJECT("RULE", "SECTION", name) begins a
 * program, which gets its context as `ctx`. run.py reads these lines. The verifier sees
 * what the compiler makes of it: hide() keeps a value from it.
 */
#ifndef CASES_H
#define CASES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define ACCEPT(section, name) SEC(section) int name(void *ctx)
#define REJECT(rule, section, name) SEC(section) int name(void *ctx)

#define hide(x) asm volatile("" : "+r"(x))
#define barrier() asm volatile("" ::: "memory")

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

char LICENSE[] SEC("license") = "GPL";

#define ARRAY_OF(type_, name_)                                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 4);                                                            \
		__type(key, u32);                                                                  \
		__type(value, type_);                                                              \
	} name_ SEC(".maps")

/* The first element of an array; never NULL, but the verifier must be told. */
static __always_inline void *first(void *map)
{
	u32 key = 0;

	return bpf_map_lookup_elem(map, &key);
}

#endif
