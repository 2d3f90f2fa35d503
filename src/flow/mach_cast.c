/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that give another view of what the program has: of the context the kernel's own
 * struct, which is alive as the context is, and of any address a kernel type, of which nothing
 * is known, so that it may be read (a fault gives zeroes) and no more.
 */
#include "flow/mach_kfunc.h"

#include <ctype.h>
#include <stdio.h>

bool skep_cast_is_ctx(const struct skep_kcall *c)
{
	return skep_kcall_is(c, "bpf_cast_to_kern_ctx");
}

/* The kernel lists its contexts as members of one struct, by the types of programs. */
static bool kernel_context(const struct skep_mach *m, struct skep_btf_type *out)
{
	const struct skep_btf *btf = m->opt.kernel;
	u32 id = skep_btf_find(btf, SKEP_BTF_STRUCT, "bpf_ctx_convert");
	struct skep_btf_type t;
	struct skep_btf_member mb;
	char name[64];

	snprintf(name, sizeof(name), "BPF_PROG_TYPE_%s_kern", m->type->name);
	for (char *p = name; *p && strcmp(p, "_kern") != 0; p++)
		*p = (char)toupper((unsigned char)*p);
	if (!id || !skep_btf_get(btf, id, &t))
		return false;
	for (u32 k = 0; k < t.vlen; k++)
		if (skep_btf_member(btf, &t, k, &mb) && strcmp(mb.name, name) == 0)
			return skep_btf_resolve(btf, mb.type, out);
	return false;
}

static void give(struct skep_vreg *r0, u32 type, u16 flags, u32 at)
{
	skep_vreg_pointer(r0, SKEP_VT_BTF, at);
	r0->btf = type;
	r0->flags = flags;
}

int skep_cast_result(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c)
{
	struct skep_btf_type t;

	if (skep_cast_is_ctx(c)) {
		if (!kernel_context(m, &t))
			return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(1),
					  "the kernel's struct behind the context is not known");
		if (!skep_btf_struct(&t))
			return skep_fault(
				m, st, SKEP_RULE_KFUNC, REG(1),
				"the context of programs of type %s is no struct of the kernel",
				m->type->name);
		give(skep_vreg(st, 0), t.id, SKEP_VF_TRUSTED, st->at);
		return 1;
	}
	if (!skep_kcall_is(c, "bpf_rdonly_cast"))
		return 0;
	if (c->constant == 0)
		return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, REG(2),
				  "memory of no type is not followed");
	if (c->constant > UINT32_MAX || !skep_btf_get(c->btf, (u32)c->constant, &t) ||
	    (t.kind != SKEP_BTF_STRUCT && t.kind != SKEP_BTF_UNION))
		return skep_fault(m, st, SKEP_RULE_KFUNC, REG(2),
				  "type %llu of the kernel is no struct",
				  (unsigned long long)c->constant);
	give(skep_vreg(st, 0), t.id, SKEP_VF_UNTRUSTED, st->at);
	return 1;
}
