/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions: what decodes, encodes to the same bytes; its text parses to
 * the same instruction. Input: flags (1: big-endian), slots.
 */
#include "fuzz.h"

static volatile u64 sink;

static void check_text(const struct skep_ins *in, const u8 *bytes, u32 slots, bool big)
{
	const char *why = NULL, *where = NULL;
	struct skep_isa_names nm;
	struct skep_buf text = {0};
	struct skep_ins back;
	u8 out[16];

	skep_isa_print(in, NULL, &text);
	if (!skep_isa_parse(text.p, text.n, &back, &nm, &why, &where)) {
		fprintf(stderr, "%s\n%s\n", text.p, why);
		abort();
	}
	MUST(skep_isa_encode(&back, out, big) == slots && !memcmp(out, bytes, slots * 8), text.p);
	skep_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	bool big = len && data[0] & 1;
	size_t pos = 1;

	while (pos < len) {
		struct skep_ins in;
		struct skep_memop m;
		const char *why = NULL;
		u8 out[16];
		u32 slots = skep_isa_decode(data + pos, len - pos, big, &in, &why);

		if (!slots) {
			MUST(why, "refused without a reason");
			pos += 8;
			continue;
		}
		MUST(slots <= 2 && slots * 8 <= len - pos, "more slots than there are");
		MUST(!skep_isa_check(&in), "a decoded instruction is not valid");
		MUST(skep_isa_encode(&in, out, big) == slots && !memcmp(out, data + pos, slots * 8),
		     "encodes to other bytes");
		check_text(&in, data + pos, slots, big);
		sink += skep_isa_level(&in) + skep_isa_reads(&in) + skep_isa_writes(&in) +
			skep_isa_memop(&in, &m);
		if (skep_op_class(in.op) == SKEP_CLASS_ALU ||
		    skep_op_class(in.op) == SKEP_CLASS_UNARY)
			sink += skep_isa_eval(&in, sink, ~sink);
		if (skep_is_cond(in.op))
			sink += skep_isa_cond(&in, sink, ~sink);
		if (skep_op_class(in.op) == SKEP_CLASS_ATOMIC)
			sink += skep_isa_atomic(&in, sink, ~sink, sink * 3);
		pos += slots * 8;
	}
	return 0;
}
