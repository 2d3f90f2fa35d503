/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code as text: functions with their labels, source lines, CO-RE records and
 * operands by name; and the names themselves, which are unique in the text.
 */
#include "obj/text_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* --- names ------------------------------------------------------------------- */

/* `name` when it is plain and free, else with "@number" behind it. */
static const char *unique(struct printer *p, struct skep_hmap *m, const char *name,
			  const char *other, u32 num)
{
	bool plain = skep_text_plain(name);
	const char *id = name;

	if (!plain || skep_hmap_find(m, name, strlen(name)))
		id = skep_arena_printf(p->arena, "%s@%u", plain ? name : other, num);
	skep_hmap_put(m, id, strlen(id), (void *)id);
	return id;
}

static int by_value(const void *x, const void *y)
{
	const struct p_place *a = x, *b = y;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->sym < b->sym ? -1 : a->sym > b->sym;
}

static bool has_text(const struct printer *p, u32 sec)
{
	u32 type = p->elf->sec[sec].type;

	return p->elf->sec[sec].size && (type == SKEP_SHT_PROGBITS || type == SKEP_SHT_NOBITS) &&
	       (p->raw[sec] || strcmp(p->elf->sec[sec].name, ".BTF.ext") != 0);
}

/* Is the symbol a place that the text of its section can name? */
static bool is_place(const struct printer *p, u32 k)
{
	const struct skep_elf_sym *s = &p->elf->sym[k];

	if (s->type == SKEP_STT_SECTION || s->type == SKEP_STT_FILE || !s->shndx ||
	    s->shndx >= p->elf->nsec)
		return false;
	if (!has_text(p, s->shndx) || s->value > p->elf->sec[s->shndx].size)
		return false;
	return !p->code[s->shndx] || p->obj->sym[k].func;
}

static void find_places(struct printer *p)
{
	const struct skep_elf *e = p->elf;

	for (u32 k = 1; k < e->nsym; k++)
		if (is_place(p, k))
			p->nplace[e->sym[k].shndx]++;
	for (u32 i = 1; i < e->nsec; i++) {
		p->place[i] = SKEP_NEW_N(p->arena, struct p_place, p->nplace[i]);
		p->nplace[i] = 0;
	}
	for (u32 k = 1; k < e->nsym; k++)
		if (is_place(p, k)) {
			u32 sec = e->sym[k].shndx;

			p->place[sec][p->nplace[sec]++] = (struct p_place){e->sym[k].value, 0, k};
		}
	for (u32 i = 1; i < e->nsec; i++) {
		u64 pos = e->sec[i].size, next = pos;

		if (p->nplace[i])
			qsort(p->place[i], p->nplace[i], sizeof(**p->place), by_value);
		for (u32 k = p->nplace[i]; k-- > 0;) {
			struct p_place *q = &p->place[i][k];

			if (q->value < pos) {
				next = pos;
				pos = q->value;
			}
			q->next = next;
			p->place_of[q->sym] = q;
		}
	}
}

