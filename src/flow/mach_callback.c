/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callbacks of helpers and kernel functions. One that runs before the call returns runs any
 * number of times: its end leads back to the call, where states are compared. One that
 * runs later is verified alone, from what is known of any run of it.
 */
#include "flow/mach_impl.h"

static const struct {
	u8 mode; /* enum skep_vcb */
	bool sleeps;
	s32 ret_min, ret_max;
} kinds[] = {
	[SKEP_CBK_LOOP] = {SKEP_CB_LOOP, false, 0, 1},
	[SKEP_CBK_EACH] = {SKEP_CB_LOOP, false, 0, 1},
	[SKEP_CBK_VMA] = {SKEP_CB_LOOP, false, 0, 1},
	[SKEP_CBK_DRAIN] = {SKEP_CB_LOOP, false, 0, 1},
	[SKEP_CBK_TIMER] = {SKEP_CB_ASYNC, false, 0, 0},
	[SKEP_CBK_WORK] = {SKEP_CB_ASYNC, true, 0, 0},
	[SKEP_CBK_TASK] = {SKEP_CB_ASYNC, true, INT32_MIN, INT32_MAX},
	[SKEP_CBK_ORDER] = {SKEP_CB_ORDER, false, 0, 1},
};

static const struct {
	s64 helper;
	u8 kind;
} helpers[] = {
	{SKEP_FN_loop, SKEP_CBK_LOOP},
	{SKEP_FN_for_each_map_elem, SKEP_CBK_EACH},
	{SKEP_FN_find_vma, SKEP_CBK_VMA},
	{SKEP_FN_user_ringbuf_drain, SKEP_CBK_DRAIN},
	{SKEP_FN_timer_set_callback, SKEP_CBK_TIMER},
};
static const struct {
	const char *name;
	u8 kind;
} kfuncs[] = {
	{"bpf_rbtree_add_impl", SKEP_CBK_ORDER},
	{"bpf_wq_set_callback_impl", SKEP_CBK_WORK},
	{"bpf_task_work_schedule_signal_impl", SKEP_CBK_TASK},
	{"bpf_task_work_schedule_resume_impl", SKEP_CBK_TASK},
};

u8 skep_callback_helper(s64 helper)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(helpers); k++)
		if (helpers[k].helper == helper)
			return helpers[k].kind;
	return SKEP_CBK_NONE;
}

u8 skep_callback_kfunc(const char *name)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(kfuncs); k++)
		if (strcmp(kfuncs[k].name, name) == 0)
			return kfuncs[k].kind;
	return SKEP_CBK_NONE;
}

bool skep_callback_now(const struct skep_mach *m, const struct skep_insn *i)
{
	u8 kind = SKEP_CBK_NONE;

	if (i->ref == SKEP_REF_EXTERN)
		kind = skep_callback_kfunc(m->obj->sym[i->sym].name);
	else if (i->ref == SKEP_REF_NONE)
		kind = skep_callback_helper(i->in.imm);
	return kind != SKEP_CBK_NONE && kinds[kind].mode != SKEP_CB_ASYNC;
}

bool skep_callback_in(const struct skep_vstate *st, u8 mode)
{
	for (u32 f = 0; f < st->nframe; f++)
		if (st->frame[f]->callback == mode)
			return true;
	return false;
}

/* --- arguments ----------------------------------------------------------------------------- */

static void map_arg(struct skep_vreg *r, u8 type, const struct skep_map *map, u32 at)
{
	skep_vreg_pointer(r, type, at);
	r->map = map;
}

/* Map, key and value. */
static void element_args(struct skep_mach *m, struct skep_vreg *r, const struct skep_callback *cb,
			 u32 at)
{
	map_arg(&r[1], SKEP_VT_MAP, cb->map, at);
	r[1].aux = cb->inner;
	map_arg(&r[2], SKEP_VT_KEY, cb->map, at);
	map_arg(&r[3], SKEP_VT_VALUE, cb->map, at);
	r[3].btf = cb->inner;
	r[3].aux = ++m->ids;
}

