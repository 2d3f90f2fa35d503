/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inputs on which two versions differ, from the solver's models. Both are walked from the
 * entry to the end, without cuts: each path of P, and each of Q that the same input may take.
 * Where they end differently the solver is asked for values that take these paths and make
 * the difference; what they say of the context, the packet, maps, variables and the answers
 * of helpers is an input. It is a candidate only: terms over-approximate (what a call
 * leaves in memory may be anything), so the caller runs both on it, and the walk goes on
 * until one is confirmed.
 */
#include "prove/prove_impl.h"

enum { MAX_TRIES = 48, MAX_SOLVED = 1500, MAX_WANT = 4096, MAX_PACKET = 1500, HUNT_STEPS = 200000 };
/* A packet's address in models; what programs see of it are differences. */
#define PACKET_AT ((u64)1 << 32)

struct note {
	u8 kind; /* FN_LOAD, FN_LOADPTR, FN_PURE, FN_RESULT */
	u32 term, root;
	u32 want; /* of the values: the term; LOAD: and its address, its root; PURE: and words of
		     the key */
	u32 nwords;
};

struct hunt {
	bool (*found)(void *user, const struct skep_prove_input *in);
	void *user;
	struct skep_prove_hunt_result *res;
	/* Of one question. */
	u8 *seen;
	u32 nseen;
	SKEP_VEC(note_vec, struct note) note;
	u32 want[MAX_WANT], nwant;
	u64 val[MAX_WANT];
	u32 lit[MAX_LITS + MAX_WANT], nlit;
	u32 data, data_end,
		data_meta; /* pointers into the packet that the program asks for, or 0 */
	struct skep_prove_input in;
	SKEP_VEC(byte_vec, struct skep_prove_byte) byte;
	SKEP_VEC(lookup_vec, struct skep_prove_lookup) lookup;
	SKEP_VEC(helper_vec, struct skep_prove_helper) helper;
};

/* --- what the question speaks of ------------------------------------------------------------ */

static u32 ctx_var(struct prover *p)
{
	return skep_smt_var(&p->smt, 64, VAR_CTX, SKEP_TF_NONNULL);
}

/* The memory that the program began with, perhaps with what it wrote there. */
static bool initial(const struct prover *p, u32 mem)
{
	const struct skep_term *x = skep_smt_get(&p->smt, mem);

	while (x->op == SKEP_T_APP && ((x->k & 0xff) == FN_UPDATE || (x->k & 0xff) == FN_PTRCELL))
		x = skep_smt_get(&p->smt, x->arg[0]);
	return x->op == SKEP_T_VAR;
}

/* The pointer that an address was made from: a term of a kind that is understood, or 0. */
static u32 root_of(struct prover *p, u32 addr)
{
	const struct skep_term *x;
	u32 base, r = 0;
	u64 off;

	skep_smt_split(&p->smt, addr, &base, &off);
	x = skep_smt_get(&p->smt, base);
	if (x->op == SKEP_T_VAR)
		return base;
	if (x->op == SKEP_T_APP)
		return (x->k & 0xff) == FN_LOADPTR || (x->k & 0xff) == FN_PURE ? base : 0;
	for (u32 k = 0; x->op == SKEP_T_SUM && k < x->nargs && !r; k++)
		if (x->coef[k] == 1)
			r = root_of(p, x->arg[k]);
	return r;
}

static u32 want(struct hunt *h, u32 t)
{
	if (h->nwant < MAX_WANT)
		h->want[h->nwant++] = t;
	return h->nwant - 1;
}

static void gather(struct prover *p, struct hunt *h, u32 t);

/* The words of the key stand behind the term among the values; the trace and memory come first. */
static void note_call(struct prover *p, struct hunt *h, u32 t, struct note *n)
{
	struct skep_smt *s = &p->smt;

	for (u32 k = 2; k < skep_smt_get(s, t)->nargs && !n->nwords; k++) {
		const struct skep_term *a = skep_smt_get(s, skep_smt_get(s, t)->arg[k]);

		if (a->op != SKEP_T_APP || a->width || (a->k & 0xff) != FN_STACK)
			continue;
		for (; n->nwords < a->nargs; n->nwords++)
			want(h, a->arg[n->nwords]);
	}
}