void skep_print_ids(struct printer *p)
{
	const struct skep_elf *e = p->elf;
	const struct skep_obj *o = p->obj;
	struct skep_hmap m;

	p->sec_id = SKEP_NEW_N(p->arena, const char *, e->nsec);
	p->sym_id = SKEP_NEW_N(p->arena, const char *, e->nsym);
	p->func_id = SKEP_NEW_N(p->arena, const char *, o->nfunc);
	p->code = SKEP_NEW_N(p->arena, const struct skep_csec *, e->nsec);
	p->place = SKEP_NEW_N(p->arena, struct p_place *, e->nsec);
	p->nplace = SKEP_NEW_N(p->arena, u32, e->nsec);
	p->place_of = SKEP_NEW_N(p->arena, struct p_place *, e->nsym);
	skep_hmap_init(&m, p->arena);
	for (u32 i = 1; i < e->nsec; i++)
		p->sec_id[i] = unique(p, &m, e->sec[i].name, "sec", i);
	for (u32 i = 0; i < o->ncsec; i++)
		if (!p->raw[o->csec[i]->elf])
			p->code[o->csec[i]->elf] = o->csec[i];
	skep_hmap_init(&m, p->arena);
	for (u32 k = 1; k < e->nsym; k++)
		if (e->sym[k].type != SKEP_STT_SECTION)
			p->sym_id[k] = unique(p, &m, e->sym[k].name, "sym", k);
	for (u32 k = 1; k < e->nsym; k++)
		if (e->sym[k].type == SKEP_STT_SECTION)
			p->sym_id[k] = unique(p, &m, e->sym[k].name, "sym", k);
	for (u32 k = 0; k < o->nfunc; k++)
		p->func_id[k] = o->func[k]->sym ? p->sym_id[o->func[k]->sym]
						: skep_arena_printf(p->arena, "anon@%u", k);
	find_places(p);
}

/* --- records ------------------------------------------------------------------- */

static void print_bstr(struct printer *p, u32 off)
{
	const char *s = skep_btf_str(p->obj->btf, off);
	size_t n = s ? strlen(s) : 0;

	if (s && (uintptr_t)skep_hmap_find(&p->btf_str, s, n) == (uintptr_t)off + 1)
		skep_print_str(p->out, s, n);
	else
		skep_buf_printf(p->out, "#%u", off);
}

