/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CO-RE: what a record means for an instruction on a target whose types are given.
 * Local places are looked for in every type of the same name of the target; all that
 * have them must agree. The rules are libbpf's, so that what is verified here is what it
 * would load. Memory is the arena's; results refer to nothing.
 */
#include "obj/core_impl.h"

/* The types of the target that a local type may mean. They get fewer as members rule some out. */
struct cands {
	u32 *id, n;
	bool known;
};
struct skep_core {
	const struct skep_btf *local, *target;
	struct skep_arena *arena;
	struct cands *of; /* by local type */
};

/* What the record comes to on either side. */
struct side {
	u64 val;
	u32 size, type; /* of the member, for BYTE_OFF; 0: none */
	bool check;	/* is `val` what the instruction must hold? */
	bool missing;	/* there is nothing to relocate to */
};

/* --- the record's place --------------------------------------------------------- */

static bool step_element(struct core_spec *s, const struct skep_btf_type *t, u32 idx)
{
	struct core_step *in = &s->step[s->n - 1];
	u32 elem, elems;
	s64 size;

	skep_btf_array(s->btf, t, &elem, &elems);
	if (idx >= elems && !skep_obj_core_is_flexible(s->btf, in, elems))
		return false;
	size = skep_btf_size(s->btf, elem);
	if (size < 0)
		return false;
	s->step[s->n++] = (struct core_step){elem, idx, NULL};
	s->bits += (u64)idx * (u64)size * 8;
	return true;
}

/* One step of the access string below a type; `*id` goes on. */
static bool step_into(struct core_spec *s, u32 *id, u32 idx)
{
	struct skep_btf_member m;
	struct skep_btf_type t;

	if (!skep_obj_core_skip(s->btf, *id, &t))
		return false;
	if (t.kind == SKEP_BTF_ARRAY) {
		if (!step_element(s, &t, idx))
			return false;
		*id = s->step[s->n - 1].type;
		return true;
	}
	if (!core_is_composite(&t) || idx >= t.vlen)
		return false;
	skep_btf_member(s->btf, &t, idx, &m);
	s->bits += m.off;
	if (*m.name)
		s->step[s->n++] = (struct core_step){t.id, idx, m.name};
	*id = m.type;
	return true;
}

static bool parse_number(const char **p, u32 *out)
{
	u64 v = 0;

	if (**p < '0' || **p > '9')
		return false;
	while (**p >= '0' && **p <= '9' && v <= UINT32_MAX)
		v = v * 10 + (u64)(*(*p)++ - '0');
	*out = (u32)v;
	return v <= INT32_MAX;
}

/* The first number: an enumerator, or an index as of an array of the root type. */
static bool step_root(struct core_spec *s, u32 kind, u32 idx)
{
	struct skep_btf_member m;
	struct skep_btf_type t;
	s64 size;

	if (!skep_obj_core_skip(s->btf, s->root, &t))
		return false;
	s->step[s->n++] = (struct core_step){t.id, idx, NULL};
	if (core_is_enumval(kind)) {
		if (!core_is_enum(&t) || idx >= t.vlen)
			return false;
		skep_btf_member(s->btf, &t, idx, &m);
		s->step[0].name = m.name;
		return true;
	}
	if (!core_is_field(kind))
		return idx == 0;
	size = skep_btf_size(s->btf, s->root);
	s->bits = size < 0 ? 0 : (u64)size * idx * 8;
	return size >= 0;
}

static bool parse_spec(const struct skep_btf *btf, u32 root, u32 kind, const char *text,
		       struct core_spec *s)
{
	u32 idx, id = root;

	*s = (struct core_spec){.btf = btf, .root = root};
	if (!parse_number(&text, &idx) || !step_root(s, kind, idx))
		return false;
	s->raw = 1;
	while (*text == ':') {
		text++;
		if (!core_is_field(kind) || s->raw++ == CORE_DEPTH || !parse_number(&text, &idx) ||
		    !step_into(s, &id, idx))
			return false;
	}
	return !*text;
}

/* --- the same place in a type of the target --------------------------------------- */

/*
 * Find the member that the local step names, below unnamed members too. 1: found, `*next` is its
 * type; 0: not; negative: too deep.
 */
