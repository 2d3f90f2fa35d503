/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of maps by their BTF, and values from words. What is printed is JSON in both forms: a
 * structure is an object, text is text, a pointer a hexadecimal number as text. Types come from
 * whoever loaded them, so depths and sizes are bounded.
 */
#include "cli/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_DEPTH = 16, INT_SIGNED = 1, INT_CHAR = 2, INT_BOOL = 4 };

struct printer {
	struct skep_json *j;
	const struct skep_btf *btf;
};

static void value(const struct printer *c, u32 type, const u8 *p, u32 len, u32 depth);

static void raw(struct skep_json *j, const u8 *p, u32 n)
{
	struct skep_buf b = {0};

	for (u32 k = 0; k < n; k++)
		skep_buf_printf(&b, "%02x", p[k]);
	skep_json_strn(j, b.p ? b.p : "", b.n);
	skep_buf_fini(&b);
}

/* `bits` bits from bit `off` on, of a little-endian number; as a signed one when asked for. */
static u64 bits_of(const u8 *p, u32 len, u32 off, u32 bits, bool sign)
{
	u64 v = 0;

	for (u32 k = 0; k < SKEP_MIN(bits, 64u) && (off + k) / 8 < len; k++)
		v |= (u64)(p[(off + k) / 8] >> (off + k) % 8 & 1) << k;
	if (sign && bits && bits < 64 && v >> (bits - 1) & 1)
		v |= ~(u64)0 << bits;
	return v;
}

static u32 encoding(const struct skep_btf_type *t)
{
	return skep_get32(t->more, false) >> 24 & 15;
}

static void number(const struct printer *c, const struct skep_btf_type *t, const u8 *p, u32 len,
		   u32 off, u32 bits)
{
	bool sign = t->kind == SKEP_BTF_INT ? encoding(t) & INT_SIGNED : t->kflag;
	u64 v = bits_of(p, len, off, bits, sign);
	struct skep_btf_member m;

	if (t->kind != SKEP_BTF_INT)
		for (u32 k = 0; k < t->vlen; k++)
			if (skep_btf_member(c->btf, t, k, &m) && (u64)m.value == v) {
				skep_json_str(c->j, m.name);
				return;
			}
	if (t->kind == SKEP_BTF_INT && encoding(t) & INT_BOOL)
		skep_json_bool(c->j, v != 0);
	else if (sign)
		skep_json_int(c->j, (s64)v);
	else
		skep_json_uint(c->j, v);
}

/* Text when it is characters that can be shown, up to the first 0 with nothing but 0 behind. */
static bool is_text(const u8 *p, u32 n)
{
	u32 k = 0;

	while (k < n && p[k] >= 0x20 && p[k] < 0x7f)
		k++;
	if (!k)
		return false;
	while (k < n && !p[k])
		k++;
	return k == n;
}

static void array(const struct printer *c, const struct skep_btf_type *t, const u8 *p, u32 len,
		  u32 depth)
{
	struct skep_btf_type e;
	u32 elem, n;
	s64 size;

	skep_btf_array(c->btf, t, &elem, &n);
	size = skep_btf_size(c->btf, elem);
	if (skep_btf_resolve(c->btf, elem, &e) && e.kind == SKEP_BTF_INT && e.ref == 1 &&
	    n <= len && (encoding(&e) & INT_CHAR || strcmp(e.name, "char") == 0) && is_text(p, n)) {
		skep_json_strn(c->j, (const char *)p, strnlen((const char *)p, n));
		return;
	}
	skep_json_open(c->j, '[');
	for (u32 k = 0; size > 0 && k < n && (u64)(k + 1) * (u64)size <= len; k++)
		value(c, elem, p + (u64)k * (u64)size, (u32)size, depth + 1);
	skep_json_close(c->j, ']');
}

/* The members of a structure; those of one without a name in between are its own. */
static void members(const struct printer *c, const struct skep_btf_type *t, const u8 *p, u32 len,
		    u32 depth)
{
	struct skep_btf_type in;
	struct skep_btf_member m;

	for (u32 k = 0; k < t->vlen && skep_btf_member(c->btf, t, k, &m); k++) {
		u32 at = m.off / 8;

		if (at >= len || !skep_btf_resolve(c->btf, m.type, &in))
			continue;
		if (!*m.name && (in.kind == SKEP_BTF_STRUCT || in.kind == SKEP_BTF_UNION)) {
			if (depth < MAX_DEPTH)
				members(c, &in, p + at, SKEP_MIN(in.ref, len - at), depth + 1);
			continue;
		}
		if (!*m.name)
			continue;
		skep_json_key(c->j, m.name);
		if (m.size && (in.kind == SKEP_BTF_INT || in.kind == SKEP_BTF_ENUM ||
			       in.kind == SKEP_BTF_ENUM64))
			number(c, &in, p, len, m.off, m.size);
		else
			value(c, m.type, p + at, len - at, depth + 1);
	}
}

