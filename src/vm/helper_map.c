/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on maps: elements, iteration, tail calls, ring buffers, perf events, redirects. */
#include <errno.h>
#include <stdlib.h>

#include "vm/vm_impl.h"

static struct vmap *map_arg(struct skep_vm *vm, u64 a, u32 *index)
{
	struct vmap *m = skep_vm_map_of_guest(vm, a, index);

	if (!m)
		skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a);
	return m;
}

/* A map argument of the right family with its key in memory; NULL: trapped. */
static struct vmap *map_and_key(struct skep_vm *vm, const u64 *a, const u8 **key)
{
	u32 index;
	struct vmap *m = map_arg(vm, a[0], &index);

	if (!m)
		return NULL;
	*key = skep_vm_mem_or_trap(vm, a[1], m->def.key_size, ACC_R);
	return *key ? m : NULL;
}

static u64 value_addr(struct skep_vm *vm, struct vmap *m, u32 slot, u32 cpu)
{
	u32 type = m->def.type;

	if (slot == NIL)
		return 0;
	if (type == SKEP_MAP_ARRAY_OF_MAPS || type == SKEP_MAP_HASH_OF_MAPS)
		return skep_vm_guest_of_map(skep_get32(skep_vm_map_value(m, 0, slot), false));
	if (vm->reg[m->region].hi == REG_BASE)
		return 0;
	return GUEST(m->region + cpu, slot * m->stride);
}

static u32 cpu_of(struct skep_vm *vm, struct vmap *m)
{
	return skep_vm_map_is_percpu(m->def.type) ? vm->in->cpu : 0;
}

static int h_lookup(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *key;
	struct vmap *m = map_and_key(vm, a, &key);
	u32 index;

	if (!m)
		return -1;
	if (vm->watch && vm->watch->missed && skep_vm_map_find(vm, m, key, false) == NIL &&
	    skep_vm_map_of_guest(vm, a[0], &index))
		vm->watch->missed(vm->watch->user, index, key);
	*r0 = value_addr(vm, m, skep_vm_map_find(vm, m, key, true), cpu_of(vm, m));
	return 0;
}

static int h_lookup_percpu(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *key;
	struct vmap *m = map_and_key(vm, a, &key);

	if (!m)
		return -1;
	*r0 = (u32)a[2] < skep_vm_map_cpus(vm, m) ? value_addr(vm, m, skep_vm_map_find(vm, m, key, true), (u32)a[2])
					  : 0;
	return 0;
}

static int h_update(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *key, *value;
	struct vmap *m = map_and_key(vm, a, &key);
	u8 copy[512];
	u32 slot;
	int err;

	if (!m)
		return -1;
	if (m->def.flags & SKEP_VM_F_RDONLY_PROG)
		return skep_vm_raise_trap(vm, SKEP_TRAP_PERM, a[0]);
	if (skep_vm_map_holds_index(m->def.type))
		return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a[0]);
	if (!skep_vm_mem_or_trap(vm, a[2], m->def.value_size, ACC_R))
		return -1;
	/* Key and value may lie in blocks that move when the map grows. */
	memcpy(copy, key, m->def.key_size);
	err = skep_vm_map_put(vm, m, copy, a[3], &slot);
	if (!err) {
		value = skep_vm_mem_or_trap(vm, a[2], m->def.value_size, ACC_R);
		if (!value)
			return -1;
		skep_vm_map_store(vm, m, cpu_of(vm, m), slot, value);
	}
	*r0 = (u64)(s64)err;
	return err == -ENOMEM ? skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0) : 0;
}

static int h_delete(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	const u8 *key;
	struct vmap *m = map_and_key(vm, a, &key);
	u8 copy[512];

	if (!m)
		return -1;
	if (m->def.flags & SKEP_VM_F_RDONLY_PROG)
		return skep_vm_raise_trap(vm, SKEP_TRAP_PERM, a[0]);
	memcpy(copy, key, m->def.key_size);
	*r0 = (u64)(s64)skep_vm_map_del(vm, m, copy);
	return 0;
}

