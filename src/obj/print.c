/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An object as text. The whole form states sections, symbols and records by
 * name and leaves out what the assembler makes by itself. It is checked by
 * assembling it: a section that would not come out with its bytes is printed
 * as bytes, and bytes that belong to no section become patches. All memory
 * besides the text is given back.
 */
#include "obj/text_impl.h"

/* --- bytes ---------------------------------------------------------------------- */

void skep_print_str(struct skep_buf *out, const char *s, size_t n)
{
	size_t done = 0;

	skep_buf_puts(out, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= ' ' && c != 0x7f && c != '"' && c != '\\')
			continue;
		skep_buf_add(out, s + done, i - done);
		done = i + 1;
		if (c == '"' || c == '\\')
			skep_buf_printf(out, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == 0)
			skep_buf_puts(out, c == '\n' ? "\\n" : c ? "\\t" : "\\0");
		else
			skep_buf_printf(out, "\\x%02x", c);
	}
	skep_buf_add(out, s + done, n - done);
	skep_buf_puts(out, "\"");
}

/* Length of a string with its zero byte at `p` that is worth showing as one, or 0. */
static u64 string_at(const u8 *p, u64 n)
{
	u64 i = 0;

	while (i < n && i < 4096 && ((p[i] >= ' ' && p[i] < 0x7f) || p[i] == '\n' || p[i] == '\t'))
		i++;
	return i >= 3 && i < n && p[i] == 0 ? i + 1 : 0;
}

static u64 zeros_at(const u8 *p, u64 n)
{
	u64 i = 0;

	while (i < n && !p[i])
		i++;
	return i;
}

static void print_hex(struct skep_buf *out, const u8 *p, u64 n)
{
	static const char digits[] = "0123456789abcdef";
	char line[2 * 32 + 1];

	for (u64 i = 0; i < n; i++) {
		line[2 * i] = digits[p[i] >> 4];
		line[2 * i + 1] = digits[p[i] & 15];
	}
	skep_buf_puts(out, "\t.hex ");
	skep_buf_add(out, line, 2 * n);
	skep_buf_puts(out, "\n");
}

void skep_print_bytes(struct skep_buf *out, const u8 *p, u64 n)
{
	for (u64 at = 0; at < n;) {
		u64 k = string_at(p + at, n - at), z = k ? 0 : zeros_at(p + at, n - at);

		if (k) {
			skep_buf_puts(out, "\t.ascii ");
			skep_print_str(out, (const char *)p + at, k);
			skep_buf_puts(out, "\n");
			at += k;
			continue;
		}
		if (z >= 16 || (z && z == n - at && z >= 4)) {
			skep_buf_printf(out, "\t.zero %llu\n", (unsigned long long)z);
			at += z;
			continue;
		}
		for (k = 1; k < 32 && at + k < n; k++)
			if (string_at(p + at + k, SKEP_MIN(n - at - k, 64u)) ||
			    zeros_at(p + at + k, SKEP_MIN(n - at - k, 16u)) == 16)
				break;
		print_hex(out, p + at, k);
		at += k;
	}
}

static void print_span(struct printer *p, u32 sec, u64 from, u64 to)
{
	const struct skep_elf_sec *s = &p->elf->sec[sec];

	if (to <= from)
		return;
	if (!skep_elf_has_bytes(s->type) || !s->data)
		skep_buf_printf(p->out, "\t.zero %llu\n", (unsigned long long)(to - from));
	else
		skep_print_bytes(p->out, s->data + from, to - from);
}

/* Bytes with the names of the symbols in them. */
static void print_data(struct printer *p, u32 sec)
{
	u64 at = 0;

	for (u32 k = 0; k < p->nplace[sec]; k++) {
		const struct p_place *q = &p->place[sec][k];
		const struct skep_sym *s = &p->obj->sym[q->sym];

		print_span(p, sec, at, q->value);
		at = q->value;
		if (p->whole || s->bind == SKEP_STB_GLOBAL || s->bind > 2)
			skep_buf_printf(p->out, ".label %s\n", p->sym_id[q->sym]);
		else
			skep_buf_printf(p->out, ".var %s %s\n", p->sym_id[q->sym],
					skep_text_bind[s->bind]);
	}
	print_span(p, sec, at, p->elf->sec[sec].size);
}

