/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on memory: probe reads, strings, numbers, checksums, dynptrs, printing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/vm_impl.h"

u64 skep_vm_block(struct skep_vm *vm, u32 len, u8 perm, u8 **host)
{
	u32 id = skep_vm_region_add(vm, 1);
	u8 *p = calloc(1, (size_t)len + 8);

	if (!id || !p) {
		free(p);
		skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
		return 0;
	}
	vm->reg[id] =
	    (struct region){.host = p, .lo = REG_BASE, .hi = REG_BASE + len, .perm = perm};
	*host = p;
	return GUEST(id, 0);
}

static int h_probe_read(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 size = (u32)a[1];
	u8 *dst = skep_vm_mem_or_trap(vm, a[0], size, ACC_W);

	if (!dst)
		return -1;
	*r0 = 0;
	if (size && !skep_vm_copy_in(vm, a[2], size, dst)) {
		memset(dst, 0, size);
		*r0 = ERRNO(EFAULT);
	}
	return 0;
}

static int h_probe_read_str(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 size = (u32)a[1], n = 0;
	u8 *dst = skep_vm_mem_or_trap(vm, a[0], size, ACC_W), c;

	if (!dst)
		return -1;
	*r0 = 0;
	while (n < size) {
		if (!skep_vm_copy_in(vm, a[2] + n, 1, &c)) {
			memset(dst, 0, size);
			*r0 = ERRNO(EFAULT);
			return 0;
		}
		dst[n++] = c;
		if (!c)
			break;
	}
	if (n)
		dst[n - 1] = 0;
	*r0 = n;
	return 0;
}

static int h_strncmp(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 n = (u32)a[1];
	const u8 *s = skep_vm_mem_or_trap(vm, a[0], n, ACC_R);
	u8 c;

	if (!s)
		return -1;
	*r0 = 0;
	for (u32 i = 0; i < n; i++) {
		if (!skep_vm_copy_in(vm, a[2] + i, 1, &c))
			return skep_vm_raise_trap(vm, SKEP_TRAP_BOUNDS, a[2] + i);
		if (s[i] != c) {
			*r0 = s[i] < c ? (u64)-1 : 1;
			return 0;
		}
		if (!c)
			return 0;
	}
	return 0;
}

/* --- numbers ------------------------------------------------------------------ */

/* Characters used, or negative errno. */
static int parse_number(const u8 *s, u32 n, u64 base, u64 *out, bool *neg)
{
	u32 i = 0, first;
	u64 v = 0;

	while (i < n && (s[i] == ' ' || (s[i] >= 9 && s[i] <= 13)))
		i++;
	*neg = i < n && s[i] == '-';
	if (i < n && (s[i] == '-'))
		i++;
	if ((!base || base == 16) && i + 2 < n && s[i] == '0' && (s[i + 1] | 32) == 'x') {
		base = 16;
		i += 2;
	}
	if (!base)
		base = i < n && s[i] == '0' ? 8 : 10;
	for (first = i; i < n; i++) {
		u32 d = s[i] >= '0' && s[i] <= '9'		   ? s[i] - (u32)'0'
			: (s[i] | 32) >= 'a' && (s[i] | 32) <= 'f' ? (s[i] | 32u) - 'a' + 10
								   : 99;

		if (d >= base || !s[i])
			break;
		if (v > (UINT64_MAX - d) / base)
			return -ERANGE;
		v = v * base + d;
	}
	*out = v;
	return i == first ? -EINVAL : (int)i;
}

static int h_strtox(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *s = skep_vm_mem_or_trap(vm, a[0], (u32)a[1], ACC_R);
	u8 *to = s ? skep_vm_mem_or_trap(vm, a[3], 8, ACC_W) : NULL;
	bool neg, is_signed = vm->helper == SKEP_FN_strtol;
	u64 v, base = a[2];
	int n;

	if (!to)
		return -1;
	if (base != 0 && base != 8 && base != 10 && base != 16) {
		*r0 = ERRNO(EINVAL);
		return 0;
	}
	n = parse_number(s, (u32)a[1], base, &v, &neg);
	if (n >= 0 && neg && !is_signed)
		n = -EINVAL;
	if (n >= 0 && is_signed && v > (u64)INT64_MAX + neg)
		n = -ERANGE;
	*r0 = (u64)(s64)n;
	if (n >= 0) {
		v = neg ? 0 - v : v;
		memcpy(to, &v, 8);
	}
	return 0;
}

/* Sum of 32-bit words with the carry taken around. */
static u32 add_words(u32 sum, const u8 *p, u32 n, bool inverted)
{
	u64 s = sum;

	for (u32 i = 0; i < n; i += 4) {
		u32 w = skep_get32(p + i, false);

		s += inverted ? ~w : w;
		s = (s & 0xffffffff) + (s >> 32);
	}
	return (u32)s;
}

