/* SPDX-License-Identifier: BSD-2-Clause */
/* Dynptrs: memory of the program, records of rings, and the packet of the run; helpers and kernel functions. */
#include "sys/kfunc.h"

#include "abi/abi.h"

#define H(name) static u64 name(u64 a, u64 b, u64 c, u64 d, u64 e)
#define ERR(n) ((u64)(s64) - (n))
#define PTR(x) ((void *)(uintptr_t)(x))

enum { DYN_MAX = 0xffffff };

/* Of the packet `base` is an offset: the packet may move. */
static bool is_null(const struct dyn *p)
{
	return !p->base && !(p->flags & DYN_PACKET);
}

static u64 check(const struct dyn *p, u64 off, u64 len)
{
	if (is_null(p))
		return ERR(EINVAL);
	return (u32)len > p->size || (u32)off > p->size - (u32)len ? ERR(E2BIG) : 0;
}

/* Bytes that `check` found inside; NULL: the packet has become shorter. */
static u8 *at(const struct dyn *p, u64 off, u64 len)
{
	const struct srun *r;

	if (!(p->flags & DYN_PACKET))
		return (u8 *)PTR(p->base) + (u32)off;
	r = run_now();
	off = p->base + (u32)off;
	return off + (u32)len <= r->len ? r->buf + r->head + off : NULL;
}

/* What a kernel says of such bytes. */
static u64 outside(void)
{
	return run_now()->xdp ? ERR(EINVAL) : ERR(EFAULT);
}

static void make(struct dyn *p, u64 base, u32 size, u32 flags)
{
	p->base = base;
	p->size = size;
	p->flags = flags;
}

H(from_mem)
{
	make(PTR(d), 0, 0, 0);
	if (c)
		return ERR(EINVAL);
	if ((u32)b > DYN_MAX)
		return ERR(E2BIG);
	make(PTR(d), a, (u32)b, 0);
	return 0;
}

H(dyn_read)
{
	const struct dyn *p = PTR(c);
	u64 err = e ? ERR(EINVAL) : check(p, d, b);
	const u8 *from = err ? NULL : at(p, d, b);

	if (from)
		memmove(PTR(a), from, (u32)b);
	return err ? err : from ? 0 : outside();
}

H(dyn_write)
{
	const struct dyn *p = PTR(a);
	u64 err = e || (p->flags & DYN_RDONLY) ? ERR(EINVAL) : check(p, b, d);
	u8 *to = err ? NULL : at(p, b, d);

	if (to)
		memmove(to, PTR(c), (u32)d);
	return err ? err : to ? 0 : outside();
}

H(dyn_data)
{
	const struct dyn *p = PTR(a);

	return (p->flags & (DYN_RDONLY | DYN_PACKET)) || check(p, b, c) ? 0 : p->base + (u32)b;
}

/* --- records of rings ------------------------------------------------------------------------- */

H(rb_reserve)
{
	struct dyn *p = PTR(d);

	make(p, 0, 0, 0);
	if (c)
		return ERR(EINVAL);
	if ((u32)b > DYN_MAX)
		return ERR(E2BIG);
	make(p, (u64)(uintptr_t)sys_ring_reserve(PTR(a), (u32)b), (u32)b, 0);
	return p->base ? 0 : ERR(EINVAL);
}

static void rb_end(struct dyn *p, u64 flags, bool discard)
{
	if (p->base)
		sys_ring_commit(PTR(p->base), flags, discard);
	make(p, 0, 0, 0);
}

H(rb_submit)
{
	rb_end(PTR(a), b, false);
	return 0;
}

H(rb_discard)
{
	rb_end(PTR(a), b, true);
	return 0;
}

#define CALL(fn_) {SKEP_ENG_CALL, fn_, 0}
const struct helper_row sys_helper_dynptr_rows[] = {
	{SKEP_FN_dynptr_from_mem, HT_ANY, CALL(from_mem)},
	{SKEP_FN_dynptr_read, HT_ANY, CALL(dyn_read)},
	{SKEP_FN_dynptr_write, HT_ANY, CALL(dyn_write)},
	{SKEP_FN_dynptr_data, HT_ANY, CALL(dyn_data)},
	{SKEP_FN_ringbuf_reserve_dynptr, HT_ANY, CALL(rb_reserve)},
	{SKEP_FN_ringbuf_submit_dynptr, HT_ANY, CALL(rb_submit)},
	{SKEP_FN_ringbuf_discard_dynptr, HT_ANY, CALL(rb_discard)},
	{0},
};

