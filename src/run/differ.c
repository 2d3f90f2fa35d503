/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two versions of a program on the same inputs: three vms, A, A with another
 * content of its fresh stack, and B. The second A runs only when A and B disagree:
 * where A contradicts itself, nothing follows for B. The result lives in the
 * caller's arena.
 */
#include "run/run_impl.h"

#include <stdio.h>

enum {
	PER_STATE = 48,
	DEFAULT_INPUTS = 1000,
	DEFAULT_BUDGET = 200000,
	FILL_A = 0,
	FILL_OTHER = 0xa5
};

/* --- what counts as a return value ------------------------------------------------------ */

static u8 ret_size(const struct skep_obj *o, const struct skep_func *f, u32 type)
{
	struct skep_btf_type fn, proto;
	s64 n;

	if (type != SKEP_PROG_STRUCT_OPS && type != SKEP_PROG_EXT)
		return 4;
	if (!o->btf || !f->type || !skep_btf_get(o->btf, f->type, &fn) ||
	    !skep_btf_get(o->btf, fn.ref, &proto))
		return 4;
	if (!proto.ref)
		return 0;
	n = skep_btf_size(o->btf, proto.ref);
	return n == 8 ? 8 : 4;
}

static bool same_result(const struct differ *d, struct skep_vm_result a, struct skep_vm_result b)
{
	if (!d->ret_size)
		a.ret = b.ret = 0;
	return skep_vm_result_equal(&a, &b, d->ret_size == 4);
}

/* The first map whose contents differ, or SKEP_RUN_NONE. */
static u32 other_map(const struct skep_run_vm *a, const struct skep_run_vm *b)
{
	for (u32 i = 0; i < a->nmap; i++)
		if (a->map[i].vm != SKEP_RUN_NONE && i != a->kconfig &&
		    !skep_vm_map_same_changes(a->vm, a->map[i].vm, b->vm, b->map[i].vm))
			return i;
	return SKEP_RUN_NONE;
}

/* --- telling what differs ----------------------------------------------------------------- */

