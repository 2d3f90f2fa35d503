/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames for tests: Ethernet with up to two VLAN tags, IPv4 with options, IPv6
 * with extension headers, tunnels, TCP, UDP, ICMP, ARP, payloads; and damage done
 * to them. Addresses and ports come from small sets, so that flows repeat and
 * lookups hit.
 */
#include "run/run_impl.h"

struct builder {
	struct skep_rng *rng;
	u8 *p;
	u32 n, max;
};

static u32 pick(struct skep_rng *rng, u32 n)
{
	return (u32)skep_rng_below(rng, n);
}

/* One of the values. */
#define ONE_OF(rng, ...)                                                                           \
	((const u32[]){__VA_ARGS__}[pick(rng, SKEP_ARRAY_SIZE(((const u32[]){__VA_ARGS__})))])

u16 skep_run_port(struct skep_rng *rng)
{
	if (pick(rng, 8) == 0)
		return (u16)skep_rng_next(rng);
	return (u16)ONE_OF(rng, 80, 443, 53, 22, 8080, 1234, 67, 68, 7, 9, 6081, 4789, 51423);
}

u32 skep_run_ip4(struct skep_rng *rng)
{
	if (pick(rng, 16) == 0)
		return (u32)skep_rng_next(rng);
	return ONE_OF(rng, 0x0a000001, 0x0a000002, 0xc0a80101, 0x7f000001, 0xac100005, 0xe0000001,
		      0x08080808, 0xffffffff);
}

void skep_run_ip6(struct skep_rng *rng, u8 *out)
{
	u32 kind = pick(rng, 8);

	memset(out, 0, 16);
	out[15] = (u8)(1 + pick(rng, 4));
	if (kind < 3)
		memcpy(out, "\xfd\0\0\0\0\0\0\1", 8);
	else if (kind < 5)
		memcpy(out, "\xfe\x80", 2);
	else if (kind == 5)
		memcpy(out, "\xff\x02", 2);
	else if (kind == 6)
		memcpy(out + 8, "\0\0\xff\xff\x0a\0\0", 7);
}

static u8 *room(struct builder *b, u32 n)
{
	static u8 spill[4096];
	u8 *p = b->p + b->n;

	if (b->n + n > b->max)
		return spill;
	b->n += n;
	memset(p, 0, n);
	return p;
}