static struct vmap *queue_arg(struct skep_vm *vm, const u64 *a, u8 acc, u8 **value)
{
	u32 index;
	struct vmap *m = map_arg(vm, a[0], &index);

	if (m && !skep_vm_map_is_queue(m->def.type)) {
		skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a[0]);
		return NULL;
	}
	*value = m ? skep_vm_mem_or_trap(vm, a[1], m->def.value_size, acc) : NULL;
	return *value ? m : NULL;
}

static int h_push(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *value;
	struct vmap *m = queue_arg(vm, a, ACC_R, &value);

	if (!m)
		return -1;
	*r0 = (u64)(s64)skep_vm_queue_push(vm, m, value, a[2]);
	return 0;
}

static int h_pop_peek(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *value;
	struct vmap *m = queue_arg(vm, a, ACC_W, &value);

	if (!m)
		return -1;
	*r0 = (u64)(s64)skep_vm_queue_peek(m, value, vm->helper == SKEP_FN_map_pop_elem);
	return 0;
}

/* --- callbacks ----------------------------------------------------------------------- */

static int h_loop(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 n = (u32)a[0], i;
	u64 func = a[1], ctx = a[2], ret;

	if (a[3] || n > vm->opt.loop_limit) {
		*r0 = a[3] ? ERRNO(EINVAL) : ERRNO(E2BIG);
		return 0;
	}
	for (i = 0; i < n; i++) {
		u64 arg[2] = {i, ctx};

		if (skep_vm_callback(vm, func, arg, 2, &ret))
			return -1;
		if (ret) {
			i++;
			break;
		}
	}
	*r0 = i;
	return 0;
}

static int h_for_each(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u64 func = a[1], ctx = a[2], flags = a[3], map = a[0], key_addr, ret, n = 0;
	u32 index;
	struct vmap *m = map_arg(vm, map, &index);
	bool hash = m && skep_vm_map_is_hash(m->def.type);
	u8 *key;

	if (!m)
		return -1;
	if (skep_vm_map_holds_index(m->def.type) || skep_vm_map_is_queue(m->def.type))
		return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, map);
	if (flags) {
		*r0 = ERRNO(EINVAL);
		return 0;
	}
	key_addr = skep_vm_block(vm, m->def.key_size, ACC_R, &key);
	if (!key_addr)
		return -1;
	for (u32 i = 0; i < m->now.nslot; i++) {
		u64 arg[4] = {map, key_addr, value_addr(vm, m, i, cpu_of(vm, m)), ctx};

		if (!m->now.slot[i].used)
			continue;
		if (hash)
			memcpy(key, m->now.key + (size_t)i * m->def.key_size, m->def.key_size);
		else
			skep_put32(key, i, false);
		n++;
		if (skep_vm_callback(vm, func, arg, 4, &ret))
			return -1;
		if (ret)
			break;
	}
	*r0 = n;
	return 0;
}

static int h_tail_call(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 at, index = (u32)a[2], prog;
	u64 ctx = a[0];
	struct vmap *m = map_arg(vm, a[1], &at);

	if (!m)
		return -1;
	if (m->def.type != SKEP_MAP_PROG_ARRAY)
		return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a[1]);
	*r0 = ERRNO(EINVAL);
	if (index >= m->def.max_entries || !m->now.slot[index].used || vm->tails >= MAX_TAIL_CALLS)
		return 0;
	prog = skep_get32(skep_vm_map_value(m, 0, index), false);
	if (prog >= vm->nprog || vm->prog[prog]->type != vm->prog[vm->cur]->type)
		return 0;
	vm->tails++;
	vm->cur = prog;
	skep_vm_frame_start(vm);
	memset(vm->r, 0, 10 * sizeof(u64));
	vm->r[1] = ctx;
	vm->init = 1 << 1 | 1 << 10;
	return HELPER_TAIL;
}

/* --- ring buffers and perf events --------------------------------------------------------- */

static struct vmap *ringbuf_arg(struct skep_vm *vm, u64 a, u32 *index)
{
	struct vmap *m = map_arg(vm, a, index);

