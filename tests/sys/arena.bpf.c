/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs over an arena: pages, accesses of every size inside of it and beside it, pointers that
 * user space follows, atomics.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __arena __attribute__((address_space(1)))

/* True until too many loops were made; what verifiers take as the end of every loop. */
#define MAY_LOOP                                                                                   \
	({                                                                                         \
		__label__ out, on;                                                                 \
		int go = 1;                                                                        \
		asm volatile goto("may_goto %l[out]" :: ::out);                                    \
		goto on;                                                                           \
	out:                                                                                       \
		go = 0;                                                                            \
	on:;                                                                                       \
		go;                                                                                \
	})

struct {
	__uint(type, 33); /* BPF_MAP_TYPE_ARENA */
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16);
} arena SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, long);
} plain SEC(".maps");

void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 page_cnt, int node_id,
				    __u64 flags) __ksym;
void bpf_arena_free_pages(void *map, void __arena *ptr, __u32 page_cnt) __ksym;
int bpf_arena_reserve_pages(void *map, void __arena *ptr, __u32 page_cnt) __ksym;

struct args {
	__u64 in[4], out[4];
};

SEC("syscall") int alloc(struct args *a)
{
	a->out[0] = (__u64)bpf_arena_alloc_pages(&arena, (void __arena *)a->in[0], a->in[1],
						 (int)a->in[3] - 1, a->in[2]);
	return 0;
}

SEC("syscall") int release(struct args *a)
{
	bpf_arena_free_pages(&arena, (void __arena *)a->in[0], a->in[1]);
	return 0;
}

SEC("syscall") int reserve(struct args *a)
{
	a->out[0] = (__s64)bpf_arena_reserve_pages(&arena, (void __arena *)a->in[0], a->in[1]);
	return 0;
}

/* A map of another type is no arena for the functions. */
SEC("syscall") int not_arena(struct args *a)
{
	a->out[0] = (__u64)bpf_arena_alloc_pages(&plain, 0, 1, -1, 0);
	bpf_arena_free_pages(&plain, (void __arena *)4096, 1);
	a->out[1] = (__s64)bpf_arena_reserve_pages(&plain, 0, 1);
	return 0;
}

#define OFF_LOW -32768
#define OFF_HIGH 32760

SEC("syscall") int peek(struct args *a)
{
	volatile char __arena *p = (void __arena *)a->in[0];

	bpf_arena_reserve_pages(&arena, 0, 0);
	switch (a->in[1]) {
	case 1: a->out[0] = *(volatile __u8 __arena *)p; break;
	case 2: a->out[0] = *(volatile __u16 __arena *)p; break;
	case 4: a->out[0] = *(volatile __u32 __arena *)p; break;
	case 8: a->out[0] = *(volatile __u64 __arena *)p; break;
	case 9: a->out[0] = *(volatile __u64 __arena *)(p + OFF_LOW); break;
	case 10: a->out[0] = *(volatile __u64 __arena *)(p + OFF_HIGH); break;
	}
	return 0;
}

SEC("syscall") int peek_signed(struct args *a)
{
	volatile char __arena *p = (void __arena *)a->in[0];

	bpf_arena_reserve_pages(&arena, 0, 0);
	a->out[0] = (__s64) * (volatile __s8 __arena *)p;
	a->out[1] = (__s64) * (volatile __s16 __arena *)p;
	a->out[2] = (__s64) * (volatile __s32 __arena *)p;
	return 0;
}

SEC("syscall") int poke(struct args *a)
{
	volatile char __arena *p = (void __arena *)a->in[0];

	bpf_arena_reserve_pages(&arena, 0, 0);
	switch (a->in[1]) {
	case 1: *(volatile __u8 __arena *)p = a->in[2]; break;
	case 2: *(volatile __u16 __arena *)p = a->in[2]; break;
	case 4: *(volatile __u32 __arena *)p = a->in[2]; break;
	case 8: *(volatile __u64 __arena *)p = a->in[2]; break;
	case 9: *(volatile __u64 __arena *)(p + OFF_LOW) = a->in[2]; break;
	case 10: *(volatile __u64 __arena *)(p + OFF_HIGH) = a->in[2]; break;
	case 11: *(volatile __u8 __arena *)p = 0x5a; break;
	case 12: *(volatile __u16 __arena *)p = 0x5a5b; break;
	case 13: *(volatile __u32 __arena *)p = 0x5a5b5c5d; break;
	case 14: *(volatile __u64 __arena *)p = -0x123456; break;
	}
	return 0;
}

/* --- atomics -------------------------------------------------------------------------------------
 */

