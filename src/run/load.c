/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An object in a vm: maps first, in an order that two versions of an object
 * share, then the program with its references patched, then the programs that
 * it may reach by tail calls. The caller owns the result and calls fini.
 */
#include "run/run_impl.h"

#include <stdlib.h>

const struct skep_diag_def skep_run_diags[] = {
#define D(name, code, sev, text, explain) {code, SKEP_##sev, text, explain},
#include "run/diag.def"
#undef D
};
const u32 skep_run_ndiags = SKEP_ARRAY_SIZE(skep_run_diags);

/* Elements and bytes that a map gets at most: enough for tests, cheap to restore. */
enum { MAX_ELEMS = 1024, MAX_BYTES = 1 << 20 };

/* --- maps ------------------------------------------------------------------------ */

struct skep_vm_map_def skep_run_map_def(const struct skep_map *m)
{
	struct skep_vm_map_def d = {m->type,	    m->key_size,  m->value_size,
				    m->max_entries, m->map_flags, m->name};
	u32 room;

	switch (m->type) {
	case SKEP_MAP_RINGBUF:
		d.key_size = d.value_size = 0;
		d.max_entries = 1 << 16;
		return d;
	case SKEP_MAP_PROG_ARRAY:
	case SKEP_MAP_PERF_EVENT_ARRAY:
	case SKEP_MAP_CGROUP_ARRAY:
	case SKEP_MAP_ARRAY_OF_MAPS:
		d.key_size = 4;
		d.value_size = 4;
		break;
	case SKEP_MAP_HASH_OF_MAPS: d.value_size = 4; break;
	case SKEP_MAP_STACK_TRACE: d.key_size = 4; break;
	default: break;
	}
	if (!d.max_entries)
		d.max_entries = m->type == SKEP_MAP_PERF_EVENT_ARRAY ? SKEP_RUN_CPUS : 64;
	if (m->data)
		return d;
	room = d.value_size > MAX_BYTES / MAX_ELEMS ? SKEP_MAX(MAX_BYTES / d.value_size, 1u)
						    : MAX_ELEMS;
	d.max_entries = SKEP_MIN(d.max_entries, room);
	return d;
}

int skep_run_map_add(struct skep_run_vm *r, const struct skep_map *m, struct skep_arena *arena,
		     u32 *at)
{
	struct skep_vm_map_def def = skep_run_map_def(m);
	int id = skep_vm_map_add(r->vm, &def);
	u32 n = r->nmap++;

	if (id == SKEP_ENOMEM)
		return id;
	r->map = skep_arena_grow(arena, r->map, n * sizeof(*r->map), r->nmap * sizeof(*r->map));
	r->map[n] = (struct skep_run_map){m->name, m, m->data, id < 0 ? SKEP_RUN_NONE : (u32)id};
	*at = n;
	return 0;
}

/* The object's map by name; a section's map is not found by another map's name. */
static const struct skep_map *map_named(const struct skep_obj *o, const char *name, bool data)
{
	for (u32 i = 0; i < o->nmap; i++)
		if (!!o->map[i]->data == data && strcmp(o->map[i]->name, name) == 0)
			return o->map[i];
	return NULL;
}

static bool same_def(const struct skep_map *a, const struct skep_map *b)
{
	return a->type == b->type && a->key_size == b->key_size && a->value_size == b->value_size &&
	       a->max_entries == b->max_entries && a->map_flags == b->map_flags;
}

static int add_map(struct skep_run_vm *r, const struct skep_map *m, struct skep_arena *arena)
{
	u8 *p = NULL;
	u32 n;
	int err = skep_run_map_add(r, m, arena, &n);

	if (!err && m->data && m->data->bytes && r->map[n].vm != SKEP_RUN_NONE)
		p = skep_vm_map_data(r->vm, r->map[n].vm, 0);
	if (p)
		memcpy(p, m->data->bytes, m->data->size);
	return err;
}

/* Maps in the order of `like`, in the object's own version where it has one. */
static int add_maps(struct skep_run_vm *r, const struct skep_run_vm *like, struct skep_arena *arena,
		    struct skep_diags *ds)
{
	const struct skep_obj *o = r->file->obj;
	u32 n = like ? like->file->obj->nmap : 0;
	int err = 0;

