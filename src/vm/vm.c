/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a vm: options, snapshots, one run from its input to its result,
 * and comparing results. What a result points to belongs to the vm.
 */
#include <stdlib.h>

#include "vm/vm_impl.h"

struct skep_vm *skep_vm_new(const struct skep_vm_options *opt)
{
	struct skep_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	if (opt)
		memcpy(&vm->opt, opt, SKEP_MIN(opt->size, sizeof(vm->opt)));
	if (!vm->opt.cpus)
		vm->opt.cpus = 1;
	if (!vm->opt.budget)
		vm->opt.budget = 10000000;
	if (!vm->opt.loop_limit)
		vm->opt.loop_limit = 8u << 20;
	if (!vm->opt.memory_limit)
		vm->opt.memory_limit = 1u << 30;
	while (vm->cap_reg < REG_FIRST)
		if (!skep_vm_room(&vm->reg, vm->cap_reg, &vm->cap_reg, sizeof(*vm->reg))) {
			free(vm);
			return NULL;
		}
	vm->nreg = vm->nreg_maps = REG_FIRST;
	return vm;
}

void skep_vm_prog_clear(struct skep_vm *vm)
{
	for (u32 i = 0; i < vm->nprog; i++)
		skep_vm_prog_free(vm->prog[i]);
	vm->nprog = 0;
}

void skep_vm_records_free(struct skep_vm *vm)
{
	for (u32 i = vm->nreg_maps; i < vm->nreg; i++) {
		free(vm->reg[i].host);
		memset(&vm->reg[i], 0, sizeof(vm->reg[i]));
	}
	for (u32 i = 0; i < vm->nrec; i++)
		vm->map[vm->rec[i].map]->now.pending = 0;
	vm->nreg = vm->nreg_maps;
	vm->nrec = 0;
}

void skep_vm_free(struct skep_vm *vm)
{
	if (!vm)
		return;
	skep_vm_records_free(vm);
	skep_vm_prog_clear(vm);
	skep_vm_maps_free(vm);
	skep_buf_fini(&vm->ev_data);
	free(vm->prog);
	free(vm->reg);
	free(vm->pkt);
	free(vm->ev);
	free(vm->ev_out);
	free(vm->rec);
	free(vm);
}

/* --- snapshots -------------------------------------------------------------------- */

static bool copy_block(void *to, const void *from, size_t n)
{
	void **p = to;
	void *q = realloc(*p, n ? n : 1);

	if (!q)
		return false;
	if (n)
		memcpy(q, from, n);
	*p = q;
	return true;
}

/* Everything of a map but its values. `s` keeps its own blocks. */
static bool copy_index(const struct vmap *m, struct vmap_state *to, const struct vmap_state *from)
{
	struct vmap_state keep = *to;
	u32 heads = from->head ? m->mask + 1 : 0, nkey = from->key ? from->nslot : 0;

	*to = *from;
	to->slot = keep.slot;
	to->key = keep.key;
	to->head = keep.head;
	to->val = keep.val;
	return copy_block(&to->slot, from->slot, from->nslot * sizeof(*from->slot)) &&
	       copy_block(&to->key, from->key, (size_t)nkey * m->def.key_size) &&
	       copy_block(&to->head, from->head, heads * sizeof(u32));
}

static void map_clean(struct skep_vm *vm, struct vmap *m)
{
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++) {
		vm->reg[m->region + c].dlo = 0xffffffff;
		vm->reg[m->region + c].dhi = 0;
	}
	m->changed = false;
}

static bool map_snapshot(struct skep_vm *vm, struct vmap *m)
{
	u32 cpus = skep_vm_map_cpus(vm, m);

	if (!m->old.val)
		m->old.val = calloc(cpus, sizeof(u8 *));
	if (!m->old.val || !copy_index(m, &m->old, &m->now))
		return false;
	for (u32 c = 0; c < cpus; c++)
		if (!copy_block(&m->old.val[c], m->now.val[c], (size_t)m->now.nslot * m->stride))
			return false;
	map_clean(vm, m);
	return true;
}

int skep_vm_snapshot(struct skep_vm *vm)
{
	vm->has_snapshot = false;
	for (u32 i = 0; i < vm->nmap; i++)
		if (!map_snapshot(vm, vm->map[i]))
			return SKEP_ENOMEM;
	vm->has_snapshot = true;
	return 0;
}

static void count_prefixes(struct vmap *m)
{
	memset(m->plen, 0, ((m->def.key_size - 4) * 8 + 1) * sizeof(u32));
	for (u32 i = 0; i < m->now.nslot; i++)
		if (m->now.slot[i].used)
			m->plen[skep_get32(m->now.key + (size_t)i * m->def.key_size, false)]++;
}

