/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SKEP_JIT_HARDEN: what a program says as constants is not in its native code, and the program does
 * the same. Two loads of one program are not the same code.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "jit/jit.h"
#include "sys/sys.h"

enum { CHOSEN = 0x51525354, FAR = -0x154 };

struct loaded {
	u8 code[4096];
	u32 len, ret;
	bool found;
};

static bool has(const struct loaded *l, s32 v)
{
	for (u32 k = 0; k + 4 <= l->len; k++)
		if (memcmp(l->code + k, &v, 4) == 0)
			return true;
	return false;
}

static int load(const char *harden, struct loaded *l)
{
	static const struct bpf_insn insns[] = {
		{BPF_ST | BPF_MEM | BPF_W, 10, 0, FAR, CHOSEN},
		{BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 3},
		{BPF_STX | BPF_ATOMIC | BPF_W, 10, 1, FAR, BPF_ADD},
		{BPF_LDX | BPF_MEM | BPF_W, 0, 10, FAR, 0},
		{BPF_JMP | BPF_JNE | BPF_K, 0, 0, 1, CHOSEN},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1},
		{BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 0, CHOSEN},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	struct bpf_prog_info info = {.jited_prog_insns = (u64)(uintptr_t)l->code,
				     .jited_prog_len = sizeof(l->code)};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_XDP};
	u8 packet[64] = {0};
	int fd, err;

	setenv("SKEP_JIT_HARDEN", harden, 1);
	a.insns = (u64)(uintptr_t)insns;
	a.insn_cnt = SKEP_ARRAY_SIZE(insns);
	a.license = (u64)(uintptr_t) "GPL";
	fd = skep_sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	if (fd < 0)
		return fd;
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = (u32)fd;
	a.info.info = (u64)(uintptr_t)&info;
	a.info.info_len = sizeof(info);
	err = skep_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a));
	l->len = info.jited_prog_len;
	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (u32)fd;
	a.test.data_in = (u64)(uintptr_t)packet;
	a.test.data_size_in = sizeof(packet);
	if (!err)
		err = skep_sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));
	l->ret = a.test.retval;
	l->found = has(l, CHOSEN) || has(l, FAR);
	return err;
}

int main(void)
{
	static struct loaded plain, hard, again;
	char store[] = "/tmp/skep-harden-XXXXXX", cmd[64];
	int err;

	if (!skep_jit_engine()) {
		puts("no native code on this processor");
		return 77;
	}
	if (!mkdtemp(store) || setenv("SKEP_STORE", store, 1))
		return 1;
	err = load("0", &plain) || load("1", &hard) || load("1", &again);
	printf("plain: %u bytes, constants %d, %#x; hardened: %u bytes, constants %d and %d, %#x\n",
	       plain.len, plain.found, plain.ret, hard.len, hard.found, again.found, hard.ret);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", store);
	return system(cmd) || err || !plain.found || hard.found || again.found ||
	       plain.ret != (u32)(2 * (s64)CHOSEN + 3) || hard.ret != plain.ret ||
	       again.ret != plain.ret || memcmp(hard.code, again.code, sizeof(hard.code)) == 0;
}
