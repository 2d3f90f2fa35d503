/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: compiles a program function by function, and runs it. A compiled
 * program owns its pages and its table of offsets.
 */
#include <cpuid.h>
#include <stdlib.h>

#include "jit/emit.h"

enum { ROOM = 1024, RECS = 32 };

struct jprog {
	struct skep_eng_prog head;
	u8 *mem;
	u32 mapped, nref;
	u64 (*entry)(u64 r1, u64 r2, struct skep_eng_run *run);
	u64 (*callback)(u64 func, const u64 *arg, struct skep_eng_run *run);
	bool checked, enter;
	u64 *ref; /* functions whose address is taken */
	u32 native[];
};

/* --- the buffer ------------------------------------------------------------------- */

bool skep_jit_room(struct jit *j)
{
	if (j->n + ROOM > j->cap) {
		u32 cap = j->cap * 2 + ROOM;
		u8 *p = realloc(j->buf, cap);

		if (!p)
			return false;
		j->buf = p;
		j->cap = cap;
	}
	if (j->nrec + RECS > j->cap_rec) {
		u32 cap = j->cap_rec * 2 + RECS;
		struct rec *p = realloc(j->rec, cap * sizeof(*p));

		if (!p)
			return false;
		j->rec = p;
		j->cap_rec = cap;
	}
	return true;
}

struct rec *skep_jit_rec(struct jit *j, u8 kind, u8 room, u32 label)
{
	struct rec *r = &j->rec[j->nrec++];

	*r = (struct rec){.pos = j->n, .label = label, .kind = kind, .room = room, .len = room};
	j->n += room;
	return r;
}

/* The label is here: at this byte of the buffer, behind so many records. */
void skep_jit_place(struct jit *j, u32 label)
{
	j->label[label] = (struct label){.pos = j->n, .recs = j->nrec};
}

void skep_jit_jump(struct jit *j, u8 cc, u32 label)
{
	if (cc == CC_ALWAYS)
		skep_jit_rec(j, REC_JMP, JMP_ROOM, label);
	else
		skep_jit_rec(j, REC_JCC, JCC_ROOM, label)->cc = cc;
}

void skep_jit_call_label(struct jit *j, u32 label)
{
	skep_jit_rec(j, REC_CALL, CALL_ROOM, label);
}

u32 skep_jit_func_at(const struct jit *j, u32 slot)
{
	u32 lo = 0, hi = j->code.nfunc;

	while (hi - lo > 1) {
		u32 mid = (lo + hi) / 2;

		if (j->code.func[mid].start <= slot)
			lo = mid;
		else
			hi = mid;
	}
	return func_label(j, lo);
}

/* --- compiling ---------------------------------------------------------------------- */

static bool compile_func(struct jit *j)
{
	if (!skep_jit_room(j))
		return false;
	skep_jit_rec(j, REC_PAD, PAD_ROOM, 0);
	skep_jit_place(j, func_label(j, j->nfunc));
	skep_jit_prologue(j);
	skep_jit_facts_reset(j);
	for (u32 i = j->func->start, n; i < j->func->end; i += n) {
		n = 1;
		if (j->code.in[i].op == SKEP_OP_NR)
			continue;
		if (!skep_jit_room(j))
			return false;
		if (j->code.flags[i] & SKEP_EC_LEADER)
			skep_jit_facts_reset(j);
		if (j->code.flags[i] & SKEP_EC_LOOP)
			skep_jit_rec(j, REC_PAD, PAD_ROOM, 0);
		skep_jit_place(j, i);
		n = skep_jit_fuse(j, i);
		if (n)
			continue;
		n = 1;
		skep_jit_insn(j, i);
		skep_jit_facts_after(j, i);
	}
	return true;
}

static bool may_throw(const struct jit *j)
{
	for (u32 i = 0; i < j->code.n; i++) {
		const struct skep_eng_helper *h = j->code.ref[i];

		if (j->code.in[i].op == SKEP_CALL && h && h->kind == SKEP_ENG_THROW)
			return true;
	}
	return false;
}