/* The blocks of `now` are at least as large as those of `old`, so they are copied in place. */
static void restore_index(struct skep_vm *vm, struct vmap *m)
{
	struct vmap_state *s = &m->now, keep = *s;

	*s = m->old;
	s->slot = keep.slot;
	s->key = keep.key;
	s->head = keep.head;
	s->val = keep.val;
	if (s->nslot)
		memcpy(s->slot, m->old.slot, s->nslot * sizeof(*s->slot));
	if (s->nslot && s->key)
		memcpy(s->key, m->old.key, (size_t)s->nslot * m->def.key_size);
	if (s->head)
		memcpy(s->head, m->old.head, (m->mask + 1) * sizeof(u32));
	if (m->plen)
		count_prefixes(m);
	skep_vm_map_sync(vm, m);
}

static void map_restore(struct skep_vm *vm, struct vmap *m)
{
	u32 size;

	if (m->changed)
		restore_index(vm, m);
	size = m->old.nslot * m->stride;
	for (u32 c = 0; c < skep_vm_map_cpus(vm, m); c++) {
		struct region *rg = &vm->reg[m->region + c];
		u32 lo = m->changed ? 0 : rg->dlo, hi = SKEP_MIN(m->changed ? size : rg->dhi, size);

		if (lo < hi)
			memcpy(m->now.val[c] + lo, m->old.val[c] + lo, hi - lo);
	}
	map_clean(vm, m);
}

int skep_vm_restore(struct skep_vm *vm)
{
	if (!vm->has_snapshot)
		return SKEP_EUSAGE;
	for (u32 i = 0; i < vm->nmap; i++)
		map_restore(vm, vm->map[i]);
	return 0;
}

/* --- a run ------------------------------------------------------------------------- */

static int start_packet(struct skep_vm *vm, const struct skep_vm_input *in)
{
	u32 need = HEADROOM + in->pkt_len + TAILROOM;
	u8 *p;

	if (need > vm->pkt_cap) {
		p = realloc(vm->pkt, need);
		if (!p)
			return SKEP_ENOMEM;
		vm->pkt = p;
		vm->pkt_cap = need;
	}
	memset(vm->pkt, 0, need);
	if (in->pkt_len)
		memcpy(vm->pkt + HEADROOM, in->pkt, in->pkt_len);
	vm->meta = HEADROOM;
	vm->data = vm->data0 = HEADROOM + in->meta_len;
	vm->end = HEADROOM + in->pkt_len;
	vm->pkt_room = need;
	vm->reg[REG_PKT] = (struct region){.perm = ACC_R | ACC_W};
	return 0;
}

static void start_ctx(struct skep_vm *vm, const struct vprog *p, const struct skep_vm_input *in)
{
	vm->ctx_len = p->pt->ctx_size ? p->pt->ctx_size : in->ctx_len;
	memset(vm->ctx, 0, vm->ctx_len);
	if (in->ctx_len)
		memcpy(vm->ctx, in->ctx, SKEP_MIN(in->ctx_len, vm->ctx_len));
	for (u32 i = 0; i < p->pt->nctx; i++)
		if (p->pt->ctx[i].kind != SKEP_CTX_SCALAR)
			memset(vm->ctx + p->pt->ctx[i].off, 0, p->pt->ctx[i].size);
	vm->reg[REG_CTX] = (struct region){.host = vm->ctx,
					   .lo = REG_BASE,
					   .hi = REG_BASE + vm->ctx_len,
					   .perm = ACC_R | ACC_W | ACC_SLOW};
}

static int start(struct skep_vm *vm, u32 prog, const struct skep_vm_input *in)
{
	const struct vprog *p;
	int err;

	if (prog >= vm->nprog || in->meta_len > in->pkt_len || (in->pkt_len && !in->pkt) ||
	    in->pkt_len > 1u << 20 || in->ctx_len > sizeof(vm->ctx) || (in->ctx_len && !in->ctx) ||
	    in->cpu >= vm->opt.cpus)
		return SKEP_EUSAGE;
	p = vm->prog[prog];
	skep_vm_records_free(vm);
	vm->in = in;
	vm->nev = 0;
	vm->ev_data.n = 0;
	vm->trap = vm->trap_pc = vm->trap_prog = 0;
	vm->trap_set = false;
	vm->trap_addr = 0;
	vm->cur = prog;
	vm->depth = vm->tails = 0;
	vm->left = vm->budget = vm->opt.budget;
	vm->time = in->time_ns;
	skep_rng_init(&vm->rng, in->seed);
	vm->nrandom = 0;
	err = start_packet(vm, in);
	if (err)
		return err;
	start_ctx(vm, p, in);
	skep_vm_pkt_sync(vm);
	skep_vm_frames_reset(vm);
	memset(vm->r, 0, sizeof(vm->r));
	skep_vm_frame_start(vm);
	vm->r[1] = GUEST(REG_CTX, 0);
	vm->init = 1 << 1 | 1 << 10;
	if (in->flat) {
		vm->r[1] = in->pkt_len ? GUEST(REG_PKT, vm->data) : 0;
		vm->r[2] = in->pkt_len;
		vm->init |= 1 << 2;
	}
	return 0;
}

