/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs: PROG_LOAD writes a file with the instructions (maps by index into a list of ids),
 * records and licence; whoever runs the program reads the file, checks it, verifies the
 * program and compiles it. The copy in memory is private, so what runs is what was verified.
 */
#include "sys/sys_impl.h"

#include "abi/abi.h"
#include "btf/btf.h"
#include "sys/arena.h"
#include "sys/code.h"
#include "sys/kfunc.h"
#include "sys/ops.h"
#include "sys/prog.h"
#include "verify/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS_MAX = 1000000, MAPS_MAX = 64, RECORD_MAX = 256 };

/* --- the file ------------------------------------------------------------------------------------- */

static u64 align8(u64 n)
{
	return (n + 7) & ~7ull;
}

struct parts {
	u64 map, code, func, line, license, end;
};

static struct parts parts_of(const struct phead *d)
{
	struct parts p;

	p.map = 0;
	p.code = align8(4 * (u64)d->nmap);
	p.func = p.code + 8 * (u64)d->slots;
	p.line = p.func + align8((u64)d->nfunc * sizeof(struct skep_func_rec));
	p.license = p.line + align8((u64)d->nline * sizeof(struct skep_line_rec));
	p.end = p.license + d->license_len + 1;
	return p;
}

static void prog_refers(struct sobj *o, void (*to)(struct sobj *))
{
	const struct sprog *p = sprog_of(o);

	for (u32 k = 0; k < p->nmap; k++)
		to(&p->map[k]->o);
	if (p->types)
		to(p->types);
}

static void release_prog(struct sobj *o)
{
	struct sprog *p = sprog_of(o);

	prog_refers(o, sys_sobj_put);
	p->nmap = 0;
	p->types = NULL;
}

/* Once it is ready, or refused, nothing changes. */
static bool freeze_prog(struct sobj *o)
{
	struct sprog *p = sprog_of(o);
	bool done = atomic_load(&p->ready) != 0;

	o->locked = !done && pthread_mutex_trylock(&p->lock) == 0;
	return done || o->locked;
}

static void thaw_prog(struct sobj *o)
{
	if (o->locked)
		pthread_mutex_unlock(&sprog_of(o)->lock);
}

/* What took long to verify is not thrown away while somebody may run it. */
static bool prog_may_go(const struct sobj *o)
{
	return atomic_load(&sprog_of((struct sobj *)(uintptr_t)o)->ready) <= 0;
}

static void free_prog(struct sobj *o)
{
	struct sprog *p = sprog_of(o);

	skep_jit_gdb_remove(p->symbols);
	skep_eng_free(p->eng);
	if (p->keeper)
		munmap(p->keeper, PAGE);
	if (p->h)
		munmap((void *)((uintptr_t)p->h & ~(uintptr_t)(PAGE - 1)), PAGE);
	free(p->map);
	free(p->mem);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static const struct sobj_ops prog_ops = {.freeze = freeze_prog,
					 .thaw = thaw_prog,
					 .refers = prog_refers,
					 .may_go = prog_may_go,
					 .release = release_prog,
					 .free = free_prog};

static int read_parts(struct sprog *p, int fd, const struct fhead *f)
{
	struct parts at = parts_of(&p->d);

	if (!p->d.slots || p->d.slots > SLOTS_MAX || p->d.nmap > MAPS_MAX || p->d.nfunc > p->d.slots || p->d.nline > p->d.slots ||
	    p->d.license_len > 128 || at.end > f->size)
		return -EINVAL;
	p->mem = malloc(at.end + 1);
	if (!p->mem)
		return -ENOMEM;
	if (pread(fd, p->mem, at.end, 0) != (ssize_t)at.end)
		return -EIO;
	p->mem[at.end - 1] = 0;
	p->len = at.end;
	p->map_id = (const u32 *)(p->mem + at.map);
	p->code = p->mem + at.code;
	p->func = p->mem + at.func;
	p->line = p->mem + at.line;
	p->license = (const char *)p->mem + at.license;
	return 0;
}

int sys_sprog_open(int fd, const struct fhead *f, struct sobj **out)
{
	struct sprog *p = calloc(1, sizeof(*p));
	void *page;
	int err;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	memcpy(&p->d, f->more, sizeof(p->d));
	memcpy(p->name, f->name, sizeof(p->name) - 1);
	p->born = f->born;
	p->boot = f->boot;
	p->o.ops = &prog_ops;
	err = read_parts(p, fd, f);
	if (!err)
		err = sys_map_file(fd, f->size, PAGE, &page);
	if (err) {
		sys_sobj_free(&p->o);
		return err;
	}
	p->h = (struct phead *)((struct fhead *)page)->more;
	*out = &p->o;
	return 0;
}

static void lock_prog(struct sprog *p)
{
	sys_whole_begin();
	pthread_mutex_lock(&p->lock);
}

static void unlock_prog(struct sprog *p)
{
	pthread_mutex_unlock(&p->lock);
	sys_whole_end();
}

/* A mapping that was made with the descriptor of an object keeps it in the store, as that does. */
void sys_prog_keep(struct sprog *p)
{
	void *at;
	int fd;

	lock_prog(p);
	if (!p->kept++) {
		fd = sys_store_open(SKEP_SYS_PROG, p->o.id, O_RDONLY);
		at = fd < 0 ? MAP_FAILED : sys_map_pages(NULL, PAGE, PROT_NONE, MAP_SHARED, fd, 0);
		p->keeper = at == MAP_FAILED ? NULL : at;
		if (fd >= 0)
			close(fd);
	}
	unlock_prog(p);
}

void sys_prog_unkeep(struct sprog *p)
{
	lock_prog(p);
	if (!--p->kept && p->keeper) {
		munmap(p->keeper, PAGE);
		p->keeper = NULL;
	}
	unlock_prog(p);
}

/* --- verifying --------------------------------------------------------------------------------------- */

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
	if (d->value_type && v->code.btf && skep_btf_get(v->code.btf, d->value_type, &t) && t.kind == SKEP_BTF_DATASEC) {
		s->name = t.name;
		d->value_type = 0;
	}
	return s;
}

