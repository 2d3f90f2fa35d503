/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the files about calls of kernel functions. */
#ifndef SKEP_FLOW_MACH_KFUNC_H
#define SKEP_FLOW_MACH_KFUNC_H

#include "flow/mach_impl.h"

/* One call: what its prototype says, and what was found of its arguments. */
struct skep_kcall {
	const struct skep_kfunc *k;
	const char *name;
	const struct skep_btf *btf;
	struct skep_btf_type proto;
	u32 ref;	 /* released */
	u32 release_dyn; /* register of a dynptr that is released, 0: none */
	u32 iter;	 /* register of the iterator, 0: none */
	u32 iter_slots;
	u32 iter_type;
	u64 size; /* of the __szk argument */
	bool sized;
	u32 made[5], nmade; /* registers of dynptrs that the call makes */
	u32 dyn;	    /* register of the dynptr that is read, 0: none */
	const struct skep_map *map;
	u32 inner;	    /* id of the map, if it is an inner one */
	u32 field;	    /* register of a field of a map's value, 0: none */
	u64 constant; /* of the __k argument */
	const struct skep_critical *critical;
	u32 lock, flag; /* registers of its arguments */
	const struct skep_graph *graph;
	struct skep_vfield root; /* its list or tree */
	u32 func;		 /* callback, or SKEP_VNONE */
};

struct skep_kparam {
	u32 reg, ks;
	struct skep_btf_type t, to; /* type, and what it points to */
	const char *name;
	bool next_size, next_const;
};

static inline bool skep_kcall_is(const struct skep_kcall *c, const char *name)
{
	return strcmp(c->name, name) == 0;
}
/* An argument is not what the function takes. */
int skep_kcall_wrong(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
		     u32 reg, const char *need);
/* Check argument `n` (mach_kargs.c). */
int skep_kcall_arg(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c, u32 n);
/* What it returns, into r0. */
int skep_kcall_result(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
		      const struct skep_vreg *args);

/* --- other views of what is there (mach_cast.c) --- */
bool skep_cast_is_ctx(const struct skep_kcall *c);
/* 1: r0 is it, 0: another function, negative: a rule is broken. */
int skep_cast_result(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c);

/* --- iterators (mach_iter.c) --- */
int skep_iter_arg(struct skep_mach *m, struct skep_vstate *st, struct skep_kcall *c,
		  const struct skep_kparam *p);
void skep_iter_make(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c);
void skep_iter_destroy(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c);
/* The next element, or the end: two ways. */
int skep_iter_advance(struct skep_mach *m, struct skep_vstate *st, const struct skep_kcall *c,
		      const struct skep_vreg *args, u32 at);

#endif