static int find_member(const struct core_spec *l, const struct core_step *step, struct core_spec *t,
		       u32 tid, u32 *next)
{
	struct skep_btf_type lt, tt;
	struct skep_btf_member lm, tm;

	if (!skep_btf_get(l->btf, step->type, &lt) || !skep_obj_core_skip(t->btf, tid, &tt) ||
	    !core_is_composite(&tt))
		return 0;
	skep_btf_member(l->btf, &lt, step->idx, &lm);
	for (u32 i = 0; i < tt.vlen; i++) {
		int found = 0;

		if (t->raw == CORE_DEPTH || t->work++ == CORE_WORK)
			return SKEP_ELIMIT;
		skep_btf_member(t->btf, &tt, i, &tm);
		t->bits += tm.off;
		t->raw++;
		if (!*tm.name) {
			found = find_member(l, step, t, tm.type, next);
			if (found)
				return found;
		} else if (!strcmp(lm.name, tm.name)) {
			if (!skep_obj_core_fields_agree(l->btf, lm.type, t->btf, tm.type))
				return 0;
			t->step[t->n++] = (struct core_step){tt.id, i, tm.name};
			*next = tm.type;
			return 1;
		}
		t->bits -= tm.off;
		t->raw--;
	}
	return 0;
}

static int find_element(const struct core_step *step, struct core_spec *t, u32 *tid, bool first)
{
	struct skep_btf_type tt;
	u32 elem = *tid, elems;
	s64 size;

	if (!first) {
		if (!skep_obj_core_skip(t->btf, *tid, &tt) || tt.kind != SKEP_BTF_ARRAY)
			return 0;
		skep_btf_array(t->btf, &tt, &elem, &elems);
		if (step->idx >= elems &&
		    !skep_obj_core_is_flexible(t->btf, &t->step[t->n - 1], elems))
			return 0;
	}
	if (t->raw == CORE_DEPTH)
		return SKEP_ELIMIT;
	size = skep_btf_size(t->btf, elem);
	if (size < 0)
		return SKEP_EINPUT;
	if (!skep_obj_core_skip(t->btf, elem, &tt))
		return SKEP_EINPUT;
	t->step[t->n++] = (struct core_step){tt.id, step->idx, NULL};
	t->raw++;
	t->bits += (u64)step->idx * (u64)size * 8;
	*tid = tt.id;
	return 1;
}

static int find_enumerator(const struct core_spec *l, struct core_spec *t)
{
	struct skep_btf_type tt;
	struct skep_btf_member m;

	if (!skep_obj_core_skip(t->btf, t->root, &tt) || !core_is_enum(&tt))
		return 0;
	for (u32 i = 0; i < tt.vlen; i++) {
		skep_btf_member(t->btf, &tt, i, &m);
		if (skep_obj_core_same_name(l->step[0].name, m.name)) {
			t->step[t->n++] = (struct core_step){tt.id, i, m.name};
			return 1;
		}
	}
	return 0;
}

static int find_place(const struct core_spec *l, u32 kind, u32 tid, const struct skep_btf *target,
		      struct core_spec *t)
{
	*t = (struct core_spec){.btf = target, .root = tid};
	if (core_is_enumval(kind))
		return find_enumerator(l, t);
	if (kind == CORE_TYPE_MATCHES)
		return skep_obj_core_types_match(l->btf, l->root, target, tid);
	if (!core_is_field(kind))
		return skep_obj_core_types_agree(l->btf, l->root, target, tid);
	for (u32 i = 0; i < l->n; i++) {
		const struct core_step *step = &l->step[i];
		int found = step->name ? find_member(l, step, t, tid, &tid)
				       : find_element(step, t, &tid, i == 0);

		if (found <= 0)
			return found;
	}
	return 1;
}

/* --- what it comes to --------------------------------------------------------------- */

