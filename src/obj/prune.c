/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking programs, functions, maps and externs out of an object. The model loses
 * what goes; the file's sections and symbols are only marked, for the writer to
 * leave out, and .BTF is made anew without the entries of what is gone: loaders
 * insist that each has a symbol. Type ids stay, so nothing that names a type
 * changes. Everything is in the object's arena.
 */
#include "obj/obj_impl.h"

struct pruner {
	struct skep_objfile *file;
	struct skep_obj *obj;
	struct skep_arena *arena;
	struct skep_diags *ds;
	const struct skep_uses *before;
	const u8 *drop;
	u32 flags;
	u8 *func, *map; /* kept, by index */
	struct skep_pruned *out;
};

void skep_obj_uses(const struct skep_obj *o, struct skep_arena *arena, struct skep_uses *out)
{
	out->map = SKEP_NEW_N(arena, u8, o->nmap + 1);
	out->sym = SKEP_NEW_N(arena, u8, o->nsym + 1);
	for (u32 k = 0; k < o->nfunc; k++)
		SKEP_FOR_INSN(i, o->func[k]) {
			const struct skep_map *m = skep_insn_map(o, i);

			if (m)
				out->map[m->index] = 1;
			if (i->ref == SKEP_REF_MAP || i->ref == SKEP_REF_EXTERN)
				out->sym[i->sym] = 1;
		}
}

/* --- what stays ------------------------------------------------------------------------ */

/* The map of .maps whose definition holds the byte, or NULL. */
static const struct skep_map *map_around(const struct skep_obj *o, u32 sec, u64 off)
{
	for (u32 k = 0; k < o->nmap; k++) {
		const struct skep_sym *s = o->map[k]->sym ? &o->sym[o->map[k]->sym] : NULL;

		if (s && s->sec == sec && off >= s->value && off - s->value < s->size)
			return o->map[k];
	}
	return NULL;
}

/* Do relocations of this section say what a loaded object holds? */
static bool loaded_data(const struct pruner *p, u32 sec)
{
	const struct skep_elf_sec *s = &p->file->elf->sec[sec];

	return s->flags & SKEP_SHF_ALLOC && !(s->flags & SKEP_SHF_EXEC) && strcmp(s->name, ".eh_frame") != 0;
}

static bool keep_func(struct pruner *p, const struct skep_func *f)
{
	u8 *seen;
	bool more = false;

	if (!f || p->func[f->index])
		return false;
	seen = SKEP_NEW_N(p->arena, u8, p->obj->nfunc);
	skep_prog_reach(p->obj, f, seen);
	for (u32 k = 0; k < p->obj->nfunc; k++) {
		more |= seen[k] && !p->func[k];
		p->func[k] |= seen[k] != 0;
	}
	return more;
}

/* The maps that kept functions use, and those that nobody ever used from code. */
static bool keep_maps(struct pruner *p)
{
	bool more = false;

	for (u32 k = 0; k < p->obj->nfunc; k++)
		if (p->func[k])
			SKEP_FOR_INSN(i, p->obj->func[k]) {
				const struct skep_map *m = skep_insn_map(p->obj, i);

				if (m && !p->map[m->index]) {
					p->map[m->index] = 1;
					more = true;
				}
			}
	return more;
}

/* What the data of a kept map, or other data, refers to. */
static bool keep_referred(struct pruner *p, u32 rel_sec, int *err)
{
	const struct skep_obj *o = p->obj;
	u32 of = p->file->elf->sec[rel_sec].info, n;
	struct skep_elf_rel *rel;
	bool more = false;

	*err = skep_elf_rels(p->file->elf, rel_sec, p->arena, p->ds, &rel, &n);
	for (u32 k = 0; k < n && !*err; k++) {
		const struct skep_map *in = map_around(o, of, rel[k].offset);
		const struct skep_sym *s = &o->sym[rel[k].sym];

		if (in && !p->map[in->index])
			continue;
		more |= keep_func(p, s->func);
		/* Through the symbol of a section: any function in it. */
		for (u32 f = 0; s->kind == SKEP_SYM_SECTION && f < o->nfunc; f++)
			if (o->func[f]->sec->elf == s->sec)
				more |= keep_func(p, o->func[f]);
		if (s->map && !p->map[s->map->index]) {
			p->map[s->map->index] = 1;
			more = true;
		}
	}
	return more;
}

