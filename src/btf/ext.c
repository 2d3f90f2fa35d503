/* SPDX-License-Identifier: BSD-2-Clause */
/* .BTF.ext: function, line and CO-RE records, read into arrays and encoded from them. */
#include "btf/btf.h"
#include "btf/btf_impl.h"

enum { FUNC_REC = 8, LINE_REC = 16, CORE_REC = 16 };

struct cursor {
	const u8 *p;
	u32 len;
	bool big;
};

/* All three kinds are rows of 32-bit words: two or four of them. */
static int read_list(const struct cursor *c, u32 want, const struct skep_btf *btf, struct skep_arena *arena,
		     struct skep_diags *ds, struct skep_ext_list *out)
{
	u32 pos = 4;
	SKEP_VEC(sec_vec, struct skep_ext_sec) secs = {0};

	if (!c->len)
		return 0;
	if (c->len < 4)
		return BTF_DIAG(ds, TRUNCATED, "a list of records");
	out->rec_size = skep_get32(c->p, c->big);
	if (out->rec_size < want || out->rec_size > 4096 || out->rec_size & 3)
		return BTF_DIAG(ds, BAD_EXT, "record size");
	while (pos < c->len) {
		struct skep_ext_sec s = {0};
		u32 *words;

		if (c->len - pos < 8)
			return BTF_DIAG(ds, TRUNCATED, "a list of records");
		s.name = skep_get32(c->p + pos, c->big);
		s.n = skep_get32(c->p + pos + 4, c->big);
		s.name_str = skep_btf_str(btf, s.name);
		pos += 8;
		if (!s.name_str)
			return BTF_DIAG(ds, BAD_EXT, "section name");
		if (s.n == 0 || s.n > (c->len - pos) / out->rec_size)
			return BTF_DIAG(ds, BAD_EXT, "number of records");
		words = skep_arena_calloc(arena, s.n, want);
		for (u32 i = 0; i < s.n; i++, pos += out->rec_size)
			for (u32 k = 0; k < want / 4; k++)
				words[i * (want / 4) + k] = skep_get32(c->p + pos + 4 * k, c->big);
		s.func = (void *)words;
		*SKEP_VEC_PUSH(arena, &secs) = s;
	}
	out->sec = secs.v;
	out->n = secs.n;
	return 0;
}

static bool sub(const struct cursor *all, u32 hdr_len, u32 field, struct cursor *out)
{
	u32 off = skep_get32(all->p + field, all->big), len = skep_get32(all->p + field + 4, all->big);

	*out = (struct cursor){all->p + hdr_len + off, len, all->big};
	return (u64)off + len <= all->len - hdr_len;
}

int skep_btf_ext_read(const void *data, size_t len, const struct skep_btf *btf, struct skep_arena *arena,
		      struct skep_diags *ds, struct skep_btf_ext **out)
{
	struct skep_btf_ext *x = SKEP_NEW(arena, struct skep_btf_ext);
	struct cursor all = {data, (u32)len, btf->big}, c;
	int err;

	*out = x;
	if (len < 24 || len > UINT32_MAX)
		return BTF_DIAG(ds, TRUNCATED, "the header of BTF.ext");
	if (skep_get16(data, btf->big) != BTF_MAGIC)
		return BTF_DIAG(ds, BAD_HEADER, "wrong magic number or byte order");
	x->hdr_len = skep_get32(all.p + 4, btf->big);
	if (x->hdr_len < 24 || x->hdr_len > len)
		return BTF_DIAG(ds, BAD_HEADER, "wrong header length");
	if (!sub(&all, x->hdr_len, 8, &c))
		return BTF_DIAG(ds, TRUNCATED, "function records");
	err = read_list(&c, FUNC_REC, btf, arena, ds, &x->func);
	if (err)
		return err;
	if (!sub(&all, x->hdr_len, 16, &c))
		return BTF_DIAG(ds, TRUNCATED, "line records");
	err = read_list(&c, LINE_REC, btf, arena, ds, &x->line);
	if (err || x->hdr_len < 32)
		return err;
	if (!sub(&all, x->hdr_len, 24, &c))
		return BTF_DIAG(ds, TRUNCATED, "CO-RE records");
	return read_list(&c, CORE_REC, btf, arena, ds, &x->core);
}

static void put_word(struct skep_buf *out, u32 v, bool big)
{
	u8 b[4];

	skep_put32(b, v, big);
	skep_buf_add(out, b, 4);
}

static u32 encode_list(const struct skep_ext_list *l, u32 words, bool big, struct skep_buf *out)
{
	size_t start = out->n;

	if (!l->rec_size)
		return 0;
	put_word(out, words * 4, big);
	for (u32 i = 0; i < l->n; i++) {
		const struct skep_ext_sec *s = &l->sec[i];
		const u32 *w = (const void *)s->func;

		if (!s->n)
			continue;
		put_word(out, s->name, big);
		put_word(out, s->n, big);
		for (u32 k = 0; k < s->n * words; k++)
			put_word(out, w[k], big);
	}
	return (u32)(out->n - start);
}

void skep_btf_ext_encode(const struct skep_btf_ext *ext, bool big, struct skep_buf *out)
{
	u32 hdr = ext->hdr_len >= 32 ? 32 : 24;
	size_t base = out->n;
	u32 len[3], off = 0;
	static const u8 zero[32];

	skep_buf_add(out, zero, hdr);
	len[0] = encode_list(&ext->func, FUNC_REC / 4, big, out);
	len[1] = encode_list(&ext->line, LINE_REC / 4, big, out);
	len[2] = hdr >= 32 ? encode_list(&ext->core, CORE_REC / 4, big, out) : 0;
	if (out->failed)
		return;
	skep_put16(out->p + base, BTF_MAGIC, big);
	out->p[base + 2] = 1;
	skep_put32(out->p + base + 4, hdr, big);
	for (u32 i = 0; i < hdr / 8 - 1; i++) {
		skep_put32(out->p + base + 8 + 8 * i, off, big);
		skep_put32(out->p + base + 12 + 8 * i, len[i], big);
		off += len[i];
	}
}

const char *skep_core_kind_name(u32 kind)
{
	static const char *const names[] = {"byte_off",	      "byte_sz",	"field_exists", "signed",
					    "lshift_u64",     "rshift_u64",	"local_type_id", "target_type_id",
					    "type_exists",    "type_size",	"enumval_exists", "enumval_value",
					    "type_matches"};

	return kind < SKEP_ARRAY_SIZE(names) ? names[kind] : "unknown";
}
