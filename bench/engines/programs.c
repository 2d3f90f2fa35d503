/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engines are compared with: small pieces of what programs do. */
#include "programs.h"

/* Nothing: what a run costs by itself. */
BENCH(empty)
{
	return 0;
}

BENCH(xorshift)
{
	u64 x = WORDS(u64)[0] | 1, sum = 0;

	for (u32 i = 0; i < 500; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sum += x * 0x9e3779b97f4a7c15ull;
	}
	return (int)(sum ^ sum >> 32);
}

/* Greatest common divisors of pairs: remainders. */
BENCH(gcd)
{
	u32 sum = 0;

	for (u32 i = 0; i < 32; i++) {
		u32 a = WORDS(u32)[2 * i] | 1, b = WORDS(u32)[2 * i + 1] | 1;

		for (u32 k = 0; k < 24 && b; k++) {
			u32 t = a % b;

			a = b;
			b = t;
		}
		sum += a;
	}
	return (int)sum;
}

BENCH(sieve)
{
	u8 *flag = mem + 4096;
	u32 count = 0;

	for (u32 i = 0; i < 1024; i++)
		flag[i] = 1;
	for (u32 i = 2; i < 32; i++) {
		if (!flag[i])
			continue;
		for (u32 k = i * i; k < 1024; k += i)
			flag[k & 1023] = 0;
	}
	for (u32 i = 2; i < 1024; i++)
		count += flag[i];
	return (int)count;
}

