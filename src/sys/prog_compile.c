/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program means by ids of the kernel's types, and its code in an engine. The environment of
 * the compiled program is the program itself, which holds its maps.
 */
#include "abi/abi.h"
#include "btf/btf.h"
#include "sys/arena.h"
#include "sys/kfunc.h"
#include "sys/ops.h"
#include "sys/prog.h"

#include <stdlib.h>
#include <sys/random.h>

/* --- the kernel's types -------------------------------------------------------------- */

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
static int know_calls(struct sprog *p, struct skep_buf *log)
{
	const struct bpf_insn *i;
	u32 slot = 0;
	int err;

	if (calls_helper(p, SKEP_FN_get_current_task_btf))
		p->kernel = sys_kernel_types();
	if (!next_kfunc(p, &slot))
		return 0;
	if (p->boot && p->boot != sys_store_boot()) {
		if (log)
			skep_buf_puts(
				log,
				"the program was loaded before the machine restarted: its kernel functions are not known\n");
		return -EINVAL;
	}
	p->kernel = sys_kernel_types();
	err = p->d.btf && !p->types ? sys_sobj_get_id(p->d.btf, SKEP_SYS_BTF, &p->types) : 0;
	if (err)
		return sys_err_passes(err) ? err : -EINVAL;
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
		return refuse(log, -EINVAL,
			      "struct_ops programs must have a GPL compatible licence");
	if (!p->d.attach_btf)
		return refuse(log, -ENOTSUPP_, "no struct is named that it belongs to");
	if (p->boot && p->boot != sys_store_boot())
		return refuse(
			log, -EINVAL,
			"the program was loaded before the machine restarted: its struct is not known");
	p->kernel = sys_kernel_types();
	if (!p->kernel)
		return refuse(
			log, -EINVAL,
			"the kernel does not tell its types (/sys/kernel/btf/vmlinux), so its structs are not known");
	if (!sys_ops_by_type(p->kernel, p->d.attach_btf, &t))
		return refuse(log, -ENOTSUPP_, "the struct is none that programs implement");
	if (p->d.attach_type >= t.t.vlen ||
	    !skep_btf_member(p->kernel, &t.t, p->d.attach_type, &mb) ||
	    !sys_ops_is_function(p->kernel, mb.type))
		return refuse(log, -EINVAL, "the struct has no such function");
	if (!skep_ops_member_ok(t.t.name, mb.name))
		return refuse(log, -ENOTSUPP_, "no program may implement this member");
	p->ops_type = t.t.name;
	p->ops_member = mb.name;
	return 0;
}

int sys_prog_know_kernel(struct sprog *p, struct skep_buf *log)
{
	int err = know_calls(p, log);

	return err ? err : know_ops(p, log);
}

/* --- compiling ----------------------------------------------------------------------- */

static bool env_value(void *user, const struct skep_ins *in, u64 *value,
		      const struct skep_eng_map **map)
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
		in->off ? NULL
			: sys_kfunc_find(p->d.type, sys_kernel_function(p->kernel, (u32)in->imm));

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

static const struct skep_diag_def no_kfunc = {
	1701, SKEP_ERROR, "unsupported kernel function %s",
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

int sys_prog_compile(struct sprog *p, struct skep_buf *log)
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
	err = lacks_kfunc(p, &ds) ? SKEP_EUNSUP
				  : engine()->compile(p->code, p->d.slots, &env, &o, &p->eng, &ds);
	if (err && log)
		skep_diags_print(&ds, p->name, log);
	skep_diags_fini(&ds);
	p->compile_ns = sys_store_now() - from;
	return err == SKEP_ENOMEM ? -ENOMEM : err ? -EINVAL : 0;
}
