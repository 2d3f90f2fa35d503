/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz door: an object file. Whatever reads must satisfy the invariants of the
 * model, print, and be written back byte for byte; made anew it must read again.
 */
#include "obj/obj.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void print_all(const struct skep_obj *o)
{
	struct skep_buf b = {0};

	for (u32 k = 0; k < o->nfunc; k++)
		SKEP_FOR_INSN(i, o->func[k])
			skep_insn_print(o, i, &b);
	skep_buf_fini(&b);
}

static void check(const struct skep_objfile *f, const u8 *data, size_t len, struct skep_diags *ds)
{
	struct skep_buf out = {0};
	struct skep_objfile *again;
	struct skep_arena a;

	if (skep_ir_check(f->obj))
		abort();
	print_all(f->obj);
	if (skep_obj_write(f, 0, ds, &out) || out.n != len || (len && memcmp(out.p, data, len) != 0))
		abort();
	out.n = 0;
	skep_arena_init(&a);
	if (!skep_obj_write(f, SKEP_WRITE_REMAKE, ds, &out) &&
	    skep_obj_read(out.p, out.n, &a, ds, &again) == SKEP_EINPUT)
		abort();
	skep_arena_fini(&a);
	skep_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct skep_objfile *f = NULL;
	struct skep_diags ds;
	struct skep_arena a;
	int err;

	skep_arena_init(&a);
	a.limit = (size_t)256 << 20;
	skep_diags_init(&ds);
	err = skep_obj_read(data, len, &a, &ds, &f);
	if (err == SKEP_EINPUT && !ds.errors)
		abort();
	if (!err)
		check(f, data, len, &ds);
	skep_diags_fini(&ds);
	skep_arena_fini(&a);
	return 0;
}
