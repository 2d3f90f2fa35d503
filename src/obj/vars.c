/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables that user space can set before an object is loaded: const volatile
 * ones in .rodata, and externs of the kernel's configuration. BTF says names and
 * types, the symbol table where they lie. What is made is in the given arena;
 * values that are set go to the arena of the object.
 */
#include "obj/vars.h"

#include <errno.h>
#include <stdlib.h>

/* --- finding ------------------------------------------------------------------------ */

static struct skep_dsec *dsec_named(const struct skep_obj *o, const char *name)
{
	for (u32 k = 0; k < o->ndsec; k++)
		if (strcmp(o->dsec[k]->name, name) == 0)
			return o->dsec[k];
	return NULL;
}

/* The symbol of a variable of the section, or of the extern when `d` is NULL. */
static u32 symbol_of(const struct skep_obj *o, const struct skep_dsec *d, const char *name)
{
	for (u32 k = 1; k < o->nsym; k++) {
		const struct skep_sym *s = &o->sym[k];

		if ((d ? s->kind == SKEP_SYM_DATA && s->data == d : s->kind == SKEP_SYM_EXTERN) &&
		    strcmp(s->name, name) == 0)
			return k;
	}
	return 0;
}

/* A variable as a whole. */
struct whole {
	struct skep_btf_type var;
	struct skep_dsec *dsec; /* NULL: an extern */
	u32 sym;
	struct var_at at;
};

/* The i-th variable of a section, or false: it is none, or lies nowhere. */
static bool get_whole(const struct skep_obj *o, const struct skep_btf_type *ds, u32 i, struct whole *w)
{
	bool config = strcmp(ds->name, ".kconfig") == 0;
	struct skep_btf_member m;
	s64 size;

	memset(w, 0, sizeof(*w));
	skep_btf_member(o->btf, ds, i, &m);
	if (!skep_btf_get(o->btf, m.type, &w->var) || w->var.kind != SKEP_BTF_VAR)
		return false;
	w->dsec = config ? NULL : dsec_named(o, ds->name);
	if (!config && !w->dsec)
		return false;
	w->sym = symbol_of(o, w->dsec, w->var.name);
	if (config && !w->sym)
		return false;
	w->at.type = w->var.ref;
	w->at.off = config ? 0 : w->sym ? o->sym[w->sym].value : m.off;
	size = skep_btf_size(o->btf, w->var.ref);
	return size > 0 && (config || (w->at.off <= w->dsec->size && (u64)size <= w->dsec->size - w->at.off));
}

/* The variable with the longest name that `path` begins with; returns that length, or 0. */
static size_t find_whole(const struct skep_obj *o, const char *path, struct whole *out)
{
	size_t best = 0;

	for (u32 id = 1; id < o->btf->ntypes; id++) {
		struct skep_btf_type ds;
		struct whole w;

		if (!skep_btf_get(o->btf, id, &ds) || ds.kind != SKEP_BTF_DATASEC || strcmp(ds.name, ".maps") == 0)
			continue;
		for (u32 i = 0; i < ds.vlen; i++) {
			size_t n;

			if (!get_whole(o, &ds, i, &w))
				continue;
			n = strlen(w.var.name);
			if (n > best && strncmp(path, w.var.name, n) == 0 && strchr(".[", path[n])) {
				best = n;
				*out = w;
			}
		}
	}
	return best;
}

static int no(struct skep_diags *ds, const struct skep_diag_def *def, const char *path, const char *why, const char *hint)
{
	skep_diag(ds, def, SKEP_NOWHERE, path, why);
	if (hint)
		skep_diag_hint(ds, hint);
	return SKEP_EINPUT;
}

int skep_var_find(const struct skep_objfile *file, const char *path, struct skep_arena *arena, struct skep_diags *ds,
		  struct skep_var *out)
{
	const struct skep_obj *o = file->obj;
	struct skep_btf_type t;
	const char *bad;
	struct whole w;
	size_t n;

