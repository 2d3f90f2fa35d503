/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory: the table of regions, checked access, the context whose pointer
 * fields are made up on loading, and the log of events. The vm owns all of it.
 */
#include <stdlib.h>

#include "vm/vm_impl.h"

bool skep_vm_room(void *vec, u32 n, u32 *cap, size_t elem)
{
	void **v = vec;
	u32 want = *cap ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return true;
	p = realloc(*v, want * elem);
	if (!p)
		return false;
	memset((u8 *)p + *cap * elem, 0, (want - *cap) * elem);
	*v = p;
	*cap = want;
	return true;
}

u32 skep_vm_region_add(struct skep_vm *vm, u32 n)
{
	u32 first = vm->nreg;

	while (vm->nreg + n > vm->cap_reg)
		if (!skep_vm_room(&vm->reg, vm->cap_reg, &vm->cap_reg, sizeof(*vm->reg)))
			return 0;
	memset(&vm->reg[first], 0, n * sizeof(*vm->reg));
	vm->nreg += n;
	return first;
}

int skep_vm_raise_trap(struct skep_vm *vm, u32 trap, u64 addr)
{
	if (!vm->trap) {
		vm->trap = trap;
		vm->trap_addr = addr;
	}
	return -1;
}

/* The region that holds the whole access, rights aside, or NULL. */
static struct region *region_of(struct skep_vm *vm, u64 addr, u32 size)
{
	u64 id = addr >> 32;
	u32 off = (u32)addr;
	struct region *rg;

	if (id >= vm->nreg)
		return NULL;
	rg = &vm->reg[id];
	if (off < rg->lo || off > rg->hi || rg->hi - off < size)
		return NULL;
	if (rg->stride && (off - REG_BASE) % rg->stride + size > rg->elem)
		return NULL;
	return rg;
}

static void mark_dirty(struct region *rg, u32 off, u32 size)
{
	rg->dlo = SKEP_MIN(rg->dlo, off);
	rg->dhi = SKEP_MAX(rg->dhi, off + size);
}

u8 *skep_vm_mem(struct skep_vm *vm, u64 addr, u32 size, u8 acc)
{
	struct region *rg = region_of(vm, addr, size);
	u32 off = (u32)addr - REG_BASE;

	if (!rg || (rg->perm & acc) != acc || rg->perm & ACC_SLOW)
		return NULL;
	if (acc & ACC_W) {
		mark_dirty(rg, off, size);
		if (rg->init)
			memset(rg->init + off, 1, size);
	}
	return rg->host + off;
}

static int trap_access(struct skep_vm *vm, u64 addr, u32 size)
{
	if (addr < 4096)
		return skep_vm_raise_trap(vm, SKEP_TRAP_NULL, addr);
	return skep_vm_raise_trap(vm, region_of(vm, addr, size) ? SKEP_TRAP_PERM : SKEP_TRAP_BOUNDS,
				  addr);
}

static bool all_init(const struct region *rg, u32 off, u32 size)
{
	return !rg->init || !memchr(rg->init + off, 0, size);
}

u8 *skep_vm_mem_or_trap(struct skep_vm *vm, u64 addr, u32 size, u8 acc)
{
	static u8 nothing[8];
	struct region *rg = region_of(vm, addr, size);
	u8 *p;

	if (!size)
		return nothing;
	if (rg && acc & ACC_R && !all_init(rg, (u32)addr - REG_BASE, size)) {
		skep_vm_raise_trap(vm, SKEP_TRAP_UNINIT, addr);
		return NULL;
	}
	p = skep_vm_mem(vm, addr, size, acc);
	if (!p)
		trap_access(vm, addr, size);
	return p;
}

/* --- the context -------------------------------------------------------------- */

static int ctx_load(struct skep_vm *vm, u32 off, u32 size, u64 *v)
{
	const u8 *kind = vm->prog[vm->cur]->ctx_kind;
	u64 addr = GUEST(REG_CTX, off);
	u8 k = kind ? kind[off] & 15 : SKEP_CTX_SCALAR;

	for (u32 i = 1; kind && i < size; i++)
		if ((kind[off + i] & 15) != k || kind[off + i] & CTXK_START)
			if (k != SKEP_CTX_SCALAR || (kind[off + i] & 15) != SKEP_CTX_SCALAR)
				return skep_vm_raise_trap(vm, SKEP_TRAP_CTX, addr);
	if (k == SKEP_CTX_SCALAR) {
		*v = 0;
		memcpy(v, vm->ctx + off, size);
		return 0;
	}
	if (!(kind[off] & CTXK_START) || size < 4 ||
	    (off + size < vm->ctx_len && !(kind[off + size] & CTXK_START)))
		return skep_vm_raise_trap(vm, SKEP_TRAP_CTX, addr);
	*v = k == SKEP_CTX_PKT	      ? GUEST(REG_PKT, vm->data)
	     : k == SKEP_CTX_PKT_END  ? GUEST(REG_PKT, vm->end)
	     : k == SKEP_CTX_PKT_META ? GUEST(REG_PKT, vm->meta)
				      : 0;
	return 0;
}

