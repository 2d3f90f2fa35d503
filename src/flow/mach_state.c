/* SPDX-License-Identifier: BSD-2-Clause */
/* States: made, copied, freed; registers of them; references and locks. */
#include "flow/mach_impl.h"

#include <stdio.h>

void skep_text_singular(char *s)
{
	static const struct {
		const char *many, *one;
	} words[] = {
		{"1 bytes are ", "1 byte is "},
		{"1 bytes", "1 byte"},
		{", 1 are ", ", 1 is "},
	};

	for (char *p = s; *p; p++)
		for (u32 k = 0; k < SKEP_ARRAY_SIZE(words) && (p == s || p[-1] == ' ' || *p == ',');
		     k++) {
			size_t many = strlen(words[k].many), one = strlen(words[k].one);

			if (strncmp(p, words[k].many, many) != 0)
				continue;
			memcpy(p, words[k].one, one);
			memmove(p + one, p + many, strlen(p + many) + 1);
			break;
		}
}

int skep_fault(struct skep_mach *m, const struct skep_vstate *st, u32 rule, u16 regs,
	       const char *fmt, ...)
{
	char text[512];
	va_list ap;

	m->fault = (struct skep_fault){.rule = (u16)rule, .at = st->at, .regs = regs};
	if (m->joins)
		return SKEP_EINPUT; /* nobody reads it, and there may be one at each step */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	skep_text_singular(text);
	m->fault.text = skep_arena_strdup(m->arena, text);
	return SKEP_EINPUT;
}

/* --- registers --------------------------------------------------------------------- */

struct skep_vreg *skep_vreg(struct skep_vstate *st, u32 n)
{
	return &skep_vtop(st)->reg[n];
}

void skep_vreg_num(struct skep_vreg *r, struct skep_range range, u32 def)
{
	memset(r, 0, offsetof(struct skep_vreg, r));
	r->type = SKEP_VT_NUM;
	r->def = def;
	r->r = range;
}

void skep_vreg_unknown(struct skep_vreg *r, u32 def)
{
	skep_vreg_num(r, skep_range_any(), def);
}

void skep_vreg_const(struct skep_vreg *r, u64 v, u32 def)
{
	skep_vreg_num(r, skep_range_const(v), def);
}

void skep_vreg_pointer(struct skep_vreg *r, u8 type, u32 def)
{
	skep_vreg_num(r, skep_range_const(0), def);
	r->type = type;
}

const char *skep_vreg_what(const struct skep_vreg *r)
{
	static const char *const name[SKEP_VT_NR] = {
		[SKEP_VT_NONE] = "nothing",
		[SKEP_VT_NUM] = "a number",
		[SKEP_VT_CTX] = "the context",
		[SKEP_VT_STACK] = "a pointer into the stack",
		[SKEP_VT_MAP] = "a map",
		[SKEP_VT_VALUE] = "a pointer into a map's value",
		[SKEP_VT_KEY] = "a pointer into a map's key",
		[SKEP_VT_PKT] = "a packet pointer",
		[SKEP_VT_META] = "a pointer to the packet's metadata",
		[SKEP_VT_PKT_END] = "the packet's end",
		[SKEP_VT_SOCK] = "a socket",
		[SKEP_VT_SOCK_COMMON] = "a socket (common part)",
		[SKEP_VT_TCP_SOCK] = "a TCP socket",
		[SKEP_VT_XDP_SOCK] = "an XDP socket",
		[SKEP_VT_FLOW_KEYS] = "the flow keys",
		[SKEP_VT_MEM] = "a pointer to memory",
		[SKEP_VT_BUF] = "a pointer into a buffer",
		[SKEP_VT_BTF] = "a kernel object",
		[SKEP_VT_FUNC] = "a function",
		[SKEP_VT_DYNPTR] = "a dynptr",
		[SKEP_VT_ARENA] = "a pointer into the arena",
	};

	return name[r->type];
}

int skep_mach_use(struct skep_mach *m, struct skep_vstate *st, u32 reg)
{
	if (skep_vreg(st, reg)->type != SKEP_VT_NONE)
		return 0;
	return skep_fault(m, st, SKEP_RULE_UNINIT, REG(reg),
			  "r%u is used but was never written on this path", reg);
}