/* The bytes that a load of a member touches: of a bit field the smallest word that has it whole. */
static bool member_word(const struct core_spec *s, const struct skep_btf_type *mt, u32 bit_size,
			u64 *off, u32 *size)
{
	s64 whole = skep_btf_size(s->btf, mt->id);

	if (whole < 0)
		return false;
	*size = (u32)whole;
	*off = s->bits / 8;
	if (!bit_size)
		return true;
	if (!whole || whole > 8 || whole & (whole - 1))
		return false;
	*off = s->bits / 8 / *size * *size;
	while (s->bits + bit_size - *off * 8 > (u64)*size * 8) {
		if (*size >= 8)
			return false;
		*size *= 2;
		*off = s->bits / 8 / *size * *size;
	}
	return true;
}

/* Of an array a load takes an element. */
static void access_type(const struct skep_btf *btf, u32 id, struct side *out)
{
	struct skep_btf_type t;
	u32 n;
	s64 size;

	while (skep_obj_core_skip(btf, id, &t) && t.kind == SKEP_BTF_ARRAY)
		skep_btf_array(btf, &t, &id, &n);
	size = skep_btf_size(btf, id);
	out->size = size > 0 ? (u32)size : 0;
	out->type = id;
}

static bool element_side(const struct core_spec *s, u32 kind, struct side *out)
{
	u32 id = s->step[s->n - 1].type;
	s64 size = skep_btf_size(s->btf, id);

	out->check = true;
	if (kind == CORE_BYTE_OFF) {
		out->val = s->bits / 8;
		access_type(s->btf, id, out);
		return true;
	}
	out->val = (u64)size;
	return kind == CORE_BYTE_SIZE && size >= 0;
}

static bool is_signed(const struct skep_btf *btf, const struct skep_btf_type *t)
{
	if (core_is_enum(t))
		return t->kflag;
	return t->kind == SKEP_BTF_INT && skep_get32(t->more, btf->big) >> 24 & 1;
}

static bool member_side(const struct core_spec *s, u32 kind, struct side *out)
{
	const struct core_step *last = &s->step[s->n - 1];
	struct skep_btf_type st, mt;
	struct skep_btf_member m;
	u32 size, bits;
	u64 off;

	if (!skep_btf_get(s->btf, last->type, &st) ||
	    !skep_btf_member(s->btf, &st, last->idx, &m) ||
	    !skep_obj_core_skip(s->btf, m.type, &mt) || !member_word(s, &mt, m.size, &off, &size))
		return false;
	bits = m.size ? m.size : size * 8;
	/* The compiler may place a bit field's word elsewhere. */
	out->check = !m.size;
	switch (kind) {
	case CORE_BYTE_OFF:
		out->val = off;
		if (!m.size)
			access_type(s->btf, m.type, out);
		return true;
	case CORE_BYTE_SIZE: out->val = size; return true;
	case CORE_SIGNED:
		out->val = is_signed(s->btf, &mt);
		out->check = true;
		return true;
	case CORE_LSHIFT:
		out->val = s->btf->big ? (8 - size) * 8 + (s->bits - off * 8)
				       : 64 - (bits + s->bits - off * 8);
		return true;
	case CORE_RSHIFT:
		out->val = 64 - bits;
		out->check = true;
		return true;
	default: return false;
	}
}

static bool enumerator_value(const struct core_spec *s, u64 *out)
{
	struct skep_btf_type t;
	struct skep_btf_member m;

	if (!skep_btf_get(s->btf, s->step[0].type, &t) ||
	    !skep_btf_member(s->btf, &t, s->step[0].idx, &m))
		return false;
	*out = t.kind == SKEP_BTF_ENUM ? (u64)(s64)(s32)m.value : (u64)m.value;
	return true;
}

/* One side; s is NULL when the target has no such place. */
static bool compute_side(const struct core_spec *s, u32 kind, struct side *out)
{
	s64 size;

	*out = (struct side){.check = true};
	switch (kind) {
	case CORE_FIELD_EXISTS:
	case CORE_ENUMVAL_EXISTS:
	case CORE_TYPE_EXISTS:
	case CORE_TYPE_MATCHES: out->val = s != NULL; return true;
	case CORE_TYPE_ID_TARGET:
		out->val = s ? s->root : 0;
		out->check = false;
		return true;
	case CORE_TYPE_SIZE:
		size = s ? skep_btf_size(s->btf, s->root) : 0;
		out->val = (u64)size;
		return size >= 0;
	case CORE_ENUMVAL_VALUE: out->missing = !s; return !s || enumerator_value(s, &out->val);
	default:
		out->missing = !s;
		if (!s)
			return true;
		return s->step[s->n - 1].name ? member_side(s, kind, out)
					      : element_side(s, kind, out);
	}
}

