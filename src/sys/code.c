/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as bpf(2) takes it, as the model that the verifier reads: functions begin at slot
 * 0, at what is called, and at function records; maps come by descriptor, functions of the kernel
 * by the ids of its types. Everything is in
 * the caller's arena.
 */
#include "sys/code.h"

struct builder {
	const struct skep_sys_code *in;
	struct skep_obj *obj;
	struct skep_arena *arena;
	struct skep_diags *ds;
	struct skep_insn **at; /* by slot */
	u8 *start;	       /* a function begins in this slot */
	struct skep_csec *sec;
};

static const struct skep_diag_def bad_code = {1700, SKEP_ERROR, "%s at instruction %u",
					      "The program is malformed: the kernel's verifier refuses it before it follows any path."};

static int bad(struct builder *b, const char *what, u32 slot)
{
	return skep_diag(b->ds, &bad_code, SKEP_NOWHERE, what, slot);
}

static struct skep_ins decoded(const struct builder *b, u32 slot, u32 *n, const char **why)
{
	struct skep_ins ins = {0};

	*why = NULL;
	*n = skep_isa_decode(b->in->code + (u64)slot * 8, (u64)(b->in->slots - slot) * 8, false, &ins, why);
	return ins;
}

/* Where a call or a function's address leads, or -1. */
static s64 function_at(const struct skep_ins *ins, u32 slot)
{
	if (ins->op == SKEP_CALL && ins->src == SKEP_CALL_SUBPROG)
		return (s64)slot + 1 + (s32)ins->imm;
	if (ins->op == SKEP_LDDW && ins->src == SKEP_LD_FUNC)
		return (s64)slot + 1 + (s32)ins->imm;
	return -1;
}

static int find_starts(struct builder *b)
{
	const char *why;
	u32 n;

	b->start[0] = 1;
	for (u32 slot = 0; slot < b->in->slots; slot += n) {
		struct skep_ins ins = decoded(b, slot, &n, &why);
		s64 to;

		if (!n)
			return bad(b, why ? why : "unknown opcode", slot);
		if (ins.op != SKEP_LDDW && !(ins.op == SKEP_CALL && ins.src == SKEP_CALL_SUBPROG))
			continue;
		if (!(ins.op == SKEP_LDDW && ins.src != SKEP_LD_FUNC)) {
			to = function_at(&ins, slot);
			if (to < 0 || to >= b->in->slots)
				return bad(b, "a call leads out of the program", slot);
			b->start[to] = 1;
		}
	}
	for (u32 k = 0; k < b->in->nfunc; k++) {
		u32 slot = b->in->func[k].off;

		if (slot >= b->in->slots || (k ? slot <= b->in->func[k - 1].off : slot != 0))
			return bad(b, "invalid func info", slot);
		b->start[slot] = 1;
	}
	return 0;
}

static void name_func(struct builder *b, struct skep_func *f, u32 slot)
{
	struct skep_btf_type t;

	f->name = slot ? "" : b->in->name;
	for (u32 k = 0; k < b->in->nfunc; k++)
		if (b->in->func[k].off == slot && b->obj->btf && skep_btf_get(b->obj->btf, b->in->func[k].type, &t) &&
		    t.kind == SKEP_BTF_FUNC) {
			f->type = t.id;
			f->name = t.name;
			if (slot && t.vlen == 1)
				f->flags |= SKEP_FF_GLOBAL;
		}
}

static void new_func(struct builder *b, u32 slot)
{
	struct skep_func *f = SKEP_NEW(b->arena, struct skep_func);

	f->sec = b->sec;
	f->slot_read = slot;
	f->flags = slot ? 0 : SKEP_FF_PROG | SKEP_FF_GLOBAL;
	f->prog_type = slot ? 0 : b->in->prog_type;
	f->attach_type = slot ? 0 : b->in->attach_type;
	f->ops_type = slot ? NULL : b->in->ops_type;
	f->ops_member = slot ? NULL : b->in->ops_member;
	f->index = b->obj->nfunc;
	name_func(b, f, slot);
	b->sec->func[b->sec->nfunc++] = f;
	b->obj->func[b->obj->nfunc++] = f;
}

