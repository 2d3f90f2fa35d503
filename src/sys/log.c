/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of PROG_LOAD and BTF_LOAD, and SHA-1 (FIPS 180-4) for the tags of programs. */
#include "sys/sys_impl.h"

#include "sys/prog.h"

int sys_log_check(u32 level, u32 size, u64 buf)
{
	if (!!buf != !!size || (buf && !level) || (level & ~15u) || size > UINT32_MAX >> 2)
		return -EINVAL;
	return 0;
}

int sys_log_write(const struct skep_buf *log, u32 level, u32 size, u64 buf)
{
	u32 n = (u32)SKEP_MIN(log->n, (size_t)size - 1);
	static const char end;

	if (!level || !size || !buf)
		return 0;
	if (sys_user_write(buf, log->p ? log->p : "", n) || sys_user_write(buf + n, &end, 1))
		return -EFAULT;
	return log->n > n ? -ENOSPC : 0;
}

static u32 rol(u32 v, u32 n)
{
	return v << n | v >> (32 - n);
}

static void sha1_block(u32 h[5], const u8 *p)
{
	static const u32 k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	u32 w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (u32 t = 0; t < 16; t++)
		w[t] = skep_get32(p + 4 * t, true);
	for (u32 t = 16; t < 80; t++)
		w[t] = rol(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (u32 t = 0; t < 80; t++) {
		u32 f = t < 20 ? (b & c) | (~b & d) : t < 40 || t >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
		u32 next = rol(a, 5) + f + e + k[t / 20] + w[t];

		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sys_sha1(const void *p, size_t n, u8 out[20])
{
	u32 h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	size_t whole = n & ~(size_t)63, rest = n - whole;
	u8 last[128] = {0};

	for (size_t k = 0; k < whole; k += 64)
		sha1_block(h, (const u8 *)p + k);
	memcpy(last, (const u8 *)p + whole, rest);
	last[rest] = 0x80;
	skep_put64(last + (rest < 56 ? 56 : 120), (u64)n * 8, true);
	sha1_block(h, last);
	if (rest >= 56)
		sha1_block(h, last + 64);
	for (u32 k = 0; k < 5; k++)
		skep_put32(out + 4 * k, h[k], true);
}
