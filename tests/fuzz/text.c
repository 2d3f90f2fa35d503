/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz door: the text of an instruction. What parses with nothing symbolic and
 * within the legal ranges must print to a text that parses to the same bytes.
 */
#include "isa/isa.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct skep_isa_names names = {0};
	const char *why = NULL, *where = NULL, *text = (const char *)data;
	struct skep_ins in, again;
	struct skep_buf out = {0};
	u8 a[16], b[16];
	u32 n;

	if (!skep_isa_parse(text, len, &in, &names, &why, &where)) {
		if (!why || where < text || where > text + len)
			abort();
		return 0;
	}
	if (names.target.n || names.imm.n || names.callee.n || skep_isa_check(&in))
		return 0;
	skep_isa_print(&in, NULL, &out);
	if (!skep_isa_parse(out.p, out.n, &again, &names, &why, &where))
		abort();
	n = skep_isa_encode(&in, a, false);
	if (skep_isa_encode(&again, b, false) != n || memcmp(a, b, (size_t)n * 8) != 0)
		abort();
	skep_buf_fini(&out);
	return 0;
}