static int h_csum_diff(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 nf = (u32)a[1], nt = (u32)a[3];
	const u8 *from = skep_vm_mem_or_trap(vm, a[0], nf, ACC_R);
	const u8 *to = from ? skep_vm_mem_or_trap(vm, a[2], nt, ACC_R) : NULL;

	if (!to)
		return -1;
	*r0 = ERRNO(EINVAL);
	if ((nf | nt) & 3 || (u64)nf + nt > 512)
		return 0;
	*r0 = add_words(add_words((u32)a[4], from, nf, true), to, nt, false);
	return 0;
}

/* --- dynptrs: 8 bytes of address, 4 of size, 4 of flags (bit 0: read only) ------------- */

static int h_dynptr_from_mem(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *dyn = skep_vm_mem_or_trap(vm, a[3], 16, ACC_W);

	if (!dyn || !skep_vm_mem_or_trap(vm, a[0], (u32)a[1], ACC_W))
		return -1;
	memset(dyn, 0, 16);
	*r0 = a[2] ? ERRNO(EINVAL) : (u32)a[1] > 0xffffff ? ERRNO(E2BIG) : 0;
	if (!*r0) {
		memcpy(dyn, &a[0], 8);
		skep_put32(dyn + 8, (u32)a[1], false);
	}
	return 0;
}

/* Address of [off, off + len) behind a dynptr, 0 when it does not fit. False: trapped. */
static bool dynptr_range(struct skep_vm *vm, u64 dynptr, u64 off, u64 len, u64 *addr, u64 *err)
{
	const u8 *dyn = skep_vm_mem_or_trap(vm, dynptr, 16, ACC_R);
	u64 base;
	u32 size;

	if (!dyn)
		return false;
	memcpy(&base, dyn, 8);
	size = skep_get32(dyn + 8, false);
	*err = !base					       ? ERRNO(EINVAL)
	       : (u32)len > size || (u32)off > size - (u32)len ? ERRNO(E2BIG)
							       : 0;
	*addr = *err ? 0 : base + (u32)off;
	return true;
}

static int h_dynptr_read(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *dst = skep_vm_mem_or_trap(vm, a[0], (u32)a[1], ACC_W);
	u64 addr;

	if (!dst || !dynptr_range(vm, a[2], a[3], a[1], &addr, r0))
		return -1;
	if (a[4])
		*r0 = ERRNO(EINVAL);
	if (!*r0 && (u32)a[1] && !skep_vm_copy_in(vm, addr, (u32)a[1], dst))
		return skep_vm_raise_trap(vm, SKEP_TRAP_BOUNDS, addr);
	return 0;
}

static int h_dynptr_write(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *src = skep_vm_mem_or_trap(vm, a[2], (u32)a[3], ACC_R);
	u64 addr;
	u8 *dst;

	if (!src || !dynptr_range(vm, a[0], a[1], a[3], &addr, r0))
		return -1;
	if (a[4])
		*r0 = ERRNO(EINVAL);
	if (*r0)
		return 0;
	dst = skep_vm_mem_or_trap(vm, addr, (u32)a[3], ACC_W);
	if (!dst)
		return -1;
	memmove(dst, src, (u32)a[3]);
	return 0;
}

static int h_dynptr_data(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u64 err;

	return dynptr_range(vm, a[0], a[1], a[2], r0, &err) ? 0 : -1;
}

/* --- printing --------------------------------------------------------------------- */

/* One %s argument; unreadable memory prints as (fault). */
static void put_string(struct skep_vm *vm, u64 addr, struct skep_buf *out)
{
	char c;

	for (u32 i = 0; i < 4096; i++) {
		if (!skep_vm_copy_in(vm, addr + i, 1, &c)) {
			skep_buf_puts(out, "(fault)");
			return;
		}
		if (!c)
			return;
		skep_buf_add(out, &c, 1);
	}
}