static void take_note(struct prover *p, struct hunt *h, u32 t)
{
	const struct skep_term x = *skep_smt_get(&p->smt, t);
	struct note n = {.kind = (u8)(x.k & 0xff), .term = t};

	n.want = want(h, t);
	if (n.kind == FN_LOAD || n.kind == FN_LOADPTR) {
		if (!initial(p, x.arg[0]))
			return;
		n.root = root_of(p, x.arg[1]);
		want(h, x.arg[1]);
		want(h, n.root ? n.root : x.arg[1]);
		*SKEP_VEC_PUSH(p->arena, &h->note) = n;
		gather(p, h, x.arg[1]);
		return;
	}
	if (n.kind == FN_PURE)
		note_call(p, h, t, &n);
	*SKEP_VEC_PUSH(p->arena, &h->note) = n;
	for (u32 k = 2; n.kind == FN_PURE && k < x.nargs; k++)
		gather(p, h, skep_smt_get(&p->smt, t)->arg[k]);
}

static void gather(struct prover *p, struct hunt *h, u32 t)
{
	const struct skep_term x = *skep_smt_get(&p->smt, t);
	u32 kind = x.op == SKEP_T_APP ? (u32)(x.k & 0xff) : 0;

	if (t >= h->nseen || h->seen[t])
		return;
	h->seen[t] = 1;
	switch (kind) {
	case FN_LOAD:
	case FN_LOADPTR:
	case FN_PURE:
	case FN_RESULT: take_note(p, h, t); return;
	case FN_UPDATE:
	case FN_PTRCELL:
	case FN_EVENT:
	case FN_AFTER: return;
	default:
		for (u32 k = 0; k < x.nargs; k++)
			gather(p, h, x.arg[k]);
	}
}

/* --- what an input must be like ----------------------------------------------------------------
 */

static const struct skep_prog_type *prog_type(const struct prover *p)
{
	const struct skep_func *f = p->side[P].func;
	u32 type = p->opts.prog_type ? p->opts.prog_type : f->prog_type;

	return type ? skep_prog_type_find(type) : NULL;
}

static void demand(struct hunt *h, u32 lit)
{
	if (h->nlit < SKEP_ARRAY_SIZE(h->lit))
		h->lit[h->nlit++] = lit;
}

static u32 at_most(struct skep_smt *s, u32 a, u32 b)
{
	return skep_smt_not(s, skep_smt_ult(s, b, a));
}

static void demand_pointer(struct prover *p, struct hunt *h, const struct note *n)
{
	const struct skep_prog_type *pt = prog_type(p);
	struct skep_smt *s = &p->smt;
	u32 addr = skep_smt_get(s, n->term)->arg[1], base;
	const struct skep_ctx_field *f;
	u64 off;

	skep_smt_split(s, addr, &base, &off);
	f = pt && base == ctx_var(p) ? skep_ctx_find(pt, (s64)off, 4) : NULL;
	if (f && f->kind == SKEP_CTX_PKT)
		h->data = n->term;
	else if (f && f->kind == SKEP_CTX_PKT_END)
		h->data_end = n->term;
	else if (f && f->kind == SKEP_CTX_PKT_META)
		h->data_meta = n->term;
}

static void demand_packet(struct prover *p, struct hunt *h)
{
	struct skep_smt *s = &p->smt;
	u32 at = skep_smt_const(s, 64, PACKET_AT);

	if (h->data)
		demand(h, skep_smt_eq(s, h->data, at));
	if (h->data_end) {
		demand(h, at_most(s, at, h->data_end));
		demand(h, at_most(s, h->data_end, skep_smt_addk(s, at, MAX_PACKET)));
	}
	if (h->data_meta) {
		demand(h, at_most(s, h->data_meta, at));
		demand(h, at_most(s, skep_smt_addk(s, at, (u64)-32), h->data_meta));
		demand(h, skep_smt_eq(s, skep_smt_extract(s, h->data_meta, 0, 2),
				      skep_smt_const(s, 2, 0)));
	}
}

