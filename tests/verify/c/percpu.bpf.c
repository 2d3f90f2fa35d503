/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects with an instance for each processor, behind pointers in maps. */
#include "cases.h"

#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))

struct counts {
	u64 a[4];
};
struct holder {
	struct counts __percpu_kptr *counts;
};
ARRAY_OF(struct holder, holders);
struct counts totals; /* gives the type whole to BTF */

static __always_inline void *counts_of(void)
{
	struct holder *h = first(&holders);

	return h ? (void *)h->counts : NULL;
}

ACCEPT("tc", this_processors)
{
	void *p = counts_of();
	struct counts *c;

	if (!p)
		return 0;
	c = bpf_this_cpu_ptr(p);
	c->a[1] = 1;
	return c->a[3];
}

ACCEPT("tc", another_processors)
{
	void *p = counts_of();
	struct counts *c = p ? bpf_per_cpu_ptr(p, 1) : NULL;

	return c ? c->a[3] : 0;
}

REJECT("percpu", "tc", read_without_helper)
{
	struct counts *c = counts_of();

	return c ? c->a[1] : 0;
}

REJECT("percpu", "tc", written_without_helper)
{
	struct counts *c = counts_of();

	if (c)
		c->a[1] = 1;
	return 0;
}

REJECT("object-bounds", "tc", behind_the_object)
{
	void *p = counts_of();

	return p ? ((u64 *)bpf_this_cpu_ptr(p))[4] : 0;
}
