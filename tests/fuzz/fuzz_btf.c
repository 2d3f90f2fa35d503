/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF and BTF.ext by themselves: every type, member, size and string is looked
 * at, and records that were read are encoded into something that reads alike.
 * Input: flags (1: big-endian), three bytes of length, .BTF, .BTF.ext.
 */
#include "fuzz.h"

static volatile u64 sink;

static void walk(const struct skep_btf *b)
{
	for (u32 id = 0; id <= b->ntypes; id++) {
		struct skep_btf_type t, to;
		struct skep_btf_member m;
		u32 elem, n;

		MUST(skep_btf_get(b, id, &t) == (id && id < b->ntypes), "a type is missing");
		if (!id || id == b->ntypes)
			continue;
		sink += strlen(t.name) + t.kind + (u64)skep_btf_size(b, id);
		sink += skep_btf_resolve(b, id, &to);
		for (u32 k = 0; k < t.vlen && skep_btf_member(b, &t, k, &m); k++)
			sink += strlen(m.name) + m.type + m.off + m.size + (u64)m.value;
		if (t.kind == SKEP_BTF_ARRAY) {
			skep_btf_array(b, &t, &elem, &n);
			sink += elem + n;
		}
		if (id < 64)
			sink += skep_btf_find(b, t.kind, t.name);
	}
	sink += skep_btf_str(b, b->str_len) != NULL;
}

static u32 count(const struct skep_ext_list *l)
{
	u32 n = 0;

	for (u32 k = 0; k < l->n; k++) {
		n += l->sec[k].n;
		sink += strlen(l->sec[k].name_str);
	}
	return n;
}

static void check_ext(const struct skep_btf *b, const u8 *p, size_t len, struct fuzz_mem *m)
{
	struct skep_btf_ext *x, *y;
	struct skep_buf out = {0};

	if (!fuzz_said_why(m, skep_btf_ext_read(p, len, b, &m->arena, &m->ds, &x)))
		return;
	skep_btf_ext_encode(x, b->big, &out);
	MUST(!skep_btf_ext_read(out.p, out.n, b, &m->arena, &m->ds, &y),
	     "encoded records cannot be read");
	MUST(count(&x->func) == count(&y->func) && count(&x->line) == count(&y->line) &&
		     count(&x->core) == count(&y->core),
	     "records were lost");
	skep_buf_fini(&out);
}

/* Structs of it, put behind it once more: what comes out is one again. */
static void graft(const struct skep_btf *b, struct fuzz_mem *m)
{
	u32 n = 0;

	for (u32 id = 1; id < b->ntypes && n < 8; id++) {
		struct skep_buf types = {0}, str = {0};
		struct skep_btf_type t, u;
		struct skep_btf *out;

		if (!skep_btf_get(b, id, &t) || t.kind != SKEP_BTF_STRUCT)
			continue;
		n++;
		if (skep_btf_ops_take(b, b, id, &m->arena, &types, &str) == 0) {
			MUST(!skep_btf_append(b, &types, &str, &m->arena, &m->ds, &out), "what was put behind cannot be read");
			MUST(skep_btf_get(out, b->ntypes, &u) && u.kind == t.kind && u.vlen == t.vlen && u.ref == t.ref &&
				     strcmp(u.name, t.name) == 0,
			     "the struct is another one");
		}
		skep_buf_fini(&types);
		skep_buf_fini(&str);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	int oom = 0;
	struct skep_btf *b;
	struct fuzz_mem m;
	u32 n;
	u8 *p, *q;

	if (len < 4)
		return 0;
	n = skep_get32(data, false) >> 8;
	if (n > len - 4)
		n = (u32)len - 4;
	/* Blocks of their own, so that a byte too far is seen. */
	p = malloc(n ? n : 1);
	q = malloc(len - 4 - n ? len - 4 - n : 1);
	MUST(p && q, "no memory");
	memcpy(p, data + 4, n);
	memcpy(q, data + 4 + n, len - 4 - n);
	fuzz_init(&m);
	SKEP_GUARD(&m.arena, oom, {
		if (fuzz_said_why(&m, skep_btf_read(p, n, data[0] & 1, &m.arena, &m.ds, &b))) {
			walk(b);
			graft(b, &m);
			check_ext(b, q, len - 4 - n, &m);
		}
	});
	(void)oom;
	fuzz_fini(&m);
	free(p);
	free(q);
	return 0;
}