	r->map_of = SKEP_NEW_N(arena, u32, o->nmap + 1);
	memset(r->map_of, 0xff, (o->nmap + 1) * sizeof(u32));
	for (u32 i = 0; i < n && !err; i++) {
		const struct skep_map *old = like->file->obj->map[i];
		const struct skep_map *m = map_named(o, old->name, old->data);

		if (m && !same_def(m, old)) {
			RUN_DIAG(ds, MAP_DIFFERS, m->name);
			return SKEP_EUNSUP;
		}
		if (m)
			r->map_of[m->index] = r->nmap;
		err = add_map(r, m ? m : old, arena);
	}
	for (u32 i = 0; i < o->nmap && !err; i++) {
		if (r->map_of[i] != SKEP_RUN_NONE)
			continue;
		if (like) {
			RUN_DIAG(ds, MAP_DIFFERS, o->map[i]->name);
			return SKEP_EUNSUP;
		}
		r->map_of[i] = r->nmap;
		err = add_map(r, o->map[i], arena);
	}
	return err;
}

/* --- references of the program --------------------------------------------------------- */

static bool fix_data(struct skep_run_vm *r, const struct skep_sym *s, s64 addend, u32 *low,
		     u32 *high)
{
	const struct skep_dsec *d = s->data;
	u32 map = d && d->map ? r->map[r->map_of[d->map->index]].vm : SKEP_RUN_NONE;

	if (map == SKEP_RUN_NONE)
		return false;
	*low = map;
	*high = (u32)(s->value + (u64)addend);
	return true;
}

static bool is_map_ref(u8 src)
{
	return src == SKEP_LD_MAP_FD || src == SKEP_LD_MAP_VALUE;
}

static int bad_map(const struct skep_map *m, struct skep_diags *ds)
{
	const struct skep_map_type *t = skep_map_type_find(m->type);

	RUN_DIAG(ds, MAP_TYPE, m->name, t ? t->name : "unknown type");
	return SKEP_EUNSUP;
}

static int fix_load(struct skep_run_vm *r, const struct skep_insn *i, u8 *at, struct skep_diags *ds)
{
	const struct skep_obj *o = r->file->obj;
	const struct skep_sym *s = &o->sym[i->sym];
	u32 low = 0, high = 0;
	u8 src = SKEP_LD_MAP_FD;
	u64 addr;

	if (i->ref == SKEP_REF_MAP) {
		const struct skep_map *m = skep_insn_map(o, i);

		if (!m)
			return RUN_DIAG(ds, BAD_REF, s->name, "it is no map"), SKEP_EUNSUP;
		low = r->map[r->map_of[m->index]].vm;
		if (low == SKEP_RUN_NONE)
			return bad_map(m, ds);
	} else if (i->ref == SKEP_REF_DATA) {
		src = SKEP_LD_MAP_VALUE;
		if (!fix_data(r, s, i->in.imm, &low, &high))
			return RUN_DIAG(ds, BAD_REF, s->name, "it is in no data section"),
			       SKEP_EUNSUP;
	} else if (skep_run_kconfig_find(r, s->name, &high)) {
		src = SKEP_LD_MAP_VALUE;
		low = r->map[r->kconfig].vm;
	} else {
		src = SKEP_LD_IMM;
		addr = s->bind == SKEP_STB_WEAK
			       ? 0
			       : r->memory_addr + skep_hash(s->name, strlen(s->name), 0) % 256 * 8;
		low = (u32)addr;
		high = (u32)(addr >> 32);
	}
	if (r->file->obj->big)
		return SKEP_EUNSUP;
	at[1] = (u8)((at[1] & 0x0f) | src << 4);
	skep_put32(at + 4, low, false);
	skep_put32(at + 12, is_map_ref(src) || src == SKEP_LD_IMM ? high : 0, false);
	return 0;
}

static int patch(struct skep_run_vm *r, struct skep_image *im, struct skep_diags *ds)
{
	for (u32 k = 0; k < im->nfix; k++) {
		const struct skep_insn *i = im->fix[k].insn;
		u8 *at = im->code + (size_t)im->fix[k].slot * 8;
		int err;

		if (i->in.op == SKEP_LDDW) {
			err = fix_load(r, i, at, ds);
			if (err)
				return err;
		} else if (i->in.op == SKEP_CALL) {
			/* A function of the kernel: the vm takes it and traps when it is called. */
			at[1] = (u8)((at[1] & 0x0f) | SKEP_CALL_KFUNC << 4);
			skep_put32(at + 4, 1, false);
		}
	}
	return 0;
}