SEC("syscall") int atomics(struct args *a)
{
	__u64 __arena *p = (void __arena *)a->in[0];
	__u32 __arena *w = (void __arena *)a->in[1];

	bpf_arena_reserve_pages(&arena, 0, 0);
	a->out[0] = __sync_fetch_and_add(p, a->in[2]);
	a->out[1] = __sync_val_compare_and_swap(p, a->in[3], 0x1111222233334444);
	a->out[2] = __sync_lock_test_and_set(p + 1, a->in[2] + 1);
	a->out[3] = __sync_fetch_and_add(w, 3);
	a->in[1] = __sync_val_compare_and_swap(w, (__u32)a->in[3], 5);
	a->in[2] = __sync_lock_test_and_set(w + 1, 9);
	return 0;
}

/* --- what user space follows
 * ----------------------------------------------------------------------- */

struct node {
	struct node __arena *next;
	__u64 value;
};

/* A list: its head is the first word of the page at in[0]; in[1] nodes are taken from the rest of
 * it. */
SEC("syscall") int list(struct args *a)
{
	struct node __arena *__arena *head = (void __arena *)a->in[0];
	struct node __arena *n = (void __arena *)(a->in[0] + 16);
	__u64 many = a->in[1];

	bpf_arena_reserve_pages(&arena, 0, 0);
	for (int k = 0; k < many && MAY_LOOP; k++, n++) {
		n->value = k * k;
		n->next = *head;
		*head = n;
	}
	for (n = *head; n && MAY_LOOP; n = n->next) {
		a->out[0] += n->value;
		a->out[1]++;
	}
	return 0;
}

/* A table with chains; keys in[2] and on, in[1] of them. Buckets are the page at in[0], elements
 * come behind. */
SEC("syscall") int table(struct args *a)
{
	struct node __arena *__arena *bucket = (void __arena *)a->in[0];
	struct node __arena *e = (void __arena *)(a->in[0] + 4096);
	__u64 many = a->in[1];

	bpf_arena_reserve_pages(&arena, 0, 0);
	for (int k = 0; k < many && MAY_LOOP; k++, e++) {
		__u64 key = a->in[2] + k * 7;

		e->value = key;
		e->next = bucket[key * 0x9e3779b97f4a7c15ull >> 60];
		bucket[key * 0x9e3779b97f4a7c15ull >> 60] = e;
	}
	for (int k = 0; k < 2000 && MAY_LOOP; k++) {
		struct node __arena *f = bucket[k * 0x9e3779b97f4a7c15ull >> 60];

		for (; f && MAY_LOOP; f = f->next)
			if (f->value == k) {
				a->out[0]++;
				a->out[1] += k;
			}
	}
	return 0;
}

/* Many of them at a time: in[0] is what they count. */
SEC("syscall") int count(struct args *a)
{
	__u64 __arena *p = (void __arena *)a->in[0];

	bpf_arena_reserve_pages(&arena, 0, 0);
	for (int k = 0; k < 1000 && MAY_LOOP; k++) {
		__sync_fetch_and_add(p, 1);
		a->out[0] = __sync_fetch_and_add((__u32 __arena *)(p + 1), 2);
	}
	return 0;
}

/* Pages as fast as they can be had, and back: what was had is nobody else's meanwhile. */
SEC("syscall") int churn(struct args *a)
{
	for (int k = 0; k < 100 && MAY_LOOP; k++) {
		__u64 __arena *p = bpf_arena_alloc_pages(&arena, 0, 2, -1, 0);

		if (!p)
			continue;
		a->out[0]++;
		if (p[0] || p[511] || p[512] || p[1023])
			a->out[1]++;
		p[0] = p[511] = p[512] = p[1023] = a->in[0] + k;
		if (p[0] != a->in[0] + k || p[1023] != a->in[0] + k)
			a->out[2]++;
		bpf_arena_free_pages(&arena, (void __arena *)p, 2);
	}
	return 0;
}

/* Page by page: it can be had, and is zero, or it is had already, and then it keeps what is stored.
 */
SEC("syscall") int audit(struct args *a)
{
	for (int k = 0; k < 16 && MAY_LOOP; k++) {
		volatile __u64 __arena *p = (void __arena *)(a->in[0] + k * 4096);
		void __arena *got = bpf_arena_alloc_pages(&arena, (void __arena *)p, 1, -1, 0);
		__u64 old = *p;

		*p = 12345;
		a->out[0] += (got && old) || *p != 12345;
		a->out[1] += !got;
		*p = old;
		if (got)
			bpf_arena_free_pages(&arena, (void __arena *)p, 1);
	}
	return 0;
}

/* A lock that user space takes, too: what is under it is neither atomic nor in one place. */
SEC("syscall") int locked(struct args *a)
{
	__u64 __arena *lock = (void __arena *)a->in[0];
	volatile __u64 __arena *sum = (void __arena *)(a->in[0] + 4096);

	bpf_arena_reserve_pages(&arena, 0, 0);
	for (int k = 0; k < 200 && MAY_LOOP; k++) {
		while (__sync_val_compare_and_swap(lock, 0, 1) && MAY_LOOP)
			;
		sum[0]++;
		sum[1] += sum[0] & 1;
		__sync_lock_test_and_set(lock, 0);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