/*
 * May a load or store take the target's width instead? Yes between pointers and between numbers
 * without a sign.
 */
static bool may_resize(const struct skep_core *c, const struct side *l, const struct side *t)
{
	struct skep_btf_type lt, tt;

	if (!skep_obj_core_skip(c->local, l->type, &lt) ||
	    !skep_obj_core_skip(c->target, t->type, &tt) || lt.kind != tt.kind)
		return false;
	return lt.kind == SKEP_BTF_PTR ||
	       (lt.kind == SKEP_BTF_INT && !is_signed(c->local, &lt) && !is_signed(c->target, &tt));
}

/* --- records --------------------------------------------------------------------------- */

static void find_cands(struct skep_core *c, u32 lid, const struct skep_btf_type *lt,
		       struct cands *out)
{
	size_t n = skep_btf_essential(lt->name);
	SKEP_VEC(ids, u32) v = {0};
	struct skep_btf_type t;

	for (u32 id = 0; (id = skep_btf_next(c->target, lt->name, n, id)) != 0;)
		if (skep_btf_get(c->target, id, &t) && skep_obj_core_same_kind(&t, lt))
			*SKEP_VEC_PUSH(c->arena, &v) = id;
	out->id = v.v;
	out->n = v.n;
	out->known = true;
}

static const char *combine(struct skep_core *c, u32 kind, const struct core_spec *l,
			   const struct side *ls, struct cands *cands, struct side *out)
{
	struct core_spec t;
	u64 bits = 0;
	u32 n = 0;

	for (u32 k = 0; k < cands->n; k++) {
		int found = find_place(l, kind, cands->id[k], c->target, &t);
		struct side s;

		if (found < 0)
			return "the types go too deep";
		if (!found)
			continue;
		if (!compute_side(&t, kind, &s))
			return "the target's type cannot be measured";
		if (n && (bits != t.bits || s.missing != out->missing || s.val != out->val))
			return "several types of the target have it in different places";
		if (!n) {
			*out = s;
			bits = t.bits;
		}
		cands->id[n++] = cands->id[k];
	}
	if (n)
		cands->n = n;
	else if (!compute_side(NULL, kind, out))
		return "it cannot be computed";
	return NULL;
}

static const char *compute(struct skep_core *c, const struct skep_core_rec *rec, struct side *l,
			   struct side *t)
{
	const char *text = skep_btf_str(c->local, rec->access);
	struct cands *cands = &c->of[rec->type < c->local->ntypes ? rec->type : 0];
	struct skep_btf_type lt;
	struct core_spec spec;

	if (!skep_btf_get(c->local, rec->type, &lt) || rec->kind >= CORE_KINDS || !text)
		return "the record is malformed";
	if (rec->kind == CORE_TYPE_ID_LOCAL) {
		*l = *t = (struct side){.val = rec->type};
		return NULL;
	}
	if (!*lt.name)
		return "its type has no name";
	if (!parse_spec(c->local, rec->type, rec->kind, text, &spec) ||
	    !compute_side(&spec, rec->kind, l))
		return "the record does not fit its type";
	if (!cands->known)
		find_cands(c, rec->type, &lt, cands);
	return combine(c, rec->kind, &spec, l, cands, t);
}

static const char *for_alu(const struct skep_ins *in, const struct side *l)
{
	if (in->form != SKEP_IMM)
		return "the instruction has no constant";
	return l->check && (u64)in->imm != l->val
		       ? "the instruction does not hold the recorded value"
		       : NULL;
}

static const char *for_mem(struct skep_core *c, const struct skep_ins *in, const struct side *l,
			   const struct side *t, struct skep_core_value *out)
{
	if (l->check && (u64)(s64)in->off != l->val)
		return "the instruction does not hold the recorded value";
	if (t->missing)
		return NULL;
	if (t->val > INT16_MAX)
		return "the offset is too large";
	if (l->size == t->size)
		return NULL;
	if (!may_resize(c, l, t)) {
		out->poison = true;
		return NULL;
	}
	if (in->size != l->size || t->size > 8 || !t->size || t->size & (t->size - 1))
		return "the instruction does not have the recorded width";
	out->size = (u8)t->size;
	return NULL;
}

