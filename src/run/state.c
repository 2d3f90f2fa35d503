/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contents of maps for tests: the same in several vms that were loaded alike.
 * Some states are empty, as after loading; others hold random elements, keys that
 * programs looked up in vain, and changed global variables.
 */
#include "run/run_impl.h"

#include <stdlib.h>

/* Everything that one map of all vms needs. */
struct filling {
	struct skep_run_gen *g;
	struct skep_run_vm *const *r;
	u32 n, at; /* vms; index in their maps */
	const struct skep_vm_map_def *def;
	u8 *key, *value;
	u32 value_room;
};

static u32 pick(struct skep_run_gen *g, u32 n)
{
	return (u32)skep_rng_below(&g->rng, n);
}

static u32 vm_map(const struct filling *f, u32 i)
{
	return f->r[i]->map[f->at].vm;
}

static void update(const struct filling *f, const u8 *key, const u8 *value)
{
	for (u32 i = 0; i < f->n; i++)
		skep_vm_map_update(f->r[i]->vm, vm_map(f, i), key, value, 0);
}

static void clear(const struct filling *f)
{
	for (u32 i = 0; i < f->n; i++)
		while (skep_vm_map_next(f->r[i]->vm, vm_map(f, i), NULL, f->key) == 0)
			if (skep_vm_map_delete(f->r[i]->vm, vm_map(f, i), f->key))
				break;
}

/* A value for every CPU. */
static void make_value(const struct filling *f)
{
	u32 size = f->def->value_size, stride = (size + 7) & ~7u;

	memset(f->value, 0, f->value_room);
	if (pick(f->g, 4) == 0)
		return;
	for (u32 c = 0; c < SKEP_RUN_CPUS; c++)
		skep_run_bytes(f->g, f->value + (size_t)c * stride, size);
}

static void make_key(const struct filling *f)
{
	u32 size = f->def->key_size;

	skep_run_bytes(f->g, f->key, size);
	if (f->def->type == SKEP_MAP_LPM_TRIE)
		skep_put32(f->key, pick(f->g, (size - 4) * 8 + 1), false);
}

static void fill_array(const struct filling *f)
{
	u32 n = SKEP_MIN(f->def->max_entries, 64u);

	memset(f->value, 0, f->value_room);
	for (u32 k = 0; k < n; k++) {
		skep_put32(f->key, k, false);
		if (f->g->states > 1)
			make_value(f);
		update(f, f->key, f->value);
	}
}

static void fill_hash(const struct filling *f)
{
	struct skep_run_gen *g = f->g;
	u32 n;

	clear(f);
	if (g->states <= 1)
		return;
	for (n = pick(g, 12); n; n--) {
		make_key(f);
		make_value(f);
		update(f, f->key, f->value);
	}
	for (u32 i = 0; i < g->nmissed; i++) {
		if (g->missed[i].map != vm_map(f, 0) || f->def->key_size > MAX_KEY ||
		    pick(g, 4) == 0)
			continue;
		memcpy(f->key, g->missed[i].key, f->def->key_size);
		make_value(f);
		update(f, f->key, f->value);
	}
}

/* Devices, processors, sockets: small numbers under small keys. */
static void fill_targets(const struct filling *f)
{
	u32 n = SKEP_MIN(f->def->max_entries, 16u);

	clear(f);
	for (u32 k = 0; k < n; k++) {
		memset(f->key, 0, f->def->key_size);
		memset(f->value, 0, f->value_room);
		skep_put32(f->key, k, false);
		skep_put32(f->value, 1 + pick(f->g, 8), false);
		if (pick(f->g, 3))
			update(f, f->key, f->value);
	}
}

static void fill_queue(const struct filling *f)
{
	u32 n = f->g->states <= 1 ? 0 : pick(f->g, 6);

	for (u32 i = 0; i < f->n; i++)
		while (skep_vm_map_used(f->r[i]->vm, vm_map(f, i)))
			skep_vm_map_delete(f->r[i]->vm, vm_map(f, i), NULL);
	for (; n; n--) {
		make_value(f);
		update(f, NULL, f->value);
	}
}

/* Where a variable of the section lies: compilers leave that to the symbol table. */
static u64 offset_of(const struct skep_obj *o, const struct skep_dsec *d, const struct skep_btf_type *var, u32 otherwise)
{
	for (u32 k = 1; k < o->nsym; k++)
		if (o->sym[k].kind == SKEP_SYM_DATA && o->sym[k].data == d && strcmp(o->sym[k].name, var->name) == 0)
			return o->sym[k].value;
	return otherwise;
}