/* --- tables ------------------------------------------------------------------------ */

static void print_ref(struct printer *p, const char *key, u32 sec)
{
	if (sec && sec < p->elf->nsec)
		skep_buf_printf(p->out, " %s=%s", key, p->sec_id[sec]);
	else if (sec)
		skep_buf_printf(p->out, " %s=#%u", key, sec);
}

/* "str=" when the name is not where the assembler would find it. */
static void print_str_off(struct printer *p, u32 tab, const char *name, u32 off)
{
	uintptr_t at;

	if (tab >= p->elf->nsec || !p->raw[tab])
		return;
	at = p->names[tab].arena ? (uintptr_t)skep_hmap_find(&p->names[tab], name, strlen(name))
				 : 0;
	if (at != (uintptr_t)off + 1 && (name[0] || off))
		skep_buf_printf(p->out, " str=%u", off);
}

static u64 default_size(const struct printer *p, const struct p_place *q)
{
	const struct skep_sym *s = &p->obj->sym[q->sym];

	if (!p->code[s->sec])
		return q->next - q->value;
	return s->func && q->value == (u64)s->func->first->slot * 8 ? (u64)s->func->slots_read * 8
								    : 0;
}

static void print_symbol(struct printer *p, u32 k, u32 tab)
{
	const struct skep_elf_sym *s = &p->elf->sym[k];
	const struct p_place *q = p->place_of[k];

	skep_buf_printf(p->out, "\t.sym %s ", p->sym_id[k]);
	if (s->bind < 3)
		skep_buf_puts(p->out, skep_text_bind[s->bind]);
	else
		skep_buf_printf(p->out, "%u", s->bind);
	if (s->type < 5)
		skep_buf_printf(p->out, " %s", skep_text_symtype[s->type]);
	else
		skep_buf_printf(p->out, " %u", s->type);
	if (!q) {
		print_ref(p, "in", s->shndx);
		if (s->value)
			skep_buf_printf(p->out, " value=0x%llx", (unsigned long long)s->value);
	}
	if (s->size != (q ? default_size(p, q) : 0))
		skep_buf_printf(p->out, " size=%llu", (unsigned long long)s->size);
	if (s->other)
		skep_buf_printf(p->out, " other=%u", s->other);
	if (s->type == SKEP_STT_SECTION ? s->name_off != 0 : strcmp(s->name, p->sym_id[k]) != 0) {
		skep_buf_puts(p->out, " name=");
		skep_print_str(p->out, s->name, strlen(s->name));
	}
	if (s->name_off || s->type != SKEP_STT_SECTION)
		print_str_off(p, tab, s->name, s->name_off);
	skep_buf_puts(p->out, "\n");
}

