/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engines share: a program decoded once, with its branches, functions,
 * maps and helpers resolved through the caller's environment; the current run
 * of a thread; callbacks. Refuses what control flow cannot be trusted with:
 * jumps out of a function, a function that runs into the next one.
 */
#include <stdlib.h>

#include "vm/vm_impl.h"

enum {
#define D(name, code, severity, text, explain) VM_D_##name,
#include "vm/diag.def"
};

#define HOLE SKEP_OP_NR

static struct skep_diag_place at_slot(u32 slot)
{
	struct skep_diag_place at = SKEP_NOWHERE;

	at.insn = slot;
	return at;
}
#define DIAG(ds, slot, name, ...)                                                                  \
	skep_diag((ds), &skep_vm_diags[VM_D_##name], at_slot(slot), ##__VA_ARGS__)

static bool is_start(const struct skep_eng_code *c, s64 slot)
{
	return slot >= 0 && slot < c->n && c->in[slot].op != HOLE;
}

static int decode_all(struct skep_eng_code *c, const u8 *insns, struct skep_diags *ds)
{
	const char *why;
	u32 n;

	for (u32 i = 0; i < c->n; i += n) {
		n = skep_isa_decode(insns + (size_t)i * 8, (size_t)(c->n - i) * 8, false, &c->in[i],
				    &why);
		if (!n)
			return DIAG(ds, i, ENCODING, why);
		if (n == 2)
			c->in[i + 1].op = HOLE;
	}
	if (!is_start(c, (s64)c->n - 1) || !skep_is_end(c->in[c->n - 1].op))
		return DIAG(ds, c->n - 1, END);
	return 0;
}

static int set_target(struct skep_eng_code *c, u32 i, s64 target, u8 flags, struct skep_diags *ds)
{
	if (!is_start(c, target))
		return DIAG(ds, i, TARGET, (long long)target);
	c->target[i] = (u32)target;
	c->flags[target] |= SKEP_EC_LEADER | flags;
	return 0;
}

static int read_load(struct skep_eng_code *c, u32 i, struct skep_diags *ds)
{
	struct skep_ins *in = &c->in[i];
	const struct skep_eng_map *map = NULL;
	u64 value;

	if (in->src == SKEP_LD_IMM)
		return 0;
	if (in->src == SKEP_LD_FUNC) {
		c->has_refs = true;
		return set_target(c, i, (s64)i + 1 + (s32)in->imm, SKEP_EC_FUNC | SKEP_EC_REF, ds);
	}
	if (!c->env->value || !c->env->value(c->env->user, in, &value, &map)) {
		if (in->src == SKEP_LD_BTF_ID)
			DIAG(ds, i, SYMBOL);
		else
			DIAG(ds, i, MAP, (u32)in->imm);
		return SKEP_EUNSUP;
	}
	in->imm = (s64)value;
	in->src = SKEP_LD_IMM;
	c->ref[i] = map;
	return 0;
}

static int read_call(struct skep_eng_code *c, u32 i, struct skep_diags *ds)
{
	struct skep_ins *in = &c->in[i];
	const struct skep_eng_helper *h = NULL;
	const struct skep_helper *row;

	if (in->src == SKEP_CALL_SUBPROG)
		return set_target(c, i, (s64)i + 1 + in->imm, SKEP_EC_FUNC, ds);
	if (in->src == SKEP_CALL_KFUNC) {
		h = c->env->kfunc ? c->env->kfunc(c->env->user, in) : NULL;
		if (!h) {
			DIAG(ds, i, CALL, "a kernel function that this port has not");
			return SKEP_EUNSUP;
		}
	} else {
		h = c->env->helper ? c->env->helper(c->env->user, in->imm) : NULL;
		row = skep_helper_find(in->imm);
		if (!h) {
			DIAG(ds, i, HELPER, (long long)in->imm, row ? row->name : "unknown");
			return SKEP_EUNSUP;
		}
	}
	in->src = SKEP_CALL_HELPER;
	c->ref[i] = h;
	if (h->kind == SKEP_ENG_TAIL_CALL)
		c->has_tail_calls = true;
	return 0;
}

static int read_one(struct skep_eng_code *c, u32 i, struct skep_diags *ds)
{
	const struct skep_ins *in = &c->in[i];

	if (skep_isa_writes(in) & 1 << 10)
		return DIAG(ds, i, FRAME, i);
	if (skep_is_branch(in->op)) {
		s64 target = (s64)i + 1 + in->off;

		return set_target(c, i, target, target <= i ? SKEP_EC_LOOP : 0, ds);
	}
	switch (in->op) {
	case SKEP_LDDW: return read_load(c, i, ds);
	case SKEP_CALL: return read_call(c, i, ds);
	case SKEP_CALLX: DIAG(ds, i, CALL, "through a register"); return SKEP_EUNSUP;
	case SKEP_LDABS:
	case SKEP_LDIND:
		c->has_packet = true;
		if (c->env->packet)
			return 0;
		DIAG(ds, i, PACKET);
		return SKEP_EUNSUP;
	case SKEP_CAST:
		if (c->env->arena)
			return 0;
		DIAG(ds, i, CAST);
		return SKEP_EUNSUP;
	default: return 0;
	}
}

/* What the environment says of pointers into the arena. */
static void read_arena_use(struct skep_eng_code *c, u32 i)
{
	struct skep_ins *in = &c->in[i];
	u8 use = c->env->arena && c->env->arena_use ? c->env->arena_use[i] : 0;
	u32 kind = skep_op_class(in->op);

	if ((use & SKEP_ENG_ARENA_ACCESS) &&
	    (kind == SKEP_CLASS_MEM || kind == SKEP_CLASS_ATOMIC)) {
		c->has_arena = true;
		c->flags[i] |= SKEP_EC_ARENA | SKEP_EC_LEADER; /* nothing is fused with it */
		if (i + 1 < c->n)
			c->flags[i + 1] |= SKEP_EC_LEADER;
	}
	if ((use & SKEP_ENG_ARENA_NARROW) && kind == SKEP_CLASS_ALU)
		in->size = 4;
	/* The kernel's view is the lower half. So is that of user space when nothing is to be
	 * converted. */
	if (in->op == SKEP_CAST && (in->imm == 1 || (c->env->arena && c->env->arena->raw)))
		*in = (struct skep_ins){.op = SKEP_MOV,
					.form = SKEP_REG,
					.size = 4,
					.dst = in->dst,
					.src = in->src};
}

/* --- functions ------------------------------------------------------------------ */

/*
 * How far below r10 a function reaches: exact when r10 is only the base of
 * accesses, else all of it.
 */
static void scan_insn(struct skep_ec_func *f, const struct skep_ins *in)
{
	u16 reads = skep_isa_reads(in);
	struct skep_memop m;
	bool base;

	f->writes |= skep_isa_writes(in);
	f->calls |= in->op == SKEP_CALL || in->op == SKEP_LDABS || in->op == SKEP_LDIND;
	f->may_goto |= in->op == SKEP_JCOND;
	if (!(reads & 1 << 10))
		return;
	f->uses_fp = true;
	base = skep_isa_memop(in, &m) && m.base == 10;
	if (!base || m.off >= 0 || m.off < -SKEP_ENG_STACK ||
	    ((m.store || m.atomic) && in->form == SKEP_REG && in->src == 10 &&
	     in->op != SKEP_LDACQ))
		f->stack = SKEP_ENG_STACK;
	else
		f->stack = SKEP_MAX(f->stack, (u32)(-m.off + 7) & ~7u);
}

static int read_func(struct skep_eng_code *c, u32 start, struct skep_diags *ds)
{
	struct skep_ec_func *f = &c->func[c->nfunc++];
	u32 i, last = start;

	*f = (struct skep_ec_func){.start = start};
	for (i = start; i < c->n && (i == start || !(c->flags[i] & SKEP_EC_FUNC)); i++) {
		if (c->in[i].op == HOLE)
			continue;
		last = i;
		scan_insn(f, &c->in[i]);
		f->calls |= (c->flags[i] & SKEP_EC_ARENA) != 0;
	}
	f->end = i;
	if (!skep_is_end(c->in[last].op))
		return DIAG(ds, last, CROSS, last);
	for (i = start; i < f->end; i++)
		if (skep_is_branch(c->in[i].op) && (c->target[i] < start || c->target[i] >= f->end))
			return DIAG(ds, i, CROSS, i);
	return 0;
}

static int read_all(struct skep_eng_code *c, const u8 *insns, struct skep_diags *ds)
{
	int err = decode_all(c, insns, ds);
	u32 nfunc = 0;

	for (u32 i = 0; i < c->n && !err; i++)
		if (c->in[i].op != HOLE) {
			err = read_one(c, i, ds);
			if (!err)
				read_arena_use(c, i);
		}
	if (err)
		return err;
	c->flags[0] |= SKEP_EC_LEADER | SKEP_EC_FUNC;
	for (u32 i = 0; i < c->n; i++)
		nfunc += (c->flags[i] & SKEP_EC_FUNC) != 0;
	c->func = calloc(nfunc, sizeof(*c->func));
	if (!c->func)
		return SKEP_ENOMEM;
	for (u32 i = 0; i < c->n && !err; i = c->func[c->nfunc - 1].end)
		err = read_func(c, i, ds);
	return err;
}

int skep_eng_code_read(const u8 *insns, u32 slots, const struct skep_eng_env *env,
		       struct skep_eng_code *out, struct skep_diags *ds)
{
	static const struct skep_eng_env nothing = {.size = sizeof(nothing)};
	u8 *block;
	int err;

	memset(out, 0, sizeof(*out));
	if (!slots || slots > MAX_SLOTS)
		return DIAG(ds, 0, EMPTY, MAX_SLOTS);
	block = calloc(slots, sizeof(*out->in) + sizeof(void *) + sizeof(u32) + 1);
	if (!block)
		return SKEP_ENOMEM;
	out->n = slots;
	out->env = env ? env : &nothing;
	out->in = (struct skep_ins *)block;
	out->ref = (const void **)(out->in + slots);
	out->target = (u32 *)(out->ref + slots);
	out->flags = (u8 *)(out->target + slots);
	err = read_all(out, insns, ds);
	if (err)
		skep_eng_code_fini(out);
	return err;
}

void skep_eng_code_fini(struct skep_eng_code *c)
{
	free(c->in);
	free(c->func);
	memset(c, 0, sizeof(*c));
}

/* --- the current run --------------------------------------------------------------- */

static __thread struct skep_eng_run *current __attribute__((tls_model("initial-exec")));

struct skep_eng_run *skep_eng_current(void)
{
	return current;
}

void skep_eng_enter(struct skep_eng_run *run, const struct skep_eng_prog *prog)
{
	run->prog = prog;
	run->outer = current;
	current = run;
}

void skep_eng_leave(struct skep_eng_run *run)
{
	current = run->outer;
}

u64 skep_eng_callback(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	const u64 arg[5] = {r1, r2, r3, r4, r5};
	struct skep_eng_run *run = current;
	u64 r0 = 0;

	/* Unverified programs only: a callback that starts itself, or an endless loop of callbacks.
	 */
	if (run->nested >= SKEP_ENG_FRAMES)
		run->stop = SKEP_TRAP_DEPTH;
	else if (--run->left < 0)
		run->stop = SKEP_TRAP_BUDGET;
	if (run->stop)
		return 0;
	run->nested++;
	r0 = run->prog->engine->call(run->prog, func, arg, run);
	run->nested--;
	return r0;
}