/* Change some small variables of the section; the others keep what the object says. */
static void change_variables(const struct filling *f, const struct skep_dsec *d)
{
	const struct skep_btf *b = f->r[0]->file->obj->btf;
	u32 id = b ? skep_btf_find(b, SKEP_BTF_DATASEC, d->name) : 0;
	struct skep_btf_type ds, var;
	struct skep_btf_member m;
	u64 v, off;

	if (!id || !skep_btf_get(b, id, &ds))
		return;
	for (u32 i = 0; i < ds.vlen; i++) {
		skep_btf_member(b, &ds, i, &m);
		if (!skep_btf_get(b, m.type, &var))
			continue;
		off = offset_of(f->r[0]->file->obj, d, &var, m.off);
		if (off > d->size || m.size > d->size - off)
			continue;
		v = skep_run_number(f->g);
		if (m.size <= 8 && pick(f->g, 3) == 0)
			memcpy(f->value + off, &v, m.size);
		else if (d->kind != SKEP_DSEC_RODATA && m.size <= 4096 && pick(f->g, 4) == 0)
			skep_run_bytes(f->g, f->value + off, m.size);
	}
}

static void fill_data(const struct filling *f, const struct skep_dsec *d)
{
	memset(f->key, 0, 4);
	memset(f->value, 0, f->value_room);
	if (d->bytes)
		memcpy(f->value, d->bytes, d->size);
	if (f->g->states % 2 == 0)
		change_variables(f, d);
	for (u32 k = 0; k < f->g->nhold && d->bytes; k++) {
		const struct skep_fixed *x = &f->g->hold[k];

		if (x->sec == d->elf)
			memcpy(f->value + x->off, d->bytes + x->off, x->size);
	}
	update(f, f->key, f->value);
}

/* Numbers, texts, and pointers to more of the same memory. */
static void fill_memory(const struct filling *f)
{
	static const char *const texts[] = {"/etc/passwd", "lo", "eth0", "bash", "127.0.0.1:80"};
	struct skep_run_gen *g = f->g;

	skep_run_bytes(g, g->memory, SKEP_RUN_MEMORY);
	for (u32 i = 0; i < 256; i++)
		skep_put64(g->memory + 8 * pick(g, SKEP_RUN_MEMORY / 8),
			   f->r[0]->memory_addr + 8 * pick(g, SKEP_RUN_MEMORY / 16), false);
	for (u32 i = 0; i < 12; i++) {
		const char *s = texts[pick(g, SKEP_ARRAY_SIZE(texts))];

		memcpy(g->memory + 8 * pick(g, SKEP_RUN_MEMORY / 8 - 4), s, strlen(s) + 1);
	}
	memset(f->key, 0, 4);
	update(f, f->key, g->memory);
}

static void fill(const struct filling *f)
{
	const struct skep_run_map *m = &f->r[0]->map[f->at];

	if (f->at == f->r[0]->memory) {
		fill_memory(f);
		return;
	}
	if (m->data) {
		fill_data(f, m->data);
		return;
	}
	if (!m->def)
		return;
	switch (f->def->type) {
	case SKEP_MAP_ARRAY:
	case SKEP_MAP_PERCPU_ARRAY: fill_array(f); break;
	case SKEP_MAP_HASH:
	case SKEP_MAP_LRU_HASH:
	case SKEP_MAP_PERCPU_HASH:
	case SKEP_MAP_LRU_PERCPU_HASH:
	case SKEP_MAP_LPM_TRIE: fill_hash(f); break;
	case SKEP_MAP_DEVMAP:
	case SKEP_MAP_DEVMAP_HASH:
	case SKEP_MAP_CPUMAP:
	case SKEP_MAP_XSKMAP:
	case SKEP_MAP_SOCKMAP: fill_targets(f); break;
	case SKEP_MAP_QUEUE:
	case SKEP_MAP_STACK: fill_queue(f); break;
	default: break;
	}
}

int skep_run_gen_state(struct skep_run_gen *g, struct skep_run_vm *const *r, u32 n)
{
	int err = 0;

	g->states++;
	for (u32 i = 0; i < n; i++)
		skep_vm_restore(r[i]->vm);
	for (u32 at = 0; at < r[0]->nmap && !err; at++) {
		struct filling f = {.g = g, .r = r, .n = n, .at = at};

		if (r[0]->map[at].vm == SKEP_RUN_NONE)
			continue;
		f.def = skep_vm_map_def(r[0]->vm, r[0]->map[at].vm);
		f.value_room = ((f.def->value_size + 7) & ~7u) * SKEP_RUN_CPUS;
		f.key = calloc(1, f.def->key_size + 8);
		f.value = calloc(1, f.value_room + 8);
		if (f.key && f.value)
			fill(&f);
		else
			err = SKEP_ENOMEM;
		free(f.key);
		free(f.value);
	}
	for (u32 i = 0; i < n && !err; i++)
		err = skep_vm_snapshot(r[i]->vm);
	return err;
}