/* The Internet checksum of 1,500 bytes. */
BENCH(ip_checksum)
{
	u32 sum = 0;

	for (u32 i = 0; i < 750; i++)
		sum += WORDS(u16)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

BENCH(fletcher)
{
	u32 a = 1, b = 0;

	for (u32 i = 0; i < 1024; i++) {
		a += mem[i];
		b += a;
	}
	return (int)(a % 65521 | b % 65521 << 16);
}

/* With a table, a byte at a time. */
BENCH(crc32)
{
	const u32 *table = WORDS(u32) + 1024;
	u32 crc = ~0u;

	for (u32 i = 0; i < 256; i++)
		crc = table[(crc ^ mem[i]) & 255] ^ crc >> 8;
	return (int)~crc;
}

BENCH(copy_words)
{
	u64 *to = WORDS(u64) + 512;
	const u64 *from = WORDS(u64);

	for (u32 i = 0; i < 256; i++)
		to[i] = from[i];
	return (int)to[255];
}

BENCH(copy_reverse)
{
	for (u32 i = 0; i < 512; i++)
		mem[4096 + i] = mem[511 - i];
	return mem[4096 + 7];
}

/* The first place where 4 bytes of text stand. */
BENCH(find)
{
	for (u32 i = 0; i < 1000; i++)
		if (mem[i] == 'n' && mem[i + 1] == 'e' && mem[i + 2] == 'e' && mem[i + 3] == 'd')
			return (int)i;
	return -1;
}

/* Words of a text, and its letters in upper case. */
BENCH(words)
{
	u32 count = 0, in = 0;

	for (u32 i = 0; i < 512; i++) {
		u8 c = mem[i];

		if (c >= 'a' && c <= 'z') {
			count += !in;
			in = 1;
			c -= 32;
		} else {
			in = 0;
		}
		mem[4096 + i] = c;
	}
	return (int)count;
}

BENCH(fnv1a)
{
	u64 h = 0xcbf29ce484222325ull;

	for (u32 i = 0; i < 256; i++)
		h = (h ^ mem[i]) * 0x100000001b3ull;
	return (int)(h ^ h >> 32);
}

static u32 rol32(u32 x, u32 n)
{
	return x << n | x >> (32 - n);
}
static u64 rol64(u64 x, u32 n)
{
	return x << n | x >> (64 - n);
}

/* Bob Jenkins' mixing, 12 bytes a round. */
BENCH(jhash)
{
	u32 a = 0xdeadbeef, b = a, c = a;

	for (u32 i = 0; i < 32; i++) {
		a += WORDS(u32)[3 * i];
		b += WORDS(u32)[3 * i + 1];
		c += WORDS(u32)[3 * i + 2];
		a -= c; a ^= rol32(c, 4); c += b;
		b -= a; b ^= rol32(a, 6); a += c;
		c -= b; c ^= rol32(b, 8); b += a;
		a -= c; a ^= rol32(c, 16); c += b;
		b -= a; b ^= rol32(a, 19); a += c;
		c -= b; c ^= rol32(b, 4); b += a;
	}
	return (int)c;
}

#define SIPROUND                                                                                   \
	do {                                                                                       \
		v0 += v1; v1 = rol64(v1, 13); v1 ^= v0; v0 = rol64(v0, 32);                        \
		v2 += v3; v3 = rol64(v3, 16); v3 ^= v2;                                            \
		v0 += v3; v3 = rol64(v3, 21); v3 ^= v0;                                            \
		v2 += v1; v1 = rol64(v1, 17); v1 ^= v2; v2 = rol64(v2, 32);                        \
	} while (0)

BENCH(siphash)
{
	u64 v0 = 0x736f6d6570736575ull, v1 = 0x646f72616e646f6dull;
	u64 v2 = 0x6c7967656e657261ull, v3 = 0x7465646279746573ull;

	for (u32 i = 0; i < 32; i++) {
		u64 m = WORDS(u64)[i];

		v3 ^= m;
		SIPROUND;
		SIPROUND;
		v0 ^= m;
	}
	v2 ^= 0xff;
	SIPROUND;
	SIPROUND;
	SIPROUND;
	SIPROUND;
	v0 ^= v1 ^ v2 ^ v3;
	return (int)(v0 ^ v0 >> 32);
}

BENCH(murmur3)
{
	u32 h = 42;

	for (u32 i = 0; i < 128; i++) {
		u32 k = WORDS(u32)[i] * 0xcc9e2d51;

		k = rol32(k, 15) * 0x1b873593;
		h = rol32(h ^ k, 13) * 5 + 0xe6546b64;
	}
	h = (h ^ h >> 16) * 0x85ebca6b;
	h = (h ^ h >> 13) * 0xc2b2ae35;
	return (int)(h ^ h >> 16);
}

static u16 be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

/* Ethernet, VLAN, IPv4, IPv6, TCP and UDP in 64 frames of 64 bytes: ports and lengths. */
BENCH(parse)
{
	u32 sum = 0;

	NO_UNROLL
	for (u32 i = 0; i < 64; i++) {
		const u8 *p = mem + i * 64, *l4;
		u16 type = be16(p + 12);
		u8 proto;

		p += 14;
		if (type == 0x8100) {
			type = be16(p + 2);
			p += 4;
		}
		if (type == 0x0800) {
			if (p[0] >> 4 != 4 || (p[0] & 15) != 5)
				continue;
			proto = p[9];
			sum += be16(p + 2);
			l4 = p + 20;
		} else if (type == 0x86dd) {
			proto = p[6];
			sum += be16(p + 4);
			l4 = p + 40;
		} else {
			continue;
		}
		if (proto == 6)
			sum += be16(l4) * 3u + be16(l4 + 2);
		else if (proto == 17)
			sum ^= (u32)be16(l4) << 16 | be16(l4 + 2);
	}
	return (int)sum;
}

/* Network byte order in and out, as header rewriting has it. */
BENCH(swap_headers)
{
	u32 sum = 0;

	for (u32 i = 0; i < 128; i++) {
		u32 *w = WORDS(u32) + 1024 + 4 * i;
		u32 src = __builtin_bswap32(WORDS(u32)[4 * i]), dst = __builtin_bswap32(WORDS(u32)[4 * i + 1]);

		w[0] = __builtin_bswap32(dst + 1);
		w[1] = __builtin_bswap32(src);
		sum += src ^ dst;
	}
	return (int)sum;
}

struct stat {
	u64 packets, bytes;
};
MAP(2, u32, struct stat, counters);
MAP(1, u32, struct stat, flows);

static inline __attribute__((always_inline)) int count(void *map)
{
	u64 sum = 0;

	NO_UNROLL
	for (u32 i = 0; i < 64; i++) {
		u32 key = mem[i];
		struct stat *s = lookup(map, &key);

		if (!s)
			continue;
		s->packets++;
		s->bytes += 64 + i;
		sum += s->packets;
	}
	return (int)sum;
}

BENCH(array_lookup)
{
	return count(&counters);
}

BENCH(hash_lookup)
{
	return count(&flows);
}

BENCH(helper_call)
{
	u32 sum = 0;

	NO_UNROLL
	for (u32 i = 0; i < 64; i++)
		sum += node() + i;
	return (int)sum;
}

static NOINLINE u32 mix(u32 a, u32 b, u32 c)
{
	if (a & 1)
		return a * 3 + b;
	return (a >> 1) + (b ^ c);
}

BENCH(local_call)
{
	u32 x = WORDS(u32)[0];

	NO_UNROLL
	for (u32 i = 0; i < 200; i++)
		x = mix(x, i, 77);
	return (int)x;
}

/* Odd-even transposition: 48 numbers, always the same number of steps. */
BENCH(sort)
{
	u32 *v = WORDS(u32) + 1024;

	for (u32 i = 0; i < 48; i++)
		v[i] = WORDS(u32)[i];
	NO_UNROLL
	for (u32 k = 0; k < 48; k++) {
		NO_UNROLL
		for (u32 i = k & 1; i < 47; i += 2) {
			u32 a = v[i], b = v[i + 1];

			if (a > b) {
				v[i] = b;
				v[i + 1] = a;
			}
		}
	}
	return (int)(v[0] ^ v[24] ^ v[47]);
}

BENCH(matrix)
{
	const u32 *a = WORDS(u32), *b = a + 64;
	u32 *c = WORDS(u32) + 1024, sum = 0;

	NO_UNROLL
	for (u32 i = 0; i < 8; i++) {
		NO_UNROLL
		for (u32 k = 0; k < 8; k++) {
			u32 s = 0;

			for (u32 n = 0; n < 8; n++)
				s += a[i * 8 + n] * b[n * 8 + k];
			c[i * 8 + k] = s;
			sum ^= s;
		}
	}
	return (int)sum;
}

BENCH(hex)
{
	for (u32 i = 0; i < 256; i++) {
		u8 hi = mem[i] >> 4, lo = mem[i] & 15;

		mem[4096 + 2 * i] = (u8)(hi < 10 ? '0' + hi : 'a' - 10 + hi);
		mem[4096 + 2 * i + 1] = (u8)(lo < 10 ? '0' + lo : 'a' - 10 + lo);
	}
	return mem[4096 + 100];
}

/* A binary trie in memory: 32 addresses, at most 16 steps each. */
BENCH(trie)
{
	u32 sum = 0;

	NO_UNROLL
	for (u32 i = 0; i < 32; i++) {
		u32 addr = WORDS(u32)[i], node = 0;

		NO_UNROLL
		for (u32 k = 0; k < 16; k++) {
			node = WORDS(u16)[1024 + 2 * (node & 511) + (addr >> 31)];
			if (!(node & 511))
				break;
			addr <<= 1;
		}
		sum += node;
	}
	return (int)sum;
}
