/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys: kernel functions that programs may call here. A file has a table of them that ends with
 * name NULL; what a program calls and no table has is refused at load.
 */
#ifndef SKEP_SYS_KFUNC_H
#define SKEP_SYS_KFUNC_H

#include "sys/sys_impl.h"

struct kfunc_row {
	const char *name;
	u8 types; /* enum helper_types: for whom */
	struct skep_eng_helper h;
};
extern const struct kfunc_row sys_kfunc_rows[], sys_kfunc_dynptr_rows[], sys_kfunc_string_rows[],
	sys_kfunc_object_rows[], sys_kfunc_arena_rows[];

const struct skep_eng_helper *sys_kfunc_find(u32 prog_type, const char *name);
/* Must nobody else run on the processor of a program that calls it? */
bool sys_kfunc_owns_cpu(const char *name);

#endif
