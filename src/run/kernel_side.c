/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel would give a program besides maps: the values of `__kconfig`
 * variables, and memory for the pointers that programs get from it. Both are
 * array maps with one element, behind the object's maps.
 */
#include "run/run_impl.h"

/* Linux 6.18.0 as LINUX_VERSION_CODE counts. */
enum { KERNEL_VERSION = 6 << 16 | 18 << 8, VAR_ROOM = 64 };

static bool datasec(const struct skep_obj *o, const char *name, struct skep_btf_type *out)
{
	u32 id = o->btf ? skep_btf_find(o->btf, SKEP_BTF_DATASEC, name) : 0;

	return id && skep_btf_get(o->btf, id, out);
}

bool skep_run_kconfig_find(const struct skep_run_vm *r, const char *name, u32 *off)
{
	const struct skep_btf *b = r->file->obj->btf;
	struct skep_btf_type ds, var;
	struct skep_btf_member m;

	if (!datasec(r->file->obj, ".kconfig", &ds))
		return false;
	for (u32 i = 0; i < ds.vlen; i++) {
		skep_btf_member(b, &ds, i, &m);
		if (skep_btf_get(b, m.type, &var) && strcmp(var.name, name) == 0) {
			*off = i * VAR_ROOM;
			return true;
		}
	}
	return false;
}

/* The value of a variable by name and type, as a kernel with everything would have it. */
static void kconfig_value(const struct skep_btf *b, const struct skep_btf_type *var, u8 *out)
{
	s64 size = skep_btf_size(b, var->ref);
	struct skep_btf_type t;
	u64 v = 1;

	if (strcmp(var->name, "LINUX_KERNEL_VERSION") == 0)
		v = KERNEL_VERSION;
	else if (strcmp(var->name, "CONFIG_HZ") == 0)
		v = 250;
	else if (skep_btf_resolve(b, var->ref, &t) && t.kind == SKEP_BTF_ENUM)
		v = 2; /* TRI_YES */
	else if (size == 1 && strcmp(t.name, "char") == 0)
		v = 'y';
	if (skep_btf_resolve(b, var->ref, &t) && t.kind == SKEP_BTF_ARRAY)
		memcpy(out, "skep", (size_t)SKEP_MIN(SKEP_MAX(size - 1, 0), 4));
	else if (size > 0 && size <= 8)
		memcpy(out, &v, (size_t)size);
}

static int add(struct skep_run_vm *r, struct skep_arena *arena, const char *name, u32 size,
	       u32 flags, u32 *at)
{
	struct skep_vm_map_def def = {SKEP_MAP_ARRAY, 4, size, 1, flags, name};
	int id = skep_vm_map_add(r->vm, &def);
	u32 n = r->nmap++;

	r->map = skep_arena_grow(arena, r->map, n * sizeof(*r->map), r->nmap * sizeof(*r->map));
	r->map[n] = (struct skep_run_map){.name = name, .vm = (u32)id};
	*at = n;
	return id < 0 ? id : 0;
}

/* The vm says where it put the memory: a program that returns the address. */
static int ask_address(struct skep_run_vm *r)
{
	const struct skep_ins load = {.op = SKEP_LDDW,
				      .size = 8,
				      .src = SKEP_LD_MAP_VALUE,
				      .imm = (s64)r->map[r->memory].vm};
	const struct skep_ins exit = {.op = SKEP_EXIT};
	struct skep_vm_input in = {0};
	struct skep_vm_result res;
	u8 code[32];
	int id, err;

	skep_isa_encode(&load, code, false);
	skep_isa_encode(&exit, code + 16, false);
	id = skep_vm_prog_load(r->vm, code, 3, SKEP_PROG_XDP, NULL);
	if (id < 0)
		return id;
	err = skep_vm_run(r->vm, (u32)id, &in, &res);
	r->memory_addr = res.ret;
	skep_vm_prog_clear(r->vm);
	return err;
}

int skep_run_kernel_side(struct skep_run_vm *r, struct skep_arena *arena)
{
	const struct skep_obj *o = r->file->obj;
	struct skep_btf_type ds = {0}, var;
	struct skep_btf_member m;
	u8 *p;
	int err;

	datasec(o, ".kconfig", &ds);
	err = add(r, arena, ".kconfig", SKEP_MAX(ds.vlen, 1u) * VAR_ROOM, SKEP_VM_F_RDONLY_PROG,
		  &r->kconfig);
	if (err)
		return err;
	p = skep_vm_map_data(r->vm, r->map[r->kconfig].vm, 0);
	for (u32 i = 0; i < ds.vlen; i++) {
		skep_btf_member(o->btf, &ds, i, &m);
		if (skep_btf_get(o->btf, m.type, &var))
			kconfig_value(o->btf, &var, p + i * VAR_ROOM);
	}
	err = add(r, arena, "(memory)", SKEP_RUN_MEMORY, 0, &r->memory);
	return err ? err : ask_address(r);
}
