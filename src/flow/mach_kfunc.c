/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of kernel functions, by their prototype in the kernel's BTF and the table of what they do. */
#include "flow/mach_impl.h"

bool skep_mach_iter_next(const struct skep_mach *m, const struct skep_insn *i)
{
	const char *name = m->obj->sym[i->sym].name;
	size_t n = strlen(name);

	return strncmp(name, "bpf_iter_", 9) == 0 && n > 5 && strcmp(name + n - 5, "_next") == 0;
}

int skep_call_kfunc(struct skep_mach *m, struct skep_vstate *st, const struct skep_insn *i)
{
	return skep_fault(m, st, SKEP_RULE_UNSUPPORTED, 0, "kernel function '%s' is not known",
			  i->ref == SKEP_REF_EXTERN ? m->obj->sym[i->sym].name : "?");
}