/* --- kernel functions ---------------------------------------------------------------------------- */

static u64 from_packet(u64 flags, struct dyn *p, u32 more)
{
	const struct srun *r = run_now();

	make(p, 0, 0, 0);
	if (flags)
		return ERR(EINVAL);
	make(p, 0, r->len, DYN_PACKET | more);
	return 0;
}

/* Who may not write packets gets one to read only. */
H(from_skb)
{
	u32 type = run_now()->prog->d.type;
	bool writes = type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT || type == BPF_PROG_TYPE_LWT_XMIT;

	return from_packet(b, PTR(c), writes ? 0 : DYN_RDONLY);
}

H(from_xdp)
{
	return from_packet(b, PTR(c), 0);
}

/* The packet is in one piece: the program's buffer is not needed. */
H(slice)
{
	const struct dyn *p = PTR(a);

	return check(p, b, d) ? 0 : (u64)(uintptr_t)at(p, b, d);
}

H(slice_rdwr)
{
	return ((const struct dyn *)PTR(a))->flags & DYN_RDONLY ? 0 : slice(a, b, c, d, e);
}

H(adjust)
{
	struct dyn *p = PTR(a);

	if (is_null(p) || (u32)b > (u32)c)
		return ERR(EINVAL);
	if ((u32)c > p->size)
		return ERR(ERANGE);
	p->base += (u32)b;
	p->size = (u32)c - (u32)b;
	return 0;
}

H(null)
{
	return is_null(PTR(a));
}

H(rdonly)
{
	return !is_null(PTR(a)) && (((const struct dyn *)PTR(a))->flags & DYN_RDONLY);
}

H(dyn_size)
{
	const struct dyn *p = PTR(a);

	return is_null(p) ? ERR(EINVAL) : p->size;
}

H(dyn_clone)
{
	const struct dyn *p = PTR(a);

	*(struct dyn *)PTR(b) = *p;
	return is_null(p) ? ERR(EINVAL) : 0;
}

H(copy)
{
	const struct dyn *to = PTR(a), *from = PTR(c);
	u64 size = (u32)e, err = to->flags & DYN_RDONLY ? ERR(EINVAL) : check(to, b, size);
	const u8 *s;
	u8 *t;

	if (!err)
		err = check(from, d, size);
	if (err)
		return err;
	t = at(to, b, size);
	s = at(from, d, size);
	if (!t || !s)
		return outside();
	memmove(t, s, size);
	return 0;
}

H(fill)
{
	const struct dyn *p = PTR(a);
	u64 err = p->flags & DYN_RDONLY ? ERR(EINVAL) : check(p, b, c);
	u8 *t = err ? NULL : at(p, b, c);

	if (t)
		memset(t, (u8)d, (u32)c);
	return err ? err : t ? 0 : outside();
}

const struct kfunc_row sys_kfunc_dynptr_rows[] = {
	{"bpf_dynptr_from_skb", HT_SKB, CALL(from_skb)},
	{"bpf_dynptr_from_xdp", HT_XDP, CALL(from_xdp)},
	{"bpf_dynptr_slice", HT_ANY, CALL(slice)},
	{"bpf_dynptr_slice_rdwr", HT_ANY, CALL(slice_rdwr)},
	{"bpf_dynptr_adjust", HT_ANY, CALL(adjust)},
	{"bpf_dynptr_is_null", HT_ANY, CALL(null)},
	{"bpf_dynptr_is_rdonly", HT_ANY, CALL(rdonly)},
	{"bpf_dynptr_size", HT_ANY, CALL(dyn_size)},
	{"bpf_dynptr_clone", HT_ANY, CALL(dyn_clone)},
	{"bpf_dynptr_copy", HT_ANY, CALL(copy)},
	{"bpf_dynptr_memset", HT_ANY, CALL(fill)},
	{NULL, 0, CALL(NULL)},
};
