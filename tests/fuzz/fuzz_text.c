/* SPDX-License-Identifier: BSD-2-Clause */
/* A text: refused with a reason; or it is an object whose text stays the same from then on. */
#include "fuzz.h"

static void check(const struct skep_objfile *o)
{
	struct skep_buf one = {0}, two = {0}, bytes = {0};
	struct skep_objfile *back;
	struct fuzz_mem m;
	int err;

	fuzz_init(&m);
	err = skep_obj_write(o, 0, &m.ds, &bytes);
	/* Parts may have been marked as edited; then the writer may find what the reader did not.
	 */
	if (fuzz_said_why(&m, err)) {
		err = skep_obj_print(o, SKEP_PRINT_WHOLE, &one);
		MUST(!err || err == SKEP_ENOMEM, "cannot be printed");
		if (!err)
			err = skep_obj_parse(one.p, one.n, &m.arena, &m.ds, &back);
		fuzz_must(&m, err, "its text cannot be parsed");
		if (!err)
			err = skep_obj_print(back, SKEP_PRINT_WHOLE, &two);
		MUST(!err || err == SKEP_ENOMEM, "cannot be printed again");
		if (!err)
			MUST(one.n == two.n && !memcmp(one.p, two.p, one.n),
			     "printing is not the inverse of parsing");
	}
	one.n = 0;
	MUST(!skep_obj_print(o, 0, &one), "the short form cannot be printed");
	skep_buf_fini(&one);
	skep_buf_fini(&two);
	skep_buf_fini(&bytes);
	fuzz_fini(&m);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct skep_objfile *o;
	struct fuzz_mem m;

	fuzz_init(&m);
	if (fuzz_said_why(&m, skep_obj_parse((const char *)data, len, &m.arena, &m.ds, &o))) {
		const char *bad = skep_ir_check(o->obj);

		MUST(!bad, bad);
		check(o);
	}
	fuzz_fini(&m);
	return 0;
}
