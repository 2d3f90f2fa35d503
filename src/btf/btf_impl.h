/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKEP_BTF_IMPL_H
#define SKEP_BTF_IMPL_H

#include "btf/btf.h"

enum {
#define D(name, code, sev, text, explain) BTF_D_##name,
#include "btf/diag.def"
#undef D
};
enum { BTF_MAGIC = 0xeb9f };

/* Bytes of the record at `pos`, or 0: it is none. */
u32 skep_btf_record_len(const u8 *types, u32 len, u32 pos, bool big);
/* Each word of a record that is the offset of a name, or the number of a type. */
struct btf_visitor {
	void (*name)(void *arg, u8 *word);
	void (*type)(void *arg, u8 *word);
	void *arg;
};
void skep_btf_visit(u8 *record, bool big, const struct btf_visitor *v);

#define BTF_DIAG(ds, name, ...) skep_diag((ds), &skep_btf_diags[BTF_D_##name], SKEP_NOWHERE, ##__VA_ARGS__)

#endif