	if (!o->btf) {
		skep_diag(ds, OBJ_DEF(VAR_NO_BTF), SKEP_NOWHERE);
		skep_diag_hint(ds, "compile with -g");
		return SKEP_EINPUT;
	}
	n = find_whole(o, path, &w);
	if (!n)
		return no(ds, OBJ_DEF(VAR_NONE), path, NULL, "skep specialize --list shows those that can be set");
	if (w.dsec && w.dsec->kind != SKEP_DSEC_RODATA)
		return no(ds, OBJ_DEF(VAR_WRITABLE), w.var.name, w.dsec->name, "declare it const volatile");
	bad = skep_var_walk(o->btf, path + n, &w.at);
	if (bad)
		return no(ds, OBJ_DEF(VAR_PART), path, bad, "skep specialize --list shows the parts");
	bad = skep_var_unsettable(o->btf, w.at.type);
	if (bad)
		return no(ds, OBJ_DEF(VAR_TYPE), path, bad, "name a part of it; skep specialize --list shows them");
	*out = (struct skep_var){.name = skep_arena_strdup(arena, path),
				 .dsec = w.dsec,
				 .sym = w.dsec ? 0 : w.sym,
				 .off = w.at.off,
				 .size = (u32)skep_btf_size(o->btf, w.at.type),
				 .type = w.at.type};
	/* The qualifiers of an array's elements. */
	for (struct var_at at = w.at; skep_var_peel(o->btf, &at, &t) && t.kind == SKEP_BTF_ARRAY; w.at = at) {
		u32 count;

		skep_btf_array(o->btf, &t, &at.type, &count);
		skep_var_peel(o->btf, &at, &t);
	}
	{
		struct var_at at = w.at;

		skep_var_peel(o->btf, &at, &t);
		if (w.dsec && !at.is_volatile)
			return no(ds, OBJ_DEF(VAR_FOLDED), path, NULL, "declare it const volatile");
	}
	return 0;
}

/* --- values --------------------------------------------------------------------------- */

static void put_number(u8 *p, u32 size, u64 v, bool big)
{
	switch (size) {
	case 1: *p = (u8)v; break;
	case 2: skep_put16(p, (u16)v, big); break;
	case 4: skep_put32(p, (u32)v, big); break;
	default: skep_put64(p, v, big);
	}
}

enum number { NUMBER_NONE, NUMBER_OK, NUMBER_LARGE };

/* Magnitude and sign of a whole number in decimal or 0x. */
static enum number number(const char *s, bool *negative, u64 *out)
{
	char *end;

	*negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (*s < '0' || *s > '9')
		return NUMBER_NONE;
	errno = 0;
	*out = strtoull(s, &end, s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10);
	if (*end || end == s)
		return NUMBER_NONE;
	return errno ? NUMBER_LARGE : NUMBER_OK;
}

static bool enumerator(const struct skep_btf *b, const struct skep_btf_type *t, const char *s, u64 *out)
{
	for (u32 i = 0; i < t->vlen; i++) {
		struct skep_btf_member m;

		skep_btf_member(b, t, i, &m);
		if (strcmp(m.name, s) == 0) {
			*out = (u64)m.value;
			return true;
		}
	}
	return false;
}

/* Words that stand for numbers: of booleans, of the configuration's y, m and n, a character. */
static bool word(const struct skep_btf *b, const struct skep_btf_type *t, const char *s, u64 *out)
{
	bool is_enum = t->kind != SKEP_BTF_INT;
	u32 enc = is_enum ? 0 : skep_var_encoding(b, t);

	if (is_enum && strcmp(t->name, "libbpf_tristate") == 0 && s[0] && !s[1] && strchr("nym", s[0])) {
		*out = s[0] == 'y' ? 1 : s[0] == 'm' ? 2 : 0;
		return true;
	}
	if (is_enum)
		return enumerator(b, t, s, out);
	if (enc & INT_BOOL) {
		*out = strcmp(s, "true") == 0 || strcmp(s, "y") == 0;
		return *out || strcmp(s, "false") == 0 || strcmp(s, "n") == 0;
	}
	*out = (u8)s[0];
	return t->ref == 1 && (enc & INT_CHAR || strcmp(t->name, "char") == 0) && s[0] && !s[1];
}

/* NULL, or why the number is none of the type. */
static const char *number_of(const struct skep_btf *b, const struct skep_btf_type *t, const char *s, u64 *out)
{
	u32 bits = t->ref * 8;
	bool is_enum = t->kind != SKEP_BTF_INT, is_bool = !is_enum && skep_var_encoding(b, t) & INT_BOOL;
	bool is_signed = is_enum ? t->kflag : skep_var_encoding(b, t) & INT_SIGNED;
	u64 max = is_bool ? 1 : is_signed ? ((u64)1 << (bits - 1)) - 1 : UINT64_MAX >> (64 - bits), v;
	bool negative;
	enum number kind = number(s, &negative, &v);

	/* A digit alone is a number also where characters are meant. */
	if (kind == NUMBER_NONE) {
		if (word(b, t, s, out))
			return NULL;
		return is_enum ? "neither a number nor an enumerator" : is_bool ? "neither true nor false" : "no number";
	}
	if (kind == NUMBER_LARGE)
		return "it is out of range";
	if (negative && !is_signed && v)
		return "it is negative";
	if (v > max + (negative && is_signed))
		return "it is out of range";
	*out = negative ? 0 - v : v;
	return NULL;
}

