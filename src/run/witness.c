/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An input that the prover found, made whole: what it leaves open is generated, what it
 * says of maps is put into maps that are as after loading. It is run on both versions, and
 * can be written down and read again: map contents as lines that bpftool's batch mode
 * takes, too, answers of helpers as lines "NAME NUMBER...". All is in the caller's arena.
 */
#include "run/run_impl.h"

#include <stdlib.h>

struct skep_run_replay {
	struct differ d;
	struct skep_run_witness w;
	SKEP_VEC(entry_vec, struct skep_run_entry) entry;
};

/* --- contents of maps ---------------------------------------------------------------------- */

static const struct skep_run_map *map_named(const struct skep_run_vm *r, const char *name)
{
	for (u32 k = 0; k < r->nmap; k++)
		if (r->map[k].vm != SKEP_RUN_NONE && strcmp(r->map[k].name, name) == 0)
			return &r->map[k];
	return NULL;
}

/* Bytes of a value as the vm takes it: one for each processor where the map has that. */
static u32 room(const struct skep_run_vm *r, const struct skep_run_map *m)
{
	const struct skep_map_type *t = skep_map_type_find(skep_vm_map_def(r->vm, m->vm)->type);
	u32 size = skep_vm_map_def(r->vm, m->vm)->value_size;

	return t && t->flags & SKEP_MF_PERCPU ? ((size + 7) & ~7u) * SKEP_RUN_CPUS : size;
}

int skep_run_witness_apply(struct skep_run_vm *r, const struct skep_run_witness *w)
{
	for (u32 k = 0; k < w->nentry; k++) {
		const struct skep_run_entry *e = &w->entry[k];
		const struct skep_run_map *m = map_named(r, e->map);

		if (!m || skep_vm_map_def(r->vm, m->vm)->key_size != e->key_size ||
		    room(r, m) != e->value_size ||
		    skep_vm_map_update(r->vm, m->vm, e->key, e->value, 0))
			return SKEP_EINPUT;
	}
	return 0;
}

/* The entry of the witness for this key, made as the map has it now. */
static struct skep_run_entry *entry_for(struct skep_run_replay *p, const char *name, const u8 *key)
{
	const struct skep_run_map *m = map_named(&p->d.a, name);
	const struct skep_vm_map_def *def = m ? skep_vm_map_def(p->d.a.vm, m->vm) : NULL;
	struct skep_run_entry e = {.map = name};
	u8 *value;

	if (!m)
		return NULL;
	for (u32 k = 0; k < p->entry.n; k++)
		if (!strcmp(p->entry.v[k].map, name) &&
		    !memcmp(p->entry.v[k].key, key, def->key_size))
			return &p->entry.v[k];
	e.key_size = def->key_size;
	e.key = skep_arena_memdup(p->d.arena, key, e.key_size);
	e.value_size = room(&p->d.a, m);
	value = SKEP_NEW_N(p->d.arena, u8, e.value_size + 8);
	if (skep_vm_map_lookup(p->d.a.vm, m->vm, key, value))
		memset(value, 0, e.value_size);
	e.value = value;
	*SKEP_VEC_PUSH(p->d.arena, &p->entry) = e;
	return &p->entry.v[p->entry.n - 1];
}

static void put_value(const struct skep_run_replay *p, struct skep_run_entry *e, u32 off, u8 val)
{
	const struct skep_run_map *m = e ? map_named(&p->d.a, e->map) : NULL;
	u32 size = m ? skep_vm_map_def(p->d.a.vm, m->vm)->value_size : 0;

	if (off >= size)
		return;
	for (u32 at = off; at < e->value_size; at += (size + 7) & ~7u)
		e->value[at] = val;
}

