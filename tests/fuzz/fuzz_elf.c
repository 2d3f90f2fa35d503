/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file: refused with a reason; or read, and then written back as it was,
 * remade into something that can be read, and told as text that means it; its CO-RE
 * records are resolved against its own types.
 */
#include "fuzz.h"

static void check_text(const struct skep_objfile *o, const u8 *data, size_t len)
{
	struct skep_buf text = {0}, again = {0}, bytes = {0};
	struct skep_objfile *back;
	struct fuzz_mem m;
	int err = skep_obj_print(o, SKEP_PRINT_WHOLE, &text);

	fuzz_init(&m);
	MUST(!err || err == SKEP_ENOMEM, "cannot be printed");
	if (!err) {
		err = skep_obj_parse(text.p, text.n, &m.arena, &m.ds, &back);
		fuzz_must(&m, err, "its text cannot be parsed");
	}
	if (!err) {
		MUST(!skep_obj_write(back, 0, &m.ds, &bytes), "what was parsed cannot be written");
		MUST(bytes.n == len && !memcmp(bytes.p, data, len), "the text gives other bytes");
		MUST(!skep_obj_print(back, SKEP_PRINT_WHOLE, &again), "cannot be printed again");
		MUST(again.n == text.n && !memcmp(again.p, text.p, text.n),
		     "printing is not the inverse of parsing");
	}
	skep_buf_fini(&text);
	skep_buf_fini(&again);
	skep_buf_fini(&bytes);
	fuzz_fini(&m);
}

static void check_remake(const struct skep_objfile *o)
{
	struct skep_buf out = {0};
	struct skep_objfile *back;
	struct fuzz_mem m;
	int err;

	fuzz_init(&m);
	err = skep_obj_write(o, SKEP_WRITE_REMAKE, &m.ds, &out);
	if (fuzz_said_why(&m, err)) {
		err = skep_obj_read(out.p, out.n, &m.arena, &m.ds, &back);
		fuzz_must(&m, err, "what was remade cannot be read");
		MUST(err || back->obj->nfunc == o->obj->nfunc, "functions were lost");
	}
	skep_buf_fini(&out);
	fuzz_fini(&m);
}

/* CO-RE records against the object's own types: resolved or refused with a reason; the rest still stands. */
static void check_core(const u8 *data, size_t len)
{
	struct skep_objfile *o;
	struct fuzz_mem m;

	fuzz_init(&m);
	if (!skep_obj_read(data, len, &m.arena, &m.ds, &o) && o->obj->btf) {
		skep_btf_index(o->obj->btf, &m.arena);
		fuzz_said_why(&m, skep_core_resolve(o->obj, o->obj->btf, &m.arena, &m.ds, NULL));
		MUST(!skep_ir_check(o->obj), "resolved records break the model");
	}
	fuzz_fini(&m);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct skep_buf out = {0};
	struct skep_objfile *o;
	struct fuzz_mem m;

	fuzz_init(&m);
	if (fuzz_said_why(&m, skep_obj_read(data, len, &m.arena, &m.ds, &o))) {
		const char *bad = skep_ir_check(o->obj);

		MUST(!bad, bad);
		MUST(!skep_obj_write(o, 0, &m.ds, &out), "cannot be written");
		MUST(out.n == len && !memcmp(out.p, data, len), "written with other bytes");
		out.n = 0;
		MUST(!skep_obj_print(o, 0, &out), "the short form cannot be printed");
		for (u32 k = 0; k < o->obj->nfunc; k++) {
			struct skep_image *im;
			int err = skep_obj_join(o->obj, o->obj->func[k], &m.arena, &im);

			MUST(!err || err == SKEP_ENOMEM, "cannot be joined");
			if (k >= 20)
				break;
		}
		check_remake(o);
		check_text(o, data, len);
		check_core(data, len);
	}
	skep_buf_fini(&out);
	fuzz_fini(&m);
	return 0;
}