static int decode_all(struct builder *b)
{
	struct skep_func *f = NULL;
	const char *why;
	u32 n;

	for (u32 slot = 0; slot < b->in->slots; slot += n) {
		struct skep_ins ins = decoded(b, slot, &n, &why);
		struct skep_insn *i;

		if (b->start[slot]) {
			new_func(b, slot);
			f = b->obj->func[b->obj->nfunc - 1];
		}
		i = skep_insn_new(b->obj, &ins, NULL);
		i->slot = slot;
		i->flags = 0;
		skep_edit_append(f, i);
		b->at[slot] = i;
		f->slots_read += n;
	}
	for (u32 slot = 0; slot < b->in->slots; slot++)
		if (b->start[slot] && !b->at[slot])
			return bad(b, "a function begins inside an instruction", slot);
	return 0;
}

/* A map in a load: symbols 2k+1 and 2k+2 are map k and its contents. */
static int load_of_map(struct builder *b, struct skep_insn *i)
{
	u64 imm = (u64)i->in.imm;
	u32 k = (u32)imm;

	if (k >= b->in->nmap)
		return bad(b, "fd is not pointing to valid bpf_map", i->slot);
	if (i->in.src == SKEP_LD_MAP_FD) {
		if (imm >> 32)
			return bad(b, "unrecognized bpf_ld_imm64 insn", i->slot);
		i->ref = SKEP_REF_MAP;
		i->sym = 2 * k + 1;
		i->in.imm = 0;
	} else {
		struct skep_dsec *d = b->obj->sym[2 * k + 2].data;

		if (!d)
			return bad(b, "direct value access is not possible with this map", i->slot);
		if (imm >> 32 >= d->size)
			return bad(b, "invalid access to map value pointer", i->slot);
		i->ref = SKEP_REF_DATA;
		i->sym = 2 * k + 2;
		i->in.imm = (s64)(imm >> 32);
	}
	i->in.src = 0;
	return 0;
}

/* A function of the kernel becomes a symbol of its name. */
static int call_of_kernel(struct builder *b, struct skep_insn *i)
{
	struct skep_obj *o = b->obj;
	struct skep_btf_type t;

	if (!b->in->kernel)
		return bad(b, "the kernel's types are not known, so neither are its functions,", i->slot);
	if (i->in.off)
		return bad(b, "functions of modules are not known, one is called", i->slot);
	if (!skep_btf_get(b->in->kernel, (u32)i->in.imm, &t) || t.kind != SKEP_BTF_FUNC)
		return bad(b, "the kernel has no such function, one is called", i->slot);
	o->sym[o->nsym] = (struct skep_sym){.name = t.name, .kind = SKEP_SYM_EXTERN};
	i->ref = SKEP_REF_EXTERN;
	i->sym = o->nsym++;
	return 0;
}

static int refer(struct builder *b, struct skep_insn *i)
{
	s64 to = function_at(&i->in, i->slot);

	if (to >= 0) {
		if (!b->at[to] || b->at[to]->prev)
			return bad(b, "a call leads into a function", i->slot);
		i->ref = SKEP_REF_FUNC;
		i->callee = b->at[to]->func;
		if (i->in.op == SKEP_LDDW)
			i->in.imm = 0;
		return 0;
	}
	if (i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_KFUNC)
		return call_of_kernel(b, i);
	if (i->in.op != SKEP_LDDW || i->in.src == SKEP_LD_IMM)
		return 0;
	if (i->in.src == SKEP_LD_MAP_FD || i->in.src == SKEP_LD_MAP_VALUE)
		return load_of_map(b, i);
	return bad(b, i->in.src == SKEP_LD_BTF_ID ? "variables of the kernel are not known" : "unrecognized bpf_ld_imm64 insn",
		   i->slot);
}

static int link_all(struct builder *b)
{
	int err = 0;

	for (u32 slot = 0; slot < b->in->slots && !err; slot++) {
		struct skep_insn *i = b->at[slot];
		s64 to;

		if (!i)
			continue;
		if (!skep_is_branch(i->in.op)) {
			err = refer(b, i);
			continue;
		}
		to = (s64)slot + 1 + i->in.off;
		if (to < 0 || to >= b->in->slots || !b->at[to] || b->at[to]->func != i->func)
			return bad(b, "jump out of range", slot);
		skep_edit_set_target(i, b->at[to]);
	}
	for (u32 k = 0; k < b->obj->nfunc; k++)
		b->obj->func[k]->flags &= ~(u32)SKEP_FF_EDITED;
	return err;
}