static u32 ask_cpu(void)
{
	unsigned a, b, c, d;
	u32 f = CPU_ASKED;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & 1u << 22)
		f |= CPU_MOVBE;
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && b & 1u << 8)
		f |= CPU_BMI2;
	return f;
}

/* Asked once: on virtual machines the answer takes longer than a compilation. */
static u32 cpu_features(void)
{
	static u32 known;
	u32 f = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!f) {
		f = ask_cpu();
		__atomic_store_n(&known, f, __ATOMIC_RELAXED);
	}
	return f;
}

static void jit_fini(struct jit *j)
{
	skep_eng_code_fini(&j->code);
	free(j->buf);
	free(j->rec);
	free(j->label);
	free(j->live);
}

static int compile_all(struct jit *j)
{
	u32 labels = j->code.n + j->code.nfunc + L_NR;

	j->throws = may_throw(j);
	j->unwind = j->throws || j->checked || j->budget;
	j->run = j->unwind || j->code.has_tail_calls;
	j->cap = j->code.n * 12 + ROOM;
	j->buf = malloc(j->cap);
	j->label = malloc(labels * sizeof(*j->label));
	j->live = calloc(2 * (size_t)j->code.n + 2, sizeof(u16));
	if (!j->buf || !j->label || !j->live)
		return SKEP_ENOMEM;
	memset(j->label, 0xff, labels * sizeof(*j->label));
	skep_jit_live(j);
	for (j->nfunc = 0; j->nfunc < j->code.nfunc; j->nfunc++) {
		j->func = &j->code.func[j->nfunc];
		if (!compile_func(j))
			return SKEP_ENOMEM;
	}
	if (!skep_jit_stubs(j))
		return SKEP_ENOMEM;
	return j->broken ? SKEP_EBUG : 0;
}

static void jit_free(struct skep_eng_prog *prog)
{
	struct jprog *p = (struct jprog *)prog;

	if (!p)
		return;
	skep_jit_mem_free(p->mem, p->mapped);
	free(p->ref);
	free(p);
}

static const struct skep_engine engine;

static bool list_refs(const struct jit *j, struct jprog *p, const struct jit_image *img)
{
	p->ref = malloc((j->code.nfunc + 1) * sizeof(u64));
	if (!p->ref)
		return false;
	for (u32 f = 0; f < j->code.nfunc; f++) {
		/* A function's entry is in front of its first slot, behind its label. */
		if (j->code.flags[j->code.func[f].start] & SKEP_EC_REF)
			p->ref[p->nref++] = (u64)(img->code + img->func[f]);
	}
	return true;
}

static int finish(struct jit *j, const struct skep_eng_options *opt, struct jprog **out)
{
	struct jprog *p = calloc(1, sizeof(*p) + (j->code.n + 1) * sizeof(u32));
	struct jit_image img = {.func = malloc((j->code.nfunc + 1) * sizeof(u32))};
	int err = p && img.func ? skep_jit_layout(j, opt->near, p->native, &img) : SKEP_ENOMEM;

	if (!err) {
		p->mem = img.code;
		p->mapped = img.mapped;
		p->entry = (void *)(img.code + (img.entry == ~0u ? img.body : img.entry));
		p->callback = img.callback == ~0u ? NULL : (void *)(img.code + img.callback);
		p->checked = j->checked;
		p->enter = j->code.has_refs || j->code.has_tail_calls || j->checked;
		p->head =
			(struct skep_eng_prog){.engine = &engine,
					       .body = img.code + img.body,
					       .slots = j->code.n,
					       .image = img.size,
					       .code = img.code,
					       .plain = j->calls_out || p->enter ? NULL : p->entry,
					       .native = p->native};
		if (!list_refs(j, p, &img))
			err = SKEP_ENOMEM;
	}
	free(img.func);
	if (err) {
		jit_free(p ? &p->head : NULL);
		return err;
	}
	*out = p;
	return 0;
}

