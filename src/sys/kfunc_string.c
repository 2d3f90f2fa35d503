/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel functions on strings. They may be anywhere: what cannot be read is an error, not a
 * fault; strings of 65536 bytes and more are too long.
 */
#include "sys/kfunc.h"

#include <ctype.h>

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))

enum { LONGEST = 65536, WINDOW = 256 };

/* A string, and the part of it that was read last. */
struct text {
	u64 at;
	u32 from, n;
	u8 part[WINDOW];
};

/* The character, or -EFAULT. */
static int get(struct text *t, u32 i)
{
	if (i < t->from || i >= t->from + t->n) {
		/* Not over the end of its page: the next one may not be there. */
		u32 left = PAGE - (u32)((t->at + i) & (PAGE - 1));

		t->from = i;
		t->n = SKEP_MIN(left, (u32)WINDOW);
		if (sys_user_read(t->part, t->at + i, t->n)) {
			t->n = 0;
			return -EFAULT;
		}
	}
	return t->part[i - t->from];
}

static struct text text_at(u64 at)
{
	struct text t = {.at = at};

	return t;
}

static u64 compare(u64 a, u64 b, bool fold)
{
	struct text s = text_at(a), t = text_at(b);

	for (u32 k = 0; k < LONGEST; k++) {
		int x = get(&s, k), y = get(&t, k);

		if (x < 0 || y < 0)
			return ERR(EFAULT);
		if (fold) {
			x = tolower(x);
			y = tolower(y);
		}
		if (x != y)
			return x < y ? (u64)-1 : 1;
		if (!x)
			return 0;
	}
	return ERR(E2BIG);
}

H(str_cmp)
{
	return compare(a, b, false);
}

H(str_casecmp)
{
	return compare(a, b, true);
}

H(str_nchr)
{
	struct text s = text_at(a);
	u64 n = SKEP_MIN(b, (u64)LONGEST);

	for (u32 k = 0; k < n; k++) {
		int x = get(&s, k);

		if (x < 0)
			return ERR(EFAULT);
		if (x == (u8)c)
			return k;
		if (!x)
			return ERR(ENOENT);
	}
	return n == LONGEST ? ERR(E2BIG) : ERR(ENOENT);
}

H(str_chr)
{
	return str_nchr(a, LONGEST, b, 0, 0);
}

H(str_chrnul)
{
	struct text s = text_at(a);

	for (u32 k = 0; k < LONGEST; k++) {
		int x = get(&s, k);

		if (x < 0)
			return ERR(EFAULT);
		if (!x || x == (u8)b)
			return k;
	}
	return ERR(E2BIG);
}

H(str_rchr)
{
	struct text s = text_at(a);
	u64 last = ERR(ENOENT);

	for (u32 k = 0; k < LONGEST; k++) {
		int x = get(&s, k);

		if (x < 0)
			return ERR(EFAULT);
		if (x == (u8)b)
			last = k;
		if (!x)
			return last;
	}
	return ERR(E2BIG);
}

H(str_nlen)
{
	struct text s = text_at(a);
	u64 n = SKEP_MIN(b, (u64)LONGEST);

	for (u32 k = 0; k < n; k++) {
		int x = get(&s, k);

		if (x <= 0)
			return x ? ERR(EFAULT) : k;
	}
	return n == LONGEST ? ERR(E2BIG) : n;
}

H(str_len)
{
	return str_nlen(a, LONGEST, 0, 0, 0);
}

/* Is the character in the set: 1, 0, or a negative errno. */
static int in_set(struct text *set, int x)
{
	for (u32 k = 0; k < LONGEST; k++) {
		int y = get(set, k);

		if (y <= 0)
			return y;
		if (x == y)
			return 1;
	}
	return -E2BIG;
}

static u64 span(u64 a, u64 b, int want)
{
	struct text s = text_at(a), set = text_at(b);

	for (u32 k = 0; k < LONGEST; k++) {
		int x = get(&s, k), in;

		if (x <= 0)
			return x ? ERR(EFAULT) : k;
		in = in_set(&set, x);
		if (in < 0)
			return (u64)(s64)in;
		if (in != want)
			return k;
	}
	return ERR(E2BIG);
}

H(str_spn)
{
	return span(a, b, 1);
}

H(str_cspn)
{
	return span(a, b, 0);
}

/* Does t stand at s + from, before the length ends: 1, 0, or a negative errno. */
static int stands_at(struct text *s, struct text *t, u32 from, u64 len)
{
	for (u32 j = 0; from + j <= len && j < LONGEST; j++) {
		int y = get(t, j), x;

		if (y <= 0)
			return y ? y : 1;
		if (from + j == len)
			return -ENOENT;
		x = get(s, from + j);
		if (x <= 0)
			return x ? x : -ENOENT;
		if (x != y)
			return 0;
	}
	return from > len ? -ENOENT : -E2BIG;
}

H(str_nstr)
{
	struct text s = text_at(a), t = text_at(b);

	for (u32 k = 0; k < LONGEST; k++) {
		int got = stands_at(&s, &t, k, c);

		if (got)
			return got > 0 ? k : (u64)(s64)got;
	}
	return ERR(E2BIG);
}

H(str_str)
{
	return str_nstr(a, b, LONGEST, 0, 0);
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct kfunc_row sys_kfunc_string_rows[] = {
	{"bpf_strcmp", HT_ANY, CALL(str_cmp)},	     {"bpf_strcasecmp", HT_ANY, CALL(str_casecmp)},
	{"bpf_strchr", HT_ANY, CALL(str_chr)},	     {"bpf_strnchr", HT_ANY, CALL(str_nchr)},
	{"bpf_strchrnul", HT_ANY, CALL(str_chrnul)}, {"bpf_strrchr", HT_ANY, CALL(str_rchr)},
	{"bpf_strlen", HT_ANY, CALL(str_len)},	     {"bpf_strnlen", HT_ANY, CALL(str_nlen)},
	{"bpf_strspn", HT_ANY, CALL(str_spn)},	     {"bpf_strcspn", HT_ANY, CALL(str_cspn)},
	{"bpf_strstr", HT_ANY, CALL(str_str)},	     {"bpf_strnstr", HT_ANY, CALL(str_nstr)},
	{NULL, 0, CALL(NULL)},
};