static u32 first_other(const u8 *a, const u8 *b, u32 n)
{
	u32 i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

static const char *event_name(u32 kind)
{
	static const char *const names[] = {"redirect",		  "redirect to a map",
					    "redirect to a peer", "redirect to a neighbour",
					    "clone and redirect", "perf record",
					    "ring buffer record", "printed text",
					    "effect of a helper"};

	return kind < SKEP_ARRAY_SIZE(names) ? names[kind] : "event";
}

static const char *tell_events(struct differ *d, const struct skep_vm_result *a,
			       const struct skep_vm_result *b)
{
	for (u32 i = 0; i < a->nevents && i < b->nevents; i++) {
		const struct skep_vm_event *x = &a->events[i], *y = &b->events[i];

		if (x->kind != y->kind || x->map != y->map || x->a != y->a || x->b != y->b ||
		    x->len != y->len || memcmp(x->data, y->data, x->len))
			return skep_arena_printf(d->arena, "event %u (%s)", i + 1,
						 event_name(x->kind));
	}
	return skep_arena_printf(d->arena, "number of events: %u and %u", a->nevents, b->nevents);
}

static const char *tell(struct differ *d, const struct skep_vm_result *a,
			const struct skep_vm_result *b, u32 map)
{
	u64 mask = d->ret_size == 8 ? ~(u64)0 : 0xffffffff;

	if (b->trap)
		return skep_arena_printf(d->arena, "B traps at slot %u: %s", b->trap_slot,
					 skep_vm_trap_name(b->trap));
	if (d->ret_size && (a->ret & mask) != (b->ret & mask))
		return skep_arena_printf(d->arena, "return value: 0x%llx and 0x%llx",
					 (unsigned long long)(a->ret & mask),
					 (unsigned long long)(b->ret & mask));
	if (a->pkt_len != b->pkt_len || a->meta_len != b->meta_len || a->pkt_shift != b->pkt_shift)
		return skep_arena_printf(d->arena, "length of the packet: %u and %u", a->pkt_len,
					 b->pkt_len);
	if (a->pkt_len && memcmp(a->pkt, b->pkt, a->pkt_len))
		return skep_arena_printf(d->arena, "packet, at byte %u",
					 first_other(a->pkt, b->pkt, a->pkt_len));
	if (memcmp(a->ctx, b->ctx, a->ctx_len))
		return skep_arena_printf(d->arena, "context, at byte %u",
					 first_other(a->ctx, b->ctx, a->ctx_len));
	if (map != SKEP_RUN_NONE)
		return skep_arena_printf(d->arena, "contents of map '%s'", d->a.map[map].name);
	return tell_events(d, a, b);
}

static void save_result(struct differ *d, struct skep_vm_result *to,
			const struct skep_vm_result *from)
{
	struct skep_vm_event *e = SKEP_NEW_N(d->arena, struct skep_vm_event, from->nevents + 1);

	*to = *from;
	to->pkt = skep_arena_memdup(d->arena, from->pkt, from->pkt_len);
	to->ctx = skep_arena_memdup(d->arena, from->ctx, from->ctx_len);
	for (u32 i = 0; i < from->nevents; i++) {
		e[i] = from->events[i];
		e[i].data = skep_arena_memdup(d->arena, e[i].data, e[i].len);
	}
	to->events = e;
}

/* --- runs ----------------------------------------------------------------------------------- */

static int run(struct skep_run_vm *r, const struct skep_vm_input *in, struct skep_vm_result *res)
{
	return skep_vm_run(r->vm, 0, in, res);
}

/* Does A do the same whatever its stack held before? Restores the second A. */
static int is_stable(struct differ *d, const struct skep_vm_result *ra, bool *stable)
{
	struct skep_vm_result again;
	int err = run(&d->again, &d->in, &again);

	if (err)
		return err;
	*stable = !again.trap && same_result(d, *ra, again) &&
		  other_map(&d->a, &d->again) == SKEP_RUN_NONE;
	skep_vm_restore(d->again.vm);
	return 0;
}

/* A and B disagree: a difference, or an input that says nothing. */
static int disagree(struct differ *d, const struct skep_vm_result *ra,
		    const struct skep_vm_result *rb, u32 map)
{
	struct skep_run_differ_result *out = d->out;
	bool stable;
	int err = is_stable(d, ra, &stable);

	if (err)
		return err;
	if (!stable || rb->trap == SKEP_TRAP_BUDGET) {
		out->unstable++;
		return 0;
	}
	out->verdict = SKEP_RUN_DIFFERS;
	out->at = out->inputs;
	out->input = skep_arena_memdup(d->arena, &d->input, sizeof(d->input));
	out->reason = tell(d, ra, rb, map);
	out->map = map == SKEP_RUN_NONE ? NULL : d->a.map[map].name;
	save_result(d, &out->a, ra);
	save_result(d, &out->b, rb);
	return 0;
}

int skep_run_differ_input(struct differ *d, const struct skep_run_input *in)
{
	struct skep_run_differ_result *out = d->out;
	struct skep_vm_result ra, rb;
	u32 map;
	int err;

	if (in != &d->input)
		d->input = *in;
	skep_run_input_vm(&d->input, &d->in);
	out->inputs++;
	err = run(&d->a, &d->in, &ra);
	if (err)
		return err;
	skep_run_gen_learn(d->gen, &d->input);
	out->executed += ra.executed;
	if (ra.trap) {
		out->trapped++;
		out->traps[ra.trap]++;
		skep_vm_restore(d->a.vm);
		return 0;
	}
	err = run(&d->b, &d->in, &rb);
	if (err)
		return err;
	map = rb.trap ? SKEP_RUN_NONE : other_map(&d->a, &d->b);
	if (rb.trap || map != SKEP_RUN_NONE || !same_result(d, ra, rb))
		err = disagree(d, &ra, &rb, map);
	else
		out->good++;
	skep_vm_restore(d->a.vm);
	skep_vm_restore(d->b.vm);
	return err;
}

static int all_inputs(struct differ *d, u32 n)
{
	struct skep_run_vm *const vms[] = {&d->a, &d->again, &d->b};

	for (u32 i = 0; i < n && d->out->verdict != SKEP_RUN_DIFFERS; i++) {
		int err = i % PER_STATE ? 0 : skep_run_gen_state(d->gen, vms, 3);

		if (!err) {
			skep_run_gen_next(d->gen, &d->input);
			err = skep_run_differ_input(d, &d->input);
		}
		if (err)
			return err;
	}
	return 0;
}

static void conclude(struct differ *d)
{
	struct skep_run_differ_result *out = d->out;
	u32 most = 0;

	skep_run_gen_coverage(d->gen, &out->reached, &out->slots);
	if (out->verdict == SKEP_RUN_DIFFERS)
		return;
	out->verdict = out->good ? SKEP_RUN_EQUAL : SKEP_RUN_UNKNOWN;
	if (out->good)
		return;
	for (u32 t = 1; t < SKEP_TRAP_NR; t++)
		if (out->traps[t] > out->traps[most])
			most = t;
	if (out->trapped < out->inputs)
		out->reason = "A depends on what its stack held before";
	else
		out->reason = skep_arena_printf(d->arena, "A traps on every input (%s)",
						skep_vm_trap_name(most));
}

/* --- start and end --------------------------------------------------------------------------- */

static int load(struct differ *d, const struct skep_objfile *a, const struct skep_objfile *b,
		const struct skep_func *pa, const struct skep_func *pb,
		const struct skep_run_differ_opts *opts, struct skep_diags *ds)
{
	struct skep_run_load_opts lo = {.stack_fill = FILL_A,
					.budget = opts->budget ? opts->budget : DEFAULT_BUDGET,
					.prog_type =
						opts->prog_type ? opts->prog_type : pa->prog_type};
	int err = skep_run_load(a, pa, &lo, d->arena, ds, &d->a);

	if (err)
		return err;
	lo.like = &d->a;
	lo.stack_fill = FILL_OTHER;
	err = skep_run_load(a, pa, &lo, d->arena, ds, &d->again);
	if (err)
		return err;
	lo.stack_fill = FILL_A;
	lo.budget *= 2;
	return skep_run_load(b, pb, &lo, d->arena, ds, &d->b);
}

int skep_run_differ_open(struct differ *d, const struct skep_objfile *a,
			 const struct skep_objfile *b, const char *prog,
			 const struct skep_run_differ_opts *opts, struct skep_diags *ds)
{
	const struct skep_func *pa = skep_func_find(a->obj, prog),
			       *pb = skep_func_find(b->obj, prog);
	int err;

	if (!pa || !pb)
		return RUN_DIAG(ds, NO_PROG, prog), SKEP_EUSAGE;
	err = load(d, a, b, pa, pb, opts, ds);
	if (err)
		return err;
	d->gen = skep_run_gen_new(&d->a, opts->seed);
	if (!d->gen)
		return SKEP_ENOMEM;
	d->gen->hold = opts->hold;
	d->gen->nhold = opts->nhold;
	d->ret_size = ret_size(d->a.file->obj, d->a.prog, d->a.prog_type);
	skep_vm_watch(d->a.vm, skep_run_gen_watch(d->gen));
	return 0;
}

void skep_run_differ_close(struct differ *d)
{
	skep_run_gen_free(d->gen);
	skep_run_fini(&d->a);
	skep_run_fini(&d->again);
	skep_run_fini(&d->b);
}

int skep_run_differ(const struct skep_objfile *a, const struct skep_objfile *b, const char *prog,
		    const struct skep_run_differ_opts *opts, struct skep_arena *arena,
		    struct skep_diags *ds, struct skep_run_differ_result *out)
{
	struct differ d = {.arena = arena, .out = out};
	int err = 0;

	memset(out, 0, sizeof(*out));
	SKEP_GUARD(arena, err, {
		err = skep_run_differ_open(&d, a, b, prog, opts, ds);
		if (!err)
			err = all_inputs(&d, opts->inputs ? opts->inputs : DEFAULT_INPUTS);
		if (!err && out->verdict == SKEP_RUN_DIFFERS)
			out->witness = skep_run_witness_of(&d);
		if (!err)
			conclude(&d);
	});
	skep_run_differ_close(&d);
	if (err == SKEP_EUNSUP) {
		out->verdict = SKEP_RUN_UNKNOWN;
		out->reason = ds && ds->list.n
				      ? skep_arena_strdup(arena, ds->list.v[ds->list.n - 1].msg)
				      : "the interpreter does not support the program";
		return 0;
	}
	return err;
}