/* The function that starts at a byte of its section; they are in order. */
static const struct skep_func *func_at(const struct skep_csec *c, u64 at)
{
	u32 lo = 0, hi = c->nfunc;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		const struct skep_func *f = c->func[mid];
		u64 start = (u64)(f->first ? f->first->slot : 0) * 8;

		if (start == at)
			return f;
		if (start < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void print_rels(struct printer *p, u32 sec)
{
	const struct skep_elf_sec *s = &p->elf->sec[sec], *t;
	struct skep_elf_rel *rel;
	u32 n;

	if (skep_elf_rels(p->elf, sec, p->arena, NULL, &rel, &n))
		return;
	t = &p->elf->sec[s->info];
	for (u32 k = 0; k < n; k++) {
		const struct skep_sym *sym = &p->obj->sym[rel[k].sym];
		const char *type = skep_text_reltype(rel[k].type);
		const struct skep_csec *c = sym->kind == SKEP_SYM_SECTION && sym->sec < p->elf->nsec
						    ? p->code[sym->sec]
						    : NULL;
		bool wide = rel[k].type == SKEP_R_ABS64 || rel[k].type == SKEP_R_64_64;

		skep_buf_printf(p->out, "\t.rel 0x%llx ", (unsigned long long)rel[k].offset);
		if (type)
			skep_buf_printf(p->out, "%s ", type);
		else
			skep_buf_printf(p->out, "%u ", rel[k].type);
		if (rel[k].sym)
			skep_buf_puts(p->out, p->sym_id[rel[k].sym]);
		else
			skep_buf_puts(p->out, "#0");
		if (rel[k].addend)
			skep_buf_printf(p->out, " addend=%lld", (long long)rel[k].addend);
		if (c && t->flags & SKEP_SHF_ALLOC && t->data &&
		    rel[k].offset + (wide ? 8 : 4) <= t->size) {
			u64 at = wide ? skep_get64(t->data + rel[k].offset, p->elf->big)
				      : skep_get32(t->data + rel[k].offset, p->elf->big);

			const struct skep_func *f = func_at(c, at);

			if (f)
				skep_buf_printf(p->out, " at=%s", p->func_id[f->index]);
		}
		skep_buf_puts(p->out, "\n");
	}
}

static void print_ext(struct printer *p)
{
	const struct skep_btf_ext *x = p->obj->ext;
	const struct skep_ext_list *lists[3] = {&x->func, &x->line, &x->core};

	skep_buf_printf(p->out, "\t.ext header=%u", x->hdr_len >= 32 ? 32 : 24);
	for (u32 i = 0; i < 3; i++)
		if (lists[i]->rec_size)
			skep_buf_printf(p->out, " %s", skep_text_ext_lists[i]);
	skep_buf_puts(p->out, "\n");
	for (u32 i = 0; i < 3; i++) {
		u32 last = 0;
		bool sorted = true;

		for (u32 k = 0; k < lists[i]->n; k++) {
			u32 sec = 0;

			skep_elf_find(p->elf, lists[i]->sec[k].name_str, &sec);
			sorted &= sec > last;
			last = sec;
		}
		if (sorted)
			continue;
		skep_buf_printf(p->out, "\t.order %s", skep_text_ext_lists[i]);
		for (u32 k = 0; k < lists[i]->n; k++) {
			u32 sec = 0;

			if (skep_elf_find(p->elf, lists[i]->sec[k].name_str, &sec))
				skep_buf_printf(p->out, " %s", p->sec_id[sec]);
		}
		skep_buf_puts(p->out, "\n");
	}
}

/* --- sections ------------------------------------------------------------------------- */

static void print_flags(struct skep_buf *out, u64 flags)
{
	if (flags & ~(u64)7) {
		skep_buf_printf(out, " flags=0x%llx", (unsigned long long)flags);
		return;
	}
	skep_buf_printf(out, " flags=%s%s%s%s", flags & 1 ? "w" : "", flags & 2 ? "a" : "",
			flags & 4 ? "x" : "", flags ? "" : "0");
}

static u32 code_sum(const struct printer *p, u32 sec)
{
	const struct skep_elf_sec *s = &p->elf->sec[sec];
	u64 h = skep_hash(s->data, s->size, 0);
	u32 rel = skep_elf_rel_section(p->elf, sec);

	if (rel)
		h = skep_hash(p->elf->sec[rel].data, p->elf->sec[rel].size, h);
	return (u32)h;
}

/* Are its contents made by the assembler? */
static bool is_auto(const struct printer *p, u32 i)
{
	const struct skep_elf_sec *s = &p->elf->sec[i];

	if (p->raw[i])
		return false;
	if (s->type == SKEP_SHT_STRTAB)
		return true;
	if (s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA)
		return s->info < p->elf->nsec && p->code[s->info];
	return p->obj->ext && strcmp(s->name, ".BTF.ext") == 0;
}

static void print_section_head(struct printer *p, u32 i)
{
	const struct skep_elf_sec *s = &p->elf->sec[i];
	const char *type = skep_text_sectype(s->type);
	struct skep_buf *out = p->out;

	skep_buf_puts(out, "\n.section ");
	skep_print_str(out, s->name, strlen(s->name));
	if (strcmp(s->name, p->sec_id[i]) != 0)
		skep_buf_printf(out, " id=%s", p->sec_id[i]);
	if (type)
		skep_buf_printf(out, " type=%s", type);
	else
		skep_buf_printf(out, " type=0x%x", s->type);
	print_flags(out, s->flags);
	skep_buf_printf(out, " align=%llu", (unsigned long long)s->align);
	if (s->entsize != skep_text_default_entsize(s->type))
		skep_buf_printf(out, " entsize=%llu", (unsigned long long)s->entsize);
	if (s->addr)
		skep_buf_printf(out, " addr=0x%llx", (unsigned long long)s->addr);
	print_ref(p, "link", s->link);
	if (s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA)
		print_ref(p, "info", s->info);
	else if (s->info && (s->type != SKEP_SHT_SYMTAB || p->raw[i]))
		skep_buf_printf(out, " info=#%u", s->info);
	skep_buf_printf(out, " offset=0x%llx size=%llu", (unsigned long long)s->offset,
			(unsigned long long)s->size);
	if (p->code[i])
		skep_buf_printf(out, " sum=0x%x", code_sum(p, i));
	print_str_off(p, p->elf->shstrndx, s->name, s->name_off);
	skep_buf_puts(out, is_auto(p, i) ? " auto\n" : "\n");
}

static void print_section(struct printer *p, u32 i)
{
	const struct skep_elf_sec *s = &p->elf->sec[i];

	print_section_head(p, i);
	if (p->code[i]) {
		skep_print_code(p, p->code[i]);
	} else if (is_auto(p, i)) {
		if (s->type == SKEP_SHT_PROGBITS)
			print_ext(p);
	} else if (!p->raw[i] && i == p->elf->symtab) {
		for (u32 k = 1; k < p->elf->nsym; k++)
			print_symbol(p, k, s->link);
	} else if (!p->raw[i] && (s->type == SKEP_SHT_REL || s->type == SKEP_SHT_RELA)) {
		print_rels(p, i);
	} else {
		print_data(p, i);
	}
}

/* --- the short form ------------------------------------------------------------------------ */

static void print_map(struct printer *p, const struct skep_map *m)
{
	const struct skep_map_type *t = skep_map_type_find(m->type);
	const u32 vals[T_MAP_FIELDS] = {m->type,	m->key_size,  m->value_size,
					m->max_entries, m->map_flags, m->pinning};

	skep_buf_puts(p->out, ".map ");
	if (m->sym || skep_text_plain(m->name))
		skep_buf_puts(p->out, m->sym ? p->sym_id[m->sym] : m->name);
	else
		skep_print_str(p->out, m->name, strlen(m->name));
	if (t)
		skep_buf_printf(p->out, " type=%s", t->name);
	for (u32 i = t ? 1 : 0; i < T_MAP_FIELDS; i++)
		if (vals[i])
			skep_buf_printf(p->out, i == 4 ? " %s=0x%x" : " %s=%u",
					skep_text_map_keys[i], vals[i]);
	if (m->inner)
		skep_buf_puts(p->out, " ; values are maps");
	else if (m->partial && !m->type)
		skep_buf_puts(p->out, " ; of unknown type");
	else if (m->partial)
		skep_buf_puts(p->out, " ; has attributes that are not shown");
	skep_buf_puts(p->out, "\n");
}

static void print_short(struct printer *p)
{
	const struct skep_obj *o = p->obj;

	skep_buf_printf(p->out, ".object %s\n", o->big ? "big" : "little");
	if (o->license && o->license[0]) {
		skep_buf_puts(p->out, ".license ");
		skep_print_str(p->out, o->license, strlen(o->license));
		skep_buf_puts(p->out, "\n");
	}
	for (u32 k = 0; k < o->nmap; k++)
		if (!o->map[k]->data)
			print_map(p, o->map[k]);
	for (u32 k = 1; k < o->nsym; k++)
		if (o->sym[k].kind == SKEP_SYM_EXTERN)
			skep_buf_printf(p->out, ".extern %s%s\n", p->sym_id[k],
					o->sym[k].bind == SKEP_STB_WEAK ? " weak" : "");
	for (u32 k = 0; k < o->ndsec; k++) {
		const struct skep_dsec *d = o->dsec[k];
		const struct skep_elf_sec *s = &p->elf->sec[d->elf];
		u32 rel = skep_elf_rel_section(p->elf, d->elf);

		if (strcmp(d->name, "license") == 0 || !d->size)
			continue;
		skep_buf_puts(p->out, "\n.section ");
		skep_print_str(p->out, d->name, strlen(d->name));
		if (s->type != skep_text_default_type(d->name))
			skep_buf_printf(p->out, " type=%s",
					s->type == SKEP_SHT_NOBITS ? "nobits" : "progbits");
		if (s->flags != skep_text_default_flags(d->name, s->type))
			print_flags(p->out, s->flags);
		skep_buf_printf(p->out, " align=%llu\n", (unsigned long long)s->align);
		print_data(p, d->elf);
		if (rel)
			print_rels(p, rel);
	}
	for (u32 k = 0; k < o->ncsec; k++) {
		skep_buf_puts(p->out, "\n.section ");
		skep_print_str(p->out, o->csec[k]->name, strlen(o->csec[k]->name));
		skep_buf_puts(p->out, "\n");
		skep_print_code(p, o->csec[k]);
	}
}

/* --- the whole form -------------------------------------------------------------------------- */

static void print_whole(struct printer *p)
{
	const struct skep_elf *e = p->elf;

	p->names = SKEP_NEW_N(p->arena, struct skep_hmap, e->nsec);
	for (u32 i = 1; i < e->nsec; i++)
		if (e->sec[i].type == SKEP_SHT_STRTAB && p->raw[i] && e->sec[i].data) {
			skep_hmap_init(&p->names[i], p->arena);
			skep_text_index_strings(&p->names[i], (const char *)e->sec[i].data,
						e->sec[i].size);
		}
	skep_buf_printf(p->out, ".object %s", e->big ? "big" : "little");
	if (e->machine != SKEP_EM_BPF)
		skep_buf_printf(p->out, " machine=%u", e->machine);
	if (e->flags)
		skep_buf_printf(p->out, " flags=0x%x", e->flags);
	skep_buf_printf(p->out, " shoff=0x%llx names=%s\n", (unsigned long long)e->shoff,
			p->sec_id[e->shstrndx]);
	for (u32 k = 0; k < p->obj->nmap; k++)
		if (!p->obj->map[k]->data) {
			skep_buf_puts(p->out, "; ");
			print_map(p, p->obj->map[k]);
		}
	for (u32 i = 1; i < e->nsec; i++)
		print_section(p, i);
}

static bool same_section(const struct skep_elf_sec *a, const struct skep_elf_sec *b)
{
	if (a->size != b->size)
		return false;
	return !skep_elf_has_bytes(a->type) || !a->size ||
	       (a->data && b->data && !memcmp(a->data, b->data, a->size));
}

/* Groups of sections in the order in which they depend on each other. */
static int blame_group(const struct skep_elf_sec *s)
{
	if (s->type == SKEP_SHT_STRTAB)
		return 0;
	return s->type == SKEP_SHT_PROGBITS && s->flags & SKEP_SHF_EXEC ? 1 : 2;
}

/* Mark sections that came out with other bytes; false when there were none. */
static bool find_differences(struct printer *p, const struct skep_elf *made)
{
	bool any = false;

	if (made->nsec != p->elf->nsec)
		return false;
	for (int g = 0; g < 3 && !any; g++)
		for (u32 i = 1; i < made->nsec; i++)
			if (blame_group(&p->elf->sec[i]) == g && !p->raw[i] &&
			    !same_section(&p->elf->sec[i], &made->sec[i]))
				any = p->raw[i] = true;
	return any;
}

/* Bytes outside of all sections, and fields of headers that the text does not have. */
static void print_patches(struct printer *p, const struct t_image *im)
{
	const u8 *want = p->elf->image;
	size_t len = p->elf->image_len;

	for (size_t at = 0; at < len;) {
		size_t n = 0;

		while (at < len && at < im->len && want[at] == im->bytes[at])
			at++;
		while (at + n < len && n < 32 &&
		       (at + n >= im->len || want[at + n] != im->bytes[at + n]))
			n++;
		if (!n)
			break;
		skep_buf_printf(p->out, ".patch 0x%llx ", (unsigned long long)at);
		for (size_t k = 0; k < n; k++)
			skep_buf_printf(p->out, "%02x", want[at + k]);
		skep_buf_puts(p->out, "\n");
		at += n;
	}
}

/* Print, assemble, compare; print as bytes what differs; until nothing does. */
static int print_checked(struct printer *p)
{
	size_t base = p->out->n;
	bool all_raw = false;

	for (;;) {
		struct skep_arena_mark m = skep_arena_mark(p->arena);
		struct t_image im;
		bool again;
		int err;

		skep_print_ids(p);
		print_whole(p);
		if (p->out->failed)
			return SKEP_ENOMEM;
		err = skep_text_assemble(p->out->p + base, p->out->n - base, p->arena, NULL, &im);
		again = !err && find_differences(p, &im.elf);
		if (all_raw && (err || (!again && !im.kept)))
			return SKEP_EBUG;
		if (err || (!again && !im.kept)) {
			again = true;
			all_raw = true;
			memset(p->raw, 1, p->elf->nsec);
		}
		if (!again) {
			print_patches(p, &im);
			return p->out->failed ? SKEP_ENOMEM : 0;
		}
		skep_arena_release(p->arena, m);
		p->out->n = base;
		p->out->p[base] = 0;
	}
}

static int print_file(const struct skep_objfile *file, u32 flags, struct skep_buf *out)
{
	struct skep_arena *arena = file->obj->arena;
	struct skep_arena_mark mark = skep_arena_mark(arena);
	const struct skep_btf *b = file->obj->btf;
	volatile int result = 0;
	int oom = 0;

	SKEP_GUARD(arena, oom, {
		struct printer *p = SKEP_NEW(arena, struct printer);

		p->file = file;
		p->obj = file->obj;
		p->elf = file->elf;
		p->arena = arena;
		p->out = out;
		p->whole = flags & SKEP_PRINT_WHOLE;
		p->raw = SKEP_NEW_N(arena, bool, p->elf->nsec);
		skep_hmap_init(&p->btf_str, arena);
		if (b)
			skep_text_index_strings(&p->btf_str, b->str, b->str_len);
		if (p->whole) {
			result = print_checked(p);
		} else {
			skep_print_ids(p);
			print_short(p);
			result = out->failed ? SKEP_ENOMEM : 0;
		}
	});
	skep_arena_release(arena, mark);
	return oom ? oom : result;
}

/* What an edit made stale is settled by the writer; the whole form is that of the written object.
 */
static int print_edited(const struct skep_objfile *file, u32 flags, struct skep_buf *out)
{
	struct skep_buf image = {0};
	struct skep_objfile *again;
	struct skep_arena arena;
	int err = skep_obj_write(file, 0, NULL, &image);

	skep_arena_init(&arena);
	arena.limit = file->obj->arena->limit;
	if (!err)
		err = skep_obj_read(image.p, image.n, &arena, NULL, &again);
	if (!err)
		err = print_file(again, flags, out);
	skep_arena_fini(&arena);
	skep_buf_fini(&image);
	return err;
}

int skep_obj_print(const struct skep_objfile *file, u32 flags, struct skep_buf *out)
{
	if (flags & SKEP_PRINT_WHOLE && skep_obj_edited(file->obj))
		return print_edited(file, flags, out);
	return print_file(file, flags, out);
}