static int ctx_store(struct skep_vm *vm, u32 off, u32 size, u64 v)
{
	const struct vprog *p = vm->prog[vm->cur];
	u64 addr = GUEST(REG_CTX, off);

	if (!p->ctx_kind && p->type != SKEP_PROG_SYSCALL)
		return skep_vm_raise_trap(vm, SKEP_TRAP_PERM, addr);
	for (u32 i = 0; p->ctx_kind && i < size; i++)
		if (!(p->ctx_kind[off + i] & CTXK_WRITABLE))
			return skep_vm_raise_trap(vm, SKEP_TRAP_PERM, addr);
	memcpy(vm->ctx + off, &v, size);
	return 0;
}

int skep_vm_load_slow(struct skep_vm *vm, u64 addr, u32 size, u64 *v)
{
	struct region *rg = region_of(vm, addr, size);
	const u8 *p;

	if (rg && rg->perm & ACC_SLOW)
		return ctx_load(vm, (u32)addr - REG_BASE, size, v);
	p = skep_vm_mem_or_trap(vm, addr, size, ACC_R);
	if (!p)
		return -1;
	*v = 0;
	memcpy(v, p, size);
	return 0;
}

int skep_vm_store_slow(struct skep_vm *vm, u64 addr, u32 size, u64 v)
{
	struct region *rg = region_of(vm, addr, size);
	u8 *p;

	if (rg && rg->perm & ACC_SLOW)
		return ctx_store(vm, (u32)addr - REG_BASE, size, v);
	p = skep_vm_mem_or_trap(vm, addr, size, ACC_W);
	if (!p)
		return -1;
	memcpy(p, &v, size);
	return 0;
}

bool skep_vm_copy_in(struct skep_vm *vm, u64 addr, u32 size, void *to)
{
	struct region *rg = region_of(vm, addr, size);

	if (!rg || !(rg->perm & ACC_R))
		return false;
	memcpy(to, rg->host + ((u32)addr - REG_BASE), size);
	return true;
}

static const struct skep_ctx_field *field_named(struct skep_vm *vm, const char *name)
{
	const struct skep_prog_type *pt = vm->prog[vm->cur]->pt;

	for (u32 i = 0; i < pt->nctx; i++)
		if (!strcmp(pt->ctx[i].name, name))
			return &pt->ctx[i];
	return NULL;
}

u32 skep_vm_ctx_get(struct skep_vm *vm, const char *field)
{
	const struct skep_ctx_field *f = field_named(vm, field);

	return f ? skep_get32(vm->ctx + f->off, false) : 0;
}

void skep_vm_ctx_put(struct skep_vm *vm, const char *field, u32 v)
{
	const struct skep_ctx_field *f = field_named(vm, field);

	if (f)
		skep_put32(vm->ctx + f->off, v, false);
}

void skep_vm_pkt_sync(struct skep_vm *vm)
{
	struct region *rg = &vm->reg[REG_PKT];

	rg->host = vm->pkt;
	rg->lo = REG_BASE + vm->meta;
	rg->hi = REG_BASE + vm->end;
	if (vm->prog[vm->cur]->type != SKEP_PROG_XDP)
		skep_vm_ctx_put(vm, "len", vm->end - vm->data);
}

/* --- events ---------------------------------------------------------------------- */

bool skep_vm_note_event(struct skep_vm *vm, u8 kind, u32 map, u64 a, u64 b, const void *data,
			u32 len)
{
	struct event *e;

	if (!skep_vm_room(&vm->ev, vm->nev, &vm->cap_ev, sizeof(*vm->ev)))
		return false;
	e = &vm->ev[vm->nev++];
	e->ev = (struct skep_vm_event){.kind = kind, .map = map, .a = a, .b = b, .len = len};
	e->at = vm->ev_data.n;
	skep_buf_add(&vm->ev_data, data ? data : "", data ? len : 0);
	return !vm->ev_data.failed;
}
