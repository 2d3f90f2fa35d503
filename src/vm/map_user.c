/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps as user space sees them: elements, iteration, digests, comparing two vms' contents. */
#include <errno.h>
#include <stdlib.h>

#include "vm/vm_impl.h"

static struct vmap *get(const struct skep_vm *vm, u32 map)
{
	return map < vm->nmap ? vm->map[map] : NULL;
}

int skep_vm_map_lookup(struct skep_vm *vm, u32 map, const void *key, void *value)
{
	struct vmap *m = get(vm, map);
	u32 slot, size;

	if (!m)
		return -EBADF;
	if (skep_vm_map_is_queue(m->def.type))
		return skep_vm_queue_peek(m, value, false);
	slot = skep_vm_map_find(vm, m, key, false);
	if (slot == NIL)
		return -ENOENT;
	size = skep_vm_map_is_percpu(m->def.type) ? m->stride : m->def.value_size;
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++)
		memcpy((u8 *)value + (size_t)c * size, skep_vm_map_value(m, c, slot), size);
	return 0;
}

int skep_vm_map_update(struct skep_vm *vm, u32 map, const void *key, const void *value, u64 flags)
{
	struct vmap *m = get(vm, map);
	u32 slot, size;
	int err;

	if (!m)
		return -EBADF;
	if (skep_vm_map_is_queue(m->def.type))
		return skep_vm_queue_push(vm, m, value, flags);
	if (m->def.type == SKEP_MAP_ARRAY_OF_MAPS || m->def.type == SKEP_MAP_HASH_OF_MAPS)
		if (skep_get32(value, false) >= vm->nmap)
			return -EBADF;
	err = skep_vm_map_put(vm, m, key, flags, &slot);
	if (err)
		return err;
	size = skep_vm_map_is_percpu(m->def.type) ? m->stride : m->def.value_size;
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++)
		skep_vm_map_store(vm, m, c, slot, (const u8 *)value + (size_t)c * size);
	return 0;
}

int skep_vm_map_delete(struct skep_vm *vm, u32 map, const void *key)
{
	struct vmap *m = get(vm, map);
	u8 *value;
	int err;

	if (!m)
		return -EBADF;
	if (!skep_vm_map_is_queue(m->def.type))
		return skep_vm_map_del(vm, m, key);
	value = malloc(m->def.value_size);
	if (!value)
		return -ENOMEM;
	err = skep_vm_queue_peek(m, value, true);
	free(value);
	return err;
}

int skep_vm_map_next(struct skep_vm *vm, u32 map, const void *key, void *next)
{
	struct vmap *m = get(vm, map);
	u32 slot = NIL;

	if (!m)
		return -EBADF;
	if (skep_vm_map_is_queue(m->def.type) || m->def.type == SKEP_MAP_RINGBUF)
		return -EINVAL;
	if (key)
		slot = skep_vm_map_is_hash(m->def.type) ? skep_vm_hash_find(m, key) : skep_get32(key, false);
	for (slot = slot == NIL || slot >= m->now.nslot ? 0 : slot + 1; slot < m->now.nslot;
	     slot++) {
		if (!m->now.slot[slot].used)
			continue;
		if (skep_vm_map_is_hash(m->def.type))
			memcpy(next, m->now.key + (size_t)slot * m->def.key_size, m->def.key_size);
		else
			skep_put32(next, slot, false);
		return 0;
	}
	return -ENOENT;
}

u32 skep_vm_map_used(const struct skep_vm *vm, u32 map)
{
	return get(vm, map) ? vm->map[map]->now.count : 0;
}

void *skep_vm_map_data(struct skep_vm *vm, u32 map, u32 cpu)
{
	struct vmap *m = get(vm, map);

	if (!m || !skep_vm_map_is_array(m->def.type) || cpu >= skep_vm_map_cpus(vm, m))
		return NULL;
	skep_vm_map_dirty(vm, m, cpu, 0, m->now.nslot * m->stride);
	return m->now.val[cpu];
}

u64 skep_vm_map_digest(const struct skep_vm *vm, u32 map)
{
	const struct vmap *m = get(vm, map);
	u64 sum = 0, h;

	if (!m)
		return 0;
	sum = skep_hash(&m->def.type, 16, m->now.count);
	for (u32 i = 0; skep_vm_map_is_queue(m->def.type) && i < m->now.count; i++)
		sum += skep_hash(skep_vm_map_value(m, 0, (m->now.ring + i) % m->def.max_entries),
				 m->def.value_size, i + 1);
	for (u32 i = 0; !skep_vm_map_is_queue(m->def.type) && i < m->now.nslot; i++) {
		if (!m->now.slot[i].used)
			continue;
		h = skep_vm_map_is_hash(m->def.type)
			? skep_hash(m->now.key + (size_t)i * m->def.key_size, m->def.key_size, 1)
			: skep_hash(&i, 4, 1);
		for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++)
			h = skep_hash(skep_vm_map_value(m, c, i), m->def.value_size, h + c);
		sum += h;
	}
	return sum;
}

static bool same_element(const struct skep_vm *va, const struct vmap *a, u32 i,
			 const struct vmap *b)
{
	const u8 *key = a->now.key + (size_t)i * a->def.key_size;
	u32 j = skep_vm_map_is_hash(a->def.type) ? skep_vm_hash_find(b, key) : i;

	if (j == NIL || !b->now.slot[j].used)
		return false;
	for (u32 c = 0; c < skep_vm_map_cpus(va, a); c++)
		if (memcmp(skep_vm_map_value(a, c, i), skep_vm_map_value(b, c, j), a->def.value_size))
			return false;
	return true;
}

bool skep_vm_map_equal(const struct skep_vm *va, u32 map_a, const struct skep_vm *vb, u32 map_b)
{
	const struct vmap *a = get(va, map_a), *b = get(vb, map_b);

	if (!a || !b || memcmp(&a->def.type, &b->def.type, 16) || va->opt.cpus != vb->opt.cpus ||
	    a->now.count != b->now.count)
		return false;
	if (skep_vm_map_is_queue(a->def.type)) {
		for (u32 i = 0; i < a->now.count; i++)
			if (memcmp(skep_vm_map_value(a, 0, (a->now.ring + i) % a->def.max_entries),
				   skep_vm_map_value(b, 0, (b->now.ring + i) % a->def.max_entries),
				   a->def.value_size))
				return false;
		return true;
	}
	for (u32 i = 0; i < a->now.nslot; i++)
		if (a->now.slot[i].used && !same_element(va, a, i, b))
			return false;
	return true;
}

bool skep_vm_map_same_changes(const struct skep_vm *va, u32 map_a, const struct skep_vm *vb,
			      u32 map_b)
{
	const struct vmap *a = get(va, map_a), *b = get(vb, map_b);

	if (!a || !b || a->changed || b->changed || memcmp(&a->def.type, &b->def.type, 16) ||
	    va->opt.cpus != vb->opt.cpus)
		return skep_vm_map_equal(va, map_a, vb, map_b);
	/* The same elements in the same slots: only bytes of values can differ. */
	for (u32 c = 0; c < skep_vm_map_cpus(va, a); c++) {
		const struct region *x = &va->reg[a->region + c], *y = &vb->reg[b->region + c];
		u32 lo = SKEP_MIN(x->dlo, y->dlo), hi = SKEP_MAX(x->dhi, y->dhi);

		if (lo < hi && memcmp(a->now.val[c] + lo, b->now.val[c] + lo, hi - lo))
			return false;
	}
	return true;
}
