/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: making them, arrays, queues. A map owns its slots, keys and values; the
 * regions of the values point into them and follow when the blocks grow.
 */
#include <errno.h>
#include <stdlib.h>

#include "vm/vm_impl.h"

enum { ANY, NOEXIST, EXIST, FLAG_LOCK = 4 };

bool skep_vm_map_is_lru(u32 type)
{
	return type == SKEP_MAP_LRU_HASH || type == SKEP_MAP_LRU_PERCPU_HASH;
}

bool skep_vm_map_is_hash(u32 type)
{
	return skep_vm_map_is_lru(type) || type == SKEP_MAP_HASH || type == SKEP_MAP_PERCPU_HASH ||
	       type == SKEP_MAP_HASH_OF_MAPS || type == SKEP_MAP_LPM_TRIE ||
	       type == SKEP_MAP_DEVMAP_HASH || type == SKEP_MAP_SOCKHASH;
}

bool skep_vm_map_is_percpu(u32 type)
{
	return skep_map_type_find(type)->flags & SKEP_MF_PERCPU;
}

bool skep_vm_map_is_queue(u32 type)
{
	return type == SKEP_MAP_QUEUE || type == SKEP_MAP_STACK;
}

bool skep_vm_map_holds_index(u32 type)
{
	switch (type) {
	case SKEP_MAP_PROG_ARRAY:
	case SKEP_MAP_PERF_EVENT_ARRAY:
	case SKEP_MAP_CGROUP_ARRAY:
	case SKEP_MAP_ARRAY_OF_MAPS:
	case SKEP_MAP_HASH_OF_MAPS:
	case SKEP_MAP_DEVMAP:
	case SKEP_MAP_DEVMAP_HASH:
	case SKEP_MAP_CPUMAP:
	case SKEP_MAP_XSKMAP:
	case SKEP_MAP_SOCKMAP:
	case SKEP_MAP_SOCKHASH: return true;
	default: return false;
	}
}

bool skep_vm_map_is_array(u32 type)
{
	return type == SKEP_MAP_ARRAY || type == SKEP_MAP_PERCPU_ARRAY;
}

u32 skep_vm_map_cpus(const struct skep_vm *vm, const struct vmap *m)
{
	return skep_vm_map_is_percpu(m->def.type) ? vm->opt.cpus : 1;
}

u8 *skep_vm_map_value(const struct vmap *m, u32 cpu, u32 slot)
{
	return m->now.val[cpu] + (size_t)slot * m->stride;
}

void skep_vm_map_sync(struct skep_vm *vm, struct vmap *m)
{
	bool index = skep_vm_map_holds_index(m->def.type) && m->def.type != SKEP_MAP_DEVMAP &&
		     m->def.type != SKEP_MAP_DEVMAP_HASH && m->def.type != SKEP_MAP_CPUMAP;

	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++) {
		struct region *rg = &vm->reg[m->region + c];

		rg->host = m->now.val[c];
		rg->lo = REG_BASE;
		rg->hi = index ? REG_BASE : REG_BASE + m->now.nslot * m->stride;
		rg->stride =
		    m->def.max_entries > 1 || m->stride != m->def.value_size ? m->stride : 0;
		rg->elem = m->def.value_size;
		rg->perm = ACC_R | ACC_W;
		if (m->def.flags & SKEP_VM_F_RDONLY_PROG || skep_vm_map_holds_index(m->def.type))
			rg->perm = ACC_R;
		if (m->def.flags & SKEP_VM_F_WRONLY_PROG)
			rg->perm = ACC_W;
	}
}

void skep_vm_map_dirty(struct skep_vm *vm, struct vmap *m, u32 cpu, u32 off, u32 size)
{
	struct region *rg = &vm->reg[m->region + cpu];

	rg->dlo = SKEP_MIN(rg->dlo, off);
	rg->dhi = SKEP_MAX(rg->dhi, off + size);
}

/* --- making ----------------------------------------------------------------------- */

