/* SPDX-License-Identifier: BSD-2-Clause */
/* Growable buffers, numbers in a byte order, the JSON writer. Buffers own malloc'ed memory. */
#include "base/base.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put(void *p, u64 v, int n, bool big)
{
	u8 *b = p;

	for (int i = 0; i < n; i++)
		b[i] = (u8)(v >> 8 * (big ? n - 1 - i : i));
}

void skep_put16(void *p, u16 v, bool big)
{
	put(p, v, 2, big);
}

void skep_put32(void *p, u32 v, bool big)
{
	put(p, v, 4, big);
}

void skep_put64(void *p, u64 v, bool big)
{
	put(p, v, 8, big);
}

void skep_buf_fini(struct skep_buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

static bool buf_reserve(struct skep_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	if (b->failed)
		return false;
	while (cap - 1 < b->n + more) {
		if (cap > SIZE_MAX / 2)
			goto fail;
		cap *= 2;
	}
	if (cap == b->cap)
		return true;
	p = realloc(b->p, cap);
	if (!p)
		goto fail;
	b->p = p;
	b->cap = cap;
	return true;
fail:
	b->failed = true;
	return false;
}

void skep_buf_add(struct skep_buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void skep_buf_puts(struct skep_buf *b, const char *s)
{
	skep_buf_add(b, s, strlen(s));
}

void skep_buf_clean(struct skep_buf *b, const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			skep_buf_printf(b, "\\x%02x", (unsigned char)*s);
		else
			skep_buf_add(b, s, 1);
	}
}

void skep_buf_vprintf(struct skep_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !buf_reserve(b, (size_t)n + 1))
		return;
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void skep_buf_printf(struct skep_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	skep_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void *skep_buf_to_arena(struct skep_buf *b, struct skep_arena *a)
{
	void *volatile p = NULL;
	volatile bool failed = b->failed;
	int err = 0;

	if (!failed)
		SKEP_GUARD(a, err, { p = skep_arena_memdup(a, b->p, b->n); });
	skep_buf_fini(b);
	if (failed || err)
		skep_arena_fail(a);
	return p;
}

void skep_json_init(struct skep_json *j, struct skep_buf *out, bool pretty)
{
	*j = (struct skep_json){.out = out, .first = true, .pretty = pretty};
}

static void json_sep(struct skep_json *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (!j->first)
		skep_buf_puts(j->out, ",");
	if (j->pretty && j->depth) {
		skep_buf_puts(j->out, "\n");
		for (int i = 0; i < j->depth; i++)
			skep_buf_puts(j->out, "  ");
	}
	j->first = false;
}

void skep_json_open(struct skep_json *j, char bracket)
{
	json_sep(j);
	skep_buf_add(j->out, &bracket, 1);
	j->depth++;
	j->first = true;
}

void skep_json_close(struct skep_json *j, char bracket)
{
	j->depth--;
	if (j->pretty && !j->first) {
		skep_buf_puts(j->out, "\n");
		for (int i = 0; i < j->depth; i++)
			skep_buf_puts(j->out, "  ");
	}
	skep_buf_add(j->out, &bracket, 1);
	j->first = false;
	if (!j->depth)
		skep_buf_puts(j->out, "\n");
}

/* Bytes of the UTF-8 character at the beginning, 0 when there is none (Unicode, table 3-7). */
static size_t utf8_char(const unsigned char *s, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (!len || len > n)
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	for (size_t i = 1; i < len; i++, lo = 0x80, hi = 0xbf)
		if (s[i] < lo || s[i] > hi)
			return 0;
	return len;
}

void skep_json_strn(struct skep_json *j, const char *s, size_t n)
{
	json_sep(j);
	skep_buf_puts(j->out, "\"");
	for (size_t i = 0, len; i < n; i += SKEP_MAX(len, 1u)) {
		unsigned char c = (unsigned char)s[i];

		len = utf8_char((const unsigned char *)s + i, n - i);
		if (c == '"' || c == '\\')
			skep_buf_printf(j->out, "\\%c", c);
		else if (c == '\n')
			skep_buf_puts(j->out, "\\n");
		else if (c == '\t')
			skep_buf_puts(j->out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			skep_buf_printf(j->out, "\\u%04x", c);
		else if (!len)
			skep_buf_puts(j->out, "\\ufffd");
		else
			skep_buf_add(j->out, &s[i], len);
	}
	skep_buf_puts(j->out, "\"");
}

void skep_json_str(struct skep_json *j, const char *s)
{
	if (s) {
		skep_json_strn(j, s, strlen(s));
		return;
	}
	json_sep(j);
	skep_buf_puts(j->out, "null");
}

void skep_json_key(struct skep_json *j, const char *key)
{
	skep_json_str(j, key);
	skep_buf_puts(j->out, j->pretty ? ": " : ":");
	j->after_key = true;
}

void skep_json_int(struct skep_json *j, s64 v)
{
	json_sep(j);
	skep_buf_printf(j->out, "%lld", (long long)v);
}

void skep_json_uint(struct skep_json *j, u64 v)
{
	json_sep(j);
	skep_buf_printf(j->out, "%llu", (unsigned long long)v);
}

void skep_json_real(struct skep_json *j, double v)
{
	json_sep(j);
	if (isfinite(v))
		skep_buf_printf(j->out, "%.6g", v);
	else
		skep_buf_puts(j->out, "null");
}

void skep_json_bool(struct skep_json *j, bool v)
{
	json_sep(j);
	skep_buf_puts(j->out, v ? "true" : "false");
}

void skep_json_kstr(struct skep_json *j, const char *key, const char *s)
{
	skep_json_key(j, key);
	skep_json_str(j, s);
}

void skep_json_kint(struct skep_json *j, const char *key, s64 v)
{
	skep_json_key(j, key);
	skep_json_int(j, v);
}

void skep_json_kbool(struct skep_json *j, const char *key, bool v)
{
	skep_json_key(j, key);
	skep_json_bool(j, v);
}
