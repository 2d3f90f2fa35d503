/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One source for every engine: BPF programs when clang compiles for BPF, plain
 * functions in a shared object otherwise. All work on `mem`, which whoever runs
 * them fills, and return 32 bits.
 */
#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { MEM_SIZE = 8192, ENTRIES = 256 };

#ifdef __bpf__
struct __sk_buff;
#define BENCH(name)                                                                                \
	__attribute__((section("tc"), used)) int bench_##name(struct __sk_buff *ctx)
/* Each in a map of its own, as large as a value can be without surprises. */
u8 mem[MEM_SIZE] __attribute__((aligned(8)));
#define NOINLINE __attribute__((noinline))

static void *(*lookup)(void *map, const void *key) = (void *)1;
static u32 (*node)(void) = (void *)42;
#define MAP(kind, key_type, value_type, name)                                                      \
	struct {                                                                                   \
		int(*type)[kind];                                                                  \
		int(*max_entries)[ENTRIES];                                                        \
		key_type *key;                                                                     \
		value_type *value;                                                                 \
	} name __attribute__((section(".maps"), used))
#else
#define BENCH(name) int bench_##name(void *ctx)
static u8 mem[MEM_SIZE] __attribute__((aligned(64)));
#define NOINLINE __attribute__((noinline, noclone_))
#ifdef __clang__
#define noclone_
#else
#define noclone_ noclone
#endif
void *bench_mem(void);
void *bench_mem(void)
{
	return mem;
}
/* What stands for helpers and maps natively; set by the driver. */
void *(*lookup)(void *map, const void *key);
u32 (*node)(void);
#define MAP(kind, key_type, value_type, name) void *name
#endif

#define WORDS(type) ((type *)(void *)mem)
#define NO_UNROLL _Pragma("clang loop unroll(disable)")
#ifndef __clang__
#undef NO_UNROLL
#define NO_UNROLL
#endif

#endif