static int check_def(const struct skep_vm *vm, const struct skep_vm_map_def *d)
{
	u64 bytes = ((u64)d->value_size + 8 + d->key_size) * d->max_entries;

	switch (d->type) {
	case SKEP_MAP_ARRAY:
	case SKEP_MAP_PERCPU_ARRAY:
		if (d->key_size != 4 || !d->value_size)
			return SKEP_EUSAGE;
		break;
	case SKEP_MAP_QUEUE:
	case SKEP_MAP_STACK:
		if (d->key_size || !d->value_size)
			return SKEP_EUSAGE;
		break;
	case SKEP_MAP_RINGBUF:
		return d->max_entries && !(d->max_entries & (d->max_entries - 1)) ? 0 : SKEP_EUSAGE;
	case SKEP_MAP_STACK_TRACE: return 0;
	case SKEP_MAP_LPM_TRIE:
		if (d->key_size < 5 || d->key_size > 260 || !d->value_size)
			return SKEP_EUSAGE;
		break;
	default:
		if (!skep_vm_map_is_hash(d->type) && !skep_vm_map_holds_index(d->type))
			return SKEP_EUNSUP;
		if (!d->key_size || d->key_size > 512 || !d->value_size)
			return SKEP_EUSAGE;
		if (skep_vm_map_holds_index(d->type) && d->value_size < 4)
			return SKEP_EUSAGE;
		if (!skep_vm_map_is_hash(d->type) && d->key_size != 4)
			return SKEP_EUSAGE;
	}
	if (!d->max_entries || d->value_size > 1u << 30)
		return SKEP_EUSAGE;
	if (bytes > vm->opt.memory_limit || bytes > 0xe0000000u)
		return SKEP_ENOMEM;
	return 0;
}

static void state_fini(struct vmap_state *s, u32 cpus)
{
	for (u32 c = 0; s->val && c < cpus; c++)
		free(s->val[c]);
	free(s->val);
	free(s->slot);
	free(s->key);
	free(s->head);
	memset(s, 0, sizeof(*s));
}

static void map_free(struct skep_vm *vm, struct vmap *m)
{
	if (!m)
		return;
	state_fini(&m->now, skep_vm_map_cpus(vm, m));
	state_fini(&m->old, skep_vm_map_cpus(vm, m));
	free(m->plen);
	free(m);
}

static bool make_array(struct skep_vm *vm, struct vmap *m)
{
	u32 n = m->def.max_entries;

	m->now.slot = calloc(n, sizeof(*m->now.slot));
	if (!m->now.slot)
		return false;
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++) {
		m->now.val[c] = calloc(n, m->stride);
		if (!m->now.val[c])
			return false;
	}
	m->cap = n;
	m->now.nslot = n;
	m->now.count = skep_vm_map_is_array(m->def.type) ? n : 0;
	for (u32 i = 0; i < m->now.count; i++)
		m->now.slot[i].used = true;
	return true;
}

static bool make_hash(struct vmap *m)
{
	u32 heads = 16;

	while (heads < m->def.max_entries && heads < 1u << 16)
		heads *= 2;
	m->mask = heads - 1;
	m->now.head = malloc(heads * sizeof(u32));
	m->now.free = m->now.newest = m->now.oldest = NIL;
	if (m->now.head)
		memset(m->now.head, 0xff, heads * sizeof(u32));
	if (m->def.type == SKEP_MAP_LPM_TRIE)
		m->plen = calloc((m->def.key_size - 4) * 8 + 1, sizeof(u32));
	return m->now.head && (m->plen || m->def.type != SKEP_MAP_LPM_TRIE);
}

static struct vmap *map_new(struct skep_vm *vm, const struct skep_vm_map_def *def)
{
	struct vmap *m = calloc(1, sizeof(*m));
	bool ok;

	if (!m)
		return NULL;
	m->def = *def;
	strncpy(m->name, def->name ? def->name : "", sizeof(m->name) - 1);
	m->def.name = m->name;
	m->stride = (def->value_size + 7) & ~7u;
	m->now.val = calloc(skep_vm_map_cpus(vm, m), sizeof(u8 *));
	m->region = skep_vm_region_add(vm, skep_vm_map_cpus(vm, m));
	if (!m->now.val || !m->region)
		ok = false;
	else if (skep_vm_map_is_hash(def->type))
		ok = make_hash(m);
	else
		ok = def->type == SKEP_MAP_RINGBUF || def->type == SKEP_MAP_STACK_TRACE ||
		     make_array(vm, m);
	if (ok)
		return m;
	map_free(vm, m);
	return NULL;
}

int skep_vm_map_add(struct skep_vm *vm, const struct skep_vm_map_def *def)
{
	int err = check_def(vm, def);
	struct vmap *m;

	if (err)
		return err;
	skep_vm_records_free(vm);
	if (!skep_vm_room(&vm->map, vm->nmap, &vm->cap_map, sizeof(*vm->map)))
		return SKEP_ENOMEM;
	m = map_new(vm, def);
	if (!m)
		return SKEP_ENOMEM;
	vm->nreg_maps = vm->nreg;
	vm->map[vm->nmap] = m;
	skep_vm_map_sync(vm, m);
	vm->has_snapshot = false;
	return (int)vm->nmap++;
}

void skep_vm_maps_free(struct skep_vm *vm)
{
	for (u32 i = 0; i < vm->nmap; i++)
		map_free(vm, vm->map[i]);
	free(vm->map);
}