/* --- the store ------------------------------------------------------------------------- */

static void grown(struct skep_mach *m, size_t n)
{
	m->bytes += n;
	m->peak = SKEP_MAX(m->peak, m->bytes);
}

static u32 slots_class(u32 n)
{
	u32 c = 0;

	while ((4u << c) < n)
		c++;
	return c;
}

static struct skep_vslot *slots_new(struct skep_mach *m, u32 class_)
{
	size_t size = (4u << class_) * sizeof(struct skep_vslot);
	struct skep_vslot *s = m->free_slots[class_];

	if (s)
		m->free_slots[class_] = *(void **)s;
	else
		s = skep_arena_alloc(m->arena, size);
	grown(m, size);
	return s;
}

struct skep_vreg *skep_vslot_reg(struct skep_mach *m, struct skep_vslot *s)
{
	if (s->reg)
		return s->reg;
	s->reg = m->free_regs;
	if (s->reg)
		m->free_regs = *(void **)s->reg;
	else
		s->reg = SKEP_NEW(m->arena, struct skep_vreg);
	grown(m, sizeof(*s->reg));
	return s->reg;
}

/* The array alone: its registers were moved. */
static void slots_drop(struct skep_mach *m, struct skep_vframe *fr)
{
	u32 c;

	if (!fr->slot_cap)
		return;
	c = slots_class(fr->slot_cap);
	*(void **)fr->slot = m->free_slots[c];
	m->free_slots[c] = fr->slot;
	m->bytes -= fr->slot_cap * sizeof(struct skep_vslot);
}

static void slots_free(struct skep_mach *m, struct skep_vframe *fr)
{
	for (u32 k = 0; k < fr->nslot; k++) {
		void *reg = fr->slot[k].reg;

		if (!reg)
			continue;
		*(void **)reg = m->free_regs;
		m->free_regs = reg;
		m->bytes -= sizeof(struct skep_vreg);
	}
	slots_drop(m, fr);
}

static struct skep_vframe *frame_new(struct skep_mach *m)
{
	struct skep_vframe *fr = m->free_frame;

	if (fr)
		m->free_frame = *(void **)fr;
	else
		fr = SKEP_NEW(m->arena, struct skep_vframe);
	grown(m, sizeof(*fr));
	return fr;
}

static void frame_free(struct skep_mach *m, struct skep_vframe *fr)
{
	slots_free(m, fr);
	*(void **)fr = m->free_frame;
	m->free_frame = fr;
	m->bytes -= sizeof(*fr);
}

static struct skep_vstate *state_new(struct skep_mach *m)
{
	struct skep_vstate *st = m->free_state;

	if (st)
		m->free_state = st->next;
	else
		st = SKEP_NEW(m->arena, struct skep_vstate);
	grown(m, sizeof(*st));
	return st;
}

struct skep_vframe *skep_vframe_push(struct skep_mach *m, struct skep_vstate *st, u32 func,
				     u32 call)
{
	struct skep_vframe *fr = frame_new(m);

	memset(fr, 0, sizeof(*fr));
	fr->func = func;
	fr->call = call;
	if (!m->joins)
		fr->chain = skep_chain_of(m, st->nframe ? skep_vtop(st)->chain : NULL, func, call);
	skep_vreg_pointer(&fr->reg[10], SKEP_VT_STACK, call);
	fr->reg[10].frame = st->nframe;
	st->frame[st->nframe++] = fr;
	return fr;
}

void skep_vframe_pop(struct skep_mach *m, struct skep_vstate *st)
{
	frame_free(m, st->frame[--st->nframe]);
}

struct skep_vslot *skep_vslot(struct skep_mach *m, struct skep_vframe *fr, u32 slot)
{
	if (slot >= fr->slot_cap) {
		u32 c = slots_class(slot + 1);
		struct skep_vslot *s = slots_new(m, c);

		if (fr->nslot)
			memcpy(s, fr->slot, fr->nslot * sizeof(*s));
		slots_drop(m, fr);
		fr->slot = s;
		fr->slot_cap = (u8)(4u << c);
	}
	while (fr->nslot <= slot) {
		memset(fr->slot[fr->nslot].byte, SKEP_VB_NONE, 8);
		fr->slot[fr->nslot].reg = NULL;
		fr->nslot++;
	}
	return &fr->slot[slot];
}

