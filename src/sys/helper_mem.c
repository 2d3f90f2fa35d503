/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on memory: probe reads of this process, strings, numbers, checksums, printing. */
#include "sys/sys_impl.h"

#include "abi/abi.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define PTR(x) ((void *)(uintptr_t)(x))

H(probe_read)
{
	if (!(u32)b)
		return 0;
	if (sys_user_read(PTR(a), c, (u32)b)) {
		memset(PTR(a), 0, (u32)b);
		return ERR(EFAULT);
	}
	return 0;
}

H(probe_read_str)
{
	u32 size = (u32)b;
	int n;

	if (!size)
		return 0;
	n = sys_user_string(PTR(a), c, size);
	if (n == -EFAULT) {
		memset(PTR(a), 0, size);
		return ERR(EFAULT);
	}
	if (n < 0) {
		((char *)PTR(a))[size - 1] = 0;
		return size;
	}
	/* What a page had behind the string is not the program's business. */
	memset((char *)PTR(a) + n, 0, size - (u32)n);
	return (u32)n + 1;
}

H(probe_write)
{
	return sys_user_write(a, PTR(b), (u32)c) ? ERR(EFAULT) : 0;
}

H(strncmp_)
{
	const u8 *s = PTR(a), *t = PTR(c);

	for (u32 k = 0; k < (u32)b; k++) {
		if (s[k] != t[k])
			return s[k] < t[k] ? (u64)-1 : 1;
		if (!s[k])
			break;
	}
	return 0;
}

/* Characters used, or a negative errno. */
static int number(const char *s, u32 n, u64 base, u64 *out, bool *neg)
{
	u32 i = 0, first;
	u64 v = 0;

	while (i < n && (s[i] == ' ' || (s[i] >= 9 && s[i] <= 13)))
		i++;
	*neg = i < n && s[i] == '-';
	i += *neg;
	if ((!base || base == 16) && i + 2 < n && s[i] == '0' && (s[i + 1] | 32) == 'x') {
		base = 16;
		i += 2;
	}
	if (!base)
		base = i < n && s[i] == '0' ? 8 : 10;
	for (first = i; i < n; i++) {
		u32 c = (u8)s[i] | 32u, digit = s[i] >= '0' && s[i] <= '9' ? (u32)s[i] - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

		if (digit >= base)
			break;
		if (v > (UINT64_MAX - digit) / base)
			return -ERANGE;
		v = v * base + digit;
	}
	*out = v;
	return i == first ? -EINVAL : (int)i;
}

static u64 to_number(u64 a, u64 b, u64 base, u64 to, bool is_signed)
{
	bool neg;
	u64 v;
	int n;

	if (base != 0 && base != 8 && base != 10 && base != 16)
		return ERR(EINVAL);
	n = number(PTR(a), (u32)b, base, &v, &neg);
	if (n >= 0 && neg && !is_signed)
		n = -EINVAL;
	if (n >= 0 && is_signed && v > (u64)INT64_MAX + neg)
		n = -ERANGE;
	if (n >= 0) {
		v = neg ? 0 - v : v;
		memcpy(PTR(to), &v, 8);
	}
	return (u64)(s64)n;
}

H(strtol_)
{
	return to_number(a, b, c, d, true);
}

H(strtoul_)
{
	return to_number(a, b, c, d, false);
}

static u64 add_words(u64 sum, const u8 *p, u32 n, bool inverted)
{
	for (u32 k = 0; k < n; k += 4) {
		u32 w = skep_get32(p + k, false);

		sum += inverted ? ~w : w;
		sum = (sum & 0xffffffff) + (sum >> 32);
	}
	return sum;
}

H(csum_diff)
{
	u32 nf = (u32)b, nt = (u32)d;

	if ((nf | nt) & 3 || (u64)nf + nt > 512)
		return ERR(EINVAL);
	return (u32)add_words(add_words((u32)e, PTR(a), nf, true), PTR(c), nt, false);
}

/* --- printing ---------------------------------------------------------------------------------------- */

struct print {
	char *to;
	u32 size, n; /* n counts what did not fit, too */
};

static void put(struct print *p, const char *s, u32 n)
{
	for (u32 k = 0; k < n; k++, p->n++)
		if (p->n + 1 < p->size)
			p->to[p->n] = s[k];
}

static void put_string(struct print *p, u64 at)
{
	char buf[512];
	int n = sys_user_string(buf, at, sizeof(buf));

	if (n == -E2BIG)
		n = sizeof(buf) - 1;
	if (n < 0)
		put(p, "(fault)", 7);
	else
		put(p, buf, (u32)n);
}

