/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz door: instructions as bytes. What decodes must encode to the same bytes
 * and pass the check of its fields; its text must parse to the same instruction.
 */
#include "isa/isa.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void round_trip(const struct skep_ins *in)
{
	struct skep_isa_names names;
	struct skep_buf text = {0};
	const char *why, *where;
	struct skep_ins again;
	u8 a[16], b[16];
	u32 n;

	skep_isa_print(in, NULL, &text);
	if (!skep_isa_parse(text.p, text.n, &again, &names, &why, &where))
		abort();
	n = skep_isa_encode(in, a, false);
	if (skep_isa_encode(&again, b, false) != n || memcmp(a, b, (size_t)n * 8) != 0)
		abort();
	skep_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	bool big = len && data[0] & 1;
	struct skep_ins in;
	const char *why;
	u8 bytes[16];
	u32 n;

	for (size_t at = 1; at + 8 <= len; at += (size_t)n * 8) {
		why = NULL;
		n = skep_isa_decode(data + at, len - at, big, &in, &why);
		if (!n && !why)
			abort();
		if (!n)
			break;
		if (skep_isa_check(&in) || skep_isa_encode(&in, bytes, big) != n ||
		    memcmp(bytes, data + at, (size_t)n * 8) != 0)
			abort();
		round_trip(&in);
	}
	return 0;
}