static const struct skep_map *map_given(struct prover *p, u32 call)
{
	const struct skep_term *x = skep_smt_get(&p->smt, call);
	const struct skep_obj *o = p->side[P].obj;

	for (u32 k = 0; k < o->nmap && x->nargs > 2; k++)
		if (skep_prove_symbol(p, "map", o->map[k]->name) ==
		    skep_smt_get(&p->smt, call)->arg[2])
			return o->map[k];
	return NULL;
}

static void demand_lookup(struct prover *p, struct hunt *h, const struct note *n)
{
	const struct skep_map *map = map_given(p, n->term);
	const struct skep_map_type *mt = map ? skep_map_type_find(map->type) : NULL;
	struct skep_smt *s = &p->smt;
	u32 zero = skep_smt_const(s, 64, 0), null = skep_smt_eq(s, n->term, zero), key;

	if (!mt || !(mt->flags & SKEP_MF_ARRAY) || n->nwords != 1)
		return;
	/* An array has every element below its size. */
	key = h->want[n->want + 1];
	if (skep_smt_width(s, key) == 32)
		demand(h, skep_smt_eq(s, null,
				      at_most(s, skep_smt_const(s, 32, map->max_entries), key)));
}

/* Two lookups with one key give one element; two elements have two addresses. */
static void demand_pair(struct prover *p, struct hunt *h, const struct note *a,
			const struct note *b)
{
	struct skep_smt *s = &p->smt;
	u32 same = skep_smt_const(s, 1, 1), equal = skep_smt_eq(s, a->term, b->term), null;

	if (!map_given(p, a->term) || map_given(p, a->term) != map_given(p, b->term) ||
	    a->nwords != b->nwords)
		return;
	for (u32 w = 0; w < a->nwords; w++) {
		u32 x = h->want[a->want + 1 + w], y = h->want[b->want + 1 + w];

		if (skep_smt_width(s, x) != skep_smt_width(s, y))
			return;
		same = skep_smt_and(s, same, skep_smt_eq(s, x, y));
	}
	null = skep_smt_eq(s, a->term, skep_smt_const(s, 64, 0));
	demand(h, skep_smt_or(s, skep_smt_not(s, same), equal));
	demand(h, skep_smt_or(s, same, skep_smt_or(s, skep_smt_not(s, equal), null)));
}

static u32 helper_of(const struct prover *p, const struct note *n)
{
	return (u32)(skep_smt_get(&p->smt, n->term)->k >> 8);
}

static void demand_helper(struct prover *p, struct hunt *h, const struct note *n)
{
	struct skep_smt *s = &p->smt;
	u64 most;

	switch (helper_of(p, n)) {
	case SKEP_FN_map_lookup_elem: demand_lookup(p, h, n); return;
	case SKEP_FN_get_prandom_u32: most = UINT32_MAX; break;
	case SKEP_FN_get_smp_processor_id: most = p->opts.cpus ? p->opts.cpus - 1 : 0; break;
	default: most = (u64)1 << 62; break;
	}
	demand(h, at_most(s, n->term, skep_smt_const(s, 64, most)));
}

static void demands(struct prover *p, struct hunt *h)
{
	h->data = h->data_end = h->data_meta = 0;
	for (u32 k = 0; k < h->note.n; k++) {
		const struct note *n = &h->note.v[k];

		if (n->kind == FN_LOADPTR)
			demand_pointer(p, h, n);
		else if (n->kind == FN_PURE)
			demand_helper(p, h, n);
		for (u32 m = 0; n->kind == FN_PURE && m < k; m++)
			if (h->note.v[m].kind == FN_PURE &&
			    helper_of(p, n) == SKEP_FN_map_lookup_elem &&
			    helper_of(p, &h->note.v[m]) == SKEP_FN_map_lookup_elem)
				demand_pair(p, h, n, &h->note.v[m]);
	}
	demand_packet(p, h);
}

