/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables in an arena whose place is an enumerator of its definition. What the programs return,
 * tests know. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, 33); /* BPF_MAP_TYPE_ARENA */
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 8);
#ifdef PLACED
	enum { place = 1ull << 45 } map_extra;
#endif
#ifdef PINNED
	__uint(pinning, LIBBPF_PIN_BY_NAME);
#endif
} arena_vars SEC(".maps");

int __arena counter = 5;
long __arena table[700] = {1, 20, 300};
static long __arena hidden = 4000;
long __arena *__arena where;
long __arena far[1200];

/* Without a reference to the map. */
SEC("syscall") int bump(void *ctx)
{
	counter++;
	hidden += 1000;
	table[1]++;
	far[1100] += 100000;
	return counter + table[1] + hidden + far[1100];
}

/* Addresses are those that user space has: with an upper half if the arena's place has one. */
SEC("syscall") int follow(void *ctx)
{
	where = &table[2];
	*where += 7;
	return *where +
	       (((unsigned long)where & 0xffffffff) == ((unsigned long)&table[2] & 0xffffffff));
}

#ifdef PLACED
SEC("syscall") int upper(void *ctx)
{
	return (unsigned long)&counter >> 32;
}
#endif

static __attribute__((noinline)) long deep(void)
{
	return table[0] + hidden;
}

SEC("syscall") int calls(void *ctx)
{
	return deep();
}

/* Nothing of the arena at all. */
SEC("syscall") int other(void *ctx)
{
	return 3;
}

char _license[] SEC("license") = "GPL";
