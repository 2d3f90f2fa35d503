/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the vm share: programs from text, one run, short names. */
#ifndef VMTEST_H
#define VMTEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vm/vm.h"

/* Lines of one instruction each into slots; returns their number. */
static inline u32 vt_asm(const char *text, u8 *out, u32 max)
{
	u32 n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *why = "", *where;
		struct skep_isa_names names;
		struct skep_ins in;

		while (len && (*text == ' ' || *text == '\t'))
			text++, len--;
		if (len) {
			if (!skep_isa_parse(text, len, &in, &names, &why, &where))
				fail_msg("%.*s: %s", (int)len, text, why);
			assert_true(n + 2 <= max);
			n += skep_isa_encode(&in, out + n * 8, false);
		}
		text += len + (text[len] == '\n');
	}
	return n;
}

static inline int vt_load(struct skep_vm *vm, u32 type, const char *text)
{
	u8 code[8 * 256];
	u32 n = vt_asm(text, code, 256);
	struct skep_diags ds;
	int id;

	skep_diags_init(&ds);
	id = skep_vm_prog_load(vm, code, n, type, &ds);
	if (id < 0 && ds.list.n)
		print_message("%s\n", ds.list.v[0].msg);
	skep_diags_fini(&ds);
	return id;
}

static inline struct skep_vm *vt_new(bool strict)
{
	struct skep_vm_options opt = {
	    .size = sizeof(opt), .strict = strict, .cpus = 2, .budget = 100000};
	struct skep_vm *vm = skep_vm_new(&opt);

	assert_non_null(vm);
	return vm;
}

static inline int vt_map(struct skep_vm *vm, u32 type, u32 key, u32 value, u32 max)
{
	struct skep_vm_map_def def = {type, key, value, max, 0, "m"};

	return skep_vm_map_add(vm, &def);
}

/* Load, run with a packet of 64 bytes 0, 1, 2, ... */
static inline struct skep_vm_result vt_run(struct skep_vm *vm, u32 type, const char *text)
{
	int id = vt_load(vm, type, text);
	struct skep_vm_result res;
	u8 pkt[64];
	struct skep_vm_input in = {.pkt = pkt, .pkt_len = sizeof(pkt), .time_ns = 1000, .seed = 1};

	for (u32 i = 0; i < sizeof(pkt); i++)
		pkt[i] = (u8)i;
	assert_true(id >= 0);
	assert_int_equal(skep_vm_run(vm, (u32)id, &in, &res), 0);
	return res;
}

/* The program's result as XDP in a vm of its own; it must not trap. */
static inline u64 vt_value(const char *text)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res = vt_run(vm, SKEP_PROG_XDP, text);

	if (res.trap)
		fail_msg("trap: %s at %u", skep_vm_trap_name(res.trap), res.trap_slot);
	skep_vm_free(vm);
	return res.ret;
}

static inline u32 vt_trap(const char *text)
{
	struct skep_vm *vm = vt_new(true);
	struct skep_vm_result res = vt_run(vm, SKEP_PROG_XDP, text);

	skep_vm_free(vm);
	return res.trap;
}

#endif