static void section(const struct printer *c, const struct skep_btf_type *t, const u8 *p, u32 len,
		    u32 depth)
{
	struct skep_btf_type var;
	struct skep_btf_member m;

	skep_json_open(c->j, '{');
	for (u32 k = 0; k < t->vlen && skep_btf_member(c->btf, t, k, &m); k++)
		if (m.off < len && skep_btf_get(c->btf, m.type, &var)) {
			skep_json_key(c->j, var.name);
			value(c, var.ref, p + m.off, SKEP_MIN(m.size, len - m.off), depth + 1);
		}
	skep_json_close(c->j, '}');
}

static void value(const struct printer *c, u32 type, const u8 *p, u32 len, u32 depth)
{
	s64 size = skep_btf_size(c->btf, type);
	struct skep_btf_type t;

	if (depth > MAX_DEPTH || !skep_btf_resolve(c->btf, type, &t) ||
	    (size >= 0 && (u64)size > len)) {
		raw(c->j, p, len);
		return;
	}
	switch (t.kind) {
	case SKEP_BTF_INT:
	case SKEP_BTF_ENUM:
	case SKEP_BTF_ENUM64:
		if (t.ref <= 8)
			number(c, &t, p, len, 0, t.ref * 8);
		else
			raw(c->j, p, t.ref);
		break;
	case SKEP_BTF_ARRAY: array(c, &t, p, len, depth); break;
	case SKEP_BTF_STRUCT:
	case SKEP_BTF_UNION:
		skep_json_open(c->j, '{');
		members(c, &t, p, SKEP_MIN(t.ref, len), depth);
		skep_json_close(c->j, '}');
		break;
	case SKEP_BTF_DATASEC: section(c, &t, p, len, depth); break;
	case SKEP_BTF_PTR: {
		char text[24];

		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)skep_get64(p, false));
		skep_json_str(c->j, text);
		break;
	}
	default: raw(c->j, p, size > 0 ? (u32)size : len);
	}
}

void skep_value_json(struct skep_json *j, const struct skep_btf *btf, u32 type, const u8 *p,
		     u32 len)
{
	struct printer c = {j, btf};

	value(&c, type, p, len, 0);
}

void skep_value_text(struct skep_buf *out, const struct skep_btf *btf, u32 type, const u8 *p,
		     u32 len)
{
	struct skep_json j;

	skep_json_init(&j, out, false);
	skep_value_json(&j, btf, type, p, len);
	/* The writer ends what it takes for all of the output with a line feed. */
	if (out->n && out->p[out->n - 1] == '\n')
		out->p[--out->n] = 0;
}

/* --- words -------------------------------------------------------------------------------------
 */

static bool byte_of(const char *word, int base, u8 *out)
{
	char *end;
	unsigned long v;

	if (*word < '0' || (*word > '9' && base != 16))
		return false;
	v = strtoul(word, &end, base);
	*out = (u8)v;
	return !*end && v < 256;
}

/* One word for all of it: a number of 1, 2, 4 or 8 bytes, or an address. */
static bool whole(const char *word, u8 *p, u32 size)
{
	unsigned a[4];
	char *end, tail;
	u64 v;

	if (size == 4 && sscanf(word, "%u.%u.%u.%u%c", &a[0], &a[1], &a[2], &a[3], &tail) == 4) {
		for (u32 k = 0; k < 4; k++) {
			if (a[k] > 255)
				return false;
			p[k] = (u8)a[k];
		}
		return true;
	}
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	errno = 0;
	v = *word == '-' ? (u64)strtoll(word, &end, 0) : strtoull(word, &end, 0);
	if (*end || end == word || errno)
		return false;
	if (size < 8 && v >> size * 8 && (s64)v >> (size * 8 - 1) != -1)
		return false;
	for (u32 k = 0; k < size; k++)
		p[k] = (u8)(v >> 8 * k);
	return true;
}

int skep_value_parse(struct skep_cli *cli, int argc, char **argv, int *at, const char *what, u8 *p,
		     u32 size)
{
	int base = *at < argc && strcmp(argv[*at], "hex") == 0 ? 16 : 0, first = *at + (base == 16);
	u32 n = 0;

	while (n < size && first + (int)n < argc && byte_of(argv[first + (int)n], base, p + n))
		n++;
	if (n == size) {
		*at = first + (int)n;
		return 0;
	}
	/* A number by itself: what follows is no byte. */
	if (n <= 1 && base == 0 && first < argc && whole(argv[first], p, size)) {
		*at = first + 1;
		return 0;
	}
	SKEP_CLI_DIAG(cli, BAD_BYTES, what, size);
	return SKEP_EXIT_USAGE;
}
