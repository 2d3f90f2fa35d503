/* SPDX-License-Identifier: BSD-2-Clause */
/* Stub. */
#include "obj/text_impl.h"

int skep_text_complete(struct t_unit *u)
{
	return TEXT_ERR(u, TEXT_PLACE, 1, 1, "no symbol table");
}
