/* SPDX-License-Identifier: BSD-2-Clause */
/* Arenas for engines: where an access goes, and accesses of the fast interpreter. */
#include "vm/interp_impl.h"

u8 *skep_eng_arena_find(const struct skep_eng_arena *a, s64 at, u32 size)
{
	u64 off = (u64)at - (u32)a->user;

	if (off > a->bytes - size)
		return NULL;
	for (u64 p = off >> SKEP_ENG_ARENA_PAGE; p <= (off + size - 1) >> SKEP_ENG_ARENA_PAGE; p++)
		if (!__atomic_load_n(&a->page[p], __ATOMIC_ACQUIRE) && !a->find(a, (u32)p))
			return NULL;
	return a->mem + off;
}

static u64 load(u16 op, const u8 *m, u32 size)
{
	u64 v = 0;

	memcpy(&v, m, size);
	if (op != SKEP_LDXS)
		return v;
	return size == 1 ? (u64)(s8)v : size == 2 ? (u64)(s16)v : (u64)(s32)v;
}

static void atomic(const struct xinsn *i, u16 op, u8 *m, u32 size, u64 *r)
{
	switch (size) {
	case 1: interp_atomic_u8(op, i, m, r); break;
	case 2: interp_atomic_u16(op, i, (u16 *)(void *)m, r); break;
	case 4: interp_atomic_u32(op, i, (u32 *)(void *)m, r); break;
	default: interp_atomic_u64(op, i, (u64 *)(void *)m, r);
	}
}

/*
 * Where no page is. What an operation of 32 bits gives back has no upper half, also when it was not
 * done: bounds are checked for that.
 */
static void nothing(const struct xinsn *i, u16 op, u32 size, u64 *r)
{
	u8 flags = skep_ops[op].flags;

	if (op == SKEP_LDX || op == SKEP_LDXS || op == SKEP_LDACQ)
		r[i->dst] = 0;
	else if (size == 4 && flags & SKEP_OPF_R0)
		r[0] = (u32)r[0];
	else if (size == 4 && flags & SKEP_OPF_FETCH)
		r[i->src] = (u32)r[i->src];
}

void skep_vm_interp_arena(const struct skep_eng_arena *a, const struct xinsn *i, u64 *r)
{
	u16 op = i->aux & 0xfff;
	u32 size = 1u << (i->aux >> 12);
	bool reads = op == SKEP_LDX || op == SKEP_LDXS || op == SKEP_LDACQ;
	u8 *m = skep_eng_arena_find(a, (s64)(u32)r[reads ? i->src : i->dst] + i->off, size);

	if (!m)
		nothing(i, op, size, r);
	else if (op == SKEP_LDX || op == SKEP_LDXS)
		r[i->dst] = load(op, m, size);
	else if (op == SKEP_ST)
		memcpy(m, &i->imm, size);
	else if (op == SKEP_STX)
		memcpy(m, &r[i->src], size);
	else
		atomic(i, op, m, size, r);
}