static const char *for_insn(struct skep_core *c, const struct skep_ins *in, const struct side *l,
			    const struct side *t, struct skep_core_value *out)
{
	*out = (struct skep_core_value){.value = t->val, .poison = t->missing};
	if (out->poison)
		return NULL;
	switch (skep_op_class(in->op)) {
	case SKEP_CLASS_ALU: return for_alu(in, l);
	case SKEP_CLASS_MEM:
	case SKEP_CLASS_ATOMIC: return for_mem(c, in, l, t, out);
	default:
		if (in->op != SKEP_LDDW)
			return "such an instruction holds no value";
		return l->check && (u64)in->imm != l->val
			       ? "the instruction does not hold the recorded value"
			       : NULL;
	}
}

int skep_core_new(const struct skep_btf *local, struct skep_btf *target, struct skep_arena *arena,
		  struct skep_core **out)
{
	int err = 0;

	SKEP_GUARD(arena, err, {
		struct skep_core *c = SKEP_NEW(arena, struct skep_core);

		c->local = local;
		c->target = target;
		c->arena = arena;
		c->of = SKEP_NEW_N(arena, struct cands, local->ntypes);
		*out = c;
	});
	return err;
}

int skep_core_compute(struct skep_core *c, const struct skep_insn *i, struct skep_diags *ds,
		      struct skep_core_value *out)
{
	const char *why = NULL;
	struct side l, t;
	int err = 0;

	SKEP_GUARD(c->arena, err, { why = compute(c, i->core, &l, &t); });
	if (err)
		return err;
	if (!why)
		why = for_insn(c, &i->in, &l, &t, out);
	if (!why)
		return 0;
	return skep_diag(ds, OBJ_DEF(CORE), skep_obj_place(i->func->sec, i->func->name, i->slot),
			 skep_core_kind_name(i->core->kind), why);
}

/* --- all of an object --------------------------------------------------------------------- */

/* A call that no verifier takes, in each slot. */
static void poison(struct skep_obj *obj, struct skep_insn *i)
{
	struct skep_ins call = {.op = SKEP_CALL, .imm = SKEP_CORE_POISON};
	bool two = i->in.op == SKEP_LDDW;

	skep_edit_set(i, &call);
	if (two)
		skep_edit_insert_after(i, skep_insn_new(obj, &call, i));
}

void skep_core_apply(struct skep_obj *obj, struct skep_insn *i, const struct skep_core_value *v)
{
	struct skep_ins in = i->in;

	if (v->poison) {
		poison(obj, i);
		return;
	}
	if (in.op == SKEP_LDDW)
		in.imm = (s64)v->value;
	else if (skep_op_class(in.op) == SKEP_CLASS_ALU)
		in.imm = (s32)v->value;
	else
		in.off = (s32)v->value;
	if (v->size)
		in.size = v->size;
	skep_edit_set(i, &in);
}

int skep_core_resolve(struct skep_obj *obj, struct skep_btf *target, struct skep_arena *arena,
		      struct skep_diags *ds, struct skep_core_stats *stats)
{
	struct skep_core_stats none = {0}, *st = stats ? stats : &none;
	struct skep_core *c;
	int err, worst = 0;

	memset(st, 0, sizeof(*st));
	if (!obj->btf)
		return 0;
	err = skep_core_new(obj->btf, target, arena, &c);
	for (u32 k = 0; k < obj->nfunc && !err; k++)
		SKEP_FOR_INSN(i, obj->func[k]) {
			struct skep_core_value v = {0};

			if (!i->core)
				continue;
			st->records++;
			err = skep_core_compute(c, i, ds, &v);
			if (err == SKEP_ENOMEM)
				return err;
			if (err)
				worst = err, st->failed++;
			else if (v.poison)
				st->poisoned++;
			if (!err)
				SKEP_GUARD(obj->arena, err, { skep_core_apply(obj, i, &v); });
			if (err == SKEP_ENOMEM)
				return err;
			err = 0;
		}
	return err ? err : worst;
}