/* --- the input -------------------------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
	const struct skep_prove_helper *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static void answers(struct skep_run_replay *p, const struct skep_prove_input *in)
{
	struct skep_run_input *to = &p->w.input;
	struct skep_prove_helper *h =
		skep_arena_memdup(p->d.arena, in->helper, in->nhelper * sizeof(*h));
	u32 clocks = 0;

	qsort(h, in->nhelper, sizeof(*h), by_order);
	to->nrandom = 0;
	for (u32 k = 0; k < in->nhelper; k++)
		switch (h[k].id) {
		case SKEP_FN_get_prandom_u32:
			if (to->nrandom < SKEP_ARRAY_SIZE(to->random))
				to->random[to->nrandom++] = (u32)h[k].val;
			break;
		case SKEP_FN_get_smp_processor_id: to->cpu = h[k].val % SKEP_RUN_CPUS; break;
		case SKEP_FN_get_current_pid_tgid: to->pid_tgid = h[k].val; break;
		case SKEP_FN_get_current_uid_gid: to->uid_gid = h[k].val; break;
		case SKEP_FN_ktime_get_ns:
		case SKEP_FN_ktime_get_boot_ns:
		case SKEP_FN_ktime_get_coarse_ns:
		case SKEP_FN_ktime_get_tai_ns:
			if (clocks == 0)
				to->time_ns = h[k].val;
			else if (clocks == 1 && h[k].val > to->time_ns)
				to->time_step = h[k].val - to->time_ns;
			clocks++;
			break;
		default: break;
		}
}

static void bytes(struct skep_run_replay *p, const struct skep_prove_input *in)
{
	static const u8 zero[4];
	struct skep_run_input *to = &p->w.input;
	const struct skep_obj *o = p->d.a.file->obj;

	for (u32 k = 0; k < in->nlookup; k++)
		if (in->lookup[k].there)
			entry_for(p, in->lookup[k].map->name, in->lookup[k].key);
	for (u32 k = 0; k < in->nbyte; k++) {
		const struct skep_prove_byte *b = &in->byte[k];
		const struct skep_prove_lookup *l = NULL;

		switch (b->where) {
		case SKEP_PROVE_CTX:
			if (b->off < to->ctx_len)
				to->ctx[b->off] = b->val;
			break;
		case SKEP_PROVE_PKT:
			/* Programs that ask for no length may read what they read. */
			if (!in->has_len && b->off < SKEP_RUN_PKT_MAX && b->off >= to->pkt_len)
				to->pkt_len = b->off + 1;
			if (b->off + to->meta_len < SKEP_RUN_PKT_MAX)
				to->pkt[b->off + to->meta_len] = b->val;
			break;
		case SKEP_PROVE_DATA:
			put_value(p, entry_for(p, o->dsec[b->of]->name, zero), b->off, b->val);
			break;
		default:
			l = &in->lookup[b->of];
			put_value(p, entry_for(p, l->map->name, l->key), b->off, b->val);
		}
	}
}

/* Around what matters, what a generator gives. */
static void make(struct skep_run_replay *p, const struct skep_prove_input *in)
{
	struct skep_run_input *to = &p->w.input;
	u32 had;

	skep_run_gen_next(p->d.gen, to);
	had = to->pkt_len;
	to->meta_len = SKEP_MIN(in->meta_len, 32u);
	if (in->has_len)
		to->pkt_len = SKEP_MIN(in->pkt_len + to->meta_len, (u32)SKEP_RUN_PKT_MAX);
	to->meta_len = SKEP_MIN(to->meta_len, to->pkt_len);
	if (had < SKEP_RUN_PKT_MAX)
		memset(to->pkt + had, 0, SKEP_RUN_PKT_MAX - had);
	p->entry.n = 0;
	bytes(p, in);
	answers(p, in);
	p->w.entry = p->entry.v;
	p->w.nentry = p->entry.n;
}

/* --- both versions on it -------------------------------------------------------------------------
 */

static int snapshots(struct differ *d)
{
	int err = skep_vm_snapshot(d->a.vm);

	if (!err)
		err = skep_vm_snapshot(d->again.vm);
	return err ? err : skep_vm_snapshot(d->b.vm);
}

int skep_run_replay_open(const struct skep_objfile *a, const struct skep_objfile *b,
			 const char *prog, const struct skep_run_differ_opts *opts,
			 struct skep_arena *arena, struct skep_diags *ds,
			 struct skep_run_replay **out)
{
	struct skep_run_replay *p = SKEP_NEW(arena, struct skep_run_replay);
	int err;