/* --- the input
 * -------------------------------------------------------------------------------------- */

static void put_byte(struct prover *p, struct hunt *h, u8 where, u32 of, s64 off, u8 val)
{
	if (off >= 0 && off < 1 << 20)
		*SKEP_VEC_PUSH(p->arena, &h->byte) =
			(struct skep_prove_byte){where, val, of, (u32)off};
	else
		h->in.open++;
}

/* The lookup's number among those of the input, or UINT32_MAX. */
static u32 lookup_number(struct prover *p, struct hunt *h, const struct note *n)
{
	const struct skep_map *map = map_given(p, n->term);
	struct skep_prove_lookup l = {.map = map, .there = h->val[n->want] != 0};
	u32 at = 0;

	if (!map || helper_of(p, n) != SKEP_FN_map_lookup_elem || !n->nwords)
		return UINT32_MAX;
	l.key = SKEP_NEW_N(p->arena, u8, map->key_size + 8);
	for (u32 w = 0; w < n->nwords; w++) {
		u32 i = n->want + 1 + w, bytes = skep_smt_width(&p->smt, h->want[i]) / 8;

		for (u32 b = 0; b < bytes && at < map->key_size; b++)
			l.key[at++] = (u8)(h->val[i] >> (8 * b));
	}
	if (at != map->key_size)
		return UINT32_MAX;
	for (u32 k = 0; k < h->lookup.n; k++)
		if (h->lookup.v[k].map == map && !memcmp(h->lookup.v[k].key, l.key, at))
			return k;
	*SKEP_VEC_PUSH(p->arena, &h->lookup) = l;
	return h->lookup.n - 1;
}

static u32 section_of(struct prover *p, u32 var)
{
	const struct skep_obj *o = p->side[P].obj;

	for (u32 k = 0; k < o->ndsec; k++)
		if (skep_prove_symbol(p, "data", o->dsec[k]->name) == var)
			return k;
	return UINT32_MAX;
}

static void read_load(struct prover *p, struct hunt *h, const struct note *n)
{
	s64 off = (s64)(h->val[n->want + 1] - h->val[n->want + 2]);
	u8 val = (u8)h->val[n->want];
	u32 of = UINT32_MAX;

	if (n->root == ctx_var(p)) {
		put_byte(p, h, SKEP_PROVE_CTX, 0, off, val);
	} else if (n->root &&
		   (n->root == h->data || n->root == h->data_end || n->root == h->data_meta)) {
		put_byte(p, h, SKEP_PROVE_PKT, 0, (s64)(h->val[n->want + 1] - PACKET_AT), val);
	} else if (n->root && skep_smt_get(&p->smt, n->root)->op == SKEP_T_VAR) {
		of = section_of(p, n->root);
		put_byte(p, h, SKEP_PROVE_DATA, of, of == UINT32_MAX ? -1 : off, val);
	} else {
		for (u32 k = 0; k < h->note.n; k++)
			if (h->note.v[k].term == n->root && h->note.v[k].kind == FN_PURE)
				of = lookup_number(p, h, &h->note.v[k]);
		put_byte(p, h, SKEP_PROVE_VALUE, of, of == UINT32_MAX ? -1 : off, val);
	}
}

/* The result of a legacy load from the packet, which is big-endian there; others only a run can
 * give. */
static void read_result(struct prover *p, struct hunt *h, const struct note *n)
{
	const struct skep_term *e = skep_smt_get(&p->smt, skep_smt_get(&p->smt, n->term)->arg[0]);
	u32 size = (u32)(e->k >> 12 & 15);

	if ((e->k & 0xff) != FN_EVENT || (e->k >> 8 & 15) != 2 ||
	    (e->k >> 16 & 0xff) != SKEP_LDABS) {
		h->in.open++;
		return;
	}
	for (u32 b = 0; b < size; b++)
		put_byte(p, h, SKEP_PROVE_PKT, 0, (s64)(u32)(e->k >> 24) + b,
			 (u8)(h->val[n->want] >> (8 * (size - 1 - b))));
}