static int jit_compile(const u8 *insns, u32 slots, const struct skep_eng_env *env,
		       const struct skep_eng_options *opt, struct skep_eng_prog **out,
		       struct skep_diags *ds)
{
	static const struct skep_eng_options none = {.size = sizeof(none)};
	struct jit j = {0};
	struct jprog *p;
	int err;

	opt = opt ? opt : &none;
	err = skep_eng_code_read(insns, slots, env, &j.code, ds);
	if (err)
		return err;
	j.env = j.code.env;
	j.checked = opt->checked;
	j.budget = opt->budget;
	j.blind = opt->blind;
	j.cpu = opt->generic ? 0 : cpu_features();
	skep_rng_init(&j.rng, opt->seed);
	err = compile_all(&j);
	if (!err)
		err = finish(&j, opt, &p);
	*out = err ? NULL : &p->head;
	jit_fini(&j);
	return err;
}

/* --- running ------------------------------------------------------------------------- */

/* The slot whose code ends at or after a return address. */
static u64 slot_of(const struct jprog *p, u64 ip)
{
	u64 off = ip - (u64)p->head.code;
	u32 slot = 0;

	for (u32 i = 0; i < p->head.slots; i++)
		if (p->native[i] < off && p->native[i + 1] > p->native[i])
			slot = i;
	return slot;
}

static u64 run_checked(const struct jprog *p, u64 r1, u64 r2, struct skep_eng_run *run)
{
	u8 stack[SKEP_ENG_FRAMES * SKEP_ENG_STACK] __attribute__((aligned(16)));
	u64 r0;

	memset(stack, 0, sizeof(stack));
	run->stack_lo = (u64)stack;
	run->stack_hi = run->fp = (u64)(stack + sizeof(stack));
	run->stop_ip = 0;
	r0 = p->entry(r1, r2, run);
	if (run->stop && run->stop_ip)
		run->stop_slot = slot_of(p, run->stop_ip);
	return r0;
}

static u64 enter(const struct jprog *p, u64 r1, u64 r2, struct skep_eng_run *run)
{
	return p->checked ? run_checked(p, r1, r2, run) : p->entry(r1, r2, run);
}

static u64 jit_run(const struct skep_eng_prog *prog, u64 r1, u64 r2, struct skep_eng_run *run)
{
	const struct jprog *p = (const struct jprog *)prog;
	u64 r0;

	if (!p->enter)
		return enter(p, r1, r2, run);
	skep_eng_enter(run, prog);
	r0 = enter(p, r1, r2, run);
	skep_eng_leave(run);
	return r0;
}

static bool is_function(const struct jprog *p, u64 func)
{
	for (u32 k = 0; k < p->nref; k++)
		if (p->ref[k] == func)
			return true;
	return false;
}

static u64 jit_callback(const struct skep_eng_prog *prog, u64 func, const u64 *arg,
			struct skep_eng_run *run)
{
	const struct jprog *p = (const struct jprog *)prog;

	if (p->checked && !is_function(p, func)) {
		run->stop = SKEP_TRAP_ARG;
		return 0;
	}
	return p->callback(func, arg, run);
}

static const struct skep_engine engine = {
	.name = "jit",
	.compile = jit_compile,
	.run = jit_run,
	.call = jit_callback,
	.free = jit_free,
};

/*
 * What stops in the middle goes back to its caller's caller at once (L_UNWIND), and the processor
 * must not compare where functions return to. Where it does not, the instruction does nothing.
 */
static bool shadow_stack(void)
{
	u64 at = 0;

	__asm__ volatile(".byte 0xf3, 0x48, 0x0f, 0x1e, 0xc8" : "+a"(at)); /* rdsspq %rax */
	return at != 0;
}

const struct skep_engine *skep_jit_engine(void)
{
	return shadow_stack() ? NULL : &engine;
}
