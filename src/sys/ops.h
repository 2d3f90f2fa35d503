/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: struct_ops. A struct of functions of the kernel's types is implemented by programs; a map of
 * one element holds the struct's value, in which descriptors of programs stand for functions.
 */
#ifndef SKEP_SYS_OPS_H
#define SKEP_SYS_OPS_H

#include "btf/btf.h"
#include "sys/sys_impl.h"

enum { OPS_F_LINK = 1 << 13, ENOTSUPP_ = 524 };

/* enum bpf_struct_ops_state. With OPS_F_LINK a value becomes READY, and links register it; else INUSE. */
enum ops_state { OPS_INIT, OPS_INUSE, OPS_TOBEFREE, OPS_READY };

enum ops_rule {
	OPS_RULE_NONE,
	OPS_RULE_NAME,	 /* text that must be there; only one of a name is registered */
	OPS_RULE_BITS,	 /* a number of these bits */
	OPS_RULE_NEEDED, /* a function that must be there */
	OPS_RULE_ONE_OF, /* one of them must be there */
};

struct ops_type {
	const struct skep_btf *types;
	struct skep_btf_type value, t; /* struct bpf_struct_ops_X, struct X */
	u32 data;		       /* where X lies in the value */
	bool strict;		       /* numbers that no rule names are 0 */
	int err;		       /* why it cannot be registered, or 0 */
};
/* By the id of bpf_struct_ops_X, of X; false: it is none. */
bool sys_ops_by_value(const struct skep_btf *types, u32 id, struct ops_type *out);
bool sys_ops_by_type(const struct skep_btf *types, u32 id, struct ops_type *out);
/* Is the type a pointer to functions, and which? */
bool sys_ops_is_function(const struct skep_btf *types, u32 id);
bool sys_ops_function(const struct skep_btf *types, u32 id, struct skep_btf_type *proto);
/* PROG_TEST_RUN of a program of struct_ops. */
int sys_ops_test_run(union bpf_attr *attr, const struct sprog *p);
/* The rule for a member, and its argument. */
enum ops_rule sys_ops_rule(const struct ops_type *t, const char *member, u32 *arg);

/* The first of the kernel's types that an embedder declared; 0: none is. */
u32 sys_own_types(void);

/* Is a map of this head registered by itself, without a link? */
bool sys_ops_registered(const struct fhead *f);
/* What registers a map: a link, or 0; and when, as numbers go up. */
struct ops_entry {
	u32 link, turn;
};
/* `f` for each map that is registered, until it returns other than 0, which is the result. */
int sys_ops_each(u32 kernel_type, int (*f)(void *arg, struct smap *m, const struct ops_entry *e), void *arg);
/* A new number, under sys_store_lock_ops(). */
u32 sys_ops_turn(void);
/* May it be registered beside what is, apart from the map `instead`? Under sys_store_lock_ops(). */
int sys_ops_may_register(struct smap *m, const struct ops_type *t, u32 instead);
/* Can a link register it? */
bool sys_ops_ready(const struct smap *m);

#endif