static void print_line(struct printer *p, const struct skep_line_rec *l)
{
	const char *text = skep_btf_str(p->obj->btf, l->text);

	if (!p->whole) {
		while (text && (*text == ' ' || *text == '\t'))
			text++;
		skep_buf_printf(p->out, "\t; %u: ", skep_line_no(l));
		for (; text && *text; text++) {
			char c = (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text;

			skep_buf_add(p->out, &c, 1);
		}
		skep_buf_puts(p->out, "\n");
		return;
	}
	if (p->file_off != l->file) {
		skep_buf_puts(p->out, "\t.file ");
		print_bstr(p, l->file);
		skep_buf_puts(p->out, "\n");
		p->file_off = l->file;
	}
	skep_buf_printf(p->out, "\t.line %u:%u ", skep_line_no(l), skep_line_column(l));
	print_bstr(p, l->text);
	skep_buf_puts(p->out, "\n");
}

static void print_core(struct printer *p, const struct skep_core_rec *c)
{
	const char *kind = skep_core_kind_name(c->kind);

	if (strcmp(kind, "unknown") == 0)
		skep_buf_printf(p->out, "\t.core %u %u ", c->kind, c->type);
	else
		skep_buf_printf(p->out, "\t.core %s %u ", kind, c->type);
	print_bstr(p, c->access);
	skep_buf_puts(p->out, "\n");
}

/* --- instructions ----------------------------------------------------------------- */

/* The name of the function that is referred to, and the mark for how, when it is not the usual way.
 */
static const char *func_ref(struct printer *p, const struct skep_insn *i, const char **mark)
{
	static const char *const marks[] = {"", " !inplace", " !sym", " !sec"};
	u8 how = !(i->flags & SKEP_IF_RELOC) ? T_HOW_INPLACE
		 : i->flags & SKEP_IF_SECSYM ? T_HOW_SEC
					     : T_HOW_SYM;
	u32 sym = how == T_HOW_SYM ? i->sym : i->callee->sym;
	bool local = !sym || p->obj->sym[sym].bind == SKEP_STB_LOCAL;

	if (p->whole && how != skep_text_default_how(i->in.op == SKEP_CALL, local,
						     i->func->sec == i->callee->sec))
		*mark = marks[how];
	return how == T_HOW_SYM && p->whole ? p->sym_id[sym] : p->func_id[i->callee->index];
}

static void print_insn(struct printer *p, const struct skep_insn *i)
{
	const char *mark = "", *name = NULL;
	char target[24], imm[300];
	struct skep_isa_syms sy = {0};
	struct skep_map *map;
	s64 addend = i->in.imm;

	if (i->target) {
		snprintf(target, sizeof(target), "L%u", i->target->num);
		sy.target = target;
	}
	if (i->ref == SKEP_REF_FUNC) {
		name = func_ref(p, i, &mark);
		addend = 0;
	} else if (i->ref != SKEP_REF_NONE) {
		name = p->sym_id[i->sym];
		map = p->whole ? NULL : skep_insn_map(p->obj, i);
		if (map && map->sym) {
			name = p->sym_id[map->sym];
			addend = 0;
		}
	}
	if (name && i->in.op == SKEP_LDDW && addend) {
		snprintf(imm, sizeof(imm), "%s%+lld", name, (long long)addend);
		name = imm;
	}
	if (!name && i->in.op == SKEP_CALL && i->in.src == SKEP_CALL_HELPER && !i->in.off) {
		const struct skep_helper *h = skep_helper_find(i->in.imm);

		if (h) {
			snprintf(imm, sizeof(imm), "%s#%lld", h->name, (long long)i->in.imm);
			name = imm;
		}
	}
	sy.imm = sy.callee = name;
	skep_buf_puts(p->out, "\t");
	skep_isa_print(&i->in, &sy, p->out);
	if (i->ref == SKEP_REF_EXTERN && i->in.op == SKEP_CALL && p->whole) {
		if (i->in.imm != -1)
			skep_buf_printf(p->out, " !imm=%lld", (long long)i->in.imm);
		if (i->in.src != SKEP_CALL_SUBPROG)
			skep_buf_printf(p->out, " !src=%u", i->in.src);
	}
	skep_buf_puts(p->out, mark);
	skep_buf_puts(p->out, "\n");
}

static void print_func_head(struct printer *p, const struct skep_func *f)
{
	const struct skep_sym *s = f->sym ? &p->obj->sym[f->sym] : NULL;

	skep_buf_printf(p->out, "\n.func %s", p->func_id[f->index]);
	if (!p->whole && s && s->bind != SKEP_STB_GLOBAL && s->bind < 3)
		skep_buf_printf(p->out, " %s", skep_text_bind[s->bind]);
	if (p->whole && f->type)
		skep_buf_printf(p->out, " type=%u", f->type);
	skep_buf_puts(p->out, "\n");
}

static void print_func(struct printer *p, const struct skep_func *f, const struct p_place *place,
		       u32 *at, u32 n)
{
	const struct skep_line_rec *in_force = NULL;
	u32 labels = 0;

	SKEP_FOR_INSN(i, f)
		i->num = i->njumps ? ++labels : 0;
	print_func_head(p, f);
	SKEP_FOR_INSN(i, f) {
		for (; *at < n && place[*at].value <= (u64)i->slot * 8; ++*at)
			if (place[*at].sym != f->sym)
				skep_buf_printf(p->out, ".label %s\n", p->sym_id[place[*at].sym]);
		if (i->line && (i->line != in_force || i->flags & SKEP_IF_LINE))
			print_line(p, i->line);
		in_force = i->line;
		if (i->core)
			print_core(p, i->core);
		if (i->num)
			skep_buf_printf(p->out, "L%u:\n", i->num);
		print_insn(p, i);
	}
}

void skep_print_code(struct printer *p, const struct skep_csec *c)
{
	const struct p_place *place = p->place[c->elf];
	u32 n = p->whole ? p->nplace[c->elf] : 0, at = 0;

	p->file_off = UINT32_MAX;
	for (u32 k = 0; k < c->nfunc; k++)
		print_func(p, c->func[k], place, &at, n);
	for (; at < n; at++)
		skep_buf_printf(p->out, ".label %s\n", p->sym_id[place[at].sym]);
}
