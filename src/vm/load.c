/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading a program: decode every slot once, resolve branches to slots and map
 * and function references to guest addresses, refuse what cannot run. The vm
 * owns the decoded program.
 */
#include <stdlib.h>

#include "vm/vm_impl.h"

const struct skep_diag_def skep_vm_diags[] = {
#define D(name, code, severity, text, explain) {code, SKEP_##severity, text, explain},
#include "vm/diag.def"
};
const u32 skep_vm_ndiags = SKEP_ARRAY_SIZE(skep_vm_diags);
enum {
#define D(name, code, severity, text, explain) VM_D_##name,
#include "vm/diag.def"
};

static struct skep_diag_place at_slot(u32 slot)
{
	struct skep_diag_place at = SKEP_NOWHERE;

	at.insn = slot;
	return at;
}
#define DIAG(ds, slot, name, ...)                                                                  \
	skep_diag((ds), &skep_vm_diags[VM_D_##name], at_slot(slot), ##__VA_ARGS__)

/* Slots that hold no instruction of their own have this operation. */
#define HOLE SKEP_OP_NR

static bool is_start(const struct vprog *p, s64 slot)
{
	return slot >= 0 && slot < p->n && p->ins[slot].op != HOLE;
}

static int decode_all(struct vprog *p, const u8 *insns, struct skep_diags *ds)
{
	const char *why;
	u32 n;

	for (u32 i = 0; i < p->n; i += n) {
		n = skep_isa_decode(insns + (size_t)i * 8, (size_t)(p->n - i) * 8, false,
				    &p->ins[i], &why);
		if (!n)
			return DIAG(ds, i, ENCODING, why);
		if (n == 2)
			p->ins[i + 1].op = HOLE;
	}
	return 0;
}

static int load_value(struct skep_vm *vm, struct vprog *p, u32 i, struct skep_diags *ds)
{
	struct skep_ins *in = &p->ins[i];
	u32 low = (u32)in->imm, high = (u32)(in->imm >> 32);
	struct vinsn *v = &p->code[i];
	const struct vmap *m;
	s64 target;

	switch (in->src) {
	case SKEP_LD_IMM: return 0;
	case SKEP_LD_FUNC:
		target = (s64)i + 1 + (s32)low;
		if (!is_start(p, target))
			return DIAG(ds, i, TARGET, (long long)target);
		v->imm = (s64)GUEST(REG_FUNC, target);
		return 0;
	case SKEP_LD_BTF_ID:
		if (!in->imm)
			return 0;
		DIAG(ds, i, SYMBOL);
		return SKEP_EUNSUP;
	default:
		if (low >= vm->nmap)
			return DIAG(ds, i, MAP, low);
		m = vm->map[low];
		v->imm = (s64)skep_vm_guest_of_map(low);
		if (in->src == SKEP_LD_MAP_FD || in->src == SKEP_LD_MAP_IDX)
			return 0;
		if (m->def.type != SKEP_MAP_ARRAY || high >= m->now.nslot * m->stride)
			return DIAG(ds, i, MAP_VALUE, high, low);
		v->imm = (s64)GUEST(m->region, high);
		return 0;
	}
}

static int load_call(struct vprog *p, u32 i, struct skep_diags *ds)
{
	const struct skep_ins *in = &p->ins[i];
	s64 target = (s64)i + 1 + in->imm;
	const struct skep_helper *h;

	p->writes[i] = 0;
	if (in->src == SKEP_CALL_SUBPROG) {
		p->reads[i] = 0;
		p->code[i].off = (s32)target;
		return is_start(p, target) ? 0 : DIAG(ds, i, TARGET, (long long)target);
	}
	if (in->src == SKEP_CALL_KFUNC)
		return 0;
	h = skep_helper_find(in->imm);
	p->reads[i] = skep_helper_reads(in->imm);
	/* The registers behind a format are as many as the format says. */
	if (in->imm == SKEP_FN_trace_printk)
		p->reads[i] = 1 << 1 | 1 << 2;
	p->helper[i] = skep_vm_helper_find(in->imm);
	if (p->helper[i])
		return 0;
	DIAG(ds, i, HELPER, (long long)in->imm, h ? h->name : "unknown");
	return SKEP_EUNSUP;
}

static int resolve(struct skep_vm *vm, struct vprog *p, u32 i, struct skep_diags *ds)
{
	const struct skep_ins *in = &p->ins[i];
	struct vinsn *v = &p->code[i];

	v->k = skep_vm_kind(in);
	v->dst = in->dst;
	v->src = in->src;
	v->off = in->off;
	v->imm = in->imm;
	p->reads[i] = in->op == SKEP_EXIT ? 0 : skep_isa_reads(in);
	p->writes[i] = skep_isa_writes(in);
	if (in->op == SKEP_CALL)
		return load_call(p, i, ds);
	if (in->op == SKEP_LDDW)
		return load_value(vm, p, i, ds);
	if (in->op == SKEP_CALLX) {
		v->dst = in->imm ? in->imm & 15 : in->dst;
		p->reads[i] = (u16)(1 << v->dst);
		p->writes[i] = 0;
	}
	if (skep_is_branch(in->op)) {
		s64 target = (s64)i + 1 + in->off;

		if (!is_start(p, target))
			return DIAG(ds, i, TARGET, (long long)target);
		v->off = (s32)target;
	}
	return 0;
}

static int load_all(struct skep_vm *vm, struct vprog *p, const u8 *insns, struct skep_diags *ds)
{
	int err = decode_all(p, insns, ds);
	u32 last = p->n - 1;

	if (err)
		return err;
	if (!is_start(p, last) || !skep_is_end(p->ins[last].op))
		return DIAG(ds, last, END);
	for (u32 i = 0; i < p->n; i++) {
		if (p->ins[i].op == HOLE) {
			p->code[i].k = skep_vm_kind(NULL);
			continue;
		}
		err = resolve(vm, p, i, ds);
		if (err)
			return err;
	}
	return 0;
}

static bool make_ctx(struct vprog *p)
{
	const struct skep_prog_type *pt = p->pt;

	if (!pt->nctx)
		return true;
	p->ctx_kind = calloc(1, pt->ctx_size);
	if (!p->ctx_kind)
		return false;
	for (u32 i = 0; i < pt->nctx; i++) {
		const struct skep_ctx_field *f = &pt->ctx[i];
		u8 k = (u8)(f->kind | (f->writable ? CTXK_WRITABLE : 0));

		memset(p->ctx_kind + f->off, k, f->size);
		p->ctx_kind[f->off] |= CTXK_START;
	}
	return true;
}

void skep_vm_prog_free(struct vprog *p)
{
	free(p->code);
	free(p->ins);
	free(p->helper);
	free(p->reads);
	free(p->writes);
	free(p->ctx_kind);
	free(p);
}

static struct vprog *prog_new(u32 slots, u32 type)
{
	struct vprog *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->n = slots;
	p->type = type;
	p->pt = skep_prog_type_find(type);
	p->code = calloc(slots, sizeof(*p->code));
	p->ins = calloc(slots, sizeof(*p->ins));
	p->helper = calloc(slots, sizeof(vm_helper));
	p->reads = calloc(slots, sizeof(u16));
	p->writes = calloc(slots, sizeof(u16));
	if (p->code && p->ins && p->helper && p->reads && p->writes && make_ctx(p))
		return p;
	skep_vm_prog_free(p);
	return NULL;
}

int skep_vm_prog_load(struct skep_vm *vm, const u8 *insns, u32 slots, u32 prog_type,
		      struct skep_diags *ds)
{
	struct vprog *p;
	int err;

	if (!slots || slots > MAX_SLOTS)
		return DIAG(ds, 0, EMPTY, MAX_SLOTS);
	if (!skep_prog_type_find(prog_type))
		return DIAG(ds, 0, TYPE, prog_type);
	if (!skep_vm_room(&vm->prog, vm->nprog, &vm->cap_prog, sizeof(*vm->prog)))
		return SKEP_ENOMEM;
	p = prog_new(slots, prog_type);
	if (!p)
		return SKEP_ENOMEM;
	err = load_all(vm, p, insns, ds);
	if (err) {
		skep_vm_prog_free(p);
		return err;
	}
	vm->prog[vm->nprog] = p;
	return (int)vm->nprog++;
}