static int finish_events(struct skep_vm *vm, struct skep_vm_result *out)
{
	for (u32 i = 0; i < vm->nev; i++) {
		if (!skep_vm_room(&vm->ev_out, i, &vm->cap_ev_out, sizeof(*vm->ev_out)))
			return SKEP_ENOMEM;
		vm->ev_out[i] = vm->ev[i].ev;
		vm->ev_out[i].data = (const u8 *)vm->ev_data.p + vm->ev[i].at;
	}
	out->events = vm->ev_out;
	out->nevents = vm->nev;
	return 0;
}

int skep_vm_run(struct skep_vm *vm, u32 prog, const struct skep_vm_input *in,
		struct skep_vm_result *out)
{
	int err = start(vm, prog, in);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	skep_vm_exec(vm, 0);
	out->ret = vm->trap ? 0 : vm->r[0];
	out->trap = vm->trap;
	out->trap_prog = vm->trap_prog;
	out->trap_slot = vm->trap_pc;
	out->trap_addr = vm->trap_addr;
	out->executed = vm->budget - vm->left;
	out->pkt = vm->pkt + vm->meta;
	out->pkt_len = vm->end - vm->meta;
	out->meta_len = vm->data - vm->meta;
	out->pkt_shift = (s32)(vm->data - vm->data0);
	out->ctx = vm->ctx;
	out->ctx_len = vm->ctx_len;
	vm->in = NULL;
	return vm->trap == SKEP_TRAP_NOMEM ? SKEP_ENOMEM : finish_events(vm, out);
}

void skep_vm_watch(struct skep_vm *vm, struct skep_vm_watch *w)
{
	vm->watch = w;
}

/* --- results ------------------------------------------------------------------------ */

static bool same_bytes(const void *a, u32 na, const void *b, u32 nb)
{
	return na == nb && (!na || !memcmp(a, b, na));
}

bool skep_vm_result_equal(const struct skep_vm_result *a, const struct skep_vm_result *b,
			  bool ret32)
{
	if (!!a->trap != !!b->trap)
		return false;
	if (a->trap)
		return true;
	if (ret32 ? (u32)a->ret != (u32)b->ret : a->ret != b->ret)
		return false;
	if (!same_bytes(a->pkt, a->pkt_len, b->pkt, b->pkt_len) || a->meta_len != b->meta_len ||
	    a->pkt_shift != b->pkt_shift || !same_bytes(a->ctx, a->ctx_len, b->ctx, b->ctx_len) ||
	    a->nevents != b->nevents)
		return false;
	for (u32 i = 0; i < a->nevents; i++) {
		const struct skep_vm_event *x = &a->events[i], *y = &b->events[i];

		if (x->kind != y->kind || x->map != y->map || x->a != y->a || x->b != y->b ||
		    !same_bytes(x->data, x->len, y->data, y->len))
			return false;
	}
	return true;
}

u64 skep_vm_result_digest(const struct skep_vm_result *r, bool ret32)
{
	u64 head[4] = {ret32 ? (u32)r->ret : r->ret, r->meta_len, (u64)(s64)r->pkt_shift,
		       r->nevents};
	u64 h;

	if (r->trap)
		return 1;
	h = skep_hash(head, sizeof(head), 0);
	h = skep_hash(r->pkt, r->pkt_len, h);
	h = skep_hash(r->ctx, r->ctx_len, h);
	for (u32 i = 0; i < r->nevents; i++) {
		const struct skep_vm_event *e = &r->events[i];
		u64 part[5] = {e->kind, e->map, e->a, e->b, e->len};

		h = skep_hash(part, sizeof(part), h);
		h = skep_hash(e->data, e->len, h);
	}
	return h;
}

const char *skep_vm_trap_name(u32 trap)
{
	static const char *const names[SKEP_TRAP_NR] = {
	    "none",	      "null pointer",  "out of bounds",	     "not permitted",
	    "context access", "uninitialised", "instruction budget", "call depth",
	    "bad call",	      "bad argument",  "not executable",     "misaligned atomic",
	    "out of memory",
	};

	return trap < SKEP_TRAP_NR ? names[trap] : "unknown";
}
