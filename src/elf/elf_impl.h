/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKEP_ELF_IMPL_H
#define SKEP_ELF_IMPL_H

#include "elf/elf.h"

enum {
#define D(name, code, sev, text, explain) ELF_D_##name,
#include "elf/diag.def"
#undef D
};

enum { EHDR_SIZE = 64, SHDR_SIZE = 64, SYM_SIZE = 24, REL_SIZE = 16, RELA_SIZE = 24 };

#endif