/* All programs that tail-call through an array are of one type. */
static bool same_callers(const struct sprog *p, struct smap *m)
{
	u32 seen = 0;

	return atomic_compare_exchange_strong(&m->prog_type, &seen, p->d.type) || seen == p->d.type;
}

static int own_objects(struct sprog *p, struct skep_buf *log)
{
	for (u32 k = 0; k < p->nmap; k++) {
		struct smap *m = p->map[k];
		int err;

		if (!m || !m->objects)
			continue;
		err = sys_map_own(m);
		if (err == -EBUSY && log)
			skep_buf_printf(log, "map %s has objects of process %u, which still runs\n", m->name, m->h->owner);
		if (err)
			return err;
		p->owner = (u32)getpid();
	}
	return 0;
}

static int open_maps(struct sprog *p)
{
	if (p->map)
		return 0;
	p->map = calloc(p->d.nmap + 1, sizeof(*p->map));
	if (!p->map)
		return -ENOMEM;
	for (u32 k = 0; k < p->d.nmap; k++) {
		struct sobj *o;
		int err = sys_sobj_get_id(p->map_id[k], SKEP_SYS_MAP, &o);

		if (err)
			return err;
		p->map[p->nmap++] = smap_of(o);
		if (sys_map_percpu(p->map[k]->d.type) || p->map[k]->d.inner || p->map[k]->d.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			p->percpu = true;
		if (p->map[k]->d.type == SKEP_MAP_ARENA)
			p->arena = p->map[k];
		if (p->map[k]->d.type == BPF_MAP_TYPE_PROG_ARRAY && !same_callers(p, p->map[k]))
			return -EINVAL;
		if (p->map[k]->d.type == BPF_MAP_TYPE_PROG_ARRAY)
			p->tails = p->percpu = true; /* of those that it may call nothing is known */
		err = sys_map_fix(p->map[k]);
		if (err)
			return err;
	}
	return 0;
}

static const char *section_of(const struct phead *d)
{
	if (!(d->flags & BPF_F_SLEEPABLE))
		return "prog";
	if (d->type == BPF_PROG_TYPE_STRUCT_OPS)
		return "struct_ops.s";
	return d->type == BPF_PROG_TYPE_KPROBE ? "uprobe.s" : d->type == BPF_PROG_TYPE_LSM ? "lsm.s" : d->type == BPF_PROG_TYPE_SYSCALL ?
	       "syscall" : "fentry.s";
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
		if (skep_btf_read(v->btf->data, v->btf->len, false, &v->arena, &v->ds, &v->code.btf))
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
	skep_buf_printf(log, "processed %llu insns (limit 1000000) max_states_per_insn %u total_states %u peak_states %u mark_read 0\n",
			(unsigned long long)res->processed, res->peak_states, res->states, res->states);
}

/* The next call of a kernel function at or behind a slot, or NULL. */
static const struct bpf_insn *next_kfunc(const struct sprog *p, u32 *slot)
{
	while (*slot < p->d.slots) {
		const struct bpf_insn *i = (const struct bpf_insn *)p->code + (*slot)++;

		if (i->code == (BPF_LD | BPF_IMM | BPF_DW))
			++*slot;
		else if (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_KFUNC_CALL)
			return i;
	}
	return NULL;
}

static bool calls_helper(const struct sprog *p, s32 id)
{
	for (u32 s = 0; s < p->d.slots; s++) {
		const struct bpf_insn *i = (const struct bpf_insn *)p->code + s;

		if (i->code == (BPF_LD | BPF_IMM | BPF_DW))
			s++;
		else if (i->code == (BPF_JMP | BPF_CALL) && !i->src_reg && i->imm == id)
			return true;
	}
	return false;
}

/* Ids of types mean nothing to another kernel than the one that was asked for them. */
static int know_kernel(struct sprog *p, struct skep_buf *log)
{
	const struct bpf_insn *i;
	u32 slot = 0;

	if (calls_helper(p, SKEP_FN_get_current_task_btf))
		p->kernel = sys_kernel_types();
	if (!next_kfunc(p, &slot))
		return 0;
	if (p->boot && p->boot != sys_store_boot()) {
		if (log)
			skep_buf_puts(log, "the program was loaded before the machine restarted: its kernel functions are not known\n");
		return -EINVAL;
	}
	p->kernel = sys_kernel_types();
	if (p->d.btf && !p->types && sys_sobj_get_id(p->d.btf, SKEP_SYS_BTF, &p->types))
		return -EINVAL;
	for (slot = 0; (i = next_kfunc(p, &slot));)
		p->percpu |= sys_kfunc_owns_cpu(sys_kernel_function(p->kernel, (u32)i->imm));
	return 0;
}

static int refuse(struct skep_buf *log, int err, const char *why)
{
	if (log)
		skep_buf_printf(log, "%s\n", why);
	return err;
}

/* Which member of which struct a program of struct_ops implements. */
static int know_ops(struct sprog *p, struct skep_buf *log)
{
	struct ops_type t;
	struct skep_btf_member mb;

	if (p->d.type != BPF_PROG_TYPE_STRUCT_OPS)
		return 0;
	if (!p->d.gpl)
		return refuse(log, -EINVAL, "struct_ops programs must have a GPL compatible licence");
	if (!p->d.attach_btf)
		return refuse(log, -ENOTSUPP_, "no struct is named that it belongs to");
	if (p->boot && p->boot != sys_store_boot())
		return refuse(log, -EINVAL, "the program was loaded before the machine restarted: its struct is not known");
	p->kernel = sys_kernel_types();
	if (!p->kernel)
		return refuse(log, -EINVAL, "the kernel does not tell its types (/sys/kernel/btf/vmlinux), so its structs are not known");
	if (!sys_ops_by_type(p->kernel, p->d.attach_btf, &t))
		return refuse(log, -ENOTSUPP_, "the struct is none that programs implement");
	if (p->d.attach_type >= t.t.vlen || !skep_btf_member(p->kernel, &t.t, p->d.attach_type, &mb) ||
	    !sys_ops_is_function(p->kernel, mb.type))
		return refuse(log, -EINVAL, "the struct has no such function");
	if (!skep_ops_member_ok(t.t.name, mb.name))
		return refuse(log, -ENOTSUPP_, "no program may implement this member");
	p->ops_type = t.t.name;
	p->ops_member = mb.name;
	return 0;
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

static int verify(struct sprog *p, struct skep_buf *log, u32 level, u32 *insns)
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

/* --- compiling ------------------------------------------------------------------------------------------ */

static bool env_value(void *user, const struct skep_ins *in, u64 *value, const struct skep_eng_map **map)
{
	const struct sprog *p = user;
	u32 k = (u32)in->imm;

	if (k >= p->nmap)
		return false;
	if (in->src == SKEP_LD_MAP_FD) {
		*value = (u64)(uintptr_t)p->map[k];
		if (p->map[k]->eng.kind != SKEP_ENG_MAP_OTHER)
			*map = &p->map[k]->eng;
		return true;
	}
	if (in->src != SKEP_LD_MAP_VALUE)
		return false;
	if (p->map[k]->d.type == SKEP_MAP_ARENA) {
		u64 bytes;

		*value = sys_arena_start(p->map[k], &bytes) + ((u64)in->imm >> 32);
		return true;
	}
	if (p->map[k]->d.type != BPF_MAP_TYPE_ARRAY)
		return false;
	*value = (u64)(uintptr_t)p->map[k]->eng.values + ((u64)in->imm >> 32);
	return true;
}

static u64 never(u64 a, u64 b, u64 c, u64 d, u64 e)
{
	return 0;
}

/*
 * A helper that such a program may not call stands where the program never comes: the verifier
 * has said so. Loaders leave such calls behind tests of what the machine has.
 */
static const struct skep_eng_helper *env_helper(void *user, s64 id)
{
	static const struct skep_eng_helper dead = {SKEP_ENG_CALL, never, 0};
	const struct sprog *p = user;
	const struct skep_eng_helper *h = sys_helper_find(p->d.type, id);

	return h || skep_helper_allowed(p->d.type, p->d.attach_type, id) ? h : &dead;
}

static const struct skep_eng_helper *env_kfunc(void *user, const struct skep_ins *in)
{
	struct sprog *p = user;
	const struct skep_eng_helper *h =
		in->off ? NULL : sys_kfunc_find(p->d.type, sys_kernel_function(p->kernel, (u32)in->imm));

	if (!h || h->kind != SKEP_ENG_CALL_WITH)
		return h;
	p->with = *h;
	p->with.value = (u64)(uintptr_t)p;
	return &p->with;
}

static const struct skep_engine *engine(void)
{
	const char *want = getenv("SKEP_ENGINE");
	const struct skep_engine *jit = skep_jit_engine();

	return jit && !(want && strcmp(want, "interp") == 0) ? jit : &skep_engine_interp;
}

/* Who loads programs may not be who should choose what is in executable memory. */
static bool hardened(void)
{
	const char *want = getenv("SKEP_JIT_HARDEN");

	return want && *want && strcmp(want, "0") != 0;
}

static const struct skep_diag_def no_kfunc = {1701, SKEP_ERROR, "unsupported kernel function %s",
					      "The port has those that make sense outside of a kernel."};

/* Is there a kernel function that the port has not? */
static bool lacks_kfunc(const struct sprog *p, struct skep_diags *ds)
{
	const struct bpf_insn *i;

	for (u32 slot = 0; (i = next_kfunc(p, &slot));) {
		const char *name = sys_kernel_function(p->kernel, (u32)i->imm);

		if (!i->off && sys_kfunc_find(p->d.type, name))
			continue;
		skep_diag(ds, &no_kfunc, SKEP_NOWHERE, name ? name : "of a module");
		return true;
	}
	return false;
}

static int compile(struct sprog *p, struct skep_buf *log)
{
	struct skep_eng_env env = {.size = sizeof(env),
				   .user = p,
				   .value = env_value,
				   .helper = env_helper,
				   .kfunc = env_kfunc,
				   .packet = sys_packet,
				   .arena = p->arena ? sys_arena_engine(p->arena) : NULL,
				   .arena_use = p->arena_use};
	struct skep_eng_options o = {.size = sizeof(o), .budget = true, .blind = hardened()};
	struct skep_diags ds;
	u64 from = sys_store_now();
	int err;

	if (o.blind && getrandom(&o.seed, sizeof(o.seed), 0) != sizeof(o.seed))
		return -EIO;
	skep_diags_init(&ds);
	err = lacks_kfunc(p, &ds) ? SKEP_EUNSUP : engine()->compile(p->code, p->d.slots, &env, &o, &p->eng, &ds);
	if (err && log)
		skep_diags_print(&ds, p->name, log);
	skep_diags_fini(&ds);
	p->compile_ns = sys_store_now() - from;
	return err == SKEP_ENOMEM ? -ENOMEM : err ? -EINVAL : 0;
}

/* Addresses in it are constants of the program. */
static int place_arena(struct sprog *p, struct skep_buf *log)
{
	u64 bytes;

	if (!p->arena)
		return 0;
	if (!sys_arena_start(p->arena, &bytes)) {
		if (log)
			skep_buf_printf(
				log,
				"arena %s has no place in user space: map_extra or mmap(2) gives it one\n",
				p->arena->name);
		return -EINVAL;
	}
	p->arena_use = calloc(p->d.slots, 1);
	return p->arena_use ? 0 : -ENOMEM;
}

int sys_prog_ready(struct sprog *p, struct skep_buf *log, u32 level, u32 *insns)
{
	int ready = atomic_load(&p->ready);
	bool again = false;

	if (ready)
		return ready > 0 ? 0 : ready;
	lock_prog(p);
	ready = atomic_load(&p->ready);
	if (!ready) {
		ready = open_maps(p);
		if (!ready) {
			ready = own_objects(p, log);
			again = ready == -EBUSY;
		}
		if (!ready)
			ready = place_arena(p, log);
		if (!ready)
			ready = know_kernel(p, log);
		if (!ready)
			ready = know_ops(p, log);
		if (!ready)
			ready = verify(p, log, level, insns);
		if (!ready)
			ready = compile(p, log);
		free(p->arena_use);
		p->arena_use = NULL;
		if (!ready) {
			sys_announce(p);
			ready = 1;
		}
		if (!again) /* the process that owns its objects may end */
			atomic_store(&p->ready, ready);
	}
	unlock_prog(p);
	return ready > 0 ? 0 : ready;
}

int sys_prog_bind(struct sprog *p, u32 map)
{
	for (u32 k = 0; k < p->d.nmap; k++)
		if (p->map_id[k] == map)
			return 0;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(p->h->bound); k++) {
		u32 none = 0;

		if (__atomic_compare_exchange_n(&p->h->bound[k], &none, map, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
		    none == map)
			return 0;
	}
	return -ENOSPC;
}