	if (m && m->def.type != SKEP_MAP_RINGBUF) {
		skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a);
		return NULL;
	}
	return m;
}

static u64 record_room(u64 size)
{
	return (size + 8 + 7) & ~7ull;
}

/* *r0: the record, or 0 when there is no room. */
static int reserve(struct skep_vm *vm, u64 map, u64 size, u64 flags, u64 *r0)
{
	u32 index;
	struct vmap *m = ringbuf_arg(vm, map, &index);
	u8 *host;

	if (!m)
		return -1;
	*r0 = 0;
	if (flags || size > m->def.max_entries ||
	    m->now.pending + record_room(size) > m->def.max_entries)
		return 0;
	if (!skep_vm_room(&vm->rec, vm->nrec, &vm->cap_rec, sizeof(*vm->rec)))
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	*r0 = skep_vm_block(vm, (u32)size, ACC_R | ACC_W, &host);
	if (!*r0)
		return -1;
	vm->rec[vm->nrec++] = (struct record){index, (u32)(*r0 >> 32), (u32)size};
	m->now.pending += record_room(size);
	return 0;
}

static int h_reserve(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	return reserve(vm, a[0], a[1], a[2], r0);
}

static int release(struct skep_vm *vm, u64 addr, u64 flags, bool submit)
{
	for (u32 i = 0; i < vm->nrec; i++) {
		struct record *rec = &vm->rec[i];

		struct region *rg = &vm->reg[rec->region];

		if (!rec->region || GUEST(rec->region, 0) != addr)
			continue;
		if (submit &&
		    !skep_vm_note_event(vm, SKEP_EV_RINGBUF, rec->map, flags, 0, rg->host, rec->len))
			return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
		vm->map[rec->map]->now.pending -= record_room(rec->len);
		rec->region = 0;
		rg->hi = REG_BASE;
		if (i + 1 == vm->nrec)
			vm->nrec--;
		return 0;
	}
	return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, addr);
}

static int h_release(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	*r0 = 0;
	return release(vm, a[0], a[1], vm->helper == SKEP_FN_ringbuf_submit);
}

static int h_reserve_dynptr(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *dyn = skep_vm_mem_or_trap(vm, a[3], 16, ACC_W);
	u64 rec;

	if (!dyn || reserve(vm, a[0], (u32)a[1], a[2], &rec))
		return -1;
	dyn = skep_vm_mem_or_trap(vm, a[3], 16, ACC_W);
	memset(dyn, 0, 16);
	if (rec) {
		memcpy(dyn, &rec, 8);
		skep_put32(dyn + 8, (u32)a[1], false);
	}
	*r0 = rec ? 0 : ERRNO(EINVAL);
	return 0;
}

static int h_release_dynptr(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u8 *dyn = skep_vm_mem_or_trap(vm, a[0], 16, ACC_R | ACC_W);
	u64 rec;

	if (!dyn)
		return -1;
	memcpy(&rec, dyn, 8);
	memset(dyn, 0, 16);
	*r0 = 0;
	return rec ? release(vm, rec, a[1], vm->helper == SKEP_FN_ringbuf_submit_dynptr) : 0;
}

static int h_output(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 index, size = (u32)a[2];
	struct vmap *m = ringbuf_arg(vm, a[0], &index);
	const u8 *data = m ? skep_vm_mem_or_trap(vm, a[1], size, ACC_R) : NULL;

	if (!data)
		return -1;
	*r0 = a[3] > 3 ? ERRNO(EINVAL) : 0;
	if (!*r0 && m->now.pending + record_room(size) > m->def.max_entries)
		*r0 = ERRNO(EAGAIN);
	if (!*r0 && !skep_vm_note_event(vm, SKEP_EV_RINGBUF, index, a[3], 0, data, size))
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	return 0;
}

static int h_query(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 index;
	struct vmap *m = ringbuf_arg(vm, a[0], &index);

	if (!m)
		return -1;
	*r0 = a[1] == 1 ? m->def.max_entries : 0;
	return 0;
}