static void start(struct pruner *p)
{
	for (u32 k = 0; k < p->obj->nfunc; k++) {
		const struct skep_func *f = p->obj->func[k];

		if (f->flags & SKEP_FF_PROG ? !(p->drop && p->drop[k]) : !(p->flags & SKEP_PRUNE_FUNCS))
			keep_func(p, f);
	}
	for (u32 k = 0; k < p->obj->nmap; k++) {
		const struct skep_map *m = p->obj->map[k];

		p->map[k] = !(p->flags & SKEP_PRUNE_MAPS) || !p->before->map[k] || m->data || m->legacy || m->partial ||
			    m->pinning || !m->sym;
	}
}

static int decide(struct pruner *p)
{
	const struct skep_elf *e = p->file->elf;
	bool more = true;
	int err = 0;

	start(p);
	while (more && !err) {
		more = keep_maps(p);
		for (u32 i = 1; i < e->nsec && !err; i++)
			if ((e->sec[i].type == SKEP_SHT_REL || e->sec[i].type == SKEP_SHT_RELA) &&
			    e->sec[i].info < e->nsec && loaded_data(p, e->sec[i].info))
				more |= keep_referred(p, i, &err);
	}
	return err;
}

/* --- taking out -------------------------------------------------------------------------- */

static void take_funcs(struct pruner *p)
{
	struct skep_obj *o = p->obj;
	u32 nsec = 0, n = 0;

	for (u32 k = 1; k < o->nsym; k++)
		if (o->sym[k].func && !p->func[o->sym[k].func->index])
			p->file->sym_gone[k] = 1;
	for (u32 c = 0; c < o->ncsec; c++) {
		struct skep_csec *s = o->csec[c];
		u32 kept = 0;

		for (u32 k = 0; k < s->nfunc; k++) {
			if (p->func[s->func[k]->index])
				s->func[kept++] = s->func[k];
			else if (s->func[k]->name[0])
				p->out->func[p->out->nfunc++] = s->func[k]->name;
		}
		s->nfunc = kept;
		if (kept)
			o->csec[nsec++] = s;
		else
			p->file->sec_gone[s->elf] = 1;
	}
	o->ncsec = nsec;
	for (u32 k = 0; k < o->nfunc; k++)
		if (p->func[k])
			o->func[n++] = o->func[k];
	o->nfunc = n;
	for (u32 k = 0; k < n; k++)
		o->func[k]->index = k;
}

static void take_maps(struct pruner *p)
{
	struct skep_obj *o = p->obj;
	u8 *left = SKEP_NEW_N(p->arena, u8, p->file->elf->nsec);
	u32 n = 0;

	for (u32 k = 0; k < o->nmap; k++) {
		struct skep_map *m = o->map[k];
		u32 sec = m->sym ? o->sym[m->sym].sec : 0;

		if (p->map[k]) {
			o->map[n++] = m;
			left[sec] = 1;
			continue;
		}
		p->file->sym_gone[m->sym] = 1;
		p->file->sec_gone[sec] = 1;
		p->out->map[p->out->nmap++] = m->name;
	}
	for (u32 i = 0; i < p->file->elf->nsec; i++)
		if (left[i] && p->file->sec_gone[i] && i)
			p->file->sec_gone[i] = 0;
	o->nmap = n;
	for (u32 k = 0; k < n; k++)
		o->map[k]->index = k;
}

static void take_externs(struct pruner *p)
{
	struct skep_uses now;

	if (!(p->flags & SKEP_PRUNE_EXTERNS))
		return;
	skep_obj_uses(p->obj, p->arena, &now);
	for (u32 k = 1; k < p->obj->nsym; k++)
		if (p->obj->sym[k].kind == SKEP_SYM_EXTERN && p->before->sym[k] && !now.sym[k]) {
			p->file->sym_gone[k] = 1;
			p->out->ext[p->out->next++] = p->obj->sym[k].name;
		}
}

/* --- BTF ------------------------------------------------------------------------------------ */

/* Is this the entry of a map or an extern that is gone? */
static bool gone_entry(const struct pruner *p, const struct skep_btf_type *ds, u32 i)
{
	bool maps = strcmp(ds->name, ".maps") == 0;
	struct skep_btf_member m;
	struct skep_btf_type t;
	bool gone = false;

	if (!maps && strcmp(ds->name, ".kconfig") != 0 && strcmp(ds->name, ".ksyms") != 0)
		return false;
	skep_btf_member(p->obj->btf, ds, i, &m);
	if (!skep_btf_get(p->obj->btf, m.type, &t))
		return false;
	for (u32 k = 1; k < p->obj->nsym; k++) {
		const struct skep_sym *s = &p->obj->sym[k];

		if (s->kind != (maps ? SKEP_SYM_MAP : SKEP_SYM_EXTERN) || strcmp(s->name, t.name) != 0)
			continue;
		if (!p->file->sym_gone[k])
			return false;
		gone = true;
	}
	return gone;
}