static void slots_copy(struct skep_mach *m, struct skep_vframe *to, const struct skep_vframe *from)
{
	for (u32 k = 0; k < from->nslot; k++) {
		const struct skep_vslot *s = &from->slot[k];

		memcpy(to->slot[k].byte, s->byte, 8);
		to->slot[k].reg = NULL;
		if (s->byte[0] == SKEP_VB_SPILL || s->byte[0] > SKEP_VB_ZERO)
			*skep_vslot_reg(m, &to->slot[k]) = *s->reg;
	}
}

struct skep_vstate *skep_vstate_copy(struct skep_mach *m, const struct skep_vstate *from)
{
	struct skep_vstate *st = state_new(m);

	*st = *from;
	st->next = NULL;
	for (u32 k = 0; k < from->nframe; k++) {
		struct skep_vframe *fr = st->frame[k] = frame_new(m);

		*fr = *from->frame[k];
		fr->slot_cap = 0;
		fr->slot = NULL;
		if (fr->nslot) {
			u32 c = slots_class(fr->nslot);

			fr->slot = slots_new(m, c);
			fr->slot_cap = (u8)(4u << c);
			slots_copy(m, fr, from->frame[k]);
		}
	}
	return st;
}

void skep_vstate_free(struct skep_mach *m, struct skep_vstate *st)
{
	while (st->nframe)
		skep_vframe_pop(m, st);
	st->next = m->free_state;
	m->free_state = st;
	m->bytes -= sizeof(*st);
}

static struct skep_vstate *state_blank(struct skep_mach *m)
{
	struct skep_vstate *st = state_new(m);

	memset(st, 0, sizeof(*st));
	return st;
}

struct skep_vstate *skep_vstate_new(struct skep_mach *m, u32 func)
{
	struct skep_vstate *st = state_blank(m);

	skep_vframe_push(m, st, func, SKEP_VNONE);
	st->sleeps = m->opt.sleepable;
	st->at = m->func[func].first;
	return st;
}

/* --- references and locks ----------------------------------------------------------------- */

void skep_ref_add(struct skep_mach *m, struct skep_vstate *st, u32 id, u8 kind)
{
	/* One more than a state may have is told by the step that added it. */
	if (st->nref < SKEP_VREFS)
		st->ref[st->nref++] = (struct skep_vrefs){.id = id, .insn = st->at, .kind = kind};
}

bool skep_ref_find(const struct skep_vstate *st, u32 id)
{
	for (u32 k = 0; k < st->nref; k++)
		if (st->ref[k].id == id && st->ref[k].kind == SKEP_REFK_PTR)
			return true;
	return false;
}

bool skep_ref_drop(struct skep_vstate *st, u32 id)
{
	for (u32 k = 0; k < st->nref; k++)
		if (st->ref[k].id == id) {
			memmove(&st->ref[k], &st->ref[k + 1],
				(st->nref - k - 1) * sizeof(st->ref[0]));
			st->nref--;
			return true;
		}
	return false;
}

void skep_ref_forget(struct skep_mach *m, struct skep_vstate *st, u32 id)
{
	FOR_EACH_VREG(st, r, {
		if (skep_vreg_is_ptr(r) && r->ref == id)
			skep_vreg_stale(m, r, st->at);
	});
}

struct skep_vrefs *skep_ref_lock(struct skep_vstate *st)
{
	for (u32 k = st->nref; k--;)
		if (st->ref[k].kind >= SKEP_REFK_LOCK && st->ref[k].kind <= SKEP_REFK_RES_LOCK_IRQ)
			return &st->ref[k];
	return NULL;
}

void skep_forget_packet(struct skep_mach *m, struct skep_vstate *st)
{
	FOR_EACH_VREG(st, r, {
		if (skep_vreg_is_pkt(r) || r->type == SKEP_VT_PKT_END ||
		    (r->type == SKEP_VT_MEM && (r->flags & SKEP_VF_PKT_SLICE)))
			skep_vreg_stale(m, r, st->at);
	});
}