	p->d.arena = arena;
	*out = p;
	err = skep_run_differ_open(&p->d, a, b, prog, opts, ds);
	return err ? err : snapshots(&p->d);
}

void skep_run_replay_close(struct skep_run_replay *p)
{
	if (p)
		skep_run_differ_close(&p->d);
}

int skep_run_replay(struct skep_run_replay *p, const struct skep_prove_input *in,
		    struct skep_run_differ_result *out)
{
	struct skep_run_vm *const vms[] = {&p->d.a, &p->d.again, &p->d.b};
	int err = 0;

	memset(out, 0, sizeof(*out));
	p->d.out = out;
	make(p, in);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(vms) && !err; k++)
		err = skep_run_witness_apply(vms[k], &p->w);
	if (!err)
		err = skep_run_differ_input(&p->d, &p->w.input);
	out->of_solver = true;
	if (!err && out->verdict == SKEP_RUN_DIFFERS)
		out->witness = skep_arena_memdup(p->d.arena, &p->w, sizeof(p->w));
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(vms); k++)
		skep_vm_restore(vms[k]->vm);
	/* No map can hold that: it is no input. */
	return err == SKEP_EINPUT ? 0 : err;
}

/* --- of an input that was generated
 * ------------------------------------------------------------------ */

static bool plain(u32 type, bool *array)
{
	*array = type == SKEP_MAP_ARRAY || type == SKEP_MAP_PERCPU_ARRAY;
	return *array || type == SKEP_MAP_HASH || type == SKEP_MAP_LRU_HASH ||
	       type == SKEP_MAP_PERCPU_HASH || type == SKEP_MAP_LRU_PERCPU_HASH ||
	       type == SKEP_MAP_LPM_TRIE;
}

static void dump_map(struct skep_run_replay *p, const struct skep_run_map *m)
{
	const struct skep_vm_map_def *def = skep_vm_map_def(p->d.a.vm, m->vm);
	u8 *key = SKEP_NEW_N(p->d.arena, u8, def->key_size + 8), *last = NULL;
	bool array, some;

	if (!plain(def->type, &array))
		return;
	while (skep_vm_map_next(p->d.a.vm, m->vm, last, key) == 0) {
		struct skep_run_entry *e = entry_for(p, m->name, key);

		some = !array || m->data;
		for (u32 k = 0; k < e->value_size && !some; k++)
			some = e->value[k] != 0;
		p->entry.n -= !some;
		last = skep_arena_memdup(p->d.arena, key, def->key_size);
	}
}

struct skep_run_witness *skep_run_witness_of(struct differ *d)
{
	struct skep_run_replay p = {.d = *d};
	struct skep_run_witness *w = SKEP_NEW(d->arena, struct skep_run_witness);

	for (u32 k = 0; k < d->a.nmap; k++)
		if (d->a.map[k].vm != SKEP_RUN_NONE && (d->a.map[k].def || d->a.map[k].data) &&
		    k != d->a.memory && k != d->a.kconfig)
			dump_map(&p, &d->a.map[k]);
	w->input = *d->out->input;
	w->entry = p.entry.v;
	w->nentry = p.entry.n;
	return w;
}

/* --- as text
 * --------------------------------------------------------------------------------------- */

static void print_hex(struct skep_buf *out, const u8 *p, u32 n)
{
	for (u32 k = 0; k < n; k++)
		skep_buf_printf(out, " %02x", p[k]);
}

void skep_run_witness_print_maps(const struct skep_run_witness *w, struct skep_buf *out)
{
	for (u32 k = 0; k < w->nentry; k++) {
		const struct skep_run_entry *e = &w->entry[k];

		skep_buf_printf(out, "map update name %s key hex", e->map);
		print_hex(out, e->key, e->key_size);
		skep_buf_puts(out, " value hex");
		print_hex(out, e->value, e->value_size);
		skep_buf_puts(out, "\n");
	}
}