/* A section's type without the entries that are gone; when none is left, a type that nobody refers to. */
static void put_datasec(struct pruner *p, const struct skep_btf_type *ds, const u8 *raw, struct skep_buf *out)
{
	enum { HEAD = 12, EACH = 12 };
	size_t at = out->n;
	u32 n = 0;

	skep_buf_add(out, raw, HEAD);
	for (u32 i = 0; i < ds->vlen; i++)
		if (!gone_entry(p, ds, i)) {
			skep_buf_add(out, raw + HEAD + (size_t)i * EACH, EACH);
			n++;
		}
	if (out->failed)
		return;
	skep_put32(out->p + at + 4, skep_get32(raw + 4, p->obj->big) - ds->vlen + n, p->obj->big);
	if (!n) {
		/* A pointer to nothing in particular, without a name. */
		memset(out->p + at, 0, HEAD);
		skep_put32(out->p + at + 4, (u32)SKEP_BTF_PTR << 24, p->obj->big);
	}
}

static int remake_btf(struct pruner *p)
{
	const struct skep_btf *b = p->obj->btf;
	struct skep_buf out = {0};
	u32 hdr, toff, tlen, soff, slen;

	if (!b)
		return 0;
	hdr = skep_get32(b->data + 4, b->big);
	toff = skep_get32(b->data + 8, b->big);
	tlen = skep_get32(b->data + 12, b->big);
	soff = skep_get32(b->data + 16, b->big);
	slen = skep_get32(b->data + 20, b->big);
	if (soff < toff + tlen)
		return skep_diag(p->ds, OBJ_DEF(BTF_LAYOUT), SKEP_NOWHERE);
	skep_buf_add(&out, b->data, hdr + toff);
	for (u32 id = 1; id < b->ntypes; id++) {
		u32 end = id + 1 < b->ntypes ? b->off[id + 1] : hdr + toff + tlen;
		struct skep_btf_type t;

		skep_btf_get(b, id, &t);
		if (t.kind == SKEP_BTF_DATASEC && t.vlen)
			put_datasec(p, &t, b->data + b->off[id], &out);
		else
			skep_buf_add(&out, b->data + b->off[id], end - b->off[id]);
	}
	if (!out.failed) {
		skep_put32(out.p + 12, (u32)out.n - hdr - toff, b->big);
		skep_put32(out.p + 16, (u32)out.n - hdr, b->big);
		skep_buf_add(&out, b->str, slen);
	}
	p->file->btf_len = out.n;
	p->file->btf = skep_buf_to_arena(&out, p->arena);
	return 0;
}

static int prune(struct pruner *p)
{
	struct skep_obj *o = p->obj;
	int err;

	p->func = SKEP_NEW_N(p->arena, u8, o->nfunc + 1);
	p->map = SKEP_NEW_N(p->arena, u8, o->nmap + 1);
	err = decide(p);
	if (err)
		return err;
	p->out->func = SKEP_NEW_N(p->arena, const char *, o->nfunc + 1);
	p->out->map = SKEP_NEW_N(p->arena, const char *, o->nmap + 1);
	p->out->ext = SKEP_NEW_N(p->arena, const char *, o->nsym + 1);
	p->file->sec_gone = SKEP_NEW_N(p->arena, u8, p->file->elf->nsec);
	p->file->sym_gone = SKEP_NEW_N(p->arena, u8, o->nsym + 1);
	take_funcs(p);
	take_maps(p);
	take_externs(p);
	return p->out->nmap || p->out->next ? remake_btf(p) : 0;
}

int skep_obj_prune(struct skep_objfile *file, const struct skep_uses *before, const u8 *drop, u32 flags,
		   struct skep_diags *ds, struct skep_pruned *out)
{
	volatile int result = 0;
	int oom = 0;

	memset(out, 0, sizeof(*out));
	SKEP_GUARD(file->obj->arena, oom, {
		struct pruner p = {file, file->obj, file->obj->arena, ds, before, drop, flags, NULL, NULL, out};

		result = prune(&p);
	});
	return oom ? oom : result;
}