static void read_helper(struct prover *p, struct hunt *h, const struct note *n)
{
	const struct skep_term *x = skep_smt_get(&p->smt, n->term);
	u32 id = helper_of(p, n), order = 0;

	if (id == SKEP_FN_map_lookup_elem) {
		h->in.open += lookup_number(p, h, n) == UINT32_MAX;
		return;
	}
	if (x->nargs > 2 && skep_smt_width(&p->smt, x->arg[x->nargs - 1]) == 32 &&
	    skep_smt_is_const(&p->smt, x->arg[x->nargs - 1]))
		order = (u32)skep_smt_get(&p->smt, x->arg[x->nargs - 1])->k;
	*SKEP_VEC_PUSH(p->arena, &h->helper) =
		(struct skep_prove_helper){id, order, h->val[n->want]};
}

static void read_input(struct prover *p, struct hunt *h)
{
	h->in = (struct skep_prove_input){0};
	h->byte.n = h->lookup.n = h->helper.n = 0;
	for (u32 k = 0; k < h->note.n; k++) {
		const struct note *n = &h->note.v[k];

		if (n->kind == FN_LOAD)
			read_load(p, h, n);
		else if (n->kind == FN_PURE)
			read_helper(p, h, n);
		else if (n->kind == FN_RESULT)
			read_result(p, h, n);
		else if (n->term == h->data_end)
			h->in.has_len = true, h->in.pkt_len = (u32)(h->val[n->want] - PACKET_AT);
		else if (n->term == h->data_meta)
			h->in.meta_len = (u32)(PACKET_AT - h->val[n->want]);
	}
	h->in.byte = h->byte.v;
	h->in.nbyte = h->byte.n;
	h->in.lookup = h->lookup.v;
	h->in.nlookup = h->lookup.n;
	h->in.helper = h->helper.v;
	h->in.nhelper = h->helper.n;
}

/* --- the walk
 * ------------------------------------------------------------------------------------------ */

void skep_prove_try(struct prover *p)
{
	struct hunt *h = p->hunt;
	u32 n = p->smt.t.n;
	enum skep_smt_answer r;

	h->seen = SKEP_NEW_N(p->arena, u8, n);
	h->nseen = n;
	h->note.n = h->nwant = h->nlit = 0;
	for (u32 k = 0; k < p->nlit; k++) {
		demand(h, p->lit[k]);
		gather(p, h, p->lit[k]);
	}
	if (p->goal) {
		demand(h, skep_smt_not(&p->smt, p->goal));
		gather(p, h, p->goal);
	}
	demands(p, h);
	r = h->nwant == MAX_WANT
		    ? SKEP_SMT_UNKNOWN
		    : skep_smt_find(&p->smt, h->lit, h->nlit, h->want, h->nwant, h->val);
	if (r != SKEP_SMT_YES)
		return;
	read_input(p, h);
	h->res->tried++;
	h->res->confirmed = h->found(h->user, &h->in);
	if (h->res->confirmed || h->res->tried == MAX_TRIES)
		p->failed = true;
}

bool skep_prove_hunt_over(const struct prover *p)
{
	return p->smt.solved > MAX_SOLVED || p->smt.timeouts > 12;
}

void skep_prove_hunt(const struct skep_obj *a, struct skep_func *f, const struct skep_obj *b,
		     struct skep_func *g, const struct skep_prove_opts *opts,
		     bool (*found)(void *user, const struct skep_prove_input *in), void *user,
		     struct skep_arena *arena, struct skep_prove_hunt_result *out)
{
	struct skep_prove_opts o = *opts;
	struct skep_prove_result r;
	struct hunt *h = SKEP_NEW(arena, struct hunt);

	memset(out, 0, sizeof(*out));
	if (!f->first || !g->first)
		return;
	h->found = found;
	h->user = user;
	h->res = out;
	/* Loops are followed round by round, each way anew: generated inputs get farther. */
	if (!o.max_steps)
		o.max_steps = HUNT_STEPS;
	skep_prove_both(a, f, b, g, &o, arena, h, false, &r);
	out->paths = r.paths;
}
