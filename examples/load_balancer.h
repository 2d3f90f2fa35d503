/* SPDX-License-Identifier: BSD-2-Clause */
/* What the load balancer's BPF program and its user-space side share. */
#ifndef LOAD_BALANCER_H
#define LOAD_BALANCER_H

#include <linux/types.h>
#include <linux/if_ether.h>

#define RING_SIZE	4099	/* places per virtual address, a prime */
#define MAX_VIPS	64
#define MAX_SERVERS	512

enum { FORWARD_MAC = 0, FORWARD_IPIP = 1 };
enum { STAT_HIT, STAT_NEW, STAT_NO_SERVER, STATS };

struct vip_key {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

struct flow_key {
	__be32 src;
	__be32 dst;
	__be16 src_port;
	__be16 dst_port;
	__u8 protocol;
	__u8 pad[3];
};

struct server {
	__be32 address;
	__u8 mac[ETH_ALEN];	/* of the server, or of the router to it */
	__u8 how;
	__u8 up;
};

/* Spread every bit of the flow over the whole word; both sides must agree on this. */
static inline __u32 hash_flow(const struct flow_key *f, __u32 seed)
{
	__u32 h = seed ^ f->protocol;

	h = (h ^ f->src) * 0x85ebca6b;
	h = (h << 13) | (h >> 19);
	h = (h ^ f->dst) * 0xc2b2ae35;
	h = (h << 13) | (h >> 19);
	h = (h ^ ((__u32)f->src_port << 16 | f->dst_port)) * 0x85ebca6b;
	h ^= h >> 16;
	return h * 0x9e3779b1;
}

#endif