static int bad_value(const struct skep_objfile *f, const struct skep_var *v, const char *text, const char *why,
		     const char *hint, struct skep_arena *arena, struct skep_diags *ds)
{
	struct skep_buf b = {0};

	skep_var_print_type(f, v, &b);
	skep_diag(ds, OBJ_DEF(VAR_VALUE), SKEP_NOWHERE, text, v->name,
		  b.failed ? "?" : skep_arena_strndup(arena, b.p, b.n), why);
	if (hint)
		skep_diag_hint(ds, hint);
	skep_buf_fini(&b);
	return SKEP_EINPUT;
}

int skep_var_parse(const struct skep_objfile *file, const struct skep_var *v, const char *text, struct skep_arena *arena,
		   struct skep_diags *ds, struct skep_fixed *out)
{
	const struct skep_btf *b = file->obj->btf;
	struct var_at at = {.type = v->type};
	struct skep_btf_type t;
	u8 *bytes = SKEP_NEW_N(arena, u8, v->size);
	const char *bad;
	u64 n = 0;

	*out = (struct skep_fixed){v->dsec ? v->dsec->elf : 0, v->sym, v->off, v->size, bytes};
	if (skep_var_chars(b, v->type)) {
		size_t len = strlen(text);
		bool quoted = len >= 2 && text[0] == '"' && text[len - 1] == '"'; /* as it is printed */

		len -= quoted ? 2 : 0;
		if (len >= v->size)
			return bad_value(file, v, text, "the text is too long",
					 skep_arena_printf(arena, "there is room for %u characters", v->size - 1), arena, ds);
		memcpy(bytes, text + quoted, len);
		return 0;
	}
	skep_var_peel(b, &at, &t);
	bad = number_of(b, &t, text, &n);
	if (bad)
		return bad_value(file, v, text, bad, NULL, arena, ds);
	put_number(bytes, v->size, n, file->obj->big);
	return 0;
}

void skep_var_set(struct skep_objfile *file, const struct skep_fixed *x)
{
	for (u32 k = 0; k < file->obj->ndsec && x->sec; k++) {
		struct skep_dsec *d = file->obj->dsec[k];
		struct skep_elf_sec *s = &file->elf->sec[d->elf];
		u8 *copy;

		if (d->elf != x->sec || !d->bytes)
			continue;
		copy = skep_arena_memdup(file->obj->arena, d->bytes, d->size);
		memcpy(copy + x->off, x->bytes, x->size);
		s->data = d->bytes = copy;
	}
}

/* --- the list ------------------------------------------------------------------------- */

struct lister {
	const struct skep_objfile *file;
	struct skep_arena *arena;
	struct skep_vars *out;
	const struct whole *w;
};
enum { LIST_ELEMENTS = 16, LIST_DEPTH = 8, LIST_MAX = 4096 };

static void list_part(struct lister *l, const char *name, struct var_at at, u32 depth)
{
	const struct skep_btf *b = l->file->obj->btf;
	struct var_at in = at;
	struct skep_btf_type t;
	u32 n;

	if (depth > LIST_DEPTH || l->out->n >= LIST_MAX || at.bitfield || !skep_var_peel(b, &in, &t))
		return;
	if (t.kind == SKEP_BTF_STRUCT || t.kind == SKEP_BTF_UNION) {
		for (u32 i = 0; i < t.vlen; i++) {
			struct skep_btf_member m;

			skep_btf_member(b, &t, i, &m);
			list_part(l, m.name[0] ? skep_arena_printf(l->arena, "%s.%s", name, m.name) : name,
				  (struct var_at){in.off + m.off / 8, m.type, in.is_volatile, m.size || m.off % 8}, depth + 1);
		}
		return;
	}
	if (t.kind == SKEP_BTF_ARRAY && !skep_var_chars(b, at.type)) {
		skep_btf_array(b, &t, &at.type, &n);
		for (u32 i = 0; i < (n > LIST_ELEMENTS ? 1 : n); i++)
			list_part(l, skep_arena_printf(l->arena, "%s[%u]", name, i),
				  (struct var_at){in.off + i * (u64)skep_btf_size(b, at.type), at.type, in.is_volatile, false},
				  depth + 1);
		return;
	}
	if (t.kind == SKEP_BTF_ARRAY) {
		skep_btf_array(b, &t, &in.type, &n);
		skep_var_peel(b, &in, &t);
	}
	if (skep_var_unsettable(b, at.type) || (l->w->dsec && !in.is_volatile))
		return;
	*SKEP_VEC_PUSH(l->arena, l->out) = (struct skep_var){.name = name,
							    .dsec = l->w->dsec,
							    .sym = l->w->dsec ? 0 : l->w->sym,
							    .off = at.off,
							    .size = (u32)skep_btf_size(b, at.type),
							    .type = at.type};
}

