/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel functions and members of kernel structs: lookups in tables, and what names of parameters
 * say. */
#include "abi/abi.h"

/* In the order of their names. */
static const struct skep_kfunc kfuncs[] = {
#define KFUNC(name, progs, flags) {#name, progs, flags},
#include "abi/kfunc.def"
};

const struct skep_kfunc *skep_kfunc_find(const char *name)
{
	u32 lo = 0, hi = SKEP_ARRAY_SIZE(kfuncs);

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		int c = strcmp(kfuncs[mid].name, name);

		if (!c)
			return &kfuncs[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

u32 skep_field_flags(const char *base, const char *member)
{
	enum { TRUSTED = SKEP_FIELD_TRUSTED, RCU = SKEP_FIELD_RCU, NULLS = SKEP_FIELD_NULL };
	static const struct {
		const char *base, *member;
		u32 flags;
	} fields[] = {
#define FIELD(base, member, flags) {#base, #member, flags},
#include "abi/field.def"
	};

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i].base, base) && !strcmp(fields[i].member, member))
			return fields[i].flags;
	return 0;
}

bool skep_kfunc_allowed(u32 prog_type, const struct skep_kfunc *k)
{
	/* EXT: as the program that it replaces a part of */
	return prog_type == SKEP_PROG_EXT || (prog_type < 64 && k->progs >> prog_type & 1);
}

u32 skep_kfunc_suffix(const char *param)
{
	static const struct {
		const char *end;
		u32 flag;
	} ends[] = {
		{"__sz", SKEP_KS_SIZE},	    {"__szk", SKEP_KS_CONST_SIZE},
		{"__k", SKEP_KS_CONST},	    {"__ign", SKEP_KS_IGNORE},
		{"__alloc", SKEP_KS_ALLOC}, {"__nullable", SKEP_KS_NULL},
		{"__opt", SKEP_KS_NULL},    {"__uninit", SKEP_KS_UNINIT},
		{"__str", SKEP_KS_STR},	    {"__refcounted_kptr", SKEP_KS_REFCOUNTED},
		{"__map", SKEP_KS_MAP},	    {"__prog", SKEP_KS_PROG},
		{"__iter", SKEP_KS_ITER},   {"__irq_flag", SKEP_KS_IRQ},
	};
	size_t n = strlen(param);

	for (u32 i = 0; i < SKEP_ARRAY_SIZE(ends); i++) {
		size_t m = strlen(ends[i].end);

		if (n >= m && !strcmp(param + n - m, ends[i].end))
			return ends[i].flag;
	}
	return 0;
}
