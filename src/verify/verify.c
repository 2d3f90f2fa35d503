/* SPDX-License-Identifier: BSD-2-Clause */
/* A program's verdict: the program's own paths, then each global function that it calls. */
#include "verify/verify_impl.h"

static int check_maps(struct engine *e)
{
	struct skep_mach *m = &e->m;

	for (u32 k = 0; k < m->ninsn; k++) {
		const struct skep_insn *i = m->insn[k].insn;
		const struct skep_map *map;

		if (i->in.op != SKEP_LDDW || i->ref != SKEP_REF_MAP)
			continue;
		map = m->obj->sym[i->sym].map;
		if (map && !skep_map_prog_ok(m->opt.prog_type, m->opt.sleepable, map->type,
					     skep_mach_map_fields(m, map))) {
			m->fault = (struct skep_fault){.rule = SKEP_RULE_MAP_TYPE, .at = k};
			m->fault.text = skep_arena_printf(m->arena,
							  "programs of type %s cannot use map '%s'",
							  m->type->name, map->name);
			return SKEP_EINPUT;
		}
	}
	return 0;
}

/*
 * What does not exist cannot be attached to, so that a loader refuses. Hooks are the kernel's
 * own; a function, a tracepoint or an iterator may be one of a module.
 */
static int check_attach(struct skep_mach *m)
{
	bool hook = m->opt.prog_type == SKEP_PROG_LSM;

	if (!hook && m->opt.prog_type != SKEP_PROG_TRACING)
		return 0;
	if (!skep_attach_missing(m))
		return 0;
	m->fault = (struct skep_fault){.rule = hook ? SKEP_RULE_PROG_TYPE : SKEP_RULE_UNSUPPORTED};
	m->fault.text = skep_arena_printf(
		m->arena,
		hook ? "this kernel has no hook '%s'"
		     : "this kernel has no '%s' to trace; a module or another program may",
		m->opt.attach_to);
	return SKEP_EINPUT;
}

static int verify_all(struct engine *e)
{
	struct skep_mach *m = &e->m;
	bool more = true;
	int err = check_maps(e);

	if (!err && m->prog->ops_type &&
	    !skep_ops_member_ok(m->prog->ops_type, m->prog->ops_member)) {
		m->fault = (struct skep_fault){.rule = SKEP_RULE_PROG_TYPE};
		m->fault.text = skep_arena_printf(
			m->arena, "member %s of struct %s cannot be implemented by a program",
			m->prog->ops_member, m->prog->ops_type);
		err = SKEP_EINPUT;
	}
	if (!err)
		err = check_attach(m);
	if (!err && skep_prog_needs_gpl(m->opt.prog_type) && !m->opt.gpl) {
		m->fault = (struct skep_fault){.rule = SKEP_RULE_GPL};
		m->fault.text = skep_arena_printf(
			m->arena, "programs of type %s must have a GPL-compatible licence",
			m->type->name);
		err = SKEP_EINPUT;
	}

	if (!err)
		err = skep_explore(e, 0);
	while (!err && more) {
		more = false;
		for (u32 k = 1; k < m->nfunc && !err; k++) {
			struct skep_vfunc *f = &m->func[k];

			if (!f->global || !f->called || f->queued)
				continue;
			f->queued = more = true;
			err = skep_explore(e, k);
		}
	}
	return err ? err : skep_check_depth(e);
}

int skep_verify_run(struct engine *e, const struct skep_obj *obj, const struct skep_func *prog,
		    const struct skep_mach_opts *mo, struct skep_arena *arena)
{
	int err = skep_mach_init(&e->m, obj, prog, mo, arena);

	e->pending.n = 0;
	e->jumps = e->last_jumps = e->last_insns = e->kept = 0;
	e->at = NULL;
	memset(e->res, 0, sizeof(*e->res));
	for (u32 k = 0; k < e->m.ninsn; k++)
		e->res->insns += skep_ins_slots(&e->m.insn[k].insn->in);
	return err ? err : verify_all(e);
}

bool skep_verify_undecided(const struct engine *e)
{
	u16 rule = e->m.fault.rule;

	return rule == SKEP_RULE_BUDGET || rule == SKEP_RULE_UNSUPPORTED ||
	       (rule == SKEP_RULE_PROG_TYPE && !e->m.type);
}

/*
 * What is narrowed is so on every path: a number that goes the same way would otherwise become
 * another one than the one that bounds were checked for. Left wide, a pointer is only larger, and
 * accesses do not see the upper half.
 */
static void tell_arena(const struct skep_mach *m, u8 *out)
{
	for (u32 k = 0; k < m->ninsn; k++) {
		u8 space = m->insn[k].space;

		if (space & SKEP_VS_ACCESS)
			out[m->insn[k].insn->slot] = SKEP_ARENA_ACCESS;
		else if (space == SKEP_VS_POINTER)
			out[m->insn[k].insn->slot] = SKEP_ARENA_NARROW;
	}
}

int skep_verify_prog(const struct skep_obj *obj, const struct skep_func *prog,
		     const struct skep_verify_opts *opts, struct skep_arena *arena,
		     struct skep_diags *ds, struct skep_verify_result *res)
{
	struct skep_mach_opts mo = skep_mach_opts_of(obj, prog);
	struct engine *e;
	int err = 0, oom = 0;

	memset(res, 0, sizeof(*res));
	if (opts->prog_type) {
		mo.prog_type = opts->prog_type;
		mo.attach_type = opts->attach_type;
	}
	if (opts->attach_to)
		mo.attach_to = opts->attach_to;
	mo.kernel = opts->kernel;
	mo.strict_align = opts->flags & SKEP_VF_STRICT_ALIGN;
	mo.unpriv = opts->flags & SKEP_VF_UNPRIV;
	mo.opaque = opts->flags & SKEP_VF_OPAQUE;
	mo.own_types = opts->own_types;
	SKEP_GUARD(arena, oom, {
		e = SKEP_NEW(arena, struct engine);
		e->opts = opts;
		e->res = res;
		e->budget = opts->budget ? opts->budget : 1000000;
		err = mo.prog_type == SKEP_PROG_EXT
			      ? skep_verify_extension(e, obj, prog, &mo, arena)
			      : skep_verify_run(e, obj, prog, &mo, arena);
		res->peak_bytes = arena->used;
		if (!err && opts->arena)
			tell_arena(&e->m, opts->arena);
		if (err) {
			res->code = e->m.fault.rule;
			res->verdict = skep_verify_undecided(e) ? SKEP_UNDECIDED : SKEP_UNSAFE;
			res->insn =
				e->m.ninsn ? e->m.insn[SKEP_MIN(e->m.fault.at, e->m.ninsn - 1)].insn
					   : prog->first;
			skep_verify_report(e, ds);
		}
	});
	if (oom)
		return oom;
	return err && !res->code ? err : 0;
}