void skep_var_list(const struct skep_objfile *file, struct skep_arena *arena, struct skep_vars *out)
{
	const struct skep_obj *o = file->obj;
	struct whole w;
	struct lister l = {file, arena, out, &w};

	memset(out, 0, sizeof(*out));
	for (u32 id = 1; o->btf && id < o->btf->ntypes; id++) {
		struct skep_btf_type ds;

		if (!skep_btf_get(o->btf, id, &ds) || ds.kind != SKEP_BTF_DATASEC)
			continue;
		for (u32 i = 0; i < ds.vlen; i++)
			if (strcmp(ds.name, ".maps") != 0 && get_whole(o, &ds, i, &w) &&
			    (!w.dsec || w.dsec->kind == SKEP_DSEC_RODATA))
				list_part(&l, w.var.name, w.at, 0);
	}
}

void skep_var_print_type(const struct skep_objfile *file, const struct skep_var *v, struct skep_buf *out)
{
	const struct skep_btf *b = file->obj->btf;
	struct var_at at = {.type = v->type};
	struct skep_btf_type t;
	u32 n = skep_var_chars(b, v->type);

	if (n) {
		skep_buf_printf(out, "char[%u]", n);
		return;
	}
	/* The typedef that the source names says most. */
	while (skep_btf_get(b, at.type, &t) && (t.kind == SKEP_BTF_CONST || t.kind == SKEP_BTF_VOLATILE))
		at.type = t.ref;
	if (t.kind == SKEP_BTF_ENUM || t.kind == SKEP_BTF_ENUM64)
		skep_buf_puts(out, t.name[0] ? "enum " : "enum");
	skep_buf_clean(out, t.name);
}

static u64 get_number(const u8 *p, u32 size, bool is_signed, bool big)
{
	switch (size) {
	case 1: return is_signed ? (u64)(s8)*p : *p;
	case 2: return is_signed ? (u64)(s16)skep_get16(p, big) : skep_get16(p, big);
	case 4: return is_signed ? (u64)(s32)skep_get32(p, big) : skep_get32(p, big);
	default: return skep_get64(p, big);
	}
}

static void print_text(const u8 *p, u32 n, struct skep_buf *out)
{
	char *text = strndup((const char *)p, n);

	skep_buf_puts(out, "\"");
	skep_buf_clean(out, text ? text : "");
	skep_buf_puts(out, "\"");
	free(text);
}

void skep_var_print_value(const struct skep_objfile *file, const struct skep_var *v, struct skep_buf *out)
{
	static const u8 zeroes[8];
	const struct skep_btf *b = file->obj->btf;
	struct var_at at = {.type = v->type};
	struct skep_btf_type t;
	const u8 *p;
	bool is_signed;
	u64 n;

	if (!v->dsec) {
		skep_buf_puts(out, "-");
		return;
	}
	p = v->dsec->bytes ? v->dsec->bytes + v->off : zeroes;
	if (skep_var_chars(b, v->type)) {
		print_text(p, v->dsec->bytes ? v->size : 0, out);
		return;
	}
	skep_var_peel(b, &at, &t);
	is_signed = t.kind == SKEP_BTF_INT ? skep_var_encoding(b, &t) & INT_SIGNED : t.kflag;
	n = get_number(p, v->size, is_signed, file->obj->big);
	if (t.kind == SKEP_BTF_INT && skep_var_encoding(b, &t) & INT_BOOL && n <= 1)
		skep_buf_puts(out, n ? "true" : "false");
	else if (is_signed)
		skep_buf_printf(out, "%lld", (long long)n);
	else
		skep_buf_printf(out, "%llu", (unsigned long long)n);
	for (u32 i = 0; t.kind != SKEP_BTF_INT && i < t.vlen; i++) {
		struct skep_btf_member m;

		skep_btf_member(b, &t, i, &m);
		if ((u64)m.value == n) {
			skep_buf_puts(out, " ");
			skep_buf_clean(out, m.name);
			break;
		}
	}
}