/* --- programs ---------------------------------------------------------------------------- */

static int load_prog(struct skep_run_vm *r, const struct skep_func *f, struct skep_arena *arena,
		     struct skep_diags *ds, struct skep_image **image)
{
	int err = skep_obj_join(r->file->obj, f, arena, image);

	if (!err)
		err = patch(r, *image, ds);
	if (err)
		return err;
	return skep_vm_prog_load(r->vm, (*image)->code, (*image)->slots, r->prog_type, ds);
}

/* Programs that a tail call may reach; one that cannot be loaded is left out. */
static int load_others(struct skep_run_vm *r, const struct skep_run_vm *like,
		       struct skep_arena *arena)
{
	const struct skep_obj *o = r->file->obj;
	bool wanted = false;
	u32 n = like ? like->nloaded : o->nfunc;

	for (u32 i = 0; i < r->nmap; i++)
		wanted |= r->map[i].def && r->map[i].def->type == SKEP_MAP_PROG_ARRAY;
	for (u32 i = like ? 1 : 0; i < n && wanted; i++) {
		const struct skep_func *f =
			like ? skep_func_find(o, like->loaded[i]->name) : o->func[i];
		struct skep_image *im;
		int err;

		if (!f || (!like && (f == r->prog || !(f->flags & SKEP_FF_PROG) ||
				     f->prog_type != r->prog->prog_type || r->nloaded >= 32)))
			continue;
		err = load_prog(r, f, arena, NULL, &im);
		if (err == SKEP_ENOMEM)
			return err;
		if (err < 0 && !like)
			continue;
		r->loaded[err < 0 ? r->nloaded : (u32)err] = f;
		r->nloaded = err < 0 ? r->nloaded : (u32)err + 1;
	}
	return 0;
}

static int make_vm(struct skep_run_vm *r, const struct skep_run_load_opts *opts)
{
	struct skep_vm_options vo = {.size = sizeof(vo),
				     .strict = opts->strict,
				     .stack_fill = opts->stack_fill,
				     .cpus = SKEP_RUN_CPUS,
				     .budget = opts->budget};

	r->vm = skep_vm_new(&vo);
	return r->vm ? 0 : SKEP_ENOMEM;
}

static int load_all(struct skep_run_vm *r, const struct skep_run_load_opts *opts,
		    struct skep_arena *arena, struct skep_diags *ds)
{
	int err = make_vm(r, opts);

	if (!err)
		err = add_maps(r, opts->like, arena, ds);
	if (!err)
		err = skep_run_kernel_side(r, arena);
	if (err)
		return err;
	r->loaded = SKEP_NEW_N(arena, const struct skep_func *, r->file->obj->nfunc + 33);
	err = load_prog(r, r->prog, arena, ds, &r->image);
	if (err < 0)
		return err;
	r->loaded[0] = r->prog;
	r->nloaded = 1;
	err = load_others(r, opts->like, arena);
	return err ? err : skep_run_values(r, arena);
}

int skep_run_load(const struct skep_objfile *file, const struct skep_func *prog,
		  const struct skep_run_load_opts *opts, struct skep_arena *arena,
		  struct skep_diags *ds, struct skep_run_vm *out)
{
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->file = file;
	out->prog = prog;
	out->prog_type = opts->prog_type ? opts->prog_type : prog->prog_type;
	out->kconfig = out->memory = SKEP_RUN_NONE;
	if (file->obj->big) {
		RUN_DIAG(ds, BIG_ENDIAN);
		return SKEP_EUNSUP;
	}
	if (!out->prog_type) {
		RUN_DIAG(ds, NO_TYPE, prog->name);
		return SKEP_EUNSUP;
	}
	SKEP_GUARD(arena, err, { err = load_all(out, opts, arena, ds); });
	return err;
}

void skep_run_fini(struct skep_run_vm *r)
{
	skep_vm_free(r->vm);
	r->vm = NULL;
}
