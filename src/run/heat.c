/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often the instructions of two versions are executed, on the same inputs from
 * the same contents of maps: generated ones, or the packets of a capture. The
 * reference interpreter counts. A program that it cannot run, and an input on which
 * the first version traps, count for nothing.
 */
#include "run/run_impl.h"

enum { PER_STATE = 48, ETH_LEN = 14 };

/* One version of a program in a vm. */
struct side {
	struct skep_run_vm r;
	struct skep_vm_watch watch;
	u64 *slot; /* counts of the run that is going on, by slot of the joined program */
	struct skep_run_counts *sum;
};

static void count_step(void *user, u32 slot, const u64 reg[11])
{
	struct side *s = user;

	(void)reg;
	s->slot[slot]++;
}

static int load(struct side *s, const struct skep_objfile *file, const struct skep_func *f,
		const struct skep_run_vm *like, struct skep_arena *arena)
{
	struct skep_run_load_opts lo = {.like = like, .prog_type = f->prog_type};
	struct skep_diags ds;
	int err;

	skep_diags_init(&ds);
	err = skep_run_load(file, f, &lo, arena, &ds, &s->r);
	skep_diags_fini(&ds);
	if (err)
		return err;
	s->slot = SKEP_NEW_N(arena, u64, s->r.image->slots + 1);
	s->watch = (struct skep_vm_watch){.cover = SKEP_NEW_N(arena, u8, s->r.image->slots + 1),
					  .step = count_step,
					  .user = s};
	return 0;
}

/* Run and count; a trap counts for nothing. */
static int run(struct side *s, const struct skep_vm_input *in, bool *trap)
{
	struct skep_vm_result res = {0};
	int err;

	memset(s->slot, 0, s->r.image->slots * sizeof(*s->slot));
	skep_vm_watch(s->r.vm, &s->watch);
	err = skep_vm_run(s->r.vm, 0, in, &res);
	*trap = res.trap != 0;
	return err;
}

static void add(struct side *s)
{
	for (u32 k = 0; k < s->r.image->slots; k++)
		if (s->r.image->insn[k]) {
			s->sum->count[s->r.image->insn[k]->id] += s->slot[k];
			s->sum->executed += s->slot[k];
		}
}

/* Both on one input. */
static int both(struct side *a, struct side *b, const struct skep_vm_input *in, u32 *runs)
{
	bool trap_a = false, trap_b = false;
	int err = run(a, in, &trap_a);

	if (!err)
		err = run(b, in, &trap_b);
	if (err || trap_a || trap_b)
		return err;
	add(a);
	add(b);
	++*runs;
	return 0;
}

static int generated(struct side *a, struct side *b, const struct skep_run_heat_opts *o,
		     struct skep_run_input *input, u32 *runs)
{
	struct skep_run_vm *const vms[] = {&a->r, &b->r};
	struct skep_run_gen *gen = skep_run_gen_new(&a->r, 1);
	struct skep_vm_result res;
	struct skep_vm_input in;
	int err = gen ? 0 : SKEP_ENOMEM;

	for (u32 k = 0; k < o->inputs && !err; k++) {
		err = k % PER_STATE ? 0 : skep_run_gen_state(gen, vms, 2);
		if (err)
			break;
		skep_run_gen_next(gen, input);
		skep_run_input_vm(input, &in);
		/* Once for the generator, which learns from what a run compares. */
		skep_vm_watch(a->r.vm, skep_run_gen_watch(gen));
		err = skep_vm_run(a->r.vm, 0, &in, &res);
		if (err)
			break;
		skep_run_gen_learn(gen, input);
		skep_vm_restore(a->r.vm);
		err = both(a, b, &in, runs);
		skep_vm_restore(a->r.vm);
		skep_vm_restore(b->r.vm);
	}
	skep_run_gen_free(gen);
	return err;
}

static int captured(struct side *a, struct side *b, const struct skep_run_heat_opts *o, u32 *runs)
{
	struct skep_pcap c = *o->capture;
	struct skep_pcap_packet p;
	const char *why = NULL;
	int err = 0;

	while (!err && skep_pcap_next(&c, &p, &why)) {
		struct skep_vm_input in = {.pkt = p.data, .pkt_len = p.len, .seed = 1};

		if (p.len < ETH_LEN || p.len > SKEP_RUN_PKT_MAX)
			continue;
		err = both(a, b, &in, runs);
	}
	return err;
}

static int one(const struct skep_objfile *before, const struct skep_objfile *after,
	       const struct skep_func *f, const struct skep_run_heat_opts *o,
	       struct skep_arena *arena, struct skep_run_heat *out)
{
	struct side *s = SKEP_NEW_N(arena, struct side, 2);
	int err;

	if (o->capture && !skep_run_takes_packets(f->prog_type))
		return 0;
	s[0].sum = &out->before;
	s[1].sum = &out->after;
	err = load(&s[0], before, f, NULL, arena);
	if (!err)
		err = load(&s[1], after, after->obj->func[f->index], &s[0].r, arena);
	if (!err)
		err = o->capture
			      ? captured(&s[0], &s[1], o, &out->runs[f->index])
			      : generated(&s[0], &s[1], o, SKEP_NEW(arena, struct skep_run_input),
					  &out->runs[f->index]);
	skep_run_fini(&s[0].r);
	skep_run_fini(&s[1].r);
	return err == SKEP_ENOMEM ? err : 0;
}

static int all(const struct skep_objfile *before, const struct skep_objfile *after,
	       const struct skep_run_heat_opts *o, struct skep_arena *arena,
	       struct skep_run_heat *out)
{
	const struct skep_obj *obj = before->obj;
	int err = 0;

	out->before.count = SKEP_NEW_N(arena, u64, obj->next_id);
	out->after.count = SKEP_NEW_N(arena, u64, after->obj->next_id);
	out->runs = SKEP_NEW_N(arena, u32, obj->nfunc + 1);
	for (u32 k = 0; k < obj->nfunc && !err; k++)
		if (obj->func[k]->flags & SKEP_FF_PROG)
			err = one(before, after, obj->func[k], o, arena, out);
	return err;
}

int skep_run_heat(const struct skep_objfile *before, const struct skep_objfile *after,
		  const struct skep_run_heat_opts *opts, struct skep_arena *arena,
		  struct skep_run_heat *out)
{
	volatile int result = 0;
	int oom = 0;

	memset(out, 0, sizeof(*out));
	SKEP_GUARD(arena, oom, { result = all(before, after, opts, arena, out); });
	return oom ? oom : result;
}

u64 skep_run_heat_of(const struct skep_run_counts *c, const struct skep_func *f)
{
	u64 n = 0;

	for (const struct skep_insn *i = f->first; i; i = i->next)
		n += c->count[i->id];
	return n;
}
