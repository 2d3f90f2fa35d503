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

#define BTF_DIAG(ds, name, ...) skep_diag((ds), &skep_btf_diags[BTF_D_##name], SKEP_NOWHERE, ##__VA_ARGS__)

#endif
