/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct of operations that is the application's own: see ops_embed.c. With -DBAD=N a program does
 * what it may not; the line behind it says why, for ops_embed.py.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct router_peer {
	__u32 load;
};
struct router_request {
	__u64 size;
	__u32 weight;
	char host[20];
	struct router_peer *peer;
	union {
		__u64 word;
		void *pointer;
	};
	__u8 rest[];
};
struct router_ops {
	char name[16];
	__u64 limit;
	int (*decide)(struct router_request *r, int tries);
	__u64 (*look)(const struct router_request *r);
	int (*missing)(void);
};
__u64 calls;

SEC("struct_ops/decide")
int BPF_PROG(decide, struct router_request *r, int tries)
{
	__sync_fetch_and_add(&calls, 1);
	r->weight += 5;
	return r->size > 1000 ? -1 : tries * 2 + (r->host[1] == 'b');
}

SEC("struct_ops/decide")
int BPF_PROG(refuse, struct router_request *r, int tries)
{
#if BAD == 4
	r->peer = 0; /* 4: may only be read */
#elif BAD == 5
	r->word = 1; /* 5: may only be read */
#endif
	return -7;
}

SEC("struct_ops/look")
__u64 BPF_PROG(look, const struct router_request *r)
{
	__u64 sum = r->size;
#if BAD == 1
	sum += r->peer->load; /* 1: points to a kernel object, which is not there in user space */
#elif BAD == 2
	((struct router_request *)r)->weight = 1; /* 2: may only be read */
#elif BAD == 3
	sum += r->rest[0]; /* 3: has nothing of 1 bytes at 48 */
#elif BAD == 6
	sum = bpf_probe_read_kernel(&sum, 8, r->rest - 4); /* 6 is allowed: it is read where it is memory */
#endif
	return sum;
}

SEC(".struct_ops")
struct router_ops plain = {.name = "plain", .limit = 12, .decide = (void *)decide, .look = (void *)look};
SEC(".struct_ops")
struct router_ops strict = {.name = "strict", .limit = 34, .decide = (void *)refuse};

char _license[] SEC("license") = "GPL";
