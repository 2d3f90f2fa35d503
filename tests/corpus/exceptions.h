/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Libraries before libbpf 1.3 leave out the function that a program declares for exceptions.
 * This puts itself in the way of PROG_LOAD and adds it, when it calls at most one kernel
 * function, which the program calls, too, and maps.
 */
#ifndef SKEP_TEST_EXCEPTIONS_H
#define SKEP_TEST_EXCEPTIONS_H

#include <dlfcn.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CODE_MAX = 512, INFO_MAX = 64, NAME_LEN = 15 };

static struct {
	const struct skep_obj *obj;
	const struct skep_func *prog; /* with a function for exceptions, or NULL */
	struct bpf_object *loading;
} adding;

static long (*real_syscall)(long, ...);

static s32 kernel_function(const struct bpf_insn *code, u32 n)
{
	for (u32 k = 0; k < n; k++)
		if (code[k].code == (BPF_JMP | BPF_CALL) &&
		    code[k].src_reg == BPF_PSEUDO_KFUNC_CALL)
			return code[k].imm;
	return 0;
}

/* The function's code behind the program's; how many slots there are then, 0: not possible. */
static u32 append_code(struct skep_func *f, struct bpf_insn *code, u32 n)
{
	s32 kfunc = kernel_function(code, n);
	u32 slot = 0;

	SKEP_FOR_INSN(i, f) {
		i->num = slot;
		slot += skep_ins_slots(&i->in);
	}
	if (n + slot > CODE_MAX)
		return 0;
	SKEP_FOR_INSN(i, f) {
		struct bpf_insn *to = &code[n];
		struct skep_ins in = i->in;

		if (i->target)
			in.off = (s16)(i->target->num - i->num - 1);
		n += skep_isa_encode(&in, (u8 *)to, false);
		if (i->ref == SKEP_REF_MAP) {
			struct bpf_map *m = bpf_object__find_map_by_name(
				adding.loading, adding.obj->sym[i->sym].name);

			to->src_reg = BPF_PSEUDO_MAP_FD;
			to->imm = m ? bpf_map__fd(m) : -1;
		} else if (i->ref == SKEP_REF_EXTERN) {
			to->src_reg = BPF_PSEUDO_KFUNC_CALL;
			to->imm = kfunc;
		} else if (i->ref != SKEP_REF_NONE) {
			return 0;
		}
	}
	return n;
}

static long load_with_exceptions(const union bpf_attr *attr, unsigned size)
{
	static struct bpf_insn code[CODE_MAX];
	static struct bpf_func_info info[INFO_MAX];
	struct skep_func *f = skep_func_exception(adding.obj, adding.prog);
	union bpf_attr with = {0};
	u32 n;

	memcpy(&with, attr, size);
	if (attr->insn_cnt > CODE_MAX || attr->func_info_cnt + 1 > INFO_MAX)
		return -1;
	memcpy(code, (const void *)(uintptr_t)attr->insns, attr->insn_cnt * sizeof(*code));
	memcpy(info, (const void *)(uintptr_t)attr->func_info, attr->func_info_cnt * sizeof(*info));
	for (u32 k = 0; k < attr->func_info_cnt; k++)
		if (info[k].type_id == f->type)
			return real_syscall(SYS_bpf, BPF_PROG_LOAD, attr, size);
	n = append_code(f, code, attr->insn_cnt);
	if (!n)
		return -1;
	info[attr->func_info_cnt] =
		(struct bpf_func_info){.insn_off = attr->insn_cnt, .type_id = f->type};
	with.insns = (uintptr_t)code;
	with.insn_cnt = n;
	with.func_info = (uintptr_t)info;
	with.func_info_cnt++;
	with.line_info_cnt = 0;
	return real_syscall(SYS_bpf, BPF_PROG_LOAD, &with, size);
}

/* libbpf's way to bpf(2). */
long syscall(long number, ...)
{
	va_list ap;
	long a[6];

	if (!real_syscall)
		real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf && a[0] == BPF_PROG_LOAD && adding.prog) {
		const union bpf_attr *attr = (const void *)a[1];

		if (attr->func_info_cnt &&
		    strncmp(attr->prog_name, adding.prog->name, NAME_LEN) == 0)
			return load_with_exceptions(attr, (unsigned)a[2]);
	}
	return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif
