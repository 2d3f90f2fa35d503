/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Do two objects agree in what their functions have in common: definitions of maps and what these
 * hold from the start, variables, the license; and where a program is attached? A proof is about
 * instructions, and means nothing when that differs. What only one object has is not compared:
 * functions of both that use it are not the same.
 */
#include "run/run_impl.h"

#include <stdlib.h>

static bool same_map(const struct skep_map *x, const struct skep_map *y)
{
	if (!x || !y)
		return x == y;
	return x->type == y->type && x->key_size == y->key_size && x->value_size == y->value_size &&
	       x->max_entries == y->max_entries && x->map_flags == y->map_flags &&
	       x->map_extra == y->map_extra && x->pinning == y->pinning &&
	       same_map(x->inner, y->inner);
}

static const struct skep_map *map_named(const struct skep_obj *o, const char *name)
{
	for (u32 k = 0; k < o->nmap; k++)
		if (strcmp(o->map[k]->name, name) == 0)
			return o->map[k];
	return NULL;
}

static const struct skep_dsec *section(const struct skep_obj *o, const char *name)
{
	for (u32 k = 0; k < o->ndsec; k++)
		if (strcmp(o->dsec[k]->name, name) == 0)
			return o->dsec[k];
	return NULL;
}

/* --- what is put into data by relocations --------------------------------------------- */

/* Something that a data section, or a map from the start, refers to. */
struct held {
	u64 at;		  /* offset in the section, or the element's key */
	u32 type;	  /* of the relocation */
	const char *what; /* the name of what is there */
};

static int by_place(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return x->at != y->at ? (x->at < y->at ? -1 : 1) : strcmp(x->what, y->what);
}

static bool same_held(struct held *a, u32 n, struct held *b, u32 m)
{
	if (n != m)
		return false;
	if (n) {
		qsort(a, n, sizeof(*a), by_place);
		qsort(b, m, sizeof(*b), by_place);
	}
	for (u32 k = 0; k < n; k++)
		if (a[k].type != b[k].type || by_place(&a[k], &b[k]))
			return false;
	return true;
}

static struct held *held_by_map(const struct skep_objfile *f, const struct skep_map *m,
				struct skep_arena *arena, u32 *n)
{
	u32 all;
	const struct skep_run_value *v = skep_run_stated_values(f, arena, &all);
	struct held *h = SKEP_NEW_N(arena, struct held, all);

	*n = 0;
	for (u32 k = 0; k < all; k++)
		if (v[k].map == m)
			h[(*n)++] = (struct held){v[k].key, 0, v[k].sym->name};
	return h;
}

static bool same_values(const struct skep_objfile *a, const struct skep_map *x,
			const struct skep_objfile *b, const struct skep_map *y,
			struct skep_arena *arena)
{
	u32 n, m;
	struct held *h = held_by_map(a, x, arena, &n), *i = held_by_map(b, y, arena, &m);

	return same_held(h, n, i, m);
}

static struct held *held_by_data(const struct skep_objfile *f, const struct skep_dsec *d,
				 struct skep_arena *arena, u32 *n)
{
	u32 rels = skep_elf_rel_section(f->elf, d->elf);
	struct skep_elf_rel *rel;
	struct held *h;

	*n = 0;
	if (!rels || skep_elf_rels(f->elf, rels, arena, NULL, &rel, n))
		return NULL;
	h = SKEP_NEW_N(arena, struct held, *n);
	for (u32 k = 0; k < *n; k++) {
		const struct skep_sym *s = &f->obj->sym[rel[k].sym];

		h[k] = (struct held){rel[k].offset, rel[k].type, s->name};
	}
	return h;
}

static bool same_data(const struct skep_objfile *a, const struct skep_dsec *x,
		      const struct skep_objfile *b, const struct skep_dsec *y,
		      struct skep_arena *arena)
{
	u32 n, m;
	struct held *h, *i;

	if (x->kind != y->kind || x->size != y->size || !x->bytes != !y->bytes ||
	    (x->bytes && memcmp(x->bytes, y->bytes, x->size)))
		return false;
	h = held_by_data(a, x, arena, &n);
	i = held_by_data(b, y, arena, &m);
	return same_held(h, n, i, m);
}

/* --- both objects --------------------------------------------------------------------- */

const char *skep_run_other_data(const struct skep_objfile *a, const struct skep_objfile *b,
				struct skep_arena *arena)
{
	const struct skep_obj *o = a->obj, *p = b->obj;

	for (u32 k = 0; k < o->nmap; k++) {
		const struct skep_map *x = o->map[k], *y = map_named(p, x->name);

		if (y && !same_map(x, y))
			return skep_arena_printf(arena, "map '%s' is not the same in both",
						 x->name);
		if (y && !same_values(a, x, b, y, arena))
			return skep_arena_printf(
				arena, "what map '%s' holds from the start is not the same in both",
				x->name);
	}
	for (u32 k = 0; k < o->ndsec; k++) {
		const struct skep_dsec *x = o->dsec[k], *y = section(p, x->name);

		if (y && x->kind != SKEP_DSEC_OTHER && !same_data(a, x, b, y, arena))
			return skep_arena_printf(arena, "section '%s' is not the same in both",
						 x->name);
	}
	if (!o->license != !p->license || (o->license && strcmp(o->license, p->license)))
		return "the license is not the same in both";
	return NULL;
}

/* The word before the slash without the mark of programs that may sleep. */
static size_t first_word(const char *name, bool *sleeps)
{
	size_t n = strcspn(name, "/");

	*sleeps = n > 2 && memcmp(name + n - 2, ".s", 2) == 0;
	return n;
}

bool skep_run_same_place(const struct skep_func *f, const struct skep_func *g)
{
	bool fs, gs;
	const char *x = f->sec->name, *y = g->sec->name;

	if ((f->flags & SKEP_FF_PROG) != (g->flags & SKEP_FF_PROG))
		return false;
	if (!(f->flags & SKEP_FF_PROG) || strcmp(x, y) == 0)
		return true;
	return f->prog_type && f->prog_type == g->prog_type && f->attach_type == g->attach_type &&
	       strcmp(x + first_word(x, &fs), y + first_word(y, &gs)) == 0 && fs == gs;
}