static void callback_args(struct skep_mach *m, struct skep_vstate *st,
			  const struct skep_callback *cb, const struct skep_vreg *caller)
{
	struct skep_vreg *r = skep_vtop(st)->reg;
	u32 at = st->at;

	switch (cb->kind) {
	case SKEP_CBK_LOOP:
		skep_vreg_unknown(&r[1], at);
		r[2] = caller[3];
		break;
	case SKEP_CBK_EACH:
		element_args(m, r, cb, at);
		r[4] = caller[3];
		break;
	case SKEP_CBK_TIMER:
	case SKEP_CBK_WORK:
	case SKEP_CBK_TASK: element_args(m, r, cb, at); break;
	case SKEP_CBK_VMA:
		skep_btf_object(m, &r[1], "task_struct", SKEP_VF_TRUSTED, at);
		skep_btf_object(m, &r[2], "vm_area_struct", SKEP_VF_TRUSTED, at);
		r[3] = caller[4];
		break;
	case SKEP_CBK_DRAIN:
		skep_vreg_pointer(&r[1], SKEP_VT_DYNPTR, at);
		r[1].flags = SKEP_VF_RDONLY;
		r[1].id = ++m->ids;
		r[2] = caller[3];
		break;
	case SKEP_CBK_ORDER:
		skep_graph_element(&r[1], &cb->root, at);
		skep_graph_element(&r[2], &cb->root, at);
		break;
	default: break;
	}
}

/* --- the call ------------------------------------------------------------------------------ */

static void push_later(struct skep_mach *m, const struct skep_vstate *st,
		       const struct skep_callback *c, const struct skep_vreg *caller)
{
	struct skep_vstate *cb = skep_vstate_new(m, c->func);
	struct skep_vframe *fr = skep_vtop(cb);

	m->func[c->func].async = true;
	fr->callback = SKEP_CB_ASYNC;
	cb->callbacks = st->callbacks + 1;
	cb->sleeps = kinds[c->kind].sleeps;
	fr->ret_min = kinds[c->kind].ret_min;
	fr->ret_max = kinds[c->kind].ret_max;
	callback_args(m, cb, c, caller);
	if (m->async)
		skep_vstate_free(m, m->async);
	m->async = cb;
}

int skep_push_callback(struct skep_mach *m, struct skep_vstate *st, const struct skep_callback *c)
{
	const struct skep_vfunc *f = &m->func[c->func];
	struct skep_vreg caller[6];
	struct skep_vstate *cb;
	struct skep_vframe *fr;
	int err;

	if (f->global)
		return skep_fault(m, st, SKEP_RULE_CALLBACK, 0, "the callback '%s' must be static",
				  f->func->name);
	if (f->throws)
		return skep_fault(m, st, SKEP_RULE_CALLBACK, 0,
				  "the callback '%s' may throw, which none may", f->func->name);
	m->func[c->func].callback = true;
	memcpy(caller, skep_vtop(st)->reg, sizeof(caller));
	if (kinds[c->kind].mode == SKEP_CB_ASYNC) {
		push_later(m, st, c, caller);
		return 0;
	}
	if (c->kind == SKEP_CBK_LOOP) {
		skep_mach_precise(m, &caller[1]);
		if (skep_vtop(st)->cb_depth >= caller[1].r.umax) {
			skep_vtop(st)->cb_depth = 0;
			return 0;
		}
	}
	cb = skep_vstate_copy(m, st);
	err = skep_enter(m, cb, c->func, st->at);
	if (err) {
		skep_vstate_free(m, cb);
		return err;
	}
	fr = skep_vtop(cb);
	fr->callback = kinds[c->kind].mode;
	fr->ret_min = kinds[c->kind].ret_min;
	fr->ret_max = kinds[c->kind].ret_max;
	cb->frame[cb->nframe - 2]->cb_depth++;
	cb->callbacks++;
	skep_vtop(st)->cb_depth = 0;
	callback_args(m, cb, c, caller);
	m->other = cb;
	return 0;
}