/* One conversion: "%" with flags and width up to its letter. Bytes used, 0 when it is none of ours. */
static u32 convert(struct print *p, const char *f, u32 left, u64 v)
{
	char spec[24] = "%", out[96];
	u32 k = 1, n = 1, longs = 0;
	int len;

	while (k < left && n < 12 && strchr("-+ #0123456789", f[k]) && f[k])
		spec[n++] = f[k++];
	while (k < left && f[k] == 'l') {
		longs++;
		k++;
	}
	if (k >= left || !f[k])
		return 0;
	switch (f[k]) {
	case 'd':
	case 'i':
		v = longs ? v : (u64)(s64)(s32)v;
		break;
	case 'u':
	case 'x':
	case 'X':
		v = longs ? v : (u32)v;
		break;
	case 'c':
		out[0] = (char)v;
		put(p, out, 1);
		return k + 1;
	case 's':
		put_string(p, v);
		return k + 1;
	case 'p':
		len = snprintf(out, sizeof(out), "%016llx", (unsigned long long)v);
		put(p, out, (u32)len);
		/* %pK, %px, %pks, %pI4 and so on are the address here. */
		for (k++; k < left && ((f[k] >= 'a' && f[k] <= 'z') || (f[k] >= 'A' && f[k] <= 'Z')); k++)
			;
		return k;
	default:
		return 0;
	}
	memcpy(spec + n, "ll", 2);
	spec[n + 2] = f[k];
	spec[n + 3] = 0;
	len = snprintf(out, sizeof(out), spec, (unsigned long long)v);
	put(p, out, len < 0 ? 0 : SKEP_MIN((u32)len, (u32)sizeof(out) - 1));
	return k + 1;
}

/* Length with the final 0, or a negative errno. */
static s64 format(char *to, u32 size, const char *f, u32 left, const u64 *arg, u32 nargs)
{
	struct print p = {to, size, 0};
	u32 a = 0;

	for (u32 k = 0; k < left && f[k];) {
		u32 used;

		if (f[k] != '%' || (k + 1 < left && f[k + 1] == '%')) {
			put(&p, f + k, 1);
			k += f[k] == '%' ? 2 : 1;
			continue;
		}
		if (a == nargs)
			return -EINVAL;
		used = convert(&p, f + k, left - k, arg[a++]);
		if (!used)
			return -EINVAL;
		k += used;
	}
	if (size)
		to[SKEP_MIN(p.n, size - 1)] = 0;
	return (s64)p.n + 1;
}

/* Printed lines go where $SKEP_TRACE says; without it nobody reads them. */
static u64 trace(const char *s, s64 n)
{
	const char *path = getenv("SKEP_TRACE");
	int fd;

	if (n > 0 && path) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0) {
			if (write(fd, s, (size_t)n - 1) < 0)
				n = -EIO;
			close(fd);
		}
	}
	return (u64)(n > 0 ? n - 1 : n);
}

H(trace_printk)
{
	u64 arg[3] = {c, d, e};
	char line[1024];

	return trace(line, format(line, sizeof(line), PTR(a), (u32)b, arg, 3));
}

H(trace_vprintk)
{
	char line[1024];

	if ((u32)d & 7 || (u32)d > 96)
		return ERR(EINVAL);
	return trace(line, format(line, sizeof(line), PTR(a), (u32)b, PTR(c), (u32)d / 8));
}

H(snprintf_)
{
	char none[1];

	if ((u32)e & 7 || (u32)e > 96)
		return ERR(EINVAL);
	return (u64)format(a ? PTR(a) : none, a ? (u32)b : 0, PTR(c), UINT32_MAX, PTR(d), (u32)e / 8);
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct helper_row sys_helper_mem_rows[] = {
    {SKEP_FN_probe_read, HT_ANY, CALL(probe_read)},
    {SKEP_FN_probe_read_user, HT_ANY, CALL(probe_read)},
    {SKEP_FN_probe_read_kernel, HT_ANY, CALL(probe_read)},
    {SKEP_FN_copy_from_user, HT_ANY, CALL(probe_read)},
    {SKEP_FN_probe_read_str, HT_ANY, CALL(probe_read_str)},
    {SKEP_FN_probe_read_user_str, HT_ANY, CALL(probe_read_str)},
    {SKEP_FN_probe_read_kernel_str, HT_ANY, CALL(probe_read_str)},
    {SKEP_FN_probe_write_user, HT_ANY, CALL(probe_write)},
    {SKEP_FN_strncmp, HT_ANY, CALL(strncmp_)},
    {SKEP_FN_strtol, HT_ANY, CALL(strtol_)},
    {SKEP_FN_strtoul, HT_ANY, CALL(strtoul_)},
    {SKEP_FN_csum_diff, HT_ANY, CALL(csum_diff)},
    {SKEP_FN_trace_printk, HT_ANY, CALL(trace_printk)},
    {SKEP_FN_trace_vprintk, HT_ANY, CALL(trace_vprintk)},
    {SKEP_FN_snprintf, HT_ANY, CALL(snprintf_)},
    {0},
};