/* The conversion behind a '%' that starts at fmt[i]; its length, 0: not valid. */
static u32 conversion(struct skep_vm *vm, const char *fmt, u32 n, const u64 *arg, u32 narg,
		      u32 *used, struct skep_buf *out)
{
	char spec[24] = "%";
	u32 i = 0, k = 1, longs = 0;
	u64 v;

	while (i < n && k < 16 && strchr("0123456789-+ #.", fmt[i]) && fmt[i])
		spec[k++] = fmt[i++];
	for (; i < n && (fmt[i] == 'l' || fmt[i] == 'h' || fmt[i] == 'z'); i++)
		longs += fmt[i] != 'h';
	if (i == n || !fmt[i] || !strchr("diuxXcsp", fmt[i]) || *used == narg)
		return 0;
	v = arg[(*used)++];
	switch (fmt[i]) {
	case 's': put_string(vm, v, out); break;
	case 'p':
		/* Addresses differ between programs that mean the same. */
		skep_buf_puts(out, "(pointer)");
		while (i + 1 < n && ((fmt[i + 1] | 32) >= 'a' && (fmt[i + 1] | 32) <= 'z'))
			i++;
		break;
	case 'c': skep_buf_add(out, &(char){(char)v}, 1); break;
	default:
		if (!longs)
			v = fmt[i] == 'd' || fmt[i] == 'i' ? (u64)(s64)(s32)v : (u32)v;
		snprintf(spec + k, sizeof(spec) - k, "ll%c", fmt[i]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		skep_buf_printf(out, spec, (unsigned long long)v);
#pragma GCC diagnostic pop
	}
	return i + 1;
}

bool skep_vm_format(struct skep_vm *vm, const char *fmt, u32 fmt_len, const u64 *arg, u32 narg,
	       struct skep_buf *out, int *err)
{
	u32 used = 0, n;

	*err = 0;
	for (u32 i = 0; i < fmt_len && fmt[i]; i++) {
		if (fmt[i] != '%') {
			skep_buf_add(out, fmt + i, 1);
			continue;
		}
		if (i + 1 < fmt_len && fmt[i + 1] == '%') {
			skep_buf_add(out, "%", 1);
			i++;
			continue;
		}
		n = conversion(vm, fmt + i + 1, fmt_len - i - 1, arg, narg, &used, out);
		if (!n) {
			*err = -EINVAL;
			return true;
		}
		i += n;
	}
	if (out->failed)
		skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	return !out->failed;
}

static int print_event(struct skep_vm *vm, const char *fmt, u32 n, const u64 *arg, u32 narg,
		       u64 *r0)
{
	struct skep_buf out = {0};
	int err;

	if (skep_vm_format(vm, fmt, n, arg, narg, &out, &err) && !err &&
	    !skep_vm_note_event(vm, SKEP_EV_PRINT, 0, 0, 0, out.p, (u32)out.n))
		skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	*r0 = err ? (u64)(s64)err : out.n;
	skep_buf_fini(&out);
	return vm->trap ? -1 : 0;
}

static int h_printk(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *fmt = skep_vm_mem_or_trap(vm, a[0], (u32)a[1], ACC_R);

	return fmt ? print_event(vm, (const char *)fmt, (u32)a[1], a + 2, 3, r0) : -1;
}

static bool vprintk_args(struct skep_vm *vm, u64 addr, u64 len, u64 arg[12], u64 *r0)
{
	const u8 *data;

	*r0 = (u32)len & 7 || (u32)len > 96 ? ERRNO(EINVAL) : 0;
	if (*r0)
		return true;
	data = skep_vm_mem_or_trap(vm, addr, (u32)len, ACC_R);
	if (data)
		memcpy(arg, data, (u32)len);
	return data;
}

static int h_vprintk(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *fmt = skep_vm_mem_or_trap(vm, a[0], (u32)a[1], ACC_R);
	u64 arg[12];

	if (!fmt || !vprintk_args(vm, a[2], a[3], arg, r0))
		return -1;
	return *r0 ? 0 : print_event(vm, (const char *)fmt, (u32)a[1], arg, (u32)a[3] / 8, r0);
}

static int h_snprintf(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 size = (u32)a[1], n = 0;
	u8 *dst = skep_vm_mem_or_trap(vm, a[0], size, ACC_W);
	struct skep_buf out = {0};
	u64 arg[12];
	char fmt[512];
	int err = 0;

	if (!dst || !vprintk_args(vm, a[3], a[4], arg, r0))
		return -1;
	if (*r0)
		return 0;
	while (n < sizeof(fmt) - 1 && skep_vm_copy_in(vm, a[2] + n, 1, &fmt[n]) && fmt[n])
		n++;
	fmt[n] = 0;
	if (skep_vm_format(vm, fmt, n, arg, (u32)a[4] / 8, &out, &err) && !err && size) {
		u32 k = SKEP_MIN((u32)out.n, size - 1);

		memcpy(dst, out.p ? out.p : "", k);
		dst[k] = 0;
	}
	*r0 = err ? (u64)(s64)err : out.n + 1;
	skep_buf_fini(&out);
	return vm->trap ? -1 : 0;
}

const struct vm_helper_row skep_vm_helpers_mem[] = {
    {SKEP_FN_probe_read, h_probe_read},
    {SKEP_FN_probe_read_user, h_probe_read},
    {SKEP_FN_probe_read_kernel, h_probe_read},
    {SKEP_FN_copy_from_user, h_probe_read},
    {SKEP_FN_probe_read_str, h_probe_read_str},
    {SKEP_FN_probe_read_user_str, h_probe_read_str},
    {SKEP_FN_probe_read_kernel_str, h_probe_read_str},
    {SKEP_FN_strncmp, h_strncmp},
    {SKEP_FN_strtol, h_strtox},
    {SKEP_FN_strtoul, h_strtox},
    {SKEP_FN_csum_diff, h_csum_diff},
    {SKEP_FN_dynptr_from_mem, h_dynptr_from_mem},
    {SKEP_FN_dynptr_read, h_dynptr_read},
    {SKEP_FN_dynptr_write, h_dynptr_write},
    {SKEP_FN_dynptr_data, h_dynptr_data},
    {SKEP_FN_trace_printk, h_printk},
    {SKEP_FN_trace_vprintk, h_vprintk},
    {SKEP_FN_snprintf, h_snprintf},
    {0, NULL},
};