/* Bits 32 to 51 of the flags: bytes of the packet that follow the record. */
static int h_perf_output(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 index, size = (u32)a[4], cpu = (u32)a[2], extra = (u32)(a[2] >> 32) & 0xfffff;
	struct vmap *m = map_arg(vm, a[1], &index);
	const u8 *data = m ? skep_vm_mem_or_trap(vm, a[3], size, ACC_R) : NULL;
	u8 *all;

	if (!data)
		return -1;
	if (m->def.type != SKEP_MAP_PERF_EVENT_ARRAY)
		return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a[1]);
	*r0 = a[2] >> 52 ? ERRNO(EINVAL) : 0;
	if (!*r0 && cpu != 0xffffffff && cpu >= m->def.max_entries)
		*r0 = ERRNO(E2BIG);
	if (!*r0 && extra > vm->end - vm->data)
		*r0 = ERRNO(EFAULT);
	if (*r0)
		return 0;
	all = malloc((size_t)size + extra + 1);
	if (!all)
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	memcpy(all, data, size);
	memcpy(all + size, vm->pkt + vm->data, extra);
	if (!skep_vm_note_event(vm, SKEP_EV_PERF, index, a[2], 0, all, size + extra))
		skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	free(all);
	return vm->trap ? -1 : 0;
}

/* There is no stack to walk: one number that depends on the flags only. */
static int h_stackid(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 index;
	struct vmap *m = map_arg(vm, a[1], &index);

	if (!m)
		return -1;
	*r0 = m->def.max_entries ? skep_hash(&a[2], 8, 0) % m->def.max_entries : 0;
	return 0;
}

static int h_redirect_map(struct skep_vm *vm, const u64 *a, u64 *r0)
{
	u32 index, slot = NIL;
	struct vmap *m = map_arg(vm, a[0], &index);
	u8 key[512] = {0};

	if (!m)
		return -1;
	if (!skep_vm_map_holds_index(m->def.type))
		return skep_vm_raise_trap(vm, SKEP_TRAP_ARG, a[0]);
	memcpy(key, &a[1], 4);
	if (a[1] <= 0xffffffff)
		slot = skep_vm_map_find(vm, m, key, false);
	*r0 = slot == NIL ? a[2] & 3 : 4;
	if (slot != NIL && !skep_vm_note_event(vm, SKEP_EV_REDIRECT_MAP, index, a[1], a[2], NULL, 0))
		return skep_vm_raise_trap(vm, SKEP_TRAP_NOMEM, 0);
	return 0;
}

const struct vm_helper_row skep_vm_helpers_map[] = {
    {SKEP_FN_map_lookup_elem, h_lookup},
    {SKEP_FN_map_lookup_percpu_elem, h_lookup_percpu},
    {SKEP_FN_map_update_elem, h_update},
    {SKEP_FN_map_delete_elem, h_delete},
    {SKEP_FN_map_push_elem, h_push},
    {SKEP_FN_map_pop_elem, h_pop_peek},
    {SKEP_FN_map_peek_elem, h_pop_peek},
    {SKEP_FN_loop, h_loop},
    {SKEP_FN_for_each_map_elem, h_for_each},
    {SKEP_FN_tail_call, h_tail_call},
    {SKEP_FN_ringbuf_reserve, h_reserve},
    {SKEP_FN_ringbuf_submit, h_release},
    {SKEP_FN_ringbuf_discard, h_release},
    {SKEP_FN_ringbuf_reserve_dynptr, h_reserve_dynptr},
    {SKEP_FN_ringbuf_submit_dynptr, h_release_dynptr},
    {SKEP_FN_ringbuf_discard_dynptr, h_release_dynptr},
    {SKEP_FN_ringbuf_output, h_output},
    {SKEP_FN_ringbuf_query, h_query},
    {SKEP_FN_perf_event_output, h_perf_output},
    {SKEP_FN_get_stackid, h_stackid},
    {SKEP_FN_redirect_map, h_redirect_map},
    {0, NULL},
};