static u16 checksum(const u8 *p, u32 n)
{
	u32 sum = 0;

	for (u32 i = 0; i + 1 < n; i += 2)
		sum += skep_get16(p + i, true);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static void put_random(struct builder *b, u32 n)
{
	u8 *p = room(b, n);

	for (u32 i = 0; i < n; i++)
		p[i] = (u8)skep_rng_next(b->rng);
}

static void put_payload(struct builder *b)
{
	static const char *const texts[] = {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
					    "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1"};
	u32 n = pick(b->rng, 8), len;

	if (n < 2) {
		len = n ? 27 : (u32)strlen(texts[0]);
		memcpy(room(b, len), texts[n], len);
	} else if (n < 7) {
		put_random(b, pick(b->rng, 64));
	} else {
		room(b, pick(b->rng, 1400));
	}
}

static void put_tcp(struct builder *b)
{
	u32 words = pick(b->rng, 4) ? 5 : 5 + pick(b->rng, 11);
	u8 *p = room(b, words * 4);

	skep_put16(p, skep_run_port(b->rng), true);
	skep_put16(p + 2, skep_run_port(b->rng), true);
	skep_put32(p + 4, (u32)skep_rng_next(b->rng), true);
	skep_put32(p + 8, (u32)skep_rng_next(b->rng), true);
	p[12] = (u8)(words << 4);
	p[13] = (u8)ONE_OF(b->rng, 2, 0x10, 0x12, 0x18, 1, 4, 0x11, 0xff);
	skep_put16(p + 14, 0xffff, true);
	if (words > 5)
		memcpy(p + 20, "\2\4\5\xb4", 4);
	if (words > 6)
		memcpy(p + 24, "\1\3\3\7", 4);
	put_payload(b);
}

static void put_udp(struct builder *b)
{
	u32 at = b->n;
	u8 *p = room(b, 8);

	skep_put16(p, skep_run_port(b->rng), true);
	skep_put16(p + 2, skep_run_port(b->rng), true);
	put_payload(b);
	skep_put16(p + 4, (u16)(b->n - at), true);
	skep_put16(p + 6, (u16)(pick(b->rng, 2) ? skep_rng_next(b->rng) : 0), true);
}

static void put_icmp(struct builder *b, bool six)
{
	u32 at = b->n;
	u8 *p = room(b, 8);

	p[0] = (u8)(six ? ONE_OF(b->rng, 128, 129, 135, 136, 1, 2)
			: ONE_OF(b->rng, 8, 0, 3, 11, 5));
	p[1] = (u8)pick(b->rng, 5);
	put_random(b, pick(b->rng, 60));
	skep_put16(p + 2, checksum(b->p + at, b->n - at), true);
}

static void put_ip4(struct builder *b, u32 depth);
static void put_ip6(struct builder *b, u32 depth);

static void put_gre(struct builder *b, u32 depth)
{
	u8 *p = room(b, 4);

	skep_put16(p + 2, 0x0800, true);
	put_ip4(b, depth + 1);
}

static void put_l4(struct builder *b, u8 proto, u32 depth)
{
	switch (proto) {
	case 6: put_tcp(b); break;
	case 17: put_udp(b); break;
	case 1: put_icmp(b, false); break;
	case 58: put_icmp(b, true); break;
	case 4: put_ip4(b, depth + 1); break;
	case 41: put_ip6(b, depth + 1); break;
	case 47: put_gre(b, depth); break;
	default: put_random(b, pick(b->rng, 64)); break;
	}
}

static u8 protocol(struct builder *b, u32 depth, bool six)
{
	u32 n = pick(b->rng, 16);

	if (n < 7)
		return 6;
	if (n < 11)
		return 17;
	if (n < 13)
		return six ? 58 : 1;
	if (depth)
		return 6;
	return (u8)ONE_OF(b->rng, 4, 41, 47, 132, 255, 50);
}

static void put_ip4(struct builder *b, u32 depth)
{
	u32 at = b->n, words = pick(b->rng, 6) ? 5 : 5 + pick(b->rng, 11);
	u8 *p = room(b, words * 4);
	u8 proto = protocol(b, depth, false);

	p[0] = (u8)(0x40 | words);
	p[1] = (u8)(pick(b->rng, 2) ? 0 : skep_rng_next(b->rng));
	skep_put16(p + 4, (u16)skep_rng_next(b->rng), true);
	if (pick(b->rng, 4) == 0)
		skep_put16(p + 6, (u16)ONE_OF(b->rng, 0x4000, 0x2000, 0x2010, 0x00b9, 0x8000),
			   true);
	p[8] = (u8)ONE_OF(b->rng, 64, 64, 255, 1, 2, 0);
	p[9] = proto;
	skep_put32(p + 12, skep_run_ip4(b->rng), true);
	skep_put32(p + 16, skep_run_ip4(b->rng), true);
	if (words > 5)
		memset(p + 20, 1, words * 4 - 20);
	put_l4(b, proto, depth);
	skep_put16(p + 2, (u16)(b->n - at), true);
	skep_put16(p + 10, checksum(p, words * 4), true);
}

static void put_ip6(struct builder *b, u32 depth)
{
	u8 *p = room(b, 40), *next = p + 6;
	u8 proto = protocol(b, depth, true);
	u32 at = b->n, ext = pick(b->rng, 4) ? 0 : 1 + pick(b->rng, 2);

	p[0] = 0x60;
	if (pick(b->rng, 3) == 0)
		skep_put32(p, 0x60000000 | ((u32)skep_rng_next(b->rng) & 0xfffffff), true);
	p[7] = (u8)ONE_OF(b->rng, 64, 64, 255, 1, 0);
	skep_run_ip6(b->rng, p + 8);
	skep_run_ip6(b->rng, p + 24);
	while (ext--) {
		u8 kind = (u8)ONE_OF(b->rng, 0, 43, 44, 60), *e;
		u32 more = kind == 44 ? 0 : pick(b->rng, 3);

		*next = kind;
		e = room(b, 8 + more * 8);
		e[1] = (u8)more;
		if (kind == 44)
			skep_put16(e + 2, (u16)ONE_OF(b->rng, 0, 1, 8, 9), true);
		next = e;
	}
	*next = proto;
	put_l4(b, proto, depth);
	skep_put16(p + 4, (u16)(b->n - at), true);
}

static void put_arp(struct builder *b)
{
	u8 *p = room(b, 28);

	memcpy(p, "\0\1\x08\0\6\4\0", 7);
	p[7] = (u8)(1 + pick(b->rng, 2));
	memcpy(p + 8, "\2\0\0\0\0\1", 6);
	skep_put32(p + 14, skep_run_ip4(b->rng), true);
	skep_put32(p + 24, skep_run_ip4(b->rng), true);
}

static void put_mac(struct builder *b, u8 *p)
{
	memcpy(p, "\2\0\0\0\0", 5);
	p[5] = (u8)(1 + pick(b->rng, 4));
	if (pick(b->rng, 8) == 0)
		memset(p, 0xff, 6);
}

static void put_frame(struct builder *b)
{
	u32 tags = pick(b->rng, 4) ? 0 : 1 + pick(b->rng, 2), kind = pick(b->rng, 16);
	u8 *p = room(b, 14);
	u16 type = kind < 9 ? 0x0800 : kind < 14 ? 0x86dd : kind == 14 ? 0x0806 : 0x8847;

	put_mac(b, p);
	put_mac(b, p + 6);
	for (p += 12; tags; tags--) {
		skep_put16(p, (u16)ONE_OF(b->rng, 0x8100, 0x88a8), true);
		p = room(b, 4);
		skep_put16(p, (u16)ONE_OF(b->rng, 0, 1, 2, 42, 0x2001, 4095, 100), true);
		p += 2;
	}
	skep_put16(p, kind == 15 && pick(b->rng, 2) ? (u16)skep_rng_next(b->rng) : type, true);
	if (kind < 9)
		put_ip4(b, 0);
	else if (kind < 14)
		put_ip6(b, 0);
	else if (kind == 14)
		put_arp(b);
	else
		put_random(b, pick(b->rng, 64));
}

/* Damage: flipped bits, other bytes, a short or a long end. */
u32 skep_run_damage(struct skep_rng *rng, u8 *pkt, u32 len, u32 max)
{
	u32 n = 1 + pick(rng, 3);

	while (n-- && len) {
		u32 near = SKEP_MIN(len, 64u), at = pick(rng, pick(rng, 4) ? near : len);

		switch (pick(rng, 6)) {
		case 0: pkt[at] ^= (u8)(1 << pick(rng, 8)); break;
		case 1: pkt[at] = (u8)skep_rng_next(rng); break;
		case 2: pkt[at] = (u8)ONE_OF(rng, 0, 1, 2, 0x7f, 0x80, 0xff); break;
		case 3: len = pick(rng, len + 1); break;
		case 4:
			at = pick(rng, 80);
			len = SKEP_MIN(len, at);
			break;
		default:
			if (len < max)
				memset(pkt + len, 0, SKEP_MIN(max - len, 64u));
			len += SKEP_MIN(max - len, 64u);
		}
	}
	return len;
}

u32 skep_run_packet(struct skep_rng *rng, u8 *pkt, u32 max)
{
	struct builder b = {rng, pkt, 0, max};

	put_frame(&b);
	if (pick(rng, 5) == 0)
		b.n = skep_run_damage(rng, pkt, b.n, max);
	return b.n;
}