static int add_lines(struct builder *b)
{
	const struct skep_line_rec *now = NULL;
	u32 k = 0;

	for (u32 n = 0; n < b->in->nline; n++) {
		u32 slot = b->in->line[n].off;

		if (slot >= b->in->slots || !b->at[slot] || (n && slot <= b->in->line[n - 1].off) || !b->obj->btf ||
		    !skep_btf_str(b->obj->btf, b->in->line[n].file) || !skep_btf_str(b->obj->btf, b->in->line[n].text))
			return bad(b, "invalid line info", slot);
	}
	for (u32 slot = 0; slot < b->in->slots; slot++) {
		struct skep_insn *i = b->at[slot];

		if (!i)
			continue;
		if (k < b->in->nline && b->in->line[k].off == slot) {
			now = &b->in->line[k++];
			i->flags |= SKEP_IF_LINE;
		}
		i->line = now;
	}
	return 0;
}

static void add_maps(struct builder *b)
{
	struct skep_obj *o = b->obj;

	o->nmap = b->in->nmap;
	o->map = SKEP_NEW_N(b->arena, struct skep_map *, o->nmap + 1);
	o->dsec = SKEP_NEW_N(b->arena, struct skep_dsec *, o->nmap + 1);
	o->nsym = 2 * o->nmap + 1;
	o->sym = SKEP_NEW_N(b->arena, struct skep_sym, o->nsym + b->in->slots);
	o->sym[0].name = "";
	for (u32 k = 0; k < o->nmap; k++) {
		struct skep_sym *s = &o->sym[2 * k + 1];
		struct skep_map *m = b->in->map[k].map;
		struct skep_dsec *d = b->in->map[k].data;

		m->index = k;
		m->sym = 2 * k + 1;
		o->map[k] = m;
		s[0] = (struct skep_sym){.name = m->name, .kind = SKEP_SYM_MAP, .map = m};
		s[1] = (struct skep_sym){.name = m->name, .kind = SKEP_SYM_SECTION, .data = d};
		m->data = d && !d->arena ? d : NULL;
		if (m->data) {
			d->map = m;
			o->dsec[o->ndsec++] = d;
		}
	}
}

static int build(struct builder *b)
{
	int err;

	if (!b->in->slots)
		return bad(b, "empty program", 0);
	b->at = SKEP_NEW_N(b->arena, struct skep_insn *, b->in->slots + 1);
	b->start = SKEP_NEW_N(b->arena, u8, b->in->slots + 1);
	b->sec = SKEP_NEW(b->arena, struct skep_csec);
	b->sec->name = b->in->section;
	b->sec->slots_read = b->in->slots;
	b->obj->csec = SKEP_NEW(b->arena, struct skep_csec *);
	b->obj->csec[b->obj->ncsec++] = b->sec;
	err = find_starts(b);
	if (err)
		return err;
	b->sec->func = SKEP_NEW_N(b->arena, struct skep_func *, b->in->slots);
	b->obj->func = SKEP_NEW_N(b->arena, struct skep_func *, b->in->slots);
	add_maps(b);
	err = decode_all(b);
	if (!err)
		err = link_all(b);
	return err ? err : add_lines(b);
}

int skep_sys_code_read(const struct skep_sys_code *in, struct skep_arena *arena, struct skep_diags *ds, struct skep_obj **out)
{
	struct builder b = {.in = in, .arena = arena, .ds = ds};
	int err = 0, oom = 0;

	SKEP_GUARD(arena, oom, {
		b.obj = SKEP_NEW(arena, struct skep_obj);
		b.obj->arena = arena;
		b.obj->license = in->license;
		b.obj->btf = in->btf;
		b.obj->next_id = 1;
		err = build(&b);
		*out = b.obj;
	});
	return oom ? oom : err;
}