static const struct {
	const char *name;
	size_t at;
	bool wide; /* 8 bytes, else 4 */
} answer[] = {
	{"cpu", offsetof(struct skep_run_input, cpu), false},
	{"time", offsetof(struct skep_run_input, time_ns), true},
	{"time_step", offsetof(struct skep_run_input, time_step), true},
	{"pid_tgid", offsetof(struct skep_run_input, pid_tgid), true},
	{"uid_gid", offsetof(struct skep_run_input, uid_gid), true},
	{"seed", offsetof(struct skep_run_input, seed), true},
	{"metadata", offsetof(struct skep_run_input, meta_len), false},
};

void skep_run_witness_print_answers(const struct skep_run_witness *w, struct skep_buf *out)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(answer); k++) {
		const u8 *p = (const u8 *)&w->input + answer[k].at;
		u64 v = 0;

		memcpy(&v, p, answer[k].wide ? 8 : 4);
		skep_buf_printf(out, "%s %llu\n", answer[k].name, (unsigned long long)v);
	}
	for (u32 k = 0; k < w->input.nrandom; k++)
		skep_buf_printf(out, "random %u\n", w->input.random[k]);
}

static bool read_answer(struct skep_run_input *in, const char *name, u64 v)
{
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(answer); k++)
		if (strcmp(answer[k].name, name) == 0) {
			memcpy((u8 *)in + answer[k].at, &v, answer[k].wide ? 8 : 4);
			return true;
		}
	if (strcmp(name, "random") || in->nrandom == SKEP_ARRAY_SIZE(in->random))
		return false;
	in->random[in->nrandom++] = (u32)v;
	return true;
}

bool skep_run_witness_parse_answers(char *text, struct skep_run_witness *w)
{
	char *line, *rest = text;

	while ((line = strtok_r(rest, "\n", &rest))) {
		char *number = strchr(line, ' '), *end;
		u64 v;

		if (!number)
			return false;
		*number++ = 0;
		v = strtoull(number, &end, 0);
		if (end == number || *end || !read_answer(&w->input, line, v))
			return false;
	}
	return w->input.meta_len <= w->input.pkt_len && w->input.cpu < SKEP_RUN_CPUS;
}

/* Bytes from `word` on, up to a word that is none; NULL at the end. */
static const u8 *parse_hex(char **rest, struct skep_arena *arena, u32 *n, const char **stop)
{
	u8 *p = SKEP_NEW_N(arena, u8, strlen(*rest ? *rest : "") + 1);
	char *word, *end;

	*n = 0;
	*stop = NULL;
	while ((word = strtok_r(*rest, " ", rest))) {
		unsigned long v = strtoul(word, &end, 16);

		if (*end || v > 255 || end == word) {
			*stop = word;
			break;
		}
		p[(*n)++] = (u8)v;
	}
	return p;
}

bool skep_run_witness_parse_maps(char *text, struct skep_arena *arena, struct skep_run_witness *w)
{
	static const char *const head[] = {"map", "update", "name"};
	SKEP_VEC(entries, struct skep_run_entry) all = {0};
	char *line, *rest = text;

	while ((line = strtok_r(rest, "\n", &rest))) {
		struct skep_run_entry e = {0};
		const char *stop = NULL, *word;
		char *more = line;

		for (u32 k = 0; k < SKEP_ARRAY_SIZE(head); k++) {
			word = strtok_r(more, " ", &more);
			if (!word || strcmp(word, head[k]))
				return false;
		}
		e.map = strtok_r(more, " ", &more);
		for (u32 k = 0; k < 2; k++) {
			word = k == 0 ? strtok_r(more, " ", &more) : stop;
			if (!word || strcmp(word, k ? "value" : "key") ||
			    !(word = strtok_r(more, " ", &more)) || strcmp(word, "hex"))
				return false;
			if (k == 0)
				e.key = parse_hex(&more, arena, &e.key_size, &stop);
			else
				e.value = (u8 *)parse_hex(&more, arena, &e.value_size, &stop);
		}
		if (stop)
			return false;
		*SKEP_VEC_PUSH(arena, &all) = e;
	}
	w->entry = all.v;
	w->nentry = all.n;
	return true;
}