const struct skep_vm_map_def *skep_vm_map_def(const struct skep_vm *vm, u32 map)
{
	return map < vm->nmap ? &vm->map[map]->def : NULL;
}

u64 skep_vm_guest_of_map(u32 map)
{
	return GUEST(REG_MAP, map * 16);
}

struct vmap *skep_vm_map_of_guest(struct skep_vm *vm, u64 addr, u32 *index)
{
	u64 off = addr - GUEST(REG_MAP, 0);

	if (off % 16 || off / 16 >= vm->nmap)
		return NULL;
	*index = (u32)(off / 16);
	return vm->map[*index];
}

/* --- elements ------------------------------------------------------------------------ */

u32 skep_vm_map_find(struct skep_vm *vm, struct vmap *m, const u8 *key, bool touch)
{
	u32 slot;

	if (skep_vm_map_is_hash(m->def.type)) {
		slot = m->def.type == SKEP_MAP_LPM_TRIE ? skep_vm_lpm_find(m, key) : skep_vm_hash_find(m, key);
		if (slot != NIL && touch && skep_vm_map_is_lru(m->def.type))
			skep_vm_hash_touch(m, slot);
		return slot;
	}
	if (m->def.type == SKEP_MAP_RINGBUF || skep_vm_map_is_queue(m->def.type) || !m->now.nslot)
		return NIL;
	slot = skep_get32(key, false);
	return slot < m->def.max_entries && m->now.slot[slot].used ? slot : NIL;
}

int skep_vm_map_put(struct skep_vm *vm, struct vmap *m, const u8 *key, u64 flags, u32 *slot)
{
	flags &= ~(u64)FLAG_LOCK;
	if (flags > EXIST)
		return -EINVAL;
	if (skep_vm_map_is_hash(m->def.type))
		return skep_vm_hash_put(vm, m, key, flags, slot);
	if (m->def.type == SKEP_MAP_RINGBUF || skep_vm_map_is_queue(m->def.type) || !m->now.nslot)
		return -EINVAL;
	*slot = skep_get32(key, false);
	if (*slot >= m->def.max_entries)
		return -E2BIG;
	if (flags == NOEXIST && (skep_vm_map_is_array(m->def.type) || m->now.slot[*slot].used))
		return -EEXIST;
	if (!m->now.slot[*slot].used) {
		m->now.count++;
		m->now.slot[*slot].used = true;
		m->changed = true;
	}
	return 0;
}

void skep_vm_map_store(struct skep_vm *vm, struct vmap *m, u32 cpu, u32 slot, const void *value)
{
	memmove(skep_vm_map_value(m, cpu, slot), value, m->def.value_size);
	skep_vm_map_dirty(vm, m, cpu, slot * m->stride, m->stride);
}

int skep_vm_map_del(struct skep_vm *vm, struct vmap *m, const u8 *key)
{
	u32 slot;

	if (skep_vm_map_is_hash(m->def.type))
		return skep_vm_hash_del(m, key);
	if (skep_vm_map_is_array(m->def.type) || m->def.type == SKEP_MAP_RINGBUF ||
	    skep_vm_map_is_queue(m->def.type))
		return -EINVAL;
	slot = skep_vm_map_find(vm, m, key, false);
	if (slot == NIL)
		return -ENOENT;
	m->now.slot[slot].used = false;
	memset(skep_vm_map_value(m, 0, slot), 0, m->stride);
	m->now.count--;
	m->changed = true;
	return 0;
}

int skep_vm_queue_push(struct skep_vm *vm, struct vmap *m, const void *value, u64 flags)
{
	struct vmap_state *s = &m->now;
	u32 n = m->def.max_entries;

	if (flags != ANY && flags != EXIST)
		return -EINVAL;
	if (s->count == n) {
		if (flags != EXIST)
			return -E2BIG;
		/* make room: the oldest goes */
		s->ring = (s->ring + 1) % n;
		s->count--;
	}
	memcpy(skep_vm_map_value(m, 0, (s->ring + s->count) % n), value, m->def.value_size);
	s->count++;
	m->changed = true;
	return 0;
}

int skep_vm_queue_peek(struct vmap *m, void *value, bool remove)
{
	struct vmap_state *s = &m->now;
	bool queue = m->def.type == SKEP_MAP_QUEUE;
	u32 at;

	if (!s->count) {
		memset(value, 0, m->def.value_size);
		return -ENOENT;
	}
	at = (s->ring + (queue ? 0 : s->count - 1)) % m->def.max_entries;
	memcpy(value, skep_vm_map_value(m, 0, at), m->def.value_size);
	if (remove) {
		s->ring = queue ? (s->ring + 1) % m->def.max_entries : s->ring;
		s->count--;
		m->changed = true;
	}
	return 0;
}
