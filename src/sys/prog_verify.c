/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs are given to the verifier: as a code of a file in memory (code.c), with what its maps
 * are. All that is made for it goes with it.
 */
#include "abi/abi.h"
#include "btf/btf.h"
#include "sys/arena.h"
#include "sys/code.h"
#include "sys/ops.h"
#include "sys/prog.h"
#include "verify/verify.h"

#include <stdlib.h>

struct verifying {
	struct sprog *p;
	struct skep_arena arena;
	struct skep_diags ds;
	struct skep_sys_code code;
	struct sbtf *btf;
	struct skep_sys_code_map *map;
};

static struct skep_map *describe(struct verifying *v, struct smap *m, u32 depth)
{
	struct skep_map *d = SKEP_NEW(&v->arena, struct skep_map);
	bool same_types = v->btf && m->d.btf == v->btf->o.id;
	struct sobj *in;

	d->name = skep_arena_strdup(&v->arena, m->name);
	d->type = m->d.type;
	d->key_size = m->d.key_size;
	d->value_size = m->d.value_size;
	d->max_entries = m->d.max_entries;
	d->map_flags = m->d.flags;
	if (same_types) {
		d->key_type = m->d.key_type;
		d->value_type = m->d.value_type;
	}
	if (m->d.inner && depth == 0 && sys_sobj_get_id(m->d.inner, SKEP_SYS_MAP, &in) == 0) {
		d->inner = describe(v, smap_of(in), 1);
		sys_sobj_put(in);
	}
	return d;
}

/* The contents of an array of one element may be loaded from directly. */
static struct skep_dsec *contents(struct verifying *v, struct smap *m, struct skep_map *d)
{
	struct skep_dsec *s;
	struct skep_btf_type t;
	u64 bytes;

	if (m->d.type != SKEP_MAP_ARENA &&
	    (m->d.type != BPF_MAP_TYPE_ARRAY || m->d.max_entries != 1))
		return NULL;
	s = SKEP_NEW(&v->arena, struct skep_dsec);
	s->name = d->name;
	if (m->d.type == SKEP_MAP_ARENA) {
		s->kind = SKEP_DSEC_OTHER;
		s->arena = d;
		s->size = sys_arena_start(m, &bytes) ? bytes + 1
						     : 0; /* its end is no fault of a pointer */
		return s;
	}
	s->size = m->d.value_size;
	s->kind = SKEP_DSEC_DATA;
	if (m->fixed) {
		s->kind = SKEP_DSEC_RODATA;
		s->bytes = m->eng.values;
	}
	if (d->value_type && v->code.btf && skep_btf_get(v->code.btf, d->value_type, &t) &&
	    t.kind == SKEP_BTF_DATASEC) {
		s->name = t.name;
		d->value_type = 0;
	}
	return s;
}

static const char *section_of(const struct phead *d)
{
	if (!(d->flags & BPF_F_SLEEPABLE))
		return "prog";
	if (d->type == BPF_PROG_TYPE_STRUCT_OPS)
		return "struct_ops.s";
	return d->type == BPF_PROG_TYPE_KPROBE	  ? "uprobe.s"
	       : d->type == BPF_PROG_TYPE_LSM	  ? "lsm.s"
	       : d->type == BPF_PROG_TYPE_SYSCALL ? "syscall"
						  : "fentry.s";
}

static int prepare(struct verifying *v)
{
	struct sprog *p = v->p;
	struct sobj *o;
	int err = 0, oom = 0;

	if (p->d.btf) {
		err = sys_sobj_get_id(p->d.btf, SKEP_SYS_BTF, &o);
		if (err)
			return err;
		v->btf = sbtf_of(o);
		if (skep_btf_read(v->btf->data, v->btf->len, false, &v->arena, &v->ds,
				  &v->code.btf))
			return -EINVAL;
	}
	SKEP_GUARD(&v->arena, oom, {
		v->map = SKEP_NEW_N(&v->arena, struct skep_sys_code_map, p->nmap + 1);
		for (u32 k = 0; k < p->nmap; k++) {
			v->map[k].map = describe(v, p->map[k], 0);
			v->map[k].data = contents(v, p->map[k], v->map[k].map);
		}
	});
	v->code.code = p->code;
	v->code.slots = p->d.slots;
	v->code.name = p->name;
	v->code.section = section_of(&p->d);
	v->code.license = p->license;
	v->code.kernel = p->kernel;
	v->code.prog_type = p->d.type;
	v->code.attach_type = p->d.attach_type;
	v->code.ops_type = p->ops_type;
	v->code.ops_member = p->ops_member;
	v->code.func = (struct skep_func_rec *)p->func;
	v->code.nfunc = p->d.nfunc;
	v->code.line = (struct skep_line_rec *)p->line;
	v->code.nline = p->d.nline;
	v->code.map = v->map;
	v->code.nmap = p->nmap;
	return oom ? -ENOMEM : 0;
}

static void summary(const struct skep_verify_result *res, struct skep_buf *log)
{
	skep_buf_printf(
		log,
		"processed %llu insns (limit 1000000) max_states_per_insn %u total_states %u peak_states %u mark_read 0\n",
		(unsigned long long)res->processed, res->peak_states, res->states, res->states);
}

static int verify_with(struct verifying *v, struct skep_buf *log, u32 level, u32 *insns)
{
	struct skep_verify_opts o = {.sz = sizeof(o),
				     .prog_type = v->p->d.type,
				     .attach_type = v->p->d.attach_type,
				     .kernel = v->p->kernel,
				     .flags = SKEP_VF_OPAQUE,
				     .own_types = v->p->ops_type ? sys_own_types() : 0};
	struct skep_verify_result res = {0};
	struct skep_obj *obj;
	int err = skep_sys_code_read(&v->code, &v->arena, &v->ds, &obj);

	if (err)
		return err == SKEP_ENOMEM ? -ENOMEM : -EINVAL;
	if (level & 2) {
		o.flags |= SKEP_VF_LOG;
		o.log = log;
	}
	o.arena = v->p->arena_use;
	if (v->p->d.flags & BPF_F_STRICT_ALIGNMENT)
		o.flags |= SKEP_VF_STRICT_ALIGN;
	/* What it would extend is not known here. */
	if (o.prog_type == SKEP_PROG_EXT)
		return -EINVAL;
	err = skep_verify_prog(obj, obj->func[0], &o, &v->arena, &v->ds, &res);
	if (insns)
		*insns = (u32)res.processed;
	if (err)
		return err == SKEP_ENOMEM ? -ENOMEM : -EINVAL;
	if (level && log) {
		if (res.verdict != SKEP_SAFE)
			skep_diags_print(&v->ds, v->p->name, log);
		summary(&res, log);
	}
	if (res.verdict == SKEP_UNDECIDED)
		return -E2BIG;
	return res.verdict == SKEP_SAFE ? 0 : -EACCES;
}

int sys_prog_verify(struct sprog *p, struct skep_buf *log, u32 level, u32 *insns)
{
	struct verifying *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	v->p = p;
	skep_arena_init(&v->arena);
	v->arena.limit = (size_t)2 << 30;
	skep_diags_init(&v->ds);
	err = prepare(v);
	if (!err)
		err = verify_with(v, log, level, insns);
	if (err == -EINVAL && level && log)
		skep_diags_print(&v->ds, p->name, log);
	if (v->btf)
		sys_sobj_put(&v->btf->o);
	skep_diags_fini(&v->ds);
	skep_arena_fini(&v->arena);
	free(v);
	return err;
}
