/* SPDX-License-Identifier: BSD-2-Clause */
/* sys: the bytes of PROG_LOAD as a model for the verifier. */
#ifndef SKEP_SYS_CODE_H
#define SKEP_SYS_CODE_H

#include "ir/ir.h"

/* A map by its index in a load; data is set when its contents may be loaded from directly. */
struct skep_sys_code_map {
	struct skep_map *map;
	struct skep_dsec *data;
};
struct skep_sys_code {
	const u8 *code;
	u32 slots;
	const char *name, *section, *license;
	u32 prog_type, attach_type;
	const char *ops_type, *ops_member; /* of struct_ops, or NULL */
	struct skep_btf *btf;	     /* or NULL */
	const struct skep_btf *kernel; /* whose functions are called, or NULL */
	struct skep_func_rec *func;  /* offsets in slots, ascending */
	struct skep_line_rec *line;
	u32 nfunc, nline, nmap;
	const struct skep_sys_code_map *map;
};
/* SKEP_EINPUT with a diagnostic when it is malformed, SKEP_ENOMEM. */
int skep_sys_code_read(const struct skep_sys_code *in, struct skep_arena *arena, struct skep_diags *ds,
		       struct skep_obj **out);

#endif
